"""Confidence and performance: what may be said of an association, and of none."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import leftshift.survey as survey
from leftshift.catalogue import Catalogue
from leftshift.survey import performance
from leftshift.survey.indicators import read_indicators
from leftshift.survey.performance import associate, false_discoveries, seen_with
from leftshift.survey.problems import Problems

EXAMPLE = Path(survey.__file__).parent / "example"


def test_the_same_seed_gives_the_same_association() -> None:
    dice = np.random.default_rng(1)
    x, y = dice.normal(size=(2, 42))
    assert associate(x, y, seed=3) == associate(x, y, seed=3)


def test_a_confounder_that_makes_the_association_takes_it_away() -> None:
    dice = np.random.default_rng(2)
    need = dice.normal(size=200)
    x, y = need + 0.5 * dice.normal(size=200), need + 0.5 * dice.normal(size=200)
    plain, held = associate(x, y), associate(x, y, need[None, :])
    assert plain is not None and held is not None
    assert plain.p_value < 0.01
    assert plain.rho > 0.6
    assert abs(held.rho) < 0.25
    assert held.confounders == 1


def test_fewer_than_ten_systems_or_answers_all_alike_say_nothing() -> None:
    x = np.arange(9.0)
    assert associate(x, x) is None
    assert associate(np.arange(20.0), np.ones(20)) is None


def test_systems_without_a_figure_are_left_out() -> None:
    x = np.arange(30.0)
    y = np.where(np.arange(30) < 8, np.nan, x)
    found = associate(x, y)
    assert found is not None
    assert (found.systems, found.rho) == (22, pytest.approx(1.0))
    assert found.lower <= found.rho <= found.upper


def test_more_systems_see_weaker_associations_and_more_tests_only_stronger_ones() -> None:
    assert seen_with(100) < seen_with(42) < seen_with(42, tests=12) < seen_with(20, tests=12)
    assert seen_with(42, confounders=3) > seen_with(42)
    assert seen_with(3) == 1.0


def test_adjusted_p_values_never_fall_below_those_found() -> None:
    p = [0.001, 0.2, 0.04, 0.03, 0.9]
    assert all(a >= b for a, b in zip(false_discoveries(p), p, strict=True))
    assert false_discoveries([]) == []


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("performance") / "project"
    shutil.copytree(EXAMPLE, folder)
    return folder


@pytest.fixture(scope="module")
def found(project: Path) -> pl.DataFrame:
    cleaned = survey.check(project, write=False).cleaned
    assert cleaned is not None
    problems = Problems()
    tables = performance.tables(cleaned, Catalogue.load(), problems, 1)
    assert list(problems) == []
    return tables["survey_performance"]


def test_every_comparison_is_made_with_and_without_the_confounder(found: pl.DataFrame) -> None:
    assert found.height == 2 * 6 * 2
    assert set(found["adjusted_for"]) == {"", "Deprivation score"}
    assert "deprivation" not in set(found["indicator"])
    assert (found["tests"] == 12).all()


def test_every_sentence_says_that_it_is_no_cause_or_no_evidence_of_none(
    found: pl.DataFrame,
) -> None:
    for row in found.iter_rows(named=True):
        if row["p_bh"] < 0.05:
            assert "an association, not a cause" in row["said"]
        else:
            assert "can be told from chance" in row["said"]
            assert "not evidence that there is none" in row["said"]


def test_no_system_is_in_what_leaves_the_room(found: pl.DataFrame) -> None:
    assert not {"system", "code"} & set(found.columns)


def test_all_that_is_wrong_with_indicators_is_told_at_once(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "wrong"
    shutil.copytree(project, folder)
    (folder / "indicators.csv").write_text(
        "system,indicator,value,better\n"
        "Alderbek,waits,60,higher\n"
        "Arrowdale,waits,sixty,higher\n"
        "Barrowick,waits,50,more\n"
        "Barrowick,waits,50,higher\n"
        "Barrowick,waits,51,higher\n",
        encoding="utf-8",
    )
    said = list(survey.check(folder, write=False).problems)
    assert [one for one in said if one.startswith("indicators.csv")] == [
        'indicators.csv, row 2, column "system": no system called "Alderbek". '
        'Nearest: "alderbeck".',
        'indicators.csv, row 3, column "value": "sixty" is not a number.',
        'indicators.csv, row 4, column "better": is "more"; allowed: higher, lower.',
        'indicators.csv, row 6, column "system": a second value of "waits" for this system.',
    ]


def test_a_composite_of_an_unknown_question_is_told_by_line(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "wrong"
    shutil.copytree(project, folder)
    codebook = folder / "codebook.toml"
    text = codebook.read_text(encoding="utf-8")
    codebook.write_text(
        text.replace(
            'questions = ["needs", "strategy"]', 'questions = ["need", "barrier"]'
        ).replace('adjust_for = ["deprivation"]', 'adjust_for = ["deprived"]\npermutation = 3'),
        encoding="utf-8",
    )
    said = "\n".join(survey.check(folder, write=False).problems)
    assert 'no question called "need". Nearest: "needs".' in said
    assert 'question "barrier" has no scores' in said
    assert 'no key called "permutation". Nearest: "permutations"' in said
    assert "codebook.toml:" in said


def test_an_indicator_can_come_from_a_run_by_system(project: Path, tmp_path: Path) -> None:
    from leftshift.runs import write_run

    folder = tmp_path / "with-run"
    shutil.copytree(project, folder)
    codes = [f"X{n:02d}" for n in range(1, 42)] + ["X44"]
    rows = [
        {"arm": "baseline", "year": "2025/26", "place": code, "measure": "people",
         "unit": "people", "value": 1000.0 + place, "lower": None, "upper": None,
         "sampling_error": None}
        for place, code in enumerate(codes)
    ]  # fmt: skip
    schema = {"lower": pl.Float64, "upper": pl.Float64, "sampling_error": pl.Float64}
    frame = pl.DataFrame(rows, schema_overrides=schema)
    write_run(folder / "england", {"made": "up"}, {}, {"title": "x"}, {"summary": frame})
    codebook = folder / "codebook.toml"
    text = codebook.read_text(encoding="utf-8").replace(
        'file = "indicators.csv"', 'run = "england"\nmeasure = "people"\nlabel = "Residents"'
    )
    codebook.write_text(text.replace('adjust_for = ["deprivation"]', ""), encoding="utf-8")
    checked = survey.check(folder, write=False)
    assert checked.cleaned is not None
    problems = Problems()
    indicators = read_indicators(checked.cleaned.codebook, problems)
    assert list(problems) == []
    assert [one.label for one in indicators] == ["Residents"]
    assert indicators[0].values["X44"] == 1041.0
