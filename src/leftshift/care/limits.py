"""Figures of staff, beds and waits that make no sense: refused by file and line, not carried on."""

from __future__ import annotations

from collections.abc import Mapping
from weakref import WeakKeyDictionary

from leftshift.catalogue import Catalogue
from leftshift.errors import CareError

__all__ = ["demand_limits"]

_DONE: WeakKeyDictionary[Catalogue, set[str]] = WeakKeyDictionary()


def demand_limits(
    catalogue: Catalogue, prefix: str, limits: Mapping[str, tuple[float, float]]
) -> None:
    """Refuses rows whose value or interval lies outside what it can be; looks once.

    Args:
        catalogue: the layered catalogue.
        prefix: the rows that are looked at, such as "care.staff".
        limits: the smallest and largest by the last part of a row's id, or by what follows the
            prefix.

    Raises:
        CareError: `[figure_out_of_range]`, with file and line.
    """
    done = _DONE.setdefault(catalogue, set())
    if prefix in done:
        return
    for row in catalogue.rows(prefix):
        rest = row.id.removeprefix(prefix + ".")
        allowed = limits.get(rest, limits.get(rest.rpartition(".")[2]))
        if allowed is None:
            continue
        low, high = allowed
        estimate = row.estimate
        for name, one in (
            ("value", estimate.value),
            ("lower", estimate.lower),
            ("upper", estimate.upper),
        ):
            if one is not None and not low <= one <= high:
                where = f"{row.file}:{row.line}: " if row.line else f"{row.file}: "
                raise CareError(
                    f"{where}[figure_out_of_range] {row.id}: the {name} is {one:g} "
                    f"({estimate.unit}). It must lie between {low:g} and {high:g}."
                )
    done.add(prefix)
