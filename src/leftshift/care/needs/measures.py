"""The arithmetic of a needs assessment: standardised rates, inequality and funnel plots.

Every function takes and gives plain arrays and knows nothing of areas or services. Rates are per
person; whoever shows them multiplies. Methods, with the names under which public health analysts
know them:

- Byar's interval of a count (Breslow NE, Day NE. Statistical methods in cancer research, volume
  II. IARC, 1987) and, for directly standardised rates, Dobson's (Dobson AJ and others. Statistics
  in Medicine 1991;10:457-462), as the Office for Health Improvement and Disparities publishes them;
- slope and relative index of inequality by least squares on ranks weighted by people (Low A, Low A.
  Journal of Public Health 2004;26:388-395);
- funnel plots with limits widened for over-dispersion (Spiegelhalter DJ. Statistics in Medicine
  2005;24:1185-1202);
- the standard error of life expectancy (Chiang CL. The life table and its applications. 1984).
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from leftshift.people.life_table import stationary

__all__ = [
    "Z95",
    "Z998",
    "Estimates",
    "Funnel",
    "Mix",
    "byar",
    "crude",
    "dsr",
    "expectancy_error",
    "fit_mix",
    "funnel",
    "indirect",
    "relative_index",
    "slope_index_between",
]

Array = NDArray[np.float64]

#: Two-sided 95% and 99.8% points of the normal distribution, as funnel plots use them.
Z95 = NormalDist().inv_cdf(0.975)
Z998 = NormalDist().inv_cdf(0.999)
_TINY = 1e-300


@dataclass(frozen=True)
class Estimates:
    """Values with an interval; NaN where they are not worked out.

    Attributes:
        value: the central figures.
        lower: lower ends of the 95% interval.
        upper: upper ends.
    """

    value: Array
    lower: Array
    upper: Array

    def times(self, factor: float) -> Estimates:
        """The same in another unit, such as per 100,000."""
        return Estimates(self.value * factor, self.lower * factor, self.upper * factor)

    @property
    def error(self) -> Array:
        """Standard error as the interval has it: its width over twice 1.96."""
        width: Array = (self.upper - self.lower) / (2.0 * Z95)
        return width


def byar(count: Array, z: float = Z95) -> tuple[Array, Array]:
    """Byar's interval of a count.

    Args:
        count: events or people, 0 and up; need not be whole.
        z: the normal point of the interval.

    Returns:
        Lower and upper ends; 0 is the lower end for a count of 0.
    """
    held = np.maximum(np.asarray(count, dtype=np.float64), 0.0)
    some = np.where(held > 0, held, 1.0)
    low = np.maximum(1.0 - 1.0 / (9.0 * some) - z / (3.0 * np.sqrt(some)), 0.0)
    lower = np.where(held > 0, some * low**3, 0.0)
    above = held + 1.0
    upper = above * (1.0 - 1.0 / (9.0 * above) + z / (3.0 * np.sqrt(above))) ** 3
    return lower, upper


def crude(count: Array, people: Array, z: float = Z95) -> Estimates:
    """Events or cases per person with Byar's interval.

    Args:
        count: events or cases, ``[...]``.
        people: people, ``[...]``; where there are none the result is NaN.
        z: the normal point of the interval.
    """
    lower, upper = byar(count, z)
    at = np.where(np.asarray(people) > 0, people, np.nan)
    return Estimates(np.asarray(count / at), np.asarray(lower / at), np.asarray(upper / at))


def dsr(
    count: Array, people: Array, standard: Array, smallest: float = 0.0, z: float = Z95
) -> Estimates:
    """Directly standardised rates with Dobson's interval.

    A band in which nobody lives says nothing of its rate: its share of the standard population is
    spread over the others.

    Args:
        count: events or cases by age band, ``[..., B]``.
        people: people by age band, ``[..., B]``.
        standard: the standard population, ``[B]``.
        smallest: the total count under which a rate is not worked out (NaN).
        z: the normal point of the interval.

    Returns:
        Rates per person, with the last axis gone.
    """
    lived = people > 0
    weight = np.where(lived, standard, 0.0)
    share = weight / np.maximum(weight.sum(axis=-1, keepdims=True), _TINY)
    per = np.divide(share, people, out=np.zeros(np.broadcast(share, people).shape), where=lived)
    events = np.where(lived, count, 0.0)
    value = (per * events).sum(axis=-1)
    variance = (per**2 * events).sum(axis=-1)
    total = events.sum(axis=-1)
    lower, upper = byar(total, z)
    scale = np.sqrt(np.divide(variance, total, out=np.zeros_like(total), where=total > 0))
    known = (total >= smallest) & lived.any(axis=-1)
    ends = (value, value + scale * (lower - total), value + scale * (upper - total))
    return Estimates(*(np.where(known, end, np.nan) for end in ends))


def indirect(count: Array, expected: Array, reference: Array | float) -> Array:
    """Indirectly standardised rates: observed over expected, times the reference rate.

    Args:
        count: what is used, ``[...]``.
        expected: what the same people would use at the reference's rates for their age and sex.
        reference: the reference's crude rate.

    Returns:
        ``[...]``; NaN where nothing is expected.
    """
    at = np.where(np.asarray(expected) > 0, expected, np.nan)
    return np.asarray(count / at * reference)


def _ends(people: Array) -> tuple[Array, Array]:
    """Weights that give the fitted line's two ends from the groups' values, ``[..., Q]``."""
    share = people / np.maximum(people.sum(axis=-1, keepdims=True), _TINY)
    rank = np.cumsum(share, axis=-1) - share / 2.0
    mean = (share * rank).sum(axis=-1, keepdims=True)
    spread = (share * (rank - mean) ** 2).sum(axis=-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(spread > 1e-12, share * (rank - mean) / spread, np.nan)
    first = share - slope * mean  # the line at rank 0, the most deprived end
    return first, first + slope


def slope_index_between(values: Array, errors: Array, people: Array) -> Estimates:
    """Slope index of inequality: the least deprived end less the most deprived.

    The index is a weighted sum of the groups' values, so that its standard error follows from
    theirs without simulation.

    Args:
        values: ``[..., Q]``, most deprived first.
        errors: their standard errors, taken as independent.
        people: ``[..., Q]``; a group of nobody counts for nothing.

    Returns:
        In the unit of the values; below 0 where the most deprived have more. NaN where fewer than
        two groups hold people.
    """
    first, last = _ends(people)
    some = people > 0
    y, e = np.where(some, values, 0.0), np.where(some, errors, 0.0)
    value = ((last - first) * y).sum(axis=-1)
    half = Z95 * np.sqrt((((last - first) * e) ** 2).sum(axis=-1))
    return Estimates(value, value - half, value + half)


def relative_index(values: Array, errors: Array, people: Array) -> Estimates:
    """Relative index of inequality: the most deprived end over the least deprived.

    Its interval is worked out on the scale of logarithms.

    Args:
        values: ``[..., Q]``, most deprived first.
        errors: their standard errors, taken as independent.
        people: ``[..., Q]``.

    Returns:
        Above 1 where the most deprived have more; NaN where the line reaches 0 or below.
    """
    first, last = _ends(people)
    some = people > 0
    y, e = np.where(some, values, 0.0), np.where(some, errors, 0.0)
    most, least = (first * y).sum(axis=-1), (last * y).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        sound = (most > 0) & (least > 0)
        ratio = np.where(sound, most / least, np.nan)
        pull = first / most[..., None] - last / least[..., None]
        half = Z95 * np.sqrt(((pull * e) ** 2).sum(axis=-1))
        return Estimates(ratio, ratio * np.exp(-half), ratio * np.exp(half))


@dataclass(frozen=True)
class Funnel:
    """Control limits of units' rates around a common target.

    Attributes:
        target: the rate that all would have if they did not differ.
        dispersion: how many times as far the units spread as chance alone would; 1 where it is
            less than that, or where there are too few units to tell.
        lower95: ``[N]``; and so on.
        outside: ``[N]`` 0 inside, 1 outside the 95% limits, 2 outside the 99.8% limits; below 0
            where under them.
    """

    target: float
    dispersion: float
    lower95: Array
    upper95: Array
    lower998: Array
    upper998: Array
    outside: NDArray[np.int64]


def funnel(rate: Array, size: Array, target: float, winsorised: float, fewest: int) -> Funnel:
    """Limits within which units would lie by chance and by the spread that all of them show.

    On the scale of square roots the spread of a count does not depend on its size. Over-dispersion
    is the mean squared distance from the target in standard errors, with the outer units drawn in,
    and multiplies the variance.

    Args:
        rate: ``[N]`` rates or ratios.
        size: ``[N]`` effective size: for a count over people, the people; for a standardised rate,
            its count over the rate; NaN leaves a unit out.
        target: the common rate, above 0.
        winsorised: share of units at each end that are drawn in before over-dispersion is found.
        fewest: units needed before over-dispersion is estimated.

    Returns:
        The limits.
    """
    known = np.isfinite(rate) & np.isfinite(size) & (size > 0)
    safe = np.where(known, size, 1.0)
    z = 2.0 * np.sqrt(safe) * (np.sqrt(np.where(known, rate, target)) - np.sqrt(target))
    dispersion = 1.0
    if known.sum() >= fewest:
        low, high = np.quantile(z[known], [winsorised, 1.0 - winsorised])
        dispersion = max(1.0, float((np.clip(z[known], low, high) ** 2).mean()))

    def limit(point: float) -> Array:
        root = np.sqrt(target) + point * np.sqrt(dispersion / safe) / 2.0
        return np.where(known, np.maximum(root, 0.0) ** 2, np.nan)

    limits = [limit(point) for point in (-Z95, Z95, -Z998, Z998)]
    outside = np.zeros(len(rate), np.int64)
    for level, (low, high) in enumerate(((limits[0], limits[1]), (limits[2], limits[3])), start=1):
        with np.errstate(invalid="ignore"):
            outside[known & (rate > high)] = level
            outside[known & (rate < low)] = -level
    low95, high95, low998, high998 = limits
    return Funnel(float(target), dispersion, low95, high95, low998, high998, outside)


def expectancy_error(died: Array, at_risk: Array) -> Array:
    """Standard error of life expectancy at birth if the deaths counted are one year's.

    Args:
        died: share who die in the step from each age, ``[..., 107]``, as for
            :func:`leftshift.people.life_table.expectancy`.
        at_risk: people at risk of it, ``[..., 107]``.

    Returns:
        Years, with the last axis gone.
    """
    lived = stationary(died)
    # What is lived from each age on, for a survivor to it, over the chance of surviving the step:
    # the derivative of the sum of lived years by the chance of dying at that age.
    after = np.cumsum(lived[..., ::-1], axis=-1)[..., ::-1]
    pull = after / np.maximum(1.0 - died[..., :-1], 1e-9)
    spread = died[..., :-1] * (1.0 - died[..., :-1]) / np.maximum(at_risk[..., :-1], 1.0)
    return np.asarray(np.sqrt((pull**2 * spread).sum(axis=-1)))


@dataclass(frozen=True)
class Mix:
    """How people spread over the fifths of deprivation where only an index of need is known.

    Attributes:
        starts: ``[4]`` log odds of living in fifth 1, in 1 or 2, … where the index is 1.
        slope: what the log of the index adds to them.
        error: standard deviation of the log odds of fifth 1 around the line, between authorities.
        explained: share of the spread of fifth 1's share between authorities that the line shows.
    """

    starts: Array
    slope: float
    error: float
    explained: float

    def of(self, index: Array, shift: float = 0.0) -> Array:
        """Share of people in each fifth, ``[..., 5]``, most deprived first.

        Args:
            index: need index, 1 for England.
            shift: errors by which the log odds are moved.
        """
        line = self.slope * np.log(np.maximum(index, 1e-6)) + shift * self.error
        upto = 1.0 / (1.0 + np.exp(-(self.starts + line[..., None])))
        closed = np.concatenate([upto, np.ones((*upto.shape[:-1], 1))], axis=-1)
        return np.asarray(np.diff(closed, axis=-1, prepend=0.0))


def fit_mix(index: Array, people: Array) -> Mix:
    """Fits a proportional-odds line of the fifths that people live in on an index of need.

    Quasi-likelihood on each authority's cumulative shares, every authority weighing as much as its
    people.

    Args:
        index: ``[N]`` need index of each authority, above 0.
        people: ``[N, 5]`` its people by fifth, most deprived first.

    Returns:
        The line.
    """
    size = people.sum(axis=1)
    upto = np.cumsum(people[:, :4], axis=1) / size[:, None]  # [N, 4]
    x = np.log(index)
    design = np.zeros((len(x) * 4, 5))
    design[:, 4] = np.repeat(x, 4)
    design[np.arange(len(design)), np.tile(np.arange(4), len(x))] = 1.0
    y, weight = upto.ravel(), np.repeat(size / size.sum(), 4)
    overall = np.clip((upto * size[:, None]).sum(axis=0) / size.sum(), 0.01, 0.99)
    beta = np.append(np.log(overall / (1.0 - overall)), 0.0)
    for _ in range(50):
        p = 1.0 / (1.0 + np.exp(-(design @ beta)))
        gain = design.T @ (weight * (y - p))
        bend = (design * (weight * p * (1.0 - p))[:, None]).T @ design
        step = np.linalg.solve(bend, gain)
        beta = beta + np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-10:
            break
    fitted = 1.0 / (1.0 + np.exp(-(beta[0] + beta[4] * x)))
    share = upto[:, 0]
    mean = float((size * share).sum() / size.sum())
    left = float((size * (share - fitted) ** 2).sum())
    # One error on the scale of log odds that gives the same spread of shares as was seen.
    bend_at = fitted * (1.0 - fitted)
    error = float(np.sqrt(left / (size * bend_at**2).sum()))
    explained = 1.0 - left / float((size * (share - mean) ** 2).sum())
    return Mix(beta[:4], float(beta[4]), error, explained)
