"""A target group as alternatives in numbers, which a simulation can compare with a person's state.

`and`, `or` and `not` are multiplied out to clauses. A person belongs to the group who fits any one
of them, and fits a clause who meets all that it says.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from leftshift.areas.naming import plain
from leftshift.errors import listed, nearest
from leftshift.plans.who_fields import (
    QUINTILES,
    SEGMENTS,
    SEXES,
    TOP_AGE,
    Both,
    Either,
    Intervals,
    Not,
    Test,
    Tree,
)

if TYPE_CHECKING:
    from leftshift.plans.who import Who

__all__ = ["HIGHEST_SCORE", "MOST_CLAUSES", "Clause", "clauses"]

HIGHEST_SCORE = 1_000_000
"""Above any score in hundredths: the open end of a clause's range."""

MOST_CLAUSES = 64
"""How many alternatives a group may come to when it is multiplied out."""

_ALL_AGES = (1 << (TOP_AGE + 1)) - 1
_ALL_QUINTILES = (1 << QUINTILES[1]) - 1
_ALL_SEGMENTS = (1 << (SEGMENTS[1] + 1)) - 1
_ALL_SEXES = (1 << len(SEXES)) - 1


@dataclass(frozen=True, slots=True)
class Clause:
    """One alternative of a target group. A person fits it who meets every attribute.

    Attributes:
        places: codes of the places to live in; None for all. Where the area was not given, the
            names as they are written.
        not_places: places not to live in; only where the area was not given.
        sexes: bit 0 female, bit 1 male.
        quintiles: bit 0 the most deprived fifth, to bit 4.
        age: first age, and the age after the last; (0, 106) for all.
        all_of: conditions to have, a bit for each in the catalogue's order.
        any_of: conditions of which to have one; 0 asks for none.
        none_of: conditions not to have.
        segments: bit 0 segment 0 (under 17), to bit 5.
        score: Cambridge score in hundredths, first and after the last; up to `HIGHEST_SCORE`.
        smoking: a bit for each level of smoking, in the catalogue's order.
        factors: the range [from, to) of each risk factor that is asked about, in its own unit.
        reached: the intervention that the person is or once was on; "" asks for none.
    """

    places: tuple[str, ...] | None = None
    not_places: tuple[str, ...] = ()
    sexes: int = _ALL_SEXES
    quintiles: int = _ALL_QUINTILES
    age: tuple[int, int] = (0, TOP_AGE + 1)
    all_of: int = 0
    any_of: int = 0
    none_of: int = 0
    segments: int = _ALL_SEGMENTS
    score: tuple[int, int] = (0, HIGHEST_SCORE)
    smoking: int = 0b111
    factors: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    reached: str = ""


@dataclass(frozen=True, slots=True)
class _AnyOf:
    """One or more of several conditions: kept whole, since a clause can ask for it."""

    mask: int
    tests: tuple[Test, ...]


_Leaf = Test | _AnyOf


@dataclass(frozen=True, slots=True)
class _Part:
    """A clause in the making."""

    masks: Mapping[str, int] = field(default_factory=dict)
    ranges: Mapping[str, Intervals] = field(default_factory=dict)
    all_of: int = 0
    none_of: int = 0
    any_of: tuple[int, ...] = ()
    places: frozenset[str] | None = None
    not_places: frozenset[str] = frozenset()
    reached: str = ""
    tests: tuple[Test, ...] = ()


@dataclass(frozen=True, slots=True)
class _Clash:
    test: Test
    other: Test | None


class _Maker:
    def __init__(self, who: Who, places: Mapping[str, str] | None) -> None:
        self._who = who
        self._bits = {name: bit for bit, name in enumerate(who.vocabulary.conditions)}
        self._places = None
        self._codes: frozenset[str] = frozenset()
        if places is not None:
            self._places = {plain(name): code for name, code in places.items()}
            self._codes = frozenset(places.values())
            self._shown = places

    def made(self) -> tuple[Clause, ...]:
        leaves = self._pushed(self._who.tree, negative=False)
        clashes: list[_Clash] = []
        parts = self._multiplied(leaves, [_Part()], clashes)
        alive: list[_Part] = []
        for part in parts:
            clash = self._crossed(part)
            if clash is None:
                alive.append(part)
            else:
                clashes.append(clash)
        # A test that stands in no alternative that can be met is one that its writer did not mean.
        living = {test.at for part in alive for test in part.tests}
        for clash in clashes:
            for test in (clash.test, clash.other):
                if test is not None and test.at not in living:
                    self._contradiction(clash)
        if not alive and clashes:
            self._contradiction(clashes[0])
        found = list(dict.fromkeys(_keyed(one) for part in alive for one in self._clauses(part)))
        if len(found) > MOST_CLAUSES:
            self._too_many(len(found))
        return tuple(one.clause for one in found)

    def _contradiction(self, clash: _Clash) -> None:
        test, other = clash.test, clash.other
        if other is None:
            raise self._who.wrong(test.at, f'"{test.text}" can never be met. Change it.')
        raise self._who.wrong(
            test.at,
            f'"{test.text}" and "{other.text}" can never both be met: no one would belong here. '
            'Change one of them, or join them with "or".',
        )

    def _too_many(self, count: int) -> None:
        raise self._who.wrong(
            0,
            f"multiplied out, this is {count} or more alternatives; {MOST_CLAUSES} are allowed. "
            "Make it simpler, or two interventions of it.",
        )

    # From a tree to parts -------------------------------------------------------------------

    def _pushed(self, tree: Tree, negative: bool) -> Tree | _AnyOf:
        if isinstance(tree, Not):
            return self._pushed(tree.part, not negative)
        if isinstance(tree, Test):
            return tree.opposite() if negative else tree
        parts = [self._pushed(part, negative) for part in tree.parts]
        if isinstance(tree, Both) != negative:
            return Both(tuple(parts))  # type: ignore[arg-type]
        return self._joined(parts)

    def _joined(self, parts: list[Tree | _AnyOf]) -> Tree | _AnyOf:
        """An "or" with tests of one field put together, which keeps clauses few."""
        flat: list[Tree | _AnyOf] = []
        for part in parts:
            flat += part.parts if isinstance(part, Either) else [part]
        having = [one for one in flat if isinstance(one, _AnyOf)]
        plain_ones = [
            one
            for one in flat
            if isinstance(one, Test) and one.field == "condition" and not one.negative
        ]
        kept: list[Tree | _AnyOf] = []
        by_field: dict[str, int] = {}
        for one in flat:
            if isinstance(one, _AnyOf) or one in plain_ones:
                continue
            alike = isinstance(one, Test) and (
                one.size > 0
                or one.ranges is not None
                or (one.field == "place" and not one.negative)
            )
            if isinstance(one, Test) and alike:
                at = by_field.get(one.field)
                if at is None:
                    by_field[one.field] = len(kept)
                else:
                    before = kept[at]
                    assert isinstance(before, Test)
                    kept[at] = before.or_with(one)
                    continue
            kept.append(one)
        if having or len(plain_ones) > 1:
            tests = (*(t for one in having for t in one.tests), *plain_ones)
            mask = sum({1 << self._bits[test.names[0]] for test in tests})
            kept.append(_AnyOf(mask, tests))
        else:
            kept += plain_ones
        return kept[0] if len(kept) == 1 else Either(tuple(kept))  # type: ignore[arg-type]

    def _multiplied(
        self, tree: Tree | _AnyOf, start: list[_Part], clashes: list[_Clash]
    ) -> list[_Part]:
        if isinstance(tree, Both):
            for part in tree.parts:
                start = self._multiplied(part, start, clashes)
            return start
        if isinstance(tree, Either):
            found = []
            for part in tree.parts:
                found += self._multiplied(part, start, clashes)
                if len(found) > 4 * MOST_CLAUSES:
                    self._too_many(len(found))
            return found
        assert not isinstance(tree, Not)
        found = []
        for before in start:
            after = self._with(before, tree)
            if isinstance(after, _Clash):
                clashes.append(after)
            else:
                found.append(after)
        return found

    def _with(self, part: _Part, leaf: _Leaf) -> _Part | _Clash:
        if isinstance(leaf, _AnyOf):
            tests = (*part.tests, *leaf.tests)
            if not leaf.mask & ~part.none_of:
                return _Clash(leaf.tests[0], _last(part, "condition"))
            return replace(part, any_of=(*part.any_of, leaf.mask), tests=tests)
        tests = (*part.tests, leaf)
        before = _last(part, leaf.field)
        if leaf.size:
            mask = part.masks.get(leaf.field, -1) & leaf.mask
            if not mask:
                return _Clash(leaf, before)
            return replace(part, masks={**part.masks, leaf.field: mask}, tests=tests)
        if leaf.ranges is not None:
            found = leaf.ranges
            if leaf.field in part.ranges:
                both = replace(leaf, ranges=part.ranges[leaf.field]).met_with(leaf)
                if both is None or both.ranges is None:
                    return _Clash(leaf, before)
                found = both.ranges
            if all(high <= 0 for _, high in found):
                return _Clash(leaf, None)
            return replace(part, ranges={**part.ranges, leaf.field: found}, tests=tests)
        if leaf.field == "condition":
            return self._with_condition(part, leaf, tests)
        if leaf.field == "place":
            return self._with_places(part, leaf, tests, before)
        if leaf.negative:
            raise self._who.wrong(
                leaf.at, 'reached can only be asked for, not denied: take out the "not".'
            )
        if part.reached not in ("", leaf.names[0]):
            raise self._who.wrong(
                leaf.at,
                f'"{leaf.text}" and reached("{part.reached}") cannot both be asked for. Keep one, '
                'or join them with "or".',
            )
        return replace(part, reached=leaf.names[0], tests=tests)

    def _with_condition(self, part: _Part, leaf: Test, tests: tuple[Test, ...]) -> _Part | _Clash:
        bit = 1 << self._bits[leaf.names[0]]
        all_of = part.all_of | bit * (not leaf.negative)
        none_of = part.none_of | bit * leaf.negative
        if all_of & none_of:
            return _Clash(leaf, _named(part, leaf))
        for mask in part.any_of:
            if not mask & ~none_of:
                names = [name for name, bit in self._bits.items() if mask >> bit & 1]
                said = next(t for t in part.tests if t.names and t.names[0] in names)
                return _Clash(leaf, said.called(" or ".join(names)))
        return replace(part, all_of=all_of, none_of=none_of, tests=tests)

    def _with_places(
        self, part: _Part, leaf: Test, tests: tuple[Test, ...], before: Test | None
    ) -> _Part | _Clash:
        named = frozenset(self._code(name, leaf) for name in leaf.names)
        if leaf.negative and self._places is not None:
            named, negative = self._codes - named, False
        else:
            negative = leaf.negative
        if negative:
            not_places = part.not_places | named
            if part.places is not None and not part.places - not_places:
                return _Clash(leaf, before)
            return replace(part, not_places=not_places, tests=tests)
        places = named if part.places is None else part.places & named
        if not places - part.not_places:
            return _Clash(leaf, before)
        return replace(part, places=places, tests=tests)

    def _code(self, name: str, leaf: Test) -> str:
        if self._places is None:
            return name
        code = self._places.get(plain(name))
        if code is None:
            shown = [one for one in self._shown if one not in self._codes] or list(self._shown)
            raise self._who.wrong(
                leaf.at,
                f'no place of the area is called "{name}".{nearest(name, self._shown)} '
                f"Places: {listed(shown, 20)}.",
            )
        return code

    # Tests of different fields that bear on each other ----------------------------------------

    def _crossed(self, part: _Part) -> _Clash | None:
        names = self._who.vocabulary
        ages = part.masks.get("age", _ALL_AGES)
        child = (1 << names.below_age) - 1
        segments = part.masks.get("segment", _ALL_SEGMENTS)
        if not ages & ~child:
            segments &= 1
        if not ages & child:
            segments &= ~1
        if not segments or (segments == 1 and not ages & child):
            return _clash(part, "segment", "age")
        if "score" in part.ranges and "segment" in part.masks and segments & ~1:
            starts = [*names.starts, math.inf]
            fits = bool(segments & 1) or any(
                low < starts[number] and starts[number - 1] < high
                for number in range(1, SEGMENTS[1] + 1)
                if segments >> number & 1
                for low, high in part.ranges["score"]
            )
            if not fits:
                return _clash(part, "score", "segment")
        return None

    # From a part to clauses ---------------------------------------------------------------------

    def _clauses(self, part: _Part) -> Iterable[Clause]:
        any_of, options = self._having(part)
        smoking = (1 << len(self._who.vocabulary.smoking)) - 1
        base = Clause(
            places=None if part.places is None else tuple(sorted(part.places - part.not_places)),
            not_places=tuple(sorted(part.not_places)) if part.places is None else (),
            sexes=part.masks.get("sex", _ALL_SEXES),
            quintiles=part.masks.get("imd_quintile", _ALL_QUINTILES),
            any_of=any_of,
            none_of=part.none_of,
            segments=part.masks.get("segment", _ALL_SEGMENTS),
            smoking=part.masks.get("smoking", smoking),
            reached=part.reached,
        )
        measured: list[dict[str, tuple[float, float]]] = [{}]
        for name, ranges in part.ranges.items():
            measured = [{**one, name: span} for one in measured for span in ranges]
        for all_of in options:
            for age in _runs(part.masks.get("age", _ALL_AGES), TOP_AGE + 1):
                for one in measured:
                    low, high = one.get("score", (0, math.inf))
                    score = (int(max(low, 0)), int(min(high, HIGHEST_SCORE)))
                    factors = {name: span for name, span in one.items() if name != "score"}
                    if score[0] < score[1]:
                        yield replace(base, all_of=all_of, age=age, score=score, factors=factors)

    def _having(self, part: _Part) -> tuple[int, list[int]]:
        """What a clause asks to have one of, and the sets of conditions to have all of."""
        open_ = []
        for mask in dict.fromkeys(part.any_of):
            if not mask & part.all_of:  # otherwise met already
                open_.append(mask & ~part.none_of)
        open_.sort(key=lambda mask: -mask.bit_count())
        options = [part.all_of]
        for mask in open_[1:]:
            bits = [1 << bit for bit in range(mask.bit_length()) if mask >> bit & 1]
            options = list(dict.fromkeys(one | bit for one in options for bit in bits))
            if len(options) > 4 * MOST_CLAUSES:
                self._too_many(len(options))
        return (open_[0] if open_ else 0), options


@dataclass(frozen=True)
class _Keyed:
    key: tuple[object, ...]
    clause: Clause = field(compare=False)


def _keyed(clause: Clause) -> _Keyed:
    parts = [getattr(clause, name) for name in Clause.__slots__ if name != "factors"]
    return _Keyed((*parts, *sorted(clause.factors.items())), clause)


def _runs(mask: int, size: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for one in range(size):
        if mask >> one & 1:
            if found and found[-1][1] == one:
                found[-1] = (found[-1][0], one + 1)
            else:
                found.append((one, one + 1))
    return found


def _last(part: _Part, name: str) -> Test | None:
    return next((test for test in reversed(part.tests) if test.field == name), None)


def _named(part: _Part, leaf: Test) -> Test | None:
    same = [t for t in part.tests if t.field == leaf.field and set(t.names) & set(leaf.names)]
    return same[-1] if same else None


def _clash(part: _Part, *names: str) -> _Clash:
    found = sorted(
        (test for name in names if (test := _last(part, name)) is not None),
        key=lambda test: -test.at,
    )
    return _Clash(found[0], found[1] if len(found) > 1 else None)


def clauses(who: Who, places: Mapping[str, str] | None) -> tuple[Clause, ...]:
    """Multiplies a target group out; see `Who.clauses`."""
    return _Maker(who, places).made()
