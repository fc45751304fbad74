"""Draws give the same tables whoever makes them, and whatever interrupts them."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leftshift.areas import find_area
from leftshift.catalogue import Catalogue
from leftshift.errors import SettingError, ToolError
from leftshift.people import draws, hands, kept
from leftshift.people.consequences import EveryDraw
from leftshift.people.draws import spread_of
from leftshift.people.hands import Threads
from leftshift.people.kept import Kept, folder_of, forget
from leftshift.people.outlook import Outcome, compute
from leftshift.people.spread import Spread

COUNT = 40


def _nobody(what: str, done: int = 0, of: int = 1) -> None:
    return


# Made-up draws: quick, and each known by its number ----------------------------------------------


class Every:
    """Consequences that want an array of every draw."""

    replicated: tuple[str, ...] = ()
    tables_read: tuple[str, ...] = ()
    own_counts = None
    each = ("mine",)

    def __init__(self) -> None:
        self.held: dict[int, Any] = {}

    def identity(self) -> dict[str, Any]:
        return {}

    def bind(self, parameters: Any, world: Any) -> Any:
        raise NotImplementedError

    def frames(self, central: Any, bounds: Any, sampling: Any) -> Any:
        raise NotImplementedError

    def about(self) -> dict[str, Any]:
        return {}

    def take(self, draw: int, arrays: Any) -> None:
        assert draw not in self.held, "taken twice"
        self.held[draw] = arrays["mine"]

    def for_draws(self) -> Every:
        return Every()


def _made_up(_: Any, number: int) -> dict[str, Any]:
    rng = np.random.default_rng(number)
    return {"x": rng.normal(size=(30, 4)).astype(np.float32), "mine": rng.normal(size=5)}


class Backwards(Threads):
    """Hands that finish the last piece first, and stop after so many."""

    def __init__(self, most: int | None = None, error: BaseException | None = None) -> None:
        super().__init__(1)
        self.most, self.error = most, error
        self.made: list[int] = []

    def each(
        self, work: Callable[..., Any], on: Any, numbers: Iterable[int], heavy: bool = False
    ) -> Generator[tuple[int, Any], None, None]:
        for number in reversed(list(numbers)):
            if self.error is not None and len(self.made) == self.most:
                raise self.error
            self.made.append(number)
            yield number, work(on, number)


def _spread(
    crew: hands.Hands, folder: Path | None, tell: Callable[..., Any] = _nobody, seed: int = 1
) -> tuple[bytes, dict[int, Any], list[str]]:
    every, said = Every(), []

    def report(what: str, done: int, of: int) -> None:
        said.append(what)

    with Kept(folder, {"seed": seed}, tell) as where:
        on: Any = None
        found, _ = spread_of(on, COUNT, every, crew, where, report)
    bounds = found.bounds({"x": np.zeros((30, 4))})["x"]
    return b"".join(end.tobytes() for end in bounds), every.held, said


@pytest.fixture(autouse=True)
def _quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "model" not in request.node.name:
        monkeypatch.setattr(draws, "one_draw", _made_up)


@pytest.mark.parametrize("stopped_after", [1, 7, 8, 21, 39])
def test_a_run_that_was_stopped_goes_on_from_the_draws_it_made_to_the_same_bytes(
    tmp_path: Path, stopped_after: int
) -> None:
    wanted, every, _ = _spread(Threads(2), None)
    folder = folder_of(tmp_path / "run", "ab" * 32)
    first = Backwards(stopped_after, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt, match=rf"^{stopped_after} of 40 draws are kept"):
        _spread(first, folder)
    second = Backwards()
    found, taken, said = _spread(second, folder)
    assert found == wanted
    assert sorted(second.made) == sorted(set(range(1, COUNT + 1)) - set(first.made))
    assert f"resumed: {stopped_after} of 40 draws were done before" in said
    assert sorted(taken) == sorted(every)
    assert all((taken[n] == every[n]).all() for n in every)
    assert _spread(Backwards(0, AssertionError()), folder)[0] == wanted, "all are done: none anew"
    forget(folder)
    assert list(tmp_path.iterdir()) == []


def test_files_are_few_however_many_draws_there_are(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    _spread(Threads(1), folder)
    assert len(list(folder.glob("draw-*"))) < kept.FEWEST_TOGETHER + 2


def test_a_file_cut_short_is_a_draw_that_was_not_made(tmp_path: Path) -> None:
    wanted = _spread(Threads(1), None)[0]
    folder = tmp_path / "kept"
    with pytest.raises(KeyboardInterrupt):
        _spread(Backwards(15, KeyboardInterrupt()), folder)
    for path in folder.glob("*.npz"):
        if path.stem in ("draw-27", "each-27", "together"):
            path.write_bytes(path.read_bytes()[:-40])
    for name in ("draw-26.npz", "each-26.npz"):
        (folder / name).write_bytes(b"")
    assert _spread(Threads(2), folder)[0] == wanted


def test_a_changed_bit_in_a_file_is_seen(tmp_path: Path) -> None:
    wanted = _spread(Threads(1), None)[0]
    folder = tmp_path / "kept"
    with pytest.raises(KeyboardInterrupt):
        _spread(Backwards(5, KeyboardInterrupt()), folder)
    path = next(folder.glob("draw-*.npz"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    assert _spread(Threads(1), folder)[0] == wanted


def test_the_draws_of_another_run_are_not_gone_on_from(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    with pytest.raises(KeyboardInterrupt):
        _spread(Backwards(5, KeyboardInterrupt()), folder, seed=1)
    crew = Backwards()
    _spread(crew, folder, seed=2)
    assert len(crew.made) == COUNT


def test_what_is_not_ours_in_the_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear all")
    _spread(Threads(1), tmp_path)
    forget(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_full_disk_is_said_once_and_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = _spread(Threads(1), None)[0]
    saved = np.savez
    written: list[int] = []

    def full(file: Any, **arrays: Any) -> None:
        written.append(1)
        if len(written) > 6:
            raise OSError(errno.ENOSPC, "No space left on device")
        saved(file, **arrays)

    monkeypatch.setattr(np, "savez", full)
    told: list[str] = []
    folder = tmp_path / ".run.draws" / "abc"
    assert _spread(Threads(1), folder, told.append)[0] == wanted
    assert len(told) == 1
    assert "the disk is full" in told[0]
    assert "the run goes on" in told[0]
    assert not list(folder.glob(".*.part"))


def test_draws_of_a_run_that_fails_by_itself_are_not_kept_and_those_of_a_lost_cluster_are(
    tmp_path: Path,
) -> None:
    folder = folder_of(tmp_path / "runs" / "run", "cd" * 32)
    with pytest.raises(SettingError):
        _spread(Backwards(5, SettingError("wrong")), folder)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ToolError):
        _spread(Backwards(5, ToolError("lost")), folder)
    crew = Backwards()
    _spread(crew, folder)
    assert len(crew.made) == COUNT - 5


def test_a_spread_goes_on_from_its_state_to_the_same_bytes() -> None:
    values = np.random.default_rng(1).normal(size=(60, 9))
    values[3, 2], values[:, 5], values[7, 7] = np.nan, np.nan, -0.0
    whole, first, second = Spread(60), Spread(60), Spread(60)
    for one in values:
        whole.add({"a/b": one})
    for one in values[:23]:
        first.add({"a/b": one})
    second.restore({name: x.copy() for name, x in first.state().items()}, 23)
    for one in values[:22:-1]:
        second.add({"a/b": one})
    central = {"a/b": np.zeros(9)}
    for one, other in zip(whole.bounds(central)["a/b"], second.bounds(central)["a/b"], strict=True):
        assert one.tobytes() == other.tobytes()


# Hands -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("workers", "cluster", "said"),
    [
        (2, "tcp://127.0.0.1:8786", "give one of the two"),
        (0, None, "workers must be a whole number from 1, not 0"),
        (None, "127.0.0.1:8786", "no address of a Dask scheduler"),
        (None, "tcp://127.0.0.1", "no address of a Dask scheduler"),
        (None, "tcp://127.0.0.1:99999", "no address of a Dask scheduler"),
        (None, "", "no address of a Dask scheduler"),
    ],
)
def test_what_cannot_be_a_cluster_is_said(
    workers: int | None, cluster: str | None, said: str
) -> None:
    with pytest.raises(SettingError, match=said), hands.hands(1, workers, cluster, _nobody):
        pass


def test_without_the_extra_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(ToolError, match=r'pip install "leftshift\[cluster\]"'),
        hands.hands(1, 2, None, _nobody),
    ):
        pass


def test_dask_is_imported_only_when_it_is_asked_for() -> None:
    code = (
        "import sys; from leftshift.people import hands, outlook\n"
        "with hands.hands(2, None, None, print) as crew: print(crew.words)\n"
        "assert 'distributed' not in sys.modules and 'dask' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "2 threads\n", done.stderr


def test_a_scheduler_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from leftshift.people import cluster

    monkeypatch.setattr(cluster, "_ANSWERS", 0.3)
    with (
        pytest.raises(ToolError, match="no Dask scheduler answers at tcp://127.0.0.1:1"),
        hands.hands(1, None, "tcp://127.0.0.1:1", _nobody),
    ):
        pass


@pytest.fixture(scope="module")
def scheduler() -> Generator[Any, None, None]:
    """A scheduler without workers, on a thread of this process."""
    import distributed

    with distributed.LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=0, processes=False, protocol="tcp", host="127.0.0.1", dashboard_address=None
    ) as local:
        yield local


def test_a_scheduler_without_workers_is_said(
    scheduler: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from leftshift.people import cluster

    monkeypatch.setattr(cluster, "_HAS_WORKERS", 0.2)
    told: list[str] = []
    with (
        pytest.raises(ToolError, match="has no workers. Start one with: dask worker tcp://"),
        hands.hands(1, None, scheduler.scheduler_address, told.append),
    ):
        pass
    assert any("waiting for one to join" in one for one in told)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"leftshift": "another"}, "must have this very version of Leftshift"),
        ({"numba": "0.1"}, "has numba 0.1 where this machine has"),
    ],
)
def test_workers_of_another_version_are_refused(
    scheduler: Any, monkeypatch: pytest.MonkeyPatch, other: dict[str, str], said: str
) -> None:
    from leftshift.people import cluster

    made_with, main = cluster.made_with, threading.get_ident()

    def told() -> dict[str, str]:
        return {**made_with(), **({} if threading.get_ident() == main else other)}

    monkeypatch.setattr(cluster, "made_with", told)
    scheduler.scale(1)
    with (
        pytest.raises(ToolError, match=said),
        hands.hands(1, None, scheduler.scheduler_address, _nobody),
    ):
        pass


# The model itself --------------------------------------------------------------------------------


def _model(**asked: Any) -> Outcome:
    catalogue = Catalogue.load()
    options: dict[str, Any] = {"years": 1, "people": 300, "draws": 5, "threads": 2}
    return compute(catalogue, find_area("E07000148", catalogue), **{**options, **asked})


def _bytes(outcome: Outcome, folder: Path) -> dict[str, bytes]:
    found = {}
    for name, frame in outcome.tables.items():
        frame.write_parquet(folder / "one.parquet")
        found[name] = (folder / "one.parquet").read_bytes()
    return found


@pytest.fixture(scope="module")
def by_one_thread(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return _bytes(_model(threads=1), tmp_path_factory.mktemp("model"))


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_the_model_killed_with_kill_9_goes_on_to_the_same_bytes(
    tmp_path: Path, by_one_thread: dict[str, bytes]
) -> None:
    folder = folder_of(tmp_path / "run", "ef" * 32)
    code = f"""
import os, signal
from pathlib import Path
from leftshift.areas import find_area
from leftshift.catalogue import Catalogue
from leftshift.people.outlook import compute
catalogue = Catalogue.load()
def killed(what, done, of):
    if what == "parameter draws" and done == 3:
        os.kill(os.getpid(), signal.SIGKILL)
compute(catalogue, find_area("E07000148", catalogue), years=1, people=300, draws=5, threads=2,
        keep=Path({str(folder)!r}), progress=killed)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    again = _model(keep=folder)
    assert again.provenance["draws_made_before"] == 3
    assert _bytes(again, tmp_path) == by_one_thread


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_the_model_on_worker_processes_of_which_one_is_killed_gives_the_same_bytes(
    tmp_path: Path, by_one_thread: dict[str, bytes]
) -> None:
    import psutil

    killed: list[int] = []

    def progress(what: str, done: int, of: int) -> None:
        if what == "parameter draws" and done == 2 and not killed:
            family = psutil.Process().children(recursive=True)
            # Workers are those that have the model loaded; the rest only look after them.
            victim = max(family, key=lambda one: one.memory_info().rss)
            os.kill(victim.pid, signal.SIGKILL)
            killed.append(victim.pid)

    begun = time.monotonic()
    made = _model(workers=2, progress=progress)
    assert killed
    assert made.provenance["draws_made_by"] == "2 processes of this machine"
    assert _bytes(made, tmp_path) == by_one_thread, time.monotonic() - begun


@pytest.mark.slow
def test_a_worker_that_dies_over_its_work_is_replaced_and_one_that_always_does_is_named(
    tmp_path: Path,
) -> None:
    def once(flag: str, number: int) -> int:
        import os
        from pathlib import Path

        if number == 3 and not Path(flag).exists():
            Path(flag).touch()
            os._exit(9)
        return number * number

    def always(flag: str, number: int) -> int:
        import os

        os._exit(9)

    with hands.hands(1, 2, None, _nobody) as crew:
        found = dict(crew.each(once, str(tmp_path / "died"), range(8)))
        assert found == {n: n * n for n in range(8)}
        assert (tmp_path / "died").exists()
        with pytest.raises(ToolError, match="ended every worker that tried it"):
            dict(crew.each(always, "", range(1)))


@pytest.mark.slow
def test_the_model_of_a_plan_has_the_same_effects_by_workers_and_where_it_was_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draws, "REPLICATES", 2)  # quicker
    from leftshift.care.model import Care
    from leftshift.people.model import Frame
    from leftshift.plans.beside import Asked, PlanOnCare
    from leftshift.plans.files import read_plan
    from leftshift.plans.places import located
    from leftshift.plans.run import laid
    from tests.plans.made_up import block, effect

    catalogue = Catalogue.load()
    area = find_area("E07000148", catalogue)
    path = tmp_path / "plan.toml"
    doing = block("safer", "age >= 40", "0.4") + effect("death", "hazard:death", 0.8)
    path.write_text(f'[plan]\nname = "Made up"\nstart = "2026/27"\nyears = 2\n{doing}')
    plan = located(read_plan(path, catalogue), area)
    over = laid(catalogue, plan.rows)

    def made(**asked: Any) -> tuple[dict[str, bytes], Any]:
        hanging = PlanOnCare(
            plan, Care(over, area, Frame(2025, 2)), Asked(2, 300, 3, 1), threads=2, headline=False
        )
        options: dict[str, Any] = {"years": 2, "people": 300, "draws": 3, "threads": 2}
        ran = compute(over, area, **options, consequences=hanging, **asked)
        assert isinstance(hanging, EveryDraw)
        return _bytes(ran, tmp_path), hanging.results

    def stopped(what: str, done: int, of: int) -> None:
        if what == "parameter draws" and done == 2:
            raise KeyboardInterrupt

    wanted, effects = made()
    assert effects.place_effect[1:].any()
    with pytest.raises(KeyboardInterrupt, match="2 of 3 draws are kept"):
        made(keep=tmp_path / "kept", progress=stopped)
    for how in ({"keep": tmp_path / "kept"}, {"workers": 2}):
        found, others = made(**how)
        assert found == wanted, how
        for name in ("place_effect", "quintile_effect", "sex_effect", "place_base", "people_sex"):
            assert (getattr(others, name) == getattr(effects, name)).all(), (how, name)
        assert all((others.parameters[n] == x).all() for n, x in effects.parameters.items())
