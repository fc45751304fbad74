"""Does what leaders say go with how their systems do? Rank correlations, and how far they reach.

Both sides are ranked, so that neither the distance between "fairly" and "very" nor a few extreme
systems decide. A correlation has a permutation p-value and a bootstrap interval, is adjusted for
confounders where some are named (partial rank correlation), and is one of many, so that the rate
of false discoveries among them is held (Benjamini and Hochberg 1995). It is never a cause.

Only correlations leave this module, never a system's own composite: most systems have one or two
respondents.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from leftshift.errors import nearest
from leftshift.survey.indicators import Indicator, read_indicators

if TYPE_CHECKING:
    from leftshift.catalogue import Catalogue
    from leftshift.survey.cleaning import Cleaned
    from leftshift.survey.codebook import Codebook
    from leftshift.survey.problems import Problems

__all__ = [
    "NOT_A_CAUSE",
    "Association",
    "associate",
    "false_discoveries",
    "method",
    "partial_rank_correlation",
    "rank_correlation",
    "ranks",
    "seen_with",
    "tables",
]

Array = NDArray[np.float64]

NOT_A_CAUSE = (
    "An association is not a cause. Leaders may be confident because their system does well, or "
    "it may do well because they are; something else may lie behind both; or it may be chance."
)

#: Variance of the Fisher transform of a rank correlation is this over n - 3 (Fieller, Hartley and
#: Pearson 1957), a little above the one of a correlation of measurements.
_FIELLER = 1.06
#: Fewer systems than this say nothing, and could be told apart.
LEAST_SYSTEMS = 10


def ranks(values: Array) -> Array:
    """Ranks along the last axis from 1, ties sharing their mean rank.

    Args:
        values: numbers, float64[..., n].

    Returns:
        float64[..., n].
    """
    flat = np.ascontiguousarray(values, dtype=np.float64)
    flat = flat.reshape(-1, flat.shape[-1])
    out = np.empty_like(flat)
    step = max(1, 4_000_000 // max(1, flat.shape[1] ** 2))
    for start in range(0, len(flat), step):
        part = flat[start : start + step]
        below = (part[:, None, :] < part[:, :, None]).sum(axis=2)
        equal = (part[:, None, :] == part[:, :, None]).sum(axis=2)
        out[start : start + step] = below + (equal + 1) / 2.0
    return np.asarray(out.reshape(values.shape))


def _unit(values: Array) -> Array:
    """Values less their mean, over their length; nothing where they are all alike."""
    centred = values - values.mean(axis=-1, keepdims=True)
    length = np.sqrt((centred**2).sum(axis=-1, keepdims=True))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(length > 1e-9, centred / length, np.nan))


def _left_over(values: Array, confounders: Array) -> Array:
    """What of each row of ranks a straight line on the confounders' ranks leaves over.

    Shapes: values float64[b, n], confounders float64[b, k, n].
    """
    if confounders.shape[1] == 0:
        return np.asarray(values - values.mean(axis=1, keepdims=True))
    ones = np.ones((len(values), 1, values.shape[1]))
    design = np.concatenate([ones, confounders], axis=1).transpose(0, 2, 1)
    fitted = design @ np.linalg.pinv(design) @ values[:, :, None]
    return np.asarray(values - fitted[:, :, 0], dtype=np.float64)


def _rho(x: Array, y: Array, confounders: Array) -> Array:
    """Partial rank correlation of each row; float64[b]."""
    left = _unit(_left_over(ranks(x), ranks(confounders)))
    right = _unit(_left_over(ranks(y), ranks(confounders)))
    return np.asarray(np.clip((left * right).sum(axis=1), -1.0, 1.0))


def rank_correlation(x: Array, y: Array) -> float:
    """Spearman's rank correlation; NaN where either side is all alike."""
    return partial_rank_correlation(x, y, np.empty((0, len(x))))


def partial_rank_correlation(x: Array, y: Array, confounders: Array) -> float:
    """Rank correlation of what a line on the confounders' ranks leaves over of each side.

    Args:
        x: float64[n].
        y: float64[n].
        confounders: float64[k, n]; k may be 0.

    Returns:
        Between -1 and 1; NaN where nothing is left over of either side.
    """
    given = np.asarray(confounders, dtype=np.float64).reshape(1, -1, len(x))
    return float(_rho(np.asarray(x)[None, :], np.asarray(y)[None, :], given)[0])


@dataclass(frozen=True, slots=True)
class Association:
    """A rank correlation and how sure it is.

    Attributes:
        rho: the correlation, -1 to 1.
        lower: lower end of its bootstrap interval (bias-corrected and accelerated).
        upper: upper end.
        p_value: by permutation, two-sided.
        systems: how many systems it rests on.
        confounders: how many it is adjusted for.
    """

    rho: float
    lower: float
    upper: float
    p_value: float
    systems: int
    confounders: int


def associate(
    x: Array,
    y: Array,
    confounders: Array | None = None,
    permutations: int = 9_999,
    resamples: int = 1_999,
    level: float = 0.95,
    seed: int = 1,
) -> Association | None:
    """Correlates two measures of the same systems by rank.

    Args:
        x: one measure, float64[n]; NaN where a system has none.
        y: the other.
        confounders: measures to adjust for, float64[k, n].
        permutations: shuffles behind the p-value. With confounders, what they leave over of `y` is
            shuffled (Freedman and Lane 1983).
        resamples: bootstrap samples of systems behind the interval.
        level: of the interval.
        seed: of both.

    Returns:
        The association over the systems that have every measure, or None where they are fewer
        than ten, fewer than leave three to spare, or all alike.
    """
    given = np.empty((0, len(x))) if confounders is None else np.asarray(confounders, dtype=float)
    whole = np.isfinite(x) & np.isfinite(y) & np.isfinite(given).all(axis=0)
    x, y, given = np.asarray(x)[whole], np.asarray(y)[whole], given[:, whole]
    n, k = len(x), len(given)
    if n < max(LEAST_SYSTEMS, k + 5):
        return None
    rho = partial_rank_correlation(x, y, given)
    if not math.isfinite(rho):
        return None
    dice = np.random.default_rng(seed)
    p_value = _by_permutation(x, y, given, rho, permutations, dice)
    lower, upper = _by_bootstrap(x, y, given, rho, resamples, level, dice)
    return Association(rho, lower, upper, p_value, n, k)


def _by_permutation(
    x: Array, y: Array, given: Array, rho: float, permutations: int, dice: np.random.Generator
) -> float:
    held = ranks(given)[None]
    left = _unit(_left_over(ranks(x)[None], held))[0]
    rest = _left_over(ranks(y)[None], held)[0]
    # Freedman and Lane: the fitted part added back falls out when it is taken off again.
    shuffled = dice.permuted(np.tile(rest, (permutations, 1)), axis=1)
    if len(given):
        many = np.broadcast_to(held, (1, *held.shape[1:]))
        design = np.vstack([np.ones((1, len(x))), many[0]])
        shuffled = shuffled - shuffled @ np.linalg.pinv(design) @ design
    found = np.abs(_unit(shuffled) @ left)
    return float((1 + np.sum(found >= abs(rho) - 1e-9)) / (permutations + 1))


def _by_bootstrap(
    x: Array,
    y: Array,
    given: Array,
    rho: float,
    resamples: int,
    level: float,
    dice: np.random.Generator,
) -> tuple[float, float]:
    n = len(x)
    picks = dice.integers(0, n, size=(resamples, n))
    drawn = _rho(x[picks], y[picks], given[:, picks].transpose(1, 0, 2))
    drawn = drawn[np.isfinite(drawn)]
    one_out = np.array([np.delete(np.arange(n), i) for i in range(n)])
    spared = _rho(x[one_out], y[one_out], given[:, one_out].transpose(1, 0, 2))
    spared = spared[np.isfinite(spared)]
    if len(drawn) < resamples // 2 or len(spared) < 3:
        return -1.0, 1.0
    normal = NormalDist()
    share = (np.sum(drawn < rho) + 0.5 * np.sum(drawn == rho)) / len(drawn)
    bias = normal.inv_cdf(min(max(float(share), 1e-4), 1 - 1e-4))
    away = spared.mean() - spared
    below = 6.0 * float((away**2).sum()) ** 1.5
    speed = float((away**3).sum()) / below if below > 1e-12 else 0.0
    ends = []
    for tail in ((1 - level) / 2, 1 - (1 - level) / 2):
        z = bias + normal.inv_cdf(tail)
        ends.append(normal.cdf(bias + z / (1 - speed * z)))
    lower, upper = np.quantile(drawn, ends)
    return float(min(lower, rho)), float(max(upper, rho))


def false_discoveries(p_values: Sequence[float]) -> list[float]:
    """Adjusts p-values so that, of those below q, no more than q are false on average.

    Args:
        p_values: of all tests made, not only of those shown.

    Returns:
        Adjusted p-values in the order given (Benjamini and Hochberg 1995).
    """
    p = np.asarray(p_values, dtype=np.float64)
    if p.size == 0:
        return []
    order = np.argsort(p, kind="stable")[::-1]
    scaled = p[order] * len(p) / np.arange(len(p), 0, -1)
    out = np.empty_like(p)
    out[order] = np.minimum(np.minimum.accumulate(scaled), 1.0)
    return [float(value) for value in out]


def seen_with(systems: int, confounders: int = 0, tests: int = 1, power: float = 0.8) -> float:
    """The weakest correlation that would have been seen, more often than not.

    Args:
        systems: how many systems are compared.
        confounders: how many measures are adjusted for.
        tests: among how many tests the level of 5% is shared (Bonferroni: the first hurdle of
            Benjamini and Hochberg).
        power: how often it would have been seen.

    Returns:
        Size of the rank correlation, 0 to 1: by Fisher's transform with Fieller's variance.
    """
    spare = systems - 3 - confounders
    if spare < 1:
        return 1.0
    normal = NormalDist()
    reach = normal.inv_cdf(1 - 0.025 / max(tests, 1)) + normal.inv_cdf(power)
    return math.tanh(reach * math.sqrt(_FIELLER / spare))


# ---------------------------------------------------------------------------------------------
# The tables of a run


@dataclass(frozen=True, slots=True)
class Composite:
    """Questions taken together: the unweighted mean of their scores."""

    id: str
    label: str
    questions: tuple[str, ...]


_SCHEMA: dict[str, Any] = {
    "wave": pl.String,
    "composite": pl.String,
    "composite_label": pl.String,
    "questions": pl.String,
    "indicator": pl.String,
    "indicator_label": pl.String,
    "unit": pl.String,
    "better": pl.String,
    "period": pl.String,
    "adjusted_for": pl.String,
    "systems": pl.Int64,
    "respondents": pl.Int64,
    "rho": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "p_value": pl.Float64,
    "p_bh": pl.Float64,
    "tests": pl.Int64,
    "seen_alone": pl.Float64,
    "seen_among_all": pl.Float64,
    "source": pl.String,
    "said": pl.String,
}

_KEYS = ("wave", "adjust_for", "permutations", "resamples")


def read(
    codebook: Codebook, problems: Problems
) -> tuple[list[Composite], list[Indicator], dict[str, Any]]:
    """Reads what a codebook asks for: composites, indicators and [performance].

    Args:
        codebook: the codebook; files and runs are named from its folder.
        problems: takes everything that is wrong with them.
    """
    given = codebook.section("performance") or {}
    wave = str(given.get("wave", "")) if isinstance(given, Mapping) else ""
    composites = _composites(codebook, problems)
    indicators = read_indicators(codebook, problems, wave or codebook.latest.id)
    return composites, indicators, _asked(codebook, indicators, problems)


def tables(
    cleaned: Cleaned, catalogue: Catalogue, problems: Problems, seed: int = 1
) -> dict[str, pl.DataFrame]:
    """Correlates the codebook's composites with its indicators.

    Args:
        cleaned: everyone's answers.
        catalogue: not used yet; indicators come from files and runs.
        problems: takes everything wrong in [[composite]], [[indicator]] and [performance].
        seed: of shuffles and bootstrap samples.

    Returns:
        survey_performance: a row for each composite and indicator, and another one adjusted where
        confounders are named. Empty where the codebook asks for none of it.
    """
    del catalogue
    codebook = cleaned.codebook
    composites, indicators, asked = read(codebook, problems)
    level = codebook.level
    confounders = [one for one in indicators if one.id in asked["adjust_for"]]
    rows: list[dict[str, Any]] = []
    for composite in composites:
        scores, people = _scores(cleaned, asked["wave"], composite)
        codes = sorted(scores)
        x = np.array([scores[code] for code in codes])
        for indicator in indicators:
            if indicator.id in asked["adjust_for"]:
                continue
            y = np.array([indicator.values.get(code, math.nan) for code in codes])
            for held in ([], confounders) if confounders else ([],):
                given = [[one.values.get(code, math.nan) for code in codes] for one in held]
                found = associate(
                    x,
                    y,
                    np.array(given, dtype=np.float64).reshape(len(held), len(codes)),
                    permutations=asked["permutations"],
                    resamples=asked["resamples"],
                    level=level,
                    seed=seed,
                )
                if found is None:
                    continue
                labels = "; ".join(one.label for one in held)
                rows.append(_row(asked["wave"], composite, indicator, labels, found, people))
    for adjusted in {row["adjusted_for"] for row in rows}:
        family = [row for row in rows if row["adjusted_for"] == adjusted]
        for row, p_bh in zip(
            family, false_discoveries([row["p_value"] for row in family]), strict=True
        ):
            row["p_bh"], row["tests"] = p_bh, len(family)
            controls = len(confounders) if adjusted else 0
            row["seen_alone"] = seen_with(row["systems"], controls)
            row["seen_among_all"] = seen_with(row["systems"], controls, len(family))
            row["said"] = _said(row, level)
    return {"survey_performance": pl.DataFrame(rows, schema=_SCHEMA)}


def _row(
    wave: str,
    composite: Composite,
    indicator: Indicator,
    adjusted_for: str,
    found: Association,
    people: int,
) -> dict[str, Any]:
    return {
        "wave": wave,
        "composite": composite.id,
        "composite_label": composite.label,
        "questions": "; ".join(composite.questions),
        "indicator": indicator.id,
        "indicator_label": indicator.label,
        "unit": indicator.unit,
        "better": indicator.better,
        "period": indicator.period,
        "adjusted_for": adjusted_for,
        "systems": found.systems,
        "respondents": people,
        "rho": round(found.rho, 4),
        "lower": round(found.lower, 4),
        "upper": round(found.upper, 4),
        "p_value": found.p_value,
        "source": indicator.source,
    }


def _said(row: Mapping[str, Any], level: float) -> str:
    """A finding in a sentence that claims no cause and no more than was found."""
    x, y = row["composite_label"], row["indicator_label"]
    after = f", allowing for {row['adjusted_for']}" if row["adjusted_for"] else ""
    measured = (
        f"(rank correlation {row['rho']:+.2f}, {100 * level:.0f}% interval {row['lower']:+.2f} to "
        f"{row['upper']:+.2f}, {row['systems']} systems{after})"
    )
    if row["p_bh"] < 0.05:
        way = "higher" if row["rho"] > 0 else "lower"
        return (
            f"Systems whose leaders score higher on “{x}” tend to have {way} “{y}” {measured}. "
            "This is an association, not a cause."
        )
    return (
        f"No association of “{x}” with “{y}” can be told from chance {measured}. With "
        f"{row['systems']} systems one weaker than about ±{row['seen_alone']:.2f} would often have "
        "been missed, so this is not evidence that there is none."
    )


def _composites(codebook: Codebook, problems: Problems) -> list[Composite]:
    known = {one.id: one for one in codebook.questions}
    scored = [one.id for one in codebook.questions if one.has_mean]
    found: list[Composite] = []
    given = codebook.section("composite") or []
    for place, block in enumerate(given if isinstance(given, list) else [given]):
        line = codebook.lines.of("composite", place)

        def wrong(said: str, line: int = line) -> None:
            problems.add(codebook.name, f"[[composite]] {said}", line=line)

        if not isinstance(block, Mapping):
            wrong("must be a block with id, label and questions.")
            continue
        for key in set(block) - {"id", "label", "questions"}:
            wrong(f'no key called "{key}".{nearest(key, ("id", "label", "questions"))}')
        questions = block.get("questions")
        if not isinstance(block.get("id"), str) or not isinstance(questions, list) or not questions:
            wrong('needs an id and questions, such as questions = ["q1", "q2"].')
            continue
        bad = [str(one) for one in questions if one not in scored]
        for one in bad:
            if one in known:
                wrong(f'question "{one}" has no scores. Give its scale points a score.')
            else:
                wrong(f'no question called "{one}".{nearest(one, scored)}')
        if not bad:
            label = str(block.get("label") or block["id"])
            found.append(Composite(block["id"], label, tuple(questions)))
    return found


def _asked(
    codebook: Codebook, indicators: Sequence[Indicator], problems: Problems
) -> dict[str, Any]:
    """What [performance] says, with what it leaves out."""
    asked: dict[str, Any] = {
        "wave": codebook.latest.id,
        "adjust_for": [],
        "permutations": 9_999,
        "resamples": 1_999,
    }
    given = codebook.section("performance") or {}
    waves = [one.id for one in codebook.waves]
    known = [one.id for one in indicators]
    for key, value in given.items() if isinstance(given, Mapping) else ():
        said = ""
        if key not in _KEYS:
            said = f'no key called "{key}".{nearest(key, _KEYS)} Allowed: {", ".join(_KEYS)}.'
        elif key == "wave" and value not in waves:
            said = f'no wave called "{value}".{nearest(str(value), waves)}'
        elif key == "adjust_for":
            listed = value if isinstance(value, list) else [value]
            missing = [str(one) for one in listed if one not in known]
            if missing:
                said = f'no indicator called "{missing[0]}".{nearest(missing[0], known)}'
            else:
                asked[key] = listed
                continue
        elif key in ("permutations", "resamples") and not (
            isinstance(value, int) and not isinstance(value, bool) and 199 <= value <= 99_999
        ):
            said = f"{key} must be a whole number from 199 to 99999, not {value!r}."
        if said:
            line = codebook.lines.of("performance", key)
            problems.add(codebook.name, f"[performance] {said}", line=line)
        else:
            asked[key] = value
    return asked


def _scores(cleaned: Cleaned, wave: str, composite: Composite) -> tuple[dict[str, float], int]:
    """Mean composite of each system's respondents who scored all its questions; and how many."""
    answered = (
        cleaned.answers.filter(
            (pl.col("wave") == wave)
            & pl.col("question").is_in(composite.questions)
            & pl.col("value").is_not_null()
        )
        .group_by("respondent")
        .agg(pl.col("value").mean(), parts=pl.col("question").n_unique())
        .filter(pl.col("parts") == len(composite.questions))
    )
    placed = answered.join(
        cleaned.respondents.filter(pl.col("wave") == wave).select("respondent", "system"),
        on="respondent",
    ).filter(pl.col("system").is_not_null())
    means = placed.group_by("system").agg(pl.col("value").mean()).sort("system")
    return dict(means.iter_rows()), placed.height


def method(cleaned: Cleaned, tables: Mapping[str, pl.DataFrame]) -> list[tuple[str, str]]:
    """Says how confidence was set against performance, for the method note."""
    del cleaned
    frame = tables.get("survey_performance")
    if frame is None or frame.is_empty():
        return []
    systems = int(frame["systems"].cast(pl.Float64).median() or 0)  # type: ignore[arg-type]
    tests = int(frame["tests"].cast(pl.Float64).max() or 0)  # type: ignore[arg-type]
    return [
        (
            "Confidence and performance",
            "A composite is the unweighted mean of its questions' scores for each respondent who "
            "answered all of them, then the mean over a system's respondents. It is compared with "
            "indicators of the systems by Spearman's rank correlation. p-values come from "
            "shuffling systems, intervals from resampling them (bias-corrected and accelerated "
            "bootstrap). Where confounders are named, both sides are ranked and what a line on "
            "the confounders' ranks explains is taken away first (partial rank correlation). "
            f"Among the {tests} comparisons of each kind the rate of false discoveries is held by "
            "Benjamini and Hochberg's method. A single system's composite is never shown.",
        ),
        ("Confidence and performance", NOT_A_CAUSE),
        (
            "Confidence and performance",
            f"With {systems} systems, a rank correlation of ±{seen_with(systems):.2f} would have "
            "been seen four times in five in a single test, and only one of "
            f"±{seen_with(systems, 0, tests):.2f} among {tests}. Weaker ones are easily missed.",
        ),
    ]
