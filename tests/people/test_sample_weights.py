"""Weights that bring every condition to its cases and leave every margin as it was."""

from __future__ import annotations

import numpy as np
import pytest

from leftshift.people.sample_weights import calibrated


def _people(n: int = 4_000) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    weight = rng.uniform(8.0, 12.0, n)
    cell = rng.integers(0, 60, n)
    place = rng.integers(0, 4, n)
    has = rng.random((n, 3)) < [0.3, 0.05, 0.01]
    return weight, cell, place, has


def test_every_condition_gets_its_cases_and_every_cell_and_place_keeps_its_people() -> None:
    weight, cell, place, has = _people()
    wanted = weight @ has * [1.02, 0.95, 1.1]
    moved = calibrated(weight, cell, place, has, wanted)
    assert moved @ has == pytest.approx(wanted, rel=1e-9)
    for key in (cell, place):
        np.testing.assert_allclose(np.bincount(key, moved), np.bincount(key, weight), rtol=1e-9)
    assert moved.min() > 0.0


def test_a_sample_that_is_right_already_is_left_alone() -> None:
    weight, cell, place, has = _people()
    np.testing.assert_allclose(calibrated(weight, cell, place, has, weight @ has), weight)


def test_a_condition_that_nobody_sampled_has_changes_nothing() -> None:
    weight, cell, place, has = _people()
    has[:, 2] = False
    wanted = weight @ has + [0.0, 0.0, 500.0]
    np.testing.assert_allclose(calibrated(weight, cell, place, has, wanted), weight)


def test_cases_that_the_sample_cannot_show_are_approached_with_weights_above_nothing() -> None:
    weight, cell, place, has = _people(40)
    moved = calibrated(weight, cell, place, has, weight @ has * 5.0)
    assert moved.min() >= 0.5 * weight.min() - 1e-9
    assert moved.sum() == pytest.approx(weight.sum())


def test_one_simulant_keeps_its_weight() -> None:
    alone = np.zeros(1, np.int64)
    moved = calibrated(np.array([1e6]), alone, alone, np.ones((1, 3), bool), np.full(3, 1e4))
    assert moved == pytest.approx([1e6])
