"""Writes a run folder whole or not at all, and opens one.

A folder is built under a hidden sibling name, forced to disk, and renamed: whatever stops the
writer, and at whatever moment, a folder that can be seen is complete.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from leftshift.errors import LeftshiftError, RunError, listed
from leftshift.runs import rename, schema
from leftshift.runs.run import MANIFEST, Run, is_run, open_run

__all__ = ["complete_run", "default_name", "existing_run", "identity_hash", "write_run"]

FORMAT = 1
_LONGEST_NAME = 60

Finish = Callable[[Path], object]


def identity_hash(identity: Mapping[str, Any]) -> str:
    """Gives the fingerprint of everything that decides a run's figures.

    Args:
        identity: what decides them, as JSON-able values; the order of keys does not matter.

    Returns:
        The SHA-256 of its canonical JSON, as 64 hexadecimal digits.

    Raises:
        RunError: it holds something that is no JSON, such as a path or a number that is not finite.
    """
    return hashlib.sha256(_json(identity, "identity", canonical=True).encode()).hexdigest()


def default_name(area: str, identity: Mapping[str, Any]) -> str:
    """Names a run after its area and its identity, safely on every platform.

    Args:
        area: the area's code or name.
        identity: as for `identity_hash`.

    Returns:
        Such as "norfolk-and-suffolk-3f2a9c01d4e8".
    """
    plain = unicodedata.normalize("NFKD", area).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")[:_LONGEST_NAME].strip("-")
    return f"{slug or 'area'}-{identity_hash(identity)[:12]}"


def existing_run(
    folder: str | Path, identity: Mapping[str, Any], replace: bool = False
) -> Run | None:
    """Looks, before any work is done, whether a run can be written or need not be.

    Args:
        folder: where the run is to lie.
        identity: what decides its figures.
        replace: whether a run that lies there may be replaced.

    Returns:
        The run that lies there, if it is the same one and is not to be replaced; None where one
        has to be made.

    Raises:
        RunError: something else lies there, or nothing can be written there.
    """
    path = _absolute(folder)
    _check_name(path)
    rename.restore(path)
    if _holds_run(path) and not replace:
        return _same_run(path, identity)
    _check_writable(path)
    return None


def complete_run(run: Run, finish: Finish | None = None, csv: bool = False) -> Run:
    """Adds to a run the report or CSV files it was made without; its figures stay as they are.

    Args:
        run: the run.
        finish: called with an unfinished copy of the folder, to add a report to it.
        csv: whether it is to hold each table as CSV too.

    Returns:
        The run itself where it lacks nothing, or the completed one in its place.

    Raises:
        RunError: it cannot be written. The run is left as it was.
    """
    wanted = _holds(finish, csv)
    if set(wanted) <= set(run.holds):
        return run
    _check_writable(_absolute(run.path))
    manifest = {**run.manifest, "holds": sorted({*run.holds, *wanted})}
    del manifest["tables"]
    plan = run.path / "plan.toml"
    return _write(
        run.path,
        manifest,
        {name: run.table(name) for name in run.tables},
        finish if finish is not None or "report" not in run.holds else _copy_report(run.path),
        csv or "csv" in run.holds,
        plan.read_text(encoding="utf-8") if plan.is_file() else None,
        replace=True,
    )


def write_run(
    folder: str | Path,
    identity: Mapping[str, Any],
    provenance: Mapping[str, Any],
    about: Mapping[str, Any],
    tables: Mapping[str, pl.DataFrame],
    finish: Finish | None = None,
    csv: bool = False,
    replace: bool = False,
    plan: str | None = None,
    kind: str = "",
) -> Run:
    """Writes a run folder whole or not at all.

    Args:
        folder: where it is to lie; its parents are made.
        identity: what decides its figures, JSON-able; never the time or the machine.
        provenance: when, where and how long; JSON-able.
        about: title, area, years, people, warnings … as JSON-able values, for those who show it.
        tables: frames by name, each as `schema.TABLES` describes it.
        finish: called with the unfinished folder, readable by `open_run`, to add to it (a report).
        csv: whether to write each table as CSV too.
        replace: whether a run that lies there is replaced. A run of the same identity is otherwise
            reused: nothing is written unless it lacks the report or CSV now asked for.
        plan: the text of plan.toml: exactly what was asked.
        kind: of run, where it has tables of its own: those of `schema.TABLES` as "<kind>.<name>".

    Returns:
        The run, as `open_run` would give it.

    Raises:
        SchemaError: a frame is not as its description says.
        RunError: something else lies at `folder`, or it cannot be written. Nothing is left behind.
    """
    path = _absolute(folder)
    found = existing_run(path, identity, replace)
    if found is not None:
        return complete_run(found, finish, csv)
    frames = {name: schema.arrange(name, frame, kind) for name, frame in tables.items()}
    manifest = {
        "format": FORMAT,
        "identity_sha256": identity_hash(identity),
        "identity": dict(identity),
        "about": dict(about),
        "provenance": dict(provenance),
        "holds": _holds(finish, csv),
        **({"kind": kind} if kind else {}),
    }
    return _write(path, manifest, frames, finish, csv, plan, replace)


def _holds(finish: Finish | None, csv: bool) -> list[str]:
    return [*(["csv"] if csv else []), *(["report"] if finish is not None else [])]


def _copy_report(source: Path) -> Finish:
    def copy(folder: Path) -> None:
        for file in source.iterdir():
            if file.is_file() and not (folder / file.name).exists():
                shutil.copyfile(file, folder / file.name)

    return copy


def _write(
    path: Path,
    manifest: dict[str, Any],
    frames: Mapping[str, pl.DataFrame],
    finish: Finish | None,
    csv: bool,
    plan: str | None,
    replace: bool,
) -> Run:
    made = _make_parents(path)
    try:
        rename.discard_stale(path.parent)
        unfinished = rename.temporary(path.parent)
        try:
            _fill(unfinished, manifest, frames, csv, plan)
            if finish is not None:
                finish(unfinished)
            rename.settle(unfinished)
            _put(unfinished, path, manifest["identity"], replace)
        finally:
            # After a swap this is the old run; after a failure, the unfinished one.
            rename.discard(unfinished)
    except BaseException as error:
        for parent in made:
            _remove_if_empty(parent)
        # A report's own error names the unfinished folder, which is gone.
        cause = error.__cause__ if isinstance(error, LeftshiftError) else error
        if isinstance(cause, OSError | pl.exceptions.PolarsError):
            raise RunError(
                f"could not write the run folder {path}: {_reason(cause)}. Nothing was written "
                "there. Free some space or choose another folder with --out."
            ) from error
        raise
    return open_run(path)


def _fill(
    folder: Path,
    manifest: dict[str, Any],
    frames: Mapping[str, pl.DataFrame],
    csv: bool,
    plan: str | None,
) -> None:
    target = folder / "tables"
    target.mkdir()
    contents = {}
    for name in sorted(frames):
        frame = schema.spelt(name, frames[name], manifest.get("kind", ""))
        file = target / f"{name}.parquet"
        # Every setting is pinned so that the same rows always give the same bytes.
        frame.write_parquet(
            file,
            compression="zstd",
            compression_level=1,
            statistics=True,
            row_group_size=262_144,
            data_page_size=1_048_576,
        )
        if csv:
            frame.write_csv(target / f"{name}.csv", line_terminator="\n")
        contents[name] = {
            "rows": frame.height,
            "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        }
    if plan is not None:
        (folder / "plan.toml").write_text(plan, encoding="utf-8", newline="\n")
    text = _json({**manifest, "tables": contents}, "run.json", canonical=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8", newline="\n")


def _put(unfinished: Path, path: Path, identity: Mapping[str, Any], replace: bool) -> None:
    # Looked at again: someone else may have finished a run here meanwhile.
    if not _holds_run(path):
        _remove_if_empty(path)
        rename.move(unfinished, path)
    elif replace:
        rename.swap(unfinished, path)
    else:
        _same_run(path, identity)


def _holds_run(path: Path) -> bool:
    """Says whether a run lies there; complains where anything else does."""
    if path.is_symlink() and not path.exists():
        raise RunError(f"{path} is a link to nothing. Remove it or choose another with --out.")
    if not path.exists():
        return False
    if not path.is_dir():
        raise RunError(f"{path} is a file, not a folder. Choose another with --out.")
    if is_run(path):
        return True
    try:
        inside = sorted(entry.name for entry in path.iterdir())
    except OSError as error:
        raise RunError(f"{path} cannot be looked into: {_reason(error)}.") from error
    if inside:
        raise RunError(
            f"{path} holds something that is not a Leftshift run ({listed(inside, 3)}), so it is "
            "left as it is. Choose an empty or new folder with --out."
        )
    return False


def _same_run(path: Path, identity: Mapping[str, Any]) -> Run:
    found = open_run(path)
    if found.identity_sha256 != identity_hash(identity):
        raise RunError(
            f"{path} holds another run ({found.title}). "
            "Replace it with --replace, or choose another folder with --out."
        )
    return found


def _check_name(path: Path) -> None:
    if path == path.parent:
        raise RunError(f"{path} is no folder of its own. Choose another with --out.")
    try:
        path.name.encode("utf-8")
        path.lstat()
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        if isinstance(error, NotADirectoryError):
            return
        raise RunError(
            f"no folder can be called {str(path)!a}: {_reason(error)}. Choose another with --out."
        ) from error


def _check_writable(path: Path) -> None:
    here = Path.cwd()
    if path == here or path in here.parents:
        # A finished folder is renamed into place: whoever stands in the old one would not see it.
        raise RunError(
            f"{path} is the folder that you work in, or holds it, so no run can be put in its "
            "place. Name a new folder, such as: --out run"
        )
    above = path.parent
    while not above.exists() and above != above.parent:
        above = above.parent
    if not above.is_dir():
        raise RunError(f"{path} cannot be made: {above} is a file. Choose another with --out.")
    try:
        # Permission bits do not tell the truth on Windows or network drives: only writing does.
        with tempfile.TemporaryFile(dir=above):
            pass
    except OSError as error:
        raise RunError(
            f"{path} cannot be made: {above} is not writable ({_reason(error)}). "
            "Choose another folder with --out."
        ) from error


def _absolute(folder: str | Path) -> Path:
    try:
        return Path(os.path.abspath(Path(folder).expanduser()))  # noqa: PTH100 - keeps links
    except (RuntimeError, ValueError, OSError) as error:
        raise RunError(f"{folder!r} is no path to a folder: {error}.") from error


def _make_parents(path: Path) -> list[Path]:
    made = []
    for parent in path.parents:
        if parent.exists():
            break
        made.append(parent)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        for parent in made:
            _remove_if_empty(parent)
        raise RunError(
            f"{path.parent} cannot be made: {_reason(error)}. Choose another folder with --out."
        ) from error
    return made


def _remove_if_empty(path: Path) -> None:
    try:
        path.rmdir()
    except OSError:
        return


def _reason(error: BaseException) -> str:
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    # Polars wraps what the system said in words of its own.
    return re.sub(r"^.*IO error: | \(os error \d+\)$", "", said).rstrip(".")


def _json(value: Mapping[str, Any], what: str, canonical: bool) -> str:
    try:
        if canonical:
            return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise RunError(f"the {what} of a run must be JSON: {error}.") from error
