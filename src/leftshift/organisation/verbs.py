"""What `leftshift organisation` does: new, check, run, compare."""

from __future__ import annotations

import datetime
import hashlib
import importlib
import json
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leftshift.catalogue import Catalogue
from leftshift.errors import RunError, SettingError, listed, nearest
from leftshift.organisation.board import BOARD_FILE, Board, load
from leftshift.organisation.evaluation import Evaluation, evaluate
from leftshift.organisation.options import KEEP, Option
from leftshift.organisation.reading import BoardError

if TYPE_CHECKING:
    import polars

    from leftshift.runs import Run

__all__ = ["Checked", "check", "compare", "new", "run"]

EXAMPLE = Path(__file__).parent / "example"
FEWEST_DRAWS, MOST_DRAWS = 20, 2_000
_FILES = ("functions.csv", "duties.csv", "distribution.csv")
PRIVACY = (
    "Rows of a staff list never leave memory. Money about staff rests on means of at least five "
    "people alike; counts under five are hidden, and others with them so that subtraction does not "
    "give them away; counts are rounded to 5 and money to £10,000. Funded posts "
    "are a plan, not people: they come from functions.csv and published pay."
)


@dataclass(frozen=True, slots=True)
class Checked:
    """A board that passed its checks.

    Attributes:
        board: the board.
        warnings: what a reader should know.
        words: what is in it.
    """

    board: Board
    warnings: tuple[str, ...]
    words: str


def new(folder: str | Path, replace: bool) -> Path:
    """See `leftshift.organisation.new`."""
    target = Path(os.path.abspath(Path(folder).expanduser()))  # noqa: PTH100 - keeps links
    try:
        inside = sorted(one.name for one in target.iterdir()) if target.exists() else []
        if inside and not (replace and BOARD_FILE in inside):
            raise BoardError(
                f"{folder} holds something already ({listed(inside, 3)}). Choose an empty or new "
                "folder" + (", or replace it with --replace." if BOARD_FILE in inside else ".")
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".new-", dir=target.parent))
        try:
            shutil.copytree(EXAMPLE, made, dirs_exist_ok=True)
            made.chmod(0o755)
            if inside:
                # Only what the example holds is replaced: a staff list that lies there stays.
                shutil.copytree(made, target, dirs_exist_ok=True)
            else:
                if target.exists():
                    target.rmdir()
                made.rename(target)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    except OSError as problem:
        raise BoardError(f"{folder} cannot be made: {problem.strerror or problem}.") from None
    return target


def check(folder: str | Path, project: str | Path | None, outlook: str | Path | None) -> Checked:
    """See `leftshift.organisation.check`."""
    catalogue = Catalogue.load(project)
    board = load(folder, catalogue, _outlook(outlook))
    more = _additions()
    said = list(more.check(board, catalogue)) if more is not None else []
    return Checked(board, tuple(board.warnings), " ".join([_words(board), *said]))


def _words(board: Board) -> str:
    wte = sum(one.total_wte for one in board.functions)
    people = "a made-up board" if board.synthetic else "a board"
    options = [one.id for one in board.options if one.id != KEEP.id]
    return (
        f"{board.name}, {people} for {board.people.total:,.0f} residents: "
        f"{len(board.functions)} functions with {wte:,.1f} funded WTE, {len(board.duties)} "
        f"statutory duties, options: {listed(options, 20)}."
    )


def run(
    folder: str | Path,
    options: Sequence[str] | None,
    outlook: str | Path | None,
    out: str | Path | None,
    draws: int,
    seed: int,
    csv: bool,
    replace: bool,
    project: str | Path | None,
    optimise: bool,
    finish: Callable[[Path], object] | None,
) -> Run:
    """See `leftshift.organisation.run`."""
    from leftshift.runs import default_name, write_run

    begun = time.monotonic()
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    _whole("draws", draws, FEWEST_DRAWS, MOST_DRAWS)
    _whole("seed", seed, 0, 2**63 - 1)
    catalogue = Catalogue.load(project)
    people = _outlook(outlook)
    board = _chosen(load(folder, catalogue, people), options)
    made = _evaluated(board, catalogue, draws, seed, optimise)
    identity = _identity(made, catalogue, people, optimise)
    base = Path(project) if project is not None else Path()
    place = Path(out) if out is not None else base / "runs" / default_name(board.name, identity)
    return write_run(
        place,
        identity,
        {
            "started": started,
            "took_seconds": round(time.monotonic() - begun, 1),
            "python": platform.python_version(),
            "machine": platform.machine(),
            "system": platform.system(),
        },
        _about(made, catalogue, people, optimise),
        made.tables,
        finish=finish,
        csv=csv,
        replace=replace,
        plan=_plan(board, draws, seed, optimise, people),
    )


def _whole(name: str, value: object, low: int, high: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise SettingError(f"{name} must be a whole number from {low:,} to {high:,}, not {value}.")


def _outlook(path: str | Path | None) -> Run | None:
    if path is None:
        return None
    from leftshift.runs import open_run

    return open_run(path)


def _chosen(board: Board, options: Sequence[str] | None) -> Board:
    from dataclasses import replace

    if not options:
        return board
    names = [one.id for one in board.options]
    for name in options:
        if name not in names:
            raise BoardError(
                f'no option called "{name}" is in {board.folder}/options.{nearest(name, names)} '
                f"Options: {listed(names, 20)}."
            )
    kept = tuple(one for one in board.options if one.id in options or one.id == KEEP.id)
    return replace(board, options=kept)


def _additions() -> Any:
    try:
        return importlib.import_module("leftshift.organisation.additions")
    except ModuleNotFoundError as missing:
        if missing.name != "leftshift.organisation.additions":
            raise
        return None


def _evaluated(
    board: Board, catalogue: Catalogue, draws: int, seed: int, optimise: bool
) -> Evaluation:
    from leftshift.runs.schema import conform

    more = _additions()
    found: list[Option] = []
    extra: dict[str, polars.DataFrame] = {}
    if optimise and more is not None:
        from leftshift.organisation.evaluation import staff_costs

        costs = staff_costs(board, catalogue, draws, seed)
        option, extra = more.find(board, catalogue, costs)
        found = [option] if option is not None else []
        _mind_clashes(board, extra)
    made = evaluate(board, catalogue, draws, seed, found)
    if more is not None:
        extra = {**extra, **more.tables(made, catalogue, seed)}
    made.tables.update(extra)
    for name, frame in made.tables.items():
        made.tables[name] = conform(name, frame)
    return made


def _mind_clashes(board: Board, extra: Mapping[str, polars.DataFrame]) -> None:
    """Says beside a run, too, that the search could not meet every limit."""
    words = extra["clashes"]["words"].to_list()
    if words:
        more = f" (and {len(words) - 1} more in the table clashes)" if len(words) > 1 else ""
        board.warnings.append(f"The search met limits that clash: {words[0]}{more}")


def _identity(
    made: Evaluation, catalogue: Catalogue, people: Run | None, optimise: bool
) -> dict[str, Any]:
    from leftshift import __version__

    board = made.board
    files = [board.folder / BOARD_FILE, *(board.folder / name for name in _FILES)]
    files += sorted((board.folder / "options").glob("*.toml"))
    if (more := _additions()) is not None:
        files += more.files(board)
    identity: dict[str, Any] = {
        "version": __version__,
        "room": "organisation",
        "catalogue": catalogue.layers,
        "files": {
            file.relative_to(board.folder).as_posix(): _digest(file)
            for file in files
            if file.is_file()
        },
        "options": [one.option.id for one in made.options],
        "outlook": people.identity_sha256 if people is not None else None,
        "draws": made.draws,
        "seed": made.seed,
        "optimise": optimise,
    }
    if board.area is not None:
        identity["area"] = board.area.identity()
    if board.staff is not None:
        # The digest of a staff list would let anyone who knows all rows but one test guesses of
        # the last. What is published tells two lists apart as far as may be told.
        whole = hashlib.sha256()
        for name in sorted(made.tables):
            whole.update(name.encode() + b"\0" + made.tables[name].write_csv().encode())
        identity["published"] = whole.hexdigest()
    return identity


def _digest(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes().replace(b"\r\n", b"\n")).hexdigest()
    except OSError as problem:
        raise RunError(f"{file} cannot be read: {problem.strerror or problem}.") from None


def _about(
    made: Evaluation, catalogue: Catalogue, people: Run | None, optimise: bool
) -> dict[str, Any]:
    board = made.board
    area: dict[str, Any] = {"code": "board", "name": board.name, "places": []}
    if board.area is not None:
        area = {
            "code": board.area.code,
            "name": board.area.name,
            "kind": board.area.kind,
            "verified": board.area.verified,
            "note": board.area.note,
            "places": [
                {"code": one.code, "name": one.name, "column": one.column, "row": one.row}
                for one in board.area.places
            ],
        }
    return {
        "title": f"{board.name}: the board itself",
        "room": "organisation",
        "board": board.name,
        "synthetic": board.synthetic,
        "area": area,
        "base_year": board.labels[0],
        "years": board.years,
        "labels": list(board.labels),
        "prices": board.prices,
        "basis": board.allowance.basis,
        "allowance_by": board.allowance.by,
        "announced": board.consultation.isoformat(),
        "voluntary": board.voluntary,
        "service_from": "staff" if board.staff is not None else "distribution",
        "people_from": board.people.source,
        "draws": made.draws,
        "seed": made.seed,
        "options": [{"id": one.option.id, "name": one.option.name} for one in made.options],
        "arms": [one.option.id for one in made.options],
        "warnings": list(board.warnings),
        "privacy": PRIVACY,
        "attribution": [
            f"{one['title']}, {one['publisher']}. {one['licence']}." for one in catalogue.sources
        ],
        "command": f"leftshift organisation run {board.folder.name}"
        + (" --find" if optimise else "")
        + (f" --outlook {people.path.name}" if people is not None else ""),
    }


def _plan(board: Board, draws: int, seed: int, optimise: bool, people: Run | None) -> str:
    asked: Mapping[str, Any] = {
        "board": board.name,
        "options": [one.id for one in board.options],
        "draws": draws,
        "seed": seed,
        "optimise": optimise,
        "outlook": people.identity_sha256 if people is not None else "",
    }
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in asked.items()]
    files = [f"# {BOARD_FILE}, as it was given:"]
    text = (board.folder / BOARD_FILE).read_text(encoding="utf-8-sig")
    files += [f"# {line}".rstrip() for line in text.splitlines()]
    return "\n".join(["[organisation]", *lines, "", *files, ""])


_COMPARED = {
    "running_cost": "running_cost_local",
    "per_head": "per_head",
    "gap": "gap",
    "saving_system": "saving_system",
    "cost_moved": "cost_moved",
}


def compare(source: str | Path, project: str | Path | None) -> polars.DataFrame:
    """See `leftshift.organisation.compare`."""
    import polars as pl

    from leftshift.runs import open_run

    if (Path(source) / BOARD_FILE).is_file() or Path(source).name == BOARD_FILE:
        catalogue = Catalogue.load(project)
        tables: Mapping[str, pl.DataFrame] = _evaluated(
            load(source, catalogue), catalogue, 200, 1, False
        ).tables
    else:
        found = open_run(source)
        if found.about.get("room") != "organisation":
            raise RunError(
                f"{source} is no run of a board: it has tables {listed(found.tables)}. Make one "
                "with: leftshift organisation run BOARD"
            )
        tables = {name: found.table(name) for name in found.tables}
    last = tables["options"]["year"].max()
    money = tables["board_money"].filter(pl.col("year") == last)
    result = tables["option_names"].sort("order").select("option", "name")

    def joined(frame: pl.DataFrame) -> pl.DataFrame:
        return result.join(frame, on="option", how="left", maintain_order="left")

    result = joined(
        tables["options"]
        .filter(pl.col("year") == last)
        .group_by("option")
        .agg(wte_board=pl.col("wte_board").sum().round(1))
    )
    for name, measure in _COMPARED.items():
        one = money.filter(pl.col("measure") == measure)
        result = joined(one.select("option", pl.col("value").alias(name)))
    result = joined(
        tables["duties"]
        .filter(pl.col("below"))
        .group_by("option")
        .agg(duties_below=pl.col("duty").n_unique().cast(pl.Int64))
    ).with_columns(pl.col("duties_below").fill_null(0))
    paid = tables["redundancy"].filter((pl.col("year") == "") & (pl.col("measure") == "total_cost"))
    result = joined(paid.select("option", redundancy=pl.col("value")))
    returns = tables["returns"].filter(
        (pl.col("scenario") == "central") & (pl.col("view") == "public")
    )
    for measure in ("npv", "payback_years"):
        one = returns.filter(pl.col("measure") == measure)
        result = joined(one.select("option", pl.col("value").alias(measure)))
    return result
