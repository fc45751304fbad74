"""Makes the README's picture and figures from a real run.

    python tools/take_pictures.py [--run FOLDER]

Runs `leftshift outlook norfolk-and-suffolk --draws 50` into a temporary folder (about a minute; or
takes a run that is there), takes a picture of the top of its report with Chromium
(LEFTSHIFT_CHROMIUM, or the one on the path) and writes the figures between the README's marks.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "images" / "report.png"
README = ROOT / "README.md"
BLOCK = re.compile(r"(<!-- figures: .*? -->\n).*?(<!-- end of figures -->)", re.DOTALL)
LARGEST = 400_000  # bytes
WIDTH, HEIGHT = 1200, 1186

MEASURES = {
    "people": "Everyone",
    "people_65_over": "Aged 65 and over",
    "people_85_over": "Aged 85 and over",
    "major_illness": "Living with major illness",
    "four_or_more": "With four or more of the twenty conditions",
    "prevalent_dementia": "With dementia",
    "prevalent_diabetes": "With diabetes",
    "deaths": "Deaths in the year",
    "activity_non_elective_admission": "Emergency admissions",
    "spend": "Public spending on their care, £ of 2025/26",
    "staff_demand": "Staff needed (WTE)",
    "beds_needed": "Beds needed",
}

EFFECTS = {
    "qaly": "QALYs gained in the year",
    "non_elective_admission": "Emergency admissions",
    "bed_days": "Bed days",
    "cost_intervention": "Cost of the plan, £ of 2025/26",
    "cash_released": "Cash released, £ of 2025/26",
}


def figures(run: Any) -> str:
    """The run's main figures as Markdown, with its identity."""
    import polars as pl

    about, summary = run.about, run.table("summary").filter(pl.col("arm") == "baseline")
    first, last = summary["year"].min(), summary["year"].max()
    lines = [
        f"A real run: {about['area']['name']}, {about['simulants']:,} simulated people, "
        f"{about['draws']} draws.",
        "",
        f"| if nothing changes | {first} | {last} | 95% interval | change |",
        "|---|--:|--:|--:|--:|",
    ]
    for measure, label in MEASURES.items():
        at = {
            row["year"]: row
            for row in summary.filter(
                (pl.col("measure") == measure)
                & (pl.col("place") == "")
                & pl.col("year").is_in([first, last])
            ).iter_rows(named=True)
        }
        now, then = at[first], at[last]
        change = 100 * (then["value"] / now["value"] - 1)
        lines.append(
            f"| {label} | {_short(now['value'])} | {_short(then['value'])} | "
            f"{_short(then['lower'])} to {_short(then['upper'])} | {change:+.0f}% |"
        )
    lines += ["", *effects(run, last)]
    lines += [
        "",
        f"Leftshift {run.identity['version']}, run `{run.identity_sha256[:12]}`, "
        f"`{about['command']}`. Rounded to three figures; intervals are over draws of the inputs.",
        "",
    ]
    return "\n".join(lines)


def effects(run: Any, year: str) -> list[str]:
    """What the plan changes in one year, as a table."""
    import polars as pl

    found = run.table("effects").filter(
        (pl.col("year") == year)
        & (pl.col("intervention") == "")
        & (pl.col("place") == "")
        & (pl.col("imd_quintile") == 0)
    )
    rows = {row["measure"]: row for row in found.iter_rows(named=True)}
    lines = [f"| with the plan, beside that | {year} | 95% interval |", "|---|--:|--:|"]
    for measure, label in EFFECTS.items():
        row = rows[measure]
        lines.append(
            f"| {label} | {_short(row['value']):s} | "
            f"{_short(row['lower'])} to {_short(row['upper'])} |"
        )
    return lines


def _short(value: float) -> str:
    """Three significant figures, written out."""
    digits = len(str(int(abs(value))))
    return f"{round(value, 3 - digits):,.0f}"


def picture(report: Path) -> None:
    """Takes the picture."""
    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome")
    found = os.environ.get("LEFTSHIFT_CHROMIUM") or next(filter(None, map(shutil.which, names)), "")
    if not found:
        sys.exit("no Chromium: install one, or name it in LEFTSHIFT_CHROMIUM")
    quiet = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=quiet)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(report.resolve().as_uri())
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURE, clip={"x": 0, "y": 0, "width": WIDTH, "height": HEIGHT})
        browser.close()
    size = PICTURE.stat().st_size
    if size > LARGEST:
        sys.exit(f"{PICTURE} has {size:,} bytes: at most {LARGEST:,}. Make the picture smaller.")
    print(f"wrote {PICTURE} ({size:,} bytes)")


def main() -> int:
    """Makes, or opens, the run; then the picture and the README's figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--run", type=Path, help="a run folder with a report, instead of a new run")
    given = parser.parse_args().run

    import leftshift
    from leftshift import verbs
    from leftshift.console import Progress

    with tempfile.TemporaryDirectory() as folder:
        if given:
            run = leftshift.open_run(given)
        else:
            with Progress() as progress:
                run = verbs.demo(Path(folder) / "run", progress=progress)
        if run.report is None:
            sys.exit(f"{run.path} has no report")
        picture(run.report)
        text = README.read_text(encoding="utf-8")
        made = BLOCK.sub(lambda m: m[1] + figures(run) + m[2], text)
        README.write_text(made, encoding="utf-8", newline="\n")
        print(f"wrote the figures in {README}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
