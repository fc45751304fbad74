"""Weights that give the simulated people the prevalence that they were drawn for.

Of 100,000 simulants some 1,200 have heart failure, and chance alone can leave an area 5% short of
its own register. Calibration, as survey statisticians use it, takes that error out of the base year
and most of it out of the years after: weights move a little, those of people with a condition that
is short of cases up and the others' down, until every condition has the area's expected number of
cases. Method: Deville and Särndal, Journal of the American Statistical Association
1992;87:376-382 (linear distance).

The weights of each sex x fifth x single age, and of each place, keep their sums exactly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

AGES = 106
#: Furthest that a weight may move, as a share of itself: with very few simulants the cases cannot
#: all be met, and then they are approached together.
_FURTHEST = 0.5


def calibrated(
    weight: Array,
    cell: NDArray[np.int64],
    place: NDArray[np.int64],
    has: NDArray[np.bool_],
    wanted: Array,
) -> Array:
    """Moves weights so that conditions have the cases wanted.

    Args:
        weight: [n] people that each simulant stands for.
        cell: [n] number of the sex x fifth x age that a simulant is in, below 1,060.
        place: [n] number of the place.
        has: [n, C] who counts as a case of which condition.
        wanted: [C] cases of each condition.

    Returns:
        [n] weights, all above 0, with the same sum in each cell and each place.
    """
    conditions, places = len(wanted), int(place.max(initial=0)) + 1
    cells = 10 * AGES
    total = np.bincount(cell, weight, cells)

    # Sums by cell of each constraint: cases of the conditions, then people of the places.
    by_cell = np.empty((cells, conditions + places))
    for c in range(conditions):
        by_cell[:, c] = np.bincount(cell[has[:, c]], weight[has[:, c]], cells)
    by_place = np.bincount(cell * places + place, weight, cells * places).reshape(cells, places)
    by_cell[:, conditions:] = by_place
    mean = by_cell / np.where(total > 0, total, 1.0)[:, None]

    # Products of the constraints, less those of their means in each cell.
    square = np.zeros((conditions + places,) * 2)
    for c in range(conditions):
        mine = weight[has[:, c]]
        square[c, :conditions] = mine @ has[has[:, c]]
        square[c, conditions:] = np.bincount(place[has[:, c]], mine, places)
    square[conditions:, :conditions] = square[:conditions, conditions:].T
    square[conditions:, conditions:] = np.diag(by_place.sum(axis=0))
    square -= by_cell.T @ mean
    short = np.concatenate([wanted - by_cell[:, :conditions].sum(axis=0), np.zeros(places)])
    # Least squares: the places' constraints add up to nothing, and a condition that nobody in the
    # sample has cannot be met at all.
    size = np.sqrt(np.maximum(np.diag(square), 0.0))
    scale = np.where(size > 1e-9, 1.0 / np.where(size > 1e-9, size, 1.0), 0.0)
    solved = np.linalg.lstsq(square * scale * scale[:, None], short * scale, rcond=1e-9)[0]
    multiplier = solved * scale

    move = has @ multiplier[:conditions] + multiplier[conditions:][place]
    move -= (mean @ multiplier)[cell]
    furthest = float(np.abs(move).max(initial=0.0))
    return np.asarray(weight * (1.0 + move * min(1.0, _FURTHEST / max(furthest, _FURTHEST))))
