"""Every table of a run folder and every one of its columns, described once.

The writer checks frames against these descriptions and sorts by their keys; the reference page
`docs/reference/tables.md` is made from them. Columns are added at the end and never renamed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from leftshift.errors import SchemaError, listed, nearest
from leftshift.runs import (
    tables_care,
    tables_needs,
    tables_organisation,
    tables_organisation_more,
    tables_outlook,
    tables_plans,
    tables_prioritise,
    tables_segments,
    tables_survey,
)
from leftshift.runs.describe import Column, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["TABLES", "Column", "Table", "as_markdown", "conform", "table"]

_SMALL = 1000  # a range of numbers below this, or below the number of rows, is used as it is

#: Every table, by name. A table that another kind of run has under the same name, too, stands
#: here as "<kind>.<name>", and is `tables/<name>.parquet` in a run of that kind.
TABLES: dict[str, Table] = {
    entry.name: entry
    for room in (
        tables_outlook,
        tables_care,
        tables_needs,
        tables_plans,
        tables_prioritise,
        tables_organisation,
        tables_organisation_more,
        tables_segments,
        tables_survey,
    )
    for entry in room.TABLES
}


def table(name: str, kind: str = "") -> Table:
    """Finds the description of a table, in a run of a kind that has tables of its own.

    Raises:
        SchemaError: there is no such table.
    """
    name = f"{kind}.{name}" if kind else name
    if name not in TABLES:
        raise SchemaError(
            f'no table called "{name}" is described.{nearest(name, TABLES)} '
            f"Tables: {listed(TABLES, 30)}."
        )
    return TABLES[name]


def conform(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Checks a frame against its description, and gives it as it is written.

    Args:
        name: the table's name.
        frame: the rows; columns in any order, whole numbers and categories of any width.

    Returns:
        The same rows with columns in the described order and type, sorted by all key columns.

    Raises:
        SchemaError: as for `arrange`.
    """
    return spelt(name, arrange(name, frame))


def spelt(name: str, frame: pl.DataFrame, kind: str = "") -> pl.DataFrame:
    """Puts words in place of categories, in a frame that `arrange` gave."""
    columns = table(name, kind).columns
    return frame.select(pl.col(column.name).cast(column.dtype) for column in columns)


def arrange(name: str, frame: pl.DataFrame, kind: str = "") -> pl.DataFrame:
    """Checks a frame against its description, and puts it in the order it is written in.

    Categories stay categories, of a byte or so a row: `spelt` makes words of them, when the frame
    is written and no sooner.

    Args:
        name: the table's name.
        frame: the rows; columns in any order, whole numbers and categories of any width.
        kind: of run, where it is one that has tables of its own.

    Returns:
        The same rows with columns in the described order, sorted by all key columns.

    Raises:
        SchemaError: columns are missing, unknown or of another type; a value is not allowed, not
            finite, or missing where it may not be; or two rows hold the same fact.
    """
    about = table(name, kind)
    faults = _column_faults(about, frame)
    if faults:
        raise SchemaError(_sentence(name, faults))
    held = frame.select(_held(column, frame.schema[column.name]) for column in about.columns)
    faults = [fault for column in about.columns for fault in _value_faults(column, held)]
    if faults:
        raise SchemaError(_sentence(name, faults))
    if not held.is_empty():
        order = _order(about, held).to_numpy()
        if not (order[1:] > order[:-1]).all():
            arranged = np.argsort(order, kind="stable")
            held, order = held[arranged], order[arranged]
        repeats = np.flatnonzero(order[1:] == order[:-1])
        if len(repeats):
            row = held.row(int(repeats[0]) + 1, named=True)
            fact = ", ".join(f"{key}={row[key]!r}" for key in about.keys)
            raise SchemaError(_sentence(name, [f"two rows hold the same fact: {fact}"]))
    return held


def _order(about: Table, frame: pl.DataFrame) -> pl.Series:
    """Gives each row a number that sorts as its keys do: far faster than to sort by nine texts."""
    order = np.zeros(frame.height, np.int64)
    reach = 1
    for key in about.keys:
        ranks, count = _ranks(frame[key])
        if count == 1:
            continue
        if reach * count >= 2**63:
            order = np.unique(order, return_inverse=True)[1].astype(np.int64)
            reach = frame.height
        order *= count
        order += ranks
        reach *= count
    return pl.Series(order)


def _ranks(values: pl.Series) -> tuple[np.ndarray, int]:
    """Numbers from 0 that sort as the values do, and a number that all of them are below."""
    if isinstance(values.dtype, pl.Enum):
        names = values.dtype.categories.to_list()
        numbers = values.to_physical().to_numpy()
        if names != sorted(names):
            place = {name: rank for rank, name in enumerate(sorted(names))}
            numbers = np.array([place[name] for name in names])[numbers]
        return numbers, len(names)
    if values.dtype == pl.Int64():
        numbers = values.to_numpy()
        low, high = int(numbers.min()), int(numbers.max())
        if high - low < len(numbers) + _SMALL:
            return numbers - low, high - low + 1
    if bool((values == values[0]).all()):
        return np.zeros(1, np.int64), 1
    found = values.unique().sort()
    ranks = pl.int_range(len(found), dtype=pl.Int64, eager=True)
    return values.replace_strict(found, ranks, return_dtype=pl.Int64).to_numpy(), len(found)


def _held(column: Column, dtype: pl.DataType) -> pl.Expr:
    values = pl.col(column.name)
    if not isinstance(dtype, pl.Enum):
        values = values.cast(column.dtype)
    # Arrays have no null, so that what is not known comes as NaN; a file says it with a null.
    return values.fill_nan(None) if column.kind == "number" and column.empty else values


def _sentence(name: str, faults: list[str]) -> str:
    return f'table "{name}" is not as runs/schema.py describes it: ' + "; ".join(faults) + "."


def _column_faults(about: Table, frame: pl.DataFrame) -> list[str]:
    missing = [column for column in about.names if column not in frame.columns]
    unknown = [column for column in frame.columns if column not in about.names]
    faults = []
    if missing:
        faults.append(f"columns missing: {listed(missing, 20)}")
    if unknown:
        faults.append(f"columns unknown: {listed(unknown, 20)}")
    for column in about.columns:
        if column.name in frame.columns and not _fits(column.kind, frame.schema[column.name]):
            faults.append(
                f'column "{column.name}" is {frame.schema[column.name]} where it should be '
                f"{column.dtype}"
            )
    return faults


def _fits(kind: str, dtype: pl.DataType) -> bool:
    if dtype == pl.Null():
        return True
    if kind == "text":
        return dtype == pl.String() or isinstance(dtype, pl.Enum | pl.Categorical)
    if kind == "number":
        return dtype.is_numeric()
    return dtype.is_integer() if kind == "whole" else dtype == pl.Boolean()


def _value_faults(column: Column, frame: pl.DataFrame) -> list[str]:
    values = frame[column.name]
    faults = []
    if not column.empty and values.null_count():
        faults.append(f'column "{column.name}" is empty in {values.null_count()} rows')
    if column.kind == "number" and not bool(values.is_finite().all()):  # nulls are passed over
        faults.append(f'column "{column.name}" holds figures that are not finite')
    names = values.dtype.categories if isinstance(values.dtype, pl.Enum) else None
    if column.allowed and (names is None or not set(names) <= set(column.allowed)):
        found = values.drop_nulls().unique().cast(pl.String()).sort().to_list()
        wrong = [value for value in found if value not in column.allowed]
        if wrong:
            faults.append(
                f'column "{column.name}" holds {listed(map(repr, wrong), 5)}; allowed: '
                f"{listed(map(repr, column.allowed), 30)}"
            )
    return faults


def as_markdown(tables: Mapping[str, Table] | Iterable[Table] | None = None) -> str:
    """Writes the descriptions as Markdown, one section for each table.

    Args:
        tables: the tables to describe; all of them where it is left out.

    Returns:
        Text that begins with a second-level heading and ends with a line break.
    """
    chosen = TABLES if tables is None else tables
    entries = chosen.values() if hasattr(chosen, "values") else chosen
    return "\n".join(_section(entry) for entry in entries)


def _section(about: Table) -> str:
    lines = [f"## {about.name}", "", about.meaning, ""]
    for note in about.notes:
        lines += [note, ""]
    lines += ["| column | type | unit | meaning |", "|---|---|---|---|"]
    for column in about.columns:
        meaning = column.meaning
        if column.allowed:
            shown = column.allowed
            if len(shown) > 12:
                shown = (*shown[:4], "…", shown[-1])
            quoted = (
                value if value == "…" else f"`{value}`" if value else '`""`' for value in shown
            )
            meaning += f" Allowed: {', '.join(quoted)}."
        if column.empty and "mpty" not in meaning:
            meaning += " May be empty."
        name = f"**{column.name}**" if column.key else column.name
        lines.append(f"| {name} | {column.kind} | {column.unit} | {meaning} |")
    return "\n".join([*lines, ""])
