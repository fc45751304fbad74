"""What a board's run found: options side by side, duties at risk, money, people, place and time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import polars as pl

from leftshift.report.findings import Findings
from leftshift.runs import Run

__all__ = ["NOW", "BoardFindings", "Row", "big", "exact", "gain", "pounds", "wte"]

Row = dict[str, Any]

NOW = ""
"""The option that stands for how things are: nothing is changed."""

_ACTIONS = {
    "keep": "kept as it is",
    "reduce": "reduced",
    "share": "shared in a cluster",
    "transfer": "transferred",
    "at_scale": "done at scale",
    "stop": "stopped",
    "digitise": "digitised",
}
_HOLDERS = {
    "region": "the region",
    "cluster": "the cluster",
    "at_scale": "a service shared by several boards",
    "provider": "a provider",
    "local_authority": "the council",
    "board": "the board",
    "nobody": "nobody any more",
}


def pounds(value: float | None) -> str:
    """Money as people say it: £1.24m, £450,000, −£2.0m."""
    if value is None:
        return "not shown"
    sign = "−" if round(value) < 0 else ""
    size = abs(value)
    if size >= 999_500:
        return f"{sign}£{size / 1e6:,.2f}m" if size < 9.995e6 else f"{sign}£{size / 1e6:,.1f}m"
    if size >= 10_000:
        return f"{sign}£{round(size, -3):,.0f}"
    return f"{sign}£{size:,.0f}"


def gain(value: float | None) -> str:
    """Money with its sign: +£1.2m, −£2.0m."""
    text = pounds(value)
    return text if value is None or value <= 0 else f"+{text}"


def big(value: float) -> str:
    """Pounds in millions, one place: for axes and cards."""
    return f"{'−' if value < 0 else ''}£{abs(value) / 1e6:,.1f}m"


def exact(value: float) -> str:
    """Pounds and pence: for money a head."""
    return f"{'−' if value < 0 else ''}£{abs(value):,.2f}"


def wte(value: float) -> str:
    """Whole-time equivalents, one place."""
    return f"{'−' if round(value, 1) < 0 else ''}{abs(value):,.1f}"


class BoardFindings(Findings):
    """What the report of a board takes out of its run's tables.

    Args:
        run: a run of the organisation room.
    """

    def __init__(self, run: Run) -> None:
        # Not the outlook's: a board's run has no summary of people and arms of its own.
        self.run = run
        self.about = dict(run.about)
        self.tables = set(run.tables)
        self.area = dict(self.about.get("area") or {})
        self.board = str(self.about.get("board") or self.area.get("name") or "This board")
        self.area_name = str(self.area.get("name") or self.board)
        self.years = [str(label) for label in self.about.get("labels") or []]
        if not self.years:
            self.years = sorted(set(run.table("options")["year"].to_list()))
        self.now, self.end = self.years[0], self.years[-1]
        self.draws = int(self.about.get("draws") or 0)
        self.has_intervals = self.draws > 0
        self.synthetic = bool(self.about.get("synthetic"))

    def rows(self, table: str, **where: Any) -> list[Row]:
        """Rows of a table that hold these values; none where the run has no such table."""
        if table not in self.tables:
            return []
        frame = self._frame(table)
        for column, value in where.items():
            if isinstance(value, list | tuple | set):
                frame = frame.filter(pl.col(column).is_in(list(value)))
            else:
                frame = frame.filter(pl.col(column) == value)
        return frame.to_dicts()

    @cached_property
    def _frames(self) -> dict[str, pl.DataFrame]:
        return {}

    def _frame(self, table: str) -> pl.DataFrame:
        if table not in self._frames:
            self._frames[table] = self.run.table(table)
        return self._frames[table]

    @cached_property
    def options(self) -> list[Row]:
        """Every option, in order: option, name, note."""
        found = sorted(self.rows("option_names"), key=lambda r: (r["order"], r["option"]))
        if found:
            return found
        return [
            {"option": o["id"], "name": o["name"], "note": "", "order": i}
            for i, o in enumerate(self.about.get("options") or [])
        ]

    @cached_property
    def doing(self) -> set[str]:
        """Keys of the options that change something."""
        return {r["option"] for r in self.rows("options") if r["action"] != "keep"}

    @cached_property
    def changed(self) -> list[Row]:
        """Options that change something; all of them where none does."""
        return [o for o in self.options if o["option"] in self.doing] or self.options

    def option_name(self, option: str) -> str:
        """What people call an option."""
        return next((str(o["name"]) for o in self.options if o["option"] == option), option)

    @cached_property
    def short(self) -> dict[str, str]:
        """Names of options short enough to stand at the end of a line, each its own."""
        found: dict[str, str] = {}
        for option in self.options:
            name = str(option["name"]).split(":")[0].strip()
            if len(name) > 24 or name in found.values():
                key = str(option["option"]).replace("_", " ")
                name = key[:1].upper() + key[1:24]
            found[option["option"]] = name
        return found

    @cached_property
    def function_names(self) -> dict[str, str]:
        """Names of functions by key."""
        return {r["function"]: r["name"] for r in self.rows("functions")}

    @cached_property
    def duty_names(self) -> dict[str, str]:
        """Labels of duties by key."""
        return {r["duty"]: r["label"] for r in self.rows("duty_register")}

    def money(self, option: str, measure: str, year: str) -> float | None:
        """One figure of board_money; None where there is none."""
        return self._money.get((option, measure, year))

    @cached_property
    def _money(self) -> dict[tuple[str, str, str], float]:
        return {
            (r["option"], r["measure"], r["year"]): r["value"] for r in self.rows("board_money")
        }

    def staff(self, option: str, measure: str, year: str = "") -> Row | None:
        """One row of redundancy; None where there is none."""
        found = self.rows("redundancy", option=option, measure=measure, year=year)
        return found[0] if found else None

    def returned(
        self, option: str, measure: str, scenario: str = "absorbed", view: str = "public"
    ) -> Row | None:
        """One row of returns; the hardest scenario and the public purse where none is named."""
        found = self.rows("returns", option=option, measure=measure)
        for row in found:
            if scenario in ("", row["scenario"]) and view in ("", row["view"]):
                return row
        return None

    @cached_property
    def scenarios(self) -> list[str]:
        """Funding scenarios in the order of how kind they are."""
        known = ("central", "overspend", "absorbed")
        there = {r["scenario"] for r in self.rows("funding")}
        return [s for s in known if s in there] + sorted(there - set(known))

    def short_duties(self, option: str) -> list[Row]:
        """Duties below their minimum in an option, in the year in which each is shortest."""
        worst: dict[str, Row] = {}
        for row in self.rows("duties", option=option, below=True):
            held = worst.get(row["duty"])
            if held is None or row["gap"] > held["gap"]:
                worst[row["duty"]] = row
        return sorted(worst.values(), key=lambda r: (-r["gap"], r["duty"]))

    def functions_changed(self, option: str) -> list[Row]:
        """What happens to each function that changes: in its last year, with its first year."""
        first: dict[str, str] = {}
        for row in self.rows("options", option=option):
            if row["action"] != "keep":
                first[row["function"]] = min(first.get(row["function"], row["year"]), row["year"])
        rows = [
            {**r, "since": first[r["function"]], "name": self.name_of(r["function"])}
            for r in self.rows("options", option=option, year=self.end)
            if r["function"] in first
        ]
        return sorted(rows, key=lambda r: (-r["saving_board"], r["function"]))

    def name_of(self, function: str) -> str:
        """What people call a function."""
        return str(self.function_names.get(function, function.replace("_", " ").capitalize()))

    def moved_without_saving(self, option: str, year: str | None = None) -> float:
        """Pounds a year that leave the board and are spent by somebody else instead."""
        rows = self.rows("options", option=option, year=year or self.end)
        return float(sum(r["cost_moved"] for r in rows))

    def place_loss(self, option: str, year: str | None = None) -> tuple[float, float]:
        """WTE and pounds that places lose altogether in the last year."""
        rows = self.rows("place_losses", option=option, year=year or self.end, place="")
        return (
            float(sum(r["wte_before"] - r["wte_after"] for r in rows)),
            float(sum(r["money_before"] - r["money_after"] for r in rows)),
        )

    def at_level(self, option: str, year: str) -> dict[str, tuple[float, float]]:
        """WTE and pounds by level, in one option and year."""
        found: dict[str, tuple[float, float]] = {}
        for row in self.rows("levels", option=option, year=year):
            people, money = found.get(row["level"], (0.0, 0.0))
            found[row["level"]] = (people + row["wte"], money + row["money"])
        return found

    @staticmethod
    def action(text: str) -> str:
        """What is done to a function, in words."""
        return " and ".join(_ACTIONS.get(part, part) for part in text.split("+"))

    @staticmethod
    def holder(text: str) -> str:
        """Who takes something up, in words."""
        parts = [part for part in text.replace("+", ";").split(";") if part]
        return ", ".join(_HOLDERS.get(part.strip(), part.strip()) for part in parts)

    def spread(self, row: Row | None, write: Any = pounds) -> str:
        """The interval of a row in words; "" where it has none."""
        if row is None or row.get("lower") is None or row.get("upper") is None:
            return ""
        if row["lower"] == row["upper"] == row["value"]:
            return ""
        return f"{write(row['lower'])} to {write(row['upper'])}"


def listed_words(items: Sequence[str]) -> str:
    """Joins items as a sentence does; "none" where there are none."""
    if not items:
        return "none"
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1]
