"""Bad input: a message with file and line, nothing half-written, never a traceback."""

import random
import re
from pathlib import Path

import pytest

from leftshift import organisation
from leftshift.catalogue import Catalogue
from leftshift.errors import LeftshiftError
from leftshift.organisation.board import load


def swap(folder: Path, name: str, old: str, new: str) -> int:
    """Changes a file once, and gives the line on which it did."""
    file = folder / name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("functions.csv", ",8a,", ",8e,", r'functions.csv:1: there is no pay band "8e"'),
        ("functions.csv", "needs_assessment=0.25", "neds_assessment=0.25",
         r'functions.csv:2: it serves a duty "neds_assessment".*Nearest: "needs_assessment"'),
        ("functions.csv", "needs_assessment=0.25", "needs_assessment=0.95",
         r"functions.csv:2: its duties take 1.3 of its work"),
        ("functions.csv", "needs_assessment=0.25", "needs_assessment=25%", r"functions.csv:2:"),
        ("functions.csv", ",,2,3,5,4,2,1,,", ",,-2,3,5,4,2,1,,",
         r'functions.csv:2: 5 "-2" must lie between 0 and 5000'),
        ("functions.csv", ",,2,3,5,4,2,1,,", ",,x,3,5,4,2,1,,", r"functions.csv:2: .*not a number"),
        ("functions.csv", "data_intelligence,", "population_health,",
         r"functions.csv:3: population_health is already on line 2"),
        ("functions.csv", ",grow,", ",shrink,", r"functions.csv:2: blueprint .*Allowed: grow"),
        ("functions.csv", "cluster;at_scale", "clutser", r'nobody is called "clutser".*cluster'),
        ("functions.csv", ",260000,", ",lots,", r"functions.csv:2: .*is no money"),
        ("functions.csv", "yes,needs_assessment=0.25;inequalities=0.25;wider_effects=0.1",
         "yes,", r"functions.csv:2: a statutory function must name the duty"),
        ("duties.csv", "continuing_care,", "continuing_car,",
         r'duties.csv:2: duty "continuing_car" is not known.*Nearest: "continuing_care"'),
        ("duties.csv", "safeguarding,Chief", "continuing_care,Chief",
         r"duties.csv:3: continuing_care is already on line 2"),
        ("duties.csv", "safeguarding,Chief Nurse,,", "safeguarding,Chief Nurse,9,",
         r"duties.csv:3: a minimum needs a reason"),
        ("duties.csv", "safeguarding,Chief Nurse,,", "safeguarding,Chief Nurse,-9,why",
         r"duties.csv:3:"),
        ("organisation.toml", "years = 5", "years = 50", r"organisation.toml:LINE: years must be"),
        ("organisation.toml", "years = 5", "yeers = 5",
         r'organisation.toml:LINE: nothing is called "yeers" here. Nearest: "years"'),
        ("organisation.toml", '"2025/26"\nprices', '"2025/27"\nprices',
         r"organisation.toml:LINE: .*no financial year"),
        ("organisation.toml", "announced = 2026-01-12", 'announced = "soon"',
         r"organisation.toml:\d+: announced must be a date"),
        ("organisation.toml", "[allowance]", "[alowance]", r"organisation.toml:\d+: .*allowance"),
        ("organisation.toml", 'basis = "head"', 'basis = "heads"', r"organisation.toml:\d+: basis"),
        ("organisation.toml", 'by = "2027/28"', 'by = "2047/48"', r"outside the board's years"),
        ("organisation.toml", "under_18 = 214000", "under_18 = -1", r"organisation.toml:LINE: un"),
        ("organisation.toml", "years = 5", 'years = 5\narea = "Norfok"', 'no area called "Norfok"'),
        ("organisation.toml", "years = 5", "years = [", r"organisation.toml:\d+: not valid TOML"),
        ("organisation.toml", 'voluntary = "voluntary_redundancy"', 'voluntary = "vr"',
         r"organisation.toml:\d+: voluntary"),
        ("options/balanced.toml", 'function = "digital"', 'function = "digitl"',
         r'options/balanced.toml:\d+: no function called "digitl".*Nearest: "digital"'),
        ("options/balanced.toml", 'do = "reduce"', 'do = "halve"',
         r'options/balanced.toml:\d+: do "halve"'),
        ("options/balanced.toml", 'to = "region"', 'to = "moon"',
         r'options/balanced.toml:\d+: "moon" is not among those who could do'),
        ("options/balanced.toml", '{ "2026/27" = 0.5, "2027/28" = 1.0 }',
         '{ "2026/27" = 0.5, "2027/28" = 0.2 }', r"cumulative and cannot fall"),
        ("options/balanced.toml", '{ "2026/27" = 0.5, "2027/28" = 1.0 }',
         '{ "2026/27" = 1.5 }', r"options/balanced.toml:\d+: share must be a number from 0 to 1"),
        ("options/balanced.toml", '{ "2026/27" = 0.5, "2027/28" = 1.0 }',
         '{ "2036/37" = 0.5 }', r"outside the board's years"),
        ("options/balanced.toml", 'one_off = "£250k"', 'one_off = "-£250k"', r"one_off is no mon"),
        ("options/flat-cut.toml", "[[change]]",
         '[[change]]\nfunction = "finance"\ndo = "stop"\nshare = 0.9\n\n[[change]]',
         r"options/flat-cut.toml:\d+: the changes to finance add up to 120%"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_file_and_line(
    folder: Path, catalogue: Catalogue, name: str, old: str, new: str, said: str
) -> None:
    line = swap(folder, name, old, new)
    with pytest.raises(LeftshiftError) as caught:
        load(folder, catalogue)
    assert re.search(said.replace("LINE", str(line)), str(caught.value)), str(caught.value)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ("A1,8a,60000,,22.0,25-34,1,finance", "staff.csv:{line}: service is longer"),
        ("A1,8z,60000,,2.0,25-34,1,finance", "staff.csv:{line}: there is no such pay band"),
        ("A1,8a,60000,,2.0,25-34,1.5,finance", "staff.csv:{line}: this wte must lie"),
        ("A1,8a,60000,,2.0,25-34,0,finance", "staff.csv:{line}: this wte must lie"),
        ("A1,8a,60000,,-2,25-34,1,finance", "staff.csv:{line}: this service_years"),
        ("A1,8a,60000,,2.0,25-34,1,nowhere", "staff.csv:{line}: it names a function"),
        ("X0001,8a,60000,,2.0,25-34,1,finance", "staff.csv:{line}: the same post as on line 2"),
        ("A1,8a,60000,2.0,25-34,1,finance", "staff.csv:{line}: 7 cells where"),
        (",8a,60000,,2.0,25-34,1,finance", "staff.csv:{line}: no post"),
        ("A1,,,,2.0,25-34,1,finance", "staff.csv:{line}: neither a band nor a salary"),
    ],
)
def test_a_wrong_row_of_the_staff_list_is_named_by_its_line(
    folder: Path, catalogue: Catalogue, cells: str, said: str
) -> None:
    file = folder / "staff.csv"
    text = file.read_text(encoding="utf-8")
    file.write_text(text + cells + "\n", encoding="utf-8")
    line = len(text.splitlines()) + 1
    with pytest.raises(LeftshiftError) as caught:
        load(folder, catalogue)
    assert str(caught.value).startswith(said.format(line=line))


def test_a_salary_without_a_band_is_taken_as_the_band_whose_pay_is_nearest(
    folder: Path, catalogue: Catalogue
) -> None:
    file = folder / "staff.csv"
    text = file.read_text(encoding="utf-8")
    file.write_text(text + "A1,,62000,,2.0,25-34,1,finance\n", encoding="utf-8")
    board = load(folder, catalogue)
    assert board.staff is not None
    assert [one.band for one in board.staff.people if one.key == "A1"] == ["8a"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("band,service_band,share\n8a,0-4,0.5\n", r"distribution.csv:2: the shares of band 8a"),
        ("band,service_band,share\n8a,0-4,1\n8a,3-9,0\n", r"distribution.csv:3: .*overlaps"),
        ("band,service_band,share\n8a,9-4,1\n", r"distribution.csv:2: .*ends before it begins"),
        ("band,service_band,share\n8q,0-4,1\n", r'distribution.csv:2: band "8q" is no pay band'),
        ("band,service_band,share\n8a,long,1\n", r"distribution.csv:2: .*is no span"),
    ],
)
def test_a_wrong_distribution_is_named_by_its_line(
    folder: Path, catalogue: Catalogue, text: str, said: str
) -> None:
    (folder / "distribution.csv").write_text(text, encoding="utf-8")
    with pytest.raises(LeftshiftError) as caught:
        swap(folder, "organisation.toml", 'service_from = "staff"', 'service_from = "distribution"')
        load(folder, catalogue)
    assert re.search(said, str(caught.value)), str(caught.value)


def test_where_no_list_may_be_used_it_is_not_opened(folder: Path, catalogue: Catalogue) -> None:
    (folder / "staff.csv").write_bytes(b"\xff\xfe not a list at all")
    swap(folder, "organisation.toml", 'service_from = "staff"', 'service_from = "distribution"')
    assert load(folder, catalogue).staff is None


def test_nothing_is_written_for_a_board_that_is_wrong(folder: Path, tmp_path: Path) -> None:
    swap(folder, "functions.csv", ",8a,", ",8e,")
    with pytest.raises(LeftshiftError):
        organisation.run(folder, out=tmp_path / "runs" / "a", draws=20)
    assert not (tmp_path / "runs").exists()


def test_a_report_that_fails_leaves_nothing_behind(folder: Path, tmp_path: Path) -> None:
    def fails(_: Path) -> None:
        raise RuntimeError("no report")

    with pytest.raises(RuntimeError, match="no report"):
        organisation.run(folder, out=tmp_path / "runs" / "a", draws=20, finish=fails)
    assert not (tmp_path / "runs").exists()


FILES = ("functions.csv", "duties.csv", "staff.csv", "organisation.toml", "options/balanced.toml")
JUNK = (b"\x00", b"\xff", b'"', b",", b"\n", b"[", b"]", b"=", b"-", b"9" * 30, b"nan", b"1e999",
        "½".encode(), b"'", b"{", b"#", b"\r")  # fmt: skip


@pytest.mark.parametrize("seed", range(60))
def test_a_mutated_file_gives_a_message_or_works_but_never_a_traceback(
    folder: Path, catalogue: Catalogue, seed: int
) -> None:
    rng = random.Random(seed)
    file = folder / FILES[seed % len(FILES)]
    data = file.read_bytes()
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(data))
        kind = rng.randrange(4)
        if kind == 0:
            data = data[:at] + rng.choice(JUNK) + data[at:]
        elif kind == 1:
            data = data[:at] + data[at + rng.randint(1, 40) :]
        elif kind == 2:
            data = data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
        else:
            data = data[:at]
    file.write_bytes(data)
    try:
        board = load(folder, catalogue)
    except LeftshiftError as problem:
        assert str(problem)
    else:
        from leftshift.organisation.evaluation import evaluate

        if seed % 5 == 4:
            evaluate(board, catalogue, 2)


def test_a_missing_folder_says_how_to_make_one(tmp_path: Path, catalogue: Catalogue) -> None:
    with pytest.raises(LeftshiftError, match="leftshift organisation new"):
        load(tmp_path / "nowhere", catalogue)
    with pytest.raises(LeftshiftError):
        load("\0", catalogue)


@pytest.mark.parametrize("name", ["functions.csv", "organisation.toml"])
def test_a_missing_file_is_named(folder: Path, catalogue: Catalogue, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(LeftshiftError, match=re.escape(name)):
        load(folder, catalogue)
