"""What payers have for an area, how it grows, and the gap to what care costs."""

from dataclasses import replace

import numpy as np
import pytest

from leftshift.areas import Area, Member, find_area
from leftshift.care import funding, money
from leftshift.catalogue import Catalogue
from leftshift.errors import CareError
from leftshift.people.model import Frame
from tests.care import made_up
from tests.care.test_money import project

FRAME = Frame(2025, 20)
SETTINGS = (
    "prevention",
    "primary_care",
    "pharmacy_optometry_dentistry",
    "community",
    "mental_health",
    "urgent",
    "acute",
    "continuing_and_social_care",
)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


@pytest.fixture(scope="module")
def use():
    return made_up.use()


@pytest.fixture(scope="module")
def prices(catalogue, use):
    return money.prices(catalogue.parameters(), use.services, FRAME)


@pytest.fixture(scope="module")
def need(use, prices):
    return funding.need(use.services, use.rates, prices)


def england() -> Area:
    catalogue = Catalogue.load()
    rows = catalogue.table("membership").select("authority", "board", "share").iter_rows()
    members = tuple(Member(a, b, s) for a, b, s in rows)
    return Area("E92000001", "England", "country", members, ())


def of(area, catalogue, need=None, frame=FRAME):
    return funding.funding(catalogue.parameters(), catalogue, area, frame, need)


def value(catalogue, identity):
    return catalogue.row(identity).estimate.value


def test_the_shipped_funding_paths_pass_their_checks(catalogue):
    funding.check_funding(catalogue)
    assert list(funding.settlements(catalogue)) == ["long_run", "middle", "low", "one_year"]


def test_england_has_all_of_the_published_money(catalogue, need):
    found = of(england(), catalogue, need)
    public = [found.payers.index(one) for one in ("icb_core", "local_authority")]
    np.testing.assert_allclose(found.share[public], 1.0, rtol=1e-6)
    core = value(catalogue, "funding.england.icb_core")
    core *= 1 + value(catalogue, "funding.cash_growth.nhs.2025_26")
    assert found.by_payer[0, 0, 0] == pytest.approx(core, rel=1e-6)


def test_the_boards_parts_add_up_to_england(catalogue, need):
    boards = catalogue.table("boards")["ods"].to_list()
    parts = sum(of(find_area(one, catalogue), catalogue, need).by_payer for one in boards)
    np.testing.assert_allclose(parts, of(england(), catalogue, need).by_payer, rtol=1e-6)


def test_a_boards_share_is_its_share_of_the_weighted_population(catalogue, need):
    found = of(find_area("QMM", catalogue), catalogue, need)
    table = catalogue.table("weighted_populations")
    mine = table.filter(table["board"] == "QMM")
    assert found.share[0] == pytest.approx(mine["core"][0] / table["core"].sum(), rel=1e-9)
    at = found.payers.index("primary_medical")
    share = mine["primary_medical"][0] / table["primary_medical"].sum()
    assert found.share[at] == pytest.approx(share, rel=1e-9)


def test_an_area_of_two_halves_has_the_money_of_the_whole(catalogue, need):
    whole = find_area("E07000148", catalogue)
    halves = [
        Area("half", "half", "footprint", (Member("E07000148", "QMM", part),), ())
        for part in (0.4, 0.6)
    ]
    total = sum(of(one, catalogue, need).by_payer for one in halves)
    np.testing.assert_allclose(total, of(whole, catalogue, need).by_payer, rtol=1e-12)


def test_money_grows_as_settled_and_then_as_each_settlement_supposes(catalogue):
    found = of(find_area("QMM", catalogue), catalogue)
    yearly = found.by_payer[:, 1:, 0] / found.by_payer[:, :-1, 0] - 1
    settled = value(catalogue, "funding.growth.nhs.2026_27")
    np.testing.assert_allclose(yearly[:, 0], settled)
    for at, name in enumerate(found.settlements):
        after = value(catalogue, f"settlement.{name}.growth")
        np.testing.assert_allclose(yearly[at, 3:], after, atol=1e-12)
    one_year = found.settlements.index("one_year")
    np.testing.assert_allclose(yearly[one_year, 1:], 0.0, atol=1e-12)
    np.testing.assert_allclose(yearly[0, 1:3], settled)


def test_social_care_has_the_promised_cash_by_the_end_of_the_settlement(catalogue):
    found = of(england(), catalogue)
    at = found.payers.index("local_authority")
    parameters = catalogue.parameters()
    general = money.index(money.deflators(parameters, 2026, 2028))[-1]
    added = found.by_payer[0, 3, at] * general - found.by_payer[0, 0, at]
    assert added == pytest.approx(value(catalogue, "funding.social_care.added"), rel=1e-6)


def test_private_money_is_in_no_funding(catalogue):
    found = of(find_area("QMM", catalogue), catalogue)
    for name in ("client_contributions", "household"):
        assert (found.by_payer[..., found.payers.index(name)] == 0).all()


def test_capital_is_apart_and_flat_in_real_terms_beyond_its_plan(catalogue):
    found = of(england(), catalogue)
    assert found.capital[0, 0] == pytest.approx(value(catalogue, "capital.2025_26"), rel=1e-6)
    np.testing.assert_allclose(found.capital[:, 5:], np.repeat(found.capital[:, 4:5], 16, axis=1))


@pytest.mark.parametrize(
    ("base", "years"), [(2015, 5), (2019, 10), (2024, 10), (2025, 0), (2027, 10), (2031, 40)]
)
def test_other_base_years_and_spans_have_money_too(catalogue, base, years):
    frame = Frame(base, years)
    found = of(find_area("QMM", catalogue), catalogue, frame=frame)
    assert found.by_payer.shape == (4, years + 1, 9)
    assert np.isfinite(found.by_payer).all()
    assert (found.by_payer[..., 0] > 0).all()
    costs = money.prices(catalogue.parameters(), made_up.services(), frame)
    assert np.isfinite(costs.cost).all()
    assert (costs.cost > 0).all()
    # A later base year has the same real path, in later prices.
    if base == 2027:
        first = of(find_area("QMM", catalogue), catalogue, frame=Frame(2025, 10))
        general = money.index(money.deflators(catalogue.parameters(), 2026, 2027))[-1]
        np.testing.assert_allclose(
            found.by_payer[0, 0, :7], first.by_payer[0, 2, :7] * general, rtol=1e-9
        )


def test_england_has_no_gap_in_the_base_year_and_the_bridge_explains_its_rest(
    catalogue, use, prices, need
):
    held = of(england(), catalogue, need)
    # Spending that is England's own: what the services name there.
    spending = np.zeros((21, 1, 5, 4))
    spending[:] = (use.rates.england * prices.unit_cost / 5.0)[None, None, None]
    found = funding.gap(spending, use.services, held, SETTINGS)
    paid = {"icb_core", "primary_medical", "specialised", "local_authority"}
    whole = sum(held.by_payer[0, 0, held.payers.index(one)] for one in held.payers)
    assert found.shape == (4, 21, 9, 3)
    assert abs(found[:, 0, :, 2].sum(axis=1)).max() < 1e-6 * whole
    public = use.services.payer_share[:, [held.payers.index(one) for one in paid]].sum(axis=1)
    named = (use.rates.england * prices.unit_cost * public).sum()
    assert found[0, 0, :-1, 1].sum() == pytest.approx(named)
    assert found[0, 0, -1, 1] == pytest.approx(whole - named, rel=1e-6)


def test_england_has_no_gap_in_the_base_year_of_any_draw(catalogue):
    for draw in range(3):
        parameters = catalogue.parameters(draw, 5)
        here = made_up.services(unit_cost=np.array([41.0, 3000.0 + 900 * draw, 24.0, 1200.0]))
        rates = made_up.rates(here)
        costs = money.prices(parameters, here, FRAME)
        held = funding.funding(
            parameters, catalogue, england(), FRAME, funding.need(here, rates, costs)
        )
        spending = np.zeros((21, 1, 5, 4))
        spending[:] = (rates.england * costs.unit_cost / 5.0)[None, None, None]
        found = funding.gap(spending, here, held, SETTINGS)
        assert abs(found[:, 0, :, 2]).max() < 1e-6 * found[0, 0, :, 0].sum()


def test_the_gap_of_a_board_is_found_and_not_forced(catalogue, use, prices, need):
    held = of(made_up.AREA, catalogue, need)
    spending = money.spend(use, prices)
    found = funding.gap(spending, use.services, held, SETTINGS)
    np.testing.assert_allclose(found[..., 2], found[..., 1] - found[..., 0])
    twice = funding.gap(spending * 2.0, use.services, held, SETTINGS)
    np.testing.assert_allclose(twice[:, :, :-1, 0], found[:, :, :-1, 0])
    np.testing.assert_allclose(twice[:, :, :-1, 1], 2.0 * found[:, :, :-1, 1])


def test_all_funding_lands_somewhere(catalogue, use, prices, need):
    held = of(made_up.AREA, catalogue, need)
    found = funding.gap(money.spend(use, prices), use.services, held, SETTINGS)
    np.testing.assert_allclose(found[..., 0].sum(axis=2), held.by_payer.sum(axis=2), rtol=1e-12)


def test_a_pound_moved_between_payers_is_counted_once(catalogue, use, prices, need):
    held = of(made_up.AREA, catalogue, need)
    spending = money.spend(use, prices)
    found = funding.gap(spending, use.services, held, SETTINGS)
    moved = use.services.payer_share.copy()
    moved[1] = 0.0
    moved[1, :3] = [0.2, 0.3, 0.5]
    other = funding.gap(spending, replace(use.services, payer_share=moved), held, SETTINGS)
    np.testing.assert_allclose(other[:, :, :-1, 1], found[:, :, :-1, 1], rtol=1e-12)
    public = use.services.payer_share[:, :7].sum(axis=1)
    total = (spending.sum(axis=(1, 2)) * public).sum(axis=1)
    np.testing.assert_allclose(found[0, :, :-1, 1].sum(axis=1), total, rtol=1e-12)


def test_private_spending_is_on_neither_side_of_the_gap(catalogue, use, prices, need):
    held = of(made_up.AREA, catalogue, need)
    spending = money.spend(use, prices)
    found = funding.gap(spending, use.services, held, SETTINGS)
    spending[..., use.services.ids.index("self_funded_care")] *= 100.0
    np.testing.assert_array_equal(found, funding.gap(spending, use.services, held, SETTINGS))


def test_deficit_support_that_ends_leaves_its_board_and_not_england(tmp_path, catalogue):
    plain = of(find_area("QMM", catalogue), catalogue).by_payer
    mine = project(tmp_path, "funding.area.deficit_support,1.5e8,£ in 2025/26")
    found = of(find_area("QMM", mine), mine).by_payer
    share = of(find_area("QMM", catalogue), catalogue).share[0]
    ahead = 1.5e8 - share * value(catalogue, "funding.deficit_support")
    assert found[0, 0, 0] - plain[0, 0, 0] == pytest.approx(ahead)
    np.testing.assert_allclose(found[:, 3:, 0], plain[:, 3:, 0])
    np.testing.assert_allclose(found[..., 1:], plain[..., 1:])


def test_deficit_support_of_more_than_all_money_is_refused(tmp_path):
    mine = project(tmp_path, "funding.area.deficit_support,1.5e11,£ in 2025/26")
    with pytest.raises(CareError, match=r"catalogue/mine\.csv:2: \[deficit_support_is_a_part\]"):
        of(find_area("QMM", mine), mine)


def test_a_project_adds_a_settlement_with_two_rows(tmp_path):
    mine = project(
        tmp_path,
        "settlement.mine.growth,0.01",
        "settlement.mine.settled_to,2027,calendar year in which the financial year begins",
    )
    found = of(find_area("QMM", mine), mine)
    assert found.settlements[-1] == "mine"
    yearly = found.by_payer[-1, 1:, 0] / found.by_payer[-1, :-1, 0] - 1
    np.testing.assert_allclose(yearly[[1, 2]], [0.03, 0.01])


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("funding.growth.nhs.2027_28,-2", "[change_is_possible] funding.growth.nhs.2027_28"),
        ("funding.growth.nhs.2031_32,0.03", "[funding_path_has_every_year]"),
        ("settlement.mine.growth,0.01", "[settlement_is_whole]"),
        ("settlement.low.size,0.01", "[settlement_is_whole]"),
        ("funding.area.icb_core,1e9,£ in 2025/26", "data/funding.csv"),
        ("funding.area.deficit_support,-1,£ in 2025/26", "[funding_is_not_negative]"),
        (
            "settlement.low.settled_to,2040,calendar year in which the financial year begins",
            "[funding_path_has_every_year]",
        ),
        ("settlement.low.growth,20", "[change_is_possible] settlement.low.growth"),
    ],
)
def test_an_impossible_funding_path_is_refused_by_name_and_line(tmp_path, row, says):
    with pytest.raises(CareError) as refused:
        funding.check_funding(project(tmp_path, row))
    assert says in str(refused.value)
    assert "catalogue/mine.csv:2" in str(refused.value)
