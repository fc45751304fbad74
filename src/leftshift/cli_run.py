"""The commands `leftshift run` and `leftshift assumptions`: words only, no arithmetic."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from leftshift.cli_options import Cluster, Csv, NoReport, Out, ProjectFolder, Replace, Workers

__all__ = ["assumptions", "run"]


def run(
    plan: Annotated[Path, typer.Argument(help="A plan file.", metavar="PLAN")],
    years: Annotated[
        str | None,
        typer.Option(
            metavar="N", help="Years after the base year [the plan's].", show_default=False
        ),
    ] = None,
    people: Annotated[
        str | None,
        typer.Option(
            metavar="N",
            help="People simulated, or all: one for each resident [the plan's].",
            show_default=False,
        ),
    ] = None,
    draws: Annotated[
        str | None,
        typer.Option(
            metavar="N",
            help="Draws behind the intervals; 0: none [the plan's].",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[
        str | None,
        typer.Option(
            metavar="N", help="Seed of everything random [the plan's].", show_default=False
        ),
    ] = None,
    headline: Annotated[
        bool,
        typer.Option(
            "--headline", help="Take effects of evidence C and D as published, not shrunk."
        ),
    ] = False,
    shapley: Annotated[
        bool, typer.Option("--shapley", help="Work out contributions over all orders, too.")
    ] = False,
    out: Out = None,
    csv: Csv = False,
    no_report: NoReport = False,
    replace: Replace = False,
    project: ProjectFolder = None,
    workers: Workers = None,
    cluster: Cluster = None,
) -> None:
    """Simulate a plan beside the baseline, on the same people and the same draws.

    Ends in a run folder with tables for both arms, a report of the plan's story and a workbook.
    """
    from leftshift import console, verbs_plan
    from leftshift.cli import print_run

    with console.Progress() as progress:
        made = verbs_plan.run(
            plan, years, people, draws, seed, headline, shapley,
            out, csv, not no_report, replace, project, workers, cluster, progress,
        )  # fmt: skip
    print_run(made)


def assumptions(
    run: Annotated[Path, typer.Argument(help="A run folder.", metavar="RUN")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="The workbook to write [assumptions.xlsx in the run folder].",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Write the log of a run's assumptions: quality by impact, as the Aqua Book asks.

    An Excel workbook with one row for each figure that the run rests on, and room for an owner.
    """
    from leftshift.report import write_assumptions

    typer.echo(f"Wrote {write_assumptions(run, out)}")
