"""The command line: the same verbs as Python, one clear message for each mistake."""

import io
import os
import re
import signal
import subprocess
import sys
import textwrap
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

import leftshift
from leftshift import verbs
from leftshift.cli import app
from leftshift.console import Progress, aligned, duration
from leftshift.errors import LeftshiftError, ProjectError, SettingError
from leftshift.settings import SETTINGS, Project, checked, threads
from tests.conftest import find_chromium

ROOT = Path(__file__).parent.parent


@dataclass
class Model:
    """Stands in for the simulation: what it was asked, and what it does."""

    asked: list[dict[str, Any]] = field(default_factory=list)
    then: Callable[[], None] = lambda: None

    def identity(self, catalogue: Any, area: Any, **options: Any) -> dict[str, Any]:
        options.pop("consequences", None)
        return {"area": area.code, **options}

    def compute(self, catalogue: Any, area: Any, **options: Any) -> types.SimpleNamespace:
        self.asked.append({"area": area.code, **options})
        self.then()
        frame = pl.DataFrame(
            {
                "arm": "baseline",
                "year": ["2025/26", "2045/46"],
                "place": "",
                "measure": "people",
                "unit": "people",
                "value": [1000.0, 1100.0],
                "lower": None,
                "upper": None,
                "sampling_error": None,
            }
        )
        return types.SimpleNamespace(
            identity={},
            about={"title": f"The outlook for {area.name}", "arms": ["baseline"]},
            tables={"summary": frame},
            provenance={"lives": 7},
        )


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Model:
    stub = Model()
    monkeypatch.setattr("leftshift.people.outlook.identity", stub.identity)
    monkeypatch.setattr("leftshift.people.outlook.compute", stub.compute)
    report = types.ModuleType("leftshift.report")
    report.write_report = lambda folder: (folder / "report.html").write_text("<p>")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "leftshift.report", report)
    monkeypatch.chdir(tmp_path)
    return stub


def call(*words: str, **environment: str) -> Any:
    return CliRunner().invoke(app, list(words), env=environment)


def visible(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_help_names_every_verb_and_version_the_version() -> None:
    said = call("--help").output
    for verb in ("areas", "outlook", "demo", "validate", "catalogue"):
        assert verb in said
        assert callable(getattr(verbs, verb))
    assert call("--version").output == f"leftshift {leftshift.__version__}\n"
    assert call().exit_code == 2


def test_the_reference_pages_are_what_the_code_says() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "build_docs.py"), "--check"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_command_or_option_is_undocumented() -> None:
    import typer.main

    page = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    group: Any = typer.main.get_command(app)
    for name, command in group.commands.items():
        section = page.partition(f"\n## leftshift {name}\n")[2].partition("\n## ")[0]
        assert section, f"{name} is undocumented"
        for parameter in command.params:
            words = [parameter.name.upper()] if "-" not in parameter.opts[0] else parameter.opts
            assert all(f"`{w}" in section for w in words), f"{name} {parameter.opts}"
            assert parameter.help, f"{name} {parameter.opts} has no help"


def test_help_shows_the_defaults_that_hold() -> None:
    import typer.main

    group: Any = typer.main.get_command(app)
    shown = {p.name: p.show_default for p in group.commands["outlook"].params}
    for name in ("years", "people", "draws", "seed"):
        assert shown[name] == str(SETTINGS[name].default)


def test_no_setting_is_undocumented() -> None:
    page = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    used = set()
    for file in [*ROOT.glob("src/**/*.py"), ROOT / "tests" / "conftest.py"]:
        used |= set(re.findall(r"\bLEFTSHIFT_[A-Z_]*[A-Z]\b", file.read_text(encoding="utf-8")))
    assert used
    for name in (*used, *SETTINGS):
        assert f"`{name}`" in page, name


def test_outlook_passes_on_what_it_is_told_and_says_where_the_report_is(
    model: Model, tmp_path: Path
) -> None:
    done = call(
        "outlook", "QMM", "--years", "5", "--people", "20_000", "--draws", "3", "--seed", "9",
        "--from", "2019/20", "--out", "here", "--csv", LEFTSHIFT_THREADS="2",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    asked = model.asked[0]
    assert (asked["area"], asked["base_year"], asked["years"]) == ("QMM", 2019, 5)
    assert (asked["people"], asked["draws"], asked["seed"], asked["threads"]) == (20_000, 3, 9, 2)
    assert "The outlook for Norfolk and Waveney" in done.stdout
    assert str(tmp_path / "here" / "report.html") in done.stdout
    run = leftshift.open_run("here")
    assert run.about["command"] == (
        "leftshift outlook QMM --from 2019/20 --years 5 --people 20000 --draws 3 --seed 9"
    )
    assert run.provenance["lives"] == 7
    assert run.provenance["took_seconds"] >= 0
    assert 'area = "QMM"' in (run.path / "plan.toml").read_text(encoding="utf-8")
    assert (run.path / "tables" / "summary.csv").is_file()


def test_the_same_outlook_is_not_simulated_twice(model: Model, tmp_path: Path) -> None:
    first = leftshift.outlook("QMM", report=False)
    assert visible(tmp_path / "runs") == [first.path.name]
    assert first.path.name.startswith("QMM-")
    assert first.report is None
    again = leftshift.outlook("QMM")
    assert len(model.asked) == 1
    assert again.report is not None
    leftshift.outlook("E54000022", replace=True)
    assert len(model.asked) == 2
    assert visible(tmp_path / "runs") == [first.path.name]
    leftshift.outlook("QMM", seed=2, people="all")
    assert model.asked[-1]["people"] == "all"
    assert len(visible(tmp_path / "runs")) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--years", "0"), "years must be a whole number from 1 to 40, not 0."),
        (("--years", "41"), "years must be a whole number from 1 to 40, not 41."),
        (("--people", "0"), "people must be a whole number from 1 to 100,000,000, or all, not 0."),
        (("--people", "many"), "or all, not many."),
        (("--people", "1.5"), "or all, not 1.5."),
        (("--draws", "-1"), "draws must be a whole number from 0 to 10,000, not -1."),
        (("--seed", "-1"), "seed must be a whole number from 0 to 2^63 - 1, not -1."),
        (("--seed", str(2**63)), "seed must be"),
        (("--from", "2025"), "base_year must be a financial year"),
        (("--from", "2025/27"), "Write 2025/26"),
        (("--project", "nowhere"), "is no Leftshift project"),
        (("--out", "file"), "is a file, not a folder"),
        (("--out", "file/below"), "is a file"),
        (("--out", "thesis"), "not a Leftshift run (thesis.docx)"),
    ],
)
def test_a_wrong_option_is_one_message_and_nothing_is_written(
    model: Model, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.docx").write_text("")
    done = call("outlook", "QMM", *words)
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stderr.startswith("Error: ")
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""
    assert visible(tmp_path) == ["file", "thesis"]
    assert model.asked == []


@pytest.mark.parametrize(
    "words",
    [("outlok",), ("outlook", "QMM", "--yeers", "3"), ("outlook", "QMM", "--years", "x")],
)
def test_a_misspelt_command_or_option_ends_with_status_2(words: tuple[str, ...]) -> None:
    done = call(*words)
    assert done.exit_code == 2
    assert "Error" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_area_names_the_nearest(model: Model, tmp_path: Path) -> None:
    done = call("outlook", "Norfolk and Sufolk")
    assert done.exit_code == 2
    assert "Norfolk and Suffolk" in done.stderr
    assert visible(tmp_path) == []


def test_ctrl_c_writes_nothing_and_ends_with_130(model: Model, tmp_path: Path) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    model.then = interrupt
    done = call("outlook", "QMM")
    assert done.exit_code == 130
    assert done.stderr.endswith("Stopped. Nothing was written.\n")
    assert visible(tmp_path) == []


def test_running_out_of_memory_says_what_to_do(model: Model) -> None:
    def run_out() -> None:
        raise MemoryError

    model.then = run_out
    done = call("outlook", "QMM")
    assert done.exit_code == 2
    assert "fewer --people" in done.stderr


def test_demo_is_the_left_shift_plan_for_norfolk_and_suffolk(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    def simulated(plan: Any, catalogue: Any, area: Any, **options: Any) -> types.SimpleNamespace:
        asked.update(plan=plan.name, area=area.code, people=plan.people, draws=plan.draws)
        return types.SimpleNamespace(outcome=model.compute(catalogue, area))

    monkeypatch.setattr("leftshift.plans.run.simulated", simulated)
    done = call("demo")
    assert done.exit_code == 0, done.output
    assert asked == {
        "plan": "Left shift to 2035", "area": "norfolk-and-suffolk", "people": 20_000, "draws": 30,
    }  # fmt: skip
    assert "20,000 simulated" in done.stdout
    assert "30 draws" in done.stdout
    assert "Report: " in done.stdout
    assert "Open it" in done.stdout


def test_areas_are_searched_and_written_as_csv() -> None:
    done = call("areas", "norfolk", "--kind", "authority", "--csv")
    frame = pl.read_csv(io.StringIO(done.stdout))
    assert set(frame["kind"]) == {"authority"}
    assert "North Norfolk" in frame["name"].to_list()
    assert "QMM" in call("areas", "waveney").stdout
    wrong = call("areas", "--kind", "borad")
    assert wrong.exit_code == 2
    assert '"board"' in wrong.stderr


def test_the_catalogue_is_searched() -> None:
    assert "base.year" in call("catalogue", "base.year").stdout
    assert call("catalogue", "no such row at all").stdout == "Nothing found.\n"
    assert call("catalogue", "base", "--csv").stdout.startswith("id,value,unit,grade,label\n")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end otherwise on Windows")
def test_a_reader_that_has_had_enough_is_no_error() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", "from leftshift.cli import main; main()", "areas"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.close()
    assert child.stderr.read() == b""
    child.stderr.close()
    assert child.wait() in (0, 141)


def test_a_fault_of_ours_is_owned_and_shown_on_request(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from leftshift import cli

    def fail(*arguments: object) -> None:
        raise KeyError("odd")

    monkeypatch.setattr(verbs, "catalogue", fail)
    monkeypatch.setattr(sys, "argv", ["leftshift", "catalogue"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert "KeyError: 'odd'" in said
    assert "Traceback" not in said
    monkeypatch.setenv("LEFTSHIFT_DEBUG", "1")
    with pytest.raises(SystemExit):
        cli.main()
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent otherwise on Windows")
def test_ctrl_c_ends_the_process_at_once_though_threads_still_work(tmp_path: Path) -> None:
    script = """
        import threading, time
        from leftshift import cli, verbs
        def work(*given):
            threading.Thread(target=time.sleep, args=(60,)).start()
            print("working", flush=True)
            time.sleep(60)
        verbs.outlook = work
        cli.main()
        """
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), "outlook", "QMM"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "working\n"
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=30)
    assert child.returncode == 130
    assert said == "Stopped. Nothing was written.\n"
    assert visible(tmp_path) == []


def test_a_project_gives_what_was_not_given(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    (home / "footprints").mkdir(parents=True)
    (home / "footprints" / "ours.toml").write_text(
        '[footprint]\nname = "Ours"\nfrom = 2026-04-01\n[footprint.members]\nQMM = 1.0\n'
    )
    (home / "leftshift.toml").write_text(
        'area = "footprints/ours.toml"\nyears = 7\npeople = "all"\nbase_year = "2019/20"\n'
    )
    run = leftshift.outlook(seed=3, project=home)
    assert run.path.parent == home / "runs"
    asked = model.asked[0]
    assert (asked["years"], asked["people"], asked["base_year"]) == (7, "all", 2019)
    assert (asked["seed"], asked["draws"]) == (3, 0)
    monkeypatch.chdir(home)
    leftshift.outlook("QMM", years=2)
    assert model.asked[1]["area"] == "QMM"
    assert model.asked[1]["years"] == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('area = "QMM"\nyeers = 3\n', 'leftshift.toml:2: no setting called "yeers".*"years"'),
        ("years = 0\n", "leftshift.toml:1: years must be a whole number from 1 to 40, not 0"),
        ("years = true\n", "leftshift.toml:1: years must be"),
        ("seed = 1.5\n", "leftshift.toml:1: seed must be"),
        ("base_year = 2025-04-01\n", "leftshift.toml:1: base_year must be"),
        ('area = " "\n', "leftshift.toml:1: area must be"),
        ("area = \n", "leftshift.toml"),
    ],
)
def test_a_wrong_project_file_is_named_by_its_line(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "leftshift.toml").write_text(text)
    with pytest.raises(ProjectError, match=words):
        Project.find(tmp_path)


def test_no_area_at_all_says_how_to_give_one(model: Model) -> None:
    with pytest.raises(SettingError, match="leftshift outlook QMM"):
        leftshift.outlook()


def test_threads_are_counted_or_set() -> None:
    assert threads({}) >= 1
    assert threads({"LEFTSHIFT_THREADS": " 3 "}) == 3
    for wrong in ("0", "-1", "two", "1025", "1.5"):
        with pytest.raises(SettingError, match="LEFTSHIFT_THREADS must be a whole number"):
            threads({"LEFTSHIFT_THREADS": wrong})


def test_settings_are_checked_into_their_types() -> None:
    assert checked("people", "ALL") == "all"
    assert checked("people", "1,000") == 1000
    assert str(checked("base_year", "2025/26")) == "2025/26"
    for name, wrong in (("years", None), ("years", "²"), ("people", True), ("base_year", None)):
        with pytest.raises(LeftshiftError):
            checked(name, wrong)


def test_validate_refuses_a_file_it_could_not_write(tmp_path: Path) -> None:
    for wrong in ("result.txt", str(tmp_path / "no" / "result.csv")):
        done = call("validate", "--out", wrong)
        assert done.exit_code == 2
        assert "Traceback" not in done.stderr


def test_plain_progress_promises_only_what_it_can_know() -> None:
    now = [0.0]
    stream = io.StringIO()
    with Progress(stream, clock=lambda: now[0]) as progress:
        progress("solving hazards", 0, 1)
        now[0] = 4.0
        progress("parameter draws", 0, 50)
        for done in range(1, 51):
            now[0] += 1.0
            progress("parameter draws", done, 50)
    assert stream.getvalue().splitlines() == [
        "Solving hazards …",
        "Parameter draws …",
        "Parameter draws: 10 of 50, about 40 s left in this step",
        "Parameter draws: 20 of 50, about 30 s left in this step",
        "Parameter draws: 30 of 50, about 20 s left in this step",
        "Parameter draws: 40 of 50, about 10 s left in this step",
    ]
    assert [duration(s) for s in (8, 89, 95, 7500)] == ["8 s", "89 s", "2 min", "2 h 5 min"]


def test_columns_are_aligned_with_figures_to_the_right() -> None:
    assert aligned(("id", "value"), [("a", "1"), ("bcd", "12.5")]) == (
        "id   value\na        1\nbcd   12.5"
    )
    assert aligned(("id", "value"), []) == "id  value"


def test_a_missing_browser_skips_or_fails_as_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("LEFTSHIFT_CHROMIUM", sys.executable)
    assert find_chromium() == sys.executable
    monkeypatch.setenv("LEFTSHIFT_CHROMIUM", str(tmp_path / "none"))
    monkeypatch.setenv("LEFTSHIFT_REQUIRE_BROWSER", "1")
    with pytest.raises(pytest.fail.Exception, match="no Chromium"):
        find_chromium()
    monkeypatch.delenv("LEFTSHIFT_CHROMIUM")
    monkeypatch.delenv("LEFTSHIFT_REQUIRE_BROWSER")
    with pytest.raises(pytest.skip.Exception, match="no Chromium"):
        find_chromium()


def test_a_validation_shows_both_lists_and_owns_up_where_naive_does_as_well(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nan = float("nan")
    columns = (
        "list", "subject", "group", "unit", "model", "lower", "upper", "published", "ratio",
        "naive", "naive_ratio", "better", "source",
    )  # fmt: skip
    rows = pl.DataFrame(
        [
            ("Reproduces its inputs", "life expectancy", "female", "years", 83.1, nan, nan, 83.0,
             1.001, None, None, None, "a"),
            ("Predicts what it never saw", "people", "85+", "people", 1.4e6, 1.3e6, 1.5e6, 1.5e6,
             0.933, 1.5e6, 1.0, False, "b"),
            ("Predicts what it never saw", "people", "QMM: 85+", "people", 1.0, nan, nan, 1.0,
             1.0, 1.0, 1.0, False, "b"),
        ],
        schema=columns,
        orient="row",
    )  # fmt: skip
    whole = pl.DataFrame({"subject": ["people"], "model_error": [1.25]})
    monkeypatch.setattr("leftshift.people.validation.validate", lambda *given, **named: rows)
    monkeypatch.setattr("leftshift.people.validation.summarise", lambda rows: whole)
    monkeypatch.setattr("leftshift.care.validation.validate", lambda *given, **named: rows.clear())
    done = call("validate", "--out", str(tmp_path / "last.md"))
    assert done.exit_code == 0, done.output
    for words in ("Reproduces its inputs", "Predicts what it never saw", "1,400,000", "0.933",
                  "1,300,000 to 1,500,000", "no better than naive", "1.25"):  # fmt: skip
        assert words in done.stdout, words
    assert "QMM" not in done.stdout
    page = (tmp_path / "last.md").read_text(encoding="utf-8")
    assert "## Predicts what it never saw" in page
    assert call("validate", "--out", str(tmp_path / "last.csv")).exit_code == 0
    assert pl.read_csv(tmp_path / "last.csv").height == 3
    assert visible(tmp_path) == ["last.csv", "last.md"]
