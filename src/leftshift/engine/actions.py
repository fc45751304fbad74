"""What an arm may do to persons besides its tables: whom it reaches, when, and what that changes.

An action is decided at the start of every step, at the stock, for everyone present who is alive,
in the order of the arm's actions:

- A person is *eligible* when one clause of ``who`` fits them as they are at that stock.
- Each person has one *rank* for each action, a word of the action's own random stream: the same at
  every stock and in every arm. The action has *room* for them while their rank, as a share of
  2**32, is below ``reach`` of the step. So reach that rises only ever adds people, and adding an
  action moves neither another's people nor anybody's thresholds.
- Someone eligible for whom there is room starts. Someone who is on it stays on until there is no
  longer room (``while_reached``), they are no longer eligible (``while_eligible``), the effect's
  ``years`` are over, or they die or leave. Whose years are over never starts again; others may,
  from the first year of effect.

Whoever is on an action at a stock has its effects throughout the step that begins there, and none
in the step before: the load of a step averages both its ends, both with that step's actions.
Effects are multipliers; several actions multiply. An action that has no room for anyone, or whose
multipliers are all 1, leaves every other tally as it was, to the bit. So an action of reach 0 is a
count of who would be eligible (but for clauses that ask for another action: nobody has been reached
by one of reach 0).

Reach is a share of the eligible as far as people on the action stay eligible: where it does not end
with eligibility, those who no longer are come on top.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .checks import EngineError, demand, first, shaped, typed, within
from .lives import AGES, CONDITIONS, LANES, NEVER, RATE_BANDS, Lives, Tables
from .randoms import ACTION_EVENT, KEYS
from .vectors import WIDTH

EVERY_SEGMENT = 0b111111
"""The mask of all segments, 0 to 5."""
NO_LIMIT = 1_000_000_000
"""A score that nobody has, and an age."""
MOST_ACTIONS = 62
"""Most actions of an arm: each is a bit of an int64."""


@dataclass(frozen=True)
class Clause:
    """A condition that a person meets or not, as they are at a stock: all of its parts together.

    Attributes:
        groups: bool[G] or None. The tally groups it covers; None covers all.
        from_age: The youngest age it covers. The unborn (age -1) are covered by none.
        to_age: Ages from this one on are not covered. Ages over 105 count as 105.
        all_of: Conditions that must all be present, bit i for condition i.
        any_of: Conditions of which one at least must be present; 0 asks for none.
        none_of: Conditions that must all be absent.
        segments: Segments covered, bit s for segment s; segment 0 are the children.
        from_score: The lowest score covered, in hundredths.
        to_score: Scores from this one on, in hundredths, are not covered.
        levels: uint16[F] or None. For each factor the levels covered, bit v for level v.
        reached: The key of an earlier action of the same arm: covers those who have ever started
            it, at this stock or before. None asks for none.
    """

    groups: npt.NDArray[np.bool_] | None = None
    from_age: int = 0
    to_age: int = NO_LIMIT
    all_of: int = 0
    any_of: int = 0
    none_of: int = 0
    segments: int = EVERY_SEGMENT
    from_score: int = 0
    to_score: int = NO_LIMIT
    levels: npt.NDArray[np.uint16] | None = None
    reached: int | None = None

    def check(self, lives: Lives, earlier: Sequence[int]) -> None:
        """Check types, shapes and ranges.

        Args:
            lives: The people, for the numbers of groups and factors.
            earlier: Keys of the arm's earlier actions.

        Raises:
            EngineError: Something is wrong; the message names it.
        """
        if self.groups is not None:
            typed("groups", self.groups, np.bool_)
            shaped("groups", self.groups, (lives.groups,))
        demand(
            0 <= self.from_age < min(self.to_age, AGES),
            f"ages from {self.from_age} to before {self.to_age}: they must begin from 0 to "
            f"{AGES - 1} and end above that",
        )
        for name in ("all_of", "any_of", "none_of"):
            mask = getattr(self, name)
            demand(
                0 <= mask < 2**CONDITIONS,
                f"{name} is {mask}: it must be bits of {CONDITIONS} conditions",
            )
        demand(
            0 <= self.segments <= EVERY_SEGMENT,
            f"segments is {self.segments}: it must be bits of segments 0 to 5",
        )
        demand(
            0 <= self.from_score < self.to_score <= NO_LIMIT,
            f"scores from {self.from_score} to before {self.to_score}: they must begin at 0 or "
            f"above and end above that",
        )
        if self.levels is not None:
            typed("levels", self.levels, np.uint16)
            shaped("levels", self.levels, (lives.levels.shape[1],))
        demand(
            self.reached is None or self.reached in earlier,
            f"reached is {self.reached}: no earlier action of the arm has that key",
        )


def _in_full() -> npt.NDArray[np.float32]:
    return np.ones(1, dtype=np.float32)


@dataclass(frozen=True)
class Shift:
    """Another distribution of one factor for those who are on an action.

    A person keeps their level, which is a rank, and takes what that rank has in the shifted
    distribution: ``risk`` in place of the arm's ``tables.risk`` for the factor. It works as the
    multiplier ``risk / tables.risk``, so several shifts of one factor multiply too.

    Attributes:
        factor: The factor.
        risk: float32[P or 1, V, S, B, 32]. Multiplier of each lane for each level, as
            ``tables.risk[:, factor]``; a single period holds in all.
        strength: float32[D]. The share of the shift in force by completed years on the action,
            the last held: what that share adds to (or takes off) the multiplier, linearly.
    """

    factor: int
    risk: npt.NDArray[np.float32]
    strength: npt.NDArray[np.float32] = field(default_factory=_in_full)

    def check(self, tables: Tables) -> None:
        """Check types, shapes and ranges.

        Args:
            tables: The arm's tables.

        Raises:
            EngineError: Something is wrong; the message names it.
        """
        periods, factors, levels, strata = tables.risk.shape[:4]
        demand(
            0 <= self.factor < factors,
            f"shift.factor is {self.factor}: there are {factors} factors",
        )
        typed("shift.risk", self.risk, np.float32)
        shaped("shift.risk", self.risk, (None, levels, strata, RATE_BANDS, LANES))
        demand(
            self.risk.shape[0] in (1, periods),
            f"shift.risk has {self.risk.shape[0]} periods: it must have 1 or {periods}",
        )
        within("shift.risk", self.risk, 0.0, 1e6)
        nothing = (tables.risk[:, self.factor] == 0) & (self.risk > 0)
        if nothing.any():
            at = ", ".join(str(int(i)) for i in np.unravel_index(first(nothing), nothing.shape))
            raise EngineError(f"shift.risk[{at}] is above 0 where tables.risk is 0")
        typed("shift.strength", self.strength, np.float32)
        shaped("shift.strength", self.strength, (None,))
        demand(self.strength.size >= 1, "shift.strength has no years: it needs one")
        within("shift.strength", self.strength, 0.0, 1.0)


@dataclass(frozen=True)
class Action:
    """Something that reaches persons and changes what happens to them.

    Effects go by completed years since the person started, the last row being held: a lag is rows
    without effect at the beginning, fading is rows that return to 1.

    Attributes:
        who: The clauses of which one at least must fit; without any, nobody is eligible.
        reach: float64[T] or float64[G, T]. Share of the eligible that the action has room for in
            each step, in all groups or in each.
        key: 0 to 2**32 - 1. Its own random stream. Two actions with one key reach the same
            people, as far as they are eligible for both.
        while_eligible: Whether it ends when the person is no longer eligible.
        while_reached: Whether it ends when reach falls below the person's rank. Where not, reach
            that falls only stops people from starting.
        years: Years after which it is over for a person for good; 0 for no end.
        hazard: float32[D, 32] or None. Multiplier of each lane's hazard.
        load: float32[D, L] or None. Multiplier of each load.
        shift: Another distribution of a factor, or None.
    """

    who: Sequence[Clause]
    reach: npt.NDArray[np.float64]
    key: int
    while_eligible: bool = False
    while_reached: bool = True
    years: int = 0
    hazard: npt.NDArray[np.float32] | None = None
    load: npt.NDArray[np.float32] | None = None
    shift: Shift | None = None

    def check(self, lives: Lives, tables: Tables, earlier: Sequence[int]) -> None:
        """Check types, shapes and ranges.

        Args:
            lives: The people.
            tables: The arm's tables.
            earlier: Keys of the arm's earlier actions.

        Raises:
            EngineError: Something is wrong; the message names it.
        """
        for number, clause in enumerate(self.who):
            try:
                clause.check(lives, earlier)
            except EngineError as error:
                raise EngineError(f"clause {number}: {error}") from None
            demand(
                clause.levels is None or tables.risk.shape[2] <= 16,
                f"clause {number}: levels can be named only where there are at most 16 of them",
            )
        typed("reach", self.reach, np.float64)
        by_group = self.reach.ndim == 2
        shaped("reach", self.reach, (lives.groups,) * by_group + (tables.steps,))
        within("reach", self.reach, 0.0, 1.0)
        demand(0 <= self.key < KEYS, f"key is {self.key}: it must be from 0 to 2**32 - 1")
        demand(self.years >= 0, f"years is {self.years}: it must be at least 0")
        for name, width in (("hazard", LANES), ("load", tables.loads)):
            rows = getattr(self, name)
            if rows is not None:
                typed(name, rows, np.float32)
                shaped(name, rows, (None, width))
                demand(rows.shape[0] >= 1, f"{name} has no years: it needs one")
                within(name, rows, 0.0, 1e6)
        if self.shift is not None:
            self.shift.check(tables)


def check_actions(
    lives: Lives, arms: Sequence[Tables], actions: Sequence[Sequence[Action]]
) -> None:
    """Check the actions of all arms, which are already checked without them.

    Args:
        lives: The people.
        arms: The tables of each arm.
        actions: The actions of each arm.

    Raises:
        EngineError: Something is wrong; the message names the arm, the action and the cell.
    """
    demand(
        len(actions) == len(arms),
        f"there are actions for {len(actions)} arms but tables for {len(arms)}: give an empty "
        f"list for an arm without any",
    )
    for number, (tables, arm) in enumerate(zip(arms, actions, strict=True)):
        demand(
            len(arm) <= MOST_ACTIONS,
            f"arm {number} has {len(arm)} actions: at most {MOST_ACTIONS} fit",
        )
        for place, action in enumerate(arm):
            try:
                action.check(lives, tables, [a.key for a in arm[:place]])
            except EngineError as error:
                raise EngineError(f"arm {number}: action {place}: {error}") from None


# --- as the kernel reads them -------------------------------------------------------------------

# Columns of clauses: ages, the conditions that are looked at and those of them that must be
# present, those of which one must be, segments, scores, the actions (bits) of which one must have
# been started (0 for none), and the action itself (its bit).
FROM_AGE, TO_AGE, LOOK, PRESENT, ANY, IN_SEGMENTS, FROM_SCORE, TO_SCORE, AFTER, ACTION = range(10)
CLAUSE_COLUMNS = 10
ALWAYS = 1 << 40
"""A condition that the kernel takes everyone to have, for clauses that ask for none."""


class Plan(NamedTuple):
    """One arm's actions as the kernel reads them: K actions, C clauses and R rows of effects."""

    starts: npt.NDArray[np.int64]  # [K + 1]: first clause of each action, and C
    clauses: npt.NDArray[np.int64]  # [C, CLAUSE_COLUMNS]
    groups: npt.NDArray[np.bool_]  # [G, C]
    levels: npt.NDArray[np.uint16]  # [C, F]
    by_level: npt.NDArray[np.bool_]  # [C]: whether levels matter
    event: npt.NDArray[np.int64]  # [K]
    limit: npt.NDArray[np.int64]  # [G or 1, K, T]: there is room for ranks below
    least: npt.NDArray[np.int64]  # [G or 1, K, T]: the lowest limit from this step on
    most: npt.NDArray[np.int64]  # [G or 1, K, T]: the highest
    while_eligible: npt.NDArray[np.bool_]  # [K]
    while_reached: npt.NDArray[np.bool_]  # [K]
    years: npt.NDArray[np.int64]  # [K]: NEVER for no end
    row: npt.NDArray[np.int64]  # [K + 1]: first row of each action's effects, and R
    change: npt.NDArray[np.int64]  # [R]: completed years at which another effect begins, or NEVER
    hazard: npt.NDArray[np.float32]  # [R, WIDTH]
    strength: npt.NDArray[np.float32]  # [R]
    load: npt.NDArray[np.float32]  # [R, L]
    hazard_kind: npt.NDArray[np.int64]  # [R]: 0 for no effect; rows alike have the same number
    load_kind: npt.NDArray[np.int64]  # [R]
    factor: npt.NDArray[np.int64]  # [K]: the factor shifted
    shift_at: npt.NDArray[np.int64]  # [K, P]: the shift's place in each period
    shift: npt.NDArray[np.float32]  # [M, V, S, B, WIDTH]
    prices: bool  # whether any load changes


def compile_plan(actions: Sequence[Action], lives: Lives, tables: Tables) -> Plan:
    """Lay one arm's actions, at least one, out as the kernel reads them.

    Args:
        actions: The arm's actions, already checked.
        lives: The people.
        tables: The arm's tables.

    Returns:
        Flat, contiguous arrays.
    """
    clauses = [clause for action in actions for clause in action.who]
    keys = [action.key for action in actions]
    rows = [_clause_row(c, k, keys) for k, action in enumerate(actions) for c in action.who]
    everywhere = np.ones(lives.groups, dtype=np.bool_)
    any_level = np.full(lives.levels.shape[1], 0xFFFF, dtype=np.uint16)
    groups = [everywhere if c.groups is None else c.groups for c in clauses]
    levels = [any_level if c.levels is None else c.levels for c in clauses]
    # a rank is a word below 2**32: exact in float64, and reach 1 has room for all
    reach = np.broadcast_arrays(*[np.atleast_2d(a.reach) for a in actions])
    limit = np.ceil(np.stack(reach, axis=1) * 2.0**32).astype(np.int64)
    effects = [_effects(action, tables) for action in actions]
    joined = {name: np.concatenate([e[name] for e in effects]) for name in effects[0]}
    shift_at, shifts = _shifts(actions, tables)
    return Plan(
        starts=_ends([len(a.who) for a in actions]),
        clauses=np.array(rows, dtype=np.int64).reshape(len(clauses), CLAUSE_COLUMNS),
        groups=np.array(groups, dtype=np.bool_).reshape(len(clauses), lives.groups).T.copy(),
        levels=np.array(levels, dtype=np.uint16).reshape(len(clauses), any_level.size),
        by_level=np.array([c.levels is not None for c in clauses], dtype=np.bool_),
        event=np.array([ACTION_EVENT + key for key in keys], dtype=np.int64),
        limit=limit,
        least=_from_here(np.minimum, limit),
        most=_from_here(np.maximum, limit),
        while_eligible=np.array([a.while_eligible for a in actions], dtype=np.bool_),
        while_reached=np.array([a.while_reached for a in actions], dtype=np.bool_),
        years=np.array([a.years or NEVER for a in actions], dtype=np.int64),
        row=_ends([e["change"].size for e in effects]),
        change=joined["change"],
        hazard=joined["hazard"],
        strength=joined["strength"],
        load=joined["load"],
        hazard_kind=joined["hazard_kind"],
        load_kind=joined["load_kind"],
        factor=np.array([a.shift.factor if a.shift else 0 for a in actions], dtype=np.int64),
        shift_at=shift_at,
        shift=shifts,
        prices=bool(joined["load_kind"].any()),
    )


def covers(plan: Plan, group: int, youngest: int, oldest: int, steps: int) -> bool:
    """Whether any clause can ever cover people of a group and of some cohorts (youngest first).

    Args:
        plan: The arm's actions.
        group: The group.
        youngest: The lowest cohort.
        oldest: The highest.
        steps: Number of yearly steps, T.
    """
    begin, end = plan.clauses[:, FROM_AGE], plan.clauses[:, TO_AGE]
    ages = (begin < oldest + steps) & (end > np.maximum(youngest, begin))
    return bool((plan.groups[group] & ages).any())


def _ends(sizes: list[int]) -> npt.NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def _from_here(choose: Any, limit: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.ascontiguousarray(choose.accumulate(limit[..., ::-1], axis=-1)[..., ::-1])


def _clause_row(clause: Clause, number: int, keys: list[int]) -> list[int]:
    after = sum(1 << k for k in range(number) if keys[k] == clause.reached)
    # the last age, 105, is 105 and over; nobody has a condition that they have not
    to_age = NO_LIMIT if clause.to_age >= AGES else clause.to_age
    return [
        clause.from_age,
        clause.from_age if clause.all_of & clause.none_of else to_age,
        clause.all_of | clause.none_of,
        clause.all_of,
        clause.any_of or ALWAYS,
        clause.segments,
        clause.from_score,
        clause.to_score,
        after,
        1 << number,
    ]


def _held(rows: npt.NDArray[np.float32], years: int) -> npt.NDArray[np.float32]:
    """As many rows as there are years, the last one held."""
    held: npt.NDArray[np.float32] = rows[np.minimum(np.arange(years), rows.shape[0] - 1)]
    return held


def _kinds(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """Numbers that are equal where rows are, and 0 where a row is all ones."""
    plain = np.ones((1, rows.shape[1]), dtype=np.float32)
    _, kind = np.unique(np.concatenate([plain, rows]), axis=0, return_inverse=True)
    kind = kind.reshape(-1) + 1
    return np.where(kind[1:] == kind[0], 0, kind[1:]).astype(np.int64)


def _effects(action: Action, tables: Tables) -> dict[str, npt.NDArray[Any]]:
    """One action's rows of effects."""
    hazard = np.ones((1, LANES), np.float32) if action.hazard is None else action.hazard
    load = np.ones((1, tables.loads), np.float32) if action.load is None else action.load
    strength = np.zeros(1, np.float32) if action.shift is None else action.shift.strength
    years = max(hazard.shape[0], load.shape[0], strength.size)
    hazard = _held(hazard, years)[:, :WIDTH]
    load = _held(load, years)
    strength = _held(strength, years)
    # one more than the strength, so that none is a one
    hazard_kind = _kinds(np.concatenate([hazard, strength[:, None] + np.float32(1)], axis=1))
    load_kind = _kinds(load)
    change = np.full(years, NEVER, dtype=np.int64)
    for year in range(years - 2, -1, -1):
        same = hazard_kind[year] == hazard_kind[year + 1] and load_kind[year] == load_kind[year + 1]
        change[year] = change[year + 1] if same else year + 1
    return {
        "change": change,
        "hazard": np.ascontiguousarray(hazard),
        "strength": np.ascontiguousarray(strength),
        "load": np.ascontiguousarray(load),
        "hazard_kind": hazard_kind,
        "load_kind": load_kind,
    }


def _shifts(
    actions: Sequence[Action], tables: Tables
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Where each action's shift is in each period, and all shifts as ratios to the arm's risks."""
    periods = tables.risk.shape[0]
    where = np.zeros((len(actions), periods), dtype=np.int64)
    ratios: list[npt.NDArray[np.float32]] = []
    count = 0
    for k, action in enumerate(actions):
        if action.shift is None:
            continue
        risk = action.shift.risk[..., :WIDTH]
        usual = tables.risk[:, action.shift.factor][..., :WIDTH]
        if risk.shape[0] == 1 and (usual == usual[:1]).all():
            usual = usual[:1]
        ratio: npt.NDArray[np.float32] = np.ones(
            np.broadcast_shapes(risk.shape, usual.shape), dtype=np.float32
        )
        # exactly 1 where nothing is shifted, also where both are 0
        shifted: npt.NDArray[np.bool_] = risk != usual
        np.divide(risk, usual, out=ratio, where=shifted)
        ratios.append(ratio)
        where[k] = count + (np.arange(periods) if ratio.shape[0] > 1 else 0)
        count += ratio.shape[0]
    if not ratios:
        shape = (0, *tables.risk.shape[2:5], WIDTH)
        return where, np.zeros(shape, dtype=np.float32)
    return where, np.ascontiguousarray(np.concatenate(ratios))
