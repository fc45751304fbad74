"""Who answered a question in a wave and a group, as arrays, and out of how many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from leftshift.survey.cleaning import Cleaned
from leftshift.survey.codebook import Question, Wave

__all__ = ["GROUPINGS", "Measure", "Sample", "Samples"]

GROUPINGS = ("all", "role", "type", "size", "region")
_COLUMN = {"role": "role", "type": "type", "size": "size", "region": "region"}

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of a question: a share of an option, a net, or a mean.

    Attributes:
        kind: share, net or mean.
        option: id of the option or net; "" for a mean.
        unit: percent, score or number.
        options: ids of the options that count; () for a mean.
    """

    kind: str
    option: str
    unit: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sample:
    """The respondents who answered a question, in the order of the file.

    Attributes:
        respondents: their ids.
        people: their invented ids across waves, or "".
        systems: the system in the latest geography, or an id of their own.
        clusters: int64[n], a number for each system of the wave.
        roles: their roles.
        weights: float64[n], mean 1 over the wave.
        chosen: the option ids of each.
        values: float64[n], score or number; NaN where there is none.
        population: how many there are to be asked in the group, or None.
    """

    respondents: tuple[str, ...]
    people: tuple[str, ...]
    systems: tuple[str, ...]
    clusters: Ints
    roles: tuple[str, ...]
    weights: Floats
    chosen: tuple[frozenset[str], ...]
    values: Floats
    population: int | None

    @property
    def base(self) -> int:
        """How many answered."""
        return len(self.respondents)

    def outcome(self, measure: Measure) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """Gives what each respondent adds to a measure.

        Returns:
            float64[n] of 0 and 1 or of scores, and bool[n] of who is in the base.
        """
        if measure.kind == "mean":
            return self.values, np.isfinite(self.values)
        wanted = set(measure.options)
        hits = np.array([1.0 if one & wanted else 0.0 for one in self.chosen], dtype=np.float64)
        return hits, np.ones(len(hits), dtype=np.bool_)


class Samples:
    """Gives the sample of any question, wave and group of a cleaned survey.

    Args:
        cleaned: respondents and answers.
        weights: weight by respondent, or None.
    """

    def __init__(self, cleaned: Cleaned, weights: dict[str, float] | None = None) -> None:
        self.cleaned = cleaned
        self._weights = weights or {}
        self._people = {row["respondent"]: row for row in cleaned.respondents.rows(named=True)}
        self._answers: dict[tuple[str, str], dict[str, list[tuple[str | None, float | None]]]] = {}
        for row in cleaned.answers.iter_rows(named=True):
            held = self._answers.setdefault((row["wave"], row["question"]), {})
            held.setdefault(row["respondent"], []).append((row["option"], row["value"]))
        self._frame = cleaned.frame.rows(named=True)

    def measures(self, question: Question) -> list[Measure]:
        """Gives the figures of a question, in the order shown."""
        found = []
        for one in question.options:
            if question.base == "all" or one.side != "outside":
                found.append(Measure("share", one.id, "percent", (one.id,)))
        found += [Measure("net", net.id, "percent", net.points) for net in question.nets]
        if question.has_mean and question.kind != "multiple":
            found.append(Measure("mean", "", question.unit))
        return found

    def groups(self, wave: Wave, question: Question | None = None) -> Iterator[tuple[str, str]]:
        """Gives the groups of a wave: all, then each role, type, size and region found."""
        yield "all", ""
        here = self.cleaned.respondents.filter(pl.col("wave") == wave.id)
        for by, column in _COLUMN.items():
            values = here[column].drop_nulls().unique().sort().to_list()
            if by == "role":
                values = [
                    one.id
                    for one in self.cleaned.codebook.roles
                    if one.id in values and (question is None or question.asked(wave.id, one.id))
                ]
            if len(values) > 1:
                for value in values:
                    yield by, value

    def of(self, wave: Wave, question: Question, by: str = "all", group: str = "") -> Sample:
        """Gives the sample of a question in a wave and a group."""
        held = self._answers.get((wave.id, question.id), {})
        outside = {one.id for one in question.options if one.side == "outside"}
        kept = []
        inside = 0
        for who, answers in held.items():
            person = self._people[who]
            if by != "all" and person[_COLUMN[by]] != group:
                continue
            inside += 1
            if question.base == "substantive" and {option for option, _ in answers} <= outside:
                continue
            kept.append((who, person, answers))
        numbers: dict[str, int] = {}
        clusters = [
            numbers.setdefault(person["system"] or f"?{who}", len(numbers))
            for who, person, _ in kept
        ]
        return Sample(
            respondents=tuple(who for who, _, _ in kept),
            people=tuple(person["person"] or "" for _, person, _ in kept),
            systems=tuple(person["system_now"] or f"?{who}" for who, person, _ in kept),
            clusters=np.array(clusters, dtype=np.int64)
            if self.cleaned.codebook.clusters
            else np.arange(len(kept), dtype=np.int64),
            roles=tuple(person["role"] for _, person, _ in kept),
            weights=np.array([self._weights.get(who, 1.0) for who, _, _ in kept], dtype=np.float64),
            chosen=tuple(
                frozenset(option for option, _ in answers if option) for _, _, answers in kept
            ),
            values=np.array(
                [answers[0][1] if answers[0][1] is not None else np.nan for _, _, answers in kept],
                dtype=np.float64,
            ),
            population=self._scaled(self.population(wave, by, group, question), inside, len(kept)),
        )

    @staticmethod
    def _scaled(population: int | None, answered: int, kept: int) -> int | None:
        """Those who hold a view, if the rest of the population holds one as often."""
        if population is None or not kept:
            return population
        return max(kept, round(max(population, answered) * kept / answered))

    def population(
        self, wave: Wave, by: str, group: str, question: Question | None = None
    ) -> int | None:
        """Gives how many there are to be asked in a group; None where the frame does not say."""
        codebook = self.cleaned.codebook
        roles = [
            one.id for one in codebook.roles if question is None or question.asked(wave.id, one.id)
        ]
        if by == "role":
            roles = [group]
        standing = codebook.systems.waves[wave.id]
        total = 0
        for role in roles:
            rows = [row for row in self._frame if row["wave"] == wave.id and row["role"] == role]
            if not rows:
                return None
            for row in rows:
                if by in ("all", "role"):
                    total += row["count"]
                elif by == "region":
                    if row["region"] is None:
                        return None
                    total += row["count"] if row["region"] == group else 0
                else:
                    if row["system"] is None:
                        return None
                    system = standing[row["system"]]
                    value = system.type if by == "type" else system.size
                    total += row["count"] if value == group else 0
        return total
