"""What the tables of a run say: figures picked out and ranked, with no words and no drawing.

Everything a report states comes through here, and so from the run folder. Totals are read from
`summary`, which carries their own intervals; leaf tables are only ever summed for their central
value, because the bounds of parts do not add up to the bounds of a whole.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from leftshift.runs import Run

#: Fewer simulants than this under a figure and it is marked (see architecture: run folder).
FEW = 30


@dataclass(frozen=True)
class Figure:
    """A figure of the run with its 95% interval over draws, if there were draws.

    Attributes:
        value: Central value, in `unit`.
        lower: Lower bound, None for a central run.
        upper: Upper bound, None for a central run.
        error: Half-width of the 95% sampling error, None where it was not worked out.
        unit: Unit in words.
        few: Whether it rests on fewer than 30 simulants.
    """

    value: float
    lower: float | None = None
    upper: float | None = None
    error: float | None = None
    unit: str = ""
    few: bool = False

    def change_from(self, start: Figure) -> float | None:
        """Percentage change from another figure; None where that is zero."""
        return None if start.value == 0 else 100.0 * (self.value / start.value - 1.0)

    def bounds_from(self, start: Figure) -> tuple[float | None, float | None]:
        """Percentage change of the bounds from another figure's central value."""
        if start.value == 0 or self.lower is None or self.upper is None:
            return None, None
        return 100.0 * (self.lower / start.value - 1.0), 100.0 * (self.upper / start.value - 1.0)


@dataclass(frozen=True)
class Spot:
    """A place within the area and its position on the tile map (None where it has none)."""

    code: str
    name: str
    short: str
    column: int | None
    row: int | None


@dataclass(frozen=True)
class Change:
    """Something now and at the end."""

    key: str
    label: str
    now: Figure
    end: Figure

    @property
    def percent(self) -> float | None:
        """Percentage change from now to the end; None from zero."""
        return self.end.change_from(self.now)

    @property
    def points(self) -> float | None:
        """95% sampling error of the change in percentage points; None where not worked out.

        The two years share most of their simulants, so treating their errors as independent
        errs on the wide side.
        """
        if self.now.value == 0 or self.now.error is None or self.end.error is None:
            return None
        ratio = self.end.value / self.now.value
        return 100.0 * math.hypot(self.end.error, ratio * self.now.error) / abs(self.now.value)


def _optional(value: Any) -> float | None:
    return None if value is None or value != value else float(value)


def plain_name(name: str) -> str:
    """A board's name as people say it: without "NHS" before and "Integrated Care Board" after."""
    short = name.removeprefix("NHS ").removesuffix(" Integrated Care Board").removesuffix(" ICB")
    return short or name


def short_names(names: Iterable[tuple[str, str]]) -> dict[str, str]:
    """A label of at most four letters for each place, no two alike.

    Args:
        names: Pairs of code and name.

    Returns:
        Code to short label: the code itself where it is short (a board's ODS code), otherwise
        initials of the words or the first letters of a single word.
    """
    taken: set[str] = set()
    out: dict[str, str] = {}
    for code, name in names:
        words = [w for w in name.replace("-", " ").split() if w.lower() not in ("and", "of", "the")]
        letters = "".join(ch for ch in name if ch.isalnum())
        options = [code] if len(code) <= 4 else []
        if len(words) > 1:
            options.append("".join(w[0] for w in words)[:4].upper())
            options.append((words[0][:1] + words[-1][:3]).upper())
            options.append((words[0][:2] + words[-1][:2]).upper())
        options.append(letters[:4].upper())
        options.append((letters[:3] + letters[-1:]).upper())
        options.extend(f"{letters[:2].upper()}{i}" for i in range(1, 100))
        pick = next((o for o in options if o and o not in taken), code)
        taken.add(pick)
        out[code] = pick
    return out


def added_up(frame: pl.LazyFrame, keys: list[str]) -> pl.DataFrame:
    """The central values of a leaf table summed over everything but some columns.

    Args:
        frame: Rows with `keys` and value.
        keys: Columns to keep.

    Returns:
        One row for each combination, sorted, with the column value.
    """
    rows = frame.select(*keys, "value").collect()
    # Floating-point sums depend on their order: rows are added as they stand in the file, and the
    # last digits dropped, so that the same tables give the same bytes on any number of threads.
    summed = rows.group_by(keys, maintain_order=True).agg(pl.col("value").sum().round(6))
    return summed.sort(keys)


class Findings:
    """The figures of one run, read once from its tables.

    Args:
        run: An open run folder of an outlook or of a plan.
        arm: Which arm's figures; the baseline where the run has one, by default, else the first.

    Attributes:
        years: Year labels in order, as they stand in the summary table.
        marks: The years shown in key figures: the first, every tenth after it, and the last.
    """

    def __init__(self, run: Run, arm: str | None = None) -> None:
        self.run = run
        self.about: dict[str, Any] = dict(run.about)
        self.tables = set(run.tables)
        summary = run.table("summary")
        arms = list(self.about.get("arms") or [])
        present = summary["arm"].unique().sort().to_list()
        wanted = arm or ("baseline" if "baseline" in present or not arms else str(arms[0]))
        self.arm: str = wanted if wanted in present else str(present[0])
        self.summary = summary.filter(pl.col("arm") == self.arm)
        self.years: list[str] = self.summary["year"].unique().sort().to_list()
        self.now, self.end = self.years[0], self.years[-1]
        spots = sorted({*range(0, len(self.years), 10), len(self.years) - 1})
        self.marks = [self.years[i] for i in spots]
        self.weight = float(self.about.get("weight") or 1.0)
        self.draws = int(self.about.get("draws") or 0)
        area = dict(self.about.get("area") or {})
        self.area_name = str(area.get("name") or area.get("code") or "This area")
        self.area = area
        places = [
            {**p, "name": plain_name(str(p.get("name") or p["code"]))}
            for p in area.get("places") or []
        ]
        short = short_names((str(p["code"]), p["name"]) for p in places)
        self.places = [
            Spot(
                str(p["code"]),
                p["name"],
                short[str(p["code"])],
                None if p.get("column") is None else int(p["column"]),
                None if p.get("row") is None else int(p["row"]),
            )
            for p in places
        ]
        wide = self.summary.filter(pl.col("lower").is_not_null() & pl.col("upper").is_not_null())
        self.has_intervals = self.draws > 0 and wide.height > 0
        self._names = {
            (kind, key): label
            for kind, key, label in (
                run.table("names").select("kind", "id", "label").iter_rows()
                if "names" in self.tables
                else ()
            )
        }

    @cached_property
    def _figures(self) -> dict[tuple[str, str, str], Figure]:
        wanted = self.summary.filter(pl.col("year").is_in(self.years))
        out: dict[tuple[str, str, str], Figure] = {}
        has_error = "sampling_error" in wanted.columns
        columns = ["year", "place", "measure", "unit", "value", "lower", "upper"]
        if has_error:
            columns.append("sampling_error")
        for row in wanted.select(columns).iter_rows():
            year, place, measure, unit, value, lower, upper = row[:7]
            if value is None:
                continue
            out[year, place or "", measure] = Figure(
                float(value),
                _optional(lower) if self.has_intervals else None,
                _optional(upper) if self.has_intervals else None,
                _optional(row[7]) if has_error else None,
                unit or "",
                self.is_few(float(value), unit or ""),
            )
        return out

    def is_few(self, value: float, unit: str) -> bool:
        """Whether a count of people or cases rests on fewer than 30 simulants."""
        counts = unit.startswith(("people", "new cases"))
        return counts and abs(value) / self.weight < FEW

    def figure(self, measure: str, year: str, place: str = "") -> Figure | None:
        """A figure of the summary table, or None where the run has no such row."""
        return self._figures.get((year, place, measure))

    def change(self, measure: str, label: str, place: str = "") -> Change | None:
        """A measure now and at the end, or None where the run lacks either."""
        now, end = self.figure(measure, self.now, place), self.figure(measure, self.end, place)
        return None if now is None or end is None else Change(measure, label, now, end)

    def label(self, kind: str, key: str, default: str = "") -> str:
        """The name of an id: from the names table, else the default, else made from the id."""
        found = self._names.get((kind, key))
        if found:
            return str(found)
        return default or key.replace("_", " ").capitalize()

    def leaf(self, table: str, years: list[str] | None = None) -> pl.LazyFrame | None:
        """A leaf table of this run's arm, lazily, at the given years; None where it is absent."""
        if table not in self.tables:
            return None
        frame = pl.scan_parquet(self.run.path / "tables" / f"{table}.parquet")
        frame = frame.filter(pl.col("arm") == self.arm)
        return frame if years is None else frame.filter(pl.col("year").is_in(years))

    def _by(self, frame: pl.LazyFrame | None, keys: list[str]) -> dict[tuple[Any, ...], float]:
        if frame is None:
            return {}
        summed = added_up(frame, keys)
        return {
            tuple(row[:-1]): float(row[-1]) for row in summed.select(*keys, "value").iter_rows()
        }

    @cached_property
    def pyramid(self) -> list[dict[str, Any]]:
        """People by sex and age band now and at the end: rows band, sex, now, end (people)."""
        found = self._by(self.leaf("people", [self.now, self.end]), ["year", "sex", "age_band"])
        bands = sorted({k[2] for k in found if k[2]}, key=_band_order)
        return [
            {
                "band": band,
                "sex": sex,
                "now": found.get((self.now, sex, band), 0.0),
                "end": found.get((self.end, sex, band), 0.0),
            }
            for band in bands
            for sex in ("female", "male")
        ]

    @cached_property
    def major_by_age(self) -> list[dict[str, Any]]:
        """People with major illness by ten-year age: rows band, now, end, share_now, share_end.

        Shares are percentages of all people of that age; None where there are none.
        """
        health = self.leaf("health", [self.now, self.end])
        if health is None:
            return []
        ill = self._by(health.filter(pl.col("measure") == "major_illness"), ["year", "age_band"])
        people = self._by(self.leaf("people", [self.now, self.end]), ["year", "age_band"])
        out: dict[str, dict[str, float]] = {}
        for band in sorted({k[1] for k in ill if k[1]}, key=_band_order):
            row = out.setdefault(_ten_years(band), dict.fromkeys(("in", "ie", "pn", "pe"), 0.0))
            row["in"] += ill.get((self.now, band), 0.0)
            row["ie"] += ill.get((self.end, band), 0.0)
            row["pn"] += people.get((self.now, band), 0.0)
            row["pe"] += people.get((self.end, band), 0.0)
        return [
            {
                "band": band,
                "now": r["in"],
                "end": r["ie"],
                "share_now": 100 * r["in"] / r["pn"] if r["pn"] else None,
                "share_end": 100 * r["ie"] / r["pe"] if r["pe"] else None,
            }
            for band, r in out.items()
        ]

    @cached_property
    def conditions(self) -> list[Change]:
        """Each condition now and at the end, fastest growth first; those from zero come last."""
        prefix = "prevalent_"
        keys = [m for m in self.summary["measure"].unique().sort() if m.startswith(prefix)]
        found = [self.change(k, self.label("condition", k.removeprefix(prefix))) for k in keys]
        whole = [c for c in found if c is not None]
        return sorted(whole, key=lambda c: (c.percent is None, -(c.percent or 0.0), c.label))

    @cached_property
    def segments(self) -> list[Change]:
        """People in each core segment now and at the end, in order of segment."""
        found = [self.change(f"segment_{k}", str(k)) for k in range(6)]
        return [c for c in found if c is not None]

    @cached_property
    def expectancy(self) -> dict[tuple[str, str, int, str], Figure]:
        """Life tables by (year, sex, quintile, measure), measure with or without "healthy_"."""
        frame = self.leaf("health")
        if frame is None:
            return {}
        names = ["life_expectancy", "healthy_life_expectancy"]
        rows = (
            frame.filter(pl.col("measure").is_in(names) & (pl.col("imd_quintile") > 0))
            .filter(pl.col("place").is_null() | (pl.col("place") == ""))
            .select("year", "sex", "imd_quintile", "measure", "value", "lower", "upper")
            .collect()
        )
        return {
            (year, sex, int(quintile), measure): Figure(
                float(value),
                _optional(lower) if self.has_intervals else None,
                _optional(upper) if self.has_intervals else None,
                unit="years",
            )
            for year, sex, quintile, measure, value, lower, upper in rows.iter_rows()
            if value is not None
        }

    @property
    def checks(self) -> list[dict[str, Any]]:
        """Published figures of people and illness beside the model's."""
        return [row for row in self.all_checks if not is_of_care(str(row["check"]))]

    @property
    def care_checks(self) -> list[dict[str, Any]]:
        """Published figures of use, money, staff and beds beside the model's."""
        return [row for row in self.all_checks if is_of_care(str(row["check"]))]

    @cached_property
    def all_checks(self) -> list[dict[str, Any]]:
        """Published figures beside the model's, those the model was not given first."""
        if "checks" not in self.tables:
            return []
        rows = self.run.table("checks").filter(pl.col("arm") == self.arm).to_dicts()
        for row in rows:
            row["label"] = self.check_label(row["check"])
            if row.get("place"):
                row["label"] += f", {self.place_name(row['place'])}"
        rows.sort(key=lambda r: (bool(r.get("used")), bool(r.get("place")), r["label"]))
        return rows

    def check_label(self, check: str) -> str:
        """A check's name in words; "_mid_2023" at its end dates the published figure."""
        dated = re.fullmatch(r"(.+)_mid_(\d{4})", check)
        if dated and ("check", check) not in self._names:
            return f"{self.check_label(dated[1])} (mid-{dated[2]})"
        for kind in ("check", "measure", "condition"):
            if (kind, check) in self._names:
                return str(self._names[kind, check])
        first, _, rest = check.removeprefix("england_").partition("_")
        for kind in _NAMED.get(first, ()):
            if (kind, rest) in self._names:
                return f"{self._names[kind, rest]}: {first}"
        if check.startswith(("prevalent_", "register_")):
            return self.label("condition", check.split("_", 1)[1])
        return self.label("check", check)

    def place_name(self, code: str) -> str:
        """A place's name, or its code where the run does not name it."""
        return next(
            (p.name for p in self.places if p.code == code), self.label("place", code, code)
        )

    def by_place(self, measure: str) -> list[tuple[Spot, Change]]:
        """A measure at each place now and at the end, fastest growth first."""
        rows = [(p, self.change(measure, p.name, p.code)) for p in self.places]
        whole = [(p, c) for p, c in rows if c is not None and c.percent is not None]
        return sorted(whole, key=lambda row: (-(row[1].percent or 0.0), row[0].name))

    @cached_property
    def sources(self) -> list[dict[str, Any]]:
        """Every catalogue row the run rests on."""
        return self.run.table("sources").sort("id").to_dicts() if "sources" in self.tables else []

    def parameter(self, key: str) -> float | None:
        """The central value of a catalogue row the run rests on, or None where it has no such."""
        row = next((r for r in self.sources if r["id"] == key), None)
        return None if row is None else _optional(row.get("value"))

    def grades(self) -> dict[str, int]:
        """How many of the rows have each grade, in the order V, D, R, A."""
        counted = dict.fromkeys("VDRA", 0)
        for row in self.sources:
            grade = str(row.get("grade") or "?")
            counted[grade] = counted.get(grade, 0) + 1
        return counted

    def unverified(self) -> list[dict[str, Any]]:
        """Rows recalled or assumed, those with the widest interval for their size first."""
        rows = [dict(r) for r in self.sources if r.get("grade") in ("R", "A")]
        for row in rows:
            value, lower, upper = (_optional(row.get(k)) for k in ("value", "lower", "upper"))
            row["spread"] = (
                None
                if value is None or lower is None or upper is None or value == 0
                else (upper - lower) / abs(value)
            )
        rows.sort(key=lambda r: (-(r["spread"] if r["spread"] is not None else -1.0), r["id"]))
        return rows

    def overridden(self) -> list[dict[str, Any]]:
        """Rows a project or a plan put in place of a shipped one, with `old` where it is known."""
        known = {str(o.get("id")): o for o in self.about.get("overrides") or []}
        return [
            {**r, "old": known.get(r["id"], {}).get("old")}
            for r in self.sources
            if r.get("overridden")
        ]


#: What the rest of a check's id names, by its first word.
_NAMED = {
    "activity": ("service",),
    "spend": ("setting", "service", "payer"),
    "cost": ("service",),
    "staff": ("staff_group",),
    "beds": ("bed_type",),
    "waits": ("specialty",),
}
_CARE = ("activity", "spend", "staff", "beds", "bed_", "waits", "cost", "funding", "service")


def is_of_care(check: str) -> bool:
    """Whether a check is of use, money, staff or capacity, by the first word of its id."""
    return check.removeprefix("england_").startswith(_CARE)


def _band_order(band: str) -> int:
    digits = "".join(ch for ch in band.split("-")[0] if ch.isdigit())
    return int(digits) if digits else 0


def _ten_years(band: str) -> str:
    start = _band_order(band) // 10 * 10
    return "90 and over" if start >= 90 else f"{start} to {start + 9}"
