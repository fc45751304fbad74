"""Chooses what happens to each function in each year at the least harm, and prices the limits.

The problem is a choice of one *route* for each function, a route being an option for every year.
Caps and duties are limits on sums over the chosen routes. HiGHS solves it as a mixed-integer
programme; nothing here knows a board, a file or a figure of the catalogue.

Prices are of two kinds, both from the linear relaxation (in which routes may be mixed), whose harm
is within a few percent of the plan's. The *marginal* price of a limit is its dual: what one unit
less of it would spare. The *whole* price of a duty is found by solving the relaxation again without
it: the harm that its being there causes.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leftshift.errors import ModelError, ToolError

__all__ = ["GAP", "Clash", "Limit", "Plan", "Price", "Problem", "Route", "relaxed_caps", "solve"]

Array = NDArray[np.float64]

GAP = 1e-4
"""A plan is called proven where none can have less harm by more than this share of it."""

_TOLERANCE = 1e-6
# Beside the whole harm, so small that it decides only between plans that are equally good: the
# same plan is then found on every machine.
_TIE = 1e-9
# The search is cut short by its own length, never by a clock that runs as the machine is busy: a
# board takes some hundred nodes, and a thousand take about three seconds.
_NODES = 1_000
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Route:
    """What happens to one function over the years.

    Attributes:
        function: its place in `Problem.functions`.
        options: one option for each year, such as ("keep", "share", "share").
    """

    function: int
    options: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Limit:
    """Something that the sum over chosen routes may not pass.

    Attributes:
        id: unique in the problem.
        label: what it limits, as a sentence names it: "the running-cost cap of 2027/28".
        kind: cap, duty or other.
        group: limits of one duty over the years share it; explanations and prices go by group.
        year: financial year, or "" where it holds over all.
        unit: what its amounts are counted in, such as "GBP" or "WTE".
        sense: "most" or "least".
        bound: the amount not to be passed.
        weights: float64[R], what each route adds.
    """

    id: str
    label: str
    kind: str
    group: str
    year: str
    unit: str
    sense: str
    bound: float
    weights: Array = field(repr=False)


@dataclass(frozen=True, eq=False)
class Problem:
    """A choice of one route for each function.

    Attributes:
        functions: names, in the order that routes count them by.
        years: labels.
        routes: every route that is allowed.
        harm: float64[R], pounds of harm of each route; at least 0.
        limits: caps and duties.
    """

    functions: tuple[str, ...]
    years: tuple[str, ...]
    routes: tuple[Route, ...]
    harm: Array = field(repr=False)
    limits: tuple[Limit, ...]


@dataclass(frozen=True, slots=True)
class Price:
    """What a group of limits costs.

    Attributes:
        group: the limits' group: a duty, or one year's cap.
        label: how a sentence names it.
        kind: cap, duty or other.
        year: the year that binds hardest.
        unit: the unit of the limit.
        marginal: harm spared, in pounds, by one unit less of it, from the linear relaxation.
        whole: harm spared by doing without the group, from solving the linear relaxation again;
            None for a cap, without which nothing need change.
        spare: the least distance from the limit over its years, in its unit; 0 where it binds.
    """

    group: str
    label: str
    kind: str
    year: str
    unit: str
    marginal: float
    whole: float | None
    spare: float


@dataclass(frozen=True, eq=False)
class Plan:
    """The least harmful choice found.

    Attributes:
        chosen: index of the route of each function.
        harm: its pounds of harm.
        bound: no plan can have less harm than this.
        proven: whether harm and bound agree to `GAP`, so that no plan is better by more.
        levels: what each limit's sum comes to, by its id.
        prices: what each duty and each pound of cap costs.
        seconds: how long solving took; not part of any table.
        stopped: why the search ended before proof, in words; "" where it is proven.
    """

    chosen: tuple[int, ...]
    harm: float
    bound: float
    proven: bool
    levels: dict[str, float]
    prices: tuple[Price, ...]
    seconds: float
    stopped: str = ""

    @property
    def gap(self) -> float:
        """How far from the bound the plan may be, as a share of its harm."""
        return max(self.harm - self.bound, 0.0) / max(abs(self.harm), 1e-9)


@dataclass(frozen=True, eq=False)
class Clash:
    """Limits that cannot all be met.

    Attributes:
        limits: groups such that all together cannot be met, and all but any one of them can.
        short: by how much the least breach passes each limit, in the limit's unit, by its id.
        sentences: the same in words.
        seconds: how long it took; not part of any table.
    """

    limits: tuple[Limit, ...]
    short: dict[str, float]
    sentences: tuple[str, ...]
    seconds: float


def solve(problem: Problem, seconds: float = _PATIENCE, prices: bool = True) -> Plan | Clash:
    """Finds the least harmful routes that keep within every limit.

    Args:
        problem: what may be chosen.
        seconds: the longest the search may take; it has usually ended long before. Where it has
            not, what is found depends on the machine.
        prices: whether the limits are priced.

    Returns:
        A plan, proven or with its gap, or the limits that clash.

    Raises:
        ModelError: the problem is empty, its arrays do not fit, or no plan was found in the time.
        ToolError: highspy is not installed.
    """
    begun = time.monotonic()
    _check(problem)
    model = _Model(problem)
    status, x, harm, bound = model.run(problem.limits, seconds)
    if status == "infeasible":
        return _explain(problem, model, begun)
    if x is None:
        raise ModelError(
            f"no plan was found in {seconds:g} seconds, nor was it shown that there is none. "
            "Allow more time ([find] seconds in organisation.toml)."
        )
    chosen = _chosen(problem, x)
    levels = {one.id: float(one.weights[list(chosen)].sum()) for one in problem.limits}
    proven = harm - bound <= 1.01 * GAP * max(abs(harm), 1.0)
    plan = Plan(
        chosen=chosen,
        harm=harm,
        bound=min(bound, harm),
        proven=proven,
        levels=levels,
        prices=(),
        seconds=time.monotonic() - begun,
        stopped="" if proven else status,
    )
    if not prices:
        return plan
    found = _prices(problem, model, plan)
    return replace(plan, prices=found, seconds=time.monotonic() - begun)


def _check(problem: Problem) -> None:
    size = len(problem.routes)
    held = {route.function for route in problem.routes}
    missing = [name for i, name in enumerate(problem.functions) if i not in held]
    if not problem.functions or missing:
        what = f'"{missing[0]}" has no allowed option' if missing else "there are no functions"
        raise ModelError(f"nothing can be chosen: {what}.")
    if problem.harm.shape != (size,) or any(one.weights.shape != (size,) for one in problem.limits):
        raise ModelError("harm and the weights of every limit need one figure for each route.")
    finite = [problem.harm, *(one.weights for one in problem.limits)]
    if not all(bool(np.isfinite(values).all()) for values in finite):
        raise ModelError("harm and the weights of every limit must be finite figures.")
    if len({one.id for one in problem.limits}) != len(problem.limits):
        raise ModelError("two limits have the same id.")


def _chosen(problem: Problem, x: Array) -> tuple[int, ...]:
    best = [-1] * len(problem.functions)
    for index, route in enumerate(problem.routes):
        if best[route.function] < 0 or x[index] > x[best[route.function]]:
            best[route.function] = index
    return tuple(best)


class _Model:
    """The matrices of a problem, handed to HiGHS as often as is needed."""

    def __init__(self, problem: Problem) -> None:
        try:
            import highspy
        except ImportError as error:
            raise ToolError(
                "finding options needs the solver HiGHS. Install it with: pip install highspy"
            ) from error
        self.hs = highspy
        self.problem = problem
        self.size = len(problem.routes)
        self.kept = _undominated(problem)
        # Harm and limits are scaled to about 1, or the solver's tolerances would be pounds.
        self.scale = max(float(np.abs(problem.harm).max()), 1.0)
        rank = np.arange(self.size, dtype=np.float64) / max(self.size, 1)
        self.cost = problem.harm / self.scale + _TIE * rank
        self.unit = {
            one.id: max(float(np.abs(one.weights).max(initial=0.0)), 1e-9) for one in problem.limits
        }

    def run(
        self, limits: Sequence[Limit], seconds: float, cost: Array | None = None
    ) -> tuple[str, Array | None, float, float]:
        """Solves the whole problem: status, x, harm and its bound."""
        solver = self._solver(limits, integer=True, seconds=seconds, cost=cost)
        solver.run()
        status = self._status(solver)
        info = solver.getInfo()
        if status == "infeasible" or info.primal_solution_status != 2:
            return (status if status == "infeasible" else "unknown"), None, 0.0, 0.0
        x = np.asarray(solver.getSolution().col_value[: self.size])
        chosen = list(_chosen(self.problem, x))
        values = self.problem.harm if cost is None else cost
        harm = float(values[chosen].sum())
        scale = self.scale if cost is None else 1.0
        bound = float(info.mip_dual_bound) * scale
        return status, x, harm, bound

    def feasible(self, limits: Sequence[Limit]) -> bool:
        """Whether some choice keeps within these limits (any cost)."""
        relaxed = self._solver(limits, integer=False, cost=np.zeros(self.size))
        relaxed.run()
        if self._status(relaxed) == "infeasible":
            return False
        whole = self._solver(limits, integer=True, seconds=_PATIENCE, cost=np.zeros(self.size))
        whole.run()
        return self._status(whole) != "infeasible"

    def relaxed(self, limits: Sequence[Limit]) -> tuple[float, dict[str, float]]:
        """The linear relaxation: its harm, and what one unit less of each limit would spare."""
        solver = self._solver(limits, integer=False)
        solver.run()
        if self._status(solver) != "optimal":
            return 0.0, {}
        duals = solver.getSolution().row_dual
        start = len(self.problem.functions)
        prices = {
            one.id: abs(float(duals[start + i])) * self.scale / self.unit[one.id]
            for i, one in enumerate(limits)
        }
        return float(solver.getInfo().objective_function_value) * self.scale, prices

    def least_breach(
        self, limits: Sequence[Limit], firm: Iterable[str] = ()
    ) -> dict[str, float] | None:
        """The least total breach, each limit's measured against its own bound; by limit id.

        Limits named in `firm` may not be broken. None where even so there is no choice.
        """
        kept = set(firm)
        solver = self._solver(limits, integer=True, seconds=_PATIENCE, cost=np.zeros(self.size))
        start = len(self.problem.functions)
        for i, one in enumerate(limits):
            weight = 0.0 if one.id in kept else self.unit[one.id] / max(abs(one.bound), 1e-6)
            most = 0.0 if one.id in kept else self.hs.kHighsInf
            sign = -1.0 if one.sense == "most" else 1.0
            solver.addCol(weight, 0.0, most, 1, np.array([start + i]), np.array([sign]))
        solver.run()
        if self._status(solver) == "infeasible" or solver.getInfo().primal_solution_status != 2:
            return None
        values = solver.getSolution().col_value
        return {
            one.id: float(values[self.size + i]) * self.unit[one.id] for i, one in enumerate(limits)
        }

    def _solver(
        self,
        limits: Sequence[Limit],
        integer: bool,
        seconds: float = 10.0,
        cost: Array | None = None,
    ) -> Any:
        hs = self.hs
        solver = hs.Highs()
        solver.setOptionValue("output_flag", False)
        # One thread and a fixed seed: the same problem takes the same path on every machine.
        solver.setOptionValue("threads", 1)
        solver.setOptionValue("random_seed", 0)
        solver.setOptionValue("mip_rel_gap", GAP)
        solver.setOptionValue("mip_max_nodes", _NODES)
        solver.setOptionValue("time_limit", max(seconds, 0.05))
        problem = self.problem
        count = len(problem.functions)
        lp = hs.HighsLp()
        lp.num_col_ = self.size
        lp.num_row_ = count + len(limits)
        lp.col_cost_ = self.cost if cost is None else np.asarray(cost, dtype=np.float64)
        lp.col_lower_ = np.zeros(self.size)
        lp.col_upper_ = self.kept.astype(np.float64)
        lower, upper = np.ones(lp.num_row_), np.ones(lp.num_row_)
        rows = np.zeros((lp.num_row_, self.size))
        for index, route in enumerate(problem.routes):
            rows[route.function, index] = 1.0
        for i, one in enumerate(limits, start=count):
            scaled = one.bound / self.unit[one.id]
            slack = _TOLERANCE * max(abs(scaled), 1.0)
            rows[i] = one.weights / self.unit[one.id]
            lower[i] = -hs.kHighsInf if one.sense == "most" else scaled - slack
            upper[i] = scaled + slack if one.sense == "most" else hs.kHighsInf
        lp.row_lower_, lp.row_upper_ = lower, upper
        filled = [np.flatnonzero(rows[:, j]) for j in range(self.size)]
        lp.a_matrix_.format_ = hs.MatrixFormat.kColwise
        lp.a_matrix_.start_ = np.concatenate([[0], np.cumsum([len(at) for at in filled])])
        lp.a_matrix_.index_ = np.concatenate(filled)
        lp.a_matrix_.value_ = np.concatenate([rows[at, j] for j, at in enumerate(filled)])
        if integer:
            lp.integrality_ = [hs.HighsVarType.kInteger] * self.size
        solver.passModel(lp)
        return solver

    def _status(self, solver: Any) -> str:
        status = solver.getModelStatus()
        known = self.hs.HighsModelStatus
        if status == known.kOptimal:
            return "optimal"
        if status in (known.kInfeasible, known.kUnboundedOrInfeasible):
            return "infeasible"
        if status == known.kTimeLimit:
            return "the time was up"
        if status == known.kSolutionLimit:
            return "the search was cut short"
        return "the search ended early"


def _undominated(problem: Problem) -> NDArray[np.bool_]:
    """Routes that no other route of the same function beats in harm and in every limit."""
    signs = [1.0 if one.sense == "most" else -1.0 for one in problem.limits]
    columns = [
        problem.harm,
        *(s * one.weights for s, one in zip(signs, problem.limits, strict=True)),
    ]
    table = np.column_stack(columns)
    owner = np.array([route.function for route in problem.routes])
    kept = np.ones(len(problem.routes), dtype=np.bool_)
    for function in range(len(problem.functions)):
        mine = np.flatnonzero(owner == function)
        for index in mine:
            rivals = mine[kept[mine] & (mine != index)]
            better = (table[rivals] <= table[index]).all(axis=1)
            equal = (table[rivals] == table[index]).all(axis=1)
            # Of routes that are alike the first is kept.
            kept[index] = not bool((better & (~equal | (rivals < index))).any())
    return kept


def _groups(limits: Sequence[Limit]) -> list[str]:
    return list(dict.fromkeys(one.group for one in limits))


def _spare(one: Limit, level: float) -> float:
    return one.bound - level if one.sense == "most" else level - one.bound


def _prices(problem: Problem, model: _Model, plan: Plan) -> tuple[Price, ...]:
    harm, duals = model.relaxed(problem.limits)
    found = []
    for group in _groups(problem.limits):
        mine = [one for one in problem.limits if one.group == group]
        hardest = max(mine, key=lambda one: (duals.get(one.id, 0.0), -problem.limits.index(one)))
        marginal = sum(duals.get(one.id, 0.0) for one in mine)
        whole: float | None = None
        if mine[0].kind != "cap":
            whole = 0.0
            # A limit without a dual binds nowhere: solving without it would change nothing.
            if marginal > 0.0:
                without, _ = model.relaxed([one for one in problem.limits if one.group != group])
                whole = max(harm - without, 0.0)
        spare = min(_spare(one, plan.levels[one.id]) for one in mine)
        found.append(
            Price(
                group,
                mine[0].label if len(mine) == 1 else _without_year(hardest),
                mine[0].kind,
                hardest.year,
                mine[0].unit,
                # The slack of the tolerance and the tie-breaker leave dust behind.
                0.0 if marginal < 1e-6 else marginal,
                None if whole is None else (0.0 if whole < 1.0 else whole),
                0.0 if abs(spare) < 1e-6 * max(abs(mine[0].bound), 1.0) else spare,
            )
        )
    return tuple(found)


def _without_year(one: Limit) -> str:
    return one.label.replace(f" in {one.year}", "").strip() if one.year else one.label


def _explain(problem: Problem, model: _Model, begun: float) -> Clash:
    """Names an irreducible set of clashing limits, and how far the least breach goes."""
    short = model.least_breach(problem.limits) or {}
    broken = {key: amount for key, amount in short.items() if amount > _TOLERANCE}
    groups = _groups(problem.limits)
    # A deletion filter: whatever can be left out, with the rest still clashing, is. Groups that
    # the least breach does not touch go first, so that what remains is what a reader will ask of.
    touched = {one.group for one in problem.limits if one.id in broken}
    kept = list(groups)
    for group in sorted(groups, key=lambda g: (g in touched, groups.index(g))):
        trial = [name for name in kept if name != group]
        if not model.feasible([one for one in problem.limits if one.group in trial]):
            kept = trial
    clashing = tuple(one for one in problem.limits if one.group in kept)
    caps = [one.id for one in clashing if one.kind == "cap"]
    duties = [one.id for one in clashing if one.kind != "cap"]
    sentences = [_clash_sentence(clashing)]
    for firm, what in ((duties, "cap"), (caps, "duty")):
        if firm and len(firm) < len(clashing):
            breach = model.least_breach(clashing, firm)
            sentences += _breach_sentences(clashing, breach, what)
    return Clash(clashing, broken, tuple(sentences), time.monotonic() - begun)


def _clash_sentence(clashing: Sequence[Limit]) -> str:
    if not clashing:
        return "No choice of options is allowed at all."
    named = []
    for group in _groups(clashing):
        mine = [one for one in clashing if one.group == group]
        named.append(mine[0].label if len(mine) == 1 else _without_year(mine[0]))
    if len(named) == 1:
        return f"Nothing that is allowed meets {named[0]} (see how far it can be met below)."
    return (
        f"No choice of options meets all of these together: {'; '.join(named)}. "
        "Leave out any one of them and the rest can be met."
    )


def _breach_sentences(
    clashing: Sequence[Limit], breach: dict[str, float] | None, what: str
) -> list[str]:
    if breach is None:
        return []
    said = []
    for one in clashing:
        amount = breach.get(one.id, 0.0)
        if amount <= _TOLERANCE * max(abs(one.bound), 1.0):
            continue
        reached = one.bound + amount if one.sense == "most" else one.bound - amount
        if what == "cap":
            said.append(
                f"With every duty at its minimum, {one.label} would have to be "
                f"{_amount(reached, one.unit)} instead of {_amount(one.bound, one.unit)}: "
                f"{_amount(amount, one.unit)} short."
            )
        elif one.sense == "most":
            said.append(
                f"Within the cap, {one.label} would have to rise to "
                f"{_amount(reached, one.unit)} from {_amount(one.bound, one.unit)}."
            )
        else:
            said.append(
                f"Within the cap, {one.label} falls to {_amount(reached, one.unit)} against "
                f"{_amount(one.bound, one.unit)} needed."
            )
    return said


def _amount(value: float, unit: str) -> str:
    if unit == "GBP":
        return f"£{value / 1e6:,.2f}m" if abs(value) >= 1e5 else f"£{value:,.0f}"
    return f"{value:,.1f} {unit}".rstrip()


def relaxed_caps(problem: Problem) -> Problem | None:
    """Raises caps by as little as lets all other limits be met; None where nothing does."""
    model = _Model(problem)
    firm = [one.id for one in problem.limits if one.kind != "cap"]
    breach = model.least_breach(problem.limits, firm)
    if breach is None:
        return None
    limits = tuple(
        # A pound beyond the least, or rounding would make the new problem fail by a hair.
        replace(one, bound=one.bound + breach[one.id] + 1.0)
        if one.kind == "cap" and breach[one.id] > _TOLERANCE
        else one
        for one in problem.limits
    )
    return replace(problem, limits=limits)
