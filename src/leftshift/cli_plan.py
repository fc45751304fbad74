"""The commands `leftshift plan new|check|show|diff|merge`: words only, no arithmetic."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leftshift.cli_options import ProjectFolder

if TYPE_CHECKING:
    from leftshift.catalogue import Catalogue
    from leftshift.plans.files import Plan

__all__ = ["app"]

app = typer.Typer(
    help="Plan files: what a board would do, whom for, by when.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_File = Annotated[Path, typer.Argument(help="A plan file.", metavar="PLAN")]


@app.command()
def new(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="The file to write [the example's name].", metavar="FILE", show_default=False
        ),
    ] = None,
    example: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="left-shift, cardiovascular-prevention or frailty-at-home."
        ),
    ] = "left-shift",
    area: Annotated[
        str | None,
        typer.Option(metavar="AREA", help="Whom it is about.", show_default=False),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace what lies there.")] = False,
    project: ProjectFolder = None,
) -> None:
    """Write a worked example as a plan of your own, with comments."""
    from leftshift.plans.starting import start_plan

    if area is not None:
        _area(area, _catalogue(project), project)
    made = start_plan(file, example, area, replace)
    typer.echo(f"Made {made}. Change it to what you would do.")
    typer.echo(f"Check it with: leftshift plan check {made}")


@app.command()
def check(plan: _File, project: ProjectFolder = None) -> None:
    """Check a plan file, and say what it does and what is doubtful."""
    from leftshift.plans.words import describe, doubts

    catalogue = _catalogue(project)
    found = _checked(plan, catalogue, project)
    typer.echo("\n".join(describe(found, catalogue)))
    said = doubts(found, catalogue)
    typer.echo("\nDoubtful:" if said else "\nNothing is doubtful.")
    for doubt in said:
        typer.echo(f"- {doubt}")


@app.command()
def show(
    plan: _File,
    csv: Annotated[bool, typer.Option("--csv", help="Print as CSV.")] = False,
    project: ProjectFolder = None,
) -> None:
    """Show a plan's interventions as a table."""
    import csv as comma_separated
    import sys

    from leftshift.console import aligned
    from leftshift.plans.words import COLUMNS, rows

    catalogue = _catalogue(project)
    found = rows(_checked(plan, catalogue, project), catalogue)
    if csv:
        comma_separated.writer(sys.stdout, lineterminator="\n").writerows([COLUMNS, *found])
    else:
        typer.echo(aligned(COLUMNS, found))


@app.command()
def diff(
    first: Annotated[Path, typer.Argument(help="A plan file.", metavar="FIRST")],
    second: Annotated[Path, typer.Argument(help="Another one.", metavar="SECOND")],
    project: ProjectFolder = None,
) -> None:
    """List what two plans say differently, key by key."""
    from leftshift.plans.differences import diff as differences
    from leftshift.plans.files import read_plan

    catalogue = _catalogue(project)
    one, other = (read_plan(file, catalogue) for file in (first, second))
    found = differences(one.canonical, other.canonical)
    for difference in found:
        typer.echo(difference.words())
    if not found:
        typer.echo("The two plans say the same.")


@app.command()
def merge(
    base: Annotated[Path, typer.Argument(help="The plan that both set out from.", metavar="BASE")],
    first: Annotated[Path, typer.Argument(help="One changed plan.", metavar="FIRST")],
    second: Annotated[Path, typer.Argument(help="The other.", metavar="SECOND")],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Where to write it.", show_default="printed"),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace what lies there.")] = False,
    project: ProjectFolder = None,
) -> None:
    """Put together what two plans changed of a third.

    Where both changed one key differently, nothing is written and each such key is named.
    Comments are not kept.
    """
    from leftshift.plans.merging import merge_files

    text = merge_files(base, first, second, _catalogue(project), out, replace)
    typer.echo(text if out is None else f"Wrote {out}.", nl=out is not None)


def _catalogue(project: Path | None) -> Catalogue:
    from leftshift.catalogue import Catalogue
    from leftshift.settings import Project

    home = Project.find(project)
    return Catalogue.load(home.folder if home is not None else None)


def _area(
    text: str, catalogue: Catalogue, project: Path | None, beside: Path | None = None
) -> object:
    from leftshift.areas import find_area
    from leftshift.settings import Project

    home = Project.find(project)
    name = home.area_path(text) if home is not None else text
    near = beside.parent / text if beside is not None else Path(text)
    if text.endswith(".toml") and not Path(name).exists() and near.is_file():
        name = str(near)
    return find_area(name, catalogue)


def _checked(file: Path, catalogue: Catalogue, project: Path | None) -> Plan:
    from leftshift.errors import AreaError, PlanError
    from leftshift.plans.files import read_plan
    from leftshift.plans.places import located
    from leftshift.settings import Project

    home = Project.find(project)
    settings = home.settings if home is not None else {}
    plan = read_plan(file, catalogue, years=settings.get("years"))
    area = plan.area or settings.get("area")
    if area is None:
        return plan
    try:
        found = _area(area, catalogue, project, file)
    except AreaError as problem:
        raise PlanError(f"{file}:{plan.line('plan', 'area')}: {problem}") from None
    located(plan, found)  # type: ignore[arg-type]
    return plan
