"""A plan at the top of the page: cards and headline sentences, each with its doubt."""

from __future__ import annotations

from leftshift.report import words
from leftshift.report.findings import Figure
from leftshift.report.money import is_money
from leftshift.report.plans.cash import payback_sentence, released
from leftshift.report.plans.cells import JOINER, beside, difference, plain, signed, size
from leftshift.report.plans.certainty import worth_sentence
from leftshift.report.plans.choice import headline as choice_sentence
from leftshift.report.plans.fairness import gap_sentence
from leftshift.report.plans.figures import SETTLED, WHOLE, PlanFindings, crosses
from leftshift.report.plans.moves import share_sentence
from leftshift.report.plans.proposal import weak_sentence

__all__ = ["cards", "certainty", "headlines"]


def certainty(p: PlanFindings) -> list[str]:
    """What the intervals of this run mean, and what it compares."""
    said = [
        "Every difference is plan less baseline, on the same simulated people and the same random "
        "numbers."
    ]
    other = str(p.said.get("comparator") or "baseline")
    if other != "baseline":
        said.append(
            f"Effects, value, equity and uncertainty are set against another plan, {other}: where "
            "they say baseline, read that plan. Leaving it out is the first contribution. "
            "Services, staff and beds one by one are set against no change."
        )
    if p.f.has_intervals:
        said.append(
            f"Ranges in brackets are 95% intervals over {p.f.draws} draws of the uncertain inputs, "
            "effects and costs among them. They do not say whether the plan can be carried out as "
            "written, and leave out what the model does not cover."
        )
    else:
        said.append(
            "This is a central run: no figure here has an interval, so none says how sure it is. "
            "Run it again with --draws 200 before deciding anything."
        )
    simulants = p.f.about.get("simulants")
    if isinstance(simulants, int | float):
        said.append(
            f"{int(simulants):,} people were simulated. Differences in rare events, such as deaths "
            "and admissions, carry some noise of that sample: more people (--people) shrink it."
        )
    if not p.shrunk:
        said.append("Weak effects are taken whole (headline effects), not shrunk.")
    return said


def headlines(p: PlanFindings) -> list[str]:
    """The opening sentences; only those that the tables support."""
    if not p.ids:
        return ["The plan changes nothing: every figure is that of the baseline."]
    made = [
        choice_sentence(p),
        _health(p),
        _hospital(p),
        _cost(p),
        _cash(p),
        worth_sentence(p),
        share_sentence(p),
        gap_sentence(p),
        weak_sentence(p),
    ]
    return [s for s in made if s]


def _health(p: PlanFindings) -> str:
    gained = p.value("qalys")
    if gained is None:
        return ""
    said = difference(gained, "QALYs fewer", "QALYs more")
    return f"Health beside the baseline, {p.f.now} to {p.f.end}, not discounted: {said}."


def _hospital(p: PlanFindings) -> str:
    figure = p.effect("non_elective_admission", p.f.end)
    if figure is None or not figure.value:
        return ""
    return f"Emergency admissions in {p.f.end}, beside the baseline: {difference(figure)}."


def _cost(p: PlanFindings) -> str:
    cost = p.value("incremental_cost", WHOLE, *SETTLED)
    if cost is None or not cost.value:
        return ""
    said = difference(cost, "less", "more")
    words_of = p.said_of("icer", WHOLE, *SETTLED).partition(" Of the draws")[0]
    return (
        f"Net cost to the NHS and social care over all years (discounted, {p.prices}), if every "
        f"unit of care not used counts at its whole cost: {said}. {words_of}"
    ).strip()


def _cash(p: PlanFindings) -> str:
    cost = p.value("intervention_cost", WHOLE, "public")
    cash = p.value("cash_releasing", WHOLE, "public")
    room = p.value("capacity_releasing", WHOLE, "public")
    if cost is None or cash is None:
        return ""
    said = f"In money, the plan costs {plain(cost)} and {released(cash)}"
    if room is not None:
        said += f". Apart from that, room worth {plain(room)} is made, which is not money"
    return f"{said} (all years, not discounted, {p.prices}). {payback_sentence(p)}".strip()


def _card(
    label: str, big: str, text: str, figure: Figure | None = None, small: str = ""
) -> dict[str, str]:
    bounds = ""
    if figure is not None and figure.lower is not None and figure.upper is not None:
        money = is_money(figure.unit)
        # Word joiners keep a sign with its figure where the line breaks.
        low, high = (
            JOINER.join(beside(v, money)) if money else signed(v)
            for v in (figure.lower, figure.upper)
        )
        bounds = f"{low} to {high}"
        if crosses(figure):
            bounds += ": it could be either"
    return {"label": label, "change": big, "text": text, "interval": bounds, "small": small}


def cards(p: PlanFindings) -> list[dict[str, str]]:
    """A card each for health, admissions, cost, cash, worth and the left shift."""
    if not p.ids:
        return []
    made = []
    gained = p.value("qalys")
    if gained is not None:
        time = p.said_of("time_to_benefit").partition(".")[0]
        made.append(
            _card("Health gained (QALYs)", signed(gained.value), f"{p.f.now} to {p.f.end}", gained,
                  f"More gained than lost: {words.inside(time)}" if time else "")
        )  # fmt: skip
    stays = p.effect("non_elective_admission", p.f.end)
    if stays is not None:
        made.append(
            _card("Emergency admissions", signed(stays.value), f"a year in {p.f.end}", stays)
        )
    cost = p.value("incremental_cost", WHOLE, *SETTLED)
    if cost is not None:
        made.append(
            _card("Net cost to NHS and social care", beside(cost.value, True),
                  "over all years, discounted; not money in hand", cost, p.prices)
        )  # fmt: skip
    cash = p.value("incremental_cost", WHOLE, "cash")
    if cash is not None:
        big = beside(-cash.value, True)
        turned = Figure(
            -cash.value,
            None if cash.upper is None else -cash.upper,
            None if cash.lower is None else -cash.lower,
            unit=cash.unit,
        )
        made.append(
            _card("Cash released less cost", big, "over all years, not discounted", turned,
                  p.prices)
        )  # fmt: skip
    base, plan = p.both("share_community_and_prevention", p.f.end)
    if base is not None and plan is not None:
        points = plan.value - base.value
        big = f"{'+' if points > 0 else chr(0x2212)}{size(points)} points"
        made.append(
            _card("Share spent on community care and prevention",
                  big if abs(points) >= 0.05 else "No change",
                  f"{base.value:.2f}% without the plan, {plan.value:.2f}% with it in {p.f.end}",
                  None, "Central figures")
        )  # fmt: skip
    weak, count = len(p.weak), len(p.ids)
    if any(p.evidence(i) for i in p.ids):
        made.append(
            _card("Interventions on weak evidence", f"{weak} of {count}", "grades C or D", None,
                  "Their effects are shrunk" if weak and p.shrunk else
                  "Their effects are taken whole" if weak else "")
        )  # fmt: skip
    return made
