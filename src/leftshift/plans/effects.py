"""What a plan changes, by intervention, year, place and fifth: the rows of table `effects`.

Intervals follow the rule of an outlook (:mod:`leftshift.people.spread`): order statistics of the
draws, widened to hold the central run. They are worked out here for arrays that are held whole.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from leftshift.errors import ModelError
from leftshift.people.spread import TAIL
from leftshift.plans.results import HEALTH, QUINTILES, SEXES, Results

__all__ = ["WHOLE", "bounds", "demand_finite", "effects", "enum", "first_year", "intervals"]

Array = NDArray[np.float64]

#: What stands in a column `intervention` for the whole plan.
WHOLE = ""


def bounds(runs: Array) -> tuple[Array, Array] | None:
    """The 95% interval over draws, cell by cell.

    Linear interpolation between order statistics (type 7 of Hyndman and Fan, The American
    Statistician 1996;50:361-365), widened where the central value lies outside its own draws.

    Args:
        runs: ``[1 + D, ...]``, the central run first. Infinite where a draw has no value on that
            side (such as a payback that never comes), and not a number where none has.

    Returns:
        Lower and upper ends ``[...]``, not finite where that end has no value; None without draws.
    """
    count = len(runs) - 1
    if count < 1:
        return None
    position = TAIL * (count - 1)
    whole = math.floor(position)
    part = position - whole
    nearer = min(whole + 1, count - 1)
    places = sorted({whole, nearer, count - 1 - whole, count - 1 - nearer})
    cells = np.ascontiguousarray(runs[1:].reshape(count, -1).T)
    cells.partition(places, axis=1)
    ends = []
    for first, second in (
        (cells[:, whole], cells[:, nearer]),
        (cells[:, count - 1 - whole], cells[:, count - 1 - nearer]),
    ):
        if part == 0.0:
            ends.append(first)
            continue
        known = np.isfinite(first) & np.isfinite(second)
        between = np.where(known, second, 0.0) - np.where(known, first, 0.0)
        # Where either is infinite, so is what lies between them.
        ends.append(np.where(known, np.where(known, first, 0.0) + part * between, first + second))
    central = runs[0].reshape(-1)
    shape = runs.shape[1:]
    # An end that is no number stays none.
    lower, upper = np.minimum(ends[0], central), np.maximum(ends[1], central)
    return lower.reshape(shape), upper.reshape(shape)


def intervals(runs: Array) -> dict[str, pl.Series]:
    """Columns `value`, `lower` and `upper` of rows that are numbered along the last axis.

    Args:
        runs: ``[1 + D, N]``; what is not finite becomes empty.

    Returns:
        The three columns; both ends are empty without draws.
    """
    found = bounds(runs)
    ends = found if found is not None else (np.full(runs.shape[1], np.nan),) * 2
    columns = {"value": runs[0], "lower": ends[0], "upper": ends[1]}
    return {
        name: pl.Series(name, np.where(np.isfinite(held), held, np.nan)).fill_nan(None)
        for name, held in columns.items()
    }


def enum(name: str, words: Sequence[str], which: NDArray[np.intp]) -> pl.Series:
    """A column of few different words, given as positions in `words`."""
    kinds = pl.Enum(sorted(set(words)))
    return pl.Series(name, list(words), dtype=kinds).gather(pl.Series(which.astype(np.uint32)))


def demand_finite(results: Results) -> None:
    """Refuses results that hold what is no number, before they spread into every table.

    Raises:
        ModelError: `[not_finite]`, with the first intervention, year and measure that hold it.
    """
    fifths = tuple(str(q + 1) for q in range(QUINTILES))
    for kind, held, groups, measures in (
        ("place", results.place_effect, results.places, results.measures),
        ("fifth", results.quintile_effect, fifths, results.measures),
        ("sex", results.sex_effect, SEXES, HEALTH),
    ):
        if np.isfinite(held).all():
            continue
        run, k, year, group, measure = (int(i[0]) for i in np.nonzero(~np.isfinite(held)))
        names = (*results.interventions, "the whole plan")
        where = f"draw {run}" if run else "the central run"
        raise ModelError(
            f'[not_finite] the effect of {names[k]} on "{measures[measure]}" in '
            f"{results.years[year]} ({kind} {groups[group]}, {where}) is no number. This is a "
            "defect in Leftshift, or a figure of the plan that is far out of range: look at the "
            "plan's figures, and report it if they are right."
        )


def first_year(results: Results) -> int:
    """Where the plan begins along the axis of years: the first year in which it does anything.

    A plan that does nothing begins with the year after the base year, where there is one.
    """
    acting = np.flatnonzero(
        np.any(results.place_effect[:, results.whole] != 0.0, axis=(0, 2, 3))
        | np.any(results.place_effect[0] != 0.0, axis=(0, 2, 3))
    )
    return int(acting[0]) if len(acting) else min(1, len(results.years) - 1)


def effects(results: Results, arm: str) -> pl.DataFrame:
    """The rows of table `effects`.

    Three families of rows stand beside each other and must never be added: the whole area (`place`
    "" and `imd_quintile` 0), its places (`imd_quintile` 0), and its fifths (`place` "").

    Args:
        results: a plan beside the baseline.
        arm: the plan's name.

    Returns:
        Columns arm, year, intervention ("" for the whole plan), place, imd_quintile, measure,
        unit, value, lower, upper.

    Raises:
        ModelError: `[not_finite]`.
    """
    demand_finite(results)
    places = len(results.places)
    groups = 1 + places + QUINTILES
    names = (*results.interventions, WHOLE)
    years, measures = len(results.years), len(results.measures)
    held = []
    for k in range(len(names)):
        by_place = results.place_effect[:, k]
        runs = np.concatenate(
            [by_place.sum(axis=2, keepdims=True), by_place, results.quintile_effect[:, k]], axis=2
        )
        held.append(pl.DataFrame(intervals(runs.reshape(len(runs), -1))))
    frame = pl.concat(held)
    index = np.indices((len(names), years, groups, measures)).reshape(4, -1)
    quintile = np.zeros(groups, np.int64)
    quintile[1 + places :] = np.arange(1, QUINTILES + 1)
    return frame.select(
        pl.lit(arm).alias("arm"),
        enum("year", results.years, index[1]),
        enum("intervention", names, index[0]),
        enum("place", ("", *results.places, *([""] * QUINTILES)), index[2]),
        pl.Series("imd_quintile", quintile[index[2]]),
        enum("measure", results.measures, index[3]),
        enum("unit", results.units, index[3]),
        "value",
        "lower",
        "upper",
    )
