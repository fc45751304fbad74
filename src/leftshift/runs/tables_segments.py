"""The tables of `leftshift segments`: an area driven by a table of moves between segments.

A run of this kind has years counted from 0 and neither arms nor places, so that its `people` is
another table than an outlook's.
"""

from __future__ import annotations

from leftshift.runs.describe import Column, Table

__all__ = ["EVENTS", "KIND", "TABLES"]

#: Of the run: a table here is written as `tables/<name without the kind>.parquet`.
KIND = "segments"
EVENTS: tuple[str, ...] = ("births", "deaths", "net_migration")

_SEGMENT = Column("segment", "text", "Its name in `segments.csv`.", key=True)
_YEAR = Column(
    "year", "whole", "Years from the start: 0 is `segments.csv`, as it was given.", key=True
)
_NOTE = "Only in a run of `leftshift segments`."

TABLES: tuple[Table, ...] = (
    Table(
        f"{KIND}.people",
        "People in a segment at one time; `tables/people.parquet` in a run of `leftshift "
        "segments`.",
        (_YEAR, _SEGMENT, Column("value", "number", "People.", "people")),
        (_NOTE,),
    ),
    Table(
        f"{KIND}.use",
        "What people in a segment use in a year at the rates of `use.csv`; `tables/use.parquet` "
        "in a run of `leftshift segments`.",
        (
            _YEAR,
            _SEGMENT,
            Column("measure", "text", "Its name in `use.csv`.", key=True),
            Column(
                "value",
                "number",
                "People in the segment in that year, times the use of each.",
                "[measure]",
            ),
        ),
        (_NOTE,),
    ),
    Table(
        f"{KIND}.flows",
        "People who join or leave a segment by birth, migration or death; `tables/flows.parquet` "
        "in a run of `leftshift segments`.",
        (
            Column(
                "year",
                "whole",
                "Years from the start, of the `people` that they join or leave: 0 is what happens "
                "between year 0 and year 1.",
                key=True,
            ),
            Column("event", "text", "What happens.", allowed=EVENTS, key=True),
            _SEGMENT,
            Column("value", "number", "People; net migration may be below 0.", "people"),
        ),
        (
            _NOTE,
            "People of the next year, in all, are those of this year less deaths, plus births "
            "and net migration.",
        ),
    ),
)
