"""new, check, run and compare, as a new user meets them."""

from pathlib import Path

import polars as pl
import pytest

from leftshift import organisation
from leftshift.catalogue import Catalogue
from leftshift.errors import LeftshiftError
from leftshift.organisation.board import load
from leftshift.runs import open_run, write_run
from leftshift.runs.tables_organisation import TABLES

BANDS = {"0-4": 100_000.0, "15-19": 100_000.0, "40-44": 560_000.0, "65-69": 100_000.0,
         "75-79": 40_000.0, "80-84": 30_000.0, "85-89": 40_000.0, "90+": 30_000.0}  # fmt: skip


def outlook(folder: Path, years: int = 6, growth: float = 0.03) -> Path:
    """A made-up outlook: the oldest grow in number, all others stay."""
    people = [
        {"arm": "baseline", "year": f"{2025 + year}/{26 + year}", "place": place, "sex": "female",
         "age_band": band, "imd_quintile": 1, "segment": "1", "lower": None, "upper": None,
         "few": False, "value": value / 2 * (1 + growth * year if band == "90+" else 1)}
        for year in range(years)
        for band, value in BANDS.items()
        for place in ("E07000148", "E07000149")
    ]  # fmt: skip
    summary = [
        {"arm": "baseline", "year": f"{2025 + year}/{26 + year}", "place": "", "unit": "people",
         "measure": "four_or_more", "value": 90_000.0, "lower": None, "upper": None,
         "sampling_error": None}
        for year in range(years)
    ]  # fmt: skip
    write_run(
        folder, {"made": "up", "years": years}, {}, {"title": "Outlook", "area": {"code": "X"}},
        {"people": pl.DataFrame(people), "summary": pl.DataFrame(summary)},
    )  # fmt: skip
    return folder


def test_a_new_board_passes_its_own_checks(tmp_path: Path) -> None:
    made = organisation.new(tmp_path / "board")
    checked = organisation.check(made)
    assert "made-up board" in checked.words
    assert checked.board.synthetic
    assert 28 <= len(checked.board.functions) <= 34


def test_a_new_board_is_not_put_over_something_else(tmp_path: Path) -> None:
    (tmp_path / "board").mkdir()
    (tmp_path / "board" / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(LeftshiftError, match="holds something already"):
        organisation.new(tmp_path / "board", replace=True)
    assert [one.name for one in (tmp_path / "board").iterdir()] == ["notes.txt"]


def test_a_board_is_put_over_a_board_only_when_asked(tmp_path: Path) -> None:
    made = organisation.new(tmp_path / "board")
    (made / "functions.csv").write_text("broken", encoding="utf-8")
    with pytest.raises(LeftshiftError, match="--replace"):
        organisation.new(made)
    organisation.new(made, replace=True)
    organisation.check(made)
    assert [one.name for one in tmp_path.iterdir()] == ["board"]


def test_a_run_holds_every_table_that_is_described_and_the_same_bytes_each_time(
    folder: Path, tmp_path: Path
) -> None:
    first = organisation.run(folder, out=tmp_path / "a", draws=20)
    second = organisation.run(folder, out=tmp_path / "b", draws=20)
    ours = {"functions", "options", "option_names", "duty_register", "duties", "caseloads",
            "board_money", "redundancy", "funding", "returns", "timeline", "sources"}  # fmt: skip
    assert ours <= set(first.tables)
    assert ours - {"sources"} <= {table.name for table in TABLES}
    assert first.identity == second.identity
    for name in first.tables:
        one, two = (run.path / "tables" / f"{name}.parquet" for run in (first, second))
        assert one.read_bytes() == two.read_bytes(), name


def test_the_same_run_is_reused_and_another_is_not_written_over(
    folder: Path, tmp_path: Path
) -> None:
    organisation.run(folder, out=tmp_path / "a", draws=20)
    stamp = (tmp_path / "a" / "run.json").stat().st_mtime_ns
    organisation.run(folder, out=tmp_path / "a", draws=20)
    assert (tmp_path / "a" / "run.json").stat().st_mtime_ns == stamp
    with pytest.raises(LeftshiftError, match="another run"):
        organisation.run(folder, out=tmp_path / "a", draws=21)


def test_some_options_may_be_asked_for(folder: Path, tmp_path: Path) -> None:
    run = organisation.run(folder, ["cluster"], out=tmp_path / "a", draws=20)
    assert run.table("option_names").sort("order")["option"].to_list() == ["keep", "cluster"]
    with pytest.raises(LeftshiftError, match='Nearest: "cluster"'):
        organisation.run(folder, ["clustr"], out=tmp_path / "b", draws=20)


@pytest.mark.parametrize("draws", [0, 3, 10_000, True, 20.5])
def test_draws_out_of_bounds_are_refused(folder: Path, tmp_path: Path, draws: int) -> None:
    with pytest.raises(LeftshiftError, match="draws must be a whole number"):
        organisation.run(folder, out=tmp_path / "a", draws=draws)
    assert not (tmp_path / "a").exists()


def test_options_stand_side_by_side_from_a_run_or_a_folder(folder: Path, tmp_path: Path) -> None:
    run = organisation.run(folder, out=tmp_path / "a", draws=20)
    found = organisation.compare(run.path)
    assert found["option"].to_list() == ["keep", "balanced", "cluster", "flat_cut", "transfer_out"]
    assert found["saving_system"][0] == 0
    by_option = {row["option"]: row for row in found.iter_rows(named=True)}
    assert by_option["flat_cut"]["duties_below"] > by_option["balanced"]["duties_below"]
    again = organisation.compare(folder)
    assert again.columns == found.columns


def test_another_kind_of_run_is_not_compared(tmp_path: Path) -> None:
    with pytest.raises(LeftshiftError, match="no run of a board"):
        organisation.compare(outlook(tmp_path / "outlook"))


def test_the_outlook_s_people_feed_the_caseloads(
    folder: Path, tmp_path: Path, catalogue: Catalogue
) -> None:
    board = load(folder, catalogue, open_run(outlook(tmp_path / "outlook")))
    assert board.people.totals[0] == pytest.approx(1_000_000)
    needed = board.duty("continuing_care").minimum
    assert list(needed) == sorted(needed)
    assert needed[5] > needed[0] * 1.01
    assert board.people.ages[0]["under_18"] == 160_000
    assert board.people.ages[0]["from_85"] == 70_000
    assert board.people.four_or_more == (90_000.0,) * 6
    assert "outlook" in board.people.source


def test_an_outlook_of_other_people_than_the_board_s_own_is_mentioned(
    folder: Path, catalogue: Catalogue, tmp_path: Path
) -> None:
    file = folder / "organisation.toml"
    text = file.read_text(encoding="utf-8")
    people = open_run(outlook(tmp_path / "outlook"))
    assert not any("people where" in one for one in load(folder, catalogue, people).warnings)
    file.write_text(text.replace("= 612000", "= 812000"), encoding="utf-8")
    said = "people where organisation.toml has 1,250,000"
    assert any(said in one for one in load(folder, catalogue, people).warnings)


def test_a_search_that_cannot_meet_every_limit_says_so_beside_the_run(
    folder: Path, tmp_path: Path
) -> None:
    file = folder / "organisation.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("[allowance]", "[allowance]\nper_head = 6"), encoding="utf-8")
    made = organisation.run(folder, ["cluster"], None, tmp_path / "run", 20, optimise=True)
    assert any("The search met limits that clash" in one for one in made.about["warnings"])


def test_an_outlook_that_ends_early_is_held_and_this_is_said(
    folder: Path, tmp_path: Path, catalogue: Catalogue
) -> None:
    board = load(folder, catalogue, open_run(outlook(tmp_path / "outlook", years=3)))
    assert board.people.ages[5] == board.people.ages[2]
    assert any("ends before 2028/29" in warning for warning in board.warnings)


def test_an_outlook_of_other_years_is_refused(
    folder: Path, tmp_path: Path, catalogue: Catalogue
) -> None:
    text = (folder / "organisation.toml").read_text(encoding="utf-8")
    text = text.replace('base_year = "2025/26"', 'base_year = "2024/25"')
    text = text.replace("[partnership]", "[unused]").split("[unused]")[0]
    (folder / "organisation.toml").write_text(text, encoding="utf-8")
    for name in ("balanced", "cluster", "flat-cut", "transfer-out"):
        (folder / "options" / f"{name}.toml").unlink()
    with pytest.raises(LeftshiftError, match="does not cover 2024/25"):
        load(folder, catalogue, open_run(outlook(tmp_path / "outlook")))


def test_a_project_s_own_figure_is_used_and_marked(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "catalogue").mkdir()
    header = "id,label,value,lower,upper,distribution,unit,source,as_of,grade,note"
    row = "running_cost.cap_per_head,Ours,20,,,fixed,GBP a head a year,Our letter,2026,V,"
    (tmp_path / "catalogue" / "own.csv").write_text(f"{header}\n{row}\n", encoding="utf-8")
    run = organisation.run(folder, out=tmp_path / "a", draws=20, project=tmp_path)
    sources = run.table("sources").filter(pl.col("overridden"))
    assert sources["id"].to_list() == ["running_cost.cap_per_head"]
    caps = run.table("board_money").filter(
        (pl.col("option") == "keep") & (pl.col("measure") == "cap") & (pl.col("year") == "2027/28")
    )
    assert caps["value"].item() == pytest.approx(20 * 1_160_000)


def test_the_example_says_that_it_is_made_up() -> None:
    from leftshift.organisation.verbs import EXAMPLE

    text = (EXAMPLE / "organisation.toml").read_text(encoding="utf-8")
    assert "made up" in text
    assert "synthetic = true" in text


def test_a_function_marked_otherwise_than_in_the_blueprint_is_mentioned(
    folder: Path, catalogue: Catalogue
) -> None:
    text = (folder / "functions.csv").read_text(encoding="utf-8")
    old = "digital,Digital leadership and GP IT,review"
    assert old in text
    (folder / "functions.csv").write_text(text.replace(old, old[:-6] + "keep"), encoding="utf-8")
    said = load(folder, catalogue).warnings
    assert any("the Model ICB Blueprint has it under review" in one for one in said)


def test_the_blueprint_s_functions_are_verified_only_where_they_were_read(
    catalogue: Catalogue,
) -> None:
    rows = catalogue.table("blueprint_functions").filter(pl.col("grade") == "V")
    assert set(rows["id"]) == {
        "population_health", "data_intelligence", "health_inequalities", "digital",
        "primary_care", "emergency", "workforce", "research", "green_estates",
    }  # fmt: skip
