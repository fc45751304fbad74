"""Cells of a survey's tables: figures, counts and p-values, and what stands where one is hidden."""

from __future__ import annotations

from typing import Any

from leftshift.report.blocks import Cell
from leftshift.report.survey import words
from leftshift.report.survey.findings import Figure

__all__ = ["SHARE", "cell", "count", "p_value"]

SHARE = "Per cent of those who answered"


def cell(figure: Figure | None) -> Cell:
    """A figure with its interval beneath."""
    if figure is None:
        return Cell("not asked")
    if not figure.shown:
        return Cell(words.HIDDEN)
    return Cell(words.number(figure.value, figure.unit), words.bounds(figure))


def count(value: Any) -> Cell:
    """A number of people."""
    return Cell(words.HIDDEN) if value is None else Cell(f"{value:,}")


def p_value(value: float | None) -> Cell:
    """A p-value; "not tested" where there is none."""
    if value is None:
        return Cell("not tested")
    return Cell("below 0.001" if value < 0.001 else f"{value:.3f}")
