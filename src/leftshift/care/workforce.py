"""Staff: whole-time equivalents that care asks for, that there will be, and what is missing.

**Demand** is worked out from money, for hours are published for two kinds of contact only: the pay
bill of each service at base-year prices, by staff group, over what a whole-time post costs. It is
then closed on England's staff in post by one factor for each group, which :func:`closures` reports,
and raised by the posts that nobody fills. It is derived, not counted.

**Supply** is England's stock and its flows (leavers, people who are trained or return, people from
abroad; joiners are so many heads a year, not a share of a growing stock), and an area's part of it.
The NHS and social care draw on one pool: when NHS pay grows faster, care workers leave, some of
them for the NHS.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from leftshift.areas import Area
from leftshift.care.catchment import board_shares
from leftshift.care.limits import demand_limits
from leftshift.care.local.data import LocalData
from leftshift.care.money import Prices
from leftshift.care.rates import Rates
from leftshift.care.services import Services
from leftshift.care.use import Use
from leftshift.catalogue import Catalogue, Parameters
from leftshift.errors import CareError, nearest

__all__ = [
    "MEASURES",
    "Closure",
    "care_capacity",
    "closures",
    "cost_of_post",
    "hours_check",
    "in_post",
    "staff",
    "staff_groups",
    "stocks",
    "vacancies",
    "warnings",
    "with_own_stock",
]

Array = NDArray[np.float64]

MEASURES = {"demand": "WTE", "supply": "WTE", "gap": "WTE", "vacancy_rate": "percent"}
"""What is said of each staff group, with its unit, in the order of the last axis of :func:`staff`.

``vacancy_rate`` is the gap over demand, of the groups whose vacancies of today could be verified.
"""

_POOLS = ("registered", "support")
_LIMITS = {
    "stock": (0.0, 1e7),
    "shortfall": (0.0, 0.5),
    "leavers": (0.0, 1.0),
    "trained": (0.0, 1.0),
    "abroad": (0.0, 1.0),
    "pay": (5e3, 1e6),
    "enhancement": (0.5, 3.0),
    "pension": (0.0, 1.0),
}
_POOL_LIMITS = {"elasticity": (0.0, 20.0), "pay_gap_growth": (-0.2, 0.2), "to_nhs": (0.0, 1.0)}
_CARE_WORKERS = "social_care_direct"


@dataclass(frozen=True)
class Closure:
    """How far the pay bill is from England's staff in post, for one group.

    Attributes:
        stock: whole-time equivalents in post.
        derived: those that the pay bill would employ.
        factor: stock over derived; 1 where they agree.
    """

    stock: float
    derived: float
    factor: float


@dataclass(frozen=True)
class _Groups:
    """The catalogue's staff groups (S), as far as they do not differ between draws."""

    ids: tuple[str, ...]
    labels: tuple[str, ...]
    social_care: NDArray[np.bool_]
    pool: tuple[str, ...]
    local: tuple[str, ...]
    bands: tuple[dict[str, float], ...]


_GROUPS: WeakKeyDictionary[Catalogue, _Groups] = WeakKeyDictionary()
_LOCAL: WeakKeyDictionary[Catalogue, dict[Area, Array]] = WeakKeyDictionary()


def _groups(catalogue: Catalogue) -> _Groups:
    if catalogue not in _GROUPS:
        found = catalogue.entities("staff_groups")
        for one in found:
            bands = one.get("bands", {})
            if bands and abs(sum(bands.values()) - 1.0) > 1e-6:
                raise CareError(
                    f"staff_groups.toml: the bands of {one['id']} sum to {sum(bands.values()):g}. "
                    "Write shares that sum to 1."
                )
        _GROUPS[catalogue] = _Groups(
            ids=tuple(str(one["id"]) for one in found),
            labels=tuple(str(one["label"]) for one in found),
            social_care=np.array([one.get("side") == "social_care" for one in found]),
            pool=tuple(str(one.get("pool", "")) for one in found),
            local=tuple(str(one.get("local", "demand")) for one in found),
            bands=tuple(dict(one.get("bands", {})) for one in found),
        )
    return _GROUPS[catalogue]


def staff_groups(catalogue: Catalogue) -> dict[str, str]:
    """Labels of the staff groups by id, in the catalogue's order."""
    found = _groups(catalogue)
    return dict(zip(found.ids, found.labels, strict=True))


def _values(parameters: Parameters, groups: _Groups, figure: str) -> Array:
    return np.array([parameters.value(f"care.staff.{one}.{figure}") for one in groups.ids])


# Demand --------------------------------------------------------------------------------------


def cost_of_post(parameters: Parameters, catalogue: Catalogue) -> Array:
    """£ a year for a whole-time post of each group in 2025/26, with what an employer adds, ``[S]``.

    Groups on Agenda for Change are paid between the entry and the top of their bands; the others
    as their row says. Pension, National Insurance and the apprenticeship levy come on top.
    """
    groups = _groups(catalogue)
    demand_limits(catalogue, "care.staff", _LIMITS)
    position = parameters.value("pay.position")
    extra = parameters.value("care.staff.enhancement")
    pay = np.empty(len(groups.ids))
    for place, (one, bands) in enumerate(zip(groups.ids, groups.bands, strict=True)):
        if not bands:
            pay[place] = parameters.value(f"care.staff.{one}.pay")
            continue
        basic = 0.0
        for band, share in bands.items():
            entry = parameters.value(f"pay.{band}.entry")
            basic += share * (entry + position * (parameters.value(f"pay.{band}.top") - entry))
        pay[place] = basic * extra
    pension = np.where(
        groups.social_care,
        parameters.value("care.staff.social_care.pension"),
        parameters.value("oncost.pension_local"),
    )
    levy = parameters.value("oncost.apprenticeship_levy")
    insured = np.maximum(0.0, pay - parameters.value("oncost.ni_threshold"))
    cost: Array = pay * (1.0 + pension + levy) + insured * parameters.value("oncost.ni_rate")
    return cost


def _per_pound(services: Services, groups: _Groups, cost: Array) -> Array:
    """``[L, S]`` whole-time posts for each pound spent on a service at base-year prices."""
    share = np.zeros((len(services.ids), len(groups.ids)))
    for column, one in enumerate(services.staff_groups):
        if one not in groups.ids:
            raise CareError(
                f'a service employs "{one}", which is no staff group of staff_groups.toml.'
            )
        share[:, groups.ids.index(one)] += services.staff_share[:, column]
    found: Array = services.pay_share[:, None] * share / cost
    return found


def _closing(derived: Array, stock: Array) -> Array:
    """``[S]`` stock over derived; 0 for a group that no service employs."""
    factor: Array = np.divide(stock, derived, out=np.zeros_like(stock), where=derived > 0)
    return factor


def closures(
    parameters: Parameters,
    catalogue: Catalogue,
    services: Services,
    rates: Rates,
    prices: Prices,
) -> dict[str, Closure]:
    """Gives England's closure by staff group; a group that no service employs is left out."""
    groups = _groups(catalogue)
    each = _per_pound(services, groups, cost_of_post(parameters, catalogue))
    derived = (rates.england * prices.unit_cost) @ each
    stock = _values(parameters, groups, "stock")
    factor = _closing(derived, stock)
    return {
        one: Closure(float(s), float(d), float(f))
        for one, s, d, f in zip(groups.ids, stock, derived, factor, strict=True)
        if d > 0
    }


# Supply --------------------------------------------------------------------------------------


def stocks(parameters: Parameters, catalogue: Catalogue, years: int) -> Array:
    """England's staff in post by group, ``[years + 1, S]``, if nothing changes.

    Args:
        parameters: one draw.
        catalogue: the layered catalogue.
        years: years after the base year.
    """
    groups = _groups(catalogue)
    demand_limits(catalogue, "care.staff", _LIMITS)
    demand_limits(catalogue, "care.pool", _POOL_LIMITS)
    base = _values(parameters, groups, "stock")
    leavers = _values(parameters, groups, "leavers")
    joiners = base * (
        _values(parameters, groups, "trained") + _values(parameters, groups, "abroad")
    )
    widening = parameters.value("care.pool.pay_gap_growth")
    elasticity = parameters.value("care.pool.elasticity")
    to_nhs = parameters.value("care.pool.to_nhs")
    pools = []
    for pool in _POOLS:
        inside = np.array([one == pool for one in groups.pool])
        pools.append((inside & groups.social_care, inside & ~groups.social_care))
    path = np.empty((years + 1, len(base)))
    path[0] = base
    for year in range(years):
        now = path[year] * (1.0 - leavers) + joiners
        for care, nhs in pools:
            lost = now[care] * np.clip(elasticity * widening, -0.5, 0.5)
            now[care] -= lost
            total = now[nhs].sum()
            if total > 0:
                now[nhs] *= 1.0 + to_nhs * lost.sum() / total
        path[year + 1] = np.maximum(0.0, now)
    return path


def care_capacity(parameters: Parameters, catalogue: Catalogue, years: int) -> Array:
    """England's care workers relative to the base year, ``[years + 1]``: what care can be given."""
    path = stocks(parameters, catalogue, years)
    workers = path[:, _groups(catalogue).ids.index(_CARE_WORKERS)]
    found: Array = workers / workers[0]
    return found


def _local(catalogue: Catalogue, area: Area) -> Array:
    """``[S]`` the area's share of England's staff where it is published, elsewhere not-a-number."""
    known = _LOCAL.setdefault(catalogue, {})
    if area not in known:
        groups = _groups(catalogue)
        gps = dict(catalogue.table("authority_gps").select("authority", "gps").iter_rows())
        of_area = sum(gps.get(one.authority, 0.0) * one.share for one in area.members)
        # Each board's staff are its rate times its people; the registers' own lists differ little.
        people = dict.fromkeys(catalogue.table("boards")["ods"], 0.0)
        for _, board, residents, _ in catalogue.table("membership").iter_rows():
            people[board] += residents
        share = board_shares(catalogue, area)
        table = catalogue.table("board_staff")
        rate = {row["board"]: row for row in table.iter_rows(named=True)}
        found = np.full(len(groups.ids), np.nan)
        for place, (one, how) in enumerate(zip(groups.ids, groups.local, strict=True)):
            if how == "gp":
                found[place] = of_area / sum(gps.values())
            elif how == "practice" and one in table.columns:
                held = np.array([rate[b][one] * n for b, n in people.items()])
                found[place] = (held * share).sum() / held.sum()
        known[area] = found
    return known[area]


# Both ----------------------------------------------------------------------------------------


def _posts(
    parameters: Parameters, catalogue: Catalogue, use: Use, real: Array, prices: Prices
) -> tuple[Array, Array]:
    """Posts that the area's and England's pay bill make: ``[Y, settings, S]`` and ``[S]``."""
    groups = _groups(catalogue)
    settings = [str(one["id"]) for one in catalogue.entities("settings")]
    inside = np.array([[one == s for one in use.services.settings] for s in settings], dtype=float)
    each = _per_pound(use.services, groups, cost_of_post(parameters, catalogue))
    by_setting: Array = (inside[None] * real[:, None, :]) @ each
    return by_setting, (use.rates.england * prices.unit_cost) @ each


def _share(catalogue: Catalogue, area: Area, posts: Array, england: Array) -> Array:
    """``[S]`` the area's share of England's staff: as published, elsewhere as it asks for them."""
    published = _local(catalogue, area)
    asked = np.divide(posts, england, out=np.zeros_like(england), where=england > 0)
    return np.where(np.isnan(published), asked, published)


def in_post(
    parameters: Parameters, catalogue: Catalogue, use: Use, prices: Prices
) -> dict[str, float]:
    """WTE in post in the area in the base year by staff group, without its own data."""
    groups = _groups(catalogue)
    real = use.activity.sum(axis=(1, 2, 3)) * prices.unit_cost
    posts, england = _posts(parameters, catalogue, use, real, prices)
    share = _share(catalogue, use.area, posts[0].sum(axis=0), england)
    held = share * _values(parameters, groups, "stock")
    return {one: float(wte) for one, wte in zip(groups.ids, held, strict=True)}


def staff(
    parameters: Parameters,
    catalogue: Catalogue,
    use: Use,
    prices: Prices,
    data: LocalData | None = None,
) -> Array:
    """Staff by setting, group and measure, ``[Y, settings, groups, measures]``.

    Args:
        parameters: one draw.
        catalogue: the layered catalogue.
        use: what the area's people use.
        prices: prices of the same draw. Demand follows spending without prices: better use of
            labour lowers it and a pay rise does not raise it. A board's own unit cost is in
            England's pay bill too, so that it moves no staff.
        data: the board's own data; its staff in post are put in, see :func:`with_own_stock`.

    Returns:
        Values in the order of :data:`MEASURES`, settings and groups in the catalogue's order.
        Supply of a group goes to settings as its demand does. Not-a-number in `vacancy_rate`
        where vacancies of today could not be verified.

    Raises:
        CareError: a service employs a group that the catalogue does not have.
    """
    groups = _groups(catalogue)
    real = use.activity.sum(axis=(1, 2, 3)) * prices.unit_cost * prices.productivity  # [Y, L]
    posts, england = _posts(parameters, catalogue, use, real, prices)
    stock = _values(parameters, groups, "stock")
    filled = 1.0 - np.clip(_values(parameters, groups, "shortfall"), 0.0, 0.9)
    demand = posts * (_closing(england, stock) / filled)
    share = _share(catalogue, use.area, posts[0].sum(axis=0), england)
    held = share * stock
    known = vacancies(catalogue)
    verified = np.array([known[one] is not None for one in groups.ids])
    path = stocks(parameters, catalogue, use.frame.years)
    total = demand.sum(axis=1, keepdims=True)  # [Y, 1, S]
    split = np.divide(demand, total, out=np.zeros_like(demand), where=total > 0)
    grown = np.divide(path, path[0], out=np.ones_like(path), where=path[0] > 0)
    made = _measured(demand, split * (grown * held)[:, None, :], verified)
    return made if data is None else with_own_stock(catalogue, made, data.staff)


def _measured(demand: Array, supply: Array, verified: NDArray[np.bool_]) -> Array:
    gap = demand - supply
    rate = np.full_like(demand, np.nan)
    missing = 100.0 * np.maximum(0.0, gap)
    np.divide(missing, demand, out=rate, where=verified & (demand > 0))
    return np.stack([demand, supply, gap, rate], axis=-1)


def with_own_stock(
    catalogue: Catalogue, made: Array, own: Mapping[str, tuple[float, float | None]]
) -> Array:
    """Puts a board's own staff in post in place of its share of England's.

    Args:
        catalogue: the layered catalogue.
        made: what :func:`staff` gave.
        own: WTE in post and vacancies (None where not given) by staff group. With vacancies, the
            base year's demand is the two together.

    Returns:
        The same shape; groups that are not named are as they were.

    Raises:
        CareError: no such staff group.
    """
    ids = _groups(catalogue).ids
    demand, supply = made[..., 0].copy(), made[..., 1].copy()
    known = vacancies(catalogue)
    verified = np.array([known[one] is not None for one in ids])
    for one, (wte, vacant) in own.items():
        if one not in ids:
            raise CareError(f'no staff group called "{one}".{nearest(one, ids)}')
        place = ids.index(one)
        there, asked = supply[0, :, place].sum(), demand[0, :, place].sum()
        if there > 0:
            supply[:, :, place] *= wte / there
        elif asked > 0:
            # Nobody was shared out: those there are stay, where they are asked for.
            supply[:, :, place] = (
                wte * demand[:, :, place] / demand[:, :, place].sum(axis=1, keepdims=True)
            )
        if vacant is not None and asked > 0:
            demand[:, :, place] *= (wte + vacant) / asked
            verified[place] = True
    return _measured(demand, supply, verified)


def vacancies(catalogue: Catalogue) -> dict[str, float | None]:
    """The share of posts that are vacant by staff group; None where no figure was verified."""
    found: dict[str, float | None] = {}
    for one in _groups(catalogue).ids:
        estimate = catalogue.row(f"care.staff.{one}.shortfall").estimate
        found[one] = estimate.value if estimate.grade in ("V", "D") else None
    return found


def warnings(catalogue: Catalogue) -> list[str]:
    """What a reader of the staff table must be told, as sentences."""
    groups = staff_groups(catalogue)
    known = vacancies(catalogue)
    unknown = [groups[one] for one, value in known.items() if value is None]
    said = []
    if unknown:
        said.append(
            "No recent vacancy figure could be verified for: "
            + "; ".join(unknown)
            + ". Their gap starts from an assumed share of posts that nobody fills."
        )
    recalled = [
        groups[one]
        for one in groups
        if catalogue.row(f"care.staff.{one}.stock").estimate.grade in ("R", "A")
    ]
    if recalled:
        said.append(
            "England's staff in post is recalled, not read in a source, for: "
            + "; ".join(recalled)
            + "."
        )
    return said


def hours_check(parameters: Parameters, services: Services, rates: Rates) -> dict[str, float]:
    """Hours with patients that published minutes make of GP appointments, against those of GPs.

    Returns:
        `hours_needed` (appointments times minutes), `hours_there` (staff in post times a GP's
        hours with patients) and their `ratio`; empty without a service `gp_appointment`.
    """
    if "gp_appointment" not in services.ids:
        return {}
    appointments = float(rates.england[services.ids.index("gp_appointment")])
    needed = appointments * parameters.value("care.gp.minutes") / 60.0
    there = parameters.value("care.staff.gp.stock") * parameters.value("care.gp.contact_hours")
    return {"hours_needed": needed, "hours_there": there, "ratio": needed / there}
