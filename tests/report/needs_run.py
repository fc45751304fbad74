"""A small needs assessment of a real area, for tests of what is written of it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from leftshift.areas import find_area
from leftshift.care.model import Care
from leftshift.care.needs.assessment import assess
from leftshift.catalogue import Catalogue
from leftshift.people.outlook import Outcome
from leftshift.runs import Run, schema, write_run
from leftshift.runs.tables_needs import TABLES

for _table in TABLES:
    schema.TABLES.setdefault(_table.name, _table)


@cache
def catalogue() -> Catalogue:
    return Catalogue.load()


@cache
def outcome(
    area: str = "QMM", people: int = 2000, replicates: int = 2, use: bool = True
) -> Outcome:
    """The figures of an area, worked out once for all tests."""
    cat = catalogue()
    return assess(
        cat,
        find_area(area, cat),
        people=people,
        replicates=replicates,
        care=Care if use else None,
    )


def write_needs_run(folder: Path, area: str = "QMM", use: bool = True) -> Run:
    """Write a run folder without a report."""
    made = outcome(area, use=use)
    about = {**made.about, "command": f"leftshift needs {area} --people 2000"}
    return write_run(folder, made.identity, made.provenance, about, made.tables)
