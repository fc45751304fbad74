"""Death rates against published life expectancy and deaths."""

from __future__ import annotations

import numpy as np
import pytest

from leftshift.areas import find_area
from leftshift.catalogue import Catalogue
from leftshift.people.life_table import expectancy
from leftshift.people.mortality import area_ratio, death_rates, mortality
from leftshift.people.population import residents

# England and Wales 2019 (Human Mortality Database), and what its rates with the quintile gradient
# of England's deaths of 2014-16 give for the most and the least deprived.
PUBLISHED = {"female": (83.5, 80.1, 85.8), "male": (79.8, 75.4, 82.9)}


@pytest.fixture(scope="module")
def cat() -> Catalogue:
    """Without improvement, level 1: the rates of 2019 themselves."""
    return Catalogue.load(extra={"mortality.improvement": 0.0, "mortality.level": 1.0})


@pytest.fixture(scope="module")
def england(cat: Catalogue):
    p, area = cat.parameters(), find_area("England", cat)
    people = residents(p, area, 2019)
    return people, mortality(p, area, people, 2019, 1)[0].reshape(2, 5, 107)


def test_englands_life_expectancy_by_sex_is_that_of_2019(england):
    people, hazard = england
    at = people.sum(0)
    died = 1 - np.exp(-hazard)
    share = at / at.sum(1, keepdims=True)
    share = np.concatenate([share[..., :1], share], axis=-1)
    national = expectancy((died * share).sum(1))
    for sex, (whole, _, _) in enumerate(PUBLISHED.values()):
        assert national[sex] == pytest.approx(whole, abs=0.15)


def test_life_expectancy_by_quintile_is_the_gradient(england):
    years = expectancy(1 - np.exp(-england[1]))
    for sex, (_, most, least) in enumerate(PUBLISHED.values()):
        assert years[sex, 0] == pytest.approx(most, abs=0.15)
        assert years[sex, 4] == pytest.approx(least, abs=0.15)
        assert (np.diff(years[sex]) > 0).all()


def test_the_mean_over_quintiles_is_the_national_rate(cat: Catalogue, england):
    """The Human Mortality Database's rates for England and Wales in 2019, women and men."""
    rates, share = death_rates(cat.parameters()), england[0].sum((0, 1))
    share = share / share.sum(0)
    published = {65: (0.007694, 0.011815), 85: (0.071732, 0.095336)}
    for age, by_sex in published.items():
        for sex in (0, 1):
            mean = (rates[sex, :, age] * share[:, age]).sum()
            assert mean == pytest.approx(by_sex[sex], rel=0.02)


def test_england_departs_from_england_not_at_all(cat: Catalogue):
    assert area_ratio(cat.parameters(), find_area("England", cat)) == pytest.approx(1, abs=2e-4)


def test_infant_mortality_is_shared_between_two_steps(cat: Catalogue, england):
    rates, (_, hazard) = death_rates(cat.parameters()), england
    ratio = area_ratio(cat.parameters(), find_area("England", cat))
    both = hazard[..., 0] + hazard[..., 1]
    np.testing.assert_allclose(both, ratio * (rates[..., 0] + rates[..., 1] / 2), rtol=1e-9)
    assert (hazard[..., 0] > 5 * hazard[..., 1]).all()


def test_a_step_is_centred_on_the_birthday(cat: Catalogue, england):
    rates, (_, hazard) = death_rates(cat.parameters()), england
    ratio = area_ratio(cat.parameters(), find_area("England", cat))
    np.testing.assert_allclose(
        hazard[..., 71], ratio * (rates[..., 70] + rates[..., 71]) / 2, rtol=1e-9
    )


def test_improvement_is_full_at_80_less_at_100_and_compounds():
    cat = Catalogue.load(extra={"mortality.improvement": 0.01})
    p, area = cat.parameters(), find_area("QMM", cat)
    hazard = mortality(p, area, residents(p, area), 2025, 11)
    fall = np.log(hazard[10] / hazard[0]) / 10
    np.testing.assert_allclose(fall[:, :91], -0.01, rtol=1e-9)
    np.testing.assert_allclose(fall[:, 101], -0.005, rtol=1e-9)
    assert (np.abs(fall[:, 106]) < 0.003).all()


def test_the_expected_deaths_of_england_are_within_a_tenth_of_those_projected(england):
    people, hazard = england
    deaths = (people.sum(0) * (1 - np.exp(-hazard[..., 1:]))).sum()
    assert deaths == pytest.approx(509_540, rel=0.1)
