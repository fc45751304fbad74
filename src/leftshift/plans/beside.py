"""A plan in the worlds of an outlook: simulated beside the baseline, and laid out as tables.

For every draw of the parameters the outlook builds a world and lives it; here the plan's arms are
lived in the same world, with the same thresholds, and what they change is kept.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from leftshift.care.model import Care, CareOfWorld
from leftshift.catalogue import Parameters
from leftshift.engine import Tables, Tallies
from leftshift.people import outlook
from leftshift.people.layout import Bounds
from leftshift.people.model import People, World, risk_means
from leftshift.people.prevalence import OwnCounts
from leftshift.people.tables import RISKS, Measures, frames, measure
from leftshift.plans import attribution
from leftshift.plans.arms import Arm, Arms, CareOfArm
from leftshift.plans.attribution import Shapley, Subset
from leftshift.plans.compile import SHRUNK, Compiled, capacity, compiled, drawn_rows
from leftshift.plans.files import DEFAULT_YEARS, Plan
from leftshift.plans.reach import Room, asked, eligible, held, never
from leftshift.plans.results import HEALTH, LABELS, MEASURES, Results

__all__ = ["Apart", "Asked", "PlanOfWorld", "PlanOnCare"]

Array = NDArray[np.float64]

#: How effects are told apart: in the plan's order, or each as if nothing else were done.
Apart = Literal["ordered", "alone"]

_PLAN = "plan_"
#: What is kept of every draw, by the names that :class:`Results` has for it.
_EACH = (
    *("place_effect", "quintile_effect", "sex_effect", "place_base", "quintile_base", "sex_base"),
    *("people_place", "people_quintile", "people_sex", "parameters"),
)
#: Tables of care that a plan has of its own; others hold the baseline to what is published.
_TABLES = ("summary", "activity", "spend", "staff", "beds", "waits", "gap", "drivers")
#: Where a plan does not say.
_PEOPLE, _DRAWS, _SEED = 100_000, 0, 1


@dataclass(frozen=True)
class Asked:
    """What is asked of a run, where the plan says it and where the caller does."""

    years: int
    people: People
    draws: int
    seed: int

    @classmethod
    def of(
        cls,
        plan: Plan,
        years: int | None,
        people: People | None,
        draws: int | None,
        seed: int | None,
    ) -> Asked:
        """What a plan says, where the caller says nothing."""

        def first(*values: Any) -> Any:
            return next(value for value in values if value is not None)

        return cls(
            years=first(years, plan.years, DEFAULT_YEARS),
            people=first(people, plan.people, _PEOPLE),
            draws=first(draws, plan.draws, _DRAWS),
            seed=first(seed, plan.seed, _SEED),
        )


class PlanOnCare:
    """A plan as a consequence of an outlook's people, beside their care.

    Args:
        plan: the plan, located in the area.
        care: care of the area.
        asked: what is asked of the run.
        threads: worker threads of the central run.
        headline: whether effects of evidence C and D are taken as they are published.
        shapley: whether contributions are worked out over all orders, too.
        apart: how effects are told apart.

    Attributes:
        results: after the run, the effects in every draw.
        shares: contributions over all orders; None where they were not asked for.
        turned: ``[K + 1, M]`` central effects over the whole horizon, in the plan's order, with
            weak evidence taken the other way: as published, or shrunk where the run takes it as
            published; None where there is none.
        room: how many are reached.
        each: the arrays that are wanted of every draw.
    """

    def __init__(
        self,
        plan: Plan,
        care: Care,
        asked: Asked,
        threads: int,
        headline: bool,
        shapley: bool = False,
        apart: Apart = "ordered",
    ) -> None:
        self.plan = plan
        self.care = care
        self.threads = threads
        self.headline = headline
        self.replicated: tuple[str, ...] = care.replicated
        self.tables_read: tuple[str, ...] = care.tables_read
        self.own_counts: OwnCounts | None = care.own_counts
        self.room: Room | None = None
        self.shares: Shapley | None = None
        self.turned: Array | None = None
        self._asked = asked
        self._shapley = shapley
        self._rows = drawn_rows(plan, care.catalogue)
        count = len(plan.interventions)
        self.arms = attribution.prefixes(count)
        if apart == "alone":
            whole = tuple(range(count))
            self.arms = list(dict.fromkeys([(), *((k,) for k in range(count)), whole]))
        self._apart = apart
        self.each: tuple[str, ...] = _EACH
        self._begun = False
        self._central: World | None = None
        self._held: dict[str, Array] = {}

    # What an outlook asks of its consequences ------------------------------------------------

    def identity(self) -> dict[str, Any]:
        """That of care, and what the plan and its draws depend on."""
        return {
            **self.care.identity(),
            "plans": outlook.method("plans"),
            "plan": self.plan.identity,
            "headline": self.headline,
        }

    def bind(self, parameters: Parameters, world: World) -> PlanOfWorld:
        """Takes up one world."""
        central = parameters.draw is None and not self._begun
        if central:
            self._begun, self._central = True, world
        replicate = parameters.draw is None and not central
        return PlanOfWorld(self, self.care.bind(parameters, world), world, replicate)

    def frames(
        self,
        central: dict[str, Array],
        bounds: Bounds | None,
        sampling: Mapping[str, Array] | None,
    ) -> dict[str, pl.DataFrame]:
        """Tables of care for both arms, and of people for the plan's.

        The sampling error of the plan's summary is the baseline's: the people are the same.
        """
        made = self.care.frames(_without(central), _bounds(bounds, plan=False), sampling)
        mine = {name.removeprefix(_PLAN): x for name, x in central.items() if _is_plan(name)}
        limits = _bounds(bounds, plan=True)
        arm = pl.lit(self.plan.name).alias("arm")
        doing = {
            name: rows.with_columns(arm)
            for name, rows in self.care.frames(mine, limits, sampling).items()
            if name in _TABLES
        }
        world = self._central
        assert world is not None
        people = frames(
            Measures(**{name: mine[name] for name in Measures.__dataclass_fields__}),
            limits,
            sampling,
            frame=self.care.frame,
            places=[place.code for place in self.care.area.places],
            conditions=[str(c["id"]) for c in self.care.catalogue.entities("conditions")],
            weight=_weight(world),
            arm=self.plan.name,
        )
        if any(effect.kind == "risk" for one in self.plan.interventions for effect in one.effects):
            # Distributions are those of people whom no intervention reached.
            told = pl.col("measure").cast(pl.String).is_in(RISKS)
            people["health"] = people["health"].filter(~told)
        for name, rows in [*doing.items(), *people.items()]:
            made[name] = outlook.joined(made[name], rows) if name in made else rows
        made["names"] = pl.concat([made["names"], self._names()])
        return made

    def about(self) -> dict[str, Any]:
        """What a reader needs to know of care and of the plan."""
        told = self.care.about()
        room = self.room
        assert room is not None
        told["warnings"] = [*told["warnings"], *room.warnings]
        return told

    # What is kept of every draw -------------------------------------------------------------

    def reach_of(self, bound: CareOfWorld, world: World, baseline: Tallies) -> Room:
        """How many are reached, worked out on the central parameters for all draws."""
        if self.room is not None:
            return self.room
        plan, frame = self.plan, self.care.frame
        labels = frame.labels
        reach = asked(plan, labels)
        room = Room(reach, np.zeros_like(reach))
        doings = plan.interventions
        if any(one.stay or one.limited_by for one in doings):
            seed = self._asked.seed
            able, newly = eligible(
                self._compiled(bound, room), world, seed=seed, threads=self.threads
            )
            room = replace(room, newly=newly)
            if any(one.limited_by for one in doings):
                arms = self.arms_of(bound, world, baseline, room)
                (full,) = arms.done([tuple(range(len(doings)))])
                room = held(plan, room, able, full, arms.base, bound, labels)
        told = (*room.warnings, *never(plan, reach, labels))
        self.room = replace(room, warnings=told)
        return self.room

    def _compiled(self, bound: CareOfWorld, room: Room, headline: bool | None = None) -> Compiled:
        return compiled(
            self.plan,
            room.reach,
            room.newly,
            parameters=bound.parameters,
            services=bound.services,
            tables=bound.tables,
            area=self.care.area,
            headline=self.headline if headline is None else headline,
        )

    def arms_of(
        self, bound: CareOfWorld, world: World, baseline: Tallies, room: Room | None = None
    ) -> Arms:
        """The plan in one world."""
        known = room if room is not None else self.reach_of(bound, world, baseline)
        return Arms(
            world=world,
            bound=bound,
            compiled=self._compiled(bound, known),
            interventions=self.plan.interventions,
            reach=known.reach,
            baseline=baseline,
            seed=self._asked.seed,
            threads=self.threads if bound.parameters.draw is None else 1,
        )

    def lived(self, arms: Arms) -> tuple[Arm, dict[str, Array]]:
        """Simulates the arms of one draw.

        Returns:
            The whole plan, and what :meth:`take` takes: the effects and the values of the rows that
            the plan rests on. Nothing is changed here, so that this can run in any worker.
        """
        levels, by_sex = [], []
        last = arms.base
        for last in arms.done(self.arms):
            levels.append(last.levels)
            by_sex.append(last.by_sex)
        kept = self._effects(np.stack(levels), np.stack(by_sex))
        value = arms.bound.parameters.value
        kept["parameters"] = np.array([value(row) for row in self._rows])
        return last, kept

    def take(self, draw: int, kept: Mapping[str, Array]) -> None:
        """Takes up what :meth:`lived` gave of one draw, in any order.

        Args:
            draw: number of the draw, 0 for the central run.
            kept: the arrays.
        """
        for name, values in kept.items():
            empty = np.zeros((1 + self._asked.draws, *values.shape))
            self._held.setdefault(name, empty)[draw] = values

    def keep(self, arms: Arms) -> Arm:
        """Simulates the arms of one draw, and keeps what they change; gives the whole plan."""
        parameters = arms.bound.parameters
        last, kept = self.lived(arms)
        self.take(0 if parameters.draw is None else parameters.draw, kept)
        if parameters.draw is None:
            self.further(arms)
        return last

    def for_draws(self) -> PlanOnCare:
        """What draws need of it once the central run is made: how many are reached, above all."""
        lean = copy.copy(self)
        lean.threads, lean.shares, lean.turned = 1, None, None
        lean._held, lean._central = {}, None
        return lean

    def further(self, arms: Arms) -> None:
        """Works out what is asked for on the central parameters alone."""
        doings = self.plan.interventions
        if not doings:
            return

        def summed(arms: Arms, which: Sequence[Subset]) -> list[Array]:
            return [arm.levels.sum(axis=(0, 1, 2)) for arm in arms.done(which)]

        evidence = {effect.evidence for one in doings for effect in one.effects}
        evidence |= {swap.evidence for one in doings for swap in one.swaps}
        if evidence & set(SHRUNK):
            assert self.room is not None
            turned = self._compiled(arms.bound, self.room, headline=not self.headline)
            other = replace(arms, compiled=turned)
            levels = np.stack(summed(other, attribution.prefixes(len(doings))))
            self.turned = attribution.ordered(levels)
        if self._shapley:
            self.shares = attribution.shapley(
                len(doings), lambda which: summed(arms, which), seed=self._asked.seed
            )

    def _told_apart(self, levels: Array) -> Array:
        """Effects of each intervention and of the whole plan, from the levels of the arms."""
        if self._apart == "ordered":
            return attribution.ordered(levels)
        count = len(self.plan.interventions)
        effect = np.zeros((count + 1, *levels.shape[1:]))
        effect[:count] = levels[1 : count + 1] - levels[0]
        effect[count] = levels[-1] - levels[0]
        return effect

    def _effects(self, levels: Array, by_sex: Array) -> dict[str, Array]:
        """What :class:`Results` holds of one draw, from the levels of its arms."""
        effect = self._told_apart(levels)
        people = levels[0, ..., list(MEASURES).index("life_years")]
        return {
            "place_effect": effect.sum(axis=3),
            "quintile_effect": effect.sum(axis=2),
            "sex_effect": self._told_apart(by_sex),
            "place_base": levels[0].sum(axis=2),
            "quintile_base": levels[0].sum(axis=1),
            "sex_base": by_sex[0],
            "people_place": people.sum(axis=2),
            "people_quintile": people.sum(axis=1),
            "people_sex": by_sex[0, ..., HEALTH.index("life_years")],
        }

    @property
    def results(self) -> Results:
        """The effects in every draw that has been made."""
        held = self._held
        rows = held.get("parameters", np.zeros((1, len(self._rows))))[1:].T
        return Results(
            interventions=tuple(one.id for one in self.plan.interventions),
            years=tuple(self.care.frame.labels),
            places=tuple(place.code for place in self.care.area.places),
            draws=self._asked.draws,
            place_effect=held["place_effect"],
            quintile_effect=held["quintile_effect"],
            sex_effect=held["sex_effect"],
            place_base=held["place_base"],
            quintile_base=held["quintile_base"],
            sex_base=held["sex_base"],
            people_place=held["people_place"],
            people_quintile=held["people_quintile"],
            people_sex=held["people_sex"],
            parameters=dict(zip(self._rows, rows, strict=True)),
        )

    def _names(self) -> pl.DataFrame:
        rows = [("intervention", one.id, one.label, "") for one in self.plan.interventions]
        rows += [("measure", name, label, MEASURES[name]) for name, label in LABELS.items()]
        return pl.DataFrame(
            rows, schema=dict.fromkeys(("kind", "id", "label", "unit"), pl.String), orient="row"
        )


@dataclass(frozen=True)
class PlanOfWorld:
    """A plan in one world under one draw of the parameters.

    Attributes:
        plan: what is asked.
        bound: care of the world.
        world: the people.
        replicate: whether it only shows the baseline's sampling error.
    """

    plan: PlanOnCare
    bound: CareOfWorld
    world: World
    replicate: bool

    @property
    def tables(self) -> Tables:
        """The world's tables with the rates of the services, as in the baseline."""
        return self.bound.tables

    def measure(self, tallies: Tallies) -> dict[str, Array]:
        """Arrays of care in the baseline, and of people and care where the plan is carried out."""
        found = self.bound.measure(tallies)
        if self.replicate:
            return found
        plan, care = self.plan, self.plan.care
        arms = plan.arms_of(self.bound, self.world, tallies)
        whole, kept = plan.lived(arms)
        if self.bound.parameters.draw is None:
            plan.further(arms)
        risks = risk_means(self.bound.parameters, care.frame)
        people = measure(self.world, whole.tallies, care.frame, risks).arrays()
        doing = plan.plan.interventions
        added = capacity(doing, whole.which, arms.reach, self.bound.parameters, plan.headline)
        used = CareOfArm.like(self.bound, whole.use, added).measure(whole.tallies)
        mine = {_PLAN + name: x for name, x in {**people, **used}.items()}
        return {**found, **mine, **kept}


def _is_plan(name: str) -> bool:
    return name.startswith(_PLAN)


def _without(arrays: Mapping[str, Array]) -> dict[str, Array]:
    return {name: x for name, x in arrays.items() if not _is_plan(name)}


def _bounds(bounds: Bounds | None, plan: bool) -> Bounds | None:
    if bounds is None:
        return None
    stem = _PLAN if plan else ""
    return {name.removeprefix(stem): x for name, x in bounds.items() if _is_plan(name) == plan}


def _weight(world: World) -> float:
    residents = (world.roll.enter == 0).sum() - outlook.newborn_at_base(world)
    return float(world.residents.sum()) / max(int(residents), 1)
