"""Target groups as the engine compares them: risk factors as levels, places and fifths as groups.

A person has one of sixteen equal ranks of each risk factor, and a value that goes with it for their
sex, fifth of deprivation and age. So a range of values is a set of ranks that differs between them:
one clause of a target group becomes as many clauses of the engine as there are different sets.
A rank is in the range where at least half of those who have it are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leftshift.catalogue import Parameters
from leftshift.engine import Clause
from leftshift.engine.actions import NO_LIMIT
from leftshift.people import risk
from leftshift.people.effects import band_ages
from leftshift.plans.who_clauses import HIGHEST_SCORE
from leftshift.plans.who_clauses import Clause as Asked

__all__ = ["Levels", "engine_clauses"]

_STRATA = 10
_QUINTILES = 5
_BAND = 5  # years of age in a band of risk
_NEVER, _FORMER, _CURRENT = 0, 1, 2

Masks = NDArray[np.uint16]


@dataclass
class Levels:
    """What each rank of each risk factor stands for, under one draw of the parameters.

    Worked out when first asked for, since few plans ask.

    Attributes:
        parameters: the draw.
    """

    parameters: Parameters

    def __post_init__(self) -> None:
        self._known: dict[str, NDArray[np.float64]] = {}

    def within(self, factor: str, low: float, high: float) -> Masks:
        """The ranks whose values are in [low, high), as bits, ``[10, 22]`` by stratum and band."""
        if factor not in self._known:
            ranks = (np.arange(risk.BINS) + 0.5) / risk.BINS
            self._known[factor] = risk.quantiles(
                self.parameters, factor, ranks, band_ages(), 0.0, None
            )
        values = self._known[factor]
        return _bits((values >= low) & (values < high))

    def smoking(self, states: int) -> Masks:
        """The ranks of never (bit 0), former and current smokers, as bits, ``[10, 22]``."""
        if "smoking" not in self._known:
            never, former, _ = risk.smoking_shares(self.parameters, band_ages(), 0.0, None)
            low = (np.arange(risk.BINS) / risk.BINS)[:, None, None]
            nothing, all_ = np.zeros_like(never), np.ones_like(never)
            ends = [(nothing, never), (never, never + former), (never + former, all_)]
            self._known["smoking"] = np.stack([risk.overlap(low, *pair) for pair in ends])
        shares = self._known["smoking"]
        asked = [state for state in (_NEVER, _FORMER, _CURRENT) if states >> state & 1]
        return _bits(shares[asked].sum(axis=0) >= 0.5)


def _bits(covered: NDArray[np.bool_]) -> Masks:
    """Bits from flags ``[16, ...]``."""
    weights = (1 << np.arange(risk.BINS, dtype=np.uint32)).reshape(-1, *[1] * (covered.ndim - 1))
    bits: Masks = (covered * weights).sum(axis=0).astype(np.uint16)
    return bits


def engine_clauses(
    asked: Sequence[Asked],
    where: Sequence[str],
    places: Sequence[str],
    levels: Levels,
    keys: Mapping[str, int],
) -> list[Clause]:
    """The clauses of a target group for the engine.

    Args:
        asked: what the target group comes to in numbers.
        where: codes of the places to which it is restricted; none for no restriction.
        places: codes of the area's places, in the order of the tally groups.
        levels: what ranks of risk factors stand for.
        keys: the keys of the interventions that a clause may ask to have been reached by. A
            clause that asks for another is met by nobody and left out.
    """
    found = []
    for clause in asked:
        if clause.reached and clause.reached not in keys:
            continue
        reached = keys[clause.reached] if clause.reached else None
        for (start, end), strata, masks in _cells(clause, levels):
            groups = _groups(clause, where, places, strata)
            found.append(
                Clause(
                    groups=None if groups.all() else groups,
                    from_age=start,
                    to_age=end,
                    all_of=clause.all_of,
                    any_of=clause.any_of,
                    none_of=clause.none_of,
                    segments=clause.segments,
                    from_score=clause.score[0],
                    to_score=NO_LIMIT if clause.score[1] >= HIGHEST_SCORE else clause.score[1],
                    levels=None if masks is None else np.array(masks, np.uint16),
                    reached=reached,
                )
            )
    return found


def _groups(
    clause: Asked, where: Sequence[str], places: Sequence[str], strata: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """The tally groups [P * 10] of a clause's places, sexes and fifths among some strata."""
    sexes = np.array([bool(clause.sexes >> s & 1) for s in range(2)])
    fifths = np.array([bool(clause.quintiles >> q & 1) for q in range(_QUINTILES)])
    here = np.array(
        [
            (clause.places is None or code in clause.places) and (not where or code in where)
            for code in places
        ]
    )
    wanted = (sexes[:, None] & fifths[None, :]).ravel() & strata
    groups: NDArray[np.bool_] = (here[:, None] & wanted[None, :]).ravel()
    return groups


def _cells(
    clause: Asked, levels: Levels
) -> list[tuple[tuple[int, int], NDArray[np.bool_], tuple[int, ...] | None]]:
    """Ranges of age and strata with the same levels of every factor asked about."""
    start, end = clause.age
    masks = {name: levels.within(name, *span) for name, span in clause.factors.items()}
    if clause.smoking != 0b111:
        masks["smoking"] = levels.smoking(clause.smoking)
    if not masks:
        return [((start, end), np.ones(_STRATA, np.bool_), None)]
    every = np.full((_STRATA, len(band_ages())), 0xFFFF, np.uint16)
    by_factor = np.stack([masks.get(name, every) for name in risk.FACTORS])  # [F, 10, bands]
    found: list[tuple[tuple[int, int], NDArray[np.bool_], tuple[int, ...] | None]] = []
    last = by_factor.shape[2] - 1
    for band in range(start // _BAND, min((end - 1) // _BAND, last) + 1):
        low = max(start, band * _BAND)
        high = end if band == last else min(end, (band + 1) * _BAND)
        alike: dict[tuple[int, ...], NDArray[np.bool_]] = {}
        for stratum in range(_STRATA):
            mask = tuple(int(one) for one in by_factor[:, stratum, band])
            if all(mask):
                alike.setdefault(mask, np.zeros(_STRATA, np.bool_))[stratum] = True
        for mask, strata in alike.items():
            # Goes on from the band below where nothing is different.
            for at, (ages, before, levels_) in enumerate(found):
                if ages[1] == low and levels_ == mask and (before == strata).all():
                    found[at] = ((ages[0], high), before, mask)
                    break
            else:
                found.append(((low, high), strata, mask))
    return found
