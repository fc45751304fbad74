"""Cost and health of a plan set against each other: the rows of table `value`.

A ratio of cost to health means something only where more is paid for more health. Everywhere else
words say what is the case, and no number does: a plan that saves money and improves health has no
cost per QALY, and certainly not a negative one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from leftshift.plans.effects import WHOLE, demand_finite, enum, first_year, intervals
from leftshift.plans.results import Results
from leftshift.plans.worth import PERSPECTIVES, Valuation, costs, present

__all__ = ["QUADRANTS", "quadrants", "value", "years_until"]

Array = NDArray[np.float64]
Whole = NDArray[np.int64]

QUADRANTS: tuple[str, ...] = (
    "no_difference",
    "dominant",
    "dearer_and_better",
    "cheaper_and_worse",
    "dominated",
)
"""Where a plan lies beside the baseline, in the order of :func:`quadrants`."""

_NOTHING, _DOMINANT, _DEARER, _WORSE, _DOMINATED = range(5)
_WORDS = (
    "No difference in cost or health.",
    "Dominant: better, and no dearer.",
    "Dearer and better.",
    "Cheaper and worse.",
    "Dominated: dearer, and no better.",
)
# Differences smaller than this share of the baseline are what floating point leaves of nothing.
_NOISE = 1e-12


def quadrants(qalys: Array, pounds: Array, small: tuple[float, float] = (0.0, 0.0)) -> Whole:
    """Where each pair of differences lies, as positions in :data:`QUADRANTS`.

    Args:
        qalys: QALYs gained, of any shape.
        pounds: £ that it costs more, of the same shape.
        small: differences of QALYs and £ up to which there is none.
    """
    q = np.where(np.abs(qalys) <= small[0], 0.0, qalys)
    c = np.where(np.abs(pounds) <= small[1], 0.0, pounds)
    found: Whole = np.select(
        [
            (q == 0.0) & (c == 0.0),
            (q >= 0.0) & (c <= 0.0),
            (q > 0.0) & (c > 0.0),
            (q < 0.0) & (c < 0.0),
        ],
        [_NOTHING, _DOMINANT, _DEARER, _WORSE],
        _DOMINATED,
    ).astype(np.int64)
    return found


def years_until(cumulated: Array, start: int, small: float = 0.0, strict: bool = True) -> Array:
    """Years from the plan's start until a running total is in the black, and stays so.

    Args:
        cumulated: ``[..., Y]``, in the black where it is above nothing.
        start: the plan's first year.
        small: size up to which a total is nothing.
        strict: whether nothing is not enough.

    Returns:
        ``[...]``: 1 where it is so from the first year on, infinite where it is not so at the end.
    """
    black = cumulated > small if strict else cumulated >= -small
    length = cumulated.shape[-1]
    # The last year in the red, counted from the end.
    back = np.argmax(~black[..., ::-1], axis=-1)
    last = np.where(black.all(axis=-1), -1, length - 1 - back)
    years = np.maximum(last + 1 - start, 0) + 1.0
    found: Array = np.where(last == length - 1, np.inf, years)
    return found


class _Rows:
    """Rows gathered one measure at a time, each for every intervention in every run."""

    def __init__(self, results: Results) -> None:
        self.names = (*results.interventions, WHOLE)
        self.runs: list[Array] = []
        self.keys: list[tuple[str, str, str, str, str]] = []
        self.said: list[Sequence[str]] = []

    def add(
        self,
        perspective: str,
        measure: str,
        unit: str,
        runs: Array,
        *,
        discounting: str = "undiscounted",
        at: str = "",
        said: Sequence[str] | None = None,
    ) -> None:
        self.runs.append(runs)
        self.keys.append((perspective, measure, unit, discounting, at))
        self.said.append(said if said is not None else ("",) * len(self.names))

    def frame(self, arm: str) -> pl.DataFrame:
        stacked = np.stack(self.runs, axis=1)  # [1 + D, N, K + 1]
        rows, k = np.indices(stacked.shape[1:]).reshape(2, -1)
        columns = intervals(stacked.reshape(len(stacked), -1))
        axes = {
            name: enum(name, [key[i] for key in self.keys], rows)
            for i, name in enumerate(("perspective", "measure", "unit", "discounting", "at"))
        }
        frame = pl.DataFrame(
            [
                pl.Series("arm", [arm]).new_from_index(0, len(rows)).alias("arm"),
                enum("intervention", self.names, k),
                axes["perspective"],
                axes["measure"],
                axes["unit"],
                *columns.values(),
                axes["discounting"],
                axes["at"],
                pl.Series("said", [word for words in self.said for word in words]),
            ]
        )
        # Where nothing is given up, there is nothing to say about it either.
        spare = (pl.col("measure") == "saving_per_qaly_forgone") & pl.col("value").is_null()
        return frame.filter(~spare)


def value(results: Results, judged: Valuation, arm: str) -> pl.DataFrame:
    """The rows of table `value`.

    Args:
        results: a plan beside the baseline.
        judged: values of a QALY and discount rates.
        arm: the plan's name.

    Returns:
        Columns arm, intervention ("" for the whole plan), perspective ("" where it is the same
        from all), measure, unit, value, lower, upper, discounting, at (which value of a QALY, ""
        where none is used), said (words, where a number alone would mislead or there is none).

    Raises:
        ModelError: `[not_finite]`.
    """
    demand_finite(results)
    rows = _Rows(results)
    start = first_year(results)
    base_q = float(np.abs(results.place_base[0, ..., results.at("qaly")]).sum())
    base_c = float(np.abs(results.place_base[0, ..., results.at("spend")]).sum())
    small = (_NOISE * base_q, _NOISE * base_c)
    qalys = results.total("qaly")
    health = {way.id: present(qalys, way.health) for way in judged.discountings}
    _of_health(rows, results, health, judged, start, small[0])
    _of_release(rows, results, health, judged, small[1])
    for perspective in PERSPECTIVES:
        flow = costs(results, perspective)
        for way in judged.discountings:
            money = present(flow, way.costs)
            gained, paid = health[way.id].sum(axis=-1), money.sum(axis=-1)
            _of_ratio(rows, perspective, way.id, gained, paid, small)
            _until(
                rows,
                results,
                perspective,
                "payback",
                years_until(-np.cumsum(money, axis=-1), start, small[1], strict=False),
                start,
                discounting=way.id,
                idle=np.atleast_1d((np.abs(money) <= small[1]).all(axis=(0, 2))),
            )
            for worth in judged.worths:
                if perspective in worth.perspectives:
                    net = worth.pounds * health[way.id] - money
                    total = net.sum(axis=-1)
                    rows.add(
                        perspective,
                        "net_monetary_benefit",
                        "£",
                        total,
                        discounting=way.id,
                        at=worth.id,
                    )
                    rows.add(
                        perspective,
                        "net_health_benefit",
                        "QALYs",
                        total / worth.pounds,
                        discounting=way.id,
                        at=worth.id,
                    )
                    _per_pound(
                        rows,
                        perspective,
                        "return_per_pound",
                        worth.pounds * gained,
                        paid,
                        small[1],
                        "It costs no more on balance, so there is no ratio.",
                        discounting=way.id,
                        at=worth.id,
                    )
                    _until(
                        rows,
                        results,
                        perspective,
                        "time_to_net_benefit",
                        years_until(np.cumsum(net, axis=-1), start, small[1]),
                        start,
                        discounting=way.id,
                        at=worth.id,
                    )
    return rows.frame(arm)


def _of_health(
    rows: _Rows,
    results: Results,
    health: dict[str, Array],
    judged: Valuation,
    start: int,
    small: float,
) -> None:
    for way, flow in health.items():
        rows.add("", "qalys", "QALYs", flow.sum(axis=-1), discounting=way)
    lived = results.total("life_years")
    for one in judged.discountings:
        found = present(lived, one.health).sum(axis=-1)
        rows.add("", "life_years", "years of life lived", found, discounting=one.id)
    until = years_until(np.cumsum(results.total("qaly"), axis=-1), start, small)
    _until(rows, results, "", "time_to_benefit", until, start)


def _of_release(
    rows: _Rows, results: Results, health: dict[str, Array], judged: Valuation, small: float
) -> None:
    """Money, room and the value of health to society: three rows beside each other, never added."""
    social = judged.worth("social")
    for way in judged.discountings:
        spent = present(results.total("cost_intervention"), way.costs).sum(axis=-1)
        rows.add("public", "intervention_cost", "£", spent, discounting=way.id)
        kinds = {
            "cash_releasing": ("public", results.total("cash_released"), ""),
            "capacity_releasing": ("public", results.total("capacity_released"), ""),
        }
        found = {
            name: (where, present(flow, way.costs).sum(axis=-1), at)
            for name, (where, flow, at) in kinds.items()
        }
        worth = social.pounds * health[way.id].sum(axis=-1)
        found["social_value"] = ("societal", worth, social.id)
        for name, (where, total, at) in found.items():
            rows.add(where, name, "£", total, discounting=way.id, at=at)
            said = "The intervention itself costs nothing, so there is no ratio."
            _per_pound(
                rows,
                where,
                f"{name}_per_pound",
                total,
                spent,
                small,
                said,
                discounting=way.id,
                at=at,
            )


def _per_pound(
    rows: _Rows,
    perspective: str,
    measure: str,
    gained: Array,
    paid: Array,
    small: float,
    nothing: str,
    *,
    discounting: str,
    at: str,
) -> None:
    """What comes back for each pound, where pounds are paid at all."""
    costly = paid > small
    ratio = np.where(costly, gained / np.where(costly, paid, 1.0), np.nan)
    # An interval needs a ratio in every draw.
    ratio[1:, ~costly.all(axis=0)] = np.nan
    said = ["" if one else nothing for one in costly[0]]
    unit = "£ per £"
    rows.add(perspective, measure, unit, ratio, discounting=discounting, at=at, said=said)


def _of_ratio(
    rows: _Rows,
    perspective: str,
    way: str,
    gained: Array,
    paid: Array,
    small: tuple[float, float],
) -> None:
    rows.add(perspective, "incremental_cost", "£", paid, discounting=way)
    where = quadrants(gained, paid, small)
    same = (where == where[0]).all(axis=0)
    drawn = where[1:] if len(where) > 1 else np.full((1, where.shape[1]), -1)
    shares = np.array([(drawn == q).mean(axis=0) for q in range(len(QUADRANTS))])
    meaningful = (where == _DEARER) | (where == _WORSE)
    ratio = np.where(meaningful, paid / np.where(meaningful, gained, 1.0), np.nan)
    # An interval of a ratio needs every draw to lie where the ratio means the same.
    ratio[1:, ~same] = np.nan
    said = [
        _said(int(where[0, k]), float(ratio[0, k]), [float(share[k]) for share in shares])
        for k in range(where.shape[1])
    ]
    for measure, unit, quadrant in (
        ("icer", "£ per QALY gained", _DEARER),
        ("saving_per_qaly_forgone", "£ saved per QALY given up", _WORSE),
    ):
        held = np.where(where[0] == quadrant, ratio, np.nan)
        if quadrant == _DEARER or np.isfinite(held[0]).any():
            rows.add(perspective, measure, unit, held, discounting=way, said=said)
    for q, share in enumerate(shares):
        # The share over draws is one number, without an interval.
        runs = np.full(gained.shape, np.nan)
        runs[0] = share
        if len(where) > 1:
            rows.add(perspective, f"share_{QUADRANTS[q]}", "share of draws", runs, discounting=way)


def _said(quadrant: int, ratio: float, shares: Sequence[float]) -> str:
    words = _WORDS[quadrant]
    if np.isfinite(ratio) and quadrant == _DEARER:
        words = f"Dearer and better: £{ratio:,.0f} for each QALY gained."
    if np.isfinite(ratio) and quadrant == _WORSE:
        words = f"Cheaper and worse: £{ratio:,.0f} saved for each QALY given up."
    if max(shares) in (0.0, 1.0):
        return words
    parts = [
        f"{_WORDS[q].partition(':')[0].rstrip('.').lower()} {share:.0%}"
        for q, share in enumerate(shares)
        if share > 0.0
    ]
    return f"{words} Of the draws: {', '.join(parts)}."


def _until(
    rows: _Rows,
    results: Results,
    perspective: str,
    measure: str,
    until: Array,
    start: int,
    *,
    discounting: str = "undiscounted",
    at: str = "",
    idle: NDArray[np.bool_] | None = None,
) -> None:
    """Years until something, with the year in words, and how often it never comes."""
    still = idle if idle is not None else np.zeros(until.shape[1], bool)
    until = np.where(still, np.inf, until)
    said = []
    for k, years in enumerate(until[0]):
        if still[k]:
            said.append("Nothing is spent or saved.")
            continue
        never = float(np.isinf(until[1:, k]).mean()) if results.draws else 0.0
        if np.isfinite(years):
            words = f"In {results.years[start + int(years) - 1]}."
            if never > 0.0:
                words += f" Not by {results.years[-1]} in {never:.0%} of the draws."
        else:
            words = f"Not by {results.years[-1]}."
            if results.draws and never < 1.0:
                words += f" By then in {1.0 - never:.0%} of the draws."
        said.append(words)
    unit = "years from the plan's start"
    rows.add(perspective, measure, unit, until, discounting=discounting, at=at, said=said)
