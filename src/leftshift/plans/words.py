"""What a plan does, in words, and what is doubtful about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from leftshift.catalogue import Catalogue
from leftshift.catalogue.interventions import EVIDENCE, SHIFTS
from leftshift.catalogue.rows import Row
from leftshift.plans.files import DEFAULT_YEARS, Plan
from leftshift.plans.library import Effect, Intervention, Known, Swap
from leftshift.plans.limits import Schedule
from leftshift.quantities import Money

__all__ = ["COLUMNS", "describe", "doubts", "rows"]

COLUMNS = ("intervention", "shift", "reach", "changes", "cost", "evidence")
"""The columns of `rows`."""

_COSTS = {
    "per_start": "for each person who joins",
    "per_year": "for each year a person is on it",
    "start_up": "to set up, for each million residents",
}


def describe(plan: Plan, catalogue: Catalogue) -> list[str]:
    """Says what a plan does: whom it reaches, when, what changes, what it costs, how sure it is.

    Args:
        plan: the plan.
        catalogue: gives labels, and how far weak evidence is shrunk.

    Returns:
        Lines of text; those about one intervention are indented below its own.
    """
    known = Known.of(catalogue)
    count = len(plan.interventions)
    what = "nothing: it is the baseline" if not count else f"{count} intervention"
    said = [f"{plan.title or plan.name}: {what}{'s' * (count > 1)}."]
    if plan.about:
        said.append(plan.about)
    where = f"in {plan.area}, " if plan.area else ""
    against = "baseline" if plan.comparator == "baseline" else f"the plan {plan.comparator}"
    said.append(f"It acts {where}from {plan.start} to {plan.last}, and is compared with {against}.")
    if plan.settlement:
        said.append(f"Funding path: {known.settlements[plan.settlement]}.")
    said += _limits(plan, known)
    for row in plan.figures:
        old = known.figures[row.id].estimate
        said.append(f"Own figure: {row.id} is {row.estimate.value:g} in place of {old.value:g}.")
    own = replace(known, figures={**known.figures, **{row.id: row for row in plan.figures}})
    for one in plan.interventions:
        said += ["", *_intervention(one, own)]
    return said


def _limits(plan: Plan, known: Known) -> Iterator[str]:
    limits = plan.limits
    if limits.new_spend is not None:
        yield f"At most {_by_year(limits.new_spend, money=True)} of new money."
    labels = {**known.services, **known.bed_types, **known.settings, **known.staff_groups}
    for name, floor in limits.floor.items():
        yield f"{labels[name]} keeps at least {_by_year(floor, share=True)} of spend."
    for name, most in limits.staff.items():
        yield f"At most {_by_year(most)} further WTE of {labels[name].lower()}."
    for name, most in limits.capacity.items():
        yield f"At most {_by_year(most)} further units of {labels[name].lower()} a year."


def _by_year(schedule: Schedule, money: bool = False, share: bool = False) -> str:
    def amount(value: float) -> str:
        return str(Money(value)) if money else f"{value:.3g}%" if share else f"{value:,.10g}"

    scale = 100.0 if share else 1.0
    said = [(amount(value * scale), year) for year, value in schedule.points]
    if len(said) == 1:
        return said[0][0]
    return ", ".join(f"{text} from {year}" for text, year in said)


def _intervention(one: Intervention, known: Known) -> Iterator[str]:
    yield f"{one.label} ({one.id}): {SHIFTS[one.shift].lower()}"
    yield f"  What: {one.about}"
    where = f", in {', '.join(one.where)}" if one.where else ""
    yield f"  For: {one.who.words()}{where}"
    stay = f"; each stays {_years(one.stay)}" if one.stay else ""
    limit = f"; limited by {' and '.join(one.limited_by)}" if one.limited_by else ""
    yield f"  Reaches: {one.reach.words()} of them{stay}{limit}"
    for effect in one.effects:
        yield f"  Changes: {_effect(effect, known)}{_shrunk(effect.evidence, known)}"
    for swap in one.swaps:
        yield (
            f"  Moves: {_share(swap.share)} of {_low(known.services[swap.source])} to "
            f"{_low(known.services[swap.to])}, {_arrive(swap, known)} for each avoided"
            f"{_shrunk(swap.evidence, known)}"
        )
    yield f"  When: {_when(one)}"
    costs = [_cost(name, row) for name, row in one.cost.items()]
    yield f"  Costs: {'; '.join(costs) or 'none given'}"
    if one.staff:
        groups = [
            f"{row.estimate.value:g} {_low(known.staff_groups[name])}"
            for name, row in one.staff.items()
        ]
        yield f"  Staff (WTE for 1,000 people on it): {', '.join(groups)}"
    yield f"  Evidence: {one.evidence}, {EVIDENCE[one.evidence]}. Against it: {one.against}"
    if one.changed:
        yield f"  Unlike the library ({one.use}): {', '.join(one.changed)}"


def _arrive(swap: Swap, known: Known) -> str:
    count = swap.per_unit.estimate.value
    return f"{count:g} {known.units[swap.to]}{'s' * (count != 1)}"


def _years(count: int) -> str:
    return f"{count} year{'s' * (count != 1)}"


def _low(label: str) -> str:
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def _effect(effect: Effect, known: Known) -> str:
    estimate = effect.figure.estimate
    if effect.kind == "risk":
        label = _low(known.vocabulary.factors[effect.target][0])
        if effect.target == "smoking":
            return f"{_share(effect.figure)} of smokers stop"
        return f"{label} by {estimate.value:+g}{_interval(effect.figure)} {estimate.unit}"
    if effect.kind == "rate":
        return f"use of {_low(known.services[effect.target])} {_times(effect.figure)}"
    if effect.kind == "capacity":
        of = known.bed_types.get(effect.target)
        label = f"beds: {_low(of)}" if of else "what planned care can complete"
        return f"{label} {_times(effect.figure)} once all of it is in place"
    if effect.target == "death":
        return f"the hazard of death {_times(effect.figure)}"
    label = _low(known.vocabulary.conditions[effect.target])
    return f"the hazard of {label} {_times(effect.figure)}"


def _times(row: Row) -> str:
    change = (row.estimate.value - 1.0) * 100.0
    if row.estimate.distribution == "fixed" and change == 0:
        return "unchanged"
    return f"times {row.estimate.value:g}{_interval(row)}, {change:+.3g}%"


def _interval(row: Row) -> str:
    estimate = row.estimate
    if estimate.distribution == "fixed" or estimate.lower is None or estimate.upper is None:
        return ""
    return f" ({estimate.lower:g} to {estimate.upper:g})"


def _share(row: Row) -> str:
    estimate = row.estimate
    said = f"{estimate.value * 100:.3g}%"
    if estimate.distribution == "fixed" or estimate.lower is None or estimate.upper is None:
        return said
    return f"{said} ({estimate.lower * 100:.3g}% to {estimate.upper * 100:.3g}%)"


def _shrunk(evidence: str, known: Known) -> str:
    row = known.figures.get(f"plans.shrink.{evidence}")
    if row is None:
        return f" [evidence {evidence}]"
    return f" [evidence {evidence}: shrunk, {row.estimate.value:.3g} of the effect is kept]"


def _when(one: Intervention) -> str:
    said = f"effects begin {_years(one.lag)} after joining" if one.lag else "effects begin at once"
    said += f", hold {_years(one.lasts)}" if one.lasts else ", hold while the person is on it"
    return said + (f", and wane over {_years(one.fade)}" if one.fade else "")


def _cost(name: str, row: Row) -> str:
    if name == "double_running":
        return f"{_share(row)} of what is swapped away goes on in the year that releases it"
    low, high = row.estimate.lower, row.estimate.upper
    span = ""
    if row.estimate.distribution != "fixed" and low is not None and high is not None:
        span = f" ({Money(low)} to {Money(high)})"
    return f"{Money(row.estimate.value)}{span} {_COSTS[name]}"


# Doubts ---------------------------------------------------------------------------------------


def doubts(plan: Plan, catalogue: Catalogue) -> list[str]:
    """Says what is allowed and yet doubtful: what a careful reader would ask about.

    Args:
        plan: the plan.
        catalogue: gives how far weak evidence is shrunk.

    Returns:
        One line for each, with file and line where there is one.
    """
    found: list[str] = []
    if not plan.area:
        found.append(f"{plan.file}: no area is given: give it in [plan] or when it is run.")
    if plan.years is None:
        found.append(f"{plan.file}: years is not given; {DEFAULT_YEARS} are assumed.")
    if not plan.draws:
        found.append(f"{plan.file}: no draws: the results will have no intervals.")
    for one in plan.interventions:
        found += [f"{one.file}:{one.line}: {one.id}: {said}" for said in _doubts(one, plan)]
    changed: dict[tuple[str, str], list[str]] = {}
    for one in plan.interventions:
        for effect in one.effects:
            changed.setdefault((effect.kind, effect.target), []).append(one.id)
        for swap in one.swaps:
            changed.setdefault(("rate", swap.source), []).append(one.id)
    for (kind, target), owners in changed.items():
        twice = [one for one in dict.fromkeys(owners) if owners.count(one) > 1]
        found += [f"{plan.file}: {one} changes {kind}:{target} more than once." for one in twice]
        if len(set(owners)) > 1:
            found.append(
                f"{plan.file}: {', '.join(dict.fromkeys(owners))} all change {kind}:{target}. "
                "Where they reach the same people, their effects multiply: does each still work "
                "beside the others?"
            )
    return found


def _doubts(one: Intervention, plan: Plan) -> Iterator[str]:
    if not one.effects and not one.swaps:
        yield "it changes nothing: it has no effect and no swap."
    if one.reach.falls:
        yield "its reach falls over time. Is that meant?"
    if max(share for _, share in one.reach.points) >= 1.0 and not one.who.reached:
        yield "it reaches everyone eligible, which no programme has done."
    if any(year > plan.last for year, _ in one.reach.points):
        yield f"its reach in the library rises beyond {plan.last}, the plan's last year."
    if not one.cost and not one.swaps:
        yield "no cost is given: it would be free."
    if not one.staff and not one.swaps:
        yield "no staff are given: it would need none."
    if "staff" in one.limited_by and not one.staff and not one.swaps:
        yield "it is limited by staff, and employs none."
    for effect in one.effects:
        falls = effect.kind == "rate" and effect.figure.estimate.value < 1.0
        if falls and not effect.avoided and not one.swaps:
            yield (
                f"what leaves {effect.target} ({effect.name}) arrives nowhere. If it is cared for "
                "elsewhere, write a swap; if it is truly avoided, avoided = true."
            )
    grades = [effect.evidence for effect in one.effects] + [swap.evidence for swap in one.swaps]
    worst = max([one.evidence, *grades])
    if worst in ("C", "D"):
        yield f"evidence {worst} ({EVIDENCE[worst]}): its effects are shrunk towards none."
    unverified = [row for row in one.rows if row.unverified]
    if unverified:
        named = ", ".join(_part(row, one) for row in unverified[:4])
        more = f" and {len(unverified) - 4} more" if len(unverified) > 4 else ""
        verb = "is" if len(unverified) == 1 else "are"
        yield f"{len(unverified)} of its {len(one.rows)} figures {verb} unverified: {named}{more}."
    certain = [
        row
        for row in one.rows
        if row.layer == "plan" and row.estimate.distribution == "fixed" and row.unverified
    ]
    if certain:
        yield f"given as certain: {', '.join(_part(row, one) for row in certain)}."


def _part(row: Row, one: Intervention) -> str:
    for owner in (one.id, one.use):
        if owner and row.id.startswith(f"intervention.{owner}."):
            return row.id.removeprefix(f"intervention.{owner}.")
    return row.id


def rows(plan: Plan, catalogue: Catalogue) -> list[tuple[str, ...]]:
    """Gives a plan as a table: one row for each intervention, in the columns of `COLUMNS`."""
    known = Known.of(catalogue)
    found: list[tuple[str, ...]] = []
    for one in plan.interventions:
        changes = [_effect(effect, known) for effect in one.effects]
        changes += [
            f"{_share(swap.share)} of {_low(known.services[swap.source])} to "
            f"{_low(known.services[swap.to])}"
            for swap in one.swaps
        ]
        costs = [
            f"{Money(row.estimate.value)} {name}" if name in _COSTS else f"{_share(row)} {name}"
            for name, row in one.cost.items()
        ]
        found.append(
            (
                one.id,
                SHIFTS[one.shift],
                one.reach.words(),
                "; ".join(changes),
                "; ".join(costs),
                one.evidence,
            )
        )
    return found
