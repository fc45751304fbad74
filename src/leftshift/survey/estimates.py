"""Shares, nets and means with their intervals, and how groups differ within a wave."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from leftshift.survey import distributions as dist
from leftshift.survey.codebook import Question, Wave
from leftshift.survey.intervals import (
    Interval,
    Spread,
    benjamini_hochberg,
    fisher,
    holm,
    mean_interval,
    share_interval,
    spread,
)
from leftshift.survey.sample import Measure, Sample, Samples

__all__ = [
    "Difference",
    "Estimate",
    "adjusted",
    "contrasts",
    "difference",
    "estimate",
    "estimates",
    "frame_of",
    "response",
]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure of a sample, in percent for shares and nets.

    Attributes:
        value: the figure.
        interval: its interval.
        spread: shares from 0 to 1, or scores: the mean and its variance.
        count: how many count, or None for a mean.
        population: how many there are to be asked, or None.
    """

    value: float
    interval: Interval
    spread: Spread
    count: int | None
    population: int | None


def estimate(
    sample: Sample,
    measure: Measure,
    question: Question,
    level: float,
    method: str,
    weighted: bool = False,
) -> Estimate | None:
    """Estimates a figure of a question from a sample.

    Args:
        sample: who answered.
        measure: which figure.
        question: gives the limits of a mean.
        level: confidence level.
        method: "exact" or "wilson", for shares.
        weighted: whether respondents count by their weights.

    Returns:
        The figure; None where nobody answered.
    """
    values, inside = sample.outcome(measure)
    if not inside.any():
        return None
    values, clusters = values[inside], sample.clusters[inside]
    found = spread(values, clusters, sample.weights[inside] if weighted else None)
    population = sample.population
    if population is not None:
        population = max(population, found.base)
    if measure.kind == "mean":
        if population is not None and found.base < sample.base:
            population = max(found.base, round(population * found.base / sample.base))
        interval = mean_interval(found, population, level, _limits(question))
        return Estimate(found.mean, interval, found, None, population)
    interval = share_interval(found, population, level, method, weighted)
    percent = Interval(_percent(interval.lower), _percent(interval.upper), interval.method)
    count = int(values.sum())
    return Estimate(100.0 * found.mean, percent, found, count, population)


def _percent(share: float | None) -> float | None:
    return None if share is None else 100.0 * share


def _limits(question: Question) -> tuple[float | None, float | None]:
    if question.kind == "number":
        return question.minimum, question.maximum
    scores = [one.score for one in question.options if one.score is not None]
    return min(scores), max(scores)


def frame_of(rows: list[dict[str, Any]], schema: dict[str, Any]) -> pl.DataFrame:
    """Makes a frame of rows, also where there are none."""
    return pl.DataFrame(rows, schema=schema, orient="row")


_ESTIMATES = {
    **dict.fromkeys(
        ("wave", "question", "group_by", "group", "measure", "option", "weighting", "unit"),
        pl.String,
    ),
    **dict.fromkeys(("value", "lower", "upper"), pl.Float64),
    **dict.fromkeys(("count", "base", "frame", "systems"), pl.Int64),
    **dict.fromkeys(("design_effect", "effective_base"), pl.Float64),
    **dict.fromkeys(("method", "status"), pl.String),
}


def estimates(samples: Samples, weighted_waves: set[str]) -> pl.DataFrame:
    """Estimates every figure of every question in every wave and group.

    Args:
        samples: the cleaned survey.
        weighted_waves: waves in which a weighted figure stands beside each.

    Returns:
        `survey_estimates`, before cells are suppressed.
    """
    codebook = samples.cleaned.codebook
    rows: list[dict[str, Any]] = []
    for wave in codebook.waves:
        ways = ["none", "frame"] if wave.id in weighted_waves else ["none"]
        for question in _closed(samples, wave):
            for by, group in samples.groups(wave, question):
                sample = samples.of(wave, question, by, group)
                for measure in samples.measures(question):
                    for way in ways:
                        one = estimate(
                            sample,
                            measure,
                            question,
                            codebook.level,
                            codebook.interval,
                            way == "frame",
                        )
                        if one is not None:
                            about = (wave.id, question.id, by, group, measure, way)
                            rows.append(_row(one, *about))
    return frame_of(rows, _ESTIMATES)


def _closed(samples: Samples, wave: Wave) -> list[Question]:
    return [
        one
        for one in samples.cleaned.codebook.questions
        if one.kind != "text" and (not one.waves or wave.id in one.waves)
    ]


def _row(
    one: Estimate, wave: str, question: str, by: str, group: str, measure: Measure, way: str
) -> dict[str, Any]:
    effect = one.spread.design_effect
    return {
        "wave": wave,
        "question": question,
        "group_by": by,
        "group": group,
        "measure": measure.kind,
        "option": measure.option,
        "weighting": way,
        "unit": measure.unit,
        "value": one.value,
        "lower": one.interval.lower,
        "upper": one.interval.upper,
        "count": None if way == "frame" else one.count,
        "base": one.spread.base,
        "frame": one.population,
        "systems": one.spread.clusters,
        "design_effect": effect,
        "effective_base": None if effect is None else one.spread.base / max(effect, 1.0),
        "method": one.interval.method,
        "status": "shown",
    }


@dataclass(frozen=True, slots=True)
class Difference:
    """How two samples differ, in percentage points or scores, the first minus the second."""

    value: float
    lower: float | None
    upper: float | None
    p_value: float
    method: str


def difference(
    first: tuple[Sample, Estimate],
    second: tuple[Sample, Estimate],
    measure: Measure,
    level: float,
    shared: tuple[list[str], list[str]],
) -> Difference:
    """Compares two samples that share no respondent's answer.

    The interval describes the finite population, so it takes the finite population correction; the
    p-value asks whether chance alone could make such groups, for which Cochran (1977, section
    2.14) leaves it out.

    Args:
        first: a sample and its estimate.
        second: the other.
        measure: which figure.
        level: confidence level.
        shared: the cluster of every respondent of either, where the same text means the same one.

    Returns:
        The difference. Shares: the interval is Newcombe's (1998, method 10), from the intervals of
        both; the p-value is the larger of Fisher's exact test and the clustered t test.
    """
    (one, of_one), (two, of_two) = first, second
    gap = of_one.value - of_two.value
    values, parts, groups = [], [], []
    finite = []
    for sign, sample, found, names in ((1, one, of_one, shared[0]), (-1, two, of_two, shared[1])):
        outcome, inside = sample.outcome(measure)
        outcome = outcome[inside]
        base = len(outcome)
        rest = 1.0 if found.population is None else max(0.0, 1.0 - base / found.population)
        # n / (n - 1), so that without clusters this is the usual variance of two means.
        scale = math.sqrt(base / (base - 1)) if base > 1 else 1.0
        part = sign * scale * (outcome - outcome.mean()) / base
        parts.append(part)
        finite.append(part * math.sqrt(rest))
        groups += [name for name, keep in zip(names, inside, strict=True) if keep]
        values.append(outcome)
    variance, clusters = _clustered(np.concatenate(parts), groups)
    scale = 100.0 if measure.kind != "mean" else 1.0
    error = scale * math.sqrt(variance)
    df = float(max(clusters - 1, 1))
    if error > 0.0:
        p_value = dist.t_tail(gap / error, df)
    else:
        p_value = 1.0 if abs(gap) < 1e-12 else 0.0
    if measure.kind != "mean":
        hits = [int(outcome.sum()) for outcome in values]
        exact = fisher(hits[0], len(values[0]), hits[1], len(values[1]))
        lower, upper = _newcombe(of_one, of_two, gap)
        return Difference(gap, lower, upper, max(p_value, exact), "newcombe, fisher")
    if min(len(values[0]), len(values[1])) < 2:
        return Difference(gap, None, None, 1.0, "none")
    narrow, _ = _clustered(np.concatenate(finite), groups)
    half = dist.t_quantile(0.5 + 0.5 * level, df) * math.sqrt(narrow)
    return Difference(gap, gap - half, gap + half, p_value, "t")


def _clustered(
    parts: np.ndarray[Any, np.dtype[np.float64]], groups: list[str]
) -> tuple[float, int]:
    """The variance of a sum of parts: the larger of that with and without clusters."""
    sums: dict[str, float] = defaultdict(float)
    for part, name in zip(parts, groups, strict=True):
        sums[name] += float(part)
    count = len(sums)
    alone = float(parts @ parts)
    if count < 2:
        return alone, len(parts)
    together = math.fsum(one * one for one in sums.values()) * count / (count - 1)
    return max(alone, together), count


def _newcombe(one: Estimate, two: Estimate, gap: float) -> tuple[float | None, float | None]:
    ends = (one.interval.lower, one.interval.upper, two.interval.lower, two.interval.upper)
    if any(end is None for end in ends):
        return None, None
    low_one, high_one, low_two, high_two = (end for end in ends if end is not None)
    lower = gap - math.hypot(one.value - low_one, high_two - two.value)
    upper = gap + math.hypot(high_one - one.value, two.value - low_two)
    return max(-100.0, lower), min(100.0, upper)


_CONTRASTS = {
    **dict.fromkeys(
        ("wave", "question", "group_by", "group", "measure", "option", "unit"), pl.String
    ),
    **dict.fromkeys(
        ("value", "others", "difference", "lower", "upper", "p_value", "p_holm", "p_bh"),
        pl.Float64,
    ),
    "family": pl.String,
    **dict.fromkeys(("base", "base_others"), pl.Int64),
    **dict.fromkeys(("method", "status"), pl.String),
}


def contrasts(samples: Samples) -> pl.DataFrame:
    """Compares each group with everyone else who answered and is in a group of that kind.

    A family, within which p-values are adjusted, is one wave, one grouping and one kind of figure.

    Returns:
        `survey_contrasts`, before cells are suppressed.
    """
    codebook = samples.cleaned.codebook
    rows: list[dict[str, Any]] = []
    for wave in codebook.waves:
        for question in _closed(samples, wave):
            by_grouping: dict[str, list[str]] = defaultdict(list)
            for by, group in samples.groups(wave, question):
                by_grouping[by].append(group)
            del by_grouping["all"]
            for by, groups in by_grouping.items():
                held = {group: samples.of(wave, question, by, group) for group in groups}
                for group in groups:
                    others = _together([held[one] for one in groups if one != group])
                    rows += _contrast(samples, wave, question, by, group, held[group], others)
    return adjusted(frame_of(rows, _CONTRASTS))


def _contrast(
    samples: Samples,
    wave: Wave,
    question: Question,
    by: str,
    group: str,
    sample: Sample,
    others: Sample,
) -> list[dict[str, Any]]:
    codebook = samples.cleaned.codebook
    rows = []
    for measure in samples.measures(question):
        pair = [
            estimate(one, measure, question, codebook.level, codebook.interval)
            for one in (sample, others)
        ]
        mine, theirs = pair
        if mine is None or theirs is None or min(mine.spread.base, theirs.spread.base) < 2:
            continue
        names = (_clusters(samples, sample), _clusters(samples, others))
        gap = difference((sample, mine), (others, theirs), measure, codebook.level, names)
        rows.append(
            {
                "wave": wave.id,
                "question": question.id,
                "group_by": by,
                "group": group,
                "measure": measure.kind,
                "option": measure.option,
                "unit": measure.unit,
                "value": mine.value,
                "others": theirs.value,
                "difference": gap.value,
                "lower": gap.lower,
                "upper": gap.upper,
                "p_value": gap.p_value,
                "p_holm": None,
                "p_bh": None,
                "family": f"{wave.id}|{by}|{measure.kind}",
                "base": mine.spread.base,
                "base_others": theirs.spread.base,
                "method": gap.method,
                "status": "shown",
            }
        )
    return rows


def _clusters(samples: Samples, sample: Sample) -> list[str]:
    if not samples.cleaned.codebook.clusters:
        return list(sample.respondents)
    return list(sample.systems)


def _together(parts: list[Sample]) -> Sample:
    counts = [one.population for one in parts]
    known = [count for count in counts if count is not None]
    systems = tuple(system for one in parts for system in one.systems)
    numbers: dict[str, int] = {}
    return Sample(
        respondents=tuple(who for one in parts for who in one.respondents),
        people=tuple(who for one in parts for who in one.people),
        systems=systems,
        clusters=np.array(
            [numbers.setdefault(name, len(numbers)) for name in systems], dtype=np.int64
        ),
        roles=tuple(role for one in parts for role in one.roles),
        weights=np.concatenate([one.weights for one in parts]),
        chosen=tuple(chosen for one in parts for chosen in one.chosen),
        values=np.concatenate([one.values for one in parts]),
        population=sum(known) if len(known) == len(counts) else None,
    )


def adjusted(frame: pl.DataFrame, only: pl.Expr | None = None) -> pl.DataFrame:
    """Fills p_holm and p_bh by family.

    Args:
        frame: rows with p_value and family.
        only: the rows that count as tests; others keep no adjusted value.
    """
    if frame.is_empty():
        return frame
    counts = frame.select(
        (pl.col("p_value").is_not_null() & (only if only is not None else pl.lit(True))).alias("in")
    )["in"].to_list()
    families: dict[str, list[int]] = defaultdict(list)
    for place, (family, inside) in enumerate(zip(frame["family"], counts, strict=True)):
        if inside:
            families[family].append(place)
    p_values = frame["p_value"].to_list()
    first: list[float | None] = [None] * frame.height
    second: list[float | None] = [None] * frame.height
    for places in families.values():
        raw = [p_values[place] for place in places]
        for place, one, two in zip(places, holm(raw), benjamini_hochberg(raw), strict=True):
            first[place], second[place] = one, two
    return frame.with_columns(
        p_holm=pl.Series(first, dtype=pl.Float64), p_bh=pl.Series(second, dtype=pl.Float64)
    )


_RESPONSE = {
    **dict.fromkeys(("wave", "group_by", "group"), pl.String),
    **dict.fromkeys(("frame", "respondents", "complete", "partial"), pl.Int64),
    **dict.fromkeys(("rate", "lowest_weight", "highest_weight"), pl.Float64),
    "status": pl.String,
}


def response(samples: Samples, weights: dict[str, float]) -> pl.DataFrame:
    """Counts who answered, out of how many, by group.

    Returns:
        `survey_response`, before cells are suppressed.
    """
    rows = []
    for wave in samples.cleaned.codebook.waves:
        here = samples.cleaned.respondents.filter(pl.col("wave") == wave.id)
        for by, group in samples.groups(wave):
            inside = here if by == "all" else here.filter(pl.col(by) == group)
            population = samples.population(wave, by, group)
            if population is not None:
                population = max(population, inside.height)
            held = [weights[who] for who in inside["respondent"] if who in weights]
            complete = int(inside["complete"].sum())
            rows.append(
                {
                    "wave": wave.id,
                    "group_by": by,
                    "group": group,
                    "frame": population,
                    "respondents": inside.height,
                    "complete": complete,
                    "partial": inside.height - complete,
                    "rate": 100.0 * inside.height / population if population else None,
                    "lowest_weight": min(held) if held else None,
                    "highest_weight": max(held) if held else None,
                    "status": "shown",
                }
            )
    return frame_of(rows, _RESPONSE)
