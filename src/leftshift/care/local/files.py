"""Reading the CSV files of a board's own data: every row is used, or named with its line and why.

The files come from Excel, from other hands and other systems. Nothing is guessed that could be
read in two ways: such a row is refused, and the message says how to write it.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from leftshift.areas.naming import closest, plain
from leftshift.care.local.forms import FORMS, Form, Known
from leftshift.errors import QuantityError, listed, nearest
from leftshift.quantities import FinancialYear

__all__ = ["ALL_AGES", "OLDEST_AGE", "Given", "Problem", "Sheet", "read_sheet"]

OLDEST_AGE = 105
ALL_AGES = (0, OLDEST_AGE)
_MOST_ROWS = 100_000
_MOST_BYTES = 20_000_000
_LONGEST = 60

_GROUPED = re.compile(r"\d{1,3}([, \u00a0\u202f']\d{3})+(\.\d+)?")
_PLAIN = re.compile(r"(\d+(\.\d*)?|\.\d+)")
_TWO_WAYS = re.compile(r"£?\s?\d{1,3}([.,]\d{3})+")
_NUMBERS = ("amount", "positive")
_POWER = re.compile(r"[\d.,]+[eE][+-]?\d+")
_HIDDEN = {"*", "**", "-", "–", "—", "c", "x", ":", "..", "n/a", "na", "nil", "null", "none", "tbc"}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_AGES = re.compile(r"(\d{1,3})\s*(?:-|–|—|‑|to)\s*(\d{1,3})")
_OVER = re.compile(r"(\d{1,3})\s*(?:\+|(?:years )?(?:and|&) (?:over|older|above))")
_DATE = re.compile(
    rf"(\d{{1,4}})[-/ .]({'|'.join(_MONTHS)})[a-z]*([-/ .]\d{{2,4}})?"
    rf"|({'|'.join(_MONTHS)})[a-z]*[-/ .](\d{{1,4}})"
    r"|\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}([ T].*)?",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(\d{4})\s*[/\-–]\s*(\d{4}|\d{2})")
_ISO_MONTH = re.compile(r"(\d{4})-(\d{1,2})(?:-\d{1,2})?")
_NAMED_MONTH = re.compile(
    rf"(?:\d{{1,2}}[- ])?({'|'.join(_MONTHS)})[a-z]*[- ](\d{{2}}|\d{{4}})", re.IGNORECASE
)
# What a formula that fails leaves behind: a row that was meant, not a remark.
_EXCEL_ERROR = re.compile(r"#(N/A|REF!|NAME\?|VALUE!|DIV/0!|NULL!|NUM!|SPILL!|CALC!|#+)")
_SEXES = {
    **dict.fromkeys(("female", "f", "women", "woman", "females", "girls and women"), "female"),
    **dict.fromkeys(("male", "m", "men", "man", "males", "boys and men"), "male"),
    **dict.fromkeys(("", "all", "both", "persons", "everyone", "total"), ""),
}


class _Unusable(Exception):
    """A cell or a file that cannot be used, and why; `line` where it is not the first one."""

    def __init__(self, said: str, line: int = 1) -> None:
        super().__init__(said)
        self.line = line


@dataclass(frozen=True, order=True)
class Problem:
    """A row, or a whole file, that cannot be used.

    Attributes:
        file: as messages name it.
        line: its line, from 1.
        said: what is wrong and what to do.
    """

    file: str
    line: int
    said: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.said}"


@dataclass(frozen=True)
class Given:
    """One row that can be used.

    Attributes:
        form: the file's name without ".csv".
        file: the file as messages name it.
        line: its line, from 1.
        item: key of the service, condition, staff group, specialty or payer.
        value: the figure, in its own year.
        year: the year that it describes; None on a waiting list.
        place: code of a place; "" for the whole area.
        ages: the first and the last age it covers.
        sex: "female", "male" or "" for both.
        source: what the file says of where it comes from.
        more: further figures of the row by column: vacancies, months, open, period, starts …
    """

    form: str
    file: str
    line: int
    item: str
    value: float
    year: FinancialYear | None = None
    place: str = ""
    ages: tuple[int, int] = ALL_AGES
    sex: str = ""
    source: str = ""
    more: Mapping[str, float] = field(default_factory=dict, hash=False)

    @property
    def age_band(self) -> str:
        """The ages as they are written: "" for all, "65+", "5-9"."""
        if self.ages == ALL_AGES:
            return ""
        low, high = self.ages
        return f"{low}+" if high == OLDEST_AGE else f"{low}-{high}"

    @property
    def where(self) -> str:
        """File and line."""
        return f"{self.file}:{self.line}"

    def wrong(self, said: str) -> Problem:
        """A problem with this row."""
        return Problem(self.file, self.line, said)


@dataclass
class Sheet:
    """What one file holds.

    Attributes:
        given: the rows that can be used.
        problems: the rest, with reasons.
        passed_over: lines that begin with "#".
    """

    given: list[Given] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    passed_over: int = 0


def read_sheet(path: Path, form: Form, known: Known) -> Sheet:
    """Reads one file.

    Args:
        path: the file.
        form: what it should hold.
        known: what its rows may name.

    Returns:
        Its rows, and what is wrong with the others; nothing is raised for what stands in it.
    """
    shown = f"data/{path.name}"
    sheet = Sheet()
    try:
        text = decoded(path)
        _read(text, shown, form, known, sheet)
    except _Unusable as problem:
        sheet.problems.append(Problem(shown, problem.line, str(problem)))
    return sheet


def decoded(path: Path) -> str:
    """The text of a file, its line ends made plain.

    Raises:
        _Unusable: it cannot be read, or not as text.
    """
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise _Unusable(
            f"cannot be read ({problem.strerror or problem}). Close it in Excel and check that "
            "you may read it."
        ) from None
    if len(data) > _MOST_BYTES:
        raise _Unusable(f"{len(data):,} bytes: too large. Give totals, not records of people.")
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise _Unusable('an Excel workbook, not CSV. In Excel, save it as "CSV UTF-8".')
    try:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            text = data.decode("utf-16")
        else:
            text = data.decode("utf-8-sig")
    except UnicodeError:
        raise _Unusable('not UTF-8 text. In Excel, save it as "CSV UTF-8".') from None
    if "\0" in text:
        raise _Unusable('not text (it holds a NUL). In Excel, save it as "CSV UTF-8".')
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _read(text: str, shown: str, form: Form, known: Known, sheet: Sheet) -> None:
    offset = 0
    delimiter = ""
    if text[:4].lower() == "sep=" and "\n" in text:
        first, text = text.split("\n", 1)
        offset, delimiter = 1, first[4:5]
    wanted = ",".join(one.name for one in form.columns)
    if delimiter and delimiter not in ",;\t|":
        raise _Unusable(f"sep={_quoted(delimiter)} parts no cells. Allowed: , ; | or a tab.")
    delimiter = delimiter or _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] | None = None
    count = 0
    while True:
        line = reader.line_num + 1 + offset
        try:
            cells = [cell.strip(" \t\u00a0\n") for cell in next(reader)]
        except StopIteration:
            break
        except csv.Error as problem:
            # What follows an open quote cannot be told apart into rows.
            raise _Unusable(
                f"not valid CSV from here on ({problem}). Put a cell that holds a comma or a quote "
                'between double quotes ("…").',
                line,
            ) from None
        if not any(cells):
            continue
        if cells[0].startswith("#") and not _EXCEL_ERROR.fullmatch(cells[0]):
            sheet.passed_over += 1
            continue
        if header is None:
            header = _header(cells, form, wanted)
            continue
        count += 1
        if count > _MOST_ROWS:
            sheet.problems.append(Problem(shown, line, f"more than {_MOST_ROWS:,} rows: too many."))
            return
        _row(cells, header, (shown, line, delimiter), form, known, sheet)
    if header is None:
        raise _Unusable(f"empty. Its first line must be: {wanted}")


def _delimiter(text: str) -> str:
    first = next((one for one in text.split("\n") if one.strip() and not _is_note(one)), "")
    return max(",;\t", key=first.count)


def _is_note(line: str) -> bool:
    return line.lstrip('" ').startswith("#")


def _header(cells: list[str], form: Form, wanted: str) -> list[str]:
    names = {one.name: one for one in form.columns}
    header = [re.sub(r"[\s_-]+", "_", cell.casefold()) for cell in cells]
    for name in header:
        if name and name not in names:
            raise _Unusable(
                f"no column called {_quoted(name)}.{nearest(name[:200], names)} "
                f"The columns are: {wanted}"
            )
        if name and header.count(name) > 1:
            raise _Unusable(f"the column {name} is there twice. Keep one of them.")
    missing = [name for name, one in names.items() if one.needed and name not in header]
    if missing:
        raise _Unusable(f"column {missing[0]} is missing. The columns are: {wanted}")
    return header


def _row(
    cells: list[str],
    header: list[str],
    at: tuple[str, int, str],
    form: Form,
    known: Known,
    sheet: Sheet,
) -> None:
    shown, line, delimiter = at
    if len(cells) != len(header):
        sheet.problems.append(
            Problem(
                shown,
                line,
                f"{len(cells)} cells where the first line has {len(header)}. Write a thousands "
                'separator or a comma only between double quotes ("1,234").',
            )
        )
        return
    named = {name: cell for name, cell in zip(header, cells, strict=True) if name}
    stray = [cell for name, cell in zip(header, cells, strict=True) if not name and cell]
    said = [f"{_quoted(stray[0])} stands in a column without a name."] if stray else []
    values: dict[str, Any] = {}
    for column in form.columns:
        cell = named.get(column.name, "")
        if column.needed and not cell:
            said.append(f"no {column.name}. Every row needs one.")
            continue
        try:
            if delimiter == ";" and column.kind in _NUMBERS and _TWO_WAYS.fullmatch(cell):
                raise _Unusable(
                    f"{column.name} {_quoted(cell)} can be read in two ways in a file whose cells "
                    "are parted by semicolons. Write it without a separator, such as 1234 or "
                    "1.2340."
                )
            values[column.name] = _READ[column.kind](cell, column.name, known)
        except _Unusable as problem:
            said.append(str(problem))
    if form.name == "activity" and named["quantity"].startswith("£") and not said:
        unit = known.services[values["service"]][1]
        if unit != "pound":
            said.append(f"quantity is in pounds, and {values['service']} is counted in {unit}s.")
    if said:
        sheet.problems.append(Problem(shown, line, " ".join(said)))
        return
    sheet.given.append(_given(values, form, shown, line))


def _given(values: Mapping[str, Any], form: Form, shown: str, line: int) -> Given:
    item = values[form.columns[0].name]
    more: dict[str, float] = {}
    if form.name == "staff":
        value = values["wte"]
        if values["vacancies"] is not None:
            more["vacancies"] = values["vacancies"]
    elif form.name == "waiting_list":
        months, is_open = values["months_waited"]
        value, more = values["people"], {"months": months, "open": float(is_open)}
    elif form.name == "clock_starts":
        start, length = values["period"]
        value = values["starts"]
        more = {"period": start, "length": length, "stops": values["stops"]}
        if values["leavers"] is not None:
            more["leavers"] = values["leavers"]
    else:
        column = form.column("amount") or form.column("positive")
        assert column is not None
        value = values[column.name]
    return Given(
        form.name,
        shown,
        line,
        item,
        value,
        values.get("year"),
        values.get("place", ""),
        values.get("age_band", ALL_AGES),
        values.get("sex", ""),
        values.get("source", ""),
        more,
    )


# --- cells ------------------------------------------------------------------------------------


def _quoted(cell: str) -> str:
    cell = cell[:_LONGEST]
    return f'"{cell if cell.isprintable() else ascii(cell)[1:-1]}"'


def _amount(cell: str, name: str, known: Known) -> float | None:
    if not cell:
        return None
    said = f"{name} {_quoted(cell)}"
    bare = cell.replace("\u2212", "-").removeprefix("£").strip()
    if cell.casefold() in _HIDDEN or cell.startswith(("<", ">", "~")):
        raise _Unusable(
            f"{said} is no number: a small or hidden count cannot be used. Give a total over more "
            "ages or places, or leave the row out."
        )
    if cell.startswith("#"):
        raise _Unusable(f"{said} is an error of Excel's. Write the number itself.")
    if bare.startswith("=") or cell.startswith("="):
        raise _Unusable(f"{said} is a formula. Write the number itself.")
    if bare.startswith("-") or (bare.startswith("(") and bare.endswith(")")):
        raise _Unusable(f"{said} is below 0. It must be 0 or more.")
    if "%" in cell:
        raise _Unusable(f"{said} is a percentage. Write the number of units.")
    if _POWER.fullmatch(bare):
        raise _Unusable(
            f"{said} was cut short by Excel. Format the column as Number and save it anew."
        )
    if _DATE.fullmatch(bare):
        raise _Unusable(f"{said} is a date. Format the column as Number and write it anew.")
    if _GROUPED.fullmatch(bare):
        bare = re.sub(r"[, \u00a0\u202f']", "", bare)
    if not _PLAIN.fullmatch(bare) or not bare.isascii():
        hint = ""
        if "," in bare:
            hint = " A comma may only part thousands; write decimals with a point."
        elif re.fullmatch(r"[\d.,]+\s*(k|m|bn|million|thousand)", bare, re.IGNORECASE):
            hint = " Write it in full."
        raise _Unusable(f"{said} is not a number.{hint} Write it as 1234.5.")
    value = float(bare)
    if not math.isfinite(value) or value > 1e13:
        raise _Unusable(f"{said} is too large to be true.")
    return value


def _positive(cell: str, name: str, known: Known) -> float | None:
    value = _amount(cell, name, known)
    if value == 0:
        raise _Unusable(f"{name} is 0. It must be above 0; leave the row out where it is unknown.")
    return value


def _year(cell: str, name: str, known: Known) -> FinancialYear:
    return _year_until(known.base_year, cell, name, known)


def _year_ahead(cell: str, name: str, known: Known) -> FinancialYear:
    return _year_until(known.base_year + known.ahead, cell, name, known)


def _year_until(last: int, cell: str, name: str, known: Known) -> FinancialYear:
    found = _YEAR.fullmatch(cell)
    if found is None:
        if re.fullmatch(r"\d{4}", cell):
            year = int(cell)
            raise _Unusable(
                f"{name} {_quoted(cell)} could be two financial years. Write "
                f"{year - 1}/{year % 100:02d} or {year}/{(year + 1) % 100:02d}."
            )
        raise _Unusable(f"{name} {_quoted(cell)} is no financial year. Write it as 2024/25.")
    try:
        year_of = FinancialYear(f"{found[1]}/{found[2][-2:]}")
    except QuantityError as problem:
        raise _Unusable(f"{name}: {problem}") from None
    if len(found[2]) == 4 and int(found[2]) != year_of.start + 1:
        raise _Unusable(f"{name} {_quoted(cell)} is no financial year. Write {year_of.label}.")
    first = known.base_year - known.oldest
    if not first <= year_of.start <= last:
        raise _Unusable(
            f"{name} {year_of.label} is out of reach. Allowed: {FinancialYear(first).label} to "
            f"{FinancialYear(last).label}."
        )
    return year_of


def _place(cell: str, name: str, known: Known) -> str:
    if not cell:
        return ""
    said = plain(cell)
    if said and said in {plain(one) for one in known.area}:
        return ""
    found = [code for code, label in known.places.items() if said in (plain(code), plain(label))]
    if said and len(found) == 1:
        return found[0]
    by_name = {one: code for code, label in known.places.items() for one in (label, code)}
    like = closest(cell[:200], by_name) if said else None
    near = f' Nearest: "{by_name[like]}" ({known.places[by_name[like]]}).' if like else ""
    also = " Two places have that name: give the code." if found else ""
    raise _Unusable(
        f"no place called {_quoted(cell)} in {known.area[1] or 'the area'}.{also}{near} "
        f"Places: {listed(known.places.values())}."
    )


def _ages(cell: str, name: str, known: Known) -> tuple[int, int]:
    bare = cell.casefold().removeprefix("age ").removeprefix("aged ").removesuffix(" years")
    if bare in ("", "all", "all ages", "total"):
        return ALL_AGES
    over = _OVER.fullmatch(bare)
    between = _AGES.fullmatch(bare)
    if over:
        low, high = int(over[1]), OLDEST_AGE
    elif between:
        low, high = int(between[1]), int(between[2])
    elif _DATE.fullmatch(bare):
        raise _Unusable(
            f"{name} {_quoted(cell)} is a date: Excel makes one of a band such as 5-9. Write "
            "5 to 9, or format the column as Text first."
        )
    elif re.fullmatch(r"[34]\d{4}", bare):
        raise _Unusable(
            f"{name} {_quoted(cell)} is a date as Excel counts days: it made one of a band such "
            "as 5-9. Write 5 to 9, or format the column as Text first."
        )
    else:
        raise _Unusable(
            f"{name} {_quoted(cell)} is no band of ages. Write 65-69, 65 to 69, 65+ or nothing."
        )
    if low > high:
        raise _Unusable(f"{name} {_quoted(cell)} ends before it begins.")
    if high > OLDEST_AGE or low >= OLDEST_AGE:
        raise _Unusable(f"{name} {_quoted(cell)} passes {OLDEST_AGE}. Write the last band as 90+.")
    return low, high


def _sex(cell: str, name: str, known: Known) -> str:
    try:
        return _SEXES[cell.casefold()]
    except KeyError:
        raise _Unusable(
            f"{name} {_quoted(cell)} is not known. Allowed: female, male, or nothing for both."
        ) from None


def _text(cell: str, name: str, known: Known) -> str:
    if len(cell) > 500:
        raise _Unusable(f"{name} is longer than 500 characters. Shorten it.")
    return " ".join("".join(c if c.isprintable() else " " for c in cell).split())


def _months(cell: str, name: str, known: Known) -> tuple[float, bool]:
    found = re.fullmatch(r"(\d{1,3})\s*(\+?)", cell)
    if found is None or int(found[1]) > 240:
        raise _Unusable(f"{name} {_quoted(cell)} is no number of months. Write 0, 1, 2 … or 24+.")
    return float(found[1]), bool(found[2])


def _period(cell: str, name: str, known: Known) -> tuple[float, float]:
    """The first month (counted from year 0) and how many there are."""
    if _YEAR.fullmatch(cell) and not (
        _ISO_MONTH.fullmatch(cell) and 1 <= int(cell[5:7]) <= 12 and "/" not in cell
    ):
        year = _year(cell, name, known)
        return year.start * 12.0 + 3, 12.0
    iso, words = _ISO_MONTH.fullmatch(cell), _NAMED_MONTH.fullmatch(cell)
    if iso and 1 <= int(iso[2]) <= 12:
        year_of, month = int(iso[1]), int(iso[2])
    elif words:
        year_of, month = int(words[2]), _MONTHS.index(words[1][:3].casefold()) + 1
        year_of += 2000 if year_of < 100 else 0
    else:
        raise _Unusable(
            f"{name} {_quoted(cell)} is no month or financial year. Write 2025-04 or 2024/25."
        )
    first = known.base_year - known.oldest
    if not first <= year_of <= known.base_year + 1:
        raise _Unusable(
            f"{name} {_quoted(cell)} is out of reach: {first} to {known.base_year + 1}."
        )
    return year_of * 12.0 + month - 1, 1.0


def _key(kind: str) -> Callable[[str, str, Known], str]:
    def read(cell: str, name: str, known: Known) -> str:
        labels = known.of(kind)
        if cell in labels:
            return cell
        said = plain(cell)
        # A label, or a key in other letters, means one thing only.
        found = {key for key, label in labels.items() if said in (plain(key), plain(label))}
        if said and len(found) == 1:
            return found.pop()
        near = nearest(cell[:200], labels)
        if not near:
            like = nearest(cell[:200], labels.values())
            near = f"{like.rstrip('.')}." if like else ""
        options = "" if near else f" Allowed: {listed(labels, 40)}."
        raise _Unusable(f"no {kind.replace('_', ' ')} called {_quoted(cell)}.{near}{options}")

    return read


_READ: dict[str, Callable[[str, str, Known], Any]] = {
    "amount": _amount,
    "positive": _positive,
    "year": _year,
    "year_ahead": _year_ahead,
    "place": _place,
    "ages": _ages,
    "sex": _sex,
    "text": _text,
    "months": _months,
    "period": _period,
    **{kind: _key(kind) for kind in ("service", "condition", "staff_group", "specialty", "payer")},
}

assert all(column.kind in _READ for form in FORMS for column in form.columns)
