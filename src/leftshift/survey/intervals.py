"""Intervals and tests for a small, finite, clustered population.

Shares: Wilson's score interval (Wilson 1927) and the exact interval: hypergeometric (Konijn 1973)
where the population is known, else Clopper and Pearson's (1934). Clustering enters through the
effective sample (Korn and Graubard 1998), the finite population through (N - 1) / (N - n), as in
Cochran, Sampling Techniques (3rd ed. 1977), section 3.2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from leftshift.survey import distributions as dist

__all__ = [
    "Interval",
    "Spread",
    "benjamini_hochberg",
    "binary_difference",
    "exact_share",
    "fisher",
    "holm",
    "mean_interval",
    "share_interval",
    "spread",
    "wilson_share",
]

Floats = npt.NDArray[np.float64]

LARGEST_EXACT = 2000
"""Above this population the hypergeometric is near enough the binomial with the correction."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval and how it was made."""

    lower: float | None
    upper: float | None
    method: str


@dataclass(frozen=True, slots=True)
class Spread:
    """A mean and its variance.

    Attributes:
        mean: the (weighted) mean.
        variance: of the mean, from clusters, for an endless population.
        simple: of an unweighted mean of as many independent answers.
        clusters: how many there are.
        base: how many answers.
        unequal: what unequal weights cost (Kish 1965): base over effective base, from 1.
    """

    mean: float
    variance: float | None
    simple: float | None
    clusters: int
    base: int
    unequal: float = 1.0

    @property
    def design_effect(self) -> float | None:
        """The variance against that of as many independent answers; None where unknown."""
        if self.variance is None or not self.simple or self.simple < 1e-18:
            return None
        return self.variance / self.simple

    @property
    def df(self) -> float:
        """Degrees of freedom: one fewer than there are clusters."""
        return float(max(self.clusters - 1, 1))


def spread(
    values: Floats, clusters: npt.NDArray[np.int64], weights: Floats | None = None
) -> Spread:
    """Gives a mean and its variance by linearisation, with clusters as the units drawn.

    Args:
        values: float64[n], the answers (0 and 1 for a share); n of at least 1.
        clusters: int64[n], the number of each one's cluster, from 0.
        weights: float64[n], or None where all count the same.

    Returns:
        The mean and its variance without a finite population correction: c / (c - 1) times the
        sum over clusters of the squared sum of w (y - mean) / sum of w.
    """
    n = len(values)
    shares = np.full(n, 1.0 / n) if weights is None else weights / weights.sum()
    mean = float(shares @ values)
    parts = shares * (values - mean)
    sums = np.bincount(clusters, weights=parts)
    count = int((np.bincount(clusters) > 0).sum())
    variance = float(count / (count - 1) * (sums @ sums)) if count > 1 else None
    away = values - values.sum() / n
    simple = float(away @ away) / (n - 1) / n if n > 1 else None
    return Spread(mean, variance, simple, count, n, float(n * (shares @ shares)))


@lru_cache(maxsize=65536)
def exact_share(count: int, base: int, population: int | None, level: float = 0.95) -> Interval:
    """Gives the exact interval of a share without clusters.

    Args:
        count: answers that count, 0 to `base`.
        base: answers, at least 1.
        population: how many there are to be asked, at least `base`; None where unknown or endless.
        level: confidence level.

    Returns:
        Shares between 0 and 1. With a population: the least and greatest share among all from
        which such an answer has a chance of over (1 - level) / 2 in either tail.
    """
    tail = 0.5 * (1.0 - level)
    if population is None:
        return Interval(
            dist.beta_quantile(tail, count, base - count + 1),
            dist.beta_quantile(1.0 - tail, count + 1, base - count),
            "exact",
        )
    least, most = count, population - base + count
    low, high = least, most
    while low < high:  # the first marked number for which so many is no surprise
        middle = (low + high) // 2
        if dist.hypergeometric_tail(count, population, middle, base) > tail:
            high = middle
        else:
            low = middle + 1
    first = low
    low, high = least, most
    while low < high:  # the last for which so few is none
        middle = (low + high + 1) // 2
        if dist.hypergeometric_cdf(count, population, middle, base) > tail:
            low = middle
        else:
            high = middle - 1
    method = "census" if population == base else "exact_finite"
    return Interval(first / population, low / population, method)


def wilson_share(share: float, base: float, quantile: float) -> tuple[float, float]:
    """Gives Wilson's interval for a share of an effective base (any positive number)."""
    if math.isinf(base):
        return share, share
    square = quantile * quantile
    centre = (share + square / (2.0 * base)) / (1.0 + square / base)
    half = (
        quantile
        / (1.0 + square / base)
        * math.sqrt(share * (1.0 - share) / base + square / (4.0 * base * base))
    )
    return max(0.0, centre - half), min(1.0, centre + half)


def share_interval(
    found: Spread,
    population: int | None,
    level: float,
    method: str = "exact",
    weighted: bool = False,
) -> Interval:
    """Gives the interval of a share.

    Args:
        found: the share and its variance.
        population: how many there are to be asked, at least the base; None where unknown.
        level: confidence level.
        method: "exact" or "wilson".
        weighted: whether the share is weighted, so that no count of answers stands behind it.

    Returns:
        Shares between 0 and 1. Unweighted, it is never narrower than the exact interval without
        clusters, and never holds a share that the answers already given rule out.
    """
    base, share = found.base, found.mean
    if population is not None and population <= base and not weighted:
        return Interval(share, share, "census")
    effect = found.design_effect
    # A share of 0 or 1 has no variance between clusters; weights still cost what they cost.
    used = max(1.0, found.unequal if effect is None else effect)
    finite = 1.0
    if population is not None:
        finite = math.inf if population <= base else (population - 1) / (population - base)
    effective = base / used * finite
    # Where each comes from a system of their own there is nothing to take together.
    clustered = found.clusters > 1 and (weighted or found.clusters < base)
    quantile = dist.normal_quantile(0.5 + 0.5 * level)
    student = dist.t_quantile(0.5 + 0.5 * level, found.df) if clustered else quantile
    if math.isinf(effective):
        return Interval(share, share, "census")
    count = round(share * base)
    small = population is None or population <= LARGEST_EXACT
    if not weighted and method == "exact" and not clustered and small:
        return exact_share(count, base, population, level)
    if method == "wilson":
        lower, upper = wilson_share(share, effective, student)
        name = "wilson"
    else:
        # Korn and Graubard: the exact interval of the effective sample, made smaller again by what
        # few clusters cost; never more than would be without clusters.
        effective = min(effective * (quantile / student) ** 2, base * finite)
        tail = 0.5 * (1.0 - level)
        yes = share * effective
        lower = dist.beta_quantile(tail, yes, effective - yes + 1.0)
        upper = dist.beta_quantile(1.0 - tail, yes + 1.0, effective - yes)
        name = "korn_graubard"
    if weighted:
        return Interval(lower, upper, name)
    if population is not None:
        exact = exact_share(count, base, population, level) if small else None
        if exact is not None and exact.lower is not None and exact.upper is not None:
            lower, upper = min(lower, exact.lower), max(upper, exact.upper)
        lower = max(lower, count / population)
        upper = min(upper, (population - base + count) / population)
        name += "_finite"
    return Interval(lower, upper, name)


def mean_interval(
    found: Spread,
    population: int | None,
    level: float,
    limits: tuple[float | None, float | None] = (None, None),
) -> Interval:
    """Gives the t interval of a mean, with a finite population correction.

    Args:
        found: the mean and its variance.
        population: how many there are to be asked; None where unknown.
        level: confidence level.
        limits: the least and greatest answer that can be given; the interval stays within.

    Returns:
        The interval; without ends where there are fewer than two clusters.
    """
    if population is not None and population <= found.base:
        return Interval(found.mean, found.mean, "census")
    if found.variance is None or found.simple is None:
        return Interval(None, None, "none")
    finite = 1.0 if population is None else 1.0 - found.base / population
    variance = max(found.variance, found.simple) * finite
    half = dist.t_quantile(0.5 + 0.5 * level, found.df) * math.sqrt(variance)
    lower, upper = found.mean - half, found.mean + half
    if limits[0] is not None:
        lower = max(lower, limits[0])
    if limits[1] is not None:
        upper = min(upper, limits[1])
    return Interval(lower, upper, "t" if population is None else "t_finite")


def fisher(count: int, base: int, other: int, other_base: int) -> float:
    """Gives the two-sided p-value of Fisher's exact test of two shares.

    Tables no likelier than the one found count, as R and SciPy do it.
    """
    whole, marked = base + other_base, count + other
    least, most = max(0, marked - other_base), min(base, marked)
    chances = [
        math.exp(
            math.lgamma(marked + 1)
            - math.lgamma(k + 1)
            - math.lgamma(marked - k + 1)
            + math.lgamma(whole - marked + 1)
            - math.lgamma(base - k + 1)
            - math.lgamma(whole - marked - base + k + 1)
            - math.lgamma(whole + 1)
            + math.lgamma(base + 1)
            + math.lgamma(other_base + 1)
        )
        for k in range(least, most + 1)
    ]
    limit = chances[count - least] * (1.0 + 1e-7)
    return min(1.0, math.fsum(chance for chance in chances if chance <= limit))


def binary_difference(
    rose: int, fell: int, pairs: int, level: float, effect: float = 1.0
) -> tuple[float, float, float]:
    """Compares two paired shares.

    Args:
        rose: pairs of which only the later one counts.
        fell: pairs of which only the earlier one counts.
        pairs: all pairs, at least 1.
        level: confidence level.
        effect: the design effect of pairs within clusters, at least 1.

    Returns:
        Lower and upper end of the difference (Bonett and Price 2012: Wald's interval with half a
        pair added to each cell), and the p-value of McNemar's exact test.
    """
    up, down, whole = (rose + 1) / (pairs + 2), (fell + 1) / (pairs + 2), pairs + 2
    half = dist.normal_quantile(0.5 + 0.5 * level) * math.sqrt(
        effect * (up + down - (up - down) ** 2) / whole
    )
    change = rose + fell
    exact = min(1.0, 2.0 * dist.binomial_tail(max(rose, fell), change)) if change else 1.0
    return max(-1.0, up - down - half), min(1.0, up - down + half), exact


def holm(values: Sequence[float]) -> list[float]:
    """Adjusts p-values by Holm's (1979) step-down: the chance of any false finding."""
    order = sorted(range(len(values)), key=lambda place: values[place])
    found, high = [0.0] * len(values), 0.0
    for rank, place in enumerate(order):
        high = max(high, min(1.0, (len(values) - rank) * values[place]))
        found[place] = high
    return found


def benjamini_hochberg(values: Sequence[float]) -> list[float]:
    """Adjusts p-values by Benjamini and Hochberg's (1995) step-up: the false discovery rate."""
    count = len(values)
    order = sorted(range(count), key=lambda place: values[place], reverse=True)
    found, low = [0.0] * count, 1.0
    for rank, place in enumerate(order):
        low = min(low, values[place] * count / (count - rank))
        found[place] = low
    return found
