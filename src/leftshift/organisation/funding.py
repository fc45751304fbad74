"""When an option pays back, and for whom, under three ways of paying for redundancy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leftshift.catalogue import Parameters

__all__ = ["SCENARIOS", "VIEWS", "Flow", "flows", "net_present_value", "payback"]

Array = NDArray[np.float64]

SCENARIOS = {
    "central": "Redundancy is paid centrally: the board pays none of it, the public purse all.",
    "overspend": "The board may overspend in the year and earns it back in later years.",
    "absorbed": "The board pays it out of the year's own running costs.",
}
"""The ways of paying for redundancy."""

VIEWS = ("board", "public")
"""Whose money is counted: the board's own, or everyone's (central funding and moved cost too)."""


_MONTHS = 12


@dataclass(frozen=True, slots=True, repr=False)
class Flow:
    """Money by year under one scenario and one view, in pence, each [draws, years].

    Attributes:
        level: what is saved in a whole year from the change of that year on.
        redundancy: cost of redundancy borne by the view, as a negative sum.
        one_off: other one-off cost, negative.
        repayment: the money lent, positive, and what is earned back of it, negative.
        part: the share of a year for which its own change saves.
    """

    level: Array
    redundancy: Array
    one_off: Array
    repayment: Array
    part: float

    @property
    def saving(self) -> Array:
        """What is saved within each year: its own change for a part of it, earlier ones whole."""
        before = np.pad(self.level, ((0, 0), (1, 0)))[:, :-1]
        found: Array = before + (self.level - before) * self.part
        return found

    @property
    def net(self) -> Array:
        """All of it."""
        return self.saving + self.redundancy + self.one_off + self.repayment

    @property
    def lines(self) -> Mapping[str, Array]:
        """What a table shows of it, by measure."""
        return {
            "saving": self.saving,
            "redundancy": self.redundancy,
            "one_off": self.one_off,
            "repayment": self.repayment,
            "net": self.net,
            "cumulative": np.cumsum(self.net, axis=1),
        }

    def by_month(self) -> Array:
        """Gives the same money by month, [draws, 12 x years].

        In the month in which a year's change happens its costs are paid and a loan for them is
        received; its saving flows from then on, and a loan is earned back evenly over the year.
        """
        draws, years = self.level.shape
        found = np.zeros((draws, years, _MONTHS))
        start = round(_MONTHS * (1.0 - self.part))
        start = min(max(start, 0), _MONTHS - 1)
        before = np.pad(self.level, ((0, 0), (1, 0)))[:, :-1]
        found[:, :, :start] += before[:, :, None] / _MONTHS
        found[:, :, start:] += self.level[:, :, None] / _MONTHS
        found[:, :, start] += self.redundancy + self.one_off + np.maximum(self.repayment, 0.0)
        found += np.minimum(self.repayment, 0.0)[:, :, None] / _MONTHS
        return found.reshape(draws, years * _MONTHS)


def flows(
    saving_board: Array,
    saving_system: Array,
    one_off: Array,
    redundancy: Array,
    parameters: Parameters,
) -> dict[tuple[str, str], Flow]:
    """Works out the money by scenario and view.

    Args:
        saving_board: what the board saves in a whole year from each year on, in pence, [years] or
            [draws, years].
        saving_system: what everyone together saves, likewise.
        one_off: one-off cost beside redundancy, likewise.
        redundancy: cost of redundancy, [draws, years].
        parameters: how long an overspend may be earned back, and when in a year savings begin.

    Returns:
        A flow by (scenario, view). Public money is the same however redundancy is paid for.
    """
    draws, years = redundancy.shape
    wide = np.ones((draws, 1))
    none = np.zeros((draws, years))
    spread = max(round(parameters.value("funding.overspend_years")), 1)
    part = parameters.value("funding.first_year_share")
    found = {}
    for scenario in SCENARIOS:
        found[scenario, "public"] = Flow(
            wide * saving_system, -redundancy, -wide * one_off, none, part
        )
        borne = none if scenario == "central" else -redundancy
        repayment = _lent(redundancy, spread) if scenario == "overspend" else none
        found[scenario, "board"] = Flow(
            wide * saving_board, borne, -wide * one_off, repayment, part
        )
    return found


def _lent(redundancy: Array, spread: int) -> Array:
    """What a board may overspend for a year's redundancy, and earns back in the years after.

    What is still owed in the last year is earned back in it, so that no loan is left out of sight.
    """
    found = redundancy.copy()
    last = redundancy.shape[1] - 1
    for year in range(last + 1):
        for step in range(1, spread + 1):
            found[:, min(year + step, last)] -= redundancy[:, year] / spread
    return found


def net_present_value(net: Array, rate: float) -> Array:
    """Discounts yearly money to the base year.

    Args:
        net: [draws, years], the base year first.
        rate: real discount rate a year.

    Returns:
        One value for each draw.
    """
    found: Array = (net / (1.0 + rate) ** np.arange(net.shape[1])).sum(axis=1)
    return found


def payback(flow: Flow) -> Array:
    """Gives the years from the first cost until everything paid out has come back, for good.

    Args:
        flow: the money.

    Returns:
        Years, to the month, for each draw; 0 where nothing is ever owed, infinity where it has not
        come back by the end.
    """
    monthly = flow.by_month()
    total = np.cumsum(monthly, axis=1)
    owing = total < -100.0
    last = owing.shape[1] - 1 - np.argmax(owing[:, ::-1], axis=1)
    first = np.argmax(monthly < -100.0, axis=1)
    # It is back by the end of the month after the last one that ends in debt.
    found = (last - first + 2) / _MONTHS
    found = np.where(last == owing.shape[1] - 1, np.inf, found)
    result: Array = np.where(owing.any(axis=1), found, 0.0)
    return result
