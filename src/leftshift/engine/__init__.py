"""Simulates lives: arrays in, tallies and loads out.

The room knows no NHS words, no files and no data frames, and imports nothing else of Leftshift.
`Lives` (the people), `Tables` (the rates of one arm) and `Scoring` (what states are worth) go in;
`simulate` gives `Tallies` for each arm. What an arm does to persons besides are its `Action`s.
`kernel` is the fast engine, `oracle` a slow, obvious one that it is compared with, `randoms` the
numbers that both a person and an event own.
"""

from .actions import Action, Clause, Shift
from .checks import EngineError
from .ladder import LifeCourse, life_course
from .lives import Histories, Lives, Scoring, Tables, Tallies
from .simulation import histories, simulate

__all__ = [
    "Action",
    "Clause",
    "EngineError",
    "Histories",
    "LifeCourse",
    "Lives",
    "Scoring",
    "Shift",
    "Tables",
    "Tallies",
    "histories",
    "life_course",
    "simulate",
]
