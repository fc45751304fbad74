"""What can be worked out from published groups about people who are in none that is large enough.

A table gives sums over groups of people. Whoever has the table can add and subtract groups, so a
group that was left out comes back if it is the difference of two that were shown. Everything that
can be reached in this way is a combination of the rows of one matrix: groups by people. Two checks
follow from it:

- `smallest_leak`: is there a combination that rests on fewer people than allowed, whatever they
  answered? (All combinations are tried in which each leading person counts once.)
- `leaves_open`: given the answers published, could those of a few people have been otherwise?
  (Linear programmes over all tables that agree with what is published.)

Source of the idea: cell suppression and its audit by linear programming, as in Willenborg and
de Waal, Elements of Statistical Disclosure Control (2001), chapter 4 (recalled).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, islice, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leftshift.errors import ModelError

__all__ = ["classes", "leaves_open", "smallest_leak"]

Matrix = NDArray[np.float64]
Flags = NDArray[np.bool_]

_SMALL = 1e-9

#: How combinations may weigh what they combine, by how many they combine (three: or more).
_FACTORS: dict[int, tuple[float, ...]] = {
    1: (1.0,),
    2: (1.0, -1.0, 2.0, -2.0, 0.5, -0.5),
    3: (1.0, -1.0),
}


def classes(member: Flags) -> tuple[Flags, NDArray[np.int64], NDArray[np.int64]]:
    """Puts people who are in exactly the same groups together: no table can tell them apart.

    Args:
        member: groups by people.

    Returns:
        Groups by classes, the class of each person, and the people in each class.
    """
    columns, which, sizes = np.unique(member, axis=1, return_inverse=True, return_counts=True)
    return columns.astype(bool), which.reshape(-1).astype(np.int64), sizes.astype(np.int64)


def smallest_leak(member: Flags, least: int) -> NDArray[np.int64] | None:
    """Finds people fewer than `least` about whom a combination of the groups tells something.

    Args:
        member: groups shown, by people.
        least: how few are too few.

    Returns:
        The people (columns of `member`) some combination of groups rests on alone, or None where
        every combination rests on `least` people or more.
    """
    groups, which, sizes = classes(member)
    rows = _echelon(groups.astype(np.float64))
    if rows.size == 0 or least <= 1:
        return None
    chosen = _first_light(rows, sizes, least)
    return None if chosen is None else np.flatnonzero(np.isin(which, chosen))


def _echelon(rows: Matrix) -> Matrix:
    """Rows that span the same combinations, each with a one where all others have nothing."""
    work = rows.copy()
    rank = 0
    for column in range(work.shape[1]):
        if rank == len(work):
            break
        best = rank + int(np.argmax(np.abs(work[rank:, column])))
        if abs(work[best, column]) < _SMALL:
            continue
        work[[rank, best]] = work[[best, rank]]
        work[rank] /= work[rank, column]
        others = np.arange(len(work)) != rank
        work[others] -= np.outer(work[others, column], work[rank])
        rank += 1
    work[np.abs(work) < _SMALL] = 0.0
    return work[:rank]


def _first_light(rows: Matrix, sizes: NDArray[np.int64], least: int) -> NDArray[np.int64] | None:
    """The classes of the first combination that rests on fewer than `least` people.

    In echelon form a combination shows its own factors in its leading columns, so that one which
    rests on fewer than `least` people has fewer than `least` factors: few enough to try them all.
    """
    for count in range(1, least):
        signs = _FACTORS[min(count, 3)]
        factors = np.array([(1.0, *rest) for rest in product(signs, repeat=count - 1)])
        picks = combinations(range(len(rows)), count)
        while chunk := list(islice(picks, max(1, 40_000 // len(factors)))):
            parts = rows[np.array(chunk)]
            mixed = np.einsum("fc,pcw->pfw", factors, parts).reshape(-1, rows.shape[1])
            used = np.abs(mixed) > 1e-6
            people = used @ sizes
            lightest = int(np.argmin(people))
            if people[lightest] < least:
                return np.flatnonzero(used[lightest])
    return None


def leaves_open(
    member: Flags,
    counts: Matrix,
    sets: Sequence[NDArray[np.int64]],
    exclusive: bool,
    wide: int,
) -> bool:
    """Says whether the published counts leave open what the people of each set answered.

    Args:
        member: groups shown, by people.
        counts: published counts, groups by answers.
        sets: the people of each set to protect.
        exclusive: whether everyone gave exactly one of the answers.
        wide: how many whole counts beyond one must stay possible for some answer of a set (for a
            set of one person never more than one). Where answers do not exclude one another, only
            that it is not certain that all of the set gave one.

    Returns:
        Whether it holds for every set, over all tables that agree with what is published.
    """
    if not sets:
        return True
    # A set's people must be told apart from others, so they are made rows that nothing is known of.
    extra = np.zeros((len(sets), member.shape[1]), dtype=bool)
    for row, people in enumerate(sets):
        extra[row, people] = True
    both, _, sizes = classes(np.vstack([member, extra]))
    groups, marks = both[: len(member)], both[len(member) :].astype(np.float64)
    size = extra.sum(axis=1)
    enough = np.minimum(size, wide)
    programme = _Tables(groups, counts, sizes, exclusive)
    shape = (groups.shape[1], counts.shape[1])
    low = np.full((len(sets), shape[1]), np.inf)
    high = np.full((len(sets), shape[1]), -np.inf)

    def wish(value: Matrix) -> None:
        totals = marks @ programme.best(value)
        np.minimum(low, totals, out=low)
        np.maximum(high, totals, out=high)

    def open_sets() -> NDArray[np.bool_]:
        # Counts are whole: a range from 0.4 to 1.3 holds only 1.
        least, most = np.ceil(low - 1e-6), np.floor(high + 1e-6)
        if exclusive:
            return np.asarray(np.max(most - least, axis=1) >= enough)
        return np.asarray(np.all(least < size[:, None], axis=1))

    # A few tables at random show most sets to be open; only the rest need proof.
    dice = np.random.default_rng(11)
    for _ in range(6):
        wish(dice.normal(size=shape))
    for row in np.flatnonzero(~open_sets()).tolist():
        for answer in range(shape[1]):
            for sign in (1.0, -1.0) if exclusive else (-1.0,):
                if not open_sets()[row]:
                    value = np.zeros(shape)
                    value[marks[row] > 0, answer] = sign
                    wish(value)
        if not open_sets()[row]:
            return False
    return True


class _Tables:
    """All tables of classes by answers that agree with what is published."""

    def __init__(
        self, groups: Flags, counts: Matrix, sizes: NDArray[np.int64], exclusive: bool
    ) -> None:
        import highspy

        width, answers = self._shape = (groups.shape[1], counts.shape[1])
        rows = [np.kron(group[None, :], np.eye(answers)) for group in groups.astype(np.float64)]
        limits = [counts[row] for row in range(len(groups))]
        if exclusive:
            rows.append(np.kron(np.eye(width), np.ones((1, answers))))
            limits.append(sizes.astype(np.float64))
        matrix, limit = np.vstack(rows), np.concatenate(limits)
        problem: Any = highspy.HighsLp()
        problem.num_row_, problem.num_col_ = matrix.shape
        problem.col_cost_ = np.zeros(matrix.shape[1])
        problem.col_lower_ = np.zeros(matrix.shape[1])
        problem.col_upper_ = np.repeat(sizes.astype(np.float64), answers)
        problem.row_lower_, problem.row_upper_ = limit, limit
        row, column = np.nonzero(matrix)
        problem.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        starts = np.searchsorted(row, np.arange(matrix.shape[0] + 1))
        problem.a_matrix_.start_ = starts.astype(np.int32)
        problem.a_matrix_.index_ = column.astype(np.int32)
        problem.a_matrix_.value_ = matrix[row, column]
        solver: Any = highspy.Highs  # it has no types
        self._solver: Any = solver()
        self._solver.setOptionValue("output_flag", False)
        self._solver.setOptionValue("threads", 1)
        self._solver.passModel(problem)
        self._best: Any = highspy.HighsModelStatus.kOptimal
        self._columns = np.arange(matrix.shape[1], dtype=np.int32)

    def best(self, wish: Matrix) -> Matrix:
        """The table that agrees with what is published and has most of what is wished for."""
        # The solver starts from the table it found last, so that hundreds of wishes are cheap.
        self._solver.changeColsCost(len(self._columns), self._columns, -wish.reshape(-1))
        self._solver.run()
        if self._solver.getModelStatus() != self._best:
            raise ModelError(
                "the published counts contradict one another: they are not sums over the same "
                "people. This is a defect in Leftshift; please report it."
            )
        values = self._solver.getSolution().col_value
        return np.asarray(values, dtype=np.float64).reshape(self._shape)
