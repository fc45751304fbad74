"""Results made up for tests: nothing here is a forecast."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from leftshift.plans.results import HEALTH, MEASURES, Results

NAMES = tuple(MEASURES)


def results(k: int = 2, draws: int = 0, years: int = 5, places: int = 2) -> Results:
    """A plan that changes nothing, in an area of equal fifths, places and sexes."""
    runs, m = 1 + draws, len(NAMES)
    base = np.zeros((runs, years, 1, m))
    base[..., NAMES.index("qaly")] = 800.0
    base[..., NAMES.index("spend")] = 3e6
    people = np.full((runs, years, 1), 1000.0)
    health = [NAMES.index(name) for name in HEALTH]
    return Results(
        interventions=tuple(f"thing_{i}" for i in range(k)),
        years=tuple(f"{2025 + y}/{26 + y}" for y in range(years)),
        places=tuple(f"E0{p}" for p in range(places)),
        draws=draws,
        place_effect=np.zeros((runs, k + 1, years, places, m)),
        quintile_effect=np.zeros((runs, k + 1, years, 5, m)),
        sex_effect=np.zeros((runs, k + 1, years, 2, len(HEALTH))),
        place_base=np.repeat(base, places, axis=2),
        quintile_base=np.repeat(base * places / 5, 5, axis=2),
        sex_base=np.repeat(base[..., health] * places / 2, 2, axis=2),
        people_place=np.repeat(people, places, axis=2),
        people_quintile=np.repeat(people * places / 5, 5, axis=2),
        people_sex=np.repeat(people * places / 2, 2, axis=2),
        parameters={},
    )


def changed(made: Results, k: int, **flows: object) -> Results:
    """The same with an intervention that changes measures of the area by so much.

    Args:
        made: what to start from.
        k: the intervention, from 0.
        flows: by measure, anything that spreads to ``[1 + D, Y]``, of the whole area; it is
            divided evenly over places, fifths and sexes, and added to the whole plan as well.
            Pounds of services and interventions enter `spend`.
    """
    place, fifth, sex = _copied(made)
    for name, flow in flows.items():
        held = np.broadcast_to(np.asarray(flow, float), (1 + made.draws, len(made.years)))
        inside = name in ("spend_nhs", "spend_social_care", "cost_intervention")
        for measure in (name, "spend") if inside else (name,):
            i = NAMES.index(measure)
            for where in (k, made.whole):
                place[:, where, :, :, i] += held[..., None] / len(made.places)
                fifth[:, where, :, :, i] += held[..., None] / 5
                if measure in HEALTH:
                    sex[:, where, :, :, HEALTH.index(measure)] += held[..., None] / 2
    return replace(made, place_effect=place, quintile_effect=fifth, sex_effect=sex)


def by_fifth(made: Results, k: int, measure: str, flow: object) -> Results:
    """The same with an intervention that changes a measure of the fifths by ``[Y, 5]``."""
    return _by_group(made, k, measure, flow, "fifth")


def by_sex(made: Results, k: int, measure: str, flow: object) -> Results:
    """The same with an intervention that changes a measure of health of the sexes, ``[Y, 2]``."""
    return _by_group(made, k, measure, flow, "sex")


def _by_group(made: Results, k: int, measure: str, flow: object, kind: str) -> Results:
    effects = dict(zip(("place", "fifth", "sex"), _copied(made), strict=True))
    shape = (1 + made.draws, len(made.years), effects[kind].shape[3])
    held = np.broadcast_to(np.asarray(flow, float), shape)
    for name, effect in effects.items():
        measures = HEALTH if name == "sex" else NAMES
        if measure not in measures:
            continue
        even = held.sum(axis=-1, keepdims=True) / effect.shape[3]
        for where in (k, made.whole):
            effect[:, where, :, :, measures.index(measure)] += held if name == kind else even
    return replace(
        made,
        place_effect=effects["place"],
        quintile_effect=effects["fifth"],
        sex_effect=effects["sex"],
    )


def _copied(made: Results) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    return made.place_effect.copy(), made.quintile_effect.copy(), made.sex_effect.copy()
