"""With actions too the kernel and the slow engine agree, cell by cell, to sampling error."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks import toy

from leftshift.engine import simulate
from leftshift.engine.oracle import simulate_slowly
from tests.oracle.test_engine_against_numpy import TIMES, assert_standard, z_scores

STEPS = 10
PEOPLE = 8000


@pytest.fixture(scope="module")
def runs():
    """Tallies of both engines: strong actions on half of those eligible, other draws each time."""
    lives = toy.lives(PEOPLE, STEPS, seed=4)
    tables = toy.tables(STEPS, periods=3, loads=3)
    actions = toy.actions(tables, reach=0.6)
    scoring = toy.scoring()
    fast = [
        simulate(lives, [tables], scoring, seed=k, threads=2, actions=[actions])[0]
        for k in range(TIMES)
    ]
    slow = [simulate_slowly(lives, tables, scoring, seed=k, actions=actions) for k in range(TIMES)]
    return fast, slow


def test_new_cases_deaths_and_remissions_agree(runs):
    lanes = [*range(21), *range(24, 35)]
    z = z_scores(runs, lambda r: r.flow[..., lanes].sum(0), 60)
    assert_standard(z, 800)


def test_states_at_the_end_agree_by_stratum(runs):
    lanes = [*range(21), *range(22, 32)]
    z = z_scores(runs, lambda r: r.stock[:, STEPS, :, :][..., lanes], 100)
    assert_standard(z, 1000)


def test_who_is_on_what_starts_and_is_eligible_agrees_by_stratum_and_segment(runs):
    for column in range(3):
        z = z_scores(runs, lambda r, column=column: r.reached[..., column], 60)
        assert z.size >= 300
        # one rank serves all steps, so that neighbouring cells go together
        assert abs(z.mean()) <= 0.3
        assert 0.8 <= z.std() <= 1.2
        assert np.abs(z).max() < 6


def test_expected_deaths_person_years_and_loads_agree(runs):
    fast, slow = runs
    for cells in (
        lambda r: r.flow[..., 21].sum((0, 2)),
        lambda r: r.flow[..., 22].sum((0, 2)),
        lambda r: r.flow[..., 23].sum((0, 2)),
        lambda r: r.load.sum((0, 2)),
        lambda r: r.reached[..., 0].sum((0, 1, 3)),
    ):
        a = np.mean([cells(r) for r in fast], axis=0)
        b = np.mean([cells(r) for r in slow], axis=0)
        np.testing.assert_allclose(a, b, rtol=0.03)
