"""The duty register, and duties left below their minimum."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from leftshift.catalogue import Catalogue
from leftshift.organisation import caseloads
from leftshift.organisation.board import Board, load
from leftshift.organisation.duties import duty_state, sentence
from leftshift.organisation.evaluation import Evaluation
from leftshift.organisation.options import Change, Effect, Option

SECTIONS = {
    "14Z34", "14Z35", "14Z38", "14Z40", "14Z43", "14Z45", "116B", "14Z32", "14Z33", "14Z36",
    "14Z37", "14Z39", "14Z41", "14Z42", "14Z44", "14Z52", "14Z56", "s149", "s117", "s75", "223G",
}  # fmt: skip


def test_every_duty_of_the_facts_is_in_the_register_with_its_section(board: Board) -> None:
    said = " ".join(duty.section for duty in board.duties)
    assert {section for section in SECTIONS if section not in said} == set()
    assert all(duty.section and duty.act and duty.what and duty.reason for duty in board.duties)


def test_only_sections_that_were_read_are_graded_verified(board: Board) -> None:
    verified = {duty.id for duty in board.duties if duty.grade == "V"}
    assert verified == {
        "quality", "inequalities", "advice", "research", "wider_effects", "involvement",
        "finance", "needs_assessment", "primary_medical", "pharmacy_optometry_dentistry",
        "executive_leads",
    }  # fmt: skip


def test_caseloads_give_the_minimum_of_their_duties(board: Board) -> None:
    kinds = {duty.id: duty.kind for duty in board.duties}
    for name in caseloads.CASELOADS:
        assert kinds[name] == "caseload"
    assert kinds["emergency_preparedness"] == "stated"
    assert kinds["quality"] == "default"


def test_a_shortfall_is_said_in_words(board: Board) -> None:
    duty = board.duty("continuing_care")
    assert sentence(duty, 19.6, 14.2, 0.0, True) == (
        "continuing care assessments: 14.2 WTE against 19.6 needed to keep 28-day completion"
    )


def test_a_shortfall_too_small_for_one_decimal_is_shown_with_two(board: Board) -> None:
    words = sentence(board.duty("continuing_care"), 19.64, 19.56, 0.0, True)
    assert "19.56 WTE against 19.64" in words


def test_a_small_duty_below_its_minimum_is_not_hidden_by_a_large_one_above_it(
    board: Board, catalogue: Catalogue
) -> None:
    """Twenty spare posts in one duty do not make up for one that is missing in another."""
    effects = {
        (one.id, board.labels[0]): Effect(
            capacity_own=0.0 if one.id == "safeguarding" else one.total_wte * 5
        )
        for one in board.functions
    }
    states = {
        duty.id: duty_state(duty, "x", board.labels[0], 0, board.functions, effects)
        for duty in board.duties
    }
    assert states["safeguarding"].below
    assert states["safeguarding"].gap == pytest.approx(states["safeguarding"].minimum)
    assert not states["continuing_care"].below


def test_a_cut_everywhere_leaves_duties_below_and_each_has_its_line(
    evaluation: Evaluation,
) -> None:
    table = evaluation.tables["duties"].filter(pl.col("option") == "flat_cut")
    below = table.filter(pl.col("below") & (pl.col("year") == "2027/28"))
    assert {"continuing_care", "safeguarding", "medicines"} <= set(below["duty"])
    assert (below["gap"] > 0).all()
    for row in below.iter_rows(named=True):
        assert row["gap"] == pytest.approx(row["minimum"] - row["own"] - row["elsewhere"])
        assert "WTE against" in row["words"]


def test_a_duty_that_moved_is_still_the_board_s_and_says_so(evaluation: Evaluation) -> None:
    row = evaluation.tables["duties"].row(
        by_predicate=(pl.col("option") == "transfer_out")
        & (pl.col("year") == "2028/29")
        & (pl.col("duty") == "medicines"),
        named=True,
    )
    assert row["own"] == pytest.approx(0.0)
    assert row["elsewhere"] > 5
    assert "for which the board still answers" in row["words"]


def test_the_board_s_own_minimum_beats_the_caseload_and_is_mentioned(
    folder: Path, catalogue: Catalogue
) -> None:
    text = (folder / "duties.csv").read_text(encoding="utf-8")
    text = text.replace(
        "continuing_care,Chief Nurse,,,", 'continuing_care,Chief Nurse,70,"our own count",'
    )
    (folder / "duties.csv").write_text(text, encoding="utf-8")
    changed = load(folder, catalogue)
    assert changed.duty("continuing_care").minimum[0] == 70
    assert any("own minimum is used" in warning for warning in changed.warnings)


def test_more_people_need_more(board: Board, catalogue: Catalogue) -> None:
    parameters = catalogue.parameters()
    older = tuple({**ages, "from_85": ages["from_85"] * 1.5} for ages in board.people.ages)
    more = replace(board.people, ages=older)
    for name in ("continuing_care", "safeguarding"):
        assert caseloads.minimum(name, more, 0, parameters) > caseloads.minimum(
            name, board.people, 0, parameters
        )


def test_reducing_a_function_lowers_only_the_duties_that_it_serves(
    board: Board, catalogue: Catalogue
) -> None:
    from leftshift.organisation.evaluation import evaluate

    cut = Option(
        "cut",
        "Cut",
        changes=(Change("complaints", "reduce", tuple(0.5 for _ in board.labels)),),
    )
    found = evaluate(replace(board, options=(board.options[0], cut)), catalogue, 20)
    keep, less = (
        {state.duty: state.own for state in one.duties if state.year == "2027/28"}
        for one in found.options
    )
    assert {duty for duty in keep if less[duty] != pytest.approx(keep[duty])} == {"complaints"}
