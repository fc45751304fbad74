"""What each candidate of a plan does alone, and what is sought by choosing among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from leftshift.catalogue import Parameters
from leftshift.errors import PlanError
from leftshift.plans.effects import demand_finite
from leftshift.plans.equity import atkinson_weights, fairness
from leftshift.plans.files import Plan
from leftshift.plans.prioritise_rules import Rules
from leftshift.plans.results import QUINTILES, Results
from leftshift.plans.worth import HEADLINE, valuation

__all__ = ["Aim", "Candidates", "aim_of", "candidates", "shifted"]

Array = NDArray[np.float64]

UNITS: Final = {"health": "QALYs", "equity": "equity-weighted QALYs", "gap": "£"}
_FLOOR: Final = 1e-9


@dataclass(frozen=True)
class Candidates:
    """What each candidate does alone, at full reach, from the first year (R = 1 + D runs).

    Attributes:
        ids, labels, shifts: of the interventions in the order of the file, ``[K]``.
        years: financial-year labels, the base year first, ``[Y]``.
        start: where the first year in which any may act is along the years.
        measures: names along the last axis of `effect`, as of `Results`.
        effect: ``[R, K, Y, M]`` intervention less baseline, whole area.
        qaly: ``[R, K, Y, 5]`` QALYs by fifth, most deprived first.
        people: ``[R, 5]`` person-years of each fifth over the run in the baseline.
        uses: further amounts by name, ``[R, K, Y]``: `staff.<group>` in WTE, `capacity.<service or
            bed type>` in its units, `setting.<setting>` in £, each intervention less baseline; and
            `landed`, £ of the care that swaps bring to other services.
        levels: `setting.<setting>` spend of the baseline, ``[R, Y]`` £.
        fixed: ``[R, K, Y]`` the part of `cost_intervention` that comes whole with any reach.
        needs: pairs of candidates of which the first rests on the second.
        gap: ``[Y]`` what services cost above their funding in the central baseline, £.
    """

    ids: tuple[str, ...]
    labels: tuple[str, ...]
    shifts: tuple[str, ...]
    years: tuple[str, ...]
    start: int
    measures: tuple[str, ...]
    effect: Array
    qaly: Array
    people: Array
    uses: Mapping[str, Array] = field(default_factory=dict)
    levels: Mapping[str, Array] = field(default_factory=dict)
    fixed: Array | None = None
    needs: tuple[tuple[int, int], ...] = ()
    gap: Array | None = None

    @property
    def draws(self) -> int:
        """D."""
        return len(self.effect) - 1

    def of(self, measure: str) -> Array:
        """One measure, ``[R, K, Y]``."""
        found: Array = self.effect[..., self.measures.index(measure)]
        return found

    @property
    def new_spend(self) -> Array:
        """New money that each needs, before anything is released, ``[R, K, Y]`` £.

        What interventions cost themselves, and the care that they bring to other services; where
        that is not known apart, what services cost more in money, all told.
        """
        landed = self.uses.get("landed")
        more = np.maximum(-self.of("cash_released"), 0.0) if landed is None else landed
        found: Array = self.of("cost_intervention") + more
        return found


def candidates(
    plan: Plan,
    alone: Sequence[Results],
    uses: Mapping[str, Array] | None = None,
    levels: Mapping[str, Array] | None = None,
    fixed: Array | None = None,
    gap: Array | None = None,
) -> Candidates:
    """Gathers the runs of a plan's interventions, each alone.

    Args:
        plan: gives labels, shifts, the first year, and which rests on which.
        alone: for each intervention of the plan a run that ends with it: alone, or after those
            that its `who` names as reached. One run of all of them serves too: effects are then
            those of the order of the file.
        uses: see `Candidates`.
        levels: see `Candidates`.
        fixed: see `Candidates`.
        gap: see `Candidates`.

    Raises:
        PlanError: there are no candidates.
        ModelError: results hold what is no number.
    """
    if not plan.interventions:
        raise PlanError(
            f"{plan.file}: there are no candidates to choose from. Give each as an "
            "[[intervention]] block."
        )
    ids = tuple(one.id for one in plan.interventions)
    each = list(alone) * len(ids) if len(alone) == 1 else list(alone)
    assert len(each) == len(ids), "a run for each candidate, or one of all"
    for one in dict.fromkeys(map(id, each)):
        demand_finite(next(run for run in each if id(run) == one))
    at = [run.interventions.index(name) for run, name in zip(each, ids, strict=True)]
    first = each[0]
    qaly = first.at("qaly")
    pairs = list(zip(each, at, strict=True))
    return Candidates(
        ids,
        tuple(one.label for one in plan.interventions),
        tuple(one.shift for one in plan.interventions),
        first.years,
        first.years.index(plan.start.label),
        first.measures,
        np.stack([run.place_effect[:, k].sum(axis=2) for run, k in pairs], axis=1),
        np.stack([run.quintile_effect[:, k, :, :, qaly] for run, k in pairs], axis=1),
        first.people_quintile.sum(axis=1),
        dict(uses or {}),
        dict(levels or {}),
        fixed,
        tuple(
            (k, ids.index(name))
            for k, one in enumerate(plan.interventions)
            for name in one.who.reached
        ),
        gap,
    )


@dataclass(frozen=True)
class Aim:
    """What is sought.

    Attributes:
        kind: health, equity or gap.
        health, money: how much less a later year counts, shares a year.
        weights: ``[R, 5]`` what a QALY of each fifth counts.
        gap: ``[Y]`` cost of services above their funding in the baseline, £, for aim gap; None
            where it is not known, so that all money released counts.
    """

    kind: str
    health: float
    money: float
    weights: Array
    gap: Array | None = None

    @property
    def unit(self) -> str:
        """What the value of a choice is counted in."""
        return UNITS[self.kind]


def aim_of(rules: Rules, parameters: Parameters, found: Candidates) -> Aim:
    """What is sought, with the discount rates and judgements of fairness of the catalogue.

    Args:
        rules: the aim, and the aversion to inequality where the plan says.
        parameters: central parameters.
        found: gives how many people live in each fifth, and the funding gap.
    """
    rates = valuation(parameters).discounting(HEADLINE[1])
    weights = np.ones((len(found.people), QUINTILES))
    if rules.aim == "equity":
        fair = fairness(parameters)
        aversion = fair.public if rules.aversion is None else rules.aversion
        shares = found.people / np.maximum(found.people.sum(axis=1, keepdims=True), _FLOOR)
        weights = atkinson_weights(fair.levels, shares, aversion)
    return Aim(rules.aim, rates.health, rates.costs, weights, found.gap)


def shifted(flow: Array, owner: NDArray[np.intp], delay: NDArray[np.intp]) -> Array:
    """What options do by year: a candidate's years moved later by its delay.

    Args:
        flow: ``[K, Y, ...]``.
        owner: ``[N]`` the candidate of each option.
        delay: ``[N]`` the years by which it is later.

    Returns:
        ``[N, Y, ...]``; what is moved beyond the last year is lost.
    """
    found: Array = np.zeros((len(owner), *flow.shape[1:]))
    years = flow.shape[1]
    for late in np.unique(delay):
        mine = np.flatnonzero(delay == late)
        if late < years:
            found[mine, late:] = flow[owner[mine], : years - late]
    return found
