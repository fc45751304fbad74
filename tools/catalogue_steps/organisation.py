"""Weighted populations of the 42 boards, for sharing out money by need.

Writes `weighted_populations.csv` from the figures behind NHS England's allocations for 2025/26,
already summed from practices to boards in the reference folder.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

SOURCE = "icb_weighted_populations_2025_26.csv"
_COLUMNS = {
    "ICB": "board",
    "Population": "registered",
    "G&A WP": "general_and_acute",
    "CS WP": "community",
    "MH WP": "mental_health",
    "Mat WP": "maternity",
    "Health Ineq WP": "inequalities",
    "Prescr WP": "prescribing",
    "Final WP": "core",
    "Final PMC WP": "primary_medical",
}


def build(reference: Path, out: Path) -> list[str]:
    """Build the step.

    Args:
        reference: folder of reference figures.
        out: the catalogue folder.

    Returns:
        Names of the reference files read.

    Raises:
        ValueError: the file's boards are not the catalogue's, or its totals do not agree.
    """
    frame = pl.read_csv(reference / SOURCE, infer_schema_length=None)
    made = frame.select(
        pl.col(old).alias(new) if old == "ICB" else pl.col(old).round(0).cast(pl.Int64).alias(new)
        for old, new in _COLUMNS.items()
    ).sort("board")
    boards = set(pl.read_csv(out / "tables" / "boards.csv")["ods"])
    if set(made["board"]) != boards:
        message = f"{SOURCE}: boards differ by {sorted(set(made['board']) ^ boards)}"
        raise ValueError(message)
    totals = [int(made[name].sum()) for name in made.columns[1:]]
    if max(totals) - min(totals) > len(boards):
        message = (
            f"{SOURCE}: the weighted populations do not add up to the registered one: {totals}"
        )
        raise ValueError(message)
    made.write_csv(out / "tables" / "weighted_populations.csv")
    return [SOURCE]
