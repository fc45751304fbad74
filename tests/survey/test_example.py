"""The worked example: invented, whole, and made again by its script byte for byte."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import polars as pl
import pytest

import leftshift.survey as survey

EXAMPLE = Path(survey.__file__).parent / "example"
SCRIPT = Path(__file__).parents[2] / "tools" / "make_survey_example.py"


def test_its_script_makes_the_same_bytes_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = importlib.util.spec_from_file_location("make_survey_example", SCRIPT)
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    shutil.copyfile(EXAMPLE / "codebook-head.toml", tmp_path / "codebook-head.toml")
    monkeypatch.setattr(script, "OUT", tmp_path)
    script.main()
    for name in ("codebook.toml", "wave-2024.csv", "wave-2025.csv", "indicators.csv"):
        assert (tmp_path / name).read_bytes() == (EXAMPLE / name).read_bytes(), name


def test_it_says_that_it_is_synthetic_and_names_no_real_board() -> None:
    from leftshift.catalogue import Catalogue

    text = (EXAMPLE / "codebook.toml").read_text(encoding="utf-8")
    assert text.startswith("# A SYNTHETIC EXAMPLE")
    assert "synthetic = true" in text
    boards = Catalogue.load().table("boards")["short_name"].to_list()
    places = Catalogue.load().table("authorities")["name"].to_list()
    for file in sorted(EXAMPLE.glob("*.csv")):
        content = file.read_text(encoding="utf-8")
        assert [name for name in (*boards, *places) if name in content] == []


def test_about_eighty_people_of_42_systems_answer_and_nothing_is_wrong_with_it(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "project"
    shutil.copytree(EXAMPLE, folder)
    found = survey.check(folder, write=False)
    assert found.problems == ()
    assert found.cleaned is not None
    people = found.cleaned.respondents
    assert 65 <= people.filter(pl.col("wave") == "2025").height <= 95
    assert len(found.cleaned.codebook.systems.at("2025")) == 42
    assert len(found.cleaned.codebook.systems.at("2024")) == 43
    assert {"duplicate", "no_answer"} <= set(found.changes["rule"])
