"""The commands `leftshift organisation new|check|run|compare`: words only, no arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from leftshift.runs import Run

__all__ = ["app"]

app = typer.Typer(
    help="The board itself: functions, duties, running costs, clusters, redundancy.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_Folder = Annotated[
    Path,
    typer.Argument(help="The board's folder, which holds organisation.toml.", metavar="BOARD"),
]
_Project = Annotated[
    Path | None,
    typer.Option("--project", metavar="DIR", help="The project's folder.", show_default=False),
]


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(help="The folder to make.", metavar="BOARD")],
    replace: Annotated[bool, typer.Option("--replace", help="Replace what lies there.")] = False,
) -> None:
    """Make an example board to start from.

    It is made up: change its files to your own.
    """
    from leftshift import organisation

    made = organisation.new(folder, replace=replace)
    typer.echo(f"Made {made}. It is made up: put your own figures in its files.")
    typer.echo(f"Check it with: leftshift organisation check {made}")


@app.command()
def check(board: _Folder, project: _Project = None) -> None:
    """Check a board's files, and say what is in them."""
    from leftshift import organisation

    found = organisation.check(board, project)
    typer.echo(found.words)
    for warning in found.warnings:
        typer.echo(f"Mind: {warning}")


@app.command()
def run(
    board: _Folder,
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Only this option; may be repeated.", show_default=False),
    ] = None,
    outlook: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="A run of the outlook, whose people it serves.", show_default=False
        ),
    ] = None,
    find: Annotated[
        bool, typer.Option("--find", help="Look for the least harmful option, too.")
    ] = False,
    draws: Annotated[
        int, typer.Option(metavar="N", help="Draws behind the intervals, 20 to 2,000.")
    ] = 200,
    seed: Annotated[int, typer.Option(metavar="N", help="Seed of everything random.")] = 1,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="The run folder.", show_default=False),
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Write the tables as CSV too.")] = False,
    no_report: Annotated[
        bool, typer.Option("--no-report", help="Make tables only: no report, no workbook.")
    ] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Make anew what lies there.")] = False,
    project: _Project = None,
) -> None:
    """Work out a board's options: money, duties, staff, time and place.

    Ends in a run folder with tables, a report, a workbook and a Word document.
    """
    from leftshift import organisation

    made = organisation.run(
        board, option, outlook, out, draws=draws, seed=seed, csv=csv, replace=replace,
        project=project, optimise=find, finish=None if no_report else _writer(),
    )  # fmt: skip
    _print(made)


@app.command()
def compare(
    run: Annotated[Path, typer.Argument(help="A run of a board, or a board's folder.")],
    csv: Annotated[bool, typer.Option("--csv", help="Print as CSV.")] = False,
) -> None:
    """Put a board's options side by side."""
    from leftshift import console, organisation

    found = organisation.compare(run)
    rows = [tuple(map(_cell, row)) for row in found.iter_rows()]
    typer.echo(found.write_csv() if csv else console.aligned(found.columns, rows))


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.2f}"
    return "" if value is None else str(value)


def _writer() -> Callable[[Path], object]:
    from leftshift.report.organisation.page import write_report

    return write_report


def _print(made: Run) -> None:
    typer.echo(repr(made))
    if made.report is None:
        return
    typer.echo(f"\nReport: {made.report.resolve()}")
    if not (made.path / "report.docx").is_file():
        typer.echo(
            "No Word report was made: it needs python-docx. Install it with: "
            "pip install 'leftshift[office]'"
        )
