"""The workbook's sheets of a plan: its tables with names beside ids, none too long for Excel."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from leftshift.report.plans.certainty import input_name
from leftshift.report.plans.figures import MEASURES, PlanFindings
from leftshift.report.sheets import Sheet, kept

__all__ = ["sheets"]

_INTERVAL = "Lower and Upper are the 95% interval over draws; empty where not worked out."


_ALONE = "An estimate from each candidate alone, over all years, later years discounted."
#: Table, sheet, title and notes of each table of a choice.
_CHOICE = (
    ("choices", "Choices", "What was chosen: each candidate, its size and its start", _ALONE),
    ("frontier", "Frontier", "The best choice at each budget", _ALONE),
    ("left_out", "Left out", "What is left out, done in part or begun later, and why", _ALONE),
    ("shadow", "Limits", "What each limit allows, what is used, and what more would bring", ""),
    ("ranking", "Ranking", "How the choice holds where it is made again under single draws", ""),
    ("resimulated", "Estimate and run", "The estimate of the chosen plan beside a run of it",
     "Not discounted; the interval is that of the difference over draws."),
)  # fmt: skip


def sheets(p: PlanFindings) -> list[Sheet]:
    """Every sheet of a plan that the run has tables for, in order."""
    return kept(
        [
            *(_chosen(p, *one) for one in _CHOICE),
            _interventions(p),
            _effects(p),
            _value(p),
            _equity(p),
            _uncertainty(p),
        ]
    )


def _chosen(p: PlanFindings, table: str, name: str, title: str, notes: str) -> Sheet | None:
    """A table of a choice as it is, with the candidates' names beside their ids."""
    if table not in p.f.tables:
        return None
    frame = p.f.run.table(table)
    if "arm" in frame.columns:
        frame = frame.filter(pl.col("arm").cast(pl.String) == p.arm).drop("arm")
    columns = [pl.col(c).alias(c.replace("_", " ").capitalize()) for c in frame.columns]
    labels = p.f.run.table("choices") if "choices" in p.f.tables else None
    if labels is not None and "intervention" in frame.columns and "label" not in frame.columns:
        ids = labels["intervention"].cast(pl.String).to_list()
        names = dict(zip(ids, labels["label"].cast(pl.String).to_list(), strict=True))
        label = _named(frame, "intervention", lambda i: names.get(i, "The choice as a whole"))
        columns.insert(0, label.alias("Candidate"))
    if "measure" in frame.columns and table == "resimulated":
        columns.insert(0, _named(frame, "measure", lambda m: MEASURES.get(m, m)).alias("Name"))
    return Sheet(
        name, title, f"Money in {p.prices}. {notes} Source: {table}.parquet.", frame.select(columns)
    )


def _mine(p: PlanFindings, table: str) -> pl.DataFrame | None:
    if table not in p.f.tables:
        return None
    frame = p.f.run.table(table)
    return frame.filter(pl.col("arm").cast(pl.String) == p.arm)


def _named(frame: pl.DataFrame, column: str, name: Callable[[str], str]) -> pl.Expr:
    found = {key: name(key) for key in frame[column].cast(pl.String).unique().to_list()}
    return pl.col(column).cast(pl.String).replace_strict(found, return_dtype=pl.String)


def _place(p: PlanFindings, code: str) -> str:
    if not code:
        return ""
    return next((s.name for s in p.f.places if s.code == code), p.f.label("place", code))


def _interventions(p: PlanFindings) -> Sheet | None:
    rows = []
    for i in p.ids:
        told = p.told(i)
        effects = [
            str(e.get("words") if isinstance(e, dict) else e) for e in told.get("effects") or []
        ]
        rows.append(
            (
                p.name(i),
                str(told.get("who") or ""),
                str(told.get("reach") or ""),
                p.evidence(i),
                "; ".join(effects),
                "; ".join(str(c) for c in told.get("costs") or []),
                str(told.get("against") or ""),
                i,
            )
        )
    if not rows:
        return None
    names = ["Intervention", "For whom", "How many by when", "Evidence", "Changes", "Costs",
             "Known against it", "Id"]  # fmt: skip
    frame = pl.DataFrame(rows, orient="row", schema=dict.fromkeys(names, pl.String))
    return Sheet(
        "Interventions",
        "What the plan proposes, in its order",
        "Evidence: A strong causal to D uncontrolled, the worst of its effects. Source: run.json.",
        frame,
    )


def _effects(p: PlanFindings) -> Sheet | None:
    """Effects on the whole area: those of places and fifths are in effects.parquet."""
    frame = _mine(p, "effects")
    if frame is None:
        return None
    frame = frame.filter((pl.col("place") == "") & (pl.col("imd_quintile") == 0))
    frame = frame.select(
        _named(frame, "intervention", p.name).alias("Intervention"),
        _named(frame, "measure", lambda m: MEASURES.get(m, p.f.label("measure", m))).alias(
            "Measure"
        ),
        pl.col("year").cast(pl.String).alias("Year"),
        pl.col("value").alias("Value"),
        pl.col("lower").alias("Lower"),
        pl.col("upper").alias("Upper"),
        pl.col("unit").cast(pl.String).alias("Unit"),
        pl.col("intervention").cast(pl.String).alias("Intervention id"),
        pl.col("measure").cast(pl.String).alias("Measure id"),
    )
    return Sheet(
        "Plan effects",
        "What the plan changes: plan less baseline, whole area, by year",
        f"Money in {p.prices}. Interventions are attributed in the plan's order and add up to the "
        f"whole plan. {_INTERVAL} Source: effects.parquet.",
        frame,
    )


def _value(p: PlanFindings) -> Sheet | None:
    frame = _mine(p, "value")
    if frame is None:
        return None
    frame = frame.select(
        _named(frame, "intervention", p.name).alias("Intervention"),
        pl.col("perspective").alias("Whose costs"),
        pl.col("measure").alias("Measure"),
        pl.col("discounting").alias("Discounting"),
        pl.col("at").alias("Value of a QALY"),
        pl.col("value").alias("Value"),
        pl.col("lower").alias("Lower"),
        pl.col("upper").alias("Upper"),
        pl.col("unit").alias("Unit"),
        pl.col("said").alias("In words"),
    )
    return Sheet(
        "Plan value",
        "What the plan costs and gains over all years",
        f"Money in {p.prices}. Cash released, capacity released and social value are never added. "
        f"{_INTERVAL} Source: value.parquet.",
        frame,
    )


def _equity(p: PlanFindings) -> Sheet | None:
    frame = _mine(p, "equity")
    if frame is None:
        return None
    frame = frame.select(
        _named(frame, "intervention", p.name).alias("Intervention"),
        pl.col("group_kind").alias("Kind of group"),
        pl.when(pl.col("group_kind") == "place")
        .then(_named(frame, "group", lambda code: _place(p, code)))
        .otherwise(pl.col("group"))
        .alias("Group"),
        pl.col("measure").alias("Measure"),
        pl.col("rule").alias("Who bears the cost"),
        pl.col("at").alias("Aversion"),
        pl.col("value").alias("Value"),
        pl.col("lower").alias("Lower"),
        pl.col("upper").alias("Upper"),
        pl.col("unit").alias("Unit"),
        pl.col("said").alias("In words"),
    )
    return Sheet(
        "Plan equity",
        "Who gains and who loses",
        f"Money in {p.prices}. Fifth 1 is the most deprived. {_INTERVAL} Source: equity.parquet.",
        frame,
    )


def _uncertainty(p: PlanFindings) -> Sheet | None:
    frame = _mine(p, "uncertainty")
    if frame is None or frame.is_empty():
        return None
    frame = frame.select(
        _named(frame, "intervention", p.name).alias("Decision"),
        pl.col("measure").alias("Measure"),
        _named(frame, "group", lambda g: input_name(p, g) if g else "").alias("Inputs"),
        pl.col("at").alias("At (£ for a QALY, or id)"),
        pl.col("value").alias("Value"),
        pl.col("error").alias("Standard error"),
        pl.col("unit").alias("Unit"),
        pl.col("perspective").alias("Whose costs"),
    )
    return Sheet(
        "Plan uncertainty",
        "How sure, and what would be worth finding out",
        f"Money in {p.prices}. Source: uncertainty.parquet.",
        frame,
    )
