"""One parameter row: how it is read from a file, and what is checked of it."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from leftshift.errors import CatalogueError, QuantityError, listed, nearest
from leftshift.quantities import DISTRIBUTIONS, GRADES, Estimate

__all__ = ["COLUMNS", "Row", "make_row", "read_rows"]

COLUMNS = (
    "id",
    "label",
    "value",
    "lower",
    "upper",
    "distribution",
    "unit",
    "source",
    "as_of",
    "grade",
    "note",
)
"""The columns of every parameter file, in any order in a project's own."""

_NEEDED = ("label", "unit", "source", "as_of", "grade")
_ID = re.compile(r"[a-z][a-z0-9_]*(\.[A-Za-z0-9_]+)*")
_AS_OF = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of the catalogue.

    Attributes:
        id: its dotted snake_case name, unique in the catalogue.
        label: what it is, in words.
        estimate: the figure with its interval, distribution, unit, source, date and grade.
        note: anything else that a reader should know; may be empty.
        file: the file it stands in, as messages name it.
        line: its line in that file, from 1; 0 where it stands in no file.
        layer: the layer it comes from: "shipped", "project" or "plan".
    """

    id: str
    label: str
    estimate: Estimate
    note: str
    file: str
    line: int
    layer: str

    @property
    def unverified(self) -> bool:
        """Whether the figure is only recalled (R) or assumed (A)."""
        return self.estimate.grade in ("R", "A")


def _number(text: str, column: str) -> float | None:
    if text == "":
        return None
    if _NUMBER.fullmatch(text) is None:
        hint = ""
        if "," in text:
            hint = " Leave out the thousands separator."
        elif "%" in text:
            hint = " Leave out the percent sign and say what it is in `unit`."
        raise CatalogueError(f'{column} "{text}" is not a number.{hint} Write it as 0.25 or 1e-4.')
    number = float(text)
    if not math.isfinite(number):
        raise CatalogueError(f'{column} "{text}" is too large to be a number here.')
    return number


def make_row(cells: dict[str, str], shown: str, line: int, layer: str) -> Row:
    """Makes a row of its cells, checked.

    Args:
        cells: the text of every column.
        shown: the file it stands in, as messages name it.
        line: its line there.
        layer: the layer it belongs to.

    Raises:
        CatalogueError: a cell is missing or wrong; the message names neither file nor line.
    """
    identity = cells["id"]
    if _ID.fullmatch(identity) is None:
        raise CatalogueError(
            f'"{identity}" is no id. Write dotted snake_case, such as mortality.improvement.'
        )
    for column, cell in cells.items():
        if not cell.isprintable():
            raise CatalogueError(
                f"{identity}: {column} holds a character that cannot be shown ({cell!a}). "
                "Write it as one line of plain text."
            )
    for column in _NEEDED:
        if cells[column] == "":
            raise CatalogueError(
                f"{identity} has no {column}. Every row needs {listed(_NEEDED)}."
                + (" Where a figure has no source, say so and grade it A." * (column == "source"))
            )
    if _AS_OF.fullmatch(cells["as_of"]) is None:
        raise CatalogueError(
            f'{identity}: as_of "{cells["as_of"]}" is no date. Write 2023, 2023-06 or 2023-06-30.'
        )
    distribution, grade = cells["distribution"], cells["grade"]
    if distribution not in DISTRIBUTIONS:
        raise CatalogueError(
            f'{identity}: no distribution called "{distribution}".'
            f"{nearest(distribution, DISTRIBUTIONS)} Allowed: {listed(DISTRIBUTIONS)}."
        )
    if grade not in GRADES:
        meanings = listed(f"{key} ({meaning})" for key, meaning in GRADES.items())
        raise CatalogueError(f'{identity}: no grade called "{grade}". Allowed: {meanings}.')
    value = _number(cells["value"], "value")
    if value is None:
        raise CatalogueError(f"{identity} has no value. Write a number.")
    try:
        estimate = Estimate(
            value,
            _number(cells["lower"], "lower"),
            _number(cells["upper"], "upper"),
            distribution,
            cells["unit"],
            cells["source"],
            cells["as_of"],
            grade,
        )
    except QuantityError as problem:
        raise CatalogueError(f"{identity}: {problem}") from None
    return Row(identity, cells["label"], estimate, cells["note"], shown, line, layer)


def read_text(path: Path, shown: str) -> str:
    """Reads a UTF-8 file of the catalogue, with or without a byte order mark.

    Raises:
        CatalogueError: the file cannot be read or is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise CatalogueError(
            f'{shown}: not UTF-8 text (byte {problem.start + 1}). In Excel, save it as "CSV UTF-8".'
        ) from None
    except OSError as problem:
        raise CatalogueError(
            f"{shown}: cannot be read ({problem.strerror or problem}). "
            "Check that it is a file and that you may read it."
        ) from None


def csv_lines(text: str, shown: str) -> Callable[[], tuple[int, list[str]] | None]:
    """Gives a function that returns the next non-empty line of CSV with its line number.

    Raises:
        CatalogueError: (from the function) the text is no CSV.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)

    def following() -> tuple[int, list[str]] | None:
        while True:
            start = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return None
            except csv.Error as problem:
                raise CatalogueError(
                    f"{shown}:{max(reader.line_num, 1)}: not valid CSV ({problem}). "
                    'Put a cell that holds a comma or a quote between double quotes ("…").'
                ) from None
            if any(cell.strip() for cell in cells):
                return start, cells

    return following


def read_rows(path: Path, shown: str, layer: str) -> list[Row]:
    """Reads and checks one file of parameter rows.

    Args:
        path: the CSV file.
        shown: how it is named in messages, such as `catalogue/my.csv`.
        layer: the layer it belongs to.

    Returns:
        Its rows in the file's order.

    Raises:
        CatalogueError: a column or a cell is missing or wrong; the message begins `file:line:`.
    """
    following = csv_lines(read_text(path, shown), shown)
    first = following()
    if first is None:
        raise CatalogueError(f"{shown}:1: empty. Its first line must be: {','.join(COLUMNS)}")
    header = [cell.strip() for cell in first[1]]
    for name in header:
        if name not in COLUMNS:
            raise CatalogueError(
                f'{shown}:{first[0]}: no column called "{name}".{nearest(name, COLUMNS)} '
                f"The columns are: {','.join(COLUMNS)}"
            )
    missing = [name for name in COLUMNS if name not in header and name != "note"]
    if missing or len(set(header)) < len(header):
        said = f"column {missing[0]} is missing" if missing else "a column is named twice"
        raise CatalogueError(f"{shown}:{first[0]}: {said}. Columns: {','.join(COLUMNS)}")
    rows: list[Row] = []
    seen: dict[str, int] = {}
    while (found := following()) is not None:
        line, cells = found
        if len(cells) != len(header):
            raise CatalogueError(
                f"{shown}:{line}: {len(cells)} cells where the header has {len(header)}. "
                'Put text that holds a comma between double quotes ("…").'
            )
        named = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
        named.setdefault("note", "")
        try:
            row = make_row(named, shown, line, layer)
        except CatalogueError as problem:
            raise CatalogueError(f"{shown}:{line}: {problem}") from None
        if row.id in seen:
            raise CatalogueError(
                f"{shown}:{line}: {row.id} is already on line {seen[row.id]}. Keep one of the two."
            )
        seen[row.id] = line
        rows.append(row)
    return rows
