"""Quantities that carry their meaning: financial years, money with its price base, estimates.

Nothing here knows the NHS or any figure of the catalogue; these are the shapes in which figures
are held.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import total_ordering
from statistics import NormalDist
from typing import Literal, get_args

from leftshift.errors import QuantityError, listed, nearest

__all__ = ["DISTRIBUTIONS", "GRADES", "Distribution", "Estimate", "FinancialYear", "Grade", "Money"]

_LABEL = re.compile(r"(\d{4})/(\d{2})")
_MONEY = re.compile(r"(-?)£?(-?\d[\d,]*(?:\.\d+)?|-?\.\d+)\s*(bn|m|k)?", re.IGNORECASE)
_SCALES = {"": 1.0, "k": 1e3, "m": 1e6, "bn": 1e9}


@total_ordering
@dataclass(frozen=True, slots=True)
class FinancialYear:
    """A year of account, 1 April to 31 March, written as "2025/26".

    Attributes:
        start: the calendar year in which it begins.

    Example:
        >>> FinancialYear("2025/26") + 1
        FinancialYear("2026/27")
    """

    start: int

    def __init__(self, year: str | int | FinancialYear) -> None:
        """Reads a label such as "2025/26", or takes the calendar year in which it begins.

        Args:
            year: the label, the starting calendar year, or another financial year.

        Raises:
            QuantityError: the text is no financial year, or its two halves do not follow.
        """
        object.__setattr__(self, "start", self._parse(year))

    @staticmethod
    def _parse(year: str | int | FinancialYear) -> int:
        if isinstance(year, FinancialYear):
            return year.start
        if isinstance(year, int) and not isinstance(year, bool):
            start = year
        else:
            found = _LABEL.fullmatch(year.strip()) if isinstance(year, str) else None
            if found is None:
                raise QuantityError(
                    f"{year!r} is no financial year. Write it as two years, such as 2025/26."
                )
            start = int(found[1])
            if int(found[2]) != (start + 1) % 100:
                raise QuantityError(
                    f'"{year}" is no financial year: {start} is followed by '
                    f"{(start + 1) % 100:02d}. Write {start}/{(start + 1) % 100:02d}."
                )
        if not 1900 <= start <= 2200:
            raise QuantityError(
                f"{year!r} is no financial year that Leftshift knows: "
                "it must begin between 1900 and 2200."
            )
        return start

    @property
    def label(self) -> str:
        """The year as it is written, such as "2025/26"."""
        return f"{self.start}/{(self.start + 1) % 100:02d}"

    def span(self, years: int) -> Iterator[FinancialYear]:
        """Gives this year and the `years` that follow it: `years + 1` in all."""
        return (self + step for step in range(years + 1))

    def __add__(self, years: int) -> FinancialYear:
        return FinancialYear(self.start + years)

    def __sub__(self, years: int) -> FinancialYear:
        return FinancialYear(self.start - years)

    def __lt__(self, other: object) -> bool:
        return self.start < other.start if isinstance(other, FinancialYear) else NotImplemented

    def __int__(self) -> int:
        return self.start

    def __str__(self) -> str:
        return self.label

    def __repr__(self) -> str:
        return f'FinancialYear("{self.label}")'


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of pounds in the prices of a stated year.

    Amounts in different prices are never added: that would be wrong by the inflation between them.

    Attributes:
        amount: pounds (GBP).
        price_base: the year whose prices these are, or None for cash as paid in the year.

    Example:
        >>> Money.parse("£12m", "2025/26") + Money(500_000, FinancialYear("2025/26"))
        Money(£12.5m, 2025/26 prices)
    """

    amount: float
    price_base: FinancialYear | None = None

    def __post_init__(self) -> None:
        if not math.isfinite(self.amount):
            raise QuantityError(f"{self.amount} is no amount of money: it must be finite.")

    @classmethod
    def parse(cls, text: str, price_base: str | FinancialYear | None = None) -> Money:
        """Reads money as people write it: "£12m", "-£1.5bn", "£3,250", "750k".

        Args:
            text: the amount; £ may be left out; k, m and bn scale it.
            price_base: the year whose prices these are, or None for cash.

        Returns:
            The amount in pounds.

        Raises:
            QuantityError: the text is no amount of money.
        """
        found = _MONEY.fullmatch(text.strip())
        if found is None or (found[1] and found[2].startswith("-")):
            raise QuantityError(
                f'"{text}" is no amount of money. Write it as £12m, £1.5bn or £3,250.'
            )
        pounds = float(found[2].replace(",", "")) * _SCALES[(found[3] or "").lower()]
        base = FinancialYear(price_base) if price_base is not None else None
        return cls(-pounds if found[1] else pounds, base)

    def _same_base(self, other: Money) -> None:
        if self.price_base != other.price_base:
            raise QuantityError(
                f"cannot put together {self!r} and {other!r}: they are in different prices. "
                "Convert one to the other's price base first."
            )

    def __add__(self, other: Money) -> Money:
        self._same_base(other)
        return Money(self.amount + other.amount, self.price_base)

    def __sub__(self, other: Money) -> Money:
        self._same_base(other)
        return Money(self.amount - other.amount, self.price_base)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.price_base)

    def __mul__(self, factor: float) -> Money:
        return Money(self.amount * factor, self.price_base)

    __rmul__ = __mul__

    def __lt__(self, other: Money) -> bool:
        self._same_base(other)
        return self.amount < other.amount

    def __str__(self) -> str:
        size, sign = abs(self.amount), "-" if self.amount < 0 else ""
        for suffix, scale in (("bn", 1e9), ("m", 1e6)):
            if size >= scale:
                return f"{sign}£{size / scale:,.3f}".rstrip("0").rstrip(".") + suffix
        return f"{sign}£{size:,.2f}".removesuffix(".00")

    def __repr__(self) -> str:
        prices = f"{self.price_base} prices" if self.price_base is not None else "cash"
        return f"Money({self}, {prices})"


Distribution = Literal["fixed", "normal", "lognormal", "logitnormal", "uniform", "triangular"]
"""How an estimate's doubt is spread."""

Grade = Literal["V", "D", "R", "A"]
"""How far a figure can be trusted: Verified, Derived, Recalled or Assumed."""

DISTRIBUTIONS: tuple[str, ...] = get_args(Distribution)
GRADES: dict[str, str] = {"V": "verified", "D": "derived", "R": "recalled", "A": "assumed"}

# The 95% interval of a standard normal lies within this many standard deviations of its mean.
_Z95 = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its doubt and its provenance.

    The bounds are the 95% interval; of a uniform or triangular estimate they are its very ends, so
    that a share which cannot pass a limit never does. `value` is the central figure, which a run
    without draws uses; it is the median of a normal, lognormal or logitnormal, and the mode of a
    triangular.

    A normal, lognormal or logitnormal may be lopsided: the half above the value takes its spread
    from `upper` and the half below from `lower` (on the log or logit scale where there is one), so
    that both bounds are met exactly and the median stays the central value.

    Attributes:
        value: the central figure, in `unit`.
        lower: the lower end of the 95% interval, or None where the figure is fixed.
        upper: the upper end of the 95% interval, or None where the figure is fixed.
        distribution: fixed, normal, lognormal, logitnormal, uniform or triangular.
        unit: what it is counted in.
        source: where it comes from.
        as_of: the year or ISO date it describes.
        grade: V (verified), D (derived), R (recalled) or A (assumed).

    Raises:
        QuantityError: the distribution or the grade is unknown, or the bounds do not fit.
    """

    value: float
    lower: float | None = None
    upper: float | None = None
    distribution: str = "fixed"
    unit: str = ""
    source: str = ""
    as_of: str = ""
    grade: str = "A"

    def __post_init__(self) -> None:
        if self.distribution not in DISTRIBUTIONS:
            raise QuantityError(
                f'no distribution called "{self.distribution}".'
                f"{nearest(self.distribution, DISTRIBUTIONS)} Allowed: {listed(DISTRIBUTIONS)}."
            )
        if self.grade not in GRADES:
            raise QuantityError(
                f'no grade called "{self.grade}". Allowed: V (verified), D (derived), '
                "R (recalled), A (assumed)."
            )
        if not math.isfinite(self.value):
            raise QuantityError(f"an estimate's value must be a finite number, not {self.value}.")
        self._check_bounds()

    def _check_bounds(self) -> None:
        if self.lower is None and self.upper is None and self.distribution == "fixed":
            return
        if self.lower is None or self.upper is None:
            raise QuantityError(
                f"a {self.distribution} estimate needs both lower and upper, the ends of its 95% "
                "interval" + (", or neither." if self.distribution == "fixed" else ".")
            )
        if not self.lower <= self.value <= self.upper or not math.isfinite(self.upper - self.lower):
            raise QuantityError(
                f"an estimate's value must lie between finite bounds: "
                f"{self.lower:g} to {self.upper:g} does not hold {self.value:g}."
            )
        if self.distribution == "lognormal" and self.lower <= 0:
            raise QuantityError(
                f"a lognormal estimate must be above 0 throughout, not {self.lower:g}."
            )
        if self.distribution == "logitnormal" and not (self.lower > 0 and self.upper < 1):
            raise QuantityError(
                "a logitnormal estimate must lie between 0 and 1 throughout, not "
                f"{self.lower:g} to {self.upper:g}."
            )

    def at(self, u: float) -> float:
        """Gives the figure at a point of its distribution: the inverse of its cumulative one.

        Args:
            u: a probability between 0 and 1, both left out; uniform over draws.

        Returns:
            The figure, in `unit`. A fixed estimate always gives its value.

        Raises:
            QuantityError: `u` is not between 0 and 1.
        """
        if not 0.0 < u < 1.0:
            raise QuantityError(f"a point of a distribution lies between 0 and 1, not at {u}.")
        if self.distribution == "fixed" or self.lower is None or self.upper is None:
            return self.value
        if self.distribution == "uniform":
            return self.lower + u * (self.upper - self.lower)
        if self.distribution == "triangular":
            return self._triangular(u, self.lower, self.upper)
        z = NormalDist().inv_cdf(u)
        if self.distribution == "normal":
            return self._two_piece(z, self.value, self.lower, self.upper)
        if self.distribution == "lognormal":
            logs = (math.log(x) for x in (self.value, self.lower, self.upper))
            return math.exp(self._two_piece(z, *logs))
        logits = (math.log(x / (1.0 - x)) for x in (self.value, self.lower, self.upper))
        return 1.0 / (1.0 + math.exp(-self._two_piece(z, *logits)))

    @staticmethod
    def _two_piece(z: float, middle: float, lower: float, upper: float) -> float:
        spread = (upper - middle) if z >= 0 else (middle - lower)
        return middle + z * spread / _Z95

    def _triangular(self, u: float, lower: float, upper: float) -> float:
        if lower == upper:
            return self.value
        width, below = upper - lower, self.value - lower
        if u < below / width:
            return lower + math.sqrt(u * width * below)
        return upper - math.sqrt((1.0 - u) * width * (upper - self.value))

    def __str__(self) -> str:
        interval = ""
        if self.distribution != "fixed" and self.lower is not None and self.upper is not None:
            interval = f" ({self.lower:g} to {self.upper:g})"
        return f"{self.value:g}{interval}{' ' + self.unit if self.unit else ''}"
