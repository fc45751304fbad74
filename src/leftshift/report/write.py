"""Opens a run folder and puts the page and the workbook into it."""

from __future__ import annotations

from pathlib import Path

from leftshift.errors import ReportError
from leftshift.report import page, workbook
from leftshift.report.findings import Findings
from leftshift.runs import open_run

PAGE = "report.html"
WORKBOOK = "workbook.xlsx"


def _findings(folder: Path) -> Findings:
    run = open_run(folder)
    if "summary" not in run.tables or run.table("summary").height == 0:
        raise ReportError(
            f"{folder} has no summary table, so there is nothing to report. "
            "Make the run again with --replace."
        )
    return Findings(run)


def both(folder: Path) -> None:
    """Write report.html and workbook.xlsx."""
    found = _findings(folder)
    _write_page(found, folder)
    _write_workbook(found, folder)


def page_only(folder: Path) -> None:
    """Write report.html."""
    _write_page(_findings(folder), folder)


def workbook_only(folder: Path) -> None:
    """Write workbook.xlsx."""
    _write_workbook(_findings(folder), folder)


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
