"""England's published spending, line by line, against what the services name.

Each part (NHS commissioning, councils' social care, the public health grant) closes: what is in,
what is out, overlaps and the unexplained rest add up to what is published. An overlap stands twice:
once as it is published and once taken off. What households pay, and charges for NHS care, are in no
part.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from leftshift.care.money import fail, to_year
from leftshift.care.rates import Rates
from leftshift.care.services import Services
from leftshift.catalogue import Catalogue
from leftshift.catalogue.rows import Row
from leftshift.errors import nearest
from leftshift.quantities import FinancialYear

__all__ = ["PARTS", "bridge"]

Array = NDArray[np.float64]

PARTS = {
    "nhs": ("icb_core", "primary_medical", "pod", "specialised", "other_direct"),
    "social_care": ("local_authority", "client_contributions"),
    "public_health": ("public_health_grant",),
}
"""The payers whose spending each part of the bridge holds."""

_LABELS = {
    "nhs": "NHS commissioning",
    "social_care": "Councils' adult social care",
    "public_health": "Public health grant",
}
_CATEGORIES = {"published": "published", "out": "out", "overlap": "overlapping"}
_ORDER = ("published", "in", "out", "overlapping", "unexplained")
_SMALLEST = 0.5  # £: a service's part below this is rounding, not a line


def bridge(catalogue: Catalogue, services: Services, rates: Rates) -> pl.DataFrame:
    """Set England's published spending against what services name.

    Args:
        catalogue: gives the published lines and overlaps, rows `bridge.*`.
        services: the services at their central values.
        rates: their rates, which give England's units in its own year and in the base year.

    Returns:
        Rows of the table bridge, in £ of the bridge's year. In each part the categories in, out,
        overlapping (below 0: taken off once) and unexplained add up to published.

    Raises:
        CareError: a row names no part or category of the bridge.
    """
    year = int(catalogue.row("bridge.year").estimate.value)
    named = _named(catalogue, services, rates, year)
    label = f"£ in {FinancialYear(year)}"
    rows: list[dict[str, Any]] = []
    for part, payers in PARTS.items():
        paid = services.payer_share[:, [services.payers.index(one) for one in payers]]
        bears = named * paid.sum(axis=1)
        if part == "social_care":
            # Charges outside social care are no part of councils' spending, nor of the NHS's.
            bears = np.where(_pays(services, "local_authority"), bears, 0.0)
        made = [line for row in _rows(catalogue, part) for line in _published(row)]
        for at in np.flatnonzero(bears > _SMALLEST):
            made.append(_service(catalogue, services, int(at), float(bears[at]), year))
        total = sum(row["value"] for row in made if row["category"] == "published")
        rest = total - sum(row["value"] for row in made if row["category"] != "published")
        made.append(
            {
                "line": "unexplained",
                "label": f"{_LABELS[part]}: named by no service",
                "category": "unexplained",
                "value": rest,
                "source": "published less in and out, overlaps taken off once",
                "grade": "D",
                "note": _note(catalogue, part, rest),
            }
        )
        made.sort(key=lambda row: _ORDER.index(row["category"]))
        rows += [{"part": part, "unit": label, **row} for row in made]
    return pl.DataFrame(rows).select(
        "line", "part", "label", "category", "unit", "value", "source", "grade", "note"
    )


def _note(catalogue: Catalogue, part: str, rest: float) -> str:
    if rest < 0:
        return "Services name more than is published: one of the two is too high or too low."
    said = "Shown until it can be sourced: no service of ours holds it."
    for row in catalogue.rows(f"bridge.context.{part}"):
        known = row.estimate
        said += f" {row.label}: £{known.value / 1e9:.1f}bn ({known.source}). {row.note}"
    return said


def _pays(services: Services, payer: str) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = services.payer_share[:, services.payers.index(payer)] > 0.0
    return found


def _named(catalogue: Catalogue, services: Services, rates: Rates, year: int) -> Array:
    """£ that services name in England in a year, in that year's prices: ``[L]``."""
    parameters = catalogue.parameters()
    own = np.array([int(one) for one in services.years], dtype=np.float64)
    base = parameters.value("base.year")
    # Between a total's own year and the base year its units grow at one rate.
    grown = np.divide(
        rates.england, rates.own_year, out=np.ones(len(own)), where=rates.own_year > 0
    )
    span = np.where(base == own, 1.0, base - own)
    units = rates.own_year * grown ** np.where(base == own, 0.0, (year - own) / span)
    found: Array = units * services.unit_cost * to_year(parameters, services, year)
    return found


def _rows(catalogue: Catalogue, part: str) -> list[Row]:
    found = []
    for row in catalogue.rows("bridge"):
        pieces = row.id.split(".")
        if len(pieces) == 2 or (pieces[1] == "context" and pieces[2] in PARTS):
            continue
        if len(pieces) != 4 or pieces[1] not in _CATEGORIES or pieces[2] not in PARTS:
            wrong = pieces[1] if pieces[1] not in _CATEGORIES else pieces[2]
            raise fail(
                row,
                "known_bridge_line",
                "a line is bridge.<published, out or overlap>.<part>.<line>."
                + nearest(wrong, (*_CATEGORIES, *PARTS)),
            )
        if pieces[2] == part:
            found.append(row)
    return found


def _published(row: Row) -> list[dict[str, Any]]:
    """A row's lines: one, or two for an overlap, which is shown as published and taken off."""
    _, category, _, line = row.id.split(".")
    known = row.estimate
    found = {
        "line": line,
        "label": row.label,
        "category": _CATEGORIES[category],
        "value": known.value,
        "source": known.source,
        "grade": known.grade,
        "note": row.note,
    }
    if category != "overlap":
        return [found]
    twice = {**found, "line": f"{line}_as_published", "category": "in"}
    return [twice, {**found, "value": -known.value}]


def _service(
    catalogue: Catalogue, services: Services, at: int, value: float, year: int
) -> dict[str, Any]:
    identity = services.ids[at]
    # A service counted in pounds has no unit cost.
    known = [
        (what, catalogue.row(f"service.{identity}.{figure}").estimate)
        for what, figure in (("units", "activity"), ("unit cost", "unit_cost"))
        if catalogue.rows(f"service.{identity}.{figure}")
    ]
    whose = services.payer_share[at]
    split = ", ".join(f"{services.payers[k]} {whose[k]:.0%}" for k in np.flatnonzero(whose > 0.0))
    moved = "" if int(services.years[at]) == year else f" Brought from {services.years[at]}."
    return {
        "line": identity,
        "label": services.labels[at],
        "category": "in",
        "value": value,
        "source": "; ".join(f"{what}: {one.source}" for what, one in known),
        "grade": max((one.grade for _, one in known), key="VDRA".index),
        "note": f"Paid by {split}.{moved}",
    }
