"""A plan's places, checked against the area that it is about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from leftshift.areas.naming import plain
from leftshift.errors import PlanError, listed, nearest
from leftshift.plans.files import Plan

if TYPE_CHECKING:
    from leftshift.areas import Area

__all__ = ["located", "place_names"]


def located(plan: Plan, area: Area) -> Plan:
    """Checks a plan's places against an area.

    Args:
        plan: the plan.
        area: whose places it may name, by code or name.

    Returns:
        The plan with `where` of every intervention as codes of places, sorted.

    Raises:
        PlanError: a place is none of the area's, with file and line.
    """
    names = place_names(area)
    by_name = {plain(name): code for name, code in names.items()}
    found = []
    for at, one in enumerate(plan.interventions):
        codes = []
        for place in one.where:
            code = by_name.get(plain(place))
            if code is None:
                raise PlanError(
                    f"{plan.file}:{plan.line('intervention', at, 'where')}: {one.id}: no place of "
                    f'{area.name} is called "{place}".{nearest(place, names)} '
                    f"Places: {listed((p.name for p in area.places), 20)}."
                )
            codes.append(code)
        asked = [clause.places for clause in one.who.clauses(names)]
        if codes and not any(here is None or set(here) & set(codes) for here in asked):
            raise PlanError(
                f"{plan.file}:{plan.line('intervention', at, 'where')}: {one.id}: who asks for "
                "other places than where allows: no one would belong. Change one of them."
            )
        found.append(replace(one, where=tuple(sorted(set(codes)))))
    return replace(plan, interventions=tuple(found))


def place_names(area: Area) -> dict[str, str]:
    """The code of every place of an area, by its name and by its code: for `Who.clauses`."""
    return {name: place.code for place in area.places for name in (place.name, place.code)}
