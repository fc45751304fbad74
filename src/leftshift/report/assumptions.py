"""The log of assumptions of a run, after the Aqua Book.

One row for each figure that the run rests on: what it is, where it comes from, how good it is
(quality), how much hangs on it (impact), and the two together as red, amber or green, with room for
an owner. The Aqua Book (HM Treasury) asks that assumptions are logged with their quality and
impact.

Quality runs from 1 (good) to 5 (poor) and follows the grade of the figure's source. Impact runs
from 1 (hardly matters) to 5: where the run has a tornado, it follows how far net benefit moves with
the figure, beside the one that moves it furthest; otherwise it follows how wide the figure's own
interval is, and the log says so. Both scales are this project's own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xlsxwriter

from leftshift.errors import ReportError
from leftshift.report import plans, theme
from leftshift.report.findings import Findings
from leftshift.report.plans.certainty import spread_of
from leftshift.report.workbook import CREATED, Formats, add_prose
from leftshift.runs import open_run

__all__ = ["FILE", "QUALITY", "Assumption", "assumptions", "rating", "write_assumptions"]

FILE = "assumptions.xlsx"

#: Quality by grade of the source: 1 is good, 5 is poor.
QUALITY: Mapping[str, int] = {"V": 1, "D": 2, "R": 4, "A": 5}
#: Of a figure whose grade is not known.
_UNKNOWN = 5

#: Shares of the widest swing of the tornado from which impact is 5, 4, 3 and 2.
_SWINGS = (0.5, 0.2, 0.05, 0.01)
#: Widths of an interval, as a share of its figure, from which impact is 5, 4, 3 and 2.
_WIDTHS = (2.0, 1.0, 0.4, 0.1)

#: Most impact of a figure that the tornado does not hold: it bears on both arms alike.
_SHARED = 2

_RED, _AMBER = 15, 8
_COLOURS = {"Red": "#f4b6b6", "Amber": "#ffe0a3", "Green": "#bfe3c8"}
_HEADS = ("Id", "What it is", "Value", "Lower", "Upper", "Unit", "Source", "As of", "Grade",
          "Your own", "Quality (1 good to 5 poor)", "Impact (1 small to 5 large)",
          "Impact from", "Quality × impact", "Rating", "Swing of net benefit (£)", "Owner",
          "Note")  # fmt: skip
_WIDE = (44, 46, 12, 12, 12, 20, 60, 12, 8, 10, 12, 12, 18, 12, 10, 18, 20, 40)


@dataclass(frozen=True)
class Assumption:
    """One line of the log.

    Attributes:
        row: the catalogue row, as table `sources` has it.
        quality: 1 to 5, 5 the poorest.
        impact: 1 to 5, 5 the largest.
        swing: £ by which net benefit moves between its low and its high end; None without.
    """

    row: Mapping[str, Any]
    quality: int
    impact: int
    swing: float | None

    @property
    def score(self) -> int:
        """Quality times impact, 1 to 25."""
        return self.quality * self.impact

    @property
    def rating(self) -> str:
        """Red, Amber or Green."""
        return rating(self.score)


def rating(score: int) -> str:
    """Red, Amber or Green for quality times impact: red from 15, amber from 8."""
    return "Red" if score >= _RED else "Amber" if score >= _AMBER else "Green"


def _step(part: float, steps: Sequence[float]) -> int:
    return next((5 - i for i, least in enumerate(steps) if part >= least), 1)


def _width(row: Mapping[str, Any]) -> float:
    """Width of a figure's interval as a share of its size; infinite of one that is 0."""
    value, low, high = (row.get(k) for k in ("value", "lower", "upper"))
    if value is None or low is None or high is None:
        return 0.0
    wide = abs(float(high) - float(low))
    if wide == 0.0:
        return 0.0
    return wide / abs(float(value)) if value else math.inf


def assumptions(f: Findings) -> list[Assumption]:
    """Every figure that a run rests on, those that need looking at first.

    Args:
        f: the findings of a run, of a plan or of an outlook.

    Returns:
        By score, then swing, then id.
    """
    swings: dict[str, float] = {}
    if plans.is_plan(f):
        swings = {key: abs(high - low) for key, low, high in spread_of(plans.PlanFindings(f))}
    most = max(swings.values(), default=0.0)
    found = []
    for row in f.sources:
        swing = swings.get(str(row["id"]))
        if swing is not None and most > 0.0:
            impact = _step(swing / most, _SWINGS)
        else:
            impact = _step(_width(row), _WIDTHS)
            if swings:
                impact = min(impact, _SHARED)
        quality = QUALITY.get(str(row.get("grade") or ""), _UNKNOWN)
        found.append(Assumption(row, quality, impact, swing))
    return sorted(found, key=lambda a: (-a.score, -(a.swing or 0.0), str(a.row["id"])))


def write_assumptions(folder: Path, path: Path | None = None) -> Path:
    """Writes the log of a run's assumptions as a workbook.

    Args:
        folder: a run folder.
        path: where to; assumptions.xlsx in the run folder by default. Replaced if it is there.

    Returns:
        Where it was written.

    Raises:
        RunError: the folder is no run, or a table cannot be read.
        ReportError: the run has no sources to log, or the file cannot be written.
    """
    run = open_run(folder)
    if "sources" not in run.tables or "summary" not in run.tables:
        raise ReportError(
            f"{folder} has no table of sources, so there are no assumptions to log. Runs of "
            "`leftshift run PLAN.toml` and `leftshift outlook AREA` have one."
        )
    f = Findings(run)
    target = path or Path(folder) / FILE
    try:
        _write(f, assumptions(f), target)
    except (OSError, xlsxwriter.exceptions.FileCreateError) as error:
        raise ReportError(f"{target} could not be written: {error}.") from error
    return target


def _write(f: Findings, found: Sequence[Assumption], path: Path) -> None:
    options = {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": True}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties(
            {
                "title": f"Assumptions of {_title(f)}",
                "author": "Leftshift",
                "comments": "Quality and impact of every figure. Not endorsed by the NHS.",
                "created": CREATED,
            }
        )
        formats = Formats(book)
        add_prose(book, formats, "Cover", _cover(f, found))
        _table(book, formats, found)


def _title(f: Findings) -> str:
    return str(f.about.get("title") or f.run.path.name)


def _cover(f: Findings, found: Sequence[Assumption]) -> list[tuple[str, str]]:
    counted = {name: sum(a.rating == name for a in found) for name in _COLOURS}
    tornado = any(a.swing is not None for a in found)
    impact = (
        "Impact follows how far the plan's net benefit moves with the figure, beside the one that "
        "moves it furthest (5 from half of that, 4 from a fifth, 3 from a twentieth, 2 from a "
        f"hundredth). Figures that the tornado does not hold bear on both arms alike: they follow "
        f"the width of their own interval, and have at most {_SHARED}. The column “Impact from” "
        "says which."
        if tornado
        else "This run has no tornado (it is no plan, or has too few draws), so impact follows "
        "only how wide a figure's own interval is beside its size: a wide interval on something "
        "that hardly matters looks worse here than it is, and a figure without an interval better."
    )
    return [
        ("title", f"Assumptions: {_title(f)}"),
        (
            "wrap",
            f"{len(found):,} figures: {counted['Red']:,} red, {counted['Amber']:,} amber, "
            f"{counted['Green']:,} green. Those that need looking at first stand first.",
        ),
        ("head", "How to use it"),
        (
            "wrap",
            "Give every red figure an owner, who finds a better source or says why this one must "
            "do. Put a better figure into your project's catalogue and run again.",
        ),
        ("head", "Quality, 1 good to 5 poor"),
        (
            "wrap",
            "From the grade of the source: V verified 1, D derived 2, R recalled 4, A assumed 5. "
            "A grade says whether the figure was read in its source, not whether the source is "
            "right.",
        ),
        ("head", "Impact, 1 small to 5 large"),
        ("wrap", impact),
        ("head", "Rating"),
        (
            "wrap",
            f"Quality times impact: red from {_RED}, amber from {_AMBER}, green below. The words "
            "stand in the column; colour only repeats them.",
        ),
        (
            "wrap",
            "Laid out as an assumptions log after the Aqua Book. The scales are this project's "
            "own.",
        ),
        (
            "wrap",
            f"Leftshift {f.run.identity.get('version', '')}, run {f.run.identity_sha256[:12]}.",
        ),
    ]


def _table(book: Any, formats: Formats, found: Sequence[Assumption]) -> None:
    sheet = book.add_worksheet("Assumptions")
    sheet.write_string(0, 0, "Assumptions", formats.title)
    sheet.write_string(
        1,
        0,
        "One row for each figure the run rests on. An empty cell under Lower or Upper means that "
        "no interval was given; Owner is yours to fill.",
        formats.plain,
    )
    top = 3
    sheet.add_table(
        top,
        0,
        top + max(len(found), 1),
        len(_HEADS) - 1,
        {
            "name": "assumptions",
            "style": "Table Style Light 1",
            "columns": [{"header": head} for head in _HEADS],
        },
    )
    for i, wide in enumerate(_WIDE):
        sheet.set_column(i, i, wide)
    colours = {
        name: book.add_format(
            {"font_name": "Arial", "font_size": 11, "bg_color": colour, "font_color": theme.INK}
        )
        for name, colour in _COLOURS.items()
    }
    for at, a in enumerate(found, start=top + 1):
        row = a.row
        texts = {0: row["id"], 1: row.get("label"), 5: row.get("unit"), 6: row.get("source"),
                 7: row.get("as_of"), 8: row.get("grade"),
                 9: "yes" if row.get("overridden") else "no",
                 12: "tornado" if a.swing is not None else "width of interval",
                 17: row.get("note")}  # fmt: skip
        for i, text in texts.items():
            if text not in (None, ""):
                sheet.write_string(at, i, str(text), formats.plain)
        numbers = {2: row.get("value"), 3: row.get("lower"), 4: row.get("upper"),
                   10: a.quality, 11: a.impact, 13: a.score}  # fmt: skip
        for i, number in numbers.items():
            if number is not None and number == number:
                sheet.write_number(at, i, float(number), formats.any)
        if a.swing is not None:
            sheet.write_number(at, 15, a.swing, formats.whole)
        sheet.write_string(at, 14, a.rating, colours[a.rating])
    sheet.freeze_panes(top + 1, 1)
