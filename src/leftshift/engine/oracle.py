"""A slow, obvious engine: every year everyone draws afresh.

Its only use is to be compared with the kernel, which keeps thresholds, works in float32 and tallies
by difference. This one draws new exponential times each year from an ordinary generator, works in
float64 and adds everyone up at every stock. Where hazards are constant within a step, both have the
same law, so their tallies must agree cell by cell to within sampling error.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .actions import Action, check_actions
from .lives import (
    AGES,
    BANDS,
    CONDITIONS,
    DEATH_LANE,
    FLOW_LANES,
    ROWS,
    STOCK_LANES,
    Lives,
    Scoring,
    Tables,
    Tallies,
    check_arms,
)
from .oracle_actions import Doing

_LANES = DEATH_LANE + 1
Floats = npt.NDArray[np.float64]


def _add_at(into: Floats, at: tuple[Any, ...], values: Floats) -> None:
    """Add values to the cells named, as often as each is named."""
    np.add.at(into, at, values)


def _hazards(lives: Lives, tables: Tables, has: Any, who: Any, t: int) -> Floats:
    """Hazards in step ``t`` of the people ``who``: [len(who), 21]."""
    stratum = lives.group_stratum[lives.group[who]]
    age = np.minimum(lives.cohort[who].astype(int) + t, AGES - 1)
    band = np.maximum(age, 0) // 5
    hazard = tables.hazard[stratum, t, age + 1, :_LANES].astype(np.float64)
    for d in range(CONDITIONS):
        present = has[who, d]
        hazard[present] *= tables.ratio[band[present], d, :_LANES]
    period = tables.period[t]
    for f in range(lives.levels.shape[1]):
        hazard *= tables.risk[period, f, lives.levels[who, f], stratum, band, :_LANES]
    hazard *= lives.frailty[who, None].astype(np.float64) ** tables.frailty_power[:_LANES]
    return hazard


def _values(lives: Lives, tables: Tables, scoring: Scoring, has: Any, who: Any, t: int) -> Any:
    """The stock lanes [len(who), 32], segment, and loads [len(who), L] of people at a stock."""
    age = np.minimum(lives.cohort[who].astype(int) + t, AGES - 1)
    stratum = lives.group_stratum[lives.group[who]]
    state = has[who]
    score = state @ scoring.score
    utility = np.where(state, scoring.utility_ratio, 1.0).prod(axis=1)
    segment = np.searchsorted(scoring.starts, score, side="right")
    segment[age < scoring.child_age] = 0
    count = state.sum(axis=1)
    lanes = np.zeros((who.size, STOCK_LANES))
    lanes[:, :CONDITIONS] = state
    lanes[:, 20] = 1
    lanes[:, 21] = utility * scoring.utility_norm[stratum, age]
    lanes[:, 22] = score
    lanes[:, 23] = score > scoring.major
    for s in range(1, 6):
        lanes[:, 23 + s] = segment == s
    lanes[:, 29] = segment == 0
    lanes[:, 30] = count >= 2
    lanes[:, 31] = count >= 4
    loads = None
    if tables.rate is not None and tables.load_ratio is not None:
        loads = tables.rate[stratum, age, segment].astype(np.float64)
        for d in range(CONDITIONS):
            loads[state[:, d]] *= tables.load_ratio[d]
    return lanes, segment, loads


def simulate_slowly(
    lives: Lives,
    tables: Tables,
    scoring: Scoring,
    *,
    seed: int,
    actions: Sequence[Action] = (),
) -> Tallies:
    """Simulate one arm with yearly draws.

    Args:
        lives: The people.
        tables: The rates of the arm.
        scoring: What states are worth.
        seed: Of a NumPy generator; unrelated to the kernel's numbers.
        actions: What the arm does to persons besides its tables.

    Returns:
        The same tallies as `simulate`, with other sampling error.

    Raises:
        EngineError: The input is wrong, or does not fit together.
    """
    check_arms(lives, [tables], scoring)
    check_actions(lives, [tables], [actions])
    rng = np.random.default_rng(seed)
    steps, groups, strata = tables.steps, lives.groups, tables.strata
    n, remits = len(lives), tables.remits
    stock = np.zeros((groups, steps + 1, BANDS, STOCK_LANES))
    flow = np.zeros((groups, steps, BANDS, FLOW_LANES))
    stock_age = np.zeros((strata, steps + 1, AGES, 3))
    flow_age = np.zeros((strata, steps, ROWS, 3))
    load = np.zeros((groups, steps, 6, tables.loads))
    doing = Doing(actions, lives, tables, scoring, rng)

    has = (lives.state[:, None] >> np.arange(CONDITIONS) & 1).astype(bool)
    years = lives.since.astype(int)
    alive = np.ones(n, dtype=bool)
    weight = lives.weight.astype(np.float64)
    cohort = lives.cohort.astype(int)
    group = lives.group
    stratum_of = lives.group_stratum[group]
    # what each person adds to person-years and QALYs: half of both ends of every step
    before = np.zeros((n, 2))

    for t in range(steps + 1):
        here = alive & (lives.enter <= t) & (lives.leave > t)
        counted = np.flatnonzero(here & (cohort + t >= 0))
        age = np.minimum(cohort[counted] + t, AGES - 1)
        lanes, segment, loads = _values(lives, tables, scoring, has, counted, t)
        lanes *= weight[counted, None]
        _add_at(stock, (group[counted], t, np.minimum(age // 5, BANDS - 1)), lanes)
        by_age = np.stack([lanes[:, 20], lanes[:, 20] - lanes[:, 23], lanes[:, 21]], axis=1)
        _add_at(stock_age, (stratum_of[counted], t, age), by_age)
        if loads is not None:
            # half of each end of a step, both with what people are on in the step
            loads *= weight[counted, None] / 2
            if t > 0:
                at_end = loads * doing.loads(counted, t - 1)
                _add_at(load, (group[counted], t - 1, segment), at_end)
        now = np.zeros((n, 2))
        now[counted] = lanes[:, 20:22]
        if t > 0:
            # by the age at the start of the step that ends here
            band = np.minimum(np.clip(cohort + t - 1, 0, AGES - 1) // 5, BANDS - 1)
            _add_at(flow, (group, t - 1, band, 22), (before[:, 0] + now[:, 0]) / 2)
            _add_at(flow, (group, t - 1, band, 23), (before[:, 1] + now[:, 1]) / 2)
        before = now
        if t > 0:
            doing.end_step(t - 1, here)
        if t == steps:
            break

        doing.decide(t, here, has)
        if loads is not None:
            at_start = loads * doing.loads(counted, t)
            _add_at(load, (group[counted], t, segment), at_start)

        who = np.flatnonzero(here & (cohort + t >= -1))
        w = weight[who]
        age = np.minimum(cohort[who] + t, AGES - 1)
        band = np.minimum(np.maximum(age, 0) // 5, BANDS - 1)
        hazard = _hazards(lives, tables, has, who, t) * doing.hazards(who, t)
        with np.errstate(divide="ignore"):
            times = rng.exponential(size=hazard.shape) / hazard
        times[:, :CONDITIONS][has[who]] = np.inf
        death_time = times[:, DEATH_LANE]
        dies = death_time < 1
        onset = times[:, :CONDITIONS] < np.minimum(death_time, 1)[:, None]
        ends = np.zeros((who.size, remits.size), dtype=bool)
        for j in range(remits.size):
            held = np.minimum(years[who, j], tables.remission.shape[1] - 1)
            yearly = tables.remission[j, held].astype(np.float64)
            ends[:, j] = has[who, remits[j]] & (rng.exponential(size=who.size) < yearly) & ~dies

        at = (group[who], t, band)
        events = np.zeros((who.size, FLOW_LANES))
        events[:, :CONDITIONS] = onset
        events[:, 20] = dies
        expected = -np.expm1(-hazard[:, DEATH_LANE])
        events[:, 21] = expected
        score = has[who] @ scoring.score
        segment = np.searchsorted(scoring.starts, score, side="right")
        segment[age < scoring.child_age] = 0
        for s in range(6):
            events[:, 29 if s == 0 else 23 + s] = dies & (segment == s)
        events[:, 30 : 30 + remits.size] = ends
        _add_at(flow, at, events * w[:, None])
        risk = np.stack([dies, expected, np.ones(who.size)], axis=1) * w[:, None]
        _add_at(flow_age, (stratum_of[who], t, age + 1), risk)

        alive[who[dies]] = False
        for j in range(remits.size):
            held = has[who, remits[j]]
            years[who, j] = np.where(held & ~ends[:, j], years[who, j] + 1, 0)
        has[who] |= onset
        for j in range(remits.size):
            has[who[ends[:, j]], remits[j]] = False

    return Tallies(
        stock,
        flow,
        stock_age,
        flow_age,
        load if tables.loads else None,
        doing.tally if actions else None,
    )
