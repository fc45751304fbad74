"""Waits: the tail gives the list, England's is matched, and a board's own list is followed."""

from dataclasses import replace

import numpy as np
import pytest

from leftshift.areas import find_area
from leftshift.care import waits
from leftshift.catalogue import Catalogue
from tests.care import made_up

YEARS = 5
M = {name: place for place, name in enumerate(waits.MEASURES)}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


def england(catalogue, years=YEARS):
    return replace(made_up.use(years), area=find_area("England", catalogue))


def own_list(catalogue, **changes):
    count = 2
    given = {
        "specialties": ("orthopaedics", "urology"),
        "waiting": np.full((count, 37), 50.0),
        "starts": np.array([400.0, 200.0]),
        "stops": np.array([350.0, 180.0]),
        "leave": np.array([0.03, np.nan]),
    }
    return waits.OwnList(**(given | changes))


def test_englands_list_and_its_tail_are_those_published(catalogue):
    table = waits.waits(catalogue.parameters(), catalogue, england(catalogue))[0].sum(axis=0)
    assert table[M["list_size"]] == pytest.approx(7.31e6)
    assert table[M["over_18_weeks"]] == pytest.approx(7.31e6 * (1 - 0.618), rel=1e-3)
    assert table[M["over_52_weeks"]] == pytest.approx(156_483, rel=1e-3)
    assert table[M["demand"]] == pytest.approx(20.0e6, rel=1e-3)
    assert table[M["capacity"]] == pytest.approx(17.43e6, rel=1e-3)


def test_boards_add_up_to_england(catalogue):
    parameters = catalogue.parameters()
    boards = [str(code) for code in catalogue.table("boards")["ods"]]
    use = made_up.use(0)
    parts = [
        waits.waits(parameters, catalogue, replace(use, area=find_area(code, catalogue)))[0]
        for code in boards
    ]
    whole = waits.waits(parameters, catalogue, england(catalogue, 0))[0]
    for name in ("list_size", "over_18_weeks", "demand", "capacity"):
        assert sum(part[:, M[name]].sum() for part in parts) == pytest.approx(
            whole[:, M[name]].sum()
        )


def test_the_shape_foretells_the_list_of_another_month(catalogue):
    # August 2025: 7,414,794 pathways, 61% within 18 weeks, 191,493 over 52 weeks.
    shape = catalogue.parameters().value("care.waits.shape")
    tail = waits.fit(np.array(7_414_794 * 0.39), np.array(191_493.0), shape)
    assert float(tail.size) == pytest.approx(7_414_794, rel=0.04)


def test_a_tail_that_does_not_fall_still_gives_a_list():
    tail = waits.fit(np.array([100.0, 100.0, 0.0, 0.3]), np.array([0.0, 100.0, 0.0, 0.3]), 1.3)
    assert np.isfinite(tail.size).all()
    assert np.isfinite(tail.scale).all()
    assert (tail.scale > 0).all()
    assert tail.size[2] == 0


def test_a_list_grows_when_more_is_asked_for_and_less_can_be_done(catalogue):
    parameters, use = catalogue.parameters(), england(catalogue)
    base = waits.waits(parameters, catalogue, use)
    less = waits.waits(parameters, catalogue, use, capacity=np.linspace(1.0, 0.9, YEARS + 1))
    assert (less[-1, :, M["list_size"]] > base[-1, :, M["list_size"]]).all()
    assert (less[-1, :, M["mean_wait_weeks"]] > base[-1, :, M["mean_wait_weeks"]]).all()
    within = M["share_within_18_weeks"]
    assert (less[-1, :, within] < base[-1, :, within]).all()


def test_unmet_is_what_waits_longer_than_the_standard_allows_with_its_people(catalogue):
    table = waits.waits(catalogue.parameters(), catalogue, england(catalogue))
    over, size = table[..., M["over_18_weeks"]], table[..., M["list_size"]]
    assert np.allclose(table[..., M["unmet"]], np.maximum(0, over - 0.08 * size))
    assert np.allclose(table[..., M["unmet_people"]], table[..., M["unmet"]] * 6.17 / 7.31)


def test_capacity_beyond_what_is_asked_for_stands_idle_and_the_list_stops_falling(catalogue):
    parameters, use = catalogue.parameters(), england(catalogue, 20)
    table = waits.waits(parameters, catalogue, use, capacity=np.full(21, 6.0))
    assert (table[-1, :, M["list_size"]] > 0).all()
    assert np.allclose(table[-1, :, M["mean_wait_weeks"]], 4.0, rtol=0.2)
    assert np.isfinite(table).all()


def test_the_back_test_is_against_no_change_and_saw_nothing_of_its_target(catalogue):
    table = waits.backtest(catalogue)
    assert table.height == 42 * 10 * 2
    summary = waits.backtest_summary(catalogue)
    assert set(summary["level"]) == {"England", "boards", "boards and specialties"}
    assert (summary["error"] > 0).all()
    hidden = Catalogue.load()
    counts = waits._counts(hidden, "2023-12")
    counts[0][:] *= 3.0
    again = waits.backtest(hidden)
    assert np.allclose(again["predicted"], table["predicted"])


def test_a_boards_own_list_takes_the_place_of_the_estimate_and_leaves_the_others(catalogue):
    parameters, use = catalogue.parameters(), made_up.use(YEARS)
    guess = waits.waits(parameters, catalogue, use)
    mine = waits.waits(parameters, catalogue, use, own_list(catalogue))
    names = list(waits.specialties(catalogue))
    first = mine[0, names.index("orthopaedics")]
    assert first[M["list_size"]] == pytest.approx(37 * 50)
    assert first[M["demand"]] == pytest.approx(4800)
    assert first[M["over_52_weeks"]] == pytest.approx(50 * (37 - 52 * 7 / (365.25 / 12)), rel=1e-3)
    other = names.index("ophthalmology")
    assert np.allclose(mine[:, other], guess[:, other])


def test_nobody_is_lost_from_a_list_that_is_followed():
    rng = np.random.default_rng(1)
    waiting = rng.uniform(0, 100, (3, 37))
    starts = np.array([80.0, 0.0, 900.0])
    capacity = np.array([60.0, 1e9, 0.0])
    leave = np.array([0.02, 0.0, 0.1])
    later, treated, gone = waits.cohort(waiting, starts, capacity, leave, 0.5)
    assert np.allclose(waiting.sum(1) + starts, later.sum(1) + treated + gone)
    assert (later >= 0).all()
    assert treated[0] == pytest.approx(60.0)
    assert later[1].sum() == pytest.approx(0.0, abs=1e-6)
    assert treated[2] == 0


def test_oldest_first_clears_the_longest_waits():
    waiting = np.ones((1, 14)) * 10
    none = np.zeros(1)
    oldest, _, _ = waits.cohort(waiting, none, np.array([30.0]), none, 1.0)
    mixed, _, _ = waits.cohort(waiting, none, np.array([30.0]), none, 0.0)
    assert oldest[0, -1] == 0
    assert mixed[0, -1] > 0
    assert oldest.sum() == pytest.approx(mixed.sum())


class Given:
    """What a board's own files hold, as far as waits ask for it."""

    def waiting(self, months):
        return {
            "urology": (np.full(months, 10.0), True),
            "orthopaedics": (np.full(months, 20.0), False),
            "gynaecology": (np.full(months, 5.0), False),
        }

    def clocks(self):
        return {"orthopaedics": (400.0, 350.0, 37.0), "urology": (100.0, 90.0, None)}


def test_a_specialty_is_followed_where_both_its_list_and_its_clocks_are_given(catalogue):
    found = waits.own_list(Given(), catalogue)
    assert found.specialties == ("orthopaedics", "urology")
    assert found.leave[0] == pytest.approx(37.0 / (37 * 20))
    assert np.isnan(found.leave[1])
    table = waits.waits(catalogue.parameters(), catalogue, made_up.use(YEARS), found)
    assert np.isfinite(table).all()


def test_englands_own_rate_of_leaving_is_used_where_a_board_gives_none(catalogue):
    parameters, use = catalogue.parameters(), made_up.use(YEARS)
    place = list(waits.specialties(catalogue)).index("urology")
    mine = waits.waits(parameters, catalogue, use, own_list(catalogue))[0, place]
    yearly = 1 - (1 - mine[M["left_untreated"]] / 12 / mine[M["list_size"]]) ** 12
    assert yearly == pytest.approx(1 - np.exp(-0.3728), abs=1e-3)
