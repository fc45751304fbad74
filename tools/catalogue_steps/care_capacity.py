"""Staff, beds, delayed discharges, waits and talking therapies of boards, trusts and authorities.

Run after the geography step, whose boards it reads. It only adds up, averages and renames what was
published; every estimate is made when a run is.
"""

from __future__ import annotations

import calendar
import tomllib
from pathlib import Path

import polars as pl

SHARES = "lookup_trust_icb_share.csv"
BEDS = "beds_monthly_trust.csv"
DELAYS = "discharge_nctr_monthly_icb.csv"
WAITS = "rtt_icb_specialty_monthly_to_2023.csv"
CAPACITY = "icb_capacity_2018_2023.csv"
GPS = "patients_per_gp_ltla24.csv"
THERAPIES = "talking_therapies_monthly_sicbl.csv"
PRACTICES = "gp_practice_pcn_icb_map_dec2025.csv"

# Codes of 2022 that were replaced when a boundary moved by a few streets.
RENAMED = {"E54000052": "E54000063", "E54000053": "E54000064"}
# Sub-board locations of 2022 whose code changed with it: Surrey Heartlands and West Sussex.
LOCATIONS = {"E38000246": "QXU", "E38000248": "QNX"}
SMALLEST = 0.0005  # a board that sends a trust fewer than one in 2,000 of its people is left out
MONTHS = {name: number for number, name in enumerate(calendar.month_name) if name}
STAFF = {
    "Primary care workforce (FTEs) per 100,000 population (GP)": "gp",
    "Primary care workforce (FTEs) per 100,000 population (Nurses)": "practice_nurse",
    "Primary care workforce (FTEs) per 100,000 population (Direct Patient Care)": (
        "practice_direct_care"
    ),
    "Primary care workforce (FTEs) per 100,000 population (Admin/Non-Clinical)": "practice_admin",
    "Workforce FTEs per 100,000 population (Total - Acute)": "acute",
}
QUARTERS = [
    *("2021-12-01", "2022-03-01", "2022-06-01", "2022-09-01", "2022-12-01"),
    *("2023-03-01", "2023-06-01", "2023-09-01", "2023-12-01"),
]


def build(reference: Path, out: Path) -> list[str]:
    """Build the step.

    Args:
        reference: folder of reference figures.
        out: the catalogue folder, holding `tables/boards.csv` and `specialties.toml`.

    Returns:
        Names of the reference files read.

    Raises:
        ValueError: a board or a treatment function is in no list.
    """
    boards = pl.read_csv(out / "tables" / "boards.csv").select("ods", "ons")
    tables = out / "tables"
    shares = _shares(reference, boards)
    shares.write_csv(tables / "trust_board_shares.csv")
    _beds(reference, set(shares["trust"])).write_csv(tables / "trust_beds.csv")
    _delays(reference, boards).write_csv(tables / "board_discharge.csv")
    _waits(reference, boards, out).write_csv(tables / "board_waits.csv")
    _staff(reference, boards).write_csv(tables / "board_staff.csv")
    _gps(reference).write_csv(tables / "authority_gps.csv")
    _therapies(reference, boards).write_csv(tables / "board_talking_therapies.csv")
    return [SHARES, BEDS, DELAYS, WAITS, CAPACITY, GPS, THERAPIES, PRACTICES]


def _named(frame: pl.DataFrame, column: str, boards: pl.DataFrame, file: str) -> pl.DataFrame:
    """Puts a board's ODS code in column `board`, from its ONS code of 2022 or later."""
    renamed = frame.with_columns(pl.col(column).replace(RENAMED))
    joined = renamed.join(boards, left_on=column, right_on="ons", how="left").rename(
        {"ods": "board"}
    )
    lost = joined.filter(pl.col("board").is_null())[column].unique().to_list()
    if lost:
        raise ValueError(f"{file}: no board has the code {', '.join(sorted(lost))}")
    return joined


def _shares(reference: Path, boards: pl.DataFrame) -> pl.DataFrame:
    raw = pl.read_csv(reference / SHARES).rename(
        {"nhs_trust22_code": "trust", "proportion_trust_came_from_icb": "share"}
    )
    kept = _named(raw, "icb22_code", boards, SHARES).filter(pl.col("share") >= SMALLEST)
    return (
        kept.with_columns((pl.col("share") / pl.col("share").sum().over("trust")).round(5))
        .select("trust", "board", "share")
        .sort("trust", "board")
    )


def _beds(reference: Path, known: set[str]) -> pl.DataFrame:
    raw = pl.read_csv(reference / BEDS, infer_schema_length=None)
    month = pl.col("date").str.split(" ")
    dated = raw.with_columns(
        pl.date(
            month.list.get(1).cast(pl.Int32),
            month.list.get(0).replace_strict(MONTHS, return_dtype=pl.Int32),
            1,
        ).alias("month")
    )
    newest = sorted(dated["month"].unique().to_list())[-12:]
    last = dated.filter(pl.col("month").is_in(newest))
    lost = set(last["nhs_trust22_code"]) - known
    if lost:
        raise ValueError(f"{BEDS}: no catchment for {', '.join(sorted(lost))}")
    kinds = {
        "general_acute": ("general_acute_beds",),
        "critical_care": ("adult_critical_care_beds", "paediatric_intensive_cared_beds"),
        "neonatal": ("neonatal_intensive_care_bed",),
    }
    made = [
        # A month that a trust did not report is no month with no beds: means over those reported.
        sum(pl.col(f"{stem}_{state}").mean().fill_null(0.0) for stem in stems).alias(
            f"{kind}_{state}"
        )
        for kind, stems in kinds.items()
        for state in ("available", "occupied")
    ]
    return (
        last.group_by("nhs_trust22_code")
        .agg(pl.len().alias("months"), *made)
        .rename({"nhs_trust22_code": "trust"})
        .with_columns(pl.selectors.float().round(1))
        .sort("trust")
    )


def _delays(reference: Path, boards: pl.DataFrame) -> pl.DataFrame:
    raw = _named(pl.read_csv(reference / DELAYS), "icb22_code", boards, DELAYS)
    start = pl.col("month").str.slice(0, 4).cast(pl.Int32) - (
        pl.col("month").str.slice(5, 2).cast(pl.Int32) < 4
    ).cast(pl.Int32)
    labelled = raw.with_columns(
        (start.cast(pl.String) + "/" + ((start + 1) % 100).cast(pl.String).str.zfill(2)).alias(
            "year"
        )
    )
    days = pl.col("days")
    # The file counts those who were discharged in the day among those who no longer met the
    # criteria: who stayed is the difference. For December 2022 that makes the 13,440 published.
    stayed = pl.col("mean_ncrtr") - pl.col("mean_daily_discharges")
    return (
        labelled.group_by("board", "year")
        .agg(
            pl.len().alias("months"),
            ((stayed * days).sum() / days.sum()).round(1).alias("delayed"),
            ((pl.col("mean_daily_discharges") * days).sum() / days.sum())
            .round(1)
            .alias("discharged"),
        )
        .sort("board", "year")
    )


def _waits(reference: Path, boards: pl.DataFrame, out: Path) -> pl.DataFrame:
    groups = tomllib.loads((out / "specialties.toml").read_text("utf-8"))["specialty"]
    of = {function: group["id"] for group in groups for function in group["functions"]}
    raw = pl.read_csv(reference / WAITS, infer_schema_length=None).filter(
        pl.col("date").is_in(QUARTERS) & (pl.col("treatment") != "Total")
    )
    lost = set(raw["treatment"]) - set(of)
    if lost:
        raise ValueError(f"{WAITS}: in no group of specialties: {', '.join(sorted(lost))}")
    if set(raw["stp20_nhs_code"]) != set(boards["ods"]):
        raise ValueError(f"{WAITS}: its boards are not the catalogue's")
    order = [group["id"] for group in groups]
    return (
        raw.with_columns(
            pl.col("treatment").replace(of).cast(pl.Enum(order)).alias("specialty"),
            pl.col("date").str.slice(0, 7).alias("month"),
        )
        .group_by("stp20_nhs_code", "month", "specialty")
        .agg(
            pl.col("waits_over_18_weeks").sum().cast(pl.Int64).alias("over_18"),
            pl.col("waits_over_52_weeks").sum().cast(pl.Int64).alias("over_52"),
        )
        .rename({"stp20_nhs_code": "board"})
        .sort("board", "month", "specialty")
        .with_columns(pl.col("specialty").cast(pl.String))
    )


def _staff(reference: Path, boards: pl.DataFrame) -> pl.DataFrame:
    raw = pl.read_csv(reference / CAPACITY, infer_schema_length=None).filter(
        (pl.col("year").cast(pl.String) == "2023") & pl.col("metric").is_in(list(STAFF))
    )
    if set(raw["org"]) != set(boards["ods"]):
        raise ValueError(f"{CAPACITY}: its boards are not the catalogue's")
    return (
        raw.with_columns(pl.col("metric").replace(STAFF))
        .pivot(on="metric", index="org", values="value")
        .rename({"org": "board"})
        .select("board", *(pl.col(name).round(2) for name in STAFF.values()))
        .sort("board")
    )


def _gps(reference: Path) -> pl.DataFrame:
    return (
        pl.read_csv(reference / GPS)
        .select(
            pl.col("ltla24_code").alias("authority"),
            pl.col("total_patients").round(0).cast(pl.Int64).alias("patients"),
            pl.col("total_gp_fte").round(2).alias("gps"),
        )
        .sort("authority")
    )


def _therapies(reference: Path, boards: pl.DataFrame) -> pl.DataFrame:
    of = (
        pl.read_csv(reference / PRACTICES, infer_schema_length=None)
        .group_by(pl.col("ons_sub_icb_location_code").alias("sicbl22_code"), "icb_code")
        .len()
        # A few practices are filed under another board than their location: the most decide.
        .sort("len", "icb_code", descending=True)
        .unique("sicbl22_code", keep="first")
        .drop("len")
    )
    raw = pl.read_csv(
        reference / THERAPIES,
        infer_schema_length=None,
        null_values=["*"],
        schema_overrides={"value": pl.Float64},
    ).filter(pl.col("name").is_in(["Count_ReferralsReceived", "Count_AccessingServices"]))
    joined = raw.join(of, on="sicbl22_code", how="left").with_columns(
        pl.col("icb_code").fill_null(pl.col("sicbl22_code").replace_strict(LOCATIONS, default=None))
    )
    lost = joined.filter(pl.col("icb_code").is_null())["sicbl22_code"].unique().to_list()
    if lost:
        raise ValueError(f"{THERAPIES}: no board for {', '.join(sorted(lost))}")
    # A location that did not report in a month is left out of the mean, not counted as none.
    monthly = joined.group_by("icb_code", "sicbl22_code", "name").agg(pl.col("value").mean())
    return (
        monthly.group_by("icb_code", "name")
        .agg((pl.col("value").sum() * 12.0).round(0).cast(pl.Int64))
        .pivot(on="name", index="icb_code", values="value")
        .rename(
            {
                "icb_code": "board",
                "Count_ReferralsReceived": "referrals",
                "Count_AccessingServices": "entering",
            }
        )
        .select("board", "referrals", "entering")
        .sort("board")
    )
