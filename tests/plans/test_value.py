"""What a plan is worth: quadrants in words, three values of a QALY apart, nothing added that is not
money."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from leftshift.catalogue import Catalogue
from leftshift.errors import CatalogueError, ModelError
from leftshift.people.spread import Spread
from leftshift.plans.effects import bounds, effects, first_year
from leftshift.plans.value import QUADRANTS, quadrants, value, years_until
from leftshift.plans.worth import PERSPECTIVES, valuation
from leftshift.runs import tables_plans
from tests.plans.fake_results import NAMES, changed, results

ABOUT = {table.name: table for table in tables_plans.TABLES}


@pytest.fixture(scope="module")
def judged():
    return valuation(Catalogue.load().parameters())


def described(frame: pl.DataFrame, name: str) -> bool:
    """Whether a frame is as its table is described, with no fact twice and no NaN anywhere."""
    about = ABOUT[name]
    assert frame.columns == list(about.names)
    assert frame.select(about.keys).is_duplicated().sum() == 0
    for column in about.columns:
        held = frame[column.name]
        if column.kind == "number":
            assert held.is_nan().sum() == 0
            assert held.is_finite().all()
        if not column.empty:
            assert held.null_count() == 0
        if column.allowed:
            allowed = {int(x) if column.kind == "whole" else x for x in column.allowed}
            assert set(held.unique().to_list()) <= allowed
    return True


def one(frame: pl.DataFrame, measure: str, **where: str) -> dict[str, object]:
    where = {"intervention": "", "discounting": "undiscounted", **where}
    rows = frame.filter(measure=measure, **where)
    assert rows.height == 1, rows
    return rows.row(0, named=True)


AFTER_BASE = np.array([0.0, 1, 1, 1, 1])


# --- effects --------------------------------------------------------------------------------


def test_a_plan_that_changes_nothing_has_zero_everywhere(judged):
    frame = effects(results(), "plan")
    assert described(frame, "effects")
    assert frame["value"].abs().max() == 0.0
    worth = value(results(), judged, "plan")
    assert described(worth, "value")
    assert worth["value"].drop_nulls().abs().max() == 0.0
    assert one(worth, "icer", perspective="nhs")["said"] == "No difference in cost or health."


def test_interventions_add_up_to_the_plan_and_places_to_the_area():
    rng = np.random.default_rng(2)
    made = results(k=3, draws=4)
    for k in range(3):
        made = changed(made, k, qaly=rng.normal(size=(5, 5)), deaths=rng.normal(size=(5, 5)))
    frame = effects(made, "plan").filter(imd_quintile=0)
    area = frame.filter(place="")
    parts = area.filter(pl.col("intervention") != "").group_by("year", "measure").agg(
        pl.col("value").sum()
    )  # fmt: skip
    both = area.filter(intervention="").join(parts, on=["year", "measure"])
    assert np.allclose(both["value"], both["value_right"])
    places = frame.filter(pl.col("place") != "", intervention="")
    summed = places.group_by("year", "measure").agg(pl.col("value").sum())
    both = area.filter(intervention="").join(summed, on=["year", "measure"])
    assert np.allclose(both["value"], both["value_right"])


def test_intervals_are_those_of_an_outlook_and_empty_without_draws():
    rng = np.random.default_rng(3)
    for draws in (1, 2, 5, 41, 80, 200):
        runs = rng.normal(size=(1 + draws, 6)).astype(np.float32).astype(float)
        spread = Spread(draws)
        for values in runs[1:]:
            spread.add({"x": values})
        lower, upper = bounds(runs)
        expected = spread.bounds({"x": runs[0]})["x"]
        assert np.allclose(lower, expected[0])
        assert np.allclose(upper, expected[1])
    assert bounds(rng.normal(size=(1, 6))) is None
    frame = effects(results(), "plan")
    assert frame["lower"].null_count() == frame.height == frame["upper"].null_count()


def test_what_is_no_number_is_refused_by_name():
    made = results(k=2, draws=3)
    made.place_effect[2, 1, 3, 0, NAMES.index("deaths")] = np.nan
    with pytest.raises(ModelError, match=r'\[not_finite\].*thing_1 on "deaths" in 2028/29.*draw 2'):
        effects(made, "plan")


def test_a_plan_begins_in_the_first_year_in_which_it_does_anything():
    assert first_year(changed(results(), 0, people_reached=[0, 0, 3, 3, 3])) == 2
    assert first_year(results()) == 1


# --- quadrants ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("qalys", "pounds", "name"),
    [
        (0, 0, "no_difference"),
        (1, 0, "dominant"),
        (1, -5, "dominant"),
        (0, -5, "dominant"),
        (1, 5, "dearer_and_better"),
        (-1, -5, "cheaper_and_worse"),
        (-1, 5, "dominated"),
        (-1, 0, "dominated"),
        (0, 5, "dominated"),
    ],
)
def test_every_pair_of_differences_lies_in_one_quadrant(qalys, pounds, name):
    assert QUADRANTS[int(quadrants(np.array(qalys, float), np.array(pounds, float)))] == name


@pytest.mark.parametrize(
    ("qaly", "cost", "words", "ratio"),
    [
        (2.0, 40_000.0, "Dearer and better: £20,000 for each QALY gained.", 20_000.0),
        (2.0, -40_000.0, "Dominant: better, and no dearer.", None),
        (-2.0, 40_000.0, "Dominated: dearer, and no better.", None),
        (-2.0, -40_000.0, "Cheaper and worse: £20,000 saved for each QALY given up.", None),
    ],
)
def test_a_cost_per_qaly_is_given_only_where_more_is_paid_for_more_health(
    judged, qaly, cost, words, ratio
):
    frame = value(changed(results(), 0, qaly=qaly, spend_nhs=cost), judged, "plan")
    assert described(frame, "value")
    row = one(frame, "icer", perspective="nhs")
    assert row["said"] == words
    assert row["value"] == (pytest.approx(ratio) if ratio else None)
    assert (frame.filter(measure="icer")["value"].drop_nulls() > 0).all()
    saved = frame.filter(measure="saving_per_qaly_forgone", perspective="nhs", intervention="")
    assert (saved.height > 0) == (qaly < 0 and cost < 0)


def test_draws_in_two_quadrants_leave_a_ratio_without_an_interval(judged):
    cost = np.array([3e4, 3e4, 5e4, -2e4, 1e4])[:, None] * AFTER_BASE
    frame = value(changed(results(draws=4), 0, qaly=1.0, spend_nhs=cost), judged, "plan")
    assert described(frame, "value")
    row = one(frame, "icer", perspective="nhs")
    assert row["value"] > 0
    assert row["lower"] is None
    assert row["upper"] is None
    assert row["said"].endswith("Of the draws: dominant 25%, dearer and better 75%.")
    shares = [
        one(frame, f"share_{name}", perspective="nhs")["value"] for name in QUADRANTS
    ]  # fmt: skip
    assert sum(shares) == pytest.approx(1.0)


# --- perspectives and values of a QALY ------------------------------------------------------


def test_each_perspective_counts_its_own_costs_and_no_pound_twice(judged):
    made = changed(
        results(),
        0,
        qaly=1.0,
        spend_nhs=-100.0,
        spend_social_care=-10.0,
        spend_private=-1.0,
        cost_intervention=1000.0,
        cash_released=40.0,
    )
    frame = value(made, judged, "plan")
    found = {p: one(frame, "incremental_cost", perspective=p)["value"] / 5 for p in PERSPECTIVES}
    assert found == pytest.approx(
        {"nhs": 900, "nhs_and_social_care": 890, "public": 890, "societal": 889, "cash": 960}
    )


def test_the_social_value_of_a_qaly_is_used_from_societys_perspective_and_no_other(judged):
    frame = value(changed(results(), 0, qaly=1.0, spend_nhs=2e4), judged, "plan")
    used = {
        row["at"]: set(row["perspective"].to_list())
        for row in (
            {"at": at, "perspective": part["perspective"].cast(pl.String)}
            for (at,), part in frame.filter(pl.col("at") != "").group_by("at")
        )
    }
    assert used["social"] == {"societal"}
    assert "societal" not in used["opportunity_cost"] | used["nice_lower"] | used["nice_upper"]
    assert used["nice_lower"] == {"nhs", "nhs_and_social_care"}


def test_net_benefit_is_health_at_its_value_less_cost_and_the_same_in_health(judged):
    frame = value(changed(results(), 0, qaly=2.0, spend_nhs=2e4), judged, "plan")
    for worth in judged.worths[:3]:
        where = {"perspective": "nhs", "at": worth.id}
        money = one(frame, "net_monetary_benefit", **where)["value"]
        assert money == pytest.approx(5 * (2 * worth.pounds - 2e4))
        health = one(frame, "net_health_benefit", **where)["value"]
        assert health == pytest.approx(money / worth.pounds)
        back = one(frame, "return_per_pound", **where)["value"]
        assert back == pytest.approx(worth.pounds / 1e4)


def test_money_room_and_social_value_stand_apart_and_nothing_adds_them(judged):
    made = changed(
        results(), 0, qaly=3.0, cash_released=100.0, capacity_released=700.0, cost_intervention=50.0
    )
    frame = value(made, judged, "plan").filter(intervention="", discounting="undiscounted")
    found = dict(zip(frame["measure"], frame["value"], strict=True))
    assert found["cash_releasing"] == pytest.approx(500)
    assert found["capacity_releasing"] == pytest.approx(3500)
    assert found["social_value"] == pytest.approx(15 * judged.worth("social").pounds)
    parts = np.array([found[f"{x}ing"] for x in ("cash_releas", "capacity_releas")])
    sums = [parts.sum(), *(found["social_value"] + parts), found["social_value"] + parts.sum()]
    numbers = frame["value"].drop_nulls().to_numpy()
    assert not any(np.isclose(numbers, total).any() for total in sums)
    assert found["cash_releasing_per_pound"] == pytest.approx(2.0)


# --- time -----------------------------------------------------------------------------------


def test_discounting_is_by_the_rates_of_each_authority_from_the_base_year(judged):
    frame = value(changed(results(), 0, qaly=AFTER_BASE, spend_nhs=AFTER_BASE), judged, "plan")
    powers = np.arange(1, 5)
    for way, cost, health in (("green_book", 0.035, 0.015), ("nice", 0.035, 0.035)):
        assert one(frame, "qalys", discounting=way)["value"] == pytest.approx(
            (1 + health) ** -powers @ np.ones(4)
        )
        paid = one(frame, "incremental_cost", discounting=way, perspective="nhs")["value"]
        assert paid == pytest.approx((1 + cost) ** -powers @ np.ones(4))


def test_payback_is_the_year_from_which_more_has_been_saved_than_spent(judged):
    made = changed(results(), 0, spend_nhs=[0, 10, -4, -4, -4], qaly=[0, -1, 2, 2, 2])
    frame = value(made, judged, "plan")
    row = one(frame, "payback", perspective="nhs")
    assert row["value"] == 4
    assert row["said"] == "In 2029/30."
    assert one(frame, "time_to_benefit", perspective="")["value"] == 2
    row = one(frame, "payback", perspective="societal", intervention="thing_1")
    assert row["value"] is None
    assert row["said"] == "Nothing is spent or saved."
    made = changed(results(), 0, spend_nhs=[0, 10, -4, -4, 0])
    row = one(value(made, judged, "plan"), "payback", perspective="nhs")
    assert row["value"] is None
    assert row["said"] == "Not by 2029/30."


def test_a_gain_that_is_lost_again_is_no_benefit_yet():
    assert years_until(np.array([0.0, 1, 2, -1, -1]), 1) == np.inf
    assert years_until(np.array([0.0, 1, -2, 1, 1]), 1) == 3
    assert years_until(np.array([0.0, 1, 2, 2, 1]), 1) == 1


def test_draws_that_never_pay_back_leave_the_interval_open_and_are_counted(judged):
    flow = np.array([0.0, 10, -6, -6, -6]) * np.ones((5, 1))
    flow[4] = [0, 10, 0, 0, 0]
    frame = value(changed(results(draws=4), 0, spend_nhs=flow), judged, "plan")
    row = one(frame, "payback", perspective="nhs")
    assert row["value"] == 3
    assert row["lower"] == 3
    assert row["upper"] is None
    assert row["said"] == "In 2028/29. Not by 2029/30 in 25% of the draws."


# --- figures --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "number"),
    [("plans.qaly.social", 0.0), ("plans.discount.costs", 3.5), ("plans.curve.step", 0.0)],
)
def test_a_figure_that_makes_no_sense_is_refused_by_its_row(name, number):
    with pytest.raises(CatalogueError, match=rf"\[figure_out_of_range\] {name} is"):
        valuation(Catalogue.load(extra={name: number}).parameters())


def test_a_plan_of_no_interventions_is_judged_too(judged):
    made = replace(results(k=0))
    assert described(value(made, judged, "plan"), "value")
    assert described(effects(made, "plan"), "effects")
