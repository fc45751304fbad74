"""Rank correlations, intervals, false discoveries and power against scipy."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats as st

from leftshift.survey.performance import (
    associate,
    false_discoveries,
    partial_rank_correlation,
    rank_correlation,
    ranks,
    seen_with,
)

SEEDS = range(6)


def tied(seed: int, n: int = 42) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    dice = np.random.default_rng(seed)
    x = dice.integers(1, 9, n) / 2.0
    y = 0.6 * x + dice.normal(size=n) * 1.5
    z = np.vstack([y + dice.normal(size=n), dice.integers(0, 4, n)]).astype(float)
    return x, y, z


@pytest.mark.parametrize("seed", SEEDS)
def test_ranks_with_ties_are_scipys(seed: int) -> None:
    x, _, _ = tied(seed)
    assert ranks(x) == pytest.approx(st.rankdata(x))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_rank_correlation_is_spearmans(seed: int) -> None:
    x, y, _ = tied(seed)
    assert rank_correlation(x, y) == pytest.approx(st.spearmanr(x, y).statistic)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_partial_correlation_is_that_of_the_inverse_correlation_matrix(seed: int) -> None:
    x, y, z = tied(seed)
    inverse = np.linalg.inv(np.corrcoef([st.rankdata(row) for row in (x, y, *z)]))
    expected = -inverse[0, 1] / np.sqrt(inverse[0, 0] * inverse[1, 1])
    assert partial_rank_correlation(x, y, z) == pytest.approx(expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_permutation_p_value_agrees_with_scipys(seed: int) -> None:
    x, y, _ = tied(seed)
    y = y if seed % 2 else np.random.default_rng(seed + 100).permutation(y)
    found = associate(x, y, permutations=9_999, seed=1)
    expected = st.permutation_test(
        (x,),
        lambda one: st.spearmanr(one, y).statistic,
        permutation_type="pairings",
        n_resamples=1_999,
        rng=np.random.default_rng(2),
    )
    assert found is not None
    assert found.p_value == pytest.approx(expected.pvalue, abs=0.03)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_interval_agrees_with_scipys_bca_bootstrap(seed: int) -> None:
    x, y, _ = tied(seed)
    found = associate(x, y, resamples=4_999, seed=1)
    expected = st.bootstrap(
        (x, y),
        lambda a, b: st.spearmanr(a, b).statistic,
        paired=True,
        vectorized=False,
        n_resamples=1_999,
        method="BCa",
        rng=np.random.default_rng(2),
    ).confidence_interval
    assert found is not None
    assert found.lower == pytest.approx(expected.low, abs=0.06)
    assert found.upper == pytest.approx(expected.high, abs=0.06)


def test_false_discoveries_are_scipys() -> None:
    p = np.random.default_rng(3).uniform(size=30) ** 2
    assert false_discoveries(p.tolist()) == pytest.approx(st.false_discovery_control(p))


def test_four_in_five_surveys_of_42_systems_see_the_correlation_it_says_they_would() -> None:
    dice = np.random.default_rng(5)
    rho = seen_with(42)
    pearson = 2 * np.sin(np.pi * rho / 6)  # Pearson's of a normal pair with this Spearman's
    seen = 0
    for _ in range(600):
        x = dice.normal(size=42)
        y = pearson * x + np.sqrt(1 - pearson**2) * dice.normal(size=42)
        seen += st.spearmanr(x, y).pvalue < 0.05
    assert rho == pytest.approx(0.432, abs=0.001)
    assert 0.74 < seen / 600 < 0.86
