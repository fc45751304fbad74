"""Two finished runs side by side: whether they can be compared, what came out, what went in.

What was asked decides how closely two runs compare. Runs with the same area, base year, years,
people and seed have the same simulated people and the same random numbers: what differs between
them is what was changed. With any of these another, the difference holds sampling error, too.

No interval of a difference can be had from two run folders, because they keep no single draws.
Whether two intervals overlap is said and is no test: runs of the same seed share their draws, so
that a difference can be far surer than either figure. A plan's own run has it, in `effects`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from leftshift.errors import RunError, SettingError, listed, nearest
from leftshift.quantities import FinancialYear
from leftshift.runs.compare_asked import (
    LEVELS,
    Pair,
    Row,
    arm_names,
    asked,
    kind,
    part,
    plan_of,
    price_base,
    same_people,
    told,
    verdict,
)
from leftshift.runs.describe import Column
from leftshift.runs.run import Run, open_run

__all__ = ["COLUMNS", "HEADLINES", "LEVELS", "Comparison", "compare"]

#: Measures of `summary` that are compared unless all are asked for, in the order shown.
HEADLINES: tuple[str, ...] = (
    *("people", "people_65_over", "people_85_over", "deaths"),
    *("major_illness", "major_illness_share", "four_or_more", "qaly"),
    *("life_expectancy_female", "life_expectancy_male"),
    *("healthy_life_expectancy_female", "healthy_life_expectancy_male"),
    *("slope_index_life_expectancy_female", "slope_index_life_expectancy_male"),
    *("spend", "spend_per_head", "share_community_and_prevention"),
    *("spend_prevention", "spend_primary_care", "spend_pharmacy_optometry_dentistry"),
    *("spend_community", "spend_mental_health", "spend_urgent", "spend_acute"),
    *("spend_continuing_and_social_care", "funding_gap_long_run"),
    *("activity_non_elective_admission", "activity_ae_attendance", "activity_gp_appointment"),
    *("staff_demand", "staff_gap", "beds_needed", "beds_short"),
    *("waiting_list_size", "waiting_over_18_weeks"),
)

COLUMNS: tuple[Column, ...] = (
    Column(
        "part",
        "text",
        "asked: something asked of the runs that differs. figure: one measure of the whole area. "
        "input: a row of the catalogue. plan: an intervention. warning: one in one run only.",
        allowed=("asked", "figure", "input", "plan", "warning"),
        key=True,
    ),
    Column("arm_first", "text", "Arm of the first run; empty but in figures.", key=True),
    Column("arm_second", "text", "Arm of the second run; empty but in figures.", key=True),
    Column("year", "text", 'Financial year of a figure, such as "2026/27".', key=True),
    Column("subject", "text", "Id of what is compared.", key=True),
    Column("label", "text", "What to show people."),
    Column("unit", "text", "What the numbers are counted in.", key=True),
    Column("first", "number", "In the first run.", "[unit]", empty=True),
    Column("first_lower", "number", "Lower end of its 95% interval.", "[unit]", empty=True),
    Column("first_upper", "number", "Upper end of its 95% interval.", "[unit]", empty=True),
    Column("second", "number", "In the second run.", "[unit]", empty=True),
    Column("second_lower", "number", "Lower end of its 95% interval.", "[unit]", empty=True),
    Column("second_upper", "number", "Upper end of its 95% interval.", "[unit]", empty=True),
    Column("difference", "number", "The second less the first.", "[unit]", empty=True),
    Column(
        "percent",
        "number",
        "The difference as a percentage of the first; empty where the first is not above 0, and "
        "for measures that are percentages themselves.",
        "percent",
        empty=True,
    ),
    Column(
        "intervals",
        "text",
        'overlap, apart, or "" where a run has none. No test of the difference.',
        allowed=("", "overlap", "apart"),
    ),
    Column(
        "noise",
        "number",
        "Half the width of the 95% interval of the difference that comes from simulating other "
        "people in each run; empty where the people are the same, or it is not known.",
        "[unit]",
        empty=True,
    ),
    Column("first_says", "text", "The first run's, where it is no number."),
    Column("second_says", "text", "The second run's, where it is no number."),
    Column("level", "text", "How much it matters (part asked).", allowed=("", *LEVELS)),
    Column("says", "text", "What it means."),
)
"""The columns of :attr:`Comparison.frame`, in order. Numbers are never rounded."""

_SCHEMA = {column.name: column.dtype for column in COLUMNS}
_NEEDED = ("arm", "year", "place", "measure", "unit", "value", "lower", "upper", "sampling_error")
_STEPS = (0, 5, 10)  # years after the first that are shown
# What is said of an intervention twice over, or is only its description.
_WORDS = frozenset({"id", "label", "who_words", "against", "note", "about", "changed"})


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two runs side by side.

    Attributes:
        first: one run.
        second: the other.
        verdict: whether and how closely they can be compared, in a sentence or two.
        same_people: whether both simulate the same people with the same random numbers.
        pairs: the arms that are compared, as (first's, second's).
        years: the years that are compared.
        frame: one row for each thing compared; :data:`COLUMNS` describes it. Rows are sorted by
            part; what was asked by how much it matters; figures by arm, year and measure.
    """

    first: Run
    second: Run
    verdict: str
    same_people: bool
    pairs: tuple[Pair, ...]
    years: tuple[str, ...]
    frame: pl.DataFrame

    def part(self, name: str) -> pl.DataFrame:
        """The rows of one part: asked, figure, input, plan or warning."""
        return self.frame.filter(pl.col("part") == name)


def compare(
    first: str | Path | Run,
    second: str | Path | Run,
    *,
    arms: Pair | None = None,
    years: Sequence[str] = (),
    every: bool = False,
    anyway: bool = False,
) -> Comparison:
    """Compares two finished runs of the model: outlooks, plans, or one of each.

    Args:
        first: a run folder.
        second: another. The same one only where two of its arms are named.
        arms: an arm of the first and one of the second; arms of the same name where it is None.
        years: financial years; the first common one, five and ten years on, and the last where it
            is empty.
        every: whether every measure of `summary` is compared, and not only :data:`HEADLINES`.
        anyway: whether runs of different areas, or money in prices of different years, are
            compared all the same.

    Returns:
        The comparison.

    Raises:
        RunError: a run is missing or damaged, or the two cannot be compared.
        SettingError: an arm or year is not in both runs, or the two are one run.
    """
    one, other = (run if isinstance(run, Run) else open_run(run) for run in (first, second))
    _demand_two(one, other, arms)
    summaries = _summary(one), _summary(other)
    pairs = _pairs(one, other, summaries, arms)
    differing = list(asked(one, other, pairs, arms is not None))
    stops = [row for row in differing if row["level"] == "stops"]
    if stops and not anyway:
        raise RunError(
            f"{one.path} and {other.path} are not compared: {stops[0]['says']} "
            f"({stops[0]['first_says']}; {stops[0]['second_says']}). Compare them all the same "
            "with --anyway."
        )
    chosen = _years(summaries, pairs, years)
    shared = same_people(one, other)
    money = anyway or price_base(one) == price_base(other)
    figures, missing = _figures(one, other, summaries, pairs, chosen, every, shared, money)
    differing += missing
    known = any(row["noise"] is not None for row in figures)
    order = list(LEVELS)
    differing.sort(key=lambda row: order.index(row["level"]))
    rows = [*differing, *figures, *_inputs(one, other), *_plans(one, other), *_warnings(one, other)]
    frame = pl.DataFrame([_filled(row) for row in rows], schema=_SCHEMA, orient="row")
    return Comparison(
        one, other, verdict(differing, shared, known), shared, tuple(pairs), tuple(chosen), frame
    )


def _filled(row: Row) -> list[Any]:
    return [row.get(c.name, None if c.empty else "") for c in COLUMNS]


# --- what can be compared -------------------------------------------------------------------------


def _demand_two(first: Run, second: Run, arms: Pair | None) -> None:
    same = first.identity_sha256 == second.identity_sha256
    if same and (arms is None or arms[0] == arms[1]):
        what = (
            f"{first.path} is given twice"
            if first.path.resolve() == second.path.resolve()
            else f"{first.path} and {second.path} are the same run "
            f"({first.identity_sha256[:12]}): asked alike, they hold the same figures"
        )
        raise SettingError(
            f"{what}. Name two different runs, or two arms of one, such as: --arm baseline "
            f'"{arm_names(first)[-1]}"'
        )


def _summary(run: Run) -> pl.DataFrame:
    part(run, "identity")
    part(run, "about")
    if run.manifest.get("kind") or "summary" not in run.tables:
        raise RunError(
            f"{run.path} is a run of another kind ({kind(run)}), without yearly figures of a "
            "whole area. Runs of outlook and of plans can be compared."
        )
    frame = _intact(run, "summary")
    missing = [name for name in _NEEDED if name not in frame.columns]
    if missing:
        raise RunError(
            f"{run.path} is damaged: its table summary lacks {listed(missing)}. Make the run "
            "again with --replace."
        )
    whole = frame.filter(pl.col("place") == "")
    if whole.is_empty():
        raise RunError(f"{run.path} is damaged: its table summary has no row of the whole area.")
    return whole


def _intact(run: Run, name: str) -> pl.DataFrame:
    """A table of a run, where it is still what was written."""
    frame = run.table(name)
    known = run.manifest["tables"][name]
    digest = known.get("sha256") if isinstance(known, dict) else None
    file = run.path / "tables" / f"{name}.parquet"
    if digest is not None and hashlib.sha256(file.read_bytes()).hexdigest() != digest:
        raise RunError(
            f"{file} is not what the run wrote: it was changed since. Make the run again with "
            "--replace."
        )
    return frame


def _pairs(
    first: Run, second: Run, summaries: tuple[pl.DataFrame, pl.DataFrame], arms: Pair | None
) -> list[Pair]:
    there = [set(frame["arm"].unique()) for frame in summaries]
    named = [
        [*(a for a in arm_names(run) if a in has), *sorted(has - set(arm_names(run)))]
        for run, has in zip((first, second), there, strict=True)
    ]
    if arms is not None:
        for run, names, arm in zip((first, second), named, arms, strict=True):
            if arm not in names:
                raise SettingError(
                    f'{run.path} has no arm "{arm}".{nearest(arm, names)} It has: {listed(names)}.'
                )
        return [arms]
    pairs = [(arm, arm) for arm in named[0] if arm in there[1]]
    if not pairs:
        raise SettingError(
            f"no arm has the same name in both: {first.path} has {listed(named[0])}, "
            f"{second.path} has {listed(named[1])}. Name one of each with --arm."
        )
    return pairs


def _years(
    summaries: tuple[pl.DataFrame, pl.DataFrame], pairs: Sequence[Pair], years: Sequence[str]
) -> list[str]:
    common: set[str] | None = None
    for pair in pairs:
        for frame, arm in zip(summaries, pair, strict=True):
            here = set(frame.filter(pl.col("arm") == arm)["year"].unique())
            common = here if common is None else common & here
    found = sorted(common or (), key=lambda label: FinancialYear(label).start)
    if not found:
        held = [frame["year"].unique().sort().to_list() for frame in summaries]
        spans = [f"{labels[0]} to {labels[-1]}" for labels in held]
        raise SettingError(f"the runs have no year in common: {spans[0]}, and {spans[1]}.")
    if years:
        asked = [FinancialYear(year).label for year in years]
        for year in asked:
            if year not in found:
                raise SettingError(
                    f"{year} is not a year of both runs. They share {found[0]} to {found[-1]}."
                )
        return sorted(set(asked), key=lambda label: FinancialYear(label).start)
    begin = FinancialYear(found[0])
    steps = {(begin + step).label for step in _STEPS} | {found[-1]}
    return [year for year in found if year in steps]


# --- what came out --------------------------------------------------------------------------------


def _figures(
    first: Run,
    second: Run,
    summaries: tuple[pl.DataFrame, pl.DataFrame],
    pairs: Sequence[Pair],
    years: Sequence[str],
    every: bool,
    shared: bool,
    money: bool,
) -> tuple[list[Row], list[Row]]:
    """Rows of figures, and what is to be said of measures that only one run has."""
    labels = {**_labels(second), **_labels(first)}
    rank = {measure: place for place, measure in enumerate(HEADLINES)}
    rows: list[Row] = []
    apart: tuple[set[str], set[str]] = (set(), set())
    for pair in pairs:
        for year in years:
            one, other = (
                {
                    (row["measure"], row["unit"]): row
                    for row in frame.filter(arm=arm, year=year).iter_rows(named=True)
                    if (every or row["measure"] in rank)
                    and (money or not str(row["unit"]).startswith("£"))
                }
                for frame, arm in zip(summaries, pair, strict=True)
            )
            apart[0].update(key[0] for key in one.keys() - other.keys())
            apart[1].update(key[0] for key in other.keys() - one.keys())
            for key in sorted(one.keys() & other.keys(), key=lambda k: (rank.get(k[0], 999), k)):
                rows.append(
                    {
                        "part": "figure",
                        "arm_first": pair[0],
                        "arm_second": pair[1],
                        "year": year,
                        "subject": key[0],
                        "label": labels.get(key[0], key[0].replace("_", " ")),
                        "unit": key[1],
                        **_beside(one[key], other[key], shared),
                    }
                )
    if not any(apart):
        return rows, []
    return rows, [
        {
            "part": "asked",
            "subject": "measures",
            "label": "measures",
            "level": "none",
            "first_says": listed(sorted(apart[0])),
            "second_says": listed(sorted(apart[1])),
            "says": "measures that one run has and the other has not, or in another unit",
        }
    ]


def _beside(one: Mapping[str, Any], other: Mapping[str, Any], shared: bool) -> Row:
    first, second = one["value"], other["value"]
    difference = second - first
    share = one["unit"] == "percent" or first <= 0
    bounds = [run[end] for run in (one, other) for end in ("lower", "upper")]
    intervals = ""
    if None not in bounds:
        intervals = "overlap" if bounds[0] <= bounds[3] and bounds[2] <= bounds[1] else "apart"
    errors = one["sampling_error"], other["sampling_error"]
    return {
        "first": first,
        "first_lower": bounds[0],
        "first_upper": bounds[1],
        "second": second,
        "second_lower": bounds[2],
        "second_upper": bounds[3],
        "difference": difference,
        "percent": None if share else 100.0 * difference / first,
        "intervals": intervals,
        "noise": None if shared or None in errors else math.hypot(*errors),
    }


def _labels(run: Run) -> dict[str, str]:
    if "names" not in run.tables:
        return {}
    found = _intact(run, "names").filter(kind="measure")
    return dict(zip(found["id"], found["label"], strict=True))


# --- what went in ---------------------------------------------------------------------------------

_SOURCE = ("value", "lower", "upper", "distribution", "unit")


def _inputs(first: Run, second: Run) -> list[Row]:
    """Rows of the catalogue that differ: those that both rest on first, then those of one only."""
    one, other = (_sources(run) for run in (first, second))
    laid = [_overrides(run) for run in (first, second)]
    rows: list[Row] = []
    for key in sorted(one.keys() | other.keys()):
        a, b = one.get(key), other.get(key)
        if a is not None and b is not None and all(a[name] == b[name] for name in _SOURCE):
            continue
        known = a or b or {}
        row: Row = {"part": "input", "subject": key, "label": known["label"], "unit": known["unit"]}
        for side, found in (("first", a), ("second", b)):
            if found is not None:
                row[side] = found["value"]
                row[f"{side}_lower"], row[f"{side}_upper"] = found["lower"], found["upper"]
        overlaid = [
            f"overridden in the {side} ({layers[key]})"
            for side, layers in zip(("first", "second"), laid, strict=True)
            if key in layers
        ]
        row["says"] = "; ".join([_changed(a, b), *overlaid])
        if a is not None and b is not None and a["unit"] == b["unit"]:
            row["difference"] = b["value"] - a["value"]
            if a["value"] > 0 and a["unit"] != "percent":
                row["percent"] = 100.0 * row["difference"] / a["value"]
        rows.append(row)
    return sorted(rows, key=lambda row: row.get("first") is None or row.get("second") is None)


def _changed(a: Row | None, b: Row | None) -> str:
    if a is None or b is None:
        return f"only the {'first' if b is None else 'second'} run rests on it"
    if a["unit"] != b["unit"]:
        return f"counted in {a['unit']} in the first, in {b['unit']} in the second"
    return "other value" if a["value"] != b["value"] else "same value, other doubt"


def _sources(run: Run) -> dict[str, Row]:
    if "sources" not in run.tables:
        return {}
    return {str(row["id"]): row for row in _intact(run, "sources").iter_rows(named=True)}


def _overrides(run: Run) -> dict[str, str]:
    given = part(run, "about").get("overrides")
    rows = given if isinstance(given, list) else []
    return {str(one["id"]): str(one.get("layer", "")) for one in rows
            if isinstance(one, dict) and "id" in one}  # fmt: skip


def _plans(first: Run, second: Run) -> list[Row]:
    """Interventions that only one plan has, or that the two carry out differently."""
    one, other = (_interventions(run) for run in (first, second))
    rows: list[Row] = []
    for key in [*one, *(key for key in other if key not in one)]:
        a, b = one.get(key), other.get(key)
        label = str((a or b or {}).get("label") or key)
        row: Row = {"part": "plan", "subject": key, "label": label}
        if a is None or b is None:
            side = "first" if b is None else "second"
            reach = str((a or b or {}).get("reach") or "")
            rows.append({**row, f"{side}_says": reach, "says": f"only in the {side} plan"})
            continue
        keys = [name for name in a if name not in _WORDS and a[name] != b.get(name)]
        for name in keys:
            says = f"other {name}"
            rows.append({**row, "first_says": told(a[name]), "second_says": told(b.get(name)),
                         "says": says})  # fmt: skip
    common = [[key for key in plan if key in one and key in other] for plan in (one, other)]
    if common[0] != common[1]:
        rows.append(
            {
                "part": "plan",
                "subject": "order",
                "label": "Order of the interventions",
                "first_says": ", ".join(common[0]),
                "second_says": ", ".join(common[1]),
                "says": "what each contributes depends on the order, what they do together does "
                "hardly",
            }
        )
    return rows


def _interventions(run: Run) -> dict[str, dict[str, Any]]:
    given = plan_of(run).get("interventions")
    rows = given if isinstance(given, list) else []
    return {str(one["id"]): one for one in rows if isinstance(one, dict) and "id" in one}


def _warnings(first: Run, second: Run) -> list[Row]:
    said = []
    for run in (first, second):
        given = part(run, "about").get("warnings")
        said.append([str(text) for text in given] if isinstance(given, list) else [])
    gone = [text for text in said[0] if text not in said[1]]
    new = [text for text in said[1] if text not in said[0]]
    return [
        *({"part": "warning", "says": "only in the first run", "first_says": t} for t in gone),
        *({"part": "warning", "says": "new in the second run", "second_says": t} for t in new),
    ]
