"""Claims about the life course ladder: targets met, deaths exact, people who hang together."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from numba import njit

from leftshift.engine.ladder import LifeCourse, life_course
from leftshift.engine.ladder_lanes import (
    LANES,
    WIDTH,
    add_where,
    add_where_plain,
    chance,
    multiply_rows,
    multiply_rows_plain,
    reached,
    reached_plain,
)
from leftshift.engine.lives import EngineError

AGES = 106
CONDITIONS = 20
HEIGHT = (60, 25, 15, 20, 15, 25, 30, 12, 10, 8, 25, 14, 1, 1.2, 3, 25, 10, 6, 8, 45)  # percent
MIDDLE = (58, 70, 74, 78, 82, 60, 76, 66, 15, 68, 86, 30, 32, 20, 40, 55, 70, 60, 35, 76)
WIDTHS = (10, 9, 9, 7, 7, 11, 8, 9, 10, 10, 5, 8, 8, 12, 9, 12, 12, 12, 9, 10)
REMITS = (8, 9, 11, 15, 16)

Inputs = dict[str, Any]


def toy(
    particles: int = 20_000,
    *,
    strata: int = 1,
    wanted: int = 0,
    growth: float = 0.0,
    spread: float = 0.55,
    ratios: bool = True,
    risks: bool = True,
) -> Inputs:
    """A made-up country: smooth prevalence, Gompertz deaths, ratios, five risk factors."""
    rng = np.random.default_rng(5)
    age = np.arange(AGES)
    height, middle, width = (np.array(x, float)[:, None] for x in (HEIGHT, MIDDLE, WIDTHS))
    one = height / 100 / (1 + np.exp(-(age - middle) / width)) * np.minimum(age / 12, 1) ** 2
    level = np.linspace(1.2, 0.8, strata) if strata > 1 else np.ones(1)
    prevalence = np.minimum(one[:, None, :] * level[None, :, None], 0.9)
    death = np.minimum(2.5e-5 * np.exp(0.095 * (np.arange(107) - 0.5)), 0.9)
    death[:2] = 0.002, 0.001
    ratio = np.ones((22, CONDITIONS, LANES), np.float32)
    if ratios:
        onset = np.exp(0.55 * np.abs(rng.standard_normal((CONDITIONS, CONDITIONS))))
        onset[rng.random(onset.shape) < 0.6] = 1.0
        ratio[:, :, :CONDITIONS] = onset
        ratio[:, :, 20] = np.linspace(1.05, 2.5, CONDITIONS)
    risk = np.ones((5, 16, strata, 22, LANES), np.float32)
    if risks:
        slope = np.exp(np.linspace(-0.3, 0.4, 16))[:, None, None, None]
        for factor in range(5):
            risk[factor, :, :, :, factor:20:3] = slope
            risk[factor, :, :, :, 20] = slope[..., 0] ** 0.5
    power = np.zeros(LANES, np.float32)
    power[:CONDITIONS] = 1.0
    power[20] = 0.5
    yearly = np.array([[0.06] * 5, [0.05] * 4 + [1e30], [0.8, 0.4, 0.3, 0.2, 0.1],
                       [0.4, 0.2, 0.2, 0.15, 0.1], [0.3] * 5])  # fmt: skip
    return {
        "prevalence": prevalence,
        "growth": np.full(CONDITIONS, growth),
        "death": death[None] * level[:, None],
        "ratio": ratio,
        "risk": risk,
        "frailty_power": power,
        "frailty": np.exp(spread * rng.standard_normal(particles)).astype(np.float32),
        "levels": rng.integers(0, 16, (particles, 5)).astype(np.uint8),
        "remits": np.array(REMITS),
        "remission": yearly.astype(np.float32),
        "wanted": np.full((strata, 107), wanted),
        "seed": 3,
        "threads": 1,
    }


def bits(state: npt.NDArray[np.uint32]) -> npt.NDArray[np.bool_]:
    """State words as bool[n, C]."""
    return (state[:, None] >> np.arange(CONDITIONS, dtype=np.uint32)) & 1 == 1


@dataclasses.dataclass
class Cell:
    """The people handed out at one age of stratum 0."""

    has: npt.NDArray[np.bool_]
    since: npt.NDArray[np.uint8]
    frailty: npt.NDArray[np.float32]
    levels: npt.NDArray[np.uint8]


def cell(course: LifeCourse, inputs: Inputs, age: int) -> Cell:
    """People of stratum 0 at an age (-1 is birth)."""
    counts = inputs["wanted"][0]
    first = int(counts[: age + 1].sum())
    span = slice(first, first + int(counts[age + 1]))
    return Cell(
        bits(course.state[span]), course.since[span], course.frailty[span], course.levels[span]
    )


def multipliers(inputs: Inputs, age: int, people: Cell) -> npt.NDArray[np.float64]:
    """Hazard multipliers [n, 32] by the definition, without tables: the slow oracle."""
    band = max(age, 0) // 5
    log = people.has @ np.log(inputs["ratio"][band].astype(float))
    for factor in range(inputs["risk"].shape[0]):
        log += np.log(inputs["risk"][factor, people.levels[:, factor], 0, band].astype(float))
    return np.exp(log + np.log(people.frailty.astype(float))[:, None] * inputs["frailty_power"])


def ending(inputs: Inputs, since: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Chance that each condition's spell ends in the step, [n, C]."""
    chances = np.zeros((len(since), CONDITIONS))
    yearly = inputs["remission"].astype(float)
    for r, condition in enumerate(inputs["remits"]):
        at = np.minimum(since[:, r], yearly.shape[1] - 1)
        chances[:, condition] = -np.expm1(-yearly[r, at])
    return chances


@pytest.fixture(scope="module")
def whole() -> tuple[Inputs, LifeCourse]:
    """A life course whose every particle is handed out once at every age."""
    inputs = toy(wanted=20_000, growth=0.01)
    return inputs, life_course(**inputs)


def test_particles_meet_their_targets_within_a_particle(whole: tuple[Inputs, LifeCourse]) -> None:
    inputs, course = whole
    assert np.abs(course.reached - inputs["prevalence"]).max() < 1.5 / 20_000


def test_prevalence_reported_is_that_of_the_particles(whole: tuple[Inputs, LifeCourse]) -> None:
    inputs, course = whole
    for age in (0, 30, 70, 105):
        seen = cell(course, inputs, age).has.mean(axis=0)
        assert np.allclose(seen, course.reached[:, 0, age], atol=1e-9)


def test_mean_chance_of_death_is_that_of_the_life_table(whole: tuple[Inputs, LifeCourse]) -> None:
    inputs, course = whole
    for age in range(-1, AGES, 3):
        people = cell(course, inputs, age)
        hazard = course.hazard[0, age + 1, 20] * multipliers(inputs, age, people)[:, 20]
        expected = -np.expm1(-inputs["death"][0, age + 1])
        assert -np.expm1(-hazard).mean() == pytest.approx(expected, rel=1e-4)


def test_hazards_carry_todays_people_to_next_years_prevalence(
    whole: tuple[Inputs, LifeCourse],
) -> None:
    inputs, course = whole
    for age in range(-1, 100, 4):
        people = cell(course, inputs, age)
        by = multipliers(inputs, age, people)
        rate = course.hazard[0, age + 1]
        alive = np.exp(-rate[20] * by[:, 20])
        falls_ill = -np.expm1(-rate[:CONDITIONS] * by[:, :CONDITIONS])
        stays = 1 - ending(inputs, people.since)
        after = np.where(people.has, stays, falls_ill)
        reached_next = (alive[:, None] * after).sum(axis=0) / alive.sum()
        target = inputs["prevalence"][:, 0, age + 1] * np.exp(0.01)
        assert np.all(np.abs(reached_next - target) < np.maximum(0.001, 0.01 * target))


def test_people_picked_have_their_targets_prevalence_nearer_than_chance() -> None:
    inputs = toy(wanted=150)
    course = life_course(**inputs)
    seen = bits(course.state).reshape(107, 150, CONDITIONS).mean(axis=1)[1:]
    target = inputs["prevalence"][:, 0].T
    error = np.sqrt(target * (1 - target) / 150) + 1e-12
    z = (seen - target) / error
    assert np.abs(z[(target > 0.1) & (target < 0.9)]).max() < 4.5
    assert np.sqrt(np.mean(z[target > 1e-4] ** 2)) < 0.9
    # Over a life the misses of common conditions cancel: picks are spread over ages too.
    life = seen.mean(axis=0) / target.mean(axis=0) - 1
    assert np.all(np.abs(life) < 4 * np.sqrt(np.sum(error**2, axis=0)) / target.sum(axis=0))
    assert np.all(np.abs(life[target.mean(axis=0) > 0.05]) < 0.03)


def test_picks_keep_the_joint_distribution(whole: tuple[Inputs, LifeCourse]) -> None:
    inputs, course = whole
    few = toy(wanted=500, growth=0.01)
    picked = life_course(**few)
    for ages in (range(25, 45), range(45, 65), range(65, 85)):
        some = np.concatenate([cell(picked, few, age).has.sum(axis=1) for age in ages])
        all_ = np.concatenate([cell(course, inputs, age).has.sum(axis=1) for age in ages])
        assert some.mean() == pytest.approx(all_.mean(), rel=0.02)
        assert some.var() == pytest.approx(all_.var(), rel=0.06)


def test_any_run_of_people_in_a_cell_is_representative() -> None:
    inputs = toy(wanted=900)
    course = life_course(**inputs)
    counts = cell(course, inputs, 75).has.sum(axis=1)
    thirds = counts.reshape(3, 300).mean(axis=1)
    assert np.ptp(thirds) < 0.35  # at random, the standard error of one third is 0.12


def variance_over_mean(inputs: Inputs) -> float:
    """Overdispersion of the number of conditions at ages 65 to 84."""
    course = life_course(**inputs)
    counts = np.concatenate([cell(course, inputs, age).has.sum(axis=1) for age in range(65, 85)])
    return float(counts.var() / counts.mean())


def test_ratios_and_frailty_cluster_conditions_in_the_same_people() -> None:
    together = variance_over_mean(toy(5_000, wanted=5_000))
    apart = variance_over_mean(toy(5_000, wanted=5_000, spread=0.0, ratios=False, risks=False))
    assert together > 1.4
    assert 0.8 < apart < 1.0


def step(inputs: Inputs, course: LifeCourse, age: int, people: Cell, rng: Any) -> Cell:
    """One year of the simulation, in plain NumPy with yearly draws."""
    by = multipliers(inputs, age, people)
    rate = course.hazard[0, age + 1]
    alive = rng.random(len(by)) < np.exp(-rate[20] * by[:, 20])
    ill = rng.random(people.has.shape) < -np.expm1(-rate[:CONDITIONS] * by[:, :CONDITIONS])
    ends = rng.random(people.has.shape) < ending(inputs, people.since)
    has = np.where(people.has, ~ends, ill)
    kept = people.has & ~ends
    since = np.where(kept[:, inputs["remits"]], people.since + 1, 0).astype(np.uint8)
    return Cell(has[alive], since[alive], people.frailty[alive], people.levels[alive])


def test_twenty_years_of_its_own_hazards_leave_a_stationary_population_where_it_was() -> None:
    inputs = toy(wanted=0)
    inputs["wanted"][0, 46:86] = 4_000
    course = life_course(**inputs)
    rng = np.random.default_rng(1)
    drift, shift, spells = [], [], []
    for age in range(45, 65, 4):
        people = cell(course, inputs, age)
        for year in range(20):
            people = step(inputs, course, age + year, people, rng)
        there = cell(course, inputs, age + 20)
        drift.append(np.mean(people.has.sum(1) >= 5) - np.mean(there.has.sum(1) >= 5))
        shift.append(people.has.mean(axis=0) - inputs["prevalence"][:, 0, age + 20])
        long_spell = [np.mean(p.since[p.has[:, 15], 3] >= 4) for p in (people, there)]
        spells.append(long_spell[0] - long_spell[1])
    assert abs(np.mean(drift)) < 0.015
    assert np.abs(np.mean(shift, axis=0)).max() < 0.01
    assert abs(np.mean(spells)) < 0.03


def test_an_independent_start_would_understate_how_many_have_five_or_more() -> None:
    inputs = toy(wanted=0)
    inputs["wanted"][0, 66:86] = 2_000
    course = life_course(**inputs)
    rng = np.random.default_rng(1)
    together = bits(course.state)
    apart = np.column_stack([  # every margin kept, age by age
        np.concatenate([rng.permutation(cell_) for cell_ in np.split(together[:, c], 20)])
        for c in range(CONDITIONS)
    ])  # fmt: skip
    assert np.mean(apart.sum(axis=1) >= 5) < 0.85 * np.mean(together.sum(axis=1) >= 5)


def test_results_are_the_same_bytes_for_any_number_of_threads() -> None:
    inputs = toy(1_000, strata=3, wanted=7)
    one = life_course(**inputs)
    inputs["threads"] = 2
    two = life_course(**inputs)
    for field in dataclasses.fields(LifeCourse):
        assert getattr(one, field.name).tobytes() == getattr(two, field.name).tobytes()


def test_another_seed_gives_other_people_but_nearly_the_same_hazards() -> None:
    inputs = toy(wanted=50)
    one = life_course(**inputs)
    inputs["seed"] = 4
    two = life_course(**inputs)
    assert (one.state != two.state).any()
    change = one.hazard[0, 50:75, 0] / two.hazard[0, 50:75, 0] - 1
    assert np.abs(change).mean() < 0.02
    assert np.abs(change).max() < 0.1


def test_what_cannot_be_met_has_no_hazard_and_is_reported() -> None:
    inputs = toy(5_000, wanted=5_000)
    falling = np.interp(np.arange(AGES), [0, 20, 60, 80], [0.0, 0.2, 0.2, 0.02])
    inputs["prevalence"][0, 0] = falling
    course = life_course(**inputs)
    ages = slice(62, 80)  # rows of steps well within the fall
    assert np.all(course.hazard[0, ages, 0] == 0)
    assert np.all(course.excess[0, 0, ages] > 0)
    assert np.all(course.thinned[0, 0, ages] > 0)
    assert np.all(course.excess[0, 0, 5:20] == 0)
    assert np.abs(course.reached[0, 0] - falling).max() < 1e-3


def test_spells_never_outlast_the_year_in_which_they_certainly_end() -> None:
    inputs = toy(3_000, wanted=500)
    course = life_course(**inputs)
    has = bits(course.state)
    assert course.since[has[:, 9], 1].max() == 4
    assert np.all(course.since[~has[:, 9], 1] == 0)
    assert course.since[has[:, 8], 0].max() > 20


def test_the_last_step_holds_the_hazards_of_the_step_before() -> None:
    course = life_course(**toy(1_000))
    assert np.array_equal(course.hazard[0, 106, :20], course.hazard[0, 105, :20])
    assert np.all(course.hazard[:, :, 21:] == 0)


@pytest.mark.parametrize("particles", [1, 33, 200])
def test_few_particles_and_any_number_of_people_work(particles: int) -> None:
    inputs = toy(particles)
    inputs["wanted"][0] = np.arange(107) % 4 * 170  # 0, 170, 340, 510
    inputs["wanted"][0, 50] = 1
    course = life_course(**inputs)
    assert len(course.state) == inputs["wanted"].sum()
    assert np.isfinite(course.hazard).all()
    assert (course.frailty > 0).all()
    assert np.isin(course.frailty, inputs["frailty"]).all()


def test_no_one_wanted_gives_hazards_and_no_people() -> None:
    course = life_course(**toy(500))
    assert course.state.shape == (0,)
    assert course.since.shape == (0, 5)
    assert course.levels.shape == (0, 5)


def test_nothing_that_remits_and_no_risk_factors_work() -> None:
    inputs = toy(500, wanted=3)
    inputs["remits"] = np.zeros(0, np.int64)
    inputs["remission"] = np.zeros((0, 1), np.float32)
    inputs["risk"] = np.ones((0, 16, 1, 22, LANES), np.float32)
    inputs["levels"] = np.zeros((500, 0), np.uint8)
    course = life_course(**inputs)
    assert course.levels.shape == (321, 0)
    assert np.isfinite(course.hazard).all()


def test_a_power_of_frailty_that_differs_between_conditions_is_kept() -> None:
    inputs = toy(20_000, ratios=False, risks=False, wanted=20_000)
    inputs["frailty_power"][3] = 0.0
    course = life_course(**inputs)
    people = cell(course, inputs, 80)
    log = np.log(people.frailty)
    assert log[people.has[:, 0]].mean() > log[~people.has[:, 0]].mean() + 0.1
    assert abs(log[people.has[:, 3]].mean() - log[~people.has[:, 3]].mean()) < 0.03


def test_more_than_eight_conditions_may_remit() -> None:
    inputs = toy(5_000, wanted=300)
    inputs["remits"] = np.arange(10)
    inputs["remission"] = np.full((10, 2), 0.1, np.float32)
    course = life_course(**inputs)
    has = bits(course.state)[:, :10]
    assert np.all(course.since[~has] == 0)
    assert np.abs(course.reached - inputs["prevalence"]).max() < 1e-3
    # The tenth in line is treated as it is when first in line.
    inputs["remits"] = np.arange(10)[::-1]
    other = life_course(**inputs)
    young = slice(0, 86 * 300)  # the oldest descend from few particles
    last = course.since[young][has[young, 9], 9]
    first = other.since[young][bits(other.state)[young, 9], 0]
    assert last.mean() == pytest.approx(first.mean(), rel=0.1)
    assert last.std() == pytest.approx(first.std(), rel=0.1)


def test_a_sixth_risk_factor_without_effect_changes_nothing() -> None:
    five = toy(1_000, wanted=5)
    six = dict(five)
    six["risk"] = np.concatenate([five["risk"], np.ones_like(five["risk"][:1])])
    six["levels"] = np.concatenate([five["levels"], five["levels"][:, :1]], axis=1)
    a, b = life_course(**five), life_course(**six)
    assert np.array_equal(a.hazard, b.hazard)
    assert np.array_equal(a.state, b.state)


def test_a_register_that_starts_at_an_age_is_met_at_once() -> None:
    inputs = toy(10_000)
    inputs["prevalence"][0, 0] = np.where(np.arange(AGES) < 17, 0.0, 0.6)
    course = life_course(**inputs)
    assert np.abs(course.reached[0, 0] - inputs["prevalence"][0, 0]).max() < 1e-3


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("growth", np.zeros(3), "growth has shape"),
        ("death", -np.ones((1, 107)), r"death\[0, 0\] is -1"),
        ("prevalence", np.ones((20, 1, 106)), "prevalence"),
        ("levels", np.full((50, 5), 16, np.uint8), "16 bins"),
        ("remits", np.array([1, 2, 3, 4, 20]), "condition 20"),
        ("wanted", np.full((1, 107), -1), "negative"),
        ("frailty", np.zeros(50, np.float32), "above 0"),
    ],
)
def test_wrong_arrays_are_named(name: str, value: Any, message: str) -> None:
    inputs = toy(50)
    inputs[name] = value
    with pytest.raises(EngineError, match=message):
        life_course(**inputs)


@njit
def _multiply(out, table, rows, scale):  # type: ignore[no-untyped-def]
    multiply_rows(out, np.uint64(1), table, (rows[0], rows[1], rows[2]), scale)


@njit
def _add(sums, bits_, amount):  # type: ignore[no-untyped-def]
    add_where(sums, 1, bits_, amount)


@njit
def _reached(lanes):  # type: ignore[no-untyped-def]
    return reached(lanes, 1)


@njit
def _chance(x):  # type: ignore[no-untyped-def]
    return chance(x)


def test_vector_operations_equal_their_plain_forms() -> None:
    rng = np.random.default_rng(2)
    table = rng.random((9, LANES), np.float32)
    rows = np.array([2, 8, 5], np.uint64)
    fast, slow = np.zeros((3, WIDTH), np.float32), np.zeros((3, WIDTH), np.float32)
    _multiply(fast, table, rows, np.float32(1.5))
    multiply_rows_plain(slow, 1, table, (2, 8, 5), 1.5)
    assert np.array_equal(fast, slow)
    fast, slow = rng.random((2, LANES), np.float32), np.zeros((2, LANES), np.float32)
    slow[:] = fast
    _add(fast, np.uint32(0b1010_0000_0000_0000_0110), np.float32(0.25))
    add_where_plain(slow, 1, 0b1010_0000_0000_0000_0110, 0.25)
    assert np.array_equal(fast, slow)
    lanes = 2 * rng.random((2, LANES), np.float32)
    lanes[1, 4] = 1.0
    assert _reached(lanes) == reached_plain(lanes[1])


def test_chance_is_one_less_the_exponential() -> None:
    for hazard in (0.0, 1e-9, 1e-6, 1e-3, 0.1, 0.5, 1.0, 3.0, 5.0, 8.0, 20.0, 1e9):
        got = _chance(np.float32(hazard / 8))
        assert got == pytest.approx(-np.expm1(-hazard), rel=2e-6 if hazard < 2 else 1e-5)
