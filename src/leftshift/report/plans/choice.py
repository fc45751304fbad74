"""How a plan was chosen among candidates: what is in, what is out, what more money would bring.

For runs of `leftshift prioritise`. What candidates bring is an estimate from each of them alone;
the rest of the report is a run of the chosen plan as a whole, and `estimated` sets both side by
side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from leftshift.report import blocks, words
from leftshift.report.blocks import Cell, FigureBlock, Section, TableBlock
from leftshift.report.money import is_money, millions, pounds
from leftshift.report.plans.cells import size
from leftshift.report.plans.choice_figures import (
    ChoiceFindings,
    counted,
    groups,
    tight_years,
    years_of,
)
from leftshift.report.plans.choice_holds import estimated, holds
from leftshift.report.plans.choice_limits import frontier
from leftshift.report.plans.figures import PlanFindings
from leftshift.report.plans.triangles import drawing, triangles

__all__ = ["SOUGHT", "headline", "sections"]

SOUGHT: Mapping[str, str] = {
    "health": "the most health, counted in QALYs (years in full health)",
    "equity": "the most health, where a QALY of people in more deprived places counts for more",
    "gap": "the smallest funding gap, counted in money that can truly be had",
}
"""What a choice may be made for, in words."""

_OUTCOMES = {"left_out": "Left out", "in_part": "Done in part", "later": "Begun later"}
_TRIANGLES = 20


def sections(p: PlanFindings) -> list[Section]:
    """The sections of a choice, in reading order; none where the run is no choice."""
    if "choices" not in p.f.tables:
        return []
    c = ChoiceFindings(p)
    if not c.there:
        return []
    made = [chosen(c), left_out(c), frontier(c), holds(c), estimated(c)]
    return [s for s in made if s is not None]


def headline(p: PlanFindings) -> str:
    """The choice in a sentence for the top of the page; "" where the run is no choice."""
    if "choices" not in p.f.tables:
        return ""
    c = ChoiceFindings(p)
    if not c.there:
        return ""
    names = "; ".join(c.name(str(r["intervention"])) for r in c.done[:4])
    if len(c.done) > 4:
        names += f"; and {len(c.done) - 4} more"
    aim = SOUGHT.get(str(c.asked.get("aim")), "the most that the limits allow")
    said = f"This plan was chosen from {counted(len(c.choices), 'candidate')} to bring {aim}"
    return f"{said}. In it: {names}." if c.done else f"{said}. None of them is worth doing."


# What was chosen ------------------------------------------------------------------------------


def chosen(c: ChoiceFindings) -> Section:
    """What is done, how much of it and from when; and the value for money of every candidate."""
    aim = str(c.asked.get("aim") or "")
    paragraphs = [
        f"{len(c.done)} of {counted(len(c.choices), 'candidate')} "
        f"{'is' if len(c.done) == 1 else 'are'} done. "
        + (f"What was sought: {SOUGHT[aim]}." if aim in SOUGHT else "")
    ]
    spent = sum(float(r["cost"] or 0.0) for r in c.done)
    released = sum(float(r["cash_released"] or 0.0) for r in c.done)
    if c.done:
        value = c.asked.get("value")
        value = sum(float(r["value"] or 0.0) for r in c.done) if value is None else float(value)
        it = "Together they are" if len(c.done) > 1 else "It is"
        paragraphs.append(
            f"{it} estimated to {_brings(c, value)} for {pounds(spent)} of new "
            f"spend ({c.p.prices}; sums over {c.p.f.now} to {c.p.f.end}, later years counted for "
            f"less). Of that spend, {pounds(released)} comes back as money that services no longer "
            "need. Limits on new spend count the spend before anything comes back, unless the plan "
            "says that it may be used again."
        )
    price = _price_sentence(c)
    if price:
        paragraphs.append(price)
    spare = _spare_sentence(c)
    if spare:
        paragraphs.append(spare)
    if aim == "health" or aim == "equity":
        dry = [r for r in c.choices if not r["chosen"] and not r["value_full"]]
        if dry:
            paragraphs.append(
                f"{counted(len(dry), 'candidate')} "
                f"{'shows' if len(dry) == 1 else 'show'} no gain in health by this evidence, "
                "though they may free beds, staff or money: a choice for health does not look at "
                "that. To look for money instead, run it again with --aim gap; to keep a candidate "
                "whatever it brings, with --require."
            )
    if c.asked.get("proven") is False:
        paragraphs.append(
            "The search was stopped at its time limit: there may be a slightly better choice."
        )
    figures = [f for f in (_triangles(c),) if f is not None]
    return Section(
        "choice",
        "What was chosen, and how much of it",
        paragraphs=[s for s in paragraphs if s.strip()],
        tables=[_chosen_table(c)] if c.done else [],
        figures=figures,
    )


def _brings(c: ChoiceFindings, value: float) -> str:
    """What a choice does, by what is sought: brings health, or closes or widens the gap."""
    if not is_money(c.unit):
        return f"bring {c.worth(value)}"
    if value < 0.0:
        return f"widen the gap by {pounds(-value)}, as something is required of the choice,"
    return f"close {pounds(value)} of the gap"


def _net_price(rows: Sequence[Mapping[str, Any]]) -> float | None:
    """£ of new spend less money released for each QALY; None where there is no gain."""
    gained = sum(float(r["qaly"] or 0.0) for r in rows)
    net = sum(float(r["cost"] or 0.0) - float(r["cash_released"] or 0.0) for r in rows)
    return net / gained if gained > 0.0 else None


def _price_sentence(c: ChoiceFindings) -> str:
    """What a QALY costs in this choice: the most health within limits may still be dear health."""
    whole = _net_price(c.done)
    if whole is None or str(c.asked.get("aim") or "") not in ("health", "equity"):
        return ""
    said = (
        "The choice goes for the most health that the limits allow; it does not ask whether each "
        "pound is well spent. "
    )
    if whole <= 0.0:
        return f"{said}Here it releases more money than it costs."
    said += f"New spend less money released comes to {pounds(whole)} for each QALY"
    priced = [(one, r) for r in c.done if (one := _net_price([r])) is not None]
    if len(priced) > 1:
        dear, row = max(priced, key=lambda pair: pair[0])
        said += f", and to {pounds(dear)} in the dearest part, {words.inside(str(row['label']))}"
    held = c.p.worths.get("opportunity_cost")
    if held:
        said += (
            f". The same money spent elsewhere in the NHS is thought to bring a QALY for about "
            f"{pounds(held)}"
        )
        if whole > held:
            said += ", so look at what would not be done in its place before spending it"
    return f"{said}."


def _chosen_table(c: ChoiceFindings) -> TableBlock:
    rows = []
    rules = {str(r["limit"]) for r in c.shadow}
    for r in c.done:
        named = str(r["label"])
        if f"required.{r['intervention']}" in rules:
            named += " (required)"
        cost = float(r["cost"] or 0.0)
        per = float(r["value"] or 0.0) / cost * 1e6 if cost > 0.0 else None
        rows.append(
            [
                blocks.text(named),
                Cell(f"{100 * float(r['size']):.0f}%"),
                blocks.text(str(r["start"])),
                c.worth_cell(r["value"], r["lower"], r["upper"]),
                Cell(millions(cost)),
                Cell(millions(float(r["cash_released"] or 0.0))),
                Cell("costs nothing" if per is None else c.amount(per)),
            ]
        )
    return TableBlock(
        "choice-table",
        f"What is done, by what it brings (money in £ million, {c.p.prices}, discounted)",
        ["Candidate", "Share of its reach", "From", c.sought, "New spend", "Money released",
         f"{c.sought} for each £1 million"],
        rows,
        stacked=True,
        note="Share of its reach: 100% is as much as the plan file asks for. An estimate from each "
        "candidate alone.",
    )  # fmt: skip


def _triangles(c: ChoiceFindings) -> FigureBlock | None:
    rows = triangles(pl.DataFrame(c.choices, infer_schema_length=None))[:_TRIANGLES]
    if not rows or max(r["to"] for r in rows) <= 0.0:
        return None
    best = rows[0]
    per = "costs nothing" if best["slope"] is None else (
        f"{size(best['slope'])} QALYs for each £1 million"
    )  # fmt: skip
    table = TableBlock(
        "triangles-table",
        f"People reached, benefit each and cost ({c.p.prices}, discounted)",
        ["Candidate", "Person-years on it", "QALYs for 1,000 person-years", "QALYs", "New spend",
         "QALYs for each £1 million", "Chosen"],
        [
            [
                blocks.text(f"{n}. {r['label']}"),
                Cell(words.people(r["people"])),
                Cell(size(1000.0 * r["benefit_each"])),
                Cell(size(r["benefit"])),
                Cell(pounds(r["cost"])),
                Cell("costs nothing" if r["slope"] is None else size(r["slope"])),
                blocks.text("Yes" if r["chosen"] else "No"),
            ]
            for n, r in enumerate(rows, start=1)
        ],
        stacked=True,
        note="As chosen, or at full reach where it is left out. Candidates that bring no QALYs "
        "have no triangle.",
    )  # fmt: skip
    return blocks.drawn(
        "triangles",
        "Value triangles: the steeper, the better value for money",
        f"The best value is {words.inside(str(best['label']))}: {per}.",
        table,
        lambda narrow: drawing(rows, narrow),
        "Each triangle is as wide as the candidate costs and as high as the health that it brings. "
        "They are numbered as in the table.",
    )


def _sooner(c: ChoiceFindings, row: Mapping[str, Any]) -> str:
    """What to say of a candidate that is begun later because it then seems to bring more."""
    taken = next((r for r in c.done if r["intervention"] == row["intervention"]), None)
    if row["outcome"] != "later" or taken is None or float(taken["size"]) < 0.999:
        return ""
    full, value = taken["value_full"], taken["value"]
    if row["limit"] or full is None or value is None or value <= full:
        return ""
    return (
        f"By this estimate it brings more from {taken['start']} ({size(value, c.unit)}) than from "
        f"the first year ({size(full, c.unit)}). With few people simulated, that may be chance: "
        "run it with more (--people) before putting it off."
    )


# What was left out ----------------------------------------------------------------------------


def left_out(c: ChoiceFindings) -> Section | None:
    """Why candidates are left out, done in part or begun later."""
    found = c.table("left_out")
    if not found:
        return None
    order = {name: at for at, name in enumerate(_OUTCOMES)}
    found.sort(key=lambda r: (order.get(str(r["outcome"]), 9), -(r["value_alone"] or 0.0)))
    rows = []
    for r in found:
        lost = r["value_lost"]
        cell = blocks.text("no choice can have it") if lost is None else Cell(
            "nothing" if lost <= 0.0 else size(lost, c.unit)
        )  # fmt: skip
        reason = _sooner(c, r) or c.named(str(r["reason"]))
        displaced = c.named(str(r["displaces"] or ""))
        if displaced and "displace" not in reason:
            reason += f" Doing it all the same would push out {displaced}."
        rows.append(
            [
                blocks.text(c.name(str(r["intervention"]))),
                blocks.text(_OUTCOMES.get(str(r["outcome"]), str(r["outcome"]))),
                blocks.text(reason),
                c.worth_cell(r["value_alone"]),
                cell,
            ]
        )
    table = TableBlock(
        "left-out-table",
        f"What is not done in full from the start, and why ({c.unit}, discounted)",
        ["Candidate", "What became of it", "Why", "Would bring alone", "Lost if done all the same"],
        rows,
        stacked=True,
        note="Lost: how much less the best choice brings if it has to have this candidate in full, "
        "or at once where it is begun later. Nothing: it could be added within the limits without "
        "losing any of what is sought.",
    )
    return Section("choice-left-out", "What was left out, and why", tables=[table])


def _spare_sentence(c: ChoiceFindings) -> str:
    """Whether money is what holds the choice back."""
    rows = groups(c).get("new_spend")
    if not rows:
        return ""
    tight = tight_years(rows)
    allowed = sum(r["value"] or 0.0 for r in rows if r["measure"] == "bound" and r["year"])
    left = sum(r["value"] or 0.0 for r in rows if r["measure"] == "spare" and r["year"])
    if not tight and allowed > 0.0:
        return (
            f"Money does not hold this choice back: of {pounds(allowed)} that the plan's limits "
            f"allow over all years (not discounted), {pounds(left)} is not used."
        )
    if tight:
        return f"The limit on new spend is used up in {years_of(tight)}."
    return ""
