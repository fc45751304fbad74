"""Capacity that a plan adds: beds and planned care, as its reach is put in place."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from leftshift.areas import find_area
from leftshift.catalogue import Catalogue
from leftshift.errors import PlanError
from leftshift.plans.files import read_plan
from leftshift.plans.run import run

PLAN = """[plan]
name = "More room"
area = "E07000148"
start = "2026/27"
years = 3
people = 1_000
draws = 0

[[intervention]]
id = "more_room"
label = "A ward and evening clinics"
shift = "hospital_to_community"
about = "Opens beds and clinics."
who = "age >= 0"
reach = { "2026/27" = 0.5, "2027/28" = 1.0 }
lag = LAG
evidence = "A"
against = "Nothing known."

[intervention.effect.room]
on = "capacity:WHAT"
ratio = { value = 1.2, distribution = "fixed", source = "The plan", as_of = "2026", grade = "A" }
"""


def tables(folder: Path, what: str, lag: int = 0) -> dict[str, pl.DataFrame]:
    file = folder / "plan.toml"
    file.write_text(PLAN.replace("WHAT", what).replace("LAG", str(lag)), encoding="utf-8")
    catalogue = Catalogue.load()
    return run(read_plan(file, catalogue), catalogue, find_area("E07000148", catalogue)).tables


def series(frame: pl.DataFrame, arm: str, measure: str, **where: str) -> list[float]:
    rows = frame.with_columns(pl.col(pl.String, pl.Enum).cast(pl.String)).filter(
        (pl.col("arm") == arm) & (pl.col("measure") == measure)
    )
    for column, value in where.items():
        rows = rows.filter(pl.col(column) == value)
    return rows.group_by("year").agg(pl.col("value").sum()).sort("year")["value"].to_list()


@pytest.mark.parametrize(("lag", "times"), [(0, [1.0, 1.1, 1.2, 1.2]), (1, [1.0, 1.0, 1.1, 1.2])])
def test_beds_grow_as_reach_is_put_in_place_and_after_its_lag(
    tmp_path: Path, lag: int, times: list[float]
) -> None:
    made = tables(tmp_path, "general_acute_overnight", lag)["beds"]
    there = {
        arm: series(made, arm, "beds_available", bed_type="general_acute_overnight")
        for arm in ("baseline", "More room")
    }
    wanted = [n * b for n, b in zip(times, there["baseline"], strict=True)]
    assert there["More room"] == pytest.approx(wanted)
    needed = series(made, "More room", "beds_needed", bed_type="general_acute_overnight")
    assert needed == series(made, "baseline", "beds_needed", bed_type="general_acute_overnight")
    other = series(made, "More room", "beds_available", bed_type="maternity")
    assert other == series(made, "baseline", "beds_available", bed_type="maternity")


def test_planned_care_that_completes_more_shortens_the_list_and_changes_nobodys_health(
    tmp_path: Path,
) -> None:
    made = tables(tmp_path, "planned_care")
    lists = {arm: series(made["waits"], arm, "list_size") for arm in ("baseline", "More room")}
    assert lists["More room"][0] == pytest.approx(lists["baseline"][0])
    assert lists["More room"][-1] < 0.95 * lists["baseline"][-1]
    effects = made["effects"].filter(pl.col("measure").cast(pl.String).is_in(["qaly", "deaths"]))
    assert effects["value"].abs().max() == 0.0


def test_capacity_of_what_there_is_not_is_refused_by_line_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"plan.toml:\d+: .*Nearest: \"planned_care\""):
        tables(tmp_path, "planed_care")
