"""What is wrong with the files of a survey, gathered so that all of it is told at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from leftshift.errors import LeftshiftError

__all__ = ["Problem", "Problems", "SurveyError"]

_MOST_SHOWN = 200


class SurveyError(LeftshiftError):
    """A codebook or a file of responses that is wrong; the message lists everything found."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        file: the file's name as messages show it.
        message: what is wrong, what is allowed, the nearest match, what to do.
        line: line of a TOML file, from 1; None elsewhere.
        row: row of a table as a spreadsheet numbers it, from 1; None where it is not about one.
        column: the column's header or letter; "" where it is not about one.
    """

    file: str
    message: str
    line: int | None = None
    row: int | None = None
    column: str = ""

    def __str__(self) -> str:
        if self.line is not None:
            return f"{self.file}:{self.line}: {self.message}"
        where = [self.file]
        if self.row is not None:
            where.append(f"row {self.row}")
        if self.column:
            where.append(f'column "{_short(self.column)}"')
        return f"{', '.join(where)}: {self.message}"


@dataclass
class Problems:
    """A list of problems that grows while files are read."""

    found: list[Problem] = field(default_factory=list)

    def add(
        self,
        file: str,
        message: str,
        row: int | None = None,
        column: str = "",
        line: int | None = None,
    ) -> None:
        """Notes a problem; one that was noted before is not noted twice."""
        problem = Problem(file, message, line, row, column)
        if problem not in self.found:
            self.found.append(problem)

    def raise_if_any(self) -> None:
        """Stops where anything was found.

        Raises:
            SurveyError: something was found; the message lists all of it, one line each.
        """
        if not self.found:
            return
        shown = [str(problem) for problem in self.found[:_MOST_SHOWN]]
        if len(self.found) > _MOST_SHOWN:
            shown.append(f"… and {len(self.found) - _MOST_SHOWN} more like these.")
        count = len(self.found)
        head = "" if count == 1 else f"{count} problems:\n"
        raise SurveyError(head + "\n".join(shown))

    def __iter__(self) -> Iterator[Problem]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)


def _short(text: str, most: int = 60) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
