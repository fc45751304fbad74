"""Who gains and who loses by a plan, and what that is worth: the rows of table `equity`.

Two rules keep demography out of it. A group's gain is divided by the person-years that this group
lives in the baseline, over the same years in which the gain was counted; and levels of lifetime
health come from published quality-adjusted life expectancy, not from the health of those who
happen to be alive, because the least deprived fifths are older.

Distributional cost-effectiveness analysis after Asaria, Griffin and Cookson (Medical Decision
Making 2016;36:8-19): the health that the plan's cost would have brought elsewhere is taken from
those who bear it, and lifetime health before and after is judged by Atkinson's equally distributed
equivalent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from leftshift.catalogue import Parameters
from leftshift.people.life_table import slope_index
from leftshift.plans.effects import WHOLE, bounds, demand_finite, first_year, intervals
from leftshift.plans.results import HEALTH, QUINTILES, SEXES, Results
from leftshift.plans.worth import HEADLINE, PERSPECTIVES, Valuation, present, steps, within

__all__ = [
    "RULES",
    "Fairness",
    "atkinson_weights",
    "equally_distributed",
    "equity",
    "fairness",
]

Array = NDArray[np.float64]

RULES: Final = ("equal_per_head", "health_effect", "public_spending")
"""Who bears the opportunity cost of what a plan costs, the default first.

equal_per_head: every person of the area alike. health_effect: as the health effects of NHS
spending fall on England's fifths (Love-Koh et al. 2020), per head of each fifth of the area; known
for fifths only. public_spending: as public spending on services falls on groups in this run.
"""

_PER: Final = 1000.0
# Lifetime health cannot fall to nothing: only a plan a thousand times a board's budget would.
_LEAST: Final = 1e-3
_RATE: Final = "QALYs per 1,000 person-years"
_LIFETIME: Final = "QALYs over a lifetime"


@dataclass(frozen=True)
class Fairness:
    """Judgements of fairness.

    Attributes:
        aversions: ``[E]`` Atkinson parameters shown, in order, 0 first.
        public: the aversion that was found among the public.
        levels: ``[5]`` quality-adjusted life expectancy at birth, most deprived first.
        health_effect: ``[5]`` how much of the health effect of NHS spending falls on a person of
            each fifth, relative to the average of the five.
    """

    aversions: Array
    public: float
    levels: Array
    health_effect: Array


def fairness(parameters: Parameters) -> Fairness:
    """Reads judgements of fairness from the catalogue; the central values serve every draw.

    Raises:
        CatalogueError: `[figure_out_of_range]`, with file and line.
    """
    public = round(within(parameters, "plans.aversion.atkinson", 0.0, 100.0), 6)
    within(parameters, "plans.aversion.most", 0.0, 100.0)
    mean = within(parameters, "plans.qale.mean", 1.0, 120.0)
    gap = within(parameters, "plans.qale.gap", -mean, mean)
    ends = [
        within(parameters, f"plans.opportunity_cost.{end}", 0.0, 1.0)
        for end in ("most_deprived", "least_deprived")
    ]
    line = np.linspace(0.0, 1.0, QUINTILES)
    shares = ends[0] + (ends[1] - ends[0]) * line
    return Fairness(
        np.unique(np.round(np.append(steps(parameters, "plans.aversion", "most"), public), 6)),
        public,
        mean + gap * (line - 0.5),
        shares / max(float(shares.mean()), 1e-12),
    )


def equally_distributed(levels: Array, shares: Array, aversion: float) -> Array:
    """Atkinson's equally distributed equivalent: the level that, had by all, is as good.

    Atkinson, Journal of Economic Theory 1970;2:244-263.

    Args:
        levels: ``[..., G]`` positive levels of health.
        shares: ``[..., G]`` shares of people, summing to 1.
        aversion: 0 or more; 0 gives the mean.

    Returns:
        ``[...]``, in the unit of the levels.
    """
    mean = (shares * levels).sum(axis=-1)
    # Relative to the mean, so that no power is too large to hold.
    relative = np.log(np.where(shares > 0.0, levels / mean[..., None], 1.0))
    power = 1.0 - aversion
    if abs(power) < 1e-9:
        even: Array = mean * np.exp((shares * relative).sum(axis=-1))
        return even
    found: Array = mean * (shares * np.exp(power * relative)).sum(axis=-1) ** (1.0 / power)
    return found


def atkinson_weights(levels: Array, shares: Array, aversion: float) -> Array:
    """What a QALY of each group counts, where one gained by everyone alike counts one.

    In proportion to the slope of the equally distributed equivalent in the group's level.

    Args:
        levels: ``[G]`` levels of lifetime health.
        shares: ``[..., G]`` shares of people, summing to 1.
        aversion: 0 or more; 0 weighs all alike.

    Returns:
        ``[..., G]`` weights, whose mean over people is 1.
    """
    raw = (levels / levels.mean()) ** -aversion
    found: Array = raw / (shares * raw).sum(axis=-1, keepdims=True)
    return found


@dataclass(frozen=True)
class _Groups:
    """One way to divide people, over the plan's years (R = 1 + D runs, K + 1, Y years, G)."""

    kind: str
    ids: tuple[str, ...]
    effect: Array  # [R, K + 1, Y, G, M]
    base: Array  # [R, Y, G, M]
    people: Array  # [R, Y, G]
    measures: tuple[str, ...]  # [M]


def _divisions(results: Results, start: int) -> list[_Groups]:
    fifths = tuple(str(q + 1) for q in range(QUINTILES))
    return [
        _Groups(
            "quintile",
            fifths,
            results.quintile_effect[:, :, start:],
            results.quintile_base[:, start:],
            results.people_quintile[:, start:],
            results.measures,
        ),
        _Groups(
            "place",
            results.places,
            results.place_effect[:, :, start:],
            results.place_base[:, start:],
            results.people_place[:, start:],
            results.measures,
        ),
        _Groups(
            "sex",
            SEXES,
            results.sex_effect[:, :, start:],
            results.sex_base[:, start:],
            results.people_sex[:, start:],
            HEALTH,
        ),
    ]


class _Rows:
    """Rows gathered one measure at a time, each for every intervention in every run."""

    def __init__(self, results: Results) -> None:
        self.names = (*results.interventions, WHOLE)
        self.runs: list[Array] = []
        self.keys: list[tuple[str, ...]] = []

    def add(
        self,
        where: tuple[str, str],
        measure: str,
        unit: str,
        runs: Array,
        *,
        rule: str = "",
        at: str = "",
        said: Sequence[str] = (),
    ) -> None:
        """Rows for each intervention (``[R, K + 1]``), or one for all (``[R]``)."""
        if runs.ndim == 1:
            self.runs.append(runs[:, None])
            self.keys.append((*where, measure, unit, WHOLE, rule, at, ""))
            return
        self.runs.append(runs)
        words = said or ("",) * len(self.names)
        self.keys += [
            (*where, measure, unit, name, rule, at, word)
            for name, word in zip(self.names, words, strict=True)
        ]

    def frame(self, arm: str) -> pl.DataFrame:
        columns = intervals(np.concatenate(self.runs, axis=1))
        names = ("group_kind", "group", "measure", "unit", "intervention", "rule", "at", "said")
        keys = {
            name: pl.Series(name, [key[i] for key in self.keys], dtype=pl.String())
            for i, name in enumerate(names)
        }
        held = pl.DataFrame(list({**keys, **columns}.values()))
        # A group that no one lives in has no rate, and no row.
        return held.filter(pl.col("value").is_not_null()).select(
            pl.lit(arm).alias("arm"),
            *names[:4],
            "value",
            "lower",
            "upper",
            *names[4:],
        )


def equity(results: Results, judged: Valuation, fair: Fairness, arm: str) -> pl.DataFrame:
    """The rows of table `equity`.

    Gains by group are not discounted. What is set against cost (net gains, equally distributed
    equivalents) is, as the Green Book has it, and so are the person-years that it is divided by;
    costs are from the perspective of the NHS and social care, and health forgone at its
    opportunity cost. Sexes have gains alone: what each of them costs is not worked out.

    Args:
        results: a plan beside the baseline.
        judged: values of a QALY and discount rates.
        fair: aversion to inequality, levels of lifetime health, and who bears the cost.
        arm: the plan's name.

    Returns:
        Columns arm, group_kind (`all` beside quintile, place and sex), group, measure, unit, value,
        lower, upper, intervention ("" for the whole plan), rule (who bears the opportunity cost),
        at (aversion to inequality), said.

    Raises:
        ModelError: `[not_finite]`.
    """
    demand_finite(results)
    rows = _Rows(results)
    start = first_year(results)
    for groups in _divisions(results, start):
        _gains(rows, groups)
        if groups.kind == "sex":
            continue
        net = _net_gains(rows, results, judged, fair, groups, start)
        if groups.kind == "quintile":
            _slopes(rows, results, groups)
            _judged(rows, results, judged, fair, groups, start, net)
    return rows.frame(arm)


def _rate(total: Array, lived: Array) -> Array:
    """Per 1,000 person-years of the same group; not a number where no one lives."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Array = np.where(lived > 0.0, _PER * total / lived, np.nan)
    return found


def _gains(rows: _Rows, groups: _Groups) -> None:
    lived = groups.people.sum(axis=1)  # [R, G]
    total = groups.effect.sum(axis=2)  # [R, K + 1, G, M]
    wanted = (
        ("qaly", "qaly_gain", "QALYs", 1.0),
        ("life_years", "life_years_gain", "years of life lived", 1.0),
        ("deaths", "deaths_averted", "deaths", -1.0),
        ("cost_intervention", "intervention_cost", "£", 1.0),
    )
    for g, group in enumerate(groups.ids):
        where = (groups.kind, group)
        rows.add(where, "person_years", "person-years", lived[:, g])
        for measure, name, unit, sign in wanted:
            if measure not in groups.measures:
                continue
            gained = sign * total[:, :, g, groups.measures.index(measure)] + 0.0
            rate = _rate(gained, lived[:, None, g])
            said = _gainers(rate) if name == "qaly_gain" else ()
            rows.add(where, name, unit, gained)
            rows.add(
                where, f"{name}_per_1000_person_years", f"{unit} per 1,000 person-years", rate,
                said=said,
            )  # fmt: skip


def _gainers(rate: Array) -> list[str]:
    """Whether a group gains, in words, for each intervention (``[R, K + 1]``)."""
    found = bounds(rate)
    said = []
    for k, middle in enumerate(rate[0]):
        words = "gains" if middle > 0.0 else "loses" if middle < 0.0 else "neither gains nor loses"
        either = found is not None and found[0][k] <= 0.0 <= found[1][k] and middle != 0.0
        said.append(f"{words}, but it could be either" if either else words)
    return said


def _bearing(
    groups: _Groups, lived: Array, spent: Array, fair: Fairness, rule: str
) -> Array | None:
    """Each group's share of the opportunity cost, ``[R, G]``; None where the rule says nothing."""
    if rule == "equal_per_head":
        weight = lived
    elif rule == "public_spending":
        weight = np.maximum(spent, 0.0)
    elif groups.kind == "quintile":
        weight = lived * fair.health_effect
    else:
        return None
    total = weight.sum(axis=-1, keepdims=True)
    shares: Array = np.where(total > 0.0, weight / np.where(total > 0.0, total, 1.0), 0.0)
    return shares


def _net_gains(
    rows: _Rows,
    results: Results,
    judged: Valuation,
    fair: Fairness,
    groups: _Groups,
    start: int,
) -> dict[str, Array]:
    """Health gained less health forgone by each group, ``[R, K + 1, G]`` by rule."""
    perspective, way = HEADLINE
    rates = judged.discounting(way)
    wide = _as_of_base(groups.effect[..., results.at("qaly")], rates.health, start)
    gained = wide.sum(axis=2)
    pounds = np.zeros(groups.effect.shape[:2])
    for measure, sign in PERSPECTIVES[perspective]:
        flow = groups.effect[..., results.at(measure)].sum(axis=3, keepdims=True)
        pounds += sign * _as_of_base(flow, rates.costs, start).sum(axis=(2, 3))
    forgone = pounds / judged.worth("opportunity_cost").pounds
    # Health is counted as of the base year, and so are the years of life that it is divided by:
    # else a group that grows would seem to gain less than one that shrinks.
    lived = _as_of_base(groups.people, rates.health, start).sum(axis=1)
    spent = _as_of_base(groups.base[..., results.at("spend")], rates.costs, start).sum(axis=1)
    found: dict[str, Array] = {}
    for rule in RULES:
        shares = _bearing(groups, lived, spent, fair, rule)
        if shares is None:
            continue
        borne = shares[:, None, :] * forgone[..., None]
        net = gained - borne
        found[rule] = net
        for g, group in enumerate(groups.ids):
            where = (groups.kind, group)
            rows.add(where, "opportunity_cost_share", "share", shares[:, g], rule=rule)
            rows.add(where, "qalys_forgone", "QALYs", borne[..., g], rule=rule)
            rows.add(where, "net_qaly_gain", "QALYs", net[..., g], rule=rule)
            rate = _rate(net[..., g], lived[:, None, g])
            name = "net_qaly_gain_per_1000_person_years"
            rows.add(where, name, _RATE, rate, rule=rule, said=_gainers(rate))
    return found


def _as_of_base(flow: Array, rate: float, start: int) -> Array:
    """A flow over the plan's years ``[..., Y, G]`` as it counts in the run's base year."""
    turned = np.moveaxis(flow, -2, -1)
    found: Array = np.moveaxis(present(turned, rate), -1, -2) * (1.0 + rate) ** -start
    return found


def _slopes(rows: _Rows, results: Results, groups: _Groups) -> None:
    """The gradient of QALYs lived per person-year before and after, and its change."""
    lived = groups.people.sum(axis=1)
    before = groups.base[..., results.at("qaly")].sum(axis=1)
    gained = groups.effect[..., results.at("qaly")].sum(axis=2)
    where = ("all", "")
    start = slope_index(np.nan_to_num(_rate(before, lived)), lived)
    change = slope_index(np.nan_to_num(_rate(gained, lived[:, None])), lived[:, None])
    rows.add(where, "slope_index_before", _RATE, start)
    rows.add(where, "slope_index_after", _RATE, start[:, None] + change)
    said = [
        "The gap narrows."
        if one < 0.0
        else "The gap widens."
        if one > 0.0
        else "The gap stays as it is."
        for one in change[0]
    ]
    rows.add(where, "slope_index_change", _RATE, change, said=said)


def _judged(
    rows: _Rows,
    results: Results,
    judged: Valuation,
    fair: Fairness,
    groups: _Groups,
    start: int,
    net: dict[str, Array],
) -> None:
    """Lifetime health before and after, and what it is worth at each aversion to inequality."""
    where = ("all", "")
    rate = judged.discounting(HEADLINE[1]).health
    lived = _as_of_base(groups.people, rate, start).sum(axis=1)  # [R, 5]
    everyone = lived.sum(axis=-1, keepdims=True)
    people = lived / np.where(everyone > 0.0, everyone, 1.0)
    # A gain in each year of life, had for a lifetime. The same years of life for every fifth: a
    # gain that is the same for everyone must leave everyone's lifetime better by the same.
    had = _as_of_base(groups.base[..., results.at("qaly")], rate, start).sum(axis=(1, 2))
    quality = had / np.maximum(everyone[:, 0], 1e-12)
    lifetime = (people * fair.levels).sum(axis=-1) / np.where(quality > 0.0, quality, 1.0)
    marks = [f"{aversion:.10g}" for aversion in fair.aversions]
    levels = np.broadcast_to(fair.levels, people.shape)
    before = [equally_distributed(levels, people, one) for one in fair.aversions]
    weights = [atkinson_weights(fair.levels, people, one) for one in fair.aversions]
    for at, held, weight in zip(marks, before, weights, strict=True):
        rows.add(where, "equally_distributed_before", _LIFETIME, held, at=at)
        for g, group in enumerate(groups.ids):
            rows.add(("quintile", group), "equity_weight", "ratio", weight[:, g], at=at)
    for rule, gained in net.items():
        each = np.where(lived > 0.0, lived, 1.0)[:, None]
        change = np.where(lived[:, None] > 0.0, gained / each, 0.0) * lifetime[:, None, None]
        after = np.maximum(fair.levels + change, _LEAST)
        mean = (people[:, None] * (after - fair.levels)).sum(axis=-1)
        total = gained.sum(axis=-1)
        rows.add(where, "net_health_benefit", "QALYs", total, rule=rule)
        rows.add(where, "mean_lifetime_gain", _LIFETIME, mean, rule=rule)
        for at, one, held, weight in zip(marks, fair.aversions, before, weights, strict=True):
            better = equally_distributed(after, people[:, None], one) - held[:, None]
            impact = better - mean if one > 0.0 else np.zeros_like(better)
            said = _quadrant(mean[0], impact[0]) if one == fair.public else ()
            rows.add(where, "equally_distributed_gain", _LIFETIME, better, rule=rule, at=at)
            rows.add(where, "equity_impact", _LIFETIME, impact, rule=rule, at=at, said=said)
            weighed = (weight[:, None] * gained).sum(axis=-1)
            rows.add(where, "equity_weighted_net_qalys", "QALYs", weighed, rule=rule, at=at)


def _quadrant(health: Array, impact: Array) -> list[str]:
    """Whether a plan adds to health, and whether it makes health more equal, in words."""
    said = []
    for h, e in zip(health, impact, strict=True):
        if h == 0.0 and e == 0.0:
            said.append("Changes neither health nor how equal it is.")
            continue
        first = "More health" if h > 0.0 else "Less health" if h < 0.0 else "As much health"
        second = "more equal" if e > 0.0 else "less equal" if e < 0.0 else "as equal"
        link = "and" if (h >= 0.0) == (e >= 0.0) else "but"
        said.append(f"{first}, {link} {second}.")
    return said
