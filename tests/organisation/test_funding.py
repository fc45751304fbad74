"""Who pays for redundancy, when it pays back, and what it is worth."""

import numpy as np
import pytest

from leftshift.catalogue import Catalogue
from leftshift.organisation.evaluation import Evaluation
from leftshift.organisation.funding import Flow, flows, net_present_value, payback

PARAMETERS = Catalogue.load().parameters()
LEVEL = np.array([0.0, 12.0, 12.0, 12.0]) * 1e8
COST = np.array([[0.0, 9.0, 0.0, 0.0]]) * 1e8
NONE = np.zeros(4)


def made() -> dict[tuple[str, str], Flow]:
    return flows(LEVEL, LEVEL / 2, NONE, COST, PARAMETERS)


def test_paid_centrally_the_board_pays_nothing_and_the_public_all() -> None:
    found = made()
    assert found["central", "board"].redundancy.sum() == 0
    assert found["central", "public"].redundancy.sum() == -COST.sum()


def test_public_money_is_the_same_whoever_pays() -> None:
    found = made()
    for scenario in ("overspend", "absorbed"):
        assert np.array_equal(found[scenario, "public"].net, found["central", "public"].net)


def test_an_overspend_is_earned_back_to_the_penny() -> None:
    lent = made()["overspend", "board"].repayment
    assert lent[0, 1] == COST[0, 1]
    assert lent.sum() == pytest.approx(0.0, abs=1e-3)


def test_a_change_saves_for_part_of_its_first_year_and_wholly_afterwards() -> None:
    saving = made()["absorbed", "board"].saving[0]
    part = PARAMETERS.value("funding.first_year_share")
    assert saving.tolist() == pytest.approx([0.0, 12e8 * part, 12e8, 12e8])


def test_months_add_up_to_years() -> None:
    for flow in made().values():
        years = flow.by_month().reshape(1, 4, 12).sum(axis=2)
        # A month's grid rounds the point in the year; 0.5 falls on a month.
        assert years == pytest.approx(flow.net, abs=1e-3)


def test_nine_paid_out_of_twelve_a_year_pays_back_after_nine_months() -> None:
    assert payback(made()["absorbed", "board"])[0] == pytest.approx(0.75)


def test_what_never_comes_back_takes_for_ever_and_what_costs_nothing_no_time() -> None:
    never = Flow(np.zeros((1, 3)), np.array([[0.0, -1e9, 0.0]]), np.zeros((1, 3)),
                 np.zeros((1, 3)), 0.5)  # fmt: skip
    nothing = Flow(*(np.zeros((1, 3)) for _ in range(4)), 0.5)
    assert np.isinf(payback(never)[0])
    assert payback(nothing)[0] == 0


def test_net_present_value_is_the_green_book_s() -> None:
    net = np.array([[-100.0, 60.0, 60.0]])
    assert net_present_value(net, 0.035)[0] == pytest.approx(-100 + 60 / 1.035 + 60 / 1.035**2)


def test_returns_are_said_in_words(evaluation: Evaluation) -> None:
    rows = evaluation.tables["returns"]
    words = " ".join(rows["words"])
    assert "It does not pay back by the end of 2030/31." in words  # moving cost only
    assert "It pays back after" in words
    assert "Nothing is changed" in words


def test_every_option_has_every_way_of_paying(evaluation: Evaluation) -> None:
    found = evaluation.tables["funding"].select("option", "scenario", "view").unique()
    assert found.height == len(evaluation.options) * 3 * 2
