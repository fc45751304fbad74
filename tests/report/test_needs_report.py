"""The report of a needs assessment: what it says, and that the same run gives the same files."""

from __future__ import annotations

import re
from pathlib import Path

import openpyxl
import pytest

from leftshift.errors import ReportError
from leftshift.report.needs.findings import NeedFindings, shown
from leftshift.report.needs.page import write_page, write_report
from leftshift.runs import open_run
from tests.report.fake_run import write_fake_run
from tests.report.needs_run import write_needs_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("needs") / "run"
    write_needs_run(path)
    write_report(path)
    return path


@pytest.fixture(scope="module")
def html(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


def words_of(html: str) -> str:
    text = re.sub(r"<(style|script|svg).*?</\1>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (3410.6, "£ per person a year", "£3,411"),
        (-12.34, "percent", "−12.3%"),
        (1.104, "weighted people per person, England = 1", "1.10"),
        (2.345, "ratio", "2.35"),
        (81.26, "years", "81.3"),
        (9453.2, "per 100,000 people", "9,453"),
        (5.84, "episodes per 1,000 people a year", "5.8"),
    ],
)
def test_figures_are_said_by_their_unit(value: float, unit: str, said: str) -> None:
    assert shown(value, unit) == said


def test_it_sets_places_networks_and_england_side_by_side(html: str) -> None:
    for heading in (
        "What matters",
        "Places side by side",
        "Primary care networks side by side",
        "Illness",
        "Inequality, and the Core20 group",
        "Use and cost, beside need",
        "Who lies outside what chance explains",
        "What the figures rest on",
        "How to reproduce this run",
        "Words used here",
    ):
        assert f">{heading}</h2>" in html, heading
    said = words_of(html)
    for name in ("Great Yarmouth", "Norwich East PCN", "England", "Norfolk and Waveney"):
        assert name in said


def test_it_informs_populations_and_never_says_that_a_network_was_measured(html: str) -> None:
    said = words_of(html)
    assert "Informs populations, not individuals" in said
    assert "What is marked as estimated is synthetic" in said
    assert "Nobody of the network was counted as ill" in said
    assert "does not cover what is not known of the model" in said


def test_outliers_are_outside_the_limits_and_nobody_is_ranked(html: str) -> None:
    said = words_of(html)
    assert "outside the 95% limits" in said
    assert "no rank" in said
    assert not re.search(r"\b(worst|best performing|league|ranked (first|last))\b", said)


def test_every_chart_says_what_to_see_and_has_its_table_beneath(html: str) -> None:
    figures = re.findall(r"<figure.*?</figure>", html, flags=re.DOTALL)
    assert len(figures) >= 10
    for figure in figures:
        assert re.search(r"<figcaption><h3>[^<]+</h3><p>[^<]{20,}</p>", figure), figure[:200]
        assert "<details><summary>Table behind this chart" in figure
        assert figure.count("<table") == 1
        assert figure.count("<svg") == 2


def test_the_page_stands_alone(html: str) -> None:
    assert "default-src 'none'" in html
    assert not re.search(r"(src|href)=\"https?:", html)
    assert "nan" not in words_of(html).lower().split()


def test_the_same_run_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    again = tmp_path / "run"
    write_needs_run(again)
    write_report(again)
    for name in ("report.html", "workbook.xlsx"):
        assert (again / name).read_bytes() == (folder / name).read_bytes(), name


def test_the_workbook_has_one_named_table_to_a_sheet(folder: Path) -> None:
    book = openpyxl.load_workbook(folder / "workbook.xlsx")
    assert book.sheetnames[:5] == ["Cover", "Contents", "Notes", "Places", "Networks"]
    for sheet in book.worksheets[3:]:
        assert len(sheet.tables) == 1, sheet.title
    heads = [cell.value for cell in book["Networks"][4]]
    assert heads[:2] == ["Name", "Code"]
    assert len(heads) == len(set(heads))
    names = {row[0].value for row in book["Networks"].iter_rows(min_row=5)}
    assert {"Norwich East PCN", "England"} <= names


def test_an_area_without_use_or_networks_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    write_needs_run(folder, "E09000001", use=False)
    write_report(folder)
    said = words_of((folder / "report.html").read_text(encoding="utf-8"))
    assert "No primary care network has most of its patients" in said
    assert "Use and cost, beside need" not in said
    assert "too few places and networks here for a funnel plot" in said


def test_a_run_of_another_kind_is_refused_in_plain_words(tmp_path: Path) -> None:
    write_fake_run(tmp_path / "run")
    with pytest.raises(ReportError, match="leftshift needs AREA"):
        write_page(tmp_path / "run")


def test_findings_take_every_figure_from_the_tables(folder: Path) -> None:
    f = NeedFindings(open_run(folder))
    assert len(f.units("place")) == 8
    assert len(f.units("network")) == 20
    assert f.get(f.whole, "no_such_measure", "dsr") is None
    assert f.measure("prevalent_copd") != "prevalent_copd"
