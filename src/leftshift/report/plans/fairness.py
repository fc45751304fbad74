"""Who gains by a plan: by deprivation fifth, place and sex, and what it does to the gap."""

from __future__ import annotations

from collections.abc import Sequence

from leftshift.report import blocks, words
from leftshift.report.blocks import Cell, FigureBlock, Section, TableBlock
from leftshift.report.findings import Figure
from leftshift.report.plans import charts
from leftshift.report.plans.cells import signed, signed_cell, size, upper_first
from leftshift.report.plans.figures import PlanFindings, crosses

__all__ = ["fifths_sentence", "gap_sentence", "who_gains"]

_RATE = "qaly_gain_per_1000_person_years"
_NET = "net_qaly_gain_per_1000_person_years"
_RULE = "equal_per_head"


def _name(p: PlanFindings, kind: str, group: str) -> str:
    if kind == "quintile":
        return words.QUINTILES.get(int(group), group)
    if kind == "sex":
        return words.SEXES.get(group, group)
    return next((s.name for s in p.f.places if s.code == group), p.f.label("place", group))


def gap_sentence(p: PlanFindings) -> str:
    """Whether the gap between fifths narrows or widens, and how sure that is; "" without it."""
    change = p.equity("all", "", "slope_index_change")
    before = p.equity("all", "", "slope_index_before")
    if change is None or before is None or not change.value:
        return ""
    way = "narrows" if change.value * before.value < 0 else "widens"
    said = (
        f"The gap in QALYs lived between the least and the most deprived {way} by "
        f"{size(change.value)} per 1,000 person-years, from {size(before.value)}"
    )
    if before.value < 1e-6:
        # Crude levels of an area can favour the deprived, who are younger: say which way round.
        said = (
            "The gain per person is larger in the "
            f"{'most' if change.value < 0 else 'least'} deprived neighbourhoods, by "
            f"{size(change.value)} QALYs per 1,000 person-years from one end to the other"
        )
    if crosses(change):
        return f"{said}; the interval holds no difference, so it could be either."
    return f"{said}."


def who_gains(p: PlanFindings) -> Section | None:
    """Gains by fifth, place and sex, net of what the plan's cost would have brought elsewhere."""
    figures = [
        b
        for b in (
            _groups(p, "quintile", "fifths", "Health gained by deprivation fifth"),
            _groups(p, "place", "places", "Health gained by place"),
            _groups(p, "sex", "sexes", "Health gained by sex"),
        )
        if b is not None
    ]
    if not figures:
        return None
    tables = [t for t in (_slope(p), _aversion(p)) if t is not None]
    return Section(
        "who-gains",
        "Who gains",
        paragraphs=[
            s
            for s in (
                gap_sentence(p),
                "Each group's gain is divided by the years that this group lives in the baseline, "
                "so that a large or an old group does not seem to gain more only because of its "
                "size or age.",
                "Net of cost means less the health that the same money would have brought "
                "elsewhere, at its opportunity cost, borne by every person alike. A group can gain "
                "by the plan and still lose by what the plan displaces.",
            )
            if s
        ],
        figures=figures,
        tables=tables,
    )


def fifths_sentence(p: PlanFindings) -> str:
    """Which fifth gains most and which least; "" where the run does not say."""
    held = [(g, p.equity("quintile", g, _RATE)) for g in p.groups.get("quintile", [])]
    known = [(g, f) for g, f in held if f is not None]
    return _sentence(p, "quintile", known) if known else ""


def _groups(p: PlanFindings, kind: str, key: str, title: str) -> FigureBlock | None:
    groups = p.groups.get(kind, [])
    held = [(g, p.equity(kind, g, _RATE)) for g in groups]
    known = [(g, f) for g, f in held if f is not None]
    if not known or (kind == "place" and len(known) == 1):
        return None
    if kind == "place":
        known.sort(key=lambda pair: -pair[1].value)
    drawn = known[:20]
    rows = [
        {
            "label": _name(p, kind, g),
            "value": f.value,
            "lower": f.lower,
            "upper": f.upper,
            "text": signed(f.value),
        }
        for g, f in drawn
    ]
    # What each sex costs is not worked out, so that there is nothing net of cost.
    net = any(p.equity(kind, g, _NET, _RULE) is not None for g, _ in known)
    table = TableBlock(
        f"gain-{key}-table",
        f"Health gained by {key[:-2] if key == 'sexes' else key[:-1]}"
        + (" (95% intervals beneath)" if p.f.has_intervals else " (central run)"),
        ["Group", "QALYs, all years", "QALYs per 1,000 person-years",
         *(["Net of cost, per 1,000"] if net else []), "In words"],
        [
            [
                blocks.text(_name(p, kind, g)),
                signed_cell(p.equity(kind, g, "qaly_gain")),
                signed_cell(f),
                *([signed_cell(p.equity(kind, g, _NET, _RULE))] if net else []),
                blocks.text(upper_first(p.equity_said(kind, g, _RATE))),
            ]
            for g, f in known[: blocks.LONGEST]
        ],
        stacked=True,
        note=" ".join(s for s in (
            "QALYs gained are not discounted."
            + (" Net of cost is, at the Green Book's rates." if net else ""),
            blocks.longer(len(known))) if s),
    )  # fmt: skip
    return blocks.drawn(
        f"gain-{key}",
        title,
        _sentence(p, kind, known),
        table,
        lambda narrow: charts.ranges(rows, "QALYs gained per 1,000 person-years", narrow),
        ("Lines are 95% intervals." if p.f.has_intervals else "")
        + (f" The {len(drawn)} largest of {len(known)}." if len(known) > len(drawn) else ""),
    )


def _sentence(p: PlanFindings, kind: str, known: Sequence[tuple[str, Figure]]) -> str:
    ranked = sorted(known, key=lambda pair: -pair[1].value)
    (first, most), (last, least) = ranked[0], ranked[-1]
    if abs(most.value - least.value) < 1e-12:
        return "Every group gains alike."
    if kind == "quintile":

        def put(group: str) -> str:
            ends = {"1": "the most deprived fifth", "5": "the least deprived fifth"}
            return ends.get(group, f"fifth {group}")
    else:

        def put(group: str) -> str:
            return _name(p, kind, group)

    many = kind == "sex"  # women gain, a fifth gains
    said = (
        f"{upper_first(put(first))} {'gain' if many else 'gains'} most per person, "
        f"{signed(most.value)} QALYs per 1,000 person-years, and {put(last)} least, "
        f"{signed(least.value)}."
    )
    overlap = (
        most.lower is not None
        and least.upper is not None
        and most.lower <= least.upper
    )  # fmt: skip
    if overlap:
        said += " Their intervals overlap: do not read much into the order."
    losers = [put(g) for g, f in known if f.value < 0]
    if losers:
        lose = "lose" if many or len(losers) > 1 else "loses"
        said += f" {upper_first(words.joined(losers[:5]))} {lose} in the central run."
    return said


def _slope(p: PlanFindings) -> TableBlock | None:
    rows = []
    for measure, label in (
        ("slope_index_before", "Before"),
        ("slope_index_after", "After"),
        ("slope_index_change", "Change"),
    ):
        figure = p.equity("all", "", measure)
        if figure is None:
            return None
        cell = signed_cell(figure)
        said = p.equity_said("all", "", measure) if measure.endswith("change") else ""
        rows.append([blocks.text(label), cell, blocks.text(said)])
    return TableBlock(
        "slope",
        "Slope index of inequality in QALYs lived, per 1,000 person-years",
        ["When", "Least deprived end less most deprived end", "In words"],
        rows,
        stacked=True,
        note="Worked out over all five fifths. The level also shows how old each fifth is; the "
        "change is what the plan does.",
    )


def _aversion(p: PlanFindings) -> TableBlock | None:
    """What the plan is worth where a gain counts more for those who have less."""
    marks = p.aversions
    if not marks:
        return None
    chosen = [m for m in marks if m == "0" or p.equity_said("all", "", "equity_impact", _RULE, m)]
    chosen += [m for m in marks[1::2] if m not in chosen]
    chosen = sorted(set(chosen), key=float)[:6]
    rows = []
    for at in chosen:
        figure = p.equity("all", "", "equity_weighted_net_qalys", _RULE, at)
        if figure is None:
            continue
        said = p.equity_said("all", "", "equity_impact", _RULE, at)
        name = "0: a QALY counts the same for all" if at == "0" else at
        if said:
            name += ", as found among the public"
        rows.append([blocks.text(name), signed_cell(figure), blocks.text(said)])
    if not rows:
        return None
    return TableBlock(
        "aversion",
        "Net QALYs, those of people with less lifetime health counted for more",
        ["Aversion to inequality (Atkinson)", "Weighted net QALYs", "In words"],
        [[row[0], row[1], row[2] if row[2].text else Cell("", numeric=False)] for row in rows],
        stacked=True,
        note="Net of the health that the plan's cost would have brought elsewhere, borne by "
        "everyone alike. Discounted as the Green Book has it.",
    )
