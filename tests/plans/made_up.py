"""Made-up results of a plan, for tests of what is worked out from them. Nothing is evidence."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from leftshift.plans.results import MEASURES, QUINTILES, Results

Array = NDArray[np.float64]

#: Levels of the baseline by measure, for each person and year; and what an intervention does to
#: each, as a share of it.
_LEVEL = {
    "qaly": 0.8,
    "life_years": 1.0,
    "deaths": 0.01,
    "major_illness": 0.12,
    "spend": 4_000.0,
    "spend_nhs": 3_400.0,
    "spend_social_care": 600.0,
    "spend_private": 300.0,
    "cost_intervention": 0.0,
    "cash_released": 0.0,
    "capacity_released": 0.0,
    "non_elective_admission": 0.1,
    "bed_days": 0.6,
    "gp_appointment": 3.0,
    "ae_attendance": 0.4,
    "staff_wte": 0.03,
    "people_reached": 0.0,
}
_SHARE = {"qaly": 2e-4, "life_years": 1e-4, "deaths": -2e-3}
_EACH = {
    "cost_intervention": 12.0,
    "cash_released": 3.0,
    "capacity_released": 5.0,
    "people_reached": 0.02,
}


def results(
    interventions: tuple[str, ...] = ("first", "second"),
    *,
    years: int = 6,
    places: tuple[str, ...] = ("E1", "E2", "E3"),
    draws: int = 8,
    size: float = 1.0,
    seed: int = 1,
) -> Results:
    """Results that add up: places and fifths to one total, and interventions to the whole plan.

    Args:
        interventions: their ids.
        years: number of years, the base year included, in which nothing happens yet.
        places: their codes.
        draws: number of draws.
        size: multiplies every effect; 0 for a plan that does nothing.
        seed: of the noise between cells and draws.
    """
    rng = np.random.default_rng(seed)
    k, p, runs, m = len(interventions), len(places), draws + 1, len(MEASURES)
    people = rng.uniform(5_000.0, 20_000.0, (p, QUINTILES)) * np.ones((runs, years, 1, 1))
    level = np.array([_LEVEL[name] for name in MEASURES])
    share = np.array([_SHARE.get(name, -1e-3) for name in MEASURES])
    each = np.array([_EACH.get(name, 0.0) for name in MEASURES])
    base = people[..., None] * level
    noise = np.ones((runs, k, 1, 1, 1, 1))
    noise[1:] = rng.lognormal(0.0, 0.4, (draws, k, 1, 1, 1, 1))
    grown = np.minimum(np.arange(years) / 3.0, 1.0)[:, None, None, None]
    tilt = np.linspace(1.4, 0.6, QUINTILES)[:, None]
    by = rng.uniform(0.5, 1.5, (k, 1, 1, 1, m))
    effect = size * noise * by * grown * tilt * (base * share + people[..., None] * each)[:, None]
    # Public spending is what falls on each payer and what the interventions cost.
    at = {name: i for i, name in enumerate(MEASURES)}
    parts = ("spend_nhs", "spend_social_care", "cost_intervention")
    effect[..., at["spend"]] = sum(effect[..., at[part]] for part in parts)
    together = np.concatenate([effect, effect.sum(axis=1, keepdims=True)], axis=1)
    return Results(
        interventions=interventions,
        years=tuple(f"{2025 + y}/{26 + y}" for y in range(years)),
        places=places,
        draws=draws,
        place_effect=together.sum(axis=4),
        quintile_effect=together.sum(axis=3),
        place_base=base.sum(axis=3),
        quintile_base=base.sum(axis=2),
        people_place=people.sum(axis=3),
        people_quintile=people.sum(axis=2),
        parameters={
            f"intervention.{name}.effect.made_up.ratio": 1.0 - 0.1 * noise[1:, i].reshape(draws)
            for i, name in enumerate(interventions)
        },
    )
