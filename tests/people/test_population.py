"""Claims about residents and the births and moves that carry them forward, on real areas."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from leftshift.areas import Area, Member, Place, find_area
from leftshift.catalogue import Catalogue
from leftshift.errors import AreaError, SettingError
from leftshift.people.places import authorities, rows_of, shares
from leftshift.people.population import flows, mortality, project, residents

STEPS = 21
NORTH_NORFOLK, NORWICH, IPSWICH, CAMBRIDGE = "E07000147", "E07000148", "E07000202", "E07000008"


@pytest.fixture(scope="module")
def cat() -> Catalogue:
    return Catalogue.load()


def plan(cat: Catalogue, text: str, base_year: int = 2025, steps: int = STEPS):
    p, area = cat.parameters(), find_area(text, cat)
    people = residents(p, area, base_year)
    dying = mortality(p, area, people, base_year, steps)
    moving = flows(p, area, base_year, steps)
    return area, people, dying, moving, project(people, moving, dying)


@pytest.mark.parametrize(
    ("year", "row"), [(2025, "population.england_mid_2025"), (2019, "population.england_mid_2019")]
)
def test_englands_residents_add_up_to_the_catalogues_total(cat: Catalogue, year, row):
    people = residents(cat.parameters(), find_area("England", cat), year)
    assert people.sum() == pytest.approx(cat.row(row).estimate.value, abs=0.01)
    assert people.shape == (42, 2, 5, 106)


def test_every_resident_of_a_whole_authority_is_one_person(cat: Catalogue):
    people = residents(cat.parameters(), find_area(IPSWICH, cat))
    assert (people == np.round(people)).all()
    assert 130_000 < people.sum() < 150_000


def test_the_row_of_the_built_total_is_the_tables_total(cat: Catalogue):
    table = cat.table("population_2025")
    total = table.select([f"a{a}" for a in range(106)]).to_numpy().sum()
    assert total == cat.row("population.england_mid_2025_built").estimate.value


def test_a_board_is_the_sum_of_its_authorities(cat: Catalogue):
    area = find_area("QMM", cat)
    p = cat.parameters()
    parts = sum(
        m.share * residents(p, find_area(m.authority, cat)).sum(axis=0) for m in area.members
    )
    np.testing.assert_allclose(residents(p, area).sum(axis=0), parts, rtol=1e-12)


def test_a_draw_of_the_national_total_moves_every_resident_alike(cat: Catalogue):
    area = find_area("QMM", cat)
    drawn = cat.parameters(draw=3)
    ratio = drawn.value("population.england_mid_2025") / 58_837_000
    assert ratio != 1
    np.testing.assert_allclose(
        residents(drawn, area), residents(cat.parameters(), area) * ratio, rtol=1e-12
    )


def test_an_unmatched_authority_is_an_error_that_names_it(cat: Catalogue):
    member = Member("E07000999", "QMM", 1.0)
    area = Area("X", "X", "footprint", (member,), (Place("X", "X", (member,)),))
    with pytest.raises(AreaError, match="E07000999"):
        residents(cat.parameters(), area)


def test_a_base_year_without_residents_is_an_error(cat: Catalogue):
    with pytest.raises(SettingError, match="2023"):
        residents(cat.parameters(), find_area("QMM", cat), 2023)


@pytest.mark.parametrize("base_year", [2019, 2025])
def test_each_year_balances_births_deaths_and_moves(cat: Catalogue, base_year):
    _, _, dying, moving, stocks = plan(cat, "QMM", base_year)
    for t in range(STEPS):
        died = 1 - np.exp(-dying[t].reshape(2, 5, 107))
        deaths = (moving.births[t] * died[..., 0]).sum() + (stocks[t] * died[..., 1:]).sum()
        change = moving.births[t].sum() - deaths + moving.net[t].sum()
        assert stocks[t + 1].sum() - stocks[t].sum() == pytest.approx(change, abs=1e-6)


@pytest.mark.parametrize("text", ["England", "QMM", "E06000053", "E09000001"])
def test_no_projected_population_is_negative(cat: Catalogue, text):
    *_, dying, moving, stocks = plan(cat, text, steps=41)
    assert stocks.min() >= 0
    # Nor had anybody to be kept from leaving to make it so.
    hazard = dying[-1].reshape(2, 5, 107)
    alive = np.exp(-hazard[..., 1:-1]) * stocks[-2][..., :-1]
    np.testing.assert_allclose(
        (alive + moving.net[-1][..., 1:])[..., :-1], stocks[-1][..., 1:-1], atol=1e-6
    )


@pytest.mark.parametrize("base_year", [2019, 2025])
def test_moves_within_england_cancel(cat: Catalogue, base_year):
    p = cat.parameters()
    moving = flows(p, find_area("England", cat), base_year, 5)
    frame = cat.table("migration")
    total = frame.filter(frame["flow"] == "net")
    abroad = frame.filter(frame["flow"] == "international_net")
    for t in range(5):
        year = f"y{base_year + 1 + t}"
        expected = total[year].sum()
        if base_year == 2025:
            expected += (
                p.value("population.uk_net_migration")
                * p.value("population.england_share_of_uk_net_migration")
                - abroad[year].sum()
            )
        assert moving.net[t].sum() == pytest.approx(expected, abs=1)
        # What is not international is a small exchange with the rest of the UK.
        assert abs(total[year].sum() - abroad[year].sum()) < 15_000


def test_a_place_keeps_its_planned_total_of_moves(cat: Catalogue):
    """Shares of leavers are capped, but what one age cannot give another does."""
    p = cat.parameters()
    for code in ("E06000053", NORWICH, CAMBRIDGE):
        area = find_area(code, cat)
        net = flows(p, area, 2025, STEPS).net.sum((1, 2, 3, 4))
        table = cat.table("migration")
        arrivals = table.filter(table["flow"] == "international_in")
        abroad = table.filter(table["flow"] == "international_net")
        own = rows_of(table, "migration", [code])
        half = p.value("population.excess_migration_by_arrivals")
        people = residents(p, area).sum()
        england = p.value("population.uk_net_migration") * p.value(
            "population.england_share_of_uk_net_migration"
        )
        for t in (0, 10, 20):
            y = f"y{min(2026 + t, 2043)}"
            share = own.filter(own["flow"] == "international_in")[y].item() / arrivals[y].sum()
            planned = own.filter(own["flow"] == "net")[y].item()
            share = half * share + (1 - half) * people / 58_837_000
            planned += (england - abroad[y].sum()) * share
            assert net[t] == pytest.approx(planned, abs=0.6)


def test_more_migration_to_the_uk_means_more_people(cat: Catalogue):
    more = Catalogue.load(extra={"population.uk_net_migration": 500_000}).parameters()
    area = find_area("E09000007", cat)
    base = flows(cat.parameters(), area, 2025, 3).net.sum()
    assert flows(more, area, 2025, 3).net.sum() > base
    # A back-test knows nothing of later migration.
    np.testing.assert_array_equal(
        flows(more, area, 2019, 3).net, flows(cat.parameters(), area, 2019, 3).net
    )


def test_fewer_births_are_drawn_by_their_level(cat: Catalogue):
    fewer = Catalogue.load(extra={"population.births_level": 0.9}).parameters()
    area = find_area("QMM", cat)
    np.testing.assert_allclose(
        flows(fewer, area, 2025, 2).births, 0.9 * flows(cat.parameters(), area, 2025, 2).births
    )


def test_a_retirement_coast_gains_the_old_and_loses_the_young(cat: Catalogue):
    net = plan(cat, NORTH_NORFOLK)[3].net[:5].sum((1, 2, 3)).mean(0)
    assert net[18:22].sum() < -150
    assert net[50:75].sum() > 500


def test_a_student_city_gains_at_19_and_loses_after_21(cat: Catalogue):
    for code in (NORWICH, CAMBRIDGE, "E06000018"):
        net = plan(cat, code)[3].net[:5].sum((1, 2, 3)).mean(0)
        assert net[18:21].sum() > 1000
        assert net[21:30].sum() < -500


def test_a_student_city_keeps_its_age_structure(cat: Catalogue):
    stocks = plan(cat, NORWICH)[4].sum((1, 2, 3))
    share = stocks[:, 19:24].sum(1) / stocks.sum(1)
    assert abs(share[20] / share[0] - 1) < 0.2


def test_boys_are_a_little_more_than_half_of_births(cat: Catalogue):
    births = plan(cat, "England")[3].births.sum((0, 1, 3))
    assert 1.04 < births[1] / births[0] < 1.06


def test_the_last_published_year_is_held(cat: Catalogue):
    moving = flows(cat.parameters(), find_area("QMM", cat), 2025, 40)
    np.testing.assert_array_equal(moving.births[18], moving.births[39])
    assert moving.net[18].sum() == pytest.approx(moving.net[39].sum(), abs=1e-6)


def test_shares_say_how_much_of_an_authority_a_place_holds(cat: Catalogue):
    area = find_area("QMM", cat)
    codes = authorities(area)
    held = shares(area, codes).sum(0)
    assert held.max() == pytest.approx(1)
    assert 0 < held[codes.index("E07000244")] < 1


@pytest.fixture(scope="module")
def inputs() -> ModuleType:
    path = Path(__file__).parents[2] / "tools/catalogue_steps/population_inputs.py"
    spec = importlib.util.spec_from_file_location("population_inputs_under_test", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_build_fails_on_an_authority_that_the_projection_lacks(inputs: ModuleType):
    published = {"E07000202", "E92000001"}
    assert inputs.matched(["E07000202"], published) == {"E07000202": ["E07000202"]}
    with pytest.raises(ValueError, match="E07000999"):
        inputs.matched(["E07000202", "E07000999"], published)


def test_the_build_fails_on_a_projected_district_left_over(inputs: ModuleType):
    with pytest.raises(ValueError, match="E07000203"):
        inputs.matched(["E07000202"], {"E07000202", "E07000203"})


def test_the_build_sums_predecessors(inputs: ModuleType):
    parts = inputs.matched(["E07000245"], {"E07000201", "E07000204"})
    assert parts["E07000245"] == ["E07000201", "E07000204"]
