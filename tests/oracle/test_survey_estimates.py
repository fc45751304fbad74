"""The survey's statistics against SciPy, statsmodels, samplics and published worked examples.

samplics 0.4 is an independent library for the analysis of complex samples. Where a worked example
is quoted from a paper or a book it was recalled, not looked up: what is verified here is that the
arithmetic agrees to the digits quoted.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.regression.linear_model import OLS, WLS
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from leftshift.survey import distributions as dist
from leftshift.survey.intervals import (
    benjamini_hochberg,
    binary_difference,
    exact_share,
    fisher,
    holm,
    mean_interval,
    share_interval,
    spread,
    wilson_share,
)
from leftshift.survey.text import log_likelihood

Z = dist.normal_quantile(0.975)


def clustered(seed: int, n: int = 80, systems: int = 25) -> tuple[np.ndarray, ...]:
    draw = np.random.default_rng(seed)
    groups = draw.integers(0, systems, n)
    lean = draw.uniform(0.1, 0.9, systems)
    values = (draw.random(n) < lean[groups]).astype(np.float64)
    return values, groups.astype(np.int64), draw.uniform(0.4, 2.5, n)


# Distributions -----------------------------------------------------------------------------------


@pytest.mark.parametrize("p", [0.005, 0.025, 0.3, 0.5, 0.9, 0.975, 0.9995])
@pytest.mark.parametrize(("a", "b"), [(1, 42), (3.7, 60.2), (80, 1), (250, 250), (1, 1), (40, 2.5)])
def test_beta_quantiles_are_scipys(p: float, a: float, b: float) -> None:
    assert dist.beta_quantile(p, a, b) == pytest.approx(stats.beta.ppf(p, a, b), rel=1e-11)


@pytest.mark.parametrize("df", [1.0, 2.0, 6.0, 41.0, 300.0, math.inf])
@pytest.mark.parametrize("p", [0.75, 0.9, 0.975, 0.995, 0.9995])
def test_t_quantiles_and_tails_are_scipys(p: float, df: float) -> None:
    found = dist.t_quantile(p, df)
    assert found == pytest.approx(stats.t.ppf(p, df), rel=1e-10)
    assert dist.t_tail(-found, df) == pytest.approx(2 * (1 - p), rel=1e-9)


def test_hypergeometric_and_binomial_chances_are_scipys() -> None:
    for population, marked, drawn in ((42, 20, 30), (126, 7, 74), (20, 20, 5), (500, 250, 499)):
        for k in range(0, drawn + 1, max(1, drawn // 12)):
            law = stats.hypergeom(population, marked, drawn)
            found = dist.hypergeometric_cdf(k, population, marked, drawn)
            assert found == pytest.approx(law.cdf(k), abs=1e-12)
            found = dist.hypergeometric_tail(k, population, marked, drawn)
            assert found == pytest.approx(law.sf(k - 1), abs=1e-12)
    for k in range(13):
        assert dist.binomial_tail(k, 12) == pytest.approx(stats.binom.sf(k - 1, 12, 0.5))


def test_chi_square_tails_are_scipys() -> None:
    for x in (0.0, 0.5, 3.84, 16.6, 80.0):
        assert dist.chi_square_tail(x) == pytest.approx(stats.chi2.sf(x, 1), rel=1e-10)


# Shares ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "base"), [(0, 9), (1, 29), (15, 148), (41, 42), (42, 42)])
def test_shares_of_an_endless_population_are_statsmodels(count: int, base: int) -> None:
    exact = exact_share(count, base, None)
    assert (exact.lower, exact.upper) == pytest.approx(
        proportion_confint(count, base, method="beta"), abs=1e-12
    )
    assert wilson_share(count / base, base, Z) == pytest.approx(
        proportion_confint(count, base, method="wilson"), abs=1e-12
    )


def test_wilson_and_exact_intervals_of_newcombes_examples() -> None:
    # Newcombe (1998), Statistics in Medicine 17: 857-872, table I: 81/263, 15/148, 0/20, 1/29.
    for count, base, wilson, exact in (
        (81, 263, (0.2553, 0.3662), (0.2527, 0.3676)),
        (15, 148, (0.0624, 0.1605), (0.0578, 0.1617)),
        (0, 20, (0.0000, 0.1611), (0.0000, 0.1684)),
        (1, 29, (0.0061, 0.1718), (0.0009, 0.1776)),
    ):
        assert wilson_share(count / base, base, Z) == pytest.approx(wilson, abs=5e-5)
        found = exact_share(count, base, None)
        assert (found.lower, found.upper) == pytest.approx(exact, abs=5e-5)


def test_the_finite_population_correction_of_cochrans_wrong_addresses() -> None:
    # Cochran (1977), section 3.2: of 3,042 addresses 200 were looked at and 38 were wrong; the
    # total estimated is 578 with standard error 81.8.
    values = np.array([1.0] * 38 + [0.0] * 162)
    found = spread(values, np.arange(200))
    assert found.variance is not None
    error = 3042 * math.sqrt(found.variance * (1 - 200 / 3042))
    assert 3042 * found.mean == pytest.approx(578, abs=0.5)
    assert error == pytest.approx(81.8, abs=0.05)


@pytest.mark.parametrize(("population", "base"), [(42, 30), (42, 41), (10, 4), (126, 74)])
def test_exact_finite_intervals_are_what_trying_every_population_gives(
    population: int, base: int
) -> None:
    for count in range(base + 1):
        fits = [
            marked
            for marked in range(count, population - base + count + 1)
            if stats.hypergeom.sf(count - 1, population, marked, base) > 0.025
            and stats.hypergeom.cdf(count, population, marked, base) > 0.025
        ]
        found = exact_share(count, base, population)
        assert (found.lower, found.upper) == (fits[0] / population, fits[-1] / population)


@pytest.mark.parametrize(("population", "base"), [(42, 12), (42, 30), (42, 40), (126, 74)])
def test_exact_finite_intervals_hold_the_truth_at_least_as_often_as_they_say(
    population: int, base: int
) -> None:
    for marked in range(population + 1):
        held = sum(
            stats.hypergeom.pmf(count, population, marked, base)
            for count in range(base + 1)
            for found in [exact_share(count, base, population)]
            if found.lower is not None
            and found.upper is not None
            and found.lower - 1e-12 <= marked / population <= found.upper + 1e-12
        )
        assert held >= 0.95


def test_intervals_with_clusters_hold_the_truth_about_as_often_as_they_say() -> None:
    # 42 systems of three, of which whole systems answer or do not: the hard case for a near-census.
    draw = np.random.default_rng(11)
    lean = draw.beta(1.0, 1.0, 42)
    people = (draw.random((42, 3)) < lean[:, None]).astype(np.float64)
    truth = float(people.mean())
    held = {True: 0, False: 0}
    for _ in range(400):
        chosen = draw.choice(42, 25, replace=False)
        values, groups = people[chosen].ravel(), np.repeat(np.arange(25), 3)
        for together in held:
            found = spread(values, groups if together else np.arange(75))
            interval = share_interval(found, 126, 0.95)
            assert interval.lower is not None
            assert interval.upper is not None
            held[together] += interval.lower <= truth <= interval.upper
    assert held[True] >= 0.94 * 400
    assert held[False] < held[True]


def test_an_interval_never_holds_what_the_answers_rule_out_and_vanishes_in_a_census() -> None:
    values, groups, _ = clustered(3, 40)
    for population in range(40, 60):
        found = spread(values, groups)
        for method in ("exact", "wilson"):
            interval = share_interval(found, population, 0.95, method)
            least = values.sum() / population
            most = (population - 40 + values.sum()) / population
            assert interval.lower is not None
            assert interval.upper is not None
            assert least - 1e-12 <= interval.lower <= found.mean <= interval.upper <= most + 1e-12
            exact = exact_share(int(values.sum()), 40, population)
            assert exact.lower is not None
            assert interval.lower <= exact.lower + 1e-12
    assert interval.method == "wilson_finite"
    assert share_interval(spread(values, groups), 40, 0.95).method == "census"


# Clusters and weights ----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_clustered_means_are_statsmodels(seed: int, weighted: bool) -> None:
    values, groups, weights = clustered(seed)
    ones = np.ones((len(values), 1))
    model = WLS(values, ones, weights) if weighted else OLS(values, ones)
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
    found = spread(values, groups, weights if weighted else None)
    # statsmodels multiplies by (n - 1) / (n - k) as well, which is 1 for one parameter.
    assert found.variance is not None
    assert found.mean == pytest.approx(fit.params[0])
    assert math.sqrt(found.variance) == pytest.approx(fit.bse[0], rel=1e-9)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("population", [None, 200])
def test_means_and_their_intervals_are_those_of_a_survey_library(
    seed: int, weighted: bool, population: int | None
) -> None:
    estimation = pytest.importorskip("samplics.estimation")
    types = pytest.importorskip("samplics.utils.types")
    values, groups, weights = clustered(seed)
    finite = 1.0 if population is None else 1.0 - len(values) / population
    library = estimation.TaylorEstimator(types.PopParam.mean)
    library.estimate(
        y=values,
        samp_weight=weights if weighted else np.ones(len(values)),
        psu=groups,
        fpc=finite,
    )
    found = spread(values, groups, weights if weighted else None)
    assert found.mean == pytest.approx(float(library.point_est))
    assert found.variance is not None
    assert math.sqrt(found.variance * finite) == pytest.approx(float(library.stderror), rel=1e-9)
    if found.simple is not None and found.variance > found.simple:
        interval = mean_interval(found, population, 0.95)
        assert interval.lower == pytest.approx(float(library.lower_ci), rel=1e-9)
        assert interval.upper == pytest.approx(float(library.upper_ci), rel=1e-9)


def test_without_clusters_the_variance_is_the_textbooks() -> None:
    values = np.array([3.0, 4.0, 4.0, 1.0, 2.0])
    found = spread(values, np.arange(5))
    assert found.variance == pytest.approx(np.var(values, ddof=1) / 5)
    assert found.design_effect == pytest.approx(1.0)


def test_respondents_who_all_answer_as_their_system_does_are_worth_one_each_system() -> None:
    lean = np.array([0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.0])
    thrice = spread(np.repeat(lean, 3), np.repeat(np.arange(8), 3))
    once = spread(lean, np.arange(8))
    assert thrice.variance == pytest.approx(once.variance)
    # n / (n - 1) tells the two simple variances apart: 3 * 23 / 21.
    assert thrice.design_effect == pytest.approx(3 * 23 / 24 * 8 / 7)


# Differences and many comparisons ----------------------------------------------------------------


def test_newcombes_interval_of_a_difference() -> None:
    # Newcombe (1998), Statistics in Medicine 17: 873-890, table II, method 10: 56/70 - 48/80.
    one, two = wilson_share(56 / 70, 70, Z), wilson_share(48 / 80, 80, Z)
    gap = 56 / 70 - 48 / 80
    lower = gap - math.hypot(56 / 70 - one[0], two[1] - 48 / 80)
    upper = gap + math.hypot(one[1] - 56 / 70, 48 / 80 - two[0])
    assert (lower, upper) == pytest.approx((0.0524, 0.3339), abs=5e-5)


@pytest.mark.parametrize("table", [(5, 20, 12, 25), (0, 9, 4, 11), (30, 40, 1, 60), (3, 3, 0, 4)])
def test_fishers_test_is_scipys(table: tuple[int, int, int, int]) -> None:
    count, base, other, other_base = table
    expected = stats.fisher_exact([[count, base - count], [other, other_base - other]])
    assert fisher(count, base, other, other_base) == pytest.approx(expected.pvalue)


@pytest.mark.parametrize(
    ("rose", "fell", "pairs"), [(26, 9, 56), (0, 4, 12), (3, 3, 20), (0, 0, 9)]
)
def test_mcnemars_test_is_statsmodels(rose: int, fell: int, pairs: int) -> None:
    expected = mcnemar([[pairs - rose - fell, rose], [fell, 0]], exact=True).pvalue
    lower, upper, p_value = binary_difference(rose, fell, pairs, 0.95)
    assert p_value == pytest.approx(expected)
    assert lower <= (rose - fell) / pairs <= upper


def test_many_comparisons_are_adjusted_as_statsmodels_does() -> None:
    # The fifteen p-values of Benjamini and Hochberg (1995): four are found at 5%, by Holm three.
    values = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459,
              0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]  # fmt: skip
    shuffled = [values[place] for place in np.random.default_rng(1).permutation(15)]
    assert benjamini_hochberg(shuffled) == pytest.approx(
        multipletests(shuffled, method="fdr_bh")[1]
    )
    assert holm(shuffled) == pytest.approx(multipletests(shuffled, method="holm")[1])
    assert sum(one <= 0.05 for one in benjamini_hochberg(values)) == 4
    assert sum(one <= 0.05 for one in holm(values)) == 3


@pytest.mark.parametrize("table", [(0, 70, 10, 59), (28, 70, 9, 59), (5, 5, 1, 9)])
def test_keyness_is_scipys_log_likelihood_ratio(table: tuple[int, int, int, int]) -> None:
    before, base_before, after, base_after = table
    cells = [[before, base_before - before], [after, base_after - after]]
    expected = stats.chi2_contingency(cells, correction=False, lambda_="log-likelihood")
    assert log_likelihood(before, base_before, after, base_after) == pytest.approx(
        expected.statistic
    )
