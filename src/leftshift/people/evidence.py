"""What an outlook rests on, and what its inputs asked for that no population could show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from leftshift.catalogue import Catalogue, Parameters
from leftshift.people.model import World

__all__ = ["TABLES", "refused", "sources"]

#: Bulk tables that every outlook reads, and those of its base year.
TABLES: Final = (
    "authorities",
    "births",
    "boards",
    "deaths_ratio",
    "membership",
    "migration",
    "migration_age",
    "mortality",
    "population_2019",
    "population_2025",
    "population_published_mid_2023",
    "prevalence",
    "prevalence_gradients",
    "ratio_basis",
    "regions",
    "registers",
    "risk_by_age",
)
#: Rows that are read as they stand, not as values of a draw.
_AS_THEY_STAND: Final = ("population.projection", "population.published_mid_2023")
#: Rows whose figures are already in a table: they were used when the catalogue was built.
_BUILT_IN: Final = ("prevalence", "condition.chronic_pain.age_ratio")
#: Cases a year, for each person with the condition, below which a refusal is not worth a sentence.
_WORTH_SAYING = 0.0005


def sources(
    catalogue: Catalogue, parameters: Parameters, further: Iterable[str] = ()
) -> pl.DataFrame:
    """Every catalogue row that the run asked for, and every table that it read.

    Args:
        catalogue: the catalogue.
        parameters: the central parameters, after the run.
        further: bulk tables that other rooms read.

    Returns:
        Rows of the table sources. A bulk table has the id `table.<name>` and its number of rows as
        its value.
    """
    overridden = {o["id"] for o in catalogue.overrides}
    scores = (f"condition.{c['id']}.cambridge_weight" for c in catalogue.entities("conditions"))
    built_in = (row.id for stem in _BUILT_IN for row in catalogue.rows(stem))
    asked = parameters.asked | {*scores, *_AS_THEY_STAND, *built_in}
    rows = [
        {
            "id": row.id,
            "label": row.label,
            "value": row.estimate.value,
            "lower": row.estimate.lower,
            "upper": row.estimate.upper,
            "distribution": row.estimate.distribution,
            "unit": row.estimate.unit,
            "source": row.estimate.source,
            "as_of": row.estimate.as_of,
            "grade": row.estimate.grade,
            "note": row.note,
            "overridden": row.id in overridden,
        }
        for row in catalogue.rows()
        if row.id in asked
    ]
    for name in sorted({*TABLES, *further}):
        about = catalogue.tables[name]
        rows.append(
            {
                "id": f"table.{name}",
                "label": about.label,
                "value": float(len(catalogue.table(name))),
                "lower": None,
                "upper": None,
                "distribution": "fixed",
                "unit": "rows of a table",
                "source": about.source,
                "as_of": about.as_of,
                "grade": about.grade,
                "note": about.note,
                "overridden": f"tables/{name}" in overridden,
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None)


def refused(world: World, labels: Mapping[str, str]) -> list[str]:
    """Says where published prevalence falls faster with age than people can die or recover.

    New cases cannot be fewer than none, so there the model has none.

    Args:
        world: what was simulated.
        labels: the conditions' labels by id, in the catalogue's order.

    Returns:
        One sentence or none.
    """
    alive = world.residents.sum(axis=0).reshape(10, -1)
    found = []
    for number, label in enumerate(labels.values()):
        # Row a + 1 of the life course is the step from age a.
        by_age = (world.course.excess[number][:, 1:] * alive).sum(axis=0)
        cases = float((world.targets[number] * alive).sum())
        yearly = float(by_age.sum())
        if cases > 0 and yearly > _WORTH_SAYING * cases:
            first, last = _span(by_age)
            share = 100 * yearly / cases
            found.append(f"{_inside(label)} at {first} to {last} ({share:.1f}% of cases a year)")
    if not found:
        return []
    return [
        "Published prevalence falls with age faster than deaths and recovery allow for "
        f"{_listed(found)}. New cases there are set to none. The base year shows the prevalence "
        "as published; in later years it drifts up at these ages, as younger people bring theirs "
        "with them."
    ]


def _span(by_age: NDArray[np.float64]) -> tuple[int, int]:
    """The ages between which nearly all of it lies."""
    share = np.cumsum(by_age) / by_age.sum()
    return int(np.searchsorted(share, 0.025)), int(np.searchsorted(share, 0.975))


def _inside(label: str) -> str:
    """A label inside a sentence: capitals stay where a word is all capitals."""
    return label if label[:2].isupper() else label[0].lower() + label[1:]


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
