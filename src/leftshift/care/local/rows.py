"""A board's own prices, staff and funding in place of shipped ones, and what each row changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leftshift.care.local.data import LocalData, by_item
from leftshift.care.local.files import OLDEST_AGE, Given
from leftshift.care.money import to_year
from leftshift.care.services import Services
from leftshift.catalogue import Parameters
from leftshift.errors import CareError

__all__ = [
    "LocalRow",
    "own_counts",
    "own_funding",
    "prevalence_rows",
    "scaled",
    "sourced",
    "staff_rows",
    "unit_costs",
    "waiting_rows",
]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class LocalRow:
    """One row of the table `local`: what a figure of the board changed."""

    quantity: str
    item: str
    place: str
    age_band: str
    sex: str
    unit: str
    before: float | None
    given: float
    after: float | None
    given_year: str
    source: str

    @property
    def factor(self) -> float | None:
        """After divided by before; None where there is no before."""
        if self.before is None or self.after is None or self.before <= 0.0:
            return None
        return self.after / self.before

    def cells(self) -> dict[str, Any]:
        """The row as the table `local` has it."""
        return {
            "quantity": self.quantity,
            "item": self.item,
            "place": self.place,
            "age_band": self.age_band,
            "sex": self.sex,
            "unit": self.unit,
            "before": self.before,
            "given": self.given,
            "after": self.after,
            "factor": self.factor,
            "given_year": self.given_year,
            "source": self.source,
        }


def sourced(row: Given) -> str:
    """File and line, and what the file says of where the figure comes from."""
    return f"{row.where}: {row.source}" if row.source else row.where


def staff_rows(data: LocalData, before: Mapping[str, float]) -> tuple[LocalRow, ...]:
    """Each row of staff.csv, before and after.

    Args:
        data: the board's own data.
        before: WTE in post in the area without it, by staff group.
    """
    return tuple(
        LocalRow(
            quantity="wte",
            item=row.item,
            place="",
            age_band="",
            sex="",
            unit="WTE",
            before=before.get(row.item),
            given=row.value,
            after=row.value,
            given_year=str(row.year),
            source=sourced(row),
        )
        for row in data.of("staff")
    )


def waiting_rows(data: LocalData, before: Mapping[str, float]) -> tuple[LocalRow, ...]:
    """The list of each specialty in waiting_list.csv, before and after; it is of today.

    Args:
        data: the board's own data.
        before: people on the list in the base year without it, by specialty.
    """
    out = []
    for specialty, rows in by_item(data.of("waiting_list")).items():
        total = sum(row.value for row in rows)
        out.append(
            LocalRow(
                quantity="waiting",
                item=specialty,
                place="",
                age_band="",
                sex="",
                unit="pathways",
                before=before.get(specialty),
                given=total,
                after=total,
                given_year="",
                source=sourced(rows[0]),
            )
        )
    return tuple(out)


def own_counts(data: LocalData) -> dict[str, tuple[NDArray[np.bool_], float]]:
    """People with each condition by the board's own count.

    Args:
        data: the board's own data.

    Returns:
        By condition: which residents the count is among, ``[2, 106]`` by sex and age, and how many
        of them have it. Rows of one condition are added up: they move its level, and the model
        keeps its own shape by age and sex.
    """
    out = {}
    for condition, rows in by_item(data.of("prevalence")).items():
        among = np.zeros((2, OLDEST_AGE + 1), np.bool_)
        for row in rows:
            among[_sexes(row), row.ages[0] : row.ages[1] + 1] = True
        out[condition] = (among, sum(row.value for row in rows))
    return out


def prevalence_rows(
    data: LocalData,
    residents: Array,
    before: Array,
    after: Array,
    conditions: Sequence[str],
    places: Sequence[str],
) -> tuple[LocalRow, ...]:
    """Each row of prevalence.csv, before and after.

    Args:
        data: the board's own data.
        residents: ``[P, 2, 5, 106]`` people at the base.
        before: ``[20, 10, 106]`` prevalence without the board's counts.
        after: ``[20, 10, 106]`` prevalence with them.
        conditions: their ids, in order.
        places: codes of the area's places.
    """
    rows = []
    for row in data.of("prevalence"):
        at = conditions.index(row.item)
        among = residents[[places.index(row.place)]] if row.place else residents
        ages = slice(row.ages[0], row.ages[1] + 1)
        cases = [
            float((among.sum(0) * p[at].reshape(2, 5, -1))[_sexes(row), :, ages].sum())
            for p in (before, after)
        ]
        rows.append(
            LocalRow(
                quantity="patients",
                item=row.item,
                place=row.place,
                age_band=row.age_band,
                sex=row.sex,
                unit="people",
                before=cases[0],
                given=row.value,
                after=cases[1],
                given_year=str(row.year),
                source=sourced(row),
            )
        )
    return tuple(rows)


def _sexes(row: Given) -> slice:
    return {"": slice(0, 2), "female": slice(0, 1), "male": slice(1, 2)}[row.sex]


def scaled(rows: Iterable[LocalRow], quiet: float) -> list[str]:
    """Warns of each figure that moved the model's by more than a quiet factor.

    Args:
        rows: of the table `local`.
        quiet: `care.local.largest_quiet_factor`.

    Returns:
        Sentences for a run's warnings.
    """
    said = []
    for row in rows:
        factor = row.factor
        if factor is None or 1.0 / quiet <= factor <= quiet:
            continue
        who = ", ".join(part for part in (row.item, row.place, row.age_band, row.sex) if part)
        said.append(
            f"Your own figure for {who} ({row.source}) makes it {factor:,.2f} times what the model "
            f"had ({_figure(row.before)} before, {_figure(row.after)} after; {row.unit})."
        )
    return said


def _figure(value: float | None) -> str:
    if value is None:
        return "none"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"


def own_funding(
    data: LocalData, funding: Array, payers: Sequence[str], deflator: Array, base_year: int
) -> tuple[Array, tuple[LocalRow, ...]]:
    """Revenue by payer with the board's own allotments in place of public figures.

    In a year that is given the money is what the file says, in real terms. In years between and
    after, it goes on from the last one given as the path without it would; before the first one
    given, the path is moved to meet it.

    Args:
        data: the board's own data.
        funding: ``[S, Y, K]`` £ real revenue by settlement, year and payer, without it.
        payers: ids of the payers, K.
        deflator: ``[Y]`` general prices, 1 in the base year: cash divided by it is real.
        base_year: calendar year in which the base year begins.

    Returns:
        ``[S, Y, K]`` £ real, and each row of funding.csv that a year of the run meets, before (in
        the first settlement) and after.

    Raises:
        CareError: a payer has no money without it, so that no path is there to go on from.
    """
    out = funding.copy()
    rows = []
    years = funding.shape[1]
    for payer, mine in by_item(data.of("funding")).items():
        k = payers.index(payer)
        path = funding[..., k]
        if not (path > 0).all():
            raise CareError(
                f"{mine[0].where}: no public money of {payer} is known to go on from. Leave the "
                "row out."
            )
        scale = np.ones_like(path)
        given = {row.year.start - base_year: row for row in mine if row.year is not None}
        met = sorted(step for step in given if 0 <= step < years)
        for n, step in enumerate(met):
            wanted = given[step].value / deflator[step]
            part = np.divide(wanted, path[:, step], out=np.ones(len(path)), where=path[:, step] > 0)
            scale[:, (0 if n == 0 else step) :] = part[:, None]
        out[..., k] = path * scale
        for step in met:
            row = given[step]
            out[:, step, k] = row.value / deflator[step]
            rows.append(
                LocalRow(
                    quantity="funding",
                    item=payer,
                    place="",
                    age_band="",
                    sex="",
                    unit="£",
                    before=float(path[0, step]),
                    given=row.value,
                    after=float(out[0, step, k]),
                    given_year=str(row.year),
                    source=sourced(row),
                )
            )
    return out, tuple(rows)


def unit_costs(
    data: LocalData,
    unit_cost: Array,
    services: Services,
    parameters: Parameters,
    base_year: int,
) -> tuple[Array, tuple[LocalRow, ...]]:
    """Unit costs with the board's own prices, brought to the base year as shipped ones are.

    Args:
        data: the board's own data.
        unit_cost: ``[L]`` £ per unit in the base year, without them.
        services: the services.
        parameters: the draw.
        base_year: calendar year in which the base year begins.

    Returns:
        ``[L]`` £ per unit in the base year, and each row of prices.csv before and after.
    """
    out = unit_cost.copy()
    rows = []
    for row in data.of("prices"):
        assert row.year is not None
        at = services.index(row.item)
        then = to_year(parameters, services, row.year.start)[at]
        out[at] = row.value * to_year(parameters, services, base_year)[at] / then
        rows.append(
            LocalRow(
                quantity="price",
                item=row.item,
                place="",
                age_band="",
                sex="",
                unit=f"£ per {services.units[at]}",
                before=float(unit_cost[at]),
                given=row.value,
                after=float(out[at]),
                given_year=str(row.year),
                source=sourced(row),
            )
        )
    return out, tuple(rows)
