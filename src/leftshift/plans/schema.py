"""The published JSON Schema of a plan file, made of the tables of keys that the reader goes by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from leftshift.catalogue.interventions import (
    COSTS,
    EFFECT_KEYS,
    EVIDENCE,
    LIMITS,
    SHIFTS,
    SWAP_KEYS,
)
from leftshift.plans.files import (
    INTERVENTION_KEYS,
    MOST_INTERVENTIONS,
    PLAN_KEYS,
    RANGES,
    TABLES,
)
from leftshift.plans.limits import LIMIT_KEYS
from leftshift.plans.own_figures import FIGURE_KEYS
from leftshift.plans.prioritise_rules import AIMS, MOST_AVERSION, MOST_REDRAWS, PRIORITISE_KEYS
from leftshift.quantities import DISTRIBUTIONS, GRADES

__all__ = ["FILE", "schema", "text"]

FILE = Path(__file__).parent / "schema.json"
"""The published file."""

_YEAR = r"^\d{4}/\d{2}$"
_ID = "^[a-z][a-z0-9_]*$"
_FIGURES = ("ratio", "shift", "share", "per_unit")


def schema() -> dict[str, Any]:
    """Makes the schema: what a plan file may hold, for editors and web forms.

    What it cannot say (whether a service exists, whether a year lies in the horizon) the reader
    checks.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Leftshift plan",
        "description": "A plan file of Leftshift (TOML), as JSON.",
        "type": "object",
        "additionalProperties": False,
        "required": ["plan"],
        "properties": {key: _top(key, meaning) for key, (_, meaning) in TABLES.items()},
        "$defs": _definitions(),
    }


def text() -> str:
    """Gives the schema as the text of `schema.json`."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _top(key: str, meaning: str) -> dict[str, Any]:
    if key == "intervention":
        return {
            "description": meaning,
            "type": "array",
            "maxItems": MOST_INTERVENTIONS,
            "items": {
                **_object(INTERVENTION_KEYS),
                "required": [],
                "anyOf": [
                    {"required": ["use"]},
                    {"required": ["id", *(k for k, v in INTERVENTION_KEYS.items() if v[1])]},
                ],
            },
        }
    if key == "figures":
        return {"description": meaning, "type": "object"}
    if key == "prioritise":
        return {"description": meaning, **_sought()}
    return {"description": meaning, **_object(PLAN_KEYS if key == "plan" else LIMIT_KEYS)}


def _sought() -> dict[str, Any]:
    share: dict[str, Any] = {"type": "number", "minimum": 0, "maximum": 1}
    name = {"type": "string", "pattern": _ID}
    names = {"type": "array", "minItems": 1, "items": name}
    year = {"type": "string", "pattern": _YEAR}
    kinds: dict[str, dict[str, Any]] = {
        "aim": {"enum": list(AIMS)},
        "aversion": {"type": "number", "minimum": 0, "maximum": MOST_AVERSION},
        "required": names,
        "exclusive": {"type": "array", "items": {**names, "minItems": 2}},
        "all_or_nothing": {"anyOf": [{"type": "boolean"}, names]},
        "smallest": {"anyOf": [share, _named(share)]},
        "latest": year,
        "starts": _named({"type": "array", "minItems": 1, "items": year}),
        "floor_new": {
            "type": "object",
            "additionalProperties": False,
            "properties": {one: _or_by_year(share) for one in SHIFTS},
        },
        "reinvest": {"type": "boolean"},
        "budgets": {
            "type": "array",
            "minItems": 1,
            "maxItems": 100,
            "items": {"type": "number", "minimum": 0},
        },
        "draws": {"type": "integer", "minimum": 0, "maximum": MOST_REDRAWS},
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [],
        "properties": {
            key: {"description": meaning, **kinds[key]}
            for key, (_, _, meaning) in PRIORITISE_KEYS.items()
        },
    }


def _object(keys: Mapping[str, tuple[str, bool, str]]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [key for key, (_, needed, _) in keys.items() if needed],
        "properties": {
            key: {"description": meaning, **_kind(key, kind)}
            for key, (kind, _, meaning) in keys.items()
        },
    }


def _kind(key: str, kind: str) -> dict[str, Any]:
    if key in RANGES:
        return {"type": "integer", "minimum": RANGES[key][0], "maximum": RANGES[key][1]}
    if key == "shift":
        return {"enum": list(SHIFTS)}
    if key == "evidence":
        return {"enum": list(EVIDENCE)}
    kinds: dict[str, dict[str, Any]] = {
        "text": {"type": "string", "minLength": 1},
        "id": {"type": "string", "pattern": _ID},
        "year": {"type": "string", "pattern": _YEAR},
        "years": {"type": "integer", "minimum": 0},
        "people": {"anyOf": [{"const": "all"}, {"type": "integer", "minimum": 1}]},
        "reach": _or_by_year({"type": "number", "minimum": 0, "maximum": 1}),
        "limits": _one_or_more({"enum": list(LIMITS)}),
        "places": _one_or_more({"type": "string", "minLength": 1}),
        "money": _or_by_year({"type": ["string", "number"]}),
        "shares": _named(_or_by_year({"type": "number", "minimum": 0, "maximum": 1})),
        "amounts": _named(_or_by_year({"type": "number", "minimum": 0})),
        "effects": _named({"$ref": "#/$defs/effect"}),
        "swaps": _named({"$ref": "#/$defs/swap"}),
        "costs": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                name: {"description": called, "$ref": "#/$defs/figure"}
                for name, (called, _) in COSTS.items()
            },
        },
        "staff": _named({"$ref": "#/$defs/figure"}),
    }
    return kinds[kind]


def _or_by_year(one: dict[str, Any]) -> dict[str, Any]:
    years = {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "patternProperties": {_YEAR: one},
    }
    return {"anyOf": [one, years]}


def _one_or_more(one: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [one, {"type": "array", "items": one}]}


def _named(one: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": one}


def _definitions() -> dict[str, Any]:
    cells: dict[str, Any] = {
        key: {"type": ["number", "string"]} if key in ("value", "lower", "upper") else _text()
        for key in FIGURE_KEYS
    }
    cells["distribution"] = {"enum": list(DISTRIBUTIONS)}
    cells["grade"] = {"enum": list(GRADES)}
    cells["as_of"] = {"type": ["string", "integer"]}
    table = {
        "type": "object",
        "additionalProperties": False,
        "required": ["value"],
        "properties": cells,
    }

    def block(keys: Mapping[str, str]) -> dict[str, Any]:
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                key: {
                    "description": meaning,
                    **(
                        {"$ref": "#/$defs/figure"}
                        if key in _FIGURES
                        else {"type": "boolean"}
                        if key == "avoided"
                        else {"enum": list(EVIDENCE)}
                        if key == "evidence"
                        else _text()
                    ),
                }
                for key, meaning in keys.items()
            },
        }

    return {
        "figure": {"anyOf": [{"type": ["number", "string"]}, table]},
        "effect": block(EFFECT_KEYS),
        "swap": block(SWAP_KEYS),
    }


def _text() -> dict[str, Any]:
    return {"type": "string", "minLength": 1}
