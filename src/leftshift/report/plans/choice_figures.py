"""What the tables of a choice say, with names in place of ids."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

from leftshift.report import blocks, words
from leftshift.report.blocks import Cell
from leftshift.report.findings import Figure
from leftshift.report.money import is_money, pounds
from leftshift.report.plans.cells import signed_cell, size, upper_first
from leftshift.report.plans.figures import PlanFindings

__all__ = [
    "ChoiceFindings",
    "counted",
    "groups",
    "label_of",
    "least_room",
    "tight_years",
    "years_of",
]

#: A limit with less than this share of it left counts as used up.
_TIGHT = 1e-4


class ChoiceFindings:
    """The tables of a choice, read with names in place of ids.

    Args:
        p: the figures of the chosen plan's run, which has table `choices`.
    """

    def __init__(self, p: PlanFindings) -> None:
        self.p = p
        asked = p.f.about.get("prioritise")
        self.asked: dict[str, Any] = dict(asked) if isinstance(asked, dict) else {}
        self.choices = p.f.run.table("choices").sort("position").to_dicts()
        self.labels = {str(r["intervention"]): str(r["label"]) for r in self.choices}
        self.unit = str(self.choices[0]["unit"]) if self.choices else "QALYs"

    @property
    def there(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self.choices)

    def table(self, name: str) -> list[dict[str, Any]]:
        """The rows of a table of the choice; none where the run has no such table."""
        return self.p.f.run.table(name).to_dicts() if name in self.p.f.tables else []

    @cached_property
    def done(self) -> list[dict[str, Any]]:
        """Candidates that are done, those that bring most first."""
        return sorted((r for r in self.choices if r["chosen"]), key=lambda r: -(r["value"] or 0.0))

    @cached_property
    def shadow(self) -> list[dict[str, Any]]:
        """Rows of table `shadow`."""
        return self.table("shadow")

    def name(self, intervention: str) -> str:
        """A candidate in words."""
        return self.labels.get(intervention, intervention)

    def named(self, text: str) -> str:
        """A sentence with names in place of the candidates' ids."""

        def named(found: re.Match[str]) -> str:
            label = self.labels.get(found[0])
            return found[0] if label is None else words.inside(label)

        return re.sub(r"[a-z][a-z0-9_]*", named, text)

    def amount(self, value: float) -> str:
        """An amount of what is sought, without its unit."""
        return f"{chr(0x2212) if value < 0 else ''}{size(value, self.unit)}"

    def worth(self, value: float | None) -> str:
        """An amount of what is sought, in a sentence."""
        if value is None:
            return "not known"
        said = self.amount(value)
        return said if is_money(self.unit) else f"{said} {self.unit}"

    def worth_cell(self, value: Any, lower: Any = None, upper: Any = None) -> Cell:
        """An amount of what is sought, in a table."""
        if value is None:
            return blocks.text("not known")
        held = Figure(float(value), lower, upper, unit=self.unit)
        cell = signed_cell(held)
        return Cell("0") if cell.text in ("0", "£0") and not cell.interval else cell

    @property
    def sought(self) -> str:
        """Heading of a column of what is sought."""
        return "Gap closed (£)" if is_money(self.unit) else upper_first(self.unit)


def counted(many: int, what: str) -> str:
    """A count with its noun: "1 candidate", "3 candidates"."""
    return f"{many} {what}" if many == 1 else f"{many} {what}s"


def groups(c: ChoiceFindings) -> dict[str, list[dict[str, Any]]]:
    """Rows of table `shadow` by limit."""
    out: dict[str, list[dict[str, Any]]] = {}
    for r in c.shadow:
        out.setdefault(str(r["limit"]), []).append(r)
    return out


def label_of(rows: list[dict[str, Any]]) -> str:
    """A limit in words, over all its years."""
    whole = next((r for r in rows if not r["year"]), None)
    if whole is not None:
        return str(whole["label"])
    return str(rows[0]["label"]).replace(f" in {rows[0]['year']}", "")


def least_room(c: ChoiceFindings) -> str:
    """Which limit on money has least to spare, in a sentence; "" where none is known."""
    spare = [
        (max(float(r["value"]), 0.0), limit, str(r["year"]))
        for limit, rows in groups(c).items()
        for r in rows
        if r["measure"] == "spare" and r["value"] is not None and is_money(str(r["unit"]))
    ]
    if not spare:
        return ""
    least, limit, year = min(spare)
    when = f" in {year}" if year else ""
    return (
        f"Of the limits in money, the one with least to spare is {label_of(groups(c)[limit])}: "
        f"{pounds(least)}{when}."
    )


def tight_years(rows: list[dict[str, Any]]) -> list[str]:
    """Years in which a limit is used up."""
    bounds = {r["year"]: r["value"] for r in rows if r["measure"] == "bound"}
    return sorted(
        str(r["year"])
        for r in rows
        if r["measure"] == "spare" and r["year"] and r["value"] is not None
        and r["value"] <= _TIGHT * max(abs(bounds.get(r["year"]) or 0.0), 1.0)
    )  # fmt: skip


def years_of(years: list[str]) -> str:
    """Some years in words."""
    if len(years) > 3:
        return f"{len(years)} years ({years[0]} to {years[-1]})"
    return words.joined(years)
