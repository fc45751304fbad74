"""From tables by authority to arrays by place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from leftshift.areas import Area
from leftshift.catalogue import Catalogue
from leftshift.errors import AreaError, nearest

Array = NDArray[np.float64]

AGES = 106
"""Single years of age 0 to 104, and 105 and over."""
STEP_ROWS = 107
"""From-age rows of a step: birth to the first 30 June, then ages 0 to 105."""


def authorities(area: Area) -> list[str]:
    """ONS codes of the authorities of which the area holds a part, sorted."""
    return sorted({member.authority for place in area.places for member in place.members})


def shares(area: Area, codes: Sequence[str]) -> Array:
    """Share of each authority's people in each place.

    Args:
        area: any area.
        codes: authorities, as from :func:`authorities`.

    Returns:
        ``[P, L]``.
    """
    at = {code: i for i, code in enumerate(codes)}
    out = np.zeros((len(area.places), len(codes)))
    for p, place in enumerate(area.places):
        for member in place.members:
            out[p, at[member.authority]] += member.share
    return out


def rows_of(frame: pl.DataFrame, table: str, codes: Sequence[str]) -> pl.DataFrame:
    """A table's rows for some authorities.

    Raises:
        AreaError: an authority has no row; the message names the nearest that has.
    """
    found = frame.filter(pl.col("authority").is_in(list(codes)))
    lost = sorted(set(codes) - set(found["authority"].unique()))
    if lost:
        known = set(frame["authority"].unique())
        raise AreaError(
            f'catalogue table {table}: no figures for authority "{lost[0]}".'
            f"{nearest(lost[0], known)} Use the ONS code that stands since April 2023, or add "
            f"its rows to catalogue/tables/{table}.csv of the project."
        )
    return found


def matrix(catalogue: Catalogue, table: str, codes: Sequence[str], columns: Sequence[str]) -> Array:
    """One row of figures for each authority.

    Args:
        catalogue: where the table is.
        table: its name; it has one row for an authority.
        codes: authorities, sorted.
        columns: the columns wanted.

    Returns:
        ``[L, columns]``.

    Raises:
        AreaError: an authority has no row.
    """
    found = rows_of(catalogue.table(table), table, codes).sort("authority")
    return found.select(columns).to_numpy().astype(np.float64)
