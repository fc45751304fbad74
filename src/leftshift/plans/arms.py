"""Arms of a plan in one world: what its people do there beside the baseline, measure by measure.

Every arm has the same people, the same thresholds and the same rates as the baseline. What a swap
avoids in one service is landed in another here, place by place and segment by segment, on the
activity as it has grown: nothing is avoided twice, and what is avoided arrives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from leftshift.care import beds
from leftshift.care.model import CareOfWorld
from leftshift.care.use import Use, growth, use
from leftshift.engine import Tallies, simulate
from leftshift.engine import lives as lanes
from leftshift.people.model import World
from leftshift.people.tables import financial_years
from leftshift.plans import money as pounds
from leftshift.plans.attribution import Subset
from leftshift.plans.compile import Compiled, Lane
from leftshift.plans.library import PLANNED_CARE, Intervention
from leftshift.plans.results import HEALTH, MEASURES, QUINTILES, SEXES

__all__ = ["Arm", "Arms", "CareOfArm"]

Array = NDArray[np.float64]

#: Bytes of tallies that are held at a time: arms beyond that are simulated in a further pass.
_HELD = 600_000_000
#: Services whose use is a measure of its own.
_COUNTED = ("non_elective_admission", "gp_appointment", "ae_attendance")
_FLOWS = {"qaly": lanes.QALYS, "life_years": lanes.PERSON_YEARS, "deaths": lanes.DEATHS}


@dataclass(frozen=True)
class CareOfArm(CareOfWorld):
    """Care of the same world where a plan is carried out.

    Attributes:
        used: what is used there.
        added: ``[Y]`` what capacity is multiplied by there, by type of bed or planned care.
    """

    used: Use
    added: Mapping[str, Array]

    def use(self, tallies: Tallies) -> Use:
        """What the people used, swaps landed."""
        return self.used

    @classmethod
    def like(cls, bound: CareOfWorld, used: Use, added: Mapping[str, Array]) -> CareOfArm:
        """Care of a world, with what is used and what there is room for in an arm of it."""
        held = {one.name: getattr(bound, one.name) for one in fields(CareOfWorld)}
        return cls(**held, used=used, added=added)

    def more(self, of: str) -> Array | None:
        """What the plan multiplies capacity by; see `CareOfWorld.more`."""
        if of == PLANNED_CARE:
            return self.added.get(PLANNED_CARE)
        kinds = list(beds.bed_types(self.care.catalogue))
        if not any(kind in self.added for kind in kinds):
            return None
        nothing = np.ones(self.care.frame.years + 1)
        return np.stack([self.added.get(kind, nothing) for kind in kinds], axis=-1)


@dataclass(frozen=True)
class Arm:
    """What happened where some interventions of a plan are carried out.

    Attributes:
        which: the interventions, by number.
        tallies: what the engine counted, loads of services only.
        use: activity, swaps landed.
        avoided: each swap with the units that it avoids ``[Y, P, 5, 6]``, in the unit of the
            service that they leave.
        reached: ``[K, Y, P, 5, 3]`` person-years on each, people who join, and those eligible.
        levels: ``[Y, P, 5, M]`` in the order of :data:`MEASURES`.
        by_sex: ``[Y, 2, H]`` levels of the whole area, in the order of :data:`HEALTH`.
    """

    which: Subset
    tallies: Tallies
    use: Use
    avoided: tuple[tuple[Lane, Array], ...]
    reached: Array
    levels: Array
    by_sex: Array


@dataclass(frozen=True)
class Arms:
    """A plan in one world under one draw of the parameters.

    Attributes:
        world: the people.
        bound: their care.
        compiled: the plan.
        interventions: of the plan, in order.
        reach: ``[K, T]`` share of the eligible on each at a time.
        baseline: what the engine counted without the plan.
        seed: of the random numbers.
        threads: worker threads.
    """

    world: World
    bound: CareOfWorld
    compiled: Compiled
    interventions: Sequence[Intervention]
    reach: Array
    baseline: Tallies
    seed: int
    threads: int = 1

    @cached_property
    def money(self) -> pounds.Money:
        """How activity becomes money and staff."""
        care = self.bound.care
        return pounds.money_of(self.bound, care.catalogue, care.public)

    @cached_property
    def base(self) -> Arm:
        """The baseline as an arm."""
        raw = self._base_raw
        used = replace(raw, activity=raw.activity * self._closing[:, None, None, :])
        reached = self._reached(self.baseline, ())
        health = self._health(self.baseline)
        spent = self._spent(used.activity)
        nothing = np.zeros(spent.shape[:3])
        levels = self._levels(health, used.activity, spent, (nothing, nothing), reached)
        return Arm((), self.baseline, used, (), reached, levels, health.sum(axis=(1, 3)))

    @cached_property
    def _base_raw(self) -> Use:
        return self._raw(self.baseline)

    @cached_property
    def _closing(self) -> Array:
        """``[P, L]`` what closes the base year on a board's own totals: the baseline's, always."""
        activity = self._base_raw.activity
        if self.bound.fitted is None:
            return np.ones((activity.shape[1], activity.shape[-1]))
        return self.bound.fitted.closing(activity[0].sum(axis=(1, 2)))

    @cached_property
    def _base_spent(self) -> Array:
        return self._spent(self.base.use.activity)

    def done(self, arms: Sequence[Subset]) -> Iterator[Arm]:
        """Simulates arms, as many in one pass over the people as memory allows.

        Args:
            arms: which interventions each does, no arm twice. The one that does none is the
                baseline.
        """
        size = max(1, _HELD // max(self._bytes, 1))
        waiting = [arm for arm in arms if arm]
        ready: list[tuple[Subset, Tallies]] = []
        for which in arms:
            if not which:
                yield self.base
                continue
            if not ready:
                batch, waiting = waiting[:size], waiting[size:]
                ready = list(zip(batch, self._simulated(batch), strict=True))
            yield self._arm(*ready.pop(0))

    @property
    def _bytes(self) -> int:
        """Memory that the tallies of one arm take."""
        base, loads = self.baseline, self.compiled.tables.loads
        assert base.load is not None
        held = base.stock.nbytes + base.flow.nbytes
        return int(held + base.load.nbytes // base.load.shape[-1] * loads)

    def _simulated(self, arms: Sequence[Subset]) -> list[Tallies]:
        return simulate(
            self.world.lives,
            [self.compiled.tables] * len(arms),
            self.world.scoring,
            seed=self.seed,
            actions=[self.compiled.arm(which) for which in arms],
            threads=self.threads,
        )

    def _arm(self, which: Subset, counted: Tallies) -> Arm:
        tallies, used, avoided = self._used(counted)
        reached = self._reached(counted, which)
        spent = self._spent(used.activity)
        doings = [self.interventions[k] for k in which]
        mine = [
            (replace(lane, intervention=which.index(lane.intervention)), units.sum(axis=3))
            for lane, units in avoided
            if lane.intervention in which
        ]
        own = pounds.intervention_costs(
            doings,
            self.bound.parameters,
            reached[list(which), ..., 0],
            reached[list(which), ..., 1],
            self._residents[list(which)],
            [self._first[k] for k in which],
            mine,
            self.money.cost,
        )
        health = self._health(tallies)
        levels = self._levels(health, used.activity, spent, own, reached)
        return Arm(which, tallies, used, avoided, reached, levels, health.sum(axis=(1, 3)))

    # What is used ---------------------------------------------------------------------------

    def _raw(self, tallies: Tallies) -> Use:
        bound, care = self.bound, self.bound.care
        return use(tallies, bound.services, bound.rates, care.area, care.frame, bound.place_factor)

    def _used(self, counted: Tallies) -> tuple[Tallies, Use, tuple[tuple[Lane, Array], ...]]:
        """Activity of an arm with its swaps landed, and what each swap avoids."""
        assert counted.load is not None
        count = self.compiled.services
        tallies = replace(counted, load=counted.load[..., :count])
        raw = self._raw(tallies)
        activity = raw.activity * self._closing[:, None, None, :]
        # What the dying use besides hangs on deaths and not on persons: it changes as the use of
        # the living of the same place, fifth and segment does.
        besides: dict[int, Array] = {}
        for service, untouched in self.compiled.untouched:
            usual = self._units(counted.load[..., untouched], service)
            now = self._units(counted.load[..., service], service)
            last = activity[..., service] - now
            besides[service] = np.divide(last, usual, out=np.zeros_like(last), where=usual > 0)
            activity[..., service] -= besides[service] * (usual - now)
        avoided = []
        for lane in self.compiled.lanes:
            less = counted.load[..., lane.copy] - counted.load[..., lane.after]
            units = self._units(less, lane.source)
            if lane.source in besides:
                units *= 1.0 + besides[lane.source]
            avoided.append((lane, units))
        # Landed when all are known: what arrives in a service has not left another by a swap.
        for lane, units in avoided:
            activity[..., lane.target] += lane.per_unit * units
        return tallies, replace(raw, activity=activity), tuple(avoided)

    def _units(self, load: Array, at: int) -> Array:
        """Units ``[Y, P, 5, 6]`` of a service from its load ``[G, T, 6]``, as activity has them."""
        bound, frame = self.bound, self.bound.care.frame
        groups, steps, segments = load.shape
        by_step = load.reshape(groups // 10, 2, QUINTILES, steps, segments).sum(axis=1)
        units = financial_years(by_step.transpose(2, 0, 1, 3))[: frame.years + 1]
        factor = bound.place_factor[:, at] * self._closing[:, at]
        grown = growth(bound.services, frame)[:, at]
        found: Array = units * factor[:, None, None] * grown[:, None, None, None]
        return found

    # Measures -------------------------------------------------------------------------------

    def _health(self, tallies: Tallies) -> Array:
        """Levels of :data:`HEALTH` by year, place, sex and fifth, ``[Y, P, 2, 5, H]``."""
        years = self.bound.care.frame.years + 1
        groups, steps = tallies.flow.shape[:2]
        strata = (groups // 10, len(SEXES), QUINTILES)
        found = {}
        for name, lane in _FLOWS.items():
            flow = tallies.flow[..., lane].sum(axis=2).reshape(*strata, steps)
            found[name] = financial_years(flow.transpose(3, 0, 1, 2))[:years]
        ill = tallies.stock[:, :years, :, lanes.MAJOR].sum(axis=2)
        found["major_illness"] = ill.reshape(*strata, years).transpose(3, 0, 1, 2)
        return np.stack([found[name] for name in HEALTH], axis=-1)

    def _spent(self, activity: Array) -> Array:
        found: Array = activity.sum(axis=3) * self.money.cost[:, None, None, :]
        return found

    def _levels(
        self,
        health: Array,
        activity: Array,
        spent: Array,
        own: tuple[Array, Array],
        reached: Array,
    ) -> Array:
        money, services = self.money, self.bound.services
        units = activity.sum(axis=3)
        by_payer = spent @ money.shares.T  # [Y, P, 5, 4]
        cost, posts = own
        found = dict(zip(HEALTH, np.moveaxis(health.sum(axis=2), -1, 0), strict=True))
        found["spend_nhs"] = by_payer[..., pounds.NHS]
        found["spend_social_care"] = by_payer[..., pounds.SOCIAL_CARE]
        found["spend_private"] = by_payer[..., pounds.PRIVATE]
        found["cost_intervention"] = cost
        found["spend"] = found["spend_nhs"] + found["spend_social_care"] + cost
        less = (self._base_spent - spent if reached.any() else np.zeros_like(spent)) * (
            money.shares[pounds.PUBLIC]
        )
        part = pounds.released(less.sum(axis=(1, 2)), money)
        found["cash_released"] = (less * part[:, None, None, :]).sum(axis=-1)
        found["capacity_released"] = less.sum(axis=-1) - found["cash_released"]
        for one in _COUNTED:
            known = one in services.ids
            found[one] = units[..., services.ids.index(one)] if known else np.zeros_like(cost)
        found["bed_days"] = units @ services.bed_days
        found["staff_wte"] = (units * money.posts[:, None, None, :]).sum(axis=-1) + posts
        found["people_reached"] = reached[..., 0].sum(axis=0)
        return np.stack([found[name] for name in MEASURES], axis=-1)

    def _reached(self, tallies: Tallies, which: Subset) -> Array:
        """``[K, Y, P, 5, 3]`` person-years on each intervention, starts and people eligible."""
        frame = self.bound.care.frame
        years, places = frame.years + 1, len(self.bound.care.area.places)
        found = np.zeros((len(self.interventions), years, places, QUINTILES, 3))
        if not which:
            return found
        assert tallies.reached is not None
        of = tallies.reached[:, :, self.compiled.counters(which)].sum(axis=3)  # [G, T, k, 3]
        steps = of.shape[1]
        by_step = of.reshape(places, 2, QUINTILES, steps, len(which), 3).sum(axis=1)
        by_year = financial_years(by_step.transpose(2, 3, 0, 1, 4))[:years]
        found[list(which)] = by_year.transpose(1, 0, 2, 3, 4)
        return found

    @cached_property
    def _residents(self) -> Array:
        """``[K, P, 5]`` people at the base who live where each intervention happens."""
        people = self.world.residents.sum(axis=(1, 3))
        found = np.zeros((len(self.interventions), *people.shape))
        for k, actions in enumerate(self.compiled.actions):
            for clause in actions[0].who:
                if clause.groups is None:
                    found[k] = people
                    break
                here = clause.groups.reshape(len(people), -1).any(axis=1)
                found[k, here] = people[here]
        return found

    @cached_property
    def _first(self) -> list[int]:
        """The year in which each intervention begins; beyond the last for one that never does."""
        return [int(np.argmax(row > 0)) if (row > 0).any() else len(row) for row in self.reach]
