"""A board: its folder read, checked, and put together with the people it serves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from leftshift.areas import Area, find_area
from leftshift.catalogue import Catalogue
from leftshift.catalogue.lines import KeyLines, read_toml
from leftshift.errors import AreaError, nearest
from leftshift.organisation import privacy
from leftshift.organisation.duties import Duty, read_stated, register
from leftshift.organisation.functions import Function, read_functions
from leftshift.organisation.money import PRICES, AllowanceRule, Price
from leftshift.organisation.options import KEEP, Option, read_option
from leftshift.organisation.people import Residents, read_people
from leftshift.organisation.reading import BoardError, Keys, number
from leftshift.organisation.staff import Staff, Tenure, read_staff, read_tenures, shipped_tenures
from leftshift.quantities import FinancialYear

if TYPE_CHECKING:
    from leftshift.runs import Run

__all__ = ["BOARD_FILE", "VOLUNTARY", "Board", "PlaceShare", "load"]

BOARD_FILE = "organisation.toml"
_Thing = TypeVar("_Thing", Function, Duty, Option)
VOLUNTARY = ("none", "voluntary_redundancy", "mars")
MOST_YEARS = 10
BLOCKS = (
    "board",
    "people",
    "allowance",
    "consultation",
    "redundancy",
    "place",
    "partnership",
    "delegation",
    "cluster",
    "apportionment",
    "find",
)
"""The blocks of organisation.toml; the last five are read where they are used."""


@dataclass(frozen=True, slots=True)
class PlaceShare:
    """A place within the board."""

    id: str
    name: str
    people: float


@dataclass(frozen=True, repr=False)
class Board:
    """A board as its folder describes it.

    Attributes:
        folder: the folder.
        name: what people call it.
        area: its area, or None where it names none.
        base_year: the year from which options start.
        years: years after the base year.
        labels: the years, the base year first.
        prices: the year whose pay is used.
        synthetic: whether it is made up.
        people: whom it serves.
        functions: what it does.
        duties: what the law asks of it.
        places: its places.
        options: its plans, `keep` first.
        allowance: how its running-cost allowance comes down.
        consultation: the day on which change is announced.
        voluntary: none, voluntary_redundancy or mars.
        staff: its staff list, whose rows are never shown, or None.
        tenures: how long staff have served, by band, where there is no list.
        raw: the whole of organisation.toml.
        lines: the lines of its keys.
        warnings: what a reader should know.
    """

    folder: Path
    name: str
    area: Area | None
    base_year: FinancialYear
    years: int
    labels: tuple[str, ...]
    prices: str
    synthetic: bool
    people: Residents
    functions: tuple[Function, ...]
    duties: tuple[Duty, ...]
    places: tuple[PlaceShare, ...]
    options: tuple[Option, ...]
    allowance: AllowanceRule
    consultation: date
    voluntary: str
    staff: Staff | None
    tenures: Mapping[str, Tenure]
    raw: Mapping[str, Any]
    lines: KeyLines
    warnings: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        return (
            f"Board({self.name}: {len(self.functions)} functions, "
            f"{sum(one.total_wte for one in self.functions):,.1f} WTE, "
            f"{len(self.options)} options)"
        )

    def function(self, identity: str) -> Function:
        """Finds a function by its id."""
        return _found(identity, self.functions, "function")

    def duty(self, identity: str) -> Duty:
        """Finds a duty by its id."""
        return _found(identity, self.duties, "duty")

    def option(self, identity: str) -> Option:
        """Finds an option by its id."""
        return _found(identity, self.options, "option")


def _found(identity: str, things: Sequence[_Thing], kind: str) -> _Thing:
    for one in things:
        if one.id == identity:
            return one
    names = [one.id for one in things]
    raise BoardError(f'no {kind} called "{identity}".{nearest(identity, names)}')


def load(folder: str | Path, catalogue: Catalogue, run: Run | None = None) -> Board:
    """Reads a board's folder.

    Args:
        folder: holds organisation.toml, functions.csv and, where there are such, duties.csv,
            staff.csv, distribution.csv and options/*.toml.
        catalogue: duties, pay, rates and people.
        run: a run of the outlook, whose people feed the caseloads; or None.

    Returns:
        The board, checked.

    Raises:
        BoardError: with file and line, where something in it is wrong.
        AreaError: its area is not known.
    """
    home = _home(folder)
    document, lines = read_toml(home / BOARD_FILE, BOARD_FILE, BoardError)
    top = Keys(BOARD_FILE, lines, (), document)
    top.only(*BLOCKS)
    about = top.table("board")
    about.only("name", "area", "base_year", "prices", "years", "synthetic", "note")
    base = about.year("base_year", "2025/26")
    years = about.whole("years", 1, MOST_YEARS, 5)
    labels = tuple(year.label for year in base.span(years))
    warnings: list[str] = []
    area = _area(about, home, catalogue)
    people = read_people(top.table("people"), area, labels, catalogue, run, warnings)
    known = {row["id"]: row["label"] for row in catalogue.table("statutory_duties").to_dicts()}
    functions = read_functions(home / "functions.csv", "functions.csv", known)
    by_id = {one.id: one for one in functions}
    parameters = catalogue.parameters()
    stated = read_stated(home / "duties.csv", "duties.csv", known)
    consultation = top.table("consultation")
    consultation.only("announced")
    prices = about.choice("prices", PRICES, PRICES[0])
    redundancy = top.table("redundancy")
    redundancy.only("voluntary", "service_from")
    staff, tenures = _staff(redundancy, home, by_id, catalogue, prices, warnings)
    board = Board(
        folder=home,
        name=about.text("name", longest=120),
        area=area,
        base_year=base,
        years=years,
        labels=labels,
        prices=prices,
        synthetic=about.flag("synthetic", False),
        people=people,
        functions=functions,
        duties=register(stated, people, catalogue, parameters),
        places=_places(top, people),
        options=_options(home, by_id, labels),
        allowance=_allowance(top.table("allowance"), labels),
        consultation=consultation.day("announced", date(base.start + 1, 1, 12)),
        voluntary=redundancy.choice("voluntary", VOLUNTARY, "none"),
        staff=staff,
        tenures=tenures,
        raw=document,
        lines=lines,
        warnings=warnings,
    )
    _warn(board, stated, catalogue)
    return board


def _home(folder: str | Path) -> Path:
    try:
        home = Path(folder).expanduser()
        if home.name == BOARD_FILE and home.is_file():
            home = home.parent
        there = (home / BOARD_FILE).is_file()
    except (OSError, RuntimeError, ValueError):
        raise BoardError(f"{str(folder)!r} is no folder that can be read.") from None
    if not there:
        raise BoardError(
            f"{folder}: no board is described there: it has no {BOARD_FILE}. Make an example to "
            "start from with: leftshift organisation new FOLDER"
        )
    return home


def _area(about: Keys, home: Path, catalogue: Catalogue) -> Area | None:
    if "area" not in about.values:
        return None
    text = about.text("area")
    beside = home / text
    if text.endswith(".toml") and not Path(text).exists() and beside.is_file():
        text = str(beside)
    try:
        return find_area(text, catalogue)
    except AreaError as problem:
        raise about.wrong("area", str(problem)) from None


def _staff(
    keys: Keys,
    home: Path,
    functions: Mapping[str, Function],
    catalogue: Catalogue,
    prices: str,
    warnings: list[str],
) -> tuple[Staff | None, dict[str, Tenure]]:
    there = (home / "staff.csv").is_file()
    wanted = keys.choice(
        "service_from", ("staff", "distribution"), "staff" if there else "distribution"
    )
    tenures = shipped_tenures(catalogue)
    if (home / "distribution.csv").is_file():
        tenures = read_tenures(home / "distribution.csv", "distribution.csv", catalogue)
    elif wanted == "distribution":
        warnings.append(
            "How long staff have served is assumed (no staff.csv or distribution.csv is used): "
            "redundancy costs are rough."
        )
    if wanted == "distribution":
        return None, tenures
    if not there:
        raise keys.wrong("service_from", "there is no staff.csv to take service from.")
    price = Price.of(catalogue.parameters(), prices)
    staff = read_staff(home / "staff.csv", "staff.csv", functions, price)
    if len(staff.people) < privacy.LEAST:
        raise BoardError(
            f"staff.csv: a list of fewer than {privacy.LEAST} people cannot be used without "
            'showing them. Set [redundancy] service_from = "distribution".'
        )
    return staff, tenures


def _places(top: Keys, people: Residents) -> tuple[PlaceShare, ...]:
    found: dict[str, PlaceShare] = {}
    for keys in top.tables("place"):
        keys.only("id", "name", "people")
        name = keys.text("name", longest=120)
        one = PlaceShare(keys.text("id", longest=64), name, keys.number("people", 0, 1e8))
        if one.id in found:
            raise keys.wrong("id", f"the place {one.id} is there twice.")
        found[one.id] = one
    return tuple(found.values())


def _allowance(keys: Keys, labels: tuple[str, ...]) -> AllowanceRule:
    keys.only("per_head", "basis", "by", "path")
    path = keys.table("path")
    given = {}
    for label, value in path.values.items():
        if label not in labels:
            raise path.wrong(
                label, f'"{label}" is not one of the board\'s years, {labels[0]} to {labels[-1]}.'
            )
        given[label] = Decimal(repr(number(path, label, value, 0, 1000)))
    by = keys.year("by", labels[min(2, len(labels) - 1)]).label
    if by not in labels:
        raise keys.wrong("by", f"{by} is outside the board's years, {labels[0]} to {labels[-1]}.")
    each = keys.number("per_head", 0, 1000) if "per_head" in keys.values else None
    return AllowanceRule(
        None if each is None else Decimal(repr(each)),
        keys.choice("basis", ("head", "weighted"), "head"),
        by,
        given,
    )


def _options(
    home: Path, functions: Mapping[str, Function], labels: tuple[str, ...]
) -> tuple[Option, ...]:
    folder = home / "options"
    found = {KEEP.id: KEEP}
    for path in sorted(folder.glob("*.toml")) if folder.is_dir() else []:
        option = read_option(path, f"options/{path.name}", functions, labels)
        if option.id in found:
            raise BoardError(
                f"options/{path.name}:1: there is another option called {option.id}. Rename one."
            )
        found[option.id] = option
    return tuple(found.values())


def _warn(board: Board, stated: Mapping[str, Any], catalogue: Catalogue) -> None:
    blueprint = {
        row["id"]: row["blueprint"] for row in catalogue.table("blueprint_functions").to_dicts()
    }
    for function in board.functions:
        said = blueprint.get(function.id, function.blueprint)
        if said != function.blueprint:
            board.warnings.append(
                f"functions.csv:{function.line}: {function.name} is marked {function.blueprint}; "
                "the Model ICB "
                f"Blueprint has it under {said}."
            )
    served = {duty for one in board.functions for duty in one.duties}
    empty = [duty.label for duty in board.duties if duty.id not in served]
    if empty:
        board.warnings.append("No function serves these duties: " + "; ".join(empty) + ".")
    if board.allowance.by != board.labels[0]:
        board.warnings.append(
            "The Blueprint asked for the cap by the third quarter of 2025/26; this board's path "
            f"reaches it in {board.allowance.by}."
        )
    nobody = sum(not duty.owner for duty in board.duties)
    if nobody:
        board.warnings.append(f"{nobody} of {len(board.duties)} duties have no owner (duties.csv).")
    for name in stated:
        duty = board.duty(name)
        if duty.caseload and duty.kind == "stated":
            board.warnings.append(
                f"{duty.label}: the board's own minimum is used in place of its caseload's."
            )
    if board.staff is not None:
        held: dict[str, float] = {}
        for one in board.staff.people:
            held[one.function] = held.get(one.function, 0.0) + one.wte
        if any(held.get(one.id, 0.0) > one.total_wte + 0.5 for one in board.functions):
            board.warnings.append(
                "In some functions the staff list holds more WTE than functions.csv funds."
            )
