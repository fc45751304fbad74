"""Tile maps: one square for each place, near where it lies, none upon another."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["tiles"]

_ROOM = 1.35
"""Cells of the grid for each place: some stay empty, so that the outline of an area shows."""


def tiles(centres: Sequence[tuple[float, float]]) -> list[tuple[int, int]]:
    """Lays places out on a small grid.

    Every place is given a cell of its own so that the sum of squared distances between cells and
    true positions is smallest. Positions are half map, half rank, so that London's boards do not
    all want the same cell.

    Args:
        centres: latitude and longitude of each place, in degrees.

    Returns:
        Column (from 0 in the west) and row (from 0 in the north) of each place. The same places
        always give the same tiles.
    """
    count = len(centres)
    if count == 0:
        return []
    at = np.asarray(centres, dtype=np.float64)
    east = at[:, 1] * math.cos(math.radians(float(at[:, 0].mean())))
    south = -at[:, 0]
    wide, high = float(np.ptp(east)), float(np.ptp(south))
    # An area of one row of places is still drawn at most about six times as wide as it is high.
    aspect = min(max((wide + 1e-9) / (high + 1e-9), 1 / 6), 6.0)
    columns = max(1, math.ceil(math.sqrt(count * _ROOM * aspect)))
    rows = max(1, math.ceil(count * _ROOM / columns))
    x = _spread(east) * (columns - 1)
    y = _spread(south) * (rows - 1)
    cell_x, cell_y = np.meshgrid(np.arange(columns), np.arange(rows))
    cost = (x[:, None] - cell_x.ravel()) ** 2 + (y[:, None] - cell_y.ravel()) ** 2
    # Rounded, so that the last bit of a cosine on another machine cannot settle a tie.
    chosen = _assign(np.round(cost, 9))
    found_x, found_y = chosen % columns, chosen // columns
    # Columns and rows that nobody took are closed up.
    tight_x = np.unique(found_x, return_inverse=True)[1]
    tight_y = np.unique(found_y, return_inverse=True)[1]
    return [(int(column), int(row)) for column, row in zip(tight_x, tight_y, strict=True)]


def _spread(values: NDArray[np.float64]) -> NDArray[np.float64]:
    extent = float(np.ptp(values))
    place = (values - values.min()) / extent if extent > 0 else np.full(len(values), 0.5)
    rank = np.empty(len(values))
    rank[np.argsort(values, kind="stable")] = np.arange(len(values))
    return 0.5 * place + 0.5 * rank / max(len(values) - 1, 1)


def _assign(cost: NDArray[np.float64]) -> NDArray[np.int64]:
    """Gives each row a column of its own at the least total cost (shortest augmenting paths).

    Jonker and Volgenant, Computing 1987;38:325. `cost` has at least as many columns as rows.
    """
    rows, columns = cost.shape
    row_price = np.zeros(rows + 1)
    column_price = np.zeros(columns + 1)
    taken_by = np.zeros(columns + 1, dtype=np.int64)  # 1-based row of each column; 0 is free
    for row in range(1, rows + 1):
        taken_by[0] = row
        shortest = np.full(columns + 1, np.inf)
        came_from = np.zeros(columns + 1, dtype=np.int64)
        done = np.zeros(columns + 1, dtype=bool)
        column = 0
        while True:
            done[column] = True
            here = int(taken_by[column])
            reduced = cost[here - 1] - row_price[here] - column_price[1:]
            better = ~done[1:] & (reduced < shortest[1:])
            shortest[1:][better] = reduced[better]
            came_from[1:][better] = column
            following = int(np.argmin(np.where(done, np.inf, shortest)))
            step = shortest[following]
            row_price[taken_by[done]] += step
            column_price[done] -= step
            shortest[~done] -= step
            column = following
            if taken_by[column] == 0:
                break
        while column:
            previous = int(came_from[column])
            taken_by[column] = taken_by[previous]
            column = previous
    chosen = np.zeros(rows, dtype=np.int64)
    for column in range(1, columns + 1):
        if taken_by[column]:
            chosen[taken_by[column] - 1] = column - 1
    return chosen
