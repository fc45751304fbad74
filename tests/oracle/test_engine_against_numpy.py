"""The kernel and the slow engine must agree, cell by cell, to within sampling error."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks import toy

from leftshift.engine import simulate
from leftshift.engine.oracle import simulate_slowly

STEPS = 12
TIMES = 10
PEOPLE = 9000


@pytest.fixture(scope="module")
def runs():
    """Tallies of both engines, the same people simulated several times with other draws."""
    lives = toy.lives(PEOPLE, STEPS, seed=4)
    tables = toy.tables(STEPS, periods=3, loads=3)
    scoring = toy.scoring()
    fast = [simulate(lives, [tables], scoring, seed=k, threads=2)[0] for k in range(TIMES)]
    slow = [simulate_slowly(lives, tables, scoring, seed=k) for k in range(TIMES)]
    return fast, slow


def z_scores(runs, cells, enough):
    """z of the difference in each cell that varies and has enough, over repeated runs."""
    fast, slow = (np.stack([cells(r).ravel() for r in side]) for side in runs)
    mean, variance = fast.mean(0) - slow.mean(0), (fast.var(0, ddof=1) + slow.var(0, ddof=1))
    weight = 590.25
    chosen = ((fast + slow).sum(0) >= enough * weight) & (variance > 0)
    z = mean[chosen] / np.sqrt(variance[chosen] / TIMES)
    # Variances are estimated: undo what that adds to the spread of a t distribution.
    freedom = 2 * TIMES - 2
    return z * np.sqrt((freedom - 2) / freedom)


def assert_standard(z, least):
    assert z.size >= least
    assert abs(z.mean()) <= 0.1
    assert 0.9 <= z.std() <= 1.1
    assert np.abs(z).max() < 6


def test_new_cases_deaths_and_remissions_agree(runs):
    lanes = [*range(21), *range(24, 35)]
    z = z_scores(runs, lambda r: r.flow[..., lanes].sum(0), 60)
    assert_standard(z, 1000)


def test_states_at_the_end_agree_by_stratum(runs):
    lanes = [*range(21), *range(22, 32)]
    z = z_scores(runs, lambda r: r.stock[:, STEPS, :, :][..., lanes], 100)
    assert_standard(z, 1000)


def test_expected_deaths_person_years_and_loads_agree(runs):
    fast, slow = runs
    for cells in (
        lambda r: r.flow[..., 21].sum((0, 2)),
        lambda r: r.flow[..., 22].sum((0, 2)),
        lambda r: r.flow[..., 23].sum((0, 2)),
        lambda r: r.load.sum((0, 2)),
    ):
        a = np.mean([cells(r) for r in fast], axis=0)
        b = np.mean([cells(r) for r in slow], axis=0)
        np.testing.assert_allclose(a, b, rtol=0.02)


def test_deaths_are_as_many_as_expected(runs):
    for side in runs:
        died = sum(r.flow[..., 20].sum() for r in side)
        expected = sum(r.flow[..., 21].sum() for r in side)
        # a martingale: its variance is at most the expected number of deaths
        assert abs(died - expected) < 4 * np.sqrt(expected * 590.25)


def test_at_the_start_both_count_the_same_people(runs):
    fast, slow = runs
    np.testing.assert_allclose(fast[0].stock[:, 0], slow[0].stock[:, 0], rtol=1e-6)
    np.testing.assert_allclose(fast[0].stock_age[:, 0], slow[0].stock_age[:, 0], rtol=1e-6)
    births = fast[0].flow_age[:, :, 0, 2]
    np.testing.assert_allclose(births, slow[0].flow_age[:, :, 0, 2], rtol=1e-6)
