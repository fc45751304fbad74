"""Why spending grows: step by step, in an order that is stated, adding up exactly.

Each step changes one thing and keeps what the steps before it changed:

1. base: the base year's spending;
2. population_size: as many people as in the year, made up as in the base year;
3. ageing: their ages and sexes as in the year, with the base year's rates and deaths by age;
4. deprivation_mix: their deprivation quintiles within age and sex as in the year;
5. health_beyond_age: all else that simulated lives use: illness, closeness to death, place;
6. growth_beyond_demography: what use grows by beyond all of these;
7. price: what inputs cost relative to general prices;
8. productivity: what a unit takes.

Another order would give other steps with the same sum.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from leftshift.care.money import Prices
from leftshift.care.rates import Rates
from leftshift.care.use import Use, growth

__all__ = ["DRIVERS", "drivers"]

Array = NDArray[np.float64]

DRIVERS = (
    "base",
    "population_size",
    "ageing",
    "deprivation_mix",
    "health_beyond_age",
    "growth_beyond_demography",
    "price",
    "productivity",
)
"""The steps, in their order."""

_QUINTILES = 5
# Deaths of single ages are few in a small area: rates are means over this many ages either side.
_AROUND = 3


def drivers(use: Use, rates: Rates, prices: Prices, settings: tuple[str, ...]) -> Array:
    """Divide each year's spending into the base year's and what changed it.

    Args:
        use: the activity, people and deaths of one draw.
        rates: the rates of the same draw.
        prices: what units cost, of the same draw.
        settings: ids of the settings, in order.

    Returns:
        ``[Y, settings, 8]`` £ in prices of the base year by step; they add up to that setting's
        spending of that year.
    """
    units = use.activity.sum(axis=(1, 2, 3))  # [Y, L]
    plain = units / growth(use.services, use.frame)
    expected = _expected(use, rates)  # [3, Y, L]
    at_base = expected[2, 0]
    # The base year's rates are scaled to what the area used in it, service by service.
    scale = np.divide(units[0], at_base, out=np.zeros_like(at_base), where=at_base > 0)
    size, aged, mixed = expected * scale
    # A service that no rate explains grows with the number of people, and the rest is health.
    people = use.people.sum(axis=(1, 2))
    bare = np.outer(people / people[0], units[0])
    known = at_base > 0
    size, aged, mixed = (np.where(known, one, bare) for one in (size, aged, mixed))
    cost = prices.unit_cost
    steps = np.empty((len(DRIVERS), *units.shape))
    steps[0] = units[0] * cost
    steps[1] = (size - units[0]) * cost
    steps[2] = (aged - size) * cost
    steps[3] = (mixed - aged) * cost
    steps[4] = (plain - mixed) * cost
    steps[5] = (units - plain) * cost
    steps[6] = units * cost * (prices.price - 1.0)
    steps[7] = units * cost * prices.price * (prices.productivity - 1.0)
    where = np.zeros((units.shape[1], len(settings)))
    where[np.arange(len(where)), [settings.index(one) for one in use.services.settings]] = 1.0
    found: Array = np.moveaxis(steps @ where, 0, -1)
    return found


def _expected(use: Use, rates: Rates) -> Array:
    """Units at the base year's rates by year and service, ``[3, Y, L]``.

    With the people of each year made up as in the base year; with their own ages and sexes; and
    with their own quintiles too.
    """
    people = use.people
    years, strata, ages = people.shape
    head = rates.per_head + _death_rate(use)[..., None] * rates.last_year
    total = people.sum(axis=(1, 2))
    made_as_before = people[:1] * (total / total[0])[:, None, None]
    by_sex = people.reshape(years, 2, _QUINTILES, ages)
    first = by_sex[0]
    whole = first.sum(axis=1, keepdims=True)
    mean = first.sum(axis=(0, 2)) / first.sum()
    # Where nobody was of an age in the base year, the area's mean mix stands in.
    mix = np.divide(
        first,
        whole,
        out=np.broadcast_to(mean[None, :, None], first.shape).copy(),
        where=whole > 0,
    )
    older = (by_sex.sum(axis=2, keepdims=True) * mix).reshape(years, strata, ages)
    every = np.concatenate([made_as_before, older, people])
    # Age by age: one large product would start threads of its own beside those of the draws.
    by_age = np.ascontiguousarray(every.transpose(2, 0, 1)) @ head.transpose(1, 0, 2)
    found: Array = by_age.sum(axis=0).reshape(3, years, -1)
    return found


def _death_rate(use: Use) -> Array:
    """Deaths per person in the base year by stratum and age, smoothed over ages: ``[10, 106]``."""
    died, lived = (_around(one) for one in (use.deaths[0], use.people[0]))
    found: Array = np.divide(died, lived, out=np.zeros_like(died), where=lived > 0)
    # A child's first year is unlike the years after it.
    first = use.people[0, :, 0]
    found[:, 0] = np.divide(use.deaths[0, :, 0], first, out=np.zeros_like(first), where=first > 0)
    return found


def _around(values: Array) -> Array:
    """Sums over neighbouring ages, of which age 0 is none."""
    padded = np.pad(values[:, 1:], ((0, 0), (_AROUND + 1, _AROUND)))
    total = np.cumsum(padded, axis=1)
    window = total[:, 2 * _AROUND + 1 :] - total[:, : -2 * _AROUND - 1]
    return np.concatenate([np.zeros((len(values), 1)), window], axis=1)
