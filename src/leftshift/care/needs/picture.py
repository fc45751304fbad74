"""What the model says of an area's people in the base year, counted by the units that are compared.

The units are the area's places, the area itself, its five fifths of deprivation, and fifths 2 to 5
together: the rest, beside the Core20 group, who are the people of fifth 1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from leftshift.areas import Area
from leftshift.care.needs.measures import (
    Z95,
    Estimates,
    crude,
    dsr,
    expectancy_error,
    indirect,
)
from leftshift.care.services import Services
from leftshift.care.use import Use
from leftshift.catalogue import Parameters
from leftshift.engine import Tables, Tallies, simulate
from leftshift.engine import lives as lanes
from leftshift.people.life_table import expectancy
from leftshift.people.model import Frame, People, World, build

__all__ = [
    "FIFTHS",
    "UNDER_75",
    "Basket",
    "Bound",
    "Care",
    "Figures",
    "Picture",
    "Reference",
    "averaged",
    "basket",
    "figures",
    "illness_measures",
    "picture",
    "reference",
]

Array = NDArray[np.float64]

#: Units after the places: the area, its fifths, and fifths 2 to 5 together.
FIFTHS = ("", "1", "2", "3", "4", "5", "2-5")
#: Measures beyond the conditions, in order; their lanes of the engine's stock.
_STATES = {
    "major_illness": lanes.MAJOR,
    "two_or_more": lanes.TWO_OR_MORE,
    "four_or_more": lanes.FOUR_OR_MORE,
    **{f"segment_{s}": lanes.SEGMENTS + s - 1 for s in range(1, 6)},
}
UNDER_75 = "deaths_under_75"
_DEATHS = ("deaths", UNDER_75)
_FIRST_OLD_BAND = 15  # 75-79


class Bound(Protocol):
    """Use of care in one world, under one draw of the parameters."""

    @property
    def tables(self) -> Tables:
        """The world's tables, with the rates of what is used."""

    def use(self, tallies: Tallies) -> Use:
        """What the people of a simulation used."""


class Care(Protocol):
    """What :class:`leftshift.care.model.Care` does for a needs assessment."""

    def bind(self, parameters: Parameters, world: World) -> Bound:
        """Takes up one world."""


@dataclass(frozen=True)
class Picture:
    """Counts of one area in the base year (units U = places + 7, measures M, services L).

    Attributes:
        places: number of places.
        people: ``[U, 2, 19]`` residents by sex and age band.
        ages: ``[U, 2, 106]`` the same by single age.
        strata: ``[2, 5, 106]`` residents of the area by sex, fifth and age.
        cases: ``[U, 2, 19, M]`` in the order of :func:`illness_measures`.
        died: ``[7, 2, 107]`` share who die in the year from each age, the area and its fifths.
        at_risk: ``[7, 2, 107]`` people at risk.
        fifths: ``[U, 5]`` people by fifth.
        rates: ``[2, 5, 19, M]`` of the area's people, by sex, fifth and band.
        weight: residents for each simulant.
        used: ``[U, L]`` units in the year; None without care.
        equal: ``[U, L]`` the same if fifths did not differ at equal age, sex and illness.
        services: what the services are; None without care.
        per_head: ``[10, 106, L]`` England's rates of use; None without care.
    """

    places: int
    people: Array
    ages: Array
    strata: Array
    cases: Array
    died: Array
    at_risk: Array
    fifths: Array
    rates: Array
    weight: float
    used: Array | None = None
    equal: Array | None = None
    services: Services | None = None
    per_head: Array | None = None


def illness_measures(conditions: list[str]) -> list[str]:
    """Ids of what is counted by age, in order."""
    return [*(f"prevalent_{one}" for one in conditions), *_STATES, *_DEATHS]


def picture(
    parameters: Parameters,
    area: Area,
    base_year: int,
    *,
    people: People,
    seed: int,
    particles: int,
    threads: int,
    care: Care | None,
    england: Array | None,
) -> Picture:
    """Simulate an area's base year.

    Args:
        parameters: the catalogue's central values.
        area: any area.
        base_year: calendar year of its 30 June.
        people: simulants, or ``"all"``.
        seed: seed of everything random.
        particles: size of the synthetic life course.
        threads: threads of the engine.
        care: what people use; None leaves use and cost out.
        england: ``[2, 5, 106]`` England's residents, over whose fifths equal rates are averaged;
            None: the area's own.

    Returns:
        The counts.
    """
    frame = Frame(base_year, 1)
    world = build(
        parameters, area, frame, people=people, seed=seed, particles=particles, threads=threads
    )
    strata = world.residents.sum(axis=0)
    bound = care.bind(parameters, world) if care is not None else None
    arms = [world.tables]
    if bound is not None:
        equal = _equal(bound.tables, strata if england is None else england)
        arms = [bound.tables, equal]
    tallies = simulate(world.lives, arms, world.scoring, seed=seed, threads=threads)
    made = _counted(world, tallies[0], len(area.places))
    if bound is None:
        return made
    used, flat = bound.use(tallies[0]), bound.use(tallies[1])
    return replace(
        made,
        used=_units_of_use(used),
        equal=_units_of_use(flat),
        services=used.services,
        per_head=used.rates.per_head,
    )


def averaged(pictures: list[Picture]) -> Picture:
    """Several simulations of the same people, seeds apart, as one of as many simulants."""
    if len(pictures) == 1:
        return pictures[0]
    first = pictures[0]
    names = ["people", "ages", "strata", "cases", "died", "at_risk", "fifths", "rates"]
    names += [] if first.used is None else ["used", "equal"]
    means = {name: np.mean([getattr(one, name) for one in pictures], axis=0) for name in names}
    return replace(first, **means, weight=first.weight / len(pictures))


def _equal(tables: Tables, england: Array) -> Tables:
    """Rates that differ by age, sex, segment and illness, and not by fifth."""
    assert tables.rate is not None
    rate = tables.rate.reshape(2, 5, *tables.rate.shape[1:])
    share = england / np.maximum(england.sum(axis=1, keepdims=True), 1e-12)
    share = np.where(england.sum(axis=1, keepdims=True) > 0, share, 0.2)
    mean = np.einsum("sqagl,sqa->sagl", rate, share)
    flat = np.broadcast_to(mean[:, None], rate.shape).reshape(tables.rate.shape)
    return replace(tables, rate=np.ascontiguousarray(flat, dtype=np.float32))


def _units(by_place: Array) -> Array:
    """``[P, 2, 5, ...]`` by place, sex and fifth to ``[U, 2, ...]`` by unit and sex."""
    places = by_place.sum(axis=2)
    fifth = np.moveaxis(by_place.sum(axis=0), 1, 0)  # [5, 2, ...]
    return np.concatenate(
        [places, fifth.sum(axis=0)[None], fifth, fifth[1:].sum(axis=0)[None]], axis=0
    )


def _units_of_use(use: Use) -> Array:
    """Units used in the base year, ``[U, L]``."""
    by_unit: Array = _units(use.activity[0].sum(axis=2)[:, None]).sum(axis=1)
    return by_unit


def _counted(world: World, tallies: Tallies, places: int) -> Picture:
    stock = tallies.stock.reshape(places, 2, 5, *tallies.stock.shape[1:])[:, :, :, 0]
    flow = tallies.flow.reshape(places, 2, 5, *tallies.flow.shape[1:])[:, :, :, 0]
    # Expected deaths: what the hazards say of the people there, without the luck of the draw.
    dead = flow[..., lanes.EXPECTED_DEATHS, None]
    young = dead.copy()
    young[..., _FIRST_OLD_BAND:, :] = 0.0
    wanted = [*range(lanes.CONDITIONS), *_STATES.values()]
    cases = np.concatenate([stock[..., wanted], dead, young], axis=-1)
    people = stock[..., lanes.PEOPLE]
    whole = people.sum(axis=0)[..., None]  # [2, 5, 19, 1]
    rates = np.divide(cases.sum(axis=0), whole, out=np.zeros(cases.shape[1:]), where=whole > 0)

    counted = np.moveaxis(
        tallies.flow_age.reshape(2, 5, *tallies.flow_age.shape[1:])[:, :, 0], 1, 0
    )
    joined = np.concatenate(
        [counted.sum(axis=0)[None], counted, counted[1:].sum(axis=0)[None]]
    )  # [7, 2, 107, 3]
    fallback = 1.0 - np.exp(-world.mortality[0].reshape(2, 5, -1).mean(axis=1))
    risk = joined[..., 2]
    died = np.where(risk > 0, joined[..., 1] / np.where(risk > 0, risk, 1.0), fallback)

    residents = world.residents
    by_fifth = residents.sum(axis=(1, 3))  # [P, 5]
    fifth = by_fifth.sum(axis=0)
    rest = np.append(0.0, fifth[1:])
    simulants = int(((world.roll.enter == 0) & (world.roll.cohort >= 0)).sum())
    return Picture(
        places=places,
        people=_units(people),
        ages=_units(residents),
        strata=residents.sum(axis=0),
        cases=_units(cases),
        died=died,
        at_risk=risk,
        fifths=np.concatenate([by_fifth, fifth[None], np.diag(fifth), rest[None]]),
        rates=rates,
        weight=float(residents.sum()) / max(simulants, 1),
    )


@dataclass(frozen=True)
class Basket:
    """What is shown of use and cost, as sums over services (K measures).

    Attributes:
        ids: ids of the measures.
        units: what they are counted in for each head.
        domains: "use" or "cost" of each.
        sums: ``[L, K]`` what a unit of each service adds to each measure.
    """

    ids: tuple[str, ...]
    units: tuple[str, ...]
    domains: tuple[str, ...]
    sums: Array


def basket(services: Services, pounds: Array, settings: list[str]) -> Basket:
    """The services per 1,000 people, and public spending per head in all and by setting.

    Args:
        services: the services.
        pounds: ``[L]`` public pounds for a unit of each.
        settings: ids of the settings, in their order.

    Returns:
        Services that have no unit but the pound are left to the settings' costs.
    """
    counted = [i for i, unit in enumerate(services.units) if unit != "pound"]
    columns = [np.eye(len(services.ids))[:, i] * 1000.0 for i in counted]
    columns.append(pounds)
    columns += [pounds * [float(s == one) for s in services.settings] for one in settings]
    many = len(counted)
    return Basket(
        ids=(*(services.ids[i] for i in counted), "cost", *(f"cost_{s}" for s in settings)),
        units=(
            *(f"{services.units[i]}s per 1,000 people a year" for i in counted),
            *(["£ per person a year"] * (1 + len(settings))),
        ),
        domains=("use",) * many + ("cost",) * (1 + len(settings)),
        sums=np.stack(columns, axis=1),
    )


@dataclass(frozen=True)
class Reference:
    """England, against which others are read (None of it without care).

    Attributes:
        strata: ``[2, 5, 106]`` residents.
        by_age: ``[2, 106, L]`` use per head by sex and age, scaled to what England uses.
        mean: ``[K]`` England's figure per head.
        level: ``[K]`` what brings use at equal rates to England's use.
    """

    strata: Array
    by_age: Array
    mean: Array
    level: Array


def reference(england: Picture, shown: Basket) -> Reference:
    """What England's picture is needed for."""
    assert england.used is not None and england.equal is not None and england.per_head is not None
    per_head = england.per_head.reshape(2, 5, 106, -1)
    people = england.strata.sum(axis=1)
    by_age = np.einsum("sqal,sqa->sal", per_head, england.strata)
    by_age = np.divide(
        by_age, people[..., None], out=np.zeros_like(by_age), where=people[..., None] > 0
    )
    whole = england.used[england.places]
    expected = np.einsum("sal,sa->l", by_age, people)
    by_age = by_age * np.divide(whole, expected, out=np.zeros_like(whole), where=expected > 0)
    seen = whole @ shown.sums
    equal = england.equal[england.places] @ shown.sums
    return Reference(
        strata=england.strata,
        by_age=by_age,
        mean=seen / people.sum(),
        level=np.divide(seen, equal, out=np.ones_like(seen), where=equal > 0),
    )


@dataclass(frozen=True)
class Figures:
    """What is shown of each unit of a picture (U units).

    Attributes:
        crude: ``[U, M]`` cases per person, with the interval of chance.
        standard: ``[U, M]`` directly standardised, per person.
        life: ``[7, 2]`` life expectancy of women and men, the area and its fifths, years.
        used: ``[U, K]`` use and cost per head; None without care.
        indirect: ``[U, K]`` standardised for age and sex at England's rates.
        equal: ``[U, K]`` use and cost per head at equal need.
        against: ``[U, K]`` used over equal.
    """

    crude: Estimates
    standard: Estimates
    life: Estimates
    used: Array | None = None
    indirect: Array | None = None
    equal: Array | None = None
    against: Array | None = None

    def values(self) -> dict[str, Array]:
        """The central arrays by name, for replicates."""
        named = {
            "crude": self.crude.value,
            "standard": self.standard.value,
            "life": self.life.value,
        }
        if self.used is not None:
            for name in ("used", "indirect", "equal", "against"):
                named[name] = getattr(self, name)
        return named


def figures(
    seen: Picture,
    standard: Array,
    smallest: float,
    measures: list[str],
    shown: Basket | None = None,
    england: Reference | None = None,
) -> Figures:
    """Work out what is shown of every unit of a picture.

    Args:
        seen: the counts.
        standard: ``[19]`` the standard population.
        smallest: the count under which a standardised rate is not worked out.
        measures: ids along the measures.
        shown: what is shown of use; None without care.
        england: the reference of use; None without care.
    """
    count = np.moveaxis(seen.cases.sum(axis=1), -1, 1)  # [U, M, 19]
    lived = np.broadcast_to(seen.people.sum(axis=1)[:, None], count.shape).copy()
    lived[:, measures.index(UNDER_75), _FIRST_OLD_BAND:] = 0.0
    years = expectancy(seen.died)
    half = Z95 * expectancy_error(seen.died, seen.at_risk)
    made = Figures(
        crude=crude(count.sum(axis=-1), lived.sum(axis=-1)),
        standard=dsr(count, lived, standard, smallest),
        life=Estimates(years, years - half, years + half),
    )
    if shown is None or england is None or seen.used is None or seen.equal is None:
        return made
    heads = seen.ages.sum(axis=(1, 2))[:, None]
    expected = np.einsum("usa,sal->ul", seen.ages, england.by_age) @ shown.sums
    count_used = seen.used @ shown.sums
    equal = seen.equal @ shown.sums * england.level
    some = np.where(heads > 0, heads, np.nan)
    return replace(
        made,
        used=count_used / some,
        indirect=indirect(count_used, expected, england.mean),
        equal=equal / some,
        against=indirect(count_used, equal, 1.0),
    )
