"""The commands `leftshift plan …`."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from leftshift.cli_plan import app
from leftshift.errors import PlanError


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_an_example_is_made_checked_shown_and_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "Made left-shift.toml" in run("new").stdout
    assert run("new", "ours.toml", "--area", "QMM").exit_code == 0
    said = run("check", "ours.toml").stdout
    assert "Left shift to 2035: 9 interventions." in said and "\nDoubtful:\n- " in said
    shown = run("show", "ours.toml").stdout.splitlines()
    assert len(shown) == 10 and shown[0].startswith("intervention")
    assert run("show", "ours.toml", "--csv").stdout.startswith("intervention,shift,reach,")
    assert run("diff", "left-shift.toml", "ours.toml").stdout == (
        "area was norfolk-and-suffolk, is QMM\n"
    )
    assert "say the same" in run("diff", "ours.toml", "ours.toml").stdout
    merged = run("merge", "left-shift.toml", "left-shift.toml", "ours.toml", "--out", "m.toml")
    assert merged.stdout == "Wrote m.toml.\n"
    assert "say the same" in run("diff", "m.toml", "ours.toml").stdout
    assert run("merge", "ours.toml", "ours.toml", "ours.toml").stdout.startswith("[plan]\n")


def test_an_area_that_no_one_knows_is_refused_at_its_line(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[plan]\nname = "x"\narea = "Norwhich"\n', encoding="utf-8")
    problem = run("check", file).exception
    assert isinstance(problem, PlanError)
    assert str(problem).startswith(f'{file}:3: no area called "Norwhich".')
    problem = run("new", tmp_path / "y.toml", "--area", "Norwhich").exception
    assert "no area called" in str(problem)
    assert not (tmp_path / "y.toml").exists()


def test_a_projects_own_interventions_and_area_are_used(tmp_path: Path) -> None:
    (tmp_path / "leftshift.toml").write_text('area = "QMM"\nyears = 5\n', encoding="utf-8")
    file = tmp_path / "mine.toml"
    text = '[plan]\nname = "x"\n[[intervention]]\nuse = "hospital_at_home"\nwhere = "Norwich"\n'
    file.write_text(text, encoding="utf-8")
    assert "to 2030/31" in run("check", file, "--project", tmp_path).stdout
    file.write_text(text.replace("Norwich", "Ipswich"), encoding="utf-8")
    assert "no place of" in str(run("check", file, "--project", tmp_path).exception)
