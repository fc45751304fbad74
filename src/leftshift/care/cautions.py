"""What a reader of care's figures must be told, in sentences that the figures themselves decide."""

from __future__ import annotations

from leftshift.care import waits, workforce
from leftshift.care.services import Services
from leftshift.catalogue import Catalogue

__all__ = ["cautions"]

_KNOWN = ("V", "D")


def cautions(catalogue: Catalogue, services: Services, has_own_list: bool) -> list[str]:
    """Sentences for a run's warnings.

    Args:
        catalogue: the layered catalogue.
        services: its services, at central values.
        has_own_list: whether the board's own waiting list stands in place of the estimate.
    """
    said = [_growth(catalogue, services)]
    if not has_own_list:
        said.append(_waits(catalogue))
    return [*(one for one in said if one), *workforce.warnings(catalogue)]


def _growth(catalogue: Catalogue, services: Services) -> str:
    """Cost grows only as far as growth is known: said with what others project."""
    labels = {str(s["id"]): str(s["label"]) for s in catalogue.entities("settings")}
    cost = dict.fromkeys(labels, 0.0)
    supposed = dict.fromkeys(labels, 0.0)
    for entry in catalogue.services():
        one = services.ids.index(entry["id"])
        setting = services.settings[one]
        spent = float(services.total[one] * services.unit_cost[one])
        cost[setting] += spent
        own = catalogue.rows(f"service.{entry['id']}.non_demographic_growth")
        row = own[0] if own else catalogue.row(f"care.growth.{entry.get('growth') or setting}")
        if row.estimate.grade not in _KNOWN:
            supposed[setting] += spent
    unknown = [labels[one] for one in labels if supposed[one] > cost[one] / 2.0]
    if not unknown:
        return ""
    low, high = (
        catalogue.row(f"published.cost_growth.{end}").estimate.value for end in ("low", "high")
    )
    return (
        "Cost grows only as far as figures are known, so money to spare in later years is no "
        "promise: others project that the cost of health care grows by "
        f"{low:g}% to {high:g}% a year above inflation. Growth beyond people, age and illness is "
        "an assumption, mostly that there is none, with a wide interval, for most of: "
        f"{'; '.join(unknown)}."
    )


def _waits(catalogue: Catalogue) -> str:
    """How the estimate of the list did on a year that it was not fitted to."""
    rows = {
        row["measure"]: row
        for row in waits.backtest_summary(catalogue).iter_rows(named=True)
        if row["level"] == "boards"
    }
    row = rows["over_18"]
    worse = row["error"] > row["naive_error"]
    return (
        "The method behind the waiting list, fitted to December 2022 and held against December "
        f"2023, was {row['error']:.0f}% off for a middling board (waits over 18 weeks): "
        + ("further off than" if worse else "nearer than")
        + f" supposing no change ({row['naive_error']:.0f}%)."
        + (" Read the list as a pressure, not as a forecast." if worse else "")
    )
