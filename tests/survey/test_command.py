"""The verbs of the room as commands."""

from pathlib import Path

from typer.testing import CliRunner

from leftshift.cli_survey import app
from tests.survey.small import codebook_text, write_rows
from tests.survey.test_files import HEADER, row


def test_new_check_and_run_are_a_days_work(tmp_path: Path) -> None:
    runner = CliRunner()
    begun = runner.invoke(app, ["new", str(tmp_path / "ours"), "--title", "Ours"])
    assert begun.exit_code == 0
    assert "leftshift survey check" in begun.output
    (tmp_path / "codebook.toml").write_text(codebook_text(), encoding="utf-8")
    write_rows(tmp_path / "responses.csv", [HEADER, row(1), row(2, costs="huh", role="CEO")])
    wrong = runner.invoke(app, ["check", str(tmp_path)])
    assert wrong.exit_code == 2
    assert 'responses.csv, row 3, column "Q1"' in wrong.output
    write_rows(tmp_path / "responses.csv", [HEADER, row(1), row(2, role="CEO")])
    right = runner.invoke(app, ["check", str(tmp_path)])
    assert right.exit_code == 0
    assert "2025: 2 responses kept of 84 asked." in right.output
    out = tmp_path / "run"
    made = runner.invoke(app, ["run", str(tmp_path), "--out", str(out), "--no-report", "--csv"])
    assert made.exit_code == 0, made.output
    assert (out / "tables" / "survey_estimates.csv").is_file()


def test_the_worked_example_is_copied_checked_and_never_mixed_with_ones_own(tmp_path: Path) -> None:
    runner = CliRunner()
    folder = tmp_path / "example"
    begun = runner.invoke(app, ["new", str(folder), "--example"])
    assert begun.exit_code == 0
    assert "made up" in begun.output
    assert sorted(f.name for f in folder.iterdir()) == [
        "codebook.toml",
        "indicators.csv",
        "wave-2024.csv",
        "wave-2025.csv",
    ]
    assert runner.invoke(app, ["check", str(folder)]).exit_code == 0
    again = runner.invoke(app, ["new", str(folder), "--example"])
    assert again.exit_code != 0
    assert "already holds" in str(again.exception)
    mixed = runner.invoke(app, ["new", str(tmp_path / "x"), "--example", "--title", "Ours"])
    assert "leave yours out" in str(mixed.exception)
    assert not (tmp_path / "x").exists()
