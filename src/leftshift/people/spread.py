"""Intervals over parameter draws, without keeping the draws.

A 95% interval over D draws needs only the few smallest and the few largest values of each cell.
They are kept exactly, whatever the order in which draws arrive, so that the result is the same for
any number of threads.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Share of draws outside the interval on each side: 95% intervals, as architecture.md defines them.
TAIL = 0.025


class Spread:
    """Order statistics of many arrays, cell by cell.

    Args:
        count: number of draws that will be added.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._position = TAIL * (count - 1)
        self._kept = math.floor(self._position) + 2 if count > 1 else 1
        self._low: dict[str, NDArray[np.float32]] = {}
        self._high: dict[str, NDArray[np.float32]] = {}
        self._added = 0

    def add(self, arrays: dict[str, Array]) -> None:
        """Add one draw.

        Args:
            arrays: by name, of the same shapes in every call.
        """
        for name, values in arrays.items():
            # Adding nothing makes -0.0 plain 0.0: of two equal values, either may be kept.
            fresh = values.astype(np.float32) + np.float32(0)
            if name not in self._low:
                shape = (self._kept, *fresh.shape)
                self._low[name] = np.full(shape, np.inf, np.float32)
                self._high[name] = np.full(shape, -np.inf, np.float32)
            _insert(self._low[name], fresh, np.minimum, np.maximum)
            _insert(self._high[name], fresh, np.maximum, np.minimum)
        self._added += 1

    @property
    def kept(self) -> int:
        """How many of the smallest, and of the largest, values of a cell are kept."""
        return self._kept

    def state(self) -> dict[str, NDArray[np.float32]]:
        """All that is known of the draws added so far, for :meth:`restore`.

        Returns:
            ``[kept, ...]`` arrays by "low/" or "high/" and the name. They are the spread's own.
        """
        return {
            f"{end}/{name}": values
            for end, held in (("low", self._low), ("high", self._high))
            for name, values in held.items()
        }

    def restore(self, state: dict[str, NDArray[np.float32]], added: int) -> None:
        """Go on from where another spread of as many draws was: the result is the same.

        Args:
            state: what its :meth:`state` gave.
            added: how many draws had been added to it.
        """
        self._low, self._high = {}, {}
        for key, values in state.items():
            end, _, name = key.partition("/")
            (self._low if end == "low" else self._high)[name] = values
        self._added = added

    def bounds(self, central: dict[str, Array]) -> dict[str, tuple[Array, Array]]:
        """The interval of each cell.

        Linear interpolation between order statistics (type 7 of Hyndman and Fan, The American
        Statistician 1996;50:361-365). Where a central value lies outside its own draws, as can
        happen in a cell of very few simulants, the interval is widened to hold it.

        Args:
            central: the central values, by the same names.

        Returns:
            Lower and upper arrays, NaN where no draw had a value.
        """
        if self._added != self._count:
            message = f"{self._count} draws were announced and {self._added} were added"
            raise RuntimeError(message)
        whole = math.floor(self._position)
        part = self._position - whole
        result = {}
        for name, value in central.items():
            ends = []
            for kept in (self._low[name], self._high[name]):
                first = kept[min(whole, self._kept - 1)].astype(np.float64)
                second = kept[min(whole + 1, self._kept - 1)].astype(np.float64)
                # Where a cell had too few values, both are infinite and their difference is none.
                with np.errstate(invalid="ignore"):
                    between = first + part * (second - first)
                ends.append(np.where(part > 0, between, first))
            lower, upper = (np.where(np.isfinite(e), e, np.nan) for e in ends)
            result[name] = (np.fmin(lower, value), np.fmax(upper, value))
        return result


def _insert(
    kept: NDArray[np.float32], fresh: NDArray[np.float32], nearer: np.ufunc, farther: np.ufunc
) -> None:
    """Put a value into its place among the extremes kept, the most extreme first."""
    last = kept[-1]
    # Most cells of most draws are not among the extremes; NaN (no value) never is.
    beyond = fresh < last if nearer is np.minimum else fresh > last
    where = np.flatnonzero(beyond)
    moving = fresh.ravel()[where]
    for rank in range(len(kept)):
        held = kept[rank].reshape(-1)
        now = held[where]
        held[where] = nearer(now, moving)
        moving = farther(now, moving)  # the farther of the two moves on to the next rank
