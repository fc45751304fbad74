"""Who carries out the draws of a run: threads here, or the workers of a Dask cluster.

Whoever they are, each piece of work is one number in and one result out, and a result depends on
nothing but its number: so the hands decide how long a run takes, and none of its figures.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Protocol, TypeVar

from leftshift.errors import SettingError, ToolError

__all__ = ["Hands", "Threads", "hands"]

S = TypeVar("S")
R = TypeVar("R")
Tell = Callable[[str], object]

_ADDRESS = re.compile(r"(tcp|tls)://(\[[0-9A-Fa-f:.]+\]|[^\s/:\[\]]+):(\d{1,5})/?")


class Hands(Protocol):
    """Those who carry work out."""

    #: Who they are, in words.
    words: str

    def each(
        self, work: Callable[[S, int], R], on: S, numbers: Iterable[int], heavy: bool = False
    ) -> Generator[tuple[int, R], None, None]:
        """Carry work out for each number.

        Args:
            work: a function of a module, given `on` and a number.
            on: what it works on; it is not changed.
            numbers: a piece of work each.
            heavy: whether two at a time may be more than this machine's memory holds.

        Yields:
            Each number with its result, as they are finished, in any order.
        """


class Threads:
    """Threads of this process.

    Args:
        count: how many.
    """

    def __init__(self, count: int) -> None:
        self._count = max(count, 1)
        self.words = f"{self._count} thread" + ("s" if self._count > 1 else "")

    def each(
        self, work: Callable[[S, int], R], on: S, numbers: Iterable[int], heavy: bool = False
    ) -> Generator[tuple[int, R], None, None]:
        """See :class:`Hands`; few results wait at a time, so memory is low."""
        count = 1 if heavy else self._count
        pending: dict[Future[R], int] = {}
        left = iter(numbers)
        pool = ThreadPoolExecutor(count)
        try:
            while True:
                while len(pending) <= count and (number := next(left, None)) is not None:
                    pending[pool.submit(work, on, number)] = number
                if not pending:
                    return
                ready, _ = wait(pending, return_when=FIRST_COMPLETED)
                for future in ready:
                    yield pending.pop(future), future.result()
        finally:
            # Not waited for: after Ctrl-C nobody wants the draws that are under way.
            pool.shutdown(wait=False, cancel_futures=True)


@contextlib.contextmanager
def hands(threads: int, workers: int | None, cluster: str | None, tell: Tell) -> Iterator[Hands]:
    """Those who are asked for, for as long as the context lasts.

    Args:
        threads: of this process, where nobody else is asked for.
        workers: processes of this machine that are to do it, started here.
        cluster: the address of a Dask scheduler whose workers are to do it, in place of `workers`.
        tell: told, in a sentence, what is waited for.

    Raises:
        SettingError: both are asked for, or what is asked for cannot be.
        ToolError: the `cluster` extra is not installed, no scheduler or worker answers, or they
            are not of this version of Leftshift.
    """
    if workers is None and cluster is None:
        yield Threads(threads)
        return
    if workers is not None and cluster is not None:
        raise SettingError(
            "--workers starts a cluster on this machine and --cluster uses one that is running: "
            "give one of the two."
        )
    if workers is not None and workers < 1:
        raise SettingError(f"workers must be a whole number from 1, not {workers}.")
    if cluster is not None and not _is_address(cluster):
        raise SettingError(
            f'"{cluster}" is no address of a Dask scheduler. Write it as dask scheduler prints it '
            "when it starts, such as tcp://10.0.0.5:8786."
        )
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise ToolError(
            "draws on other processes or machines need Dask, which is not installed "
            f'({error.name or error}). Install it with: pip install "leftshift[cluster]"'
        ) from error

    from leftshift.people import cluster as dask

    with dask.opened(workers, cluster, tell) as crew:
        yield crew


def _is_address(text: str) -> bool:
    found = _ADDRESS.fullmatch(text)
    return found is not None and 0 < int(found[3]) < 65_536
