"""A plan beside the baseline, on the same people and the same draws.

The plan hangs on an outlook (:mod:`leftshift.people.outlook`) with its care: for every draw of the
parameters, whose world has been built and lived in the baseline, it simulates the plan's arms in
the same world with the same thresholds. So the baseline of a plan's run is the outlook itself, to
the byte, and what differs is what the plan does.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from leftshift.areas import Area
from leftshift.care.model import Care, CareOfWorld
from leftshift.catalogue import Catalogue, Parameters
from leftshift.catalogue.rows import Row
from leftshift.engine import Tables, Tallies, simulate
from leftshift.people import outlook
from leftshift.people.layout import Bounds
from leftshift.people.model import (
    PARTICLES,
    PARTICLES_IN_DRAWS,
    Frame,
    People,
    World,
    build,
    risk_means,
)
from leftshift.people.outlook import Outcome, Progress
from leftshift.people.prevalence import OwnCounts
from leftshift.people.tables import RISKS, Measures, frames, measure
from leftshift.plans import attribution
from leftshift.plans.arms import Arm, Arms, CareOfArm
from leftshift.plans.attribution import Shapley, Subset
from leftshift.plans.compile import Compiled, compiled, drawn_rows
from leftshift.plans.effects import effects
from leftshift.plans.files import Plan
from leftshift.plans.places import located
from leftshift.plans.reach import Room, asked, eligible, held
from leftshift.plans.results import MEASURES, Results

__all__ = ["Apart", "Asked", "PlanOnCare", "Ran", "identity", "laid", "results", "run", "simulated"]

Array = NDArray[np.float64]

#: How effects are told apart: in the plan's order, or each as if nothing else were done.
Apart = Literal["ordered", "alone"]

_PLAN = "plan_"
#: Tables of care that a plan has of its own; others hold the baseline to what is published.
_TABLES = ("summary", "activity", "spend", "staff", "beds", "waits", "gap", "drivers")
#: Where a plan does not say.
_YEARS, _PEOPLE, _DRAWS, _SEED = 20, 100_000, 0, 1


@dataclass(frozen=True)
class Ran:
    """A plan's run.

    Attributes:
        outcome: for the run folder.
        results: the arrays behind its effects.
    """

    outcome: Outcome
    results: Results


def laid(catalogue: Catalogue, rows: Iterable[Row]) -> Catalogue:
    """A catalogue with a plan's own rows laid over it; the one given stays as it is."""
    rows = list(rows)
    if not rows:
        return catalogue
    over = copy.copy(catalogue)
    over.__dict__.pop("_below", None)
    over._rows = dict(catalogue._rows)
    over.overrides, over.added = list(catalogue.overrides), list(catalogue.added)
    over._lay(rows)
    return over


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
        def first(*values: Any) -> Any:
            return next(value for value in values if value is not None)

        return cls(
            years=first(years, plan.years, _YEARS),
            people=first(people, plan.people, _PEOPLE),
            draws=first(draws, plan.draws, _DRAWS),
            seed=first(seed, plan.seed, _SEED),
        )


def identity(
    plan: Plan,
    catalogue: Catalogue,
    area: Area,
    *,
    years: int | None = None,
    people: People | None = None,
    draws: int | None = None,
    seed: int | None = None,
    headline: bool = False,
    shapley: bool = False,
) -> dict[str, Any]:
    """Everything that the tables of a plan's run depend on, before it is run.

    Args:
        plan: the plan.
        catalogue: the layered catalogue, without the plan's own rows.
        area: the area.
        years: in place of what the plan says.
        people: in place of what the plan says.
        draws: in place of what the plan says.
        seed: in place of what the plan says.
        headline: whether effects of evidence C and D are taken as they are published.
        shapley: whether contributions are worked out over all orders, too.

    Returns:
        A dictionary that can be written as JSON.
    """
    wanted = Asked.of(plan, years, people, draws, seed)
    base = int(catalogue.row("base.year").estimate.value)
    care = Care(catalogue, area, Frame(base, wanted.years))
    common = outlook.identity(
        catalogue,
        area,
        base_year=base,
        years=wanted.years,
        people=wanted.people,
        draws=wanted.draws,
        seed=wanted.seed,
    )
    return {
        **care.identity(),
        **common,
        "kind": "plan",
        "plans": outlook.method("plans"),
        "plan": plan.identity,
        "headline": headline,
        "shapley": shapley,
    }


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
        room: how many are reached.
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
        self._asked = asked
        self._shapley = shapley
        self._rows = drawn_rows(plan, care.catalogue)
        count = len(plan.interventions)
        self.arms = attribution.prefixes(count)
        if apart == "alone":
            whole = tuple(range(count))
            self.arms = list(dict.fromkeys([(), *((k,) for k in range(count)), whole]))
        self._apart = apart
        self._simulants = 0.0
        self._central: World | None = None
        self._held: dict[str, Array] = {}

    # What an outlook asks of its consequences ------------------------------------------------

    def identity(self) -> dict[str, Any]:
        """That of care; a plan's own is in :func:`identity`."""
        return self.care.identity()

    def bind(self, parameters: Parameters, world: World) -> PlanOfWorld:
        """Takes up one world."""
        central = parameters.draw is None and self._central is None
        if central:
            self._central = world
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
            made[name] = outlook._joined(made[name], rows) if name in made else rows
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
        self.room = room
        return room

    def _compiled(self, bound: CareOfWorld, room: Room) -> Compiled:
        return compiled(
            self.plan,
            room.reach,
            room.newly,
            parameters=bound.parameters,
            services=bound.services,
            tables=bound.tables,
            area=self.care.area,
            headline=self.headline,
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

    def keep(self, arms: Arms) -> Arm:
        """Simulates the arms of one draw, and keeps what they change; gives the whole plan."""
        levels = []
        last = arms.base
        for last in arms.done(self.arms):
            levels.append(last.levels)
        self._keep(arms, np.stack(levels))
        if self._shapley and arms.bound.parameters.draw is None and self.plan.interventions:

            def summed(which: Sequence[Subset]) -> list[Array]:
                return [arm.levels.sum(axis=(0, 1, 2)) for arm in arms.done(which)]

            count = len(self.plan.interventions)
            self.shares = attribution.shapley(count, summed, seed=self._asked.seed)
        return last

    def _keep(self, arms: Arms, levels: Array) -> None:
        if self._apart == "alone":
            effect = levels[1:] - levels[0]
            if len(self.plan.interventions) == 1:
                effect = np.concatenate([effect, effect])
            elif not self.plan.interventions:
                effect = np.zeros_like(levels)
        else:
            effect = attribution.ordered(levels)
        parameters = arms.bound.parameters
        draw = 0 if parameters.draw is None else parameters.draw
        people = levels[0, ..., list(MEASURES).index("life_years")]
        for name, values in (
            ("place_effect", effect.sum(axis=3)),
            ("quintile_effect", effect.sum(axis=2)),
            ("place_base", levels[0].sum(axis=2)),
            ("quintile_base", levels[0].sum(axis=1)),
            ("people_place", people.sum(axis=2)),
            ("people_quintile", people.sum(axis=1)),
        ):
            if name not in self._held:
                self._held[name] = np.zeros((1 + self._asked.draws, *values.shape))
            self._held[name][draw] = values
        if draw:
            rows = np.array([parameters.value(row) for row in self._rows])
            self._held.setdefault("parameters", np.zeros((len(rows), self._asked.draws)))
            self._held["parameters"][:, draw - 1] = rows

    @property
    def results(self) -> Results:
        """The effects in every draw that has been made."""
        held = self._held
        rows = held.get("parameters", np.zeros((len(self._rows), self._asked.draws)))
        return Results(
            interventions=tuple(one.id for one in self.plan.interventions),
            years=tuple(self.care.frame.labels),
            places=tuple(place.code for place in self.care.area.places),
            draws=self._asked.draws,
            place_effect=held["place_effect"],
            quintile_effect=held["quintile_effect"],
            place_base=held["place_base"],
            quintile_base=held["quintile_base"],
            people_place=held["people_place"],
            people_quintile=held["people_quintile"],
            parameters=dict(zip(self._rows, rows, strict=True)),
        )

    def _names(self) -> pl.DataFrame:
        rows = [("intervention", one.id, one.label, "") for one in self.plan.interventions]
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
        whole = plan.keep(plan.arms_of(self.bound, self.world, tallies))
        risks = risk_means(self.bound.parameters, care.frame)
        people = measure(self.world, whole.tallies, care.frame, risks).arrays()
        used = CareOfArm.like(self.bound, whole.use).measure(whole.tallies)
        return {**found, **{_PLAN + name: x for name, x in {**people, **used}.items()}}


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
    residents = (world.roll.enter == 0).sum() - outlook._newborn_at_base(world)
    return float(world.residents.sum()) / max(int(residents), 1)


def run(
    plan: Plan,
    catalogue: Catalogue,
    area: Area,
    *,
    years: int | None = None,
    people: People | None = None,
    draws: int | None = None,
    seed: int | None = None,
    threads: int = 1,
    headline: bool = False,
    shapley: bool = False,
    progress: Progress | None = None,
) -> Outcome:
    """Simulate a plan beside the baseline; see :func:`simulated`."""
    return simulated(
        plan,
        catalogue,
        area,
        years=years,
        people=people,
        draws=draws,
        seed=seed,
        threads=threads,
        headline=headline,
        shapley=shapley,
        progress=progress,
    ).outcome


def simulated(
    plan: Plan,
    catalogue: Catalogue,
    area: Area,
    *,
    years: int | None = None,
    people: People | None = None,
    draws: int | None = None,
    seed: int | None = None,
    threads: int = 1,
    headline: bool = False,
    shapley: bool = False,
    progress: Progress | None = None,
) -> Ran:
    """Simulate a plan beside the baseline, on the same people and the same draws.

    Args:
        plan: the plan.
        catalogue: the layered catalogue; the plan's own rows are laid over it here.
        area: the area.
        years: in place of what the plan says.
        people: in place of what the plan says.
        draws: in place of what the plan says.
        seed: in place of what the plan says.
        threads: worker threads; the result does not depend on them.
        headline: whether effects of evidence C and D are taken as they are published, and not
            shrunk towards no effect.
        shapley: whether contributions are worked out over all orders, too, on the central
            parameters.
        progress: called with what is being done, how much is done, and of how much.

    Returns:
        What a run folder holds, for the arms "baseline" and the plan's name; and the arrays behind
        the effects.

    Raises:
        PlanError: a place is none of the area's, or the plan is more than the engine can follow.
    """
    here, over, wanted, frame = _prepared(plan, catalogue, area, years, people, draws, seed)
    care = Care(over, area, frame)
    hanging = PlanOnCare(here, care, wanted, threads, headline, shapley)
    outcome = outlook.compute(
        over,
        area,
        base_year=frame.base_year,
        years=wanted.years,
        people=wanted.people,
        draws=wanted.draws,
        seed=wanted.seed,
        threads=threads,
        progress=progress,
        consequences=hanging,
    )
    found = hanging.results
    tables = {**outcome.tables, "effects": effects(found, here.name)}
    room = hanging.room
    assert room is not None
    about = {
        **outcome.about,
        "title": here.title or here.name,
        "arms": ["baseline", here.name],
        "plan": {
            "name": here.name,
            "about": here.about,
            "start": here.start.label,
            "comparator": here.comparator,
            "headline": headline,
            "interventions": [_told(one) for one in here.interventions],
            "short": [vars(one) for one in room.short],
        },
    }
    if hanging.shares is not None:
        tables["attribution"] = _attribution(hanging.shares, found, here)
    return Ran(
        Outcome(
            identity=identity(
                plan,
                catalogue,
                area,
                years=years,
                people=people,
                draws=draws,
                seed=seed,
                headline=headline,
                shapley=shapley,
            ),
            about=about,
            tables=tables,
            provenance=outcome.provenance,
        ),
        found,
    )


def results(
    plan: Plan,
    catalogue: Catalogue,
    area: Area,
    *,
    years: int | None = None,
    people: People | None = None,
    draws: int | None = None,
    seed: int | None = None,
    threads: int = 1,
    headline: bool = False,
    apart: Apart = "ordered",
    progress: Progress | None = None,
) -> Results:
    """Only the effects of a plan, without tables: for choosing among interventions.

    Args:
        plan: the plan.
        catalogue: the layered catalogue.
        area: the area.
        years: in place of what the plan says.
        people: in place of what the plan says.
        draws: in place of what the plan says.
        seed: in place of what the plan says.
        threads: worker threads.
        headline: whether effects of evidence C and D are not shrunk.
        apart: "ordered", or "alone": each intervention as if nothing else were done; what they do
            then does not add up to the whole plan, which stands last.
        progress: called with what is being done, how much is done, and of how much.

    Returns:
        The same as :func:`simulated` gives.
    """
    here, over, wanted, frame = _prepared(plan, catalogue, area, years, people, draws, seed)
    hanging = PlanOnCare(here, Care(over, area, frame), wanted, threads, headline, apart=apart)

    def one(number: int | None, threads: int) -> None:
        parameters = over.parameters(number, wanted.seed)
        world = build(
            parameters,
            area,
            frame,
            people=wanted.people,
            seed=wanted.seed,
            particles=PARTICLES if number is None else PARTICLES_IN_DRAWS,
            threads=threads,
            own_counts=hanging.own_counts,
        )
        bound = hanging.bind(parameters, world)
        tallies = simulate(
            world.lives, [bound.tables], world.scoring, seed=wanted.seed, threads=threads
        )[0]
        hanging.keep(hanging.arms_of(bound.bound, world, tallies))

    report = progress or (lambda *_: None)
    report("simulating lives", 0, 1)
    one(None, threads)
    with ThreadPoolExecutor(max(threads, 1)) as pool:
        made = pool.map(lambda number: one(number, 1), range(1, wanted.draws + 1))
        for done, _ in enumerate(made, 1):
            report("parameter draws", done, wanted.draws)
    return hanging.results


def _prepared(
    plan: Plan,
    catalogue: Catalogue,
    area: Area,
    years: int | None,
    people: People | None,
    draws: int | None,
    seed: int | None,
) -> tuple[Plan, Catalogue, Asked, Frame]:
    wanted = Asked.of(plan, years, people, draws, seed)
    base = int(catalogue.row("base.year").estimate.value)
    return located(plan, area), laid(catalogue, plan.rows), wanted, Frame(base, wanted.years)


def _told(one: Any) -> dict[str, Any]:
    """What a report says of an intervention."""
    return {
        "id": one.id,
        "use": one.use,
        "label": one.label,
        "shift": one.shift,
        "about": one.about,
        "who": one.who.text,
        "who_words": one.who.words(),
        "where": list(one.where),
        "reach": one.reach.words(),
        "stay": one.stay,
        "lag": one.lag,
        "lasts": one.lasts,
        "fade": one.fade,
        "evidence": one.evidence,
        "against": one.against,
        "note": one.note,
        "changed": list(one.changed),
        "effects": [
            {"name": e.name, "on": f"{e.kind}:{e.target}", "evidence": e.evidence}
            for e in one.effects
        ],
        "swaps": [
            {"name": s.name, "from": s.source, "to": s.to, "evidence": s.evidence}
            for s in one.swaps
        ],
    }


def _attribution(shares: Shapley, found: Results, plan: Plan) -> pl.DataFrame:
    """Contributions over the whole horizon by method, on the central parameters."""
    in_order = found.place_effect[0, :-1].sum(axis=(1, 2))
    methods = {
        "ordered": (in_order, None),
        "alone": (shares.alone, None),
        "shapley": (shares.value, shares.error if shares.orders else None),
    }
    rows = [
        {
            "arm": plan.name,
            "intervention": one,
            "method": method,
            "measure": name,
            "unit": found.units[m],
            "value": float(values[k, m]),
            "error": None if errors is None else float(errors[k, m]),
        }
        for method, (values, errors) in methods.items()
        for k, one in enumerate(found.interventions)
        for m, name in enumerate(found.measures)
    ]
    return pl.DataFrame(rows, schema_overrides={"error": pl.Float64})
