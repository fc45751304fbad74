"""The board itself: functions, statutory duties, running costs, clusters, redundancy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars

    from leftshift.organisation.verbs import Checked
    from leftshift.runs import Run

__all__ = ["check", "compare", "new", "run"]


def new(folder: str | Path, replace: bool = False) -> Path:
    """Makes a made-up example board to start from.

    Args:
        folder: the folder to make; it may be there if it is empty.
        replace: whether an example that lies there is made anew.

    Returns:
        The folder.

    Raises:
        BoardError: something else lies there, or nothing can be written there.
    """
    from leftshift.organisation import verbs

    return verbs.new(folder, replace)


def check(
    folder: str | Path, project: str | Path | None = None, outlook: str | Path | None = None
) -> Checked:
    """Checks a board's files, and says what is in them.

    Args:
        folder: the board's folder.
        project: a project whose catalogue rows are laid over the shipped ones.
        outlook: a run of the outlook, whose people it serves.

    Returns:
        The board, its warnings, and words about it.

    Raises:
        BoardError: with file and line, where something is wrong.
    """
    from leftshift.organisation import verbs

    return verbs.check(folder, project, outlook)


def run(
    folder: str | Path,
    options: Sequence[str] | None = None,
    outlook: str | Path | None = None,
    out: str | Path | None = None,
    draws: int = 200,
    seed: int = 1,
    csv: bool = False,
    replace: bool = False,
    project: str | Path | None = None,
    optimise: bool = False,
    finish: Callable[[Path], object] | None = None,
) -> Run:
    """Works out a board's options and writes a run folder.

    Args:
        folder: the board's folder.
        options: only these options beside the board as it is; all where it is left out.
        outlook: a run of the outlook, whose people feed the caseloads.
        out: the run folder (`runs/<board>-<identity>` in the project or the working folder).
        draws: draws behind the intervals.
        seed: seed of everything random.
        csv: whether tables are written as CSV too.
        replace: whether a run that lies at `out` is made anew.
        project: a project whose catalogue rows are laid over the shipped ones.
        optimise: whether the least harmful option is looked for, too.
        finish: called with the unfinished folder to add a report to it.

    Returns:
        The run. A run of the same identity is reused.

    Raises:
        LeftshiftError: something given is wrong, or the run cannot be written.
    """
    from leftshift.organisation import verbs

    return verbs.run(
        folder, options, outlook, out, draws, seed, csv, replace, project, optimise, finish
    )


def compare(source: str | Path, project: str | Path | None = None) -> polars.DataFrame:
    """Puts a board's options side by side, as they stand in its last year.

    Args:
        source: a run of a board, or a board's folder.
        project: for a board's folder, a project whose catalogue rows are laid over the shipped.

    Returns:
        One row for each option: option, name, wte_board, running_cost (GBP a year), per_head,
        gap (above the allowance), saving_system, cost_moved, duties_below, redundancy (GBP; empty
        where hidden), npv (GBP, public), payback_years (public; empty where it does not).

    Raises:
        LeftshiftError: it is neither, or something in it is wrong.
    """
    from leftshift.organisation import verbs

    return verbs.compare(source, project)
