"""Where each key of a TOML file stands, so that a message can name its file and line.

TOML parsers keep no line numbers for valid values. This scanner reads the same text again after
the parser has accepted it, and notes the line on which every key, table and list item begins.
"""

from __future__ import annotations

import contextlib
import re
import tomllib
from pathlib import Path
from typing import Any

__all__ = ["KeyLines", "read_toml"]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^\s,\]}#][^,\]}#\n]*")
_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)")

KeyPath = tuple[str | int, ...]


class KeyLines:
    """The line on which each key path of one TOML text begins.

    A path is a tuple of keys, with the position (from 0) of an item of a list or of an array of
    tables: `("footprint", "members", "QMM")`, `("footprint", "places", 0, "name")`.

    Args:
        text: TOML that `tomllib` has accepted.
    """

    def __init__(self, text: str) -> None:
        self._text = text.replace("\r\n", "\n")
        self._at = 0
        self._counts: dict[KeyPath, int] = {}
        self._lines: dict[KeyPath, int] = {}
        self._starts = [0]
        self._scanned = False

    def of(self, *path: str | int) -> int:
        """Gives the line of a key path, or of its nearest parent that has one; 1 at worst."""
        if not self._scanned:
            self._scan()
        for length in range(len(path), 0, -1):
            line = self._lines.get(tuple(path[:length]))
            if line is not None:
                return line
        return 1

    def _scan(self) -> None:
        # Only when a line is first asked for: most files are never wrong.
        self._scanned = True
        self._starts.extend(m.end() for m in re.finditer("\n", self._text))
        # A file that the parser takes and this scanner does not still gets its messages, with the
        # line of the nearest key found so far.
        with contextlib.suppress(IndexError, RecursionError):
            self._document()

    # The rest walks the text once. Every method leaves `_at` behind what it has read.

    def _line(self) -> int:
        low, high = 0, len(self._starts)
        while high - low > 1:
            middle = (low + high) // 2
            if self._starts[middle] <= self._at:
                low = middle
            else:
                high = middle
        return low + 1

    def _note(self, path: KeyPath) -> None:
        self._lines.setdefault(path, self._line())

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip(self, newlines: bool) -> None:
        while self._at < len(self._text):
            here = self._peek()
            if here in " \t" or (newlines and here in "\n\r"):
                self._at += 1
            elif here == "#":
                end = self._text.find("\n", self._at)
                self._at = len(self._text) if end < 0 else end
            else:
                return

    def _document(self) -> None:
        table: KeyPath = ()
        while True:
            self._skip(newlines=True)
            if self._at >= len(self._text):
                return
            if self._text.startswith("[[", self._at):
                self._at += 2
                keys = self._key()
                self._at += 2
                base = (*self._resolve(keys[:-1]), keys[-1])
                position = self._counts.get(base, 0)
                self._counts[base] = position + 1
                self._note(base)
                table = (*base, position)
                self._note(table)
            elif self._peek() == "[":
                self._at += 1
                table = self._resolve(self._key(note=()))
                self._at += 1
                self._note(table)
            else:
                self._pair(table)

    def _resolve(self, keys: tuple[str, ...]) -> KeyPath:
        # [a.b] under [[a]] means the last item of a, so positions go in between.
        path: KeyPath = ()
        for key in keys:
            path = (*path, key)
            if path in self._counts:
                path = (*path, self._counts[path] - 1)
        return path

    def _key(self, note: KeyPath | None = None) -> tuple[str, ...]:
        keys: list[str] = []
        while True:
            self._skip(newlines=False)
            if self._peek() in ('"', "'"):
                literal = self._peek() == "'"
                quoted = self._string()
                keys.append(quoted if literal or "\\" not in quoted else _unescape(quoted))
            else:
                found = _BARE.match(self._text, self._at)
                if found is None:
                    raise IndexError(self._at)
                self._at = found.end()
                keys.append(found[0])
            if note:
                self._note((*note, *keys))
            self._skip(newlines=False)
            if self._peek() != ".":
                return tuple(keys)
            self._at += 1

    def _pair(self, table: KeyPath) -> None:
        start = self._at
        keys = self._key()
        end, self._at = self._at, start
        for length in range(1, len(keys) + 1):
            self._note((*table, *keys[:length]))
        self._at = end + 1  # behind the equals sign
        self._value((*table, *keys))

    def _string(self) -> str:
        quote = self._peek()
        triple = self._text.startswith(quote * 3, self._at)
        mark = quote * 3 if triple else quote
        self._at += len(mark)
        start = self._at
        while not self._text.startswith(mark, self._at):
            if self._at >= len(self._text):
                raise IndexError(self._at)
            self._at += 2 if quote == '"' and self._peek() == "\\" else 1
        if triple:  # up to two quotes may stand before the closing three
            while self._text.startswith(quote, self._at + 3):
                self._at += 1
        inside = self._text[start : self._at]
        self._at += len(mark)
        return inside

    def _value(self, path: KeyPath) -> None:
        self._skip(newlines=False)
        here = self._peek()
        if here in ('"', "'"):
            self._string()
        elif here == "[":
            self._at += 1
            position = 0
            while True:
                self._skip(newlines=True)
                if self._peek() == "]":
                    break
                self._note((*path, position))
                self._value((*path, position))
                position += 1
                self._skip(newlines=True)
                if self._peek() == ",":
                    self._at += 1
            self._at += 1
        elif here == "{":
            self._at += 1
            while True:
                self._skip(newlines=True)
                if self._peek() == "}":
                    break
                self._pair(path)
                self._skip(newlines=True)
                if self._peek() == ",":
                    self._at += 1
            self._at += 1
        else:
            found = _SCALAR.match(self._text, self._at)
            if found is None:
                raise IndexError(self._at)
            self._at = found.end()


def _unescape(inside: str) -> str:
    return str(tomllib.loads(f'x = "{inside}"')["x"])


def read_toml(path: Path, shown: str, error: type[Exception]) -> tuple[dict[str, Any], KeyLines]:
    """Reads a TOML file, with the line of every key.

    Args:
        path: the file.
        shown: how the file is named in messages.
        error: the exception raised where it cannot be read.

    Returns:
        The document and its key lines.

    Raises:
        Exception: `error`, where the file is missing, is a folder, is not UTF-8 or is no TOML.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise error(
            f"{shown}: not UTF-8 text (byte {problem.start + 1}). Save it as UTF-8."
        ) from None
    except OSError as problem:
        raise error(
            f"{shown}: cannot be read ({problem.strerror or problem}). "
            "Give the path of a TOML file that you may read."
        ) from None
    except ValueError as problem:  # a path with a NUL byte
        raise error(f"{shown!r}: cannot be read ({problem}).") from None
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        found = _AT_LINE.search(str(problem))
        line = int(found[1]) if found else text.count("\n") + 1
        said = _AT_LINE.sub("", str(problem)).replace("(at end of document)", "at its end").strip()
        raise error(f"{shown}:{line}: not valid TOML: {said}.") from None
    except (RecursionError, ValueError, OverflowError) as problem:
        raise error(f"{shown}: not valid TOML: {type(problem).__name__}.") from None
    return document, KeyLines(text)
