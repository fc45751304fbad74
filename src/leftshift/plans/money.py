"""What a plan costs, what of it can be had as money, and the staff that it asks for.

A service that is used less does not cost less by what its units cost on average. Its archetype says
how its cost behaves: the variable part goes at once, the stepped part follows after some years, the
fixed part stays. What goes is *cash* released; the rest is *capacity*: room in which something else
can be done, or cost that is stranded. A service that is used more costs the whole of it at once.

So in every year, of all public spending on services that changes,

    cash released + capacity released = spending of the baseline - spending of the plan

to the last pound, and what the interventions themselves cost stands apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leftshift.care import workforce
from leftshift.care.model import CareOfWorld
from leftshift.care.money import Prices
from leftshift.care.services import Services, archetypes
from leftshift.catalogue import Catalogue, Parameters
from leftshift.plans.compile import Lane
from leftshift.plans.library import Intervention

__all__ = ["COUNCILS", "Money", "followed", "intervention_costs", "money_of", "released"]

Array = NDArray[np.float64]

COUNCILS = ("local_authority",)
"""Payers whose spending is social care's; of the public payers all others count as the NHS."""

_PER = 1_000.0  # person-years that staff are given for
_MILLION = 1_000_000.0  # residents that the cost of setting up is given for


@dataclass(frozen=True)
class Money:
    """How services' activity becomes money and staff, under one draw (years Y, services L).

    Attributes:
        cost: ``[Y, L]`` £ for each unit, in prices of the base year.
        shares: ``[4, L]`` share of the cost that all public payers bear, the NHS, councils, and
            private ones.
        variable: ``[L]`` share of the cost that follows activity within the year.
        stepped: ``[L]`` share that follows after the lag.
        lag: ``[L]`` years.
        posts: ``[Y, L]`` WTE for each unit.
    """

    cost: Array
    shares: Array
    variable: Array
    stepped: Array
    lag: Array
    posts: Array


PUBLIC, NHS, SOCIAL_CARE, PRIVATE = range(4)


def money_of(bound: CareOfWorld, catalogue: Catalogue, public: frozenset[str]) -> Money:
    """Works out how activity becomes money and staff.

    Args:
        bound: care of the world, of one draw.
        catalogue: the layered catalogue.
        public: the payers whose money is public.
    """
    services, parameters = bound.services, bound.parameters
    payers = services.payers
    kinds = [
        [payer in public for payer in payers],
        [payer in public and payer not in COUNCILS for payer in payers],
        [payer in public and payer in COUNCILS for payer in payers],
        [payer not in public for payer in payers],
    ]
    shares = np.stack([services.payer_share[:, np.array(kind)].sum(axis=1) for kind in kinds])
    behaviour = archetypes(parameters)
    at = [behaviour.ids.index(one) for one in services.archetypes]
    _, stepped, variable = behaviour.behaviour[at].T
    return Money(
        cost=bound.prices.cost,
        shares=shares,
        variable=variable,
        stepped=stepped,
        lag=behaviour.lag[at],
        posts=_posts(parameters, catalogue, services, bound, bound.prices),
    )


def _posts(
    parameters: Parameters,
    catalogue: Catalogue,
    services: Services,
    bound: CareOfWorld,
    prices: Prices,
) -> Array:
    """WTE asked for by each unit of each service, ``[Y, L]``; see leftshift.care.workforce."""
    groups = list(workforce.staff_groups(catalogue))
    closed = workforce.closures(parameters, catalogue, services, bound.rates, prices)
    factor = np.zeros(len(groups))
    for one, closure in closed.items():
        short = min(max(parameters.value(f"care.staff.{one}.shortfall"), 0.0), 0.9)
        factor[groups.index(one)] = closure.factor / (1.0 - short)
    of_post = factor / workforce.cost_of_post(parameters, catalogue)
    each = np.zeros(len(services.ids))
    for column, one in enumerate(services.staff_groups):
        each += services.staff_share[:, column] * of_post[groups.index(one)]
    wte: Array = services.pay_share * each * prices.unit_cost * prices.productivity
    return wte


def followed(less: Array, lag: Array) -> Array:
    """What was saved so many years before, ``[Y, L]``; nothing before the first year.

    Args:
        less: ``[Y, L]`` what is saved in each year.
        lag: ``[L]`` years, of which parts lie on a straight line between two years.
    """
    years = np.arange(len(less), dtype=np.float64)
    out = np.empty_like(less)
    for at in range(less.shape[1]):
        out[:, at] = np.interp(years - lag[at], years, less[:, at], left=0.0)
    return out


def released(less: Array, money: Money) -> Array:
    """The share of what is no longer spent that is money in that year, ``[Y, L]``.

    Args:
        less: ``[Y, L]`` what the whole area spends less on each service; below 0 where it spends
            more, all of which is money.
        money: how cost behaves.
    """
    before = followed(less, money.lag)
    saved = less > 0.0
    part = np.clip(np.divide(before, less, out=np.zeros_like(less), where=saved), 0.0, 1.0)
    return np.where(saved, money.variable + money.stepped * part, 1.0)


def intervention_costs(
    interventions: Sequence[Intervention],
    parameters: Parameters,
    years_on: Array,
    starts: Array,
    residents: Array,
    first: Sequence[int],
    avoided: Sequence[tuple[Lane, Array]],
    cost: Array,
) -> tuple[Array, Array]:
    """What interventions cost themselves, and whom they employ.

    Args:
        interventions: those of the arm (k of them).
        parameters: the draw.
        years_on: ``[k, Y, P, 5]`` person-years on each in a financial year.
        starts: ``[k, Y, P, 5]`` people who join.
        residents: ``[k, P, 5]`` people at the base who live where each happens.
        first: the year in which each begins, from 0; beyond the last for one that never does.
        avoided: each swap with the units that it avoids, ``[Y, P, 5]``; its `intervention` counts
            among `interventions`.
        cost: ``[Y, L]`` £ for each unit of a service.

    Returns:
        £ a year ``[Y, P, 5]`` and WTE ``[Y, P, 5]``.
    """
    shape = years_on.shape[1:]
    pounds, posts = np.zeros(shape), np.zeros(shape)
    for k, one in enumerate(interventions):

        def value(name: str, one: Intervention = one) -> float:
            return parameters.value(one.cost[name].id) if name in one.cost else 0.0

        pounds += value("per_year") * years_on[k] + value("per_start") * starts[k]
        if first[k] < shape[0]:
            pounds[first[k]] += value("start_up") * residents[k] / _MILLION
        for row in one.staff.values():
            posts += parameters.value(row.id) * years_on[k] / _PER
        goes_on = value("double_running")
        if goes_on:
            for lane, units in avoided:
                if lane.intervention == k:
                    pounds += goes_on * _newly(units * cost[:, lane.source, None, None])
    return pounds, posts


def _newly(value: Array) -> Array:
    """What of a yearly amount ``[Y, P, 5]`` is more than in any year before, in the whole area.

    It falls on cells as the amount itself does.
    """
    whole = value.sum(axis=(1, 2))
    highest = np.concatenate([[0.0], np.maximum.accumulate(np.maximum(whole, 0.0))[:-1]])
    part = np.divide(
        np.maximum(whole - highest, 0.0), whole, out=np.zeros_like(whole), where=whole > 0.0
    )
    newly: Array = value * part[:, None, None]
    return newly
