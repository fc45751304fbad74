"""What keeps a staff list's people from being seen in what leaves.

Four defences lie over each other:

1. *Alike.* Money is worked out for each person exactly, and then replaced by the mean of at least
   five people alike. Whatever is computed later, however options or years are subtracted from each
   other, at most the mean of five people comes out. The whole board's total stays what it is.
2. *Hidden.* A count above 0 and under five is not shown, nor is money about so few.
3. *Hidden with it.* Where a total is shown, at least two of its parts are hidden if any is, and
   what is hidden together is at least five people, so that subtraction gives a group that may be
   shown.
4. *Rounded.* Counts to five, money to £10,000.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEAST", "MONEY_STEP", "STEP", "alike", "hidden", "rounded", "safe_cost"]

LEAST = 5
"""The smallest group that may be shown."""

STEP = 5
"""Counts of people are rounded to this."""

MONEY_STEP = 10_000_00
"""Money about people is rounded to this, in pence."""

Array = NDArray[np.float64]


def alike(figures: Array, order: Sequence[str]) -> Array:
    """Replaces each person's figures by the mean of at least five people alike.

    Args:
        figures: one row for each person.
        order: what makes people alike; neighbours in this order are put together.

    Returns:
        Figures of the same shape with the same sums. With fewer than five people, all get the same.
    """
    size = len(figures)
    if size == 0:
        return figures
    ranked = sorted(range(size), key=lambda at: (order[at], at))
    groups = max(size // LEAST, 1)
    found = np.empty_like(figures)
    for group in range(groups):
        end = size if group == groups - 1 else (group + 1) * LEAST
        members = ranked[group * LEAST : end]
        found[members] = figures[members].mean(axis=0)
    return found


def hidden(parts: Mapping[str, float]) -> frozenset[str]:
    """Says which parts of a shown total may not be shown.

    Args:
        parts: how many people are in each part, before rounding.

    Returns:
        The parts to hide: none; all, where the total itself is under five and not 0; or at least
        two that hold at least five people together.
    """
    total = sum(parts.values())
    there = {name: count for name, count in parts.items() if count > 0}
    if 0 < total < LEAST:
        return frozenset(parts)
    found = {name for name, count in there.items() if count < LEAST}
    if not found:
        return frozenset()
    spare = sorted((count, name) for name, count in there.items() if name not in found)
    while spare and (len(found) < 2 or sum(there[name] for name in found) < LEAST):
        found.add(spare.pop(0)[1])
    if len(found) < 2 or sum(there[name] for name in found) < LEAST:
        return frozenset(parts)
    return frozenset(found)


def rounded(value: float, step: int) -> int:
    """Rounds to the nearest step, halves away from 0."""
    sign = -1 if value < 0 else 1
    return sign * int(abs(value) / step + 0.5) * step


def safe_cost(cost: Array, people: Array, planned: Array, average: float) -> Array:
    """Gives costs by year in which no year of fewer than five people can be read.

    Args:
        cost: pence, [draws, years].
        people: people dismissed, [draws, years].
        planned: posts that the option empties in each year, which is no secret.
        average: what a dismissal costs over the whole board, in pence.

    Returns:
        Pence, [draws, years]. The years that are hidden share their sum out by the posts planned
        for them; where the whole is about fewer than five, it is people times the board's average.
    """
    mean = people.mean(axis=0)
    names = [str(year) for year in range(len(mean))]
    away = hidden(dict(zip(names, mean.tolist(), strict=True)))
    if not away:
        return cost
    if 0 < mean.sum() < LEAST:
        return np.maximum(planned, 0.0)[None, :] * average * np.ones((len(cost), 1))
    years = [int(name) for name in sorted(away, key=int)]
    weight = np.maximum(planned[years], 0.0)
    weight = weight / weight.sum() if weight.sum() > 0 else np.full(len(years), 1 / len(years))
    found = cost.copy()
    found[:, years] = cost[:, years].sum(axis=1, keepdims=True) * weight
    return found
