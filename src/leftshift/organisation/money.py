"""What posts cost, and what a board may spend on itself. All money is in whole pence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from leftshift.catalogue import Parameters

if TYPE_CHECKING:
    from leftshift.organisation.board import Board

__all__ = [
    "BANDS",
    "PRICES",
    "AllowanceRule",
    "Price",
    "allowance",
    "band_of",
    "cap",
    "employer_cost",
    "heads",
]

BANDS = ("2", "3", "4", "5", "6", "7", "8a", "8b", "8c", "8d", "9", "vsm")
"""Agenda for Change bands that a board employs, and very senior managers."""

PRICES = ("2025/26", "2026/27")
"""The years whose pay tables are known."""

_BAND = re.compile(r"(?:band|b|wte)?[ _]?(\d[a-d]?|vsm)", re.IGNORECASE)
_PENNY = Decimal("0.01")


def band_of(text: str) -> str | None:
    """Reads a pay band written as 8a, 8A, b8a or Band 8a; None where there is no such band."""
    found = _BAND.fullmatch(text.strip())
    band = found[1].casefold() if found else ""
    return band if band in BANDS else None


def _decimal(value: float) -> Decimal:
    # A catalogue row is written in decimal digits; its shortest repr gives them back exactly.
    return Decimal(repr(value))


def employer_cost(salary: Decimal, parameters: Parameters, full: bool = False) -> Decimal:
    """Gives what a salary costs its employer in a year.

    Args:
        salary: whole-time salary in pounds a year.
        parameters: gives the on-cost rates.
        full: whether the part of the pension contribution that is paid centrally is counted too.

    Returns:
        Pounds a year, to the penny: salary, National Insurance, apprenticeship levy and pension.
    """
    value = parameters.value
    above = max(salary - _decimal(value("oncost.ni_threshold")), Decimal(0))
    pension = _decimal(value("oncost.pension_local"))
    if full:
        pension += _decimal(value("oncost.pension_central"))
    cost = (
        salary
        + above * _decimal(value("oncost.ni_rate"))
        + salary * _decimal(value("oncost.apprenticeship_levy"))
        + salary * pension
    )
    return cost.quantize(_PENNY, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Price:
    """What one whole-time equivalent costs, by band.

    Attributes:
        salaries: pounds a year by band.
        locals: pence a year that the board pays, by band.
        fulls: pence a year that the public purse pays, by band.
    """

    salaries: Mapping[str, Decimal]
    locals: Mapping[str, int]
    fulls: Mapping[str, int]
    _known: dict[tuple[object, ...], int] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, parameters: Parameters, prices: str = "2025/26") -> Price:
        """Works the prices out.

        Args:
            parameters: gives pay, position in the band and on-costs.
            prices: the year whose pay is used: "2025/26" or "2026/27".
        """
        where = _decimal(parameters.value("pay.position"))
        rise = Decimal(1)
        if prices != PRICES[0]:
            rise += _decimal(parameters.value("pay.uplift.2026_27"))
        salaries = {}
        for band in BANDS:
            stem = "pay.vsm" if band == "vsm" else f"pay.b{band}"
            entry = _decimal(parameters.value(f"{stem}.entry"))
            top = _decimal(parameters.value(f"{stem}.top"))
            salaries[band] = ((entry + (top - entry) * where) * rise).quantize(
                _PENNY, ROUND_HALF_UP
            )
        return cls(
            salaries,
            {band: int(employer_cost(pay, parameters) * 100) for band, pay in salaries.items()},
            {
                band: int(employer_cost(pay, parameters, full=True) * 100)
                for band, pay in salaries.items()
            },
        )

    def salary(self, band: str) -> Decimal:
        """Pounds a year."""
        return self.salaries[band]

    def local(self, band: str) -> int:
        """Pence a year that the board itself pays."""
        return self.locals[band]

    def full(self, band: str) -> int:
        """Pence a year with the pension contribution that is paid centrally."""
        return self.fulls[band]

    def pay(self, wte: Mapping[str, float], full: bool = False) -> int:
        """Pence a year for whole-time equivalents by band, each band to the penny."""
        key = (full, *wte.items())
        if key not in self._known:
            rates = self.fulls if full else self.locals
            self._known[key] = sum(
                int((_decimal(count) * rates[band]).quantize(Decimal(1), ROUND_HALF_UP))
                for band, count in wte.items()
            )
        return self._known[key]


@dataclass(frozen=True, slots=True)
class AllowanceRule:
    """How a board's allowance comes down.

    Attributes:
        per_head: pounds a head at the end of the path; None for the catalogue's cap.
        basis: "head" (registered people) or "weighted".
        by: the label of the year from which the cap holds.
        path: pounds a head in years that the board names itself.
    """

    per_head: Decimal | None = None
    basis: str = "head"
    by: str = "2027/28"
    path: Mapping[str, Decimal] | None = None


def heads(board: Board, basis: str | None = None) -> tuple[int, ...]:
    """Gives the people by whom the allowance is counted, one number for each label.

    They grow as residents do.
    """
    people = board.people
    first = people.weighted if (basis or board.allowance.basis) == "weighted" else people.registered
    return tuple(round(first * total / people.totals[0]) for total in people.totals)


def cap(board: Board, parameters: Parameters, basis: str | None = None) -> tuple[int, ...]:
    """Gives the cap itself, without a path to it, in pence for each label."""
    rule = board.allowance
    rate = rule.per_head
    if rate is None:
        rate = _decimal(parameters.value("running_cost.cap_per_head"))
    change = 1 + _decimal(parameters.value("running_cost.cap_real_change"))
    return tuple(
        _pence(rate * change**year * count) for year, count in enumerate(heads(board, basis))
    )


def allowance(
    board: Board, parameters: Parameters, present: int, basis: str | None = None
) -> tuple[int, ...]:
    """Gives what the board may spend on itself on the way to the cap.

    Args:
        board: the board.
        parameters: gives the cap.
        present: running costs of the base year, in pence.
        basis: "head" or "weighted"; the board's own where it is left out.

    Returns:
        Pence for each label: a straight line for each head from present spend in the base year to
        the cap in the year `by`, and the cap from then on; the board's own path where it has one.
        A board that spends less than the cap may spend the cap.
    """
    rule = board.allowance
    count = heads(board, basis)
    caps = cap(board, parameters, basis)
    reach = board.labels.index(rule.by) if rule.by in board.labels else len(board.labels) - 1
    now = Decimal(present) / max(count[0], 1)
    found = []
    for year, label in enumerate(board.labels):
        end = Decimal(caps[year]) / max(count[year], 1)
        given = (rule.path or {}).get(label)
        if given is not None:
            each = given * 100
        elif year >= reach or now <= end:
            each = end
        else:
            each = now + (end - now) * year / max(reach, 1)
        found.append(int((each * count[year]).quantize(Decimal(1), ROUND_HALF_UP)))
    return tuple(found)


def _pence(pounds: Decimal) -> int:
    return int((pounds * 100).quantize(Decimal(1), ROUND_HALF_UP))
