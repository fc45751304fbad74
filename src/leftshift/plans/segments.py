"""People by segment, year by year, from a board's own table of moves between segments.

One year takes away its deaths, moves the survivors by the transition table, then adds births and
net migration:

    N[t + 1] = (N[t] - deaths[t]) T[t] + births[t] + net_migration[t]

The order, and that fixed shares split what flows in and out, are those of the Dynamic Population
Model of Bristol, North Somerset and South Gloucestershire (github.com/nhs-bnssg-analytics/dpm,
`run_dpm`). Nothing here is simulated or drawn: the same files always give the same figures.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from leftshift.errors import PlanError, SettingError, listed, nearest
from leftshift.plans.segments_files import EVENTS, SHARES_SUM, Files, read

if TYPE_CHECKING:
    import polars

__all__ = ["DEATHS", "MOST_YEARS", "Outcome", "Scale", "SegmentModel", "load", "project", "tables"]

DEATHS = ("shares", "scaled-rates", "rates")
MOST_YEARS = 200
_MOST_CELLS = 5_000_000
_WHOLE = re.compile(r"\d{1,4}")
_FACTOR = re.compile(r"(\d+(\.\d*)?|\.\d+)([eE][-+]?\d{1,2})?")
#: What rounding may leave of what ought to be nothing, of the people in all.
_ROUNDING = 1e-12

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """One transition made larger or smaller for some years; who does not move stays.

    Attributes:
        start, end: segments.
        factor: what the share is multiplied by; 0 or more.
        first, last: the years of which, both included; counted as in flows.csv.
    """

    start: str
    end: str
    factor: float
    first: int
    last: int

    def __str__(self) -> str:
        """As `--scale` takes it."""
        names = [
            '"' + one.replace('"', '""') + '"' if "," in one or '"' in one else one
            for one in (self.start, self.end)
        ]
        factor = repr(self.factor).removesuffix(".0")
        return ",".join([*names, factor, str(self.first), str(self.last)])

    @classmethod
    def parse(cls, text: str, segments: Sequence[str]) -> Scale:
        """Reads FROM,TO,FACTOR,START,END.

        Args:
            text: such as "CS1,CS2,0.9,2026,2030".
            segments: those there are.

        Raises:
            SettingError: it is none, and why.
        """
        said = f'--scale "{text[:80]}"' if text.isprintable() else "--scale"
        like = f"{segments[0]},{segments[-1]},0.9,1,5"
        try:
            parts = [one.strip() for one in next(csv.reader([text], strict=True), [])]
        except (csv.Error, StopIteration):
            parts = []
        if len(parts) != 5:
            raise SettingError(f"{said} must be FROM,TO,FACTOR,START,END, such as {like}.")
        start, end, factor, first, last = parts
        for name in (start, end):
            if name not in segments:
                shown = name[:80] if name.isprintable() else ascii(name[:80])[1:-1]
                raise SettingError(
                    f'{said}: no segment called "{shown}".{nearest(name, segments)} Segments: '
                    f"{listed(segments)}."
                )
        if start == end:
            raise SettingError(
                f"{said}: from {start} to {start} is staying, which takes up what the scaled move "
                "leaves. Scale the moves away from it instead."
            )
        if not _FACTOR.fullmatch(factor) or len(factor) > 40:
            raise SettingError(f"{said}: FACTOR must be a number of 0 or more, not {factor!a}.")
        if not _WHOLE.fullmatch(first) or not _WHOLE.fullmatch(last):
            raise SettingError(
                f"{said}: START and END must be whole years, counted as in flows.csv."
            )
        made = cls(start, end, float(factor), int(first), int(last))
        if made.first > made.last:
            raise SettingError(f"{said}: START {first} is after END {last}. Write them in order.")
        return made


@dataclass(frozen=True, eq=False)
class SegmentModel:
    """A board's segment model, checked.

    Attributes:
        files: the rows as they were read.
        segments: names, in the order of segments.csv.
        people: [S] people at the start.
        first: the year, as flows.csv counts them, of the first step.
        shares: share of each event by segment, [S], summing to 1.
        measures: names, in the order of use.csv.
        use: [S, M] value per person per year.
    """

    files: Files
    segments: tuple[str, ...]
    people: Array
    first: int
    shares: Mapping[str, Array]
    measures: tuple[str, ...]
    use: Array

    def moves(self, year: int) -> Array:
        """Gives the transition table of a year.

        A year's own rows stand in place of those without a year, in that year alone. Where no row
        is without a year, a table holds until the year of the next.

        Args:
            year: as flows.csv counts them.

        Returns:
            [S, S] shares from (rows) and to (columns); rows sum to 1.

        Raises:
            PlanError: the shares of a segment do not sum to 1.
        """
        general = self._general
        if None not in self._rows:
            earlier = [one for one in self._rows if one is not None and one <= year]
            if not earlier:
                first = min(one for one in self._rows if one is not None)
                raise PlanError(
                    f"{self.files.folder / 'transitions.csv'}: no table for the year {year}, where "
                    f"the first step is; the earliest is of {first}. Leave the year of rows empty "
                    "that hold for every year."
                )
            year = max(earlier)
        table = general.copy()
        if year in self._rows:
            own = self._table(year)
            table = own.copy()
            # All of a segment's moves are given for the year, or only those that change.
            partly = np.abs(own.sum(axis=1) - 1.0) > SHARES_SUM
            table[partly] = general[partly]
            for i, j, share in self._rows[year]:
                table[i, j] = share
        sums = table.sum(axis=1)
        for i in map(int, np.flatnonzero(np.abs(sums - 1.0) > SHARES_SUM)):
            own_rows = year in self._rows
            raise PlanError(self._not_one(self.segments[i], float(sums[i]), year, own_rows))
        made: Array = table / sums[:, None]
        return made

    @cached_property
    def _rows(self) -> dict[int | None, list[tuple[int, int, float]]]:
        place = {name: i for i, name in enumerate(self.segments)}
        made: dict[int | None, list[tuple[int, int, float]]] = {}
        for (year, start, end), share in self.files.moves.items():
            made.setdefault(year, []).append((place[start], place[end], share))
        return made

    @cached_property
    def _general(self) -> Array:
        return self._table(None)

    def _table(self, year: int | None) -> Array:
        made = np.zeros((len(self.segments), len(self.segments)))
        for i, j, share in self._rows.get(year, ()):
            made[i, j] = share
        return made

    def _not_one(self, segment: str, total: float, year: int, own: bool) -> str:
        keys = [one for one in self.files.moves if one[1] == segment]
        file = self.files.folder / "transitions.csv"
        if not keys:
            return (
                f"{file}: no rows from segment {segment}. Say where its people are a year later; "
                f"{segment},{segment},1 where all stay."
            )
        dated = [one for one in keys if one[0] == year]
        line = self.files.lines["transitions.csv", dated[0] if dated else keys[0]]
        when = f" in the year {year}" if own else ""
        return (
            f"{file}:{line}: the shares from segment {segment}{when} sum to {total:.9g}, and must "
            "sum to 1: whoever does not move has a share, too, of staying."
        )

    def flow(self, event: str, year: int) -> float:
        """People of an event in a year; the last year given holds for those after it."""
        given = self.files.flows
        years = [one for name, one in given if name == event]
        return given[event, min(year, max(years))] if years else 0.0


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a segment model gives.

    Attributes:
        model: of which.
        years: number of steps, Y.
        people: [Y + 1, S] people at each year; row 0 as given.
        flows: [Y, S] people by event; row t between year t and t + 1.
        use: [Y + 1, S, M] use in each year.
        warnings: what a reader should know.
    """

    model: SegmentModel
    years: int
    people: Array
    flows: Mapping[str, Array]
    use: Array
    warnings: tuple[str, ...]


def load(folder: str | Path) -> SegmentModel:
    """Reads and checks a segment model.

    Args:
        folder: holds its five files; see `segments_files.read`.

    Returns:
        The model.

    Raises:
        PlanError: something in the files is wrong; the file and line are named.
    """
    files = read(folder)
    names = tuple(files.segments)
    measures = tuple(dict.fromkeys(measure for _, measure in files.use))
    use = np.zeros((len(names), len(measures)))
    for j, measure in enumerate(measures):
        for i, name in enumerate(names):
            if (name, measure) not in files.use:
                raise PlanError(
                    f"{files.folder / 'use.csv'}: no {measure} of segment {name}. Write 0 where it "
                    "uses none."
                )
            use[i, j] = files.use[name, measure]
    return SegmentModel(
        files,
        names,
        np.array(list(files.segments.values())),
        _first_year(files),
        {event: _event_shares(files, event, names) for event in EVENTS},
        measures,
        use,
    )


def _first_year(files: Files) -> int:
    file = files.folder / "flows.csv"
    first = min(year for _, year in files.flows)
    for event in EVENTS:
        years = {year for name, year in files.flows if name == event}
        if not years:
            files.warnings.append(f"{file}: no {event}, so there are none in any year.")
            continue
        missing = [one for one in range(first, max(years)) if one not in years]
        if missing:
            raise PlanError(
                f"{file}: no {event} in the year {missing[0]}, though there are in {max(years)}. "
                "Write 0 where there are none."
            )
    return first


def _event_shares(files: Files, event: str, names: Sequence[str]) -> Array:
    shares = np.array([files.shares.get((event, name), 0.0) for name in names])
    given = [key for key in files.shares if key[0] == event]
    if not given and not any(v for (name, _), v in files.flows.items() if name == event):
        return shares
    file = files.folder / "flow_shares.csv"
    if not given:
        raise PlanError(
            f"{file}: no shares of {event}. Say what share of them each segment has; they sum to 1."
        )
    total = math.fsum(shares)
    if abs(total - 1.0) > SHARES_SUM:
        line = files.lines["flow_shares.csv", given[0]]
        raise PlanError(
            f"{file}:{line}: the shares of {event} sum to {total:.9g} over segments, and must sum "
            "to 1."
        )
    made: Array = shares / total
    return made


# --- year by year ---------------------------------------------------------------------------------


def project(
    model: SegmentModel, years: int, deaths: str = "shares", scales: Sequence[Scale] = ()
) -> Outcome:
    """Takes a segment model through years.

    Args:
        model: the model.
        years: number of steps, 1 to 200.
        deaths: how a year's deaths are split. "shares": the year's total by the shares of
            flow_shares.csv. "rates": each segment's rate in the first year (its share of that
            year's deaths, over its people at the start) times its people, whatever the year's
            total. "scaled-rates": the same, scaled so that they sum to the year's total.
        scales: transitions made larger or smaller, in order; the difference stays where it was.

    Returns:
        People, flows and use by year.

    Raises:
        SettingError: an argument is not allowed.
        PlanError: the files cannot be carried through: a segment would have fewer people than 0.
    """
    if isinstance(years, bool) or not isinstance(years, int) or not 1 <= years <= MOST_YEARS:
        raise SettingError(f"--years must be a whole number from 1 to {MOST_YEARS}, not {years}.")
    if deaths not in DEATHS:
        raise SettingError(
            f'--deaths must be one of {", ".join(DEATHS)}, not "{deaths}".{nearest(deaths, DEATHS)}'
        )
    cells = (years + 1) * model.use.size
    if cells > _MOST_CELLS:
        raise PlanError(
            f"{model.files.folder / 'use.csv'}: {years + 1} years of {len(model.segments)} "
            f"segments and {len(model.measures)} measures are {cells:,} figures: too many. Ask "
            f"for fewer years or measures; {_MOST_CELLS:,} are allowed."
        )
    warnings = [*model.files.warnings, *_later(model, years, deaths)]
    warnings += _scale_warnings(model, years, scales)
    rates = _base_rates(model) if deaths != "shares" else None
    people = np.zeros((years + 1, len(model.segments)))
    people[0] = model.people
    flows = {event: np.zeros((years, len(model.segments))) for event in EVENTS}
    idle = set(scales)
    for t in range(years):
        year = model.first + t
        moves = model.moves(year)
        for scale in scales:
            if scale.first <= year <= scale.last and _scaled(model, moves, scale, year):
                idle.discard(scale)
        dying = _dying(model, people[t], year, deaths, rates)
        people[t + 1] = (people[t] - dying) @ moves
        flows["deaths"][t] = dying
        for event in ("births", "net_migration"):
            flows[event][t] = model.flow(event, year) * model.shares[event]
            people[t + 1] += flows[event][t]
        _none_below_nothing(model, people[t + 1], flows["net_migration"][t], year)
    for scale in (one for one in scales if one in idle and one.first < model.first + years):
        if scale.last >= model.first:
            warnings.append(
                f"--scale {scale} changes nothing: no one moves from {scale.start} to {scale.end}."
            )
    use = people[:, :, None] * model.use[None]
    return Outcome(model, years, people, flows, use, tuple(dict.fromkeys(warnings)))


def _later(model: SegmentModel, years: int, deaths: str) -> list[str]:
    """What is said of years after the last that a file gives, and of tables that are not used."""
    last = model.first + years - 1
    said = []
    for event in EVENTS:
        given = [year for name, year in model.files.flows if name == event]
        # Rates use the first year's deaths alone.
        if given and max(given) < last and not (event == "deaths" and deaths == "rates"):
            said.append(
                f"flows.csv gives {event} to the year {max(given)}: those of that year are taken "
                f"for each after it, to {last}."
            )
    if model.first == 0 and max(year for _, year in model.files.flows) == years:
        said.append(
            f"flows.csv counts from 0, the year of the first step, so that its year {years} is not "
            "used. If its year 1 is meant to lead to year 1 of the tables, leave out its year 0."
        )
    dated = {year for year, _, _ in model.files.moves if year is not None}
    unused = sorted(year for year in dated if not model.first <= year <= last)
    general = any(year is None for year, _, _ in model.files.moves)
    if unused and general:
        said.append(
            f"transitions.csv has rows of {listed(unused, 4)}, which are not used: the years run "
            f"from {model.first} to {last}."
        )
    if not general and dated and max(dated) < last:
        said.append(
            f"transitions.csv has a table to the year {max(dated)}, which holds for each after it."
        )
    return said


def _scale_warnings(model: SegmentModel, years: int, scales: Sequence[Scale]) -> list[str]:
    first, last = model.first, model.first + years - 1
    said = []
    for scale in scales:
        if scale.first < first or scale.first > last:
            raise SettingError(
                f"--scale {scale}: START {scale.first} is none of the years, which run from "
                f"{first} to {last}, counted as in flows.csv."
            )
        if scale.last > last:
            said.append(f"--scale {scale} ends with the last year, {last}.")
    return said


def _scaled(model: SegmentModel, moves: Array, scale: Scale, year: int) -> bool:
    """Scales one transition in place, and says whether anyone makes it."""
    i, j = model.segments.index(scale.start), model.segments.index(scale.end)
    share, stays = float(moves[i, j]), float(moves[i, i])
    new = share * scale.factor
    left = stays + (share - new)
    if left < -_ROUNDING:
        most = (share + stays) / share
        raise PlanError(
            f"--scale {scale}: in the year {year}, {new:.4g} of {scale.start} would move to "
            f"{scale.end}, but only {share + stays:.4g} of it move there or stay. The factor can "
            f"be {math.floor(most * 1e4) / 1e4:g} at most."
        )
    moves[i, j], moves[i, i] = new, max(left, 0.0)
    return share > 0.0


def _base_rates(model: SegmentModel) -> Array:
    """[S] deaths per person in the first year, by segment."""
    dying = model.flow("deaths", model.first) * model.shares["deaths"]
    rates = np.zeros_like(dying)
    for i in map(int, np.flatnonzero(dying > 0.0)):
        if dying[i] > model.people[i]:
            raise PlanError(
                _too_many(model, i, float(dying[i]), float(model.people[i]), model.first)
            )
        rates[i] = dying[i] / model.people[i]
    return rates


def _dying(
    model: SegmentModel, people: Array, year: int, deaths: str, rates: Array | None
) -> Array:
    """[S] deaths of a year."""
    total = model.flow("deaths", year)
    if rates is None:
        dying = total * model.shares["deaths"]
    else:
        dying = rates * people
        if deaths == "scaled-rates":
            expected = float(dying.sum())
            if expected <= 0.0 < total:
                raise PlanError(
                    f"{model.files.folder / 'flows.csv'}: {total:,.6g} deaths in the year {year} "
                    f"cannot be split by the rates of the year {model.first}: at those no one "
                    "dies. Use --deaths shares."
                )
            if expected > 0.0:
                dying = dying * (total / expected)
    slack = _ROUNDING * float(people.sum())
    for i in map(int, np.flatnonzero(dying > people + slack)):
        raise PlanError(_too_many(model, i, float(dying[i]), float(people[i]), year))
    made: Array = np.minimum(dying, people)
    return made


def _too_many(model: SegmentModel, i: int, dying: float, people: float, year: int) -> str:
    key = ("deaths", min(year, max(y for name, y in model.files.flows if name == "deaths")))
    return (
        f"{model.files.where('flows.csv', key)}: in the year {year}, {dying:,.6g} deaths fall to "
        f"segment {model.segments[i]}, which has {people:,.6g} people. Put right the deaths, or "
        "their shares in flow_shares.csv, or split them with --deaths scaled-rates or rates."
    )


def _none_below_nothing(model: SegmentModel, people: Array, moved: Array, year: int) -> None:
    slack = _ROUNDING * float(np.abs(people).sum() + np.abs(moved).sum())
    for i in map(int, np.flatnonzero(people < -slack)):
        last = max(one for name, one in model.files.flows if name == "net_migration")
        raise PlanError(
            f"{model.files.where('flows.csv', ('net_migration', min(year, last)))}: in the year "
            f"{year}, {-moved[i]:,.6g} people move out of segment {model.segments[i]}, which has "
            f"{people[i] - moved[i]:,.6g}. Put right the net migration, or its shares in "
            "flow_shares.csv."
        )
    np.maximum(people, 0.0, out=people)


def tables(outcome: Outcome) -> dict[str, polars.DataFrame]:
    """Puts an outcome into tables.

    Args:
        outcome: what `project` gave.

    Returns:
        Frames by name, as `runs.tables_segments` describes them: people, use and flows.
    """
    import polars as pl

    model, years = outcome.model, outcome.years
    count, measures = len(model.segments), len(model.measures)

    def of(values: Sequence[str], tiled: int, repeated: int) -> pl.Series:
        named = pl.Series(list(values), dtype=pl.Enum(list(values)))
        index = np.tile(np.repeat(np.arange(len(values)), repeated), tiled)
        return named.gather(pl.Series(index))

    steps = np.arange(years + 1, dtype=np.int64)
    flows = np.stack([outcome.flows[event] for event in EVENTS], axis=1)
    return {
        "people": pl.DataFrame(
            {
                "year": np.repeat(steps, count),
                "segment": of(model.segments, years + 1, 1),
                "value": outcome.people.ravel(),
            }
        ),
        "use": pl.DataFrame(
            {
                "year": np.repeat(steps, count * measures),
                "segment": of(model.segments, years + 1, measures),
                "measure": of(model.measures, (years + 1) * count, 1),
                "value": outcome.use.ravel(),
            }
        ),
        "flows": pl.DataFrame(
            {
                "year": np.repeat(steps[:-1], count * len(EVENTS)),
                "event": of(EVENTS, years, count),
                "segment": of(model.segments, years * len(EVENTS), 1),
                "value": flows.ravel(),
            }
        ),
    }
