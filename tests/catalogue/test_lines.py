"""A key's line is the line that a person would point at."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leftshift.catalogue.lines import KeyLines, read_toml
from leftshift.errors import CatalogueError

TEXT = """# a comment with [brackets] = 1
title = "x # not a comment"

[a.b]            # 4
"quoted key" = 1
'literal \\key' = 2
dotted.deep = 3

[[list]]         # 9
name = '''
over
lines = 1
'''
items = [        # 14
  1, # one ]
  "two, ]",
  [3, 4],
  { x = 5, "y z" = [6] },
]

[list.sub]       # 21
k = 1979-05-27 07:32:00

[[list]]         # 24
name = \"\"\"a \\
   b\"\"\"\"
last = -1.5e3
"""


def test_every_key_is_found_on_its_line() -> None:
    tomllib.loads(TEXT)
    lines = KeyLines(TEXT)
    assert lines.of("title") == 2
    assert lines.of("a", "b") == 4
    assert lines.of("a", "b", "quoted key") == 5
    assert lines.of("a", "b", "literal \\key") == 6
    assert lines.of("a", "b", "dotted", "deep") == 7
    assert lines.of("list") == 9
    assert lines.of("list", 0, "items") == 14
    assert [lines.of("list", 0, "items", at) for at in range(4)] == [15, 16, 17, 18]
    assert lines.of("list", 0, "items", 3, "y z", 0) == 18
    assert lines.of("list", 0, "sub", "k") == 22
    assert lines.of("list", 1) == 24
    assert lines.of("list", 1, "last") == 27


def test_a_key_that_is_not_there_has_its_parents_line() -> None:
    lines = KeyLines(TEXT)
    assert lines.of("a", "b", "nothing") == 4
    assert lines.of("nothing") == 1


def test_windows_line_ends_and_a_byte_order_mark_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    _, lines = read_toml(path, "x.toml", CatalogueError)
    assert lines.of("list", 1, "last") == 27


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab=[]{}\"'.,#\n\\ 1", max_size=40))
def test_any_toml_that_parses_can_be_scanned(text: str) -> None:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert KeyLines(text).of("a") >= 1


@pytest.mark.parametrize(
    "bad", [b"a = ", b"a = 1\na = 2", b"\xff", b"[" * 5000, b"x=" + b"9" * 5000]
)
def test_text_that_is_no_toml_is_one_message(tmp_path: Path, bad: bytes) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(bad)
    with pytest.raises(CatalogueError, match=r"^x\.toml"):
        read_toml(path, "x.toml", CatalogueError)
    with pytest.raises(CatalogueError, match="cannot be read"):
        read_toml(tmp_path, "folder", CatalogueError)
