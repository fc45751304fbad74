"""How fast the engine is: million living person-years per CPU-second and core.

    python -m benchmarks.engine [people]

Person-years are summed over arms. The machine drifts, so each figure is the best of a few runs,
and the comparison with the slow engine is made in the same process, minutes apart at most. These
figures are printed, never asserted.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
from benchmarks import toy

from leftshift.engine import Action, Lives, Scoring, Tables, Tallies, simulate
from leftshift.engine.oracle import simulate_slowly

Figure = dict[str, str | float]
STEPS = 20


def workload(people: int, loads: int = 0, places: int = 1) -> tuple[Lives, list[Tables], Scoring]:
    """20 conditions, 5 factors, births, migration, 20 steps and two paired arms."""
    base = toy.tables(STEPS, loads=loads)
    return (
        toy.lives(people, STEPS, places=places),
        [base, toy.changed(base, [1, 2, 5], 0.8)],
        toy.scoring(),
    )


def _person_years(tallies: list[Tallies], lives: Lives) -> float:
    return sum(float(t.flow[..., 22].sum()) for t in tallies) / float(lives.weight[0])


def _best(run: Callable[[], list[Tallies]], lives: Lives, times: int) -> float:
    """Million person-years per CPU-second: the best of some runs."""
    best = 0.0
    for _ in range(times):
        start = time.process_time()
        tallies = run()
        spent = time.process_time() - start
        best = max(best, _person_years(tallies, lives) / spent / 1e6)
    return best


def engine_speed(people: int = 400_000, times: int = 5) -> list[Figure]:
    """Speed with and without 40 loads, and as a ratio over the slow engine in the same process.

    Args:
        people: Residents at the start.
        times: Runs of which the best counts.

    Returns:
        Rows of name, value, unit, must and goal.
    """
    figures: list[Figure] = []
    speeds = []
    for loads, must, goal in ((0, 20.0, 50.0), (40, 12.0, 30.0)):
        lives, arms, scoring = workload(people, loads)
        simulate(lives, arms, scoring, seed=1, threads=1)  # compiled, and pages touched

        def run(
            lives: Lives = lives, arms: list[Tables] = arms, scoring: Scoring = scoring
        ) -> list[Tallies]:
            return simulate(lives, arms, scoring, seed=1, threads=1)

        speed = _best(run, lives, times)
        speeds.append(speed)
        name = "engine, two paired arms" + (f", {loads} loads" if loads else "")
        unit = "M person-years/CPU-s/core"
        figures.append(
            {"name": name, "value": round(speed, 1), "unit": unit, "must": must, "goal": goal}
        )
        figures += _with_actions(lives, arms, scoring, name, times)
    few, arms, scoring = workload(20_000)
    slow = _best(lambda: [simulate_slowly(few, arms[0], scoring, seed=1)], few, 2)
    figures.append(
        {
            "name": "engine over its NumPy oracle",
            "value": round(speeds[0] / slow, 1),
            "unit": "times",
            "must": 15.0,
            "goal": 40.0,
        }
    )
    return figures


def _with_actions(
    lives: Lives, arms: list[Tables], scoring: Scoring, name: str, times: int
) -> list[Figure]:
    """Speed with 10 actions in both arms that reach a fifth, and as a share of that without.

    Each action covers some two in ten people at any time. Runs with and without take turns, since
    the machine drifts.
    """
    both = [toy.actions(tables) for tables in arms]

    def run(actions: list[list[Action]] | None) -> list[Tallies]:
        return simulate(lives, arms, scoring, seed=1, threads=1, actions=actions)

    run(both)  # compiled
    with_them = without = 0.0
    for _ in range(times):
        with_them = max(with_them, _best(lambda: run(both), lives, 1))
        without = max(without, _best(lambda: run(None), lives, 1))
    unit = "M person-years/CPU-s/core"
    speed, share = round(with_them, 1), round(with_them / without, 2)
    return [
        {"name": f"{name}, 10 actions", "value": speed, "unit": unit, "must": 10.0, "goal": 20.0},
        {
            "name": f"{name}, 10 actions over none",
            "value": share,
            "unit": "times",
            "must": 0.4,
            "goal": 0.6,
        },
    ]


def england(people: int = 59_000_000, threads: int | None = None) -> list[Figure]:
    """Wall time of one arm of all of England, every resident, in 42 places: needs about 5 GB.

    Args:
        people: Residents at the start.
        threads: As `simulate` takes them.

    Returns:
        One row of name, value, unit, must and goal.
    """
    # A million made-up people, over and over: what is timed does not look at who they are.
    one, arms, scoring = workload(people // 59, places=42)
    times = 59
    starts = one.starts()
    rows = np.concatenate([np.repeat(np.arange(a, b), times) for a, b in pairwise(starts)])
    many = {
        name: getattr(one, name)[rows]
        for name in (
            "group",
            "cohort",
            "enter",
            "leave",
            "weight",
            "state",
            "since",
            "frailty",
            "levels",
        )
    }
    lives = replace(one, id=np.arange(rows.size, dtype=np.uint64), **many)
    del rows, many
    start = time.perf_counter()
    simulate(lives, arms[:1], scoring, seed=1, threads=threads)
    wall = time.perf_counter() - start
    return [
        {
            "name": f"engine, {people / 1e6:.0f}m people, {STEPS} years, one arm, wall",
            "value": round(wall, 1),
            "unit": "s",
            "must": 120.0,
            "goal": 30.0,
        }
    ]


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 400_000
    for row in engine_speed(count):
        limits = f"must {row['must']}, goal {row['goal']}"
        print(f"{row['name']:40s} {row['value']:8} {row['unit']} ({limits})")
