"""The duty register: what the law asks, who serves it, how much it takes, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leftshift.catalogue import Catalogue, Parameters
from leftshift.organisation import caseloads
from leftshift.organisation.functions import Function
from leftshift.organisation.options import Effect
from leftshift.organisation.people import Residents
from leftshift.organisation.reading import BoardError, Line, read_lines

__all__ = ["Duty", "DutyState", "Stated", "duty_state", "read_stated", "register", "sentence"]

# Below this a shortfall is rounding, not people: about two hours a week.
_TOLERANCE = 0.05


@dataclass(frozen=True, slots=True)
class Stated:
    """What a board itself says of a duty, in duties.csv.

    Attributes:
        owner: who answers for it.
        minimum: whole-time equivalents below which it is unsafe; None to take the caseload's or
            the catalogue's.
        reason: why that many.
        evidence: where it can be seen that the duty is met.
        line: its line.
    """

    owner: str
    minimum: float | None
    reason: str
    evidence: str
    line: int


@dataclass(frozen=True, slots=True)
class Duty:
    """One statutory duty of the board.

    Attributes:
        id: its snake_case name.
        label: what people call it.
        section: where in the law.
        act: which law.
        what: what it asks, in a sentence.
        caseload: the caseload model behind its minimum, or "".
        owner: who answers for it; "" where nobody is named.
        minimum: whole-time equivalents needed, for each label.
        kind: caseload, stated or default: where the minimum comes from.
        reason: why that many.
        evidence: where it can be seen that the duty is met.
        source: where the duty was read.
        grade: V where its section was read, R where it is recalled.
    """

    id: str
    label: str
    section: str
    act: str
    what: str
    caseload: str
    owner: str
    minimum: tuple[float, ...]
    kind: str
    reason: str
    evidence: str
    source: str
    grade: str


@dataclass(frozen=True, slots=True)
class DutyState:
    """A duty in one year of an option.

    Attributes:
        option: the option's id.
        year: the label.
        duty: the duty's id.
        minimum: whole-time equivalents needed.
        own: whole-time equivalents of the board that serve it.
        elsewhere: those of others that serve it, for which the board still answers.
        gap: how many are missing; below 0 where there are more than needed.
        below: whether it is left below its minimum.
        words: the same in a sentence.
    """

    option: str
    year: str
    duty: str
    minimum: float
    own: float
    elsewhere: float
    gap: float
    below: bool
    words: str


def read_stated(path: Path, shown: str, known: Mapping[str, str]) -> dict[str, Stated]:
    """Reads duties.csv: what the board says of its duties.

    Args:
        path: the file; where it is not there nothing is stated.
        shown: how messages name it.
        known: the duties of the catalogue, by id.

    Raises:
        BoardError: with file and line, where a duty is unknown or there twice.
    """
    if not path.exists():
        return {}
    found: dict[str, Stated] = {}
    for line in read_lines(path, shown, ("duty", "owner"), ("minimum_wte", "reason", "evidence")):
        name = line.choice("duty", known)
        if name in found:
            raise line.wrong(f"{name} is already on line {found[name].line}.")
        found[name] = _stated(line)
    return found


def _stated(line: Line) -> Stated:
    minimum = float(line.number("minimum_wte", high="5000")) if line.cells["minimum_wte"] else None
    if minimum is not None and not line.cells["reason"]:
        raise line.wrong("a minimum needs a reason: why is it unsafe below that?")
    return Stated(
        line.cells["owner"][:120],
        minimum,
        line.cells["reason"][:400],
        line.cells["evidence"][:400],
        line.at,
    )


def register(
    stated: Mapping[str, Stated], people: Residents, catalogue: Catalogue, parameters: Parameters
) -> tuple[Duty, ...]:
    """Puts the duty register together.

    Args:
        stated: what the board says itself; it beats all else.
        people: whom it serves; caseloads and default minimums follow them.
        catalogue: gives the duties.
        parameters: rates and hours of the caseloads.

    Returns:
        Every duty of the catalogue, in its order.
    """
    return tuple(
        _duty(row, stated.get(row["id"]), people, parameters)
        for row in catalogue.table("statutory_duties").to_dicts()
    )


def _duty(
    row: dict[str, Any], stated: Stated | None, people: Residents, parameters: Parameters
) -> Duty:
    years = range(len(people.ages))
    caseload = row["caseload"] or ""
    reason = row["reason"]
    if stated is not None and stated.minimum is not None:
        kind, minimum = "stated", tuple(stated.minimum for _ in years)
        reason = stated.reason
    elif caseload:
        if caseload not in caseloads.CASELOADS:
            raise BoardError(
                f'tables/statutory_duties.csv: {row["id"]} names a caseload "{caseload}" that '
                f"there is no model of. Models: {', '.join(caseloads.CASELOADS)}."
            )
        kind = "caseload"
        minimum = tuple(caseloads.minimum(caseload, people, year, parameters) for year in years)
        reason = f"What its caseload needs {caseloads.CASELOADS[caseload].purpose}"
    else:
        kind = "default"
        minimum = tuple(
            row["minimum_fixed"] + row["minimum_per_million"] * people.totals[year] / 1e6
            for year in years
        )
        reason += " (assumed: the board states none)"
    return Duty(
        id=row["id"],
        label=row["label"],
        section=row["section"],
        act=row["act"],
        what=row["what"],
        caseload=caseload,
        owner=stated.owner if stated else "",
        minimum=minimum,
        kind=kind,
        reason=reason,
        evidence=stated.evidence if stated else "",
        source=row["source"],
        grade=row["grade"],
    )


def duty_state(
    duty: Duty,
    option: str,
    label: str,
    year: int,
    functions: Sequence[Function],
    effects: Mapping[tuple[str, str], Effect],
) -> DutyState:
    """Compares what serves a duty with what it needs, in one year of an option.

    Args:
        duty: the duty.
        option: the option's id.
        label: the year.
        year: years after the base year.
        functions: the board's functions.
        effects: the option's effects by function and label.
    """
    serving = [(one, one.duties[duty.id]) for one in functions if duty.id in one.duties]
    own = sum(share * effects[one.id, label].capacity_own for one, share in serving)
    elsewhere = sum(share * effects[one.id, label].capacity_elsewhere for one, share in serving)
    needed = duty.minimum[year]
    gap = needed - own - elsewhere
    below = gap > _TOLERANCE
    words = sentence(duty, needed, own, elsewhere, below)
    return DutyState(option, label, duty.id, needed, own, elsewhere, gap, below, words)


def sentence(duty: Duty, needed: float, own: float, elsewhere: float, below: bool) -> str:
    """Says how a duty stands: "continuing care assessments: 14.2 WTE against 19.6 needed …"."""
    there = own + elsewhere
    digits = 1 if f"{there:.1f}" != f"{needed:.1f}" or not below else 2
    if duty.kind == "caseload":
        about = caseloads.CASELOADS[duty.caseload]
        subject, purpose = about.subject, f"needed {about.purpose}"
    else:
        subject = duty.label
        said = "that the board states as its least"
        purpose = said if duty.kind == "stated" else "assumed as its least"
    words = f"{subject}: {there:.{digits}f} WTE against {needed:.{digits}f} {purpose}"
    if elsewhere >= 0.05:
        words += f", {elsewhere:.1f} of them elsewhere, for which the board still answers"
    return words
