"""Interventions of a plan: taken from the library, with what the plan says laid over it.

A plan's block gives the id of a library entry (`use`) and the keys that it changes, or every key in
place. Both go through the reader of the library itself, so that a plan and the library never mean
two things by one key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from weakref import WeakKeyDictionary

from leftshift.catalogue import Catalogue
from leftshift.catalogue.interventions import KEYS, lay_interventions, read_intervention
from leftshift.catalogue.rows import Row
from leftshift.errors import CatalogueError, PlanError, QuantityError, listed, nearest
from leftshift.plans.who import Who, parse
from leftshift.plans.who_fields import Vocabulary
from leftshift.quantities import FinancialYear, Money

__all__ = [
    "EXTRA_KEYS",
    "PLANNED_CARE",
    "Effect",
    "Intervention",
    "Known",
    "Reach",
    "Swap",
    "made",
]

PLANNED_CARE = "planned_care"
"""What `capacity:` is on where it is no type of bed: what clinics and theatres can complete."""

EXTRA_KEYS: dict[str, tuple[str, bool, str]] = {
    "id": ("id", False, "its id in this plan; left out, that of the library entry"),
    "use": ("id", False, "the library entry that it is; left out, every key is given in place"),
    "where": ("places", False, "the places of the area where it happens; left out, all of them"),
}
"""Keys of an intervention that only a plan has: kind, whether needed, what they say."""

_IN_PLAN = "Given in the plan"
_TEXTS = ("label", "shift", "about", "evidence", "against", "note")
_YEARS = ("stay", "lag", "lasts", "fade")
_DOUBTFUL = ("ratio", "shift", "share")


@dataclass(frozen=True, slots=True)
class Reach:
    """The share of the eligible who are on an intervention, by year.

    Attributes:
        points: years and shares, rising in years; between them it runs straight.
        start: the first year of the plan, before which it is 0.
        flat: whether one number was given, in place from the plan's start.
    """

    points: tuple[tuple[FinancialYear, float], ...]
    start: FinancialYear
    flat: bool = False

    def of(self, year: FinancialYear) -> float:
        """The share in a year, 0 to 1: 0 before its first point, held after its last."""
        if year < self.start or year < self.points[0][0]:
            return 0.0
        before = self.points[0]
        for point in self.points:
            if year < point[0]:
                part = (int(year) - int(before[0])) / (int(point[0]) - int(before[0]))
                return before[1] + (point[1] - before[1]) * part
            before = point
        return before[1]

    @property
    def falls(self) -> bool:
        """Whether it is ever less than it was."""
        shares = [share for _, share in self.points]
        return any(later < earlier for earlier, later in pairwise(shares))

    def words(self) -> str:
        """Such as "5% in 2026/27, 40% from 2029/30"."""
        if self.flat:
            return f"{_percent(self.points[0][1])} from {self.points[0][0]}"
        *first, last = self.points
        said = [f"{_percent(share)} in {year}" for year, share in first]
        return ", ".join([*said, f"{_percent(last[1])} from {last[0]}"])


def _percent(share: float) -> str:
    return f"{share * 100:.3g}%"


@dataclass(frozen=True, slots=True)
class Effect:
    """What an intervention changes.

    Attributes:
        name: its name in the intervention.
        kind: "hazard", "risk", "rate" or "capacity".
        target: a condition or "death"; a risk factor; a service.
        figure: the ratio, or the shift of a risk factor, as a catalogue row.
        evidence: A to D.
        avoided: whether what falls is truly avoided, so that nothing takes its place.
        note: what a reader should know.
        file, line: where it stands.
    """

    name: str
    kind: str
    target: str
    figure: Row
    evidence: str
    avoided: bool = False
    note: str = ""
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Swap:
    """What leaves one service and arrives in another.

    Attributes:
        name: its name in the intervention.
        source: the service that care leaves (`from`).
        to: the service in which it arrives.
        share: the share of `source` avoided among those on it.
        per_unit: units of `to` for each unit of `source` avoided.
        evidence: A to D.
        note: what a reader should know.
        file, line: where it stands.
    """

    name: str
    source: str
    to: str
    share: Row
    per_unit: Row
    evidence: str
    note: str = ""
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Intervention:
    """One thing that a plan does.

    Attributes:
        id: its id, unique in the plan.
        use: the library entry that it is; "" where it was defined in place.
        label, shift, about, against, note: words, as in the library.
        who: whom it is for.
        where: the places where it happens, as written, or as codes once located; () for all.
        reach: the share of those people who are on it, by year.
        stay: years that a person stays on it; 0 while eligible.
        lag: whole years from joining until effects begin.
        lasts: years that effects hold; 0 as long as the person is on it.
        fade: years over which they then wane to nothing.
        evidence: A to D.
        limited_by: "staff", "capacity", both or neither.
        effects, swaps: what it changes.
        cost: figures by name: per_start, per_year, start_up, double_running.
        staff: WTE per 1,000 person-years by staff group.
        changed: keys that the plan gave over the library's, such as "reach" or
            "effect.admissions".
        file, line: where its block stands in the plan.
    """

    id: str
    use: str
    label: str
    shift: str
    about: str
    who: Who
    where: tuple[str, ...]
    reach: Reach
    stay: int
    lag: int
    lasts: int
    fade: int
    evidence: str
    against: str
    note: str
    limited_by: tuple[str, ...]
    effects: tuple[Effect, ...]
    swaps: tuple[Swap, ...]
    cost: Mapping[str, Row]
    staff: Mapping[str, Row]
    changed: tuple[str, ...] = ()
    file: str = ""
    line: int = 0

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every figure of it."""
        return (
            *(effect.figure for effect in self.effects),
            *(row for swap in self.swaps for row in (swap.share, swap.per_unit)),
            *self.cost.values(),
            *self.staff.values(),
        )


@dataclass(frozen=True)
class Known:
    """What a plan may name: ids of the catalogue, read once for each catalogue.

    Attributes:
        library: the entries of the library by id.
        figures: every catalogue row by id.
        vocabulary: the names that `who` may use.
        units: one unit of each service by id, in words.
        services, settings, staff_groups, bed_types, settlements: labels by id.
        base_year: the year before a plan's first.
    """

    library: Mapping[str, Mapping[str, Any]] = field(repr=False)
    figures: Mapping[str, Row] = field(repr=False)
    vocabulary: Vocabulary = field(repr=False)
    services: Mapping[str, str] = field(repr=False)
    units: Mapping[str, str] = field(repr=False)
    settings: Mapping[str, str] = field(repr=False)
    staff_groups: Mapping[str, str] = field(repr=False)
    bed_types: Mapping[str, str] = field(repr=False)
    settlements: Mapping[str, str] = field(repr=False)
    base_year: FinancialYear

    @classmethod
    def of(cls, catalogue: Catalogue) -> Known:
        """Reads them from a catalogue."""
        found = _KNOWN.get(catalogue)
        if found is None:
            rows = {row.id: row for row in catalogue.rows()}
            paths = {
                row.id.split(".")[1]: row.label.partition(":")[0]
                for row in catalogue.rows("settlement")
            }
            labels = {
                kind: {one["id"]: one["label"] for one in catalogue.entities(kind)}
                for kind in ("settings", "staff_groups", "bed_types")
            }
            found = _KNOWN[catalogue] = cls(
                {one["id"]: one for one in catalogue.interventions()},
                rows,
                Vocabulary.of(catalogue),
                {one["id"]: one["label"] for one in catalogue.services()},
                {one["id"]: one["unit"] for one in catalogue.services()},
                labels["settings"],
                labels["staff_groups"],
                labels["bed_types"],
                paths,
                FinancialYear(int(rows["base.year"].estimate.value)),
            )
        return found


_KNOWN: WeakKeyDictionary[Catalogue, Known] = WeakKeyDictionary()


def made(
    block: Mapping[str, Any],
    identity: str,
    known: Known,
    figures: Mapping[str, Row],
    start: FinancialYear,
    shown: str,
    line_of: Callable[..., int],
    column_of: Callable[[int, str], int],
) -> Intervention:
    """Makes an intervention of a plan's block.

    Args:
        block: the block as TOML gave it, with `use` checked.
        identity: its id in the plan, checked.
        known: what may be named.
        figures: the plan's own figures by row id, which beat those of the catalogue.
        start: the first year of the plan.
        shown: how the plan's file is named in messages.
        line_of: gives the line of a key of the block.
        column_of: gives the column at which a text of the plan begins on a line; 0 if unknown.

    Raises:
        PlanError: with file and line, where it cannot be carried out.
    """
    use = str(block.get("use", ""))
    below = known.library.get(use)
    given = {key: value for key, value in block.items() if key not in EXTRA_KEYS}
    try:
        entry = read_intervention(
            identity,
            _filled(given, use, known, shown, line_of),
            line_of,
            shown,
            below,
            "plan",
            known.library,
        )
        laid = {identity: {**below, "layer": "library"}} if below is not None else {}
        lay_interventions(laid, [entry], lambda *_: None)
    except CatalogueError as problem:
        raise PlanError(str(problem)) from None
    own: dict[str, Row] = {row.id: row for row in entry["rows"]}
    whole = laid[identity]

    def row(part: str) -> Row:
        mine = own.get(f"intervention.{identity}.{part}")
        if mine is not None:
            return mine
        name = f"intervention.{use}.{part}"
        found: Row | None = figures.get(name)
        return found if found is not None else known.figures[name]

    if below is None or "who" in given:
        file, line = shown, line_of("who")
    else:
        file, line = str(below["file"]), int(below["line"])
    column = column_of(line, whole["who"]) if file == shown else 0
    who = parse(str(whole["who"]), file, line, column, known.vocabulary)
    texts = {key: str(whole.get(key, "")) for key in _TEXTS}
    years = {key: int(whole.get(key, 0)) for key in _YEARS}
    intervention = Intervention(
        id=identity,
        use=use,
        label=texts["label"],
        shift=texts["shift"],
        about=texts["about"],
        who=who,
        where=_places(block.get("where"), shown, line_of),
        reach=_reach(whole["reach"], start),
        stay=years["stay"],
        lag=years["lag"],
        lasts=years["lasts"],
        fade=years["fade"],
        evidence=texts["evidence"],
        against=texts["against"],
        note=texts["note"],
        limited_by=tuple(whole.get("limited_by", ())),
        effects=tuple(
            _effect(name, one, texts["evidence"], row)
            for name, one in whole.get("effect", {}).items()
        ),
        swaps=tuple(
            _swap(name, one, texts["evidence"], row) for name, one in whole.get("swap", {}).items()
        ),
        cost={name: row(f"cost.{name}") for name in whole.get("cost", ())},
        staff={name: row(f"staff.{name}") for name in whole.get("staff", ())},
        changed=tuple(_changed(given)) if use else (),
        file=shown,
        line=line_of(),
    )
    _check(intervention, known)
    return intervention


def _changed(given: Mapping[str, Any]) -> list[str]:
    found = []
    for key in given:
        below = given[key] if KEYS[key][0] in ("effects", "swaps", "costs", "staff") else None
        found += [f"{key}.{name}" for name in below] if isinstance(below, dict) else [key]
    return found


def _effect(name: str, one: Mapping[str, Any], evidence: str, row: Callable[[str], Row]) -> Effect:
    kind, _, target = str(one["on"]).partition(":")
    return Effect(
        name,
        kind,
        target,
        row(f"effect.{name}.{one['figure']}"),
        str(one.get("evidence", evidence)),
        bool(one.get("avoided", False)),
        str(one.get("note", "")),
        str(one["file"]),
        int(one["line"]),
    )


def _swap(name: str, one: Mapping[str, Any], evidence: str, row: Callable[[str], Row]) -> Swap:
    return Swap(
        name,
        str(one["from"]),
        str(one["to"]),
        row(f"swap.{name}.share"),
        row(f"swap.{name}.per_unit"),
        str(one.get("evidence", evidence)),
        str(one.get("note", "")),
        str(one["file"]),
        int(one["line"]),
    )


def _reach(given: Any, start: FinancialYear) -> Reach:
    if isinstance(given, dict):
        points = sorted((FinancialYear(year), float(share)) for year, share in given.items())
        return Reach(tuple(points), start)
    return Reach(((start, float(given)),), start, flat=True)


def _places(given: Any, shown: str, line_of: Callable[..., int]) -> tuple[str, ...]:
    if given is None:
        return ()
    names = [given] if isinstance(given, str) else given
    right = isinstance(names, list) and all(
        isinstance(one, str) and one.strip() and one.isprintable() for one in names
    )
    if not right or not names:
        raise PlanError(
            f"{shown}:{line_of('where')}: where must be a list of places of the area, by code or "
            'name: where = ["Norwich", "E07000145"].'
        )
    return tuple(dict.fromkeys(one.strip() for one in names))


# Figures given in the plan --------------------------------------------------------------------


def _filled(
    given: Mapping[str, Any], use: str, known: Known, shown: str, line_of: Callable[..., int]
) -> dict[str, Any]:
    """The block with money as numbers, bare numbers as figures, and provenance where none is."""

    def figure(value: Any, *path: str) -> Any:
        cells = dict(value) if isinstance(value, dict) else {"value": value}
        plain = isinstance(value, str | int | float) and not isinstance(value, bool)
        if not isinstance(value, dict) and not plain:
            return value
        if path[0] == "cost":
            for key in ("value", "lower", "upper"):
                if isinstance(cells.get(key), str):
                    try:
                        cells[key] = Money.parse(cells[key]).amount
                    except QuantityError as problem:
                        raise PlanError(
                            f"{shown}:{line_of(*path)}: {'.'.join(path)}: {problem}"
                        ) from None
        old = known.figures.get(f"intervention.{use}.{'.'.join(path)}")
        if old is not None and cells.setdefault("unit", old.estimate.unit) != old.estimate.unit:
            raise PlanError(
                f"{shown}:{line_of(*path)}: {'.'.join(path)} is in "
                f'"{cells["unit"]}" here and in "{old.estimate.unit}" in the library. Write it in '
                "that unit."
            )
        cells.setdefault("as_of", str(known.base_year.start))
        cells.setdefault("grade", "A")
        if path[-1] not in _DOUBTFUL:
            cells.setdefault("source", _IN_PLAN)
        return cells

    filled = dict(given)
    for key, names in (("effect", ("ratio", "shift")), ("swap", ("share", "per_unit"))):
        blocks = given.get(key)
        if isinstance(blocks, list):
            raise PlanError(
                f"{shown}:{line_of(key)}: {key} holds named blocks: write "
                f"[intervention.{key}.<name>] in place of [[intervention.{key}]]."
            )
        if isinstance(blocks, dict):
            filled[key] = {
                name: {
                    part: figure(value, key, name, part) if part in names else value
                    for part, value in one.items()
                }
                if isinstance(one, dict)
                else one
                for name, one in blocks.items()
            }
    for key in ("cost", "staff"):
        if isinstance(given.get(key), dict):
            filled[key] = {name: figure(value, key, name) for name, value in given[key].items()}
    return filled


# What an intervention names -------------------------------------------------------------------


def _check(one: Intervention, known: Known) -> None:
    conditions, factors = known.vocabulary.conditions, known.vocabulary.factors
    targets: dict[str, tuple[str, Mapping[str, Any], str]] = {
        "hazard": ("condition", {**conditions, "death": ""}, "leftshift catalogue condition"),
        "risk": ("risk factor", factors, "leftshift catalogue risk"),
        "rate": ("service", known.services, "leftshift catalogue service"),
        "capacity": (
            "type of bed, nor planned_care,",
            {**known.bed_types, PLANNED_CARE: ""},
            "leftshift catalogue care.beds",
        ),
    }
    for effect in one.effects:
        called, allowed, command = targets[effect.kind]
        if effect.target not in allowed:
            raise PlanError(
                f"{effect.file}:{effect.line}: {one.id}: effect {effect.name} is on "
                f'{effect.kind}:{effect.target}, and there is no {called} called "{effect.target}".'
                f"{nearest(effect.target, allowed)} List them with: {command}"
            )
    for swap in one.swaps:
        for name in (swap.source, swap.to):
            if name not in known.services:
                raise PlanError(
                    f"{swap.file}:{swap.line}: {one.id}: swap {swap.name} names a service that "
                    f'does not exist, "{name}".{nearest(name, known.services)} '
                    "List them with: leftshift catalogue service"
                )
        if swap.source == swap.to:
            raise PlanError(
                f"{swap.file}:{swap.line}: {one.id}: swap {swap.name} goes from {swap.to} to "
                "itself. What leaves one service must arrive in another."
            )
    for name, row in one.staff.items():
        if name not in known.staff_groups:
            raise PlanError(
                f'{row.file}:{row.line}: {one.id}: no staff group called "{name}".'
                f"{nearest(name, known.staff_groups)} Allowed: {listed(known.staff_groups, 30)}."
            )
