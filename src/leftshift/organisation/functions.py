"""The functions of a board: what each does, with whom, for which duty and at what cost."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from leftshift.errors import listed, nearest
from leftshift.organisation.money import BANDS, band_of
from leftshift.organisation.reading import BoardError, Line, read_lines

__all__ = ["BLUEPRINT", "DESTINATIONS", "DRIVERS", "LEVELS", "Function", "read_functions"]

BLUEPRINT = ("grow", "keep", "review")
LEVELS = ("system", "place", "neighbourhood")
DESTINATIONS = ("region", "provider", "cluster", "local_authority", "at_scale")
DRIVERS = ("population", "caseload", "providers", "places", "fixed")
_COLUMNS = (
    "id",
    "name",
    "blueprint",
    "level",
    "statutory",
    "duties",
    "could_go_to",
    "driver",
    "value",
    "counts",
    "non_pay",
)
_SHARE = re.compile(r"([a-z][a-z0-9_]*)\s*(?:=\s*(0(?:\.\d{1,9})?|1(?:\.0*)?|\.\d{1,9}))?")
_MOST_WTE = "5000"


@dataclass(frozen=True, slots=True)
class Function:
    """One function of a board.

    Attributes:
        id: its snake_case name.
        name: what people call it.
        blueprint: what the Model ICB Blueprint does with it: grow, keep or review (for transfer).
        level: where it is done: system, place or neighbourhood.
        statutory: whether the law asks for it.
        duties: the share of its work that serves each duty, by the duty's id; at most 1 in all.
        destinations: who else could do it.
        driver: what its workload follows.
        value: its worth for the ten-year plan, 0 to 100.
        counts: whether it lies inside the running-cost envelope.
        non_pay: spend other than pay, in pence a year.
        wte: funded whole-time equivalents by band; only bands that have any.
        line: its line in functions.csv.
    """

    id: str
    name: str
    blueprint: str
    level: str
    statutory: bool
    duties: Mapping[str, float]
    destinations: tuple[str, ...]
    driver: str
    value: float
    counts: bool
    non_pay: int
    wte: Mapping[str, float] = field(repr=False)
    line: int = 0

    @property
    def total_wte(self) -> float:
        """Whole-time equivalents of all bands."""
        return sum(self.wte.values())


def read_functions(path: Path, shown: str, duties: Mapping[str, str]) -> tuple[Function, ...]:
    """Reads functions.csv.

    Args:
        path: the file.
        shown: how messages name it.
        duties: every duty that a function may serve, by id.

    Returns:
        The functions in the file's order.

    Raises:
        BoardError: with file and line, where a band is impossible, a WTE negative, an id there
            twice, or a duty unknown.
    """
    lines = read_lines(path, shown, _COLUMNS, BANDS, alias=_header, unknown=_unknown)
    functions: dict[str, Function] = {}
    for line in lines:
        one = _function(line, duties)
        if one.id in functions:
            raise line.wrong(f"{one.id} is already on line {functions[one.id].line}.")
        functions[one.id] = one
    if not functions:
        raise BoardError(f"{shown}:1: no functions. Give one line for each.")
    return tuple(functions.values())


def _header(name: str) -> str:
    return band_of(name) or name


def _unknown(name: str) -> str:
    if re.fullmatch(r"(band|b|wte)?[ _]?\d.{0,3}|vsm.*", name):
        return f'there is no pay band "{name}".{nearest(name, BANDS)} Bands: {", ".join(BANDS)}.'
    return ""


def _function(line: Line, duties: Mapping[str, str]) -> Function:
    wte = {
        band: float(found)
        for band in BANDS
        if (found := line.number(band, high=_MOST_WTE, empty=Decimal(0))) > 0
    }
    serves = _duties(line, duties)
    statutory = line.flag("statutory")
    if statutory and not serves:
        raise line.wrong(
            "a statutory function must name the duty that it serves, such as quality=0.5."
        )
    non_pay = line.pence("non_pay")
    if not wte and not non_pay:
        raise line.wrong("this function has no staff and no money. Give its WTE by band.")
    return Function(
        id=line.id("id"),
        name=line.text("name")[:120],
        blueprint=line.choice("blueprint", BLUEPRINT),
        level=line.choice("level", LEVELS),
        statutory=statutory,
        duties=serves,
        destinations=_destinations(line),
        driver=line.choice("driver", DRIVERS),
        value=float(line.number("value", high="100")),
        counts=line.flag("counts"),
        non_pay=non_pay,
        wte=wte,
        line=line.at,
    )


def _destinations(line: Line) -> tuple[str, ...]:
    found = [part.strip() for part in line.cells["could_go_to"].split(";") if part.strip()]
    for part in found:
        if part not in DESTINATIONS:
            raise line.wrong(
                f'nobody is called "{part[:60]}" who could do it.{nearest(part, DESTINATIONS)} '
                f"Allowed: {listed(DESTINATIONS)}."
            )
    return tuple(name for name in DESTINATIONS if name in found)


def _duties(line: Line, known: Mapping[str, str]) -> dict[str, float]:
    parts = [part.strip() for part in line.cells["duties"].split(";") if part.strip()]
    given: dict[str, float | None] = {}
    for part in parts:
        found = _SHARE.fullmatch(part)
        if found is None:
            raise line.wrong(
                f'"{part[:60]}" is no duty with its share. Write them as '
                "quality=0.6; involvement=0.2 (shares of the function's work, from 0 to 1)."
            )
        if found[1] not in known:
            raise line.wrong(
                f'it serves a duty "{found[1]}" that is not known.{nearest(found[1], known)} '
                "Known duties are in the catalogue's table statutory_duties and in duties.csv."
            )
        if found[1] in given:
            raise line.wrong(f"it names the duty {found[1]} twice.")
        given[found[1]] = float(found[2]) if found[2] is not None else None
    said = [share for share in given.values() if share is not None]
    if said and len(said) < len(given):
        raise line.wrong("give a share to each of its duties, or to none (they share equally).")
    if sum(said) > 1 + 1e-9:
        raise line.wrong(
            f"its duties take {sum(said):g} of its work, which is more than all of it."
        )
    equal = 1.0 / max(len(given), 1)
    return {duty: equal if share is None else share for duty, share in given.items()}
