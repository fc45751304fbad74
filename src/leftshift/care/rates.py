"""Rates of use by sex, fifth, age and segment, raked to what is known of each service.

Of a service are known England's total, how use goes by sex and age, how it differs between fifths
of deprivation in four groups of age (standardised for age within them), and often how it differs
between segments (crude). The rate of a person is a product: the age's rate x a factor of fifth and
age group x a factor of the segment x a multiplier for each condition they have. Iterative
proportional fitting (Deming and Stephan, Annals of Mathematical Statistics 1940;11:427-444) finds
the product that meets all margins at once on England's people of the service's own year. How, and
what to beware of, is in docs/method/rates.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leftshift.care.reference_people import (
    BAND_OF,
    BANDS,
    ReferencePeople,
    band_label,
    list_inflation,
    reference,
)
from leftshift.care.services import Services
from leftshift.catalogue import Catalogue
from leftshift.errors import CareError, listed

__all__ = ["Rates", "list_inflation", "rates"]

Array = NDArray[np.float64]

SEXES = ("women", "men")
#: First ages of the groups that gradients of deprivation are given for.
GROUPS = np.array([0, 20, 65, 85])
GROUP_LABELS = ("0-19", "20-64", "65-84", "85+")
GROUP_OF_BAND = np.searchsorted(GROUPS, BANDS, side="right") - 1
GROUP_OF_AGE = GROUP_OF_BAND[BAND_OF]

#: Numerical settings. Rounds by band are cheap and bring the factors close; those by single age
#: finish, so that use by single age follows the shape without steps between bands.
_ROUNDS, _CLOSE = 400, 1e-6
_FINE_ROUNDS, _ENOUGH = 40, 2e-5
#: A margin is met to this, as the cited totals are.
_TOLERANCE = 1e-3
#: Margins smaller than this share of the total are not worth a round.
_NEGLIGIBLE = 1e-9
#: Largest share of a margin that the last year of life keeps in a draw from its tail.
_MOST_OF_A_MARGIN = 0.95


@dataclass(frozen=True)
class Rates:
    """Rates of use in England's base year (L services).

    Attributes:
        per_head: ``[10, 106, L]`` units expected for each resident and year by stratum and age, all
            segments and conditions together, without what the last year of life adds.
        rate: float32 ``[10, 106, 6, L]`` units a year of a person of the stratum, age and segment
            who has none of the conditions that multiply the service: what the engine is given.
        load_ratio: float32 ``[20, L]`` what having each condition multiplies it by.
        last_year: ``[L]`` units that the last year of life adds, for each death of the base year.
        england: ``[L]`` units in England in the base year, with the last years of life.
        own_year: ``[L]`` units in England in the service's own year that the rates give.
        iterations: rounds of fitting.
        worst: furthest that any margin is missed, as a share of it.
    """

    per_head: Array
    rate: NDArray[np.float32]
    load_ratio: NDArray[np.float32]
    last_year: Array
    england: Array
    own_year: Array
    iterations: int
    worst: float


@dataclass(frozen=True)
class _Margins:
    """What each service must add up to, without the last years of life (L services)."""

    band: Array  # [2, bands, L]
    age: Array  # [2, 106, L]
    group: Array  # [4, 5, L]
    segment: Array  # [6, L]; the first is of children and not fitted
    graded: NDArray[np.bool_]  # [L]: whether the segments are fitted


def rates(
    services: Services, catalogue: Catalogue, base_year: int, *, drawn: bool = False
) -> Rates:
    """Rates that meet each service's margins in its own year, brought to the base year.

    Args:
        services: the services of one draw.
        catalogue: where England's people are.
        base_year: calendar year in which the base year begins.
        drawn: whether the services are a parameter draw. What the last year of life uses is then
            held at 95% of the margin that it fills first, since a draw from its tail says that it
            is large, not that the run should stop. Central figures that do not fit are an error.

    Returns:
        The rates.

    Raises:
        CareError: a margin cannot be met; the message begins "[margin_cannot_be_met] service" and
            says which, why and what to do.
    """
    england = reference(catalogue)
    years = [year.start for year in services.years]
    different = sorted({*years, base_year})
    which = np.array([different.index(year) for year in years])
    people = england.at(different)

    mean = england.multipliers(services.conditions)
    seed = _seed(services)
    sick = england.share[..., None] * mean[:, BAND_OF]  # [10, 106, 6, L]
    margins, last_year = _margins(services, england, people, which, drawn)
    own = np.moveaxis(people[which], 0, -1)  # [10, 106, L]
    expected = own[:, :, None] * sick
    expected *= seed
    factor, rounds = _fitted(services, margins, expected)
    worst = _missed(services, margins, expected, factor)

    gap = np.array([base_year - year for year in years])
    growth = (1.0 + services.growth) ** gap
    by_age, by_group, by_segment = _settled(services, england, own, factor)
    rate = seed
    rate *= _spread(by_age, by_group, by_segment)
    dying = england.deaths.sum(axis=2)[:, :, None]
    sick *= rate
    head = sick.sum(axis=2)
    own_year = (own * (head + last_year * dying)).sum(axis=(0, 1))
    _demand_totals(services, own_year)
    head *= growth
    rate *= growth
    last = last_year * growth
    now = people[different.index(base_year)][:, :, None]
    return Rates(
        per_head=head,
        rate=rate.astype(np.float32),
        load_ratio=services.conditions.astype(np.float32),
        last_year=last,
        england=(now * (head + last * dying)).sum(axis=(0, 1)),
        own_year=own_year,
        iterations=rounds,
        worst=worst,
    )


def _seed(services: Services) -> Array:
    """Relative rates before fitting, ``[10, 106, 6, L]``: shape x deprivation x segment."""
    shape = np.moveaxis(services.shape, 0, -1)  # [2, 106, L]
    fifth = np.moveaxis(services.deprivation, 0, -1)[GROUP_OF_AGE]  # [106, 5, L]
    both = shape[:, None] * fifth.transpose(1, 0, 2)[None]  # [2, 5, 106, L]
    segment = np.ones((6, len(services.ids)))
    segment[1:] = np.where(_graded(services), services.segment.T, 1.0)
    out = both.reshape(10, shape.shape[1], 1, -1) * segment
    return np.asarray(out)


def _graded(services: Services) -> NDArray[np.bool_]:
    """Which services have a gradient over segments: all alike says that none is known."""
    first = services.segment[:, :1]
    return np.asarray((services.segment != first).any(axis=1))


# Margins ----------------------------------------------------------------------------------------


def _margins(
    services: Services,
    england: ReferencePeople,
    people: Array,
    which: NDArray[np.int64],
    drawn: bool,
) -> tuple[_Margins, Array]:
    """The margins, and the units of the last year of life that they leave out, ``[L]``."""
    graded = _graded(services)
    own = np.moveaxis(people[which], 0, -1)  # [10, 106, L]
    by_sex = own.reshape(2, 5, *own.shape[1:]).sum(axis=1)
    shape = np.moveaxis(services.shape, 0, -1)
    age = shape * by_sex
    total = age.sum(axis=(0, 1))
    _refuse(services, total <= 0, "total", "its shape is 0 at every age that has people")
    level = services.total / np.where(total > 0, total, 1.0)
    age = age * level
    band = np.add.reduceat(age, BANDS, axis=1)

    # A gradient is standardised for age: what a fifth would use at its ages' rates comes first.
    used = (shape * level)[:, None] * own.reshape(2, 5, *own.shape[1:])  # [2, 5, 106, L]
    crude = np.add.reduceat(used.sum(axis=0), GROUPS, axis=1).transpose(1, 0, 2)  # [4, 5, L]
    standard = np.moveaxis(services.deprivation, 0, -1)
    wanted = crude * standard
    sums = wanted.sum(axis=1)
    held = crude.sum(axis=1)
    lost = (sums <= 0) & (held > _NEGLIGIBLE * services.total)
    for group in range(len(GROUPS)):
        why = "its gradient is 0 in every fifth although its shape says that they use it"
        _refuse(services, lost[group], f"age group {GROUP_LABELS[group]} by fifth", why)
    group_margin = wanted * np.divide(held, sums, out=np.ones_like(held), where=sums > 0)[:, None]

    grown = _first_grown(england) <= BANDS
    adult = band[:, grown].sum(axis=(0, 1))
    _refuse(
        services,
        graded & (adult <= _NEGLIGIBLE * services.total),
        "segments",
        "it has a gradient over segments 1 to 5, but its shape is 0 at the ages of adults",
        'Leave its segments empty (segments = "").',
    )
    in_segment = np.einsum("sal,sag->gl", own, england.share)
    crude_segment = in_segment[1:] * services.segment.T
    sums = crude_segment.sum(axis=0)
    _refuse(services, graded & (sums <= 0), "segments", "its gradient is 0 in every segment")
    segment = np.zeros((6, len(services.ids)))
    segment[1:] = crude_segment * (adult / np.where(sums > 0, sums, 1.0))

    # The last years of life are in every margin, and are added to the deaths themselves.
    extra = services.last_year
    if extra.any():
        dying = (england.deaths[..., None] * own[:, :, None]).reshape(2, 5, len(BAND_OF), 6, -1)
        by_place = dying.sum(axis=3)
        lasts = (
            np.add.reduceat(by_place.sum(axis=1), BANDS, axis=1),
            np.add.reduceat(by_place.sum(axis=0), GROUPS, axis=1).transpose(1, 0, 2),
            # Children have no margin by segment.
            dying.sum(axis=(0, 1, 2)) * np.where(graded, np.arange(6)[:, None] > 0, 0.0),
        )
        whole = (band, group_margin, segment)
        room = np.minimum.reduce([_least_ratio(w, d) for w, d in zip(whole, lasts, strict=True)])
        if drawn:
            extra = np.minimum(extra, _MOST_OF_A_MARGIN * room)
        left = tuple(w - extra * d for w, d in zip(whole, lasts, strict=True))
        _demand_room(services, room, left[0], left[1], left[2][1:])
        band, group_margin, segment = left
        age = age * _ratio(band, whole[0])[:, BAND_OF]
    return _Margins(band, age, group_margin, segment, graded), extra


def _least_ratio(whole: Array, each: Array) -> Array:
    """How many of `each` the whole has room for in its tightest cell, ``[L]``."""
    room = np.divide(whole, each, out=np.full(whole.shape, np.inf), where=each > 0)
    return np.asarray(room.reshape(-1, room.shape[-1]).min(axis=0))


def _first_grown(england: ReferencePeople) -> int:
    ages = np.flatnonzero(england.share[:, :, 0].sum(axis=0) <= 0)
    return int(ages[0]) if len(ages) else len(BAND_OF)


def _demand_room(
    services: Services, room: Array, band: Array, group: Array, segment: Array
) -> None:
    """Every margin has room for what the last year of life uses of it."""
    for margin, named in (
        (band, _sex_and_band),
        (group, _group_and_fifth),
        (segment, _segment),
    ):
        least = -_NEGLIGIBLE * services.total
        short = np.argwhere(margin < least)
        if len(short):
            at = tuple(int(i) for i in short[0])
            service = at[-1]
            why = (
                f"{services.last_year[service]:.4g} for each death in the last year of life is more"
                f" than the whole margin has, by {-margin[at]:.4g}"
            )
            what = (
                f"last_year_of_life can be at most {room[service]:.3g} with this shape and these "
                "gradients: lower it, or give more use to those who die. A service that only some "
                "ages use has none."
            )
            raise _cannot(services.ids[service], named(at), why, what)
        np.maximum(margin, 0.0, out=margin)


# Fitting ----------------------------------------------------------------------------------------

Factors = tuple[Array, Array, Array]


def _spread(by_age: Array, by_group: Array, by_segment: Array) -> Array:
    """The product of factors ``[2, ages, L]``, ``[4, 5, L]``, ``[6, L]`` in every cell."""
    groups = GROUP_OF_AGE if by_age.shape[1] == len(BAND_OF) else GROUP_OF_BAND
    both = by_age[:, None] * by_group[groups].transpose(1, 0, 2)[None]
    return np.asarray(both.reshape(10, by_age.shape[1], 1, -1) * by_segment)


def _ratio(wanted: Array, have: Array) -> Array:
    return np.divide(wanted, have, out=np.zeros_like(wanted), where=have > 0)


def _sums(cells: Array) -> tuple[Array, Array, Array]:
    """Sums of cells ``[2, 5, ages, 6, L]`` by sex and age, age group and fifth, and segment."""
    by_place = cells.sum(axis=3)  # [2, 5, ages, L]
    starts = np.searchsorted(
        GROUP_OF_AGE if cells.shape[2] == len(BAND_OF) else GROUP_OF_BAND, np.arange(len(GROUPS))
    )
    by_group = np.add.reduceat(by_place.sum(axis=0), starts, axis=1).transpose(1, 0, 2)
    return by_place.sum(axis=1), by_group, cells.sum(axis=(0, 1, 2))


def _fitted(services: Services, margins: _Margins, expected: Array) -> tuple[Factors, int]:
    """Factors with which the expected use adds up to the margins.

    Rounds by band first, then by single age from the factors that they ended with.
    """
    count = len(services.ids)
    by_band = np.add.reduceat(expected, BANDS, axis=1)
    factors: Factors = (
        np.ones((2, len(BANDS), count)),
        np.ones((4, 5, count)),
        np.ones((6, count)),
    )
    factors, coarse = _rounds(margins, margins.band, by_band, factors, _ROUNDS, _CLOSE)
    start = (factors[0][:, BAND_OF], factors[1], factors[2])
    factors, fine = _rounds(margins, margins.age, expected, start, _FINE_ROUNDS, _ENOUGH)
    return factors, coarse + fine


def _rounds(
    margins: _Margins, age: Array, expected: Array, start: Factors, most: int, close: float
) -> tuple[Factors, int]:
    cells = expected * _spread(*start)
    cells = cells.reshape(2, 5, *cells.shape[1:])
    by_age, by_group, by_segment = (f.copy() for f in start)
    groups = GROUP_OF_AGE if cells.shape[2] == len(BAND_OF) else GROUP_OF_BAND
    for done in range(1, most + 1):
        now = cells.sum(axis=(0, 1, 2))
        change = np.where(margins.graded, _ratio(margins.segment, now), 1.0)
        change[0] = 1.0
        by_segment *= change
        cells *= change
        step = np.abs(change - 1.0).max()

        place = cells.sum(axis=3)
        starts = np.searchsorted(groups, np.arange(len(GROUPS)))
        now = np.add.reduceat(place.sum(axis=0), starts, axis=1).transpose(1, 0, 2)
        change = _ratio(margins.group, now)
        by_group *= change
        spread = change[groups].transpose(1, 0, 2)  # [5, ages, L]
        place *= spread
        step = max(step, float(np.abs(np.where(change > 0, change - 1.0, 0.0)).max()))

        own = _ratio(age, place.sum(axis=1))
        by_age *= own
        cells *= (spread * own[:, None])[:, :, :, None]
        if step < close and done > 1:
            break
    return (by_age, by_group, by_segment), done


def _settled(services: Services, england: ReferencePeople, own: Array, factors: Factors) -> Factors:
    """The same rates with factors of segments that are 1 on average over people who have one.

    What segments and the ages that have them share is theirs to trade. It matters only where the
    reference has nobody, as where a project has another age at which segments begin.
    """
    by_age, by_group, by_segment = factors
    people = np.einsum("sal,sag->gl", own, england.share)[1:]
    effect = by_segment[1:] * np.where(_graded(services), services.segment.T, 1.0)
    mean = (people * effect).sum(axis=0) / people.sum(axis=0)
    mean = np.where(mean > 0, mean, 1.0)
    grown = np.arange(len(BAND_OF)) >= _first_grown(england)
    by_age = np.where(grown[None, :, None], by_age * mean, by_age)
    return by_age, by_group, np.concatenate([by_segment[:1], by_segment[1:] / mean])


def _missed(services: Services, margins: _Margins, expected: Array, factor: Factors) -> float:
    """How far the margins are missed at most; an error where that is too far."""
    cells = expected * _spread(*factor)
    age, group, segment = _sums(cells.reshape(2, 5, *cells.shape[1:]))
    graded = np.where(margins.graded, 1.0, 0.0)
    worst = 0.0
    for have, wanted, named in (
        (age, margins.age, _sex_and_age),
        (group, margins.group, _group_and_fifth),
        (segment[1:] * graded, margins.segment[1:] * graded, _segment),
    ):
        off = np.abs(have - wanted)
        off /= np.maximum(wanted, _NEGLIGIBLE**0.5 * services.total)
        worst = max(worst, float(off.max()))
        if not np.isfinite(off).all() or off.max() > _TOLERANCE:
            at = tuple(int(i) for i in np.unravel_index(np.nanargmax(off), off.shape))
            why = (
                f"the nearest that fitting came is {have[at]:.5g} where {wanted[at]:.5g} is wanted:"
                " its shape by age, its gradients and its multipliers for conditions contradict "
                "each other there"
            )
            what = "Check where its shape or a gradient is 0 or very steep."
            raise _cannot(services.ids[at[-1]], named(at), why, what)
    return worst


def _demand_totals(services: Services, own_year: Array) -> None:
    off = np.abs(own_year - services.total) / services.total
    wrong = np.flatnonzero(~(off < _TOLERANCE))
    if len(wrong):
        at = int(wrong[0])
        why = f"rates give {own_year[at]:.6g} where {services.total[at]:.6g} is cited"
        raise _cannot(services.ids[at], "total", why, "Check its shape and last_year_of_life.")


At = tuple[int, ...]


def _sex_and_band(at: At) -> str:
    return f"{SEXES[at[0]]} aged {band_label(at[1])}"


def _sex_and_age(at: At) -> str:
    return f"{SEXES[at[0]]} aged {at[1]}"


def _group_and_fifth(at: At) -> str:
    return f"age group {GROUP_LABELS[at[0]]} in fifth {at[1] + 1}"


def _segment(at: At) -> str:
    return f"segment {at[0] + 1}"


def _refuse(
    services: Services,
    wrong: NDArray[np.bool_],
    margin: str,
    why: str,
    what: str = "Check its figures.",
) -> None:
    if wrong.any():
        found = [services.ids[i] for i in np.flatnonzero(wrong)]
        also = f" (also {listed(found[1:])})" if len(found) > 1 else ""
        raise _cannot(found[0], margin, why + also, what)


def _cannot(service: str, margin: str, why: str, what: str) -> CareError:
    return CareError(
        f"[margin_cannot_be_met] service {service}, margin {margin}: {why}. {what} See "
        "docs/method/rates.md."
    )
