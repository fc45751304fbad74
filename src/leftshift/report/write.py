"""Opens a run folder and puts the page, the workbook and a plan's board paper into it."""

from __future__ import annotations

from pathlib import Path

from leftshift.errors import ReportError
from leftshift.report import page, plans, workbook
from leftshift.report.findings import Findings
from leftshift.runs import open_run

PAGE = "report.html"
WORKBOOK = "workbook.xlsx"
PAPER = "board-paper.docx"


def _findings(folder: Path) -> Findings:
    run = open_run(folder)
    if "summary" not in run.tables or run.table("summary").height == 0:
        raise ReportError(
            f"{folder} has no summary table, so there is nothing to report. "
            "Make the run again with --replace."
        )
    return Findings(run)


def both(folder: Path) -> None:
    """Write report.html and workbook.xlsx, and for a plan the paper where Word is to be had."""
    found = _findings(folder)
    _write_page(found, folder)
    _write_workbook(found, folder)
    if plans.is_plan(found):
        from leftshift.report.plans.word import has_word

        if has_word():
            _write_paper(found, folder)


def page_only(folder: Path) -> None:
    """Write report.html."""
    _write_page(_findings(folder), folder)


def workbook_only(folder: Path) -> None:
    """Write workbook.xlsx."""
    _write_workbook(_findings(folder), folder)


def paper_only(folder: Path) -> None:
    """Write board-paper.docx, of a plan's run.

    Raises:
        ReportError: the run compares no plan.
        ToolError: python-docx is not installed.
    """
    found = _findings(folder)
    if not plans.is_plan(found):
        raise ReportError(
            f"{folder} is no run of a plan, so there is no board paper to write. Make one with: "
            "leftshift run PLAN.toml"
        )
    _write_paper(found, folder)


def _write_paper(found: Findings, folder: Path) -> None:
    from leftshift.report.plans.word import write

    try:
        write(plans.PlanFindings(found), folder / PAPER)
    except OSError as error:
        raise ReportError(f"{folder / PAPER} could not be written: {error}.") from error


def _write_page(found: Findings, folder: Path) -> None:
    text = page.render(found)
    try:
        (folder / PAGE).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise ReportError(f"{folder / PAGE} could not be written: {error}.") from error


def _write_workbook(found: Findings, folder: Path) -> None:
    try:
        workbook.write(found, folder / WORKBOOK)
    except OSError as error:
        raise ReportError(f"{folder / WORKBOOK} could not be written: {error}.") from error
