"""Compiled steps of the synthetic life course: one stratum climbed from birth to the last age.

`ladder.py` says what the life course means; this module only makes it quick. The state of a
particle is a 32-bit word, bit i for condition i. Two ideas carry the speed besides the lanes:

* one pass at a warm-started hazard gives the sum of event probabilities and its first two
  derivatives in every lane at once, from which the hazard for the base target and the hazard for
  the trended target are both solved;
* events are drawn lane by lane with a systematic accumulator, so the prevalence reached misses
  its target by less than one particle.
"""

from __future__ import annotations

import numpy as np

from .compiling import allocating
from .ladder_lanes import (
    BLOCK,
    DEATH,
    EIGHTH,
    FACTORS,
    LANES,
    ONE,
    RISK_ROW,
    WIDTH,
    ZERO,
    add_where,
    chance,
    death_sums,
    moments,
    multiply_rows,
    next_bits,
    reached,
    step_to,
    uniform,
    weigh,
)
from .ladder_picks import KEY_BITS, hand_out, order_alike


@allocating
def _solve_death(
    multiplier: np.ndarray, n: int, death: float, guess: float, part: np.ndarray
) -> float:
    """Solve for x with mean(1-exp(-x h)) = 1-exp(-death); the normaliser is death / x."""
    need = -np.expm1(-death) * n
    x = guess
    for _ in range(12):
        s0, s1, s2 = death_sums(multiplier, x, part)
        change, error = step_to(need, s0, s1, s2)
        x = max(x + change, 0.05 * x)
        if error < 1e-6:
            break
    return x


@allocating
def _resample(
    died: np.ndarray, survive: float, order: np.ndarray, stream: np.ndarray, picked: np.ndarray
) -> None:
    """Systematic survivors by weight 1 - died, put in random order as they are picked.

    Taking them along an order in which neighbours are alike keeps what survivors have close to
    what they would have on average. `survive` is the mean weight, which the normaliser has made
    exact.
    """
    n = len(died)
    scale = 1.0 / survive
    level = uniform(stream)
    done = 0
    for k in range(n):
        i = order[k]
        level += (1.0 - died[i]) * scale
        for _ in range(done, min(int(level), n)):
            draw = (next_bits(stream) >> np.uint64(32)) * np.uint64(done + 1)
            other = draw >> np.uint64(32)
            picked[done] = picked[other]
            picked[other] = i
            done += 1
    for last in range(done, n):
        picked[last] = order[n - 1]


@allocating
def _thin(
    state: np.ndarray,
    since: np.ndarray,
    condition: int,
    slot: int,
    excess: float,
    present: float,
    stream: np.ndarray,
) -> None:
    """Take `excess` of `present` cases of a condition away, evenly, to bring it to its target."""
    remove = int(excess + uniform(stream))
    if remove <= 0 or present <= 0.0:
        return
    bit = np.uint32(1) << np.uint32(condition)
    share = remove / present
    level = uniform(stream)
    for i in range(len(state)):
        if state[i] & bit:
            level += share
            if level >= 1.0:
                level -= 1.0
                state[i] &= ~bit
                if slot >= 0:
                    since[i, slot >> 3] &= ~(np.uint64(255) << np.uint64(8 * (slot & 7)))


@allocating
def _survivors(
    picked: np.ndarray,
    old_state: np.ndarray,
    old_since: np.ndarray,
    old_who: np.ndarray,
    state: np.ndarray,
    since: np.ndarray,
    who: np.ndarray,
    start: np.ndarray,
    remits: np.ndarray,
    ending: np.ndarray,
    stream: np.ndarray,
    present: np.ndarray,
    listed: np.ndarray,
    expected: np.ndarray,
    ended: np.ndarray,
) -> None:
    """Copy survivors into place and end spells; `start` keeps the state that hazards see.

    Counts conditions present at the start into present[0], ends in expectation and in fact into
    expected and ended.
    """
    n = len(picked)
    words = since.shape[1]
    for i in range(n):
        source = picked[i]
        held = old_state[source]
        start[i] = held
        state[i] = held
        who[i] = old_who[source]
        add_where(present, 0, held, ONE)
    for w in range(words):
        for i in range(n):
            since[i, w] = old_since[picked[i], w]
    full = np.uint64(255)
    for r in range(len(remits)):
        condition = np.uint32(remits[r])
        word = r >> 3
        shift = np.uint64(8 * (r & 7))
        # List who has it without a branch: that is too irregular to be guessed.
        cases = np.int64(0)
        for i in range(n):
            listed[cases] = i
            cases += np.int64((start[i] >> condition) & np.uint32(1))
        level = uniform(stream)
        initial = level
        for k in range(cases):
            i = listed[k]
            spell = since[i, word]
            years = (spell >> shift) & full
            carried = level
            level += ending[r, years]
            ends = np.uint64(np.int64(level) - np.int64(carried))
            state[i] ^= np.uint32(ends) << condition
            years = (years + np.uint64(years < full)) * (np.uint64(1) - ends)
            since[i, word] = (spell & ~(full << shift)) | (years << shift)
        expected[r] = level - initial
        ended[r] = np.int64(level)


@allocating
def _multipliers(
    start: np.ndarray,
    who: np.ndarray,
    levels: np.ndarray,
    scale: np.ndarray,
    spread: np.ndarray,
    table: np.ndarray,
    bins: int,
    first: int,
    last: int,
    multiplier: np.ndarray,
) -> None:
    """Onset multipliers of particles first..last-1: conditions x risk factors x frailty.

    `spread` is float32[N, LANES] when frailty's power differs between lanes, else empty.
    """
    five = np.uint64(31)
    factors = levels.shape[1]
    base = np.uint64(RISK_ROW)
    wide = np.uint64(bins)
    for i in range(first, last):
        held = np.uint64(start[i])
        w = who[i]
        multiply_rows(
            multiplier,
            np.uint64(i),
            table,
            (
                held & five,
                np.uint64(32) + ((held >> np.uint64(5)) & five),
                np.uint64(64) + ((held >> np.uint64(10)) & five),
                np.uint64(96) + ((held >> np.uint64(15)) & five),
                base + np.uint64(levels[w, 0]),
                base + wide + np.uint64(levels[w, 1]),
                base + np.uint64(2) * wide + np.uint64(levels[w, 2]),
                base + np.uint64(3) * wide + np.uint64(levels[w, 3]),
                base + np.uint64(4) * wide + np.uint64(levels[w, 4]),
            ),
            scale[w],
        )
        for f in range(FACTORS, factors):
            row = table[RISK_ROW + f * bins + levels[w, f]]
            for lane in range(WIDTH):
                multiplier[i, lane] *= row[lane]
    if len(spread) > 0:
        for i in range(first, last):
            row = spread[who[i]]
            for lane in range(WIDTH):
                multiplier[i, lane] *= row[lane]


@allocating
def _draw(multiplier: np.ndarray, eighth: np.ndarray, level: np.ndarray, state: np.ndarray) -> None:
    """Give onsets to particles, systematically in every lane; level[0] is the random start."""
    for i in range(len(state)):
        row = multiplier[i]
        for lane in range(WIDTH):
            carried = level[0, lane]
            carried = carried - ONE if carried >= ONE else carried
            level[0, lane] = carried + chance(row[lane] * eighth[lane])
        state[i] |= reached(level, 0)


@allocating
def _death_multipliers(
    state: np.ndarray,
    who: np.ndarray,
    levels: np.ndarray,
    bins: int,
    column: np.ndarray,
    scale: np.ndarray,
    out: np.ndarray,
) -> None:
    """Death hazard multiplier of every particle; column is the death lane of the table."""
    five = np.uint64(31)
    factors = levels.shape[1]
    wide = np.uint64(bins)
    at = np.uint64(RISK_ROW)
    for i in range(len(state)):
        held = np.uint64(state[i])
        w = who[i]
        h = (
            scale[w]
            * column[held & five]
            * column[np.uint64(32) + ((held >> np.uint64(5)) & five)]
            * column[np.uint64(64) + ((held >> np.uint64(10)) & five)]
            * column[np.uint64(96) + ((held >> np.uint64(15)) & five)]
        )
        # Written out: a loop of five turns takes longer than what is in it.
        h *= column[at + np.uint64(levels[w, 0])]
        h *= column[at + wide + np.uint64(levels[w, 1])]
        h *= column[at + np.uint64(2) * wide + np.uint64(levels[w, 2])]
        h *= column[at + np.uint64(3) * wide + np.uint64(levels[w, 3])]
        h *= column[at + np.uint64(4) * wide + np.uint64(levels[w, 4])]
        for f in range(FACTORS, factors):
            h *= column[at + np.uint64(f) * wide + np.uint64(levels[w, f])]
        out[i] = h


@allocating
def _count(
    state: np.ndarray, died: np.ndarray, part: np.ndarray, held: np.ndarray, dying: np.ndarray
) -> None:
    """Particles holding each condition, and their expected deaths."""
    n = len(state)
    for first in range(0, n, BLOCK):
        part[:] = ZERO
        for i in range(first, min(n, first + BLOCK)):
            add_where(part, 0, state[i], ONE)
            add_where(part, 1, state[i], died[i])
        for lane in range(WIDTH):
            held[lane] += part[0, lane]
            dying[lane] += part[1, lane]


@allocating
def _solve_onsets(
    multiplier: np.ndarray,
    conditions: int,
    need_base: np.ndarray,
    need_ahead: np.ndarray,
    lam: np.ndarray,
    eighth: np.ndarray,
    total: np.ndarray,
    part: np.ndarray,
    base: np.ndarray,
    ahead: np.ndarray,
) -> None:
    """Base hazards that bring the expected onsets to need_base and need_ahead (particles).

    lam and total hold the moments at a first guess. Lanes whose expansion is not accurate enough
    are moved to their weaker solution and all moments are taken again, at most eight times.
    """
    worst = np.float32(2e-4)
    off_base = np.full(LANES, 9.0)
    off_ahead = np.full(LANES, 9.0)
    n = len(multiplier)
    for turn in range(9):
        again = False
        for c in range(conditions):
            s0 = total[0, c]
            s1 = total[1, c]
            s2 = total[2, c]
            guess = np.float64(lam[c])
            # More onsets than people at risk cannot be met: nearly all of them fall ill.
            if off_base[c] > worst:
                if need_base[c] <= 0.0 or s1 + s0 <= 0.0:
                    base[c] = 0.0
                    off_base[c] = 0.0
                else:
                    change, error = step_to(need_base[c], s0, s1, s2)
                    if error < off_base[c] or error >= 1.0:
                        base[c] = min(max(guess + change, 0.0), 1e3)
                        off_base[c] = error
            if off_ahead[c] > worst:
                if need_ahead[c] <= 0.0 or s1 + s0 <= 0.0:
                    ahead[c] = 0.0
                    off_ahead[c] = 0.0
                else:
                    change, error = step_to(need_ahead[c], s0, s1, s2)
                    if error < off_ahead[c] or error >= 1.0:
                        ahead[c] = min(max(guess + change, 0.0), 1e3)
                        off_ahead[c] = error
            if off_base[c] > worst or off_ahead[c] > worst:
                again = True
                lam[c] = base[c] if off_base[c] >= off_ahead[c] else ahead[c]
        if not again or turn == 8:
            return
        total[:] = 0.0
        eighth[:] = lam * EIGHTH
        for first in range(0, n, BLOCK):
            moments(multiplier, first, min(n, first + BLOCK), eighth, part, total)


@allocating
def climb(
    target: np.ndarray,
    growth: np.ndarray,
    death: np.ndarray,
    rows: np.ndarray,
    risk: np.ndarray,
    onset_scale: np.ndarray,
    spread: np.ndarray,
    death_scale: np.ndarray,
    frailty: np.ndarray,
    levels: np.ndarray,
    factor_levels: np.ndarray,
    rank: np.ndarray,
    remits: np.ndarray,
    ending: np.ndarray,
    wanted: np.ndarray,
    stream: np.ndarray,
    first_person: int,
    hazard: np.ndarray,
    excess: np.ndarray,
    thinned: np.ndarray,
    normaliser: np.ndarray,
    reached_prevalence: np.ndarray,
    out_state: np.ndarray,
    out_since: np.ndarray,
    out_frailty: np.ndarray,
    out_levels: np.ndarray,
) -> None:
    """Climb one stratum from birth to the last age; `ladder.life_course` documents the arrays."""
    conditions, ages = target.shape
    n = len(frailty)
    padded = ((n + LANES - 1) // LANES) * LANES
    bands = rows.shape[0]
    factors, bins = risk.shape[0], risk.shape[1]
    words = max(1, (len(remits) + 7) // 8)
    slot = np.full(conditions, -1)
    for r in range(len(remits)):
        slot[remits[r]] = r
    state = np.zeros(n, np.uint32)
    since = np.zeros((n, words), np.uint64)
    who = np.arange(n).astype(np.uint32)
    new_state = np.zeros(n, np.uint32)
    new_since = np.zeros((n, words), np.uint64)
    new_who = np.zeros(n, np.uint32)
    start = np.zeros(n, np.uint32)
    picked = np.zeros(n, np.int32)
    key = np.zeros(n, np.uint32)
    order = np.zeros(n, np.int32)
    listed = np.zeros(n + 1, np.int32)
    starts = np.zeros((1 << KEY_BITS) + 1, np.int64)
    died = np.zeros(n, np.float32)
    death_multiplier = np.zeros(padded, np.float32)
    multiplier = np.zeros((n, WIDTH), np.float32)
    table = np.ones((RISK_ROW + max(factors, FACTORS) * bins, LANES), np.float32)
    column = np.ones(len(table), np.float32)
    part = np.zeros((3, LANES), np.float32)
    total = np.zeros((3, LANES), np.float64)
    lam = np.zeros(LANES, np.float32)
    eighth = np.zeros(LANES, np.float32)
    level = np.zeros((1, LANES), np.float32)
    base = np.zeros(LANES)
    ahead = np.zeros(LANES)
    need_base = np.zeros(LANES)
    need_ahead = np.zeros(LANES)
    before = np.zeros(LANES)  # last step's hazard and need per person at risk, for the first guess
    rate = np.zeros(LANES)
    held = np.zeros(LANES)
    dying = np.zeros(LANES)
    present = np.zeros((1, LANES), np.float32)
    expected = np.zeros(len(remits))
    ended = np.zeros(len(remits), np.int64)
    person = first_person
    x = 0.0
    nothing = np.zeros(conditions)
    spin = uniform(stream)
    in_table = -1
    for row in range(ages + 1):
        band = min(max(row - 1, 0) // 5, bands - 1)
        if band != in_table:
            in_table = band
            table[:RISK_ROW] = rows[band]
            for f in range(factors):
                for v in range(bins):
                    table[RISK_ROW + f * bins + v] = risk[f, v, band]
            column[:] = table[:, DEATH]

        order_alike(
            state,
            who,
            rank,
            target[:, row - 1] if row > 0 else nothing,
            key,
            starts,
            order,
        )

        # Hand out the states of the people wanted at this age. The offsets of successive ages
        # are spread evenly (golden section) so that what one age misses the next makes up.
        if wanted[row] > 0:
            offset = spin + row * 0.6180339887498949
            hand_out(
                order,
                n,
                wanted[row],
                offset - np.floor(offset),
                person,
                state,
                since,
                who,
                frailty,
                levels,
                out_state,
                out_since,
                out_frailty,
                out_levels,
            )
            person += wanted[row]

        # Death.
        _death_multipliers(state, who, factor_levels, bins, column, death_scale, death_multiplier)
        if x == 0.0:
            x = n / max(float(np.sum(death_multiplier)), 1e-30)
        if death[row] > 0.0:
            x = _solve_death(death_multiplier, n, death[row], x * death[row], part) / death[row]
        normaliser[row] = 1.0 / x
        hazard[row, DEATH] = death[row] * x
        weigh(death_multiplier, death[row] * x, died)
        held[:] = 0.0
        dying[:] = 0.0
        _count(state, died, part, held, dying)
        if row > 0:
            for c in range(conditions):
                reached_prevalence[c, row - 1] = held[c] / n
        if row == ages:
            for c in range(conditions):
                hazard[row, c] = hazard[row - 1, c]
            break
        survive = np.exp(-death[row])
        _resample(died, survive, order, stream, picked)

        # Remission, and the state that this step's hazards see.
        present[:] = ZERO
        expected[:] = 0.0
        ended[:] = 0
        _survivors(
            picked,
            state,
            since,
            who,
            new_state,
            new_since,
            new_who,
            start,
            remits,
            ending,
            stream,
            present,
            listed,
            expected,
            ended,
        )
        state, new_state = new_state, state
        since, new_since = new_since, since
        who, new_who = new_who, who

        # Needs, in particles. The base cross-section is anchored to what the particles hold; the
        # hazard shipped uses their expected survival, remission and number at risk instead, so that
        # the rounding of counts does not reach it.
        for c in range(conditions):
            remain = 1.0
            lasting = 1.0
            if held[c] > 0.0:
                remain = (1.0 - dying[c] / held[c]) / survive
            if slot[c] >= 0:
                lasting = 1.0 - ending[slot[c], 0]
                if present[0, c] > 0.0:
                    lasting = 1.0 - expected[slot[c]] / present[0, c]
            was = target[c, row - 1] if row > 0 else 0.0
            kept = n * min(was * remain, 1.0) * lasting
            ahead_of_now = n * min(target[c, row] * np.exp(growth[c]), 0.9999) - kept
            at_risk = n * (1.0 - min(was * remain, 1.0))
            free = n - np.float64(present[0, c])
            need_ahead[c] = ahead_of_now * (free / at_risk if at_risk > 0.0 else 1.0)
            excess[c, row] = max(-ahead_of_now / n, 0.0)
            thinned[c, row] = max((kept - n * target[c, row]) / n, 0.0)
        for c in range(conditions):
            held[c] = np.float64(present[0, c])
            if slot[c] >= 0:
                held[c] -= ended[slot[c]]
            need_base[c] = n * target[c, row] - held[c]
            free = n - np.float64(present[0, c])
            now = 0.5 * (max(need_base[c], 0.0) + max(need_ahead[c], 0.0)) / max(free, 1.0)
            if rate[c] > 0.0:
                lam[c] = min(before[c] * now / rate[c], 5.0 * before[c] + 1e-6)
            else:
                lam[c] = 0.0
            rate[c] = now

        # Onset.
        total[:] = 0.0
        eighth[:] = lam * EIGHTH
        for first in range(0, n, BLOCK):
            last = min(n, first + BLOCK)
            _multipliers(
                start, who, factor_levels, onset_scale, spread, table, bins, first, last, multiplier
            )
            moments(multiplier, first, last, eighth, part, total)
        _solve_onsets(
            multiplier, conditions, need_base, need_ahead, lam, eighth, total, part, base, ahead
        )
        for c in range(conditions):
            hazard[row, c] = ahead[c]
            before[c] = 0.5 * (base[c] + ahead[c])
            eighth[c] = 0.125 * base[c]
        level[:] = ZERO
        for c in range(conditions):
            level[0, c] = 0.999999 * uniform(stream)  # below one in float32 too
        _draw(multiplier, eighth, level, state)
        for c in range(conditions):
            if need_base[c] < 0.0:
                _thin(state, since, c, slot[c], -need_base[c], held[c], stream)
