"""Who gains and who loses: each group by its own years of life, and demography kept out of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from leftshift.catalogue import Catalogue
from leftshift.errors import CatalogueError, ModelError
from leftshift.plans.equity import (
    RULES,
    atkinson_weights,
    equally_distributed,
    equity,
    fairness,
)
from leftshift.plans.worth import valuation
from tests.plans.fake_results import by_fifth, by_sex, changed, results
from tests.plans.test_value import described

AFTER_BASE = np.array([0.0, 1, 1, 1, 1])[:, None]
#: Fifths of very different size, that grow and shrink at different speeds.
GROWING = np.array([800.0, 300, 500, 200, 900]) * np.array([0.9, 1.0, 1.1, 1.2, 1.3]) ** np.arange(
    5
).reshape(-1, 1)


@pytest.fixture(scope="module")
def parameters():
    return Catalogue.load().parameters()


@pytest.fixture(scope="module")
def judged(parameters):
    return valuation(parameters)


@pytest.fixture(scope="module")
def fair(parameters):
    return fairness(parameters)


def peopled(people, draws=0, quality=0.8):
    """An area of such fifths, ``[Y, 5]``, whose people have this quality of life."""
    made = results(draws=draws)
    base = made.quintile_base.copy()
    base[..., 0] = people * quality
    spread = np.broadcast_to(people, (1 + draws, *people.shape)).copy()
    return replace(made, quintile_base=base, people_quintile=spread)


def pick(frame: pl.DataFrame, measure: str, **where: object) -> pl.DataFrame:
    where = {"intervention": "", **where}
    return frame.filter(measure=measure, **where).sort("group")


def test_the_table_is_as_described_with_draws_and_without(judged, fair):
    for draws in (0, 4):
        rng = np.random.default_rng(draws)
        made = by_fifth(peopled(GROWING, draws), 0, "qaly", rng.normal(size=(1 + draws, 5, 5)))
        frame = equity(made, judged, fair, "plan")
        assert described(frame, "equity")
        assert (frame["lower"].null_count() == frame.height) == (draws == 0)


def test_demography_alone_gives_no_gradient(judged, fair):
    # Everyone gains the same in every year of life; fifths differ in size and in growth.
    made = by_fifth(peopled(GROWING), 0, "qaly", 0.01 * GROWING * AFTER_BASE)
    made = changed(made, 1, cost_intervention=9000.0 * AFTER_BASE[:, 0])
    frame = equity(made, judged, fair, "plan")
    rate = pick(frame, "qaly_gain_per_1000_person_years", group_kind="quintile")["value"]
    assert np.allclose(rate, 10.0)
    assert abs(pick(frame, "slope_index_change")["value"][0]) < 1e-9
    # Nor where the cost of it is borne alike.
    plain = pick(frame, "net_qaly_gain_per_1000_person_years", group_kind="quintile")
    assert np.ptp(plain.filter(rule="equal_per_head")["value"].to_numpy()) < 1e-9
    # The wrong denominator, people at the start, would have shown a gradient for the least
    # deprived.
    wrong = (0.01 * GROWING * AFTER_BASE).sum(axis=0) / GROWING[0]
    assert (np.diff(wrong) > 0).all()


def test_the_base_year_before_the_plan_dilutes_no_rate(judged, fair):
    made = by_fifth(peopled(np.full((5, 5), 100.0)), 0, "qaly", AFTER_BASE * np.ones(5))
    frame = equity(made, judged, fair, "plan")
    assert np.allclose(pick(frame, "person_years", group_kind="quintile")["value"], 400)
    rate = pick(frame, "qaly_gain_per_1000_person_years", group_kind="quintile")["value"]
    assert np.allclose(rate, 10.0)


def test_a_gain_of_the_most_deprived_narrows_the_slope_and_is_said_to(judged, fair):
    gain = AFTER_BASE * np.array([1.0, 0, 0, 0, 0])
    frame = equity(by_fifth(peopled(np.full((5, 5), 100.0)), 0, "qaly", gain), judged, fair, "p")
    row = pick(frame, "slope_index_change").row(0, named=True)
    assert row["value"] < 0
    assert row["said"] == "The gap narrows."
    before, after = (pick(frame, f"slope_index_{x}")["value"][0] for x in ("before", "after"))
    assert after - before == pytest.approx(row["value"])
    said = pick(frame, "qaly_gain_per_1000_person_years", group_kind="quintile")["said"]
    assert said.to_list() == ["gains"] + ["neither gains nor loses"] * 4
    impact = pick(frame, "equity_impact", rule="equal_per_head")
    assert (impact.filter(pl.col("at") != "0")["value"] > 0).all()
    assert impact.filter(at="0")["value"].to_list() == [0.0]
    assert impact.filter(at="10.95")["said"][0] == "More health, and more equal."


def test_a_gain_of_the_least_deprived_adds_health_and_takes_equality(judged, fair):
    gain = AFTER_BASE * np.array([0, 0, 0, 0, 1.0])
    frame = equity(by_fifth(peopled(np.full((5, 5), 100.0)), 0, "qaly", gain), judged, fair, "p")
    impact = pick(frame, "equity_impact", rule="equal_per_head", at="10.95")
    assert impact["value"][0] < 0
    assert impact["said"][0] == "More health, but less equal."


def test_the_opportunity_cost_falls_on_someone_whole_by_every_rule(judged, fair):
    made = changed(peopled(GROWING), 0, cost_intervention=13_000.0 * AFTER_BASE[:, 0])
    frame = equity(made, judged, fair, "plan")
    spent = (1.035 ** -np.arange(1, 5)).sum()
    for kind in ("quintile", "place"):
        rules = pick(frame, "qalys_forgone", group_kind=kind)["rule"].unique().to_list()
        assert set(rules) == (set(RULES) if kind == "quintile" else set(RULES) - {"health_effect"})
        for rule in rules:
            forgone = pick(frame, "qalys_forgone", group_kind=kind, rule=rule)["value"]
            assert forgone.sum() == pytest.approx(spent)
            shares = pick(frame, "opportunity_cost_share", group_kind=kind, rule=rule)["value"]
            assert shares.sum() == pytest.approx(1.0)
    equal = pick(frame, "opportunity_cost_share", group_kind="quintile", rule="equal_per_head")
    people = (1.015 ** -np.arange(1, 5)) @ GROWING[1:]
    assert np.allclose(equal["value"], people / people.sum())


def test_in_an_area_like_england_the_published_shares_of_health_effects_come_out(judged, fair):
    frame = equity(changed(results(), 0, cost_intervention=1.0), judged, fair, "plan")
    shares = pick(frame, "opportunity_cost_share", group_kind="quintile", rule="health_effect")
    assert shares["value"].to_list() == pytest.approx([0.26, 0.23, 0.20, 0.17, 0.14])


def test_without_aversion_equity_weighted_health_is_plain_net_health(judged, fair):
    rng = np.random.default_rng(5)
    made = by_fifth(peopled(GROWING), 0, "qaly", rng.normal(size=(5, 5)))
    made = changed(made, 1, cost_intervention=5e4)
    frame = equity(made, judged, fair, "plan")
    for rule in RULES:
        plain = pick(frame, "net_health_benefit", rule=rule)["value"][0]
        weighed = pick(frame, "equity_weighted_net_qalys", rule=rule, at="0")["value"][0]
        assert weighed == pytest.approx(plain)
        gain = pick(frame, "equally_distributed_gain", rule=rule, at="0")["value"][0]
        mean = pick(frame, "mean_lifetime_gain", rule=rule)["value"][0]
        assert gain == pytest.approx(mean)
        assert np.sign(mean) == np.sign(plain)


def test_the_publics_aversion_weighs_the_poorest_fifth_six_to_seven_times_the_richest(fair):
    weights = atkinson_weights(fair.levels, np.full(5, 0.2), fair.public)
    assert 6.0 <= weights[0] / weights[4] <= 7.0
    assert weights.mean() == pytest.approx(1.0)
    assert np.allclose(atkinson_weights(fair.levels, np.full(5, 0.2), 0.0), 1.0)


def test_a_fifth_in_which_no_one_lives_has_no_rate_and_moves_nothing(judged, fair):
    people = GROWING.copy()
    people[:, 2] = 0.0
    made = by_fifth(peopled(people), 0, "qaly", 0.01 * people * AFTER_BASE)
    frame = equity(made, judged, fair, "plan")
    assert described(frame, "equity")
    rate = pick(frame, "qaly_gain_per_1000_person_years", group_kind="quintile")
    assert rate["group"].to_list() == ["1", "2", "4", "5"]
    only = np.zeros((5, 5))
    only[:, 0] = 100.0
    frame = equity(by_fifth(peopled(only), 0, "qaly", only * 0.01), judged, fair, "plan")
    assert described(frame, "equity")
    assert pick(frame, "slope_index_change").height == 0
    impact = pick(frame, "equity_impact", rule="equal_per_head", at="10.95")["value"][0]
    assert impact == pytest.approx(0.0, abs=1e-9)


def test_each_sex_gains_by_its_own_years_of_life(judged, fair):
    # Women are three in four here, and every woman gains twice what a man does.
    lived = np.array([1500.0, 500.0])
    made = results()
    made = replace(made, people_sex=np.broadcast_to(lived, made.people_sex.shape))
    gain = lived * np.array([0.02, 0.01]) * AFTER_BASE
    frame = equity(by_sex(made, 0, "qaly", gain), judged, fair, "plan")
    assert described(frame, "equity")
    rows = pick(frame, "qaly_gain_per_1000_person_years", group_kind="sex")
    assert dict(rows.select("group", "value").iter_rows()) == pytest.approx(
        {"female": 20.0, "male": 10.0}
    )
    assert rows["said"].to_list() == ["gains", "gains"]
    for kind in ("sex", "quintile", "place"):
        found = pick(frame, "qaly_gain", group_kind=kind)["value"].sum()
        assert found == pytest.approx(gain.sum()), kind


def test_a_plan_that_harms_one_sex_is_said_to(judged, fair):
    frame = equity(by_sex(results(), 0, "qaly", AFTER_BASE * [1.0, -1.0]), judged, fair, "p")
    said = pick(frame, "qaly_gain_per_1000_person_years", group_kind="sex")["said"]
    assert said.to_list() == ["gains", "loses"]


def test_sexes_have_gains_of_health_and_nothing_that_hangs_on_cost(judged, fair):
    after = AFTER_BASE[:, 0]
    made = changed(results(), 0, qaly=after, deaths=-2.0 * after, cost_intervention=1e5 * after)
    frame = equity(made, judged, fair, "plan").filter(group_kind="sex")
    gains = ("qaly_gain", "life_years_gain", "deaths_averted")
    rates = {f"{name}_per_1000_person_years" for name in gains}
    assert set(frame["measure"]) == {"person_years", *gains, *rates}
    assert set(frame["rule"]) == {""}
    assert pick(frame, "deaths_averted")["value"].to_list() == pytest.approx([4.0, 4.0])


def test_an_effect_on_a_sex_that_is_no_number_is_refused_by_its_name(judged, fair):
    made = results()
    made.sex_effect[0, 0, 2, 1, 2] = np.nan
    with pytest.raises(ModelError, match=r"thing_0 on \"deaths\" in 2027/28 \(sex male, the cent"):
        equity(made, judged, fair, "plan")


def test_a_gain_that_draws_doubt_is_said_to_be_doubtful(judged, fair):
    gain = np.array([1.0, 2, -1, 1, 2])[:, None, None] * AFTER_BASE * np.ones(5)
    made = by_fifth(peopled(np.full((5, 5), 100.0), 4), 0, "qaly", gain)
    frame = equity(made, judged, fair, "plan")
    said = pick(frame, "qaly_gain_per_1000_person_years", group_kind="quintile")["said"]
    assert set(said) == {"gains, but it could be either"}


def test_equal_lifetimes_are_worth_their_mean_at_any_aversion():
    for aversion in (0.0, 1.0, 10.95, 20.0):
        found = equally_distributed(np.full(5, 70.0), np.full(5, 0.2), aversion)
        assert found == pytest.approx(70.0)


@pytest.mark.parametrize(
    ("name", "number"),
    [("plans.aversion.atkinson", -1.0), ("plans.qale.gap", 500.0), ("plans.qale.mean", 0.0)],
)
def test_a_figure_that_makes_no_sense_is_refused_by_its_row(name, number):
    with pytest.raises(CatalogueError, match=rf"\[figure_out_of_range\] {name} is"):
        fairness(Catalogue.load(extra={name: number}).parameters())


def test_net_gains_are_health_gained_less_health_forgone_for_everyone_together(judged, fair):
    made = changed(peopled(GROWING), 0, qaly=3.0 * AFTER_BASE[:, 0])
    made = changed(made, 1, cost_intervention=13_000.0 * AFTER_BASE[:, 0], spend_nhs=-100.0)
    frame = equity(made, judged, fair, "plan")
    later = np.arange(1, 5)
    gained = 3.0 * (1.015**-later).sum()
    forgone = (1.035**-later).sum() - 100 / 13_000 * (1.035 ** -np.arange(5)).sum()
    for rule in RULES:
        net = pick(frame, "net_qaly_gain", group_kind="quintile", rule=rule)["value"]
        assert net.sum() == pytest.approx(gained - forgone)
        total = pick(frame, "net_health_benefit", rule=rule)["value"][0]
        assert total == pytest.approx(gained - forgone)
    saved = pick(frame, "qalys_forgone", group_kind="place", rule="equal_per_head")["value"]
    assert saved.sum() == pytest.approx(forgone)


def test_a_plan_that_saves_money_gives_health_to_those_who_would_have_had_it(judged, fair):
    frame = equity(changed(peopled(GROWING), 0, spend_nhs=-1e5), judged, fair, "plan")
    for rule in RULES:
        found = pick(frame, "net_qaly_gain", group_kind="quintile", rule=rule)["value"]
        assert (found > 0).all()
