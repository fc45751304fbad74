"""The caseload models against arithmetic done by hand."""

import math
from dataclasses import replace
from statistics import NormalDist

import pytest

from leftshift.areas import find_area
from leftshift.catalogue import Catalogue
from leftshift.catalogue.lines import KeyLines
from leftshift.organisation import caseloads
from leftshift.organisation.board import Board
from leftshift.organisation.people import AGES, Residents, england_adults, read_people
from leftshift.organisation.reading import Keys


def england(catalogue: Catalogue, size: float = 1.0) -> Residents:
    ages = {age: count * size for age, count in england_adults(catalogue).items()}
    total = sum(ages.values())
    return Residents((ages,), total, total, None, 6200 * size, 100, 42, "England")


def measures(name: str, people: Residents, catalogue: Catalogue) -> dict[str, float]:
    found = caseloads.work(name, people, 0, catalogue.parameters())
    return {one.id: one.value for one in found}


def test_england_has_the_cases_that_the_rates_were_made_from(catalogue: Catalogue) -> None:
    found = measures("continuing_care", england(catalogue), catalogue)
    adults = england(catalogue).adults(0)
    assert found["cases_standard"] == pytest.approx(adults / 1e5 * 166)
    assert found["people_eligible"] == pytest.approx(adults / 1e5 * (74 + 39))
    # The published 52,096 at 31 March 2024, of a few people fewer than now.
    assert found["people_eligible"] == pytest.approx(52_096, rel=0.05)


def test_continuing_care_is_cases_times_hours_over_hours_of_a_wte(catalogue: Catalogue) -> None:
    people = england(catalogue, 0.02)
    found = measures("continuing_care", people, catalogue)
    per = people.adults(0) / 1e5
    standard = per * 166
    swing = NormalDist().inv_cdf(0.8) * math.sqrt(3 / (standard * 28 / 365))
    hours = (
        standard * 18 * (1 + swing)
        + per * 220 * 6
        + per * (74 + 39) * (1.2 * 6 + 8)
        + per * 175 * 2
        + standard * 0.05 * 30
    )
    assert found["wte_needed"] == pytest.approx(hours / 1230, rel=1e-9)


def test_keeping_28_days_costs_a_small_service_relatively_more(catalogue: Catalogue) -> None:
    def swing(size: float) -> float:
        found = measures("continuing_care", england(catalogue, size), catalogue)
        return found["hours_swing"] / found["hours_assessments"]

    assert swing(0.002) > 2 * swing(0.02) > 2 * swing(0.2)


def test_an_older_board_needs_more_continuing_care_for_each_adult(
    catalogue: Catalogue, board: Board
) -> None:
    parameters = catalogue.parameters()
    young = {**board.people.ages[0], "from_85": 0.0}
    young["from_18_to_64"] += board.people.ages[0]["from_85"]
    fewer = replace(board.people, ages=(young,))
    assert fewer.adults(0) == board.people.adults(0)
    assert caseloads.minimum("continuing_care", fewer, 0, parameters) < caseloads.minimum(
        "continuing_care", board.people, 0, parameters
    )


def test_safeguarding_counts_children_for_designated_nurses(catalogue: Catalogue) -> None:
    people = replace(
        england(catalogue), ages=({**dict.fromkeys(AGES, 0.0), "under_18": 140_000.0},)
    )
    found = measures("safeguarding", people, catalogue)
    assert found["wte_designated"] == pytest.approx(2 + 2 + 140 / 170)


def test_medicines_takes_the_outlook_s_people_with_four_conditions(
    catalogue: Catalogue, board: Board
) -> None:
    more = replace(board.people, four_or_more=tuple(200_000.0 for _ in board.labels))
    found = measures("medicines", more, catalogue)
    assert found["people_four_or_more"] == 200_000
    assert found["cases_reviews"] == pytest.approx(200_000 * 0.05)


def test_people_come_from_an_area_where_the_board_names_one(catalogue: Catalogue) -> None:
    area = find_area("norfolk-and-suffolk", catalogue)
    empty = Keys("organisation.toml", KeyLines(""), (), {})
    warnings: list[str] = []
    people = read_people(empty, area, ("2025/26", "2026/27"), catalogue, None, warnings)
    assert 1.5e6 < people.total < 1.9e6
    assert people.registered > people.total * 0.95
    assert people.weighted > people.registered * 0.8
    assert "mid-2025" in warnings[0]


def test_whole_england_gets_the_whole_registered_list(catalogue: Catalogue) -> None:
    area = find_area("England", catalogue)
    empty = Keys("organisation.toml", KeyLines(""), (), {})
    people = read_people(empty, area, ("2025/26",), catalogue, None, [])
    assert people.registered == pytest.approx(63_849_324, rel=1e-6)
    assert people.weighted == pytest.approx(people.registered, rel=1e-5)


def test_the_interval_holds_the_central_figure(catalogue: Catalogue, board: Board) -> None:
    spread = caseloads.spread(board.people, catalogue, 60, 1)
    for name in caseloads.CASELOADS:
        lower, upper = spread[name, 0, "wte_needed"]
        assert lower < upper
        assert lower < caseloads.minimum(name, board.people, 0, catalogue.parameters()) < upper
