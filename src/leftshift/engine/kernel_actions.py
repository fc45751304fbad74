"""The kernel's part for actions: who is eligible, who is on what, and what that multiplies.

Whether a person meets a clause can only change when their state does or when their age passes a
bound; whether there is room for them only when a limit passes their rank; what an action does to
them only at the years in which its rows differ. So each review of a person finds the stock of the
next, and in between nothing is looked at. Ranks are drawn when first needed. A cohort whose ages
and group no clause covers is never reviewed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .actions import (
    ACTION,
    AFTER,
    ALWAYS,
    ANY,
    EVERY_SEGMENT,
    FROM_AGE,
    FROM_SCORE,
    IN_SEGMENTS,
    LOOK,
    NO_LIMIT,
    PRESENT,
    TO_AGE,
    TO_SCORE,
)
from .compiling import compiled, inlined
from .layout import (
    BY_LEVEL,
    CHAINED,
    CHAINED_FROM,
    DONE,
    ELIGIBLE,
    EVER,
    HOW_MANY,
    KNOWN,
    LOSS,
    NEEDS,
    ON,
    PRICED,
    START,
    STAY,
    TOUCHED,
    WORKING,
)
from .lives import CONDITIONS, NEVER
from .randoms import word
from .vectors import BASE, WIDTH, lowest_bit, scale

ANYTHING = (1 << CONDITIONS) - 1
"""All conditions."""
ANOTHER_HAZARD = 1
"""In what `review` returns: the person's hazards have other multipliers from here on."""
ANOTHER_LOAD = 2
"""In what `review` returns: the person's loads have."""


@inlined
def open_actions(plan: Any, mine: Any, group: Any, cohort: Any, steps: Any, child_age: Any) -> None:
    """The clauses that can cover a cohort of a group, and when its ages pass their bounds."""
    about, bound = mine.about, mine.bound
    count = 0
    for k in range(about.size):
        about[k] = 0
    for t in range(steps):
        bound[t] = 0
    for chained in range(2):  # those that ask for another action come last
        if chained == 1:
            about[CHAINED_FROM] = count
        for c in range(plan.clauses.shape[0]):
            clause = plan.clauses[c]
            opens = max(clause[FROM_AGE] - cohort, 0)
            closes = min(clause[TO_AGE] - cohort, steps)
            covers = opens < closes and plan.groups[group, c]
            if not covers or (clause[AFTER] != 0) != (chained == 1):
                continue
            for column in range(clause.size):
                mine.clauses[column, count] = clause[column]
            mine.which[count] = c
            mine.bits[count] = clause[ACTION]
            count += 1
            if chained == 1:
                about[CHAINED] |= clause[ACTION]
            about[BY_LEVEL] |= plan.by_level[c]
            about[NEEDS] |= clause[LOOK] | clause[ANY]
            bound[opens] = 1
            if closes < steps:
                bound[closes] = 1
            if clause[IN_SEGMENTS] != EVERY_SEGMENT:
                about[NEEDS] |= ANYTHING
                if 0 <= child_age - cohort < steps:
                    bound[child_age - cohort] = 1
            if clause[FROM_SCORE] > 0 or clause[TO_SCORE] < NO_LIMIT:
                about[NEEDS] |= ANYTHING
    about[HOW_MANY] = count
    after = NEVER
    for t in range(steps - 1, -1, -1):
        here = bound[t]
        bound[t] = after
        if here != 0:
            after = t


@inlined
def open_person(plan: Any, mine: Any, levels: Any) -> None:
    """Begin a person: nothing is known of them, and clauses that their levels miss are out."""
    for k in range(mine.marks.size):
        mine.marks[k] = 0
    if mine.about[BY_LEVEL] != 0:
        for c in range(mine.about[HOW_MANY]):
            if plan.by_level[mine.which[c]]:
                covered = plan.levels[mine.which[c]]
                fits = True
                for f in range(levels.size):
                    fits &= (np.int64(covered[f]) >> np.int64(levels[f])) & 1 != 0
                mine.bits[c] = mine.clauses[ACTION, c] if fits else 0


@inlined
def _fits(mine: Any, begin: Any, end: Any, age: Any, bits: Any, segment: Any, score: Any) -> Any:
    """The actions (bits) for which one of some clauses fits, whatever else they ask for.

    Written without branches, so that it becomes vector instructions.
    """
    clauses = mine.clauses
    have = bits | ALWAYS
    found = np.int64(0)
    for c in range(begin, end):
        fits = (
            (clauses[FROM_AGE, c] <= age)
            & (age < clauses[TO_AGE, c])
            & (bits & clauses[LOOK, c] == clauses[PRESENT, c])
            & (have & clauses[ANY, c] != 0)
            & (clauses[IN_SEGMENTS, c] & segment != 0)
            & (clauses[FROM_SCORE, c] <= score)
            & (score < clauses[TO_SCORE, c])
        )
        found |= mine.bits[c] if fits else 0
    return found


@inlined
def _fits_after(
    mine: Any, bit: Any, ever: Any, age: Any, bits: Any, segment: Any, score: Any
) -> Any:
    """Whether one of an action's clauses fits that ask for another action."""
    for c in range(mine.about[CHAINED_FROM], mine.about[HOW_MANY]):
        reached = mine.bits[c] == bit and ever & mine.clauses[AFTER, c] != 0
        if reached and _fits(mine, c, c + 1, age, bits, segment, score) != 0:
            return True
    return False


@inlined
def _next_room(plan: Any, g: Any, k: Any, rank: Any, room: Any, t: Any) -> Any:
    """The first stock after ``t`` at which there is room where now is none, or the reverse."""
    if rank < plan.least[g, k, t]:
        return NEVER
    for later in range(t + 1, plan.limit.shape[2]):
        if (rank < plan.limit[g, k, later]) != room:
            return later
    return NEVER


@inlined
def review(
    plan: Any,
    scratch: Any,
    diary: Any,
    seed: Any,
    person: Any,
    group: Any,
    i: Any,
    t: Any,
    age: Any,
    bits: Any,
    adult_segment: Any,
    child: Any,
    score: Any,
    w: Any,
) -> Any:
    """Decide at stock ``t`` what a person is on in the step, and tally it.

    Args:
        plan: The arm's actions.
        scratch: The worker's memory; its ``mine`` is the person's.
        diary: Where histories go.
        seed: The run's seed.
        person: The person's identity.
        group: Their group.
        i: Their row.
        t: The stock.
        age: Their age.
        bits: Their conditions.
        adult_segment: Their segment less 1, as an adult.
        child: Whether they are a child, in segment 0.
        score: Their score.
        w: Their weight.

    Returns:
        The stock of the next review, and what has changed: ANOTHER_HAZARD, ANOTHER_LOAD.
    """
    mine = scratch.mine
    marks = mine.marks
    eligible, on, ever = marks[ELIGIBLE], marks[ON], marks[EVER]
    g = group if plan.limit.shape[0] > 1 else 0
    segment = np.int64(1) if child else np.int64(2) << adult_segment
    chained = mine.about[CHAINED]
    now = _fits(mine, 0, mine.about[CHAINED_FROM], age, bits, segment, score)
    following = mine.bound[t]
    changed = np.int64(0)
    left = (now ^ eligible) | (now & ~marks[DONE]) | on | chained
    while left != 0:
        k = lowest_bit(left)
        left &= left - 1
        bit = np.int64(1) << k
        fits = now & bit != 0
        if not fits and chained & bit != 0:
            fits = _fits_after(mine, bit, ever, age, bits, segment, score)
        if not fits and (eligible | on) & bit == 0:
            continue
        row = scratch.along.acts[k, t]
        if fits != (eligible & bit != 0):
            row[ELIGIBLE * 5 + adult_segment] += w if fits else -w
            eligible ^= bit
            mine.about[TOUCHED] |= bit
        if marks[DONE] & bit != 0:
            continue
        if plan.most[g, k, t] == 0 and on & bit == 0:
            marks[DONE] |= bit  # only counted
            continue
        if marks[KNOWN] & bit == 0:
            marks[KNOWN] |= bit
            mine.rank[k] = word(seed, person, plan.event[k], 0)
        rank = mine.rank[k]
        room = rank < plan.limit[g, k, t]
        was_on = on & bit != 0
        is_on = fits and room
        if was_on:
            over = t - mine.start[k] >= plan.years[k]
            if over:
                marks[DONE] |= bit
            has_room = room or not plan.while_reached[k]
            is_on = not over and has_room and (fits or not plan.while_eligible[k])
        elif is_on:
            mine.start[k] = t
            row[START * 5 + adult_segment] += w
            ever |= bit
            if diary.death.size > 0 and diary.reached[i, k] == NEVER:
                diary.reached[i, k] = t
        if is_on != was_on:
            row[ON * 5 + adult_segment] += w if is_on else -w
            on ^= bit
        if is_on or was_on:
            old_hazard = old_load = np.int64(0)
            if was_on:
                old_hazard = plan.hazard_kind[mine.row[k]]
                old_load = plan.load_kind[mine.row[k]]
            new_hazard = new_load = np.int64(0)
            if is_on:
                first = plan.row[k]
                passed = t - mine.start[k]
                effect = min(first + passed, plan.row[k + 1] - 1)
                mine.row[k] = effect
                new_hazard = plan.hazard_kind[effect]
                new_load = plan.load_kind[effect]
                following = min(following, mine.start[k] + plan.change[effect])
                following = min(following, mine.start[k] + plan.years[k])
            if new_hazard != old_hazard:
                changed |= ANOTHER_HAZARD
                marks[WORKING] = (marks[WORKING] & ~bit) | (bit if new_hazard != 0 else 0)
            if new_load != old_load:
                changed |= ANOTHER_LOAD
                marks[PRICED] = (marks[PRICED] & ~bit) | (bit if new_load != 0 else 0)
        if marks[DONE] & bit == 0:
            if not is_on and rank >= plan.most[g, k, t]:
                marks[DONE] |= bit  # there is never room again
            elif is_on or fits:
                following = min(following, _next_room(plan, g, k, rank, room, t))
    marks[ELIGIBLE], marks[ON], marks[EVER] = eligible, on, ever
    return following, changed


@inlined
def multiply_hazards(
    plan: Any, mine: Any, work: Any, levels: Any, period: Any, stratum: Any, band: Any
) -> None:
    """Multiply the base of a person's multipliers by what they are on."""
    left = mine.marks[WORKING]
    while left != 0:
        k = lowest_bit(left)
        left &= left - 1
        effect = mine.row[k]
        scale(work, BASE, plan.hazard[effect])
        share = plan.strength[effect]
        if share > np.float32(0.0):
            row = plan.shift[plan.shift_at[k, period], levels[plan.factor[k]], stratum, band]
            for lane in range(WIDTH):
                mine.blend[lane] = np.float32(1.0) + share * (row[lane] - np.float32(1.0))
            scale(work, BASE, mine.blend)


@inlined
def multiply_loads(plan: Any, mine: Any, loads: Any) -> None:
    """Multiply one person's loads by what they are on."""
    left = mine.marks[PRICED]
    while left != 0:
        k = lowest_bit(left)
        left &= left - 1
        row = plan.load[mine.row[k]]
        for lane in range(loads.size):
            loads[lane] *= row[lane]


@inlined
def change_segment(scratch: Any, t: Any, before: Any, after: Any, w: Any) -> None:
    """Move what a person is eligible for and is on to another segment."""
    marks = scratch.mine.marks
    left = marks[ELIGIBLE] | marks[ON]
    while left != 0:
        k = lowest_bit(left)
        left &= left - 1
        row = scratch.along.acts[k, t]
        for kind in range(STAY):
            if (marks[kind] >> k) & 1:
                row[kind * 5 + before] -= w
                row[kind * 5 + after] += w


@inlined
def close_person(scratch: Any, gone: Any, segment: Any, last_segment: Any, w: Any) -> None:
    """Take off a person who is gone at a stock, and note half of the step that they lacked."""
    marks = scratch.mine.marks
    left = marks[ELIGIBLE] | marks[ON]
    while left != 0:
        k = lowest_bit(left)
        left &= left - 1
        row = scratch.along.acts[k, gone]
        for kind in range(STAY):
            if (marks[kind] >> k) & 1:
                row[kind * 5 + segment] -= w
        if (marks[ON] >> k) & 1:
            scratch.along.acts[k, gone - 1, LOSS * 5 + last_segment] += w


@compiled
def close_actions(scratch: Any, reached: Any, cohort: Any, child_age: Any) -> None:
    """Sum one cohort's differences into the tally of actions, and leave them zero."""
    now = scratch.mine.now
    left = scratch.mine.about[TOUCHED]
    while left != 0:
        k = lowest_bit(left)
        left &= left - 1
        for place in range(now.size):
            now[place] = 0.0
        for t in range(reached.shape[0]):
            row = scratch.along.acts[k, t]
            for place in range(now.size):
                now[place] += row[place]
            into = reached[t, k]
            child = cohort + t < child_age
            for s in range(5):
                out = into[0 if child else s + 1]
                out[0] += now[ON * 5 + s] - 0.5 * row[LOSS * 5 + s]
                out[1] += row[START * 5 + s]
                out[2] += now[ELIGIBLE * 5 + s]
        scratch.along.acts[k] = 0.0


@compiled
def close_jumps(
    scratch: Any, rates: Any, stratum: Any, t: Any, cohort: Any, child_age: Any
) -> None:
    """Turn a cohort's loads from those at the end of a step to those at the start of the next.

    They differ by what actions change at the stock between.
    """
    age = cohort + t
    for s in range(5):
        change = scratch.along.jump[t, s]
        total = scratch.load_sums[s]
        for k in range(total.size):
            total[k] += change[k]
        if age >= 0:
            segment = 0 if age < child_age else s + 1
            rate = rates.rate[stratum, min(age, 105), segment]
            into = scratch.load_now[t & 1, segment]
            for k in range(total.size):
                into[k] += change[k] * rate[k]
        change[:] = 0.0
