"""Prices and spending: each pound once, in the prices of one year."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from leftshift.care import money
from leftshift.catalogue import Catalogue
from leftshift.errors import CareError
from leftshift.people.model import Frame
from leftshift.quantities import FinancialYear
from tests.care import made_up

FRAME = Frame(2025, 20)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


@pytest.fixture(scope="module")
def use():
    return made_up.use()


@pytest.fixture(scope="module")
def prices(catalogue, use):
    return money.prices(catalogue.parameters(), use.services, FRAME)


def project(folder: Path, *rows: str) -> Catalogue:
    """The catalogue with rows `id,value` of a project laid over it."""
    head = "id,label,value,lower,upper,distribution,unit,source,as_of,grade"
    lines = []
    for row in rows:
        identity, value, *unit = row.split(",")
        said = unit[0] if unit else "share a year"
        lines.append(f"{identity},made up,{value},,,fixed,{said},made up,2025,A")
    (folder / "catalogue").mkdir(exist_ok=True)
    (folder / "catalogue" / "mine.csv").write_text("\n".join([head, *lines]), encoding="utf-8")
    return Catalogue.load(folder)


def test_the_shipped_price_paths_pass_their_checks(catalogue):
    money.check_prices(catalogue)


def test_prices_and_productivity_are_one_in_the_base_year(prices):
    for found in (
        prices.price[0],
        prices.productivity[0],
        prices.deflator[:1],
        prices.real_pay[:1],
    ):
        np.testing.assert_allclose(found, 1.0, rtol=1e-12)


def test_a_unit_cost_of_the_base_year_is_left_as_it_is(catalogue):
    here = made_up.services(years=(FinancialYear("2025/26"),) * 4)
    found = money.prices(catalogue.parameters(), here, FRAME)
    np.testing.assert_array_equal(found.unit_cost, here.unit_cost)


def test_a_unit_cost_of_the_year_before_rises_by_cost_less_productivity(catalogue, prices, use):
    def value(identity):
        return catalogue.row(identity).estimate.value

    nhs = (1 + value("price.cost_growth.nhs.2025_26")) * (1 - value("productivity.to_base"))
    ratio = prices.unit_cost / use.services.unit_cost
    assert ratio[0] == pytest.approx(nhs)
    care = 1 + value("price.cost_growth.social_care.2025_26")
    assert ratio[3] == pytest.approx(care)
    two_years = care * (1 + value("price.cost_growth.social_care.2024_25"))
    assert ratio[2] == pytest.approx(two_years)


def test_costs_go_back_to_an_earlier_base_year_by_the_way_they_came(catalogue, use):
    parameters = catalogue.parameters()
    there = money.to_year(parameters, use.services, 2021)
    moved = replace(use.services, years=(FinancialYear("2021/22"),) * 4)
    back = money.to_year(parameters, moved, 2024)
    # The first two and the last are of 2024/25.
    np.testing.assert_allclose((there * back)[[0, 1, 3]], 1.0, rtol=1e-12)
    assert (there < 1).all()


def test_the_price_of_pay_moves_by_its_share_of_the_cost(catalogue, use):
    whole = replace(use.services, pay_share=np.ones(4))
    found = money.prices(catalogue.parameters(), whole, FRAME)
    np.testing.assert_allclose(found.price, np.repeat(found.real_pay[:, None], 4, axis=1))
    none = replace(use.services, pay_share=np.zeros(4))
    found = money.prices(catalogue.parameters(), none, FRAME)
    np.testing.assert_allclose(found.price, 1.0)  # all else keeps pace with general prices


def test_pay_follows_its_award_and_then_the_long_run(catalogue, prices):
    def value(identity):
        return catalogue.row(identity).estimate.value

    first = (1 + value("price.pay.2026_27")) / (1 + value("price.deflator.2026_27"))
    assert prices.real_pay[1] == pytest.approx(first)
    last = (1 + value("price.pay.long_run")) / (1 + value("price.deflator.long_run"))
    assert prices.real_pay[-1] / prices.real_pay[-2] == pytest.approx(last)


def test_productivity_changes_after_the_settlement_and_leaves_contracts_alone(catalogue, prices):
    yearly = prices.productivity[1:] / prices.productivity[:-1]
    during = 1 - catalogue.row("productivity.settlement").estimate.value
    beyond = 1 - catalogue.row("productivity.long_run").estimate.value
    np.testing.assert_allclose(yearly[:3, 0], during)
    np.testing.assert_allclose(yearly[3:, 0], beyond)
    np.testing.assert_allclose(prices.productivity[:, 2], 1.0)  # home care is a contract


def test_spending_is_units_times_what_a_unit_costs_in_that_year(use, prices):
    found = money.spend(use, prices)
    assert found.shape == (21, 1, 5, 4)
    units = use.activity[7, 0, 2, :, 1].sum()
    cost = prices.unit_cost[1] * prices.price[7, 1] * prices.productivity[7, 1]
    assert found[7, 0, 2, 1] == pytest.approx(units * cost, rel=1e-12)


def test_a_draw_moves_prices_and_every_draw_is_finite(catalogue, use, prices):
    for draw in range(5):
        found = money.prices(catalogue.parameters(draw, 3), use.services, FRAME)
        assert np.isfinite(found.cost).all()
        assert (found.cost > 0).all()
        assert not np.allclose(found.price, prices.price)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (["price.pay.2027_28,-2"], "catalogue/mine.csv:2: [change_is_possible] price.pay.2027_28"),
        (["price.pay.2050_51,0.02"], "not the years between"),
        (["price.pay.2027_29,0.02"], "Write 2027_28"),
        (["productivity.long_run,0.6"], "change_is_possible"),
        (["productivity.reach.ward,1.5,share of cost"], "share_is_possible"),
    ],
)
def test_an_impossible_price_path_is_refused_by_name_and_line(tmp_path, rows, says):
    with pytest.raises(CareError) as refused:
        money.check_prices(project(tmp_path, *rows))
    assert says in str(refused.value)
    assert "catalogue/mine.csv:2" in str(refused.value)


def test_the_price_base_is_named():
    assert money.price_base(FRAME) == "2025/26 real"
