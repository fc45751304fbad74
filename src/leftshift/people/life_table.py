"""Life expectancy, healthy life expectancy and the slope index of inequality.

The model's people are counted by age last birthday at 30 June, and a step is the year to the next
30 June. Survival over a step is therefore the ratio L(a+1)/L(a) of a stationary population, and
life expectancy at birth is the sum of L over ages: no further assumption about when in the year
deaths fall is needed. Healthy years follow Sullivan's method (Sullivan DF. A single index of
mortality and morbidity. HSMHA Health Reports 1971;86:347-354).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def stationary(died: Array) -> Array:
    """People of each age in a stationary population with one birth a year.

    Args:
        died: share who die in the step from each age, ``[..., 107]``; entry 0 is birth to the
            first 30 June, entry ``a + 1`` is age ``a`` last birthday to ``a + 1``.

    Returns:
        ``[..., 106]`` person-years lived at each age; the last age is open.
    """
    lived: Array = np.cumprod(1.0 - died[..., :-1], axis=-1, dtype=np.float64)
    # Those aged 105 and over leave at the last rate: a geometric series closes the open age.
    lived[..., -1] /= np.maximum(died[..., -1], 1e-9)
    return lived


def expectancy(died: Array, healthy: Array | None = None) -> Array:
    """Life expectancy at birth in years, or healthy life expectancy where shares are given.

    Args:
        died: as for :func:`stationary`.
        healthy: share of people of each age counted as healthy, ``[..., 106]``.

    Returns:
        Years, with the last axis summed away.
    """
    lived = stationary(died)
    years: Array = (lived if healthy is None else lived * healthy).sum(axis=-1)
    return years


def slope_index(values: Array, people: Array) -> Array:
    """Slope index of inequality across groups ordered from most to least deprived.

    A straight line is fitted by least squares, weighted by people, to the groups' values against
    the midpoint of each group's share of the ranked population; the index is its rise from the
    most to the least deprived end, in the unit of the values (positive: the least deprived have
    more). Method: Mackenbach and Kunst, Social Science & Medicine 1997;44:757-771.

    Args:
        values: ``[..., 5]``, most deprived first.
        people: ``[..., 5]`` weights.

    Returns:
        The index, ``NaN`` where fewer than two groups hold people.
    """
    share = people / np.maximum(people.sum(axis=-1, keepdims=True), 1e-300)
    rank = np.cumsum(share, axis=-1) - share / 2.0
    known = np.where(share > 0, values, 0.0)
    mean_rank = (share * rank).sum(axis=-1, keepdims=True)
    mean_value = (share * known).sum(axis=-1, keepdims=True)
    spread = (share * (rank - mean_rank) ** 2).sum(axis=-1)
    together = (share * (rank - mean_rank) * (known - mean_value)).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(spread > 1e-12, together / spread, np.nan)
