"""Parameter draws: one run each on the same people, and what is kept of them.

A draw depends on its number and on nothing else. So draws can be made by anybody
(:mod:`leftshift.people.hands`), in any order, and now or in a run that was interrupted
(:mod:`leftshift.people.kept`), and the intervals are the same to the byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leftshift.areas import Area
from leftshift.catalogue import Catalogue, Parameters
from leftshift.engine import simulate
from leftshift.people.consequences import Consequences, EveryDraw
from leftshift.people.hands import Hands
from leftshift.people.kept import FEWEST_TOGETHER, Kept
from leftshift.people.model import PARTICLES_IN_DRAWS, Frame, People, build, risk_means
from leftshift.people.spread import Spread
from leftshift.people.tables import measure

__all__ = ["REPLICATES", "Draws", "sampling_error", "spread_of", "taken"]

Array = NDArray[np.float64]
Arrays = dict[str, NDArray[Any]]
Progress = Callable[[str, int, int], None]

#: Replicates from which sampling error is worked out.
REPLICATES = 8
#: Two-sided 95% point of Student's t with REPLICATES - 1 degrees of freedom.
_STUDENT_T = 2.364624

_DRAW, _EACH, _REPLICATE = "draw", "each", "replicate"


@dataclass(frozen=True)
class Draws:
    """All that a draw needs beside its number. It can be pickled, and is of some megabytes.

    Attributes:
        catalogue: the layered catalogue.
        area: the area.
        frame: the years.
        people: simulants at the base, or ``"all"``.
        seed: of people and random numbers.
        consequences: what hangs on the people.
        replicated: names of the arrays that have a sampling error.
    """

    catalogue: Catalogue
    area: Area
    frame: Frame
    people: People
    seed: int
    consequences: Consequences | None

    @classmethod
    def of(
        cls,
        catalogue: Catalogue,
        area: Area,
        frame: Frame,
        people: People,
        seed: int,
        consequences: Consequences | None,
    ) -> Draws:
        """What draws need, once the central run is made."""
        if isinstance(consequences, EveryDraw):
            consequences = consequences.for_draws()
        return cls(catalogue, area, frame, people, seed, consequences)

    @property
    def replicated(self) -> tuple[str, ...]:
        """The arrays, by name, that have a sampling error."""
        more = self.consequences.replicated if self.consequences is not None else ()
        return ("summary", "whole", *more)

    def run(self, parameters: Parameters, seed: int) -> Arrays:
        """One run on one thread: every reported array by name."""
        hanging = self.consequences
        world = build(
            parameters,
            self.area,
            self.frame,
            people=self.people,
            seed=seed,
            particles=PARTICLES_IN_DRAWS,
            own_counts=hanging.own_counts if hanging is not None else None,
        )
        bound = hanging.bind(parameters, world) if hanging is not None else None
        tables = world.tables if bound is None else bound.tables
        tallies = simulate(world.lives, [tables], world.scoring, seed=seed, threads=1)[0]
        measured = measure(world, tallies, self.frame, risk_means(parameters, self.frame)).arrays()
        return measured if bound is None else {**measured, **bound.measure(tallies)}


def one_draw(draws: Draws, number: int) -> Arrays:
    """The arrays of one draw: those with an interval as the spread keeps them, others whole."""
    found = draws.run(draws.catalogue.parameters(number, draws.seed), draws.seed)
    wanted = _each(draws.consequences)
    return {n: x if n in wanted else x.astype(np.float32) for n, x in found.items()}


def one_replicate(draws: Draws, number: int) -> Arrays:
    """The arrays that have a sampling error, of a run with another seed."""
    # Seeds far from those that a user would choose for a second run.
    other = (draws.seed + number * 0x9E3779B97F4A7C15) % 2**63
    found = draws.run(draws.catalogue.parameters(), other)
    return {name: found[name] for name in draws.replicated}


def taken(consequences: Consequences | None, number: int, arrays: Arrays) -> Arrays:
    """Hands to the consequences what they want of every draw, and gives the rest."""
    wanted = _each(consequences)
    if isinstance(consequences, EveryDraw):
        consequences.take(number, {n: x for n, x in arrays.items() if n in wanted})
    return {name: x for name, x in arrays.items() if name not in wanted}


def spread_of(
    draws: Draws,
    count: int,
    consequences: Consequences | None,
    crew: Hands,
    kept: Kept,
    report: Progress,
    heavy: bool = False,
) -> tuple[Spread, int]:
    """Make draws 1 to `count`.

    Args:
        draws: what they need.
        count: how many.
        consequences: those that take up what they want of each draw.
        crew: who makes them.
        kept: where draws are kept, and those that were made before.
        report: called as draws are made.
        heavy: whether two at a time may be more than this machine's memory holds.

    Returns:
        Their spread, and how many of them had been made before.
    """
    spread = Spread(count)
    done, before = _resumed(spread, count, consequences, kept)
    if before:
        report(f"resumed: {before:,} of {count:,} draws were done before", 0, 1)
    report("parameter draws", len(done), count)
    wanted = _each(consequences)
    put = set(done)
    missing = [number for number in range(1, count + 1) if number not in done]
    work = closing(crew.each(one_draw, draws, missing, heavy))
    with _kept_at_ctrl_c(kept, done, count), work as made:
        for number, arrays in made:
            rest = taken(consequences, number, arrays)
            spread.add(rest)
            # What is wanted of each draw lies apart, since it stays when draws are put together.
            if wanted:
                kept.add(_EACH, number, {n: x for n, x in arrays.items() if n in wanted})
            kept.add(_DRAW, number, rest)
            done.add(number)
            if len(done) - len(put) >= max(FEWEST_TOGETHER, 2 * spread.kept):
                kept.put_together(_DRAW, frozenset(done), spread.state())
                put = set(done)
            report("parameter draws", len(done), count)
    return spread, before


def _resumed(
    spread: Spread, count: int, consequences: Consequences | None, kept: Kept
) -> tuple[set[int], int]:
    """Takes up draws that were made before: their numbers, and how many they are."""
    wanted = _each(consequences)
    numbers, state = kept.together()
    whole = {n: kept.read(_EACH, n) for n in numbers} if wanted else {}
    if any(arrays is None for arrays in whole.values()):
        # Part of them is lost, and the others cannot be told from the state they are in.
        numbers, state = frozenset(), {}
    if numbers:
        spread.restore(state, len(numbers))
        for number, arrays in whole.items():
            taken(consequences, number, arrays or {})
    done = set(numbers)
    for number in kept.numbers(_DRAW):
        if number in done or not 0 < number <= count:
            continue
        arrays = kept.read(_DRAW, number)
        each = kept.read(_EACH, number) if wanted else {}
        if arrays is None or each is None:
            continue
        spread.add(taken(consequences, number, {**arrays, **each}))
        done.add(number)
    return done, len(done)


@contextmanager
def _kept_at_ctrl_c(kept: Kept, done: set[int], count: int) -> Iterator[None]:
    """Has Ctrl-C say what is kept."""
    try:
        yield
    except KeyboardInterrupt:
        said = (
            f"{len(done):,} of {count:,} draws are kept, and the same command goes on from there. "
            "No run folder was written."
        )
        raise KeyboardInterrupt(*([said] if kept.active and done else [])) from None


def sampling_error(
    draws: Draws, count: int, crew: Hands, kept: Kept, report: Progress
) -> dict[str, Array]:
    """95% half-widths, by array, from replicates that differ in seed alone.

    Args:
        draws: what they need.
        count: how many draws were made before them.
        crew: who makes them.
        kept: where they are kept, and those that were made before.
        report: called as they are made.
    """
    results: dict[int, Arrays] = {}
    for number in range(1, REPLICATES + 1):
        if (before := kept.read(_REPLICATE, number)) is not None:
            results[number] = before
    report("sampling error", len(results), REPLICATES)
    missing = [number for number in range(1, REPLICATES + 1) if number not in results]
    work = closing(crew.each(one_replicate, draws, missing))
    with _kept_at_ctrl_c(kept, set(range(count)), count), work as made:
        for number, arrays in made:
            kept.add(_REPLICATE, number, arrays)
            results[number] = arrays
            report("sampling error", len(results), REPLICATES)
    widths = {}
    for name in draws.replicated:
        # Sorted, because hands finish in any order and sums of floats depend on it.
        stacked = np.sort(np.stack([r[name] for r in results.values()]), axis=0)
        widths[name] = _STUDENT_T * stacked.std(axis=0, ddof=1)
    return widths


def _each(consequences: Consequences | None) -> tuple[str, ...]:
    return consequences.each if isinstance(consequences, EveryDraw) else ()
