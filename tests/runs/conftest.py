"""A run small enough to write in every test."""

from typing import Any

import polars as pl
import pytest

YEARS = ("2025/26", "2026/27")


def people_frame(scale: float = 1.0) -> pl.DataFrame:
    rows = [
        {
            "arm": "baseline",
            "year": year,
            "place": place,
            "sex": sex,
            "age_band": band,
            "imd_quintile": quintile,
            "segment": "1",
            "value": scale * (100.0 + quintile + index),
            "lower": None,
            "upper": None,
            "few": False,
        }
        for index, year in enumerate(YEARS)
        for place in ("E07000200", "QMM")
        for sex in ("female", "male")
        for band in ("0-4", "90+")
        for quintile in (1, 5)
    ]
    return pl.DataFrame(rows, schema_overrides={"lower": pl.Float64, "upper": pl.Float64})


def summary_frame() -> pl.DataFrame:
    rows = [
        ("baseline", year, "", measure, unit, value * (1 + 0.1 * index), 1.5)
        for index, year in enumerate(YEARS)
        for measure, unit, value in (
            ("people", "people", 1600.0),
            ("deaths", "people per year", 40.0),
        )
    ]
    names = ["arm", "year", "place", "measure", "unit", "value", "sampling_error"]
    frame = pl.DataFrame(rows, schema=names, orient="row")
    return frame.with_columns(lower=pl.lit(None), upper=pl.lit(None))


@pytest.fixture
def asked() -> dict[str, Any]:
    """The arguments of write_run but the folder."""
    return {
        "identity": {"version": "0.1.0", "area": {"code": "QMM"}, "years": 1, "seed": 1},
        "provenance": {"started": "2026-11-21T10:00:00Z", "took_seconds": 3.2},
        "about": {
            "title": "Outlook for <Norfolk & Waveney>",
            "area": {"code": "QMM", "name": "Norfolk and Waveney"},
            "base_year": "2025/26",
            "years": 1,
            "simulants": 1000,
            "draws": 0,
            "arms": ["baseline"],
            "warnings": ["births rest on an old projection"],
        },
        "tables": {"people": people_frame(), "summary": summary_frame()},
        "plan": 'area = "QMM"\n',
    }
