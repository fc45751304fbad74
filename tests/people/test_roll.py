"""Claims about the roll of simulated people, on real areas."""

from __future__ import annotations

import numpy as np
import pytest

from leftshift.areas import find_area
from leftshift.catalogue import Catalogue
from leftshift.errors import SettingError
from leftshift.people.population import Flows, flows, mortality, project, residents
from leftshift.people.roll import NEVER, Roll, roll, systematic

STEPS = 21
AREAS = ("QMM", "E07000202", "E07000040", "norfolk-and-suffolk")
ENOUGH = 400


@pytest.fixture(scope="module")
def cat() -> Catalogue:
    return Catalogue.load()


def listed(cat: Catalogue, text: str, people, seed: int = 1, base_year: int = 2025):
    p, area = cat.parameters(), find_area(text, cat)
    base = residents(p, area, base_year)
    dying = mortality(p, area, base, base_year, STEPS)
    moving = flows(p, area, base_year, STEPS)
    return base, moving, dying, roll(base, moving, dying, people, seed)


def at_base(r: Roll, shape: tuple[int, ...]):
    """Weights and numbers of the base's residents by cell."""
    here = (r.enter == 0) & (r.cohort >= 0)
    cell = (r.place[here], r.sex[here], r.quintile[here], r.cohort[here])
    weight, number = np.zeros(shape), np.zeros(shape)
    np.add.at(weight, cell, r.weight[here])
    np.add.at(number, cell, 1)
    return weight, number


def survival(dying, upto: int):
    """Share of each entry alive at a stock: ``[10, 106 + T, T + 1]`` by cohort + T and entry."""
    alive = np.ones((10, 106 + STEPS, STEPS + 1))
    cohort = np.arange(106 + STEPS) - STEPS
    for enter in range(upto):
        for t in range(enter, upto):
            row = np.clip(cohort + t, -1, 105) + 1
            alive[:, :, enter] *= np.where(cohort + t >= -1, np.exp(-dying[t][:, row]), 1)
    return alive


@pytest.mark.parametrize("text", AREAS)
def test_every_margin_meets_the_estimate(cat: Catalogue, text):
    base, _, _, r = listed(cat, text, 100_000)
    weight, number = at_base(r, base.shape)
    assert number.sum() == 100_000
    mean = base.sum() / 100_000
    for name, rest in (
        ("age", (0, 1, 2)),
        ("sex", (0, 2, 3)),
        ("quintile", (0, 1, 3)),
        ("place", (1, 2, 3)),
        ("age and quintile", (0, 1)),
    ):
        off = np.abs(weight.sum(rest) - base.sum(rest))
        many = number.sum(rest) >= ENOUGH
        assert (off[many] <= 0.005 * base.sum(rest)[many]).all(), name
        assert (off[~many] <= mean).all(), (name, off[~many].max() / mean)


@pytest.mark.parametrize("text", AREAS)
@pytest.mark.parametrize("people", [1, 2, 50, 1000, 100_000])
def test_weights_add_up_exactly(cat: Catalogue, text, people):
    base, _, _, r = listed(cat, text, people)
    weight, number = at_base(r, base.shape)
    assert number.sum() == people
    assert weight.sum() == pytest.approx(base.sum(), rel=1e-12)
    assert (r.weight > 0).all()


def test_one_simulant_carries_everybody(cat: Catalogue):
    base, _, _, r = listed(cat, "QMM", 1)
    assert r.weight[r.enter == 0][0] == pytest.approx(base.sum())


def test_weights_stay_near_the_mean(cat: Catalogue):
    base, _, _, r = listed(cat, "QMM", 100_000)
    mean = base.sum() / 100_000
    assert np.percentile(np.abs(r.weight / mean - 1), 99) < 0.02
    assert 0.5 * mean < r.weight.min()
    assert r.weight.max() < 2 * mean


def test_england_is_sampled_alike(cat: Catalogue):
    base, _, _, r = listed(cat, "England", 20_000)
    weight, number = at_base(r, base.shape)
    assert number.sum() == 20_000
    np.testing.assert_allclose(weight.sum((1, 2, 3)), base.sum((1, 2, 3)), rtol=1e-6)
    np.testing.assert_allclose(weight.sum((0, 1, 3)), base.sum((0, 1, 3)), rtol=1e-6)


def test_all_means_one_simulant_for_each_resident(cat: Catalogue):
    base, moving, _, r = listed(cat, "E07000202", "all")
    weight, _ = at_base(r, base.shape)
    np.testing.assert_array_equal(weight, base)
    assert (r.weight == 1).all()
    born = np.bincount(r.enter[r.cohort == -1 - r.enter], minlength=STEPS)
    assert np.abs(born - moving.births.sum((1, 2, 3))).max() <= 1


def test_all_of_a_split_authority_is_a_whole_number_of_people(cat: Catalogue):
    base, _, _, r = listed(cat, "norfolk-and-suffolk", "all")
    weight, _ = at_base(r, base.shape)
    assert weight.sum() == round(base.sum())
    assert np.abs(weight.sum((0, 1)) - base.sum((0, 1))).max() <= 1


def test_more_simulants_than_residents_means_all(cat: Catalogue):
    *_, every = listed(cat, "E06000053", "all")
    *_, more = listed(cat, "E06000053", 10_000_000)
    np.testing.assert_array_equal(every.id, more.id)
    assert (more.weight == 1).all()


@pytest.mark.parametrize("people", [0, -5])
def test_no_simulants_is_an_error(cat: Catalogue, people):
    with pytest.raises(SettingError, match="people"):
        listed(cat, "E06000053", people)


def test_an_area_without_people_is_an_error():
    nobody = np.zeros((1, 2, 5, 106))
    still = Flows(np.zeros((1, 1, 2, 5)), np.zeros((1, 1, 2, 5, 106)))
    with pytest.raises(SettingError, match="no residents"):
        roll(nobody, still, np.zeros((1, 10, 107)), 100, 1)


@pytest.mark.parametrize("people", [100_000, 3_000])
def test_identities_are_unique_and_the_roll_is_sorted(cat: Catalogue, people):
    *_, r = listed(cat, "norfolk-and-suffolk", people)
    assert len(np.unique(r.id)) == len(r.id)
    order = np.lexsort((r.id, r.cohort, r.quintile, r.sex, r.place))
    np.testing.assert_array_equal(order, np.arange(len(order)))


def test_the_same_seed_gives_the_same_roll(cat: Catalogue):
    *_, one = listed(cat, "QMM", 5_000, seed=7)
    *_, two = listed(cat, "QMM", 5_000, seed=7)
    *_, other = listed(cat, "QMM", 5_000, seed=8)
    for field in ("id", "place", "sex", "quintile", "cohort", "enter", "leave", "weight"):
        np.testing.assert_array_equal(getattr(one, field), getattr(two, field))
    assert not np.array_equal(one.leave, other.leave[: len(one.leave)])


def test_births_and_arrivals_have_their_number_every_year(cat: Catalogue):
    base, moving, _, r = listed(cat, "QMM", 100_000)
    mean = base.sum() / 100_000
    newborn = r.cohort == -1 - r.enter
    births = np.bincount(r.enter[newborn], r.weight[newborn], STEPS)
    np.testing.assert_allclose(births, moving.births.sum((1, 2, 3)), atol=mean)
    arrived = (r.enter > 0) & ~newborn
    coming = np.bincount(r.enter[arrived] - 1, r.weight[arrived], STEPS)
    np.testing.assert_allclose(coming, np.maximum(moving.net, 0).sum((1, 2, 3, 4)), atol=mean)


def test_nobody_leaves_before_being_counted(cat: Catalogue):
    *_, r = listed(cat, "QMM", 100_000)
    assert (r.leave > r.enter).all()
    assert ((r.leave <= STEPS) | (r.leave == NEVER)).all()
    assert 0 < (r.leave <= STEPS).mean() < 0.5


@pytest.mark.parametrize("text", ["QMM", "E07000148", "E07000202"])
def test_the_roll_follows_the_projection(cat: Catalogue, text):
    """Expected survivors on the roll against cohort components, within four standard errors."""
    base, moving, dying, r = listed(cat, text, 100_000)
    stocks = project(base, moving, dying)
    mean = base.sum() / 100_000
    stratum = r.sex.astype(int) * 5 + r.quintile
    for t in (1, 10, 20):
        alive = survival(dying, t)
        there = (r.leave > t) & (r.enter <= t) & (r.cohort + t >= 0)
        w = r.weight[there] * alive[stratum[there], r.cohort[there] + STEPS, r.enter[there]]
        age = np.minimum(r.cohort[there] + t, 105) // 5
        bands = np.bincount(age, w, 22)
        expected = np.add.reduceat(stocks[t].sum((0, 1, 2)), np.arange(0, 106, 5))
        z = (bands - expected) / (mean * np.sqrt(np.maximum(expected / mean, 10)))
        assert np.abs(z).max() < 4, (t, z)
        assert w.sum() == pytest.approx(stocks[t].sum(), rel=0.005)


def test_a_run_of_cells_is_within_one_of_its_sum():
    rng = np.random.default_rng(1)
    values = rng.gamma(0.3, 2, 5000)
    counts = systematic(values, 0.37)
    assert np.abs(np.cumsum(counts) - np.cumsum(values)).max() <= 1
    assert (counts >= 0).all()
