"""The life course ladder: hazards, and a base population that the hazards themselves would make.

Registers say how common each condition is at each age. The simulation needs the hazards behind
those figures, and people whose conditions, frailty and risks already hang together as years of
those hazards would have left them: independent starts double the share of people with five or
more conditions over twenty years by artefact alone.

Both come from one synthetic life course per stratum (sex and deprivation quintile). Particles
are born without conditions and climb from age to age. At each age

1. states are handed out to the people of the base population;
2. deaths take particles by their hazards. The normaliser K solves
   mean(1 - exp(-death h / K)) = 1 - exp(-death), and survivors are drawn by weight;
3. spells of remitting conditions end, by completed years in the spell;
4. the base onset hazard of each condition is solved over particles free of it at the start of the
   step, with their hazard ratios, risk factors and frailty, so that prevalence at the next age
   meets its target.

Two hazards are solved at each age. The one shipped meets the target a year on, which is
``target * exp(growth)``: along a cohort, age and calendar year advance together. The one that
moves the particles meets today's target, so that the particles stay a cross-section of today.
Its closed form, without multipliers, is dp/da + dp/dt = i(1-p) - rp - p(1-p)m.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .checks import EngineError
from .ladder_lanes import DEATH, FACTORS, GROUP, GROUPS, LANES, condition_rows
from .ladder_picks import KEY_BITS
from .ladder_steps import climb

__all__ = ["LifeCourse", "life_course"]

_STREAM = 0x4C41444445520001  # "LADDER" and a version: keeps these draws apart from others


@dataclass(frozen=True)
class LifeCourse:
    """Hazards by stratum and age, and the states of the people of the base population.

    Attributes:
        hazard: float32[S, 107, 32], per step. Lanes 0 to C-1 are base onset hazards, lane 20 is
            the hazard of death divided by its normaliser; times a person's multipliers they give
            that person's hazards. Row r is the step from age r-1. The last row's onset hazards
            are those of the row before.
        excess: float64[C, S, 107], share of people at the next age by which prevalence falls
            faster than death and remission allow. The hazard is 0 there.
        thinned: float64[C, S, 107], the same for the base cross-section (without trend), which is
            brought to its target by taking cases away at random.
        normaliser: float64[S, 107], K: the mean multiplier of death, as deaths weigh it.
        reached: float64[C, S, 106], prevalence among the particles at each age.
        state: uint32[n], bit i is condition i, of the people wanted in order (stratum, row).
        since: uint8[n, R], completed years in the present spell of each remitting condition.
        frailty: float32[n].
        levels: uint8[n, F], risk factor bins.
    """

    hazard: npt.NDArray[np.float32]
    excess: npt.NDArray[np.float64]
    thinned: npt.NDArray[np.float64]
    normaliser: npt.NDArray[np.float64]
    reached: npt.NDArray[np.float64]
    state: npt.NDArray[np.uint32]
    since: npt.NDArray[np.uint8]
    frailty: npt.NDArray[np.float32]
    levels: npt.NDArray[np.uint8]


def life_course(
    *,
    prevalence: npt.NDArray[np.float64],
    growth: npt.NDArray[np.float64],
    death: npt.NDArray[np.float64],
    ratio: npt.NDArray[np.float32],
    risk: npt.NDArray[np.float32],
    frailty_power: npt.NDArray[np.float32],
    frailty: npt.NDArray[np.float32],
    levels: npt.NDArray[np.uint8],
    remits: npt.NDArray[np.int64],
    remission: npt.NDArray[np.float32],
    wanted: npt.NDArray[np.int64],
    seed: int = 1,
    threads: int | None = None,
) -> LifeCourse:
    """Solve hazards for prevalence targets, and draw a self-consistent base population.

    Args:
        prevalence: float64[C, S, A], share of people with each condition by stratum and age, in
            [0, 1). C is at most 20, A usually 106 (ages 0 to 105).
        growth: float64[C], log change of prevalence per year at a given age.
        death: float64[S, A+1], hazard of death per step; row r is the step from age r-1 (row 0
            from birth to the first 30 June).
        ratio: float32[B, C, 32], hazard ratio of having condition c on lane l by five-year band.
        risk: float32[F, V, S, B, 32], hazard ratio of bin v of factor f.
        frailty_power: float32[32], power of frailty in each lane.
        frailty: float32[N], frailty of the particles at birth; N is the number of particles.
        levels: uint8[N, F], their risk factor bins, each below V.
        remits: int64[R], conditions that remit.
        remission: float32[R, D], hazard per year by completed years in the spell; the last holds
            thereafter. 1e30 is certain.
        wanted: int64[S, A+1], people whose states are wanted, on entering row r's step.
        seed: whole number that all draws are keyed by, with the stratum.
        threads: threads to use; the results do not depend on it. All cores by default.

    Returns:
        The hazards, what could not be met, and the states of the people wanted.

    Raises:
        EngineError: an array of the wrong shape, or figures outside what is allowed.
    """
    target = np.ascontiguousarray(prevalence, dtype=np.float64)
    ratios = np.ascontiguousarray(ratio, dtype=np.float32)
    risks = np.ascontiguousarray(risk, dtype=np.float32)
    born_frailty = np.ascontiguousarray(frailty, dtype=np.float32)
    born_levels = np.ascontiguousarray(levels, dtype=np.uint8)
    powers = np.asarray(frailty_power, dtype=np.float32)
    people = np.ascontiguousarray(wanted, dtype=np.int64)
    deaths = np.ascontiguousarray(death, dtype=np.float64)
    trend = np.ascontiguousarray(growth, dtype=np.float64)
    ends = np.ascontiguousarray(remits, dtype=np.int64)
    yearly = np.asarray(remission, dtype=np.float32).reshape(len(ends), -1 if len(ends) else 1)
    _check(
        target,
        trend,
        deaths,
        ratios,
        risks,
        powers,
        born_frailty,
        born_levels,
        ends,
        yearly,
        people,
    )
    conditions, strata, ages = target.shape
    particles, factors = born_levels.shape

    # One figure for every count of years that a byte can hold: the last holds thereafter.
    years = np.minimum(np.arange(256), yearly.shape[1] - 1)
    ending = np.ascontiguousarray(-np.expm1(-yearly[:, years].astype(np.float64)))
    rows = condition_rows(ratios)
    factor_levels = np.zeros((particles, max(FACTORS, factors)), np.uint8)
    factor_levels[:, :factors] = born_levels
    if factors == 0:
        risks = np.ones((1, 1, strata, ratios.shape[0], LANES), np.float32)
    onset = powers[:conditions]
    alike = conditions == 0 or bool(np.all(onset == onset[0]))
    plain = np.float32(onset[0]) if alike and conditions else np.float32(0.0)
    onset_scale = born_frailty**plain
    spread = np.zeros((0, LANES), np.float32)
    if not alike:
        spread = born_frailty[:, None] ** powers[None, :]
    death_scale = born_frailty ** powers[DEATH]
    rank = np.empty(particles, np.uint32)
    by_frailty = np.argsort(born_frailty, kind="stable")
    rank[by_frailty] = (np.arange(particles) << KEY_BITS) // particles

    people_before = np.concatenate([[0], np.cumsum(people.sum(axis=1))])
    total = int(people_before[-1])
    hazard = np.zeros((strata, ages + 1, LANES), np.float32)
    excess = np.zeros((strata, conditions, ages + 1))
    thinned = np.zeros((strata, conditions, ages + 1))
    normaliser = np.ones((strata, ages + 1))
    reached = np.zeros((strata, conditions, ages))
    state = np.zeros(total, np.uint32)
    since = np.zeros((total, len(ends)), np.uint8)
    out_frailty = np.zeros(total, np.float32)
    out_levels = np.zeros((total, factors), np.uint8)

    def one(stratum: int) -> None:
        words = np.random.SeedSequence([seed, _STREAM, stratum]).generate_state(1, np.uint64)
        climb(
            np.ascontiguousarray(target[:, stratum]),
            trend,
            deaths[stratum],
            rows,
            np.ascontiguousarray(risks[:, :, stratum]),
            onset_scale,
            spread,
            death_scale,
            born_frailty,
            born_levels,
            factor_levels,
            rank,
            ends,
            ending,
            people[stratum],
            words,
            int(people_before[stratum]),
            hazard[stratum],
            excess[stratum],
            thinned[stratum],
            normaliser[stratum],
            reached[stratum],
            state,
            since,
            out_frailty,
            out_levels,
        )

    workers = min(strata, threads or os.cpu_count() or 1)
    if workers <= 1:
        for stratum in range(strata):
            one(stratum)
    else:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(one, range(strata)))
    return LifeCourse(
        hazard=hazard,
        excess=np.ascontiguousarray(excess.transpose(1, 0, 2)),
        thinned=np.ascontiguousarray(thinned.transpose(1, 0, 2)),
        normaliser=normaliser,
        reached=np.ascontiguousarray(reached.transpose(1, 0, 2)),
        state=state,
        since=since,
        frailty=out_frailty,
        levels=out_levels,
    )


def _check(
    target: npt.NDArray[np.float64],
    growth: npt.NDArray[np.float64],
    death: npt.NDArray[np.float64],
    ratio: npt.NDArray[np.float32],
    risk: npt.NDArray[np.float32],
    powers: npt.NDArray[np.float32],
    frailty: npt.NDArray[np.float32],
    levels: npt.NDArray[np.uint8],
    remits: npt.NDArray[np.int64],
    remission: npt.NDArray[np.float32],
    wanted: npt.NDArray[np.int64],
) -> None:
    """Raise EngineError for shapes and figures that would be misread by compiled code."""
    if target.ndim != 3:
        raise EngineError(f"prevalence has {target.ndim} axes, not [condition, stratum, age]")
    conditions, strata, ages = target.shape
    if conditions > GROUP * GROUPS:
        raise EngineError(f"prevalence has {conditions} conditions: at most {GROUP * GROUPS} fit")
    if risk.ndim != 5 or ratio.ndim != 3:
        raise EngineError(
            "ratio must be [band, condition, 32] and risk [factor, bin, stratum, band, 32]"
        )
    bands = ratio.shape[0]
    particles = len(frailty)
    shapes = {
        "growth": (growth.shape, (conditions,)),
        "death": (death.shape, (strata, ages + 1)),
        "wanted": (wanted.shape, (strata, ages + 1)),
        "ratio": (ratio.shape, (bands, conditions, LANES)),
        "risk": (risk.shape, (levels.shape[-1], risk.shape[1], strata, bands, LANES)),
        "frailty_power": (powers.shape, (LANES,)),
        "levels": (levels.shape, (particles, levels.shape[-1])),
    }
    for name, (shape, expected) in shapes.items():
        if shape != expected:
            raise EngineError(f"{name} has shape {shape}: with these inputs it must be {expected}")
    if particles == 0 or bands == 0:
        raise EngineError("frailty or ratio is empty: at least one particle and band are needed")
    figures: dict[str, tuple[npt.NDArray[np.floating], float]] = {
        "prevalence": (target, np.nextafter(1.0, 0.0)),
        "death": (death, 1e3),
        "ratio": (ratio, 1e6),
        "risk": (risk, 1e6),
        "frailty": (frailty, 1e6),
        "remission": (remission, np.inf),
    }
    for name, (values, most) in figures.items():
        bad = ~((values >= 0.0) & (values <= most))
        if bad.any():
            where = tuple(int(i) for i in np.argwhere(bad)[0])
            raise EngineError(
                f"{name}{list(where)} is {values[where]}: it must be from 0 to {most:g}"
            )
    if not np.isfinite(growth).all():
        raise EngineError("growth holds figures that are not finite")
    if (frailty <= 0.0).any():
        raise EngineError("frailty holds zeros: it must be above 0")
    if levels.size and int(levels.max()) >= risk.shape[1]:
        raise EngineError(f"levels reach {levels.max()}: risk has only {risk.shape[1]} bins")
    if len(remits) and (remits.min() < 0 or remits.max() >= conditions):
        raise EngineError(f"remits names condition {remits.max()}: there are {conditions}")
    if len(set(remits.tolist())) != len(remits):
        raise EngineError("remits names a condition twice")
    if (wanted < 0).any():
        raise EngineError("wanted holds negative counts")
