"""Life expectancy and the slope index of inequality."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftshift.people.life_table import expectancy, slope_index, stationary


def test_a_constant_hazard_gives_its_reciprocal() -> None:
    hazard = 0.02
    died = np.full(107, -np.expm1(-hazard))
    # The first step is half a year, from birth to the first 30 June.
    died[0] = -np.expm1(-hazard / 2)
    assert expectancy(died) == pytest.approx(1 / hazard, rel=1e-3)


def test_nobody_dying_before_the_open_age_gives_whole_years() -> None:
    died = np.zeros(107)
    died[-1] = 0.5
    assert expectancy(died) == pytest.approx(105 + 2)


def test_healthy_years_never_exceed_years_and_match_a_constant_share() -> None:
    died = np.linspace(0.001, 0.4, 107)
    assert expectancy(died, np.full(106, 0.7)) == pytest.approx(0.7 * expectancy(died))


def test_the_stationary_population_only_shrinks_before_the_open_age() -> None:
    lived = stationary(np.linspace(0.001, 0.4, 107))
    assert np.all(np.diff(lived[:-1]) < 0)


def test_the_slope_index_of_a_straight_line_is_its_rise() -> None:
    people = np.array([10.0, 20.0, 30.0, 25.0, 15.0])
    share = people / people.sum()
    rank = np.cumsum(share) - share / 2
    assert slope_index(75 + 8 * rank, people) == pytest.approx(8)


def test_equal_groups_have_no_slope_and_one_group_has_none_to_speak_of() -> None:
    assert slope_index(np.full(5, 80.0), np.ones(5)) == pytest.approx(0)
    assert np.isnan(slope_index(np.full(5, 80.0), np.array([1.0, 0, 0, 0, 0])))


@given(st.lists(st.floats(60, 90), min_size=5, max_size=5), st.floats(-5, 5))
def test_the_slope_index_does_not_depend_on_the_level(values: list[float], shift: float) -> None:
    people = np.arange(1.0, 6.0)
    plain = slope_index(np.array(values), people)
    assert slope_index(np.array(values) + shift, people) == pytest.approx(plain, abs=1e-6)
