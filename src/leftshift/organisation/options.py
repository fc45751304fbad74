"""What may happen to a function, and what it does to posts, money and duties.

Every effect is linear in the share of the function that is changed, and its money reconciles to the
penny: what the function cost before is what it costs the board after, plus what moved to others,
plus what was released.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from leftshift.catalogue import Parameters
from leftshift.catalogue.lines import read_toml
from leftshift.errors import listed, nearest
from leftshift.organisation.functions import Function
from leftshift.organisation.money import BANDS, Price, band_of
from leftshift.organisation.reading import BoardError, Keys, number
from leftshift.quantities import FinancialYear

__all__ = [
    "ACTIONS",
    "KEEP",
    "Action",
    "Change",
    "Effect",
    "Option",
    "Rates",
    "effect",
    "read_option",
    "unit_effect",
]

ACTIONS = ("keep", "reduce", "share", "transfer", "at_scale", "stop", "digitise")
MOVING = ("transfer", "at_scale")
_TO = ("share", "transfer", "at_scale")


@dataclass(frozen=True, slots=True)
class Change:
    """What an option does to one function.

    Attributes:
        function: its id.
        do: one of `ACTIONS`.
        to: who does it afterwards, where it is shared or moved; "" otherwise.
        shares: the share of the function changed by each label, which never falls.
        bands: the bands that it is about; () for all.
        saving: the share of the changed posts that is saved, where the option says so itself.
        people: "transfer" where staff go with the work, "redundant" where they do not.
        one_off: its one-off cost beside redundancy, in pence, in its first year.
        line: its line in the option's file; 0 where it stands in none.
    """

    function: str
    do: str
    shares: tuple[float, ...]
    to: str = ""
    bands: tuple[str, ...] = ()
    saving: float | None = None
    people: str = "transfer"
    one_off: int = 0
    line: int = 0


@dataclass(frozen=True, slots=True)
class Option:
    """A plan for the board.

    Attributes:
        id: its snake_case or kebab-case name.
        name: what people call it.
        note: what a reader should know.
        changes: what it does to functions; those that are not named are kept.
        file: where it stands, as messages name it; "" where it was worked out.
    """

    id: str
    name: str
    note: str = ""
    changes: tuple[Change, ...] = field(default=(), repr=False)
    file: str = ""

    def of(self, function: str) -> tuple[Change, ...]:
        """The changes to one function."""
        return tuple(change for change in self.changes if change.function == function)


RESERVED = ("keep", "found")
"""Names that options of a board's own may not have."""

KEEP = Option("keep", "Keep everything as it is", "The board as it is, for comparison.")


@dataclass(frozen=True, slots=True)
class Action:
    """The assumptions behind one action; see the catalogue's rows `action.<name>`."""

    saving: float
    capacity_kept: float
    licence: float
    one_off: float
    risk: float
    value_lost: float


@dataclass(frozen=True, slots=True)
class Rates:
    """The assumptions behind all actions.

    Attributes:
        actions: by name.
        non_pay_follows: share of non-pay that goes with the posts.
    """

    actions: Mapping[str, Action]
    non_pay_follows: float

    @classmethod
    def of(cls, parameters: Parameters) -> Rates:
        """Reads them from the catalogue."""
        return cls(
            {name: Action(**parameters.values(f"action.{name}")) for name in ACTIONS},
            parameters.value("action.non_pay_follows"),
        )


@dataclass(frozen=True, slots=True)
class Effect:
    """One function in one year of an option. WTE, and pence at the stated on-cost.

    Attributes:
        wte_before: funded posts before.
        wte_board: posts that the board still pays for.
        wte_moved: posts that go to others with their money.
        wte_released: posts that are no longer there.
        capacity_own: work for its duties still done by the board, in WTE of before.
        capacity_elsewhere: work for its duties done by others, for which the board answers.
        cost_before: cost_board + cost_moved + cost_released, to the penny.
        cost_board: what the board still pays, without `cost_added`.
        cost_moved: what others pay instead: no saving to the system.
        cost_released: what nobody pays any more.
        cost_added: new recurrent cost, such as licences.
        saving_board: cost_before - cost_board - cost_added.
        saving_system: saving_board - cost_moved.
        one_off: one-off cost of the year, beside redundancy.
        value_lost: worth that is lost, in points of the function's worth.
        risk: risk to delivery in the year the change is made, 0 to 1, times the share changed.
    """

    wte_before: float = 0.0
    wte_board: float = 0.0
    wte_moved: float = 0.0
    wte_released: float = 0.0
    capacity_own: float = 0.0
    capacity_elsewhere: float = 0.0
    cost_before: int = 0
    cost_board: int = 0
    cost_moved: int = 0
    cost_released: int = 0
    cost_added: int = 0
    saving_board: int = 0
    saving_system: int = 0
    one_off: int = 0
    value_lost: float = 0.0
    risk: float = 0.0


def effect(
    function: Function,
    changes: Sequence[Change],
    year: int,
    rates: Rates,
    price: Price,
    full: bool = False,
) -> Effect:
    """Works out what an option does to one function in one year.

    Args:
        function: the function.
        changes: the option's changes to it.
        year: years after the base year, an index into `Change.shares`.
        rates: the assumptions behind actions.
        price: what posts cost.
        full: whether the pension contribution that is paid centrally is counted.

    Returns:
        The effect; of no changes, the function as it is.
    """
    total = function.total_wte
    before = price.pay(function.wte, full) + function.non_pay
    moved = released = own_lost = elsewhere = lost = risk = added = 0.0
    moved_cost = released_cost = 0.0
    one_off = 0
    for change in changes:
        action = rates.actions[change.do]
        share = change.shares[year]
        step = share - (change.shares[year - 1] if year else 0.0)
        bands = {
            band: count
            for band, count in function.wte.items()
            if not change.bands or band in change.bands
        }
        wte, part = sum(bands.values()), 1.0
        if function.wte:
            part = wte / total
        saved = change.saving if change.saving is not None else action.saving
        touched = share * wte
        pay = share * price.pay(bands, full)
        non_pay = share * part * function.non_pay * rates.non_pay_follows
        gone = saved * touched
        released += gone
        released_cost += saved * (pay + non_pay)
        if change.do in MOVING:
            moved += touched - gone
            moved_cost += (1 - saved) * (pay + non_pay)
            own_lost += touched
            elsewhere += touched - gone + action.capacity_kept * gone
        else:
            own_lost += gone * (1 - action.capacity_kept)
        added += action.licence * gone * 100
        one_off += round(action.one_off * max(step, 0.0) * wte * 100)
        if share > 0 and (year == 0 or change.shares[year - 1] == 0):
            one_off += change.one_off
        lost += share * part * action.value_lost * function.value
        risk += max(step, 0.0) * part * action.risk
    cost_moved = min(round(moved_cost), before)
    cost_released = min(round(released_cost), before - cost_moved)
    board = before - cost_moved - cost_released
    saving = before - board - round(added)
    return Effect(
        wte_before=total,
        wte_board=max(total - moved - released, 0.0),
        wte_moved=moved,
        wte_released=released,
        capacity_own=max(total - own_lost, 0.0),
        capacity_elsewhere=elsewhere,
        cost_before=before,
        cost_board=board,
        cost_moved=cost_moved,
        cost_released=cost_released,
        cost_added=round(added),
        saving_board=saving,
        saving_system=saving - cost_moved,
        one_off=one_off,
        value_lost=lost,
        risk=risk,
    )


def unit_effect(
    function: Function, action: str, rates: Rates, price: Price, full: bool = False
) -> Effect:
    """Gives the effect of doing an action to the whole of a function, from one year to the next."""
    return effect(function, (Change(function.id, action, (0.0, 1.0)),), 1, rates, price, full)


def read_option(
    path: Path,
    shown: str,
    functions: Mapping[str, Function],
    labels: tuple[str, ...],
) -> Option:
    """Reads one file of options/.

    Args:
        path: the file.
        shown: how messages name it.
        functions: the board's functions by id.
        labels: the board's years.

    Raises:
        BoardError: with file and line.
    """
    document, lines = read_toml(path, shown, BoardError)
    top = Keys(shown, lines, (), document)
    top.only("option", "change")
    about = top.table("option")
    about.only("name", "note")
    changes = tuple(_change(keys, functions, labels) for keys in top.tables("change"))
    option = Option(
        _id(path.stem, shown),
        about.text("name", path.stem.replace("_", " ").replace("-", " ")),
        about.text("note", ""),
        changes,
        shown,
    )
    _check_sums(option, functions, labels)
    return option


def _id(stem: str, shown: str) -> str:
    plain = stem.casefold().replace("-", "_").replace(" ", "_")
    if not plain.isascii() or not plain.replace("_", "").isalnum() or plain in RESERVED:
        raise BoardError(
            f'{shown}:1: an option\'s file must be named in letters, digits and "-", and not '
            f"{' or '.join(RESERVED)}, which are the board as it is and what the search finds."
        )
    return plain


def _change(keys: Keys, functions: Mapping[str, Function], labels: tuple[str, ...]) -> Change:
    keys.only("function", "do", "to", "from", "share", "bands", "saving", "people", "one_off")
    name = keys.text("function")
    if name not in functions:
        raise keys.wrong(
            "function",
            f'no function called "{name}" is in functions.csv.{nearest(name, functions)}',
        )
    function = functions[name]
    do = keys.choice("do", ACTIONS)
    to = ""
    if do in _TO:
        to = keys.text("to", "cluster" if do == "share" else "at_scale" if do == "at_scale" else "")
        if to not in function.destinations:
            raise keys.wrong(
                "to" if "to" in keys.values else "do",
                f'"{to}" is not among those who could do {name}: '
                f"{listed(function.destinations)} (functions.csv:{function.line}).",
            )
    elif "to" in keys.values:
        raise keys.wrong("to", f'"{do}" goes to nobody: leave "to" out.')
    if "people" in keys.values and do not in MOVING:
        raise keys.wrong("people", f'"people" is for {listed(MOVING)} only.')
    bands = _bands(keys, function)
    return Change(
        function=name,
        do=do,
        shares=_shares(keys, labels),
        to=to,
        bands=bands,
        saving=keys.number("saving", 0, 1) if "saving" in keys.values else None,
        people=keys.choice("people", ("transfer", "redundant"), "transfer"),
        one_off=keys.pence("one_off"),
        line=keys.lines.of(*keys.path),
    )


def _bands(keys: Keys, function: Function) -> tuple[str, ...]:
    given = keys.values.get("bands", [])
    if not isinstance(given, list):
        raise keys.wrong("bands", 'bands must be a list, such as ["8b", "8c"].')
    found = []
    for one in given:
        band = band_of(str(one))
        if band is None:
            raise keys.wrong(
                "bands",
                f'there is no pay band "{one}".{nearest(str(one), BANDS)} '
                f"Bands: {', '.join(BANDS)}.",
            )
        if band not in function.wte:
            raise keys.wrong("bands", f"{function.id} has no posts of band {band}.")
        found.append(band)
    return tuple(band for band in BANDS if band in found)


def _shares(keys: Keys, labels: tuple[str, ...]) -> tuple[float, ...]:
    given: Any = keys.values.get("share", 1.0)
    if not isinstance(given, dict):
        share = number(keys, "share", given, 0, 1)
        start = keys.year("from", labels[1] if len(labels) > 1 else labels[0])
        first = _place(keys, "from", start, labels)
        return tuple(share if year >= first else 0.0 for year in range(len(labels)))
    if "from" in keys.values:
        raise keys.wrong("from", '"from" and a share for each year say the same: keep one.')
    points: dict[int, float] = {}
    for label, value in given.items():
        try:
            year = FinancialYear(label)
        except ValueError as problem:
            raise keys.wrong("share", str(problem)) from None
        points[_place(keys, "share", year, labels)] = number(keys, "share", value, 0, 1)
    if not points:
        raise keys.wrong("share", 'give a share for at least one year, such as "2026/27" = 0.5.')
    years = sorted(points)
    for earlier, later in pairwise(years):
        if points[later] < points[earlier]:
            raise keys.wrong(
                "share",
                f"shares are cumulative and cannot fall ({labels[later]}). Write how much is "
                "changed by then in all.",
            )
    return tuple(_between(points, years, year) for year in range(len(labels)))


def _between(points: Mapping[int, float], years: list[int], year: int) -> float:
    if year < years[0]:
        return 0.0
    for earlier, later in pairwise(years):
        if year <= later:
            part = (year - earlier) / (later - earlier)
            return points[earlier] + (points[later] - points[earlier]) * part
    return points[years[-1]]


def _place(keys: Keys, key: str, year: FinancialYear, labels: tuple[str, ...]) -> int:
    if year.label not in labels:
        raise keys.wrong(
            key, f"{year.label} is outside the board's years, {labels[0]} to {labels[-1]}."
        )
    return labels.index(year.label)


def _check_sums(option: Option, functions: Mapping[str, Function], labels: tuple[str, ...]) -> None:
    for name in {change.function for change in option.changes}:
        changes = option.of(name)
        for band in functions[name].wte or {"": 0.0}:
            touching = [one for one in changes if not one.bands or band in one.bands]
            for year, label in enumerate(labels):
                total = sum(one.shares[year] for one in touching)
                if total > 1 + 1e-9:
                    raise BoardError(
                        f"{option.file}:{touching[-1].line}: the changes to {name} add up to "
                        f"{total:.0%} of it in {label}. Together they can change at most all of it."
                    )
