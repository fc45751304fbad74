"""Works out every option of a board."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from leftshift.catalogue import Catalogue
from leftshift.organisation import timetable
from leftshift.organisation.board import Board
from leftshift.organisation.duties import duty_state
from leftshift.organisation.money import Price
from leftshift.organisation.options import Option, Rates, effect
from leftshift.organisation.redundancy import Pool, average_payment, pool, simulate
from leftshift.organisation.results import Evaluated, running_cost
from leftshift.organisation.rows import tables_of

if TYPE_CHECKING:
    import polars

__all__ = ["Evaluated", "Evaluation", "evaluate", "staff_costs"]


@dataclass(frozen=True, repr=False)
class Evaluation:
    """A board with all its options worked out.

    Attributes:
        board: the board.
        options: each option, `keep` first.
        tables: the tables of its run, by name.
        staff_cost: mean section 16 payment of one WTE by function, in pence.
        present: running costs of the base year, in pence.
        draws: how many draws stand behind the intervals.
        seed: what keys them.
    """

    board: Board
    options: tuple[Evaluated, ...]
    tables: dict[str, polars.DataFrame]
    staff_cost: dict[str, int]
    present: int
    draws: int
    seed: int
    price: Price = field(repr=False)
    rates: Rates = field(repr=False)


def evaluate(
    board: Board,
    catalogue: Catalogue,
    draws: int = 200,
    seed: int = 1,
    extra_options: Sequence[Option] = (),
) -> Evaluation:
    """Works out every option of a board.

    Args:
        board: the board.
        catalogue: assumptions with their doubt.
        draws: draws behind the intervals, at least 1.
        seed: keys them.
        extra_options: options beside the board's own, such as one that an optimiser found.

    Returns:
        The options and their tables.
    """
    parameters = catalogue.parameters()
    price = Price.of(parameters, board.prices)
    rates = Rates.of(parameters)
    everyone = pool(board, parameters, price, draws, seed)
    drawn = [Rates.of(catalogue.parameters(draw, seed)) for draw in range(draws)]
    done = tuple(
        _option(board, option, catalogue, price, rates, drawn, everyone, seed)
        for option in (*board.options, *extra_options)
    )
    present = running_cost(board, done[0].effects, board.labels[0])
    return Evaluation(
        board,
        done,
        tables_of(board, done, catalogue, present, price, rates, draws, seed),
        average_payment(board, everyone),
        present,
        draws,
        seed,
        price,
        rates,
    )


def _option(
    board: Board,
    option: Option,
    catalogue: Catalogue,
    price: Price,
    rates: Rates,
    drawn: Sequence[Rates],
    everyone: Pool,
    seed: int,
) -> Evaluated:
    effects = {
        (function.id, label): effect(function, option.of(function.id), year, rates, price)
        for function in board.functions
        for year, label in enumerate(board.labels)
    }
    duties = tuple(
        duty_state(duty, option.id, label, year, board.functions, effects)
        for duty in board.duties
        for year, label in enumerate(board.labels)
    )
    leaving = simulate(board, everyone, option, effects, catalogue, len(drawn), seed)
    shape = (len(drawn), len(board.labels))
    board_saving, system_saving, one_off = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    touched = {change.function for change in option.changes}
    for function in board.functions:
        if function.id not in touched:
            continue
        changes = option.of(function.id)
        for draw, one in enumerate(drawn):
            for year in range(shape[1]):
                found = effect(function, changes, year, one, price)
                board_saving[draw, year] += found.saving_board
                system_saving[draw, year] += found.saving_system
                one_off[draw, year] += found.one_off
    bands = sorted({band for name in touched for band in board.function(name).wte})
    # The law counts all people who are proposed for dismissal, part-time ones whole, before anyone
    # leaves of themselves.
    each = len(everyone.keys) / max(float(everyone.wte.sum()), 1e-9)
    proposed = round(float(leaving.planned.sum()) * max(each, 1.0))
    tasks = timetable.plan(board.consultation, option, proposed, bands, catalogue)
    return Evaluated(
        option, effects, duties, leaving, tuple(tasks), board_saving, system_saving, one_off
    )


def staff_costs(board: Board, catalogue: Catalogue, draws: int, seed: int) -> dict[str, int]:
    """Gives the mean section 16 payment of one WTE by function, in pence, before any option."""
    parameters = catalogue.parameters()
    everyone = pool(board, parameters, Price.of(parameters, board.prices), draws, seed)
    return average_payment(board, everyone)
