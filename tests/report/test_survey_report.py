"""A survey's report, summary, workbook and slides say what the run holds and hide what it hides."""

from __future__ import annotations

import hashlib
import re
import shutil
import zipfile
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from leftshift.errors import ReportError
from leftshift.report.survey import charts as survey_charts
from leftshift.report.survey import slides as survey_slides
from leftshift.report.survey.findings import SurveyFindings
from leftshift.report.survey.page import write_report
from leftshift.runs import open_run
from tests.report.fake_run import write_fake_run
from tests.report.survey_run import reported

SECRETS = (
    "Invented Person",
    "@example.org",
    "Quillfeather",
    "Mossgate Invented",
    "01632",
    "R2025-",
)


@pytest.fixture(scope="module")
def run() -> Path:
    return reported()


@pytest.fixture(scope="module")
def page(run: Path) -> str:
    return (run / "report.html").read_text(encoding="utf-8")


def all_text(file: Path) -> str:
    """Whatever can be read in a file, packed ones unpacked."""
    if file.suffix not in (".xlsx", ".pptx"):
        return file.read_text(encoding="utf-8")
    with zipfile.ZipFile(file) as packed:
        return "\n".join(
            packed.read(name).decode("utf-8") for name in packed.namelist() if name.endswith("ml")
        )


def test_no_exit_names_a_person_a_masked_organisation_or_a_response(run: Path) -> None:
    for name in ("report.html", "summary.html", "workbook.xlsx", "slides.pptx", "run.json"):
        text = all_text(run / name)
        for secret in SECRETS:
            assert secret not in text, (name, secret)


def test_no_exit_names_a_system(run: Path) -> None:
    names = pl.read_parquet(run / "tables" / "survey_systems.parquet")["name"].unique().to_list()
    for name in ("report.html", "summary.html", "workbook.xlsx", "slides.pptx"):
        text = all_text(run / name)
        assert [one for one in names if one in text] == [], name


def test_a_hidden_figure_is_said_to_be_hidden_and_its_number_is_nowhere(
    run: Path, page: str
) -> None:
    f = SurveyFindings(open_run(run))
    rows = [(key, one) for key, one in f._estimates.items() if not one.shown and key[0] == f.latest]
    assert rows
    assert all(one.base is None and one.lower is None for _, one in rows)
    assert page.count(">hidden<") > 10


def test_the_page_has_each_kind_of_chart_with_its_table(page: str) -> None:
    for key in ("key", "theme-0-0", "by-role", "change-0", "terms-barrier", "performance-0",
                "record"):  # fmt: skip
        assert f'id="figure-{key}"' in page
    figures = re.findall(r"<figure.*?</figure>", page, re.DOTALL)
    assert all("<table" in one and one.count("<svg") == 2 for one in figures)


def test_it_says_that_it_is_synthetic_and_that_an_association_is_no_cause(run: Path) -> None:
    for name in ("report.html", "summary.html", "workbook.xlsx", "slides.pptx"):
        text = all_text(run / name)
        assert "invented" in text, name
        assert "not a cause" in text, name


def test_weighted_figures_stand_beside_those_as_answered(page: str) -> None:
    assert "Weighted for non-response" in page


def test_published_figures_whose_words_are_not_held_are_not_called_a_change(page: str) -> None:
    assert "Do not read the difference as a change." in page
    assert "None of these figures is known to come from word for word the same question." in page


def test_the_same_run_gives_the_same_bytes(run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    write_report(copy)
    for name in ("report.html", "summary.html", "workbook.xlsx", "slides.pptx"):
        first, second = ((one / name).read_bytes() for one in (run, copy))
        assert hashlib.sha256(first).digest() == hashlib.sha256(second).digest(), name


def test_the_workbook_has_one_named_table_a_sheet_and_labels_beside_ids(run: Path) -> None:
    book = openpyxl.load_workbook(run / "workbook.xlsx")
    assert book.sheetnames[:3] == ["Cover", "Contents", "Notes"]
    for name in book.sheetnames[3:]:
        assert book[name]["A1"].value
        assert len(book[name].tables) == 1, name
    heads = [cell.value for cell in book["Figures"][4]]
    assert heads[:3] == ["Question", "Answer", "Group name"]
    estimates = pl.read_parquet(run / "tables" / "survey_estimates.parquet")
    assert book["Figures"].max_row == 4 + estimates.height


def test_every_slide_has_a_title_and_every_picture_its_words_and_figures(run: Path) -> None:
    from pptx import Presentation

    deck = Presentation(str(run / "slides.pptx"))
    slides = list(deck.slides)
    assert len(slides) >= 12
    titles = [slide.shapes.title.text_frame.text for slide in slides]
    assert len(titles) == len(set(titles))
    pictures = 0
    for slide in slides:
        assert slide.shapes.title.text_frame.text
        assert any("SYNTHETIC" in one.text_frame.text for one in slide.shapes if one.has_text_frame)
        for one in slide.shapes:
            assert one.left >= 0 and one.top >= 0
            assert one.left + one.width <= deck.slide_width
            assert one.top + one.height <= deck.slide_height
            if one.shape_type == 13:
                pictures += 1
                assert len(one._element.nvPicPr.cNvPr.get("descr")) > 40
                assert slide.notes_slide.notes_text_frame.text.count("\n") >= 1
    assert pictures >= 8


def test_without_python_pptx_the_rest_is_made_and_asking_for_slides_says_what_to_install(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    (copy / "slides.pptx").unlink()
    monkeypatch.setattr(survey_slides, "find_spec", lambda name: None)
    assert "slides.pptx" not in write_report(copy)
    with pytest.raises(ReportError, match=r"leftshift\[office\]"):
        write_report(copy, slides=True)


def test_a_run_that_is_no_survey_is_refused(tmp_path: Path) -> None:
    folder = write_fake_run(tmp_path / "run", leaf_years=(0, 20))
    with pytest.raises(ReportError, match="not the run of a survey"):
        write_report(folder)


def test_a_diverging_bar_puts_half_the_middle_answer_on_each_side() -> None:
    options = [("Agree", "high"), ("Neither", "middle"), ("Disagree", "low")]
    rows = [{"label": "Q", "parts": {"Agree": 50.0, "Neither": 20.0, "Disagree": 30.0}}]
    spec = survey_charts.diverging(rows, options, narrow=False)
    bars = next(one for one in spec["datasets"].values() if one and "answer" in one[0])
    spans = {one["answer"]: (one["x1"], one["x2"]) for one in bars}
    assert spans == {"Agree": (10, 60), "Neither": (-10, 10), "Disagree": (-40, -10)}
