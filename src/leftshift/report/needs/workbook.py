"""The workbook of a needs assessment: a cover, contents, notes and one named table to a sheet."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import xlsxwriter

from leftshift.report import words, workbook
from leftshift.report.needs import sections
from leftshift.report.needs.findings import NeedFindings
from leftshift.report.needs.page import GLOSSARY, certainty, title_of
from leftshift.report.sheets import EXCEL_ROWS, Sheet

__all__ = ["sheets_of", "write"]

_CREATED = dt.datetime(2026, 1, 1)
_WIDE = ("count", "share", "crude", "dsr", "isr", "index")
_HEADS = {
    "count": "people",
    "share": "percent",
    "crude": "crude rate",
    "dsr": "directly standardised",
    "isr": "indirectly standardised",
    "index": "index",
}


def sheets_of(f: NeedFindings) -> list[Sheet]:
    """One sheet for each table that the run has rows of."""
    named = {(k, c): n for kind in ("place", "network", "england") for k, c, n in f.units(kind)}
    named["area", f.code] = f.area_name
    made = [
        Sheet("Places", "Places side by side, one to a row", _SIDE, _wide(f, named, "place")),
        Sheet(
            "Networks",
            "Primary care networks side by side, one to a row",
            _SIDE + " What is illness, use, cost or deprivation of a network is synthetic.",
            _wide(f, named, "network"),
        ),
    ]
    whole = f.need.filter(pl.col("age_band") == "")
    for name, title, frame in (
        ("Figures", "Every figure that is not split by age, with its interval", whole),
        (
            "People by age",
            "Residents of places and people on networks' lists, by sex and age",
            f.need.filter(pl.col("age_band") != "").select(
                "unit_kind", "unit_code", "sex", "age_band", "value", "unit", "source", "grade"
            ),
        ),
        ("Inequality", "Slope and relative indices; Core20", f.run.table("need_inequality")),
        ("Funnel plots", "Every unit, its figure and its limits", f.run.table("need_funnel")),
        (
            "Against need",
            "Use and cost beside what equal need would ask for",
            f.run.table("need_against") if f.has_use else None,
        ),
        ("Units", "Places, networks, the area and England", f.run.table("need_units")),
        ("Sources", "Every catalogue row the run rests on", f.run.table("sources")),
    ):
        if frame is not None:
            made.append(Sheet(name, title, "See the sheet Notes.", _labelled(f, named, frame)))
    return [sheet for sheet in made if 0 < sheet.frame.height <= EXCEL_ROWS]


_SIDE = "Rates are per 100,000 people unless a heading says otherwise; costs are £ per head."


def _wide(f: NeedFindings, named: dict[tuple[str, str], str], kind: str) -> pl.DataFrame:
    """Units of a kind, the area and England, one to a row and a figure to a column."""
    kinds = [kind, "area", "england"]
    found = f.need.filter(
        pl.col("unit_kind").is_in(kinds)
        & (pl.col("age_band") == "")
        & (pl.col("sex") == "")
        & (pl.col("imd_quintile") == "")
        & pl.col("rate_kind").is_in(_WIDE)
    )
    if not (found["unit_kind"] == kind).any():
        return pl.DataFrame()
    heads: dict[tuple[str, str], str] = {}
    order = {
        "people": 0,
        "deprivation": 1,
        "need": 2,
        "illness": 3,
        "death": 4,
        "use": 5,
        "cost": 6,
    }
    keys = found.select("domain", "measure", "rate_kind").unique().rows()
    for _, measure, rate in sorted(keys, key=lambda k: (order[k[0]], k[1], k[2])):
        heads[measure, rate] = f"{f.measure(measure)} ({_HEADS[rate]})"
    rows: dict[tuple[str, str], dict[str, object]] = {}
    for row in found.select("unit_kind", "unit_code", "measure", "rate_kind", "value").iter_rows():
        key = (row[0], row[1])
        mine = rows.setdefault(key, {"Name": named.get(key, row[1]), "Code": row[1]})
        mine[heads[row[2], row[3]]] = float(f"{row[4]:.6g}")
    sort = sorted(rows, key=lambda k: (kinds.index(k[0]), str(rows[k]["Name"]), k[1]))
    # Excel's heads have to differ.
    columns = list(dict.fromkeys(["Name", "Code", *heads.values()]))
    return pl.DataFrame(
        {c: [rows[k].get(c) for k in sort] for c in columns}, infer_schema_length=None
    )


def _labelled(
    f: NeedFindings, named: dict[tuple[str, str], str], frame: pl.DataFrame
) -> pl.DataFrame:
    """Puts names beside codes, yes and no for flags, and headings in words."""
    columns: list[pl.Expr | pl.Series] = []
    for column, dtype in frame.schema.items():
        if dtype == pl.Boolean:
            columns.append(
                pl.when(pl.col(column)).then(pl.lit("yes")).otherwise(pl.lit("no")).alias(column)
            )
        else:
            columns.append(pl.col(column))
        if column == "unit_code" and "name" not in frame.columns:
            pairs = frame.select("unit_kind", "unit_code").iter_rows()
            columns.append(pl.Series("name", [named.get(pair, pair[1]) for pair in pairs]))
        if column == "measure":
            columns.append(
                pl.Series("measure_name", [f.measure(m) for m in frame["measure"].to_list()])
            )
    made = frame.select(columns)
    return made.rename({c: c.replace("_", " ").capitalize() for c in made.columns})


def write(f: NeedFindings, path: Path) -> None:
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
                "subject": f.now,
                "author": "Leftshift",
                "comments": "Informs populations, not individuals. Not endorsed by the NHS.",
                "created": _CREATED,
            }
        )
        formats = workbook.Formats(book)
        workbook.add_prose(book, formats, "Cover", _cover(f))
        workbook.add_contents(book, formats, f, sheets)
        workbook.add_prose(book, formats, "Notes", _notes(f))
        for sheet in sheets:
            workbook.add_table(book, formats, sheet)


def _cover(f: NeedFindings) -> list[tuple[str, str]]:
    return [
        ("title", f"{title_of(f)}: {f.now}"),
        ("wrap", "People, deprivation, illness, use and cost by place and primary care network."),
        *[("wrap", line) for line in sections.headlines(f)],
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


def _notes(f: NeedFindings) -> list[tuple[str, str]]:
    lines = [("title", "Notes"), ("head", "Reading the figures")]
    lines += [
        (
            "wrap",
            "Basis: counted (published people), weighted (NHS England's weighted populations), "
            "modelled (simulated people), synthetic (a network's list at modelled rates and an "
            "estimated mix of deprivation; never measured).",
        ),
        (
            "wrap",
            "Interval: what lower and upper cover. None of them covers what is not known of the "
            "model's parameters.",
        ),
        (
            "wrap",
            "Few: rests on fewer than 30 simulated people, too few to rely on. A standardised rate "
            "of fewer than 10 people or events is left out.",
        ),
    ]
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
    return lines
