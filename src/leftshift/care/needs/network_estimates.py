"""Illness, use and cost of primary care networks: synthetic estimates, never measurements.

A network's list is published by sex and five-year age. How its patients spread over the fifths of
deprivation is estimated from NHS England's health-inequalities weights (fitted on authorities,
whose fifths are known, and moved until the area's networks together have the fifths of its
residents). To these people the model's rates by sex, fifth and age are given: for each condition
the prevalence of the network's own board; for what rests on several conditions England's rates at
the area's level; for use England's rates, at the area's use per head. What makes a network unlike
others of its age, sex and deprivation is therefore not in the figures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leftshift.areas import Area, find_area
from leftshift.care.needs.measures import Z95, Estimates, crude, dsr
from leftshift.care.needs.networks import COMPONENTS, Networks, benchmarked, deprivation_mix
from leftshift.care.needs.picture import Basket, Picture
from leftshift.catalogue import Parameters
from leftshift.people import prevalence
from leftshift.people.population import residents

__all__ = ["NetworkEstimates", "estimates"]

Array = NDArray[np.float64]

_STARTS = np.minimum(np.arange(0, 95, 5), 90)
_INEQUALITIES = COMPONENTS.index("inequalities")


@dataclass(frozen=True)
class NetworkEstimates:
    """What is estimated of N networks (M measures of illness, K of use and cost).

    Attributes:
        fifths: ``[N, 5]`` share of patients in each fifth of deprivation, with the interval of
            the line's error.
        crude: ``[N, M]`` cases per patient, deaths left out; with the interval "estimate".
        standard: ``[N, M]`` directly standardised.
        used: ``[N, K]`` per patient; None without care.
        explained: share of the differences between authorities in their people of fifth 1 that
            the line shows.
    """

    fifths: Estimates
    crude: Estimates
    standard: Estimates
    used: Estimates | None
    explained: float


def estimates(
    parameters: Parameters,
    area: Area,
    lists: Networks,
    seen: Picture,
    england: Picture,
    standard: Array,
    smallest: float,
    measures: list[str],
    base_year: int,
    shown: Basket | None,
) -> NetworkEstimates:
    """Estimate what is not published of networks.

    Args:
        parameters: the catalogue's central values.
        area: their area.
        lists: the networks.
        seen: the area's picture.
        england: England's picture.
        standard: ``[19]`` the standard population.
        smallest: the count under which a standardised rate is not worked out.
        measures: ids of the measures of illness and death, deaths last.
        base_year: calendar year of the base stock.
        shown: what is shown of use; None without care.

    Returns:
        The estimates; empty arrays where there are no networks.
    """
    many = [m for m, name in enumerate(measures) if not name.startswith("deaths")]
    mix = deprivation_mix(parameters.catalogue)
    index = lists.index[:, _INEQUALITIES]
    whole = seen.places  # the row of the area
    size = lists.lists.sum(axis=(1, 2))
    if len(lists.codes):
        known = seen.fifths[whole] / seen.fifths[whole].sum()
        mix = benchmarked(mix, index, size, known)
    rates = _rates(parameters, area, lists, seen, england, len(many), base_year)
    by_shift = []
    for shift in (0.0, -Z95, Z95):
        fifths = mix.of(index, shift)
        cases = np.einsum("nsb,nq,nsqbm->nmb", lists.lists, fifths, rates, optimize=True)
        by_shift.append((fifths, cases))
    people = np.broadcast_to(lists.lists.sum(axis=1)[:, None], by_shift[0][1].shape)
    rough = [crude(c.sum(axis=-1), people.sum(axis=-1)) for _, c in by_shift]
    fair = [dsr(c, people, standard, smallest) for _, c in by_shift]
    # The middle fifths are fullest somewhere between, so that the central mix is among the ends.
    every = np.stack([f for f, _ in by_shift])
    return NetworkEstimates(
        fifths=Estimates(every[0], every.min(axis=0), every.max(axis=0)),
        crude=_with_mix(*rough),
        standard=_with_mix(*fair),
        used=_used(lists, seen, england, [f for f, _ in by_shift], shown),
        explained=mix.explained,
    )


def _with_mix(central: Estimates, low: Estimates, high: Estimates) -> Estimates:
    """The interval of chance with what another mix of deprivation would make of the figure."""
    half = np.abs(high.value - low.value) / 2.0
    return Estimates(
        central.value,
        central.value - np.hypot(central.value - central.lower, half),
        central.value + np.hypot(central.upper - central.value, half),
    )


def _banded(values: Array, weights: Array) -> Array:
    """Means by age band ``[..., 19]`` of values by single age, over the same last axis."""
    total = np.add.reduceat(values * weights, _STARTS, axis=-1)
    people = np.add.reduceat(weights, _STARTS, axis=-1)
    even = np.add.reduceat(values, _STARTS, axis=-1) / np.add.reduceat(
        np.ones(values.shape[-1]), _STARTS
    )
    return np.where(people > 0, total / np.where(people > 0, people, 1.0), even)


def _rates(
    parameters: Parameters,
    area: Area,
    lists: Networks,
    seen: Picture,
    england: Picture,
    many: int,
    base_year: int,
) -> Array:
    """Share of people with each measure, ``[N, 2, 5, 19, M]``."""
    made = np.zeros((len(lists.codes), 2, 5, 19, many))
    conditions = len(parameters.catalogue.entities("conditions"))
    # What rests on several conditions at once: England's cells at the area's level.
    mine = np.add.reduceat(seen.strata, _STARTS, axis=-1)  # [2, 5, 19]
    cells = england.rates[..., conditions:many]
    seen_cases = seen.cases[seen.places].sum(axis=(0, 1))[conditions:many]
    expected = (mine[..., None] * cells).sum(axis=(0, 1, 2))
    level = np.divide(seen_cases, expected, out=np.ones_like(expected), where=expected > 0)
    made[..., conditions:] = np.minimum(cells * level, 1.0)
    for board in sorted(set(lists.boards)):
        home = find_area(board, parameters.catalogue)
        people = residents(parameters, home, base_year)
        share = prevalence.targets(parameters, home, people, base_year)  # [C, 10, 106]
        weights = people.sum(axis=0).reshape(1, 10, 106)
        banded = _banded(share, np.broadcast_to(weights, share.shape)).reshape(-1, 2, 5, 19)
        which = [n for n, one in enumerate(lists.boards) if one == board]
        made[which, ..., :conditions] = np.moveaxis(banded, 0, -1)
    return made


def _used(
    lists: Networks,
    seen: Picture,
    england: Picture,
    mixes: list[Array],
    shown: Basket | None,
) -> Estimates | None:
    """Use and cost per patient, ``[N, K]``, with what another mix would make of them."""
    if shown is None or england.per_head is None or seen.used is None:
        return None
    per_head = england.per_head.reshape(2, 5, 106, -1)
    weights = np.broadcast_to(seen.strata[..., None], per_head.shape)
    banded = np.moveaxis(
        _banded(np.moveaxis(per_head, -1, 0), np.moveaxis(weights, -1, 0)), 0, -1
    )  # [2, 5, 19, L]
    size = lists.lists.sum(axis=(1, 2))
    area = seen.used[seen.places] / np.maximum(seen.strata.sum(), 1e-12)  # [L] per head
    made = []
    level = np.ones(banded.shape[-1])
    for place, fifths in enumerate(mixes):
        each = np.einsum("nsb,nq,sqbl->nl", lists.lists, fifths, banded, optimize=True)
        if place == 0:
            # Each service at the area's use per head, so that settings add up to the whole.
            mean = each.sum(axis=0) / max(float(size.sum()), 1.0)
            level = np.divide(area, mean, out=np.ones_like(area), where=mean > 0)
        made.append((each / size[:, None] * level) @ shown.sums)
    ends = np.sort(np.stack(made[1:]), axis=0)
    return Estimates(made[0], np.minimum(ends[0], made[0]), np.maximum(ends[1], made[0]))
