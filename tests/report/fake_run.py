"""A made-up run folder in the shape of a real one, with plausible but invented numbers.

It exists so that the report can be tested without the engine. Nothing in it is a finding.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from leftshift.runs import write_run
from tests.report.fake_care import add_care, care_about

PLACES = [
    ("E07000143", "Breckland", 142_000, 3, 2, 1.05),
    ("E07000144", "Broadland", 133_000, 4, 1, 1.10),
    ("E07000145", "Great Yarmouth", 100_000, 5, 1, 1.08),
    ("E07000146", "King's Lynn and West Norfolk", 154_000, 2, 1, 1.18),
    ("E07000147", "North Norfolk", 103_000, 3, 0, 1.60),
    ("E07000148", "Norwich", 144_000, 4, 2, 0.70),
    ("E07000149", "South Norfolk", 144_000, 4, 3, 1.05),
    ("E07000200", "Babergh", 94_000, 3, 4, 1.25),
    ("E07000244", "East Suffolk", 246_000, 5, 3, 1.30),
    ("E07000202", "Ipswich", 139_000, 4, 4, 0.75),
    ("E07000203", "Mid Suffolk", 105_000, 3, 3, 1.15),
    ("E07000245", "West Suffolk", 183_000, 2, 3, 0.95),
]
CONDITIONS = {
    "hypertension": ("Hypertension", 0.17, 0.9),
    "coronary_heart_disease": ("Coronary heart disease", 0.038, 0.7),
    "stroke_tia": ("Stroke or mini-stroke", 0.024, 1.0),
    "atrial_fibrillation": ("Atrial fibrillation", 0.028, 1.3),
    "heart_failure": ("Heart failure", 0.012, 1.2),
    "diabetes": ("Diabetes", 0.075, 1.4),
    "ckd": ("Chronic kidney disease", 0.045, 1.1),
    "copd": ("COPD", 0.021, 0.8),
    "asthma": ("Asthma", 0.068, 0.3),
    "cancer": ("Cancer (first code in five years)", 0.022, 1.0),
    "dementia": ("Dementia", 0.011, 1.8),
    "anxiety_depression": ("Anxiety or depression", 0.13, 0.5),
    "psychosis": ("Psychosis or bipolar disorder", 0.010, 0.4),
    "epilepsy": ("Epilepsy", 0.009, 0.4),
    "alcohol_problems": ("Alcohol problems", 0.025, 0.6),
    "chronic_pain": ("Long-term pain", 0.10, 0.9),
    "constipation": ("Constipation", 0.03, 1.2),
    "connective_tissue_disease": ("Connective tissue disease", 0.02, 0.9),
    "ibs": ("Irritable bowel syndrome", 0.06, 0.3),
    "hearing_loss": ("Hearing loss", 0.09, 1.1),
}
BANDS = [f"{a}-{a + 4}" for a in range(0, 90, 5)] + ["90+"]


def _age_shape(old: float) -> np.ndarray:
    """Share of people by band (19), older where `old` is larger."""
    mid = np.arange(19) * 5 + 2.5
    base = np.where(mid < 70, 1.0 + 0.25 * np.sin(mid / 12.0), np.exp(-(mid - 70) / 13.0))
    tilt = np.exp((mid - 45) / 45.0 * math.log(max(old, 0.2)))
    shape = base * tilt
    return np.asarray(shape / shape.sum())


def labels(years: int, base: int = 2025) -> list[str]:
    """Financial year labels from the base year, base included."""
    return [f"{y}/{(y + 1) % 100:02d}" for y in range(base, base + years + 1)]


def make_tables(
    *,
    places: list[tuple[Any, ...]] | None = None,
    years: int = 20,
    people: int = 100_000,
    draws: int = 50,
    zero: str | None = None,
    leaf_years: tuple[int, ...] | None = None,
) -> tuple[dict[str, pl.DataFrame], float]:
    """Every table of an outlook run, and the mean weight of a simulant."""
    places = PLACES if places is None else places
    times = labels(years)
    keep = leaf_years if leaf_years is not None else tuple(range(years + 1))
    total = sum(p[2] for p in places)
    weight = total / people
    wide = 0.03 if draws else None

    # stock[t, place, sex, band, quintile]
    stock = np.zeros((years + 1, len(places), 2, 19, 5))
    for i, (_c, _n, size, _x, _y, old) in enumerate(places):
        for t in range(years + 1):
            shape = _age_shape(old * 1.25 * (1 + 0.018 * t))
            for s in range(2):
                tilt = np.exp((np.arange(19) - 9) * (0.015 if s == 0 else -0.015))
                col = shape * tilt / (shape * tilt).sum() * (0.507 if s == 0 else 0.493)
                q = np.array([0.18, 0.20, 0.23, 0.22, 0.17])
                stock[t, i, s] = size * (1 + 0.0045 * t) * col[:, None] * q[None, :]
    lead = {"arm": "baseline"}
    rows: list[tuple[Any, ...]] = []
    band = np.arange(19)
    gradient = np.array([1.25, 1.1, 1.0, 0.92, 0.85])
    ill_rate = 0.42 / (1 + np.exp(-(band - 14.5) / 1.8))
    ill = stock * ill_rate[:, None] * gradient
    segment_share = np.zeros((19, 6))
    segment_share[:3, 0] = 1.0
    segment_share[3, 0] = 0.4
    for b in range(3, 19):
        rest = 1 - segment_share[b, 0]
        mean = (b - 3) / 15 * 3.4
        pull = np.exp(-((np.arange(5) - mean) ** 2) / 2.2)
        segment_share[b, 1:] = rest * pull / pull.sum()
    seg = stock.sum(axis=4)[..., None] * segment_share[None, None, None, :, :]
    prevalent: dict[str, np.ndarray] = {}
    for name, (_label, level, growth) in CONDITIONS.items():
        rate = (band / 9.0) ** (growth * 2.0)
        cases = stock * rate[:, None] * gradient
        cases = cases * (level * total / max(cases[0].sum(), 1e-9))
        if name == zero:
            cases = cases * 0.0
        prevalent[name] = cases

    def add(t: int, place: str, measure: str, unit: str, value: float, ci: float | None) -> None:
        low = None if ci is None else value * (1 - ci)
        high = None if ci is None else value * (1 + ci)
        error = 1.96 * math.sqrt(max(value, 0.0) * weight) if unit == "people" else None
        rows.append((times[t], place, measure, unit, value, low, high, error))

    for t in range(years + 1):
        spread = None if wide is None else 0.004 + wide * t / 20
        for where in [None, *range(len(places))]:
            index = slice(None) if where is None else slice(where, where + 1)
            code = "" if where is None else str(places[where][0])
            here = stock[t, index]
            bands = here.sum(axis=(0, 1, 3))
            n = float(bands.sum())
            for m, lo, hi in [
                ("people", 0, 19),
                ("people_under_20", 0, 4),
                ("people_20_64", 4, 13),
                ("people_65_over", 13, 19),
                ("people_75_over", 15, 19),
                ("people_85_over", 17, 19),
            ]:
                add(t, code, m, "people", float(bands[lo:hi].sum()), spread)
            major = float(ill[t, index].sum())
            wider = None if spread is None else spread * 2
            add(t, code, "births", "people per year", n * 0.0085, spread)
            add(t, code, "deaths", "people per year", n * 0.0115 * (1 + 0.012 * t), wider)
            add(t, code, "net_migration", "people per year", n * 0.006, spread)
            add(t, code, "person_years", "person-years", n * 1.002, spread)
            add(t, code, "qaly", "QALYs", n * 0.82, spread)
            add(t, code, "major_illness", "people", major, wider)
            add(t, code, "major_illness_share", "percent", 100 * major / n if n else 0.0, wider)
            add(t, code, "mean_score", "score", 0.62 + 0.004 * t, wider)
            add(t, code, "two_or_more", "people", n * (0.29 + 0.003 * t), wider)
            add(t, code, "four_or_more", "people", n * (0.09 + 0.002 * t), wider)
            for k in range(6):
                add(t, code, f"segment_{k}", "people", float(seg[t, index, ..., k].sum()), wider)
            for name, cases in prevalent.items():
                value = float(cases[t, index].sum())
                add(t, code, f"prevalent_{name}", "people", value, wider)
                add(t, code, f"incident_{name}", "new cases per year", value * 0.08, wider)
            if where is None:
                for s, (le, hle, gap, hgap) in {
                    "female": (83.6, 73.0, 7.4, 10.1),
                    "male": (80.2, 71.2, 9.3, 11.6),
                }.items():
                    add(
                        t,
                        "",
                        f"life_expectancy_{s}",
                        "years",
                        le + 0.06 * t,
                        0.004 if draws else None,
                    )
                    add(
                        t,
                        "",
                        f"healthy_life_expectancy_{s}",
                        "years",
                        hle + 0.02 * t,
                        0.01 if draws else None,
                    )
                    add(
                        t,
                        "",
                        f"slope_index_life_expectancy_{s}",
                        "years",
                        gap,
                        0.05 if draws else None,
                    )
                    add(
                        t,
                        "",
                        f"slope_index_healthy_life_expectancy_{s}",
                        "years",
                        hgap,
                        0.05 if draws else None,
                    )
    summary = pl.DataFrame(
        rows,
        schema={
            "year": pl.String,
            "place": pl.String,
            "measure": pl.String,
            "unit": pl.String,
            "value": pl.Float64,
            "lower": pl.Float64,
            "upper": pl.Float64,
            "sampling_error": pl.Float64,
        },
        orient="row",
    )
    tables = {"summary": summary}

    def leaf(values: np.ndarray, names: list[tuple[str, list[Any]]]) -> pl.DataFrame:
        grids = np.meshgrid(*[np.arange(len(v)) for _n, v in names], indexing="ij")
        data: dict[str, pl.Series] = {}
        for (name, options), grid in zip(names, grids, strict=True):
            data[name] = pl.Series(name, options).gather(grid.ravel())
        flat = values.ravel()
        ci = wide if wide is not None else None
        data["value"] = pl.Series("value", flat)
        data["lower"] = pl.Series(
            "lower", flat * (1 - ci) if ci else [None] * flat.size, pl.Float64
        )
        data["upper"] = pl.Series(
            "upper", flat * (1 + ci) if ci else [None] * flat.size, pl.Float64
        )
        frame = pl.DataFrame(data)
        return frame.with_columns(few=pl.col("value") < 30 * weight)

    codes = [str(p[0]) for p in places]
    kept = [times[t] for t in keep]
    at = list(keep)
    tables["people"] = leaf(
        (stock[at][..., None] * segment_share[None, None, None, :, None, :]),
        [
            ("year", kept),
            ("place", codes),
            ("sex", ["female", "male"]),
            ("age_band", BANDS),
            ("imd_quintile", [1, 2, 3, 4, 5]),
            ("segment", list("012345")),
        ],
    )
    parts = []
    for name, cases in prevalent.items():
        for measure, factor in (("prevalent", 1.0), ("incident", 0.08)):
            parts.append(
                leaf(
                    cases[at] * factor,
                    [
                        ("year", kept),
                        ("place", codes),
                        ("sex", ["female", "male"]),
                        ("age_band", BANDS),
                        ("imd_quintile", [1, 2, 3, 4, 5]),
                    ],
                ).with_columns(condition=pl.lit(name), measure=pl.lit(measure))
            )
    tables["conditions"] = pl.concat(parts).select(
        "year",
        "place",
        "condition",
        "sex",
        "age_band",
        "imd_quintile",
        "measure",
        "value",
        "lower",
        "upper",
        "few",
    )
    axes = [
        ("year", kept),
        ("place", codes),
        ("sex", ["female", "male"]),
        ("age_band", BANDS),
        ("imd_quintile", [1, 2, 3, 4, 5]),
    ]
    dying = 0.00005 * np.exp(0.095 * (band * 5 + 2.5))
    tables["deaths"] = leaf(stock[at] * dying[:, None], axes)
    health = [
        leaf(ill[at], axes).with_columns(measure=pl.lit("major_illness")),
        leaf(stock[at] * 0.82, axes).with_columns(measure=pl.lit("qaly")),
    ]
    le_rows = []
    for t in at:
        for sex, mid, half in (("female", 83.6, 3.6), ("male", 80.2, 4.6)):
            for q in range(5):
                for m, level, gap in (
                    ("life_expectancy", mid, half),
                    ("healthy_life_expectancy", mid - 10.0, half * 1.4),
                ):
                    value = level + 0.06 * t + gap * (q - 2) / 2
                    le_rows.append(
                        (
                            times[t],
                            "",
                            sex,
                            "",
                            q + 1,
                            m,
                            value,
                            value - 0.4 if draws else None,
                            value + 0.4 if draws else None,
                            False,
                        )
                    )
    health.append(
        pl.DataFrame(
            le_rows,
            orient="row",
            schema={
                "year": pl.String,
                "place": pl.String,
                "sex": pl.String,
                "age_band": pl.String,
                "imd_quintile": pl.Int64,
                "measure": pl.String,
                "value": pl.Float64,
                "lower": pl.Float64,
                "upper": pl.Float64,
                "few": pl.Boolean,
            },
        )
    )
    risk = [
        leaf(
            np.broadcast_to(
                0.05 + 0.2 * (band / 19)[None, None, :, None], (len(at), 2, 19, 5)
            ).copy(),
            [
                ("year", kept),
                ("sex", ["female", "male"]),
                ("age_band", BANDS),
                ("imd_quintile", [1, 2, 3, 4, 5]),
            ],
        ).with_columns(place=pl.lit(""), measure=pl.lit("smoking_share"))
    ]
    order = [
        "year",
        "place",
        "sex",
        "age_band",
        "imd_quintile",
        "measure",
        "value",
        "lower",
        "upper",
        "few",
    ]
    tables["health"] = pl.concat([f.select(order) for f in [*health, *risk]])
    for name in ("summary", "people", "conditions", "deaths", "health"):
        frame = tables[name]
        casts = [pl.col("imd_quintile").cast(pl.Int8)] if "imd_quintile" in frame.columns else []
        tables[name] = frame.with_columns(*casts, arm=pl.lit(lead["arm"])).select(
            "arm", *frame.columns
        )
    names = [("place", str(p[0]), str(p[1]), "") for p in places]
    names += [("condition", k, v[0], "people") for k, v in CONDITIONS.items()]
    names += [("measure", "people_85_over", "People aged 85 and over", "people")]
    tables["names"] = pl.DataFrame(names, orient="row", schema=["kind", "id", "label", "unit"])
    checks = []
    first = summary.filter((pl.col("year") == times[0]) & (pl.col("place") == ""))
    known = dict(first.select("measure", "value").iter_rows())
    spec = [
        ("people", "people", 1.002, "ONS mid-year estimate 2023", "V", True),
        ("deaths", "people per year", 0.97, "ONS deaths registered 2023", "V", False),
        ("births", "people per year", 1.03, "ONS projections (2018-based)", "V", True),
    ]
    spec += [
        (f"prevalent_{c}", "people", r, "QOF 2023/24, register by board", "V", u)
        for c, r, u in [
            ("hypertension", 1.01, True),
            ("diabetes", 0.99, True),
            ("dementia", 1.09, False),
            ("copd", 0.93, False),
            ("heart_failure", 1.02, True),
            ("asthma", 1.0, True),
        ]
    ]
    for check, unit, ratio, source, grade, used in spec:
        model = known[check]
        checks.append(
            (
                "baseline",
                times[0],
                "",
                check,
                unit,
                model,
                model / ratio,
                ratio if model else None,
                source,
                grade,
                used,
            )
        )
    tables["checks"] = pl.DataFrame(
        checks,
        orient="row",
        schema={
            "arm": pl.String,
            "year": pl.String,
            "place": pl.String,
            "check": pl.String,
            "unit": pl.String,
            "model": pl.Float64,
            "published": pl.Float64,
            "ratio": pl.Float64,
            "source": pl.String,
            "grade": pl.String,
            "used": pl.Boolean,
        },
    )
    sources = []
    for i in range(120):
        grade = "VDRA"[i % 4]
        sources.append(
            (
                f"ratio.row_{i}",
                f"Hazard ratio number {i}",
                1.5,
                1.2,
                1.9,
                "lognormal",
                "ratio",
                f"Someone et al. {2000 + i % 20} (invented for the test)",
                str(2000 + i % 20),
                grade,
                "",
                i == 7,
            )
        )
    sources.append(
        (
            "condition.dementia.mortality_ratio",
            "Mortality ratio of dementia",
            2.5,
            1.8,
            3.4,
            "lognormal",
            "ratio",
            "Recalled, to be verified",
            "2015",
            "R",
            "",
            False,
        )
    )
    tables["sources"] = pl.DataFrame(
        sources,
        orient="row",
        schema={
            "id": pl.String,
            "label": pl.String,
            "value": pl.Float64,
            "lower": pl.Float64,
            "upper": pl.Float64,
            "distribution": pl.String,
            "unit": pl.String,
            "source": pl.String,
            "as_of": pl.String,
            "grade": pl.String,
            "note": pl.String,
            "overridden": pl.Boolean,
        },
    )
    return tables, weight


def make_description(
    *,
    places: list[tuple[Any, ...]] | None = None,
    years: int = 20,
    people: int = 100_000,
    draws: int = 50,
    weight: float = 17.0,
    name: str = "Norfolk and Suffolk",
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Identity, provenance and about, as the outlook would write them."""
    places = PLACES if places is None else places
    about: dict[str, Any] = {
        "title": f"The outlook for {name}",
        "area": {
            "code": "norfolk-and-suffolk",
            "name": name,
            "kind": "footprint",
            "verified": True,
            "note": "Board as from 1 April 2026.",
            "places": [{"code": p[0], "name": p[1], "column": p[3], "row": p[4]} for p in places],
        },
        "base_year": "2025/26",
        "years": years,
        "people": people,
        "simulants": int(people * 1.3),
        "weight": weight,
        "draws": draws,
        "seed": 1,
        "arms": ["baseline"],
        "warnings": ["Register of COPD was distorted by the pandemic; its trend is shrunk."],
        "command": f"leftshift outlook norfolk-and-suffolk --years {years} --draws {draws}",
        "projection_note": "Births and migration follow ONS's 2018-based subnational projections, "
        "held at their last year after 2042/43.",
        "attribution": [
            "Contains public sector information licensed under the Open Government Licence v3.0.",
            "Office for National Statistics: mid-year population estimates.",
        ],
    }
    identity = {
        "version": "0.1.0",
        "base_year": "2025/26",
        "years": years,
        "seed": 1,
        "people": people,
        "draws": draws,
        "area": {"sha256": "0f" * 32},
        "catalogue": [{"name": "shipped", "sha256": "ab" * 32}],
    }
    provenance = {"started": "2026-11-21T21:00:00Z", "took": 12.5, "machine": "test"}
    return identity, provenance, about


def write_fake_run(folder: Path, **options: Any) -> Path:
    """Write a run folder at `folder` through `leftshift.runs`, without a report, and return it.

    Options are those of `make_tables`, plus `name`, `care` (with the tables of care and money)
    and `own_data` (with figures of the board's own).
    """
    name = options.pop("name", "Norfolk and Suffolk")
    care, own_data = options.pop("care", False), options.pop("own_data", True)
    tables, weight = make_tables(**options)
    options.pop("zero", None)
    options.pop("leaf_years", None)
    identity, provenance, about = make_description(weight=weight, name=name, **options)
    if care:
        add_care(tables, about["draws"], own_data)
        more = care_about("2025/26")
        about["warnings"] = [*about["warnings"], *more.pop("care_warnings")]
        about |= more
    write_run(folder, identity, provenance, about, tables, replace=True)
    return folder
