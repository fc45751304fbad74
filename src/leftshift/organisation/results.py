"""What an option came to, and the parts that more than one table of a run needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leftshift.catalogue import Parameters
from leftshift.organisation import timetable
from leftshift.organisation.board import Board
from leftshift.organisation.duties import DutyState
from leftshift.organisation.options import Effect, Option
from leftshift.organisation.redundancy import Leaving

__all__ = ["Array", "Evaluated", "Rows", "add", "in_year", "pounds", "running_cost"]

Array = NDArray[np.float64]
Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, repr=False)
class Evaluated:
    """One option, worked out.

    Attributes:
        option: the option.
        effects: by function and label.
        duties: every duty in every year.
        leaving: who leaves; not for showing.
        tasks: its timetable.
        saving_board: pence by draw and year.
        saving_system: likewise.
        one_off: likewise.
    """

    option: Option
    effects: Mapping[tuple[str, str], Effect]
    duties: tuple[DutyState, ...]
    leaving: Leaving
    tasks: tuple[timetable.Task, ...]
    saving_board: Array
    saving_system: Array
    one_off: Array


def running_cost(board: Board, effects: Mapping[tuple[str, str], Effect], label: str) -> int:
    """Gives the running costs inside the envelope in one year, in pence."""
    return sum(
        effects[one.id, label].cost_board + effects[one.id, label].cost_added
        for one in board.functions
        if one.counts
    )


def add(rows: Rows, table: str, **cells: Any) -> None:
    """Adds a row to a table."""
    rows.setdefault(table, []).append(cells)


def pounds(pence: float) -> float:
    """Turns pence into pounds, to the whole penny."""
    return round(pence) / 100


def in_year(board: Board, one: Evaluated, parameters: Parameters) -> list[int]:
    """Gives running costs as they are spent, in pence for each label.

    A change saves for a part of its first year only.
    """
    whole = [running_cost(board, one.effects, label) for label in board.labels]
    part = parameters.value("funding.first_year_share")
    return [
        # Nothing is known of the year before the first, so that it counts whole.
        round(whole[max(at - 1, 0)] + (now - whole[max(at - 1, 0)]) * part)
        for at, now in enumerate(whole)
    ]
