"""How conditions occur together, today and as years pass.

The published anchors (variance over mean of the number of conditions of about 1.6, 1.6 and 1.5 at
45-64, 65-84 and 85 and over, after Barnett et al. 2012) were a guide to the spread of frailty and
are not fitted: the ranges here say how near they must stay.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from leftshift.areas import find_area
from leftshift.catalogue import Catalogue
from leftshift.engine import simulate
from leftshift.people.model import PARTICLES, Frame, World, build

SEED = 1


def _world(extra: dict[str, float], years: int, people: int) -> World:
    cat = Catalogue.load(extra=extra)
    return build(
        cat.parameters(),
        find_area("England", cat),
        Frame(2025, years),
        people=people,
        seed=SEED,
        particles=PARTICLES,
        threads=2,
    )


@pytest.fixture(scope="module")
def today() -> World:
    return _world({}, 0, 150_000)


def _people(world: World, first: int, end: int) -> tuple[np.ndarray, np.ndarray]:
    """Which conditions people of some ages have, ``[n, 20]``, and their weights."""
    lives = world.lives
    here = (lives.enter == 0) & (lives.cohort >= first) & (lives.cohort < end)
    has = (lives.state[here, None] >> np.arange(20, dtype=np.uint32)) & np.uint32(1)
    return has, np.asarray(lives.weight[here], np.float64)


@pytest.mark.parametrize(
    ("first", "end", "published"), [(45, 65, 1.6), (65, 85, 1.6), (85, 106, 1.5)]
)
def test_the_number_of_conditions_varies_as_much_as_published(
    today: World, first: int, end: int, published: float
) -> None:
    has, weight = _people(today, first, end)
    number = has.sum(axis=1)
    mean = np.average(number, weights=weight)
    spread = np.average((number - mean) ** 2, weights=weight)
    assert spread / mean == pytest.approx(published, abs=0.2)


def test_fibrillation_and_heart_failure_go_together_beyond_age_sex_and_deprivation(
    today: World,
) -> None:
    cat = Catalogue.load()
    names = [str(c["id"]) for c in cat.entities("conditions")]
    has, weight = _people(today, 65, 85)
    lives = today.lives
    here = (lives.enter == 0) & (lives.cohort >= 65) & (lives.cohort < 85)
    cell = lives.group_stratum[lives.group[here]].astype(np.int64) * 106 + lives.cohort[here]
    one, other = (has[:, names.index(c)] for c in ("atrial_fibrillation", "heart_failure"))
    people, first, second = (np.bincount(cell, weight * x, 1060) for x in (1, one, other))
    expected = (first * second / np.maximum(people, 1e-9)).sum()
    assert 2.0 < (weight * one * other).sum() / expected < 4.5


def test_the_share_with_five_or_more_does_not_drift_where_nothing_changes() -> None:
    """A closed cohort, without trends: independent starts would double the share in 20 years."""
    still = {
        row.id: 0.0 for row in Catalogue.load().rows("condition") if row.id.endswith(".growth")
    }
    world = _world({**still, "mortality.improvement": 0.0}, 20, 150_000)
    stay = np.flatnonzero(world.lives.enter == 0)
    people = ("id", "group", "cohort", "enter", "weight", "state", "since", "frailty", "levels")
    lives = replace(
        world.lives,
        leave=np.full(len(stay), 32767, np.int16),
        **{name: getattr(world.lives, name)[stay] for name in people},
    )
    # A point for each condition: "major illness" is then five or more.
    counting = replace(world.scoring, score=np.ones(20, np.int64), major=4)
    ages = simulate(lives, [world.tables], counting, seed=SEED, threads=2)[0].stock_age
    base = ages[:, 0, 65:85, 0]

    def share(t: int) -> float:
        alive, spared = ages[:, t, 65:85, 0], ages[:, t, 65:85, 1]
        return float(((1 - spared / np.maximum(alive, 1e-9)) * base).sum() / base.sum())

    assert 0.09 < share(0) < 0.14
    assert share(20) == pytest.approx(share(0), abs=0.01)
