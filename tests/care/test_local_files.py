"""Claims about reading a board's own files: each row is used, or named by line with the reason."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from leftshift.care.local.agree import agreeing
from leftshift.care.local.files import Sheet, read_sheet
from leftshift.care.local.forms import FORMS, Known, guide

KNOWN = Known(
    services={
        "gp_appointment": ("Appointments with a GP", "appointment"),
        "ae_attendance": ("Attendances at A&E", "attendance"),
        "screening": ("Screening", "pound"),
    },
    conditions={"diabetes": "Diabetes", "copd": "COPD"},
    staff_groups={"gp": "GPs", "midwife": "Midwives"},
    specialties={"urology": "Urology"},
    payers={"icb_core": "Core allocation"},
    places={"E07000148": "Norwich", "E07000145": "Great Yarmouth"},
    area=("QMM", "Norfolk and Waveney"),
)
BY_NAME = {form.name: form for form in FORMS}


def read(folder: Path, name: str, text: str | bytes) -> Sheet:
    path = folder / f"{name}.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_sheet(path, BY_NAME[name], KNOWN)


def only(sheet: Sheet) -> str:
    assert sheet.given == []
    assert len(sheet.problems) == 1
    return str(sheet.problems[0])


def cell(folder: Path, quantity: str = "5", ages: str = "", year: str = "2024/25") -> Sheet:
    row = f'ae_attendance,"{ages}","{quantity}",{year}'
    return read(folder, "activity", f"service,age_band,quantity,year\n{row}\n")


def test_a_row_is_read_with_all_that_it_says(tmp_path: Path) -> None:
    text = (
        "service,place,age_band,sex,quantity,year,source,note\n"
        'gp_appointment,Norwich,65-69,F,"1,234.5",2024/25,Our returns,ignored\n'
    )
    (row,) = read(tmp_path, "activity", text).given
    assert (row.item, row.place, row.ages, row.sex) == (
        "gp_appointment",
        "E07000148",
        (65, 69),
        "female",
    )
    assert (row.value, str(row.year), row.source) == (1234.5, "2024/25", "Our returns")
    assert row.where == "data/activity.csv:2"


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffservice,quantity,year\r\nae_attendance,5,2024/25\r\n".encode(),
        b"service;quantity;year\nae_attendance;5;2024/25\n",
        b"sep=;\nservice;quantity;year\nae_attendance;5;2024/25\n",
        b"service\tquantity\tyear\nae_attendance\t5\t2024/25\n",
        "service,quantity,year\nae_attendance,5,2024/25\n".encode("utf-16"),
        b"Service , QUANTITY,Year,,\nattendances at a&e, 5 ,2024-25,,\n,,,,\n",
        b"# our figures,,\nservice,quantity,year\n\nae_attendance,5,2024/2025\n# end,,\n",
    ],
)
def test_what_excel_makes_of_a_file_is_read_all_the_same(tmp_path: Path, text: bytes) -> None:
    sheet = read(tmp_path, "activity", text)
    assert sheet.problems == []
    (row,) = sheet.given
    assert (row.item, row.value, row.ages, row.place) == ("ae_attendance", 5.0, (0, 105), "")


def test_the_area_itself_as_a_place_is_the_whole_area(tmp_path: Path) -> None:
    head = "service,place,quantity,year\n"
    for place in ("QMM", "norfolk AND waveney", ""):
        (row,) = read(tmp_path, "activity", f"{head}ae_attendance,{place},5,2024/25\n").given
        assert row.place == ""


@pytest.mark.parametrize("mangled", ["09-May", "9-May", "May-09", "05/09/2025", "45905"])
def test_a_band_of_ages_that_excel_made_a_date_of_is_explained(
    tmp_path: Path, mangled: str
) -> None:
    said = only(cell(tmp_path, ages=mangled))
    assert said.startswith("data/activity.csv:2: ")
    assert "date" in said
    assert "5 to 9" in said


@pytest.mark.parametrize(
    ("written", "ages"),
    [
        ("5 to 9", (5, 9)),
        ("65+", (65, 105)),
        ("85 and over", (85, 105)),
        ("0–4", (0, 4)),
        ("all", (0, 105)),
        ("90+", (90, 105)),
    ],
)
def test_bands_of_ages_are_read_as_people_write_them(
    tmp_path: Path, written: str, ages: tuple[int, int]
) -> None:
    assert cell(tmp_path, ages=written).given[0].ages == ages


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("-5", "below 0"),
        ("(1,234)", "below 0"),
        ("12%", "percentage"),
        ("<5", "hidden"),
        ("*", "hidden"),
        ("#REF!", "error of Excel"),
        ("=SUM(A1:A9)", "formula"),
        ("1.2E+06", "cut short"),
        ("1,23", "comma"),
        ("12 appointments", "not a number"),
        ("1.2m", "in full"),
        ("nan", "not a number"),
        ("inf", "not a number"),
        ("٣", "not a number"),
        ("99999999999999", "too large"),
        ("01-Apr", "a date"),
        ("£500", "counted in attendances"),
    ],
)
def test_what_is_no_number_is_refused_with_the_reason(
    tmp_path: Path, written: str, why: str
) -> None:
    assert why in only(cell(tmp_path, quantity=written))


@pytest.mark.parametrize("written", ["1.234", "1,234"])
def test_a_number_that_can_be_read_in_two_ways_is_not_guessed(tmp_path: Path, written: str) -> None:
    text = f"service;quantity;year\nae_attendance;{written};2024/25\n"
    assert "two ways" in only(read(tmp_path, "activity", text))


@pytest.mark.parametrize(
    ("year", "why"),
    [
        ("2024", "2023/24 or 2024/25"),
        ("2024/26", "followed by"),
        ("2011/12", "out of reach"),
        ("2031/32", "out of reach"),
        ("last year", "no financial year"),
    ],
)
def test_a_year_that_is_unclear_or_too_far_is_refused(tmp_path: Path, year: str, why: str) -> None:
    assert why in only(cell(tmp_path, year=year))


def test_a_misspelt_key_is_named_with_the_nearest(tmp_path: Path) -> None:
    said = only(read(tmp_path, "activity", "service,quantity,year\ngp_apointment,5,2024/25\n"))
    assert 'Nearest: "gp_appointment"' in said
    said = only(read(tmp_path, "prevalence", "condition,patients,year\ndiabetis,5,2024/25\n"))
    assert 'Nearest: "diabetes"' in said
    head = "service,place,quantity,year\n"
    said = only(read(tmp_path, "activity", f"{head}ae_attendance,Norwhich,5,2024/25\n"))
    assert "(Norwich)" in said


def test_a_failed_formula_in_the_first_column_is_a_row_and_no_remark(tmp_path: Path) -> None:
    sheet = read(tmp_path, "activity", "service,quantity,year\n#N/A,5,2024/25\n# remark,,\n")
    assert "#N/A" in only(sheet)
    assert sheet.passed_over == 1


def test_a_thousands_separator_outside_quotes_never_shifts_cells(tmp_path: Path) -> None:
    head = "staff_group,wte,vacancies,year\n"
    assert "cells where" in only(read(tmp_path, "staff", f"{head}gp,1,234,,2024/25\n"))
    head = "specialty,months_waited,people,source\n"
    assert "cells where" in only(read(tmp_path, "waiting_list", f"{head}urology,3,1,234,\n"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "empty"),
        (b"PK\x03\x04rest", "Excel workbook"),
        (b"service,quantity,year\nae_attendance,\xa35,2024/25\n", "CSV UTF-8"),
        (b"service,quantity,year\nae\0,5,2024/25\n", "CSV UTF-8"),
        (b"service,quantity\n", "column year is missing"),
        (b"service,quantity,year,yaer\n", 'Nearest: "year"'),
        (b"service,quantity,year,year\n", "twice"),
        (b'service,quantity,year\nae_attendance,"5,2024/25\n', ":2: not valid CSV"),
        (b"sep=q\nservice,quantity,year\n", "parts no cells"),
    ],
)
def test_a_file_that_is_no_such_file_is_named_with_the_reason(
    tmp_path: Path, text: bytes, why: str
) -> None:
    assert why in only(read(tmp_path, "activity", text))


def test_waits_and_clocks_are_read_by_month(tmp_path: Path) -> None:
    text = "specialty,months_waited,people\nurology,0,100\nurology,24+,7\n"
    first, last = read(tmp_path, "waiting_list", text).given
    assert (first.more["months"], first.more["open"]) == (0, 0)
    assert (last.more["months"], last.more["open"]) == (24, 1)
    head = "specialty,period,starts,stops,leavers\n"
    for period in ("2025-04", "Apr-25", "April 2025"):
        (row,) = read(tmp_path, "clock_starts", f"{head}urology,{period},9,8,\n").given
        assert (row.more["period"], row.more["length"]) == (2025 * 12 + 3, 1)
    (row,) = read(tmp_path, "clock_starts", f"{head}urology,2024/25,90,80,3\n").given
    assert (row.more["length"], row.more["leavers"]) == (12, 3)
    assert "no month" in only(read(tmp_path, "clock_starts", f"{head}urology,Spring,9,8,\n"))


def problems(folder: Path, name: str, text: str) -> list[str]:
    sheet = read(folder, name, text)
    assert sheet.problems == []
    return [str(one) for one in agreeing(sheet.given, KNOWN, 0.01)]


WAITING = "specialty,months_waited,people\n"
CLOCKS = "specialty,period,starts,stops\nurology,2025-04,5,5\nurology,2025/26,5,5\n"
HEAD = "service,place,age_band,sex,quantity,year\n"


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ("gp_appointment,,,,5,2024/25\ngp_appointment,QMM,0+,,5,2024/25", "already on line 2"),
        ("gp_appointment,,60-69,,5,2024/25\ngp_appointment,,65+,,5,2024/25", "overlaps"),
        ("gp_appointment,,,,5,2024/25\ngp_appointment,,65+,,5,2023/24", "years"),
        (
            "gp_appointment,,,,100,2024/25\ngp_appointment,,0-64,,40,2024/25\n"
            "gp_appointment,,65+,,40,2024/25",
            "[local_totals_disagree] gp_appointment is 100 here, and its parts on lines 3, 4 "
            "add up to 80",
        ),
        (
            "gp_appointment,Norwich,,,90,2024/25\ngp_appointment,,,,80,2024/25",
            "parts on line 2 come already to 90",
        ),
        (
            "gp_appointment,Norwich,,,60,2024/25\ngp_appointment,Great Yarmouth,,,50,2024/25\n"
            "gp_appointment,,,,100,2024/25",
            ":4: [local_totals_disagree]",
        ),
    ],
)
def test_rows_that_say_one_thing_twice_or_contradict_each_other_are_named(
    tmp_path: Path, rows: str, why: str
) -> None:
    said = problems(tmp_path, "activity", HEAD + rows + "\n")
    assert len(said) == 1
    assert why in said[0]


def test_parts_that_make_up_their_whole_agree(tmp_path: Path) -> None:
    rows = (
        "gp_appointment,,,,100,2024/25\ngp_appointment,,0-64,,40,2024/25\n"
        "gp_appointment,,65+,,60,2024/25\ngp_appointment,Norwich,,,55,2024/25\n"
        "gp_appointment,Norwich,65+,male,10,2024/25\n"
    )
    assert problems(tmp_path, "activity", HEAD + rows) == []


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("prices", "service,unit_cost,year\nae_attendance,9,2024/25\nae_attendance,8,2024/25\n",
         "already on line 2"),
        ("waiting_list", WAITING + "urology,0,5\n", "no row in clock_starts"),
        ("waiting_list", WAITING + "urology,0,5\nurology,2,5\n", "no row for 1 months"),
        ("waiting_list", WAITING + "urology,0,5\nurology,1+,5\n", "over a year"),
        ("waiting_list", WAITING + "urology,0,5\nurology,0,6\n", "already on line 2"),
        ("clock_starts", CLOCKS,
         "already on line 2"),
        ("prevalence", "condition,place,patients,year\ncopd,Norwich,5,2024/25\n",
         "Great Yarmouth is missing"),
        ("prevalence", "condition,sex,patients,year\ncopd,f,5,2024/25\ncopd,,9,2024/25\n",
         "split in the same way"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_in_other_files_is_named(
    tmp_path: Path, name: str, text: str, why: str
) -> None:
    assert any(why in said for said in problems(tmp_path, name, text))


def test_the_guide_lists_every_key_that_may_be_used() -> None:
    said = guide(KNOWN)
    for key in (*KNOWN.services, *KNOWN.conditions, *KNOWN.staff_groups, *KNOWN.places):
        assert f"  {key} " in said


WORDS = [
    "gp_appointment", "ae_attendance", "Norwich", "65-69", "5 to 9", "09-May", "female", "1,234",
    "12", "-3", "2024/25", "2024", "", '"', '""', "\n", "\r", ",", ";", "\t", "#", "£", "é",
    "\u00a0", "\ufeff", "NaN", "1e400", "=1", "urology", "diabetes", "gp", "icb_core", "24+",
    "2025-04", "\x00", "\x1b", "0", "٣", "9" * 400, "source",
]  # fmt: skip


def mutated(source: random.Random, text: str) -> bytes:
    for _ in range(source.randint(1, 4)):
        at = source.randrange(len(text) + 1)
        kind = source.random()
        if kind < 0.5:
            text = text[:at] + source.choice(WORDS) + text[at:]
        elif kind < 0.8:
            text = text[:at] + text[at + source.randint(1, 6) :]
        else:
            cells = text.split(",")
            cells[source.randrange(len(cells))] = source.choice(WORDS)
            text = ",".join(cells)
    encoding = source.choice(["utf-8"] * 8 + ["utf-8-sig", "utf-16"])
    return text.encode(encoding, "surrogatepass")


def test_two_thousand_mutated_files_give_no_traceback_and_no_silent_partial_read(
    tmp_path: Path,
) -> None:
    first = {
        "activity": HEAD + 'gp_appointment,Norwich,65-69,f,"1,234",2024/25\n'
        "ae_attendance,,5 to 9,,12.5,2024/25\nscreening,,,,£100,2023/24\n",
        "prices": "service,unit_cost,year\ngp_appointment,£41.50,2024/25\n",
        "staff": "staff_group,wte,vacancies,year,source\ngp,510.2,12,2024/25,NHSE\n",
        "prevalence": "condition,age_band,patients,year\ndiabetes,17+,51000,2024/25\n",
        "waiting_list": "specialty,months_waited,people\nurology,0,900\nurology,24+,12\n",
        "clock_starts": "specialty,period,starts,stops\nurology,2025-04,800,790\n",
        "funding": "payer,year,amount\nicb_core,2025/26,2000000000\n",
    }
    source = random.Random(3)
    for number in range(2_000):
        name = source.choice(list(first))
        data = mutated(source, first[name])
        sheet = read(tmp_path, name, data)
        agreeing(sheet.given, KNOWN, 0.01)
        for problem in sheet.problems:
            assert str(problem).isprintable(), number
            assert problem.line >= 1
        # Every line that holds anything is a row, a remark, the header, or in a problem.
        try:
            text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
        except UnicodeError:
            assert sheet.problems
            continue
        if any("CSV" in one.said or one.line == 1 for one in sheet.problems):
            continue  # the whole file is refused, or what follows a place in it
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        filled = sum(bool(line.strip(' ,;\t"\u00a0\ufeff|')) for line in lines)
        breaks = text.count('"') // 2  # a quoted cell may span lines
        told = len(sheet.given) + len(sheet.problems) + sheet.passed_over + 1
        assert told + breaks >= filled, (number, data)
        for row in sheet.given:
            assert row.value >= 0
