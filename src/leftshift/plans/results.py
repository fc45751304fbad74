"""What a plan does beside the baseline, by intervention, year and group, in every draw.

:class:`Results` is all that value, equity, uncertainty and prioritisation are worked out from. It
holds plain arrays, so that those are pure functions and can be tested on made-up figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from leftshift.people.tables import SEXES

__all__ = ["GOOD_WHEN_LOWER", "HEALTH", "LABELS", "MEASURES", "QUINTILES", "SEXES", "Results"]

Array = NDArray[np.float64]

QUINTILES: Final = 5

MEASURES: Final[Mapping[str, str]] = {
    "qaly": "QALYs",
    "life_years": "years of life lived",
    "deaths": "deaths",
    "major_illness": "people",
    "spend": "£ a year",
    "spend_nhs": "£ a year",
    "spend_social_care": "£ a year",
    "spend_private": "£ a year",
    "cost_intervention": "£ a year",
    "cash_released": "£ a year",
    "capacity_released": "£ a year",
    "non_elective_admission": "admissions a year",
    "bed_days": "bed days a year",
    "gp_appointment": "appointments a year",
    "ae_attendance": "attendances a year",
    "staff_wte": "WTE",
    "people_reached": "person-years",
}
"""Measures in the order of the arrays' last axis, with their units.

Money is real, in prices of the base year. `spend_nhs` and `spend_social_care` are what the NHS
(with the public health grant) and councils spend on services, priced as if every unit not used
saved its whole cost at once; `cost_intervention` is what the plan's interventions themselves cost
(joining, being on them, setting up, double running), and `spend` is the sum of these three.
`cash_released` and `capacity_released` say how much of what services no longer cost can be had as
money in that year, and how much only as room; they add up to what `spend_nhs` and
`spend_social_care` fall by. `spend_private` is what people pay themselves, and is in no other
measure. `people_reached` counts person-years on interventions, those of a person on two of them
twice. `major_illness` is a stock at 30 June; all others are flows of a financial year.
"""

HEALTH: Final = ("qaly", "life_years", "deaths", "major_illness")
"""Measures that are told apart by sex, too: what the engine counts of people themselves.

What services are used, and so what they cost, is worked out for both sexes together.
"""

LABELS: Final[Mapping[str, str]] = {
    "life_years": "Years of life lived",
    "spend_nhs": "NHS spending on services",
    "spend_social_care": "Councils' spending on social care",
    "spend_private": "What people pay themselves",
    "cost_intervention": "Cost of the interventions themselves",
    "cash_released": "Cash released",
    "capacity_released": "Capacity released",
    "non_elective_admission": "Emergency admissions",
    "gp_appointment": "General practice appointments with a GP",
    "ae_attendance": "A&E attendances",
    "staff_wte": "Staff needed, with those of the interventions",
    "people_reached": "Person-years on interventions",
}
"""Labels of the measures that only a plan's tables have; the others' are those of an outlook."""

GOOD_WHEN_LOWER: Final = frozenset(
    {
        *("deaths", "major_illness", "spend", "spend_nhs", "spend_social_care"),
        *("spend_private", "cost_intervention", "non_elective_admission", "bed_days"),
        *("gp_appointment", "ae_attendance", "staff_wte"),
    }
)
"""Measures of which less is better."""


@dataclass(frozen=True)
class Results:
    """A plan beside the baseline (K interventions, D draws, Y years, P places, M measures).

    The first axis of every array but `parameters` is the run: 0 is the central one, 1 to D the
    draws. Effects are plan minus baseline, attributed in the plan's order: what the n-th
    intervention does is the difference between a plan of the first n and a plan of the first
    n - 1, on the same people and the same random numbers; index K is the whole plan, and is the
    sum of the others.

    Attributes:
        interventions: ids in the plan's order, ``[K]``.
        years: financial-year labels, the base year first, ``[Y]``.
        places: place codes, ``[P]``.
        draws: D.
        measures: names along the last axis, ``[M]``; where it is ``[H]``, those of
            :data:`HEALTH`.
        units: their units, ``[M]``.
        place_effect: ``[1 + D, K + 1, Y, P, M]``.
        quintile_effect: ``[1 + D, K + 1, Y, 5, M]``, the most deprived fifth first.
        sex_effect: ``[1 + D, K + 1, Y, 2, H]``, women first.
        place_base: ``[1 + D, Y, P, M]`` levels of the baseline.
        quintile_base: ``[1 + D, Y, 5, M]``.
        sex_base: ``[1 + D, Y, 2, H]``.
        people_place: ``[1 + D, Y, P]`` person-years lived in the baseline.
        people_quintile: ``[1 + D, Y, 5]``.
        people_sex: ``[1 + D, Y, 2]``.
        parameters: values in the draws, ``[D]`` each, of every drawn catalogue row that the
            plan's interventions rest on, by row id.
    """

    interventions: tuple[str, ...]
    years: tuple[str, ...]
    places: tuple[str, ...]
    draws: int
    place_effect: Array
    quintile_effect: Array
    sex_effect: Array
    place_base: Array
    quintile_base: Array
    sex_base: Array
    people_place: Array
    people_quintile: Array
    people_sex: Array
    parameters: Mapping[str, Array]
    measures: tuple[str, ...] = tuple(MEASURES)
    units: tuple[str, ...] = field(default=tuple(MEASURES.values()))

    def __post_init__(self) -> None:
        """Sees that the shapes fit together."""
        k, y, p = len(self.interventions), len(self.years), len(self.places)
        m, runs = len(self.measures), 1 + self.draws
        s, h = len(SEXES), len(HEALTH)
        wanted = {
            "place_effect": (runs, k + 1, y, p, m),
            "quintile_effect": (runs, k + 1, y, QUINTILES, m),
            "sex_effect": (runs, k + 1, y, s, h),
            "place_base": (runs, y, p, m),
            "quintile_base": (runs, y, QUINTILES, m),
            "sex_base": (runs, y, s, h),
            "people_place": (runs, y, p),
            "people_quintile": (runs, y, QUINTILES),
            "people_sex": (runs, y, s),
        }
        for name, shape in wanted.items():
            have = getattr(self, name).shape
            assert have == shape, f"{name} has shape {have}: it must be {shape}"
        for name, values in self.parameters.items():
            assert values.shape == (self.draws,), f"parameter {name} has shape {values.shape}"

    def at(self, measure: str) -> int:
        """Where a measure is along the last axis."""
        return self.measures.index(measure)

    def total(self, measure: str) -> Array:
        """The effect on one measure in the whole area, ``[1 + D, K + 1, Y]``."""
        summed: Array = self.place_effect[..., self.at(measure)].sum(axis=-1)
        return summed

    @property
    def whole(self) -> int:
        """Where the whole plan is along the axis of interventions."""
        return len(self.interventions)
