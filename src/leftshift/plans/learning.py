"""What a net benefit is expected to be, given some of the parameters: a regression over draws.

Strong, Oakley and Brennan (Medical Decision Making 2014;34:311-326): regress net benefit on the
parameters that might be learnt; the fitted values are what one would expect after learning them.
Here: natural cubic splines, products of pairs, and ridge shrinkage chosen by generalised cross
validation with its degrees of freedom inflated (Kim and Gu, Journal of the Royal Statistical
Society B 2004;66:337-356), down to no relation at all. Where many regressions are looked at, one
must be better than the best of so many that mean nothing (Foster and George, Annals of Statistics
1994;22:1947-1975), so that a parameter that does not matter is mostly found to be worth nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Fit", "columns", "expected_gain", "fit"]

Array = NDArray[np.float64]

#: Where the knots of a spline lie in the parameter's draws: Harrell, Regression Modeling
#: Strategies (2nd edition 2015), for four knots.
_KNOTS: Final = (0.05, 0.35, 0.65, 0.95)
#: Draws wanted for each column of a regression.
_EACH: Final = 5
#: Inflation of degrees of freedom in cross validation, after Kim and Gu.
_GAMMA: Final = 1.4
_PENALTIES: Final = np.logspace(-4.0, 5.0, 19)
_REDRAWS: Final = 50


def spline(values: Array, at: Array) -> Array:
    """A natural cubic spline of one parameter, without its constant.

    Args:
        values: ``[D]`` draws, which place the knots.
        at: ``[N]`` where it is wanted.

    Returns:
        ``[N, 3]``, or ``[N, 1]`` where the draws are too few different numbers for knots.
    """
    knots = np.quantile(values, _KNOTS)
    scale = float(values.std()) or 1.0
    if np.diff(knots).min() <= 1e-9 * scale:
        return at[:, None].copy()
    first, last, before = knots[0], knots[-1], knots[-2]

    def cube(x: Array) -> Array:
        risen: Array = np.maximum(x, 0.0) ** 3
        return risen

    width = (last - first) ** 2
    bends = [
        (
            cube(at - knot)
            - cube(at - before) * (last - knot) / (last - before)
            + cube(at - last) * (before - knot) / (last - before)
        )
        / width
        for knot in knots[:-2]
    ]
    return np.stack([at, *bends], axis=1)


def columns(group: Array, at: Array | None = None) -> Array | None:
    """Columns of a regression on a group of parameters, as many as the draws can carry.

    Args:
        group: ``[D, G]`` draws of its parameters, none of them constant.
        at: ``[N, G]`` where the columns are wanted; the draws themselves by default.

    Returns:
        ``[N, C]`` columns centred and scaled on the draws; None where the draws are too few for
        even a straight line in each parameter.
    """
    draws, size = group.shape
    wanted = group if at is None else at
    allowed = draws // _EACH
    if size > allowed:
        return None
    middle, spread = group.mean(axis=0), group.std(axis=0)
    here, there = (group - middle) / spread, (wanted - middle) / spread
    parts: list[tuple[Array, Array]] = []
    if 3 * size <= allowed:
        parts += [
            (spline(here[:, g], here[:, g]), spline(here[:, g], there[:, g])) for g in range(size)
        ]
    else:
        parts.append((here, there))
    pairs = [(a, b) for a in range(size) for b in range(a)]
    if pairs and sum(part[0].shape[1] for part in parts) + len(pairs) <= allowed:
        parts += [
            ((here[:, a] * here[:, b])[:, None], (there[:, a] * there[:, b])[:, None])
            for a, b in pairs
        ]
    drawn, found = (np.concatenate(side, axis=1) for side in zip(*parts, strict=True))
    scale = drawn.std(axis=0)
    useful = scale > 1e-12
    ready: Array = ((found - drawn.mean(axis=0)) / np.where(useful, scale, 1.0))[:, useful]
    return ready


@dataclass(frozen=True)
class Fit:
    """What net benefits are expected to be given the columns (D draws, T net benefits, C columns).

    Attributes:
        fitted: ``[D, T]``.
        slopes: ``[C, T]`` of the columns.
        middle: ``[T]`` mean net benefits.
        wobble: ``[_REDRAWS, D, T]`` other fitted values that the draws allow, less `fitted`.
    """

    fitted: Array
    slopes: Array
    middle: Array
    wobble: Array


def fit(found: Array, nets: Array, *, among: int = 1, redraws: bool = True) -> Fit:
    """Fits net benefits on columns, shrinking each as far as cross validation asks.

    Args:
        found: ``[D, C]`` from :func:`columns`.
        nets: ``[D, T]`` net benefits.
        among: how many such regressions are looked at. The best of many that mean nothing looks
            like something: a relation must be stronger the more are tried, or it is taken as none.
        redraws: whether `wobble` is wanted.
    """
    draws = len(nets)
    middle = nets.mean(axis=0)
    left, sizes, right = np.linalg.svd(found, full_matrices=False)
    keep = sizes > 1e-8 * (sizes[0] if len(sizes) else 1.0)
    left, sizes, right = left[:, keep], sizes[keep], right[keep]
    along = left.T @ (nets - middle)  # [r, T]
    total = ((nets - middle) ** 2).sum(axis=0)
    shrunk = sizes**2 / (sizes**2 + draws * _PENALTIES[:, None])
    # No relation at all is the strongest shrinkage.
    shrunk = np.concatenate([shrunk, np.zeros((1, len(sizes)))])
    freedom = 1.0 + shrunk.sum(axis=1)
    inside = (along**2).sum(axis=0)
    rest = np.maximum(total - inside, 0.0) + np.einsum("ar,rt->at", (1.0 - shrunk) ** 2, along**2)
    room = np.maximum(draws - _GAMMA * freedom, 1e-9)[:, None]
    best = np.argmin(rest / room**2, axis=0)  # [T]
    # Foster and George's risk inflation: 2 ln(tried) for each degree of freedom.
    left_over = np.take_along_axis(rest, best[None], 0)[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        evidence = draws * np.log(np.where(left_over > 0.0, total / left_over, np.inf))
    weak = evidence <= 2.0 * np.log(max(among, 1)) * np.maximum(freedom[best] - 1.0, 1.0)
    best = np.where(weak, len(shrunk) - 1, best)
    chosen = shrunk[best].T  # [r, T]
    turned = chosen * along
    slopes = (right.T / sizes) @ turned
    fitted = middle + left @ turned
    if not redraws:
        return Fit(fitted, slopes, middle, np.zeros((0, *fitted.shape)))
    error = np.take_along_axis(rest, best[None], 0)[0] / np.maximum(draws - freedom[best], 1.0)
    # The same numbers every time: a standard error must not move from run to run.
    normal = np.random.default_rng(0).standard_normal((_REDRAWS, *turned.shape))
    normal *= np.sqrt(error * chosen)
    mean = np.random.default_rng(1).standard_normal((_REDRAWS, 1, nets.shape[1]))
    wobble = left @ normal + mean * np.sqrt(error / draws)
    return Fit(fitted, slopes, middle, wobble)


def expected_gain(expected: Array) -> Array:
    """What it is worth to decide after learning: E[max(NB, 0)] less max(E[NB], 0).

    Args:
        expected: ``[..., D, T]`` net benefit expected given what is learnt, in each draw.

    Returns:
        ``[..., T]``, never below nothing.
    """
    gain = np.maximum(expected, 0.0).mean(axis=-2) - np.maximum(expected.mean(axis=-2), 0.0)
    found: Array = np.maximum(gain, 0.0)
    return found


def sampling_error(expected: Array) -> Array:
    """Standard error of :func:`expected_gain` that comes from finitely many draws, ``[T]``.

    Args:
        expected: ``[D, T]``, at least two draws.
    """
    would = np.maximum(expected, 0.0) - np.where(expected.mean(axis=0) > 0.0, expected, 0.0)
    found: Array = would.std(axis=0, ddof=1) / np.sqrt(len(expected))
    return found
