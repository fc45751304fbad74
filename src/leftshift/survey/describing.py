"""The tables that say what the others' keys mean, and how often each cleaning rule applied."""

from __future__ import annotations

from typing import Any

import polars as pl

from leftshift.survey.cleaning import Cleaned
from leftshift.survey.codebook import Question
from leftshift.survey.sample import Samples

__all__ = ["descriptions"]

WHY = {
    "blank_row": "Blank rows are left out.",
    "consent_unclear": "Consent to be quoted that is no plain yes counts as no.",
    "date_unread": "A date that is not understood; the order of the file counts instead.",
    "duplicate": "Of a respondent's several responses the last complete one is kept.",
    "encoding": "The file is not UTF-8 and was read as Windows-1252.",
    "masked_column": "Columns of names and organisations are read only to mask them.",
    "merged_cell": "A merged cell counts for every row and column it covers.",
    "merged_system": "A system that had merged by the wave's day counts as the later one.",
    "no_answer": 'Words such as "N/A" or "-" mean that there is no answer.',
    "no_role": "A response without a role that the codebook knows is left out.",
    "not_asked": "Answers to questions that the role was not asked in the wave are left out.",
    "recoded": "A code, or another word, is read as the codebook's answer.",
    "title_row": "Rows above the header are left out.",
    "too_few_answers": "Responses with too few of the closed questions answered are left out.",
    "unknown": "Answers that the codebook does not know are left out, as it says.",
    "unused_column": "Columns that the codebook does not name are not read.",
}
"""What each cleaning rule does."""


def descriptions(samples: Samples) -> dict[str, pl.DataFrame]:
    """Gives survey_questions, _options, _groups, _systems, _waves and _cleaning."""
    cleaned = samples.cleaned
    return {
        "survey_questions": _questions(cleaned),
        "survey_options": _options(cleaned),
        "survey_groups": _groups(samples),
        "survey_systems": _systems(cleaned),
        "survey_waves": _waves(cleaned),
        "survey_cleaning": _cleaning(cleaned),
    }


def _questions(cleaned: Cleaned) -> pl.DataFrame:
    codebook = cleaned.codebook
    rows = []
    for position, one in enumerate(codebook.questions, start=1):
        asked = [wave.id for wave in codebook.waves if not one.waves or wave.id in one.waves]
        for wave in asked:
            wording = one.wording_in(wave)
            rows.append(
                (
                    one.id,
                    position,
                    one.wording_in(asked[-1]),
                    one.short,
                    one.theme,
                    one.kind,
                    one.scale,
                    wave,
                    wording,
                    wording == one.wording_in(asked[-1]),
                )
            )
    schema = {
        "question": pl.String,
        "position": pl.Int64,
        **dict.fromkeys(("text", "short", "theme", "kind", "scale", "wave", "wording"), pl.String),
        "same_as_latest": pl.Boolean,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _options(cleaned: Cleaned) -> pl.DataFrame:
    rows: list[tuple[Any, ...]] = []
    for question in cleaned.codebook.questions:
        rows += _of_question(question)
    for position, term in enumerate(cleaned.codebook.terms, start=1):
        rows.append(("", term.id, "term", position, term.label, "", None, ""))
    schema = {
        **dict.fromkeys(("question", "option", "kind"), pl.String),
        "position": pl.Int64,
        **dict.fromkeys(("label", "side"), pl.String),
        "score": pl.Float64,
        "members": pl.String,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _of_question(question: Question) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = [
        (question.id, one.id, "option", position, one.label, one.side, one.score, "")
        for position, one in enumerate(question.options, start=1)
    ]
    rows += [
        (question.id, net.id, "net", position, net.label, "", None, ";".join(net.points))
        for position, net in enumerate(question.nets, start=1)
    ]
    return rows


def _groups(samples: Samples) -> pl.DataFrame:
    codebook = samples.cleaned.codebook
    roles = {one.id: one.label for one in codebook.roles}
    regions = {
        system.region: system.region_name
        for wave in codebook.waves
        for system in codebook.systems.at(wave.id)
    }
    order = {one.id: place for place, one in enumerate(codebook.roles)}
    for place, size in enumerate(("smaller", "middle", "larger")):
        order.setdefault(size, place)
    found = {pair for wave in codebook.waves for pair in samples.groups(wave)}
    rows = []
    for by in ("all", "role", "type", "size", "region"):
        groups = [group for kind, group in found if kind == by]
        labels = {"role": roles, "region": regions}.get(by, {})

        def shown(group: str, by: str = by, labels: dict[str, str] = labels) -> str:
            return "All respondents" if by == "all" else labels.get(group) or _capital(group)

        groups.sort(key=lambda one: (order.get(one, 10_000), shown(one), one))
        rows += [(by, group, shown(group), place) for place, group in enumerate(groups, start=1)]
    schema = {
        **dict.fromkeys(("group_by", "group", "label"), pl.String),
        "position": pl.Int64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _systems(cleaned: Cleaned) -> pl.DataFrame:
    codebook = cleaned.codebook
    book = codebook.systems
    rows = [
        (
            wave.id,
            one.code,
            one.name,
            one.region,
            one.type,
            one.size,
            one.people,
            book.now(one.code, codebook.latest.id) or "",
            one.verified,
        )
        for wave in codebook.waves
        for one in book.at(wave.id)
    ]
    schema = {
        **dict.fromkeys(("wave", "system", "name", "region", "type", "size"), pl.String),
        "people": pl.Float64,
        "now": pl.String,
        "verified": pl.Boolean,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _waves(cleaned: Cleaned) -> pl.DataFrame:
    rows = [
        (one.id, place, one.label, one.date.isoformat(), cleaned.codebook.synthetic)
        for place, one in enumerate(cleaned.codebook.waves, start=1)
    ]
    schema = {
        "wave": pl.String,
        "position": pl.Int64,
        **dict.fromkeys(("label", "date"), pl.String),
        "synthetic": pl.Boolean,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _cleaning(cleaned: Cleaned) -> pl.DataFrame:
    # A row dropped as a whole stands once for itself (no column) and once for each of its answers.
    counted = cleaned.changes.group_by("wave", "file", "column", "rule").agg(
        count=pl.len().cast(pl.Int64)
    )
    return counted.with_columns(
        why=pl.col("rule").replace_strict(WHY, default="", return_dtype=pl.String)
    ).select("wave", "file", "column", "rule", "why", "count")
