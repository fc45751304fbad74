"""What can only be seen of a plan's interventions together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from leftshift.catalogue.rows import Row
from leftshift.plans.library import Intervention, Swap

__all__ = ["apart", "circle"]


def circle(interventions: Iterable[Intervention]) -> list[tuple[Intervention, Swap]]:
    """The swaps that lead round in a circle, the last one of the plan first; none if none do."""
    ways: dict[str, list[tuple[Intervention, Swap]]] = {}
    for one in interventions:
        for swap in one.swaps:
            before: dict[str, list[tuple[Intervention, Swap]]] = {swap.to: []}
            waiting = [swap.to]
            while waiting:
                here = waiting.pop(0)
                for owner, way in ways.get(here, ()):
                    if way.to not in before:
                        before[way.to] = [*before[here], (owner, way)]
                        waiting.append(way.to)
            if swap.source in before:
                return [(one, swap), *before[swap.source]]
            ways.setdefault(swap.source, []).append((one, swap))
    return []


def apart(
    interventions: Iterable[Intervention], figures: Iterable[Row]
) -> tuple[Intervention, ...]:
    """Keeps rows apart where one entry of the library is used twice and changed once.

    A figure that the plan leaves as it is keeps the library's id, so that all who use it share its
    draws. Where the same id is changed elsewhere in the plan, it needs one of its own.
    """
    all_of = tuple(interventions)
    changed = {row.id for one in all_of for row in one.rows if row.layer == "plan"}
    changed -= {row.id for row in figures}

    def own(one: Intervention, row: Row) -> Row:
        if row.layer == "plan" or row.id not in changed:
            return row
        rest = row.id.removeprefix(f"intervention.{one.use}.")
        return replace(row, id=f"intervention.{one.id}.{rest}", layer="plan")

    return tuple(
        replace(
            one,
            effects=tuple(replace(e, figure=own(one, e.figure)) for e in one.effects),
            swaps=tuple(
                replace(s, share=own(one, s.share), per_unit=own(one, s.per_unit))
                for s in one.swaps
            ),
            cost={name: own(one, row) for name, row in one.cost.items()},
            staff={name: own(one, row) for name, row in one.staff.items()},
        )
        for one in all_of
    )
