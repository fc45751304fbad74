"""Two runs are compared only as far as what was asked of them allows, and it is said how far."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from leftshift import cli_compare
from leftshift.errors import RunError, SettingError
from leftshift.runs import Run, open_run, write_run
from leftshift.runs.compare import COLUMNS, compare

YEARS = [f"{year}/{(year + 1) % 100:02d}" for year in range(2025, 2038)]
MEASURES = {"people": ("people", 1000.0), "spend": ("£ a year", 5e6), "deaths": ("people", 40.0),
            "major_illness_share": ("percent", 8.0)}  # fmt: skip
Make = Callable[..., Run]


def summary(
    arms: dict[str, float], years: int, doubt: float | None, error: float | None
) -> pl.DataFrame:
    rows = [
        {
            "arm": arm,
            "year": year,
            "place": "",
            "measure": measure,
            "unit": unit,
            "value": value * scale * (1 + at / 100),
            "lower": None if doubt is None else value * scale * (1 + at / 100) - doubt * value,
            "upper": None if doubt is None else value * scale * (1 + at / 100) + doubt * value,
            "sampling_error": error,
        }
        for arm, scale in arms.items()
        for at, year in enumerate(YEARS[: years + 1])
        for measure, (unit, value) in MEASURES.items()
    ]
    number = dict.fromkeys(("lower", "upper", "sampling_error"), pl.Float64)
    return pl.DataFrame(rows, schema_overrides=number)


def sources(figures: dict[str, float]) -> pl.DataFrame:
    text = dict.fromkeys(("source", "as_of", "note"), "")
    return pl.DataFrame(
        [
            {"id": key, "label": f"Label of {key}", "value": value, "lower": None, "upper": None,
             "distribution": "fixed", "unit": "£", **text, "grade": "V", "overridden": False}
            for key, value in figures.items()
        ],
        schema_overrides={"lower": pl.Float64, "upper": pl.Float64},
    )  # fmt: skip


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def made(
        name: str,
        arms: dict[str, float] | None = None,
        years: int = 12,
        doubt: float | None = 0.05,
        error: float | None = 3.0,
        figures: dict[str, float] | None = None,
        about: dict[str, Any] | None = None,
        **asked: Any,
    ) -> Run:
        arms = arms or {"baseline": 1.0}
        identity = {
            "kind": "outlook", "version": "0.1.0", "method": "m", "care": "c", "data": {},
            "catalogue": [{"name": "shipped", "sha256": "f" * 64}], "base_year": "2025/26",
            "area": {"code": "QMM", "name": "Norfolk", "members": [["A", "B", 1.0]], "places": []},
            "years": years, "people": 1000, "draws": 50, "seed": 1, **asked,
        }  # fmt: skip
        tables = {
            "summary": summary(arms, years, doubt, error),
            "sources": sources(figures or {"price.gp": 40.0}),
        }
        about = {"title": name, "arms": list(arms), "price_base": "2025/26 real", "warnings": [],
                 **(about or {})}  # fmt: skip
        return write_run(tmp_path / name, identity, {}, about, tables)

    return made


def plan_about(*interventions: dict[str, Any], name: str = "Plan") -> dict[str, Any]:
    return {"plan": {"name": name, "interventions": list(interventions)}}


def asked_of(first: Run, second: Run, **options: Any) -> dict[str, str]:
    rows = compare(first, second, **options).part("asked")
    return dict(zip(rows["subject"], rows["level"], strict=True))


# --- whether they can be compared -----------------------------------------------------------------


def test_runs_of_other_areas_are_compared_only_where_that_is_insisted_on(make: Make) -> None:
    area = {"code": "QE1", "name": "Lancashire", "members": [["C", "D", 1.0]], "places": []}
    one, other = make("one"), make("other", area=area)
    with pytest.raises(RunError, match=r"different areas .*Norfolk.*Lancashire.*--anyway"):
        compare(one, other)
    forced = compare(one, other, anyway=True)
    assert forced.part("asked").row(0, named=True)["level"] == "stops"
    assert "different areas" in forced.verdict


def test_an_area_of_the_same_code_but_other_members_is_another_area(make: Make) -> None:
    area = {"code": "QMM", "name": "Norfolk", "members": [["A", "B", 0.5]], "places": []}
    with pytest.raises(RunError, match="made of different parts"):
        compare(make("one"), make("other", area=area))


def test_what_was_asked_differently_is_named_in_order_of_how_much_it_matters(make: Make) -> None:
    data = {"activity.csv": "a" * 64}
    other = make("other", data=data, seed=2, draws=10, years=10, care="d")
    rows = compare(make("one"), other).part("asked")
    assert rows["subject"].to_list() == ["code", "own_data", "seed", "years", "draws"]
    assert rows["level"].to_list() == ["causes", "causes", "noise", "noise", "intervals"]
    assert rows.filter(subject="own_data")["second_says"].item() == "activity.csv"


@pytest.mark.parametrize("what", [{"seed": 2}, {"people": 2000}, {"years": 11}])
def test_people_drawn_anew_bring_noise_and_it_is_said_how_much(
    make: Make, what: dict[str, Any]
) -> None:
    found = compare(make("one"), make("other", **what))
    assert not found.same_people
    assert found.part("figure")["noise"].to_list() == pytest.approx(
        [math.hypot(3.0, 3.0)] * found.part("figure").height
    )
    assert "by chance" in found.verdict


def test_the_same_people_leave_no_noise_to_speak_of(make: Make) -> None:
    found = compare(make("one"), make("other", figures={"price.gp": 44.0}, catalogue=[]))
    assert found.same_people
    assert found.part("figure")["noise"].null_count() == found.part("figure").height
    assert "one thing that changes figures differs (catalogue)" in found.verdict
    assert "same people with the same random numbers" in found.verdict


def test_noise_is_said_to_be_unknown_where_a_run_has_no_sampling_error(make: Make) -> None:
    found = compare(make("one"), make("other", seed=2, error=None, doubt=None, draws=0))
    assert found.part("figure")["noise"].null_count() == found.part("figure").height
    assert "how much is not known" in found.verdict
    assert set(found.part("figure")["intervals"]) == {""}


def test_several_causes_at_once_are_never_told_as_one(make: Make) -> None:
    found = compare(make("one"), make("other", care="d", data={"a.csv": "1"}))
    assert "2 things that change figures differ at once" in found.verdict


def test_pounds_of_different_years_are_not_subtracted(make: Make) -> None:
    one, other = make("one"), make("other", about={"price_base": "2019/20 real"}, version="9")
    found = compare(one, other)
    assert "spend" not in set(found.part("figure")["subject"])
    assert "price_base" in set(found.part("asked")["subject"])
    assert "spend" in set(compare(one, other, anyway=True).part("figure")["subject"])


# --- figures --------------------------------------------------------------------------------------


def test_a_difference_is_the_second_less_the_first_and_is_not_rounded(make: Make) -> None:
    found = compare(make("one"), make("other", {"baseline": 1.1}, care="d"), years=["2025/26"])
    row = found.part("figure").filter(subject="people").row(0, named=True)
    assert row["first"] == 1000.0
    assert row["difference"] == row["second"] - row["first"]
    assert row["percent"] == pytest.approx(10.0)


def test_a_share_in_percent_has_no_percentage_of_its_own(make: Make) -> None:
    found = compare(make("one"), make("other", {"baseline": 1.1}, care="d"))
    share = found.part("figure").filter(subject="major_illness_share")
    assert share["percent"].null_count() == share.height


@pytest.mark.parametrize(("scale", "said"), [(1.05, "overlap"), (1.5, "apart")])
def test_it_is_said_whether_intervals_overlap(make: Make, scale: float, said: str) -> None:
    found = compare(make("one"), make("other", {"baseline": scale}, care="d"))
    assert set(found.part("figure")["intervals"]) == {said}


def test_the_first_year_five_and_ten_on_and_the_last_common_one_are_shown(make: Make) -> None:
    found = compare(make("one"), make("other", years=11))
    assert found.years == ("2025/26", "2030/31", "2035/36", "2036/37")
    assert compare(make("one"), make("other", years=11), years=["2027/28"]).years == ("2027/28",)


def test_a_year_that_one_run_lacks_is_refused_and_the_common_ones_named(make: Make) -> None:
    with pytest.raises(SettingError, match=r"2036/37 is not a year of both.*2025/26 to 2030/31"):
        compare(make("one"), make("other", years=5), years=["2036/37"])


def test_rows_and_columns_are_as_they_are_described(make: Make) -> None:
    frame = compare(make("one"), make("other", {"baseline": 1.1}, seed=2, care="d")).frame
    assert frame.columns == [column.name for column in COLUMNS]
    assert [frame.schema[c.name] for c in COLUMNS] == [c.dtype for c in COLUMNS]
    assert not any(frame[c.name].null_count() for c in COLUMNS if not c.empty)
    figures = frame.filter(part="figure")
    assert figures["year"].to_list() == sorted(figures["year"].to_list())
    assert frame.equals(compare(*(open_run(r.path) for r in (make("one"), make(
        "other", {"baseline": 1.1}, seed=2, care="d")))).frame)  # fmt: skip


def test_every_column_is_explained_in_the_documentation() -> None:
    page = Path(__file__).parents[2] / "docs" / "method" / "plans.md"
    text = page.read_text(encoding="utf-8")
    assert [c.name for c in COLUMNS if f"`{c.name}`" not in text] == []


# --- arms -----------------------------------------------------------------------------------------


def test_a_plan_and_an_outlook_are_compared_at_their_baselines(make: Make) -> None:
    plan = make("plan", {"baseline": 1.0, "Plan": 0.9}, kind="plan", plan="p", about=plan_about())
    found = compare(make("one"), plan)
    assert found.pairs == (("baseline", "baseline"),)
    assert found.part("figure")["difference"].abs().max() == 0
    assert "Nothing was asked that would change a figure" in found.verdict
    told = found.part("asked").filter(subject="arms").row(0, named=True)
    assert '--arm "baseline" "Plan"' in told["says"]


def test_any_two_arms_can_be_named_even_of_one_run(make: Make) -> None:
    plan = make("plan", {"baseline": 1.0, "Plan": 0.9}, kind="plan", plan="p", about=plan_about())
    found = compare(plan, plan, arms=("baseline", "Plan"), years=["2025/26"])
    assert found.part("figure").filter(subject="people")["difference"].item() == -100.0
    assert "(arm)" in found.verdict


def test_an_arm_that_is_not_there_is_refused_with_the_nearest(make: Make) -> None:
    plan = make("plan", {"baseline": 1.0, "Left shift": 0.9}, kind="plan", about=plan_about())
    with pytest.raises(SettingError, match=r'no arm "left-shft". Nearest: "Left shift"'):
        compare(make("one"), plan, arms=("baseline", "left-shft"))


def test_runs_without_an_arm_of_the_same_name_say_what_they_have(make: Make) -> None:
    one, other = make("one", {"Plan A": 1.0}), make("other", {"Plan B": 1.0}, seed=2)
    with pytest.raises(SettingError, match=r"has Plan A, .* has Plan B.*--arm"):
        compare(one, other)


# --- inputs ---------------------------------------------------------------------------------------


def test_inputs_that_differ_are_told_with_both_values_and_who_changed_them(make: Make) -> None:
    over = {"overrides": [{"id": "price.gp", "old": 40, "new": 44, "layer": "project"}]}
    other = make("other", figures={"price.gp": 44.0, "price.new": 1.0}, about=over, care="d")
    rows = compare(make("one", figures={"price.gp": 40.0, "same": 2.0}), other).part("input")
    assert rows["subject"].to_list() == ["price.gp", "price.new", "same"]
    row = rows.row(0, named=True)
    assert (row["first"], row["second"], row["difference"]) == (40.0, 44.0, 4.0)
    assert row["says"] == "other value; overridden in the second (project)"
    assert rows["says"][1] == "only the second run rests on it"


def test_interventions_of_one_plan_only_and_those_carried_out_differently_are_told(
    make: Make,
) -> None:
    a = {"id": "a", "label": "Clinic", "reach": "10%", "who": "age >= 75"}
    b = {"id": "b", "label": "Ward at home", "reach": "5%", "who": "age >= 65"}
    arms = {"baseline": 1.0, "Plan": 0.9}
    one = make("one", arms, kind="plan", plan="1", about=plan_about(a))
    other = make("other", arms, kind="plan", plan="2", about=plan_about({**a, "reach": "20%"}, b))
    found = compare(one, other)
    told = [(r["subject"], r["says"], r["first_says"], r["second_says"])
            for r in found.part("plan").iter_rows(named=True)]  # fmt: skip
    assert told == [
        ("a", "other reach", "10%", "20%"),
        ("b", "only in the second plan", "", "5%"),
    ]
    assert asked_of(one, other)["plan"] == "causes"
    assert asked_of(one, other, arms=("baseline", "baseline"))["plan"] == "none"


def test_only_warnings_that_differ_are_told(make: Make) -> None:
    one = make("one", about={"warnings": ["old", "both"]})
    other = make("other", about={"warnings": ["both", "fresh"]}, care="d")
    rows = compare(one, other).part("warning")
    assert rows.select("says", "first_says", "second_says").rows() == [
        ("only in the first run", "old", ""),
        ("new in the second run", "", "fresh"),
    ]


# --- what is wrong --------------------------------------------------------------------------------


def test_the_same_run_twice_is_refused_wherever_it_lies(make: Make) -> None:
    one = make("one")
    with pytest.raises(SettingError, match="is given twice"):
        compare(one.path, one.path)
    with pytest.raises(SettingError, match="are the same run"):
        compare(one, make("copy"))


def test_a_folder_that_is_not_there_is_told_with_the_nearest(make: Make, tmp_path: Path) -> None:
    one = make("norfolk")
    with pytest.raises(RunError, match=r'no run folder at .*norfok. Nearest: "norfolk"'):
        compare(one.path, tmp_path / "norfok")


def test_a_table_that_was_changed_since_is_refused(make: Make) -> None:
    one, other = make("one"), make("other", seed=2)
    file = other.path / "tables" / "summary.parquet"
    pl.read_parquet(file).with_columns(value=pl.lit(1.0)).write_parquet(file)
    with pytest.raises(RunError, match=r"summary\.parquet is not what the run wrote"):
        compare(one, other)
    file.write_bytes(b"nonsense")
    with pytest.raises(RunError, match="damaged"):
        compare(one, other)


@pytest.mark.parametrize("part", ["identity", "about"])
def test_a_damaged_run_json_is_told_without_a_traceback(make: Make, part: str) -> None:
    one, other = make("one"), make("other", seed=2)
    file = other.path / "run.json"
    file.write_text(json.dumps({**json.loads(file.read_text("utf-8")), part: "x"}), "utf-8")
    with pytest.raises(RunError, match=f"damaged: {part}"):
        compare(one.path, other.path)


def test_a_run_of_another_kind_is_refused_by_name(make: Make, tmp_path: Path) -> None:
    frame = pl.DataFrame({"kind": ["k"], "id": ["i"], "label": ["l"], "unit": [""]})
    survey = write_run(tmp_path / "s", {"kind": "survey"}, {}, {}, {"names": frame})
    with pytest.raises(RunError, match=r"another kind \(survey\)"):
        compare(make("one"), survey)


def test_runs_without_a_common_year_are_refused(make: Make, tmp_path: Path) -> None:
    one = make("one", years=1)
    later = summary({"baseline": 1.0}, 12, None, None).filter(pl.col("year") > "2030/31")
    identity = {**one.identity, "base_year": "2031/32"}
    other = write_run(tmp_path / "later", identity, {}, one.about, {"summary": later})
    with pytest.raises(SettingError, match=r"no year in common: 2025/26 to 2026/27, and 2031/32"):
        compare(one, other)


# --- the command line -----------------------------------------------------------------------------


def call(*words: object) -> Any:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(cli_compare.compare)
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=True)


def test_the_command_says_first_how_closely_the_runs_compare(make: Make) -> None:
    one, other = make("one"), make("other", {"baseline": 1.1}, seed=2)
    done = call(one.path, other.path)
    assert done.exit_code == 0, done.output
    assert done.stdout.index("by chance") < done.stdout.index("Figures")
    assert "no test of a difference" in done.stdout


def test_figures_that_are_the_same_are_counted_and_not_listed(make: Make) -> None:
    plan = make("plan", {"baseline": 1.0, "Plan": 0.9}, kind="plan", plan="p", about=plan_about())
    assert "No figure differs: all 16 are the same" in call(make("one").path, plan.path).stdout
    shown = call(make("one").path, plan.path, "--arm", "baseline", "Plan").stdout
    assert "-10.0%" in shown
    assert "not shown" not in shown


@pytest.mark.parametrize("suffix", [".csv", ".md", ".html"])
def test_a_comparison_is_written_as_csv_markdown_or_html(
    make: Make, tmp_path: Path, suffix: str
) -> None:
    one = make("one", about={"title": "<b>|one"})
    other = make("other", {"baseline": 1.1}, care="d")
    file = tmp_path / f"out{suffix}"
    assert call(one.path, other.path, "--out", file).exit_code == 0
    text = file.read_text("utf-8")
    assert "Two runs compared" in text or suffix == ".csv"
    assert "<b>|one" not in text
    if suffix == ".csv":
        back = pl.read_csv(file).filter(part="figure", subject="people")
        assert back["difference"][0] == pytest.approx(100.0, rel=1e-12)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--out", "x.pdf"], "must end in .csv, .md, .html"),
        (["--out", "nowhere/x.csv"], "no folder nowhere"),
        (["--year", "2026"], "no financial year"),
        (["--arm", "baseline", "plan"], 'no arm "plan"'),
    ],
)
def test_what_is_asked_wrongly_is_told_in_a_sentence(
    make: Make, given: list[str], said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    done = call(make("one").path, make("other", seed=2).path, *given)
    assert done.exit_code == 1
    assert said in str(done.exception)
