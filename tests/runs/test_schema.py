"""The description of the tables is the only one, and frames keep to it."""

from typing import Any

import polars as pl
import pytest

from leftshift.errors import SchemaError
from leftshift.runs import TABLES, Column, Table, as_markdown
from leftshift.runs.schema import _order, conform


def test_every_table_begins_as_the_architecture_says() -> None:
    columns = {name: table.names for name, table in TABLES.items()}
    value = ("value", "lower", "upper")
    split = ("arm", "year", "place", "sex", "age_band", "imd_quintile")
    assert columns["summary"] == (
        "arm",
        "year",
        "place",
        "measure",
        "unit",
        *value,
        "sampling_error",
    )
    assert columns["people"] == (*split, "segment", *value, "few")
    assert columns["conditions"] == (
        *split[:3], "condition", *split[3:], "measure", *value, "few",
    )  # fmt: skip
    assert columns["deaths"] == (*split, *value, "few")
    assert columns["health"] == (*split, "measure", *value, "few")
    assert set(columns) >= {"names", "checks", "sources"}


def test_every_column_says_what_it_means_and_every_number_its_unit() -> None:
    for table in TABLES.values():
        assert table.keys
        for column in table.columns:
            assert column.meaning.endswith("."), (table.name, column.name)
            if column.kind == "number" and column.name != "ratio":
                assert column.unit, (table.name, column.name)


def test_the_page_names_every_table_and_column() -> None:
    page = as_markdown()
    for table in TABLES.values():
        section = as_markdown([table])
        assert section in page
        assert all(f"| {n} |" in section or f"| **{n}** |" in section for n in table.names)


def fault(asked: dict[str, Any], change: pl.Expr) -> str:
    with pytest.raises(SchemaError) as caught:
        conform("people", asked["tables"]["people"].with_columns(change))
    return str(caught.value)


def test_a_wrong_frame_is_refused_by_the_names_of_what_is_wrong(asked: dict[str, Any]) -> None:
    assert "columns unknown: extra" in fault(asked, pl.lit(1).alias("extra"))
    assert '"sex" is Int32' in fault(asked, pl.lit(0).alias("sex"))
    assert "'woman'" in fault(asked, pl.lit("woman").alias("sex"))
    assert "not finite" in fault(asked, pl.lit(float("nan")).alias("value"))
    assert '"value" is empty in 32 rows' in fault(asked, pl.lit(None).alias("value"))
    assert "holds '7'; allowed" in fault(asked, pl.lit(7).alias("imd_quintile"))
    assert "two rows hold the same fact: arm='baseline'" in fault(
        asked, pl.lit("QMM").alias("place")
    )
    with pytest.raises(SchemaError, match='no table called "peple".*Nearest: "people"'):
        conform("peple", asked["tables"]["people"])


def test_narrow_numbers_and_categories_are_widened(asked: dict[str, Any]) -> None:
    frame = asked["tables"]["people"].with_columns(
        pl.col("sex").cast(pl.Enum(["male", "female"])),
        pl.col("imd_quintile").cast(pl.Int8),
        pl.col("value").cast(pl.Float32),
    )
    conformed = conform("people", frame)
    assert conformed.schema["sex"] == pl.String()
    assert conformed.schema["imd_quintile"] == pl.Int64()
    assert conformed.schema["lower"] == pl.Float64()
    assert conformed.rows() == conform("people", asked["tables"]["people"]).rows()


def test_what_is_not_known_may_come_as_nan_where_a_cell_may_be_empty(asked: dict[str, Any]) -> None:
    frame = asked["tables"]["people"].with_columns(lower=pl.lit(float("nan")))
    assert conform("people", frame)["lower"].null_count() == frame.height


def test_an_empty_table_is_a_table(asked: dict[str, Any]) -> None:
    conformed = conform("people", asked["tables"]["people"].clear())
    assert conformed.height == 0
    assert conformed.columns == list(TABLES["people"].names)


def test_rows_keep_their_order_where_keys_have_more_values_than_one_number_can_count() -> None:
    many = 40
    key = [Column(f"k{i}", "whole", "A key.", key=True) for i in range(13)]
    frame = pl.DataFrame({c.name: range(many) for c in key}).sample(many, shuffle=True, seed=1)
    order = _order(Table("wide", "A row.", tuple(key)), frame)
    assert frame[order.arg_sort()]["k12"].to_list() == list(range(many))
    assert order.n_unique() == many
