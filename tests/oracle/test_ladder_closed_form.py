"""The ladder against independent solutions: the closed form, and a two-state year worked exactly.

With no ratios between conditions, no risk factors and no frailty, people are of two kinds only
(with and without the condition), and hazards follow from arithmetic alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from leftshift.engine.ladder import LifeCourse, life_course

AGES = 106
AGE = np.arange(AGES)


def country(
    *, ratio_of_death: float, remission: float, growth: float, conditions: int = 2
) -> dict[str, Any]:
    """One stratum; condition 0 is under test, condition 1 is there to be ignored."""
    particles = 20_000
    prevalence = np.zeros((conditions, 1, AGES))
    prevalence[0, 0] = 0.4 / (1 + np.exp(-(AGE - 60) / 9))
    prevalence[1:, 0] = 0.2 / (1 + np.exp(-(AGE - 40) / 12))
    ratio = np.ones((22, conditions, 32), np.float32)
    ratio[:, 0, 20] = ratio_of_death
    return {
        "prevalence": prevalence,
        "growth": np.array([growth] + [0.0] * (conditions - 1)),
        "death": np.minimum(4e-5 * np.exp(0.09 * np.arange(107.0)), 0.8)[None],
        "ratio": ratio,
        "risk": np.ones((5, 4, 1, 22, 32), np.float32),
        "frailty_power": np.ones(32, np.float32),
        "frailty": np.ones(particles, np.float32),
        "levels": np.zeros((particles, 5), np.uint8),
        "remits": np.array([0]),
        "remission": np.array([[remission]], np.float32),
        "wanted": np.zeros((1, 107), np.int64),
        "seed": 1,
        "threads": 1,
    }


CASES = [(1.0, 0.0, 0.0), (2.5, 0.0, 0.0), (1.0, 0.1, 0.0), (2.0, 0.05, 0.02), (1.8, 0.0, -0.005)]


@pytest.mark.parametrize(("ratio_of_death", "remission", "growth"), CASES)
def test_hazards_follow_the_closed_form(
    ratio_of_death: float, remission: float, growth: float
) -> None:
    inputs = country(ratio_of_death=ratio_of_death, remission=remission, growth=growth)
    course = life_course(**inputs)
    p = inputs["prevalence"][0, 0]
    # dp/da + dp/dt = i(1-p) - rp - p(1-p)m, at the middle of each step.
    ahead = p[1:] * np.exp(growth)
    change = ahead - p[:-1]
    middle = (ahead + p[:-1]) / 2
    death = inputs["death"][0, 1:106]
    excess = death * (ratio_of_death - 1) / (1 + middle * (ratio_of_death - 1))
    expected = (change + remission * middle + middle * (1 - middle) * excess) / (1 - middle)
    got = course.hazard[0, 1:106, 0]
    ages = slice(30, 85)
    # The closed form has no steps: remission and onset in one year, and people who would have
    # fallen ill twice, are what sets it apart (half a year's turnover).
    tolerance = 0.025 + 0.6 * remission
    assert np.all(np.abs(got[ages] / expected[ages] - 1) < tolerance)


@pytest.mark.parametrize(("ratio_of_death", "remission", "growth"), CASES)
def test_hazards_are_those_of_a_two_state_year_worked_exactly(
    ratio_of_death: float, remission: float, growth: float
) -> None:
    inputs = country(ratio_of_death=ratio_of_death, remission=remission, growth=growth)
    course = life_course(**inputs)
    p = inputs["prevalence"][0, 0]
    lowest, highest = 1e-9, 1e3
    for age in range(20, 100):
        death = inputs["death"][0, age + 1]

        def mean_death(scale: float, age: int = age, death: float = death) -> float:
            ill = -np.expm1(-death / scale * ratio_of_death)
            well = -np.expm1(-death / scale)
            return float(p[age] * ill + (1 - p[age]) * well)

        low, high = lowest, highest
        for _ in range(200):  # bisection, on purpose nothing like the ladder's own way
            scale = np.sqrt(low * high)
            low, high = (scale, high) if mean_death(scale) > -np.expm1(-death) else (low, scale)
        ill_left = p[age] * np.exp(-death / scale * ratio_of_death)
        well_left = (1 - p[age]) * np.exp(-death / scale)
        target = p[age + 1] * np.exp(growth) * (ill_left + well_left)
        onset = (target - ill_left * np.exp(-remission)) / well_left
        expected = -np.log1p(-onset)
        assert course.normaliser[0, age + 1] == pytest.approx(scale, rel=2e-4)
        assert course.hazard[0, age + 1, 0] == pytest.approx(expected, rel=5e-4, abs=1e-6)


def forward(course: LifeCourse, inputs: dict[str, Any], years: int) -> np.ndarray:
    """Prevalence of condition 0 by age after some years of held hazards, people of two kinds."""
    ill = inputs["prevalence"][0, 0].copy()
    well = 1 - ill
    ratio = float(inputs["ratio"][0, 0, 20])
    stays = np.exp(-float(inputs["remission"][0, 0]))
    for _ in range(years):
        hazard = course.hazard[0].astype(float)
        ill_left = ill[:-1] * np.exp(-hazard[1:106, 20] * ratio)
        well_left = well[:-1] * np.exp(-hazard[1:106, 20])
        onset = -np.expm1(-hazard[1:106, 0])
        first = -np.expm1(-hazard[0, 0])
        ill = np.concatenate([[first], ill_left * stays + well_left * onset])
        well = np.concatenate([[1 - first], well_left * (1 - onset) + ill_left * (1 - stays)])
    return ill / (ill + well)


def test_held_hazards_reproduce_a_stationary_population_for_forty_years() -> None:
    inputs = country(ratio_of_death=2.0, remission=0.05, growth=0.0)
    course = life_course(**inputs)
    after = forward(course, inputs, 40)
    assert np.abs(after - inputs["prevalence"][0, 0])[:101].max() < 2e-3


def test_a_trend_moves_next_year_by_just_that_much() -> None:
    inputs = country(ratio_of_death=2.0, remission=0.0, growth=0.02)
    course = life_course(**inputs)
    after = forward(course, inputs, 1)
    ratio = after[30:100] / inputs["prevalence"][0, 0, 30:100]
    assert np.all(np.abs(ratio - np.exp(0.02)) < 2e-3)
