"""The opening of a report, and whether the model knows the area."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from leftshift.report import blocks, charts, words
from leftshift.report.blocks import LONGEST, Cell, FigureBlock, Section, TableBlock
from leftshift.report.findings import Findings
from leftshift.report.money import is_money


def opening(
    f: Findings, more: Sequence[tuple[str, str]] = ()
) -> tuple[list[dict[str, str]], TableBlock, FigureBlock | None]:
    """The cards, the key figures and the growth chart (None where there is no growth).

    Args:
        f: The findings of a run.
        more: Further measures of the key figures, with their names.
    """
    names = {**words.MEASURES, **dict(more)}
    cards = []
    for measure in ("people_85_over", "major_illness", "people"):
        change = f.change(measure, words.MEASURES[measure])
        if change is not None:
            cards.append(
                {
                    "label": change.label,
                    "now": words.people(change.now.value),
                    "end": words.people(change.end.value),
                    "change": words.signed(change.percent),
                    "interval": words.interval(change.end, words.in_prose),
                    "few": "yes" if change.now.few or change.end.few else "",
                }
            )
    rows = []
    for measure in (
        "people",
        "people_under_20",
        "people_65_over",
        "people_75_over",
        "people_85_over",
        "major_illness",
        "major_illness_share",
        "two_or_more",
        "four_or_more",
        "births",
        "deaths",
        "net_migration",
        "life_expectancy_female",
        "life_expectancy_male",
        "healthy_life_expectancy_female",
        "healthy_life_expectancy_male",
        *(measure for measure, _name in more),
    ):
        figures = [f.figure(measure, year) for year in f.marks]
        known = [g for g in figures if g is not None]
        if not known:
            continue
        last = known[-1]
        error = "" if last.error is None else f"± {words.in_prose(last.error, last.unit)}"
        if last.unit == "percent":
            small = last.error is not None and last.error < 0.05
            error = "under 0.1 points" if small else error.replace("%", " points")
        name = names[measure]
        if known[0].unit not in ("", "people", "percent") and not is_money(known[0].unit):
            name += f" ({known[0].unit})"
        rows.append(
            [
                blocks.text(name),
                *[blocks.brief(g) for g in figures],
                Cell(error or "not estimated", small=not error),
            ]
        )
    table = TableBlock(
        "key-figures",
        f"Key figures for {f.area_name}"
        + " (number of people where no unit is given"
        + ("; 95% intervals beneath)" if f.has_intervals else "; central run, no intervals)"),
        ["Measure", *f.marks, f"Sampling error, {f.end}"],
        rows,
        stacked=len(f.marks) < 4,  # more columns than that scroll in a frame of their own
        note="Counts are rounded to three significant figures; workbook.xlsx has them in full.",
    )
    return cards, table, _growth(f)


def _growth(f: Findings) -> FigureBlock | None:
    series = [
        ("people_85_over", "Aged 85+"),
        ("major_illness", "Major illness"),
        ("people_65_over", "Aged 65+"),
        ("people", "Everyone"),
    ]
    rows: list[dict[str, Any]] = []
    table_rows: dict[str, list[Cell]] = {year: [blocks.text(year)] for year in f.years}
    kept = []
    for measure, label in series:
        start = f.figure(measure, f.now)
        figures = [f.figure(measure, year) for year in f.years]
        if start is None or start.value == 0 or any(g is None for g in figures):
            continue
        kept.append(words.MEASURES[measure])
        for year, figure in zip(f.years, figures, strict=True):
            assert figure is not None
            # Bands only where they are talked about, or the four would hide one another.
            lower, upper = (
                figure.bounds_from(start)
                if measure in ("people_85_over", "major_illness")
                else (None, None)
            )
            rows.append(
                {
                    "series": measure,
                    "label": label,
                    "year": year,
                    "change": figure.change_from(start),
                    "lower": lower,
                    "upper": upper,
                    "said": words.signed(figure.change_from(start)),
                }
            )
            table_rows[year].append(blocks.cell(figure))
    if not kept or len(f.years) < 2:
        return None
    said = []
    for measure, _label in series:
        change = f.change(measure, words.MEASURES[measure].lower())
        if change is not None and change.percent is not None:
            said.append(f"{change.label} {words.signed(change.percent)}")
    finding = f"Change from {f.now} to {f.end}: {words.joined(said)}."
    table = TableBlock(
        "growth-table", "People by year (number)", ["Year", *kept], list(table_rows.values())
    )
    note = (
        "Shaded bands are 95% intervals against the central figure of the first year."
        if f.has_intervals
        else ""
    )
    return blocks.drawn(
        "growth",
        f"Growth since {f.now}",
        finding,
        table,
        lambda narrow: charts.growth(rows, f.years, narrow),
        note,
    )


_ALL_INPUTS = (
    "Every figure below was an input, so agreement shows only that the model reproduces what it "
    "was given. The command leftshift validate compares it with figures it never saw."
)


def does_it_know_us(f: Findings) -> Section:
    """The area's published figures beside the model's."""
    checks = f.checks
    columns = [
        "What is compared",
        "Year",
        "Unit",
        "Published",
        "Model",
        "Model ÷ published",
        "Was it an input?",
        "Grade",
        "Source of the published figure",
    ]
    rows = [
        [
            blocks.text(r["label"]),
            blocks.text(str(r["year"])),
            blocks.text(str(r["unit"])),
            blocks.number(r.get("published"), str(r["unit"])),
            blocks.number(r.get("model"), str(r["unit"])),
            Cell("" if r.get("ratio") is None else f"{r['ratio']:.2f}"),
            blocks.text("Yes, input" if r.get("used") else "No"),
            blocks.text(str(r.get("grade") or "")),
            blocks.text(str(r.get("source") or "")),
        ]
        for r in checks[:LONGEST]
    ]
    table = TableBlock(
        "checks-table",
        "Published figures beside the model's",
        columns,
        rows,
        note=blocks.longer(len(checks)),
    )
    whole = [r for r in checks if r.get("ratio")]
    drawn = [r for r in whole if not r.get("place")] or whole
    shown = [
        {"label": r["label"], "ratio": r["ratio"], "kind": "input" if r["used"] else "not an input"}
        for r in drawn[:40]
    ]
    finding = words.checks_finding(f)
    figures = (
        [
            blocks.drawn(
                "checks",
                "The model beside what was published",
                finding,
                table,
                lambda narrow: charts.ratios(shown, narrow),
                "Diamonds: the model was not given this figure; its predictions start in 2019/20 "
                "and are set against 2023/24. Circles: it was an input, so that agreement is "
                "expected. The shaded strip is 5% either side. A published figure of "
                "an earlier year differs by the growth since.",
            )
        ]
        if shown
        else []
    )
    return Section(
        "does-it-know-us",
        "Does it know us?",
        [
            "A model of this area is worth reading only if it reproduces what is already "
            "known about it. Figures that the model was given test its arithmetic; figures it was "
            "not given test the model.",
            *([_ALL_INPUTS] if whole and all(r.get("used") for r in whole) else []),
            *([] if shown else [finding]),
        ],
        figures,
    )
