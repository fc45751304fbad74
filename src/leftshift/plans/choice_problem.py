"""States the choice among candidates as a mixed-integer programme: values, limits, floors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from leftshift.errors import PlanError, listed
from leftshift.plans.candidates import Aim, Candidates, shifted
from leftshift.plans.choice import Hinge, Limit, Option, Problem
from leftshift.plans.limits import Limits, Schedule
from leftshift.plans.prioritise_rules import Rules
from leftshift.plans.worth import present
from leftshift.quantities import FinancialYear

__all__ = ["budgeted", "problem_of", "within", "worth_alone"]

Array = NDArray[np.float64]

_FLOOR: Final = 1e-9
_WORDS: Final = {"staff": "further staff", "capacity": "further use of capacity"}


def problem_of(
    found: Candidates, rules: Rules, limits: Limits, aim: Aim, run: int = 0, budget: float = 1.0
) -> Problem:
    """States the choice as a mixed-integer programme.

    Args:
        found: what candidates do.
        rules: what a choice has to keep to.
        limits: of the plan.
        aim: what is sought.
        run: 0 for the central run, or a draw.
        budget: multiplies the limit on new spend.

    Raises:
        PlanError: a limit is on something of which nothing is known.
    """
    options = tuple(Option(k, d) for k, one in enumerate(found.ids) for d in rules.starts(one))
    owner = np.array([one.candidate for one in options], np.intp)
    delay = np.array([one.delay for one in options], np.intp)
    made = _Limits(found, rules, limits, run, owner, delay, budget)
    _, fixed = made.spend
    value, whole, hinge = np.zeros(len(options)), np.zeros(len(options)), None
    if aim.kind == "gap":
        own = made.moved(found.of("cost_intervention")) - fixed
        released = made.moved(found.of("cash_released"))
        weight = present(np.ones(len(found.years)), aim.money)
        if aim.gap is None:
            value, whole = (released - own) @ weight, -fixed @ weight
        else:
            hinge = Hinge(weight, np.asarray(aim.gap, float), (own - released).T, fixed.T)
    else:
        moved = shifted(found.qaly[run] @ aim.weights[run], owner, delay)
        value = present(moved, aim.health).sum(axis=1)
    smallest = np.array([rules.least(one) for one in found.ids])
    return Problem(found.ids, options, value, whole, smallest, made.all(), hinge)


class _Limits:
    """Builds the limits of one run; amounts by option and year are ``[N, Y]``."""

    def __init__(
        self,
        found: Candidates,
        rules: Rules,
        limits: Limits,
        run: int,
        owner: NDArray[np.intp],
        delay: NDArray[np.intp],
        budget: float,
    ) -> None:
        self.found, self.rules, self.limits = found, rules, limits
        self.run, self.owner, self.delay, self.budget = run, owner, delay, budget
        cost = self.moved(found.new_spend)
        fixed = np.zeros_like(cost) if found.fixed is None else self.moved(found.fixed)
        self.spend = (cost - fixed, fixed)
        self.none = np.zeros(len(owner))

    def moved(self, amounts: Array) -> Array:
        return shifted(amounts[self.run], self.owner, self.delay)

    def all(self) -> tuple[Limit, ...]:
        return (
            *self._required(),
            *self._exclusive(),
            *self._needs(),
            *self._new_spend(),
            *self._floors(),
            *self._new_floors(),
            *self._used("staff", "WTE"),
            *self._used("capacity", "units a year"),
        )

    def _years(self) -> list[tuple[int, FinancialYear]]:
        labels = self.found.years
        return [(y, FinancialYear(labels[y])) for y in range(self.found.start, len(labels))]

    def _mine(self, *which: int) -> Array:
        found: Array = np.isin(self.owner, which).astype(np.float64)
        return found

    def _required(self) -> list[Limit]:
        found = []
        for one in self.rules.required:
            size = self.rules.least(one) if one in self.rules.smallest else 1.0
            mine = self._mine(self.found.ids.index(one))
            name, label = f"required.{one}", f"{one} being required"
            found.append(
                Limit(name, name, label, "required", "", "share of its reach", "least",
                      size, mine, self.none)
            )  # fmt: skip
        return found

    def _exclusive(self) -> list[Limit]:
        found = []
        for group in self.rules.exclusive:
            mine = self._mine(*(self.found.ids.index(one) for one in group))
            name = f"exclusive.{'+'.join(group)}"
            label = f"at most one of {listed(group, 20)}"
            found.append(
                Limit(name, name, label, "exclusive", "", "interventions", "most",
                      1.0, self.none, mine)
            )  # fmt: skip
        return found

    def _needs(self) -> list[Limit]:
        found = []
        for k, other in self.found.needs:
            mine = self._mine(k) - self._mine(other)
            ids = self.found.ids
            name, label = f"needs.{ids[k]}.{ids[other]}", f"{ids[k]} resting on {ids[other]}"
            found.append(
                Limit(name, name, label, "needs", "", "interventions", "most", 0.0, self.none, mine)
            )
        return found

    def _new_spend(self) -> list[Limit]:
        if self.limits.new_spend is None:
            return []
        size, fixed = self.spend
        if self.rules.reinvest:
            own = self.found.of("cost_intervention") - self.found.of("cash_released")
            size = self.moved(own) - fixed
        found = []
        for y, year in self._years():
            most = self.limits.new_spend.of(year)
            if most is not None:
                found.append(
                    Limit(f"new_spend.{year}", "new_spend", f"new spend in {year}", "new_spend",
                          year.label, "£", "most", most * self.budget, size[:, y], fixed[:, y])
                )  # fmt: skip
        return found

    def _floors(self) -> list[Limit]:
        if not self.limits.floor:
            return []
        settings = [name for name in self.found.levels if name.startswith("setting.")]
        levels = {name: self.found.levels[name][self.run] for name in settings}
        moved = {
            name: self.moved(self.found.uses[name]) for name in settings if name in self.found.uses
        }
        total = np.sum(list(levels.values()), axis=0) if levels else np.zeros(0)
        change = np.sum(list(moved.values()), axis=0) if moved else np.zeros(0)
        found = []
        for setting, floor in self.limits.floor.items():
            name = f"setting.{setting}"
            if name not in levels or name not in moved:
                raise PlanError(
                    f"floor: spend on {setting} is not known, so that its floor cannot be kept. "
                    "Take it out of [limits]."
                )
            for y, year in self._years():
                share = floor.of(year)
                if share is None:
                    continue
                found.append(
                    Limit(f"floor.{setting}.{year}", f"floor.{setting}",
                          f"the floor of {share * 100:.3g}% of spend on {setting} in {year}",
                          "floor",
                          year.label, "£", "least",
                          float(share * total[y] - levels[name][y]),
                          moved[name][:, y] - share * change[:, y], self.none,
                          share, float(total[y]))
                )  # fmt: skip
        return found

    def _new_floors(self) -> list[Limit]:
        size, fixed = self.spend
        shifts = np.array(self.found.shifts)[self.owner]
        found = []
        for shift, floor in self.rules.floor_new.items():
            own = (shifts == shift)[:, None]
            for y, year in self._years():
                share = floor.of(year)
                if share is None:
                    continue
                parts = [((own - share) * part)[:, y] for part in (size, fixed)]
                found.append(
                    Limit(f"floor_new.{shift}.{year}", f"floor_new.{shift}",
                          f"the floor of {share * 100:.3g}% of new spend for {shift} in {year}",
                          "floor_new", year.label, "£", "least", 0.0, parts[0], parts[1], share)
                )  # fmt: skip
        return found

    def _used(self, kind: str, unit: str) -> list[Limit]:
        found = []
        for name, most in getattr(self.limits, kind).items():
            amounts = self.found.uses.get(f"{kind}.{name}")
            if amounts is None and kind == "capacity" and name in self.found.measures:
                amounts = self.found.of(name)
            if amounts is None:
                raise PlanError(
                    f"{kind}: what candidates use of {name} is not known, so that its limit cannot "
                    "be kept. Take it out of [limits]."
                )
            moved = self.moved(amounts)
            for y, year in self._years():
                bound = most.of(year)
                if bound is not None:
                    found.append(
                        Limit(f"{kind}.{name}.{year}", f"{kind}.{name}",
                              f"{_WORDS[kind]} ({name}) in {year}", kind,
                              year.label, unit, "most", bound, moved[:, y], self.none)
                    )  # fmt: skip
        return found


def worth_alone(problem: Problem) -> Array:
    """What each candidate is worth alone at full size, from its best start, ``[K]``."""
    each = [problem.worth(row) for row in np.eye(len(problem.options))]
    best = np.full(len(problem.candidates), -np.inf)
    np.maximum.at(best, problem.owner, np.array(each))
    return best


def within(problem: Problem, limits: Sequence[Limit], size: Array) -> list[Limit]:
    """The limits that sizes ``[N]`` break, beyond the solver's tolerance."""
    broken = []
    for one in limits:
        over = problem.level(one, size) - one.bound
        over = over if one.sense == "most" else -over
        room = max(float(np.abs(one.size).max(initial=0.0)), abs(one.bound), _FLOOR)
        if over > 1e-5 * room:
            broken.append(one)
    return broken


def budgeted(found: Candidates, limits: Limits) -> Limits:
    """Limits with one on new spend: where a plan has none, what all candidates cost together."""
    if limits.new_spend is not None:
        return limits
    every = found.new_spend[0].sum(axis=0)
    # The same in every year, the dearest: what all of them cost when none is put off.
    most = max(float(every.max()), 0.0)
    points = ((FinancialYear(found.years[found.start]), most),)
    return replace(limits, new_spend=Schedule(points))
