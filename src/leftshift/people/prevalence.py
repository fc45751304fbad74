"""How common each condition is where an area's people live, by sex, fifth and age.

England's prevalence (the catalogue's `prevalence` table) is the start. A condition with a QOF
register is then moved by one term on the logit scale until the area has as many cases as its
boards' registers say; the others keep England's prevalence by age, sex and fifth. All terms are
added on the logit scale, so a 2019 base, solved for the registers of 2019/20, keeps nothing of
the level of 2023/24.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from leftshift.errors import CatalogueError, ModelError, listed, nearest

if TYPE_CHECKING:
    import polars

    from leftshift.areas import Area
    from leftshift.catalogue import Catalogue, Parameters

__all__ = ["OwnCounts", "first_ages", "growth", "register_counts", "targets"]

Array = NDArray[np.float64]

AGES = np.arange(106)
STRATA = 10
# The register year (by its first calendar year) that a base year may know.
REGISTER_YEARS = {2025: 2023, 2019: 2019}
# From the most to the least deprived fifth, one unit apart, around 0.
LADDER = np.linspace(0.5, -0.5, 5)
_SEXES = {"female": 0, "male": 1}


@dataclass(frozen=True)
class _Register:
    """One condition's register by board, for one year."""

    name: str
    minimum_age: int
    cases: Mapping[str, float]
    size: Mapping[str, float]


@dataclass(frozen=True)
class _People:
    """Residents by authority, [authority, stratum, age], of one year's population table."""

    index: Mapping[str, int]
    by_authority: Array
    england: Array

    def of(self, parts: Iterable[tuple[str, float]]) -> Array:
        """People [stratum, age] of (authority, share) parts."""
        out = np.zeros((STRATA, AGES.size))
        for authority, share in parts:
            if authority not in self.index:
                raise CatalogueError(
                    f'the population table has no authority "{authority}".'
                    f"{nearest(authority, self.index)}"
                )
            out += share * self.by_authority[self.index[authority]]
        return out


@dataclass
class _Inputs:
    """What the catalogue's tables say, as arrays; read once for each catalogue."""

    conditions: tuple[str, ...]
    logit: Array  # [condition, stratum, age]
    fitted: Mapping[str, float]  # log odds, most against least deprived fifth, in `logit`
    boards: Mapping[str, Mapping[str, float]]  # board -> authority -> share of its people
    registers: Mapping[tuple[str, int], _Register]
    people: dict[int, _People] = field(default_factory=dict)


_CACHE: WeakKeyDictionary[Catalogue, _Inputs] = WeakKeyDictionary()


#: By condition: which residents a board's own count is among, ``[2, 106]``, and its cases.
OwnCounts = Mapping[str, tuple[NDArray[np.bool_], float]]


def targets(
    p: Parameters,
    area: Area,
    residents: Array,
    base_year: int,
    own: OwnCounts | None = None,
) -> Array:
    """Prevalence of every condition among an area's residents in the base year.

    Args:
        p: parameter values, central or of one draw. `condition.<id>.level` (no register),
            `condition.<id>.level_error` (register) and `condition.<id>.gradient` move it.
        area: whose registers count. Where it holds part of a board, those people get the board's
            own prevalence at each age first, and their cases join the others'.
        residents: the area's people [place, sex, quintile, age] in the base year.
        base_year: 2025 (registers of 2023/24) or 2019 (registers of 2019/20).
        own: the board's own counts, which take the place of registers and of England's level. The
            doubt of a register's level holds for them, too.

    Returns:
        Share of people [condition, stratum, age]: conditions in the catalogue's order, stratum
        sex * 5 + quintile, age 0 to 105.

    Raises:
        ModelError: the base year has no registers, or a register holds more people than the area.
        CatalogueError: a table is incomplete.
    """
    year = _register_year(base_year)
    inputs = _inputs(p.catalogue)
    people = _people(p.catalogue, base_year)
    logit = _with_gradients(p, inputs)
    with_register = [c for c in inputs.conditions if (c, year) in inputs.registers]
    without = [c for c in inputs.conditions if (c, year) not in inputs.registers]

    # Without a register: England's level, met on England's people, holds in every area.
    rows = [inputs.conditions.index(c) for c in without]
    first = np.array([p.value(f"condition.{c}.level_from_age") for c in without])
    counted = people.england * (first[:, None] <= AGES)[:, None, :]
    level = np.array([p.value(f"condition.{c}.level") for c in without])
    cases = level * counted.sum((1, 2))
    logit[rows] += _solve(logit[rows], counted, cases, without, "England")[:, None, None]

    # With a register: the area's own cases.
    rows = [inputs.conditions.index(c) for c in with_register]
    found = _area_cases(inputs, people, area, logit[rows], with_register, year)
    found *= np.array([p.value(f"condition.{c}.level_error") for c in with_register])
    minimum = np.array([inputs.registers[c, year].minimum_age for c in with_register])
    mine = np.asarray(residents, dtype=np.float64).sum(0).reshape(STRATA, AGES.size)
    counted = mine * (minimum[:, None] <= AGES)[:, None, :]
    logit[rows] += _solve(logit[rows], counted, found, with_register, area.name)[:, None, None]
    for condition, (among, people_ill) in (own or {}).items():
        i = inputs.conditions.index(condition)
        doubt = p.value(f"condition.{condition}.level_error") if condition in with_register else 1.0
        counted = (mine * np.repeat(among, 5, axis=0))[None]
        own_cases = np.array([people_ill * doubt])
        where = f"{area.name}, data/prevalence.csv"
        logit[i] += _solve(logit[i : i + 1], counted, own_cases, [condition], where)
    return np.minimum(_expit(logit), p.value("prevalence.cap"))


def growth(p: Parameters, base_year: int) -> Array:
    """How fast prevalence at a given age, sex and fifth is changing in the base year.

    Args:
        p: parameter values: `condition.<id>.growth`, the register's change net of ageing, times
            `condition.<id>.growth_trust`, the share of it taken as real.
        base_year: 2025; for 2019 nothing is known of a trend, and all are 0.

    Returns:
        Log change per year [condition], in the catalogue's order.

    Raises:
        ModelError: the base year is neither.
    """
    conditions = [str(c["id"]) for c in p.catalogue.entities("conditions")]
    if _register_year(base_year) < max(REGISTER_YEARS.values()):
        return np.zeros(len(conditions))
    known = {row.id for row in p.catalogue.rows("condition")}
    out = np.zeros(len(conditions))
    for i, condition in enumerate(conditions):
        trust = f"condition.{condition}.growth_trust"
        out[i] = p.value(f"condition.{condition}.growth")
        if trust in known:
            out[i] *= p.value(trust)
    return out


def first_ages(cat: Catalogue, base_year: int) -> NDArray[np.int64]:
    """Youngest age on each condition's register; 0 where it has none.

    Args:
        cat: the catalogue.
        base_year: 2025 or 2019.

    Returns:
        int64[condition], in the catalogue's order.

    Raises:
        ModelError: the base year has no registers.
    """
    year = _register_year(base_year)
    inputs = _inputs(cat)
    found = (inputs.registers.get((c, year)) for c in inputs.conditions)
    return np.array([r.minimum_age if r is not None else 0 for r in found], np.int64)


def register_counts(cat: Catalogue, area: Area, year: int) -> polars.DataFrame:
    """What QOF published for an area: register percentages times lists, added over its boards.

    No model stands behind it. A part of a board has no published figure: it is given the board's
    cases in proportion to people of the register's age, and `apportioned` says so.

    Args:
        cat: the catalogue.
        area: any area.
        year: 2019 or 2023, the year in which the QOF year begins.

    Returns:
        One row for each register, in the catalogue's order of conditions: condition, label,
        register, year, percent (of the list), list, minimum_age, residents (of that age), cases,
        apportioned.

    Raises:
        ModelError: no registers are held for the year.
    """
    import polars as pl

    if year not in REGISTER_YEARS.values():
        raise ModelError(
            f"no registers are held for {year}. "
            f"Allowed: {listed(sorted(REGISTER_YEARS.values()))} (the QOF year's first)."
        )
    base_year = next(base for base, known in REGISTER_YEARS.items() if known == year)
    inputs, people = _inputs(cat), _people(cat, base_year)
    labels = {str(c["id"]): str(c["label"]) for c in cat.entities("conditions")}
    parts = [
        (board, _is_whole(inputs, board, mine), people.of(mine.items()).sum(0))
        for board, mine in _by_board(inputs, area).items()
    ]
    totals = {b: people.of(inputs.boards[b].items()).sum(0) for b, whole, _ in parts if not whole}
    rows = []
    for condition in inputs.conditions:
        register = inputs.registers.get((condition, year))
        if register is None:
            continue
        old = register.minimum_age <= AGES
        share = {b: 1.0 if w else float(n[old].sum() / totals[b][old].sum()) for b, w, n in parts}
        size = sum(register.size[b] * s for b, s in share.items())
        cases = sum(register.cases[b] * s for b, s in share.items())
        rows.append(
            {
                "condition": condition,
                "label": labels[condition],
                "register": register.name,
                "year": year,
                "percent": 100.0 * cases / size if size > 0 else 0.0,
                "list": size,
                "minimum_age": register.minimum_age,
                "residents": float(sum(n[old].sum() for _, _, n in parts)),
                "cases": cases,
                "apportioned": not all(whole for _, whole, _ in parts),
            }
        )
    return pl.DataFrame(rows)


# --- one logit term ---------------------------------------------------------------------------


def _expit(x: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-x)))


def _solve(
    logit: Array, people: Array, cases: Array, conditions: Sequence[str], where: str
) -> Array:
    """The term for each condition that, added to its logits, gives the expected cases.

    Newton's method on the log of the expected cases, which is concave in the term: from below it
    never overshoots.

    Args:
        logit: [condition, stratum, age].
        people: who counts, the same shape.
        cases: [condition].
        conditions: their ids, for messages.
        where: the area's name, for messages.
    """
    total = people.sum((1, 2))
    for i in map(int, np.flatnonzero(~((cases > 0) & (cases < total)))):
        raise ModelError(
            f"{where}: {cases[i]:,.0f} people with {conditions[i]} among {total[i]:,.0f} residents "
            "of the register's age. Cases must be above 0 and below the number of residents: "
            "check the area's shares, its population and the registers table."
        )
    term = np.zeros(len(conditions))
    for _ in range(60):
        p = _expit(logit + term[:, None, None])
        ill = (p * people).sum((1, 2))
        miss = np.log(cases / ill)
        if np.abs(miss).max(initial=0.0) < 1e-11:
            break
        slope = (p * (1.0 - p) * people).sum((1, 2)) / ill
        term += np.clip(miss / slope, -2.0, 2.0)
    return term


def _with_gradients(p: Parameters, inputs: _Inputs) -> Array:
    """England's logits, each condition's gradient moved to the value the parameters give it."""
    points = sorted((float(a), v) for a, v in p.values("prevalence.gradient_at_age").items())
    hold = np.interp(AGES, [a for a, _ in points], [v for _, v in points])
    more = np.array(
        [np.log(p.value(f"condition.{c}.gradient")) - inputs.fitted[c] for c in inputs.conditions]
    )
    ladder = np.tile(LADDER, 2)
    return np.asarray(inputs.logit + more[:, None, None] * ladder[:, None] * hold)


# --- boards -----------------------------------------------------------------------------------


def _by_board(inputs: _Inputs, area: Area) -> dict[str, dict[str, float]]:
    """The area's (authority, share) parts under the board whose figures they take."""
    out: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    for member in area.members:
        if member.board not in inputs.boards:
            raise ModelError(
                f'{area.name}: no registers for a board "{member.board}".'
                f"{nearest(member.board, inputs.boards)}"
            )
        out[member.board][member.authority] += member.share
    return {board: dict(parts) for board, parts in out.items()}


def _is_whole(inputs: _Inputs, board: str, mine: Mapping[str, float]) -> bool:
    return all(mine.get(a, 0.0) >= share - 1e-6 for a, share in inputs.boards[board].items())


def _area_cases(
    inputs: _Inputs,
    people: _People,
    area: Area,
    logit: Array,
    conditions: Sequence[str],
    year: int,
) -> Array:
    """The area's register cases [condition]."""
    registers = [inputs.registers[c, year] for c in conditions]
    old = np.array([r.minimum_age for r in registers])[:, None] <= AGES
    total = np.zeros(len(conditions))
    for board, mine in _by_board(inputs, area).items():
        cases = np.array([r.cases[board] for r in registers])
        if _is_whole(inputs, board, mine):
            total += cases
            continue
        every = people.of(inputs.boards[board].items()) * old[:, None, :]
        term = _solve(logit, every, cases, conditions, board)
        here = people.of(mine.items()) * old[:, None, :]
        total += (_expit(logit + term[:, None, None]) * here).sum((1, 2))
    return total


# --- reading ----------------------------------------------------------------------------------


def _register_year(base_year: int) -> int:
    if base_year not in REGISTER_YEARS:
        raise ModelError(
            f"no registers are held for a base year {base_year}. "
            f"Allowed: {listed(sorted(REGISTER_YEARS))}."
        )
    return REGISTER_YEARS[base_year]


def _inputs(cat: Catalogue) -> _Inputs:
    if cat not in _CACHE:
        _CACHE[cat] = _read(cat)
    return _CACHE[cat]


def _people(cat: Catalogue, base_year: int) -> _People:
    known = _inputs(cat).people
    if base_year not in known:
        known[base_year] = _read_people(cat, base_year)
    return known[base_year]


def _read(cat: Catalogue) -> _Inputs:
    conditions = tuple(str(c["id"]) for c in cat.entities("conditions"))
    place = {c: i for i, c in enumerate(conditions)}
    table = cat.table("prevalence")
    share = np.full((len(conditions), STRATA, AGES.size), np.nan)
    cells = table.select([f"a{a}" for a in AGES]).to_numpy()
    keys = table.select("condition", "sex", "quintile").iter_rows()
    for row, (condition, sex, quintile) in zip(cells, keys, strict=True):
        if condition in place:
            share[place[condition], _SEXES[sex] * 5 + quintile - 1] = row
    missing = [c for c in conditions if not np.isfinite(share[place[c]]).all()]
    if missing:
        raise CatalogueError(
            f"the prevalence table lacks rows for {listed(missing)}: every condition needs both "
            "sexes and fifths 1 to 5. Rebuild it with tools/build_catalogue.py."
        )
    fitted: defaultdict[str, float] = defaultdict(float)
    for condition, quintile, log_odds in cat.table("prevalence_gradients").iter_rows():
        fitted[condition] += {1: log_odds, 5: -log_odds}.get(quintile, 0.0)
    boards: defaultdict[str, dict[str, float]] = defaultdict(dict)
    members = cat.table("membership").select("authority", "board", "share")
    for authority, board, part in members.iter_rows():
        boards[board][authority] = part
    return _Inputs(
        conditions,
        np.log(share / (1.0 - share)),
        dict(fitted),
        dict(boards),
        _read_registers(cat, boards),
    )


def _read_registers(cat: Catalogue, boards: Iterable[str]) -> dict[tuple[str, int], _Register]:
    table = cat.table("registers")
    out = {}
    for (condition, year), mine in table.group_by("condition", "year", maintain_order=True):
        cases = dict(mine.select("board", "cases").iter_rows())
        missing = sorted(set(boards) - set(cases))
        if missing:
            raise CatalogueError(
                f"the registers table has no {condition} {year} for {listed(missing)}. "
                "Every board needs every register in both years."
            )
        out[str(condition), int(str(year))] = _Register(
            str(mine["register"][0]),
            int(mine["minimum_age"][0]),
            cases,
            dict(mine.select("board", "list").iter_rows()),
        )
    return out


def _read_people(cat: Catalogue, base_year: int) -> _People:
    table = cat.table(f"population_{base_year}")
    codes = table["authority"].unique().sort().to_list()
    index = {code: i for i, code in enumerate(codes)}
    rows = np.array([index[code] for code in table["authority"]])
    stratum = np.array([_SEXES[s] for s in table["sex"]]) * 5 + table["quintile"].to_numpy() - 1
    out = np.zeros((len(codes), STRATA, AGES.size))
    out[rows, stratum] = table.select([f"a{a}" for a in AGES]).to_numpy()
    return _People(index, out, out.sum(0))
