"""Risk factors: how they are distributed, and what they do to the onset of conditions.

Smoking, body mass index (BMI), systolic blood pressure (SBP), total cholesterol and alcohol are
parametrised by rows (`smoking.*`, `bmi.*`, `sbp.*`, `cholesterol.*`, `alcohol.*`), each value at
the middle of a ten-year band of age with straight lines between. A person keeps a rank in each for
life, one of 16 equal bins; the ranks are correlated (Gaussian copula, rows `correlation.*`). The
value at a rank follows the distribution for the person's age, sex and fifth of deprivation, so that
a trend or an intervention moves the distribution and not the person.

Relative risks (rows `risk.<factor>.<condition>`) act on onset only: factors reach death through
conditions. A project may add `risk.<factor>.death` where it can cite one. Under the ages at which
each factor or relative risk begins there is no effect.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from leftshift.catalogue import Parameters
from leftshift.errors import CatalogueError, SettingError, nearest
from leftshift.people.effects import attenuation, band_ages, condition_ids

__all__ = [
    "FACTORS",
    "Shift",
    "normal_quantile",
    "overlap",
    "quantiles",
    "risk_levels",
    "risk_ratios",
    "risk_values",
    "smoking_shares",
]

Array = NDArray[np.float64]

FACTORS: Final = ("smoking", "bmi", "sbp", "cholesterol", "alcohol")
BINS: Final = 16
BANDS: Final = 22
LANES: Final = 32
DEATH: Final = 20
AGES: Final = np.arange(106)
STRATA: Final = 10
SEXES: Final = ("women", "men")

#: Middles of the bands of age that the rows are given for.
_KNOTS: Final = {
    "15_24": 20.0,
    "25_34": 30.0,
    "35_44": 40.0,
    "45_54": 50.0,
    "55_64": 60.0,
    "65_74": 70.0,
    "75_84": 80.0,
    "85_over": 90.0,
}
#: Of a stratum: 0 for women, 1 for men; and fifths away from the middle, the most deprived at +2.
_SEX: Final = np.repeat([0, 1], 5)
_FIFTH: Final = np.tile(np.array([2.0, 1.0, 0.0, -1.0, -2.0]), 2)
#: Points in each bin at which a curve is read for its mean: numerical. The top of a bin of extreme
#: ranks is read at the 99.6th percentile.
_POINTS: Final = 8
#: How much of a factor the rows of relative risk speak of.
_UNIT: Final = {"bmi": 5.0, "sbp": 20.0, "cholesterol": 1.0, "alcohol": 10.0}
_DAYS_IN_WEEK: Final = 7.0
_OBESE: Final = 30.0  # kg/m2, the World Health Organization's definition
_YOUNGEST: Final = 15
#: Of the low-discrepancy points, one for each factor; and how many people are done at a time.
_BASES: Final = (2, 3, 5, 7, 11)
_CHUNK: Final = 1 << 20


@dataclass(frozen=True)
class Shift:
    """A change of a factor's distribution: new = old * times + add.

    Attributes:
        times: multiplies the value (of smoking: the share of people who smoke).
        add: added to the value in its own unit: kg/m2, mmHg, mmol/L, units of alcohol a week (of
            smoking: to the share of people who smoke, whose leavers become former smokers).

    Both are one number, or float64[10, 106] by stratum and single year of age.
    """

    times: float | Array = 1.0
    add: float | Array = 0.0

    def of(self, values: Array, ages: Array) -> Array:
        """Applies the change to values whose last two axes are stratum and age."""
        return values * _at_ages(self.times, ages) + _at_ages(self.add, ages)


def _at_ages(part: float | Array, ages: Array) -> float | Array:
    if not isinstance(part, np.ndarray):
        return part
    if part.shape != (STRATA, AGES.size):
        raise SettingError(
            f"a shift is one number or an array [{STRATA}, {AGES.size}] by stratum and age, not "
            f"of shape {list(part.shape)}."
        )
    return np.asarray(part[:, np.clip(ages.astype(int), 0, AGES[-1])])


def risk_ratios(
    p: Parameters,
    periods: int = 1,
    *,
    years_per_period: float = 1.0,
    shifts: Mapping[str, Shift] | None = None,
) -> NDArray[np.float32]:
    """Compiles the mean relative hazard of onset in every rank bin.

    Each is divided by its mean over the bins of the same stratum, age band and lane in the first
    period without shifts. A trend or shift therefore shows as a mean other than 1.

    Args:
        p: parameter values, central or of one draw.
        periods: how many periods to give; the first is the base year.
        years_per_period: years from one to the next, for `trend.<factor>`.
        shifts: changes of distributions by factor, in every period.

    Returns:
        float32[periods, 5, 16, 10, 22, 32]: by period, factor, rank bin (0 the lowest value or a
        never-smoker), stratum, five-year age band and lane; 1 where there is no effect.

    Raises:
        CatalogueError: a `risk` row names no factor or condition, or is not above 0.
        SettingError: a shift names no factor, or the number of periods is below 1.
    """
    if periods < 1:
        raise SettingError(f"there is at least 1 period, not {periods}.")
    moved = _checked(shifts)
    effects = _effects(p)
    out = np.ones((periods, len(FACTORS), BINS, STRATA, BANDS, LANES), np.float32)
    for f, factor in enumerate(FACTORS):
        lanes = sorted(lane for (name, lane) in effects if name == factor)
        if not lanes:
            continue
        base = _bin_means(p, factor, lanes, effects, years=0.0, shift=None)
        level = base.mean(axis=0)
        for k in range(periods):
            years = k * years_per_period
            same = moved.get(factor) is None and (years == 0.0 or p.value(f"trend.{factor}") == 0.0)
            means = (
                base if same else _bin_means(p, factor, lanes, effects, years, moved.get(factor))
            )
            out[k, f][..., lanes] = means / level
    return out


def _checked(shifts: Mapping[str, Shift] | None) -> Mapping[str, Shift]:
    for name in shifts or {}:
        if name not in FACTORS:
            raise SettingError(
                f'no risk factor called "{name}".{nearest(name, FACTORS)} '
                f"Allowed: {', '.join(FACTORS)}."
            )
    return shifts or {}


# --- relative risks -------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Effect:
    """A factor's effect on one lane.

    Attributes:
        log: log relative risk per unit by stratum and age band, [10, 22].
        former: of smoking: the share of the excess that former smokers keep.
        above: of alcohol: g a day below which there is none.
    """

    log: Array
    former: float = 0.0
    above: float = 0.0


def _effects(p: Parameters) -> dict[tuple[str, int], _Effect]:
    cat = p.catalogue
    names = condition_ids(cat)
    lane = {name: i for i, name in enumerate(names)} | {"death": DEATH}
    direct = p.value("risk.direct_share")
    fade = attenuation(p, "risk", "risk.attenuation_end_share")
    fade = np.where(band_ages() >= p.value("risk.start_age"), fade, 0.0)
    by_age: dict[tuple[str, str], Array] = {}
    for factor, condition, sex, band, share in (
        cat.table("risk_by_age").select("factor", "condition", "sex", "band", "share").iter_rows()
    ):
        shares = by_age.setdefault((factor, condition), np.zeros((2, BANDS)))
        shares[int(sex == "male"), band] = share
    rows = p.values("risk")
    out: dict[tuple[str, int], _Effect] = {}
    for key, value in rows.items():
        factor, dot, outcome = key.partition(".")
        if not dot:
            continue
        known = (*FACTORS, "smoking_former", "alcohol_from")
        row = cat.row(f"risk.{key}")
        if factor not in known:
            raise CatalogueError(
                f'{row.file}:{row.line}: {row.id}: no risk factor called "{factor}".'
                f"{nearest(factor, known)}"
            )
        if outcome not in lane:
            raise CatalogueError(
                f'{row.file}:{row.line}: {row.id} names "{outcome}", which is no condition and '
                f"not death.{nearest(outcome, lane)}"
            )
        if factor not in FACTORS:
            continue
        if value <= 0.0:
            raise CatalogueError(
                f"{row.file}:{row.line}: {row.id} must be above 0: it is {value:g}."
            )
        # As between conditions: a harm is never drawn as a protection.
        log = math.log(max(value, 1.0) if row.estimate.value >= 1.0 else value) * direct
        ages = by_age.get((factor, outcome), np.tile(fade, (2, 1)))
        out[factor, lane[outcome]] = _Effect(
            log=log * ages[_SEX],
            former=rows.get(f"smoking_former.{outcome}", 0.0) if factor == "smoking" else 0.0,
            above=rows.get(f"alcohol_from.{outcome}", 0.0) if factor == "alcohol" else 0.0,
        )
    return out


def _bin_means(
    p: Parameters,
    factor: str,
    lanes: list[int],
    effects: Mapping[tuple[str, int], _Effect],
    years: float,
    shift: Shift | None,
) -> Array:
    """Mean relative risk [16, 10, 22, lane] in each bin, against none of the factor."""
    ages = band_ages()
    out = np.empty((BINS, STRATA, BANDS, len(lanes)))
    cap = p.value("risk.cap")
    if factor == "smoking":
        never, former, current = smoking_shares(p, ages, years, shift)
        low = (np.arange(BINS) / BINS)[:, None, None]
        smokes = overlap(low, never + former, np.ones_like(current))
        smoked = overlap(low, never, never + former)
        for i, lane in enumerate(lanes):
            effect = effects[factor, lane]
            excess = np.minimum(np.exp(effect.log), cap) - 1.0
            out[..., i] = 1.0 + excess * (smokes + effect.former * smoked)
        return out
    ranks = (np.arange(BINS * _POINTS) + 0.5) / (BINS * _POINTS)
    values = quantiles(p, factor, ranks, ages, years, shift)
    if factor == "alcohol":
        values = values * (p.value("alcohol.grams_per_unit") / _DAYS_IN_WEEK)
    else:
        values = values - p.value(f"{factor}.floor")
    for i, lane in enumerate(lanes):
        effect = effects[factor, lane]
        dose = np.maximum(values - effect.above, 0.0) / _UNIT[factor]
        ratio = np.exp(np.minimum(effect.log * dose, math.log(cap)))
        out[..., i] = ratio.reshape(BINS, _POINTS, STRATA, BANDS).mean(axis=1)
    return out


def overlap(low: Array, start: Array, end: Array) -> Array:
    """Share of each bin, whose lower end is `low`, that lies between two ranks."""
    covered = np.minimum(low + 1.0 / BINS, end) - np.maximum(low, start)
    return np.asarray(np.maximum(covered, 0.0) * BINS)


# --- distributions --------------------------------------------------------------------------------


def _curve(p: Parameters, stem: str, ages: Array) -> Array:
    """The rows `<stem>.<band of age>` at ages, on straight lines between the bands' middles."""
    knots = [p.value(f"{stem}.{band}") for band in _KNOTS]
    return np.asarray(np.interp(ages, list(_KNOTS.values()), knots))


def _by_sex(p: Parameters, stem: str, ages: Array) -> Array:
    """The rows `<stem>.<women|men>.<band of age>` as [stratum, age]."""
    return np.asarray(np.stack([_curve(p, f"{stem}.{sex}", ages) for sex in SEXES])[_SEX])


def _one_by_sex(p: Parameters, stem: str) -> Array:
    """The rows `<stem>.<women|men>` as [stratum, 1]."""
    return np.asarray(np.array([p.value(f"{stem}.{sex}") for sex in SEXES])[_SEX][:, None])


def smoking_shares(
    p: Parameters, ages: Array, years: float, shift: Shift | None
) -> tuple[Array, Array, Array]:
    """Shares of never, former and current smokers, each [stratum, age]."""
    sex = np.where(_SEX == 1, 0.5, -0.5)[:, None]
    tilt = p.value("smoking.men_log_odds") * sex + (
        p.value("smoking.deprivation_log_odds") * _FIFTH[:, None]
    )
    odds = _tilted(_curve(p, "smoking.current", ages), tilt)
    current = _expit(odds + p.value("trend.smoking") * years)
    former_tilt = p.value("smoking.former_men_log_odds") * sex
    quitters = _expit(_tilted(_curve(p, "smoking.former", ages), former_tilt))
    old_enough = ages >= p.value("smoking.start_age")
    current = np.where(old_enough, current, 0.0)
    never = np.where(old_enough, (1.0 - current) * (1.0 - quitters), 1.0)
    if shift is not None:
        # Who stops becomes a former smoker; only past all of those do never-smokers take it up.
        current = np.where(old_enough, np.clip(shift.of(current, ages), 0.0, 1.0), 0.0)
        never = np.minimum(never, 1.0 - current)
    return never, 1.0 - never - current, current


def _tilted(mean: Array, tilt: Array) -> Array:
    """Log odds [stratum, age] that differ by `tilt` and whose shares have the mean [age]."""
    odds = _logit(mean)[None, :] + tilt
    for _ in range(6):  # Newton's method; the logistic's bend moves the mean by a few percent
        share = _expit(odds)
        slope = (share * (1.0 - share)).mean(axis=0)
        odds = odds - (share.mean(axis=0) - mean) / slope
    return odds


def quantiles(
    p: Parameters, factor: str, ranks: Array, ages: Array, years: float, shift: Shift | None
) -> Array:
    """Values [rank, stratum, age] of a factor with a value, in its unit (alcohol: units a week)."""
    fifth = _FIFTH[:, None]
    z = normal_quantile(ranks)[:, None, None]
    trend = p.value(f"trend.{factor}") * years
    if factor == "bmi":
        spread = _one_by_sex(p, "bmi.spread")
        middle = np.log(_by_sex(p, "bmi.mean", ages)) - spread**2 / 2.0
        values = np.exp(middle + _one_by_sex(p, "bmi.deprivation") * fifth + spread * z) + trend
    elif factor == "sbp":
        mean = _by_sex(p, "sbp.mean", ages) + p.value("sbp.deprivation") * fifth
        values = mean + trend + _curve(p, "sbp.spread", ages) * z
    elif factor == "cholesterol":
        mean = _by_sex(p, "cholesterol.mean", ages) + p.value("cholesterol.deprivation") * fifth
        values = mean + trend + p.value("cholesterol.spread") * z
    else:
        drinkers = _one_by_sex(p, "alcohol.drinkers")
        within = (ranks[:, None, None] - (1.0 - drinkers)) / drinkers
        middle = np.log(_by_sex(p, "alcohol.median", ages))
        middle = middle + _one_by_sex(p, "alcohol.deprivation") * fifth
        spread = _one_by_sex(p, "alcohol.spread")
        drunk = np.exp(middle + spread * normal_quantile(np.clip(within, 1e-6, 1.0 - 1e-6)))
        drinks = (within > 0.0) & (ages >= p.value("alcohol.start_age"))
        values = np.where(drinks, drunk, 0.0) * (1.0 + trend)
    if shift is not None:
        values = np.maximum(shift.of(values, ages), 0.0)
    return np.asarray(values)


def risk_values(
    p: Parameters, *, years: float = 0.0, shifts: Mapping[str, Shift] | None = None
) -> dict[str, Array]:
    """Gives the distributions' means and shares, for reporting.

    Args:
        p: parameter values, central or of one draw.
        years: years after the base year, for `trend.<factor>`.
        shifts: changes of distributions by factor.

    Returns:
        float64[2, 5, 106] by sex, fifth and age: `smoking_share` and `former_share` (shares of
        people), `mean_bmi` (kg/m2), `obese_share` (share of people at 30 kg/m2 or more), `mean_sbp`
        (mmHg), `mean_cholesterol` (mmol/L) and `mean_alcohol` (units a week). BMI, blood pressure
        and cholesterol of people under 15 are not modelled: nan.
    """
    moved = _checked(shifts)
    ages = np.asarray(AGES + 0.5, np.float64)
    _, former, current = smoking_shares(p, ages, years, moved.get("smoking"))
    points = 512
    ranks = (np.arange(points) + 0.5) / points
    bmi, sbp, cholesterol, alcohol = (
        quantiles(p, factor, ranks, ages, years, moved.get(factor)) for factor in FACTORS[1:]
    )
    adult = np.where(AGES >= _YOUNGEST, 1.0, np.nan)
    means = {
        "smoking_share": current,
        "former_share": former,
        "mean_bmi": bmi.mean(axis=0) * adult,
        "obese_share": (bmi >= _OBESE).mean(axis=0) * adult,
        "mean_sbp": sbp.mean(axis=0) * adult,
        "mean_cholesterol": cholesterol.mean(axis=0) * adult,
        "mean_alcohol": alcohol.mean(axis=0),
    }
    return {name: values.reshape(2, 5, AGES.size) for name, values in means.items()}


# --- ranks ----------------------------------------------------------------------------------------


def risk_levels(p: Parameters, n: int, seed: int) -> NDArray[np.uint8]:
    """Draws the rank bins of people's risk factors.

    The points are Halton's (1960) in the bases 2, 3, 5, 7 and 11, shifted by the seed: any run of
    consecutive people is spread evenly over each factor and over the five together. Normal scores
    are then correlated by `correlation.<factor>.<factor>`.

    Args:
        p: parameter values, central or of one draw.
        n: number of people.
        seed: shifts the points; the same seed gives the same ranks.

    Returns:
        uint8[n, 5]: the bin of each factor, 0 to 15.

    Raises:
        CatalogueError: the correlations do not fit together.
    """
    dimension = len(FACTORS)
    offset = np.random.Generator(np.random.Philox(key=[seed & (2**64 - 1), 0x715C])).random(
        dimension
    )
    mix = _correlation(p)
    edges = normal_quantile(np.arange(1, BINS) / BINS)
    out = np.empty((n, dimension), np.uint8)
    for start in range(0, n, _CHUNK):
        end = min(start + _CHUNK, n)
        points = np.stack([_radical_inverse(start + 1, end + 1, base) for base in _BASES], axis=1)
        uniform = np.clip((offset + points) % 1.0, 1e-12, 1.0 - 1e-12)
        score = normal_quantile(uniform) @ mix.T
        for f in range(dimension):
            out[start:end, f] = np.searchsorted(edges, score[:, f], side="right")
    return out


def _radical_inverse(start: int, end: int, base: int) -> Array:
    """Whole numbers from `start` to before `end`, their digits mirrored at the point."""
    left = np.arange(start, end)
    out = np.zeros(left.size)
    place = 1.0
    while left.any():
        place /= base
        left, digit = np.divmod(left, base)
        out += place * digit
    return out


def _correlation(p: Parameters) -> Array:
    """The lower triangle whose product with itself turned is the ranks' correlation."""
    matrix = np.eye(len(FACTORS))
    for i, one in enumerate(FACTORS):
        for j, other in enumerate(FACTORS[:i]):
            matrix[i, j] = matrix[j, i] = p.value(f"correlation.{other}.{one}")
    try:
        return np.asarray(np.linalg.cholesky(matrix))
    except np.linalg.LinAlgError:
        raise CatalogueError(
            "the rows correlation.<factor>.<factor> do not fit together: no people could have all "
            "of these correlations at once. Bring the largest nearer to 0."
        ) from None


def _logit(share: Array) -> Array:
    return np.asarray(np.log(share / (1.0 - share)))


def _expit(odds: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-odds)))


# Coefficients of P. J. Acklam's "An algorithm for computing the inverse normal cumulative
# distribution function" (2003): numerators and denominators in the middle and in the tails.
_MIDDLE_TOP = (
    -3.969683028665376e01,
    2.209460984245205e02,
    -2.759285104469687e02,
    1.383577518672690e02,
    -3.066479806614716e01,
    2.506628277459239e00,
)
_MIDDLE_BOTTOM = (
    -5.447609879822406e01,
    1.615858368580409e02,
    -1.556989798598866e02,
    6.680131188771972e01,
    -1.328068155288572e01,
    1.0,
)
_TAIL_TOP = (
    -7.784894002430293e-03,
    -3.223964580411365e-01,
    -2.400758277161838e00,
    -2.549732539343734e00,
    4.374664141464968e00,
    2.938163982698783e00,
)
_TAIL_BOTTOM = (
    7.784695709041462e-03,
    3.224671290700398e-01,
    2.445134137142996e00,
    3.754408661907416e00,
    1.0,
)
_TAIL_FROM = 0.02425


def normal_quantile(u: Array) -> Array:
    """Gives the standard normal value below which a share of people lies.

    Acklam's rational approximation, whose relative error is below 1.2e-9.

    Args:
        u: shares strictly between 0 and 1, of any shape.

    Returns:
        float64 of the same shape.
    """
    share = np.asarray(u, np.float64)
    centre = share - 0.5
    square = centre * centre
    middle = centre * np.polyval(_MIDDLE_TOP, square) / np.polyval(_MIDDLE_BOTTOM, square)
    rarer = np.minimum(share, 1.0 - share)
    tail = rarer < _TAIL_FROM
    if not tail.any():
        return np.asarray(middle)
    depth = np.sqrt(-2.0 * np.log(rarer[tail]))
    middle[tail] = np.copysign(
        np.polyval(_TAIL_TOP, depth) / np.polyval(_TAIL_BOTTOM, depth), centre[tail]
    )
    return np.asarray(middle)
