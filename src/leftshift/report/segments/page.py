"""Puts report.html into the run folder of `leftshift segments`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from leftshift.errors import ReportError
from leftshift.report import blocks, charts, page, words
from leftshift.report.blocks import LONGEST, Cell, FigureBlock, Section, TableBlock
from leftshift.report.segments.charts import MOST_BANDS, bands
from leftshift.runs import Run, open_run

__all__ = ["render", "write_report"]

PAGE = "report.html"

#: Measures whose growth is drawn: more lines than these cannot be told apart.
_MOST_LINES = 4
#: No name of a segment can be this: those are stripped of spaces.
_OTHERS = " All others"

_DEATHS = {
    "shares": "by the fixed shares of flow_shares.csv",
    "scaled-rates": "by each segment's rate in the first year, scaled to the year's total",
    "rates": "by each segment's rate in the first year, whatever flows.csv gives for later years",
}

_GLOSSARY = (
    (
        "Segment",
        "A group of people who are alike in how much care they need, such as by the Cambridge "
        "Multimorbidity Score. Each person is in one.",
    ),
    (
        "Transition table",
        "For those in each segment who live through the year, the share that is in each segment a "
        "year later. Its rows sum to 1.",
    ),
    (
        "Net migration",
        "People who move in, less those who move out. It may be below 0.",
    ),
    (
        "Use",
        "What the people of a segment use in a year if each goes on using as much as use.csv says.",
    ),
)


def write_report(folder: Path) -> None:
    """Writes the page.

    Args:
        folder: a run folder of `leftshift segments`, visible or still unfinished.

    Raises:
        ReportError: the folder is no such run, or the file cannot be written.
        RunError: the folder is no run.
    """
    run = open_run(folder)
    if run.about.get("room") != "segments":
        raise ReportError(
            f"{folder} is no run of a segment model. Make one with: leftshift segments FOLDER"
        )
    text = render(run)
    try:
        (folder / PAGE).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise ReportError(f"{folder / PAGE} could not be written: {error}.") from error


@dataclass(frozen=True)
class _Found:
    """What the tables say."""

    run: Run

    @cached_property
    def about(self) -> dict[str, Any]:
        return self.run.about

    @cached_property
    def years(self) -> int:
        return int(self.about["years"])

    @cached_property
    def people(self) -> dict[str, list[float]]:
        """People by segment, in the order of segments.csv, by year."""
        frame = self.run.table("people").sort("segment", "year")
        whole = frame.group_by("segment", maintain_order=True).agg("value")
        found = dict(zip(whole["segment"].to_list(), whole["value"].to_list(), strict=True))
        return {name: found[name] for name in self.about["segments"]}

    @cached_property
    def everyone(self) -> list[float]:
        return [sum(values) for values in zip(*self.people.values(), strict=True)]

    @cached_property
    def use(self) -> dict[str, list[float]]:
        """Use of all segments together, by measure in the order of use.csv, by year."""
        whole = (
            self.run.table("use")
            .group_by("measure", "year")
            .agg(pl.col("value").sort_by("segment").sum())
            .sort("measure", "year")
            .group_by("measure", maintain_order=True)
            .agg("value")
        )
        found = dict(zip(whole["measure"].to_list(), whole["value"].to_list(), strict=True))
        return {name: found[name] for name in self.about["measures"]}

    @cached_property
    def flows(self) -> dict[str, list[float]]:
        """People by event, by year."""
        whole = self.run.table("flows").group_by("event", "year").agg(pl.col("value").sum())
        return {
            event: whole.filter(pl.col("event") == event).sort("year")["value"].to_list()
            for event in ("births", "net_migration", "deaths")
        }


def _percent(values: list[float]) -> float | None:
    return 100.0 * (values[-1] / values[0] - 1.0) if values[0] else None


def _figure(value: float) -> str:
    """A figure of use: whole where it is large."""
    size = abs(value)
    return f"{value:,.0f}" if size >= 1000 else f"{value:,.1f}" if size >= 10 else f"{value:,.3g}"


def _clip(name: str, longest: int) -> str:
    return name if len(name) <= longest else name[: longest - 1].rstrip() + "…"


def _shown(years: int) -> list[int]:
    """The years of a table: all, or so many that the page can be read."""
    step = -(-(years + 1) // LONGEST)
    return sorted({*range(0, years + 1, step), years})


def _thinned(years: int, table: str) -> str:
    if years + 1 <= LONGEST:
        return ""
    return f"Not every year is shown here; all are in tables/{table}.parquet."


def _labels(names: list[str], longest: int) -> list[str]:
    """Names short enough for a drawing, each unlike the others."""
    short = [_clip(name, longest) for name in names]
    if len(set(short)) == len(short):
        return short
    return [_clip(f"{i}. {name}", longest) for i, name in enumerate(names, 1)]


def _bands(f: _Found) -> dict[str, list[float]]:
    """Segments as they are drawn: all, or the largest and the rest together."""
    drawn = dict(f.people)
    if len(f.people) > MOST_BANDS:
        ranked = sorted(f.people, key=lambda name: -f.people[name][-1])[: MOST_BANDS - 1]
        drawn = {name: values for name, values in f.people.items() if name in ranked}
    made = dict(zip(_labels(list(drawn), 18), drawn.values(), strict=True))
    rest = [values for name, values in f.people.items() if name not in drawn]
    if rest:
        made[_OTHERS] = [sum(one) for one in zip(*rest, strict=True)]
    return made


def _people(f: _Found) -> Section:
    drawn = _bands(f)
    rows = []
    below = [0.0] * (f.years + 1)
    for order, (name, values) in enumerate(drawn.items()):
        for year, value in enumerate(values):
            rows.append(
                {
                    "series": name,
                    "order": order,
                    "year": year,
                    "low": below[year],
                    "high": below[year] + value,
                }
            )
        below = [low + value for low, value in zip(below, values, strict=True)]
    names = list(f.people)[:12]
    table = TableBlock(
        "people-table",
        "People by segment and year",
        ["Year", *names, "Everyone"],
        [
            [
                blocks.text(str(year)),
                *(Cell(words.count(f.people[name][year])) for name in names),
                Cell(words.count(f.everyone[year])),
            ]
            for year in _shown(f.years)
        ],
        note=" ".join(
            one
            for one in (
                f"The first {len(names)} of {len(f.people)} segments; all are in "
                "tables/people.parquet."
                if len(f.people) > len(names)
                else "",
                _thinned(f.years, "people"),
            )
            if one
        ),
    )
    figure = blocks.drawn(
        "people",
        "People by segment",
        _people_words(f),
        table,
        lambda narrow: bands(rows, list(drawn), f.years, narrow),
        "Year 0 is segments.csv, as it was given.",
    )
    changes = TableBlock(
        "people-change",
        "People by segment at the start and at the end",
        ["Segment", "Year 0", f"Year {f.years}", "Change"],
        [
            [
                blocks.text(name),
                Cell(words.count(values[0])),
                Cell(words.count(values[-1])),
                Cell(words.signed(_percent(values))),
            ]
            for name, values in [*list(f.people.items())[:LONGEST], ("Everyone", f.everyone)]
        ],
        stacked=True,
    )
    return Section("people", "People by segment", figures=[figure], tables=[changes])


def _people_words(f: _Found) -> str:
    change = _percent(f.everyone)
    growth = {name: grown for name, v in f.people.items() if (grown := _percent(v)) is not None}
    said = (
        f"In {f.years} {'year' if f.years == 1 else 'years'}, everyone together goes from "
        f"{words.people(f.everyone[0])} to {words.people(f.everyone[-1])} "
        f"({words.signed(change)})."
    )
    if len(growth) > 1:
        most, least = max(growth, key=growth.__getitem__), min(growth, key=growth.__getitem__)
        said += (
            f" {most} changes by {words.signed(growth[most])}, {least} by "
            f"{words.signed(growth[least])}."
        )
    return said


def _use(f: _Found) -> Section:
    years = ["start", *(str(year) for year in range(1, f.years + 1))]
    moved = [name for name, values in f.use.items() if values[0] > 0.0]
    chosen = sorted(moved, key=lambda name: -abs(_percent(f.use[name]) or 0.0))[:_MOST_LINES]
    chosen = [name for name in f.use if name in chosen]
    table = TableBlock(
        "use-table",
        "Use by measure at the start and at the end, all segments together",
        ["Measure", "Year 0", f"Year {f.years}", "Change"],
        [
            [
                blocks.text(name),
                Cell(_figure(values[0])),
                Cell(_figure(values[-1])),
                Cell(words.signed(_percent(values))),
            ]
            for name, values in list(f.use.items())[:LONGEST]
        ],
        stacked=True,
        note="More measures are in tables/use.parquet." if len(f.use) > LONGEST else "",
    )
    figures: list[FigureBlock] = []
    if chosen:
        labels = dict(zip(chosen, _labels(chosen, 20), strict=True))
        rows = [
            {
                "series": name,
                "label": labels[name],
                "year": years[year],
                "change": 100.0 * (value / f.use[name][0] - 1.0),
                "lower": None,
                "upper": None,
                "said": words.signed(_percent(f.use[name])),
            }
            for name in chosen
            for year, value in enumerate(f.use[name])
        ]
        figures.append(
            blocks.drawn(
                "use",
                "Growth in use",
                "If each person of a segment goes on using as much: "
                + words.joined([f"{n} {words.signed(_percent(f.use[n]))}" for n in chosen])
                + f" by year {f.years}.",
                TableBlock(
                    "use-years",
                    "Use by year, all segments together",
                    ["Year", *chosen],
                    [
                        [blocks.text(str(y)), *(Cell(_figure(f.use[n][y])) for n in chosen)]
                        for y in _shown(f.years)
                    ],
                    note=_thinned(f.years, "use"),
                ),
                lambda narrow: charts.growth(rows, years, narrow),
                f"The {len(chosen)} measures that change most." if len(f.use) > len(chosen) else "",
            )
        )
    return Section("use", "Use", figures=figures, tables=[table])


def _flows(f: _Found) -> Section:
    return Section(
        "flows",
        "Who joins and who leaves",
        [
            "Each year takes away its deaths, moves the survivors between segments, then adds "
            f"births and net migration. Deaths are split {_DEATHS[str(f.about['deaths'])]}."
        ],
        tables=[
            TableBlock(
                "flows-table",
                "People who join and leave from each year to the next, all segments together",
                ["From year", "People", "Deaths", "Births", "Net migration", "A year later"],
                [
                    [
                        blocks.text(str(year)),
                        Cell(words.count(f.everyone[year])),
                        *(
                            Cell(words.count(f.flows[event][year]))
                            for event in ("deaths", "births", "net_migration")
                        ),
                        Cell(words.count(f.everyone[year + 1])),
                    ]
                    for year in _shown(f.years - 1)
                ],
                note=_thinned(f.years - 1, "flows"),
            )
        ],
    )


def _reproduce(f: _Found) -> Section:
    scaled = [
        f"{one['from']} to {one['to']}: times {one['factor']:g} in the years {one['start']} to "
        f"{one['end']}; the difference stays in {one['from']}."
        for one in f.about["scaled"]
    ]
    rows = [
        ("Files (SHA-256)", ""),
        *((name, digest) for name, digest in f.run.identity["files"].items()),
        ("Version", str(f.run.identity["version"])),
        ("Identity (SHA-256)", f.run.identity_sha256),
    ]
    lists = [("Transitions that were scaled", scaled)] if scaled else []
    if f.about["warnings"]:
        lists.append(("What to know of the files", [str(one) for one in f.about["warnings"]]))
    return Section(
        "reproduce",
        "What this rests on",
        [
            "Every figure comes from the five files that were given and from nothing else: no "
            "figure of Leftshift's catalogue is used, and nothing is drawn at random. The "
            f"first step is the year {f.about['first']} of flows.csv. How sure the shares of "
            "the transition table are is not known here, so no interval is shown.",
            "The command was:",
        ],
        code=str(f.about["command"]),
        lists=lists,
        tables=[
            TableBlock(
                "identity",
                "What decides the figures",
                ["Setting", "Value"],
                [[blocks.text(name), blocks.text(value)] for name, value in rows if value],
            )
        ],
    )


def _cards(f: _Found) -> list[dict[str, str]]:
    made = [
        {
            "label": "Everyone",
            "big": words.people(f.everyone[-1]),
            "text": f"{words.rise(_percent(f.everyone))} in {f.years} years",
        }
    ]
    growth = {n: g for n, v in f.people.items() if (g := _percent(v)) is not None}
    if growth:
        most = max(growth, key=growth.__getitem__)
        made.append(
            {
                "label": f"Segment {_clip(most, 24)}",
                "big": words.people(f.people[most][-1]),
                "text": f"{words.rise(growth[most])}: the most of any",
            }
        )
    used = {n: g for n, v in f.use.items() if (g := _percent(v)) is not None}
    if used:
        most = max(used, key=used.__getitem__)
        made.append(
            {
                "label": _clip(most, 32),
                "big": words.signed(used[most]),
                "text": f"by year {f.years}, the most of any measure",
            }
        )
    return made


def render(run: Run) -> str:
    """Makes the whole page.

    Args:
        run: a run of `leftshift segments`.

    Returns:
        HTML that stands alone: it asks nothing of any network.
    """
    f = _Found(run)
    sections = [
        _people(f),
        _use(f),
        _flows(f),
        _reproduce(f),
        Section("glossary", "Words used here", definitions=_GLOSSARY),
    ]
    return page.fill(
        "segments.html.j2",
        run,
        run.title,
        cards=_cards(f),
        made_up=bool(f.about.get("made_up")),
        years=f.years,
        segments=len(f.people),
        measures=len(f.use),
        warnings=len(f.about["warnings"]),
        sections=sections,
    )
