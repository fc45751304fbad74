"""From a plan to actions of the engine, and how many there is room for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftshift.people import risk
from leftshift.people.effects import condition_ids
from leftshift.plans import money
from leftshift.plans.compile import joining, key_of, strength, yearly_reach
from leftshift.plans.eligible import Levels, engine_clauses
from leftshift.plans.library import Reach
from leftshift.plans.who import parse
from leftshift.quantities import FinancialYear
from tests.plans.made_up import Town, block, effect, swap


@pytest.fixture(scope="module")
def town() -> Town:
    return Town(years=4, people=4_000)


def test_reach_is_nothing_before_its_first_year_straight_between_and_held_after_the_last() -> None:
    points = ((FinancialYear("2026/27"), 0.1), (FinancialYear("2028/29"), 0.3))
    reach = Reach(points, FinancialYear("2026/27"))
    labels = ["2025/26", "2026/27", "2027/28", "2028/29", "2029/30"]
    assert yearly_reach(reach, labels) == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.3])


def test_an_effect_waits_for_its_lag_holds_and_wanes_on_a_straight_line_to_nothing() -> None:
    assert strength(0, 0, 0, 0).tolist() == [1.0]
    assert strength(0, 2, 0, 0).tolist() == [0.0, 0.0, 1.0]
    assert strength(1, 1, 2, 2).tolist() == [0.0, 1.0, 1.0, 0.75, 0.25, 0.0]
    assert strength(0, 0, 3, 0).tolist() == [1.0, 1.0, 1.0, 0.0]


@given(
    st.floats(0.01, 1.0),
    st.integers(1, 4),
    st.floats(0.0, 1.0),
)
def test_room_for_joining_stays_a_share_and_follows_how_many_are_new(
    share: float, stay: int, new: float
) -> None:
    reach = np.full(60, share)
    room = joining(reach, stay, np.full(60, new))
    assert ((room >= 0.0) & (room <= 1.0)).all()
    if new > 0.2:
        # In the long run those who join are as many as make up the reach, as far as there are any.
        joins = new * room[-1]
        assert joins == pytest.approx(min(share / stay, new), rel=0.02)


def test_where_nobody_leaves_reach_is_room_and_where_reach_stops_nobody_joins() -> None:
    reach = np.array([0.0, 0.2, 0.4])
    assert joining(reach, 0, np.zeros(3)) is reach
    assert joining(np.array([0.1, 0.0, 0.1]), 1, np.zeros(3)).tolist() == [0.1, 0.0, 0.2]


def test_the_random_stream_of_an_intervention_hangs_on_its_name_alone() -> None:
    assert key_of("falls_classes") == key_of("falls_classes") != key_of("falls_class")
    assert 0 <= key_of("falls_classes") < 2**32


def test_effects_become_multipliers_of_just_what_they_are_on(town: Town, tmp_path: Path) -> None:
    text = block("one", "age >= 18", "0.3", "lag = 1")
    text += effect("death", "hazard:death", 0.9) + effect("stroke", "hazard:stroke_tia", 0.5)
    text += effect("gp", "rate:gp_appointment", 1.2) + effect("blood", "risk:sbp", -10.0)
    _, arms = town.hanging(town.read(tmp_path, text))
    ((action,),) = arms.compiled.actions
    assert action.hazard is not None and action.load is not None and action.shift is not None
    assert (action.hazard[0] == 1).all() and (action.load[0] == 1).all()
    lane = list(condition_ids(town.catalogue)).index("stroke_tia")
    assert action.hazard[1, lane] == np.float32(0.5)
    assert action.hazard[1, 20] == np.float32(0.9)
    assert (np.delete(action.hazard[1], [lane, 20]) == 1).all()
    at = town.bound.services.index("gp_appointment")
    assert action.load[1, at] == np.float32(1.2) and (np.delete(action.load[1], at) == 1).all()
    sbp = risk.FACTORS.index("sbp")
    assert action.shift.factor == sbp and action.shift.strength.tolist() == [0.0, 1.0]
    # Ten mmHg less is never a harm, and is a help to some.
    usual = town.bound.tables.risk[:, sbp]
    assert (action.shift.risk <= usual + 1e-6).all() and (action.shift.risk < usual - 0.01).any()


def test_smokers_who_stop_are_at_less_risk_and_never_smokers_as_they_were(
    town: Town, tmp_path: Path
) -> None:
    text = block("quit", 'smoking == "current"', "0.5") + effect("stop", "risk:smoking", 0.2)
    _, arms = town.hanging(town.read(tmp_path, text))
    shift = arms.compiled.actions[0][0].shift
    assert shift is not None
    usual = town.bound.tables.risk[:, risk.FACTORS.index("smoking")]
    assert np.array_equal(shift.risk[:, 0], usual[:, 0])
    less = usual - shift.risk
    assert less.max() > 0.01 and less.min() >= -1e-5


@pytest.mark.parametrize("who", ["sbp >= 140", "bmi >= 30", 'smoking == "current"'])
def test_a_target_group_of_a_risk_factor_is_about_as_many_as_its_distribution_says(
    town: Town, tmp_path: Path, who: str
) -> None:
    parameters = town.catalogue.parameters()
    values = risk.risk_values(parameters)
    wanted = block("some", f"age >= 40 and age < 80 and {who}", "0.0")
    everyone = block("all", "age >= 40 and age < 80", "0.0")
    _, whole = town.whole(tmp_path, wanted + everyone)
    able = whole.reached[..., 2].sum(axis=(1, 2, 3))
    share = float(able[0] / able[1])
    age = np.arange(106)
    between = (age >= 40) & (age < 80)
    people = town.world.residents.sum(axis=0) * between
    if "smoking" in who:
        expected = (people * values["smoking_share"]).sum() / people.sum()
    else:
        levels = risk.quantiles(
            parameters,
            who[:3],
            (np.arange(400) + 0.5) / 400,
            age.astype(float),
            0.0,
            None,
        )
        above = (levels >= float(who[-3:])).mean(axis=0).reshape(2, 5, 106)
        expected = (people * above).sum() / people.sum()
    assert share == pytest.approx(float(expected), abs=0.04)


def test_where_and_places_in_who_both_restrict_an_intervention(town: Town) -> None:
    levels = Levels(town.catalogue.parameters())

    def groups(who: str, *where: str) -> list[bool]:
        asked = parse(who).clauses({"a": "A", "b": "B", "c": "C"})
        found = engine_clauses(asked, where, ("A", "B", "C"), levels, {})
        assert len(found) == 1 and found[0].groups is not None
        by_place = found[0].groups.reshape(3, 2, 5)
        return [bool(x) for x in by_place.any(axis=(1, 2))]

    assert groups("age >= 18", "B") == [False, True, False]
    assert groups('place in ["a", "b"]', "B", "C") == [False, True, False]
    assert groups('place == "c" and sex == "female"') == [False, False, True]
    women = engine_clauses(
        parse('sex == "female" and imd_quintile <= 2').clauses(), (), ("A",), levels, {}
    )[0].groups
    assert women is not None and women.reshape(2, 5).tolist() == [
        [True, True] + [False] * 3,
        [False] * 5,
    ]


def test_a_swap_is_counted_between_its_copy_and_the_next_swaps(town: Town, tmp_path: Path) -> None:
    text = block("a") + swap("x", "ae_attendance", "gp_appointment", 0.2, 1.0)
    text += block("b") + swap("y", "ae_attendance", "nhs_111", 0.5, 1.0)
    _, arms = town.hanging(town.read(tmp_path, text))
    first, second = arms.compiled.lanes
    assert first.after == second.copy and second.after == first.source == second.source
    a, b = (arms.compiled.actions[k][0].load for k in (0, 1))
    assert a is not None and b is not None
    assert a[-1, [first.copy, second.copy, first.source]] == pytest.approx([1.0, 0.8, 0.8])
    assert b[-1, [first.copy, second.copy, first.source]] == pytest.approx([1.0, 1.0, 0.5])


def test_stepped_cost_follows_after_its_lag_and_is_never_released_twice() -> None:
    less = np.array([[0.0], [10.0], [10.0], [10.0], [4.0]])
    assert money.followed(less, np.array([1.5]))[:, 0] == pytest.approx([0, 0, 5, 10, 10])
    kind = money.Money(
        *(np.zeros((5, 1)),) * 2,
        np.array([0.2]),
        np.array([0.5]),
        np.array([1.5]),
        np.zeros((5, 1)),
    )
    share = money.released(less, kind)[:, 0]
    # The variable part at once, half of the stepped part in the second year, then all of it; of
    # what is saved no more, no more is released.
    assert share[1:] == pytest.approx([0.2, 0.45, 0.7, 0.7])
    assert (money.released(-less, kind)[1:, 0] == 1.0).all()


def test_double_running_is_paid_on_what_is_newly_released_and_not_every_year() -> None:
    value = np.zeros((4, 1, 5))
    value[:, 0, 2] = [0.0, 5.0, 8.0, 8.0]
    assert money._newly(value).sum(axis=(1, 2)).tolist() == [0.0, 5.0, 3.0, 0.0]
