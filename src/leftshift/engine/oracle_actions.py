"""Actions as the slow engine does them: every action looks at everybody at every stock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .actions import Action, Clause
from .lives import AGES, CONDITIONS, DEATH_LANE, Lives, Scoring, Tables

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class Doing:
    """Who is on what: one arm's actions and everybody's standing with each.

    Attributes:
        on: bool[n, K]. Who is on each action in the step now under way.
        tally: [G, T, K, 6, 3], as `Tallies.reached`.
    """

    def __init__(
        self,
        actions: Sequence[Action],
        lives: Lives,
        tables: Tables,
        scoring: Scoring,
        rng: np.random.Generator,
    ) -> None:
        self.actions = actions
        self.lives = lives
        self.tables = tables
        self.scoring = scoring
        shape = (len(lives), len(actions))
        self.on = np.zeros(shape, dtype=bool)
        self.tally = np.zeros((lives.groups, tables.steps, len(actions), 6, 3))
        self._segment = np.zeros(len(lives), dtype=int)
        self._ever = np.zeros(shape, dtype=bool)
        self._over = np.zeros(shape, dtype=bool)
        self._start = np.zeros(shape, dtype=int)
        # one rank for each person and key, for good
        keys, column = np.unique([a.key for a in actions], return_inverse=True)
        self._rank = rng.random((len(lives), keys.size))[:, column]

    def decide(self, t: int, here: Flags, has: Flags) -> None:
        """Decide what everyone is on in step ``t``.

        Args:
            t: The stock.
            here: bool[n]. Who is alive and present.
            has: bool[n, C]. Who has which condition.
        """
        score = has @ self.scoring.score
        age = np.minimum(self.lives.cohort.astype(int) + t, AGES - 1)
        self._segment = np.searchsorted(self.scoring.starts, score, side="right")
        self._segment[age < self.scoring.child_age] = 0
        for k, action in enumerate(self.actions):
            fits = [self._meets(clause, age, score, has, k) for clause in action.who]
            eligible = here & np.any([np.zeros_like(here), *fits], axis=0)
            reach = np.broadcast_to(action.reach, (self.lives.groups, self.tables.steps))
            room = self._rank[:, k] < reach[self.lives.group, t]
            on = self.on[:, k] & here
            over = on & bool(action.years) & (t - self._start[:, k] >= action.years)
            self._over[over, k] = True
            stays = on & ~over
            if action.while_reached:
                stays &= room
            if action.while_eligible:
                stays &= eligible
            starting = eligible & room & ~on & ~self._over[:, k]
            self._start[starting, k] = t
            self._ever[starting, k] = True
            self.on[:, k] = stays | starting
            three = np.stack([self.on[:, k], starting, eligible], axis=1)
            self._count(t, k, slice(None), three * self.lives.weight[:, None].astype(float))

    def end_step(self, t: int, here: Flags) -> None:
        """Take half of step ``t`` off for those who were on something and are no longer here."""
        gone = ~here
        half = self.lives.weight.astype(float) / 2
        for k in range(len(self.actions)):
            self._count(t, k, 0, -half * (self.on[:, k] & gone))

    def _count(self, t: int, k: int, column: Any, values: Floats) -> None:
        np.add.at(self.tally[:, t, k, :, column], (self.lives.group, self._segment), values)

    def _meets(self, clause: Clause, age: Any, score: Any, has: Flags, k: int) -> Flags:
        lives = self.lives
        meets: Flags = (age >= clause.from_age) & (age < clause.to_age)
        meets &= (score >= clause.from_score) & (score < clause.to_score)
        meets &= (clause.segments >> self._segment & 1).astype(bool)
        for mask, how in ((clause.all_of, "all"), (clause.any_of, "any"), (clause.none_of, "no")):
            named = [c for c in range(CONDITIONS) if mask >> c & 1]
            if how == "all":
                meets &= has[:, named].all(axis=1)
            elif how == "any" and named:
                meets &= has[:, named].any(axis=1)
            elif how == "no":
                meets &= ~has[:, named].any(axis=1)
        if clause.groups is not None:
            meets &= clause.groups[lives.group]
        if clause.levels is not None:
            for f, mask in enumerate(clause.levels):
                meets &= (int(mask) >> lives.levels[:, f].astype(int) & 1).astype(bool)
        if clause.reached is not None:
            earlier = [j for j in range(k) if self.actions[j].key == clause.reached]
            meets &= self._ever[:, earlier].any(axis=1)
        return meets

    def _years(self, rows: npt.NDArray[Any], k: int, t: int) -> Any:
        """Each person's row of effects by completed years, the last held."""
        return rows[np.clip(t - self._start[:, k], 0, rows.shape[0] - 1)]

    def hazards(self, who: Any, t: int) -> Floats:
        """What multiplies the hazards of the people ``who`` in step ``t``: [len(who), 21]."""
        lives = self.lives
        out = np.ones((len(lives), DEATH_LANE + 1))
        stratum = lives.group_stratum[lives.group]
        band = np.clip(lives.cohort.astype(int) + t, 0, AGES - 1) // 5
        for k, action in enumerate(self.actions):
            times = np.ones_like(out)
            if action.hazard is not None:
                times = self._years(action.hazard, k, t)[:, : DEATH_LANE + 1].astype(float)
            if action.shift is not None:
                f = action.shift.factor
                period = self.tables.period[t]
                held = min(int(period), action.shift.risk.shape[0] - 1)
                at = (lives.levels[:, f], stratum, band)
                usual = self.tables.risk[period, f][at].astype(float)
                shifted = action.shift.risk[held][at].astype(float) / usual
                share = self._years(action.shift.strength, k, t)[:, None]
                times = times * (1 + share * (shifted[:, : DEATH_LANE + 1] - 1))
            out[self.on[:, k]] *= times[self.on[:, k]]
        return np.asarray(out[who])

    def loads(self, who: Any, t: int) -> Floats:
        """What multiplies the loads of the people ``who`` in step ``t``: [len(who), L]."""
        out = np.ones((len(self.lives), self.tables.loads))
        for k, action in enumerate(self.actions):
            if action.load is not None:
                on = self.on[:, k]
                out[on] *= self._years(action.load, k, t)[on].astype(float)
        return np.asarray(out[who])
