"""How sure a plan's worth is, what would be worth finding out, and which assumptions matter."""

from __future__ import annotations

from typing import Any

from leftshift.report import blocks, words
from leftshift.report.blocks import Cell, FigureBlock, Section, TableBlock
from leftshift.report.findings import Figure
from leftshift.report.money import pounds, short_pounds
from leftshift.report.plans import charts
from leftshift.report.plans.cells import millions_cell, share, signed_cell, upper_first
from leftshift.report.plans.figures import SETTLED, WHOLE, PlanFindings

__all__ = [
    "NO_DRAWS",
    "assumptions_that_matter",
    "how_sure",
    "input_name",
    "matter_sentence",
    "spread_of",
    "worth_sentence",
    "worth_table",
]

NO_DRAWS = (
    "This is a central run, or one with too few draws: it cannot say how likely the plan is to be "
    "worth its cost. Run it again with --draws 200."
)

_WORTHS = {
    "opportunity_cost": "What a fixed NHS budget gives up elsewhere",
    "nice_lower": "NICE, new medicines: lower end",
    "nice_upper": "NICE, new medicines: upper end",
    "social": "Social value (HM Treasury)",
}
_WHOSE = {
    "nhs": "NHS",
    "nhs_and_social_care": "NHS and social care",
    "public": "public spending",
    "societal": "society: public spending and households",
    "cash": "cash only",
}
#: Draws below which a chance is said to be rough.
_ROUGH = 100
#: Bars of the tornado.
_BARS = 10


def _rows(p: PlanFindings, measure: str, intervention: str = WHOLE) -> list[dict[str, Any]]:
    return [
        r
        for r in p.uncertainty
        if r["measure"] == measure and str(r["intervention"]) == intervention
        and r["value"] is not None
    ]  # fmt: skip


def _worths(p: PlanFindings) -> list[tuple[str, float, str]]:
    """(id, £ per QALY, perspective) of each value of a QALY in the run, the least first."""
    probable = _rows(p, "probability_worth_it")
    marks = [(float(r["at"]), str(r.get("perspective") or "")) for r in probable]
    named = []
    for identity, amount in p.worths.items():
        near = [m for m in marks if abs(m[0] - amount) <= 1e-3 * max(amount, 1.0)]
        if near:
            named.append((identity, near[0][0], near[0][1]))
        elif not marks:
            where = "societal" if identity == "social" else SETTLED[0]
            named.append((identity, amount, where))
    return sorted(named, key=lambda one: one[1])


def worth_sentence(p: PlanFindings) -> str:
    """The chance of being worth it, at each value of a QALY apart; "" without draws."""
    parts = []
    for identity, amount, where in _worths(p):
        row = _chance(p, amount, where)
        if row is not None:
            whose = " to society" if identity == "social" else ""
            parts.append(f"{share(row)} at {pounds(amount)}{whose}")
    if not parts:
        return ""
    rough = f" (roughly: {p.f.draws} draws)" if p.f.draws < _ROUGH else ""
    return (
        "The chance that it is worth its cost is "
        + words.joined(parts)
        + f" for a QALY{rough}. These values answer different questions: never mix them."
    )


def _chance(p: PlanFindings, amount: float, where: str) -> float | None:
    for r in _rows(p, "probability_worth_it"):
        if float(r["at"]) == amount and str(r.get("perspective") or "") == where:
            return float(r["value"])
    return None


def how_sure(p: PlanFindings) -> Section:
    """Net benefit and its chance at each value of a QALY, the curve, and the value of knowing."""
    paragraphs = []
    figures: list[FigureBlock] = []
    tables = []
    if not p.f.has_intervals or not p.uncertainty:
        paragraphs.append(NO_DRAWS)
    table = worth_table(p)
    if table is not None:
        tables.append(table)
    if p.uncertainty:
        paragraphs.append(worth_sentence(p))
        paragraphs.append(
            "The chance covers what the draws vary: effects, costs and the catalogue's other "
            "uncertain figures. It does not cover whether the plan can be carried out as written, "
            "nor what the model leaves out."
        )
        curve = _curve(p)
        if curve is not None:
            figures.append(curve)
        for found in (_perfect(p), _partial(p)):
            if found is not None:
                tables.append(found)
    return Section(
        "how-sure",
        "How sure, and what would be worth finding out",
        paragraphs=[s for s in paragraphs if s],
        figures=figures,
        tables=tables,
    )


def worth_table(p: PlanFindings) -> TableBlock | None:
    """Net benefit and its chance at each value of a QALY, kept apart."""
    rows = []
    for identity, amount, where in _worths(p):
        net = p.value("net_monetary_benefit", WHOLE, where, SETTLED[1], identity)
        health = p.value("net_health_benefit", WHOLE, where, SETTLED[1], identity)
        if net is None:
            continue
        chance = _chance(p, amount, where)
        rows.append(
            [
                blocks.text(f"{_WORTHS.get(identity, identity)}: {pounds(amount)}"),
                blocks.text(upper_first(_WHOSE.get(where, where))),
                millions_cell(net),
                signed_cell(health),
                Cell("not available" if chance is None else share(chance)),
            ]
        )
    if not rows:
        return None
    return TableBlock(
        "worth",
        f"Is it worth it? At each value of a QALY, kept apart (£ million, {p.prices}, discounted)",
        ["Value of a QALY", "Whose costs", "Net benefit, £ million", "Net QALYs",
         "Chance of being worth it"],
        rows,
        stacked=True,
        note="Net benefit is health gained at that value less net cost, in economic terms: it is "
        "not money in hand. The social value goes with society's costs only.",
    )  # fmt: skip


def _curve(p: PlanFindings) -> FigureBlock | None:
    found = sorted((float(r["at"]), 100.0 * float(r["value"])) for r in _rows(p, "ceac"))
    if len(found) < 3:
        return None
    rows = [{"at": at, "value": value} for at, value in found]
    along = dict(found)
    # The social value has society's costs, and so no place on this curve.
    shown = [at for _id, at, where in _worths(p) if where == SETTLED[0] and at in along]
    marks = [{"at": at, "value": along[at], "text": share(along[at] / 100.0)} for at in shown]
    said = "; ".join(f"{share(along[at] / 100.0)} at {pounds(at)}" for at in shown)
    table = TableBlock(
        "curve-table",
        "Chance of being worth it by value of a QALY (costs of NHS and social care, discounted)",
        ["Value of a QALY", "Chance"],
        [[blocks.text(pounds(at)), Cell(share(value / 100.0))] for at, value in found],
    )
    return blocks.drawn(
        "curve",
        "Chance of being worth it, along values of a QALY",
        f"Chance: {said}." if said else "The chance along values of a QALY.",
        table,
        lambda narrow: charts.chances(rows, marks, narrow),
        f"Over {p.f.draws} draws; costs of NHS and social care. Dashed lines are the values in use "
        "for these costs. Society's value has society's costs, and stands in the table below.",
    )


def _perfect(p: PlanFindings) -> TableBlock | None:
    rows = []
    for identity, amount, where in _worths(p):
        found = [
            r
            for r in _rows(p, "evpi")
            if float(r["at"]) == amount and str(r.get("perspective") or "") == where
        ]
        each = [
            r
            for r in _rows(p, "evpi_per_resident")
            if float(r["at"]) == amount and str(r.get("perspective") or "") == where
        ]
        if not found:
            continue
        rows.append(
            [
                blocks.text(f"{_WORTHS.get(identity, identity)}: {pounds(amount)}"),
                Cell(pounds(float(found[0]["value"])), _error(found[0])),
                Cell(f"£{float(each[0]['value']):,.2f}" if each else "not available"),
            ]
        )
    if not rows:
        return None
    return TableBlock(
        "evpi",
        f"What it would be worth to know everything before deciding ({p.prices}, discounted)",
        ["Value of a QALY", "Worth at most", "Per resident"],
        rows,
        stacked=True,
        note="The most that any research, audit or pilot could be worth to this one area for the "
        "decision on the whole plan. Near nothing means that knowing more would not change it.",
    )


def _error(row: dict[str, Any]) -> str:
    error = row.get("error")
    return "" if error is None or error != error else f"± {pounds(2.0 * float(error))}"


def input_name(p: PlanFindings, identity: str) -> str:
    """A catalogue row or a group of them in words."""
    parts = identity.split(".")
    if parts[0] == "intervention" and len(parts) > 1:
        rest = {
            "effect": "effect", "swap": "what it moves", "cost": "cost", "staff": "staff",
        }  # fmt: skip
        name = p.name(parts[1])
        if len(parts) == 2:
            return f"{name}: all of its figures"
        # What it is comes first: names of interventions are long, and end in dots on a chart.
        tail = [t.replace("_", " ") for t in parts[3:] if t not in ("ratio", "shift")]
        said = rest.get(parts[2], parts[2])
        return upper_first(said) + (f" ({', '.join(tail)})" if tail else "") + f": {name}"
    label = p.labels.get(identity)
    if label:
        return label
    return upper_first(identity.replace(".", ", ").replace("_", " "))


def _partial(p: PlanFindings) -> TableBlock | None:
    """What finding out each group of figures would be worth, a column for each value of a QALY."""
    worths = _worths(p)
    held: dict[str, dict[int, dict[str, Any]]] = {}
    for r in _rows(p, "evppi"):
        for k, (_identity, amount, where) in enumerate(worths):
            if float(r["at"]) == amount and str(r.get("perspective") or "") == where:
                held.setdefault(str(r["group"]), {})[k] = r
    if not held:
        return None

    def most(group: str) -> float:
        return max(float(r["value"]) for r in held[group].values())

    ranked = sorted((g for g in held if most(g) >= 1.0), key=lambda g: (-most(g), g))[:12]
    if not ranked:
        rows = [[blocks.text("No group of figures"), *[Cell("£0") for _ in worths]]]
    else:
        rows = [
            [
                blocks.text(input_name(p, g)),
                *[
                    Cell(pounds(float(found["value"])), _error(found))
                    if (found := held[g].get(k)) is not None
                    else blocks.text("not available")
                    for k in range(len(worths))
                ],
            ]
            for g in ranked
        ]
    return TableBlock(
        "evppi",
        f"What finding out one group of figures would be worth at most, by value of a QALY "
        f"({p.prices}, discounted)",
        ["Figures", *[f"At {pounds(amount)}" for _identity, amount, _where in worths]],
        rows,
        stacked=True,
        note="One group at a time, the largest first; they do not add up. £0 means that learning "
        f"it would not change the decision. Estimated from {p.f.draws} draws, with twice the "
        "standard error beneath.",
    )


def spread_of(p: PlanFindings) -> list[tuple[str, float, float]]:
    """(input, net benefit where it is low, where it is high), the widest first."""
    low = {str(r["at"]): float(r["value"]) for r in _rows(p, "tornado_low")}
    high = {str(r["at"]): float(r["value"]) for r in _rows(p, "tornado_high")}
    found = [(k, low[k], high[k]) for k in low if k in high]
    return sorted(found, key=lambda row: (-abs(row[2] - row[1]), row[0]))


def matter_sentence(p: PlanFindings) -> str:
    """Which input matters most, and how many could turn the plan's worth; "" without draws."""
    found = [row for row in spread_of(p) if abs(row[2] - row[1]) >= 1.0]
    if not found:
        return ""
    turning = sum(min(low, high) < 0 < max(low, high) for _, low, high in found)
    said = f"{input_name(p, found[0][0])} matters most."
    if turning:
        said += (
            f" {'One input' if turning == 1 else f'{turning} inputs'} could by "
            f"{'itself' if turning == 1 else 'themselves'} turn the plan from worth its cost to "
            "not worth it, or the other way."
        )
    return said


def assumptions_that_matter(p: PlanFindings) -> Section | None:
    """The tornado: how far net benefit moves with each uncertain input."""
    found = [row for row in spread_of(p) if abs(row[2] - row[1]) >= 1.0]
    if not found:
        return None
    worths = _worths(p)
    at = f"{pounds(worths[0][1])} for a QALY" if worths else "the opportunity cost"
    central = None
    if worths:
        central = p.value("net_monetary_benefit", WHOLE, worths[0][2], SETTLED[1], worths[0][0])
    shown = found[:_BARS]
    centre = central.value if central is not None else (shown[0][1] + shown[0][2]) / 2.0
    rows = [
        {
            "label": input_name(p, key),
            "low": low,
            "high": high,
            "text": short_pounds(abs(high - low)),
        }
        for key, low, high in shown
    ]
    table = TableBlock(
        "tornado-table",
        f"Net benefit where an input is at the low and the high end of its 95% interval, £ million "
        f"({p.prices}, at {at})",
        ["Input", "Where low", "Where high", "Grade of its source"],
        [
            [
                blocks.text(input_name(p, key)),
                millions_cell(Figure(low)),
                millions_cell(Figure(high)),
                blocks.text(p.grades.get(key, "not stated")),
            ]
            for key, low, high in shown
        ],
        stacked=True,
        note=(f"The {len(shown)} widest of {len(found)}. " if len(found) > len(shown) else "")
        + "All are in the workbook, and in the assumptions log (leftshift assumptions RUN).",
    )
    said = matter_sentence(p)
    return Section(
        "what-matters-most",
        "The assumptions that matter most",
        paragraphs=[
            "Each bar says what net benefit is expected where one input lies at the low or the "
            "high end of its interval and all others are as they may be."
        ],
        figures=[
            blocks.drawn(
                "tornado",
                "How far net benefit moves with each input",
                said,
                table,
                lambda narrow: charts.tornado(rows, centre, f"Net benefit, {p.prices}", narrow),
                f"At {at}. The full line is the central run; the dashed line is no net benefit.",
            )
        ],
    )
