"""Cells, bars and phrases that every section of care and money uses."""

from __future__ import annotations

from typing import Any

from leftshift.report import blocks, words
from leftshift.report.blocks import Cell
from leftshift.report.care.figures import Care
from leftshift.report.findings import Figure
from leftshift.report.money import millions, pounds, short_pounds, yearly

__all__ = [
    "amount",
    "bar",
    "counted",
    "from_to",
    "grade",
    "money",
    "over_years",
    "percent",
    "pounds_with_interval",
    "unsure",
    "whole",
]

MINUS = "\N{MINUS SIGN}"


def money(figure: Figure | None) -> Cell:
    """An amount in £ million with its interval; the caption says that it is in millions."""
    if figure is None:
        return blocks.text("not available")
    bounds = ""
    if figure.lower is not None and figure.upper is not None:
        bounds = f"{millions(figure.lower)} to {millions(figure.upper)}"
    return Cell(millions(figure.value), bounds)


def amount(figure: Figure | None) -> Cell:
    """An amount in whole pounds, such as spend per head."""
    if figure is None:
        return blocks.text("not available")
    bounds = ""
    if figure.lower is not None and figure.upper is not None:
        bounds = f"{pounds(figure.lower)} to {pounds(figure.upper)}"
    return Cell(pounds(figure.value), bounds)


def counted(figure: Figure | None) -> Cell:
    """A count to three significant figures, with its interval."""
    if figure is None:
        return blocks.text("not available")
    bounds = words.interval(figure, lambda value, _unit: words.people(value))
    return Cell(words.people(figure.value), bounds)


def percent(value: float | None, places: int = 1) -> Cell:
    """A percentage."""
    if value is None:
        return blocks.text("not available")
    text = f"{value:.{places}f}%"
    if not text.strip("-0.%"):
        text = f"{0:.{places}f}%"
    return Cell(text.replace("-", MINUS))


def whole(value: float) -> str:
    """A count beside a mark: three significant figures."""
    return words.people(value)


def pounds_with_interval(figure: Figure, first: bool = False) -> str:
    """An amount in a sentence with its interval: "£8.41 billion (£7.92 to £8.93 billion)"."""
    main = pounds(figure.value)
    if figure.lower is None or figure.upper is None:
        return main
    low, high = pounds(figure.lower), pounds(figure.upper)
    for scale in (" billion", " million"):
        if low.endswith(scale) and high.endswith(scale):
            low = low.removesuffix(scale)
    return f"{main} ({'95% interval ' if first else ''}{low} to {high})"


def unsure(now: Figure, end: Figure) -> bool:
    """Whether the interval at the end holds what is there now, so that its direction is open."""
    return end.lower is not None and end.upper is not None and end.lower < now.value < end.upper


def bar(figure: Figure | None, kind: str = "pounds", against: float | None = None) -> Any:
    """One bar of a clustered chart, or None where the run has no such figure."""
    if figure is None:
        return None
    said = short_pounds(figure.value) if kind == "pounds" else whole(figure.value)
    if kind == "percent":
        said = f"{figure.value:.1f}%".replace("-", MINUS)
    return {
        "value": figure.value,
        "lower": figure.lower,
        "upper": figure.upper,
        "text": said,
        "against": against,
    }


def over_years(care: Care, now: Figure, end: Figure) -> str:
    """Mean yearly growth in words: "2.0% a year above inflation"; "" without meaning."""
    rate = yearly(now.value, end.value, len(care.f.years) - 1)
    if rate is None:
        return ""
    if abs(rate) < 0.05:
        return "no growth above inflation"
    side = "a year above inflation" if rate > 0 else "a year less, after inflation"
    return f"{abs(rate):.1f}% {side}"


def from_to(care: Care, figures: list[Figure | None]) -> str:
    """Amounts at the years shown: "£5.72 billion in 2025/26, £6.90 billion in 2035/36 and …"."""
    parts = [
        f"{pounds(g.value)} in {year}"
        for year, g in zip(care.marks, figures, strict=True)
        if g is not None
    ]
    return words.joined(parts) if parts else ""


def grade(letters: set[str]) -> str:
    """What the worst grade of some inputs means for the reader; "" where all are verified."""
    if "A" in letters:
        return "Some inputs are assumed (grade A): read it as an order of magnitude."
    if "R" in letters:
        return "Some inputs are recalled (grade R) and still to be verified."
    return ""
