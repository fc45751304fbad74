"""Reads the five CSV files of a board's own segment model: every row is used, or named with why.

The files are those of any model that moves people between segments by a table of yearly shares,
such as the Dynamic Population Model of Bristol, North Somerset and South Gloucestershire
(github.com/nhs-bnssg-analytics/dpm).
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from leftshift.errors import PlanError, listed, nearest

__all__ = ["EVENTS", "EXAMPLE", "FILES", "MOST_SEGMENTS", "SHARES_SUM", "Files", "new", "read"]

EVENTS = ("births", "net_migration", "deaths")
#: What shares that ought to sum to 1 may differ from it by.
SHARES_SUM = 1e-6
MOST_SEGMENTS = 500
EXAMPLE = Path(__file__).parent / "segment_example"

_MOST_BYTES = 20_000_000
_MOST_ROWS = 300_000
_LARGEST = 1e12
_LAST_YEAR = 9999
_SHOWN = 8
_LONGEST = 60

_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d{1,3})?")
_GROUPED = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?")
_YEAR = re.compile(r"(\d{1,4})(\.0+)?")
_FINANCIAL = re.compile(r"(\d{4})[/-](\d{2}|\d{4})")
_EXCEL = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


@dataclass(frozen=True)
class _Form:
    """What a file holds: its columns, and those that may be left out."""

    columns: tuple[str, ...]
    optional: tuple[str, ...] = ()


#: The files by name, with their columns.
FILES: dict[str, _Form] = {
    "segments.csv": _Form(("segment", "people")),
    "transitions.csv": _Form(("from", "to", "share"), ("year",)),
    "flows.csv": _Form(("year", "event", "people")),
    "flow_shares.csv": _Form(("event", "segment", "share")),
    "use.csv": _Form(("segment", "measure", "value")),
}

Cells = dict[str, str]


@dataclass
class Files:
    """The files' rows, each checked by itself; keys are of what a row says, values its figure.

    Attributes:
        folder: where they lie.
        segments: people by segment, in the order of the file.
        moves: share by year (None: every year), from and to.
        flows: people by event and year.
        shares: share by event and segment.
        use: value per person per year by segment and measure.
        lines: the line of each row, by file and key.
        digests: SHA-256 of each file.
        warnings: what a reader should know.
        made_up: whether a remark in segments.csv says so.
    """

    folder: Path
    segments: dict[str, float] = field(default_factory=dict)
    moves: dict[tuple[int | None, str, str], float] = field(default_factory=dict)
    flows: dict[tuple[str, int], float] = field(default_factory=dict)
    shares: dict[tuple[str, str], float] = field(default_factory=dict)
    use: dict[tuple[str, str], float] = field(default_factory=dict)
    lines: dict[tuple[str, object], int] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    made_up: bool = False

    def where(self, file: str, key: object) -> str:
        """File and line of a row, as messages name it."""
        return f"{self.folder / file}:{self.lines[file, key]}"


class _Unusable(Exception):
    """A cell that cannot be used, and why."""


def new(folder: str | Path, replace: bool = False) -> Path:
    """Writes the made-up example into a folder, to start from.

    Args:
        folder: where to; made where it is missing.
        replace: whether files of the same names that lie there are written anew.

    Returns:
        The folder.

    Raises:
        PlanError: something lies there already, or it cannot be written.
    """
    target = Path(folder)
    try:
        there = sorted(one.name for one in target.iterdir()) if target.exists() else []
        if there and not (replace and "segments.csv" in there):
            more = ", or replace it with --replace" if "segments.csv" in there else ""
            raise PlanError(
                f"{folder} holds something already ({listed(there, 3)}). Choose an empty or new "
                f"folder{more}."
            )
        target.mkdir(parents=True, exist_ok=True)
        for file in sorted(EXAMPLE.iterdir()):
            if file.is_file():
                shutil.copyfile(file, target / file.name)
    except (OSError, ValueError) as problem:
        said = getattr(problem, "strerror", None) or problem
        raise PlanError(f"{folder} cannot be made: {said}.") from None
    return target


def read(folder: str | Path) -> Files:
    """Reads the five files of a segment model.

    Args:
        folder: holds `segments.csv`, `transitions.csv`, `flows.csv`, `flow_shares.csv` and
            `use.csv`. Cells may be parted by commas, semicolons or tabs; lines that begin with
            "#" are passed over.

    Returns:
        Their rows, each of which is right by itself.

    Raises:
        PlanError: a file or column is missing, or rows cannot be used; each is named by its file
            and line with what is wrong and what to do.
    """
    path = Path(folder)
    try:
        is_folder, there = path.is_dir(), path.exists()
    except (OSError, ValueError) as problem:
        raise PlanError(f"{str(folder)!a} is no path to a folder: {problem}.") from None
    if not is_folder:
        raise PlanError(
            f"{folder} is a file; give the folder that holds {listed(FILES)}."
            if there
            else f"there is no folder {folder}. Make an example with: leftshift segments "
            f"{folder} --new"
        )
    files = Files(path)
    for name, form in FILES.items():
        _read_file(files, name, form)
    return files


def _read_file(files: Files, name: str, form: _Form) -> None:
    text = _text(files, name)
    shown = files.folder / name
    problems: list[str] = []
    count = 0
    take = _TAKE[name]
    for line, cells in _rows(files, text, name, form):
        count += 1
        if count > _MOST_ROWS:
            raise PlanError(f"{shown}:{line}: more than {_MOST_ROWS:,} rows: too many.")
        try:
            if isinstance(cells, str):
                raise _Unusable(cells)
            key = take(files, cells)
        except _Unusable as problem:
            problems.append(f"{shown}:{line}: {problem}")
            if len(problems) > _SHOWN:
                break
            continue
        files.lines[name, key] = line
    if problems:
        more = "\n… and more." if len(problems) > _SHOWN else ""
        raise PlanError("\n".join(problems[:_SHOWN]) + more)
    if not count:
        raise PlanError(f"{shown}: no rows below its first line, {','.join(form.columns)}.")
    if name == "segments.csv" and not any(files.segments.values()):
        raise PlanError(f"{shown}: there are no people in any segment.")


def _text(files: Files, name: str) -> str:
    file = files.folder / name
    try:
        if not file.is_file():
            there = [one.name for one in files.folder.iterdir() if one.is_file()]
            wanted = ",".join((*FILES[name].columns, *FILES[name].optional))
            raise PlanError(
                f"{files.folder} has no {name}.{nearest(name, set(there) - set(FILES))} It is a "
                f"CSV file with columns {wanted}."
            )
        if file.stat().st_size > _MOST_BYTES:
            raise PlanError(
                f"{file}: {file.stat().st_size:,} bytes: too large. Give totals by segment, not "
                "records of people."
            )
        data = file.read_bytes()
    except OSError as problem:
        raise PlanError(
            f"{file} cannot be read ({problem.strerror or problem}). Close it in Excel and check "
            "that you may read it."
        ) from None
    files.digests[name] = hashlib.sha256(data.replace(b"\r\n", b"\n")).hexdigest()
    if data.startswith(_EXCEL):
        raise PlanError(f'{file}:1: an Excel workbook. In Excel, save it as "CSV UTF-8".')
    try:
        wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeError:
        line = data[: _first_bad(data)].count(b"\n") + 1
        raise PlanError(f'{file}:{line}: not UTF-8. In Excel, save it as "CSV UTF-8".') from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise PlanError(f'{file}:{line}: not text: a NUL. In Excel, save it as "CSV UTF-8".')
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _first_bad(data: bytes) -> int:
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        return problem.start
    return 0


def _rows(files: Files, text: str, name: str, form: _Form) -> list[tuple[int, Cells | str]]:
    """Each row's line with its cells by column; words in place of cells that cannot be told."""
    shown = files.folder / name
    first = next((one for one in text.split("\n") if one.strip() and one.strip()[0] != "#"), "")
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] | None = None
    found: list[tuple[int, Cells | str]] = []
    while True:
        line = reader.line_num + 1
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            break
        except csv.Error as problem:
            raise PlanError(
                f"{shown}:{line}: not valid CSV from here on ({problem}). Put a cell that holds "
                'a comma or a quote between double quotes ("…").'
            ) from None
        if not any(cells):
            continue
        if cells[0].startswith("#"):
            if name == "segments.csv" and "made up" in " ".join(cells).casefold():
                files.made_up = True
            continue
        if header is None:
            header = _header(files, cells, f"{shown}:{line}", form)
            continue
        if len(cells) != len(header):
            found.append(
                (
                    line,
                    f"{len(cells)} cells where the first line has {len(header)}. Write a comma "
                    'inside a cell only between double quotes ("1,234").',
                )
            )
            continue
        found.append((line, dict(zip(header, cells, strict=True))))
    if header is None:
        raise PlanError(f"{shown}: empty. Its first line must be: {','.join(form.columns)}")
    return found


def _header(files: Files, cells: Sequence[str], where: str, form: _Form) -> list[str]:
    header = [re.sub(r"[\s_-]+", "_", cell.casefold()) for cell in cells]
    wanted = (*form.columns, *form.optional)
    for name in form.columns:
        if name not in header:
            raise PlanError(
                f"{where}: column {name} is missing.{nearest(name, set(header) - set(wanted))} "
                f"The columns are: {', '.join(form.columns)}"
                + (f"; {', '.join(form.optional)} may be left out." if form.optional else ".")
            )
    for name, cell in zip(header, cells, strict=True):
        if name in wanted:
            if header.count(name) > 1:
                raise PlanError(f"{where}: the column {name} is there twice. Keep one of them.")
        elif cell:
            near = nearest(name[:_LONGEST], form.optional)
            files.warnings.append(f"{where}: column {_quoted(cell)} is not used.{near}")
    return header


# --- rows -----------------------------------------------------------------------------------------


def _take_segment(files: Files, cells: Cells) -> object:
    name = cells["segment"]
    if not name:
        raise _Unusable("no segment. Every row needs one.")
    if len(name) > 200 or not name.isprintable():
        raise _Unusable(f"{_quoted(name)} is no name for a segment.")
    if name in files.segments:
        raise _Unusable(f"segment {_quoted(name)} is there twice. {_again(files, name)}")
    if len(files.segments) == MOST_SEGMENTS:
        raise _Unusable(f"more than {MOST_SEGMENTS} segments: too many.")
    files.segments[name] = _number(cells, "people", at_least=0.0)
    return name


def _again(files: Files, key: object, name: str = "segments.csv") -> str:
    return f"The first is on line {files.lines[name, key]}. Keep one of them."


def _take_move(files: Files, cells: Cells) -> object:
    text = cells.get("year", "")
    year = _year(text) if text else None
    start, end = _segment(files, cells, "from"), _segment(files, cells, "to")
    key = (year, start, end)
    if key in files.moves:
        when = "" if year is None else f" in {year}"
        raise _Unusable(
            f"{start} to {end}{when} is there twice. {_again(files, key, 'transitions.csv')}"
        )
    files.moves[key] = _number(cells, "share", at_least=0.0, at_most=1.0)
    return key


def _take_flow(files: Files, cells: Cells) -> object:
    event = _event(cells)
    key = (event, _year(cells["year"]))
    if key in files.flows:
        raise _Unusable(f"{event} in {key[1]} are there twice. {_again(files, key, 'flows.csv')}")
    least = None if event == "net_migration" else 0.0
    files.flows[key] = _number(cells, "people", at_least=least)
    return key


def _take_share(files: Files, cells: Cells) -> object:
    event = _event(cells)
    key = (event, _segment(files, cells, "segment"))
    if key in files.shares:
        raise _Unusable(
            f"{event} in segment {key[1]} are there twice. {_again(files, key, 'flow_shares.csv')}"
        )
    # Of net migration, one segment may lose people while all together gain: its share is below 0.
    if event == "net_migration":
        files.shares[key] = _number(cells, "share")
    else:
        files.shares[key] = _number(cells, "share", at_least=0.0, at_most=1.0)
    return key


def _take_use(files: Files, cells: Cells) -> object:
    measure = cells["measure"]
    if not measure:
        raise _Unusable("no measure. Every row needs one.")
    if len(measure) > 200 or not measure.isprintable():
        raise _Unusable(f"{_quoted(measure)} is no name for a measure.")
    key = (_segment(files, cells, "segment"), measure)
    if key in files.use:
        raise _Unusable(
            f"{measure} of segment {key[0]} is there twice. {_again(files, key, 'use.csv')}"
        )
    files.use[key] = _number(cells, "value", at_least=0.0)
    return key


_TAKE = {
    "segments.csv": _take_segment,
    "transitions.csv": _take_move,
    "flows.csv": _take_flow,
    "flow_shares.csv": _take_share,
    "use.csv": _take_use,
}


# --- cells ----------------------------------------------------------------------------------------


def _quoted(cell: str) -> str:
    cell = cell[:_LONGEST]
    return f'"{cell if cell.isprintable() else ascii(cell)[1:-1]}"'


def _segment(files: Files, cells: Cells, column: str) -> str:
    name = cells[column]
    if name in files.segments:
        return name
    if not name:
        raise _Unusable(f"no {column}. Every row needs one.")
    raise _Unusable(
        f"{column} {_quoted(name)} is no segment of segments.csv."
        f"{nearest(name[:_LONGEST], files.segments)} Segments: {listed(files.segments)}."
    )


def _event(cells: Cells) -> str:
    event = re.sub(r"[\s_-]+", "_", cells["event"].casefold())
    if event not in EVENTS:
        raise _Unusable(
            f"event {_quoted(cells['event'])} is not known."
            f"{nearest(event[:_LONGEST], EVENTS)} Events: {listed(EVENTS)}."
        )
    return event


def _year(text: str) -> int:
    found = _YEAR.fullmatch(text) or _FINANCIAL.fullmatch(text)
    if found is None or not text.isascii():
        raise _Unusable(
            f"year {_quoted(text)} is no year. Write a whole number from 0 to {_LAST_YEAR}, "
            "counted from the start (0, 1, 2 …) or of the calendar (2025)."
        )
    return int(found[1])


def _number(
    cells: Cells, column: str, at_least: float | None = None, at_most: float | None = None
) -> float:
    text = cells[column]
    if not text:
        raise _Unusable(f"no {column}. Every row needs one; write 0 where there is none.")
    bare = text.replace("\u2212", "-")
    said = f"{column} {_quoted(text)}"
    if _GROUPED.fullmatch(bare):
        bare = bare.replace(",", "")
    if not bare.isascii() or not _NUMBER.fullmatch(bare):
        hint = ""
        if text.startswith("#"):
            hint = " It is an error of Excel's."
        elif text.endswith("%"):
            hint = " It is a percentage: write 5% as 0.05."
        elif "," in text:
            hint = " Write decimals with a point."
        raise _Unusable(f"{said} is not a number.{hint} Write it as 1234.5.")
    value = float(bare)
    if not math.isfinite(value) or abs(value) > _LARGEST:
        raise _Unusable(f"{said} is too large to be true.")
    if at_least is not None and value < at_least:
        raise _Unusable(f"{said} is below {at_least:g}. It must be {at_least:g} or more.")
    if at_most is not None and value > at_most + SHARES_SUM:
        raise _Unusable(f"{said} is above {at_most:g}. A share is from 0 to 1, and 5% is 0.05.")
    return value
