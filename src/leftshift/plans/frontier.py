"""What stands around a choice: more and less money, the price of limits, what was left out, doubt.

All are worked out by solving the choice again: with another budget, with a tenth more room in a
limit, with a candidate forced in, and under the figures of single draws.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from leftshift.errors import listed
from leftshift.plans import choice as solver
from leftshift.plans.candidates import Aim, Candidates, shifted
from leftshift.plans.choice import Limit, Problem, Taken
from leftshift.plans.choice_problem import budgeted, problem_of, within, worth_alone
from leftshift.plans.effects import bounds
from leftshift.plans.limits import Limits
from leftshift.plans.prioritise import Choice, chosen_of
from leftshift.plans.prioritise_rules import Rules
from leftshift.plans.worth import present

__all__ = ["Around", "around", "choices", "frontier", "left_out", "ranking", "shadow"]

Array = NDArray[np.float64]

#: How much more room a limit is given to see what it would bring.
STEP: Final = 0.1
_DUST: Final = 1e-9
_FINE: Final = 1e-5
_RULES: Final = ("required", "exclusive", "needs")


@dataclass(frozen=True)
class Around:
    """The frames of tables choices, frontier, shadow, left_out and ranking, by name."""

    tables: dict[str, pl.DataFrame]


def around(found: Candidates, rules: Rules, limits: Limits, aim: Aim, choice: Choice) -> Around:
    """Works out every table of a choice.

    Args:
        found: what candidates do.
        rules: what the choice has to keep to.
        limits: of the plan.
        aim: what is sought.
        choice: of `choose`.
    """
    return Around(
        {
            "choices": choices(found, aim, choice),
            "frontier": frontier(found, rules, limits, aim),
            "shadow": shadow(choice),
            "left_out": left_out(found, choice),
            "ranking": ranking(found, rules, limits, aim, choice),
        }
    )


def _frame(rows: list[dict[str, Any]], schema: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema)


def _number(value: float) -> float | None:
    """A figure of a table: empty where it is none, and never a minus nought."""
    return float(value) + 0.0 if np.isfinite(value) else None


# Choices --------------------------------------------------------------------------------------

_CHOICES = {
    "intervention": pl.String, "position": pl.Int64, "label": pl.String, "shift": pl.String,
    "chosen": pl.Boolean, "size": pl.Float64, "start": pl.String, "unit": pl.String,
    "value": pl.Float64, "lower": pl.Float64, "upper": pl.Float64, "qaly": pl.Float64,
    "cost": pl.Float64, "cash_released": pl.Float64, "people_reached": pl.Float64,
    "benefit_each": pl.Float64, "cost_each": pl.Float64, "value_full": pl.Float64,
    "cost_full": pl.Float64,
}  # fmt: skip


def choices(found: Candidates, aim: Aim, choice: Choice) -> pl.DataFrame:
    """One row for each candidate: how much of it, from when, and what that brings (estimated).

    What is left out has what it would bring at full reach from the first year in `value_full`,
    `cost_full`, `people_reached`, `benefit_each` and `cost_each`, so that it can be drawn beside
    what is chosen.
    """
    every = np.arange(len(found.ids), dtype=np.intp)
    done = choice.size > 0.0
    each: list[dict[str, Array]] = []
    for run in range(len(found.effect)):
        full = _sums(found, aim, run, every, np.zeros_like(every))
        taken = _sums(found, aim, run, every, choice.delay, choice.size)
        each.append({**taken, **{f"{key}_full": one for key, one in full.items()}})
    runs = {key: np.stack([one[key] for one in each]) for key in each[0]}
    ends = bounds(runs["value"])
    rows = []
    for k, name in enumerate(found.ids):
        shown = "" if done[k] else "_full"
        people = runs[f"people{shown}"][0, k]
        first = found.start + int(choice.delay[k])
        rows.append(
            {
                "intervention": name,
                "position": k + 1,
                "label": found.labels[k],
                "shift": found.shifts[k],
                "chosen": bool(done[k]),
                "size": float(choice.size[k]),
                "start": found.years[first] if done[k] else "",
                "unit": aim.unit,
                "value": _number(runs["value"][0, k]),
                "lower": None if ends is None else _number(ends[0][k]),
                "upper": None if ends is None else _number(ends[1][k]),
                "qaly": _number(runs["qaly"][0, k]),
                "cost": _number(runs["cost"][0, k]),
                "cash_released": _number(runs["released"][0, k]),
                "people_reached": _number(people),
                "benefit_each": _number(
                    runs[f"qaly{shown}"][0, k] / people if people > _DUST else np.nan
                ),
                "cost_each": _number(
                    runs[f"cost{shown}"][0, k] / people if people > _DUST else np.nan
                ),
                "value_full": _number(runs["value_full"][0, k]),
                "cost_full": _number(runs["cost_full"][0, k]),
            }
        )
    return _frame(rows, _CHOICES)


def _sums(
    found: Candidates,
    aim: Aim,
    run: int,
    every: NDArray[np.intp],
    delay: NDArray[np.intp],
    size: Array | None = None,
) -> dict[str, Array]:
    """What candidates bring over the run, discounted (people are not), ``[K]`` each."""
    part = np.ones(len(every)) if size is None else size

    def over(flow: Array, rate: float) -> Array:
        summed: Array = present(shifted(flow, every, delay), rate).sum(axis=1)
        return summed

    cost = over(found.new_spend[run], aim.money) * part
    own = over(found.of("cost_intervention")[run], aim.money) * part
    if found.fixed is not None:
        whole = over(found.fixed[run], aim.money) * (part > 0.0) * (1.0 - part)
        cost, own = cost + whole, own + whole
    released = over(found.of("cash_released")[run], aim.money) * part
    weighted = over(found.qaly[run] @ aim.weights[run], aim.health) * part
    return {
        "qaly": over(found.of("qaly")[run], aim.health) * part,
        "cost": cost,
        "released": released,
        "people": over(found.of("people_reached")[run], 0.0) * part,
        "value": released - own if aim.kind == "gap" else weighted,
    }


# Frontier -------------------------------------------------------------------------------------

_FRONTIER = {
    "budget": pl.Float64, "room": pl.Float64, "spend": pl.Float64, "unit": pl.String,
    "value": pl.Float64, "possible": pl.Boolean, "chosen": pl.Int64, "joins": pl.String,
    "leaves": pl.String, "per_million": pl.Float64,
}  # fmt: skip


def frontier(found: Candidates, rules: Rules, limits: Limits, aim: Aim) -> pl.DataFrame:
    """The best choice at each budget: one row for each multiple of the limit on new spend.

    Where the plan has no limit on new spend, budgets are shares of what all candidates cost.
    """
    limited = budgeted(found, limits)
    rows: list[dict[str, Any]] = []
    before: tuple[float, float, set[str]] | None = None
    for budget in rules.budgets:
        problem = problem_of(found, rules, limited, aim, budget=budget)
        room = _discounted_room(found, problem, aim)
        taken = solver.best(problem, _FINE)
        row: dict[str, Any] = {
            "budget": budget, "room": room, "spend": None, "unit": aim.unit, "value": None,
            "possible": taken is not None, "chosen": 0, "joins": "", "leaves": "",
            "per_million": None,
        }  # fmt: skip
        if taken is not None:
            choice = chosen_of(problem, taken, aim.unit)
            ids = {found.ids[k] for k in choice.chosen}
            every = np.arange(len(found.ids), dtype=np.intp)
            cost = _sums(found, aim, 0, every, choice.delay, choice.size)["cost"].sum()
            old = before[2] if before is not None else set()
            row |= {
                "spend": _number(cost),
                "value": _number(taken.value),
                "chosen": len(ids),
                "joins": ", ".join(one for one in found.ids if one in ids - old),
                "leaves": ", ".join(one for one in found.ids if one in old - ids),
            }
            if before is not None and room - before[0] > _DUST:
                row["per_million"] = _number((taken.value - before[1]) / (room - before[0]) * 1e6)
            before = (room, taken.value, ids)
        rows.append(row)
    return _frame(rows, _FRONTIER)


def _discounted_room(found: Candidates, problem: Problem, aim: Aim) -> float:
    rooms = {one.year: one.bound for one in problem.limits if one.group == "new_spend"}
    yearly = np.array([rooms.get(year, 0.0) for year in found.years])
    return float(present(yearly, aim.money).sum())


# Shadow prices --------------------------------------------------------------------------------

_SHADOW = {
    "limit": pl.String, "year": pl.String, "label": pl.String, "kind": pl.String,
    "measure": pl.String, "unit": pl.String, "value": pl.Float64, "method": pl.String,
}  # fmt: skip


def shadow(choice: Choice) -> pl.DataFrame:
    """What each limit allows, what of it is used, and what more of it would bring.

    `price` is from the linear relaxation, in which a candidate may be begun in parts: value for one
    unit more room. `tenth_more` is what the whole choice gains where a tenth more room is given in
    every year of the limit (a floor a tenth lower), found by making the choice again.
    """
    problem, rows = choice.problem, []
    dual = solver.relaxed(problem)
    prices = dual[1] if dual is not None else {}

    def add(one: Limit, year: str, measure: str, unit: str, value: float, method: str) -> None:
        label = one.label if year or not one.year else one.label.replace(f" in {one.year}", "")
        rows.append(
            {
                "limit": one.group, "year": year, "label": label, "kind": one.kind,
                "measure": measure, "unit": unit, "value": _number(value), "method": method,
            }
        )  # fmt: skip

    for one in problem.limits:
        level = problem.level(one, choice.taken.size)
        spare = one.bound - level if one.sense == "most" else level - one.bound
        room = max(abs(one.bound), float(np.abs(one.size).max(initial=0.0)))
        add(one, one.year, "bound", one.unit, one.bound, "given")
        add(one, one.year, "level", one.unit, level, "estimated")
        add(one, one.year, "spare", one.unit, 0.0 if abs(spare) < 1e-6 * room else spare,
            "estimated")  # fmt: skip
        price = prices.get(one.id, 0.0)
        worth = price * room
        dust = 1e-7 * max(abs(choice.value), _DUST)
        add(one, one.year, "price", f"{choice.unit} per {_singular(one.unit)}",
            0.0 if worth < dust else price, "linear_relaxation")  # fmt: skip
    for group in dict.fromkeys(one.group for one in problem.limits):
        mine = [one for one in problem.limits if one.group == group]
        if mine[0].kind in _RULES:
            taken = solver.best(
                replace(problem, limits=tuple(o for o in problem.limits if o.group != group))
            )
            measure = "without"
        else:
            taken = solver.best(
                replace(problem, limits=tuple(map(_roomier(group), problem.limits)))
            )
            measure = "tenth_more"
        gain = 0.0 if taken is None else max(taken.value - choice.value, 0.0)
        gain = 0.0 if gain < 4e-6 * abs(choice.value) else gain
        add(mine[0], "", measure, choice.unit, gain, "solved_again")
    return _frame(rows, _SHADOW)


def _singular(unit: str) -> str:
    return {"units a year": "unit a year", "interventions": "intervention"}.get(unit, unit)


def _roomier(group: str) -> Any:
    def wider(one: Limit) -> Limit:
        if one.group != group:
            return one
        if one.kind == "floor":
            return replace(one, bound=one.bound - STEP * one.share * one.whole)
        if one.kind == "floor_new":
            # A tenth lower share: (own - 0.9 f) in place of (own - f) of every pound.
            return replace(one, size=_lower(one, one.size), fixed=_lower(one, one.fixed))
        return replace(one, bound=one.bound * (1.0 + STEP))

    return wider


def _lower(one: Limit, part: Array) -> Array:
    """A share's coefficients where the share is a tenth lower: pounds are known from their sign."""
    f, g = one.share, one.share * (1.0 - STEP)
    own = part > 0.0
    pounds = np.where(own, part / max(1.0 - f, _DUST), -part / max(f, _DUST))
    found: Array = np.where(own, (1.0 - g) * pounds, -g * pounds)
    return found


# Left out -------------------------------------------------------------------------------------

_LEFT = {
    "intervention": pl.String, "outcome": pl.String, "limit": pl.String, "reason": pl.String,
    "unit": pl.String, "value_alone": pl.Float64, "value_lost": pl.Float64,
    "reduced_value": pl.Float64, "displaces": pl.String,
}  # fmt: skip


def left_out(found: Candidates, choice: Choice) -> pl.DataFrame:
    """Why candidates are left out, done in part or begun later: one row for each such.

    `value_lost` is what the best choice loses that has it: at full size (or, where that cannot be,
    at the smallest size that is worth doing), or at once. `reduced_value` is what it is worth at
    full size less what the room it uses is worth elsewhere, from the linear relaxation.
    """
    problem, rows = choice.problem, []
    worth = worth_alone(problem)
    dual = solver.relaxed(problem)
    for k, name in enumerate(found.ids):
        size, late = float(choice.size[k]), int(choice.delay[k])
        starts = [one.delay for one in problem.options if one.candidate == k]
        if size >= 1.0 and late == min(starts):
            continue
        outcome = "left_out" if size == 0.0 else "in_part" if size < 1.0 else "later"
        row: dict[str, Any] = {
            "intervention": name, "outcome": outcome, "limit": "", "reason": "",
            "unit": choice.unit, "value_alone": _number(worth[k]), "value_lost": None,
            "reduced_value": None, "displaces": "",
        }  # fmt: skip
        if dual is not None:
            row["reduced_value"] = _number(float(dual[2][problem.owner == k].max()))
        row |= _why(found, choice, k, outcome, worth[k], dual[1] if dual else {})
        rows.append(row)
    return _frame(rows, _LEFT)


def _why(
    found: Candidates, choice: Choice, k: int, outcome: str, worth: float, prices: dict[str, float]
) -> dict[str, Any]:
    problem = choice.problem
    earliest = min(one.delay for one in problem.options if one.candidate == k)
    trials = (
        [(1.0, None), (float(problem.smallest[k]), None)]
        if outcome == "left_out"
        else [(1.0, None)]
        if outcome == "in_part"
        else [(1.0, earliest)]
    )
    with_it: Taken | None = None
    for size, delay in trials:
        with_it = solver.best(solver.forced(problem, k, size, delay), _FINE)
        if with_it is not None:
            break
    if with_it is None:
        size, delay = trials[-1]
        clash = solver.solve(solver.forced(problem, k, size, delay))
        assert not isinstance(clash, Taken)
        groups = [g for g in clash.groups if not g.startswith("forced.")]
        said = listed((_label(problem, g, clash.limits) for g in groups), 5)
        more = {"left_out": "at any size", "in_part": "at full reach", "later": "earlier"}[outcome]
        return {"limit": ", ".join(groups), "reason": f"It cannot be done {more}: {said}."}
    lost = max(choice.value - with_it.value, 0.0)
    lost = 0.0 if lost < 2.0 * _FINE * abs(choice.value) else lost
    other = chosen_of(problem, with_it, choice.unit)
    gone = [
        f"{found.ids[j]} ({choice.size[j]:.0%} to {other.size[j]:.0%})"
        if other.size[j] > 0.0
        else found.ids[j]
        for j in choice.chosen
        if j != k and other.size[j] < choice.size[j] - 1e-3
    ]
    limit = _dearest(problem, prices, k)
    answer = {"value_lost": lost, "displaces": ", ".join(gone), "limit": limit}
    unit = choice.unit if choice.unit != "£" else "pounds off the gap"
    if worth <= _DUST:
        return answer | {"limit": "", "reason": f"Alone it brings no {unit}."}
    if not lost:
        return answer | {
            "reason": "With it a choice would be as good: what is taken is fewer or earlier."
        }
    what = {
        "left_out": "Taking it",
        "in_part": "Doing all of it",
        "later": "Beginning it at once",
    }[outcome]
    if gone:
        return answer | {"reason": f"{what} would displace {listed(gone, 5)}, which bring more."}
    if outcome == "later" and _at(problem, k, earliest) < worth:
        return answer | {"reason": "By the estimate it brings more from a later start."}
    return answer | {"reason": f"{what} would leave less for later starts and larger sizes."}


def _at(problem: Problem, k: int, delay: int) -> float:
    """What a candidate is worth alone at full size, begun with a delay."""
    sizes = np.eye(len(problem.options))
    mine = [
        problem.worth(sizes[n])
        for n, one in enumerate(problem.options)
        if one.candidate == k and one.delay == delay
    ]
    return max(mine)


def _label(problem: Problem, group: str, limits: tuple[Limit, ...]) -> str:
    mine = [one for one in limits if one.group == group]
    mine = mine or [one for one in problem.limits if one.group == group]
    return mine[0].label


def _dearest(problem: Problem, prices: dict[str, float], k: int) -> str:
    """The group of limits whose room that a candidate uses is worth most elsewhere."""
    mine = np.flatnonzero(problem.owner == k)
    costs: dict[str, float] = {}
    for one in problem.limits:
        used = float((one.size + one.fixed)[mine].max() if one.sense == "most" else
                     -(one.size + one.fixed)[mine].min())  # fmt: skip
        costs[one.group] = costs.get(one.group, 0.0) + prices.get(one.id, 0.0) * max(used, 0.0)
    top = max(costs, key=lambda group: costs[group], default="")
    return top if top and costs[top] > _DUST else ""


# Ranking --------------------------------------------------------------------------------------

_RANKING = {
    "intervention": pl.String, "measure": pl.String, "unit": pl.String, "value": pl.Float64,
    "lower": pl.Float64, "upper": pl.Float64,
}  # fmt: skip


def sampled(draws: int, wanted: int) -> list[int]:
    """Which runs stand for all draws: evenly spread, so that more draws hold fewer of them."""
    if not draws or not wanted:
        return []
    steps = np.linspace(1, draws, min(draws, wanted))
    return sorted({round(float(one)) for one in steps})


def ranking(
    found: Candidates, rules: Rules, limits: Limits, aim: Aim, choice: Choice
) -> pl.DataFrame:
    """How the choice, and the order of candidates by value for money, hold across draws.

    The choice is made again under the figures of single draws. Rows of intervention "" are of the
    choice as a whole: how far the order of a draw agrees with the central one (Spearman's rank
    correlation), in what share of draws the central choice keeps within every limit, and what share
    of the best choice's value it then has.
    """
    k = len(found.ids)
    runs = sampled(found.draws, rules.draws)
    ratio = [_ratio(found, aim, run) for run in (0, *runs)]
    ranks = np.array([_ranks(one) for one in ratio], float)
    sizes, delays, kept, share = [choice.size], [choice.delay], [], []
    possible = 0
    for run in runs:
        problem = problem_of(found, rules, limits, aim, run)
        keeps = not within(problem, problem.limits, choice.taken.size)
        kept.append(float(keeps))
        taken = solver.best(problem, solver.ROUGH)
        if taken is None:
            sizes.append(np.zeros(k))
            delays.append(np.zeros(k, np.intp))
            continue
        possible += 1
        own = chosen_of(problem, taken, aim.unit)
        sizes.append(own.size)
        delays.append(own.delay)
        if keeps and abs(taken.value) > _DUST:
            share.append(problem.worth(choice.taken.size) / taken.value)
    size, delay = np.array(sizes), np.array(delays, float)
    rows: list[dict[str, Any]] = []

    def add(name: str, measure: str, unit: str, value: float, spread: Array | None = None) -> None:
        ends = bounds(spread[:, None]) if spread is not None and len(spread) > 1 else None
        rows.append(
            {
                "intervention": name, "measure": measure, "unit": unit, "value": _number(value),
                "lower": None if ends is None else _number(ends[0][0]),
                "upper": None if ends is None else _number(ends[1][0]),
            }
        )  # fmt: skip

    for i, name in enumerate(found.ids):
        add(name, "rank", "rank", ranks[0, i], ranks[:, i])
        per = np.array([one[2][i] for one in ratio])
        add(name, "value_per_million", f"{aim.unit} per £1m", per[0], per)
        add(name, "size", "share of its reach", size[0, i], size[:, i])
        if runs:
            done = size[1:, i] > 0.0
            add(name, "chosen", "share of draws", float(done.mean()))
            when = delay[1:, i][done] if done.any() else np.array([np.nan])
            add(name, "years_later", "years", float(when.mean()))
    if runs:
        agree = [_spearman(ranks[0], one) for one in ranks[1:]] if k > 1 else []
        if agree:
            add("", "rank_agreement", "correlation", float(np.mean(agree)))
        add("", "within_limits", "share of draws", float(np.mean(kept)))
        add("", "possible", "share of draws", possible / len(runs))
        if share:
            add("", "value_kept", "share of the best", float(np.mean(share)))
        add("", "draws", "draws", float(len(runs)))
    return _frame(rows, _RANKING)


def _ratio(found: Candidates, aim: Aim, run: int) -> tuple[Array, Array, Array]:
    """Value, cost and value per £1m of candidates at full reach, from the first year."""
    every = np.arange(len(found.ids), dtype=np.intp)
    full = _sums(found, aim, run, every, np.zeros_like(every))
    cost = full["cost"]
    per = np.where(cost > _DUST, full["value"] / np.where(cost > _DUST, cost, 1.0) * 1e6, np.nan)
    return full["value"], cost, per


def _ranks(ratio: tuple[Array, Array, Array]) -> list[int]:
    """Ranks from 1: what costs nothing and is of worth first, by value; then by value for money."""
    value, cost, per = ratio

    def key(k: int) -> tuple[int, float, int]:
        if cost[k] <= _DUST:
            return (0 if value[k] > 0.0 else 2, -float(value[k]), k)
        return (1 if value[k] > 0.0 else 2, -float(per[k]), k)

    order = sorted(range(len(value)), key=key)
    found = [0] * len(order)
    for rank, k in enumerate(order, start=1):
        found[k] = rank
    return found


def _spearman(first: Array, second: Array) -> float:
    n = len(first)
    return float(1.0 - 6.0 * ((first - second) ** 2).sum() / (n * (n * n - 1)))
