"""Shares a reduced running-cost envelope out between boards, by four rules side by side.

- *flat percentage*: every board loses the same share of what it spends now.
- *per head*: the envelope goes by registered people: the rule behind a price per head.
- *weighted head*: it goes by people weighted for need.
- *from present spend*: every board loses the same pounds a head, from where it stands.

Each rule shares out the same envelope to the pound, so that what one board gains by a rule others
lose by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from leftshift.areas import Area
from leftshift.catalogue import Catalogue
from leftshift.errors import AreaError, ModelError, listed, nearest
from leftshift.organisation.reading import read_lines

__all__ = [
    "RULES",
    "WEIGHTS",
    "Shared",
    "apportion",
    "board_people",
    "boards_of",
    "read_spend",
    "share_out",
]

Array = NDArray[np.float64]

RULES = ("flat_percentage", "per_head", "weighted_head", "from_present_spend")
WEIGHTS = (
    "general_and_acute",
    "community",
    "mental_health",
    "maternity",
    "inequalities",
    "prescribing",
    "core",
    "primary_medical",
)


@dataclass(frozen=True, slots=True)
class Shared:
    """A board among those that share.

    Attributes:
        code: as `find_area` takes it.
        name: what people call it.
        residents: people who live there, from the catalogue.
        registered: people registered with its practices.
        weighted: people weighted for need, on the scale of the registered.
        present: pounds it spends now.
        source: where `present` comes from.
    """

    code: str
    name: str
    residents: float
    registered: float
    weighted: float
    present: float
    source: str


def board_people(area: Area, catalogue: Catalogue) -> float:
    """Gives the people who live in an area at the base year.

    Raises:
        AreaError: an authority of it has no figures.
    """
    held = _held(catalogue)
    lost = sorted({one.authority for one in area.members} - set(held))
    if lost:
        raise AreaError(
            f'catalogue table population_2025: no figures for authority "{lost[0]}".'
            f"{nearest(lost[0], held)}"
        )
    level = _level(catalogue)
    return level * sum(held[one.authority] * one.share for one in area.members)


def boards_of(
    areas: Sequence[Area],
    catalogue: Catalogue,
    weights: str = "core",
    spend: Mapping[str, tuple[float, str]] | None = None,
) -> tuple[Shared, ...]:
    """Gathers what the rules need of each board.

    A footprint takes of each board's registered and weighted people, and of its allowance, the
    share of that board's residents whom it holds.

    Args:
        areas: boards, footprints or other areas.
        catalogue: gives residents, weighted populations and running-cost allowances.
        weights: which weighted population, one of `WEIGHTS`.
        spend: pounds spent now and their source, by the area's code; where it is left out, the
            running cost allowance of 2024/25 at the level of `apportion.spend_over_allowance`.

    Raises:
        ModelError: the weights are unknown, or two areas hold the same people.
        AreaError: a board has no figures.
    """
    if weights not in WEIGHTS:
        raise ModelError(f'no weighted population "{weights}".{nearest(weights, WEIGHTS)}')
    _no_overlap(areas, catalogue)
    table = {row["board"]: row for row in catalogue.table("weighted_populations").to_dicts()}
    allowances = {r["board"]: r for r in catalogue.table("running_cost_allowances").to_dicts()}
    factor = catalogue.row("apportion.spend_over_allowance").estimate.value
    held, whole = _held(catalogue), _board_totals(catalogue)
    made = []
    for area in areas:
        parts: dict[str, float] = {}
        for one in area.members:
            people = held.get(one.authority, 0.0) * one.share
            parts[one.board] = parts.get(one.board, 0.0) + people
        lost = sorted(set(parts) - set(table))
        if lost:
            raise AreaError(f"{area.name}: the catalogue has no weighted population for {lost[0]}.")
        shares = {board: people / whole[board] for board, people in sorted(parts.items())}
        present = sum(shares[b] * allowances[b]["allowance"] for b in shares) * factor
        read = all(allowances[b]["grade"] == "V" for b in shares)
        source = (
            f"running cost allowance 2024/25 ({'read' if read else 'derived'}), times {factor:g}"
        )
        if spend is not None and area.code in spend:
            present, source = spend[area.code]
        made.append(
            Shared(
                area.code,
                area.name,
                board_people(area, catalogue),
                sum(shares[b] * table[b]["registered"] for b in shares),
                sum(shares[b] * table[b][weights] for b in shares),
                present,
                source,
            )
        )
    return tuple(made)


def apportion(boards: Sequence[Shared], envelope: float) -> pl.DataFrame:
    """Shares an envelope out by each rule.

    Args:
        boards: at least one.
        envelope: pounds for all of them together.

    Returns:
        One row for each rule and board: rule, board, name, residents, people (registered),
        weighted, present, allowance, change, change_percent, per_head, against_flat (pounds more
        than by the flat percentage), source. Allowances are whole pounds that add up to the
        envelope.

    Raises:
        ModelError: there are no boards, nobody lives in one, or the envelope is below 0.
    """
    rows = []
    flat = share_out("flat_percentage", boards, envelope)
    for rule in RULES:
        allowances = share_out(rule, boards, envelope)
        for one, allowance, beside in zip(boards, allowances, flat, strict=True):
            rows.append(
                {
                    "rule": rule,
                    "board": one.code,
                    "name": one.name,
                    "residents": one.residents,
                    "people": one.registered,
                    "weighted": one.weighted,
                    "present": one.present,
                    "allowance": float(allowance),
                    "change": allowance - one.present,
                    "change_percent": 100.0 * (allowance / one.present - 1.0)
                    if one.present
                    else None,
                    "per_head": allowance / one.registered,
                    "against_flat": float(allowance - beside),
                    "source": one.source,
                }
            )
    return pl.DataFrame(rows, schema_overrides={"change_percent": pl.Float64})


def share_out(rule: str, boards: Sequence[Shared], envelope: float) -> Array:
    """Gives each board's share by one rule, in whole pounds that add up to the envelope.

    Args:
        rule: one of `RULES`.
        boards: at least one.
        envelope: pounds for all; rounded to a whole pound.

    Raises:
        ModelError: the rule is unknown, there are no boards, nobody lives in one, or the envelope
            is below 0.
    """
    if rule not in RULES:
        raise ModelError(f'no rule "{rule}".{nearest(rule, RULES)} Rules: {listed(RULES)}.')
    if not boards:
        raise ModelError("there are no boards to share between.")
    empty = [one.name for one in boards if one.registered <= 0.0 or one.present < 0.0]
    if empty:
        raise ModelError(f"{empty[0]} has no people, or a present spend below 0.")
    if envelope < 0.0:
        raise ModelError(f"an envelope of £{envelope:,.0f} cannot be shared out; it must be 0 up.")
    present = np.array([one.present for one in boards])
    people = np.array([one.registered for one in boards])
    weighted = np.array([one.weighted for one in boards])
    if rule == "flat_percentage":
        exact = _by(present, envelope)
    elif rule == "per_head":
        exact = _by(people, envelope)
    elif rule == "weighted_head":
        exact = _by(weighted, envelope)
    else:
        exact = _same_pounds_a_head(present, people, envelope)
    return _whole(exact, round(envelope))


def _by(measure: Array, envelope: float) -> Array:
    total = float(measure.sum())
    if total <= 0.0:
        raise ModelError("nothing is spent now, so that no share of it can be given.")
    return envelope * measure / total


def _same_pounds_a_head(present: Array, people: Array, envelope: float) -> Array:
    """Takes the same pounds a head off all; who would fall below 0 stays at 0 and others pay."""
    paying = np.ones(len(present), dtype=np.bool_)
    while True:
        cut = (present[paying].sum() - envelope) / people[paying].sum()
        left = np.where(paying, present - cut * people, 0.0)
        if (left >= 0.0).all():
            return np.asarray(left, dtype=np.float64)
        paying &= left >= 0.0


def _whole(exact: Array, total: int) -> Array:
    """Rounds to whole pounds by largest remainder, so that nothing is lost between boards."""
    floors = np.floor(exact)
    missing = round(total - float(floors.sum()))
    order = np.argsort(-(exact - floors), kind="stable")
    for step in range(missing):
        floors[order[step % len(order)]] += 1.0
    # Sums of large amounts can be a pound over: whoever has most can spare it.
    floors[int(np.argmax(floors))] -= max(-missing, 0)
    return np.asarray(floors, dtype=np.float64)


def read_spend(path: Path, shown: str) -> dict[str, tuple[float, str]]:
    """Reads what boards spend now: a CSV with the columns board, spend and (optional) source.

    Args:
        path: the file.
        shown: how messages name it.

    Returns:
        Pounds and source by board code.

    Raises:
        BoardError: with file and line, where spend is no money or a board is there twice.
    """
    found: dict[str, tuple[float, str]] = {}
    for line in read_lines(path, shown, ("board", "spend"), ("source",)):
        board = line.text("board")
        if board in found:
            raise line.wrong(f"board {board[:60]} is there twice.")
        line.text("spend")
        found[board] = (line.pence("spend") / 100, line.cells["source"] or f"{shown}:{line.at}")
    return found


def _no_overlap(areas: Sequence[Area], catalogue: Catalogue) -> None:
    table = catalogue.table("membership")
    most = {(row["authority"], row["board"]): row["share"] for row in table.to_dicts()}
    held: dict[tuple[str, str], tuple[float, str]] = {}
    for area in areas:
        for one in area.members:
            key = (one.authority, one.board)
            share, name = held.get(key, (0.0, area.name))
            if share + one.share > most.get(key, 1.0) + 1e-6:
                raise ModelError(
                    f"{area.name} and {name} hold the same people ({one.authority}): boards that "
                    "share an envelope must not overlap."
                )
            held[key] = (share + one.share, area.name)


def _held(catalogue: Catalogue) -> dict[str, float]:
    frame = catalogue.table("population_2025")
    ages = [name for name in frame.columns if name[0] == "a" and name[1:].isdigit()]
    summed = frame.select("authority", people=pl.sum_horizontal(ages)).group_by("authority").sum()
    return dict(zip(summed["authority"].to_list(), summed["people"].to_list(), strict=True))


def _level(catalogue: Catalogue) -> float:
    wanted = catalogue.row("population.england_mid_2025").estimate.value
    return wanted / catalogue.row("population.england_mid_2025_built").estimate.value


def _board_totals(catalogue: Catalogue) -> dict[str, float]:
    held = _held(catalogue)
    totals: dict[str, float] = {}
    for row in catalogue.table("membership").to_dicts():
        people = held.get(row["authority"], 0.0) * row["share"]
        totals[row["board"]] = totals.get(row["board"], 0.0) + people
    return totals
