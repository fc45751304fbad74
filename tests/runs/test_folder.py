"""A run folder is whole or is not there."""

import errno
import hashlib
import json
import os
import random
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from leftshift.errors import RunError, SchemaError
from leftshift.runs import (
    complete_run,
    default_name,
    existing_run,
    identity_hash,
    open_run,
    rename,
    write_run,
)


def report(folder: Path) -> None:
    (folder / "report.html").write_text(f"<p>{open_run(folder).title}</p>", encoding="utf-8")


def left_behind(parent: Path) -> list[str]:
    return sorted(entry.name for entry in parent.iterdir())


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted((folder / "tables").iterdir())}


def test_a_run_reads_back_what_was_written(tmp_path: Path, asked: dict[str, Any]) -> None:
    run = write_run(tmp_path / "deep" / "run", **asked, finish=report)
    again = open_run(tmp_path / "deep" / "run")
    assert again.tables == ("summary", "people")
    assert again.table("people")["value"].sum() == asked["tables"]["people"]["value"].sum()
    assert again.identity == asked["identity"]
    assert again.about == asked["about"]
    assert again.provenance == asked["provenance"]
    assert again.identity_sha256 == identity_hash(asked["identity"]) == run.identity_sha256
    assert again.report is not None
    assert "Norfolk" in again.report.read_text(encoding="utf-8")
    assert (again.path / "plan.toml").read_text(encoding="utf-8") == asked["plan"]
    assert left_behind(tmp_path / "deep") == ["run"]


def test_rows_are_sorted_by_every_key_whatever_order_they_came_in(
    tmp_path: Path, asked: dict[str, Any]
) -> None:
    shuffled = {
        name: frame.sample(fraction=1.0, shuffle=True, seed=3)
        for name, frame in asked["tables"].items()
    }
    one = write_run(tmp_path / "one", **asked)
    other = write_run(tmp_path / "other", **{**asked, "tables": shuffled})
    assert bytes_of(one.path) == bytes_of(other.path)


def test_the_same_rows_give_the_same_bytes_for_any_number_of_threads(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import sys
        import numpy as np, polars as pl
        from leftshift.runs import write_run
        n = 300_000
        values = np.random.Generator(np.random.Philox(7)).random(n)
        frame = pl.DataFrame({"kind": ["k"] * n, "id": [f"i{i % 999:03}-{i}" for i in range(n)],
                              "label": [str(v) for v in values], "unit": [""] * n})
        write_run(sys.argv[1], {"a": 1}, {}, {}, {"names": frame})
        """
    )
    for threads in ("1", "2"):
        subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / threads)],
            env={**os.environ, "POLARS_MAX_THREADS": threads},
            check=True,
        )
    assert bytes_of(tmp_path / "1") == bytes_of(tmp_path / "2")


def test_csv_is_written_on_request_only(tmp_path: Path, asked: dict[str, Any]) -> None:
    without = write_run(tmp_path / "without", **asked)
    with_csv = write_run(tmp_path / "with", **asked, csv=True)
    assert not list(without.path.glob("tables/*.csv"))
    back = pl.read_csv(with_csv.path / "tables" / "people.csv")
    assert back.columns == with_csv.table("people").columns
    assert back.height == with_csv.table("people").height


def test_the_same_identity_is_reused_and_not_written_again(
    tmp_path: Path, asked: dict[str, Any]
) -> None:
    write_run(tmp_path / "run", **asked)
    later = {**asked, "provenance": {"started": "later"}}
    assert write_run(tmp_path / "run", **later).provenance == asked["provenance"]
    assert write_run(tmp_path / "run", **later, replace=True).provenance == {"started": "later"}
    assert left_behind(tmp_path) == ["run"]


def test_a_run_made_without_a_report_is_completed_without_touching_its_tables(
    tmp_path: Path, asked: dict[str, Any]
) -> None:
    bare = write_run(tmp_path / "run", **asked)
    before = bytes_of(bare.path)
    assert bare.report is None
    completed = complete_run(bare, finish=report)
    assert completed.report is not None
    assert bytes_of(completed.path) == before
    assert completed.identity_sha256 == bare.identity_sha256
    with_csv = complete_run(completed, csv=True)
    assert with_csv.report is not None
    assert with_csv.holds == ("csv", "report")
    assert complete_run(with_csv, finish=report, csv=True) is with_csv


def test_another_run_in_the_way_is_left_unless_it_is_to_be_replaced(
    tmp_path: Path, asked: dict[str, Any]
) -> None:
    write_run(tmp_path / "run", **asked)
    other = {**asked, "identity": {**asked["identity"], "seed": 2}}
    with pytest.raises(RunError, match="holds another run.*--replace"):
        write_run(tmp_path / "run", **other)
    assert open_run(tmp_path / "run").identity["seed"] == 1
    write_run(tmp_path / "run", **other, replace=True)
    assert open_run(tmp_path / "run").identity["seed"] == 2
    assert left_behind(tmp_path) == ["run"]


@pytest.mark.parametrize("replace", [False, True])
def test_a_folder_that_is_no_run_is_never_touched(
    tmp_path: Path, asked: dict[str, Any], replace: bool
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.docx").write_text("years of work")
    with pytest.raises(RunError, match=r"not a Leftshift run \(thesis.docx\)"):
        write_run(tmp_path / "run", **asked, replace=replace)
    assert left_behind(tmp_path / "run") == ["thesis.docx"]
    assert left_behind(tmp_path) == ["run"]


def test_odd_destinations_are_refused_before_any_work(
    tmp_path: Path, asked: dict[str, Any]
) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for target, words in (
        (tmp_path / "file", "is a file"),
        (tmp_path / "file" / "below", "is a file"),
        (tmp_path / "link", "link to nothing"),
        (Path("/proc/nowhere/run"), "not writable|is a file"),
    ):
        with pytest.raises(RunError, match=words):
            existing_run(target, asked["identity"])
    assert left_behind(tmp_path) == ["file", "link"]


def test_an_empty_folder_is_filled(tmp_path: Path, asked: dict[str, Any]) -> None:
    (tmp_path / "run").mkdir()
    assert existing_run(tmp_path / "run", asked["identity"]) is None
    assert write_run(tmp_path / "run", **asked).tables == ("summary", "people")


def test_a_failing_report_leaves_nothing_behind(tmp_path: Path, asked: dict[str, Any]) -> None:
    def fail(folder: Path) -> None:
        (folder / "report.html").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_run(tmp_path / "runs" / "run", **asked, finish=fail)
    assert left_behind(tmp_path) == []


def test_a_full_disk_is_one_message_and_leaves_the_old_run(
    tmp_path: Path, asked: dict[str, Any]
) -> None:
    def full(folder: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(RunError, match="No space left on device. Nothing was written"):
        write_run(tmp_path / "run", **asked, finish=full)
    assert left_behind(tmp_path) == []
    write_run(tmp_path / "run", **asked)
    with pytest.raises(RunError, match="No space left on device"):
        write_run(tmp_path / "run", **asked, finish=full, replace=True)
    assert open_run(tmp_path / "run").holds == ()
    assert left_behind(tmp_path) == ["run"]


class Killed(BaseException):
    """Stands for the end of the process: nothing that follows it may tidy up."""


@pytest.mark.parametrize("exchange", [True, False], ids=["exchange", "two-renames"])
def test_a_death_at_any_step_of_a_replacement_leaves_one_whole_run(
    tmp_path: Path, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch, exchange: bool
) -> None:
    new = {**asked, "identity": {**asked["identity"], "seed": 2}}
    steps = ("_rename", "_settle_names", "discard", "_exchange")
    real = {name: getattr(rename, name) for name in steps}
    if not exchange:
        real["_exchange"] = lambda one, other: False
    seen = set()
    for deadly in range(1, 40):
        folder = tmp_path / str(deadly) / "run"
        write_run(folder, **asked)
        left = [deadly]

        def step(name: str, left: list[int] = left) -> Any:
            def taken(*arguments: Any) -> Any:
                if left[0] <= 0:
                    raise Killed
                left[0] -= 1
                if left[0] == 0:
                    raise Killed
                return real[name](*arguments)

            return taken

        with monkeypatch.context() as patch:
            for name in steps:
                patch.setattr(rename, name, step(name))
            try:
                write_run(folder, **new, replace=True)
                finished = True
            except Killed:
                finished = False
        run = open_run(folder)
        seen.add(run.identity["seed"])
        assert run.table("people").height == 32
        assert not [
            name
            for name in left_behind(folder.parent)
            if not name.startswith(".leftshift-") and name != "run"
        ]
        if finished:
            assert run.identity["seed"] == 2
            break
    else:
        pytest.fail("the replacement never ended")
    assert seen == {1, 2}


CHILD = textwrap.dedent(
    """
    import sys, itertools
    import polars as pl
    from leftshift.runs import write_run
    n = 20_000
    print("ready", flush=True)
    for turn in itertools.count():
        frame = pl.DataFrame({"kind": ["k"] * n, "id": [f"{i:06}" for i in range(n)],
                              "label": [str(turn)] * n, "unit": [""] * n})
        def finish(folder):
            (folder / "report.html").write_text(str(turn) * 100_000)
        write_run(sys.argv[1], {"turn": turn}, {}, {"turn": turn}, {"names": frame}, finish=finish,
                  csv=True, replace=True)
    """
)


def test_kill_9_at_any_moment_leaves_nothing_visible_or_a_whole_run(tmp_path: Path) -> None:
    chance = random.Random(20261121)
    for attempt in range(5):
        parent = tmp_path / str(attempt)
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(parent / "run")], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(0.0 if attempt == 0 else chance.uniform(0.0, 0.25))
        child.kill()
        child.wait()
        child.stdout.close()
        if not parent.exists():
            continue
        visible = [name for name in left_behind(parent) if not name.startswith(".leftshift-")]
        assert visible in ([], ["run"])
        if visible:
            run = open_run(parent / "run")
            file = run.path / "tables" / "names.parquet"
            told = run.manifest["tables"]["names"]["sha256"]
            assert hashlib.sha256(file.read_bytes()).hexdigest() == told
            assert set(run.table("names")["label"]) == {str(run.about["turn"])}
            assert (run.path / "report.html").stat().st_size >= 100_000


def test_what_a_dead_writer_left_is_removed_after_a_day_and_a_live_writers_is_not(
    tmp_path: Path, asked: dict[str, Any]
) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    names = {
        "old": f".leftshift-tmp-{dead.pid}-aa",
        "young": f".leftshift-tmp-{dead.pid}-bb",
        "live": f".leftshift-tmp-{os.getpid()}-cc",
    }
    for name in names.values():
        (tmp_path / name).mkdir()
    long_ago = time.time() - 2 * 86_400
    for which in ("old", "live"):
        os.utime(tmp_path / names[which], (long_ago, long_ago))
    write_run(tmp_path / "run", **asked)
    assert left_behind(tmp_path) == sorted([names["young"], names["live"], "run"])


def test_identity_ignores_the_order_of_keys_and_refuses_what_is_no_json() -> None:
    assert identity_hash({"a": 1, "b": {"c": 2, "d": 3}}) == identity_hash(
        {"b": {"d": 3, "c": 2}, "a": 1}
    )
    assert identity_hash({"a": 1}) != identity_hash({"a": 2})
    for odd in ({"a": float("nan")}, {"a": Path()}):
        with pytest.raises(RunError, match="must be JSON"):
            identity_hash(odd)


@pytest.mark.parametrize(
    ("area", "start"),
    [
        ("norfolk-and-suffolk", "norfolk-and-suffolk-"),
        ('St. Helens: "a/b" \\ c?', "St-Helens-a-b-c-"),
        ("Ynys Môn", "Ynys-Mon-"),
        ("日本", "area-"),
        ("CON", "CON-"),
        ("x" * 300, "x" * 60 + "-"),
    ],
)
def test_names_are_safe_on_every_platform(area: str, start: str) -> None:
    name = default_name(area, {"a": 1})
    assert name == start + identity_hash({"a": 1})[:12]


def test_opening_what_is_no_run_says_so(tmp_path: Path, asked: dict[str, Any]) -> None:
    run = write_run(tmp_path / "norfolk", **asked)
    with pytest.raises(RunError, match='no run folder at .*Nearest: "norfolk"'):
        open_run(tmp_path / "norfolq")
    (tmp_path / "empty").mkdir()
    with pytest.raises(RunError, match=r"not a Leftshift run: it has no run\.json"):
        open_run(tmp_path / "empty")
    with pytest.raises(RunError, match='no table "peeple".*Nearest: "people"'):
        run.table("peeple")
    (run.path / "tables" / "people.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(RunError, match="damaged"):
        open_run(run.path).table("people")
    (run.path / "tables" / "people.parquet").unlink()
    with pytest.raises(RunError, match="tables missing: people"):
        open_run(run.path)
    write_run(run.path, **asked, replace=True)
    (run.path / "run.json").write_text(json.dumps({"identity": {}}))
    with pytest.raises(RunError, match="cannot be read as a run"):
        open_run(run.path)
    with pytest.raises(RunError, match="not a Leftshift run"):
        write_run(run.path, **asked, replace=True)


def test_a_frame_that_is_not_as_described_writes_nothing(
    tmp_path: Path, asked: dict[str, Any]
) -> None:
    asked["tables"]["people"] = asked["tables"]["people"].drop("few")
    with pytest.raises(SchemaError, match="columns missing: few"):
        write_run(tmp_path / "runs" / "run", **asked)
    assert left_behind(tmp_path) == []


def test_a_run_shows_itself_in_a_terminal_and_a_notebook(
    tmp_path: Path, asked: dict[str, Any]
) -> None:
    run = write_run(tmp_path / "run", **asked)
    plain = repr(run)
    for words in (
        "Outlook for <Norfolk & Waveney>",
        "1,600 →",
        "1,760",
        "+10.0%",
        "people (32)",
        "old projection",
        "without intervals",
    ):
        assert words in plain, words
    page = run._repr_html_()
    assert "Outlook for &lt;Norfolk &amp; Waveney&gt;" in page
    assert "<Norfolk" not in page
    assert '<th scope="row"' in page


def test_a_run_without_a_summary_still_shows_itself(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", {"a": 1}, {}, {}, {})
    assert "Run: run" in repr(run)
    assert run.headlines().is_empty()
    assert "<table>" in run._repr_html_()
