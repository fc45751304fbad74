"""Parameter values: central, or one draw from every row's own distribution."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from leftshift.errors import CatalogueError, nearest

if TYPE_CHECKING:
    from leftshift.catalogue.loader import Catalogue

__all__ = ["Parameters", "point"]


def point(seed: int, identity: str, draw: int) -> float:
    """Gives the uniform number that belongs to one row in one draw.

    It depends on nothing else: a row that is added or left out moves no other row's draw, and all
    arms of a comparison share it.

    Args:
        seed: the run's seed.
        identity: the row's id.
        draw: the number of the draw, from 0.

    Returns:
        A number in the open interval (0, 1).
    """
    key = f"{seed}\0{identity}\0{draw}".encode()
    whole = int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "little")
    return ((whole >> 12) + 0.5) / 2.0**52


class Parameters:
    """The value of every parameter row, central or in one draw.

    Attributes:
        catalogue: the catalogue that the values come from.
        draw: the number of the draw, or None for central values.
        seed: keys the draws.
    """

    def __init__(self, catalogue: Catalogue, draw: int | None = None, seed: int = 1) -> None:
        if draw is not None and draw < 0:
            raise CatalogueError(f"a draw is numbered from 0, not {draw}.")
        self.catalogue = catalogue
        self.draw = draw
        self.seed = seed
        self._values: dict[str, float] = {}

    @property
    def asked(self) -> frozenset[str]:
        """Ids of the rows that have been asked for so far."""
        return frozenset(self._values)

    def value(self, identity: str) -> float:
        """Gives one parameter, in its row's unit.

        Raises:
            CatalogueError: no row has this id; the message names the nearest.
        """
        if identity not in self._values:
            estimate = self.catalogue.row(identity).estimate
            if self.draw is None or estimate.distribution == "fixed":
                number = estimate.value
            else:
                number = estimate.at(point(self.seed, identity, self.draw))
            self._values[identity] = number
        return self._values[identity]

    def values(self, prefix: str) -> dict[str, float]:
        """Gives every parameter below a prefix, keyed by the rest of its id.

        Args:
            prefix: such as `ratio.diabetes`, without or with a dot at its end.

        Returns:
            Such as `{"stroke_tia": 1.6, …}`, in the catalogue's order.

        Raises:
            CatalogueError: nothing is below the prefix. Where that is allowed, ask
                `catalogue.rows(prefix)` first.
        """
        stem = prefix.rstrip(".") + "."
        found = {
            row.id[len(stem) :]: self.value(row.id)
            for row in self.catalogue.rows(prefix)
            if row.id.startswith(stem)
        }
        if not found:
            stems = {row.id.rpartition(".")[0] for row in self.catalogue.rows()} - {""}
            raise CatalogueError(
                f'no catalogue rows below "{prefix}".{nearest(prefix.rstrip("."), stems)}'
            )
        return found

    def __repr__(self) -> str:
        which = "central" if self.draw is None else f"draw {self.draw}, seed {self.seed}"
        return f"Parameters({which})"
