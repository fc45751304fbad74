"""What is left at each level: nothing is lost on the way, and what place loses is a line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftshift.catalogue import Catalogue
from leftshift.errors import ModelError
from leftshift.organisation.subsidiarity import (
    RECIPIENTS,
    Held,
    governance_rows,
    levels,
    place_losses,
    shares_at,
)

PLACES = (("east", "East", 300.0), ("west", "West", 700.0))
LABELS = ("2025/26", "2026/27", "2027/28")


def held(
    level: str = "place", to: str = "", parts: tuple[float, float, float] = (10, 0, 0)
) -> Held:
    """Ten WTE that are kept, moved and released as `parts` has it, at £50,000 each."""
    wte = (sum(parts), *parts)
    return Held(
        "o", "2026/27", "f", "Function", level, "transfer" if to else "reduce", to,
        wte, tuple(50_000.0 * one for one in wte),
    )  # fmt: skip


AT = {level: {"f": {level: 1.0}} for level in ("system", "place", "neighbourhood")}
amounts = st.tuples(*[st.floats(0, 100) for _ in range(3)])


@given(amounts, st.sampled_from(sorted(RECIPIENTS)), st.floats(0, 1))
def test_over_levels_a_function_adds_up_to_what_it_was(
    parts: tuple[float, float, float], to: str, delegated: float
) -> None:
    shares = {"f": {"system": 1 - delegated, "place": delegated}}
    frame = levels([held("system", to, parts)], shares, 1000.0)
    assert frame["wte"].sum() == pytest.approx(sum(parts), abs=1e-6)
    assert frame["money"].sum() == pytest.approx(50_000 * sum(parts), abs=1e-3)


@pytest.mark.parametrize(
    ("to", "level"),
    [
        ("region", "beyond"),
        ("cluster", "beyond"),
        ("at_scale", "beyond"),
        ("provider", "system"),
        ("local_authority", "place"),
    ],
)
def test_work_that_moves_stands_where_its_recipient_does(to: str, level: str) -> None:
    frame = levels([held("neighbourhood", to, (4, 5, 1))], AT["neighbourhood"], 1000.0)
    assert frame.filter(holder=to).row(0, named=True)["level"] == level
    assert frame.filter(level="released")["wte"].to_list() == [1.0]


def test_what_place_loses_is_a_line_for_each_place_and_adds_up() -> None:
    frame = place_losses([held(parts=(6, 0, 4))], AT["place"], PLACES)
    lost = {r["place"]: r["wte_before"] - r["wte_after"] for r in frame.to_dicts()}
    assert lost == pytest.approx({"": 4.0, "east": 1.2, "west": 2.8})
    whole = frame.filter(place="").row(0, named=True)
    assert whole["money_before"] - whole["money_after"] == pytest.approx(200_000)
    assert whole["words"] == (
        "All places: place loses 4.0 WTE of Function; 4.0 WTE are no longer done by anyone."
    )


def test_work_that_a_council_takes_up_stays_at_place() -> None:
    frame = place_losses([held(to="local_authority", parts=(0, 10, 0))], AT["place"], PLACES)
    whole = frame.filter(place="").row(0, named=True)
    assert whole["wte_after"] == whole["wte_before"]
    assert "stays at place" in whole["words"]
    assert "the council" in whole["words"]


def test_work_that_goes_to_the_region_is_lost_to_place_though_nobody_goes() -> None:
    frame = place_losses([held(to="region", parts=(0, 10, 0))], AT["place"], PLACES)
    whole = frame.filter(place="").row(0, named=True)
    assert whole["wte_after"] == 0
    assert "10.0 WTE go to the region" in whole["words"]


def test_what_happens_at_system_is_no_loss_of_place() -> None:
    assert place_losses([held("system", parts=(1, 0, 9))], AT["system"], PLACES).height == 0


def test_a_function_that_nobody_changes_is_no_loss() -> None:
    assert place_losses([held(parts=(10, 0, 0))], AT["place"], PLACES).height == 0


def test_only_the_delegated_share_of_a_function_is_lost_to_place() -> None:
    shares = {"f": {"system": 0.75, "place": 0.25}}
    frame = place_losses([held("system", parts=(6, 0, 4))], shares, PLACES)
    whole = frame.filter(place="").row(0, named=True)
    assert whole["wte_before"] - whole["wte_after"] == pytest.approx(1.0)


def test_a_board_without_places_still_says_what_place_loses_altogether() -> None:
    frame = place_losses([held(parts=(6, 0, 4))], AT["place"], ())
    assert frame["place"].to_list() == [""]


def test_an_unknown_recipient_is_refused() -> None:
    with pytest.raises(ModelError, match='no recipient "moon"'):
        levels([held(to="moon", parts=(0, 1, 0))], AT["place"], 1.0)


OWN = {"f": "system", "g": "place"}


def test_what_is_not_delegated_stays_at_the_functions_own_level() -> None:
    found = shares_at({"f": {"place": 0.4}}, ("f", "g"), OWN, "x")
    assert found == {"f": {"place": 0.4, "system": 0.6}, "g": {"place": 1.0}}


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"h": {"place": 0.4}}, 'no function "h"'),
        ({"f": {"moon": 0.4}}, 'no level "moon"'),
        ({"f": {"place": 1.4}}, "no share from 0 to 1"),
        ({"f": {"place": True}}, "no share from 0 to 1"),
        ({"f": {"place": 0.7, "neighbourhood": 0.7}}, "pass 1"),
        ({"f": {"place": 0.4, "system": 0.4}}, "add up"),
        ({"f": 0.4}, "shares by level"),
    ],
)
def test_a_wrong_delegation_is_refused(raw: dict[str, Any], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        shares_at(raw, ("f", "g"), OWN, "organisation.toml")


@pytest.fixture(scope="module")
def settings() -> list[dict[str, Any]]:
    return Catalogue.load().table("governance_settings").to_dicts()


def test_the_partnership_is_statutory_until_the_year_set(settings: list[dict[str, Any]]) -> None:
    frame = governance_rows({"2026/27": "folded"}, LABELS, settings, "x")
    assert frame["setting"].to_list() == ["statutory", "folded", "folded"]
    assert frame["since"].to_list() == ["", "2026/27", "2026/27"]


def test_every_setting_says_its_law_and_what_place_has(settings: list[dict[str, Any]]) -> None:
    for setting in ("statutory", "non_statutory", "folded"):
        frame = governance_rows({LABELS[0]: setting}, LABELS, settings, "x")
        row = frame.row(0, named=True)
        assert row["law"]
        assert row["place_has"]
        assert row["grade"] in ("V", "R")


def test_a_wrong_setting_or_year_is_refused(settings: list[dict[str, Any]]) -> None:
    with pytest.raises(ModelError, match='no setting "statutry".*Nearest: "statutory"'):
        governance_rows({"2026/27": "statutry"}, LABELS, settings, "x")
    with pytest.raises(ModelError, match="2040/41 is not among"):
        governance_rows({"2040/41": "folded"}, LABELS, settings, "x")
