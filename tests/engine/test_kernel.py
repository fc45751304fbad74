"""Claims about the simulation: what is reproducible, what is coupled, what must add up."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from benchmarks import toy

from leftshift.engine import EngineError, histories, kernel, simulate, simulation, vectors
from leftshift.engine.lives import AGES, LANES, NEVER, RATE_BANDS, Lives
from leftshift.engine.randoms import exponentials

STEPS = 8
WEIGHT = 590.25
SCORING = toy.scoring()


@pytest.fixture(scope="module")
def lives():
    return toy.lives(4000, STEPS)


@pytest.fixture(scope="module")
def tables():
    return toy.tables(STEPS, periods=2, loads=3)


@pytest.fixture(scope="module")
def tallies(lives, tables):
    return simulate(lives, [tables], SCORING, seed=1, threads=1)[0]


def same_bytes(a, b):
    names = a.arrays().keys() | b.arrays().keys()
    return all(a.arrays()[k].tobytes() == b.arrays()[k].tobytes() for k in names)


def pick(lives: Lives, chosen) -> Lives:
    """The lives at some rows."""
    people = {f.name: getattr(lives, f.name)[chosen] for f in fields(lives) if f.name != GROUPS}
    return Lives(**people, group_stratum=lives.group_stratum)


GROUPS = "group_stratum"


def plain(tables, **changes):
    """The tables without risk factors' or frailty's part, and without remission."""
    return replace(
        tables,
        risk=np.ones_like(tables.risk),
        frailty_power=np.zeros(LANES, dtype=np.float32),
        remission=np.zeros_like(tables.remission),
        **changes,
    )


# --- reproducible --------------------------------------------------------------------------------


def test_the_same_input_gives_the_same_bytes_whatever_the_threads(monkeypatch, lives, tables):
    monkeypatch.setattr(simulation, "CHUNK", 100)
    one = simulate(lives, [tables, tables], SCORING, seed=3, threads=1)
    for threads in (2, 5):
        more = simulate(lives, [tables, tables], SCORING, seed=3, threads=threads)
        assert all(same_bytes(a, b) for a, b in zip(one, more, strict=True))


def test_with_equal_weights_the_size_of_the_pieces_does_not_matter(monkeypatch, lives, tallies):
    tables = toy.tables(STEPS, periods=2, loads=3)
    monkeypatch.setattr(simulation, "CHUNK", 64)
    small = simulate(lives, [tables], SCORING, seed=1, threads=2)[0]
    # counts are exact sums; expected deaths and loads are rounded sums
    lanes = [*range(21), *range(22, 32)]
    assert np.array_equal(small.stock[..., lanes], tallies.stock[..., lanes])
    lanes = [*range(21), 22, *range(24, 40)]
    assert np.array_equal(small.flow[..., lanes], tallies.flow[..., lanes])
    for name, array in small.arrays().items():
        np.testing.assert_allclose(array, tallies.arrays()[name], rtol=1e-6, atol=1e-6 * WEIGHT)


def test_two_identical_arms_agree_with_each_other_and_with_one_alone(lives, tables, tallies):
    twin = replace(tables, hazard=tables.hazard.copy())
    a, b = simulate(lives, [tables, twin], SCORING, seed=1, threads=2)
    assert same_bytes(a, b)
    assert same_bytes(a, tallies)


def test_an_arm_does_not_depend_on_the_arm_beside_it(lives, tables, tallies):
    other = toy.changed(tables, list(range(21)), 1.7)
    _, second = simulate(lives, [other, tables], SCORING, seed=1, threads=1)
    assert same_bytes(second, tallies)


def test_vectors_and_plain_loops_give_the_same_bits():
    rng = np.random.default_rng(1)
    work = rng.exponential(size=vectors.SCRATCH).astype(np.float32)
    for trial in range(200):
        hazard = rng.exponential(0.02, (9, vectors.WIDTH)).astype(np.float32)
        rows = rng.uniform(0.5, 2, (4, vectors.WIDTH)).astype(np.float32)
        sides = []
        for way in ("vector", "plain"):
            w, exposure, into = work.copy(), np.zeros(16, np.float32), np.zeros(16)
            f = {n: getattr(vectors, f"{way}_{n}") for n in ("years", "passed", "scale", "combine")}
            f["scale"](w, vectors.FRAILTY, rows[0])
            f["scale"](w, vectors.BASE, rows[1])
            f["combine"](w, *rows)
            reached = f["years"](w, hazard, exposure, trial % 5, 9)
            getattr(vectors, f"{way}_chances")(exposure, into, np.float32(2.5), trial % 5, 9)
            after = slice(None) if reached < 0 else slice(0, vectors.AFTER)
            bits = f["passed"](w) if reached < 0 else 0
            sides.append((reached, bits, w[after].tobytes(), exposure.tobytes(), into.tobytes()))
        assert sides[0] == sides[1]


@pytest.mark.slow
def test_a_run_on_plain_loops_gives_the_same_bytes(tallies):
    script = (
        "import sys, hashlib; sys.path[:0] = sys.argv[1:]\n"
        "from benchmarks import toy; from leftshift.engine import compiling, simulate\n"
        f"t = toy.tables({STEPS}, periods=2, loads=3); assert compiling.PLAIN\n"
        f"r = simulate(toy.lives(4000, {STEPS}), [t], toy.scoring(), seed=1, threads=1)[0]\n"
        "for a in r.arrays().values(): print(hashlib.sha256(a.tobytes()).hexdigest())\n"
    )
    import hashlib

    root = Path(__file__).resolve().parents[2]
    found = subprocess.run(
        [sys.executable, "-c", script, str(root), str(root / "src")],
        env={**os.environ, "LEFTSHIFT_PLAIN": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert found == [hashlib.sha256(a.tobytes()).hexdigest() for a in tallies.arrays().values()]


def test_the_kernels_thresholds_are_the_numbers_that_a_person_and_an_event_own():
    ids = np.concatenate([np.arange(3000), 2**40 + np.arange(3000)]).astype(np.uint64)
    seed = (9 << 32) + 4
    rows = np.empty((ids.size, vectors.WIDTH), np.float32)
    kernel.draw(np.uint64(seed), ids, rows)
    for event in range(21):
        assert np.array_equal(rows[:, event], exponentials(seed, ids, event))


# --- whose numbers are whose ----------------------------------------------------------------------


def test_another_identity_changes_that_person_and_nobody_else(lives, tables):
    before = histories(lives, [tables], SCORING, seed=1)[0]
    ids = lives.id.copy()
    changed = np.zeros(len(lives), dtype=bool)
    changed[::7] = True
    ids[changed] += np.uint64(10**12)
    after = histories(replace(lives, id=ids), [tables], SCORING, seed=1)[0]
    assert np.array_equal(before.onset[~changed], after.onset[~changed])
    assert np.array_equal(before.death[~changed], after.death[~changed])
    differs = (before.onset != after.onset).any(1) | (before.death != after.death)
    assert differs[changed].mean() > 0.3


def test_adding_people_does_not_change_the_others(lives, tables):
    everyone = histories(lives, [tables], SCORING, seed=1)[0]
    some = np.arange(len(lives)) % 3 != 0
    fewer = histories(pick(lives, some), [tables], SCORING, seed=1)[0]
    assert np.array_equal(everyone.onset[some], fewer.onset)
    assert np.array_equal(everyone.death[some], fewer.death)


def test_another_seed_is_another_world(lives, tables, tallies):
    other = simulate(lives, [tables], SCORING, seed=2, threads=1)[0]
    assert (other.flow[..., :21] != tallies.flow[..., :21]).mean() > 0.01
    high = simulate(lives, [tables], SCORING, seed=1 + 2**40, threads=1)[0]
    assert not np.array_equal(high.flow, tallies.flow)


def test_newborns_and_arrivals_are_the_same_people_in_every_arm(lives, tables):
    deadlier = toy.changed(tables, [20], 3.0)
    base, other = histories(lives, [tables, deadlier], SCORING, seed=1)
    late = lives.enter > 0
    assert late.sum() > 500
    # nothing but death differs, so onsets are the same until death, and death is never later
    known = np.minimum(base.death, other.death)[:, None]
    seen = (base.onset < known) | (other.onset < known)
    assert np.array_equal(base.onset[late][seen[late]], other.onset[late][seen[late]])
    assert (other.death <= base.death).all()


def test_more_years_do_not_change_the_years_before(tables, lives):
    longer = toy.tables(STEPS, periods=2, loads=3)
    again = np.arange(STEPS + 3) % STEPS
    longer = replace(
        longer,
        hazard=np.ascontiguousarray(longer.hazard[:, again]),
        period=np.ascontiguousarray(longer.period[again]),
    )
    a = simulate(lives, [tables], SCORING, seed=1, threads=1)[0]
    b = simulate(lives, [longer], SCORING, seed=1, threads=1)[0]
    np.testing.assert_array_equal(a.flow[..., :22], b.flow[:, :STEPS, :, :22])
    np.testing.assert_array_equal(a.stock, b.stock[:, : STEPS + 1])


# --- coupling -------------------------------------------------------------------------------------


@pytest.mark.parametrize("lane", [0, 5, 8, 12])
def test_a_lower_hazard_never_brings_its_own_first_event_forward(lane, lives, tables):
    lower = toy.changed(tables, [lane], 0.83)
    base, less = histories(lives, [tables, lower], SCORING, seed=5)
    # Until the base arm's event both arms are alike, death included.
    assert (less.onset[:, lane] >= base.onset[:, lane]).all()
    assert (less.onset[:, lane] > base.onset[:, lane]).any()


@pytest.mark.parametrize("seed", range(4))
def test_no_dependent_event_comes_forward_where_nothing_remits_and_ratios_are_at_least_one(
    seed, lives, tables
):
    base = plain(tables)
    rng = np.random.default_rng(seed)
    lanes = [int(k) for k in rng.choice(20, 3, replace=False)]
    less = toy.changed(base, lanes, float(rng.uniform(0.3, 0.999)))
    assert base.ratio.min() >= 1
    a, b = histories(lives, [base, less], SCORING, seed=seed)
    assert (b.death >= a.death).all()
    # an onset that base's earlier death forestalled is not one brought forward
    alive = b.onset < np.minimum(a.death, NEVER)[:, None]
    assert (b.onset[alive] >= a.onset[alive]).all()
    assert (b.onset != a.onset).any()


def test_a_lower_hazard_of_death_only_ever_lengthens_lives(lives, tables):
    a, b = histories(lives, [tables, toy.changed(tables, [20], 0.999)], SCORING, seed=8)
    assert (b.death >= a.death).all()


# --- sums -----------------------------------------------------------------------------------------


def test_weights_scale_tallies(lives, tables, tallies):
    double = replace(lives, weight=lives.weight * 2)
    scaled = simulate(double, [tables], SCORING, seed=1, threads=1)[0]
    for name, array in tallies.arrays().items():
        assert np.array_equal(scaled.arrays()[name], 2 * array)


def test_weights_in_double_precision_are_rounded_to_single(lives, tables, tallies):
    double = replace(lives, weight=lives.weight.astype(np.float64))
    assert same_bytes(simulate(double, [tables], SCORING, seed=1, threads=1)[0], tallies)


def test_people_balance_exactly(lives, tables):
    history = histories(lives, [tables], SCORING, seed=1)[0]
    tallies = simulate(lives, [tables], SCORING, seed=1, threads=2)[0]
    people = tallies.stock[..., 20].sum(axis=(0, 2))
    deaths = tallies.flow[..., 20].sum(axis=(0, 2))
    newborn = lives.cohort.astype(int) + lives.enter < 0
    for t in range(STEPS):
        gone_before = history.death < t
        births = WEIGHT * (newborn & (lives.enter == t) & (lives.leave > t + 1)).sum()
        # born and gone, or dead, before the first stock: never counted
        arrivals = WEIGHT * (~newborn & (lives.enter == t + 1)).sum()
        dies = history.death == t
        leaving = (lives.leave == t + 1) & ~gone_before & ~dies & ~(newborn & (lives.enter == t))
        unseen = WEIGHT * (newborn & (lives.enter == t) & dies & (lives.leave == t + 1)).sum()
        balance = people[t] + births + arrivals - (deaths[t] - unseen) - WEIGHT * leaving.sum()
        assert people[t + 1] == balance


def test_tallies_by_age_are_the_same_people(tallies, lives):
    np.testing.assert_array_equal(
        tallies.stock_age[..., 0].sum((0, 2)), tallies.stock[..., 20].sum((0, 2))
    )
    np.testing.assert_allclose(
        tallies.stock_age[..., 2].sum((0, 2)), tallies.stock[..., 21].sum((0, 2)), rtol=1e-12
    )
    np.testing.assert_array_equal(
        tallies.flow_age[..., 0].sum((0, 2)), tallies.flow[..., 20].sum((0, 2))
    )
    newborn = (lives.cohort.astype(int) + lives.enter < 0) & (lives.enter < STEPS)
    assert tallies.flow_age[:, :, 0, 2].sum() == WEIGHT * newborn.sum()


def test_segments_are_everyone_once(tallies):
    np.testing.assert_array_equal(tallies.stock[..., 24:30].sum(-1), tallies.stock[..., 20])
    np.testing.assert_array_equal(tallies.flow[..., 24:30].sum(-1), tallies.flow[..., 20])
    assert tallies.stock[:, :, :3, 24:29].sum() == 0
    assert tallies.stock[:, :, 4:, 29].sum() == 0


def test_nothing_is_left_over_where_nobody_is(tallies):
    assert (tallies.stock >= 0).all()
    nobody = tallies.stock[..., 20] == 0
    assert nobody.any()
    assert (tallies.stock[nobody] == 0).all()


def test_person_years_are_half_of_both_ends(tallies, lives):
    people = tallies.stock[..., 20].sum((0, 2))
    lived = tallies.flow[..., 22].sum((0, 2))
    np.testing.assert_allclose(lived, (people[1:] + people[:-1]) / 2, rtol=1e-12)
    utility = tallies.stock[..., 21].sum((0, 2))
    quality = tallies.flow[..., 23].sum((0, 2))
    np.testing.assert_allclose(quality, (utility[1:] + utility[:-1]) / 2, rtol=1e-12)


def test_expected_deaths_are_one_minus_exp_of_each_hazard():
    lives = toy.lives(500, 1)
    tables = plain(toy.tables(1), ratio=np.ones((RATE_BANDS, 20, LANES), np.float32))
    for size in (0.01, 1.0, 30.0):
        scaled = toy.changed(tables, [20], size)
        tallies = simulate(lives, [scaled], SCORING, seed=1)[0]
        at_risk = (lives.enter == 0) & (lives.cohort >= -1)
        rows = np.minimum(lives.cohort[at_risk], 105) + 1
        strata = lives.group_stratum[lives.group[at_risk]]
        x = scaled.hazard[strata, 0, rows, 20].astype(float)
        exact = WEIGHT * -np.expm1(-x).sum()
        np.testing.assert_allclose(tallies.flow[..., 21].sum(), exact, rtol=2e-5)


def test_loads_equal_a_direct_sum():
    steps = 3
    lives = toy.lives(600, steps, moving=0.03)
    tables = toy.tables(steps, loads=5)
    tables = replace(tables, hazard=np.zeros_like(tables.hazard))
    tables = replace(tables, remission=np.zeros_like(tables.remission))
    tallies = simulate(lives, [tables], SCORING, seed=1)[0]
    has = (lives.state[:, None] >> np.arange(20) & 1).astype(bool)
    score = has @ SCORING.score
    product = np.where(has[:, :, None], tables.load_ratio[None], 1.0).prod(axis=1)
    stock = np.zeros((lives.groups, steps + 1, 6, 5))
    for i in range(len(lives)):
        for t in range(max(lives.enter[i], -lives.cohort[i]), min(lives.leave[i], steps + 1)):
            age = min(int(lives.cohort[i]) + t, 105)
            segment = 0 if age < 17 else np.searchsorted(SCORING.starts, score[i], side="right")
            rate = tables.rate[lives.group_stratum[lives.group[i]], age, segment]
            stock[lives.group[i], t, segment] += WEIGHT * rate * product[i]
    np.testing.assert_allclose(
        tallies.load, (stock[:, 1:] + stock[:, :-1]) / 2, rtol=1e-5, atol=1e-3
    )


# --- edges ---------------------------------------------------------------------------------------


def one_person(**changes) -> Lives:
    return Lives(
        **{
            "id": np.array([7], np.uint64),
            "group": np.zeros(1, np.int32),
            "group_stratum": np.zeros(1, np.int32),
            "cohort": np.array([40], np.int16),
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


def nothing_happens(steps=STEPS):
    tables = plain(toy.tables(steps))
    return replace(tables, hazard=np.zeros_like(tables.hazard))


def test_without_hazards_nobody_changes(lives):
    tallies = simulate(lives, [nothing_happens()], SCORING, seed=1)[0]
    assert tallies.flow[..., [*range(22), *range(24, 40)]].sum() == 0
    closed = replace(
        lives, enter=np.zeros_like(lives.enter), leave=np.full_like(lives.leave, NEVER)
    )
    closed = pick(closed, closed.cohort >= 0)
    stock = simulate(closed, [nothing_happens()], SCORING, seed=1)[0].stock.sum((0, 2))
    for t in range(1, STEPS + 1):
        assert np.array_equal(
            stock[t, [*range(21), 22, 23, 30, 31]], stock[0, [*range(21), 22, 23, 30, 31]]
        )


def test_a_certain_remission_ends_the_spell_when_its_years_are_done():
    certain = np.zeros((5, 5), np.float32)
    certain[:, 4] = 1e30  # in the fifth year
    tables = replace(nothing_happens(), remission=certain)
    for since, last in ((0, 4), (2, 2), (4, 0), (9, 0)):
        person = one_person(
            state=np.array([1 << 9], np.uint32), since=np.full((1, 5), since, np.uint8)
        )
        tallies = simulate(person, [tables], SCORING, seed=1)[0]
        present = tallies.stock[0, :, :, 9].sum(1)
        assert present.tolist() == [1.0] * (last + 1) + [0.0] * (STEPS - last)
        assert tallies.flow[0, last, :, 31].sum() == 1


def test_after_a_remission_the_condition_can_return_with_a_fresh_threshold():
    hazard = np.zeros_like(toy.tables(STEPS).hazard)
    hazard[..., 8] = 1e30
    tables = replace(nothing_happens(), hazard=hazard, remission=np.full((5, 5), 1e30, np.float32))
    tallies = simulate(one_person(), [tables], SCORING, seed=1)[0]
    # onset in step 0, present at 1; remits in step 1, absent at 2; onset in step 2 and so on
    assert tallies.stock[0, :, :, 8].sum(1).tolist() == [0, 1, 0, 1, 0, 1, 0, 1, 0]
    assert tallies.flow[0, :, :, 8].sum(1).tolist() == [1, 0] * 4
    assert tallies.flow[0, :, :, 30].sum(1).tolist() == [0, 1] * 4


def test_certain_death_comes_in_the_first_step_and_counts_no_remission():
    tables = toy.changed(toy.tables(STEPS), [20], 0.0)
    hazard = tables.hazard.copy()
    hazard[..., 20] = 1e30
    tables = replace(tables, hazard=hazard, remission=np.full((5, 5), 1e30, np.float32))
    tallies = simulate(one_person(state=np.array([1 << 8], np.uint32)), [tables], SCORING, seed=1)[
        0
    ]
    assert tallies.flow[0, 0, 8, 20] == 1
    assert tallies.flow[..., 30:].sum() == 0
    assert tallies.flow[..., :20].sum() == 0
    assert tallies.stock[:, 1:].sum() == 0
    assert tallies.flow[..., 22].sum() == 0.5


def test_without_risk_factors_hazards_are_as_with_risks_of_one(lives, tables):
    ones = replace(tables, risk=np.ones_like(tables.risk))
    no_factors = replace(tables, risk=np.ones((2, 0, 16, *tables.risk.shape[3:]), np.float32))
    people = replace(lives, levels=np.zeros((len(lives), 0), np.uint8))
    a = simulate(lives, [ones], SCORING, seed=1, threads=1)[0]
    assert same_bytes(simulate(people, [no_factors], SCORING, seed=1, threads=1)[0], a)


def test_ages_stop_at_105():
    person = one_person(cohort=np.array([103], np.int16))
    tallies = simulate(person, [nothing_happens()], SCORING, seed=1)[0]
    assert tallies.stock[0, :, 18, 20].tolist() == [1.0] * (STEPS + 1)
    ages = tallies.stock_age[0, :, :, 0].argmax(1)
    assert ages.tolist() == [103, 104, *[AGES - 1] * (STEPS - 1)]
    assert tallies.flow_age[0, :, :, 2].argmax(1).tolist() == [104, 105, *[106] * (STEPS - 2)]


def test_a_newborn_is_at_risk_before_being_counted():
    person = one_person(cohort=np.array([-3], np.int16), enter=np.array([2], np.int16))
    tallies = simulate(person, [nothing_happens()], SCORING, seed=1)[0]
    assert tallies.stock[0, :, 0, 20].tolist() == [0, 0, 0, 1, 1, 1, 1, 1, 0]
    assert tallies.stock[0, 8, 1, 20] == 1
    assert tallies.flow_age[0, 2, 0, 2] == 1
    assert tallies.flow[0, :, 0, 22].tolist() == [0, 0, 0.5, 1, 1, 1, 1, 1]


def test_someone_who_leaves_is_counted_until_then():
    person = one_person(leave=np.array([3], np.int16))
    tallies = simulate(person, [nothing_happens()], SCORING, seed=1)[0]
    assert tallies.stock[0, :, :, 20].sum(1).tolist() == [1, 1, 1, 0, 0, 0, 0, 0, 0]
    assert tallies.flow_age[0, :, :, 2].sum(1).tolist() == [1, 1, 1, 0, 0, 0, 0, 0]


def test_onsets_in_the_step_of_death_count_only_when_they_came_first():
    hazard = np.zeros_like(toy.tables(1).hazard)
    hazard[..., 20] = 60.0
    hazard[..., 0] = 60.0
    lives = toy.lives(4000, 1, moving=0.0)
    lives = replace(lives, state=np.zeros_like(lives.state))
    tallies = simulate(lives, [replace(nothing_happens(1), hazard=hazard)], SCORING, seed=1)[0]
    died = tallies.flow[..., 20].sum() / WEIGHT
    first = tallies.flow[..., 0].sum() / WEIGHT
    assert died == (lives.enter == 0).sum()
    # equal clocks: each comes first half of the time
    assert abs(first / died - 0.5) < 3 * 0.5 / np.sqrt(died)


def test_no_lives_give_empty_tallies():
    nobody = pick(toy.lives(100, STEPS), slice(0, 0))
    tallies = simulate(nobody, [toy.tables(STEPS)], SCORING, seed=1)[0]
    assert tallies.stock.sum() == 0
    assert tallies.load is None


def test_progress_ends_with_everyone(lives, tables):
    seen = []
    simulate(lives, [tables], SCORING, seed=1, threads=2, progress=lambda *a: seen.append(a))
    assert seen[-1] == (len(lives), len(lives))
    assert seen == sorted(seen)


@pytest.mark.parametrize("threads", [1, 2])
def test_an_interrupt_stops_the_simulation(threads, monkeypatch, lives, tables):
    monkeypatch.setattr(simulation, "CHUNK", 50)
    seen = []

    def interrupt(done: int, total: int) -> None:
        seen.append(done)
        if len(seen) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(lives, [tables], SCORING, seed=1, threads=threads, progress=interrupt)
    assert len(seen) == 3


# --- refusals ------------------------------------------------------------------------------------


def test_wrong_input_is_refused_by_name(lives, tables):
    def refused(match, lives=lives, arms=(tables,), **options):
        with pytest.raises(EngineError, match=match):
            simulate(lives, list(arms), SCORING, **{"seed": 1, **options})

    refused("lives.group decreases", replace(lives, group=lives.group[::-1].copy()))
    refused("less than the row before", replace(lives, cohort=lives.cohort[::-1].copy()))
    refused(r"lives.weight\[0\] is nan", replace(lives, weight=lives.weight * np.nan))
    refused("lives.id is int64", replace(lives, id=lives.id.astype(np.int64)))
    refused(r"lives.levels has shape", replace(lives, levels=lives.levels[:5]))
    refused("must leave after they enter", replace(lives, leave=lives.enter.copy()))
    bad = tables.hazard.copy()
    bad[1, 2, 3, 4] = -1
    refused(r"arm 0: tables.hazard\[1, 2, 3, 4\] is -1", arms=[replace(tables, hazard=bad)])
    refused("arm 1 has 5 steps but arm 0 has 8", arms=[tables, toy.tables(5, loads=3)])
    refused("arm 1 has 0 loads but arm 0 has 3", arms=[tables, toy.tables(STEPS)])
    refused("there are no arms", arms=[])
    refused("threads is 0", threads=0)
    refused("seed is -1", seed=-1)
    everyone_late = replace(lives, cohort=lives.cohort - np.int16(200))
    refused("more than one stock before age 0", everyone_late)


def test_the_environment_sets_the_threads(monkeypatch, lives, tables):
    monkeypatch.setenv("LEFTSHIFT_THREADS", "many")
    with pytest.raises(EngineError, match="LEFTSHIFT_THREADS is 'many'"):
        simulate(lives, [tables], SCORING, seed=1)
