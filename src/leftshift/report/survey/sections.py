"""The sections of a survey's report: what stands under each heading."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from leftshift.report.blocks import Cell, FigureBlock, Section, TableBlock, drawn, text
from leftshift.report.survey import charts, words
from leftshift.report.survey.beside import performance, record
from leftshift.report.survey.cells import SHARE, cell, count, p_value
from leftshift.report.survey.findings import Figure, Question, SurveyFindings

__all__ = ["key_figures", "sections"]

GROUPINGS = {"role": "role", "type": "type of system", "size": "size of system", "region": "region"}


def sections(f: SurveyFindings) -> list[Section]:
    """Every section the run has figures for, in order."""
    made = [
        _answered(f),
        *(_theme(f, theme, place) for place, theme in enumerate(f.themes)),
        _groups(f),
        _changes(f),
        _own_words(f),
        performance(f),
        record(f),
        _method(f),
        Section("glossary", "Words used here", definitions=words.GLOSSARY),
    ]
    return [one for one in made if one is not None]


def _answered(f: SurveyFindings) -> Section:
    rows = []
    for by in ("all", *GROUPINGS):
        labels = dict(f.groups.get(by, []))
        order = list(labels)
        found = sorted(
            f.response(by),
            key=lambda row: order.index(row["group"]) if row["group"] in order else 99,
        )
        for row in found:
            name = "Everyone" if by == "all" else labels.get(row["group"], row["group"])
            kind = "" if by == "all" else GROUPINGS[by].capitalize()
            rate = text("not known")
            if row["respondents"] is None:
                rate = text(words.HIDDEN)
            elif row["rate"] is not None:
                rate = Cell(f"{row['rate']:.0f}%")
            frame = text("not known") if row["frame"] is None else Cell(f"{row['frame']:,}")
            rows.append([text(name), text(kind), count(row["respondents"]), frame, rate])
    return Section(
        "answered",
        "Who answered",
        [words.response_sentence(f) + f" The survey asks {f.about.get('field', 'leaders')}."],
        tables=[
            TableBlock(
                "answered-table",
                f"Responses, {f.wave_label(f.latest)}",
                ["Group", "Kind", "Answered", "Asked", "Rate"],
                rows,
                stacked=True,
            )
        ],
    )


def key_figures(f: SurveyFindings) -> FigureBlock | None:
    """The main figure of every question on a scale, as dots with intervals."""
    rows = _main_rows(f, f.scaled)
    if not rows:
        return None
    kinds = ["As answered", "Weighted for non-response"] if f.weighted else []
    return drawn(
        "key",
        "Every question on a scale",
        f"The share of those who answered, {f.wave_label(f.latest)}, with "
        f"{100 * f.level:.0f}% intervals.",
        _main_table(f, "key-table", rows),
        partial(charts.dots, rows, title=SHARE, domain=(0, 100), kinds=kinds),
        "The answers counted are in the table. Where a diamond stands apart from its dot, who "
        "answered matters."
        if f.weighted
        else "",
    )


def _main_rows(f: SurveyFindings, questions: Sequence[Question]) -> list[dict[str, Any]]:
    rows = []
    for question in f.sorted_by_value(questions):
        measure, option, label = question.main
        found = f.figure(question.id, measure, option)
        if found is None or not found.shown or found.unit != "percent":
            continue
        weighted = f.figure(question.id, measure, option, weighting="frame")
        rows.append(
            {
                "label": question.short,
                "answer": label,
                "value": found.value,
                "lower": found.lower,
                "upper": found.upper,
                "other": weighted.value if weighted is not None else None,
                "figure": found,
                "weighted": weighted,
            }
        )
    return rows


def _main_table(f: SurveyFindings, key: str, rows: Sequence[dict[str, Any]]) -> TableBlock:
    heads = ["Question", "Answers counted", "Share", "Answered"]
    heads += ["Weighted"] if f.weighted else []
    cells = [
        [
            text(row["label"]),
            text(row["answer"]),
            cell(row["figure"]),
            count(row["figure"].base),
            *([cell(row["weighted"])] if f.weighted else []),
        ]
        for row in rows
    ]
    level = f"{100 * f.level:.0f}% intervals beneath"
    return TableBlock(key, f"{f.wave_label(f.latest)}, {level}", heads, cells, stacked=True)


def _theme(f: SurveyFindings, theme: str, place: int) -> Section | None:
    questions = [one for one in f.closed if one.theme == theme]
    figures: list[FigureBlock] = []
    by_scale: dict[tuple[str, ...], list[Question]] = {}
    for question in questions:
        if question.kind == "scale":
            by_scale.setdefault(tuple(one.id + one.label for one in question.options), []).append(
                question
            )
    for group in by_scale.values():
        figure = _diverging(f, f.sorted_by_value(group), f"theme-{place}-{len(figures)}")
        figures += [figure] if figure is not None else []
    tables = []
    for question in questions:
        if question.kind in ("single", "multiple"):
            figure = _choices(f, question)
            figures += [figure] if figure is not None else []
        elif question.kind == "number":
            found = f.figure(question.id, "mean", "")
            tables.append(
                TableBlock(
                    f"number-{question.id}",
                    question.text,
                    ["Wave", "Mean", "Answered"],
                    [[text(f.wave_label(f.latest)), cell(found), count(
                        found.base if found is not None else None)]],
                )
            )  # fmt: skip
    if not figures and not tables:
        return None
    return Section(f"theme-{place}", theme or "Questions", [], figures, tables)


def _diverging(f: SurveyFindings, questions: Sequence[Question], key: str) -> FigureBlock | None:
    options = [one for one in questions[0].options if one.kind == "option"]
    sided = [(one.label, one.side) for one in options if one.side in ("high", "middle", "low")]
    outside = [one for one in options if one.side not in ("high", "middle", "low")]
    rows, cells = [], []
    for question in questions:
        found = {one.label: f.figure(question.id, "share", one.id) for one in options}
        if any(one is None or not one.shown for one in found.values()):
            continue
        parts = {label: float(one.value or 0.0) for label, one in found.items() if one is not None}
        rows.append({"label": question.short, "parts": parts})
        base = next(one.base for one in found.values() if one is not None)
        shares = [cell(found[one.label]) for one in options]
        cells.append([text(question.short), *shares, count(base)])
    if not rows:
        return None
    heads = ["Question", *(one.label for one in options), "Answered"]
    table = TableBlock(
        f"{key}-table",
        f"{questions[0].theme}: share of each answer from “{options[0].label}” on, "
        f"{f.wave_label(f.latest)}, {100 * f.level:.0f}% intervals beneath",
        heads,
        cells,
    )
    note = ""
    if outside:
        note = f"“{outside[0].label}” is in the base but not drawn; it is in the table."
    return drawn(
        key,
        "How the answers lie",
        words.theme_finding(f, questions),
        table,
        partial(charts.diverging, rows, sided),
        note,
    )


def _choices(f: SurveyFindings, question: Question) -> FigureBlock | None:
    rows: list[dict[str, Any]] = []
    before = str(f.waves[-2]["wave"]) if len(f.waves) > 1 else ""
    for one in question.options:
        found = f.figure(question.id, "share", one.id) if one.kind == "option" else None
        then = f.figure(question.id, "share", one.id, wave=before) if before else None
        if found is not None and found.shown:
            rows.append(
                {
                    "label": one.label,
                    "answer": "",
                    "value": found.value,
                    "lower": found.lower,
                    "upper": found.upper,
                    "other": None if then is None else then.value,
                    "figure": found,
                    "then": then,
                }
            )
    if not rows:
        return None
    several = question.kind == "multiple"
    note = "People could tick several answers: shares do not add to 100." if several else ""
    kinds = []
    heads = ["Answer", "Share", "Answered"]
    if any(row["other"] is not None for row in rows):
        kinds = [f.wave_label(f.latest), f.wave_label(before)]
        heads.append(kinds[1])
    cells = [
        [
            text(r["label"]),
            cell(r["figure"]),
            count(r["figure"].base),
            *([cell(r["then"])] if kinds else []),
        ]
        for r in rows
    ]
    top = max(rows, key=lambda row: row["value"])
    return drawn(
        f"choice-{question.id}",
        question.short,
        f"{question.text} Most often: {top['label']}, {words.number(top['value'], 'percent')}.",
        TableBlock(
            f"choice-{question.id}-table",
            f"{question.short}: {f.wave_label(f.latest)}, {100 * f.level:.0f}% intervals beneath",
            heads,
            cells,
            stacked=True,
        ),
        partial(charts.dots, rows, title=SHARE, domain=(0, 100), kinds=kinds),
        note,
    )


def _groups(f: SurveyFindings) -> Section | None:
    figures, tables = [], []
    questions = [one for one in f.closed if one.kind != "number"]
    for by, name in GROUPINGS.items():
        names = f.groups.get(by, [])
        if len(names) < 2:
            continue
        rows, cells = [], []
        for question in questions:
            measure, option, label = question.main
            found = {key: f.figure(question.id, measure, option, by, key) for key, _ in names}
            if all(one is None for one in found.values()):
                continue
            drawn_figures = {
                key: (one.value, one.lower, one.upper)
                for key, one in found.items()
                if one is not None and one.shown
            }
            if question.kind == "scale":
                rows.append({"label": question.short, "figures": drawn_figures})
            cells.append(
                [text(f"{question.short}: {label}"), *(cell(found[key]) for key, _ in names)]
            )
        table = TableBlock(
            f"by-{by}-table",
            f"By {name}, {f.wave_label(f.latest)}, {100 * f.level:.0f}% intervals beneath",
            ["Question and answers counted", *(label for _, label in names)],
            cells,
            note=f"“{words.HIDDEN}”: left out so that nobody's answer can be known.",
        )
        if by == "role" and len(names) <= 5 and rows:
            figures.append(
                drawn(
                    f"by-{by}",
                    f"By {name}",
                    words.role_finding(f, by),
                    table,
                    partial(charts.panels, rows, names, title=SHARE),
                )
            )
        elif cells:
            tables.append(table)
    if not figures and not tables:
        return None
    said = [f"By {name}: {words.role_finding(f, by)}" for by, name in GROUPINGS.items()
            if by != "role" and len(f.groups.get(by, [])) > 1]  # fmt: skip
    return Section("groups", "Who says what", figures=figures, tables=tables, lists=[
        ("Differences between groups of systems", said)] if said else [])  # fmt: skip


_PAIRINGS = {
    "unpaired": "all who answered",
    "respondents": "the same people",
    "systems": "the same systems",
}


_PAIRED = (
    "Where enough of the same people answered both times, their change is what counts, and the "
    "figures are theirs; else those of all who answered. Changes are worked out before rounding."
)


def _changes(f: SurveyFindings) -> Section | None:
    rows = [row for row in f.trends if row["unit"] == "percent"]
    if not rows:
        return None
    before, after = (f.wave_label(str(one["wave"])) for one in f.waves[-2:])
    figures = []
    for place, theme in enumerate(dict.fromkeys(row["theme"] for row in rows)):
        mine = [row for row in rows if row["theme"] == theme]
        lines = [
            {"label": row["short"], "before": row["before"], "after": row["after"],
             "clear": words.clear(row)}
            for row in mine
        ]  # fmt: skip
        sure = [words.change_sentence(row) for row in mine if words.clear(row)]
        figures.append(
            drawn(
                f"change-{place}",
                theme or "Changes",
                ("Clear changes: " + "; ".join(sure) + ".") if sure
                else "No change of these questions can be told from chance.",
                _change_table(f, f"change-{place}-table", mine, before, after),
                partial(charts.slopes, lines, before, after),
            )
        )  # fmt: skip
    differing = [row["short"] for row in rows if not row["same_wording"]]
    after_notes = []
    if differing:
        after_notes.append(
            f"Asked in other words in {before}: {', '.join(differing)}. Part of a change may come "
            "from the words."
        )
    return Section(
        "changes",
        f"Since {before}",
        [words.changes_finding(f), _PAIRED],
        figures,
        after=after_notes,
    )  # fmt: skip


def _change_table(
    f: SurveyFindings, key: str, rows: Sequence[dict[str, Any]], before: str, after: str
) -> TableBlock:
    cells = []
    for row in rows:
        within = ""
        if row["lower"] is not None:
            within = f"{row['lower']:+.0f} to {row['upper']:+.0f}"
        wording = "same" if row["same_wording"] else "differs"
        people = row["pairs"] if row["pairing"] == "respondents" else row["base_after"]
        cells.append(
            [
                text(f"{row['short']}: {row['label']}"),
                Cell(words.number(row["before"], "percent")),
                Cell(words.number(row["after"], "percent")),
                Cell(f"{row['difference']:+.0f} points", within),
                p_value(row["p_bh"]),
                text(_PAIRINGS[row["pairing"]]),
                count(people),
                text(wording),
            ]
        )
    heads = ["Question and answers counted", before, after, "Change", "Adjusted p-value",
             "Compared", "People", "Wording"]  # fmt: skip
    return TableBlock(key, f"{rows[0]['theme']}: {before} to {after}", heads, cells)


def _own_words(f: SurveyFindings) -> Section | None:
    figures, tables, lists = [], [], []
    quotes = [row for row in f.table("survey_quotes") if row["wave"] == f.latest]
    before = f.wave_label(str(f.waves[-2]["wave"])) if len(f.waves) > 1 else ""
    for question in (one for one in f.questions if one.kind == "text"):
        rows = [
            {
                "label": row["label"],
                "value": row["value"],
                "said": f"{row['value']:.0f}% ({row['respondents']} people)",
                "before": row["before"],
                "row": row,
            }
            for row in f.terms(question.id)
            if row["value"] is not None
        ]
        if rows:
            cells = [
                [
                    text(r["label"]),
                    count(r["row"]["respondents"]),
                    count(r["row"]["base"]),
                    cell(Figure(r["value"], r["row"]["lower"], r["row"]["upper"], None,
                                 "percent")),
                    text("not known") if r["before"] is None else Cell(f"{r['before']:.0f}%"),
                ]
                for r in rows
            ]  # fmt: skip
            figures.append(
                drawn(
                    f"terms-{question.id}",
                    question.short,
                    f"“{question.text}” {rows[0]['label']} is named most, by {rows[0]['said']}.",
                    TableBlock(
                        f"terms-{question.id}-table",
                        f"{question.short}: themes, {f.wave_label(f.latest)}",
                        ["Theme", "People", "Wrote something", "Share", before or "Before"],
                        cells,
                        stacked=True,
                    ),
                    partial(charts.bars, rows, before),
                    "A person may name several themes.",
                )
            )
        mine = [row["quote"] for row in quotes if row["question"] == question.id]
        said = [f"“{quote}”" for quote in dict.fromkeys(mine)][:6]
        if said:
            lists.append((f"In their words: {question.short}", said))
    fresh = sorted(
        (row for row in f.table("survey_keyness") if row["to_wave"] == f.latest),
        key=lambda row: -(row["log_likelihood"] or 0.0),
    )[:12]
    if fresh:
        labels = {one.id: one.short for one in f.questions}
        themes = {
            row["option"]: row["label"]
            for row in f.table("survey_options")
            if row["kind"] == "term"
        }
        tables.append(
            TableBlock(
                "keyness",
                f"Words and themes used more or less than in {before}",
                ["Word or theme", "Question", f"People, {before}", "People now", "More or less",
                 "Adjusted p-value"],
                [
                    [
                        text(
                            f"theme: {themes.get(row['item'], row['item'])}"
                            if row["kind"] == "term"
                            else row["item"]
                        ),
                        text(labels.get(row["question"], row["question"])),
                        count(row["before"]),
                        count(row["after"]),
                        text("more" if (row["log_ratio"] or 0) > 0 else "less"),
                        p_value(row["p_bh"]),
                    ]
                    for row in fresh
                ],
                note="Only words that enough people used. Judged by log-likelihood.",
            )
        )  # fmt: skip
    if not figures and not lists:
        return None
    inset = (
        "Quotes are of people who agreed to be quoted. Names and organisations are replaced by "
        "[removed]; read each quote again before you publish it."
    )
    return Section("words", "In their own words", figures=figures, tables=tables, lists=lists,
                   inset=inset if lists else "")  # fmt: skip


def _method(f: SurveyFindings) -> Section:
    topics: dict[str, list[str]] = {}
    for row in sorted(f.table("survey_method"), key=lambda row: int(row["position"])):
        topics.setdefault(row["topic"], []).append(row["text"])
    cleaned = [
        [text(row["file"]), text(row["column"] or "whole rows"), text(row["why"]),
         Cell(str(row["count"]))]
        for row in f.table("survey_cleaning")
    ]  # fmt: skip
    tables = []
    if cleaned:
        tables.append(
            TableBlock(
                "cleaning",
                "What was changed or dropped; each case is listed, for the analyst alone, beside "
                "the codebook",
                ["File", "Column", "Rule", "Times"],
                cleaned,
            )
        )
    hidden, total = f.hidden
    inset = f"{hidden:,} of {total:,} figures are hidden, so that nobody's answer can be known."
    return Section("method", "What was done", lists=list(topics.items()), tables=tables,
                   inset=inset if total else "")  # fmt: skip
