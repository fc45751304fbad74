"""What a board's own totals do to the model: its rates by age and sex, and its places.

A total of the board is one more margin of a service's rates, on the area's own people of the base
year: iterative proportional fitting moves the use that the model expects there by place, sex and
age until every total is met. Rates are the same wherever people live, so the result is held as a
factor by sex and age (which multiplies the rates) and a factor by place (which multiplies what the
engine counts); who is in which quintile, segment and state of health stays as the model has it.
What no row covers keeps the model's own use.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from leftshift.areas import Area
from leftshift.care.local.agree import families, labels
from leftshift.care.local.data import LocalData, by_item
from leftshift.care.local.files import Given
from leftshift.care.local.rows import LocalRow, sourced
from leftshift.care.money import to_year
from leftshift.care.rates import Rates
from leftshift.care.reference_people import reference
from leftshift.care.services import Services
from leftshift.catalogue import Catalogue, Parameters
from leftshift.errors import CareError
from leftshift.people.model import World

__all__ = [
    "Fitted",
    "base_use",
    "brought",
    "fit",
    "fitted",
]

Array = NDArray[np.float64]

_AGES = 106
_CHUNK = 1 << 14
_GROUPS_OF_FIVE = 4
_BITS = np.uint32(31)
#: Numerical settings of the fit, not figures about the world.
_ROUNDS, _CLOSE = 500, 1e-10


@dataclass(frozen=True)
class Fitted:
    """What a board's totals make of a draw's rates (n services with totals, of L in all).

    Attributes:
        which: ``[n]`` positions of those services.
        age_sex: ``[2, 106, n]`` what multiplies their rates.
        place: ``[P, n]`` what multiplies their use by place after the engine.
        wanted: ``[P, n]`` units of the base year by place that the totals ask for.
        rows: each row of activity.csv, before and after.
        warnings: rows that factors by place and by age cannot both meet, in sentences.
    """

    which: NDArray[np.intp]
    age_sex: Array
    place: Array
    wanted: Array
    rows: tuple[LocalRow, ...]
    warnings: tuple[str, ...] = ()

    def rates(self, rates: Rates) -> Rates:
        """The rates with the board's own ages and sexes; England's totals stay England's."""
        per_head, rate = rates.per_head.copy(), rates.rate.copy()
        factor = np.repeat(self.age_sex, 5, axis=0)  # [10, 106, n]: strata are sex x quintile
        per_head[..., self.which] *= factor
        rate[..., self.which] *= factor[:, :, None].astype(np.float32)
        return replace(rates, per_head=per_head, rate=rate)

    def place_factor(self, services: int) -> Array:
        """``[P, L]`` what multiplies each place's use; 1 for services without totals."""
        out = np.ones((len(self.place), services))
        out[:, self.which] = self.place
        return out

    def closing(self, base_year: Array) -> Array:
        """What is left between the engine's base year and the totals, to be multiplied at last.

        The fit is on the people of 30 June; the engine counts a whole year, in which some die and
        others grow older. This closes what that makes, a percent or so.

        Args:
            base_year: ``[P, L]`` units of the base year, place factors included.

        Returns:
            ``[P, L]``; 1 for services without totals and where there is no use.
        """
        out = np.ones_like(base_year)
        have = base_year[:, self.which]
        part = np.divide(self.wanted, have, out=np.ones_like(have), where=have > 0)
        out[:, self.which] = part
        return out


def fitted(
    data: LocalData,
    parameters: Parameters,
    area: Area,
    world: World,
    services: Services,
    rates: Rates,
    inflation: Array,
    base_year: int,
) -> Fitted | None:
    """Fits one draw's rates to the board's own totals.

    Args:
        data: the board's own data.
        parameters: the draw.
        area: the area.
        world: its people in this draw.
        services: the services of the draw.
        rates: their rates, before any of the board's totals.
        inflation: ``[P, L]`` what multiplies each place's use, such as registered lists.
        base_year: calendar year in which the base year begins.

    Returns:
        The factors; None where activity.csv has no rows.

    Raises:
        CareError: a total cannot be met; see :func:`fit`.
    """
    rows = data.of("activity")
    if not rows:
        return None
    which = np.array(sorted({services.index(row.item) for row in rows}), np.intp)
    known: dict[int, Array] = {}

    def cost_level(year: int) -> Array:
        if year not in known:
            known[year] = to_year(parameters, services, year)
        return known[year]

    wanted = [
        brought(
            row,
            services.index(row.item),
            services,
            rates,
            parameters.catalogue,
            base_year,
            cost_level,
        )
        for row in rows
    ]
    use = base_use(world, rates, which, inflation)
    tolerance = parameters.catalogue.row("care.local.totals_tolerance").estimate.value
    places = [place.code for place in area.places]
    return fit(data, use, which, services, wanted, places, tolerance)


def base_use(
    world: World, rates: Rates, which: NDArray[np.intp], inflation: Array | None = None
) -> Array:
    """Use that the model expects of the people of the base stock, a year.

    Args:
        world: the people and their states of health.
        rates: rates before any of the board's totals.
        which: ``[n]`` positions of the services wanted.
        inflation: ``[P, L]`` what multiplies each place's use, such as registered lists; None for
            1.

    Returns:
        ``[P, 2, 106, n]`` units a year, with the last years of life of those expected to die.
    """
    places = len(world.residents)
    lives = world.lives
    out = np.zeros((places * 10 * _AGES, len(which)))
    rate = rates.rate[..., which].reshape(-1, len(which))
    loads = _products(rates.load_ratio[:, which])
    points = _sums(world.scoring.score)
    people = np.flatnonzero((lives.enter == 0) & (lives.cohort >= 0))
    for start in range(0, len(people), _CHUNK):
        mine = people[start : start + _CHUNK]
        group = lives.group[mine].astype(np.int64)
        age = lives.cohort[mine].astype(np.int64)
        state = lives.state[mine]
        parts = [(state >> np.uint32(5 * i)) & _BITS for i in range(_GROUPS_OF_FIVE)]
        score = sum((points[i][part] for i, part in enumerate(parts)), np.zeros(len(mine), int))
        segment = np.searchsorted(world.scoring.starts, score, side="right")
        segment[age < world.scoring.child_age] = 0
        stratum = lives.group_stratum[group].astype(np.int64)
        used = rate[(stratum * _AGES + age) * 6 + segment]
        for load, part in zip(loads, parts, strict=True):
            if load is not None:
                used *= load[part]
        used *= lives.weight[mine].astype(np.float32)[:, None]
        # Lives are sorted by group, then age: a cell's people stand together.
        cell = group * _AGES + age
        first = np.flatnonzero(np.diff(cell, prepend=-1))
        out[cell[first]] += np.add.reduceat(used, first, axis=0, dtype=np.float64)
    use = out.reshape(places, 2, 5, _AGES, -1).sum(axis=2)
    dying = -np.expm1(-world.mortality[0, :, 1:]).reshape(2, 5, _AGES)
    deaths = (world.residents * dying).sum(axis=2)  # [P, 2, 106]
    use += deaths[..., None] * rates.last_year[which]
    if inflation is not None:
        use *= inflation[:, None, None, which]
    return np.asarray(use)


def brought(
    row: Given,
    at: int,
    services: Services,
    rates: Rates,
    catalogue: Catalogue,
    base_year: int,
    cost_level: Callable[[int], Array],
) -> float:
    """A board's total brought from its own year to the base year.

    It grows as England's use of the service does: by who lives there, at fixed rates by age, sex
    and fifth, and by growth beyond demography. Pounds of a service without a unit are brought to
    the prices of the service's own year, in which the model counts them.

    Args:
        row: of activity.csv.
        at: the service's position.
        services: the services of the draw.
        rates: their rates, before any of the board's totals.
        catalogue: where England's people are.
        base_year: calendar year in which the base year begins.
        cost_level: gives ``[L]``, what a unit's cost in its own year is multiplied by to be that
            of another year: `money.to_year`.

    Returns:
        Units of the base year.
    """
    assert row.year is not None
    year = row.year.start
    then, now = reference(catalogue).at([year, base_year])
    per_head = rates.per_head[..., at]
    people = float((per_head * now).sum() / (per_head * then).sum())
    beyond = float((1.0 + services.growth[at]) ** (base_year - year))
    level = float(cost_level(year)[at]) if services.units[at] == "pound" else 1.0
    return row.value * people * beyond / level


def fit(
    data: LocalData,
    use: Array,
    which: NDArray[np.intp],
    services: Services,
    wanted: Sequence[float],
    places: Sequence[str],
    tolerance: float,
) -> Fitted:
    """Fits the model's expected use to a board's totals.

    Args:
        data: the board's own data.
        use: ``[P, 2, 106, n]`` expected use of the base year, from :func:`base_use`.
        which: ``[n]`` positions of the services, each with at least one row.
        services: the services.
        wanted: each row's total in units of the base year, in the order of
            ``data.of("activity")``.
        places: codes of the area's places.
        tolerance: how far totals may miss, relatively, where they agree only so far.

    Returns:
        Factors, and each row before and after.

    Raises:
        CareError: a total is for people who use none of the service, or totals contradict each
            other; the message names file and line.
    """
    rows = data.of("activity")
    totals = dict(zip(rows, wanted, strict=True))
    mine = by_item(rows)
    age_sex = np.ones((2, _AGES, len(which)))
    place = np.ones((len(places), len(which)))
    asked = np.zeros((len(places), len(which)))
    after: dict[Given, tuple[float, float]] = {}
    for n, at in enumerate(which):
        own = mine[services.ids[at]]
        met = _met(use[..., n], own, totals, places, tolerance)
        by_age, by_place = _product(use[..., n], met, own)
        age_sex[..., n], place[:, n] = by_age, by_place
        asked[:, n] = met.sum(axis=(1, 2))
        held = use[..., n] * by_age * by_place[:, None, None]
        for group in families(own).values():
            label = labels(group, places)
            before, now = (_summed(label, cells, len(group)) for cells in (use[..., n], held))
            after.update({row: (b, a) for row, b, a in zip(group, before, now, strict=True)})
    missed = [
        f"{row.where}: {row.item} comes to {after[row][1]:,.0f} and not to the {totals[row]:,.0f} "
        "that your figure is in the base year: its factors are by age and by place, not by both."
        for row in rows
        if abs(after[row][1] - totals[row]) > 2.0 * tolerance * max(totals[row], 1.0)
    ]
    return Fitted(
        which=which,
        age_sex=age_sex,
        place=place,
        wanted=asked,
        warnings=tuple(missed),
        rows=tuple(
            LocalRow(
                quantity="units",
                item=row.item,
                place=row.place,
                age_band=row.age_band,
                sex=row.sex,
                unit=services.units[services.index(row.item)],
                before=after[row][0],
                given=row.value,
                after=after[row][1],
                given_year=str(row.year),
                source=sourced(row),
            )
            for row in rows
        ),
    )


# --- fitting ------------------------------------------------------------------------------------


def _products(ratios: NDArray[np.float32]) -> list[NDArray[np.float32] | None]:
    """Products of multipliers for each combination of five conditions; None where all are 1."""
    out: list[NDArray[np.float32] | None] = []
    for start in range(0, 5 * _GROUPS_OF_FIVE, 5):
        five = ratios[start : start + 5]
        if (five == 1.0).all():
            out.append(None)
            continue
        has = (np.arange(32)[:, None] >> np.arange(5)) & 1
        out.append(np.where(has[:, :, None] == 1, five, np.float32(1)).prod(axis=1))
    return out


def _sums(points: NDArray[np.int64]) -> NDArray[np.int64]:
    has = (np.arange(32)[:, None] >> np.arange(5)) & 1
    return np.stack([has @ points[s : s + 5] for s in range(0, 5 * _GROUPS_OF_FIVE, 5)])


def _summed(label: NDArray[np.int64], cells: Array, rows: int) -> list[float]:
    held = label >= 0
    return [float(x) for x in np.bincount(label[held], cells[held], rows)]


def _met(
    use: Array,
    rows: Sequence[Given],
    totals: dict[Given, float],
    places: Sequence[str],
    tolerance: float,
) -> Array:
    """Use ``[P, 2, 106]`` of one service, moved until each of its rows is met."""
    margins = []
    for group in families(rows).values():
        label = labels(group, places)
        have = np.array(_summed(label, use, len(group)))
        wanted = np.array([totals[row] for row in group])
        for i in map(int, np.flatnonzero((have <= 0) & (wanted > 0))):
            row = group[i]
            raise CareError(
                f"{row.where}: [local_total_cannot_be_met] {row.item}: nobody there"
                f"{' aged ' + row.age_band if row.age_band else ''} uses any in the model, so no "
                "factor gives the total. Give a total for more ages, or leave the row out."
            )
        margins.append((group, label, label >= 0, wanted))
    out = use.copy()
    worst = np.inf
    for _ in range(_ROUNDS):
        worst = 0.0
        for _, label, held, wanted in margins:
            have = np.bincount(label[held], out[held], len(wanted))
            factor = np.divide(wanted, have, out=np.ones_like(have), where=have > 0)
            out[held] *= factor[label[held]]
            worst = max(worst, float(np.abs(np.where(wanted > 0, factor - 1.0, 0.0)).max()))
        if worst < _CLOSE:
            return out
        if len(margins) == 1:
            return out
    for group, label, _, wanted in margins:
        have = np.array(_summed(label, out, len(group)))
        missed = np.abs(have - wanted) > 2.0 * tolerance * np.maximum(wanted, 1e-9)
        for i in map(int, np.flatnonzero(missed)):
            lines = ", ".join(str(row.line) for row in rows if row is not group[i])
            raise CareError(
                f"{group[i].where}: [local_totals_disagree] {group[i].item}: no split between "
                f"places, ages and sexes meets this total together with lines {lines}; the nearest "
                f"is {have[i]:,.6g} where {wanted[i]:,.6g} is asked for. Correct one, or leave one "
                "out."
            )
    return out


def _product(use: Array, met: Array, rows: Sequence[Given]) -> tuple[Array, Array]:
    """Factors by sex and age ``[2, 106]`` and by place ``[P]`` with the margins of `met`."""
    by_age = np.ones(use.shape[1:])
    by_place = np.ones(len(use))
    aged = any(row.age_band or row.sex for row in rows)
    placed = any(row.place for row in rows)
    wanted_age, wanted_place = met.sum(axis=0), met.sum(axis=(1, 2))
    if not aged:
        by_place = _ratio(wanted_place, use.sum(axis=(1, 2)))
        if not placed:
            # One factor for all: as a rate, so that places stay as they are.
            by_age, by_place = by_age * by_place[0], np.ones(len(use))
        return by_age, by_place
    if not placed:
        return _ratio(wanted_age, use.sum(axis=0)), by_place
    for _ in range(_ROUNDS):
        now = use * by_place[:, None, None]
        by_age = _ratio(wanted_age, now.sum(axis=0))
        change = _ratio(wanted_place, (now * by_age).sum(axis=(1, 2)))
        by_place = by_place * change
        if float(np.abs(change - 1.0).max()) < _CLOSE:
            break
    # The two factors are held apart by one constant: places have 1 on average.
    mean = float((use * by_place[:, None, None]).sum() / use.sum())
    return by_age * mean, by_place / mean


def _ratio(wanted: Array, have: Array) -> Array:
    return np.asarray(np.divide(wanted, have, out=np.ones_like(wanted), where=have > 0))
