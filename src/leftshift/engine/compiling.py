"""How the engine's functions are compiled: once, for every module of the room."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from numba import njit
from numba.extending import intrinsic

PLAIN = os.environ.get("LEFTSHIFT_PLAIN", "") not in ("", "0")
"""Whether plain loops are used in place of vector instructions (see `vectors`)."""

kept = True
"""Whether compiled code is kept for the next process; where not, each compiles anew."""

OPTIONS: dict[str, Any] = {
    "nogil": True,
    # The cache does not know of the environment, so the plain loops stay out of it.
    "cache": not PLAIN,
    "error_model": "numpy",
    # Nothing is allocated in compiled code; and without numba's counting of references to arrays
    # (an atomic instruction or two at every view of a row) it is about twice as fast.
    "_nrt": False,
}

_ALLOCATING: dict[str, Any] = {"nogil": True, "cache": True}

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _stamp() -> tuple[float, int]:
    """Changes whenever a module does whose functions become part of one another."""
    names = (
        *("compiling", "kernel", "kernel_actions", "kernel_tallies", "lives", "randoms", "vectors"),
        *("actions", "layout"),
        *("ladder_lanes", "ladder_picks", "ladder_steps"),
    )
    files = [Path(__file__).with_name(f"{name}.py").stat() for name in names]
    return max(file.st_mtime for file in files), sum(file.st_size for file in files)


_STAMP = _stamp()


def _cache_together(made: Any) -> None:
    """Let a change in any of these modules invalidate what is cached of all.

    numba looks only at the file that a function is in, and would go on using functions that were
    compiled with another module's old code inside. Without this attribute of numba's, its own
    rule stays.
    """
    cache_file: Any = getattr(getattr(made, "_cache", None), "_cache_file", None)
    if cache_file is not None and hasattr(cache_file, "_source_stamp"):
        cache_file._source_stamp = _STAMP


def _made(function: _Function, options: dict[str, Any]) -> _Function:
    global kept
    try:
        made: _Function = njit(**options)(function)
    except RuntimeError:
        # numba found no folder to keep code in: neither beside the module nor in the user's home.
        if not options["cache"]:
            raise
        kept = False
        return _made(function, {**options, "cache": False})
    _cache_together(made)
    return made


def compiled(function: _Function) -> _Function:
    """Compile a function, without the interpreter's lock and without allocation."""
    return _made(function, OPTIONS)


def allocating(function: _Function) -> _Function:
    """Compile a function that makes arrays of its own, without the interpreter's lock."""
    return _made(function, _ALLOCATING)


def inlined(function: _Function) -> _Function:
    """The same, but always made part of its callers: for what is called for every person."""
    return _made(function, {**OPTIONS, "forceinline": True})


def in_llvm(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose code is given as LLVM instructions."""
    made: Callable[..., Any] = intrinsic(function)
    return made
