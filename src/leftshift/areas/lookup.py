"""Finding an area by whatever people call it, and listing what there is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from leftshift.areas.area import Area, Place
from leftshift.areas.footprints import footprint_files, placed, read_footprint
from leftshift.areas.geography import ENGLAND, Geography, Part
from leftshift.areas.naming import closest, plain
from leftshift.catalogue import Catalogue
from leftshift.errors import AreaError, FootprintError, listed, nearest

if TYPE_CHECKING:
    import polars

__all__ = ["KINDS", "find_area", "list_areas"]

KINDS = ("country", "region", "board", "authority", "footprint", "cluster")
"""The kinds of area, from the largest."""

_PLURAL = {"authority": "authorities", "country": "countries"}
_BOARD_NOTE = "A board of 2024: stands to 31 March 2026."
_REGION_NOTES = {"nhs": "NHS England region.", "ons": "ONS region; boards may cross its border."}


def find_area(text: str, catalogue: Catalogue) -> Area:
    """Finds an area.

    Args:
        text: an authority's ONS code (E07000200), a board's ODS (QMM) or ONS code (E54000022), a
            region's code (Y61, E40000013 or E12000006), England or E92000001, a footprint's id
            (norfolk-and-suffolk), an exact name, or the path of a footprint file.
        catalogue: gives the geography; its project's footprints can be found by id, too.

    Returns:
        The area. An authority, and a footprint that names none, has its authorities as places; a
        region and England have the boards.

    Raises:
        AreaError: nothing is called that, and the message names the nearest; or several areas are,
            and it lists their codes.
        FootprintError: the footprint file is wrong.
    """
    wanted = text.strip()
    if not wanted:
        raise AreaError('no area given. Give a code or a name, such as QMM, E07000200 or "Devon".')
    if wanted.casefold().endswith(".toml"):
        return _file(wanted, catalogue)
    geography = Geography.of(catalogue)
    found = _by_code(wanted, catalogue, geography)
    if found is not None:
        return found
    rows = _rows(catalogue, geography)
    named = [row for row in rows if plain(wanted) in row.names]
    if len(named) == 1:
        area = _by_code(named[0].code, catalogue, geography)
        if area is not None:
            return area
    if named:
        codes = listed(f"{row.code} ({row.kind})" for row in named)
        raise AreaError(f'"{text}" is the name of {len(named)} areas: {codes}. Give the code.')
    words = plain(wanted).split()
    holding = [row for row in rows if words and all(word in plain(row.name) for word in words)]
    several = listed((f"{row.code} ({row.name})" for row in holding), 6)
    also = f" Areas with it in their name: {several}." if len(holding) > 1 else ""
    raise AreaError(
        f'no area called "{text}".{_nearest(wanted, rows)}{also} Search with: leftshift areas TEXT'
    )


def list_areas(
    catalogue: Catalogue, text: str | None = None, kind: str | None = None
) -> polars.DataFrame:
    """Lists the areas that a code can be given for.

    Args:
        catalogue: gives the geography; its project's footprints are listed, too.
        text: words that must all stand in the code, the name or the kind, whatever their case or
            accents.
        kind: country, region, board, authority, footprint or cluster.

    Returns:
        One row for each, the largest kinds first: code, ods, ons (empty where there is none),
        name, kind, verified, note.

    Raises:
        AreaError: nothing matches, or there is no such kind; the message names the nearest.
    """
    import polars as pl

    if kind is not None and kind not in KINDS:
        raise AreaError(f'no kind of area "{kind}".{nearest(kind, KINDS)} Kinds: {listed(KINDS)}.')
    rows = _rows(catalogue, Geography.of(catalogue))
    words = plain(text).split() if text else []
    kept = [
        row
        for row in rows
        if (kind is None or row.kind == kind) and all(word in row.words for word in words)
    ]
    if text and (not kept or not words):
        which = f"{kind} " if kind else ""
        raise AreaError(
            f'no {which}area matches "{text}".{_nearest(text, rows)} '
            "List them all with: leftshift areas"
        )
    kept.sort(key=lambda row: (KINDS.index(row.kind), row.code))
    return pl.DataFrame(
        [(r.code, r.ods, r.ons, r.name, r.kind, r.verified, r.note) for r in kept],
        schema={
            "code": pl.String,
            "ods": pl.String,
            "ons": pl.String,
            "name": pl.String,
            "kind": pl.String,
            "verified": pl.Boolean,
            "note": pl.String,
        },
        orient="row",
    )


def _file(text: str, catalogue: Catalogue) -> Area:
    path = Path(text)
    if not _there(path) and catalogue.project is not None and not path.is_absolute():
        path = catalogue.project / text
    if not _there(path):
        folder = path.parent if path.parent.is_dir() else Path()
        options = [str(one) for one in sorted(folder.glob("*.toml"))]
        raise FootprintError(f"{text}: no such footprint file.{nearest(text, options)}")
    return read_footprint(path, catalogue, text)


def _there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long a name, or one with a NUL byte
        return False


def _by_code(wanted: str, catalogue: Catalogue, geography: Geography) -> Area | None:
    code = wanted.upper()
    if code == ENGLAND or wanted.casefold() == "england":
        return _whole(ENGLAND, "England", "country", tuple(geography.shares), geography)
    if code in geography.authorities:
        return _authority(code, geography)
    board = geography.board_of_ons.get(code, code)
    if board in geography.boards:
        return _board(board, geography)
    region = geography.region_of_ons.get(code, code)
    if region in geography.regions:
        name, kind = geography.regions[region]
        parts = geography.of_region[region]
        return _whole(region, name, "region", parts, geography, _REGION_NOTES[kind])
    files = footprint_files(catalogue)
    identity = wanted if wanted in files else wanted.casefold()
    if identity in files:
        return read_footprint(files[identity][0], catalogue, files[identity][1])
    return None


def _whole(
    code: str,
    name: str,
    kind: str,
    parts: tuple[Part, ...],
    geography: Geography,
    note: str = "",
) -> Area:
    boards = sorted({part[1] for part in parts})
    places = [
        Place(
            board,
            geography.boards[board],
            geography.members(part for part in parts if part[1] == board),
        )
        for board in boards
    ]
    return Area(code, name, kind, geography.members(parts), placed(places, geography), note=note)


def _authority(code: str, geography: Geography) -> Area:
    members = geography.members(geography.of_authority[code])
    name = geography.authorities[code]
    return Area(code, name, "authority", members, placed([Place(code, name, members)], geography))


def _board(code: str, geography: Geography) -> Area:
    members = geography.members(geography.of_board[code])
    places = [Place(one.authority, geography.authorities[one.authority], (one,)) for one in members]
    return Area(
        code,
        geography.boards[code],
        "board",
        members,
        placed(places, geography),
        note=f"{geography.board_names[code]}. {_BOARD_NOTE}",
    )


@dataclass(frozen=True, slots=True)
class _Listed:
    code: str
    name: str
    kind: str
    ods: str = ""
    ons: str = ""
    verified: bool = True
    note: str = ""
    full_name: str = ""

    @property
    def names(self) -> set[str]:
        """The names, as they are compared, that mean just this area."""
        return {plain(self.name), plain(self.full_name or self.name)} | (
            {plain(f"{self.name} ICB"), plain(f"NHS {self.name} ICB")}
            if self.kind == "board"
            else set()
        )

    @property
    def words(self) -> str:
        """What a search looks into."""
        kinds = f"{self.kind} {_PLURAL.get(self.kind, self.kind + 's')}"
        return plain(f"{self.code} {self.ods} {self.ons} {self.name} {self.full_name} {kinds}")


def _rows(catalogue: Catalogue, geography: Geography) -> list[_Listed]:
    rows = [_Listed(ENGLAND, "England", "country", ons=ENGLAND)]
    for code, (name, kind) in geography.regions.items():
        ons = geography.region_ons[code]
        ods = code if kind == "nhs" else ""
        rows.append(_Listed(code, name, "region", ods, ons, note=_REGION_NOTES[kind]))
    for code, name in geography.boards.items():
        full, ons = geography.board_names[code], geography.board_ons[code]
        rows.append(_Listed(code, name, "board", code, ons, note=_BOARD_NOTE, full_name=full))
    rows.extend(
        _Listed(code, name, "authority", ons=code) for code, name in geography.authorities.items()
    )
    for identity, (path, shown) in footprint_files(catalogue).items():
        try:
            area = read_footprint(path, catalogue, shown)
        except FootprintError as problem:
            # One broken file does not hide the other areas; asking for it gives this error.
            rows.append(_Listed(identity, identity, "footprint", verified=False, note=str(problem)))
        else:
            rows.append(
                _Listed(identity, area.name, area.kind, verified=area.verified, note=area.note)
            )
    return rows


def _nearest(wanted: str, rows: list[_Listed]) -> str:
    by_name = {name: row for row in rows for name in (row.name, row.ons, row.code) if name}
    found = closest(wanted, by_name)
    return f' Nearest: "{by_name[found].code}" ({by_name[found].name}).' if found else ""
