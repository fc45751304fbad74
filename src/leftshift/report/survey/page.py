"""Lays out a survey's report and its two-page summary, and writes all that a run folder shows."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2

from leftshift.errors import ReportError
from leftshift.report.blocks import FigureBlock, Section
from leftshift.report.survey import sections as survey_sections
from leftshift.report.survey import words as survey_words
from leftshift.report.survey.findings import SurveyFindings
from leftshift.runs import open_run

__all__ = ["render", "render_summary", "write_report"]

PAGE, SUMMARY, WORKBOOK, SLIDES = "report.html", "summary.html", "workbook.xlsx", "slides.pptx"


def write_report(folder: Path, slides: bool | None = None) -> list[str]:
    """Write report.html, summary.html, workbook.xlsx and slides.pptx into a survey's run folder.

    Args:
        folder: a run folder of `leftshift survey run`, visible or still unfinished.
        slides: whether slides are made; where left out, if python-pptx is installed.

    Returns:
        The names of the files written.

    Raises:
        RunError: the folder is no run, or a table cannot be read.
        ReportError: it is no survey, a file cannot be written, or slides were asked for and
            python-pptx is not installed.
    """
    from leftshift.report.survey.slides import can_write_slides, write_slides
    from leftshift.report.survey.workbook import write_workbook

    run = open_run(folder)
    if "survey_estimates" not in run.tables or not run.table("survey_waves").height:
        raise ReportError(
            f"{folder} is not the run of a survey: it has no survey_estimates. Make one with: "
            "leftshift survey run"
        )
    f = SurveyFindings(run)
    made = survey_sections.sections(f)
    key = survey_sections.key_figures(f)
    written: dict[str, Callable[[Path], object]] = {
        PAGE: lambda path: _write(path, render(f, made, key)),
        SUMMARY: lambda path: _write(path, render_summary(f, made, key)),
        WORKBOOK: lambda path: write_workbook(f, path),
    }
    if slides or (slides is None and can_write_slides()):
        written[SLIDES] = lambda path: write_slides(f, made, key, path)
    for name, write in written.items():
        try:
            write(folder / name)
        except OSError as error:
            raise ReportError(f"{folder / name} could not be written: {error}.") from error
    return list(written)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _environment() -> tuple[jinja2.Environment, Callable[[str], str]]:
    loader = jinja2.PackageLoader("leftshift.report", "templates")
    env = jinja2.Environment(
        loader=loader,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return env, lambda name: loader.get_source(env, name)[0]


def render(f: SurveyFindings, sections: list[Section], key: FigureBlock | None) -> str:
    """Make the report as HTML that stands alone.

    Args:
        f: the findings of a run.
        sections: what `survey_sections.sections` gives.
        key: the figure of the opening.
    """
    env, source = _environment()
    script = source("print.js").strip()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    rows = f.response()
    answered = ""
    if rows and rows[0]["respondents"] is not None:
        answered = f"{rows[0]['respondents']} people answered"
    return env.get_template("survey.html.j2").render(
        f=f,
        answered=answered,
        sections=sections,
        key=key,
        cards=_cards(f),
        headlines=survey_words.headlines(f),
        certainty=_certainty(f),
        warnings=[str(one) for one in f.about.get("warnings") or []],
        css=source("report.css"),
        script=script,
        script_hash=f"sha256-{digest}",
        version=str(f.run.identity.get("version", "")),
    )


def _certainty(f: SurveyFindings) -> str:
    return (
        f"Ranges in brackets are {100 * f.level:.0f}% intervals. They allow for how few there are "
        "to be asked and for people of one system answering alike; they do not cover that those "
        "who did not answer may think otherwise. Figures from which a person's answer could be "
        "known are hidden."
    )


def _cards(f: SurveyFindings) -> list[dict[str, str]]:
    """The three figures that stand out: the highest, the lowest, and the clearest change."""
    scaled = [one for one in f.sorted_by_value(f.closed) if one.kind == "scale"]
    known = []
    for question in scaled:
        measure, option, label = question.main
        found = f.figure(question.id, measure, option)
        if found is not None and found.shown and found.unit == "percent":
            known.append((question, found, label))
    cards = []
    for question, found, label in [*known[:1], *known[1:][-1:]]:
        cards.append(
            {
                "name": question.short,
                "big": survey_words.number(found.value, found.unit),
                "said": label,
                "interval": f"{100 * f.level:.0f}% interval {survey_words.bounds(found)}",
            }
        )
    changes = [row for row in f.trends if row["unit"] == "percent" and survey_words.clear(row)]
    if changes:
        row = max(changes, key=lambda one: abs(one["difference"]))
        cards.append(
            {
                "name": f"{row['short']}: change",
                "big": f"{row['difference']:+.0f} points",
                "said": f"{row['label']}: {survey_words.number(row['before'], 'percent')} to "
                f"{survey_words.number(row['after'], 'percent')}",
                "interval": f"{100 * f.level:.0f}% interval {row['lower']:+.0f} to "
                f"{row['upper']:+.0f}" if row["lower"] is not None else "",
            }
        )  # fmt: skip
    return cards


def render_summary(f: SurveyFindings, sections: list[Section], key: FigureBlock | None) -> str:
    """Make the summary for leaders: two A4 pages when printed.

    Args:
        f: the findings of a run.
        sections: those of the report, whose figures it takes from.
        key: the figure of the first page.
    """
    env, source = _environment()
    by_key = {one.key: one for one in sections}
    figures: list[FigureBlock] = []
    for name in ("groups", "performance"):
        if name in by_key:
            # Of the composites, the one that goes with something stands first.
            ranked = sorted(
                by_key[name].figures, key=lambda one: not one.finding.startswith("Systems whose")
            )
            figures += ranked[:1]
    said: list[Any] = [
        items for heading, items in (by_key["words"].lists if "words" in by_key else ())
    ]
    cause = "An association is not a cause." if "performance" in by_key else ""
    return env.get_template("survey_summary.html.j2").render(
        f=f,
        key=key,
        figures=figures,
        second="Who says what, and does it go with performance?",
        quotes=[quote for items in said for quote in items[:3]][:6],
        headlines=survey_words.headlines(f),
        certainty=_certainty(f),
        cause=cause,
        css=source("report.css"),
        own=source("survey_summary.css"),
        version=str(f.run.identity.get("version", "")),
    )
