"""What payers have to spend on an area, and how far it goes.

England's money of each payer is published. A board's part of it follows the need weights behind the
allocations; within a board it follows what the model says its people need. It grows as settled, and
after that as each of several labelled settlements supposes. Capital is kept apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from leftshift.areas import Area
from leftshift.care.money import (
    Prices,
    change,
    check_prices,
    deflators,
    fail,
    index,
    path_rows,
    possible,
    yearly,
)
from leftshift.care.rates import Rates
from leftshift.care.services import Services
from leftshift.catalogue import Catalogue, Parameters
from leftshift.errors import CareError, listed, nearest
from leftshift.people.model import Frame
from leftshift.quantities import FinancialYear

__all__ = [
    "Funding",
    "Need",
    "check_funding",
    "check_money",
    "funding",
    "gap",
    "need",
    "settlements",
]

Array = NDArray[np.float64]

_GROUPS = {
    "icb_core": "nhs",
    "primary_medical": "nhs",
    "pod": "nhs",
    "specialised": "nhs",
    "other_direct": "nhs",
    "local_authority": "local_authority",
    "public_health_grant": "public_health",
}
"""Whose growth each payer's money follows."""

_WEIGHTS = {
    "icb_core": "core",
    "primary_medical": "primary_medical",
    "pod": "registered",
    "specialised": "general_and_acute",
    "other_direct": "registered",
    "public_health_grant": "inequalities",
}
"""The column of weighted_populations by which boards share each payer's money."""

_AGES = 106
_DEFICIT = "funding.area.deficit_support"
_CHECK = "funding_path_has_every_year"


@dataclass(frozen=True)
class Need:
    """What England's people would use of each payer's money at the base year's rates.

    Attributes:
        per_head: ``[K, 10, 106]`` £ a person and year by payer, stratum (sex x 5 + quintile), age.
        england: ``[K]`` £ that the services name for all of England in the base year.
    """

    per_head: Array
    england: Array


@dataclass(frozen=True)
class Funding:
    """What payers have for an area, for one draw (settlements S, years Y, payers K).

    Attributes:
        settlements: ids of the settlements, in the catalogue's order.
        payers: ids of the payers, in the catalogue's order.
        by_payer: ``[S, Y, K]`` £ of revenue in prices of the base year; 0 for private money.
        capital: ``[S, Y]`` £ of capital in prices of the base year; in none of `by_payer`.
        unnamed: ``[K]`` share of England's base-year money that no service names; below 0 where
            services name more than there is.
        share: ``[K]`` the area's share of England's money.
    """

    settlements: tuple[str, ...]
    payers: tuple[str, ...]
    by_payer: Array
    capital: Array
    unnamed: Array
    share: Array


class _Settlement(NamedTuple):
    id: str
    label: str
    settled_to: int


def need(services: Services, rates: Rates, prices: Prices) -> Need:
    """What each payer's part of the services costs a head and in England, in the base year.

    Args:
        services: the services of a draw.
        rates: their rates, of the same draw.
        prices: what units cost, of the same draw.
    """
    paid = prices.unit_cost[:, None] * services.payer_share
    return Need(np.moveaxis(rates.per_head @ paid, 2, 0), rates.england @ paid)


def settlements(catalogue: Catalogue) -> dict[str, str]:
    """The labels of the funding settlements by id, in the catalogue's order.

    A project adds one with two rows: `settlement.<id>.growth` and `settlement.<id>.settled_to`.

    Raises:
        CareError: one of a settlement's two rows is missing or wrong.
    """
    return {one.id: one.label for one in _settlements(catalogue)}


def _settlements(catalogue: Catalogue) -> list[_Settlement]:
    found: dict[str, dict[str, object]] = {}
    for row in catalogue.rows("settlement"):
        parts = row.id.split(".")
        if len(parts) != 3 or parts[2] not in ("growth", "settled_to"):
            raise fail(
                row,
                "settlement_is_whole",
                "a settlement has two rows, settlement.<id>.growth and settlement.<id>.settled_to."
                + nearest(parts[-1], ("growth", "settled_to")),
            )
        found.setdefault(parts[1], {})[parts[2]] = row
    if not found:
        raise CareError("[settlement_is_whole] the catalogue has no rows settlement.<id>.growth.")
    last = max(path_rows(catalogue, "funding.growth.nhs", _CHECK))
    first = min(path_rows(catalogue, "funding.growth.nhs", _CHECK))
    whole = []
    for name, rows in found.items():
        for wanted in ("growth", "settled_to"):
            if wanted not in rows:
                there = catalogue.row(f"settlement.{name}.{next(iter(rows))}")
                raise fail(
                    there,
                    "settlement_is_whole",
                    f"there is no row settlement.{name}.{wanted} beside it. Add it.",
                )
        row = catalogue.row(f"settlement.{name}.settled_to")
        to = row.estimate.value
        if to != round(to) or not first - 1 <= to <= last:
            raise fail(
                row,
                "funding_path_has_every_year",
                f"{to:g} is no year that is settled: funding.growth.nhs covers "
                f"{FinancialYear(first)} to {FinancialYear(last)}. Write {first} to {last}, or "
                "add the rows.",
            )
        label = catalogue.row(f"settlement.{name}.growth").label.split(":")[0]
        whole.append(_Settlement(name, label, int(to)))
    return whole


def funding(
    parameters: Parameters,
    catalogue: Catalogue,
    area: Area,
    frame: Frame,
    need: Need | None = None,
) -> Funding:
    """Work out what payers have for an area.

    Args:
        parameters: one draw of the catalogue's rows.
        catalogue: gives weighted populations, residents and membership.
        area: the area.
        frame: the years.
        need: what people need, by which a board's money is shared within it, councils' money over
            England, and unnamed money is known. None shares by residents and names everything.

    Returns:
        The money. A project may say in a row `funding.area.deficit_support` what the area gets of
        that in the base year; it ends. Its own allocations belong in `data/funding.csv`.

    Raises:
        CareError: a path misses a year or holds an impossible change; the message names the row.
    """
    payers = tuple(str(one["id"]) for one in catalogue.entities("payers"))
    public = np.array([one["public"] for one in catalogue.entities("payers")])
    for payer, is_public in zip(payers, public, strict=True):
        if is_public and payer not in _GROUPS:
            raise CareError(
                f'no funding is known of the payer "{payer}". Payers with funding: '
                f"{listed(_GROUPS)}."
            )
    base, years = frame.base_year, frame.years
    england = np.array([_england(parameters, payer, base) for payer in payers])
    share = _shares(catalogue, area, payers, need)
    held = england * share
    chosen = _settlements(catalogue)
    by_payer = np.zeros((len(chosen), years + 1, len(payers)))
    for s, settlement in enumerate(chosen):
        paths = {
            group: index(_growth(parameters, group, settlement, base, years))
            for group in dict.fromkeys(_GROUPS.values())
        }
        for k, payer in enumerate(payers):
            if payer in _GROUPS:
                by_payer[s, :, k] = held[k] * paths[_GROUPS[payer]]
    named = np.zeros(len(payers))
    if need is not None:
        named = np.divide(need.england, england, out=named, where=england > 0)
        unnamed = np.where(england > 0, 1.0 - named, 0.0)
    else:
        unnamed = named
    core = share[payers.index("icb_core")]
    _deficit_support(parameters, by_payer, payers.index("icb_core"), core, frame)
    capital = _capital(parameters, base, years) * core
    return Funding(
        settlements=tuple(one.id for one in chosen),
        payers=payers,
        by_payer=by_payer,
        capital=np.repeat(capital[None], len(chosen), axis=0),
        unnamed=unnamed,
        share=share,
    )


def _own(parameters: Parameters, identity: str) -> float:
    row = parameters.catalogue.row(identity)
    value = parameters.value(identity)
    if value < 0:
        raise fail(row, "funding_is_not_negative", f"£{value:,.0f} is below 0.")
    return value


def _england(parameters: Parameters, payer: str, base: int) -> float:
    """England's money of a payer in the base year, in its prices; 0 for private money."""
    if payer not in _GROUPS:
        return 0.0
    known = int(parameters.catalogue.row("funding.england.year").estimate.value)
    value = _own(parameters, f"funding.england.{payer}")
    own = f"funding.cash_growth.{payer}"
    prefix = own if parameters.catalogue.rows(own) else f"funding.cash_growth.{_GROUPS[payer]}"
    for year, row in path_rows(parameters.catalogue, prefix, _CHECK).items():
        if known < year <= base:
            value *= 1.0 + possible(parameters, row)
            known = year
    if base > known:
        prices = index(deflators(parameters, known + 1, base))[-1]
        real = _settled(parameters, _GROUPS[payer], known + 1, base)
        value *= prices * float(np.prod(1.0 + real))
    elif base < known:
        before = change(parameters, "funding.growth_before")
        prices = index(deflators(parameters, base + 1, known))[-1]
        value /= prices * (1.0 + before) ** (known - base)
    return float(value)


def _settled(parameters: Parameters, group: str, first: int, last: int) -> Array:
    """Real growth of a group's money in the settled years `first` to `last`."""
    if group != "local_authority":
        return yearly(parameters, f"funding.growth.{group}", first, last, None)
    # Equal steps of cash to the sum that is promised by the end of the settlement, made real.
    rows = path_rows(parameters.catalogue, "funding.growth.nhs", _CHECK)
    start, end = min(rows) - 1, max(rows)
    steps = end - start
    value = _england(parameters, group, start)
    cash = value + parameters.value("funding.social_care.added") * np.arange(steps + 1) / steps
    real = (cash[1:] / cash[:-1]) / (1.0 + deflators(parameters, start + 1, end)) - 1.0
    at = np.clip(np.arange(first, last + 1) - start - 1, 0, steps - 1)
    found: Array = real[at]
    return found


def _growth(
    parameters: Parameters, group: str, settlement: _Settlement, base: int, years: int
) -> Array:
    """Real growth of a group's money in each year after the base year: ``[years]``."""
    after = change(parameters, f"settlement.{settlement.id}.growth")
    known = min(settlement.settled_to, base + years)
    settled = _settled(parameters, group, base + 1, known)
    return np.concatenate([settled, np.full(base + years - max(known, base), after)])


def _deficit_support(
    parameters: Parameters, by_payer: Array, core: int, share: float, frame: Frame
) -> None:
    """Ends deficit support in equal steps; what it was goes to all by need, within `by_payer`.

    Only an area that is known to get more or less of it than its share notices.
    """
    if not parameters.catalogue.rows(_DEFICIT):
        return
    own = _own(parameters, _DEFICIT)
    if not (by_payer[:, 0, core] > own).all():
        raise fail(
            parameters.catalogue.row(_DEFICIT),
            "deficit_support_is_a_part",
            f"£{own:,.0f} is not less than all of the area's core money, "
            f"£{by_payer[0, 0, core]:,.0f}. Write it in pounds.",
        )
    whole = parameters.value("funding.deficit_support")
    ends = int(parameters.catalogue.row("funding.deficit_support_ends").estimate.value)
    ahead = own - share * whole
    left = np.clip(
        (ends - np.arange(frame.base_year, frame.base_year + frame.years + 1))
        / max(ends - frame.base_year, 1),
        0.0,
        1.0,
    )
    by_payer[:, :, core] *= 1.0 + ahead / by_payer[:, :1, core]
    path = by_payer[:, :, core] / by_payer[:, :1, core]
    by_payer[:, :, core] += ahead * (left - path)


def _capital(parameters: Parameters, base: int, years: int) -> Array:
    """England's capital in prices of the base year, ``[Y]``; flat real beyond what is planned."""
    rows = path_rows(parameters.catalogue, "capital", _CHECK)
    start, end = min(rows), max(rows)
    low, high = min(start, base), max(end, base + years)
    general = index(deflators(parameters, low + 1, high))
    real = {year: parameters.value(row.id) / general[year - low] for year, row in rows.items()}
    at = general[base - low]
    return np.array([real[min(max(y, start), end)] * at for y in range(base, base + years + 1)])


class _People(NamedTuple):
    row: dict[str, int]
    boards: dict[str, int]
    residents: Array
    parts: Array
    weights: dict[str, Array]


_cached: WeakKeyDictionary[Catalogue, _People] = WeakKeyDictionary()


def _people(catalogue: Catalogue) -> _People:
    """What no draw changes, read once.

    Residents, [106, authorities, 10] by age and stratum; each board's part of each authority,
    [boards, authorities]; and each board's share of England's money by payer.
    """
    if catalogue not in _cached:
        frame = catalogue.table("population_2025")
        codes = frame["authority"].unique(maintain_order=True).to_list()
        row = {str(code): at for at, code in enumerate(codes)}
        # Not every authority has people of every quintile; quintile 1 is the most deprived.
        residents = np.zeros((_AGES, len(codes), 10))
        at = [row[str(code)] for code in frame["authority"]]
        male = (frame["sex"] == "male").to_numpy()
        stratum = 5 * male + frame["quintile"].to_numpy() - 1
        ages = frame.select(f"a{age}" for age in range(_AGES)).to_numpy()
        residents[:, at, stratum] = ages.T
        boards = {str(code): at for at, code in enumerate(catalogue.table("boards")["ods"])}
        parts = np.zeros((len(boards), len(row)))
        membership = catalogue.table("membership").select("authority", "board", "share")
        for authority, board, share in membership.iter_rows():
            parts[boards[str(board)], row[str(authority)]] += share
        table = catalogue.table("weighted_populations")
        known = [boards[str(code)] for code in table["board"]]
        weights = {payer: np.zeros(len(boards)) for payer in _WEIGHTS}
        for payer, column in _WEIGHTS.items():
            weights[payer][known] = table[column].to_numpy() / table[column].sum()
        _cached[catalogue] = _People(row, boards, residents, parts, weights)
    return _cached[catalogue]


def _shares(catalogue: Catalogue, area: Area, payers: tuple[str, ...], need: Need | None) -> Array:
    """The area's share of England's money by payer: ``[K]``."""
    people = _people(catalogue)
    heads = people.residents.sum(axis=(0, 2))[:, None]
    if need is None:
        worth = np.repeat(heads, len(payers), axis=1)
    else:
        # Age by age: one large product would start threads of its own beside those of the draws.
        by_age = people.residents @ need.per_head.transpose(2, 1, 0)
        worth = by_age.sum(axis=0)  # [authorities, K]
        worth[:, worth.sum(axis=0) <= 0.0] = heads
    boards = people.boards
    whole = people.parts @ worth  # [boards, K]
    mine = np.zeros_like(whole)
    for one in area.members:
        if one.authority not in people.row or one.board not in boards:
            raise CareError(
                f"{area.name}: no residents or no board are known of {one.authority} in "
                f"{one.board}, so that its part of a board's money cannot be worked out."
            )
        mine[boards[one.board]] += one.share * worth[people.row[one.authority]]
    found = np.zeros(len(payers))
    for k, payer in enumerate(payers):
        if payer in _WEIGHTS:
            weights = people.weights[payer]
            within = np.divide(
                mine[:, k], whole[:, k], out=np.zeros(len(boards)), where=whole[:, k] > 0
            )
            found[k] = weights @ within
        elif payer in _GROUPS:
            found[k] = mine[:, k].sum() / whole[:, k].sum()
    return found


def gap(spending: Array, services: Services, held: Funding, settings: tuple[str, ...]) -> Array:
    """Set what payers have against what care costs, by setting.

    Private money is on neither side. A payer's money lands in settings as its base-year cost does
    and keeps those shares. What England's published spending holds and no service names is the
    last setting, "unexplained": its part of a payer's money is England's, and its cost grows as
    the rest of what that payer bears. England as a whole therefore has no gap in the base year; an
    area has the gap that the model finds.

    Args:
        spending: ``[Y, P, 5, L]`` £ from :func:`leftshift.care.money.spend`.
        services: the services.
        held: the funding, of the same draw.
        settings: ids of the settings, in order.

    Returns:
        ``[S, Y, settings + 1, 3]`` £: funding, cost, and cost less funding.
    """
    years = len(spending)
    spent = spending.sum(axis=(1, 2))  # [Y, L]
    within = np.array([one in _GROUPS for one in held.payers])
    where = np.array([settings.index(one) for one in services.settings])
    by_setting = np.zeros((len(services.ids), len(settings)))
    by_setting[np.arange(len(where)), where] = 1.0
    share = services.payer_share * within
    # [Y, K, settings]
    cost = np.einsum("yl,lk,lg->ykg", spent, share, by_setting, optimize=True)
    total = cost.sum(axis=2)  # [Y, K]
    first = total[0]
    landing = np.divide(
        cost[0], first[:, None], out=np.zeros_like(cost[0]), where=first[:, None] > 0
    )
    grown = np.divide(total, first, out=np.ones_like(total), where=first > 0)
    money = held.by_payer  # [S, Y, K]
    # Money of a payer whose cost no service of the area names is unexplained as a whole.
    unnamed = np.where(within, np.where(first > 0, held.unnamed, 1.0), 0.0)
    found = np.zeros((len(held.settlements), years, len(settings) + 1, 3))
    found[:, :, :-1, 0] = (money * (1.0 - unnamed)) @ landing
    found[:, :, -1, 0] = money @ unnamed
    found[:, :, :-1, 1] = cost.sum(axis=1)
    found[:, :, -1, 1] = (grown * money[0, 0] * unnamed).sum(axis=1)
    found[..., 2] = found[..., 1] - found[..., 0]
    return found


def check_money(catalogue: Catalogue) -> None:
    """Refuse prices and funding paths that no calculation could use; see the checks of each."""
    check_prices(catalogue)
    check_funding(catalogue)


def check_funding(catalogue: Catalogue) -> None:
    """Refuse funding paths that no calculation could use.

    Args:
        catalogue: the catalogue, with a project's rows laid over it.

    Raises:
        CareError: the message begins with file and line, and names the check and the row.
    """
    parameters = catalogue.parameters()
    for group in ("nhs", "public_health"):
        for row in path_rows(catalogue, f"funding.growth.{group}", _CHECK).values():
            possible(parameters, row)
    known = set(_GROUPS) | set(_GROUPS.values())
    for row in catalogue.rows("funding.cash_growth"):
        group = row.id.split(".")[2]
        if group not in known:
            raise fail(row, "known_payer", f'no payer "{group}".{nearest(group, known)}')
        path_rows(catalogue, f"funding.cash_growth.{group}", _CHECK)
        possible(parameters, row)
    for row in catalogue.rows("funding.area"):
        if row.id != _DEFICIT:
            raise fail(
                row,
                "known_area_row",
                f"only {_DEFICIT} is known. Put the area's own allocations in data/funding.csv.",
            )
        _own(parameters, row.id)
    for payer in _GROUPS:
        _own(parameters, f"funding.england.{payer}")
    path_rows(catalogue, "capital", _CHECK)
    for settlement in _settlements(catalogue):
        change(parameters, f"settlement.{settlement.id}.growth")
