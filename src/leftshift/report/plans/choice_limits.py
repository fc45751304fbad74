"""What more money would bring to a choice, and what each of its limits costs."""

from __future__ import annotations

from typing import Any

from leftshift.report import blocks, words
from leftshift.report.blocks import Cell, FigureBlock, Section, TableBlock
from leftshift.report.money import is_money, pounds
from leftshift.report.plans import choice_charts
from leftshift.report.plans.cells import size, upper_first
from leftshift.report.plans.choice_figures import (
    ChoiceFindings,
    groups,
    label_of,
    tight_years,
    years_of,
)

__all__ = ["frontier"]


def frontier(c: ChoiceFindings) -> Section | None:
    """What more or less money would bring, and what each limit costs."""
    found = [r for r in c.table("frontier") if r["possible"] and r["spend"] is not None]
    figures = []
    paragraphs = []
    tables = []
    if len({round(float(r["spend"])) for r in found}) >= 2:
        figures.append(_frontier_figure(c, found))
        paragraphs.append(_plateau(c, found))
    elif found:
        paragraphs.append(
            "At every budget that was tried, the best choice spends "
            f"{pounds(float(found[0]['spend']))}: more money would change nothing."
        )
        tables.append(_frontier_table(c, found))
    barred = [r for r in c.table("frontier") if not r["possible"]]
    if barred:
        shares = words.joined([f"{100 * r['budget']:.0f}%" for r in barred])
        paragraphs.append(
            f"At {shares} of the limit on new spend, no choice keeps the other limits."
        )
    prices = _prices(c)
    table = _limits_table(c)
    if not paragraphs and table is None:
        return None
    return Section(
        "choice-frontier",
        "What more or less money would bring",
        paragraphs=[s for s in paragraphs if s],
        figures=figures,
        lists=[("What each limit costs", prices)] if prices else [],
        tables=[*tables, *([table] if table is not None else [])],
    )


def _frontier_figure(c: ChoiceFindings, found: list[dict[str, Any]]) -> FigureBlock:
    found = sorted(found, key=lambda r: float(r["budget"]))
    rows = [
        {"spend": float(r["spend"]), "value": float(r["value"]), "own": abs(r["budget"] - 1) < 1e-9}
        for r in found
    ]
    own = next((r for r in rows if r["own"]), None)
    said = "What the best choice brings at each budget."
    if own is not None:
        said = f"At the plan's limits: {c.worth(own['value'])} for {pounds(own['spend'])}."
    title = "Gap closed" if is_money(c.unit) else upper_first(c.unit)
    drawn = sorted(rows, key=lambda r: r["spend"])
    return blocks.drawn(
        "frontier",
        "What the best choice brings, against what it spends",
        said,
        _frontier_table(c, found),
        lambda narrow: choice_charts.frontier(drawn, title, is_money(c.unit), narrow),
        "Each dot is the best choice at one budget. Where the line flattens, further money brings "
        "little from these candidates.",
    )


def _frontier_table(c: ChoiceFindings, found: list[dict[str, Any]]) -> TableBlock:
    return TableBlock(
        "frontier-table",
        f"The best choice at each budget ({c.p.prices}, discounted)",
        ["Share of the limit on new spend", "Limit", "Spent", c.sought, "Candidates done",
         "Comes in", "The last £1 million brought"],
        [
            [
                blocks.text(f"{100 * r['budget']:.0f}%"),
                Cell("none" if r["room"] is None else pounds(float(r["room"]))),
                Cell(pounds(float(r["spend"]))),
                c.worth_cell(r["value"]),
                Cell(f"{r['chosen']}"),
                blocks.text(c.named(str(r["joins"] or "")) or "nothing new"),
                Cell("" if r["per_million"] is None else c.amount(float(r["per_million"]))),
            ]
            for r in sorted(found, key=lambda r: float(r["budget"]))
        ],
        note="Candidates may also grow, shrink or leave from one budget to the next.",
    )  # fmt: skip


def _plateau(c: ChoiceFindings, found: list[dict[str, Any]]) -> str:
    """Where more money stops bringing anything."""
    top = max(float(r["value"]) for r in found)
    reached = next(
        r for r in sorted(found, key=lambda r: float(r["budget"]))
        if float(r["value"]) >= top - 1e-6 * abs(top)
    )  # fmt: skip
    if float(reached["budget"]) >= max(float(r["budget"]) for r in found):
        return "Up to the largest budget tried, more money still brings more."
    return (
        f"Beyond {pounds(float(reached['spend']))} of new spend, more money brings nothing more "
        "from these candidates: what would be needed is other candidates, or more reach for these."
    )


def _prices(c: ChoiceFindings) -> list[str]:
    """Shadow prices in words: one sentence for each limit or rule."""
    made = []
    any_bites = False
    for limit, rows in groups(c).items():
        label = c.named(label_of(rows))
        kind = str(rows[0]["kind"])
        more = next((r["value"] for r in rows if r["measure"] == "tenth_more"), None)
        without = next((r["value"] for r in rows if r["measure"] == "without"), None)
        if more is not None:
            start = upper_first(label)
            floor = kind in ("floor", "floor_new")
            change = "a tenth lower" if floor else "a tenth higher"
            if more <= 0.0:
                made.append(f"{start}: {change} in every year would bring nothing more.")
                continue
            any_bites = True
            said = f"{start}: {change} in every year would bring {c.worth(more)} more"
            if limit == "new_spend":
                bound = [r["value"] or 0.0 for r in rows if r["measure"] == "bound" and r["year"]]
                said += f" (that is up to {pounds(0.1 * sum(bound))} more, not discounted)"
            made.append(f"{said}.")
        elif without is not None:
            any_bites = any_bites or without > 0.0
            gain = "nothing more" if without <= 0.0 else f"{c.worth(without)} more"
            made.append(f"Without the rule “{label}”, the best choice would bring {gain}.")
    if made and not any_bites:
        return ["No limit costs anything: a tenth more room in any of them would bring no more."]
    return made


def _limits_table(c: ChoiceFindings) -> TableBlock | None:
    rows = []
    for found in groups(c).values():
        # Rules of the plan, such as that something is required, have a sentence and no room.
        if found[0]["kind"] in ("required", "exclusive", "needs"):
            continue
        spare = [r for r in found if r["measure"] == "spare" and r["value"] is not None]
        if not spare:
            continue
        least = min(spare, key=lambda r: r["value"])
        unit = str(least["unit"])
        left = max(float(least["value"]), 0.0)
        room = pounds(left) if is_money(unit) else f"{size(left)} {unit}"
        priced = [r for r in found if r["measure"] == "price" and r["value"]]
        cell = blocks.text("nothing")
        if priced:
            dear = max(priced, key=lambda r: abs(r["value"]))
            times, each = (1e6, "£1 million") if is_money(unit) else (1.0, f"one {unit}")
            cell = blocks.text(
                f"{c.worth(abs(dear['value']) * times)} for {each} in {dear['year']}"
            )
        tight = tight_years(found)
        rows.append(
            [
                blocks.text(upper_first(c.named(label_of(found)))),
                blocks.text(years_of(tight) if tight else "in no year"),
                blocks.text(f"{room} in {least['year']}" if least["year"] else room),
                cell,
            ]
        )
    if not rows:
        return None
    return TableBlock(
        "limits-table",
        f"How tight each limit is ({c.p.prices})",
        ["Limit", "Used up", "Least room left", "The most that a little more room would bring"],
        rows,
        stacked=True,
        note="What a little more room would bring (a shadow price) holds for a little only, and "
        "supposes that candidates may be begun in parts. Of a floor, more room is a lower floor.",
    )
