"""An area driven by a board's own table of moves between segments."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from leftshift import cli_segments
from leftshift.cli_segments import segment_outlook
from leftshift.errors import LeftshiftError, PlanError, ReportError, SettingError
from leftshift.plans import segments, segments_files
from leftshift.runs import open_run

NAMES = ("A", "B", "C")
SMALL = {
    "segments.csv": "segment,people\nA,1000\nB,500\nC,100\n",
    "transitions.csv": "from,to,share\nA,A,0.9\nA,B,0.1\nB,A,0.1\nB,B,0.8\nB,C,0.1\nC,C,1\n",
    "flows.csv": "year,event,people\n"
    + "".join(f"{y},births,50\n{y},net_migration,-10\n{y},deaths,20\n" for y in range(1, 6)),
    "flow_shares.csv": "event,segment,share\nbirths,A,1\nnet_migration,A,1.5\n"
    "net_migration,B,-0.5\ndeaths,A,0.25\ndeaths,B,0.25\ndeaths,C,0.5\n",
    "use.csv": "segment,measure,value\nA,visits,1\nB,visits,2\nC,visits,10\n",
}


def lay(folder: Path, **changed: str) -> Path:
    """The small model in a folder, with other text for some files (named without .csv)."""
    folder.mkdir(exist_ok=True)
    for name, text in SMALL.items():
        text = changed.get(name.removesuffix(".csv"), text)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def people(outcome: segments.Outcome, year: int) -> list[float]:
    return [float(v) for v in outcome.people[year]]


def ran(folder: Path, years: int = 1, deaths: str = "shares", *scales: str) -> segments.Outcome:
    model = segments.load(folder)
    return segments.project(
        model, years, deaths, [segments.Scale.parse(one, model.segments) for one in scales]
    )


# --- what a year does -----------------------------------------------------------------------------


def test_a_year_takes_its_deaths_then_moves_the_survivors_then_adds(tmp_path: Path) -> None:
    # A: 995 live, B: 495, C: 90. Births 50 all to A; net migration -15 to A and 5 to B.
    wanted = [995 * 0.9 + 49.5 + 50 - 15, 99.5 + 396 + 5, 49.5 + 90]
    assert people(ran(lay(tmp_path)), 1) == pytest.approx(wanted, rel=1e-15)


def test_deaths_by_the_first_years_rates_follow_people_and_not_the_years_total(
    tmp_path: Path,
) -> None:
    flows = SMALL["flows.csv"].replace("2,deaths,20", "2,deaths,40")
    lay(tmp_path, flows=flows)
    rates = ran(tmp_path, 2, "rates")
    assert rates.flows["deaths"][1] == pytest.approx(
        rates.people[1] * np.array([5 / 1000, 5 / 500, 10 / 100])
    )
    scaled = ran(tmp_path, 2, "scaled-rates")
    assert scaled.flows["deaths"][1].sum() == pytest.approx(40)
    ratio = scaled.flows["deaths"][1] / rates.flows["deaths"][1]
    assert ratio == pytest.approx(np.full(3, ratio[0]))
    fixed = ran(tmp_path, 2, "shares")
    assert fixed.flows["deaths"][1] == pytest.approx([10, 10, 20])
    for one in (rates, scaled):
        assert one.people[1] == pytest.approx(fixed.people[1], rel=1e-15)


def test_a_table_of_a_year_stands_in_place_of_the_general_one_in_that_year_alone(
    tmp_path: Path,
) -> None:
    rows = SMALL["transitions.csv"].replace("share\n", "share,year\n")
    rows = "".join(f"{r}{',' if i else ''}\n" for i, r in enumerate(rows.splitlines()))
    plain = ran(lay(tmp_path, transitions=rows), 3)
    # All of A's moves in year 2; of B's, only those that change.
    dated = rows + "A,A,1,2\nB,A,0,2\nB,B,0.9,2\n"
    model = segments.load(lay(tmp_path, transitions=dated))
    assert model.moves(2).tolist() == [[1, 0, 0], [0, 0.9, 0.1], [0, 0, 1]]
    for year in (1, 3, 99):
        assert model.moves(year)[0].tolist() == pytest.approx([0.9, 0.1, 0])
    assert people(ran(tmp_path, 3), 1) == people(plain, 1)
    assert people(ran(tmp_path, 3), 2) != people(plain, 2)


def test_tables_that_all_have_years_hold_until_the_next(tmp_path: Path) -> None:
    def dated(year: int, stays: float) -> str:
        return f"A,A,{stays},{year}\nA,B,{1 - stays},{year}\nB,B,1,{year}\nC,C,1,{year}\n"

    text = "from,to,share,year\n" + dated(1, 0.5) + dated(4, 0.25)
    model = segments.load(lay(tmp_path, transitions=text))
    assert [model.moves(y)[0, 0] for y in (1, 3, 4, 9)] == [0.5, 0.5, 0.25, 0.25]
    assert "to the year 4, which holds" in " ".join(segments.project(model, 5).warnings)
    late = segments.load(lay(tmp_path, transitions="from,to,share,year\n" + dated(2, 0.5)))
    with pytest.raises(PlanError, match="no table for the year 1"):
        segments.project(late, 1)


@pytest.mark.parametrize("first", [0, 1, 2025])
def test_years_may_be_counted_from_nought_one_or_the_calendar(first: int, tmp_path: Path) -> None:
    flows = "year,event,people\n" + "".join(
        f"{first + t},{e},{10 + t}\n" for t in range(3) for e in ("births", "deaths")
    )
    outcome = ran(lay(tmp_path, flows=flows), 3, "shares", f"A,B,0,{first + 1},{first + 1}")
    assert outcome.flows["births"].sum(axis=1).tolist() == [10, 11, 12]
    moved = [outcome.people[t + 1, 1] - outcome.people[t, 1] for t in range(3)]
    assert moved[1] < min(moved[0], moved[2]) - 50
    assert segments.tables(outcome)["people"]["year"].unique().sort().to_list() == [0, 1, 2, 3]


def test_the_last_year_of_flows_holds_for_those_after_it_and_this_is_said(tmp_path: Path) -> None:
    outcome = ran(lay(tmp_path), 8)
    assert outcome.flows["births"][:, 0].tolist() == [50.0] * 8
    assert "flows.csv gives births to the year 5" in " ".join(outcome.warnings)
    assert ran(tmp_path, 5).warnings == ()


def test_flows_with_one_year_more_than_there_are_steps_are_asked_about(tmp_path: Path) -> None:
    flows = "year,event,people\n" + "".join(f"{t},births,{t}\n" for t in range(6))
    lay(tmp_path, flows=flows)
    assert "leave out its year 0" in " ".join(ran(tmp_path, 5).warnings)
    assert "leave out its year 0" not in " ".join(ran(tmp_path, 6).warnings)


def test_a_scaled_move_leaves_the_difference_where_it_was_and_ends_with_its_years(
    tmp_path: Path,
) -> None:
    plain, less = ran(lay(tmp_path), 3), ran(tmp_path, 3, "shares", "A,B,0.5,2,2")
    assert people(less, 1) == people(plain, 1)
    kept = 0.05 * (plain.people[1, 0] - 5)
    assert less.people[2] - plain.people[2] == pytest.approx([kept, -kept, 0], abs=1e-9)
    one = ran(tmp_path, 3, "shares", "A,B,1,1,3")
    assert (one.people == plain.people).all()
    twice = ran(tmp_path, 3, "shares", "A,B,0.5,1,3", "A,B,0.5,1,3")
    quarter = ran(tmp_path, 3, "shares", "A,B,0.25,1,3")
    assert twice.people == pytest.approx(quarter.people, rel=1e-14)


def test_a_scale_beyond_the_last_year_is_cut_and_one_that_moves_no_one_is_named(
    tmp_path: Path,
) -> None:
    lay(tmp_path)
    assert "ends with the last year, 3" in ran(tmp_path, 3, "shares", "A,B,0.5,1,30").warnings[0]
    assert "no one moves from A to C" in ran(tmp_path, 3, "shares", "A,C,0.5,1,3").warnings[0]


@given(
    st.integers(1, 6),
    st.integers(1, 12),
    st.integers(0, 2**32 - 1),
    st.sampled_from(segments.DEATHS),
)
@settings(max_examples=60, deadline=None, database=None)
def test_people_are_conserved_whatever_the_model(
    count: int, years: int, seed: int, deaths: str
) -> None:
    rng = np.random.default_rng(seed)
    names = [f"s{i}" for i in range(count)]
    files = segments_files.Files(Path("none"))
    files.segments = dict(zip(names, rng.uniform(1e3, 1e6, count).tolist(), strict=True))
    moves = rng.dirichlet(np.ones(count), count)
    files.moves = {
        (None, a, b): float(moves[i, j]) for i, a in enumerate(names) for j, b in enumerate(names)
    }
    total = sum(files.segments.values())
    files.flows = {
        (event, t): float(rng.uniform(low, high))
        for t in range(years)
        for event, low, high in (("births", 0, 90), ("net_migration", -9, 99), ("deaths", 1, 20))
    }
    shares = {event: rng.dirichlet(np.ones(count)) for event in segments_files.EVENTS}
    model = segments.SegmentModel(
        files, tuple(names), np.array(list(files.segments.values())), 0, shares, (), np.zeros(
            (count, 0)
        ),
    )  # fmt: skip
    found = segments.project(model, years, deaths)
    assert np.isfinite(found.people).all()
    assert (found.people >= 0).all()
    for t in range(years):
        change = sum(
            sign * found.flows[event][t].sum()
            for event, sign in (("births", 1), ("net_migration", 1), ("deaths", -1))
        )
        assert found.people[t + 1].sum() == pytest.approx(
            found.people[t].sum() + change, rel=1e-13, abs=1e-13 * total
        )
        for event in ("births", "net_migration"):
            assert found.flows[event][t].sum() == pytest.approx(files.flows[event, t], rel=1e-12)
        if deaths != "rates":
            assert found.flows["deaths"][t].sum() == pytest.approx(files.flows["deaths", t])


# --- files as they come ---------------------------------------------------------------------------


def test_files_from_excel_and_r_are_read_as_they_are(tmp_path: Path) -> None:
    plain = ran(lay(tmp_path / "plain"), 3)
    other = lay(tmp_path / "other")
    for name, text in SMALL.items():
        text = "# a remark\n" + text.replace("A,1000", 'A,"1,000"').replace("0.25", "2.5E-1")
        if name != "segments.csv":
            text = text.replace(",", ";").replace("net_migration", "Net migration")
        (other / name).write_bytes(text.replace("\n", "\r\n").encode("utf-8-sig"))
    (other / "use.csv").write_text(SMALL["use.csv"].replace(",", "\t"), encoding="utf-16")
    assert (ran(other, 3).people == plain.people).all()
    assert (ran(other, 3).use == plain.use).all()


def test_a_column_that_is_not_used_is_named_in_a_warning(tmp_path: Path) -> None:
    text = SMALL["segments.csv"].replace("\n", ",x\n")
    assert "segments.csv:1" in segments.load(lay(tmp_path, segments=text)).files.warnings[0]


WRONG = [
    ("segments", "A,1000", "A,-1", r"segments.csv:2: people \"-1\" is below 0"),
    ("segments", "A,1000", "A,many", r"segments.csv:2: people \"many\" is not a number"),
    ("segments", "A,1000", "A,", r"segments.csv:2: no people"),
    ("segments", "A,1000", "A,nan", r"segments.csv:2: people \"nan\" is not a number"),
    ("segments", "A,1000", "A,1e300", r"segments.csv:2: .*too large"),
    ("segments", "A,1000", "A,1,000", r"segments.csv:2: 3 cells where the first line has 2"),
    ("segments", "B,500", "A,500", r"segments.csv:3: segment \"A\" is there twice.*line 2"),
    ("segments", "people", "persons", r"segments.csv:1: column people is missing"),
    ("segments", SMALL["segments.csv"], "", r"segments.csv: empty"),
    ("segments", "A,1000\nB,500\nC,100\n", "", r"segments.csv: no rows"),
    ("segments", "A,1000\nB,500\nC,100\n", "A,0\n", r"no people in any segment"),
    ("transitions", "A,B,0.1", "A,B,0.2", r"transitions.csv:2: .*segment A sum to 1.1, and must"),
    ("transitions", "A,B,0.1", "A,Bb,0.1", r"transitions.csv:3: to \"Bb\" is no segment.*Nearest"),
    ("transitions", "A,B,0.1", "A,B,10%", r"transitions.csv:3: .*write 5% as 0.05"),
    ("transitions", "A,B,0.1", "A,B,-0.1", r"transitions.csv:3: share \"-0.1\" is below 0"),
    ("transitions", "A,B,0.1", "A,B,1.1", r"transitions.csv:3: share \"1.1\" is above 1"),
    ("transitions", "B,C,0.1", "A,B,0.1", r"transitions.csv:6: A to B is there twice.*line 3"),
    ("transitions", "C,C,1\n", "", r"no rows from segment C"),
    ("flows", "1,births,50", "1.5,births,50", r"flows.csv:2: year \"1.5\" is no year"),
    ("flows", "1,births,50", "-1,births,50", r"flows.csv:2: year \"-1\" is no year"),
    ("flows", "1,births,50", "1,berths,50", r"flows.csv:2: event \"berths\".*Nearest: \"births\""),
    ("flows", "1,births,50", "1,births,-50", r"flows.csv:2: people \"-50\" is below 0"),
    ("flows", "2,births,50\n", "", r"flows.csv: no births in the year 2"),
    ("flows", "2,births,50", "1,births,50", r"flows.csv:5: births in 1 are there twice"),
    ("flows", "1,deaths,20", "1,deaths,250", r"flows.csv:4: in the year 1, 125 deaths fall to seg"),
    (
        "flows",
        "1,net_migration,-10",
        "1,net_migration,-9000",
        r"flows.csv:3: in the year 1, 13,500 people move out of segment A",
    ),
    ("flow_shares", "births,A,1", "births,A,0.9", r"flow_shares.csv:2: .*births sum to 0.9"),
    ("flow_shares", "births,A,1\n", "", r"flow_shares.csv: no shares of births"),
    ("flow_shares", "deaths,B,0.25", "deaths,A,0.25", r"flow_shares.csv:6: deaths in segment A"),
    ("use", "B,visits,2\n", "", r"use.csv: no visits of segment B"),
    ("use", "B,visits,2", "B,visits,two", r"use.csv:3: value \"two\" is not a number"),
    ("use", "B,visits,2", "A,visits,2", r"use.csv:3: visits of segment A is there twice"),
    ("use", "B,visits,2", 'B,"visits,2', r"use.csv:3: not valid CSV"),
]


@pytest.mark.parametrize(("name", "old", "new", "said"), WRONG)
def test_what_is_wrong_is_said_with_its_file_and_line(
    name: str, old: str, new: str, said: str, tmp_path: Path
) -> None:
    text = SMALL[f"{name}.csv"]
    assert old in text
    lay(tmp_path, **{name: text.replace(old, new, 1)})
    with pytest.raises(PlanError, match=said):
        ran(tmp_path, 5)


def test_several_wrong_rows_are_each_named(tmp_path: Path) -> None:
    lay(tmp_path, use=SMALL["use.csv"].replace("A,", "D,").replace(",10", ",x"))
    with pytest.raises(PlanError) as caught:
        segments.load(tmp_path)
    first, second = str(caught.value).splitlines()
    assert "use.csv:2: " in first
    assert "use.csv:4: " in second


def test_a_missing_folder_or_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="there is no folder .*--new"):
        segments.load(tmp_path / "none")
    lay(tmp_path)
    (tmp_path / "flow_shares.csv").rename(tmp_path / "flowshares.csv")
    with pytest.raises(PlanError, match=r'no flow_shares.csv. Nearest: "flowshares.csv"'):
        segments.load(tmp_path)
    with pytest.raises(PlanError, match="is a file"):
        segments.load(tmp_path / "use.csv")


def test_a_workbook_a_huge_file_and_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    lay(tmp_path)
    for data, said in (
        (b"PK\x03\x04rest", "an Excel workbook"),
        (b"segment,people\nA,\xff\n", r"segments.csv:2: not UTF-8"),
        (b"segment,people\nA,1\0\n", r"segments.csv:2: not text"),
        (b"#" * 20_000_001, "too large"),
        (b"segment,people\n" + b"".join(b"s%d,1\n" % i for i in range(501)), "more than 500"),
    ):
        (tmp_path / "segments.csv").write_bytes(data)
        with pytest.raises(PlanError, match=said):
            segments.load(tmp_path)


def test_so_many_figures_that_no_one_could_use_them_are_refused(tmp_path: Path) -> None:
    rows = "".join(f"{s},m{k},1\n" for s in NAMES for k in range(9000))
    with pytest.raises(PlanError, match="too many"):
        ran(lay(tmp_path, use="segment,measure,value\n" + rows), 200)


def test_deaths_that_rates_cannot_split_are_named(tmp_path: Path) -> None:
    flows = SMALL["flows.csv"].replace("1,deaths,20", "1,deaths,0")
    with pytest.raises(PlanError, match="at those no one dies"):
        ran(lay(tmp_path, flows=flows), 2, "scaled-rates")
    empty = SMALL["segments.csv"].replace("C,100", "C,0")
    with pytest.raises(PlanError, match=r"10 deaths fall to segment C, which has 0 people"):
        ran(lay(tmp_path, segments=empty), 2, "rates")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A,B,0.5", "must be FROM,TO,FACTOR,START,END"),
        ("", "must be FROM,TO,FACTOR,START,END"),
        ("A,D,0.5,1,2", 'no segment called "D"'),
        ("A,A,0.5,1,2", "is staying"),
        ("A,B,-0.5,1,2", "FACTOR must be"),
        ("A,B,inf,1,2", "FACTOR must be"),
        ("A,B,0.5,1.5,2", "must be whole years"),
        ("A,B,0.5,2,1", "START 2 is after END 1"),
        ("A,B,0.5,0,1", "START 0 is none of the years, which run from 1 to 5"),
        ("A,B,0.5,6,9", "START 6 is none of the years"),
        ("A,B,10.5,1,2", "factor can be 10 at most"),
    ],
)
def test_a_scale_that_cannot_be_is_refused_with_what_can(
    text: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(LeftshiftError, match=said):
        ran(lay(tmp_path), 5, "shares", text)


def test_years_and_deaths_outside_what_is_allowed_are_refused(tmp_path: Path) -> None:
    lay(tmp_path)
    for years in (0, 201, -1):
        with pytest.raises(SettingError, match="from 1 to 200"):
            ran(tmp_path, years)
    with pytest.raises(SettingError, match='Nearest: "shares"'):
        ran(tmp_path, 1, "share")


def test_two_thousand_mutated_files_give_figures_or_one_message(tmp_path: Path) -> None:
    rng = random.Random(4)
    lay(tmp_path)
    bits = [
        "",
        ",",
        '"',
        "\n",
        "A",
        "-",
        "1e9",
        "nan",
        "#",
        "\0",
        "é",
        "0",
        ";",
        "2025",
        "%",
        "year",
    ]
    raised = 0
    for _ in range(2000):
        name = rng.choice(list(SMALL))
        data = bytearray(SMALL[name].encode())
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(len(data) + 1)
            how = rng.random()
            if how < 0.5:
                data[at : at + rng.randrange(4)] = rng.choice(bits).encode()
            elif how < 0.8:
                lines = bytes(data).split(b"\n")
                line = rng.choice(lines)
                lines.insert(rng.randrange(len(lines) + 1), line)
                if rng.random() < 0.5:
                    lines.remove(rng.choice(lines))
                data = bytearray(b"\n".join(lines))
            else:
                data[at : at + 1] = bytes([rng.randrange(256)])
        (tmp_path / name).write_bytes(bytes(data))
        try:
            outcome = ran(tmp_path, 3, rng.choice(segments.DEATHS), "A,B,0.9,1,2")
        except LeftshiftError as error:
            assert str(error)
            raised += 1
        else:
            assert np.isfinite(outcome.people).all()
            assert (outcome.people >= 0).all()
        (tmp_path / name).write_text(SMALL[name], encoding="utf-8")
    assert raised > 500


# --- the run folder and the command ---------------------------------------------------------------


def test_a_run_holds_people_and_use_by_whole_years_from_nought(tmp_path: Path) -> None:
    run = segment_outlook(lay(tmp_path / "m"), 5, tmp_path / "run", csv=True, report=False)
    assert run.table("people").columns == ["year", "segment", "value"]
    assert run.table("use").columns == ["year", "segment", "measure", "value"]
    assert run.table("people")["year"].dtype == pl.Int64
    assert run.table("people").height == 6 * 3
    assert run.table("people").head(3)["value"].to_list() == [1000, 500, 100]
    visits = run.table("use").filter(pl.col("year") == 0)["value"].to_list()
    assert visits == [1000, 1000, 1000]
    joined = run.table("flows").filter(pl.col("year") == 4).group_by("event").agg(pl.sum("value"))
    assert sorted(joined.rows()) == [("births", 50), ("deaths", 20), ("net_migration", -10)]
    assert (tmp_path / "run" / "tables" / "people.csv").is_file()
    assert (tmp_path / "run" / "plan.toml").read_text(encoding="utf-8").startswith("[segments]")


def test_the_same_files_give_the_same_bytes_and_the_same_run_is_reused(tmp_path: Path) -> None:
    folder = lay(tmp_path / "m")
    one = segment_outlook(folder, 5, tmp_path / "one", report=False)
    two = segment_outlook(folder, 5, tmp_path / "two", report=False)
    assert one.identity_sha256 == two.identity_sha256
    for name in ("people", "use", "flows"):
        files = [run.path / "tables" / f"{name}.parquet" for run in (one, two)]
        assert files[0].read_bytes() == files[1].read_bytes()
    again = segment_outlook(folder, 5, tmp_path / "one", csv=True, report=True)
    assert set(again.holds) == {"csv", "report"}
    assert again.manifest["tables"] == one.manifest["tables"]
    with pytest.raises(LeftshiftError, match="--replace"):
        segment_outlook(folder, 4, tmp_path / "one", report=False)
    lay(folder, use=SMALL["use.csv"].replace("10", "11"))
    with pytest.raises(LeftshiftError, match="--replace"):
        segment_outlook(folder, 5, tmp_path / "one", report=False)


def test_nothing_is_left_behind_where_the_report_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(folder: Path) -> None:
        raise ReportError("no report today")

    monkeypatch.setattr(cli_segments, "_reporter", lambda: broken)
    with pytest.raises(ReportError):
        segment_outlook(lay(tmp_path / "m"), 5, tmp_path / "run")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["m"]


def test_the_example_is_made_up_says_so_and_runs_without_a_warning(tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(cli_segments.segments)
    folder, out = tmp_path / "example", tmp_path / "run"
    made = CliRunner().invoke(app, [str(folder), "--new"])
    assert made.exit_code == 0
    assert "made up" in made.stdout
    assert all("Made up" in (folder / name).read_text("utf-8") for name in segments_files.FILES)
    done = CliRunner().invoke(
        app, [str(folder), "--out", str(out), "--scale", "CS1,CS2,0.9,2026,2030"]
    )
    assert done.exit_code == 0, done.output
    run = open_run(out)
    assert run.about["made_up"]
    assert run.about["warnings"] == []
    assert run.table("people")["year"].max() == 20
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "Made-up figures" in page
    assert "CS1 to CS2: times 0.9 in the years 2026 to 2030" in page
    assert page.count("<svg") == 4
    with pytest.raises(PlanError, match="holds something already"):
        segments_files.new(folder)
    assert segments_files.new(folder, replace=True) == folder


def test_a_report_of_many_segments_years_and_measures_keeps_to_its_page(tmp_path: Path) -> None:
    names = [f"segment with a rather long name {i} <b>" for i in range(15)]
    shutil.copytree(lay(tmp_path / "m"), tmp_path / "n")
    folder = lay(
        tmp_path / "n",
        segments="segment,people\n" + "".join(f"{n},{9 * i}\n" for i, n in enumerate(names)),
        transitions="from,to,share\n" + "".join(f"{n},{n},1\n" for n in names),
        flow_shares=f"event,segment,share\nbirths,{names[0]},1\nnet_migration,{names[0]},1\n"
        f"deaths,{names[0]},1\n",
        use="segment,measure,value\n"
        + "".join(f"{n},m{k},{k * i}\n" for i, n in enumerate(names) for k in range(70)),
    )
    flows = "year,event,people\n" + "".join(f"{y},births,{y}\n" for y in range(3))
    (folder / "flows.csv").write_text(flows, encoding="utf-8")
    run = segment_outlook(folder, 130, tmp_path / "run")
    assert run.report is not None
    page = run.report.read_text(encoding="utf-8")
    assert "The first 12 of 15 segments" in page
    assert "Not every year is shown here" in page
    # Five of the names and the rest are drawn, and told apart though all begin alike.
    drawn = page.partition('id="figure-people"')[2].partition("<details>")[0]
    assert all(f">{i}. segment" in drawn for i in range(1, 6))
    assert "All others" in drawn
    assert "<b>" not in page.split("<main")[1]
    assert "nan" not in page.split("<main")[1].replace("financ", "").lower()
