"""Beds: sent to providers by catchment, closed on England, short of a planned occupancy."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from leftshift.areas import find_area
from leftshift.care import beds
from leftshift.care.catchment import board_shares, catchment, self_sufficiency
from leftshift.catalogue import Catalogue
from tests.care import made_up

YEARS = 5
DAYS, NEEDED, THERE, SHORT, UNMET, FULL, DELAYED = range(7)
ACUTE = 0


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


def steady(units=1.0):
    """An area whose use does not change."""
    use = made_up.use(YEARS)
    return replace(use, activity=np.repeat(use.activity[:1], YEARS + 1, axis=0) * units)


def test_a_trusts_people_are_all_shared_out_and_the_area_of_england_has_every_bed(catalogue):
    found = catchment(catalogue)
    assert np.allclose(found.share.sum(axis=1), 1.0)
    assert np.allclose(found.flow.sum(axis=0), 1.0)
    assert np.allclose(board_shares(catalogue, find_area("England", catalogue)), 1.0)
    shown = beds.published_beds(catalogue).group_by("bed_type").agg(pl.col("available").sum())
    whole = dict(shown.iter_rows())
    assert whole["general_acute_overnight"] == pytest.approx(found.available[:, 0].sum())


def test_the_median_boards_providers_see_about_86_percent_of_its_demand(catalogue):
    assert float(np.median(self_sufficiency(catalogue))) == pytest.approx(0.86, abs=0.02)


def test_an_area_holds_its_share_of_its_board(catalogue):
    norwich = board_shares(catalogue, made_up.AREA)
    held = [b for b, s in zip(catchment(catalogue).boards, norwich, strict=True) if s > 0]
    assert held == ["QMM"]
    assert norwich.max() == pytest.approx(0.14, abs=0.02)


def test_englands_occupied_beds_are_reproduced_by_one_factor(catalogue):
    use, parameters = made_up.use(YEARS), catalogue.parameters()
    factor = beds.closures(parameters, catalogue, use.services, use.rates)
    assert list(factor) == ["general_acute_overnight"]
    days = use.rates.england @ use.services.bed_days
    occupied = catchment(catalogue).occupied[:, 0].sum()
    assert factor["general_acute_overnight"] * days / 365 == pytest.approx(occupied)


def test_beds_needed_are_bed_days_at_the_planned_occupancy(catalogue):
    parameters = catalogue.parameters()
    table = beds.beds(parameters, catalogue, made_up.use(YEARS))[:, ACUTE]
    planned = parameters.value("care.beds.general_acute_overnight.occupancy")
    assert np.allclose(table[:, NEEDED], table[:, DAYS] / 365 / planned)
    assert np.allclose(table[:, SHORT], np.maximum(0, table[:, NEEDED] - table[:, THERE]))
    assert np.allclose(table[:, FULL], 100 * table[:, DAYS] / 365 / table[:, THERE])


def test_what_does_not_fit_is_unmet_and_counted_in_stays(catalogue):
    parameters = catalogue.parameters()
    roomy = beds.beds(parameters, catalogue, steady(0.1))[:, ACUTE]
    tight = beds.beds(parameters, catalogue, steady(3.0))[:, ACUTE]
    assert not roomy[:, SHORT].any()
    assert not roomy[:, UNMET].any()
    planned = parameters.value("care.beds.general_acute_overnight.occupancy")
    use = steady(3.0)
    stays = use.activity[0].sum(axis=(0, 1, 2))[1]
    length = tight[0, DAYS] / stays
    assert tight[0, UNMET] == pytest.approx(tight[0, SHORT] * planned * 365 / length)


def test_delays_grow_when_care_outside_hospital_grows_slower_than_need(catalogue):
    parameters, use = catalogue.parameters(), steady()
    even = beds.beds(parameters, catalogue, use, np.ones(YEARS + 1))[:, ACUTE]
    less = beds.beds(parameters, catalogue, use, np.linspace(1.0, 0.8, YEARS + 1))[:, ACUTE]
    assert np.allclose(even[:, DELAYED], even[0, DELAYED])
    assert less[-1, DELAYED] == pytest.approx(even[0, DELAYED] / 0.8)
    more = less[-1, DELAYED] - even[-1, DELAYED]
    planned = parameters.value("care.beds.general_acute_overnight.occupancy")
    assert less[-1, NEEDED] - even[-1, NEEDED] == pytest.approx(more / planned)


def test_todays_delays_are_the_boards_own_and_are_in_its_bed_days_already(catalogue):
    table = beds.beds(catalogue.parameters(), catalogue, steady(), np.ones(YEARS + 1))
    held = catalogue.table("board_discharge").filter(pl.col("board") == "QMM").sort("year")
    share = board_shares(catalogue, made_up.AREA).max()
    assert table[0, ACUTE, DELAYED] == pytest.approx(held["delayed"][-1] * share)
    assert table[0, ACUTE, DAYS] == pytest.approx(table[-1, ACUTE, DAYS])


def test_a_type_that_no_service_fills_has_no_figures(catalogue):
    table = beds.beds(catalogue.parameters(), catalogue, made_up.use(YEARS))
    assert np.isfinite(table[:, ACUTE]).all()
    assert np.isnan(table[:, 1:]).all()


def test_beds_known_for_england_only_follow_what_the_areas_people_use(catalogue):
    kinds = ("", "mental_health", "", "")
    use = steady()
    use = replace(use, services=replace(use.services, bed_types=kinds))
    table = beds.beds(catalogue.parameters(), catalogue, use)[0, 3]
    observed = catalogue.parameters().value("care.beds.mental_health.observed")
    assert table[FULL] == pytest.approx(100 * observed)


def test_what_the_model_never_saw_can_be_laid_beside_it(catalogue):
    use = made_up.use(YEARS, places=3)
    assert beds.modelled_beds(catalogue.parameters(), catalogue, use).shape == (3, 7)
    therapies = beds.published_talking_therapies(catalogue)
    assert therapies.height == 42
    assert 0.9e6 < therapies["entering"].sum() < 1.5e6
