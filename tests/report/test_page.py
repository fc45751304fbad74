"""The page says what the tables say, in order, to everyone, and asks nothing of any network."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from leftshift.errors import ReportError, RunError
from leftshift.report import write_page, write_report
from leftshift.report.findings import Figure, Findings, short_names
from leftshift.report.words import headlines, people, rounded, signed, with_interval
from leftshift.runs import open_run, write_run
from tests.report.conftest import KINDS
from tests.report.fake_run import make_description, make_tables, write_fake_run

Reported = Callable[[str], Path]


class Outline(HTMLParser):
    """Collects what the claims below are about."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.figures: list[list[str]] = []
        self._inside = False
        self.text: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("style", "script"):
            self._silent += 1
        if tag == "figure":
            self.figures.append([])
            self._inside = True
        elif self._inside:
            self.figures[-1].append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("style", "script"):
            self._silent -= 1
        if tag == "figure":
            self._inside = False

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.text.append(data)


def outline(folder: Path) -> Outline:
    parser = Outline()
    parser.feed((folder / "report.html").read_text(encoding="utf-8"))
    return parser


def words_of(folder: Path) -> str:
    return re.sub(r"\s+", " ", " ".join(outline(folder).text))


def summed(folder: Path, measure: str, year: str, column: str = "value") -> float:
    frame = pl.read_parquet(folder / "tables" / "summary.parquet").filter(
        (pl.col("place") == "") & (pl.col("measure") == measure) & (pl.col("year") == year)
    )
    return float(frame[column].item())


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_run_has_a_report_with_one_first_heading(
    reported: Reported, kind: str
) -> None:
    page = outline(reported(kind))
    assert [tag for tag, _ in page.tags].count("h1") == 1
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("kind", KINDS)
def test_no_address_outside_the_page_is_asked_for(reported: Reported, kind: str) -> None:
    page = outline(reported(kind))
    for tag, attributes in page.tags:
        for name in ("src", "href", "xlink:href", "srcset", "data", "action", "poster"):
            value = attributes.get(name)
            assert value is None or value.startswith(("#", "data:")), (tag, name, value)
    text = (reported(kind) / "report.html").read_text(encoding="utf-8")
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)
    assert "default-src 'none'" in text


@pytest.mark.parametrize("kind", KINDS)
def test_each_figure_has_a_table_under_it_and_a_description_in_words(
    reported: Reported, kind: str
) -> None:
    page = outline(reported(kind))
    assert len(page.figures) >= 6
    for inside in page.figures:
        assert {"details", "table", "caption", "th"} <= set(inside)
        assert inside.count("svg") == 2  # one drawing for wide pages and one for narrow
        assert inside.count("desc") == 2
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    for tag, attributes in page.tags:
        if tag == "svg":
            assert attributes["role"] == "img"
            assert set((attributes["aria-labelledby"] or "").split()) <= set(ids)
        if tag == "th":
            assert attributes.get("scope") in ("row", "col")


def test_the_headline_figures_are_those_of_the_summary_table(reported: Reported) -> None:
    folder = reported("whole")
    said = words_of(folder)
    for measure in ("people_85_over", "major_illness"):
        now, end = (summed(folder, measure, year) for year in ("2025/26", "2045/46"))
        low, high = (summed(folder, measure, "2045/46", c) for c in ("lower", "upper"))
        assert f"from {people(now)} in 2025/26 to {people(end)}" in said
        assert f"{people(low)} to {people(high)}" in said
        assert f"a rise of {signed(100 * (end / now - 1)).lstrip('+')}" in said
    assert "In Norfolk and Suffolk, people aged 85 and over grow from" in said


def test_the_place_said_to_grow_fastest_is_the_fastest_in_the_table(reported: Reported) -> None:
    folder = reported("whole")
    frame = pl.read_parquet(folder / "tables" / "summary.parquet").filter(
        (pl.col("place") != "") & (pl.col("measure") == "people_85_over")
    )
    change = (
        frame.sort("year").group_by("place").agg(pl.col("value").last() / pl.col("value").first())
    ).sort("value")
    names = dict(
        pl.read_parquet(folder / "tables" / "names.parquet").select("id", "label").iter_rows()
    )
    sentence = next(
        h for h in headlines(Findings(open_run(folder))) if h.startswith("Growth in people aged 85")
    )
    assert sentence.startswith(
        f"Growth in people aged 85 and over is fastest in {names[change['place'][-1]]}"
    )
    assert f"slowest in {names[change['place'][0]]}" in sentence


def test_conditions_are_ranked_by_growth(reported: Reported) -> None:
    found = Findings(open_run(reported("whole"))).conditions
    changes = [c.percent for c in found if c.percent is not None]
    assert len(found) == 20
    assert changes == sorted(changes, reverse=True)


def test_sections_come_in_the_order_a_reader_asks(reported: Reported) -> None:
    text = (reported("whole") / "report.html").read_text(encoding="utf-8")
    order = re.findall(r'<section id="([a-z-]+)"', text)
    assert order == [
        "opening", "does-it-know-us", "population", "segments", "conditions", "major-illness",
        "life-expectancy", "places", "evidence", "reproduce", "glossary",
    ]  # fmt: skip


def test_growth_of_a_place_stands_beside_its_sampling_error(reported: Reported) -> None:
    folder = reported("whole")
    spot, change = Findings(open_run(folder)).by_place("people_85_over")[0]
    now, end = change.now, change.end
    assert now.error is not None and end.error is not None and change.points is not None
    # The error of a ratio cannot be smaller than that of its numerator alone.
    assert change.points >= 100 * end.error / now.value
    said = words_of(folder)
    assert f"± {change.points:.0f} points" in said
    assert "cannot be ranked" in said
    assert spot.name in said


def test_a_central_run_says_so_and_shows_no_interval(reported: Reported) -> None:
    folder = reported("central")
    said = words_of(folder)
    assert "Central run: no intervals" in said
    assert "95% interval over" not in said
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert not re.search(r'class="interval">\((?!±)', text)  # sampling error is all there is


def test_a_run_with_draws_says_what_its_intervals_leave_out(reported: Reported) -> None:
    said = words_of(reported("whole"))
    assert "95% intervals over 50 draws" in said
    assert "leave out the error of simulating a sample" in said
    assert "sampling error of plus or minus" in said


def test_an_area_of_one_place_says_that_nothing_is_compared(reported: Reported) -> None:
    said = words_of(reported("one_place"))
    assert "single place, so there is nothing to compare" in said
    assert "Each tile is a place" not in said


def test_england_names_its_boards_plainly_and_maps_all_of_them(reported: Reported) -> None:
    text = (reported("england") / "report.html").read_text(encoding="utf-8")
    assert "Integrated Care Board" not in text
    chart = text[text.index('id="figure-map-85"') :].split("</figure>", 1)[0]
    assert chart.count("Board ") >= 42


def test_figures_on_fewer_than_thirty_simulated_people_are_marked(reported: Reported) -> None:
    assert "rests on fewer than 30 simulated people" in words_of(reported("one_person"))
    assert "too few to rely on" in words_of(reported("one_person"))
    opening = words_of(reported("whole")).split("Does it know us?", 2)[1]
    assert "†" not in opening.split("Words used here")[0][:2000]


def test_a_condition_nobody_has_is_listed_and_has_no_growth(reported: Reported) -> None:
    said = words_of(reported("nobody_has_it"))
    assert "Not drawn, because nobody has it in 2025/26: Psychosis" in said
    assert "not defined" in said
    assert "nan" not in said.lower().split()
    assert "inf%" not in said


def test_years_are_those_of_the_tables(reported: Reported) -> None:
    said = words_of(reported("one_year"))
    assert "2026/27" in said
    assert "2035/36" not in said
    assert "2045/46" not in said


def test_what_the_figures_rest_on_is_counted_from_the_sources_table(reported: Reported) -> None:
    folder = reported("whole")
    sources = pl.read_parquet(folder / "tables" / "sources.parquet")
    unverified = sources.filter(pl.col("grade").is_in(["R", "A"])).height
    said = words_of(folder)
    assert f"The run rests on {sources.height:,} catalogue rows" in said
    assert f"{unverified:,} of them" in said
    assert "births and migration: Births and migration follow ONS's 2018-based" in said
    assert "Open Government Licence" in said
    assert "not endorsed by the NHS" in said
    assert "leftshift outlook norfolk-and-suffolk --years 20 --draws 50" in said


def test_healthy_is_defined_where_it_is_used(reported: Reported) -> None:
    said = words_of(reported("whole"))
    assert "“Healthy” here means without major illness" in said
    assert "not the Office for National Statistics' healthy life expectancy" in said


def test_the_same_tables_give_the_same_bytes(tmp_path: Path) -> None:
    made = []
    for name in ("a", "b"):
        folder = write_fake_run(tmp_path / name, leaf_years=(0, 20))
        write_report(folder)
        made.append([(folder / f).read_bytes() for f in ("report.html", "workbook.xlsx")])
    assert made[0] == made[1]


def test_a_figure_put_in_place_of_a_shipped_one_is_listed(reported: Reported) -> None:
    said = words_of(reported("whole"))
    table = said.split("Figures of your own in place of shipped ones", 1)[1]
    assert "ratio.row_7" in table.split("Attribution")[0]


def test_names_from_outside_cannot_become_markup(tmp_path: Path) -> None:
    folder = write_fake_run(tmp_path / "run", name="<script>alert(1)</script>", leaf_years=(0, 20))
    write_page(folder)
    assert "<script>alert" not in (folder / "report.html").read_text(encoding="utf-8")


def test_a_run_of_nothing_but_a_summary_still_has_a_report(tmp_path: Path) -> None:
    tables, weight = make_tables(years=2, leaf_years=(0,))
    identity, provenance, about = make_description(years=2, weight=weight)
    only = {"summary": tables["summary"]}
    write_run(tmp_path / "run", identity, provenance, about, only, finish=write_report)
    assert "No published figure of this area" in words_of(tmp_path / "run")
    assert (tmp_path / "run" / "workbook.xlsx").is_file()


def test_a_folder_that_is_no_run_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="not a Leftshift run"):
        write_report(tmp_path)


def test_a_run_without_a_summary_is_a_clear_error(tmp_path: Path) -> None:
    tables, weight = make_tables(years=1, leaf_years=(0,))
    identity, provenance, about = make_description(years=1, weight=weight)
    write_run(tmp_path / "run", identity, provenance, about, {"names": tables["names"]})
    with pytest.raises(ReportError, match="no summary"):
        write_report(tmp_path / "run")


@pytest.mark.parametrize(
    ("value", "said"),
    [(59_123, "59,100"), (1_684_000, "1.68 million"), (1_900_000, "1.90 million"),
     (57_690_000, "57.7 million"), (999_600, "1.00 million"), (87.4, "87"), (0, "0"),
     (-1_234, "−1,230")],
)  # fmt: skip
def test_people_in_prose_have_three_significant_figures(value: float, said: str) -> None:
    assert people(value) == said


def test_rounding_never_pretends_to_be_finer_than_one_person() -> None:
    assert rounded(12.34) == 12.0
    assert rounded(float("nan")) == 0.0


def test_an_interval_is_written_as_x_then_y_to_z() -> None:
    figure = Figure(91_234.0, 88_012.0, 94_511.0, unit="people")
    assert with_interval(figure) == "91,200 (88,000 to 94,500)"
    assert with_interval(Figure(91_234.0, unit="people")) == "91,200"


@pytest.mark.parametrize(
    ("percent", "said"),
    [(54.3, "+54%"), (9.04, "+9.0%"), (-3.21, "−3.2%"), (-0.01, "0%"), (None, "not defined")],
)
def test_a_change_is_signed_and_sensibly_rounded(percent: float | None, said: str) -> None:
    assert signed(percent) == said


def test_no_two_places_share_a_label_on_the_map() -> None:
    names = [(f"E0700{i:04d}", name) for i, name in enumerate(
        ["North Norfolk", "North Northamptonshire", "Norwich", "Norwood", "New Norfolk", "N N"] * 3
    )]  # fmt: skip
    labels = short_names(names)
    assert len(set(labels.values())) == len(names)
    assert all(len(label) <= 4 for label in labels.values())
