"""The published record: what was reported, and whether it is the same question."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

import leftshift.survey as survey
from leftshift.catalogue import Catalogue
from leftshift.survey import record
from leftshift.survey.cleaning import Cleaned
from leftshift.survey.problems import Problems
from leftshift.survey.record import compared_wording

EXAMPLE = Path(survey.__file__).parent / "example"


def changed(folder: Path, **replaced: str) -> Path:
    """Copies the example with other words in its codebook."""
    shutil.copytree(EXAMPLE, folder)
    codebook = folder / "codebook.toml"
    text = codebook.read_text(encoding="utf-8")
    for before, after in replaced.items():
        assert before in text
        text = text.replace(before, after)
    codebook.write_text(text, encoding="utf-8")
    return folder


def cleaned_of(folder: Path, **replaced: str) -> Cleaned:
    found = survey.check(changed(folder, **replaced), write=False).cleaned
    assert found is not None
    return found


def test_every_published_figure_has_wording_source_and_an_honest_grade() -> None:
    cat = Catalogue.load()
    table = cat.table("survey_record")
    known = {row["key"] for row in cat.sources}
    assert set(table["source_key"]) <= known
    assert (table["wording"] != "").all()
    assert (table["value"].is_between(0, 100)).all()
    # Nobody has read the reports themselves: no row may claim it, nor the questions' own words.
    assert set(table["grade"]) == {"R"}
    assert not table["wording_held"].any()
    assert {"2022/23", "2025"} <= set(table["year"])


def test_a_question_is_the_same_only_word_for_word_and_where_its_words_are_held() -> None:
    assert compared_wording("How concerned are you?", "how concerned  are you", True)[0]
    same, said = compared_wording("How concerned are you?", "How worried are you?", True)
    assert not same
    assert "The wording differs" in said
    same, said = compared_wording("How concerned are you?", "How concerned are you?", False)
    assert not same
    assert "not held" in said


@pytest.fixture(scope="module")
def cleaned(tmp_path_factory: pytest.TempPathFactory) -> Cleaned:
    return cleaned_of(tmp_path_factory.mktemp("record") / "project")


def test_the_new_figure_stands_beside_the_published_one(cleaned: Cleaned) -> None:
    problems = Problems()
    estimates = survey.analyse(cleaned)["survey_estimates"]
    found = record.tables(cleaned, {"survey_estimates": estimates}, Catalogue.load(), problems)
    rows = {row["published_id"]: row for row in found["survey_record"].iter_rows(named=True)}
    assert list(problems) == []
    row = rows["confed_2025_concerned"]
    assert (row["published_value"], row["measure"], row["option"]) == (95.0, "net", "concerned")
    answers = cleaned.answers.filter((pl.col("wave") == "2025") & (pl.col("question") == "cuts"))[
        "option"
    ]
    assert row["value"] == pytest.approx(100 * answers.is_in(["very", "fairly"]).mean())
    assert row["base"] == len(answers)
    assert not row["same_question"]


def test_what_is_wrong_with_the_record_is_told_all_at_once(tmp_path: Path) -> None:
    folder = changed(
        tmp_path / "wrong",
        **{
            'record = ["confed_2025_concerned"]': 'record = ["confed_2025_concern"]',
            '_devolved = { option = "agrees" }': '_devolved = { option = "x" }',
            'confed_2025_keep_partnership = { option = "keep" }': "",
        },
    )
    said = "\n".join(survey.check(folder, write=False).problems)
    assert (
        'no published figure called "confed_2025_concern". Nearest: "confed_2025_concerned"' in said
    )
    assert 'no question names "confed_2025_concerned"' in said
    assert 'which answer of "devolved" is the published' in said
    assert 'which answer of "future" is the published' in said
