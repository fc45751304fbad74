"""What two plans say differently, and two people's changes to one plan put together.

Plans are compared by what they mean: the order of keys, comments and ways to write a figure do not
count. The order of interventions does, since effects are attributed in that order.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from leftshift.errors import QuantityError
from leftshift.plans.library import EXTRA_KEYS
from leftshift.plans.who import parse
from leftshift.plans.who_fields import Vocabulary
from leftshift.quantities import FinancialYear, Money

__all__ = [
    "Conflict",
    "Difference",
    "Merged",
    "canonical",
    "diff",
    "digest",
    "merge",
    "written",
]

ORDER = "order"
_FIGURES = ("ratio", "shift", "share", "per_unit")
_HEADS = ("plan", "limits", "prioritise", "figures", "intervention", ORDER)
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_MISSING = object()


def canonical(document: Mapping[str, Any]) -> dict[str, Any]:
    """Gives what a plan file says, in one way of writing it.

    Args:
        document: a plan file as TOML gave it, that has been checked.

    Returns:
        `plan`, `limits`, `prioritise`, `figures` (by row id), `intervention` (by id) and `order`
        (ids as they follow each other); keys sorted, numbers as float, money in pounds.
    """
    figures: dict[str, Any] = {}
    _flat(document.get("figures", {}), "", figures)
    blocks = {
        str(block.get("id", block.get("use", ""))): _intervention(block)
        for block in document.get("intervention", [])
    }
    found: dict[str, Any] = {
        "plan": _plain(document.get("plan", {})),
        "limits": _limits(document.get("limits", {})),
        "prioritise": _sought(document.get("prioritise", {})),
        "figures": figures,
        "intervention": blocks,
        ORDER: list(blocks),
    }
    return {key: _sorted(value) for key, value in found.items()}


def digest(content: Mapping[str, Any]) -> str:
    """Gives the SHA-256 of canonical content, in hexadecimal."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int) and abs(value) >= 2**53:
        return value  # a seed, which a float would change
    if isinstance(value, int | float):
        return float(value) if math.isfinite(value) else str(value)
    return str(value).strip()


def _money(value: Any) -> Any:
    if isinstance(value, dict):
        return {_year(key): _money(one) for key, one in value.items()}
    if isinstance(value, str):
        try:
            return Money.parse(value).amount
        except QuantityError:
            return value
    return _plain(value)


def _year(label: str) -> str:
    try:
        return FinancialYear(label).label
    except QuantityError:
        return label


def _limits(given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _money(one) if key == "new_spend" else _plain(one) for key, one in given.items()}


def _sought(given: Mapping[str, Any]) -> dict[str, Any]:
    """What [prioritise] says; the order of ids, of years and of budgets does not count."""
    found = {}
    for key, value in given.items():
        one = _plain(value)
        if key in ("required", "all_or_nothing", "budgets") and isinstance(one, list):
            one = sorted(set(one))
        elif key == "exclusive":
            one = sorted(sorted(set(group)) for group in one)
        elif key == "starts":
            one = {name: sorted({_year(year) for year in years}) for name, years in one.items()}
        elif key == "latest":
            one = _year(one)
        elif key == "floor_new":
            one = {
                name: {_year(year): share for year, share in part.items()}
                if isinstance(part, dict)
                else part
                for name, part in one.items()
            }
        found[key] = one
    return found


def _flat(given: Mapping[str, Any], stem: str, found: dict[str, Any]) -> None:
    for key, value in given.items():
        if isinstance(value, dict) and "value" not in value:
            _flat(value, f"{stem}{key}.", found)
        else:
            found[stem + key] = _figure(value, money=True)


def _figure(value: Any, money: bool) -> Any:
    cells = value if isinstance(value, dict) else {"value": value}
    numbers = ("value", "lower", "upper")
    return {
        key: _money(one) if money and key in numbers else _plain(one) for key, one in cells.items()
    }


def _intervention(block: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in block.items():
        if key == "id" and value == block.get("use"):
            continue
        if key == "who" and isinstance(value, str):
            found[key] = parse(value, vocabulary=Vocabulary.shipped()).canonical()
        elif key in ("limited_by", "where"):
            names = [value] if isinstance(value, str) else list(value)
            found[key] = sorted({str(one).strip() for one in names})
        elif key == "reach" and isinstance(value, dict):
            found[key] = {_year(year): _plain(share) for year, share in value.items()}
        elif key in ("cost", "staff"):
            found[key] = {name: _figure(one, key == "cost") for name, one in value.items()}
        elif key in ("effect", "swap"):
            found[key] = {
                name: {
                    part: _figure(one, False) if part in _FIGURES else _plain(one)
                    for part, one in parts.items()
                }
                for name, parts in value.items()
            }
        else:
            found[key] = _plain(value)
    return found


# Differences ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """One key that two plans have differently.

    Attributes:
        path: the keys that lead to it, such as `("intervention", "falls_exercise", "reach")`.
        old: what the first plan says; None where it says nothing.
        new: what the second says; None where it says nothing.
    """

    path: tuple[str, ...]
    old: Any
    new: Any

    def words(self) -> str:
        """Such as "hospital_at_home: reach in 2029/30 was 0.4, is 0.3"."""
        name = _name(self.path)
        if self.path == (ORDER,):
            return f"order of interventions was {_shown(self.old)}, is {_shown(self.new)}"
        whole = len(self.path) == 2 and self.path[0] == "intervention"
        if self.old is None:
            return f"{name} added" + ("" if whole else f": {_shown(self.new)}")
        if self.new is None:
            return f"{name} taken out" + ("" if whole else f" (was {_shown(self.old)})")
        return f"{name} was {_shown(self.old)}, is {_shown(self.new)}"


def _name(path: tuple[str, ...]) -> str:
    head, *rest = path
    if head == "intervention":
        if len(rest) == 1:
            return f"intervention {rest[0]}"
        owner, *rest = rest
        return f"{owner}: {_dotted(rest)}"
    return _dotted(rest) if head == "plan" else f"{head}: {_dotted(rest)}"


def _dotted(parts: list[str]) -> str:
    if len(parts) > 1 and "/" in parts[-1]:
        return f"{'.'.join(parts[:-1])} in {parts[-1]}"
    return ".".join(parts)


def _shown(value: Any) -> str:
    if isinstance(value, dict) and "value" in value:
        said = _shown(value["value"])
        if "lower" in value and "upper" in value:
            said += f" ({_shown(value['lower'])} to {_shown(value['upper'])})"
        more = [f"{key} {_shown(one)}" for key, one in value.items() if key not in _NUMBERS]
        return f"{said} [{', '.join(more)}]" if more else said
    if isinstance(value, dict):
        return "; ".join(f"{key} {_shown(one)}" for key, one in value.items()) or "nothing"
    if isinstance(value, list):
        return ", ".join(map(_shown, value)) or "none"
    if isinstance(value, float):
        return f"{value:,.15g}"
    return str(value)


_NUMBERS = ("value", "lower", "upper")
_CELLS = (*_NUMBERS, "distribution", "unit", "source", "as_of", "grade", "note")


def diff(first: Mapping[str, Any], second: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Lists what two plans say differently.

    Args:
        first: canonical content of a plan, such as `plan.canonical`.
        second: that of another.

    Returns:
        The differences in the order plan, limits, prioritise, figures, interventions; () where they
        say the same.
    """
    found = list(_differences((), first, second))
    olds, news = first.get(ORDER, []), second.get(ORDER, [])
    shared_old = [one for one in olds if one in news]
    shared_new = [one for one in news if one in olds]
    if shared_old != shared_new:
        found.append(Difference((ORDER,), shared_old, shared_new))
    found.sort(key=lambda one: _HEADS.index(one.path[0]))
    return tuple(found)


def _differences(path: tuple[str, ...], old: Any, new: Any) -> Iterator[Difference]:
    if path == (ORDER,) or _same(old, new):
        return
    if _opened(path, old, new):
        for key in dict.fromkeys([*old, *new]):
            yield from _differences((*path, key), old.get(key, _MISSING), new.get(key, _MISSING))
        return
    yield Difference(path, None if old is _MISSING else old, None if new is _MISSING else new)


def _opened(path: tuple[str, ...], *values: Any) -> bool:
    """Whether values are looked into: tables are, a figure is one fact."""
    return all(isinstance(one, dict) and (not path or "value" not in one) for one in values)


def _same(one: Any, other: Any) -> bool:
    return one is other or (one is not _MISSING and other is not _MISSING and one == other)


# Merging --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Conflict:
    """One key that both plans changed, and differently.

    Attributes:
        path: the keys that lead to it.
        base, first, second: what each plan says; None where it says nothing.
    """

    path: tuple[str, ...]
    base: Any
    first: Any
    second: Any

    def words(self) -> str:
        """Such as "falls_exercise: reach was 0.2; the first makes it 0.3, the second 0.1"."""

        def said(value: Any) -> str:
            whole = len(self.path) == 2 and self.path[0] == "intervention"
            if value is None:
                return "nothing"
            return "something else" if whole else _shown(value)

        return (
            f"{_name(self.path) if self.path != (ORDER,) else 'order of interventions'} was "
            f"{said(self.base)}; the first plan has {said(self.first)}, the second "
            f"{said(self.second)}"
        )


@dataclass(frozen=True, slots=True)
class Merged:
    """Two plans' changes to one base, put together.

    Attributes:
        content: the canonical content; a key in conflict is as the first plan has it.
        conflicts: the keys that both changed differently; () where there are none.
    """

    content: Mapping[str, Any]
    conflicts: tuple[Conflict, ...]


def merge(base: Mapping[str, Any], first: Mapping[str, Any], second: Mapping[str, Any]) -> Merged:
    """Puts together what two plans changed of a third.

    Args:
        base: canonical content of the plan that both set out from.
        first: that of one changed plan.
        second: that of the other.

    Returns:
        Everything that either changed. It may still not be a plan that can be carried out (two
        swaps may come round in a circle): read it again.
    """
    conflicts: list[Conflict] = []
    content = _merged((), base, first, second, conflicts)
    ids = content["intervention"]
    orders = [[one for one in plan[ORDER] if one in ids] for plan in (base, first, second)]
    shared = [one for one in orders[0] if all(one in order for order in orders)]
    kept = [[one for one in order if one in shared] for order in orders]
    lead, follow = (1, 2) if kept[1] != kept[0] or kept[2] == kept[0] else (2, 1)
    if kept[1] != kept[0] and kept[2] not in (kept[0], kept[1]):
        conflicts.append(Conflict((ORDER,), *kept))
    order = orders[lead] + [one for one in orders[follow] if one not in orders[lead]]
    content[ORDER] = order + [one for one in ids if one not in order]
    return Merged({key: _sorted(value) for key, value in content.items()}, tuple(conflicts))


def _merged(
    path: tuple[str, ...], base: Any, first: Any, second: Any, conflicts: list[Conflict]
) -> Any:
    if path == (ORDER,) or _same(first, second) or _same(base, second):
        return first
    if _same(base, first):
        return second
    if _opened(path, first, second):
        below = base if isinstance(base, dict) and _opened(path, base) else {}
        found = {}
        for key in dict.fromkeys([*below, *first, *second]):
            parts = [plan.get(key, _MISSING) for plan in (below, first, second)]
            value = _merged((*path, key), parts[0], parts[1], parts[2], conflicts)
            if value is not _MISSING:
                found[key] = value
        return found
    conflicts.append(
        Conflict(path, *(None if one is _MISSING else one for one in (base, first, second)))
    )
    return first


# Writing --------------------------------------------------------------------------------------


def written(content: Mapping[str, Any]) -> str:
    """Writes canonical content as a plan file.

    Comments of the plans that it came from are not kept.
    """
    out: list[str] = []
    for head in ("plan", "limits", "prioritise", "figures"):
        if content.get(head):
            out += [f"[{head}]", *_pairs(content[head]), ""]
    for name in content.get(ORDER, []):
        block = dict(content["intervention"][name])
        if "use" not in block:
            block = {"id": name, **block}
        nested = {
            key: block.pop(key) for key in ("effect", "swap", "cost", "staff") if key in block
        }
        first = [key for key in (*EXTRA_KEYS, "label") if key in block]
        ordered = {key: block[key] for key in [*first, *(k for k in block if k not in first)]}
        out += ["[[intervention]]", *_pairs(ordered), ""]
        for key, tables in nested.items():
            if key in ("cost", "staff"):
                out += [f"[intervention.{key}]", *_pairs(tables), ""]
                continue
            for part, table in tables.items():
                out += [f"[intervention.{key}.{_key(part)}]", *_pairs(table), ""]
    return "\n".join(out).rstrip("\n") + "\n"


def _pairs(table: Mapping[str, Any]) -> list[str]:
    return [f"{_key(key)} = {_value(value)}" for key, value in table.items()]


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _value(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{int(value):_}" if value.is_integer() and abs(value) < 2**53 else repr(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dict):
        first = [key for key in _CELLS if key in value]
        table = {key: value[key] for key in [*first, *(k for k in value if k not in first)]}
        return f"{{ {', '.join(_pairs(table))} }}" if table else "{}"
    return json.dumps(str(value), ensure_ascii=False)
