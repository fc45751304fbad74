"""The catalogue's bulk tables: what `tables.toml` says of each, and how one is read and checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leftshift.catalogue.lines import KeyLines, read_toml
from leftshift.catalogue.rows import csv_lines, read_text
from leftshift.errors import CatalogueError, listed, nearest
from leftshift.quantities import GRADES

if TYPE_CHECKING:
    import polars

__all__ = ["Column", "TableAbout", "read_abouts", "read_table"]

_TYPES = ("text", "integer", "number", "flag", "date")
_KEYS = ("file", "label", "unit", "source", "as_of", "grade", "note", "step", "columns")
_COLUMN_KEYS = ("name", "type", "unit", "meaning", "low", "high", "optional")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        name: its heading.
        type: text, integer, number, flag or date.
        unit: what it is counted in; empty for text.
        meaning: what it says, in words.
        low: the smallest allowed value, or None.
        high: the largest allowed value, or None.
        optional: whether a cell may be empty.
    """

    name: str
    type: str
    unit: str = ""
    meaning: str = ""
    low: float | None = None
    high: float | None = None
    optional: bool = False


@dataclass(frozen=True, slots=True)
class TableAbout:
    """What the catalogue says of one bulk table.

    Attributes:
        name: its name in `Catalogue.table`.
        file: its file, relative to the catalogue's folder.
        label: what it is, in words.
        unit: the unit of its figures.
        source: where they come from.
        as_of: the year or ISO date they describe.
        grade: V, D, R or A: the weakest of its parts.
        note: how it was made and what to beware of; may be empty.
        step: the step of tools/build_catalogue.py that makes it, or empty.
        columns: its columns in order.
    """

    name: str
    file: str
    label: str
    unit: str
    source: str
    as_of: str
    grade: str
    note: str
    step: str
    columns: tuple[Column, ...]


def read_abouts(path: Path, shown: str) -> dict[str, TableAbout]:
    """Reads `tables.toml`.

    Raises:
        CatalogueError: a block is incomplete or wrong; the message begins `file:line:`.
    """
    document, lines = read_toml(path, shown, CatalogueError)
    return {name: _about(name, block, lines, shown) for name, block in document.items()}


def _about(name: str, block: Any, lines: KeyLines, shown: str) -> TableAbout:
    def at(*path: str | int) -> str:
        # Lines are looked for only where there is something to say of them.
        return f"{shown}:{lines.of(name, *path)}: table {name}"

    if not isinstance(block, dict):
        raise CatalogueError(f"{at()} must be a block, such as [{name}].")
    for key in block:
        if key not in _KEYS:
            raise CatalogueError(
                f'{at(key)}: no key called "{key}".'
                f"{nearest(key, _KEYS)} Allowed: {listed(_KEYS, 20)}."
            )
    for key in ("file", "label", "unit", "source", "as_of", "grade"):
        if not isinstance(block.get(key), str) or not block[key].strip():
            raise CatalogueError(f'{at()} has no {key}. Write it as text: {key} = "…".')
    if block["grade"] not in GRADES:
        raise CatalogueError(f'{at()}: no grade "{block["grade"]}". Allowed: {listed(GRADES)}.')
    columns = block.get("columns")
    if not isinstance(columns, list) or not columns:
        raise CatalogueError(f"{at()} has no columns. List them: columns = [ {{ name = … }} ].")
    return TableAbout(
        name,
        block["file"],
        block["label"],
        block["unit"],
        block["source"],
        block["as_of"],
        block["grade"],
        str(block.get("note", "")),
        str(block.get("step", "")),
        tuple(
            _column(column, lambda place=place: at("columns", place))  # type: ignore[misc]
            for place, column in enumerate(columns)
        ),
    )


def _column(block: Any, at: Callable[[], str]) -> Column:
    if not isinstance(block, dict) or not isinstance(block.get("name"), str):
        raise CatalogueError(f'{at()}: a column is written {{ name = "…", type = "…", … }}.')
    for key in block:
        if key not in _COLUMN_KEYS:
            raise CatalogueError(
                f'{at()}: column {block["name"]}: no key called "{key}".'
                f"{nearest(key, _COLUMN_KEYS)} Allowed: {listed(_COLUMN_KEYS)}."
            )
    if block.get("type") not in _TYPES:
        raise CatalogueError(
            f'{at()}: column {block["name"]}: no type called "{block.get("type")}". '
            f"Allowed: {listed(_TYPES)}."
        )
    try:
        return Column(**block)
    except TypeError as problem:
        raise CatalogueError(f"{at()}: column {block['name']}: {problem}.") from None


def read_table(path: Path, shown: str, about: TableAbout) -> polars.DataFrame:
    """Reads a table's file and checks it against what is said of it.

    Args:
        path: the CSV file.
        shown: how it is named in messages.
        about: the table's block of `tables.toml`.

    Returns:
        The table, with the described columns in their order.

    Raises:
        CatalogueError: the header or a cell is wrong; the message begins `file:line:`.
    """
    import polars as pl

    kinds: Mapping[str, Any] = {
        "text": pl.String,
        "integer": pl.Int64,
        "number": pl.Float64,
        "flag": pl.Boolean,
        "date": pl.Date,
    }
    text = read_text(path, shown)
    names = [column.name for column in about.columns]
    header = csv_lines(text, shown)()
    if header is None or [cell.strip() for cell in header[1]] != names:
        raise CatalogueError(
            f"{shown}:1: the first line must name the columns of table {about.name}: "
            f"{','.join(names)}"
        )
    try:
        frame = pl.read_csv(
            text.encode(),
            schema={column.name: kinds[column.type] for column in about.columns},
        )
    except pl.exceptions.PolarsError as problem:
        raise CatalogueError(_wrong_cell(text, shown, about, str(problem))) from None
    blank = [c.name for c in about.columns if c.optional and c.type == "text"]
    if blank:
        frame = frame.with_columns(pl.col(blank).fill_null(""))
    wrong = _wrong_column(frame, about)
    if wrong is not None:
        raise CatalogueError(_wrong_cell(text, shown, about, f"column {wrong}"))
    return frame


def _wrong_column(frame: polars.DataFrame, about: TableAbout) -> str | None:
    """The first column with an empty cell, or a figure outside its bounds, that it may not have."""
    import polars as pl

    # All columns at once: some tables have a column for each year of age.
    empty = frame.select(pl.all().null_count()).row(0, named=True)
    figures = [c.name for c in about.columns if c.type in ("integer", "number")]
    least, most, finite = (
        frame.select(found).row(0, named=True) if figures else {}
        for found in (
            pl.col(figures).min(),
            pl.col(figures).max(),
            pl.col(figures).cast(pl.Float64).is_finite().all(),
        )
    )
    for column in about.columns:
        name = column.name
        if empty[name] and not column.optional:
            return name
        if name not in finite or least[name] is None:
            continue
        low, high = column.low, column.high
        if (
            not finite[name]
            or (low is not None and least[name] < low)
            or (high is not None and most[name] > high)
        ):
            return name
    return None


def _wrong_cell(text: str, shown: str, about: TableAbout, said: str) -> str:
    # Only on the way to an error: the file is read again, slowly, for the line to name.
    following = csv_lines(text, shown)
    following()
    while (found := following()) is not None:
        line, cells = found
        if len(cells) != len(about.columns):
            return (
                f"{shown}:{line}: {len(cells)} cells where table {about.name} has "
                f"{len(about.columns)} columns."
            )
        for column, cell in zip(about.columns, cells, strict=True):
            wrong = _wrong(cell, column)
            if wrong:
                return f"{shown}:{line}: {column.name} {wrong} (table {about.name})."
    return f"{shown}: table {about.name} cannot be read: {said.splitlines()[0]}."


def _wrong(cell: str, column: Column) -> str:
    if cell == "":
        return "" if column.optional else "is empty"
    if column.type == "text":
        return ""
    if column.type == "flag":
        return "" if cell in ("true", "false") else f'is "{cell}"; write true or false'
    try:
        if column.type == "date":
            date.fromisoformat(cell)
            return ""
        number = int(cell) if column.type == "integer" else float(cell)
    except ValueError:
        kind = {"integer": "a whole number", "number": "a number", "date": "a date"}[column.type]
        return f'is "{cell}", which is not {kind}'
    low = column.low if column.low is not None else float("-inf")
    high = column.high if column.high is not None else float("inf")
    if not (low <= number <= high) or number in (float("inf"), float("-inf")):
        bounds = [f"at least {low:g}"] * (column.low is not None)
        bounds += [f"at most {high:g}"] * (column.high is not None)
        return f"is {cell}; it must be {' and '.join(bounds) or 'finite'}"
    return ""
