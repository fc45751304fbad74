"""The demography of the population tables, one function a step.

Arrays are by authority (L), sex (0 female, 1 male), quintile (0 most deprived), age. "Open" arrays
have 91 ages (90 = 90 and over), full ones 106 (105 = 105 and over).
"""

from __future__ import annotations

import numpy as np

from catalogue_steps.population_inputs import OPEN, YEARS, Array, Inputs

AGES = 106
FIRST = YEARS[0]


def spread(x: Array, window: int) -> Array:
    """Centred moving average over the last axis, edges repeated."""
    half = window // 2
    padded = np.concatenate(
        [np.repeat(x[..., :1], half, -1), x, np.repeat(x[..., -1:], half, -1)], axis=-1
    )
    return sum(padded[..., i : i + x.shape[-1]] for i in range(window)) / window


# --- mortality -----------------------------------------------------------------------------------


def death_rates(data: Inputs) -> Array:
    """Death rates of 2019, ``[2, 5, 107]``: national by single age, quintile gradient of 2014-16.

    Over 97 the national rate follows a logistic curve (Kannisto) fitted from 80 to 97: the few
    survivors make the raw rates jump. The gradient fades to none between 100 and 106, and is
    normalised so that the mean over the people of mid-2020 is the national rate.
    """
    national = data.hmd[2019][:, :107].copy()
    fitted = np.arange(80, 98)
    for sex in (0, 1):
        m = national[sex, fitted]
        slope, at = np.polyfit(fitted, np.log(m / (1 - m)), 1)
        old = np.arange(98, 107)
        national[sex, 98:] = 1 / (1 + np.exp(-(at + slope * old)))
    relative = np.log(
        data.pooled_deaths
        / data.pooled_people
        / (data.pooled_deaths.sum(1) / data.pooled_people.sum(1))[:, None]
    )
    # Few die in childhood: each group borrows from its neighbours by its number of deaths.
    weight = data.pooled_deaths
    top = relative * weight
    smooth = relative.copy()
    smooth[..., 1:-1] = (top[..., :-2] + 2 * top[..., 1:-1] + top[..., 2:]) / (
        weight[..., :-2] + 2 * weight[..., 1:-1] + weight[..., 2:]
    )
    middle = np.array([0.5, 3.0, *(a + 2.5 for a in range(5, 90, 5)), 93.5])
    age = np.arange(107) + 0.5
    gradient = np.empty((2, 5, 107))
    for sex in (0, 1):
        for q in range(5):
            gradient[sex, q] = np.interp(age, middle, smooth[sex, q])
    gradient *= np.clip((106 - np.arange(107)) / 6, 0, 1)
    people = data.mid_2020.sum(0)
    share = np.concatenate([people, np.repeat(people[:, -1:], 16, 1)], axis=1)
    share = share / share.sum(0)
    ratio = np.exp(gradient)
    return national[:, None, :] * ratio / (ratio * share).sum(1, keepdims=True)


def male_share_2020(data: Inputs) -> Array:
    """Male share of England's people by age at mid-2020, ``[91]``."""
    return sexes_survived(data, 2020)


def sexes_survived(data: Inputs, year: int) -> Array:
    """Male share by age ``[91]``: the counts of 2016 survived along cohorts at 2019's rates.

    Those born since 2016 have the projection's sex ratio at birth. Migration is taken to be even
    between the sexes; a board's registers add their own departure later.
    """
    people = np.zeros((2, 107))
    people[:, :101] = data.people_2016
    at_birth = data.births[:, 1].sum() / data.births.sum()
    for _ in range(2016, year):
        step = np.exp(-(data.hmd[2019][:, :106] + data.hmd[2019][:, 1:107]) / 2)
        ahead = np.zeros_like(people)
        ahead[:, 1:] = people[:, :106] * step
        ahead[:, 0] = 1e6 * (1 - at_birth), 1e6 * at_birth
        people = ahead
    closed = np.concatenate([people[:, :90], people[:, 90:].sum(1, keepdims=True)], axis=1)
    return closed[1] / closed.sum(0)


def spread_open(open_ages: Array, rates: Array) -> Array:
    """Shares those 90 and over out over 90 to 105 by survival at the given rates.

    Args:
        open_ages: ``[..., 91]``.
        rates: ``[..., 107]``, broadcastable to the same leading axes.
    """
    hazard = (rates[..., 90:105] + rates[..., 91:106]) / 2
    alive = np.exp(-np.cumsum(hazard, axis=-1))
    alive = np.concatenate([np.ones_like(alive[..., :1]), alive], axis=-1)
    alive[..., -1] /= 1 - np.exp(-rates[..., 105])
    share = alive / alive.sum(-1, keepdims=True)
    shape = np.broadcast_shapes(open_ages.shape[:-1], share.shape[:-1])
    young = np.broadcast_to(open_ages[..., :90], (*shape, 90))
    return np.concatenate([young, open_ages[..., 90:] * share], axis=-1)


def deaths_ratio(data: Inputs, rates: Array) -> tuple[Array, Array]:
    """Each authority's projected deaths of 2019-20 over those its sex, age and quintiles explain.

    England's mean is set to 1, for the level comes from the rates of 2019. What is left is shrunk
    to 1 by its Poisson noise: weight = spread / (spread + 1 / expected deaths), where spread is
    the variance between authorities beyond noise.

    Returns:
        Ratio ``[L]`` and expected deaths ``[L]``, scaled to England's projected total.
    """
    male = male_share_2020(data)
    sexes = np.stack([1 - male, male])
    people = data.mid_2020[:, None] * sexes[None, :, None]
    full = spread_open(people, rates[None])
    expected = (full * rates[None, ..., :AGES]).sum((1, 2, 3))
    expected *= data.deaths_2020.sum() / expected.sum()
    raw = data.deaths_2020 / expected
    between = max(float(np.average((raw - 1) ** 2 - 1 / expected, weights=expected)), 1e-6)
    ratio = 1 + (raw - 1) * between / (between + 1 / expected)
    return ratio * expected.sum() / (ratio * expected).sum(), expected


class Survival:
    """Yearly survival of each authority's people, by age, both sexes together."""

    def __init__(self, data: Inputs, rates: Array, ratio: Array) -> None:
        male = male_share_2020(data)
        open_people = data.mid_2020[:, None] * np.stack([1 - male, male])[None, :, None]
        people = spread_open(open_people, rates[None])
        total = people.sum((1, 2))
        # Where an authority has nobody of an age, England's mix stands in.
        mix = np.where(total[:, None, None] > 0, people, people.sum(0)[None])
        self._rates = (mix * rates[None, ..., :AGES]).sum((1, 2)) / mix.sum((1, 2))
        self._rates *= ratio[:, None]
        self._year = {
            year: (m[:, :AGES] / data.hmd[2019][:, :AGES]).mean(0) for year, m in data.hmd.items()
        }
        # At the last ages the yearly ratios are noise.
        for relative in self._year.values():
            relative[:40] = 1.0
            relative[95:] = relative[85:95].mean()

    def step(self, *years: int) -> Array:
        """Survival from each age at one mid-year to the next, ``[L, 106]``, at those years' rates.

        Without years: those of 2019.
        """
        level = np.mean([self._year[y] for y in years], axis=0) if years else np.ones(AGES)
        m = self._rates * level
        ahead = np.concatenate([m[:, 1:], m[:, -1:]], axis=1)
        # Nearly all infant deaths come before the first 30 June.
        start = np.where(np.arange(AGES) == 0, 0.12, 0.5)
        return np.exp(-(start * m + 0.5 * ahead))

    def national(self) -> Array:
        """Death rates ``[106]`` of both sexes for sharing out the open age."""
        return np.concatenate([self._rates.mean(0), self._rates.mean(0)[-1:]])


def age_on(people: Array, survival: Array, newborn: Array) -> Array:
    """One year on for people ``[L, 106]``, before anyone moves."""
    alive = people * survival
    ahead = np.empty_like(people)
    ahead[:, 1:] = alive[:, :-1]
    ahead[:, -1] += alive[:, -1]
    ahead[:, 0] = newborn
    return ahead


# --- migration -----------------------------------------------------------------------------------


def _cross_section(people: Array, survival: Array) -> Array:
    """Yearly net moves by age, ``[L, 91]``, that keep each authority's age structure its own.

    The share of England's people of an age who live in an authority changes with age: students
    arrive at 18 and leave at 22, families come, people retire to the coast. Read across ages at
    one date, that is a schedule of net moves that sum to none over England at every age. What
    unequal mortality does to the share is taken out.
    """
    england = people.sum(0)
    share = people / england
    soft = share.copy()
    soft[:, 1:-1] = (share[:, :-2] + 2 * share[:, 1:-1] + share[:, 2:]) / 4
    keep = (np.arange(OPEN) >= 17) & (np.arange(OPEN) <= 24)
    soft = np.where(keep, share, soft)
    mean = (people * survival[:, :OPEN]).sum(0) / england
    moves = np.zeros_like(people)
    # `mean` is England's survival: an authority that matches it keeps its share unmoved.
    moves[:, 1:90] = england[:89] * (soft[:, 1:90] * mean[:89] - soft[:, :89] * survival[:, :89])
    moves *= people / (people + 30)
    return moves - moves.sum(0) * share


def moves_2019(data: Inputs, living: Survival) -> Array:
    """Moves by age for base 2019, from the age structures of mid-2020 alone, ``[L, 106]``."""
    return _full(_cross_section(data.mid_2020.sum(1), living.step()))


def _full(open_ages: Array) -> Array:
    full = np.zeros((len(open_ages), AGES))
    full[:, :90] = open_ages[:, :90]
    return full


def _three_years(moves: Array) -> Array:
    """What moves by age add to the cohort that reaches each age, over three years."""
    padded = np.concatenate([np.zeros((len(moves), 2)), moves], axis=1)
    return padded[:, 2:] + padded[:, 1:-1] + padded[:, :-2]


def _back(gap: Array) -> Array:
    """The transpose of :func:`_three_years`, over nine: a cohort's gap shared to three ages."""
    padded = np.concatenate([gap, np.zeros((len(gap), 2))], axis=1)
    return (padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]) / 9


def moves_2025(data: Inputs, living: Survival, by_arrivals: float) -> Array:
    """Moves by age for base 2025, ``[L, 106]``: what mid-2020 survived lacks of mid-2023.

    The residual is known by cohort over three years. It is shared out to single years around the
    cross-section of mid-2023, so that the student peak stays at its ages. The estimates of
    mid-2020 were made before the 2021 Census and those of mid-2023 after it, so part of a residual
    is no move but a correction: the further an authority's total is from the projection's (with
    the national excess shared out), the more the cross-section counts and the less the residual.
    """
    people_2023 = data.mid_2023
    cross = _cross_section(people_2023, living.step())
    survivors = spread_open(data.mid_2020.sum(1), living.national()[None])
    nobody = np.zeros(len(survivors))
    for years in ((2020, 2021), (2021,), (2021,)):
        survivors = age_on(survivors, living.step(*years), nobody)
    gap = np.zeros_like(people_2023)
    gap[:, 3:90] = people_2023[:, 3:90] - survivors[:, 3:90]
    extra = _back(gap - _three_years(cross) * (np.arange(OPEN) >= 3))
    extra[:, :3] = extra[:, 3:4]
    extra[:, 90] = 0
    extra = spread(extra, 5)

    england = people_2023.sum(0)
    of_age = people_2023 / england
    mean = extra.sum(0)
    own = extra - mean * of_age
    # Deaths of the pandemic years by age are known less well than this residual is small.
    mean *= np.clip((75 - np.arange(OPEN)) / 10, 0, 1)
    period = slice(2021 - FIRST, 2024 - FIRST)
    planned = data.net[:, period].mean(1)
    abroad = data.international_in[:, period].mean(1)
    total = gap.sum(1) / 3
    excess = excess_share(abroad, people_2023.sum(1), by_arrivals)
    planned = planned + (total.sum() - planned.sum()) * excess
    off = (total - planned) / people_2023.sum(1)
    trust = 1 / (1 + (off / 0.005) ** 2)
    few = people_2023 / (people_2023 + 100)
    return _full(cross + mean * of_age + trust[:, None] * few * own)


def gross_movers(moves: Array) -> Array:
    """Ages of those who move, ``[106]``, adding to 1: sums of each authority's moves, unsigned.

    It is where a total that differs from the sum of the age pattern is put or taken.
    """
    size = spread(np.abs(moves).sum(0), 5)
    size[90:] = 0
    return size / size.sum()


def excess_share(arrivals: Array, people: Array, by_arrivals: float) -> Array:
    """How a national excess of net migration is shared out: by arrivals and by people."""
    return by_arrivals * arrivals / arrivals.sum() + (1 - by_arrivals) * people / people.sum()


def totals(data: Inputs, year: int, england: float, people: Array, by_arrivals: float) -> Array:
    """Net migration of each authority in the year to mid-``year``, adding up to ``england``."""
    net = data.net[:, year - FIRST]
    arrivals = data.international_in[:, year - FIRST]
    return net + (england - net.sum()) * excess_share(arrivals, people, by_arrivals)


def moved(moves: Array, gross: Array, total: Array) -> Array:
    """Moves by age scaled, by adding, to a total for each authority."""
    return moves + (total - moves.sum(1))[:, None] * gross[None]


# --- births and the two base populations ---------------------------------------------------------


def births_level(data: Inputs) -> Array:
    """Births to mid-2023 that its infants imply, over those projected, ``[L]``.

    Infants are few in a small authority: the level is shrunk to England's by Poisson noise, with
    a spread between authorities of 8%.
    """
    projected = data.births[:, :, 2023 - FIRST].sum(1)
    alive = np.exp(-0.88 * data.hmd[2019][:, 0].mean())
    raw = data.mid_2023[:, 0] / alive / projected
    england = data.mid_2023[:, 0].sum() / alive / projected.sum()
    weight = 0.08**2 / (0.08**2 + 1 / projected)
    return england + weight * (raw - england)


def forward_to_2025(
    data: Inputs,
    living: Survival,
    moves: Array,
    gross: Array,
    level: Array,
    total: dict[str, float],
) -> Array:
    """Mid-2025 by authority and age ``[L, 106]``: two years on from mid-2023.

    Net migration is what the national totals leave after births and deaths. That of the first
    year therefore holds the later upward revision of mid-2023 too.
    """
    people = spread_open(data.mid_2023, living.national()[None])
    for year in (2024, 2025):
        born = level * data.births[:, :, year - FIRST].sum(1)
        newborn = born * np.exp(-0.88 * data.hmd[2019][:, 0].mean())
        ahead = age_on(people, living.step(), newborn)
        arrivals = total[f"population.england_mid_{year}"] - ahead.sum()
        to_share = total["population.excess_migration_by_arrivals"]
        net = totals(data, year, arrivals, ahead.sum(1), to_share)
        people = ahead + moved(moves, gross, net)
        people = np.maximum(people, 0)
        people *= total[f"population.england_mid_{year}"] / people.sum()
    return people


def back_to_2019(
    data: Inputs, living: Survival, moves: Array, gross: Array, total: dict[str, float]
) -> Array:
    """Mid-2019 by authority and age ``[L, 106]``: one year back from mid-2020.

    The year to mid-2020 held the first wave of the pandemic: survival is at the mean of the rates
    of 2019 and 2020.
    """
    later = spread_open(data.mid_2020.sum(1), living.national()[None])
    survival = living.step(2019, 2020)
    stayed = later - moved(moves, gross, data.net[:, 2020 - FIRST])
    people = np.zeros_like(later)
    people[:, :105] = stayed[:, 1:] / survival[:, :105]
    share = survival[:, 104] * people[:, 104]
    people[:, 105] = np.maximum(later[:, 105] - share, 0) / survival[:, 105]
    people = np.maximum(people, 0)
    gap = total["population.england_mid_2019"] - people.sum()
    share = excess_share(
        data.international_in[:, 2020 - FIRST],
        later.sum(1),
        total["population.excess_migration_by_arrivals"],
    )
    return np.maximum(people + gap * share[:, None] * gross[None], 0)


def quintile_split(data: Inputs, rates: Array, year: int) -> Array:
    """Quintile shares by authority and age ``[L, 5, 91]``, from those of mid-2020.

    Neighbourhoods keep their place in life: students live where students lived. So up to 35 the
    split is that of the same age at mid-2020. From 50, when few move, it is that of the same
    cohort, with its own survival; between the two ages one passes into the other.
    """
    years = year - 2020
    same = data.mid_2020 + 1e-9 * data.mid_2020.sum(2, keepdims=True)
    same = same / same.sum(1, keepdims=True)
    if years <= 0:
        return same
    both = rates.mean(0)
    full = spread_open(data.mid_2020, both[None])
    for _ in range(years):
        alive = full * np.exp(-(both[:, :AGES] + both[:, 1:]) / 2)[None]
        full = np.concatenate([np.zeros_like(alive[..., :1]), alive[..., :-1]], axis=-1)
    cohort = np.concatenate([full[..., :90], full[..., 90:].sum(-1, keepdims=True)], axis=-1)
    size = cohort.sum(1, keepdims=True)
    cohort = np.where(size > 0, cohort / np.maximum(size, 1e-9), same)
    pass_over = np.clip((np.arange(OPEN) - 35) / 15, 0, 1)
    return same * (1 - pass_over) + cohort * pass_over


def by_sex_and_quintile(data: Inputs, rates: Array, persons: Array, year: int) -> Array:
    """Residents by authority, sex, quintile, age ``[L, 2, 5, 106]``.

    Starts from the quintile split and the sex ratio (for 2025 with the boards' departures), then
    proportional fitting closes on authority x age x quintile and on England's sex by age. Those 90
    and over are shared out over 90 to 105 by their stratum's survival.
    """
    closed = np.concatenate([persons[:, :90], persons[:, 90:].sum(1, keepdims=True)], axis=1)
    male = sexes_survived(data, year)
    here = np.broadcast_to(male, closed.shape)
    if year > 2020:
        here = np.clip(male * data.male_registered / data.male_registered_england, 0.2, 0.8)
    split = closed[:, None] * quintile_split(data, rates, year)
    cells = np.stack([1 - here, here], axis=1)[:, :, None] * split[:, None]
    target = np.stack([1 - male, male]) * closed.sum(0)
    for _ in range(100):
        cells *= (target / cells.sum((0, 2)))[None, :, None]
        held = cells.sum(1)
        cells *= np.where(held > 0, split / np.maximum(held, 1e-300), 0)[:, None]
        if np.abs(cells.sum((0, 2)) / target - 1).max() < 1e-10:
            break
    return spread_open(cells, rates[None])


def whole_people(cells: Array, total: int) -> np.ndarray:
    """Whole people with an exact total: each cell takes what the running sum has newly filled.

    Along the order authority, sex, quintile, age no stratum is off by one person or more.
    """
    running = np.cumsum(cells.ravel())
    running *= total / running[-1]
    filled = np.floor(running + 0.5).astype(np.int64)
    filled[-1] = total
    return np.diff(filled, prepend=0).reshape(cells.shape)
