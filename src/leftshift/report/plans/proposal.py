"""What a plan proposes: who, how many by when, what changes, how good the evidence is; its file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from leftshift.report import blocks, words
from leftshift.report.blocks import Cell, Section, TableBlock
from leftshift.report.plans.cells import signed, upper_first
from leftshift.report.plans.figures import MEASURES, WHOLE, PlanFindings
from leftshift.report.plans.telling import listed

__all__ = ["EVIDENCE", "against_shrunk", "plan_file", "proposed", "weak_sentence"]

#: Grades of evidence for an effect: not the grade of a figure's source, which is V, D, R or A.
EVIDENCE = {
    "A": "A, strong causal evidence",
    "B": "B, good evidence",
    "C": "C, weak evidence",
    "D": "D, uncontrolled or no evidence",
}

_SHIFTS = {
    "hospital_to_community": "Hospital to community",
    "analogue_to_digital": "Analogue to digital",
    "sickness_to_prevention": "Sickness to prevention",
}


def evidence_cell(p: PlanFindings, intervention: str) -> Cell:
    """The worst grade of an intervention's evidence, in words."""
    letter = p.evidence(intervention)
    return blocks.text(EVIDENCE.get(letter, letter) or "not stated")


def weak_sentence(p: PlanFindings) -> str:
    """How many interventions rest on weak evidence, and what was done about it."""
    weak = p.weak
    if not p.ids or not any(p.evidence(i) for i in p.ids):
        return ""
    if not weak:
        return "No intervention rests on weak evidence (grades C or D)."
    many = len(weak) > 1
    names = words.joined([words.inside(p.name(i)) for i in weak[:4]])
    if len(weak) > 4:
        names = f"{len(weak)} interventions"
    of_all = f"{len(weak)} of {len(p.ids)} interventions"
    what = f"{of_all} {'rest' if many else 'rests'}"
    said = f"{what} on weak evidence (grades C or D)"
    said += f": {names}. " if len(weak) <= 4 else ". "
    whose = "Their effects" if many else "Its effects"
    if p.shrunk:
        return f"{said}{whose} are shrunk towards no effect here, and shown as published, too."
    return f"{said}{whose} are taken whole in this run: read them as a hope, not as a forecast."


def proposed(p: PlanFindings) -> Section:
    """What is proposed, one row and one short list for each intervention."""
    said = p.said
    paragraphs = [str(said.get("about") or "")]
    count = len(p.ids)
    if count == 0:
        paragraphs.append("The plan changes nothing: it is the baseline.")
    else:
        begins = str(said.get("start") or (p.years[0] if p.years else p.f.now))
        paragraphs.append(
            f"{count} {'intervention' if count == 1 else 'interventions'} for {p.f.area_name}, "
            f"from {begins} to {p.f.end}. Everything is set against the baseline: the same "
            "simulated people, in whom nothing changes by policy."
        )
    comparator = str(said.get("comparator") or "baseline")
    if comparator != "baseline":
        paragraphs.append(f"Its effects are set against another plan, {comparator}.")
    if said.get("settlement"):
        paragraphs.append(f"Funding path: {said['settlement']}.")
    weak = weak_sentence(p)
    if weak:
        paragraphs.append(weak)
    tables = []
    if count:
        tables.append(
            TableBlock(
                "interventions",
                "The interventions, in the plan's order",
                ["Intervention", "For whom", "How many by when", f"On it in {p.f.end}",
                 "Evidence"],
                [_row(p, i) for i in p.ids],
                stacked=True,
                note="“On it” counts person-years in that year. Evidence is the worst grade of "
                "its effects.",
            )
        )  # fmt: skip
    lists: list[tuple[str, Sequence[str]]] = [(p.name(i), _points(p, i)) for i in p.ids]
    limits = listed(said.get("limits"))
    short = _short(p)
    if short:
        lists.append(("Reach that staff or capacity cut short", short))
    if limits:
        lists.append(("Limits that the plan sets itself", limits))
    doubts = listed(said.get("doubts"))
    if doubts:
        lists.append(("What a careful reader would ask", doubts))
    return Section(
        "proposed",
        "What is proposed",
        paragraphs=[s for s in paragraphs if s],
        tables=tables,
        lists=[(head, items) for head, items in lists if items],
    )


def _short(p: PlanFindings) -> list[str]:
    """Where less could be reached than the plan asks, the last year of each told."""
    last: dict[tuple[str, str], dict[str, Any]] = {}
    for one in p.said.get("short") or []:
        if isinstance(one, dict):
            last[str(one.get("intervention")), str(one.get("by"))] = one
    said = []
    for (identity, by), one in last.items():
        what = p.f.label("staff_group", by, p.f.label("service", by, p.f.label("bed_type", by)))
        said.append(
            f"{p.name(identity)}: {100 * float(one['reached']):.3g}% of those eligible in "
            f"{one['year']}, where {100 * float(one['asked']):.3g}% was asked, for want of "
            f"{words.inside(what)}."
        )
    return said


def _row(p: PlanFindings, intervention: str) -> list[Cell]:
    told = p.told(intervention)
    reached = p.effect("people_reached", p.f.end, intervention)
    where = listed(told.get("where"))
    who = str(told.get("who") or "not stated")
    if where:
        who += f", in {words.joined(where)}"
    return [
        blocks.text(p.name(intervention)),
        blocks.text(upper_first(who)),
        blocks.text(str(told.get("reach") or "not stated")),
        Cell("not available" if reached is None else words.people(reached.value)),
        evidence_cell(p, intervention),
    ]


def _points(p: PlanFindings, intervention: str) -> list[str]:
    """What a board must know of an intervention before it says yes."""
    told = p.told(intervention)
    points = []
    about = str(told.get("about") or "")
    shift = _SHIFTS.get(str(told.get("shift") or ""), "")
    if about or shift:
        points.append(" ".join(part for part in (f"{shift}." if shift else "", about) if part))
    for effect in told.get("effects") or []:
        points.append(f"Changes: {_effect(effect)}")
    if told.get("when"):
        points.append(f"When: {told['when']}.")
    for name, key in (("Costs", "costs"), ("Staff", "staff")):
        found = listed(told.get(key))
        if found:
            points.append(f"{name}: {'; '.join(found)}.")
    if told.get("against"):
        points.append(f"Known against it: {told['against']}")
    limited = listed(told.get("limited_by"))
    if limited:
        points.append(f"How many it reaches is limited by {words.joined(limited)}.")
    return points


def _effect(effect: Any) -> str:
    if not isinstance(effect, dict):
        return str(effect)
    said = str(effect.get("words") or "")
    letter = str(effect.get("evidence") or "")
    if letter:
        said += f" (evidence {EVIDENCE.get(letter, letter)})"
    if effect.get("source"):
        said += f". Source: {effect['source']}"
    return said if said.endswith(".") else f"{said}."


def against_shrunk(p: PlanFindings) -> Section | None:
    """Headline effects beside those used, and what the plan would give under each."""
    rows = [
        (i, e)
        for i in p.ids
        for e in p.told(i).get("effects") or []
        if isinstance(e, dict) and e.get("headline") is not None and e.get("used") is not None
    ]
    results = _results(p)
    if not rows and not results:
        return None
    weak = [(i, e) for i, e in rows if str(e.get("evidence")) in ("C", "D")]
    tables = [*results]
    if rows:
        tables.append(
            TableBlock(
                "effects-shrunk",
                "Effects as published and as used in this run",
                ["Intervention", "Effect", "Evidence", "As published", "As used"],
                [
                    [
                        blocks.text(p.name(i)),
                        blocks.text(str(e.get("words") or "")),
                        blocks.text(str(e.get("evidence") or "")),
                        Cell(_number(e["headline"]), _span(e)),
                        Cell(_number(e["used"])),
                    ]
                    for i, e in rows
                ],
                stacked=True,
                note="A ratio of 1, a share of 0 or a shift of 0 is no effect.",
            )
        )
    if weak:
        said = (
            f"{len(weak)} of {len(rows)} effects have evidence C or D. Such effects, when they "
            "were put to a controlled trial, have mostly shrunk or vanished."
        )
    else:
        said = "No effect of this plan has evidence C or D, so none is shrunk."
    used = (
        "This run shrinks them towards no effect by a stated share, which you can change in the "
        "catalogue (rows plans.shrink.C and plans.shrink.D)."
        if p.shrunk
        else "This run takes them whole (--headline)."
    )
    return Section(
        "headline-shrunk",
        "Headline effects beside shrunk ones",
        paragraphs=[said, used] if weak else [said],
        tables=tables,
    )


def _number(value: Any) -> str:
    return f"{float(value):.3g}".replace("-", "\N{MINUS SIGN}")


def _span(effect: dict[str, Any]) -> str:
    low, high = effect.get("lower"), effect.get("upper")
    return "" if low is None or high is None else f"{_number(low)} to {_number(high)}"


def _results(p: PlanFindings) -> list[TableBlock]:
    """The plan's results with headline and with shrunk effects, where the run has both."""
    other = p.other
    if not other:
        return []
    rows = []
    for i in [WHOLE, *p.weak]:
        for m in ("qaly", "deaths", "non_elective_admission", "bed_days", "spend"):
            here, there = p.total(m, i), other.get(i, {}).get(m)
            if here is None or there is None or (i and m not in ("qaly", "spend")):
                continue
            figure = p.effect(m, p.f.end, i)
            unit = figure.unit if figure is not None else ""
            first, second = (here, there) if p.shrunk else (there, here)
            rows.append(
                [
                    blocks.text(f"{p.name(i)}: {words.inside(MEASURES[m])}"),
                    Cell(signed(first, unit)),
                    Cell(signed(second, unit)),
                ]
            )
    if not rows:
        return []
    return [
        TableBlock(
            "results-shrunk",
            "What the plan gives over all years with shrunk and with headline effects (central "
            f"figures; money in {p.prices}, not discounted)",
            ["Plan less baseline", "Shrunk", "Headline"],
            rows,
            stacked=True,
        )
    ]


def plan_file(p: PlanFindings) -> Section | None:
    """The plan file itself."""
    name, content = p.file
    if not content:
        return None
    return Section(
        "plan-file",
        "The plan file itself",
        paragraphs=[
            f"This is {name} as it was run. Change it, and run it again with: leftshift run {name}"
        ],
        code=content,
    )
