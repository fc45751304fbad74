"""Intervention files: what a board could do, one TOML block each, and their figures as rows.

An intervention's words stand in `interventions/*.toml`; every figure of it (effects, swaps, costs,
staff) becomes a parameter row `intervention.<id>…` with bounds, a grade and draws like any other. A
project's own file of the same shape adds an intervention, or replaces the keys that it gives of a
shipped one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from leftshift.catalogue.intervention_keys import (
    COSTS,
    EFFECT_KEYS,
    EVIDENCE,
    FACTOR_UNITS,
    KEYS,
    LIMITS,
    SHIFTS,
    SWAP_KEYS,
)
from leftshift.catalogue.lines import KeyLines, read_toml
from leftshift.catalogue.rows import Row, make_row
from leftshift.errors import CatalogueError, QuantityError, listed, nearest
from leftshift.quantities import FinancialYear

__all__ = [
    "COSTS",
    "EFFECT_KEYS",
    "EVIDENCE",
    "FACTOR_UNITS",
    "KEYS",
    "LIMITS",
    "SHIFTS",
    "SWAP_KEYS",
    "lay_interventions",
    "read_intervention",
    "read_interventions",
]

_STAFF_UNIT = "WTE per 1,000 person-years"
_FIGURE_KEYS = (
    *("value", "lower", "upper", "distribution"),
    *("unit", "source", "as_of", "grade", "note"),
)
_RATIO = ("lognormal", "logitnormal", "triangular", "uniform", "fixed")
_SHARE = ("logitnormal", "triangular", "uniform", "fixed")
_SHIFT = ("normal", "triangular", "uniform", "fixed")
_AMOUNT = ("lognormal", "triangular", "uniform", "fixed")
_ID = re.compile(r"[a-z][a-z0-9_]*")
_ON = re.compile(r"(hazard|risk|rate|capacity):[a-z][a-z0-9_]*")
_LINE = re.compile(r"[ \t]*(?:\[[ \t]*([a-z0-9_.]+)[ \t]*\]|([A-Za-z0-9_]+)[ \t]*=)")
_MOST_YEARS = 100
_MOST = 1e12  # above any figure of one board, and far below where floats lose pounds

LineOf = Callable[..., int]
Entry = dict[str, Any]


class _Lines:
    """Lines of keys by one plain pass, without the scan that finds every key of any TOML.

    A line of an accepted file begins with the header or the key that it holds, since no value may
    span lines; anything written otherwise is left to the scan.
    """

    def __init__(self, path: Path, scanned: KeyLines) -> None:
        self._scanned = scanned
        self._found: dict[tuple[str, ...], int] = {}
        table: tuple[str, ...] = ()
        for line, text in enumerate(path.read_text("utf-8-sig").splitlines(), 1):
            found = _LINE.match(text)
            if found is None:
                continue
            if found[1] is not None:
                table = tuple(found[1].split("."))
                for length in range(1, len(table) + 1):
                    self._found.setdefault(table[:length], line)
            else:
                self._found.setdefault((*table, found[2]), line)

    def of(self, *path: str | int) -> int:
        line = self._found.get(tuple(map(str, path)))
        return line if line is not None else self._scanned.of(*path)


def read_interventions(
    path: Path, shown: str, known: Mapping[str, Entry], layer: str
) -> list[Entry]:
    """Reads one file of interventions.

    Args:
        path: the TOML file.
        shown: how it is named in messages.
        known: interventions of the layers below, by id: a block of the same id may give only the
            keys that it changes.
        layer: the layer it belongs to.

    Returns:
        What `read_intervention` gives for each block.

    Raises:
        CatalogueError: a key or a value is wrong; the message begins `file:line: [check]`.
    """
    document, scanned = read_toml(path, shown, CatalogueError)
    lines = _Lines(path, scanned)
    for key in document:
        if key != "intervention":
            raise CatalogueError(
                f'{shown}:{lines.of(key)}: [known_key] no key called "{key}".'
                f"{nearest(key, ['intervention'])} An intervention file holds "
                "[intervention.<id>] blocks."
            )
    blocks = document.get("intervention")
    if not isinstance(blocks, dict) or not blocks:
        raise CatalogueError(
            f"{shown}:{lines.of('intervention')}: [has_interventions] no [intervention.<id>] "
            "block. Begin with a line such as [intervention.falls_classes]."
        )
    return [
        read_intervention(
            identity,
            block,
            lambda *rest, identity=identity: lines.of("intervention", identity, *rest),
            shown,
            known.get(identity),
            layer,
            known,
        )
        for identity, block in blocks.items()
    ]


def read_intervention(
    identity: str,
    block: Any,
    line_of: LineOf,
    shown: str,
    below: Mapping[str, Any] | None,
    layer: str,
    known: Iterable[str] = (),
) -> Entry:
    """Reads one block of an intervention, from the library or from a plan.

    Args:
        identity: its id.
        block: what TOML gave for it.
        line_of: gives the line of a key of the block, from the keys that lead to it.
        shown: how its file is named in messages.
        below: the intervention of the same id that it changes, or None where it is new.
        layer: the layer it belongs to.
        known: ids to suggest where a new block lacks a key.

    Returns:
        The keys given, with `id`, `file`, `line`, `layer` and `rows` (its figures as parameter
        rows). `effect` and `swap` hold a dict for each name, without figures and with their
        `line`; an effect says in `figure` whether it has a ratio or a shift. `cost` and `staff`
        are the names of the figures given.

    Raises:
        CatalogueError: a key or a value is wrong; the message begins `file:line: [check]`.
    """
    reader = _Reader(identity, line_of, shown, below or {}, layer)
    if _ID.fullmatch(identity) is None:
        reader.refuse(
            "known_id",
            f"{identity!r} is no id of an intervention. Write snake_case, such as falls_classes.",
        )
    if not isinstance(block, dict):
        reader.refuse("right_type", f"must be a block: [intervention.{identity}].")
    for key in block:
        if key not in KEYS:
            reader.refuse(
                "known_key",
                f'no key called "{key}".{nearest(key, KEYS)} Allowed: {listed(KEYS, 30)}.',
                key,
            )
    if below is None:
        for key, (_, needed, meaning) in KEYS.items():
            if needed and key not in block:
                like = nearest(identity, known)
                reader.refuse(
                    "complete",
                    f"has no {key} ({meaning}). A new intervention needs "
                    f"{listed([k for k, v in KEYS.items() if v[1]], 30)}."
                    + (f" To change a shipped one, use its id.{like}" if like else ""),
                )
    return reader.entry(block)


class _Reader:
    """Reads the keys of one block; every refusal names file, line and check."""

    def __init__(
        self, identity: str, line_of: LineOf, shown: str, below: Mapping[str, Any], layer: str
    ) -> None:
        self._id = identity
        self._line_of = line_of
        self._shown = shown
        self._below = below
        self._layer = layer
        self._label = str(below.get("label", identity))
        self._rows: list[Row] = []

    def refuse(self, check: str, said: str, *path: str | int) -> None:
        raise CatalogueError(
            f"{self._shown}:{self._line_of(*path)}: [{check}] {self._id}: {said}"
        ) from None

    def entry(self, block: Mapping[str, Any]) -> Entry:
        entry: Entry = {
            "id": self._id,
            "file": self._shown,
            "line": self._line_of(),
            "layer": self._layer,
        }
        if isinstance(block.get("label"), str):
            self._label = block["label"].strip()
        read = {
            "text": self._text,
            "reach": self._reach,
            "years": self._years,
            "limits": self._limits,
            "effects": self._effects,
            "swaps": self._swaps,
            "costs": self._costs,
            "staff": self._staff,
        }
        for key, value in block.items():
            entry[key] = read[KEYS[key][0]](key, value)
        entry["rows"] = self._rows
        return entry

    # Keys -----------------------------------------------------------------------------------

    def _words(self, value: Any, *path: str) -> str:
        if not isinstance(value, str) or not value.isprintable() or not value.strip():
            self.refuse("right_type", f'{path[-1]} must be one line of text: "…".', *path)
        return str(value).strip()

    def _text(self, key: str, value: Any) -> str:
        text = self._words(value, key)
        if key == "shift" and text not in SHIFTS:
            self.refuse(
                "known_shift",
                f'no shift called "{text}".{nearest(text, SHIFTS)} Allowed: {listed(SHIFTS)}.',
                key,
            )
        if key == "evidence":
            self._graded(text, key)
        return text

    def _graded(self, text: str, *path: str) -> str:
        if text not in EVIDENCE:
            meanings = listed(f"{key} ({meaning})" for key, meaning in EVIDENCE.items())
            self.refuse("evidence", f'no evidence called "{text}". Allowed: {meanings}.', *path)
        return text

    def _reach(self, key: str, value: Any) -> Any:
        if _is_number(value):
            return self._share(value, key)
        if not isinstance(value, dict) or not value:
            self.refuse(
                "right_type",
                'reach must be a share, or shares by year: reach = { "2026/27" = 0.05, '
                '"2029/30" = 0.4 }.',
                key,
            )
        found: dict[str, float] = {}
        for year, share in value.items():
            try:
                label = FinancialYear(year).label
            except QuantityError as problem:
                self.refuse("known_year", f"reach: {problem}", key, year)
            found[label] = self._share(share, key, year)
        return dict(sorted(found.items()))

    def _share(self, value: Any, *path: str) -> float:
        if not _is_number(value) or not 0.0 <= value <= 1.0:
            self.refuse(
                "share", f"reach is {value!r}; it must be a share from 0 to 1, such as 0.4.", *path
            )
        return float(value)

    def _years(self, key: str, value: Any) -> int:
        whole = _is_number(value) and float(value).is_integer()
        if not whole or not 0 <= value <= _MOST_YEARS:
            self.refuse(
                "whole_years",
                f"{key} is {value!r}; it must be a whole number of years, 0 to {_MOST_YEARS}.",
                key,
            )
        return int(value)

    def _limits(self, key: str, value: Any) -> list[str]:
        given = [value] if isinstance(value, str) else value
        if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
            self.refuse("right_type", f'{key} must be a list: limited_by = ["staff"].', key)
        for item in given:
            if item not in LIMITS:
                self.refuse(
                    "known_limit",
                    f'no limit called "{item}".{nearest(item, LIMITS)} Allowed: {listed(LIMITS)}.',
                    key,
                )
        return list(dict.fromkeys(given))

    # Effects and swaps ----------------------------------------------------------------------

    def _blocks(self, key: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict) or not all(isinstance(v, dict) for v in value.values()):
            self.refuse(
                "right_type",
                f"{key} holds named blocks: [intervention.{self._id}.{key}.<name>].",
                key,
            )
        for name in value:
            if _ID.fullmatch(name) is None:
                self.refuse("known_id", f"{name!r} is no name. Write snake_case.", key, name)
        return dict(value)

    def _known(self, given: Mapping[str, Any], allowed: Iterable[str], *path: str) -> None:
        for key in given:
            if key not in allowed:
                self.refuse(
                    "known_key",
                    f'{".".join(path)}: no key called "{key}".{nearest(key, allowed)} '
                    f"Allowed: {listed(allowed, 20)}.",
                    *path,
                    key,
                )

    def _effects(self, key: str, value: Any) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        for name, block in self._blocks(key, value).items():
            self._known(block, EFFECT_KEYS, key, name)
            effect: Entry = {"line": self._line_of(key, name), "file": self._shown}
            old = self._below.get(key, {}).get(name, {})
            on = effect["on"] = block.get("on", old.get("on", ""))
            if not isinstance(on, str) or _ON.fullmatch(on) is None:
                self.refuse(
                    "on_what",
                    f"{name}: on is {on!r}. Write hazard:<condition>, hazard:death, "
                    "risk:<factor>, rate:<service>, capacity:<bed type> or capacity:planned_care, "
                    'such as on = "rate:ae_attendance".',
                    *((key, name, "on") if "on" in block else (key, name)),
                )
            for word in ("evidence", "note"):
                if word in block:
                    effect[word] = self._words(block[word], key, name, word)
            if "evidence" in effect:
                self._graded(effect["evidence"], key, name, "evidence")
            if "avoided" in block:
                if not isinstance(block["avoided"], bool):
                    self.refuse(
                        "right_type", "avoided must be true or false.", key, name, "avoided"
                    )
                effect["avoided"] = block["avoided"]
            kind, _, target = on.partition(":")
            moved = kind == "risk"
            figures = [figure for figure in ("ratio", "shift") if figure in block]
            needed = "shift" if moved else "ratio"
            if [needed] != figures and (figures or not old):
                self.refuse(
                    "one_figure",
                    f"{name}: an effect on {on} needs {needed} and no other figure.",
                    *((key, name, figures[0]) if figures else (key, name)),
                )
            effect["figure"] = needed
            if figures:
                self._effect_figure(name, target, needed, block[needed])
            found[name] = effect
        return found

    def _effect_figure(self, name: str, target: str, figure: str, value: Any) -> None:
        path = ("effect", name, figure)
        if figure == "ratio":
            self._figure(path, value, f"{name}: ratio", "ratio", _RATIO, 0.0, None, True)
        elif target == "smoking":
            unit = FACTOR_UNITS[target]
            self._figure(path, value, f"{name}: {unit}", unit, _SHARE, 0.0, 1.0, True)
        else:
            unit = FACTOR_UNITS.get(target, "")
            self._figure(path, value, f"{name}: shift of {target}", unit, _SHIFT, None, None, True)

    def _swaps(self, key: str, value: Any) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        for name, block in self._blocks(key, value).items():
            self._known(block, SWAP_KEYS, key, name)
            swap: Entry = {"line": self._line_of(key, name), "file": self._shown}
            old = self._below.get(key, {}).get(name, {})
            for end in ("from", "to"):
                if end in block or not old:
                    path = (key, name, end) if end in block else (key, name)
                    if not isinstance(block.get(end), str) or not block[end].strip():
                        self.refuse(
                            "landing_service",
                            f"{name} names no service in `{end}`. What leaves one service must "
                            'arrive in another: from = "non_elective_admission", '
                            'to = "virtual_ward".',
                            *path,
                        )
                    swap[end] = block[end].strip()
            for word in ("evidence", "note"):
                if word in block:
                    swap[word] = self._words(block[word], key, name, word)
            if "evidence" in swap:
                self._graded(swap["evidence"], key, name, "evidence")
            for figure in ("share", "per_unit"):
                if figure not in block:
                    if not old:
                        self.refuse(
                            "complete", f"{name} has no {figure} ({SWAP_KEYS[figure]}).", key, name
                        )
                    continue
                path = (key, name, figure)
                if figure == "share":
                    said = f"{name}: share avoided"
                    self._figure(path, block[figure], said, "share of use", _SHARE, 0.0, 1.0, True)
                else:
                    said = f"{name}: arriving for each avoided"
                    self._figure(path, block[figure], said, "", _AMOUNT, 0.0, None, False)
            ends = {**{k: old.get(k) for k in ("from", "to")}, **swap}
            if ends["from"] == ends["to"]:
                self.refuse("circular_swap", f"{name} goes from {ends['to']} to itself.", key, name)
            found[name] = swap
        return found

    def _costs(self, key: str, value: Any) -> list[str]:
        if not isinstance(value, dict):
            self.refuse("right_type", f"cost is a block: [intervention.{self._id}.cost].", key)
        self._known(value, COSTS, key)
        for name, figure in value.items():
            called, unit = COSTS[name]
            if name == "double_running":
                self._figure((key, name), figure, called, unit, _SHARE, 0.0, 1.0, False)
            else:
                self._figure((key, name), figure, called, unit, _AMOUNT, 0.0, None, False)
        return list(value)

    def _staff(self, key: str, value: Any) -> list[str]:
        if not isinstance(value, dict):
            self.refuse("right_type", f"staff is a block: [intervention.{self._id}.staff].", key)
        for group, figure in value.items():
            if _ID.fullmatch(group) is None:
                self.refuse("known_id", f"{group!r} is no staff group.", key, group)
            said = f"staff of the group {group}"
            self._figure((key, group), figure, said, _STAFF_UNIT, _AMOUNT, 0.0, None, False)
        return list(value)

    # Figures --------------------------------------------------------------------------------

    def _figure(
        self,
        path: tuple[str, ...],
        value: Any,
        called: str,
        unit: str,
        shapes: tuple[str, ...],
        least: float | None,
        most: float | None,
        doubtful: bool,
    ) -> None:
        name = ".".join(path)
        if not isinstance(value, dict):
            self.refuse(
                "right_type",
                f"{name} must be a table with value, lower, upper, distribution, source, as_of "
                f'and grade: {path[-1]} = {{ value = 0.9, source = "…", … }}.',
                *path,
            )
        self._known(value, _FIGURE_KEYS, *path)
        for key, given in value.items():
            if key == "as_of" and isinstance(given, int) and not isinstance(given, bool):
                continue  # as_of = 2025 is plain enough
            number = key in ("value", "lower", "upper")
            if number != _is_number(given) or not (number or isinstance(given, str)):
                kind = "a number" if number else "text"
                self.refuse(
                    "right_type", f"{name}: {key} must be {kind}, not {given!r}.", *path, key
                )
        cells = {key: _cell(value[key]) if key in value else "" for key in _FIGURE_KEYS}
        if doubtful and not cells["distribution"]:
            self.refuse(
                "distribution",
                f"{name} has no distribution. An effect is uncertain: give lower, upper and one "
                f'of {listed(shapes)} (or distribution = "fixed", where it is certain).',
                *path,
            )
        cells["distribution"] = cells["distribution"] or (
            "lognormal" if cells["lower"] else "fixed"
        )
        if unit and cells["unit"] and cells["unit"] != unit:
            self.refuse(
                "unit", f'{name} is in "{cells["unit"]}". Write it in "{unit}".', *path, "unit"
            )
        cells["unit"] = cells["unit"] or unit or "units of `to` per unit of `from`"
        if cells["distribution"] not in shapes:
            self.refuse(
                "distribution",
                f'{name} cannot be "{cells["distribution"]}", which would pass what it can be.'
                f" Allowed: {listed(shapes)}.",
                *path,
            )
        for key in ("value", "lower", "upper"):
            given = value.get(key)
            low = given is not None and least is not None and given < least
            if low or (given is not None and most is not None and given > most):
                ends = f"from {least:g} to {most:g}" if most is not None else f"{least:g} or more"
                self.refuse("in_range", f"{name}: {key} is {given:g}; it must be {ends}.", *path)
        cells["id"] = f"intervention.{self._id}.{name}"
        cells["label"] = f"{self._label}: {called}"
        try:
            row = make_row(cells, self._shown, self._line_of(*path), self._layer)
        except CatalogueError as problem:
            self.refuse("figure_is_a_row", str(problem), *path)
        self._rows.append(row)


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and value == value
        and abs(value) < _MOST
    )


def _cell(value: Any) -> str:
    return repr(value) if isinstance(value, int | float) else str(value).strip()


def lay_interventions(
    laid: dict[str, Entry], found: Iterable[Entry], noted: Callable[[str, Any, Any], None]
) -> None:
    """Lays interventions over those of the layers below.

    Args:
        laid: the interventions so far, by id; changed.
        found: what `read_interventions` gave.
        noted: is told of each key that replaces another: its id, old and new.

    Raises:
        CatalogueError: an intervention is given twice in one layer.
    """
    for entry in found:
        identity = entry["id"]
        old = laid.get(identity)
        if old is not None and old["layer"] == entry["layer"]:
            raise CatalogueError(
                f"{entry['file']}:{entry['line']}: [given_once] intervention {identity} is already "
                f"in {old['file']}:{old['line']}. Keep one of the two."
            )
        given = {key: value for key, value in entry.items() if key != "rows"}
        if old is None:
            laid[identity] = given
            continue
        merged = {**old, **given}
        for key in given:
            if key in ("effect", "swap"):
                names = {**old.get(key, {}), **given[key]}
                merged[key] = {
                    name: {**old.get(key, {}).get(name, {}), **block}
                    for name, block in names.items()
                }
            elif key in ("cost", "staff"):
                merged[key] = list(dict.fromkeys([*old.get(key, []), *given[key]]))
            if key in KEYS and key not in ("cost", "staff") and old.get(key) != merged[key]:
                noted(f"intervention.{identity}.{key}", old.get(key, ""), merged[key])
        laid[identity] = merged
