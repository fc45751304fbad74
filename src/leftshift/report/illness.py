"""Sections on who lives here and how ill they are: ages, segments, conditions, major illness."""

from __future__ import annotations

from leftshift.report import blocks, charts, words
from leftshift.report.blocks import Cell, Section, TableBlock
from leftshift.report.findings import Change, Findings


def population(f: Findings) -> Section:
    """The population pyramid now and at the end."""
    rows = f.pyramid
    bands = list(dict.fromkeys(r["band"] for r in rows))
    by = {(r["band"], r["sex"]): r for r in rows}

    def cell(band: str, sex: str, when: str) -> Cell:
        value = by[band, sex][when]
        return Cell(words.count(value), few=f.is_few(value, "people"))

    table = TableBlock(
        "pyramid-table",
        "People by age and sex (number, central figures)",
        ["Age", f"Women {f.now}", f"Women {f.end}", f"Men {f.now}", f"Men {f.end}"],
        [
            [
                blocks.text(_age(b)),
                *[cell(b, s, w) for s in ("female", "male") for w in ("now", "end")],
            ]
            for b in bands
        ],
    )
    finding = words.pyramid_finding(f)
    figures = (
        [
            blocks.drawn(
                "pyramid",
                f"People by age and sex, {f.now} and {f.end}",
                finding,
                table,
                lambda narrow: charts.pyramid(rows, f.now, f.end, narrow),
                "Central figures: the run's intervals are kept for the totals above.",
            )
        ]
        if rows
        else []
    )
    return Section("population", "The population, now and then", [], figures)


def _age(band: str) -> str:
    return band.replace("-", " to ").replace("90+", "90 and over")


def segments(f: Findings) -> Section:
    """People by core segment."""
    changes = [Change(c.key, _segment_name(f, c.label), c.now, c.end) for c in f.segments]
    rows = [
        {
            "label": c.label,
            "now": c.now.value,
            "end": c.end.value,
            "lower": c.end.lower,
            "upper": c.end.upper,
        }
        for c in changes
    ]
    table = blocks.changes_table(
        f, "segments-table", "People by core segment (number)", "Segment", changes
    )
    figures = (
        [
            blocks.drawn(
                "segments",
                "People by core segment",
                words.segments_finding(f),
                table,
                lambda narrow: charts.pairs(rows, f.now, f.end, "People", narrow),
                blocks.whisker(f),
            )
        ]
        if changes
        else []
    )
    return Section(
        "segments",
        "How complex people's needs are",
        [
            "Core segments group people by how many long-term conditions they have and how heavily "
            "those weigh (the Cambridge Multimorbidity Score), from 1, little or no illness, to 5, "
            "the most complex."
        ],
        figures,
    )


def _segment_name(f: Findings, segment: str) -> str:
    """A segment in words, with the score it starts at where the run says it."""
    start = f.parameter(f"segment.{segment}.start")
    name = words.SEGMENTS.get(segment, segment)
    return f"{name}: from {start:g}" if start is not None and segment != "0" else name


def conditions(f: Findings) -> Section:
    """Each condition now and at the end, ranked by growth."""
    changes = f.conditions
    rows = []
    for c in changes:
        if c.percent is None:
            continue
        lower, upper = c.end.bounds_from(c.now)
        rows.append(
            {
                "label": c.label,
                "change": c.percent,
                "lower": lower,
                "upper": upper,
                "counts": f"{words.people(c.now.value)} to {words.people(c.end.value)}",
            }
        )
    table = blocks.changes_table(
        f, "conditions-table", "People living with each condition (number)", "Condition", changes
    )
    none = [c.label for c in changes if c.percent is None]
    note = blocks.whisker(f).replace(
        f"in {f.end}.", f"of the number in {f.end}, against the central number in {f.now}."
    )
    if none:
        note += f" Not drawn, because nobody has it in {f.now}: {words.joined(none)}."
    finding = words.conditions_finding(f)
    figures = (
        [
            blocks.drawn(
                "conditions",
                f"Growth in each condition from {f.now} to {f.end}",
                finding,
                table,
                lambda narrow: charts.ranked_growth(rows, narrow),
                note.strip(),
            )
        ]
        if rows
        else []
    )
    return Section(
        "conditions",
        "Each condition, ranked by growth",
        [
            "A person with several conditions is counted under each, so these numbers must not be "
            "added up.",
            *([] if rows else [finding]),
        ],
        figures,
    )


def major_illness(f: Findings) -> Section:
    """People with major illness by age."""
    found = f.major_by_age
    rows = [
        {
            "label": f"Aged {r['band']}",
            "now": r["now"],
            "end": r["end"],
            "lower": None,
            "upper": None,
        }
        for r in found
    ]

    def share(value: float | None) -> Cell:
        return blocks.text("nobody of this age") if value is None else Cell(f"{value:.1f}%")

    table = TableBlock(
        "age-table",
        "People living with major illness by age (number, and share of that age)",
        ["Age", f"People {f.now}", f"People {f.end}", f"Share {f.now}", f"Share {f.end}"],
        [
            [
                blocks.text(r["band"]),
                Cell(words.count(r["now"]), few=f.is_few(r["now"], "people")),
                Cell(words.count(r["end"]), few=f.is_few(r["end"], "people")),
                share(r["share_now"]),
                share(r["share_end"]),
            ]
            for r in found
        ],
        stacked=True,
    )
    figures = (
        [
            blocks.drawn(
                "age",
                "People living with major illness, by age",
                words.age_finding(f),
                table,
                lambda narrow: charts.pairs(
                    rows,
                    f.now,
                    f.end,
                    "People with major illness",
                    narrow,
                    46.0 if narrow else 34.0,
                ),
                "Central figures: the interval of the total is among the key figures.",
            )
        ]
        if rows
        else []
    )
    return Section("major-illness", "Major illness by age", [_definition(f)], figures)


def _definition(f: Findings) -> str:
    start = f.parameter("major_illness.threshold")
    above = "the threshold in the catalogue" if start is None else f"{start:g}"
    return (
        f"Major illness here means a Cambridge Multimorbidity Score above {above}: broadly, enough "
        "long-term illness at once to need care from several services."
    )
