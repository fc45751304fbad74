"""How surely a choice is the best one, and its estimate beside a run of the whole plan."""

from __future__ import annotations

from typing import Any

from leftshift.report import blocks, words
from leftshift.report.blocks import Cell, Section, TableBlock
from leftshift.report.plans import choice_charts
from leftshift.report.plans.cells import share, signed, size
from leftshift.report.plans.choice_figures import ChoiceFindings, counted, least_room
from leftshift.report.plans.figures import MEASURES

__all__ = ["estimated", "holds"]

#: Measures of the run set beside its estimate; those that are levels are shown in the last year.
_BESIDE = ("qaly", "cost_intervention", "cash_released", "capacity_released",
           "non_elective_admission", "bed_days", "people_reached")  # fmt: skip
_LEVELS = ("major_illness", "staff_wte")


def holds(c: ChoiceFindings) -> Section | None:
    """How the choice and its order hold where it is made again under single draws."""
    found = {(str(r["intervention"]), str(r["measure"])): r for r in c.table("ranking")}
    if not found:
        return None

    def of(measure: str, intervention: str = "") -> float | None:
        held = found.get((intervention, measure), {}).get("value")
        return None if held is None else float(held)

    draws = of("draws") or 0.0
    paragraphs = []
    if not draws:
        paragraphs.append(
            "The choice was made for the central figures only. To see how it holds where effects "
            "and costs differ, run it again with --draws 200."
        )
    else:
        paragraphs.append(
            f"Effects and costs are uncertain, so the choice was made again for each of "
            f"{draws:.0f} draws of them. {_agreement(of('rank_agreement'))}"
        )
        within, possible, kept = of("within_limits"), of("possible"), of("value_kept")
        if within is not None:
            said = f"In {share(within)} of draws, the choice above keeps every limit"
            if kept is not None:
                said += (
                    f"; in those it brings, on average, {share(kept)} of what the best choice for "
                    "that draw would"
                )
            paragraphs.append(f"{said}.")
        if within is not None and within < 0.5:
            paragraphs.append(
                "So in most draws some limit breaks, and the plan would have to be changed on the "
                f"way. {least_room(c)}".strip()
            )
        if possible is not None and possible < 1.0:
            paragraphs.append(
                f"In {share(1.0 - possible)} of draws no choice at all keeps every limit. There, "
                "nothing counts as taken below."
            )
        if draws < 20:
            paragraphs.append(f"{draws:.0f} draws are too few to lean on: 200 are better.")
    rows = sorted(
        (r for r in c.choices),
        key=lambda r: (of("rank", r["intervention"]) or 1e9, r["position"]),
    )
    table = TableBlock(
        "ranking-table",
        "Rank by value for money, and how often each is taken",
        ["Candidate", "Rank (1 is best)", "In this choice", "Taken in draws",
         "Mean start in those"],
        [
            [
                blocks.text(str(r["label"])),
                _rank(found.get((str(r["intervention"]), "rank"))),
                blocks.text(f"Yes, {100 * r['size']:.0f}%" if r["chosen"] else "No"),
                _taken(of("chosen", r["intervention"])),
                blocks.text(_later(of("years_later", r["intervention"]))),
            ]
            for r in rows
        ],
        stacked=True,
        note="Ranges beneath a rank are 95% intervals over draws. What brings nothing of what is "
        "sought ranks last; it may still be taken where a floor or another limit calls for it.",
    )  # fmt: skip
    bars: list[dict[str, Any]] = [
        {
            "label": str(r["label"]),
            "value": 100.0 * taken,
            "text": f"{100 * taken:.0f}%",
            "chosen": bool(r["chosen"]),
        }
        for r in rows
        if (taken := of("chosen", r["intervention"])) is not None
    ]
    figures = []
    if draws and bars:
        sure = [b for b in bars if b["value"] >= 90.0]
        said = (
            f"{counted(len(sure), 'candidate') if sure else 'None'} of {len(bars)} "
            f"{'are' if len(sure) > 1 else 'is'} taken in at least nine draws of ten."
        )
        figures.append(
            blocks.drawn(
                "ranking", "How often each candidate is taken", said, table,
                lambda narrow: choice_charts.taken(bars, narrow),
                "The best value for money stands first.",
            )
        )  # fmt: skip
    return Section(
        "choice-holds",
        "How surely this is the best choice",
        paragraphs=paragraphs,
        figures=figures,
        tables=[] if figures else [table],
    )


def _agreement(value: float | None) -> str:
    if value is None:
        return ""
    steps = ((0.9, "almost always the same"), (0.7, "much the same"), (0.4, "partly the same"))
    said = next((words_of for at, words_of in steps if value >= at), "hardly the same")
    return (
        f"The order of candidates by value for money is {said} "
        f"(mean rank correlation {value:.2f}; 1 is the same order)."
    )


def _rank(row: dict[str, Any] | None) -> Cell:
    if row is None or row["value"] is None:
        return blocks.text("not known")
    low, high = row["lower"], row["upper"]
    bounds = "" if low is None or high is None or low == high else f"{low:.0f} to {high:.0f}"
    return Cell(f"{row['value']:.0f}", bounds)


def _taken(value: float | None) -> Cell:
    return blocks.text("not known") if value is None else Cell(f"{100 * value:.0f}%")


def _later(value: float | None) -> str:
    if value is None:
        return "never taken"
    return "at once" if value < 0.05 else f"{value:.1f} years in"


# The estimate beside the run ------------------------------------------------------------------


def estimated(c: ChoiceFindings) -> Section | None:
    """The linear estimate of the chosen plan beside the run of it as a whole."""
    found = [r for r in c.table("resimulated") if str(r["arm"]) == c.p.arm]
    if not found:
        return None
    last = max(str(r["year"]) for r in found)
    rows = []
    said = ""
    for measure in (*_BESIDE, *_LEVELS):
        mine = [r for r in found if str(r["measure"]) == measure]
        if measure in _LEVELS:
            mine = [r for r in mine if str(r["year"]) == last]
        if not mine:
            continue
        unit = str(mine[0]["unit"]).replace(" a year", "")
        linear = sum(float(r["linear"]) for r in mine)
        ran = sum(float(r["simulated"]) for r in mine)
        apart = (ran - linear) / abs(linear) if abs(linear) > 1e-6 else None
        rows.append(
            [
                blocks.text(MEASURES.get(measure, measure)),
                blocks.text(last if measure in _LEVELS else "All years"),
                Cell(signed(linear, unit)),
                Cell(signed(ran, unit)),
                Cell(signed(ran - linear, unit)),
                Cell("" if apart is None else words.signed(100.0 * apart)),
            ]
        )
        if measure == "qaly" and apart is not None:
            near = abs(apart) < 0.005
            said = (
                f"Run as a whole, the plan brings {size(ran)} QALYs over all years (not "
                f"discounted), where {size(linear)} were estimated"
                + (": almost the same." if near else
                   f": {100 * abs(apart):.0f}% {'less' if ran < linear else 'more'}.")
            )  # fmt: skip
            if abs(apart) > 0.2:
                said += (
                    " That is far apart: the candidates do much of the same work, or help the same "
                    "people. Do not rest the choice on the estimate alone."
                )
    if not rows:
        return None
    table = TableBlock(
        "estimate-table",
        f"Estimated from each alone, and run as a whole (central, not discounted, {c.p.prices})",
        ["Measure", "Over", "Estimated", "Run", "Difference", "Difference, %"],
        rows,
        stacked=True,
        note="Each year with its interval is in the workbook, sheet “Estimate and run”.",
    )
    return Section(
        "choice-estimate",
        "The estimate beside a run of the whole plan",
        paragraphs=[
            "To choose among many combinations, what candidates bring alone was added up. The "
            "chosen plan was then run as a whole, on the same people: that run is what the rest of "
            "this report shows.",
            *([said] if said else []),
            "The two differ where the same people are on two interventions, where a later start "
            "meets an older population, and by chance where few people are simulated.",
        ],
        tables=[table],
    )
