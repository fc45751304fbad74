"""Sections on differences: inequality, use beside need, and funnel plots."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from leftshift.report import blocks
from leftshift.report.blocks import LONGEST, Cell, FigureBlock, Section, TableBlock
from leftshift.report.needs import charts
from leftshift.report.needs.cells import PER, cell, row_cell
from leftshift.report.needs.findings import NeedFindings, shown

__all__ = ["against", "funnels", "inequality"]

_FIFTHS = ("1", "2", "3", "4", "5")
_UNEQUAL = (
    "major_illness",
    "four_or_more",
    "deaths_under_75",
    "prevalent_copd",
    "prevalent_diabetes",
)
#: Funnels: kind of unit, measure, title, and unit of the axis.
_FUNNELS = (
    ("place", "major_illness", "Major illness by place, standardised for age", PER),
    (
        "place",
        "deaths_under_75",
        "Deaths under 75 by place, standardised for age",
        PER + " a year",
    ),
    ("network", "need_core", "Need index of networks: core services", "Index, England = 1"),
    (
        "network",
        "need_inequalities",
        "Need index of networks: health inequalities",
        "Index, England = 1",
    ),
)


def inequality(f: NeedFindings) -> Section:
    """Slope and relative indices, and the Core20 group beside everyone else."""
    both = [f.whole] if f.is_england else [f.whole, f.england]
    names = {u: u[2] for u in both}
    drawn = []
    for key, measure, title, unit in (
        (
            "fifths-illness",
            "major_illness",
            "Major illness by deprivation",
            f"People {PER}, standardised for age",
        ),
        (
            "fifths-deaths",
            "deaths_under_75",
            "Deaths under 75 by deprivation",
            f"Deaths a year {PER}, standardised for age",
        ),
    ):
        rows, table_rows = [], []
        for q in _FIFTHS:
            cells = []
            for u in both:
                got = f.get(u, measure, "dsr", q)
                cells.append(cell(got))
                if got is not None and got.lower is not None:
                    rows.append(
                        {
                            "series": names[u],
                            "fifth": q,
                            "value": got.value,
                            "lower": got.lower,
                            "upper": got.upper,
                        }
                    )
            table_rows.append([blocks.text(_fifth(q)), *cells])
        if len({r["fifth"] for r in rows}) < 2:
            continue
        table = TableBlock(
            f"{key}-table",
            f"{title} ({unit.lower()}), with 95% intervals beneath",
            ["Fifth", *names.values()],
            table_rows,
            stacked=True,
        )
        drawn.append(
            blocks.drawn(
                key,
                title,
                _slope_words(f, measure),
                table,
                partial(charts.fifths, rows, list(names.values()), unit),
                "Lines are 95% intervals.",
            )
        )
    return Section(
        "inequality",
        "Inequality, and the Core20 group",
        [
            "Neighbourhoods are ranked by deprivation (IMD 2019) and cut into England's five "
            "fifths. The slope index is the difference between the least and the most deprived "
            "end of the population on a line through all fifths; the relative index is the ratio "
            "of the two. Both are at equal age, by direct standardisation (use and cost: at equal "
            "age and sex, by indirect standardisation)."
        ],
        drawn,
        _index_tables(f),
    )


def _fifth(q: str) -> str:
    return {"1": "1, most deprived (Core20)", "5": "5, least deprived"}.get(q, q)


def _slope_words(f: NeedFindings, measure: str) -> str:
    found = f.inequality(f.whole, measure)
    if "slope_index" not in found or "relative_index" not in found:
        return "Too few people live in some fifths for an index."
    slope, ratio = found["slope_index"], found["relative_index"]
    way = "more" if slope["value"] < 0 else "fewer"
    return (
        f"The most deprived end has {abs(slope['value']):,.0f} {way} {PER} than the least "
        f"deprived, or {ratio['value']:.2f} times as many (95% interval {ratio['lower']:.2f} to "
        f"{ratio['upper']:.2f})."
    )


def _index_tables(f: NeedFindings) -> list[TableBlock]:
    wanted = [(m, "") for m in _UNEQUAL]
    wanted += [("life_expectancy", "female"), ("life_expectancy", "male")]
    if f.has_use:
        wanted += [("cost", ""), *((m, "") for m in f.settings)]
    rows = []
    for measure, sex in wanted:
        found = f.inequality(f.whole, measure, sex)
        if not {"slope_index", "relative_index"} <= set(found):
            continue
        whom = {"female": ", women", "male": ", men"}.get(sex, "")
        cells = []
        for index in ("slope_index", "relative_index", "core20_gap", "core20_ratio"):
            row = found.get(index)
            cells.append(
                blocks.text("not shown")
                if row is None
                else row_cell(row["value"], row["lower"], row["upper"], row["unit"])
            )
        rows.append([blocks.text(f.measure(measure) + whom), *cells])
    if not rows:
        return []
    return [
        TableBlock(
            "indices",
            f"Indices of inequality in {f.area_name}, with 95% intervals beneath",
            [
                "Measure",
                "Slope index (least less most deprived)",
                "Relative index (most over least deprived)",
                "Core20 group less everyone else",
                "Core20 group over everyone else",
            ],
            rows,
            note=f"Illness and deaths {PER}; life expectancy in years; cost in £ per person a "
            "year. All conditions and services are in workbook.xlsx.",
        )
    ]


def against(f: NeedFindings) -> Section | None:
    """Use and cost beside what equal need would ask for."""
    if not f.has_use:
        return None
    fifth = []
    for q in _FIFTHS:
        row = f.against(f.whole, "cost", q)
        if row is not None:
            fifth.append((f"Fifth {_fifth(q)}", row))
    setting = []
    for measure in f.settings:
        row = f.against(f.whole, measure, "1")
        if row is not None and row["expected"] > 0:
            setting.append((f.measure(measure).removeprefix("Public spending: "), row))
    place = [(u[2], f.against(u, "cost")) for u in f.units("place")]
    drawn = [
        block
        for block in (
            _ratios(
                "against-fifth", "Public cost by deprivation, beside equal need", fifth,
                "Each dot is what a fifth uses over what people of the same age and illness use in "
                "England, all fifths alike.",
            ),
            _ratios(
                "against-setting", "What the Core20 group uses by setting, beside equal need",
                setting,
                "Left of the line, the most deprived use less of a setting than people who are as "
                "old and as ill; right of it, more.",
            ),
            _ratios(
                "against-place", "Public cost by place, beside equal need",
                [(name, row) for name, row in place if row is not None] if len(place) > 1 else [],
                "Places differ here only by the deprivation of their people and by how many more "
                "are on their lists than live there: the model knows of no other reason.",
            ),
        )
        if block is not None
    ]  # fmt: skip
    rows = []
    for measure in f.services:
        used, core = f.get(f.whole, measure, "crude"), f.against(f.whole, measure, "1")
        beside = None if f.is_england else f.get(f.england, measure, "crude")
        rows.append(
            [
                blocks.text(f.measure(measure)),
                blocks.text(used.unit if used is not None else ""),
                cell(used),
                cell(beside) if beside is not None else blocks.text("this area"),
                blocks.text("not shown")
                if core is None
                else row_cell(core["ratio"], core["lower"], core["upper"], "ratio"),
            ]
        )
    table = TableBlock(
        "services",
        "Use of each service per head, and the Core20 group's beside equal need",
        ["Service", "Unit", f.area_name, "England", "Core20 group over equal need"],
        rows[:LONGEST],
        note=blocks.longer(len(rows)),
    )
    return Section(
        "against",
        "Use and cost, beside need",
        [
            "Need here is what can be seen of it: age, sex and the twenty conditions. What equal "
            "need would ask for is what the same people would use if the fifths of deprivation "
            "used alike. More use than that may still be less than they need, where illness goes "
            "unseen; less use of prevention or planned care may show what keeps people from it.",
        ],
        drawn,
        [table],
    )


def _ratios(
    key: str, title: str, found: Sequence[tuple[str, dict[str, Any]]], said: str
) -> FigureBlock | None:
    if len(found) < 2 or len(found) > LONGEST:
        return None
    rows = [
        {"label": label, "value": r["ratio"], "lower": r["lower"], "upper": r["upper"]}
        for label, r in found
    ]
    table = TableBlock(
        f"{key}-table",
        f"{title} (£ per person a year, and ratio)",
        ["Group", "Used", "At equal need", "Ratio"],
        [
            [
                blocks.text(label),
                Cell(shown(r["value"], r["unit"])),
                Cell(shown(r["expected"], r["unit"])),
                row_cell(r["ratio"], r["lower"], r["upper"], "ratio"),
            ]
            for label, r in found
        ],
        stacked=True,
    )
    return blocks.drawn(
        key,
        title,
        said,
        table,
        partial(charts.dots, rows, "Use divided by use at equal need", 1.0, "as equal need asks"),
        "Grey lines are 95% intervals of sampling error.",
    )


def funnels(f: NeedFindings) -> Section:
    """Funnel plots of places and networks."""
    drawn = []
    for kind, measure, title, unit in _FUNNELS:
        rows = f.funnel(kind, measure)
        if len(rows) < 3:
            continue
        out = [r for r in rows if r["position"] != "inside"]
        times = rows[0]["dispersion"]
        wide = (
            "They spread no further than chance explains"
            if times <= 1.0
            else f"Their variance is {times:,.1f} times what chance alone would give, and the "
            "limits are widened to match"
        )
        listed = out if len(rows) > LONGEST else rows
        table = TableBlock(
            f"funnel-{kind}-{measure}-table",
            f"{title}: {'units outside the limits' if listed is out else 'every unit'}",
            ["Unit", "Value", "99.8% limits", "Position"],
            [
                [
                    blocks.text(r["name"]),
                    Cell(shown(r["value"], r["unit"])),
                    Cell(f"{shown(r['lower998'], r['unit'])} to {shown(r['upper998'], r['unit'])}"),
                    blocks.text(r["position"]),
                ]
                for r in sorted(listed, key=lambda r: r["name"])[:LONGEST]
            ],
            stacked=True,
            note=blocks.longer(len(listed)),
        )
        what = f"{len(out)} of {len(rows)} {'places' if kind == 'place' else 'networks'}"
        drawn.append(
            blocks.drawn(
                f"funnel-{kind}-{measure}",
                title,
                f"{what} {'lies' if len(out) == 1 else 'lie'} outside the 95% limits. {wide}.",
                table,
                partial(charts.funnel, rows, unit),
                "Diamonds lie outside the limits; the flat line is the area's own figure; dashed "
                "lines are the 95% limits, whole ones the 99.8% limits.",
            )
        )
    return Section(
        "funnels",
        "Who lies outside what chance explains",
        [
            "A place or network outside the limits is unlike the others by more than chance and "
            "the spread that all of them show. That is a reason to ask why. It is no rank: inside "
            "the limits the order means nothing."
            if drawn
            else "There are too few places and networks here for a funnel plot."
        ],
        drawn,
    )
