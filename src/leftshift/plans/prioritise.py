"""Which of a plan's interventions to do, how much of each and from when, within its limits.

Each candidate is run alone against the baseline, and what it does by year is taken as linear: half
its reach does half as much, and a start two years later does the same two years later. That is an
estimate, which is why the chosen plan is run again as a whole and what differs is shown
(`resimulated`). The parts of it that are not linear are people on two interventions at once, the
horizon cutting off later starts, and a population that has grown older meanwhile.

The choice itself is a mixed-integer programme: `leftshift.plans.choice`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from leftshift.errors import ModelError, PlanError
from leftshift.plans import choice as solver
from leftshift.plans.candidates import Aim, Candidates, aim_of, candidates, shifted
from leftshift.plans.choice import Clash, Limit, Problem, Taken
from leftshift.plans.choice_problem import problem_of, worth_alone
from leftshift.plans.differences import written
from leftshift.plans.effects import intervals
from leftshift.plans.files import Plan
from leftshift.plans.limits import Limits
from leftshift.plans.prioritise_rules import Rules
from leftshift.plans.results import Results
from leftshift.quantities import FinancialYear

__all__ = [
    "Aim",
    "Candidates",
    "Choice",
    "aim_of",
    "candidates",
    "choose",
    "chosen_of",
    "chosen_plan",
    "estimate",
    "explained",
    "problem_of",
    "resimulated",
]

Array = NDArray[np.float64]

_FLOOR: Final = 1e-9


# The choice -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Choice:
    """What is chosen.

    Attributes:
        size: ``[K]`` share of its reach at which each is done; 0 where it is left out.
        delay: ``[K]`` years after the first in which each begins; 0 where it is left out.
        value: what it is worth by the aim.
        unit: of the value.
        proven: whether none can be better by more than a millionth.
        taken: by option, as the solver gave it.
        problem: what was solved.
    """

    size: Array
    delay: NDArray[np.intp]
    value: float
    unit: str
    proven: bool
    taken: Taken
    problem: Problem

    @property
    def chosen(self) -> tuple[int, ...]:
        """Which are done, in the order of the file."""
        return tuple(int(k) for k in np.flatnonzero(self.size > 0.0))


def chosen_of(problem: Problem, taken: Taken, unit: str) -> Choice:
    """A choice by candidate, from one by option."""
    size = np.zeros(len(problem.candidates))
    delay = np.zeros(len(problem.candidates), np.intp)
    for one, part in zip(problem.options, taken.size, strict=True):
        if part > 0.0:
            size[one.candidate], delay[one.candidate] = part, one.delay
    return Choice(size, delay, taken.value, unit, taken.proven, taken, problem)


def choose(found: Candidates, rules: Rules, limits: Limits, aim: Aim) -> Choice | Clash:
    """Makes the choice on the central run.

    Returns:
        The best choice, or the limits that clash: see `explained`.

    Raises:
        PlanError: nothing can be afforded, none of the candidates is of any worth, a limit is below
            nothing, a floor is above all, or a limit is on something of which nothing is known.
    """
    if not found.ids:
        raise PlanError("there are no candidates to choose from.")
    _sound(limits)
    problem = problem_of(found, rules, limits, aim)
    _finite(problem)
    taken = solver.solve(problem)
    if isinstance(taken, Clash):
        return taken
    choice = chosen_of(problem, taken, aim.unit)
    if not choice.chosen:
        raise _nothing(choice)
    return choice


def _sound(limits: Limits) -> None:
    named = {"new_spend": limits.new_spend} if limits.new_spend is not None else {}
    for kind in ("floor", "staff", "capacity"):
        named |= {f"{kind}.{name}": one for name, one in getattr(limits, kind).items()}
    for name, one in named.items():
        most = 1.0 if name.startswith("floor.") else np.inf
        for year, amount in one.points:
            if not 0.0 <= amount <= most or not np.isfinite(amount):
                room = "between 0 and 1" if most == 1.0 else "0 or more"
                raise PlanError(f"{name} in {year} is {amount:g}. It must be {room}.")


def _finite(problem: Problem) -> None:
    for one in problem.limits:
        if not (np.isfinite(one.size).all() and np.isfinite(one.fixed).all()):
            raise ModelError(
                f"[not_finite] what candidates use of {one.label} is no number. This is a defect "
                "in Leftshift, or a figure of the plan that is far out of range."
            )


def _nothing(choice: Choice) -> PlanError:
    problem = choice.problem
    worth = worth_alone(problem)
    what = {"£": "lessens the funding gap"}.get(choice.unit, f"gains any {choice.unit}")
    if (worth <= _FLOOR).all():
        return PlanError(
            f"nothing to choose: none of the {len(worth)} candidates {what} within the horizon. "
            "Run longer, give other candidates, or seek something else (aim)."
        )
    best = None
    for k in np.flatnonzero(worth > _FLOOR):
        for n in np.flatnonzero(problem.owner == k):
            least = np.zeros(len(problem.options))
            least[n] = problem.smallest[k]
            broken = [
                (problem.level(one, least) - one.bound, problem.level(one, least), one)
                for one in problem.limits
                if one.sense == "most" and problem.level(one, least) > one.bound
            ]
            worst = max(
                broken, key=lambda entry: entry[1] / max(entry[2].bound, _FLOOR), default=None
            )
            if worst is None:
                continue
            ratio = worst[1] / max(worst[2].bound, _FLOOR)
            if best is None or ratio < best[0]:
                best = (ratio, worst[1], worst[2], problem.candidates[k])
    if best is None:
        return PlanError(
            "nothing to choose: no candidate can be done within the limits, or on its own. Raise "
            "limits, or lower floors."
        )
    _, needed, limit, name = best
    return PlanError(
        f"nothing can be afforded. The nearest is {name}: {limit.label} would come to "
        f"{amount(needed, limit.unit)}, and the limit is {amount(limit.bound, limit.unit)}. Raise "
        f"{limit.group} in [limits], or let candidates be smaller (smallest)."
    )


def amount(value: float, unit: str) -> str:
    """An amount as a sentence gives it."""
    if unit == "£":
        sign, size = ("-" if value < 0 else ""), abs(value)
        return f"{sign}£{size / 1e6:,.2f}m" if size >= 1e5 else f"{sign}£{size:,.0f}"
    return f"{value:,.3g} {unit}".strip() if abs(value) < 1e3 else f"{value:,.0f} {unit}".strip()


def explained(clash: Clash, problem: Problem) -> list[str]:
    """Why no choice is possible, in sentences: what clashes, and what would have to give.

    Args:
        clash: of `choose`.
        problem: what was to be solved (`problem_of`).
    """
    by_id = {one.id: one for one in problem.limits}
    named = [_group_words([one for one in clash.limits if one.group == g]) for g in clash.groups]
    if len(named) == 1:
        said = [f"Nothing that is allowed keeps {named[0]}."]
    else:
        said = [
            f"These limits cannot all be kept: {'; '.join(named)}. Without any one of them the "
            "rest can be."
        ]
    for way in clash.ways.values():
        said.append(f"It would be enough {_relaxed(way, by_id)}.")
    relax = {by_id[name].group for name in clash.relax}
    if len(relax) > 1 or not clash.ways:
        said.append(f"The fewest changes that do: {_relaxed(clash.relax, by_id)}.")
    return said


def _group_words(mine: Sequence[Limit]) -> str:
    first = mine[0]
    if len(mine) == 1:
        return first.label
    years = f"{first.year} to {mine[-1].year}"
    return f"{first.label.replace(f' in {first.year}', '')} ({years})"


def _relaxed(way: Mapping[str, float], by_id: Mapping[str, Limit]) -> str:
    groups: dict[str, list[str]] = {}
    for name in way:
        groups.setdefault(by_id[name].group, []).append(name)
    said = []
    for names in groups.values():
        hardest = max(names, key=lambda name: way[name])
        words = _one_relaxed(by_id[hardest], way[hardest])
        others = len(names) - 1
        if others:
            words += f" (and by as much or less in {others} other year{'s' * (others > 1)})"
        said.append(words)
    return " and ".join(said)


def _one_relaxed(one: Limit, more: float) -> str:
    if one.kind == "required":
        left = one.bound - more
        name = one.id.removeprefix("required.")
        return (
            f"to do {name} at {left:.0%} of its reach" if left > 0.005 else f"not to require {name}"
        )
    if one.kind == "exclusive":
        return f"to allow more than one of {one.id.removeprefix('exclusive.').replace('+', ', ')}"
    if one.kind == "needs":
        return f"to do {one.label.replace(' resting on ', ' without ')}"
    if one.kind == "floor" and one.whole > 0.0:
        least = max(one.share - more / one.whole, 0.0) * 100.0
        return f"to lower {one.label} to {least:.3g}%"
    if one.sense == "least":
        return f"to let {one.label} be missed by {amount(more, one.unit)}"
    here, there = amount(one.bound, one.unit), amount(one.bound + more, one.unit)
    return f"to raise {one.label} from {here} to {there}"


# The chosen plan ------------------------------------------------------------------------------


def estimate(found: Candidates, choice: Choice) -> Array:
    """The linear estimate of the chosen plan, ``[R, Y, M]``."""
    every = np.arange(len(found.ids), dtype=np.intp)
    summed = np.zeros((len(found.effect), *found.effect.shape[2:]))
    fixed = found.fixed
    cost = found.measures.index("cost_intervention")
    total = found.measures.index("spend")
    for run in range(len(found.effect)):
        moved = shifted(found.effect[run], every, choice.delay)
        summed[run] = np.tensordot(choice.size, moved, axes=1)
        if fixed is not None:
            part = (choice.size > 0.0) * (1.0 - choice.size)
            more = part @ shifted(fixed[run], every, choice.delay)
            summed[run, :, cost] += more
            summed[run, :, total] += more
    return summed


def chosen_plan(plan: Plan, choice: Choice, name: str | None = None) -> str:
    """The chosen plan as a plan file, ready to be run.

    Interventions keep their order. The reach of each is that of the plan times its size, as many
    years later as it begins later; all else stays as the plan has it. Paths in it (area,
    comparator) stay as written, so that it belongs into the same folder.

    Args:
        plan: the plan of all candidates.
        choice: of them.
        name: of the new plan; the old one's with "chosen" after it where None.
    """
    content: dict[str, Any] = {**plan.canonical}
    kept = [plan.interventions[k] for k in choice.chosen]
    blocks = {}
    for k, one in zip(choice.chosen, kept, strict=True):
        block = dict(content["intervention"][one.id])
        shares = {}
        for year in range(int(plan.start), int(plan.last) + 1):
            share = one.reach.of(FinancialYear(year - int(choice.delay[k])))
            shares[FinancialYear(year).label] = float(f"{share * choice.size[k]:.9g}")
        blocks[one.id] = {**block, "reach": _bends(shares)}
    head = dict(content["plan"])
    head["name"] = (name or f"{head['name'][:72].strip()} chosen").strip()
    content |= {"plan": head, "intervention": blocks, "order": [one.id for one in kept]}
    content.pop("prioritise", None)  # The choice is made, and ids that it names may be gone.
    return written(content)


def _bends(shares: Mapping[str, float]) -> dict[str, float]:
    """The points at which reach bends: it runs straight between, and is held after the last."""
    labels, values = list(shares), list(shares.values())
    kept = {}
    for i, label in enumerate(labels):
        here = values[i]
        before = here - values[i - 1] if i else None
        after = values[i + 1] - here if i + 1 < len(values) else 0.0
        if before is None or abs(before - after) > 1e-9:
            kept[label] = here
    # What is nothing until it begins needs no point, save the last nought of a ramp.
    while len(kept) > 1 and next(iter(kept.values())) == 0.0:
        first, second = list(kept)[:2]
        if kept[second] != 0.0 and int(FinancialYear(second)) - int(FinancialYear(first)) > 1:
            break
        kept.pop(first)
    return kept


def resimulated(found: Candidates, choice: Choice, whole: Results, arm: str) -> pl.DataFrame:
    """The linear estimate of the chosen plan beside a run of it: rows of table `resimulated`.

    Args:
        found: what candidates do alone.
        choice: of them.
        whole: results of a run of the chosen plan on the same people and draws.
        arm: its name.

    Returns:
        Columns arm, year, measure, unit, linear, simulated, difference, lower, upper; the interval
        is that of the difference, over draws.
    """
    assert whole.years == found.years, "the run has to be of the same years"
    linear = estimate(found, choice)
    run = whole.place_effect[:, whole.whole].sum(axis=2)
    shared = min(len(linear), len(run))
    ends = intervals((run[:shared] - linear[:shared]).reshape(shared, -1))
    years, measures = len(found.years), len(found.measures)
    return pl.DataFrame(
        {
            "arm": [arm] * years * measures,
            "year": np.repeat(found.years, measures).tolist(),
            "measure": list(found.measures) * years,
            "unit": list(whole.units) * years,
            "linear": linear[0].reshape(-1),
            "simulated": run[0].reshape(-1),
            "difference": ends["value"],
            "lower": ends["lower"],
            "upper": ends["upper"],
        }
    )
