"""What a plan must keep within: money, floors, staff and capacity, by year."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from leftshift.errors import PlanError, QuantityError, listed, nearest
from leftshift.plans.library import Known
from leftshift.quantities import FinancialYear, Money

__all__ = ["LIMIT_KEYS", "Limits", "Schedule", "read_limits", "schedule"]

LIMIT_KEYS: dict[str, tuple[str, bool, str]] = {
    "new_spend": ("money", False, "the most new money in a year, in pounds; one sum or by year"),
    "floor": ("shares", False, "the least share of spend that a setting keeps, by setting"),
    "staff": ("amounts", False, "the most further staff (WTE), by staff group"),
    "capacity": ("amounts", False, "the most further units a year of a service, or beds, by id"),
}
"""Every key of [limits]: its kind, whether it is needed, and what it says."""

_MOST = 1e12  # pounds: above all that England spends on anything


@dataclass(frozen=True, slots=True)
class Schedule:
    """An amount by year: each holds until the next that is named.

    Attributes:
        points: years and amounts, rising in years.
    """

    points: tuple[tuple[FinancialYear, float], ...]

    def of(self, year: FinancialYear) -> float | None:
        """The amount in a year; None before the first that is named."""
        found = None
        for start, amount in self.points:
            if start <= year:
                found = amount
        return found


@dataclass(frozen=True, slots=True)
class Limits:
    """What a plan must keep within.

    Attributes:
        new_spend: the most new money in a year, real pounds of the base year; None for no limit.
        floor: the least share of spend by setting, 0 to 1.
        staff: the most further staff by staff group, in WTE.
        capacity: the most further units a year by service, or beds by bed type.
    """

    new_spend: Schedule | None = None
    floor: Mapping[str, Schedule] = field(default_factory=dict)
    staff: Mapping[str, Schedule] = field(default_factory=dict)
    capacity: Mapping[str, Schedule] = field(default_factory=dict)


LineOf = Callable[..., int]


def schedule(
    value: Any,
    path: tuple[str, ...],
    horizon: tuple[FinancialYear, FinancialYear],
    most: float,
    shown: str,
    line_of: LineOf,
    money: bool = False,
) -> Schedule:
    """Reads an amount, or amounts by year.

    Args:
        value: a number, text such as "£12m" where it is money, or a table of years.
        path: the keys that lead to it.
        horizon: the first and last year that may be named.
        most: the most that it may be.
        shown: how the file is named in messages.
        line_of: gives the line of a key.
        money: whether it is money.

    Raises:
        PlanError: with file and line.
    """
    name = ".".join(path[1:])

    def amount(found: Any, *rest: str) -> float:
        where = f"{shown}:{line_of(*path, *rest)}: {name}{f' in {rest[0]}' if rest else ''}"
        example = 'Write "£12m", "£1.2bn" or 12_000_000.' if money else f"Write 0 to {most:g}."
        if money and isinstance(found, str):
            try:
                found = Money.parse(found).amount
            except QuantityError as problem:
                raise PlanError(f"{where}: {problem}") from None
        if isinstance(found, bool) or not isinstance(found, int | float):
            kind = "an amount of money" if money else "a number"
            raise PlanError(f"{where} must be {kind}. {example}")
        if math.isnan(found) or not 0 <= found <= most:
            raise PlanError(f"{where} must lie between 0 and {most:g}. {example}")
        return float(found)

    if not isinstance(value, dict):
        return Schedule(((horizon[0], amount(value)),))
    points = {}
    for label, found in value.items():
        try:
            year = FinancialYear(label)
        except QuantityError as problem:
            raise PlanError(f"{shown}:{line_of(*path, label)}: {name}: {problem}") from None
        if not horizon[0] <= year <= horizon[1]:
            raise PlanError(
                f"{shown}:{line_of(*path, label)}: {name} in {year} is outside the horizon: the "
                f"plan acts from {horizon[0]} to {horizon[1]}."
            )
        points[year] = amount(found, label)
    if not points:
        raise PlanError(f'{shown}:{line_of(*path)}: {name} names no year, such as "2026/27".')
    return Schedule(tuple(sorted(points.items())))


def read_limits(
    given: Mapping[str, Any],
    known: Known,
    horizon: tuple[FinancialYear, FinancialYear],
    shown: str,
    line_of: LineOf,
) -> Limits:
    """Reads [limits].

    Args:
        given: the table.
        known: settings, staff groups, services and bed types that may be named.
        horizon: the plan's first and last year.
        shown: how the file is named in messages.
        line_of: gives the line of a key.

    Raises:
        PlanError: with file and line.
    """
    for key in given:
        if key not in LIMIT_KEYS:
            raise PlanError(
                f'{shown}:{line_of("limits", key)}: nothing is called "{key}" in [limits].'
                f"{nearest(key, LIMIT_KEYS)} Allowed: {listed(LIMIT_KEYS)}."
            )

    def each(key: str, called: str, allowed: Iterable[str], most: float) -> dict[str, Schedule]:
        table = given.get(key, {})
        names = tuple(allowed)
        if not isinstance(table, dict):
            raise PlanError(
                f"{shown}:{line_of('limits', key)}: {key} must be a table by {called}: "
                f"{key} = {{ {names[0]} = 0.1 }}."
            )
        for name in table:
            if name not in names:
                raise PlanError(
                    f'{shown}:{line_of("limits", key, name)}: {key}: no {called} called "{name}".'
                    f"{nearest(name, names)} Allowed: {listed(names, 30)}."
                )
        return {
            name: schedule(one, ("limits", key, name), horizon, most, shown, line_of)
            for name, one in table.items()
        }

    floor = each("floor", "setting", known.settings, 1.0)
    years = sorted({year for one in floor.values() for year, _ in one.points})
    for year in years:
        total = sum(one.of(year) or 0.0 for one in floor.values())
        if total > 1 + 1e-9:
            raise PlanError(
                f"{shown}:{line_of('limits', 'floor')}: floors come to {total:.0%} of spend in "
                f"{year}. Together they can be at most all of it."
            )
    money = None
    if "new_spend" in given:
        path = ("limits", "new_spend")
        money = schedule(given["new_spend"], path, horizon, _MOST, shown, line_of, money=True)
    return Limits(
        money,
        floor,
        each("staff", "staff group", known.staff_groups, 1e7),
        each("capacity", "service or bed type", (*known.services, *known.bed_types), _MOST),
    )
