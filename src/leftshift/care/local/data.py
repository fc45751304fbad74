"""A board's own data: the files in its project's `data/`, read, checked and held together.

A run takes all of it or none: where one row cannot be used, :func:`read` refuses, and
`leftshift data check` names each such row by file and line. What the rows do to the model is in
:mod:`leftshift.care.local.fit`.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from leftshift.areas import Area, find_area
from leftshift.care.local.agree import agreeing
from leftshift.care.local.files import Given, Problem, decoded, read_sheet
from leftshift.care.local.forms import FORMS, Known, guide
from leftshift.care.services import Services, services
from leftshift.catalogue import Catalogue
from leftshift.errors import CareError, nearest
from leftshift.people.population import residents
from leftshift.people.prevalence import targets
from leftshift.quantities import FinancialYear

__all__ = ["Checked", "LocalData", "check", "known", "new", "read", "refusal"]

Array = NDArray[np.float64]

_FOLDER = "data"
_SEXES = ("female", "male")
# What people and programs leave lying in a folder, which holds no figures.
_IGNORED = (".md", ".txt", ".bak", ".tmp")
_SHOWN = 12


@dataclass(frozen=True)
class LocalData:
    """All that a board's own files say.

    Attributes:
        rows: every row, in the order of the files.
        files: name and SHA-256 of each file that holds rows; line ends and the byte order mark do
            not count.
        warnings: figures that differ much from the model's, in sentences.
    """

    rows: tuple[Given, ...]
    files: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...] = ()

    def identity(self) -> dict[str, str]:
        """What a run that uses this data depends on: SHA-256 by file, for JSON."""
        return dict(self.files)

    def of(self, form: str) -> tuple[Given, ...]:
        """The rows of one file, such as "activity"."""
        return tuple(row for row in self.rows if row.form == form)

    @property
    def staff(self) -> dict[str, tuple[float, float | None]]:
        """Staff in post and vacancies (None where not given), WTE, by staff group."""
        return {row.item: (row.value, row.more.get("vacancies")) for row in self.of("staff")}

    @property
    def prices(self) -> dict[str, tuple[float, FinancialYear]]:
        """Unit cost (£) and the year of its prices by service."""
        return {row.item: (row.value, _year_of(row)) for row in self.of("prices")}

    @property
    def funding(self) -> dict[str, dict[FinancialYear, float]]:
        """Revenue in cash (£) by payer and financial year."""
        out: defaultdict[str, dict[FinancialYear, float]] = defaultdict(dict)
        for row in self.of("funding"):
            out[row.item][_year_of(row)] = row.value
        return dict(out)

    def waiting(self, months: int) -> dict[str, tuple[Array, bool]]:
        """People on the list by whole months waited.

        Args:
            months: how many months to tell apart; who has waited longer is in the last.

        Returns:
            By specialty: people ``[months]``, and whether the file's own last row was open
            ("24+"), so that those people may have waited longer.
        """
        out: dict[str, tuple[Array, bool]] = {}
        for row in self.of("waiting_list"):
            people, is_open = out.get(row.item, (np.zeros(months), False))
            people[min(int(row.more["months"]), months - 1)] += row.value
            out[row.item] = (people, is_open or bool(row.more["open"]))
        return out

    def clocks(self) -> dict[str, tuple[float, float, float | None]]:
        """Starts, stops and leavers a month by specialty: means over the periods given.

        Leavers are None where no row has them.
        """
        rows: defaultdict[str, list[Given]] = defaultdict(list)
        for row in self.of("clock_starts"):
            rows[row.item].append(row)
        out = {}
        for specialty, mine in rows.items():
            months = sum(row.more["length"] for row in mine)
            left = [row for row in mine if "leavers" in row.more]
            gone = sum(row.more["leavers"] for row in left) / max(
                sum(row.more["length"] for row in left), 1.0
            )
            out[specialty] = (
                sum(row.value for row in mine) / months,
                sum(row.more["stops"] for row in mine) / months,
                gone if left else None,
            )
        return out


@dataclass(frozen=True)
class Checked:
    """What a look at a board's own data found.

    Attributes:
        used: what is used, a sentence for each file and each row.
        warnings: what is used and looks odd.
        problems: each row that cannot be used, and why.
        data: the data where all of it can be used and there is any.
    """

    used: tuple[str, ...]
    warnings: tuple[str, ...]
    problems: tuple[Problem, ...]
    data: LocalData | None

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def known(catalogue: Catalogue, area: Area) -> Known:
    """What the rows of an area's own data may name.

    Args:
        catalogue: the layered catalogue: a project's own services count.
        area: whose places.
    """

    def labels(kind: str) -> dict[str, str]:
        return {str(one["id"]): str(one["label"]) for one in catalogue.entities(kind)}

    return Known(
        services={
            one["id"]: (str(one.get("label", "")), str(one.get("unit", "")))
            for one in catalogue.services()
        },
        conditions=labels("conditions"),
        staff_groups=labels("staff_groups"),
        specialties=labels("specialties"),
        # Private money is shown and never allotted.
        payers={str(p["id"]): str(p["label"]) for p in catalogue.entities("payers") if p["public"]},
        places={place.code: place.name for place in area.places},
        area=(area.code, area.name),
        base_year=int(catalogue.row("base.year").estimate.value),
        oldest=int(catalogue.row("care.local.oldest").estimate.value),
        ahead=int(catalogue.row("care.local.ahead").estimate.value),
    )


def read(project: Path | None, catalogue: Catalogue, area: Area) -> LocalData | None:
    """Reads a project's own data for a run.

    Args:
        project: the project's folder; None where there is no project.
        catalogue: the layered catalogue.
        area: the area of the run.

    Returns:
        The data; None where there is none.

    Raises:
        CareError: a row cannot be used; the message names the first ones by file and line.
    """
    if project is None or not (project / _FOLDER).exists():
        return None
    found = check(project, catalogue, area)
    if found.problems:
        raise refusal(found.problems[:_SHOWN], len(found.problems) - _SHOWN)
    return found.data


def refusal(problems: Sequence[Problem], more: int = 0) -> CareError:
    """An error that names rows that cannot be used.

    Args:
        problems: those to show.
        more: how many there are besides.
    """
    number = len(problems) + max(more, 0)
    what = "One thing is" if number == 1 else f"{number} things are"
    lines = "".join(f"\n  {one}" for one in problems)
    rest = f"\n  and {more} more; see them all with: leftshift data check" if more > 0 else ""
    return CareError(
        f"{what} wrong with your board's own data, and a run uses all of it or none:{lines}{rest}"
    )


def check(project: Path, catalogue: Catalogue, area: Area) -> Checked:
    """Looks at every row of a project's own data.

    Args:
        project: the project's folder.
        catalogue: the layered catalogue.
        area: the area of the run.

    Returns:
        What is used, what looks odd, and what cannot be used and why.
    """
    names = known(catalogue, area)
    folder = project / _FOLDER
    rows: list[Given] = []
    problems: list[Problem] = []
    files: list[tuple[str, str]] = []
    used: list[str] = []
    for path in _listed(folder, problems):
        form = next(one for one in FORMS if one.name == path.stem.casefold())
        sheet = read_sheet(path, form, names)
        problems += sheet.problems
        rows += sheet.given
        passed = f"; {sheet.passed_over} begin with # and are passed over" * bool(sheet.passed_over)
        count = len(sheet.given)
        used.append(
            f"data/{path.name}: {count} row{'s' * (count != 1)} read{passed}"
            if count or sheet.passed_over or sheet.problems
            else f"data/{path.name}: no rows yet"
        )
        if sheet.given and not sheet.problems:
            digest = hashlib.sha256(decoded(path).encode()).hexdigest()
            files.append((f"{form.name}.csv", digest))
    tolerance = catalogue.row("care.local.totals_tolerance").estimate.value
    problems += agreeing(rows, names, tolerance)
    warnings: list[str] = []
    if rows:
        used_rows, odd, absurd = _against(rows, catalogue, area, names)
        used += used_rows
        warnings += odd
        problems += absurd
    problems = sorted(set(problems))
    whole = bool(rows) and not problems
    data = LocalData(tuple(rows), tuple(sorted(files)), tuple(warnings)) if whole else None
    return Checked(tuple(used), tuple(warnings), tuple(problems), data)


def new(project: Path, catalogue: Catalogue, area: Area, replace: bool = False) -> list[Path]:
    """Writes a template for each file, with its headers, and a README that lists every key.

    Args:
        project: the project's folder.
        catalogue: the layered catalogue.
        area: the area, whose places the README lists.
        replace: whether files that are there are written anew, and what stands in them is lost.

    Returns:
        The files written. One that is there already is left as it is; the README is always
        written anew.

    Raises:
        CareError: they cannot be written.
    """
    folder = project / _FOLDER
    written = []
    try:
        folder.mkdir(exist_ok=True)
        for form in FORMS:
            path = folder / f"{form.name}.csv"
            if path.exists() and not replace:
                continue
            # The byte order mark tells Excel that the file is UTF-8.
            header = ",".join(column.name for column in form.columns)
            path.write_bytes(b"\xef\xbb\xbf" + header.encode() + b"\r\n")
            written.append(path)
        path = folder / "README.txt"
        path.write_text(guide(known(catalogue, area)), encoding="utf-8", newline="\n")
        written.append(path)
    except OSError as problem:
        raise CareError(
            f"{folder}: cannot be written ({problem.strerror or problem}). Check that it is a "
            "folder, and that no file of it is open in Excel."
        ) from None
    return written


# --- the folder ---------------------------------------------------------------------------------


def _listed(folder: Path, problems: list[Problem]) -> list[Path]:
    """The files that hold figures; a file that nobody would read is a problem."""
    names = [form.name for form in FORMS]
    try:
        entries = sorted(folder.iterdir())
    except OSError as problem:
        problems.append(
            Problem(_FOLDER, 1, f"no folder that can be read ({problem.strerror or problem}).")
        )
        return []
    found: dict[str, Path] = {}
    for path in entries:
        called = path.name if path.name.isprintable() else ascii(path.name)
        shown, stem = f"{_FOLDER}/{called}", path.stem.casefold()
        if path.name.startswith((".", "~$")) or path.suffix.lower() in _IGNORED:
            continue
        if path.suffix.lower() != ".csv" or not path.is_file():
            why = "no CSV file. Save it as CSV UTF-8, or move it elsewhere: nothing reads it here."
            problems.append(Problem(shown, 1, why))
        elif stem not in names:
            why = f'nothing reads a file called "{called}".{nearest(stem, names)}'
            problems.append(Problem(shown, 1, f"{why} Files: {', '.join(names)} (.csv)."))
        elif stem in found:
            why = f"there is {found[stem].name}, too. Keep one of the two."
            problems.append(Problem(shown, 1, why))
        else:
            found[stem] = path
    return list(found.values())


# --- against the model's own figures -----------------------------------------------------------


def _against(
    rows: Sequence[Given], catalogue: Catalogue, area: Area, names: Known
) -> tuple[list[str], list[str], list[Problem]]:
    """Says of each row what it is beside what England's rates by age and sex would give."""
    central = catalogue.parameters()
    offered = services(central)
    quiet = catalogue.row("care.local.largest_quiet_factor").estimate.value
    largest = catalogue.row("care.local.largest_factor").estimate.value
    fewest = catalogue.row("care.local.fewest_expected").estimate.value
    people = residents(central, area, names.base_year)
    ill = np.zeros((0, 2, 5, people.shape[-1]))
    if any(row.form == "prevalence" for row in rows):
        ill = targets(central, area, people, names.base_year).reshape(-1, *people.shape[1:])
    cases = {key: (people * p).sum(2) for key, p in zip(names.conditions, ill, strict=False)}
    here = people.sum(2)
    england = residents(central, find_area("E92000001", catalogue), names.base_year).sum((0, 2))
    part = float(here.sum() / england.sum())
    rows_of = {row.id: row.estimate.value for row in catalogue.rows("care.staff")}
    rows_of |= {row.id: row.estimate.value for row in catalogue.rows("funding.england")}
    shares = {
        **{key: part * rows_of.get(f"care.staff.{key}.stock", 0.0) for key in names.staff_groups},
        **{key: part * rows_of.get(f"funding.england.{key}", 0.0) for key in names.payers},
    }
    codes = [place.code for place in area.places]
    used: list[str] = []
    odd: list[str] = []
    absurd: list[Problem] = []
    for row in rows:
        what = f"{row.where}: {described(row, names)}"
        expected, beside = _expected(row, offered, here, england, cases, shares, codes)
        if row.form == "prices" and offered.units[offered.index(row.item)] == "pound":
            said = (
                f"{row.item} is counted in pounds and has no price. Give its total in activity.csv."
            )
            absurd.append(row.wrong(said))
            continue
        if expected is None:
            used.append(what)
            continue
        if row.form == "prevalence" and row.value >= _among(row, here, codes):
            residents_there = f"{_among(row, here, codes):,.0f} residents there"
            absurd.append(
                row.wrong(f"{row.value:,.0f} people with {row.item} of {residents_there}.")
            )
            continue
        times = row.value / expected if expected > 0 else float("inf")
        shown = f"{times:,.2f}" if 0.1 <= times < 100 else f"{times:,.2g}"
        shown = f"{times:,.0f}" if times >= 100 else shown
        used.append(f"{what}, {shown} times {beside}")
        counted = row.form in ("activity", "prevalence")
        is_low = times * largest < 1 and (not counted or expected >= fewest)
        if times > largest or is_low:
            absurd.append(
                row.wrong(
                    f"{described(row, names)} is {shown} times {beside} ({expected:,.0f}). More "
                    f"than {largest:g} times either way is taken for a slip: check the unit, the "
                    "digits and the years."
                )
            )
        elif not 1.0 / quiet <= times <= quiet and not _is_later(row, names):
            odd.append(f"{what} is {shown} times {beside}; it is used.")
    return used, odd, absurd


def _expected(
    row: Given,
    offered: Services,
    here: Array,
    england: Array,
    cases: Mapping[str, Array],
    shares: Mapping[str, float],
    codes: Sequence[str],
) -> tuple[float | None, str]:
    """What England's figures would give for a row, and what that is called."""
    if row.form == "prices":
        return float(offered.unit_cost[offered.index(row.item)]), "the shipped unit cost"
    if row.form == "activity":
        at = offered.index(row.item)
        curve = offered.shape[at]
        level = offered.total[at] / float((curve * england).sum())
        return level * _among(row, curve * here, codes), "what England's use by age and sex gives"
    if row.form == "prevalence":
        return _among(row, cases[row.item], codes), "what published figures give"
    if row.form in ("staff", "funding") and shares[row.item] > 0:
        return shares[row.item], "a share of England's by people"
    return None, ""


def _is_later(row: Given, names: Known) -> bool:
    """Whether money is of a year to come, in which today's share says little."""
    return row.year is not None and row.year.start > names.base_year


def _among(row: Given, cells: Array, codes: Sequence[str]) -> float:
    """Sum of cells ``[P, 2, 106]`` over the people that a row is about."""
    sexes = [_SEXES.index(row.sex)] if row.sex else [0, 1]
    places = [codes.index(row.place)] if row.place else list(range(len(codes)))
    return float(cells[places][:, sexes, row.ages[0] : row.ages[1] + 1].sum())


def described(row: Given, names: Known) -> str:
    """A row in words, such as "gp_appointment, Norwich, 65+, female, 2024/25: 1,200"."""
    parts = [row.item]
    if row.place:
        parts.append(names.places.get(row.place, row.place))
    parts += [part for part in (row.age_band, row.sex) if part]
    if row.form == "waiting_list":
        parts.append(f"{row.more['months']:.0f}{'+' * bool(row.more['open'])} months")
    if row.year is not None:
        parts.append(row.year.label)
    unit = {
        "activity": names.services.get(row.item, ("", "units"))[1],
        "prices": "£",
        "staff": "WTE",
        "funding": "£",
        "clock_starts": "starts",
    }.get(row.form, "people")
    figure = f"{row.value:,.2f}".removesuffix(".00")
    return f"{', '.join(parts)}: " + (f"£{figure}" if unit == "£" else f"{figure} ({unit})")


def _year_of(row: Given) -> FinancialYear:
    assert row.year is not None
    return row.year


def by_item(rows: Iterable[Given]) -> Mapping[str, list[Given]]:
    """Rows by service, staff group or condition, in the order of the file."""
    out: defaultdict[str, list[Given]] = defaultdict(list)
    for row in rows:
        out[row.item].append(row)
    return dict(out)
