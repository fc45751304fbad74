"""Whether rows of a board's own data agree with each other: nothing twice, no parts against wholes.

Rows that are split in the same way (by place, by age band, by sex) form a family. Within a family
no two rows may hold the same people; between families the parts of a whole must add up to it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from leftshift.care.local.files import OLDEST_AGE, Given, Problem
from leftshift.care.local.forms import Known
from leftshift.errors import listed

__all__ = ["agreeing", "families", "labels"]

_SEXES = ("female", "male")
_SPLIT = ("activity", "prevalence")
#: Months of a year: waits are told apart by month at least so far.
_YEAR = 12


def families(rows: Iterable[Given]) -> dict[tuple[bool, bool, bool], list[Given]]:
    """Rows by how they are split: by place, by age, by sex."""
    out: defaultdict[tuple[bool, bool, bool], list[Given]] = defaultdict(list)
    for row in rows:
        out[bool(row.place), bool(row.age_band), bool(row.sex)].append(row)
    return dict(out)


def labels(rows: Sequence[Given], places: Sequence[str]) -> NDArray[np.int64]:
    """Which row of a family holds each cell, ``[P, 2, 106]``; -1 where none does."""
    out = np.full((len(places), 2, OLDEST_AGE + 1), -1, np.int64)
    for number, row in enumerate(rows):
        out[_cells(row, places)] = number
    return out


def _cells(row: Given, places: Sequence[str]) -> tuple[slice, slice, slice]:
    where = places.index(row.place) if row.place else None
    sex = _SEXES.index(row.sex) if row.sex else None
    return (
        slice(None) if where is None else slice(where, where + 1),
        slice(None) if sex is None else slice(sex, sex + 1),
        slice(row.ages[0], row.ages[1] + 1),
    )


def agreeing(rows: Sequence[Given], known: Known, tolerance: float) -> list[Problem]:
    """Finds rows that say the same thing twice or contradict each other.

    Args:
        rows: all rows that can be used by themselves.
        known: the area's places.
        tolerance: largest relative difference between a whole and its parts.

    Returns:
        A problem for each; those of totals begin with [local_totals_disagree].
    """
    by_item: defaultdict[tuple[str, str], list[Given]] = defaultdict(list)
    for row in rows:
        by_item[row.form, row.item].append(row)
    out: list[Problem] = []
    for (form, _), mine in by_item.items():
        if form in _SPLIT:
            out += _split(mine, list(known.places), tolerance)
            if form == "prevalence":
                out += _one_family(mine, known)
        elif form == "waiting_list":
            out += _months(mine)
        elif form == "clock_starts":
            out += _periods(mine)
        else:
            out += _once(mine, with_year=form == "funding")
    waiting = {item for form, item in by_item if form == "waiting_list"}
    started = {item for form, item in by_item if form == "clock_starts"}
    for (form, item), mine in by_item.items():
        if (form, item in started) == ("waiting_list", False):
            said = f"{item} has no row in clock_starts.csv: a list cannot be followed without."
            out.append(mine[0].wrong(said))
        if (form, item in waiting) == ("clock_starts", False):
            out.append(mine[0].wrong(f"{item} has no row in waiting_list.csv: nothing to follow."))
    return out


def _once(rows: Sequence[Given], with_year: bool) -> list[Problem]:
    seen: dict[object, Given] = {}
    out = []
    for row in rows:
        first = seen.setdefault(row.year if with_year else None, row)
        if first is not row:
            what = f"{row.item} for {row.year}" if with_year else row.item
            out.append(row.wrong(f"{what} is already on line {first.line}. Keep one of the two."))
        if row.form == "staff" and row.more.get("vacancies", 0.0) > 10.0 * row.value:
            out.append(row.wrong(f"{row.more['vacancies']:g} vacancies beside {row.value:g} WTE."))
    return out


def _months(rows: Sequence[Given]) -> list[Problem]:
    seen: dict[float, Given] = {}
    out = []
    longest = max(row.more["months"] for row in rows)
    for row in rows:
        first = seen.setdefault(row.more["months"], row)
        if first is not row:
            said = f"{row.item} at {row.more['months']:.0f} months is already on line {first.line}."
            out.append(row.wrong(f"{said} Keep one of the two."))
        elif row.more["open"] and row.more["months"] < longest:
            said = f"{row.more['months']:.0f}+ months holds rows that follow it: people twice."
            out.append(row.wrong(said))
        elif row.more["open"] and row.more["months"] < _YEAR:
            said = f"{row.more['months']:.0f}+ months hides who waits over a year."
            out.append(row.wrong(f"{said} Give each month up to 11, then 12+ or later."))
    missing = [str(m) for m in range(int(min(longest, _YEAR)) + 1) if m not in seen]
    if missing and not out:
        said = f"{rows[0].item} has no row for {listed(missing, 13)} months waited."
        out.append(rows[0].wrong(f"{said} Write 0 where nobody has waited so long."))
    return out


def _periods(rows: Sequence[Given]) -> list[Problem]:
    seen: dict[int, Given] = {}
    out = []
    for row in rows:
        first_month = int(row.more["period"])
        for month in range(first_month, first_month + int(row.more["length"])):
            first = seen.setdefault(month, row)
            if first is not row:
                said = f"the period is already on line {first.line}, in whole or in part."
                out.append(row.wrong(f"{row.item}: {said} Keep one of the two."))
                break
    return out


def _split(rows: Sequence[Given], places: list[str], tolerance: float) -> list[Problem]:
    years = sorted({row.year for row in rows if row.year is not None})
    if len(years) > 1:
        first = {year: next(row.line for row in rows if row.year == year) for year in years}
        said = " and ".join(f"{year} (line {line})" for year, line in first.items())
        odd = next(row for row in rows if row.year != rows[0].year)
        return [
            odd.wrong(
                f"{odd.item} is given for {said}. Totals of several years make no whole: keep the "
                "rows of one year."
            )
        ]
    out: list[Problem] = []
    held = []
    for mine in families(rows).values():
        label = np.full((len(places), 2, OLDEST_AGE + 1), -1, np.int64)
        for number, row in enumerate(mine):
            cells = label[_cells(row, places)]
            taken = int(cells.max())
            if taken >= 0:
                out.append(_overlap(row, mine[taken]))
            cells[...] = number
        held.append((mine, label))
    if out:
        return out
    for wholes, whole in held:
        for parts, part in held:
            if parts is not wholes:
                out += _parts(wholes, whole, parts, part, tolerance)
    return out


def _overlap(row: Given, first: Given) -> Problem:
    if (row.place, row.ages, row.sex) == (first.place, first.ages, first.sex):
        said = f"{row.item} for the same people is already on line {first.line}."
    else:
        said = (
            f"{row.item}: {row.age_band} overlaps with {first.age_band} on line {first.line}: the "
            "same people would count twice."
        )
    return row.wrong(f"{said} Keep one of the two.")


def _parts(
    wholes: Sequence[Given],
    whole: NDArray[np.int64],
    parts: Sequence[Given],
    part: NDArray[np.int64],
    tolerance: float,
) -> list[Problem]:
    """Compares each whole with those of the parts that lie inside it."""
    both = (whole >= 0) & (part >= 0)
    shared = np.zeros((len(wholes), len(parts)), np.int64)
    np.add.at(shared, (whole[both], part[both]), 1)
    size_of_whole = np.bincount(whole[whole >= 0], minlength=len(wholes))
    size_of_part = np.bincount(part[part >= 0], minlength=len(parts))
    out = []
    for w, one in enumerate(wholes):
        inside = [int(i) for i in np.flatnonzero((shared[w] > 0) & (shared[w] == size_of_part))]
        covers = bool(inside) and size_of_part[inside].sum() == size_of_whole[w]
        # Two rows of the very same people are each a part of the other: compared once.
        same = covers and len(inside) == 1
        if not inside or (same and parts[inside[0]].line < one.line):
            continue
        total = sum(parts[i].value for i in inside)
        room = tolerance * max(one.value, total)
        if total > one.value + room or (covers and total < one.value - room):
            lines = listed(sorted(parts[i].line for i in inside), 12)
            verb = ("add up" if len(inside) > 1 else "come") + (" to" if covers else " already to")
            out.append(
                one.wrong(
                    f"[local_totals_disagree] {one.item} is {one.value:,.10g} here, and its parts "
                    f"on line{'s' * (len(inside) > 1)} {lines} {verb} {total:,.10g}. "
                    f"They may differ by {100 * tolerance:g}%: correct one, or leave one out."
                )
            )
    return out


def _one_family(rows: Sequence[Given], known: Known) -> list[Problem]:
    found = families(rows)
    if len(found) > 1:
        odd = list(found.values())[1][0]
        return [
            odd.wrong(
                f"rows of {odd.item} must all be split in the same way (by place, age band and "
                f"sex); line {rows[0].line} is split otherwise."
            )
        ]
    places = {row.place for row in rows} - {""}
    missing = [name for code, name in known.places.items() if places and code not in places]
    if missing:
        return [
            rows[0].wrong(
                f"{rows[0].item} is given for some places only; {listed(missing)} "
                f"{'is' if len(missing) == 1 else 'are'} missing. Give all places, or the area."
            )
        ]
    for place in sorted(places):
        cells = {(row.ages, row.sex) for row in rows if row.place == place}
        other = {(row.ages, row.sex) for row in rows}
        if cells != other:
            odd = next(row for row in rows if row.place == place)
            return [
                odd.wrong(
                    f"{odd.item}: not every place has the same age bands and sexes. Give each "
                    "place all of them, or the area alone."
                )
            ]
    return []
