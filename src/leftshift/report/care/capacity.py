"""Whether there are the staff and the beds, and who waits."""

from __future__ import annotations

from functools import partial
from typing import Any

from leftshift.report import blocks, words
from leftshift.report.blocks import Cell, FigureBlock, Section, TableBlock
from leftshift.report.care import charts
from leftshift.report.care.cells import bar, counted, percent, unsure
from leftshift.report.care.figures import NAMES, Care
from leftshift.report.findings import Figure

__all__ = ["beds", "beds_sentence", "staff", "staff_sentence", "waits", "waits_sentence"]

#: Groups that the chart shows; the table has all.
_DRAWN = 10
#: A waterline below which a difference is said to be none.
_NONE = 0.5


def _total(found: dict[tuple[str, str, str], Figure], year: str, measure: str) -> Figure | None:
    parts = [g.value for (y, _i, m), g in found.items() if (y, m) == (year, measure)]
    if measure == "short":
        # A nurse to spare does not fill a doctor's post, nor a maternity bed a mental health one.
        parts = [max(part, 0.0) for part in parts]
    unit = next((g.unit for (_y, _i, m), g in found.items() if m == measure), "")
    return Figure(sum(parts), unit=unit) if parts else None


def total_of(care: Care, kind: str, year: str, measure: str) -> Figure | None:
    """A total with its interval from the summary where it has one, else added up."""
    found = care.staff if kind == "staff" else care.beds
    added = _total(found, year, measure)
    for name in NAMES[measure]:
        figure = care.f.figure(name if name.startswith(kind) else f"{kind}_{name}", year)
        if figure is not None and (added is None or _near(figure.value, added.value)):
            return figure
    return added


def _near(first: float, second: float) -> bool:
    """Whether a total of the summary is that of the parts, so that its interval may be shown."""
    return abs(first - second) <= max(0.01 * abs(second), 1.0)


def staff_sentence(care: Care) -> str:
    """Staff missing now, in ten years and at the end, and where the gap is widest."""
    f = care.f
    figures = [(year, total_of(care, "staff", year, "short")) for year in care.marks]
    known = [(year, g) for year, g in figures if g is not None]
    needed = total_of(care, "staff", f.end, "needed")
    if not known:
        return ""
    said = words.joined([f"{missing(g.value)} in {year}" for year, g in known])
    text = f"Staff: {said}, in whole-time equivalents"
    last = known[-1][1]
    if needed is not None and needed.value > 0 and last.value > 0:
        text += f" ({100 * last.value / needed.value:.0f}% of those needed by {known[-1][0]}"
        if last.lower is not None and last.upper is not None:
            text += f"; 95% interval {words.interval(last, _people)}"
        text += ")"
    worst = [
        (g.value, item)
        for item in care.items(care.staff, "needed")
        if (g := care.staff.get((f.end, item, "short"))) is not None
    ]
    if worst and max(worst)[0] > _NONE:
        size, item = max(worst)
        text += (
            f". The largest gap by {f.end} is in {words.inside(f.label('staff_group', item))}: "
            f"{words.people(size)}"
        )
    return text + "."


def _people(value: float, _unit: str) -> str:
    return words.people(value)


def missing(value: float) -> str:
    if value > _NONE:
        return f"{words.people(value)} too few"
    if value < -_NONE:
        return f"{words.people(-value)} more than needed"
    return "none missing"


def _warnings(care: Care, *terms: str) -> list[str]:
    return [w for w in care.warnings if any(t in w.lower() for t in terms)]


def staff(care: Care) -> Section | None:
    """Demand, supply and gap by staff group, in whole-time equivalents."""
    f = care.f
    groups = care.items(care.staff, "needed")
    if not groups:
        return None
    none = Figure(0.0)
    groups.sort(key=lambda g: -care.staff.get((f.end, g, "short"), none).value)
    bars = [
        {
            "label": f.label("staff_group", group),
            "parts": {
                year: bar(care.staff.get((year, group, "short")), "count") for year in care.marks
            },
        }
        for group in groups[:_DRAWN]
    ]
    measures = [("needed", "Needed"), ("there", "There"), ("short", "Gap")]
    rows = []
    for group in groups:
        cells = [blocks.text(f.label("staff_group", group))]
        for year in care.marks:
            cells += [counted(care.staff.get((year, group, m))) for m, _ in measures]
            needed = care.staff.get((year, group, "needed"))
            gap = care.staff.get((year, group, "short"))
            cells.append(
                percent(100 * gap.value / needed.value, 0)
                if needed is not None and gap is not None and needed.value > 0
                else blocks.text("not defined")
            )
        rows.append(cells)
    table = TableBlock(
        "staff-table",
        "Staff needed, there and missing by group (whole-time equivalents)",
        [
            "Staff group",
            *[
                f"{name} {year}"
                for year in care.marks
                for name in (*[n for _m, n in measures], "Gap as share of needed")
            ],
        ],
        rows,
        note="A gap below 0 means more staff than the work needs. Groups cannot stand in for one "
        "another here.",
    )
    figure = blocks.drawn(
        "staff",
        f"Staff gap by group, {words.joined(care.marks)}",
        staff_sentence(care),
        table,
        lambda narrow: charts.clustered(
            bars, care.marks, "Needed less there, whole-time equivalents", narrow, "count"
        ),
        (f"The {_DRAWN} largest gaps; the table has all groups. " if len(groups) > _DRAWN else "")
        + "Bars to the right of 0: too few staff. NHS and social care draw on one pool of people."
        + (" Black lines are 95% intervals." if f.has_intervals and _wide(care.staff) else ""),
    )
    said = _warnings(care, "vacanc", "staff in post")
    paragraphs = [
        "The work that people's use of care asks for, beside the staff there would be if training, "
        "joining and leaving go on as now. Only hours per consultation in general practice are "
        "published: elsewhere hours follow from pay bills, and are derived.",
    ]
    after = said or ["The run holds no word on which vacancy figures of today could be verified."]
    return Section("staff", "Staff", paragraphs, [figure], after=after)


def _wide(found: dict[tuple[str, str, str], Figure]) -> bool:
    return any(g.lower is not None for (_y, _i, m), g in found.items() if m == "short")


def beds_sentence(care: Care) -> str:
    """Beds needed and there, now and at the end, and how many are held up by delays."""
    f = care.f
    pairs = [
        (year, total_of(care, "beds", year, "needed"), total_of(care, "beds", year, "there"))
        for year in (f.now, f.end)
    ]
    (_, now, there_now), (_, end, there_end) = pairs
    if now is None or end is None:
        return ""
    text = (
        f"Beds: {words.people(now.value)} needed in {f.now} and {words.people(end.value)} in "
        f"{f.end}"
    )
    if there_now is not None and there_end is not None:
        text += (
            f", against {words.people(there_now.value)} open"
            if abs(there_now.value - there_end.value) < _NONE
            else f", against {words.people(there_now.value)} and "
            f"{words.people(there_end.value)} open"
        )
        short = total_of(care, "beds", f.end, "short")
        if short is not None:
            text += f": {missing(short.value)} by {f.end}"
            if short.lower is not None and short.upper is not None:
                text += f" (95% interval {words.interval(short, _people)})"
    delayed = _total(care.beds, f.now, "delayed")
    if delayed is not None and delayed.value > _NONE:
        text += (
            f". {words.people(delayed.value)} of those needed in {f.now} hold people who are well "
            "enough to leave"
        )
    return text + "."


def beds(care: Care) -> Section | None:
    """Beds needed against beds there by type, delayed beds and those short."""
    f = care.f
    types = care.items(care.beds, "needed")
    if not types:
        return None
    measures = [
        (key, name)
        for key, name in (
            ("needed", "Needed"),
            ("there", "There"),
            ("short", "Short"),
            ("delayed", "Held up by delays"),
            ("unmet", "Stays a year with no bed"),
        )
        if any(m == key for _y, _i, m in care.beds)
    ]
    bars: list[dict[str, Any]] = []
    rows = []
    for kind in types:
        parts = {}
        cells = [blocks.text(f.label("bed_type", kind))]
        for year in care.marks:
            there = care.beds.get((year, kind, "there"))
            parts[year] = bar(
                care.beds.get((year, kind, "needed")), "count", there.value if there else None
            )
            cells += [counted(care.beds.get((year, kind, m))) for m, _ in measures]
        bars.append({"label": f.label("bed_type", kind), "parts": parts})
        rows.append(cells)
    table = TableBlock(
        "beds-table",
        "Beds by type (mean number over the year)",
        ["Type of bed", *[f"{name} {year}" for year in care.marks for _m, name in measures]],
        rows,
        note="Short: needed less there. Needed includes beds held up by delays.",
    )
    figure = blocks.drawn(
        "beds",
        f"Beds needed, and beds there, {words.joined(care.marks)}",
        beds_sentence(care),
        table,
        lambda narrow: charts.clustered(bars, care.marks, "Beds", narrow, "count"),
        "Bars: beds needed. The black line across a bar: beds there."
        + (" Thin black lines along a bar are 95% intervals." if f.has_intervals else ""),
    )
    paragraphs = [
        "Beds that people's stays ask for, at a stated share of beds in use, beside those that are "
        "open. What cannot be met is shown as short and does not feed back into anyone's health.",
        *_warnings(care, "bed", "occupancy", "delayed"),
    ]
    return Section("beds", "Beds", paragraphs, [figure])


#: What is shown of each group of specialties, with its heading; the workbook has the rest.
_WAITS = {
    "list_size": "On the list",
    "share_within_18_weeks": "Within 18 weeks",
    "over_52_weeks": "Over 52 weeks",
    "mean_wait_weeks": "Mean wait, weeks",
    "unmet_people": "People beyond the standard",
}
_ALL = ("", "all", "total")


def _specialties(care: Care) -> list[str]:
    """Groups of specialties, the longest list first, and one for all of them last."""
    found = {s for _y, s, m in care.waits if m == "list_size"}
    zero = Figure(0.0)
    rest = sorted(
        found - set(_ALL),
        key=lambda s: (-care.waits.get((care.f.now, s, "list_size"), zero).value, s),
    )
    return [*rest, *[s for s in _ALL if s in found]]


def _wait_total(care: Care, measure: str, year: str) -> float | None:
    """All groups of specialties together; a share is weighted by the lists."""
    names = [s for s in _specialties(care) if s not in _ALL]
    top = low = 0.0
    known = False
    for name in names:
        figure = care.waits.get((year, name, measure))
        size = care.waits.get((year, name, "list_size"))
        if figure is None or size is None:
            continue
        known = True
        weight = size.value if figure.unit in ("percent", "weeks") else 1.0
        top += figure.value * weight
        low += size.value if figure.unit in ("percent", "weeks") else 0.0
    if not known:
        return None
    return top / low if low > 0 else top


def waits_sentence(care: Care) -> str:
    """How many wait now and at the end, how many within 18 weeks, and who goes unmet."""
    f = care.f
    now, end = (_wait_total(care, "list_size", year) for year in (f.now, f.end))
    if now is None or end is None:
        return ""
    whole = f.figure("waiting_list_size", f.end)
    text = (
        f"The waiting list goes from {words.people(now)} pathways in {f.now} to "
        f"{words.people(end) if whole is None else words.with_interval(whole)} in {f.end} if "
        "nothing changes"
    )
    shares = [(y, _wait_total(care, "share_within_18_weeks", y)) for y in (f.now, f.end)]
    said = [f"{share:.0f}% in {year}" for year, share in shares if share is not None]
    if said:
        text += f"; within 18 weeks: {words.joined(said)}"
    unmet = _wait_total(care, "unmet_people", f.end)
    if unmet is not None and unmet > _NONE:
        text += (
            f"; {words.people(unmet)} people wait longer in {f.end} than the standard would allow"
        )
    text += " (estimate, grade C)."
    if whole is not None and unsure(Figure(now), whole):
        text += " The interval is so wide that it leaves open whether the list grows or shrinks."
    return text


def waits(care: Care) -> Section | None:
    """The waiting list by group of specialties: an estimate of grade C."""
    f = care.f
    items = _specialties(care)
    if not items:
        return None
    labels = {s: f.label("specialty", s, "" if s else "All specialties") for s in items}
    bars = [
        {
            "label": labels[s],
            "parts": {y: bar(care.waits.get((y, s, "list_size")), "count") for y in care.marks},
        }
        for s in items
        if s not in _ALL
    ]
    there = {m for _y, _s, m in care.waits}
    measures = [m for m in _WAITS if m in there]
    rows = [
        [
            blocks.text(labels[s]),
            *[_wait(care.waits.get((y, s, m))) for y in care.marks for m in measures],
        ]
        for s in items
    ]
    table = TableBlock(
        "waits-table",
        "Waiting list by group of specialties (pathways; estimate, grade C)",
        ["Specialties", *[f"{_WAITS[m]} {year}" for year in care.marks for m in measures]],
        rows[: blocks.LONGEST],
        note="People beyond the standard wait over 18 weeks when it would have them seen. Demand, "
        "capacity and those who leave untreated are in workbook.xlsx. " + blocks.longer(len(rows)),
    )
    return Section(
        "waits",
        "Waits",
        [
            "Waits are counted in pathways from referral to treatment: one person may be on two.",
            *_warnings(care, "waiting list", "18 weeks"),
        ],
        [_waits_figure(care, bars, table)],
        inset="Grade C estimate: worked out from the published numbers within 18 and over 52 "
        "weeks, not from the list itself. It shows direction and rough size. Put your own list, "
        "clock starts and stops in the project's data folder to have waits by months waited.",
    )


def _waits_figure(care: Care, bars: list[dict[str, Any]], table: TableBlock) -> FigureBlock:
    def draw(rows: list[dict[str, Any]], narrow: bool) -> dict[str, Any]:
        return charts.clustered(rows, care.marks, "Pathways (estimate)", narrow, "count")

    return blocks.drawn(
        "waits",
        f"The waiting list by group of specialties, {words.joined(care.marks)}",
        waits_sentence(care),
        table,
        partial(draw, bars[:12]),
        ("The 12 longest lists are drawn. " if len(bars) > 12 else "")
        + "Estimate, grade C."
        + (" Black lines are 95% intervals." if care.f.has_intervals else ""),
    )


def _wait(figure: Figure | None) -> Cell:
    if figure is None:
        return blocks.text("not available")
    if figure.unit == "percent":
        return percent(figure.value, 0)
    if figure.unit == "weeks":
        return Cell(f"{figure.value:.0f}")
    return counted(figure)
