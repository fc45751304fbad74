"""Care as a whole: tables that add up, hang on the same people, and carry their intervals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from leftshift.areas import find_area
from leftshift.care.model import Care
from leftshift.care.services import services
from leftshift.catalogue import Catalogue
from leftshift.people.model import Frame
from leftshift.people.outlook import Outcome, compute, identity
from leftshift.runs.schema import conform

YEARS = 4
TABLES = ("activity", "spend", "staff", "beds", "waits", "gap", "drivers", "bridge")


def _outlook(
    code: str = "E07000148", project: Path | None = None, with_care: bool = True, **options: object
) -> Outcome:
    catalogue = Catalogue.load(project)
    area = find_area(code, catalogue)
    care = Care(catalogue, area, Frame(2025, YEARS)) if with_care else None
    asked: dict[str, object] = {"years": YEARS, "people": 5_000, "consequences": care, **options}
    return compute(catalogue, area, **asked)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def central() -> Outcome:
    return _outlook("QMM", people=10_000)


@pytest.fixture(scope="module")
def drawn() -> Outcome:
    return _outlook(draws=4, threads=2)


def _summary(outcome: Outcome, measure: str, place: str = "") -> list[float]:
    chosen = (pl.col("measure") == measure) & (pl.col("place") == place)
    return outcome.tables["summary"].filter(chosen).sort("year")["value"].to_list()


def test_every_table_is_as_its_description_says(central: Outcome, drawn: Outcome) -> None:
    for outcome in (central, drawn):
        assert set(TABLES) <= set(outcome.tables)
        for name, frame in outcome.tables.items():
            assert len(conform(name, frame)) == len(frame)


def test_care_leaves_the_people_as_they_are(central: Outcome) -> None:
    without = _outlook("QMM", people=10_000, with_care=False)
    for name in ("people", "conditions", "deaths", "health"):
        assert central.tables[name].equals(without.tables[name])


def test_spending_by_payer_adds_up_to_activity_at_its_cost(central: Outcome) -> None:
    catalogue = Catalogue.load()
    offered = services(catalogue.parameters())
    spend = central.tables["spend"].filter(pl.col("year") == "2025/26")
    activity = central.tables["activity"].filter(pl.col("year") == "2025/26")
    for one in ("gp_appointment", "non_elective_admission", "high_cost_drugs"):
        units = activity.filter(pl.col("service").cast(str) == one)["value"].sum()
        paid = spend.filter(pl.col("service").cast(str) == one)["value"].sum()
        # Between the service's own year and the base year costs rise by a few percent.
        own = offered.unit_cost[offered.ids.index(one)]
        assert 1.0 <= paid / (units * own) < 1.12


def test_public_spending_leaves_private_money_out(central: Outcome) -> None:
    private = [p["id"] for p in Catalogue.load().entities("payers") if not p["public"]]
    spend = central.tables["spend"].with_columns(pl.col("payer").cast(str))
    public = (
        spend.filter(~pl.col("payer").is_in(private)).group_by("year").agg(pl.col("value").sum())
    )
    assert public.sort("year")["value"].to_list() == pytest.approx(_summary(central, "spend"))
    assert spend["value"].sum() > public["value"].sum()


def test_settings_add_up_to_the_whole(central: Outcome) -> None:
    settings = [s["id"] for s in Catalogue.load().entities("settings")]
    parts = np.sum([_summary(central, f"spend_{s}") for s in settings], axis=0)
    assert parts.tolist() == pytest.approx(_summary(central, "spend"))
    places = central.tables["summary"].filter(
        (pl.col("measure") == "spend") & (pl.col("place") != "")
    )
    by_year = places.group_by("year").agg(pl.col("value").sum()).sort("year")
    assert by_year["value"].to_list() == pytest.approx(_summary(central, "spend"))


def test_drivers_add_up_to_each_years_spending_by_setting(central: Outcome) -> None:
    drivers = central.tables["drivers"].with_columns(pl.col("setting").cast(str))
    made = drivers.group_by("year", "setting").agg(pl.col("value").sum()).sort("year", "setting")
    spend = central.tables["spend"].with_columns(pl.col("setting").cast(str))
    paid = spend.group_by("year", "setting").agg(pl.col("value").sum()).sort("year", "setting")
    assert made["value"].to_list() == pytest.approx(paid["value"].to_list(), rel=1e-9)


def test_the_gap_is_cost_less_funding(central: Outcome) -> None:
    gap = central.tables["gap"].filter(pl.col("setting").cast(str) != "capital")
    wide = gap.with_columns(pl.col("measure").cast(str)).pivot(
        on="measure", index=["year", "setting", "settlement"], values="value"
    )
    assert wide["gap"].to_list() == pytest.approx(
        (wide["cost"] - wide["funding"]).to_list(), abs=1e-3
    )


def test_capital_is_in_no_setting_of_revenue(central: Outcome) -> None:
    gap = central.tables["gap"].with_columns(pl.col("setting", "measure").cast(str))
    capital = gap.filter(pl.col("setting") == "capital")
    assert capital["measure"].unique().to_list() == ["funding"]
    assert (capital["value"] > 0).all()


def test_every_id_of_care_has_a_label(central: Outcome) -> None:
    names = central.tables["names"]
    for kind, table in (
        ("service", "activity"),
        ("setting", "gap"),
        ("payer", "spend"),
        ("staff_group", "staff"),
        ("bed_type", "beds"),
        ("specialty", "waits"),
        ("settlement", "gap"),
        ("driver", "drivers"),
        ("measure", "summary"),
    ):
        known = set(names.filter(pl.col("kind") == kind)["id"])
        assert set(central.tables[table][kind].cast(pl.String).unique()) <= known, (kind, table)


def test_intervals_hold_the_central_figure(drawn: Outcome) -> None:
    for name in ("activity", "spend", "staff", "gap", "drivers"):
        known = drawn.tables[name].filter(pl.col("lower").is_not_null())
        assert len(known) > 0
        room = known["value"].abs() * 1e-5 + 1e-3
        assert (known["lower"] <= known["value"] + room).all()
        assert (known["value"] <= known["upper"] + room).all()


def test_the_same_run_has_the_same_figures_for_any_number_of_threads(drawn: Outcome) -> None:
    again = _outlook(draws=4, threads=1)
    for name, frame in drawn.tables.items():
        assert conform(name, frame).equals(conform(name, again.tables[name])), name


def test_one_person_gives_tables_without_a_figure_that_is_none() -> None:
    outcome = _outlook("E09000001", people=1)
    for name in TABLES:
        values = outcome.tables[name]["value"]
        assert values.is_finite().all(), name


def test_england_uses_what_its_totals_say_within_the_error_of_its_sample() -> None:
    catalogue = Catalogue.load()
    area = find_area("England", catalogue)
    care = Care(catalogue, area, Frame(2025, 1))
    outcome = compute(catalogue, area, years=1, people=60_000, consequences=care)
    wanted = care.central.rates.england
    ids = care.central.services.ids
    got = np.array([_summary(outcome, f"activity_{one}")[0] for one in ids])
    off = dict(zip(ids, np.abs(got / wanted - 1.0), strict=True))
    # A rate spread over everybody has hardly any error; what few people use has a few percent.
    assert max(off["gp_appointment"], off["prescribing"], off["non_elective_admission"]) < 0.01
    assert max(off.values()) < 0.06, max(off, key=lambda one: off[one])


def test_a_boards_own_totals_are_met_and_shown_before_and_after(tmp_path: Path) -> None:
    (tmp_path / "leftshift.toml").write_text('area = "E07000148"\n', encoding="utf-8")
    data = tmp_path / "data"
    data.mkdir()
    (data / "activity.csv").write_text(
        "service,quantity,year\ngp_appointment,500000,2025/26\n", encoding="utf-8"
    )
    (data / "prices.csv").write_text(
        "service,unit_cost,year\nae_attendance,300,2025/26\n", encoding="utf-8"
    )
    (data / "prevalence.csv").write_text(
        "condition,age_band,patients,year\ndiabetes,17+,9500,2025/26\n", encoding="utf-8"
    )
    outcome = _outlook(project=tmp_path)
    assert _summary(outcome, "activity_gp_appointment")[0] == pytest.approx(500_000)
    rows = {row["item"]: row for row in outcome.tables["local"].iter_rows(named=True)}
    assert rows["gp_appointment"]["after"] == pytest.approx(500_000, rel=0.02)
    assert rows["ae_attendance"]["after"] == 300
    assert rows["diabetes"]["after"] == pytest.approx(9500, rel=1e-6)
    assert rows["gp_appointment"]["before"] != pytest.approx(500_000, rel=1e-3)


def test_a_boards_own_data_are_part_of_the_runs_identity(tmp_path: Path) -> None:
    (tmp_path / "leftshift.toml").write_text('area = "E07000148"\n', encoding="utf-8")
    (tmp_path / "data").mkdir()
    catalogue = Catalogue.load(tmp_path)
    area = find_area("E07000148", catalogue)

    def made() -> dict[str, object]:
        care = Care(catalogue, area, Frame(2025, YEARS))
        return identity(catalogue, area, years=YEARS, consequences=care)

    before = made()
    file = tmp_path / "data" / "prices.csv"
    file.write_text("service,unit_cost,year\nae_attendance,300,2025/26\n", encoding="utf-8")
    assert made() != before
