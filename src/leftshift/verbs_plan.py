"""The verbs of plans: what `leftshift run` does, as a Python function.

Beside :mod:`leftshift.verbs`, whose words hold here too: arguments are checked before any work is
done, the rooms are called in turn, and there is no arithmetic.
"""

from __future__ import annotations

import datetime
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leftshift.errors import PlanError
from leftshift.settings import Project, checked, threads
from leftshift.verbs import Progress, _catalogue, _machine, _reporter, _tell

if TYPE_CHECKING:
    from leftshift.areas import Area
    from leftshift.catalogue import Catalogue
    from leftshift.plans.files import Plan
    from leftshift.runs import Run

__all__ = ["opened", "run"]

_ASKED = ("years", "people", "draws", "seed")


def run(
    plan: str | Path,
    years: int | str | None = None,
    people: int | str | None = None,
    draws: int | str | None = None,
    seed: int | str | None = None,
    headline: bool = False,
    shapley: bool = False,
    out: str | Path | None = None,
    csv: bool = False,
    report: bool = True,
    replace: bool = False,
    project: str | Path | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    progress: Progress | None = None,
    command: str | None = None,
) -> Run:
    """Simulates a plan beside the baseline, on the same people and the same draws.

    What is left out comes from the plan file, then from the default.

    Args:
        plan: a plan file.
        years: years after the base year, 1 to 40.
        people: people simulated at the base year, or "all".
        draws: draws of the parameters behind the intervals; 0 is a central run.
        seed: seed of everything random.
        headline: whether effects of evidence C and D are taken as published, not shrunk.
        shapley: whether contributions are worked out over all orders, too.
        out: the run folder (`runs/<plan>-<identity>` in the project or the working folder).
        csv: whether tables are written as CSV too.
        report: whether report.html and workbook.xlsx are made.
        replace: whether a run that lies at `out` is made anew.
        project: the project's folder; the working folder where it holds a leftshift.toml.
        workers: processes of this machine that make the draws, in place of threads; they need the
            `cluster` extra, and so does `cluster`. The result depends on neither.
        cluster: the address of a Dask scheduler whose workers make the draws.
        progress: called as the work goes on.
        command: what the run says that it was made by; the command of these arguments where it is
            left out.

    Returns:
        The run, with the arms "baseline" and the plan's name.

    Raises:
        LeftshiftError: something given is wrong, or the run cannot be written.
    """
    given = {"years": years, "people": people, "draws": draws, "seed": seed}
    asked = {name: checked(name, value) for name, value in given.items() if value is not None}
    hands = threads()
    home = Project.find(project)

    from leftshift.people import kept
    from leftshift.plans.run import identity as identified
    from leftshift.plans.run import simulated
    from leftshift.runs import (
        complete_run,
        default_name,
        existing_run,
        identity_hash,
        write_run,
    )

    file, cat, place, text = opened(plan, home)
    options: dict[str, Any] = {**asked, "headline": headline, "shapley": shapley}
    identity = identified(file, cat, place, **options)
    base = home.folder if home is not None else Path()
    name = default_name(Path(plan).stem, identity)
    folder = Path(out).expanduser() if out is not None else base / "runs" / name
    finish = _reporter() if report else None

    keep = kept.folder_of(folder, identity_hash(identity))
    found = existing_run(folder, identity, replace)
    if found is not None:
        kept.forget(keep)
        _tell(progress, "the same run was made before: nothing to simulate")
        return complete_run(found, finish, csv)
    begun = time.monotonic()
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    made = simulated(
        file, cat, place, **options, threads=hands, workers=workers, cluster=cluster, keep=keep,
        progress=progress,
    ).outcome  # fmt: skip
    _tell(progress, "writing the run folder" + (" and the report" if report else ""))
    about = {
        **made.about,
        "command": command or _command(plan, asked, headline, shapley),
        "plan_file": text,
    }
    written = write_run(
        folder,
        identity,
        {
            **made.provenance,
            "started": started,
            "took_seconds": round(time.monotonic() - begun, 1),
            "threads": hands,
            **_machine(),
        },
        about,
        made.tables,
        finish=finish,
        csv=csv,
        replace=replace,
        plan=text,
    )
    kept.forget(keep)
    return written


def opened(
    plan: str | Path, home: Project | None, years: int | None = None
) -> tuple[Plan, Catalogue, Area, str]:
    """Reads a plan file with the catalogue and the area that it is about.

    Args:
        plan: the file.
        home: the project, or None.
        years: how many years follow the base year where the plan does not say.

    Returns:
        The plan, the catalogue, the area, and the file's text.

    Raises:
        PlanError: the plan is wrong, names an area that is not known, or names none where no
            project does.
    """
    from leftshift.areas import find_area
    from leftshift.errors import AreaError
    from leftshift.plans.files import read_plan

    path = Path(plan)
    cat = _catalogue(home)
    file = read_plan(path, cat, years=years)
    area = file.area or (str(home.settings["area"]) if home and "area" in home.settings else None)
    if area is None:
        raise PlanError(
            f'{path}: the plan names no area. Add area = "…" under [plan], such as '
            'area = "norfolk-and-suffolk". List them with: leftshift areas'
        )
    beside = path.parent / area
    if area.endswith(".toml") and beside.is_file():
        area = str(beside)
    elif home is not None:
        area = home.area_path(area)
    try:
        place = find_area(area, cat)
    except AreaError as problem:
        where = f"{path}:{file.line('plan', 'area')}: " if file.area else ""
        raise PlanError(f"{where}{problem}") from None
    return file, cat, place, path.read_text(encoding="utf-8-sig")


def _command(plan: str | Path, asked: dict[str, Any], headline: bool, shapley: bool) -> str:
    words = ["leftshift", "run", Path(plan).as_posix()]
    for name in _ASKED:
        if name in asked:
            words += [f"--{name}", str(asked[name])]
    words += ["--headline"] * headline + ["--shapley"] * shapley
    return shlex.join(words)
