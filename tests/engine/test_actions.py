"""Claims about actions on persons: whose they are, what they change, and what they leave alone."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from benchmarks import toy
from hypothesis import given, settings
from hypothesis import strategies as st

from leftshift.engine import (
    Action,
    Clause,
    EngineError,
    Lives,
    Shift,
    histories,
    oracle,
    simulate,
    simulation,
)
from leftshift.engine.lives import AGES, LANES, NEVER
from leftshift.engine.oracle_actions import Doing
from leftshift.engine.randoms import ACTION_EVENT, uniforms

STEPS = 8
WEIGHT = 590.25
SCORING = toy.scoring()
WITHOUT = ("stock", "flow", "stock_age", "flow_age", "load")
ANYONE = (Clause(),)


@pytest.fixture(scope="module")
def lives():
    return toy.lives(3000, STEPS)


@pytest.fixture(scope="module")
def tables():
    return toy.tables(STEPS, periods=2, loads=3)


@pytest.fixture(scope="module")
def ten(tables):
    return toy.actions(tables, reach=0.6)


@pytest.fixture(scope="module")
def untouched(lives, tables):
    return simulate(lives, [tables], SCORING, seed=1, threads=1)[0]


def same(a, b, names=WITHOUT):
    return all(a.arrays()[name].tobytes() == b.arrays()[name].tobytes() for name in names)


def run(lives, tables, actions, **options):
    """One arm with actions."""
    options = {"seed": 1, "threads": 1, **options}
    return simulate(lives, [tables], SCORING, actions=[actions], **options)[0]


def starts(lives, tables, actions, seed=1):
    """The step in which each person was first on each action."""
    return histories(lives, [tables], SCORING, seed=seed, actions=[actions])[0].reached


def reach(*shares, steps=STEPS):
    """Reach by step, the last share held."""
    return np.array([*shares, *[shares[-1]] * (steps - len(shares))], dtype=float)


def times(*factors, lanes=range(21)):
    """Rows of hazard multipliers: one factor for some lanes in each year."""
    rows = np.ones((len(factors), LANES), np.float32)
    rows[:, list(lanes)] = np.array(factors, np.float32)[:, None]
    return rows


def one_person(age=40, **changes) -> Lives:
    return Lives(
        **{
            "id": np.array([7], np.uint64),
            "group": np.zeros(1, np.int32),
            "group_stratum": np.zeros(1, np.int32),
            "cohort": np.array([age], np.int16),
            "enter": np.zeros(1, np.int16),
            "leave": np.array([NEVER], np.int16),
            "weight": np.ones(1, np.float32),
            "state": np.zeros(1, np.uint32),
            "since": np.zeros((1, 5), np.uint8),
            "frailty": np.ones(1, np.float32),
            "levels": np.zeros((1, 5), np.uint8),
            **changes,
        }
    )


def nothing_happens(loads=0):
    tables = toy.tables(STEPS, loads=loads)
    return replace(
        tables,
        hazard=np.zeros_like(tables.hazard),
        remission=np.zeros_like(tables.remission),
        risk=np.ones_like(tables.risk),
    )


# --- what has no effect changes nothing -----------------------------------------------------------


def test_actions_that_reach_nobody_leave_every_other_tally_to_the_bit(
    lives, tables, ten, untouched
):
    unreached = [replace(a, reach=np.zeros(STEPS)) for a in ten]
    found = run(lives, tables, unreached)
    assert same(found, untouched)
    assert found.reached[..., :2].sum() == 0
    assert found.reached[..., 2].sum() > 0


def test_actions_whose_multipliers_are_one_leave_every_other_tally_to_the_bit(
    lives, tables, ten, untouched
):
    def idle(action):
        shift = action.shift
        if shift is not None:
            usual = np.ascontiguousarray(tables.risk[:, shift.factor])
            shift = replace(shift, risk=usual)
        return replace(
            action,
            hazard=np.ones_like(action.hazard),
            load=np.ones_like(action.load),
            shift=shift,
        )

    found = run(lives, tables, [idle(a) for a in ten])
    assert same(found, untouched)
    assert found.reached[..., 0].sum() > 0


def test_who_is_eligible_does_not_depend_on_reach_where_actions_have_no_effect(lives, tables, ten):
    idle = [replace(a, hazard=None, load=None, shift=None) for a in ten]
    none = [replace(a, reach=np.zeros(STEPS)) for a in idle]
    a, b = run(lives, tables, idle), run(lives, tables, none)
    assert np.array_equal(a.reached[..., 2], b.reached[..., 2])


def test_an_arm_without_actions_is_as_it_is_alone(lives, tables, ten, untouched):
    arms = simulate(lives, [tables, tables], SCORING, seed=1, threads=2, actions=[[], ten])
    assert same(arms[0], untouched)
    assert arms[0].reached is None
    assert arms[1].reached.shape == (lives.groups, STEPS, len(ten), 6, 3)
    assert not same(arms[1], untouched)


def test_nothing_differs_before_the_first_step_with_room(lives, tables, ten, untouched):
    late = [replace(a, reach=np.where(np.arange(STEPS) < 3, 0, a.reach)) for a in ten]
    found = run(lives, tables, late)
    assert same(found, untouched, ["stock"]) is False
    for name in ("flow", "load", "flow_age"):
        assert np.array_equal(found.arrays()[name][:, :3], untouched.arrays()[name][:, :3])
    assert not np.array_equal(found.load[:, 3], untouched.load[:, 3])
    assert np.array_equal(found.stock[:, :4], untouched.stock[:, :4])
    assert found.reached[:, :3, ..., :2].sum() == 0


# --- reproducible ---------------------------------------------------------------------------------


def test_threads_change_no_byte_of_a_run_with_actions(monkeypatch, lives, tables, ten):
    monkeypatch.setattr(simulation, "CHUNK", 100)
    one = run(lives, tables, ten)
    more = run(lives, tables, ten, threads=3)
    assert same(one, more, [*WITHOUT, "reached"])


def test_with_equal_weights_the_size_of_the_pieces_does_not_matter_to_who_is_reached(
    monkeypatch, lives, tables, ten
):
    whole = run(lives, tables, ten)
    monkeypatch.setattr(simulation, "CHUNK", 64)
    assert np.array_equal(run(lives, tables, ten).reached, whole.reached)


@pytest.mark.slow
def test_a_run_with_actions_on_plain_loops_gives_the_same_bytes(lives, tables, ten):
    script = (
        "import sys, hashlib; sys.path[:0] = sys.argv[1:]\n"
        "from benchmarks import toy; from leftshift.engine import compiling, simulate\n"
        f"t = toy.tables({STEPS}, periods=2, loads=3); assert compiling.PLAIN\n"
        "ten = toy.actions(t, reach=0.6)\n"
        f"r = simulate(toy.lives(3000, {STEPS}), [t], toy.scoring(), seed=1, actions=[ten])[0]\n"
        "for a in r.arrays().values(): print(hashlib.sha256(a.tobytes()).hexdigest())\n"
    )
    root = Path(__file__).resolve().parents[2]
    found = subprocess.run(
        [sys.executable, "-c", script, str(root), str(root / "src")],
        env={**os.environ, "LEFTSHIFT_PLAIN": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    arrays = run(lives, tables, ten).arrays().values()
    assert found == [hashlib.sha256(a.tobytes()).hexdigest() for a in arrays]


# --- whose numbers are whose ----------------------------------------------------------------------


def test_another_action_moves_nobody_from_the_actions_there_are(lives, tables, ten):
    before = starts(lives, tables, ten)
    extra = Action(ANYONE, reach(0.5), key=3)
    for place in (0, 4, 10):
        more = [*ten[:place], extra, *ten[place:]]
        after = np.delete(starts(lives, tables, more), place, axis=1)
        assert np.array_equal(before, after)


def test_the_order_of_actions_moves_nobody(lives, tables, ten):
    idle = [replace(a, hazard=None, load=None, shift=None) for a in ten]
    forwards, backwards = starts(lives, tables, idle), starts(lives, tables, idle[::-1])
    assert np.array_equal(forwards, backwards[:, ::-1])


def test_ranks_are_the_numbers_that_a_person_and_an_action_own(lives):
    tables = nothing_happens()
    share = uniforms(1, lives.id, ACTION_EVENT + 2**32 - 1)
    found = starts(lives, tables, [Action(ANYONE, reach(0.3), key=2**32 - 1)])[:, 0]
    present = (lives.enter < STEPS) & (lives.cohort + lives.enter >= 0)
    expected = np.where(present & (share < 0.3), lives.enter, NEVER)
    old_enough = present | (lives.enter >= STEPS)
    assert np.array_equal(found[old_enough], expected[old_enough])
    newborn = ~old_enough & (lives.enter + 1 < np.minimum(lives.leave, STEPS))
    assert (found[newborn & (share < 0.3)] == lives.enter[newborn & (share < 0.3)] + 1).all()


def test_reach_can_differ_between_groups(lives, tables):
    shares = np.linspace(0, 0.9, lives.groups)[:, None] * reach(0, 0.5, 1)
    everywhere = starts(lives, tables, [Action(ANYONE, shares, key=9)])[:, 0]
    for group in (0, 4, 9):
        there = (Clause(groups=np.arange(lives.groups) == group),)
        alone = starts(lives, tables, [Action(there, shares[group], key=9)])[:, 0]
        inside = lives.group == group
        assert np.array_equal(everywhere[inside], alone[inside])
        assert (alone[~inside] == NEVER).all()
        assert (alone < NEVER).any() == (group > 0)


def test_actions_of_one_key_reach_the_same_people_and_others_do_not(lives, tables):
    both = [Action(ANYONE, reach(0.4), key=k) for k in (5, 5, 6)]
    a, b, c = starts(lives, tables, both).T
    assert np.array_equal(a, b)
    assert abs(np.corrcoef(a == NEVER, c == NEVER)[0, 1]) < 0.1


@settings(max_examples=60, deadline=None)
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_more_reach_only_adds_people_and_never_later(lives, tables, data, seed):
    share = st.floats(0, 1)
    less = np.array(data.draw(st.lists(share, min_size=STEPS, max_size=STEPS)))
    extra = np.array(data.draw(st.lists(share, min_size=STEPS, max_size=STEPS)))
    who = (Clause(from_age=30, to_age=70), Clause(any_of=0b110))
    a, b = (
        starts(lives, tables, [Action(who, r, key=4)], seed)[:, 0]
        for r in (less, np.minimum(less + extra, 1))
    )
    assert (b <= a).all()


# --- sums -----------------------------------------------------------------------------------------


def test_nobody_is_on_an_action_for_longer_than_they_are_eligible(lives, tables, ten):
    found = run(lives, tables, [replace(a, while_eligible=True, years=0) for a in ten]).reached
    assert (found[..., 0] <= found[..., 2]).all()
    everyone = run(
        lives, tables, [replace(a, while_eligible=True, years=0, reach=reach(1.0)) for a in ten]
    ).reached
    people_less_half_of_the_lost = everyone[..., 0].sum() / everyone[..., 2].sum()
    assert 0.95 < people_less_half_of_the_lost < 1


def test_reach_is_a_share_of_the_eligible(lives):
    action = Action((Clause(from_age=20),), reach(0.1, 0.2, 0.4), key=1, while_eligible=True)
    found = run(lives, nothing_happens(), [action]).reached.sum((0, 2, 3))
    share = found[:, 0] / found[:, 2]
    np.testing.assert_allclose(share, action.reach, atol=0.03)


def test_reach_that_rises_and_stays_makes_everyone_start_once(lives, tables):
    action = Action((Clause(from_age=50),), reach(0.1, 0.3, 0.6), key=2)
    found = run(lives, tables, [action]).reached
    once = (starts(lives, tables, [action]) < NEVER).sum()
    assert found[..., 1].sum() == once * WEIGHT


def test_the_tally_of_actions_is_never_negative_and_ends_with_its_people(lives, tables, ten):
    found = run(lives, tables, ten).reached
    assert (found >= 0).all()
    people = run(lives, tables, ten).stock[:, :STEPS, :, 20].sum(2)
    anyone = run(lives, tables, [Action(ANYONE, reach(1.0), key=1)])
    assert np.array_equal(anyone.reached[:, :, 0, :, 2].sum(2), anyone.stock[:, :-1, :, 20].sum(2))
    segments = anyone.stock[:, :-1, :, 24:30].sum(2)
    assert np.array_equal(anyone.reached[:, :, 0, 1:, 2], segments[..., :5])
    assert np.array_equal(anyone.reached[:, :, 0, 0, 2], segments[..., 5])
    assert (found[..., 2].sum(3) <= people[:, :, None]).all()


def test_someone_who_dies_in_a_step_is_on_the_action_for_half_of_it():
    tables = nothing_happens()
    hazard = tables.hazard.copy()
    hazard[:, 3, :, 20] = 1e30
    action = Action(ANYONE, reach(0.0, 1.0), key=1)
    found = run(one_person(), replace(tables, hazard=hazard), [action]).reached.sum((0, 2, 3))
    assert found[:, 0].tolist() == [0, 1, 1, 0.5, 0, 0, 0, 0]
    assert found[:, 1].tolist() == [0, 1, 0, 0, 0, 0, 0, 0]
    assert found[:, 2].tolist() == [1, 1, 1, 1, 0, 0, 0, 0]


def test_someone_who_leaves_is_on_the_action_for_half_of_the_step_before():
    person = one_person(leave=np.array([2], np.int16))
    found = run(person, nothing_happens(), [Action(ANYONE, reach(1.0), key=1)]).reached
    assert found[..., 0].sum((0, 2, 3)).tolist() == [1, 0.5, 0, 0, 0, 0, 0, 0]


# --- when an action ends --------------------------------------------------------------------------


def on(person, action, tables=None):
    tables = nothing_happens() if tables is None else tables
    found = run(person, tables, [action]).reached.sum((0, 2, 3))
    return found[:, 0].tolist(), found[:, 1].tolist()


def test_an_action_ends_when_reach_falls_below_the_person_unless_it_lasts():
    falls = Action(ANYONE, reach(1.0, 1.0, 0.0, 0.0, 1.0), key=1)
    assert on(one_person(), falls) == ([1, 1, 0, 0, 1, 1, 1, 1], [1, 0, 0, 0, 1, 0, 0, 0])
    assert on(one_person(), replace(falls, while_reached=False))[0] == [1] * 8


def test_an_action_ends_with_eligibility_where_that_is_asked():
    action = Action((Clause(from_age=41, to_age=44),), reach(1.0), key=1)
    assert on(one_person(), action)[0] == [0, 1, 1, 1, 1, 1, 1, 1]
    assert on(one_person(), replace(action, while_eligible=True))[0] == [0, 1, 1, 1, 0, 0, 0, 0]


def test_an_action_whose_years_are_over_does_not_start_again():
    action = Action(ANYONE, reach(1.0), key=1, years=3)
    assert on(one_person(), action) == ([1, 1, 1, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0])


def test_the_unborn_are_eligible_for_nothing_and_the_oldest_stay_as_they_are():
    action = Action(ANYONE, reach(1.0), key=1, while_eligible=True)
    newborn = one_person(age=-3, enter=np.array([2], np.int16))
    assert on(newborn, action)[0] == [0, 0, 0, 1, 1, 1, 1, 1]
    oldest = replace(action, who=(Clause(from_age=AGES - 1, to_age=AGES),))
    assert on(one_person(age=103), oldest)[0] == [0, 0, 1, 1, 1, 1, 1, 1]


def test_an_action_can_ask_for_another_that_has_been_reached(lives, tables):
    first = Action((Clause(from_age=40),), reach(0.1, 0.2, 0.4), key=1, years=1)
    then = Action((Clause(reached=1, from_age=45),), reach(0.5), key=2)
    a, b = starts(lives, tables, [first, then]).T
    assert (b < NEVER).sum() > 100
    assert (a[b < NEVER] <= b[b < NEVER]).all()
    assert (a[b < NEVER] < b[b < NEVER]).any()


# --- what an action does --------------------------------------------------------------------------


def test_effects_go_by_completed_years_since_the_start():
    tables = nothing_happens()
    hazard = tables.hazard.copy()
    hazard[..., 20] = 1e30
    tables = replace(tables, hazard=hazard)
    # nobody dies in the first two years on it: a shield that is then gone
    action = Action(ANYONE, reach(1.0), key=1, hazard=times(0.0, 0.0, 1.0, lanes=[20]))
    found = histories(one_person(), [tables], SCORING, seed=1, actions=[[action]])[0]
    assert found.death.tolist() == [2]
    held = replace(action, hazard=times(1.0, 0.0), who=(Clause(from_age=50),))
    found = histories(one_person(age=49), [tables], SCORING, seed=1, actions=[[held]])[0]
    assert found.death.tolist() == [0]


def test_everyone_on_an_action_is_as_with_other_tables(lives, tables):
    # twice and half are exact, so that both ways give the same bits
    born = lives.cohort + lives.enter >= 0
    adults = toy_pick(lives, born)
    lanes = [1, 7, 20]
    action = Action(ANYONE, reach(1.0), key=1, hazard=times(0.5, lanes=lanes))
    other = simulate(adults, [toy.changed(tables, lanes, 0.5)], SCORING, seed=1, threads=1)[0]
    assert same(run(adults, tables, [action]), other)


def test_everyone_on_a_shift_is_as_with_other_risks(lives, tables):
    adults = toy_pick(lives, lives.cohort + lives.enter >= 0)
    powers = np.float32(2) ** np.arange(-3, 3).astype(np.float32)
    risk = np.random.default_rng(1).choice(powers, tables.risk.shape).astype(np.float32)
    shifted = risk.copy()
    shifted[:, 2] = np.random.default_rng(2).choice(powers, tables.risk[:, 2].shape)
    a, b = replace(tables, risk=risk), replace(tables, risk=shifted)
    action = Action(ANYONE, reach(1.0), key=1, shift=Shift(2, shifted[:, 2].copy()))
    other = simulate(adults, [b], SCORING, seed=1, threads=1)[0]
    assert same(run(adults, a, [action]), other)


def test_a_shift_of_half_its_strength_is_half_way():
    base = nothing_happens()
    hazard = base.hazard.copy()
    hazard[..., 20] = 0.01
    tables = replace(base, hazard=hazard)
    risk = np.full_like(base.risk[:, 0], 3.0)
    expected = []
    for strength in (0.0, 0.5, 1.0):
        shift = Shift(0, risk, np.array([strength], np.float32))
        action = Action(ANYONE, reach(1.0), key=1, shift=shift)
        expected.append(run(one_person(), tables, [action]).flow[0, 0, :, 21].sum())
    np.testing.assert_allclose(-np.log1p(-np.array(expected)) / 0.01, [1, 2, 3], rtol=1e-4)


def test_several_actions_multiply(lives, tables):
    half = Action(ANYONE, reach(1.0), key=1, hazard=times(0.5), load=np.full((1, 3), 0.5, "f4"))
    quarter = Action(
        ANYONE, reach(1.0), key=1, hazard=times(0.25), load=np.full((1, 3), 0.25, "f4")
    )
    assert same(run(lives, tables, [half, half]), run(lives, tables, [quarter]))


def test_loads_of_those_reached_are_multiplied_in_the_steps_in_which_they_are_on_it():
    tables = nothing_happens(loads=2)
    plain = simulate(one_person(), [tables], SCORING, seed=1)[0].load.sum((0, 2))
    load = np.array([[1, 1], [0.5, 2]], np.float32)
    action = Action(ANYONE, reach(0.0, 1.0, 1.0, 1.0, 0.0), key=1, load=load)
    found = run(one_person(), tables, [action]).load.sum((0, 2)) / plain
    expected = np.ones((STEPS, 2))
    expected[2:4] = 0.5, 2
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    lane=st.sampled_from([0, 3, 5, 8, 12, 20]),
    factors=st.lists(st.floats(0, 1, width=32), min_size=1, max_size=4),
    share=st.floats(0.05, 1),
    seed=st.integers(0, 2**32),
    years=st.integers(0, 4),
)
def test_a_protective_action_never_brings_its_own_event_forward(
    lives, tables, lane, factors, share, seed, years
):
    who = (Clause(from_age=20, to_age=60), Clause(any_of=0b1110))
    action = Action(who, reach(0, share), key=8, hazard=times(*factors, lanes=[lane]), years=years)
    base, less = histories(lives, [tables] * 2, SCORING, seed=seed, actions=[[], [action]])
    if lane == 20:
        assert (less.death >= base.death).all()
    else:
        assert (less.onset[:, lane] >= base.onset[:, lane]).all()


# --- against the slow engine, to the person -------------------------------------------------------


def toy_pick(lives, chosen):
    names = ("id", "group", "cohort", "enter", "leave", "weight", "state", "since", "frailty")
    picked = {name: getattr(lives, name)[chosen] for name in (*names, "levels")}
    return replace(lives, **picked)


@cache
def certain():
    """Rates under which all that happens is certain, so that both engines must agree exactly."""
    tables = toy.tables(STEPS, loads=2)
    rng = np.random.default_rng(6)
    hazard = np.zeros_like(tables.hazard)
    age = np.arange(hazard.shape[2]) - 1
    for lane in range(20):
        hazard[:, :, rng.choice(100, 6) + 3, lane] = 1e30
    hazard[:, :, age >= 88, 20] = 1e30
    remission = np.zeros_like(tables.remission)
    remission[[0, 2], 2] = 1e30
    return replace(
        tables,
        hazard=hazard,
        risk=np.ones_like(tables.risk),
        ratio=np.ones_like(tables.ratio),
        frailty_power=np.zeros(LANES, np.float32),
        remission=remission,
    )


masks = st.one_of(
    st.just(0), st.lists(st.integers(0, 19), max_size=3).map(lambda c: sum({1 << k for k in c}))
)


@st.composite
def clauses(draw, keys):
    begin = draw(st.integers(0, 100))
    score = draw(st.one_of(st.just(0), st.integers(0, 300)))
    return Clause(
        groups=draw(
            st.one_of(st.none(), st.integers(0, 1023).map(lambda b: b >> np.arange(10) & 1 > 0))
        ),
        from_age=draw(st.sampled_from([0, begin])),
        to_age=begin + draw(st.integers(1, 60)),
        all_of=draw(st.sampled_from([0, 0, draw(masks)])),
        any_of=draw(masks),
        none_of=draw(masks),
        segments=draw(st.sampled_from([63, 63, draw(st.integers(0, 63))])),
        from_score=score,
        to_score=score + draw(st.sampled_from([10**6, 150])),
        levels=draw(
            st.one_of(
                st.none(),
                st.lists(st.integers(0, 2**16 - 1), min_size=5, max_size=5).map(
                    lambda v: np.array(v, np.uint16)
                ),
            )
        ),
        reached=draw(st.sampled_from([None, None, *keys])),
    )


@st.composite
def some_actions(draw):
    out = []
    for _ in range(draw(st.integers(1, 4))):
        keys = [a.key for a in out]
        shares = draw(
            st.lists(st.sampled_from([0, 0.2, 0.5, 0.9, 1.0]), min_size=1, max_size=STEPS)
        )
        blocked = draw(st.lists(st.integers(0, 20), max_size=6))
        rows = draw(st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=4))
        loads = draw(st.lists(st.sampled_from([0.5, 1.0, 2.0]), min_size=1, max_size=3))
        out.append(
            Action(
                who=draw(st.lists(clauses(keys), max_size=3)),
                reach=reach(*shares) * draw(st.sampled_from([1.0, np.arange(10)[:, None] / 10])),
                key=draw(st.integers(0, 3)),
                while_eligible=draw(st.booleans()),
                while_reached=draw(st.booleans()),
                years=draw(st.integers(0, 3)),
                hazard=times(*rows, lanes=blocked) if blocked else None,
                load=np.array(loads, np.float32)[:, None] * np.array([1, 2], np.float32),
            )
        )
    return out


@settings(max_examples=60, deadline=None)
@given(actions=some_actions())
def test_where_all_is_certain_both_engines_do_the_same_to_the_person(actions):
    lives = toy.lives(700, STEPS, moving=0.03)

    class SameRanks(Doing):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            ranks = [uniforms(1, lives.id, ACTION_EVENT + a.key) for a in self.actions]
            self._rank = np.stack(ranks, axis=1)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(oracle, "Doing", SameRanks)
        slow = oracle.simulate_slowly(lives, certain(), SCORING, seed=1, actions=actions)
    fast = run(lives, certain(), actions)
    assert np.array_equal(fast.reached, slow.reached)
    np.testing.assert_allclose(fast.stock, slow.stock, rtol=1e-6, atol=1e-3)
    assert np.array_equal(fast.flow[..., 20], slow.flow[..., 20])
    np.testing.assert_allclose(fast.load, slow.load, rtol=1e-5, atol=1e-3)


# --- refusals -------------------------------------------------------------------------------------


def test_wrong_actions_are_refused_by_name(lives, tables):
    fine = Action(ANYONE, reach(0.5), key=1)

    def refused(match, *actions):
        with pytest.raises(EngineError, match=match):
            run(lives, tables, actions)

    refused(r"arm 0: action 1: reach\[2\] is 1.5", fine, replace(fine, reach=reach(0, 0, 1.5)))
    refused(r"reach has shape \(3,\): it must be \(8\)", replace(fine, reach=np.zeros(3)))
    refused(
        r"reach has shape \(3, 8\): it must be \(10, 8\)", replace(fine, reach=np.zeros((3, 8)))
    )
    refused("key is -1", replace(fine, key=-1))
    refused("years is -2", replace(fine, years=-2))
    refused("hazard has shape", replace(fine, hazard=np.ones((2, 20), np.float32)))
    refused(r"load\[0, 1\] is -1", replace(fine, load=np.array([[1, -1, 1]], np.float32)))
    refused("hazard has no years", replace(fine, hazard=np.ones((0, LANES), np.float32)))

    def badly(match, **changes):
        refused("action 0: clause 0: " + match, replace(fine, who=[Clause(**changes)]))

    badly("groups has shape", groups=np.ones(3, bool))
    badly("ages from 50 to before 40", from_age=50, to_age=40)
    badly("any_of is 1048576", any_of=2**20)
    badly("segments is 64", segments=64)
    badly("scores from 9 to before 9", from_score=9, to_score=9)
    badly("levels has shape", levels=np.ones(2, np.uint16))
    badly("reached is 1: no earlier action", reached=1)
    risk = np.ascontiguousarray(tables.risk[:, 1])
    refused("shift.factor is 5: there are 5", replace(fine, shift=Shift(5, risk)))
    refused("shift.risk has shape", replace(fine, shift=Shift(1, risk[:, :3])))
    refused("shift.risk has 3 periods", replace(fine, shift=Shift(1, np.repeat(risk, 2, 0)[:3])))
    strength = np.array([1, 1.5], np.float32)
    refused(r"shift.strength\[1\] is 1.5", replace(fine, shift=Shift(1, risk, strength)))
    refused("at most 62", *[fine] * 63)
    with pytest.raises(EngineError, match="actions for 2 arms but tables for 1"):
        simulate(lives, [tables], SCORING, seed=1, actions=[[], []])
