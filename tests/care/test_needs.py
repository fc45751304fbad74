"""A needs assessment: places, networks and England from one small simulation."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from leftshift import cli_needs
from leftshift.areas import find_area
from leftshift.care.needs.assessment import assess, identity
from leftshift.care.needs.networks import (
    COMPONENTS,
    benchmarked,
    deprivation_mix,
    networks,
    place_indices,
)
from leftshift.errors import AreaError, SettingError
from leftshift.runs import schema
from tests.report.needs_run import catalogue, outcome


def need(**where: str) -> pl.DataFrame:
    frame = outcome().tables["need"]
    for column, value in {"imd_quintile": "", "sex": "", "age_band": "", **where}.items():
        frame = frame.filter(pl.col(column) == value)
    return frame


def test_every_table_is_as_it_is_described() -> None:
    for name, frame in outcome().tables.items():
        assert schema.conform(name, frame).height > 0, name


def test_places_networks_the_area_and_england_stand_side_by_side() -> None:
    for measure in ("people", "major_illness"):
        kinds = need(measure=measure, rate_kind="count")["unit_kind"].value_counts()
        assert dict(kinds.iter_rows()) == {"place": 8, "network": 20, "area": 1, "england": 1}
    for measure, kind in (("cost", "crude"), ("need_core", "index"), ("fifth_1", "share")):
        found = need(measure=measure, rate_kind=kind)["unit_kind"].unique()
        assert set(found) == {"place", "network", "area", "england"}, measure


def test_places_add_up_to_the_area_in_people_and_in_cases() -> None:
    for measure in ("people", "prevalent_diabetes", "major_illness", "deaths"):
        found = need(measure=measure, rate_kind="count")
        places = found.filter(pl.col("unit_kind") == "place")["value"].sum()
        assert places == pytest.approx(found.filter(pl.col("unit_kind") == "area")["value"].item())


def test_fifths_add_up_to_the_area_and_the_rest_is_fifths_two_to_five() -> None:
    found = (
        outcome()
        .tables["need"]
        .filter(
            (pl.col("unit_kind") == "area")
            & (pl.col("measure") == "major_illness")
            & (pl.col("rate_kind") == "count")
        )
    )
    value = dict(found.select("imd_quintile", "value").iter_rows())
    assert sum(value[str(q)] for q in range(1, 6)) == pytest.approx(value[""])
    assert sum(value[str(q)] for q in range(2, 6)) == pytest.approx(value["2-5"])


def test_what_is_estimated_of_a_network_is_never_shown_as_measured() -> None:
    found = outcome().tables["need"].filter(pl.col("unit_kind") == "network")
    basis = dict(found.group_by("domain").agg(pl.col("basis").unique()).iter_rows())
    assert basis == {
        "people": ["counted"],
        "need": ["weighted"],
        **{d: ["synthetic"] for d in ("deprivation", "illness", "use", "cost")},
    }
    assert set(found.filter(pl.col("basis") == "synthetic")["grade"]) == {"A"}
    assert not (found["domain"] == "death").any()


def test_intervals_hold_their_figures_and_say_what_they_cover() -> None:
    found = outcome().tables["need"].filter(pl.col("lower").is_finite())
    assert (found["lower"] <= found["value"] + 1e-9).all()
    assert (found["value"] <= found["upper"] + 1e-9).all()
    assert (found["interval"] != "").all()


def test_networks_together_live_in_the_fifths_that_the_residents_do() -> None:
    shares = need(measure="fifth_1", rate_kind="share")
    lists = need(measure="people", rate_kind="count").select("unit_code", people="value")
    mine = shares.filter(pl.col("unit_kind") == "network").join(lists, on="unit_code")
    area = shares.filter(pl.col("unit_kind") == "area")["value"].item()
    assert np.average(mine["value"], weights=mine["people"]) == pytest.approx(area, rel=1e-6)


def test_networks_together_cost_per_head_what_the_area_does() -> None:
    cost = need(measure="cost", rate_kind="crude")
    lists = need(measure="people", rate_kind="count").select("unit_code", people="value")
    mine = cost.filter(pl.col("unit_kind") == "network").join(lists, on="unit_code")
    area = cost.filter(pl.col("unit_kind") == "area")["value"].item()
    assert np.average(mine["value"], weights=mine["people"]) == pytest.approx(area, rel=1e-6)


def test_cost_of_all_settings_is_the_public_cost() -> None:
    cost = (
        outcome()
        .tables["need"]
        .filter((pl.col("domain") == "cost") & (pl.col("rate_kind") == "crude"))
    )
    whole = cost.filter(pl.col("measure") == "cost").sort("unit_kind", "unit_code", "imd_quintile")
    parts = (
        cost.filter(pl.col("measure") != "cost")
        .group_by("unit_kind", "unit_code", "imd_quintile")
        .agg(pl.col("value").sum())
        .sort("unit_kind", "unit_code", "imd_quintile")
    )
    assert whole["value"].to_numpy() == pytest.approx(parts["value"].to_numpy(), rel=1e-9)


def test_england_uses_what_equal_need_asks_for_as_a_whole_and_its_fifths_do_not() -> None:
    found = (
        outcome()
        .tables["need_against"]
        .filter((pl.col("unit_kind") == "england") & (pl.col("measure") == "cost"))
    )
    ratio = dict(found.select("imd_quintile", "ratio").iter_rows())
    assert ratio[""] == pytest.approx(1.0)
    assert ratio["1"] > 1.0 > ratio["5"]


def test_england_indirectly_standardised_is_england_as_it_is() -> None:
    found = need(unit_kind="england", measure="gp_appointment")
    value = dict(found.select("rate_kind", "value").iter_rows())
    assert value["isr"] == pytest.approx(value["crude"])


def test_the_most_deprived_are_more_ill_and_live_less_long() -> None:
    found = outcome().tables["need_inequality"].filter(pl.col("unit_kind") == "england")
    index = {(m, s, i): v for m, s, i, v in found.select("measure", "sex", "index", "value").rows()}
    assert index["major_illness", "", "slope_index"] < 0
    assert index["major_illness", "", "relative_index"] > 1
    assert index["major_illness", "", "core20_gap"] > 0
    assert index["life_expectancy", "male", "slope_index"] > 0


def test_funnels_mark_where_units_stand_and_rank_nobody() -> None:
    found = outcome().tables["need_funnel"]
    above = found["value"] > found["upper998"]
    assert (found.filter(above)["position"] == "above 99.8%").all()
    within = (found["value"] <= found["upper95"]) & (found["value"] >= found["lower95"])
    assert (found.filter(within)["position"] == "inside").all()
    assert not {"rank", "order"} & set(found.columns)


def test_the_same_inputs_give_the_same_figures_on_any_number_of_threads() -> None:
    cat = catalogue()
    norwich = find_area("E07000148", cat)
    one, two = (assess(cat, norwich, people=500, replicates=2, threads=n) for n in (1, 3))
    assert one.identity == two.identity
    for name, frame in one.tables.items():
        assert schema.conform(name, frame).equals(schema.conform(name, two.tables[name])), name


def test_an_identity_knows_what_the_figures_depend_on() -> None:
    cat = catalogue()
    norwich, board = find_area("E07000148", cat), find_area("QMM", cat)
    base = identity(cat, norwich, people=500)
    assert base["kind"] == "needs"
    assert identity(cat, norwich, people=500, seed=2) != base
    assert identity(cat, norwich, people=501) != base
    assert identity(cat, board, people=500) != base
    assert identity(cat, norwich, people=500, data={"data": {"a": "b"}}) != base


@pytest.mark.parametrize("code", ["E09000001", "E06000053"])
def test_the_smallest_areas_are_shown_with_what_is_missing_said(code: str) -> None:
    cat = catalogue()
    made = assess(cat, find_area(code, cat), people=500, replicates=2)
    for name, frame in made.tables.items():
        schema.conform(name, frame)
    assert "network" not in set(made.tables["need"]["unit_kind"])
    assert any("primary care network" in said for said in made.about["warnings"])
    few = made.tables["need"].filter((pl.col("unit_kind") == "place") & pl.col("few"))
    assert few.height > 0


def test_without_care_there_is_no_use_and_the_run_says_so() -> None:
    cat = catalogue()
    made = assess(cat, find_area("E07000148", cat), people=500, replicates=1)
    assert not {"use", "cost"} & set(made.tables["need"]["domain"])
    assert "need_against" not in made.tables
    assert any("Use and cost" in said for said in made.about["warnings"])
    assert not made.tables["need"]["sampling_error"].is_finite().any()


def test_every_network_of_england_is_found_once_and_nobody_is_lost() -> None:
    cat = catalogue()
    found = networks(cat, find_area("England", cat), 0.5)
    assert len(found.codes) == len(set(found.codes)) == 1297
    registered = cat.table("practices")["registered"].sum()
    assert found.lists.sum() + found.unallocated == pytest.approx(registered)
    assert found.inside.min() == 1.0
    weighed = np.average(found.index, axis=0, weights=found.weighed)
    assert weighed == pytest.approx(np.ones(len(COMPONENTS)), abs=0.01)


def test_a_network_across_a_border_is_whole_on_the_side_of_most_of_its_patients() -> None:
    cat = catalogue()
    found = {
        code: networks(cat, find_area(code, cat), 0.5)
        for code in sorted(cat.table("boards")["ods"].to_list())
    }
    every = [network for one in found.values() for network in one.codes]
    assert len(every) == len(set(every))
    across = [s for one in found.values() for s in one.inside if s < 1.0]
    assert across and min(across) >= 0.5


def test_the_footprint_of_two_counties_has_the_networks_of_its_practices_and_no_essex() -> None:
    cat = catalogue()
    found = networks(cat, find_area("norfolk-and-suffolk", cat), 0.5)
    assert len(found.codes) == 35
    assert set(found.boards) == {"QMM", "QJG"}
    colchester = networks(cat, find_area("E07000071", cat), 0.5)
    assert not set(colchester.codes) & set(found.codes)


def test_the_need_of_places_is_that_of_the_practices_standing_there() -> None:
    cat = catalogue()
    area = find_area("E07000148", cat)
    here = cat.table("practices").filter(pl.col("authority") == "E07000148")
    index = place_indices(cat, area)
    assert index[0, 0] == pytest.approx(here["core"].sum() / here["population"].sum())
    assert index[-1] == pytest.approx(index[0])


def test_deprivation_is_estimated_from_the_inequalities_weight_and_shows_most_of_it() -> None:
    mix = deprivation_mix(catalogue())
    assert mix.slope > 0
    assert 0.7 < mix.explained < 1.0
    moved = benchmarked(mix, np.array([0.5, 2.0]), np.array([1.0, 3.0]), np.full(5, 0.2))
    shares = moved.of(np.array([0.5, 2.0]))
    assert np.average(shares, axis=0, weights=[1.0, 3.0]) == pytest.approx(np.full(5, 0.2))


def test_an_area_nobody_knows_or_a_wrong_number_ends_in_plain_words() -> None:
    with pytest.raises(AreaError, match=r"Norwich"):
        cli_needs.assess("Norwhich", out="nowhere")
    with pytest.raises(SettingError, match=r"people must be"):
        cli_needs.assess("QMM", people="many")
