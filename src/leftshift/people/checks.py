"""An area's published figures beside the model's: "Does it know us?"."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from leftshift.areas import Area
from leftshift.catalogue import Catalogue
from leftshift.engine import simulate
from leftshift.people import backcast, prevalence
from leftshift.people.model import PARTICLES_IN_DRAWS, Frame, People, World, build, risk_means
from leftshift.people.tables import Measures, measure

#: Most simulants of the run from 2019/20 behind an area's predictions.
_BACKCAST = 50_000
_LONGEST_LABEL = 32
_OLDER = (("people_65_over", 65), ("people_85_over", 85))


def checks(
    catalogue: Catalogue,
    area: Area,
    frame: Frame,
    world: World,
    central: Measures,
    past: list[dict[str, Any]],
) -> pl.DataFrame:
    """Compares an outlook's base year, and a prediction of the recent past, with what is published.

    Figures that the model was given are marked used; those of :func:`predicted` are not.

    Args:
        catalogue: the catalogue.
        area: the area.
        frame: the outlook's years.
        world: the outlook's people.
        central: the outlook's measures.
        past: what :func:`predicted` gave.

    Returns:
        Rows of the table checks; `ratio` is null where the published figure is 0.
    """
    rows = _registers(catalogue, area, frame, world, central)
    if frame.base_year >= 2023:
        rows += _people(catalogue, area, central, 0, used=True)
    rows += past
    return pl.DataFrame(
        [
            {
                "arm": "baseline",
                "place": "",
                **row,
                "ratio": _ratio(row["model"], row["published"]),
            }
            for row in rows
        ],
        schema=_SCHEMA,
    )


_SCHEMA = {
    "arm": pl.String,
    "year": pl.String,
    "place": pl.String,
    "check": pl.String,
    "unit": pl.String,
    "model": pl.Float64,
    "published": pl.Float64,
    "ratio": pl.Float64,
    "source": pl.String,
    "grade": pl.String,
    "used": pl.Boolean,
}


def names(catalogue: Catalogue) -> list[tuple[str, str, str, str]]:
    """Rows of the table names for checks whose id says too little: kind, id, label, unit."""
    rows = []
    for condition in catalogue.entities("conditions"):
        # Charts cut what is longer, and the table beside them says from when and of what.
        label = min(condition["label"], condition["abbr"] or condition["label"], key=len)
        if len(condition["label"]) <= _LONGEST_LABEL:
            label = condition["label"]
        key = f"predicted_register_{condition['id']}"
        rows.append(("check", key, f"{label}, predicted", "people"))
    for key, age in _OLDER:
        label = f"People aged {age} and over, predicted"
        rows.append(("check", f"predicted_{key}", label, "people"))
    return rows


def _ratio(model: float | None, published: float) -> float | None:
    return None if model is None or not published > 0 else model / published


def _row(check: str, year: str, model: float, published: float, about: Any, used: bool) -> Any:
    return {
        "check": check,
        "year": year,
        "unit": "people",
        "model": model if np.isfinite(model) else None,
        "published": float(published),
        "source": about.source,
        "grade": about.grade,
        "used": used,
    }


def _registers(
    catalogue: Catalogue, area: Area, frame: Frame, world: World, central: Measures
) -> list[dict[str, Any]]:
    """Registers that the base year was calibrated to."""
    conditions = [str(c["id"]) for c in catalogue.entities("conditions")]
    published = prevalence.register_counts(
        catalogue, area, 2023 if frame.base_year > 2020 else 2019
    )
    lives = world.lives
    youngest = int(published["minimum_age"].to_numpy().max())
    young = np.flatnonzero((lives.enter == 0) & (lives.cohort >= 0) & (lives.cohort < youngest))
    rows = []
    for register in published.iter_rows(named=True):
        at = conditions.index(register["condition"])
        # The register starts at an age; the simulation counts the condition at every age.
        under = young[lives.cohort[young] < register["minimum_age"]]
        ill = under[(lives.state[under] >> np.uint32(at)) & np.uint32(1) == 1]
        below = float(np.asarray(lives.weight[ill], np.float64).sum())
        rows.append(
            _row(
                f"register_{register['condition']}",
                frame.labels[0],
                float(central.conditions[0, ..., at, 0].sum()) - below,
                register["cases"],
                catalogue.tables["registers"],
                used=True,
            )
        )
    return rows


def _people(
    catalogue: Catalogue, area: Area, measures: Measures, at: int, *, used: bool
) -> list[dict[str, Any]]:
    """Residents by broad age against the published estimate of mid-2023."""
    published = backcast.published_people(catalogue, area)
    model = measures.people[at].sum(axis=(0, 1, 2, 4))
    about = catalogue.row("population.published_mid_2023").estimate
    if used:
        wanted = (("people_mid_2023", 0), *((f"{k}_mid_2023", a) for k, a in _OLDER))
    else:
        wanted = tuple((f"predicted_{k}", a) for k, a in _OLDER)
    return [
        _row(
            check,
            "2025/26" if used else "2023/24",
            float(model[first // 5 :].sum()),
            published[first:].sum(),
            about,
            used,
        )
        for check, first in wanted
    ]


def predicted(
    catalogue: Catalogue, area: Area, *, people: People, seed: int
) -> list[dict[str, Any]]:
    """What a small run from 2019/20, which sees no later register or population, says of 2023/24.

    Args:
        catalogue: the catalogue.
        area: the area.
        people: simulants that the outlook was asked for.
        seed: the run's seed.

    Returns:
        Rows for :func:`checks`: the population of mid-2023 and the registers of 2023/24.
    """
    few = _BACKCAST if people == "all" else min(people, _BACKCAST)
    parameters = catalogue.parameters()
    frame = Frame(backcast.START, backcast.YEARS)
    world = build(
        parameters,
        area,
        frame,
        people=few,
        seed=seed,
        particles=PARTICLES_IN_DRAWS,
    )
    tallies = simulate(world.lives, [world.tables], world.scoring, seed=seed, threads=1)[0]
    measures = measure(world, tallies, frame, risk_means(parameters, frame))
    published = prevalence.register_counts(catalogue, area, 2023)
    cases = dict(published.select("condition", "cases").iter_rows())
    rows = _people(catalogue, area, measures, backcast.YEARS, used=False)
    for condition, (model, _) in backcast.registers(catalogue, area, world, measures).items():
        rows.append(
            _row(
                f"predicted_register_{condition}",
                "2023/24",
                model,
                cases[condition],
                catalogue.tables["registers"],
                used=False,
            )
        )
    return rows
