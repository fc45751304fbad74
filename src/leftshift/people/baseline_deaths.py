"""Keeps the baseline's death rates on the path that the catalogue gives.

Death rates by age, sex and fifth, and their yearly improvement, are published for everyone
together, the ill included. A person's hazard is that rate times the multipliers of their
conditions and frailty, over a normaliser: the mean multiplier. The life course solves the
normaliser for today. As years pass the mean multiplier rises, because prevalence follows its
registers' trend and because, where death rates fall, more of the ill and the frail live on. Left
alone, that would take back a good part of the improvement that the catalogue cites: the illness
would be counted once in the published trend and once more through the hazard ratios.

So the normaliser is followed over the baseline's own years. It belongs to the baseline and is
shared by every arm, so that a plan's effect on illness still changes deaths in full.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from leftshift.engine import Lives, Scoring, Tables, simulate

Array = NDArray[np.float64]

DEATH = 20
#: First rows (age + 1) of the age groups whose mean multiplier is followed.
_GROUPS = np.array([0, 46, 66, 76, 86])
#: Most lives that are followed, the first time and the second: fewer deaths leave more of the ill
#: alive, which the second time takes in. Numerical settings, not figures about the world, as is
#: the number of deaths that a group needs before its own mean counts for more than half.
_MOST = (20_000, 100_000)
_ENOUGH = 10.0


def followed(
    lives: Lives, tables: Tables, scoring: Scoring, dying: Array, seed: int, threads: int = 1
) -> Tables:
    """Scales the hazard of death, so that expected deaths follow the area's death rates.

    The baseline is simulated twice over. In each step, sex and age group, and then in each
    stratum, the deaths that the simulated people expect are set against those that the area's
    rates give for as many people of the same ages. A group of few simulants moves little.

    Args:
        lives: everyone who is simulated; every k-th of them where they are very many.
        tables: the baseline, its death lane normalised for the base year.
        scoring: as for the engine.
        dying: ``[T, 10, 107]`` hazards of death of everyone together, by step.
        seed: the run's seed.
        threads: threads of the engine.

    Returns:
        The tables with the death lane scaled; everything else is shared with those given.
    """
    rate = dying.transpose(1, 0, 2)
    group = np.searchsorted(_GROUPS, np.arange(rate.shape[-1]), side="right") - 1
    for most in _MOST:
        some = _some(lives, most)
        weight = float(np.mean(some.weight)) if len(some) else 1.0
        counted = simulate(some, [tables], scoring, seed=seed, threads=threads)[0].flow_age
        expected, at_risk = counted[..., 1] / weight, counted[..., 2] / weight  # [10, T, 107]
        short = at_risk * -np.expm1(-rate) - expected
        # How fast expected deaths rise with the logarithm of the hazard: those who are likely to
        # die soon cannot die much more.
        slope = at_risk * rate * np.exp(-rate)
        first = _logarithm(_by_age(short), _by_age(slope))[..., group].repeat(5, axis=0)
        second = _logarithm((short - slope * first).sum(axis=-1), slope.sum(axis=-1))
        hazard = tables.hazard.copy()
        hazard[..., DEATH] *= np.exp(first + second[..., None]).astype(np.float32)
        tables = replace(tables, hazard=hazard)
    return tables


def _by_age(values: Array) -> Array:
    """``[10, T, 107]`` to ``[2, T, groups]``."""
    by_sex = values.reshape(2, 5, *values.shape[1:]).sum(axis=1)
    return np.asarray(np.add.reduceat(by_sex, _GROUPS, axis=-1))


def _logarithm(short: Array, slope: Array) -> Array:
    """The log factor that makes up for ``short`` deaths, shrunk where deaths are few."""
    return np.asarray(short / (slope + _ENOUGH))


def _some(lives: Lives, most: int) -> Lives:
    """Every k-th life, with places put together: only deaths by sex, fifth and age are wanted."""
    chosen = np.arange(0, len(lives), max(1, -(-len(lives) // most)))
    stratum = lives.group_stratum[lives.group[chosen]]
    order = chosen[np.lexsort((lives.cohort[chosen], stratum))]
    people = ("id", "cohort", "enter", "leave", "weight", "state", "since", "frailty", "levels")
    return replace(
        lives,
        group=lives.group_stratum[lives.group[order]].astype(np.int32),
        group_stratum=np.arange(10, dtype=np.int32),
        **{name: getattr(lives, name)[order] for name in people},
    )
