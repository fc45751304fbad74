"""What a board's run holds beside its options: levels, place, governance, clusters, shares, search.

Reads the blocks [partnership], [delegation], [cluster], [apportionment] and [find] of
organisation.toml, each of which may be left out, and makes the tables of
`runs/tables_organisation_more.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from leftshift.areas import Area, find_area, list_areas
from leftshift.catalogue import Catalogue
from leftshift.errors import AreaError, ModelError, nearest
from leftshift.organisation import cluster as clusters
from leftshift.organisation import find as search
from leftshift.organisation.apportion import (
    WEIGHTS,
    Shared,
    apportion,
    board_people,
    boards_of,
    read_spend,
)
from leftshift.organisation.board import BOARD_FILE, Board
from leftshift.organisation.money import Price
from leftshift.organisation.options import KEEP, Effect, Option
from leftshift.organisation.reading import Keys
from leftshift.organisation.subsidiarity import (
    RECIPIENTS,
    Held,
    governance_rows,
    levels,
    place_losses,
    shares_at,
)

if TYPE_CHECKING:
    from leftshift.organisation.evaluation import Evaluation

__all__ = ["Settings", "check", "files", "find", "tables"]


@dataclass(frozen=True)
class Settings:
    """The further blocks of a board's file, checked.

    Attributes:
        governance: setting of the integrated care partnership by the year from which it holds.
        delegation: shares of each function by level.
        cluster: areas that take part, ours first; () for none.
        leadership: functions that hold the posts of the leadership, which a cluster counts by post.
        shared: boards that share an envelope; () for none.
        per_head: pounds a head of that envelope.
        search: what the optimiser may do.
    """

    governance: Mapping[str, str]
    delegation: Mapping[str, Mapping[str, float]]
    cluster: tuple[Area, ...] = ()
    leadership: tuple[str, ...] = ()
    shared: tuple[Shared, ...] = ()
    per_head: float = 0.0
    search: search.Search = field(default_factory=search.Search)

    @classmethod
    def of(cls, board: Board, catalogue: Catalogue) -> Settings:
        """Reads and checks the blocks.

        Raises:
            BoardError: with file and line, where something in them is wrong.
        """
        top = Keys(BOARD_FILE, board.lines, (), board.raw)
        names = [one.id for one in board.functions]
        return cls(
            governance=_governance(top, board, catalogue),
            delegation=_delegation(top, board),
            cluster=_cluster(top, board, catalogue),
            leadership=_functions(top.table("cluster"), "leadership", names),
            shared=_shared(top, board, catalogue),
            per_head=_per_head(top, board, catalogue),
            search=_search(top, names),
        )


def check(board: Board, catalogue: Catalogue) -> list[str]:
    """Checks the further blocks, and says in words what they add.

    Raises:
        BoardError: with file and line.
    """
    found = Settings.of(board, catalogue)
    said = []
    if found.cluster:
        said.append("Cluster: " + ", ".join(area.name for area in found.cluster) + ".")
    if found.shared:
        said.append(f"Apportionment between {len(found.shared)} boards.")
    return said


def files(board: Board) -> list[Path]:
    """Gives the files beside the board's own that its figures rest on."""
    keys = Keys(BOARD_FILE, board.lines, (), board.raw).table("apportionment")
    return [board.folder / keys.text("spend")] if "spend" in keys.values else []


def find(
    board: Board, catalogue: Catalogue, staff_cost: Mapping[str, int]
) -> tuple[Option | None, dict[str, pl.DataFrame]]:
    """Finds the least harmful option, as `find.find` does with the board's own [find] block."""
    return search.find(board, catalogue, staff_cost, Settings.of(board, catalogue).search)


def tables(evaluation: Evaluation, catalogue: Catalogue, seed: int = 1) -> dict[str, pl.DataFrame]:
    """Makes the further tables of a run.

    Args:
        evaluation: the board and its evaluated options.
        catalogue: assumptions on clusters and weighted populations.
        seed: keys the draws of the cluster's assumptions.

    Returns:
        levels, place_losses, governance, clusters and apportionment; the last two only where the
        board's file asks for them.
    """
    board = evaluation.board
    settings = Settings.of(board, catalogue)
    held = _held(evaluation)
    table = catalogue.table("governance_settings").to_dicts()
    made = {
        "levels": levels(held, settings.delegation, board.people.totals[0]),
        "place_losses": place_losses(
            held, settings.delegation, [(one.id, one.name, one.people) for one in board.places]
        ),
        "governance": governance_rows(settings.governance, board.labels, table, BOARD_FILE),
    }
    if settings.cluster:
        standing = [
            clusters.Standing(area.code, area.name, board_people(area, catalogue), len(area.places))
            for area in settings.cluster
        ]
        costs = _costs(board, catalogue, settings.leadership)
        made["clusters"] = clusters.build(standing, costs, catalogue, seed=seed)
    if settings.shared:
        envelope = settings.per_head * sum(one.registered for one in settings.shared)
        made["apportionment"] = apportion(settings.shared, envelope)
    return made


def _held(evaluation: Evaluation) -> list[Held]:
    board = evaluation.board
    found = []
    for one in evaluation.options:
        for function in board.functions:
            acts = one.option.of(function.id)
            for label in board.labels:
                effect: Effect = one.effects[function.id, label]
                going = tuple(change for change in acts if _acting(change.shares, board, label))
                found.append(
                    Held(
                        option=one.option.id,
                        year=label,
                        function=function.id,
                        name=function.name,
                        level=function.level,
                        action="+".join(dict.fromkeys(c.do for c in going)) or KEEP.id,
                        to=_recipient([c.to for c in going if c.do in ("transfer", "at_scale")]),
                        wte=(
                            effect.wte_before,
                            effect.wte_board,
                            effect.wte_moved,
                            effect.wte_released,
                        ),
                        money=(
                            effect.cost_before / 100,
                            effect.cost_board / 100,
                            effect.cost_moved / 100,
                            effect.cost_released / 100,
                        ),
                    )
                )
    return found


def _acting(shares: Sequence[float], board: Board, label: str) -> bool:
    return shares[board.labels.index(label)] > 0.0


def _recipient(names: Sequence[str]) -> str:
    """Where work moves to several, the furthest from residents names the row."""
    known = [name for name in names if name in RECIPIENTS]
    order = ("beyond", "system", "place")
    return min(known, key=lambda name: order.index(RECIPIENTS[name]), default="")


def _costs(board: Board, catalogue: Catalogue, leadership: Sequence[str]) -> list[clusters.Cost]:
    price = Price.of(catalogue.parameters(), board.prices)
    found = []
    for one in board.functions:
        if not one.counts or one.id in leadership:
            continue
        # Very senior managers are counted by post, so not with their functions too.
        wte = {band: count for band, count in one.wte.items() if band != "vsm"}
        pounds = (price.pay(wte) + one.non_pay) / 100
        shared = one.level == "system"
        found.append(clusters.Cost(one.id, one.name, one.driver, pounds, shared))
    return found


def _governance(top: Keys, board: Board, catalogue: Catalogue) -> dict[str, str]:
    keys = top.table("partnership")
    keys.only("governance")
    given = keys.table("governance")
    settings = {year: given.text(year) for year in given.values}
    table = catalogue.table("governance_settings").to_dicts()
    known = [str(row["setting"]) for row in table]
    for year in settings:
        if year not in board.labels:
            raise given.wrong(
                year, f"{year} is not among the years {board.labels[0]} to {board.labels[-1]}."
            )
        given.choice(year, known)
    return settings


def _delegation(top: Keys, board: Board) -> dict[str, dict[str, float]]:
    keys = top.table("delegation")
    names = [one.id for one in board.functions]
    own = {one.id: one.level for one in board.functions}
    for name, shares in keys.values.items():
        try:
            shares_at({name: shares}, names, own, "")
        except ModelError as problem:
            raise keys.wrong(name, str(problem).removeprefix(": ")) from None
    return shares_at(keys.values, names, own, BOARD_FILE)


def _functions(keys: Keys, key: str, names: Sequence[str]) -> tuple[str, ...]:
    given = keys.values.get(key, [])
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise keys.wrong(key, f'{key} must be a list of functions, such as ["{names[0]}"].')
    for one in given:
        if one not in names:
            raise keys.wrong(key, f'no function called "{one[:60]}".{nearest(one, names)}')
    return tuple(dict.fromkeys(given))


def _area(keys: Keys, key: str, text: str, catalogue: Catalogue) -> Area:
    try:
        return find_area(text, catalogue)
    except AreaError as problem:
        raise keys.wrong(key, str(problem)) from None


def _texts(keys: Keys, key: str) -> list[str]:
    given = keys.values.get(key)
    if not isinstance(given, list) or not given or not all(isinstance(o, str) for o in given):
        raise keys.wrong(key, f'{key} must be a list of boards, such as ["QMM", "QJG"].')
    return given


def _cluster(top: Keys, board: Board, catalogue: Catalogue) -> tuple[Area, ...]:
    keys = top.table("cluster")
    keys.only("with", "leadership")
    if "cluster" not in board.raw:
        return ()
    if board.area is None:
        raise keys.wrong(None, "a cluster needs to know who we are: give [board] an area.")
    others = [_area(keys, "with", text, catalogue) for text in _texts(keys, "with")]
    areas = (board.area, *others)
    try:
        # Boards of a cluster serve different people; this is checked as for an envelope.
        boards_of(areas, catalogue)
    except (ModelError, AreaError) as problem:
        raise keys.wrong("with", str(problem)) from None
    return areas


def _shared(top: Keys, board: Board, catalogue: Catalogue) -> tuple[Shared, ...]:
    keys = top.table("apportionment")
    keys.only("boards", "spend", "weights", "per_head")
    if "apportionment" not in board.raw:
        return ()
    given = keys.values.get("boards", "region")
    if isinstance(given, str):
        areas = _boards_in(keys, given, board, catalogue)
    else:
        areas = [_area(keys, "boards", text, catalogue) for text in _texts(keys, "boards")]
    spend = None
    if "spend" in keys.values:
        name = keys.text("spend")
        if Path(name).name != name:
            raise keys.wrong("spend", f'spend must name a file beside {BOARD_FILE}, not "{name}".')
        spend = read_spend(board.folder / name, name)
        lost = sorted(set(spend) - {area.code for area in areas})
        if lost:
            codes = [area.code for area in areas]
            raise keys.wrong(
                "spend", f'{name} names "{lost[0]}", which shares nothing.{nearest(lost[0], codes)}'
            )
    weights = keys.choice("weights", WEIGHTS, "core")
    try:
        found = boards_of(areas, catalogue, weights, spend)
        said = weights.replace("_", " ")
        return tuple(
            replace(one, source=f"{one.source}; people weighted for {said}") for one in found
        )
    except (ModelError, AreaError) as problem:
        raise keys.wrong("boards", str(problem)) from None


def _boards_in(keys: Keys, text: str, board: Board, catalogue: Catalogue) -> list[Area]:
    """The boards of a region, of England, or of our own region for "region"."""
    if text == "region":
        if board.area is None:
            raise keys.wrong("boards", '"region" needs to know who we are: give [board] an area.')
        ours = {one.board for one in board.area.members}
        table = catalogue.table("boards").to_dicts()
        regions = sorted({row["region"] for row in table if row["ods"] in ours})
        codes = sorted(row["ods"] for row in table if row["region"] in regions)
    else:
        whole = _area(keys, "boards", text, catalogue)
        codes = sorted({one.board for one in whole.members})
    known = set(list_areas(catalogue, kind="board")["code"].to_list())
    return [_area(keys, "boards", code, catalogue) for code in codes if code in known]


def _per_head(top: Keys, board: Board, catalogue: Catalogue) -> float:
    keys = top.table("apportionment")
    default = catalogue.row("running_cost.cap_per_head").estimate.value
    if board.allowance.per_head is not None:
        default = float(board.allowance.per_head)
    return keys.number("per_head", 0.0, 1000.0, default)


def _search(top: Keys, names: Sequence[str]) -> search.Search:
    keys = top.table("find")
    keys.only("fixed", "redundancy_limit", "moved_limit", "seconds")
    return search.Search(
        fixed=_functions(keys, "fixed", names),
        redundancy_limit=_limit(keys, "redundancy_limit"),
        moved_limit=_limit(keys, "moved_limit"),
        seconds=keys.number("seconds", 0.1, 600.0, 60.0),
    )


def _limit(keys: Keys, key: str) -> float | None:
    return keys.pence(key) / 100 if key in keys.values else None
