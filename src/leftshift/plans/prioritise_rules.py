"""Reading [prioritise] of a plan file: what is sought, and what a choice has to keep to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from leftshift.errors import PlanError, QuantityError, listed, nearest
from leftshift.plans.files import Plan
from leftshift.plans.limits import Schedule, schedule
from leftshift.quantities import FinancialYear

__all__ = [
    "AIMS",
    "MOST_AVERSION",
    "MOST_REDRAWS",
    "PRIORITISE_KEYS",
    "SHIFTS",
    "Rules",
    "read_rules",
]

AIMS: Final[dict[str, str]] = {
    "health": "most health: QALYs, later years discounted",
    "equity": "most health, where a QALY of more deprived people counts more",
    "gap": "the least funding gap, counted in money that can be had",
}
"""What a choice may be made for."""

SHIFTS: Final = ("hospital_to_community", "analogue_to_digital", "sickness_to_prevention")

PRIORITISE_KEYS: Final[dict[str, tuple[str, bool, str]]] = {
    "aim": ("aim", False, 'what is sought: "health" (left out), "equity" or "gap"'),
    "aversion": ("number", False, "aversion to inequality (Atkinson) of aim equity, 0 to 30"),
    "required": ("ids", False, "interventions that have to be done, as duties of law are"),
    "exclusive": ("groups", False, "lists of interventions of which at most one may be done"),
    "all_or_nothing": ("ids", False, "interventions done at full reach or not; true: all of them"),
    "smallest": ("sizes", False, "the least share of its reach at which one is worth doing, by id"),
    "latest": ("year", False, "the latest year in which an intervention may begin"),
    "starts": ("years", False, "years in which one may begin, by id; beats latest"),
    "floor_new": ("shares", False, "the least share of new spend that a shift gets, by shift"),
    "reinvest": ("yes/no", False, "whether money released may be spent beside new_spend"),
    "budgets": ("numbers", False, "points of the frontier, as shares of new_spend"),
    "draws": ("whole", False, "draws for which the choice is made again (25)"),
}
"""Every key of [prioritise]: its kind, whether it is needed, and what it says."""

#: Less than a hundredth of an intervention's reach is none of it.
SMALLEST: Final = 0.01
_LATEST: Final = 4
_DRAWS: Final = 25
MOST_REDRAWS: Final = 1_000
MOST_AVERSION: Final = 30.0
_BUDGETS: Final = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.25, 1.5, 2.0)


@dataclass(frozen=True)
class Rules:
    """What is sought, and what a choice has to keep to beside the plan's limits.

    Attributes:
        aim: one of `AIMS`.
        aversion: Atkinson aversion to inequality; None: what was found among the public.
        required: ids that have to be done, at full reach where `smallest` says no less.
        exclusive: groups of ids of which at most one may be done.
        all_or_nothing: ids done at full reach or not at all.
        smallest: least size by id, 0 to 1; those left out may be as small as `SMALLEST`.
        delays: by id, how many years after the plan's start it may begin.
        floor_new: least share of new spend by shift.
        reinvest: whether cash released counts as room for spend in the same year.
        budgets: points of the frontier, as shares of the limit on new spend.
        draws: how many draws the choice is made again for.
    """

    aim: str = "health"
    aversion: float | None = None
    required: tuple[str, ...] = ()
    exclusive: tuple[tuple[str, ...], ...] = ()
    all_or_nothing: tuple[str, ...] = ()
    smallest: Mapping[str, float] = field(default_factory=dict)
    delays: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    floor_new: Mapping[str, Schedule] = field(default_factory=dict)
    reinvest: bool = False
    budgets: tuple[float, ...] = _BUDGETS
    draws: int = _DRAWS

    def least(self, identity: str) -> float:
        """The smallest size of an intervention that is done at all."""
        if identity in self.all_or_nothing:
            return 1.0
        return max(self.smallest.get(identity, SMALLEST), SMALLEST)

    def starts(self, identity: str) -> tuple[int, ...]:
        """Years after the plan's start in which it may begin."""
        return self.delays.get(identity, (0,))


def read_rules(
    plan: Plan,
    aim: str | None = None,
    required: Iterable[str] = (),
    latest: str | None = None,
    draws: int | None = None,
) -> Rules:
    """Reads [prioritise] of a plan that has been read; what is given besides beats it.

    Args:
        plan: the plan.
        aim: one of `AIMS`, or None for what the plan says.
        required: further ids that have to be done.
        latest: the latest year in which an intervention may begin.
        draws: how many draws the choice is made again for.

    Raises:
        PlanError: with file and line, where something is wrong.
    """
    if not plan.interventions:
        raise PlanError(
            f"{plan.file}: there are no candidates to choose from. Give each as an "
            "[[intervention]] block."
        )
    reader = _Reader(plan)
    rules = reader.rules()
    if aim is not None:
        rules = replace(rules, aim=reader.aim(aim, "--aim"))
    more = [reader.known(one, "--require") for one in required]
    rules = replace(rules, required=tuple(dict.fromkeys((*rules.required, *more))))
    if latest is not None:
        last = reader.year(latest, "--latest: ")
        rules = replace(rules, delays={one: reader.until(last) for one in reader.ids})
    if draws is not None:
        if not 0 <= draws <= MOST_REDRAWS:
            raise PlanError(f"--redraws must be a whole number from 0 to {MOST_REDRAWS:,}.")
        rules = replace(rules, draws=draws)
    _agree(plan, rules, reader)
    return rules


class _Reader:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.ids = tuple(one.id for one in plan.interventions)
        self.given = plan.document.get("prioritise", {})
        if not isinstance(self.given, Mapping):
            raise self.wrong("prioritise must be a table: write [prioritise].")

    def wrong(self, said: str, *path: str | int) -> PlanError:
        return PlanError(f"{self.plan.file}:{self.plan.line('prioritise', *path)}: {said}")

    def rules(self) -> Rules:
        given = self.given
        for key in given:
            if key not in PRIORITISE_KEYS:
                raise self.wrong(
                    f'nothing is called "{key}" in [prioritise].{nearest(key, PRIORITISE_KEYS)} '
                    f"Allowed: {listed(PRIORITISE_KEYS, 20)}.",
                    key,
                )
        found: dict[str, Any] = {"delays": self._delays()}
        if "aim" in given:
            found["aim"] = self.aim(given["aim"], self._where("aim"))
        if "aversion" in given:
            found["aversion"] = self._number("aversion", given["aversion"], MOST_AVERSION)
        if "required" in given:
            found["required"] = self._ids("required", given["required"])
        if "exclusive" in given:
            found["exclusive"] = self._groups()
        if "all_or_nothing" in given:
            every = given["all_or_nothing"]
            found["all_or_nothing"] = (
                (self.ids if every else ())
                if isinstance(every, bool)
                else self._ids("all_or_nothing", every)
            )
        if "smallest" in given:
            found["smallest"] = self._sizes()
        if "floor_new" in given:
            found["floor_new"] = self._floors()
        if "reinvest" in given:
            if not isinstance(given["reinvest"], bool):
                raise self.wrong("reinvest must be true or false.", "reinvest")
            found["reinvest"] = given["reinvest"]
        if "budgets" in given:
            found["budgets"] = self._budgets()
        if "draws" in given:
            many = given["draws"]
            whole = isinstance(many, int) and not isinstance(many, bool)
            if not whole or not 0 <= many <= MOST_REDRAWS:
                raise self.wrong(
                    f"draws must be a whole number from 0 to {MOST_REDRAWS:,}.", "draws"
                )
            found["draws"] = many
        return Rules(**found)

    def _where(self, *path: str | int) -> str:
        return f"{self.plan.file}:{self.plan.line('prioritise', *path)}: {path[0]}"

    def aim(self, value: Any, where: str) -> str:
        if not isinstance(value, str) or value not in AIMS:
            raise PlanError(
                f'{where}: no aim called "{str(value)[:60]}".{nearest(str(value), AIMS)} '
                f"Allowed: {listed(AIMS)}."
            )
        return value

    def known(self, value: Any, where: str) -> str:
        if not isinstance(value, str) or value not in self.ids:
            raise PlanError(
                f'{where}: the plan has no intervention called "{str(value)[:60]}".'
                f"{nearest(str(value), self.ids)} It has: {listed(self.ids, 20)}."
            )
        return value

    def _number(self, name: str, value: Any, most: float, *path: str | int) -> float:
        good = isinstance(value, int | float) and not isinstance(value, bool)
        if not good or not 0.0 <= value <= most:
            raise self.wrong(f"{name} must be a number from 0 to {most:g}.", *(path or (name,)))
        return float(value)

    def _ids(self, key: str, value: Any, *path: str | int) -> tuple[str, ...]:
        where = (key, *path)
        if not isinstance(value, list) or not value:
            raise self.wrong(f'{key} must be a list of ids: ["{self.ids[0]}"].', *where)
        return tuple(dict.fromkeys(self.known(one, self._where(*where)) for one in value))

    def _table(self, key: str, example: str) -> Mapping[str, Any]:
        value = self.given[key]
        if not isinstance(value, Mapping):
            raise self.wrong(f"{key} must be a table: {key} = {{ {example} }}.", key)
        return value

    def _groups(self) -> tuple[tuple[str, ...], ...]:
        value = self.given["exclusive"]
        if not isinstance(value, list) or not all(isinstance(one, list) for one in value):
            raise self.wrong('exclusive must be a list of lists: [["a", "b"]].', "exclusive")
        found = tuple(self._ids("exclusive", one) for one in value)
        for group in found:
            if len(group) < 2:
                raise self.wrong(
                    f"exclusive: {listed(group)} stands alone. A group needs two or more.",
                    "exclusive",
                )
        return found

    def _sizes(self) -> dict[str, float]:
        value = self.given["smallest"]
        if not isinstance(value, Mapping):
            every = self._number("smallest", value, 1.0)
            return dict.fromkeys(self.ids, every)
        return {
            self.known(name, self._where("smallest", name)): self._number(
                f"smallest: {name}", size, 1.0, "smallest", name
            )
            for name, size in value.items()
        }

    def _floors(self) -> dict[str, Schedule]:
        found = {}
        for name, value in self._table("floor_new", f"{SHIFTS[2]} = 0.2").items():
            if name not in SHIFTS:
                raise self.wrong(
                    f'floor_new: no shift called "{name}".{nearest(name, SHIFTS)} '
                    f"Allowed: {listed(SHIFTS)}.",
                    *("floor_new", name),
                )
            found[name] = schedule(
                value,
                ("prioritise", "floor_new", name),
                (self.plan.start, self.plan.last),
                1.0,
                self.plan.file,
                self._line_of,
            )
        for year in sorted({y for one in found.values() for y, _ in one.points}):
            total = sum(one.of(year) or 0.0 for one in found.values())
            if total > 1.0 + 1e-9:
                raise self.wrong(
                    f"floor_new comes to {total:.0%} of new spend in {year}. Together the shares "
                    "can be at most all of it.",
                    "floor_new",
                )
        return found

    @property
    def _line_of(self) -> Callable[..., int]:
        return self.plan.line

    def _budgets(self) -> tuple[float, ...]:
        value = self.given["budgets"]
        if not isinstance(value, list) or not value or len(value) > 100:
            raise self.wrong("budgets must be a list of 1 to 100 shares: [0.5, 1, 2].", "budgets")
        return tuple(sorted({self._number("budgets", one, 1_000.0) for one in value}))

    def year(self, value: Any, where: str) -> FinancialYear:
        try:
            year = FinancialYear(value if isinstance(value, str) else "")
        except QuantityError as problem:
            raise PlanError(f"{where}{problem}") from None
        if not self.plan.start <= year <= self.plan.last:
            raise PlanError(
                f"{where}{year} is outside the horizon: the plan acts from {self.plan.start} to "
                f"{self.plan.last}."
            )
        return year

    def until(self, last: FinancialYear) -> tuple[int, ...]:
        return tuple(range(int(last) - int(self.plan.start) + 1))

    def _delays(self) -> dict[str, tuple[int, ...]]:
        room = int(self.plan.last) - int(self.plan.start)
        every = tuple(range(min(_LATEST, room) + 1))
        if "latest" in self.given:
            every = self.until(self.year(self.given["latest"], f"{self._where('latest')}: "))
        found = dict.fromkeys(self.ids, every)
        if "starts" not in self.given:
            return found
        for name, years in self._table("starts", f'{self.ids[0]} = ["{self.plan.start}"]').items():
            where = self._where("starts", name)
            self.known(name, where)
            if not isinstance(years, list) or not years:
                raise PlanError(f'{where}: {name} must be a list of years: ["{self.plan.start}"].')
            read = {self.year(one, f"{where}: {name}: ") for one in years}
            found[name] = tuple(sorted(int(one) - int(self.plan.start) for one in read))
        return found


def _agree(plan: Plan, rules: Rules, reader: _Reader) -> None:
    """Refuses what no choice could keep to, whatever it costs."""
    for group in rules.exclusive:
        both = [one for one in group if one in rules.required]
        if len(both) > 1:
            raise reader.wrong(
                f"{both[0]} and {both[1]} are both required, and exclusive says that only one of "
                "them may be done. Take one of them out of either.",
                *(("exclusive",) if "exclusive" in reader.given else ()),
            )
