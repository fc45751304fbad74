"""Pounds in words: "£2.10 billion", "£431 million", "£3,480", with a minus sign proper.

Prose and charts give money to three significant figures; tables give it in millions. Nothing here
knows a run or its prices: whoever writes an amount says which year's prices it is in.
"""

from __future__ import annotations

import math

__all__ = ["is_money", "millions", "pounds", "short_pounds", "yearly"]

_MINUS = "\N{MINUS SIGN}"


def is_money(unit: str) -> bool:
    """Whether a unit counts pounds."""
    return unit.startswith("£")


def _split(value: float, figures: int = 3) -> tuple[str, float]:
    """A sign, and the size to some significant figures and never finer than a pound."""
    if value == 0 or not math.isfinite(value):
        return "", 0.0
    digits = figures - 1 - math.floor(math.log10(abs(value)))
    near = round(value, min(digits, 0)) + 0.0
    return (_MINUS if near < 0 else ""), abs(near)


def _scaled(size: float, unit: float, figures: int) -> str:
    scaled = size / unit
    return f"{scaled:,.{max(0, figures - 1 - math.floor(math.log10(scaled)))}f}"


def pounds(value: float, figures: int = 3) -> str:
    """An amount in prose: "£5.72 billion", "£431 million", "£3,480".

    Args:
        value: pounds.
        figures: significant figures; fewer for a difference of large amounts.
    """
    sign, size = _split(value, figures)
    if size >= 1e9:
        return f"{sign}£{_scaled(size, 1e9, figures)} billion"
    if size >= 1e6:
        return f"{sign}£{_scaled(size, 1e6, figures)} million"
    return f"{sign}£{size:,.0f}"


def short_pounds(value: float, signed: bool = False) -> str:
    """An amount beside a mark of a chart: "£5.7bn", "£431m", "£3,480"; two figures are enough."""
    sign, size = _split(value)
    if signed and size and not sign:
        sign = "+"
    if size >= 1e9:
        return f"{sign}£{size / 1e9:,.{2 if size < 1e10 else 1}f}bn"
    if size >= 1e6:
        return f"{sign}£{size / 1e6:,.{0 if size >= 1e7 else 1}f}m"
    return f"{sign}£{size:,.0f}"


def millions(value: float) -> str:
    """An amount in a table whose caption says £ million."""
    scaled = value / 1e6
    places = 0 if abs(scaled) >= 99.5 else 1
    text = f"{scaled:,.{places}f}"
    if not text.strip("-0.,"):
        return "0"
    return text.replace("-", _MINUS)


def yearly(start: float, end: float, years: int) -> float | None:
    """Mean growth in per cent a year between two amounts; None where it has no meaning."""
    if start <= 0 or end <= 0 or years < 1:
        return None
    return float(100.0 * ((end / start) ** (1.0 / years) - 1.0))
