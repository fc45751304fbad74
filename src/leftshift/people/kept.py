"""Draws that are made are kept beside the run, so that an interrupted run goes on from them.

Every draw is written as soon as it is made, and now and then all of them are put together in one
file that holds what the interval still needs of them (:class:`leftshift.people.spread.Spread`).
Each file is written under another name and renamed, and checked by its sums when it is read: what
was cut short is not there. Nothing here decides a figure. Where nothing can be written, the run
goes on without.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import platform
import shutil
import zipfile
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from secrets import token_hex
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leftshift.errors import ToolError

__all__ = ["Kept", "folder_of", "forget", "made_with"]

Arrays = Mapping[str, NDArray[Any]]
Held = dict[str, NDArray[Any]]
Tell = Callable[[str], object]

#: Draws whose files are put together into one at the least.
FEWEST_TOGETHER = 8
_WHOSE = "whose.json"
_TOGETHER = "together.npz"
_NUMBERS = "numbers"
#: What reading a file that was cut short, or is none of ours, can raise.
_UNREADABLE = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)


def folder_of(run: Path, identity_sha256: str) -> Path:
    """Where the draws of a run are kept until it is written: hidden, beside its folder.

    Args:
        run: the run folder.
        identity_sha256: of the run, so that no run goes on from another's draws.

    Returns:
        Such as ``runs/.qmm-3f2a9c01d4e8.draws/3f2a9c01d4e8aa01``.
    """
    return run.parent / f".{run.name}.draws" / identity_sha256[:16]


def forget(folder: Path) -> None:
    """Remove the draws of a run that has been written, and of older ones of its name.

    Args:
        folder: what :func:`folder_of` gave.
    """
    above = folder.parent
    if above.name.startswith(".") and above.name.endswith(".draws"):
        shutil.rmtree(above, ignore_errors=True)
    else:
        _clear(folder)


class Kept:
    """The draws of one run that are made already; used as a context.

    Where the work in the context fails by itself, its draws are of no more use and are removed; at
    Ctrl-C, or where workers or memory failed, they stay.

    Args:
        folder: where they lie; None to keep none.
        identity: what the draws depend on, JSON-able.
        tell: told once, in a sentence, why nothing can be kept.
    """

    def __init__(self, folder: Path | None, identity: Mapping[str, Any], tell: Tell) -> None:
        self._folder = folder
        self._tell = tell
        self._made: list[Path] = []
        self._whose = {"identity": dict(identity), "made_with": made_with()}

    def __enter__(self) -> Kept:
        if self._folder is not None and not self._ours():
            _clear(self._folder)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        mistaken = isinstance(error, Exception) and not isinstance(error, ToolError | MemoryError)
        if mistaken and self._folder is not None:
            forget(self._folder)
            for above in self._made:
                with contextlib.suppress(OSError):
                    above.rmdir()

    @property
    def active(self) -> bool:
        """Whether anything is kept."""
        return self._folder is not None

    def _ours(self) -> bool:
        assert self._folder is not None
        try:
            found = json.loads((self._folder / _WHOSE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return bool(found == self._plain())

    def _plain(self) -> Any:
        # As JSON gives it back: tuples are lists there.
        return json.loads(json.dumps(self._whose, default=str))

    def numbers(self, kind: str) -> list[int]:
        """The numbers of which a file is there, whole or not, in order."""
        if self._folder is None:
            return []
        names = (path.stem for path in self._folder.glob(f"{kind}-*.npz"))
        found = (name.removeprefix(f"{kind}-") for name in names)
        return sorted(int(number) for number in found if number.isdecimal())

    def read(self, kind: str, number: int) -> Held | None:
        """What was kept under a number; None where it is not there or not whole."""
        return self._read(f"{kind}-{number}.npz")

    def add(self, kind: str, number: int, arrays: Arrays) -> None:
        """Keep what one piece of work gave."""
        self._write(f"{kind}-{number}.npz", arrays, settled=False)

    def together(self) -> tuple[frozenset[int], Held]:
        """What :meth:`put_together` last wrote: the numbers of its draws, and their state."""
        state = self._read(_TOGETHER)
        if state is None or _NUMBERS not in state:
            return frozenset(), {}
        return frozenset(state.pop(_NUMBERS).tolist()), state

    def put_together(self, kind: str, numbers: frozenset[int], state: Arrays) -> None:
        """Keep the state after some draws, in place of their own files."""
        held = {**state, _NUMBERS: np.array(sorted(numbers), np.int64)}
        if not self._write(_TOGETHER, held, settled=True) or self._folder is None:
            return
        for number in numbers:
            with contextlib.suppress(OSError):
                (self._folder / f"{kind}-{number}.npz").unlink(missing_ok=True)

    # Files ----------------------------------------------------------------------------------

    def _read(self, name: str) -> Held | None:
        if self._folder is None:
            return None
        try:
            # Every member is read whole, so its sum is checked.
            with np.load(self._folder / name, allow_pickle=False) as members:
                return {key: members[key] for key in members.files}
        except _UNREADABLE:
            return None

    def _write(self, name: str, arrays: Arrays, settled: bool) -> bool:
        if self._folder is None:
            return False
        part = self._folder / f".{name}.{os.getpid()}-{token_hex(4)}.part"
        try:
            self._begin()
            with part.open("wb") as file:
                np.savez(file, **dict[str, Any](arrays))
                file.flush()
                if settled:
                    os.fsync(file.fileno())
            part.replace(self._folder / name)
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            self._give_up(error)
            return False
        except BaseException:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise
        return True

    def _begin(self) -> None:
        assert self._folder is not None
        whose = self._folder / _WHOSE
        if whose.exists():
            return
        self._made = [above for above in self._folder.parents if not above.exists()]
        self._folder.mkdir(parents=True, exist_ok=True)
        part = self._folder / f".{_WHOSE}.{os.getpid()}-{token_hex(4)}.part"
        part.write_text(json.dumps(self._plain()), encoding="utf-8")
        part.replace(whose)

    def _give_up(self, error: OSError) -> None:
        full = error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
        why = "the disk is full" if full else error.strerror or type(error).__name__
        folder, self._folder = self._folder, None
        self._tell(
            f"draws cannot be kept in {folder} ({why}): the run goes on, but if it is "
            "interrupted it begins anew"
        )


def _clear(folder: Path) -> None:
    """Remove what is ours in a folder, and the folder if nothing else is in it."""
    for pattern in (_WHOSE, "*.npz", ".*.part"):
        for path in folder.glob(pattern):
            with contextlib.suppress(OSError):
                path.unlink()
    with contextlib.suppress(OSError):
        folder.rmdir()


def made_with() -> dict[str, str]:
    """What may change the last bits of a figure, beyond our own code."""
    from llvmlite import binding  # type: ignore[import-untyped]

    libraries = {name: version(name) for name in ("numpy", "numba", "polars")}
    processor = f"{platform.machine()} {binding.get_host_cpu_name()}"
    features = hashlib.sha256(binding.get_host_cpu_features().flatten().encode()).hexdigest()
    return {**libraries, "processor": processor, "features": features[:12]}
