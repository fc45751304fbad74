"""Intervals over draws."""

from __future__ import annotations

import numpy as np
import pytest

from leftshift.people.spread import Spread


def _spread(draws: np.ndarray, order: np.ndarray, central: np.ndarray) -> tuple:
    spread = Spread(len(draws))
    for i in order:
        spread.add({"x": draws[i]})
    return spread.bounds({"x": central})["x"]


@pytest.mark.parametrize("count", [2, 3, 40, 41, 50, 200, 1000])
def test_the_interval_is_the_quantiles_of_all_draws(count: int) -> None:
    draws = np.random.default_rng(count).normal(size=(count, 4, 3)).astype(np.float32)
    central = np.median(draws, axis=0).astype(float)
    low, high = _spread(draws, np.arange(count), central)
    expected = np.quantile(draws.astype(float), [0.025, 0.975], axis=0)
    np.testing.assert_allclose(low, expected[0], atol=1e-6)
    np.testing.assert_allclose(high, expected[1], atol=1e-6)


def test_the_order_in_which_draws_arrive_changes_no_bit() -> None:
    rng = np.random.default_rng(5)
    draws = rng.normal(size=(50, 100))
    central = np.zeros(100)
    first = _spread(draws, np.arange(50), central)
    second = _spread(draws, rng.permutation(50), central)
    assert first[0].tobytes() == second[0].tobytes()
    assert first[1].tobytes() == second[1].tobytes()


def test_a_value_outside_its_draws_widens_the_interval() -> None:
    low, high = _spread(np.zeros((10, 2)), np.arange(10), np.array([5.0, -5.0]))
    np.testing.assert_array_equal(low, [0, -5])
    np.testing.assert_array_equal(high, [5, 0])


def test_draws_without_a_value_displace_none() -> None:
    draws = np.array([[1.0], [np.nan], [3.0]])
    low, high = _spread(draws, np.array([1, 0, 2]), np.array([2.0]))
    assert 1.0 <= low[0] <= 2.0 <= high[0] <= 3.0


def test_a_draw_that_is_missing_is_never_passed_over() -> None:
    spread = Spread(3)
    spread.add({"x": np.zeros(2)})
    with pytest.raises(RuntimeError, match="3 draws were announced and 1 were added"):
        spread.bounds({"x": np.zeros(2)})
