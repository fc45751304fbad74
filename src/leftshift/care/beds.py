"""Beds: what an area's people need, what there is for them, and what is short.

Bed days of services become beds by type at a stated occupancy. England's level is closed on the
beds that were occupied, by one factor for each type that :func:`closures` reports; how an area
differs from England is the model's own, and is compared with what is published by
:func:`modelled_beds` and :func:`published_beds`. What does not fit is shown as unmet, and changes
nobody's health.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from leftshift.care.catchment import board_shares, catchment
from leftshift.care.limits import demand_limits
from leftshift.care.rates import Rates
from leftshift.care.services import Services
from leftshift.care.use import Use
from leftshift.catalogue import Catalogue, Parameters

__all__ = [
    "MEASURES",
    "bed_types",
    "beds",
    "closures",
    "modelled_beds",
    "published_beds",
    "published_talking_therapies",
]

Array = NDArray[np.float64]

MEASURES = {
    "bed_days": "bed days a year",
    "beds_needed": "beds",
    "beds_available": "beds",
    "beds_short": "beds",
    "stays_unmet": "stays a year",
    "occupancy_if_no_beds_added": "percent",
    "delayed_beds": "beds",
}
"""What is said of each type of bed, with its unit, in the order of the last axis of :func:`beds`.

``beds_short`` is what is missing at the planned occupancy; ``stays_unmet`` are the stays that
would not fit then. ``delayed_beds`` are filled by people who need not be in hospital.
"""

_DAYS = 365.0
_LIMITS = {
    "occupancy": (0.1, 1.0),
    "observed": (0.0, 1.0),
    "available": (0.0, 1e7),
    "length_of_stay_trend": (-0.2, 0.2),
    "growth": (-0.2, 0.2),
}
_DELAY_LIMITS = {"elasticity": (0.0, 10.0), "capacity_growth": (-0.2, 0.2)}
_DELAYED = "general_acute_overnight"


@dataclass(frozen=True)
class _England:
    """England's beds by type (types K), for one draw."""

    available: Array
    occupied: Array


def bed_types(catalogue: Catalogue) -> dict[str, str]:
    """Labels of the types of bed by id, in the catalogue's order."""
    return {str(one["id"]): str(one["label"]) for one in catalogue.entities("bed_types")}


def closures(
    parameters: Parameters, catalogue: Catalogue, services: Services, rates: Rates
) -> dict[str, float]:
    """England's occupied beds over what its bed days make, by type; 1 where they agree.

    A type that no service fills has no factor and is left out.
    """
    factor = _closure(_england(parameters, catalogue), services, rates, catalogue)
    return {
        kind: float(one)
        for kind, one in zip(bed_types(catalogue), factor, strict=True)
        if np.isfinite(one) and one > 0
    }


def beds(
    parameters: Parameters,
    catalogue: Catalogue,
    use: Use,
    care_capacity: Array | None = None,
    more: Array | None = None,
) -> Array:
    """Beds by type and measure, ``[Y, types, measures]``, in the order of :data:`MEASURES`.

    Args:
        parameters: one draw.
        catalogue: the layered catalogue.
        use: what the area's people use.
        care_capacity: ``[Y]`` social and intermediate care that can be given, relative to the base
            year, such as :func:`leftshift.care.workforce.care_capacity`; without, it grows as the
            row `care.delays.capacity_growth` says.
        more: ``[Y, types]`` what a plan multiplies the beds that there are by; None for nothing.

    Returns:
        Values; not-a-number where a measure does not apply (`delayed_beds` of any type but general
        and acute) or where no service fills the type.
    """
    demand_limits(catalogue, "care.beds", _LIMITS)
    demand_limits(catalogue, "care.delays", _DELAY_LIMITS)
    services, years = use.services, use.frame.years + 1
    kinds = list(bed_types(catalogue))
    england = _england(parameters, catalogue)
    closure = _closure(england, services, use.rates, catalogue)
    by_kind = _by_kind(services, kinds)  # [L, K]
    units = use.activity.sum(axis=(1, 2, 3))  # [Y, L]
    since = np.arange(years, dtype=np.float64)
    stay = (1.0 + parameters.value("care.beds.length_of_stay_trend")) ** since
    days = units @ (by_kind * services.bed_days[:, None]) * closure * stay[:, None]
    stays = units @ (by_kind * (services.bed_days > 0)[:, None])
    occupied = days / _DAYS

    delayed = np.full_like(occupied, np.nan)
    if _DELAYED in kinds and days[0, kinds.index(_DELAYED)] > 0:
        place = kinds.index(_DELAYED)
        as_now = _delayed_now(catalogue, use) * days[:, place] / days[0, place]
        if care_capacity is None:
            care_capacity = (1.0 + parameters.value("care.delays.capacity_growth")) ** since
        short = _care_need(services, units) / care_capacity
        delayed[:, place] = as_now * short ** parameters.value("care.delays.elasticity")
        # Today's delays are in the bed days already; only their growth beyond activity is new.
        occupied[:, place] += delayed[:, place] - as_now
        days[:, place] = occupied[:, place] * _DAYS

    planned = np.array([parameters.value(f"care.beds.{kind}.occupancy") for kind in kinds])
    grown = (1.0 + parameters.value("care.beds.growth")) ** since
    available = _available(catalogue, england, use, days[0] / _DAYS) * grown[:, None]
    available = available if more is None else available * more
    needed = occupied / planned
    missing = np.maximum(0.0, needed - available)
    with np.errstate(divide="ignore", invalid="ignore"):
        unmet = np.where(days > 0, missing * planned * _DAYS / (days / stays), 0.0)
        full = 100.0 * occupied / available
    found = np.stack([days, needed, available, missing, unmet, full, delayed], axis=-1)
    found[:, ~(days[0] > 0)] = np.nan
    return found


def _by_kind(services: Services, kinds: list[str]) -> Array:
    found: Array = np.array(
        [[float(one == kind) for kind in kinds] for one in services.bed_types], dtype=np.float64
    )
    return found


def _england(parameters: Parameters, catalogue: Catalogue) -> _England:
    found = catchment(catalogue)
    available, occupied = [], []
    for one in catalogue.entities("bed_types"):
        published = str(one.get("published", ""))
        if published:
            column = found.kinds.index(published)
            available.append(found.available[:, column].sum())
            occupied.append(found.occupied[:, column].sum())
        else:
            available.append(parameters.value(f"care.beds.{one['id']}.available"))
            share = parameters.value(f"care.beds.{one['id']}.observed")
            occupied.append(available[-1] * share)
    return _England(np.array(available), np.array(occupied))


def _closure(england: _England, services: Services, rates: Rates, catalogue: Catalogue) -> Array:
    """``[K]`` England's occupied beds over the model's; 0 where no service fills the type."""
    kinds = list(bed_types(catalogue))
    modelled = (rates.england * services.bed_days) @ _by_kind(services, kinds) / _DAYS
    factor: Array = np.divide(
        england.occupied, modelled, out=np.zeros_like(modelled), where=modelled > 0
    )
    return factor


def _available(catalogue: Catalogue, england: _England, use: Use, occupied: Array) -> Array:
    """``[K]`` beds for the area's people in the base year.

    Where trusts' beds are published: each trust's, in proportion to who comes from the area.
    Elsewhere England's, in proportion to what the area's people use.
    """
    found = catchment(catalogue)
    ours = found.share @ board_shares(catalogue, use.area)  # [T]
    with np.errstate(divide="ignore", invalid="ignore"):
        by_use = np.where(england.occupied > 0, occupied / england.occupied, 0.0)
    available = []
    for place, one in enumerate(catalogue.entities("bed_types")):
        published = str(one.get("published", ""))
        if published:
            available.append(float(ours @ found.available[:, found.kinds.index(published)]))
        else:
            available.append(float(england.available[place] * by_use[place]))
    return np.array(available)


def _delayed_now(catalogue: Catalogue, use: Use) -> float:
    """People of the area who are delayed in hospital: the newest year held of each board."""
    newest: dict[str, tuple[str, float]] = {}
    for board, year, _, delayed, _ in catalogue.table("board_discharge").iter_rows():
        if board not in newest or year > newest[board][0]:
            newest[board] = (year, delayed)
    share = board_shares(catalogue, use.area)
    boards = catchment(catalogue).boards
    return float(sum(s * newest[b][1] for b, s in zip(boards, share, strict=True) if b in newest))


def _care_need(services: Services, units: Array) -> Array:
    """``[Y]`` need of social, continuing and intermediate care by its cost; 1 in the base year."""
    outside = np.array(
        [
            setting == "continuing_and_social_care" or "intermediate" in identity
            for setting, identity in zip(services.settings, services.ids, strict=True)
        ]
    )
    cost = units @ np.where(outside, services.unit_cost, 0.0)
    return cost / cost[0] if cost[0] > 0 else np.ones_like(cost)


# What the model never saw --------------------------------------------------------------------


def modelled_beds(parameters: Parameters, catalogue: Catalogue, use: Use) -> Array:
    """Beds that each place's people fill in the base year by the model, ``[P, types]``."""
    services = use.services
    closure = _closure(_england(parameters, catalogue), services, use.rates, catalogue)
    by_kind = _by_kind(services, list(bed_types(catalogue)))
    units = use.activity[0].sum(axis=(1, 2))
    found: Array = units @ (by_kind * services.bed_days[:, None]) * closure / _DAYS
    return found


def published_beds(catalogue: Catalogue) -> pl.DataFrame:
    """Beds of trusts, shared among boards by where the trusts' people live.

    Returns:
        Columns board, bed_type, available, occupied: the types whose beds trusts publish.
    """
    found = catchment(catalogue)
    rows = []
    for one in catalogue.entities("bed_types"):
        if not one.get("published"):
            continue
        column = found.kinds.index(str(one["published"]))
        available = found.share.T @ found.available[:, column]
        occupied = found.share.T @ found.occupied[:, column]
        rows += [
            {"board": b, "bed_type": one["id"], "available": float(a), "occupied": float(o)}
            for b, a, o in zip(found.boards, available, occupied, strict=True)
        ]
    return pl.DataFrame(rows)


def published_talking_therapies(catalogue: Catalogue) -> pl.DataFrame:
    """People who enter talking therapies in a year: columns board, referrals, entering."""
    return catalogue.table("board_talking_therapies")
