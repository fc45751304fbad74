"""How far the model can be trusted: what it reproduces, and what it predicts without having seen.

Two lists, never mixed. *Reproduces its inputs* says that the machinery does what it should: these
figures went in, and a model that did not give them back would be broken. *Predicts what it never
saw* starts from figures no later than mid-2020 and compares with what was published since; beside
each stands the naive forecast, which holds rates and lets only the population change (for people:
holds the population). Where the model does no better than that, the row says so. New cases a year
were not fitted either: they follow from prevalence, deaths and remission, and are held against
published incidence.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from leftshift.areas import Area, find_area
from leftshift.catalogue import Catalogue, Parameters
from leftshift.engine import Tallies, simulate
from leftshift.engine.lives import EXPECTED_DEATHS
from leftshift.people import backcast, prevalence
from leftshift.people.model import PARTICLES_IN_DRAWS, Frame, World, build, risk_means
from leftshift.people.tables import BANDS, Measures, measure

Array = NDArray[np.float64]

REPRODUCES = "Reproduces its inputs"
PREDICTS = "Predicts what it never saw"

#: Age groups in which predicted people are compared, as first and last five-year band.
_AGES = {"0-19": (0, 4), "20-64": (4, 13), "65-84": (13, 17), "85+": (17, 19)}


#: What of the model each published incidence is held against: condition, five-year bands from
#: and to (exclusive), for how many people (0: a number of cases), and whether only people without
#: it are counted.
_INCIDENCE: dict[str, tuple[str, int, int, float, bool]] = {
    "published.incidence.cancer": ("cancer", 0, 19, 0.0, False),
    "published.incidence.dementia": ("dementia", 0, 19, 0.0, False),
    "published.incidence.diabetes": ("diabetes", 0, 19, 1e3, False),
    "published.incidence.heart_failure": ("heart_failure", 0, 19, 0.0, False),
    "published.incidence.atrial_fibrillation.40_over": ("atrial_fibrillation", 8, 19, 1e3, True),
    "published.incidence.atrial_fibrillation.40_54": ("atrial_fibrillation", 8, 11, 1e3, True),
    "published.incidence.atrial_fibrillation.85_over": ("atrial_fibrillation", 17, 19, 1e3, True),
    "published.incidence.epilepsy": ("epilepsy", 0, 19, 1e5, True),
    "published.incidence.copd": ("copd", 0, 19, 1e3, True),
    "published.incidence.anxiety_depression": ("anxiety_depression", 4, 19, 1e3, True),
}
#: Level of the sign test behind "better than the naive forecast".
_SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Effort:
    """How much simulation a validation spends.

    Attributes:
        england: simulants for England.
        board: simulants for each board.
        draws: parameter draws behind each interval.
    """

    england: int = 1_000_000
    board: int = 50_000
    draws: int = 20


def validate(
    catalogue: Catalogue,
    *,
    effort: Effort | None = None,
    seed: int = 1,
    threads: int = 1,
    progress: Callable[[str, int, int], None] | None = None,
) -> pl.DataFrame:
    """Compare the model with published figures.

    Args:
        catalogue: the catalogue (the shipped one: a project's rows would validate themselves).
        effort: how much to simulate.
        seed: seed of everything random.
        threads: worker threads.
        progress: called with what is being done, how much is done, and of how much.

    Returns:
        One row a comparison: list, subject, group, unit, model, lower, upper, published, ratio,
        naive, naive_ratio, better (null where there is no naive forecast), source.
    """
    effort = effort or Effort()
    report = progress or (lambda *_: None)
    rows = list(_reproduced(catalogue, effort, seed, threads, report))
    rows += _predicted(catalogue, effort, seed, threads, report)
    return as_table(rows)


def as_table(rows: list[Row]) -> pl.DataFrame:
    """Rows of comparisons as :func:`validate` gives them, with their ratios worked out."""
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row").with_columns(
        ratio=pl.col("model") / pl.col("published"),
        naive_ratio=pl.col("naive") / pl.col("published"),
    ).with_columns(
        better=pl.when(pl.col("naive").is_null())
        .then(None)
        .otherwise((pl.col("ratio") - 1).abs() < (pl.col("naive_ratio") - 1).abs())
    ).select(
        "list", "subject", "group", "unit", "model", "lower", "upper", "published", "ratio",
        "naive", "naive_ratio", "better", "source",
    )  # fmt: skip


_SCHEMA = {
    "list": pl.String,
    "subject": pl.String,
    "group": pl.String,
    "unit": pl.String,
    "model": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "published": pl.Float64,
    "naive": pl.Float64,
    "source": pl.String,
}
Row = tuple[str, str, str, str, float, float, float, float, float | None, str]


@dataclass(frozen=True)
class _Seen:
    """One run of one area."""

    area: Area
    world: World
    tallies: Tallies
    measures: Measures


def _simulated(parameters: Parameters, area: Area, frame: Frame, people: int, seed: int) -> _Seen:
    world = build(parameters, area, frame, people=people, seed=seed, particles=PARTICLES_IN_DRAWS)
    tallies = simulate(world.lives, [world.tables], world.scoring, seed=seed, threads=1)[0]
    return _Seen(
        area, world, tallies, measure(world, tallies, frame, risk_means(parameters, frame))
    )


def _over_draws(
    catalogue: Catalogue,
    jobs: list[tuple[Area, Frame, int]],
    look: Callable[[_Seen], Array],
    draws: int,
    seed: int,
    threads: int,
    report: Callable[[int, int], None],
) -> list[Array]:
    """For each job what ``look`` sees, ``[1 + draws, ...]``: the central run, then each draw."""
    tasks = [(job, draw) for job in range(len(jobs)) for draw in range(draws + 1)]

    def one(task: tuple[int, int]) -> Array:
        job, draw = task
        area, frame, people = jobs[job]
        parameters = catalogue.parameters(draw or None, seed)
        return look(_simulated(parameters, area, frame, people, seed))

    seen: list[list[Array]] = [[] for _ in jobs]
    with ThreadPoolExecutor(max(threads, 1)) as pool:
        for done, ((job, _), got) in enumerate(zip(tasks, pool.map(one, tasks), strict=True)):
            seen[job].append(got)
            report(done + 1, len(tasks))
    return [np.stack(s) for s in seen]


def interval(drawn: Array) -> tuple[float, float, float]:
    """Central value and 95% interval over draws."""
    if len(drawn) == 1:
        return float(drawn[0]), float("nan"), float("nan")
    low, high = np.quantile(drawn[1:], [0.025, 0.975])
    return float(drawn[0]), float(min(low, drawn[0])), float(max(high, drawn[0]))


def _at_base(catalogue: Catalogue, seen: _Seen) -> Array:
    """Cases at each register's ages in the base year, ``[registers]``."""
    world, measures = seen.world, seen.measures
    conditions = [c["id"] for c in catalogue.entities("conditions")]
    people = world.residents.sum(axis=0).reshape(10, -1)
    counts = []
    for register in prevalence.register_counts(catalogue, seen.area, 2023).iter_rows(named=True):
        index = conditions.index(register["condition"])
        young = slice(None, int(register["minimum_age"]))
        below = (world.targets[index] * people)[:, young].sum()
        counts.append(measures.conditions[0, ..., index, 0].sum() - below)
    return np.array(counts)


def _reproduced(
    catalogue: Catalogue,
    effort: Effort,
    seed: int,
    threads: int,
    report: Callable[[str, int, int], None],
) -> Iterator[Row]:
    england = find_area("England", catalogue)
    frame = Frame(2025, 1)
    registers = prevalence.register_counts(catalogue, england, 2023)
    reference = catalogue.table("mortality_published_2014_16")
    shape = {"sex": 2, "quintile": 5, "age_band": 19}
    ordered = reference.with_columns(
        pl.col("age_band").cast(pl.Enum(list(BANDS))),
        pl.col("sex").cast(pl.Enum(["female", "male"])),
    ).sort(*shape)
    died, alive = (
        ordered[c].to_numpy().reshape(tuple(shape.values())).astype(float)
        for c in ("deaths", "people")
    )
    standard = alive.sum(axis=(0, 1))

    def standardised(deaths: Array, people: Array) -> Array:
        """Directly standardised rate of each quintile over the mean of all, ``[2, 5]``."""
        rate = np.divide(deaths, people, out=np.zeros_like(deaths), where=people > 0)
        each = (rate * standard).sum(axis=-1)
        pooled = deaths.sum(axis=1) / people.sum(axis=1)
        return np.asarray(each / (pooled * standard).sum(axis=-1)[:, None])

    def look(run: _Seen) -> Array:
        world, measures = run.world, run.measures
        alive_now = measures.health[0, ..., 1]  # person-years lived
        # Expected deaths, which chance moves far less than those that happen.
        expected = run.tallies.flow[:, 0, :, EXPECTED_DEATHS].reshape(-1, 2, 5, len(BANDS))
        gradient = standardised(expected.sum(axis=0), np.nansum(alive_now, axis=0))
        return np.concatenate(
            [
                measures.whole[0, :2],
                gradient.ravel(),
                measures.summary[0, 0, [0, 6, 8]],
                [world.residents.sum(), world.flows.births[0].sum(), world.flows.net[0].sum()],
                _at_base(catalogue, run),
            ]
        )

    seen = _over_draws(
        catalogue,
        [(england, frame, effort.england)],
        look,
        effort.draws,
        seed,
        threads,
        lambda done, of: report("England, against its inputs", done, of),
    )[0]
    for i, sex in enumerate(("female", "male")):
        row = catalogue.row(f"published.life_expectancy_2019.{sex}").estimate
        yield (
            REPRODUCES, "Life expectancy at birth, rates of 2019", sex, "years",
            *interval(seen[:, i]), row.value, None, row.source,
        )  # fmt: skip
    source = catalogue.tables["mortality_published_2014_16"].source
    published = standardised(died, alive)
    for i in range(10):
        sex, quintile = ("female", "male")[i // 5], i % 5 + 1
        yield (
            REPRODUCES, "Standardised death rate over the average of all quintiles",
            f"{sex}, quintile {quintile}", "ratio", *interval(seen[:, 2 + i]),
            float(published[i // 5, i % 5]), None, source,
        )  # fmt: skip
    for i, name in enumerate(("people", "births", "net migration")):
        yield (
            REPRODUCES, "Population components, base year", name, "people",
            *interval(seen[:, 12 + i]), float(seen[0, 15 + i]), None,
            "the project's own estimate (see the catalogue)",
        )  # fmt: skip
    listed = catalogue.tables["registers"].source
    for i, register in enumerate(registers.iter_rows(named=True)):
        yield (
            REPRODUCES, "QOF register, people", register["condition"], "people",
            *interval(seen[:, 18 + i]), float(register["cases"]), None, listed,
        )  # fmt: skip


def _predicted(
    catalogue: Catalogue,
    effort: Effort,
    seed: int,
    threads: int,
    report: Callable[[str, int, int], None],
) -> Iterator[Row]:
    yield from _predicted_now(catalogue, effort, seed, threads, report)
    england = find_area("England", catalogue)
    boards = [find_area(p.code, catalogue) for p in england.places]
    frame = Frame(backcast.START, backcast.YEARS)
    later = [prevalence.register_counts(catalogue, b, 2023) for b in boards]
    kept = later[0]["condition"].to_list()

    def look(run: _Seen) -> Array:
        age = run.measures.people.sum(axis=(1, 2, 3, 5))
        groups = np.array([[age[4, a:b].sum(), age[0, a:b].sum()] for a, b in _AGES.values()])
        cases = backcast.registers(catalogue, run.area, run.world, run.measures)
        return np.concatenate([groups, [cases[c] for c in kept]])

    seen = _over_draws(
        catalogue,
        [(board, frame, effort.board) for board in boards],
        look,
        effort.draws,
        seed,
        threads,
        lambda done, of: report("each board, from 2019/20 to 2023/24", done, of),
    )
    stacked = np.stack(seen)  # [boards, 1 + draws, groups + registers, 2]
    people = np.array([_published_groups(catalogue, b) for b in boards])
    note = catalogue.tables["population_published_mid_2023"].source
    for i, name in enumerate(_AGES):
        subject, unit = "People at mid-2023, from mid-2019", "people"
        yield from _compared(
            subject, f"aged {name}", unit, stacked[:, :, i], people[:, i], boards, note
        )
    for i, condition in enumerate(kept):
        cases = np.array(
            [dict(zip(r["condition"], r["cases"], strict=True))[condition] for r in later]
        )
        yield from _compared(
            "QOF 2023/24 register, from 2019/20", condition, "people",
            stacked[:, :, len(_AGES) + i], cases, boards, catalogue.tables["registers"].source,
        )  # fmt: skip


def _compared(
    subject: str,
    group: str,
    unit: str,
    seen: Array,
    published: Array,
    boards: list[Area],
    source: str,
) -> Iterator[Row]:
    """England's row, the boards' mean error, then each board's row."""
    model, naive = seen[..., 0], seen[:, 0, 1]
    yield (
        PREDICTS, subject, f"England: {group}", unit, *interval(model.sum(axis=0)),
        float(published.sum()), float(naive.sum()), source,
    )  # fmt: skip
    for i, board in enumerate(boards):
        yield (
            PREDICTS, subject, f"{board.code}: {group}", unit, *interval(model[i]),
            float(published[i]), float(naive[i]), source,
        )  # fmt: skip


def _predicted_now(
    catalogue: Catalogue,
    effort: Effort,
    seed: int,
    threads: int,
    report: Callable[[str, int, int], None],
) -> Iterator[Row]:
    """Today's deaths, multimorbidity and new cases, and growth to 2032: none of it was fitted."""
    conditions = [str(c["id"]) for c in catalogue.entities("conditions")]
    england = find_area("England", catalogue)

    published = [row for row in catalogue.rows("published.incidence") if row.id in _INCIDENCE]

    def look(run: _Seen) -> Array:
        measures = run.measures
        adults = measures.people[..., 4:, :].sum(axis=(1, 2, 3, 4, 5))
        two = measures.summary[:, 0, 14]
        people = measures.summary[:, 0, 0]
        return np.array(
            [
                measures.summary[0, 0, 7],
                100.0 * two[0] / adults[0],
                # From mid-2025 to mid-2032, set against the same share of the published decade.
                100.0 * ((people[7] / people[0]) ** (10 / 7) - 1.0),
                *(_incidence(measures, conditions, *_INCIDENCE[row.id]) for row in published),
            ]
        )

    seen = _over_draws(
        catalogue,
        [(england, Frame(2025, 7), effort.england)],
        look,
        effort.draws,
        seed,
        threads,
        lambda done, of: report("England, against what it never saw", done, of),
    )[0]
    deaths = catalogue.row("published.deaths_england_wales_2023_24").estimate
    both = catalogue.row("published.people_england_wales_mid_2024").estimate.value
    alone = catalogue.row("population.england_mid_2024").estimate.value
    yield (
        PREDICTS, "Deaths in the base year, against mid-2023 to mid-2024", "England", "deaths",
        *interval(seen[:, 0]), deaths.value * alone / both, None,
        f"{deaths.source}; England's share by population",
    )  # fmt: skip
    for i, key in enumerate(("published.two_or_more_adults", "published.growth_england_2022_2032")):
        row = catalogue.row(key)
        yield (
            PREDICTS, row.label, "England", row.estimate.unit, *interval(seen[:, 1 + i]),
            row.estimate.value, None, row.estimate.source,
        )  # fmt: skip
    for i, row in enumerate(published):
        yield (
            PREDICTS, f"Incidence. {row.label}", "England", row.estimate.unit,
            *interval(seen[:, 3 + i]), row.estimate.value, None,
            f"{row.estimate.source}. {row.note}",
        )  # fmt: skip


def _incidence(
    measures: Measures,
    conditions: list[str],
    condition: str,
    first: int,
    end: int,
    per: float,
    at_risk: bool,
) -> float:
    """New cases of the base year in some bands of age: a number, or for so many people."""
    at = conditions.index(condition)
    bands = slice(first, end)
    cases = measures.conditions[0, :, :, :, bands, at, 1].sum()
    people = measures.people[0, :, :, :, bands].sum()
    if at_risk:
        people -= measures.conditions[0, :, :, :, bands, at, 0].sum()
    return float(per * cases / people if per else cases)


def _published_groups(catalogue: Catalogue, area: Area) -> Array:
    total = backcast.published_people(catalogue, area)
    return np.array(
        [total[a * 5 : b * 5 if b < len(BANDS) else None].sum() for a, b in _AGES.values()]
    )


def summarise(rows: pl.DataFrame) -> pl.DataFrame:
    """The boards' rows in one line a subject: how far off, and how often better than naive.

    The model is called better only where its mean error is smaller and it is closer in more boards
    than chance would give (sign test at 5%, one-sided): a lead of a hair is none.

    Args:
        rows: as :func:`validate` gives them.

    Returns:
        subject, group, boards, model_error and naive_error (mean absolute, percent), better
        (boards in which the model is closer), verdict.
    """
    each = rows.filter(
        (pl.col("list") == PREDICTS) & pl.col("group").str.contains(r"^Q[A-Z0-9]{2}: ")
    ).with_columns(kind=pl.col("group").str.slice(5))
    summed = each.group_by("subject", "kind", maintain_order=True).agg(
        boards=pl.len(),
        model_error=100 * (pl.col("ratio") - 1).abs().mean(),
        naive_error=100 * (pl.col("naive_ratio") - 1).abs().mean(),
        better=pl.col("better").sum(),
    )
    verdicts = [
        "better than the naive forecast"
        if row["model_error"] < row["naive_error"]
        and _by_chance(row["better"], row["boards"]) < _SIGNIFICANT
        else "no better than the naive forecast"
        for row in summed.iter_rows(named=True)
    ]
    return summed.with_columns(verdict=pl.Series(verdicts, dtype=pl.String)).rename(
        {"kind": "group"}
    )


def _by_chance(better: int, boards: int) -> float:
    """Chance of being closer in at least so many boards if both were equally good."""
    return sum(math.comb(boards, k) for k in range(better, boards + 1)) / 2.0**boards
