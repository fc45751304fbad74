"""Runs each of a plan's interventions alone, for choosing among them.

Limits are left to the choice: what staff or capacity would hold back in the plan as a whole is not
held back here, and is kept within by the size that the choice gives each.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from leftshift.areas import Area
from leftshift.care import funding, money
from leftshift.care.model import Care
from leftshift.catalogue import Catalogue
from leftshift.engine import simulate
from leftshift.people.model import PARTICLES, PARTICLES_IN_DRAWS, Frame, People, build
from leftshift.people.outlook import Progress
from leftshift.plans import money as pounds
from leftshift.plans.arms import Arm, Arms
from leftshift.plans.beside import Asked, PlanOnCare
from leftshift.plans.candidates import Candidates, candidates
from leftshift.plans.files import Plan
from leftshift.plans.places import located
from leftshift.plans.results import MEASURES
from leftshift.plans.run import laid

__all__ = ["each_alone"]

Array = NDArray[np.float64]

#: The setting in which an intervention's own cost falls, for floors on a setting's spend.
SETTINGS: Final = {"sickness_to_prevention": "prevention", "hospital_to_community": "community"}
_PER: Final = 1_000.0  # person-years that staff are given for
_MILLION: Final = 1_000_000.0  # residents that the cost of setting up is given for
_DAYS: Final = 365.25


class _Alone(PlanOnCare):
    """A plan whose interventions are each carried out alone, with what each uses."""

    def __init__(self, plan: Plan, care: Care, asked: Asked, threads: int, headline: bool) -> None:
        super().__init__(plan, care, asked, threads, headline, apart="alone")
        self.uses: dict[str, Array] = {}
        self.levels: dict[str, Array] = {}
        self.gap: Array | None = None

    def keep(self, arms: Arms) -> Arm:
        levels, by_sex = [], []
        draw = arms.bound.parameters.draw or 0
        settings = list(dict.fromkeys(arms.bound.services.settings))
        base = _by_setting(arms, arms.base, settings)
        for name, flow in zip(settings, base.T, strict=True):
            self._put(self.levels, f"setting.{name}", draw, flow)
        if not draw:
            self.gap = _gap(arms, self.plan.settlement)
        last = arms.base
        for last in arms.done(self.arms):
            levels.append(last.levels)
            by_sex.append(last.by_sex)
            if len(last.which) == 1:
                for name, flow in self._used(arms, last, base, settings):
                    self._put(self.uses, name, draw, flow, last.which[0])
        kept = self._effects(np.stack(levels), np.stack(by_sex))
        if draw:
            kept["parameters"] = np.array([arms.bound.parameters.value(r) for r in self._rows])
        self.take(draw, kept)
        return last

    def _put(
        self, held: dict[str, Array], name: str, draw: int, flow: Array, k: int | None = None
    ) -> None:
        if name not in held:
            wide = () if k is None else (len(self.plan.interventions),)
            held[name] = np.zeros((1 + self._asked.draws, *wide, len(flow)))
        held[name][(draw,) if k is None else (draw, k)] = flow

    def _used(
        self, arms: Arms, arm: Arm, base: Array, settings: list[str]
    ) -> Iterator[tuple[str, Array]]:
        (k,) = arm.which
        one = self.plan.interventions[k]
        value = arms.bound.parameters.value
        spent = _by_setting(arms, arm, settings) - base
        home = SETTINGS.get(one.shift)
        if home in settings:
            at = tuple(MEASURES).index("cost_intervention")
            spent[:, settings.index(home)] += arm.levels[..., at].sum(axis=(1, 2))
        for name, flow in zip(settings, spent.T, strict=True):
            yield f"setting.{name}", flow
        on = arm.reached[k, ..., 0].sum(axis=(1, 2))
        for group, row in one.staff.items():
            yield f"staff.{group}", value(row.id) * on / _PER
        services = arms.bound.services
        landed = np.zeros(len(on))
        came: dict[str, Array] = {}
        for lane, avoided in arm.avoided:
            if lane.intervention != k:
                continue
            units = lane.per_unit * avoided.sum(axis=(1, 2, 3))
            public = arms.money.shares[pounds.PUBLIC, lane.target]
            landed += units * arms.money.cost[:, lane.target] * public
            service = services.ids[lane.target]
            came[service] = came.get(service, 0.0) + units
            if bed := services.bed_types[lane.target]:
                came[bed] = came.get(bed, 0.0) + units * services.bed_days[lane.target] / _DAYS
        yield "landed", landed
        for name, units in came.items():
            yield f"capacity.{name}", units
        once = np.zeros(len(on))
        first = arms._first[k]
        if "start_up" in one.cost and first < len(on):
            residents = arms._residents[k].sum()
            once[first] = value(one.cost["start_up"].id) * residents / _MILLION
        yield "once", once


def _by_setting(arms: Arms, arm: Arm, settings: list[str]) -> Array:
    """Public spend by year and setting, ``[Y, settings]`` £."""
    spent = arms._spent(arm.use.activity).sum(axis=(1, 2)) * arms.money.shares[pounds.PUBLIC]
    which = np.array([settings.index(one) for one in arms.bound.services.settings])
    found = np.zeros((len(spent), len(settings)))
    np.add.at(found.T, which, spent.T)
    return found


def _gap(arms: Arms, settlement: str | None) -> Array:
    """What services cost above their funding in the baseline, all settings, ``[Y]`` £.

    Args:
        arms: of the central run.
        settlement: the funding path; None: the first of the catalogue.
    """
    bound = arms.bound
    spent = money.spend(arms.base.use, bound.prices)
    held = bound.funding
    found = funding.gap(spent, bound.services, held, tuple(bound.care.settings))
    path = held.settlements.index(settlement) if settlement is not None else 0
    total: Array = found[path, :, :, 2].sum(axis=1)
    return total


def each_alone(
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
    progress: Progress | None = None,
) -> Candidates:
    """Runs every intervention of a plan alone beside the baseline, on the same people and draws.

    One that rests on another (`reached` in its `who`) reaches nobody alone, and is of no worth to
    the choice: put the two into one intervention, or give it another `who`.

    Args:
        plan: the plan.
        catalogue: the layered catalogue; the plan's own rows are laid over it here.
        area: the area.
        years: in place of what the plan says.
        people: in place of what the plan says.
        draws: in place of what the plan says.
        seed: in place of what the plan says.
        threads: worker threads; the result does not depend on them.
        headline: whether effects of evidence C and D are taken as they are published.
        progress: called with what is being done, how much is done, and of how much.

    Returns:
        What each candidate does, with what it uses of staff and capacity, where spend moves, and
        the cost of setting it up.
    """
    wanted = Asked.of(plan, years, people, draws, seed)
    over = laid(catalogue, plan.rows)
    frame = Frame(int(catalogue.row("base.year").estimate.value), wanted.years)
    free = tuple(replace(one, limited_by=()) for one in plan.interventions)
    here = located(replace(plan, interventions=free), area)
    hanging = _Alone(here, Care(over, area, frame), wanted, threads, headline)

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

    report: Any = progress or (lambda *_: None)
    report("each intervention alone", 0, 1)
    one(None, threads)
    with ThreadPoolExecutor(max(threads, 1)) as pool:
        made = pool.map(lambda number: one(number, 1), range(1, wanted.draws + 1))
        for done, _ in enumerate(made, 1):
            report("each intervention alone, in draws", done, wanted.draws)
    uses = dict(hanging.uses)
    once = uses.pop("once", None)
    _known(here, over, uses)
    return candidates(here, [hanging.results], uses, hanging.levels, once, hanging.gap)


def _known(plan: Plan, catalogue: Catalogue, uses: dict[str, Array]) -> None:
    """Puts nothing where a limit is on what no candidate uses, so that it is kept and shown."""
    shape = uses["landed"].shape
    for kind in ("staff", "capacity"):
        for name in getattr(plan.limits, kind):
            uses.setdefault(f"{kind}.{name}", np.zeros(shape))
