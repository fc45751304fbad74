"""The report's care and money say what the tables say, in pounds of a stated year."""

import functools
import math
import re
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from leftshift.report import care as care_room
from leftshift.report import theme, write_report
from leftshift.report.care import capacity, funding, spend, use
from leftshift.report.findings import Findings
from leftshift.report.money import millions, pounds, short_pounds, yearly
from leftshift.report.sheets import EXCEL_ROWS
from leftshift.report.words import people
from leftshift.runs import open_run, write_run
from tests.report.fake_care import PRIVATE, SETTINGS, add_care
from tests.report.fake_run import PLACES, make_description, make_tables, write_fake_run
from tests.report.test_page import outline, words_of

SHEETS = ["Spend", "Activity", "Funding gap", "Drivers", "Staff", "Beds", "Waits", "Use by segment",
          "Place and deprivation", "Bridge", "Own data"]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = write_fake_run(
        tmp_path_factory.mktemp("care") / "run",
        care=True,
        leaf_years=(0, 10, 20),
        places=PLACES[:3],
    )
    write_report(made)
    return made


@pytest.fixture(scope="module")
def care(folder: Path) -> care_room.Care:
    return care_room.Care(Findings(open_run(folder)))


def table(folder: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(folder / "tables" / f"{name}.parquet")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sections without their drawings, which other tests look at."""
    monkeypatch.setattr(theme, "inline_svg", lambda *_args: "<svg></svg>")


def sections_of(tables: dict[str, pl.DataFrame], folder: Path, **about: Any) -> list[Any]:
    identity, provenance, described = make_description(**about)
    write_run(folder, identity, provenance, described, tables, replace=True)
    care = care_room.Care(Findings(open_run(folder)))
    care_room.cards(care), care_room.headlines(care), care_room.sheets(care)
    return [*care_room.sections(care), *care_room.does_the_money_know_us(care)]


def test_spend_is_public_money_of_the_leaf_table_to_the_pound(
    folder: Path, care: care_room.Care
) -> None:
    leaf = table(folder, "spend").filter(~pl.col("payer").is_in(PRIVATE))
    for year in ("2025/26", "2035/36", "2045/46"):
        total = leaf.filter(pl.col("year") == year)["value"].sum()
        figure = care.spend("", year)
        assert figure is not None
        assert figure.value == pytest.approx(total)
        parts = [care.spend(s, year) for s in care.settings]
        assert sum(p.value for p in parts if p is not None) == pytest.approx(total)


def test_the_headline_says_spend_now_in_ten_and_in_twenty_years_with_its_prices(
    folder: Path, care: care_room.Care
) -> None:
    said = words_of(folder)
    for year in ("2025/26", "2035/36", "2045/46"):
        figure = care.spend("", year)
        assert figure is not None
        assert pounds(figure.value) in said
    assert "2025/26 prices, real terms" in spend.spend_sentence(care)
    assert "a year above inflation" in spend.spend_sentence(care)


def test_every_money_table_and_chart_names_its_price_base(care: care_room.Care) -> None:
    for section in [*care_room.sections(care), *care_room.does_the_money_know_us(care)]:
        shown = [*section.tables, *(figure.table for figure in section.figures)]
        for block in shown:
            text = " ".join([block.caption, *block.columns, block.note])
            cells = " ".join(cell.text for row in block.rows for cell in row)
            if "£" in text or "£" in cells:
                assert "prices" in text, block.key
        for figure in section.figures:
            if "£" in figure.wide:
                assert "prices" in figure.wide, figure.key
                assert "prices" in figure.narrow, figure.key


def test_payers_add_up_to_all_spending_and_private_ones_are_marked(
    folder: Path, care: care_room.Care
) -> None:
    section = spend.settings(care)
    assert section is not None
    payers = section.tables[0]
    whole = table(folder, "spend").filter(pl.col("year") == "2025/26")["value"].sum() / 1e6
    shown = sum(float(row[1].text.replace(",", "")) for row in payers.rows)
    assert shown == pytest.approx(whole, abs=len(payers.rows))
    assert sum("private" in row[0].text for row in payers.rows) == len(PRIVATE)


def test_the_left_shift_measure_is_the_share_of_the_summary(
    folder: Path, care: care_room.Care
) -> None:
    rows = table(folder, "summary").filter(
        (pl.col("measure") == "share_community_and_prevention") & (pl.col("place") == "")
    )
    said = spend.share_sentence(care)
    for year, value in rows.select("year", "value").iter_rows():
        assert f"{value:.1f}% in {year}" in said


def test_a_gap_is_cost_less_funding_and_names_its_settlement(care: care_room.Care) -> None:
    for settlement in care.settlements:
        for year in ("2025/26", "2045/46"):
            gap, cost, held = (
                pick(settlement, year)
                for pick in (care.gap_total, care.cost_total, care.funding_total)
            )
            assert gap is not None
            assert cost is not None
            assert held is not None
            assert gap.value == pytest.approx(cost.value - held.value, rel=1e-6, abs=1.0)
    said = funding.gap_sentence(care)
    assert "“Middle path”" in said
    assert "under “Long-run growth”" in said
    assert "under “Low growth”" in said


def test_unexplained_spending_is_shown_apart_and_capital_is_in_no_gap(
    folder: Path, care: care_room.Care
) -> None:
    settlement = care.settlement
    total = care.gap_total(settlement, "2045/46")
    rows = table(folder, "gap").filter(
        (pl.col("settlement") == settlement)
        & (pl.col("year") == "2045/46")
        & (pl.col("measure") == "gap")
        & pl.col("setting").is_in([*SETTINGS, "unexplained"])
    )
    assert total is not None
    assert total.value == pytest.approx(rows["value"].sum())
    said = words_of(folder)
    assert "no service of the model names" in said
    assert "Not named by any service" in said
    assert "Capital funding, kept apart from the revenue above" in said


def test_the_waterfall_ends_at_the_spend_of_the_last_year(
    folder: Path, care: care_room.Care
) -> None:
    whole = table(folder, "spend").filter(pl.col("year") == "2045/46")["value"].sum()
    rows = table(folder, "drivers").filter(pl.col("year") == "2045/46")
    assert rows["value"].sum() == pytest.approx(whole)
    section = funding.drivers(care)
    assert section is not None
    last = section.figures[0].table.rows[-1][-1].text
    assert float(last.replace(",", "")) == pytest.approx(whole / 1e6, abs=0.6)
    assert "population size, ageing, mix of deprivation" in section.figures[0].note
    assert "what people pay themselves" in section.figures[0].note
    for block in [*section.tables, section.figures[1].table]:
        for row in block.rows:
            *steps, end = (float(c.text.replace(",", "").replace("−", "-")) for c in row[1:])
            assert sum(steps) == pytest.approx(end, abs=5.0)


def test_spend_by_segment_adds_up_to_public_spending(care: care_room.Care) -> None:
    total = care.spend("", "2025/26")
    rows = care.by_segment
    assert total is not None
    assert [r["segment"] for r in rows] == list("012345")
    assert sum(float(r["spend"]) for r in rows) == pytest.approx(total.value)
    top = rows[-1]
    share = 100 * float(top["spend"]) / total.value
    assert f"and {share:.0f}% of public spending" in use.few_sentence(care)


def test_spend_and_use_by_fifth_and_place_stand_against_illness(
    folder: Path, care: care_room.Care
) -> None:
    rows = care.by_quintile
    total = care.spend("", "2025/26")
    assert total is not None
    assert sum(r["spend"] for r in rows) == pytest.approx(total.value)
    section = spend.per_head(care)
    assert section is not None
    assert [figure.key for figure in section.figures] == ["need-quintile", "need-place"]
    assert all("major illness" in " ".join(g.table.columns) for g in section.figures)
    assert "not a measure of how well a place is served" in section.inset
    assert "Emergency admissions per 1,000 people" in words_of(folder)


def test_a_surplus_of_one_group_of_staff_fills_no_gap_of_another(
    folder: Path, care: care_room.Care
) -> None:
    gaps = table(folder, "staff").filter(
        (pl.col("measure") == "gap") & (pl.col("year") == "2045/46")
    )["value"]
    assert gaps.min() < 0  # type: ignore[operator]
    total = capacity.total_of(care, "staff", "2045/46", "short")
    assert total is not None
    assert total.value == pytest.approx(gaps.filter(gaps > 0).sum())


def test_where_no_vacancy_figure_was_verified_the_report_says_so(folder: Path) -> None:
    text = (folder / "report.html").read_text(encoding="utf-8")
    section = text[text.index('<section id="staff"') :].split("</section>", 1)[0]
    assert "No vacancy figure later than 2023 could be verified" in section


def test_beds_say_needed_there_short_and_held_up(folder: Path, care: care_room.Care) -> None:
    beds = table(folder, "beds").filter(pl.col("year") == "2045/46")
    short = beds.filter((pl.col("measure") == "beds_short") & (pl.col("value") > 0))["value"].sum()
    sentence = capacity.beds_sentence(care)
    assert f"{people(short)} too few by 2045/46" in sentence
    assert "well enough to leave" in sentence
    section = capacity.beds(care)
    assert section is not None
    assert [c for c in section.figures[0].table.columns if c.endswith("2045/46")] == [
        "Needed 2045/46", "There 2045/46", "Short 2045/46", "Held up by delays 2045/46"
    ]  # fmt: skip


def test_waits_are_marked_as_an_estimate_of_grade_c_wherever_they_stand(
    care: care_room.Care,
) -> None:
    section = capacity.waits(care)
    assert section is not None
    figure = section.figures[0]
    assert "grade C" in figure.finding
    assert "grade C" in figure.note
    assert "grade C" in figure.table.caption
    assert "estimate" in figure.wide
    sheet = next(s for s in care_room.sheets(care) if s.name == "Waits")
    assert "grade C" in sheet.title


def test_the_bridge_says_what_is_in_out_overlapping_and_unexplained(folder: Path) -> None:
    said = words_of(folder)
    for part in ("Named by a service", "No service of the model", "In two lines, netted once",
                 "Not explained yet", "prices of 2024/25"):  # fmt: skip
        assert part in said


def test_own_data_stand_before_and_after_with_file_and_line(folder: Path) -> None:
    said = words_of(folder)
    assert "3 of your own figures are in this run; 2 of them change" in said
    assert "data/own.csv:2" in said
    assert "× 1.12" in said


def test_each_chart_of_care_has_a_table_and_two_drawings_with_words(folder: Path) -> None:
    page = outline(folder)
    assert len(page.figures) >= 17
    for inside in page.figures:
        assert {"details", "table", "caption", "th"} <= set(inside)
        assert inside.count("svg") == inside.count("desc") == 2
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))


def test_no_number_is_not_a_number(folder: Path) -> None:
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert not re.search(r">[^<]*\b(nan|inf|None)\b[^<]*<", text.split("<main", 1)[1])


def test_the_workbook_has_a_named_table_for_each_part_and_none_too_long(folder: Path) -> None:
    book = openpyxl.load_workbook(folder / "workbook.xlsx")
    assert [n for n in book.sheetnames if n in SHEETS] == SHEETS
    listed = [row[0].value for row in book["Contents"].iter_rows(min_row=4)]
    assert listed == book.sheetnames[2:]
    names = [name for sheet in book for name in sheet.tables]
    assert len(names) == len(set(names))
    for name in SHEETS:
        sheet = book[name]
        assert len(sheet.tables) == 1
        assert sheet.max_row <= EXCEL_ROWS
        head = f"{sheet['A1'].value} {sheet['A2'].value}"
        if name in ("Spend", "Funding gap", "Drivers", "Use by segment", "Place and deprivation"):
            assert "2025/26 prices" in head
    notes = " ".join(str(row[0].value) for row in book["Notes"].iter_rows())
    assert "All money is in 2025/26 prices, real terms" in notes


def test_the_spend_sheet_adds_up_to_the_spend_table(folder: Path) -> None:
    sheet = openpyxl.load_workbook(folder / "workbook.xlsx", read_only=True)["Spend"]
    rows = list(sheet.iter_rows(min_row=4, values_only=True))
    heads = list(rows[0])
    total = sum(float(row[heads.index("Value")]) for row in rows[1:])  # type: ignore[arg-type]
    assert total == pytest.approx(table(folder, "spend")["value"].sum())


def test_a_run_of_people_only_says_nothing_of_money(quick: None, tmp_path: Path) -> None:
    tables, weight = make_tables(years=2, leaf_years=(0, 2), places=PLACES[:1])
    assert sections_of(tables, tmp_path / "run", years=2, weight=weight) == []
    care = care_room.Care(Findings(open_run(tmp_path / "run")))
    assert care_room.cards(care) == care_room.headlines(care) == care_room.sheets(care) == []
    assert care_room.glossary(care, [("a", "b")]) == [("a", "b")]


CARE_TABLES = ["activity", "spend", "staff", "beds", "waits", "gap", "drivers", "bridge", "local"]


@functools.cache
def two_years() -> tuple[dict[str, pl.DataFrame], float]:
    """A small central run with care, made once."""
    tables, weight = make_tables(years=2, leaf_years=(0, 2), places=PLACES[:2], draws=0)
    add_care(tables, draws=0)
    return tables, weight


@pytest.mark.parametrize("missing", [*CARE_TABLES, "all but one"])
def test_a_run_without_one_of_the_tables_still_has_the_rest(
    quick: None, tmp_path: Path, missing: str
) -> None:
    made, weight = two_years()
    tables = dict(made)
    if missing == "all but one":
        tables = {k: v for k, v in tables.items() if k not in CARE_TABLES or k == "beds"}
    else:
        del tables[missing]
    found = {s.key for s in sections_of(tables, tmp_path / "run", years=2, weight=weight, draws=0)}
    of = {"gap": "funding-gap", "drivers": "drivers", "staff": "staff", "beds": "beds",
          "waits": "waits", "activity": "who-uses-what"}  # fmt: skip
    if missing in of:
        assert of[missing] not in found
    if missing != "beds":
        assert "beds" in found


@pytest.mark.parametrize("years", [1, 12, 25])
def test_the_years_shown_are_now_in_ten_in_twenty_and_the_last(
    quick: None, tmp_path: Path, years: int
) -> None:
    tables, weight = make_tables(years=years, leaf_years=(0, years), places=PLACES[:1], draws=0)
    add_care(tables, draws=0, own_data=False)
    assert sections_of(tables, tmp_path / "run", years=years, weight=weight, draws=0)
    care = care_room.Care(Findings(open_run(tmp_path / "run")))
    wanted = {1: [0, 1], 12: [0, 10, 12], 25: [0, 10, 20, 25]}[years]
    assert care.marks == [care.f.years[i] for i in wanted]


def test_a_central_run_shows_no_interval_of_money(quick: None, tmp_path: Path) -> None:
    made, weight = two_years()
    for section in sections_of(dict(made), tmp_path / "run", years=2, weight=weight, draws=0):
        for block in [*section.tables, *(g.table for g in section.figures)]:
            assert all(not cell.interval for row in block.rows for cell in row), block.key
            assert "interval" not in block.caption


@pytest.mark.parametrize(
    ("value", "said"),
    [(5_724_123_000, "£5.72 billion"), (431_400_000, "£431 million"), (3_482.4, "£3,480"),
     (99_960_000, "£100 million"), (-45_200_000, "−£45.2 million"), (0, "£0"),
     (999_700_000, "£1.00 billion"), (float("nan"), "£0")],
)  # fmt: skip
def test_pounds_in_prose_have_three_figures_and_their_scale(value: float, said: str) -> None:
    assert pounds(value) == said


def test_pounds_beside_marks_and_in_tables_are_short() -> None:
    assert short_pounds(7_204_000_000) == "£7.20bn"
    assert short_pounds(-41_300_000, signed=True) == "−£41m"
    assert short_pounds(82_500_000, signed=True) == "+£82m"
    assert millions(-4_240_000_000) == "−4,240"
    assert millions(-10_000) == "0"
    assert millions(80_940_000) == "80.9"


def test_growth_a_year_is_that_which_repeated_gives_the_end() -> None:
    rate = yearly(100.0, 148.6, 20)
    assert rate is not None
    assert math.isclose(100.0 * (1 + rate / 100) ** 20, 148.6)
    assert yearly(0.0, 1.0, 20) is None


def test_the_same_tables_give_the_same_bytes_with_care(folder: Path) -> None:
    files = [folder / name for name in ("report.html", "workbook.xlsx")]
    before = [file.read_bytes() for file in files]
    write_report(folder)
    assert [file.read_bytes() for file in files] == before


def test_a_long_interval_that_holds_the_start_leaves_the_direction_open(
    quick: None, tmp_path: Path
) -> None:
    tables, weight = make_tables(years=2, leaf_years=(0, 2), places=PLACES[:1])
    add_care(tables, draws=50)
    share = pl.col("measure") == "share_community_and_prevention"
    end = share & (pl.col("year") == "2027/28") & (pl.col("place") == "")
    tables["summary"] = tables["summary"].with_columns(
        value=pl.when(end).then(5.0).otherwise("value"),
        lower=pl.when(end).then(3.0).otherwise("lower"),
        upper=pl.when(end).then(11.0).otherwise("upper"),
    )
    sections_of(tables, tmp_path / "run", years=2, weight=weight)
    care = care_room.Care(Findings(open_run(tmp_path / "run")))
    assert "3.0% to 11.0%, leaves the direction open" in spend.share_sentence(care)


def test_money_to_spare_is_said_so_and_never_called_a_negative_gap(
    quick: None, tmp_path: Path
) -> None:
    tables, weight = make_tables(years=2, leaf_years=(0, 2), places=PLACES[:1])
    add_care(tables, draws=50)
    gap = pl.col("measure") == "gap"
    tables["gap"] = tables["gap"].with_columns(
        *(pl.when(gap).then(-pl.col(c).abs() - 1e7).otherwise(c).alias(c) for c in ("value",)),
    )
    sections = sections_of(tables, tmp_path / "run", years=2, weight=weight)
    care = care_room.Care(Findings(open_run(tmp_path / "run")))
    assert "to spare" in funding.gap_sentence(care)
    assert "−£" not in funding.gap_sentence(care)
    card = next(c for c in care_room.cards(care) if "spare" in c["label"])
    assert card["change"].startswith("£")
    section = next(s for s in sections if s.key == "funding-gap")
    assert "funding covers the cost of every setting" in section.figures[-1].finding
