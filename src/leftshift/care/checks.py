"""An area's published use and need beside the model's: does the money know us?

Nothing here was fitted to a board. Figures of boards are put together by the share of each one's
people who live in the area; a part of a board is taken to be like the whole of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from leftshift.care import beds
from leftshift.care.catchment import board_shares
from leftshift.care.reference_people import reference
from leftshift.care.services import Services
from leftshift.catalogue import Catalogue

if TYPE_CHECKING:
    from leftshift.care.model import CareOfWorld
    from leftshift.care.use import Use

__all__ = ["COMPONENTS", "TABLES_READ", "checks", "named", "names"]

#: What of the model each component of the need weights is held against: settings and services.
COMPONENTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "general_and_acute": ("general and acute", ("acute", "urgent")),
    "community": ("community", ("community",)),
    "mental_health": ("mental health", ("mental_health",)),
    "maternity": ("maternity", ("maternity",)),
    "prescribing": ("prescribing", ("prescribing",)),
    "primary_medical": ("primary medical", ("gp_appointment", "practice_team_appointment")),
}

#: Bulk tables that the checks read.
TABLES_READ = ("weighted_populations", "trust_beds", "trust_board_shares", "england_people")


def named(services: Services, component: str) -> list[bool]:
    """Which services a component covers, by id or by setting; maternity is apart from acute."""
    _, kinds = COMPONENTS[component]
    return [
        one in kinds or (setting in kinds and one != "maternity")
        for one, setting in zip(services.ids, services.settings, strict=True)
    ]


def checks(bound: CareOfWorld, use: Use) -> pl.DataFrame:
    """Rows of the table checks for one area's base year.

    Args:
        bound: care with central parameters.
        use: what the area's people use.

    Returns:
        Cost per head by component of need, England = 100, and beds filled.
    """
    catalogue = bound.care.catalogue
    year = use.frame.labels[0]
    shares = board_shares(catalogue, use.area)
    boards = list(catalogue.table("boards")["ods"])
    rows: list[dict[str, Any]] = []

    weights = catalogue.table("weighted_populations")
    order = [weights["board"].to_list().index(board) for board in boards]
    listed = weights["registered"].to_numpy()[order]
    units = use.activity[0].sum(axis=(0, 1, 2))
    heads = use.place_people[0].sum()
    everyone = reference(catalogue).at([use.frame.base_year])[0].sum()
    about = catalogue.tables["weighted_populations"]
    for component in COMPONENTS:
        cost = np.where(named(bound.services, component), bound.prices.unit_cost, 0.0)
        weighted = weights[component].to_numpy()[order]
        england = weighted.sum() / listed.sum()
        rows.append(
            {
                "check": f"cost_{component}",
                "unit": "index, England = 100",
                "model": _over(units @ cost / heads, bound.england.england @ cost / everyone),
                "published": _over(shares @ weighted / (shares @ listed), england),
                "source": about.source,
                "grade": about.grade,
            }
        )
    found = beds.published_beds(catalogue)
    about = catalogue.tables["trust_beds"]
    filled = beds.modelled_beds(bound.parameters, catalogue, use).sum(axis=0)
    for at, kind in enumerate(beds.bed_types(catalogue)):
        mine = found.filter(pl.col("bed_type") == kind)
        if len(mine):
            occupied = dict(zip(mine["board"], mine["occupied"], strict=True))
            rows.append(
                {
                    "check": f"beds_filled_{kind}",
                    "unit": "beds",
                    "model": float(filled[at]),
                    "published": float(shares @ np.array([occupied[board] for board in boards])),
                    "source": about.source,
                    "grade": about.grade,
                }
            )
    return pl.DataFrame(
        [
            {
                "arm": "baseline",
                "year": year,
                "place": "",
                **row,
                "ratio": row["model"] / row["published"] if row["published"] else None,
                "used": False,
            }
            for row in rows
        ]
    )


def names(catalogue: Catalogue) -> list[tuple[str, str, str, str]]:
    """Rows of the table names for those checks: kind, id, label, unit."""
    rows = [
        ("check", f"cost_{one}", f"Cost per head against need: {label}", "index, England = 100")
        for one, (label, _) in COMPONENTS.items()
    ]
    kinds = beds.bed_types(catalogue)
    return rows + [
        ("check", f"beds_filled_{one}", f"Beds filled: {label}", "beds")
        for one, label in kinds.items()
    ]


def _over(mine: float, england: float) -> float:
    return float(100.0 * mine / england) if england > 0 else 0.0
