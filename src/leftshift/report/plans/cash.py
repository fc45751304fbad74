"""Money year by year: costs, double running, what is released as cash and what only as room."""

from __future__ import annotations

from itertools import accumulate

from leftshift.report import blocks, words
from leftshift.report.blocks import Cell, FigureBlock, Section, TableBlock
from leftshift.report.findings import Figure
from leftshift.report.money import short_pounds
from leftshift.report.plans import charts
from leftshift.report.plans.cells import millions_cell, plain
from leftshift.report.plans.figures import WHOLE, PlanFindings

__all__ = ["NEVER_ADDED", "money", "payback_sentence", "released", "three_kinds"]

NEVER_ADDED = (
    "Cash released is money that can be spent elsewhere. Capacity released is room: beds, clinics "
    "and staff time that something else can use, while their cost goes on. Social value is what "
    "society would pay for the health gained; no budget receives it. The three are never added "
    "together."
)
_PERSPECTIVES = {
    "cash": "Cash only",
    "nhs": "NHS",
    "nhs_and_social_care": "NHS and social care",
    "public": "All public spending",
    "societal": "Public spending and households",
}


def money(p: PlanFindings) -> Section | None:
    """Costs, double running, release and payback by year."""
    if not (p.has("cost_intervention") or p.has("cash_released") or p.has("capacity_released")):
        return None
    figures = [b for b in (_flows(p), _position(p)) if b is not None]
    tables = [t for t in (three_kinds(p), _paybacks(p)) if t is not None]
    return Section(
        "plan-money",
        "Money, year by year",
        paragraphs=[
            f"All money is in {p.prices}. The cost of the interventions holds setting them up, "
            "people joining, people being on them, and double running: what goes on being spent on "
            "the old service in the year that releases it.",
        ],
        figures=figures,
        tables=tables,
        inset=NEVER_ADDED,
    )


def payback_sentence(p: PlanFindings) -> str:
    """When cash released has paid for the plan; in words where it never does."""
    said = p.said_of("payback", WHOLE, "cash")
    if not said:
        return ""
    found = p.value("payback", WHOLE, "cash")
    if found is None:
        return f"In cash alone it does not pay for itself by {p.f.end}.{_never(said)}"
    return f"In cash alone it has paid for itself {words.inside(said)}"


def released(cash: Figure) -> str:
    """What is released as cash, in a clause; in so many words where it is less than nothing."""
    if cash.value >= 0:
        return f"releases {plain(cash)} as cash"
    said = plain(cash).replace(" (95%", ", 95%").rstrip(")")
    return f"releases no cash ({said})"


def _never(said: str) -> str:
    rest = said.partition(".")[2].strip()
    return f" {rest}" if rest else ""


def _flows(p: PlanFindings) -> FigureBlock | None:
    kinds = [
        ("cost_intervention", "Cost of the plan"),
        ("cash_released", "Cash released"),
        ("capacity_released", "Room, not money"),
    ]
    years = [y for y in p.f.years if p.effect("cost_intervention", y) is not None]
    if len(years) < 2:
        return None
    rows = []
    for measure, label in kinds:
        end = p.effect(measure, years[-1])
        for y in years:
            g = p.effect(measure, y)
            if g is None or end is None:
                continue
            rows.append(
                {
                    "series": measure, "label": label, "year": y, "value": g.value,
                    # One band is enough: three would hide one another. The table has all.
                    "lower": g.lower if measure == "cash_released" else None,
                    "upper": g.upper if measure == "cash_released" else None,
                    "said": short_pounds(end.value),
                }
            )  # fmt: skip
    table = TableBlock(
        "money-flows-table",
        f"Money by year, £ million ({p.prices})"
        + (" with 95% intervals beneath" if p.f.has_intervals else ", central run"),
        ["Year", "Cost of the plan", "Cash released", "Capacity released (room, not money)",
         "Public spending, plan less baseline"],
        [
            [
                blocks.text(y),
                millions_cell(p.effect("cost_intervention", y)),
                millions_cell(p.effect("cash_released", y)),
                millions_cell(p.effect("capacity_released", y)),
                millions_cell(p.effect("spend", y)),
            ]
            for y in years
        ],
        note="Public spending counts every unit of care not used at its whole cost at once, with "
        "the cost of the plan: it is less than anyone could take out of a budget.",
    )  # fmt: skip
    cost, cash = (p.effect(m, years[-1]) for m in ("cost_intervention", "cash_released"))
    said = ""
    if cost is not None and cash is not None:
        said = f"In {years[-1]} the plan costs {plain(cost)} and {released(cash)} ({p.prices})."
    return blocks.drawn(
        "money-flows",
        "What it costs and what it releases",
        said,
        table,
        lambda narrow: charts.by_year(rows, years, f"A year, {p.prices}", narrow, "pounds"),
        "The band is the 95% interval of cash released."
        if any(r["lower"] is not None for r in rows)
        else "",
    )


def _position(p: PlanFindings) -> FigureBlock | None:
    """Cash released less cost, added up since the start, central."""
    years = [
        y
        for y in p.f.years
        if p.effect("cost_intervention", y) is not None and p.effect("cash_released", y) is not None
    ]
    if len(years) < 2:
        return None

    def at(measure: str, year: str) -> float:
        figure = p.effect(measure, year)
        return figure.value if figure is not None else 0.0

    flow = [at("cash_released", y) - at("cost_intervention", y) for y in years]
    total = list(accumulate(flow))
    worst = min(total)
    deepest = years[total.index(worst)]
    rows = [
        {
            "series": "cash", "label": "", "year": y, "value": v, "lower": None, "upper": None,
            "said": short_pounds(total[-1]),
        }
        for y, v in zip(years, total, strict=True)
    ]  # fmt: skip
    table = TableBlock(
        "money-position-table",
        f"Cash released less the cost of the plan, £ million ({p.prices}, central)",
        ["Year", "In the year", "Since the start"],
        [
            [blocks.text(y), millions_cell(Figure(a)), millions_cell(Figure(b))]
            for y, a, b in zip(years, flow, total, strict=True)
        ],
    )
    said = payback_sentence(p)
    if worst < 0:
        said = (
            f"The most that must be found ahead of release is {short_pounds(-worst)}, by {deepest} "
            f"({p.prices}). {said}"
        )
    return blocks.drawn(
        "money-position",
        "Cash position since the start",
        said,
        table,
        lambda narrow: charts.by_year(
            rows, years, f"Since the start, {p.prices}", narrow, "pounds"
        ),
        "Central figures, not discounted. Below 0, more has been paid than released.",
    )


def three_kinds(p: PlanFindings) -> TableBlock | None:
    """Cash, capacity and social value beside one another, never added."""
    kinds = (
        ("intervention_cost", "Cost of the plan", "public", ""),
        ("cash_releasing", "Cash released", "public", ""),
        ("capacity_releasing", "Capacity released: room, not money", "public", ""),
        ("social_value", "Social value of the health gained", "societal", "social"),
    )
    rows = []
    for measure, label, where, at in kinds:
        cells = [
            millions_cell(p.value(measure, WHOLE, where, way, at))
            for way in ("undiscounted", "green_book")
        ]
        per = p.value(f"{measure}_per_pound", WHOLE, where, "green_book", at)
        each = Cell(f"£{per.value:,.2f}".replace("£-", "\N{MINUS SIGN}£")) if per else Cell(
            "", numeric=True
        )  # fmt: skip
        if cells[0].text != "not available":
            rows.append([blocks.text(label), *cells, each])
    if not rows:
        return None
    return TableBlock(
        "three-kinds",
        f"Over all years, £ million ({p.prices}"
        + ("; 95% intervals beneath)" if p.f.has_intervals else "; central run)"),
        ["Kind", "Not discounted", "Discounted (Green Book)", "For each £1 of cost, discounted"],
        rows,
        stacked=True,
        note="Never add these rows. Each £1 of cost returns some cash, and some room, and health "
        "that society values: three answers to three questions.",
    )


def _paybacks(p: PlanFindings) -> TableBlock | None:
    rows = []
    for key, label in _PERSPECTIVES.items():
        cost = p.value("incremental_cost", WHOLE, key, "green_book")
        if cost is None:
            continue
        said = p.said_of("payback", WHOLE, key)
        rows.append([blocks.text(label), millions_cell(cost), blocks.text(said or "not available")])
    if not rows:
        return None
    return TableBlock(
        "paybacks",
        f"Net cost over all years and the year of payback, by whose money counts (£ million, "
        f"{p.prices}, discounted as the Green Book has it)",
        ["Whose money", "Net cost (below 0: a saving)", "Paid back (not discounted)"],
        rows,
        stacked=True,
        note="All but “cash only” count every unit of care not used at its whole cost, as economic "
        "evaluation does: what one service does not use, another can. Only “cash only” is money.",
    )
