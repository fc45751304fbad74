"""Figures of a survey: estimates, groups, changes between waves, weights, open text."""

from __future__ import annotations

import random
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from leftshift import survey
from leftshift.catalogue import Catalogue
from leftshift.survey.cleaning import Cleaned
from leftshift.survey.codebook import Term
from leftshift.survey.text import candidates, matcher, mentions, words
from leftshift.survey.weights import non_response_weights
from tests.survey.small import SCALE, codebook_text, kept, write_rows
from tests.survey.test_files import HEADER, row

CODES = ("Very concerned", "Fairly concerned", "Not very concerned", "Don't know")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


def boards(catalogue: Catalogue) -> list[str]:
    return sorted(catalogue.table("boards")["ods"].to_list())


def two_waves(extra: str = "") -> str:
    later = '[[wave]]\nid = "2026"\ndate = 2026-01-31\nfile = "b.csv"\n'
    return codebook_text(extra=extra).replace("[[role]]", later + "[[role]]", 1)


def written(folder: Path, catalogue: Catalogue, people: bool = True) -> Cleaned:
    """Forty systems in two waves, most respondents the same; concern rises."""
    draw = random.Random(5)
    files: dict[str, list[list[object]]] = {"responses.csv": [HEADER], "b.csv": [HEADER]}
    for place, board in enumerate(boards(catalogue)):
        for role in ("Chair", "CEO"):
            who = f"P{place}{role}" if people else ""
            for file, lean in (("responses.csv", 0.4), ("b.csv", 0.85)):
                if draw.random() < 0.75:
                    costs = CODES[0 if draw.random() < lean else draw.randrange(1, 4)]
                    share = str(draw.randint(8, 20) + (6 if file == "b.csv" else 0))
                    text = "Mergers take all our time" if file == "b.csv" else "Staff shortages"
                    files[file].append(
                        row(f"{file}{place}{role}", who, "2025-10-01", board, role, costs, "",
                            share, text)  # type: ignore[arg-type]
                    )  # fmt: skip
    for name, rows in files.items():
        write_rows(folder / name, rows)
    return kept(folder, catalogue, two_waves())


@pytest.fixture(scope="module")
def cleaned(tmp_path_factory: pytest.TempPathFactory, catalogue: Catalogue) -> Cleaned:
    return written(tmp_path_factory.mktemp("two"), catalogue)


@pytest.fixture(scope="module")
def tables(cleaned: Cleaned) -> dict[str, pl.DataFrame]:
    return survey.analyse(cleaned)


def one(frame: pl.DataFrame, **wanted: object) -> dict[str, object]:
    found = frame.filter([pl.col(name) == value for name, value in wanted.items()])
    assert found.height == 1, found
    return found.row(0, named=True)


def test_shares_of_one_answer_add_to_a_hundred_and_nets_to_their_parts(
    tables: dict[str, pl.DataFrame],
) -> None:
    found = tables["survey_estimates"].filter(
        (pl.col("question") == "costs") & (pl.col("weighting") == "none")
    )
    keys = ("wave", "group_by", "group")
    shares = found.filter(pl.col("measure") == "share").group_by(keys).agg(pl.col("value").sum())
    assert shares["value"].to_list() == pytest.approx([100.0] * shares.height)
    parts = found.filter(pl.col("option").is_in(["very", "fairly"]))
    parts = parts.group_by(keys).agg(together=pl.col("count").sum())
    nets = found.filter(pl.col("measure") == "net").join(parts, on=list(keys))
    assert nets["count"].to_list() == nets["together"].to_list()


def test_every_interval_holds_its_figure(tables: dict[str, pl.DataFrame]) -> None:
    found = tables["survey_estimates"].drop_nulls("lower")
    assert found.height > 400
    assert (found["lower"] <= found["value"] + 1e-9).all()
    assert (found["value"] <= found["upper"] + 1e-9).all()


def test_the_frame_of_each_group_comes_from_the_systems_in_it(
    tables: dict[str, pl.DataFrame], cleaned: Cleaned
) -> None:
    found = tables["survey_response"].filter(pl.col("wave") == "2025")
    assert one(found, group_by="all")["frame"] == 84
    assert one(found, group_by="role", group="chair")["frame"] == 42
    east = [s for s in cleaned.codebook.systems.at("2025") if s.region == "Y61"]
    assert one(found, group_by="region", group="Y61")["frame"] == 2 * len(east)
    sizes = found.filter(pl.col("group_by") == "size")
    assert sizes["frame"].to_list() == [28, 28, 28]


def test_where_everyone_answers_the_figure_is_exact(tmp_path: Path, catalogue: Catalogue) -> None:
    rows = [
        row(place, system=code, costs=CODES[place % 3])  # type: ignore[arg-type]
        for place, code in enumerate(boards(catalogue))
    ]
    write_rows(tmp_path / "responses.csv", [HEADER, *rows])
    found = survey.analyse(kept(tmp_path, catalogue, codebook_text()))["survey_estimates"]
    whole = found.filter((pl.col("group_by") == "region") & (pl.col("weighting") == "none"))
    # Chairs alone answered, and two roles were asked: no group is a census.
    assert "census" not in whole["method"].to_list()
    text = codebook_text().replace("per_system = 1", "frame = 0", 2)
    text = text.replace("frame = 0", "per_system = 1", 1)
    found = survey.analyse(kept(tmp_path, catalogue, text))["survey_estimates"]
    every = found.filter((pl.col("group_by") == "all") & (pl.col("weighting") == "none"))
    assert set(every["method"]) == {"census"}
    assert (every["lower"] == every["upper"]).all()


def test_a_change_of_the_same_respondents_is_judged_by_pairs(
    tables: dict[str, pl.DataFrame],
) -> None:
    found = tables["survey_trends"].filter(
        (pl.col("question") == "costs") & (pl.col("group_by") == "all")
        & (pl.col("option") == "very")
    )  # fmt: skip
    pairs = one(found, pairing="respondents")
    assert pairs["preferred"]
    assert pairs["p_value"] < pairs["p_bh"] <= pairs["p_holm"] < 0.05  # type: ignore[operator]
    assert pairs["rose"] > pairs["fell"]  # type: ignore[operator]
    other = one(found, pairing="unpaired")
    assert other["p_holm"] is None
    assert other["difference"] == pytest.approx(other["after"] - other["before"])  # type: ignore[operator]
    assert found["pairing"].sort().to_list() == ["respondents", "systems", "unpaired"]


def test_without_ids_the_systems_are_paired(tmp_path: Path, catalogue: Catalogue) -> None:
    found = survey.analyse(written(tmp_path, catalogue, people=False))["survey_trends"]
    whole = found.filter((pl.col("group_by") == "all") & (pl.col("question") == "share"))
    assert one(whole, preferred=True)["pairing"] == "systems"
    assert one(whole, pairing="systems")["difference"] == pytest.approx(6, abs=2)
    assert "respondents" not in whole["pairing"].to_list()


def test_a_change_is_not_found_where_there_is_none(tmp_path: Path, catalogue: Catalogue) -> None:
    rows = [
        row(place, f"p{place}", system=code, costs=CODES[place % 3])  # type: ignore[arg-type]
        for place, code in enumerate(boards(catalogue))
    ]
    write_rows(tmp_path / "responses.csv", [HEADER, *rows])
    write_rows(tmp_path / "b.csv", [HEADER, *rows])
    found = survey.analyse(kept(tmp_path, catalogue, two_waves()))["survey_trends"]
    assert (found["difference"].abs() < 1e-9).all()
    assert (found["p_value"] == 1.0).all()


def test_changed_wording_is_said(tmp_path: Path, catalogue: Catalogue) -> None:
    asked = 'scale = "concern"\nwording = { "2025" = "Worried?" }\n'
    text = two_waves().replace('scale = "concern"\n', asked)
    for name in ("responses.csv", "b.csv"):
        write_rows(tmp_path / name, [HEADER, row(1), row(2, role="CEO")])
    tables = survey.analyse(kept(tmp_path, catalogue, text))
    costs = tables["survey_trends"].filter(pl.col("question") == "costs")
    assert not costs["same_wording"].any()
    wordings = tables["survey_questions"].filter(pl.col("question") == "costs")
    assert wordings["wording"].to_list() == ["Worried?", "How concerned are you about costs?"]
    assert wordings["same_as_latest"].to_list() == [False, True]


def test_two_groups_differ_from_each_other_by_the_same_amount(
    tables: dict[str, pl.DataFrame],
) -> None:
    roles = tables["survey_contrasts"].filter(
        (pl.col("group_by") == "role") & (pl.col("wave") == "2025") & (pl.col("measure") == "net")
    )
    chair, chief = one(roles, group="chair"), one(roles, group="chief")
    assert chair["difference"] == pytest.approx(-chief["difference"])  # type: ignore[operator]
    assert chair["p_value"] == pytest.approx(chief["p_value"])
    assert chair["lower"] == pytest.approx(-chief["upper"])  # type: ignore[operator]


def test_weights_make_respondents_stand_for_the_frame(cleaned: Cleaned) -> None:
    weights, notes = non_response_weights(cleaned)
    assert notes == [] or all("merged" in note for note in notes)
    people = cleaned.respondents.filter(pl.col("wave") == "2025").with_columns(
        weight=pl.col("respondent").replace_strict(weights, return_dtype=pl.Float64)
    )
    assert people["weight"].mean() == pytest.approx(1.0)
    by_role = dict(people.group_by("role").agg(pl.col("weight").sum()).iter_rows())
    # Both roles are held by 42: each stands for half.
    assert by_role["chair"] == pytest.approx(by_role["chief"])


def test_weights_are_not_made_up_where_the_frame_is_silent(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    write_rows(tmp_path / "responses.csv", [HEADER, row(1), row(2, role="CEO")])
    cleaned = kept(tmp_path, catalogue, codebook_text().replace("per_system = 1", "", 1))
    weights, notes = non_response_weights(cleaned)
    assert weights == {}
    assert notes == ["Wave 2025 is not weighted: the frame does not count chair."]
    assert set(survey.analyse(cleaned)["survey_estimates"]["weighting"]) == {"none"}


def test_weights_can_be_turned_off(tmp_path: Path, catalogue: Catalogue) -> None:
    write_rows(tmp_path / "responses.csv", [HEADER, row(1), row(2, role="CEO")])
    for use, ways in (("true", {"none", "frame"}), ("false", {"none"})):
        text = codebook_text(extra=f"[weights]\nuse = {use}\n")
        found = survey.analyse(kept(tmp_path, catalogue, text))["survey_estimates"]
        assert set(found["weighting"]) == ways


def test_a_survey_within_a_project_knows_the_projects_footprints(tmp_path: Path) -> None:
    (tmp_path / "leftshift.toml").write_text("", encoding="utf-8")
    (tmp_path / "footprints").mkdir()
    (tmp_path / "footprints" / "our-merger.toml").write_text(
        '[footprint]\nname = "Our merger"\nfrom = 2025-01-01\n[footprint.members]\n'
        "QJK = 1.0\nQT6 = 1.0\n",
        encoding="utf-8",
    )
    (tmp_path / "survey").mkdir()
    (tmp_path / "survey" / "codebook.toml").write_text(codebook_text(), encoding="utf-8")
    rows = [row(1, system="Our merger"), row(2, system="Devon")]
    write_rows(tmp_path / "survey" / "responses.csv", [HEADER, *rows])
    found = survey.check(tmp_path / "survey")
    assert found.cleaned is not None, found.summary
    assert found.cleaned.respondents["system"].to_list() == ["our-merger", "our-merger"]


def test_a_base_without_those_who_do_not_know_leaves_them_out(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    codes = boards(catalogue)[:12]
    rows = [
        row(place, system=code, costs="Don't know" if place < 4 else "Very concerned")  # type: ignore[arg-type]
        for place, code in enumerate(codes)
    ]
    write_rows(tmp_path / "responses.csv", [HEADER, *rows])
    text = codebook_text().replace('scale = "concern"', 'scale = "concern"\nbase = "substantive"')
    found = survey.analyse(kept(tmp_path, catalogue, text))["survey_estimates"]
    net = one(found, question="costs", group_by="all", option="concerned", weighting="none")
    assert (net["base"], net["value"], net["frame"]) == (8, 100.0, 56)
    assert "dont_know" not in found["option"].to_list()
    assert SCALE.count("dont_know") == 1


def test_a_term_is_found_by_word_stem_and_phrase_and_not_inside_others() -> None:
    found = matcher(Term("t", "T", ("staff*", "waiting list*", "money"), ("staff college",)))
    for text in ("Our STAFFING is thin", "waiting-lists grow", "No money.", "staff college; staff"):
        assert mentions(text, found)
    for text in ("distaff side", "waiting for lists", "moneyed", "The staff college", ""):
        assert not mentions(text, found)
    assert words("We don't have the £10m; we don’t, for our staff in 2025!") == {"staff", "10m"}


def test_a_respondent_counts_once_for_a_theme(tmp_path: Path, catalogue: Catalogue) -> None:
    rows = [row(1, text="staff staff workforce"), row(2, role="CEO", text="money"), row(3)]
    write_rows(tmp_path / "responses.csv", [HEADER, *rows])
    found = survey.analyse(kept(tmp_path, catalogue, codebook_text()))["survey_terms"]
    whole = one(found, group_by="all")
    assert (whole["respondents"], whole["base"], whole["value"]) == (1, 2, 50.0)


def test_keyness_tells_new_words_from_old_and_leaves_rare_ones_out(
    tables: dict[str, pl.DataFrame],
) -> None:
    found = tables["survey_keyness"].filter(pl.col("kind") == "word")
    new, old = one(found, item="mergers"), one(found, item="shortages")
    assert new["log_ratio"] > 0 > old["log_ratio"]  # type: ignore[operator]
    assert new["p_bh"] < 0.001  # type: ignore[operator]
    assert ((found["before"] + found["after"]) >= 5).all()


def test_only_texts_of_those_who_agreed_may_be_quoted(tmp_path: Path, catalogue: Catalogue) -> None:
    rows = [
        [*row(1, text="Staff leave"), "Yes"],
        [*row(2, text="Staff stay"), "No"],
        [*row(3, text="Staff wonder"), ""],
    ]
    write_rows(tmp_path / "responses.csv", [[*HEADER, "May we quote you?"], *rows])
    found = candidates(kept(tmp_path, catalogue, codebook_text()))
    assert found.select("question", "term", "text").rows() == [
        ("barrier", "workforce", "Staff leave")
    ]


def test_the_order_of_the_file_changes_no_figure(tmp_path: Path, catalogue: Catalogue) -> None:
    written(tmp_path, catalogue)
    first = survey.analyse(kept(tmp_path, catalogue))
    for name in ("responses.csv", "b.csv"):
        lines = (tmp_path / name).read_text(encoding="utf-8").splitlines()
        (tmp_path / name).write_text("\n".join([lines[0], *reversed(lines[1:])]), encoding="utf-8")
    second = survey.analyse(kept(tmp_path, catalogue))
    for name in ("survey_estimates", "survey_trends", "survey_contrasts", "survey_terms"):
        for column in ("value", "lower", "upper", "p_value", "difference"):
            if column in first[name].columns:
                a = first[name][column].fill_null(-1.0).to_list()
                b = second[name][column].fill_null(-1.0).to_list()
                assert a == pytest.approx(b, rel=1e-9, abs=1e-9)


def test_a_run_of_the_same_files_has_the_same_bytes_and_nothing_of_masked_columns(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    written(tmp_path, catalogue)
    runs = [survey.run(tmp_path, out=tmp_path / name) for name in ("one", "two")]
    tables = [sorted((run.path / "tables").glob("*.parquet")) for run in runs]
    assert [file.name for file in tables[0]] == [file.name for file in tables[1]]
    for first, second in zip(*tables, strict=True):
        assert first.read_bytes() == second.read_bytes()
        assert "A. Name" not in str(pl.read_parquet(first).rows())
    for file in runs[0].path.rglob("*"):
        assert not file.is_file() or b"A. Name" not in file.read_bytes()
    assert runs[0].identity["files"].keys() == {"codebook.toml", "responses.csv", "b.csv"}
    assert survey.run(tmp_path, out=tmp_path / "one").path == runs[0].path


def test_new_gives_a_project_that_lacks_only_answers(tmp_path: Path) -> None:
    codebook = survey.new(tmp_path / "ours", "Our survey")
    assert codebook.is_file()
    found = survey.check(tmp_path / "ours")
    assert found.problems[0] == "responses.csv, row 1: has a header and no answers below it."
    with pytest.raises(Exception, match="already holds codebook.toml, README.md, responses.csv"):
        survey.new(tmp_path / "ours")


def test_a_new_project_filled_in_can_be_analysed(tmp_path: Path) -> None:
    survey.new(tmp_path, "Ours")
    with (tmp_path / "responses.csv").open("a", encoding="utf-8") as file:
        file.write("1,,2026-11-01,N,E,Devon,Chair,Very concerned,Hospital to community,Staff,yes\n")
        file.write("2,,2026-11-01,N,E,QMM,CEO,3,,Money,no\n")
    found = survey.check(tmp_path)
    assert found.ok, found.summary
    assert found.cleaned is not None
    assert survey.analyse(found.cleaned)["survey_estimates"].height > 0
    assert (tmp_path / "private" / "changes.csv").is_file()


def test_a_codebook_is_drafted_from_an_export(tmp_path: Path) -> None:
    rows = [[*row(place, costs=CODES[place % 3]), "No"] for place in range(30)]
    write_rows(tmp_path / "export.csv", [[*HEADER, "May we quote you?"], *rows])
    survey.new(tmp_path / "ours", responses=tmp_path / "export.csv")
    found = survey.check(tmp_path / "ours")
    assert found.cleaned is not None, found.summary
    asked = {one.text: one for one in found.cleaned.codebook.questions}
    assert {one.label for one in asked["Q1"].options} == set(CODES[:3])
    assert found.cleaned.codebook.mask_columns == ("Name",)


def test_columns_of_ticks_below_one_question_are_drafted_as_one(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    page.append(["Respondent ID", "System", "Role", "Progress on which shifts?", "", "", "Why?"])
    page.append(["", "Response", "Response", "Community", "Digital", "Prevention", "Response"])
    page.merge_cells("D1:F1")
    for place in range(12):
        ticks = [label if place % 2 else "" for label in ("Community", "Digital", "Prevention")]
        page.append([place, "QMM", ["Chair", "Chief executive"][place % 2], *ticks, f"Why {place}"])
    book.save(tmp_path / "export.xlsx")
    survey.new(tmp_path / "ours", responses=tmp_path / "export.xlsx")
    found = survey.check(tmp_path / "ours")
    assert found.cleaned is not None, found.summary
    asked = found.cleaned.codebook.questions
    assert [(one.text, one.kind) for one in asked] == [
        ("Progress on which shifts?", "multiple"),
        ("Why?", "text"),
    ]
    assert [one.label for one in asked[0].options] == ["Community", "Digital", "Prevention"]
    given = found.cleaned.answers.filter(pl.col("question") == asked[0].id)
    assert given["option"].drop_nulls().n_unique() == 3
