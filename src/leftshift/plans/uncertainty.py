"""How sure a plan's worth is, and what would be worth finding out: rows of table `uncertainty`.

Each intervention is one decision: to add it to those before it in the plan, or not; the whole plan
is one more. Net benefit is in the headline perspective and discounting, but that the social value
of a QALY goes with society's perspective and no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from leftshift.errors import listed
from leftshift.people.spread import TAIL
from leftshift.plans.effects import WHOLE, demand_finite, first_year
from leftshift.plans.learning import columns, expected_gain, fit, sampling_error
from leftshift.plans.results import Results
from leftshift.plans.worth import HEADLINE, Valuation, Worth, costs, present

__all__ = ["FEWEST", "MEASURES", "groups", "net_benefits", "notes", "uncertainty"]

Array = NDArray[np.float64]

MEASURES: Final[dict[str, str]] = {
    "ceac": "share of draws",
    "probability_worth_it": "share of draws",
    "evpi": "£",
    "evpi_per_resident": "£ per resident",
    "evppi": "£",
    "tornado_low": "£",
    "tornado_high": "£",
}
"""Measures and their units."""

FEWEST: Final = 30
"""Draws below which nothing is said of single parameters."""

_ROUGH: Final = 200
_PREFIX: Final = "intervention."

Row = tuple[str, str, str, str, str, float, float | None]
# intervention, measure, group, at, perspective, value, standard error


def groups(parameters: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Parameters that might be learnt together.

    Those of an intervention make a group (`intervention.<id>`), and within it those of each
    mechanism (`intervention.<id>.effect`, `.swap`, `.cost`, `.staff`); all others are grouped by
    the first part of their id, such as `service`, and within it by the first two.

    Args:
        parameters: ids of catalogue rows.

    Returns:
        Ids by group, groups in order of their names. A group that would hold the same as the
        wider one is left out.
    """
    wide: dict[str, list[str]] = {}
    narrow: dict[tuple[str, str], list[str]] = {}
    for identity in sorted(parameters):
        parts = identity.split(".")
        depth = 2 if identity.startswith(_PREFIX) else 1
        first, second = ".".join(parts[:depth]), ".".join(parts[: depth + 1])
        wide.setdefault(first, []).append(identity)
        if len(parts) > depth + 1:
            narrow.setdefault((first, second), []).append(identity)
    found = {name: tuple(ids) for name, ids in wide.items()}
    for (first, second), ids in narrow.items():
        if len(ids) < len(wide[first]):
            found[second] = tuple(ids)
    return dict(sorted(found.items()))


def net_benefits(
    results: Results, judged: Valuation, pounds: float, perspective: str = HEADLINE[0]
) -> Array:
    """Net monetary benefit of each decision in every run, ``[1 + D, K + 1]`` £.

    Args:
        results: a plan beside the baseline.
        judged: discount rates.
        pounds: value of a QALY.
        perspective: whose costs count.
    """
    way = judged.discounting(HEADLINE[1])
    gained = present(results.total("qaly"), way.health).sum(axis=-1)
    paid = present(costs(results, perspective), way.costs).sum(axis=-1)
    found: Array = pounds * gained - paid
    return found


def _perspective(worth: Worth) -> str:
    """The headline perspective where the value may be used in it; else its own."""
    return HEADLINE[0] if HEADLINE[0] in worth.perspectives else worth.perspectives[0]


def _pounds(number: float) -> str:
    return f"{number:.10g}"


def notes(results: Results) -> tuple[str, ...]:
    """Sentences that must stand beside the table."""
    if results.draws == 0:
        return (
            "This is a central run: without draws of the parameters there are no intervals, no "
            "probabilities and no value of information. Ask for them with --draws 200.",
        )
    said = []
    moving = _moving(results)
    if results.draws < FEWEST:
        said.append(
            f"{results.draws} draws are too few to say which parameters matter, or what finding "
            f"them out would be worth: at least {FEWEST} are needed, and {_ROUGH} are better."
        )
        return tuple(said)
    if results.draws < _ROUGH:
        said.append(
            f"{results.draws} draws give probabilities to within about "
            f"{0.5 / np.sqrt(results.draws):.0%} and a rough value of information: read its "
            f"standard error. {_ROUGH} draws or more are better."
        )
    said.append(
        "A group or parameter that is worth nothing, or moves nothing, is one whose part these "
        "draws cannot tell from chance."
    )
    wide = [
        name
        for name, ids in groups(moving).items()
        if columns(np.stack([moving[one] for one in ids], axis=1)) is None
    ]
    if wide:
        said.append(
            f"{results.draws} draws are too few to say what finding out these larger groups of "
            f"parameters would be worth: {listed(wide, 6)}."
        )
    return tuple(said)


def _moving(results: Results) -> Mapping[str, Array]:
    """Parameters that differ between draws."""
    return {
        name: values
        for name, values in results.parameters.items()
        if len(values) > 1 and np.ptp(values) > 1e-12 * max(float(np.abs(values).max()), 1e-300)
    }


def uncertainty(results: Results, judged: Valuation, arm: str) -> pl.DataFrame:
    """The rows of table `uncertainty`; none without draws, for the reason that `notes` gives.

    Args:
        results: a plan beside the baseline.
        judged: values of a QALY and discount rates.
        arm: the plan's name.

    Returns:
        Columns arm, intervention ("" for the whole plan), measure, group (of parameters, "" where
        all), at (£ per QALY, or the id of a parameter), unit, value, perspective, error (standard
        error, empty where it is not estimated).

    Raises:
        ModelError: `[not_finite]`.
    """
    demand_finite(results)
    rows: list[Row] = []
    if results.draws:
        names = (*results.interventions, WHOLE)
        rows += _curve(results, judged, names)
        # Two names for the same pounds from the same perspective are one question.
        asked = {(worth.pounds, _perspective(worth)): worth for worth in reversed(judged.worths)}
        decisions = [
            (worth, net_benefits(results, judged, worth.pounds, _perspective(worth))[1:])
            for worth in reversed(asked.values())
        ]
        rows += _perfect(results, decisions, names)
        if results.draws >= FEWEST:
            moving = _moving(results)
            rows += _partial(moving, decisions, names)
            rows += _tornado(moving, decisions[0], names)
    return _frame(rows, arm)


def _frame(rows: list[Row], arm: str) -> pl.DataFrame:
    names = ("intervention", "measure", "group", "at", "perspective", "value", "error")
    types = [pl.String()] * 5 + [pl.Float64()] * 2
    held = pl.DataFrame(
        {
            name: pl.Series(name, [row[i] for row in rows], dtype=types[i])
            for i, name in enumerate(names)
        }
    )
    return held.select(
        pl.lit(arm).alias("arm"),
        "intervention",
        "measure",
        "group",
        "at",
        pl.col("measure").replace_strict(MEASURES, return_dtype=pl.String()).alias("unit"),
        "value",
        "perspective",
        "error",
    )


def _curve(results: Results, judged: Valuation, names: tuple[str, ...]) -> list[Row]:
    """Chance of being worth it, and value of perfect information, along values of a QALY."""
    rows: list[Row] = []
    named = [one.pounds for one in judged.worths]
    paid = -net_benefits(results, judged, 0.0)[1:]
    gained = net_benefits(results, judged, 1.0)[1:] + paid
    nets = judged.curve[:, None, None] * gained - paid  # [L, D, K + 1]
    likely = (nets > 0.0).mean(axis=1)
    worth = expected_gain(nets)
    for i, pounds in enumerate(judged.curve):
        error = sampling_error(nets[i]) if results.draws > 1 else None
        for k, name in enumerate(names):
            at = _pounds(pounds)
            rows.append((name, "ceac", "", at, HEADLINE[0], float(likely[i, k]), None))
            # The social value belongs to society's perspective, and has its row there.
            if pounds not in named:
                wrong = None if error is None else float(error[k])
                rows.append((name, "evpi", "", at, HEADLINE[0], float(worth[i, k]), wrong))
    return rows


def _perfect(
    results: Results, decisions: list[tuple[Worth, Array]], names: tuple[str, ...]
) -> list[Row]:
    rows: list[Row] = []
    start = first_year(results)
    residents = float(results.people_place[0, start:].sum(axis=1).mean())
    for worth, nets in decisions:
        likely, gain = (nets > 0.0).mean(axis=0), expected_gain(nets)
        error = sampling_error(nets) if len(nets) > 1 else None
        where = (_pounds(worth.pounds), _perspective(worth))
        for k, name in enumerate(names):
            wrong = None if error is None else float(error[k])
            rows.append((name, "probability_worth_it", "", *where, float(likely[k]), None))
            rows.append((name, "evpi", "", *where, float(gain[k]), wrong))
            if residents > 0.0:
                each = None if wrong is None else wrong / residents
                value = float(gain[k]) / residents
                rows.append((name, "evpi_per_resident", "", *where, value, each))
    return rows


def _partial(
    moving: Mapping[str, Array], decisions: list[tuple[Worth, Array]], names: tuple[str, ...]
) -> list[Row]:
    """What it would be worth to know a group of parameters, beside everything else unknown."""
    rows: list[Row] = []
    nets = np.concatenate([held for _, held in decisions], axis=1)
    most = expected_gain(nets)
    divided = groups(moving)
    for group, ids in divided.items():
        found = columns(np.stack([moving[one] for one in ids], axis=1))
        if found is None:
            continue
        known = fit(found, nets, among=len(divided), redraws=False)
        # To know a part cannot be worth more than to know everything.
        gain = np.minimum(expected_gain(known.fitted), most)
        error = np.zeros_like(gain)
        # Where no relation was found there is nothing to draw again.
        live = np.ptp(known.fitted, axis=0) > 0.0
        if live.any():
            again = fit(found, nets[:, live], among=len(divided))
            other = expected_gain(again.fitted + again.wobble)
            spread = other.var(axis=0, ddof=1) + sampling_error(again.fitted) ** 2
            error[live] = np.sqrt(spread)
        column = 0
        for worth, _ in decisions:
            where = (_pounds(worth.pounds), _perspective(worth))
            for name in names:
                value = (float(gain[column]), float(error[column]))
                rows.append((name, "evppi", group, *where, *value))
                column += 1
    return rows


def _tornado(
    moving: Mapping[str, Array], decision: tuple[Worth, Array], names: tuple[str, ...]
) -> list[Row]:
    """Net benefit expected where one parameter is low or high and all others are as they may be."""
    rows: list[Row] = []
    worth, nets = decision
    wider = {one: name for name, ids in groups(moving).items() for one in ids}
    for identity, values in moving.items():
        ends = np.quantile(values, (TAIL, 1.0 - TAIL))
        drawn = columns(values[:, None])
        there = columns(values[:, None], ends[:, None])
        assert drawn is not None
        assert there is not None
        known = fit(drawn, nets, among=len(moving), redraws=False)
        expected = known.middle + there @ known.slopes  # [2, K + 1]
        for e, measure in enumerate(("tornado_low", "tornado_high")):
            for k, name in enumerate(names):
                rows.append(
                    (
                        name,
                        measure,
                        wider[identity],
                        identity,
                        _perspective(worth),
                        float(expected[e, k]),
                        None,
                    )
                )
    return rows
