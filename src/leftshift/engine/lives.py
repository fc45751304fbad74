"""What goes into a simulation and what comes out: arrays, their meaning and their checks.

The engine knows conditions, groups and strata as numbers only. Throughout: ``n`` lives, ``G``
tally groups, ``S`` strata (which choose rates), ``C`` = 20 conditions, ``F`` risk factors with
``V`` levels, ``B`` = 22 five-year bands of multipliers, ``T`` yearly steps (so ``T + 1`` stocks,
stock ``t`` being the start of step ``t``), ``R`` conditions that can remit, ``L`` loads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from .checks import EngineError, demand, first, shaped, typed, within

CONDITIONS = 20
"""Conditions, one bit of ``state`` each."""
LANES = 32
"""Width of a row of hazards: conditions 0 to 19, death 20, the rest unused."""
DEATH_LANE = 20
"""Lane of the hazard of death."""
AGES = 106
"""Single years of age, 0 to 105, the last being 105 and over."""
ROWS = 107
"""Rows of a step's hazards: row ``i`` is for age ``i - 1``; row 0 is birth to the first stock."""
RATE_BANDS = 22
"""Five-year bands of multipliers, 0-4 to 105 and over."""
BANDS = 19
"""Five-year bands of tallies, 0-4 to 90 and over."""
NEVER = 32767
"""Step or stock that never comes."""
CERTAIN = 1e30
"""A hazard from here up makes its event certain."""

STOCK_LANES = 32
"""Columns of ``Tallies.stock``: conditions 0 to 19, then the lanes named below."""
PEOPLE, UTILITY, SCORE, MAJOR = 20, 21, 22, 23
SEGMENTS = 24  # 24 to 28: segments 1 to 5 of people of 17 and over
CHILDREN = 29
TWO_OR_MORE, FOUR_OR_MORE = 30, 31

FLOW_LANES = 40
"""Columns of ``Tallies.flow``: new cases 0 to 19, then the lanes named below."""
DEATHS, EXPECTED_DEATHS, PERSON_YEARS, QALYS = 20, 21, 22, 23
DEATHS_BY_SEGMENT = 24  # 24 to 28: segments 1 to 5
DEATHS_OF_CHILDREN = 29
REMISSIONS = 30  # 30 + j: remissions of the j-th remitting condition
MOST_REMITTING = FLOW_LANES - REMISSIONS


_BLOCK = 1 << 20  # rows checked at a time


@dataclass(frozen=True)
class Lives:
    """Everyone who is present at the start, arrives or is born: one row each.

    Rows are sorted by ``group``, and by ``cohort`` within a group.

    Attributes:
        id: uint64[n]. Stable identity: all of a person's random numbers come from it.
        group: int32[n]. Tally group, 0 to G - 1, never decreasing.
        group_stratum: int32[G]. The stratum whose rates a group's people have.
        cohort: int16[n]. Age at stock 0; age at stock t is ``cohort + t``. Someone born in step
            t has ``-1 - t``. Never decreasing within a group.
        enter: int16[n]. First stock at which the person is present. Newborns enter at the stock
            before their birth, with age -1: at risk in that step, not counted until age 0.
        leave: int16[n]. First stock at which the person is no longer counted, having moved away;
            at risk in full until then. 32767: never.
        weight: float32[n] or float64[n]. People stood for. The engine rounds it to float32.
        state: uint32[n]. Conditions present on entering, bit i for condition i.
        since: uint8[n, R]. Completed years of the spell in progress on entering, for each
            remitting condition that is present then.
        frailty: float32[n]. Multiplies hazards, to each lane's power.
        levels: uint8[n, F]. Level of each risk factor.
    """

    id: npt.NDArray[np.uint64]
    group: npt.NDArray[np.int32]
    group_stratum: npt.NDArray[np.int32]
    cohort: npt.NDArray[np.int16]
    enter: npt.NDArray[np.int16]
    leave: npt.NDArray[np.int16]
    weight: npt.NDArray[np.float32] | npt.NDArray[np.float64]
    state: npt.NDArray[np.uint32]
    since: npt.NDArray[np.uint8]
    frailty: npt.NDArray[np.float32]
    levels: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return int(self.id.size)

    @property
    def groups(self) -> int:
        """Number of tally groups."""
        return int(self.group_stratum.size)

    def starts(self) -> npt.NDArray[np.int64]:
        """First row of each group, and n: int64[G + 1]."""
        # of the array's own type, or NumPy would convert all of it first
        groups = np.arange(self.groups + 1, dtype=self.group.dtype)
        return np.searchsorted(self.group, groups, side="left").astype(np.int64)

    def check(self) -> None:
        """Check types, shapes, ranges and order.

        Raises:
            EngineError: Something is wrong; the message names the first row at fault.
        """
        typed("lives.id", self.id, np.uint64)
        typed("lives.group", self.group, np.int32)
        typed("lives.group_stratum", self.group_stratum, np.int32)
        for name in ("cohort", "enter", "leave"):
            typed(f"lives.{name}", getattr(self, name), np.int16)
        typed("lives.weight", self.weight, np.float32, np.float64)
        typed("lives.state", self.state, np.uint32)
        typed("lives.since", self.since, np.uint8)
        typed("lives.frailty", self.frailty, np.float32)
        typed("lives.levels", self.levels, np.uint8)
        n = len(self)
        for name in ("id", "group", "cohort", "enter", "leave", "weight", "state", "frailty"):
            shaped(f"lives.{name}", getattr(self, name), (n,))
        shaped("lives.group_stratum", self.group_stratum, (None,))
        shaped("lives.since", self.since, (n, None))
        shaped("lives.levels", self.levels, (n, None))
        within("lives.group", self.group, 0, self.groups - 1)
        within("lives.weight", self.weight, 0.0, 1e9)
        within("lives.frailty", self.frailty, 0.0, 1e6)
        within("lives.state", self.state, 0, 2**CONDITIONS - 1)
        within("lives.enter", self.enter, 0, NEVER)
        for start in range(0, n, _BLOCK):
            self._check_order(start, min(start + _BLOCK + 1, n))

    def _check_order(self, start: int, end: int) -> None:
        """Check order and times of some rows: in blocks, to need little memory for millions."""
        rows = slice(start, end)
        group, cohort = self.group[rows], self.cohort[rows]
        demand(
            bool((group[1:] >= group[:-1]).all()),
            "lives.group decreases: lives must be sorted by group",
        )
        wrong = (cohort[1:] < cohort[:-1]) & (group[1:] == group[:-1])
        if wrong.any():
            at = start + first(wrong) + 1
            raise EngineError(
                f"lives.cohort[{at}] is {self.cohort[at]}, less than the row before it in "
                f"group {self.group[at]}: lives must be sorted by cohort within a group"
            )
        wrong = self.leave[rows] <= self.enter[rows]
        if wrong.any():
            at = start + first(wrong)
            raise EngineError(
                f"lives.leave[{at}] is {self.leave[at]} but lives.enter[{at}] is "
                f"{self.enter[at]}: people must leave after they enter ({NEVER} means never)"
            )
        wrong = cohort.astype(np.int32) + self.enter[rows] < -1
        if wrong.any():
            at = start + first(wrong)
            raise EngineError(
                f"lives.enter[{at}] is {self.enter[at]} with cohort {self.cohort[at]}: nobody "
                f"enters more than one stock before age 0 (a child born in step t has cohort "
                f"-1 - t and enters at t)"
            )


@dataclass(frozen=True)
class Tables:
    """The rates of one arm.

    Attributes:
        hazard: float32[S, T, 107, 32]. Yearly hazard by stratum, step, age + 1 and lane (onset of
            conditions 0 to 19, death 20) before multipliers.
        ratio: float32[B, C, 32]. Multiplier of each lane for having each condition, by band.
        risk: float32[P, F, V, S, B, 32]. Multiplier of each lane for each factor's level.
        period: int[T]. Which of the P sets of ``risk`` holds in each step.
        frailty_power: float32[32]. A lane's hazard is multiplied by frailty to this power.
        remits: int64[R]. The conditions that can remit, R at most 10.
        remission: float32[R, D]. Hazard per year by completed years in the spell, the last held;
            1e30 makes it certain.
        rate: float32[S, 106, 6, L] or None. Loads per person and year by age and segment 0 to 5.
        load_ratio: float32[C, L] or None. Multiplier of each load for having each condition.
    """

    hazard: npt.NDArray[np.float32]
    ratio: npt.NDArray[np.float32]
    risk: npt.NDArray[np.float32]
    period: npt.NDArray[np.int64]
    frailty_power: npt.NDArray[np.float32]
    remits: npt.NDArray[np.int64]
    remission: npt.NDArray[np.float32]
    rate: npt.NDArray[np.float32] | None = None
    load_ratio: npt.NDArray[np.float32] | None = None

    @property
    def strata(self) -> int:
        """Number of strata, S."""
        return int(self.hazard.shape[0])

    @property
    def steps(self) -> int:
        """Number of yearly steps, T."""
        return int(self.hazard.shape[1])

    @property
    def loads(self) -> int:
        """Number of loads, L; 0 without any."""
        return 0 if self.rate is None else int(self.rate.shape[3])

    def check(self) -> None:
        """Check types, shapes and ranges.

        Raises:
            EngineError: Something is wrong; the message names the array and the first cell.
        """
        for name in ("hazard", "ratio", "risk", "frailty_power", "remission"):
            typed(f"tables.{name}", getattr(self, name), np.float32)
        typed("tables.remits", self.remits, np.int64)
        typed("tables.period", self.period, np.int64, np.int32)
        shaped("tables.hazard", self.hazard, (None, None, ROWS, LANES))
        strata, steps = self.strata, self.steps
        demand(strata >= 1 and steps >= 1, "tables.hazard is empty: it needs a stratum and a step")
        shaped("tables.ratio", self.ratio, (RATE_BANDS, CONDITIONS, LANES))
        shaped("tables.risk", self.risk, (None, None, None, strata, RATE_BANDS, LANES))
        shaped("tables.period", self.period, (steps,))
        shaped("tables.frailty_power", self.frailty_power, (LANES,))
        shaped("tables.remits", self.remits, (None,))
        shaped("tables.remission", self.remission, (self.remits.size, None))
        demand(
            self.remits.size <= MOST_REMITTING,
            f"tables.remits names {self.remits.size} conditions: at most {MOST_REMITTING} can "
            f"remit, because the tally of flows has that many columns for them",
        )
        demand(
            np.unique(self.remits).size == self.remits.size,
            "tables.remits names a condition twice",
        )
        within("tables.remits", self.remits, 0, CONDITIONS - 1)
        if self.remits.size:
            demand(self.remission.shape[1] >= 1, "tables.remission has no years: it needs one")
        within("tables.hazard", self.hazard, 0.0, 2 * CERTAIN)
        # The state's own multipliers stay finite: 1e30 * 1e6 is well inside float32.
        within("tables.ratio", self.ratio, 0.0, 1e6)
        within("tables.risk", self.risk, 0.0, 1e6)
        within("tables.period", self.period, 0, max(self.risk.shape[0] - 1, 0))
        within("tables.frailty_power", self.frailty_power, -10.0, 10.0)
        within("tables.remission", self.remission, 0.0, 2 * CERTAIN)
        demand(
            (self.rate is None) == (self.load_ratio is None),
            "tables.rate and tables.load_ratio go together: give both or neither",
        )
        if self.rate is not None and self.load_ratio is not None:
            typed("tables.rate", self.rate, np.float32)
            typed("tables.load_ratio", self.load_ratio, np.float32)
            shaped("tables.rate", self.rate, (strata, AGES, 6, None))
            shaped("tables.load_ratio", self.load_ratio, (CONDITIONS, self.rate.shape[3]))
            within("tables.rate", self.rate, 0.0, 1e12)
            within("tables.load_ratio", self.load_ratio, 0.0, 1e6)


def _segment_starts() -> npt.NDArray[np.int64]:
    return np.array([0, 9, 69, 159, 296], dtype=np.int64)


@dataclass(frozen=True)
class Scoring:
    """What a state is worth: the same for every arm.

    Attributes:
        score: int64[C]. Points of each condition, in hundredths; a person's score is their sum.
        utility_norm: float64[S, 106]. Utility of a year by stratum and age.
        utility_ratio: float64[C]. What having each condition multiplies utility by.
        starts: int64[5]. Lowest score (hundredths) of segments 1 to 5, the first 0.
        major: Scores strictly over this many hundredths are major illness.
        child_age: People younger than this are segment 0.
    """

    score: npt.NDArray[np.int64]
    utility_norm: npt.NDArray[np.float64]
    utility_ratio: npt.NDArray[np.float64]
    starts: npt.NDArray[np.int64] = field(default_factory=_segment_starts)
    major: int = 150
    child_age: int = 17

    def check(self, strata: int) -> None:
        """Check types, shapes and ranges.

        Args:
            strata: Number of strata, S.

        Raises:
            EngineError: Something is wrong; the message names the array.
        """
        typed("scoring.score", self.score, np.int64)
        typed("scoring.starts", self.starts, np.int64)
        typed("scoring.utility_norm", self.utility_norm, np.float64)
        typed("scoring.utility_ratio", self.utility_ratio, np.float64)
        shaped("scoring.score", self.score, (CONDITIONS,))
        shaped("scoring.starts", self.starts, (5,))
        shaped("scoring.utility_norm", self.utility_norm, (strata, AGES))
        shaped("scoring.utility_ratio", self.utility_ratio, (CONDITIONS,))
        within("scoring.score", self.score, 0, 1_000_000)
        within("scoring.utility_norm", self.utility_norm, -1.0, 1.0)
        within("scoring.utility_ratio", self.utility_ratio, 0.0, 10.0)
        demand(
            int(self.starts[0]) == 0 and bool((np.diff(self.starts) > 0).all()),
            f"scoring.starts is {self.starts.tolist()}: it must begin with 0 and increase",
        )


@dataclass(frozen=True)
class Tallies:
    """What happened in one arm, weighted (float64 throughout).

    Attributes:
        stock: [G, T + 1, 19, 32]. State at each stock by band of age. Lanes 0 to 19 people with
            each condition, 20 people, 21 utility, 22 score (hundredths), 23 major illness, 24 to
            28 segments 1 to 5, 29 segment 0 (children), 30 two or more conditions, 31 four or
            more.
        flow: [G, T, 19, 40]. What happens in each step by band of age at its start (age -1 is in
            the first). Lanes 0 to 19 new cases, 20 deaths, 21 expected deaths, 22 person-years,
            23 quality-adjusted life years, 24 to 28 deaths by segment 1 to 5 at the start of
            the step, 29 deaths in segment 0, 30 + j remissions of the j-th remitting condition.
        stock_age: [S, T + 1, 106, 3]. People, people without major illness and utility by single
            age.
        flow_age: [S, T, 107, 3]. Deaths, expected deaths and people at risk at the start of the
            step by age + 1.
        load: [G, T, 6, L] or None. Expected load in each step by segment 0 to 5: the average of
            the load per year at the start and at the end of the step, both with what people are
            on in the step.
        reached: [G, T, K, 6, 3] or None. For each of the arm's K actions by segment 0 to 5 at the
            start of the step: person-years on it in the step (half of the step for those who die
            or leave in it), people who start at the stock that begins the step, and people
            eligible at that stock, whether on it or not.
    """

    stock: npt.NDArray[np.float64]
    flow: npt.NDArray[np.float64]
    stock_age: npt.NDArray[np.float64]
    flow_age: npt.NDArray[np.float64]
    load: npt.NDArray[np.float64] | None
    reached: npt.NDArray[np.float64] | None = None

    def arrays(self) -> dict[str, npt.NDArray[np.float64]]:
        """The tallies by name, without those that were not asked for."""
        named = {
            "stock": self.stock,
            "flow": self.flow,
            "stock_age": self.stock_age,
            "flow_age": self.flow_age,
        }
        if self.load is not None:
            named["load"] = self.load
        if self.reached is not None:
            named["reached"] = self.reached
        return named


@dataclass(frozen=True)
class Histories:
    """When things first happened to each person: for tests and for teaching.

    Attributes:
        onset: int16[n, C]. Step of the first new case; 32767 when there is none.
        death: int16[n]. Step of death; 32767 when there is none.
        reached: int16[n, K]. Step in which the person was first on each of the arm's actions;
            32767 for never.
    """

    onset: npt.NDArray[np.int16]
    death: npt.NDArray[np.int16]
    reached: npt.NDArray[np.int16]


def check_arms(lives: Lives, arms: Sequence[Tables], scoring: Scoring) -> None:
    """Check everything that a simulation is given, each alone and all together.

    Args:
        lives: The people.
        arms: The tables of each arm; steps, strata and loads must be the same in all.
        scoring: What states are worth.

    Raises:
        EngineError: Something is wrong or does not fit with the rest.
    """
    demand(len(arms) >= 1, "there are no arms: give the tables of one at least")
    lives.check()
    for number, tables in enumerate(arms):
        try:
            tables.check()
        except EngineError as error:
            raise EngineError(f"arm {number}: {error}") from None
        for name in ("strata", "steps", "loads"):
            have, want = getattr(tables, name), getattr(arms[0], name)
            demand(have == want, f"arm {number} has {have} {name} but arm 0 has {want}")
        factors, levels = tables.risk.shape[1:3]
        demand(
            lives.levels.shape[1] == factors,
            f"lives.levels has {lives.levels.shape[1]} factors but arm {number}'s tables.risk "
            f"has {factors}",
        )
        demand(
            lives.since.shape[1] == tables.remits.size,
            f"lives.since has {lives.since.shape[1]} columns but arm {number} has "
            f"{tables.remits.size} remitting conditions",
        )
        if factors:
            within("lives.levels", lives.levels, 0, levels - 1)
        demand(
            bool((tables.remits == arms[0].remits).all()),
            f"arm {number} has other remitting conditions than arm 0",
        )
    within("lives.group_stratum", lives.group_stratum, 0, arms[0].strata - 1)
    scoring.check(arms[0].strata)
