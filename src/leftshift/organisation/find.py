"""Turns a board into the problem that `optimise` solves, and its answer into an option and words.

Each function may be kept, or changed once: some action, for some share of it, from some year on.
The board's path of allowances and the minimum of each duty are the limits. Harm is counted in
pounds over all years: the value of work that nobody does any more, redundancy payments for posts
that go, work put at risk in the year of change, once-only cost, and cost that only moves to others,
each by its weight in the catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from leftshift.catalogue import Catalogue, Parameters
from leftshift.organisation.board import Board
from leftshift.organisation.functions import Function
from leftshift.organisation.money import Price, allowance
from leftshift.organisation.optimise import (
    Clash,
    Limit,
    Plan,
    Problem,
    Route,
    relaxed_caps,
    solve,
)
from leftshift.organisation.optimise import (
    Price as LimitPrice,
)
from leftshift.organisation.options import Change, Effect, Option, Rates, effect

__all__ = ["FOUND", "Search", "find", "problem_of"]

FOUND = "found"
"""The key of the option that is found."""

# How finely the search may cut: a grid to choose from, not a rule of any board.
_SHARES: dict[str, tuple[float, ...]] = {
    "reduce": (0.1, 0.2, 0.3, 0.4, 0.5),
    "digitise": (0.5, 1.0),
    "share": (0.5, 1.0),
    "transfer": (1.0,),
    "at_scale": (0.5, 1.0),
    "stop": (1.0,),
}
# Of those who may take a function up, the nearest to residents comes first.
_NEAREST = ("local_authority", "provider", "region")


@dataclass(frozen=True, slots=True)
class Search:
    """What the search may do, as `[find]` of organisation.toml has it.

    Attributes:
        fixed: functions that must be kept as they are.
        redundancy_limit: pounds of redundancy payments over all years, or None.
        moved_limit: pounds a year that may move to others, or None.
        seconds: the longest the search may take.
    """

    fixed: tuple[str, ...] = ()
    redundancy_limit: float | None = None
    moved_limit: float | None = None
    seconds: float = 60.0


def find(
    board: Board,
    catalogue: Catalogue,
    staff_cost: Mapping[str, int],
    search: Search | None = None,
) -> tuple[Option | None, dict[str, pl.DataFrame]]:
    """Finds the least harmful option that meets the path with every duty at its minimum.

    Where a duty is below its minimum before anything changes, no option can meet it: this is said,
    and the search holds it at what it has now. Where the path cannot be met, this is said with the
    limits that clash, and the option comes as near to the path as duties allow.

    Args:
        board: the board.
        catalogue: rates, prices and weights.
        staff_cost: expected redundancy payment of one WTE of each function, in pence.
        search: what the search may do.

    Returns:
        The option, or None where not even a nearest one exists; and the tables prices, clashes and
        found.
    """
    wanted = search if search is not None else Search()
    parameters = catalogue.parameters()
    problem, changes = problem_of(board, parameters, staff_cost, wanted)
    words: list[tuple[str, str, float | None, str]] = []
    clashes: list[tuple[str, str]] = []
    problem, already = _held_at_present(problem)
    clashes += already
    answer = solve(problem, wanted.seconds)
    reached = not isinstance(answer, Clash)
    if isinstance(answer, Clash):
        named = ", ".join(dict.fromkeys(one.group for one in answer.limits))
        clashes += [(named, sentence) for sentence in answer.sentences]
        nearer = relaxed_caps(problem)
        if nearer is None:
            return None, _tables((), clashes, words)
        problem = nearer
        answer = solve(problem, wanted.seconds)
    if isinstance(answer, Clash):
        return None, _tables((), clashes, words)
    words += _facts(problem, answer, reached, bool(already))
    option = Option(
        FOUND,
        "Least harm found" if reached else "Nearest to the cap found",
        "Worked out by the optimiser: " + " ".join(said for *_rest, said in words[:2]),
        tuple(change for index in answer.chosen if (change := changes[index]) is not None),
    )
    return option, _tables(answer.prices, clashes, words)


def problem_of(
    board: Board,
    parameters: Parameters,
    staff_cost: Mapping[str, int],
    search: Search,
) -> tuple[Problem, list[Change | None]]:
    """Makes the problem: every route of every function, its harm, and every limit.

    Returns:
        The problem, and for each route the change that it stands for (None: kept).
    """
    rates = Rates.of(parameters)
    price = Price.of(parameters, board.prices)
    years = range(len(board.labels))
    routes: list[Route] = []
    changes: list[Change | None] = []
    effects: list[tuple[Effect, ...]] = []
    harm: list[float] = []
    for position, function in enumerate(board.functions):
        for change in _choices(function, len(board.labels), function.id in search.fixed):
            acted = (change,) if change is not None else ()
            found = tuple(effect(function, acted, year, rates, price) for year in years)
            routes.append(Route(position, _labels(change, len(board.labels))))
            changes.append(change)
            effects.append(found)
            harm.append(_harm(found, staff_cost.get(function.id, 0) / 100, parameters))
    counted = [board.functions[route.function].counts for route in routes]
    limits = [
        *_caps(board, parameters, effects, counted, routes),
        *_duties(board, effects, routes),
        *_others(board, effects, routes, staff_cost, search),
    ]
    return (
        Problem(
            tuple(function.id for function in board.functions),
            tuple(board.labels),
            tuple(routes),
            np.array(harm),
            tuple(limits),
        ),
        changes,
    )


def _choices(function: Function, years: int, fixed: bool) -> list[Change | None]:
    found: list[Change | None] = [None]
    if fixed:
        return found
    for action, shares in _SHARES.items():
        to = ""
        if action == "share":
            to = "cluster" if "cluster" in function.destinations else ""
        elif action == "at_scale":
            to = "at_scale" if "at_scale" in function.destinations else ""
        elif action == "transfer":
            to = next((one for one in _NEAREST if one in function.destinations), "")
        if action in ("share", "at_scale", "transfer") and not to:
            continue
        if action == "stop" and function.statutory:
            continue
        for share in shares:
            for start in range(1, years):
                steps = tuple(share if year >= start else 0.0 for year in range(years))
                found.append(Change(function.id, action, steps, to))
    return found


def _labels(change: Change | None, years: int) -> tuple[str, ...]:
    if change is None:
        return ("keep",) * years
    return tuple(f"{change.do} {share:.0%}" if share > 0.0 else "keep" for share in change.shares)


def _harm(found: Sequence[Effect], payment: float, p: Parameters) -> float:
    total, before = 0.0, 0.0
    for one in found:
        worth = one.cost_before / 100
        total += p.value("find.value_weight") * one.value_lost / 100 * worth
        total += p.value("find.moved_weight") * one.cost_moved / 100
        total += p.value("find.risk_weight") * one.risk * worth
        total += p.value("find.redundancy_weight") * max(one.wte_released - before, 0.0) * payment
        total += one.one_off / 100
        before = one.wte_released
    return total


def _caps(
    board: Board,
    parameters: Parameters,
    effects: Sequence[tuple[Effect, ...]],
    counted: Sequence[bool],
    routes: Sequence[Route],
) -> list[Limit]:
    kept = {route.function: i for i, route in enumerate(routes) if set(route.options) == {"keep"}}
    present = sum(effects[i][0].cost_board for i in kept.values() if counted[i])
    bounds = allowance(board, parameters, present)
    return [
        Limit(
            f"cap.{label}",
            f"the running-cost allowance of {label}",
            "cap",
            f"cap.{label}",
            label,
            "GBP",
            "most",
            bounds[year] / 100,
            np.array(
                [
                    (one[year].cost_board + one[year].cost_added) / 100 if counts else 0.0
                    for one, counts in zip(effects, counted, strict=True)
                ]
            ),
        )
        for year, label in enumerate(board.labels)
        if year > 0
    ]


def _duties(
    board: Board, effects: Sequence[tuple[Effect, ...]], routes: Sequence[Route]
) -> list[Limit]:
    found = []
    for duty in board.duties:
        shares = np.array(
            [board.functions[route.function].duties.get(duty.id, 0.0) for route in routes]
        )
        if not shares.any() and max(duty.minimum) <= 0.0:
            continue
        for year, label in enumerate(board.labels):
            if year == 0:
                continue
            work = np.array(
                [one[year].capacity_own + one[year].capacity_elsewhere for one in effects]
            )
            found.append(
                Limit(
                    f"duty.{duty.id}.{label}",
                    f"{duty.label} at its minimum in {label}",
                    "duty",
                    duty.id,
                    label,
                    "WTE",
                    "least",
                    duty.minimum[year],
                    shares * work,
                )
            )
    return found


def _others(
    board: Board,
    effects: Sequence[tuple[Effect, ...]],
    routes: Sequence[Route],
    staff_cost: Mapping[str, int],
    search: Search,
) -> list[Limit]:
    found = []
    if search.redundancy_limit is not None:
        paid = [
            one[-1].wte_released * staff_cost.get(board.functions[route.function].id, 0) / 100
            for one, route in zip(effects, routes, strict=True)
        ]
        found.append(
            Limit(
                "redundancy",
                "the limit on redundancy payments",
                "other",
                "redundancy",
                "",
                "GBP",
                "most",
                search.redundancy_limit,
                np.array(paid),
            )
        )
    if search.moved_limit is not None:
        found.append(
            Limit(
                "moved",
                "the limit on cost that moves to others",
                "other",
                "moved",
                "",
                "GBP",
                "most",
                search.moved_limit,
                np.array([one[-1].cost_moved / 100 for one in effects]),
            )
        )
    return found


def _held_at_present(problem: Problem) -> tuple[Problem, list[tuple[str, str]]]:
    """Holds duties that are short already at what they have now, and says so."""
    kept = np.array([set(route.options) == {"keep"} for route in problem.routes])
    limits: list[Limit] = []
    said: dict[str, tuple[str, str]] = {}
    for one in problem.limits:
        now = float(one.weights[kept].sum())
        if one.kind == "duty" and now < one.bound - 1e-9:
            words = (
                f"{one.label} cannot be met by any option: it has {now:,.1f} WTE before anything "
                f"changes, against {one.bound:,.1f}. The search only makes sure that it is not "
                "made worse."
            )
            said.setdefault(one.group, (one.group, words))
            limits.append(replace(one, bound=now))
        else:
            limits.append(one)
    return replace(problem, limits=tuple(limits)), list(said.values())


def _facts(
    problem: Problem, plan: Plan, reached: bool, already: bool
) -> list[tuple[str, str, float | None, str]]:
    if plan.proven:
        proof = (
            "Proven: no other choice among these has less harm by more than a part in ten thousand."
        )
    else:
        proof = (
            f"Not proven, since {plan.stopped}: another choice may have up to {plan.gap:.2%} less "
            "harm."
        )
    met = (
        "It meets the allowance of every year with every duty at its minimum."
        if reached and not already
        else "It meets the allowance of every year; duties that were short already are not made "
        "worse."
        if reached
        else "It does not reach the allowance of every year: it comes as near as duties allow."
    )
    changed = sum(set(problem.routes[i].options) != {"keep"} for i in plan.chosen)
    return [
        ("reached", "", None, met),
        ("proof", "", None, proof),
        (
            "choices",
            "routes",
            float(len(problem.routes)),
            f"It was chosen from {len(problem.routes):,} ways of changing "
            f"{len(problem.functions)} functions over {len(problem.years) - 1} years, under "
            f"{len(problem.limits):,} limits; it changes {changed} functions.",
        ),
        (
            "harm",
            "GBP of harm",
            plan.harm,
            f"Its harm is £{plan.harm / 1e6:,.2f}m over all years; the least that any choice can "
            f"have is £{plan.bound / 1e6:,.2f}m.",
        ),
        ("gap", "share", plan.gap, ""),
    ]


def _tables(
    prices: Sequence[LimitPrice],
    clashes: Sequence[tuple[str, str]],
    words: Sequence[tuple[str, str, float | None, str]],
) -> dict[str, pl.DataFrame]:
    rows: list[dict[str, Any]] = [
        {
            "limit": one.group,
            "kind": one.kind,
            "label": one.label.removesuffix(" at its minimum"),
            "year": one.year,
            "unit": one.unit,
            "marginal": one.marginal,
            "whole": one.whole,
            "spare": one.spare,
            "words": _price_words(one),
        }
        for one in prices
    ]
    text = pl.String()
    return {
        "prices": pl.DataFrame(
            rows,
            schema={
                "limit": text,
                "kind": text,
                "label": text,
                "year": text,
                "unit": text,
                "marginal": pl.Float64(),
                "whole": pl.Float64(),
                "spare": pl.Float64(),
                "words": text,
            },
        ),
        "clashes": pl.DataFrame(
            [
                {"order": i, "limits": limits, "words": said}
                for i, (limits, said) in enumerate(clashes, start=1)
            ],
            schema={"order": pl.Int64(), "limits": text, "words": text},
        ),
        "found": pl.DataFrame(
            [
                {"measure": measure, "unit": unit, "value": value, "words": said}
                for measure, unit, value, said in words
            ],
            schema={"measure": text, "unit": text, "value": pl.Float64(), "words": text},
        ),
    }


def _price_words(one: LimitPrice) -> str:
    if one.marginal <= 0.0:
        spare = f"£{one.spare:,.0f}" if one.unit == "GBP" else f"{one.spare:,.1f} {one.unit}"
        return f"It does not bind: {spare} to spare at its nearest."
    if one.unit == "GBP":
        return f"A pound more would spare £{one.marginal:,.2f} of harm."
    whole = f"; keeping all of it costs £{one.whole:,.0f}" if one.whole is not None else ""
    return f"The last {one.unit} of it costs £{one.marginal:,.0f} of harm{whole}."
