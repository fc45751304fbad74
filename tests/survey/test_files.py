"""Files as survey tools write them, and as people hand them on."""

from pathlib import Path

import openpyxl
import polars as pl
import pytest

from leftshift.catalogue import Catalogue
from leftshift.survey.moments import moment_of
from tests.survey.small import answered, codebook_text, kept, read, rules, write_rows

HEADER = ["Respondent ID", "Panel", "Submitted", "Name", "System", "Role", "Q1", "Q2", "Q3", "Q4"]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


def row(
    who: int = 1,
    person: str = "",
    when: str = "2025-10-01 09:00",
    system: str = "QMM",
    role: str = "Chair",
    costs: str = "Very concerned",
    shifts: str = "",
    share: str = "12",
    text: str = "",
) -> list[object]:
    return [who, person, when, "A. Name", system, role, costs, shifts, share, text]


def test_a_plain_file_is_read_as_it_stands(tmp_path: Path, catalogue: Catalogue) -> None:
    rows = [HEADER, row(1), row(2, role="Chief executive", costs="Fairly concerned")]
    write_rows(tmp_path / "responses.csv", rows)
    cleaned = kept(tmp_path, catalogue, codebook_text())
    assert answered(cleaned, "costs") == ["very", "fairly"]
    assert cleaned.respondents["role"].to_list() == ["chair", "chief"]
    assert cleaned.respondents["region"].to_list() == ["Y61", "Y61"]
    assert cleaned.frame["count"].sum() == 84


def test_surveymonkey_with_merged_headers_above_options(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(["State of systems: all responses"])
    page.append([])
    page.append(
        ["Respondent ID", "End Date", "Email", "Which system do you lead?", "What is your role?",
         "How concerned are you about costs?", "Which shifts have you made progress on?", "", "",
         "What per cent goes to community services?", "What holds you back?"]
    )  # fmt: skip
    page.append(
        ["", "", "", "Response", "Response", "Response", "Hospital to community",
         "Analogue to digital", "Sickness to prevention", "Open-Ended Response",
         "Open-Ended Response"]
    )  # fmt: skip
    page.merge_cells("G3:I3")
    page.merge_cells("A1:K1")
    page.append(
        [118.0, "10/01/2025 09:00:12 AM", "a@b.org", "Norfolk and Waveney ICS", "CEO",
         "Very concerned", "Hospital to community", None, "Sickness to prevention", 14.0, "Staff"]
    )  # fmt: skip
    page.append(
        [119.0, "10/21/2025 09:00:12 AM", "c@d.org", "NHS Devon Integrated Care Board", "Chair",
         "Don't know", None, "Analogue to digital", None, 9.5, None]
    )  # fmt: skip
    book.save(tmp_path / "export.xlsx")
    cleaned = kept(tmp_path, catalogue, codebook_text("export.xlsx"))
    assert cleaned.respondents["system"].to_list() == ["QMM", "QJK"]
    assert answered(cleaned, "shifts") == ["community", "prevention", "digital"]
    assert answered(cleaned, "share") == [14.0, 9.5]
    assert answered(cleaned, "barrier") == ["Staff"]
    assert cleaned.masks == {"2025:0001": ("a@b.org",), "2025:0002": ("c@d.org",)}
    assert any("month first" in warning for warning in cleaned.warnings)
    assert rules(cleaned)["title_row"] == 1


def test_qualtrics_with_three_header_rows(tmp_path: Path, catalogue: Catalogue) -> None:
    write_rows(
        tmp_path / "q.csv",
        [
            ["EndDate", "ResponseId", "Q7", "Q8", "Q1", "Q2_1", "Q2_2", "Q3", "Q4"],
            ["End Date", "Response ID", "System", "Role", "How concerned are you about costs?",
             "Which shifts have you made progress on? - Selected Choice - Hospital to community",
             "Which shifts have you made progress on? - Selected Choice - Analogue to digital",
             "What per cent goes to community services?", "What holds you back?"],
            ['{"ImportId":"endDate"}', '{"ImportId":"_recordId"}', *['{"ImportId":"QID1"}'] * 7],
            ["2025-10-01 10:00:00", "R_1", "QMM", "Chair", "4", "1", "", "10", "waiting lists"],
            ["2025-10-01 11:00:00", "R_2", "QMM", "CEO", "3 - Fairly concerned", "", "1", "20", ""],
        ],
    )  # fmt: skip
    extra = codebook_text("q.csv")
    extra = extra.replace('id = "community"', 'id = "community", also = ["1"]')
    extra = extra.replace('id = "digital"', 'id = "digital", also = ["2"]')
    cleaned = kept(tmp_path, catalogue, extra)
    assert answered(cleaned, "costs") == ["very", "fairly"]
    assert answered(cleaned, "shifts") == ["community", "digital"]
    assert cleaned.respondents["row"].to_list() == [4, 5]


def test_one_row_for_each_answer(tmp_path: Path, catalogue: Catalogue) -> None:
    head = ["Respondent ID", "System", "Role", "Question", "Answer"]
    write_rows(
        tmp_path / "responses.csv",
        [
            head,
            ["a", "QMM", "Chair", "costs", "Very concerned"],
            ["a", "QMM", "Chair", "Which shifts have you made progress on?", "Analogue to digital"],
            ["a", "", "", "shifts", "Hospital to community"],
            ["b", "QJK", "CEO", "Q1", "n/a"],
            ["b", "QJK", "CEO", "share", "1,0"],
        ],
    )
    cleaned = kept(tmp_path, catalogue, codebook_text())
    assert answered(cleaned, "costs") == ["very"]
    assert sorted(str(one) for one in answered(cleaned, "shifts")) == ["community", "digital"]
    assert answered(cleaned, "share") == [10.0]


def test_a_semicolon_file_from_windows(tmp_path: Path, catalogue: Catalogue) -> None:
    text = ";".join(HEADER) + "\r\n" + ";".join(str(c) for c in row(text="Caf\xe9 \x96 staff"))
    (tmp_path / "responses.csv").write_bytes(text.encode("latin-1"))
    cleaned = kept(tmp_path, catalogue, codebook_text())
    assert answered(cleaned, "barrier") == ["Café – staff"]
    assert rules(cleaned)["encoding"] == 1


def test_labels_codes_and_both_mixed_mean_the_same(tmp_path: Path, catalogue: Catalogue) -> None:
    said = ["Very concerned", "very  CONCERNED", "4", "4 - Very concerned", "Very concerned (4)"]
    rows = [row(place, costs=one) for place, one in enumerate(said)]
    write_rows(tmp_path / "responses.csv", [HEADER, *rows])
    cleaned = kept(tmp_path, catalogue, codebook_text())
    assert answered(cleaned, "costs") == ["very"] * 5
    listed = cleaned.changes.filter(pl.col("column") == "Q1")
    assert listed["was"].to_list() == said[2:]
    assert set(listed["is"]) == {"Very concerned"}


def test_a_code_that_the_codebook_does_not_give_is_not_guessed_from_the_scores(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    write_rows(tmp_path / "responses.csv", [HEADER, row(costs="4")])
    _, problems = read(tmp_path, catalogue, codebook_text().replace('also = ["4"], ', ""))
    assert 'no answer "4" to question "costs"' in problems[0]


def test_respondents_without_an_id_of_their_own_are_not_duplicates(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    rows = [["anonymous", *row(share=str(place))[1:]] for place in range(4)]
    write_rows(tmp_path / "responses.csv", [HEADER, *rows])
    assert answered(kept(tmp_path, catalogue, codebook_text()), "share") == [0.0, 1.0, 2.0, 3.0]


def test_two_files_of_a_wave_may_number_respondents_alike(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    text = codebook_text().replace('file = "responses.csv"', 'files = ["a.csv", "b.csv"]')
    write_rows(tmp_path / "a.csv", [HEADER, row(1, share="1")])
    write_rows(tmp_path / "b.csv", [HEADER, row(1, share="2", role="CEO")])
    assert answered(kept(tmp_path, catalogue, text), "share") == [1.0, 2.0]


@pytest.mark.parametrize("said", ["-1", "-99", "1.5", "41", "0"])
def test_a_number_that_is_no_code_is_no_answer_of_the_scale(
    said: str, tmp_path: Path, catalogue: Catalogue
) -> None:
    write_rows(tmp_path / "responses.csv", [HEADER, row(1), row(2, costs=said)])
    _, problems = read(tmp_path, catalogue, codebook_text())
    assert len(problems) == 1
    text = codebook_text().replace("synthetic = true", f'synthetic = true\nmissing = ["{said}"]')
    assert answered(kept(tmp_path, catalogue, text), "costs") == ["very"]


def test_options_that_differ_only_by_a_sign_stay_apart(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    options = '[{ id = "a", label = "<5" }, { id = "b", label = "5" }, { id = "c", label = "5+" }]'
    question = (
        f'[[question]]\nid = "Q1"\ntext = "How many?"\nkind = "single"\noptions = {options}\n'
    )
    rows = [row(place, costs=said) for place, said in enumerate(["5+", "< 5", "5"])]
    write_rows(tmp_path / "responses.csv", [HEADER, *rows])
    cleaned = kept(tmp_path, catalogue, codebook_text(questions=question))
    assert answered(cleaned, "Q1") == ["c", "a", "b"]


def test_a_code_against_its_label_is_a_problem(tmp_path: Path, catalogue: Catalogue) -> None:
    write_rows(tmp_path / "responses.csv", [HEADER, row(costs="1 - Very concerned")])
    _, problems = read(tmp_path, catalogue, codebook_text())
    assert problems == [
        'responses.csv, row 2, column "Q1": "1 - Very concerned" says two things: 1 is "Not at all '
        'concerned". Correct the file.'
    ]


@pytest.mark.parametrize("said", ["N/A", "-", "n/a ", "", "#N/A", "--", "Not applicable", "."])
def test_words_for_no_answer_are_no_answer(said: str, tmp_path: Path, catalogue: Catalogue) -> None:
    write_rows(tmp_path / "responses.csv", [HEADER, row(1), row(2, costs=said)])
    cleaned = kept(tmp_path, catalogue, codebook_text())
    assert answered(cleaned, "costs") == ["very"]
    listed = cleaned.changes.filter(pl.col("rule") == "no_answer")["was"].to_list()
    assert listed == ([said.strip()] if said.strip() else [])


def test_the_last_complete_response_of_a_person_is_kept(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    rows = [
        row(1, "P1", "2025-10-01", share="1"),
        row(2, "P1", "2025-10-03", share="2"),
        row(3, "P1", "2025-10-02", share="3"),
        row(4, "p1", "2025-10-04", share="", costs="4"),
    ]
    write_rows(tmp_path / "responses.csv", [HEADER, *rows])
    cleaned = kept(tmp_path, catalogue, codebook_text())
    assert answered(cleaned, "share") == [2.0]
    dropped = cleaned.changes.filter((pl.col("rule") == "duplicate") & (pl.col("column") == ""))
    assert dropped["row"].to_list() == [2, 4, 5]


def test_partial_responses_are_kept_from_the_stated_share(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    rows = [row(1), row(2, share=""), row(3, costs="", share="", text="Only words")]
    write_rows(tmp_path / "responses.csv", [HEADER, *rows])
    cleaned = kept(tmp_path, catalogue, codebook_text())
    assert cleaned.respondents["complete"].to_list() == [True, False]
    dropped = cleaned.changes.filter(pl.col("rule") == "too_few_answers")
    assert dropped["was"].to_list() == ["1 answers", "Only words"]


def test_every_unused_column_and_blank_row_is_listed(tmp_path: Path, catalogue: Catalogue) -> None:
    write_rows(
        tmp_path / "responses.csv",
        [[*HEADER, "IP Address"], [*row(), "10.0.0.1"], [""] * 11, row()],
    )
    cleaned = kept(tmp_path, catalogue, codebook_text())
    found = rules(cleaned)
    assert (found["unused_column"], found["blank_row"], found["masked_column"]) == (1, 1, 1)
    assert "10.0.0.1" not in str(cleaned.changes.rows())


def test_an_answer_that_a_role_was_not_asked_is_dropped_and_listed(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    write_rows(tmp_path / "responses.csv", [HEADER, row(1), row(2, role="CEO")])
    text = codebook_text().replace('columns = ["Q3"]', 'columns = ["Q3"]\nroles = ["chair"]')
    cleaned = kept(tmp_path, catalogue, text)
    assert answered(cleaned, "share") == [12.0]
    assert rules(cleaned)["not_asked"] == 1
    assert cleaned.respondents["complete"].to_list() == [True, True]


def test_only_a_plain_yes_is_consent_to_be_quoted(tmp_path: Path, catalogue: Catalogue) -> None:
    said = ["Yes", "no", "", "Yes, but not about money", "TRUE", "maybe"]
    rows = [[*row(place), one] for place, one in enumerate(said)]
    write_rows(tmp_path / "responses.csv", [[*HEADER, "May we quote you?"], *rows])
    cleaned = kept(tmp_path, catalogue, codebook_text())
    assert cleaned.respondents["quote"].to_list() == [True, False, False, False, True, False]
    assert rules(cleaned)["consent_unclear"] == 2


def test_systems_that_merged_are_known_by_their_old_names(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    text = codebook_text().replace("2025-10-31", "2026-06-30")
    write_rows(
        tmp_path / "responses.csv",
        [HEADER, row(1, system="Norfolk and Waveney"), row(2, system="Sussex ICB")],
    )
    cleaned = kept(tmp_path, catalogue, text)
    assert cleaned.respondents["system"].to_list() == ["norfolk-and-suffolk", "surrey-and-sussex"]
    assert rules(cleaned)["merged_system"] == 2


def test_a_system_that_was_split_has_to_be_named_anew(tmp_path: Path, catalogue: Catalogue) -> None:
    text = codebook_text().replace("2025-10-31", "2026-06-30")
    write_rows(tmp_path / "responses.csv", [HEADER, row(system="Suffolk and North East Essex")])
    _, problems = read(tmp_path, catalogue, text)
    assert "its people lie in several systems of that day" in problems[0]


def test_a_later_system_does_not_stand_before_its_day(tmp_path: Path, catalogue: Catalogue) -> None:
    write_rows(tmp_path / "responses.csv", [HEADER, row(system="Norfolk and Suffolk")])
    _, problems = read(tmp_path, catalogue, codebook_text())
    assert (
        'row 2, column "System": "Norfolk and Suffolk" does not stand on 2025-10-31' in problems[0]
    )


@pytest.mark.parametrize(
    ("day", "code"), [("2025-10-31", "QRL"), ("2026-06-30", "hampshire-and-isle-of-wight")]
)
def test_a_merged_system_that_kept_a_name_is_told_from_the_old_one_by_the_day(
    day: str, code: str, tmp_path: Path, catalogue: Catalogue
) -> None:
    said = ["Hampshire and Isle of Wight", "NHS Hampshire and Isle of Wight ICB", "QRL"]
    write_rows(
        tmp_path / "responses.csv",
        [HEADER, *(row(place, system=one) for place, one in enumerate(said))],
    )
    cleaned = kept(tmp_path, catalogue, codebook_text().replace("2025-10-31", day))
    assert cleaned.respondents["system"].to_list() == [code] * 3


@pytest.mark.parametrize("day", ["2025-10-31", "2026-06-30"])
def test_every_system_of_a_day_is_known_by_its_own_name(
    day: str, tmp_path: Path, catalogue: Catalogue
) -> None:
    write_rows(tmp_path / "responses.csv", [HEADER, row()])
    cleaned = kept(tmp_path, catalogue, codebook_text().replace("2025-10-31", day))
    book = cleaned.codebook.systems
    for one in book.at("2025"):
        assert [book.find(name, "2025") for name in (one.name, one.code)] == [one.code] * 2


def test_systems_of_an_earlier_wave_are_known_in_the_geography_of_the_latest(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    text = codebook_text()
    text = text.replace("[[role]]", '[[wave]]\nid = "2026"\ndate = 2026-06-30\nfile = "b.csv"\n'
                        "[[role]]", 1)  # fmt: skip
    write_rows(tmp_path / "responses.csv", [HEADER, row(system="QMM"), row(2, system="QJG")])
    write_rows(tmp_path / "b.csv", [HEADER, row(system="norfolk-and-suffolk")])
    cleaned = kept(tmp_path, catalogue, text)
    assert cleaned.respondents["system_now"].to_list() == [
        "norfolk-and-suffolk", None, "norfolk-and-suffolk",
    ]  # fmt: skip


def test_nothing_of_a_masked_column_is_kept_but_as_a_mask(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    write_rows(tmp_path / "responses.csv", [HEADER, row()])
    cleaned = kept(tmp_path, catalogue, codebook_text())
    frames = (cleaned.respondents, cleaned.answers, cleaned.changes)
    assert all("A. Name" not in str(frame.rows()) for frame in frames)
    assert cleaned.masks == {"2025:0001": ("A. Name",)}


@pytest.mark.parametrize(
    ("said", "month_first", "meant"),
    [
        ("2025-10-01 09:30:00", False, "2025-10-01T09:30:00"),
        ("2025-10-01T09:30:00Z", False, "2025-10-01T09:30:00"),
        ("01/10/2025 09:30", False, "2025-10-01T09:30:00"),
        ("10/1/2025 9:30:00 PM", True, "2025-10-01T21:30:00"),
        ("1.10.25", False, "2025-10-01T00:00:00"),
        ("31/31/2025", False, None),
        ("yesterday", False, None),
    ],
)
def test_days_are_read_as_survey_tools_write_them(
    said: str, month_first: bool, meant: str | None
) -> None:
    found = moment_of(said, month_first)
    assert (found.isoformat() if found else None) == meant
