"""Puts a whole folder in its place in one step, on every platform.

Names that begin with ".leftshift-" beside a run folder are this module's own:
`.leftshift-tmp-<system>-<process>-<random>` is a folder being built, or an old one being removed;
`.leftshift-old-<name>` is the old run for the moment in which it changes places with the new one,
on platforms that cannot exchange two folders in one step.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import platform
import secrets
import shutil
import sys
import time
from functools import cache
from pathlib import Path

from leftshift.errors import RunError

_TEMPORARY = ".leftshift-tmp-"
_OLD = ".leftshift-old-"
_STALE_AFTER = 24 * 60 * 60.0


def temporary(parent: Path) -> Path:
    """Makes a new hidden folder beside where a run will lie."""
    # Not tempfile.mkdtemp, which shuts others out: a run is as open as any folder a user makes.
    made = parent / f"{_TEMPORARY}{_system()}-{os.getpid()}-{secrets.token_hex(4)}"
    made.mkdir()
    return made


def settle(folder: Path) -> None:
    """Forces a folder, and everything in it, to disk."""
    for entry in sorted(folder.rglob("*")):
        if entry.is_file():
            with entry.open("rb+") as file:
                os.fsync(file.fileno())
        else:
            _settle_names(entry)
    _settle_names(folder)


def move(unfinished: Path, path: Path) -> None:
    """Gives a whole folder its name, which must be free."""
    _rename(unfinished, path)
    _settle_names(path.parent)


def swap(unfinished: Path, path: Path) -> None:
    """Puts a whole folder in another's place; the old one is left under a hidden name.

    A kill at any moment leaves the old or the new folder whole: at `path`, or, between two steps
    on a platform without an exchange in one, where `restore` finds it.
    """
    if not _exchange(unfinished, path):
        old = path.with_name(_OLD + path.name)
        discard(old)
        _rename(path, old)
        try:
            _rename(unfinished, path)
        except BaseException:
            with contextlib.suppress(OSError):
                _rename(old, path)
            raise
        discard(old)
    _settle_names(path.parent)


def restore(path: Path) -> None:
    """Puts back an old run that a killed writer left between the two steps of a swap."""
    old = path.with_name(_OLD + path.name)
    if not path.exists() and old.is_dir():
        try:
            _rename(old, path)
        except OSError as error:
            raise RunError(
                f"a run was being replaced at {path} and {old} could not be put back: {error}. "
                "Rename it by hand."
            ) from error


def discard(folder: Path) -> None:
    """Removes a folder if it is there, as far as it can be removed."""
    shutil.rmtree(folder, ignore_errors=True)


def discard_stale(parent: Path) -> None:
    """Removes what dead writers left beside a run.

    Whether a writer is dead can be known of this system's own; of another's (a network drive, a
    container, Windows) only once its folder has lain untouched for a day.
    """
    for left in parent.glob(f"{_TEMPORARY}*"):
        try:
            age = time.time() - left.stat().st_mtime
        except OSError:
            continue
        *system, number, _ = ["", *left.name.removeprefix(_TEMPORARY).split("-")][-3:]
        known = system == [_system()] and sys.platform != "win32"
        if (known or age > _STALE_AFTER) and not _alive(number):
            discard(left)
    for left in parent.glob(f"{_OLD}*"):
        if (parent / left.name.removeprefix(_OLD)).exists():
            discard(left)


@cache
def _system() -> str:
    """Marks where process numbers mean the same: a machine since its start, a container."""
    parts = [platform.node()]
    with contextlib.suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii"))
        parts.append(os.readlink("/proc/self/ns/pid"))  # noqa: PTH115 - a name, not a path
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]


def _alive(number: str) -> bool:
    # On Windows os.kill would end the process, so there a day is all that is asked.
    if sys.platform == "win32" or not number.isdigit():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _rename(source: Path, target: Path) -> None:
    # On Windows a virus scanner may hold a new file for a moment.
    for wait in (0.1, 0.3, 1.0) if sys.platform == "win32" else ():
        try:
            source.rename(target)
        except PermissionError:
            time.sleep(wait)
        else:
            return
    source.rename(target)


def _settle_names(folder: Path) -> None:
    # A folder's list of names can be forced to disk on POSIX only; Windows does so by itself.
    if sys.platform == "win32":
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    except OSError:
        # Some network file systems refuse; the rename is still in one step.
        pass
    finally:
        os.close(number)


def _exchange(one: Path, other: Path) -> bool:
    """Exchanges two folders in one step where the platform can: Linux, most file systems."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        exchange = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    here, exchanging = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return bool(exchange(here, os.fsencode(one), here, os.fsencode(other), exchanging) == 0)
