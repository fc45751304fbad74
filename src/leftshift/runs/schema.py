"""Every table of a run folder and every one of its columns, described once.

The writer checks frames against these descriptions and sorts by their keys; the reference page
`docs/reference/tables.md` is made from them. Columns are added at the end and never renamed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from leftshift.errors import SchemaError, listed, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["TABLES", "Column", "Table", "as_markdown", "conform", "table"]

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


AGE_BANDS: tuple[str, ...] = (*(f"{age}-{age + 4}" for age in range(0, 90, 5)), "90+")
SEXES: tuple[str, ...] = ("female", "male")

_ARM = Column("arm", "text", '"baseline", or the name of the plan.', key=True)
_YEAR = Column(
    "year",
    "text",
    'Financial year, such as "2026/27". Stocks are at its 30 June; flows are over its twelve '
    "months.",
    key=True,
)
_PLACE = Column(
    "place",
    "text",
    'The code of a place in the area (`about.area.places` in run.json names them); "" where the '
    "row is not split by place, and in `summary` and `checks` the whole area.",
    key=True,
)
_SEX = Column(
    "sex",
    "text",
    '"" means that the row is not split by sex.',
    allowed=("", *SEXES),
    key=True,
)
_AGE = Column(
    "age_band",
    "text",
    'Age last birthday in five-year bands; "" means that the row is not split by age.',
    allowed=("", *AGE_BANDS),
    key=True,
)
_QUINTILE = Column(
    "imd_quintile",
    "whole",
    "Fifth of England's neighbourhoods by deprivation (IMD): 1 most deprived, 5 least; 0 means "
    "that the row is not split by it.",
    allowed=("0", "1", "2", "3", "4", "5"),
    key=True,
)
_SEGMENT = Column(
    "segment",
    "text",
    'Core segment by Cambridge Multimorbidity Score, "1" (lowest) to "5"; "0" is under 17; "" '
    "means not split by it.",
    allowed=("", "0", "1", "2", "3", "4", "5"),
    key=True,
)


def _interval(unit: str) -> tuple[Column, Column, Column]:
    return (
        Column(
            "value",
            "number",
            "The central figure: from the central parameters, whether or not draws were asked for.",
            unit,
        ),
        Column(
            "lower",
            "number",
            "Lower end of the 95% interval over draws of the parameters; empty where draws = 0.",
            unit,
            empty=True,
        ),
        Column(
            "upper",
            "number",
            "Upper end of the 95% interval over draws of the parameters; empty where draws = 0.",
            unit,
            empty=True,
        ),
    )


_FEW = Column("few", "yes/no", "Whether the cell rests on fewer than 30 simulants.")
_LEAF = (
    'Leaf rows only: an `imd_quintile` of 0 or "" for `place`, `sex` or `age_band` means that the '
    "row is not split by it, never a total beside its parts. Totals, with intervals of their own, "
    "are in `summary`."
)


TABLES: dict[str, Table] = {
    entry.name: entry
    for entry in (
        Table(
            "summary",
            "One measure of the whole area, or of one place, in one year.",
            (
                _ARM,
                _YEAR,
                _PLACE,
                Column("measure", "text", "What is measured; `names` holds its label.", key=True),
                Column("unit", "text", "What the value is counted in.", key=True),
                *_interval("[unit]"),
                Column(
                    "sampling_error",
                    "number",
                    "Half the width of the 95% interval that comes from simulating finitely many "
                    "people; not part of `lower` and `upper`. Empty where it is not estimated.",
                    "[unit]",
                    empty=True,
                ),
            ),
        ),
        Table(
            "people",
            "People living in the area at 30 June.",
            (_ARM, _YEAR, _PLACE, _SEX, _AGE, _QUINTILE, _SEGMENT, *_interval("people"), _FEW),
            (_LEAF,),
        ),
        Table(
            "conditions",
            "People with a condition at 30 June, or new cases of it over the financial year.",
            (
                _ARM,
                _YEAR,
                _PLACE,
                Column("condition", "text", "Key of the condition; `names` labels it.", key=True),
                _SEX,
                _AGE,
                _QUINTILE,
                Column(
                    "measure",
                    "text",
                    "prevalent: people who have it at 30 June. incident: new cases over the year.",
                    allowed=("prevalent", "incident"),
                    key=True,
                ),
                *_interval("people, or new cases per year"),
                _FEW,
            ),
            (_LEAF, "A person with three conditions is in three rows: never add conditions up."),
        ),
        Table(
            "deaths",
            "Deaths over the financial year.",
            (_ARM, _YEAR, _PLACE, _SEX, _AGE, _QUINTILE, *_interval("deaths per year"), _FEW),
            (_LEAF,),
        ),
        Table(
            "health",
            "A measure of how well people are, or how long they live.",
            (
                _ARM,
                _YEAR,
                _PLACE,
                _SEX,
                _AGE,
                _QUINTILE,
                Column("measure", "text", "What is measured; `names` holds its label.", key=True),
                *_interval("by measure, as `names` says"),
                _FEW,
            ),
            (
                _LEAF,
                "Healthy life expectancy here is years without major illness (Sullivan's method), "
                "not the ONS measure of self-reported good health.",
            ),
        ),
        Table(
            "names",
            "The label of an id used in another table.",
            (
                Column(
                    "kind",
                    "text",
                    "What the id names, such as a condition, a measure or a place.",
                    key=True,
                ),
                Column("id", "text", "The id as it stands in the other tables.", key=True),
                Column("label", "text", "What to show people."),
                Column("unit", "text", "What it is counted in, where it is a measure."),
            ),
        ),
        Table(
            "checks",
            "One published figure of this area beside the model's: does it know us?",
            (
                _ARM,
                _YEAR,
                _PLACE,
                Column("check", "text", "What is compared.", key=True),
                Column("unit", "text", "What both figures are counted in."),
                Column("model", "number", "The model's figure.", "[unit]", empty=True),
                Column("published", "number", "The published figure.", "[unit]", empty=True),
                Column("ratio", "number", "Model divided by published.", "", empty=True),
                Column("source", "text", "Where the published figure comes from."),
                Column("grade", "text", "V verified, D derived, R recalled, A assumed."),
                Column(
                    "used",
                    "yes/no",
                    "Whether the model was calibrated to the figure, so that agreement shows only "
                    "that it reproduces its input.",
                ),
            ),
        ),
        Table(
            "sources",
            "One parameter of the catalogue that the run rests on.",
            (
                Column("id", "text", "Id of the catalogue row.", key=True),
                Column("label", "text", "What it is."),
                Column("value", "number", "The central value.", "[unit]"),
                Column("lower", "number", "Lower end of its 95% interval.", "[unit]", empty=True),
                Column("upper", "number", "Upper end of its 95% interval.", "[unit]", empty=True),
                Column("distribution", "text", "How its doubt is spread."),
                Column("unit", "text", "What it is counted in."),
                Column("source", "text", "Where it comes from."),
                Column("as_of", "text", "The year or date it describes."),
                Column("grade", "text", "V verified, D derived, R recalled, A assumed."),
                Column("note", "text", "Anything else a reader should know."),
                Column(
                    "overridden",
                    "yes/no",
                    "Whether a project or plan put its own figure in place of the shipped one.",
                ),
            ),
        ),
    )
}


def table(name: str) -> Table:
    """Finds the description of a table.

    Raises:
        SchemaError: there is no such table.
    """
    if name not in TABLES:
        raise SchemaError(
            f'no table called "{name}" is described.{nearest(name, TABLES)} '
            f"Tables: {listed(TABLES, 30)}."
        )
    return TABLES[name]


def conform(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Checks a frame against its description, and puts it in the order it is written in.

    Args:
        name: the table's name.
        frame: the rows; columns in any order, whole numbers and categories of any width.

    Returns:
        The same rows with columns in the described order and type, sorted by all key columns.

    Raises:
        SchemaError: columns are missing, unknown or of another type; a value is not allowed, not
            finite, or missing where it may not be; or two rows hold the same fact.
    """
    about = table(name)
    faults = _column_faults(about, frame)
    if faults:
        raise SchemaError(_sentence(name, faults))
    written = frame.select(_written(column) for column in about.columns)
    faults = [fault for column in about.columns for fault in _value_faults(column, written)]
    if faults:
        raise SchemaError(_sentence(name, faults))
    if written.is_empty():
        return written
    order = _order(about, written)
    if not order.is_sorted():
        written, order = written[order.arg_sort()], order.sort()
    repeats = order.diff().eq(0).arg_true()
    if len(repeats):
        row = written.row(repeats[0], named=True)
        fact = ", ".join(f"{key}={row[key]!r}" for key in about.keys)
        raise SchemaError(_sentence(name, [f"two rows hold the same fact: {fact}"]))
    return written


def _order(about: Table, frame: pl.DataFrame) -> pl.Series:
    """Gives each row a number that sorts as its keys do: far faster than to sort by nine texts."""
    order = pl.zeros(frame.height, pl.Int64, eager=True)
    reach = 1
    for key in about.keys:
        values = frame[key].unique().sort()
        ranks = pl.int_range(len(values), dtype=pl.Int64, eager=True)
        if reach * len(values) >= 2**63:
            order, reach = order.rank("dense").cast(pl.Int64) - 1, frame.height
        order = order * len(values) + frame[key].replace_strict(
            values, ranks, return_dtype=pl.Int64
        )
        reach *= len(values)
    return order


def _written(column: Column) -> pl.Expr:
    values = pl.col(column.name).cast(column.dtype)
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
    if column.kind == "number" and not bool(values.drop_nulls().is_finite().all()):
        faults.append(f'column "{column.name}" holds figures that are not finite')
    if column.allowed:
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
