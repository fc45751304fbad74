"""What a table of a run folder, and a column of it, are described by."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

__all__ = ["Column", "Table"]

_TYPES: dict[str, pl.DataType] = {
    "text": pl.String(),
    "number": pl.Float64(),
    "whole": pl.Int64(),
    "yes/no": pl.Boolean(),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        name: as it stands in the file.
        kind: text, number (float64), whole (int64) or yes/no.
        meaning: what it says, in a sentence.
        unit: what a number is counted in, where the column has one unit; a name of another column
            in brackets, such as "[unit]", where that column says.
        allowed: the values it may take, or () where it is open.
        key: whether it is part of what makes a row one fact; rows are sorted by their keys.
        empty: whether it may be null.
    """

    name: str
    kind: str
    meaning: str
    unit: str = ""
    allowed: tuple[str, ...] = ()
    key: bool = False
    empty: bool = False

    @property
    def dtype(self) -> pl.DataType:
        """The Polars type of the column."""
        return _TYPES[self.kind]


@dataclass(frozen=True, slots=True)
class Table:
    """One table: a name, what a row is, and its columns in the order they are written.

    Attributes:
        name: the stem of its file in `tables/`.
        meaning: what one row is.
        columns: the columns, in order.
        notes: anything a reader could get wrong.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of the columns that together make a row one fact."""
        return tuple(column.name for column in self.columns if column.key)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all columns, in order."""
        return tuple(column.name for column in self.columns)
