"""Service files: what the care that people use is, one TOML block each, and their figures as rows.

A service's words and shares stand in `services/*.toml`; so may its figures, which become parameter
rows `service.<id>.<figure>` with bounds, grades and draws like any other. A project's own file of
the same shape adds a service, or replaces the keys that it gives of a shipped one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from leftshift.catalogue.lines import KeyLines, read_toml
from leftshift.catalogue.rows import Row, make_row
from leftshift.errors import CatalogueError, QuantityError, listed, nearest
from leftshift.quantities import GRADES, FinancialYear

__all__ = ["EVIDENCE", "FIGURES", "KEYS", "SHARES", "lay_services", "read_services"]

KEYS: dict[str, tuple[str, bool, str]] = {
    "label": ("text", True, "what people call it"),
    "setting": ("text", True, "the setting it belongs to, an id of settings.toml"),
    "unit": ("text", True, 'one of what is counted, such as "contact"; "pound" where none is'),
    "basis": ("text", True, "registered or residents: whom it serves"),
    "archetype": ("text", True, "how its cost behaves, an id of archetypes.toml"),
    "year": ("text", True, "the financial year that its activity and unit cost describe"),
    "shape": ("text", False, "its use by age and sex, a shape of service_age_shapes"),
    "by_age": ("ages", False, "or its own use by age: pairs of an age and a relative rate"),
    "deprivation": ("text", True, "a gradient of service_deprivation_gradients"),
    "segments": ("text", False, 'a gradient of service_segment_gradients; "" for none'),
    "growth": ("text", False, "the row care.growth.<this>; left out, that of its setting"),
    "payers": ("shares", True, "who pays, as shares that sum to 1"),
    "staff": ("shares", False, "its pay bill by staff group, as shares that sum to 1"),
    "conditions": ("ratios", False, "how much more a person uses who has a condition"),
    "bed_type": ("text", False, 'the bed that it fills; "" for none'),
    "sits_in": ("text", False, "the line of England's bridge that its cost is part of"),
    "note": ("text", False, "what a reader should know"),
    "payers_evidence": ("evidence", False, "where the split between payers comes from"),
    "staff_evidence": ("evidence", False, "where the split between staff comes from"),
    "conditions_evidence": ("evidence", False, "where the multipliers come from"),
    "figures": ("figures", False, "its figures, each a catalogue row"),
}
"""Every key of a service: its kind, whether a new service needs it, and what it says."""

SHARES = ("payers", "staff")
EVIDENCE = {
    "payers_evidence": "payers",
    "staff_evidence": "staff",
    "conditions_evidence": "conditions",
}

FIGURES: dict[str, tuple[str, str]] = {
    "activity": ("units a year in England", "units a year in England"),
    "unit_cost": ("cost of a unit", "GBP per unit"),
    "last_year_of_life": (
        "further units used in the last year of life",
        "units for each death",
    ),
    "bed_days": ("bed days for each unit", "bed days per unit"),
    "non_demographic_growth": ("growth beyond demography", "percent a year"),
    "pay_share": ("share of its cost that is pay", "share of cost"),
}
"""Every figure of a service: how it is called, and its unit where a file names none."""

_FIGURE_KEYS = (
    *("value", "lower", "upper", "distribution"),
    *("unit", "source", "as_of", "grade", "note"),
)
_BASES = ("residents", "registered")
_ID = re.compile(r"[a-z][a-z0-9_]*")
_HEADER = re.compile(r"^[ \t]*\[[ \t]*(service\.[a-z0-9_.]+)[ \t]*\]", re.MULTILINE)
_MOST = 1e15  # above any count or sum of England, and far below where floats lose pounds

At = Callable[..., str]
Entry = dict[str, Any]


class _Lines:
    """Lines of keys; those of table headers without the scan that finds every key.

    A header is looked for as text, which is right for every file that is accepted: no value of a
    service may span lines.
    """

    def __init__(self, path: Path, scanned: KeyLines) -> None:
        text = path.read_text("utf-8-sig").replace("\r\n", "\n")
        self._scanned = scanned
        self._headers: dict[str, int] = {}
        line, at = 1, 0
        for found in _HEADER.finditer(text):
            line += text.count("\n", at, found.start(1))
            at = found.start(1)
            self._headers.setdefault(found[1], line)

    def of(self, *path: str | int) -> int:
        header = self._headers.get(".".join(map(str, path)))
        return header if header is not None else self._scanned.of(*path)


def read_services(path: Path, shown: str, known: Mapping[str, Entry], layer: str) -> list[Entry]:
    """Reads one file of services.

    Args:
        path: the TOML file.
        shown: how it is named in messages.
        known: services of the layers below, by id: a block of the same id may give only the keys
            that it changes.
        layer: the layer it belongs to.

    Returns:
        One dict for each block: the keys given, with `id`, `file`, `line` and `rows` (its figures
        as parameter rows).

    Raises:
        CatalogueError: a key or a value is wrong; the message begins `file:line: [check]`.
    """
    document, scanned = read_toml(path, shown, CatalogueError)
    lines = _Lines(path, scanned)
    for key in document:
        if key != "service":
            raise CatalogueError(
                f'{shown}:{lines.of(key)}: [known_key] no key called "{key}".'
                f"{nearest(key, ['service'])} A service file holds [service.<id>] blocks."
            )
    blocks = document.get("service")
    if not isinstance(blocks, dict) or not blocks:
        raise CatalogueError(
            f"{shown}:{lines.of('service')}: [has_services] no [service.<id>] block. "
            "Begin with a line such as [service.falls_clinic]."
        )
    return [_service(key, block, lines, shown, known, layer) for key, block in blocks.items()]


def _service(
    identity: str,
    block: Any,
    lines: _Lines,
    shown: str,
    known: Mapping[str, Entry],
    layer: str,
) -> Entry:
    def at(*path: str | int, check: str) -> str:
        return f"{shown}:{lines.of('service', identity, *path)}: [{check}] "

    if _ID.fullmatch(identity) is None:
        raise CatalogueError(
            at(check="known_id") + f"{identity!r} is no id of a service. "
            "Write snake_case, such as [service.falls_clinic]."
        )
    if not isinstance(block, dict):
        raise CatalogueError(
            at(check="right_type") + f"service.{identity} must be a block: [service.{identity}]."
        )
    for key in block:
        if key not in KEYS:
            near = nearest(key, [*KEYS, *FIGURES])
            hint = f" It is a figure: put it under [service.{identity}.figures]."
            raise CatalogueError(
                at(key, check="known_key") + f'{identity}: no key called "{key}".'
                f"{hint if key in FIGURES else near} Allowed: {listed(KEYS, 30)}."
            )
    below = known.get(identity)
    if below is None:
        for key, (_, needed, meaning) in KEYS.items():
            if needed and key not in block:
                like = nearest(identity, known)
                raise CatalogueError(
                    at(check="complete") + f"{identity} has no {key} ({meaning}). A new service "
                    f"needs {listed([k for k, v in KEYS.items() if v[1]], 30)}."
                    + (f" To change a shipped service, use its id.{like}" if like else "")
                )
    if "by_age" in block and "shape" in block:
        raise CatalogueError(
            at("by_age", check="one_shape") + f"{identity} has both shape and by_age. Keep one."
        )
    if below is None and "shape" not in block and "by_age" not in block:
        raise CatalogueError(
            at(check="complete") + f"{identity} has no shape ({KEYS['shape'][2]}) and no by_age "
            f"({KEYS['by_age'][2]}). Give one of them."
        )
    entry: Entry = {
        "id": identity,
        "file": shown,
        "line": lines.of("service", identity),
        "layer": layer,
    }
    for key, value in block.items():
        if key != "figures":
            entry[key] = _checked(identity, key, value, at)
    words = {**(below or {}), **entry}
    figures = block.get("figures", {})
    if not isinstance(figures, dict):
        raise CatalogueError(
            at("figures", check="right_type")
            + f"{identity}: figures must be a block: [service.{identity}.figures]."
        )
    entry["rows"] = [
        _figure(words, name, value, at, lines, shown, layer) for name, value in figures.items()
    ]
    return entry


def _checked(identity: str, key: str, value: Any, at: At) -> Any:
    kind = KEYS[key][0]
    where = f"{identity}: {key}"
    if kind == "text":
        if not isinstance(value, str) or not value.isprintable():
            raise CatalogueError(
                at(key, check="right_type") + f'{where} must be one line of text: {key} = "…".'
            )
        value = value.strip()
        if not value and KEYS[key][1]:
            raise CatalogueError(
                at(key, check="unit_named" if key == "unit" else "complete")
                + f"{where} is empty. It says {KEYS[key][2]}."
            )
        if key == "basis" and value not in _BASES:
            raise CatalogueError(
                at(key, check="known_basis") + f'{where}: no basis called "{value}".'
                f"{nearest(value, _BASES)} Allowed: {listed(_BASES)}."
            )
        if key == "year":
            try:
                FinancialYear(value)
            except QuantityError as problem:
                raise CatalogueError(at(key, check="known_year") + f"{where}: {problem}") from None
        return value
    if kind == "ages":
        return _ages(where, value, at)
    if not isinstance(value, dict):
        example = {
            "shares": "{ icb_core = 0.8, specialised = 0.2 }",
            "ratios": "{ heart_failure = 1.4 }",
            "evidence": '{ source = "…", grade = "R" }',
        }[kind]
        raise CatalogueError(
            at(key, check="right_type") + f"{where} must be a table: {key} = {example}."
        )
    if kind == "evidence":
        for name, word in value.items():
            if name not in ("source", "grade") or not isinstance(word, str):
                raise CatalogueError(
                    at(key, name, check="known_key")
                    + f'{where}: write {{ source = "…", grade = "R" }}, both text.'
                )
        if not value.get("source", "").strip() or value.get("grade") not in GRADES:
            raise CatalogueError(
                at(key, check="graded")
                + f"{where} needs a source and a grade. Grades: {listed(GRADES)}."
            )
        return dict(value)
    for name, number in value.items():
        top = 1.0 if kind == "shares" else 1000.0
        if not _is_number(number) or not 0.0 <= number <= top:
            raise CatalogueError(
                at(key, name, check="right_type")
                + f"{where}: {name} is {number!r}; it must be a number from 0 to {top:g}."
            )
    return {name: float(number) for name, number in value.items()}


def _ages(where: str, value: Any, at: At) -> list[list[float]]:
    pairs = value if isinstance(value, list) else []
    right = len(pairs) >= 2 and all(
        isinstance(pair, list) and len(pair) == 2 and all(_is_number(part) for part in pair)
        for pair in pairs
    )
    if right:
        ages = [pair[0] for pair in pairs]
        right = ages == sorted(set(ages)) and ages[0] >= 0 and ages[-1] <= 105
        right = right and all(pair[1] >= 0 for pair in pairs) and any(pair[1] for pair in pairs)
    if not right:
        raise CatalogueError(
            at("by_age", check="right_type") + f"{where} must be two or more pairs of an age from "
            "0 to 105, rising, and a relative rate, not below 0 and not all 0: "
            "by_age = [[0, 0.1], [65, 1.0], [85, 4.0]]."
        )
    return [[float(age), float(rate)] for age, rate in pairs]


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and value == value
        and abs(value) < _MOST
    )


def _figure(
    words: Mapping[str, Any],
    name: str,
    value: Any,
    at: At,
    lines: _Lines,
    shown: str,
    layer: str,
) -> Row:
    identity = words["id"]
    where = f"{identity}: {name}"
    if name not in FIGURES:
        raise CatalogueError(
            at("figures", name, check="known_figure") + f'{identity}: no figure called "{name}".'
            f"{nearest(name, FIGURES)} Allowed: {listed(FIGURES)}."
        )
    if not isinstance(value, dict):
        raise CatalogueError(
            at("figures", name, check="right_type") + f"{where} must be a table with value, "
            f'source, as_of and grade: {name} = {{ value = 1, source = "…", … }}.'
        )
    for key, given in value.items():
        if key not in _FIGURE_KEYS:
            raise CatalogueError(
                at("figures", name, key, check="known_key") + f'{where}: no key called "{key}".'
                f"{nearest(key, _FIGURE_KEYS)} Allowed: {listed(_FIGURE_KEYS, 20)}."
            )
        number = key in ("value", "lower", "upper")
        if key == "as_of" and isinstance(given, int) and not isinstance(given, bool):
            continue  # as_of = 2025 is plain enough
        if number != _is_number(given) or not (number or isinstance(given, str)):
            kind = "a number" if number else "text"
            raise CatalogueError(
                at("figures", name, key, check="right_type")
                + f"{where}: {key} must be {kind}, not {given!r}."
            )
    called, unit = FIGURES[name]
    cells = {key: _cell(value[key]) if key in value else "" for key in _FIGURE_KEYS}
    cells["unit"] = cells["unit"] or unit
    cells["distribution"] = cells["distribution"] or ("lognormal" if cells["lower"] else "fixed")
    cells["id"] = f"service.{identity}.{name}"
    cells["label"] = f"{words['label']}: {called} (unit: {words['unit']})"
    try:
        row = make_row(cells, shown, lines.of("service", identity, "figures", name), layer)
    except CatalogueError as problem:
        raise CatalogueError(at("figures", name, check="figure_is_a_row") + str(problem)) from None
    if row.estimate.value < 0 and name != "non_demographic_growth":
        raise CatalogueError(
            at("figures", name, check="not_negative") + f"{where} is {row.estimate.value:g}. "
            "It must not be below 0."
        )
    return row


def _cell(value: Any) -> str:
    return repr(value) if isinstance(value, int | float) else str(value).strip()


def lay_services(
    services: dict[str, Entry], found: Iterable[Entry], noted: Callable[[str, Any, Any], None]
) -> None:
    """Lays services over those of the layers below.

    Args:
        services: the services so far, by id; changed.
        found: what `read_services` gave.
        noted: is told of each key that replaces another: its id, old and new.

    Raises:
        CatalogueError: a service is given twice in one layer.
    """
    for entry in found:
        identity = entry["id"]
        old = services.get(identity)
        if old is not None and old["layer"] == entry["layer"]:
            raise CatalogueError(
                f"{entry['file']}:{entry['line']}: [given_once] service {identity} is already in "
                f"{old['file']}:{old['line']}. Keep one of the two."
            )
        given = {key: value for key, value in entry.items() if key != "rows"}
        if old is not None:
            for key, value in given.items():
                if key in KEYS and old.get(key) != value:
                    noted(f"service.{identity}.{key}", old.get(key, ""), value)
        below = dict(old or {})
        for key, other in (("shape", "by_age"), ("by_age", "shape")):
            if key in given:
                below.pop(other, None)
        services[identity] = {**below, **given}
