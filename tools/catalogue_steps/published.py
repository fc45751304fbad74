"""Published figures that the model is held against, but not fitted to unless said so.

Writes `population_published_mid_2023.csv` (residents by authority and single age),
`mortality_published_2014_16.csv` (deaths and people by sex, quintile and age band) and
`parameters/published.csv` (single figures for `leftshift validate`).
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import polars as pl

_BANDS = ["0-4", *[f"{a}-{a + 4}" for a in range(5, 90, 5)], "90+"]
_COLUMNS = (
    *("id", "label", "value", "lower", "upper", "distribution"),
    *("unit", "source", "as_of", "grade", "note"),
)


def build(reference: Path, out: Path) -> list[str]:
    """Build the step.

    Args:
        reference: folder of reference figures.
        out: the catalogue folder.

    Returns:
        Names of the reference files read.
    """
    authorities = pl.read_csv(out / "tables" / "authorities.csv")["code"].to_list()
    people = pl.read_csv(reference / "la_population_by_single_age.csv")
    ages = [str(a) for a in range(90)] + ["90+"]
    kept = people.filter(pl.col("code").is_in(authorities)).sort("code")
    missing = sorted(set(authorities) - set(kept["code"]))
    if missing:
        message = f"la_population_by_single_age.csv has no rows for {missing}"
        raise ValueError(message)
    kept.select(
        pl.col("code").alias("authority"),
        *[pl.col(a).round(0).cast(pl.Int64).alias(f"a{a.rstrip('+')}") for a in ages],
    ).write_csv(out / "tables" / "population_published_mid_2023.csv")

    _mortality(reference).write_csv(out / "tables" / "mortality_published_2014_16.csv")
    total = str(int(kept.select(ages).sum().sum_horizontal().round(0).item()))
    _figures(reference, out / "parameters" / "published.csv", total)
    return [
        "la_population_by_single_age.csv",
        "wh_deaths_cause_age_sex_qimd_2001_2016.csv",
        "wh_pop_age_sex_qimd_2001_2016.csv",
        "hmd_england_wales_mx.csv",
    ]


def _mortality(reference: Path) -> pl.DataFrame:
    sexes = {"men": "male", "women": "female"}
    band = (
        pl.when(pl.col("agegroup").is_in(["<1", "01-04"]))
        .then(pl.lit("0-4"))
        .otherwise(pl.col("agegroup").str.strip_prefix("0").str.replace("^5-09$", "5-9"))
        .alias("age_band")
    )
    died = (
        pl.read_csv(reference / "wh_deaths_cause_age_sex_qimd_2001_2016.csv")
        .filter(pl.col("year").is_in([2014, 2015, 2016]))
        .with_columns(band, sex=pl.col("sex").replace_strict(sexes))
        .group_by(
            "sex", pl.col("qimd").str.slice(0, 1).cast(pl.Int64).alias("quintile"), "age_band"
        )
        .agg(pl.col("deaths").sum())
    )
    alive = (
        pl.read_csv(reference / "wh_pop_age_sex_qimd_2001_2016.csv")
        .filter(pl.col("year").is_in([2014, 2015, 2016]))
        .with_columns(
            sex=pl.col("sex").replace_strict(sexes),
            age_band=pl.col("age").map_elements(
                lambda a: _BANDS[min(a // 5, 18)], return_dtype=pl.String
            ),
        )
        .group_by(
            "sex", pl.col("qimd").str.slice(0, 1).cast(pl.Int64).alias("quintile"), "age_band"
        )
        .agg(people=pl.col("pops").sum().round(0).cast(pl.Int64))
    )
    joined = died.join(alive, on=["sex", "quintile", "age_band"], how="full", coalesce=True)
    if joined.null_count().sum_horizontal().item() or len(joined) != 2 * 5 * 19:
        message = "deaths and people by quintile do not match cell for cell"
        raise ValueError(message)
    order = pl.Enum(_BANDS)
    return (
        joined.with_columns(pl.col("age_band").cast(order))
        .sort("sex", "quintile", "age_band")
        .with_columns(pl.col("age_band").cast(pl.String))
        .select("sex", "quintile", "age_band", "deaths", "people")
    )


def _life_expectancy(rates: np.ndarray) -> float:
    """Life expectancy at birth from central death rates by single age, constant within ages."""
    alive = np.exp(-np.concatenate([[0.0], np.cumsum(rates[:-1])]))
    lived = np.where(rates > 0, alive * -np.expm1(-rates) / np.maximum(rates, 1e-12), alive)
    lived[-1] = alive[-1] / rates[-1]
    return float(lived.sum())


def _figures(reference: Path, path: Path, total: str) -> None:
    rates = pl.read_csv(
        reference / "hmd_england_wales_mx.csv", infer_schema_length=None, null_values="."
    ).filter(pl.col("Year") == 2019)
    rows = []
    for sex in ("Female", "Male"):
        years = _life_expectancy(rates[sex].cast(pl.Float64).to_numpy()[:110])
        rows.append(
            [
                f"published.life_expectancy_2019.{sex.lower()}",
                f"Life expectancy at birth, {sex.lower()}, England and Wales 2019",
                f"{years:.3f}",
                "",
                "",
                "fixed",
                "years",
                "Human Mortality Database, England and Wales (total population), 1x1 death rates",
                "2019",
                "D",
                "Life table worked out from the published death rates in tools/catalogue_steps",
            ]
        )
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(rows)
        writer.writerows([total if v is _TOTAL else v for v in row] for row in _VERIFIED)


#: Stands for England's published total, which the build fills in.
_TOTAL = "total of the table"

#: Figures read on pages (see ../shared/reference: population_and_mortality_published,
#: condition_prevalence_published), restated one by one with what they cover.
_VERIFIED = [
    [
        "population.projection",
        "Projection behind births and migration",
        "2018",
        "",
        "",
        "fixed",
        "base year of the projection",
        "ONS subnational population projections for England, 2018-based (March 2020): yearly "
        "births and net migration of each authority; the level of births is set to the infants "
        "counted at mid-2023, the national level of migration to the ONS 2022-based principal "
        "assumption, and the last projected year (2043) is held beyond it",
        "2020-03-24",
        "V",
        "The 2018-based projection predates the pandemic, the 2021 Census and recent migration",
    ],
    [
        "population.published_mid_2023",
        "Residents by authority and single age, mid-2023",
        _TOTAL,
        "",
        "",
        "fixed",
        "people",
        "ONS mid-year population estimates, mid-2023 (first release; since revised upward)",
        "2023-06-30",
        "V",
        "England's total; the table population_published_mid_2023 has the figures",
    ],
    [
        "published.deaths_england_wales_2023_24",
        "Deaths, England and Wales, mid-2023 to mid-2024",
        "566000",
        "",
        "",
        "fixed",
        "deaths",
        "ONS bulletin on mid-2024 population estimates (England and Wales)",
        "2024-06-30",
        "V",
        "Rounded to the nearest thousand in the source",
    ],
    [
        "published.births_england_wales_2023_24",
        "Births, England and Wales, mid-2023 to mid-2024",
        "596000",
        "",
        "",
        "fixed",
        "births",
        "ONS bulletin on mid-2024 population estimates (England and Wales)",
        "2024-06-30",
        "V",
        "Rounded to the nearest thousand in the source",
    ],
    [
        "published.people_england_wales_mid_2024",
        "Residents, England and Wales, mid-2024",
        "61806682",
        "",
        "",
        "fixed",
        "people",
        "ONS bulletin on mid-2024 population estimates (England and Wales)",
        "2024-06-30",
        "V",
        "",
    ],
    [
        "published.growth_england_2022_2032",
        "Growth of England's population, 2022 to 2032",
        "6.4",
        "",
        "",
        "fixed",
        "percent",
        "ONS 2022-based subnational population projections for England, summary",
        "2025",
        "V",
        "Migration-category variant",
    ],
    [
        "published.two_or_more_adults",
        "Adults with two or more long-term conditions, of 36",
        "27.2",
        "",
        "",
        "fixed",
        "percent",
        "Cassell A et al. Br J Gen Pract 2018;68:e245-e251 (CPRD, England, adults, 2012)",
        "2012",
        "V",
        "36 conditions; the model has twenty, so it should come out lower",
    ],
]
