"""How many whole-time equivalents continuing care, safeguarding and medicines need.

Each is cases in a year times hours for a case, over the hours that one whole-time equivalent can
give. Continuing care also holds capacity for the swing in referrals, so that the share of
assessments that should be completed within the window is: in a window of so many days as many
referrals may come as are exceeded in one window of five, when the target is 80%.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

from leftshift.catalogue import Catalogue, Parameters
from leftshift.organisation.people import Residents, england_adults

__all__ = ["CASELOADS", "Caseload", "Measure", "minimum", "spread", "work"]


@dataclass(frozen=True, slots=True)
class Caseload:
    """What words go with a caseload.

    Attributes:
        id: its id, which a duty names.
        subject: what is short where there are too few, as a sentence begins.
        purpose: what the whole-time equivalents are needed for, as a sentence ends.
    """

    id: str
    subject: str
    purpose: str


CASELOADS = {
    one.id: one
    for one in (
        Caseload("continuing_care", "continuing care assessments", "to keep 28-day completion"),
        Caseload(
            "safeguarding",
            "safeguarding",
            "for its designated professionals and its statutory reviews",
        ),
        Caseload(
            "medicines",
            "medicines optimisation",
            "to fund NICE appraisals within 90 days and keep prescribing safe",
        ),
    )
}
"""The caseload models, by id."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of a caseload in a year."""

    id: str
    unit: str
    value: float


def work(caseload: str, people: Residents, year: int, parameters: Parameters) -> list[Measure]:
    """Gives a caseload of one year: cases, hours and whole-time equivalents needed.

    Args:
        caseload: a key of `CASELOADS`.
        people: the board's people.
        year: years after the base year.
        parameters: rates and hours.

    Returns:
        Its measures in order; the last is `wte_needed`.
    """
    return _MODELS[caseload](people, year, parameters)


def minimum(caseload: str, people: Residents, year: int, parameters: Parameters) -> float:
    """Gives the whole-time equivalents that a caseload needs in a year."""
    return work(caseload, people, year, parameters)[-1].value


def _continuing_care(people: Residents, year: int, parameters: Parameters) -> list[Measure]:
    value = parameters.value
    stem = "continuing_care."
    adults = people.adults(year)
    per = adults / 1e5 * _need(people, year, parameters)
    standard = per * value(stem + "standard_rate")
    fast = per * value(stem + "fast_track_rate")
    eligible = per * (value(stem + "eligible_rate") + value(stem + "fast_track_caseload"))
    nursing = per * value(stem + "nursing_caseload")
    disputes = standard * value(stem + "disputed")
    window = standard * value("caseload.window_days") / 365.0
    target = min(max(value("caseload.completion_target"), 0.5), 0.999)
    swing = NormalDist().inv_cdf(target) * math.sqrt(
        value("caseload.overdispersion") / max(window, 1e-9)
    )
    hours = {
        "hours_assessments": standard * value(stem + "hours_standard"),
        "hours_swing": standard * value(stem + "hours_standard") * swing if window > 0 else 0.0,
        "hours_fast_track": fast * value(stem + "hours_fast_track"),
        "hours_reviews": eligible * value(stem + "reviews") * value(stem + "hours_review"),
        "hours_case_management": eligible * value(stem + "hours_case"),
        "hours_nursing": nursing * value(stem + "hours_nursing"),
        "hours_disputes": disputes * value(stem + "hours_dispute"),
    }
    cases = {
        "cases_standard": standard,
        "cases_found_eligible": standard * value(stem + "converted"),
        "cases_fast_track": fast,
        "cases_disputed": disputes,
    }
    return [
        *(Measure(key, "cases a year", found) for key, found in cases.items()),
        Measure("people_eligible", "people", eligible),
        Measure("people_nursing", "people", nursing),
        *_hours(hours, parameters),
    ]


def _need(people: Residents, year: int, parameters: Parameters) -> float:
    """How much more continuing care an adult here needs than an adult of England, by age alone."""
    weights = parameters.values("continuing_care.age")

    def mean(ages: dict[str, float]) -> float:
        adults = sum(ages.values()) - ages["under_18"]
        return sum(weights[age] * count for age, count in ages.items()) / max(adults, 1e-9)

    return mean(people.ages[year]) / mean(england_adults(parameters.catalogue))


def _safeguarding(people: Residents, year: int, parameters: Parameters) -> list[Measure]:
    value = parameters.value
    stem = "safeguarding."
    children, adults = people.ages[year]["under_18"], people.adults(year)
    deaths = children / 1e5 * value(stem + "child_death_rate")
    reviews = adults / 1e5 * value(stem + "adult_review_rate")
    ledr = adults / 1e5 * value(stem + "learning_disability_death_rate")
    in_care = children / 1e5 * value(stem + "children_in_care_rate")
    designated = (
        children / value(stem + "children_per_nurse")
        + children / value(stem + "children_per_care_nurse")
        + children / value(stem + "children_per_doctor")
        + adults / value(stem + "adults_per_lead")
    )
    hours = {
        "hours_child_deaths": deaths * value(stem + "hours_child_death"),
        "hours_adult_reviews": reviews * value(stem + "hours_adult_review"),
        "hours_learning_disability": ledr * value(stem + "hours_learning_disability_death"),
        "hours_children_in_care": in_care * value(stem + "hours_child_in_care"),
    }
    return [
        Measure("cases_child_deaths", "cases a year", deaths),
        Measure("cases_adult_reviews", "cases a year", reviews),
        Measure("cases_learning_disability", "cases a year", ledr),
        Measure("children_in_care", "people", in_care),
        Measure("wte_designated", "WTE", designated),
        *_hours(hours, parameters, designated),
    ]


def _medicines(people: Residents, year: int, parameters: Parameters) -> list[Measure]:
    value = parameters.value
    stem = "medicines."
    total = people.totals[year]
    if people.four_or_more is not None:
        ill = people.four_or_more[year]
    else:
        ill = people.adults(year) * value(stem + "four_or_more_share")
    reviews = ill * value(stem + "reviewed_share")
    approvals = total / 1e5 * value(stem + "approvals_rate")
    incidents = total / 1e5 * value(stem + "incidents_rate")
    appraisals = value(stem + "appraisals")
    hours = {
        "hours_practices": people.practices * value(stem + "hours_practice"),
        "hours_appraisals": appraisals * value(stem + "hours_appraisal"),
        "hours_approvals": approvals * value(stem + "hours_approval"),
        "hours_reviews": reviews * value(stem + "hours_review"),
        "hours_incidents": incidents * value(stem + "hours_incident"),
    }
    return [
        Measure("cases_appraisals", "cases a year", appraisals),
        Measure("cases_approvals", "cases a year", approvals),
        Measure("cases_reviews", "cases a year", reviews),
        Measure("cases_incidents", "cases a year", incidents),
        Measure("people_four_or_more", "people", ill),
        Measure("practices", "practices", people.practices),
        *_hours(hours, parameters),
    ]


def _hours(hours: dict[str, float], parameters: Parameters, beside: float = 0.0) -> list[Measure]:
    needed = beside + sum(hours.values()) / parameters.value("caseload.hours_per_wte")
    return [
        *(Measure(key, "hours a year", found) for key, found in hours.items()),
        Measure("wte_needed", "WTE", needed),
    ]


_MODELS: dict[str, Callable[[Residents, int, Parameters], list[Measure]]] = {
    "continuing_care": _continuing_care,
    "safeguarding": _safeguarding,
    "medicines": _medicines,
}


def spread(
    people: Residents, catalogue: Catalogue, draws: int, seed: int
) -> dict[tuple[str, int, str], tuple[float, float]]:
    """Gives the 95% interval of every measure of every caseload over draws of its parameters.

    Args:
        people: the board's people.
        catalogue: rates and hours with their doubt.
        draws: how many draws; none give no interval.
        seed: keys the draws.

    Returns:
        Lower and upper end by caseload, year (counted from the base year) and measure.
    """
    import numpy as np

    found: dict[tuple[str, int, str], list[float]] = {}
    for draw in range(draws):
        parameters = catalogue.parameters(draw, seed)
        for caseload in CASELOADS:
            for year in range(len(people.ages)):
                for one in work(caseload, people, year, parameters):
                    found.setdefault((caseload, year, one.id), []).append(one.value)
    return {
        key: (float(np.percentile(values, 2.5)), float(np.percentile(values, 97.5)))
        for key, values in found.items()
    }
