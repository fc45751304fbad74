"""What the command line shows: progress while work goes on, tables, and the validation's lists."""

from __future__ import annotations

import math
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, TextIO

if TYPE_CHECKING:
    import polars

__all__ = ["Progress", "aligned", "duration", "validation_page", "validation_text"]

_EVERY = 10.0
_SOON = 3.0


def duration(seconds: float) -> str:
    """Writes a length of time as people say it: "8 s", "3 min", "2 h 5 min"."""
    whole = round(seconds)
    if whole < 90:
        return f"{whole} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


class _View(Protocol):
    def show(self, what: str, done: int, of: int) -> None: ...
    def close(self) -> None: ...


class _Lines:
    """Plain lines: one where a step begins, then one now and again with the time that is left."""

    def __init__(self, stream: TextIO, clock: Callable[[], float]) -> None:
        self._stream = stream
        self._clock = clock
        self._what = ""
        self._began = self._shown = 0.0

    def show(self, what: str, done: int, of: int) -> None:
        now = self._clock()
        if what != self._what:
            self._what, self._began, self._shown = what, now, now
            self._line(f"{what} …")
        elif done < of and now - self._shown >= _EVERY:
            self._shown = now
            self._line(f"{what}: {_far(done, of, now - self._began)}")

    def _line(self, text: str) -> None:
        self._stream.write(text[0].upper() + text[1:] + "\n")
        self._stream.flush()

    def close(self) -> None:
        return


class _Bars:
    """A bar for each step, on a terminal."""

    def __init__(self, clock: Callable[[], float]) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._clock = clock
        self._what = ""
        self._began = 0.0
        self._task: Any = None
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=16),
            TimeElapsedColumn(),
            TextColumn("{task.fields[far]}"),
            console=Console(stderr=True),
        )
        self._bars.start()

    def show(self, what: str, done: int, of: int) -> None:
        if what != self._what:
            self._finish()
            self._what, self._began = what, self._clock()
            self._task = self._bars.add_task(what[0].upper() + what[1:], total=None, far="")
        if of > 1:
            far = _far(done, of, self._clock() - self._began)
            self._bars.update(self._task, completed=done, total=of, far=far)

    def _finish(self) -> None:
        if self._task is not None:
            self._bars.update(self._task, completed=1, total=1, far="")

    def close(self) -> None:
        if sys.exc_info()[0] is None:
            self._finish()
        self._bars.stop()


def _far(done: int, of: int, taken: float) -> str:
    # Only this step's own pace is known, so no time is promised for steps to come, nor before
    # there is a pace to speak of.
    left = ""
    if done > 0 and taken >= _SOON:
        left = f", about {duration(taken * (of - done) / done)} left in this step"
    return f"{done:,} of {of:,}{left}"


class Progress:
    """Shows progress on standard error: bars on a terminal, plain lines elsewhere.

    It is called as a verb's `progress`, from any thread, and used as a context so that the
    terminal is left in order whatever happens.
    """

    def __init__(
        self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Chooses bars or lines.

        Args:
            stream: where lines go; standard error where it is None.
            clock: seconds from any moment.
        """
        self._lock = threading.Lock()
        bars = stream is None and sys.stderr.isatty()
        self._view: _View = _Bars(clock) if bars else _Lines(stream or sys.stderr, clock)

    def __call__(self, what: str, done: int, of: int) -> None:
        """Shows how far a step has come.

        Args:
            what: the step.
            done: how much of it is done.
            of: out of how much; 1 where that is unknown.
        """
        with self._lock:
            self._view.show(what, done, of)

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._view.close()


def aligned(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Sets rows out in columns, figures to the right.

    Args:
        headers: the columns' names.
        rows: their cells.

    Returns:
        Lines, the last without a line break.
    """
    cells = [list(headers), *(list(row) for row in rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(headers))]
    right = [
        len(cells) > 1 and all(_is_figure(row[at]) for row in cells[1:])
        for at in range(len(headers))
    ]
    lines = []
    for row in cells:
        shown = (
            cell.rjust(width) if figure else cell.ljust(width)
            for cell, width, figure in zip(row, widths, right, strict=True)
        )
        lines.append("  ".join(shown).rstrip())
    return "\n".join(lines)


def _is_figure(text: str) -> bool:
    return not text or text[0] in "0123456789-+." or text == "–"


_BESIDE = ("subject", "group", "unit", "model", "95% interval", "published", "ratio", "naive ratio")


def validation_text(rows: polars.DataFrame) -> str:
    """Writes a validation for a terminal.

    Args:
        rows: as `validate` gives them.

    Returns:
        The two lists, then how often the boards' forecasts beat the naive one.
    """
    parts = [f"{name}\n\n{aligned((*_BESIDE, 'verdict'), lines)}" for name, lines in _lists(rows)]
    parts.append("All boards, one line for each subject\n\n" + aligned(*_whole(rows)))
    return "\n\n".join(parts) + "\n"


def validation_page(rows: polars.DataFrame) -> str:
    """Writes a validation as Markdown, as `validation_text` does for a terminal."""
    parts = ["# Validation\n", "Made by `leftshift validate`.\n"]
    for name, lines in _lists(rows):
        parts += [f"## {name}\n", _markdown((*_BESIDE, "verdict"), lines)]
    parts += ["## All boards, one line for each subject\n", _markdown(*_whole(rows))]
    return "\n".join(parts)


def _lists(rows: polars.DataFrame) -> list[tuple[str, list[tuple[str, ...]]]]:
    lists: dict[str, list[tuple[str, ...]]] = {}
    boards = 0
    for row in rows.iter_rows(named=True):
        # A board's rows are many; they are in the CSV and in the summary.
        if row["group"][:1] == "Q" and row["group"][3:5] == ": ":
            boards += 1
            continue
        better = {None: "", True: "better than naive", False: "no better than naive"}
        interval = f"{_figure(row['lower'])} to {_figure(row['upper'])}"
        lists.setdefault(row["list"], []).append(
            (
                row["subject"],
                row["group"],
                row["unit"],
                _figure(row["model"]),
                interval if interval != "– to –" else "–",
                _figure(row["published"]),
                _ratio(row["ratio"]),
                _ratio(row["naive_ratio"]),
                better[row["better"]],
            )
        )
    return list(lists.items())


def _whole(rows: polars.DataFrame) -> tuple[list[str], list[tuple[str, ...]]]:
    from leftshift.people.validation import summarise

    summary = summarise(rows)
    headers = [name.replace("_", " ") for name in summary.columns]
    shown = [
        tuple(_figure(cell) if isinstance(cell, float) else str(cell) for cell in row)
        for row in summary.iter_rows()
    ]
    return headers, shown


def _markdown(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(headers)} |", "|" + "---|" * len(headers)]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join([*lines, ""])


def _figure(value: float | None) -> str:
    if value is None or math.isnan(value):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.2f}"


def _ratio(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else f"{value:.3f}"
