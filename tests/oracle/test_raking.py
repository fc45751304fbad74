"""Rates against a plain implementation of the same definitions, and against closed forms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from leftshift.care.rates import rates
from leftshift.care.reference_people import BAND_OF, reference
from leftshift.care.services import Services
from leftshift.catalogue import Catalogue
from tests.care.made_up_services import AGES, any_services, plain

Array = NDArray[np.float64]
GROUPS = [range(20), range(20, 65), range(65, 85), range(85, 106)]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


def plainly(services: Services, which: int, catalogue: Catalogue) -> tuple[Array, Array]:
    """Units of one service by sex, fifth, age and segment, fitted cell by cell, and its people.

    A table of expected use is multiplied up to each margin in turn, written from the definitions in
    docs/method/rates.md, with every margin worked out here.
    """
    england = reference(catalogue)
    year = services.years[which].start
    people = england.at([year])[0].reshape(2, 5, 106)[..., None] * england.share.reshape(
        2, 5, 106, 6
    )
    dead = people.sum(3, keepdims=True) * england.deaths.reshape(2, 5, 106, 6)
    dead = dead * services.last_year[which]

    shape = services.shape[which][:, None, :, None] * np.ones_like(people)
    level = services.total[which] / (people * shape).sum()
    crude = people * shape * level
    by_band = {}
    for sex in range(2):
        for band in range(BAND_OF[-1] + 1):
            ages = np.flatnonzero(band == BAND_OF)
            by_band[sex, band] = crude[sex, :, ages].sum() - dead[sex, :, ages].sum()
    by_group = np.zeros((4, 5))
    for g, ages in enumerate(GROUPS):
        at = crude[:, :, ages].sum(axis=(0, 2, 3))
        wanted = at * services.deprivation[which, g]
        by_group[g] = wanted / wanted.sum() * at.sum() - dead[:, :, ages].sum(axis=(0, 2, 3))
    adult = crude[:, :, 17:].sum()
    by_segment = people[..., 1:].sum(axis=(0, 1, 2)) * services.segment[which]
    by_segment = by_segment / by_segment.sum() * adult - dead[..., 1:].sum(axis=(0, 1, 2))

    mean = england.multipliers(services.conditions)[..., which][:, BAND_OF].reshape(2, 5, 106, 6)
    cells = people * mean * shape
    for _ in range(3000):
        before = cells.copy()
        for (sex, band), wanted in by_band.items():
            ages = np.flatnonzero(band == BAND_OF)
            cells[sex][:, ages] *= wanted / cells[sex][:, ages].sum()
        # within a band single ages follow the shape
        for sex in range(2):
            for age in range(106):
                ages = np.flatnonzero(BAND_OF[age] == BAND_OF)
                mine = crude[sex, :, age].sum() / crude[sex, :, ages].sum()
                wanted = by_band[sex, BAND_OF[age]] * mine
                cells[sex, :, age] *= wanted / cells[sex, :, age].sum()
        for g, ages in enumerate(GROUPS):
            for fifth in range(5):
                part = cells[:, fifth, ages]
                cells[:, fifth, ages] = part * (by_group[g, fifth] / part.sum())
        if len(set(services.segment[which])) > 1:
            cells[..., 1:] *= by_segment / cells[..., 1:].sum(axis=(0, 1, 2))
        if np.abs(cells - before).max() < 1e-9 * cells.max():
            break
    return cells, people * mean


@pytest.mark.parametrize("seed", [3, 8])
def test_rates_are_those_of_plain_proportional_fitting(seed: int, catalogue: Catalogue) -> None:
    services = any_services(seed, 3)
    found = rates(services, catalogue, 2025)
    for which in range(3):
        cells, exposed = plainly(services, which, catalogue)
        grown = (1 + services.growth[which]) ** (2025 - services.years[which].start)
        wanted = cells / np.maximum(exposed, 1e-300) * grown
        have = found.rate[..., which].reshape(2, 5, 106, 6)
        there = exposed > 1.0
        np.testing.assert_allclose(have[there], wanted[there], rtol=2e-3)


def test_with_age_alone_a_rate_is_the_total_over_the_sum_of_shape_times_people(
    catalogue: Catalogue,
) -> None:
    curve = 1.0 + np.minimum(AGES, 80.0)[None, None] * np.array([1.0, 2.0])[None, :, None]
    services = replace(plain(), shape=curve)
    people = reference(catalogue).at([2024])[0].reshape(2, 5, 106).sum(axis=1)
    found = rates(services, catalogue, 2025)
    wanted = curve[0] * 1e7 / (curve[0] * people).sum()
    for fifth in range(5):
        for segment in range(6):
            have = found.rate.reshape(2, 5, 106, 6)[:, fifth, :, segment]
            np.testing.assert_allclose(have, wanted, rtol=1e-6)


def test_with_fifths_alone_each_has_its_gradient_times_the_mean_rate_of_its_own_people(
    catalogue: Catalogue,
) -> None:
    # Where age, segments and conditions make no difference, a fifth's use follows its gradient.
    gradient = np.array([1.3, 1.1, 1.0, 0.9, 0.7])
    services = replace(plain(), deprivation=np.tile(gradient, (1, 4, 1)))
    people = reference(catalogue).at([2024])[0].reshape(2, 5, 106)
    found = rates(services, catalogue, 2025)
    used = people * found.per_head[..., 0].reshape(2, 5, 106)
    for ages in GROUPS:
        have = used[:, :, ages].sum(axis=(0, 2)) / people[:, :, ages].sum(axis=(0, 2))
        np.testing.assert_allclose(have / have[2], gradient / gradient[2], rtol=1e-4)


def test_a_multiplier_for_one_condition_is_the_odds_of_use_between_those_with_and_without(
    catalogue: Catalogue,
) -> None:
    conditions = np.ones((20, 1))
    conditions[4] = 5.0
    services = replace(plain(), conditions=conditions)
    found = rates(services, catalogue, 2025)
    england = reference(catalogue)
    # mean multiplier of a cell is 1 + 4 x the share who have it
    mean = england.multipliers(conditions)[..., 0]
    total = np.add.reduceat(england.count, england.starts)
    having = np.add.reduceat(england.count * england.patterns[england.pattern, 4], england.starts)
    np.testing.assert_allclose(mean.ravel()[england.cells], 1 + 4 * having / total, rtol=1e-12)
    now = england.at([2025])[0]
    sick = now[:, :, None] * england.share * mean[:, BAND_OF]
    used = (sick * found.rate[..., 0]).sum()
    assert used == pytest.approx(found.england[0], rel=1e-6)
