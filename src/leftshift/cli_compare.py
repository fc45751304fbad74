"""The command `leftshift compare`, and how a comparison is shown: words only, no arithmetic."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leftshift.errors import SettingError, listed, nearest

if TYPE_CHECKING:
    from leftshift.runs.compare import Comparison

__all__ = ["compare", "page", "text"]

_ASKED = "What was asked differently"
_FORMATS = (".csv", ".md", ".html")
_MOST = 15  # rows of a list that a terminal shows

_OVERLAP = (
    "Whether two intervals overlap is no test of a difference: runs of one seed share their draws, "
    "so that a difference can be far surer than either figure. A plan's own run has the interval "
    "of what it changes, in its table effects."
)
_NOISE = (
    "Noise: half the width of the 95% interval of the difference that comes from simulating other "
    "people. A difference within it may be chance alone."
)


@dataclass(frozen=True)
class _Section:
    title: str
    notes: tuple[str, ...]
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def compare(
    first: Annotated[Path, typer.Argument(metavar="FIRST", help="A run folder.")],
    second: Annotated[Path, typer.Argument(metavar="SECOND", help="Another run folder.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="Write it to a .csv, .md or .html file too, with every row and unrounded in CSV.",
            show_default=False,
        ),
    ] = None,
    year: Annotated[
        list[str] | None,
        typer.Option(
            "--year",
            metavar="YEAR",
            help="A financial year to compare; can be given again.",
            show_default="the first, 5 and 10 years on, the last",
        ),
    ] = None,
    arm: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--arm",
            metavar="ARM ARM",
            help="An arm of the first run and one of the second.",
            show_default="arms of the same name",
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Every measure of summary, not only the headlines.")
    ] = False,
    anyway: Annotated[
        bool,
        typer.Option(
            "--anyway", help="Compare other areas, or money in prices of other years, all the same."
        ),
    ] = False,
) -> None:
    """Compare two finished runs: what was asked, what came out, what went in.

    For outlooks and plans. Says first how closely the two can be compared, then sets their figures
    for the whole area side by side, then lists the inputs, interventions and warnings that differ.
    """
    file = _file(out) if out is not None else None

    from leftshift.runs.compare import compare as compared

    found = compared(
        first, second, arms=arm or None, years=tuple(year or ()), every=every, anyway=anyway
    )
    typer.echo(text(found))
    if file is not None:
        from leftshift.verbs import _write

        _write(file, found.frame.write_csv() if file.suffix == ".csv" else page(found, file.suffix))
        typer.echo(f"Wrote {file}.")


def text(found: Comparison) -> str:
    """A comparison as a terminal shows it: long lists are cut."""
    from leftshift.console import aligned

    parts = [_opening(found)]
    for section in _sections(found):
        shown = section.rows if section.title == "Figures" else section.rows[:_MOST]
        # The last column of what was asked repeats what the verdict says: a terminal is narrow.
        wide = len(section.headers) - (1 if section.title == _ASKED else 0)
        lines = [section.title]
        if shown:
            lines += ["", aligned(section.headers[:wide], [row[:wide] for row in shown])]
        if len(shown) < len(section.rows):
            lines.append(f"… and {len(section.rows) - len(shown)} more: see them with --out FILE")
        parts.append("\n".join([*lines, *(f"\n{note}" for note in section.notes)]))
    return "\n\n".join(parts) + "\n"


def page(found: Comparison, suffix: str) -> str:
    """A comparison as a page of Markdown (".md") or HTML (".html"), with every row."""
    return _html(found) if suffix == ".html" else _markdown(found)


def _opening(found: Comparison) -> str:
    lines = [f"First:  {_named(found.first)}", f"Second: {_named(found.second)}", "", found.verdict]
    return "\n".join(lines)


def _named(run: Any) -> str:
    return f"{run.title} ({run.path}, {run.identity_sha256[:12]})"


def _sections(found: Comparison) -> Iterator[_Section]:
    from leftshift.runs.compare import LEVELS

    asked = found.part("asked")
    if not asked.is_empty():
        yield _Section(
            _ASKED,
            (),
            ("what", "first", "second", "what it means", "so"),
            tuple(
                (r["label"], r["first_says"], r["second_says"], r["says"], LEVELS[r["level"]])
                for r in asked.iter_rows(named=True)
            ),
        )
    yield from _figures(found)
    inputs = found.part("input")
    if not inputs.is_empty():
        yield _Section(
            "Inputs that differ",
            (),
            ("input", "first", "second", "unit", "change", ""),
            tuple(
                (r["subject"], _figure(r["first"]), _figure(r["second"]), r["unit"],
                 _percent(r["percent"]), r["says"])
                for r in inputs.iter_rows(named=True)
            ),
        )  # fmt: skip
    for name, title, headers in (
        ("plan", "Interventions that differ", ("intervention", "", "first", "second")),
        ("warning", "Warnings that differ", ("where", "warning")),
    ):
        rows = found.part(name).iter_rows(named=True)
        shown = [
            (r["label"], r["says"], r["first_says"], r["second_says"])
            if name == "plan"
            else (r["says"], r["first_says"] or r["second_says"])
            for r in rows
        ]
        if shown:
            yield _Section(title, (), headers, tuple(shown))


def _figures(found: Comparison) -> Iterator[_Section]:
    every = found.part("figure")
    figures = every.filter(every["difference"] != 0)
    alike = every.height - figures.height
    same = f"{alike} of {every.height} figures are the same in both and not shown: CSV has them."
    if figures.is_empty():
        words = f"No figure differs: all {every.height} are the same in both."
        yield _Section("Figures", (words,), (), ())
        return
    bounded = bool((figures["intervals"] != "").any())
    noisy = bool(figures["noise"].is_not_null().any())
    headers = ["arm", "year", "measure", "unit", "first", "second", "difference", "%"]
    headers += ["intervals"] if bounded else []
    headers += ["noise"] if noisy else []
    if all(a == b == "baseline" for a, b in found.pairs):
        headers.remove("arm")
    rows = []
    for r in figures.iter_rows(named=True):
        arms = (r["arm_first"], r["arm_second"])
        cells = {
            "arm": arms[0] if arms[0] == arms[1] else f"{arms[0]} | {arms[1]}",
            "year": r["year"],
            "measure": r["label"],
            "unit": r["unit"],
            "first": _figure(r["first"], r["unit"]),
            "second": _figure(r["second"], r["unit"]),
            "difference": _figure(r["difference"], r["unit"], beside=r["first"], sign=True),
            "%": _percent(r["percent"]),
            "intervals": r["intervals"],
            "noise": _figure(r["noise"], r["unit"], beside=r["first"]),
        }
        rows.append(tuple(cells[name] for name in headers))
    said = [*([same] if alike else []), *([_OVERLAP] if bounded else []),
            *([_NOISE] if noisy else [])]  # fmt: skip
    yield _Section("Figures", tuple(said), tuple(headers), tuple(rows))


def _figure(
    value: float | None, unit: str = "", beside: float | None = None, sign: bool = False
) -> str:
    """A number as people read it, as finely as the one beside it; the frame keeps it whole."""
    if value is None:
        return "–"
    size = max(abs(value), abs(beside or 0.0))
    scale, end = (1e6, "m") if unit.startswith("£") and size >= 1e6 else (1.0, "")
    most = size / scale
    places = 0 if most >= 1000 else 1 if most >= 100 else 2 if most >= 1 else 4
    shown = f"{abs(value) / scale:,.{places}f}"
    nothing = not shown.strip("0.,")
    mark = "" if nothing else "-" if value < 0 else "+" if sign else ""
    return f"{mark}{'£' if unit.startswith('£') else ''}{shown}{end}"


def _percent(value: float | None) -> str:
    if value is None:
        return ""
    return "0.0%" if abs(value) < 0.05 else f"{value:+.1f}%"


def _markdown(found: Comparison) -> str:
    lines = [
        "# Two runs compared",
        "",
        *(f"- {_safe(line)}" for line in _opening(found).splitlines()[:2]),
    ]
    lines += ["", _safe(found.verdict), ""]
    for section in _sections(found):
        lines += [f"## {section.title}", ""]
        if section.rows:
            lines += [_row(section.headers), "|" + "---|" * len(section.headers)]
            lines += [*(_row(row) for row in section.rows), ""]
        for note in section.notes:
            lines += [_safe(note), ""]
    return "\n".join(lines).rstrip() + "\n"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(_safe, cells))} |"


def _safe(words: str) -> str:
    """Words that Markdown takes for nothing else."""
    plain = " ".join(words.replace("\\", "\\\\").replace("|", "\\|").split())
    return html.escape(plain, quote=False)


_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;"
    "color:#111;background:#fff}table{border-collapse:collapse;margin:1rem 0;font-size:.9rem}"
    "th,td{text-align:left;padding:.25rem .6rem;border-bottom:1px solid #ccc;vertical-align:top}"
    "td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
    ".wide{overflow-x:auto}"
)


def _html(found: Comparison) -> str:
    def escaped(words: str) -> str:
        return html.escape(words)

    parts = [
        '<!doctype html>\n<html lang="en-GB"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>Two runs compared</title><style>{_STYLE}</style></head><body><main>",
        "<h1>Two runs compared</h1>",
        f"<p>First: {escaped(_named(found.first))}<br>Second: {escaped(_named(found.second))}</p>",
        f"<p><strong>{escaped(found.verdict)}</strong></p>",
    ]
    numbers = {"first", "second", "difference", "%", "noise", "change"}
    for section in _sections(found):
        counted = section.title in ("Figures", "Inputs that differ")
        parts.append(f"<h2>{escaped(section.title)}</h2>")
        parts += [f"<p>{escaped(note)}</p>" for note in section.notes]
        if not section.rows:
            continue
        heads = "".join(f'<th scope="col">{escaped(name)}</th>' for name in section.headers)
        parts.append(
            f'<div class="wide" tabindex="0" role="region" '
            f'aria-label="{escaped(section.title)}"><table><thead><tr>{heads}</tr></thead><tbody>'
        )
        for row in section.rows:
            cells = "".join(
                f'<td class="n">{escaped(cell)}</td>'
                if counted and name in numbers
                else f"<td>{escaped(cell)}</td>"
                for name, cell in zip(section.headers, row, strict=True)
            )
            parts.append(f"<tr>{cells}</tr>")
        parts.append("</tbody></table></div>")
    return "\n".join([*parts, "</main></body></html>"]) + "\n"


def _file(out: Path) -> Path:
    file = out.expanduser()
    if file.suffix not in _FORMATS:
        raise SettingError(
            f"{file} must end in {listed(_FORMATS)}.{nearest(file.suffix, _FORMATS)}"
        )
    if file.is_dir() or not file.parent.is_dir():
        what = "is a folder" if file.is_dir() else f"cannot be written: no folder {file.parent}"
        raise SettingError(f"{file} {what}. Name a file in a folder that is there.")
    return file
