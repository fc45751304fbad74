"""The tables about staff: who leaves, what it costs, when it pays back. All pass `privacy`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from leftshift.catalogue import Parameters
from leftshift.organisation import funding, privacy
from leftshift.organisation.board import Board
from leftshift.organisation.money import allowance
from leftshift.organisation.redundancy import LEAVING
from leftshift.organisation.results import Array, Evaluated, Rows, add, in_year

__all__ = ["funding_rows", "redundancy_rows"]


def redundancy_rows(rows: Rows, board: Board, one: Evaluated) -> None:
    """Adds who leaves under an option and what it costs, in all years and in each."""
    leaving = one.leaving
    ways = {name: leaving.people[at].sum(axis=1) for at, name in enumerate(LEAVING)}
    years = {label: leaving.dismissed[:, at] for at, label in enumerate(board.labels)}
    away, no_money = _hidden_ways({name: float(found.mean()) for name, found in ways.items()})
    away_years = privacy.hidden({name: float(found.mean()) for name, found in years.items()})
    # Fewer than five may work in all that shrinks: then nothing at all is shown.
    few = 0 < leaving.at_risk < privacy.LEAST
    no_money = few or no_money
    for name, found in ways.items():
        _hideable(rows, one, "", name, "people", found, few or name in away)
    sums = {
        "payments": leaving.payments,
        "notice_pay": leaving.notice,
        "national_insurance": leaving.insurance,
        "total_cost": leaving.cost,
        "protective_award_exposure": leaving.award,
    }
    for name, money in sums.items():
        _hideable(rows, one, "", name, "GBP", money.sum(axis=1), no_money)
    _hideable(rows, one, "", "dismissed", "people", leaving.dismissed.sum(axis=1), no_money)
    for at, label in enumerate(board.labels):
        shut = no_money or label in away_years
        _hideable(rows, one, label, "dismissed", "people", years[label], shut)
        _hideable(rows, one, label, "total_cost", "GBP", leaving.cost[:, at], shut)


def _hidden_ways(mean: Mapping[str, float]) -> tuple[frozenset[str], bool]:
    """Says which ways of leaving are hidden, and whether money about them is.

    The ways are two pairs: those that cost nothing, and the dismissed. First it is asked whether
    the pairs may be shown, and then within each whether its parts may.
    """
    pairs = {"free": LEAVING[:2], "dismissed": LEAVING[2:]}
    away = privacy.hidden(
        {name: sum(mean[part] for part in parts) for name, parts in pairs.items()}
    )
    found: set[str] = set()
    for name, parts in pairs.items():
        if name in away:
            found.update(parts)
        else:
            found |= privacy.hidden({part: mean[part] for part in parts})
    return frozenset(found), "dismissed" in away


def _hideable(
    rows: Rows, one: Evaluated, year: str, measure: str, unit: str, found: Array, hide: bool
) -> None:
    money = unit == "GBP"
    step = privacy.MONEY_STEP if money else privacy.STEP
    ends = np.percentile(found, [2.5, 97.5])
    shown: list[float | None] = [
        privacy.rounded(float(value), step) / (100 if money else 1)
        for value in (found.mean(), ends[0], ends[1])
    ]
    if hide:
        shown = [None, None, None]
    add(
        rows,
        "redundancy",
        option=one.option.id,
        year=year,
        measure=measure,
        unit=unit,
        value=shown[0],
        lower=shown[1],
        upper=shown[2],
        hidden=hide,
    )


def funding_rows(
    rows: Rows, board: Board, one: Evaluated, parameters: Parameters, present: int
) -> None:
    """Adds an option's money by way of paying for redundancy, and what it is worth."""
    leaving = one.leaving
    cost = privacy.safe_cost(leaving.cost, leaving.dismissed, leaving.planned, leaving.average)
    saved = {
        name: np.array(
            [
                sum(getattr(one.effects[function.id, label], name) for function in board.functions)
                for label in board.labels
            ]
        )
        for name in ("saving_board", "saving_system", "one_off")
    }
    rate = parameters.value("funding.discount_rate")
    central = funding.flows(
        saved["saving_board"], saved["saving_system"], saved["one_off"], cost, parameters
    )
    drawn = funding.flows(one.saving_board, one.saving_system, one.one_off, cost, parameters)
    over = np.array(in_year(board, one, parameters)) - np.array(
        allowance(board, parameters, present)
    )
    for (scenario, view), flow in central.items():
        shown = dict(flow.lines)
        spread = dict(drawn[scenario, view].lines)
        if view == "board":
            # What the board spends above its allowance once it has paid its part of the change.
            # An agreed overspend is no breach in its year; earning it back weighs on later ones.
            for lines, found in ((shown, flow), (spread, drawn[scenario, view])):
                lines["over_allowance"] = over - found.redundancy - found.one_off - found.repayment
        for measure, values in shown.items():
            for year, label in enumerate(board.labels):
                ends = np.percentile(spread[measure][:, year], [2.5, 97.5])
                value, lower, upper = (
                    privacy.rounded(float(found), privacy.MONEY_STEP) / 100
                    for found in (values[:, year].mean(), ends[0], ends[1])
                )
                add(
                    rows,
                    "funding",
                    option=one.option.id,
                    scenario=scenario,
                    view=view,
                    year=label,
                    measure=measure,
                    unit="GBP",
                    value=value,
                    lower=lower,
                    upper=upper,
                )
        _returns(rows, board, one, (scenario, view), flow, drawn[scenario, view], rate)
    _severance_rows(rows, board, one, cost)


def _returns(
    rows: Rows,
    board: Board,
    one: Evaluated,
    key: tuple[str, str],
    central: funding.Flow,
    drawn: funding.Flow,
    rate: float,
) -> None:
    def ends(found: Array) -> tuple[float, float]:
        low, high = np.percentile(found, [2.5, 97.5], method="inverted_cdf")
        return float(low), float(high)

    worth = float(np.median(funding.net_present_value(central.net, rate)))
    low, high = ends(funding.net_present_value(drawn.net, rate))
    npv, npv_low, npv_high = (
        privacy.rounded(found, privacy.MONEY_STEP) / 100 for found in (worth, low, high)
    )
    years = float(np.median(funding.payback(central)))
    early, late = ends(funding.payback(drawn))
    last = board.labels[-1]
    if not np.any(central.net):
        said = "Nothing is changed, so there is nothing to pay back."
    elif years == 0:
        said = "It costs nothing before it saves."
    elif np.isinf(years):
        said = f"It does not pay back by the end of {last}."
    else:
        until = f"{late:.1f}" if np.isfinite(late) else f"not by the end of {last}"
        said = f"It pays back after {years:.1f} years (95% interval {early:.1f} to {until})."
    common = {"option": one.option.id, "scenario": key[0], "view": key[1]}
    add(
        rows,
        "returns",
        **common,
        measure="npv",
        unit="GBP",
        value=npv,
        lower=npv_low,
        upper=npv_high,
        words=f"To {last}, discounted at {rate:.1%} a year, it is worth "
        f"{_million(npv)} (95% interval {_million(npv_low)} to {_million(npv_high)}).",
    )
    add(
        rows,
        "returns",
        **common,
        measure="payback_years",
        unit="years",
        value=_finite(years),
        lower=_finite(early),
        upper=_finite(late),
        words=said,
    )


def _severance_rows(rows: Rows, board: Board, one: Evaluated, cost: Array) -> None:
    """How soon the posts of those dismissed have earned back what their leaving cost."""
    leaving = one.leaving
    last = board.labels[-1]
    released = sum(one.effects[function.id, last].cost_released for function in board.functions)
    posts = sum(one.effects[function.id, last].wte_released for function in board.functions)
    dismissed = leaving.dismissed.sum(axis=1)
    if posts <= 0 or dismissed.mean() < privacy.LEAST:
        return
    saved = np.maximum(dismissed, 1.0) * released / posts
    years = cost.sum(axis=1) / saved
    low, high = np.percentile(years, [2.5, 97.5])
    mean = float(np.median(years))
    add(
        rows,
        "returns",
        option=one.option.id,
        scenario="central",
        view="public",
        measure="severance_payback_years",
        unit="years",
        value=round(mean, 1),
        lower=round(float(low), 1),
        upper=round(float(high), 1),
        words="The posts of those who are dismissed earn back what their leaving costs in "
        f"{mean:.1f} years (95% interval {low:.1f} to {high:.1f}).",
    )


def _finite(value: float) -> float | None:
    return round(value, 1) if np.isfinite(value) else None


def _million(pounds: float) -> str:
    sign = "-" if pounds < 0 else ""
    return f"{sign}£{abs(pounds) / 1e6:,.2f}m"
