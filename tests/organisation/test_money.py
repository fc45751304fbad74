"""Allowances: the cap, the path to it, and what counts towards it."""

from dataclasses import replace
from decimal import Decimal

import polars as pl
import pytest

from leftshift.catalogue import Catalogue
from leftshift.organisation.board import Board
from leftshift.organisation.evaluation import Evaluation
from leftshift.organisation.money import AllowanceRule, Price, allowance, band_of, cap, heads


def test_the_cap_is_18_76_for_each_registered_person(board: Board, catalogue: Catalogue) -> None:
    assert cap(board, catalogue.parameters())[0] == 1876 * 1_160_000


def test_weighted_heads_give_another_cap(board: Board, catalogue: Catalogue) -> None:
    by_weight = replace(board, allowance=AllowanceRule(basis="weighted"))
    assert cap(by_weight, catalogue.parameters())[0] == 1876 * 1_195_000


def test_the_path_goes_straight_from_present_spend_to_the_cap(
    board: Board, catalogue: Catalogue
) -> None:
    present = 40_000_000_00
    found = allowance(board, catalogue.parameters(), present)
    end = 1876 * 1_160_000
    assert found[0] == present
    assert found[1] == pytest.approx((present + end) / 2, abs=1)
    assert found[2:] == (end,) * 4


def test_a_board_below_the_cap_may_spend_the_cap(board: Board, catalogue: Catalogue) -> None:
    found = allowance(board, catalogue.parameters(), 10_000_000_00)
    assert found == (1876 * 1_160_000,) * 6


def test_a_board_s_own_path_is_followed_year_by_year(board: Board, catalogue: Catalogue) -> None:
    own = replace(
        board, allowance=AllowanceRule(path={"2026/27": Decimal("25")}, per_head=Decimal("20"))
    )
    found = allowance(own, catalogue.parameters(), 40_000_000_00)
    assert found[1] == 2500 * 1_160_000
    assert found[2] == 2000 * 1_160_000


def test_heads_grow_with_residents(board: Board) -> None:
    ages = tuple(
        {age: count * (1 + year / 100) for age, count in board.people.ages[0].items()}
        for year in range(6)
    )
    grown = replace(board, people=replace(board.people, ages=ages))
    assert heads(grown)[5] == round(1_160_000 * 1.05)


def test_functions_outside_the_envelope_do_not_count(evaluation: Evaluation) -> None:
    tables = evaluation.tables
    functions = tables["functions"]
    running = (
        tables["board_money"]
        .filter(
            (pl.col("option") == "keep")
            & (pl.col("year") == "2025/26")
            & (pl.col("measure") == "running_cost_local")
        )["value"]
        .item()
    )
    inside = functions.filter("counts")
    outside = functions.filter(~pl.col("counts"))
    assert outside.height == 2
    assert running == pytest.approx((inside["pay_local"] + inside["non_pay"]).sum(), abs=0.01)


def test_full_cost_is_local_cost_and_the_central_pension(catalogue: Catalogue) -> None:
    price = Price.of(catalogue.parameters())
    for band in ("2", "8a", "vsm"):
        salary = float(price.salary(band))
        assert price.full(band) - price.local(band) == pytest.approx(salary * 9.4, abs=1)


@pytest.mark.parametrize(
    ("text", "band"),
    [("8a", "8a"), ("8A", "8a"), ("b8a", "8a"), ("Band 5", "5"), ("VSM", "vsm"), ("8e", None),
     ("1", None), ("10", None), ("", None)],
)  # fmt: skip
def test_bands_are_read_as_people_write_them(text: str, band: str | None) -> None:
    assert band_of(text) == band
