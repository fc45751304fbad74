"""Sections on differences: length and health of life by deprivation, and places side by side."""

from __future__ import annotations

from functools import partial
from typing import Any

from leftshift.report import blocks, charts, words
from leftshift.report.blocks import Cell, FigureBlock, Section, TableBlock
from leftshift.report.findings import Change, Findings


def length_of_life(f: Findings) -> Section:
    """Life expectancy and years without major illness by sex and deprivation fifth."""
    found = f.expectancy
    rows: list[dict[str, Any]] = []
    table_rows = []
    for sex, whom in words.SEXES.items():
        for q, name in words.QUINTILES.items():
            key = (f.now, sex, q)
            life, healthy = (
                found.get((*key, m)) for m in ("life_expectancy", "healthy_life_expectancy")
            )
            if life is None or healthy is None:
                continue
            rows.append(
                {"label": f"{whom}, fifth {name}", "life": life.value, "healthy": healthy.value}
            )
            later = [
                found.get((f.end, sex, q, m))
                for m in ("life_expectancy", "healthy_life_expectancy")
            ]
            table_rows.append(
                [
                    blocks.text(f"{whom}, fifth {name}"),
                    blocks.cell(life),
                    blocks.cell(healthy),
                    *[blocks.cell(g) for g in later],
                ]
            )
    gaps = [
        f.change(f"slope_index_{m}_{sex}", f"{name}, {whom.lower()}")
        for sex, whom in words.SEXES.items()
        for m, name in (
            ("life_expectancy", "Life expectancy"),
            ("healthy_life_expectancy", "Years without major illness"),
        )
    ]
    known = [g for g in gaps if g is not None]
    tables = (
        [
            TableBlock(
                "slope",
                "Slope index of inequality (years between the least and the most "
                "deprived ends of the population)",
                ["Measure", f.now, f.end],
                [[blocks.text(g.label), blocks.cell(g.now), blocks.cell(g.end)] for g in known],
                stacked=True,
            )
        ]
        if known
        else []
    )
    table = TableBlock(
        "expectancy-table",
        "Life expectancy at birth by deprivation fifth (years)",
        [
            "Group",
            f"All years {f.now}",
            f"Without major illness {f.now}",
            f"All years {f.end}",
            f"Without major illness {f.end}",
        ],
        table_rows,
    )
    figures = (
        [
            blocks.drawn(
                "expectancy",
                f"Years of life, and years without major illness, {f.now}",
                words.expectancy_finding(f),
                table,
                lambda narrow: charts.expectancy(rows, narrow),
            )
        ]
        if rows
        else []
    )
    return Section(
        "life-expectancy",
        "Length and health of life, by deprivation",
        [
            "The neighbourhoods people live in are ranked by deprivation and cut into England's "
            "five fifths: 1 is the most deprived, 5 the least."
        ],
        figures,
        tables,
        inset="“Healthy” here means without major illness, as modelled (Sullivan's method: the "
        "years of life at each age, less the share of people then ill). It is not the Office for "
        "National Statistics' healthy life expectancy, which rests on how people rate their own "
        "health: the two must not be compared.",
    )


def places(f: Findings) -> Section:
    """Growth of each place on tile maps and in a small table."""
    measures = [
        ("people_85_over", "people aged 85 and over"),
        ("major_illness", "people living with major illness"),
    ]
    if len(f.places) < 2:
        return Section(
            "places",
            "Places side by side",
            ["This area is a single place, so there is nothing to compare side by side."],
        )
    maps: list[FigureBlock] = []
    for key, (measure, subject) in zip(("map-85", "map-illness"), measures, strict=True):
        found = f.by_place(measure)
        if not found:
            continue
        table = TableBlock(
            f"{key}-table",
            f"{subject[0].upper() + subject[1:]} by place (number)",
            ["Place", "Label on map", f.now, f.end, "Change"],
            [
                [
                    blocks.text(s.name),
                    blocks.text(s.short),
                    blocks.cell(c.now),
                    blocks.cell(c.end),
                    _growth(c),
                ]
                for s, c in found
            ],
        )
        rows = [
            {
                "name": _wrapped(s.name),
                "short": s.short,
                "value": c.percent,
                "text": _whole(c.percent),
                "column": s.column,
                "row": s.row,
            }
            for s, c in found
        ]
        spots = {(r["column"], r["row"]) for r in rows}
        if len(spots) == len(rows) and all(None not in spot for spot in spots):
            maps.append(
                blocks.drawn(
                    key,
                    f"Growth in {subject}, {f.now} to {f.end}",
                    words.places_finding(f, measure, subject),
                    table,
                    partial(charts.tiles, rows),
                    "Each tile is a place, set roughly where it lies. Darker is faster growth.",
                )
            )
    old = {s.code: c for s, c in f.by_place(measures[0][0])}
    ill = {s.code: c for s, c in f.by_place(measures[1][0])}
    rows_small = []
    ranked = sorted(
        f.places, key=lambda p: (-(old[p.code].percent or 0) if p.code in old else 0, p.name)
    )
    for spot in ranked:
        total = f.figure("people", f.now, spot.code)
        share = f.figure("major_illness_share", f.now, spot.code)
        rows_small.append(
            [
                blocks.text(f"{spot.name} ({spot.short})"),
                blocks.brief(total),
                _growth(old.get(spot.code)),
                _growth(ill.get(spot.code)),
                blocks.cell(share),
            ]
        )
    table = TableBlock(
        "places-small",
        "Places, fastest growth in people aged 85 and over first",
        [
            "Place",
            f"People {f.now}",
            "Growth, aged 85 and over",
            "Growth, major illness",
            f"Share with major illness {f.now}",
        ],
        rows_small,
        stacked=True,
        note="Beneath each growth: its 95% sampling error in percentage points, where known.",
    )
    paragraphs = [] if maps else ["The places of this area have no positions on a tile map."]
    return Section("places", "Places side by side", paragraphs, maps, [table])


def _growth(change: Change | None) -> Cell:
    """Growth of a place with its sampling error in percentage points beneath."""
    if change is None:
        return blocks.text("not defined")
    points = change.points
    error = "" if points is None else f"± {points:.0f} points"
    return Cell(words.signed(change.percent), error, few=change.now.few)


def _whole(percent: float | None) -> str:
    if percent is None:
        return ""
    return f"{round(percent):+,d}%".replace("+0%", "0%").replace("-", "\N{MINUS SIGN}")


def _wrapped(name: str, width: int = 12) -> str:
    lines: list[str] = []
    for word in name.split():
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += " " + word
        else:
            lines.append(word)
    if len(lines) > 3:
        lines = [*lines[:2], lines[2][: width - 1] + "…"]
    return "\n".join(lines)
