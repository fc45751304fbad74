"""A footprint file is an area, or one message that says which line to mend."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leftshift.areas import find_area, read_footprint
from leftshift.catalogue import Catalogue
from leftshift.errors import FootprintError, LeftshiftError

CAT = Catalogue.load()

NORFOLK_AND_SUFFOLK = """[footprint]
name = "Norfolk and Suffolk"
from = 2026-04-01
[footprint.members]      # boards or authorities, with the share of their people
QMM = 1.0
E07000200 = 1.0
E07000202 = 1.0
E07000203 = 1.0
E07000245 = 1.0
E07000244 = 0.527        # the rest of East Suffolk is in QMM
"""

HEAD = '[footprint]\nname = "X"\n[footprint.members]\n'


def write(folder: Path, text: str) -> Path:
    path = folder / "my.toml"
    path.write_text(text, "utf-8")
    return path


def shares(folder: Path, members: str) -> dict[tuple[str, str], float]:
    area = read_footprint(write(folder, HEAD + members), CAT)
    return {(one.authority, one.board): one.share for one in area.members}


def refused(folder: Path, text: str) -> str:
    with pytest.raises(FootprintError) as caught:
        read_footprint(write(folder, text), CAT, "my.toml")
    said = str(caught.value)
    assert said.startswith("my.toml"), said
    return said


def test_the_example_is_read_as_it_is_meant(tmp_path: Path) -> None:
    area = read_footprint(write(tmp_path, NORFOLK_AND_SUFFOLK), CAT)
    assert (area.code, area.name, area.kind) == (
        "norfolk-and-suffolk",
        "Norfolk and Suffolk",
        "footprint",
    )
    assert area.starts == date(2026, 4, 1)
    assert area.verified
    held = {(one.authority, one.board): one.share for one in area.members}
    # What QMM does not hold of East Suffolk is taken from the other board that it lies in.
    assert held["E07000244", "QJG"] == pytest.approx(0.527)
    assert held["E07000244", "QMM"] == pytest.approx(0.4729, abs=1e-4)
    assert area.identity() == find_area("norfolk-and-suffolk", CAT).identity()


def test_an_authority_by_itself_is_split_as_its_people_are(tmp_path: Path) -> None:
    held = shares(tmp_path, "E07000244 = 0.5\n")
    assert held["E07000244", "QMM"] == pytest.approx(0.5 * 0.4729276064)
    assert held["E07000244", "QJG"] == pytest.approx(0.5 * 0.5270723936)


def test_a_share_of_a_board_is_a_share_of_each_of_its_parts(tmp_path: Path) -> None:
    held = shares(tmp_path, "QMM = 0.5\n")
    assert held["E07000244", "QMM"] == pytest.approx(0.5 * 0.4729276064)
    assert held["E07000148", "QMM"] == pytest.approx(0.5)


def test_a_split_board_adds_up_again(tmp_path: Path) -> None:
    whole = shares(tmp_path, "QMM = 1\n")
    assert shares(tmp_path, "QMM = 0.3\nE54000022 = 0.7\n") == pytest.approx(whole)


def test_regions_england_and_footprints_can_be_members(tmp_path: Path) -> None:
    england = {(m.authority, m.board): m.share for m in find_area("England", CAT).members}
    assert shares(tmp_path, "England = 1\n") == pytest.approx(england)
    assert shares(tmp_path, "Y61 = 1\n") == pytest.approx(
        {(m.authority, m.board): m.share for m in find_area("Y61", CAT).members}
    )
    devon = {(m.authority, m.board): m.share for m in find_area("cornwall-and-devon", CAT).members}
    assert shares(tmp_path, "cornwall-and-devon = 1\n") == pytest.approx(devon)


@pytest.mark.parametrize(
    ("members", "line", "said"),
    [
        ("QMM = 1.0\nE07000244 = 0.6\n", 5, "E07000244 (East Suffolk) add to 1.07"),
        ("E07000244 = 0.6\nQMM = 1.0\n", 4, "0.4729 in QMM (my.toml:5)"),
        ("E07000200 = 1\nQJG = 0.1\n", 4, "add to 1.1"),
        ("QMM = 1.0\nE54000022 = 0.5\n", 5, "add to 1.5"),
        ("England = 1\nE07000200 = 0.001\n", 5, "add to 1.001"),
        ("norfolk-and-suffolk = 1\nE07000202 = 1\n", 5, "1 in norfolk-and-suffolk"),
        ("Y61 = 0.5\nQMM = 1.0\n", 5, "add to 1.5"),
    ],
)
def test_people_who_are_counted_twice_are_an_error(
    tmp_path: Path, members: str, line: int, said: str
) -> None:
    message = refused(tmp_path, HEAD + members)
    assert message.startswith(f"my.toml:{line}: ")
    assert said in message
    assert "counted twice" in message


@pytest.mark.parametrize(
    "value",
    [
        *("0", "-0.5", "1.5", "50", "nan", "inf", "-inf", '"1.0"', "true", "[1]", "{ x = 1 }"),
        *("2026-04-01", "1" + "0" * 400, '""', "0.0", "1.00001"),
    ],
)
def test_a_share_is_a_number_above_0_and_at_most_1(tmp_path: Path, value: str) -> None:
    message = refused(tmp_path, HEAD + f"QJG = 1\nQMM = {value}\n")
    assert message.startswith("my.toml:5: the share of QMM is ")


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        (HEAD + "QMX = 1.0\n", "my.toml:4", 'no member called "QMX". Nearest: "QM'),
        (HEAD + "E0700020 = 1.0\n", "my.toml:4", 'Nearest: "E07000200"'),
        (HEAD + '"Norwich" = 1.0\n', "my.toml:4", "E07000148"),
        (HEAD, "my.toml:3", "no members"),
        ('[footprint]\nname = "X"\n', "my.toml:1", "no members"),
        ("", "my.toml:1", "no [footprint]"),
        ("footprint = 3\n", "my.toml:1", "no [footprint]"),
        ('[footprint]\nname = "X\n', "my.toml:2", "not valid TOML"),
        ("[footprint]\n[footprint.members]\nQMM = 1\n", "my.toml:1", "no name"),
        ('[footprint]\nname = ""\n[footprint.members]\nQMM = 1\n', "my.toml:2", "line of text"),
        ('[footprint]\nname = "a\\nb"\n[footprint.members]\nQMM = 1\n', "my.toml:2", "of text"),
        ("[footprint]\nname = 3\n[footprint.members]\nQMM = 1\n", "my.toml:2", "line of text"),
        ('[footprint]\nname = "X"\nmembers = 3\n', "my.toml:3", "must be a table"),
        ('[footprint]\nname = "X"\nmember.QMM = 1\n', "my.toml:3", 'Nearest: "members"'),
        ("[footprints]\n", "my.toml:1", 'Nearest: "footprint"'),
        (HEAD + "QMM = 1\nQMM = 1\n", "my.toml:5", "not valid TOML"),
    ],
)
def test_a_wrong_file_is_named_by_line(tmp_path: Path, text: str, where: str, said: str) -> None:
    message = refused(tmp_path, text)
    assert message.startswith(where), message
    assert said in message


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('from = "2026-04-01"', "without quotes"),
        ("from = 2026-04-01T00:00:00", "must be a date"),
        ("from = 2026", "must be a date"),
        ('code = "a b"', "may hold letters"),
        ('code = "QMM"', "already a code (board)"),
        ('code = "e07000200"', "already a code (authority)"),
        ('verified = "yes"', "true or false"),
        ('kind = "clustre"', 'Nearest: "cluster"'),
        ("places = 3", "[[footprint.places]]"),
    ],
)
def test_a_wrong_setting_is_named_by_line(tmp_path: Path, line: str, said: str) -> None:
    text = f'[footprint]\nname = "X"\n{line}\n[footprint.members]\nQMM = 1\n'
    message = refused(tmp_path, text)
    assert message.startswith("my.toml:3: "), message
    assert said in message


def test_a_footprint_that_holds_itself_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "footprints"
    folder.mkdir()
    (folder / "a.toml").write_text(HEAD + "b = 1\n")
    (folder / "b.toml").write_text(HEAD + "a = 1\n")
    with pytest.raises(FootprintError, match="cannot hold itself"):
        find_area("a", Catalogue.load(tmp_path))


def test_named_places_take_their_members_and_the_rest_stay_authorities(tmp_path: Path) -> None:
    area = read_footprint(
        write(
            tmp_path,
            NORFOLK_AND_SUFFOLK
            + """
[[footprint.places]]
name = "Ipswich and East Suffolk"
members = ["E07000202", "E07000244"]
[[footprint.places]]
name = "West"
code = "west"
members = { E07000245 = 1.0, E07000200 = 0.25 }
""",
        ),
        CAT,
    )
    places = {place.code: place for place in area.places}
    east = places["ipswich-and-east-suffolk"]
    assert [(m.authority, m.board) for m in east.members] == [
        ("E07000202", "QJG"),
        ("E07000244", "QJG"),
        ("E07000244", "QMM"),
    ]
    assert places["west"].members[0].share == pytest.approx(0.25)
    assert places["E07000200"].members[0].share == pytest.approx(0.75)
    assert {"E07000148", "E07000203"} < set(places)
    assert "E07000202" not in places


@pytest.mark.parametrize(
    ("places", "line", "said"),
    [
        ('name = "A"\nmembers = ["E07000202", "E06000001"]', 14, "not in the footprint"),
        ('name = "A"\nmembers = ["E07000202", "E0700024"]', 14, 'Nearest: "E07000244"'),
        ('name = "A"\nmembers = ["QMM", "E07000148"]', 14, "Places may not overlap"),
        ('name = "A"\nmembers = { E07000202 = 1.0, E07000244 = 2 }', 14, "at most 1"),
        ('name = "A"\nmembers = []', 14, "needs members"),
        ('name = "A"\nmembers = [3]', 14, "code in quotes"),
        ('name = "A"', 12, "needs members"),
        ('members = ["QMM"]', 12, "no name"),
        ('name = "QMM"\ncode = "QMM"\nmembers = ["QMM"]', 14, "cannot be a place's code"),
        ('name = "A"\nmember = ["QMM"]', 14, 'Nearest: "members"'),
        (
            'name = "A"\nmembers = ["QMM"]\n[[footprint.places]]\nname = "a"\nmembers = ["QJG"]',
            16,
            "two places are called",
        ),
        (
            'name = "A"\nmembers = ["QMM"]\n[[footprint.places]]\nname = "B"\n'
            'members = ["E07000244"]',
            17,
            'place "A" holds the rest',
        ),
    ],
)
def test_a_wrong_place_is_named_by_line(tmp_path: Path, places: str, line: int, said: str) -> None:
    message = refused(tmp_path, NORFOLK_AND_SUFFOLK + "\n[[footprint.places]]\n" + places + "\n")
    assert message.startswith(f"my.toml:{line}: "), message
    assert said in message


def test_a_file_that_cannot_be_read_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    for name in ("folder.toml", "bytes.toml", "nothing.toml"):
        with pytest.raises(FootprintError, match=name):
            find_area(str(tmp_path / name), CAT)


CODES = st.sampled_from(
    [
        *("QMM", "QJG", "E07000244", "E07000200", "E54000022", "Y61", "England", "essex"),
        *("norfolk-and-suffolk", "E12000006", "QQQ", "", "a.b", "é"),
    ]
)
VALUES = st.one_of(
    st.floats(),
    st.integers(),
    st.booleans(),
    st.text(max_size=5),
    st.sampled_from([0.5, 1.0, 1, 0.527, 0.25]),
    st.lists(st.integers(), max_size=2),
)


def toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        escaped = "".join(
            letter if letter.isalnum() and ord(letter) < 128 else f"\\U{ord(letter):08X}"
            for letter in value
            if not 0xD800 <= ord(letter) <= 0xDFFF
        )
        return f'"{escaped}"'
    if isinstance(value, list):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    return repr(value)


@settings(max_examples=200, deadline=None)
@given(
    members=st.dictionaries(CODES, VALUES, max_size=4),
    top=st.dictionaries(
        st.sampled_from(["name", "from", "code", "kind", "verified", "note", "places", "nmae"]),
        st.one_of(VALUES, st.sampled_from(["X", "cluster", "footprint"])),
        max_size=4,
    ),
    places=st.lists(st.tuples(st.text(max_size=4), st.lists(CODES, max_size=3)), max_size=2),
)
def test_no_footprint_file_ever_ends_in_anything_but_an_area_or_one_message(
    tmp_path_factory: pytest.TempPathFactory,
    members: dict[str, object],
    top: dict[str, object],
    places: list[tuple[str, list[str]]],
) -> None:
    text = "[footprint]\n"
    text += "".join(f"{key} = {toml(value)}\n" for key, value in {"name": "X", **top}.items())
    text += "[footprint.members]\n"
    text += "".join(f"{toml(key)} = {toml(value)}\n" for key, value in members.items())
    for name, codes in places:
        text += f"[[footprint.places]]\nname = {toml(name)}\nmembers = {toml(codes)}\n"
    path = tmp_path_factory.getbasetemp() / "fuzz.toml"
    path.write_text(text, "utf-8")
    try:
        area = read_footprint(path, CAT)
    except LeftshiftError as problem:
        assert "fuzz.toml" in str(problem)
        return
    held: dict[str, float] = {}
    for one in area.members:
        held[one.authority] = held.get(one.authority, 0.0) + one.share
    assert held and all(0.0 < share <= 1.0 + 2e-6 for share in held.values())
    in_places = sum(one.share for place in area.places for one in place.members)
    assert in_places == pytest.approx(sum(held.values()), abs=1e-4)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_at_all_are_an_area_or_one_message(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.toml"
    path.write_bytes(data)
    with pytest.raises(LeftshiftError, match=r"bytes\.toml"):
        read_footprint(path, CAT)
