"""The arrays as the kernel reads and writes them: flat, contiguous along lanes, ready to use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .lives import (
    CONDITIONS,
    DEATH_LANE,
    MOST_REMITTING,
    STOCK_LANES,
    Lives,
    Scoring,
    Tables,
)
from .vectors import LANES_AT_ONCE, SCRATCH, WIDTH

GROUPS_OF_FIVE = 4

# Places in Mine.marks: the actions (bits) that a person is eligible for, is on, has ever been on,
# is done with; those whose rank is known; those that multiply hazards now, and loads.
ELIGIBLE, ON, EVER, DONE, KNOWN, WORKING, PRICED = range(7)
STAY = 2  # the first two are also the kinds of a row of Along.acts that are differences
START, LOSS = 2, 3  # its other kinds: people starting, people who die or leave in the step
# Places in Mine.about: clauses that can cover the cohort, the first of those that ask for another
# action and the actions (bits) they belong to, the conditions that decide, whether levels do, and
# the actions (bits) with anything to tally.
HOW_MANY, CHAINED_FROM, CHAINED, NEEDS, BY_LEVEL, TOUCHED = range(6)


class Rates(NamedTuple):
    """One arm's tables as the kernel reads them: flat, and contiguous along lanes."""

    hazard: npt.NDArray[np.float32]  # [S, T, 107, 32]
    products: npt.NDArray[np.float32]  # [B, 4, 32, WIDTH]
    risk: npt.NDArray[np.float32]  # [P, F, V, S, B, 32]
    period: npt.NDArray[np.int64]  # [T]
    powers: npt.NDArray[np.float32]  # distinct frailty powers, the commonest first
    power_of: npt.NDArray[np.int64]  # [WIDTH]
    uncommon: npt.NDArray[np.int64]  # lanes of other powers than the commonest
    remits: npt.NDArray[np.int64]  # [R]
    remission: npt.NDArray[np.float32]  # [R, D]
    rate: npt.NDArray[np.float32]  # [S, 106, 6, L]
    load_products: npt.NDArray[np.float32]  # [4, 32, L]


class Worth(NamedTuple):
    """The scoring as the kernel reads it."""

    score: npt.NDArray[np.int64]  # [4, 32]: points of each combination of five conditions
    utility: npt.NDArray[np.float64]  # [4, 32]
    norm: npt.NDArray[np.float64]  # [S, 106]
    starts: npt.NDArray[np.int64]
    major: int
    child_age: int


class People(NamedTuple):
    """A chunk of lives."""

    id: npt.NDArray[np.uint64]
    cohort: npt.NDArray[np.int16]
    enter: npt.NDArray[np.int16]
    leave: npt.NDArray[np.int16]
    weight: npt.NDArray[np.float32]
    state: npt.NDArray[np.uint32]
    since: npt.NDArray[np.uint8]
    frailty: npt.NDArray[np.float32]
    levels: npt.NDArray[np.uint8]


class Cells(NamedTuple):
    """Where a chunk's tallies go: one group's, one arm's."""

    stock: npt.NDArray[np.float64]  # [T + 1, 19, 32]
    flow: npt.NDArray[np.float64]  # [T, 19, 40]
    stock_age: npt.NDArray[np.float64]  # [T + 1, 106, 3]
    flow_age: npt.NDArray[np.float64]  # [T, 107, 3]
    load: npt.NDArray[np.float64]  # [T, 6, L]
    reached: npt.NDArray[np.float64]  # [T, K, 6, 3]


class Diary(NamedTuple):
    """Where histories go; empty unless asked for."""

    onset: npt.NDArray[np.int16]  # [n, C]
    death: npt.NDArray[np.int16]  # [n]
    reached: npt.NDArray[np.int16]  # [n, K]


class Along(NamedTuple):
    """Sums along one cohort, as differences from one stock to the next."""

    state: npt.NDArray[np.float64]  # [T + 2, 32], lanes as in Cells.stock
    load: npt.NDArray[np.float64]  # [T + 2, 5, L], by segment as an adult
    expected: npt.NDArray[np.float64]  # [T], expected deaths, not a difference
    jump: npt.NDArray[np.float64]  # [T + 2, 5, L]: what actions change at a stock itself
    acts: npt.NDArray[np.float64]  # [K, T + 2, 20], five segments for each of four kinds


class Mine(NamedTuple):
    """What a worker keeps of actions, for a cohort and for one person."""

    about: npt.NDArray[np.int64]  # [6]: see HOW_MANY
    clauses: npt.NDArray[np.int64]  # [columns, C]: those that can cover the cohort
    which: npt.NDArray[np.int64]  # [C]: their numbers
    bound: npt.NDArray[np.int64]  # [T]: the next stock at which the cohort passes a bound of age
    now: npt.NDArray[np.float64]  # [10]
    marks: npt.NDArray[np.int64]  # [7]: see ELIGIBLE
    bits: npt.NDArray[np.int64]  # [C]: the action of each clause, 0 where their levels miss it
    rank: npt.NDArray[np.int64]  # [K]
    start: npt.NDArray[np.int64]  # [K]
    row: npt.NDArray[np.int64]  # [K]: the row of effects in force
    blend: npt.NDArray[np.float32]  # [WIDTH]


class Scratch(NamedTuple):
    """A worker's own memory: what is written here matters to nobody else."""

    thresholds: npt.NDArray[np.float32]  # [CHUNK, WIDTH]
    along: Along  # all zero between cohorts
    state_now: npt.NDArray[np.float64]  # [32]
    load_now: npt.NDArray[np.float64]  # [2, 6, L]
    load_sums: npt.NDArray[np.float64]  # [5, L]
    hazard: npt.NDArray[np.float32]  # [T, WIDTH]: the cohort's
    band: npt.NDArray[np.int64]  # [T]
    change: npt.NDArray[np.int64]  # [T]
    work: npt.NDArray[np.float32]  # [SCRATCH]: the person's vectors
    powers: npt.NDArray[np.float32]  # frailty to each distinct power
    loads: npt.NDArray[np.float32]  # [L]: the person's
    exposure: npt.NDArray[np.float32]  # [T]
    spell: npt.NDArray[np.int64]  # [C]
    ends: npt.NDArray[np.int64]  # [R]
    mine: Mine


def new_scratch(
    size: int, steps: int, loads: int, actions: int = 0, clauses: tuple[int, int] = (0, 0)
) -> Scratch:
    """Memory for one worker, pieces of up to ``size`` lives and the most actions of any arm."""
    # in whole vectors, for `chances`
    padded = -(-steps // LANES_AT_ONCE) * LANES_AT_ONCE

    def whole(size: int) -> npt.NDArray[np.int64]:
        return np.zeros(size, np.int64)

    return Scratch(
        thresholds=np.empty((size, WIDTH), np.float32),
        along=Along(
            state=np.zeros((steps + 2, STOCK_LANES)),
            load=np.zeros((steps + 2, 5, loads)),
            expected=np.zeros(padded),
            jump=np.zeros((steps + 2, 5, loads if actions else 0)),
            acts=np.zeros((actions, steps + 2, 20)),
        ),
        state_now=np.zeros(STOCK_LANES),
        load_now=np.zeros((2, 6, loads)),
        load_sums=np.zeros((5, loads)),
        hazard=np.zeros((steps, WIDTH), np.float32),
        band=np.zeros(steps, np.int64),
        change=np.zeros(steps, np.int64),
        work=np.zeros(SCRATCH, np.float32),
        powers=np.zeros(WIDTH, np.float32),
        loads=np.zeros(loads, np.float32),
        exposure=np.zeros(padded, np.float32),
        spell=np.zeros(CONDITIONS, np.int64),
        ends=np.zeros(MOST_REMITTING, np.int64),
        mine=Mine(
            about=whole(6),
            clauses=np.zeros(clauses, np.int64),
            which=whole(clauses[1]),
            bound=whole(steps),
            now=np.zeros(10),
            marks=whole(7),
            bits=whole(clauses[1]),
            rank=whole(actions),
            start=whole(actions),
            row=whole(actions),
            blend=np.zeros(WIDTH, np.float32),
        ),
    )


def _combinations(rows: npt.NDArray[Any], combine: Callable[..., Any], start: Any) -> Any:
    """Every combination of five conditions, in fours: [4, 32, ...] from [20, ...].

    Built one condition after another in a fixed order, so that having one condition more, with a
    ratio of at least 1, never lowers a product even in the last bit.
    """
    shape = (GROUPS_OF_FIVE, 32, *rows.shape[1:])
    out = np.full(shape, start, dtype=rows.dtype)
    for group in range(GROUPS_OF_FIVE):
        for combination in range(32):
            for place in range(5):
                if combination >> place & 1:
                    at = (group, combination)
                    out[at] = combine(out[at], rows[group * 5 + place])
    return out


def compile_rates(tables: Tables) -> Rates:
    """Lay one arm's tables out as the kernel reads them.

    Args:
        tables: The arm, already checked.

    Returns:
        Flat, contiguous arrays.
    """
    single = np.float32
    # combined for all bands at once: [4, 32, B, WIDTH], then bands first
    by_condition = tables.ratio[:, :, :WIDTH].transpose(1, 0, 2)
    products = _combinations(by_condition, np.multiply, 1).transpose(2, 0, 1, 3)
    used = tables.frailty_power[:WIDTH].copy()
    used[DEATH_LANE + 1 :] = used[0]  # padding: any power will do
    powers, lanes = np.unique(used, return_counts=True)
    powers = powers[np.argsort(-lanes, kind="stable")]
    power_of = np.argmax(used[:, None] == powers, axis=1)
    if tables.rate is None or tables.load_ratio is None:
        rate = np.zeros((tables.strata, 1, 1, 0), dtype=single)
        load_ratio = np.zeros((CONDITIONS, 0), dtype=single)
    else:
        rate, load_ratio = tables.rate, tables.load_ratio
    return Rates(
        hazard=_own(tables.hazard, single),
        products=_own(products, single),
        risk=_own(tables.risk, single),
        period=_own(tables.period, np.int64),
        powers=_own(powers, single),
        power_of=_own(power_of, np.int64),
        uncommon=_own(np.flatnonzero(power_of), np.int64),
        remits=_own(tables.remits, np.int64),
        remission=_own(tables.remission, single),
        rate=_own(rate, single),
        load_products=_own(_combinations(load_ratio, np.multiply, 1), single),
    )


def compile_worth(scoring: Scoring) -> Worth:
    """Lay the scoring out as the kernel reads it."""
    return Worth(
        score=_own(_combinations(scoring.score, np.add, 0), np.int64),
        utility=_own(_combinations(scoring.utility_ratio, np.multiply, 1), np.float64),
        norm=_own(scoring.utility_norm, np.float64),
        starts=_own(scoring.starts, np.int64),
        major=int(scoring.major),
        child_age=int(scoring.child_age),
    )


def _own(array: npt.NDArray[Any], dtype: Any) -> Any:
    """The array itself when it is already what the kernel takes, else a copy that is."""
    return np.require(array, dtype=dtype, requirements=["C", "A", "W"])


def people_of(lives: Lives, start: int, end: int) -> People:
    """A chunk of lives, without copying what already has the kernel's types."""
    piece = slice(start, end)
    return People(
        id=_own(lives.id[piece], np.uint64),
        cohort=_own(lives.cohort[piece], np.int16),
        enter=_own(lives.enter[piece], np.int16),
        leave=_own(lives.leave[piece], np.int16),
        weight=_own(lives.weight[piece], np.float32),
        state=_own(lives.state[piece], np.uint32),
        since=_own(lives.since[piece], np.uint8),
        frailty=_own(lives.frailty[piece], np.float32),
        levels=_own(lives.levels[piece], np.uint8),
    )
