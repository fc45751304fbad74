"""The workbook's sheets of care and money: summaries of leaf tables, none too long for Excel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from leftshift.report import words
from leftshift.report.care.figures import DRIVERS, PRIVATE, Care
from leftshift.report.findings import added_up
from leftshift.report.sheets import Sheet, kept

__all__ = ["sheets"]

_INTERVAL = "Lower and Upper are the 95% interval over draws; empty where not worked out."
_LEAF = "Central figures: the bounds of parts do not add up to those of a whole."


def sheets(care: Care) -> list[Sheet]:
    """Every sheet of care and money that the run has tables for, in order."""
    if not care.has:
        return []
    made = [
        _spend(care),
        _activity(care),
        _gap(care),
        _drivers(care),
        _measured(care, "staff", "Staff", "Staff group", "staff_group", "setting"),
        _measured(care, "beds", "Beds", "Type of bed", "bed_type", None),
        _measured(care, "waits", "Waits", "Specialties", "specialty", None),
        _use(care),
        _need(care),
        _bridge(care),
        _local(care),
    ]
    return kept(made)


def _naming(frame: pl.DataFrame, column: str, name: Callable[[str], str]) -> pl.Expr:
    found = {key: name(key) for key in frame[column].unique().to_list()}
    return pl.col(column).replace_strict(found, return_dtype=pl.String)


def _spend(care: Care) -> Sheet | None:
    """Spend by year, setting, service and payer, places and fifths added up."""
    f = care.f
    table = f.leaf("spend")
    if table is None:
        return None
    frame = added_up(table, ["year", "setting", "service", "payer"])
    frame = frame.select(
        _naming(frame, "setting", care.setting_name).alias("Setting"),
        _naming(frame, "service", lambda k: f.label("service", k)).alias("Service"),
        _naming(frame, "payer", lambda k: f.label("payer", k)).alias("Payer"),
        pl.when(pl.col("payer").is_in(PRIVATE))
        .then(pl.lit("no"))
        .otherwise(pl.lit("yes"))
        .alias("Public money"),
        pl.col("year").alias("Year"),
        pl.col("value").alias("Value"),
        pl.lit("£ a year").alias("Unit"),
        pl.lit(care.price_base).alias("Price base"),
        pl.col("service").alias("Service id"),
    )
    return Sheet(
        "Spend",
        f"Spend by setting, service, payer and year ({care.prices})",
        f"Unit: £ a year, {care.prices}. {_LEAF} Each pound is under one payer. Totals with "
        "intervals are in Area summary. Source: spend.parquet.",
        frame,
    )


def _activity(care: Care) -> Sheet | None:
    f = care.f
    table = f.leaf("activity")
    if table is None:
        return None
    frame = added_up(table, ["setting", "service", "unit", "year"])
    frame = frame.select(
        _naming(frame, "setting", care.setting_name).alias("Setting"),
        _naming(frame, "service", lambda k: f.label("service", k)).alias("Service"),
        pl.col("year").alias("Year"),
        pl.col("value").alias("Value"),
        pl.col("unit").alias("Unit"),
        pl.col("service").alias("Service id"),
    )
    return Sheet(
        "Activity",
        "What people use, by service and year",
        f"Unit: see the column Unit. {_LEAF} Source: activity.parquet.",
        frame,
    )


_BOUNDS = (
    pl.col("value").alias("Value"),
    pl.col("lower").alias("Lower"),
    pl.col("upper").alias("Upper"),
    pl.col("unit").alias("Unit"),
)


def _gap(care: Care) -> Sheet | None:
    table = care.f.leaf("gap")
    if table is None:
        return None
    frame = table.sort("settlement", "setting", "measure", "year").collect()
    frame = frame.select(
        _naming(frame, "settlement", care.settlement_name).alias("Settlement"),
        _naming(frame, "setting", care.setting_name).alias("Setting"),
        pl.col("measure").str.to_titlecase().alias("Measure"),
        pl.col("year").alias("Year"),
        *_BOUNDS,
        pl.col("price_base").alias("Price base"),
    )
    return Sheet(
        "Funding gap",
        f"Funding, cost and gap by setting and settlement ({care.prices})",
        f"Unit: £ a year, {care.prices}. A gap above 0 is a shortfall. Capital is apart. "
        f"{_INTERVAL} Source: gap.parquet.",
        frame,
    )


def _drivers(care: Care) -> Sheet | None:
    f = care.f
    table = f.leaf("drivers")
    if table is None:
        return None
    order = {"base": 0} | {d: i for i, d in enumerate(DRIVERS, start=1)}
    frame = table.collect()
    frame = frame.with_columns(
        step=pl.col("driver").replace_strict(order, default=99, return_dtype=pl.Int64)
    ).sort("setting", "year", "step")
    names = {"base": f"Spend in {f.now}"}
    frame = frame.select(
        _naming(frame, "setting", care.setting_name).alias("Setting"),
        _naming(
            frame, "driver", lambda k: names.get(k) or DRIVERS.get(k) or f.label("driver", k)
        ).alias("Driver"),
        pl.col("step").alias("Order"),
        pl.col("year").alias("Year"),
        *_BOUNDS,
        pl.col("price_base").alias("Price base"),
    )
    return Sheet(
        "Drivers",
        f"What each driver adds to the spend of each setting since {f.now} ({care.prices})",
        f"Unit: £ a year, {care.prices}. Taken in the order given; all of one setting and year add "
        f"up to its spend. {_INTERVAL} Source: drivers.parquet.",
        frame,
    )


def _measured(
    care: Care, table: str, name: str, head: str, column: str, within: str | None
) -> Sheet | None:
    f = care.f
    leaf = f.leaf(table)
    if leaf is None:
        return None
    keys = [*([within] if within else []), column, "measure", "year"]
    frame = leaf.sort(keys).collect()
    more = [_naming(frame, within, care.setting_name).alias("Setting")] if within else []
    frame = frame.select(
        _naming(frame, column, lambda k: f.label(column, k)).alias(head),
        *more,
        _naming(frame, "measure", lambda k: f.label("measure", k)).alias("Measure"),
        pl.col("year").alias("Year"),
        *_BOUNDS,
    )
    title, note = _TITLES[table]
    return Sheet(
        name,
        title,
        f"Unit: see the column Unit. {note} {_INTERVAL} Source: {table}.parquet.",
        frame,
    )


_TITLES: Mapping[str, tuple[str, str]] = {
    "staff": (
        "Staff needed, there and missing, by group, setting and year",
        "Groups cannot stand in for one another.",
    ),
    "beds": ("Beds needed, there and short, by type and year", "Mean over the year."),
    "waits": (
        "Waiting list by group of specialties and year (estimate, grade C)",
        "Grade C: worked out from published numbers within 18 and over 52 weeks.",
    ),
}


def _use(care: Care) -> Sheet | None:
    rows = care.by_segment
    people = sum(float(r["people"]) for r in rows)
    spend = sum(float(r["spend"]) for r in rows)
    if not rows or people <= 0 or spend <= 0:
        return None
    f = care.f
    factor = care.head_factor(spend, people)
    out: list[dict[str, Any]] = []
    for r in rows:
        heads, cost = float(r["people"]), float(r["spend"])
        row: dict[str, Any] = {
            "Segment": words.SEGMENTS[str(r["segment"])],
            "People": heads,
            "Share of people (%)": 100 * heads / people,
            "Public spend (£)": cost,
            "Share of public spend (%)": 100 * cost / spend,
            "Public spend per head (£)": factor * cost / heads if heads > 0 else None,
        }
        for service in care.marker_services:
            use = float(r[f"use:{service}"])
            label = f.label("service", service)
            row[label] = use
            row[f"{label} per 1,000 people"] = 1000 * use / heads if heads > 0 else None
        out.append(row | {"Price base": care.price_base})
    return Sheet(
        "Use by segment",
        f"Who uses what: people, spend and use by core segment, {f.now} ({care.prices})",
        f"Public spend in {care.prices}; a service costs the same a unit whoever uses it. {_LEAF} "
        "Sources: activity.parquet, spend.parquet, summary.parquet.",
        pl.DataFrame(out),
    )


def _need(care: Care) -> Sheet | None:
    f = care.f
    fifths = care.by_quintile
    factor = care.head_factor(sum(r["spend"] for r in fifths), sum(r["people"] for r in fifths))
    out: list[dict[str, Any]] = []
    for r in fifths:
        heads = r["people"]
        row: dict[str, Any] = {
            "Split by": "Deprivation fifth",
            "Group": words.QUINTILES[int(r["quintile"])],
            "People": heads,
            "Public spend per head (£)": factor * r["spend"] / heads,
            "Share with major illness (%)": 100 * r["ill"] / heads,
        }
        for service in care.marker_services:
            row[f"{f.label('service', service)} per 1,000 people"] = (
                1000 * r[f"use:{service}"] / heads
            )
        out.append(row)
    for spot in f.places:
        head, people = care.per_head(f.now, spot.code), f.figure("people", f.now, spot.code)
        if head is None or people is None or people.value <= 0:
            continue
        share = f.figure("major_illness_share", f.now, spot.code)
        row = {
            "Split by": "Place",
            "Group": spot.name,
            "People": people.value,
            "Public spend per head (£)": head.value,
            "Share with major illness (%)": None if share is None else share.value,
        }
        for service in care.marker_services:
            row[f"{f.label('service', service)} per 1,000 people"] = (
                1000 * care.place_use.get((spot.code, service), 0.0) / people.value
            )
        out.append(row)
    if not out:
        return None
    frame = pl.DataFrame(out, infer_schema_length=None).with_columns(
        pl.lit(care.price_base).alias("Price base")
    )
    return Sheet(
        "Place and deprivation",
        f"Spend and use per head against need, by deprivation fifth and place, {f.now} "
        f"({care.prices})",
        f"Public spend in {care.prices}. Not adjusted for age: set the columns against each other. "
        f"{_LEAF} Sources: spend, activity, people, health and summary.",
        frame,
    )


def _bridge(care: Care) -> Sheet | None:
    if not care.bridge:
        return None
    frame = care.f.run.table("bridge")
    heads = {"label": "What it is", **{c: c.capitalize() for c in frame.columns if c != "label"}}
    return Sheet(
        "Bridge",
        "From England's published spending to the services of the model",
        "Unit: see the column Unit; amounts in the prices of their own year, which the line or its "
        "note names. Source: bridge.parquet.",
        frame.select(
            ["label", *[c for c in frame.columns if c not in ("label", "line")], "line"]
        ).rename(heads),
    )


def _local(care: Care) -> Sheet | None:
    if not care.local:
        return None
    frame = care.f.run.table("local").with_columns(
        pl.col("age_band").str.replace("-", " to ", literal=True)
    )
    heads = {c: c.replace("_", " ").capitalize() for c in frame.columns}
    return Sheet(
        "Own data",
        "Your own figures, what the model gave before, and what it gives with them",
        "Unit: see the column Unit. Factor: after divided by before. Source: local.parquet.",
        frame.rename(heads),
    )
