"""From the engine's tallies to the tidy tables of a run.

The engine counts by step, from one 30 June to the next. Stocks are reported as they stand at
30 June. Flows are reported by financial year: April to June of a year belongs to the step before,
so a year's flow is a quarter of the step before and three quarters of its own; the base year, which
has no step before, is its own step. :func:`measure` does the arithmetic on plain arrays, the same
for the central run, for each draw and for each replicate; :func:`frames` lays them out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from leftshift.engine import Tallies
from leftshift.engine import lives as lanes
from leftshift.people.layout import Bounds, Labels, Layout
from leftshift.people.life_table import expectancy, slope_index
from leftshift.people.model import Frame, World

Array = NDArray[np.float64]

SEXES = ("female", "male")
BANDS = tuple([f"{a}-{a + 4}" for a in range(0, 90, 5)] + ["90+"])
QUINTILES = (1, 2, 3, 4, 5)
SEGMENTS = ("0", "1", "2", "3", "4", "5")
RISKS = ("smoking_share", "mean_bmi", "mean_sbp", "mean_cholesterol", "mean_alcohol")
HEALTH = {
    "qaly": "QALYs",
    "person_years": "person-years",
    "mean_score": "score",
    "major_illness": "people",
    "utility": "utility",
}
RISK_UNITS = {
    "smoking_share": "percent",
    "mean_bmi": "kg/m2",
    "mean_sbp": "mmHg",
    "mean_cholesterol": "mmol/L",
    "mean_alcohol": "units a week",
}
FEWEST_SIMULANTS = 30


@dataclass(frozen=True)
class Measures:
    """Everything that a run reports, as arrays (years Y, places P, bands 19, conditions C).

    Attributes:
        people: ``[Y, P, 2, 5, 19, 6]`` by segment at 30 June.
        conditions: ``[Y, P, 2, 5, 19, C, 2]`` prevalent at 30 June, new in the year.
        deaths: ``[Y, P, 2, 5, 19]`` in the year, by age at the 30 June before.
        health: ``[Y, P, 2, 5, 19, 5]`` in the order of :data:`HEALTH`; NaN where nobody is.
        expectancy: ``[Y, 2, 5, 2]`` life expectancy and healthy life expectancy, years.
        risks: ``[Y, 2, 5, 19, 5]`` in the order of :data:`RISKS`; NaN where nobody is.
        summary: ``[Y, P + 1, M]`` in the order of :func:`summary_measures`; row 0 is the area.
        whole: ``[Y, W]`` in the order of :func:`whole_measures`, the area only.
    """

    people: Array
    conditions: Array
    deaths: Array
    health: Array
    expectancy: Array
    risks: Array
    summary: Array
    whole: Array

    def arrays(self) -> dict[str, Array]:
        """The arrays by name, in a fixed order."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def summary_measures(conditions: Iterable[str]) -> list[tuple[str, str]]:
    """Measures that the summary holds for the area and each place, with their units."""
    named = [
        ("people", "people"),
        ("people_under_20", "people"),
        ("people_20_64", "people"),
        ("people_65_over", "people"),
        ("people_75_over", "people"),
        ("people_85_over", "people"),
        ("births", "people per year"),
        ("deaths", "people per year"),
        ("net_migration", "people per year"),
        ("person_years", "person-years"),
        ("qaly", "QALYs"),
        ("major_illness", "people"),
        ("major_illness_share", "percent"),
        ("mean_score", "score"),
        ("two_or_more", "people"),
        ("four_or_more", "people"),
    ]
    named += [(f"segment_{s}", "people") for s in SEGMENTS]
    conditions = list(conditions)
    named += [(f"prevalent_{c}", "people") for c in conditions]
    named += [(f"incident_{c}", "new cases per year") for c in conditions]
    return named


def whole_measures() -> list[tuple[str, str]]:
    """Measures that the summary holds for the whole area only, with their units."""
    kinds = ("life_expectancy", "healthy_life_expectancy")
    return [(f"{k}_{s}", "years") for k in kinds for s in SEXES] + [
        (f"slope_index_{k}_{s}", "years") for k in kinds for s in SEXES
    ]


def financial_years(by_step: Array) -> Array:
    """Flows by financial year from flows by step, along the first axis."""
    blended = by_step * 0.75
    blended[1:] += 0.25 * by_step[:-1]
    blended[0] += 0.25 * by_step[0]
    return blended


def measure(world: World, tallies: Tallies, frame: Frame, risks: Mapping[str, Array]) -> Measures:
    """Work out every reported array from one arm's tallies.

    Args:
        world: what was simulated.
        tallies: what the engine counted.
        frame: the years.
        risks: means of the risk factors by sex, quintile and single age (``[2, 5, 106]`` each).

    Returns:
        The measures.
    """
    years = frame.years + 1
    groups = tallies.stock.shape[0]
    places = groups // 10
    conditions = world.tables.ratio.shape[1]

    stock = tallies.stock.reshape(places, 2, 5, *tallies.stock.shape[1:])[:, :, :, :years]
    stock = np.moveaxis(stock, 3, 0)  # [Y, P, 2, 5, 19, 32]
    step = tallies.flow.reshape(places, 2, 5, *tallies.flow.shape[1:])
    flow = financial_years(np.moveaxis(step, 3, 0))[:years]

    living = stock[..., lanes.PEOPLE]
    segments = np.concatenate(
        [stock[..., lanes.CHILDREN, None], stock[..., lanes.SEGMENTS : lanes.SEGMENTS + 5]], axis=-1
    )
    illness = np.stack([stock[..., :conditions], flow[..., :conditions]], axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        health = np.stack(
            [
                flow[..., lanes.QALYS],
                flow[..., lanes.PERSON_YEARS],
                stock[..., lanes.SCORE] / living / 100.0,
                stock[..., lanes.MAJOR],
                stock[..., lanes.UTILITY] / living,
            ],
            axis=-1,
        )
    health[living <= 0] = np.nan

    born = _by_step_and_place(world, frame.steps, places)
    left = np.diff(
        np.moveaxis(
            tallies.stock[..., lanes.PEOPLE].sum(axis=2).reshape(places, 10, -1).sum(1), 1, 0
        ),
        axis=0,
    )
    died = np.moveaxis(step[..., lanes.DEATHS].sum(axis=(1, 2, 4)), 1, 0)
    births = financial_years(born)[:years]
    moved = financial_years(left - born + died)[:years]

    span, slopes = _expectancies(world, tallies, years)
    held = np.moveaxis(stock.sum(axis=(2, 3, 4)), -1, 0)  # [32, Y, P], all lanes in one pass
    flowed = np.moveaxis(flow.sum(axis=(2, 3, 4)), -1, 0)
    by_age = living.sum(axis=(2, 3))
    columns = [
        held[lanes.PEOPLE],
        by_age[..., :4].sum(axis=-1),
        by_age[..., 4:13].sum(axis=-1),
        by_age[..., 13:].sum(axis=-1),
        by_age[..., 15:].sum(axis=-1),
        by_age[..., 17:].sum(axis=-1),
        births,
        flowed[lanes.DEATHS],
        moved,
        flowed[lanes.PERSON_YEARS],
        flowed[lanes.QALYS],
    ]
    tail = [
        held[lanes.TWO_OR_MORE],
        held[lanes.FOUR_OR_MORE],
        held[lanes.CHILDREN],
        *held[lanes.SEGMENTS : lanes.SEGMENTS + 5],
        *held[:conditions],
        *flowed[:conditions],
    ]
    counts = [_with_total(x) for x in columns]
    total = _with_total(held[lanes.MAJOR])
    with np.errstate(divide="ignore", invalid="ignore"):
        share = 100.0 * total / counts[0]
        mean = _with_total(held[lanes.SCORE] / 100.0) / counts[0]
    summary = np.stack([*counts, total, share, mean, *[_with_total(x) for x in tail]], axis=-1)
    return Measures(
        people=segments,
        conditions=illness,
        deaths=flow[..., lanes.DEATHS],
        health=health,
        expectancy=span,
        risks=_risk_means(tallies, risks, years),
        summary=summary,
        whole=slopes,
    )


def _with_total(by_place: Array) -> Array:
    """``[Y, P]`` to ``[Y, P + 1]`` with the area's sum first."""
    return np.concatenate([by_place.sum(axis=1, keepdims=True), by_place], axis=1)


def _by_step_and_place(world: World, steps: int, places: int) -> Array:
    """Births ``[T, P]`` listed in the roll."""
    roll = world.roll
    newborn = (roll.cohort + roll.enter) < 0
    cell = roll.enter[newborn].astype(np.int64) * places + roll.place[newborn]
    counted = np.bincount(cell, roll.weight[newborn], minlength=steps * places)
    return counted.astype(np.float64).reshape(steps, places)


def _expectancies(world: World, tallies: Tallies, years: int) -> tuple[Array, Array]:
    """Life and healthy life expectancy ``[Y, 2, 5, 2]`` and the area's measures ``[Y, 8]``."""
    counted = tallies.flow_age.reshape(2, 5, *tallies.flow_age.shape[1:])[:, :, :years]
    counted = np.moveaxis(counted, 2, 0)  # [Y, 2, 5, 107, 3]
    people = tallies.stock_age.reshape(2, 5, *tallies.stock_age.shape[1:])[:, :, :years]
    people = np.moveaxis(people, 2, 0)  # [Y, 2, 5, 106, 3]
    # Where no simulant of an age lives, the rate that the model would have applied stands in.
    rate = 1.0 - np.exp(-world.mortality[:years].reshape(years, 2, 5, -1))

    def over(expected: Array, at_risk: Array, fallback: Array) -> Array:
        return np.where(at_risk > 0, expected / np.where(at_risk > 0, at_risk, 1.0), fallback)

    def well(group: Array) -> Array:
        alive, healthy = group[..., 0], group[..., 1]
        share = np.where(alive > 0, healthy / np.where(alive > 0, alive, 1.0), np.nan)
        for age in range(1, share.shape[-1]):  # an empty age takes the age below's share
            share[..., age] = np.where(
                np.isnan(share[..., age]), share[..., age - 1], share[..., age]
            )
        return np.nan_to_num(share, nan=1.0)

    by_group = over(counted[..., 1], counted[..., 2], rate)
    span = np.stack([expectancy(by_group), expectancy(by_group, well(people))], axis=-1)
    joined = counted.sum(axis=2)
    by_sex = over(joined[..., 1], joined[..., 2], rate.mean(axis=2))
    alive = people[..., 0].sum(axis=-1)
    whole = [
        expectancy(by_sex),
        expectancy(by_sex, well(people.sum(axis=2))),
        slope_index(span[..., 0], alive),
        slope_index(span[..., 1], alive),
    ]
    return span, np.concatenate(whole, axis=-1)


def _risk_means(tallies: Tallies, risks: Mapping[str, Array], years: int) -> Array:
    """Mean of each risk factor among the living, ``[Y, 2, 5, 19, 5]``."""
    alive = np.moveaxis(tallies.stock_age[..., 0].reshape(2, 5, -1, 106)[:, :, :years], 2, 0)
    band = np.minimum(np.arange(106) // 5, 18)
    starts = np.flatnonzero(np.diff(band, prepend=-1))
    people = np.add.reduceat(alive, starts, axis=-1)
    means = []
    for name in RISKS:
        total = np.add.reduceat(alive * risks[name], starts, axis=-1)
        with np.errstate(divide="ignore", invalid="ignore"):
            means.append(np.where(people > 0, total / people, np.nan))
    return np.stack(means, axis=-1)


def frames(
    central: Measures,
    bounds: Bounds | None,
    sampling: Mapping[str, Array] | None,
    *,
    frame: Frame,
    places: list[str],
    conditions: list[str],
    weight: float,
    arm: str = "baseline",
) -> dict[str, pl.DataFrame]:
    """Lay measures out as the tables summary, people, conditions, deaths and health.

    Rows that are nil in the central run and in every draw are left out.

    Args:
        central: values.
        bounds: for each array of :class:`Measures`, lower and upper; None without draws.
        sampling: half-widths for ``summary`` and ``whole``; None where not worked out.
        frame: the years.
        places: place codes, in the order of the arrays.
        conditions: condition ids, in the order of the arrays.
        weight: people that one simulant stands for, on average.
        arm: label of the arm.

    Returns:
        Frames by table name.
    """
    labels = frame.labels
    few = FEWEST_SIMULANTS * weight
    totals, whole_area = summary_measures(conditions), whole_measures()
    spans = ("life_expectancy", "healthy_life_expectancy")
    cell: dict[str, Labels] = {
        "year": labels,
        "place": places,
        "sex": SEXES,
        "imd_quintile": QUINTILES,
        "age_band": BANDS,
    }
    by_group = _pick(cell, ("year", "sex", "imd_quintile"))
    lay = Layout(
        arm,
        bounds,
        {
            **{name: ["", *cell[name]] for name in ("place", "sex", "age_band")},
            "year": labels,
            "segment": SEGMENTS,
            "condition": conditions,
            "measure": [
                *("prevalent", "incident"),
                *HEALTH,
                *spans,
                *RISKS,
                *(name for name, _ in totals),
                *(name for name, _ in whole_area),
            ],
        },
    )

    people = lay.frame("people", central.people, {**cell, "segment": SEGMENTS}, (*_CELL, "segment"))
    ill = lay.frame(
        "conditions",
        central.conditions,
        {**cell, "condition": conditions, "measure": ("prevalent", "incident")},
        (*_CELL[:2], "condition", *_CELL[2:], "measure"),
    )
    deaths = lay.frame("deaths", central.deaths, cell, _CELL)
    thin = central.people.sum(axis=-1)[..., None] < few
    health = lay.frame(
        "health",
        central.health,
        {**cell, "measure": tuple(HEALTH)},
        (*_CELL, "measure"),
        {"few": np.broadcast_to(thin, central.health.shape)},
    )
    span = lay.frame(
        "expectancy",
        central.expectancy,
        {**by_group, "measure": spans},
        ("year", "sex", "imd_quintile", "measure"),
    )
    risks = lay.frame(
        "risks",
        central.risks,
        {**by_group, "age_band": BANDS, "measure": RISKS},
        ("year", "sex", "age_band", "imd_quintile", "measure"),
    )
    total = lay.frame(
        "summary",
        central.summary,
        {"year": labels, "place": ["", *places], "measure": [m for m, _ in totals]},
        ("year", "place", "measure"),
        {} if sampling is None else {"sampling_error": sampling["summary"]},
        keep=lambda value: ~np.isnan(value),
    )
    whole = lay.frame(
        "whole",
        central.whole,
        {"year": labels, "measure": [m for m, _ in whole_area]},
        ("year", "measure"),
        {} if sampling is None else {"sampling_error": sampling["whole"]},
    )
    summary = pl.concat([total, whole.with_columns(lay.nowhere("place"))], how="diagonal")
    summary = summary.with_columns(
        unit=pl.col("measure")
        .cast(pl.String)
        .replace_strict(dict(totals) | dict(whole_area), return_dtype=pl.String)
    )
    if sampling is None:
        summary = summary.with_columns(sampling_error=pl.lit(None, pl.Float64))

    rest = [
        span.with_columns(lay.nowhere("place"), lay.nowhere("age_band")),
        risks.with_columns(lay.nowhere("place")),
    ]
    health = pl.concat([health, *[x.with_columns(few=pl.lit(False)) for x in rest]], how="diagonal")
    marked = pl.col("value") < few
    return {
        "summary": summary.select(
            "arm", "year", "place", "measure", "unit", "value", "lower", "upper", "sampling_error"
        ),
        "people": people.with_columns(few=marked).select("arm", *_CELL, "segment", *_VALUES),
        "conditions": ill.with_columns(few=marked).select(
            "arm", *_CELL[:2], "condition", *_CELL[2:], "measure", *_VALUES
        ),
        "deaths": deaths.with_columns(few=marked).select("arm", *_CELL, *_VALUES),
        "health": health.select("arm", *_CELL, "measure", *_VALUES),
    }


_CELL = ("year", "place", "sex", "age_band", "imd_quintile")
_VALUES = ("value", "lower", "upper", "few")


def _pick(axes: Mapping[str, Labels], names: tuple[str, ...]) -> dict[str, Labels]:
    return {name: axes[name] for name in names}
