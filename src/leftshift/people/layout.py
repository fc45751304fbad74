"""Arrays unrolled into the long frames of a run's tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["Bounds", "Labels", "Layout", "present"]

Array = NDArray[np.float64]
Labels = Sequence[str] | Sequence[int]
Bounds = Mapping[str, tuple[Array, Array]]


def present(value: Array) -> NDArray[np.bool_]:
    """Says which values make a row: those that are there and not nil."""
    present: NDArray[np.bool_] = ~np.isnan(value) & (value != 0.0)
    return present


class Layout:
    """Unrolls arrays into long frames in the order of the file, without cells that are nil.

    Texts are categories of few bytes a row, in the order of their letters: a million rows of text
    take longer to make and to sort than the lives take to simulate.
    """

    def __init__(self, arm: str, bounds: Bounds | None, names: Mapping[str, Labels]) -> None:
        self._arm = arm
        self._bounds = bounds
        self._kinds = {
            axis: pl.Enum(sorted({str(name) for name in found})) for axis, found in names.items()
        }

    def nowhere(self, axis: str) -> pl.Expr:
        """A column that says of every row that it is not split by an axis."""
        return pl.lit("", self._kinds[axis]).alias(axis)

    def frame(
        self,
        name: str,
        values: Array,
        axes: Mapping[str, Labels],
        order: tuple[str, ...],
        more: Mapping[str, NDArray[Any]] | None = None,
        keep: Callable[[Array], NDArray[np.bool_]] = present,
    ) -> pl.DataFrame:
        """One row for each cell that is kept, sorted by the axes in the order given.

        Args:
            name: of the array in the bounds.
            values: one axis for each of `axes`.
            axes: what stands along each axis, by the column's name.
            order: the columns that rows are sorted by, the first one first.
            more: further columns, as arrays of the same shape.
            keep: says which values make a row.
        """
        flat = values.ravel()
        bound = self._bounds[name] if self._bounds is not None else None
        kept = keep(flat)
        if bound is not None:
            # Nil in the central run but not in every draw is a row; no value at all is none.
            kept = kept | (keep(bound[1].ravel()) & ~np.isnan(flat))
        # Where in `flat` each cell of the sorted table lies. (2**32 cells would be 32 GB.)
        at = np.zeros(1, np.uint32)
        position = {axis: number for number, axis in enumerate(axes)}
        sorted_axes = []
        for axis in order:
            labels = list(axes[axis])
            ranks = sorted(range(len(labels)), key=labels.__getitem__)  # type: ignore[arg-type]
            sorted_axes.append([labels[rank] for rank in ranks])
            stride = math.prod(values.shape[position[axis] + 1 :])
            at = (at[:, None] + np.array(ranks, np.uint32) * np.uint32(stride)).ravel()
        rows = np.flatnonzero(kept[at])
        index = at[rows]
        columns: dict[str, pl.Series] = {}
        left = rows.astype(np.uint32)
        for axis, labels in zip(reversed(order), reversed(sorted_axes), strict=True):
            above = left // np.uint32(len(labels))
            code = pl.Series(left - above * np.uint32(len(labels)))
            columns[axis] = pl.Series(axis, labels, dtype=self._kinds.get(axis)).gather(code)
            left = above
        for column, array in (more or {}).items():
            columns[column] = pl.Series(column, array.ravel()[index])
        frame = pl.DataFrame(columns).with_columns(
            arm=pl.lit(self._arm), value=pl.Series(flat[index])
        )
        if bound is None:
            empty = pl.lit(None, pl.Float64)
            return frame.with_columns(lower=empty, upper=empty)
        return frame.with_columns(
            lower=pl.Series(bound[0].ravel()[index]).fill_nan(None),
            upper=pl.Series(bound[1].ravel()[index]).fill_nan(None),
        )
