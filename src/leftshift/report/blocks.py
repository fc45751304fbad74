"""What a report is made of: cells, tables, figures and sections, before any HTML."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from leftshift.report import theme, words
from leftshift.report.findings import Change, Figure, Findings

#: Rows beyond this many stay in the workbook, and the page says so.
LONGEST = 60


@dataclass(frozen=True)
class Cell:
    """One cell: its text, its interval beneath, and whether it is marked as resting on few."""

    text: str
    interval: str = ""
    few: bool = False
    numeric: bool = True
    small: bool = False


@dataclass(frozen=True)
class TableBlock:
    """A table of the page. The first column names the row.

    Attributes:
        key: Unique id within the page.
        caption: What the table holds, with its unit.
        columns: Headings.
        rows: Cells, the first of which is the row's heading.
        stacked: Whether rows become cards on a telephone; otherwise the table scrolls in a frame.
        note: A line beneath.
    """

    key: str
    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    stacked: bool = False
    note: str = ""

    @property
    def any_few(self) -> bool:
        """Whether a mark is used, so that it must be explained."""
        return any(cell.few for row in self.rows for cell in row)


@dataclass(frozen=True)
class FigureBlock:
    """A chart drawn for wide and narrow pages, what it shows in words, and the table behind it."""

    key: str
    title: str
    finding: str
    wide: str
    narrow: str
    table: TableBlock
    note: str = ""


@dataclass(frozen=True)
class Section:
    """A part of the report under a heading of the second level."""

    key: str
    title: str
    paragraphs: Sequence[str] = ()
    figures: Sequence[FigureBlock] = ()
    tables: Sequence[TableBlock] = ()
    inset: str = ""
    lists: Sequence[tuple[str, Sequence[str]]] = ()
    code: str = ""
    definitions: Sequence[tuple[str, str]] = ()
    after: Sequence[str] = ()


def text(text: str) -> Cell:
    """A cell of words."""
    return Cell(text, numeric=False)


def cell(figure: Figure | None) -> Cell:
    """A figure in full, its interval beneath; "not available" where the run lacks it."""
    if figure is None:
        return text("not available")
    return Cell(words.number(figure.value, figure.unit), words.interval(figure), figure.few)


def brief(figure: Figure | None) -> Cell:
    """A cell of a table to be read rather than worked with."""
    if figure is None:
        return text("not available")
    bounds = words.interval(figure, words.in_prose)
    return Cell(words.in_prose(figure.value, figure.unit), bounds, figure.few)


def number(value: Any, unit: str) -> Cell:
    """A number of the checks table by its unit."""
    if value is None:
        return text("not available")
    places = 1 if abs(float(value)) < 100 and words.decimals(unit) == 0 else words.decimals(unit)
    return Cell(f"{float(value):,.{places}f}")


def longer(rows: int) -> str:
    """What to say of a table that is longer than the page shows; "" where it is not."""
    if rows <= LONGEST:
        return ""
    return f"The first {LONGEST} of {rows:,} rows; all are in workbook.xlsx and in the tables."


def drawn(
    key: str,
    title: str,
    finding: str,
    table: TableBlock,
    draw: Callable[[bool], dict[str, Any]],
    note: str = "",
) -> FigureBlock:
    """Draw a chart at both widths and put its table under it.

    Args:
        key: Unique within the page.
        title: Name of the figure.
        finding: What it shows, in words.
        table: The figures drawn.
        draw: Gives the drawing; called with whether it is the narrow one.
        note: How to read it.
    """
    described = f"{finding} The figures are in the table beneath."
    return FigureBlock(
        key,
        title,
        finding,
        theme.inline_svg(draw(False), f"{key}-wide", title, described),
        theme.inline_svg(draw(True), f"{key}-narrow", title, described),
        table,
        note,
    )


def whisker(f: Findings) -> str:
    """How to read the black lines of a chart; "" for a central run."""
    return f"Black lines are 95% intervals in {f.end}." if f.has_intervals else ""


def _change_row(f: Findings, change: Change) -> list[Cell]:
    return [
        text(change.label),
        cell(change.now),
        cell(change.end),
        Cell(words.signed(change.percent)),
    ]


def changes_table(
    f: Findings, key: str, caption: str, first: str, changes: Sequence[Change]
) -> TableBlock:
    """Things now and at the end with their change, a row each."""
    if f.has_intervals:
        caption += ", with 95% intervals beneath"
    return TableBlock(
        key,
        caption,
        [first, f.now, f.end, "Change"],
        [_change_row(f, c) for c in changes],
        stacked=True,
    )
