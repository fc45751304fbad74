"""Picks, sizes and phases candidates within limits, as a mixed-integer programme (HiGHS).

Nothing here knows a plan, a year or a figure of the catalogue. Each candidate has one *option* for
every start that it may have; an option taken has a size of 0 to 1, and adds to every limit a part
that grows with its size and a part that comes whole with the first of it. Being required, shutting
another out and resting on another are limits like any: so all are explained, and priced, alike.

Of choices that are equally good, the one of fewest candidates is taken, then that of the earliest
of the file and the earliest start, so that the same choice is found every time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from leftshift.errors import ModelError, ToolError

__all__ = [
    "GAP",
    "ROUGH",
    "Clash",
    "Hinge",
    "Limit",
    "Option",
    "Problem",
    "Taken",
    "Unfound",
    "best",
    "forced",
    "relaxed",
    "solve",
]

Array = NDArray[np.float64]

#: A choice is called the best where none can be better by more than this share of it.
GAP: Final = 1e-6
#: The same where a choice is made again only to be held against another.
ROUGH: Final = 1e-3
# Beside the largest worth, so small that it decides only between choices that are equally good.
_TIE: Final = 1e-6
_TOLERANCE: Final = 1e-7
# Cut short by its own length, never by a clock that runs as the machine is busy.
_NODES: Final = 20_000
_SMALL: Final = 1e-6
# A limit is broken only beyond the solver's own tolerance.
_BROKEN: Final = 1e-5


@dataclass(frozen=True, slots=True)
class Option:
    """One candidate from one start.

    Attributes:
        candidate: its number, in the order of the file.
        delay: years after its earliest start.
    """

    candidate: int
    delay: int


@dataclass(frozen=True, eq=False)
class Limit:
    """Something that the sum over options taken may not pass (N options).

    Attributes:
        id: unique in the problem.
        group: limits that are spoken of together, such as new spend in all years.
        label: what it limits, as a sentence names it.
        kind: new_spend, floor, floor_new, staff, capacity, required, exclusive or needs.
        year: financial year, or "" where it holds over all.
        unit: what its amounts are counted in.
        sense: "most" or "least".
        bound: the amount not to be passed.
        size: ``[N]`` what an option adds at full size, without its fixed part.
        fixed: ``[N]`` what it adds whole as soon as it is taken.
        share: of a floor, the share of `whole` that has to be kept.
        whole: of a floor, the spend that is all of it, without any candidate.
    """

    id: str
    group: str
    label: str
    kind: str
    year: str
    unit: str
    sense: str
    bound: float
    size: Array = field(repr=False)
    fixed: Array = field(repr=False)
    share: float = 0.0
    whole: float = 0.0


@dataclass(frozen=True, eq=False)
class Hinge:
    """A shortfall in each of Y years, counted only where it is above nothing.

    Attributes:
        weight: ``[Y]`` what a pound of shortfall counts.
        base: ``[Y]`` the shortfall without any candidate.
        size, fixed: ``[Y, N]`` what options add to it.
    """

    weight: Array
    base: Array
    size: Array
    fixed: Array


@dataclass(frozen=True, eq=False)
class Problem:
    """Which candidates to take, from when, and how much of each.

    Attributes:
        candidates: ids in the order of the file, ``[K]``.
        options: every start of every candidate, in that order, ``[N]``.
        value: ``[N]`` what an option at full size is worth, beside its fixed part.
        fixed: ``[N]`` what comes whole with the first of it.
        smallest: ``[K]`` least size of a candidate that is taken, above 0, at most 1.
        limits: all of them.
        hinge: a shortfall to make least, instead of `value`.
    """

    candidates: tuple[str, ...]
    options: tuple[Option, ...]
    value: Array
    fixed: Array
    smallest: Array
    limits: tuple[Limit, ...]
    hinge: Hinge | None = None

    @property
    def owner(self) -> NDArray[np.intp]:
        """The candidate of each option, ``[N]``."""
        return np.array([one.candidate for one in self.options], np.intp)

    def worth(self, size: Array) -> float:
        """The value of sizes ``[N]``."""
        on = (size > 0.0).astype(np.float64)
        if self.hinge is None:
            return float(self.value @ size + self.fixed @ on)
        change = self.hinge.size @ size + self.hinge.fixed @ on
        before, after = (np.maximum(self.hinge.base + d, 0.0) for d in (0.0 * change, change))
        return float(self.hinge.weight @ (before - after))

    def level(self, limit: Limit, size: Array) -> float:
        """What sizes ``[N]`` bring a limit's amount to."""
        return float(limit.size @ size + limit.fixed @ (size > 0.0))


@dataclass(frozen=True, eq=False)
class Taken:
    """The best choice.

    Attributes:
        size: ``[N]`` of each option; at most one of a candidate is above 0.
        value: what it is worth.
        proven: whether no choice is better by more than `GAP`.
    """

    size: Array
    value: float
    proven: bool


@dataclass(frozen=True, eq=False)
class Clash:
    """Limits that cannot all be met.

    Attributes:
        groups: groups of limits such that no choice meets all, while leaving out any one of them
            the rest can be met.
        limits: the limits of those groups that the clash needs.
        relax: the fewest groups to relax, and by how much each of their limits at the least, in
            the limit's amounts, by id.
        ways: for each group of the clash that would do it alone, by how much its limits would
            have to be relaxed, by id.
    """

    groups: tuple[str, ...]
    limits: tuple[Limit, ...]
    relax: dict[str, float]
    ways: dict[str, dict[str, float]]


class Unfound(ModelError):
    """No choice was found, nor was it shown that there is none."""


def solve(problem: Problem) -> Taken | Clash:
    """Finds the best choice within every limit.

    Args:
        problem: what may be chosen.

    Returns:
        The best choice, or the limits that clash.

    Raises:
        ModelError: figures are not finite, or the search was cut short with nothing found.
        ToolError: highspy is not installed.
    """
    taken = best(problem)
    return taken if taken is not None else _explained(problem)


def best(problem: Problem, gap: float = GAP) -> Taken | None:
    """The best choice within every limit, to a gap; None where there is none. See `solve`."""
    _check(problem)
    model = _Model(problem, gap)
    status, x = model.run(problem.limits, model.cost() + model.ties())
    if x is None:
        return None
    size = model.cleaned(x)
    return Taken(size, problem.worth(size), status == "optimal")


def relaxed(problem: Problem) -> tuple[float, dict[str, float], Array] | None:
    """The linear relaxation, in which a candidate may be begun in parts and below its least size.

    Returns:
        Its value, what one unit more room in each limit would add, by id, and what a full-size
        option is worth less what the limits it uses are worth, ``[N]``; None where it has no
        solution.
    """
    _check(problem)
    return _Model(problem).duals(problem.limits)


def _check(problem: Problem) -> None:
    n = len(problem.options)
    held = [problem.value, problem.fixed]
    held += [part for one in problem.limits for part in (one.size, one.fixed)]
    if problem.hinge is not None:
        held += [*problem.hinge.size, *problem.hinge.fixed]
    assert n and all(part.shape == (n,) for part in held), "one figure for each option"
    bounds = np.array([one.bound for one in problem.limits])
    if not all(bool(np.isfinite(part).all()) for part in (*held, bounds)):
        raise ModelError("what candidates do, and every limit, must be finite figures.")


class _Model:
    """The matrix of a problem: sizes, whether taken, and shortfalls, handed to HiGHS."""

    def __init__(self, problem: Problem, gap: float = GAP) -> None:
        self.gap = gap
        self.effort = 0.05
        try:
            import highspy
        except ImportError as error:
            raise ToolError(
                "prioritisation needs the solver HiGHS. Install it with: pip install highspy"
            ) from error
        self.hs = highspy
        self.problem = problem
        self.n = n = len(problem.options)
        self.owner = problem.owner
        self.years = 0 if problem.hinge is None else len(problem.hinge.weight)
        self.columns = 2 * n + self.years
        if problem.hinge is None:
            whole = np.concatenate([problem.value, problem.fixed])
            self.scale = max(float(np.abs(whole).max()), 1e-12)
        else:
            amounts = np.abs(problem.hinge.size) + np.abs(problem.hinge.fixed)
            self.scale = max(float(amounts.max()), 1e-12)
        self._most: Array = np.zeros(0)
        self.rows, self.low, self.high = self._structure()

    def _structure(self) -> tuple[Array, Array, Array]:
        n, k = self.n, len(self.problem.candidates)
        inf = self.hs.kHighsInf
        upper = np.zeros((n, self.columns))
        upper[:, :n], upper[:, n : 2 * n] = np.eye(n), -np.eye(n)
        lower = np.zeros((n, self.columns))
        lower[:, :n] = np.eye(n)
        lower[:, n : 2 * n] = -np.diag(self.problem.smallest[self.owner])
        once = np.zeros((k, self.columns))
        once[self.owner, n + np.arange(n)] = 1.0
        rows = [upper, lower, once]
        low = [np.full(n, -inf), np.zeros(n), np.full(k, -inf)]
        high = [np.zeros(n), np.full(n, inf), np.ones(k)]
        hinge = self.problem.hinge
        if hinge is not None:
            short = np.hstack([-hinge.size, -hinge.fixed]) / self.scale
            rows.append(np.hstack([short, np.eye(self.years)]))
            low.append(hinge.base / self.scale)
            high.append(np.full(self.years, inf))
        return np.vstack(rows), np.concatenate(low), np.concatenate(high)

    def cost(self) -> Array:
        """What is made least: value with the other sign, or the weighted shortfall."""
        if self.problem.hinge is None:
            whole: Array = -np.concatenate([self.problem.value, self.problem.fixed]) / self.scale
            return whole
        return np.concatenate([np.zeros(2 * self.n), self.problem.hinge.weight])

    def ties(self) -> Array:
        """A price so small that it only makes fewer, then earlier, options win among equals."""
        rank = np.arange(self.n) / self.n
        found: Array = np.concatenate([0.01 * rank, 1.0 + rank, np.zeros(self.years)])
        return _TIE * found

    def unit(self, one: Limit) -> float:
        """What a limit's row is divided by, or the solver's tolerances would be pounds."""
        most = float(np.abs(np.concatenate([one.size, one.fixed])).max())
        return max(most, 1e-3 * abs(one.bound), 1e-9)

    def _limit_rows(self, limits: Sequence[Limit]) -> tuple[Array, Array, Array]:
        inf = self.hs.kHighsInf
        rows = np.zeros((len(limits), self.columns))
        low, high = np.full(len(limits), -inf), np.full(len(limits), inf)
        for i, one in enumerate(limits):
            unit = self.unit(one)
            rows[i, : 2 * self.n] = np.concatenate([one.size, one.fixed]) / unit
            if one.sense == "most":
                high[i] = one.bound / unit
            else:
                low[i] = one.bound / unit
        return rows, low, high

    def run(
        self,
        limits: Sequence[Limit],
        cost: Array,
        slack: Array | None = None,
        integer: bool = True,
        loose: bool = False,
        firm: str | None = None,
    ) -> tuple[str, Array | None]:
        """Solves: status, and every column or None.

        Args:
            limits: rows beside the structure.
            cost: of the columns; with `slack`, nothing.
            slack: price of a breach of each limit; a column more for each.
            integer: whether options are taken whole.
            loose: whether besides a breach each limit has a switch (see `fewest`).
            firm: the only group that may be broken, or None where all may.
        """
        solver = self._solver(limits, cost, slack, integer, loose, firm)
        solver.run()
        status = self._status(solver)
        if status == "infeasible":
            return status, None
        if solver.getInfo().primal_solution_status != 2:
            raise Unfound(
                "no choice of candidates was found in the time allowed, nor was it shown that "
                "there is none. Leave some candidates out, or allow fewer starts."
            )
        return status, np.asarray(solver.getSolution().col_value)

    def feasible(self, limits: Sequence[Limit]) -> bool:
        """Whether some choice keeps within these limits."""
        nothing = np.zeros(self.columns)
        if self.run(limits, nothing, integer=False)[0] == "infeasible":
            return False
        return self.run(limits, nothing)[0] != "infeasible"

    def duals(self, limits: Sequence[Limit]) -> tuple[float, dict[str, float], Array] | None:
        """See `relaxed`."""
        solver = self._solver(limits, self.cost(), None, False, False)
        solver.run()
        if self._status(solver) != "optimal":
            return None
        dual = np.asarray(solver.getSolution().row_dual)
        x = np.asarray(solver.getSolution().col_value)
        start = len(self.rows)
        prices, left = {}, self._marginal(dual)
        for i, one in enumerate(limits, start=start):
            price = abs(float(dual[i])) * self.scale / self.unit(one)
            prices[one.id] = price
            sign = 1.0 if one.sense == "most" else -1.0
            left = left - sign * price * (one.size + one.fixed)
        problem = self.problem
        if problem.hinge is None:
            value = float(np.concatenate([problem.value, problem.fixed]) @ x[: 2 * self.n])
        else:
            gone = float(problem.hinge.weight @ x[2 * self.n :]) * self.scale
            value = float(problem.hinge.weight @ np.maximum(problem.hinge.base, 0.0)) - gone
        return value, prices, left

    def _marginal(self, dual: Array) -> Array:
        """What a full-size option is worth; of a shortfall, only where there still is one."""
        hinge = self.problem.hinge
        if hinge is None:
            plain: Array = self.problem.value + self.problem.fixed
            return plain
        at = len(self.rows) - self.years
        weight = np.abs(dual[at : at + self.years])
        return -(weight @ (hinge.size + hinge.fixed))

    def cleaned(self, x: Array) -> Array:
        """Sizes without the solver's dust, 0 where an option is not taken."""
        size = np.clip(x[: self.n], 0.0, 1.0)
        size[(x[self.n : 2 * self.n] < 0.5) | (size < _SMALL)] = 0.0
        size[size > 1.0 - _SMALL] = 1.0
        least = self.problem.smallest[self.owner]
        found: Array = np.where(size > 0.0, np.maximum(np.round(size, 9), least), 0.0)
        return found

    def fewest(self, limits: Sequence[Limit]) -> dict[str, float]:
        """The fewest groups of limits to relax, and by how much; limits by id."""
        _, least = self.run(limits, np.zeros(self.columns), slack=self._weights(limits))
        assert least is not None, "with every limit elastic something can be chosen"
        # Room enough for any way to relax, yet no larger than the solver can tell from nothing.
        self._most = np.array([self._reach(one) for one in limits])
        _, found = self.run(
            limits, np.zeros(self.columns), slack=1e-4 * self._weights(limits), loose=True
        )
        return self._breaches(limits, least if found is None else found)

    def alone(self, limits: Sequence[Limit], group: str) -> dict[str, float] | None:
        """By how much a group's limits have to be relaxed where no other may be; None: no way."""
        _, found = self.run(limits, np.zeros(self.columns), slack=self._weights(limits), firm=group)
        return None if found is None else self._breaches(limits, found)

    def _breaches(self, limits: Sequence[Limit], x: Array) -> dict[str, float]:
        breach = x[self.columns : self.columns + len(limits)]
        return {
            one.id: float(breach[i]) * self.unit(one)
            for i, one in enumerate(limits)
            if breach[i] > _BROKEN * max(abs(one.bound) / self.unit(one), 1e-3)
        }

    def _weights(self, limits: Sequence[Limit]) -> Array:
        # A breach counts as a share of its own bound, or of what candidates could add to it.
        return np.array(
            [self.unit(one) / max(abs(one.bound), self.unit(one), 1e-9) for one in limits]
        )

    def _reach(self, one: Limit) -> float:
        """The most that a limit could be broken by, in units of its row."""
        parts = np.abs(one.size) + np.abs(one.fixed)
        tops = np.zeros(len(self.problem.candidates))
        np.maximum.at(tops, self.owner, parts)
        return float(tops.sum() + abs(one.bound)) / self.unit(one) * 1.01 + 1e-6

    def _solver(
        self,
        limits: Sequence[Limit],
        cost: Array,
        slack: Array | None,
        integer: bool,
        loose: bool,
        firm: str | None = None,
    ) -> Any:
        hs, inf = self.hs, self.hs.kHighsInf
        rows, low, high = self._limit_rows(limits)
        rows, low, high = (
            np.vstack([self.rows, rows]),
            np.concatenate([self.low, low]),
            np.concatenate([self.high, high]),
        )
        top = np.concatenate([np.ones(2 * self.n), np.full(self.years, inf)])
        whole = np.concatenate([np.zeros(self.n), np.ones(self.n), np.zeros(self.years)])
        if slack is not None:
            count = len(limits)
            give = np.zeros((len(rows), count))
            for i, one in enumerate(limits):
                give[len(self.rows) + i, i] = -1.0 if one.sense == "most" else 1.0
            rows = np.hstack([rows, give])
            room = [inf if firm in (None, one.group) else 0.0 for one in limits]
            cost, top = np.concatenate([cost, slack]), np.concatenate([top, room])
            whole = np.concatenate([whole, np.zeros(count)])
            if loose:
                rows, low, high, cost, top, whole = self._switches(
                    limits, rows, low, high, cost, top, whole
                )
        return self._passed(hs, rows, low, high, cost, top, whole * integer)

    def _switches(
        self,
        limits: Sequence[Limit],
        rows: Array,
        low: Array,
        high: Array,
        cost: Array,
        top: Array,
        whole: Array,
    ) -> tuple[Array, Array, Array, Array, Array, Array]:
        """A switch for each group, without which its limits may not be broken."""
        groups = list(dict.fromkeys(one.group for one in limits))
        wide = np.hstack([rows, np.zeros((len(rows), len(groups)))])
        tied = np.zeros((len(limits), wide.shape[1]))
        for i, one in enumerate(limits):
            tied[i, self.columns + i] = 1.0 / self._most[i]
            tied[i, rows.shape[1] + groups.index(one.group)] = -1.0
        ones = np.ones(len(groups))
        # Of as few groups, those that need relaxing least; of those the last as listed, since the
        # first are what the plan's author said must be.
        prices = ones - 1e-6 * np.arange(len(groups)) / len(groups)
        return (
            np.vstack([wide, tied]),
            np.concatenate([low, np.full(len(limits), -self.hs.kHighsInf)]),
            np.concatenate([high, np.zeros(len(limits))]),
            np.concatenate([cost, prices]),
            np.concatenate([top, ones]),
            np.concatenate([whole, ones]),
        )

    def _passed(
        self, hs: Any, rows: Array, low: Array, high: Array, cost: Array, top: Array, whole: Array
    ) -> Any:
        solver = hs.Highs()
        # One thread and a fixed seed: the same problem takes the same path every time.
        for name, value in (
            ("output_flag", False),
            ("threads", 1),
            ("random_seed", 0),
            ("mip_rel_gap", 0.0 if self.gap == GAP else self.gap),
            ("mip_abs_gap", 1e-10),
            ("mip_feasibility_tolerance", _TOLERANCE),
            ("primal_feasibility_tolerance", _TOLERANCE),
            ("mip_max_nodes", _NODES),
            ("mip_heuristic_effort", self.effort),
        ):
            solver.setOptionValue(name, value)
        lp = hs.HighsLp()
        lp.num_row_, lp.num_col_ = rows.shape
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, np.zeros(len(cost)), top
        lp.row_lower_, lp.row_upper_ = low, high
        column, row = np.nonzero(rows.T)
        lp.a_matrix_.format_ = hs.MatrixFormat.kColwise
        lp.a_matrix_.start_ = np.searchsorted(column, np.arange(len(cost) + 1))
        lp.a_matrix_.index_ = row
        lp.a_matrix_.value_ = rows[row, column]
        if whole.any():
            kinds = hs.HighsVarType
            lp.integrality_ = [kinds.kInteger if one else kinds.kContinuous for one in whole]
        solver.passModel(lp)
        return solver

    def _status(self, solver: Any) -> str:
        status = solver.getModelStatus()
        known = self.hs.HighsModelStatus
        if status == known.kOptimal:
            return "optimal"
        if status in (known.kInfeasible, known.kUnboundedOrInfeasible):
            return "infeasible"
        return "cut short"


def _explained(problem: Problem) -> Clash:
    """Names limits that clash, by leaving out one group after another, and the fewest to relax."""
    model = _Model(problem)
    relax = model.fewest(problem.limits)
    groups = list(dict.fromkeys(one.group for one in problem.limits))
    touched = {one.group for one in problem.limits if one.id in relax}
    kept = list(groups)
    # Groups that need not be relaxed go first, so that what remains is what a reader will ask of.
    for group in sorted(groups, key=lambda g: (g in touched, groups.index(g))):
        trial = [name for name in kept if name != group]
        if not model.feasible([one for one in problem.limits if one.group in trial]):
            kept = trial
    limits = [one for one in problem.limits if one.group in kept]
    # Within a group that is needed, only the years that are.
    for one in reversed(list(limits)):
        trial_limits = [other for other in limits if other is not one]
        if not model.feasible(trial_limits):
            limits = trial_limits
    ways = {group: model.alone(problem.limits, group) for group in kept}
    found = {group: way for group, way in ways.items() if way}
    return Clash(tuple(kept), tuple(limits), relax, found)


def forced(problem: Problem, candidate: int, size: float, delay: int | None = None) -> Problem:
    """The same problem in which a candidate is taken at a size at least, from a start if given."""
    mine = [delay in (None, one.delay) for one in problem.options]
    own = ((problem.owner == candidate) & np.array(mine)).astype(np.float64)
    held = _rule("forced", candidate, "least", size, own, np.zeros_like(own))
    return replace(problem, limits=(*problem.limits, held))


def _rule(kind: str, k: int, sense: str, bound: float, size: Array, fixed: Array) -> Limit:
    name = f"{kind}.{k}"
    return Limit(name, name, kind, kind, "", "", sense, bound, size, fixed)
