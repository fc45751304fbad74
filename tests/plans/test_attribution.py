"""Sharing out what a plan does among its interventions, on made-up levels of arms."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leftshift.plans.attribution import Subset, ordered, prefixes, shapley, subsets

FLOATS = st.floats(-1e6, 1e6, allow_nan=False)


def game(worth: dict[Subset, float]):  # type: ignore[no-untyped-def]
    def levels(which: Sequence[Subset]) -> list[np.ndarray]:  # type: ignore[type-arg]
        return [np.array([worth[one], 2.0 * worth[one]]) for one in which]

    return levels


@given(st.lists(FLOATS, min_size=1, max_size=9))
def test_ordered_contributions_add_up_to_the_whole_plan(levels: list[float]) -> None:
    effect = ordered(np.array(levels)[:, None])
    assert effect.shape == (len(levels), 1)
    assert effect[:-1].sum() == pytest.approx(effect[-1, 0], rel=1e-9, abs=1e-5)


def test_prefixes_begin_with_nothing_and_end_with_the_whole_plan() -> None:
    assert prefixes(3) == [(), (0,), (0, 1), (0, 1, 2)]
    assert len(subsets(4)) == 16 and subsets(4)[0] == ()


@settings(max_examples=30)
@given(st.integers(1, 4), st.data())
def test_shapley_values_add_up_and_treat_alike_what_does_alike(
    count: int, data: st.DataObject
) -> None:
    worth = {s: data.draw(FLOATS) if s else 0.0 for s in subsets(count)}
    found = shapley(count, game(worth))
    whole = worth[tuple(range(count))]
    assert found.value.sum(axis=0) == pytest.approx([whole, 2 * whole], rel=1e-9, abs=1e-4)
    assert not found.error.any() and found.orders == 0
    # Two that do the same in every company share alike.
    by_size = {s: float(len(s) ** 2) for s in subsets(count)}
    equal = shapley(count, game(by_size)).value[:, 0]
    assert equal == pytest.approx(np.full(count, count), rel=1e-9)


def test_what_does_nothing_in_any_company_gets_nothing_and_what_adds_alone_gets_just_that() -> None:
    worth = {s: (3.0 if 0 in s else 0.0) + (5.0 if 1 in s else 0.0) for s in subsets(3)}
    found = shapley(3, game(worth))
    assert found.value[:, 0] == pytest.approx([3.0, 5.0, 0.0])
    assert found.alone[:, 0] == pytest.approx([3.0, 5.0, 0.0])


def test_two_that_get_in_each_others_way_are_less_together_than_alone_and_share_the_loss() -> None:
    worth = {(): 0.0, (0,): 10.0, (1,): 10.0, (0, 1): 15.0}
    found = shapley(2, game(worth))
    assert found.value[:, 0] == pytest.approx([7.5, 7.5])
    assert found.alone.sum(axis=0)[0] > found.value.sum(axis=0)[0]


def test_sampled_orders_add_up_exactly_and_come_near_to_all_orders() -> None:
    rng = np.random.default_rng(3)
    worth = {s: float(len(s)) + 0.2 * rng.random() for s in subsets(6)}
    worth[()] = 0.0
    every = shapley(6, game(worth))
    some = shapley(6, game(worth), exact=3, orders=200, seed=5)
    assert some.orders == 200
    assert some.value.sum(axis=0) == pytest.approx(every.value.sum(axis=0), rel=1e-9)
    assert (abs(some.value - every.value) <= 5 * some.error + 1e-9).all()
    again = shapley(6, game(worth), exact=3, orders=200, seed=5)
    assert np.array_equal(some.value, again.value)
