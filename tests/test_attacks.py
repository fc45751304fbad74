"""What a careless or unlucky user does: one clear message, and nothing half done."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import textwrap
import types
from pathlib import Path

import pytest

import leftshift
from leftshift.areas import find_area, list_areas
from leftshift.catalogue import Catalogue
from leftshift.errors import (
    AreaError,
    CatalogueError,
    FootprintError,
    ModelError,
    ReportError,
    RunError,
    SettingError,
)
from leftshift.people.own_figures import blaming_own_figures, own_figures
from leftshift.runs import existing_run, rename, write_run

HEADER = "id,label,value,lower,upper,distribution,unit,source,as_of,grade,note\n"
WHERE_PIPES_ARE_POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX only")


def project(folder: Path, rows: str) -> Path:
    (folder / "catalogue").mkdir(parents=True)
    (folder / "catalogue" / "own.csv").write_text(HEADER + rows, encoding="utf-8")
    (folder / "leftshift.toml").write_text('area = "QMM"\n', encoding="utf-8")
    return folder


def own(identity: str, value: float, label: str = "Ours") -> str:
    row = Catalogue.load().rows(identity)
    unit = row[0].estimate.unit if row else "per year"
    return f'{identity},{label},{value},,,fixed,"{unit}",local,2024,A,\n'


def command(*words: str, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [sys.executable, "-m", "leftshift", *words],
        **{"capture_output": True, "text": True, "timeout": 120, **more},
    )


# Figures of a user's own ----------------------------------------------------------------------


def test_a_misspelt_row_of_ones_own_is_said_to_change_nothing(tmp_path: Path) -> None:
    cat = Catalogue.load(project(tmp_path, own("mortality.levl", 0.9)))
    said = own_figures(cat, cat.parameters())
    assert said == [
        'Your own row "mortality.levl" replaces no shipped figure, and nothing here uses it. '
        'Nearest: "mortality.level".'
    ]


def test_figures_of_ones_own_are_named_among_the_warnings(tmp_path: Path) -> None:
    cat = Catalogue.load(project(tmp_path, own("mortality.level", 0.9)))
    assert own_figures(cat, cat.parameters()) == [
        "Figures of your own stand in place of shipped ones: mortality.level."
    ]
    assert own_figures(Catalogue.load(), Catalogue.load().parameters()) == []


def test_a_figure_that_cannot_be_is_bad_input_and_not_our_fault(tmp_path: Path) -> None:
    home = project(tmp_path, own("mortality.level", -1.0))
    with pytest.raises(ModelError, match=r"Your own are mortality\.level: correct them"):
        leftshift.outlook(years=1, people=50, report=False, project=home, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_fault_under_the_shipped_figures_stays_a_fault() -> None:
    @blaming_own_figures
    def work(catalogue: Catalogue) -> None:
        raise IndexError("ours")

    with pytest.raises(IndexError, match="ours"):
        work(Catalogue.load())


def test_a_row_with_a_character_that_cannot_be_shown_is_refused(tmp_path: Path) -> None:
    home = project(tmp_path, own("mortality.level", 1.0, label="a\x01b"))
    with pytest.raises(CatalogueError, match=r"own\.csv:2: .*label holds a character"):
        Catalogue.load(home)


def test_a_catalogue_that_is_a_file_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "catalogue").write_text("", encoding="utf-8")
    with pytest.raises(CatalogueError, match="is a file. Make it a folder"):
        Catalogue.load(tmp_path)


# Areas ----------------------------------------------------------------------------------------


def test_part_of_a_name_lists_the_areas_that_hold_it() -> None:
    with pytest.raises(AreaError) as wrong:
        find_area("norfolk", Catalogue.load())
    for words in ('Nearest: "', "QMM (Norfolk and Waveney)", "norfolk-and-suffolk"):
        assert words in str(wrong.value)


def test_areas_are_found_by_their_kind() -> None:
    cat = Catalogue.load()
    assert set(list_areas(cat, "clusters")["kind"]) == {"cluster"}
    assert list_areas(cat, "boards")["kind"].to_list().count("board") == 42


def test_a_share_too_small_to_hold_anyone_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "tiny.toml"
    file.write_text(
        '[footprint]\nname = "Tiny"\n[footprint.members]\nE07000148 = 1e-9\n', encoding="utf-8"
    )
    with pytest.raises(FootprintError, match=r"tiny\.toml:4: the share of E07000148"):
        find_area(str(file), Catalogue.load())


# Where a run is to lie ------------------------------------------------------------------------


@pytest.mark.parametrize("name", [os.sep, "x" * 300, "a\0b"])
def test_a_name_that_no_folder_can_have_is_one_message(tmp_path: Path, name: str) -> None:
    folder = name if name == os.sep else str(tmp_path / name)
    with pytest.raises(RunError, match="--out"):
        existing_run(folder, {"a": 1})


@WHERE_PIPES_ARE_POSIX
def test_a_name_that_is_no_utf_8_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no folder can be called"):
        existing_run(tmp_path / "caf\udce9", {"a": 1})


def test_the_folder_one_works_in_is_never_renamed_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for folder in (".", tmp_path / "here"):
        with pytest.raises(RunError, match="is the folder that you work in"):
            write_run(folder, {"a": 1}, {}, {}, {}, replace=True)
    assert list(tmp_path.iterdir()) == [tmp_path / "here"]


def test_a_full_disk_during_the_report_names_the_folder_that_was_asked_for(tmp_path: Path) -> None:
    def finish(folder: Path) -> None:
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError as error:
            raise ReportError(f"{folder} could not be written: {error}.") from error

    with pytest.raises(RunError) as wrong:
        write_run(tmp_path / "run", {"a": 1}, {}, {}, {}, finish=finish)
    assert str(wrong.value) == (
        f"could not write the run folder {tmp_path / 'run'}: No space left on device. Nothing was "
        "written there. Free some space or choose another folder with --out."
    )
    assert list(tmp_path.iterdir()) == []


@WHERE_PIPES_ARE_POSIX
def test_the_next_run_removes_what_a_killed_one_left(tmp_path: Path) -> None:
    script = """
        import os, signal, sys
        from pathlib import Path
        from leftshift.runs import write_run
        write_run(sys.argv[1], {"a": 1}, {}, {}, {},
                  finish=lambda _: os.kill(os.getpid(), signal.SIGKILL))
        """
    words = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path / "run")]
    assert subprocess.run(words).returncode == -signal.SIGKILL
    left = [entry.name for entry in tmp_path.iterdir()]
    assert len(left) == 1
    assert left[0].startswith(".leftshift-tmp-")
    living = rename.temporary(tmp_path)
    write_run(tmp_path / "run", {"a": 1}, {}, {}, {})
    assert sorted(entry.name for entry in tmp_path.iterdir()) == sorted([living.name, "run"])


@WHERE_PIPES_ARE_POSIX
def test_two_writers_of_one_run_both_end_well_and_leave_one(tmp_path: Path) -> None:
    script = """
        import sys, time
        from leftshift.runs import write_run
        run = write_run(sys.argv[1], {"a": 1}, {}, {"title": "T"}, {},
                        finish=lambda _: time.sleep(1.0))
        print(run.title)
        """
    words = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path / "run")]
    both = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [child.communicate(timeout=60)[0] for child in both] == ["T\n", "T\n"]
    assert [child.returncode for child in both] == [0, 0]
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]


# The terminal, or what there is instead -------------------------------------------------------


def test_words_for_a_number_are_answered_in_leftshifts_own_words() -> None:
    for words in (("outlook", "QMM", "--years", "abc"), ("validate", "--seed", "x")):
        done = command(*words)
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1
        assert "must be a whole number from" in done.stderr


@WHERE_PIPES_ARE_POSIX
def test_closed_streams_are_no_fault() -> None:
    for closing in (">&-", "2>&-", ">&- 2>&-"):
        line = f'"{sys.executable}" -m leftshift areas norwich {closing}'
        done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True)
        assert done.returncode == 0, (closing, done)
        assert "fault" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_output_to_a_full_disk_is_one_message() -> None:
    with Path("/dev/full").open("w") as full:
        done = command("areas", capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert done.stderr == "Error: the disk is full, or what the output goes to is. Free some.\n"


@WHERE_PIPES_ARE_POSIX
def test_ctrl_c_while_the_command_is_still_being_read_in_is_answered_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from leftshift import __main__ as entry

    class Interrupted(types.ModuleType):
        def __getattr__(self, name: str) -> object:
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "leftshift.cli", Interrupted("leftshift.cli"))
    with pytest.raises(SystemExit) as ended:
        entry.main()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "Stopped. Nothing was written.\n"


@WHERE_PIPES_ARE_POSIX
def test_a_ctrl_c_that_a_finaliser_swallows_is_not_lost() -> None:
    script = """
        import signal, time
        from leftshift import cli, verbs
        class Finalised:
            def __del__(self):
                signal.raise_signal(signal.SIGINT)
                time.sleep(0.01)
        def work(*given):
            Finalised()
            time.sleep(30)
        verbs.outlook = work
        cli.main()
        """
    words = [sys.executable, "-c", textwrap.dedent(script), "outlook", "QMM"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=20)
    assert done.returncode == 130
    assert done.stderr == "Stopped. Nothing was written.\n"


def test_no_python_path_or_locale_is_needed_to_name_a_place(tmp_path: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("locales are another matter on Windows")
    bare = {"PATH": os.environ["PATH"], "LC_ALL": "C", "LANG": "C"}
    done = command("areas", "norwich", env=bare, cwd=tmp_path)
    assert done.returncode == 0
    assert "E07000148" in done.stdout


# Where nothing can be kept --------------------------------------------------------------------


def test_an_engine_that_cannot_be_kept_is_compiled_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    from leftshift.engine import compiling

    asked = []

    def njit(**options: object) -> object:
        def compile_(function: object) -> object:
            asked.append(options["cache"])
            if options["cache"]:
                raise RuntimeError("cannot cache function: no locator available")
            return function

        return compile_

    monkeypatch.setattr(compiling, "njit", njit)
    monkeypatch.setattr(compiling, "kept", True)
    monkeypatch.setitem(compiling.OPTIONS, "cache", True)
    assert compiling.compiled(len) is len
    assert compiling.inlined(len) is len
    assert asked == [True, False, True, False]
    assert not compiling.kept


def test_settings_given_as_text_are_those_given_as_numbers() -> None:
    from leftshift.settings import checked

    assert checked("years", "20") == checked("years", 20)
    with pytest.raises(SettingError):
        checked("draws", "-1")
