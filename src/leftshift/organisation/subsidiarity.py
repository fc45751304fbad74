"""What each option leaves at system, place and neighbourhood, and what place loses.

Work that stays with the board stays at its function's level. Work that moves goes where its
recipient stands: a region, a cluster or a shared service is *beyond* the board, a provider is at
system, a council at place. What is released is at no level any more. Every level's people and
money add up to what they were before, less what was released.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from leftshift.errors import ModelError, listed, nearest

__all__ = [
    "LEVELS",
    "RECIPIENTS",
    "Held",
    "governance_rows",
    "levels",
    "place_losses",
    "shares_at",
]

LEVELS = ("neighbourhood", "place", "system", "beyond", "released")
"""From nearest to residents to furthest; "released" is done by nobody any more."""

RECIPIENTS = {
    "region": "beyond",
    "cluster": "beyond",
    "at_scale": "beyond",
    "provider": "system",
    "local_authority": "place",
}
"""Where work goes with whoever takes it up."""

_LEVELS_SCHEMA = {
    "option": pl.String,
    "year": pl.String,
    "function": pl.String,
    "name": pl.String,
    "level": pl.String,
    "holder": pl.String,
    "wte": pl.Float64,
    "money": pl.Float64,
    "people": pl.Float64,
}
_LOSSES_SCHEMA = {
    "option": pl.String,
    "year": pl.String,
    "function": pl.String,
    "place": pl.String,
    "place_name": pl.String,
    "name": pl.String,
    "level": pl.String,
    "action": pl.String,
    "to": pl.String,
    "wte_before": pl.Float64,
    "wte_after": pl.Float64,
    "money_before": pl.Float64,
    "money_after": pl.Float64,
    "people": pl.Float64,
    "words": pl.String,
}


@dataclass(frozen=True, slots=True)
class Held:
    """What an option does to one function in one year.

    Attributes:
        option: the option's key; "" for how things stand now.
        year: financial year.
        function: its key.
        name: its name.
        level: where it is done now: system, place or neighbourhood.
        action: what is done to it, in words of the options.
        to: who takes up what moves; "" where nothing does.
        wte: whole-time equivalents before, kept by the board, moved and released.
        money: pounds a year, the same.
    """

    option: str
    year: str
    function: str
    name: str
    level: str
    action: str
    to: str
    wte: tuple[float, float, float, float]
    money: tuple[float, float, float, float]


def shares_at(
    raw: Mapping[str, Any], functions: Sequence[str], own: Mapping[str, str], at: str
) -> dict[str, dict[str, float]]:
    """Reads how much of each function is delegated below the level that it stands at.

    Args:
        raw: `{function: {level: share}}`, as `[delegation]` of organisation.toml has it.
        functions: keys of the functions.
        own: the level of each function; it holds what is not delegated.
        at: how messages name the block.

    Returns:
        Shares by level of each function; they add up to 1.

    Raises:
        ModelError: a function or level is unknown, or shares are below 0 or pass 1.
    """
    known = ("system", "place", "neighbourhood")
    found = {function: {own[function]: 1.0} for function in functions}
    for function, shares in raw.items():
        if function not in found:
            raise ModelError(f'{at}: no function "{function}".{nearest(function, functions)}')
        if not isinstance(shares, Mapping):
            raise ModelError(
                f"{at}: {function} must be shares by level, such as {{ place = 0.4 }}."
            )
        for level, share in shares.items():
            if level not in known:
                raise ModelError(f'{at}: {function}: no level "{level}". Levels: {listed(known)}.')
            if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
                raise ModelError(f"{at}: {function}: {level} = {share!r} is no share from 0 to 1.")
        split = {level: float(share) for level, share in shares.items()}
        rest = 1.0 - sum(share for level, share in split.items() if level != own[function])
        if rest < -1e-9 or (own[function] in split and abs(split[own[function]] - rest) > 1e-9):
            raise ModelError(f"{at}: the shares of {function} pass 1, or do not add up to it.")
        split[own[function]] = max(rest, 0.0)
        found[function] = {level: share for level, share in split.items() if share > 0.0}
    return found


def levels(
    held: Sequence[Held], shares: Mapping[str, Mapping[str, float]], people: float
) -> pl.DataFrame:
    """Makes the delegation map: who holds which function, with how many people and how much money.

    Args:
        held: every function under every option and year.
        shares: shares by level of each function, as from `shares_at`.
        people: residents whom the board serves.

    Returns:
        Rows of option, year, function, name, level (one of `LEVELS`), holder, wte, money and
        people served. Rows of nothing are left out.

    Raises:
        ModelError: a recipient is unknown.
    """
    rows: list[dict[str, Any]] = []
    for one in held:
        _before, kept, moved, released = one.wte
        _cost, kept_cost, moved_cost, released_cost = one.money
        parts = [
            (level, "board", kept * share, kept_cost * share)
            for level, share in shares[one.function].items()
        ]
        if moved > 0.0 or moved_cost > 0.0:
            parts.append((_level_of(one.to), one.to, moved, moved_cost))
        if released > 0.0 or released_cost > 0.0:
            parts.append(("released", "nobody", released, released_cost))
        for level, holder, wte, money in parts:
            if wte > 1e-9 or money > 1e-6:
                rows.append(
                    {
                        "option": one.option,
                        "year": one.year,
                        "function": one.function,
                        "name": one.name,
                        "level": level,
                        "holder": holder,
                        "wte": wte,
                        "money": money,
                        "people": people,
                    }
                )
    return pl.DataFrame(rows, schema=_LEVELS_SCHEMA)


def place_losses(
    held: Sequence[Held],
    shares: Mapping[str, Mapping[str, float]],
    places: Sequence[tuple[str, str, float]],
) -> pl.DataFrame:
    """Lists what place and neighbourhood lose, function by function and place by place.

    Work that moves to a council stays at place: it is listed, with the words to say so, and counts
    as nothing lost.

    Args:
        held: every function under every option and year.
        shares: shares by level of each function, as from `shares_at`.
        places: key, name and people of each place; losses are shared between them by people.

    Returns:
        One row for each option, year, function and place ("" for all places together) whose
        people or money at place or neighbourhood change. Empty where no place has people.
    """
    total = sum(count for _key, _name, count in places)
    spread = [("", "All places", 1.0, total)]
    if total > 0.0:
        spread += [(key, name, count / total, count) for key, name, count in places]
    rows: list[dict[str, Any]] = []
    for one in held:
        local = {
            level: share
            for level, share in shares[one.function].items()
            if level in ("place", "neighbourhood")
        }
        below = sum(local.values())
        if below <= 0.0 or one.wte[0] <= 0.0:
            continue
        before, kept, moved, released = (amount * below for amount in one.wte)
        cost, kept_cost, moved_cost, _ = (amount * below for amount in one.money)
        if before - kept <= 1e-9 and cost - kept_cost <= 1e-6:
            continue
        stays = moved if _level_of(one.to, "released") == "place" else 0.0
        stays_cost = moved_cost if stays else 0.0
        for key, name, share, count in spread:
            gone = (before - kept - stays) * share
            rows.append(
                {
                    "option": one.option,
                    "year": one.year,
                    "function": one.function,
                    "place": key,
                    "place_name": name,
                    "name": one.name,
                    "level": max(local, key=lambda level: (local[level], level)),
                    "action": one.action,
                    "to": one.to,
                    "wte_before": before * share,
                    "wte_after": (kept + stays) * share,
                    "money_before": cost * share,
                    "money_after": (kept_cost + stays_cost) * share,
                    "people": count,
                    "words": _loss(name, one, gone, moved * share, released * share, stays > 0.0),
                }
            )
    return pl.DataFrame(rows, schema=_LOSSES_SCHEMA)


def _loss(place: str, one: Held, gone: float, moved: float, released: float, stays: bool) -> str:
    whose = "Place keeps" if stays and gone <= 0.05 else f"{place}: place loses"
    said = [] if gone <= 0.05 and stays else [f"{gone:,.1f} WTE of {one.name}"]
    if moved > 0.05:
        where = _TO_WORDS.get(one.to, one.to or "others")
        said.append(f"{moved:,.1f} WTE go to {where}" + (", still at place" if stays else ""))
    if released > 0.05:
        said.append(f"{released:,.1f} WTE are no longer done by anyone")
    if not said:
        said.append(f"less than 0.1 WTE of {one.name}")
    if whose == "Place keeps":
        return f"{place}: {one.name} stays at place: {'; '.join(said)}."
    return f"{whose} {'; '.join(said)}."


_TO_WORDS = {
    "region": "the region",
    "cluster": "the cluster",
    "at_scale": "a service shared by several boards",
    "provider": "a provider",
    "local_authority": "the council",
}


def _level_of(recipient: str, otherwise: str | None = None) -> str:
    if recipient in RECIPIENTS:
        return RECIPIENTS[recipient]
    if otherwise is not None:
        return otherwise
    raise ModelError(
        f'no recipient "{recipient}".{nearest(recipient, RECIPIENTS)} '
        f"Recipients: {listed(RECIPIENTS)}."
    )


def governance_rows(
    settings: Mapping[str, str], labels: Sequence[str], table: Sequence[Mapping[str, Any]], at: str
) -> pl.DataFrame:
    """Says year by year what the integrated care partnership is.

    Args:
        settings: setting by the year from which it holds; before the first, it is "statutory".
        labels: the years to say it for.
        table: rows of the catalogue's `governance_settings`.
        at: how messages name the block.

    Returns:
        Rows of year, setting, since, label, law, status, place_has, needs, said, grade.

    Raises:
        ModelError: a setting is unknown, or a year is not among those looked at.
    """
    known = {str(row["setting"]): row for row in table}
    for year, setting in settings.items():
        if setting not in known:
            raise ModelError(
                f'{at}: no setting "{setting}".{nearest(setting, known)} Settings: {listed(known)}.'
            )
        if year not in labels:
            raise ModelError(f"{at}: {year} is not among the years {labels[0]} to {labels[-1]}.")
    rows = []
    now, since = "statutory", ""
    for year in labels:
        if year in settings:
            now, since = settings[year], year
        row = known[now]
        rows.append(
            {
                "year": year,
                "setting": now,
                "since": since,
                "label": row["label"],
                "law": row["law"],
                "status": row["status"],
                "place_has": row["what_place_has"],
                "needs": row["what_it_needs"],
                "said": row["said"] or "",
                "grade": row["grade"],
            }
        )
    return pl.DataFrame(rows)
