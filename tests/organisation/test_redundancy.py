"""Who leaves, what it costs, and in what order posts are emptied."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leftshift.catalogue import Catalogue
from leftshift.errors import ModelError
from leftshift.organisation.board import Board
from leftshift.organisation.evaluation import Evaluation, evaluate
from leftshift.organisation.options import Change, Option
from leftshift.organisation.redundancy import Rules, section16
from leftshift.organisation.staff import Tenure, shipped_tenures, uniforms

RULES = Rules.of(Catalogue.load().parameters())


@given(
    salary=st.decimals(0, 300_000, places=2),
    more=st.decimals(0, 50_000, places=2),
    service=st.decimals(0, 50, places=1),
    longer=st.decimals(0, 10, places=1),
)
@settings(max_examples=200, deadline=None)
def test_more_pay_or_more_service_never_pays_less_and_24_months_is_the_most(
    salary: Decimal, more: Decimal, service: Decimal, longer: Decimal
) -> None:
    paid = section16(salary, service, RULES)
    assert section16(salary + more, service, RULES) >= paid
    assert section16(salary, service + longer, RULES) >= paid
    assert paid <= Decimal(160_000)


def test_a_payment_without_any_pay_is_refused() -> None:
    with pytest.raises(ModelError, match="salary or a week's pay"):
        section16(None, 10, RULES)
    with pytest.raises(ModelError, match="cannot be negative"):
        section16(-1, 10, RULES)


def whole_cut(board: Board, **settings: object) -> Board:
    shares = tuple(0.0 if year == 0 else 0.5 for year in range(len(board.labels)))
    cut = Option(
        "cut", "Cut", changes=tuple(Change(one.id, "reduce", shares) for one in board.functions)
    )
    return replace(board, options=(board.options[0], cut), **settings)  # type: ignore[arg-type]


def test_posts_planned_are_posts_emptied_to_the_nearest_person(
    board: Board, catalogue: Catalogue
) -> None:
    found = evaluate(whole_cut(board), catalogue, 20).options[1].leaving
    planned = sum(one.total_wte for one in board.functions) / 2
    left = found.people.sum(axis=(0, 2))
    # Vacancies go first, people may work less than full time, and each function is rounded.
    assert found.planned.sum() == pytest.approx(planned)
    assert (left > 0.75 * planned).all()
    assert (left < 1.25 * planned).all()


def test_without_a_voluntary_scheme_nobody_volunteers(board: Board, catalogue: Catalogue) -> None:
    found = evaluate(whole_cut(board, voluntary="none"), catalogue, 20).options[1].leaving
    assert found.people[2].sum() == 0
    assert found.people[3].sum() > 0


def test_volunteers_spare_others_from_compulsory_redundancy(
    board: Board, catalogue: Catalogue
) -> None:
    scheme, none = (
        evaluate(whole_cut(board, voluntary=name), catalogue, 20).options[1].leaving
        for name in ("voluntary_redundancy", "none")
    )
    assert scheme.people[3].sum() < none.people[3].sum()
    # Leavers and redeployment come before either.
    assert np.array_equal(scheme.people[:2], none.people[:2])


def test_a_mutual_resignation_costs_less_than_redundancy(
    board: Board, catalogue: Catalogue
) -> None:
    mars, full = (
        evaluate(whole_cut(board, voluntary=name), catalogue, 20).options[1].leaving
        for name in ("mars", "voluntary_redundancy")
    )
    assert np.array_equal(mars.people, full.people)
    assert mars.payments.sum() < full.payments.sum()


def test_nobody_leaves_twice_and_no_function_loses_more_than_it_has(
    board: Board, catalogue: Catalogue
) -> None:
    shares = tuple(min(1.0, year * 0.4) for year in range(len(board.labels)))
    stop = Option("stop", "Stop", changes=(Change("communications", "stop", shares),))
    found = evaluate(replace(board, options=(board.options[0], stop)), catalogue, 20).options[1]
    assert board.staff is not None
    there = sum(one.function == "communications" for one in board.staff.people)
    assert (found.leaving.people.sum(axis=(0, 2)) == there).all()


def test_the_same_seed_gives_the_same_people_and_another_seed_others(
    board: Board, catalogue: Catalogue
) -> None:
    first, same, other = (
        evaluate(whole_cut(board), catalogue, 20, seed).options[1].leaving.cost
        for seed in (1, 1, 2)
    )
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def test_a_post_s_random_numbers_do_not_depend_on_other_posts() -> None:
    assert np.array_equal(uniforms(1, "a", 5), uniforms(1, "a", 9)[:5])
    assert not np.array_equal(uniforms(1, "a", 5), uniforms(1, "b", 5))
    many = uniforms(7, "x", 20_000)
    assert 0 <= many.min() < many.max() < 1
    assert many.mean() == pytest.approx(0.5, abs=0.01)


def test_those_whose_work_moves_stay_employed_unless_the_option_says_not(
    board: Board, catalogue: Catalogue
) -> None:
    shares = tuple(float(year > 0) for year in range(len(board.labels)))
    found = []
    for people in ("transfer", "redundant"):
        move = Option(
            "move",
            "Move",
            changes=(Change("digital", "transfer", shares, "region", people=people),),
        )
        done = evaluate(replace(board, options=(board.options[0], move)), catalogue, 20)
        found.append(done.options[1].leaving.people.sum())
    assert found[0] == 0
    assert found[1] > 0


def test_without_a_list_service_comes_from_a_distribution_and_widens_the_interval(
    board: Board, catalogue: Catalogue
) -> None:
    bare = replace(whole_cut(board), staff=None, tenures=shipped_tenures(catalogue))
    done = evaluate(bare, catalogue, 30)
    rows = done.tables["redundancy"].filter(
        (pl.col("option") == "cut") & (pl.col("measure") == "total_cost") & (pl.col("year") == "")
    )
    listed = evaluate(whole_cut(board), catalogue, 30).options[1].leaving.cost.sum(axis=1)
    assert rows["lower"].item() < rows["value"].item() < rows["upper"].item()
    assert rows["value"].item() == pytest.approx(listed.mean() / 100, rel=0.4)


def test_service_lengths_are_drawn_in_their_proportions() -> None:
    tenure = Tenure((0, 2, 10), (1, 9, 10), (0.2, 0.5, 0.3))
    years = tenure.years(uniforms(1, "tenure", 50_000))
    assert (years < 2).mean() == pytest.approx(0.2, abs=0.01)
    assert (years == 10).mean() == pytest.approx(0.3, abs=0.01)
    assert set(np.unique(years)) == set(range(11))


def test_keeping_everything_costs_nothing(evaluation: Evaluation) -> None:
    keep = evaluation.options[0]
    assert keep.leaving.people.sum() == 0
    assert keep.leaving.cost.sum() == 0
    assert keep.tasks == ()


def test_the_protective_award_is_180_days_from_april_2026_and_90_before(
    board: Board, catalogue: Catalogue
) -> None:
    from datetime import date

    before, after = (
        evaluate(whole_cut(board, consultation=day), catalogue, 20).options[1].leaving.award.sum()
        for day in (date(2026, 4, 5), date(2026, 4, 6))
    )
    assert after == pytest.approx(2 * before)
