"""What a plan's figures mean: the pitfalls of other models, each as a claim."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from leftshift.care.model import Care
from leftshift.engine import histories
from leftshift.people import outlook
from leftshift.plans import run
from leftshift.plans.results import HEALTH, MEASURES, Results
from leftshift.runs.schema import conform
from tests.plans.made_up import Town, block, cost, effect, fixed, swap

NAMES = list(MEASURES)


@pytest.fixture(scope="module")
def town() -> Town:
    return Town()


@pytest.fixture(scope="module")
def tried(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Results]:
    folder = tmp_path_factory.mktemp("plans")
    return lambda blocks, **asked: town.results(folder, blocks, **asked)


SAFER = block("safer", "age >= 40", "0.4") + effect("death", "hazard:death", 0.8)
FITTER = block("fitter", "age >= 30", "0.3", "") + effect("strokes", "hazard:stroke_tia", 0.5)
HOME = block("home", "age >= 50", "0.5") + swap(
    "beds", "non_elective_admission", "virtual_ward", 0.3, 1.5
)
DIVERT = block("divert", "age >= 16", "0.6") + swap(
    "door", "non_elective_admission", "gp_appointment", 0.2, 2.0
)


def test_a_plan_with_nothing_in_it_is_the_baseline_to_the_byte_and_the_baseline_the_outlook(
    town: Town, tmp_path: Path
) -> None:
    plan = town.read(tmp_path, "")
    asked = {"years": 2, "people": 1_000, "draws": 2, "seed": 3}
    made = run.simulated(plan, town.catalogue, town.area, threads=2, **asked).outcome.tables
    care = Care(town.catalogue, town.area, outlook.Frame(2025, 2))
    alone = outlook.compute(town.catalogue, town.area, consequences=care, **asked).tables
    for name, rows in alone.items():
        wanted, mine = conform(name, rows), made[name]
        if "arm" not in rows.columns or name in ("checks", "bridge"):  # of the baseline alone
            assert name == "names" or conform(name, mine).equals(wanted), name
            continue
        for arm in ("baseline", plan.name):
            of = mine.filter(pl.col("arm") == arm).with_columns(arm=pl.lit("baseline"))
            assert_frame_equal(conform(name, of), wanted, check_exact=True)
    assert (made["effects"]["value"] == 0.0).all()


def test_an_intervention_of_no_effect_and_no_cost_adds_zero_everywhere(
    tried: Callable[..., Results],
) -> None:
    idle = block("idle", "sbp >= 120 or age >= 60", "0.7", "stay = 1\nlasts = 2\nfade = 1")
    idle += effect("d", "hazard:death", 1.0) + effect("s", "hazard:stroke_tia", 1.0)
    idle += effect("r", "rate:gp_appointment", 1.0) + effect("b", "risk:sbp", 0.0)
    idle += swap("none", "non_elective_admission", "virtual_ward", 0.0, 2.0)
    idle += cost(per_year=0.0, per_start=0.0, start_up=0.0)
    found = tried(SAFER + idle + HOME)
    reached = NAMES.index("people_reached")
    added = found.place_effect[:, 1]
    assert added[..., reached].any()
    assert not np.delete(added, reached, axis=-1).any()


def test_an_intervention_of_no_effect_does_not_touch_those_before_or_after_it(
    tried: Callable[..., Results],
) -> None:
    idle = block("idle", "age >= 20", "0.7") + effect("d", "hazard:death", 1.0)
    plans = (SAFER + HOME, idle + SAFER + HOME, SAFER + HOME + idle)
    # Who lives longer is on the idle one for longer, too: all but that is as it was.
    reached = NAMES.index("people_reached")
    without, before, after = (np.delete(tried(x).place_effect, reached, axis=-1) for x in plans)
    assert np.array_equal(without[:, :2], before[:, 1:3])
    assert np.array_equal(without[:, :2], after[:, :2])


def test_the_order_of_a_file_changes_what_is_attributed_but_not_what_happens(
    tried: Callable[..., Results],
) -> None:
    one, other = tried(SAFER + FITTER + HOME), tried(HOME + FITTER + SAFER)
    assert one.interventions == other.interventions[::-1]
    np.testing.assert_allclose(
        one.place_effect[:, -1], other.place_effect[:, -1], rtol=1e-9, atol=1e-6
    )


def test_an_interventions_place_in_the_file_changes_nobody_whom_it_reaches(
    town: Town, tmp_path: Path
) -> None:
    one = block("one", "age >= 30", "0.3") + effect("a", "rate:gp_appointment", 0.9)
    two = block("two", "diabetes or age >= 70", "0.5") + effect("b", "rate:nhs_111", 0.9)

    def reached(blocks: str) -> dict[str, list[int]]:
        plan = town.read(tmp_path, blocks)
        _, arms = town.hanging(plan)
        (told,) = histories(
            town.world.lives,
            [arms.compiled.tables],
            town.world.scoring,
            seed=1,
            actions=[arms.compiled.arm(range(len(plan.interventions)))],
        )
        return {x.id: told.reached[:, k].tolist() for k, x in enumerate(plan.interventions)}

    first, second = reached(one + two), reached(two + one)
    assert first == second
    assert reached(two) == {"two": first["two"]}


def test_what_is_attributed_adds_up_to_the_whole_plan_and_to_the_area(
    tried: Callable[..., Results],
) -> None:
    found = tried(SAFER + FITTER + HOME + DIVERT)
    for effects in (found.place_effect, found.quintile_effect, found.sex_effect):
        np.testing.assert_allclose(effects[:, :-1].sum(1), effects[:, -1], rtol=1e-9, atol=1e-5)
    np.testing.assert_allclose(
        found.place_effect.sum(3), found.quintile_effect.sum(3), rtol=1e-9, atol=1e-5
    )
    health = found.place_effect[..., [found.at(name) for name in HEALTH]]
    np.testing.assert_allclose(found.sex_effect.sum(3), health.sum(3), rtol=1e-9, atol=1e-5)


def test_twice_the_reach_has_twice_the_effect_within_a_tenth(
    tried: Callable[..., Results],
) -> None:
    def at(reach: str) -> Results:
        return tried(
            block("home", "age >= 30", reach)
            + swap("beds", "non_elective_admission", "virtual_ward", 0.1, 1.0)
            + cost(per_year=100.0)
        )

    one, two = at("0.2"), at("0.4")
    for name in ("people_reached", "non_elective_admission", "spend", "cost_intervention"):
        ratio = two.total(name)[0, -1].sum() / one.total(name)[0, -1].sum()
        assert ratio == pytest.approx(2.0, rel=0.1), name


def test_what_a_swap_takes_from_one_service_arrives_in_the_other_with_its_hours_and_pounds(
    town: Town, tmp_path: Path
) -> None:
    base, whole = town.whole(tmp_path, HOME)
    services = town.bound.services
    source, target = services.index("non_elective_admission"), services.index("virtual_ward")
    change = whole.use.activity - base.use.activity
    left, came = -change[..., source], change[..., target]
    assert left.sum() > 0
    np.testing.assert_allclose(came, 1.5 * left, rtol=1e-6, atol=1e-6)
    others = np.delete(change, [source, target], axis=-1)
    assert not others.any()
    # Nobody's health changes, so the same people are there.
    for name in ("qaly", "life_years", "deaths", "major_illness"):
        at = NAMES.index(name)
        assert np.array_equal(base.levels[..., at], whole.levels[..., at])
    _, arms = town.hanging(town.read(tmp_path, HOME))
    money = arms.money
    units = left.sum(axis=3)
    moved = units * (1.5 * money.cost[:, target] - money.cost[:, source])[:, None, None]
    change = whole.levels - base.levels
    public = sum(change[..., NAMES.index(n)] for n in ("spend_nhs", "spend_social_care"))
    private = change[..., NAMES.index("spend_private")]
    np.testing.assert_allclose(public + private, moved, rtol=1e-5, atol=0.1)
    posts = units * (1.5 * money.posts[:, target] - money.posts[:, source])[:, None, None]
    np.testing.assert_allclose(change[..., NAMES.index("staff_wte")], posts, rtol=1e-5, atol=1e-6)


def test_of_several_swaps_from_one_service_each_contact_is_avoided_once_and_lands_once(
    town: Town, tmp_path: Path
) -> None:
    base, whole = town.whole(tmp_path, HOME + DIVERT)
    services = town.bound.services
    source = services.index("non_elective_admission")
    left = base.use.activity[..., source] - whole.use.activity[..., source]
    avoided = sum(units for _, units in whole.avoided)
    np.testing.assert_allclose(avoided, left, rtol=1e-5, atol=1e-5)
    for lane, units in whole.avoided:
        came = whole.use.activity[..., lane.target] - base.use.activity[..., lane.target]
        np.testing.assert_allclose(came, lane.per_unit * units, rtol=1e-5, atol=1e-5)


def test_what_services_no_longer_cost_is_cash_or_capacity_to_the_pound(
    tried: Callable[..., Results],
) -> None:
    found = tried(SAFER + HOME + DIVERT)
    saved = -(found.total("spend_nhs") + found.total("spend_social_care"))
    both = found.total("cash_released") + found.total("capacity_released")
    np.testing.assert_allclose(both, saved, rtol=1e-9, atol=1e-4)
    own = found.total("cost_intervention")
    np.testing.assert_allclose(found.total("spend"), own - saved, rtol=1e-9, atol=1e-4)


def test_nothing_happens_before_the_plan_begins_nor_before_the_lag_is_over(
    tried: Callable[..., Results],
) -> None:
    late = block("late", "age >= 40", '{ "2027/28" = 0.5 }', "lag = 2")
    found = tried(late + effect("death", "hazard:death", 0.5))
    reached, deaths = found.total("people_reached")[0, -1], found.total("deaths")[0, -1]
    assert not reached[:2].any() and reached[2:].all()
    assert not deaths[:4].any() and (deaths[4:] < 0).all()


def test_effects_are_set_against_the_years_that_people_live_and_not_against_heads_or_horizon(
    tried: Callable[..., Results], tmp_path: Path
) -> None:
    blocks = block("fewer", reach="0.5") + effect("rate", "rate:non_elective_admission", 0.8)
    longer, shorter = tried(blocks), Town(years=3).results(tmp_path, blocks)
    for found in (longer, shorter):
        lived = found.place_base[..., found.at("life_years")]
        assert np.array_equal(found.people_place, lived)
        # Half of the people have a fifth less.
        at = found.at("non_elective_admission")
        each = found.place_effect[0, -1, 2:, 0, at] / found.people_place[0, 2:, 0]
        use = found.place_base[0, 2:, 0, at] / found.people_place[0, 2:, 0]
        assert each / use == pytest.approx(-0.1, rel=0.1)
    # A flow of one year is of that year, however long a plan is followed.
    assert longer.people_place[0, :4] == pytest.approx(shorter.people_place[0, :4], rel=0.01)


def test_effects_of_weak_evidence_are_shrunk_unless_the_headline_is_asked_for(
    town: Town, tmp_path: Path
) -> None:
    def ratio(evidence: str, headline: bool) -> float:
        blocks = block("one") + effect("rate", "rate:gp_appointment", 0.5, evidence)
        _, arms = town.hanging(town.read(tmp_path, blocks), headline=headline)
        load = arms.compiled.actions[0][0].load
        assert load is not None
        return float(load[-1, town.bound.services.index("gp_appointment")])

    kept = {g: town.catalogue.row(f"plans.shrink.{g}").estimate.value for g in "CD"}
    assert ratio("A", False) == ratio("D", True) == 0.5
    assert ratio("C", False) == pytest.approx(0.5 ** kept["C"])
    assert ratio("D", False) == pytest.approx(0.5 ** kept["D"])


def test_a_programme_that_people_leave_goes_on_reaching_its_share_of_the_eligible(
    town: Town, tmp_path: Path
) -> None:
    blocks = block("course", "age >= 40", "0.1", "stay = 1")
    _, whole = town.whole(tmp_path, blocks)
    on, starts, able = np.moveaxis(whole.reached[0].sum(axis=(1, 2)), -1, 0)
    assert on[3:] / able[3:] == pytest.approx(0.1, rel=0.15)
    assert starts[3:] == pytest.approx(on[3:], rel=0.1)


def test_one_that_is_only_for_newcomers_reaches_its_share_of_them(
    town: Town, tmp_path: Path
) -> None:
    blocks = block("newcomers", "age >= 40 and age < 41", "0.5", "stay = 1")
    _, whole = town.whole(tmp_path, blocks)
    on, _, able = np.moveaxis(whole.reached[0].sum(axis=(1, 2)), -1, 0)
    assert on[2:].sum() / able[2:].sum() == pytest.approx(0.5, rel=0.2)


def test_reach_is_held_to_the_staff_and_the_capacity_that_the_plan_allows(
    town: Town, tmp_path: Path
) -> None:
    staffed = block("team", "age >= 65", "0.5", 'limited_by = ["staff"]') + (
        f"[intervention.staff]\nnurse_and_health_visitor = {fixed(20.0)}\n"
    )
    plan = town.read(tmp_path, staffed, "[limits]\nstaff = { nurse_and_health_visitor = 10 }\n")
    hanging, arms = town.hanging(plan)
    *_, whole = arms.done([(0,)])
    posts = 20.0 * whole.reached[0, ..., 0].sum(axis=(1, 2)) / 1_000.0
    assert posts[2:] == pytest.approx(10.0, rel=0.25)  # of some two hundred asked for
    assert hanging.room is not None and hanging.room.short[0].by == "nurse_and_health_visitor"
    beds = HOME.replace('evidence = "A"', 'evidence = "A"\nlimited_by = ["capacity"]', 1)
    plan = town.read(tmp_path, beds, "[limits]\ncapacity = { virtual_ward = 500 }\n")
    hanging, arms = town.hanging(plan)
    *_, whole = arms.done([(0,)])
    came = sum(lane.per_unit * units.sum(axis=(1, 2, 3)) for lane, units in whole.avoided)
    assert came[2:] == pytest.approx(500.0, rel=0.3)  # of some thousands


def test_costs_of_joining_of_being_there_and_of_setting_up_each_fall_where_and_when_they_arise(
    town: Town, tmp_path: Path
) -> None:
    pounds = cost(per_start=100.0, per_year=1_000.0, start_up=2e6)
    _, whole = town.whole(tmp_path, block("course", "age >= 40", "0.2", "stay = 2") + pounds)
    spent = whole.levels[..., NAMES.index("cost_intervention")].sum(axis=(1, 2))
    on, starts, _ = np.moveaxis(whole.reached[0].sum(axis=(1, 2)), -1, 0)
    residents = town.world.residents.sum()
    once = np.zeros(len(spent))
    once[1] = 2e6 * residents / 1e6
    assert spent == pytest.approx(1_000.0 * on + 100.0 * starts + once)
    assert on[-1] > 1.5 * starts[-1]  # each stays for two years


def test_an_intervention_that_cannot_change_anything_in_time_is_named(
    town: Town, tmp_path: Path
) -> None:
    short = block("short", more="stay = 1\nlag = 2") + effect("a", "hazard:death", 0.9)
    slow = block("slow", reach='{ "2028/29" = 0.5 }', more="lag = 9")
    slow += effect("b", "hazard:death", 0.9)
    hanging, _ = town.hanging(town.read(tmp_path, short + slow + SAFER))
    assert hanging.room is not None
    said = hanging.room.warnings
    assert len(said) == 2 and said[0].startswith("short") and said[1].startswith("slow")


def test_saving_life_adds_years_and_quality_and_needs_care_for_those_who_live_on(
    tried: Callable[..., Results],
) -> None:
    found = tried(block("safer", "age >= 40", "0.8") + effect("death", "hazard:death", 0.5))
    total = {name: found.total(name)[0, -1].sum() for name in NAMES}
    assert total["deaths"] < 0 < total["qaly"] < total["life_years"]
    assert total["spend_nhs"] > 0 and total["gp_appointment"] > 0


def test_lower_blood_pressure_means_fewer_with_heart_disease_and_stroke(
    town: Town, tmp_path: Path
) -> None:
    text = block("pills", "age >= 40", "0.9") + effect("lower", "risk:sbp", -15.0)
    base, whole = town.whole(tmp_path, text)
    conditions = [str(c["id"]) for c in town.catalogue.entities("conditions")]
    for one in ("stroke_tia", "coronary_heart_disease"):
        lane = conditions.index(one)
        cases = [arm.tallies.flow[..., lane].sum() for arm in (base, whole)]
        assert cases[1] < cases[0]
