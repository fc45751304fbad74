"""Consultation, notice and transfer as dates, with what decides the last of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from leftshift.catalogue import Catalogue, Parameters
from leftshift.organisation.options import MOVING, Option
from leftshift.organisation.redundancy import Rules

__all__ = ["Step", "Task", "collective_days", "notice_weeks", "plan", "schedule"]


@dataclass(frozen=True, slots=True)
class Step:
    """Something to be done, before it has dates.

    Attributes:
        id: its id.
        label: what people call it.
        days: how long it takes.
        after: the steps that must have ended before it begins.
        note: what a reader should know.
    """

    id: str
    label: str
    days: int
    after: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """Something to be done, with its dates.

    Attributes:
        id: its id.
        label: what people call it.
        starts: its first day.
        ends: the day on which it is over; the same day where it takes none.
        days: how long it takes.
        depends: what it waits for.
        slack: days by which it may slip without moving the end.
        critical: whether it may not slip at all.
        note: what a reader should know.
    """

    id: str
    label: str
    starts: date
    ends: date
    days: int
    depends: tuple[str, ...]
    slack: int
    critical: bool
    note: str


def collective_days(proposed: int, parameters: Parameters) -> int:
    """Gives the days from the start of collective consultation to the first dismissal.

    Args:
        proposed: dismissals proposed at one establishment within 90 days, volunteers counted in.
        parameters: thresholds and days.

    Returns:
        0 below 20, 30 from 20, 45 from 100.
    """
    if proposed < parameters.value("consultation.collective_from"):
        return 0
    if proposed < parameters.value("consultation.large_from"):
        return round(parameters.value("consultation.days"))
    return round(parameters.value("consultation.days_large"))


def notice_weeks(band: str, service: int, rules: Rules) -> Decimal:
    """Gives weeks of notice: the contract's or the law's, whichever is longer.

    Args:
        band: a pay band.
        service: full years of continuous service.
        rules: the rules.
    """
    lawful = min(service * rules.statutory_weeks_per_year, rules.statutory_most_weeks)
    return max(lawful, rules.notice[band])


def plan(
    announced: date, option: Option, proposed: int, bands: Sequence[str], catalogue: Catalogue
) -> list[Task]:
    """Makes an option's timetable.

    Args:
        announced: the day on which the work begins.
        option: the option.
        proposed: dismissals proposed.
        bands: the bands of those who may be dismissed; the longest notice decides.
        catalogue: how long things take.

    Returns:
        Its tasks in the order in which they begin; none where it changes nothing.
    """
    parameters = catalogue.parameters()

    def days(name: str) -> int:
        return round(parameters.value(f"timetable.{name}_days"))

    moving = [change for change in option.changes if change.do in MOVING]
    if not option.changes or (proposed == 0 and not moving):
        return []
    steps = [
        Step("design", "Case for change and equality impact assessment", days("design")),
        Step("approval", "Approval by the board and NHS England", days("approval"), ("design",)),
    ]
    if proposed > 0:
        steps += _redundancy(proposed, bands, parameters)
    if moving:
        steps += [
            Step(
                "due_diligence",
                "Transfers: due diligence and agreement with the receiver",
                days("transfer_due_diligence"),
                ("approval",),
                note="The receiver must agree: cost that only moves is no saving to the system.",
            ),
            Step(
                "measures",
                "Transfers: measures letter, informing and consulting (TUPE or COSOP)",
                days("transfer_measures"),
                ("due_diligence",),
            ),
            Step("transfer", "Staff and duties transfer", 0, ("measures",)),
        ]
    return schedule(announced, steps)


def _redundancy(proposed: int, bands: Sequence[str], parameters: Parameters) -> list[Step]:
    def days(name: str) -> int:
        return round(parameters.value(f"timetable.{name}_days"))

    lawful = collective_days(proposed, parameters)
    rules = Rules.of(parameters)
    longest = max(
        (notice_weeks(band, int(rules.statutory_most_weeks), rules) for band in bands),
        default=rules.statutory_most_weeks,
    )
    first = round(parameters.value("consultation.collective_from"))
    large = round(parameters.value("consultation.large_from"))
    size = f"fewer than {first}" if proposed < first else f"{first} to {large - 1}"
    size = size if proposed < large else f"{large} or more"
    return [
        Step("staff_side", "Share it with staff side", days("staff_side"), ("approval",)),
        Step(
            "notify",
            "Notify the Secretary of State (form HR1)",
            0,
            ("staff_side",),
            note="Recalled: due with the start of collective consultation; failing is an offence."
            if lawful
            else "Not needed for fewer than 20.",
        ),
        Step(
            "consultation",
            f"Consultation ({size} proposed)",
            lawful or days("individual"),
            ("staff_side", "notify"),
            note=f"The law asks for {lawful} days before the first dismissal takes effect. No "
            "notice may be served before consultation is complete."
            if lawful
            else "No collective minimum; each person must still be consulted fairly.",
        ),
        Step("response", "Answer consultation and decide", days("response"), ("consultation",)),
        Step("selection", "Match, slot in and select", days("selection"), ("response",)),
        Step("individual", "Individual meetings and appeals", days("individual"), ("selection",)),
        Step(
            "payment_approval",
            "Approve payments (remuneration committee, NHS England)",
            days("payment_approval"),
            ("response",),
        ),
        Step(
            "notice",
            f"Notice of up to {longest:.0f} weeks",
            int(longest * 7),
            ("individual", "payment_approval"),
        ),
        Step(
            "redeployment",
            "Search for suitable alternative work",
            days("redeployment"),
            ("selection",),
            note="Runs beside notice; work again in the NHS within four weeks forfeits payment "
            "(recalled).",
        ),
        Step(
            "first_dismissal",
            "First dismissal may take effect",
            0,
            ("individual", "payment_approval"),
            note="The shortest notice could end, or pay in lieu be given, from this day.",
        ),
        Step("last_dismissal", "Last notice ends", 0, ("notice", "redeployment")),
    ]


def schedule(start: date, steps: Sequence[Step]) -> list[Task]:
    """Gives steps their dates, earliest first, and finds the critical path.

    Args:
        start: the day on which steps that wait for nothing begin.
        steps: the steps, each after those it waits for.

    Returns:
        The tasks by their start and then in the order given.
    """
    begin: dict[str, int] = {}
    end: dict[str, int] = {}
    for step in steps:
        begin[step.id] = max((end[name] for name in step.after), default=0)
        end[step.id] = begin[step.id] + step.days
    over = max(end.values(), default=0)
    latest: dict[str, int] = {}
    for step in reversed(steps):
        waiting = [latest[later.id] - later.days for later in steps if step.id in later.after]
        latest[step.id] = min(waiting, default=over)
    order = {step.id: place for place, step in enumerate(steps)}
    tasks = [
        Task(
            step.id,
            step.label,
            start + timedelta(days=begin[step.id]),
            start + timedelta(days=end[step.id]),
            step.days,
            step.after,
            latest[step.id] - end[step.id],
            latest[step.id] == end[step.id],
            step.note,
        )
        for step in steps
    ]
    return sorted(tasks, key=lambda task: (task.starts, order[task.id]))
