"""Choosing among a plan's interventions: claims on made-up candidates. Nothing here is evidence."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from leftshift.areas import find_area
from leftshift.catalogue import Catalogue
from leftshift.errors import PlanError
from leftshift.plans.alone import each_alone
from leftshift.plans.candidates import Aim, Candidates, aim_of, candidates
from leftshift.plans.choice import Clash
from leftshift.plans.choice_problem import problem_of
from leftshift.plans.files import Plan, read_plan
from leftshift.plans.frontier import around, sampled
from leftshift.plans.limits import Limits, Schedule
from leftshift.plans.prioritise import (
    Choice,
    choose,
    chosen_plan,
    estimate,
    explained,
    resimulated,
)
from leftshift.plans.prioritise_rules import Rules, read_rules
from leftshift.plans.results import MEASURES, Results
from leftshift.quantities import FinancialYear
from leftshift.report.plans.triangles import drawing, triangles
from leftshift.runs.describe import Table
from leftshift.runs.tables_prioritise import TABLES
from tests.plans.made_up import results

YEARS = tuple(f"{2025 + y}/{26 + y}" for y in range(8))
FIRST = FinancialYear("2026/27")


def of(
    qaly: list[float],
    cost: list[float],
    *,
    draws: int = 0,
    released: list[float] | None = None,
    shifts: tuple[str, ...] | None = None,
    **more: Any,
) -> Candidates:
    """Candidates that each bring so many QALYs and cost so many £m in every year from the first."""
    k, y = len(qaly), len(YEARS)
    measures = tuple(MEASURES)
    effect = np.zeros((1 + draws, k, y, len(measures)))
    spread = np.ones((1 + draws, k))
    spread[1:] = np.random.default_rng(3).lognormal(0.0, 0.5, (draws, k))
    for name, each in (
        ("qaly", qaly), ("cost_intervention", [1e6 * one for one in cost]),
        ("cash_released", [1e6 * one for one in released or [0.0] * k]),
        ("people_reached", [1000.0] * k),
    ):  # fmt: skip
        scale = spread if name == "qaly" else np.ones_like(spread)
        effect[..., 1:, measures.index(name)] = (np.array(each) * scale)[..., None]
    fifths = np.full(5, 0.2)
    ids = tuple("abcdefgh"[:k])
    return Candidates(
        ids, tuple(one.upper() for one in ids), shifts or ("hospital_to_community",) * k, YEARS, 1,
        measures, effect, effect[..., measures.index("qaly"), None] * fifths,
        np.full((1 + draws, 5), 1e5), **more,
    )  # fmt: skip


def health(found: Candidates, rate: float = 0.0) -> Aim:
    return Aim("health", rate, rate, np.ones((len(found.effect), 5)))


def money(amount: float, **more: Any) -> Limits:
    return Limits(Schedule(((FIRST, amount),)), **more)


def chosen(found: Candidates, rules: Rules, limits: Limits, aim: Aim | None = None) -> Choice:
    made = choose(found, rules, limits, aim or health(found))
    assert isinstance(made, Choice)
    return made


def frame(found: Candidates, rules: Rules, limits: Limits, name: str) -> pl.DataFrame:
    aim = health(found)
    return around(found, rules, limits, aim, chosen(found, rules, limits, aim)).tables[name]


def clash(found: Candidates, rules: Rules, limits: Limits) -> tuple[Clash, str]:
    made = choose(found, rules, limits, health(found))
    assert isinstance(made, Clash)
    return made, " ".join(explained(made, problem_of(found, rules, limits, health(found))))


# What is chosen -------------------------------------------------------------------------------


def test_money_goes_to_what_brings_most_for_it_and_the_last_is_done_in_part() -> None:
    made = chosen(of([10, 30, 20], [1, 1, 1]), Rules(), money(1.5e6))
    assert made.size.tolist() == pytest.approx([0.0, 1.0, 0.5])
    assert made.value == pytest.approx(7 * 40)


def test_all_or_nothing_is_never_done_in_part() -> None:
    rules = Rules(all_or_nothing=("a", "b", "c"))
    made = chosen(of([10, 30, 20], [1, 1, 1]), rules, money(1.5e6))
    assert made.size.tolist() == [0.0, 1.0, 0.0]


def test_nothing_is_done_at_less_than_its_smallest_size() -> None:
    rules = Rules(smallest={"c": 0.6})
    made = chosen(of([10, 30, 20], [1, 1, 1]), rules, money(1.5e6))
    assert made.size[2] == 0.0 or made.size[2] >= 0.6
    assert made.value == pytest.approx(7 * max(30 + 5, 20 * 0.6 + 30 * 0.9))


def test_a_cost_that_comes_whole_is_paid_whole_at_half_the_size() -> None:
    found = of([10, 30], [1, 1])
    fixed = np.zeros_like(found.of("qaly"))
    fixed[:, 1, 1:] = 0.8e6
    made = chosen(replace(found, fixed=fixed), Rules(), money(0.9e6))
    # b costs 0.8 + 0.2 x: half of it brings 15, but a brings 9.
    assert made.size[1] == pytest.approx(0.5)
    spent = estimate(replace(found, fixed=fixed), made)[0, 1]
    assert spent[tuple(MEASURES).index("cost_intervention")] == pytest.approx(0.9e6)


def test_a_candidate_waits_for_the_year_in_which_there_is_money_for_it() -> None:
    limits = Limits(Schedule(((FIRST, 1e6), (FinancialYear("2029/30"), 2e6))))
    rules = Rules(all_or_nothing=("a", "b"), delays={"a": (0, 1, 2, 3), "b": (0, 1, 2, 3)})
    made = chosen(of([10, 30], [1, 1]), rules, limits)
    assert made.size.tolist() == [1.0, 1.0]
    assert made.delay.tolist() == [3, 0]
    assert made.value == pytest.approx(30 * 7 + 10 * 4)


def test_effects_and_costs_begin_as_much_later_as_the_candidate_does() -> None:
    found = of([10], [1])
    made = chosen(found, Rules(delays={"a": (2,)}), money(1e6))
    linear = estimate(found, made)[0]
    at = tuple(MEASURES).index("qaly")
    assert linear[:, at].tolist() == [0, 0, 0, 10, 10, 10, 10, 10]


def test_what_is_required_is_done_however_little_it_brings() -> None:
    made = chosen(of([1, 30], [1, 1]), Rules(required=("a",)), money(1.5e6))
    assert made.size.tolist() == pytest.approx([1.0, 0.5])


def test_of_two_that_shut_each_other_out_one_is_done() -> None:
    made = chosen(of([20, 30], [1, 1]), Rules(exclusive=(("a", "b"),)), money(5e6))
    assert made.size.tolist() == [0.0, 1.0]


def test_what_rests_on_another_is_done_only_with_it() -> None:
    found = of([1, 30], [1, 1], needs=((1, 0),))
    made = chosen(found, Rules(all_or_nothing=("a", "b")), money(1.5e6))
    assert made.chosen == (0,)


def test_a_prevention_floor_moves_new_spend_to_prevention() -> None:
    found = of([30, 10], [1, 1], shifts=("hospital_to_community", "sickness_to_prevention"))
    rules = Rules(floor_new={"sickness_to_prevention": Schedule(((FIRST, 0.4),))})
    made = chosen(found, rules, money(1e6))
    assert made.size.tolist() == pytest.approx([0.6, 0.4])


def test_a_floor_on_all_spend_counts_what_setting_spends_already() -> None:
    found = of([30, 10], [1, 1])
    uses = {f"setting.{one}": np.zeros_like(found.of("qaly")) for one in ("prevention", "acute")}
    uses["setting.acute"][:, 0, 1:] = 1e6
    uses["setting.prevention"][:, 1, 1:] = 1e6
    levels = {"setting.prevention": np.full((1, 8), 5e6), "setting.acute": np.full((1, 8), 95e6)}
    found = replace(found, uses=uses, levels=levels)
    limits = Limits(Schedule(((FIRST, 1e6),)), {"prevention": Schedule(((FIRST, 5.5e6 / 101e6),))})
    assert chosen(found, Rules(), limits).size.tolist() == pytest.approx([0.5, 0.5])


def test_staff_and_capacity_hold_back_what_money_would_buy() -> None:
    found = of([30, 10], [1, 1])
    staff = np.zeros_like(found.of("qaly"))
    staff[:, 0, 1:] = 40.0
    found = replace(found, uses={"staff.nurse": staff})
    limits = money(5e6, staff={"nurse": Schedule(((FIRST, 10.0),))})
    assert chosen(found, Rules(), limits).size.tolist() == pytest.approx([0.25, 1.0])


def test_money_released_buys_more_only_where_it_may_be_reinvested() -> None:
    found = of([30, 20], [1, 1], released=[0.5, 0.0])
    assert chosen(found, Rules(), money(1e6)).size.tolist() == [1.0, 0.0]
    assert chosen(found, Rules(reinvest=True), money(1e6)).size.tolist() == pytest.approx([1, 0.5])


def test_care_that_lands_elsewhere_is_new_spend() -> None:
    found = of([30, 20], [1, 1], released=[-1.0, 0.0])
    assert chosen(found, Rules(), money(1e6)).size.tolist() == pytest.approx([0.0, 1.0])


def test_weighing_the_poorest_changes_whom_the_choice_serves() -> None:
    found = of([10, 12], [1, 1])
    qaly = found.qaly.copy()
    qaly[:, 0] = found.of("qaly")[:, 0, :, None] * np.array([1.0, 0, 0, 0, 0])
    qaly[:, 1] = found.of("qaly")[:, 1, :, None] * np.array([0, 0, 0, 0, 1.0])
    found = replace(found, qaly=qaly)
    rules = Rules(aim="equity", all_or_nothing=("a", "b"))
    parameters = Catalogue.load().parameters()
    assert chosen(found, rules, money(1e6), health(found)).chosen == (1,)
    assert chosen(found, rules, money(1e6), aim_of(rules, parameters, found)).chosen == (0,)
    alike = aim_of(replace(rules, aversion=0.0), parameters, found)
    assert chosen(found, rules, money(1e6), alike).chosen == (1,)


def test_the_least_gap_stops_saving_where_there_is_no_gap_left() -> None:
    found = of([0, 0], [1, 1], released=[4.0, 3.0])
    aim = Aim("gap", 0.0, 0.0, np.ones((1, 5)), np.full(8, 2e6))
    made = chosen(found, Rules(all_or_nothing=("a", "b")), Limits(), aim)
    assert made.size.sum() == 1.0
    assert made.value == pytest.approx(7 * 2e6)


def test_of_equally_good_choices_the_first_of_the_file_is_taken_at_once() -> None:
    found = of([10, 10, 10], [1, 1, 1])
    rules = Rules(delays=dict.fromkeys("abc", (0, 1)))
    limits = Limits(Schedule(((FIRST, 1e6),)))
    made = [chosen(found, rules, limits) for _ in range(2)]
    assert made[0].size.tolist() == [1.0, 0.0, 0.0]
    assert made[0].delay.tolist() == [0, 0, 0]
    assert (made[0].taken.size == made[1].taken.size).all()


# What is said around it -----------------------------------------------------------------------


def test_a_frontier_never_falls_as_the_budget_grows_and_its_slope_never_rises() -> None:
    found = of([10, 30, 20, 5], [1, 1, 1, 1])
    rows = frame(found, Rules(), money(2e6), "frontier")
    values = rows["value"].to_numpy()
    assert (np.diff(values) >= -1e-6).all()
    slopes = rows["per_million"].drop_nulls().to_numpy()
    assert (np.diff(slopes) <= 1e-3 * slopes[0]).all()
    assert rows["joins"][1] == "b"


def test_a_frontier_says_where_a_budget_cannot_meet_the_duties() -> None:
    rows = frame(of([1, 30], [1, 1]), Rules(required=("a",)), money(2e6), "frontier")
    assert rows["possible"].to_list()[:3] == [False, False, False]
    assert rows["value"][0] is None


def test_a_shadow_price_is_what_the_next_pound_brings() -> None:
    rows = frame(of([10, 30, 20], [1, 1, 1]), Rules(), money(1.5e6), "shadow")
    prices = rows.filter(pl.col("measure") == "price")["value"]
    assert prices.sum() == pytest.approx(7 * 20 / 1e6)
    more = rows.filter(pl.col("measure") == "tenth_more")["value"].item()
    assert more == pytest.approx(7 * 20 * 0.15)


def test_a_limit_with_room_to_spare_has_no_price() -> None:
    rows = frame(of([10, 30], [1, 1]), Rules(), money(9e6), "shadow")
    assert (rows.filter(pl.col("measure").is_in(["price", "tenth_more"]))["value"] == 0.0).all()


def test_what_is_left_out_names_the_limit_and_what_it_would_displace() -> None:
    found = of([10, 30, -5], [1, 1, 1])
    rules = Rules(all_or_nothing=("a", "b", "c"))
    table = frame(found, rules, money(1e6), "left_out")
    rows = {row["intervention"]: row for row in table.to_dicts()}
    assert list(rows) == ["a", "c"]
    assert rows["a"]["limit"] == "new_spend"
    assert rows["a"]["displaces"] == "b"
    assert rows["a"]["value_lost"] == pytest.approx(7 * 20)
    assert rows["a"]["reduced_value"] <= 0.0
    assert "brings no QALYs" in rows["c"]["reason"]


def test_what_fits_in_no_limit_says_which() -> None:
    found = of([10, 90], [1, 5])
    rules = Rules(all_or_nothing=("a", "b"))
    row = frame(found, rules, money(1e6), "left_out").to_dicts()[0]
    assert row["intervention"] == "b"
    assert row["limit"] == "new_spend"
    assert "new spend in" in row["reason"]
    assert row["value_lost"] is None


def test_the_ranking_says_in_how_many_draws_each_is_chosen() -> None:
    found = of([10, 30, 20], [1, 1, 1], draws=40)
    rows = frame(found, Rules(draws=20), money(1.5e6), "ranking")
    share = rows.filter(pl.col("measure") == "chosen")
    assert share["value"].is_between(0.0, 1.0).all()
    by = dict(zip(share["intervention"], share["value"], strict=True))
    assert by["b"] > by["a"]
    whole = dict(rows.filter(pl.col("intervention") == "").select("measure", "value").iter_rows())
    assert whole["draws"] == 20
    assert whole["within_limits"] == 1.0
    assert 0.0 < whole["value_kept"] <= 1.0 + 1e-9
    assert -1.0 <= whole["rank_agreement"] <= 1.0


def test_draws_that_are_alike_give_one_ranking() -> None:
    found = of([10, 30, 20], [1, 1, 1], draws=5)
    alike = replace(found, effect=found.effect[[0] * 6], qaly=found.qaly[[0] * 6])
    rows = frame(alike, Rules(draws=5), money(1.5e6), "ranking")
    whole = dict(rows.filter(pl.col("intervention") == "").select("measure", "value").iter_rows())
    assert whole["rank_agreement"] == 1.0
    assert whole["value_kept"] == pytest.approx(1.0)


def test_draws_are_sampled_evenly_and_never_more_than_there_are() -> None:
    assert sampled(0, 25) == []
    assert sampled(3, 25) == [1, 2, 3]
    assert sampled(100, 3) == [1, 50, 100]


def test_every_table_is_as_it_is_described() -> None:
    found = of([10, 30, 20], [1, 1, 1], draws=6)
    limits, aim = money(1.5e6), health(found)
    tables = around(found, Rules(), limits, aim, chosen(found, Rules(), limits, aim)).tables
    described: dict[str, Table] = {one.name: one for one in TABLES}
    for name, rows in tables.items():
        assert rows.columns == list(described[name].names), name
        assert rows.height == rows.select(described[name].keys).unique().height, name
        for column in described[name].columns:
            assert rows.schema[column.name] == column.dtype, f"{name}.{column.name}"
            assert column.empty or not rows[column.name].null_count(), f"{name}.{column.name}"
            if column.allowed:
                assert set(rows[column.name]) <= set(column.allowed), f"{name}.{column.name}"


# Clashes and bad input ------------------------------------------------------------------------


def test_a_clash_of_duty_and_money_is_named_with_what_would_do() -> None:
    found, said = clash(of([1, 30], [3, 1]), Rules(required=("a",)), money(2e6))
    assert set(found.groups) == {"required.a", "new_spend"}
    assert "to raise new spend in 2026/27 from £2.00m to £3.00m" in said
    assert "to do a at 67% of its reach" in said


def test_a_floor_beyond_reach_is_named_with_what_it_could_be() -> None:
    found = of([30], [1])
    uses = {"setting.prevention": np.zeros_like(found.of("qaly"))}
    uses["setting.prevention"][:, 0, 1:] = 1e6
    levels = {"setting.prevention": np.full((1, 8), 3e6), "setting.acute": np.full((1, 8), 97e6)}
    uses["setting.acute"] = np.zeros_like(uses["setting.prevention"])
    found = replace(found, uses=uses, levels=levels)
    made, said = clash(found, Rules(), Limits(floor={"prevention": Schedule(((FIRST, 0.06),))}))
    assert made.groups == ("floor.prevention",)
    assert "Nothing that is allowed keeps the floor of 6% of spend on prevention" in said
    assert "to 3.94%" in said


def test_a_clash_leaves_out_limits_that_have_no_part_in_it() -> None:
    found = of([1, 30], [3, 1])
    staff = np.full_like(found.of("qaly"), 1.0)
    found = replace(found, uses={"staff.nurse": staff})
    limits = money(2e6, staff={"nurse": Schedule(((FIRST, 50.0),))})
    made, said = clash(found, Rules(required=("a",)), limits)
    assert "nurse" not in said
    assert all(not group.startswith("staff") for group in made.groups)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (money(0.0), "nothing can be afforded"),
        (money(-1.0), "new_spend in 2026/27 is -1. It must be 0 or more"),
        (Limits(floor={"prevention": Schedule(((FIRST, 1.2),))}), "between 0 and 1"),
        (Limits(floor={"prevention": Schedule(((FIRST, 0.2),))}), "spend on prevention is not"),
        (Limits(staff={"gp": Schedule(((FIRST, 1.0),))}), "use of gp is not known"),
        (Limits(capacity={"beds": Schedule(((FIRST, 1.0),))}), "use of beds is not known"),
    ],
)  # fmt: skip
def test_a_limit_that_makes_no_sense_is_one_clear_message(limits: Limits, said: str) -> None:
    with pytest.raises(PlanError, match=said):
        choose(of([10, 30], [1, 1]), Rules(), limits, health(of([10, 30], [1, 1])))


def test_candidates_that_bring_nothing_are_one_clear_message() -> None:
    with pytest.raises(PlanError, match="none of the 2 candidates gains any QALYs"):
        choose(of([0, -1], [1, 1]), Rules(), money(5e6), health(of([0, 0], [1, 1])))


# Plan files -----------------------------------------------------------------------------------

HEAD = """
[plan]
name = "Left shift"
start = "2026/27"
years = 7
[limits]
new_spend = "£1m"
"""
BLOCK = """
[[intervention]]
id = "{id}"
label = "{id}"
shift = "sickness_to_prevention"
about = "Made up."
against = "Made up."
who = "age >= 75"
reach = {reach}
evidence = "A"
"""


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


def plan_of(folder: Path, catalogue: Catalogue, rules: str = "", ids: str = "ab") -> Plan:
    ramp = '{ "2026/27" = 0.1, "2028/29" = 0.5 }'
    blocks = [BLOCK.format(id=f"{one}_first", reach=ramp if one == "a" else "0.4") for one in ids]
    text = HEAD + "".join(blocks)
    file = folder / "plan.toml"
    file.write_text(text, encoding="utf-8")
    plan = read_plan(file, catalogue, "plan.toml")
    return replace(plan, document={**plan.document, **tomllib.loads(rules)})


def test_the_chosen_plan_is_a_plan_with_the_reach_and_starts_that_were_chosen(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    plan = plan_of(tmp_path, catalogue)
    found = replace(of([30, 10], [1, 1]), ids=("a_first", "b_first"))
    rules = Rules(delays={"a_first": (2,), "b_first": (1,)}, all_or_nothing=("a_first",))
    made = chosen(found, rules, money(1.5e6))
    assert made.size.tolist() == pytest.approx([1.0, 0.5])
    file = tmp_path / "chosen.toml"
    file.write_text(chosen_plan(plan, made), encoding="utf-8")
    again = read_plan(file, catalogue, "chosen.toml")
    assert [one.id for one in again.interventions] == ["a_first", "b_first"]
    for year in range(2026, 2033):
        first, second = (one.reach.of(FinancialYear(year)) for one in again.interventions)
        old, other = (one.reach.of(FinancialYear(year - 2)) for one in plan.interventions)
        assert first == pytest.approx(old)
        assert second == pytest.approx(0.2 if year >= 2027 else 0.0)
        del other
    assert again.limits == plan.limits


def test_what_is_left_out_is_not_in_the_chosen_plan(tmp_path: Path, catalogue: Catalogue) -> None:
    plan = plan_of(tmp_path, catalogue)
    found = replace(of([30, 10], [1, 1]), ids=("a_first", "b_first"))
    made = chosen(found, Rules(), money(1e6))
    text = chosen_plan(plan, made, "Chosen")
    assert "b_first" not in text
    assert 'name = "Chosen"' in text


def test_the_linear_estimate_of_all_at_once_is_the_run_of_all_at_once(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    plan = plan_of(tmp_path, catalogue)
    run: Results = results(("a_first", "b_first"), years=8, draws=3)
    found = candidates(plan, [run])
    made = chosen(found, Rules(), Limits())
    assert made.size.tolist() == [1.0, 1.0]
    rows = resimulated(found, made, run, "chosen")
    assert rows["difference"].abs().max() == pytest.approx(0.0, abs=1e-6)
    assert rows.height == 8 * len(MEASURES)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ('[prioritise]\naim = "wealth"', 'no aim called "wealth"'),
        ('[prioritise]\naims = "health"', 'nothing is called "aims" in .prioritise..*"aim"'),
        ('[prioritise]\nrequired = ["a_frist"]', 'no intervention called "a_frist".*"a_first"'),
        ('[prioritise]\nrequired = "a_first"', "must be a list of ids"),
        ('[prioritise]\nexclusive = [["a_first"]]', "stands alone"),
        ('[prioritise]\nexclusive = [["a_first", "b_first"]]\nrequired = ["a_first", "b_first"]',
         "both required"),
        ("[prioritise]\nsmallest = 1.5", "smallest must be a number from 0 to 1"),
        ("[prioritise]\nsmallest = { a_first = -1 }", "smallest: a_first must be a number"),
        ('[prioritise]\nlatest = "2050/51"', "outside the horizon"),
        ('[prioritise]\nlatest = 2030', "latest"),
        ('[prioritise]\nstarts = { a_first = [] }', "must be a list of years"),
        ("[prioritise]\nfloor_new = { prevention = 0.1 }", 'no shift called "prevention"'),
        ("[prioritise]\nfloor_new = { sickness_to_prevention = 1.1 }", "between 0 and 1"),
        ("[prioritise]\nfloor_new = { sickness_to_prevention = 0.7, analogue_to_digital = 0.7 }",
         "floor_new comes to 140%"),
        ("[prioritise]\nreinvest = 1", "true or false"),
        ("[prioritise]\nbudgets = []", "list of 1 to 100"),
        ("[prioritise]\nbudgets = [-1]", "budgets must be a number"),
        ("[prioritise]\ndraws = -1", "whole number"),
        ("[prioritise]\naversion = 99", "aversion must be a number from 0 to 30"),
        ("prioritise = 1", "must be a table"),
    ],
)  # fmt: skip
def test_a_rule_that_makes_no_sense_is_one_clear_message(
    tmp_path: Path, catalogue: Catalogue, rules: str, said: str
) -> None:
    plan = plan_of(tmp_path, catalogue, rules)
    with pytest.raises(PlanError, match=said) as caught:
        read_rules(plan)
    assert str(caught.value).startswith("plan.toml:")


def test_rules_are_read_as_they_are_written(tmp_path: Path, catalogue: Catalogue) -> None:
    text = """
        [prioritise]
        aim = "equity"
        required = ["a_first"]
        all_or_nothing = true
        smallest = { b_first = 0.25 }
        starts = { b_first = ["2027/28", "2029/30"] }
        latest = "2028/29"
        reinvest = true
        """
    rules = read_rules(plan_of(tmp_path, catalogue, text), draws=7)
    assert rules.aim == "equity"
    assert rules.starts("a_first") == (0, 1, 2)
    assert rules.starts("b_first") == (1, 3)
    assert rules.least("b_first") == 1.0
    assert rules.reinvest
    assert rules.draws == 7


def test_a_plan_without_interventions_has_no_candidates(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    plan = plan_of(tmp_path, catalogue, ids="")
    with pytest.raises(PlanError, match="no candidates to choose from"):
        read_rules(plan)
    with pytest.raises(PlanError, match="no candidates to choose from"):
        candidates(plan, [])


# Run alone ------------------------------------------------------------------------------------


def test_each_run_alone_is_the_same_whatever_the_threads_and_its_pounds_are_all_in_a_setting(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    file = tmp_path / "plan.toml"
    blocks = [
        f'[[intervention]]\nuse = "{one}"\nreach = 0.5\n'
        for one in ("hospital_at_home", "blood_pressure_treatment")
    ]
    file.write_text(HEAD + "".join(blocks), encoding="utf-8")
    plan = read_plan(file, catalogue)
    area = find_area("Norwich", catalogue)
    asked: dict[str, Any] = {"years": 3, "people": 1_500, "draws": 1, "seed": 1}
    one, two = (each_alone(plan, catalogue, area, threads=n, **asked) for n in (1, 2))
    assert (one.effect == two.effect).all()
    assert all((one.uses[name] == two.uses[name]).all() for name in one.uses)
    moved = sum(values for name, values in one.uses.items() if name.startswith("setting."))
    assert np.allclose(moved, one.of("spend"), rtol=1e-9, atol=1.0)
    # Care that leaves the ward arrives somewhere, and is new spend there.
    assert (one.uses["landed"][:, 0, 1:] > 0.0).all()
    assert (one.uses["landed"][:, 1] == 0.0).all()
    assert one.gap is not None
    assert one.gap.shape == (4,)
    sought = aim_of(Rules(aim="gap"), catalogue.parameters(), one)
    assert sought.gap is one.gap
    assert sought.unit == "£"


def test_value_triangles_lie_end_to_end_the_best_value_for_money_first() -> None:
    rows = triangles(frame(of([10, 30, 20], [1, 1, 4]), Rules(), money(2e6), "choices"))
    assert [row["intervention"] for row in rows] == ["b", "a", "c"]
    assert all(one["to"] == other["from"] for one, other in pairwise(rows))
    for row in rows:
        assert row["benefit"] == pytest.approx(row["people"] * row["benefit_each"])
        assert row["top"] - row["base"] == pytest.approx(row["benefit"])
    assert drawing(rows, narrow=False)
