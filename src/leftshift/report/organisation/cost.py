"""What it costs, when it pays back and how long it takes: redundancy, funding and the timetable."""

from __future__ import annotations

import datetime as dt
from typing import Any

from leftshift.report import blocks
from leftshift.report.blocks import Cell, FigureBlock, Section, TableBlock
from leftshift.report.organisation import charts as organisation_charts
from leftshift.report.organisation.findings import BoardFindings, Row, pounds

__all__ = ["cost", "staff", "when"]

_SCENARIOS = {
    "central": "paid centrally",
    "overspend": "an allowed overspend",
    "absorbed": "absorbed by the board",
}
_VIEWS = ("board", "public")
_PEOPLE = ("leavers", "redeployed", "voluntary", "compulsory", "dismissed")
_MEASURES = {
    "leavers": "Leave of their own accord (people)",
    "redeployed": "Move to other posts (people)",
    "voluntary": "Voluntary schemes (people)",
    "compulsory": "Compulsory redundancies (people)",
    "dismissed": "Leave with a payment, voluntary or compulsory (people)",
    "payments": "Redundancy payments",
    "notice_pay": "Pay in lieu of notice",
    "national_insurance": "National Insurance on payments",
    "total_cost": "Total cost",
    "protective_award_exposure": "At risk if consultation falls short (protective award)",
}


def _staff_cell(f: BoardFindings, row: Row | None) -> Cell:
    if row is None:
        return Cell("none")
    if row["hidden"] or row["value"] is None:
        return Cell("hidden")
    write = (lambda v: f"{v:,.0f}") if row["measure"] in _PEOPLE else pounds
    return Cell(write(row["value"]), f.spread(row, write))


def staff(f: BoardFindings) -> Section:
    """What it means for the people who work here, option by option."""
    keys = [o["option"] for o in f.changed]
    names = [f.short[o["option"]] for o in f.changed]
    there = {r["measure"] for r in f.rows("redundancy")}
    rows = [
        [blocks.text(label), *[_staff_cell(f, f.staff(key, measure)) for key in keys]]
        for measure, label in _MEASURES.items()
        if measure in there
    ]
    beneath = ", with 95% intervals beneath" if f.has_intervals else ""
    tables = [
        TableBlock(
            "staff-table", f"People and cost, all years{beneath}", ["Measure", *names], rows,
            stacked=len(keys) <= 4,
        )
    ]  # fmt: skip
    years = sorted({r["year"] for r in f.rows("redundancy", option=keys)} - {""})
    by_year = [
        [
            blocks.text(f"{year}: {_MEASURES.get(measure, measure)}"),
            *[_staff_cell(f, f.staff(key, measure, year)) for key in keys],
        ]
        for measure in ("dismissed", "total_cost")
        for year in years
        if any(_some(f.staff(key, measure, year)) for key in keys)
    ]
    if by_year:
        tables.append(
            TableBlock(
                "staff-years", f"The same by year{beneath}", ["Year and measure", *names], by_year,
                stacked=len(keys) <= 4,
            )
        )  # fmt: skip
    return Section(
        "staff",
        "What it means for staff",
        [
            "Posts that go are first met by people who leave of their own accord, then by moves to "
            "other posts, then by voluntary schemes; the rest are compulsory redundancies under "
            "section 16 of the Agenda for Change terms. Who leaves is simulated many times over, "
            "and the intervals say how far the figures can differ.",
            *([str(f.about["privacy"])] if f.about.get("privacy") else []),
        ],
        tables=tables,
        inset="A post in this report is not a person's post. No figure here says who will leave.",
    )


def _some(row: Row | None) -> bool:
    return row is not None and bool(row["value"])


def cost(f: BoardFindings) -> Section:
    """Payback and net present value by funding scenario, and the path of the net gain."""
    rows = []
    for option in f.changed:
        for scenario in f.scenarios:
            cells = [
                blocks.text(f.short[option["option"]]),
                blocks.text(_SCENARIOS.get(scenario, scenario)),
            ]
            for view in _VIEWS:
                back = f.returned(option["option"], "payback_years", scenario, view)
                npv = f.returned(option["option"], "npv", scenario, view)
                cells.append(Cell(_years(back), f.spread(back, lambda v: f"{v:.1f}")))
                cells.append(Cell(pounds(npv["value"] if npv else None), f.spread(npv)))
            rows.append(cells)
    figure = _cumulative(f)
    return Section(
        "cost",
        "What it costs and when it pays back",
        [
            "Who pays for redundancy has been said in different ways, so that it is a scenario "
            "here. The public purse counts what the board spends and what others spend in its "
            "place; the board's own view does not.",
        ],
        figures=[figure] if figure is not None else [],
        tables=[
            TableBlock(
                "returns-table",
                "Payback and net present value"
                + (", with 95% intervals beneath" if f.has_intervals else ""),
                [
                    "Option",
                    "Redundancy is",
                    *[
                        f"{who}: {what}"
                        for who in ("Board", "Public purse")
                        for what in ("pays back (years)", "net present value")
                    ],
                ],
                rows,
                note="Rounded to £10,000. Discounted as the catalogue says; none of it is a "
                "promise of money that can be released.",
            )
        ],
    )


def _years(row: Row | None) -> str:
    if row is None or row["value"] is None:
        return "not within these years"
    return "at once" if row["value"] < 0.05 else f"{row['value']:.1f}"


def _cumulative(f: BoardFindings) -> FigureBlock | None:
    scenario = "absorbed" if "absorbed" in f.scenarios else next(iter(f.scenarios), "")
    rows: list[dict[str, Any]] = []
    columns = ["Year"]
    years: list[str] = []
    table: dict[str, list[Cell]] = {}
    for option in f.changed:
        found = sorted(
            f.rows(
                "funding",
                option=option["option"],
                scenario=scenario,
                view="public",
                measure="cumulative",
            ),
            key=lambda r: r["year"],
        )
        found = [r for r in found if r["value"] is not None and r["year"]]
        if not found:
            continue
        years = years or [r["year"] for r in found]
        columns.append(f.short[option["option"]])
        for row in found:
            rows.append(
                {
                    "series": option["option"],
                    "label": f.short[option["option"]],
                    "year": row["year"],
                    "value": row["value"],
                }
            )
            table.setdefault(row["year"], [blocks.text(row["year"])]).append(
                Cell(pounds(row["value"]), f.spread(row))
            )
    if not rows or len(years) < 2:
        return None
    ends = [r for r in rows if r["year"] == years[-1]]
    ahead = [r["label"] for r in ends if r["value"] > 0]
    finding = (
        f"By the end of {years[-1]} {len(ahead)} of {len(ends)} options have saved the public "
        "purse more than they cost."
    )
    block = TableBlock(
        "cumulative-table", "Net gain since the start (pounds)", columns, list(table.values())
    )
    return blocks.drawn(
        "cumulative",
        "Net gain to the public purse since the start",
        finding,
        block,
        lambda narrow: organisation_charts.millions(
            rows, years, "Saved less spent so far, £ million", narrow, zero=True
        ),
        f"Redundancy is {_SCENARIOS.get(scenario, scenario)}. Below the line more was spent than "
        "saved.",
    )


def when(f: BoardFindings) -> Section:
    """Consultation, notice and the critical path as dates."""
    plans = {}
    for option in f.changed:
        tasks = sorted(f.rows("timeline", option=option["option"]), key=lambda r: r["order"])
        if tasks:
            plans[option["option"]] = tasks
    figures: list[FigureBlock] = []
    tables: list[TableBlock] = []
    if plans:
        longest = max(plans, key=lambda key: (max(r["ends"] for r in plans[key]), len(plans[key])))
        figures.append(_timetable(f, longest, sorted(plans[longest], key=_by_start)))
        tables.append(_dates(f, plans))
    return Section(
        "when",
        "How long it takes",
        [
            "Collective consultation lasts at least 30 days where 20 to 99 redundancies are "
            "proposed and 45 days where 100 or more are, before the first dismissal takes effect; "
            "notice follows it. The dates are worked out from the day of announcement in the "
            "board's file."
        ],
        figures,
        tables,
    )


def _by_start(row: Row) -> tuple[str, str, int]:
    return row["starts"], row["ends"], row["order"]


def _timetable(f: BoardFindings, option: str, tasks: list[Row]) -> FigureBlock:
    table = TableBlock(
        "timeline-table",
        f"{f.option_name(option)}: tasks and dates",
        ["Task", "Starts", "Ends", "Days", "Days to spare", "After", "Note"],
        [
            [
                blocks.text(r["label"]),
                blocks.text(_date(r["starts"])),
                blocks.text(_date(r["ends"])),
                Cell(f"{r['days']:,.0f}"),
                Cell("critical" if r["critical"] else f"{r['slack']:,.0f}"),
                blocks.text(_after(tasks, r["depends"])),
                blocks.text(r["note"] or ""),
            ]
            for r in tasks
        ],
    )
    critical = sum(bool(r["critical"]) for r in tasks)
    finding = (
        f"From {_date(min(r['starts'] for r in tasks))} to {_date(max(r['ends'] for r in tasks))}; "
        f"{critical} of {len(tasks)} tasks have no day to spare."
    )
    rows = [{**r, "label": _clipped(r["label"])} for r in tasks]
    return blocks.drawn(
        "timeline",
        f"The timetable of {f.option_name(option)}",
        finding,
        table,
        lambda narrow: organisation_charts.timeline(rows, narrow),
    )


def _clipped(text: str, longest: int = 40) -> str:
    return text if len(text) <= longest else text[: longest - 1].rsplit(" ", 1)[0] + "…"


def _dates(f: BoardFindings, plans: dict[str, list[Row]]) -> TableBlock:
    """When each option begins and ends, and its consultation, as dates."""
    rows = []
    for key, tasks in plans.items():
        at = {r["task"]: r for r in tasks}
        talks = at.get("consultation")
        rows.append(
            [
                blocks.text(f.option_name(key)),
                blocks.text(_date(min(r["starts"] for r in tasks))),
                blocks.text(
                    f"{_date(talks['starts'])} to {_date(talks['ends'])} ({talks['days']} days)"
                    if talks
                    else "none needed"
                ),
                blocks.text(
                    _date(at["first_dismissal"]["ends"]) if "first_dismissal" in at else "none"
                ),
                blocks.text(_date(max(r["ends"] for r in tasks))),
            ]
        )
    return TableBlock(
        "dates-table",
        "The dates of each option",
        ["Option", "Begins", "Consultation", "First dismissal may take effect", "All done"],
        rows,
        stacked=True,
        note="Every task of every option is in workbook.xlsx.",
    )


def _after(rows: list[Row], depends: str) -> str:
    names = {r["task"]: r["label"] for r in rows}
    return ", ".join(
        names.get(x.strip(), x.strip()) for x in (depends or "").split(";") if x.strip()
    )


def _date(text: str) -> str:
    try:
        day = dt.date.fromisoformat(str(text)[:10])
    except ValueError:
        return str(text)
    return f"{day.day} {day:%B %Y}"
