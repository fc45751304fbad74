"""What `leftshift validate` says, at an effort small enough for a test."""

from __future__ import annotations

import polars as pl
import pytest

from leftshift.catalogue import Catalogue
from leftshift.people import validation
from leftshift.people.validation import PREDICTS, REPRODUCES, Effort


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    return validation.validate(Catalogue.load(), effort=Effort(60_000, 2_000, 0), threads=2)


def _england(rows: pl.DataFrame, subject: str, group: str) -> dict[str, float]:
    found = rows.filter(pl.col("subject").str.starts_with(subject) & (pl.col("group") == group))
    assert len(found) == 1
    return found.row(0, named=True)


def test_life_expectancy_of_2019_comes_back_by_sex(rows: pl.DataFrame) -> None:
    for sex in ("female", "male"):
        row = _england(rows, "Life expectancy at birth", sex)
        assert row["list"] == REPRODUCES
        assert abs(row["model"] - row["published"]) < 0.5


def test_every_register_comes_back_for_england(rows: pl.DataFrame) -> None:
    registers = rows.filter(pl.col("subject") == "QOF register, people")
    assert len(registers) == 11
    assert (registers["ratio"] - 1).abs().max() < 0.02  # only the children under a register's age


def test_the_death_rate_falls_from_the_most_to_the_least_deprived(rows: pl.DataFrame) -> None:
    gradient = rows.filter(pl.col("subject").str.starts_with("Standardised death rate"))
    assert len(gradient) == 10
    for half in (gradient[:5], gradient[5:]):
        assert half["published"].is_sorted(descending=True)
        assert half["model"][0] > half["model"][4]


def test_predictions_cover_every_board_age_and_register_and_carry_a_naive_forecast(
    rows: pl.DataFrame,
) -> None:
    seen = rows.filter((pl.col("list") == PREDICTS) & pl.col("naive").is_not_null())
    assert len(seen) == 43 * (4 + 11)
    assert seen["better"].null_count() == 0
    assert seen["published"].min() > 0


def test_a_row_that_does_no_better_than_the_naive_forecast_says_so(rows: pl.DataFrame) -> None:
    for line in validation.summarise(rows).iter_rows(named=True):
        says_better = line["verdict"].startswith("better")
        # 27 of 42 boards is the fewest that chance gives less than one time in twenty.
        assert says_better == (line["model_error"] < line["naive_error"] and line["better"] >= 27)
        assert line["boards"] == 42


def test_new_cases_that_nothing_was_fitted_to_are_of_the_published_order(
    rows: pl.DataFrame,
) -> None:
    incidence = rows.filter(pl.col("subject").str.starts_with("Incidence."))
    assert len(incidence) == 10
    assert (incidence["list"] == PREDICTS).all()
    assert incidence["naive"].null_count() == len(incidence)
    assert incidence["ratio"].is_between(0.5, 2.0).all()


def test_a_longer_list_is_not_taken_for_more_illness(rows: pl.DataFrame) -> None:
    """The prediction is laid on the list that the published cases are counted on."""
    england = rows.filter(
        pl.col("subject").str.starts_with("QOF 2023/24")
        & pl.col("group").is_in(["England: hypertension", "England: stroke_tia"])
    )
    assert (england["naive_ratio"] - 1).abs().max() < 0.04


def test_a_backcast_uses_no_register_later_than_its_base(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replacing every 2023 register leaves what is predicted from 2019/20 as it was."""
    from leftshift.areas import find_area
    from leftshift.people import prevalence
    from leftshift.people.population import residents

    catalogue = Catalogue.load()
    area = find_area("QMM", catalogue)
    parameters = catalogue.parameters()
    people = residents(parameters, area, 2019)
    before = prevalence.targets(parameters, area, people, 2019)
    table = catalogue.table("registers")
    spoiled = table.with_columns(
        pl.when(pl.col("year") == 2023).then(pl.col("percent") * 2).otherwise(pl.col("percent"))
    )
    monkeypatch.setattr(
        catalogue,
        "table",
        lambda name, _real=catalogue.table: spoiled if name == "registers" else _real(name),
    )
    after = prevalence.targets(catalogue.parameters(), area, people, 2019)
    assert (before == after).all()
    assert (prevalence.growth(catalogue.parameters(), 2019) == 0).all()
