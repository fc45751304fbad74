"""Whom an intervention is for: the small language of the key `who`.

    who = "age >= 75 and (heart_failure or copd) and imd_quintile <= 2"

A text is read into tests joined by `and`, `or`, `not` and brackets, which can be said in words and
turned into clauses of numbers (`leftshift.plans.who_clauses`). Every message names the line and the
column of what is wrong. docs/reference/who.md has the grammar.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NoReturn

from leftshift.errors import PlanError, listed, nearest
from leftshift.plans.who_words import say

if TYPE_CHECKING:
    from leftshift.plans.who_clauses import Clause
from leftshift.plans.who_fields import FIELDS, Both, Either, Not, Test, Tree, Vocabulary

__all__ = ["FIELDS", "Who", "parse"]

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|"
    r"(?P<text>\"[^\"\n]*\"|'[^'\n]*')|(?P<op>==|!=|>=|<=|≥|≤|>|<)|(?P<mark>[()\[\],]))"
)
_SPACE = re.compile(r"\s*")
_LOOSE = re.compile(r"\"[^\"]*\"|[(\[] | (?=[)\],])")
_SAME = {"≥": ">=", "≤": "<="}
_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}
_WORDS = ("and", "or", "not", "in")
_DEEPEST = 40  # brackets and nots inside each other; people need four or five
_LONGEST = 4000
_MEANT = {
    "=": 'To compare, write "==".',
    "&": 'Write "and".',
    "|": 'Write "or".',
    "!": 'Write "not".',
    "-": "No number here is below 0.",
    '"': "Its closing quote is missing.",
    "'": "Its closing quote is missing.",
}


@dataclass(frozen=True)
class Who:
    """A target group, read and checked.

    Attributes:
        text: as it was written.
        tree: its tests.
        vocabulary: the names that it may use.
        file: where it stands, as messages name it; "" where it stands in no file.
        line: the line on which the text begins; 0 where it stands in no file.
        column: the column at which it begins, from 1; 0 where that is not known.
    """

    text: str
    tree: Tree
    vocabulary: Vocabulary = field(repr=False)
    file: str = field(default="", repr=False)
    line: int = field(default=0, repr=False)
    column: int = field(default=0, repr=False)

    def words(self) -> str:
        """Says the group in plain English, such as "people aged 75 and over with heart failure"."""
        return say(self.tree, self.vocabulary)

    @cached_property
    def tests(self) -> tuple[Test, ...]:
        """Every test in it, in the order in which they stand."""
        return tuple(sorted(_tests(self.tree), key=lambda test: test.at))

    @property
    def reached(self) -> tuple[str, ...]:
        """Ids of the interventions that it asks about, each once."""
        return tuple(dict.fromkeys(n for t in self.tests if t.field == "reached" for n in t.names))

    @property
    def places(self) -> tuple[str, ...]:
        """Places that it names, as written, each once."""
        return tuple(dict.fromkeys(n for t in self.tests if t.field == "place" for n in t.names))

    def clauses(self, places: Mapping[str, str] | None = None) -> tuple[Clause, ...]:
        """Gives the group as alternatives in numbers: a person who fits any clause belongs to it.

        Args:
            places: the code of every place of the area, by each name and code that people may
                write; None where the area is not known, and names then stay as they are written.

        Raises:
            PlanError: a place is none of the area's, or a test can never be met.
        """
        from leftshift.plans.who_clauses import clauses

        return clauses(self, places)

    def canonical(self) -> str:
        """Gives the text without what does not count: spaces, spelling of signs, quotes."""
        words = " ".join(_plain(token) for token in _tokens(self.text, self))
        return _LOOSE.sub(lambda found: found[0].strip(), words)

    def wrong(self, at: int, said: str) -> PlanError:
        """An error that begins with the place of a letter of the text, counted from 0."""
        return _wrong(self, at, said)


@dataclass(frozen=True, slots=True)
class _Place:
    text: str
    file: str
    line: int
    column: int


def parse(
    text: str,
    file: str = "",
    line: int = 0,
    column: int = 0,
    vocabulary: Vocabulary | None = None,
) -> Who:
    """Reads a target group.

    Args:
        text: such as "age >= 75 and (heart_failure or copd)".
        file: where it stands, as messages name it.
        line: the line on which the text begins.
        column: the column at which it begins, from 1; 0 where that is not known.
        vocabulary: the names that it may use; those of the shipped catalogue where it is None.

    Returns:
        The group. Its clauses have been worked out once, so that they do not fail later, places
        apart.

    Raises:
        PlanError: the text is not understood, or no one can ever belong to the group.
    """
    place = _Place(text, file, line, column)
    if not text.strip():
        raise _wrong(place, 0, 'who is empty. Write whom it is for, such as "age >= 75".')
    if len(text) > _LONGEST:
        raise _wrong(place, 0, f"who is longer than {_LONGEST:,} letters. Make it shorter.")
    names = vocabulary if vocabulary is not None else Vocabulary.shipped()
    tree = _Reader(place, list(_tokens(text, place)), names).whole()
    who = Who(text, tree, names, file, line, column)
    who.clauses()
    return who


def _wrong(place: Who | _Place, at: int, said: str) -> PlanError:
    before = place.text[:at]
    down = before.count("\n")
    if not place.file:
        return PlanError(f"who, column {at + 1}: {said}")
    if not place.column:
        return PlanError(f"{place.file}:{place.line}: who, letter {at + 1}: {said}")
    column = at - before.rfind("\n") if down else place.column + at
    return PlanError(f"{place.file}:{place.line + down}:{column}: who: {said}")


def _tests(tree: Tree) -> Iterator[Test]:
    if isinstance(tree, Test):
        yield tree
    elif isinstance(tree, Not):
        yield from _tests(tree.part)
    else:
        for part in tree.parts:
            yield from _tests(part)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def _plain(token: _Token) -> str:
    return f'"{token.text}"' if token.kind == "text" else token.text


def _tokens(text: str, place: Who | _Place) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            blank = _SPACE.match(text, at)
            at = blank.end() if blank is not None else at
            if at >= len(text):
                return
            letter = text[at]
            meant = _MEANT.get(letter, 'Write, for example, "age >= 75 and heart_failure".')
            raise _wrong(place, at, f"{letter!a} is not understood here. {meant}")
        kind = str(found.lastgroup)
        word = found[kind]
        start = found.start(kind)
        at = found.end()
        if kind == "text":
            word = word[1:-1]
        yield _Token(kind, _SAME.get(word, word), start)


class _Reader:
    """Reads tokens from left to right; each method leaves `_next` behind what it has read."""

    def __init__(self, place: _Place, tokens: list[_Token], names: Vocabulary) -> None:
        self._place = place
        self._tokens = tokens
        self._names = names
        self._next = 0
        self._deep = 0

    def whole(self) -> Tree:
        tree = self._either()
        if self._next < len(self._tokens):
            token = self._tokens[self._next]
            if token.text == ")":
                self._fail(token, 'this ")" closes nothing. Take it out, or add a "(" before.')
            near = nearest(token.text, _WORDS[:2]) if token.kind == "name" else ""
            self._fail(token, f'"and" or "or" must stand before "{token.text}".{near}')
        return tree

    def _fail(self, token: _Token | None, said: str) -> NoReturn:
        at = token.at if token is not None else len(self._place.text.rstrip())
        raise _wrong(self._place, at, said)

    def _peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self, *texts: str) -> _Token | None:
        token = self._peek()
        if token is not None and token.kind != "text" and token.text in texts:
            self._next += 1
            return token
        return None

    def _either(self) -> Tree:
        parts = [self._both()]
        while self._take("or") is not None:
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _both(self) -> Tree:
        parts = [self._not()]
        while self._take("and") is not None:
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _not(self) -> Tree:
        token = self._peek()
        self._deep += 1
        if self._deep > _DEEPEST:
            self._fail(token, f"more than {_DEEPEST} brackets inside each other. Write it flatter.")
        try:
            if self._take("not") is not None:
                return Not(self._not())
            if (opened := self._take("(")) is not None:
                inside = self._either()
                if self._take(")") is None:
                    self._fail(opened, 'this "(" is never closed. Add a ")".')
                return inside
            return self._test()
        finally:
            self._deep -= 1

    def _test(self) -> Test:
        token = self._peek()
        if token is None:
            self._fail(None, 'it ends too soon. Write a test here, such as "age >= 75".')
        self._next += 1
        if token.kind == "number":
            return self._turned(token)
        if token.kind != "name" or token.text in _WORDS:
            upper = f' Write "{token.text.lower()}".' if token.text.lower() in _WORDS else ""
            self._fail(
                token, f'a test must stand here, such as "age >= 75", not "{token.text}".{upper}'
            )
        name = token.text
        if name == "reached":
            return self._reached(token)
        if name == "major_illness":
            low = (self._names.major_illness + 1, math.inf)
            return Test("score", token.at, name, (low,), words="with major illness")
        if name in self._names.conditions:
            self._no_comparison(token)
            return Test("condition", token.at, name, names=(name,))
        if name not in self._names.fields:
            lower = name.lower() in _WORDS
            self._fail(
                token,
                f'write "{name.lower()}" in small letters.'
                if lower
                else f'nothing is called "{name}".{nearest(name, self._names.all)} '
                f"Allowed: {listed(self._names.all, 60)}.",
            )
        return self._compared(token)

    def _no_comparison(self, token: _Token) -> None:
        after = self._peek()
        if after is not None and (after.kind == "op" or after.text == "in"):
            self._fail(
                after,
                f"{token.text} is a condition that a person has or has not. Write "
                f'"{token.text}" or "not {token.text}".',
            )

    def _reached(self, token: _Token) -> Test:
        form = 'reached needs the id of an intervention: reached("health_coaching").'
        if self._take("(") is None:
            self._fail(token, form)
        name = self._peek()
        if name is None or name.kind != "text" or not name.text:
            self._fail(name, form)
        self._next += 1
        if self._take(")") is None:
            self._fail(self._peek(), form)
        return Test("reached", token.at, f'reached("{name.text}")', names=(name.text,))

    def _turned(self, number: _Token) -> Test:
        """`65 <= age`: the number first; a second comparison may follow, as in 65 <= age < 75."""
        sign, name = self._peek(), None
        if sign is not None and sign.kind == "op":
            self._next += 1
            name = self._peek()
        if sign is None or name is None or name.kind != "name" or name.text not in FIELDS:
            self._fail(
                number, f'what is compared with {number.text}? Write "age >= {number.text}".'
            )
        self._next += 1
        first = self._one(name, _TURNED[sign.text], number, number.at)
        after = self._peek()
        if after is None or after.kind != "op":
            return first
        second = self._compared(name)
        both = first.met_with(second)
        if both is None:
            self._fail(number, f'"{first.text}" and "{second.text}" can never both be true.')
        return both

    def _compared(self, name: _Token) -> Test:
        negative = self._take("not")
        if self._take("in") is not None:
            return self._listed(name, negative is not None)
        sign = self._peek()
        if negative is not None or sign is None or sign.kind != "op":
            example = self._names.example(name.text)
            self._fail(
                sign if sign is not None else None,
                f'{name.text} needs a comparison, such as "{example}".',
            )
        self._next += 1
        value = self._peek()
        if value is None:
            self._fail(None, f'{name.text} is compared with nothing: "{sign.text}" needs a value.')
        self._next += 1
        return self._one(name, sign.text, value, name.at)

    def _listed(self, name: _Token, negative: bool) -> Test:
        opened = self._take("[", "(")
        form = (
            f'after "in" comes a list, such as "{name.text} in {self._names.listing(name.text)}".'
        )
        if opened is None:
            self._fail(self._peek(), form)
        found: Test | None = None
        shown = []
        while True:
            value = self._peek()
            if value is None or value.text in ("]", ")"):
                self._fail(value, form)
            self._next += 1
            one = self._one(name, "==", value, name.at)
            shown.append(_plain(value))
            found = one if found is None else found.or_with(one)
            if self._take("]", ")") is not None:
                break
            if self._take(",") is None:
                self._fail(self._peek(), f'a "," or "]" is missing in this list; {form}')
        text = f"{name.text} {'not ' * negative}in [{', '.join(shown)}]"
        test = found.opposite() if negative else found
        return test.called(text)

    def _one(self, name: _Token, sign: str, value: _Token, at: int) -> Test:
        shown = f"{name.text} {sign} {_plain(value)}"
        try:
            return self._names.test(name.text, sign, value.kind, value.text, at, shown)
        except PlanError as problem:
            self._fail(value, str(problem))
