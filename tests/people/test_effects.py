"""Claims about what conditions do to each other, to death, to the score and to a year's worth."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from leftshift.catalogue import Catalogue
from leftshift.errors import CatalogueError
from leftshift.people import effects

REFERENCE = os.environ.get("LEFTSHIFT_REFERENCE", "")
HEADER = "id,label,value,lower,upper,distribution,unit,source,as_of,grade,note\n"
FACTOR_ADJUSTED = ("atrial_fibrillation", "stroke_tia", 2.42)  # Odutayo 2016
MUTUALLY_ADJUSTED = ("stroke_tia", "epilepsy", 4.56)  # CPRD, ages 65-69


@pytest.fixture(scope="module")
def cat() -> Catalogue:
    return Catalogue.load()


@pytest.fixture(scope="module")
def number(cat: Catalogue) -> dict[str, int]:
    return {name: i for i, name in enumerate(effects.condition_ids(cat))}


def overridden(folder: Path, *rows: str) -> Catalogue:
    (folder / "catalogue").mkdir()
    (folder / "catalogue" / "own.csv").write_text(HEADER + "\n".join(rows) + "\n")
    return Catalogue.load(folder)


def row(identity: str, value: float, unit: str) -> str:
    return f"{identity},Own,{value},,,fixed,{unit},Local audit,2025,D,"


# --- ratios


def test_ratios_have_a_lane_for_every_condition_and_death_and_no_effect_beyond(
    cat: Catalogue,
) -> None:
    ratio = effects.ratios(cat.parameters())
    assert ratio.shape == (22, 20, 32)
    assert ratio.dtype == np.float32
    assert (ratio[:, :, 21:] == 1.0).all()
    assert (ratio[:, np.arange(20), np.arange(20)] == 1.0).all()


def test_a_ratio_adjusted_for_other_conditions_is_used_as_published(
    cat: Catalogue, number: dict[str, int]
) -> None:
    cause, effect, published = MUTUALLY_ADJUSTED
    ratio = effects.ratios(cat.parameters())
    assert ratio[8, number[cause], number[effect]] == pytest.approx(published, rel=1e-6)


def test_a_ratio_adjusted_for_risk_factors_only_is_shrunk_by_the_row_that_says_so(
    cat: Catalogue, number: dict[str, int]
) -> None:
    cause, effect, published = FACTOR_ADJUSTED
    p = cat.parameters()
    used = effects.ratios(p)[8, number[cause], number[effect]]
    assert cat.row(f"ratio.{cause}.{effect}").estimate.value == published
    assert used == pytest.approx(published ** p.value("ratio.mutual_adjustment"), rel=1e-6)
    assert "ratio.mutual_adjustment" in cat.row(f"ratio.{cause}.{effect}").note


def test_every_pair_says_what_it_is_adjusted_for(cat: Catalogue) -> None:
    listed = set(cat.table("ratio_basis").select("cause", "effect").iter_rows())
    rows = {tuple(r.id.split(".")[1:]) for r in cat.rows("ratio") if r.id.count(".") == 2}
    assert rows == listed
    assert len(rows) > 90


@pytest.mark.skipif(
    not REFERENCE, reason="set LEFTSHIFT_REFERENCE to the folder of reference figures"
)
@pytest.mark.parametrize(
    ("identity", "exposure", "outcome"),
    [
        ("ratio.atrial_fibrillation.stroke_tia", "af", "stroke"),
        ("ratio.atrial_fibrillation.ckd", "af", "CKD"),
        ("ratio.stroke_tia.dementia", "stroke (prevalent)", "dementia"),
        ("ratio.diabetes.coronary_heart_disease", "t2dm", "stable angina"),
        ("ratio.anxiety_depression.psychosis", "andep", "psychosis"),
        ("ratio.chronic_pain.constipation", "pain", "constipation"),
        ("ratio.hypertension.heart_failure", "htn", "hf"),
        ("ratio.stroke_tia.epilepsy", "stroke", "epilepsy"),
        ("ratio.ckd.coronary_heart_disease", "ckd", "chd"),
        ("ratio.cancer.constipation", "other_ca", "constipation"),
        ("ratio.psychosis.coronary_heart_disease", "severe mental illness (incl. MDD)", "CHD"),
    ],
)
def test_verified_ratios_are_the_reference_figures(
    cat: Catalogue, identity: str, exposure: str, outcome: str
) -> None:
    rows = pl.read_csv(Path(REFERENCE) / "condition_hazard_ratios.csv", infer_schema_length=0)
    pair = (pl.col("exposure") == exposure) & (pl.col("outcome") == outcome)
    published = [float(value) for value in rows.filter(pair)["value"].to_list()]
    assert cat.row(identity).estimate.grade == "V"
    assert min(published) <= cat.row(identity).estimate.value <= max(published)


def test_no_condition_protects_so_preventing_one_never_brings_another_forward(
    cat: Catalogue,
) -> None:
    assert effects.ratios(cat.parameters()).min() == 1.0
    drawn = [effects.ratios(cat.parameters(draw=d)) for d in range(20)]
    assert min(float(ratio[:, :, :20].min()) for ratio in drawn) == 1.0


def test_ratios_hold_in_full_to_sixty_and_shrink_after(
    cat: Catalogue, number: dict[str, int]
) -> None:
    p = cat.parameters()
    ratio = effects.ratios(p)
    cause, effect, published = MUTUALLY_ADJUSTED
    onset = np.log(ratio[:, number[cause], number[effect]]) / np.log(published)
    death = np.log(ratio[:, number["dementia"], 20])
    assert onset[:12] == pytest.approx(1.0, abs=1e-6)  # ages 0 to 59
    assert onset[18:] == pytest.approx(p.value("ratio.attenuation_end_share"), abs=1e-6)
    assert (np.diff(onset[12:18]) < 0).all()
    assert death[18:] / death[0] == pytest.approx(
        p.value("ratio.attenuation_death_share"), abs=1e-6
    )


def test_mortality_ratios_are_the_rows_and_never_above_the_published_upper_ends(
    cat: Catalogue, number: dict[str, int]
) -> None:
    ratio = effects.ratios(cat.parameters())
    for name, i in number.items():
        estimate = cat.row(f"condition.{name}.mortality_ratio").estimate
        assert ratio[0, i, 20] == pytest.approx(estimate.value, rel=1e-6)
    assert ratio[0, number["dementia"], 20] == pytest.approx(2.8)
    assert ratio[0, number["atrial_fibrillation"], 20] < 1.46


def test_a_projects_own_ratio_replaces_the_shipped_one(
    tmp_path: Path, number: dict[str, int]
) -> None:
    own = overridden(tmp_path, row("ratio.stroke_tia.epilepsy", 3.0, "hazard ratio of onset"))
    ratio = effects.ratios(own.parameters())
    assert ratio[0, number["stroke_tia"], number["epilepsy"]] == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("identity", "words"),
    [
        ("ratio.diabetes.gout", "no condition"),
        ("ratio.diabetis.ckd", 'Nearest: "diabetes"'),
        ("ratio.ckd.ckd", "its own onset"),
    ],
)
def test_a_ratio_between_conditions_that_do_not_exist_is_named(
    tmp_path: Path, identity: str, words: str
) -> None:
    own = overridden(tmp_path, row(identity, 2.0, "hazard ratio of onset"))
    with pytest.raises(CatalogueError, match=words):
        effects.ratios(own.parameters())


def test_draws_move_ratios_and_the_same_seed_and_draw_give_the_same(cat: Catalogue) -> None:
    first = effects.ratios(cat.parameters(draw=3, seed=7))
    assert np.array_equal(first, effects.ratios(cat.parameters(draw=3, seed=7)))
    assert not np.array_equal(first, effects.ratios(cat.parameters(draw=4, seed=7)))
    assert not np.array_equal(first, effects.ratios(cat.parameters()))


# --- remission


def test_only_the_current_conditions_remit(cat: Catalogue, number: dict[str, int]) -> None:
    remits, hazard = effects.remission(cat.parameters())
    named = ("asthma", "cancer", "anxiety_depression", "chronic_pain", "constipation")
    assert remits.tolist() == sorted(number[name] for name in named)
    assert hazard.shape == (5, 10)
    assert hazard.dtype == np.float32
    assert (hazard >= 0).all()


def test_cancer_counts_at_five_yearly_stocks_and_then_expires_for_certain(
    cat: Catalogue, number: dict[str, int]
) -> None:
    remits, hazard = effects.remission(cat.parameters())
    cancer = hazard[remits.tolist().index(number["cancer"])]
    assert (cancer[:4] == 0).all()
    assert (cancer[4:] >= 1e30).all()


def test_six_in_ten_new_courses_of_antidepressants_end_in_the_first_year(
    cat: Catalogue, number: dict[str, int]
) -> None:
    remits, hazard = effects.remission(cat.parameters())
    ends = hazard[remits.tolist().index(number["anxiety_depression"])]
    assert np.exp(-ends[0]) == pytest.approx(0.40, abs=0.01)
    assert (np.diff(ends) <= 0).all()


def test_a_remission_row_that_is_not_understood_is_named(tmp_path: Path) -> None:
    own = overridden(tmp_path, row("remission.asthma.soon", 0.1, "per year"))
    with pytest.raises(CatalogueError, match="year_0 to year_9"):
        effects.remission(own.parameters())


def test_frailty_is_that_of_the_clustering_trial(cat: Catalogue) -> None:
    p = cat.parameters()
    assert effects.frailty_sd(p) == 0.55
    assert effects.frailty_powers(p) == (1.0, 0.5)
    assert all(0.2 < effects.frailty_sd(cat.parameters(draw=d)) < 0.9 for d in range(50))


# --- utilities


def test_the_published_norms_of_ara_and_brazier_are_reproduced(cat: Catalogue) -> None:
    none_ill = np.zeros((20, 10, 106))
    norm, _ = effects.utilities(cat.parameters(), none_ill)
    for age, women, men in ((20, 0.9324, 0.9536), (50, 0.8549, 0.8761), (85, 0.689, 0.7102)):
        assert norm[:5, age] == pytest.approx(women, abs=1e-4)
        assert norm[5:, age] == pytest.approx(men, abs=1e-4)


def test_at_todays_prevalence_the_mean_utility_is_the_published_norm(cat: Catalogue) -> None:
    prevalence = np.random.default_rng(1).uniform(0.0, 0.15, (20, 10, 106))
    norm, ratio = effects.utilities(cat.parameters(), prevalence)
    published, _ = effects.utilities(cat.parameters(), np.zeros((20, 10, 106)))
    below_full = (norm < 1.0).all(axis=0)
    lived = norm * np.prod(1.0 - prevalence * (1.0 - ratio)[:, None, None], axis=0)
    mean = lived.reshape(2, 5, 106).mean(axis=1)
    assert below_full.sum() > 40
    assert mean[:, below_full] == pytest.approx(published[[0, 5]][:, below_full], rel=1e-9)


def test_people_with_no_condition_are_above_the_norm_and_never_above_full_health(
    cat: Catalogue,
) -> None:
    published, _ = effects.utilities(cat.parameters(), np.zeros((20, 10, 106)))
    norm, ratio = effects.utilities(cat.parameters())
    assert norm.shape == (10, 106)
    assert (norm > published).all()
    assert norm.max() <= 1.0
    assert ratio.shape == (20,)
    assert (ratio > 0.5).all() and (ratio < 1.0).all()


def test_losses_are_those_of_sullivan_and_pain_is_no_outlier(
    cat: Catalogue, number: dict[str, int]
) -> None:
    losses = {name: cat.row(f"utility.loss.{name}").estimate.value for name in number}
    assert losses["diabetes"] == 0.0714
    assert losses["hearing_loss"] == 0.0218
    assert losses["chronic_pain"] < losses["dementia"] == max(losses.values())
    _, ratio = effects.utilities(cat.parameters(), np.zeros((20, 10, 106)))
    assert ratio[number["diabetes"]] == pytest.approx(1 - 0.0714 / 0.827, abs=0.002)


def test_a_loss_as_large_as_the_mean_utility_is_refused(tmp_path: Path) -> None:
    own = overridden(tmp_path, row("utility.loss.dementia", 0.95, "EQ-5D index points"))
    with pytest.raises(CatalogueError, match=r"utility\.loss\.dementia is 0\.95"):
        effects.utilities(own.parameters(), np.zeros((20, 10, 106)))


def test_no_draw_makes_an_illness_worth_having(cat: Catalogue) -> None:
    nobody = np.zeros((20, 10, 106))
    ratios = [effects.utilities(cat.parameters(draw=d), nobody)[1] for d in range(50)]
    assert np.max(ratios) <= 1.0
    assert np.std(ratios, axis=0).min() > 0.0


# --- scores


def test_the_cambridge_weights_are_those_of_payne_in_hundredths(
    cat: Catalogue, number: dict[str, int]
) -> None:
    score = effects.scores(cat)
    assert score.dtype == np.int64
    assert score.sum() == 1633
    for name, points in (("dementia", 250), ("cancer", 153), ("copd", 146), ("hypertension", 8)):
        assert score[number[name]] == points


def test_segments_start_where_the_core_segmentation_says(cat: Catalogue) -> None:
    p = cat.parameters(draw=1)
    assert effects.segment_starts(p).tolist() == [0, 9, 69, 159, 296]
    assert effects.major_threshold(p) == 150
    assert effects.child_age(p) == 17


def test_segments_that_do_not_rise_are_refused(tmp_path: Path) -> None:
    own = overridden(tmp_path, row("segment.3.start", 5.0, "score points"))
    with pytest.raises(CatalogueError, match="begin at 0 and rise"):
        effects.segment_starts(own.parameters())
