"""Files of responses as grids of text: CSV in any usual encoding, Excel with its merged cells."""

from __future__ import annotations

import csv
import datetime
import io
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from leftshift.errors import listed, nearest
from leftshift.survey.problems import Problems

__all__ = ["Grid", "column_letter", "read_grid"]

_MOST_CELLS = 20_000_000
_MOST_COLUMNS = 16_384


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of text as it stands in a file.

    Attributes:
        file: the file's name, as messages show it.
        rows: its rows from the first, each a list of cells; they may differ in length.
        filled: (row, column) from 0 of cells that took the value of the merged cell they lie in.
        notes: what was assumed to read it, such as an encoding.
    """

    file: str
    rows: list[list[str]]
    filled: frozenset[tuple[int, int]] = field(default=frozenset(), repr=False)
    notes: tuple[str, ...] = ()


def column_letter(place: int) -> str:
    """Gives the letters of a column as a spreadsheet does: 0 is A, 26 is AA."""
    letters = ""
    while place >= 0:
        letters = chr(ord("A") + place % 26) + letters
        place = place // 26 - 1
    return letters


def read_grid(path: Path, shown: str, sheet: str, problems: Problems) -> Grid | None:
    """Reads a file of responses.

    Args:
        path: a .csv, .tsv, .txt, .xlsx or .xlsm file.
        shown: how messages name it.
        sheet: the sheet of a workbook; "" for the first that is not empty.
        problems: takes what is wrong.

    Returns:
        The grid; None where the file cannot be read.
    """
    kind = path.suffix.casefold()
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        folder = path.parent
        beside = sorted(one.name for one in folder.iterdir()) if folder.is_dir() else []
        problems.add(shown, f"cannot be read ({reason}).{nearest(path.name, beside)}")
        return None
    if kind in (".xlsx", ".xlsm"):
        return _workbook(data, shown, sheet, problems)
    if data[:4] == b"PK\x03\x04" or data[:4] == b"\xd0\xcf\x11\xe0" or kind == ".xls":
        problems.add(shown, "is a workbook of another kind. Save it as .xlsx or as CSV UTF-8.")
        return None
    return _text(data, shown, problems)


def _text(data: bytes, shown: str, problems: Problems) -> Grid | None:
    notes: tuple[str, ...] = ()
    try:
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            text = data.decode("utf-16")
        else:
            text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What Excel on Windows saves as plain "CSV"; five bytes mean nothing in it.
        text = data.decode("cp1252", errors="replace")
        notes = ("It is not UTF-8 and was read as Windows-1252.",)
    if "\0" in text:
        problems.add(shown, "holds NUL bytes and is no CSV file. Export it again as CSV UTF-8.")
        return None
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)))
    except csv.Error as error:
        problems.add(shown, f"is not a CSV file that can be read ({error}). Export it again.")
        return None
    return _grid(
        shown, [[cell.strip() for cell in row] for row in rows], frozenset(), notes, problems
    )


def _delimiter(text: str) -> str:
    counts: Counter[str] = Counter()
    for line in text.splitlines()[:5]:
        quoted = False
        for letter in line:
            if letter == '"':
                quoted = not quoted
            elif letter in ",;\t" and not quoted:
                counts[letter] += 1
    # The comma wins a tie, as it is what CSV says.
    return max((",", ";", "\t"), key=lambda one: counts[one])


def _workbook(data: bytes, shown: str, sheet: str, problems: Problems) -> Grid | None:
    import openpyxl  # type: ignore[import-untyped,unused-ignore]

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and validations that do not matter here
            book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    except Exception as error:  # a damaged workbook fails in as many ways as zip and XML do
        problems.add(
            shown,
            f"is not a workbook that can be read ({type(error).__name__}). Open it in Excel and "
            "save it again as .xlsx, without a password.",
        )
        return None
    names = [one.title for one in book.worksheets]
    if sheet and sheet not in names:
        problems.add(
            shown, f'no sheet called "{sheet}".{nearest(sheet, names)} Sheets: {listed(names)}.'
        )
        return None
    chosen = [one for one in book.worksheets if one.title == sheet] if sheet else book.worksheets
    for page in chosen:
        if page.max_row * page.max_column > _MOST_CELLS:
            problems.add(shown, f'sheet "{page.title}" is too large. Delete its empty rows.')
            return None
        rows = [[_cell(value) for value in row] for row in page.iter_rows(values_only=True)]
        if any(any(row) for row in rows):
            return _grid(shown, rows, _fill(page, rows), (), problems)
    problems.add(shown, "holds no table.")
    return None


def _fill(page: Any, rows: list[list[str]]) -> frozenset[tuple[int, int]]:
    filled = set()
    for area in page.merged_cells.ranges:
        first, left = area.min_row - 1, area.min_col - 1
        if first >= len(rows) or left >= len(rows[first]):
            continue
        value = rows[first][left]
        for row in range(first, min(area.max_row, len(rows))):
            for column in range(left, min(area.max_col, len(rows[row]))):
                if (row, column) != (first, left) and value:
                    rows[row][column] = value
                    filled.add((row, column))
    return frozenset(filled)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return str(value).strip()


def _grid(
    shown: str,
    rows: list[list[str]],
    filled: frozenset[tuple[int, int]],
    notes: tuple[str, ...],
    problems: Problems,
) -> Grid | None:
    while rows and not any(rows[-1]):
        rows.pop()
    if not rows:
        problems.add(shown, "is empty.")
        return None
    if max(len(row) for row in rows) > _MOST_COLUMNS:
        problems.add(shown, f"has over {_MOST_COLUMNS} columns, and so is no file of responses.")
        return None
    return Grid(shown, rows, filled, notes)
