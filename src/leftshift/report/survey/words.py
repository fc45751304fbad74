"""A survey's report in words: what is said of each figure, and no more than it bears."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from leftshift.report.survey.findings import Figure, Question, SurveyFindings

__all__ = [
    "GLOSSARY",
    "HIDDEN",
    "bounds",
    "change_sentence",
    "changes_finding",
    "headlines",
    "number",
    "response_sentence",
    "role_finding",
    "theme_finding",
]

HIDDEN = "hidden"

GLOSSARY = (
    (
        "Association",
        "Two measures that go together. It does not say that one makes the other.",
    ),
    (
        "Base",
        "How many people gave an answer that counts. A figure of a group resting on too few is "
        "not shown.",
    ),
    (
        "Clear change or difference",
        "One that chance alone would seldom make, after allowing for how many were looked at "
        "(Benjamini and Hochberg, 5 per cent).",
    ),
    (
        "Hidden",
        "A figure left out so that nobody's answer can be known from it, alone or by taking "
        "figures from one another.",
    ),
    (
        "Interval",
        "The range in which the figure of all who could have been asked would lie, at the stated "
        "level, if those who did not answer are like those who did.",
    ),
    (
        "Net",
        "Several answers taken together, such as very or fairly confident.",
    ),
    (
        "Rank correlation",
        "From -1 to +1: how far the order of systems by one measure is their order by another.",
    ),
    (
        "Weighted",
        "Counted so that each role and region weighs as it does among all who could have been "
        "asked, not as it does among those who answered.",
    ),
)


def number(value: float | None, unit: str) -> str:
    """A figure with its unit, as little exact as the number of people allows."""
    if value is None:
        return HIDDEN
    if unit == "percent":
        return f"{value:.0f}%"
    return f"{value:.1f}" if unit == "number" else f"{value:.2f}"


def bounds(figure: Figure) -> str:
    """An interval: "88% to 96%"; empty where there is none."""
    if figure.lower is None or figure.upper is None:
        return ""
    return f"{number(figure.lower, figure.unit)} to {number(figure.upper, figure.unit)}"


def response_sentence(f: SurveyFindings) -> str:
    """How many answered, of how many."""
    rows = f.response()
    if not rows or rows[0]["respondents"] is None:
        return f"{f.wave_label(f.latest)}."
    row = rows[0]
    said = f"{f.wave_label(f.latest)}: {row['respondents']} people answered"
    if row["frame"]:
        said += f" of {row['frame']} asked ({row['rate']:.0f}%)"
    return said + "."


def _main(f: SurveyFindings, question: Question) -> tuple[Figure | None, str]:
    measure, option, label = question.main
    return f.figure(question.id, measure, option), label


def _said(f: SurveyFindings, question: Question) -> str:
    found, label = _main(f, question)
    if found is None or not found.shown:
        return ""
    within = f" ({bounds(found)})" if bounds(found) else ""
    return f"{question.short}: {number(found.value, found.unit)}{within} {_lower(label)}"


def _lower(label: str) -> str:
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def headlines(f: SurveyFindings) -> list[str]:
    """A few sentences for someone who reads nothing else."""
    lines = [response_sentence(f)]
    if not any(row["value"] is not None for row in f.table("survey_estimates")):
        lines.append(
            "No figure can be shown: so few people answered that any could tell what one of them "
            f"said. The smallest number of people that a figure may rest on is {f.least}."
        )
    scaled = [one for one in f.closed if one.kind == "scale" and _main(f, one)[0] is not None]
    ordered = [one for one in f.sorted_by_value(scaled) if _said(f, one)]
    if ordered:
        top = "; ".join(_said(f, one) for one in ordered[:2])
        lines.append(f"Highest shares: {top}.")
    if len(ordered) > 3:
        lines.append(f"Lowest: {'; '.join(_said(f, one) for one in ordered[-2:])}.")
    changes = changes_finding(f)
    if changes:
        lines.append(changes)
    linked = [row for row in f.performance if row["p_bh"] < 0.05 and not row["adjusted_for"]]
    if f.performance:
        tests = max(int(row["tests"]) for row in f.performance)
        if linked:
            best = max(linked, key=lambda row: abs(row["rho"]))
            lines.append(
                f"Of {tests} comparisons of confidence with performance {len(linked)} "
                f"{'is' if len(linked) == 1 else 'are'} more than chance would make; the "
                f"strongest is of “{best['composite_label']}” with “{best['indicator_label']}” "
                f"(rank correlation {best['rho']:+.2f}). That is an association, not a cause."
            )
        else:
            lines.append(
                f"None of {tests} comparisons of confidence with performance can be told from "
                "chance; weaker associations would have been missed with so few systems."
            )
    return lines


def change_sentence(row: Mapping[str, Any]) -> str:
    """One change in words."""
    unit = "percent" if row["unit"] == "percent" else row["unit"]
    way = "up" if row["difference"] > 0 else "down"
    return (
        f"{row['short']} ({_lower(row['label'])}): {number(row['before'], unit)} to "
        f"{number(row['after'], unit)}, {way} "
        f"{abs(row['difference']):.0f} point{'' if round(abs(row['difference'])) == 1 else 's'}"
    )


def clear(row: Mapping[str, Any]) -> bool:
    """Whether a change is told from chance, having allowed for how many were looked at."""
    return row["p_bh"] is not None and row["p_bh"] < 0.05


def changes_finding(f: SurveyFindings) -> str:
    """Which changes since the wave before are clear."""
    rows = [row for row in f.trends if row["unit"] == "percent"]
    if not rows:
        return ""
    before = f.wave_label(str(f.waves[-2]["wave"]))
    found = sorted((row for row in rows if clear(row)), key=lambda row: -abs(row["difference"]))
    if not found:
        return f"No change since {before} can be told from chance among {len(rows)} questions."
    said = "; ".join(change_sentence(row) for row in found[:3])
    count = f"{len(found)} of {len(rows)} questions changed clearly"
    return f"Since {before} {count}. {said}."


def theme_finding(f: SurveyFindings, questions: Sequence[Question]) -> str:
    """Highest and lowest of a theme's questions."""
    ordered = [one for one in f.sorted_by_value(questions) if _said(f, one)]
    if not ordered:
        return "No figure of these questions can be shown."
    if len(ordered) == 1:
        return f"{_said(f, ordered[0])}."
    return f"From {_said(f, ordered[0])}, to {_said(f, ordered[-1])}."


def role_finding(f: SurveyFindings, group_by: str) -> str:
    """Which differences of a group from the others are clear."""
    labels = dict(f.groups.get(group_by, []))
    main = {one.id: one for one in f.closed}
    found = []
    for row in f.table("survey_contrasts"):
        question = main.get(row["question"])
        if (
            question is None
            or row["wave"] != f.latest
            or row["group_by"] != group_by
            or (row["measure"], row["option"]) != question.main[:2]
            or row["p_bh"] is None
        ):
            continue
        found.append((row["p_bh"], question.short, labels.get(row["group"], ""), row))
    if not found:
        return "No differences between groups can be shown."
    sure = sorted((one for one in found if one[0] < 0.05), key=lambda one: one[:3])
    if not sure:
        return (
            f"None of {len(found)} differences of a group from all others can be told from chance, "
            "having allowed for how many were looked at."
        )
    said = [
        f"{label}, {short.lower()}: {number(row['value'], row['unit'])} against "
        f"{number(row['others'], row['unit'])} of all others"
        for _, short, label, row in sure[:3]
    ]
    return f"{len(sure)} of {len(found)} differences are clear. {'; '.join(said)}."
