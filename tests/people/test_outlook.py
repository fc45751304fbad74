"""The outlook as a whole: tables that add up, repeat to the byte, and carry their intervals."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from leftshift.areas import find_area
from leftshift.catalogue import Catalogue
from leftshift.errors import SettingError
from leftshift.people.outlook import Outcome, compute, identity
from leftshift.people.tables import BANDS, financial_years
from leftshift.runs.schema import conform

YEARS = 4


def _outlook(code: str = "QMM", **options: object) -> Outcome:
    catalogue = Catalogue.load()
    asked: dict[str, object] = {"years": YEARS, "people": 20_000, **options}
    return compute(catalogue, find_area(code, catalogue), **asked)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def central() -> Outcome:
    return _outlook()


@pytest.fixture(scope="module")
def drawn() -> Outcome:
    return _outlook(draws=4, people=5_000, threads=2)


def _total(outcome: Outcome, measure: str, place: str = "") -> list[float]:
    return (
        outcome.tables["summary"]
        .filter((pl.col("measure") == measure) & (pl.col("place") == place))
        .sort("year")["value"]
        .to_list()
    )


def test_every_table_is_as_its_description_says(central: Outcome, drawn: Outcome) -> None:
    for outcome in (central, drawn):
        for name, frame in outcome.tables.items():
            assert len(conform(name, frame)) == len(frame)


def test_the_years_are_the_base_year_and_those_after_it(central: Outcome) -> None:
    years = central.tables["summary"]["year"].unique().sort().to_list()
    assert years == ["2025/26", "2026/27", "2027/28", "2028/29", "2029/30"]


def test_leaf_rows_add_up_to_the_summary(central: Outcome) -> None:
    summed = central.tables["people"].group_by("year").agg(pl.col("value").sum()).sort("year")
    assert summed["value"].to_list() == pytest.approx(_total(central, "people"))
    dead = central.tables["deaths"].group_by("year").agg(pl.col("value").sum()).sort("year")
    assert dead["value"].to_list() == pytest.approx(_total(central, "deaths"))
    ill = central.tables["conditions"].filter(pl.col("condition") == "dementia")
    for measure in ("prevalent", "incident"):
        by_year = (
            ill.filter(pl.col("measure") == measure)
            .group_by("year")
            .agg(pl.col("value").sum())
            .sort("year")
        )
        assert by_year["value"].to_list() == pytest.approx(_total(central, f"{measure}_dementia"))


def test_places_and_segments_add_up_to_the_area(central: Outcome) -> None:
    summary = central.tables["summary"]
    for measure in ("people", "deaths", "major_illness", "qaly", "births"):
        rows = summary.filter(pl.col("measure") == measure)
        places = rows.filter(pl.col("place") != "").group_by("year").agg(pl.col("value").sum())
        assert places.sort("year")["value"].to_list() == pytest.approx(_total(central, measure))
    segments = [_total(central, f"segment_{s}") for s in range(6)]
    assert np.sum(segments, axis=0) == pytest.approx(_total(central, "people"))


def test_people_change_by_births_deaths_and_migration(central: Outcome) -> None:
    """Flows are by financial year, so a year's change is matched a quarter of a year later."""
    people = np.array(_total(central, "people"))
    change = np.array(_total(central, "births")) - _total(central, "deaths")
    change += _total(central, "net_migration")
    blended = financial_years(np.diff(people, append=np.nan))
    np.testing.assert_allclose(change[:-1], blended[:-1], rtol=1e-6, atol=1e-3)


def test_the_same_seed_gives_the_same_tables_for_any_number_of_threads(drawn: Outcome) -> None:
    again = _outlook(draws=4, people=5_000, threads=1)
    for name, frame in drawn.tables.items():
        assert frame.equals(again.tables[name], null_equal=True), name


def test_another_seed_gives_other_people_but_much_the_same_figures(central: Outcome) -> None:
    other = _outlook(seed=2)
    assert _total(other, "deaths") != _total(central, "deaths")
    assert _total(other, "people_65_over") == pytest.approx(
        _total(central, "people_65_over"), rel=0.03
    )


def test_without_draws_no_interval_is_shown_and_the_run_says_that_it_is_central(
    central: Outcome,
) -> None:
    summary = central.tables["summary"]
    assert summary["lower"].null_count() == len(summary)
    assert summary["sampling_error"].null_count() == len(summary)
    assert any("Central run" in w for w in central.about["warnings"])


def test_with_draws_every_interval_holds_its_value_and_sampling_error_is_apart(
    drawn: Outcome,
) -> None:
    for name in ("summary", "people", "conditions", "deaths", "health"):
        rows = drawn.tables[name].filter(pl.col("lower").is_not_null())
        assert len(rows) > 0
        assert (rows["lower"] <= rows["value"]).all()
        assert (rows["value"] <= rows["upper"]).all()
    summary = drawn.tables["summary"].filter(pl.col("place") == "")
    ill = summary.filter(pl.col("measure") == "prevalent_chronic_pain")
    assert (ill["upper"] - ill["lower"] > 0).all()
    assert (ill["sampling_error"] > 0).all()


def test_what_is_drawn_never_changes_the_central_value() -> None:
    with_draws = _outlook(people=3_000, draws=2)
    without = _outlook(people=3_000)
    for measure in ("people", "prevalent_dementia", "life_expectancy_female"):
        assert _total(with_draws, measure) == _total(without, measure)


def test_one_simulant_and_one_year_still_make_tables() -> None:
    tiny = _outlook(people=1, years=1)
    assert _total(tiny, "people")[0] == pytest.approx(_total(_outlook(years=1), "people")[0])
    assert tiny.tables["people"]["few"].all()
    assert any("simulated people" in w for w in tiny.about["warnings"])


def test_an_authority_is_an_area_whose_only_place_is_itself() -> None:
    one = _outlook("E07000202", people=4_000)
    assert one.tables["people"]["place"].unique().to_list() == ["E07000202"]


def test_everybody_can_be_simulated_one_by_one() -> None:
    everyone = _outlook("E06000017", people="all", years=1)  # Rutland
    assert everyone.about["weight"] == pytest.approx(1, rel=1e-4)
    base = everyone.tables["people"].filter(pl.col("year") == "2025/26")
    assert (base["value"] % 1 == 0).all()


def test_a_base_year_without_figures_is_refused_and_those_with_figures_are_named() -> None:
    with pytest.raises(SettingError, match="2019/20, 2025/26"):
        _outlook(base_year=2022)


def test_the_identity_names_the_layers_the_area_and_every_setting() -> None:
    catalogue = Catalogue.load()
    area = find_area("QMM", catalogue)
    plain = identity(catalogue, area)
    assert plain["catalogue"] == catalogue.layers
    for change in ({"years": 19}, {"people": 1}, {"draws": 1}, {"seed": 2}, {"base_year": 2019}):
        assert identity(catalogue, area, **change) != plain  # type: ignore[arg-type]


def test_deaths_rise_with_age_and_illness_with_deprivation(central: Outcome) -> None:
    people = central.tables["people"].group_by("age_band").agg(pl.col("value").sum())
    deaths = central.tables["deaths"].group_by("age_band").agg(dead=pl.col("value").sum())
    rate = {
        r["age_band"]: r["dead"] / r["value"]
        for r in people.join(deaths, on="age_band").iter_rows(named=True)
    }
    old = [rate[b] for b in BANDS[12:]]
    assert old == sorted(old)
    health = central.tables["health"].filter(
        (pl.col("measure") == "life_expectancy") & (pl.col("year") == "2025/26")
    )
    for sex in ("female", "male"):
        by_quintile = health.filter(pl.col("sex") == sex).sort("imd_quintile")["value"]
        assert by_quintile[0] < by_quintile[4]


def test_a_trend_of_a_risk_factor_moves_its_mean_and_the_new_cases_that_follow() -> None:
    """Smoking that falls faster: fewer smokers each year, and fewer new cases of lung disease."""
    catalogue = Catalogue.load(extra={"trend.smoking": -0.3})
    area = find_area("QMM", catalogue)
    falling = compute(catalogue, area, years=6, people=20_000)
    held = _outlook(years=6)

    def smokers(outcome: Outcome) -> list[float]:
        rows = outcome.tables["health"].filter(
            (pl.col("measure") == "smoking_share") & (pl.col("age_band") == "45-49")
        )
        by_year = rows.group_by("year").agg(pl.col("value").mean()).sort("year")
        return by_year["value"].to_list()

    assert 5 < smokers(held)[0] < 30  # percent
    assert smokers(falling)[0] == pytest.approx(smokers(held)[0])
    assert smokers(falling)[6] < 0.5 * smokers(held)[6]
    assert sum(_total(falling, "incident_copd")[2:]) < sum(_total(held, "incident_copd")[2:])
    assert _total(falling, "prevalent_copd")[0] == _total(held, "prevalent_copd")[0]
