"""A small survey of boards that tests write into a folder, file by file."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl

from leftshift.catalogue import Catalogue
from leftshift.survey.cleaning import Cleaned, clean
from leftshift.survey.codebook_file import read_codebook
from leftshift.survey.problems import Problems

HEAD = """\
[survey]
id = "small"
title = "A small survey"
field = "leaders"
synthetic = true

[columns]
respondent = ["Respondent ID", "ResponseId"]
person = "Panel"
system = ["Which system do you lead?", "System"]
role = ["What is your role?", "Role"]
submitted = ["End Date", "Submitted"]
quote = "May we quote you?"
question = "Question"
answer = "Answer"

[mask]
columns = ["Name", "Email"]

"""
WAVE = """\
[[wave]]
id = "2025"
label = "2025"
date = 2025-10-31
file = "{file}"
"""
ROLES = """\
[[role]]
id = "chair"
label = "Board chair"
also = ["Chair"]
per_system = 1
[[role]]
id = "chief"
label = "Chief executive"
also = ["CEO"]
per_system = 1
"""
SCALE = """\
[[scale]]
id = "concern"
label = "Concern"
point = [
  { id = "very", also = ["4"], label = "Very concerned", score = 4, side = "high" },
  { id = "fairly", also = ["3"], label = "Fairly concerned", score = 3, side = "high" },
  { id = "not_very", also = ["2"], label = "Not very concerned", score = 2, side = "low" },
  { id = "not_at_all", also = ["1"], label = "Not at all concerned", score = 1, side = "low" },
  { id = "dont_know", label = "Don't know", side = "outside" },
]
net = [{ id = "concerned", label = "Very or fairly concerned", points = ["very", "fairly"] }]
"""
QUESTIONS = """\
[[question]]
id = "costs"
text = "How concerned are you about costs?"
columns = ["Q1"]
scale = "concern"
[[question]]
id = "shifts"
text = "Which shifts have you made progress on?"
columns = ["Q2"]
kind = "multiple"
options = [
  { id = "community", label = "Hospital to community" },
  { id = "digital", label = "Analogue to digital" },
  { id = "prevention", label = "Sickness to prevention" },
]
[[question]]
id = "share"
text = "What per cent goes to community services?"
columns = ["Q3"]
kind = "number"
minimum = 0
maximum = 100
[[question]]
id = "barrier"
text = "What holds you back?"
columns = ["Q4"]
kind = "text"
"""
TERMS = """\
[[term]]
id = "workforce"
label = "Workforce"
words = ["workforce", "staff*", "waiting list*"]
without = ["staff college"]
"""


def codebook_text(file: str = "responses.csv", extra: str = "", questions: str = QUESTIONS) -> str:
    return HEAD + WAVE.format(file=file) + ROLES + SCALE + questions + TERMS + extra


def write_rows(path: Path, rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def read(
    folder: Path, catalogue: Catalogue, text: str | None = None
) -> tuple[Cleaned | None, list[str]]:
    """Reads the survey in a folder: what is kept, and what is wrong."""
    if text is not None:
        (folder / "codebook.toml").write_text(text, encoding="utf-8")
    problems = Problems()
    codebook = read_codebook(folder / "codebook.toml", catalogue, problems)
    cleaned = None if codebook is None else clean(codebook, problems)
    return cleaned, [str(one) for one in problems]


def kept(folder: Path, catalogue: Catalogue, text: str | None = None) -> Cleaned:
    """Reads a survey with which nothing is wrong."""
    cleaned, problems = read(folder, catalogue, text)
    assert problems == []
    assert cleaned is not None
    return cleaned


def answered(cleaned: Cleaned, question: str) -> list[object]:
    """What was answered to a question, in the order of the file."""
    rows = cleaned.answers.filter(pl.col("question") == question)
    column = {"share": "value", "barrier": "text"}.get(question, "option")
    return rows[column].to_list()


def rules(cleaned: Cleaned) -> dict[str, int]:
    """How often each cleaning rule applied."""
    return dict(cleaned.changes.group_by("rule").len().iter_rows())
