"""The shipped registers against figures of QOF that were not used to make them."""

from __future__ import annotations

import polars as pl
import pytest

from leftshift.catalogue import Catalogue

# Percent of the list in England, QOF 2019/20: registers by deprivation of the House of Commons
# Library, all deciles (outputs/output_imd_prevalence.csv). The shipped ones are by board.
ENGLAND_2019 = {
    "hypertension": 14.078,
    "coronary_heart_disease": 3.090,
    "stroke_tia": 1.796,
    "atrial_fibrillation": 2.050,
    "heart_failure": 0.895,
    "diabetes": 7.072,
    "ckd": 4.046,
    "copd": 1.936,
    "asthma": 6.475,
    "dementia": 0.785,
    "epilepsy": 0.798,
}
# Registered patients in England on 1 April 2025, by youngest age (NHS England).
LISTS_2025 = {0: 63_769_849, 17: 52_052_632, 18: 51_296_134}


@pytest.fixture(scope="module")
def registers() -> pl.DataFrame:
    return Catalogue.load().table("registers")


def test_every_board_has_eleven_registers_in_two_years(registers: pl.DataFrame) -> None:
    assert registers.height == 42 * 11 * 2
    assert registers.select("board", "condition", "year").is_unique().all()


def test_england_adds_up_to_qof_2019_20_as_published_by_deprivation(
    registers: pl.DataFrame,
) -> None:
    england = (
        registers.filter(pl.col("year") == 2019)
        .group_by("condition")
        .agg(percent=100 * pl.col("cases").sum() / pl.col("list").sum())
    )
    found = dict(england.iter_rows())
    assert found == pytest.approx(ENGLAND_2019, rel=0.005)


def test_lists_are_those_of_april_2025(registers: pl.DataFrame) -> None:
    now = registers.filter(pl.col("year") == 2023)
    for age, people in LISTS_2025.items():
        mine = now.filter(pl.col("minimum_age") == age)
        assert mine["list"].sum() / mine["condition"].n_unique() == people


def test_minimum_ages_are_those_of_the_registers_own_names(registers: pl.DataFrame) -> None:
    for name, age in registers.select("register", "minimum_age").unique().iter_rows():
        assert f"({age}+ yrs)" in name if age else "(all ages)" in name


@pytest.mark.parametrize(
    ("board", "condition", "year", "percent"),
    [
        ("QWO", "atrial_fibrillation", 2023, 1.948961),
        ("QWO", "asthma", 2023, 6.689883),
    ],
)
def test_percentages_are_as_published(
    registers: pl.DataFrame, board: str, condition: str, year: int, percent: float
) -> None:
    mine = registers.filter(
        (pl.col("board") == board) & (pl.col("condition") == condition) & (pl.col("year") == year)
    )
    assert mine["percent"].to_list() == [pytest.approx(percent, abs=1e-6)]


def test_lists_run_above_residents_of_the_same_age_in_every_board(
    registers: pl.DataFrame,
) -> None:
    everyone = registers.filter((pl.col("year") == 2023) & (pl.col("condition") == "copd"))
    ratio = everyone["list"] / everyone["residents"]
    assert ratio.min() > 1.0 and ratio.max() < 1.4  # type: ignore[operator]
    assert 1.07 < float(everyone["list"].sum()) / float(everyone["residents"].sum()) < 1.10


def test_levels_without_a_register_are_the_published_ones() -> None:
    cat = Catalogue.load()
    level = {c: cat.row(f"condition.{c}.level").estimate for c in ("chronic_pain", "ibs")}
    assert (level["chronic_pain"].value, level["chronic_pain"].grade) == (0.101, "V")
    assert cat.row("condition.anxiety_depression.level").estimate.value == 0.103
    assert level["ibs"].value == 0.0575
    # QOF 2019/20 mental health register 562,180 over ONS mid-2020 residents 56,550,138.
    psychosis = cat.row("condition.psychosis.level").estimate.value
    assert psychosis == pytest.approx(562_180 / 56_550_138, abs=5e-6)
