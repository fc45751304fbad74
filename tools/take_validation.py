"""Runs the validation and puts its result into the documentation.

Writes `docs/validation/results.csv` (every row), `results.md` beside it (those that are not a
single board's) and the summary in `docs/validation.md`. Takes some minutes. `--rows FILE` takes
the rows from what this or `leftshift validate --out FILE.csv` wrote instead of running it again.
`--quick` takes four draws and fewer people for England, and the summary says so.
"""

from __future__ import annotations

import argparse
import datetime
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "validation.md"
RESULTS = ROOT / "docs" / "validation" / "results.md"
BLOCK = re.compile(r"(<!-- result: .*? -->\n).*?(<!-- end of result -->)", re.DOTALL)


def summary(rows: Any, effort: Any) -> str:
    """The result in a few sentences and one table, from the rows alone."""
    import polars as pl

    from leftshift import Catalogue, __version__
    from leftshift.people.validation import PREDICTS, REPRODUCES, summarise

    today = datetime.date.today()
    layer = Catalogue.load().layers[0]["sha256"]
    inputs = rows.filter(pl.col("list") == REPRODUCES)
    off = (inputs["ratio"] - 1).abs()
    worst = inputs[int(off.arg_max())]
    boards = summarise(rows)
    better = int(boards["verdict"].str.starts_with("better").sum())
    of_boards = pl.col("subject").str.contains("rank correlation|furthest off")
    apart = rows.filter(
        (pl.col("list") == PREDICTS) & ~pl.col("group").str.contains(": ") & ~of_boards
    )
    order = rows.filter(pl.col("subject").str.contains("rank correlation"))
    size = f"{effort.england:,} simulants for England, {effort.board:,} for each board, "
    lines = [
        f"Leftshift {__version__}, shipped catalogue `{layer[:12]}`, "
        f"{today.day} {today:%B %Y}. All rows are in [the last result in full]"
        f"(validation/results.md). {size}{effort.draws} draws.",
        "",
        f"*Inputs.* {len(inputs)} figures: the mean distance is {100 * off.mean():.1f}%, and "
        f"{int((off > 0.03).sum())} are more than 3% off. The furthest is {worst['subject'][0]}, "
        f"{worst['group'][0]}: {100 * (worst['ratio'][0] - 1):+.1f}%.",
        "",
        f"*Predictions by board.* Mean absolute error over {boards['boards'].max()} boards, in "
        f"percent. The model does better than the naive forecast in {better} of {len(boards)} "
        "subjects.",
        "",
        "| subject | group | model | naive | boards where the model is nearer | verdict |",
        "|---|---|---|---|---|---|",
    ]
    for row in boards.iter_rows(named=True):
        lines.append(
            f"| {row['subject']} | {row['group']} | {row['model_error']:.1f} | "
            f"{row['naive_error']:.1f} | {row['better']} of {row['boards']} | {row['verdict']} |"
        )
    lines += [
        "",
        "*Figures of today that nothing was fitted to.*",
        "",
        "| subject | model | 95% interval | published | ratio |",
        "|---|---|---|---|---|",
    ]
    for row in apart.iter_rows(named=True):
        interval = f"{_figure(row['lower'])} to {_figure(row['upper'])}"
        lines.append(
            f"| {row['subject']} ({row['unit']}) | {_figure(row['model'])} | {interval} | "
            f"{_figure(row['published'])} | {row['ratio']:.3f} |"
        )
    lines += [
        "",
        "*Is the order of the 42 boards right?* Spearman's rank correlation with what is "
        "published; the naive forecast, every board at England's mean, puts them in no order.",
        "",
        "| subject | group | rank correlation | 95% interval | the five boards furthest off |",
        "|---|---|---|---|---|",
    ]
    for row in order.iter_rows(named=True):
        subject = row["subject"].removesuffix(": rank correlation")
        worst = rows.filter(
            pl.col("subject").str.starts_with(f"{subject}: furthest")
            & pl.col("group").str.starts_with(f"{row['group']}, ")
        )
        named = "; ".join(
            f"{g.removeprefix(row['group'] + ', ')} ({100 * (r - 1):+.0f}%)"
            for g, r in zip(worst["group"], worst["ratio"], strict=True)
        )
        lines.append(
            f"| {subject} | {row['group']} | {row['model']:.2f} | {_figure(row['lower'])} to "
            f"{_figure(row['upper'])} | {named} |"
        )
    if effort.draws < 20:
        lines.append("")
        lines.append(
            f"*A quick run: {effort.draws} draws give no 95% interval, but the range of so many.*"
        )
    return "\n".join(lines) + "\n"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.3g}"


def main() -> int:
    """Runs, or reads, the validation and writes both pages."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=Path, help="rows that leftshift validate wrote as CSV")
    parser.add_argument("--quick", action="store_true", help="fewer people and draws")
    asked = parser.parse_args()

    import polars as pl

    from leftshift import Catalogue
    from leftshift.care import validation as care
    from leftshift.console import Progress, validation_page
    from leftshift.people.validation import Effort, validate
    from leftshift.settings import threads

    effort = Effort(200_000, 50_000, 4) if asked.quick else Effort()
    if asked.rows:
        rows = pl.read_csv(asked.rows, infer_schema_length=None)
    else:
        with Progress() as progress:
            catalogue = Catalogue.load()
            given = {"threads": threads(), "progress": progress}
            rows = pl.concat(
                [
                    validate(catalogue, effort=effort, **given),
                    care.validate(catalogue, draws=effort.draws, **given),
                ]
            )
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.with_suffix(".csv").write_text(rows.write_csv(), encoding="utf-8", newline="\n")
    RESULTS.write_text(validation_page(rows), encoding="utf-8", newline="\n")
    text = PAGE.read_text(encoding="utf-8")
    made = BLOCK.sub(lambda m: m[1] + summary(rows, effort) + m[2], text)
    PAGE.write_text(made, encoding="utf-8", newline="\n")
    print(f"wrote {RESULTS} and the summary in {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
