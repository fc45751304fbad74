"""Attacks on what leaves: nothing may show, or give away, fewer than five people."""

import csv
import io
import pickle
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leftshift import organisation
from leftshift.catalogue import Catalogue
from leftshift.errors import LeftshiftError
from leftshift.organisation import privacy
from leftshift.organisation.board import Board, load
from leftshift.organisation.evaluation import evaluate
from leftshift.organisation.money import Price
from leftshift.organisation.options import Change, Option
from leftshift.organisation.redundancy import LEAVING, average_payment, pool

SECRET = "£ZQX"


def staff_rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "staff.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_staff(folder: Path, rows: list[dict[str, str]]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    (folder / "staff.csv").write_text(text.getvalue(), encoding="utf-8")


parts = st.dictionaries(
    st.sampled_from("abcdefg"), st.one_of(st.just(0.0), st.floats(0.1, 60)), min_size=1
)


@given(parts)
@settings(max_examples=500, deadline=None)
def test_subtracting_what_is_shown_from_the_total_never_leaves_a_small_group(
    counts: dict[str, float],
) -> None:
    """The attacker knows the total and every shown part, unrounded: the worst case."""
    away = privacy.hidden(counts)
    shown = {name: count for name, count in counts.items() if name not in away}
    assert all(count == 0 or count >= privacy.LEAST for count in shown.values())
    total = sum(counts.values())
    if away and not 0 < total < privacy.LEAST:
        left = total - sum(shown.values())
        there = [name for name in away if counts[name] > 0]
        assert left >= privacy.LEAST - 1e-9
        assert len(there) >= 2 or set(away) == set(counts)


@given(st.lists(st.floats(0, 1e7), min_size=5, max_size=80), st.randoms())
@settings(max_examples=200, deadline=None)
def test_every_figure_is_shared_by_five_and_the_total_is_kept(
    values: list[float], rng: random.Random
) -> None:
    figures = np.array([[value, value / 3] for value in values])
    order = [f"{rng.random():.6f}" for _ in values]
    mixed = privacy.alike(figures, order)
    assert mixed.sum(axis=0) == pytest.approx(figures.sum(axis=0))
    groups = np.unique(mixed.round(6), axis=0, return_counts=True)[1]
    assert groups.min() >= privacy.LEAST


def test_two_options_that_differ_by_one_person_do_not_give_away_their_pay(
    folder: Path, catalogue: Catalogue
) -> None:
    """The differencing attack: everyone goes in one option, all but one function in the other."""
    rows = staff_rows(folder)
    rows = [row for row in rows if row["function"] != "specialised"]
    lone = {**rows[0], "post": "LONE", "function": "specialised", "band": "8b", "wte": "1"}
    lone |= {"salary": "71234", "service_years": "17.5", "age_band": "45-54"}
    write_staff(folder, [*rows, lone])
    board = load(folder, catalogue)
    years = len(board.labels)
    shares = tuple(float(year > 0) for year in range(years))
    every = tuple(Change(one.id, "stop", shares) for one in board.functions)
    but_one = tuple(change for change in every if change.function != "specialised")
    options = (Option("all", "All", changes=every), Option("but", "But", changes=but_one))
    done = evaluate(replace(board, options=(board.options[0], *options)), catalogue, 20)
    costs = [one.leaving.payments for one in done.options[1:]]
    # Where the lone person is dismissed in one and not the other, the difference is a mean of
    # at least five people alike, even before anything is rounded.
    exact = 71234 / 12 * 18 * 100
    differences = (costs[0] - costs[1]).sum(axis=1)
    paid = differences[differences > 1]
    assert len(paid) > 0
    everyone = pool(board, catalogue.parameters(), Price.of(catalogue.parameters()), 1, 1)
    at = everyone.keys.index("LONE")
    assert (np.abs(everyone.payments[0] - everyone.payments[0, at]).max(axis=1) < 1e-6).sum() >= 5
    assert (np.abs(paid - exact) > 100).all()


def shown_staff_figures(tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    return tables["redundancy"].filter(~pl.col("hidden"))


@pytest.mark.parametrize("share", [0.02, 0.05, 0.1, 0.3, 0.6])
@pytest.mark.parametrize("names", [("finance",), ("emergency",), ("finance", "digital", "payer")])
def test_no_count_under_five_is_shown_for_any_size_of_cut(
    board: Board, catalogue: Catalogue, names: tuple[str, ...], share: float
) -> None:
    shares = (0.0, share / 2, *(share for _ in board.labels[2:]))
    cut = Option("cut", "Cut", changes=tuple(Change(name, "reduce", shares) for name in names))
    done = evaluate(replace(board, options=(board.options[0], cut)), catalogue, 20)
    leaving = done.options[1].leaving
    means = {name: leaving.people[at].sum(axis=1).mean() for at, name in enumerate(LEAVING)}
    rows = done.tables["redundancy"].filter(pl.col("option") == "cut")
    for row in rows.iter_rows(named=True):
        if row["unit"] != "people" or row["hidden"]:
            continue
        year, name = row["year"], row["measure"]
        if name in means:
            true = means[name]
        elif year:
            true = leaving.dismissed[:, board.labels.index(year)].mean()
        else:
            true = leaving.dismissed.sum(axis=1).mean()
        assert true == 0 or true >= privacy.LEAST
        assert row["value"] % privacy.STEP == 0
    dismissed = leaving.dismissed.sum(axis=1).mean()
    if 0 < dismissed < privacy.LEAST:
        assert rows.filter((pl.col("unit") == "GBP") & ~pl.col("hidden")).is_empty()
    hidden = rows.filter(pl.col("hidden"))
    assert hidden["value"].null_count() == hidden.height
    assert hidden["lower"].null_count() == hidden["upper"].null_count() == hidden.height
    # Years: what is hidden together is at least five, so a total gives no small year away.
    years = rows.filter((pl.col("measure") == "dismissed") & (pl.col("year") != ""))
    away = [row["year"] for row in years.iter_rows(named=True) if row["hidden"]]
    total = rows.filter((pl.col("measure") == "dismissed") & (pl.col("year") == ""))
    if away and not total["hidden"].item():
        there = [leaving.dismissed[:, board.labels.index(year)].mean() for year in away]
        assert sum(there) >= privacy.LEAST
        assert sum(count > 0 for count in there) >= 2


def test_money_of_hidden_years_cannot_be_had_from_the_funding_tables() -> None:
    cost = np.array([[0.0, 100.0, 900.0, 30.0]])
    people = np.array([[0.0, 2.0, 20.0, 4.0]])
    planned = np.array([0.0, 3.0, 25.0, 5.0])
    safe = privacy.safe_cost(cost, people, planned, 10.0)
    away = privacy.hidden({"0": 0.0, "1": 2.0, "2": 20.0, "3": 4.0})
    assert away == {"1", "3"}
    assert safe.sum() == pytest.approx(cost.sum())
    assert safe[0, 2] == 900
    # Only the sum of both years is left in it, shared out by a plan that is no secret.
    assert safe[0, 1] / safe[0, 3] == pytest.approx(3 / 5)
    swapped = privacy.safe_cost(cost[:, [0, 3, 2, 1]], people, planned, 10.0)
    assert swapped == pytest.approx(safe)


def test_a_cut_about_fewer_than_five_shows_the_board_s_average_only() -> None:
    cost = np.array([[0.0, 123456.0]])
    people = np.array([[0.0, 3.0]])
    safe = privacy.safe_cost(cost, people, np.array([0.0, 3.2]), 1000.0)
    assert safe.tolist() == [[0.0, 3200.0]]


def test_payments_by_function_are_the_board_s_average_where_few_work(
    board: Board, catalogue: Catalogue
) -> None:
    assert board.staff is not None
    parameters = catalogue.parameters()
    everyone = pool(board, parameters, Price.of(parameters), 1, 1)
    found = average_payment(board, everyone)
    counts = {one.id: everyone.functions.count(one.id) for one in board.functions}
    few = [name for name, count in counts.items() if 0 < count < privacy.LEAST]
    assert few
    assert len({found[name] for name in few}) == 1


def everything_written(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


def test_no_post_salary_or_service_of_the_list_is_in_anything_written(
    folder: Path, tmp_path: Path
) -> None:
    rows = staff_rows(folder)
    for number, row in enumerate(rows):
        row["post"] = f"ZQX-{number}"
        row["salary"] = str(41017 + 3 * number)
    write_staff(folder, rows)
    run = organisation.run(folder, out=tmp_path / "run", draws=20, csv=True)
    written = everything_written(run.path)
    assert b"ZQX" not in written
    tables = b"".join(file.read_bytes() for file in (run.path / "tables").glob("*.csv"))
    cells = set(tables.replace(b"\n", b",").split(b","))
    figures = {f"{number}" for number in (41017 + 3 * at for at in range(len(rows)))}
    leaked = {cell.decode() for cell in cells} & (figures | {f"{one}.0" for one in figures})
    assert leaked == set()


def test_the_identity_does_not_hold_a_digest_of_the_list(folder: Path, tmp_path: Path) -> None:
    import hashlib

    digest = hashlib.sha256((folder / "staff.csv").read_bytes()).hexdigest()
    run = organisation.run(folder, out=tmp_path / "run", draws=20)
    assert digest.encode() not in everything_written(run.path)
    assert "staff.csv" not in run.identity["files"]


def test_the_order_of_a_list_changes_nothing_that_is_published(
    folder: Path, tmp_path: Path
) -> None:
    first = organisation.run(folder, ["balanced"], out=tmp_path / "one", draws=20)
    write_staff(folder, staff_rows(folder)[::-1])
    second = organisation.run(folder, ["balanced"], out=tmp_path / "two", draws=20)
    assert first.identity == second.identity


def test_a_list_cannot_be_printed_or_pickled(board: Board) -> None:
    assert board.staff is not None
    for thing in (board, board.staff, board.staff.people[0]):
        assert "X0001" not in repr(thing)
        assert "salary" not in repr(thing)
    for secret in (board.staff, board.staff.people[0]):
        with pytest.raises(TypeError, match="memory"):
            pickle.dumps(secret)


def broken(change: Callable[[dict[str, str]], None]) -> Callable[[list[dict[str, str]]], None]:
    def apply(rows: list[dict[str, str]]) -> None:
        change(rows[7])

    return apply


@pytest.mark.parametrize(
    "change",
    [
        broken(lambda row: row.update(band=SECRET)),
        broken(lambda row: row.update(salary=SECRET)),
        broken(lambda row: row.update(weekly_pay=SECRET)),
        broken(lambda row: row.update(service_years=SECRET)),
        broken(lambda row: row.update(service_years="-1")),
        broken(lambda row: row.update(service_years="59.5", age_band="25-34")),
        broken(lambda row: row.update(age_band=SECRET)),
        broken(lambda row: row.update(wte=SECRET)),
        broken(lambda row: row.update(wte="-0.5")),
        broken(lambda row: row.update(function=SECRET)),
        lambda rows: rows[7].update(post=rows[3]["post"]),
        lambda rows: rows.__delitem__(slice(4, None)),
    ],
)
def test_no_message_quotes_a_row_of_the_list(
    folder: Path, catalogue: Catalogue, change: Callable[[list[dict[str, str]]], None]
) -> None:
    rows = staff_rows(folder)
    change(rows)
    write_staff(folder, rows)
    with pytest.raises(LeftshiftError) as caught:
        load(folder, catalogue)
    said = str(caught.value)
    assert said.startswith("staff.csv:")
    assert SECRET not in said
    private = {cell for row in rows[:9] for key, cell in row.items() if key in ("post", "salary")}
    assert not any(cell and cell in said for cell in private)


def test_a_list_without_its_header_is_not_quoted(folder: Path, catalogue: Catalogue) -> None:
    rows = staff_rows(folder)
    lines = [",".join(row.values()) for row in rows]
    (folder / "staff.csv").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(LeftshiftError) as caught:
        load(folder, catalogue)
    assert rows[0]["post"].casefold() not in str(caught.value).casefold()
    assert rows[0]["salary"] not in str(caught.value)
