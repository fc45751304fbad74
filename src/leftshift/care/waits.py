"""Waiting lists by group of specialties.

Until a board gives its own list, the list is estimated from its published tail (grade C): the
counts over 18 and over 52 weeks fix a Weibull tail whose shape is England's, and the tail carried
to 0 gives the list. England's list, the share of it within 18 weeks, the count over 52 weeks, new
pathways and completed ones are published for autumn 2025 and are matched; boards and specialties
have their part of each as their counts of December 2023 had.

The list then grows by what is asked for, less what can be completed and less those who leave
otherwise. Pathways that cannot be met stay on the list and are shown; nobody's health changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import polars as pl
from numpy.typing import NDArray

from leftshift.care.catchment import board_shares
from leftshift.care.limits import demand_limits
from leftshift.care.local.data import LocalData
from leftshift.care.use import Use
from leftshift.catalogue import Catalogue, Parameters
from leftshift.errors import CareError

__all__ = [
    "MEASURES",
    "OwnList",
    "Tail",
    "backtest",
    "backtest_summary",
    "cohort",
    "fit",
    "own_list",
    "specialties",
    "step",
    "waits",
]

Array = NDArray[np.float64]

MEASURES = {
    "list_size": "pathways",
    "over_18_weeks": "pathways",
    "over_52_weeks": "pathways",
    "share_within_18_weeks": "percent",
    "mean_wait_weeks": "weeks",
    "demand": "pathways a year",
    "capacity": "pathways a year",
    "left_untreated": "pathways a year",
    "unmet": "pathways",
    "unmet_people": "people",
}
"""What is said of each group of specialties, with its unit, in the order of :func:`waits`.

``unmet`` are the pathways over 18 weeks beyond the share that the standard allows;
``unmet_people`` the people on them. ``left_untreated`` leave the list otherwise than treated.
"""

BASE_MONTH = "2023-12"
"""The newest month of the boards' counts."""

_WEEKS = 52.0
_LIMITS = {
    "england.list": (1.0, 1e9),
    "england.people": (1.0, 1e9),
    "england.within_18": (0.01, 0.99),
    "england.over_52": (1.0, 1e9),
    "england.starts": (1.0, 1e10),
    "england.completed": (0.0, 1e10),
    "non_admitted": (0.0, 1.0),
    "shape": (0.3, 4.0),
    "stretch": (0.0, 3.0),
    "capacity_growth": (-0.2, 0.2),
    "shortest": (0.1, 52.0),
    "oldest_first": (0.0, 1.0),
    "standard_share": (0.0, 1.0),
}
_LEAST_LEAVE = 0.01  # a year: below it a list that grows has no end
_MONTHS = 37  # months waited that are told apart in a board's own list: 0 to 35, 36 or longer
_WEEKS_IN_MONTH = 365.25 / 12.0 / 7.0
_OUTPATIENT = ("outpatient_attendance", "outpatient_procedure")
_ADMITTED = ("elective_inpatient", "elective_admission", "day_case")


@dataclass(frozen=True)
class Tail:
    """Lists estimated from their tails; arrays of any shape.

    Attributes:
        size: pathways on the list.
        scale: weeks, of the Weibull tail.
        shape: of the tail; 1 is exponential.
    """

    size: Array
    scale: Array
    shape: float

    def over(self, weeks: float) -> Array:
        """Pathways that have waited longer than so many weeks."""
        found: Array = self.size * np.exp(-((weeks / self.scale) ** self.shape))
        return found


@dataclass(frozen=True)
class OwnList:
    """A board's own waiting list (the groups of specialties S that it gives, months waited M).

    Attributes:
        specialties: ids of the groups.
        waiting: ``[S, M]`` pathways by whole months waited; the last month is "or longer".
        starts: ``[S]`` clock starts a month.
        stops: ``[S]`` clock stops a month by treatment or a decision that none is needed.
        leave: ``[S]`` share of the list that leaves otherwise in a month; not-a-number for
            England's.
    """

    specialties: tuple[str, ...]
    waiting: Array
    starts: Array
    stops: Array
    leave: Array


def specialties(catalogue: Catalogue) -> dict[str, str]:
    """Labels of the groups of specialties by id, in the catalogue's order."""
    return {str(one["id"]): str(one["label"]) for one in catalogue.entities("specialties")}


def fit(over_18: Array, over_52: Array, shape: float) -> Tail:
    """Fits the tail through two counts.

    Args:
        over_18: pathways over 18 weeks.
        over_52: pathways over 52 weeks; none counts as half a pathway, and as many as over 18
            weeks as 95% of them, for a tail has to fall.
        shape: its shape.

    Returns:
        The lists; empty lists where nobody is over 18 weeks.
    """
    long = np.asarray(over_18, dtype=np.float64)
    longest = np.clip(over_52, 0.5, np.maximum(0.5, 0.95 * long))
    with np.errstate(divide="ignore"):
        fall = np.log(np.maximum(long, 1.0) / np.minimum(longest, 0.95 * np.maximum(long, 1.0)))
    scale = ((52.0**shape - 18.0**shape) / fall) ** (1.0 / shape)
    return Tail(long * np.exp((18.0 / scale) ** shape), scale, shape)


# England and its boards ----------------------------------------------------------------------

_COUNTS: WeakKeyDictionary[Catalogue, dict[str, tuple[Array, Array]]] = WeakKeyDictionary()


def _counts(catalogue: Catalogue, month: str) -> tuple[Array, Array]:
    """``[B, S]`` over 18 and over 52 weeks of boards and specialties at the end of a month."""
    known = _COUNTS.setdefault(catalogue, {})
    if month not in known:
        boards = {b: i for i, b in enumerate(catalogue.table("boards")["ods"])}
        groups = {s: i for i, s in enumerate(specialties(catalogue))}
        table = catalogue.table("board_waits").filter(pl.col("month") == month)
        if table.is_empty():
            raise CareError(f"tables/board_waits.csv: no counts at the end of {month}.")
        long, longest = (np.zeros((len(boards), len(groups))) for _ in range(2))
        for board, _, specialty, over_18, over_52 in table.iter_rows():
            if board not in boards or specialty not in groups:
                wrong = board if board not in boards else specialty
                raise CareError(f'tables/board_waits.csv: no board or specialty "{wrong}".')
            long[boards[board], groups[specialty]] += over_18
            longest[boards[board], groups[specialty]] += over_52
        if long.sum() <= 0 or longest.sum() <= 0:
            raise CareError(f"tables/board_waits.csv: nobody waits at the end of {month}.")
        known[month] = (long, longest)
    return known[month]


@dataclass(frozen=True)
class _Lists:
    """Lists of boards and specialties in autumn 2025, with their flows a year: each ``[B, S]``."""

    size: Array
    long: Array
    longest: Array
    starts: Array
    completed: Array
    leave: float


def _lists(parameters: Parameters, catalogue: Catalogue) -> _Lists:
    """England's list of autumn 2025, with the boards' and specialties' parts in it."""
    demand_limits(catalogue, "care.waits", _LIMITS)
    england = parameters.values("care.waits.england")
    shape = parameters.value("care.waits.shape")
    long, longest = _counts(catalogue, BASE_MONTH)
    # Those counts hold more than the list does (see the table's note), and are two years old.
    long = long * (england["list"] * (1.0 - england["within_18"]) / long.sum())
    longest = longest * (england["over_52"] / longest.sum())
    tail = fit(long, longest, shape)
    size = tail.size * (england["list"] / tail.size.sum())
    # A list that turns over quickly has a short tail: new pathways go as list over scale.
    starts = size / tail.scale
    starts *= england["starts"] / starts.sum()
    leave = max(_LEAST_LEAVE, _leaving(england))
    growing = england["change"] / england["list"]
    return _Lists(
        size=size,
        long=long,
        longest=longest,
        starts=starts,
        completed=np.maximum(0.0, starts - (leave + growing) * size),
        leave=leave,
    )


def _leaving(england: Mapping[str, float]) -> float:
    """The share of England's list that leaves in a year without having been treated."""
    gone = england["starts"] - england["completed"] - england["change"]
    return gone / england["list"]


def step(
    size: Array, starts: Array, capacity: Array, leave: float | Array, least: float | Array = 0.0
) -> Array:
    """Gives the list a year later: d(list)/dt = starts - capacity - leave x list, solved exactly.

    Args:
        size: the list.
        starts: new pathways a year.
        capacity: pathways that can be completed in the year.
        leave: share of the list that leaves otherwise in a year, above 0.
        least: the list never falls below this: capacity then stands idle.
    """
    steady = (starts - capacity) / leave
    later: Array = np.maximum(least, steady + (size - steady) * np.exp(-np.asarray(leave)))
    return later


def waits(
    parameters: Parameters,
    catalogue: Catalogue,
    use: Use,
    data: LocalData | OwnList | None = None,
    capacity: Array | None = None,
    more: Array | None = None,
) -> Array:
    """Waiting lists by specialty and measure, ``[Y, specialties, measures]``.

    Args:
        parameters: one draw.
        catalogue: the layered catalogue.
        use: what the area's people use: new pathways grow as planned care does.
        data: the board's own data: specialties whose list, clock starts and stops it holds are
            followed by months waited; the others keep their estimate.
        capacity: ``[Y]`` what can be completed relative to the base year; without, it grows as
            the row `care.waits.capacity_growth` says.
        more: ``[Y]`` what a plan multiplies that by; None for nothing.

    Returns:
        Values in the order of :data:`MEASURES`. The base year is the list as it stands then, and
        each later year a year on.
    """
    years = use.frame.years + 1
    asked = _planned_care(parameters, use)
    if capacity is None:
        growth = parameters.value("care.waits.capacity_growth")
        capacity = (1.0 + growth) ** np.arange(years, dtype=np.float64)
    capacity = capacity if more is None else capacity * more
    found = _lists(parameters, catalogue)
    share = board_shares(catalogue, use.area)
    size, starts, completed, long, longest = (
        share @ one
        for one in (found.size, found.starts, found.completed, found.long, found.longest)
    )
    shape = parameters.value("care.waits.shape")
    scale = fit(long, longest, shape).scale
    shortest = parameters.value("care.waits.shortest") / _WEEKS
    lists = np.empty((years, len(size)))
    lists[0] = size
    demand = asked[:, None] * starts
    room = capacity[:, None] * completed
    for year in range(years - 1):
        new, done = demand[year : year + 2].mean(axis=0), room[year : year + 2].mean(axis=0)
        lists[year + 1] = step(lists[year], new, done, found.leave, shortest * demand[year + 1])
    left = found.leave * lists
    idle = lists <= shortest * demand * (1.0 + 1e-9)
    treated = np.where(idle, np.minimum(room, np.maximum(0.0, demand - left)), room)
    out = treated + left
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(out > 0, _WEEKS * lists / out, 0.0)
        longer = np.where(mean[0] > 0, mean / mean[0], 1.0)
    longer = longer ** parameters.value("care.waits.stretch")
    # The tail stretches as the mean wait does and goes through today's counts: 38% over 18 weeks
    # is published, where the tail carried to 0 alone would say somewhat more or less.
    with np.errstate(divide="ignore", invalid="ignore"):
        over = {weeks: np.exp(-((weeks / (scale * longer)) ** shape)) for weeks in (18.0, 52.0)}
        through = np.where(size > 0, long / size / over[18.0][0], 0.0)
    over_18 = lists * np.minimum(1.0, through * over[18.0])
    over_52 = lists * np.minimum(1.0, through * over[52.0])
    measures = _measures(parameters, lists, over_18, over_52, mean, demand, room, left)
    own = data if data is None or isinstance(data, OwnList) else own_list(data, catalogue)
    if own is not None:
        places = [list(specialties(catalogue)).index(one) for one in own.specialties]
        measures[:, places] = _own(parameters, own, asked, capacity, found.leave)
    return measures


def _measures(
    parameters: Parameters,
    lists: Array,
    over_18: Array,
    over_52: Array,
    mean: Array,
    demand: Array,
    room: Array,
    left: Array,
) -> Array:
    allowed = 1.0 - parameters.value("care.waits.standard_share")
    each = parameters.value("care.waits.england.people") / parameters.value(
        "care.waits.england.list"
    )
    unmet = np.maximum(0.0, over_18 - allowed * lists)
    with np.errstate(divide="ignore", invalid="ignore"):
        within = np.where(lists > 0, 100.0 * (1.0 - over_18 / lists), 100.0)
    return np.stack(
        [lists, over_18, over_52, within, mean, demand, room, left, unmet, unmet * each], axis=-1
    )


def _planned_care(parameters: Parameters, use: Use) -> Array:
    """``[Y]`` outpatient and planned inpatient care, relative to the base year.

    Most pathways end without an admission, so outpatients weigh as those do. Without such
    services, everything in hospital stands for them.
    """
    units = use.activity.sum(axis=(1, 2, 3))
    cost = units * use.services.unit_cost

    def index(wanted: tuple[str, ...]) -> Array | None:
        chosen = [place for place, one in enumerate(use.services.ids) if one in wanted]
        total = cost[:, chosen].sum(axis=1)
        return total / total[0] if chosen and total[0] > 0 else None

    clinics, wards = index(_OUTPATIENT), index(_ADMITTED)
    share = parameters.value("care.waits.non_admitted")
    if clinics is not None and wards is not None:
        mixed: Array = share * clinics + (1.0 - share) * wards
        return mixed
    for one in (clinics, wards):
        if one is not None:
            return one
    acute = [place for place, one in enumerate(use.services.settings) if one == "acute"]
    total = cost[:, acute].sum(axis=1)
    return total / total[0] if acute and total[0] > 0 else np.ones(len(cost))


# A board's own list --------------------------------------------------------------------------


def cohort(
    waiting: Array, starts: Array, capacity: Array, leave: Array, oldest_first: float
) -> tuple[Array, Array, Array]:
    """Follows a list for one month.

    In this order: everyone has waited a month more and new pathways come; some leave otherwise;
    a part of capacity takes those who have waited longest, and the rest takes people whenever they
    came. Capacity that finds nobody is not used.

    Args:
        waiting: ``[S, M]`` pathways by whole months waited, the last "or longer".
        starts: ``[S]`` new pathways in the month.
        capacity: ``[S]`` pathways that can be completed in the month.
        leave: ``[S]`` share that leaves otherwise.
        oldest_first: share of capacity that takes the longest waits.

    Returns:
        The list a month later, those treated ``[S]`` and those who left ``[S]``.
    """
    later = np.empty_like(waiting)
    later[:, 0] = starts
    later[:, 1:] = waiting[:, :-1]
    later[:, -1] += waiting[:, -1]
    gone = later * leave[:, None]
    later = later - gone
    before = np.cumsum(later[:, ::-1], axis=1)[:, ::-1] - later
    served = np.clip((oldest_first * capacity)[:, None] - before, 0.0, later)
    later = later - served
    room = capacity - served.sum(axis=1)
    total = later.sum(axis=1)
    share = np.divide(np.minimum(room, total), total, out=np.zeros_like(total), where=total > 0)
    treated = served.sum(axis=1) + share * total
    return later * (1.0 - share)[:, None], treated, gone.sum(axis=1)


def own_list(data: LocalData, catalogue: Catalogue) -> OwnList | None:
    """Gives the list in a board's own data.

    Args:
        data: the board's own data.
        catalogue: the layered catalogue.

    Returns:
        The specialties that have both people waiting and clock starts and stops, in the
        catalogue's order; None where there are none.
    """
    waiting, clocks = data.waiting(_MONTHS), data.clocks()
    both = tuple(one for one in specialties(catalogue) if one in waiting and one in clocks)
    if not both:
        return None
    people = np.stack([waiting[one][0] for one in both])
    left = [clocks[one][2] for one in both]
    return OwnList(
        specialties=both,
        waiting=people,
        starts=np.array([clocks[one][0] for one in both]),
        stops=np.array([clocks[one][1] for one in both]),
        leave=np.array(
            [
                np.nan if gone is None or total <= 0 else min(1.0, gone / total)
                for gone, total in zip(left, people.sum(axis=1), strict=True)
            ]
        ),
    )


def _own(
    parameters: Parameters, own: OwnList, asked: Array, capacity: Array, leave: float
) -> Array:
    """The measures of a board's own list, followed month by month."""
    count, months = own.waiting.shape
    monthly = np.where(np.isnan(own.leave), -np.expm1(-leave / 12.0), own.leave)
    oldest = parameters.value("care.waits.oldest_first")
    years = len(asked)
    held = np.empty((years, count, months))
    left = np.empty((years, count))
    done = np.empty((years, count))
    held[0] = own.waiting
    left[0], done[0] = 12.0 * monthly * own.waiting.sum(axis=1), 12.0 * own.stops
    now = own.waiting.astype(np.float64)
    for year in range(1, years):
        gone, treated = np.zeros(count), np.zeros(count)
        for month in range(12):
            part = (month + 0.5) / 12.0
            new = own.starts * (asked[year - 1] + part * (asked[year] - asked[year - 1]))
            room = own.stops * (capacity[year - 1] + part * (capacity[year] - capacity[year - 1]))
            now, served, lost = cohort(now, new, room, monthly, oldest)
            gone += lost
            treated += served
        held[year], left[year], done[year] = now, gone, treated
    lists = held.sum(axis=2)
    over = [_beyond(held, weeks / _WEEKS_IN_MONTH) for weeks in (18.0, _WEEKS)]
    out = done + left
    mean = np.divide(_WEEKS * lists, out, out=np.zeros_like(lists), where=out > 0)
    demand = 12.0 * asked[:, None] * own.starts
    room = 12.0 * capacity[:, None] * own.stops
    return _measures(parameters, lists, over[0], over[1], mean, demand, room, left)


def _beyond(held: Array, months: float) -> Array:
    """Pathways over so many months waited, with waits spread evenly inside a month."""
    whole = int(months)
    if whole >= held.shape[-1] - 1:
        return held[..., -1]
    part = 1.0 - (months - whole)
    found: Array = held[..., whole + 1 :].sum(axis=-1) + part * held[..., whole]
    return found


# Does it foretell? ---------------------------------------------------------------------------


def backtest(
    catalogue: Catalogue, at: str = "2022-12", before: str = "2021-12", target: str = BASE_MONTH
) -> pl.DataFrame:
    """Fits lists a year before the newest counts and foretells those counts.

    The tail is fitted to the counts at `at`. What England's list gained from `before`, beyond what
    was treated, it gains again, less what a longer list loses; every board and specialty grows
    alike. Nothing is tuned on the target.
    The naive forecast is no change. Counts are the table's own, in their own level.

    Returns:
        Columns board, specialty, measure (over_18, over_52), fitted, predicted, published.
    """
    parameters = catalogue.parameters()
    shape = parameters.value("care.waits.shape")
    then, now = (fit(*_counts(catalogue, month), shape) for month in (before, at))
    england = parameters.values("care.waits.england")
    leave = max(_LEAST_LEAVE, _leaving(england))
    kept = np.exp(-leave)
    # What came in the year before beyond what was treated: as much comes again.
    added = leave * (now.size.sum() - then.size.sum() * kept) / (1.0 - kept)
    shared = added * now.size / now.size.sum()
    later = step(now.size, shared, np.zeros_like(shared), leave)
    with np.errstate(divide="ignore", invalid="ignore"):
        longer = np.where(now.size > 0, later / now.size, 1.0)
    moved = Tail(later, now.scale * longer, shape)
    published = dict(zip(("over_18", "over_52"), _counts(catalogue, target), strict=True))
    fitted = dict(zip(("over_18", "over_52"), _counts(catalogue, at), strict=True))
    predicted = {"over_18": moved.over(18.0), "over_52": moved.over(52.0)}
    boards = list(catalogue.table("boards")["ods"])
    rows = [
        {
            "board": board,
            "specialty": specialty,
            "measure": measure,
            "fitted": float(fitted[measure][b, s]),
            "predicted": float(predicted[measure][b, s]),
            "published": float(published[measure][b, s]),
        }
        for measure in ("over_18", "over_52")
        for b, board in enumerate(boards)
        for s, specialty in enumerate(specialties(catalogue))
    ]
    return pl.DataFrame(rows)


def backtest_summary(catalogue: Catalogue) -> pl.DataFrame:
    """The back-test in short, for boards' totals and for boards by specialty.

    Returns:
        Columns measure, level ("boards", "boards and specialties", "England"), published,
        predicted, naive, error (median absolute error of the model, percent) and naive_error.
    """
    table = backtest(catalogue)
    rows = []
    for measure in ("over_18", "over_52"):
        one = table.filter(pl.col("measure") == measure)
        levels = {
            "England": one.select(pl.col("fitted", "predicted", "published").sum()),
            "boards": one.group_by("board").agg(pl.col("fitted", "predicted", "published").sum()),
            "boards and specialties": one,
        }
        for level, held in levels.items():
            known = held.filter(pl.col("published") > 0)
            rows.append(
                {
                    "measure": measure,
                    "level": level,
                    "published": float(known["published"].sum()),
                    "predicted": float(known["predicted"].sum()),
                    "naive": float(known["fitted"].sum()),
                    "error": _error(known, "predicted"),
                    "naive_error": _error(known, "fitted"),
                }
            )
    return pl.DataFrame(rows)


def _error(table: pl.DataFrame, column: str) -> float:
    off = (table[column] / table["published"] - 1.0).abs() * 100.0
    middle = off.median()
    return float(middle) if isinstance(middle, int | float) else 0.0
