"""Plans are compared and merged by what they mean, and conflicts are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from leftshift.catalogue import Catalogue
from leftshift.errors import PlanError
from leftshift.plans.differences import diff, merge, written
from leftshift.plans.files import Plan, read_plan, read_text_plan
from leftshift.plans.merging import merge_files
from leftshift.plans.starting import EXAMPLES, example

CATALOGUE = Catalogue.load()

BASE = """\
[plan]
name = "Left shift"
years = 10

[limits]
new_spend = "£12m"

[[intervention]]
use = "hospital_at_home"
reach = { "2026/27" = 0.05, "2029/30" = 0.40 }

[[intervention]]
use = "stop_smoking"
who = "age >= 18 and smoking == 'current'"
"""


def read(text: str) -> Plan:
    return read_text_plan(text, CATALOGUE, "a.toml")


def said(first: str, second: str) -> list[str]:
    return [one.words() for one in diff(read(first).canonical, read(second).canonical)]


def test_the_same_plan_written_otherwise_is_the_same_plan() -> None:
    other = """\
# The same, by another hand
[[intervention]]
reach = { "2029/30" = 0.4, "2026/27" = 5e-2 }
id = "hospital_at_home"
use = "hospital_at_home"
[[intervention]]
who = 'age>=18 and (smoking=="current")'
use = "stop_smoking"
[limits]
new_spend = 12_000_000
[plan]
years = 10
name = "Left shift"
"""
    same = other.replace('(smoking=="current")', 'smoking=="current"')
    assert read(same).identity == read(BASE).identity
    assert said(BASE, same) == []
    assert read(other).identity != read(BASE).identity


SOUGHT = """
[prioritise]
aim = "health"
required = ["stop_smoking", "hospital_at_home"]
"""


def test_how_a_plan_is_prioritised_is_no_part_of_what_it_does() -> None:
    plan = read(BASE + SOUGHT)
    assert plan.identity == read(BASE).identity
    assert plan.canonical["prioritise"]["aim"] == "health"


def test_what_is_sought_is_compared_whatever_the_order_of_ids() -> None:
    turned = SOUGHT.replace(
        '"stop_smoking", "hospital_at_home"', '"hospital_at_home", "stop_smoking"'
    )
    assert said(BASE + SOUGHT, BASE + turned) == []
    assert said(BASE, BASE + '[prioritise]\naim = "gap"\n') == ["prioritise: aim added: gap"]
    assert said(BASE + SOUGHT, BASE + SOUGHT.replace("health", "gap")) == [
        "prioritise: aim was health, is gap"
    ]


def test_what_two_people_changed_of_what_is_sought_is_put_together_and_written() -> None:
    base = BASE + SOUGHT
    first = base.replace('"health"', '"equity"')
    second = base + "latest = '2028/29'\n"
    found = merge(*(read(one).canonical for one in (base, first, second)))
    assert found.conflicts == ()
    again = read(written(found.content))
    assert again.canonical == found.content
    assert again.canonical["prioritise"] == {
        "aim": "equity",
        "latest": "2028/29",
        "required": ["hospital_at_home", "stop_smoking"],
    }


def test_each_key_that_differs_is_said_in_words() -> None:
    other = BASE.replace("years = 10", "years = 20").replace("£12m", "£15m").replace("0.40", "0.30")
    other = other[: other.index('[[intervention]]\nuse = "stop_smoking"')]
    assert said(BASE, other) == [
        "years was 10, is 20",
        "limits: new_spend was 12,000,000, is 15,000,000",
        "hospital_at_home: reach in 2029/30 was 0.4, is 0.3",
        "intervention stop_smoking taken out",
    ]
    assert said(other, BASE)[-1] == "intervention stop_smoking added"


def test_the_order_of_interventions_counts() -> None:
    head, first, second = BASE.split("[[intervention]]\n")
    turned = f"{head}[[intervention]]\n{second}[[intervention]]\n{first}"
    assert said(BASE, turned) == [
        "order of interventions was hospital_at_home, stop_smoking, is stop_smoking, "
        "hospital_at_home"
    ]


def test_what_either_changed_is_in_the_merged_plan() -> None:
    ours = BASE.replace("0.40", "0.30").replace("years = 10", "years = 15")
    theirs = BASE.replace("£12m", "£20m") + '[[intervention]]\nuse = "tirzepatide"\n'
    found = merge(*(read(text).canonical for text in (BASE, ours, theirs)))
    assert found.conflicts == ()
    merged = read(written(found.content))
    assert merged.years == 15
    assert merged.limits.new_spend is not None
    assert merged.limits.new_spend.of(merged.start) == 20e6
    assert [one.id for one in merged.interventions] == [
        "hospital_at_home", "stop_smoking", "tirzepatide",
    ]  # fmt: skip
    assert merged.interventions[0].reach.of(merged.start + 3) == 0.3


def test_merging_gives_the_same_whichever_plan_comes_first() -> None:
    ours = BASE.replace("0.40", "0.30")
    theirs = BASE.replace("£12m", "£20m").replace("age >= 18", "age >= 21")
    base, one, other = (read(text).canonical for text in (BASE, ours, theirs))
    assert merge(base, one, other) == merge(base, other, one)
    assert merge(base, one, one).content == one
    assert merge(base, base, one).content == one
    assert merge(base, one, base).content == one


def test_conflicts_are_named_and_nothing_is_chosen_in_silence(tmp_path: Path) -> None:
    texts = (BASE, BASE.replace("0.40", "0.30"), BASE.replace("0.40", "0.20"))
    paths = [tmp_path / f"{name}.toml" for name in ("base", "ours", "theirs")]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, encoding="utf-8")
    out = tmp_path / "merged.toml"
    with pytest.raises(PlanError) as caught:
        merge_files(*paths, CATALOGUE, out)
    assert (
        "hospital_at_home: reach in 2029/30 was 0.4; the first plan has 0.3, the second 0.2"
        in str(caught.value)
    )
    assert not out.exists()


def test_an_intervention_taken_out_by_one_and_changed_by_the_other_is_a_conflict() -> None:
    head, _, second = BASE.split("[[intervention]]\n")
    without = f"{head}[[intervention]]\n{second}"
    changed = BASE.replace("0.40", "0.30")
    found = merge(*(read(text).canonical for text in (BASE, without, changed)))
    assert [one.path for one in found.conflicts] == [("intervention", "hospital_at_home")]
    assert "the first plan has nothing, the second something else" in found.conflicts[0].words()


def test_a_merged_plan_that_cannot_be_carried_out_is_not_written(tmp_path: Path) -> None:
    swap = (
        '[[intervention]]\nid = "{0}"\nlabel = "x"\nshift = "analogue_to_digital"\nabout = "x"\n'
        'who = "age >= 16"\nreach = 0.1\nevidence = "D"\nagainst = "x"\n'
        '[intervention.swap.x]\nfrom = "{1}"\nto = "{2}"\nper_unit = 1\n'
        'share = {{ value = 0.1, distribution = "fixed", source = "x" }}\n'
    )
    texts = (
        BASE,
        BASE + swap.format("there", "gp_appointment", "nhs_111"),
        BASE + swap.format("back", "nhs_111", "gp_appointment"),
    )
    paths = [tmp_path / f"{name}.toml" for name in ("base", "ours", "theirs")]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, encoding="utf-8")
        read_plan(path, CATALOGUE)
    with pytest.raises(PlanError, match="the merged plan:.*circular swap"):
        merge_files(*paths, CATALOGUE)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_plan_written_anew_is_the_same_plan(name: str) -> None:
    plan = read(example(name))
    again = read(written(plan.canonical))
    assert again.identity == plan.identity
    assert written(again.canonical) == written(plan.canonical)
