"""The page about target groups says what is so: its examples are read, its refusals refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from leftshift.errors import PlanError
from leftshift.plans.who import parse
from leftshift.plans.who_fields import FIELDS, Vocabulary

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "who.md").read_text(encoding="utf-8")


def examples(kind: str) -> list[str]:
    found = re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return [line for block in found for line in block.splitlines() if line.strip()]


@pytest.mark.parametrize("text", examples("who"))
def test_every_example_of_the_page_is_a_group(text: str) -> None:
    assert parse(text).clauses()


@pytest.mark.parametrize("text", examples("refused"))
def test_everything_that_the_page_says_is_refused_is_refused(text: str) -> None:
    with pytest.raises(PlanError, match=r"^who, column \d+: "):
        parse(text)


def test_every_field_and_condition_is_on_the_page() -> None:
    for name, (_, meaning, example) in FIELDS.items():
        assert f"| `{name}` | {meaning} | `{example}` |" in PAGE
        assert parse(example).clauses()
    for name in Vocabulary.shipped().all:
        assert f"`{name}" in PAGE, name
