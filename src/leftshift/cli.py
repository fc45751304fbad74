"""The command line: each verb of `leftshift.verbs` as a command.

No body is longer than about ten lines, and nothing heavy is imported before a command runs, so
that `leftshift --help` answers at once.
"""

from __future__ import annotations

import _thread
import contextlib
import csv as comma_separated
import errno
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from leftshift import (
    __version__,
    cli_compare,
    cli_data,
    cli_needs,
    cli_organisation,
    cli_plan,
    cli_prioritise,
    cli_run,
    cli_segments,
    cli_survey,
)
from leftshift.cli_options import Cluster, Csv, NoReport, Out, ProjectFolder, Replace, Workers
from leftshift.errors import LeftshiftError

if TYPE_CHECKING:
    from leftshift.runs import Run

__all__ = ["app", "main", "print_run"]


_STOPPED = 130


class _Verbs(TyperGroup):
    """Commands in the order of a day's work, with errors in plain words."""

    def make_context(self, *given: Any, **named: Any) -> Any:
        # typer would end at Ctrl-C here too, without a word.
        with _plain_words(KeyboardInterrupt):
            return super().make_context(*given, **named)

    def invoke(self, ctx: Any) -> Any:
        # What typer raises for its own ends has to pass; `main` deals with anything else.
        with _plain_words(LeftshiftError, KeyboardInterrupt, BrokenPipeError, MemoryError):
            answer = super().invoke(ctx)
            sys.stdout.flush()
            return answer


app = typer.Typer(
    cls=_Verbs,
    help="Plan, pay for and evaluate care over ten and twenty years.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_Printed = Annotated[bool, typer.Option("--csv", help="Print as CSV.")]


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
) -> None:
    if version:
        typer.echo(f"leftshift {__version__}")
        raise typer.Exit


@app.command()
def areas(
    text: Annotated[
        str, typer.Argument(help="Part of a code or name.", show_default="all areas")
    ] = "",
    kind: Annotated[
        str | None,
        typer.Option(
            metavar="KIND", help="Only this kind, such as board or authority.", show_default=False
        ),
    ] = None,
    csv: _Printed = False,
    project: ProjectFolder = None,
) -> None:
    """List and search the areas that can be simulated."""
    from leftshift import verbs

    found = verbs.areas(text, kind, project)
    _print_table(found.columns, [tuple(map(_cell, row)) for row in found.iter_rows()], csv)


@app.command()
def outlook(
    area: Annotated[
        str | None,
        typer.Argument(
            help="Code or name of an area, or a footprint file.", show_default="the project's"
        ),
    ] = None,
    years: Annotated[
        str | None,
        typer.Option(metavar="N", help="Years after the base year, 1 to 40.", show_default="20"),
    ] = None,
    people: Annotated[
        str | None,
        typer.Option(
            metavar="N|all",
            help="People simulated; all is one for each resident.",
            show_default="100000",
        ),
    ] = None,
    draws: Annotated[
        str | None,
        typer.Option(metavar="N", help="Draws behind the intervals; 0: none.", show_default="0"),
    ] = None,
    seed: Annotated[
        str | None, typer.Option(metavar="N", help="Seed of everything random.", show_default="1")
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="YEAR", help="The base year.", show_default="the catalogue's"
        ),
    ] = None,
    out: Out = None,
    csv: Csv = False,
    no_report: NoReport = False,
    replace: Replace = False,
    project: ProjectFolder = None,
    workers: Workers = None,
    cluster: Cluster = None,
) -> None:
    """Simulate an area's residents for years to come.

    How many live there, how old, and how ill they become, if nothing changes. Ends in a run folder
    with tables, a report and a workbook; a run that was made before is reused.
    """
    from leftshift import console, verbs

    with console.Progress() as progress:
        run = verbs.outlook(
            area, years, people, draws, seed, start, out, csv, not no_report, replace, project,
            workers, cluster, progress,
        )  # fmt: skip
    print_run(run)


@app.command()
def demo(out: Out = None, replace: Replace = False) -> None:
    """Run a shipped plan for Norfolk and Suffolk beside the baseline, and make its report.

    Ten years, 20,000 simulated people, 30 draws of the parameters.
    """
    from leftshift import console, verbs

    typer.echo(
        "A left shift to 2035 for Norfolk and Suffolk, the integrated care board of April 2026:\n"
        "nine interventions beside what happens if nothing changes, on the same 20,000 simulated\n"
        "residents and the same 30 draws of the parameters, which give the 95% intervals. It uses\n"
        "the shipped catalogue and no network. Your own copy to change: leftshift plan new\n"
    )
    with console.Progress() as progress:
        run = verbs.demo(out, replace, progress)
    print_run(run)


@app.command()
def validate(
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write it to a .csv or .md file too.", show_default=False
        ),
    ] = None,
    seed: Annotated[str, typer.Option(metavar="N", help="Seed of everything random.")] = "1",
) -> None:
    """Compare the model with published figures.

    Two lists: the figures the model was given and ought to reproduce, and those it never saw, each
    beside a naive forecast.
    """
    from leftshift import console, verbs

    with console.Progress() as progress:
        rows = verbs.validate(out, seed, progress)
    typer.echo(console.validation_text(rows))


@app.command()
def catalogue(
    text: Annotated[
        str, typer.Argument(help="Part of an id or label.", show_default="all rows")
    ] = "",
    csv: _Printed = False,
    project: ProjectFolder = None,
) -> None:
    """List and search the figures that the model rests on."""
    from leftshift import verbs

    rows = [
        (r.id, f"{r.estimate.value:g}", r.estimate.unit, r.estimate.grade, r.label)
        for r in verbs.catalogue(text, project)
    ]
    _print_table(("id", "value", "unit", "grade", "label"), rows, csv)


app.add_typer(cli_data.app, name="data")
app.command("needs")(cli_needs.needs)
app.add_typer(cli_plan.app, name="plan")
app.command("run")(cli_run.run)
app.command("compare")(cli_compare.compare)
app.command("assumptions")(cli_run.assumptions)
app.command("prioritise")(cli_prioritise.prioritise)
app.command("segments")(cli_segments.segments)
app.add_typer(cli_organisation.app, name="organisation")
app.add_typer(cli_survey.app, name="survey")


def main() -> None:
    """Runs the command line, on any terminal."""
    # Draws run on threads of our own; a second set under each matrix product only gets in the way.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Where a shell closed a stream (`>&-`, a service), Python has none: what is said goes nowhere.
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        # A Windows console without UTF-8 cannot write every character of a name.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    sys.unraisablehook = _not_lost
    try:
        with _plain_words(Exception, KeyboardInterrupt):
            app()
    except SystemExit as end:
        if end.code == _STOPPED:
            # Threads that still simulate would otherwise be waited for, and nobody wants to.
            sys.stdout.flush()
            os._exit(_STOPPED)
        raise


def _not_lost(lost: sys.UnraisableHookArgs) -> None:
    """Asks again for a Ctrl-C that came where Python can only drop it, as inside a finaliser."""
    if isinstance(lost.exc_value, KeyboardInterrupt):
        again = threading.Timer(0.05, _interrupt)
        again.daemon = True
        again.start()
    else:
        sys.__unraisablehook__(lost)


def _interrupt() -> None:
    main_thread = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main_thread is not None:
        signal.pthread_kill(main_thread, signal.SIGINT)
    else:
        _thread.interrupt_main()


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _print_table(headers: Sequence[str], rows: Sequence[Sequence[str]], csv: bool) -> None:
    from leftshift import console

    if csv:
        writer = comma_separated.writer(sys.stdout, lineterminator="\n")
        writer.writerows([headers, *rows])
    elif rows:
        typer.echo(console.aligned(headers, rows))
    else:
        typer.echo("Nothing found.")


def print_run(run: Run) -> None:
    """Says what a run is, and where its report lies."""
    typer.echo(repr(run))
    if run.report is not None:
        place = run.report.resolve()
        opener = {"win32": "start", "darwin": "open"}.get(sys.platform, "xdg-open")
        typer.echo(f'\nReport: {place}\nOpen it in a browser, or with: {opener} "{place}"')


@contextlib.contextmanager
def _plain_words(*kinds: type[BaseException]) -> Iterator[None]:
    try:
        yield
    except kinds as error:
        if os.environ.get("LEFTSHIFT_DEBUG") == "1":
            traceback.print_exc()
        raise SystemExit(_answer(error)) from None


def _answer(error: BaseException) -> int:
    if isinstance(error, BrokenPipeError):
        # Whoever read the output has had enough; nothing more can be said to them.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    if isinstance(error, KeyboardInterrupt):
        typer.echo(f"Stopped. {str(error) or 'Nothing was written.'}", err=True)
        return _STOPPED
    if isinstance(error, MemoryError):
        typer.echo("Error: memory ran out. Ask for fewer --people.", err=True)
        return 2
    if isinstance(error, LeftshiftError):
        typer.echo(f"Error: {error}", err=True)
        return error.exit_status
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        typer.echo("Error: the disk is full, or what the output goes to is. Free some.", err=True)
        return 2
    typer.echo(
        f"Leftshift has a fault, which is not yours: {type(error).__name__}: {error}\n"
        "Please report it with what LEFTSHIFT_DEBUG=1 shows of it.",
        err=True,
    )
    return 1
