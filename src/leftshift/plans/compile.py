"""From a plan's interventions to what the engine does to persons, and what it counts besides.

An intervention becomes one or more actions of the engine that reach the same people: effects on
rates are multipliers of loads, effects on hazards multipliers of hazards, effects on a risk factor
another distribution of it. What a swap takes from a service has to arrive in another: for each swap
the engine counts one load more, a copy of the service's that this swap (and those of the same
service after it) leaves as it was. What the swap avoids is the difference between its copy and the
next, so that nothing avoided lands twice or nowhere, whoever is on several at once.

Effects of evidence C and D are shrunk towards no effect by the rows `plans.shrink.C` and
`plans.shrink.D`, unless the headline is asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from leftshift.areas import Area
from leftshift.care.services import Services
from leftshift.catalogue import Catalogue, Parameters
from leftshift.engine import Action, Shift, Tables
from leftshift.people import risk
from leftshift.people.effects import condition_ids
from leftshift.people.model import DEATH, LANES
from leftshift.plans.eligible import Levels, engine_clauses
from leftshift.plans.files import Plan
from leftshift.plans.library import Effect, Intervention, Reach
from leftshift.plans.places import place_names
from leftshift.quantities import FinancialYear

__all__ = [
    "SHRUNK",
    "Compiled",
    "Lane",
    "capacity",
    "compiled",
    "drawn_rows",
    "joining",
    "key_of",
    "strength",
    "yearly_reach",
]

Array = NDArray[np.float64]

SHRUNK = ("C", "D")
"""Grades of evidence whose effects are shrunk towards no effect."""


@dataclass(frozen=True)
class Lane:
    """A swap, and the loads between which it shows.

    Attributes:
        intervention: which of the plan's, from 0.
        name: of the swap.
        source: the service that care leaves, by number.
        target: the service in which it arrives.
        copy: the load that the swap leaves alone.
        after: the load that it does not: the next swap's copy, or the service itself.
        per_unit: units that arrive for each avoided.
    """

    intervention: int
    name: str
    source: int
    target: int
    copy: int
    after: int
    per_unit: float


@dataclass(frozen=True)
class Compiled:
    """A plan under one draw of the parameters.

    Attributes:
        actions: of each intervention, in the plan's order; the first counts who is on it.
        tables: the world's, with a copy of a load for each swap.
        lanes: the swaps.
        untouched: services that the plan touches and people use more of in their last year of
            life, each with a copy of its load that nothing touches.
        services: how many services the loads begin with.
    """

    actions: tuple[tuple[Action, ...], ...]
    tables: Tables
    lanes: tuple[Lane, ...]
    untouched: tuple[tuple[int, int], ...]
    services: int

    def arm(self, which: Sequence[int]) -> list[Action]:
        """The actions of an arm that does some of the interventions."""
        keys = {self.actions[k][0].key for k in which}
        return [
            replace(
                action,
                who=[c for c in action.who if c.reached is None or c.reached in keys],
            )
            for k in sorted(which)
            for action in self.actions[k]
        ]

    def counters(self, which: Sequence[int]) -> list[int]:
        """Where the action that counts people stands in an arm, for each intervention it does."""
        sizes = [len(self.actions[k]) for k in sorted(which)]
        return [0, *np.cumsum(sizes)[:-1].tolist()] if sizes else []


def key_of(identity: str) -> int:
    """The key of an intervention's random stream: by its name, so that its place is no matter."""
    return int.from_bytes(hashlib.blake2b(identity.encode(), digest_size=4).digest(), "big")


def yearly_reach(reach: Reach, labels: Sequence[str]) -> Array:
    """The share reached in each year of a run, ``[T]``.

    Args:
        reach: by year.
        labels: financial years. A year's share is in force from its 30 June to the next.
    """
    return np.array([reach.of(FinancialYear(label)) for label in labels])


def joining(reach: Array, stay: int, newly: Array) -> Array:
    """The share of ranks with room in each year, for an intervention that people leave again.

    Each year as many are to join as make up `reach` at a time, when each stays so many years.
    Nobody joins twice, so that room has to be made for new ranks every year; but those who become
    eligible join at once where their rank has room already, which takes from the room to be made.

    Args:
        reach: ``[T]`` share of the eligible on it at a time.
        stay: years that each stays; 0 gives `reach` itself.
        newly: ``[T]`` share of the eligible who are so for the first time.
    """
    if not stay:
        return reach
    room = np.zeros_like(reach)
    used = 0.0
    for year, share in enumerate(reach):
        if share > 0.0:
            used = float(np.clip(used * (1.0 - newly[year]) + share / stay, 0.0, 1.0))
            room[year] = used
    return room


def strength(stay: int, lag: int, lasts: int, fade: int) -> Array:
    """The share of an effect in force by completed years since joining, the last one held.

    It begins after the lag, holds for `lasts` years (0: as long as the person is on it), and wanes
    to nothing on a straight line over `fade` years, of each of which the middle is taken.
    """
    rows = [0.0] * lag + [1.0] * (lasts or 1)
    if lasts:
        rows += [1.0 - (year + 0.5) / fade for year in range(fade)]
        rows.append(0.0)
    return np.array(rows)


def _kept(parameters: Parameters, evidence: str, headline: bool) -> float:
    """The share of an effect that is believed."""
    if headline or evidence not in SHRUNK:
        return 1.0
    return parameters.value(f"plans.shrink.{evidence}")


def compiled(
    plan: Plan,
    reach: Array,
    newly: Array,
    *,
    parameters: Parameters,
    services: Services,
    tables: Tables,
    area: Area,
    headline: bool = False,
) -> Compiled:
    """Compile a plan under one draw of the parameters.

    Args:
        plan: the plan, whose places are known to be the area's.
        reach: ``[K, T]`` share of the eligible on each intervention at a time.
        newly: ``[K, T]`` share of the eligible who are so for the first time.
        parameters: the draw, of a catalogue with the plan's own rows laid over it.
        services: the services of the draw, whose rates begin the tables' loads.
        tables: the world's tables, with the services' rates.
        area: whose places are the tally groups.
        headline: whether effects of evidence C and D are taken as they are published.

    Returns:
        What the engine does.
    """
    doings = plan.interventions
    lanes = _lanes(doings, services, parameters)
    untouched = _untouched(doings, services, len(services.ids) + len(lanes))
    copied = [*(lane.source for lane in lanes), *(service for service, _ in untouched)]
    levels = Levels(parameters)
    names = place_names(area)
    places = [place.code for place in area.places]
    keys: dict[str, int] = {}
    actions = []
    for k, doing in enumerate(doings):
        who = engine_clauses(doing.who.clauses(names), doing.where, places, levels, keys)
        keys[doing.id] = key_of(doing.id)
        rows = strength(doing.stay, doing.lag, doing.lasts, doing.fade)
        shifts = _shifts(doing, rows, parameters, tables, headline)
        first = Action(
            who=who,
            reach=joining(reach[k], doing.stay, newly[k]),
            key=keys[doing.id],
            while_eligible=not doing.stay,
            while_reached=not doing.stay,
            years=doing.stay,
        )
        works = doing.lag + doing.lasts + doing.fade if doing.lasts else 0
        working = replace(first, years=max(doing.stay, works) if doing.stay else 0)
        mine: list[Action] = []
        if working.years > first.years:
            mine.append(first)  # counts who is on it; what it did goes on for longer
        mine.append(
            replace(
                working,
                hazard=_hazards(doing, rows, parameters, headline),
                load=_loads(doing, k, rows, parameters, services, lanes, len(copied), headline),
                shift=next(iter(shifts), None),
            )
        )
        mine += [replace(working, shift=one) for one in shifts[1:]]
        actions.append(tuple(mine))
    return Compiled(
        tuple(actions), _with_copies(tables, copied), lanes, untouched, len(services.ids)
    )


def _lanes(
    doings: Sequence[Intervention], services: Services, parameters: Parameters
) -> tuple[Lane, ...]:
    """A copy of a load for each swap, one after the other for swaps of one service."""
    found: list[Lane] = []
    last: dict[int, int] = {}  # by service, where its latest swap stands in `found`
    for k, doing in enumerate(doings):
        for swap in doing.swaps:
            source = services.index(swap.source)
            lane = Lane(
                intervention=k,
                name=swap.name,
                source=source,
                target=services.index(swap.to),
                copy=len(services.ids) + len(found),
                after=source,
                per_unit=parameters.value(swap.per_unit.id),
            )
            if source in last:
                found[last[source]] = replace(found[last[source]], after=lane.copy)
            last[source] = len(found)
            found.append(lane)
    return tuple(found)


def _untouched(
    doings: Sequence[Intervention], services: Services, first: int
) -> tuple[tuple[int, int], ...]:
    touched = {services.index(e.target) for one in doings for e in _of_kind(one, "rate")}
    touched |= {services.index(swap.source) for one in doings for swap in one.swaps}
    which = sorted(at for at in touched if services.last_year[at] > 0)
    return tuple((at, first + number) for number, at in enumerate(which))


def _with_copies(tables: Tables, which: Sequence[int]) -> Tables:
    """The tables with copies of some services' loads after their own."""
    if not which:
        return tables
    assert tables.rate is not None and tables.load_ratio is not None
    which = list(which)
    return replace(
        tables,
        rate=np.concatenate([tables.rate, tables.rate[..., which]], axis=-1),
        load_ratio=np.concatenate([tables.load_ratio, tables.load_ratio[:, which]], axis=-1),
    )


def _ratio(effect: Effect, parameters: Parameters, headline: bool) -> float:
    ratio = parameters.value(effect.figure.id)
    kept = _kept(parameters, effect.evidence, headline)
    return float(ratio**kept) if kept != 1.0 else ratio


def capacity(
    plan: Sequence[Intervention],
    which: Sequence[int],
    reach: Array,
    parameters: Parameters,
    headline: bool,
) -> dict[str, Array]:
    """What some interventions multiply capacity by, year by year.

    Capacity is a place's, not a person's: an intervention adds it as its reach is put in place,
    whoever is on it, and keeps it while that reach holds.

    Args:
        plan: the interventions, in the plan's order.
        which: those that are carried out.
        reach: ``[K, T]`` of each by step.
        parameters: one draw.
        headline: whether effects of evidence C and D are not shrunk.

    Returns:
        ``[T]`` by what is added to: a type of bed, or planned care.
    """
    found: dict[str, Array] = {}
    for k in which:
        placed = np.concatenate([np.zeros(plan[k].lag), reach[k]])[: reach.shape[1]]
        for effect in _of_kind(plan[k], "capacity"):
            more = 1.0 + placed * (_ratio(effect, parameters, headline) - 1.0)
            found[effect.target] = found.get(effect.target, np.ones_like(placed)) * more
    return found


def _of_kind(doing: Intervention, kind: str) -> list[Effect]:
    return [effect for effect in doing.effects if effect.kind == kind]


def _hazards(
    doing: Intervention, rows: Array, parameters: Parameters, headline: bool
) -> NDArray[np.float32] | None:
    effects = _of_kind(doing, "hazard")
    if not effects:
        return None
    conditions = list(condition_ids(parameters.catalogue))
    found = np.ones((rows.size, LANES))
    for effect in effects:
        lane = DEATH if effect.target == "death" else conditions.index(effect.target)
        found[:, lane] *= 1.0 + rows * (_ratio(effect, parameters, headline) - 1.0)
    return found.astype(np.float32)


def _loads(
    doing: Intervention,
    number: int,
    rows: Array,
    parameters: Parameters,
    services: Services,
    lanes: Sequence[Lane],
    copies: int,
    headline: bool,
) -> NDArray[np.float32] | None:
    effects = _of_kind(doing, "rate")
    if not effects and not doing.swaps:
        return None
    count = len(services.ids)
    found = np.ones((rows.size, count + copies))
    for effect in effects:
        at = services.index(effect.target)
        found[:, at] *= 1.0 + rows * (_ratio(effect, parameters, headline) - 1.0)
    for lane in lanes:
        found[:, lane.copy] = found[:, lane.source]  # before any swap
    mine = {swap.name: swap for swap in doing.swaps}
    for place, lane in enumerate(lanes):
        if lane.intervention != number:
            continue
        swap = mine[lane.name]
        share = parameters.value(swap.share.id)
        left = 1.0 - rows * share * _kept(parameters, swap.evidence, headline)
        found[:, lane.source] *= left
        for other in lanes[place + 1 :]:
            if other.source == lane.source:
                found[:, other.copy] *= left
    return found.astype(np.float32)


def _shifts(
    doing: Intervention, rows: Array, parameters: Parameters, tables: Tables, headline: bool
) -> list[Shift]:
    """Another distribution of each factor that the intervention moves."""
    by_factor: dict[str, risk.Shift] = {}
    for effect in _of_kind(doing, "risk"):
        factor = effect.target
        by = parameters.value(effect.figure.id) * _kept(parameters, effect.evidence, headline)
        if not by:
            continue
        before = by_factor.get(factor, risk.Shift())
        assert isinstance(before.times, float) and isinstance(before.add, float)
        by_factor[factor] = (
            risk.Shift(times=before.times * (1.0 - by))
            if factor == "smoking"  # the share of smokers who stop
            else risk.Shift(add=before.add + by)
        )
    periods = tables.risk.shape[0]
    return [
        Shift(
            factor=risk.FACTORS.index(factor),
            risk=np.ascontiguousarray(
                risk.risk_ratios(parameters, periods, shifts={factor: moved})[
                    :, risk.FACTORS.index(factor)
                ]
            ),
            strength=rows.astype(np.float32),
        )
        for factor, moved in by_factor.items()
    ]


def drawn_rows(plan: Plan, catalogue: Catalogue) -> list[str]:
    """Ids of the drawn rows that a plan's interventions rest on, those of their services included.

    Args:
        plan: the plan.
        catalogue: with the plan's own rows laid over it.
    """
    own = {row.id for doing in plan.interventions for row in doing.rows}
    own |= {row.id for row in plan.figures}
    prefixes = ["archetype."] if plan.interventions else []
    for doing in plan.interventions:
        told = {effect.evidence for effect in doing.effects}
        told |= {swap.evidence for swap in doing.swaps}
        prefixes += [f"plans.shrink.{evidence}" for evidence in sorted(told & set(SHRUNK))]
        for effect in doing.effects:
            prefixes += {
                "rate": [f"service.{effect.target}."],
                "risk": [f"risk.{effect.target}.", f"{effect.target}."],
                "hazard": [f"condition.{effect.target}."],
                "capacity": [f"care.beds.{effect.target}.", "care.waits."],
            }[effect.kind]
        for swap in doing.swaps:
            prefixes += [f"service.{swap.source}.", f"service.{swap.to}."]
    return [
        row.id
        for row in catalogue.rows()
        if row.estimate.distribution != "fixed"
        and (row.id in own or row.id.startswith(tuple(prefixes)))
    ]
