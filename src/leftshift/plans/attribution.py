"""How much each intervention of a plan does: in the plan's order, or whatever the order.

*Ordered*: what the n-th does is the difference between doing the first n and the first n - 1. It
adds up to the whole plan, and says what each does where those before it are done already.
*Shapley*: the mean of what it adds over every order in which the plan could be carried out; it adds
up too, and depends on no order. Where they differ, interventions help or hinder each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

__all__ = ["EXACT_UP_TO", "Shapley", "Subset", "ordered", "prefixes", "shapley", "subsets"]

Array = NDArray[np.float64]
Subset = tuple[int, ...]
Levels = Callable[[Sequence[Subset]], Sequence[Array]]

EXACT_UP_TO = 10
"""Interventions for which every subset is simulated; of more, orders are sampled."""


@dataclass(frozen=True)
class Shapley:
    """Mean contributions over orders (K interventions).

    Attributes:
        value: ``[K, ...]`` what each adds, on average.
        error: ``[K, ...]`` standard error of that mean; 0 where every order was counted.
        alone: ``[K, ...]`` what each does if nothing else is done.
        orders: how many orders were sampled; 0 where every one was counted.
    """

    value: Array
    error: Array
    alone: Array
    orders: int


def prefixes(count: int) -> list[Subset]:
    """The arms of ordered attribution: nothing, the first, the first two, … the whole plan."""
    return [tuple(range(n)) for n in range(count + 1)]


def ordered(levels: Array) -> Array:
    """What each intervention adds in the plan's order, and last the whole plan.

    Args:
        levels: ``[K + 1, ...]`` levels of the arms of :func:`prefixes`.

    Returns:
        ``[K + 1, ...]``.
    """
    effect: Array = np.empty_like(levels)
    effect[:-1] = np.diff(levels, axis=0)
    effect[-1] = levels[-1] - levels[0]
    return effect


def subsets(count: int) -> list[Subset]:
    """Every subset of so many interventions, the smallest first."""
    return [s for size in range(count + 1) for s in combinations(range(count), size)]


def shapley(
    count: int,
    levels: Levels,
    *,
    orders: int = 64,
    seed: int = 1,
    exact: int = EXACT_UP_TO,
) -> Shapley:
    """Shapley values of interventions.

    Args:
        count: K, at least 1.
        levels: gives the levels of arms that do some of the interventions.
        orders: how many orders are sampled where K is above `exact`; each is taken forwards and
            backwards, which takes out most of the noise.
        seed: of the orders sampled.
        exact: interventions up to which every subset is simulated.

    Returns:
        Values that add up to the whole plan.
    """
    if count <= exact:
        every = subsets(count)
        of = dict(zip(every, levels(every), strict=True))
        value = np.stack([_exact(k, count, of) for k in range(count)])
        alone = np.stack([of[(k,)] - of[()] for k in range(count)])
        return Shapley(value, np.zeros_like(value), alone, 0)
    rng = np.random.default_rng(seed)
    singles = levels([(), *((k,) for k in range(count))])
    of = dict(zip([(), *((k,) for k in range(count))], singles, strict=True))
    sampled = []
    for _ in range(max(orders // 2, 2)):
        order = [int(k) for k in rng.permutation(count)]
        pair = [_along(o, levels, of) for o in (order, order[::-1])]
        sampled.append((pair[0] + pair[1]) / 2.0)
    stacked = np.stack(sampled)
    return Shapley(
        value=stacked.mean(axis=0),
        error=stacked.std(axis=0, ddof=1) / math.sqrt(len(stacked)),
        alone=np.stack([of[(k,)] - of[()] for k in range(count)]),
        orders=2 * len(stacked),
    )


def _exact(k: int, count: int, of: dict[Subset, Array]) -> Array:
    others = [j for j in range(count) if j != k]
    found = np.zeros_like(of[()])
    for size in range(count):
        weight = 1.0 / (count * math.comb(count - 1, size))
        for some in combinations(others, size):
            found = found + weight * (of[tuple(sorted((*some, k)))] - of[some])
    return found


def _along(order: Iterable[int], levels: Levels, of: dict[Subset, Array]) -> Array:
    """What each adds in one order, ``[K, ...]``; arms already simulated are not done again."""
    order = list(order)
    steps = [tuple(sorted(order[:n])) for n in range(len(order) + 1)]
    new = [step for step in steps if step not in of]
    of.update(zip(new, levels(new), strict=True))
    found = np.empty((len(order), *of[()].shape))
    for before, after, k in zip(steps, steps[1:], order, strict=False):
        found[k] = of[after] - of[before]
    return found
