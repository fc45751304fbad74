"""Named checks of the intervention library: what a file can say rightly and still mean wrongly.

The reader of `leftshift.catalogue.interventions` checks each key by itself. Here each entry is held
against the rest of the catalogue: that what it changes exists, that what it takes away arrives
somewhere, that every figure can be judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from leftshift.catalogue import Catalogue
from leftshift.catalogue.interventions import COSTS, EVIDENCE, SHIFTS
from leftshift.catalogue.rows import Row
from leftshift.errors import PlanError, listed, nearest
from leftshift.plans.library import PLANNED_CARE
from leftshift.plans.who import parse
from leftshift.plans.who_fields import Vocabulary

__all__ = ["CHECKS", "LEAST_PER_SHIFT", "check_interventions"]

LEAST_PER_SHIFT = 8
"""How many entries the library must hold for each of the three shifts."""

_HOSPITAL = ("acute", "urgent")
"""Settings whose care, once it leaves, must be seen to arrive or be said to be avoided."""

Entry = Mapping[str, Any]
Fault = tuple[Entry, str]
"""What is at fault (with `file` and `line`) and what is said of it."""


class _Library:
    """The entries with the rest of the catalogue that they are held against."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.entries = catalogue.interventions()
        self.vocabulary = Vocabulary.of(catalogue)
        self.services = {one["id"]: one for one in catalogue.services()}
        self.conditions = {one["id"] for one in catalogue.entities("conditions")}
        self.factors = {one["id"] for one in catalogue.entities("risk_factors")}
        self.groups = {one["id"] for one in catalogue.entities("staff_groups")}
        self.capacities = {one["id"] for one in catalogue.entities("bed_types")} | {PLANNED_CARE}
        self._rows = {row.id: row for row in catalogue.rows("intervention")}

    def row(self, entry: Entry, *path: str) -> Row:
        return self._rows[".".join(("intervention", entry["id"], *path))]

    def rows(self, entry: Entry) -> Iterator[Row]:
        stem = f"intervention.{entry['id']}."
        return (row for identity, row in self._rows.items() if identity.startswith(stem))


def check_interventions(catalogue: Catalogue) -> None:
    """Runs every check of `CHECKS` over the interventions of a catalogue, a project's own too.

    Raises:
        PlanError: an intervention fails one; the message begins `file:line: [check]`.
    """
    library = _Library(catalogue)
    for name, (_, check) in CHECKS.items():
        for found, said in check(library):
            raise PlanError(f"{found['file']}:{found['line']}: [{name}] {said}")


def _changes_something(library: _Library) -> Iterator[Fault]:
    for entry in library.entries:
        if not entry.get("effect") and not entry.get("swap"):
            yield (
                entry,
                f"{entry['id']} has neither an effect nor a swap. Say what it changes, if "
                "only that it changes nothing: a ratio of 1 with its interval.",
            )


def _known_target(library: _Library) -> Iterator[Fault]:
    known: dict[str, tuple[str, set[str]]] = {
        "hazard": ("condition", library.conditions | {"death"}),
        "risk": ("risk factor", library.factors),
        "rate": ("service", set(library.services)),
        "capacity": ("type of bed, or planned_care,", library.capacities),
    }
    for entry in library.entries:
        for name, effect in entry.get("effect", {}).items():
            kind, _, target = effect["on"].partition(":")
            called, allowed = known[kind]
            if target not in allowed:
                yield (
                    effect,
                    f"{entry['id']}: effect {name} is on {effect['on']}, and no {called} is "
                    f'called "{target}".{nearest(target, allowed)} Allowed: '
                    f"{listed(sorted(allowed), 25)}.",
                )
        for name, swap in entry.get("swap", {}).items():
            for end in ("from", "to"):
                if swap[end] not in library.services:
                    yield (
                        swap,
                        f"{entry['id']}: swap {name} goes {end} {swap[end]}, and no service is "
                        f'called "{swap[end]}".{nearest(swap[end], library.services)}',
                    )


def _known_staff(library: _Library) -> Iterator[Fault]:
    for entry in library.entries:
        for group in entry.get("staff", ()):
            if group not in library.groups:
                row = library.row(entry, "staff", group)
                yield (
                    {"file": row.file, "line": row.line},
                    f'{entry["id"]}: no staff group called "{group}".'
                    f"{nearest(group, library.groups)} Allowed: "
                    f"{listed(sorted(library.groups), 25)}.",
                )


def _who_parses(library: _Library) -> Iterator[Fault]:
    for entry in library.entries:
        try:
            parse(entry["who"], entry["file"], entry["line"], 0, library.vocabulary)
        except PlanError as problem:
            said = str(problem).removeprefix(f"{entry['file']}:{entry['line']}: ")
            yield entry, f"{entry['id']}: who: {said}"


def _landing_service(library: _Library) -> Iterator[Fault]:
    for entry in library.entries:
        moved = {swap["from"] for swap in entry.get("swap", {}).values()}
        for name, effect in entry.get("effect", {}).items():
            kind, _, target = effect["on"].partition(":")
            if kind != "rate" or effect.get("avoided", False) or target in moved:
                continue
            service = library.services[target]
            hospital = service["setting"] in _HOSPITAL or service.get("bed_type", "")
            falls = library.row(entry, "effect", name, "ratio").estimate.value < 1.0
            if hospital and falls:
                yield (
                    effect,
                    f"{entry['id']}: effect {name} lowers {target}, and nothing says where that "
                    f"care goes. Give a swap from {target} to the service where it arrives, or "
                    "say avoided = true where the need itself is prevented.",
                )


def _counted_once(library: _Library) -> Iterator[Fault]:
    for entry in library.entries:
        moved = {swap["from"]: name for name, swap in entry.get("swap", {}).items()}
        for name, effect in entry.get("effect", {}).items():
            kind, _, target = effect["on"].partition(":")
            if kind == "rate" and target in moved:
                yield (
                    effect,
                    f"{entry['id']}: effect {name} and swap {moved[target]} both change {target}, "
                    "and a contact can be avoided only once. Keep one of the two.",
                )


def _circular_swap(library: _Library) -> Iterator[Fault]:
    for entry in library.entries:
        onward: dict[str, set[str]] = {}
        for name, swap in entry.get("swap", {}).items():
            ahead, seen = [swap["to"]], set()
            while ahead:
                service = ahead.pop()
                if service == swap["from"]:
                    yield (
                        swap,
                        f"{entry['id']}: swap {name} from {swap['from']} to {swap['to']} closes a "
                        "circle with the swaps before it. Let care leave a service once.",
                    )
                    return
                if service not in seen:
                    seen.add(service)
                    ahead += onward.get(service, ())
            onward.setdefault(swap["from"], set()).add(swap["to"])


def _proper_figures(library: _Library) -> Iterator[Fault]:
    for entry in library.entries:
        for row in library.rows(entry):
            figure, part = row.estimate, row.id.rpartition(".")[2]
            at = {"file": row.file, "line": row.line}
            ends = (figure.lower, figure.value, figure.upper)
            numbers = [end for end in ends if end is not None]
            if numbers != sorted(numbers):
                yield at, f"{row.id}: {listed(map(str, numbers))} do not rise."
            if part == "ratio" and (min(numbers) <= 0.0 or figure.distribution == "normal"):
                yield (
                    at,
                    f"{row.id}: a ratio must stay above 0 throughout. Use lognormal, with the "
                    "interval that was published.",
                )
            if part in ("share", "double_running") and not 0.0 <= min(numbers) <= max(numbers) <= 1:
                yield at, f"{row.id}: a share must stay between 0 and 1."


def _judged(library: _Library) -> Iterator[Fault]:
    for entry in library.entries:
        for key, meaning in (("evidence", listed(EVIDENCE)), ("against", "what speaks against it")):
            if not str(entry.get(key, "")).strip():
                yield entry, f"{entry['id']} has no {key} ({meaning})."
        for row in library.rows(entry):
            if not row.estimate.source.strip():
                yield {"file": row.file, "line": row.line}, f"{row.id} has no source."


def _costed(library: _Library) -> Iterator[Fault]:
    for entry in library.entries:
        if not entry.get("cost") and not entry.get("swap"):
            yield (
                entry,
                f"{entry['id']} costs nothing. Give [intervention.{entry['id']}.cost] with one "
                f"of {listed(COSTS)}: an estimate graded A is better than none.",
            )


def _shifts_covered(library: _Library) -> Iterator[Fault]:
    for shift, words in SHIFTS.items():
        held = [entry["id"] for entry in library.entries if entry["shift"] == shift]
        if len(held) < LEAST_PER_SHIFT:
            yield (
                {"file": "interventions", "line": 1},
                f"{words} has {len(held)} entries ({listed(held)}), and needs {LEAST_PER_SHIFT}.",
            )


CHECKS: dict[str, tuple[str, Callable[[_Library], Iterator[Fault]]]] = {
    "changes_something": ("it has an effect or a swap", _changes_something),
    "known_target": ("what it changes is a condition, factor or service", _known_target),
    "known_staff": ("whom it employs is a staff group", _known_staff),
    "who_parses": ("its target group can be read, and someone can be in it", _who_parses),
    "landing_service": ("what leaves hospital arrives somewhere, or is avoided", _landing_service),
    "counted_once": ("no effect and swap change the same service", _counted_once),
    "circular_swap": ("no swap leads back to where care came from", _circular_swap),
    "proper_figures": ("figures rise, ratios stay above 0, shares within 0 and 1", _proper_figures),
    "judged": ("evidence, what speaks against it and every source are given", _judged),
    "costed": ("it costs something, or its swap lands where something does", _costed),
    "shifts_covered": ("each of the three shifts has its share of entries", _shifts_covered),
}
"""The checks in the order in which they run: what each makes sure of, and the check."""
