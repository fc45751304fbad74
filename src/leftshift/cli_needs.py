"""The command `leftshift needs`, and the verb behind it: words only, no arithmetic."""

from __future__ import annotations

import datetime
import shlex
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leftshift.cli_options import Csv, NoReport, Out, ProjectFolder, Replace
from leftshift.quantities import FinancialYear
from leftshift.settings import Project, threads
from leftshift.verbs import Progress, _loaded, _machine, _settled, _tell

if TYPE_CHECKING:
    from leftshift.runs import Run

__all__ = ["assess", "needs"]


def assess(
    area: str | None = None,
    people: int | str | None = None,
    seed: int | str | None = None,
    out: str | Path | None = None,
    csv: bool = False,
    report: bool = True,
    replace: bool = False,
    project: str | Path | None = None,
    progress: Progress | None = None,
) -> Run:
    """Writes a needs assessment: places and primary care networks side by side, in the base year.

    What is left out comes from the project's leftshift.toml, then from the default.

    Args:
        area: an authority, board, region or footprint by code or name, or a footprint file.
        people: people simulated, eight times with other seeds, or "all": one for each resident,
            once, without sampling error (100,000).
        seed: seed of everything random (1).
        out: the run folder (`runs/<area>-<identity>` in the project or the working folder).
        csv: whether tables are written as CSV too.
        report: whether report.html and workbook.xlsx are made.
        replace: whether a run that lies at `out` is made anew.
        project: the project's folder; the working folder where it holds a leftshift.toml.
        progress: called as the work goes on.

    Returns:
        The run, whose `.table("need")` is a frame. A run of the same identity is reused.

    Raises:
        LeftshiftError: something given is wrong, or the run cannot be written.
    """
    home = Project.find(project)
    asked = _settled(home, {"area": area, "people": people, "seed": seed})
    workers = threads()

    from leftshift.care.model import Care
    from leftshift.care.needs.assessment import assess as work_out
    from leftshift.care.needs.assessment import identity as identified
    from leftshift.people.model import Frame
    from leftshift.runs import complete_run, default_name, existing_run, write_run

    cat, place = _loaded(home, asked["area"])
    year = FinancialYear(int(cat.row("base.year").estimate.value))
    options: dict[str, Any] = {
        "people": asked["people"],
        "seed": asked["seed"],
        "base_year": year.start,
        "data": Care(cat, place, Frame(year.start, 1)).identity(),
    }
    identity = identified(cat, place, **options)
    base = home.folder if home is not None else Path()
    folder = Path(out) if out is not None else base / "runs" / default_name(place.code, identity)
    finish = _reporter() if report else None

    found = existing_run(folder, identity, replace)
    if found is not None:
        _tell(progress, "the same run was made before: nothing to simulate")
        return complete_run(found, finish, csv)
    begun = time.monotonic()
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    outcome = work_out(cat, place, **options, threads=workers, progress=progress, care=Care)
    _tell(progress, "writing the run folder" + (" and the report" if report else ""))
    words = ["leftshift", "needs", asked["area"]]
    words += ["--people", str(asked["people"]), "--seed", str(asked["seed"])]
    return write_run(
        folder,
        identity,
        {
            **outcome.provenance,
            "started": started,
            "took_seconds": round(time.monotonic() - begun, 1),
            "threads": workers,
            **_machine(),
        },
        {**outcome.about, "command": shlex.join(words)},
        outcome.tables,
        finish=finish,
        csv=csv,
        replace=replace,
    )


def _reporter() -> Callable[[Path], object]:
    from leftshift.report.needs.page import write_report

    return write_report


def needs(
    area: Annotated[
        str | None,
        typer.Argument(
            help="An authority, board, region or footprint: code, name or footprint file.",
            show_default=False,
        ),
    ] = None,
    people: Annotated[
        str | None,
        typer.Option(
            metavar="N",
            help="People simulated, eight times over, or all: one for each resident, once "
            "[100,000].",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[
        str | None,
        typer.Option(metavar="N", help="Seed of everything random [1].", show_default=False),
    ] = None,
    out: Out = None,
    csv: Csv = False,
    no_report: NoReport = False,
    replace: Replace = False,
    project: ProjectFolder = None,
) -> None:
    """Write a needs assessment: places and primary care networks side by side.

    People, deprivation, illness, use and cost of the base year, with standardised rates,
    indices of inequality, funnel plots and the Core20 group.
    """
    from leftshift.console import Progress as Bar

    with Bar() as meter:
        made = assess(
            area, people, seed, out,
            csv=csv, report=not no_report, replace=replace, project=project, progress=meter,
        )  # fmt: skip
    typer.echo(repr(made))
    if made.report is not None:
        typer.echo(f"\nReport: {made.report.resolve()}")
