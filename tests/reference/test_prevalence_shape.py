"""How ten-year bands become single ages when the catalogue is built."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from tools.catalogue_steps.prevalence import _shift, _single_ages, _tilt, expit

Array = NDArray[np.float64]

AGES = np.arange(106)
ROWS = {
    "prevalence.tail_slope": 0.7,
    "prevalence.tail_years": 10.0,
    "prevalence.infancy_power": 1.0,
}
WEIGHT = np.interp(AGES, [0, 60, 75, 90, 105], [700.0, 650.0, 400.0, 100.0, 0.0])
DEMENTIA = np.array([1e-7, 1e-7, 1e-7, 2e-5, 3e-4, 3e-3, 1.2e-2, 7.8e-2, 0.28])
ASTHMA = np.array([0.076, 0.185, 0.18, 0.16, 0.15, 0.153, 0.156, 0.17, 0.147])


@pytest.mark.parametrize("bands", [DEMENTIA, ASTHMA])
def test_the_mean_of_every_band_is_kept(bands: Array) -> None:
    share = expit(_single_ages(bands, WEIGHT, ROWS))
    band = np.minimum(AGES // 10, 8)
    means = [np.average(share[band == b], weights=WEIGHT[band == b]) for b in range(9)]
    assert np.allclose(means[1:], bands[1:], rtol=1e-6, atol=1e-6)
    assert means[0] == pytest.approx(bands[0], rel=1e-6, abs=1e-6)


def test_rising_bands_give_rising_ages() -> None:
    assert (np.diff(_single_ages(DEMENTIA, WEIGHT, ROWS)) >= -1e-9).all()


def test_prevalence_starts_near_nothing_at_birth() -> None:
    share = expit(_single_ages(ASTHMA, WEIGHT, ROWS))
    assert share[0] < share[4] / 5


def test_the_last_slope_eases_and_then_stops() -> None:
    logit = _single_ages(DEMENTIA, WEIGHT, ROWS)
    slope = np.diff(logit)
    assert slope[75] > slope[90] > 0
    assert slope[97:].max() < 1e-12


def test_a_tilt_meets_its_ratio_and_bends_nowhere_sharply() -> None:
    proxy = _single_ages(np.linspace(0.01, 0.5, 9), WEIGHT, ROWS)
    tilted = _tilt(proxy, WEIGHT, ratio=5.0, until=65.0, level=0.1)
    share = expit(tilted)
    young, old = (AGES >= 16) & (AGES <= 34), AGES >= 75
    ratio = np.average(share[old], weights=WEIGHT[old]) / np.average(
        share[young], weights=WEIGHT[young]
    )
    assert ratio == pytest.approx(5.0, rel=1e-6)
    assert np.average(share[18:], weights=WEIGHT[18:]) == pytest.approx(0.1, rel=1e-6)
    assert np.abs(np.diff(tilted - proxy, n=2)[20:]).max() < 0.02


def test_one_shift_meets_the_cases() -> None:
    logit = np.linspace(-12.0, 1.0, 106)
    moved = _shift(logit, WEIGHT, cases=5_000.0)
    assert (expit(logit + moved) * WEIGHT).sum() == pytest.approx(5_000.0)
