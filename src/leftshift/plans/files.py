"""Reading a plan file: every key checked, every message with its file and line.

What can be known without running is refused here: unknown names, shares over 100%, years outside
the horizon, circular swaps, target groups that no one belongs to, effects without a distribution.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from leftshift.areas.naming import plain
from leftshift.catalogue import Catalogue
from leftshift.catalogue.interventions import KEYS as LIBRARY_KEYS
from leftshift.catalogue.lines import KeyLines, read_toml
from leftshift.catalogue.rows import Row
from leftshift.errors import PlanError, QuantityError, listed, nearest
from leftshift.plans.library import EXTRA_KEYS, Effect, Intervention, Known, Swap, made
from leftshift.plans.limits import Limits, Schedule, read_limits, schedule
from leftshift.plans.own_figures import read_figures
from leftshift.plans.together import apart, circle
from leftshift.quantities import FinancialYear

__all__ = [
    "INTERVENTION_KEYS",
    "MOST_INTERVENTIONS",
    "PLAN_KEYS",
    "RANGES",
    "TABLES",
    "Effect",
    "Intervention",
    "Limits",
    "Plan",
    "Schedule",
    "Swap",
    "read_plan",
    "read_text_plan",
    "schedule",
]

MOST_YEARS = 40
MOST_PEOPLE = 100_000_000
MOST_DRAWS = 10_000
MOST_SEED = 2**63 - 1
MOST_INTERVENTIONS = 62
"""How many interventions one plan may have: each is a bit of a simulated person's state."""

DEFAULT_YEARS = 20

TABLES: dict[str, tuple[str, str]] = {
    "plan": ("table", "what the plan is called, and how it is run"),
    "limits": ("table", "what it must keep within"),
    "prioritise": ("table", "what is sought when choosing among the interventions"),
    "figures": ("table", "catalogue figures that are different in this plan, by id"),
    "intervention": ("blocks", "what it does, one [[intervention]] block each"),
}
"""What stands at the top of a plan file."""

PLAN_KEYS: dict[str, tuple[str, bool, str]] = {
    "name": ("text", True, "what the plan is called, in tables and charts"),
    "title": ("text", False, "the title of its report; left out, the name"),
    "about": ("text", False, "what it is for, in a sentence or two"),
    "area": ("text", False, "an area by code or name, or a footprint file"),
    "start": ("year", False, "the first year in which it acts; left out, the base year's next"),
    "years": ("whole", False, f"how many years follow the base year, 1 to {MOST_YEARS} (20)"),
    "people": ("people", False, 'how many people are simulated, or "all"'),
    "draws": ("whole", False, "how many draws stand behind the intervals"),
    "seed": ("whole", False, "the seed of everything random"),
    "settlement": ("text", False, "the funding path that it is set against"),
    "comparator": ("text", False, 'what it is compared with: "baseline", or another plan\'s file'),
}
"""Every key of [plan]: its kind, whether it is needed, and what it says."""

INTERVENTION_KEYS: dict[str, tuple[str, bool, str]] = {**EXTRA_KEYS, **LIBRARY_KEYS}
"""Every key of [[intervention]]: those of the library, and the plan's own."""

_ID = re.compile(r"[a-z][a-z0-9_]{0,63}")
RANGES = {"years": (1, MOST_YEARS), "draws": (0, MOST_DRAWS), "seed": (0, MOST_SEED)}
_RESERVED = ("baseline", "comparator", "all", "total")


@dataclass(frozen=True)
class Plan:
    """A plan that has been read and checked.

    Attributes:
        name: what it is called; the arm of its tables.
        title, about: words; "" where none were given.
        area: the area as written, or None.
        start: the first year in which it acts.
        years: how many years follow the base year, or None where it does not say.
        people, draws, seed: how it is run; None where it does not say.
        settlement: id of the funding path, or None.
        comparator: "baseline", or the path of another plan file as written.
        limits: what it must keep within.
        figures: catalogue rows as the plan gives them, of layer "plan".
        interventions: what it does, in its order.
        last: the last year of its horizon.
        file: how messages name its file.
        document: the file's content as TOML gave it.
    """

    name: str
    title: str
    about: str
    area: str | None
    start: FinancialYear
    years: int | None
    people: int | str | None
    draws: int | None
    seed: int | None
    settlement: str | None
    comparator: str
    limits: Limits
    figures: tuple[Row, ...]
    interventions: tuple[Intervention, ...]
    last: FinancialYear
    file: str = ""
    document: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    lines: KeyLines | None = field(default=None, repr=False, compare=False)

    @property
    def rows(self) -> tuple[Row, ...]:
        """The catalogue rows that it brings: its figures, and those of its interventions.

        Lay them over the catalogue before running, so that they are drawn like any row.
        """
        own = [row for one in self.interventions for row in one.rows if row.layer == "plan"]
        return tuple({row.id: row for row in (*self.figures, *own)}.values())

    def intervention(self, identity: str) -> Intervention:
        """Gives the intervention of this id.

        Raises:
            PlanError: it has none of this id.
        """
        for one in self.interventions:
            if one.id == identity:
                return one
        ids = [one.id for one in self.interventions]
        raise PlanError(
            f'{self.file}: no intervention called "{identity}".{nearest(identity, ids)}'
        )

    @cached_property
    def canonical(self) -> dict[str, Any]:
        """Its content, without what does not count: order of keys, comments, ways to write."""
        from leftshift.plans.differences import canonical

        return canonical(self.document)

    @cached_property
    def identity(self) -> str:
        """SHA-256 of its canonical content, in hexadecimal.

        [prioritise] is left out: it says how to choose among the interventions, and what they do is
        the same whatever it says, so that a run made before still holds.
        """
        from leftshift.plans.differences import digest

        return digest({key: one for key, one in self.canonical.items() if key != "prioritise"})

    def line(self, *path: str | int) -> int:
        """The line of a key of its file, such as `line("plan", "area")`; 0 if it has no file."""
        return self.lines.of(*path) if self.lines is not None else 0


def read_plan(
    path: Path | str,
    catalogue: Catalogue,
    shown: str | None = None,
    years: int | None = None,
) -> Plan:
    """Reads and checks a plan file.

    Args:
        path: the file.
        catalogue: gives the library, and every id that a plan may name.
        shown: how messages name it; its path as given where it is None.
        years: how many years follow the base year where the plan does not say.

    Returns:
        The plan. Places are not yet known to be the area's: see `located`.

    Raises:
        PlanError: something is wrong; the message begins `file:line:`.
    """
    name = shown if shown is not None else str(path)
    document, lines = read_toml(Path(path), name, PlanError)
    return _Reader(document, lines, name, Known.of(catalogue), Path(path)).plan(years)


def read_text_plan(text: str, catalogue: Catalogue, shown: str, years: int | None = None) -> Plan:
    """Reads and checks the text of a plan file that is not written yet.

    Args:
        text: valid TOML.
        catalogue: gives the library, and every id that a plan may name.
        shown: how messages name it; a comparator is looked for beside it.
        years: how many years follow the base year where the plan does not say.

    Raises:
        PlanError: something is wrong; the message begins `file:line:`.
    """
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as problem:
        raise PlanError(f"{shown}: not valid TOML: {problem}.") from None
    reader = _Reader(document, KeyLines(text), shown, Known.of(catalogue), Path(shown))
    reader.text = text
    return reader.plan(years)


class _Reader:
    def __init__(
        self,
        document: Mapping[str, Any],
        lines: KeyLines,
        shown: str,
        known: Known,
        path: Path,
    ) -> None:
        self._document = document
        self._lines = lines
        self._shown = shown
        self._known = known
        self._path = path
        self.text: str | None = None

    def _wrong(self, said: str, *path: str | int) -> PlanError:
        return PlanError(f"{self._shown}:{self._lines.of(*path)}: {said}")

    @cached_property
    def _text_lines(self) -> list[str]:
        text = self.text
        if text is None:
            text = self._path.read_bytes().decode("utf-8-sig")
        return text.replace("\r\n", "\n").split("\n")

    def _column(self, line: int, text: str) -> int:
        """The column at which a text begins on a line, from 1; 0 where it is not as it stands."""
        return self._text_lines[line - 1].find(text) + 1 if line else 0

    def plan(self, years: int | None) -> Plan:
        document = self._document
        if not document:
            raise PlanError(
                f"{self._shown}:1: empty. Begin with [plan] and a name, or see an example: "
                "leftshift plan new"
            )
        self._only(document, TABLES)
        for key in ("plan", "limits", "prioritise", "figures"):
            if not isinstance(document.get(key, {}), dict):
                raise self._wrong(f"{key} must be a table: write [{key}].", key)
        head = document.get("plan", {})
        self._only(head, PLAN_KEYS, "plan")
        words = {key: self._text(head, key) for key in PLAN_KEYS if PLAN_KEYS[key][0] == "text"}
        if words["name"] is None:
            raise self._wrong('[plan] has no name. Give it one: name = "Left shift"', "plan")
        if plain(words["name"]) in _RESERVED or not plain(words["name"]):
            raise self._wrong(
                f'a plan cannot be called "{words["name"]}". Choose another name.', "plan", "name"
            )
        if len(words["name"]) > 80:
            raise self._wrong(
                "name is longer than 80 letters; title may be longer.", "plan", "name"
            )
        own_years = self._whole(head, "years")
        horizon = own_years or years or DEFAULT_YEARS
        base = self._known.base_year
        last = base + horizon
        start = self._start(head, base, last)
        settlement = words["settlement"]
        if settlement is not None and settlement not in self._known.settlements:
            raise self._wrong(
                f'no funding path called "{settlement}".'
                f"{nearest(settlement, self._known.settlements)} "
                f"Allowed: {listed(self._known.settlements, 20)}.",
                *("plan", "settlement"),
            )
        figures = read_figures(
            document.get("figures", {}), self._known, self._shown, self._lines.of
        )
        plan = Plan(
            words["name"],
            words["title"] or "",
            words["about"] or "",
            words["area"],
            start,
            own_years,
            self._people(head),
            self._whole(head, "draws"),
            self._whole(head, "seed"),
            settlement,
            self._comparator(words["comparator"]),
            read_limits(
                document.get("limits", {}),
                self._known,
                (start, last),
                self._shown,
                self._lines.of,
            ),
            figures,
            self._interventions(start, last, {row.id: row for row in figures}),
            last,
            self._shown,
            document,
            self._lines,
        )
        self._check_whole(plan)
        if document.get("prioritise"):
            # The rules are read of a plan, and so live in a module that imports this one.
            from leftshift.plans.prioritise_rules import read_rules

            read_rules(plan)
        return replace(plan, interventions=apart(plan.interventions, plan.figures))

    # [plan] -----------------------------------------------------------------------------------

    def _only(self, given: Mapping[str, Any], allowed: Iterable[str], *path: str | int) -> None:
        names = tuple(allowed)
        for key in given:
            if key not in names:
                where = f" in [{path[0]}]" if path else ""
                homes = [
                    f"[{'[' * (home == 'intervention')}{home}{']' * (home == 'intervention')}]"
                    for home, keys in (("plan", PLAN_KEYS), ("intervention", INTERVENTION_KEYS))
                    if key in keys and home not in path
                ]
                hint = f" It belongs under {homes[0]}." if homes else nearest(key, names)
                raise self._wrong(
                    f'nothing is called "{key}"{where}.{hint} Allowed: {listed(names, 40)}.',
                    *path,
                    key,
                )

    def _text(self, head: Mapping[str, Any], key: str) -> str | None:
        if key not in head:
            return None
        found = head[key]
        if not isinstance(found, str) or not found.strip() or not found.isprintable():
            raise self._wrong(f'{key} must be one line of text: {key} = "…".', "plan", key)
        if len(found) > 2000:
            raise self._wrong(f"{key} is longer than 2,000 letters. Make it shorter.", "plan", key)
        return found.strip()

    def _whole(self, head: Mapping[str, Any], key: str) -> int | None:
        if key not in head:
            return None
        low, high = RANGES[key]
        found = head[key]
        if isinstance(found, bool) or not isinstance(found, int) or not low <= found <= high:
            raise self._wrong(f"{key} must be a whole number from {low} to {high:,}.", "plan", key)
        return found

    def _people(self, head: Mapping[str, Any]) -> int | str | None:
        found = head.get("people")
        if found is None or found == "all":
            return found
        if isinstance(found, bool) or not isinstance(found, int) or not 1 <= found <= MOST_PEOPLE:
            raise self._wrong(
                f'people must be a whole number from 1 to {MOST_PEOPLE:,}, or "all".',
                *("plan", "people"),
            )
        return found

    def _start(
        self, head: Mapping[str, Any], base: FinancialYear, last: FinancialYear
    ) -> FinancialYear:
        if "start" not in head:
            return base + 1
        found = head["start"]
        try:
            start = FinancialYear(str(found))
        except QuantityError as problem:
            raise self._wrong(f"start: {problem}", "plan", "start") from None
        if not base < start <= last:
            raise self._wrong(
                f"start is {start}, outside the horizon: a plan acts from {base + 1} to {last} "
                f"(the base year is {base}; years is {int(last) - int(base)}).",
                *("plan", "start"),
            )
        return start

    def _comparator(self, found: str | None) -> str:
        if found is None or found == "baseline":
            return "baseline"
        where = ("plan", "comparator")
        if not found.casefold().endswith(".toml"):
            raise self._wrong(
                f'comparator is "{found}". Write "baseline", or the file of another plan, such as '
                '"slower.toml".',
                *where,
            )
        try:
            other = self._path.parent / found
            there, same = other.is_file(), other.resolve() == self._path.resolve()
        except (OSError, ValueError, RuntimeError):
            there, same = False, False
        if not there:
            raise self._wrong(
                f"comparator: no such plan file, {found!a}. Give its path from this file's folder.",
                *where,
            )
        if same:
            raise self._wrong("comparator is this plan itself. Name another one.", *where)
        return found

    # [[intervention]] -------------------------------------------------------------------------

    def _interventions(
        self, start: FinancialYear, last: FinancialYear, figures: Mapping[str, Row]
    ) -> tuple[Intervention, ...]:
        blocks = self._document.get("intervention", [])
        if not isinstance(blocks, list) or not all(isinstance(one, dict) for one in blocks):
            raise self._wrong(
                "interventions are written as [[intervention]] blocks, in double brackets.",
                "intervention",
            )
        if len(blocks) > MOST_INTERVENTIONS:
            raise self._wrong(
                f"{len(blocks)} interventions; one plan may have {MOST_INTERVENTIONS}.",
                *("intervention", MOST_INTERVENTIONS),
            )
        found: dict[str, Intervention] = {}
        for at, block in enumerate(blocks):
            self._only(block, INTERVENTION_KEYS, "intervention", at)
            identity = self._identity(block, at)
            if identity in found:
                raise self._wrong(
                    f"{identity} is already on line {found[identity].line}. To do the same thing "
                    "twice, give one of them its own id.",
                    *("intervention", at, "id" if "id" in block else "use"),
                )
            self._check_years(block.get("reach"), identity, at, start, last)

            def line_of(*rest: str | int, at: int = at) -> int:
                return self._lines.of("intervention", at, *rest)

            found[identity] = made(
                block,
                identity,
                self._known,
                figures,
                start,
                self._shown,
                line_of,
                self._column,
            )
        return tuple(found.values())

    def _identity(self, block: Mapping[str, Any], at: int) -> str:
        library = self._known.library
        for key in ("id", "use"):
            value = block.get(key, "x")
            if not isinstance(value, str) or _ID.fullmatch(value) is None:
                raise self._wrong(
                    f"{key} must be an id in snake_case, such as "
                    f'{key} = "{next(iter(library), "falls_classes")}".',
                    *("intervention", at, key),
                )
        use = block.get("use")
        if use is not None and use not in library:
            raise self._wrong(
                f'no intervention called "{use}" is in the library.{nearest(use, library)} '
                "List them with: leftshift catalogue intervention",
                *("intervention", at, "use"),
            )
        identity = block.get("id", use)
        if identity is None:
            raise self._wrong(
                "an intervention needs use (a library entry) or id (with every key in place).",
                *("intervention", at),
            )
        if use is None and identity in library:
            raise self._wrong(
                f'{identity} is in the library. To use it, write use = "{identity}"; to define '
                "another intervention in place, give it another id.",
                *("intervention", at, "id"),
            )
        return str(identity)

    def _check_years(
        self, reach: Any, identity: str, at: int, start: FinancialYear, last: FinancialYear
    ) -> None:
        if isinstance(reach, int | float) and not isinstance(reach, bool) and 1 < reach <= 100:
            raise self._wrong(
                f"{identity}: reach is {reach:g}, which is over 100%. Write a share from 0 to 1: "
                f"{reach / 100:g} for {reach:g}%.",
                *("intervention", at, "reach"),
            )
        for year, share in reach.items() if isinstance(reach, dict) else ():
            try:
                found = FinancialYear(year)
            except QuantityError:
                continue  # the library's reader says what is wrong with it
            if not start <= found <= last:
                raise self._wrong(
                    f"{identity}: reach in {found} is outside the horizon: the plan acts from "
                    f"{start} to {last}.",
                    *("intervention", at, "reach", year),
                )
            number = isinstance(share, int | float) and not isinstance(share, bool)
            if number and 1 < share <= 100:
                raise self._wrong(
                    f"{identity}: reach in {found} is {share:g}, which is over 100%. Write a share "
                    f"from 0 to 1: {share / 100:g} for {share:g}%.",
                    *("intervention", at, "reach", year),
                )

    # The plan as a whole ----------------------------------------------------------------------

    def _check_whole(self, plan: Plan) -> None:
        earlier: list[str] = []
        for one in plan.interventions:
            for name in one.who.reached:
                at = next(t.at for t in one.who.tests if t.names == (name,))
                if name not in earlier:
                    ids = [other.id for other in plan.interventions]
                    later = f"{name} comes later in the plan, or is this one: move it up."
                    raise one.who.wrong(
                        at,
                        later
                        if name in ids
                        else f'the plan has no intervention called "{name}".{nearest(name, ids)} '
                        f"Earlier ones: {listed(earlier, 20)}.",
                    )
            earlier.append(one.id)
        round_ = circle(plan.interventions)
        if round_:
            (owner, first), *_ = round_
            ways = ", ".join(f"{swap.source} to {swap.to} ({one.id})" for one, swap in round_)
            raise PlanError(
                f"{first.file}:{first.line}: circular swap in {owner.id}: {ways}. What has left a "
                "service cannot come back to it. Take one of them out."
            )
