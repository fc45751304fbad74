"""What past surveys reported, beside a new wave: only where the question is the same.

Published figures are rows of the catalogue (`survey_record`) with their wording, base, source and
grade. A codebook's question names the rows that ask the same under `record`; what answer of it is
counted is matched by its label or named in the section [record]:

    [record]
    confed_2025_concerned = { option = "concerned", group_by = "role", group = "chief" }

Whether a question is the same is decided here, by its words, and never taken on trust.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from leftshift.areas.naming import plain
from leftshift.errors import nearest

if TYPE_CHECKING:
    from leftshift.catalogue import Catalogue
    from leftshift.survey.cleaning import Cleaned
    from leftshift.survey.codebook import Codebook, Question
    from leftshift.survey.problems import Problems

__all__ = ["compared_wording", "method", "tables"]

_SCHEMA: dict[str, Any] = {
    "wave": pl.String,
    "question": pl.String,
    "published_id": pl.String,
    "group_by": pl.String,
    "group": pl.String,
    "measure": pl.String,
    "option": pl.String,
    "option_label": pl.String,
    "wording": pl.String,
    "published_year": pl.String,
    "published_wording": pl.String,
    "published_answer": pl.String,
    "published_about": pl.String,
    "published_value": pl.Float64,
    "published_base": pl.Int64,
    "published_base_text": pl.String,
    "published_source": pl.String,
    "published_grade": pl.String,
    "published_note": pl.String,
    "same_question": pl.Boolean,
    "said": pl.String,
    "value": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "base": pl.Int64,
    "status": pl.String,
}
_KEYS = ("option", "group_by", "group")
_GROUPS = ("all", "role", "type", "size", "region")


def compared_wording(wording: str, published: str, held: bool) -> tuple[bool, str]:
    """Says whether two questions are the same, and in a sentence what differs.

    Args:
        wording: the new wave's question.
        published: the published question, or what was reported of it.
        held: whether `published` is the question's own words.

    Returns:
        Whether it is the same question, and what a reader must know.
    """
    if not held:
        return False, (
            "The exact words of the published question are not held, only how its result was "
            "reported. Do not read the difference as a change."
        )
    if plain(wording) == plain(published):
        return True, "The question is the same."
    return False, (
        f"The wording differs. Then: “{published}” Now: “{wording}” Part of the difference may "
        "come from that."
    )


def tables(
    cleaned: Cleaned,
    draft: Mapping[str, pl.DataFrame],
    catalogue: Catalogue,
    problems: Problems,
) -> dict[str, pl.DataFrame]:
    """Sets each published figure that a question names beside the latest wave's.

    Args:
        cleaned: everyone's answers.
        draft: tables worked out so far; the new figures are taken from `survey_estimates`.
        catalogue: holds the published figures.
        problems: takes what is wrong in `record` of a question and in [record].

    Returns:
        survey_record: a row for each question and published figure. The gate decides later
        whether the new figure is shown.
    """
    estimates = draft.get("survey_estimates")
    rows = [
        {**row, **_figure(row, estimates)} for row in read(cleaned.codebook, catalogue, problems)
    ]
    frame = pl.DataFrame(rows, schema=_SCHEMA)
    return {"survey_record": frame.with_columns(status=pl.lit("shown"))}


def read(codebook: Codebook, catalogue: Catalogue, problems: Problems) -> list[dict[str, Any]]:
    """Reads which published figures a codebook names, and sets each beside its question.

    Args:
        codebook: the codebook.
        catalogue: holds the published figures.
        problems: takes what is wrong in `record` of a question and in [record].

    Returns:
        Rows of survey_record, without the new figure.
    """
    published = {row["id"]: row for row in catalogue.table("survey_record").iter_rows(named=True)}
    sources = {row["key"]: row["title"] for row in _sources(catalogue)}
    asked = _asked(codebook, published, problems)
    rows = []
    for place, question in enumerate(codebook.questions):
        for name in question.record:
            if name not in published:
                problems.add(
                    codebook.name,
                    f'no published figure called "{name}".{nearest(name, published)} They are the '
                    "rows of survey_record.csv in the catalogue.",
                    line=codebook.lines.of("question", place, "record"),
                )
                continue
            row = _row(codebook, question, published[name], asked.get(name, {}), problems)
            if row is not None:
                source = sources.get(published[name]["source_key"], "")
                row["published_source"] = f"{source}, {published[name]['place']}"
                rows.append(row)
    return rows


def _sources(catalogue: Catalogue) -> list[dict[str, str]]:
    del catalogue
    import csv
    from importlib.resources import files

    text = files("leftshift.catalogue").joinpath("sources.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _asked(
    codebook: Codebook, published: Mapping[str, Any], problems: Problems
) -> dict[str, dict[str, str]]:
    """What [record] says of each published figure."""
    given = codebook.section("record") or {}
    found: dict[str, dict[str, str]] = {}
    named = {name for question in codebook.questions for name in question.record}
    for name, block in given.items() if isinstance(given, Mapping) else ():
        said = ""
        if name not in published:
            said = f'no published figure called "{name}".{nearest(name, published)}'
        elif name not in named:
            said = f'no question names "{name}". Add record = ["{name}"] to one.'
        elif not isinstance(block, Mapping) or not all(
            key in _KEYS and isinstance(value, str) for key, value in block.items()
        ):
            said = f'{name} is written {{ option = "…", group_by = "…", group = "…" }}.'
        elif block.get("group_by", "all") not in _GROUPS:
            said = f'no group_by "{block["group_by"]}".{nearest(block["group_by"], _GROUPS)}'
        if said:
            problems.add(codebook.name, f"[record] {said}", line=codebook.lines.of("record", name))
        else:
            found[name] = {str(key): str(value) for key, value in block.items()}
    return found


def _row(
    codebook: Codebook,
    question: Question,
    published: Mapping[str, Any],
    asked: Mapping[str, str],
    problems: Problems,
) -> dict[str, Any] | None:
    labels = {one.id: one.label for one in question.options}
    labels |= {one.id: one.label for one in question.nets}
    option = asked.get("option", "")
    if not option:
        alike = [key for key, label in labels.items() if plain(label) == plain(published["answer"])]
        option = alike[0] if alike else ""
    if option not in labels:
        problems.add(
            codebook.name,
            f'which answer of "{question.id}" is the published “{published["answer"]}”? Say so in '
            f'[record]: {published["id"]} = {{ option = "…" }}.{nearest(option, labels)} '
            f"Answers: {', '.join(labels) or 'none: it is no closed question'}.",
            line=codebook.lines.of("record", published["id"]),
        )
        return None
    wording = question.wording_in(codebook.latest.id)
    same, said = compared_wording(wording, published["wording"], published["wording_held"])
    nets = {one.id for one in question.nets}
    return {
        "wave": codebook.latest.id,
        "question": question.id,
        "published_id": published["id"],
        "group_by": asked.get("group_by", "all"),
        "group": asked.get("group", ""),
        "measure": "net" if option in nets else "share",
        "option": option,
        "option_label": labels[option],
        "wording": wording,
        "published_year": published["year"],
        "published_wording": published["wording"],
        "published_answer": published["answer"],
        "published_about": published["about"],
        "published_value": published["value"],
        "published_base": published["base"],
        "published_base_text": published["base_text"],
        "published_grade": published["grade"],
        "published_note": published["note"],
        "same_question": same,
        "said": said,
    }


def _figure(row: Mapping[str, Any], estimates: pl.DataFrame | None) -> dict[str, Any]:
    nothing = {"value": None, "lower": None, "upper": None, "base": None}
    if estimates is None:
        return nothing
    keys = ("wave", "question", "group_by", "group", "measure", "option")
    found = estimates.filter(pl.all_horizontal(pl.col(key) == row[key] for key in keys))
    if "weighting" in found.columns:
        found = found.filter(pl.col("weighting") == "none")
    if found.is_empty():
        return nothing
    return {key: found[key][0] for key in nothing}


def method(cleaned: Cleaned, tables: Mapping[str, pl.DataFrame]) -> list[tuple[str, str]]:
    """Says how published figures were set beside the new ones, for the method note."""
    del cleaned
    frame = tables.get("survey_record")
    if frame is None or frame.is_empty():
        return []
    same = int(frame["same_question"].fill_null(False).sum())
    recalled = int((frame["published_grade"] != "V").sum())
    said = (
        f"{frame.height} published figures stand beside those of this wave; in {same} of them the "
        "question is word for word the same. Where it is not, or where its words are not held, "
        "the report says so and the two are not to be read as a change."
    )
    if recalled:
        said += (
            f" {recalled} are quoted from notes and have not been checked against the report they "
            "come from (grade R)."
        )
    return [("Published record", said)]
