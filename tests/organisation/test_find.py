"""Finding the least harmful option of a real board's files, and the blocks beside its options."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from leftshift import organisation
from leftshift.catalogue import Catalogue
from leftshift.organisation import additions
from leftshift.organisation.board import Board, load
from leftshift.organisation.find import Search, find, problem_of
from leftshift.organisation.optimise import GAP, Plan, solve
from leftshift.organisation.options import Option, Rates, effect
from leftshift.organisation.reading import BoardError

Make = Callable[..., Path]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


@pytest.fixture
def made(tmp_path: Path) -> Make:
    """Makes the example board with further text in organisation.toml and lines put in its place."""

    def make(more: str = "", **instead: str) -> Path:
        folder = tmp_path / "board"
        if folder.exists():
            shutil.rmtree(folder)
        organisation.new(folder)
        file = folder / "organisation.toml"
        text = file.read_text(encoding="utf-8")
        for old, new in instead.items():
            key = f"{old} = "
            lines = [
                new if line.removeprefix("# ").startswith(key) else line
                for line in text.splitlines()
            ]
            text = "\n".join(lines) + "\n"
        file.write_text(text + more, encoding="utf-8")
        return folder

    return make


def costs(board: Board) -> dict[str, int]:
    return {one.id: 2_500_000 for one in board.functions}


@pytest.fixture(scope="module")
def answer(
    catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Board, Option, dict[str, pl.DataFrame]]:
    folder = tmp_path_factory.mktemp("example") / "board"
    board = load(organisation.new(folder), catalogue)
    option, tables = find(board, catalogue, costs(board))
    assert option is not None
    return board, option, tables


def levels_of(board: Board, option: Option, catalogue: Catalogue) -> dict[str, list[float]]:
    """Running cost and work for each duty by year, worked out without the optimiser."""
    p = catalogue.parameters()
    from leftshift.organisation.money import Price

    rates, price = Rates.of(p), Price.of(p, board.prices)
    out: dict[str, list[float]] = {"cost": []} | {duty.id: [] for duty in board.duties}
    for year in range(len(board.labels)):
        effects = {f.id: effect(f, option.of(f.id), year, rates, price) for f in board.functions}
        out["cost"].append(
            sum(
                effects[f.id].cost_board + effects[f.id].cost_added
                for f in board.functions
                if f.counts
            )
            / 100
        )
        for duty in board.duties:
            out[duty.id].append(
                sum(
                    f.duties.get(duty.id, 0.0)
                    * (effects[f.id].capacity_own + effects[f.id].capacity_elsewhere)
                    for f in board.functions
                )
            )
    return out


def test_the_option_found_meets_the_path_with_every_duty_at_its_minimum(
    answer: tuple[Board, Option, dict[str, pl.DataFrame]], catalogue: Catalogue
) -> None:
    board, option, _ = answer
    from leftshift.organisation.money import allowance

    got = levels_of(board, option, catalogue)
    allowed = allowance(board, catalogue.parameters(), round(got["cost"][0] * 100))
    for year in range(1, len(board.labels)):
        assert got["cost"][year] <= allowed[year] / 100 + 100.0
        for duty in board.duties:
            assert got[duty.id][year] >= duty.minimum[year] - 1e-3, duty.id


def test_it_is_proven_or_its_gap_is_stated(
    answer: tuple[Board, Option, dict[str, pl.DataFrame]],
) -> None:
    facts = {row["measure"]: row for row in answer[2]["found"].to_dicts()}
    proof = facts["proof"]["words"]
    assert proof.startswith("Proven") or "% less harm" in proof
    if proof.startswith("Proven"):
        assert facts["gap"]["value"] <= 1.01 * GAP


def test_every_duty_and_every_years_cap_has_a_price(
    answer: tuple[Board, Option, dict[str, pl.DataFrame]],
) -> None:
    board, _, tables = answer
    prices = tables["prices"]
    assert prices.filter(kind="cap").height == len(board.labels) - 1
    served = {duty for one in board.functions for duty in one.duties}
    assert set(prices.filter(kind="duty")["limit"]) >= served
    assert prices["marginal"].max() > 0
    assert all(prices["words"])
    assert tables["clashes"].height == 0


def test_a_function_that_must_be_kept_is_kept(
    answer: object, made: Make, catalogue: Catalogue
) -> None:
    board = load(made('\n[find]\nfixed = ["safeguarding", "medicines"]\n'), catalogue)
    search = additions.Settings.of(board, catalogue).search
    problem, changes = problem_of(board, catalogue.parameters(), costs(board), search)
    kept = [i for i, one in enumerate(board.functions) if one.id in ("safeguarding", "medicines")]
    for index, route in enumerate(problem.routes):
        assert route.function not in kept or changes[index] is None


def test_nothing_goes_to_somebody_who_could_not_do_it_and_no_statutory_work_stops(
    answer: tuple[Board, Option, dict[str, pl.DataFrame]], catalogue: Catalogue
) -> None:
    board = answer[0]
    _, changes = problem_of(board, catalogue.parameters(), costs(board), Search())
    for change in changes:
        if change is not None:
            function = board.function(change.function)
            assert not change.to or change.to in function.destinations
            assert change.do != "stop" or not function.statutory


def test_a_limit_on_what_moves_is_kept(
    answer: tuple[Board, Option, dict[str, pl.DataFrame]], catalogue: Catalogue
) -> None:
    board = answer[0]
    search = Search(moved_limit=2e6)
    problem, _ = problem_of(board, catalogue.parameters(), costs(board), search)
    plan = solve(problem)
    assert isinstance(plan, Plan)
    assert plan.levels["moved"] <= 2e6 + 5.0


def test_a_path_that_cannot_be_met_is_explained_and_the_nearest_option_given(
    made: Make, catalogue: Catalogue
) -> None:
    folder = made(by='by = "2027/28"\nper_head = 6')
    board = load(folder, catalogue)
    option, tables = find(board, catalogue, costs(board))
    assert option is not None
    assert option.name == "Nearest to the cap found"
    said = " ".join(tables["clashes"]["words"])
    assert "No choice of options meets all of these together" in said
    assert "the running-cost allowance of" in said
    assert " instead of £" in said
    got = levels_of(board, option, catalogue)
    for duty in board.duties:
        assert min(got[duty.id][1:]) >= min(duty.minimum[1:]) - 1e-3, duty.id


def test_a_duty_that_is_short_before_any_change_is_named_and_not_made_worse(
    made: Make, catalogue: Catalogue
) -> None:
    folder = made()
    duties = folder / "duties.csv"
    text = duties.read_text(encoding="utf-8").splitlines()
    header = text[0].split(",")
    lines = [line for line in text if not line.startswith("complaints,")]
    cells = dict.fromkeys(header, "") | {
        "duty": "complaints", "owner": "X", "minimum_wte": "90", "reason": "a test",
    }  # fmt: skip
    lines.append(",".join(cells[name] for name in header))
    duties.write_text("\n".join(lines) + "\n", encoding="utf-8")
    board = load(folder, catalogue)
    option, tables = find(board, catalogue, costs(board))
    assert option is not None
    assert "cannot be met by any option" in tables["clashes"]["words"][0]
    got = levels_of(board, option, catalogue)["complaints"]
    assert min(got) >= got[0] - 1e-3


def test_the_same_board_gives_the_same_option_and_tables(
    answer: tuple[Board, Option, dict[str, pl.DataFrame]], catalogue: Catalogue
) -> None:
    board, option, tables = answer
    again, same = find(board, catalogue, costs(board))
    assert again == option
    assert all(same[name].equals(tables[name]) for name in tables)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('[find]\nfixed = ["safegarding"]', 'no function called "safegarding". Nearest'),
        ('[find]\nfixd = []', 'nothing is called "fixd"'),
        ('[find]\nredundancy_limit = "lots"', "is no money"),
        ('[find]\nseconds = 0', "seconds must be a number"),
        ('[cluster]\nwith = ["QJG"]', "give \\[board\\] an area"),
        ('[apportionment]\nboards = "region"', "give \\[board\\] an area"),
        ('[apportionment]\nboards = ["QMM", "QMN"]', "no area called|Nearest"),
        ('[apportionment]\nboards = ["QMM", "norfolk-and-suffolk"]', "hold the same people"),
        ('[apportionment]\nboards = ["QMM"]\nspend = "none.csv"', "none.csv"),
        ('[apportionment]\nboards = ["QMM"]\nweights = "age"', 'weights "age" is not known'),
        ('[delegation]\nstrategy = { planet = 1 }', 'no level "planet"'),
        ('[delegation]\nnobody = { place = 1 }', 'no function "nobody"'),
        ('[cluster]\nwith = []', "give \\[board\\] an area"),
    ],
)  # fmt: skip
def test_a_wrong_block_is_refused_with_its_file_and_line(
    made: Make, catalogue: Catalogue, more: str, said: str
) -> None:
    board = load(made("\n" + more + "\n"), catalogue)
    with pytest.raises(BoardError, match=said) as caught:
        additions.check(board, catalogue)
    assert str(caught.value).startswith(("organisation.toml:", "none.csv"))


def test_a_governance_setting_outside_the_years_is_refused(
    made: Make, catalogue: Catalogue
) -> None:
    folder = made()
    file = folder / "organisation.toml"
    file.write_text(file.read_text().replace('"2027/28" = "non', '"2047/48" = "non'))
    with pytest.raises(BoardError, match=r"organisation.toml:\d+: 2047/48 is not among"):
        additions.check(load(folder, catalogue), catalogue)
