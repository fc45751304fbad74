"""Options that several commands share, said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["Cluster", "Csv", "NoReport", "Out", "ProjectFolder", "Replace", "Workers"]

ProjectFolder = Annotated[
    Path | None,
    typer.Option(
        "--project",
        metavar="DIR",
        help="The project's folder; otherwise the working folder where it holds a leftshift.toml.",
        show_default=False,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="DIR", help="The run folder.", show_default="runs/<name>-<identity>"
    ),
]
Csv = Annotated[bool, typer.Option("--csv", help="Write the tables as CSV too.")]
NoReport = Annotated[
    bool, typer.Option("--no-report", help="Make tables only: no report, no workbook.")
]
Replace = Annotated[bool, typer.Option("--replace", help="Make anew what lies there.")]
Workers = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Processes of this machine that make the draws (needs leftshift[cluster]).",
        show_default=False,
    ),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Dask scheduler whose workers make the draws, such as tcp://10.0.0.5:8786.",
        show_default=False,
    ),
]
