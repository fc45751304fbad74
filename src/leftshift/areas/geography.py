"""The dated geography that the catalogue holds: authorities, boards, regions, who lives where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from leftshift.areas.area import Member
from leftshift.catalogue import Catalogue
from leftshift.errors import CatalogueError

__all__ = ["ENGLAND", "Geography", "Part"]

ENGLAND = "E92000001"
"""The ONS code of England."""

Part = tuple[str, str]
"""An authority's ONS code and a board's ODS code: the smallest piece of geography."""

_KNOWN: WeakKeyDictionary[Catalogue, Geography] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Geography:
    """The catalogue's geography, indexed.

    Attributes:
        authorities: name of each authority by ONS code.
        boards: short name of each board by ODS code.
        board_names: full name of each board by ODS code.
        board_ons: ONS code of each board by ODS code.
        regions: (name, kind "nhs" or "ons") of each region by its code.
        board_of_ons: ODS code of each board by ONS code.
        region_ons: ONS code of each region by its code.
        region_of_ons: code of each region by ONS code.
        shares: share of the authority's people in each part.
        of_authority: the parts of each authority.
        of_board: the parts of each board.
        of_region: the parts of each region.
        centres: (latitude, longitude) of each authority and board.
    """

    authorities: dict[str, str]
    boards: dict[str, str]
    board_names: dict[str, str]
    board_ons: dict[str, str]
    regions: dict[str, tuple[str, str]]
    board_of_ons: dict[str, str]
    region_ons: dict[str, str]
    region_of_ons: dict[str, str]
    shares: dict[Part, float]
    of_authority: dict[str, tuple[Part, ...]]
    of_board: dict[str, tuple[Part, ...]]
    of_region: dict[str, tuple[Part, ...]]
    centres: dict[str, tuple[float, float]]

    @classmethod
    def of(cls, catalogue: Catalogue) -> Geography:
        """Gives the geography of a catalogue, read once for each.

        Raises:
            CatalogueError: the tables do not fit each other.
        """
        if catalogue not in _KNOWN:
            _KNOWN[catalogue] = _read(catalogue)
        return _KNOWN[catalogue]

    def members(self, parts: Iterable[Part]) -> tuple[Member, ...]:
        """Gives whole parts as members, sorted."""
        return tuple(Member(*part, self.shares[part]) for part in sorted(parts))


def _read(catalogue: Catalogue) -> Geography:
    authorities = catalogue.table("authorities").rows(named=True)
    boards = catalogue.table("boards").rows(named=True)
    regions = catalogue.table("regions").rows(named=True)
    membership = catalogue.table("membership").rows(named=True)
    region_of_authority = {row["code"]: row["region"] for row in authorities}
    region_of_board = {row["ods"]: row["region"] for row in boards}

    shares: dict[Part, float] = {}
    for row in membership:
        part = (row["authority"], row["board"])
        if part[0] not in region_of_authority or part[1] not in region_of_board or part in shares:
            raise CatalogueError(
                f"tables/membership.csv: {part[0]} in {part[1]} is twice there, or one of the two "
                "codes is in neither authorities.csv nor boards.csv."
            )
        shares[part] = row["share"]
    of_authority: dict[str, list[Part]] = {code: [] for code in region_of_authority}
    of_board: dict[str, list[Part]] = {code: [] for code in region_of_board}
    of_region: dict[str, list[Part]] = {row["code"]: [] for row in regions}
    for part in sorted(shares):
        of_authority[part[0]].append(part)
        of_board[part[1]].append(part)
        for region in (region_of_authority[part[0]], region_of_board[part[1]]):
            if region not in of_region:
                raise CatalogueError(f"tables/regions.csv: no region {region}, which {part} is in.")
            of_region[region].append(part)
    for code, parts in of_authority.items():
        total = sum(shares[part] for part in parts)
        if abs(total - 1.0) > 1e-6:
            raise CatalogueError(
                f"tables/membership.csv: the shares of {code} add to {total:.6f}; they must be 1."
            )
    for code, held in of_board.items():
        if not held:
            raise CatalogueError(f"tables/membership.csv: no authority lies in board {code}.")
    return Geography(
        authorities={row["code"]: row["name"] for row in authorities},
        boards={row["ods"]: row["short_name"] for row in boards},
        board_names={row["ods"]: row["name"] for row in boards},
        board_ons={row["ods"]: row["ons"] for row in boards},
        regions={row["code"]: (row["name"], row["kind"]) for row in regions},
        board_of_ons={row["ons"]: row["ods"] for row in boards},
        region_ons={row["code"]: row["ons"] for row in regions},
        region_of_ons={row["ons"]: row["code"] for row in regions},
        shares=shares,
        of_authority={code: tuple(parts) for code, parts in of_authority.items()},
        of_board={code: tuple(parts) for code, parts in of_board.items()},
        of_region={code: tuple(parts) for code, parts in of_region.items()},
        centres={
            **{row["code"]: (row["latitude"], row["longitude"]) for row in authorities},
            **{row["ods"]: (row["latitude"], row["longitude"]) for row in boards},
        },
    )
