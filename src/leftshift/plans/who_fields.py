"""What may be asked of a person in `who`: the fields, their values, and one test of one field."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING

from leftshift.errors import PlanError, listed, nearest

if TYPE_CHECKING:
    from leftshift.catalogue import Catalogue

__all__ = [
    "FIELDS",
    "QUINTILES",
    "SEGMENTS",
    "SEXES",
    "TOP_AGE",
    "Both",
    "Either",
    "Intervals",
    "Not",
    "Test",
    "Tree",
    "Vocabulary",
    "complement",
]

TOP_AGE = 105
"""The oldest single age that people are followed to."""

SEXES = ("female", "male")
QUINTILES = (1, 5)
SEGMENTS = (0, 5)

FIELDS: dict[str, tuple[str, str, str]] = {
    "age": ("number", f"age in whole years, 0 to {TOP_AGE}", "age >= 75"),
    "sex": ("word", "female or male", 'sex == "female"'),
    "imd_quintile": ("number", "fifth of deprivation, 1 (most deprived) to 5", "imd_quintile <= 2"),
    "place": ("word", "a place of the area, by code or name", 'place in ["Norwich", "E07000145"]'),
    "segment": ("number", "core segment, 0 (under 17) to 5 (most complex)", "segment >= 4"),
    "score": ("number", "Cambridge Multimorbidity Score, as published", "score >= 1.5"),
    "sbp": ("number", "systolic blood pressure in mmHg", "sbp >= 140"),
    "bmi": ("number", "body mass index in kg/m2", "bmi >= 30"),
    "cholesterol": ("number", "total cholesterol in mmol/L", "cholesterol >= 5"),
    "alcohol": ("number", "alcohol in units a week", "alcohol > 14"),
    "smoking": ("word", "never, former or current", 'smoking == "current"'),
}
"""Every field that is compared: how its values are written, what it is, and an example."""

_SIGNS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}

Intervals = tuple[tuple[float, float], ...]
"""Half-open ranges [from, to), apart and rising."""


@dataclass(frozen=True, slots=True)
class Test:
    """One question about a person, which is met or not.

    Attributes:
        field: a field of `FIELDS`, or "condition" or "reached".
        at: where it stands in the text, from 0.
        text: as it is written.
        ranges: of a field of measured values, those that meet it (score in hundredths).
        mask: of a field of few values, a bit for each that meets it.
        size: how many values such a field has.
        names: of places, conditions and interventions, those that it is about.
        negative: whether being one of `names` fails it.
        words: what it is called, where that is not made from the values.
    """

    field: str
    at: int
    text: str
    ranges: Intervals | None = None
    mask: int = 0
    size: int = 0
    names: tuple[str, ...] = ()
    negative: bool = False
    words: str = ""

    def called(self, text: str) -> Test:
        """The same test with another text."""
        return replace(self, text=text)

    def opposite(self) -> Test:
        """The test that is met where this one is not."""
        text = f"not {self.text}"
        if self.ranges is not None:
            words = self.words.replace("with ", "without ", 1)
            return replace(self, text=text, ranges=complement(self.ranges), words=words)
        if self.size:
            return replace(self, text=text, mask=((1 << self.size) - 1) & ~self.mask)
        return replace(self, text=text, negative=not self.negative)

    def met_with(self, other: Test) -> Test | None:
        """The test of the same field that is met where both are; None where none can be."""
        text = f"{self.text} and {other.text}"
        if self.ranges is not None and other.ranges is not None:
            both = _overlap(self.ranges, other.ranges)
            return replace(self, text=text, ranges=both, words="") if both else None
        mask = self.mask & other.mask
        return replace(self, text=text, mask=mask) if mask else None

    def or_with(self, other: Test) -> Test:
        """The test of the same field that is met where either is."""
        text = f"{self.text} or {other.text}"
        if self.ranges is not None and other.ranges is not None:
            apart = _overlap(complement(self.ranges), complement(other.ranges))
            return replace(self, text=text, ranges=complement(apart), words="")
        if self.size:
            return replace(self, text=text, mask=self.mask | other.mask)
        return replace(self, text=text, names=tuple(dict.fromkeys(self.names + other.names)))


@dataclass(frozen=True, slots=True)
class Not:
    """What is met where its part is not."""

    part: Tree


@dataclass(frozen=True, slots=True)
class Both:
    """What is met where all its parts are."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """What is met where one of its parts is."""

    parts: tuple[Tree, ...]


Tree = Test | Not | Both | Either


def _overlap(one: Intervals, other: Intervals) -> Intervals:
    found = [(max(a, c), min(b, d)) for a, b in one for c, d in other if max(a, c) < min(b, d)]
    return tuple(sorted(found))


def complement(ranges: Intervals) -> Intervals:
    """Gives the ranges that are outside these."""
    found, start = [], -math.inf
    for low, high in sorted(ranges):
        if start < low:
            found.append((start, low))
        start = max(start, high)
    if start < math.inf:
        found.append((start, math.inf))
    return tuple(found)


@dataclass(frozen=True)
class Vocabulary:
    """The names that `who` may use, and the figures that some of them stand for.

    Attributes:
        conditions: the label of each condition by id, in the order that fixes its bit.
        factors: the label and unit of each risk factor by id.
        smoking: the levels of smoking, the worst last.
        starts: the score in hundredths at which segments 1 to 5 begin.
        below_age: the age below which a person is in segment 0.
        major_illness: the score in hundredths above which a person lives with major illness.
    """

    conditions: Mapping[str, str]
    factors: Mapping[str, tuple[str, str]] = field(repr=False)
    smoking: tuple[str, ...] = field(repr=False)
    starts: tuple[int, ...] = field(repr=False)
    below_age: int = field(repr=False)
    major_illness: int = field(repr=False)

    @classmethod
    def of(cls, catalogue: Catalogue) -> Vocabulary:
        """Reads the names and figures from a catalogue."""
        factors = {one["id"]: one for one in catalogue.entities("risk_factors")}

        def hundredths(identity: str) -> int:
            return round(catalogue.row(identity).estimate.value * 100)

        return cls(
            {one["id"]: one["label"] for one in catalogue.entities("conditions")},
            {name: (one["label"], one["unit"]) for name, one in factors.items()},
            tuple(factors["smoking"]["levels"]),
            tuple(hundredths(f"segment.{number}.start") for number in range(1, SEGMENTS[1] + 1)),
            round(catalogue.row("segment.0.below_age").estimate.value),
            hundredths("major_illness.threshold"),
        )

    @staticmethod
    @cache
    def shipped() -> Vocabulary:
        """That of the shipped catalogue."""
        from leftshift.catalogue import Catalogue

        return Vocabulary.of(Catalogue.load())

    @property
    def fields(self) -> Mapping[str, tuple[str, str, str]]:
        """The fields that are compared."""
        return FIELDS

    @cached_property
    def all(self) -> tuple[str, ...]:
        """Every name that may begin a test."""
        return (*FIELDS, *self.conditions, "major_illness", "reached")

    def example(self, name: str) -> str:
        """A test of a field as people write it."""
        return FIELDS[name][2]

    def listing(self, name: str) -> str:
        """A list of a field's values as people write it."""
        if name == "place":
            return '["Norwich", "Broadland"]'
        words = self.words(name)
        return f'["{words[0]}", "{words[1]}"]' if words else "[1, 2]"

    def words(self, name: str) -> tuple[str, ...]:
        """The words that a field may be; () where it is a number or any text."""
        return SEXES if name == "sex" else self.smoking if name == "smoking" else ()

    def test(self, name: str, sign: str, kind: str, value: str, at: int, shown: str) -> Test:
        """Makes a test of a comparison.

        Raises:
            PlanError: the value is none of the field's; the message has no place.
        """
        if FIELDS[name][0] == "word":
            if kind != "text":
                raise PlanError(f'{name} is compared with text in quotes: "{FIELDS[name][2]}".')
            if sign not in ("==", "!="):
                raise PlanError(f'{name} has no order: use "==", "!=" or "in".')
            found = self._worded(name, value, at, shown)
            return found if sign == "==" else found.opposite().called(shown)
        if kind != "number":
            raise PlanError(f'{name} is compared with a number, such as "{FIELDS[name][2]}".')
        number = float(value)
        if name in self.factors or name == "score":
            return self._measured(name, sign, number, at, shown)
        return self._counted(name, sign, number, value, at, shown)

    def _worded(self, name: str, value: str, at: int, shown: str) -> Test:
        if name == "place":
            if not value.strip():
                raise PlanError("a place has a name or a code.")
            return Test(name, at, shown, names=(value.strip(),))
        words = self.words(name)
        if value not in words:
            raise PlanError(
                f'{name} is never "{value}".{nearest(value, words)} Allowed: {listed(words)}.'
            )
        return Test(name, at, shown, mask=1 << words.index(value), size=len(words))

    def _measured(self, name: str, sign: str, number: float, at: int, shown: str) -> Test:
        if name == "score":
            if number > 1000 or abs(number * 100 - round(number * 100)) > 1e-6:
                raise PlanError("the score is written as published, with two decimals at most.")
            number = float(round(number * 100))
            after = number + 1
        else:
            if number > 1e4:
                raise PlanError(f"{name} is given in {self.factors[name][1]}.")
            after = math.nextafter(number, math.inf)
        ranges: dict[str, Intervals] = {
            ">=": ((number, math.inf),),
            ">": ((after, math.inf),),
            "<": ((-math.inf, number),),
            "<=": ((-math.inf, after),),
            "==": ((number, after),),
            "!=": ((-math.inf, number), (after, math.inf)),
        }
        if sign == "<" and number <= 0:
            raise PlanError(f"no one's {name} is below 0.")
        return Test(name, at, shown, ranges=ranges[sign])

    def bounds(self, name: str) -> tuple[int, int]:
        """The first and last value of a field of whole numbers."""
        return {
            "age": (0, TOP_AGE),
            "imd_quintile": QUINTILES,
            "segment": SEGMENTS,
        }[name]

    def _counted(
        self, name: str, sign: str, number: float, value: str, at: int, shown: str
    ) -> Test:
        low, high = self.bounds(name)
        if number != int(number):
            raise PlanError(f"{name} is a whole number, not {value}.")
        met = [one for one in range(low, high + 1) if _SIGNS[sign](one, number)]
        mask = sum(1 << (one - low) for one in met)
        if not mask:
            raise PlanError(f'"{shown}" is never true: {name} goes from {low} to {high}.')
        return Test(name, at, shown, mask=mask, size=high - low + 1)
