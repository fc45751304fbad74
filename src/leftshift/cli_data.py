"""The commands `leftshift data new|check`: a board's own figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leftshift.cli_options import ProjectFolder

if TYPE_CHECKING:
    from leftshift.areas import Area
    from leftshift.catalogue import Catalogue

__all__ = ["app"]

app = typer.Typer(
    help="Your board's own figures: activity, prices, staff, prevalence, waits, funding.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command()
def new(
    project: ProjectFolder = None,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Write files anew that are there: what they hold is lost."),
    ] = False,
) -> None:
    """Write a template for each file of figures, and a README that lists every key.

    Files that are there already are left as they are.
    """
    from leftshift.care import local

    home, catalogue, area = _opened(project)
    for path in local.new(home, catalogue, area, replace):
        typer.echo(f"Wrote {path.relative_to(home).as_posix()}")
    typer.echo("Fill in what you have, then: leftshift data check")


@app.command()
def check(project: ProjectFolder = None) -> None:
    """Say what of your own figures is used, and name each row that cannot be, by line and why."""
    from leftshift.care import local

    found = local.check(*_opened(project))
    for line in found.used:
        typer.echo(line)
    for warning in found.warnings:
        typer.echo(f"Mind: {warning}")
    if not found.ok:
        raise local.refusal(found.problems)
    typer.echo("All of it can be used." if found.data else "There is nothing to use yet.")


def _opened(project: Path | None) -> tuple[Path, Catalogue, Area]:
    from leftshift.areas import find_area
    from leftshift.catalogue import Catalogue
    from leftshift.errors import ProjectError
    from leftshift.settings import PROJECT_FILE, Project

    home = Project.find(project)
    if home is None:
        raise ProjectError(
            f"this folder is no Leftshift project: it has no {PROJECT_FILE}. Put one there, with "
            'at least: area = "QMM". Or name a project with --project.'
        )
    if "area" not in home.settings:
        raise ProjectError(f'{PROJECT_FILE} names no area. Add a line such as: area = "QMM"')
    catalogue = Catalogue.load(home.folder)
    return home.folder, catalogue, find_area(home.area_path(home.settings["area"]), catalogue)
