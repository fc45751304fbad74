"""A target group in plain English."""

from __future__ import annotations

import math

from leftshift.plans.who_fields import (
    FIELDS,
    QUINTILES,
    SEGMENTS,
    SEXES,
    TOP_AGE,
    Both,
    Either,
    Not,
    Test,
    Tree,
    Vocabulary,
)

__all__ = ["say"]

_COUNTS = {1: "", 2: "two ", 3: "three ", 4: "four ", 5: "five "}


def say(tree: Tree, names: Vocabulary) -> str:
    """Says a target group in words.

    Args:
        tree: its tests.
        names: labels of conditions and units of risk factors.

    Returns:
        Such as "people aged 75 and over with heart failure".
    """
    return f"people {_say(_pushed(tree, False), names)}"


def _pushed(tree: Tree, negative: bool) -> Tree:
    """The same tree with every "not" taken into its tests."""
    if isinstance(tree, Not):
        return _pushed(tree.part, not negative)
    if isinstance(tree, Test):
        return tree.opposite() if negative else tree
    parts = tuple(_pushed(part, negative) for part in tree.parts)
    return Both(parts) if isinstance(tree, Both) != negative else Either(parts)


def _say(tree: Tree, names: Vocabulary) -> str:
    if isinstance(tree, Test):
        return _test(tree, names)
    if isinstance(tree, Both):
        parts = _together(tree.parts)
        said = [_say(part, names) for part in parts]
        said = [
            f"({words})" if isinstance(part, Either) and not _conditions(part) else words
            for part, words in zip(parts, said, strict=True)
        ]
        if len(said) == 1:
            return said[0]
        return said[0] + "".join(f", {words}" for words in said[1:-1]) + f" and {said[-1]}"
    if isinstance(tree, Either):
        if labels := _conditions(tree):
            return "with " + _or([_label(names.conditions[name]) for name in labels])
        said = [
            f"({_say(part, names)})" if isinstance(part, Both) else _say(part, names)
            for part in tree.parts
        ]
        return " or ".join(said)
    raise TypeError(tree)


def _together(parts: tuple[Tree, ...]) -> list[Tree]:
    """Tests of one field as one, so that two bounds are said as a range."""
    found: list[Tree] = []
    places: dict[str, int] = {}
    for part in parts:
        if isinstance(part, Test) and not part.words and (part.size or part.ranges is not None):
            at = places.setdefault(part.field, len(found))
            before = found[at] if at < len(found) else None
            both = before.met_with(part) if isinstance(before, Test) else None
            if both is not None:
                found[at] = both
                continue
        found.append(part)
    return found


def _conditions(tree: Either) -> list[str]:
    found: list[str] = []
    for part in tree.parts:
        if not isinstance(part, Test) or part.field != "condition" or part.negative:
            return []
        found += part.names
    return found


def _or(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _label(label: str) -> str:
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def _test(test: Test, names: Vocabulary) -> str:
    if test.words:
        return test.words
    if test.field == "condition":
        which = "without" if test.negative else "with"
        return f"{which} {_label(names.conditions[test.names[0]])}"
    if test.field == "reached":
        return f"who {'never were' if test.negative else 'are or were'} on {test.names[0]}"
    if test.field == "place":
        return f"{'not ' * test.negative}living in {_or(list(test.names))}"
    if test.ranges is not None:
        return _or([_range(test.field, low, high, names) for low, high in test.ranges])
    return _values(test, names)


def _range(name: str, low: float, high: float, names: Vocabulary) -> str:
    scale = 100.0 if name == "score" else 1.0
    unit = "" if name == "score" else f" {names.factors[name][1]}"
    label = "a Cambridge score" if name == "score" else _label(names.factors[name][0])
    from_, to = _figure(low / scale), _figure(high / scale)
    if low <= 0 and high == math.inf:
        return f"with any {label}"
    if high == math.inf:
        return f"with {label} of {from_}{unit} or more"
    if low == -math.inf:
        return f"with {label} under {to}{unit}"
    if high - low <= max(1e-9, scale - 99.0 if name == "score" else 0.0):
        return f"with {label} of {from_}{unit}"
    return f"with {label} from {from_} to under {to}{unit}"


def _figure(value: float) -> str:
    return f"{value:.10g}"


def _runs(mask: int, size: int, start: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for one in range(size):
        if mask >> one & 1:
            if found and found[-1][1] == start + one - 1:
                found[-1] = (found[-1][0], start + one)
            else:
                found.append((start + one, start + one))
    return found


def _values(test: Test, names: Vocabulary) -> str:
    name, mask, size = test.field, test.mask, test.size
    if not mask:
        return "no one"
    if name == "sex":
        return _or([f"who are {SEXES[bit]}" for bit in range(size) if mask >> bit & 1])
    if name == "smoking":
        levels = {"never": "who never smoked", "former": "who used to smoke"}
        levels["current"] = "who smoke"
        return _or(
            [levels.get(one, one) for bit, one in enumerate(names.smoking) if mask >> bit & 1]
        )
    if name == "age" and mask == (1 << size) - 1:
        return "of any age"
    if name == "age":
        return "aged " + _or([_ages(low, high) for low, high in _runs(mask, size, 0)])
    if name == "imd_quintile":
        return _fifths(_runs(mask, size, QUINTILES[0]))
    said = []
    for low, high in _runs(mask, size, SEGMENTS[0]):
        said.append(
            f"{low}" if low == high else f"{low} {'and' if high == low + 1 else 'to'} {high}"
        )
    return f"in core segment{'s' * (mask.bit_count() > 1)} {_or(said)}"


def _ages(low: int, high: int) -> str:
    if high >= TOP_AGE:
        return f"{low} and over"
    if low == 0:
        return f"under {high + 1}"
    return f"{low}" if low == high else f"{low} to {high}"


def _fifths(runs: list[tuple[int, int]]) -> str:
    if len(runs) == 1:
        low, high = runs[0]
        count = high - low + 1
        if count == QUINTILES[1]:
            return "in any fifth of deprivation"
        if low == QUINTILES[0]:
            return f"in the {_COUNTS[count]}most deprived fifth{'s' * (count > 1)}"
        if high == QUINTILES[1]:
            return f"in the {_COUNTS[count]}least deprived fifth{'s' * (count > 1)}"
    said = [f"{low}" if low == high else f"{low} to {high}" for low, high in runs]
    return f"in {FIELDS['imd_quintile'][1].split(',')[0]} {_or(said)}"
