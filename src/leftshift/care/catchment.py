"""From home to provider: which trusts an area's people go to, and what share of a trust is theirs.

Demand arises where people live and is met where trusts are. A trust's people come from several
boards (table `trust_board_shares`); what is published of trusts (beds, with how many are occupied)
is shared among boards in that proportion, and a board's demand goes to trusts in proportion to
that share times the trust's occupied beds.
"""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from leftshift.areas import Area
from leftshift.catalogue import Catalogue
from leftshift.errors import CareError

__all__ = ["Catchment", "board_shares", "catchment", "self_sufficiency"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Catchment:
    """Trusts, boards and beds (trusts T, boards B, types of bed with published counts K).

    Attributes:
        trusts: ODS codes of the trusts.
        boards: ODS codes of the boards, in the order of table `boards`.
        kinds: prefixes of the columns of `trust_beds`, such as "general_acute".
        share: ``[T, B]`` share of a trust's people who live in each board; rows sum to 1.
        available: ``[T, K]`` beds available.
        occupied: ``[T, K]`` beds occupied.
    """

    trusts: tuple[str, ...]
    boards: tuple[str, ...]
    kinds: tuple[str, ...]
    share: Array
    available: Array
    occupied: Array

    @property
    def flow(self) -> Array:
        """``[T, B]`` share of a board's general and acute demand that goes to each trust."""
        sent = self.share * self.occupied[:, [self.kinds.index("general_acute")]]
        found: Array = sent / sent.sum(axis=0)
        return found


_READ: WeakKeyDictionary[Catalogue, Catchment] = WeakKeyDictionary()
_AREAS: WeakKeyDictionary[Catalogue, dict[Area, Array]] = WeakKeyDictionary()


def catchment(catalogue: Catalogue) -> Catchment:
    """Reads trusts, their beds and their people; kept for each catalogue.

    Raises:
        CareError: a trust with beds has no catchment, or a catchment names an unknown board.
    """
    if catalogue not in _READ:
        _READ[catalogue] = _catchment(catalogue)
    return _READ[catalogue]


def _catchment(catalogue: Catalogue) -> Catchment:
    beds = catalogue.table("trust_beds")
    shares = catalogue.table("trust_board_shares")
    trusts = tuple(str(code) for code in beds["trust"])
    boards = tuple(str(code) for code in catalogue.table("boards")["ods"])
    lost = sorted(set(trusts) - set(shares["trust"]))
    if lost:
        raise CareError(
            f"tables/trust_beds.csv: no people for {', '.join(lost[:5])}. Every trust with beds "
            "needs rows in tables/trust_board_shares.csv."
        )
    unknown = sorted(set(shares["board"]) - set(boards))
    if unknown:
        raise CareError(
            f"tables/trust_board_shares.csv: no board {', '.join(unknown[:5])} in table boards."
        )
    of_trust = {code: place for place, code in enumerate(trusts)}
    of_board = {code: place for place, code in enumerate(boards)}
    share = np.zeros((len(trusts), len(boards)))
    for trust, board, part in shares.iter_rows():
        if trust in of_trust:
            share[of_trust[trust], of_board[board]] += part
    for code, whole in zip(trusts, share.sum(axis=1), strict=True):
        if not 0.99 <= whole <= 1.01:
            raise CareError(
                f"tables/trust_board_shares.csv: [shares_sum_to_one] the shares of {code} sum to "
                f"{whole:g}. Write shares of its people that sum to 1."
            )
    kinds = tuple(
        name.removesuffix("_available") for name in beds.columns if name.endswith("_available")
    )

    def counts(state: str) -> Array:
        found = beds.select([f"{kind}_{state}" for kind in kinds]).to_numpy().astype(np.float64)
        if (found.sum(axis=0) <= 0).any():
            raise CareError(f"tables/trust_beds.csv: no beds {state} of a type in all of England.")
        return found

    return Catchment(
        trusts=trusts,
        boards=boards,
        kinds=kinds,
        share=share / share.sum(axis=1, keepdims=True),
        available=counts("available"),
        occupied=counts("occupied"),
    )


def board_shares(catalogue: Catalogue, area: Area) -> Array:
    """The share of each board's people who live in an area, ``[B]``; kept for each area.

    A part of a board is taken to be like the whole of it.
    """
    known = _AREAS.setdefault(catalogue, {})
    if area not in known:
        boards = list(catalogue.table("boards")["ods"])
        whole = dict.fromkeys(boards, 0.0)
        of_authority: dict[str, float] = {}
        for authority, board, residents, _ in catalogue.table("membership").iter_rows():
            whole[board] += residents
            of_authority[authority] = of_authority.get(authority, 0.0) + residents
        inside = dict.fromkeys(boards, 0.0)
        for member in area.members:
            inside[member.board] += of_authority[member.authority] * member.share
        known[area] = np.array([min(1.0, inside[b] / whole[b]) for b in boards])
    return known[area]


def self_sufficiency(catalogue: Catalogue) -> Array:
    """The share of each board's demand that its own trusts see, ``[B]``.

    A trust belongs to the board that most of its people live in.
    """
    found = catchment(catalogue)
    own = found.share.argmax(axis=1)[:, None] == np.arange(len(found.boards))[None, :]
    share: Array = (found.flow * own).sum(axis=0)
    return share
