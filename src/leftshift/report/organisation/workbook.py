"""The workbook of a board's run: a cover, contents, notes and one named table to a sheet."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import xlsxwriter

from leftshift.report import words, workbook
from leftshift.report.organisation import opening as organisation_opening
from leftshift.report.organisation.findings import BoardFindings
from leftshift.report.organisation.page import GLOSSARY, certainty, title_of
from leftshift.report.sheets import EXCEL_ROWS, Sheet

__all__ = ["sheets_of", "write"]

_CREATED = dt.datetime(2026, 1, 1)

_SHEETS = (
    ("Options", "option_names", "The options"),
    ("What changes", "options", "Each function under each option, year by year (£, WTE)"),
    ("Money", "board_money", "Running cost, allowance and saving by option and year"),
    ("Duties", "duties", "Every duty beside its minimum, by option and year (WTE)"),
    ("Duty register", "duty_register", "Every duty, its section, owner, minimum and evidence"),
    ("Redundancy", "redundancy", "People and cost by option and year; small numbers are hidden"),
    ("Funding", "funding", "Saving, cost and net gain by funding scenario"),
    ("Returns", "returns", "Payback and net present value"),
    ("Timeline", "timeline", "Tasks, dates and the critical path"),
    ("Functions", "functions", "The board's functions as they are now"),
    ("Delegation map", "levels", "People and money by level, function, option and year"),
    ("What place loses", "place_losses", "By place, function, option and year"),
    ("Governance", "governance", "What the integrated care partnership is, year by year"),
    ("Prices", "prices", "What each duty and a pound of cap cost in the option that was found"),
    ("Clashes", "clashes", "Why no option meets everything"),
    ("How it was found", "found", "How the least harmful option was found"),
    ("Clusters", "clusters", "Boards apart, in a cluster and merged"),
    ("Apportionment", "apportionment", "The envelope shared out by four rules (£ a year)"),
    ("Caseloads", "caseloads", "Cases and people needed"),
    ("Sources", "sources", "Every catalogue row the run rests on"),
)


def sheets_of(f: BoardFindings) -> list[Sheet]:
    """One sheet for each table that the run has rows of."""
    made = []
    for name, table, title in _SHEETS:
        if table not in f.tables:
            continue
        frame = f.run.table(table)
        if not 0 < frame.height <= EXCEL_ROWS:
            continue
        made.append(Sheet(name, title, _notes_of(table), _labelled(f, frame)))
    return made


def _notes_of(table: str) -> str:
    return (
        f"Source: {table}.parquet. Money is in pounds with local on-cost unless a heading says "
        "otherwise; an empty cell was hidden or not worked out."
    )


def _labelled(f: BoardFindings, frame: pl.DataFrame) -> pl.DataFrame:
    """Puts names beside keys, yes and no for flags, and headings in words."""
    beside = {
        "option": ("Option name", {o["option"]: str(o["name"]) for o in f.options}),
        "function": ("Function name", f.function_names),
        "duty": ("Duty name", f.duty_names),
    }
    columns = []
    for column, dtype in frame.schema.items():
        if dtype == pl.Boolean:
            columns.append(
                pl.when(pl.col(column)).then(pl.lit("yes")).otherwise(pl.lit("no")).alias(column)
            )
        else:
            columns.append(pl.col(column))
        if column in beside and "name" not in frame.columns and "label" not in frame.columns:
            name, labels = beside[column]
            columns.append(pl.col(column).replace(labels).alias(name))
    made = frame.select(columns)
    return made.rename(
        {c: c.replace("_", " ").capitalize().replace("Wte", "WTE") for c in made.columns}
    )


def write(f: BoardFindings, path: Path) -> None:
    """Writes the workbook.

    Args:
        f: what was found.
        path: where to; replaced if it is there.
    """
    sheets = sheets_of(f)
    options = {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": True}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties(
            {
                "title": title_of(f),
                "subject": f"{f.now} to {f.end}",
                "author": "Leftshift",
                "comments": "Figures for planning. Not legal advice. Not endorsed by the NHS.",
                "created": _CREATED,
            }
        )
        formats = workbook.Formats(book)
        workbook.add_prose(book, formats, "Cover", _cover(f))
        workbook.add_contents(book, formats, f, sheets)
        workbook.add_prose(book, formats, "Notes", _notes(f))
        for sheet in sheets:
            workbook.add_table(book, formats, sheet)


def _cover(f: BoardFindings) -> list[tuple[str, str]]:
    return [
        ("title", f"{title_of(f)}: {f.now} to {f.end}"),
        ("wrap", "What changes, what it costs, when it pays back and what is at risk in law."),
        *[("wrap", line) for line in organisation_opening.headlines(f)],
        ("head", "How sure are the figures?"),
        *[("wrap", line) for line in certainty(f)],
        ("head", "Where they come from"),
        (
            "wrap",
            f"Leftshift {f.run.identity.get('version', '')}, run {f.run.identity_sha256[:12]}. "
            f"Command: {f.about.get('command', '')}",
        ),
        *[("wrap", str(line)) for line in f.about.get("attribution") or []],
        ("wrap", "Leftshift is independent; it is not endorsed by the NHS."),
    ]


def _notes(f: BoardFindings) -> list[tuple[str, str]]:
    lines = [("title", "Notes"), ("head", "Privacy"), ("wrap", str(f.about.get("privacy") or ""))]
    if f.about.get("warnings"):
        lines.append(("head", "Warnings of this run"))
        lines += [("wrap", str(w)) for w in f.about["warnings"]]
    lines.append(("head", "Grades of the inputs"))
    lines += [
        ("wrap", f"{grade}: {name}. {meaning[0].upper()}{meaning[1:]}.")
        for grade, (name, meaning) in words.GRADES.items()
    ]
    lines.append(("head", "Words used here"))
    lines += [("wrap", f"{term}: {meaning}") for term, meaning in GLOSSARY]
    return [line for line in lines if line[1]]
