"""Waiting lists against closed forms and against a queue that is simulated person by person."""

import heapq

import numpy as np
import pytest

from leftshift.care import waits


def test_92_percent_within_18_weeks_is_a_mean_of_7_1_weeks_when_waits_are_exponential():
    tail = waits.fit(np.array(0.08), np.array(0.08 * np.exp(-34.0 / (18.0 / -np.log(0.08)))), 1.0)
    # One pathway: counts below one are taken as they are only above a half, so scale it up.
    many = waits.fit(np.array(8e6), np.array(8e6 * np.exp(34.0 / 18.0 * np.log(0.08))), 1.0)
    assert float(many.size) == pytest.approx(1e8)
    assert float(many.scale) == pytest.approx(18.0 / 2.5257, rel=1e-4)
    assert float(many.scale) == pytest.approx(7.1, abs=0.05)
    assert np.isfinite(tail.size)


@pytest.mark.parametrize("shape", [0.8, 1.0, 1.3])
def test_the_fit_finds_a_tail_that_was_made(shape):
    size, scale = 1e6, 15.0
    counts = [size * np.exp(-((w / scale) ** shape)) for w in (18.0, 52.0)]
    tail = waits.fit(np.array(counts[0]), np.array(counts[1]), shape)
    assert float(tail.size) == pytest.approx(size)
    assert float(tail.scale) == pytest.approx(scale)
    assert float(tail.over(18.0)) == pytest.approx(counts[0])
    assert float(tail.over(52.0)) == pytest.approx(counts[1])


def test_a_years_step_is_the_equation_solved_in_small_steps():
    size, starts, capacity, leave = 1000.0, 2600.0, 2300.0, 0.37
    now, parts = size, 100_000
    for _ in range(parts):
        now += (starts - capacity - leave * now) / parts
    exact = waits.step(np.array(size), np.array(starts), np.array(capacity), leave)
    assert float(exact) == pytest.approx(now, rel=1e-5)


def test_a_list_that_is_followed_settles_where_the_equation_does():
    starts, stops, leave = np.array([500.0]), np.array([440.0]), np.array([0.03])
    list_ = np.zeros((1, 37))
    for _ in range(400):
        list_, _, _ = waits.cohort(list_, starts, stops, leave, 0.5)
    # A month's leavers are taken before treatment: n = (n + starts)(1 - leave) - stops.
    settled = (500.0 * 0.97 - 440.0) / 0.03
    assert float(list_.sum()) == pytest.approx(settled, rel=1e-4)


def test_littles_law_holds_for_a_queue_that_is_served_in_order():
    """First come, first served, with random arrivals: mean list = arrivals x mean wait."""
    rng = np.random.default_rng(7)
    rate, service = 100.0, 1.0 / 104.0  # a week's arrivals, and weeks that each takes
    arrive = np.cumsum(rng.exponential(1.0 / rate, 60_000))
    free = 0.0
    started = np.empty_like(arrive)
    for person, when in enumerate(arrive):
        started[person] = max(when, free)
        free = started[person] + service
    wait = started - arrive
    span = arrive[-1] - arrive[0]
    mean_list = wait.sum() / span
    assert mean_list == pytest.approx(rate * wait.mean(), rel=0.02)


def test_months_waited_agree_with_a_queue_of_people_served_oldest_first():
    """The cohort by months against people in a heap, month by month, nobody leaving otherwise."""
    rng = np.random.default_rng(3)
    months, capacity = 60, 95
    arrivals = rng.poisson(100, months)
    heap: list[int] = []
    held = np.zeros((1, 37))
    for month in range(months):
        for _ in range(arrivals[month]):
            heapq.heappush(heap, month)
        for _ in range(min(capacity, len(heap))):
            heapq.heappop(heap)
        held, _, _ = waits.cohort(
            held, np.array([float(arrivals[month])]), np.array([float(capacity)]), np.zeros(1), 1.0
        )
    ages = np.bincount([months - 1 - month for month in heap], minlength=37)
    assert np.allclose(held[0], ages[:37])
