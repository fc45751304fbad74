"""Values of information and of equality beside closed forms and independent results."""

from __future__ import annotations

import numpy as np
import patsy
import pytest
import statsmodels.api as sm
from scipy.optimize import brentq
from scipy.stats import norm

from leftshift.people.life_table import slope_index
from leftshift.plans import learning
from leftshift.plans.equity import atkinson_weights, equally_distributed
from leftshift.plans.learning import columns, expected_gain, fit, sampling_error, spline


def unit_normal_loss(mean: float, sd: float) -> float:
    """E[max(X, 0)] - max(mean, 0) for a normal X."""
    z = abs(mean) / sd
    return float(sd * norm.pdf(z) - abs(mean) * norm.cdf(-z))


def even(draws: int, rng: np.random.Generator) -> np.ndarray:
    """Standard normal numbers spread evenly, in random order: little is left to luck."""
    return norm.ppf((rng.permutation(draws) + 0.5) / draws)


@pytest.mark.parametrize(("mean", "sd"), [(0.0, 1.0), (-300.0, 1000.0), (5e5, 4e5)])
def test_perfect_information_on_a_normal_net_benefit_is_its_unit_normal_loss(mean, sd):
    nets = mean + sd * even(4000, np.random.default_rng(0))[:, None]
    assert expected_gain(nets)[0] == pytest.approx(unit_normal_loss(mean, sd), rel=0.01)


def test_its_standard_error_is_that_of_many_repetitions():
    rng = np.random.default_rng(4)
    runs = rng.normal(-0.4, 1.0, size=(3000, 200, 1))
    found = np.array([expected_gain(one)[0] for one in runs])
    stated = np.mean([sampling_error(one)[0] for one in runs])
    assert stated == pytest.approx(found.std(), rel=0.1)


@pytest.mark.parametrize("mean", [0.0, -1.5])
def test_partial_information_in_a_linear_gaussian_model_is_known_exactly(mean):
    rng = np.random.default_rng(11)
    draws = 2000
    theta = np.stack([even(draws, rng) for _ in range(4)], axis=1)
    slopes = np.array([1.0, 2.0, -0.5, 0.0])
    nets = (mean + theta @ slopes)[:, None]
    for group in ([0], [1], [2], [3], [0, 2], [0, 1, 2]):
        exact = np.sqrt((slopes[group] ** 2).sum())
        wanted = unit_normal_loss(mean, exact) if exact else 0.0
        known = fit(columns(theta[:, group]), nets)
        found = expected_gain(known.fitted)[0]
        other = expected_gain(known.fitted + known.wobble)[:, 0]
        error = np.hypot(other.std(), sampling_error(known.fitted)[0])
        assert abs(found - wanted) < max(3.0 * error, 0.01)


def test_partial_information_of_a_curved_relation_is_found_too():
    # Net benefit is theta squared less one, and noise: what knowing theta is worth is an integral.
    rng = np.random.default_rng(12)
    theta = even(3000, rng)
    nets = (theta**2 - 1.2 + rng.normal(0, 2, 3000))[:, None]
    x = np.linspace(-8, 8, 200_001)
    wanted = (np.maximum(x**2 - 1.2, 0) * norm.pdf(x)).sum() * (x[1] - x[0])
    found = expected_gain(fit(columns(theta[:, None]), nets).fitted)[0]
    assert found == pytest.approx(wanted, rel=0.1)


def test_few_draws_seldom_find_worth_in_a_parameter_that_has_none():
    rng = np.random.default_rng(13)
    found = []
    for _ in range(200):
        nets = rng.normal(-0.5, 1.0, size=(100, 1))
        found.append(expected_gain(fit(columns(rng.normal(size=(100, 1))), nets).fitted)[0])
    assert np.median(found) == 0.0
    assert np.mean(found) < 0.15 * unit_normal_loss(-0.5, 1.0)


def test_the_stated_error_of_partial_information_covers_the_truth_as_often_as_it_should():
    rng = np.random.default_rng(14)
    inside = 0
    for _ in range(200):
        theta = rng.normal(size=(200, 1))
        nets = -0.3 + theta + rng.normal(size=(200, 1))
        known = fit(columns(theta), nets)
        error = np.hypot(
            expected_gain(known.fitted + known.wobble)[:, 0].std(ddof=1),
            sampling_error(known.fitted)[0],
        )
        inside += abs(expected_gain(known.fitted)[0] - unit_normal_loss(-0.3, 1.0)) < 1.96 * error
    assert inside / 200 >= 0.9


def test_the_spline_spans_what_patsys_natural_cubic_spline_spans():
    rng = np.random.default_rng(15)
    x = rng.gamma(2.0, size=300)
    knots = np.quantile(x, (0.05, 0.35, 0.65, 0.95))
    theirs = np.asarray(
        patsy.dmatrix(
            "cr(x, knots=inner, lower_bound=low, upper_bound=high)",
            {"x": np.clip(x, knots[0], knots[3]), "inner": knots[1:3], "low": knots[0],
             "high": knots[3]},
        )
    )  # fmt: skip
    ours = np.column_stack([np.ones(300), spline(x, x)])
    within = (x >= knots[0]) & (x <= knots[3])
    y = rng.normal(size=within.sum())
    a = sm.OLS(y, ours[within]).fit().fittedvalues
    b = theirs[within] @ np.linalg.lstsq(theirs[within], y, rcond=None)[0]
    assert np.allclose(a, b, atol=1e-8)
    beyond = spline(x, np.array([50.0, 60.0, 70.0]))
    assert np.allclose(beyond[2] - beyond[1], beyond[1] - beyond[0])


def test_without_shrinkage_to_speak_of_the_fit_is_that_of_least_squares():
    rng = np.random.default_rng(16)
    theta = rng.normal(size=(400, 2))
    nets = np.stack([theta @ [1.0, -2.0], np.sin(theta[:, 0])], axis=1)
    found = columns(theta)
    known = fit(found, nets, redraws=False)
    for t in range(2):
        theirs = sm.OLS(nets[:, t], sm.add_constant(found)).fit().fittedvalues
        assert np.allclose(known.fitted[:, t], theirs, atol=0.03)
    again = known.middle + columns(theta, theta) @ known.slopes
    assert np.allclose(again, known.fitted)


@pytest.mark.parametrize("aversion", [0.0, 0.5, 1.0, 2.0, 10.95, 20.0])
def test_the_equally_distributed_equivalent_has_the_welfare_of_the_distribution(aversion):
    levels = np.array([62.0, 64.8, 67.5, 70.3, 73.1])
    shares = np.array([0.3, 0.1, 0.2, 0.15, 0.25])

    def welfare(h: np.ndarray | float) -> np.ndarray | float:
        return np.log(h) if aversion == 1.0 else h ** (1 - aversion) / (1 - aversion)

    wanted = brentq(lambda h: (shares * welfare(levels)).sum() - welfare(h), 50, 80, xtol=1e-12)
    found = float(equally_distributed(levels, shares, aversion))
    assert found == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("aversion", [0.0, 1.0, 10.95])
def test_atkinson_weights_are_the_slopes_of_the_equivalent(aversion):
    levels = np.array([62.0, 64.8, 67.5, 70.3, 73.1])
    shares = np.array([0.3, 0.1, 0.2, 0.15, 0.25])
    step = 1e-4
    slopes = [
        (
            equally_distributed(levels + step * np.eye(5)[g], shares, aversion)
            - equally_distributed(levels - step * np.eye(5)[g], shares, aversion)
        )
        / (2 * step * shares[g])
        for g in range(5)
    ]
    slopes = np.array(slopes)
    wanted = slopes / (shares * slopes).sum()
    assert np.allclose(atkinson_weights(levels, shares, aversion), wanted, rtol=1e-5)


def test_the_slope_of_gains_is_that_of_weighted_regression():
    rng = np.random.default_rng(17)
    gains, people = rng.normal(size=5), rng.uniform(50, 150, 5)
    share = people / people.sum()
    rank = np.cumsum(share) - share / 2
    wanted = sm.WLS(gains, sm.add_constant(rank), weights=share).fit().params[1]
    assert slope_index(gains, people) == pytest.approx(wanted)


def test_the_best_of_many_parameters_that_mean_nothing_is_found_to_mean_nothing():
    rng = np.random.default_rng(18)
    nets = rng.normal(size=(40, 1))
    tried = [columns(rng.normal(size=(40, 1))) for _ in range(160)]
    alone = sum(np.ptp(fit(one, nets).fitted) > 0 for one in tried)
    beside = sum(np.ptp(fit(one, nets, among=160).fitted) > 0 for one in tried)
    assert alone > 10
    assert beside <= 1
    real = rng.normal(size=(200, 1))
    nets = real + rng.normal(size=(200, 1))
    assert np.ptp(fit(columns(real), nets, among=160).fitted) > 0


def test_inflated_degrees_of_freedom_find_less_in_noise_than_plain_cross_validation(monkeypatch):
    rng = np.random.default_rng(19)
    nets, noise = rng.normal(size=(100, 300)), columns(rng.normal(size=(100, 1)))
    found = np.ptp(fit(noise, nets).fitted, axis=0)
    monkeypatch.setattr(learning, "_GAMMA", 1.0)
    plain = np.ptp(fit(noise, nets).fitted, axis=0)
    assert found.mean() < 0.9 * plain.mean()
    assert (found <= plain + 1e-12).all()
