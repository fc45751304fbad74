"""How many an intervention reaches where staff or capacity are short.

A first pass over the people on the central parameters counts who is eligible in each year, and who
is so for the first time. Then reach is fixed for the central run and for every draw:

- *staff*: of a group with a limit in the plan, so much of the reach as that many posts can serve.
  Of one without, posts that interventions ask for are filled as all posts of the group are: the
  share that supply is of demand, theirs included.
- *capacity*: of a service (or type of bed) with a limit in the plan, so much of the reach as the
  further units can take. Without a limit there is none.

Unmet reach is reported and does not feed back into anything; there is no third pass.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from leftshift.care import workforce
from leftshift.care.model import CareOfWorld
from leftshift.engine import Action, Tallies, simulate
from leftshift.engine.actions import MOST_ACTIONS
from leftshift.errors import PlanError
from leftshift.people.model import World
from leftshift.plans.arms import Arm
from leftshift.plans.compile import Compiled, key_of, yearly_reach
from leftshift.plans.files import Plan
from leftshift.plans.limits import Schedule
from leftshift.quantities import FinancialYear

__all__ = ["Held", "Room", "asked", "eligible", "held", "never"]

Array = NDArray[np.float64]

_DAYS = 365.25
_PER = 1_000.0  # person-years that staff are given for


@dataclass(frozen=True)
class Held:
    """Where less was reached than asked.

    Attributes:
        intervention: its id.
        year: financial-year label.
        by: what was short: a staff group, a service or a type of bed.
        asked: the share of the eligible that the plan asks for.
        reached: the share that there was room for.
    """

    intervention: str
    year: str
    by: str
    asked: float
    reached: float


@dataclass(frozen=True)
class Room:
    """How many are reached, for every draw (interventions K, steps T).

    Attributes:
        reach: ``[K, T]`` share of the eligible on each at a time.
        newly: ``[K, T]`` share of the eligible who are so for the first time.
        short: where reach is less than asked.
        warnings: what a reader must be told.
    """

    reach: Array
    newly: Array
    short: tuple[Held, ...] = ()
    warnings: tuple[str, ...] = ()


def asked(plan: Plan, labels: Sequence[str]) -> Array:
    """The reach that a plan asks for, ``[K, T]``."""
    rows = [yearly_reach(one.reach, labels) for one in plan.interventions]
    return np.stack(rows) if rows else np.zeros((0, len(labels)))


def never(plan: Plan, reach: Array, labels: Sequence[str]) -> list[str]:
    """Sentences on interventions whose effects do not begin within the horizon.

    Args:
        plan: the plan.
        reach: ``[K, T]`` share of the eligible on each at a time.
        labels: the years of the run.
    """
    said = []
    for one, row in zip(plan.interventions, reach, strict=True):
        changes = bool(one.effects or one.swaps)
        starts = np.flatnonzero(row > 0)
        if changes and one.stay and not one.lasts and one.lag >= one.stay:
            said.append(
                f"{one.label} changes nothing: a person stays on it for {one.stay} and its effects "
                f"would begin {one.lag} years after joining. Say how long they last: lasts = 3."
            )
        elif changes and (not starts.size or starts[0] + one.lag >= len(labels)):
            said.append(
                f"{one.label} changes nothing by {labels[-1]}: nobody has been on it for long "
                "enough. Follow the plan for more years."
            )
    return said


def eligible(compiled: Compiled, world: World, *, seed: int, threads: int) -> tuple[Array, Array]:
    """Counts who is eligible for each intervention where the plan is carried out as asked.

    Returns:
        ``[K, T]`` people eligible at each 30 June, and the share of them who are so for the first
        time.

    Raises:
        PlanError: there are more interventions than the engine can follow.
    """
    count = len(compiled.actions)
    arm = compiled.arm(range(count))
    if len(arm) >= MOST_ACTIONS:
        raise PlanError(
            f"the plan does {len(arm)} things to people at once (an intervention that lasts beyond "
            f"the stay, or moves several risk factors, counts for more than one); fewer than "
            f"{MOST_ACTIONS} are possible. Split the plan."
        )
    everyone = np.ones(arm[0].reach.size)
    counting = [
        Action(
            who=arm[place].who,
            reach=everyone,
            key=key_of(f"counter {k}"),
            while_reached=False,
            years=1,
        )
        for k, place in enumerate(compiled.counters(range(count)))
    ]
    size = MOST_ACTIONS - len(arm)
    parts = [counting[at : at + size] for at in range(0, count, size)]
    tallies: list[Tallies] = simulate(
        world.lives,
        [compiled.tables] * len(parts),
        world.scoring,
        seed=seed,
        actions=[[*arm, *part] for part in parts],
        threads=threads,
    )
    found = []
    for one in tallies:
        assert one.reached is not None
        found.append(one.reached[:, :, len(arm) :].sum(axis=(0, 3)))  # [T, k, 3]
    _, starts, able = np.moveaxis(np.concatenate(found, axis=1), (0, 1, 2), (2, 1, 0))
    newly = np.divide(starts, able, out=np.zeros_like(able), where=able > 0)
    return able, np.clip(newly, 0.0, 1.0)


def held(
    plan: Plan,
    wanted: Room,
    able: Array,
    full: Arm,
    base: Arm,
    bound: CareOfWorld,
    labels: Sequence[str],
) -> Room:
    """Fixes reach by staff and capacity.

    Args:
        plan: the plan, with its limits.
        wanted: the reach that it asks for.
        able: ``[K, T]`` people eligible.
        full: the whole plan with the reach that it asks for.
        base: the baseline.
        bound: care of the world.
        labels: the years of the run.
    """
    years = [FinancialYear(label) for label in labels]
    by_capacity = list(_by_capacity(plan, full, bound, years))
    parts = [*_by_staff(plan, wanted.reach * able, base, bound, years), *by_capacity]
    factor = np.ones_like(wanted.reach)
    by = np.full(factor.shape, "", dtype=object)
    for k, what, part in parts:
        less = part < factor[k]
        factor[k, less] = part[less]
        by[k, less] = what
    reach = wanted.reach * factor
    short = [
        Held(one.id, labels[t], by[k, t], float(wanted.reach[k, t]), float(reach[k, t]))
        for k, one in enumerate(plan.interventions)
        for t in range(len(labels))
        if by[k, t] and wanted.reach[k, t] > 0
    ]
    given = {k for k, _, _ in by_capacity}
    warnings = [
        f"{one.label} is limited by capacity, but the plan gives no capacity of a service in "
        "which its care arrives, so nothing limits it. Give one in [limits] capacity."
        for k, one in enumerate(plan.interventions)
        if "capacity" in one.limited_by and k not in given
    ]
    return replace(wanted, reach=reach, short=tuple(short), warnings=tuple(warnings))


#: An intervention, what is short, and the share of its reach that there is room for, ``[T]``.
Part = tuple[int, str, Array]


def _limit(schedule: Schedule | None, years: Sequence[FinancialYear]) -> Array:
    found = [schedule.of(year) if schedule is not None else None for year in years]
    return np.array([math.inf if most is None else most for most in found])


def _room(most: Array, wanted: Array) -> Array:
    """The share of what is wanted that there is, 1 where nothing is."""
    part = np.divide(most, wanted, out=np.ones_like(wanted), where=wanted > 0)
    return np.clip(part, 0.0, 1.0)


def _by_staff(
    plan: Plan, on: Array, base: Arm, bound: CareOfWorld, years: Sequence[FinancialYear]
) -> Iterator[Part]:
    """By staff group; `on` are people on each intervention at a time, ``[K, T]``."""
    limited = [k for k, one in enumerate(plan.interventions) if "staff" in one.limited_by]
    if not limited:
        return
    care, parameters = bound.care, bound.parameters
    made = workforce.staff(parameters, care.catalogue, base.use, bound.prices, care.data)
    by_group = made.sum(axis=1)  # [Y, groups, measures]
    demand, supply = (
        by_group[..., list(workforce.MEASURES).index(one)] for one in ("demand", "supply")
    )
    for g, group in enumerate(workforce.staff_groups(care.catalogue)):
        need = {
            k: parameters.value(row.id) * on[k] / _PER
            for k in limited
            if (row := plan.interventions[k].staff.get(group)) is not None
        }
        total = np.sum([*need.values()], axis=0) if need else np.zeros(len(years))
        most = _limit(plan.limits.staff.get(group), years)
        filled = np.where(
            np.isfinite(most), _room(most, total), _room(supply[:, g], demand[:, g] + total)
        )
        yield from ((k, group, np.where(posts > 0, filled, 1.0)) for k, posts in need.items())


def _by_capacity(
    plan: Plan, full: Arm, bound: CareOfWorld, years: Sequence[FinancialYear]
) -> Iterator[Part]:
    """By service in which care arrives, and by the type of bed that it fills."""
    services = bound.services
    limited = {k for k, one in enumerate(plan.interventions) if "capacity" in one.limited_by}
    arriving: dict[str, list[tuple[int, Array]]] = {}
    for lane, avoided in full.avoided:
        if lane.intervention not in limited:
            continue
        units = lane.per_unit * avoided.sum(axis=(1, 2, 3))
        arriving.setdefault(services.ids[lane.target], []).append((lane.intervention, units))
        if bed := services.bed_types[lane.target]:
            beds = units * services.bed_days[lane.target] / _DAYS
            arriving.setdefault(bed, []).append((lane.intervention, beds))
    for name, schedule in plan.limits.capacity.items():
        came = arriving.get(name, [])
        total = np.sum([units for _, units in came], axis=0) if came else np.zeros(len(years))
        part = _room(_limit(schedule, years), total)
        yield from ((k, name, part) for k in {owner for owner, _ in came})
