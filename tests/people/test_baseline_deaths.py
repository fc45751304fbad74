"""Deaths of the baseline follow the death rates of the catalogue, however illness changes."""

from __future__ import annotations

import numpy as np
import pytest

from leftshift.areas import find_area
from leftshift.catalogue import Catalogue
from leftshift.engine import Tallies, simulate
from leftshift.people.baseline_deaths import followed
from leftshift.people.life_table import expectancy
from leftshift.people.model import PARTICLES_IN_DRAWS, Frame, World, build
from leftshift.people.population import project

YEARS = 20


@pytest.fixture(scope="module")
def world() -> World:
    cat = Catalogue.load()
    return build(
        cat.parameters(),
        find_area("QMM", cat),
        Frame(2025, YEARS),
        people=60_000,
        seed=3,
        particles=PARTICLES_IN_DRAWS,
    )


@pytest.fixture(scope="module")
def tallies(world: World) -> Tallies:
    return simulate(world.lives, [world.tables], world.scoring, seed=3, threads=2)[0]


def test_expected_deaths_of_every_year_are_those_of_the_death_rates(
    world: World, tallies: Tallies
) -> None:
    """Left alone they end 7% above: rising illness would take back the cited improvement."""
    counted = tallies.flow_age
    wanted = counted[..., 2] * -np.expm1(-world.mortality.transpose(1, 0, 2))
    ratio = counted[..., 1].sum(axis=(0, 2)) / wanted.sum(axis=(0, 2))
    assert np.abs(ratio - 1).max() < 0.012


def test_life_expectancy_rises_as_the_cited_improvement_says(
    world: World, tallies: Tallies
) -> None:
    counted = tallies.flow_age.reshape(2, 5, -1, 107, 3).sum(axis=1)
    at_risk = counted[..., 2]
    rate = -np.expm1(-world.mortality).reshape(-1, 2, 5, 107).transpose(1, 2, 0, 3)
    people = tallies.flow_age[..., 2].reshape(2, 5, -1, 107)
    table = (rate * people).sum(axis=1) / np.maximum(people.sum(axis=1), 1e-9)
    died = np.where(at_risk > 0, counted[..., 1] / np.maximum(at_risk, 1e-9), rate.mean(axis=1))
    table = np.where(at_risk > 0, table, rate.mean(axis=1))
    gained = expectancy(died)[:, YEARS] - expectancy(died)[:, 0]
    said = expectancy(table)[:, YEARS] - expectancy(table)[:, 0]
    assert (said > 1.0).all()
    np.testing.assert_allclose(gained, said, atol=0.2)


def test_people_follow_the_cohort_component_projection(world: World, tallies: Tallies) -> None:
    stocks = project(world.residents, world.flows, world.mortality).sum(axis=(1, 2, 3))
    simulated = tallies.stock_age[..., 0].sum(axis=0)
    for t in (0, 10, YEARS):
        assert simulated[t].sum() == pytest.approx(stocks[t].sum(), rel=0.01)
        old = stocks[t][65:].sum()
        assert simulated[t][65:].sum() == pytest.approx(old, rel=0.02)


def test_only_the_hazard_of_death_is_moved_and_by_little(world: World) -> None:
    again = followed(world.lives, world.tables, world.scoring, world.mortality, 3)
    others = [lane for lane in range(32) if lane != 20]
    assert (again.hazard[..., others] == world.tables.hazard[..., others]).all()
    assert again.ratio is world.tables.ratio
    there = world.tables.hazard[..., 20] > 0
    moved = again.hazard[..., 20][there] / world.tables.hazard[..., 20][there]
    assert np.abs(moved - 1).max() < 0.05


def test_a_handful_of_simulants_hardly_moves_it() -> None:
    cat = Catalogue.load()
    few = build(
        cat.parameters(),
        find_area("QMM", cat),
        Frame(2025, 2),
        people=50,
        seed=1,
        particles=500,
    )
    lone = followed(few.lives, few.tables, few.scoring, few.mortality, 1)
    ratio = lone.hazard[..., 20] / np.maximum(few.tables.hazard[..., 20], 1e-30)
    there = few.tables.hazard[..., 20] > 0
    assert np.abs(np.log(ratio[there])).max() < 0.3
