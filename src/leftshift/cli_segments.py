"""The command `leftshift segments`, and the verb behind it: words only, no arithmetic."""

from __future__ import annotations

import datetime
import json
import shlex
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leftshift.cli_options import Csv, NoReport, Out, Replace
from leftshift.verbs import _machine

if TYPE_CHECKING:
    from leftshift.plans.segments import Scale, SegmentModel
    from leftshift.runs import Run

__all__ = ["segment_outlook", "segments"]


def segment_outlook(
    folder: str | Path,
    years: int = 20,
    out: str | Path | None = None,
    deaths: str = "shares",
    scales: Sequence[str] = (),
    csv: bool = False,
    report: bool = True,
    replace: bool = False,
) -> Run:
    """Takes a board's own segment model through years, into a run folder.

    Args:
        folder: holds segments.csv, transitions.csv, flows.csv, flow_shares.csv and use.csv.
        years: number of years, 1 to 200.
        out: the run folder (`runs/<name of the folder>-<identity>` in the working folder).
        deaths: how a year's deaths are split: "shares", "scaled-rates" or "rates".
        scales: transitions made larger or smaller: "FROM,TO,FACTOR,START,END" each.
        csv: whether tables are written as CSV too.
        report: whether report.html is made.
        replace: whether a run that lies at `out` is made anew.

    Returns:
        The run, whose `.table("people")` and `.table("use")` are frames. A run of the same
        identity is reused.

    Raises:
        LeftshiftError: something given is wrong, or the run cannot be written.
    """
    from leftshift.plans import segments as model
    from leftshift.runs import complete_run, default_name, existing_run, write_run
    from leftshift.runs.tables_segments import KIND

    begun = time.monotonic()
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    read = model.load(folder)
    scaled = [model.Scale.parse(one, read.segments) for one in scales]
    asked = {"years": years, "deaths": deaths, "scale": [str(one) for one in scaled]}
    outcome = model.project(read, years, deaths, scaled)
    identity = _identity(read, asked)
    name = Path(folder).resolve().name or "segments"
    place = Path(out) if out is not None else Path("runs") / default_name(name, identity)
    finish = _reporter() if report else None
    found = existing_run(place, identity, replace)
    if found is not None:
        return complete_run(found, finish, csv)
    return write_run(
        place,
        identity,
        {
            "started": started,
            "took_seconds": round(time.monotonic() - begun, 1),
            **_machine(),
        },
        _about(read, name, asked, scaled, outcome.warnings),
        model.tables(outcome),
        finish=finish,
        csv=csv,
        replace=replace,
        plan=_plan(name, asked),
        kind=KIND,
    )


def _identity(read: SegmentModel, asked: dict[str, Any]) -> dict[str, Any]:
    from leftshift import __version__

    return {"version": __version__, "room": "segments", "files": read.files.digests, **asked}


def _about(
    read: SegmentModel,
    name: str,
    asked: dict[str, Any],
    scaled: Sequence[Scale],
    warnings: Sequence[str],
) -> dict[str, Any]:
    words = ["leftshift", "segments", name, "--years", str(asked["years"])]
    words += ["--deaths", asked["deaths"]]
    for one in asked["scale"]:
        words += ["--scale", one]
    return {
        "title": f"People by segment: {name}",
        "room": "segments",
        "made_up": read.files.made_up,
        "segments": list(read.segments),
        "measures": list(read.measures),
        "first": read.first,
        **asked,
        "scaled": [
            {
                "from": one.start,
                "to": one.end,
                "factor": one.factor,
                "start": one.first,
                "end": one.last,
            }
            for one in scaled
        ],
        "warnings": list(warnings),
        "command": shlex.join(words),
    }


def _plan(name: str, asked: dict[str, Any]) -> str:
    # JSON strings, numbers and lists of them are TOML too.
    values = {"folder": name, **asked}
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return "\n".join(["[segments]", *lines, ""])


def _reporter() -> Callable[[Path], object]:
    from leftshift.report.segments.page import write_report

    return write_report


def segments(
    folder: Annotated[
        Path,
        typer.Argument(
            help="Holds segments.csv, transitions.csv, flows.csv, flow_shares.csv and use.csv.",
            metavar="FOLDER",
        ),
    ],
    new: Annotated[
        bool, typer.Option("--new", help="Make the folder, with a made-up example to start from.")
    ] = False,
    years: Annotated[int, typer.Option(metavar="N", help="Years ahead, 1 to 200.")] = 20,
    deaths: Annotated[
        str,
        typer.Option(
            metavar="HOW",
            help="How a year's deaths are split over segments. shares: by flow_shares.csv. "
            "scaled-rates: by the first year's rates, scaled to the year's total. rates: by those "
            "rates, whatever the total.",
        ),
    ] = "shares",
    scale: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FROM,TO,FACTOR,START,END",
            help="Multiply the share that moves from one segment to another, in the years START "
            "to END as flows.csv counts them; the difference stays. May be repeated.",
            show_default=False,
        ),
    ] = None,
    out: Out = None,
    csv: Csv = False,
    no_report: NoReport = False,
    replace: Replace = False,
) -> None:
    """Drive an area by your own table of moves between segments.

    As the Dynamic Population Model does: one year takes away its deaths, moves the survivors, then
    adds births and net migration. Ends in a run folder with people and use by segment and year.
    """
    if new:
        from leftshift.plans.segments_files import new as make

        made = make(folder, replace)
        typer.echo(f"Made {made}. It is made up: put your own figures in its files.")
        typer.echo(f"Run it with: leftshift segments {shlex.quote(str(made))}")
        return
    done = segment_outlook(
        folder, years, out, deaths, scale or (),
        csv=csv, report=not no_report, replace=replace,
    )  # fmt: skip
    typer.echo(repr(done))
    if done.report is not None:
        typer.echo(f"\nReport: {done.report.resolve()}")
