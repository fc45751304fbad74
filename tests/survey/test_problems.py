"""Bad input: everything wrong is told at once, by file, row and column, and never a traceback."""

from __future__ import annotations

import random
from pathlib import Path

import openpyxl
import pytest

from leftshift import survey
from leftshift.catalogue import Catalogue
from leftshift.survey.problems import SurveyError
from tests.survey.small import codebook_text, read, write_rows
from tests.survey.test_files import HEADER, row

EXAMPLE = Path(survey.__file__).parent / "example"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


def test_all_that_is_wrong_with_a_file_is_told_at_once(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    rows = [
        row(1, system="Norfolk and Wavney", role="Board char", costs="Vry concerned"),
        row(2, share="lots", shifts="Hospital to comunity"),
        row(3, share="140"),
    ]
    write_rows(tmp_path / "responses.csv", [HEADER, *rows])
    _, problems = read(tmp_path, catalogue, codebook_text())
    assert [one.split(": ")[0] for one in problems] == [
        'responses.csv, row 2, column "Role"',
        'responses.csv, row 2, column "System"',
        'responses.csv, row 2, column "Q1"',
        'responses.csv, row 3, column "Q2"',
        'responses.csv, row 3, column "Q3"',
        'responses.csv, row 4, column "Q3"',
    ]
    text = "\n".join(problems)
    for near in ("Board chair", "Norfolk and Waveney", "Very concerned", "Hospital to community"):
        assert f'Nearest: "{near}"' in text
    assert "140 is outside what can be answered (from 0 to 100)" in text


def test_all_that_is_wrong_with_a_codebook_is_told_at_once_with_its_lines(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    text = codebook_text()
    for was, now in (
        ("synthetic = true", 'synthetic = "yes"'),
        ("minimum = 0", "minimum = 200"),
        ('scale = "concern"', 'scale = "consern"'),
        ('points = ["very", "fairly"]', 'points = ["very", "farly"]'),
        ("[mask]", "[masc]"),
    ):
        assert was in text
        text = text.replace(was, now)
    cleaned, problems = read(tmp_path, catalogue, text)
    assert cleaned is None
    told = "\n".join(problems)
    assert len(problems) == 5
    for expected in (
        'no key called "masc" here. Nearest: "mask".',
        'no scale called "consern". Nearest: "concern".',
        'no point of this scale called "farly". Nearest: "fairly".',
        "minimum 200 is above maximum 100.",
        "synthetic must be true or false.",
    ):
        assert expected in told
    for one in problems:
        line = int(one.split(":")[1])
        assert 1 <= line <= len(text.splitlines())
    assert text.splitlines()[int(problems[0].split(":")[1]) - 1] == "[masc]"


def test_unknown_answers_can_be_left_out_and_listed_instead(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    text = codebook_text().replace("synthetic = true", 'synthetic = true\nunknown = "drop"')
    write_rows(tmp_path / "responses.csv", [HEADER, row(1), row(2, costs="Vry concerned")])
    cleaned, problems = read(tmp_path, catalogue, text)
    assert problems == []
    assert cleaned is not None
    listed = cleaned.changes.filter(cleaned.changes["rule"] == "unknown")
    assert listed["was"].to_list() == ["Vry concerned"]
    assert listed.select("file", "row", "column").row(0) == ("responses.csv", 3, "Q1")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("responses.csv", b"", "is empty"),
        ("responses.csv", b"\n\n,,,\n", "is empty"),
        ("responses.csv", b"a,b\n1,2\n", "no row among the first"),
        ("responses.csv", b"Role\0,Q1\n", "NUL"),
        ("responses.csv", b"PK\x03\x04whatever", "workbook of another kind"),
        ("responses.csv", b'Role,Q1\n"' + b"x" * 200_000, "not a CSV file"),
        ("responses.xls", b"\xd0\xcf\x11\xe0", "Save it as .xlsx"),
        ("responses.xlsx", b"PK\x03\x04broken", "not a workbook that can be read"),
        ("responses.xlsx", b"", "not a workbook that can be read"),
        ("other.csv", b"x", 'cannot be read (No such file or directory). Nearest: "other.csv".'),
    ],
)
def test_a_file_that_is_no_table_is_named(
    name: str, content: bytes, said: str, tmp_path: Path, catalogue: Catalogue
) -> None:
    (tmp_path / name).write_bytes(content)
    used = "othr.csv" if name == "other.csv" else name
    _, problems = read(tmp_path, catalogue, codebook_text(used))
    assert any(one.startswith(used) and said in one for one in problems), problems


def test_missing_and_doubled_columns_are_named(tmp_path: Path, catalogue: Catalogue) -> None:
    write_rows(tmp_path / "responses.csv", [["Rol", "System", "Q1", "Q1", "Q2", "Q3", "Q4x"]])
    _, problems = read(tmp_path, catalogue, codebook_text())
    told = "\n".join(problems)
    assert 'no column for the role: "What is your role?"' in told
    assert 'no column for question "barrier".' in told
    assert "columns C and D both hold question costs." in told


def test_a_sheet_that_is_not_there_is_named(tmp_path: Path, catalogue: Catalogue) -> None:
    book = openpyxl.Workbook()
    book.save(tmp_path / "r.xlsx")
    text = codebook_text("r.xlsx").replace('file = "r.xlsx"', 'file = "r.xlsx"\nsheet = "Data"')
    _, problems = read(tmp_path, catalogue, text)
    assert problems[0] == 'r.xlsx: no sheet called "Data". Sheets: Sheet.'


def test_a_frame_is_checked_row_by_row(tmp_path: Path, catalogue: Catalogue) -> None:
    write_rows(tmp_path / "responses.csv", [HEADER, row()])
    write_rows(
        tmp_path / "frame.csv",
        [
            ["wave", "role", "region", "count"],
            ["2025", "chair", "Y61", "6"],
            ["2025", "chair", "East of England", "6"],
            ["2024", "chair", "", "6"],
            ["2025", "chief", "Nowhere", "x"],
            ["2025", "chief", "Nowhere", "3"],
        ],
    )
    text = codebook_text().replace("synthetic = true", 'synthetic = true\nframe = "frame.csv"')
    _, problems = read(tmp_path, catalogue, text)
    assert [one.split(": ")[0] for one in problems] == [
        f"frame.csv, row {number}" for number in (3, 4, 5, 6)
    ]


def test_check_never_raises_and_run_tells_all(tmp_path: Path) -> None:
    write_rows(tmp_path / "responses.csv", [HEADER, row(costs="huh"), row(2, share="x")])
    (tmp_path / "codebook.toml").write_text(codebook_text(), encoding="utf-8")
    found = survey.check(tmp_path)
    assert not found.ok
    assert found.summary.startswith("2 problems:")
    with pytest.raises(SurveyError, match="(?s)row 2.*row 3"):
        survey.run(tmp_path)
    assert not (tmp_path / "runs").exists()
    for nowhere in (tmp_path / "none", tmp_path / "none.toml", "\0", "x" * 5000):
        assert not survey.check(nowhere).ok


def _mutated(text: str, draw: random.Random) -> str:
    lines = text.splitlines()
    for _ in range(draw.randint(1, 4)):
        kind = draw.randrange(7)
        at = draw.randrange(len(lines)) if lines else 0
        line = lines[at] if lines else ""
        cut = draw.randrange(len(line) + 1)
        if kind == 0:
            lines[at : at + 1] = []
        elif kind == 1:
            lines.insert(at, line)
        elif kind == 2 and lines:
            lines[at] = line[:cut]
        elif kind == 3 and lines:
            odd = draw.choice([",", '"', "\t", ";", "\u202e", "-1e999", "=1+1", "[[", "]", "\x07",
                               "nan", "😀", "{", "#REF!", " = ", "0x", "'"])  # fmt: skip
            lines[at] = line[:cut] + odd + line[cut:]
        elif kind == 4 and lines:
            lines[at] = line[::-1]
        elif kind == 5 and lines:
            other = draw.randrange(len(lines))
            lines[at], lines[other] = lines[other], line
        elif lines:
            cells = line.split(",")
            draw.shuffle(cells)
            lines[at] = ",".join(cells)
    return "\n".join(lines)


@pytest.mark.slow
def test_five_thousand_spoilt_files_give_no_traceback(tmp_path: Path, catalogue: Catalogue) -> None:
    draw = random.Random(7)
    rows = [HEADER, *[row(place, share=str(place)) for place in range(12)]]
    write_rows(tmp_path / "responses.csv", rows)
    data = (tmp_path / "responses.csv").read_text(encoding="utf-8")
    frame = "wave,role,region,count\n2025,chair,Y61,6\n2025,chief,,42\n"
    book = codebook_text().replace("synthetic = true", 'synthetic = true\nframe = "frame.csv"')
    sound = 0
    for turn in range(5000):
        part = turn % 5
        texts = {"responses.csv": data, "codebook.toml": book, "frame.csv": frame}
        spoilt = ("codebook.toml", "codebook.toml", "responses.csv", "responses.csv", "frame.csv")
        texts[spoilt[part]] = _mutated(texts[spoilt[part]], draw)
        for name, text in texts.items():
            (tmp_path / name).write_text(text, encoding="utf-8", newline="\n")
        cleaned, problems = read(tmp_path, catalogue)
        assert cleaned is not None or problems
        sound += not problems
        if not problems and turn % 100 == 0 and cleaned is not None:
            survey.analyse(cleaned)
    assert 0 < sound < 5000


def test_check_tells_what_is_wrong_with_later_steps_together_with_the_answers(
    tmp_path: Path,
) -> None:
    more = """
[[composite]]
id = "mixed"
label = "Mixed"
questions = ["costs", "barrier"]
[[indicator]]
file = "indicators.csv"
[performance]
permutation = 5
[anonymity]
rouding = 3
[record]
no_such = { option = "very" }
"""
    (tmp_path / "codebook.toml").write_text(codebook_text(extra=more), encoding="utf-8")
    write_rows(tmp_path / "responses.csv", [HEADER, row(1, costs="huh")])
    write_rows(
        tmp_path / "indicators.csv", [["system", "indicator", "value"], ["Atlantis", "waits", "x"]]
    )
    said = "\n".join(survey.check(tmp_path).problems)
    for part in (
        '[[composite]] question "barrier" has no scores',
        'indicators.csv, row 2, column "system": no system called "Atlantis"',
        'indicators.csv, row 2, column "value": "x" is not a number',
        '[performance] no key called "permutation"',
        '[anonymity] no key called "rouding"',
        '[record] no published figure called "no_such"',
        'responses.csv, row 2, column "Q1": no answer "huh"',
    ):
        assert part in said, said
