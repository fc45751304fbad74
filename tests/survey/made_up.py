"""Respondents and answers made up for tests of anonymity: nobody in them is real."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leftshift.survey.disclosure import Group


@dataclass(frozen=True)
class Wave:
    """A made-up wave: who is in which group, from which system, and what they answered."""

    groups: list[Group]
    systems: NDArray[np.int64]
    answers: NDArray[np.float64]


def made_up(seed: int, people: int = 80, answers: int = 4, overlap: bool = True) -> Wave:
    dice = np.random.default_rng(seed)
    systems = dice.integers(0, 42, people)
    role = dice.integers(0, 3, people)
    ways = {"region": systems % 7, "type": systems % 2, "size": (systems // 7) % 3, "role": role}
    groups = [Group(("", "all", ""), np.ones(people, dtype=bool), 0, fixed=True)]
    for rank, (name, values) in enumerate(sorted(ways.items(), reverse=True), start=1):
        for value in np.unique(values):
            groups.append(Group(("", name, str(value)), values == value, rank))
    if overlap:
        again = dice.random(people) < 0.9
        groups.append(Group(("paired", "all", ""), again, 9))
        for value in np.unique(role):
            groups.append(Group(("paired", "role", str(value)), again & (role == value), 10))
    share = dice.dirichlet(np.ones(answers) * 1.2)
    given = np.eye(answers)[dice.choice(answers, people, p=share)]
    return Wave(groups, systems.astype(np.int64), given)
