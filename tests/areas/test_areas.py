"""What an area code means: whose people, in which boards, and in which places."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest

from leftshift.areas import KINDS, Area, find_area, list_areas, read_footprint
from leftshift.areas.footprints import footprint_files
from leftshift.catalogue import Catalogue
from leftshift.errors import AreaError


@pytest.fixture(scope="module")
def cat() -> Catalogue:
    return Catalogue.load()


def totals(area: Area) -> dict[str, float]:
    found: dict[str, float] = defaultdict(float)
    for one in area.members:
        found[one.authority] += one.share
    return found


def test_england_holds_all_of_every_authority_in_its_boards(cat: Catalogue) -> None:
    england = find_area("England", cat)
    assert len(england.places) == 42
    held = totals(england)
    assert len(held) == 296
    assert all(abs(share - 1.0) < 1e-6 for share in held.values())
    assert england.identity() == find_area("E92000001", cat).identity()


def test_the_boards_together_are_england(cat: Catalogue) -> None:
    held: dict[str, float] = defaultdict(float)
    boards = list_areas(cat, kind="board")["code"].to_list()
    assert len(boards) == 42
    for code in boards:
        for authority, share in totals(find_area(code, cat)).items():
            held[authority] += share
    assert len(held) == 296
    assert all(abs(share - 1.0) < 1e-6 for share in held.values())


@pytest.mark.parametrize("kind", ["Y", "E12"])
def test_the_regions_together_are_england(cat: Catalogue, kind: str) -> None:
    held: dict[str, float] = defaultdict(float)
    for code in list_areas(cat, kind="region")["code"].to_list():
        if code.startswith(kind):
            for authority, share in totals(find_area(code, cat)).items():
                held[authority] += share
    assert all(abs(held[code] - 1.0) < 1e-6 for code in totals(find_area("England", cat)))


def test_everything_that_is_listed_can_be_found_by_its_code(cat: Catalogue) -> None:
    rows = list_areas(cat)
    assert rows["code"].is_unique().all()
    assert set(rows["kind"]) == set(KINDS)
    for code, ons in rows.filter(rows["kind"] != "authority").select("code", "ons").iter_rows():
        area = find_area(code, cat)
        assert area.code == code
        assert area.members and area.places
        assert not ons or find_area(ons, cat).identity() == area.identity()


def test_places_hold_every_member_once_and_no_two_share_a_tile(cat: Catalogue) -> None:
    for code in ("England", "Y61", "E12000007", "QMM", "E07000244", *footprint_files(cat)):
        area = find_area(code, cat)
        held: dict[tuple[str, str], float] = defaultdict(float)
        for place in area.places:
            for one in place.members:
                held[one.authority, one.board] += one.share
        assert held == pytest.approx({(m.authority, m.board): m.share for m in area.members})
        assert [place.code for place in area.places] == sorted(p.code for p in area.places)
        spots = {(place.column, place.row) for place in area.places}
        assert len(spots) == len(area.places)
        assert min(column for column, _ in spots) == 0 == min(row for _, row in spots)


def test_a_tile_map_keeps_north_above_south_and_west_left_of_east(cat: Catalogue) -> None:
    tiles = {place.code: place for place in find_area("England", cat).places}
    assert tiles["QHM"].row < tiles["QOQ"].row < tiles["QKS"].row  # Newcastle, York, Kent
    assert tiles["QT6"].column < tiles["QJK"].column < tiles["QKS"].column  # Cornwall, Devon, Kent


def test_a_board_is_found_by_either_code_and_by_its_names(cat: Catalogue) -> None:
    board = find_area("QMM", cat)
    assert (board.code, board.name, board.kind) == ("QMM", "Norfolk and Waveney", "board")
    for text in (
        "qmm",
        " QMM ",
        "E54000022",
        "norfolk & waveney",
        "NHS Norfolk and Waveney Integrated Care Board",
        "Norfolk and Waveney ICB",
    ):
        assert find_area(text, cat).identity() == board.identity()
    assert totals(board)["E07000244"] == pytest.approx(0.473, abs=0.001)


def test_an_authority_keeps_the_boards_that_its_people_belong_to(cat: Catalogue) -> None:
    area = find_area("E07000244", cat)
    assert {one.board for one in area.members} == {"QMM", "QJG"}
    assert sum(one.share for one in area.members) == pytest.approx(1.0)
    assert [place.name for place in area.places] == ["East Suffolk"]


def test_a_name_that_several_areas_have_lists_their_codes(cat: Catalogue) -> None:
    with pytest.raises(AreaError, match=r"2 areas: QVV \(board\), E06000059 \(authority\)"):
        find_area("Dorset", cat)


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("QMN", '"QM'),
        ("E070002000", '"E07000200"'),
        ("Norfolk and Wavenay", '"QMM" (Norfolk and Waveney)'),
        ("norfolk-and-sufolk", '"norfolk-and-suffolk"'),
        ("Kings Lyn", "King's Lynn"),
        ("zzzzzz", "Search with"),
        ("", "Give a code or a name"),
        ("\x00", "no area called"),
        ("nowhere.toml", "no such footprint file"),
        ("a\x00.toml", "no such footprint file"),
        ("x" * 5000 + ".toml", "no such footprint file"),
    ],
)
def test_an_unknown_area_names_the_nearest(cat: Catalogue, text: str, near: str) -> None:
    with pytest.raises(AreaError) as caught:
        find_area(text, cat)
    assert near in str(caught.value)


def test_a_search_minds_neither_case_nor_accents(cat: Catalogue) -> None:
    for text in ("WAVENEY norfolk", "wavénéy", "qmm", "e54000022"):
        assert "QMM" in list_areas(cat, text)["code"].to_list()
    assert list_areas(cat, "suffolk", kind="authority").height == 3
    with pytest.raises(AreaError, match="Nearest"):
        list_areas(cat, "suffalk")
    with pytest.raises(AreaError, match='Nearest: "board"'):
        list_areas(cat, kind="bord")


def test_unverified_footprints_are_marked_and_say_why(cat: Catalogue) -> None:
    rows = list_areas(cat, kind="footprint")
    assert rows["code"].to_list() == [
        "central-east",
        "essex",
        "hampshire-and-isle-of-wight",
        "norfolk-and-suffolk",
        "north-west-and-north-central-london",
        "surrey-and-sussex",
        "thames-valley",
    ]
    assert set(rows.filter(rows["verified"])["code"]) == {
        "norfolk-and-suffolk",
        "north-west-and-north-central-london",
    }
    assert all("heck" in note for note in rows.filter(~rows["verified"])["note"])
    assert not find_area("central-east", cat).verified
    for code in rows["code"]:
        assert find_area(code, cat).starts is not None


def test_no_two_footprints_of_april_2026_hold_the_same_people(cat: Catalogue) -> None:
    held: dict[tuple[str, str], float] = defaultdict(float)
    for code in list_areas(cat, kind="footprint")["code"].to_list():
        for one in find_area(code, cat).members:
            held[one.authority, one.board] += one.share
    england = {(m.authority, m.board): m.share for m in find_area("England", cat).members}
    assert all(share <= england[part] + 1e-6 for part, share in held.items())


def test_norfolk_and_suffolk_is_both_counties(cat: Catalogue) -> None:
    area = find_area("norfolk-and-suffolk", cat)
    assert area.name == "Norfolk and Suffolk"
    assert len(area.places) == 12
    counties = cat.table("authorities").filter(
        cat.table("authorities")["county_name"].is_in(["Norfolk", "Suffolk"])
    )
    assert set(totals(area)) == set(counties["code"])
    assert all(share == pytest.approx(1.0, abs=1e-4) for share in totals(area).values())


def test_identity_is_plain_data_and_does_not_depend_on_the_order_of_a_file(
    cat: Catalogue, tmp_path: Path
) -> None:
    one, two = tmp_path / "one.toml", tmp_path / "two.toml"
    head = '[footprint]\nname = "X"\n[footprint.members]\n'
    one.write_text(head + "QMM = 1.0\nE07000200 = 1\n")
    two.write_text(head + "E07000200 = 1.0\nE54000022 = 1.0\n")
    first, second = read_footprint(one, cat).identity(), read_footprint(two, cat).identity()
    assert json.dumps(first) == json.dumps(second)
    one.write_text(head + "QMM = 1.0\nE07000200 = 0.9\n")
    assert read_footprint(one, cat).identity() != second


def test_a_projects_own_footprints_are_found_by_id(tmp_path: Path) -> None:
    folder = tmp_path / "footprints"
    folder.mkdir()
    (folder / "ours.toml").write_text(
        '[footprint]\nname = "Ours"\n[footprint.members]\ncornwall-and-devon = 0.5\n'
    )
    (folder / "broken.toml").write_text("[footprint\n")
    cat = Catalogue.load(tmp_path)
    area = find_area("ours", cat)
    assert all(one.share == pytest.approx(0.5) for one in area.members)
    assert find_area("footprints/ours.toml", cat).identity() == area.identity()
    rows = list_areas(cat, kind="footprint")
    assert "broken.toml:1" in rows.filter(rows["code"] == "broken")["note"][0]
    with pytest.raises(AreaError, match="not valid TOML"):
        find_area("broken", cat)
