"""The optimiser against enumeration, and what it says of limits that clash."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leftshift.errors import ModelError
from leftshift.organisation.optimise import (
    GAP,
    Clash,
    Limit,
    Plan,
    Problem,
    Route,
    relaxed_caps,
    solve,
)

YEARS = ("2026/27", "2027/28")


def limit(
    name: str, kind: str, sense: str, bound: float, weights: list[float], unit: str = "GBP"
) -> Limit:
    label = f"{name} in 2027/28" if kind == "cap" else f"{name} at its minimum in 2027/28"
    return Limit(name, label, kind, name, "2027/28", unit, sense, bound, np.array(weights))


def problem(
    harm: list[list[float]],
    cost: list[list[float]],
    work: list[list[float]],
    cap: float,
    least: float,
) -> Problem:
    """Each function has as many routes as `harm` has columns."""
    routes = [
        Route(f, ("keep", f"option {o}" if o else "keep"))
        for f, row in enumerate(harm)
        for o in range(len(row))
    ]
    return Problem(
        tuple(f"f{i}" for i in range(len(harm))),
        YEARS,
        tuple(routes),
        np.array(list(itertools.chain(*harm))),
        (
            limit("the cap", "cap", "most", cap, list(itertools.chain(*cost))),
            limit("safeguarding", "duty", "least", least, list(itertools.chain(*work)), "WTE"),
        ),
    )


def enumerated(made: Problem) -> float | None:
    """The least harm of all choices, one by one."""
    by_function = [
        [i for i, r in enumerate(made.routes) if r.function == f]
        for f in range(len(made.functions))
    ]
    best = None
    for choice in itertools.product(*by_function):
        held = [one.weights[list(choice)].sum() for one in made.limits]
        fits = all(
            level <= one.bound + 1e-6 * max(abs(one.bound), 1)
            if one.sense == "most"
            else level >= one.bound - 1e-6 * max(abs(one.bound), 1)
            for one, level in zip(made.limits, held, strict=True)
        )
        if fits:
            harm = float(made.harm[list(choice)].sum())
            best = harm if best is None else min(best, harm)
    return best


SMALL = problem(
    harm=[[0, 3e5, 9e5], [0, 2e5, 8e5], [0, 4e5, 5e5]],
    cost=[[1e6, 6e5, 0], [9e5, 7e5, 1e5], [8e5, 5e5, 2e5]],
    work=[[5, 4, 0], [3, 3, 0], [0, 0, 0]],
    cap=1.9e6,
    least=7,
)


def found(made: Problem) -> Plan:
    answer = solve(made)
    assert isinstance(answer, Plan)
    return answer


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_no_choice_has_less_harm_than_the_one_found(data: st.DataObject) -> None:
    functions = data.draw(st.integers(1, 4))
    routes = data.draw(st.integers(1, 4))
    amounts = st.lists(
        st.lists(st.integers(0, 1000), min_size=routes, max_size=routes),
        min_size=functions,
        max_size=functions,
    )
    harm, cost, work = (
        [[float(v) * scale for v in row] for row in data.draw(amounts)]
        for scale in (1000.0, 1000.0, 0.1)
    )
    made = problem(
        harm,
        cost,
        work,
        cap=float(data.draw(st.integers(0, 3000))) * 1000.0,
        least=float(data.draw(st.integers(0, 200))),
    )
    best = enumerated(made)
    answer = solve(made, prices=False)
    if best is None:
        assert isinstance(answer, Clash)
    else:
        assert isinstance(answer, Plan)
        assert answer.proven
        assert answer.harm <= best + 2 * GAP * best + 1e-6
        assert answer.bound <= best + 1e-6 * max(best, 1.0)


def test_every_limit_is_kept_by_the_plan() -> None:
    plan = found(SMALL)
    assert plan.levels["the cap"] <= 1.9e6 + 2
    assert plan.levels["safeguarding"] >= 7 - 1e-4
    assert plan.proven
    assert plan.gap <= GAP * 1.01


def test_one_route_is_chosen_for_each_function() -> None:
    plan = found(SMALL)
    assert [SMALL.routes[i].function for i in plan.chosen] == [0, 1, 2]


def test_the_same_problem_gives_the_same_plan_and_prices() -> None:
    first, second = found(SMALL), found(SMALL)
    assert first.chosen == second.chosen
    assert first.prices == second.prices


def test_of_plans_that_are_equally_good_the_first_is_found() -> None:
    made = problem(
        harm=[[0, 1e5, 1e5], [0, 1e5, 1e5]],
        cost=[[10, 5, 5], [10, 5, 5]],
        work=[[1, 1, 1], [1, 1, 1]],
        cap=10,
        least=0,
    )
    assert found(made).chosen == (1, 4)


def test_a_limit_that_does_not_bind_costs_nothing() -> None:
    prices = {one.group: one for one in found(SMALL).prices}
    loose = replace(
        SMALL, limits=(replace(SMALL.limits[0], bound=1e9), replace(SMALL.limits[1], bound=0.0))
    )
    assert all(one.marginal == 0.0 for one in found(loose).prices)
    assert prices["the cap"].marginal > 0.0


def test_the_price_of_a_pound_is_what_another_pound_of_cap_spares() -> None:
    # Two functions of one route more each, divisible in the relaxation: 50p of harm saves £1, and
    # £2 saves £1; the cap calls for more than the first can give.
    made = problem(
        harm=[[0, 500.0], [0, 2000.0]],
        cost=[[1000.0, 0], [1000.0, 0]],
        work=[[0, 0], [0, 0]],
        cap=500.0,
        least=0.0,
    )
    prices = {one.group: one for one in found(made).prices}
    assert prices["the cap"].marginal == pytest.approx(2.0)


def test_a_duty_is_priced_by_the_harm_that_it_brings() -> None:
    # Without the duty the harmless first change would do; with it the harmful second is needed.
    made = problem(
        harm=[[0, 100.0], [0, 900.0]],
        cost=[[1000.0, 0], [1000.0, 0]],
        work=[[5, 0], [0, 0]],
        cap=1000.0,
        least=5.0,
    )
    price = {one.group: one for one in found(made).prices}["safeguarding"]
    assert price.whole == pytest.approx(800.0, rel=1e-3)
    assert price.spare == 0.0
    assert found(made).harm == 900.0


def test_more_cap_never_makes_the_plan_worse() -> None:
    harms = [
        found(replace(SMALL, limits=(replace(SMALL.limits[0], bound=cap), SMALL.limits[1]))).harm
        for cap in (1.8e6, 1.9e6, 2.1e6, 2.5e6, 3e6)
    ]
    assert harms == sorted(harms, reverse=True)


def test_a_clash_names_the_limits_and_by_how_much_each_is_missed() -> None:
    tight = replace(SMALL, limits=(replace(SMALL.limits[0], bound=8e5), SMALL.limits[1]))
    answer = solve(tight)
    assert isinstance(answer, Clash)
    assert {one.group for one in answer.limits} == {"the cap", "safeguarding"}
    said = " ".join(answer.sentences)
    assert "the cap" in said
    assert "safeguarding" in said
    # 7 WTE keep functions 0 and 1 at their cheapest, £0.6m and £0.7m; function 2 costs £0.2m.
    assert "With every duty at its minimum, the cap in 2027/28 would have to be £1.50m" in said
    assert "Within the cap, safeguarding at its minimum in 2027/28 falls to" in said


def test_a_limit_on_what_is_spent_is_said_to_rise_where_it_clashes() -> None:
    least = SMALL.limits[1]
    most = replace(least, sense="most", bound=-least.bound, weights=-least.weights, kind="other")
    most = replace(most, label="the limit on moves")
    answer = solve(replace(SMALL, limits=(replace(SMALL.limits[0], bound=8e5), most)))
    assert isinstance(answer, Clash)
    said = " ".join(answer.sentences)
    assert "Within the cap, the limit on moves would have to rise to" in said
    assert "falls to" not in said


def test_leaving_out_any_one_of_the_clashing_limits_ends_the_clash() -> None:
    tight = replace(SMALL, limits=(replace(SMALL.limits[0], bound=8e5), SMALL.limits[1]))
    answer = solve(tight)
    assert isinstance(answer, Clash)
    for group in {one.group for one in answer.limits}:
        left = tuple(one for one in answer.limits if one.group != group)
        assert isinstance(solve(replace(tight, limits=left), prices=False), Plan)


def test_a_limit_that_has_no_part_in_the_clash_is_not_blamed() -> None:
    innocent = limit("involvement", "duty", "least", 0.5, [1.0] * 9, "WTE")
    tight = replace(SMALL, limits=(replace(SMALL.limits[0], bound=8e5), SMALL.limits[1], innocent))
    answer = solve(tight)
    assert isinstance(answer, Clash)
    assert "involvement" not in {one.group for one in answer.limits}


def test_a_limit_that_nothing_can_meet_is_named_alone() -> None:
    impossible = replace(SMALL, limits=(SMALL.limits[0], replace(SMALL.limits[1], bound=99.0)))
    answer = solve(impossible)
    assert isinstance(answer, Clash)
    assert [one.group for one in answer.limits] == ["safeguarding"]
    assert "Nothing that is allowed meets safeguarding at its minimum" in answer.sentences[0]


def test_caps_are_raised_no_further_than_the_duties_ask() -> None:
    tight = replace(SMALL, limits=(replace(SMALL.limits[0], bound=8e5), SMALL.limits[1]))
    nearer = relaxed_caps(tight)
    assert nearer is not None
    assert nearer.limits[0].bound == pytest.approx(1.5e6, abs=5.0)
    assert nearer.limits[1].bound == 7
    assert isinstance(solve(nearer), Plan)


def test_what_is_not_a_problem_is_refused_in_words() -> None:
    with pytest.raises(ModelError, match="one figure for each route"):
        solve(replace(SMALL, harm=np.zeros(3)))
    with pytest.raises(ModelError, match="finite"):
        solve(replace(SMALL, harm=np.full(9, np.nan)))
    with pytest.raises(ModelError, match="the same id"):
        solve(replace(SMALL, limits=(SMALL.limits[0], SMALL.limits[0])))
    with pytest.raises(ModelError, match='"f3" has no allowed option'):
        solve(replace(SMALL, functions=("f0", "f1", "f2", "f3")))


def board_sized(seed: int = 1) -> Problem:
    """Thirty functions, five years and twenty duties: what a real board asks."""
    draw = np.random.default_rng(seed)
    years, count = 5, 30
    present = draw.uniform(0.2e6, 2.5e6, count)
    worth = draw.uniform(0.1, 1.0, count)
    routes, harm, cost, work = [], [], [], []
    for f in range(count):
        for share in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 1.0):
            for start in range(1, years) if share else (0,):
                done = np.array([share if share and y >= start else 0.0 for y in range(years)])
                routes.append(Route(f, tuple("keep" if v == 0 else f"cut {v}" for v in done)))
                harm.append(float((done * present[f] * worth[f]).sum() + share * 3e5))
                cost.append(present[f] * (1 - done))
                work.append(present[f] / 7e4 * (1 - done))
    limits = [
        Limit(
            f"cap{y}", f"the cap in {y}", "cap", f"cap{y}", str(y), "GBP", "most",
            present.sum() * (1.0, 0.85, 0.7, 0.6, 0.6)[y], np.array(cost)[:, y],
        )
        for y in range(1, years)
    ]  # fmt: skip
    owner = np.array([route.function for route in routes])
    for d in range(20):
        serving = np.isin(owner, [d, (d * 7 + 3) % count])
        for y in range(1, years):
            weights = np.where(serving, np.array(work)[:, y], 0.0)
            full = sum(present[f] / 7e4 for f in {d, (d * 7 + 3) % count})
            limits.append(
                Limit(
                    f"duty{d}.{y}", f"duty {d} in {y}", "duty", f"duty{d}", str(y), "WTE", "least",
                    0.6 * full, weights,
                )
            )  # fmt: skip
    return Problem(
        tuple(f"f{i}" for i in range(count)),
        tuple(map(str, range(years))),
        tuple(routes),
        np.array(harm),
        tuple(limits),
    )


def test_a_problem_of_a_boards_size_is_solved_and_its_gap_is_stated() -> None:
    plan = found(board_sized())
    assert plan.bound <= plan.harm
    assert plan.proven or plan.stopped
    assert plan.gap < 0.02
    assert {one.group for one in plan.prices} == {one.group for one in board_sized().limits}
