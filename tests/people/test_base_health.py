"""Today's state of health in a real board: what was asked for is what the simulants have."""

from __future__ import annotations

import numpy as np
import pytest

from leftshift.areas import find_area
from leftshift.catalogue import Catalogue
from leftshift.engine import Tallies, simulate
from leftshift.people import prevalence
from leftshift.people.model import PARTICLES, Frame, World, build
from leftshift.people.roll import roll

BOARD = "QMM"  # Norfolk and Waveney
PEOPLE = 100_000


@pytest.fixture(scope="module")
def cat() -> Catalogue:
    return Catalogue.load()


@pytest.fixture(scope="module")
def world(cat: Catalogue) -> World:
    return build(
        cat.parameters(),
        find_area(BOARD, cat),
        Frame(2025, 1),
        people=PEOPLE,
        seed=1,
        particles=PARTICLES,
        threads=2,
    )


@pytest.fixture(scope="module")
def tallies(world: World) -> Tallies:
    return simulate(world.lives, [world.tables], world.scoring, seed=1, threads=2)[0]


def test_prevalence_is_within_three_percent_or_sampling_error_of_its_input(world: World) -> None:
    """Condition x sex x fifth x ten-year age band: 2,000 cells."""
    lives = world.lives
    here = (lives.enter == 0) & (lives.cohort >= 0)
    stratum = lives.group_stratum[lives.group[here]]
    weight = np.asarray(lives.weight[here], np.float64)
    cell = stratum * 10 + np.minimum(lives.cohort[here] // 10, 9)
    band = np.minimum(np.arange(106) // 10, 9)
    residents = world.residents.sum(axis=0).reshape(10, 106)
    near, scores = [], []
    for condition, target in enumerate(world.targets):
        ill = (lives.state[here] >> np.uint32(condition)) & np.uint32(1)
        people = np.bincount(cell, weight, 100)
        simulants = np.bincount(cell, minlength=100)
        wanted = np.stack([np.bincount(band, row, 10) for row in target * residents]).ravel()
        share = wanted / people
        error = np.sqrt(share * (1.0 - share) / simulants)
        off = np.bincount(cell, weight * ill, 100) / people - share
        near.append((np.abs(off) <= 0.03 * share) | (np.abs(off) <= 1.96 * error))
        common = share * simulants >= 5
        scores.append((off / error)[common])
    assert np.mean(near) > 0.95
    together = np.concatenate(scores)
    assert abs(together.mean()) < 0.05
    assert together.std() < 1.0
    assert np.abs(together).max() < 4.5


def test_the_board_has_as_many_cases_as_its_registers_of_2023(cat: Catalogue, world: World) -> None:
    published = prevalence.register_counts(cat, find_area(BOARD, cat), 2023)
    names = [str(c["id"]) for c in cat.entities("conditions")]
    lives = world.lives
    assert len(published) == 11
    for register in published.iter_rows(named=True):
        at = np.uint32(names.index(register["condition"]))
        counts = (lives.enter == 0) & (lives.cohort >= register["minimum_age"])
        ill = counts & ((lives.state >> at) & np.uint32(1) == 1)
        cases = float(np.asarray(lives.weight[ill], np.float64).sum())
        assert cases == pytest.approx(register["cases"], rel=1e-4), register["condition"]


def test_calibrating_weights_to_illness_moves_no_margin_of_people(world: World) -> None:
    before = roll(world.residents, world.flows, world.mortality, PEOPLE, 1)
    here = (before.enter == 0) & (before.cohort >= 0)
    age = before.cohort[here].astype(np.int64)
    for key in (
        before.place[here].astype(np.int64),
        before.sex[here].astype(np.int64) * 106 + age,
        before.quintile[here].astype(np.int64) * 106 + age,
    ):
        then = np.bincount(key, before.weight[here])
        now = np.bincount(key, world.roll.weight[here])
        np.testing.assert_allclose(now, then, rtol=1e-9, atol=1e-6)
    moved = world.roll.weight[here] / before.weight[here]
    assert 0.75 < moved.min() < moved.max() < 1.25
    assert (world.roll.weight[~here] == before.weight[~here]).all()


def test_scores_segments_and_qalys_hang_together(world: World, tallies: Tallies) -> None:
    stock, flow = tallies.stock, tallies.flow
    people = stock[..., 20]
    np.testing.assert_allclose(stock[..., 24:30].sum(axis=-1), people, rtol=1e-9, atol=1e-6)
    assert (flow[..., 23] <= flow[..., 22] + 1e-6).all()  # QALYs, person-years
    assert (stock[..., 21] <= people + 1e-6).all()  # utility
    assert (stock[..., 31] <= stock[..., 30] + 1e-6).all()  # four or more, two or more
    assert (stock[..., 30] <= people + 1e-6).all()
    # A score over 1.50 is segment 3 (from 0.69), 4 or 5; all of segments 4 and 5 are over it.
    assert (stock[..., 23] >= stock[..., 27:29].sum(axis=-1) - 1e-6).all()
    scores = (stock[..., :20] * world.scoring.score).sum(axis=-1)
    np.testing.assert_allclose(stock[..., 22], scores, rtol=1e-6, atol=1e-3)
    assert (flow[..., :20] >= 0).all()
    assert flow[..., :20].sum(axis=(0, 1, 2)).min() > 0  # new cases of every condition


def test_as_many_die_as_are_expected_to(tallies: Tallies) -> None:
    weight = 1.08e6 / PEOPLE
    died, expected = tallies.flow[..., 20].sum(), tallies.flow[..., 21].sum()
    assert abs(died - expected) < 4 * np.sqrt(expected * weight)


def test_no_place_is_healthier_than_its_people_make_it(world: World) -> None:
    base = (world.roll.enter == 0) & (world.roll.cohort >= 0)
    lives = world.lives
    count = np.bitwise_count(lives.state[base]).astype(np.float64)
    weight = lives.weight[base].astype(np.float64)
    cell = (lives.group[base] % 10).astype(np.int64) * 106 + lives.cohort[base]
    place = lives.group[base] // 10
    people = np.bincount(cell, weight, 1060)
    mean = np.bincount(cell, weight * count, 1060) / np.where(people > 0, people, 1.0)
    # What each place's people would have at the area's mean of their sex, fifth and age.
    expected = np.bincount(place, weight * mean[cell])
    have = np.bincount(place, weight * count)
    # Within the error of a sample of some 12,000 for each place, the first of them too.
    assert np.abs(have / expected - 1.0).max() < 0.035
