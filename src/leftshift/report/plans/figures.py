"""What the tables of a plan's run say: the plan beside the baseline, with no words and no drawing.

Differences with intervals come from `effects`, `value`, `equity` and `uncertainty`, which were
worked out draw by draw. Where only the two arms' own tables have a figure (a service, a setting),
the difference is central: the bounds of two arms do not give the bounds of their difference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import polars as pl

from leftshift.report.care.figures import PRIVATE, Care
from leftshift.report.findings import Figure, Findings, added_up
from leftshift.report.plans.telling import told_of

__all__ = ["LEFT", "MEASURES", "SETTLED", "WHOLE", "PlanFindings", "crosses", "is_plan"]

#: What stands for the whole plan in a column `intervention`.
WHOLE = ""

#: Perspective and discounting in which a plan's cost and worth are judged, unless said.
SETTLED = ("nhs_and_social_care", "green_book")

#: Settings of the left shift.
LEFT = ("prevention", "community")

#: Measures of `effects` in words.
MEASURES: Mapping[str, str] = {
    "qaly": "Health gained (QALYs)",
    "life_years": "Years of life gained",
    "deaths": "Deaths",
    "major_illness": "People living with major illness",
    "non_elective_admission": "Emergency admissions",
    "bed_days": "Bed days",
    "ae_attendance": "A&E attendances",
    "gp_appointment": "GP appointments",
    "staff_wte": "Staff (whole-time equivalents)",
    "people_reached": "People on an intervention (person-years)",
    "spend": "Public spending, with the plan's own cost",
    "spend_nhs": "NHS spending on services",
    "spend_social_care": "Council spending on social care",
    "spend_private": "What households pay",
    "cost_intervention": "Cost of the interventions",
    "cash_released": "Cash released",
    "capacity_released": "Capacity released (room, not money)",
}


def is_plan(f: Findings) -> bool:
    """Whether a run compares a plan with the baseline."""
    return "effects" in f.tables


def crosses(figure: Figure | None) -> bool:
    """Whether the interval of a difference holds nothing at all, so that its sign is open."""
    if figure is None or figure.lower is None or figure.upper is None:
        return False
    return figure.lower < 0.0 < figure.upper


def _figure(row: Mapping[str, Any]) -> Figure:
    def of(name: str) -> float | None:
        held = row.get(name)
        return None if held is None or held != held else float(held)

    value = of("value")
    assert value is not None
    return Figure(value, of("lower"), of("upper"), unit=str(row.get("unit") or ""))


class PlanFindings:
    """The figures of a plan's run.

    Args:
        f: the findings of its baseline.

    Attributes:
        care: care and money of the baseline.
        arm: the plan's name.
        said: what run.json says about the plan, every part of which may be missing.
        ids: the interventions in the plan's order.
    """

    def __init__(self, f: Findings) -> None:
        self.f = f
        self.care = Care(f)
        self.said: dict[str, Any] = dict(f.about.get("plan") or {})
        arms = [str(a) for a in f.about.get("arms") or [] if str(a) != f.arm]
        effects = f.run.table("effects")
        there = effects["arm"].cast(pl.String).unique().sort().to_list()
        self.arm: str = next((a for a in arms if a in there), there[0] if there else "plan")
        self._effects = effects.filter(pl.col("arm").cast(pl.String) == self.arm)
        told = list(self.said.get("interventions") or [])
        self._told = {str(one.get("id")): told_of(f, one, self.shrunk) for one in told}
        present = self._effects["intervention"].cast(pl.String).unique(maintain_order=True)
        known = [str(one.get("id")) for one in told]
        rest = sorted(i for i in present.to_list() if i not in known and i != WHOLE)
        self.ids = [i for i in known if i in set(present.to_list())] + rest

    # What was asked

    @property
    def title(self) -> str:
        """The plan's title."""
        return str(self.said.get("title") or self.f.about.get("title") or self.arm)

    @cached_property
    def years(self) -> list[str]:
        """Years in which the plan acts."""
        start = str(self.said.get("start") or "")
        return [y for y in self.f.years if y >= start] if start else self.f.years[1:]

    @cached_property
    def marks(self) -> list[str]:
        """A few of the plan's years to show: the first, the fifth, the tenth and the last."""
        spots = sorted({0, 4, 9, len(self.years) - 1})
        return [self.years[i] for i in spots if 0 <= i < len(self.years)]

    def told(self, intervention: str) -> dict[str, Any]:
        """What run.json says of an intervention."""
        return self._told.get(intervention, {})

    def name(self, intervention: str) -> str:
        """An intervention in words."""
        if intervention == WHOLE:
            return "The whole plan"
        default = str(self.told(intervention).get("label") or "")
        return default or self.f.label("intervention", intervention)

    def evidence(self, intervention: str) -> str:
        """The worst grade of evidence of an intervention or any of its effects; "" unknown."""
        told = self.told(intervention)
        letters = [str(told.get("evidence") or "")]
        letters += [
            str(e.get("evidence") or "") for e in told.get("effects") or [] if isinstance(e, dict)
        ]
        return max(letters)

    @property
    def weak(self) -> list[str]:
        """Interventions of which any effect has evidence C or D."""
        return [i for i in self.ids if self.evidence(i) in ("C", "D")]

    @property
    def shrunk(self) -> bool:
        """Whether weak effects were shrunk towards none in this run."""
        if isinstance(self.said.get("headline"), bool):
            return not self.said["headline"]
        return str(self.said.get("effects_used") or "shrunk") != "headline"

    @property
    def prices(self) -> str:
        """The price base in words."""
        return self.care.prices

    @cached_property
    def file(self) -> tuple[str, str]:
        """The plan file's name and text, as it was asked."""
        held = self.said.get("file")
        if isinstance(held, dict) and held.get("text"):
            return str(held.get("name") or "plan.toml"), str(held["text"])
        if isinstance(held, str) and "\n" in held:
            return "plan.toml", held
        try:
            return "plan.toml", (self.f.run.path / "plan.toml").read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return "plan.toml", ""

    @cached_property
    def attribution(self) -> dict[tuple[str, str], dict[str, float]]:
        """(shrunk, headline, alone or shapley; measure) to each intervention's central total."""
        out: dict[tuple[str, str], dict[str, float]] = {}
        if "attribution" in self.f.tables:
            frame = self.f.run.table("attribution")
            for r in frame.filter(pl.col("arm").cast(pl.String) == self.arm).iter_rows(named=True):
                held = out.setdefault((str(r["method"]), str(r["measure"])), {})
                held[str(r["intervention"])] = float(r["value"])
        return out

    @property
    def other(self) -> dict[str, dict[str, float]]:
        """Central totals with weak effects treated the other way, by intervention and measure."""
        method = "shrunk" if self.said.get("headline") else "headline"
        out: dict[str, dict[str, float]] = {}
        for (how, measure), values in self.attribution.items():
            if how == method:
                for intervention, value in values.items():
                    out.setdefault(intervention, {})[measure] = value
        return out

    # Effects

    @cached_property
    def _whole_area(self) -> dict[tuple[str, str, str], Figure]:
        rows = self._effects.filter((pl.col("place") == "") & (pl.col("imd_quintile") == 0))
        return {
            (str(r["year"]), str(r["intervention"]), str(r["measure"])): _figure(r)
            for r in rows.iter_rows(named=True)
            if r["value"] is not None
        }

    def effect(self, measure: str, year: str, intervention: str = WHOLE) -> Figure | None:
        """Plan less baseline in the whole area in one year, attributed in the plan's order."""
        return self._whole_area.get((year, intervention, measure))

    def total(self, measure: str, intervention: str = WHOLE) -> float | None:
        """A flow added up over all years, central."""
        found = [self.effect(measure, y, intervention) for y in self.f.years]
        known = [g.value for g in found if g is not None]
        return sum(known) if known else None

    def has(self, measure: str) -> bool:
        """Whether a measure has any effect worth showing."""
        found = [self.effect(measure, y) for y in self.f.years]
        return any(g is not None and g.value != 0.0 for g in found)

    # Value, equity, uncertainty

    def _keyed(self, table: str, keys: Sequence[str]) -> dict[tuple[str, ...], dict[str, Any]]:
        if table not in self.f.tables:
            return {}
        frame = self.f.run.table(table)
        frame = frame.filter(pl.col("arm").cast(pl.String) == self.arm)
        return {tuple(str(r.get(k) or "") for k in keys): r for r in frame.iter_rows(named=True)}

    @cached_property
    def _value(self) -> dict[tuple[str, ...], dict[str, Any]]:
        return self._keyed("value", ("intervention", "perspective", "measure", "discounting", "at"))

    def _value_row(
        self, measure: str, intervention: str, perspective: str, discounting: str, at: str
    ) -> dict[str, Any]:
        return self._value.get((intervention, perspective, measure, discounting, at), {})

    def value(
        self,
        measure: str,
        intervention: str = WHOLE,
        perspective: str = "",
        discounting: str = "undiscounted",
        at: str = "",
    ) -> Figure | None:
        """A figure of table `value`; None where there is none (see `said_of`)."""
        row = self._value_row(measure, intervention, perspective, discounting, at)
        return _figure(row) if row.get("value") is not None else None

    def said_of(
        self,
        measure: str,
        intervention: str = WHOLE,
        perspective: str = "",
        discounting: str = "undiscounted",
        at: str = "",
    ) -> str:
        """The words of table `value` beside a figure, or in its place."""
        row = self._value_row(measure, intervention, perspective, discounting, at)
        return str(row.get("said") or "")

    @cached_property
    def worths(self) -> dict[str, float]:
        """£ per QALY of each value of a QALY in table `uncertainty`, as the run used it."""
        held = self.said.get("values_of_a_qaly") or {}
        found = {str(k): float(v) for k, v in held.items()}
        for at in ("opportunity_cost", "nice_lower", "nice_upper", "social"):
            if at in found:
                continue
            for where in ("nhs_and_social_care", "societal"):
                money = self.value("net_monetary_benefit", WHOLE, where, "green_book", at)
                health = self.value("net_health_benefit", WHOLE, where, "green_book", at)
                if money is not None and health is not None and health.value:
                    # One is the other times the value of a QALY, in every run.
                    found[at] = round(money.value / health.value, 2)
                    break
        return found

    @cached_property
    def _equity(self) -> dict[tuple[str, ...], dict[str, Any]]:
        return self._keyed(
            "equity", ("group_kind", "group", "measure", "intervention", "rule", "at")
        )

    def equity(
        self, kind: str, group: str, measure: str, rule: str = "", at: str = "",
        intervention: str = WHOLE,
    ) -> Figure | None:  # fmt: skip
        """A figure of table `equity`."""
        row = self._equity.get((kind, group, measure, intervention, rule, at), {})
        return _figure(row) if row.get("value") is not None else None

    def equity_said(
        self, kind: str, group: str, measure: str, rule: str = "", at: str = "",
        intervention: str = WHOLE,
    ) -> str:  # fmt: skip
        """The words of table `equity` beside a figure."""
        row = self._equity.get((kind, group, measure, intervention, rule, at), {})
        return str(row.get("said") or "")

    @cached_property
    def groups(self) -> dict[str, list[str]]:
        """Groups of table `equity` by kind."""
        found: dict[str, set[str]] = {}
        for kind, group, *_ in self._equity:
            found.setdefault(kind, set()).add(group)
        return {kind: sorted(held) for kind, held in found.items()}

    @cached_property
    def aversions(self) -> list[str]:
        """Aversions to inequality in table `equity`, 0 first."""
        marks = {k[5] for k in self._equity if k[2] == "equity_impact" and k[5]}
        return sorted(marks, key=float)

    @cached_property
    def uncertainty(self) -> list[dict[str, Any]]:
        """The rows of table `uncertainty` of this plan, as dictionaries."""
        if "uncertainty" not in self.f.tables:
            return []
        frame = self.f.run.table("uncertainty")
        return frame.filter(pl.col("arm").cast(pl.String) == self.arm).to_dicts()

    # The two arms side by side

    @cached_property
    def planned(self) -> Findings:
        """The findings of the plan's own arm."""
        return Findings(self.f.run, self.arm)

    @property
    def has_arm(self) -> bool:
        """Whether the run has tables of the plan's own arm, and not only of differences."""
        return self.planned.arm == self.arm

    def both(self, measure: str, year: str) -> tuple[Figure | None, Figure | None]:
        """A measure of `summary` in the baseline and under the plan."""
        plan = self.planned.figure(measure, year) if self.has_arm else None
        return self.f.figure(measure, year), plan

    def by(
        self, table: str, keys: Sequence[str], year: str, public: bool = False
    ) -> dict[tuple[str, ...], tuple[float, float]]:
        """Central (baseline, plan) of a leaf table in one year, by some columns."""
        if not self.has_arm:
            return {}
        out: dict[tuple[str, ...], list[float]] = {}
        for at, findings in enumerate((self.f, self.planned)):
            frame = findings.leaf(table, [year])
            if frame is None:
                return {}
            if public:
                frame = frame.filter(~pl.col("payer").cast(pl.String).is_in(PRIVATE))
            for row in added_up(frame, list(keys)).iter_rows():
                key = tuple(str(part) for part in row[:-1])
                out.setdefault(key, [0.0, 0.0])[at] = float(row[-1])
        return {key: (pair[0], pair[1]) for key, pair in out.items()}

    # What the inputs rest on

    @cached_property
    def labels(self) -> dict[str, str]:
        """Labels of catalogue rows by id."""
        return {str(r["id"]): str(r["label"]) for r in self.f.sources if r.get("label")}

    @cached_property
    def grades(self) -> dict[str, str]:
        """Grades of catalogue rows by id."""
        return {str(r["id"]): str(r["grade"]) for r in self.f.sources if r.get("grade")}
