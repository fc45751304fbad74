"""The roll of simulated people: everyone who ever lives in the area, listed from the start.

Residents are drawn by systematic sampling along (age, quintile, place, sex), so that every age, and
every quintile of it, has its number to within one, then weighted by raking so that age x quintile,
sex x five-year age and place add up to the estimate. Births and arrivals of all years are listed
from the start with the mean weight, by systematic accumulation. So identities are the same in every
arm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from leftshift.engine.randoms import LEAVING, exponentials, uniforms
from leftshift.errors import SettingError
from leftshift.people.places import AGES
from leftshift.people.population import Flows, project

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

NEVER = 32767
"""``leave`` of somebody who stays for good."""

_RESIDENT, _BORN, _MOVED = 0, 1, 2
_BAND_STARTS = np.arange(0, 95, 5)
_BANDS = np.minimum(np.arange(AGES) // 5, 18)
_ENOUGH = 30
_CHUNK = 1 << 22


@dataclass(frozen=True)
class Roll:
    """Simulated people, sorted by place, sex, quintile, cohort and id (n people).

    Attributes:
        id: uint64, unique; the same whatever the number of threads.
        place: int16, index into the area's places.
        sex: int8, 0 female, 1 male.
        quintile: int8, 0 most deprived to 4.
        cohort: int16, age last birthday at stock 0: age at stock t is cohort + t. A child born in
            step t has -1 - t.
        enter: int16, first stock; a child born in step t has t, is at risk of dying in step t and
            is first counted at t + 1.
        leave: int16, first stock at which no longer counted; 32767 for never.
        weight: float64, residents that one stands for.
    """

    id: NDArray[np.uint64]
    place: NDArray[np.int16]
    sex: NDArray[np.int8]
    quintile: NDArray[np.int8]
    cohort: NDArray[np.int16]
    enter: NDArray[np.int16]
    leave: NDArray[np.int16]
    weight: Array

    def __len__(self) -> int:
        """Number of simulated people."""
        return len(self.id)


def systematic(values: Array, start: float) -> Counts:
    """Whole counts that follow fractional ones: any run of cells is within one of its sum.

    Args:
        values: expected counts, flat, in the order along which to accumulate.
        start: where in the first unit the accumulation starts, 0 to below 1.

    Returns:
        int64 of the same length.
    """
    filled = np.floor(np.cumsum(values) + start).astype(np.int64)
    return np.diff(filled, prepend=np.int64(np.floor(start)))


def roll(
    residents: Array,
    flows: Flows,
    mortality: Array,
    people: int | Literal["all"],
    seed: int = 1,
) -> Roll:
    """Lists everyone who ever lives in the area.

    Args:
        residents: ``[P, 2, 5, 106]`` at stock 0.
        flows: births and net moves of T steps.
        mortality: ``[T, 10, 107]`` hazards of death: net leavers are a rate of who is there.
        people: residents to simulate, or ``"all"``: one for each, with weight 1. A number above
            the residents means all.
        seed: the run's seed.

    Returns:
        The roll.

    Raises:
        SettingError: fewer than one person, or an area without residents.
    """
    total = float(residents.sum())
    everyone = round(total)
    if everyone < 1:
        raise SettingError("the area has no residents: give one whose shares are above 0.")
    if people != "all" and people < 1:
        raise SettingError(f'people is {people}: give at least 1, or "all" for every resident.')
    whole = people == "all" or people >= everyone
    n = everyone if people == "all" else min(int(people), everyone)
    mean_weight = 1.0 if whole else total / n
    # In a whole population the halves round, so that whole cells keep their number.
    start = 0.5 if whole else float(uniforms(seed, [0], LEAVING - 1)[0])
    counts = _allocate(residents, n, start)
    cell_weight = None if whole else rake(counts, residents, mean_weight)
    groups = _groups(counts, flows, mean_weight, start)
    return _listed(groups, cell_weight, mean_weight, _cumulative(residents, flows, mortality), seed)


def _allocate(residents: Array, n: int, start: float) -> Counts:
    """How many simulants each cell has, ``[P, 2, 5, 106]``, n in all."""
    # Each age, and each quintile of it, is then a run of the order: within one of its number.
    order = residents.transpose(3, 2, 0, 1)
    running = np.cumsum(order.ravel())
    filled = np.floor(running * (n / running[-1]) + start).astype(np.int64)
    filled[-1] = n
    counts = np.diff(np.minimum(filled, n), prepend=0).reshape(order.shape)
    return np.ascontiguousarray(counts.transpose(2, 3, 1, 0))


def _runs(counts: Counts, least: int) -> Counts:
    """Groups neighbouring cells of each row until every group has enough simulants.

    Args:
        counts: ``[rows, cells]`` simulants.
        least: fewest simulants of a group; a row with fewer in all is one group.

    Returns:
        ``[rows, cells]`` number of the group, starting anew in each row at the last cell.
    """
    group = np.empty(counts.shape, np.int64)
    for row, cells in enumerate(counts.tolist()):
        now, held = 0, 0
        for cell in range(len(cells) - 1, -1, -1):
            if held >= least and sum(cells[: cell + 1]) >= least:
                now, held = now + 1, 0
            group[row, cell] = now
            held += cells[cell]
    return group


def _margin(counts: Counts, people: Array, least: int) -> tuple[Counts, Array]:
    """A margin's groups and their targets, for raking.

    Args:
        counts: ``[rows, cells]`` simulants of the margin.
        people: ``[rows, cells]`` its people.
        least: fewest simulants of a group of neighbouring cells.

    Returns:
        The group of each cell, flat, and the people that each group stands for. People of a row
        without simulants go to the nearest row that has some.
    """
    rows, cells = counts.shape
    filled = np.flatnonzero(counts.sum(1))
    wanted = people.copy()
    for row in range(rows):
        near = filled[np.argmin(np.abs(filled - row))]
        if near != row:
            wanted[near] += wanted[row]
            wanted[row] = 0
    key = (_runs(counts, least) + np.arange(rows)[:, None] * cells).ravel()
    return key.astype(np.int64), np.bincount(key, wanted.ravel(), rows * cells).astype(np.float64)


def rake(counts: Counts, residents: Array, mean_weight: float, rounds: int = 60) -> Array:
    """Weights of each cell's simulants, so that the margins add up to the estimate.

    Raked in turn to place, sex x five-year age, age, and age x quintile. Where a cell of age x
    quintile or sex x age holds fewer than 30 simulants it is raked together with its neighbours in
    age: systematic sampling has brought it to within one already. An age that has no simulant
    lends its people to the next younger that has.

    Args:
        counts: ``[P, 2, 5, 106]`` simulants.
        residents: ``[P, 2, 5, 106]`` people.
        mean_weight: people to a simulant.
        rounds: the most rounds; with few simulants the margins cannot all be met.

    Returns:
        ``[P, 2, 5, 106]`` weight of each simulant of the cell, 0 where there is none.
    """
    # The cells that hold anyone: a small part of the table where simulants are few.
    place, sex, quintile, age = np.nonzero(counts)
    held = counts[place, sex, quintile, age].astype(np.float64)
    banded, wanted_banded = (
        np.add.reduceat(x.sum((0, 2)), _BAND_STARTS, axis=1) for x in (counts, residents)
    )
    cells = (
        (place, counts.sum((1, 2, 3))[:, None], residents.sum((1, 2, 3))[:, None], 1),
        (sex * 19 + _BANDS[age], banded, wanted_banded, _ENOUGH),
        (age, counts.sum((0, 1, 2))[None], residents.sum((0, 1, 2))[None], 1),
        (quintile * AGES + age, counts.sum((0, 1)), residents.sum((0, 1)), _ENOUGH),
    )
    margins = []
    for cell, simulants, wanted, least in cells:
        key, target = _margin(simulants, wanted, least)
        margins.append((key[cell], target))
    people = held * mean_weight
    for _ in range(rounds):
        furthest = 0.0
        for key, target in margins:
            now = np.bincount(key, people, target.size)
            factor = np.where(now > 0, target / np.where(now > 0, now, 1), 1.0)
            furthest = max(furthest, float(np.abs(factor[key] - 1).max()))
            people *= factor[key]
        if furthest < 1e-10:
            break
    people *= residents.sum() / people.sum()
    weight = np.zeros(counts.shape)
    weight[place, sex, quintile, age] = people / held
    return weight


@dataclass(frozen=True)
class _Groups:
    """Simulants that differ only in their number, sorted (g groups)."""

    number: Counts
    place: Counts
    sex: Counts
    quintile: Counts
    cohort: Counts
    enter: Counts
    identity: NDArray[np.uint64]
    resident: NDArray[np.bool_]


def _groups(counts: Counts, flows: Flows, mean_weight: float, start: float) -> _Groups:
    """Residents, births and arrivals in the order of the roll."""
    steps = len(flows.births)
    born = systematic(flows.births.ravel() / mean_weight, start).reshape(flows.births.shape)
    # Within a year by age first, then quintile: so each has its number to within one.
    order = np.maximum(flows.net, 0).transpose(0, 4, 3, 1, 2)
    moved = systematic(order.ravel() / mean_weight, start).reshape(order.shape)
    moved = moved.transpose(0, 3, 4, 2, 1)

    parts: list[Counts] = []
    for kind, table in ((_RESIDENT, counts[None]), (_BORN, born[..., None]), (_MOVED, moved)):
        t, place, sex, quintile, age = np.nonzero(table)
        number = table[t, place, sex, quintile, age]
        cohort = {_RESIDENT: age, _BORN: -1 - t, _MOVED: age - t - 1}[kind]
        enter = t + 1 if kind == _MOVED else t
        kinds = np.full_like(t, kind)
        parts.append(np.stack([kinds, t, place, sex, quintile, age, cohort, enter, number]))
    kinds, t, place, sex, quintile, age, cohort, enter, number = np.concatenate(parts, axis=1)
    # One integer for each group, in the roll's order.
    key = (((place * 2 + sex) * 5 + quintile) * (AGES + steps) + cohort + steps) * 4 + kinds
    sort = np.argsort(key * (steps + 1) + t, kind="stable")
    fields = ((kinds, 61), (t, 55), (place, 45), (sex, 44), (quintile, 41), (age, 34))
    identity = np.zeros(len(kinds), np.uint64)
    for field, shift in fields:
        identity |= field.astype(np.uint64) << np.uint64(shift)
    return _Groups(
        number[sort],
        place[sort],
        sex[sort],
        quintile[sort],
        cohort[sort],
        enter[sort],
        identity[sort],
        kinds[sort] == _RESIDENT,
    )


def _cumulative(residents: Array, flows: Flows, mortality: Array) -> NDArray[np.float32]:
    """Cumulative hazard of leaving along each cohort, ``[P, 2, 5, 106 + T, T + 1]``.

    Entry ``[..., cohort + T, j]`` adds up the steps before stock j.
    """
    steps = len(flows.births)
    leaving = np.maximum(-flows.net, 0)
    # Everyone of a cell who survives the step may leave: that is its stock plus those who left.
    present = project(residents, flows, mortality)[1:] + leaving - np.maximum(flows.net, 0)
    share = np.clip(leaving / np.maximum(present, 1e-12), 0, 0.999)
    hazard = -np.log1p(-share)
    cumulative = np.zeros((*residents.shape[:3], AGES + steps, steps + 1))
    cohort = np.arange(AGES + steps) - steps
    for t in range(steps):
        age = cohort + t + 1
        step = hazard[t][..., np.clip(age, 0, AGES - 1)] * (age >= 0)
        cumulative[..., t + 1] = cumulative[..., t] + step
    return cumulative.astype(np.float32)


def _listed(
    groups: _Groups,
    cell_weight: Array | None,
    mean_weight: float,
    cumulative: NDArray[np.float32],
    seed: int,
) -> Roll:
    """Writes the groups out as people and settles who leaves when."""
    steps = cumulative.shape[-1] - 1
    number = groups.number
    n = int(number.sum())
    first = np.cumsum(number) - number
    weight = np.full(len(number), mean_weight)
    if cell_weight is not None:
        g = groups.resident
        weight[g] = cell_weight[
            groups.place[g], groups.sex[g], groups.quintile[g], groups.cohort[g]
        ]
    table = cumulative.reshape(-1, steps + 1)
    stratum = (groups.place * 2 + groups.sex) * 5 + groups.quintile
    line = stratum * (AGES + steps) + groups.cohort + steps
    offset = table[line, groups.enter]
    reach = table[line, steps] - offset

    # Id and leaving in chunks of groups: all of England then needs no second copy of itself.
    identity = np.empty(n, np.uint64)
    leave = np.full(n, NEVER, np.int16)
    bounds = np.searchsorted(first, np.arange(0, n, _CHUNK))
    for low, high in zip(bounds, [*bounds[1:], len(number)], strict=True):
        if low == high:
            continue
        here = number[low:high]
        size = int(here.sum())
        at = int(first[low])
        within = np.arange(size, dtype=np.uint64) - np.repeat(
            (first[low:high] - at).astype(np.uint64), here
        )
        ids = np.repeat(groups.identity[low:high], here) + within
        identity[at : at + size] = ids
        threshold = exponentials(seed, ids, LEAVING)
        goes = np.flatnonzero(threshold < np.repeat(reach[low:high], here))
        if len(goes):
            group = low + np.repeat(np.arange(high - low, dtype=np.int32), here)[goes]
            level = threshold[goes] + offset[group]
            lines = line[group]
            when = np.zeros(len(goes), np.int16)
            for j in range(steps + 1):
                when += table[lines, j] <= level
            leave[at + goes] = np.minimum(when, steps)
    return Roll(
        id=identity,
        place=np.repeat(groups.place.astype(np.int16), number),
        sex=np.repeat(groups.sex.astype(np.int8), number),
        quintile=np.repeat(groups.quintile.astype(np.int8), number),
        cohort=np.repeat(groups.cohort.astype(np.int16), number),
        enter=np.repeat(groups.enter.astype(np.int16), number),
        leave=leave,
        weight=np.repeat(weight, number),
    )
