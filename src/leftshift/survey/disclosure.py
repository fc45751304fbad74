"""Which groups of the people who answered a question may be shown together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leftshift.survey import differencing

__all__ = ["SECONDARY", "SHOWN", "SMALL", "Group", "Rules", "decide"]

SHOWN, SMALL, SECONDARY = "shown", "small_base", "secondary"

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rules:
    """What may be shown.

    Attributes:
        threshold: the smallest base of a figure.
        unanimous_below: groups smaller than this are hidden where all are on one side of a net.
        least_systems: the fewest systems a group must span, so that it is not one system by
            another name.
        least_range: how many people's answers must stay open in a set that is protected.
        rounding: counts are rounded to multiples of it and shares to whole per cent; 0 for not.
    """

    threshold: int = 5
    unanimous_below: int = 10
    least_systems: int = 2
    least_range: int = 2
    rounding: int = 0


@dataclass(frozen=True)
class Group:
    """People whose answers would be shown together.

    Attributes:
        key: what the group is called: context ("" for the wave itself), dimension and group.
        people: whether each person is in it.
        rank: groups of a lower rank are let in before those of a higher one.
        fixed: whether it is hidden only where it is itself too small.
    """

    key: tuple[str, str, str]
    people: Flags
    rank: int = 0
    fixed: bool = False


def decide(
    groups: Sequence[Group],
    rules: Rules,
    systems: NDArray[np.int64],
    answers: NDArray[np.float64] | None = None,
    nets: Sequence[Sequence[int]] = (),
    exclusive: bool = True,
) -> dict[tuple[str, str, str], str]:
    """Decides which groups of the people who answered a question may be shown.

    Args:
        groups: all that would be shown, each over the same people.
        rules: what may be shown.
        systems: the system of each person as a number; negative where it is not known.
        answers: people by answers, 1 where given; None for answers that are no categories.
        nets: answers (columns) that are reported together.
        exclusive: whether everyone gave exactly one answer.

    Returns:
        shown, small_base or secondary for each group's key.
    """
    status = {group.key: _own(group, rules, systems, answers, nets, exclusive) for group in groups}
    refused = [group for group in groups if status[group.key] != SHOWN]
    fixed = [group for group in groups if group.fixed and status[group.key] == SHOWN]
    if not fixed:
        return {key: SMALL if found == SHOWN else found for key, found in status.items()}
    # What matters most is let in first: everyone, then roles, then further ways to split them, then
    # changes of the same people. What is in stays in; what would give someone away stays out.
    shown = list(fixed)
    waiting = [group for group in groups if status[group.key] == SHOWN and not group.fixed]
    for rank in sorted({group.rank for group in waiting}):
        batch = [group for group in waiting if group.rank == rank]
        batch.sort(key=lambda group: (-int(group.people.sum()), group.key))
        if _safe([*shown, *batch], refused, rules, answers, exclusive):
            shown += batch
            continue
        for group in batch if len(batch) > 1 else ():
            if _safe([*shown, group], refused, rules, answers, exclusive):
                shown.append(group)
    kept = {group.key for group in shown}
    return {
        key: SECONDARY if found == SHOWN and key not in kept else found
        for key, found in status.items()
    }


def _safe(
    shown: Sequence[Group],
    refused: Sequence[Group],
    rules: Rules,
    answers: NDArray[np.float64] | None,
    exclusive: bool,
) -> bool:
    """Says whether nobody is given away by what is shown, taken together."""
    member = np.array([group.people for group in shown])
    if differencing.smallest_leak(member, rules.threshold) is not None:
        return False
    if answers is None or (exclusive and answers.sum(axis=0).max(initial=0) == len(answers)):
        return True
    _, which, sizes = differencing.classes(member)
    few = [np.flatnonzero(which == one) for one in np.flatnonzero(sizes < rules.threshold)]
    few += [np.flatnonzero(group.people) for group in refused if group.people.any()]
    return differencing.leaves_open(member, member @ answers, few, exclusive, rules.least_range)


def _own(
    group: Group,
    rules: Rules,
    systems: NDArray[np.int64],
    answers: NDArray[np.float64] | None,
    nets: Sequence[Sequence[int]],
    exclusive: bool,
) -> str:
    base = int(group.people.sum())
    if base < rules.threshold:
        return SMALL
    known = systems[group.people]
    if not group.fixed and len(np.unique(known[known >= 0])) < rules.least_systems:
        return SMALL
    if answers is None or group.fixed:
        return SHOWN
    counts = answers[group.people].sum(axis=0)
    if exclusive and counts.max(initial=0) == base:
        return SECONDARY
    together = [*([one] for one in range(answers.shape[1])), *nets]
    if base < rules.unanimous_below and any(counts[list(net)].sum() >= base for net in together):
        return SECONDARY
    return SHOWN
