"""What options do: money reconciles, transfers save nothing, effects are linear."""

from itertools import product

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leftshift.catalogue import Catalogue
from leftshift.organisation.board import Board
from leftshift.organisation.evaluation import Evaluation
from leftshift.organisation.functions import Function
from leftshift.organisation.money import Price
from leftshift.organisation.options import ACTIONS, Change, Rates, effect, unit_effect

CATALOGUE = Catalogue.load()
RATES = Rates.of(CATALOGUE.parameters())
PRICE = Price.of(CATALOGUE.parameters())


def function(**given: object) -> Function:
    values: dict[str, object] = {
        "id": "one",
        "name": "One",
        "blueprint": "keep",
        "level": "system",
        "statutory": False,
        "duties": {},
        "destinations": ("cluster", "provider"),
        "driver": "fixed",
        "value": 50.0,
        "counts": True,
        "non_pay": 123_456_78,
        "wte": {"4": 3.4, "7": 10.0, "8c": 1.0},
    }
    return Function(**{**values, **given})  # type: ignore[arg-type]


@given(
    do=st.sampled_from(ACTIONS),
    share=st.floats(0, 1),
    saving=st.none() | st.floats(0, 1),
    bands=st.sampled_from([(), ("7",), ("4", "8c")]),
)
@settings(max_examples=200, deadline=None)
def test_money_reconciles_to_the_penny(
    do: str, share: float, saving: float | None, bands: tuple[str, ...]
) -> None:
    found = effect(
        function(), [Change("one", do, (0.0, share), "", bands, saving)], 1, RATES, PRICE
    )
    assert found.cost_before == found.cost_board + found.cost_moved + found.cost_released
    assert found.saving_board == found.cost_before - found.cost_board - found.cost_added
    assert found.saving_system == found.cost_released - found.cost_added
    assert found.wte_before == pytest.approx(found.wte_board + found.wte_moved + found.wte_released)
    assert min(found.cost_board, found.cost_moved, found.cost_released) >= 0


@pytest.mark.parametrize("do", ACTIONS)
def test_half_a_change_has_half_the_effect(do: str) -> None:
    half = effect(function(), [Change("one", do, (0.0, 0.5))], 1, RATES, PRICE)
    whole = unit_effect(function(), do, RATES, PRICE)
    for name in ("cost_moved", "cost_released", "cost_added", "one_off"):
        assert abs(2 * getattr(half, name) - getattr(whole, name)) <= 2
    for name in ("wte_moved", "wte_released", "value_lost", "capacity_elsewhere"):
        assert 2 * getattr(half, name) == pytest.approx(getattr(whole, name))


def test_a_transfer_saves_the_board_everything_and_the_system_nothing() -> None:
    found = unit_effect(function(), "transfer", RATES, PRICE)
    assert found.saving_board > 0
    assert found.saving_board == found.cost_moved
    assert found.saving_system == 0
    assert found.wte_released == 0
    assert found.capacity_own == 0
    assert found.capacity_elsewhere == pytest.approx(14.4)


def test_keep_changes_nothing() -> None:
    found = unit_effect(function(), "keep", RATES, PRICE)
    assert (found.saving_board, found.saving_system, found.one_off) == (0, 0, 0)
    assert found.capacity_own == found.wte_before


def test_what_is_stopped_leaves_stranded_non_pay_behind() -> None:
    found = unit_effect(function(), "stop", RATES, PRICE)
    assert found.cost_board == pytest.approx(
        123_456_78 * (1 - CATALOGUE.row("action.non_pay_follows").estimate.value), abs=1
    )
    assert found.capacity_own == 0


def test_sharing_keeps_more_of_a_duty_s_work_than_cutting_as_many_posts() -> None:
    share = effect(function(), [Change("one", "share", (0.0, 1.0), saving=0.2)], 1, RATES, PRICE)
    cut = effect(function(), [Change("one", "reduce", (0.0, 0.2))], 1, RATES, PRICE)
    assert share.wte_released == pytest.approx(cut.wte_released)
    assert share.capacity_own > cut.capacity_own


def test_a_change_of_some_bands_touches_only_their_pay() -> None:
    bare = function(non_pay=0)
    found = effect(bare, [Change("one", "stop", (0.0, 1.0), bands=("8c",))], 1, RATES, PRICE)
    assert found.cost_released == PRICE.local("8c")
    assert found.wte_released == 1.0


def test_two_changes_of_one_function_add_up() -> None:
    first, second = Change("one", "reduce", (0.0, 0.3)), Change("one", "transfer", (0.0, 0.4))
    both = effect(function(), [first, second], 1, RATES, PRICE)
    apart = [effect(function(), [one], 1, RATES, PRICE) for one in (first, second)]
    assert abs(both.saving_board - sum(one.saving_board for one in apart)) <= 2
    assert both.wte_board == pytest.approx(14.4 * 0.3)


def test_one_off_cost_comes_in_the_years_in_which_something_changes() -> None:
    change = Change("one", "share", (0.0, 0.5, 0.5, 1.0), one_off=100_00)
    costs = [effect(function(), [change], year, RATES, PRICE).one_off for year in range(4)]
    assert costs[0] == costs[2] == 0
    assert costs[1] == costs[3] + 100_00


def test_shares_are_read_as_cumulative_and_linear_between(board: Board) -> None:
    digital = board.option("balanced").of("digital")[0]
    assert digital.shares == (0.0, 0.5, 1.0, 1.0, 1.0, 1.0)


def test_every_function_stands_in_every_year_of_every_option(evaluation: Evaluation) -> None:
    board = evaluation.board
    table = evaluation.tables["options"]
    expected = len(board.functions) * len(board.labels) * len(board.options)
    assert table.height == expected
    assert set(table["function"]) == {one.id for one in board.functions}


def test_a_year_s_options_add_up_to_the_board_s_money(evaluation: Evaluation) -> None:
    table, money = evaluation.tables["options"], evaluation.tables["board_money"]
    for one, label in product(evaluation.board.options, evaluation.board.labels):
        rows = table.filter((pl.col("option") == one.id) & (pl.col("year") == label))
        for measure in ("saving_board", "saving_system", "cost_moved"):
            whole = money.filter(
                (pl.col("option") == one.id)
                & (pl.col("year") == label)
                & (pl.col("measure") == measure)
            )["value"].item()
            assert rows[measure].sum() == pytest.approx(whole, abs=0.005)


def test_the_option_that_only_moves_cost_saves_the_system_nothing(
    evaluation: Evaluation,
) -> None:
    last = evaluation.board.labels[-1]
    rows = evaluation.tables["board_money"].filter(
        (pl.col("option") == "transfer_out") & (pl.col("year") == last)
    )
    values = dict(zip(rows["measure"], rows["value"], strict=True))
    assert values["saving_board"] > 10_000_000
    assert values["saving_system"] == 0
    assert values["cost_moved"] == values["saving_board"]
