"""The verbs of the room on the command line: leftshift survey new, check and run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["app"]

app = typer.Typer(
    name="survey",
    help="What leaders say: responses and a codebook in, figures that can be shown to anyone out.",
    no_args_is_help=True,
)

_PROJECT = typer.Argument(help="The survey's folder, or its codebook.", show_default="this folder")


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(help="Where the survey is to lie.")],
    title: Annotated[str | None, typer.Option(help="What it is called.")] = None,
    responses: Annotated[
        Path | None, typer.Option(help="An export to draft the codebook from (CSV or Excel).")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Write files anew.")] = False,
    example: Annotated[
        bool, typer.Option("--example", help="Copy the worked, made-up example.")
    ] = False,
) -> None:
    """Begin a survey: a codebook to fill in, and what to do next."""
    from leftshift import survey

    codebook = survey.new(folder, title, responses, replace, example)
    then = "It is made up; try it with" if example else "Fill it in, then"
    typer.echo(f"Began {codebook}. {then}: leftshift survey check {codebook.parent}")


@app.command()
def check(project: Annotated[Path, _PROJECT] = Path()) -> None:
    """Say all that is wrong with a survey's files, and list every answer dropped or changed."""
    from leftshift import survey

    found = survey.check(project)
    typer.echo(found.summary)
    if not found.ok:
        raise typer.Exit(2)


@app.command()
def run(
    project: Annotated[Path, _PROJECT] = Path(),
    out: Annotated[Path | None, typer.Option(help="The run folder.")] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Write tables as CSV too.")] = False,
    report: Annotated[bool, typer.Option(help="Make report, workbook and slides.")] = True,
    replace: Annotated[bool, typer.Option("--replace", help="Make it anew.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of permutations.")] = 1,
) -> None:
    """Make a run folder: estimates, changes, open text, and a report of them."""
    from leftshift import survey

    finish = reporter() if report else None
    typer.echo(repr(survey.run(project, out, csv, replace, finish, seed)))


def reporter() -> Callable[[Path], object]:
    """Gives what adds the report to a run folder.

    The command line alone joins rooms to the report; a room's calculations know nothing of it.
    """
    from leftshift.report.survey.page import write_report

    return write_report
