"""What the tables of a needs assessment say: figures picked out, with no words and no drawing."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import polars as pl

from leftshift.report.findings import Figure, Findings
from leftshift.runs import Run

__all__ = ["NeedFindings", "Unit", "shown"]

Row = dict[str, Any]
#: One thing that is compared: kind, code and name.
Unit = tuple[str, str, str]


def shown(value: float, unit: str) -> str:
    """A figure of the table need as people read it, by its unit."""
    sign = "\N{MINUS SIGN}" if value < 0 else ""
    size = abs(value)
    if unit.startswith("£"):
        return f"{sign}£{size:,.0f}"
    if unit == "percent":
        return f"{sign}{size:,.1f}%"
    if unit == "years":
        return f"{sign}{size:,.1f}"
    if unit == "ratio" or "England = 1" in unit:
        return f"{sign}{size:,.2f}"
    return f"{sign}{size:,.1f}" if size < 10 and "per 1,000" in unit else f"{sign}{size:,.0f}"


class NeedFindings(Findings):
    """What the report of a needs assessment takes out of its run's tables.

    Args:
        run: a run of `leftshift needs`.
    """

    def __init__(self, run: Run) -> None:
        # Not the outlook's: a needs assessment has one year and no summary of arms.
        self.run = run
        self.about = dict(run.about)
        self.tables = set(run.tables)
        self.area = dict(self.about.get("area") or {})
        self.area_name = str(self.area.get("name") or "This area")
        self.code = str(self.area.get("code") or "")
        self.now = self.end = str(self.about.get("year") or "")
        self.years = [self.now]
        self.draws = 0
        self.has_intervals = False
        self.weight = float(self.about.get("weight") or 1.0)
        self.need = run.table("need")
        self._labels = {
            (kind, key): label
            for kind, key, label in run.table("names").select("kind", "id", "label").iter_rows()
        }

    def measure(self, key: str) -> str:
        """A measure in words."""
        return str(self._labels.get(("measure", key)) or key.replace("_", " ").capitalize())

    def units(self, kind: str) -> list[Unit]:
        """Places or networks by name; the one area, or England."""
        found = self.run.table("need_units").filter(pl.col("unit_kind") == kind)
        rows = found.sort("name").select("unit_kind", "unit_code", "name").iter_rows()
        return [(k, c, _proper(n) if kind == "network" else n) for k, c, n in rows]

    @cached_property
    def whole(self) -> Unit:
        """The area itself."""
        return ("area", self.code, self.area_name)

    @cached_property
    def england(self) -> Unit:
        """England."""
        return self.units("england")[0]

    @cached_property
    def is_england(self) -> bool:
        """Whether the area is England, beside which nothing else need stand."""
        return self.code == self.england[1]

    @cached_property
    def _by_key(self) -> dict[tuple[str, ...], Figure]:
        wanted = self.need.filter(pl.col("age_band") == "")
        columns = [
            *("unit_kind", "unit_code", "measure", "rate_kind", "sex", "imd_quintile"),
            *("value", "lower", "upper", "sampling_error", "unit", "few"),
        ]
        return {
            row[:6]: Figure(row[6], row[7], row[8], row[9], row[10], bool(row[11]))
            for row in wanted.select(columns).iter_rows()
        }

    def get(
        self, unit: Unit, measure: str, rate_kind: str, fifth: str = "", sex: str = ""
    ) -> Figure | None:
        """One figure, or None where the run has no such row."""
        return self._by_key.get((unit[0], unit[1], measure, rate_kind, sex, fifth))

    @cached_property
    def has_use(self) -> bool:
        """Whether the run worked out use and cost."""
        return "need_against" in self.tables

    @cached_property
    def illnesses(self) -> list[str]:
        """Measures that are conditions, in the catalogue's order."""
        found = self.need.filter(pl.col("unit_kind") == "england")["measure"].unique().to_list()
        return sorted(m for m in found if m.startswith("prevalent_"))

    @cached_property
    def settings(self) -> list[str]:
        """Measures of cost by setting."""
        if not self.has_use:
            return []
        found = self.need.filter(pl.col("domain") == "cost")["measure"].unique().sort().to_list()
        return [m for m in found if m != "cost"]

    @cached_property
    def services(self) -> list[str]:
        """Measures of use, by label."""
        found = self.need.filter(pl.col("domain") == "use")["measure"].unique().to_list()
        return sorted(found, key=self.measure)

    def inequality(self, unit: Unit, measure: str, sex: str = "") -> dict[str, Row]:
        """The four indices of a measure, by name."""
        return self._indices.get((unit[0], unit[1], measure, sex), {})

    @cached_property
    def _indices(self) -> dict[tuple[str, str, str, str], dict[str, Row]]:
        out: dict[tuple[str, str, str, str], dict[str, Row]] = {}
        for row in self.run.table("need_inequality").iter_rows(named=True):
            key = (row["unit_kind"], row["unit_code"], row["measure"], row["sex"])
            out.setdefault(key, {})[row["index"]] = row
        return out

    def funnel(self, kind: str, measure: str) -> list[Row]:
        """Units of a funnel plot with their names, smallest first."""
        names = {unit[1]: unit[2] for unit in self.units(kind)}
        found = self.run.table("need_funnel").filter(
            (pl.col("unit_kind") == kind) & (pl.col("measure") == measure)
        )
        rows = found.sort("size", "unit_code").iter_rows(named=True)
        return [{**row, "name": names.get(row["unit_code"], row["unit_code"])} for row in rows]

    def against(self, unit: Unit, measure: str, fifth: str = "") -> Row | None:
        """Use or cost beside what equal need would ask for."""
        return self._against.get((unit[0], unit[1], measure, fifth))

    @cached_property
    def _against(self) -> dict[tuple[str, str, str, str], Row]:
        if not self.has_use:
            return {}
        return {
            (r["unit_kind"], r["unit_code"], r["measure"], r["imd_quintile"]): r
            for r in self.run.table("need_against").iter_rows(named=True)
        }


def _proper(name: str) -> str:
    """A network's name in ordinary letters: lists give them in capitals."""
    if name != name.upper():
        return name
    words = [w if w in ("PCN", "HIP", "GP", "NHS") else w.capitalize() for w in name.split()]
    small = {"And", "Of", "The", "&"}
    return " ".join(w.lower() if i and w in small else w for i, w in enumerate(words))
