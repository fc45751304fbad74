"""What rates of use promise: margins hold, totals hold, and what cannot be met says so."""

from __future__ import annotations

import shutil
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from leftshift.areas import find_area
from leftshift.care.rates import Rates, list_inflation, rates
from leftshift.care.reference_people import BAND_OF, BANDS, reference
from leftshift.care.services import Services
from leftshift.catalogue import Catalogue
from leftshift.catalogue.loader import SHIPPED
from leftshift.errors import CareError
from tests.care.made_up_services import AGES, any_services, plain

Array = NDArray[np.float64]
GROUPS = np.array([0, 20, 65, 85])
SEEDS = st.integers(0, 10_000)
FEW = settings(
    max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


def used(services: Services, found: Rates, catalogue: Catalogue, which: int) -> Array:
    """Units in the service's own year by sex, fifth, age and segment, last years of life too."""
    england = reference(catalogue)
    year = services.years[which].start
    people = england.at([year])[0][:, :, None] * england.share
    mean = england.multipliers(found.load_ratio[:, [which]].astype(float))[..., 0][:, BAND_OF]
    back = (1 + services.growth[which]) ** (year - 2025)
    dead = england.deaths * england.at([year])[0][:, :, None] * found.last_year[which]
    return back * (people * mean * found.rate[..., which] + dead).reshape(2, 5, 106, 6)


def only(services: Services, which: list[int]) -> Services:
    """Some of the services, in the order given."""
    changed: dict[str, object] = {}
    for field in fields(services):
        value = getattr(services, field.name)
        if field.name in ("payers", "staff_groups"):
            continue
        if isinstance(value, tuple):
            changed[field.name] = tuple(value[i] for i in which)
        elif field.name == "conditions":
            changed[field.name] = value[:, which]
        else:
            changed[field.name] = value[which]
    return replace(services, **changed)  # type: ignore[arg-type]


@FEW
@given(seed=SEEDS)
def test_each_cited_total_is_reproduced_in_its_own_year(catalogue: Catalogue, seed: int) -> None:
    services = any_services(seed)
    found = rates(services, catalogue, 2025, drawn=True)
    np.testing.assert_allclose(found.own_year, services.total, rtol=1e-9)
    for which in range(len(services.ids)):
        everything = used(services, found, catalogue, which).sum()
        assert everything == pytest.approx(services.total[which], rel=1e-5)


@FEW
@given(seed=SEEDS)
def test_use_by_sex_and_age_follows_the_shape(catalogue: Catalogue, seed: int) -> None:
    services = any_services(seed)
    found = rates(services, catalogue, 2025, drawn=True)
    for which in range(len(services.ids)):
        by_age = used(services, found, catalogue, which).sum(axis=(1, 3))
        people = reference(catalogue).at([services.years[which].start])[0].reshape(2, 5, 106)
        wanted = services.shape[which] * people.sum(axis=1)
        wanted *= services.total[which] / wanted.sum()
        have = np.add.reduceat(by_age, BANDS, axis=1)
        np.testing.assert_allclose(have, np.add.reduceat(wanted, BANDS, axis=1), rtol=1e-4)


@FEW
@given(seed=SEEDS)
def test_fifths_differ_as_their_gradient_says_once_age_is_allowed_for(
    catalogue: Catalogue, seed: int
) -> None:
    services = any_services(seed)
    found = rates(services, catalogue, 2025, drawn=True)
    for which in range(len(services.ids)):
        people = reference(catalogue).at([services.years[which].start])[0].reshape(2, 5, 106)
        expected = (people * services.shape[which][:, None]).sum(axis=0)
        expected = np.add.reduceat(expected, GROUPS, axis=1)
        have = used(services, found, catalogue, which).sum(axis=(0, 3))
        ratio = np.add.reduceat(have, GROUPS, axis=1) / expected  # [5, 4]
        wanted = services.deprivation[which].T
        np.testing.assert_allclose(ratio / ratio[2], wanted / wanted[2], rtol=1e-3)


@FEW
@given(seed=SEEDS)
def test_segments_differ_as_their_crude_gradient_says(catalogue: Catalogue, seed: int) -> None:
    services = any_services(seed)
    found = rates(services, catalogue, 2025, drawn=True)
    england = reference(catalogue)
    for which in np.flatnonzero((services.segment != 1).any(axis=1)):
        people = england.at([services.years[which].start])[0][:, :, None] * england.share
        have = used(services, found, catalogue, which)[..., 1:].sum(axis=(0, 1, 2))
        ratio = have / people[..., 1:].sum(axis=(0, 1))
        np.testing.assert_allclose(ratio / ratio[0], services.segment[which], rtol=1e-3)


@FEW
@given(seed=SEEDS, times=st.floats(1e-6, 1e6))
def test_a_total_that_is_so_many_times_as_large_has_rates_so_many_times_as_large(
    catalogue: Catalogue, seed: int, times: float
) -> None:
    services = any_services(seed, 2)
    more = replace(services, total=services.total * times, last_year=services.last_year * times)
    one, other = (rates(s, catalogue, 2025, drawn=True) for s in (services, more))
    np.testing.assert_allclose(other.rate, one.rate.astype(np.float64) * times, rtol=1e-5)


@FEW
@given(seed=SEEDS)
def test_services_in_another_order_have_the_same_rates(catalogue: Catalogue, seed: int) -> None:
    # Rounds end when the slowest service is done, so alone a service may be fitted less closely.
    services = any_services(seed)
    order = [2, 0, 3, 1]
    one = rates(services, catalogue, 2025, drawn=True)
    other = rates(only(services, order), catalogue, 2025, drawn=True)
    np.testing.assert_allclose(other.rate, one.rate[..., order], rtol=1e-6)


@FEW
@given(seed=SEEDS)
def test_no_rate_is_negative_or_not_a_number(catalogue: Catalogue, seed: int) -> None:
    found = rates(any_services(seed), catalogue, 2025, drawn=True)
    for array in (found.rate, found.per_head, found.england):
        assert np.isfinite(array).all()
        assert (array >= 0).all()


def test_a_later_base_year_adds_growth_beyond_demography_and_people(catalogue: Catalogue) -> None:
    services = replace(plain(2, 2023), growth=np.array([0.0, 0.03]))
    found = rates(services, catalogue, 2025)
    people = reference(catalogue).at([2023, 2025]).sum(axis=(1, 2))
    assert found.england[0] == pytest.approx(1e7 * people[1] / people[0], rel=1e-9)
    assert found.england[1] / found.england[0] == pytest.approx(1.03**2, rel=1e-9)


def test_the_last_year_of_life_is_part_of_the_total_and_not_on_top(catalogue: Catalogue) -> None:
    shape = np.ones((2, 2, 106)) + 20 * np.exp(np.minimum(AGES - 85, 15) / 10)
    services = replace(plain(2), shape=shape, last_year=np.array([0.0, 2.0]))
    found = rates(services, catalogue, 2025)
    np.testing.assert_allclose(found.own_year, 1e7, rtol=1e-9)
    england = reference(catalogue)
    people = england.at([2024, 2025])
    deaths = (england.deaths.sum(axis=2) * people).sum(axis=(1, 2))
    living = (found.per_head * people[0][..., None]).sum(axis=(0, 1))
    assert living[0] - living[1] == pytest.approx(2 * deaths[0], rel=1e-6)
    now = (found.per_head * people[1][..., None]).sum(axis=(0, 1))
    np.testing.assert_allclose(found.england, now + np.array([0.0, 2.0]) * deaths[1], rtol=1e-9)


def test_people_and_deaths_of_the_reference_are_england(catalogue: Catalogue) -> None:
    england = reference(catalogue)
    row = catalogue.row("population.england_mid_2025").estimate.value
    assert england.people[1].sum() == pytest.approx(row, rel=1e-6)
    assert england.count.sum() == pytest.approx(row, rel=1e-3)
    np.testing.assert_allclose(england.share.sum(axis=2), 1.0, rtol=1e-12)
    assert (england.share[:, :17, 1:] == 0).all()
    assert (england.share[:, 17:, 0] == 0).all()
    deaths = (england.deaths * england.people[1][:, :, None]).sum()
    assert 500_000 < deaths < 620_000
    assert reference(catalogue) is england


def test_shares_of_segments_by_single_age_add_up_to_those_of_their_bands(
    catalogue: Catalogue,
) -> None:
    england = reference(catalogue)
    wanted = np.zeros(10 * len(BANDS) * 6)
    wanted[england.cells] = np.add.reduceat(england.count, england.starts)
    wanted = wanted.reshape(10, len(BANDS), 6)
    wanted /= wanted.sum(axis=2, keepdims=True)
    people = england.people[1][:, :, None] * england.share
    have = np.add.reduceat(people, BANDS, axis=1)
    have /= have.sum(axis=2, keepdims=True)
    np.testing.assert_allclose(have, wanted, atol=1e-3)


def test_conditions_are_as_common_in_the_reference_as_the_model_wants(
    catalogue: Catalogue,
) -> None:
    # Diabetes among women of 65 to 69 in the middle fifth, read from the two tables directly.
    import polars as pl

    states = catalogue.table("england_states").filter(
        (pl.col("sex") == "female") & (pl.col("quintile") == 3) & (pl.col("age_from") == 65)
    )
    number = [c["id"] for c in catalogue.entities("conditions")].index("diabetes")
    having = (states["conditions"].to_numpy() >> number & 1).astype(bool)
    people = states["people"].to_numpy()
    assert 0.05 < people[having].sum() / people.sum() < 0.35


# What cannot be met -----------------------------------------------------------------------------


def told(services: Services, catalogue: Catalogue) -> str:
    with pytest.raises(CareError) as caught:
        rates(services, catalogue, 2025)
    text = str(caught.value)
    assert text.startswith("[margin_cannot_be_met] service made_up_")
    assert ", margin " in text
    assert "nan" not in text.lower().split()
    return text


def test_a_childrens_service_with_a_gradient_over_adult_segments_is_refused(
    catalogue: Catalogue,
) -> None:
    shape = np.where(AGES < 17, 1.0, 0.0) * np.ones((1, 2, 1))
    segment = np.array([[1.0, 2.0, 3.0, 4.0, 5.0]])
    text = told(replace(plain(), shape=shape, segment=segment), catalogue)
    assert "margin segments" in text
    assert 'segments = ""' in text
    assert rates(replace(plain(), shape=shape), catalogue, 2025).worst < 1e-3


def test_a_last_year_of_life_larger_than_its_margin_is_refused_and_says_what_would_fit(
    catalogue: Catalogue,
) -> None:
    services = replace(plain(2), last_year=np.array([0.0, 3.0]))
    text = told(services, catalogue)
    assert "service made_up_1" in text
    assert "aged" in text
    most = float(text.partition("at most ")[2].split()[0])
    assert rates(replace(services, last_year=np.array([0, 0.99 * most])), catalogue, 2025)


def test_in_a_draw_a_last_year_of_life_that_is_too_large_is_held(catalogue: Catalogue) -> None:
    services = replace(plain(2), last_year=np.array([0.0, 3.0]))
    found = rates(services, catalogue, 2025, drawn=True)
    assert 0 < found.last_year[1] < 3.0
    np.testing.assert_allclose(found.own_year, services.total, rtol=1e-9)


def test_in_a_draw_a_last_year_of_life_that_fits_is_left_alone(catalogue: Catalogue) -> None:
    shape = np.ones((1, 2, 106)) + 20 * np.exp(np.minimum(AGES - 85, 15) / 10)
    segment = np.array([[1.0, 1.5, 2.0, 3.0, 5.0]])
    services = replace(plain(), shape=shape, segment=segment, last_year=np.array([0.5]))
    one, other = (rates(services, catalogue, 2025, drawn=drawn) for drawn in (False, True))
    np.testing.assert_array_equal(one.rate, other.rate)
    np.testing.assert_array_equal(one.last_year, other.last_year)


def test_a_shape_that_is_nil_is_refused(catalogue: Catalogue) -> None:
    text = told(replace(plain(2), shape=np.zeros((2, 2, 106))), catalogue)
    assert "margin total" in text
    assert "also made_up_1" in text


def test_a_gradient_that_is_nil_in_every_fifth_is_refused(catalogue: Catalogue) -> None:
    gradient = np.ones((1, 4, 5))
    gradient[0, 2] = 0.0
    assert "age group 65-84" in told(replace(plain(), deprivation=gradient), catalogue)


def test_a_segment_that_must_use_what_its_people_never_do_is_refused(
    catalogue: Catalogue,
) -> None:
    # Everybody in segment 2 and above has a condition, and nobody with a condition uses it.
    services = replace(
        plain(), conditions=np.zeros((20, 1)), segment=np.array([[1.0, 2.0, 3.0, 4.0, 5.0]])
    )
    assert "contradict each other" in told(services, catalogue)


def test_a_states_table_without_somebody_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "catalogue" / "tables"
    folder.mkdir(parents=True)
    shipped = (SHIPPED / "tables" / "england_states.csv").read_text("utf-8").splitlines()
    kept = [line for line in shipped if not line.startswith("male,3,85,")]
    (folder / "england_states.csv").write_text("\n".join(kept) + "\n", "utf-8")
    with pytest.raises(CareError, match="male, in fifth 3 and aged 85-89"):
        reference(Catalogue.load(tmp_path))


# Practice lists ---------------------------------------------------------------------------------


def test_lists_of_a_place_are_relative_to_englands(catalogue: Catalogue) -> None:
    lists = catalogue.table("registered_lists")
    england = lists["registered"].sum() / lists["residents"].sum()
    assert england == pytest.approx(1.087, abs=0.003)
    board = lists.filter(lists["board"] == "QMM")
    wanted = board["registered"].item() / board["residents"].item() / england
    np.testing.assert_allclose(list_inflation(catalogue, find_area("QMM", catalogue)), wanted)


def test_over_england_lists_add_up_to_no_inflation(catalogue: Catalogue) -> None:
    area = find_area("England", catalogue)
    lists = dict(catalogue.table("registered_lists").select("board", "residents").iter_rows())
    people = np.array([lists[place.code] for place in area.places], float)
    factor = list_inflation(catalogue, area)
    assert factor @ people / people.sum() == pytest.approx(1.0, abs=1e-6)
    assert factor.min() < 0.95
    assert factor.max() > 1.2


def test_a_board_without_lists_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "catalogue" / "tables"
    folder.mkdir(parents=True)
    target = folder / "registered_lists.csv"
    shutil.copyfile(SHIPPED / "tables" / "registered_lists.csv", target)
    kept = [x for x in target.read_text("utf-8").splitlines() if not x.startswith("QMM")]
    target.write_text("\n".join(kept) + "\n", "utf-8")
    catalogue = Catalogue.load(tmp_path)
    with pytest.raises(CareError, match="QMM"):
        list_inflation(catalogue, find_area("QMM", catalogue))
