"""The workbook: summary sheets of a run, one named table each, none too long for Excel.

It follows the Government Analysis Function's advice for spreadsheets: a cover, contents and notes,
a title in A1, one table to a sheet, no merged cells, no meaning by colour alone, blanks explained.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from leftshift.report import care as care_room
from leftshift.report import plans, theme, words
from leftshift.report.findings import Findings
from leftshift.report.plans.glossary import GLOSSARY as PLAN_WORDS
from leftshift.report.sheets import Sheet, sheets_of

#: Workbooks say when they were made; a fixed date keeps the bytes the same for the same tables.
CREATED = dt.datetime(2026, 1, 1)


_TOP = 4


def write(f: Findings, path: Path) -> None:
    """Write the workbook.

    Args:
        f: The findings of a run.
        path: Where to; replaced if it is there.
    """
    care = care_room.Care(f)
    people, rest = sheets_of(f)
    plan = plans.PlanFindings(f) if plans.is_plan(f) else None
    made: list[Sheet] = []
    if plan is not None:
        from leftshift.report.plans.sheets import sheets as plan_sheets

        made = plan_sheets(plan)
    sheets = [*made, *people, *care_room.sheets(care), *rest]
    options = {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": True}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties(
            {
                "title": str(f.about.get("title") or f"The outlook for {f.area_name}"),
                "subject": f"{f.now} to {f.end}",
                "author": "Leftshift",
                "comments": "Simulated figures for planning. Not endorsed by the NHS.",
                "created": CREATED,
            }
        )
        formats = Formats(book)
        add_prose(book, formats, "Cover", _cover(f, care, plan))
        add_contents(book, formats, f, sheets)
        add_prose(book, formats, "Notes", _notes(f, care, plan))
        for sheet in sheets:
            add_table(book, formats, sheet)


class Formats:
    """The few cell formats of the workbook."""

    def __init__(self, book: Any) -> None:
        base = {"font_name": "Arial", "font_size": 11, "valign": "top"}
        self.title = book.add_format(
            {**base, "bold": True, "font_size": 16, "font_color": theme.DARK_BLUE}
        )
        self.head = book.add_format({**base, "bold": True, "font_size": 12})
        self.wrap = book.add_format({**base, "text_wrap": True})
        self.plain = book.add_format(base)
        self.link = book.add_format({**base, "font_color": theme.BLUE, "underline": 1})
        self.whole = book.add_format({**base, "num_format": "#,##0"})
        self.tenth = book.add_format({**base, "num_format": "#,##0.0"})
        self.fine = book.add_format({**base, "num_format": "#,##0.00"})
        self.any = book.add_format({**base, "num_format": "General"})
        self.bold = book.add_format({**base, "bold": True, "text_wrap": True})


def add_prose(book: Any, formats: Formats, name: str, lines: Sequence[tuple[str, str]]) -> None:
    """Adds a sheet of text: pairs of a format's name and a line."""
    sheet = book.add_worksheet(name)
    sheet.set_column(0, 0, 110, formats.wrap)
    sheet.hide_gridlines(2)
    for i, (style, text) in enumerate(lines):
        sheet.write_string(i, 0, text, getattr(formats, style))


def _cover(
    f: Findings, care: care_room.Care, plan: plans.PlanFindings | None
) -> list[tuple[str, str]]:
    title = str(f.about.get("title") or f"The outlook for {f.area_name}")
    first: list[tuple[str, str]] = []
    if plan is not None:
        from leftshift.report.plans.opening import headlines

        first = [
            ("wrap", f"The plan “{plan.arm}” beside the baseline."),
            *[("wrap", line) for line in headlines(plan)],
            ("head", "If nothing changes: the baseline"),
        ]
    return [
        ("title", f"{title}: {f.now} to {f.end}"),
        *first,
        ("wrap", "Who lives here and how ill they become, if nothing changes."),
        *[("wrap", line) for line in words.headlines(f)],
        *[("wrap", line) for line in care_room.headlines(care)],
        ("head", "How sure are the figures?"),
        ("wrap", words.certainty(f)),
        ("wrap", words.sampling(f)),
        ("head", "Where they come from"),
        (
            "wrap",
            f"Leftshift {f.run.identity.get('version', '')}, run {f.run.identity_sha256[:12]}. "
            f"Command: {f.about.get('command', '')}",
        ),
        *[("wrap", str(line)) for line in f.about.get("attribution") or []],
        ("wrap", "Leftshift is independent; it is not endorsed by the NHS."),
    ]


def add_contents(book: Any, formats: Formats, f: Findings, sheets: Sequence[Sheet]) -> None:
    """Adds the sheet that lists the others, with a link to each and its number of rows."""
    sheet = book.add_worksheet("Contents")
    sheet.set_column(0, 0, 30, formats.plain)
    sheet.set_column(1, 1, 90, formats.wrap)
    sheet.set_column(2, 2, 12, formats.whole)
    sheet.write_string(0, 0, "Contents", formats.title)
    sheet.write_string(1, 0, "One row for each sheet; follow the link to go to it.", formats.plain)
    rows: list[tuple[str, str, int | None]] = [("Notes", "Method, definitions and grades", None)]
    rows += [(s.name, s.title, s.frame.height) for s in sheets]
    sheet.add_table(
        2,
        0,
        2 + len(rows),
        2,
        {
            "name": "contents",
            "style": "Table Style Light 1",
            "autofilter": False,
            "columns": [{"header": h} for h in ("Sheet", "What it holds", "Rows")],
        },
    )
    for i, (name, title, height) in enumerate(rows):
        sheet.write_url(3 + i, 0, f"internal:'{name}'!A1", formats.link, name)
        sheet.write_string(3 + i, 1, title, formats.wrap)
        if height is None:
            sheet.write_string(3 + i, 2, "text", formats.plain)
        else:
            sheet.write_number(3 + i, 2, height, formats.whole)


def _notes(
    f: Findings, care: care_room.Care, plan: plans.PlanFindings | None
) -> list[tuple[str, str]]:
    lines = [("title", "Notes")]
    if plan is not None:
        from leftshift.report.plans.cash import NEVER_ADDED
        from leftshift.report.plans.opening import certainty

        lines += [
            ("head", "The plan and the baseline"),
            *[("wrap", line) for line in certainty(plan)],
            ("wrap", NEVER_ADDED),
            (
                "wrap",
                "Sheets whose names begin with Plan are differences, plan less baseline. All other "
                f"sheets of figures are those of the baseline and hold nothing of “{plan.arm}”.",
            ),
        ]
    lines += [
        ("head", "Method"),
        (
            "wrap",
            "Leftshift simulates the residents of an area one by one: births, deaths, moves, "
            "new illness and recovery, year by year, with nothing changed by policy.",
        ),
        ("wrap", words.certainty(f)),
        ("wrap", words.sampling(f)),
        (
            "wrap",
            "Figures marked “yes” under “Few” rest on fewer than 30 simulated people: too few "
            "to rely on. An empty cell under Lower, Upper or Sampling error means that it was not "
            "worked out.",
        ),
        (
            "wrap",
            "Healthy life expectancy here means years without major illness (Sullivan's "
            "method). It is not the Office for National Statistics' measure of self-rated health.",
        ),
        (
            "wrap",
            "A person with several conditions is counted under each: never add conditions up.",
        ),
        ("wrap", str(f.about.get("projection_note") or "")),
    ]
    if care.has:
        lines += [
            ("head", "Care and money"),
            (
                "wrap",
                f"All money is in {care.prices}, unless a column names another year: general "
                "inflation is taken out, and pay and prices that rise faster than it are in. "
                "Public money only, unless a payer is named; each pound is under one payer.",
            ),
            (
                "wrap",
                "A funding gap is cost less funding if nothing is done about either; a gap above 0 "
                "is a shortfall. Settlements are suppositions, not predictions. Capital is apart.",
            ),
            ("wrap", "Waits are estimates of grade C until your own list is in the project."),
        ]
    if f.about.get("warnings"):
        lines.append(("head", "Warnings of this run"))
        lines += [("wrap", str(w)) for w in f.about["warnings"]]
    lines.append(("head", "Grades of the inputs"))
    lines += [
        ("wrap", f"{g}: {name}. {meaning[0].upper()}{meaning[1:]}.")
        for g, (name, meaning) in words.GRADES.items()
    ]
    lines.append(("head", "Words used here"))
    lines += [
        ("wrap", f"{term}: {meaning}")
        for term, meaning in care_room.glossary(
            care, (*words.GLOSSARY, *(PLAN_WORDS if plan is not None else ()))
        )
    ]
    lines += [
        ("head", "The whole of the figures"),
        (
            "wrap",
            "These sheets are summaries. Every figure, by place, sex, age band, deprivation "
            "fifth and segment, is in the folder tables/ beside this workbook, as Parquet files.",
        ),
        ("wrap", 'In R: library(arrow); people <- read_parquet("tables/people.parquet")'),
        (
            "wrap",
            "In Power BI: Get data, Parquet, and give the full path of tables/people.parquet; "
            'or in Power Query: Parquet.Document(File.Contents("C:\\…\\tables\\people.parquet"))',
        ),
        ("wrap", 'In Python: import polars; polars.read_parquet("tables/people.parquet")'),
    ]
    return [line for line in lines if line[1]]


_WIDTHS = {
    "Place": 28,
    "Measure": 48,
    "Unit": 20,
    "Source": 70,
    "Label": 48,
    "Note": 50,
    "Condition": 34,
    "Compared": 44,
    "Id": 40,
    "Measure id": 30,
    "Condition id": 28,
    "Sampling error": 16,
    "Deprivation fifth": 18,
    "New cases in the year": 22,
    "Setting": 34,
    "Service": 44,
    "Payer": 30,
    "Settlement": 34,
    "Driver": 32,
    "Staff group": 34,
    "Type of bed": 34,
    "Specialties": 34,
    "Segment": 22,
    "Group": 28,
    "Price base": 14,
    "What it is": 60,
}


def add_table(book: Any, formats: Formats, sheet: Sheet) -> None:
    """Adds a sheet with one named table under its title and notes."""
    target = book.add_worksheet(sheet.name)
    frame = sheet.frame
    target.write_string(0, 0, sheet.title, formats.title)
    target.write_string(1, 0, sheet.notes, formats.plain)
    target.write_url(2, 0, "internal:'Contents'!A1", formats.link, "Back to contents")
    heads = frame.columns
    units = frame["Unit"].to_list() if "Unit" in heads else None
    name = "".join(ch if ch.isalnum() else "_" for ch in sheet.name.lower()).strip("_")
    target.add_table(
        _TOP - 1,
        0,
        _TOP - 1 + frame.height,
        len(heads) - 1,
        {"name": name, "style": "Table Style Light 1", "columns": [{"header": h} for h in heads]},
    )
    for i, head in enumerate(heads):
        values = frame[head].to_list()
        if frame.schema[head].is_numeric():
            target.set_column(i, i, _WIDTHS.get(head, 13))
            _numbers(target, formats, i, values, units, name, head)
        else:
            target.set_column(i, i, _WIDTHS.get(head, 16))
            for row, value in enumerate(values, start=_TOP):
                if value is not None and value != "":
                    target.write_string(row, i, str(value), formats.plain)
    target.freeze_panes(_TOP, 1)


def _numbers(
    target: Any,
    formats: Formats,
    column: int,
    values: Sequence[Any],
    units: Any,
    name: str,
    head: str,
) -> None:
    for row, value in enumerate(values, start=_TOP):
        if value is None or value != value:
            continue
        if head.endswith(("(%)", "1,000 people")):
            style = formats.tenth
        elif name in ("sources", "risk_factors"):
            style = formats.any if name == "sources" else formats.fine
        elif units is not None and str(units[row - _TOP]).startswith("£ b"):
            style = formats.tenth
        elif units is not None:
            places = words.decimals(units[row - _TOP])
            style = (formats.whole, formats.tenth, formats.fine)[places]
        else:
            style = formats.whole
        if name in ("does_it_know_us", "own_data") and abs(value) < 100:
            style = formats.fine
        target.write_number(row, column, value, style)
