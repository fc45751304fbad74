"""The arithmetic of a needs assessment keeps its laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from leftshift.care.needs.measures import (
    Z95,
    Z998,
    byar,
    crude,
    dsr,
    expectancy_error,
    fit_mix,
    funnel,
    relative_index,
    slope_index_between,
)
from leftshift.people.life_table import expectancy

STANDARD = np.array(
    [
        5000,
        *[5500] * 3,
        *[6000] * 2,
        6500,
        *[7000] * 4,
        6500,
        6000,
        5500,
        5000,
        4000,
        2500,
        1500,
        1000,
    ],
    dtype=float,
)
people = arrays(float, 19, elements=st.floats(1.0, 1e6))
shares = arrays(float, 19, elements=st.floats(0.001, 0.9))


@given(people=people, share=st.floats(0.001, 0.5), times=st.floats(0.1, 100.0))
@settings(max_examples=50, deadline=None)
def test_one_rate_at_every_age_is_the_standardised_rate_whatever_the_ages(
    people: np.ndarray, share: float, times: float
) -> None:
    found = dsr(people * share, people, STANDARD)
    assert found.value == pytest.approx(share)
    assert dsr(people * times * share, people * times, STANDARD).value == pytest.approx(share)
    assert found.lower <= found.value <= found.upper


@given(people=people, share=shares)
@settings(max_examples=50, deadline=None)
def test_more_people_of_the_same_rates_narrow_the_interval(
    people: np.ndarray, share: np.ndarray
) -> None:
    small, large = (dsr(n * share, n, STANDARD) for n in (people, 100.0 * people))
    assert large.value == pytest.approx(small.value)
    assert large.upper - large.lower < small.upper - small.lower


def test_ages_that_nobody_has_are_left_out_and_the_others_bear_their_weight() -> None:
    lived = np.full(19, 1000.0)
    lived[-2:] = 0.0
    cases = lived * 0.1
    assert dsr(cases, lived, STANDARD).value == pytest.approx(0.1)
    assert np.isnan(dsr(np.zeros(19), np.zeros(19), STANDARD).value)


def test_a_rate_of_too_few_events_is_not_given() -> None:
    lived = np.full(19, 1000.0)
    few = np.zeros(19)
    few[10] = 9.0
    found = dsr(few, lived, STANDARD, smallest=10.0)
    assert np.isnan([found.value, found.lower, found.upper]).all()
    assert np.isfinite(dsr(few, lived, STANDARD, smallest=9.0).value)


def test_an_interval_of_no_events_begins_at_none() -> None:
    lower, upper = byar(np.array([0.0, 1.0, 100.0]))
    assert lower[0] == 0.0
    assert upper[0] > 0.0
    assert (lower < [0.1, 1.0, 100.0]).all() and (upper > [0.0, 1.0, 100.0]).all()
    found = crude(np.array([5.0]), np.array([0.0]))
    assert np.isnan(found.value).all()


@given(
    values=arrays(float, 5, elements=st.floats(10.0, 1000.0)),
    people=arrays(float, 5, elements=st.floats(1.0, 1e6)),
    factor=st.floats(0.1, 10.0),
)
@settings(max_examples=50, deadline=None)
def test_a_slope_scales_with_its_unit_and_a_ratio_does_not(
    values: np.ndarray, people: np.ndarray, factor: float
) -> None:
    errors = values / 20.0
    slope, scaled = (slope_index_between(k * values, k * errors, people) for k in (1.0, factor))
    assert scaled.value == pytest.approx(factor * slope.value, abs=1e-6 * factor)
    ratio, same = (relative_index(k * values, k * errors, people) for k in (1.0, factor))
    if np.isfinite(ratio.value):
        assert same.value == pytest.approx(ratio.value)
        assert ratio.lower < ratio.value < ratio.upper


def test_equal_fifths_have_no_slope_and_a_ratio_of_one() -> None:
    flat = np.full(5, 70.0)
    size = np.array([1.0, 5.0, 2.0, 8.0, 3.0])
    assert slope_index_between(flat, np.ones(5), size).value == pytest.approx(0.0)
    assert relative_index(flat, np.ones(5), size).value == pytest.approx(1.0)


def test_a_straight_line_is_found_whatever_the_sizes_and_a_fifth_of_nobody_changes_nothing() -> (
    None
):
    size = np.array([10.0, 0.0, 30.0, 40.0, 20.0])
    share = size / size.sum()
    rank = np.cumsum(share) - share / 2
    values = np.where(size > 0, 50.0 - 20.0 * rank, np.nan)
    filled = np.nan_to_num(values, nan=1e9)
    assert slope_index_between(filled, np.ones(5), size).value == pytest.approx(-20.0)
    assert relative_index(filled, np.ones(5), size).value == pytest.approx(50.0 / 30.0)


def test_one_fifth_alone_has_no_index() -> None:
    size = np.array([10.0, 0.0, 0.0, 0.0, 0.0])
    assert np.isnan(slope_index_between(np.ones(5), np.ones(5), size).value)


def test_units_that_differ_by_chance_alone_lie_inside_a_funnel_as_often_as_they_should() -> None:
    rng = np.random.default_rng(1)
    size = rng.uniform(2_000, 50_000, 4000)
    rate = rng.poisson(size * 0.02) / size
    drawn = funnel(rate, size, 0.02, 0.1, 5)
    assert drawn.dispersion < 1.1
    assert (drawn.outside != 0).mean() == pytest.approx(0.05, abs=0.012)
    assert (np.abs(drawn.outside) == 2).mean() < 0.006
    assert (drawn.lower998 < drawn.lower95).all() and (drawn.upper95 < drawn.upper998).all()


def test_over_dispersion_widens_limits_and_few_units_do_not_show_it() -> None:
    rng = np.random.default_rng(2)
    size = rng.uniform(5_000, 50_000, 300)
    rate = rng.poisson(size * 0.02 * rng.lognormal(0.0, 0.3, 300)) / size
    wide = funnel(rate, size, 0.02, 0.1, 5)
    assert wide.dispersion > 5.0
    narrow = funnel(rate[:4], size[:4], 0.02, 0.1, 5)
    assert narrow.dispersion == 1.0
    assert (wide.upper95 - wide.lower95)[:4].min() > (narrow.upper95 - narrow.lower95).min()


def test_a_unit_whose_size_is_unknown_is_neither_inside_nor_outside() -> None:
    drawn = funnel(np.array([0.1, np.nan]), np.array([np.nan, 10.0]), 0.1, 0.1, 5)
    assert np.isnan(drawn.lower95).all()
    assert (drawn.outside == 0).all()


def test_the_points_of_funnels_are_those_of_the_normal_distribution() -> None:
    assert pytest.approx(1.959964, abs=1e-6) == Z95
    assert pytest.approx(3.090232, abs=1e-6) == Z998


def test_the_error_of_life_expectancy_is_that_of_repeated_years() -> None:
    rate = np.clip(0.0001 * np.exp(0.09 * np.arange(-1, 106)), 0.0, 0.6)
    alive = np.full(107, 2_000.0)
    rng = np.random.default_rng(3)
    again = rng.binomial(2_000, rate, size=(3000, 107)) / 2_000
    assert expectancy_error(rate, alive) == pytest.approx(expectancy(again).std(), rel=0.06)
    assert expectancy_error(rate, 4 * alive) == pytest.approx(expectancy_error(rate, alive) / 2)


def test_a_mix_of_deprivation_is_found_again_and_adds_up() -> None:
    index = np.linspace(0.5, 2.0, 60)
    starts = np.array([-1.5, -0.3, 0.7, 1.9])
    upto = 1 / (1 + np.exp(-(starts + 3.0 * np.log(index)[:, None])))
    true = np.diff(np.column_stack([np.zeros(60), upto, np.ones(60)]), axis=1)
    found = fit_mix(index, true * np.linspace(1e4, 9e4, 60)[:, None])
    assert found.slope == pytest.approx(3.0, abs=1e-6)
    assert found.starts == pytest.approx(starts, abs=1e-6)
    assert found.explained == pytest.approx(1.0)
    assert found.of(index).sum(axis=1) == pytest.approx(1.0)
    assert (found.of(index) >= 0).all()
    assert np.all(np.diff(found.of(index)[:, 0]) > 0)
