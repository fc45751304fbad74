"""Figures of the catalogue that are different in a plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from leftshift.catalogue.rows import Row, make_row
from leftshift.errors import CatalogueError, PlanError, QuantityError, listed, nearest
from leftshift.plans.library import Known
from leftshift.quantities import Money

__all__ = ["FIGURE_KEYS", "read_figures"]

FIGURE_KEYS = (
    *("value", "lower", "upper", "distribution"),
    *("unit", "source", "as_of", "grade", "note"),
)
"""Every key of a figure given in a plan."""

_MOST = 1e15


def read_figures(
    given: Mapping[str, Any], known: Known, shown: str, line_of: Callable[..., int]
) -> tuple[Row, ...]:
    """Reads [figures].

    Args:
        given: the table: a number, text such as "£95", or an inline table by row id. Ids may be
            written in quotes, or with their dots as TOML's own.
        known: the catalogue's rows.
        shown: how the file is named in messages.
        line_of: gives the line of a key.

    Returns:
        The rows as the plan gives them, of layer "plan": fixed where only a number is given.

    Raises:
        PlanError: with file and line.
    """
    found: dict[str, Row] = {}
    for path, value in _leaves(given, ()):
        identity = ".".join(path)
        where = f"{shown}:{line_of('figures', *path)}: "
        old = known.figures.get(identity)
        if old is None:
            raise PlanError(
                f'{where}no catalogue figure called "{identity}".'
                f"{nearest(identity, known.figures)} Find them with: leftshift catalogue TEXT"
            )
        if identity in found:
            raise PlanError(f"{where}{identity} is already on line {found[identity].line}.")
        found[identity] = _row(identity, value, old, where, shown, line_of("figures", *path))
    return tuple(found.values())


def _leaves(
    given: Mapping[str, Any], path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in given.items():
        if isinstance(value, dict) and "value" not in value:
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key), value


def _row(identity: str, value: Any, old: Row, where: str, shown: str, line: int) -> Row:
    cells = dict(value) if isinstance(value, dict) else {"value": value}
    for key in cells:
        if key not in FIGURE_KEYS:
            raise PlanError(
                f'{where}{identity}: no key called "{key}".{nearest(key, FIGURE_KEYS)} '
                f"Allowed: {listed(FIGURE_KEYS, 20)}."
            )
    texts: dict[str, str] = dict.fromkeys(FIGURE_KEYS, "")
    for key, cell in cells.items():
        number = key in ("value", "lower", "upper")
        if number and isinstance(cell, str) and old.estimate.unit.startswith("GBP"):
            try:
                cell = Money.parse(cell).amount
            except QuantityError as problem:
                raise PlanError(f"{where}{identity}: {key}: {problem}") from None
        if number:
            right = isinstance(cell, int | float) and not isinstance(cell, bool)
            if not right or not abs(cell) < _MOST:
                raise PlanError(f"{where}{identity}: {key} must be a number, such as 0.25.")
            texts[key] = repr(float(cell))
        else:
            plain = isinstance(cell, str) or (key == "as_of" and type(cell) is int)
            if not plain:
                raise PlanError(f"{where}{identity}: {key} must be text.")
            texts[key] = str(cell).strip()
    if (texts["lower"] or texts["upper"]) and not texts["distribution"]:
        raise PlanError(
            f"{where}{identity} has bounds and no distribution. Say how its doubt is spread, such "
            'as distribution = "lognormal".'
        )
    texts["distribution"] = texts["distribution"] or "fixed"
    if texts["unit"] not in ("", old.estimate.unit):
        raise PlanError(
            f'{where}{identity} is in "{texts["unit"]}" here and in "{old.estimate.unit}" in the '
            "catalogue. Write it in that unit."
        )
    texts["unit"] = old.estimate.unit
    texts["source"] = texts["source"] or "Given in the plan"
    texts["as_of"] = texts["as_of"] or old.estimate.as_of
    texts["grade"] = texts["grade"] or "A"
    texts["note"] = texts["note"] or old.note
    try:
        return make_row({"id": identity, "label": old.label, **texts}, shown, line, "plan")
    except CatalogueError as problem:
        raise PlanError(f"{where}{problem}") from None
