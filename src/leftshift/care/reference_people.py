"""England's people by state of health, which rates of use are raked on.

The tables behind this module are made by the model itself (`tools/catalogue_steps/care_states.py`):
`england_states` says how many people of each sex, fifth and age band have which conditions, and
`england_deaths` how many die, by segment. Both are of 2025/26. The people of a financial year are
the mean of the 30 June in it and the next, as the engine counts a base year; they are interpolated
between the stocks of `england_people` by sex, fifth and single age, held outside these, and have
the health of 2025/26 of their sex, fifth and age.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import polars as pl
from numpy.typing import NDArray

from leftshift.areas import Area
from leftshift.catalogue import Catalogue
from leftshift.errors import CareError
from leftshift.people.effects import child_age, scores, segment_starts
from leftshift.people.places import AGES, authorities, rows_of

__all__ = ["BANDS", "BAND_OF", "ReferencePeople", "band_label", "list_inflation", "reference"]

Array = NDArray[np.float64]
Numbers = NDArray[np.int64]

STRATA = 10
SEGMENTS = 6
CONDITIONS = 20

#: First age of each band: fives, with one that ends where segments begin, and 95 and over in one.
BANDS: Numbers = np.array([0, 5, 10, 15, 17, *range(20, 96, 5)])
#: Band of each single age.
BAND_OF: Numbers = np.searchsorted(BANDS, np.arange(AGES), side="right") - 1

_STOCKS = (2019, 2025, 2026)
_BASE = 1
#: The engine counts a base year's use as the mean of the 30 Junes at both ends of its step
#: (docs/method/engine.md), so a cited total is spread over the same mean of its own year.
_TO_MIDDLE = 0.5
_ROUNDS = 30


@dataclass(frozen=True)
class ReferencePeople:
    """England by sex, fifth, age, segment and conditions.

    Strata are ``sex * 5 + fifth`` (sex 0 female; fifth 0 most deprived), ages 0 to 105 and over,
    segment 0 people under 17.

    Attributes:
        people: ``[3, 10, 106]`` residents at mid-2019, mid-2025 and mid-2026.
        share: ``[10, 106, 6]`` share of each stratum and age that is in each segment.
        deaths: ``[10, 106, 6]`` deaths a year for each person of the stratum and age, by the
            segment that those who die are in.
        patterns: ``[U, 20]`` the different patterns of conditions.
        pattern: ``[n]`` the pattern of each row of people, rows sorted by cell.
        count: ``[n]`` its people.
        cells: ``[m]`` the cells that have people: ``(stratum * bands + band) * 6 + segment``.
        starts: ``[m]`` the first row of each.
    """

    people: Array
    share: Array
    deaths: Array
    patterns: NDArray[np.bool_]
    pattern: Numbers
    count: Array
    cells: Numbers
    starts: Numbers

    def at(self, years: Sequence[int]) -> Array:
        """People of financial years.

        Args:
            years: calendar years in which they begin.

        Returns:
            ``[years, 10, 106]``.
        """
        middle = np.clip(np.asarray(years, np.float64) + _TO_MIDDLE, _STOCKS[0], _STOCKS[-1])
        part = np.stack([np.interp(middle, _STOCKS, unit) for unit in np.eye(len(_STOCKS))], axis=1)
        return np.tensordot(part, self.people, axes=1)

    def multipliers(self, ratios: Array) -> Array:
        """Mean of the product of multipliers over people, in every cell.

        Args:
            ratios: ``[20, L]`` what having each condition multiplies each service by.

        Returns:
            ``[10, bands, 6, L]``; 1 where nobody is.
        """
        cells = STRATA * len(BANDS) * SEGMENTS
        mean = np.ones((cells, ratios.shape[1]))
        loaded = np.flatnonzero((ratios != 1.0).any(axis=0))
        if loaded.size:
            product = np.ones((len(self.patterns), loaded.size))
            for condition in np.flatnonzero((ratios != 1.0).any(axis=1)):
                having = np.flatnonzero(self.patterns[:, condition])
                product[having] *= ratios[condition, loaded]
            weighed = product[self.pattern]
            weighed *= self.count[:, None]
            total = np.add.reduceat(self.count, self.starts)
            summed = np.add.reduceat(weighed, self.starts, axis=0)
            mean[np.ix_(self.cells, loaded)] = summed / total[:, None]
        return mean.reshape(STRATA, len(BANDS), SEGMENTS, -1)


def band_label(band: int) -> str:
    """A band in words, such as "15-16" or "95+"."""
    if band + 1 == len(BANDS):
        return f"{BANDS[band]}+"
    return f"{BANDS[band]}-{BANDS[band + 1] - 1}"


_KEPT: WeakKeyDictionary[Catalogue, ReferencePeople] = WeakKeyDictionary()


def reference(catalogue: Catalogue) -> ReferencePeople:
    """The reference people of a catalogue, read once for each.

    Args:
        catalogue: where the tables are.

    Returns:
        England's people.

    Raises:
        CareError: a table lacks a part of England.
        CatalogueError: a table is wrong.
    """
    if catalogue not in _KEPT:
        _KEPT[catalogue] = _read(catalogue)
    return _KEPT[catalogue]


def _read(catalogue: Catalogue) -> ReferencePeople:
    parameters = catalogue.parameters()
    people = _residents(catalogue)
    base = people[_BASE].copy()
    # A project may have another figure for England's people; shares by age and fifth stay.
    people[_BASE:] *= parameters.value("population.england_mid_2025") / base.sum()

    states = catalogue.table("england_states")
    stratum = _strata(states)
    age = states["age_from"].to_numpy()
    state = states["conditions"].to_numpy().astype(np.int64)
    count = states["people"].to_numpy().astype(np.float64)
    band = BAND_OF[np.minimum(age, AGES - 1)]
    bits = np.arange(CONDITIONS)
    unique, pattern = np.unique(state, return_inverse=True)
    patterns = (unique[:, None] >> bits & 1).astype(bool)
    points = patterns @ scores(catalogue)
    segment = np.searchsorted(segment_starts(parameters), points, side="right")[pattern]
    segment[age < child_age(parameters)] = 0

    cell = (stratum * len(BANDS) + band) * SEGMENTS + segment
    order = np.lexsort((pattern, cell))
    order = order[count[order] > 0]
    cells, starts = np.unique(cell[order], return_index=True)
    held = np.zeros(STRATA * len(BANDS) * SEGMENTS)
    held[cells] = np.add.reduceat(count[order], starts)
    by_band = held.reshape(STRATA, len(BANDS), SEGMENTS)
    _demand_everyone(by_band.sum(axis=2))
    share = _shares(by_band, base)

    table = catalogue.table("england_deaths")
    dead = np.zeros((STRATA, AGES, SEGMENTS))
    at = (_strata(table), table["age"].to_numpy(), table["segment"].to_numpy())
    np.add.at(dead, at, table["deaths"].to_numpy())
    deaths = np.divide(dead, base[:, :, None], out=dead, where=base[:, :, None] > 0)
    return ReferencePeople(
        people=people,
        share=share,
        deaths=deaths,
        patterns=patterns,
        pattern=pattern[order],
        count=count[order],
        cells=cells,
        starts=starts,
    )


def _residents(catalogue: Catalogue) -> Array:
    found = catalogue.table("england_people")
    out = np.zeros((len(_STOCKS), STRATA, AGES))
    for number, year in enumerate(_STOCKS):
        out[number, _strata(found), found["age"].to_numpy()] = found[f"mid_{year}"].to_numpy()
    if (out.sum(axis=2) <= 0).any():
        raise CareError(
            "tables/england_people.csv has nobody of some sex and fifth. Use the shipped table, or "
            "make it anew with tools/build_catalogue.py."
        )
    return out


def _strata(frame: pl.DataFrame) -> Numbers:
    male = (frame["sex"] == "male").to_numpy().astype(np.int64)
    return np.asarray(male * 5 + frame["quintile"].to_numpy() - 1, np.int64)


def _demand_everyone(by_band: Array) -> None:
    missing = np.argwhere(by_band <= 0)
    if len(missing):
        stratum, band = (int(i) for i in missing[0])
        raise CareError(
            f"tables/england_states.csv has nobody who is {('female', 'male')[stratum // 5]}, in "
            f"fifth {stratum % 5 + 1} and aged {band_label(band)}. Each sex, fifth and band needs "
            "a row: use the shipped table, or make it anew with tools/build_catalogue.py."
        )


def _shares(by_band: Array, people: Array) -> Array:
    """Share of each segment by single age, whose people add up to those of the bands."""
    share = by_band / by_band.sum(axis=2, keepdims=True)
    grown = by_band[:, :, 0].sum(axis=0) < by_band[:, :, 1:].sum(axis=(0, 2))
    ages = np.arange(AGES)
    out = np.zeros((STRATA, AGES, SEGMENTS))
    for stratum in range(STRATA):
        mass = np.bincount(BAND_OF, people[stratum], len(BANDS))
        middle = np.bincount(BAND_OF, people[stratum] * ages, len(BANDS)) / np.maximum(mass, 1e-12)
        for adult in (False, True):
            bands = np.flatnonzero(grown == adult)
            here = np.flatnonzero(np.isin(BAND_OF, bands))
            for segment in range(SEGMENTS):
                known = share[stratum, bands, segment]
                out[stratum, here, segment] = np.interp(ages[here], middle[bands], known)
    # Straight lines between bands' means miss the bands' own people a little.
    for _ in range(_ROUNDS):
        now = np.add.reduceat(out * people[:, :, None], BANDS, axis=1)
        now /= np.maximum(now.sum(axis=2, keepdims=True), 1e-300)
        factor = np.divide(share, now, out=np.ones_like(now), where=now > 0)
        out *= factor[:, BAND_OF]
        out /= out.sum(axis=2, keepdims=True)
    return out


def list_inflation(catalogue: Catalogue, area: Area) -> Array:
    """Patients on practice lists for each resident, relative to England's.

    Services on a registered basis follow lists, which hold more people than live in a place. Rates
    are for each resident of England, so what a place adds is its own ratio over England's.

    Args:
        catalogue: where the table `registered_lists` is.
        area: any area.

    Returns:
        ``[P]``, around 1: a place has its boards' ratios, weighted by its people in each.

    Raises:
        CareError: a board has no lists.
        AreaError: an authority has no people.
    """
    lists = catalogue.table("registered_lists")
    registered = lists["registered"].to_numpy().astype(np.float64)
    residents = lists["residents"].to_numpy().astype(np.float64)
    england = registered.sum() / residents.sum()
    ratio = dict(zip(lists["board"].to_list(), registered / residents / england, strict=True))
    people = _authority_people(catalogue, area)
    out = np.ones(len(area.places))
    for p, place in enumerate(area.places):
        lost = sorted({member.board for member in place.members} - set(ratio))
        if lost:
            raise CareError(
                f'tables/registered_lists.csv has no practice lists for board "{lost[0]}". Use the '
                "codes of the 42 boards of 2024, or add its row to "
                "catalogue/tables/registered_lists.csv of the project."
            )
        held = np.array([member.share * people[member.authority] for member in place.members])
        own = np.array([ratio[member.board] for member in place.members])
        if held.sum() > 0:
            out[p] = float(held @ own / held.sum())
    return out


def _authority_people(catalogue: Catalogue, area: Area) -> dict[str, float]:
    found = rows_of(catalogue.table("population_2025"), "population_2025", authorities(area))
    sums = found.group_by("authority").agg(
        people=pl.sum_horizontal([f"a{a}" for a in range(AGES)]).sum()
    )
    return dict(zip(sums["authority"].to_list(), sums["people"].to_list(), strict=True))
