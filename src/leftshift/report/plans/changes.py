"""What a plan changes year by year, when, and what each intervention gives."""

from __future__ import annotations

from leftshift.report import blocks, words
from leftshift.report.blocks import Cell, FigureBlock, Section, TableBlock
from leftshift.report.findings import Figure
from leftshift.report.money import is_money
from leftshift.report.plans import charts
from leftshift.report.plans.cells import (
    beside,
    difference,
    millions_cell,
    signed,
    signed_cell,
    upper_first,
)
from leftshift.report.plans.figures import MEASURES, SETTLED, WHOLE, PlanFindings, crosses
from leftshift.report.plans.proposal import evidence_cell

__all__ = ["by_year", "each_gives", "time_sentence"]

_CHARTS = ("qaly", "major_illness", "non_elective_admission", "bed_days")
_TABLE = ("qaly", "life_years", "deaths", "major_illness", "non_elective_admission", "bed_days",
          "ae_attendance", "gp_appointment", "staff_wte", "people_reached")  # fmt: skip
_LESS = {"qaly": ("fewer", "more"), "life_years": ("fewer", "more")}
_AXIS = {
    "qaly": "QALYs a year, plan less baseline",
    "major_illness": "People, plan less baseline",
    "non_elective_admission": "Admissions a year, plan less baseline",
    "bed_days": "Bed days a year, plan less baseline",
}


def _end_sentence(p: PlanFindings, measure: str) -> str:
    figure = p.effect(measure, p.f.end)
    if figure is None:
        return ""
    base = p.f.figure(measure, p.f.end)
    of_all = ""
    if base is not None and base.value and measure != "qaly":
        of_all = f", {words.signed(100 * figure.value / base.value)} beside the baseline"
    said = difference(figure)
    if said == "no change":
        return f"In {p.f.end}: no change."
    return f"In {p.f.end}: {said}{of_all}."


def _figure(p: PlanFindings, measure: str) -> FigureBlock | None:
    found = [(y, p.effect(measure, y)) for y in p.f.years]
    known = [(y, g) for y, g in found if g is not None]
    if len(known) < 2 or not p.has(measure):
        return None
    years = [y for y, _ in known]
    end = known[-1][1]
    rows = [
        {
            "series": measure,
            "label": "",
            "year": y,
            "value": g.value,
            "lower": g.lower,
            "upper": g.upper,
            "said": beside(end.value, is_money(end.unit)),
        }
        for y, g in known
    ]
    name = MEASURES[measure]
    table = TableBlock(
        f"change-{measure.replace('_', '-')}-table",
        f"{name}: plan less baseline, by year ({end.unit})"
        + (", with 95% intervals beneath" if p.f.has_intervals else ", central run"),
        ["Year", "Plan less baseline"],
        [[blocks.text(y), signed_cell(g)] for y, g in known],
    )
    return blocks.drawn(
        f"change-{measure.replace('_', '-')}",
        name,
        _end_sentence(p, measure),
        table,
        lambda narrow: charts.by_year(rows, years, _AXIS[measure], narrow),
        "The band is the 95% interval; the line at 0 is the baseline." if p.f.has_intervals else "",
    )


def time_sentence(p: PlanFindings) -> str:
    """When the plan's health gain begins, and when it is worth its cost."""
    said = p.said_of("time_to_benefit")
    if not said:
        return ""
    found = p.value("time_to_benefit")
    if found is None:
        return f"Health gained does not pass health lost: {words.inside(said)}"
    whole = f"From {said.removeprefix('In ').partition('.')[0]} on, more health has been gained "
    rest = said.partition(".")[2].strip()
    return f"{whole}than lost since the start. {rest}".strip()


def by_year(p: PlanFindings) -> Section:
    """Differences by year with their intervals, and the time to benefit."""
    made = [_figure(p, m) for m in _CHARTS]
    figures = [b for b in made if b is not None]
    rows = [
        [
            blocks.text(MEASURES[m]),
            *[signed_cell(p.effect(m, y)) for y in p.marks],
        ]
        for m in _TABLE
        if p.has(m)
    ]
    paragraphs = [time_sentence(p)]
    paragraphs.append(
        "Every figure here is the plan less the baseline. Less than 0 is fewer: good for deaths, "
        "illness and admissions, bad for QALYs."
    )
    if any(crosses(p.effect(m, p.f.end)) for m in _TABLE):
        paragraphs.append(
            "Where an interval runs from below 0 to above it, these draws cannot say whether the "
            "plan raises or lowers the figure."
        )
    tables = []
    if rows:
        tables.append(
            TableBlock(
                "changes",
                "What the plan changes in a year, plan less baseline"
                + (" (95% intervals beneath)" if p.f.has_intervals else " (central run)"),
                ["Measure", *p.marks],
                rows,
            )
        )
    else:
        paragraphs = ["The plan changes nothing that this run measures."]
    return Section(
        "changes-by-year",
        "What changes, year by year",
        paragraphs=[s for s in paragraphs if s],
        figures=figures,
        tables=tables,
    )


def _unit(p: PlanFindings, measure: str) -> str:
    figure = p.effect(measure, p.f.end)
    return figure.unit if figure is not None else ""


def each_gives(p: PlanFindings) -> Section | None:
    """What each intervention adds in the plan's order; other orders and interactions where run."""
    if not p.ids:
        return None
    held = [(i, p.value("qalys", i)) for i in p.ids]
    rows = [
        {
            "label": p.name(i),
            "value": g.value,
            "lower": g.lower,
            "upper": g.upper,
            "text": signed(g.value),
        }
        for i, g in held
        if g is not None
    ]
    table = TableBlock(
        "each-gives-table",
        f"What each intervention adds, {p.years[0] if p.years else p.f.now} to {p.f.end}"
        + (" (95% intervals beneath)" if p.f.has_intervals else " (central run)"),
        ["Intervention", "QALYs, all years", f"Emergency admissions in {p.f.end}",
         "Net cost to NHS and social care (£ million)", "Cost per QALY", "More health than lost",
         "Evidence"],
        [_row(p, i) for i in [*p.ids, WHOLE]],
        note=f"QALYs are not discounted; net cost is, at the Green Book's rate, in {p.prices}, and "
        "counts every unit of care not used at its whole cost: it is not money in hand. A cost "
        "below 0 is a saving. Rows add up to the whole plan; their intervals do not.",
    )  # fmt: skip
    paragraphs = [
        "What an intervention adds is the difference between the plan up to it and the plan before "
        "it, on the same people and the same random numbers. In another order it would add more or "
        "less, because two interventions cannot avoid the same admission twice."
    ]
    figures = []
    if rows:
        figures.append(
            blocks.drawn(
                "each-gives",
                "Health that each intervention adds",
                _each_sentence(p, [(i, g) for i, g in held if g is not None]),
                table,
                lambda narrow: charts.ranges(rows, "QALYs over all years", narrow),
                "Lines are 95% intervals." if p.f.has_intervals else "",
            )
        )
    tables = _orders(p)
    if not tables:
        paragraphs.append(
            "This run has no Shapley values, which share out what interventions do together "
            "whatever their order. Make it again with --shapley to see them."
        )
    return Section(
        "each-intervention", "What each intervention gives", paragraphs=paragraphs,
        figures=figures, tables=tables,
    )  # fmt: skip


def _each_sentence(p: PlanFindings, held: list[tuple[str, Figure]]) -> str:
    ranked = sorted(held, key=lambda pair: -pair[1].value)
    best, most = ranked[0]
    if most.value <= 0:
        return "No intervention adds health in the central run."
    said = f"{p.name(best)} adds the most: {difference(most, 'QALYs lost', 'QALYs')}."
    if p.evidence(best) in ("C", "D"):
        said += f" Its evidence is weak (grade {p.evidence(best)}): do not take this as a fact."
    open_ones = [i for i, g in held if crosses(g)]
    if open_ones:
        names = words.joined([words.inside(p.name(i)) for i in open_ones[:3]])
        if len(open_ones) > 3:
            names = f"{len(open_ones)} interventions"
        said += f" For {names} the interval runs from a loss to a gain."
    return said


def _row(p: PlanFindings, i: str) -> list[Cell]:
    where, way = SETTLED
    cost = p.value("incremental_cost", i, where, way)
    ratio = p.value("icer", i, where, way)
    words_of = p.said_of("icer", i, where, way).partition(" Of the draws")[0]
    per = Cell(signed(ratio.value, "£").lstrip("+")) if ratio is not None else blocks.text(
        words_of or "not available"
    )  # fmt: skip
    time = p.said_of("time_to_benefit", i).partition(".")[0]
    return [
        blocks.text(p.name(i)),
        signed_cell(p.value("qalys", i)),
        signed_cell(p.effect("non_elective_admission", p.f.end, i)),
        millions_cell(cost),
        per,
        blocks.text(upper_first(time) or "not available"),
        evidence_cell(p, i) if i else blocks.text("see each"),
    ]


def _orders(p: PlanFindings) -> list[TableBlock]:
    """Shapley values and what each would do alone, beside the plan's order, where the run has them.

    What all together do less what each would do alone is their interaction.
    """
    made = []
    for measure in ("qaly", "non_elective_admission", "spend"):
        values = p.attribution.get(("shapley", measure), {})
        singles = p.attribution.get(("alone", measure), {})
        if not values and not singles:
            continue
        unit = _unit(p, measure)

        def put(held: float | None, unit: str = unit) -> Cell:
            return Cell("not available" if held is None else signed(float(held), unit))

        rows = [
            [
                blocks.text(p.name(i)),
                put(p.total(measure, i)),
                put(values.get(i)),
                put(singles.get(i)),
            ]
            for i in p.ids
        ]
        whole = p.total(measure)
        both = whole - sum(singles.values()) if singles and whole is not None else None
        if both is not None:
            rows.append(
                [blocks.text("Interaction: together less alone"), blocks.text(""), blocks.text(""),
                 put(both)]
            )  # fmt: skip
        name = MEASURES[measure]
        made.append(
            TableBlock(
                f"orders-{measure.replace('_', '-')}",
                f"{name} over all years, shared out in three ways (central, not discounted"
                + (f", {p.prices})" if is_money(unit) else ")"),
                ["Intervention", "In the plan's order", "Shapley value", "Done alone"],
                rows,
                stacked=True,
                note="The Shapley value is what it adds on average over every order. Where "
                "together is less than alone, interventions reach the same people or avoid the "
                "same care.",
            )
        )
    return made
