"""Redundancy pay under Agenda for Change section 16, and who leaves when a board shrinks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from leftshift.catalogue import Catalogue, Parameters
from leftshift.errors import ModelError
from leftshift.organisation import privacy
from leftshift.organisation.money import Price
from leftshift.organisation.options import MOVING, Effect, Option
from leftshift.organisation.staff import Person, Tenure, made_up, uniforms

if TYPE_CHECKING:
    from leftshift.organisation.board import Board

__all__ = [
    "LEAVING",
    "Leaving",
    "Pool",
    "Rules",
    "average_payment",
    "mutual_resignation",
    "pool",
    "section16",
    "simulate",
]

Array = NDArray[np.float64]

LEAVING = ("leavers", "redeployed", "voluntary", "compulsory")
"""How a post is emptied, in the order in which it is tried."""

_PENNY = Decimal("0.01")
_WEEKS = Decimal(365) / 7
_EVENTS = 4


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of redundancy pay, voluntary schemes and notice, from the catalogue.

    Every attribute is the catalogue row `redundancy.<name>`, `voluntary.<name>` or `notice.<name>`.
    """

    month_per_year: Decimal
    most_months: Decimal
    salary_floor: Decimal
    salary_cap: Decimal
    weeks_in_month: Decimal
    least_service: Decimal
    ni_threshold: Decimal
    ni_rate: Decimal
    mars_months_per_year: Decimal
    mars_least_months: Decimal
    mars_most_months: Decimal
    mars_salary_cap: Decimal
    mars_least_service: Decimal
    statutory_weeks_per_year: Decimal
    statutory_most_weeks: Decimal
    notice: Mapping[str, Decimal]

    @classmethod
    def of(cls, parameters: Parameters) -> Rules:
        """Reads them from the catalogue."""

        def row(name: str) -> Decimal:
            return Decimal(repr(parameters.value(name)))

        weeks = {
            **dict.fromkeys(("2", "3", "4"), row("notice.weeks_bands_2_4")),
            **dict.fromkeys(("5", "6", "7"), row("notice.weeks_bands_5_7")),
            **dict.fromkeys(("8a", "8b", "8c", "8d", "9"), row("notice.weeks_bands_8_9")),
            "vsm": row("notice.weeks_vsm"),
        }
        redundancy = (
            "month_per_year",
            "most_months",
            "salary_floor",
            "salary_cap",
            "weeks_in_month",
            "least_service",
            "ni_threshold",
        )
        mars = ("months_per_year", "least_months", "most_months", "salary_cap", "least_service")
        return cls(
            **{name: row(f"redundancy.{name}") for name in redundancy},
            ni_rate=row("oncost.ni_rate"),
            **{f"mars_{name}": row(f"voluntary.mars_{name}") for name in mars},
            statutory_weeks_per_year=row("notice.statutory_weeks_per_year"),
            statutory_most_weeks=row("notice.statutory_most_weeks"),
            notice=weeks,
        )


def section16(
    salary: Decimal | int | float | None,
    service_years: Decimal | float,
    rules: Rules,
    wte: Decimal | float = 1,
    weekly: Decimal | int | float | None = None,
    continuous_years: Decimal | float | None = None,
) -> Decimal:
    """Gives a redundancy payment under section 16 (England) of the Agenda for Change handbook.

    Args:
        salary: whole-time salary in pounds a year; None where only a week's pay is known.
        service_years: reckonable service in years; part-years are ignored.
        rules: the rules.
        wte: the share of full time that is worked; floor and cap are whole-time and follow it.
        weekly: whole-time pay in pounds a week, used only where there is no salary.
        continuous_years: continuous NHS service, where it differs from reckonable service.

    Returns:
        Pounds, to the penny; 0 with less than two years' continuous service.

    Raises:
        ModelError: neither salary nor weekly pay is given, or a figure is negative.
    """
    service = _exact(service_years)
    continuous = service if continuous_years is None else _exact(continuous_years)
    if service < 0 or continuous < 0 or _exact(wte) < 0:
        raise ModelError("service and working hours cannot be negative.")
    year = _year(salary, weekly, rules)
    if continuous < rules.least_service:
        return Decimal(0)
    months = min(Decimal(math.floor(service)) * rules.month_per_year, rules.most_months)
    paid = min(max(year, rules.salary_floor), rules.salary_cap)
    return (paid * months * _exact(wte) / 12).quantize(_PENNY, ROUND_HALF_UP)


def mutual_resignation(
    salary: Decimal | int | float | None,
    service_years: Decimal | float,
    rules: Rules,
    wte: Decimal | float = 1,
    weekly: Decimal | int | float | None = None,
) -> Decimal:
    """Gives a payment under a mutually agreed resignation scheme, which is no redundancy.

    Args and Returns: as for `section16`; 0 with less service than the scheme asks for.
    """
    service = _exact(service_years)
    year = min(_year(salary, weekly, rules), rules.mars_salary_cap)
    if service < rules.mars_least_service:
        return Decimal(0)
    months = Decimal(math.floor(service)) * rules.mars_months_per_year
    months = min(max(months, rules.mars_least_months), rules.mars_most_months)
    return (year * months * _exact(wte) / 12).quantize(_PENNY, ROUND_HALF_UP)


def _exact(value: Decimal | float) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(repr(value))


def _year(salary: Decimal | float | None, weekly: Decimal | float | None, rules: Rules) -> Decimal:
    if salary is not None:
        found = _exact(salary)
    elif weekly is not None:
        found = _exact(weekly) * rules.weeks_in_month * 12
    else:
        raise ModelError("a redundancy payment needs a salary or a week's pay.")
    if found < 0:
        raise ModelError("pay cannot be negative.")
    return found


@dataclass(frozen=True, slots=True, repr=False)
class Pool:
    """Everyone who could leave, ready to be simulated. Money in pence.

    Where a staff list stands behind it, every figure of money is the mean of at least five people
    alike, so that nothing that is worked out from it can give away one of them.

    Attributes:
        functions: each person's function.
        keys: what their random numbers belong to.
        wte: share of full time.
        payments: section 16 payment if they leave in each year, [1 or draws, people, years].
        resignations: payment under a mutually agreed resignation scheme, likewise.
        notices: pay in lieu of their notice, likewise.
        days: a day's pay, [people].
        listed: whether a staff list stands behind it.
        vacancies: funded posts without anyone, by function.
        rules: the rules.
    """

    functions: tuple[str, ...]
    keys: tuple[str, ...]
    wte: Array
    payments: Array
    resignations: Array
    notices: Array
    days: Array
    listed: bool
    vacancies: Mapping[str, float]
    rules: Rules


def pool(board: Board, parameters: Parameters, price: Price, draws: int, seed: int) -> Pool:
    """Works out what each person would be paid in each year, from a list or a distribution.

    Args:
        board: the board, with its staff list where it has one.
        parameters: rules.
        price: salaries by band, where no list gives them.
        draws: how many draws the service of made-up people is drawn for.
        seed: keys those draws.
    """
    rules = Rules.of(parameters)
    years = len(board.labels)
    if board.staff is not None:
        people = list(board.staff.people)
        raw = np.array([_money(one, rules, years) for one in people]).reshape(-1, 3 * years + 1)
        raw = privacy.alike(raw, [f"{one.band:>3}{one.service:09.3f}{one.key}" for one in people])
        split = raw[:, : 3 * years].reshape(len(people), 3, years)
        payments, resignations, notices = (split[None, :, kind, :] for kind in range(3))
        days = raw[:, -1]
        held: dict[str, float] = {}
        for one in people:
            held[one.function] = held.get(one.function, 0.0) + one.wte
        vacancies = {
            function.id: max(function.total_wte - held.get(function.id, 0.0), 0.0)
            for function in board.functions
        }
    else:
        people = made_up(board.functions, price)
        payments, resignations, notices, days = _from_tenures(
            people, board.tenures, rules, years, draws, seed
        )
        vacancies = {}
    return Pool(
        tuple(one.function for one in people),
        tuple(one.key for one in people),
        np.array([one.wte for one in people]),
        payments,
        resignations,
        notices,
        days,
        board.staff is not None,
        vacancies,
        rules,
    )


def _money(one: Person, rules: Rules, years: int) -> list[float]:
    """Section 16, resignation and notice pay by year of leaving, then a day's pay, in pence."""
    year_pay = _year(one.salary, one.weekly, rules)
    redundancy, resignation, notice = [], [], []
    for year in range(years):
        served = one.service + year
        pay = section16(one.salary, served, rules, one.wte, one.weekly, one.continuous + year)
        redundancy.append(float(pay * 100))
        given = mutual_resignation(one.salary, served, rules, one.wte, one.weekly)
        resignation.append(float(given * 100))
        weeks = min(
            Decimal(math.floor(one.continuous + year)) * rules.statutory_weeks_per_year,
            rules.statutory_most_weeks,
        )
        weeks = max(weeks, rules.notice[one.band])
        notice.append(float(year_pay * _exact(one.wte) * weeks / _WEEKS * 100))
    return [*redundancy, *resignation, *notice, float(year_pay * _exact(one.wte) / 365 * 100)]


def _from_tenures(
    people: list[Person],
    tenures: Mapping[str, Tenure],
    rules: Rules,
    years: int,
    draws: int,
    seed: int,
) -> tuple[Array, Array, Array, Array]:
    longest = 61 + years
    by_band: dict[tuple[str, str], Array] = {}
    shape = (draws, len(people), years)
    payments, resignations, notices = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    days = np.zeros(len(people))
    reach = np.arange(years)
    for place, one in enumerate(people):
        name = (one.band, repr(one.wte))
        if name not in by_band:
            alike = [
                _money(
                    Person("", "", one.band, one.salary, None, served, served, one.wte), rules, 1
                )
                for served in range(longest)
            ]
            by_band[name] = np.array(alike)
        table = by_band[name]
        served = tenures[one.band].years(uniforms(seed, f"service\0{one.key}", draws))
        at = served[:, None] + reach
        payments[:, place], resignations[:, place] = table[at, 0], table[at, 1]
        notices[:, place] = table[at, 2]
        days[place] = table[0, 3]
    return payments, resignations, notices, days


@dataclass(frozen=True, slots=True, repr=False)
class Leaving:
    """Who leaves under an option, over draws. Not for showing: see `privacy`.

    Attributes:
        people: people who leave, [way of `LEAVING`, draws, years].
        payments: severance, in pence, [draws, years].
        notice: pay in lieu of notice, likewise.
        insurance: National Insurance on severance, likewise.
        award: protective award if consultation were to fail, likewise.
        planned: posts that the option empties in each year, in WTE.
        at_risk: how many people work in the functions that shrink.
        average: what a dismissal costs over the whole board on average, in pence.
    """

    people: Array
    payments: Array
    notice: Array
    insurance: Array
    award: Array
    planned: Array
    at_risk: int
    average: float
    listed: bool = field(default=False)

    @property
    def dismissed(self) -> Array:
        """People whose leaving costs money, [draws, years]."""
        found: Array = self.people[2] + self.people[3]
        return found

    @property
    def cost(self) -> Array:
        """Payments, notice and National Insurance, in pence, [draws, years]."""
        return self.payments + self.notice + self.insurance


def simulate(
    board: Board,
    everyone: Pool,
    option: Option,
    effects: Mapping[tuple[str, str], Effect],
    catalogue: Catalogue,
    draws: int,
    seed: int,
) -> Leaving:
    """Simulates who leaves under an option.

    In every function that shrinks and every year, posts are emptied in turn: vacancies, people who
    leave of themselves, people who find other NHS work, volunteers where a scheme is open, and
    then compulsory redundancy. Who, is drawn with random numbers that belong to each post, so that
    options are compared on the same chances.

    Args:
        board: the board.
        everyone: from `pool`.
        option: the option.
        effects: its effects by function and label.
        catalogue: rates of leaving, redeployment and volunteering with their doubt.
        draws: how many draws.
        seed: keys them.
    """
    years = len(board.labels)
    counts = np.zeros((4, draws, years))
    money = {name: np.zeros((draws, years)) for name in ("payments", "notice", "ni", "award")}
    planned = np.zeros(years)
    rates = _rates(catalogue, draws, seed)
    first = catalogue.parameters()
    days = first.value("consultation.award_days")
    if board.consultation.isoformat() < "2026-04-06":
        days = first.value("consultation.award_days_before")
    at_risk = 0
    functions = np.array(everyone.functions)
    for function in board.functions:
        need = np.array(
            [
                effects[function.id, label].wte_released
                + _moved_without(option, function.id, effects[function.id, label])
                for label in board.labels
            ]
        )
        planned += np.diff(need, prepend=0.0)
        members = np.flatnonzero(functions == function.id)
        if need.max() <= 0 or not len(members):
            continue
        at_risk += len(members)
        gone = _function(everyone, members, need, rates, draws, seed, board.voluntary, function.id)
        _tally(everyone, members, gone, rates, days, board.voluntary, counts, money)
    return Leaving(
        counts,
        money["payments"],
        money["notice"],
        money["ni"],
        money["award"],
        planned,
        at_risk,
        float(np.mean(everyone.payments)) if everyone.payments.size else 0.0,
        everyone.listed,
    )


def _moved_without(option: Option, function: str, effect: Effect) -> float:
    """Posts whose work moves while their people do not."""
    moving = [change for change in option.of(function) if change.do in MOVING]
    if not moving or all(change.people == "transfer" for change in moving):
        return 0.0
    left = sum(max(change.shares) for change in moving if change.people == "redundant")
    return effect.wte_moved * left / max(sum(max(change.shares) for change in moving), 1e-12)


def _rates(catalogue: Catalogue, draws: int, seed: int) -> dict[str, Array]:
    names = ("turnover", "redeployed", "volunteers", "notice_paid_share", "rehired_share")
    found: dict[str, list[float]] = {name: [] for name in names}
    for draw in range(draws):
        parameters = catalogue.parameters(draw, seed)
        for name in names:
            found[name].append(parameters.value(f"redundancy.{name}"))
    return {name: np.array(values) for name, values in found.items()}


def _function(
    everyone: Pool,
    members: NDArray[np.int64],
    need: Array,
    rates: Mapping[str, Array],
    draws: int,
    seed: int,
    voluntary: str,
    function: str,
) -> NDArray[np.int8]:
    """Says who leaves one function how and when: [draws, people, years], -1 or a way of LEAVING."""
    years, size = len(need), len(members)
    wte = everyone.wte[members]
    chance = np.empty((draws, size, years, _EVENTS))
    order = np.empty((draws, size))
    for place, member in enumerate(members):
        key = everyone.keys[member]
        chance[:, place] = uniforms(seed, key, draws * years * _EVENTS).reshape(
            draws, years, _EVENTS
        )
        order[:, place] = uniforms(seed, f"order\0{key}", draws)
    ways = np.full((draws, size, years), -1, dtype=np.int8)
    present = np.ones((draws, size), dtype=bool)
    emptied = np.zeros(draws) + everyone.vacancies.get(function, 0.0)

    def leave(who: NDArray[np.bool_], way: int, year: int) -> None:
        nonlocal emptied
        ways[:, :, year][who] = way
        present[who] = False
        emptied = emptied + np.where(who, wte, 0.0).sum(axis=1)

    for year in range(years):
        # What is left over after whole people have gone is not sought in a year without change.
        if need[year] <= (need[year - 1] if year else 0.0) + 1e-9:
            continue
        draw = chance[:, :, year]
        willing = present & (draw[:, :, 0] < rates["turnover"][:, None])
        leave(_take(willing, need[year] - emptied, order, wte), 0, year)
        at_risk = _take(present, need[year] - emptied, order, wte)
        leave(at_risk & (draw[:, :, 1] < rates["redeployed"][:, None]), 1, year)
        if voluntary != "none":
            willing = present & (draw[:, :, 2] < rates["volunteers"][:, None])
            leave(_take(willing, need[year] - emptied, order, wte), 2, year)
        leave(_take(present, need[year] - emptied, order, wte), 3, year)
    return ways


def _take(willing: NDArray[np.bool_], need: Array, order: Array, wte: Array) -> NDArray[np.bool_]:
    """Takes whole people in their order until the need is met to the nearest person."""
    ranked = np.argsort(np.where(willing, order, 2.0), axis=1, kind="stable")
    there = np.take_along_axis(np.where(willing, wte, 0.0), ranked, axis=1)
    upto = np.cumsum(there, axis=1)
    chosen = (upto - there / 2 <= need[:, None] + 1e-9) & (there > 0) & (need[:, None] > 1e-9)
    found = np.zeros_like(willing)
    np.put_along_axis(found, ranked, chosen, axis=1)
    return found


def _tally(
    everyone: Pool,
    members: NDArray[np.int64],
    ways: NDArray[np.int8],
    rates: Mapping[str, Array],
    days: float,
    voluntary: str,
    counts: Array,
    money: Mapping[str, Array],
) -> None:
    for way in range(4):
        counts[way] += (ways == way).sum(axis=1)
    rules = everyone.rules
    payments, notices = everyone.payments[:, members], everyone.notices[:, members]
    severance = payments if voluntary != "mars" else everyone.resignations[:, members]
    forced, chosen = ways == 3, ways == 2
    kept = (1.0 - rates["rehired_share"])[:, None, None]
    paid = np.where(forced, payments * kept, 0.0) + np.where(chosen, severance, 0.0)
    threshold = float(rules.ni_threshold) * 100
    above = np.maximum(payments - threshold, 0.0) * forced * kept
    above = above + np.maximum(severance - threshold, 0.0) * chosen
    money["payments"][:] += paid.sum(axis=1)
    money["ni"][:] += above.sum(axis=1) * float(rules.ni_rate)
    share = rates["notice_paid_share"][:, None, None]
    money["notice"][:] += (np.where(forced, notices, 0.0) * share).sum(axis=1)
    money["award"][:] += ((forced | chosen) * everyone.days[members][None, :, None]).sum(
        axis=1
    ) * days


def average_payment(board: Board, everyone: Pool) -> dict[str, int]:
    """Gives the mean section 16 payment of one WTE in each function, in pence.

    Where fewer than five people work in a function it is the whole board's mean.
    """
    functions = np.array(everyone.functions)
    year = min(1, len(board.labels) - 1)
    paid = everyone.payments[:, :, year].mean(axis=0) if len(functions) else np.zeros(0)
    whole = paid.sum() / max(everyone.wte.sum(), 1e-9)
    found = {}
    for function in board.functions:
        members = np.flatnonzero(functions == function.id)
        each = whole
        if len(members) >= privacy.LEAST:
            each = paid[members].sum() / max(everyone.wte[members].sum(), 1e-9)
        found[function.id] = privacy.rounded(each, 100_00)
    return found
