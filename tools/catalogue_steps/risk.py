"""Step `risk`: how the relative risks of factors change with age, from their published tables.

The catalogue's rows hold each relative risk at one reference age; this table holds, for every other
age and sex, the log relative risk as a share of the log at the reference age. The conventions of
the published files differ (per 20 mmHg lower, per 10 mmHg, per 4.56 kg/m2), but each is constant
within its file, so that the share is free of them.
"""

from __future__ import annotations

import math
from pathlib import Path

import polars as pl

REFERENCE = "relative_risks_published.csv"
BANDS = 22
SEXES = {"women": "female", "men": "male"}

#: file of the source -> factor, condition, level of exposure (None: one level), reference age group
PAIRS: dict[str, tuple[str, str, tuple[str, float] | None, str]] = {
    "smok_cig~af": ("smoking", "atrial_fibrillation", ("smok_cig", 10.0), "60-64"),
    "smok_cig~asthma": ("smoking", "asthma", ("smok_cig", 10.0), "60-64"),
    "smok_cig~chd": ("smoking", "coronary_heart_disease", ("smok_cig", 10.0), "60-64"),
    "smok_cig~dementia": ("smoking", "dementia", ("smok_cig", 10.0), "60-64"),
    "smok_cig~stroke": ("smoking", "stroke_tia", ("smok_cig", 10.0), "60-64"),
    "smok_cig~t2dm": ("smoking", "diabetes", ("smok_cig", 10.0), "60-64"),
    "bmi~af": ("bmi", "atrial_fibrillation", None, "60-64"),
    "bmi~asthma": ("bmi", "asthma", None, "60-64"),
    "bmi~chd": ("bmi", "coronary_heart_disease", None, "50-54"),
    "bmi~ckd": ("bmi", "ckd", None, "50-54"),
    "bmi~dementia": ("bmi", "dementia", None, "60-64"),
    "bmi~stroke": ("bmi", "stroke_tia", None, "50-54"),
    "bmi~t2dm": ("bmi", "diabetes", None, "60-64"),
    "sbp~af": ("sbp", "atrial_fibrillation", None, "60-64"),
    "sbp~chd": ("sbp", "coronary_heart_disease", None, "60-64"),
    "sbp~ckd": ("sbp", "ckd", None, "60-64"),
    "sbp~stroke": ("sbp", "stroke_tia", None, "60-64"),
    "tchol~chd": ("cholesterol", "coronary_heart_disease", None, "60-64"),
}


def _band(group: str) -> int:
    return 0 if group.startswith(("<", "01")) else int(group[:2]) // 5


def _logs(rows: pl.DataFrame) -> list[float]:
    logs = [0.0] * BANDS
    for group, ratio in rows.select("agegroup", "rr").iter_rows():
        logs[_band(group)] = math.log(float(ratio))
    # Some files break off at 90 with a bare 1: no estimate, so the last one is held.
    last = logs[17]
    if logs[18] == 0.0 and last != 0.0:
        logs[18] = logs[19] = last
    logs[20] = logs[21] = logs[19]
    return logs


def build(reference: Path, out: Path) -> list[str]:
    """Writes `tables/risk_by_age.csv`.

    Args:
        reference: folder of the reference figures.
        out: the catalogue's folder, holding `tables/`.

    Returns:
        Names of the reference files read.
    """
    published = pl.read_csv(reference / REFERENCE, infer_schema_length=0)
    rows: list[tuple[str, str, str, int, float]] = []
    for file, (factor, condition, level, at) in sorted(PAIRS.items()):
        pair = published.filter(pl.col("file") == file)
        if level is not None:
            pair = pair.filter(pl.col(level[0]).cast(pl.Float64) == level[1])
        logs = {sex: _logs(pair.filter(pl.col("sex") == sex)) for sex in SEXES}
        base = sum(values[_band(at)] for values in logs.values()) / len(logs)
        for sex, name in SEXES.items():
            rows += [
                (factor, condition, name, band, round(value / base, 4) + 0.0)
                for band, value in enumerate(logs[sex])
            ]
    frame = pl.DataFrame(
        rows, schema=["factor", "condition", "sex", "band", "share"], orient="row"
    ).sort("factor", "condition", "sex", "band")
    (out / "tables").mkdir(parents=True, exist_ok=True)
    frame.write_csv(out / "tables" / "risk_by_age.csv", line_terminator="\n")
    return [REFERENCE]
