"""The verbs: what the command line does, as Python functions of the same names.

They check what they are given before any work is done, call the rooms in turn, and hold no
arithmetic. The rooms are imported when a verb needs them, so that a mistake in an argument is
answered at once.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leftshift.errors import SettingError
from leftshift.quantities import FinancialYear
from leftshift.settings import SETTINGS, Project, checked, threads

if TYPE_CHECKING:
    import polars

    from leftshift.areas import Area
    from leftshift.catalogue import Catalogue, Row
    from leftshift.runs import Run

__all__ = ["Progress", "areas", "catalogue", "demo", "outlook", "validate"]

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and of how much (1 where unknown)."""

DEMO_PLAN = "left-shift.toml"


def outlook(
    area: str | None = None,
    years: int | str | None = None,
    people: int | str | None = None,
    draws: int | str | None = None,
    seed: int | str | None = None,
    start: str | FinancialYear | None = None,
    out: str | Path | None = None,
    csv: bool = False,
    report: bool = True,
    replace: bool = False,
    project: str | Path | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    progress: Progress | None = None,
) -> Run:
    """Simulates an area's residents for years to come, if nothing changes.

    What is left out comes from the project's leftshift.toml, then from the default.

    Args:
        area: an authority, board, region or footprint by code or name, or a footprint file.
        years: years after the base year, 1 to 40 (20).
        people: people simulated at the base year, or "all": one for each resident (100,000).
        draws: draws of the parameters behind the intervals; 0 is a central run (0).
        seed: seed of everything random (1).
        start: the base year, such as "2025/26" (the catalogue's).
        out: the run folder (`runs/<area>-<identity>` in the project or the working folder).
        csv: whether tables are written as CSV too.
        report: whether report.html and workbook.xlsx are made.
        replace: whether a run that lies at `out` is made anew.
        project: the project's folder; the working folder where it holds a leftshift.toml.
        workers: processes of this machine that make the draws, in place of threads; they need the
            `cluster` extra, and so does `cluster`. The result depends on neither.
        cluster: the address of a Dask scheduler whose workers make the draws.
        progress: called as the work goes on.

    Returns:
        The run, whose `.table("people")` is a frame. A run of the same identity is reused.

    Raises:
        LeftshiftError: something given is wrong, or the run cannot be written.
    """
    home = Project.find(project)
    given = {"area": area, "base_year": start, "years": years, "people": people}
    asked = _settled(home, {**given, "draws": draws, "seed": seed})
    hands = threads()

    from leftshift.care.model import Care
    from leftshift.people import kept
    from leftshift.people import outlook as model
    from leftshift.people.model import Frame
    from leftshift.runs import (
        complete_run,
        default_name,
        existing_run,
        identity_hash,
        write_run,
    )

    cat, place = _loaded(home, asked["area"])
    asked.setdefault("base_year", FinancialYear(int(cat.row("base.year").estimate.value)))
    options = {name: asked[name] for name in ("years", "people", "draws", "seed")}
    options["base_year"] = asked["base_year"].start
    care = Care(cat, place, Frame(options["base_year"], options["years"]))
    options["consequences"] = care
    identity = model.identity(cat, place, **options)
    base = home.folder if home is not None else Path()
    folder = (
        Path(out).expanduser()
        if out is not None
        else base / "runs" / default_name(place.code, identity)
    )
    finish = _reporter() if report else None

    keep = kept.folder_of(folder, identity_hash(identity))
    found = existing_run(folder, identity, replace)
    if found is not None:
        kept.forget(keep)
        _tell(progress, "the same run was made before: nothing to simulate")
        return complete_run(found, finish, csv)
    begun = time.monotonic()
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    outcome = model.compute(
        cat, place, **options, threads=hands, workers=workers, cluster=cluster, keep=keep,
        progress=progress,
    )  # fmt: skip
    _tell(progress, "writing the run folder" + (" and the report" if report else ""))
    made = write_run(
        folder,
        identity,
        {
            **outcome.provenance,
            "started": started,
            "took_seconds": round(time.monotonic() - begun, 1),
            "threads": hands,
            **_machine(),
        },
        {**outcome.about, "command": _command(asked)},
        outcome.tables,
        finish=finish,
        csv=csv,
        replace=replace,
        plan=_plan(asked),
    )
    kept.forget(keep)
    return made


def areas(
    text: str = "", kind: str | None = None, project: str | Path | None = None
) -> polars.DataFrame:
    """Lists the areas Leftshift knows, or those whose code or name holds a text.

    Args:
        text: words of a code or a name; all areas where it is empty.
        kind: only areas of this kind, such as "board" or "authority".
        project: the project's folder, for its own footprints and rows.

    Returns:
        One row for each area: code, ods, ons, name, kind, verified, note.

    Raises:
        AreaError: nothing matches, or there is no such kind.
    """
    from leftshift.areas import list_areas

    return list_areas(_catalogue(Project.find(project)), text or None, kind)


def catalogue(text: str = "", project: str | Path | None = None) -> list[Row]:
    """Lists the figures of the catalogue, or those whose id or label holds a text.

    Args:
        text: part of an id or a label; all rows where it is empty.
        project: the project's folder, whose rows lie over the shipped ones.

    Returns:
        The rows, in the catalogue's order.
    """
    wanted = text.casefold()
    return [
        row
        for row in _catalogue(Project.find(project)).rows()
        if wanted in row.id.casefold() or wanted in row.label.casefold()
    ]


def validate(
    out: str | Path | None = None, seed: int | str = 1, progress: Progress | None = None
) -> polars.DataFrame:
    """Compares the model with what was published: what it reproduces, and what it predicts.

    Args:
        out: a file to write the comparison to, ending in .csv or .md.
        seed: seed of everything random.
        progress: called as the work goes on.

    Returns:
        One row for each comparison: list, subject, group, unit, model, lower, upper, published,
        ratio, naive, naive_ratio, better, source.

    Raises:
        SettingError: the file cannot be written, or the seed is not allowed.
    """
    file = _writable_file(out) if out is not None else None
    number = checked("seed", seed)
    workers = threads()

    import polars

    from leftshift.care import validation as care
    from leftshift.people import validation as people

    # The shipped catalogue only: a project's rows would be compared with themselves.
    shipped = _catalogue(None)
    rows = polars.concat(
        [
            people.validate(shipped, seed=number, threads=workers, progress=progress),
            care.validate(shipped, seed=number, threads=workers, progress=progress),
        ]
    )
    if file is not None:
        from leftshift.console import validation_page

        _write(file, validation_page(rows) if file.suffix == ".md" else rows.write_csv())
    return rows


def demo(
    out: str | Path | None = None, replace: bool = False, progress: Progress | None = None
) -> Run:
    """Runs the shipped plan "Left shift to 2035" for Norfolk and Suffolk, beside the baseline.

    Args:
        out: the run folder (`runs/left-shift-<identity>` in the working folder).
        replace: whether a run that lies there is made anew.
        progress: called as the work goes on.

    Returns:
        The run.
    """
    from leftshift.plans.starting import FOLDER
    from leftshift.verbs_plan import run

    return run(
        FOLDER / DEMO_PLAN, out=out, replace=replace, command="leftshift demo", progress=progress
    )


def _settled(home: Project | None, given: dict[str, Any]) -> dict[str, Any]:
    asked = {}
    for name, setting in SETTINGS.items():
        if given.get(name) is not None:
            asked[name] = checked(name, given[name])
        elif home is not None and name in home.settings:
            asked[name] = home.settings[name]
        elif setting.default is not None:
            asked[name] = checked(name, setting.default)
        elif not setting.otherwise:
            raise SettingError(
                f"no {name} was given. Name one, as in: leftshift outlook QMM. List them with: "
                "leftshift areas"
            )
    if home is not None:
        asked["area"] = home.area_path(asked["area"])
    return asked


def _catalogue(home: Project | None) -> Catalogue:
    from leftshift.catalogue import Catalogue

    return Catalogue.load(home.folder if home is not None else None)


def _loaded(home: Project | None, area: str) -> tuple[Catalogue, Area]:
    from leftshift.areas import find_area

    cat = _catalogue(home)
    return cat, find_area(area, cat)


def _reporter() -> Callable[[Path], object]:
    from leftshift.report import write_report

    return write_report


def _tell(progress: Progress | None, what: str) -> None:
    if progress is not None:
        progress(what, 0, 1)


def _command(asked: dict[str, Any]) -> str:
    words = ["leftshift", "outlook", asked["area"], "--from", asked["base_year"].label]
    for name in ("years", "people", "draws", "seed"):
        words += [f"--{name}", str(asked[name])]
    return shlex.join(words)


def _plan(asked: dict[str, Any]) -> str:
    # An outlook is a plan without interventions, written as plan files are. JSON strings and whole
    # numbers are TOML too.
    lines = [f"# {_command(asked)}", "[plan]", f"area = {json.dumps(asked['area'])}"]
    lines.append(f'start = "{asked["base_year"].label}"')
    lines += [
        f"{name} = {json.dumps(asked[name])}" for name in ("years", "people", "draws", "seed")
    ]
    return "\n".join(lines) + "\n"


def _machine() -> dict[str, Any]:
    return {
        "platform": platform.platform(),
        "processor": platform.machine(),
        "processors": os.cpu_count(),
        "python": sys.version.split()[0],
    }


def _writable_file(out: str | Path) -> Path:
    file = Path(out).expanduser()
    if file.suffix not in (".csv", ".md"):
        raise SettingError(f"{file} must end in .csv or .md.")
    if file.is_dir() or not file.parent.is_dir():
        what = "is a folder" if file.is_dir() else f"cannot be written: no folder {file.parent}"
        raise SettingError(f"{file} {what}. Name a file in a folder that is there.")
    return file


def _write(file: Path, text: str) -> None:
    part = file.with_name(f".{file.name}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise SettingError(f"{file} cannot be written: {error.strerror}.") from error
