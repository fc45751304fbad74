"""A made-up population and made-up rates to measure and test the engine with.

Nothing here is evidence: sizes and shapes are of the right order (twenty conditions that grow
with age, three or so in old age, a fifth of people in the top ages dying, one newborn and one
arrival a year per hundred people), so that time goes where it would go in earnest.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from leftshift.engine import Action, Clause, Shift
from leftshift.engine.lives import (
    AGES,
    CONDITIONS,
    LANES,
    NEVER,
    RATE_BANDS,
    ROWS,
    Lives,
    Scoring,
    Tables,
)

STRATA = 10
FACTORS = 5
LEVELS = 16
# Hazard of onset per year at age 60 and its growth per year of age, for each condition.
AT_60 = (
    np.array(
        [30, 8, 4, 4.5, 3, 10, 12, 6, 3, 9, 1.2, 20, 0.4, 0.6, 3, 15, 8, 2, 3, 12], dtype=float
    )
    / 1000
)
GROWTH = (
    np.array(
        [45, 60, 80, 90, 95, 35, 80, 45, 0, 60, 140, 0, 10, 5, 0, 15, 30, 30, 0, 60], dtype=float
    )
    / 1000
)
REMITS = np.array([8, 9, 11, 15, 16], dtype=np.int64)


def tables(steps: int = 20, *, periods: int = 1, loads: int = 0, seed: int = 5) -> Tables:
    """Rates with 20 conditions, 5 factors of 16 levels, 5 remitting conditions and any loads."""
    rng = np.random.default_rng(seed)
    age = np.clip(np.arange(ROWS) - 1, 0, 105)[None, :, None]
    gradient = np.linspace(0.3, -0.3, 5)
    tilt = np.concatenate([gradient, gradient + 0.15])[:, None, None]
    hazard = np.zeros((STRATA, steps, ROWS, LANES))
    onset = AT_60 * np.exp(GROWTH * (age - 60) + tilt)
    hazard[..., :CONDITIONS] = np.minimum(onset, 0.5)[:, None]
    death = 0.003 * np.exp(0.095 * (age[..., 0] - 60) + tilt[..., 0]) + 2e-5
    hazard[..., 20] = np.minimum(death, 0.8)[:, None]
    hazard[:, :, 0, 20] = 0.003
    hazard *= (1 - 0.005 * np.arange(steps))[None, :, None, None]

    ratio = np.ones((RATE_BANDS, CONDITIONS, LANES))
    for d in range(CONDITIONS):
        for k in rng.choice(CONDITIONS, 4, replace=False):
            if k != d:
                ratio[:, d, k] = rng.uniform(1.1, 2.2)
        ratio[:, d, 20] = rng.uniform(1.0, 2.0)
    fade = np.linspace(1.3, 0.6, RATE_BANDS)[:, None, None]
    ratio = ratio**fade

    lanes = CONDITIONS + 1
    slope = rng.uniform(-0.1, 0.5, (FACTORS, 1, 1, 1, lanes))
    level = np.linspace(-1, 1, LEVELS)[None, :, None, None, None]
    risk = np.ones((periods, FACTORS, LEVELS, STRATA, RATE_BANDS, LANES))
    for p in range(periods):
        risk[p, ..., :lanes] = np.exp(slope * level * (1 - 0.02 * p))

    remission = np.full((REMITS.size, 5), 0.15)
    remission[1] = [0, 0, 0, 0, 1e30]  # counted for five years
    remission[2] = [0.6, 0.4, 0.2, 0.1, 0.05]
    frailty_power = np.ones(LANES)
    frailty_power[20] = 0.5
    rate = load_ratio = None
    if loads:
        shape = rng.uniform(0.5, 2, (STRATA, AGES, 6, loads))
        rate = (shape * np.exp(0.02 * (np.arange(AGES) - 40))[:, None, None]).astype(np.float32)
        load_ratio = rng.uniform(0.9, 1.5, (CONDITIONS, loads)).astype(np.float32)
    return Tables(
        hazard=hazard.astype(np.float32),
        ratio=ratio.astype(np.float32),
        risk=risk.astype(np.float32),
        period=np.arange(steps) * periods // steps,
        frailty_power=frailty_power.astype(np.float32),
        remits=REMITS,
        remission=remission.astype(np.float32),
        rate=rate,
        load_ratio=load_ratio,
    )


def changed(arm: Tables, lanes: list[int], factor: float) -> Tables:
    """Another arm: the same but for some lanes' hazards."""
    hazard = arm.hazard.copy()
    hazard[..., lanes] *= np.float32(factor)
    return replace(arm, hazard=hazard)


def scoring() -> Scoring:
    """Points, utilities and the Cambridge segments' starts."""
    rng = np.random.default_rng(3)
    age = np.arange(AGES)
    return Scoring(
        score=rng.integers(5, 130, CONDITIONS).astype(np.int64),
        utility_norm=np.tile(0.95 - 0.002 * age, (STRATA, 1)),
        utility_ratio=rng.uniform(0.85, 0.99, CONDITIONS),
    )


def lives(
    n: int, steps: int = 20, *, places: int = 1, seed: int = 1, moving: float = 0.01
) -> Lives:
    """About ``n`` residents, and the births and arrivals of ``steps`` years."""
    rng = np.random.default_rng(seed)
    ages = np.arange(101)
    shape = np.where(ages < 55, 1.0, np.exp(-(((ages - 55) / 24.0) ** 2)))
    born = n * steps // 90
    moved = int(n * steps * moving)
    cohort = np.concatenate(
        [
            rng.choice(101, n, p=shape / shape.sum()),
            -1 - rng.integers(0, steps, born),
            rng.choice(101, moved, p=shape / shape.sum()),
        ]
    )
    enter = np.zeros(cohort.size, dtype=np.int64)
    enter[n : n + born] = -1 - cohort[n : n + born]
    enter[n + born :] = rng.integers(1, steps + 1, moved)
    cohort[n + born :] = np.maximum(cohort[n + born :] - enter[n + born :], -enter[n + born :])
    leave = np.where(
        rng.random(cohort.size) < moving * steps,
        enter + 1 + rng.integers(0, steps, cohort.size),
        NEVER,
    )
    group = rng.integers(0, places * STRATA, cohort.size)
    at = np.clip(cohort + enter, 0, 105)
    frailty = np.exp(rng.normal(-0.125, 0.5, cohort.size))
    years = np.arange(AGES)[:, None]
    cumulative = np.cumsum(AT_60 * np.exp(GROWTH * (years - 60)), axis=0)
    present = rng.random((cohort.size, CONDITIONS)) < -np.expm1(
        -0.8 * cumulative[at] * frailty[:, None]
    )
    present[:, REMITS] &= rng.random((cohort.size, REMITS.size)) < 0.3
    present[at == 0] = False
    state = (present * (1 << np.arange(CONDITIONS))).sum(1)
    since = rng.integers(0, 5, (cohort.size, REMITS.size))
    levels = rng.integers(0, LEVELS, (cohort.size, FACTORS))
    order = np.lexsort((np.arange(cohort.size), cohort, group))
    return Lives(
        id=(np.arange(cohort.size, dtype=np.uint64) * np.uint64(1_000_003))[order],
        group=group[order].astype(np.int32),
        group_stratum=(np.arange(places * STRATA) % STRATA).astype(np.int32),
        cohort=cohort[order].astype(np.int16),
        enter=enter[order].astype(np.int16),
        leave=leave[order].astype(np.int16),
        weight=np.full(cohort.size, 590.25, dtype=np.float32),
        state=state[order].astype(np.uint32),
        since=since[order].astype(np.uint8),
        frailty=frailty[order].astype(np.float32),
        levels=levels[order].astype(np.uint8),
    )


def actions(
    arm: Tables, number: int = 10, *, reach: float = 0.2, groups: int = STRATA, seed: int = 9
) -> list[Action]:
    """Actions on older people, on those with some condition, with a high score, and so on.

    Each multiplies hazards and loads, with a lag and fading; one in five shifts a factor. Reach
    grows to ``reach`` over the first five steps.
    """
    rng = np.random.default_rng(seed)
    steps, loads = arm.steps, arm.loads
    out = []
    for k in range(number):
        condition, other = (int(c) for c in rng.choice(CONDITIONS, 2, replace=False))
        clauses = (
            (Clause(any_of=1 << condition | 1 << other),),
            (Clause(from_age=65, to_age=85, none_of=1 << condition),),
            (Clause(from_age=40, from_score=69), Clause(from_age=75)),
            (Clause(groups=np.arange(groups) % 5 < 2, from_age=18, segments=0b011100),),
            (Clause(from_age=30, to_age=60, levels=np.full(FACTORS, 0xFFF0, np.uint16)),),
        )[k % 5]
        hazard = np.ones((4, LANES), np.float32)
        lanes = rng.choice(CONDITIONS + 1, 3, replace=False)
        hazard[1, lanes] = rng.uniform(0.7, 0.95, 3)
        hazard[2, lanes] = np.sqrt(hazard[1, lanes])
        shift = None
        if k % 5 == 4:
            factor = int(rng.integers(FACTORS))
            lower = arm.risk[:, factor, np.maximum(np.arange(LEVELS) - 2, 0)]
            shift = Shift(factor, np.ascontiguousarray(lower), np.array([0, 1, 0.5], np.float32))
        out.append(
            Action(
                who=clauses,
                reach=reach * np.minimum(np.arange(steps) / 5, 1),
                key=1000 + k,
                while_eligible=k % 2 == 0,
                years=0 if k % 3 else 6,
                hazard=hazard,
                load=rng.uniform(0.8, 1.1, (3, loads)).astype(np.float32) if loads else None,
                shift=shift,
            )
        )
    return out
