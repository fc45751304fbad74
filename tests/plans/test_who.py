"""The language of target groups: what is read, what it means, and what is refused and where."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leftshift.errors import PlanError
from leftshift.plans.who import parse
from leftshift.plans.who_clauses import Clause
from leftshift.plans.who_fields import SEXES, TOP_AGE, Both, Either, Not, Tree, Vocabulary

NAMES = Vocabulary.shipped()
CONDITIONS = tuple(NAMES.conditions)


def bits(*names: str) -> int:
    return sum(1 << CONDITIONS.index(name) for name in names)


def only(text: str) -> Clause:
    (clause,) = parse(text).clauses()
    return clause


def refusal(text: str) -> str:
    with pytest.raises(PlanError) as caught:
        parse(text, "mine.toml", 14, 8)
    return str(caught.value)


# --- what a person is, and two independent ways to say whether they belong ------------------------


def person(rng: random.Random) -> dict[str, Any]:
    have = {name for name in CONDITIONS if rng.random() < 0.3}
    score = rng.choice([0, 9, 50, 150, 151, 160, 300])
    age = rng.randint(0, TOP_AGE)
    segment = 0 if age < NAMES.below_age else sum(score >= start for start in NAMES.starts)
    return {
        "age": age,
        "sex": rng.choice(SEXES),
        "imd_quintile": rng.randint(1, 5),
        "place": rng.choice(["Norwich", "Breckland", "Broadland"]),
        "segment": segment,
        "score": score,
        "have": have,
        "sbp": rng.choice([120.0, 140.0, 150.0]),
        "smoking": rng.choice(NAMES.smoking),
        "reached": rng.choice(["", "team"]),
    }


def belongs_by_tests(tree: Tree, one: dict[str, Any]) -> bool:
    """The slow, obvious way: ask every test of the tree."""
    if isinstance(tree, Not):
        return not belongs_by_tests(tree.part, one)
    if isinstance(tree, Both):
        return all(belongs_by_tests(part, one) for part in tree.parts)
    if isinstance(tree, Either):
        return any(belongs_by_tests(part, one) for part in tree.parts)
    if tree.field == "condition":
        return (tree.names[0] in one["have"]) != tree.negative
    if tree.field == "reached":
        return one["reached"] in tree.names
    if tree.field == "place":
        return (one["place"] in tree.names) != tree.negative
    if tree.ranges is not None:
        return any(low <= one[tree.field] < high for low, high in tree.ranges)
    value = one[tree.field]
    index = {"sex": SEXES, "smoking": NAMES.smoking}.get(tree.field)
    number = index.index(value) if index else value - (tree.field == "imd_quintile")
    return bool(tree.mask >> number & 1)


def belongs_by_clause(clause: Clause, one: dict[str, Any]) -> bool:
    have = bits(*one["have"])
    return (
        (clause.places is None or one["place"] in clause.places)
        and one["place"] not in clause.not_places
        and bool(clause.sexes >> SEXES.index(one["sex"]) & 1)
        and bool(clause.quintiles >> (one["imd_quintile"] - 1) & 1)
        and clause.age[0] <= one["age"] < clause.age[1]
        and have & clause.all_of == clause.all_of
        and (not clause.any_of or bool(have & clause.any_of))
        and not have & clause.none_of
        and bool(clause.segments >> one["segment"] & 1)
        and clause.score[0] <= one["score"] < clause.score[1]
        and bool(clause.smoking >> NAMES.smoking.index(one["smoking"]) & 1)
        and all(low <= one[name] < high for name, (low, high) in clause.factors.items())
        and clause.reached in ("", one["reached"])
    )


TESTS = (
    "age >= 75",
    "age < 18",
    "age != 40",
    "60 <= age < 80",
    "age in [3, 4, 90]",
    'sex == "female"',
    "imd_quintile <= 2",
    "imd_quintile not in [2, 4]",
    "segment >= 4",
    "segment == 0",
    "score >= 1.5",
    "score != 1.6",
    "major_illness",
    "heart_failure",
    "copd",
    "dementia",
    "sbp >= 140",
    "sbp < 130",
    'smoking == "current"',
    'smoking != "never"',
    'place == "Norwich"',
    'place in ["Norwich", "Broadland"]',
)
EXPRESSIONS = st.recursive(
    st.sampled_from(TESTS),
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("not ({})".format, inner),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(EXPRESSIONS, st.integers(0, 10**6))
def test_clauses_hold_just_the_people_that_the_text_means(text: str, seed: int) -> None:
    try:
        who = parse(text)
    except PlanError as problem:
        assert re.match(r"who, column \d+: ", str(problem))
        return
    rng = random.Random(seed)
    for _ in range(40):
        one = person(rng)
        meant = belongs_by_tests(who.tree, one)
        assert any(belongs_by_clause(clause, one) for clause in who.clauses()) == meant, one


@settings(max_examples=60, deadline=None)
@given(EXPRESSIONS)
def test_a_text_written_anew_means_the_same(text: str) -> None:
    try:
        who = parse(text)
    except PlanError:
        return
    again = parse(who.canonical())
    assert again.clauses() == who.clauses()
    assert again.canonical() == who.canonical()
    assert who.words() == again.words()


# --- what a text means ----------------------------------------------------------------------------


def test_the_example_of_the_design_is_one_clause() -> None:
    clause = only("age >= 75 and (heart_failure or copd) and imd_quintile <= 2")
    assert clause == Clause(age=(75, 106), any_of=bits("heart_failure", "copd"), quintiles=0b11)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "age >= 75 and (heart_failure or copd) and imd_quintile <= 2",
            "people aged 75 and over, with heart failure or chronic obstructive pulmonary disease "
            "and in the two most deprived fifths",
        ),
        ("age >= 18 and age < 65", "people aged 18 to 64"),
        ('smoking == "current"', "people who smoke"),
        ("not (age < 65 or segment <= 3)", "people aged 65 and over and in core segments 4 and 5"),
        ('place in ["Norwich"]', "people living in Norwich"),
        ("sbp >= 140", "people with systolic blood pressure of 140 mmHg or more"),
        ("not major_illness", "people without major illness"),
        (
            "(age >= 80 and dementia) or asthma",
            "people (aged 80 and over and with dementia) or with asthma",
        ),
        ('reached("health_coaching")', "people who are or were on health_coaching"),
    ],
)
def test_a_group_is_said_in_plain_english(text: str, words: str) -> None:
    assert parse(text).words() == words


def test_major_illness_is_a_score_strictly_over_one_and_a_half() -> None:
    assert only("major_illness").score[0] == 151
    assert only("score >= 1.5").score[0] == 150
    assert only("score > 1.5") == only("major_illness")


def test_places_are_names_until_the_area_is_known_and_codes_after() -> None:
    who = parse('place in ["Norwich", "broadland"] and place != "Norwich"')
    places = {"Norwich": "E1", "E1": "E1", "Broadland": "E2", "E2": "E2", "Breckland": "E3"}
    assert who.clauses(places)[0].places == ("E2",)
    assert parse('place != "Norwich"').clauses(places)[0].places == ("E2", "E3")
    assert parse('place != "Norwich"').clauses()[0].not_places == ("Norwich",)
    with pytest.raises(PlanError, match='no place of the area is called "Norwhich".*"Norwich"'):
        parse('place == "Norwhich"').clauses(places)


def test_a_group_may_ask_for_one_earlier_intervention() -> None:
    assert only('age >= 65 and reached("team")').reached == "team"
    assert parse('reached("team") or reached("coach")').reached == ("team", "coach")
    assert "cannot both be asked" in refusal('reached("team") and reached("coach")')
    assert "cannot" in refusal('not reached("team")') or "denied" in refusal('not reached("team")')


# --- what is refused, and where -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("hart_failure", 8, 'Nearest: "heart_failure"'),
        ("age >= 75 and hart_failure", 22, "nothing is called"),
        ("age = 75", 12, 'write "=="'),
        ("age => 75", 12, 'write "=="'),
        ("age >= 75 && copd", 18, 'Write "and"'),
        ("age >= 75 AND copd", 18, '"and" or "or" must stand before'),
        ("(age >= 75", 8, "never closed"),
        ("age >= 75)", 17, "closes nothing"),
        ("age >= 75 copd", 18, '"and" or "or" must stand before "copd"'),
        ("age >=", 14, "needs a value"),
        ("age >= 200", 15, "age goes from 0 to 105"),
        ("age >= 7.5", 15, "whole number"),
        ('age >= "old"', 15, "compared with a number"),
        ("imd_quintile == 6", 24, "imd_quintile goes from 1 to 5"),
        ('sex == "f"', 15, "Allowed: female, male"),
        ("sex == female", 15, "text in quotes"),
        ('sex > "male"', 14, "no order"),
        ("heart_failure == 1", 22, '"heart_failure" or "not heart_failure"'),
        ("heart_failure and", 25, "ends too soon"),
        ("age in [1, 2", 20, "missing in this list"),
        ("age in 3", 15, "comes a list"),
        ("", 8, "empty"),
        ("reached(team)", 16, "needs the id"),
        ('place == "', 17, "closing quote"),
        ("score >= 1.555", 17, "two decimals"),
    ],
)
def test_a_wrong_text_is_refused_at_its_column(text: str, column: int, says: str) -> None:
    said = refusal(text)
    assert said.startswith(f"mine.toml:14:{column}: who: "), said
    assert says in said


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("age >= 75 and age < 60", 22),
        ("heart_failure and not heart_failure", 30),
        ("heart_failure and not heart_failure or age > 80", 30),
        ('sex == "male" and sex == "female"', 26),
        ("imd_quintile == 1 and imd_quintile >= 2", 30),
        ("major_illness and score < 1", 26),
        ("segment >= 4 and score < 1", 25),
        ("age < 10 and segment >= 1", 21),
        ('place == "Norwich" and place != "Norwich"', 31),
        ("sbp >= 140 and sbp < 130", 23),
        ("(heart_failure or copd) and not heart_failure and not copd", 62),
        ("60 <= age < 50", 8),
    ],
)
def test_contradictory_targeting_is_refused_at_its_column(text: str, column: int) -> None:
    said = refusal(text)
    assert re.match(rf"mine\.toml:14:{column}: who: .*never both", said), said


def test_an_alternative_that_cannot_be_met_hides_nothing_that_can() -> None:
    both = parse("(heart_failure and not copd) or (copd and not heart_failure)")
    assert len(both.clauses()) == 2
    mixed = parse("(heart_failure or copd) and (not heart_failure or dementia)")
    assert mixed.clauses()


def test_a_group_of_too_many_alternatives_is_refused() -> None:
    pair = " and ".join(
        f"({a} or {b}) " for a, b in zip(CONDITIONS[:9], CONDITIONS[9:18], strict=True)
    )
    assert "alternatives" in refusal(pair)
    deep = "(" * 5000 + "age > 3" + ")" * 5000
    assert "longer than" in refusal(deep)
    assert "brackets" in refusal("(" * 200 + "age > 3" + ")" * 200)


@settings(max_examples=400, deadline=None)
@given(
    st.text(
        alphabet=st.sampled_from("age()[]<>=!,.\"' andornotin0159copd_\n\t\u2265\u00e9"),
        max_size=60,
    )
)
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    try:
        parse(text, "x.toml", 1, 1)
    except PlanError as problem:
        assert str(problem).startswith("x.toml:")
