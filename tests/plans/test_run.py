"""A plan's run: its tables, its draws, and what it depends on."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from leftshift.areas import find_area
from leftshift.care.model import Care
from leftshift.catalogue import Catalogue
from leftshift.people import outlook
from leftshift.people.consequences import EveryDraw
from leftshift.people.draws import Draws, one_draw
from leftshift.people.model import Frame
from leftshift.plans import run
from leftshift.plans.beside import Asked, PlanOnCare
from leftshift.plans.files import Plan, read_plan
from leftshift.plans.places import located
from leftshift.plans.results import HEALTH, SEXES
from leftshift.plans.run import Ran
from leftshift.runs.schema import TABLES, conform
from tests.plans.made_up import block, cost, swap

ASKED = {"years": 2, "people": 800, "seed": 4}
UNSURE = (
    '{ value = 0.8, lower = 0.6, upper = 0.95, distribution = "lognormal", source = "made up", '
    'as_of = "2025", grade = "A" }'
)
BLOCKS = (
    block("beds", "age >= 50", "0.5")
    + swap("home", "non_elective_admission", "virtual_ward", 0.3, 1.2)
    + cost(per_year=50.0, start_up=1e6, double_running=0.3)
    + block("hearts", "age >= 40", "0.4", "stay = 1\nlasts = 1")
    + f'[intervention.effect.rate]\non = "hazard:death"\nratio = {UNSURE}\nevidence = "C"\n'
)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


def read(folder: Path, catalogue: Catalogue, blocks: str = BLOCKS, note: str = "") -> Plan:
    path = folder / "plan.toml"
    path.write_text(f'{note}[plan]\nname = "Made up"\nstart = "2026/27"\nyears = 2\n{blocks}')
    return read_plan(path, catalogue)


@pytest.fixture(scope="module")
def plan(catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return read(tmp_path_factory.mktemp("plan"), catalogue)


@pytest.fixture(scope="module")
def ran(catalogue: Catalogue, plan: Plan) -> Ran:
    area = find_area("E07000148", catalogue)
    return run.simulated(plan, catalogue, area, draws=3, threads=2, shapley=True, **ASKED)


def test_every_model_table_has_both_arms_and_every_table_is_as_described(ran: Ran) -> None:
    tables = ran.outcome.tables
    for name in (
        "summary",
        "people",
        "conditions",
        "deaths",
        "health",
        "activity",
        "spend",
        "staff",
        "beds",
        "waits",
        "gap",
        "drivers",
    ):
        assert set(tables[name]["arm"].unique()) == {"baseline", "Made up"}, name
    for name, rows in tables.items():
        if name in TABLES:
            conform(name, rows)
    assert ran.outcome.about["arms"] == ["baseline", "Made up"]
    assert {"effects", "value", "equity", "uncertainty"} <= set(tables)
    labels = tables["names"]
    assert set(labels.filter(labels["kind"] == "intervention")["id"]) == {"beds", "hearts"}


def test_effects_are_the_difference_between_the_arms_of_the_summary(ran: Ran) -> None:
    summary = ran.outcome.tables["summary"]
    found = ran.results
    for measure, mine in (
        ("qaly", "qaly"),
        ("deaths", "deaths"),
        ("person_years", "life_years"),
        ("activity_non_elective_admission", "non_elective_admission"),
    ):
        rows = summary.filter((summary["measure"] == measure) & (summary["place"] == ""))
        by_arm = {
            arm: rows.filter(rows["arm"] == arm).sort("year")["value"].to_numpy()
            for arm in ("baseline", "Made up")
        }
        change = by_arm["Made up"] - by_arm["baseline"]
        np.testing.assert_allclose(found.total(mine)[0, -1], change, rtol=1e-6, atol=1e-6)


def test_the_two_sexes_add_up_to_the_whole_area_in_every_draw(ran: Ran) -> None:
    found = ran.results
    for h, name in enumerate(HEALTH):
        both = found.sex_effect[..., h].sum(axis=3)
        np.testing.assert_allclose(both, found.total(name), rtol=1e-9, atol=1e-6, err_msg=name)
        level = found.place_base[..., found.at(name)].sum(axis=2)
        np.testing.assert_allclose(found.sex_base[..., h].sum(axis=2), level, rtol=1e-9)
    np.testing.assert_allclose(found.people_sex.sum(axis=2), found.people_place.sum(axis=2))
    assert found.sex_effect[:, -1, ..., HEALTH.index("qaly")].any(axis=(0, 1)).all()
    rows = ran.outcome.tables["equity"].filter(pl.col("measure") == "qaly_gain")
    rows = rows.filter(rows["intervention"] == "")
    total = dict(rows.group_by(pl.col("group_kind").cast(str)).agg(pl.col("value").sum()).rows())
    assert set(total) == {"quintile", "place", "sex"}
    assert total["sex"] == pytest.approx(total["place"], rel=1e-6)
    assert total["sex"] == pytest.approx(total["quintile"], rel=1e-6)


def test_deaths_of_each_sex_are_those_of_the_table_in_both_arms(ran: Ran) -> None:
    deaths, found = ran.outcome.tables["deaths"], ran.results
    base = found.sex_base[0, ..., HEALTH.index("deaths")]
    with_plan = base + found.sex_effect[0, -1, ..., HEALTH.index("deaths")]
    assert not np.allclose(base, with_plan)
    for arm, levels in (("baseline", base), ("Made up", with_plan)):
        for s, sex in enumerate(SEXES):
            rows = deaths.filter((pl.col("arm") == arm) & (pl.col("sex") == sex))
            told = rows.group_by("year").agg(pl.col("value").sum()).sort("year")
            assert told["year"].cast(str).to_list() == list(found.years)
            np.testing.assert_allclose(told["value"], levels[:, s], rtol=1e-5, err_msg=sex)


def test_results_do_not_depend_on_threads_nor_a_draw_on_how_many_there_are(
    ran: Ran, catalogue: Catalogue, plan: Plan
) -> None:
    area = find_area("E07000148", catalogue)
    few = run.results(plan, catalogue, area, draws=2, threads=1, **ASKED)
    for name in ("place_effect", "quintile_effect", "sex_effect", "place_base", "sex_base"):
        assert np.array_equal(getattr(few, name), getattr(ran.results, name)[:3])
    assert {k: v.tolist() for k, v in few.parameters.items()} == {
        k: v[:2].tolist() for k, v in ran.results.parameters.items()
    }


def test_a_run_goes_on_from_the_draws_that_it_kept(
    ran: Ran, catalogue: Catalogue, plan: Plan, tmp_path: Path
) -> None:
    area = find_area("E07000148", catalogue)
    asked = {**ASKED, "draws": 3}
    with pytest.raises(KeyboardInterrupt):
        run.simulated(plan, catalogue, area, keep=tmp_path / "kept", progress=_stop, **asked)
    again = run.simulated(plan, catalogue, area, keep=tmp_path / "kept", shapley=True, **asked)
    assert again.outcome.provenance["draws_made_before"] >= 1
    for name in ("place_effect", "sex_effect", "sex_base", "people_sex"):
        assert np.array_equal(getattr(again.results, name), getattr(ran.results, name)), name
    for name, rows in ran.outcome.tables.items():
        assert rows.equals(again.outcome.tables[name]), name


def _stop(what: str, done: int, _: int) -> None:
    if what == "parameter draws" and done == 2:
        raise KeyboardInterrupt


def test_what_draws_need_of_a_plan_can_be_sent_to_another_process(
    ran: Ran, catalogue: Catalogue, plan: Plan
) -> None:
    area = find_area("E07000148", catalogue)
    over = run.laid(catalogue, plan.rows)
    hanging = PlanOnCare(
        located(plan, area), Care(over, area, Frame(2025, 2)), Asked(2, 800, 3, 4), 1, False
    )
    outlook.compute(
        over, area, years=2, people=800, draws=0, seed=4, consequences=hanging, threads=1
    )
    assert isinstance(hanging, EveryDraw)
    there = pickle.loads(pickle.dumps(Draws.of(over, area, Frame(2025, 2), 800, 4, hanging)))
    made = one_draw(there, 2)
    for name in ("place_effect", "quintile_base", "sex_effect"):
        assert np.array_equal(made[name], getattr(ran.results, name)[2])


def test_the_drawn_rows_that_a_plan_rests_on_are_kept_and_certain_ones_are_not(ran: Ran) -> None:
    parameters: Mapping[str, np.ndarray] = ran.results.parameters  # type: ignore[type-arg]
    drawn = parameters["intervention.hearts.effect.rate.ratio"]
    assert drawn.shape == (3,) and len(set(drawn.tolist())) == 3
    assert "plans.shrink.C" in parameters and "service.virtual_ward.unit_cost" in parameters
    assert "intervention.beds.swap.home.share" not in parameters


def test_effects_alone_are_each_interventions_as_if_it_were_the_only_one(
    ran: Ran, catalogue: Catalogue, plan: Plan
) -> None:
    area = find_area("E07000148", catalogue)
    alone = run.results(plan, catalogue, area, draws=0, apart="alone", **ASKED)
    assert np.array_equal(alone.place_effect[0, 0], ran.results.place_effect[0, 0])
    np.testing.assert_allclose(
        alone.place_effect[0, -1], ran.results.place_effect[0, -1], rtol=1e-9, atol=1e-6
    )
    shares = ran.outcome.tables["attribution"]
    of = shares.filter((shares["measure"] == "qaly") & (shares["method"] == "alone"))
    told = dict(of.select("intervention", "value").iter_rows())
    hearts = alone.sex_effect[0, 1, ..., HEALTH.index("qaly")].sum()
    assert told["hearts"] == pytest.approx(hearts, rel=1e-9)
    assert told["hearts"] == pytest.approx(alone.total("qaly")[0, 1].sum(), rel=1e-9)
    whole = shares.filter((shares["measure"] == "qaly") & (shares["method"] == "shapley"))
    assert whole["value"].sum() == pytest.approx(ran.results.total("qaly")[0, -1].sum(), rel=1e-9)


def test_weak_evidence_is_told_both_shrunk_and_as_published(ran: Ran) -> None:
    shares = ran.outcome.tables["attribution"]
    of = shares.filter((shares["measure"] == "qaly") & (shares["intervention"] == "hearts"))
    told = dict(of.select("method", "value").iter_rows())
    assert 0 < told["shrunk"] < told["headline"]
    whole = shares.filter((shares["measure"] == "qaly") & (shares["intervention"] == ""))
    assert set(whole["method"]) == {"shrunk", "headline"}


def test_every_measure_of_effects_has_a_label_and_only_one(ran: Ran) -> None:
    names = ran.outcome.tables["names"]
    labelled = names.filter(names["kind"] == "measure")["id"].to_list()
    assert len(labelled) == len(set(labelled))
    assert set(ran.outcome.tables["effects"]["measure"].cast(str)) <= set(labelled)


def test_identity_follows_what_a_plan_says_and_not_how_it_is_written(
    catalogue: Catalogue, plan: Plan, tmp_path: Path
) -> None:
    area = find_area("E07000148", catalogue)

    def of(one: Plan, **asked: bool) -> dict[str, object]:
        return run.identity(one, catalogue, area, draws=0, **ASKED, **asked)

    assert of(plan) == of(read(tmp_path, catalogue, note="# words\n"))
    other = read(tmp_path, catalogue, BLOCKS.replace("reach = 0.5", "reach = 0.6"))
    assert of(plan) != of(other)
    assert of(plan) != of(plan, headline=True)
    assert of(plan)["kind"] == "plan"


def test_a_plans_own_figures_are_laid_over_a_copy_of_the_catalogue(
    catalogue: Catalogue, plan: Plan
) -> None:
    over = run.laid(catalogue, plan.rows)
    assert over.row("intervention.beds.swap.home.share").estimate.value == 0.3
    assert over.rows("intervention.beds") and not catalogue.rows("intervention.beds")
    assert run.laid(catalogue, ()) is catalogue


def test_loads_of_services_are_the_baselines_to_the_bit_whatever_copies_stand_beside_them(
    ran: Ran,
) -> None:
    # The baseline is simulated without the copies of loads that swaps need, the plan with them.
    found = ran.results.place_effect[0, 0, 0]
    assert not found.any()  # the base year, before the plan begins
