"""What may hang on an outlook's people: use of care, money, staff.

The rooms that work these out lie above this one, so the outlook knows them only by what it asks of
them here. They take part in every draw, so that their figures have intervals of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from leftshift.catalogue import Parameters
from leftshift.engine import Tables, Tallies
from leftshift.people.layout import Bounds
from leftshift.people.model import World
from leftshift.people.prevalence import OwnCounts

__all__ = ["Bound", "Consequences", "EveryDraw"]

Arrays = dict[str, NDArray[np.float64]]


class Bound(Protocol):
    """Consequences of one world, under one draw of the parameters."""

    @property
    def tables(self) -> Tables:
        """The world's tables, with the rates of what is used."""

    def measure(self, tallies: Tallies) -> Arrays:
        """Works out every reported array, of the same names and shapes in every draw."""


class Consequences(Protocol):
    """What is worked out from people, in every draw."""

    #: The arrays, by name, whose sampling error is worked out from replicates.
    replicated: tuple[str, ...]
    #: Bulk tables of the catalogue that they read, for the run's table of sources.
    tables_read: tuple[str, ...]
    #: People with conditions by the area's own count, for the prevalence that lives begin with.
    own_counts: OwnCounts | None

    def identity(self) -> dict[str, Any]:
        """What their figures depend on beyond the catalogue, ready for JSON."""

    def bind(self, parameters: Parameters, world: World) -> Bound:
        """Takes up one world."""

    def frames(
        self,
        central: Arrays,
        bounds: Bounds | None,
        sampling: Mapping[str, NDArray[np.float64]] | None,
    ) -> dict[str, pl.DataFrame]:
        """Tidy frames by table; rows of summary, names and checks are added to the outlook's."""

    def about(self) -> dict[str, Any]:
        """What a reader needs to know besides; `warnings` and `attribution` are added on."""


@runtime_checkable
class EveryDraw(Consequences, Protocol):
    """Consequences that want each draw's own figures, not only the interval over all of them.

    Draws may be made in other processes or have been made before, so nothing that
    :meth:`Bound.measure` sets aside in the object itself comes back: all of it is in the arrays.
    """

    #: The arrays of `measure` that are wanted of every draw; no interval is made of these.
    each: tuple[str, ...]

    def take(self, draw: int, arrays: Arrays) -> None:
        """Takes up what is wanted of one draw, 0 being the central run; draws come in any order."""

    def for_draws(self) -> Consequences:
        """All that a draw needs of it once the central run is made: small, and can be pickled."""
