"""Reads a board's CSV and TOML files so that every message names its file and line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from leftshift.catalogue.lines import KeyLines
from leftshift.catalogue.rows import csv_lines, read_text
from leftshift.errors import CatalogueError, LeftshiftError, QuantityError, listed, nearest
from leftshift.quantities import FinancialYear

__all__ = ["BoardError", "Keys", "Line", "number", "pence", "read_lines"]

_NUMBER = re.compile(r"[+-]?(\d{1,12}(\.\d{0,9})?|\.\d{1,9})")
_MONEY = re.compile(r"£?(\d[\d,]{0,18}(?:\.\d{1,6})?)\s*(bn|m|k)?", re.IGNORECASE)
_SCALES = {"": 1, "k": 1_000, "m": 1_000_000, "bn": 1_000_000_000}
_MOST_PENCE = 10**14
_ID = re.compile(r"[a-z][a-z0-9_]{0,63}")


class BoardError(LeftshiftError):
    """A board's files are wrong; the message begins with file and line."""


@dataclass(frozen=True, slots=True, repr=False)
class Line:
    """One line of a CSV file.

    Attributes:
        shown: the file as messages name it.
        at: its line, from 1.
        cells: its cells by column, stripped; "" where a column that may be left out is.
        private: whether its cells are about a person, so that no message may quote them.
    """

    shown: str
    at: int
    cells: dict[str, str]
    private: bool = False

    def wrong(self, said: str) -> BoardError:
        """An error that begins with this line's place."""
        return BoardError(f"{self.shown}:{self.at}: {said}")

    def quoted(self, column: str) -> str:
        """A cell as a message may show it."""
        return f"this {column}" if self.private else f'{column} "{self.cells[column][:60]}"'

    def text(self, column: str) -> str:
        """A cell that may not be empty."""
        if not self.cells[column]:
            raise self.wrong(f"no {column}. Every line needs one.")
        return self.cells[column]

    def id(self, column: str) -> str:
        """A cell that is an id in snake_case."""
        found = self.text(column)
        if _ID.fullmatch(found) is None:
            raise self.wrong(
                f"{self.quoted(column)} is no id. Write snake_case, such as continuing_care."
            )
        return found

    def choice(self, column: str, allowed: Iterable[str], empty: str | None = None) -> str:
        """A cell that is one of the allowed words."""
        found, options = self.cells[column].casefold(), tuple(allowed)
        if not found and empty is not None:
            return empty
        if found not in options:
            near = "" if self.private else nearest(found, options)
            raise self.wrong(
                f"{self.quoted(column)} is not known.{near} Allowed: {listed(options, 40)}."
            )
        return found

    def flag(self, column: str) -> bool:
        """A cell that is yes or no."""
        return self.choice(column, ("yes", "no")) == "yes"

    def number(
        self, column: str, low: str = "0", high: str = "1000000000", empty: Decimal | None = None
    ) -> Decimal:
        """A cell that is a number between two bounds, in plain digits."""
        found = self.cells[column].replace("\u2212", "-")
        if not found and empty is not None:
            return empty
        if _NUMBER.fullmatch(found) is None:
            raise self.wrong(
                f"{self.quoted(column)} is not a number. Write it in digits, such as 12.5."
            )
        value = Decimal(found)
        if not Decimal(low) <= value <= Decimal(high):
            raise self.wrong(f"{self.quoted(column)} must lie between {low} and {high}.")
        return value

    def pence(self, column: str) -> int:
        """A cell that is money, in whole pence; empty is none."""
        found = self.cells[column]
        if not found:
            return 0
        value = pence(found)
        if value is None:
            raise self.wrong(f"{self.quoted(column)} is no money. Write 250000 or £0.25m.")
        return value


def pence(text: str) -> int | None:
    """Reads money as people write it, in whole pence; None where it is none or negative."""
    found = _MONEY.fullmatch(text.strip())
    if found is None:
        return None
    amount = Decimal(found[1].replace(",", "")) * _SCALES[(found[2] or "").lower()] * 100
    whole = int(amount.quantize(Decimal(1), ROUND_HALF_UP))
    return whole if whole <= _MOST_PENCE else None


def read_lines(
    path: Path,
    shown: str,
    needed: Iterable[str],
    optional: Iterable[str] = (),
    private: bool = False,
    alias: Callable[[str], str] | None = None,
    unknown: Callable[[str], str] | None = None,
) -> list[Line]:
    """Reads a CSV file with a header.

    Args:
        path: the file.
        shown: how messages name it.
        needed: columns that must be there.
        optional: columns that may be.
        private: whether cells are about people and may not be quoted.
        alias: gives the proper name of a header cell.
        unknown: words for a header that is not known, where there is more to say of it.

    Returns:
        Its lines in order, without the header and empty lines.

    Raises:
        BoardError: it cannot be read, or a column or cell is missing.
    """
    must, may = tuple(needed), tuple(optional)
    try:
        following = csv_lines(read_text(path, shown), shown)
        first = following()
        if first is None:
            raise BoardError(f"{shown}:1: empty. Its first line must be: {','.join(must)}")
        header = [cell.strip().casefold() for cell in first[1]]
        header = [alias(name) for name in header] if alias else header
        _check_header(header, must, may, f"{shown}:{first[0]}", private, unknown)
        lines = []
        while (found := following()) is not None:
            line, cells = found
            if len(cells) != len(header):
                raise BoardError(
                    f"{shown}:{line}: {len(cells)} cells where the header has {len(header)}. "
                    'Put text that holds a comma between double quotes ("…").'
                )
            named = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
            lines.append(Line(shown, line, {**dict.fromkeys(may, ""), **named}, private))
    except CatalogueError as problem:
        raise BoardError(str(problem)) from None
    return lines


def _check_header(
    header: list[str],
    must: tuple[str, ...],
    may: tuple[str, ...],
    at: str,
    private: bool,
    unknown: Callable[[str], str] | None,
) -> None:
    for position, name in enumerate(header, start=1):
        if name not in must + may:
            said = unknown(name) if unknown and not private else ""
            if not said:
                called = f"column {position}" if private else f'"{name[:60]}"'
                near = "" if private else nearest(name, must + may)
                said = f"no column is called that ({called}).{near}"
            raise BoardError(f"{at}: {said} The columns are: {', '.join(must + may)}.")
    missing = [name for name in must if name not in header]
    if missing:
        raise BoardError(f"{at}: column {missing[0]} is missing. Needed: {', '.join(must)}.")
    twice = [name for name in header if header.count(name) > 1]
    if twice:
        raise BoardError(f"{at}: column {twice[0]} is there twice.")


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """A table of a TOML file, with what messages need to name its place.

    Attributes:
        shown: the file as messages name it.
        lines: the lines of its keys.
        path: where in the document this table is.
        values: the table itself.
    """

    shown: str
    lines: KeyLines
    path: tuple[str | int, ...]
    values: Mapping[str, Any]

    def wrong(self, key: str | None, said: str) -> BoardError:
        """An error that begins with the place of a key, or of this table."""
        path = self.path if key is None else (*self.path, key)
        return BoardError(f"{self.shown}:{self.lines.of(*path)}: {said}")

    def only(self, *allowed: str) -> None:
        """Refuses keys that mean nothing."""
        for key in self.values:
            if key not in allowed:
                raise self.wrong(
                    key,
                    f'nothing is called "{key}" here.{nearest(key, allowed)} '
                    f"Allowed: {listed(allowed, 40)}.",
                )

    def table(self, key: str) -> Keys:
        """A table below this one; empty where there is none."""
        found = self.values.get(key, {})
        if not isinstance(found, dict):
            raise self.wrong(key, f"{key} must be a table: write [{key}].")
        return Keys(self.shown, self.lines, (*self.path, key), found)

    def tables(self, key: str) -> list[Keys]:
        """An array of tables below this one."""
        found = self.values.get(key, [])
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise self.wrong(key, f"{key} must be written as [[{key}]] blocks.")
        return [
            Keys(self.shown, self.lines, (*self.path, key, at), one) for at, one in enumerate(found)
        ]

    def text(self, key: str, default: str | None = None, longest: int = 400) -> str:
        """A text that may not be empty."""
        found = self.values.get(key, default)
        if found is None:
            raise self.wrong(None, f"{key} is missing.")
        if not isinstance(found, str) or not (found.strip() or found == default):
            raise self.wrong(key, f"{key} must be text between quotes.")
        if len(found) > longest or any(ord(letter) < 32 for letter in found):
            raise self.wrong(key, f"{key} must be one line of at most {longest} letters.")
        return found.strip()

    def choice(self, key: str, allowed: Iterable[str], default: str | None = None) -> str:
        """A text that is one of some words."""
        options, found = tuple(allowed), self.text(key, default)
        if found not in options:
            raise self.wrong(
                key,
                f'{key} "{found}" is not known.{nearest(found, options)} '
                f"Allowed: {listed(options, 40)}.",
            )
        return found

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        found = self.values.get(key, default)
        if not isinstance(found, bool):
            raise self.wrong(key, f"{key} must be true or false.")
        return found

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        """A number between two bounds."""
        found = self.values.get(key, default)
        if found is None:
            raise self.wrong(None, f"{key} is missing.")
        return number(self, key, found, low, high)

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """A whole number between two bounds."""
        found = self.number(key, low, high, default)
        if found != int(found):
            raise self.wrong(key, f"{key} must be a whole number.")
        return int(found)

    def year(self, key: str, default: str | None = None) -> FinancialYear:
        """A financial year such as "2026/27"."""
        try:
            return FinancialYear(self.text(key, default))
        except QuantityError as problem:
            raise self.wrong(key, str(problem)) from None

    def day(self, key: str, default: date) -> date:
        """A date written without quotes, such as 2026-01-12."""
        found = self.values.get(key, default)
        if isinstance(found, datetime) or not isinstance(found, date):
            raise self.wrong(key, f"{key} must be a date without quotes, such as 2026-01-12.")
        if not 2000 <= found.year <= 2100:
            raise self.wrong(key, f"{key} must lie between 2000 and 2100.")
        return found

    def pence(self, key: str) -> int:
        """Money in whole pence, written as text ("£200k") or a number of pounds; 0 if left out."""
        found = self.values.get(key, 0)
        if isinstance(found, bool) or not isinstance(found, str | int | float):
            raise self.wrong(key, f"{key} is no money. Write it as £200k or £1.5m.")
        if isinstance(found, float):  # repr of a float has no exponent in this range
            found = format(Decimal(repr(found)), "f") if abs(found) < 1e13 else "too much"
        value = pence(str(found))
        if value is None:
            raise self.wrong(key, f"{key} is no money. Write it as £200k or £1.5m.")
        return value


def number(keys: Keys, key: str, found: object, low: float, high: float) -> float:
    """Checks a number that stands at a key, or inside its value."""
    if isinstance(found, bool) or not isinstance(found, int | float) or not low <= found <= high:
        raise keys.wrong(key, f"{key} must be a number from {low:g} to {high:g}.")
    return float(found)
