"""The figures a survey's report is made of, picked out of its run folder. It reads nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from leftshift.runs import Run

__all__ = ["Figure", "Option", "Question", "SurveyFindings"]

SHOWN = "shown"


@dataclass(frozen=True)
class Figure:
    """A figure with its interval; value None where it is hidden."""

    value: float | None
    lower: float | None
    upper: float | None
    base: int | None
    unit: str

    @property
    def shown(self) -> bool:
        """Whether there is a figure to show."""
        return self.value is not None


@dataclass(frozen=True)
class Option:
    """An answer or net: its key, label and side of a diverging bar."""

    id: str
    label: str
    kind: str
    side: str


@dataclass(frozen=True)
class Question:
    """A question of the latest wave."""

    id: str
    short: str
    text: str
    theme: str
    kind: str
    options: tuple[Option, ...]

    @property
    def main(self) -> tuple[str, str, str]:
        """The measure, option and label it is summed up by: its first net, or its mean."""
        nets = [one for one in self.options if one.kind == "net"]
        if nets:
            return "net", nets[0].id, nets[0].label
        if self.kind in ("single", "multiple", "scale") and self.options:
            return "share", self.options[0].id, self.options[0].label
        return "mean", "", "Mean"


class SurveyFindings:
    """A survey's run, with its tables looked up by key.

    Args:
        run: the run folder.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.about = run.about
        self.title = run.title
        self.synthetic = bool(self.about.get("synthetic"))
        self.least = int(self.about.get("minimum_base", 5))
        self.level = float(self.about.get("level", 0.95))

    def table(self, name: str) -> list[dict[str, Any]]:
        """Rows of a table; none where the run has no such table."""
        if name not in self.run.tables:
            return []
        return self.run.table(name).to_dicts()

    @cached_property
    def waves(self) -> list[dict[str, Any]]:
        """Waves, oldest first."""
        return sorted(self.table("survey_waves"), key=lambda row: int(row["position"]))

    @property
    def latest(self) -> str:
        """Key of the latest wave."""
        return str(self.waves[-1]["wave"])

    def wave_label(self, wave: str) -> str:
        """Label of a wave."""
        return next((str(row["label"]) for row in self.waves if row["wave"] == wave), wave)

    @cached_property
    def questions(self) -> list[Question]:
        """Questions the latest wave asked, in the order of the codebook."""
        options: dict[str, list[dict[str, Any]]] = {}
        for row in self.table("survey_options"):
            options.setdefault(row["question"], []).append(row)
        found = []
        rows = [row for row in self.table("survey_questions") if row["wave"] == self.latest]
        for row in sorted(rows, key=lambda row: int(row["position"])):
            given = sorted(options.get(row["question"], []), key=lambda one: int(one["position"]))
            found.append(
                Question(
                    row["question"],
                    row["short"],
                    row["text"],
                    row["theme"],
                    row["kind"],
                    tuple(
                        Option(one["option"], one["label"], one["kind"], one["side"])
                        for one in given
                    ),
                )
            )
        return found

    @cached_property
    def closed(self) -> list[Question]:
        """Questions with answers to tick or a number."""
        return [one for one in self.questions if one.kind != "text"]

    @cached_property
    def scaled(self) -> list[Question]:
        """Questions whose answers lie on a scale."""
        return [one for one in self.closed if one.kind == "scale"]

    @cached_property
    def themes(self) -> list[str]:
        """Themes of the closed questions, in order."""
        return list(dict.fromkeys(one.theme for one in self.closed))

    @cached_property
    def groups(self) -> dict[str, list[tuple[str, str]]]:
        """Groups by what they are made by: key and label, in order."""
        found: dict[str, list[tuple[str, str]]] = {}
        rows = sorted(self.table("survey_groups"), key=lambda row: int(row["position"]))
        for row in rows:
            found.setdefault(row["group_by"], []).append((row["group"], row["label"]))
        return found

    @cached_property
    def _estimates(self) -> Mapping[tuple[str, ...], Figure]:
        found = {}
        for row in self.table("survey_estimates"):
            key = ("wave", "question", "group_by", "group", "measure", "option", "weighting")
            shown = row["status"] == SHOWN
            found[tuple(str(row[one]) for one in key)] = Figure(
                row["value"] if shown else None,
                row["lower"] if shown else None,
                row["upper"] if shown else None,
                row["base"] if shown else None,
                row["unit"],
            )
        return found

    def figure(
        self,
        question: str,
        measure: str,
        option: str,
        group_by: str = "all",
        group: str = "",
        wave: str | None = None,
        weighting: str = "none",
    ) -> Figure | None:
        """A figure; None where the run has none, and without value where it is hidden."""
        key = (wave or self.latest, question, group_by, group, measure, option, weighting)
        return self._estimates.get(key)

    @cached_property
    def weighted(self) -> bool:
        """Whether the latest wave has weighted figures."""
        return any(key[0] == self.latest and key[6] != "none" for key in self._estimates)

    @cached_property
    def trends(self) -> list[dict[str, Any]]:
        """For each question the change of its main measure among all since the wave before.

        The preferred way of pairing is taken where it is shown, else the two samples.
        """
        if len(self.waves) < 2:
            return []
        before = str(self.waves[-2]["wave"])
        rows = [
            row
            for row in self.table("survey_trends")
            if row["from_wave"] == before
            and row["to_wave"] == self.latest
            and row["group_by"] == "all"
            and row["status"] == SHOWN
        ]
        found = []
        for question in self.scaled:
            measure, option, label = question.main
            mine = [
                row
                for row in rows
                if (row["question"], row["measure"], row["option"])
                == (question.id, measure, option)
            ]
            mine.sort(key=lambda row: (not row["preferred"], row["pairing"] != "unpaired"))
            if mine:
                found.append({**mine[0], "short": question.short, "label": label,
                              "theme": question.theme})  # fmt: skip
        return found

    def response(self, group_by: str = "all") -> list[dict[str, Any]]:
        """Who answered, in the latest wave."""
        return [
            row
            for row in self.table("survey_response")
            if row["wave"] == self.latest and row["group_by"] == group_by
        ]

    def terms(self, question: str) -> list[dict[str, Any]]:
        """How many mention each theme, most first, with the wave before."""
        labels = {
            row["option"]: row["label"]
            for row in self.table("survey_options")
            if row["kind"] == "term"
        }
        rows = [
            row
            for row in self.table("survey_terms")
            if row["question"] == question and row["group_by"] == "all" and row["status"] == SHOWN
        ]
        before = str(self.waves[-2]["wave"]) if len(self.waves) > 1 else ""
        then = {row["term"]: row for row in rows if row["wave"] == before}
        now = [row for row in rows if row["wave"] == self.latest]
        return sorted(
            (
                {**row, "label": labels.get(row["term"], row["term"]),
                 "before": then.get(row["term"], {}).get("value")}
                for row in now
            ),
            key=lambda row: (-(row["value"] or 0.0), row["label"]),
        )  # fmt: skip

    @cached_property
    def performance(self) -> list[dict[str, Any]]:
        """Associations, unadjusted and adjusted."""
        return self.table("survey_performance")

    @cached_property
    def hidden(self) -> tuple[int, int]:
        """Rows hidden, and rows in all, of the tables that the gate looked at."""
        rows = self.table("survey_suppression")
        total = sum(int(row["rows"]) for row in rows)
        return total - sum(int(row["rows"]) for row in rows if row["status"] == SHOWN), total

    def frame(self, name: str) -> pl.DataFrame:
        """A table as a frame."""
        return self.run.table(name)

    def sorted_by_value(self, questions: Sequence[Question]) -> list[Question]:
        """Questions by their main figure, highest first; those without one last."""

        def height(question: Question) -> tuple[bool, float]:
            measure, option, _ = question.main
            found = self.figure(question.id, measure, option)
            value = found.value if found is not None else None
            return value is None, -(value or 0.0)

        return sorted(questions, key=height)
