"""Hazards of death by year, sex, quintile and age for an area."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from leftshift.areas import Area
from leftshift.catalogue import Parameters
from leftshift.people.places import AGES, STEP_ROWS, authorities, matrix, shares

Array = NDArray[np.float64]


def death_rates(p: Parameters) -> Array:
    """England's death rates of 2019 by sex, quintile and single year of age.

    Args:
        p: the catalogue, central or drawn.

    Returns:
        ``[2, 5, 107]`` deaths per person-year at ages 0 to 106, before any area's departure.
    """
    frame = p.catalogue.table("mortality").sort("sex", "quintile")
    return frame.select(f"a{a}" for a in range(107)).to_numpy().reshape(2, 5, 107)


def area_ratio(p: Parameters, area: Area) -> float:
    """An area's deaths over those that its people's age, sex and quintiles explain.

    Args:
        p: the catalogue, central or drawn.
        area: any area.

    Returns:
        The ratio; 1 for England. Each authority counts by its expected deaths.
    """
    codes = authorities(area)
    figures = matrix(p.catalogue, "deaths_ratio", codes, ["expected", "ratio"])
    weight = shares(area, codes).sum(axis=0) * figures[:, 0]
    return float((weight * figures[:, 1]).sum() / weight.sum())


def mortality(p: Parameters, area: Area, residents: Array, base_year: int, steps: int) -> Array:
    """Hazard of death of each step from one 30 June to the next.

    Ages are last birthday at 30 June, so that a year's deaths from age ``a`` fall half at ``a`` and
    half at ``a + 1``: the hazard is the mean of the two rates. Infant deaths, nearly all in the
    first weeks, are shared out between the step of birth and the step from age 0 by
    ``mortality.infant_share_to_first_june``. The rates of 2019 are held to the base year;
    improvement starts there.

    Args:
        p: the catalogue, central or drawn.
        area: any area; its departure from England's rates is one ratio.
        residents: ``[P, 2, 5, 106]`` people at the base; their number does not matter to the rates.
        base_year: calendar year of stock 0 (30 June).
        steps: number of steps T.

    Returns:
        ``[T, 10, 107]`` by stratum (sex x 5 + quintile) and from-age row: row 0 is birth to the
        first 30 June, row ``a + 1`` is age ``a`` to ``a + 1``, the last is 105 and over.
    """
    rates = death_rates(p)
    first = p.value("mortality.infant_share_to_first_june")
    hazard = np.empty((2, 5, STEP_ROWS))
    hazard[..., 1:] = (rates[..., :AGES] + rates[..., 1:]) / 2
    hazard[..., 0] = first * rates[..., 0]
    hazard[..., 1] = (1 - first) * rates[..., 0] + rates[..., 1] / 2
    hazard *= area_ratio(p, area) * p.value("mortality.level")

    fades = p.value("mortality.improvement_fades_from")
    ends = p.value("mortality.improvement_ends_at")
    age = np.maximum(np.arange(STEP_ROWS) - 1, 0)
    kept = np.clip((ends - age) / max(ends - fades, 1e-9), 0, 1)
    yearly = p.value("mortality.improvement") * kept
    years = np.arange(steps) + 0.5
    better = np.exp(-years[:, None] * yearly)
    return (hazard.reshape(1, 10, STEP_ROWS) * better[:, None]).astype(np.float64)
