"""The workbook opens in Excel, says what each sheet is, and agrees with the tables."""

from collections.abc import Callable
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from leftshift.report.sheets import EXCEL_ROWS

Reported = Callable[[str], Path]


@pytest.mark.parametrize("kind", ["whole", "central", "one_place", "one_year", "nobody_has_it"])
def test_each_sheet_after_the_notes_is_one_named_table_under_a_title(
    reported: Reported, kind: str
) -> None:
    book = openpyxl.load_workbook(reported(kind) / "workbook.xlsx")
    assert book.sheetnames[:3] == ["Cover", "Contents", "Notes"]
    names = []
    for name in book.sheetnames:
        sheet = book[name]
        assert sheet["A1"].value, name
        assert not sheet.merged_cells.ranges, name
        assert len(name) <= 31
        if name in ("Cover", "Notes"):
            continue
        assert len(sheet.tables) == 1, name
        names.extend(sheet.tables)
        if name != "Contents":
            assert sheet.freeze_panes == "B5", name
            assert sheet.max_row <= EXCEL_ROWS
            heads = [cell.value for cell in sheet[4] if cell.value]
            assert len(heads) == len(set(heads))
    assert len(names) == len(set(names))


def test_contents_names_every_sheet(reported: Reported) -> None:
    book = openpyxl.load_workbook(reported("whole") / "workbook.xlsx")
    listed = [row[0].value for row in book["Contents"].iter_rows(min_row=4)]
    assert listed == book.sheetnames[2:]


def test_the_area_summary_holds_the_summary_table(reported: Reported) -> None:
    folder = reported("whole")
    sheet = openpyxl.load_workbook(folder / "workbook.xlsx", read_only=True)["Area summary"]
    rows = list(sheet.iter_rows(min_row=4, values_only=True))
    heads = list(rows[0])
    found = {
        (row[heads.index("Measure id")], row[heads.index("Year")]): row[heads.index("Value")]
        for row in rows[1:]
    }
    table = pl.read_parquet(folder / "tables" / "summary.parquet").filter(pl.col("place") == "")
    assert len(found) == table.height
    for year, measure, value in table.select("year", "measure", "value").iter_rows():
        assert found[measure, year] == pytest.approx(value)


def test_people_on_the_people_sheet_add_up_to_the_whole_area(reported: Reported) -> None:
    folder = reported("whole")
    sheet = openpyxl.load_workbook(folder / "workbook.xlsx", read_only=True)["People"]
    rows = list(sheet.iter_rows(min_row=4, values_only=True))
    heads = list(rows[0])
    total = sum(
        row[heads.index("Value")] for row in rows[1:] if row[heads.index("Year")] == "2025/26"
    )
    people = pl.read_parquet(folder / "tables" / "people.parquet")
    assert total == pytest.approx(people.filter(pl.col("year") == "2025/26")["value"].sum())


def test_notes_say_how_to_read_the_tables_in_r_and_power_bi(reported: Reported) -> None:
    book = openpyxl.load_workbook(reported("central") / "workbook.xlsx", read_only=True)
    text = " ".join(str(row[0]) for row in book["Notes"].iter_rows(values_only=True))
    assert "read_parquet" in text
    assert "Parquet.Document" in text
    assert "central run" in text
