"""What an area is: parts of authorities, the boards they belong to, and the places they form."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

__all__ = ["Area", "Member", "Place"]


@dataclass(frozen=True, slots=True, order=True)
class Member:
    """A part of an authority's people.

    Attributes:
        authority: ONS code of the lower-tier authority.
        board: ODS code of the board (of 2024) whose published figures describe these people.
        share: share of all the authority's people, above 0 and at most 1.
    """

    authority: str
    board: str
    share: float


@dataclass(frozen=True, slots=True)
class Place:
    """A part of an area that results are shown for.

    Attributes:
        code: an authority's ONS code, a board's ODS code, or a code made from a footprint's own
            name for the place.
        name: what people call it.
        members: its parts of authorities.
        column: its column on the area's tile map, from 0 in the west.
        row: its row on the area's tile map, from 0 in the north.
    """

    code: str
    name: str
    members: tuple[Member, ...]
    column: int = 0
    row: int = 0


@dataclass(frozen=True, slots=True)
class Area:
    """Whom a run is about.

    Attributes:
        code: the code by which tables and run folders name it.
        name: what people call it.
        kind: country, region, board, authority, footprint or cluster.
        members: its parts of authorities, sorted; each (authority, board) once.
        places: its places, sorted by code; together they hold every member.
        starts: the day from which a footprint applies, or None.
        verified: whether its membership was checked against a published source.
        note: what a reader should know of it; may be empty.
    """

    code: str
    name: str
    kind: str
    members: tuple[Member, ...]
    places: tuple[Place, ...] = field(repr=False)
    starts: date | None = None
    verified: bool = True
    note: str = field(default="", repr=False)

    def identity(self) -> dict[str, Any]:
        """Gives what makes this area the one that it is, for a run's identity.

        Returns:
            Plain, sorted data that goes into JSON: code, name, members as
            `[authority, board, share]` with shares to nine decimals, and places with theirs. Where
            a tile stands on a map does not count.
        """
        return {
            "code": self.code,
            "name": self.name,
            "members": _plain(self.members),
            "places": [
                {"code": place.code, "name": place.name, "members": _plain(place.members)}
                for place in self.places
            ],
        }


def _plain(members: tuple[Member, ...]) -> list[list[str | float]]:
    return [[one.authority, one.board, round(one.share, 9)] for one in sorted(members)]
