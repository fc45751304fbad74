"""The kernel's tallies: what a state adds, kept as differences along a cohort and then summed.

All are float64 sums of float32 terms. As long as weights lie within a factor of some hundreds of
each other these sums are exact, so nothing is left over where people have gone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiling import compiled, inlined
from .kernel_actions import close_actions, close_jumps
from .lives import BANDS, NEVER
from .vectors import count_bits, lowest_bit


@inlined
def band_of(age: Any) -> Any:
    """The band of age of tallies; age -1 is in the first."""
    return min(max(age, 0) // 5, BANDS - 1)


@inlined
def count_cases(flow: Any, bits: Any, weight: Any, diary: Any, i: Any, t: Any) -> None:
    """Tally new cases of step ``t``, and write them down if a diary is kept."""
    while bits != 0:
        k = lowest_bit(bits)
        bits &= bits - 1
        flow[k] += weight
        if diary.death.size > 0 and diary.onset[i, k] == NEVER:
            diary.onset[i, k] = t


@inlined
def points(worth: Any, bits: Any) -> Any:
    """A state's score in hundredths."""
    return (
        worth.score[0, bits & 31]
        + worth.score[1, (bits >> 5) & 31]
        + worth.score[2, (bits >> 10) & 31]
        + worth.score[3, (bits >> 15) & 31]
    )


@inlined
def segment_of(worth: Any, score: Any) -> Any:
    """The segment of an adult with a score, 0 for segment 1."""
    segment = np.int64(0)
    for k in range(1, 5):
        segment += np.int64(score >= worth.starts[k])
    return segment


@inlined
def appraise(worth: Any, bits: Any, w: Any) -> Any:
    """What one person's state adds: segment, utility, score, major illness, two, four or more."""
    score = points(worth, bits)
    utility = (
        worth.utility[0, bits & 31]
        * worth.utility[1, (bits >> 5) & 31]
        * (worth.utility[2, (bits >> 10) & 31] * worth.utility[3, (bits >> 15) & 31])
    )
    count = count_bits(bits)
    return (
        segment_of(worth, score),
        # Rounded to float32 so that sums are exact and cancel exactly.
        np.float64(np.float32(w * utility)),
        w * score,
        w if score > worth.major else 0.0,
        w if count >= 2 else 0.0,
        w if count >= 4 else 0.0,
    )


@inlined
def add_state(row: Any, bits: Any, w: Any, value: Any, sign: Any) -> None:
    """Add a whole state to a row of differences (or take it off, with sign -1)."""
    left = bits
    while left != 0:
        row[lowest_bit(left)] += w * sign
        left &= left - 1
    row[20] += w * sign
    row[21] += value[1] * sign
    row[22] += value[2] * sign
    row[23] += value[3] * sign
    row[24 + value[0]] += w * sign
    row[30] += value[4] * sign
    row[31] += value[5] * sign


@inlined
def change_state(row: Any, on: Any, off: Any, w: Any, old: Any, new: Any) -> None:
    """Add to a row of differences what a change of state changes."""
    while on != 0:
        row[lowest_bit(on)] += w
        on &= on - 1
    while off != 0:
        row[lowest_bit(off)] -= w
        off &= off - 1
    row[21] += new[1] - old[1]
    row[22] += new[2] - old[2]
    row[23] += new[3] - old[3]
    row[24 + old[0]] -= w
    row[24 + new[0]] += w
    row[30] += new[4] - old[4]
    row[31] += new[5] - old[5]


@inlined
def price_loads(out: Any, products: Any, bits: Any, weight: Any) -> None:
    """One person's loads in a state, before the rates of age and segment."""
    a = products[0, bits & 31]
    b = products[1, (bits >> 5) & 31]
    c = products[2, (bits >> 10) & 31]
    d = products[3, (bits >> 15) & 31]
    for k in range(out.size):
        out[k] = weight * ((a[k] * b[k]) * (c[k] * d[k]))


@inlined
def add_loads(into: Any, loads: Any) -> None:
    """Add one person's loads to a row of differences."""
    for k in range(loads.size):
        into[k] += np.float64(loads[k])


@inlined
def remove_loads(into: Any, loads: Any) -> None:
    """Take one person's loads off a row of differences."""
    for k in range(loads.size):
        into[k] -= np.float64(loads[k])


@compiled
def close_cohort(
    scratch: Any, cells: Any, rates: Any, worth: Any, stratum: Any, cohort: Any, plan: Any
) -> None:
    """Sum the differences of one cohort into the tallies, and leave them zero."""
    along, now = scratch.along, scratch.state_now
    load, segments = scratch.load_now, scratch.load_sums
    steps = cells.flow.shape[0]
    loads = cells.load.shape[2]
    people_before = 0.0
    utility_before = 0.0
    now[:] = 0.0
    load[:] = 0.0
    segments[:] = 0.0
    for t in range(max(0, -1 - cohort), steps + 1):
        row = along.state[t]
        # Loops to a size, not to a number: the compiler then makes vectors of them.
        for k in range(row.size):
            now[k] += row[k]
        for k in range(row.size):
            row[k] = 0.0
        age = cohort + t
        people = 0.0
        utility = 0.0
        if age >= 0:
            single = min(age, 105)
            out = cells.stock[t, band_of(single)]
            people = now[20]
            ratio = now[21]
            utility = ratio * worth.norm[stratum, single]
            now[21] = utility
            if age < worth.child_age:
                for k in range(24):
                    out[k] += now[k]
                out[29] += people
                out[30] += now[30]
                out[31] += now[31]
            else:
                for k in range(out.size):
                    out[k] += now[k]
            now[21] = ratio
            ages = cells.stock_age[t, single]
            ages[0] += people
            ages[1] += people - now[23]
            ages[2] += utility
        this = t & 1
        if loads > 0:
            load[this] = 0.0
            for s in range(5):
                change = along.load[t, s]
                total = segments[s]
                for k in range(loads):
                    total[k] += change[k]
                    change[k] = 0.0
                if age >= 0:
                    segment = 0 if age < worth.child_age else s + 1
                    rate = rates.rate[stratum, min(age, 105), segment]
                    into = load[this, segment]
                    for k in range(loads):
                        into[k] += total[k] * rate[k]
        if t > 0 and age > -1:
            # the step that ends at this stock, in the band and row of the age at its start
            step = t - 1
            start = min(age - 1, 105)
            flow = cells.flow[step, band_of(start)]
            flow[22] += 0.5 * (people_before + people)
            flow[23] += 0.5 * (utility_before + utility)
            if loads > 0:
                for s in range(6):
                    into = cells.load[step, s]
                    one = load[0, s]
                    other = load[1, s]
                    for k in range(loads):
                        into[k] += 0.5 * (one[k] + other[k])
        if plan is not None and plan.prices:
            # what people are on from this stock counts from here on, not in the step before
            close_jumps(scratch, rates, stratum, t, cohort, worth.child_age)
        if t < steps:
            single = min(age, 105)
            ages = cells.flow_age[t, single + 1]
            ages[1] += along.expected[t]
            ages[2] += now[20]
            cells.flow[t, band_of(single), 21] += along.expected[t]
            along.expected[t] = 0.0
        people_before = people
        utility_before = utility
    along.state[steps + 1] = 0.0
    along.load[steps + 1] = 0.0
    if plan is not None:
        close_actions(scratch, cells.reached, cohort, worth.child_age)
