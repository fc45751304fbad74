"""Staff: closed on England's staff in post, one pool for the NHS and social care, gaps by year."""

from dataclasses import replace

import numpy as np
import pytest

from leftshift.care import money, workforce
from leftshift.catalogue import Catalogue
from leftshift.errors import CareError
from tests.care import made_up

YEARS = 5
DEMAND, SUPPLY, GAP, RATE = range(4)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


def made(catalogue, use=None, parameters=None, **changes):
    use = use or made_up.use(YEARS)
    parameters = parameters or catalogue.parameters()
    prices = replace(money.prices(parameters, use.services, use.frame), **changes)
    return workforce.staff(parameters, catalogue, use, prices), prices


def of(catalogue, group):
    return list(workforce.staff_groups(catalogue)).index(group)


def test_every_group_that_a_shipped_service_employs_is_in_the_catalogue(catalogue):
    named = {one for s in catalogue.services() for one in s.get("staff", {})}
    assert named <= set(workforce.staff_groups(catalogue))


def test_england_has_the_staff_in_post_that_are_cited(catalogue):
    stock = {g: catalogue.row(f"care.staff.{g}.stock").estimate for g in ("gp", "infrastructure")}
    assert stock["gp"].value == 28250
    assert stock["infrastructure"].value == 218962
    nurses = catalogue.row("care.staff.nurse_and_health_visitor.stock").estimate
    assert (nurses.value, nurses.grade) == (384000, "V")
    posts = catalogue.row("care.staff.social_care_direct.stock").estimate.value / 0.73
    professionals = 1.60e6 - posts
    assert 0.03 < professionals / 1.60e6 < 0.06


def test_all_hospital_and_community_groups_add_to_the_published_total(catalogue):
    groups = (
        *("consultant", "resident_doctor", "nurse_and_health_visitor", "midwife", "ambulance"),
        *("scientific_therapeutic_technical", "clinical_support", "infrastructure"),
    )
    total = sum(catalogue.row(f"care.staff.{g}.stock").estimate.value for g in groups)
    assert total == pytest.approx(1_372_429, rel=0.002)


def test_the_pay_bill_is_closed_on_staff_in_post_by_one_factor_for_each_group(catalogue):
    use, parameters = made_up.use(YEARS), catalogue.parameters()
    prices = money.prices(parameters, use.services, use.frame)
    found = workforce.closures(parameters, catalogue, use.services, use.rates, prices)
    assert set(found) == set(made_up.STAFF)
    for one in found.values():
        assert one.factor * one.derived == pytest.approx(one.stock)


def test_an_area_like_england_asks_for_englands_posts_filled_and_vacant(catalogue):
    use = made_up.use(YEARS)
    units = use.activity.sum(axis=(1, 2, 3))[0]
    whole = replace(use, activity=use.activity * (use.rates.england / units))
    table, _ = made(catalogue, whole)
    for group in ("nurse_and_health_visitor", "social_care_direct"):
        row = catalogue.parameters().values(f"care.staff.{group}")
        base = table[0, :, of(catalogue, group)].sum(axis=0)
        assert base[SUPPLY] == pytest.approx(row["stock"])
        assert base[DEMAND] == pytest.approx(row["stock"] / (1 - row["shortfall"]))


def test_the_gap_is_demand_less_supply_and_the_vacancy_rate_is_its_share(catalogue):
    table, _ = made(catalogue)
    assert np.allclose(table[..., GAP], table[..., DEMAND] - table[..., SUPPLY])
    nurses = table[0, :, of(catalogue, "nurse_and_health_visitor")]
    there = nurses[:, DEMAND] > 0
    assert np.allclose(nurses[there, RATE], 6.4)


def test_no_vacancy_rate_is_given_where_none_could_be_verified_and_the_reader_is_told(catalogue):
    table, _ = made(catalogue)
    assert np.isnan(table[:, :, of(catalogue, "gp"), RATE]).all()
    assert workforce.vacancies(catalogue)["gp"] is None
    said = " ".join(workforce.warnings(catalogue))
    assert "General practitioners" in said
    assert "No recent vacancy figure could be verified" in said
    assert "Nurses and health visitors" not in said


def test_better_use_of_labour_lowers_demand_and_a_pay_rise_does_not_raise_it(catalogue):
    table, prices = made(catalogue)
    dearer, _ = made(catalogue, price=prices.price * 1.1)
    later = np.where(np.arange(YEARS + 1) > 0, 0.9, 1.0)[:, None]
    better, _ = made(catalogue, productivity=prices.productivity * later)
    assert np.allclose(dearer[..., DEMAND], table[..., DEMAND])
    assert np.allclose(better[1:, ..., DEMAND], 0.9 * table[1:, ..., DEMAND])
    assert np.allclose(better[..., SUPPLY], table[..., SUPPLY])


def test_a_stock_with_as_many_joiners_as_leavers_stays(catalogue):
    rows = {
        "care.staff.midwife.leavers": 0.1,
        "care.staff.midwife.trained": 0.08,
        "care.staff.midwife.abroad": 0.02,
    }
    given = Catalogue.load(extra=rows)
    path = workforce.stocks(given.parameters(), given, 30)[:, of(given, "midwife")]
    assert np.allclose(path, path[0])


def test_joiners_are_so_many_heads_a_year_and_the_stock_settles(catalogue):
    rows = {
        "care.staff.midwife.leavers": 0.1,
        "care.staff.midwife.trained": 0.15,
        "care.staff.midwife.abroad": 0.0,
    }
    given = Catalogue.load(extra=rows)
    path = workforce.stocks(given.parameters(), given, 200)[:, of(given, "midwife")]
    assert path[-1] / path[0] == pytest.approx(0.15 / 0.1, rel=1e-6)


def test_a_wider_pay_gap_takes_people_out_of_social_care_and_some_of_them_to_the_nhs(catalogue):
    calm = workforce.stocks(catalogue.parameters(), catalogue, 1)[1]
    wide = Catalogue.load(extra={"care.pool.pay_gap_growth": 0.01})
    torn = workforce.stocks(wide.parameters(), wide, 1)[1]
    change = torn - calm
    care, nhs = of(catalogue, "social_care_direct"), of(catalogue, "clinical_support")
    to_nhs = catalogue.parameters().value("care.pool.to_nhs")
    assert change[care] == pytest.approx(-0.04 * calm[care])
    assert change[nhs] == pytest.approx(-to_nhs * change[care])
    outside = [of(catalogue, g) for g in ("consultant", "gp", "midwife")]
    assert not change[outside].any()
    capacity = workforce.care_capacity(wide.parameters(), wide, 10)
    assert capacity[-1] < workforce.care_capacity(catalogue.parameters(), catalogue, 10)[-1]


def test_supply_of_gps_is_what_is_published_of_the_place_and_not_what_it_asks_for(catalogue):
    use = made_up.use(YEARS)
    table, _ = made(catalogue, use)
    twice, _ = made(catalogue, replace(use, activity=use.activity * 2.0))
    gp, nurse = of(catalogue, "gp"), of(catalogue, "nurse_and_health_visitor")
    assert np.allclose(twice[:, :, gp, SUPPLY].sum(1), table[:, :, gp, SUPPLY].sum(1))
    assert np.allclose(twice[:, :, nurse, SUPPLY], 2.0 * table[:, :, nurse, SUPPLY])
    gps = dict(catalogue.table("authority_gps").select("authority", "gps").iter_rows())
    share = gps["E07000148"] / sum(gps.values())
    assert table[0, :, gp, SUPPLY].sum() == pytest.approx(28250 * share)


def test_a_boards_own_staff_stand_in_place_of_its_share_and_their_vacancies_are_the_gap(catalogue):
    table, _ = made(catalogue)
    own = {"gp": (100.0, 7.0), "practice_admin": (50.0, None)}
    mine = workforce.with_own_stock(catalogue, table, own)
    gp = mine[0, :, of(catalogue, "gp")]
    assert gp[:, SUPPLY].sum() == pytest.approx(100.0)
    assert gp[:, GAP].sum() == pytest.approx(7.0)
    admin = of(catalogue, "practice_admin")
    assert mine[0, :, admin, SUPPLY].sum() == pytest.approx(50.0)
    assert np.allclose(mine[:, :, admin, DEMAND], table[:, :, admin, DEMAND])
    same = of(catalogue, "consultant")
    assert np.allclose(mine[:, :, same, :3], table[:, :, same, :3])
    with pytest.raises(CareError, match='no staff group called "gpp"'):
        workforce.with_own_stock(catalogue, table, {"gpp": (1.0, None)})


def test_published_minutes_make_hours_that_gps_could_give(catalogue):
    services = made_up.services()
    found = workforce.hours_check(catalogue.parameters(), services, made_up.rates(services))
    assert 0.5 < found["ratio"] < 1.2


def test_nothing_is_below_zero_or_missing_in_any_draw(catalogue):
    for draw in range(3):
        table, _ = made(catalogue, parameters=catalogue.parameters(draw))
        assert np.isfinite(table[..., :RATE]).all()
        assert (table[..., :GAP] >= 0).all()
