"""Practices, primary care networks and their need weights, for needs assessments.

Writes:

- ``practices.csv``: where each practice stands, its network and board, its list of December 2025,
  and the populations that NHS England's allocations for 2025/26 weight by need;
- ``network_lists.csv``: registered people by network, board, authority, sex and five-year age;
- ``standard_population.csv``: the European Standard Population of 2013 in the same ages.

A practice stands in one authority, by its postcode; its patients may live in others.
"""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl

LISTS = "gp_practice_list_quinary_dec2025.csv"
MAP = "gp_practice_pcn_icb_map_dec2025.csv"
WEIGHTS = "icb_allocation_gp_weights_2025_26.csv"
_HERE = Path(__file__).parent
_COMPONENTS = {
    "Population": "population",
    "G&A WP": "general_and_acute",
    "CS WP": "community",
    "MH WP": "mental_health",
    "Mat WP": "maternity",
    "Prescr WP": "prescribing",
    "Health Ineq WP": "inequalities",
    "Final WP": "core",
    "Final PMC WP": "primary_medical",
}
# The list's last two bands are one here, as in the model.
_BANDS = {
    **{f"{age}_{age + 4}": band for band, age in enumerate(range(0, 95, 5))},
    "95+": 18,
}
#: Eurostat's report of 2013 with 0 and 1-4, and 90-94 and 95 and over, put together.
STANDARD = (
    *(5000, 5500, 5500, 5500, 6000, 6000, 6500, 7000, 7000, 7000),
    *(7000, 6500, 6000, 5500, 5000, 4000, 2500, 1500, 1000),
)
NOBODY = "U"
#: Authorities that came and went between those of `predecessors.csv` and today's.
_SHORT_LIVED = {"E07000246": "E06000066"}  # Somerset West and Taunton, 2019 to 2023


def build(reference: Path, out: Path) -> list[str]:
    """Build the step.

    Args:
        reference: folder of reference figures.
        out: the catalogue folder.

    Returns:
        Names of the reference files read.

    Raises:
        ValueError: the files do not fit each other or the catalogue's geography.
    """
    tables = out / "tables"
    practices = _practices(reference, tables)
    lists = _lists(reference, practices)
    total = lists.group_by("practice").agg(pl.col("patients").sum().alias("registered"))
    practices = practices.join(total, on="practice").sort("practice")
    columns = ["practice", "network", "board", "authority", "latitude", "longitude", "registered"]
    practices.select(*columns, *_COMPONENTS.values()).write_csv(tables / "practices.csv")

    parts = (
        lists.join(practices, on="practice")
        .group_by("network", "board", "authority", "sex", "band")
        .agg(pl.col("patients").sum())
        .pivot(on="band", index=["network", "board", "authority", "sex"], values="patients")
        .sort("network", "board", "authority", "sex")
    )
    parts.select(
        "network",
        "board",
        "authority",
        "sex",
        *(pl.col(str(b)).fill_null(0).alias(f"b{b}") for b in range(19)),
    ).write_csv(tables / "network_lists.csv")
    names = practices.select("network", "name").unique().sort("network")
    if names["network"].n_unique() != names.height:
        raise ValueError(f"{MAP}: a network has two names")
    names.write_csv(tables / "primary_care_networks.csv")
    with (tables / "standard_population.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("age_band", "people"))
        writer.writerows(
            (f"{5 * b}-{5 * b + 4}" if b < 18 else "90+", people)
            for b, people in enumerate(STANDARD)
        )
    return [LISTS, MAP, WEIGHTS]


def _practices(reference: Path, tables: Path) -> pl.DataFrame:
    successors = _successors()
    weights = pl.read_csv(reference / WEIGHTS, infer_schema_length=None).select(
        pl.col("Practice_Code").alias("practice"),
        pl.col("LAD").replace(successors).alias("authority"),
        pl.col("Latitude").cast(pl.Float64, strict=False).round(3).alias("latitude"),
        pl.col("Longitude").cast(pl.Float64, strict=False).round(3).alias("longitude"),
        *(
            pl.col(old).cast(pl.Float64, strict=False).round(0).cast(pl.Int64).alias(new)
            for old, new in _COMPONENTS.items()
        ),
    )
    found = pl.read_csv(reference / MAP, infer_schema_length=None).select(
        pl.col("practice_code").alias("practice"),
        pl.col("pcn_code").alias("network"),
        pl.col("pcn_name").str.strip_chars().alias("name"),
        pl.col("icb_code").alias("board"),
    )
    made = found.join(weights, on="practice", how="left")
    lost = made.filter(pl.col("authority").is_null())
    if lost.height:
        raise ValueError(f"{WEIGHTS}: no weights for {lost['practice'].to_list()[:5]}")
    known = set(pl.read_csv(tables / "authorities.csv")["code"])
    boards = set(pl.read_csv(tables / "boards.csv")["ods"])
    strange = (set(made["authority"]) - known) | (set(made["board"]) - boards)
    if strange:
        raise ValueError(f"{WEIGHTS}, {MAP}: no such authority or board: {sorted(strange)}")
    # Practices that are in no network are put together by board.
    return made.with_columns(
        network=pl.when(pl.col("network") == NOBODY)
        .then(pl.lit(NOBODY + "-") + pl.col("board"))
        .otherwise(pl.col("network")),
        name=pl.when(pl.col("network") == NOBODY)
        .then(pl.lit("Practices of no network, ") + pl.col("board"))
        .otherwise(pl.col("name")),
    )


def _lists(reference: Path, practices: pl.DataFrame) -> pl.DataFrame:
    lists = pl.read_csv(reference / LISTS, infer_schema_length=None).select(
        pl.col("org_code").alias("practice"),
        pl.col("sex").str.to_lowercase(),
        pl.col("age_group_5").replace_strict(_BANDS, return_dtype=pl.Int64).alias("band"),
        pl.col("number_of_patients").alias("patients"),
    )
    if set(lists["practice"]) != set(practices["practice"]):
        raise ValueError(f"{LISTS} and {MAP} do not name the same practices")
    return lists


def _successors() -> dict[str, str]:
    """Authorities of 2018 by the authority that followed them, where there was only one."""
    with (_HERE / "predecessors.csv").open(encoding="utf-8", newline="") as file:
        gone = {row["predecessor"]: row["code"] for row in csv.DictReader(file)}
    return {**gone, **_SHORT_LIVED}
