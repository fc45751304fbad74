"""One table of a codebook file, read key by key; what is wrong is noted, and reading goes on."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from leftshift.catalogue.lines import KeyLines
from leftshift.errors import listed, nearest
from leftshift.survey.problems import Problems

__all__ = ["Page", "once"]

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One table of the file.

    Attributes:
        block: its keys and values.
        path: where it stands in the file.
        lines: the line of every key.
        shown: the file as messages name it.
        problems: takes what is wrong.
    """

    block: dict[str, Any]
    path: Path
    lines: KeyLines
    shown: str
    problems: Problems

    def wrong(self, message: str, *path: str | int) -> None:
        """Notes a problem at a key of this table."""
        self.problems.add(self.shown, message, line=self.lines.of(*self.path, *path))

    def known(self, keys: Iterable[str]) -> None:
        """Notes each key that is not one of these."""
        allowed = list(keys)
        for key in self.block:
            if key not in allowed:
                self.wrong(
                    f'no key called "{key}" here.{nearest(key, allowed)} '
                    f"Allowed: {listed(allowed, 30)}.",
                    key,
                )

    def text(self, key: str, default: str = "", needed: bool = False) -> str:
        """Gives a line of text."""
        value = self.block.get(key)
        if value is None:
            if needed:
                self.wrong(f'no {key}. Give one: {key} = "…".')
            return default
        if isinstance(value, bool) or not isinstance(value, str | int):
            self.wrong(f'{key} must be a line of text: {key} = "…".', key)
            return default
        line = " ".join(str(value).split())
        if not line and needed:
            self.wrong(f"{key} is empty.", key)
        return line

    def identity(self, key: str = "id") -> str:
        """Gives an id: letters, digits, "-", "_" and "."."""
        found = self.text(key, needed=True)
        if found and not all(one.isalnum() or one in "-_./" for one in found):
            self.wrong(
                f'{key} "{found}" may hold letters, digits, "-", "_", "." and "/" only.', key
            )
        return found

    def choice(self, key: str, options: tuple[str, ...], default: str) -> str:
        """Gives one of a few words."""
        value = self.text(key, default)
        if value not in options:
            self.wrong(
                f'no {key} called "{value}".{nearest(value, options)} Allowed: '
                f"{listed([one for one in options if one])}.",
                key,
            )
            return default
        return value

    def flag(self, key: str, default: bool) -> bool:
        """Gives true or false."""
        value = self.block.get(key, default)
        if not isinstance(value, bool):
            self.wrong(f"{key} must be true or false.", key)
            return default
        return value

    def number(
        self,
        key: str,
        default: float | None = None,
        least: float = -math.inf,
        most: float = math.inf,
        whole: bool = False,
        needed: bool = False,
    ) -> float | None:
        """Gives a number within limits."""
        value = self.block.get(key)
        if value is None:
            if needed:
                self.wrong(f"no {key}. Give one: {key} = 42.")
            return default
        kind = "a whole number" if whole else "a number"
        limits = "" if least == -math.inf and most == math.inf else f" from {least:g} to {most:g}"
        bad = isinstance(value, bool) or not isinstance(value, int if whole else int | float)
        try:
            number = math.nan if bad else float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number) or not least <= number <= most:
            self.wrong(f"{key} must be {kind}{limits}, without quotes; it is {value!r:.60}.", key)
            return default
        return number

    def day(self, key: str) -> datetime.date | None:
        """Gives a day."""
        value = self.block.get(key)
        if value is None:
            return None
        if isinstance(value, datetime.datetime):
            return value.date()
        if not isinstance(value, datetime.date):
            self.wrong(f"{key} must be a day without quotes: {key} = 2025-10-31.", key)
            return None
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Gives a list of texts; one text alone counts as a list of one."""
        value = self.block.get(key)
        if value is None:
            return ()
        items = value if isinstance(value, list) else [value]
        found = []
        for place, item in enumerate(items):
            if isinstance(item, bool) or not isinstance(item, str | int | float):
                self.wrong(f'{key} must be a list of texts: {key} = ["…", "…"].', key, place)
            elif str(item).strip():
                found.append(" ".join(str(item).split()))
            elif item != "":
                self.wrong(f"{key} holds an empty text.", key, place)
        return tuple(found)

    def table(self, key: str) -> Page:
        """Gives a table below this one; an empty one where there is none."""
        value = self.block.get(key, {})
        if not isinstance(value, dict):
            self.wrong(f"{key} must be a table: [{key}].", key)
            value = {}
        return Page(value, (*self.path, key), self.lines, self.shown, self.problems)

    def blocks(self, key: str) -> list[Page]:
        """Gives an array of tables below this one."""
        value = self.block.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            name = ".".join(str(part) for part in (*self.path, key) if isinstance(part, str))
            self.wrong(f"{key} is written as blocks: [[{name}]].", key)
            return []
        return [
            Page(one, (*self.path, key, place), self.lines, self.shown, self.problems)
            for place, one in enumerate(value)
        ]

    def among(self, key: str, found: Iterable[str], options: Iterable[str], what: str) -> None:
        """Notes each text of a list that is not one of the options."""
        known = list(options)
        for one in found:
            if one not in known:
                self.wrong(
                    f'no {what} called "{one}".{nearest(one, known)} There are: {listed(known)}.',
                    key,
                )


def once(pages: Iterable[tuple[Page, str]], what: str, key: str = "id") -> None:
    """Notes each id that stands twice."""
    first: dict[str, int] = {}
    for page, identity in pages:
        if not identity:
            continue
        if identity in first:
            page.wrong(f'{what} "{identity}" is already on line {first[identity]}.', key)
        first.setdefault(identity, page.lines.of(*page.path, key))
