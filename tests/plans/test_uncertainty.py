"""How sure a plan's worth is: probabilities, the worth of information, and when to be silent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from leftshift.catalogue import Catalogue
from leftshift.plans.uncertainty import FEWEST, groups, notes, uncertainty
from leftshift.plans.worth import valuation
from tests.plans.fake_results import changed, results
from tests.plans.test_value import described

AFTER_BASE = np.array([0.0, 1, 1, 1, 1])


@pytest.fixture(scope="module")
def judged():
    return valuation(Catalogue.load().parameters())


def doubtful(draws: int, seed: int = 1):
    """Two interventions: health of the first and cost of the second are in doubt."""
    rng = np.random.default_rng(seed)
    health = np.append(2.0, rng.normal(2.0, 1.0, draws))
    cost = np.append(3e4, rng.normal(3e4, 1e4, draws))
    made = changed(
        results(draws=draws), 0, qaly=health[:, None] * AFTER_BASE, cost_intervention=3e4
    )
    made = changed(made, 1, qaly=2.5 * AFTER_BASE, cost_intervention=cost[:, None] * AFTER_BASE)
    return replace(
        made,
        parameters={
            "intervention.thing_0.effect.all.ratio": health[1:],
            "intervention.thing_0.effect.other.ratio": rng.normal(size=draws),
            "intervention.thing_1.cost.per_year": cost[1:],
            "service.bed.unit_cost": rng.normal(size=draws),
            "plans.shrink.C": np.full(draws, 0.5),
        },
    )


@pytest.fixture(scope="module")
def frame(judged):
    return uncertainty(doubtful(300), judged, "plan")


def test_the_table_is_as_described(frame):
    assert described(frame, "uncertainty")
    assert set(frame["measure"]) == {
        *("ceac", "probability_worth_it", "evpi", "evpi_per_resident", "evppi"),
        *("tornado_low", "tornado_high"),
    }


def test_without_draws_it_is_empty_and_one_sentence_says_why(judged):
    frame = uncertainty(results(), judged, "plan")
    assert frame.height == 0
    assert described(frame, "uncertainty")
    assert len(notes(results())) == 1
    assert notes(results())[0].startswith("This is a central run")


@pytest.mark.parametrize("draws", [1, 2, FEWEST - 1])
def test_too_few_draws_say_nothing_of_parameters_and_one_sentence_says_so(judged, draws):
    made = doubtful(draws)
    frame = uncertainty(made, judged, "plan")
    assert described(frame, "uncertainty")
    assert set(frame["measure"]) == {"ceac", "probability_worth_it", "evpi", "evpi_per_resident"}
    assert any("too few to say which parameters matter" in note for note in notes(made))


def test_the_acceptability_curve_is_the_share_of_draws_that_are_worth_it(judged, frame):
    made = doubtful(300)
    rate = 1.0 / 1.015 ** np.arange(1, 5)
    paid = 3e4 * (1.0 / 1.035 ** np.arange(5)).sum()
    gained = made.parameters["intervention.thing_0.effect.all.ratio"] * rate.sum()
    curve = frame.filter(measure="ceac", intervention="thing_0")
    for at, share in zip(curve["at"], curve["value"], strict=True):
        assert share == pytest.approx((float(at) * gained > paid).mean())
    assert curve.filter(at="0")["value"][0] == 0.0
    named = frame.filter(measure="probability_worth_it", intervention="thing_0", at="13000")
    assert named["value"][0] == curve.filter(at="13000")["value"][0]


def test_the_social_value_of_a_qaly_comes_with_societys_perspective_only(frame):
    single = frame.filter(pl.col("measure").is_in(["evpi", "probability_worth_it", "evppi"]))
    assert set(single.filter(at="70000")["perspective"]) == {"societal"}
    assert set(single.filter(pl.col("at") != "70000")["perspective"]) == {"nhs_and_social_care"}


def test_no_parameter_is_worth_more_than_knowing_everything(frame):
    whole = frame.filter(measure="evpi").select("intervention", "at", "perspective", "value")
    part = frame.filter(measure="evppi").join(whole, on=["intervention", "at", "perspective"])
    assert part.height == frame.filter(measure="evppi").height
    assert (part["value"] <= part["value_right"] + 1e-9).all()
    assert (frame.filter(pl.col("measure").str.starts_with("evp"))["value"] >= 0).all()


def test_what_decides_is_worth_knowing_and_what_does_not_matter_is_not(frame):
    found = {
        row["group"]: row["value"]
        for row in frame.filter(
            measure="evppi", intervention="thing_1", at="13000"
        ).iter_rows(named=True)
    }  # fmt: skip
    whole = frame.filter(measure="evpi", intervention="thing_1", at="13000")["value"][0]
    assert found["intervention.thing_1"] == pytest.approx(whole, rel=0.05)
    assert found["service"] < 0.1 * whole
    assert found["intervention.thing_0"] < 0.1 * whole


def test_a_parameter_that_is_the_same_in_every_draw_is_no_row(frame):
    assert "plans.shrink.C" not in frame["at"].to_list()
    assert "plans" not in frame["group"].to_list()


def test_the_tornado_moves_with_what_matters_in_the_right_direction(frame):
    ends = {
        (row["at"], row["measure"]): row["value"]
        for row in frame.filter(
            pl.col("measure").str.starts_with("tornado"), intervention=""
        ).iter_rows(named=True)
    }  # fmt: skip
    health, cost = "intervention.thing_0.effect.all.ratio", "intervention.thing_1.cost.per_year"
    assert ends[health, "tornado_low"] < ends[health, "tornado_high"]
    assert ends[cost, "tornado_low"] > ends[cost, "tornado_high"]
    width = {at: abs(ends[at, "tornado_high"] - ends[at, "tornado_low"]) for at, _ in ends}
    assert width["service.bed.unit_cost"] < 0.35 * width[cost]


def test_the_same_results_give_the_same_table(judged, frame):
    assert frame.equals(uncertainty(doubtful(300), judged, "plan"))


def test_parameters_are_grouped_by_intervention_and_mechanism():
    found = groups(
        [
            "intervention.a.effect.x.ratio",
            "intervention.a.effect.y.ratio",
            "intervention.a.cost.per_year",
            "intervention.b.cost.per_year",
            "service.bed.unit_cost",
            "service.gp.unit_cost",
            "frailty.sd",
        ]
    )
    assert found == {
        "frailty": ("frailty.sd",),
        "intervention.a": (
            "intervention.a.cost.per_year",
            "intervention.a.effect.x.ratio",
            "intervention.a.effect.y.ratio",
        ),
        "intervention.a.cost": ("intervention.a.cost.per_year",),
        "intervention.a.effect": (
            "intervention.a.effect.x.ratio",
            "intervention.a.effect.y.ratio",
        ),
        "intervention.b": ("intervention.b.cost.per_year",),
        "service": ("service.bed.unit_cost", "service.gp.unit_cost"),
        "service.bed": ("service.bed.unit_cost",),
        "service.gp": ("service.gp.unit_cost",),
    }


def test_a_group_wider_than_the_draws_can_tell_apart_is_left_out_and_named(judged):
    made = doubtful(40)
    rng = np.random.default_rng(9)
    many = {f"ratio.r{i}": rng.normal(size=40) for i in range(20)}
    made = replace(made, parameters={**made.parameters, **many})
    frame = uncertainty(made, judged, "plan")
    assert "ratio" not in frame.filter(measure="evppi")["group"].to_list()
    assert any("larger groups" in note and "ratio" in note for note in notes(made))


def test_two_values_of_a_qaly_that_are_the_same_are_one_question():
    catalogue = Catalogue.load(extra={"plans.qaly.nice_lower": 13000.0})
    frame = uncertainty(doubtful(40), valuation(catalogue.parameters()), "plan")
    assert described(frame, "uncertainty")


def test_what_changes_nothing_is_never_worth_it(judged):
    frame = uncertainty(results(draws=40), judged, "plan")
    assert described(frame, "uncertainty")
    assert frame["value"].abs().max() == 0.0


def test_of_many_parameters_that_mean_nothing_none_has_a_bar(judged):
    made = doubtful(40)
    rng = np.random.default_rng(10)
    many = {f"ratio.r{i}": rng.normal(size=40) for i in range(150)}
    made = replace(made, parameters={**made.parameters, **many})
    bars = uncertainty(made, judged, "plan").filter(
        pl.col("measure").str.starts_with("tornado"), pl.col("at").str.starts_with("ratio")
    )
    spread = bars.group_by("intervention", "at").agg(
        (pl.col("value").max() - pl.col("value").min()).alias("width")
    )
    assert (spread["width"] > 1e-6).sum() <= 2
