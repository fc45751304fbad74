"""Where activity, staff and the share of spend move: what leaves, and what arrives."""

from __future__ import annotations

import polars as pl

from leftshift.report import blocks, words
from leftshift.report.blocks import Cell, Section, TableBlock
from leftshift.report.care import charts as care_charts
from leftshift.report.care.figures import SETTINGS
from leftshift.report.money import millions, short_pounds
from leftshift.report.plans import charts
from leftshift.report.plans.cells import difference, signed
from leftshift.report.plans.figures import PlanFindings

__all__ = ["left_shift", "moves", "setting_sentence", "share_sentence", "staff_sentence"]

_CENTRAL = "Central figures: the bounds of two arms do not give the bounds of their difference."
#: A service that changes by a smaller share than this is left out of the page.
_SMALL = 0.0005
#: Services shown at either end.
_SIDE = 10


def _last(p: PlanFindings, table: str) -> str:
    """The last year that a leaf table has."""
    frame = p.f.leaf(table)
    if frame is None:
        return p.f.end
    found = frame.select("year").unique().collect()["year"].cast(pl.String).to_list()
    return max(found) if found else p.f.end


def moves(p: PlanFindings) -> Section | None:
    """What leaves one service and arrives in another, by service, setting, staff group and bed."""
    if "activity" not in p.f.tables and "spend" not in p.f.tables:
        return None
    figures, tables, paragraphs = [], [], []
    year = _last(p, "spend")
    settings, changed = _settings(p, year)
    if changed:
        order = [s for s in SETTINGS if s in changed]
        rows = [
            {
                "label": p.care.setting_name(s),
                "parts": {
                    "Plan less baseline": {
                        "value": changed[s], "lower": None, "upper": None,
                        "text": short_pounds(changed[s], signed=True),
                    }
                },
            }
            for s in order
        ]  # fmt: skip
        table = TableBlock(
            "moves-setting-table",
            f"Public spending on services in {year}, £ million ({p.prices})",
            ["Setting", "Baseline", "Plan", "Plan less baseline"],
            [
                [
                    blocks.text(p.care.setting_name(s)),
                    Cell(millions(settings[s,][0])),
                    Cell(millions(settings[s,][1])),
                    Cell(_millions_signed(changed[s])),
                ]
                for s in order
            ],
            stacked=True,
            note=_CENTRAL,
        )
        figures.append(
            blocks.drawn(
                "moves-setting",
                f"Where spending moves by {year}",
                setting_sentence(p),
                table,
                lambda narrow: care_charts.clustered(
                    rows, ["Plan less baseline"], f"£ a year in {year} ({p.prices})", narrow
                ),
                "Spending on services if every unit not used saved its whole cost at once. Costs "
                "do not fall so fast: see the money, year by year.",
            )
        )
    services = _services(p)
    if services is not None:
        tables.append(services)
        paragraphs.append(
            "What leaves one service arrives in another, with its hours and its cost, unless the "
            "plan says that it is truly avoided. The table shows both sides."
        )
    for made in (_staff(p), _beds(p)):
        if made is not None:
            tables.append(made)
    if staff_sentence(p):
        paragraphs.append(staff_sentence(p))
    if not figures and not tables:
        paragraphs.append("No activity, staff or beds move.")
    return Section(
        "moves", "Where activity and staff move", paragraphs=paragraphs, figures=figures,
        tables=tables,
    )  # fmt: skip


def _settings(
    p: PlanFindings, year: str
) -> tuple[dict[tuple[str, ...], tuple[float, float]], dict[str, float]]:
    """Public spend of both arms by setting, and the differences; none where nothing moves."""
    settings = p.by("spend", ["setting"], year, public=True) if "spend" in p.f.tables else {}
    changed = {k[0]: plan - base for k, (base, plan) in settings.items()}
    return settings, changed if any(abs(v) > 0.5 for v in changed.values()) else {}


def staff_sentence(p: PlanFindings) -> str:
    """How many more or fewer staff in the last year; "" where none."""
    total = p.effect("staff_wte", p.f.end)
    if total is None or not total.value:
        return ""
    return (
        f"Staff needed in {p.f.end}, in whole-time equivalents beside the baseline: "
        f"{difference(total, 'fewer', 'more')}. That sets those freed against those newly "
        "needed: staff freed in one place are not the staff needed in another."
    )


def _millions_signed(value: float) -> str:
    said = millions(value)
    return f"+{said}" if value > 0 and said != "0" else said


def setting_sentence(p: PlanFindings) -> str:
    """Where spending on services falls most and rises most; "" where nothing moves."""
    changed = _settings(p, _last(p, "spend"))[1]
    if not changed:
        return ""
    down = min(changed, key=lambda s: changed[s])
    up = max(changed, key=lambda s: changed[s])
    parts = []
    if changed[down] < 0:
        parts.append(
            f"{words.inside(p.care.setting_name(down))} falls by "
            f"{short_pounds(-changed[down])} a year"
        )
    if changed[up] > 0:
        parts.append(
            f"{words.inside(p.care.setting_name(up))} rises by {short_pounds(changed[up])}"
        )
    said = " and ".join(parts)
    if not said:
        return ""
    return f"Spending on {said} in {_last(p, 'spend')} ({p.prices}; central figures)."


def _services(p: PlanFindings) -> TableBlock | None:
    if "activity" not in p.f.tables:
        return None
    year = _last(p, "activity")
    found = p.by("activity", ["setting", "service", "unit"], year)
    ranked = sorted(
        ((k, base, plan) for k, (base, plan) in found.items() if abs(plan - base) > 1e-6),
        key=lambda row: (row[2] / row[1] - 1.0) if row[1] else float("inf"),
    )
    sized = [abs(plan / base - 1.0) if base else 1.0 for _, base, plan in ranked]
    clear = [row for row, part in zip(ranked, sized, strict=True) if part >= _SMALL]
    if not clear:
        return None
    # What changes most on either side: the services between are all in the tables.
    shown = clear if len(clear) <= 2 * _SIDE else [*clear[:_SIDE], *clear[-_SIDE:]]
    rows = [
        [
            blocks.text(p.f.label("service", service)),
            blocks.text(unit),
            Cell(words.people(base)),
            Cell(words.people(plan)),
            Cell(signed(plan - base)),
            Cell(words.signed(100.0 * (plan / base - 1.0) if base else None)),
        ]
        for (_setting, service, unit), base, plan in shown
    ]
    return TableBlock(
        "moves-service",
        f"Activity in {year}, from what falls most to what rises most",
        ["Service", "Unit", "Baseline", "Plan", "Plan less baseline", "Change"],
        rows,
        note=f"{_CENTRAL} Small changes of services that few people use are noise of the sample. "
        + (
            f"The {len(shown)} that change most, of {len(found)}; all are in activity.parquet."
            if len(shown) < len(found)
            else ""
        ),
    )


def _staff(p: PlanFindings) -> TableBlock | None:
    if "staff" not in p.f.tables:
        return None
    year = _last(p, "staff")
    found = p.by("staff", ["staff_group", "measure"], year)
    rows = [
        (p.f.label("staff_group", group), base, plan)
        for (group, measure), (base, plan) in found.items()
        if measure == "demand" and abs(plan - base) >= 0.05
    ]
    if not rows:
        return None
    rows.sort(key=lambda row: row[2] - row[1])
    return TableBlock(
        "moves-staff",
        f"Staff needed by services in {year} (whole-time equivalents)",
        ["Staff group", "Baseline", "Plan", "Plan less baseline"],
        [
            [blocks.text(name), Cell(words.people(base)), Cell(words.people(plan)),
             Cell(signed(plan - base))]
            for name, base, plan in rows
        ],
        stacked=True,
        note=_CENTRAL,
    )  # fmt: skip


def _beds(p: PlanFindings) -> TableBlock | None:
    if "beds" not in p.f.tables:
        return None
    year = _last(p, "beds")
    found = p.by("beds", ["bed_type", "measure"], year)
    rows = [
        [
            blocks.text(p.f.label("bed_type", kind)),
            Cell(words.people(base)),
            Cell(words.people(plan)),
            Cell(signed(plan - base)),
        ]
        for (kind, measure), (base, plan) in sorted(found.items())
        if measure in ("beds_needed", "demand") and abs(plan - base) >= 0.05
    ]
    if not rows:
        return None
    return TableBlock(
        "moves-beds",
        f"Beds needed in {year}",
        ["Type of bed", "Baseline", "Plan", "Plan less baseline"],
        rows,
        stacked=True,
        note=_CENTRAL,
    )


def _with_cost(p: PlanFindings) -> str:
    """The share if what the interventions cost counted, which is in no setting's spend."""
    share, spend = (
        p.planned.figure(m, p.f.end) for m in ("share_community_and_prevention", "spend")
    )
    cost = p.effect("cost_intervention", p.f.end)
    if (
        not p.has_arm
        or share is None
        or spend is None
        or cost is None
        or cost.value <= 0.0005 * spend.value
    ):
        return ""
    counted = 100.0 * (share.value / 100.0 * spend.value + cost.value) / (spend.value + cost.value)
    return (
        f" That counts services only: were the cost of the interventions itself counted as "
        f"community care and prevention, it would be {counted:.1f}%."
    )


def share_sentence(p: PlanFindings) -> str:
    """The share of spend on community care and prevention before and after; "" without it."""
    measure = "share_community_and_prevention"
    start = p.f.figure(measure, p.f.now)
    base, plan = p.both(measure, p.f.end)
    if start is None or base is None or plan is None:
        return ""
    points = plan.value - base.value
    if abs(points) < 0.05:
        return (
            f"The share of spend on community care and prevention in {p.f.end} is {plan.value:.1f}%"
            f", as without the plan ({start.value:.1f}% in {p.f.now}).{_with_cost(p)}"
        )
    # A small shift needs a second decimal, or the figures would not bear the difference out.
    places = 1 if abs(points) >= 1.0 else 2
    moved = f"{abs(points):.{places}f} points {'more' if points > 0 else 'less'}"
    return (
        f"Community care and prevention take {plan.value:.{places}f}% of public spending on "
        f"services in {p.f.end} under the plan and {base.value:.{places}f}% without it, {moved} "
        f"({start.value:.{places}f}% in {p.f.now}). Central figures.{_with_cost(p)}"
    )


def left_shift(p: PlanFindings) -> Section | None:
    """Community and prevention share of spend, before and after."""
    measure = "share_community_and_prevention"
    pairs = [(y, *p.both(measure, y)) for y in p.f.years]
    known = [(y, b, g) for y, b, g in pairs if b is not None and g is not None]
    if len(known) < 2:
        return None
    years = [y for y, *_ in known]
    end = known[-1]
    rows = []
    for series, label, last in (("plan", "Plan", end[2]), ("baseline", "Baseline", end[1])):
        for year, base, plan in known:
            rows.append(
                {
                    "series": series,
                    "label": label,
                    "year": year,
                    "value": (plan if series == "plan" else base).value,
                    "lower": None,
                    "upper": None,
                    "said": f"{last.value:.1f}%",
                }
            )
    table = TableBlock(
        "left-shift-table",
        "Share of public spending on services that goes to community care and prevention"
        + (" (95% intervals beneath)" if p.f.has_intervals else ""),
        ["Year", "Baseline", "Plan"],
        [[blocks.text(y), blocks.cell(b), blocks.cell(g)] for y, b, g in known],
    )
    return Section(
        "left-shift",
        "Is it a left shift? Spend on community care and prevention",
        figures=[
            blocks.drawn(
                "left-shift",
                "Share of spend on community care and prevention",
                share_sentence(p),
                table,
                lambda narrow: charts.by_year(
                    rows, years, "Share of spend (the axis does not start at 0)", narrow,
                    "percent", zero=False,
                ),
                "Each arm has its own interval in the table; that of their difference is narrower "
                "than either, because both arms share their draws, and this run does not give it.",
            )
        ],
    )  # fmt: skip
