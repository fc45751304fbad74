"""What makes spending grow, step by step."""

from dataclasses import replace

import numpy as np
import pytest

from leftshift.care import money
from leftshift.care.drivers import DRIVERS, drivers
from leftshift.catalogue import Catalogue
from leftshift.people.model import Frame
from tests.care import made_up
from tests.care.test_funding import SETTINGS


@pytest.fixture(scope="module")
def use():
    return made_up.use(places=3)


@pytest.fixture(scope="module")
def prices(use):
    return money.prices(Catalogue.load().parameters(), use.services, Frame(2025, 20))


@pytest.fixture(scope="module")
def found(use, prices):
    return drivers(use, use.rates, prices, SETTINGS)


def at(name):
    return DRIVERS.index(name)


def frozen(use, people=None, deaths=None):
    """The same use with the base year's activity per head, for other people."""
    people = use.people if people is None else people
    first = use.deaths[0] / use.people[0]
    deaths = people * first
    units = np.einsum("ysa,sal->yl", people, use.rates.per_head)
    units += deaths.sum(axis=(1, 2))[:, None] * use.rates.last_year
    activity = np.zeros_like(use.activity)
    activity[:, 0, 0, 0] = units
    services = replace(use.services, growth=np.zeros(4))
    return replace(use, people=people, deaths=deaths, activity=activity, services=services)


def test_the_drivers_add_up_to_each_years_spending(use, prices, found):
    spent = money.spend(use, prices).sum(axis=(1, 2))
    total = np.zeros((21, len(SETTINGS)))
    for service, setting in enumerate(use.services.settings):
        total[:, SETTINGS.index(setting)] += spent[:, service]
    np.testing.assert_allclose(found.sum(axis=2), total, rtol=1e-12, atol=1e-3)


def test_nothing_has_grown_in_the_base_year(found):
    np.testing.assert_allclose(found[0, :, 1:], 0.0, atol=1e-4 * found[0, :, 0].max() * 1e-6)
    assert (found[:, :, 0] == found[0, :, 0]).all()


def test_more_people_of_the_same_kind_are_population_size_alone(use, prices):
    more = use.people[:1] * (1.0 + 0.01 * np.arange(21))[:, None, None]
    found = drivers(frozen(use, more), use.rates, prices, SETTINGS)
    base = found[0, :, 0]
    np.testing.assert_allclose(found[10, :, at("population_size")], 0.1 * base, rtol=1e-9)
    for name in ("ageing", "deprivation_mix", "growth_beyond_demography"):
        np.testing.assert_allclose(found[:, :, at(name)], 0.0, atol=1e-3)
    np.testing.assert_allclose(found[:, :, at("health_beyond_age")], 0.0, atol=1e-3)


def test_older_people_are_ageing_and_richer_ones_are_deprivation_mix(use, prices):
    ages = np.arange(106)
    older = use.people[:1] * (1.0 + 0.02 * (ages > 75) * np.arange(21)[:, None])[:, None, :]
    found = drivers(frozen(use, older), use.rates, prices, SETTINGS)
    assert found[20, SETTINGS.index("acute"), at("ageing")] > 0
    np.testing.assert_allclose(found[:, :, at("deprivation_mix")], 0.0, atol=1e-3)
    tilt = np.array([-0.02, -0.01, 0.0, 0.01, 0.02])
    whole = use.people[0].reshape(2, 5, 106).sum(axis=1, keepdims=True) / 5.0
    even = np.broadcast_to(whole, (2, 5, 106)).reshape(10, 106)
    richer = even[None] * (1.0 + np.tile(tilt, 2)[None, :, None] * np.arange(21)[:, None, None])
    found = drivers(frozen(use, richer), use.rates, prices, SETTINGS)
    assert found[20, SETTINGS.index("acute"), at("deprivation_mix")] < 0
    for name in ("ageing", "population_size"):
        np.testing.assert_allclose(found[:, :, at(name)], 0.0, atol=1e-3)


def test_growth_price_and_productivity_are_what_they_say(use, prices, found):
    units = use.activity.sum(axis=(1, 2, 3))[:, 0]
    cost = prices.unit_cost[0]
    grown = 1.005**20
    setting = SETTINGS.index("primary_care")
    beyond = units[20] * (1 - 1 / grown) * cost
    assert found[20, setting, at("growth_beyond_demography")] == pytest.approx(beyond)
    dearer = units[20] * cost * (prices.price[20, 0] - 1)
    assert found[20, setting, at("price")] == pytest.approx(dearer)
    assert found[20, setting, at("productivity")] < 0


def test_people_of_an_age_that_nobody_had_are_counted(use, prices):
    people = use.people.copy()
    people[0, :, 104:] = 0.0
    found = drivers(replace(use, people=people), use.rates, prices, SETTINGS)
    assert np.isfinite(found).all()
    spent = money.spend(use, prices).sum()
    assert found.sum() == pytest.approx(spent, rel=1e-12)


def test_a_service_that_no_rate_explains_still_adds_up(use, prices):
    none = replace(use.rates, per_head=use.rates.per_head * 0.0, last_year=np.zeros(4))
    found = drivers(use, none, prices, SETTINGS)
    assert found.sum() == pytest.approx(money.spend(use, prices).sum(), rel=1e-12)
