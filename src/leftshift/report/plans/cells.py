"""Numbers of a plan as cells and in sentences: differences with their sign and their doubt."""

from __future__ import annotations

import math

from leftshift.report import blocks, words
from leftshift.report.blocks import Cell
from leftshift.report.findings import Figure
from leftshift.report.money import is_money, millions, pounds, short_pounds
from leftshift.report.plans.figures import crosses

__all__ = [
    "EITHER",
    "JOINER",
    "beside",
    "difference",
    "millions_cell",
    "plain",
    "share",
    "signed",
    "signed_cell",
    "size",
    "upper_first",
]

_MINUS = "\N{MINUS SIGN}"

#: Keeps what stands before it and after it on one line.
JOINER = "\N{WORD JOINER}"

#: What is said of a difference whose interval holds nothing at all.
EITHER = "it could be either"


def size(value: float, unit: str = "") -> str:
    """How much, without its sign: "£12.4 million", "1,240", "3.2", "0.04"."""
    value = abs(value)
    if is_money(unit):
        return pounds(value)
    if value < 5e-5 or not math.isfinite(value):
        return "0"
    if value >= 99.5:
        return words.people(value)
    digits = max(0, 1 - math.floor(math.log10(value)))
    return f"{value:,.{min(digits, 4)}f}"


def signed(value: float, unit: str = "") -> str:
    """A difference with its sign: "+£12.4 million", "−1,240"; "0" for none."""
    said = size(value, unit)
    if not said.strip("0.£"):
        return "0" if not is_money(unit) else "£0"
    return f"{_MINUS if value < 0 else '+'}{said}"


def signed_cell(figure: Figure | None) -> Cell:
    """A difference with its sign and its interval beneath."""
    if figure is None:
        return blocks.text("not available")
    bounds = ""
    # A figure that no draw moves (such as a count of people) needs no interval.
    if figure.lower is not None and figure.upper is not None and figure.lower != figure.upper:
        low, high = signed(figure.lower, figure.unit), signed(figure.upper, figure.unit)
        bounds = f"{low} to {high}"
    return Cell(signed(figure.value, figure.unit), bounds)


def millions_cell(figure: Figure | None) -> Cell:
    """An amount in £ million with its sign as it is; the caption says that it is in millions."""
    if figure is None:
        return blocks.text("not available")
    bounds = ""
    if figure.lower is not None and figure.upper is not None:
        bounds = f"{millions(figure.lower)} to {millions(figure.upper)}"
    return Cell(millions(figure.value), bounds)


def difference(figure: Figure, less: str = "fewer", more: str = "more") -> str:
    """A difference in a sentence, with its interval and its doubt.

    "1,240 fewer (95% interval 980 to 1,500 fewer)", or, where the interval holds nothing at all,
    "1,240 fewer, but the 95% interval runs from 3,000 fewer to 500 more, so it could be either".
    """
    unit = figure.unit
    said = size(figure.value, unit)
    if not said.strip("0.£"):
        return "no change"
    main = f"{said} {more if figure.value > 0 else less}"
    if figure.lower is None or figure.upper is None:
        return main
    low, high = figure.lower, figure.upper
    if crosses(figure):
        return (
            f"{main}, but the 95% interval runs from {size(low, unit)} {less} to "
            f"{size(high, unit)} {more}, so {EITHER}"
        )
    ends = sorted((abs(low), abs(high)))
    return f"{main} (95% interval {_range(ends[0], ends[1], unit)})"


def _range(low: float, high: float, unit: str) -> str:
    first, last = size(low, unit), size(high, unit)
    for scale in (" million", " billion"):
        if first.endswith(scale) and last.endswith(scale):
            first = first.removesuffix(scale)
    return f"{first} to {last}"


def plain(figure: Figure) -> str:
    """A figure in a sentence: "£12.4 million (95% interval £8.1 to £19 million)"."""
    unit = figure.unit

    def put(value: float) -> str:
        # The word joiner keeps a sign with its figure where the line breaks.
        return f"{f'{_MINUS}{JOINER}' if value < 0 else ''}{size(value, unit)}"

    if figure.lower is None or figure.upper is None:
        return put(figure.value)
    if figure.lower >= 0:
        return f"{put(figure.value)} (95% interval {_range(figure.lower, figure.upper, unit)})"
    return f"{put(figure.value)} (95% interval {put(figure.lower)} to {put(figure.upper)})"


def beside(value: float, money: bool) -> str:
    """A difference beside a mark of a chart."""
    return short_pounds(value, signed=True) if money else signed(value)


def share(value: float) -> str:
    """A share of draws in words that do not claim more than draws can show."""
    if value >= 0.995:
        return "over 99%"
    return "under 1%" if value <= 0.005 else f"{100 * value:.0f}%"


def upper_first(text: str) -> str:
    """A sentence's first letter as a capital."""
    return text[:1].upper() + text[1:]
