"""What a unit of care costs, in prices of the base year, and what spending that makes.

Three things are kept apart, so that each is counted once:

* a unit's cost in its own year is brought to the base year by what the same care cost more
  (`price.cost_growth`) less what was done better (`productivity.to_base`);
* from the base year on, its *price* moves with pay and other inputs relative to general inflation
  (the deflator), and is 1 in the base year;
* *productivity* lowers what a unit takes from then on. The efficiency factor of the payment scheme
  is a price that commissioners pay, not a cost, and is not taken off as well.

Activity that grows beyond demography is in the activity, not here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from leftshift.care.services import Services, archetypes
from leftshift.care.use import Use
from leftshift.catalogue import Catalogue, Parameters
from leftshift.catalogue.rows import Row
from leftshift.errors import CareError
from leftshift.people.model import Frame
from leftshift.quantities import FinancialYear

__all__ = ["Prices", "check_prices", "price_base", "prices", "spend", "yearly"]

Array = NDArray[np.float64]

LINES = ("drugs", "consumables", "estate", "overhead")
"""What the cost of a service consists of beside pay, as its archetype says."""

_YEAR = re.compile(r"(\d{4})_(\d{2})")
_SOCIAL_CARE = "continuing_and_social_care"
# A yearly change beyond these is a slip of the pen (200 for 2.00%), not a path.
_LOWEST, _HIGHEST = -0.5, 0.5


@dataclass(frozen=True)
class Prices:
    """What units cost, for one draw (years Y, services L).

    Attributes:
        base_year: the year whose prices all pounds are in.
        unit_cost: ``[L]`` £ per unit in the base year.
        price: ``[Y, L]`` price of a unit's inputs relative to general prices; 1 in the base year.
        productivity: ``[Y, L]`` inputs that a unit takes relative to the base year; falls where
            care is done better.
        deflator: ``[Y]`` general prices; 1 in the base year. Real pounds times this are cash.
        real_pay: ``[Y]`` NHS pay relative to general prices; 1 in the base year.
    """

    base_year: FinancialYear
    unit_cost: Array
    price: Array
    productivity: Array
    deflator: Array
    real_pay: Array

    @property
    def cost(self) -> Array:
        """``[Y, L]`` £ per unit in prices of the base year, prices and productivity included."""
        found: Array = self.unit_cost * self.price * self.productivity
        return found


def price_base(frame: Frame) -> str:
    """The price base of a run as tables and charts name it, such as "2025/26 real"."""
    return f"{FinancialYear(frame.base_year).label} real"


def place(row: Row) -> str:
    """Where a row stands, as messages name it."""
    return f"{row.file}:{row.line}" if row.line else row.file


def fail(row: Row, check: str, said: str) -> CareError:
    """An error that names a row's file and line, the check that refused it, and the row."""
    return CareError(f"{place(row)}: [{check}] {row.id}: {said}")


# A draw asks for the same paths as every other draw of the catalogue.
_paths: WeakKeyDictionary[Catalogue, dict[str, dict[int, Row]]] = WeakKeyDictionary()


def path_rows(catalogue: Catalogue, prefix: str, check: str) -> dict[int, Row]:
    """The rows of a path by the year in which they apply, checked.

    Args:
        catalogue: the catalogue.
        prefix: such as `price.pay`; its rows are `price.pay.2026_27` and so on. Others below the
            prefix, such as `price.pay.long_run`, are left alone.
        check: the name of the check that refuses a path with a hole.

    Returns:
        The rows, by the calendar year in which their financial year begins, in order.

    Raises:
        CareError: the path is empty, a year is missing within it, or a row's year is no year.
    """
    known = _paths.setdefault(catalogue, {})
    if prefix not in known:
        known[prefix] = _path(catalogue, prefix, check)
    return known[prefix]


def _path(catalogue: Catalogue, prefix: str, check: str) -> dict[int, Row]:
    found: dict[int, Row] = {}
    for row in catalogue.rows(prefix):
        last = row.id.removeprefix(prefix + ".")
        match = _YEAR.fullmatch(last)
        if match is None:
            if last[:1].isdigit():
                raise fail(row, check, f'"{last}" is no year. Write it as 2026_27.')
            continue
        year = int(match[1])
        if int(match[2]) != (year + 1) % 100:
            raise fail(
                row, check, f'"{last}" is no year. Write {year}_{(year + 1) % 100:02d} instead.'
            )
        found[year] = row
    if not found:
        raise CareError(f"[{check}] the catalogue has no rows {prefix}.<year>, such as 2026_27.")
    found = dict(sorted(found.items()))
    years = list(found)
    for before, after in pairwise(years):
        if after != before + 1:
            lost = FinancialYear(before + 1).label.replace("/", "_")
            raise fail(
                found[after],
                check,
                f"{prefix} has {FinancialYear(before)} and {FinancialYear(after)} but not the "
                f"years between. Add the row {prefix}.{lost}.",
            )
    return found


def yearly(
    parameters: Parameters, prefix: str, first: int, last: int, after: float | None
) -> Array:
    """A path's yearly changes, for the years `first` to `last`.

    Args:
        parameters: gives the values.
        prefix: the path's prefix.
        first: the first year wanted, by the calendar year in which it begins.
        last: the last year wanted; nothing is given where it is before the first.
        after: the change in years after the path's last one, or None to go on with that one.

    Returns:
        ``[last - first + 1]`` changes, shares a year. Before the path's first year its first
        change is used.

    Raises:
        CareError: a year is missing, or a change is impossible; the message names the row.
    """
    rows = path_rows(parameters.catalogue, prefix, "path_has_every_year")
    years = list(rows)
    values = {year: possible(parameters, row) for year, row in rows.items()}
    end = values[years[-1]] if after is None else after
    return np.array(
        [
            values[years[0]] if year < years[0] else values.get(year, end)
            for year in range(first, last + 1)
        ]
    )


def possible(parameters: Parameters, row: Row) -> float:
    """A row's value as a yearly change, refused where it cannot be one.

    Raises:
        CareError: the change is below -50% or above 50% a year.
    """
    for value in (row.estimate.value, parameters.value(row.id)):
        if not _LOWEST <= value <= _HIGHEST:
            raise fail(
                row,
                "change_is_possible",
                f"{value:g} is a change of {100 * value:,.0f}% a year. It must lie between "
                f"{_LOWEST:g} and {_HIGHEST:g}: 3% is written 0.03.",
            )
    return parameters.value(row.id)


def change(parameters: Parameters, identity: str) -> float:
    """A single row's value as a yearly change; see :func:`possible`."""
    return possible(parameters, parameters.catalogue.row(identity))


def deflators(parameters: Parameters, first: int, last: int) -> Array:
    """General inflation in each year from `first` to `last`, shares a year."""
    return yearly(
        parameters, "price.deflator", first, last, change(parameters, "price.deflator.long_run")
    )


def index(changes: Array) -> Array:
    """An index that is 1 in the year before the first change."""
    found: Array = np.concatenate([[1.0], np.cumprod(1.0 + changes)])
    return found


def prices(parameters: Parameters, services: Services, frame: Frame) -> Prices:
    """Work out what units cost in each year.

    Args:
        parameters: one draw of the catalogue's rows.
        services: the services of the same draw.
        frame: the years; all pounds are in prices of its base year.

    Returns:
        Unit costs in the base year and their indices.

    Raises:
        CareError: a path misses a year or holds an impossible change; the message names the row.
    """
    base = FinancialYear(frame.base_year)
    first, last = base.start + 1, base.start + frame.years
    pay = yearly(parameters, "price.pay", first, last, change(parameters, "price.pay.long_run"))
    inflation = deflators(parameters, first, last)
    real_pay = index((1.0 + pay) / (1.0 + inflation) - 1.0)
    steps = np.arange(frame.years + 1, dtype=np.float64)
    steps = np.arange(frame.years + 1, dtype=np.float64)[:, None]
    growth = np.array([change(parameters, f"price.real_growth.{line}") for line in LINES])
    kinds = archetypes(parameters)
    parts = kinds.lines[:, 1:] / kinds.lines[:, 1:].sum(axis=1, keepdims=True)
    at = [kinds.ids.index(one) for one in services.archetypes]
    rest = ((1.0 + growth) ** steps @ parts.T)[:, at]
    price = services.pay_share * real_pay[:, None] + (1.0 - services.pay_share) * rest
    return Prices(
        base_year=base,
        unit_cost=services.unit_cost * to_year(parameters, services, base.start),
        price=price,
        productivity=_productivity(parameters, services, base.start, frame.years),
        deflator=index(inflation),
        real_pay=real_pay,
    )


def to_year(parameters: Parameters, services: Services, year: int) -> Array:
    """What a unit's cost in its own year is multiplied by to be that of another year, ``[L]``.

    It rises by what the same inputs cost more and falls by what is done better; before its own
    year, the other way round.
    """
    own = np.array([int(one) for one in services.years])
    low, high = min(int(own.min()), year), max(int(own.max()), year)
    better = change(parameters, "productivity.to_base")
    levels = {}
    for kind in ("nhs", "social_care"):
        cost = yearly(parameters, f"price.cost_growth.{kind}", low + 1, high, None)
        # Nothing shows that social care took less for the same hours or weeks.
        saved = better if kind == "nhs" else 0.0
        levels[kind] = index((1.0 + cost) * (1.0 - saved) - 1.0)
    found = np.empty(len(own))
    for at, (start, setting) in enumerate(zip(own, services.settings, strict=True)):
        level = levels["social_care" if setting == _SOCIAL_CARE else "nhs"]
        found[at] = level[year - low] / level[start - low]
    return found


def _productivity(parameters: Parameters, services: Services, base: int, years: int) -> Array:
    settled = int(parameters.catalogue.row("productivity.settled_to").estimate.value)
    during = change(parameters, "productivity.settlement")
    beyond = change(parameters, "productivity.long_run")
    care = change(parameters, "productivity.social_care")
    nhs = [during if year <= settled else beyond for year in range(base + 1, base + years + 1)]
    rate = {False: np.array(nhs), True: np.full(years, care)}
    found = np.ones((years + 1, len(services.ids)))
    made: dict[tuple[bool, str], Array] = {}
    for at, (setting, name) in enumerate(zip(services.settings, services.archetypes, strict=True)):
        key = (setting == _SOCIAL_CARE, name)
        if key not in made:
            reach = parameters.value(f"productivity.reach.{name}")
            made[key] = index(-rate[key[0]] * reach)
        found[:, at] = made[key]
    return found


def spend(use: Use, prices: Prices) -> Array:
    """What the area's activity costs.

    Args:
        use: the activity.
        prices: what units cost, of the same draw.

    Returns:
        ``[Y, P, 5, L]`` £ in prices of the base year by year, place, quintile and service.
    """
    found: Array = use.activity.sum(axis=3) * prices.cost[:, None, None, :]
    return found


def check_prices(catalogue: Catalogue) -> None:
    """Refuse price paths that no calculation could use.

    Args:
        catalogue: the catalogue, with a project's rows laid over it.

    Raises:
        CareError: the message begins with file and line, and names the check and the row.
    """
    parameters = catalogue.parameters()
    for prefix in (
        "price.pay",
        "price.deflator",
        "price.cost_growth.nhs",
        "price.cost_growth.social_care",
    ):
        for row in path_rows(catalogue, prefix, "price_path_has_every_year").values():
            possible(parameters, row)
    for identity in ("price.pay.long_run", "price.deflator.long_run", "productivity.to_base"):
        change(parameters, identity)
    for stem in ("settlement", "long_run", "social_care"):
        change(parameters, f"productivity.{stem}")
    for row in catalogue.rows("price.real_growth"):
        possible(parameters, row)
    for row in catalogue.rows("productivity.reach"):
        if not 0.0 <= row.estimate.value <= 1.0:
            raise fail(row, "share_is_possible", f"{row.estimate.value:g} is not between 0 and 1.")
