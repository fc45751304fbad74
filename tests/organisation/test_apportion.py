"""Sharing out an envelope: every rule gives all of it, and each favours whom it should."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftshift.areas import find_area
from leftshift.catalogue import Catalogue
from leftshift.errors import ModelError
from leftshift.organisation.apportion import (
    RULES,
    Shared,
    apportion,
    board_people,
    boards_of,
    read_spend,
    share_out,
)
from leftshift.organisation.reading import BoardError


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


def board(code: str, people: float, weighted: float, present: float) -> Shared:
    return Shared(code, code, people, people, weighted, present, "given")


LEAN = board("lean", 1e6, 1.1e6, 20e6)
RICH = board("rich", 1e6, 0.9e6, 45e6)
boards = st.lists(
    st.builds(
        board,
        st.text("abc", min_size=3, max_size=9),
        st.floats(1e4, 4e6),
        st.floats(1e4, 4e6),
        st.floats(1e5, 2e8),
    ),
    min_size=1,
    max_size=12,
)


@given(boards, st.floats(0, 3e8), st.sampled_from(RULES))
def test_every_rule_gives_the_whole_envelope_in_whole_pounds(
    sharing: list[Shared], envelope: float, rule: str
) -> None:
    given_out = share_out(rule, sharing, envelope)
    assert given_out.sum() == round(envelope)
    assert np.array_equal(given_out, np.round(given_out))
    assert (given_out >= 0).all()


def test_a_flat_percentage_takes_the_same_share_of_each() -> None:
    lean, rich = share_out("flat_percentage", (LEAN, RICH), 32.5e6)
    assert lean / LEAN.present == pytest.approx(0.5)
    assert rich / RICH.present == pytest.approx(0.5)


def test_per_head_gives_equal_boards_equal_money_whatever_they_spend_now() -> None:
    assert list(share_out("per_head", (LEAN, RICH), 37.52e6)) == [18.76e6, 18.76e6]


def test_weighted_head_follows_need() -> None:
    lean, rich = share_out("weighted_head", (LEAN, RICH), 40e6)
    assert (lean, rich) == (22e6, 18e6)


def test_from_present_spend_takes_the_same_pounds_a_head() -> None:
    lean, rich = share_out("from_present_spend", (LEAN, RICH), 55e6)
    assert (LEAN.present - lean, RICH.present - rich) == (5e6, 5e6)


def test_nobody_is_taken_below_nothing_and_the_others_pay() -> None:
    poor = board("poor", 1e6, 1e6, 1e6)
    left = share_out("from_present_spend", (poor, RICH), 10e6)
    assert list(left) == [0, 10e6]


def test_the_rules_stand_side_by_side_for_every_board() -> None:
    frame = apportion((LEAN, RICH), 37.52e6)
    assert frame.height == len(RULES) * 2
    for rule in RULES:
        assert frame.filter(rule=rule)["allowance"].sum() == 37.52e6
    assert frame.filter(rule="flat_percentage")["against_flat"].to_list() == [0.0, 0.0]
    assert frame.group_by("rule").agg(total=frame["against_flat"].sum())["total"].sum() == 0


@pytest.mark.parametrize(
    ("rule", "sharing", "envelope", "said"),
    [
        ("fair", (LEAN,), 1.0, 'no rule "fair"'),
        ("per_head", (), 1.0, "no boards"),
        ("per_head", (LEAN,), -1.0, "must be 0 up"),
        ("per_head", (board("none", 0.0, 1.0, 1.0),), 1.0, "no people"),
        ("flat_percentage", (board("free", 1.0, 1.0, 0.0),), 1.0, "nothing is spent now"),
    ],
)
def test_what_cannot_be_shared_out_is_refused_in_words(
    rule: str, sharing: tuple[Shared, ...], envelope: float, said: str
) -> None:
    with pytest.raises(ModelError, match=said):
        share_out(rule, sharing, envelope)


def test_a_board_of_2024_has_its_published_figures(catalogue: Catalogue) -> None:
    (found,) = boards_of([find_area("QMM", catalogue)], catalogue)
    assert found.registered == pytest.approx(1_106_023)
    assert found.weighted == pytest.approx(1_179_682, abs=1)
    factor = catalogue.row("apportion.spend_over_allowance").estimate.value
    assert found.present == pytest.approx(16_462_000 * factor)


def test_boards_together_hold_everyone_and_all_weighted_people(catalogue: Catalogue) -> None:
    (england,) = boards_of([find_area("England", catalogue)], catalogue)
    table = catalogue.table("weighted_populations")
    assert england.registered == pytest.approx(table["registered"].sum())
    assert england.weighted == pytest.approx(table["core"].sum())
    assert england.residents == pytest.approx(
        catalogue.row("population.england_mid_2025").estimate.value
    )
    # What was read, worked back and shared out comes to the published total.
    total = catalogue.table("running_cost_allowances")["allowance"].sum()
    assert total == pytest.approx(908.76e6, rel=1e-4)


def test_a_footprint_takes_its_parts_of_each_boards_figures(catalogue: Catalogue) -> None:
    whole = [find_area(code, catalogue) for code in ("QMM", "QJG")]
    parts = boards_of(whole, catalogue)
    (joint,) = boards_of([find_area("norfolk-and-suffolk", catalogue)], catalogue)
    # Suffolk and North East Essex loses its part of Essex.
    assert parts[0].registered < joint.registered < sum(one.registered for one in parts)


def test_people_of_a_board_are_those_of_its_authorities(catalogue: Catalogue) -> None:
    area = find_area("QMM", catalogue)
    assert 1.0e6 < board_people(area, catalogue) < 1.15e6


def test_boards_that_hold_the_same_people_cannot_share(catalogue: Catalogue) -> None:
    areas = [find_area(text, catalogue) for text in ("QMM", "norfolk-and-suffolk")]
    with pytest.raises(ModelError, match="hold the same people"):
        boards_of(areas, catalogue)


def test_a_boards_own_spend_beats_the_derived_one(catalogue: Catalogue) -> None:
    areas = [find_area("QMM", catalogue)]
    (found,) = boards_of(areas, catalogue, spend={"QMM": (30e6, "our ledger")})
    assert (found.present, found.source) == (30e6, "our ledger")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("board,spend\nQMM,many\n", "spend.csv:2"),
        ("board,spend\nQMM,£1m\nQMM,2\n", "spend.csv:3: board QMM is there twice"),
        ("board,cost\nQMM,1\n", "spend.csv:1"),
        ("board,spend\nQMM,\n", "spend.csv:2"),
        ("board,spend\nQMM,-4\n", "spend.csv:2"),
        ("", "spend.csv:1"),
    ],
)
def test_a_wrong_line_of_spend_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "spend.csv").write_text(text, encoding="utf-8")
    with pytest.raises(BoardError, match=said):
        read_spend(tmp_path / "spend.csv", "spend.csv")


def test_spend_is_read_as_people_write_money(tmp_path: Path) -> None:
    (tmp_path / "spend.csv").write_text(
        'board,spend,source\nQMM,£21.5m,ledger\nQJG,"19,000,000",\n', encoding="utf-8"
    )
    assert read_spend(tmp_path / "spend.csv", "spend.csv") == {
        "QMM": (21.5e6, "ledger"),
        "QJG": (19e6, "spend.csv:3"),
    }
