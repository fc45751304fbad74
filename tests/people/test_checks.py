"""What the model is held against, and what it says that it rests on."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from leftshift.areas import find_area
from leftshift.catalogue import Catalogue
from leftshift.people import checks as room
from leftshift.people import evidence
from leftshift.people.outlook import Outcome, compute
from leftshift.people.validation import _INCIDENCE
from leftshift.runs.schema import conform


@pytest.fixture(scope="module")
def cat() -> Catalogue:
    return Catalogue.load()


@pytest.fixture(scope="module")
def outcome(cat: Catalogue) -> Outcome:
    return compute(cat, find_area("QMM", cat), years=1, people=20_000, draws=2)


def test_registers_come_back_and_predictions_say_that_they_were_not_given(outcome: Outcome) -> None:
    checks = outcome.tables["checks"]
    given = checks.filter(pl.col("check").str.starts_with("register_"))
    assert len(given) == 11
    assert given["used"].all()
    assert np.abs(given["ratio"].to_numpy() - 1).max() < 1e-3
    predicted = checks.filter(~pl.col("used"))
    assert len(predicted) == 2 + 11
    assert predicted["check"].str.starts_with("predicted_").all()
    assert np.abs(predicted["ratio"].to_numpy() - 1).max() < 0.5
    labels = outcome.tables["names"].filter(pl.col("kind") == "check")["id"].to_list()
    assert set(predicted["check"]) <= set(labels)


def test_a_central_run_keeps_to_what_it_was_given(cat: Catalogue) -> None:
    quick = compute(cat, find_area("QMM", cat), years=1, people=5_000)
    assert quick.tables["checks"]["used"].all()


def test_a_published_count_of_nothing_has_no_ratio() -> None:
    about = SimpleNamespace(source="a source", grade="V")
    row = room._row("register_x", "2025/26", 3.0, 0.0, about, used=True)
    assert room._ratio(row["model"], row["published"]) is None
    unknown = room._row("register_x", "2025/26", float("nan"), 5.0, about, used=True)
    assert unknown["model"] is None
    assert room._ratio(unknown["model"], unknown["published"]) is None


def test_a_register_without_cases_reaches_the_table_as_a_missing_ratio(
    outcome: Outcome,
) -> None:
    checks = outcome.tables["checks"].with_columns(
        ratio=pl.when(pl.col("check") == "register_ckd").then(None).otherwise(pl.col("ratio"))
    )
    assert conform("checks", checks)["ratio"].null_count() == 1


def test_sources_are_what_the_outlook_used_and_nothing_of_other_rooms(
    cat: Catalogue, outcome: Outcome
) -> None:
    listed = outcome.tables["sources"]
    ids = set(listed["id"])
    for used in ("mortality.improvement", "frailty.sd", "ratio.diabetes.stroke_tia", "trend.bmi"):
        assert used in ids
    assert "condition.dementia.cambridge_weight" in ids
    files = {cat.row(i).file.rpartition("/")[2] for i in ids if not i.startswith("table.")}
    assert not any(f.startswith(("organisation", "survey")) for f in files)
    assert not any(i.startswith("published.") for i in ids)
    tables = listed.filter(pl.col("id").str.starts_with("table."))
    assert tables["grade"].is_in(["V", "D", "R", "A"]).all()
    assert (tables["value"] > 0).all()


def test_the_tables_listed_are_those_that_a_run_reads() -> None:
    fresh = Catalogue.load()
    compute(fresh, find_area("E06000017", fresh), years=1, people=2_000)
    assert set(fresh._frames) == set(evidence.TABLES)


def test_prevalence_that_no_population_could_show_is_said_in_words(outcome: Outcome) -> None:
    said = [w for w in outcome.about["warnings"] if w.startswith("Published prevalence falls")]
    assert len(said) == 1
    for named in ("asthma", "alcohol problems", "irritable bowel", "hearing loss", "% of cases"):
        assert named in said[0]
    assert "heart failure" not in said[0]  # a handful of children


def test_nothing_is_said_where_nothing_was_refused() -> None:
    none = SimpleNamespace(
        residents=np.ones((1, 2, 5, 106)),
        targets=np.full((1, 10, 106), 0.1),
        course=SimpleNamespace(excess=np.zeros((1, 10, 107))),
    )
    assert evidence.refused(none, {"asthma": "Asthma"}) == []  # type: ignore[arg-type]


def test_every_published_incidence_is_held_against_the_model(cat: Catalogue) -> None:
    assert {row.id for row in cat.rows("published.incidence")} == set(_INCIDENCE)
