"""Small pieces of Markdown that every made page uses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MADE = "<!-- Made by tools/build_docs.py. Change what it describes, not this page. -->"


def cell(text: str) -> str:
    """Text that can stand in a table's cell."""
    return " ".join(str(text).split()).replace("|", "\\|").replace("<", "&lt;").strip()


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, its cells made safe."""
    lines = [f"| {' | '.join(headers)} |", "|" + "---|" * len(headers)]
    lines += [f"| {' | '.join(map(cell, row))} |" for row in rows]
    return "\n".join(lines)


def figure(value: float | None) -> str:
    """A figure as short as it can be written without losing a digit that the catalogue holds."""
    if value is None:
        return ""
    if value == int(value) and abs(value) < 1e15:
        # A year is no amount: 2025, not 2,025.
        return f"{int(value):,}" if abs(value) >= 10_000 else str(int(value))
    return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.2f}"
