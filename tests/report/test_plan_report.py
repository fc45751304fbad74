"""What a plan's report promises: its own figures, their doubt, and no sum that has no meaning."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from leftshift.errors import ReportError
from leftshift.report import write_assumptions, write_board_paper, write_page, write_workbook
from leftshift.report.assumptions import assumptions, rating
from leftshift.report.findings import Figure, Findings
from leftshift.report.plans import (
    PlanFindings,
    cash,
    certainty,
    changes,
    fairness,
    moves,
    opening,
    proposal,
)
from leftshift.report.plans.cells import difference, signed, signed_cell
from leftshift.runs import open_run
from tests.report.fake_plan_run import FILE, NAME, write_fake_plan_run
from tests.report.fake_run import PLACES, write_fake_run

SMALL: dict[str, Any] = {"years": 10, "places": PLACES[:2], "leaf_years": (0, 10)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_fake_plan_run(tmp_path_factory.mktemp("plan") / "run", **SMALL)


@pytest.fixture(scope="module")
def plan(folder: Path) -> PlanFindings:
    return PlanFindings(Findings(open_run(folder)))


@pytest.fixture(scope="module")
def html(folder: Path) -> str:
    write_page(folder)
    return (folder / "report.html").read_text(encoding="utf-8")


def made(tmp_path: Path, **options: Any) -> PlanFindings:
    """A plan's findings of another kind of run."""
    folder = write_fake_plan_run(tmp_path / "run", **{**SMALL, **options})
    return PlanFindings(Findings(open_run(folder)))


def words_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def sections(html: str) -> Iterator[tuple[str, str]]:
    for found in re.finditer(r"<section id=\"([^\"]+)\"(.*?)</section>", html, re.S):
        yield found.group(1), found.group(2)


# The page


def test_the_plan_comes_first_and_the_outlook_says_that_it_is_the_baseline(html: str) -> None:
    order = [key for key, _ in sections(html)]
    story = ["opening", "proposed", "changes-by-year", "each-intervention", "moves", "left-shift",
             "plan-money", "who-gains", "how-sure", "what-matters-most", "headline-shrunk",
             "plan-file", "baseline"]  # fmt: skip
    assert order[: len(story)] == story
    assert order[-1] == "glossary"
    note = dict(sections(html))["baseline"]
    assert "every figure is that of the baseline" in words_of(note)
    assert NAME in words_of(note)


def test_the_outlook_of_two_arms_is_the_outlook_of_the_baseline_alone(folder: Path) -> None:
    found = Findings(open_run(folder))
    assert found.arm == "baseline"
    planned = Findings(open_run(folder), NAME)
    assert planned.arm == NAME
    table = open_run(folder).table("spend").filter(pl.col("year") == found.end)
    for one, arm in ((found, "baseline"), (planned, NAME)):
        leaf = one.leaf("spend", [one.end])
        assert leaf is not None
        assert leaf.select(pl.col("value").sum()).collect().item() == pytest.approx(
            table.filter(pl.col("arm") == arm)["value"].sum()
        )


def test_a_run_whose_arms_are_named_in_another_order_still_reports_the_baseline(
    folder: Path,
) -> None:
    run = open_run(folder)
    run.manifest["about"]["arms"] = [NAME, "baseline"]
    assert Findings(run).arm == "baseline"


def test_every_chart_has_its_table_beneath_and_is_described(html: str) -> None:
    for key, text in sections(html):
        for figure in re.findall(r"<figure.*?</figure>", text, re.S):
            assert figure.count("<svg") == 2, key
            assert figure.count("<desc") == 2, key
            assert "<table" in figure, key


def test_the_page_asks_nothing_of_any_network(html: str) -> None:
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", html)


def test_the_plan_file_stands_in_the_report_as_it_was_run(html: str) -> None:
    import html as escapes

    text = escapes.unescape(dict(sections(html))["plan-file"])
    assert FILE.strip() in text


def test_money_is_never_without_its_price_base(plan: PlanFindings, html: str) -> None:
    story = dict(sections(html))
    for key in ("moves", "plan-money", "each-intervention", "how-sure", "what-matters-most"):
        captions = re.findall(r"<caption[^>]*>(.*?)</caption>.*?</table>(.*?)</div>",
                              story[key], re.S)  # fmt: skip
        assert captions
        for caption, note in captions:
            if "£" in caption:
                assert plan.prices in caption + note, (key, caption)
    for line in opening.headlines(plan):
        if "£" in line and "QALY" not in line:
            assert plan.prices in line, line


def test_the_same_run_gives_the_same_page(folder: Path, html: str) -> None:
    write_page(folder)
    assert (folder / "report.html").read_text(encoding="utf-8") == html


# Honest words


def test_a_difference_whose_interval_holds_nothing_is_said_to_be_either() -> None:
    figure = Figure(-1240.0, -3000.0, 500.0, unit="admissions a year")
    assert difference(figure) == (
        "1,240 fewer, but the 95% interval runs from 3,000 fewer to 500 more, so it could be either"
    )


def test_a_difference_that_is_clear_gives_its_interval_in_its_own_direction() -> None:
    figure = Figure(-1240.0, -1500.0, -980.0, unit="admissions a year")
    assert difference(figure) == "1,240 fewer (95% interval 980 to 1,500)"
    assert difference(Figure(0.0, 0.0, 0.0)) == "no change"


def test_small_differences_keep_their_digits_and_noise_has_none() -> None:
    assert signed(0.034) == "+0.034"
    assert signed(-2.26) == "\N{MINUS SIGN}2.3"
    assert signed(1e-12) == "0"
    assert signed_cell(Figure(5.0, 5.0, 5.0)).interval == ""


def test_the_opening_gives_the_figures_of_the_tables(folder: Path, plan: PlanFindings) -> None:
    value = open_run(folder).table("value")
    row = value.filter(
        (pl.col("intervention") == "") & (pl.col("measure") == "qalys")
        & (pl.col("discounting") == "undiscounted")
    ).row(0, named=True)  # fmt: skip
    said = opening.headlines(plan)[0]
    for part in ("value", "lower", "upper"):
        assert signed(row[part]).lstrip("+") in said


def test_weak_evidence_is_named_at_the_top_and_its_effects_are_said_to_be_shrunk(
    plan: PlanFindings,
) -> None:
    assert plan.weak == ["neighbourhood_teams"]
    said = [line for line in opening.headlines(plan) if "weak evidence" in line]
    assert len(said) == 1
    assert "integrated neighbourhood teams" in said[0]
    assert "shrunk" in said[0]


def test_headline_effects_taken_whole_are_said_to_be_a_hope(plan: PlanFindings) -> None:
    whole = PlanFindings(plan.f)
    whole.said["headline"] = True
    assert not whole.shrunk
    assert "as a hope" in proposal.weak_sentence(whole)
    assert any("taken whole" in line for line in opening.certainty(whole))


def test_headline_and_shrunk_results_stand_side_by_side(plan: PlanFindings) -> None:
    section = proposal.against_shrunk(plan)
    assert section is not None
    results, effects = section.tables
    assert list(results.columns) == ["Plan less baseline", "Shrunk", "Headline"]
    whole = results.rows[0]
    assert whole[1].text == signed(plan.total("qaly") or 0.0)
    assert whole[2].text == "+14,800"
    weak = next(row for row in effects.rows if row[2].text == "D")
    assert (weak[3].text, weak[4].text) == ("0.86", "0.963")


def test_a_plan_that_harms_health_says_that_it_loses(tmp_path: Path) -> None:
    harmful = made(tmp_path, harmful=True)
    assert "QALYs fewer" in opening.headlines(harmful)[0]
    assert "Dominated" in opening.headlines(harmful)[2]


def test_a_plan_with_nothing_in_it_says_that_it_is_the_baseline(tmp_path: Path) -> None:
    nothing = made(tmp_path, nothing=True, draws=0)
    nothing.ids = []
    assert opening.headlines(nothing) == [
        "The plan changes nothing: every figure is that of the baseline."
    ]
    assert changes.by_year(nothing).tables == []
    assert cash.money(nothing) is None
    assert certainty.assumptions_that_matter(nothing) is None


def test_a_central_run_claims_no_certainty(tmp_path: Path) -> None:
    central = made(tmp_path, draws=0)
    assert certainty.worth_sentence(central) == ""
    assert certainty.how_sure(central).paragraphs[0] == certainty.NO_DRAWS
    assert not any("95%" in line for line in opening.headlines(central))
    assert any("no figure here has an interval" in line for line in opening.certainty(central))


def test_a_run_that_says_nothing_of_its_plan_is_still_reported(tmp_path: Path) -> None:
    silent = made(tmp_path, told=False)
    assert len(silent.ids) == 5
    assert opening.headlines(silent)
    section = proposal.proposed(silent)
    assert all(row[4].text == "not stated" for row in section.tables[0].rows)
    assert proposal.plan_file(silent) is None


# Money, worth and fairness


def test_cash_capacity_and_social_value_stand_apart_and_no_row_adds_them(
    plan: PlanFindings,
) -> None:
    table = cash.three_kinds(plan)
    assert table is not None
    assert len(table.rows) == 4
    values = [float(row[1].text.replace(",", "")) for row in table.rows]
    assert not any(
        abs(values[i] - values[j] - values[k]) < 0.05
        for i in range(4)
        for j in range(4)
        for k in range(j)
        if len({i, j, k}) == 3
    )
    assert "Never add" in table.note
    assert "never added together" in cash.NEVER_ADDED


def test_each_value_of_a_qaly_has_its_own_row_and_society_has_its_own_costs(
    plan: PlanFindings,
) -> None:
    table = certainty.worth_table(plan)
    assert table is not None
    pounds = [row[0].text.rpartition(": ")[2] for row in table.rows]
    assert pounds == ["£13,000", "£25,000", "£35,000", "£70,000"]
    whose = [row[1].text for row in table.rows]
    assert whose[:3] == ["NHS and social care"] * 3
    assert whose[3].startswith("Society")


def test_what_leaves_and_what_arrives_are_both_shown(plan: PlanFindings) -> None:
    section = moves.moves(plan)
    assert section is not None
    table = next(t for t in section.tables if t.key == "moves-service")
    signs = {row[4].text[0] for row in table.rows}
    assert signs == {"+", "\N{MINUS SIGN}"}


def test_the_left_shift_is_the_difference_between_the_arms(plan: PlanFindings) -> None:
    base, then = plan.both("share_community_and_prevention", plan.f.end)
    assert base is not None and then is not None
    said = moves.share_sentence(plan)
    assert f"{then.value:.2f}%" in said
    assert f"{base.value:.2f}%" in said
    assert "cost of the interventions itself" in said


def test_ordered_attribution_adds_up_to_the_whole_plan(plan: PlanFindings) -> None:
    parts = [plan.total("qaly", i) for i in plan.ids]
    assert sum(p for p in parts if p is not None) == pytest.approx(plan.total("qaly"))


def test_interactions_are_what_is_done_together_less_what_is_done_alone(
    plan: PlanFindings,
) -> None:
    section = changes.each_gives(plan)
    assert section is not None
    table = next(t for t in section.tables if t.key == "orders-qaly")
    alone = sum(plan.attribution["alone", "qaly"].values())
    assert table.rows[-1][3].text == signed((plan.total("qaly") or 0.0) - alone)


def test_who_gains_says_which_way_the_gap_goes(plan: PlanFindings) -> None:
    assert "most deprived" in fairness.gap_sentence(plan)
    assert fairness.fifths_sentence(plan).startswith("The most deprived fifth gains most")


def test_who_gains_tells_the_sexes_apart_without_a_column_of_what_they_cost(
    plan: PlanFindings,
) -> None:
    section = fairness.who_gains(plan)
    assert section is not None
    drawn = {figure.key: figure for figure in section.figures}
    sexes, fifths = drawn["gain-sexes"], drawn["gain-fifths"]
    assert [row[0].text for row in sexes.table.rows] == ["Women", "Men"]
    assert not any("cost" in name for name in sexes.table.columns)
    assert any("cost" in name for name in fifths.table.columns)
    assert sexes.finding.startswith("Men gain most per person")


# Word, workbook and log


def test_the_board_paper_holds_the_headlines_of_the_page_and_stays_short(folder: Path) -> None:
    docx = pytest.importorskip("docx")
    write_board_paper(folder)
    path = folder / "board-paper.docx"
    first = path.read_bytes()
    book = docx.Document(str(path))
    text = "\n".join(p.text for p in book.paragraphs)
    found = PlanFindings(Findings(open_run(folder)))
    for line in opening.headlines(found):
        assert line in text
    cells = [c.text for t in book.tables for row in t.rows for c in row.cells]
    assert 600 < len(text.split()) + len(" ".join(cells).split()) < 1900
    assert cash.NEVER_ADDED in text
    write_board_paper(folder)
    assert path.read_bytes() == first


def test_an_outlook_has_no_board_paper(tmp_path: Path) -> None:
    outlook = write_fake_run(tmp_path / "run", years=1, places=PLACES[:1], leaf_years=(0, 1))
    with pytest.raises(ReportError, match="no run of a plan"):
        write_board_paper(outlook)


def test_the_workbook_says_which_sheets_are_of_the_plan_and_which_of_the_baseline(
    folder: Path,
) -> None:
    write_workbook(folder)
    with zipfile.ZipFile(folder / "workbook.xlsx") as book:
        names = re.findall(r"<sheet name=\"([^\"]+)\"", book.read("xl/workbook.xml").decode())
        strings = book.read("xl/sharedStrings.xml").decode()
    for name in ("Interventions", "Plan effects", "Plan value", "Plan equity",
                 "Plan uncertainty"):  # fmt: skip
        assert name in names
    assert "are those of the baseline" in strings


def test_a_poor_figure_on_which_much_hangs_is_red_and_a_good_one_green(
    plan: PlanFindings,
) -> None:
    assert (rating(25), rating(15), rating(14), rating(8), rating(7), rating(1)) == (
        "Red", "Red", "Amber", "Amber", "Green", "Green",
    )  # fmt: skip
    found = assumptions(plan.f)
    assert len(found) == len(plan.f.sources)
    assert [a.score for a in found] == sorted((a.score for a in found), reverse=True)
    by_grade = {str(a.row["grade"]): a.quality for a in found}
    assert by_grade == {"V": 1, "D": 2, "R": 4, "A": 5}


def test_impact_follows_the_tornado_where_there_is_one(folder: Path) -> None:
    run = open_run(folder)
    found = Findings(run)
    widest = max(
        (r for r in PlanFindings(found).uncertainty if r["measure"] == "tornado_high"),
        key=lambda r: abs(float(r["value"])),
    )
    rows = found.sources
    rows.append({**rows[0], "id": widest["at"], "grade": "A", "label": "Told by the test"})
    logged = {str(a.row["id"]): a for a in assumptions(found)}
    assert logged[str(widest["at"])].swing is not None
    shared = [a for a in logged.values() if a.swing is None]
    assert max(a.impact for a in shared) <= 2


def test_the_log_is_a_workbook_with_room_for_owners(folder: Path, tmp_path: Path) -> None:
    path = write_assumptions(folder, tmp_path / "log.xlsx")
    with zipfile.ZipFile(path) as book:
        strings = book.read("xl/sharedStrings.xml").decode()
        sheet = book.read("xl/worksheets/sheet2.xml").decode()
    assert "Owner" in strings
    assert "Quality × impact" in strings
    # Column Q is the owner's: its only cell with anything in it is its heading.
    assert len(re.findall(r"<c r=\"Q\d+\"", sheet)) == 1
    first = path.read_bytes()
    assert write_assumptions(folder, path).read_bytes() == first


def test_a_log_that_cannot_be_written_is_one_clear_message(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="could not be written"):
        write_assumptions(folder, tmp_path / "nowhere" / "log.xlsx")
