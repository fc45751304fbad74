"""Who works for the board: rows that stay in memory, or a distribution where no list may be used.

A staff list is about people. Its rows are never shown: not in a message, a `repr`, a table or a
run's identity; they cannot be pickled. What is worked out from them goes through `privacy`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import numpy as np
from numpy.typing import NDArray

from leftshift.catalogue import Catalogue
from leftshift.errors import listed
from leftshift.organisation.functions import Function
from leftshift.organisation.money import BANDS, Price, band_of
from leftshift.organisation.reading import Line, read_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "AGE_BANDS",
    "Person",
    "Staff",
    "Tenure",
    "made_up",
    "read_staff",
    "read_tenures",
    "shipped_tenures",
    "uniforms",
]

AGE_BANDS = {
    "16-24": 24,
    "25-34": 34,
    "35-44": 44,
    "45-54": 54,
    "55-59": 59,
    "60-64": 64,
    "65+": 80,
}
"""Age bands of a staff list, each with the oldest age that it can hold."""

_YOUNGEST = 16
_LEAST_WTE = "0.01"


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """One row of a staff list, or a made-up one."""

    key: str
    function: str
    band: str
    salary: Decimal | None
    weekly: Decimal | None
    service: float
    continuous: float
    wte: float

    def __reduce__(self) -> NoReturn:
        raise TypeError("rows of a staff list stay in memory: they are not pickled.")


@dataclass(frozen=True, slots=True, repr=False)
class Staff:
    """Everyone on a staff list.

    Attributes:
        people: its rows.
    """

    people: tuple[Person, ...]

    def __repr__(self) -> str:
        return "Staff(rows are not shown)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a staff list stays in memory: it is not pickled.")


@dataclass(frozen=True, slots=True)
class Tenure:
    """How long the staff of a band have served.

    Attributes:
        starts: first full year of each group.
        ends: last full year of each group.
        shares: share of the staff in each group, which add up to 1.
    """

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    shares: tuple[float, ...]

    def years(self, points: NDArray[np.float64]) -> NDArray[np.int64]:
        """Gives full years of service at uniform points in [0, 1)."""
        edges = np.concatenate([[0.0], np.cumsum(self.shares)])
        edges[-1] = 1.0
        group = np.clip(np.searchsorted(edges, points, side="right") - 1, 0, len(self.shares) - 1)
        width = np.maximum(np.diff(edges), 1e-12)
        within = np.clip((points - edges[group]) / width[group], 0.0, 1.0 - 1e-12)
        starts, ends = np.array(self.starts), np.array(self.ends)
        found: NDArray[np.int64] = starts[group] + np.floor(
            within * (ends[group] - starts[group] + 1)
        ).astype(np.int64)
        return found


def read_staff(path: Path, shown: str, functions: Mapping[str, Function], price: Price) -> Staff:
    """Reads a pseudonymous staff list.

    Args:
        path: the file: post, band, service_years, age_band, wte, function, and salary (whole-time
            pounds a year), weekly_pay or neither; continuous_years where it differs. A band may be
            left empty where there is a salary: it is then the one whose pay is nearest.
        shown: how messages name it.
        functions: the board's functions by id.
        price: the salary of a band, where a row has neither salary nor weekly pay.

    Raises:
        BoardError: with file and line, and never with what stands there.
    """
    lines = read_lines(
        path,
        shown,
        ("post", "band", "service_years", "age_band", "wte", "function"),
        ("salary", "weekly_pay", "continuous_years"),
        private=True,
    )
    seen: dict[str, int] = {}
    people = []
    for line in lines:
        post = line.text("post")
        if post in seen:
            raise line.wrong(f"the same post as on line {seen[post]}. Keep one of the two.")
        seen[post] = line.at
        people.append(_person(line, post, functions, price))
    return Staff(tuple(people))


def _person(line: Line, post: str, functions: Mapping[str, Function], price: Price) -> Person:
    salary = line.number("salary", "5000", "500000") if line.cells["salary"] else None
    weekly = line.number("weekly_pay", "50", "10000") if line.cells["weekly_pay"] else None
    band = _band(line, salary, price)
    function = line.text("function")
    if function not in functions:
        raise line.wrong(
            f"it names a function that is not in functions.csv. Functions: {listed(functions, 40)}."
        )
    age = line.choice("age_band", AGE_BANDS)
    service = line.number("service_years", high="60")
    continuous = line.number("continuous_years", high="60", empty=service)
    if max(service, continuous) > AGE_BANDS[age] - _YOUNGEST:
        raise line.wrong(
            f"service is longer than anyone of that age can have worked since {_YOUNGEST}. "
            "Correct service_years or age_band."
        )
    if salary is None and weekly is None:
        salary = price.salary(band)
    return Person(
        key=post,
        function=function,
        band=band,
        salary=salary,
        weekly=weekly,
        service=float(service),
        continuous=float(continuous),
        wte=float(line.number("wte", _LEAST_WTE, "1")),
    )


def _band(line: Line, salary: Decimal | None, price: Price) -> str:
    """The band that a row states, or the one whose pay is nearest to its salary."""
    if not line.cells["band"]:
        if salary is None:
            raise line.wrong("neither a band nor a salary. Every line needs one of them.")
        return min(BANDS, key=lambda band: abs(price.salary(band) - salary))
    band = band_of(line.text("band"))
    if band is None:
        raise line.wrong(f"there is no such pay band. Bands: {', '.join(BANDS)}.")
    return band


def read_tenures(path: Path, shown: str, catalogue: Catalogue) -> dict[str, Tenure]:
    """Reads distribution.csv: band, service_band (such as 5-9 or 25+), share.

    Returns:
        How long the staff of each band have served; bands that it leaves out as shipped.

    Raises:
        BoardError: with file and line.
    """
    rows: dict[str, list[tuple[int, int, float]]] = {}
    last: dict[str, Line] = {}
    for line in read_lines(path, shown, ("band", "service_band", "share")):
        band = band_of(line.text("band"))
        if band is None:
            raise line.wrong(f"{line.quoted('band')} is no pay band. Bands: {', '.join(BANDS)}.")
        start, end = _service(line)
        taken = rows.setdefault(band, [])
        if any(start <= high and low <= end for low, high, _ in taken):
            raise line.wrong(f"service_band overlaps another one of band {band}.")
        taken.append((start, end, float(line.number("share", high="1"))))
        last[band] = line
    found = shipped_tenures(catalogue)
    for band, groups in rows.items():
        total = sum(share for _, _, share in groups)
        if abs(total - 1) > 0.005:
            raise last[band].wrong(f"the shares of band {band} add up to {total:g}, not to 1.")
        groups.sort()
        found[band] = Tenure(
            tuple(low for low, _, _ in groups),
            tuple(high for _, high, _ in groups),
            tuple(share / total for _, _, share in groups),
        )
    return found


def _service(line: Line) -> tuple[int, int]:
    text = line.text("service_band").replace("\u2013", "-")
    low, dash, high = text.removesuffix("+").partition("-")
    if text.endswith("+"):
        high = "40" if not dash else ""
    if not (low.isdecimal() and high.isdecimal() and len(low) < 3 and len(high) < 3):
        raise line.wrong(f"{line.quoted('service_band')} is no span. Write 5-9 or 25+.")
    if int(low) > int(high):
        raise line.wrong(f"{line.quoted('service_band')} ends before it begins.")
    return int(low), int(high)


def shipped_tenures(catalogue: Catalogue) -> dict[str, Tenure]:
    """Gives the catalogue's own assumption of how long staff have served, by band."""
    groups: dict[str, list[tuple[int, int, float]]] = {}
    for row in catalogue.table("service_lengths").iter_rows(named=True):
        groups.setdefault(row["bands"], []).append(
            (row["from_years"], row["to_years"], row["share"])
        )
    found = {}
    for name, rows in groups.items():
        first, _, end = name.partition("-")
        reach = BANDS[BANDS.index(first) : BANDS.index(end or first) + 1]
        total = sum(share for _, _, share in rows)
        tenure = Tenure(
            tuple(low for low, _, _ in rows),
            tuple(high for _, high, _ in rows),
            tuple(share / total for _, _, share in rows),
        )
        found.update(dict.fromkeys(reach, tenure))
    return found


def made_up(functions: Sequence[Function], price: Price) -> list[Person]:
    """Makes one person for each funded post, where no staff list may be used.

    Their service is drawn anew in every draw, so that the doubt about it is part of the interval.
    """
    people = []
    for function in functions:
        for band, wte in function.wte.items():
            count = max(math.ceil(wte - 1e-9), 1)
            people += [
                Person(
                    f"{function.id}/{band}/{number}",
                    function.id,
                    band,
                    price.salary(band),
                    None,
                    -1.0,
                    -1.0,
                    wte / count,
                )
                for number in range(count)
            ]
    return people


def uniforms(seed: int, key: str, count: int) -> NDArray[np.float64]:
    """Gives uniform numbers that belong to one post alone: another post moves none of them."""
    digest = hashlib.blake2b(f"{seed}\0{key}".encode(), digest_size=16).digest()
    bits = np.random.Philox(key=int.from_bytes(digest, "little")).random_raw(count)
    return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53
