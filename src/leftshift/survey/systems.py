"""The systems a survey asks, wave by wave, and what became of those that merged or were split.

With `systems = "boards"` they are the boards, and from the day a footprint of the areas room
applies, the footprint in place of the boards whose people it takes. A codebook can add systems of
its own, or override what is known of one.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from weakref import WeakKeyDictionary

from leftshift.areas import Member, find_area, list_areas
from leftshift.areas.naming import plain
from leftshift.catalogue import Catalogue

__all__ = ["Listed", "System", "SystemBook", "book"]

WHOLE = 0.98
"""The share of a system's people that must lie in a later one for it to have become that one.

Footprints are drawn by whole authorities and boards are not quite, so that slivers must not count.
"""


@dataclass(frozen=True, slots=True)
class System:
    """A system as it stood in a wave.

    Attributes:
        code: a board's ODS code, a footprint's id, or the codebook's own code.
        name: what people call it.
        region: code of its region, or "".
        region_name: the region's name, or "".
        type: the codebook's word for its kind, or "".
        size: smaller, middle, larger or the codebook's word; "" where unknown.
        people: people living there, or None where unknown.
        also: other names of it.
        verified: whether its membership was checked against a published source.
    """

    code: str
    name: str
    region: str = ""
    region_name: str = ""
    type: str = ""
    size: str = ""
    people: float | None = None
    also: tuple[str, ...] = ()
    verified: bool = True


@dataclass(frozen=True, slots=True)
class Listed:
    """A [[system]] of a codebook: what it adds to, or overrides in, what is known."""

    code: str
    name: str = ""
    also: tuple[str, ...] = ()
    region: str = ""
    type: str = ""
    size: str = ""
    starts: datetime.date | None = None
    ends: datetime.date | None = None
    becomes: tuple[str, ...] = ()


@dataclass(frozen=True)
class SystemBook:
    """The systems of every wave.

    Attributes:
        waves: the systems of each wave by code, in order of name.
        successors: by code of any system of any wave, where its people are in each wave: the code
            there, or None where they are split over several.
    """

    waves: Mapping[str, Mapping[str, System]]
    successors: Mapping[str, Mapping[str, str | None]] = field(repr=False)
    _names: Mapping[str, tuple[str, ...]] = field(repr=False, default_factory=dict)

    def at(self, wave: str) -> tuple[System, ...]:
        """Gives the systems of a wave."""
        return tuple(self.waves[wave].values())

    def now(self, code: str, wave: str) -> str | None:
        """Gives the system of the wave that a system of any wave became; None where split."""
        if code in self.waves[wave]:
            return code
        return self.successors.get(code, {}).get(wave)

    def find(self, text: str, wave: str = "") -> str | None:
        """Gives the code that a name, code or nickname means; None if none.

        Args:
            text: what was written.
            wave: a name that several systems had in turn means the one that stands then (or, if "",
                last); a name that two share at that time means neither.
        """
        meant = self._names.get(_plain(text), ())
        if len(meant) > 1:
            later = [wave] if wave in self.waves else list(self.waves)[::-1]
            standing = [[code for code in meant if code in self.waves[one]] for one in later]
            meant = tuple(next((codes for codes in standing if codes), ()))
        return meant[0] if len(meant) == 1 else None

    @property
    def names(self) -> tuple[str, ...]:
        """Every name and code that is understood."""
        return tuple(self._names)


_NOISE = (
    "integrated care system",
    "integrated care board",
    "integrated care partnership",
    "health and care partnership",
    "sustainability and transformation partnership",
    "ics",
    "icb",
    "icp",
)


def _plain(text: str) -> str:
    """A name as it is compared: without "NHS" before it or "ICB" behind it."""
    words = plain(text).removeprefix("nhs ").removeprefix("the ")
    for noise in _NOISE:
        if words.endswith(f" {noise}"):
            words = words.removesuffix(f" {noise}")
    return words.strip()


def book(
    use: str,
    listed: Iterable[Listed],
    waves: Iterable[tuple[str, datetime.date]],
    catalogue: Catalogue,
) -> SystemBook:
    """Works out the systems of each wave.

    Args:
        use: "boards", or "listed" for the codebook's own alone.
        listed: the codebook's [[system]] blocks; their codes are each there once.
        waves: id and day of each wave.
        catalogue: gives boards, regions, footprints and people.
    """
    own = {one.code: one for one in listed}
    days = dict(waves)
    pieces: dict[str, dict[str, float]] = {}
    known: dict[str, System] = {}
    starts: dict[str, datetime.date | None] = {}
    if use == "boards":
        known, pieces, starts = _geography(catalogue)
    boards = [code for code in known if starts[code] is None]
    regions = {row["code"]: row["name"] for row in catalogue.table("regions").rows(named=True)}
    for code, one in own.items():
        known[code] = _overridden(known.get(code, System(code, one.name or code)), one, regions)
        if code not in starts:
            starts[code] = one.starts
            boards.append(code)
    standing: dict[str, dict[str, System]] = {}
    for wave, day in days.items():
        new = [code for code, first in starts.items() if first is not None and first <= day]
        taken: dict[str, float] = defaultdict(float)
        for code in new:
            for piece, people in pieces.get(code, {}).items():
                taken[piece] += people
        codes = set(new)
        for code in boards:
            held = pieces.get(code, {})
            left = sum(people - min(people, taken[piece]) for piece, people in held.items())
            total = sum(held.values())
            if starts[code] is None and (not total or left > (1.0 - WHOLE) * total):
                codes.add(code)
        codes = {
            code
            for code in codes
            if (end := own[code].ends if code in own else None) is None or day <= end
        }
        found = sorted((known[code] for code in codes), key=lambda one: (one.name, one.code))
        standing[wave] = {one.code: one for one in _sized(found)}
    return SystemBook(standing, _successors(known, pieces, own, standing), _all_names(known))


def _overridden(base: System, one: Listed, regions: Mapping[str, str]) -> System:
    region = one.region or base.region
    return replace(
        base,
        name=one.name or base.name,
        region=region,
        region_name=regions.get(region, region),
        type=one.type or base.type,
        size=one.size or base.size,
        also=(*base.also, *one.also, *((base.name,) if one.name else ())),
    )


_Geography = tuple[
    dict[str, System], dict[str, dict[str, float]], dict[str, "datetime.date | None"]
]
_KNOWN: WeakKeyDictionary[Catalogue, _Geography] = WeakKeyDictionary()


def _geography(catalogue: Catalogue) -> _Geography:
    """Boards and dated footprints: what is known, their people by piece, when they start."""
    if catalogue not in _KNOWN:
        _KNOWN[catalogue] = _worked_out(catalogue)
    known, pieces, starts = _KNOWN[catalogue]
    return dict(known), dict(pieces), dict(starts)


def _worked_out(catalogue: Catalogue) -> _Geography:
    membership = catalogue.table("membership").rows(named=True)
    people_of: dict[str, float] = defaultdict(float)
    for row in membership:
        people_of[row["authority"]] += row["residents"]
    regions = {row["code"]: row["name"] for row in catalogue.table("regions").rows(named=True)}
    boards = catalogue.table("boards").rows(named=True)
    region_of = {row["ods"]: row["region"] for row in boards}
    known: dict[str, System] = {}
    pieces: dict[str, dict[str, float]] = {}
    starts: dict[str, datetime.date | None] = {}

    def add(code: str, name: str, members: Iterable[Member], also: tuple[str, ...]) -> System:
        held: dict[str, float] = defaultdict(float)
        by_region: dict[str, float] = defaultdict(float)
        for one in members:
            people = one.share * people_of[one.authority]
            held[f"{one.authority}/{one.board}"] += people
            by_region[region_of[one.board]] += people
        region = max(sorted(by_region), key=lambda key: by_region[key])
        pieces[code] = dict(held)
        return System(
            code, name, region, regions.get(region, ""), people=sum(held.values()), also=also
        )

    for row in boards:
        area = find_area(row["ods"], catalogue)
        known[row["ods"]] = add(row["ods"], area.name, area.members, (row["name"], row["ons"]))
        starts[row["ods"]] = None
    for code in list_areas(catalogue, kind="footprint")["code"]:
        area = find_area(code, catalogue)
        if area.starts is not None and area.code not in known:
            known[area.code] = replace(
                add(area.code, area.name, area.members, (code,)), verified=area.verified
            )
            starts[area.code] = area.starts
    return known, pieces, starts


def _sized(systems: list[System]) -> list[System]:
    """Names the thirds by people, where everyone's people are known and nobody named a size."""
    counted = [one.people for one in systems if one.people is not None]
    if len(counted) < len(systems) or len(systems) < 6 or any(one.size for one in systems):
        return systems
    order = sorted(systems, key=lambda one: (one.people or 0.0, one.code))
    third = {
        one.code: ("smaller", "middle", "larger")[min(2, 3 * place // len(order))]
        for place, one in enumerate(order)
    }
    return [replace(one, size=third[one.code]) for one in systems]


def _successors(
    known: Mapping[str, System],
    pieces: Mapping[str, Mapping[str, float]],
    own: Mapping[str, Listed],
    standing: Mapping[str, Mapping[str, System]],
) -> dict[str, dict[str, str | None]]:
    found: dict[str, dict[str, str | None]] = {}
    for code in known:
        found[code] = {}
        for wave, systems in standing.items():
            if code in systems:
                found[code][wave] = code
            elif code in own and own[code].becomes:
                here = [later for later in own[code].becomes if later in systems]
                found[code][wave] = here[0] if len(own[code].becomes) == 1 and here else None
            else:
                found[code][wave] = _holder(pieces.get(code, {}), pieces, systems)
    return found


def _holder(
    held: Mapping[str, float],
    pieces: Mapping[str, Mapping[str, float]],
    systems: Mapping[str, System],
) -> str | None:
    total = sum(held.values())
    for code in systems:
        theirs = pieces.get(code, {})
        inside = sum(min(people, theirs.get(piece, 0.0)) for piece, people in held.items())
        if total and inside >= WHOLE * total:
            return code
    return None


def _all_names(known: Mapping[str, System]) -> dict[str, tuple[str, ...]]:
    names: dict[str, tuple[str, ...]] = {}
    for code, one in known.items():
        for key in dict.fromkeys(_plain(text) for text in (code, one.name, *one.also)):
            if key:
                names[key] = (*names.get(key, ()), code)
    # A code means its own system, unless another has it as its very name (as a merged board that
    # kept the name of one that it took in).
    own = {_plain(code): code for code in known}
    called = {_plain(one.name) for one in known.values()}
    return {**names, **{key: (code,) for key, code in own.items() if key not in called}}
