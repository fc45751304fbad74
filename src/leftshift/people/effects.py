"""What conditions do: to each other, to death, to the score and to the worth of a year.

Everything here is compiled from catalogue rows (`ratio.*`, `condition.*`, `remission.*`,
`frailty.*`, `utility.*`, `segment.*`), so that a project's own row changes it.
"""

from __future__ import annotations

from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from leftshift.catalogue import Catalogue, Parameters
from leftshift.errors import CatalogueError, nearest

__all__ = [
    "child_age",
    "frailty_powers",
    "frailty_sd",
    "major_threshold",
    "ratios",
    "remission",
    "scores",
    "segment_starts",
    "utilities",
]

Array = NDArray[np.float64]

BANDS: Final = 22
LANES: Final = 32
DEATH: Final = 20
AGES: Final = np.arange(106)
STRATA: Final = 10
CERTAIN: Final = 1e30
#: Completed years of a spell that remission tells apart: numerical, the last is held.
SPELL_YEARS: Final = 10
#: Bases of a published ratio that leave the other conditions out (table `ratio_basis`).
_SHRUNK: Final = frozenset({"factors", "age_sex"})

_PREVALENCE: WeakKeyDictionary[Catalogue, Array] = WeakKeyDictionary()


def condition_ids(cat: Catalogue) -> list[str]:
    """Gives the conditions' ids in the catalogue's order, which fixes their numbers."""
    return [str(entity["id"]) for entity in cat.entities("conditions")]


def band_ages() -> Array:
    """Gives the age at the middle of each five-year band: float64[22], years."""
    return np.asarray(np.arange(BANDS) * 5.0 + 2.5, np.float64)


def attenuation(p: Parameters, rows: str, share: str) -> Array:
    """Gives the share of a log ratio that is left in each age band.

    Args:
        p: parameter values.
        rows: the stem of `<rows>.attenuation_start_age` and `<rows>.attenuation_end_age`.
        share: id of the row with the share left at the end age.

    Returns:
        float64[22]: 1 to the start age, then straight down to the share, which is held.
    """
    start = p.value(f"{rows}.attenuation_start_age")
    end = max(p.value(f"{rows}.attenuation_end_age"), start + 1.0)
    return np.interp(band_ages(), [start, end], [1.0, p.value(share)])


def ratios(p: Parameters) -> NDArray[np.float32]:
    """Compiles the hazard ratios of having a condition.

    A published ratio that is not adjusted for the other conditions (table `ratio_basis`) is raised
    to the power `ratio.mutual_adjustment`: multiplied as they stand, such ratios count a shared
    cause once for every condition. All shrink with age. A ratio whose central value is at least 1
    is never drawn below 1, so that preventing one condition never brings another forward.

    Args:
        p: parameter values, central or of one draw.

    Returns:
        float32[22, 20, 32]: by five-year age band, the condition a person has, and the lane whose
        hazard it multiplies (lanes 0 to 19 are onsets, 20 is death); 1 where there is no effect.

    Raises:
        CatalogueError: a `ratio` row names a condition that does not exist, or itself.
    """
    cat = p.catalogue
    names = condition_ids(cat)
    number = {name: i for i, name in enumerate(names)}
    power = p.value("ratio.mutual_adjustment")
    basis = {
        (cause, effect): kind
        for cause, effect, kind in cat.table("ratio_basis")
        .select("cause", "effect", "basis")
        .iter_rows()
    }
    onset = np.zeros((len(names), LANES))
    for key, value in p.values("ratio").items():
        if "." not in key:
            continue
        cause, _, effect = key.partition(".")
        for name in (cause, effect):
            if name not in number:
                raise _unknown(cat, f"ratio.{key}", name, names)
        if cause == effect:
            raise CatalogueError(
                f"ratio.{key}: a condition cannot change its own onset, since only people "
                "without it are at risk. Remove the row."
            )
        log = np.log(_kept_at_one(cat, f"ratio.{key}", value))
        if basis.get((cause, effect)) in _SHRUNK:
            log *= power
        onset[number[cause], number[effect]] = log
    death = [
        np.log(_kept_at_one(cat, key, p.value(key)))
        for key in (f"condition.{name}.mortality_ratio" for name in names)
    ]
    logs = attenuation(p, "ratio", "ratio.attenuation_end_share")[:, None, None] * onset
    fade = attenuation(p, "ratio", "ratio.attenuation_death_share")
    logs[:, :, DEATH] = fade[:, None] * np.array(death)
    return np.exp(logs).astype(np.float32)


def _kept_at_one(cat: Catalogue, identity: str, value: float) -> float:
    if value <= 0.0:
        raise CatalogueError(f"{identity} must be above 0: it is {value:g}.")
    return max(value, 1.0) if cat.row(identity).estimate.value >= 1.0 else value


def _unknown(cat: Catalogue, identity: str, name: str, known: list[str]) -> CatalogueError:
    row = cat.row(identity)
    return CatalogueError(
        f'{row.file}:{row.line}: {identity} names "{name}", which is no condition.'
        f"{nearest(name, known)} The conditions are in conditions.toml."
    )


def remission(p: Parameters) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Compiles the hazards with which conditions end.

    Rows `remission.<condition>.year_<k>` hold from k completed years until the next year given.
    `remission.<condition>.expires_after` ends a spell for certain: a spell is first seen at a stock
    on average half a year after it began, so one that counts for five years is seen at five
    stocks, and ends in the step that begins at the fifth, with four completed years.

    Args:
        p: parameter values, central or of one draw.

    Returns:
        The conditions that remit, int64[R] in the catalogue's order, and their hazards per year,
        float32[R, 10] by completed years in the spell at the stock, the last held; 1e30 is certain.

    Raises:
        CatalogueError: a row names no condition, or is neither `year_<k>` nor `expires_after`.
    """
    cat = p.catalogue
    names = condition_ids(cat)
    found: dict[str, dict[int, float]] = {}
    for key, value in p.values("remission").items():
        condition, _, rest = key.partition(".")
        if condition not in names:
            raise _unknown(cat, f"remission.{key}", condition, names)
        years = found.setdefault(condition, {})
        if rest == "expires_after":
            years[max(round(value) - 1, 0)] = CERTAIN
        elif rest.startswith("year_") and rest[5:].isdigit() and int(rest[5:]) < SPELL_YEARS:
            years[int(rest[5:])] = value
        else:
            row = cat.row(f"remission.{key}")
            raise CatalogueError(
                f"{row.file}:{row.line}: remission.{key} is not understood. After the condition "
                f"comes year_0 to year_{SPELL_YEARS - 1} (completed years) or expires_after."
            )
    remits = sorted(names.index(condition) for condition in found)
    hazard = np.zeros((len(remits), SPELL_YEARS), np.float32)
    for row_number, condition_number in enumerate(remits):
        for year, value in sorted(found[names[condition_number]].items()):
            hazard[row_number, year:] = value
    return np.array(remits, np.int64), hazard


def frailty_sd(p: Parameters) -> float:
    """Gives the standard deviation of the log of a person's lifelong frailty."""
    return p.value("frailty.sd")


def frailty_powers(p: Parameters) -> tuple[float, float]:
    """Gives the powers of frailty on the hazards of onset and of death."""
    return p.value("frailty.onset_power"), p.value("frailty.death_power")


def utilities(p: Parameters, prevalence: Array | None = None) -> tuple[Array, NDArray[np.float64]]:
    """Compiles the worth of a year in QALYs.

    A person's utility is ``norm[stratum, age]`` times the product of ``ratio`` over the conditions
    present. Each ratio is 1 less the published loss over the mean utility at
    `utility.loss_at_age`, to the power `utility.several_conditions`. Published means by age
    include the ill, so the norm is that of people without any of the conditions: the published
    mean divided by the mean product of ratios at today's prevalence, as if conditions were
    independent. Conditions that cluster leave more people with none, so the population's mean comes
    out slightly above the published one.

    The published mean has no deprivation in it, and the people of all fifths are raised to it
    together: the fifths then differ by their conditions alone.

    Args:
        p: parameter values, central or of one draw.
        prevalence: share of people, float64[20, 10, 106], at which the mean is to hold; England's
            table `prevalence` where None. The fifths count equally.

    Returns:
        The norm, float64[10, 106], at most 1; and the ratio of each condition, float64[20].

    Raises:
        CatalogueError: a loss is as large as the mean utility.
    """
    cat = p.catalogue
    names = condition_ids(cat)
    published = _published_norm(p)
    at = int(np.clip(round(p.value("utility.loss_at_age")), 0, AGES[-1]))
    reference = float(published[:, at].mean())
    losses = np.array([p.value(f"utility.loss.{name}") for name in names])
    if losses.max() >= reference:
        worst = names[int(losses.argmax())]
        raise CatalogueError(
            f"utility.loss.{worst} is {losses.max():g}: a loss must be below the mean utility at "
            f"age {at}, {reference:.3f}."
        )
    # A drawn loss below 0 would make illness worth having.
    ratio = (1.0 - np.maximum(losses, 0.0) / reference) ** p.value("utility.several_conditions")
    if prevalence is None:
        prevalence = _england(cat, names)
    product = np.prod(1.0 - prevalence * (1.0 - ratio)[:, None, None], axis=0)
    mean = product.reshape(2, 5, AGES.size).mean(axis=1)
    healthy = np.minimum(published / mean, 1.0)
    return np.repeat(healthy, 5, axis=0), ratio


def _published_norm(p: Parameters) -> Array:
    age = np.clip(
        AGES.astype(float),
        p.value("utility.norm.youngest_age"),
        p.value("utility.norm.oldest_age"),
    )
    women = (
        p.value("utility.norm.constant")
        + p.value("utility.norm.age") * age
        + p.value("utility.norm.age_squared") * age**2
    )
    return np.stack([women, women + p.value("utility.norm.male")])


def _england(cat: Catalogue, names: list[str]) -> Array:
    """England's prevalence [condition, stratum, age]; read once for each catalogue."""
    if cat not in _PREVALENCE:
        table = cat.table("prevalence")
        ages = [f"a{a}" for a in AGES]
        place = {
            (c, s, q): i
            for i, (c, s, q) in enumerate(table.select("condition", "sex", "quintile").iter_rows())
        }
        rows = [place[c, s, q] for c in names for s in ("female", "male") for q in range(1, 6)]
        values = table.select(ages).to_numpy()[rows]
        _PREVALENCE[cat] = values.reshape(len(names), STRATA, AGES.size)
    return _PREVALENCE[cat]


def scores(cat: Catalogue) -> NDArray[np.int64]:
    """Gives each condition's weight in the Cambridge score: int64[20], hundredths of a point.

    The score is a definition (Payne et al., CMAJ 2020;192:E107), so nothing is drawn.
    """
    weights = (cat.row(f"condition.{c}.cambridge_weight").estimate for c in condition_ids(cat))
    return np.array([_hundredths(w.value) for w in weights], np.int64)


def segment_starts(p: Parameters) -> NDArray[np.int64]:
    """Gives the lowest score of core segments 1 to 5: int64[5], in hundredths, inclusive."""
    starts = [_hundredths(p.value(f"segment.{n}.start")) for n in range(1, 6)]
    if starts[0] != 0 or sorted(set(starts)) != starts:
        raise CatalogueError(
            f"segment.1.start to segment.5.start must begin at 0 and rise: they are {starts} "
            "hundredths of a point."
        )
    return np.array(starts, np.int64)


def child_age(p: Parameters) -> int:
    """Gives the age, in years, below which a person is in segment 0."""
    return round(p.value("segment.0.below_age"))


def major_threshold(p: Parameters) -> int:
    """Gives the score, in hundredths of a point, strictly above which illness counts as major."""
    return _hundredths(p.value("major_illness.threshold"))


def _hundredths(points: float) -> int:
    return round(points * 100.0)
