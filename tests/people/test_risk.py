"""Claims about risk factors: their distributions, their effects and people's ranks."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from statistics import NormalDist

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from leftshift.catalogue import Catalogue, Parameters
from leftshift.catalogue.loader import SHIPPED
from leftshift.errors import CatalogueError, SettingError
from leftshift.people import risk
from leftshift.people.effects import band_ages, condition_ids
from leftshift.people.risk import Shift, risk_levels, risk_ratios, risk_values

REFERENCE = os.environ.get("LEFTSHIFT_REFERENCE", "")
HEADER = "id,label,value,lower,upper,distribution,unit,source,as_of,grade,note\n"
Array = NDArray[np.float64]
SINGLE_AGES: Array = np.asarray(np.arange(106) + 0.5, np.float64)


@pytest.fixture(scope="module")
def cat() -> Catalogue:
    return Catalogue.load()


@pytest.fixture(scope="module")
def p(cat: Catalogue) -> Parameters:
    return cat.parameters()


@pytest.fixture(scope="module")
def values(p: Parameters) -> dict[str, Array]:
    return risk_values(p)


@pytest.fixture(scope="module")
def people(cat: Catalogue) -> Array:
    """England's people by sex, fifth and age."""
    ages = [f"a{a}" for a in range(106)]
    table = cat.table("population_2025").group_by("sex", "quintile").agg(pl.col(ages).sum())
    table = table.sort("sex", "quintile")
    return table.select(ages).to_numpy().reshape(2, 5, 106)


def adults(values: Array, people: Array, low: int, high: int = 106) -> float:
    return float(np.average(values[..., low:high], weights=people[..., low:high]))


def overridden(folder: Path, *rows: str) -> Parameters:
    (folder / "catalogue").mkdir()
    (folder / "catalogue" / "own.csv").write_text(HEADER + "\n".join(rows) + "\n")
    return Catalogue.load(folder).parameters()


def row(identity: str, value: float, unit: str) -> str:
    return f"{identity},Own,{value},,,fixed,{unit},Local audit,2025,D,"


# --- distributions


@pytest.mark.parametrize(
    ("low", "high", "published", "within"),
    [
        (18, 106, 0.119, 0.012),  # ONS 2023, UK
        (18, 25, 0.098, 0.012),  # ONS 2023, UK
        (25, 35, 0.140, 0.01),  # ONS 2023, UK
        (65, 106, 0.083 * 11.9 / 12.9, 0.01),  # ONS 2022, UK, with the fall of all ages to 2023
        (75, 106, 0.05, 0.01),  # HSE 2022
    ],
)
def test_smoking_by_age_is_as_published(
    values: dict[str, Array],
    people: Array,
    low: int,
    high: int,
    published: float,
    within: float,
) -> None:
    share = adults(values["smoking_share"], people, low, high)
    assert share == pytest.approx(published, abs=within)


def test_smoking_by_sex_and_deprivation_is_as_published(
    values: dict[str, Array], people: Array
) -> None:
    share = values["smoking_share"]
    women, men = (adults(share[s], people[s], 18) for s in (0, 1))
    odds = (men / (1 - men)) / (women / (1 - women))
    assert np.log(odds) == pytest.approx(0.304, abs=0.05)  # ONS 2022: 14.6% and 11.2%
    most, least = (float(np.average(share[:, q, 18:], weights=people[:, q, 18:])) for q in (0, 4))
    assert most / least == pytest.approx(0.331 / 0.109, rel=0.2)  # ONS 2021: shares of smokers


def test_former_smokers_lie_between_the_two_surveys(
    values: dict[str, Array], people: Array
) -> None:
    assert 0.22 < adults(values["former_share"], people, 16) < 0.265  # HSE 2022, APS 2019


@pytest.mark.parametrize(
    ("sex", "low", "high", "published", "within"),
    [
        (None, 16, 106, 0.29, 0.015),  # HSE 2022
        (1, 16, 106, 0.27, 0.03),  # HSE 2019
        (0, 16, 106, 0.29, 0.03),  # HSE 2019
        (None, 16, 25, 0.13, 0.03),  # HSE 2019
        (None, 55, 65, 0.36, 0.03),  # HSE 2022
        (None, 65, 75, 0.35, 0.03),  # HSE 2022
        (None, 75, 106, 0.26, 0.04),  # HSE 2021
    ],
)
def test_obesity_is_as_published(
    values: dict[str, Array],
    people: Array,
    sex: int | None,
    low: int,
    high: int,
    published: float,
    within: float,
) -> None:
    of = slice(None) if sex is None else sex
    share = adults(values["obese_share"][of], people[of], low, high)
    assert share == pytest.approx(published, abs=within)


def test_obesity_by_deprivation_is_as_published(values: dict[str, Array], people: Array) -> None:
    share = values["obese_share"]
    for q, published, women in ((0, 0.34, 0.40), (4, 0.20, 0.19)):  # HSE 2021
        both = float(np.average(share[:, q, 16:], weights=people[:, q, 16:]))
        assert both == pytest.approx(published, abs=0.035)
        mine = float(np.average(share[0, q, 16:], weights=people[0, q, 16:]))
        assert mine == pytest.approx(women, abs=0.025)


@pytest.mark.parametrize(
    ("sex", "low", "high", "published"),
    [
        (1, 45, 55, 0.21),
        (1, 65, 75, 0.35),
        (1, 75, 106, 0.38),
        (0, 35, 45, 0.05),
        (0, 55, 65, 0.20),
        (0, 65, 75, 0.31),
        (0, 75, 106, 0.40),
    ],
)
def test_people_at_140_mmhg_are_as_measured_in_2022(
    p: Parameters, people: Array, sex: int, low: int, high: int, published: float
) -> None:
    ranks = (np.arange(400) + 0.5) / 400
    value = risk.quantiles(p, "sbp", ranks, SINGLE_AGES, 0.0, None)
    raised = (value >= 140).mean(axis=0).reshape(2, 5, 106)
    share = adults(raised[sex], people[sex], low, high)
    assert share == pytest.approx(published, abs=0.05)


@pytest.mark.parametrize(("sex", "published"), [(0, 0.56), (1, 0.49)])
def test_people_at_5_mmol_of_cholesterol_are_as_measured_in_2022(
    p: Parameters, people: Array, sex: int, published: float
) -> None:
    ranks = (np.arange(400) + 0.5) / 400
    value = risk.quantiles(p, "cholesterol", ranks, SINGLE_AGES, 0.0, None)
    raised = (value >= 5.0).mean(axis=0).reshape(2, 5, 106)
    assert adults(raised[sex], people[sex], 16) == pytest.approx(published, abs=0.035)


@pytest.mark.parametrize(
    ("sex", "over_14", "mean"),
    [(0, 0.15, 8.9), (1, 0.32, 14.9)],  # HSE 2022; means of 2015
)
def test_drinking_is_as_surveyed(
    p: Parameters,
    values: dict[str, Array],
    people: Array,
    sex: int,
    over_14: float,
    mean: float,
) -> None:
    ranks = (np.arange(800) + 0.5) / 800
    units = risk.quantiles(p, "alcohol", ranks, SINGLE_AGES, 0.0, None)
    much = (units > 14).mean(axis=0).reshape(2, 5, 106)
    assert adults(much[sex], people[sex], 16) == pytest.approx(over_14, abs=0.03)
    assert adults(values["mean_alcohol"][sex], people[sex], 16) == pytest.approx(mean, rel=0.15)


def test_children_neither_smoke_nor_drink_and_have_no_other_values(
    values: dict[str, Array],
) -> None:
    for name, value in values.items():
        assert value.shape == (2, 5, 106), name
        assert np.isfinite(value[..., 15:]).all(), name
    assert (values["smoking_share"][..., :15] == 0).all()
    assert (values["mean_alcohol"][..., :16] == 0).all()
    assert np.isnan(values["mean_bmi"][..., :15]).all()


# --- relative hazards


def test_relative_hazards_have_mean_one_in_every_stratum_band_and_lane(p: Parameters) -> None:
    ratio = risk_ratios(p)
    assert ratio.shape == (1, 5, 16, 10, 22, 32)
    assert ratio.dtype == np.float32
    assert ratio.mean(axis=2) == pytest.approx(1.0, abs=1e-5)
    assert (ratio[..., 20:] == 1.0).all()  # death is reached through conditions only
    assert (ratio[..., :3, :] == 1.0).all()  # under 15 there is no effect


def test_a_higher_rank_never_has_a_lower_hazard(p: Parameters) -> None:
    assert np.diff(risk_ratios(p), axis=2).min() > -1e-6


def test_smokers_have_the_published_relative_risk(cat: Catalogue, p: Parameters) -> None:
    lane = condition_ids(cat).index("coronary_heart_disease")
    ratio = risk_ratios(p)[0, 0, :, [0, 5], 12, lane]  # the most deprived of 60 to 64
    for found, published in zip(ratio, (2.44, 2.00), strict=True):  # GBD 2019: women, men
        used = published ** p.value("risk.direct_share")
        assert found[15] / found[0] == pytest.approx(used, rel=0.01)


def test_former_smokers_keep_the_published_share_of_the_excess(
    cat: Catalogue, p: Parameters
) -> None:
    lane = condition_ids(cat).index("copd")
    ratio = risk_ratios(p)[0, 0, :, 5, 14, lane]  # the most deprived men of 70 to 74
    never, former, current = risk.smoking_shares(p, band_ages(), 0.0, None)
    inside = int(np.ceil(never[5, 14] * 16))  # the first bin with nobody who never smoked
    assert (inside + 1) / 16 < 1.0 - current[5, 14]
    assert min(former[5, 14], current[5, 14]) > 1 / 16
    kept = (ratio[inside] - ratio[0]) / (ratio[15] - ratio[0])
    assert kept == pytest.approx(1.35 / 2.51, rel=0.01)  # Forey 2011: 2.35 against 3.51


def test_effects_fade_with_age_as_the_sources_say(cat: Catalogue, p: Parameters) -> None:
    names = condition_ids(cat)
    ratio = risk_ratios(p)[0]
    bmi = ratio[1, 15, 0, :, names.index("diabetes")] / ratio[1, 0, 0, :, names.index("diabetes")]
    assert bmi[8] > bmi[12] > bmi[16] > 1.2  # GBD 2019: 3.16, 2.22 and 1.46 per 5 kg/m2
    heart = names.index("coronary_heart_disease")
    assert ratio[1, 15, 0, 15, heart] == pytest.approx(1.0)  # ERFC: none from 70


def test_twenty_mmhg_lower_halves_the_hazard_of_coronary_disease_in_middle_age(
    cat: Catalogue,
) -> None:
    p = cat.parameters()
    lane = condition_ids(cat).index("coronary_heart_disease")
    effect = risk._effects(p)["sbp", lane]
    published = (0.55 * 0.50) ** 0.5  # Lancet 2002, men and women of 60-69, per 20 mmHg lower
    used = np.exp(-effect.log[[0, 5], 12].mean())
    assert used == pytest.approx(published ** p.value("risk.direct_share"), rel=0.01)


def test_drinking_below_the_threshold_neither_harms_nor_protects(
    cat: Catalogue, p: Parameters
) -> None:
    lane = condition_ids(cat).index("coronary_heart_disease")
    ratio = risk_ratios(p)[0, 4, :, :, 12, lane]
    assert ratio[0] == pytest.approx(ratio[8])
    assert (ratio[15] >= ratio[0]).all()


def test_all_conditions_asked_for_have_a_risk_factor(cat: Catalogue, p: Parameters) -> None:
    names = condition_ids(cat)
    effects = risk._effects(p)
    expected = {
        "smoking": "coronary_heart_disease stroke_tia atrial_fibrillation heart_failure diabetes "
        "ckd copd cancer dementia",
        "bmi": "coronary_heart_disease stroke_tia atrial_fibrillation heart_failure diabetes ckd "
        "cancer dementia hypertension chronic_pain",
        "sbp": "coronary_heart_disease stroke_tia atrial_fibrillation heart_failure ckd",
        "cholesterol": "coronary_heart_disease",
        "alcohol": "atrial_fibrillation hypertension cancer alcohol_problems",
    }
    for factor, conditions in expected.items():
        for condition in conditions.split():
            assert (factor, names.index(condition)) in effects, (factor, condition)


@pytest.mark.skipif(
    not REFERENCE, reason="set LEFTSHIFT_REFERENCE to the folder of reference figures"
)
def test_the_age_patterns_are_rebuilt_to_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[2] / "tools"))
    step = importlib.import_module("catalogue_steps.risk")
    step.build(Path(REFERENCE), tmp_path)
    sys.modules.pop("catalogue_steps.risk")
    shipped = (SHIPPED / "tables" / "risk_by_age.csv").read_bytes().replace(b"\r\n", b"\n")
    assert (tmp_path / "tables" / "risk_by_age.csv").read_bytes() == shipped


# --- shifts, trends, overrides, draws


def test_a_shift_lowers_the_mean_hazard_and_leaves_the_other_factors_alone(
    cat: Catalogue, p: Parameters
) -> None:
    lane = condition_ids(cat).index("diabetes")
    before, after = risk_ratios(p), risk_ratios(p, shifts={"bmi": Shift(add=-1.0)})
    assert (after[0, 1, :, :, 12, lane].mean(0) < 1.0).all()
    assert np.array_equal(np.delete(before, 1, axis=1), np.delete(after, 1, axis=1))
    lower = risk_values(p, shifts={"bmi": Shift(add=-1.0)})["mean_bmi"][..., 15:]
    assert lower == pytest.approx(risk_values(p)["mean_bmi"][..., 15:] - 1.0)


def test_who_stops_smoking_becomes_a_former_smoker(p: Parameters) -> None:
    before, after = risk_values(p), risk_values(p, shifts={"smoking": Shift(times=0.5)})
    stopped = before["smoking_share"] - after["smoking_share"]
    assert stopped == pytest.approx(before["smoking_share"] / 2)
    assert after["former_share"] - before["former_share"] == pytest.approx(stopped)


def test_a_shift_can_reach_some_people_only(p: Parameters) -> None:
    lower = np.zeros((10, 106))
    lower[0, 40:50] = -5.0
    before, after = risk_values(p), risk_values(p, shifts={"sbp": Shift(add=lower)})
    change = (after["mean_sbp"] - before["mean_sbp"])[..., 15:]
    assert change[0, 0, 25:35] == pytest.approx(-5.0)
    assert np.abs(np.delete(change.reshape(10, -1), 0, axis=0)).max() < 1e-9


def test_without_trends_every_period_is_the_same(p: Parameters) -> None:
    three = risk_ratios(p, periods=3)
    assert np.array_equal(three[0], three[2])


def test_a_trend_row_of_the_project_moves_later_periods_only(tmp_path: Path) -> None:
    own = overridden(tmp_path, row("trend.smoking", -0.05, "log odds per year"))
    ratio = risk_ratios(own, periods=2, years_per_period=10.0)
    assert ratio[0].mean(axis=1) == pytest.approx(1.0, abs=1e-5)
    assert ratio[1, 0].mean(axis=0).min() < 0.97
    assert risk_values(own, years=10)["smoking_share"].sum() < (
        risk_values(own)["smoking_share"].sum()
    )


def test_a_projects_own_figure_replaces_the_shipped_one(tmp_path: Path, p: Parameters) -> None:
    own = overridden(tmp_path, row("smoking.current.25_34", 0.30, "share of people"))
    ours, theirs = (risk_values(q)["smoking_share"] for q in (own, p))
    assert (ours[..., 29] > 1.5 * theirs[..., 29]).all()
    assert np.array_equal(ours[..., 60:], theirs[..., 60:])


@pytest.mark.parametrize(
    ("identity", "words"),
    [
        ("risk.smokking.copd", "smoking"),
        ("risk.smoking.cough", "no condition"),
    ],
)
def test_a_risk_row_that_names_nothing_is_named(tmp_path: Path, identity: str, words: str) -> None:
    own = overridden(tmp_path, row(identity, 2.0, "relative risk"))
    with pytest.raises(CatalogueError, match=words):
        risk_ratios(own)


def test_a_shift_of_no_factor_is_named(p: Parameters) -> None:
    with pytest.raises(SettingError, match='Nearest: "smoking"'):
        risk_ratios(p, shifts={"smokin": Shift(add=-0.1)})
    with pytest.raises(SettingError, match="stratum and age"):
        risk_ratios(p, shifts={"bmi": Shift(add=np.zeros(3))})


def test_draws_move_values_and_the_same_seed_and_draw_give_the_same(cat: Catalogue) -> None:
    first, again, other = (risk_ratios(cat.parameters(draw=d, seed=5)) for d in (2, 2, 3))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.isfinite(first).all() and first.min() > 0.0
    obesity = [np.nanmean(risk_values(cat.parameters(draw=d))["obese_share"]) for d in range(5)]
    assert np.std(obesity) > 0.0


def test_every_draw_gives_finite_hazards_that_rise_with_rank(cat: Catalogue) -> None:
    for draw in range(10):
        ratio = risk_ratios(cat.parameters(draw=draw))
        assert np.isfinite(ratio).all()
        assert np.diff(ratio, axis=2).min() > -1e-5


# --- ranks


def test_ranks_fill_every_bin_of_every_factor_evenly(p: Parameters) -> None:
    levels = risk_levels(p, 20_000, seed=1)
    assert levels.shape == (20_000, 5)
    assert levels.dtype == np.uint8
    for f in range(5):
        counts = np.bincount(levels[:, f], minlength=16)
        assert counts.size == 16
        assert np.abs(counts / 1250 - 1).max() < 0.04


def test_neighbours_are_spread_as_evenly_as_the_whole(p: Parameters) -> None:
    levels = risk_levels(p, 20_000, seed=1)
    some = np.bincount(levels[7_000:7_800, 0], minlength=16)
    assert np.abs(some - 50).max() <= 5  # chance alone would give 20


def test_ranks_are_correlated_as_the_rows_say(p: Parameters) -> None:
    levels = risk_levels(p, 50_000, seed=2).astype(float)
    found = np.corrcoef(levels.T)
    for i, one in enumerate(risk.FACTORS):
        for j, other in enumerate(risk.FACTORS[:i]):
            asked = p.value(f"correlation.{other}.{one}")
            assert found[i, j] == pytest.approx(asked, abs=0.025)


def test_the_same_seed_gives_the_same_ranks_and_more_people_change_nobody(
    p: Parameters,
) -> None:
    some, more = risk_levels(p, 1_000, seed=9), risk_levels(p, 3_000, seed=9)
    assert np.array_equal(some, more[:1_000])
    assert not np.array_equal(some, risk_levels(p, 1_000, seed=10))


def test_correlations_that_cannot_all_hold_are_refused(tmp_path: Path) -> None:
    unit = "Gaussian copula correlation"
    own = overridden(
        tmp_path,
        row("correlation.smoking.bmi", 0.9, unit),
        row("correlation.smoking.sbp", 0.9, unit),
        row("correlation.bmi.sbp", -0.9, unit),
    )
    with pytest.raises(CatalogueError, match="do not fit together"):
        risk_levels(own, 10, seed=1)


def test_the_normal_quantile_agrees_with_the_standard_library() -> None:
    u = np.concatenate([np.geomspace(1e-10, 0.5, 200), 1 - np.geomspace(1e-10, 0.5, 200)])
    ours = risk.normal_quantile(u)
    theirs = np.array([NormalDist().inv_cdf(float(x)) for x in u])
    assert np.abs(ours - theirs).max() < 2e-8
    assert risk.normal_quantile(np.array([[0.5]])).shape == (1, 1)
