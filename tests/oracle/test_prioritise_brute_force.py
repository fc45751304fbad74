"""The choice of candidates against enumeration of every combination of candidates and starts.

The oracle tries every set of candidates with every start, and sizes from a linear programme of
scipy's own; it shares no code with the choice.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import linprog

from leftshift.plans.choice import Clash, Hinge, Limit, Option, Problem, Taken, relaxed, solve

Array = NDArray[np.float64]


def made_up(
    seed: int, candidates: int = 4, starts: int = 2, years: int = 3, hinge: bool = False
) -> Problem:
    """A small problem: limits on money by year, a floor, one required and one pair shut out."""
    rng = np.random.default_rng(seed)
    options = tuple(Option(k, d) for k in range(candidates) for d in range(starts))
    n = len(options)
    owner = np.array([one.candidate for one in options])
    value = rng.uniform(-1.0, 10.0, n)
    fixed_value = np.where(rng.random(n) < 0.3, -0.5, 0.0)
    limits = []
    for y in range(years):
        cost, fixed = rng.uniform(0.0, 5.0, n), rng.uniform(0.0, 1.0, n)
        limits.append(
            Limit(f"money.{y}", "money", f"money in {y}", "new_spend", str(y), "£", "most",
                  float(rng.uniform(2.0, 9.0)), cost, fixed)
        )  # fmt: skip
    own = (owner == 0).astype(float)
    limits.append(
        Limit("floor.0", "floor", "a floor", "floor_new", "0", "£", "least", 0.0,
              own - 0.2, np.zeros(n))
    )  # fmt: skip
    if seed % 3 == 0:
        mine = (owner == 1).astype(float)
        limits.append(
            Limit("required.1", "required.1", "1 being required", "required", "", "share", "least",
                  0.5, mine, np.zeros(n))
        )  # fmt: skip
    if seed % 2 == 0:
        both = np.isin(owner, (0, 2)).astype(float)
        limits.append(
            Limit("pair", "pair", "one of 0 and 2", "exclusive", "", "", "most", 1.0,
                  np.zeros(n), both)
        )  # fmt: skip
    smallest = np.where(rng.random(candidates) < 0.3, 1.0, rng.uniform(0.05, 0.6, candidates))
    short = None
    if hinge:
        short = Hinge(
            np.array([1.0, 0.9, 0.8])[:years],
            rng.uniform(-2.0, 6.0, years),
            -rng.uniform(-1.0, 4.0, (years, n)),
            rng.uniform(0.0, 0.5, (years, n)),
        )
    names = tuple(f"c{k}" for k in range(candidates))
    return Problem(names, options, value, fixed_value, smallest, tuple(limits), short)


def brute_force(problem: Problem) -> float | None:
    """The best value of all: each candidate is out, or in from one of its starts."""
    n = len(problem.options)
    of = [
        [None, *(i for i, one in enumerate(problem.options) if one.candidate == k)]
        for k in range(len(problem.candidates))
    ]
    best = None
    for picked in itertools.product(*of):
        on = [i for i in picked if i is not None]
        taken = np.zeros(n)
        taken[on] = 1.0
        rows, most = [], []
        for one in problem.limits:
            sign = 1.0 if one.sense == "most" else -1.0
            rows.append(sign * one.size[on])
            most.append(sign * (one.bound - float(one.fixed @ taken)))
        if not on:
            if all(room >= -1e-9 for room in most):
                best = max(best, 0.0) if best is not None else 0.0
            continue
        ranges = [(float(problem.smallest[problem.options[i].candidate]), 1.0) for i in on]
        hinge = problem.hinge
        if hinge is None:
            found = linprog(-problem.value[on], A_ub=np.array(rows), b_ub=most, bounds=ranges)
            value = -found.fun + float(problem.fixed @ taken) if found.status == 0 else None
        else:
            years = len(hinge.weight)
            wide = [np.concatenate([row, np.zeros(years)]) for row in rows]
            for y in range(years):
                wide.append(np.concatenate([hinge.size[y, on], -np.eye(years)[y]]))
                most.append(-float(hinge.base[y] + hinge.fixed[y] @ taken))
            found = linprog(
                np.concatenate([np.zeros(len(on)), hinge.weight]),
                A_ub=np.array(wide), b_ub=most, bounds=[*ranges, *[(0.0, None)] * years],
            )  # fmt: skip
            start = float(hinge.weight @ np.maximum(hinge.base, 0.0))
            value = start - found.fun if found.status == 0 else None
        if value is not None and (best is None or value > best):
            best = value
    return best


def keeps_every_rule(problem: Problem, taken: Taken) -> bool:
    owner = problem.owner
    on = taken.size > 0.0
    once = all((on & (owner == k)).sum() <= 1 for k in range(len(problem.candidates)))
    sized = bool((taken.size[on] >= problem.smallest[owner][on] - 1e-9).all())
    for one in problem.limits:
        over = problem.level(one, taken.size) - one.bound
        if (over if one.sense == "most" else -over) > 1e-5:
            return False
    return once and sized


@pytest.mark.parametrize("hinge", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_no_combination_is_better_than_the_choice(seed: int, hinge: bool) -> None:
    problem = made_up(seed, hinge=hinge)
    found, wanted = solve(problem), brute_force(problem)
    if wanted is None:
        assert isinstance(found, Clash)
        return
    assert isinstance(found, Taken)
    assert keeps_every_rule(problem, found)
    assert found.value == pytest.approx(wanted, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("seed", range(6))
def test_a_clash_is_irreducible_and_what_it_says_would_do_does(seed: int) -> None:
    problem = made_up(3 * seed, starts=1)
    n = len(problem.options)
    dear = (problem.owner == 3).astype(float)
    duty = Limit("required.3", "required.3", "3 being required", "required", "", "share", "least",
                 1.0, dear, np.zeros(n))  # fmt: skip
    limits = tuple(
        Limit(one.id, one.group, one.label, one.kind, one.year, one.unit, one.sense, 0.01,
              one.size, one.fixed)
        if one.kind == "new_spend"
        else one
        for one in problem.limits
    )  # fmt: skip

    def of(limits: tuple[Limit, ...]) -> Problem:
        return Problem(
            problem.candidates, problem.options, problem.value, problem.fixed,
            problem.smallest, limits,
        )  # fmt: skip

    clash = solve(of((*limits, duty)))
    assert isinstance(clash, Clash)
    assert brute_force(of((*limits, duty))) is None
    every = of((*limits, duty)).limits
    kept = [one for one in every if one.group in clash.groups]
    assert brute_force(of(tuple(kept))) is None
    for group in clash.groups:
        assert brute_force(of(tuple(one for one in kept if one.group != group))) is not None

    def loosened(way: dict[str, float]) -> Problem:
        return of(
            tuple(
                Limit(one.id, one.group, one.label, one.kind, one.year, one.unit, one.sense,
                      one.bound + (1 if one.sense == "most" else -1) * (way.get(one.id, 0) + 1e-5),
                      one.size, one.fixed)
                for one in every
            )
        )  # fmt: skip

    assert brute_force(loosened(clash.relax)) is not None
    for way in clash.ways.values():
        assert brute_force(loosened(way)) is not None


@pytest.mark.parametrize("seed", [1, 5, 7])
def test_a_price_of_the_relaxation_is_what_a_little_more_room_brings_to_it(seed: int) -> None:
    problem = made_up(seed)
    found = relaxed(problem)
    assert found is not None
    value, prices, _ = found
    step = 1e-4
    for at, one in enumerate(problem.limits):
        if one.kind != "new_spend":
            continue
        wider = Limit(one.id, one.group, one.label, one.kind, one.year, one.unit, one.sense,
                      one.bound + step, one.size, one.fixed)  # fmt: skip
        limits = (*problem.limits[:at], wider, *problem.limits[at + 1 :])
        again = relaxed(
            Problem(problem.candidates, problem.options, problem.value, problem.fixed,
                    problem.smallest, limits)
        )  # fmt: skip
        assert again is not None
        assert (again[0] - value) / step == pytest.approx(prices[one.id], rel=1e-3, abs=1e-4)
