"""What each sheet of the workbook holds: a title, a note on units and source, and a frame."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from leftshift.report import words
from leftshift.report.findings import Findings, added_up

#: Excel's own limit of rows on a sheet, less the rows above a table.
EXCEL_ROWS = 1_048_576 - 10


@dataclass(frozen=True)
class Sheet:
    """One sheet: its name, title, what it holds, and a frame.

    Attributes:
        name: Name on the tab, at most 31 characters.
        title: What stands in A1.
        notes: One or two lines beneath: unit and source.
        frame: The rows, with headings as columns.
    """

    name: str
    title: str
    notes: str
    frame: pl.DataFrame


def sheets_of(f: Findings) -> tuple[list[Sheet], list[Sheet]]:
    """Every sheet of people and illness, then those on what all figures rest on.

    Only sheets that the run has tables for, and that are not too long for Excel.
    """
    people = [
        _area_summary(f),
        _place_marks(f),
        _place_years(f),
        _people(f),
        _people_by_place(f),
        _conditions(f),
        _deaths(f),
        _expectancy(f),
        _risk(f),
    ]
    return kept(people), kept([_checks(f), _sources(f), _names(f)])


def kept(made: Iterable[Sheet | None]) -> list[Sheet]:
    """The sheets that have rows, and no more rows than Excel can hold."""
    return [s for s in made if s is not None and 0 < s.frame.height <= EXCEL_ROWS]


def _labelled(f: Findings, frame: pl.DataFrame) -> pl.DataFrame:
    """Give measures and places their names beside their ids."""
    measures = frame["measure"].unique().to_list()
    names = {m: words.measure_name(f, m) for m in measures}
    frame = frame.with_columns(
        Label=pl.col("measure").replace_strict(names, return_dtype=pl.String)
    )
    if "place" in frame.columns:
        places = {p: f.place_name(p) if p else f.area_name for p in frame["place"].unique()}
        frame = frame.with_columns(
            Name=pl.col("place").replace_strict(places, return_dtype=pl.String)
        )
    return frame


_RENAMED = {
    "year": "Year",
    "place": "Code",
    "Name": "Place",
    "measure": "Measure id",
    "Label": "Measure",
    "unit": "Unit",
    "value": "Value",
    "lower": "Lower",
    "upper": "Upper",
    "sex": "Sex",
    "sampling_error": "Sampling error",
    "age_band": "Age band",
    "imd_quintile": "Deprivation fifth",
    "few": "Few",
    "condition": "Condition id",
}


_INTERVAL = "Lower and Upper are the 95% interval over draws; empty for a central run."


def _named(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.rename({k: v for k, v in _RENAMED.items() if k in frame.columns})


def _area_summary(f: Findings) -> Sheet:
    frame = _labelled(f, f.summary.filter(pl.col("place") == ""))
    keep = ["Label", "year", "unit", "value", "lower", "upper", "sampling_error", "measure"]
    frame = frame.sort("measure", "year").select([c for c in keep if c in frame.columns])
    return Sheet(
        "Area summary",
        f"Every summary measure of {f.area_name}, by year",
        f"Unit: see the column Unit. {_INTERVAL} Source: summary.parquet.",
        _named(frame),
    )


def _place_marks(f: Findings) -> Sheet | None:
    frame = f.summary.filter((pl.col("place") != "") & pl.col("year").is_in(f.marks))
    if frame.height == 0:
        return None
    frame = _labelled(f, frame).sort("measure", "place", "year")
    keep = [
        "Name",
        "Label",
        "year",
        "unit",
        "value",
        "lower",
        "upper",
        "sampling_error",
        "place",
        "measure",
    ]
    return Sheet(
        "Places, key years",
        f"Every summary measure of each place in {words.joined(f.marks)}",
        f"Unit: see the column Unit. {_INTERVAL} Source: summary.parquet.",
        _named(frame.select([c for c in keep if c in frame.columns])),
    )


def _place_years(f: Findings) -> Sheet | None:
    frame = f.summary.filter(pl.col("place") != "")
    if frame.height == 0:
        return None
    wide = frame.pivot(
        on="year", index=["place", "measure", "unit"], values="value", sort_columns=True
    ).sort("measure", "place")
    wide = _labelled(f, wide).select("Name", "Label", "unit", *f.years, "place", "measure")
    return Sheet(
        "Places by year",
        "Every summary measure of each place, one column for each year",
        "Central figures. Unit: see the column Unit. Source: summary.parquet.",
        _named(wide),
    )


def _summed(
    f: Findings, table: str, keys: list[str], years: list[str] | None
) -> pl.DataFrame | None:
    frame = f.leaf(table, years)
    if frame is None:
        return None
    return added_up(frame, keys)


def _aged(frame: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Sort with age bands from young to old, and write bands so that Excel makes no dates."""
    start = pl.col("age_band").str.extract(r"^(\d+)").cast(pl.Int64).alias("_age")
    order = ["_age" if k == "age_band" else k for k in keys]
    text = (
        pl.col("age_band").str.replace("-", " to ").str.replace("90+", "90 and over", literal=True)
    )
    return frame.with_columns(start).sort(order).drop("_age").with_columns(text)


_LEAF_NOTE = "Central figures: the bounds of parts do not add up to those of a whole."


def _people(f: Findings) -> Sheet | None:
    keys = ["year", "sex", "age_band", "imd_quintile"]
    frame = _summed(f, "people", keys, None)
    if frame is None:
        return None
    return Sheet(
        "People",
        f"People of {f.area_name} by year, sex, age band and deprivation fifth",
        f"Unit: people at 30 June. {_LEAF_NOTE} Source: people.parquet, which also has "
        "places and segments.",
        _named(_flagged(f, _aged(frame, keys))),
    )


def _flagged(f: Findings, frame: pl.DataFrame) -> pl.DataFrame:
    few = pl.when(pl.col("value") / f.weight < 30).then(pl.lit("yes")).otherwise(pl.lit("no"))
    return frame.with_columns(few.alias("few"))


def _people_by_place(f: Findings) -> Sheet | None:
    keys = ["place", "year", "age_band"]
    frame = _summed(f, "people", keys, None)
    if frame is None:
        return None
    frame = _flagged(f, _aged(frame, keys))
    places = {p: f.place_name(p) if p else f.area_name for p in frame["place"].unique()}
    frame = frame.with_columns(Name=pl.col("place").replace_strict(places, return_dtype=pl.String))
    return Sheet(
        "People by place",
        "People of each place by year and age band",
        f"Unit: people at 30 June. {_LEAF_NOTE} Source: people.parquet.",
        _named(frame.select("Name", "year", "age_band", "value", "few", "place")),
    )


def _conditions(f: Findings) -> Sheet | None:
    keys = ["condition", "year", "sex", "age_band", "measure"]
    frame = _summed(f, "conditions", keys, f.marks)
    if frame is None or frame.height == 0:
        return None
    wide = frame.pivot(on="measure", index=keys[:-1], values="value", sort_columns=True)
    wide = _aged(wide, keys[:-1])
    names = {c: f.label("condition", c) for c in wide["condition"].unique()}
    wide = wide.with_columns(
        Condition=pl.col("condition").replace_strict(names, return_dtype=pl.String)
    )
    counts = {"prevalent": "People with it", "incident": "New cases in the year"}
    wide = wide.select(
        "Condition",
        "year",
        "sex",
        "age_band",
        *[c for c in counts if c in wide.columns],
        "condition",
    )
    return Sheet(
        "Conditions",
        f"Conditions by sex and age band in {words.joined(f.marks)}",
        "Units: people at 30 June; new cases over the financial year. Every year's totals "
        "are in Area summary; places and deprivation are in conditions.parquet.",
        _named(wide.rename({k: v for k, v in counts.items() if k in wide.columns})),
    )


def _deaths(f: Findings) -> Sheet | None:
    keys = ["year", "sex", "age_band"]
    frame = _summed(f, "deaths", keys, None)
    if frame is None:
        return None
    return Sheet(
        "Deaths",
        f"Deaths in {f.area_name} by year, sex and age band",
        f"Unit: deaths over the financial year. {_LEAF_NOTE} Source: deaths.parquet.",
        _named(_flagged(f, _aged(frame, keys))),
    )


def _expectancy(f: Findings) -> Sheet | None:
    names = {
        "life_expectancy": "Life expectancy",
        "healthy_life_expectancy": "Years without major illness",
    }
    rows = [
        (names[measure], year, sex, quintile, g.value, g.lower, g.upper)
        for (year, sex, quintile, measure), g in sorted(f.expectancy.items())
    ]
    if not rows:
        return None
    frame = pl.DataFrame(
        rows,
        orient="row",
        schema={
            "Measure": pl.String,
            "Year": pl.String,
            "Sex": pl.String,
            "Deprivation fifth": pl.Int64,
            "Value": pl.Float64,
            "Lower": pl.Float64,
            "Upper": pl.Float64,
        },
    ).with_columns(Unit=pl.lit("years"))
    return Sheet(
        "Life expectancy",
        "Life expectancy at birth by year, sex and deprivation fifth",
        f"Unit: years. {_INTERVAL} Source: health.parquet.",
        frame.sort("Measure", "Year", "Sex", "Deprivation fifth"),
    )


def _risk(f: Findings) -> Sheet | None:
    frame = f.leaf("health", [f.now, f.end])
    if frame is None:
        return None
    keys = ["measure", "year", "sex", "age_band", "imd_quintile"]
    found = (
        frame.filter((pl.col("place") == "") & (pl.col("age_band") != ""))
        .select([*keys, "value", "lower", "upper"])
        .collect()
    )
    if found.height == 0:
        return None
    names = {m: f.label("measure", m) for m in found["measure"].unique()}
    found = _aged(found, keys).with_columns(
        Label=pl.col("measure").replace_strict(names, return_dtype=pl.String)
    )
    return Sheet(
        "Risk factors",
        f"Risk factors by sex, age band and deprivation fifth, {f.now} and {f.end}",
        f"Unit: as the measure's name says. {_INTERVAL} Source: health.parquet.",
        _named(found.select("Label", *keys[1:], "value", "lower", "upper", "measure")),
    )


def _checks(f: Findings) -> Sheet | None:
    if not f.all_checks:
        return None
    frame = pl.DataFrame(
        [
            (
                r["label"],
                str(r["year"]),
                str(r["unit"]),
                r.get("published"),
                r.get("model"),
                r.get("ratio"),
                "yes" if r.get("used") else "no",
                str(r.get("grade") or ""),
                str(r.get("source") or ""),
            )
            for r in f.all_checks
        ],
        orient="row",
        schema={
            "Compared": pl.String,
            "Year": pl.String,
            "Unit": pl.String,
            "Published": pl.Float64,
            "Model": pl.Float64,
            "Ratio": pl.Float64,
            "Was an input": pl.String,
            "Grade": pl.String,
            "Source": pl.String,
        },
    )
    return Sheet(
        "Does it know us",
        "Published figures beside the model's",
        "Ratio: model divided by published. Agreement with an input shows only that the "
        "input is reproduced.",
        frame,
    )


def _sources(f: Findings) -> Sheet | None:
    if "sources" not in f.tables:
        return None
    frame = f.run.table("sources").sort("id")
    frame = frame.with_columns(
        pl.when(pl.col("overridden"))
        .then(pl.lit("yes"))
        .otherwise(pl.lit("no"))
        .alias("overridden")
    )
    heads = {c: c.replace("_", " ").capitalize() for c in frame.columns}
    return Sheet(
        "Sources",
        "Every catalogue row the run rests on",
        "Grades: V verified, D derived, R recalled, A assumed (see Notes).",
        frame.rename(heads),
    )


def _names(f: Findings) -> Sheet | None:
    if "names" not in f.tables:
        return None
    frame = f.run.table("names")
    return Sheet(
        "Names",
        "The label of each id used in the tables",
        "Source: names.parquet.",
        frame.rename({c: c.capitalize() for c in frame.columns}),
    )
