"""Residents of an area, and the births and moves that carry them forward.

Stocks are people at 30 June by place, sex (0 female, 1 male), quintile (0 most deprived) and age
last birthday. Step ``t`` goes from stock ``t`` to stock ``t + 1``. How the tables behind this
module were made is in ``tools/catalogue_steps/population.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from leftshift.areas import Area
from leftshift.catalogue import Parameters
from leftshift.errors import SettingError
from leftshift.people.mortality import mortality
from leftshift.people.places import AGES, authorities, rows_of, shares

__all__ = ["BASE_YEARS", "Flows", "flows", "mortality", "project", "residents"]

Array = NDArray[np.float64]

BASE_YEARS = (2019, 2025)
"""Years for which the catalogue holds residents: today's, and the one for back-tests."""

_AGES = [f"a{a}" for a in range(AGES)]
_FIRST, _LAST = 2019, 2043  # years to mid-year of the projection's components
_YEARS = [f"y{y}" for y in range(_FIRST, _LAST + 1)]


@dataclass(frozen=True)
class Flows:
    """Births and net moves of each step (T steps, P places).

    Attributes:
        births: ``[T, P, 2, 5]`` born during the step, by the quintile of their home.
        net: ``[T, P, 2, 5, 106]`` net moves into the place, by age at the step's end. Below 0
            where more leave. Those who arrive are first counted at stock ``t + 1``.
    """

    births: Array
    net: Array


def _checked(base_year: int) -> int:
    if base_year not in BASE_YEARS:
        raise SettingError(
            f"no residents are held for {base_year}: a run starts from "
            + " or ".join(f"{y}/{(y + 1) % 100:02d}" for y in BASE_YEARS)
            + "."
        )
    return base_year


def residents(p: Parameters, area: Area, base_year: int = 2025) -> Array:
    """The area's residents at 30 June of the base year.

    Args:
        p: the catalogue, central or drawn. For base 2025 the national total moves with
            ``population.england_mid_2025``.
        area: any area.
        base_year: 2025, or 2019 for back-tests (made from figures no later than mid-2020).

    Returns:
        ``[P, 2, 5, 106]`` people.

    Raises:
        SettingError: the base year has no residents.
        AreaError: an authority has none.
    """
    name = f"population_{_checked(base_year)}"
    frame = p.catalogue.table(name)
    codes = authorities(area)
    found = rows_of(frame, name, codes)
    at = {code: i for i, code in enumerate(codes)}
    which = np.array([at[code] for code in found["authority"]])
    sex = (found["sex"] == "male").to_numpy().astype(np.intp)
    quintile = found["quintile"].to_numpy() - 1
    people = np.zeros((len(codes), 2, 5, AGES))
    people[which, sex, quintile] = found.select(_AGES).to_numpy()
    at_places = np.tensordot(shares(area, codes), people, axes=1)
    if base_year == 2025:
        wanted = p.value("population.england_mid_2025")
        at_places = at_places * (wanted / p.value("population.england_mid_2025_built"))
    return np.asarray(at_places, dtype=np.float64)


def _moves(p: Parameters, area: Area, base_year: int, steps: int) -> tuple[Array, Array]:
    """Births by place and sex ``[T, P, 2]`` and net moves by place and age ``[T, P, 106]``."""
    catalogue, codes = p.catalogue, authorities(area)
    place = shares(area, codes)
    column = np.minimum(base_year + 1 + np.arange(steps), _LAST) - _FIRST

    born = rows_of(catalogue.table("births"), "births", codes).sort("authority", "sex")
    births = born.select(_YEARS).to_numpy().reshape(len(codes), 2, -1)[:, :, column]
    if base_year == 2025:
        births = births * born["level_2025"].to_numpy().reshape(len(codes), 2, 1)
    births = births * p.value("population.births_level")

    table = catalogue.table("migration")
    rows_of(table, "migration", codes)
    flow = {
        str(name): part.sort("authority")
        for (name,), part in table.group_by("flow", maintain_order=True)
    }
    own = [flow["net"]["authority"].to_list().index(code) for code in codes]
    net, abroad, arrivals = (
        flow[name].select(_YEARS).to_numpy()[:, column]
        for name in ("net", "international_net", "international_in")
    )
    total = net[own]
    if base_year == 2025:
        now = p.value("population.uk_net_migration") * p.value(
            "population.england_share_of_uk_net_migration"
        )
        people = rows_of(catalogue.table("population_2025"), "population_2025", codes)
        people = people.select("authority", people=pl.sum_horizontal(_AGES))
        held = people.group_by("authority").sum().sort("authority")["people"].to_numpy()
        by_arrivals = p.value("population.excess_migration_by_arrivals")
        share = by_arrivals * arrivals[own] / arrivals.sum(0)
        share += (1 - by_arrivals) * held[:, None] / p.value("population.england_mid_2025_built")
        total = total + (now - abroad.sum(0)) * share

    shape = catalogue.table("migration_age").filter(pl.col("base") == base_year)
    gross = shape.filter(pl.col("authority") == "gross").select(_AGES).to_numpy()[0]
    gross = gross / gross.sum()
    moves = rows_of(shape, "migration_age", codes).sort("authority").select(_AGES).to_numpy()
    # The pattern of ages is each authority's own; what its total lacks goes by gross movers' ages.
    lacking = total - moves.sum(1, keepdims=True)
    by_age = (place @ moves)[None] + (place @ lacking).T[:, :, None] * gross
    return np.einsum("pl,lst->tps", place, births), by_age


def flows(p: Parameters, area: Area, base_year: int = 2025, steps: int = 21) -> Flows:
    """Births and net moves of each step.

    Births follow the 2018-based projection's trend by authority; for base 2025 at the level that
    the infants of mid-2023 imply. Net moves are the projection's total by authority, for base 2025
    moved to ``population.uk_net_migration`` (the difference shared out by the projection's
    international arrivals and by people), with each authority's own pattern of ages. Beyond 2043
    the last year is held.

    Arrivals spread over sex and quintile as the base year's residents of their age. Leavers come
    from the people of their age who are there at the time, never more than
    ``population.largest_share_leaving`` of them: an excess is taken from the place's other ages.

    Args:
        p: the catalogue, central or drawn.
        area: any area.
        base_year: 2025 or 2019.
        steps: number of steps T.

    Returns:
        The flows by place, sex, quintile and age.

    Raises:
        SettingError: the base year has no residents.
        AreaError: an authority has no figures.
    """
    base = residents(p, area, base_year)
    births_by_sex, by_age = _moves(p, area, base_year, steps)
    everyone = base.sum((1, 2, 3))
    everyone = np.where(everyone > 0, everyone, 1.0)
    infants = base[..., 0].sum(1)
    at_birth = np.where(infants.sum(1, keepdims=True) > 0, infants, base.sum((1, 3)))
    at_birth = at_birth / np.maximum(at_birth.sum(1, keepdims=True), 1e-12)
    births = births_by_sex[..., None] * at_birth[None, :, None, :]

    of_age = base.sum((1, 2), keepdims=True)
    overall = base.sum(3, keepdims=True) / everyone[:, None, None, None]
    arriving = np.where(of_age > 0, base / np.maximum(of_age, 1e-12), overall)

    hazard = mortality(p, area, base, base_year, steps)
    most = p.value("population.largest_share_leaving")
    net = np.empty((steps, *base.shape))
    stock = base
    for t in range(steps):
        alive = _age_on(stock, births[t], hazard[t])
        present = alive.sum((1, 2))
        wanted = by_age[t]
        held = np.maximum(wanted, -most * present)
        room = held + most * present
        short = (held - wanted).sum(1, keepdims=True)
        held = held - room * np.minimum(short / np.maximum(room.sum(1, keepdims=True), 1e-12), 1)
        rate = np.where(held < 0, held / np.maximum(present, 1e-12), 0)
        net[t] = alive * rate[:, None, None] + arriving * np.maximum(held, 0)[:, None, None]
        stock = alive + net[t]
    return Flows(births=births, net=net)


def _age_on(stock: Array, births: Array, hazard: Array) -> Array:
    """Survivors one year on, ``[P, 2, 5, 106]``, before anyone moves."""
    alive = np.exp(-hazard.reshape(2, 5, AGES + 1))
    ahead = np.empty_like(stock)
    ahead[..., 0] = births * alive[..., 0]
    ahead[..., 1:] = stock[..., :-1] * alive[..., 1:-1]
    ahead[..., -1] += stock[..., -1] * alive[..., -1]
    return ahead


def project(residents: Array, flows: Flows, mortality: Array) -> Array:
    """People of each year by cohort component, without chance.

    Args:
        residents: ``[P, 2, 5, 106]`` at stock 0.
        flows: births and net moves of T steps.
        mortality: ``[T, 10, 107]`` hazards, as from :func:`mortality`.

    Returns:
        ``[T + 1, P, 2, 5, 106]`` people at each stock.
    """
    steps = len(flows.births)
    stocks = np.empty((steps + 1, *residents.shape))
    stocks[0] = residents
    for t in range(steps):
        ahead = _age_on(stocks[t], flows.births[t], mortality[t])
        # Nobody can leave who is not there: matters only with hazards above the flows' own.
        stocks[t + 1] = np.maximum(ahead + flows.net[t], 0)
    return stocks
