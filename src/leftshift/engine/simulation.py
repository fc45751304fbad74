"""Running the kernel: people cut into pieces, pieces shared among threads, tallies put together."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .actions import CLAUSE_COLUMNS, Action, Plan, check_actions, compile_plan, covers
from .checks import EngineError
from .kernel import draw, live
from .layout import (
    Cells,
    Diary,
    Rates,
    Scratch,
    Worth,
    compile_rates,
    compile_worth,
    new_scratch,
    people_of,
)
from .lives import (
    BANDS,
    CONDITIONS,
    FLOW_LANES,
    NEVER,
    ROWS,
    STOCK_LANES,
    Histories,
    Lives,
    Scoring,
    Tables,
    Tallies,
    check_arms,
)

CHUNK = 8192
"""Most lives in one piece of work. Fixed, so that sums do not depend on the number of threads."""


class Piece(NamedTuple):
    """A chunk of lives within one group."""

    group: int
    start: int
    end: int
    leads: bool  # the group's first chunk: writes straight into the results


def pieces(starts: npt.NDArray[np.int64], size: int) -> Iterator[Piece]:
    """Cut the groups into chunks of at most ``size`` lives, in order."""
    for group in range(starts.size - 1):
        first, end = int(starts[group]), int(starts[group + 1])
        for start in range(first, end, size):
            yield Piece(group, start, min(start + size, end), start == first)


@dataclass
class _Simulation:
    """What every worker reads, and the results that pieces are merged into."""

    lives: Lives
    arms: list[Rates]
    plans: list[Plan | None]
    worth: Worth
    seed: np.uint64
    steps: int
    loads: int
    results: list[Cells]  # whole arrays, [G, ...] or [S, ...]
    diaries: list[Diary]
    size: int
    spare: list[Scratch] = field(default_factory=list)  # workers' memory, not in use just now

    def live(self, piece: Piece) -> list[Cells]:
        """Simulate one piece in every arm: runs in any thread."""
        people = people_of(self.lives, piece.start, piece.end)
        try:
            scratch = self.spare.pop()
        except IndexError:
            scratch = self.memory()
        draw(self.seed, people.id, scratch.thresholds)
        stratum = int(self.lives.group_stratum[piece.group])
        parts = []
        for rates, plan, whole, diary in zip(
            self.arms, self.plans, self.results, self.diaries, strict=True
        ):
            by_group = (whole.stock, whole.flow, whole.load, whole.reached)
            if piece.leads:
                stock, flow, load, reached = (a[piece.group] for a in by_group)
            else:
                stock, flow, load, reached = (np.zeros(a.shape[1:]) for a in by_group)
            by_age = [np.zeros(a.shape[1:]) for a in (whole.stock_age, whole.flow_age)]
            cells = Cells(stock, flow, by_age[0], by_age[1], load, reached)
            page = diary
            if diary.death.size:
                page = Diary(*(a[piece.start : piece.end] for a in diary))
            ages = people.cohort
            if plan is not None and not covers(
                plan, piece.group, int(ages[0]), int(ages[-1]), self.steps
            ):
                plan = None
            live(
                people,
                stratum,
                self.seed,
                rates,
                self.worth,
                cells,
                page,
                scratch,
                plan,
                piece.group,
            )
            parts.append(cells)
        self.spare.append(scratch)
        return parts

    def memory(self) -> Scratch:
        """A worker's memory, for the most actions and clauses of any arm."""
        plans = [plan for plan in self.plans if plan is not None]
        actions = max((plan.event.size for plan in plans), default=0)
        clauses = max((plan.clauses.shape[0] for plan in plans), default=0)
        columns = (CLAUSE_COLUMNS, clauses)
        return new_scratch(self.size, self.steps, self.loads, actions, columns)

    def merge(self, piece: Piece, parts: list[Cells]) -> None:
        """Add one piece's tallies to the results: in the main thread, in the pieces' order."""
        stratum = int(self.lives.group_stratum[piece.group])
        for whole, part in zip(self.results, parts, strict=True):
            if not piece.leads:
                whole.stock[piece.group] += part.stock
                whole.flow[piece.group] += part.flow
                whole.load[piece.group] += part.load
                whole.reached[piece.group] += part.reached
            whole.stock_age[stratum] += part.stock_age
            whole.flow_age[stratum] += part.flow_age

    def run(self, threads: int, progress: Callable[[int, int], None] | None) -> None:
        """Simulate all pieces, handing them out a few at a time.

        Few are under way at once, so that an interrupt has little to wait for; results are taken
        in the pieces' own order whatever order they finish in.
        """
        total = len(self.lives)
        work = pieces(self.lives.starts(), self.size)
        if threads == 1:
            for piece in work:
                self.merge(piece, self.live(piece))
                if progress is not None:
                    progress(piece.end, total)
            return
        waiting: deque[tuple[Piece, Future[list[Cells]]]] = deque()
        pool = ThreadPoolExecutor(threads, thread_name_prefix="leftshift")
        try:
            more = True
            while more or waiting:
                while more and len(waiting) < 2 * threads:
                    piece_or_end = next(work, None)
                    if piece_or_end is None:
                        more = False
                    else:
                        waiting.append((piece_or_end, pool.submit(self.live, piece_or_end)))
                if waiting:
                    piece, future = waiting.popleft()
                    self.merge(piece, future.result())
                    if progress is not None:
                        progress(piece.end, total)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _threads(threads: int | None) -> int:
    asked: int | str = os.environ.get("LEFTSHIFT_THREADS", "") if threads is None else threads
    if asked == "":
        return os.cpu_count() or 1
    try:
        number = int(asked)
    except ValueError:
        number = 0
    if number < 1:
        where = "LEFTSHIFT_THREADS" if threads is None else "threads"
        raise EngineError(f"{where} is {asked!r}: it must be a whole number of at least 1")
    return number


def _prepare(
    lives: Lives,
    arms: Sequence[Tables],
    scoring: Scoring,
    actions: Sequence[Sequence[Action]] | None,
    seed: int,
    diary: bool,
) -> _Simulation:
    check_arms(lives, arms, scoring)
    done = [()] * len(arms) if actions is None else actions
    check_actions(lives, arms, done)
    if not 0 <= seed < 2**64:
        raise EngineError(f"seed is {seed}: it must be from 0 to 2**64 - 1")
    strata, steps, loads = arms[0].strata, arms[0].steps, arms[0].loads
    compiled: dict[int, Rates] = {}
    for tables in arms:
        if id(tables) not in compiled:
            compiled[id(tables)] = compile_rates(tables)
    results = [
        Cells(
            stock=np.zeros((lives.groups, steps + 1, BANDS, STOCK_LANES)),
            flow=np.zeros((lives.groups, steps, BANDS, FLOW_LANES)),
            stock_age=np.zeros((strata, steps + 1, ROWS - 1, 3)),
            flow_age=np.zeros((strata, steps, ROWS, 3)),
            load=np.zeros((lives.groups, steps, 6, loads)),
            reached=np.zeros((lives.groups, steps, len(arm), 6, 3)),
        )
        for arm in done
    ]
    n = len(lives) if diary else 0
    diaries = [
        Diary(
            onset=np.full((n, CONDITIONS), NEVER, dtype=np.int16),
            death=np.full(n, NEVER, dtype=np.int16),
            reached=np.full((n, len(arm)), NEVER, dtype=np.int16),
        )
        for arm in done
    ]
    return _Simulation(
        lives,
        [compiled[id(tables)] for tables in arms],
        [
            compile_plan(a, lives, tables) if a else None
            for a, tables in zip(done, arms, strict=True)
        ],
        compile_worth(scoring),
        np.uint64(seed),
        steps,
        loads,
        results,
        diaries,
        CHUNK,
    )


def simulate(
    lives: Lives,
    tables: Sequence[Tables],
    scoring: Scoring,
    *,
    seed: int,
    actions: Sequence[Sequence[Action]] | None = None,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Tallies]:
    """Simulate every arm of a comparison in one pass over the people.

    All arms see the same thresholds, so what differs between two arms is only what their tables
    do. The same input gives the same bytes on one kind of processor, whatever the threads.

    Args:
        lives: The people, n of them, sorted by group and cohort.
        tables: The rates of each arm.
        scoring: What states are worth, for all arms.
        seed: 0 to 2**64 - 1.
        actions: What each arm does to persons besides its tables; an empty sequence for an arm
            that does nothing, None when none does.
        threads: Threads to use; None means the environment's LEFTSHIFT_THREADS, else one for
            each processor.
        progress: Called with (lives done, lives in all) as pieces are finished.

    Returns:
        The tallies of each arm, in the arms' order.

    Raises:
        EngineError: The input is wrong, or does not fit together.
    """
    simulation = _prepare(lives, tables, scoring, actions, seed, diary=False)
    simulation.run(_threads(threads), progress)
    loads = tables[0].loads
    return [
        Tallies(
            c.stock,
            c.flow,
            c.stock_age,
            c.flow_age,
            c.load if loads else None,
            c.reached if c.reached.shape[2] else None,
        )
        for c in simulation.results
    ]


def histories(
    lives: Lives,
    tables: Sequence[Tables],
    scoring: Scoring,
    *,
    seed: int,
    actions: Sequence[Sequence[Action]] | None = None,
) -> list[Histories]:
    """When each person first got each condition, died and was reached: for tests and teaching.

    The same lives as `simulate`, to the bit, but written down person by person (42 bytes each
    and arm, and 2 for each action).

    Args:
        lives: The people.
        tables: The rates of each arm.
        scoring: What states are worth.
        seed: 0 to 2**64 - 1.
        actions: What each arm does to persons besides its tables, as for `simulate`.

    Returns:
        One for each arm.

    Raises:
        EngineError: The input is wrong, or does not fit together.
    """
    simulation = _prepare(lives, tables, scoring, actions, seed, diary=True)
    simulation.run(1, None)
    return [Histories(d.onset, d.death, d.reached) for d in simulation.diaries]
