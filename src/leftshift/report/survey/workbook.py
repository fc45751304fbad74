"""A survey's workbook: a cover, contents and notes, then one named table to a sheet."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import xlsxwriter

from leftshift.report import workbook
from leftshift.report.sheets import Sheet
from leftshift.report.survey import words as survey_words
from leftshift.report.survey.findings import SurveyFindings

__all__ = ["sheets_of", "write_workbook"]

_HIDDEN = "Empty figures with another status than shown are hidden so that nobody can be known."
_SHEETS: tuple[tuple[str, str, str, str], ...] = (
    ("survey_estimates", "Figures", "Every share, net and mean, by wave and group", _HIDDEN),
    ("survey_trends", "Changes", "Every change between waves", _HIDDEN),
    ("survey_contrasts", "Groups", "Each group against all others of its kind", _HIDDEN),
    ("survey_response", "Response", "Who answered", _HIDDEN),
    ("survey_terms", "Themes", "How many mention each theme in their own words", _HIDDEN),
    ("survey_keyness", "Words", "Words used more or less than before", "Unit: people."),
    ("survey_quotes", "Quotes", "Quotes of people who agreed to be quoted", "Names are removed."),
    ("survey_performance", "Performance", "Confidence against performance",
     "An association is not a cause."),
    ("survey_record", "Published", "Figures of past reports beside this wave", _HIDDEN),
    ("survey_questions", "Questions", "Each question as each wave asked it", "Words as asked."),
    ("survey_options", "Answers", "Answers, nets and themes", "Labels of the ids used elsewhere."),
    ("survey_cleaning", "Cleaning", "What was changed", "Unit: cells, rows or columns."),
    ("survey_suppression", "Hidden", "How many rows of each table are hidden", "Unit: rows."),
)  # fmt: skip
_YES = {True: "yes", False: "no"}


def sheets_of(f: SurveyFindings) -> list[Sheet]:
    """Every sheet the run has rows for; labels stand beside ids."""
    made = []
    for table, name, title, note in _SHEETS:
        if table not in f.run.tables:
            continue
        frame = _labelled(f, f.frame(table))
        if frame.height:
            source = f"{note} Source: {table}.parquet."
            made.append(Sheet(name, f"{title}: {f.title}", source, frame))
    return made


def _labelled(f: SurveyFindings, frame: pl.DataFrame) -> pl.DataFrame:
    shorts = {row["question"]: row["short"] for row in f.table("survey_questions")}
    labels = {(row["question"], row["option"]): row["label"] for row in f.table("survey_options")}
    groups = {(by, key): label for by, found in f.groups.items() for key, label in found} | {
        ("all", ""): "Everyone"
    }
    front: list[pl.Series] = []
    if "question" in frame.columns and "short" not in frame.columns:
        names = [shorts.get(one, one) for one in frame["question"].to_list()]
        front.append(pl.Series("Question", names, dtype=pl.String))
    if {"question", "option"} <= set(frame.columns) and "label" not in frame.columns:
        pairs = frame.select("question", "option").iter_rows()
        front.append(
            pl.Series("Answer", [labels.get(pair, "Mean") for pair in pairs], dtype=pl.String)
        )
    if {"group_by", "group"} <= set(frame.columns):
        pairs = frame.select("group_by", "group").iter_rows()
        front.append(
            pl.Series("Group name", [groups.get(pair, pair[1]) for pair in pairs], dtype=pl.String)
        )
    shown = frame.with_columns(
        pl.col(name).replace_strict(_YES, default=None, return_dtype=pl.String)
        for name, kind in frame.schema.items()
        if kind == pl.Boolean()
    )
    heads = {
        name: f"{name.replace('_', ' ').capitalize()}{' id' if name in _IDS else ''}"
        for name in shown.columns
    }
    return pl.DataFrame(front).hstack(shown.rename(heads)) if front else shown.rename(heads)


_IDS = ("question", "option", "group", "term")


def write_workbook(f: SurveyFindings, path: Path) -> None:
    """Write workbook.xlsx.

    Args:
        f: the findings of a run.
        path: where to; replaced if it is there.
    """
    sheets = sheets_of(f)
    options = {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": True}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties(
            {
                "title": f.title,
                "author": "Leftshift",
                "comments": "Not endorsed by the NHS.",
                "created": workbook.CREATED,
            }
        )
        formats = workbook.Formats(book)
        workbook.add_prose(book, formats, "Cover", _cover(f))
        workbook.add_contents(book, formats, f, sheets)  # type: ignore[arg-type]
        workbook.add_prose(book, formats, "Notes", _notes(f))
        for sheet in sheets:
            _table(book, formats, sheet)


def _cover(f: SurveyFindings) -> list[tuple[str, str]]:
    lines = [("title", f.title)]
    lines += [("bold", str(one)) for one in f.about.get("warnings") or []]
    lines += [("wrap", line) for line in survey_words.headlines(f)]
    version = f.run.identity.get("version", "")
    lines += [
        ("head", "Where this comes from"),
        ("wrap", f"Leftshift {version}, run {f.run.identity_sha256[:12]}."),
        *[("wrap", str(line)) for line in f.about.get("attribution") or []],
        ("wrap", "Leftshift is independent; it is not endorsed by the NHS."),
    ]
    return lines


def _notes(f: SurveyFindings) -> list[tuple[str, str]]:
    lines = [("title", "Notes"), ("head", "What was done")]
    rows = sorted(f.table("survey_method"), key=lambda row: int(row["position"]))
    lines += [("wrap", f"{row['topic']}: {row['text']}") for row in rows]
    lines.append(("head", "Words used here"))
    lines += [("wrap", f"{term}: {meaning}") for term, meaning in survey_words.GLOSSARY]
    return lines


def _table(book: xlsxwriter.Workbook, formats: workbook.Formats, sheet: Sheet) -> None:
    target = book.add_worksheet(sheet.name)
    frame = sheet.frame
    target.write_string(0, 0, sheet.title, formats.title)
    target.write_string(1, 0, sheet.notes, formats.plain)
    target.write_url(2, 0, "internal:'Contents'!A1", formats.link, "Back to contents")
    columns = [{"header": head} for head in frame.columns]
    name = f"survey_{sheet.name.lower()}"
    style = {"name": name, "style": "Table Style Light 1", "columns": columns}
    target.add_table(3, 0, 3 + frame.height, frame.width - 1, style)
    for place, head in enumerate(frame.columns):
        series = frame[head]
        numeric = series.dtype.is_numeric()
        longest = max([len(head), *(len(str(one)) for one in series.to_list() if one is not None)])
        target.set_column(place, place, 13 if numeric else min(max(12, longest + 2), 60))
        fine = numeric and series.dtype.is_float()
        for row, value in enumerate(series.to_list(), start=4):
            if value is None or value == "":
                continue
            if numeric:
                target.write_number(row, place, value, formats.fine if fine else formats.whole)
            else:
                target.write_string(row, place, str(value), formats.plain)
    target.freeze_panes(4, 1)
