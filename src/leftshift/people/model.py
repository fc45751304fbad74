"""From an area and parameters to the arrays that the engine simulates.

One call of :func:`build` is one parameter draw: the people (:mod:`.population`, :mod:`.roll`), the
prevalence they should show (:mod:`.prevalence`), the effects between conditions, risk factors and
death (:mod:`.effects`, :mod:`.risk`), and the life course that solves hazards and today's state of
health together (:func:`leftshift.engine.life_course`). Weights are then calibrated to that
prevalence (:mod:`.sample_weights`), and the hazard of death to the death rates of each year
(:mod:`.baseline_deaths`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from leftshift.areas import Area
from leftshift.catalogue import Parameters
from leftshift.engine import LifeCourse, Lives, Scoring, Tables, life_course
from leftshift.people import effects, prevalence, risk
from leftshift.people.baseline_deaths import followed
from leftshift.people.population import Flows, flows, mortality, residents
from leftshift.people.roll import Roll, roll
from leftshift.people.sample_weights import calibrated

#: Size of the synthetic life course for each sex and quintile: a numerical setting, not a figure
#: about the world. Hazards are solved on expected survival, remission and numbers at risk, which
#: takes out most of the noise that a larger one would be needed for; the smaller one serves
#: parameter draws, whose spread dwarfs what is left.
PARTICLES = 12_000
PARTICLES_IN_DRAWS = 5_000

LANES = 32
DEATH = 20
STEP_ROWS = 107


#: A number of simulants at the base, or one for every resident.
People = int | Literal["all"]


@dataclass(frozen=True)
class Frame:
    """The years of a run.

    Attributes:
        base_year: calendar year of the base stock, 30 June (2025 for "2025/26").
        years: years after the base year.
    """

    base_year: int
    years: int

    @property
    def labels(self) -> list[str]:
        """Financial-year labels, the base year first: ``years + 1`` of them."""
        return [
            f"{y}/{(y + 1) % 100:02d}"
            for y in range(self.base_year, self.base_year + self.years + 1)
        ]

    @property
    def steps(self) -> int:
        """Steps simulated: one beyond the last stock, so that its year's flows are known."""
        return self.years + 1


@dataclass(frozen=True)
class World:
    """All that one draw needs to be simulated.

    Attributes:
        roll: who ever lives in the area.
        lives: the same people as the engine reads them, with their state of health.
        tables: hazards and multipliers of the baseline arm; its death lane is normalised in every
            year, and a plan's arm is made from it, so that all arms share the normalisers.
        scoring: Cambridge score, segments and utilities.
        residents: ``[P, 2, 5, 106]`` people at the base.
        targets: ``[20, 10, 106]`` prevalence that the base state was asked to show.
        mortality: ``[T, 10, 107]`` hazard of death by step.
        course: what the life course solved, hazards and refusals included.
    """

    roll: Roll
    lives: Lives
    tables: Tables
    scoring: Scoring
    residents: NDArray[np.float64]
    flows: Flows
    targets: NDArray[np.float64]
    mortality: NDArray[np.float64]
    course: LifeCourse


def build(
    parameters: Parameters,
    area: Area,
    frame: Frame,
    *,
    people: People,
    seed: int,
    particles: int,
    threads: int = 1,
    own_counts: prevalence.OwnCounts | None = None,
) -> World:
    """Compile one draw of the parameters for an area.

    Args:
        parameters: the catalogue, central or drawn.
        area: any area.
        frame: base year and horizon.
        people: number of simulants at the base, or ``"all"``: one per resident.
        seed: seed of the simulated people.
        particles: size of the synthetic life course, per sex and quintile.
        threads: threads of the life course.
        own_counts: people with conditions by a board's own count.

    Returns:
        The world to simulate.
    """
    at_base = residents(parameters, area, frame.base_year)
    dying = mortality(parameters, area, at_base, frame.base_year, frame.steps)
    moving = flows(parameters, area, frame.base_year, frame.steps)
    everyone = roll(at_base, moving, dying, people, seed)

    stratum = everyone.sex.astype(np.int16) * 5 + everyone.quintile
    entry_row = (everyone.cohort + everyone.enter + 1).astype(np.int16)
    cell = (stratum * STEP_ROWS + entry_row).astype(np.uint16)
    wanted = np.bincount(cell, minlength=10 * STEP_ROWS).reshape(10, STEP_ROWS)

    targets = prevalence.targets(parameters, area, at_base, frame.base_year, own_counts)
    ratio = effects.ratios(parameters)
    # A trend moves the distributions a little every year; without one a single period serves.
    moving_risks = _has_trend(parameters)
    factors = risk.risk_ratios(parameters, frame.steps if moving_risks else 1)
    remits, remission = effects.remission(parameters)
    onset_power, death_power = effects.frailty_powers(parameters)
    power = np.zeros(LANES, np.float32)
    power[:DEATH] = onset_power
    power[DEATH] = death_power
    course = life_course(
        prevalence=targets,
        growth=prevalence.growth(parameters, frame.base_year),
        death=dying[0],
        ratio=ratio,
        risk=factors[0],
        frailty_power=power,
        frailty=_frailties(effects.frailty_sd(parameters), particles, seed),
        levels=risk.risk_levels(parameters, particles, seed),
        remits=remits,
        remission=remission,
        wanted=wanted,
        seed=seed,
        threads=threads,
    )
    # The life course hands states out in order of (stratum, age at entry); give each to its person.
    order = np.argsort(cell, kind="stable")
    state = _placed(course.state, order)
    if people != "all" and people < round(float(at_base.sum())):
        first_age = prevalence.first_ages(parameters.catalogue, frame.base_year)
        everyone = _weighted(everyone, stratum, state, targets, at_base, first_age)
    lives = Lives(
        id=everyone.id,
        group=(everyone.place.astype(np.int32) * 10 + stratum),
        group_stratum=np.tile(np.arange(10, dtype=np.int32), len(area.places)),
        cohort=everyone.cohort,
        enter=everyone.enter,
        leave=everyone.leave,
        weight=everyone.weight,
        state=state,
        since=_placed(course.since, order),
        frailty=_placed(course.frailty, order),
        levels=_placed(course.levels, order),
    )
    hazard = np.repeat(course.hazard[:, None], frame.steps, axis=1)
    trend = np.divide(dying, dying[:1], out=np.ones_like(dying), where=dying[:1] > 0)
    hazard[:, :, :, DEATH] *= trend.transpose(1, 0, 2)
    tables = Tables(
        hazard=hazard,
        ratio=ratio,
        risk=factors,
        period=np.arange(frame.steps) if moving_risks else np.zeros(frame.steps, np.int64),
        frailty_power=power,
        remits=remits,
        remission=remission,
    )
    norm, worth = effects.utilities(parameters)
    scoring = Scoring(
        score=effects.scores(parameters.catalogue),
        starts=effects.segment_starts(parameters),
        major=effects.major_threshold(parameters),
        child_age=effects.child_age(parameters),
        utility_norm=norm,
        utility_ratio=worth,
    )
    tables = followed(lives, tables, scoring, dying, seed, threads)
    return World(
        roll=everyone,
        lives=lives,
        tables=tables,
        scoring=scoring,
        residents=at_base,
        flows=moving,
        targets=targets,
        mortality=dying,
        course=course,
    )


def _weighted(
    everyone: Roll,
    stratum: NDArray[np.int16],
    state: NDArray[np.uint32],
    targets: NDArray[np.float64],
    at_base: NDArray[np.float64],
    first_age: NDArray[np.int64],
) -> Roll:
    """The roll with residents' weights calibrated to the prevalence that they were drawn for.

    A condition with a register is calibrated at the register's ages.
    """
    resident = np.flatnonzero((everyone.enter == 0) & (everyone.cohort >= 0))
    age = everyone.cohort[resident]
    counts = first_age[:, None] <= np.arange(at_base.shape[-1])  # [C, 106]
    bits = np.arange(len(targets), dtype=np.uint32)
    has = ((state[resident, None] >> bits) & np.uint32(1)).astype(bool) & counts.T[age]
    weight = everyone.weight.copy()
    weight[resident] = calibrated(
        weight[resident],
        stratum[resident].astype(np.int64) * at_base.shape[-1] + age,
        everyone.place[resident].astype(np.int64),
        has,
        (targets * counts[:, None] * at_base.sum(axis=0).reshape(10, -1)).sum(axis=(1, 2)),
    )
    return replace(everyone, weight=weight)


def risk_means(parameters: Parameters, frame: Frame) -> dict[str, NDArray[np.float64]]:
    """Means of the risk factors by year, sex, fifth and age, in the units that tables have.

    Returns:
        By measure ``[1 or years + 1, 2, 5, 106]``; smoking in percent, the rest as
        :func:`leftshift.people.risk.risk_values` gives them.
    """
    years = frame.years + 1 if _has_trend(parameters) else 1
    each = [risk.risk_values(parameters, years=float(y)) for y in range(years)]
    means = {name: np.stack([values[name] for values in each]) for name in each[0]}
    means["smoking_share"] = 100.0 * means["smoking_share"]
    return means


def _has_trend(parameters: Parameters) -> bool:
    return any(value != 0.0 for value in parameters.values("trend").values())


def _frailties(sd: float, particles: int, seed: int) -> NDArray[np.float32]:
    """Lognormal frailties with median 1, evenly spread over their distribution, in random order."""
    generator = np.random.Generator(np.random.Philox(key=[seed, 0xF4A1]))
    even = (generator.permutation(particles) + 0.5) / particles
    return np.exp(sd * risk.normal_quantile(even)).astype(np.float32)


def _placed(values: NDArray, order: NDArray[np.int64]) -> NDArray:  # type: ignore[type-arg]
    placed = np.empty_like(values)
    placed[order] = values
    return placed
