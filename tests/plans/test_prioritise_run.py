"""`leftshift prioritise` from a plan file to a run folder."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leftshift.catalogue import Catalogue
from leftshift.cli import app
from leftshift.errors import PlanError
from leftshift.plans.files import read_plan
from leftshift.runs import open_run
from leftshift.verbs_plan import opened

PLAN = """\
[plan]
name = "Small"
area = "E07000148"
years = 3

[limits]
new_spend = "£600k"

[prioritise]
aim = "health"
required = ["stop_smoking"]
smallest = { stop_smoking = 0.2 }
latest = "2026/27"
budgets = [1]
draws = 0

[[intervention]]
use = "stop_smoking"
reach = 0.1

[[intervention]]
use = "diabetes_prevention"
reach = 0.05
"""


def test_a_choice_is_run_without_a_report_where_none_is_asked(tmp_path: Path) -> None:
    file = tmp_path / "small.toml"
    file.write_text(PLAN, encoding="utf-8")
    out = tmp_path / "run"
    words = ["prioritise", str(file), "--people", "500", "--draws", "0", "--out", str(out)]
    made = CliRunner().invoke(app, [*words, "--no-report"])
    assert made.exit_code == 0, made.output
    assert "Run: Small chosen" in made.output
    assert not (out / "report.html").exists() and not (out / "workbook.xlsx").exists()
    run = open_run(out)
    assert run.table("choices").filter(intervention="stop_smoking")["chosen"].to_list() == [True]
    # The choice is made: the chosen plan is one like any other.
    chosen = tomllib.loads((out / "plan.toml").read_text(encoding="utf-8"))
    assert "prioritise" not in chosen
    assert read_plan(out / "plan.toml", Catalogue.load()).name == "Small chosen"
    # Asked again with a report, the same run only gains one.
    again = CliRunner().invoke(app, words)
    assert again.exit_code == 0, again.output
    assert "nothing to simulate" in (again.output + again.stderr)
    assert (out / "report.html").is_file() and (out / "workbook.xlsx").is_file()


def test_an_area_that_is_not_there_is_named_at_its_line(tmp_path: Path) -> None:
    file = tmp_path / "small.toml"
    file.write_text(PLAN.replace("E07000148", "Norwhich"), encoding="utf-8")
    with pytest.raises(PlanError) as found:
        opened(file, None)
    assert str(found.value).startswith(f"{file}:3: ")
    assert "Norwich" in str(found.value)
