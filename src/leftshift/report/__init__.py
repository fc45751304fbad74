"""The report room: what a run found, as a page to read and a workbook to work with.

`findings` picks the figures out of a run's tables, `words` says them, `charts` and `theme` draw
them, `page` lays them out as report.html, and `workbook` as workbook.xlsx. The room reads the run
folder and nothing else; the same tables give the same bytes.
"""

from __future__ import annotations

from pathlib import Path

__all__ = [
    "write_assumptions",
    "write_board_paper",
    "write_page",
    "write_report",
    "write_workbook",
]


def write_report(folder: Path) -> None:
    """Write report.html and workbook.xlsx into a run folder, visible or still unfinished.

    Args:
        folder: A run folder that `leftshift.runs.open_run` can read, with at least a summary table.

    Raises:
        RunError: The folder is no run, or a table cannot be read.
        ReportError: The run has no summary to report on, or a file cannot be written.
    """
    # Drawing and spreadsheets take most of a second to import: only who asks for them pays.
    from leftshift.report.write import both

    both(folder)


def write_page(folder: Path) -> None:
    """Write report.html alone; see `write_report`."""
    from leftshift.report.write import page_only

    page_only(folder)


def write_workbook(folder: Path) -> None:
    """Write workbook.xlsx alone; see `write_report`."""
    from leftshift.report.write import workbook_only

    workbook_only(folder)


def write_board_paper(folder: Path) -> None:
    """Write board-paper.docx, of a plan's run; see `leftshift.report.write.paper_only`."""
    from leftshift.report.write import paper_only

    paper_only(folder)


def write_assumptions(folder: Path, path: Path | None = None) -> Path:
    """Write the log of a run's assumptions; see `leftshift.report.assumptions`."""
    from leftshift.report.assumptions import write_assumptions as write

    return write(folder, path)
