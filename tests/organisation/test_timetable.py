"""Dates: consultation, notice, transfer, and the critical path through them."""

from datetime import date, timedelta
from typing import Any

import pytest

from leftshift.catalogue import Catalogue
from leftshift.organisation import timetable
from leftshift.organisation.board import Board
from leftshift.organisation.evaluation import Evaluation, evaluate
from leftshift.organisation.options import Change, Option
from leftshift.organisation.timetable import Step, Task, plan, schedule

START = date(2026, 1, 12)
REDUCE = Option("x", "X", changes=(Change("finance", "reduce", (0.0, 0.5)),))
MOVE = Option("x", "X", changes=(Change("finance", "transfer", (0.0, 0.5), "region"),))


def tasks(option: Option, proposed: int, catalogue: Catalogue) -> dict[str, Task]:
    return {one.id: one for one in plan(START, option, proposed, ["5", "8c"], catalogue)}


def test_no_dismissal_before_the_lawful_days_and_no_notice_before_consultation_ends(
    catalogue: Catalogue,
) -> None:
    for proposed, days in ((20, 30), (99, 30), (100, 45)):
        found = tasks(REDUCE, proposed, catalogue)
        assert found["consultation"].days == days
        starts = found["consultation"].starts
        assert found["first_dismissal"].starts >= starts + timedelta(days=days)
        assert found["notice"].starts >= found["consultation"].ends
        assert found["notify"].starts <= starts


def test_a_larger_cut_takes_fifteen_days_longer(catalogue: Catalogue) -> None:
    small, large = (tasks(REDUCE, count, catalogue)["last_dismissal"].ends for count in (99, 100))
    assert large - small == timedelta(days=15)


def test_fewer_than_twenty_have_no_collective_minimum_but_are_consulted(
    catalogue: Catalogue,
) -> None:
    found = tasks(REDUCE, 19, catalogue)
    assert found["consultation"].days > 0
    assert "fewer than 20" in found["consultation"].label
    assert "Not needed" in found["notify"].note


def test_the_longest_notice_decides_the_last_day(catalogue: Catalogue) -> None:
    short = {one.id: one for one in plan(START, REDUCE, 30, ["4"], catalogue)}
    long = {one.id: one for one in plan(START, REDUCE, 30, ["4", "vsm"], catalogue)}
    assert short["notice"].days == 12 * 7
    assert long["notice"].days == 26 * 7
    assert long["last_dismissal"].ends > short["last_dismissal"].ends


def test_a_transfer_alone_has_no_notice(catalogue: Catalogue) -> None:
    found = tasks(MOVE, 0, catalogue)
    assert "notice" not in found
    assert found["transfer"].starts == found["measures"].ends


def test_the_critical_path_is_a_chain_from_the_first_day_to_the_last(
    catalogue: Catalogue,
) -> None:
    found = tasks(REDUCE, 120, catalogue)
    critical = [one for one in found.values() if one.critical]
    assert (
        sum(one.days for one in critical) == (max(one.ends for one in found.values()) - START).days
    )
    assert "redeployment" not in {one.id for one in critical}


def test_slack_is_how_far_a_task_may_slip() -> None:
    steps = [Step("a", "A", 3), Step("b", "B", 5, ("a",)), Step("c", "C", 1, ("a",)),
             Step("d", "D", 2, ("b", "c"))]  # fmt: skip
    found = {one.id: one for one in schedule(START, steps)}
    assert {name: one.slack for name, one in found.items()} == {"a": 0, "b": 0, "c": 4, "d": 0}
    assert found["d"].ends == START + timedelta(days=10)


def test_every_task_begins_after_what_it_waits_for(evaluation: Evaluation) -> None:
    for one in evaluation.options:
        ends = {task.id: task.ends for task in one.tasks}
        for task in one.tasks:
            assert all(task.starts >= ends[name] for name in task.depends)
            assert task.ends == task.starts + timedelta(days=task.days)


@pytest.mark.parametrize("option", ["balanced", "flat_cut", "transfer_out"])
def test_the_timeline_table_has_dates_that_can_be_read(evaluation: Evaluation, option: str) -> None:
    rows = evaluation.tables["timeline"].filter(option=option)
    assert rows.height > 4
    assert all(date.fromisoformat(day) >= START for day in rows["starts"])


def test_part_time_people_count_whole_towards_consultation(
    board: Board, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, int] = {}
    real = timetable.plan

    def spy(announced: date, option: Option, proposed: int, *rest: Any) -> list[Task]:
        seen[option.id] = proposed
        return real(announced, option, proposed, *rest)

    monkeypatch.setattr(timetable, "plan", spy)
    found = evaluate(board, catalogue, 20)
    assert board.staff is not None
    people = board.staff.people
    each = len(people) / sum(one.wte for one in people)
    assert each > 1
    for one in found.options:
        assert seen[one.option.id] == round(float(one.leaving.planned.sum()) * each)
