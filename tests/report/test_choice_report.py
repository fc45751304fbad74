"""What the report of a choice promises: what is in, what is out and why, and at what price."""

import re
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from leftshift.report import write_page, write_workbook
from leftshift.report.findings import Findings
from leftshift.report.plans import PlanFindings, choice, opening
from leftshift.report.plans.page import story
from leftshift.runs import open_run
from tests.report.fake_plan_run import INTERVENTIONS, write_fake_plan_run
from tests.report.fake_run import PLACES
from tests.report.test_plan_report import sections, words_of

SMALL: dict[str, Any] = {"years": 10, "places": PLACES[:2], "leaf_years": (0, 10), "draws": 20}
KEYS = ["choice", "choice-left-out", "choice-frontier", "choice-holds", "choice-estimate"]
IDS = [one[0] for one in INTERVENTIONS]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_fake_plan_run(tmp_path_factory.mktemp("choice") / "run", **SMALL, choice="health")


@pytest.fixture(scope="module")
def plan(folder: Path) -> PlanFindings:
    return PlanFindings(Findings(open_run(folder)))


@pytest.fixture(scope="module")
def parts(folder: Path) -> dict[str, str]:
    write_page(folder)
    return dict(sections((folder / "report.html").read_text(encoding="utf-8")))


def test_the_choice_stands_before_the_plan_that_it_made(parts: dict[str, str]) -> None:
    order = list(parts)
    assert order[1:6] == KEYS
    assert order[6] == "proposed"


def test_a_plan_that_nothing_chose_has_no_section_on_a_choice(tmp_path: Path) -> None:
    run = write_fake_plan_run(tmp_path / "run", **SMALL)
    found = PlanFindings(Findings(open_run(run)))
    assert choice.sections(found) == []
    assert choice.headline(found) == ""
    assert not [s.key for s in story(found) if s.key.startswith("choice")]


def test_every_candidate_is_named_as_done_or_with_why_it_is_not(parts: dict[str, str]) -> None:
    said = words_of(parts["choice"]) + words_of(parts["choice-left-out"])
    for _, label, *_ in INTERVENTIONS:
        assert label in said


def test_no_id_of_a_candidate_stands_in_a_sentence(parts: dict[str, str]) -> None:
    for key in KEYS:
        said = words_of(re.sub(r"<svg.*?</svg>", "", parts[key], flags=re.S))
        assert [one for one in IDS if one in said] == [], key


def test_under_every_chart_of_a_choice_stands_its_table(parts: dict[str, str]) -> None:
    for key in ("choice", "choice-frontier", "choice-holds"):
        figures = re.findall(r"<figure.*?</figure>", parts[key], re.S)
        assert figures, key
        for figure in figures:
            assert "<details" in figure and "<table" in figure


def test_what_the_page_says_of_the_choice_is_what_its_table_says(
    folder: Path, plan: PlanFindings
) -> None:
    rows = open_run(folder).table("choices").filter(pl.col("chosen"))
    table = next(s for s in choice.sections(plan) if s.key == "choice").tables[0]
    shown = {row[0].text: (row[1].text, row[2].text) for row in table.rows}
    assert shown == {
        r["label"] + " (required)" * (r["intervention"] == "falls_exercise"): (
            f"{100 * r['size']:.0f}%",
            r["start"],
        )
        for r in rows.iter_rows(named=True)
    }


def test_the_price_of_health_is_said_beside_what_the_money_brings_elsewhere(
    folder: Path, plan: PlanFindings
) -> None:
    rows = open_run(folder).table("choices").filter(pl.col("chosen"))
    net = rows["cost"].sum() - rows["cash_released"].sum()
    said = " ".join(next(s for s in choice.sections(plan) if s.key == "choice").paragraphs)
    assert "it does not ask whether each pound is well spent" in said
    if net > 0:
        found = re.search(r"comes to £([\d,]+) for each QALY", said)
        assert found is not None
        assert float(found[1].replace(",", "")) == pytest.approx(net / rows["qaly"].sum(), rel=0.01)


def test_the_limit_that_is_used_up_is_named_with_what_more_would_bring(
    parts: dict[str, str],
) -> None:
    assert "The limit on new spend is used up in" in words_of(parts["choice"])
    said = words_of(parts["choice-frontier"])
    assert re.search(
        r"New spend: a tenth higher in every year would bring [\d.,]+ QALYs more", said
    )


def test_the_run_of_the_whole_plan_stands_beside_its_estimate(
    folder: Path, parts: dict[str, str]
) -> None:
    rows = open_run(folder).table("resimulated").filter(pl.col("measure").cast(pl.String) == "qaly")
    apart = rows["simulated"].sum() / rows["linear"].sum() - 1
    said = words_of(parts["choice-estimate"])
    assert f"{100 * abs(apart):.0f}% {'less' if apart < 0 else 'more'}" in said


def test_few_draws_are_said_to_be_few(parts: dict[str, str]) -> None:
    said = words_of(parts["choice-holds"])
    assert "made again for each of 12 draws" in said
    assert "too few to lean on" in said


def test_the_headlines_begin_with_the_choice(plan: PlanFindings) -> None:
    assert opening.headlines(plan)[0].startswith("This plan was chosen from 5 candidates")


def test_the_workbook_has_the_choice_with_names_and_every_row(folder: Path) -> None:
    write_workbook(folder)
    book = openpyxl.load_workbook(folder / "workbook.xlsx", read_only=True)
    run = open_run(folder)
    for sheet, table in (("Choices", "choices"), ("Frontier", "frontier"), ("Left out", "left_out"),
                         ("Limits", "shadow"), ("Ranking", "ranking")):  # fmt: skip
        rows = [row for row in book[sheet].iter_rows(values_only=True) if any(row)]
        head = next(i for i, row in enumerate(rows) if len([c for c in row if c]) > 3)
        assert len(rows) - head - 1 == run.table(table).height
    assert "Candidate" in [c.value for row in book["Left out"].iter_rows(max_row=6) for c in row]


def test_a_choice_for_the_gap_is_told_in_pounds(tmp_path: Path) -> None:
    run = write_fake_plan_run(tmp_path / "run", **SMALL, choice="gap")
    found = PlanFindings(Findings(open_run(run)))
    first = choice.sections(found)[0]
    assert "the smallest funding gap" in " ".join(first.paragraphs)
    assert "QALYs for" not in " ".join(first.paragraphs)
    write_page(run)
    assert "nan" not in words_of((run / "report.html").read_text(encoding="utf-8")).split()
