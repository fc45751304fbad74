"""A tile map shows every place once, near where it lies."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leftshift.areas.tiles import _assign, tiles

POINTS = st.lists(st.tuples(st.floats(49, 56), st.floats(-6, 2)), max_size=30)


@settings(max_examples=60, deadline=None)
@given(POINTS)
def test_no_two_places_share_a_tile_and_no_line_is_empty(
    centres: list[tuple[float, float]],
) -> None:
    found = tiles(centres)
    assert len(set(found)) == len(centres)
    for axis in (0, 1):
        used = {tile[axis] for tile in found}
        assert used == set(range(len(used)))
    assert tiles(centres) == found


def test_places_in_a_row_stay_in_a_row() -> None:
    assert tiles([(52.0, -1.0), (52.0, 0.0), (52.0, 1.0)]) == [(0, 0), (1, 0), (2, 0)]
    assert tiles([(53.0, 0.0), (52.0, 0.0), (51.0, 0.0)]) == [(0, 0), (0, 1), (0, 2)]
    assert tiles([(52.0, 0.0)]) == [(0, 0)]
    assert tiles([]) == []


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (5, 5), (8, 20), (30, 41)])
def test_the_assignment_is_the_best_there_is(rows: int, columns: int) -> None:
    from scipy.optimize import linear_sum_assignment

    cost = np.random.default_rng(rows).random((rows, columns))
    chosen = _assign(cost)
    best = cost[linear_sum_assignment(cost)].sum()
    assert len(set(chosen)) == rows
    assert cost[np.arange(rows), chosen].sum() == pytest.approx(best)
