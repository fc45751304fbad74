"""Standardised rates and indices of inequality beside worked and independent results."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import chi2

from leftshift.care.needs.measures import Z95, byar, dsr, relative_index, slope_index_between
from leftshift.people.life_table import slope_index

# The example of life expectancy by tenths of deprivation in the documentation of the R package
# PHEindicatormethods (phe_sii): people, years and standard errors of its two areas.
PEOPLE = np.array(
    [
        [7291, 7997, 6105, 7666, 5790, 6934, 5918, 5974, 7147, 7534],
        [21675, 20065, 19750, 24713, 20112, 19618, 22408, 19752, 18939, 19312],
    ],
    dtype=float,
)
YEARS = np.array(
    [
        [75.9, 78.3, 83.8, 83.6, 80.5, 81.1, 81.7, 84.2, 80.6, 86.3],
        [70.5, 71.6, 72.5, 73.5, 73.1, 76.2, 78.7, 80.6, 80.9, 80.0],
    ]
)
ERRORS = np.array(
    [
        [1.64, 1.58, 1.51, 1.78, 1.7, 1.56, 1.37, 1.4, 2.43, 1.57],
        [0.23, 0.26, 0.3, 0.16, 0.79, 0.78, 0.4, 0.28, 0.23, 0.35],
    ]
)


def _line(values: np.ndarray, people: np.ndarray) -> tuple[float, float]:
    share = people / people.sum()
    rank = np.cumsum(share) - share / 2
    fitted = sm.WLS(values, sm.add_constant(rank), weights=share).fit()
    return float(fitted.params[0]), float(fitted.params[1])


@pytest.mark.parametrize("area", [0, 1])
def test_the_slope_and_relative_index_are_those_of_weighted_regression(area: int) -> None:
    start, slope = _line(YEARS[area], PEOPLE[area])
    found = slope_index_between(YEARS[area], ERRORS[area], PEOPLE[area])
    assert found.value == pytest.approx(slope, rel=1e-9)
    ratio = relative_index(YEARS[area], ERRORS[area], PEOPLE[area])
    assert ratio.value == pytest.approx(start / (start + slope), rel=1e-9)


@pytest.mark.parametrize("area", [0, 1])
def test_their_intervals_are_those_of_simulation_as_the_package_has_it(area: int) -> None:
    rng = np.random.default_rng(7)
    drawn = rng.normal(YEARS[area], ERRORS[area], size=(4000, 10))
    lines = np.array([_line(one, PEOPLE[area]) for one in drawn])
    found = slope_index_between(YEARS[area], ERRORS[area], PEOPLE[area])
    assert [found.lower, found.upper] == pytest.approx(
        np.quantile(lines[:, 1], [0.025, 0.975]), abs=0.25
    )
    ratio = relative_index(YEARS[area], ERRORS[area], PEOPLE[area])
    simulated = np.quantile(lines[:, 0] / lines.sum(axis=1), [0.025, 0.975])
    assert [ratio.lower, ratio.upper] == pytest.approx(simulated, abs=0.004)


def test_the_slope_is_the_one_that_outlooks_report() -> None:
    fifths, people = YEARS[:, ::2], PEOPLE[:, ::2]
    found = slope_index_between(fifths, ERRORS[:, ::2], people)
    assert found.value == pytest.approx(slope_index(fifths, people), rel=1e-9)


def test_byar_is_close_to_the_exact_poisson_interval() -> None:
    count = np.array([10.0, 25.0, 100.0, 1000.0])
    lower, upper = byar(count)
    assert lower == pytest.approx(chi2.ppf(0.025, 2 * count) / 2, rel=0.005)
    assert upper == pytest.approx(chi2.ppf(0.975, 2 * count + 2) / 2, rel=0.005)


def test_a_standardised_rate_worked_by_hand() -> None:
    # Two ages: 10 of 1,000 and 40 of 500, standard people 60 and 40.
    # 0.6 x 0.01 + 0.4 x 0.08 = 0.038; variance 0.6^2 x 10 / 1000^2 + 0.4^2 x 40 / 500^2.
    found = dsr(np.array([10.0, 40.0]), np.array([1000.0, 500.0]), np.array([60.0, 40.0]))
    assert found.value == pytest.approx(0.038)
    variance = 0.36 * 10 / 1e6 + 0.16 * 40 / 2.5e5
    # Byar on 50 events: 50 x (1 - 1/450 - 1.96/(3 x sqrt 50))^3 and so on, as Dobson scales it.
    low = 50 * (1 - 1 / 450 - Z95 / (3 * 50**0.5)) ** 3
    high = 51 * (1 - 1 / 459 + Z95 / (3 * 51**0.5)) ** 3
    assert found.lower == pytest.approx(0.038 + (variance / 50) ** 0.5 * (low - 50))
    assert found.upper == pytest.approx(0.038 + (variance / 50) ** 0.5 * (high - 50))
    assert (low, high) == pytest.approx((37.11, 65.92), abs=0.01)
