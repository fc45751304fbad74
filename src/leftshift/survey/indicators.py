"""Figures about systems to set beside what their leaders say: from a tidy CSV or from a run."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from leftshift.errors import LeftshiftError, listed, nearest
from leftshift.runs import open_run

if TYPE_CHECKING:
    from leftshift.survey.codebook import Codebook
    from leftshift.survey.problems import Problems

__all__ = ["Indicator", "read_indicators"]

_NEEDED = ("system", "indicator", "value")
_FURTHER = ("label", "unit", "better", "period", "source")
_BETTER = ("", "higher", "lower")
_KEYS = ("file", "run", "table", "measure", "year", "arm", "id", "label", "unit", "better")


@dataclass(frozen=True)
class Indicator:
    """A figure for each system.

    Attributes:
        id: its key.
        label: what it is, in words.
        unit: what it is counted in.
        better: "higher", "lower" or "" where neither is better.
        period: the year or date it describes.
        source: where it comes from.
        values: by code of system.
    """

    id: str
    label: str
    unit: str
    better: str
    period: str
    source: str
    values: Mapping[str, float]


def read_indicators(codebook: Codebook, problems: Problems, wave: str = "") -> list[Indicator]:
    """Reads every [[indicator]] of a codebook.

    Args:
        codebook: the codebook; files and runs are named from its folder.
        problems: takes all that is wrong, by file, row and column.
        wave: systems are named as they stood then; the latest if "".

    Returns:
        The indicators in the order of the codebook and its files.
    """
    given = codebook.section("indicator") or []
    found: list[Indicator] = []
    for place, block in enumerate(given if isinstance(given, list) else [given]):
        at = codebook.lines.of("indicator", place)

        def wrong(said: str, at: int = at) -> None:
            problems.add(codebook.name, f"[[indicator]] {said}", line=at)

        if not isinstance(block, Mapping) or not ({"file", "run"} & set(block)):
            wrong('needs a file = "….csv" or a run = "folder of a run" with a measure.')
            continue
        for key in sorted(set(block) - set(_KEYS)):
            wrong(f'no key called "{key}".{nearest(key, _KEYS)} Allowed: {listed(_KEYS, 20)}.')
        made = _from_file(codebook, block, problems, wave) if "file" in block else []
        if "run" in block:
            made = _from_run(codebook, block, wrong, wave)
        for one in made:
            if one.id in {other.id for other in found}:
                wrong(f'two indicators are called "{one.id}".')
            else:
                found.append(one)
    return found


def _from_file(
    codebook: Codebook, block: Mapping[str, Any], problems: Problems, wave: str
) -> list[Indicator]:
    name = str(block["file"])
    path = codebook.folder / name
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = "is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else "cannot be read"
        problems.add(name, f"{why}. It is a CSV with the columns {', '.join(_NEEDED)}.")
        return []
    rows = list(csv.reader(io.StringIO(text)))
    heads = [cell.strip().casefold() for cell in rows[0]] if rows else []
    missing = [one for one in _NEEDED if one not in heads]
    if missing:
        problems.add(
            name,
            f"no column {listed(missing)}. Needed: {', '.join(_NEEDED)}; allowed further: "
            f"{', '.join(_FURTHER)}.",
            row=1,
        )
        return []
    values: dict[str, dict[str, float]] = {}
    facts: dict[str, dict[str, str]] = {}
    for number, cells in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        row = {head: cell.strip() for head, cell in zip(heads, cells, strict=False)}
        key, value = row.get("indicator", ""), row.get("value", "")
        code = codebook.systems.find(row.get("system", ""), wave)
        better = row.get("better", "").casefold()
        if not key:
            problems.add(name, "is empty.", row=number, column="indicator")
        if code is None:
            said = row.get("system", "")
            near = nearest(said, codebook.systems.names)
            problems.add(name, f'no system called "{said}".{near}', row=number, column="system")
        if better not in _BETTER:
            problems.add(
                name, f'is "{better}"; allowed: higher, lower.', row=number, column="better"
            )
        figure = _number(value)
        if value and figure is None:
            problems.add(name, f'"{value}" is not a number.', row=number, column="value")
        if not key or code is None or figure is None or better not in _BETTER:
            continue
        if code in values.setdefault(key, {}):
            problems.add(
                name, f'a second value of "{key}" for this system.', row=number, column="system"
            )
        values[key][code] = figure
        facts.setdefault(key, {**row, "better": better})
    return [
        Indicator(
            key,
            facts[key].get("label") or key,
            facts[key].get("unit", ""),
            facts[key].get("better", ""),
            facts[key].get("period", ""),
            facts[key].get("source") or name,
            values[key],
        )
        for key in values
    ]


def _number(text: str) -> float | None:
    try:
        value = float(text.replace(",", "").removesuffix("%"))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _from_run(
    codebook: Codebook, block: Mapping[str, Any], wrong: Any, wave: str
) -> list[Indicator]:
    try:
        run = open_run(codebook.folder / str(block["run"]))
        table = str(block.get("table", "summary"))
        frame = run.table(table)
    except LeftshiftError as error:
        wrong(str(error))
        return []
    measure = str(block.get("measure", ""))
    if not {"measure", "place", "value"} <= set(frame.columns):
        wrong(f'table "{table}" has no figures by place and measure. Use table = "summary".')
        return []
    frame = frame.filter(pl.col("place") != "")
    for key, default in (("arm", ""), ("year", ""), ("measure", "")):
        if key not in frame.columns:
            continue
        allowed = sorted(frame[key].unique().to_list())
        asked = str(block.get(key) or default or (allowed[0] if allowed else ""))
        if asked not in allowed:
            wrong(f'the run has no {key} "{asked}".{nearest(asked, allowed)}')
            return []
        frame = frame.filter(pl.col(key) == asked)
    values: dict[str, float] = {}
    for place, value in frame.select("place", "value").iter_rows():
        code = codebook.systems.find(place, wave)
        if code is not None:
            if code in values:
                wrong(f'table "{table}" has several figures for {place}: it is split further.')
                return []
            values[code] = value
    if len(values) < 2:
        wrong("the run's places are not the survey's systems. Make a run of England, by board.")
        return []
    years = frame["year"].unique().to_list() if "year" in frame.columns else [""]
    units = frame["unit"].unique().to_list() if "unit" in frame.columns else [""]
    return [
        Indicator(
            str(block.get("id") or measure),
            str(block.get("label") or measure.replace("_", " ")),
            str(block.get("unit") or units[0]),
            str(block.get("better", "")),
            str(years[0]),
            f"Leftshift run {run.identity_sha256[:12]}, {table}: {measure}",
            values,
        )
    ]
