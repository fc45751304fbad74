"""Step `care_states`: England's people by state of health, which use of care is spread over.

Writes `england_people.csv` (residents by sex, fifth and age at three 30 Junes),
`england_states.csv` (those of the base year by sex, fifth, age band and pattern of conditions),
`england_deaths.csv` (deaths expected in that year by sex, fifth, age and segment) and
`registered_lists.csv` (patients on practice lists and residents, by board). The first three come
from the model itself with central parameters, so this step is last: it reads what the others wrote.

Many more lives than a run has are drawn, put together by pattern, and thinned: patterns that many
people share are kept as they are, and of the rare ones a systematic sample stands for the rest, in
the order of their scores, so that each cell keeps its people by segment. Then weights are fitted to
the prevalence that the model was asked to show in each cell, which takes most of the chance out.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from leftshift.areas import find_area
from leftshift.catalogue import Catalogue
from leftshift.engine.oracle import _hazards
from leftshift.people.model import Frame, World
from leftshift.people.model import build as compiled
from leftshift.people.population import project, residents

Array = NDArray[np.float64]
Numbers = NDArray[np.int64]

REFERENCE = "icb_registered_pop_age_sex.csv"
LISTS_OF = "2025-12-01"

PEOPLE = 12_000_000
PARTICLES = 48_000
SEED = 20_251
THREADS = 2

#: First age of each band of the table: five years, with a band that ends where children do.
BANDS = np.array([0, 5, 10, 15, 17, *range(20, 106, 5)])
CELLS = 10 * len(BANDS)
CONDITIONS = 20
DEATH = 20
#: People that a row of a rare pattern stands for, at most, and rows that a small cell has at least.
#: Settings of the thinning, no figures about the world.
LEAST = 180.0
ROWS = 250
ROUNDS = 40
#: Furthest that fitting may move a row, as a factor either way.
FURTHEST = 4.0
SEXES = ("female", "male")


def build(reference: Path, out: Path) -> list[str]:
    """Writes the four tables.

    Args:
        reference: folder of the reference figures.
        out: the catalogue's folder, with everything that the other steps write.

    Returns:
        Names of the reference files read.
    """
    catalogue = Catalogue.load(shipped=out)
    parameters = catalogue.parameters()
    area = find_area("England", catalogue)
    base_year = round(parameters.value("base.year"))
    world = compiled(
        parameters,
        area,
        Frame(base_year, 0),
        people=PEOPLE,
        seed=SEED,
        particles=PARTICLES,
        threads=THREADS,
    )
    tables = out / "tables"
    tables.mkdir(parents=True, exist_ok=True)
    earlier = residents(parameters, area, 2019).sum(axis=0).reshape(10, -1)
    people(world, earlier).write_csv(tables / "england_people.csv", line_terminator="\n")
    states(world).write_csv(tables / "england_states.csv", line_terminator="\n")
    deaths(world).write_csv(tables / "england_deaths.csv", line_terminator="\n")
    lists(reference, out).write_csv(tables / "registered_lists.csv", line_terminator="\n")
    return [REFERENCE]


def people(world: World, earlier: Array) -> pl.DataFrame:
    """Residents at mid-2019, mid-2025 and, by the model without chance, mid-2026."""
    ahead = project(world.residents, world.flows, world.mortality)
    stocks = [earlier, *ahead.sum(axis=1).reshape(len(ahead), 10, -1)]
    stratum, age = np.divmod(np.arange(10 * 106), 106)
    return pl.DataFrame(
        {
            "sex": np.array(SEXES)[stratum // 5],
            "quintile": stratum % 5 + 1,
            "age": age,
            "mid_2019": stocks[0].ravel().round(2),
            "mid_2025": stocks[1].ravel().round(2),
            "mid_2026": stocks[2].ravel().round(2),
        }
    )


# People by pattern ------------------------------------------------------------------------------


def states(world: World) -> pl.DataFrame:
    """People of the base year by sex, fifth, age band and pattern of conditions."""
    lives = world.lives
    here = (lives.enter == 0) & (lives.cohort >= 0)
    stratum = (lives.group % 10)[here].astype(np.int64)
    band = np.searchsorted(BANDS, lives.cohort[here], side="right") - 1
    cell = stratum * len(BANDS) + band
    found, which = np.unique(cell << CONDITIONS | lives.state[here], return_inverse=True)
    having = np.bincount(which, lives.weight[here])
    cell, state = found >> CONDITIONS, found & ((1 << CONDITIONS) - 1)

    living = world.residents.sum(axis=0).reshape(10, -1)
    held = np.add.reduceat(living, BANDS, axis=1).ravel()
    cases = np.add.reduceat(world.targets * living, BANDS, axis=2).reshape(CONDITIONS, CELLS)

    kept, weight = thinned(cell, state, having, world.scoring.score)
    cell, state = cell[kept], state[kept]
    weight = fitted(cell, state, weight, held, cases)
    return pl.DataFrame(
        {
            "sex": np.array(SEXES)[cell // len(BANDS) // 5],
            "quintile": cell // len(BANDS) % 5 + 1,
            "age_from": BANDS[cell % len(BANDS)],
            "conditions": state,
            "people": np.where(weight < 100, weight.round(1), weight.round()),
        }
    )


def thinned(cell: Numbers, state: Numbers, people: Array, score: Numbers) -> tuple[Numbers, Array]:
    """Which rows to keep and what each stands for: rare ones are sampled by their people."""
    bits = state[:, None] >> np.arange(CONDITIONS) & 1
    points = bits @ score
    # Rare patterns in the order of cell, score and pattern: neighbours are most alike.
    least = np.minimum(LEAST, np.bincount(cell, people, CELLS) / ROWS)[cell]
    rare = np.flatnonzero(people < least)
    rare = rare[np.lexsort((state[rare], points[rare], cell[rare]))]
    running = np.cumsum(people[rare] / least[rare])
    taken = np.diff(np.floor(running + 0.5), prepend=0.0)
    weight = np.where(people >= least, people, 0.0)
    weight[rare] = taken * least[rare]
    # Where the sample has nobody with a condition, its commonest pattern stands for all of them.
    for c in range(CONDITIONS):
        having = np.flatnonzero(bits[:, c])
        lost = np.bincount(cell[having], weight[having], CELLS) <= 0
        total = np.bincount(cell[having], people[having], CELLS)
        having = having[np.lexsort((-people[having], cell[having]))]
        cells, first = np.unique(cell[having], return_index=True)
        chosen = lost[cells]
        weight[having[first[chosen]]] = total[cells[chosen]]
    kept = np.flatnonzero(weight > 0)
    return kept, weight[kept]


def fitted(cell: Numbers, state: Numbers, weight: Array, held: Array, cases: Array) -> Array:
    """Weights that give each cell its people and each condition its cases there, in proportion."""
    fresh = weight.copy()
    has = (state[:, None] >> np.arange(CONDITIONS) & 1).astype(bool)
    for _ in range(ROUNDS):
        for c in range(CONDITIONS):
            mine = np.bincount(cell[has[:, c]], fresh[has[:, c]], CELLS)
            rest = np.bincount(cell[~has[:, c]], fresh[~has[:, c]], CELLS)
            with np.errstate(divide="ignore", invalid="ignore"):
                up = np.where((mine > 0) & (rest > 0), cases[c] / mine, 1.0)
                down = np.where((mine > 0) & (rest > 0), (held - cases[c]) / rest, 1.0)
            fresh *= np.where(has[:, c], up[cell], down[cell])
        fresh = np.clip(fresh, weight / FURTHEST, weight * FURTHEST)
        fresh *= (held / np.bincount(cell, fresh, CELLS))[cell]
    return fresh


# Deaths -----------------------------------------------------------------------------------------


def deaths(world: World) -> pl.DataFrame:
    """Deaths expected in the base year by sex, fifth, age and segment at its start.

    The split over segments is that of everyone's own hazard; the sum over segments is the hazard of
    death of the sex, fifth and age.
    """
    lives, scoring = world.lives, world.scoring
    chosen = np.flatnonzero((lives.enter == 0) & (lives.cohort >= 0))
    expected = np.zeros((10, 106, 6))
    for who in np.array_split(chosen, max(len(chosen) // 250_000, 1)):
        has = np.zeros((int(who[-1]) + 1, CONDITIONS), bool)
        has[who] = lives.state[who, None] >> np.arange(CONDITIONS, dtype=np.uint32) & np.uint32(1)
        hazard = _hazards(lives, world.tables, has, who, 0)[:, DEATH]
        age = np.minimum(lives.cohort[who], 105)
        segment = np.searchsorted(scoring.starts, has[who] @ scoring.score, side="right")
        segment[age < scoring.child_age] = 0
        at = ((lives.group[who] % 10).astype(np.int64) * 106 + age) * 6 + segment
        weight = lives.weight[who] * -np.expm1(-hazard)
        expected += np.bincount(at, weight, expected.size).reshape(expected.shape)
    living = world.residents.sum(axis=0).reshape(10, -1)
    wanted = living * -np.expm1(-world.mortality[0][:, 1:])
    share = _smooth(expected, scoring.child_age)
    value = wanted[:, :, None] * share / np.maximum(share.sum(axis=2, keepdims=True), 1e-300)
    stratum, age, segment = np.nonzero(value)
    return pl.DataFrame(
        {
            "sex": np.array(SEXES)[stratum // 5],
            "quintile": stratum % 5 + 1,
            "age": age,
            "segment": segment,
            "deaths": value[stratum, age, segment].round(4),
        }
    )


def _smooth(expected: Array, child_age: int) -> Array:
    # Five ages together, never across the age at which segments begin.
    out = np.empty_like(expected)
    for age in range(106):
        low, high = (0, child_age) if age < child_age else (child_age, 106)
        out[:, age] = expected[:, max(age - 2, low) : min(age + 3, high)].sum(axis=1)
    return out


# Practice lists ---------------------------------------------------------------------------------


def lists(reference: Path, out: Path) -> pl.DataFrame:
    """Patients on practice lists and residents, by board."""
    patients = (
        pl.read_csv(reference / REFERENCE)
        .filter(pl.col("extract_date") == LISTS_OF)
        .group_by(board="org_code")
        .agg(registered=pl.col("number_of_patients").sum())
    )
    everyone = pl.read_csv(out / "tables" / "population_2025.csv")
    by_authority = everyone.group_by("authority").agg(
        people=pl.sum_horizontal([f"a{a}" for a in range(106)]).sum()
    )
    living = (
        pl.read_csv(out / "tables" / "membership.csv")
        .join(by_authority, on="authority")
        .group_by("board")
        .agg(residents=(pl.col("people") * pl.col("share")).sum().round(0).cast(pl.Int64))
    )
    both = living.join(patients, on="board", how="full", coalesce=True).sort("board")
    if both.null_count().sum_horizontal().item():
        message = f"{REFERENCE} and membership.csv name different boards"
        raise ValueError(message)
    return both.select("board", "registered", "residents")
