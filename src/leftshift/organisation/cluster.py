"""Builds a cluster or a merged board out of real boards, and says what it saves and what it costs.

Three arrangements stand side by side: boards apart, a *cluster* (boards that share their leaders
and people and stay boards in law) and a *merger*. The cost of a function grows with people to a
power (its elasticity, by what drives it); coordination, distance to places and a span too wide for
one team work the other way. Every one of these is an assumption of the catalogue, graded and open
to change, and the interval is what they leave open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from leftshift.catalogue import Catalogue, Parameters
from leftshift.errors import ModelError, listed

__all__ = ["ARRANGEMENTS", "DRIVERS", "Cost", "Standing", "build"]

Array = NDArray[np.float64]

ARRANGEMENTS = ("apart", "cluster", "merge")
DRIVERS = ("population", "caseload", "providers", "places", "fixed")
_SCHEMA = {
    "arrangement": pl.String,
    "kind": pl.String,
    "item": pl.String,
    "label": pl.String,
    "unit": pl.String,
    "value": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "words": pl.String,
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A board that takes part.

    Attributes:
        code: as `find_area` takes it.
        name: what people call it.
        people: residents.
        places: number of its places.
    """

    code: str
    name: str
    people: float
    places: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What a function costs our own board in a year.

    Attributes:
        function: its key.
        label: its name.
        driver: what its work grows with, one of `DRIVERS`.
        pounds: a year.
        shared: whether boards of a cluster may do it together.
    """

    function: str
    label: str
    driver: str
    pounds: float
    shared: bool = True


def build(
    boards: Sequence[Standing],
    costs: Sequence[Cost],
    catalogue: Catalogue,
    draws: int = 200,
    seed: int = 1,
) -> pl.DataFrame:
    """Compares boards apart, in a cluster and merged.

    Other boards are taken to spend on each function as ours does, grown to their people by the
    function's elasticity: their own figures are not known here, and the table says so.

    Args:
        boards: ours first; at least two, each once.
        costs: our functions, without leadership posts.
        catalogue: gives elasticities, posts and once-only costs.
        draws: draws of the assumptions behind the interval; 0 for none.
        seed: keys the draws.

    Returns:
        Rows of arrangement, kind (people, post, function, coordination, total, one_off, saving,
        share: of the saving by people, keeps, warning), item, label, unit, value, lower, upper
        and words.

    Raises:
        ModelError: fewer than two boards, one twice, or one without people.
    """
    _check(boards, costs)
    central = _amounts(boards, costs, catalogue, catalogue.parameters())
    drawn = [
        _amounts(boards, costs, catalogue, catalogue.parameters(draw, seed))
        for draw in range(draws)
    ]
    rows: list[dict[str, Any]] = []
    for key, (unit, value) in central.items():
        arrangement, kind, item, label = key
        lower, upper = _interval([one[key][1] for one in drawn])
        rows.append(
            {
                "arrangement": arrangement,
                "kind": kind,
                "item": item,
                "label": label,
                "unit": unit,
                "value": value,
                "lower": lower,
                "upper": upper,
                "words": "",
            }
        )
    rows += _keeps(boards, catalogue)
    rows += _warnings(boards, central, catalogue)
    return pl.DataFrame(rows, schema=_SCHEMA)


Key = tuple[str, str, str, str]


def _amounts(
    boards: Sequence[Standing], costs: Sequence[Cost], catalogue: Catalogue, p: Parameters
) -> dict[Key, tuple[str, float]]:
    """Every amount of the comparison under one draw of the assumptions."""
    people = np.array([board.people for board in boards])
    places = sum(board.places for board in boards)
    count = len(boards)
    found: dict[Key, tuple[str, float]] = {}
    for board in boards:
        for arrangement in ARRANGEMENTS:
            found[arrangement, "people", board.code, board.name] = ("people", board.people)
    totals = dict.fromkeys(ARRANGEMENTS, 0.0)
    shared_cost = 0.0
    for cost in costs:
        power = p.value(f"cluster.elasticity.{cost.driver}")
        grown = cost.pounds * (people / people[0]) ** power
        apart, joint = float(grown.sum()), float(cost.pounds * (people.sum() / people[0]) ** power)
        amounts = {"apart": apart, "cluster": joint if cost.shared else apart, "merge": joint}
        shared_cost += joint if cost.shared else 0.0
        for arrangement, amount in amounts.items():
            found[arrangement, "function", cost.function, cost.label] = ("GBP a year", amount)
            totals[arrangement] += amount
    for post in catalogue.table("leadership_posts").to_dicts():
        numbers = {
            "apart": post["apart"] * count,
            "cluster": post["cluster_each"] * count + post["cluster_shared"],
            "merge": post["merged"],
        }
        for arrangement, number in numbers.items():
            found[arrangement, "post", post["post"], post["label"]] = ("posts", number)
            totals[arrangement] += number * post["cost"]
    against = {
        "board_coordination": (
            "Keeping boards in step under one leadership",
            {"cluster": p.value("cluster.coordination_per_board") * (count - 1) * shared_cost},
        ),
        "span": ("Span of one team over more people", _span(float(people.sum()), totals, p)),
        "place_links": (
            "Links to places from a board further away",
            dict.fromkeys(("cluster", "merge"), p.value("cluster.place_link") * places),
        ),
    }
    for item, (label, amounts) in against.items():
        for arrangement in ARRANGEMENTS:
            amount = amounts.get(arrangement, 0.0)
            found[arrangement, "coordination", item, label] = ("GBP a year", amount)
            totals[arrangement] += amount
    once = {
        "apart": 0.0,
        "cluster": p.value("cluster.one_off_per_board") * count,
        "merge": p.value("merge.one_off_per_board") * count,
    }
    heads = float(people.sum())
    for arrangement in ARRANGEMENTS:
        saving = totals["apart"] - totals[arrangement]
        running = p.value("merge.double_running") * max(saving, 0.0)
        once[arrangement] += running if arrangement != "apart" else 0.0
        total = totals[arrangement]
        found[arrangement, "total", "running_cost", "Running cost of all boards"] = (
            "GBP a year",
            total,
        )
        found[arrangement, "total", "per_head", "Running cost a head"] = (
            "GBP a head a year",
            total / heads,
        )
        found[arrangement, "one_off", "forming", "Once-only cost, with double running"] = (
            "GBP",
            once[arrangement],
        )
        found[arrangement, "saving", "saving", "Saving against boards apart"] = (
            "GBP a year",
            saving,
        )
        for board in boards:
            found[arrangement, "share", board.code, board.name] = (
                "GBP a year",
                saving * board.people / heads,
            )
    return found


def _span(heads: float, totals: Mapping[str, float], p: Parameters) -> dict[str, float]:
    beyond = max(heads - p.value("cluster.span_people"), 0.0) / 1e6
    share = p.value("cluster.span_cost") * beyond
    return {name: share * totals[name] for name in ("cluster", "merge")}


def _interval(values: Sequence[float]) -> tuple[float | None, float | None]:
    if not values:
        return None, None
    lower, upper = np.quantile(np.array(values), [0.025, 0.975])
    return float(lower), float(upper)


def _keeps(boards: Sequence[Standing], catalogue: Catalogue) -> list[dict[str, Any]]:
    count = {"each": len(boards), "one": 1, "one or more": 1}
    rows = []
    for row in catalogue.table("board_keeps").to_dicts():
        for arrangement in ("cluster", "merge"):
            how = row[arrangement]
            words = (
                f"each of the {len(boards)} boards keeps its own"
                if how == "each"
                else f"{how} for the merged board"
            )
            note = f" {row['note']}" if row["note"] else ""
            rows.append(
                _said(
                    arrangement,
                    "keeps",
                    row["item"],
                    row["label"],
                    f"{words} ({row['law']}; grade {row['grade']}).{note}",
                    count.get(how, len(boards)),
                )
            )
    return rows


def _said(
    arrangement: str, kind: str, item: str, label: str, words: str, value: float
) -> dict[str, Any]:
    return {
        "arrangement": arrangement,
        "kind": kind,
        "item": item,
        "label": label,
        "unit": "number",
        "value": float(value),
        "lower": None,
        "upper": None,
        "words": words,
    }


def _warnings(
    boards: Sequence[Standing], central: Mapping[Key, tuple[str, float]], catalogue: Catalogue
) -> list[dict[str, Any]]:
    rows = []
    heads = sum(board.people for board in boards)
    span = catalogue.row("cluster.span_people").estimate
    for arrangement in ("cluster", "merge"):
        said = []
        if heads > span.value:
            said.append(
                f"{heads / 1e6:.1f} million people are more than the {span.value / 1e6:.1f} "
                "million that one team is assumed to lead well: a wider span costs more here."
            )
        saving = central[arrangement, "saving", "saving", "Saving against boards apart"][1]
        if saving <= 0.0:
            said.append("With these assumptions it costs more to run than boards apart.")
        said.append(
            "No study of boards was found: economies of scale are assumed (grade A). The cost of "
            "the other boards is ours, grown to their people."
        )
        rows += [
            _said(arrangement, "warning", f"warning_{i}", "Mind", words, i)
            for i, words in enumerate(said, start=1)
        ]
    return rows


def _check(boards: Sequence[Standing], costs: Sequence[Cost]) -> None:
    if len(boards) < 2:
        raise ModelError("a cluster needs two boards or more: name others in [cluster] with.")
    codes = [board.code for board in boards]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise ModelError(f"{listed(twice)} stands twice in the cluster.")
    empty = [board.name for board in boards if board.people <= 0.0]
    if empty:
        raise ModelError(f"{empty[0]} has no people.")
    wrong = sorted({cost.driver for cost in costs} - set(DRIVERS))
    if wrong:
        raise ModelError(f'no driver "{wrong[0]}". Drivers: {listed(DRIVERS)}.')
