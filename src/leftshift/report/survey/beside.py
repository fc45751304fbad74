"""What leaders said beside other figures: how systems do, and what past reports said."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from leftshift.report.blocks import Cell, FigureBlock, Section, TableBlock, drawn, text
from leftshift.report.survey import charts
from leftshift.report.survey.cells import SHARE, cell, count, p_value
from leftshift.report.survey.findings import Figure, SurveyFindings

__all__ = ["performance", "record", "record_figure"]


def performance(f: SurveyFindings) -> Section | None:
    """Confidence against performance; None where nothing was compared."""
    if not f.performance:
        return None
    figures = []
    for place, composite in enumerate(dict.fromkeys(row["composite"] for row in f.performance)):
        mine = [row for row in f.performance if row["composite"] == composite]
        plain = [row for row in mine if not row["adjusted_for"]]
        held = {row["indicator"]: row for row in mine if row["adjusted_for"]}
        plain.sort(key=lambda row: -row["rho"])
        label = plain[0]["composite_label"]
        rows = [
            {
                "label": row["indicator_label"],
                "value": row["rho"],
                "lower": row["lower"],
                "upper": row["upper"],
                "other": held[row["indicator"]]["rho"] if row["indicator"] in held else None,
            }
            for row in plain
        ]
        confounders = next((row["adjusted_for"] for row in held.values()), "")
        kinds = ["Unadjusted", f"Allowing for {confounders.lower()}"] if held else []
        sure = [row["said"] for row in plain if row["p_bh"] < 0.05]
        none = (
            f"None of these associations of “{label}” can be told from chance. With "
            f"{plain[0]['systems']} systems one weaker than about ±{plain[0]['seen_alone']:.2f} "
            "would often have been missed."
        )
        figures.append(
            drawn(
                f"performance-{place}",
                label,
                " ".join(sure) if sure else none,
                _association_table(f"performance-{place}-table", label, mine),
                partial(
                    charts.dots,
                    rows,
                    title="Rank correlation",
                    domain=(-1, 1),
                    kinds=kinds,
                    zero=0.0,
                    percent=False,
                ),
                "Lines are 95% intervals of the unadjusted correlation; the further from the "
                "middle line, the stronger. Whether higher is better is said in the table.",
            )
        )
    first = f.performance[0]
    power = (
        f"With {first['systems']} systems, a rank correlation of ±{first['seen_alone']:.2f} would "
        f"have been seen four times in five in a single test, and only one of "
        f"±{first['seen_among_all']:.2f} among all {first['tests']}. Weaker ones are easily missed."
    )
    return Section(
        "performance",
        "Confidence and performance",
        ["Does what leaders say go with how their systems do?"],
        figures,
        inset="An association is not a cause. Leaders may be confident because their system does "
        "well, or it may do well because they are; something else may lie behind both; or it may "
        "be chance.",
        after=[power, "No system's own answers are shown."],
    )


def _association_table(key: str, label: str, rows: Sequence[dict[str, Any]]) -> TableBlock:
    cells = [
        [
            text(
                row["indicator_label"] + (f" ({row['better']} is better)" if row["better"] else "")
            ),
            text(row["adjusted_for"] or "nothing"),
            Cell(f"{row['rho']:+.2f}", f"{row['lower']:+.2f} to {row['upper']:+.2f}"),
            p_value(row["p_value"]),
            p_value(row["p_bh"]),
            Cell(str(row["systems"])),
        ]
        for row in sorted(rows, key=lambda row: (row["indicator_label"], row["adjusted_for"]))
    ]
    heads = ["Indicator", "Allowing for", "Rank correlation", "p-value", "Adjusted p-value",
             "Systems"]  # fmt: skip
    return TableBlock(key, f"{label} with each indicator", heads, cells)


def record_figure(f: SurveyFindings) -> FigureBlock | None:
    """Published figures beside the new wave's."""
    rows, cells = [], []
    for row in f.table("survey_record"):
        found = Figure(row["value"], row["lower"], row["upper"], row["base"], "percent")
        about = "" if row["published_about"] == "exactly" else f"{row['published_about']} "
        same = "the same" if row["same_question"] else "not known to be the same"
        cells.append(
            [
                text(f"{row['published_wording']}: {row['published_answer']}"),
                text(f"{row['published_year']}. {row['published_source']} (grade "
                     f"{row['published_grade']})"),
                Cell(f"{about}{row['published_value']:.0f}%"),
                text(str(row["published_base"] or row["published_base_text"])),
                text(f"{row['wording']}: {row['option_label']}"),
                cell(found),
                count(found.base),
                text(same),
            ]
        )  # fmt: skip
        if found.shown:
            rows.append(
                {
                    "label": f"{row['published_year']}: {row['published_answer']}",
                    "value": found.value,
                    "lower": found.lower,
                    "upper": found.upper,
                    "other": row["published_value"],
                }
            )
    if not rows:
        return None
    heads = ["Published", "Where", "Then", "Answered then", "Asked now", "Now", "Answered now",
             "Question"]  # fmt: skip
    kinds = [f.wave_label(f.latest), "Published"]
    return drawn(
        "record",
        "Published figures beside this wave",
        f"{len(rows)} figures of past reports beside the answers to questions like theirs.",
        TableBlock("record-table", "Published figures and this wave's", heads, cells),
        partial(charts.dots, rows, title=SHARE, domain=(0, 100), kinds=kinds),
    )


def record(f: SurveyFindings) -> Section | None:
    """The published record; None where no question names any of it."""
    figure = record_figure(f)
    if figure is None:
        return None
    rows = f.table("survey_record")
    said = list(dict.fromkeys(row["said"] for row in rows if not row["same_question"]))
    same = sum(bool(row["same_question"]) for row in rows)
    start = f"{same} of {len(rows)} published figures come from word for word the same question."
    if not same:
        start = "None of these figures is known to come from word for word the same question."
    return Section("record", "Beside what was published", [start, *said], [figure])
