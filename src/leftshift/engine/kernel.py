"""The simulation: every arm's lives in one pass over the people.

What a step means (``oracle.py`` says the same slowly):

- Hazards use the state at the start of the step. A lane's multiplier is the product of the
  ratios of the conditions present, of the risks of the person's levels, and of frailty to the
  lane's power. Death and each onset are competing exponential clocks within the step.
- An event happens in the step in which the person's cumulative hazard passes the exponential
  threshold drawn for that person, event and episode. The hazard is taken off year by year in
  float32 and never as a jump: rounding is then monotone, so a lower hazard cannot bring its own
  event forward, not even by rounding.
- What is present is not at risk, and what remits is not at risk until the next step. In the step
  in which a person dies, an onset counts when its own time within the step is before death's.

How it is made fast: people of one group and cohort share their rates and ages, so tallies are
kept as differences along the cohort (added when a state starts, taken off when it ends) and
summed once per cohort; conditions are lanes of vectors; the products of ratios come from four
tables of 32 combinations of five conditions; multipliers are worked out anew only at an event or
when the band of age or the period changes; thresholds are drawn once for all arms.

Sums are kept in ``kernel_tallies.py``; what an arm's actions do is in ``kernel_actions.py``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiling import compiled, inlined
from .kernel_actions import (
    ANOTHER_HAZARD,
    ANOTHER_LOAD,
    change_segment,
    close_person,
    multiply_hazards,
    multiply_loads,
    open_actions,
    open_person,
    review,
)
from .kernel_tallies import (
    add_loads,
    add_state,
    appraise,
    band_of,
    change_state,
    close_cohort,
    count_cases,
    points,
    price_loads,
    remove_loads,
)
from .layout import HOW_MANY, NEEDS
from .lives import DEATH_LANE, NEVER
from .randoms import REMISSION, exponential, word
from .vectors import (
    AFTER,
    BASE,
    FRAILTY,
    MULTIPLIER,
    RESIDUAL,
    WIDTH,
    chances,
    combine,
    lowest_bit,
    passed,
    scale,
    thresholds,
    years,
)

ENOUGH = np.float32(3e38)  # a threshold that no hazard passes: for what is present

# --- one person's arithmetic --------------------------------------------------------------------


@compiled
def draw(seed: Any, ids: Any, out: Any) -> None:
    """Fill ``out[n, WIDTH]`` with everyone's first thresholds: once for all arms."""
    for i in range(ids.size):
        thresholds(seed, ids[i], out[i])
        for k in range(DEATH_LANE + 1, WIDTH):
            out[i, k] = ENOUGH


@inlined
def power(x: Any, exponent: Any) -> Any:
    """``x ** exponent``, quickly for the exponents in use."""
    if exponent == np.float32(1.0):
        return x
    if exponent == np.float32(0.5):
        return np.sqrt(x)
    if exponent == np.float32(0.0):
        return np.float32(1.0)
    return x**exponent


@inlined
def start_band(work: Any, rates: Any, levels: Any, period: Any, stratum: Any, band: Any) -> None:
    """The part of the multipliers that events do not change: frailty and risk factors."""
    source = FRAILTY
    if levels.size == 0:
        for k in range(WIDTH):
            work[BASE + k] = work[FRAILTY + k]
    for f in range(levels.size):
        scale(work, source, rates.risk[period, f, levels[f], stratum, band])
        source = BASE


@inlined
def multiply(work: Any, products: Any, band: Any, bits: Any) -> None:
    """The multipliers: their base times the ratios of all conditions present."""
    a = products[band, 0, bits & 31]
    b = products[band, 1, (bits >> 5) & 31]
    c = products[band, 2, (bits >> 10) & 31]
    d = products[band, 3, (bits >> 15) & 31]
    combine(work, a, b, c, d)


@compiled
def before_death(work: Any, hazard: Any, bits: Any) -> Any:
    """Of the conditions passed in the step of death, those whose own time came first."""
    death = work[RESIDUAL + DEATH_LANE] / (hazard[DEATH_LANE] * work[MULTIPLIER + DEATH_LANE])
    kept = np.int64(0)
    while bits != 0:
        k = lowest_bit(bits)
        bits &= bits - 1
        if work[RESIDUAL + k] / (hazard[k] * work[MULTIPLIER + k]) < death:
            kept |= np.int64(1) << k
    return kept


@compiled
def remission_step(
    seed: Any, person: Any, condition: Any, spell: Any, yearly: Any, since: Any, t: Any, steps: Any
) -> Any:
    """The step at whose end a spell ends: it has lasted ``since`` years at stock ``t``."""
    left = exponential(word(seed, person, REMISSION + condition, spell))
    last = yearly.size - 1
    for step in range(t, steps):
        left = np.float32(left - yearly[min(since, last)])
        if left < np.float32(0.0):
            return step
        since += 1
    return NEVER


@compiled
def open_cohort(rates: Any, stratum: Any, cohort: Any, hazard: Any, band: Any, change: Any) -> None:
    """One cohort's hazards year by year, its bands, and when its multipliers next change."""
    steps = rates.hazard.shape[1]
    for t in range(steps):
        age = min(max(cohort + t, -1), 105)
        row = rates.hazard[stratum, t, age + 1]
        into = hazard[t]
        for k in range(into.size):
            into[k] = row[k]
        band[t] = max(age, 0) // 5
    change[steps - 1] = steps
    for t in range(steps - 2, -1, -1):
        same = band[t] == band[t + 1] and rates.period[t] == rates.period[t + 1]
        change[t] = change[t + 1] if same else t + 1


@compiled
def live(
    people: Any,
    stratum: Any,
    seed: Any,
    rates: Any,
    worth: Any,
    cells: Any,
    diary: Any,
    scratch: Any,
    plan: Any,
    group: Any,
) -> None:
    """Live the lives of one chunk (one group) in one arm.

    ``plan`` is None for an arm without actions: numba then compiles all of this without a trace
    of them, which keeps such arms as fast as they were.
    """
    steps = rates.hazard.shape[1]
    remitting = rates.remits.size
    along, hazard, work = scratch.along, scratch.hazard, scratch.work
    band, change, exposure = scratch.band, scratch.change, scratch.exposure
    spell, ends, loads = scratch.spell, scratch.ends, scratch.loads
    mine = scratch.mine
    can_remit = np.int64(0)
    for j in range(remitting):
        can_remit |= np.int64(1) << rates.remits[j]

    n = people.id.size
    cohort = np.int64(0)
    watched = False  # whether any action can reach the cohort
    for i in range(n):
        if i == 0 or np.int64(people.cohort[i]) != cohort:
            if i > 0:
                close_cohort(scratch, cells, rates, worth, stratum, cohort, plan)
            cohort = np.int64(people.cohort[i])
            open_cohort(rates, stratum, cohort, hazard, band, change)
            if plan is not None:
                open_actions(plan, mine, group, cohort, steps, worth.child_age)
                watched = mine.about[HOW_MANY] > 0
        t = np.int64(people.enter[i])
        if t > steps:
            continue
        weight = people.weight[i]
        w = np.float64(weight)
        person = people.id[i]
        bits = np.int64(people.state[i])
        value = appraise(worth, bits, w)
        add_state(along.state[t], bits, w, value, 1.0)
        if loads.size > 0:
            price_loads(loads, rates.load_products, bits, weight)
            add_loads(along.load[t, value[0]], loads)
        gone = min(np.int64(people.leave[i]), steps + 1)
        last = min(gone, steps)
        first = t

        for k in range(WIDTH):
            work[RESIDUAL + k] = scratch.thresholds[i, k]
        left = bits
        while left != 0:
            work[RESIDUAL + lowest_bit(left)] = ENOUGH
            left &= left - 1
        for k in range(rates.powers.size):
            scratch.powers[k] = power(people.frailty[i], rates.powers[k])
        common = scratch.powers[0]
        for k in range(WIDTH):
            work[FRAILTY + k] = common
        for k in range(rates.uncommon.size):
            lane = rates.uncommon[k]
            work[FRAILTY + lane] = scratch.powers[rates.power_of[lane]]
        next_end = NEVER
        if bits & can_remit:
            for j in range(remitting):
                condition = rates.remits[j]
                ends[j] = NEVER
                if (bits >> condition) & 1:
                    ends[j] = remission_step(
                        seed,
                        person,
                        condition,
                        0,
                        rates.remission[j],
                        np.int64(people.since[i, j]),
                        t,
                        steps,
                    )
                    next_end = min(next_end, ends[j])
        elif remitting > 0:
            ends[:] = NEVER
        had_remission = False
        until = t  # the multipliers hold in steps before this one
        review_at = np.int64(NEVER)  # what the person is on stays the same until this stock
        last_segment = value[0]  # in the last step lived
        if plan is not None and watched:
            review_at = t
            open_person(plan, mine, people.levels[i])

        while t < last:
            stop = min(last, next_end + 1)
            if plan is not None:
                if t >= review_at:
                    review_at, changed = review(
                        plan,
                        scratch,
                        diary,
                        seed,
                        person,
                        group,
                        i,
                        t,
                        cohort + t,
                        bits,
                        value[0],
                        cohort + t < worth.child_age,
                        points(worth, bits),
                        w,
                    )
                    if changed & ANOTHER_HAZARD:
                        until = t
                    if loads.size > 0 and changed & ANOTHER_LOAD:
                        remove_loads(along.jump[t, value[0]], loads)
                        price_loads(loads, rates.load_products, bits, weight)
                        multiply_loads(plan, mine, loads)
                        add_loads(along.jump[t, value[0]], loads)
                stop = min(stop, review_at)
            if t >= until:
                start_band(work, rates, people.levels[i], rates.period[t], stratum, band[t])
                if plan is not None and watched:
                    multiply_hazards(
                        plan, mine, work, people.levels[i], rates.period[t], stratum, band[t]
                    )
                multiply(work, rates.products, band[t], bits)
                until = change[t]
            reached = years(work, hazard, exposure, t, min(until, stop))
            on = np.int64(0)
            off = np.int64(0)
            if reached < 0:
                t = -1 - reached
                on = passed(work) & ~bits
                if work[AFTER + DEATH_LANE] < np.float32(0.0):
                    age = min(cohort + t, 105)
                    flow = cells.flow[t, band_of(age)]
                    flow[20] += w
                    flow[29 if age < worth.child_age else 24 + value[0]] += w
                    cells.flow_age[t, age + 1, 0] += w
                    count_cases(flow, before_death(work, hazard[t], on), w, diary, i, t)
                    if diary.death.size > 0:
                        diary.death[i] = t
                    gone = t + 1
                    t += 1
                    break
                for k in range(WIDTH):
                    work[RESIDUAL + k] = work[AFTER + k]
            elif reached == next_end + 1:
                t = np.int64(next_end)
            else:
                t = reached
                continue
            flow = cells.flow[t, band_of(cohort + t)]
            count_cases(flow, on, w, diary, i, t)
            if t == next_end:
                next_end = NEVER
                for j in range(remitting):
                    if ends[j] == t:
                        off |= np.int64(1) << rates.remits[j]
                        flow[30 + j] += w
                        ends[j] = NEVER
                    next_end = min(next_end, ends[j])

            t += 1
            left = on
            while left != 0:
                work[RESIDUAL + lowest_bit(left)] = ENOUGH
                left &= left - 1
            if on & can_remit:
                for j in range(remitting):
                    condition = rates.remits[j]
                    if (on >> condition) & 1:
                        ends[j] = remission_step(
                            seed,
                            person,
                            condition,
                            spell[condition],
                            rates.remission[j],
                            np.int64(0),
                            t,
                            steps,
                        )
                        next_end = min(next_end, ends[j])
            left = off
            while left != 0:
                k = lowest_bit(left)
                left &= left - 1
                had_remission = True
                spell[k] += 1
                work[RESIDUAL + k] = exponential(word(seed, person, k, spell[k]))
            if on | off:
                bits = (bits | on) & ~off
                before = value
                value = appraise(worth, bits, w)
                change_state(along.state[t], on, off, w, before, value)
                if loads.size > 0:
                    remove_loads(along.load[t, before[0]], loads)
                    price_loads(loads, rates.load_products, bits, weight)
                    if plan is not None and watched:
                        multiply_loads(plan, mine, loads)
                    add_loads(along.load[t, value[0]], loads)
                if plan is not None and watched:
                    if before[0] != value[0]:
                        change_segment(scratch, t, before[0], value[0], w)
                    if t < gone:
                        last_segment = value[0]
                    if (on | off) & mine.about[NEEDS]:
                        review_at = t
                if t < until:
                    multiply(work, rates.products, band[t], bits)

        if had_remission:
            spell[:] = 0
        if gone <= steps:
            if plan is not None and watched:
                close_person(scratch, gone, value[0], last_segment, w)
            add_state(along.state[gone], bits, w, value, -1.0)
            if loads.size > 0:
                remove_loads(along.load[gone, value[0]], loads)
        chances(exposure, along.expected, weight, first, t)
    if n > 0:
        close_cohort(scratch, cells, rates, worth, stratum, cohort, plan)
