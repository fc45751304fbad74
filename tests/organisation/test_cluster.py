"""Clusters and mergers: what they save, what they cost, and what each board keeps."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from leftshift.catalogue import Catalogue
from leftshift.errors import ModelError
from leftshift.organisation.cluster import DRIVERS, Cost, Standing, build

OURS = Standing("QMM", "Norfolk and Waveney", 1_070_000, 8)
OTHER = Standing("QJG", "Suffolk and North East Essex", 1_070_000, 3)
COSTS = tuple(Cost(driver, driver.capitalize(), driver, 1_000_000.0) for driver in DRIVERS)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


def value(frame: pl.DataFrame, arrangement: str, kind: str, item: str) -> float:
    row = frame.filter(arrangement=arrangement, kind=kind, item=item)
    assert row.height == 1
    return float(row["value"][0])


def with_rows(tmp_path: Path, **values: float) -> Catalogue:
    """A catalogue in which these rows of the cluster's assumptions are put to these values."""
    shipped = Catalogue.load()
    lines = ["id,label,value,lower,upper,distribution,unit,source,as_of,grade,note"]
    for name, number in values.items():
        row = shipped.row(name.replace("__", "."))
        lines.append(f"{row.id},x,{number},,,fixed,{row.estimate.unit},test,2025,A,")
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "catalogue" / "own.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Catalogue.load(tmp_path)


def test_work_that_follows_people_is_saved_only_as_far_as_its_elasticity_says(
    catalogue: Catalogue,
) -> None:
    frame = build((OURS, OTHER), COSTS, catalogue, draws=0)
    for driver in DRIVERS:
        power = catalogue.row(f"cluster.elasticity.{driver}").estimate.value
        assert value(frame, "apart", "function", driver) == pytest.approx(2e6)
        assert value(frame, "merge", "function", driver) == pytest.approx(1e6 * 2**power)
    # Places need their own people however large the board is.
    assert value(frame, "merge", "function", "places") == pytest.approx(2e6)


def test_a_function_that_is_not_shared_costs_as_much_in_a_cluster_as_apart(
    catalogue: Catalogue,
) -> None:
    own = (Cost("fixed", "Fixed", "fixed", 1e6, shared=False),)
    frame = build((OURS, OTHER), own, catalogue, draws=0)
    assert value(frame, "cluster", "function", "fixed") == value(
        frame, "apart", "function", "fixed"
    )
    assert value(frame, "merge", "function", "fixed") < value(frame, "apart", "function", "fixed")


def test_the_total_is_the_sum_of_its_lines(catalogue: Catalogue) -> None:
    frame = build((OURS, OTHER), COSTS, catalogue, draws=0)
    posts = {row["post"]: row["cost"] for row in catalogue.table("leadership_posts").to_dicts()}
    for arrangement in ("apart", "cluster", "merge"):
        mine = frame.filter(arrangement=arrangement)
        lines = mine.filter(pl.col("kind").is_in(["function", "coordination"]))["value"].sum()
        lines += sum(
            row["value"] * posts[row["item"]] for row in mine.filter(kind="post").to_dicts()
        )
        assert value(frame, arrangement, "total", "running_cost") == pytest.approx(lines)
        saved = value(frame, "apart", "total", "running_cost") - lines
        assert value(frame, arrangement, "saving", "saving") == pytest.approx(saved)


def test_each_board_has_its_share_of_the_saving_by_people(catalogue: Catalogue) -> None:
    large = Standing("big", "Big", 3 * OURS.people, 4)
    frame = build((OURS, large), COSTS, catalogue, draws=0)
    saving = value(frame, "merge", "saving", "saving")
    assert value(frame, "merge", "share", "QMM") == pytest.approx(saving / 4)
    assert frame.filter(kind="share", arrangement="merge")["value"].sum() == pytest.approx(saving)


def test_a_cluster_keeps_a_board_for_each_and_a_merger_one(catalogue: Catalogue) -> None:
    frame = build((OURS, OTHER), COSTS, catalogue, draws=0)
    kept = frame.filter(kind="keeps")
    assert kept.filter(arrangement="cluster")["value"].unique().to_list() == [2.0]
    assert kept.filter(arrangement="merge")["value"].unique().to_list() == [1.0]
    assert "accounts" in kept["item"].to_list()
    assert value(frame, "cluster", "post", "chief_executive") == 1
    assert value(frame, "cluster", "post", "partner_member") == 6


def test_every_size_has_a_cost_and_too_wide_a_span_is_warned_of(catalogue: Catalogue) -> None:
    wide = Standing("big", "Big", 2_600_000, 10)
    frame = build((OURS, wide), COSTS, catalogue, draws=0)
    assert value(frame, "merge", "coordination", "span") > 0
    assert value(frame, "merge", "coordination", "board_coordination") == 0
    assert value(frame, "cluster", "coordination", "board_coordination") > 0
    said = frame.filter(kind="warning", arrangement="merge")["words"].to_list()
    assert any("3.7 million people are more than the 2.5 million" in words for words in said)
    narrow = build((OURS, OTHER), COSTS, catalogue, draws=0)
    assert value(narrow, "merge", "coordination", "span") == 0


def test_without_economies_of_scale_a_cluster_saves_only_posts_and_says_when_it_costs_more(
    tmp_path: Path,
) -> None:
    none = {f"cluster__elasticity__{driver}": 1.0 for driver in DRIVERS}
    own = with_rows(tmp_path, **none, cluster__place_link=2e6)
    frame = build((OURS, OTHER), COSTS, own, draws=0)
    assert value(frame, "merge", "function", "fixed") == pytest.approx(2e6)
    assert value(frame, "cluster", "saving", "saving") < 0
    said = " ".join(frame.filter(kind="warning")["words"].to_list())
    assert "costs more to run than boards apart" in said


def test_the_interval_holds_the_central_figure_and_is_the_same_for_the_same_seed(
    catalogue: Catalogue,
) -> None:
    first = build((OURS, OTHER), COSTS, catalogue, draws=60, seed=3)
    assert first.equals(build((OURS, OTHER), COSTS, catalogue, draws=60, seed=3))
    saving = first.filter(kind="saving", arrangement="merge").row(0, named=True)
    assert saving["lower"] < saving["value"] < saving["upper"]


@pytest.mark.parametrize(
    ("boards", "said"),
    [
        ((OURS,), "two boards or more"),
        ((OURS, OURS), "QMM stands twice"),
        ((OURS, Standing("x", "Empty", 0.0, 1)), "Empty has no people"),
    ],
)
def test_what_is_no_cluster_is_refused(
    catalogue: Catalogue, boards: tuple[Standing, ...], said: str
) -> None:
    with pytest.raises(ModelError, match=said):
        build(boards, COSTS, catalogue)


def test_an_unknown_driver_is_refused(catalogue: Catalogue) -> None:
    with pytest.raises(ModelError, match='no driver "moon"'):
        build((OURS, OTHER), (Cost("f", "F", "moon", 1.0),), catalogue)
