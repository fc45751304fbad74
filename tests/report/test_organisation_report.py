"""The report of a board: what it says, to whom, and that the same run gives the same files."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import openpyxl
import pytest

from leftshift.errors import ReportError, ToolError
from leftshift.report.organisation.findings import BoardFindings, exact, gain, pounds, wte
from leftshift.report.organisation.page import write_page, write_report
from leftshift.runs import open_run
from tests.report.fake_organisation import FUNCTIONS, OPTIONS, write_fake_board
from tests.report.fake_run import write_fake_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("board") / "run"
    write_fake_board(path)
    write_report(path)
    return path


@pytest.fixture(scope="module")
def html(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


def words_of(html: str) -> str:
    text = re.sub(r"<(style|script|svg).*?</\1>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1_234_567.0, "£1.23m"),
        (12_345_678.0, "£12.3m"),
        (999_600.0, "£1.00m"),
        (450_400.0, "£450,000"),
        (950.4, "£950"),
        (0.0, "£0"),
        (-0.3, "£0"),
        (-2_000_000.0, "−£2.00m"),
        (None, "not shown"),
    ],
)
def test_money_is_said_as_people_say_it(value: float | None, said: str) -> None:
    assert pounds(value) == said


def test_signs_are_said_where_they_matter() -> None:
    assert (gain(1e6), gain(-1e6), gain(0.0)) == ("+£1.00m", "−£1.00m", "£0")
    assert (exact(18.76), wte(-1.25), wte(-0.01)) == ("£18.76", "−1.2", "0.0")


def test_it_answers_what_a_committee_and_staff_side_ask(html: str) -> None:
    for heading in (
        "What matters",
        "What changes",
        "What is at risk in law",
        "What it means for staff",
        "What it costs and when it pays back",
        "How long it takes",
        "Place and subsidiarity",
        "The least harmful option",
        "Cluster or merge",
        "Sharing out the cut between boards",
        "The duty register",
        "What the figures rest on",
    ):
        assert f">{heading}</h2>" in html, heading


def test_a_duty_below_its_minimum_is_named_in_words_for_its_option(html: str) -> None:
    said = words_of(html)
    assert "Continuing care assessments: 15.0 WTE against 22.0 needed (worst in 2027/28)" in said
    assert "1 duty falls below its minimum" in said
    assert "every duty stays at its minimum or above" in said


def test_cost_that_only_moves_is_said_to_be_no_saving(html: str) -> None:
    said = words_of(html)
    assert "Some of the cost only moves to others and is no saving to the system" in said
    assert "£2.44m a year in Least harm found" in said


def test_what_place_loses_is_a_line(html: str) -> None:
    assert "Halve every function: place and neighbourhood lose 32.0 WTE and £1.95m a year" in (
        words_of(html)
    )


def test_hidden_numbers_are_said_to_be_hidden_and_never_shown(html: str) -> None:
    staff = html[html.index('id="staff-table"') : html.index("</table>", html.index("staff-table"))]
    row = staff[staff.index("Move to other posts") :]
    assert "hidden" in row[: row.index("</tr>")]
    assert "None" not in words_of(html)


def test_a_made_up_board_is_called_one_and_no_page_gives_legal_advice(html: str) -> None:
    assert "Made-up board: not real data" in html
    assert "This is not legal advice" in html


def test_every_chart_has_its_table(html: str) -> None:
    figures = re.findall(r"<figure id=\"([^\"]+)\">(.*?)</figure>", html, flags=re.DOTALL)
    assert {name for name, _ in figures} >= {
        "figure-path",
        "figure-short",
        "figure-cumulative",
        "figure-timeline",
        "figure-levels",
        "figure-apportion",
    }
    assert all("<table" in body for _, body in figures)
    ids = re.findall(r"\sid=\"([^\"]+)\"", html)
    assert len(ids) == len(set(ids))


def test_the_page_asks_nothing_of_any_network(html: str) -> None:
    assert not re.findall(r"(?:src|href)=\"(?!#|data:)[^\"]*\"", html)


def test_names_of_functions_and_options_cannot_break_the_page(tmp_path: Path) -> None:
    write_fake_board(tmp_path / "run", title="<script>alert(1)</script> & Co")
    write_page(tmp_path / "run")
    text = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text


def test_a_run_without_the_further_tables_still_has_a_report(tmp_path: Path) -> None:
    more = (
        "levels", "place_losses", "governance", "clusters", "apportionment", "prices", "clashes",
        "found", "caseloads", "timeline", "funding", "returns", "redundancy",
    )  # fmt: skip
    write_fake_board(tmp_path / "run", intervals=False, leave_out=more)
    write_report(tmp_path / "run")
    text = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "Central run: no intervals" in text
    assert "Cluster or merge" not in text
    assert "What changes" in text


def test_the_same_run_gives_the_same_files(folder: Path, tmp_path: Path) -> None:
    write_fake_board(tmp_path / "run")
    write_report(tmp_path / "run")
    for name in ("report.html", "workbook.xlsx", "report.docx"):
        assert (tmp_path / "run" / name).read_bytes() == (folder / name).read_bytes(), name


def test_the_workbook_has_a_sheet_for_each_table_with_names_beside_keys(folder: Path) -> None:
    book = openpyxl.load_workbook(folder / "workbook.xlsx", read_only=True)
    assert book.sheetnames[:3] == ["Cover", "Contents", "Notes"]
    for name in ("What changes", "Duties", "Redundancy", "Timeline", "Delegation map", "Prices"):
        assert name in book.sheetnames
    rows = list(book["What changes"].iter_rows(min_row=4, values_only=True))
    assert rows[0][:5] == ("Option", "Option name", "Year", "Function", "Function name")
    assert len(rows) - 1 == len(OPTIONS) * len(FUNCTIONS) * 4
    hidden = list(book["Redundancy"].iter_rows(min_row=5, values_only=True))
    assert all(row[5] is None for row in hidden if row[-1] == "yes")


def test_the_word_document_has_headings_and_repeats_table_headings(folder: Path) -> None:
    docx = pytest.importorskip("docx")
    book = docx.Document(folder / "report.docx")
    headings = [p.text for p in book.paragraphs if p.style.name == "Heading 1"]
    assert "What is at risk in law" in headings
    assert "What it means for staff" in headings
    assert book.core_properties.title == "The board itself: Fictshire"
    assert book.core_properties.language == "en-GB"
    assert all("w:tblHeader" in table.rows[0]._tr.xml for table in book.tables)
    said = " ".join(p.text for p in book.paragraphs)
    assert "Continuing care assessments: 15.0 WTE against 22.0 needed" in said


def test_without_the_office_extra_there_is_a_page_and_a_clear_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_fake_board(tmp_path / "run")
    monkeypatch.setitem(sys.modules, "docx", None)
    monkeypatch.setattr("leftshift.report.organisation.page._has_word", lambda: False)
    with pytest.raises(ToolError, match=r"needs python-docx. Install it with: pip install"):
        write_report(tmp_path / "run", word=True)
    write_report(tmp_path / "run")
    assert (tmp_path / "run" / "report.html").is_file()
    assert (tmp_path / "run" / "workbook.xlsx").is_file()
    assert not (tmp_path / "run" / "report.docx").exists()


def test_a_run_of_another_room_is_refused(tmp_path: Path) -> None:
    write_fake_run(tmp_path / "run", leaf_years=(0,), years=1)
    with pytest.raises(ReportError, match="is no run of a board"):
        write_report(tmp_path / "run")


def test_short_names_of_options_are_short_and_each_its_own(folder: Path) -> None:
    found = BoardFindings(open_run(folder)).short
    assert len(set(found.values())) == len(OPTIONS)
    assert all(len(name) <= 24 for name in found.values())
