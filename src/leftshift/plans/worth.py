"""What a QALY is worth to whom, how later years count, and who pays: read from the catalogue.

Three values of a QALY are kept apart, each with the perspectives that it belongs to: what a fixed
budget gives up elsewhere, what NICE pays for new medicines, and what society is willing to pay.
Nothing here adds money that can be had, room in services and the value of health to society.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from leftshift.catalogue import Parameters
from leftshift.errors import CatalogueError
from leftshift.plans.results import Results

__all__ = [
    "HEADLINE",
    "PERSPECTIVES",
    "Discounting",
    "Valuation",
    "Worth",
    "costs",
    "present",
    "valuation",
]

Array = NDArray[np.float64]

PERSPECTIVES: Final[dict[str, tuple[tuple[str, float], ...]]] = {
    "nhs": (("spend_nhs", 1.0), ("cost_intervention", 1.0)),
    "nhs_and_social_care": (
        ("spend_nhs", 1.0),
        ("spend_social_care", 1.0),
        ("cost_intervention", 1.0),
    ),
    "public": (("spend", 1.0),),
    "societal": (("spend", 1.0), ("spend_private", 1.0)),
    "cash": (("cost_intervention", 1.0), ("cash_released", -1.0)),
}
"""Whose cost is counted: measures of :class:`Results` and their signs.

All but `cash` value every unit of care at its whole cost, as economic evaluation does: what a
service no longer uses can be of use to someone else. `cash` counts only money: what the plan costs
less what of it can be taken out of services in that year.
"""

_FIXED_BUDGET = ("nhs", "nhs_and_social_care", "public", "cash")
_NICE = ("nhs", "nhs_and_social_care")

#: The perspective and discounting that uncertainty and equity are worked out in.
HEADLINE: Final = ("nhs_and_social_care", "green_book")


@dataclass(frozen=True)
class Worth:
    """A value of a QALY.

    Attributes:
        id: `opportunity_cost`, `nice_lower`, `nice_upper` or `social`.
        pounds: £ per QALY.
        perspectives: those in which it may be used.
    """

    id: str
    pounds: float
    perspectives: tuple[str, ...]


@dataclass(frozen=True)
class Discounting:
    """How much less a later year counts, as shares a year, from the base year of the run.

    Attributes:
        id: `undiscounted`, `green_book` or `nice`.
        costs: rate of money.
        health: rate of health.
    """

    id: str
    costs: float
    health: float


@dataclass(frozen=True)
class Valuation:
    """What results are judged by.

    Attributes:
        worths: values of a QALY, never mixed.
        discountings: ways to count later years.
        curve: ``[L]`` £ per QALY along the acceptability curve, in order, the values of `worths`
            among them.
    """

    worths: tuple[Worth, ...]
    discountings: tuple[Discounting, ...]
    curve: Array

    def worth(self, identity: str) -> Worth:
        """The value of a QALY of this id."""
        return next(one for one in self.worths if one.id == identity)

    def discounting(self, identity: str) -> Discounting:
        """The way of counting later years of this id."""
        return next(one for one in self.discountings if one.id == identity)


def valuation(parameters: Parameters) -> Valuation:
    """Reads the values of a QALY and the discount rates from the catalogue.

    They are values to judge by, so the central ones serve every draw: what a decision would be at
    another value is for the acceptability curve to say.

    Args:
        parameters: central parameters.

    Raises:
        CatalogueError: `[figure_out_of_range]`, with file and line.
    """
    allowed = (
        ("opportunity_cost", _FIXED_BUDGET),
        ("nice_lower", _NICE),
        ("nice_upper", _NICE),
        ("social", ("societal",)),
    )
    worths = tuple(
        Worth(name, round(positive(parameters, f"plans.qaly.{name}"), 6), where)
        for name, where in allowed
    )
    money, health, nice = (
        within(parameters, f"plans.discount.{kind}", 0.0, 1.0)
        for kind in ("costs", "health", "health_nice")
    )
    discountings = (
        Discounting("undiscounted", 0.0, 0.0),
        Discounting("green_book", money, health),
        Discounting("nice", money, nice),
    )
    grid = steps(parameters, "plans.curve")
    marks = np.array([one.pounds for one in worths])
    return Valuation(worths, discountings, np.unique(np.round(np.concatenate([grid, marks]), 6)))


def steps(parameters: Parameters, stem: str, last: str = "highest") -> Array:
    """From 0 to the row `<stem>.<last>` in steps of `<stem>.step`, both ends among them."""
    highest = positive(parameters, f"{stem}.{last}")
    step = within(parameters, f"{stem}.step", highest / 1000.0, highest)
    grid: Array = np.append(np.arange(0.0, highest, step), highest)
    return grid


def positive(parameters: Parameters, identity: str) -> float:
    """The value of a row that must be more than nothing."""
    return within(parameters, identity, 1e-6, 1e12)


def within(parameters: Parameters, identity: str, low: float, high: float) -> float:
    """The value of a row that must lie between two others.

    Raises:
        CatalogueError: `[figure_out_of_range]`, with file and line.
    """
    number = parameters.value(identity)
    if not low <= number <= high:
        row = parameters.catalogue.row(identity)
        where = f"{row.file}:{row.line}: " if row.line else f"{row.file}: "
        raise CatalogueError(
            f"{where}[figure_out_of_range] {identity} is {number:g} ({row.estimate.unit}). It must "
            f"lie between {low:g} and {high:g}."
        )
    return number


def costs(results: Results, perspective: str) -> Array:
    """What the plan costs more, net, each year, ``[1 + D, K + 1, Y]`` £ (negative: it saves)."""
    found = np.zeros(results.place_effect.shape[:3])
    for measure, sign in PERSPECTIVES[perspective]:
        found += sign * results.total(measure)
    return found


def present(flow: Array, rate: float) -> Array:
    """Each year of a flow as it counts in the base year (the first).

    Args:
        flow: ``[..., Y]``.
        rate: share a year.

    Returns:
        ``[..., Y]``.
    """
    counted: Array = flow * (1.0 + rate) ** -np.arange(flow.shape[-1], dtype=np.float64)
    return counted
