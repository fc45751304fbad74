"""What the catalogue promises: figures are sourced, checked, layered and drawn by their own key."""

from __future__ import annotations

import csv
import math
import shutil
from pathlib import Path

import pytest

from leftshift.catalogue import Catalogue
from leftshift.catalogue.draws import point
from leftshift.catalogue.loader import SHIPPED
from leftshift.catalogue.rows import COLUMNS
from leftshift.errors import CatalogueError, LeftshiftError, ProjectError

GOOD = {
    "id": "base.year",
    "label": "Base year",
    "value": "2024",
    "lower": "",
    "upper": "",
    "distribution": "fixed",
    "unit": "calendar year in which the financial year begins",
    "source": "us",
    "as_of": "2025",
    "grade": "A",
    "note": "",
}


def project(folder: Path, *rows: dict[str, str], name: str = "my.csv") -> Path:
    (folder / "catalogue").mkdir(parents=True, exist_ok=True)
    with (folder / "catalogue" / name).open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        writer.writerows({**GOOD, **row} for row in rows)
    return folder


@pytest.fixture(scope="module")
def cat() -> Catalogue:
    return Catalogue.load()


def test_every_shipped_row_says_where_it_comes_from(cat: Catalogue) -> None:
    for row in cat.rows():
        estimate = row.estimate
        for text in (row.label, estimate.unit, estimate.source, estimate.as_of):
            assert text.strip(), row
        assert estimate.grade in "VDRA"


def test_an_assumed_figure_that_is_drawn_has_an_interval(cat: Catalogue) -> None:
    for row in cat.rows():
        estimate = row.estimate
        if estimate.distribution != "fixed":
            assert estimate.lower is not None and estimate.upper is not None
            assert estimate.lower <= estimate.value <= estimate.upper


def test_every_shipped_table_is_what_its_description_says(cat: Catalogue) -> None:
    for name, about in cat.tables.items():
        frame = cat.table(name)
        assert frame.columns == [column.name for column in about.columns]
        assert frame.height > 0


def test_no_shipped_table_file_is_left_undescribed(cat: Catalogue) -> None:
    described = {about.file for about in cat.tables.values()}
    assert {f"tables/{path.name}" for path in (SHIPPED / "tables").glob("*.csv")} == described


def test_what_is_shipped_is_under_ten_megabytes() -> None:
    assert sum(path.stat().st_size for path in SHIPPED.rglob("*") if path.is_file()) < 10e6


def test_the_conditions_keep_the_order_that_fixes_their_bits(cat: Catalogue) -> None:
    ids = [entity["id"] for entity in cat.entities("conditions")]
    assert ids == [
        *("hypertension", "coronary_heart_disease", "stroke_tia", "atrial_fibrillation"),
        *("heart_failure", "diabetes", "ckd", "copd", "asthma", "cancer", "dementia"),
        *("anxiety_depression", "psychosis", "epilepsy", "alcohol_problems", "chronic_pain"),
        *("constipation", "connective_tissue_disease", "ibs", "hearing_loss"),
    ]
    factors = [entity["id"] for entity in cat.entities("risk_factors")]
    assert factors == ["smoking", "bmi", "sbp", "cholesterol", "alcohol"]


def test_every_source_is_named_with_its_licence(cat: Catalogue) -> None:
    assert cat.sources and all(all(row.values()) for row in cat.sources)


def test_an_unknown_id_names_the_nearest(cat: Catalogue) -> None:
    with pytest.raises(CatalogueError, match='"base.yeer".*Nearest: "base.year"'):
        cat.row("base.yeer")
    with pytest.raises(CatalogueError, match="Nearest"):
        cat.table("membrship")
    with pytest.raises(CatalogueError, match="Nearest"):
        cat.entities("condition")
    with pytest.raises(CatalogueError, match='below "bas".*'):
        cat.parameters().values("bas")


def test_values_are_keyed_by_the_rest_of_their_id(cat: Catalogue) -> None:
    found = cat.parameters().values("base")
    assert found["year"] == 2025.0
    assert found == cat.parameters().values("base.")


def test_a_projects_row_overrides_the_shipped_one_and_is_recorded(tmp_path: Path) -> None:
    cat = Catalogue.load(project(tmp_path, {}, {"id": "base.yeer"}))
    assert cat.parameters().value("base.year") == 2024.0
    assert cat.overrides == [{"id": "base.year", "old": 2025.0, "new": 2024.0, "layer": "project"}]
    assert cat.added == [{"id": "base.yeer", "layer": "project", "like": 'Nearest: "base.year".'}]
    assert [layer["name"] for layer in cat.layers] == ["shipped", "project"]


def test_a_plans_figure_beats_the_projects(tmp_path: Path) -> None:
    cat = Catalogue.load(project(tmp_path, {}), {"base.year": 2026})
    assert cat.parameters(draw=3).value("base.year") == 2026.0
    assert [one["layer"] for one in cat.overrides] == ["project", "plan"]
    with pytest.raises(CatalogueError, match='Nearest: "base.year"'):
        Catalogue.load(extra={"base.yea": 1.0})
    with pytest.raises(CatalogueError, match="finite"):
        Catalogue.load(extra={"base.year": math.nan})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"unit": ""}, "has no unit"),
        ({"source": " "}, "has no source"),
        ({"as_of": ""}, "has no as_of"),
        ({"grade": ""}, "has no grade"),
        ({"label": ""}, "has no label"),
        ({"value": ""}, "has no value"),
        ({"value": "1,5"}, "thousands separator"),
        ({"value": "5%"}, "percent sign"),
        ({"value": "nan"}, "not a number"),
        ({"value": "inf"}, "not a number"),
        ({"value": "1e999"}, "too large"),
        ({"grade": "B"}, "Allowed: V"),
        ({"as_of": "last year"}, "no date"),
        ({"distribution": "lognormall"}, 'Nearest: "lognormal"'),
        ({"distribution": "normal"}, "needs both lower and upper"),
        ({"distribution": "normal", "lower": "2025", "upper": "2026"}, "does not hold"),
        ({"distribution": "normal", "lower": "2030", "upper": "2020"}, "does not hold"),
        ({"distribution": "lognormal", "lower": "-1", "upper": "3000"}, "above 0"),
        ({"distribution": "logitnormal", "value": "0.5", "lower": "0", "upper": "1"}, "0 and 1"),
        ({"id": "Base Year"}, "snake_case"),
        ({"unit": "percent"}, "Write it in that unit"),
    ],
)
def test_a_wrong_row_is_named_by_file_and_line(
    tmp_path: Path, change: dict[str, str], said: str
) -> None:
    with pytest.raises(CatalogueError) as caught:
        Catalogue.load(project(tmp_path, {"id": "ours.fine"}, change))
    assert str(caught.value).startswith("catalogue/my.csv:3: ")
    assert said in str(caught.value)


def test_an_id_twice_names_both_lines(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"my.csv:3: base.year is already on line 2"):
        Catalogue.load(project(tmp_path, {}, {}))
    folder = tmp_path / "two"
    project(folder, {})
    with pytest.raises(CatalogueError, match=r"other.csv:2: base.year is already in .*my.csv:2"):
        Catalogue.load(project(folder, {}, name="other.csv"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "my.csv:1: empty"),
        (b"id,labl\n", 'my.csv:1: no column called "labl". Nearest: "label"'),
        (b"id,label\n", "column value is missing"),
        (",".join(COLUMNS).encode() + b"\na,b\n", "my.csv:2: 2 cells where the header has 11"),
        (",".join(COLUMNS).encode() + b'\n"a\n', "not valid CSV"),
        ("é".encode("latin-1"), "UTF-8"),
    ],
)
def test_a_file_that_is_no_parameter_file_is_one_clear_message(
    tmp_path: Path, content: bytes, said: str
) -> None:
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "catalogue" / "my.csv").write_bytes(content)
    with pytest.raises(CatalogueError) as caught:
        Catalogue.load(tmp_path)
    assert said in str(caught.value)


def test_a_project_that_is_not_there_or_holds_strangers_says_so(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="no such project folder"):
        Catalogue.load(tmp_path / "nowhere")
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "catalogue" / "README.md").write_text("ours")
    assert not Catalogue.load(tmp_path).overrides
    (tmp_path / "catalogue" / "rows.xlsx").write_bytes(b"PK")
    with pytest.raises(CatalogueError, match="rows.xlsx: not a part of a catalogue"):
        Catalogue.load(tmp_path)


def test_a_projects_table_replaces_the_shipped_one(tmp_path: Path) -> None:
    tables = tmp_path / "catalogue" / "tables"
    tables.mkdir(parents=True)
    text = (SHIPPED / "tables" / "regions.csv").read_text("utf-8")
    (tables / "regions.csv").write_text(text.replace("Midlands", "Middle"), "utf-8")
    cat = Catalogue.load(tmp_path)
    assert "Middle" in cat.table("regions")["name"].to_list()
    assert cat.overrides[0]["id"] == "tables/regions"
    (tables / "regoins.csv").write_text(text, "utf-8")
    with pytest.raises(CatalogueError, match='Nearest: "regions"'):
        Catalogue.load(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("residents,share", "residents,part", "membership.csv:1: the first line must name"),
        ("E06000001,QHM,92341,1", "E06000001,QHM,9.5,1", "membership.csv:2: residents is"),
        ("E06000001,QHM,92341,1", "E06000001,QHM,92341,1.5", "share is 1.5; it must be"),
        ("E06000001,QHM,92341,1", "E06000001,QHM,92341,nan", "share is nan"),
        ("E06000001,QHM,92341,1", "E06000001,,92341,1", "board is empty"),
        ("E06000001,QHM,92341,1", "E06000001,QHM,92341", "3 cells where"),
        ("E06000001,QHM,92341,1", "E06000001,QHM,92341,1,1", "5 cells where"),
    ],
)
def test_a_corrupt_table_cell_is_named_by_file_and_line(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    shipped = tmp_path / "shipped"
    shutil.copytree(SHIPPED, shipped, ignore=shutil.ignore_patterns("__pycache__"))
    path = shipped / "tables" / "membership.csv"
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    with pytest.raises(CatalogueError) as caught:
        Catalogue.load(shipped=shipped).table("membership")
    assert said in str(caught.value)


def test_a_shipped_file_that_is_missing_is_a_catalogue_error(tmp_path: Path) -> None:
    shipped = tmp_path / "shipped"
    shutil.copytree(SHIPPED, shipped, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("tables/membership.csv", "conditions.toml", "sources.csv", "tables.toml"):
        (shipped / name).unlink()
        cat = Catalogue.load(shipped=shipped)
        with pytest.raises(LeftshiftError):
            cat.table("membership")
            cat.entities("conditions")
            _ = cat.sources


def test_the_digest_of_a_layer_does_not_depend_on_line_ends(tmp_path: Path) -> None:
    shipped = tmp_path / "shipped"
    shutil.copytree(SHIPPED, shipped, ignore=shutil.ignore_patterns("__pycache__"))
    path = shipped / "tables" / "regions.csv"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    same, here = Catalogue.load(shipped=shipped), Catalogue.load()
    assert same.layers == here.layers
    assert same.table("regions").equals(here.table("regions"))
    path.write_bytes(path.read_bytes().replace(b"Midlands", b"Middle"))
    assert Catalogue.load(shipped=shipped).layers != here.layers


def test_adding_a_row_moves_no_other_rows_draw(tmp_path: Path) -> None:
    spread = {"distribution": "normal", "lower": "2020", "upper": "2030"}
    one = Catalogue.load(project(tmp_path / "a", {"id": "ours.b", **spread}))
    two = Catalogue.load(
        project(tmp_path / "b", {"id": "ours.a", **spread}, {"id": "ours.b", **spread})
    )
    for draw in range(5):
        drawn = one.parameters(draw, seed=7).value("ours.b")
        assert drawn == two.parameters(draw, seed=7).value("ours.b")
        assert drawn != two.parameters(draw, seed=7).value("ours.a")
        assert drawn != one.parameters(draw, seed=8).value("ours.b")
    assert one.parameters().value("ours.b") == 2024.0
    with pytest.raises(CatalogueError, match="from 0"):
        one.parameters(-1)


def test_draws_are_uniform_and_never_reach_an_end() -> None:
    points = [point(1, "some.row", draw) for draw in range(4000)]
    assert all(0.0 < at < 1.0 for at in points)
    assert abs(sum(points) / len(points) - 0.5) < 4 * math.sqrt(1 / 12 / len(points))
    assert len(set(points)) == len(points)
