"""The opening of a needs assessment, and its places, networks and illness side by side."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from leftshift.report import blocks
from leftshift.report.blocks import LONGEST, FigureBlock, Section, TableBlock
from leftshift.report.needs import charts
from leftshift.report.needs.cells import PER, REST, cell
from leftshift.report.needs.findings import NeedFindings, Unit, shown
from leftshift.report.words import joined, people

__all__ = ["cards", "headlines", "illness", "networks", "places"]


def _compared(f: NeedFindings) -> list[Unit]:
    """The places, the area and England; a single place is the area itself."""
    places = f.units("place")
    rows = places if len(places) > 1 else []
    return [*rows, f.whole] if f.is_england else [*rows, f.whole, f.england]


def cards(f: NeedFindings) -> list[dict[str, str]]:
    """Three figures to begin with."""
    out = []
    core = f.get(f.whole, "fifth_1", "share")
    if core is not None:
        england = f.get(f.england, "fifth_1", "share")
        beside = "" if england is None or f.is_england else f", {england.value:.0f}% in England"
        out.append(
            {
                "label": "Live in the most deprived fifth (Core20)",
                "big": f"{core.value:.1f}%",
                "text": f"of residents{beside}",
                "interval": "",
            }
        )
    for measure, label in (
        ("major_illness", "Living with major illness"),
        ("deaths_under_75", "Deaths under 75"),
    ):
        figure, england = f.get(f.whole, measure, "dsr"), f.get(f.england, measure, "dsr")
        if figure is None:
            continue
        beside = ""
        if england is not None and not f.is_england:
            beside = f"; England {shown(england.value, england.unit)}"
        out.append(
            {
                "label": label,
                "big": shown(figure.value, figure.unit),
                "text": f"{PER}, standardised for age{beside}",
                "interval": cell(figure).interval,
            }
        )
    return out


def _against_england(f: NeedFindings, measure: str) -> str:
    mine, england = f.get(f.whole, measure, "dsr"), f.get(f.england, measure, "dsr")
    if mine is None or england is None or england.value <= 0:
        return ""
    apart = 100 * (mine.value / england.value - 1)
    clear = (
        mine.lower is not None
        and mine.upper is not None
        and not mine.lower <= england.value <= mine.upper
    )
    if not clear:
        return "cannot be told apart from England's"
    return f"is {abs(apart):.0f}% {'above' if apart > 0 else 'below'} England's"


def headlines(f: NeedFindings) -> list[str]:
    """What matters, in sentences."""
    said = []
    total = f.get(f.whole, "people", "count")
    old = f.get(f.whole, "share_75_over", "share")
    if total is not None and old is not None:
        england = f.get(f.england, "share_75_over", "share")
        beside = (
            ""
            if england is None or f.is_england
            else f" (England {shown(england.value, 'percent')})"
        )
        said.append(
            f"{people(total.value)} people live in {f.area_name}; {shown(old.value, 'percent')} of "
            f"them are 75 or over{beside}."
        )
    if not f.is_england:
        ill, dead = (_against_england(f, m) for m in ("major_illness", "deaths_under_75"))
        if ill and dead:
            said.append(
                f"At equal age, the share of people who live with major illness {ill}; mortality "
                f"under 75 {dead}."
            )
    found = f.inequality(f.whole, "major_illness")
    if "relative_index" in found and "core20_gap" in found:
        relative, gap = found["relative_index"], found["core20_gap"]
        said.append(
            f"Major illness is {relative['value']:.2f} times as common at the most deprived end of "
            f"the population as at the least deprived, at equal age (95% interval "
            f"{relative['lower']:.2f} to {relative['upper']:.2f}). The Core20 group has "
            f"{abs(gap['value']):,.0f} {'more' if gap['value'] > 0 else 'fewer'} people with it "
            f"{PER} than everyone else."
        )
    lives = [f.inequality(f.whole, "life_expectancy", sex) for sex in ("female", "male")]
    if all("slope_index" in one for one in lives):
        women, men = (one["slope_index"]["value"] for one in lives)
        said.append(
            f"From the most to the least deprived end of the population life expectancy rises by "
            f"{women:.1f} years for women and {men:.1f} for men."
        )
    core = f.against(f.whole, "cost", "1")
    if core is not None:
        more = 100 * (core["ratio"] - 1)
        said.append(
            f"The Core20 group uses care worth {shown(core['value'], core['unit'])} per person a "
            f"year, {abs(more):.0f}% {'more' if more > 0 else 'less'} than people of the same age "
            "and illness would if deprivation made no difference."
        )
    far = _outside(f)
    if far:
        said.append(far)
    return said


def _outside(f: NeedFindings) -> str:
    rows = f.funnel("network", "need_inequalities")
    out = [r["name"] for r in rows if r["position"] == "above 99.8%"]
    if not out or len(out) > 4:
        return ""
    return (
        f"On the health-inequalities need index {joined(sorted(out))} "
        f"{'lies' if len(out) == 1 else 'lie'} above the outer limits of the funnel plot of "
        "networks: a reason to ask why, not a rank."
    )


def _columns(f: NeedFindings) -> list[tuple[str, str, str]]:
    """Columns of the table of places: measure, rate kind, heading."""
    columns = [
        ("people", "count", "People"),
        ("share_75_over", "share", "Aged 75 and over"),
        ("fifth_1", "share", "In the most deprived fifth"),
        ("need_core", "index", "Need index, core"),
        ("major_illness", "crude", f"Major illness, {PER}"),
        ("major_illness", "dsr", "The same, standardised"),
        ("deaths_under_75", "dsr", f"Deaths under 75, {PER} a year, standardised"),
    ]
    if f.has_use:
        columns += [
            ("cost", "crude", "Public cost per head"),
            ("cost", "isr", "The same, standardised"),
        ]
    return columns


def _beside(
    f: NeedFindings, key: str, caption: str, units: Sequence[Unit], note: str
) -> TableBlock:
    columns = _columns(f)
    rows = [
        [blocks.text(unit[2]), *(cell(f.get(unit, m, k)) for m, k, _ in columns)] for unit in units
    ]
    return TableBlock(
        key, caption, ["Place", *(head for _, _, head in columns)], rows[:LONGEST], note=note
    )


def _dotted(
    f: NeedFindings, key: str, title: str, measure: str, kind: str, unit: str, finding: str
) -> FigureBlock | None:
    """Places by one figure, around the area's own."""
    own = f.get(f.whole, measure, kind)
    found = [(u, f.get(u, measure, kind)) for u in f.units("place")]
    rows = [
        {"label": u[2], "value": g.value, "lower": g.lower, "upper": g.upper}
        for u, g in found
        if g is not None
    ]
    if own is None or len(rows) < 2 or len(rows) > LONGEST:
        return None
    table = TableBlock(
        f"{key}-table",
        f"{title} ({unit}), with 95% intervals beneath",
        ["Place", "Value"],
        [[blocks.text(u[2]), cell(f.get(u, measure, kind))] for u in _compared(f)],
        stacked=True,
    )
    return blocks.drawn(
        key,
        title,
        finding,
        table,
        partial(charts.dots, rows, unit, own.value, f.area_name),
        "Dots are places, grey lines their 95% intervals. Places are in order of their names.",
    )


def places(f: NeedFindings) -> Section:
    """Places side by side."""
    units = f.units("place")
    drawn: list[FigureBlock | None] = []
    if len(units) > 1:
        drawn.append(
            _dotted(
                f, "place-illness", "Major illness by place, standardised for age", "major_illness",
                "dsr", f"people {PER}",
                "Where an interval crosses the line, the place cannot be told apart from the area "
                "as a whole." + _apart(f, "major_illness"),
            )
        )  # fmt: skip
        if f.has_use:
            drawn.append(
                _dotted(
                    f, "place-cost", "Public cost per head by place, as it is", "cost", "crude",
                    "£ per person a year",
                    "Older places cost more per head: this is what there is to pay for, before "
                    "age is taken out of it.",
                )
            )  # fmt: skip
    paragraphs = [
        "Crude rates say how much there is to look after; standardised ones, whether that is more "
        "than age explains. The need index is NHS England's, of the practices that stand in the "
        "place: their patients may live in others.",
    ]
    if len(units) == 1:
        paragraphs.append("This area is a single place, so only England stands beside it.")
    return Section(
        "places",
        "Places side by side",
        paragraphs,
        [block for block in drawn if block is not None],
        [
            _beside(
                f,
                "places-table",
                "Places, the area and England, with 95% intervals beneath",
                _compared(f),
                "People and deprivation: estimates of residents (grade D). Illness, deaths"
                + (", use and cost" if f.has_use else "")
                + ": modelled (grade D). Every condition, service and setting is in workbook.xlsx.",
            )
        ],
    )


def _apart(f: NeedFindings, measure: str) -> str:
    own = f.get(f.whole, measure, "dsr")
    if own is None:
        return ""
    out: dict[str, list[str]] = {"above": [], "below": []}
    for unit in f.units("place"):
        got = f.get(unit, measure, "dsr")
        if got is None or got.lower is None or got.upper is None:
            continue
        if got.lower > own.value:
            out["above"].append(unit[2])
        elif got.upper < own.value:
            out["below"].append(unit[2])
    said = [f"{joined(names)} {way} it" for way, names in out.items() if 0 < len(names) <= 6]
    return f" The intervals of {' and '.join(said)} do not." if said else ""


def networks(f: NeedFindings) -> Section:
    """Primary care networks side by side."""
    units = f.units("network")
    if not units:
        return Section(
            "networks",
            "Primary care networks side by side",
            [
                f"No primary care network has most of its patients with practices of "
                f"{f.area_name}, so there is none to show."
            ],
        )
    columns = [
        ("people", "count", "Registered"),
        ("share_75_over", "share", "Aged 75 and over"),
        ("need_core", "index", "Need index, core"),
        ("need_inequalities", "index", "Need index, health inequalities"),
        ("fifth_1", "share", "In the most deprived fifth, estimated"),
        ("major_illness", "crude", f"Major illness, {PER}, estimated"),
        ("major_illness", "dsr", "The same, standardised"),
    ]
    if f.has_use:
        columns.append(("cost", "crude", "Public cost per head, estimated"))
    rows = [[blocks.text(u[2]), *(cell(f.get(u, m, k)) for m, k, _ in columns)] for u in units]
    explained = 100 * float(f.about.get("mix_explained") or 0.0)
    free = float(f.about.get("unallocated") or 0.0)
    after = []
    if free >= 0.5:
        after.append(
            f"{people(free)} people are registered with practices here that belong to no network."
        )
    return Section(
        "networks",
        "Primary care networks side by side",
        [
            "Lists and their ages are published (grade V), and so are the populations that NHS "
            "England weights by need, practice by practice (grade D). A network belongs here if "
            "most of its patients are with practices of the area, and is shown whole.",
        ],
        _old_and_deprived(f, units),
        [
            TableBlock(
                "networks-table",
                "Primary care networks, with 95% intervals beneath what is estimated",
                ["Network", *(head for _, _, head in columns)],
                rows[:LONGEST],
                note=blocks.longer(len(rows)),
            )
        ],
        inset="What is marked as estimated is synthetic: a network's list by age and sex, with a "
        "mix of deprivation estimated from its health-inequalities weight, at the model's rates. "
        f"Between authorities that weight shows {explained:.0f}% of the differences in who lives "
        "in the most deprived fifth; inside one it is untested. Nobody of the network was counted "
        "as ill (grade A). Lists hold people who have moved away, too, so they are larger than "
        "the number of residents.",
        after=after,
    )


def _old_and_deprived(f: NeedFindings, units: Sequence[Unit]) -> list[FigureBlock]:
    """Networks by their core need index, where they are few enough to draw one by one."""
    found = [(u, f.get(u, "need_core", "index")) for u in units]
    rows: list[dict[str, Any]] = [
        {"label": u[2], "value": g.value, "lower": None, "upper": None}
        for u, g in found
        if g is not None
    ]
    if not 2 <= len(rows) <= LONGEST:
        return []
    above = sum(row["value"] > 1 for row in rows)
    table = TableBlock(
        "network-core-table",
        "Need index for core services (England = 1)",
        ["Network", "Need index"],
        [[blocks.text(u[2]), cell(g)] for u, g in found],
        stacked=True,
    )
    return [
        blocks.drawn(
            "network-core",
            "Need per person by network, as NHS England weights it",
            f"{above} of {len(rows)} networks have more need per person than England: mostly those "
            "with older people, and those with more deprivation.",
            table,
            partial(charts.dots, rows, "Need index for core services", 1.0, "England"),
            "Networks are in order of their names.",
        )
    ]


def illness(f: NeedFindings) -> Section:
    """Conditions beside England's."""
    rows: list[dict[str, Any]] = []
    table_rows = []
    for measure in [*f.illnesses, "two_or_more", "four_or_more", "major_illness"]:
        mine, crude = f.get(f.whole, measure, "dsr"), f.get(f.whole, measure, "crude")
        england = f.get(f.england, measure, "dsr")
        if mine is None or crude is None or england is None or england.value <= 0:
            continue
        label = f.measure(measure)
        scaled = [v / england.value if v is not None else None for v in (mine.lower, mine.upper)]
        rows.append(
            {
                "label": label,
                "value": mine.value / england.value,
                "lower": scaled[0],
                "upper": scaled[1],
            }
        )
        core, rest = (f.get(f.whole, measure, "dsr", q) for q in ("1", REST))
        cells = [cell(g) for g in (crude, mine, england, core, rest)]
        table_rows.append([blocks.text(label), *cells])
    table = TableBlock(
        "illness-table",
        f"People with each condition {PER}, with 95% intervals beneath",
        [
            "Condition",
            "Crude",
            "Standardised",
            "England, standardised",
            "Core20 group, standardised",
            "Everyone else, standardised",
        ],
        table_rows,
        note="A person with several conditions is counted under each.",
    )
    paragraphs = [
        "Conditions with a register have the level of the area's boards' registers; the others "
        "have England's level at each age, sex and fifth of deprivation, so that only who lives "
        "here can set them apart from England's."
    ]
    if f.is_england or not rows:
        return Section("illness", "Illness", paragraphs[:0], tables=[table])
    clear = [r for r in rows if r["lower"] is not None and r["lower"] > 1.0]
    less = [r for r in rows if r["upper"] is not None and r["upper"] < 1.0]
    drawn = blocks.drawn(
        "illness-chart",
        "Conditions beside England's, standardised for age",
        f"{len(clear)} of {len(rows)} are clearly more common here than in England at equal age, "
        f"and {len(less)} clearly less.",
        table,
        partial(charts.dots, rows, "Rate here divided by England's", 1.0, "the same as England"),
        "Grey lines are 95% intervals of the area's rate.",
    )
    return Section("illness", "Illness", paragraphs, [drawn])
