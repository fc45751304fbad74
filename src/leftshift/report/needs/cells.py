"""Cells of the tables of a needs assessment."""

from __future__ import annotations

from leftshift.report import blocks
from leftshift.report.blocks import Cell
from leftshift.report.findings import Figure
from leftshift.report.needs.findings import shown

__all__ = ["PER", "REST", "cell", "row_cell"]

PER = "per 100,000"
#: Everyone but the Core20 group.
REST = "2-5"


def cell(figure: Figure | None, bounds: bool = True) -> Cell:
    """A figure with its interval beneath; "not shown" where the run lacks it."""
    if figure is None:
        return blocks.text("not shown")
    interval = ""
    if bounds and figure.lower is not None and figure.upper is not None:
        interval = f"{shown(figure.lower, figure.unit)} to {shown(figure.upper, figure.unit)}"
    return Cell(shown(figure.value, figure.unit), interval, figure.few)


def row_cell(value: float, lower: float | None, upper: float | None, unit: str) -> Cell:
    """A number with an interval beneath."""
    interval = ""
    if lower is not None and upper is not None:
        interval = f"{shown(lower, unit)} to {shown(upper, unit)}"
    return Cell(shown(value, unit), interval)
