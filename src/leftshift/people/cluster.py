"""Draws on the workers of a Dask cluster. Only imported when one is asked for.

All that a draw needs is sent to each worker once, when it joins: workers read no files of the
catalogue or the project. A draw whose worker dies is made again by another.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import pickle
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from secrets import token_hex
from typing import Any, TypeVar

import distributed
from distributed.diagnostics.plugin import WorkerPlugin

from leftshift.errors import ToolError, listed

__all__ = ["Bring", "Cluster", "carried_out", "opened"]

S = TypeVar("S")
R = TypeVar("R")
Tell = Callable[[str], object]

#: Dask's own annotations say too little of these.
_dask: Any = distributed

#: Seconds that a scheduler has to answer, and that it then has to have a worker.
_ANSWERS = 10
_HAS_WORKERS = 30
#: Seconds after which it is looked whether anybody is still there.
_LOOKS = 5.0

#: On a worker: what runs have brought there, by their token.
_brought: dict[str, Any] = {}


class Bring(WorkerPlugin):
    """Brings what a run works on to every worker, also to one that joins or comes back later.

    Args:
        token: of the run.
        packed: the pickled thing.
        own: whether the workers are this run's own, on this machine.
    """

    def __init__(self, token: str, packed: bytes, own: bool) -> None:
        self.name = f"leftshift-{token}"
        self._token = token
        self._packed = packed
        self._own = own

    def setup(self, worker: Any) -> None:
        """Unpacks it."""
        if self._own and threading.current_thread() is threading.main_thread():
            # Ctrl-C reaches every process of a terminal; who asked for the run ends the workers.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        _brought[self._token] = pickle.loads(self._packed)

    def teardown(self, worker: Any) -> None:
        """Forgets it."""
        _brought.pop(self._token, None)


def carried_out(token: str, code: str, work: Callable[[Any, int], R], number: int) -> R:
    """On a worker: one piece of work.

    Args:
        token: of what it works on.
        code: SHA-256 of the code of who asks.
        work: what to do.
        number: of the piece.

    Raises:
        ToolError: the worker has other code.
    """
    if _code() != code:
        raise ToolError(_OTHER_CODE.format(who="a worker that joined later"))
    return work(_brought[token], number)


_OTHER_CODE = (
    "the cluster's workers must have this very version of Leftshift, and {who} has another. "
    "Install the same one there and start the workers anew."
)


class Cluster:
    """The workers of a cluster.

    Args:
        client: connected to its scheduler.
        address: of the scheduler, for messages; empty where the cluster is this run's own.
        tell: told what is waited for.
    """

    def __init__(self, client: Any, address: str, tell: Tell) -> None:
        self._client = client
        self._address = address
        self._tell = tell
        self._code = _code()
        count = len(client.nthreads())
        kind = "workers at " + address if address else "processes of this machine"
        self.words = f"{count} {kind}"

    def each(
        self, work: Callable[[S, int], R], on: S, numbers: Iterable[int], heavy: bool = False
    ) -> Generator[tuple[int, R], None, None]:
        """See :class:`leftshift.people.hands.Hands`."""
        token = token_hex(8)
        bring = Bring(token, pickle.dumps(on, pickle.HIGHEST_PROTOCOL), own=not self._address)
        pending: dict[Any, int] = {}
        with self._trouble():
            self._client.register_plugin(bring)
        try:
            left = iter(numbers)
            while True:
                with self._trouble():
                    count = self._at_a_time(heavy)
                    while len(pending) < count and (n := next(left, None)) is not None:
                        pending[self._begun(token, work, n)] = n
                if not pending:
                    return
                for future in self._ready(pending):
                    number = pending.pop(future)
                    with self._trouble():
                        result = self._result(future, number)
                    # The worker may forget it now.
                    future.release()
                    yield number, result
        finally:
            with contextlib.suppress(Exception):
                self._client.cancel(list(pending), force=True)
                self._client.unregister_worker_plugin(bring.name)

    def _at_a_time(self, heavy: bool) -> int:
        there = self._client.nthreads()
        if heavy:
            return max(len(there), 1) if self._address else 1
        return int(max(2 * sum(there.values()), 1))

    def _begun(self, token: str, work: Callable[[Any, int], Any], number: int) -> Any:
        return self._client.submit(
            carried_out,
            token,
            self._code,
            work,
            number,
            key=f"leftshift-{token}-{number}",
            pure=False,
        )

    def _ready(self, pending: dict[Any, int]) -> list[Any]:
        """Those that are finished, once at least one is."""
        alone = False
        while True:
            with contextlib.suppress(TimeoutError), self._client.as_current():
                _dask.wait(list(pending), timeout=_LOOKS, return_when="FIRST_COMPLETED")
            ready = [future for future in pending if future.done()]
            if ready:
                return ready
            with self._trouble():
                there = self._client.nthreads()
            if not there and not alone:
                self._tell("the cluster has no workers left: waiting for one to join")
            alone = not there

    def _result(self, future: Any, number: int) -> Any:
        try:
            # Without a limit: where its worker has died since, it is made again.
            return future.result()
        except distributed.KilledWorker as error:
            raise ToolError(
                f"piece {number} of the work ended every worker that tried it, one after another. "
                "Most often memory ran out there: ask for fewer --people or fewer workers on a "
                "machine."
            ) from error

    @contextlib.contextmanager
    def _trouble(self) -> Iterator[None]:
        """Makes the loss of the cluster one clear message."""
        try:
            yield
        except (CancelledError, distributed.CancelledError, OSError, TimeoutError) as error:
            whose = f"the Dask scheduler at {self._address}" if self._address else "the workers"
            raise ToolError(
                f"lost touch with {whose}. The same command goes on from the draws that were "
                "made, also without the cluster."
            ) from error


@contextlib.contextmanager
def opened(workers: int | None, address: str | None, tell: Tell) -> Iterator[Cluster]:
    """Workers of this machine, or those of a scheduler.

    Args:
        workers: how many processes to start here; None to use those of `address`.
        address: of a scheduler.
        tell: told what is waited for.

    Raises:
        ToolError: nobody answers, or they cannot do this run.
    """
    with contextlib.ExitStack() as open_now:
        open_now.enter_context(_quiet())
        if workers is not None:
            local = _local(workers)
            open_now.callback(_closed, local)
            address = local.scheduler_address
        assert address is not None
        client = _client(address)
        open_now.callback(_closed, client)
        shown = address if workers is None else ""
        if workers is None:
            _look_at_workers(client, address, tell)
        yield Cluster(client, shown, tell)


def _local(workers: int) -> Any:
    try:
        return _dask.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            # Nothing listens beyond this machine.
            dashboard_address="127.0.0.1:0",
            worker_dashboard_address="127.0.0.1:0",
            # What a draw needs does not grow with the number of draws; the system sets the limit.
            memory_limit=0,
            silence_logs=logging.CRITICAL + 1,
        )
    except (OSError, RuntimeError, TimeoutError) as error:
        raise ToolError(
            f"{workers} worker processes could not be started ({str(error).rstrip('.')}). "
            'From a Python script, call Leftshift below: if __name__ == "__main__":'
        ) from error


def _client(address: str) -> Any:
    nobody = ToolError(
        f"no Dask scheduler answers at {address}. Start one with: dask scheduler, and workers "
        f"with: dask worker {address}"
    )

    async def answers() -> None:
        line = await asyncio.wait_for(_dask.comm.connect(address, timeout=_ANSWERS), _ANSWERS + 1)
        line.abort()

    try:
        # A client that cannot connect goes on trying while it is thrown away: ask before. On a
        # thread, since a notebook has a loop of its own on this one.
        with ThreadPoolExecutor(1) as pool:
            pool.submit(asyncio.run, answers()).result()
        return _dask.Client(address, timeout=_ANSWERS, set_as_default=False)
    except TypeError as error:
        raise ToolError(
            f"{address} cannot be reached ({str(error).rstrip('.')}). Name the certificates in "
            "Dask's own configuration, under distributed.comm.tls."
        ) from error
    except (OSError, TimeoutError, ValueError, RuntimeError) as error:
        raise nobody from error


def _look_at_workers(client: Any, address: str, tell: Tell) -> None:
    """See that there are workers, and that they would give the same figures."""
    if not client.nthreads():
        tell(f"the Dask scheduler at {address} has no workers yet: waiting for one to join")
    begun = time.monotonic()
    while not client.nthreads():
        if time.monotonic() - begun > _HAS_WORKERS:
            raise ToolError(
                f"the Dask scheduler at {address} has no workers. Start one with: "
                f"dask worker {address}"
            )
        time.sleep(0.1)

    def asked() -> dict[str, str]:
        # Sent as it is written here, so that a worker without this module can answer too.
        try:
            from leftshift.people.cluster import made_with
        except ImportError:
            return {}
        return made_with()

    ours = made_with()
    try:
        told: dict[str, Any] = client.run(asked, on_error="return")
    except OSError as error:
        raise ToolError(f"lost touch with the Dask scheduler at {address}.") from error
    of = {who: each if isinstance(each, dict) else {} for who, each in told.items()}
    other = [who for who, each in of.items() if each.get("leftshift") != ours["leftshift"]]
    if other:
        raise ToolError(_OTHER_CODE.format(who=listed(other, 3)))
    for library in ("numpy", "numba"):
        other = [who for who, each in of.items() if each[library] != ours[library]]
        if other:
            raise ToolError(
                f"{listed(other, 3)} of the cluster has {library} {of[other[0]][library]} where "
                f"this machine has {ours[library]}: the last digits of a figure could differ. "
                "Install the same one there and start the workers anew."
            )
    other = [who for who, each in of.items() if each["processor"] != ours["processor"]]
    if other:
        tell(
            f"{listed(other, 3)} of the cluster has another kind of processor: figures agree, but "
            "not to the last digit, with those of this machine alone"
        )


def made_with() -> dict[str, str]:
    """What a worker's figures depend on: our code, and what may change their last digits."""
    from leftshift.people.kept import made_with as libraries

    return {"leftshift": _code(), **libraries()}


def _code() -> str:
    from leftshift.people.outlook import method

    return method("areas", "catalogue", "engine", "people", "care", "plans")


def _closed(one: Any) -> None:
    with contextlib.suppress(Exception):
        one.close(timeout=5)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without Dask's own log: what matters of it is said in words of ours."""
    named = [name for name in logging.root.manager.loggerDict if name.startswith("distributed")]
    loggers = {name: logging.getLogger(name) for name in named}
    before = {name: logger.level for name, logger in loggers.items()}
    for logger in loggers.values():
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for name, level in before.items():
            loggers[name].setLevel(level)
