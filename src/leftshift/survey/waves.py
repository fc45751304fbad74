"""How figures changed between waves: the same people, the same systems, or two samples."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from leftshift.survey import distributions as dist
from leftshift.survey.codebook import Question, Wave
from leftshift.survey.estimates import adjusted, difference, estimate, frame_of
from leftshift.survey.intervals import binary_difference, spread
from leftshift.survey.sample import Measure, Sample, Samples

__all__ = ["LEAST_PAIRS", "trends"]

LEAST_PAIRS = 10
"""Fewer pairs than this are never what a change is judged by."""
_MOST_OF_A_WAVE = 0.5
_MOST_OF_THE_PEOPLE = 2.0 / 3.0

_TRENDS = {
    **dict.fromkeys(
        ("from_wave", "to_wave", "question", "group_by", "group", "measure", "option", "pairing"),
        pl.String,
    ),
    "preferred": pl.Boolean,
    "unit": pl.String,
    **dict.fromkeys(
        ("before", "after", "difference", "lower", "upper", "p_value", "p_holm", "p_bh"),
        pl.Float64,
    ),
    "family": pl.String,
    **dict.fromkeys(("base_before", "base_after", "pairs", "rose", "fell"), pl.Int64),
    "same_wording": pl.Boolean,
    **dict.fromkeys(("method", "status"), pl.String),
}

Change = dict[str, Any]


def trends(samples: Samples) -> pl.DataFrame:
    """Compares each wave with the one before it, and the latest with every earlier one.

    Of each change up to three are given: of two samples, of the respondents who answered both
    times, and of the systems from which someone answered both times (each system counts the same).
    `preferred` is the paired one where enough are paired: respondents, where at least ten and half
    of the smaller wave; else systems, where at least ten and two thirds of the respondents of both
    waves are in them. Only preferred rows are tests, adjusted within one pair of waves, one
    grouping and one kind of figure.

    Returns:
        `survey_trends`, before cells are suppressed.
    """
    rows: list[Change] = []
    codebook = samples.cleaned.codebook
    for before, after in _pairs(codebook.waves):
        for question in codebook.questions:
            if question.kind == "text":
                continue
            if question.waves and not {before.id, after.id} <= set(question.waves):
                continue
            groups = set(samples.groups(before, question))
            for by, group in samples.groups(after, question):
                if (by, group) in groups:
                    rows += _changes(samples, before, after, question, by, group)
    return adjusted(frame_of(rows, _TRENDS), pl.col("preferred"))


def _pairs(waves: tuple[Wave, ...]) -> Iterator[tuple[Wave, Wave]]:
    for place in range(1, len(waves)):
        yield waves[place - 1], waves[place]
    for earlier in waves[:-2]:
        yield earlier, waves[-1]


def _changes(
    samples: Samples, before: Wave, after: Wave, question: Question, by: str, group: str
) -> list[Change]:
    then = samples.of(before, question, by, group)
    now = samples.of(after, question, by, group)
    rows = []
    for measure in samples.measures(question):
        found = [
            one
            for one in (
                _unpaired(samples, then, now, measure, question),
                _respondents(samples, then, now, measure),
                _systems(samples, then, now, measure),
            )
            if one is not None
        ]
        best = _preferred(found, then, now)
        for one in found:
            rows.append(
                {
                    "from_wave": before.id,
                    "to_wave": after.id,
                    "question": question.id,
                    "group_by": by,
                    "group": group,
                    "measure": measure.kind,
                    "option": measure.option,
                    "preferred": one is best,
                    "unit": measure.unit,
                    "p_holm": None,
                    "p_bh": None,
                    "family": f"{before.id}>{after.id}|{by}|{measure.kind}",
                    "same_wording": question.wording_in(before.id) == question.wording_in(after.id),
                    "status": "shown",
                    **one,
                }
            )
    return rows


def _preferred(found: list[Change], then: Sample, now: Sample) -> Change | None:
    ways = {one["pairing"]: one for one in found}
    people = ways.get("respondents")
    smaller = min(then.base, now.base)
    if people is not None and people["pairs"] >= max(LEAST_PAIRS, _MOST_OF_A_WAVE * smaller):
        return people
    systems = ways.get("systems")
    if systems is not None and systems["pairs"] >= LEAST_PAIRS:
        both = set(then.systems) & set(now.systems)
        inside = sum(1 for one in (*then.systems, *now.systems) if one in both)
        if inside >= _MOST_OF_THE_PEOPLE * (then.base + now.base):
            return systems
    return ways.get("unpaired")


def _unpaired(
    samples: Samples, then: Sample, now: Sample, measure: Measure, question: Question
) -> Change | None:
    codebook = samples.cleaned.codebook
    was = estimate(then, measure, question, codebook.level, codebook.interval)
    here = estimate(now, measure, question, codebook.level, codebook.interval)
    if was is None or here is None or min(was.spread.base, here.spread.base) < 2:
        return None
    names = (list(now.systems), list(then.systems))
    if not codebook.clusters:
        names = (list(now.respondents), list(then.respondents))
    gap = difference((now, here), (then, was), measure, codebook.level, names)
    return _change(
        "unpaired",
        was.value,
        here.value,
        gap.value,
        gap.lower,
        gap.upper,
        gap.p_value,
        (was.spread.base, here.spread.base),
        None,
        None,
        None,
        gap.method,
    )


def _change(
    pairing: str,
    before: float,
    after: float,
    gap: float,
    lower: float | None,
    upper: float | None,
    p_value: float,
    bases: tuple[int, int],
    pairs: int | None,
    rose: int | None,
    fell: int | None,
    method: str,
) -> Change:
    return {
        "pairing": pairing,
        "before": before,
        "after": after,
        "difference": gap,
        "lower": lower,
        "upper": upper,
        "p_value": p_value,
        "base_before": bases[0],
        "base_after": bases[1],
        "pairs": pairs,
        "rose": rose,
        "fell": fell,
        "method": method,
    }


def _respondents(samples: Samples, then: Sample, now: Sample, measure: Measure) -> Change | None:
    """Compares the answers of those who gave one both times."""
    (old, old_in), (new, new_in) = then.outcome(measure), now.outcome(measure)
    earlier = {who: place for place, who in enumerate(then.people) if who and old_in[place]}
    places = [
        (earlier[who], place)
        for place, who in enumerate(now.people)
        if who in earlier and new_in[place]
    ]
    if len(places) < 2:
        return None
    was = np.array([old[first] for first, _ in places])
    here = np.array([new[second] for _, second in places])
    clusters = np.unique([now.systems[second] for _, second in places], return_inverse=True)[1]
    if not samples.cleaned.codebook.clusters:
        clusters = np.arange(len(places))
    level = samples.cleaned.codebook.level
    found = spread(here - was, clusters.astype(np.int64))
    rose, fell = int((here > was).sum()), int((here < was).sum())
    if measure.kind == "mean":
        return _paired_mean(
            "respondents", was, here, found.variance, found.simple, found.df, level, rose, fell
        )
    effect = max(1.0, found.design_effect or 1.0)
    lower, upper, p_value = binary_difference(rose, fell, len(places), level, effect)
    return _change(
        "respondents",
        100.0 * float(was.mean()),
        100.0 * float(here.mean()),
        100.0 * found.mean,
        100.0 * lower,
        100.0 * upper,
        p_value,
        (len(places), len(places)),
        len(places),
        rose,
        fell,
        "bonett_price, mcnemar",
    )


def _paired_mean(
    pairing: str,
    was: np.ndarray[Any, np.dtype[np.float64]],
    here: np.ndarray[Any, np.dtype[np.float64]],
    variance: float | None,
    simple: float | None,
    df: float,
    level: float,
    rose: int,
    fell: int,
    scale: float = 1.0,
) -> Change:
    gap = float((here - was).mean())
    lower = upper = None
    p_value = 1.0
    if variance is not None and simple is not None:
        error = math.sqrt(max(variance, simple))
        half = dist.t_quantile(0.5 + 0.5 * level, df) * error
        lower, upper = scale * (gap - half), scale * (gap + half)
        if error > 0.0:
            p_value = dist.t_tail(gap / error, df)
        else:
            p_value = 1.0 if abs(gap) < 1e-12 else 0.0
    bases = (len(was), len(here))
    return _change(
        pairing,
        scale * float(was.mean()),
        scale * float(here.mean()),
        scale * gap,
        lower,
        upper,
        p_value,
        bases,
        len(was),
        rose,
        fell,
        "paired_t",
    )


def _systems(samples: Samples, then: Sample, now: Sample, measure: Measure) -> Change | None:
    """Compares the mean of each system from which someone answered both times."""
    was, here = _by_system(then, measure), _by_system(now, measure)
    both = sorted(was.keys() & here.keys())
    if len(both) < 2:
        return None
    old = np.array([was[one][0] for one in both])
    new = np.array([here[one][0] for one in both])
    found = spread(new - old, np.arange(len(both)))
    rose, fell = int((new > old).sum()), int((new < old).sum())
    scale = 1.0 if measure.kind == "mean" else 100.0
    change = _paired_mean(
        "systems",
        old,
        new,
        found.variance,
        found.simple,
        found.df,
        samples.cleaned.codebook.level,
        rose,
        fell,
        scale,
    )
    # The base is people, as everywhere; the pairs are systems.
    change["base_before"] = sum(was[one][1] for one in both)
    change["base_after"] = sum(here[one][1] for one in both)
    return change


def _by_system(sample: Sample, measure: Measure) -> dict[str, tuple[float, int]]:
    values, inside = sample.outcome(measure)
    sums: dict[str, float] = defaultdict(float)
    counts: Counter[str] = Counter()
    for name, value, keep in zip(sample.systems, values, inside, strict=True):
        if keep and not name.startswith("?"):
            sums[name] += float(value)
            counts[name] += 1
    return {name: (sums[name] / counts[name], counts[name]) for name in sums}
