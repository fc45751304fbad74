"""From what a footprint lists (boards, authorities, regions, …) to its parts of authorities.

Shares are shares of the listed member's people. What is listed as a board, a region, England or
another footprint takes its own parts. An authority that is listed by itself takes its share from
the parts that nothing else has taken, in proportion to what is left of each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from leftshift.areas.geography import ENGLAND, Geography, Part
from leftshift.areas.naming import closest, plain
from leftshift.errors import FootprintError, listed

__all__ = ["TOLERANCE", "Listed", "expand", "parts_of"]

TOLERANCE = 1e-6
"""By how much shares may add to more than all of an authority's people."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a list of members.

    Attributes:
        name: what the line says: a code or the id of a footprint.
        share: share of its people, above 0 and at most 1.
        where: file and line, for messages.
    """

    name: str
    share: float
    where: str


Footprints = Callable[[str], "dict[Part, float] | None"]
"""Gives the parts of a footprint by id, or None where there is none of that id."""


def parts_of(
    name: str, geography: Geography, footprints: Footprints
) -> tuple[str, dict[Part, float]] | None:
    """Gives what a code or id stands for: its kind and its parts; None where nothing has it."""
    code = name.strip()
    upper = code.upper()
    if upper in geography.of_authority:
        parts, kind = geography.of_authority[upper], "authority"
    elif upper in geography.of_board:
        parts, kind = geography.of_board[upper], "board"
    elif upper in geography.board_of_ons:
        parts, kind = geography.of_board[geography.board_of_ons[upper]], "board"
    elif upper in geography.of_region:
        parts, kind = geography.of_region[upper], "region"
    elif upper in geography.region_of_ons:
        parts, kind = geography.of_region[geography.region_of_ons[upper]], "region"
    elif upper == ENGLAND or code.casefold() == "england":
        parts, kind = tuple(geography.shares), "country"
    else:
        found = footprints(code)
        return None if found is None else ("footprint", found)
    return kind, {part: geography.shares[part] for part in parts}


def known_names(geography: Geography, footprint_ids: list[str]) -> dict[str, str]:
    """Every code and id that a footprint may list, with its name in brackets behind a space."""
    named = {
        **geography.authorities,
        **geography.boards,
        **{ons: geography.boards[ods] for ons, ods in geography.board_of_ons.items()},
        **{code: name for code, (name, _) in geography.regions.items()},
    }
    return {
        **{code: f" ({name})" for code, name in named.items()},
        **dict.fromkeys(footprint_ids, ""),
    }


def expand(
    members: list[Listed],
    geography: Geography,
    footprints: Footprints,
    footprint_ids: list[str],
) -> dict[Part, float]:
    """Gives the share of each part that a list of members takes.

    Args:
        members: the list.
        geography: what there is.
        footprints: gives the parts of another footprint.
        footprint_ids: the ids of those footprints, for the nearest match.

    Returns:
        Share of the authority's people for each part, above 0.

    Raises:
        FootprintError: a member is unknown, or shares of an authority add to over 1.
    """
    taken: dict[Part, float] = defaultdict(float)
    whence: dict[str, list[str]] = defaultdict(list)
    alone: list[tuple[str, Listed]] = []
    for one in members:
        found = parts_of(one.name, geography, footprints)
        if found is None:
            raise FootprintError(_unknown(one, geography, footprint_ids))
        kind, parts = found
        if kind == "authority":
            alone.append((next(iter(parts))[0], one))
            continue
        for part, share in parts.items():
            taken[part] += share * one.share
            whence[part[0]].append(f"{share * one.share:.4g} in {one.name} ({one.where})")
    for part, share in taken.items():
        # Listed twice, or in two members: caught per part, since another part may be left over.
        if share > geography.shares[part] + TOLERANCE:
            raise FootprintError(_over(part[0], geography, whence[part[0]], members, share, part))
    for code, one in alone:
        free = {
            part: max(geography.shares[part] - taken[part], 0.0)
            for part in geography.of_authority[code]
        }
        left = sum(free.values())
        whence[code].append(f"{one.share:.4g} listed by itself ({one.where})")
        if one.share > left + TOLERANCE:
            total = 1.0 - left + one.share
            raise FootprintError(_over(code, geography, whence[code], members, total))
        for part, share in free.items():
            taken[part] += min(one.share, left) * share / left if left else 0.0
    return {part: share for part, share in taken.items() if share > 1e-9}


def _unknown(one: Listed, geography: Geography, footprint_ids: list[str]) -> str:
    names = known_names(geography, footprint_ids)
    near = closest(one.name, names)
    said = f' Nearest: "{near}"{names[near]}.' if near else ""
    named = [
        code
        for known in (geography.boards, geography.authorities)
        for code, name in known.items()
        if plain(one.name) == plain(name)
    ]
    if named:
        said = f" That is the name of {listed(named)}: members are listed by code."
    return (
        f'{one.where}: no member called "{one.name}".{said} A member is an authority (E07000200), '
        "a board (QMM or E54000022), a region (Y61 or E12000006), England or a footprint's id. "
        "List them with: leftshift areas"
    )


def _over(
    code: str,
    geography: Geography,
    whence: list[str],
    members: list[Listed],
    total: float,
    part: Part | None = None,
) -> str:
    where = next((one.where for one in reversed(members) if one.name.upper() == code), None)
    where = where or members[-1].where
    if part is not None and len(geography.of_authority[code]) > 1:
        limit = f"more than the {geography.shares[part]:.4g} of its people who are in {part[1]}"
    else:
        limit = "over 1"
    return (
        f"{where}: the shares of {code} ({geography.authorities[code]}) add to {total:.6g}, "
        f"{limit}: {'; '.join(whence)}. Take away what is counted twice."
    )
