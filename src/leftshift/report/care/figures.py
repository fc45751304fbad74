"""What a run's tables say of care and money: figures picked out, with no words and no drawing.

Totals with intervals come from `summary` where it has them; sums of leaf rows are central figures,
because the bounds of parts do not add up to the bounds of a whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import polars as pl

from leftshift.report.findings import Figure, Findings, added_up

__all__ = ["DRIVERS", "PRIVATE", "SETTINGS", "Care"]

#: Settings in the order a reader meets them, nearest home first, with a label where the run has
#: none of its own.
SETTINGS: Mapping[str, str] = {
    "prevention": "Prevention",
    "primary_care": "General practice",
    "pharmacy_optometry_dentistry": "Pharmacy, optometry and dentistry",
    "community": "Community health",
    "mental_health": "Mental health",
    "urgent": "Urgent and emergency",
    "acute": "Acute hospital",
    "continuing_and_social_care": "Continuing and social care",
}

#: Drivers of spend in the order they are taken.
DRIVERS: Mapping[str, str] = {
    "population_size": "Population size",
    "ageing": "Ageing",
    "deprivation_mix": "Mix of deprivation",
    "health_beyond_age": "Health beyond age",
    "growth_beyond_demography": "Growth beyond demography",
    "price": "Pay and prices above inflation",
    "productivity": "Productivity",
}

#: Payers whose money is private and in no public total.
PRIVATE = ("household", "client_contributions")

_TABLES = ("activity", "spend", "staff", "beds", "waits", "gap", "drivers")

#: What a measure of staff or beds is called here, by what it is called in the tables.
NAMES: Mapping[str, tuple[str, ...]] = {
    "needed": ("demand", "beds_needed"),
    "there": ("supply", "beds_available"),
    "short": ("gap", "beds_short"),
    "delayed": ("delayed_beds",),
    "unmet": ("stays_unmet",),
    "occupancy": ("occupancy_if_no_beds_added",),
}


_KINDS = {"staff_group": "staff", "bed_type": "beds"}


class Care:
    """The figures of care and money of one run; every part is empty where the run lacks it.

    Args:
        f: The findings of the run.

    Attributes:
        marks: The years shown: now, in ten and in twenty years, and the last, as far as they go.
        prices: What to say of the price base beside every amount: "2025/26 prices, real terms".
    """

    def __init__(self, f: Findings) -> None:
        self.f = f
        spots = sorted({i for i in (0, 10, 20, len(f.years) - 1) if i < len(f.years)})
        self.marks = [f.years[i] for i in spots]
        self.middle = f.years[10] if len(f.years) > 10 else f.end
        self.has = any(table in f.tables for table in _TABLES)

    @property
    def price_base(self) -> str:
        """The price base as the run states it: "2025/26 real"."""
        return str(self.f.about.get("price_base") or f"{self.f.now} real")

    @property
    def prices(self) -> str:
        """The price base in words, to stand beside every amount."""
        year, _, kind = self.price_base.partition(" ")
        if kind == "real":
            return f"{year} prices, real terms"
        return f"{year} prices, {kind}" if kind else f"{year} prices"

    def _rows(self, table: str, years: list[str] | None = None) -> pl.DataFrame | None:
        frame = self.f.leaf(table, years)
        return None if frame is None else frame.collect()

    # Spend

    @cached_property
    def settings(self) -> list[str]:
        """Settings that cost something, in reading order."""
        there = {
            m.removeprefix("spend_")
            for m in self.f.summary["measure"].unique()
            if m.startswith("spend_")
        }
        there |= {key[1] for key in self.setting_spend}
        return [s for s in SETTINGS if s in there]

    def setting_name(self, setting: str) -> str:
        """A setting in words."""
        special = {
            "unexplained": "Not named by any service",
            "capital": "Capital",
            "": "All settings",
        }
        return self.f.label("setting", setting, special.get(setting, SETTINGS.get(setting, "")))

    @cached_property
    def spend_parts(self) -> pl.DataFrame | None:
        """Public spend in the years shown by setting, service and payer: year to value."""
        frame = self.f.leaf("spend", self.marks)
        if frame is None:
            return None
        keys = ["year", "place", "setting", "service", "payer", "imd_quintile"]
        return added_up(frame.filter(~pl.col("payer").is_in(PRIVATE)), keys)

    def _spend_by(self, keys: list[str]) -> dict[tuple[str, ...], float]:
        if self.spend_parts is None:
            return {}
        return _sums(self.spend_parts, keys)

    @cached_property
    def setting_spend(self) -> dict[tuple[str, ...], float]:
        """Public spend by (year, setting), central."""
        return self._spend_by(["year", "setting"])

    @cached_property
    def payer_spend(self) -> dict[tuple[str, ...], float]:
        """Spend by (year, payer), private payers too, central."""
        frame = self.f.leaf("spend", self.marks)
        if frame is None:
            return {}
        return _sums(added_up(frame, ["year", "payer"]), ["year", "payer"])

    def spend(self, setting: str, year: str) -> Figure | None:
        """Public spend of a setting ("" all) in a year."""
        measure = f"spend_{setting}" if setting else "spend"
        found = self.f.figure("public_spend", year) if not setting else None
        found = found or self.f.figure(measure, year)
        if found is not None:
            return found
        values = [v for (y, s), v in self.setting_spend.items() if y == year and setting in ("", s)]
        return Figure(sum(values), unit="£") if values else None

    def per_head(self, year: str, place: str = "") -> Figure | None:
        """Public spend per head of the area or of a place."""
        for measure in ("public_spend_per_head", "spend_per_head"):
            found = self.f.figure(measure, year, place)
            if found is not None:
                return found
        return None

    def head_factor(self, spend: float, people: float) -> float:
        """What brings spend over people at 30 June to spend over the year's mean people."""
        whole = self.per_head(self.f.now)
        if whole is None or spend <= 0 or people <= 0:
            return 1.0
        return whole.value / (spend / people)

    def left_share(self, year: str, place: str = "") -> Figure | None:
        """Share of spend on community care and prevention, per cent."""
        return self.f.figure("share_community_and_prevention", year, place)

    # Quintiles and need

    @cached_property
    def by_quintile(self) -> list[dict[str, float]]:
        """Quintiles now: people, spend (£), ill (people with major illness), and use per service.

        Empty where the run lacks a table for it. Keys of services are "use:<id>".
        """
        f = self.f
        people = f.leaf("people", [f.now])
        health = f.leaf("health", [f.now])
        if people is None or health is None or self.spend_parts is None:
            return []
        heads = _sums(added_up(people, ["imd_quintile"]), ["imd_quintile"])
        ill = _sums(
            added_up(health.filter(pl.col("measure") == "major_illness"), ["imd_quintile"]),
            ["imd_quintile"],
        )
        cost = _sums(
            self.spend_parts.filter(pl.col("year") == f.now).select("imd_quintile", "value"),
            ["imd_quintile"],
        )
        out = []
        for quintile in range(1, 6):
            key = (str(quintile),)
            if heads.get(key, 0.0) <= 0 or key not in cost:
                continue
            row = {
                "quintile": float(quintile),
                "people": heads[key],
                "spend": cost[key],
                "ill": ill.get(key, 0.0),
            }
            for service in self.marker_services:
                row[f"use:{service}"] = sum(
                    v for (s, q, _k), v in self._use_now.items() if (s, q) == (service, key[0])
                )
            out.append(row)
        return out

    @property
    def marker_services(self) -> list[str]:
        """A few services known everywhere, shown per head by quintile and place."""
        wanted = ("gp_appointment", "ae_attendance", "non_elective_admission")
        there = {s for s, _q, _k in self._use_now}
        return [s for s in wanted if s in there]

    @cached_property
    def _use_now(self) -> dict[tuple[str, ...], float]:
        frame = self.f.leaf("activity", [self.f.now])
        if frame is None:
            return {}
        keys = ["service", "imd_quintile", "segment"]
        return _sums(added_up(frame, keys), keys)

    @cached_property
    def place_use(self) -> dict[tuple[str, ...], float]:
        """Units now by (place, service), for the few services shown."""
        frame = self.f.leaf("activity", [self.f.now])
        if frame is None:
            return {}
        keys = ["place", "service"]
        wanted = frame.filter(pl.col("service").is_in(self.marker_services))
        return _sums(added_up(wanted, keys), keys)

    # Segments

    @cached_property
    def by_segment(self) -> list[dict[str, float | str]]:
        """Segments now: segment, people, spend (£) and units of the few services shown.

        Spend by segment is each service's spend shared by who uses it: one price for everyone.
        """
        if not self._use_now or self.spend_parts is None:
            return []
        cost = _sums(
            self.spend_parts.filter(pl.col("year") == self.f.now).select("service", "value"),
            ["service"],
        )
        use: dict[tuple[str, str], float] = {}
        total: dict[str, float] = {}
        for (service, _q, segment), value in self._use_now.items():
            use[service, segment] = use.get((service, segment), 0.0) + value
            total[service] = total.get(service, 0.0) + value
        rows: list[dict[str, float | str]] = []
        for segment in "012345":
            people = self.f.figure(f"segment_{segment}", self.f.now)
            if people is None:
                continue
            spend = sum(
                amount * use.get((service, segment), 0.0) / total[service]
                for (service,), amount in cost.items()
                if total.get(service, 0.0) > 0
            )
            row: dict[str, float | str] = {
                "segment": segment,
                "people": people.value,
                "spend": spend,
            }
            for service in self.marker_services:
                row[f"use:{service}"] = use.get((service, segment), 0.0)
            rows.append(row)
        return rows

    # Funding

    @cached_property
    def _gap(self) -> dict[tuple[str, str, str, str], Figure]:
        """Figures by (year, setting, measure, settlement)."""
        frame = self._rows("gap")
        return (
            {}
            if frame is None
            else _figures(self.f, frame, ["year", "setting", "measure", "settlement"])
        )

    @cached_property
    def settlements(self) -> list[str]:
        """Settlements, the one that leaves the smallest gap first."""
        keys = {k[3] for k in self._gap if k[2] == "gap" and k[3]}
        zero = Figure(0.0)
        ends = {s: (self.gap_total(s, self.f.end) or zero).value for s in keys}
        return sorted(keys, key=lambda s: (ends[s], s))

    @property
    def settlement(self) -> str:
        """The settlement shown where only one can be: the one in the middle."""
        ranked = self.settlements
        return ranked[(len(ranked) - 1) // 2] if ranked else ""

    def settlement_name(self, settlement: str) -> str:
        """A settlement in words."""
        return self.f.label("settlement", settlement)

    def quoted(self, settlement: str) -> str:
        """A settlement in words within a sentence: its name in quotation marks."""
        return f"“{self.settlement_name(settlement)}”"

    def gap_of(self, setting: str, year: str, measure: str, settlement: str) -> Figure | None:
        """One figure of the gap table; cost may be given once for every settlement."""
        found = self._gap.get((year, setting, measure, settlement))
        return found or self._gap.get((year, setting, measure, ""))

    @cached_property
    def gap_settings(self) -> list[str]:
        """Settings with a gap, in reading order, what no service names last."""
        there = {k[1] for k in self._gap if k[2] == "gap"}
        return [s for s in (*SETTINGS, "unexplained") if s in there]

    def _gap_sum(self, measure: str, settlement: str, year: str) -> Figure | None:
        parts = [self.gap_of(s, year, measure, settlement) for s in self.gap_settings]
        known = [p.value for p in parts if p is not None]
        return Figure(sum(known), unit="£") if known else None

    def gap_total(self, settlement: str, year: str) -> Figure | None:
        """Cost less funding of all settings, with what no service names, without capital."""
        found = self.f.figure(f"funding_gap_{settlement}", year)
        return found or self._gap_sum("gap", settlement, year)

    def funding_total(self, settlement: str, year: str) -> Figure | None:
        """Funding of all settings, with what no service names, without capital."""
        found = self.f.figure(f"funding_{settlement}", year)
        return found or self._gap_sum("funding", settlement, year)

    def cost_total(self, settlement: str, year: str) -> Figure | None:
        """Cost of all settings, with what no service names.

        Its interval is that of public spending, in proportion.
        """
        found, spent = self._gap_sum("cost", settlement, year), self.spend("", year)
        if found is None or spent is None or spent.lower is None or spent.upper is None:
            return found
        part = found.value / spent.value if spent.value > 0 else 0.0
        return Figure(found.value, part * spent.lower, part * spent.upper, unit="£")

    def capital(self, settlement: str, year: str) -> Figure | None:
        """Capital funding, which is kept apart from revenue."""
        return self.gap_of("capital", year, "funding", settlement)

    # Drivers

    @cached_property
    def drivers(self) -> dict[tuple[str, str, str], Figure]:
        """What each driver adds, by (year, setting, driver), in £."""
        frame = self._rows("drivers")
        return {} if frame is None else _figures(self.f, frame, ["year", "setting", "driver"])

    def driver(self, year: str, setting: str, driver: str) -> Figure | None:
        """One step of the waterfall of a setting; "" adds up all of them."""
        found = self.drivers.get((year, setting, driver))
        if found is not None or setting:
            return found
        parts = [self.drivers.get((year, s, driver)) for s in SETTINGS]
        known = [p.value for p in parts if p is not None]
        return Figure(sum(known), unit="£") if known else None

    # Staff, beds and waits

    @cached_property
    def staff(self) -> dict[tuple[str, str, str], Figure]:
        """Staff by (year, group, needed, there or short), in WTE, all settings."""
        frame = self._rows("staff", self.marks)
        if frame is None:
            return {}
        return self._pooled(frame, "staff_group", "setting")

    @cached_property
    def beds(self) -> dict[tuple[str, str, str], Figure]:
        """Beds by (year, type, measure)."""
        frame = self._rows("beds", self.marks)
        return {} if frame is None else self._pooled(frame, "bed_type", None)

    def _pooled(
        self, frame: pl.DataFrame, item: str, within: str | None
    ) -> dict[tuple[str, str, str], Figure]:
        keys = ["year", item, "measure"]
        frame = frame.with_columns(
            pl.col("measure").replace({n: k for k, names in NAMES.items() for n in names})
        )
        if within is not None:
            # Rates do not add up over settings; the gap and what it is a share of do.
            frame = frame.filter(pl.col("unit") != "percent")
            # A row that no setting splits is the whole; otherwise settings add up to it.
            whole = _figures(self.f, frame.filter(pl.col(within) == ""), keys)
            split = frame.filter(pl.col(within) != "")
            summed = split.group_by([*keys, "unit"], maintain_order=True).agg(
                pl.col("value").sum(),
                pl.when(pl.len() == 1).then(pl.col("lower").first()).alias("lower"),
                pl.when(pl.len() == 1).then(pl.col("upper").first()).alias("upper"),
            )
            found = {**_figures(self.f, summed, keys), **whole}
            for year, thing, measure in list(found):
                # The summary has the whole of a group with an interval of its own.
                for name in NAMES.get(measure, ()):
                    known = self.f.figure(f"{_KINDS[item]}_{name}_{thing}", year)
                    if known is not None:
                        found[year, thing, measure] = known
        else:
            found = _figures(self.f, frame, keys)
        for (year, thing, measure), figure in list(found.items()):
            if measure == "needed" and (year, thing, "short") not in found:
                there = found.get((year, thing, "there"))
                if there is not None:
                    missing = figure.value - there.value
                    found[year, thing, "short"] = Figure(missing, unit=figure.unit)
        return found

    def items(self, found: Mapping[tuple[str, str, str], Figure], by: str) -> list[str]:
        """What a table of staff or beds lists, the largest first by one measure now."""
        keys = {k[1] for k in found if k[1]}
        zero = Figure(0.0)
        return sorted(keys, key=lambda k: (-found.get((self.f.now, k, by), zero).value, k))

    @cached_property
    def waits(self) -> dict[tuple[str, str, str], Figure]:
        """Waits by (year, specialty, measure)."""
        frame = self._rows("waits", self.marks)
        return {} if frame is None else _figures(self.f, frame, ["year", "specialty", "measure"])

    # Bridge and own data

    @cached_property
    def bridge(self) -> list[dict[str, object]]:
        """The lines of the bridge."""
        return self.f.run.table("bridge").to_dicts() if "bridge" in self.f.tables else []

    @cached_property
    def local(self) -> list[dict[str, object]]:
        """The board's own figures and what they changed."""
        return self.f.run.table("local").to_dicts() if "local" in self.f.tables else []

    @property
    def warnings(self) -> list[str]:
        """Warnings of the run."""
        return [str(w) for w in self.f.about.get("warnings") or []]


def _sums(frame: pl.DataFrame, keys: list[str]) -> dict[tuple[str, ...], float]:
    """Values added up by some columns, in a fixed order, whose entries are written as text."""
    out: dict[tuple[str, ...], float] = {}
    for *key, value in frame.select(*keys, "value").iter_rows():
        name = tuple(str(k) for k in key)
        out[name] = out.get(name, 0.0) + float(value)
    return out


def _figures(f: Findings, frame: pl.DataFrame, keys: list[str]) -> dict[Any, Figure]:
    """Rows as figures by some columns; bounds only where the run has intervals."""
    out: dict[Any, Figure] = {}
    for row in frame.select(*keys, "unit", "value", "lower", "upper").iter_rows():
        *key, unit, value, lower, upper = row
        if value is None:
            continue
        kept = f.has_intervals and lower is not None and upper is not None
        out[tuple(key)] = Figure(
            float(value), float(lower) if kept else None, float(upper) if kept else None, unit=unit
        )
    return out
