"""Footprint files: any union, cluster, merged or split board as an area."""

from __future__ import annotations

import datetime
import math
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leftshift.areas.area import Area, Member, Place
from leftshift.areas.expand import TOLERANCE, Listed, expand, parts_of
from leftshift.areas.geography import Geography, Part
from leftshift.areas.naming import closest, plain, slug
from leftshift.areas.tiles import tiles
from leftshift.catalogue import Catalogue
from leftshift.catalogue.lines import KeyLines, read_toml
from leftshift.catalogue.loader import SHIPPED
from leftshift.errors import FootprintError, LeftshiftError, listed, nearest

__all__ = ["footprint_files", "placed", "read_footprint"]

_TOP = ("footprint",)
_KEYS = ("name", "from", "code", "kind", "verified", "source", "note", "members", "places")
_PLACE_KEYS = ("name", "code", "members")
_KINDS = ("footprint", "cluster")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")


def footprint_files(catalogue: Catalogue) -> dict[str, tuple[Path, str]]:
    """Finds the footprint files that have an id: the shipped ones and a project's own.

    Args:
        catalogue: its project's `footprints/` folder is laid over the shipped one.

    Returns:
        Path, and how messages name it, by id (the file's name without .toml); sorted by id.
    """
    found: dict[str, tuple[Path, str]] = {}
    for folder, shown in (
        (SHIPPED / "footprints", "shipped footprints"),
        (catalogue.project / "footprints" if catalogue.project else None, "footprints"),
    ):
        if folder is not None and folder.is_dir():
            for path in sorted(folder.glob("*.toml")):
                found[path.stem] = (path, f"{shown}/{path.name}")
    return dict(sorted(found.items()))


def read_footprint(path: Path | str, catalogue: Catalogue, shown: str | None = None) -> Area:
    """Reads a footprint file.

    Args:
        path: the TOML file.
        catalogue: gives the authorities and boards that it may list.
        shown: how messages name the file; its path by default.

    Returns:
        The area, with the file's own places, or else one place for each authority.

    Raises:
        FootprintError: the file is no TOML, has an unknown key or member, a share that is not
            above 0 and at most 1, or shares of an authority that add to over 1. The message begins
            `file:line:`.
    """
    return _Reader(catalogue).area(Path(path), shown or str(path))


class _Reader:
    """Reads one footprint, and on the way those that it lists as members."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._files = footprint_files(catalogue)
        self._geography = Geography.of(catalogue)
        self._open: list[Path] = []  # files being read, so that a circle of footprints is seen
        self._where = ""

    def area(self, path: Path, shown: str) -> Area:
        document, lines = read_toml(path, shown, FootprintError)
        _known_keys(document, _TOP, (), lines, shown)
        block = document.get("footprint")
        if not isinstance(block, dict):
            raise FootprintError(
                f"{shown}:{lines.of('footprint')}: no [footprint] table. A footprint begins with "
                '[footprint], name = "…" and a table [footprint.members].'
            )
        page = _Page(block, lines, shown)
        _known_keys(block, _KEYS, ("footprint",), lines, shown)
        name = page.text("name", needed=True)
        self._open.append(path)
        parts = self._members(page.table("members"), page, ("members",))
        self._open.pop()
        code = self._code(page, name, path)
        areas_parts = dict(sorted(parts.items()))
        return Area(
            code=code,
            name=name,
            kind=page.choice("kind", _KINDS, "footprint"),
            members=_as_members(areas_parts),
            places=placed(self._places(page, areas_parts), self._geography),
            starts=page.date("from"),
            verified=page.flag("verified", True),
            note=page.text("note"),
        )

    def _code(self, page: _Page, name: str, path: Path) -> str:
        given = page.text("code")
        code = given or slug(name) or slug(path.stem) or "footprint"
        if given and _CODE.fullmatch(given) is None:
            raise FootprintError(
                f'{page.at("code")}: code "{given}" may hold letters, digits, "-" and "_" only, '
                "up to 60, beginning with a letter or a digit."
            )
        kind = None if code in self._files else self._kind(code)
        if kind is not None:
            raise FootprintError(
                f'{page.at("code" if given else "name")}: "{code}" is already a code ({kind}). '
                'Choose another: code = "…".'
            )
        return code

    def _kind(self, code: str) -> str | None:
        found = parts_of(code, self._geography, lambda _: None)
        return None if found is None else found[0]

    def _footprint(self, identity: str) -> dict[Part, float] | None:
        if identity not in self._files:
            return None
        if self._files[identity][0] in self._open:
            circle = " > ".join([*(path.stem for path in self._open), identity])
            raise FootprintError(f"{self._where}: a footprint cannot hold itself ({circle}).")
        area = self.area(*self._files[identity])
        return {(one.authority, one.board): one.share for one in area.members}

    def _members(
        self, table: dict[str, Any], page: _Page, path: tuple[str | int, ...]
    ) -> dict[Part, float]:
        if not table:
            raise FootprintError(
                f"{page.at(*path)}: no members. List boards or authorities with the share of their "
                "people, such as QMM = 1.0 under [footprint.members]."
            )
        found = [
            Listed(key, _share(key, value, page.at(*path, key)), page.at(*path, key))
            for key, value in table.items()
        ]
        self._where = found[0].where
        return expand(found, self._geography, self._footprint, list(self._files))

    # Places ---------------------------------------------------------------------------------

    def _places(self, page: _Page, parts: dict[Part, float]) -> list[Place]:
        blocks = page.block.get("places", [])
        if not isinstance(blocks, list) or not all(isinstance(one, dict) for one in blocks):
            raise FootprintError(
                f'{page.at("places")}: places are written as [[footprint.places]] with name = "…" '
                'and members = ["E07000200", …].'
            )
        left = dict(parts)
        places: list[Place] = []
        names: dict[str, str] = {}
        taker: dict[Part, str] = {}
        for position, block in enumerate(blocks):
            path = ("places", position)
            own = _Page(block, page.lines, page.shown, ("footprint", *path))
            _known_keys(block, _PLACE_KEYS, own.path, page.lines, page.shown)
            name = own.text("name", needed=True)
            code = own.text("code") or slug(name) or f"place-{position + 1}"
            first = names.get(code) or names.get(plain(name))
            if first is not None:
                raise FootprintError(
                    f'{own.at("name")}: two places are called "{name}" (the first: {first}). '
                    "Give each a name and a code of its own."
                )
            names[code] = names[plain(name)] = own.at("name")
            if _CODE.fullmatch(code) is None or self._kind(code) is not None:
                raise FootprintError(
                    f'{own.at("code" if "code" in block else "name")}: "{code}" cannot be a '
                    'place\'s code: use letters, digits, "-" and "_", and no code of an authority, '
                    'board or region. Choose one: code = "…".'
                )
            held = self._of_place(own, name, parts, left, taker)
            places.append(Place(code, name, _as_members(held)))
        # Who is in none of the named places still belongs to one: that of their authority.
        rest: dict[str, dict[Part, float]] = defaultdict(dict)
        for part, share in left.items():
            if share > TOLERANCE:
                rest[part[0]][part] = share
        for code, held in rest.items():
            places.append(Place(code, self._geography.authorities[code], _as_members(held)))
        return places

    def _of_place(
        self,
        own: _Page,
        name: str,
        parts: dict[Part, float],
        left: dict[Part, float],
        taker: dict[Part, str],
    ) -> dict[Part, float]:
        held: dict[Part, float] = defaultdict(float)
        for member, share, where in own.place_members():
            try:
                found = parts_of(member, self._geography, self._footprint)
            except LeftshiftError as problem:
                raise FootprintError(f"{where}: {problem}") from None
            inside = [part for part in found[1] if part in parts] if found else []
            if found is None or not inside:
                options = sorted({code for part in parts for code in part})
                near = closest(member, options)
                raise FootprintError(
                    f'{where}: place "{name}" lists "{member}", which is not in the footprint.'
                    + (f' Nearest: "{near}".' if near else "")
                    + " List the footprint's own members: "
                    f"{listed(options)}."
                )
            wanted = {part: parts[part] for part in inside}
            if share is not None:
                # A share is one of the member's people, as under members; what the footprint
                # holds of them is the limit.
                scale = share
                if found[0] == "authority":
                    scale = share / sum(wanted.values())
                    wanted = {part: held_share * scale for part, held_share in wanted.items()}
                else:
                    wanted = {part: found[1][part] * scale for part in inside}
            for part, take in wanted.items():
                if take > left[part] + TOLERANCE:
                    by = f": {taker[part]} holds the rest" if part in taker else ""
                    raise FootprintError(
                        f'{where}: place "{name}" takes {take:.4g} of {part[0]} '
                        f"({self._geography.authorities[part[0]]}) in {part[1]}, of which "
                        f"{max(left[part], 0.0):.4g} is left{by}. Places may not overlap."
                    )
                left[part] = max(left[part] - take, 0.0)
                held[part] += take
                taker[part] = f'place "{name}"'
        return dict(held)


@dataclass(frozen=True, slots=True)
class _Page:
    """One table of the file, with where its keys stand."""

    block: dict[str, Any]
    lines: KeyLines
    shown: str
    path: tuple[str | int, ...] = ("footprint",)

    def at(self, *path: str | int) -> str:
        return f"{self.shown}:{self.lines.of(*self.path, *path)}"

    def text(self, key: str, needed: bool = False) -> str:
        value = self.block.get(key)
        if value is None and not needed:
            return ""
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            if value == "" and not needed:
                return ""
            raise FootprintError(
                f'{self.at(key)}: {key} must be a line of text: {key} = "…".'
                if key in self.block
                else f'{self.at(key)}: no {key}. Give one: {key} = "Norfolk and Suffolk".'
            )
        return value.strip()

    def choice(self, key: str, options: tuple[str, ...], default: str) -> str:
        value = self.text(key) or default
        if value not in options:
            raise FootprintError(
                f'{self.at(key)}: no {key} called "{value}".{nearest(value, options)} '
                f"Allowed: {listed(options)}."
            )
        return value

    def flag(self, key: str, default: bool) -> bool:
        value = self.block.get(key, default)
        if not isinstance(value, bool):
            raise FootprintError(f"{self.at(key)}: {key} must be true or false.")
        return value

    def date(self, key: str) -> datetime.date | None:
        value = self.block.get(key)
        if value is None:
            return None
        if not isinstance(value, datetime.date) or isinstance(value, datetime.datetime):
            raise FootprintError(
                f"{self.at(key)}: {key} must be a date without quotes: {key} = 2026-04-01."
            )
        return value

    def table(self, key: str) -> dict[str, Any]:
        value = self.block.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise FootprintError(
                f"{self.at(key)}: {key} must be a table of codes and shares, such as QMM = 1.0 "
                f"under [footprint.{key}]."
            )
        return value

    def place_members(self) -> list[tuple[str, float | None, str]]:
        value = self.block.get("members")
        if isinstance(value, dict) and value:
            return [
                (key, _share(key, share, self.at("members", key)), self.at("members", key))
                for key, share in value.items()
            ]
        if not isinstance(value, list) or not value:
            raise FootprintError(
                f'{self.at("members")}: a place needs members: members = ["E07000200", "E07000202"]'
                " or members = { E07000244 = 0.2 }."
            )
        found: list[tuple[str, float | None, str]] = []
        for position, code in enumerate(value):
            where = self.at("members", position)
            if not isinstance(code, str):
                raise FootprintError(f'{where}: a member is a code in quotes, such as "E07000200".')
            found.append((code, None, where))
        return found


def _share(key: str, value: object, where: str) -> float:
    allowed = "A share is a number above 0 and at most 1, without quotes."
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FootprintError(f"{where}: the share of {key} is {value!r}. {allowed}")
    try:
        share = float(value)
    except OverflowError:
        share = math.inf
    if not TOLERANCE < share <= 1.0 + TOLERANCE:
        hint = " Write 0.5 for 50%." if 1 < share <= 100 else ""
        raise FootprintError(f"{where}: the share of {key} is {share:g}. {allowed}{hint}")
    return min(share, 1.0)


def _known_keys(
    block: dict[str, Any],
    allowed: tuple[str, ...],
    path: tuple[str | int, ...],
    lines: KeyLines,
    shown: str,
) -> None:
    for key in block:
        if key not in allowed:
            raise FootprintError(
                f'{shown}:{lines.of(*path, key)}: no key called "{key}".{nearest(key, allowed)} '
                f"Allowed here: {listed(allowed, 12)}."
            )


def _as_members(parts: dict[Part, float]) -> tuple[Member, ...]:
    return tuple(Member(*part, share) for part, share in sorted(parts.items()))


def placed(places: list[Place], geography: Geography) -> tuple[Place, ...]:
    """Gives places their tiles, and sorts them by code.

    A place stands at the mean of its authorities' centres, weighted by the shares that it holds.
    """
    ordered = sorted(places, key=lambda place: place.code)
    centres: list[tuple[float, float]] = []
    for place in ordered:
        weight = sum(one.share for one in place.members)
        at = [(one.share / weight, geography.centres[one.authority]) for one in place.members]
        if place.code in geography.centres:
            centres.append(geography.centres[place.code])
        else:
            centres.append((sum(w * c[0] for w, c in at), sum(w * c[1] for w, c in at)))
    return tuple(
        Place(place.code, place.name, place.members, column, row)
        for place, (column, row) in zip(ordered, tiles(centres), strict=True)
    )
