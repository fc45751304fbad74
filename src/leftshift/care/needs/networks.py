"""Primary care networks: whom their practices have on their lists, and what need weighs them.

A network is a list of practices and a practice is a list of patients: neither has a border. A
network belongs to an area if enough of its patients are with practices of the area, and is then
shown whole.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import numpy as np
import polars as pl
from numpy.typing import NDArray

from leftshift.areas import Area
from leftshift.care.needs.measures import Mix, fit_mix
from leftshift.catalogue import Catalogue

__all__ = ["COMPONENTS", "Networks", "benchmarked", "deprivation_mix", "networks", "place_indices"]

Array = NDArray[np.float64]

#: What NHS England's allocations weight people for, in the order of their columns.
COMPONENTS = (
    "core",
    "general_and_acute",
    "community",
    "mental_health",
    "maternity",
    "prescribing",
    "inequalities",
    "primary_medical",
)
_BANDS = [f"b{band}" for band in range(19)]
_NOBODY = "U-"
_MIXES: WeakKeyDictionary[Catalogue, Mix] = WeakKeyDictionary()


@dataclass(frozen=True)
class Networks:
    """The primary care networks of an area (N of them), sorted by code.

    Attributes:
        codes: their ODS codes.
        names: what they are called.
        boards: ODS code of the board that most of their patients' practices belong to.
        places: code of the area's place where most of their patients' practices stand; "" where
            that is in none.
        practices: ``[N]`` number of practices.
        lists: ``[N, 2, 19]`` registered people by sex and five-year age.
        index: ``[N, 8]`` need index of each of :data:`COMPONENTS`, 1 in England.
        weighed: ``[N]`` registered people that the index was worked out for.
        inside: ``[N]`` share of its registered people who are with practices of the area.
        unallocated: people registered in the area with practices of no network.
    """

    codes: tuple[str, ...]
    names: tuple[str, ...]
    boards: tuple[str, ...]
    places: tuple[str, ...]
    practices: NDArray[np.int64]
    lists: Array
    index: Array
    weighed: Array
    inside: Array
    unallocated: float


def networks(catalogue: Catalogue, area: Area, least: float) -> Networks:
    """The networks of an area.

    A practice belongs to the area if the whole of its board does, or else if the part of its
    authority that lies in its board does, or else if its whole authority does.

    Args:
        catalogue: holds practices, their lists and need weights.
        area: any area.
        least: share of a network's patients that have to be with practices of the area.

    Returns:
        The networks; there may be none.
    """
    pairs = catalogue.table("practices").select("authority", "board").unique()
    inside = _belonging(catalogue, area, pairs)
    place_of = _places(area)
    lists = catalogue.table("network_lists").join(inside, on=["authority", "board"])
    part = lists.with_columns(size=pl.sum_horizontal(_BANDS).cast(pl.Float64))
    by_part = (
        part.group_by("network", "authority", "board", "inside")
        .agg(pl.col("size").sum())
        .with_columns(
            place=pl.struct("authority", "board").map_elements(
                lambda one: place_of.get((one["authority"], one["board"]), ""),
                return_dtype=pl.String,
            )
        )
        .sort("network", "size", "authority", "board", descending=[False, True, False, False])
    )
    free = by_part.filter(pl.col("network").str.starts_with(_NOBODY) & pl.col("inside"))
    shares = by_part.group_by("network", maintain_order=True).agg(
        ((pl.col("size") * pl.col("inside")).sum() / pl.col("size").sum()).alias("share")
    )
    mine = (
        shares.filter((pl.col("share") >= least) & ~pl.col("network").str.starts_with(_NOBODY))
        .sort("network")
        .join(catalogue.table("primary_care_networks"), on="network", maintain_order="left")
    )
    codes = mine["network"].to_list()
    at = {code: i for i, code in enumerate(codes)}
    held = np.zeros((len(codes), 2, 19))
    for row in part.filter(pl.col("network").is_in(codes)).iter_rows(named=True):
        sex = int(row["sex"] == "male")
        held[at[row["network"]], sex] += [row[band] for band in _BANDS]
    board = _largest(by_part, "board")
    place = _largest(by_part.filter(pl.col("inside")), "place")
    weights = (
        catalogue.table("practices")
        .filter(pl.col("network").is_in(codes))
        .group_by("network")
        .agg(pl.len().alias("practices"), pl.col("population", *COMPONENTS).sum())
        .sort("network")
    )
    population = weights["population"].to_numpy().astype(np.float64)
    return Networks(
        codes=tuple(codes),
        names=tuple(mine["name"].to_list()),
        boards=tuple(board[code] for code in codes),
        places=tuple(place.get(code, "") for code in codes),
        practices=weights["practices"].to_numpy().astype(np.int64),
        lists=held,
        index=weights.select(COMPONENTS).to_numpy() / population[:, None],
        weighed=population,
        inside=mine["share"].to_numpy(),
        unallocated=float(free["size"].sum()),
    )


def _belonging(catalogue: Catalogue, area: Area, pairs: pl.DataFrame) -> pl.DataFrame:
    """Whether practices of each authority and board belong to the area."""
    membership = catalogue.table("membership")
    whole = {(a, b): s for a, b, s in membership.select("authority", "board", "share").iter_rows()}
    held: dict[tuple[str, str], float] = {}
    for member in area.members:
        key = (member.authority, member.board)
        held[key] = held.get(key, 0.0) + member.share
    near = 1e-6
    boards = {
        board
        for board in {b for _, b in held}
        if all(held.get(k, 0.0) >= s - near for k, s in whole.items() if k[1] == board)
    }
    authorities = {
        one
        for one in {a for a, _ in held}
        if sum(s for (a, _), s in held.items() if a == one) >= 1.0 - near
    }

    def belongs(authority: str, board: str) -> bool:
        if board in boards:
            return True
        if (authority, board) in whole:
            return (authority, board) in held
        return authority in authorities

    rows = [(a, b, belongs(a, b)) for a, b in pairs.sort("authority", "board").iter_rows()]
    return pl.DataFrame(
        rows,
        schema={"authority": pl.String, "board": pl.String, "inside": pl.Boolean},
        orient="row",
    )


class _Places(dict[tuple[str, str], str]):
    """Place by authority and board; a practice whose board lies elsewhere goes by authority."""

    def get(self, key: tuple[str, str], default: str = "") -> str:  # type: ignore[override]
        found = super().get(key)
        return found if found is not None else super().get((key[0], ""), default)


def _places(area: Area) -> _Places:
    found = _Places()
    for place in area.places:
        for member in place.members:
            found[member.authority, member.board] = place.code
            found.setdefault((member.authority, ""), place.code)
    return found


def _largest(parts: pl.DataFrame, column: str) -> dict[str, str]:
    """The value of a column that holds most of each network's people."""
    summed = (
        parts.group_by("network", column)
        .agg(pl.col("size").sum())
        .sort("network", "size", column, descending=[False, True, False])
        .group_by("network", maintain_order=True)
        .first()
    )
    return dict(summed.select("network", column).iter_rows())


def place_indices(catalogue: Catalogue, area: Area) -> Array:
    """Need index of the practices that stand in each place, and in the area.

    Args:
        catalogue: holds practices and their need weights.
        area: any area.

    Returns:
        ``[P + 1, 8]``, the area last; NaN where no practice stands.
    """
    place_of = _places(area)
    practices = catalogue.table("practices")
    inside = _belonging(catalogue, area, practices.select("authority", "board").unique())
    rows = (
        practices.join(inside.filter(pl.col("inside")), on=["authority", "board"])
        .group_by("authority", "board")
        .agg(pl.col("population", *COMPONENTS).sum())
        .sort("authority", "board")
    )
    at = {place.code: i for i, place in enumerate(area.places)}
    total = np.zeros((len(at) + 1, 1 + len(COMPONENTS)))
    for authority, board, *weighed in rows.iter_rows():
        total[-1] += weighed
        code = place_of.get((authority, board))
        if code in at:
            total[at[code]] += weighed
    people = np.where(total[:, :1] > 0, total[:, :1], np.nan)
    return np.asarray(total[:, 1:] / people)


def deprivation_mix(catalogue: Catalogue) -> Mix:
    """How people spread over fifths by the health-inequalities index, fitted on authorities."""
    if catalogue not in _MIXES:
        ages = [f"a{age}" for age in range(106)]
        fifths = (
            catalogue.table("population_2025")
            .select("authority", "quintile", pl.sum_horizontal(ages).alias("people"))
            .group_by("authority", "quintile")
            .agg(pl.col("people").sum())
        )
        index = (
            catalogue.table("practices")
            .group_by("authority")
            .agg(index=pl.col("inequalities").sum() / pl.col("population").sum())
            .sort("authority")
        )
        codes = index["authority"].to_list()
        at = {code: i for i, code in enumerate(codes)}
        people = np.zeros((len(codes), 5))
        for authority, quintile, count in fifths.iter_rows():
            if authority in at:
                people[at[authority], quintile - 1] += count
        some = people.sum(axis=1) > 0
        _MIXES[catalogue] = fit_mix(index["index"].to_numpy()[some], people[some])
    return _MIXES[catalogue]


def benchmarked(mix: Mix, index: Array, people: Array, known: Array) -> Mix:
    """The mix moved until units' people together live in the fifths that are known of all.

    Args:
        mix: the line fitted on authorities.
        index: ``[N]`` need index of the units.
        people: ``[N]`` their people.
        known: ``[5]`` share of the area's residents in each fifth.

    Returns:
        The same slope with other starting points.
    """
    line = mix.slope * np.log(np.maximum(index, 1e-6))
    share = people / people.sum()
    wanted = np.clip(np.cumsum(known)[:4], 1e-6, 1.0 - 1e-6)
    low, high = np.full(4, -30.0), np.full(4, 30.0)
    for _ in range(80):  # bisection: the share in a fifth or below rises with its start
        middle = (low + high) / 2.0
        reached = (share[:, None] / (1.0 + np.exp(-(middle + line[:, None])))).sum(axis=0)
        high = np.where(reached > wanted, middle, high)
        low = np.where(reached > wanted, low, middle)
    return replace(mix, starts=(low + high) / 2.0)
