"""The command `leftshift prioritise`, and the verb behind it: words only, no arithmetic."""

from __future__ import annotations

import datetime
import shlex
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leftshift.settings import Project, checked, threads
from leftshift.verbs import Progress, _machine, _reporter, _tell
from leftshift.verbs_plan import opened

if TYPE_CHECKING:
    from leftshift.plans.prioritise_rules import Rules
    from leftshift.runs import Run

__all__ = ["prioritise", "prioritised"]


def prioritised(
    plan: str | Path,
    aim: str | None = None,
    required: Sequence[str] = (),
    latest: str | None = None,
    redraws: int | None = None,
    people: int | str | None = None,
    draws: int | str | None = None,
    seed: int | str | None = None,
    out: str | Path | None = None,
    csv: bool = False,
    report: bool = True,
    replace: bool = False,
    headline: bool = False,
    project: str | Path | None = None,
    progress: Progress | None = None,
) -> Run:
    """Picks, sizes and phases a plan's interventions within its limits, and runs what is chosen.

    Args:
        plan: a plan file; its interventions are the candidates.
        aim: health, equity or gap, in place of what the plan says.
        required: ids that have to be done, beside those of the plan.
        latest: the latest year in which an intervention may begin.
        redraws: how many draws the choice is made again for.
        people: people simulated, in place of what the plan says.
        draws: draws behind the intervals, in place of what the plan says.
        seed: seed of everything random, in place of what the plan says.
        out: the run folder (`runs/<area>-<identity>` in the project or the working folder).
        csv: whether tables are written as CSV too.
        report: whether report.html and workbook.xlsx are made.
        replace: whether a run that lies at `out` is made anew.
        headline: whether effects of evidence C and D are not shrunk.
        project: the project's folder; the working folder where it holds a leftshift.toml.
        progress: called as the work goes on.

    Returns:
        The run, whose `.table("choices")` is a frame, and whose plan.toml is the chosen plan.

    Raises:
        LeftshiftError: something given is wrong, limits clash, or the run cannot be written.
    """
    from leftshift.errors import PlanError
    from leftshift.plans import prioritise as room
    from leftshift.plans import run as plans
    from leftshift.plans.alone import each_alone
    from leftshift.plans.choice import Clash
    from leftshift.plans.files import read_plan
    from leftshift.plans.frontier import around
    from leftshift.plans.prioritise_rules import read_rules
    from leftshift.runs import complete_run, default_name, existing_run, write_run

    home = Project.find(project)
    file = Path(plan)
    own_years = home.settings.get("years") if home is not None else None
    read, cat, place, _ = opened(file, home, own_years)
    rules = read_rules(read, aim, required, latest, redraws)
    given = {"people": people, "draws": draws, "seed": seed}
    asked = {name: checked(name, one) for name, one in given.items() if one is not None}
    years = own_years if read.years is None else None
    options: dict[str, Any] = {"years": years, "headline": headline, **asked}
    identity = {
        **plans.identity(read, cat, place, **options),
        "prioritise": _plain(rules),
    }
    base = home.folder if home is not None else Path()
    folder = Path(out) if out is not None else base / "runs" / default_name(place.code, identity)
    finish = _reporter() if report else None
    found = existing_run(folder, identity, replace)
    if found is not None:
        _tell(progress, "the same choice was made before: nothing to simulate")
        return complete_run(found, finish, csv)

    begun = time.monotonic()
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    workers = threads()
    alone = each_alone(read, cat, place, **options, threads=workers, progress=progress)
    _tell(progress, "choosing")
    sought = room.aim_of(rules, cat.parameters(), alone)
    choice = room.choose(alone, rules, read.limits, sought)
    if isinstance(choice, Clash):
        problem = room.problem_of(alone, rules, read.limits, sought)
        said = " ".join(room.explained(choice, problem))
        raise PlanError(f"{file}:{read.line('limits')}: {said}")
    tables = around(alone, rules, read.limits, sought, choice).tables
    text = room.chosen_plan(read, choice)
    with tempfile.TemporaryDirectory() as made:
        chosen_file = Path(made) / "chosen.toml"
        chosen_file.write_text(text, encoding="utf-8")
        again = read_plan(chosen_file, cat, "the chosen plan", years=years)
    ran = plans.simulated(again, cat, place, **options, threads=workers, progress=progress)
    tables["resimulated"] = room.resimulated(alone, choice, ran.results, again.name)
    _tell(progress, "writing the run folder" + (" and the report" if report else ""))
    return write_run(
        folder,
        identity,
        {
            **ran.outcome.provenance,
            "started": started,
            "took_seconds": round(time.monotonic() - begun, 1),
            "threads": workers,
            **_machine(),
        },
        {
            **ran.outcome.about,
            "prioritise": {
                "aim": rules.aim,
                "value": choice.value,
                "unit": choice.unit,
                "proven": choice.proven,
            },
            "command": shlex.join(["leftshift", "prioritise", file.name]),
        },
        {**ran.outcome.tables, **tables},
        finish=finish,
        csv=csv,
        replace=replace,
        plan=text,
    )


def _plain(rules: Rules) -> dict[str, Any]:
    """Rules as run.json can hold them."""
    held = asdict(rules)
    held["floor_new"] = {
        name: {year.label: share for year, share in one.points}
        for name, one in rules.floor_new.items()
    }
    return held


def prioritise(
    plan: Annotated[
        Path,
        typer.Argument(
            help="A plan file: its interventions are the candidates, its [limits] the limits, and "
            "[prioritise] says what is sought.",
            metavar="PLAN",
        ),
    ],
    aim: Annotated[
        str | None,
        typer.Option(
            metavar="AIM",
            help="health: most QALYs. equity: QALYs of more deprived people count more. gap: the "
            "least funding gap [health].",
            show_default=False,
        ),
    ] = None,
    require: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID",
            help="An intervention that has to be done. May be repeated.",
            show_default=False,
        ),
    ] = None,
    latest: Annotated[
        str | None,
        typer.Option(
            metavar="YEAR",
            help="The latest year in which an intervention may begin [four after the first].",
            show_default=False,
        ),
    ] = None,
    redraws: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Draws for which the choice is made again [25].", show_default=False
        ),
    ] = None,
    people: Annotated[
        str | None,
        typer.Option(metavar="N|all", help="People simulated [the plan's].", show_default=False),
    ] = None,
    draws: Annotated[
        str | None,
        typer.Option(
            metavar="N", help="Draws behind the intervals [the plan's].", show_default=False
        ),
    ] = None,
    seed: Annotated[
        str | None,
        typer.Option(
            metavar="N", help="Seed of everything random [the plan's].", show_default=False
        ),
    ] = None,
    headline: Annotated[
        bool, typer.Option("--headline", help="Take weak evidence (C and D) at its face value.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="The run folder.", show_default=False),
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Write the tables as CSV too.")] = False,
    no_report: Annotated[
        bool, typer.Option("--no-report", help="Make tables only: no report, no workbook.")
    ] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Make anew what lies there.")] = False,
    project: Annotated[
        Path | None,
        typer.Option("--project", metavar="DIR", help="The project's folder.", show_default=False),
    ] = None,
) -> None:
    """Choose among a plan's interventions within its limits, and run what is chosen.

    Each is run alone; then what brings most is picked, sized and phased within money, floors, staff
    and capacity. Says what was left out and why, what more money would bring, and how the choice
    holds across draws.
    """
    from leftshift.console import Progress as Bar

    with Bar() as meter:
        done = prioritised(
            plan, aim, require or (), latest, redraws, people, draws, seed, out,
            csv=csv, report=not no_report, replace=replace, headline=headline, project=project,
            progress=meter,
        )  # fmt: skip
    typer.echo(repr(done))
    for line in _told(done):
        typer.echo(line)


def _told(done: Run) -> list[str]:
    said = []
    for row in done.table("choices").sort("position").iter_rows(named=True):
        if row["chosen"]:
            said.append(f"  {row['label']}: {row['size']:.0%} of its reach from {row['start']}")
    for row in done.table("left_out").filter(outcome="left_out").iter_rows(named=True):
        said.append(f"  not {row['intervention']}: {row['reason']}")
    return said
