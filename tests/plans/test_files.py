"""Plan files: what is read, what is refused and where, and that no file brings a traceback."""

from __future__ import annotations

import json
import random
import tomllib
from pathlib import Path

import pytest

import leftshift.settings as project_settings
from leftshift.areas import find_area
from leftshift.catalogue import Catalogue
from leftshift.catalogue.interventions import KEYS as LIBRARY_KEYS
from leftshift.errors import LeftshiftError, PlanError
from leftshift.plans import files
from leftshift.plans.files import INTERVENTION_KEYS, PLAN_KEYS, Plan, read_plan, read_text_plan
from leftshift.plans.places import located
from leftshift.plans.prioritise_rules import PRIORITISE_KEYS, read_rules
from leftshift.plans.schema import FILE, text
from leftshift.plans.starting import EXAMPLES, example, start_plan
from leftshift.plans.words import describe, doubts, rows
from leftshift.quantities import FinancialYear

CATALOGUE = Catalogue.load()

PLAN = """\
[plan]
name = "Left shift"
area = "QMM"
start = "2026/27"
years = 10
people = 20_000
draws = 20
seed = 1

[limits]
new_spend = { "2026/27" = "£12m", "2027/28" = "£1.2bn" }
floor = { prevention = 0.06 }
staff = { gp = 10 }

[figures]
"plans.shrink.C" = 0.4

[[intervention]]
use = "hospital_at_home"
reach = { "2026/27" = 0.05, "2029/30" = 0.40 }

[[intervention]]
id = "carer_breaks"
label = "Breaks for carers"
shift = "hospital_to_community"
about = "A care worker takes over."
who = "age >= 75 and (heart_failure or copd)"
where = ["Norwich"]
reach = 0.1
evidence = "D"
against = "Nobody has tried it."
[intervention.effect.admissions]
on = "rate:non_elective_admission"
ratio = { value = 0.9, lower = 0.8, upper = 1.0, distribution = "triangular", source = "ours" }
[intervention.swap.home]
from = "ae_attendance"
to = "virtual_ward"
share = { value = 0.1, lower = 0.05, upper = 0.2, distribution = "logitnormal", source = "ours" }
per_unit = 8
[intervention.cost]
per_year = "£1,500"
[intervention.staff]
nurse_and_health_visitor = 12
"""


PRIORITISE = """\
[prioritise]
aim = "equity"
aversion = 2.5
required = ["carer_breaks"]
latest = "2028/29"
starts = { carer_breaks = ["2026/27", "2027/28"] }
smallest = { carer_breaks = 0.2 }
floor_new = { sickness_to_prevention = { "2027/28" = 0.2 } }
budgets = [0.5, 1, 2]
reinvest = true
draws = 10
"""


def read(folder: Path, text: str = PLAN, name: str = "mine.toml") -> Plan:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read_plan(path, CATALOGUE, name)


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(PlanError) as caught:
        read(folder, text)
    return str(caught.value)


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


# --- what is read ---------------------------------------------------------------------------------


def test_a_plan_is_read_with_its_limits_figures_and_interventions(tmp_path: Path) -> None:
    plan = read(tmp_path)
    assert (plan.name, plan.area, plan.years, plan.people, plan.draws) == (
        "Left shift", "QMM", 10, 20_000, 20,
    )  # fmt: skip
    assert (plan.start.label, plan.last.label) == ("2026/27", "2035/36")
    assert plan.limits.new_spend is not None
    assert plan.limits.new_spend.of(FinancialYear("2026/27")) == 12e6
    assert plan.limits.new_spend.of(FinancialYear("2030/31")) == 1.2e9
    assert plan.limits.floor["prevention"].of(plan.start) == 0.06
    assert [one.id for one in plan.interventions] == ["hospital_at_home", "carer_breaks"]
    assert plan.figures[0].estimate.value == 0.4


def test_every_figure_of_a_plan_is_a_row_with_its_file_and_line(tmp_path: Path) -> None:
    own = read(tmp_path).intervention("carer_breaks")
    ratio = own.effects[0].figure
    assert ratio.id == "intervention.carer_breaks.effect.admissions.ratio"
    assert (ratio.file, ratio.line, ratio.layer) == ("mine.toml", line_of(PLAN, "ratio ="), "plan")
    assert (ratio.estimate.lower, ratio.estimate.grade) == (0.8, "A")
    assert own.cost["per_year"].estimate.value == 1500.0
    assert own.cost["per_year"].line == line_of(PLAN, "per_year")
    assert {row.id for row in own.rows} <= {row.id for row in read(tmp_path).rows}


def test_what_a_plan_leaves_out_is_the_librarys(tmp_path: Path) -> None:
    plan = read(tmp_path)
    home = plan.intervention("hospital_at_home")
    row = home.swaps[0].share
    assert row == CATALOGUE.row(row.id)
    assert home.changed == ("reach",)
    assert home.who.file.startswith("interventions/")


def test_reach_is_straight_between_years_nil_before_and_held_after(tmp_path: Path) -> None:
    reach = read(tmp_path).intervention("hospital_at_home").reach
    shares = [reach.of(FinancialYear(year)) for year in (2025, 2026, 2027, 2029, 2040)]
    assert shares == pytest.approx([0.0, 0.05, 0.05 + 0.35 / 3, 0.4, 0.4])
    flat = read(tmp_path).intervention("carer_breaks").reach
    assert [flat.of(FinancialYear(year)) for year in (2025, 2026, 2040)] == [0.0, 0.1, 0.1]
    late = PLAN.replace('start = "2026/27"', 'start = "2028/29"').replace(
        '"2026/27" = 0', '"2028/29" = 0'
    )
    late = late.replace('{ "2026/27" = "£12m", "2027/28" = "£1.2bn" }', '"£12m"')
    assert read(tmp_path, late).intervention("carer_breaks").reach.of(FinancialYear(2027)) == 0.0


def test_reach_may_fall_and_is_named_as_doubtful(tmp_path: Path) -> None:
    plan = read(tmp_path, PLAN.replace('"2029/30" = 0.40', '"2029/30" = 0.01'))
    assert plan.interventions[0].reach.falls
    assert any("reach falls" in doubt for doubt in doubts(plan, CATALOGUE))


def test_a_plan_with_nothing_in_it_is_a_plan(tmp_path: Path) -> None:
    plan = read(tmp_path, '[plan]\nname = "Nothing"\n')
    assert plan.interventions == () and plan.rows == ()
    assert "nothing: it is the baseline" in describe(plan, CATALOGUE)[0]
    assert rows(plan, CATALOGUE) == []


def test_an_entry_used_twice_and_changed_once_keeps_two_figures_apart(tmp_path: Path) -> None:
    share = '{ value = 0.2, lower = 0.1, upper = 0.3, distribution = "triangular", source = "us" }'
    plan = read(
        tmp_path,
        '[plan]\nname = "Two"\n[[intervention]]\nuse = "hospital_at_home"\n'
        f"[intervention.swap.bed_to_home]\nshare = {share}\n"
        '[[intervention]]\nuse = "hospital_at_home"\nid = "as_published"\n',
    )
    ours, published = (one.swaps[0].share for one in plan.interventions)
    assert ours.id == "intervention.hospital_at_home.swap.bed_to_home.share"
    assert published.id == "intervention.as_published.swap.bed_to_home.share"
    assert (ours.estimate.value, published.estimate) == (0.2, CATALOGUE.row(ours.id).estimate)
    assert {ours.id, published.id} <= {row.id for row in plan.rows}


def test_a_figure_that_replaces_the_librarys_is_in_its_unit(tmp_path: Path) -> None:
    text = '[plan]\nname = "x"\n'
    for entry in CATALOGUE.interventions()[:62]:
        text += f'[[intervention]]\nuse = "{entry["id"]}"\n'
        for name in entry.get("swap", {}):
            text += f"[intervention.swap.{name}]\nper_unit = 3\n"
        if entry.get("cost"):
            text += f"[intervention.cost]\n{entry['cost'][0]} = 0.5\n"
    plan = read(tmp_path, text)
    assert len(plan.rows) > 60
    for row in plan.rows:
        assert row.estimate.unit == CATALOGUE.row(row.id).estimate.unit
    wrong = '[plan]\nname = "x"\n[[intervention]]\nuse = "hospital_at_home"\n' + (
        '[intervention.swap.bed_to_home]\nper_unit = { value = 3, unit = "weeks" }\n'
    )
    assert 'is in "weeks" here' in refusal(tmp_path, wrong)


def test_every_entry_of_the_library_can_be_used(tmp_path: Path) -> None:
    blocks = "".join(
        f'[[intervention]]\nuse = "{entry["id"]}"\n' for entry in CATALOGUE.interventions()[:62]
    )
    plan = read(tmp_path, f'[plan]\nname = "Everything"\n{blocks}')
    assert all(one.effects or one.swaps for one in plan.interventions)
    assert describe(plan, CATALOGUE) and doubts(plan, CATALOGUE)


def test_places_are_the_areas_by_code_or_name(tmp_path: Path) -> None:
    area = find_area("QMM", CATALOGUE)
    assert located(read(tmp_path), area).interventions[1].where == ("E07000148",)
    wrong = PLAN.replace('["Norwich"]', '["Norwhich"]')
    with pytest.raises(PlanError) as caught:
        located(read(tmp_path, wrong), area)
    said = str(caught.value)
    assert said.startswith(f"mine.toml:{line_of(PLAN, 'where')}: carer_breaks: no place of Norfolk")
    assert 'Nearest: "Norwich"' in said


def test_places_of_who_and_where_that_share_none_are_refused(tmp_path: Path) -> None:
    other = PLAN.replace("age >= 75 and", "place == 'Broadland' and age >= 75 and")
    with pytest.raises(PlanError, match="no one would belong"):
        located(read(tmp_path, other), find_area("QMM", CATALOGUE))


def test_what_a_plan_does_is_said_in_words(tmp_path: Path) -> None:
    said = "\n".join(describe(read(tmp_path), CATALOGUE))
    for part in (
        "At most £12m from 2026/27, £1.2bn from 2027/28 of new money",
        "people aged 75 and over and with heart failure or chronic obstructive",
        "5% in 2026/27, 40% from 2029/30",
        "emergency admissions times 0.9 (0.8 to 1), -10%",
        "evidence D: shrunk, 0.25 of the effect is kept",
        "£1,500 for each year",
        "plans.shrink.C is 0.4 in place of 0.5",
    ):
        assert part in said, said
    doubtful = "\n".join(doubts(read(tmp_path), CATALOGUE))
    assert "given as certain: swap.home.per_unit, cost.per_year" in doubtful
    assert "evidence D" in doubtful


# --- what is refused ------------------------------------------------------------------------------

CASES: list[tuple[str, str, str, str]] = [
    # what is replaced, by what, where the message points, what it says
    ('name = "Left shift"', 'nmae = "Left shift"', "nmae", 'Nearest: "name"'),
    ('name = "Left shift"', "name = 3", "name", "one line of text"),
    ('name = "Left shift"', 'name = "baseline"', "name", "cannot be called"),
    ("[limits]", "[limit]", "[limit]", 'Nearest: "limits"'),
    ("years = 10", "years = 100", "years", "from 1 to 40"),
    ("years = 10", "years = true", "years", "whole number"),
    ("people = 20_000", "people = nan", "people", "whole number"),
    ('start = "2026/27"', 'start = "2050/51"', "start", "outside the horizon"),
    ('start = "2026/27"', 'start = "2025/26"', "start", "outside the horizon"),
    ('start = "2026/27"', 'start = "2026/28"', "start", "Write 2026/27"),
    ("seed = 1", 'seed = 1\nsettlement = "lowish"', "settlement", "no funding path"),
    ("seed = 1", 'seed = 1\ncomparator = "other"', "comparator", 'Write "baseline"'),
    ("seed = 1", 'seed = 1\ncomparator = "gone.toml"', "comparator", "no such plan file"),
    ("seed = 1", 'seed = 1\ncomparator = "mine.toml"', "comparator", "this plan itself"),
    ("seed = 1", "seed = 1\nreach = 0.5", "reach", "It belongs under [[intervention]]"),
    ('"£12m"', '"£12 million"', "new_spend", "no amount of money"),
    ('"£12m"', "-3", "new_spend", "between 0"),
    ('"£12m"', "inf", "new_spend", "between 0"),
    ('"2027/28" =', '"2057/58" =', "new_spend", "outside the horizon"),
    ("prevention = 0.06", "preventoin = 0.06", "floor", 'Nearest: "prevention"'),
    ("prevention = 0.06", "prevention = 1.06", "floor", "between 0 and 1"),
    ("prevention = 0.06", "prevention = 0.6, acute = 0.6", "floor", "120%"),
    ("{ gp = 10 }", "{ gpp = 10 }", "gpp", 'no staff group called "gpp"'),
    ('"plans.shrink.C"', '"plans.shrnk.C"', '"plans.shrnk', 'Nearest: "plans.shrink.C"'),
    ('shrink.C" = 0.4', 'shrink.C" = nan', '"plans.shrink', "must be a number"),
    ('"hospital_at_home"', '"hospital_at_hme"', "use", 'Nearest: "hospital_at_home"'),
    ('id = "carer_breaks"', 'id = "Carer breaks"', "id =", "snake_case"),
    ('id = "carer_breaks"', 'id = "falls_exercise"', "id =", "is in the library"),
    (
        'id = "carer_breaks"',
        'use = "hospital_at_home"',
        'use = "hospital_at_home"\nlabel',
        "already on line",
    ),
    ('label = "Breaks for carers"\n', "", "[[intervention]]\nid", "has no label"),
    ("reach = 0.1", "reach = 1.1", "reach = 1.1", "over 100%"),
    ("reach = 0.1", "reach = 40", "reach = 40", "0.4 for 40%"),
    ("reach = 0.1", "reach = -0.1", "reach = -0.1", "share from 0 to 1"),
    ("reach = 0.1", 'reach = "10%"', 'reach = "10%"', "reach must be a share"),
    ('"2029/30" = 0.40', '"2029/30" = 1.4', "reach = {", "over 100%"),
    ('"2029/30" = 0.40', '"2049/50" = 0.4', "reach = {", "outside the horizon"),
    ('"2029/30" = 0.40', '"soon" = 0.4', "reach = {", "no financial year"),
    ("age >= 75 and", "age >= 75 and age < 60 and", "who", "can never both be met"),
    ("heart_failure or", "hart_failure or", "who", 'Nearest: "heart_failure"'),
    (
        "rate:non_elective_admission",
        "rate:emergancy_beds",
        "[intervention.effect",
        "no service called",
    ),
    ("rate:non_elective_admission", "hazard:gout", "[intervention.effect", "no condition called"),
    ("rate:non_elective_admission", "speed:gout", 'on = "speed', "hazard:<condition>"),
    (', distribution = "triangular"', "", "ratio =", "has no distribution"),
    ("ratio = {", "ratio = 0.9 #", "ratio =", "has no distribution"),
    (
        ', source = "ours" }\n[intervention.swap',
        " }\n[intervention.swap",
        "ratio =",
        "has no source",
    ),
    ("upper = 1.0", "upper = 0.85", "ratio =", "must lie between finite bounds"),
    ('to = "virtual_ward"', 'to = "ae_attendance"', "[intervention.swap", "to itself"),
    (
        'to = "virtual_ward"',
        'to = "virtual_wards"',
        "[intervention.swap",
        'Nearest: "virtual_ward"',
    ),
    ("[intervention.swap.home]", "[[intervention.swap]]", "[[intervention.swap", "named blocks"),
    ("value = 0.1, lower", "value = 1.1, lower", "share =", "from 0 to 1"),
    ("per_unit = 8", "per_unit = -8", "per_unit", "0 or more"),
    ('"£1,500"', '"lots"', "per_year", "no amount of money"),
    ("per_year =", "per_yeer =", "per_yeer", 'Nearest: "per_year"'),
    ("nurse_and_health_visitor =", "nurses =", "nurses", "no staff group"),
    ('where = ["Norwich"]', "where = 3", "where", "list of places"),
    ('where = ["Norwich"]', 'limited_by = ["money"]', "limited_by", "no limit called"),
    ('who = "age', "who = \"reached('later') and age", "who", "no intervention called"),
]


@pytest.mark.parametrize(("old", "new", "at", "says"), CASES)
def test_what_cannot_be_carried_out_is_refused_at_its_line(
    tmp_path: Path, old: str, new: str, at: str, says: str
) -> None:
    assert old in PLAN
    wrong = PLAN.replace(old, new, 1)
    said = refusal(tmp_path, wrong)
    assert said.startswith(f"mine.toml:{line_of(wrong, at)}:"), said
    assert says in said, said


def test_a_target_group_is_refused_at_its_column(tmp_path: Path) -> None:
    wrong = PLAN.replace("heart_failure or", "hart_failure or")
    said = refusal(tmp_path, wrong)
    line = wrong.splitlines()[line_of(wrong, "who") - 1]
    assert said.startswith(f"mine.toml:{line_of(wrong, 'who')}:{line.index('hart') + 1}: who: ")


def test_swaps_that_come_round_in_a_circle_are_refused(tmp_path: Path) -> None:
    back = (
        '[[intervention]]\nid = "back"\nlabel = "b"\nshift = "analogue_to_digital"\nabout = "b"\n'
        'who = "age >= 16"\nreach = 0.1\nevidence = "D"\nagainst = "b"\n[intervention.swap.back]\n'
        'from = "virtual_ward"\nto = "ae_attendance"\nper_unit = 1\n'
        'share = { value = 0.1, distribution = "fixed", source = "b" }\n'
    )
    said = refusal(tmp_path, PLAN + back)
    assert "circular swap in back: virtual_ward to ae_attendance (back), ae_attendance to" in said
    assert said.startswith(f"mine.toml:{line_of(PLAN + back, '[intervention.swap.back]')}: ")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"# only a comment\n", "empty"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[plan\n", "not valid TOML"),
        (b"a = " + b"[" * 5000, "not valid TOML"),
        (b"plan = 3", "must be a table"),
        (b'plan.name = "x"\nintervention = 3', "[[intervention]] blocks"),
        (b'plan.name = "x"\nintervention = [3]', "[[intervention]] blocks"),
        (b'plan.name = "x"\n[[intervention]]', "needs use"),
        (b'plan.name = "x"\nlimits = []', "must be a table"),
        (b'plan.name = "x"\n[limits]\nnew_spend = {}', "names no year"),
        (b'plan.name = "x"\n[figures]\nbase = 1979-05-27', "no catalogue figure"),
        (b'plan.name = "x"\nplan.years = 1' + b"0" * 400, "whole number"),
    ],
)
def test_a_file_that_is_no_plan_is_refused_in_words(
    tmp_path: Path, content: bytes, says: str
) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    with pytest.raises(PlanError, match=r"^mine\.toml:") as caught:
        read_plan(path, CATALOGUE, "mine.toml")
    assert says in str(caught.value)


def test_a_missing_file_is_refused_in_words(tmp_path: Path) -> None:
    for path in (tmp_path / "gone.toml", tmp_path, Path("nul\0.toml")):
        with pytest.raises(PlanError, match="cannot be read"):
            read_plan(path, CATALOGUE)


def mutated(rng: random.Random, lines: list[str], spare: list[str]) -> str:
    """A plan file with one to four small accidents."""
    found = list(lines)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(found))
        line = found[at]
        kind = rng.randrange(8)
        if kind == 0:
            del found[at]
        elif kind == 1:
            found.insert(at, rng.choice(spare))
        elif kind == 2 and line:
            cut = rng.randrange(len(line))
            found[at] = (
                line[:cut] + rng.choice("0159=[]{}\"'.,_-\u00a3#x\u00e9 \t") + line[cut + 1 :]
            )
        elif kind == 3 and "=" in line:
            value = rng.choice(
                ["nan", "-inf", "1e999", "true", '""', "[]", "{}", "1979-05-27", "-1", "9" * 30,
                 '"\\u0007"', "[[[[1]]]]", '"2026/27"', "0x7f", '{ value = nan, lower = "a" }'],
            )  # fmt: skip
            found[at] = line.partition("=")[0] + "= " + value
        elif kind == 4:
            other = rng.randrange(len(found))
            found[at], found[other] = found[other], found[at]
        elif kind == 5 and '"' in line:
            found[at] = line.replace('"', rng.choice(["'", "", '"""']), 1)
        elif kind == 6 and " " in line:
            words = line.split(" ")
            rng.shuffle(words)
            found[at] = " ".join(words)
        else:
            found[at] = rng.choice(spare)
        if not found:
            break
    return "\n".join(found)


def test_ten_thousand_mutated_plans_are_read_or_refused_in_words(tmp_path: Path) -> None:
    rng = random.Random(20261122)
    small = PLAN[: PLAN.index("[[intervention]]")] + PLAN[PLAN.index("[[intervention]]\nid") :]
    lines = small.replace("[figures]", f"{PRIORITISE}\n[figures]").splitlines()
    spare = [*lines, *example("frailty-at-home").splitlines()]
    path, read_well = tmp_path / "mine.toml", 0
    for number in range(10_000):
        content = mutated(rng, lines, spare)
        try:
            if number % 20:  # most without the disk, which is slower than the reading
                plan = read_text_plan(content, CATALOGUE, "mine.toml")
            else:
                path.write_text(content, encoding="utf-8")
                plan = read_plan(path, CATALOGUE, "mine.toml")
        except LeftshiftError as problem:
            said = str(problem)
            assert said.startswith(("mine.toml", "interventions/")) and "Traceback" not in said
        else:
            assert json.loads(json.dumps(plan.canonical)) == plan.canonical
            assert describe(plan, CATALOGUE) and len(plan.identity) == 64
            doubts(plan, CATALOGUE)
            read_well += 1
    assert 100 < read_well < 9_000  # the mutations neither break everything nor nothing


# --- the schema, the examples and the tables of keys ----------------------------------------------


def test_the_published_schema_is_the_one_that_the_reader_goes_by() -> None:
    assert FILE.read_text(encoding="utf-8") == text()
    found = json.loads(text())["properties"]
    assert list(found["plan"]["properties"]) == list(PLAN_KEYS)
    assert list(found["intervention"]["items"]["properties"]) == list(INTERVENTION_KEYS)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_plan_that_is_read_fits_the_schema_and_a_misspelt_one_does_not(name: str) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    checker = jsonschema.Draft202012Validator(json.loads(text()))
    checker.check_schema(json.loads(text()))
    for content in (PLAN, example(name)):
        assert [error.message for error in checker.iter_errors(tomllib.loads(content))] == []
    for old, new in (("name =", "nmae ="), ("reach =", "raech ="), ("new_spend", "newspend")):
        assert list(checker.iter_errors(tomllib.loads(PLAN.replace(old, new, 1))))


def test_every_key_of_prioritise_is_in_the_schema_and_read(tmp_path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    found = json.loads(text())["properties"]["prioritise"]
    assert list(found["properties"]) == list(PRIORITISE_KEYS)
    more = 'exclusive = [["hospital_at_home", "carer_breaks"]]\nall_or_nothing = true\n'
    content = PLAN.replace("[figures]", f"{PRIORITISE}{more}\n[figures]")
    assert set(tomllib.loads(content)["prioritise"]) == set(PRIORITISE_KEYS)
    rules = read_rules(read(tmp_path, content))
    assert (rules.aim, rules.draws, rules.budgets) == ("equity", 10, (0.5, 1.0, 2.0))
    checker = jsonschema.Draft202012Validator(json.loads(text()))
    assert [one.message for one in checker.iter_errors(tomllib.loads(content))] == []
    assert list(checker.iter_errors(tomllib.loads(content.replace('"equity"', '"wealth"'))))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('aims = "gap"', 'nothing is called "aims" in [prioritise]. Nearest: "aim"'),
        ('aim = "wealth"', 'no aim called "wealth"'),
        ('required = ["carer_break"]', 'no intervention called "carer_break"'),
        ("required = 3", "required must be a list of ids"),
        ("smallest = 2", "smallest must be a number from 0 to 1"),
        ('latest = "2077/78"', "outside the horizon"),
        ("draws = -1", "draws must be a whole number from 0"),
        ("reinvest = 1", "reinvest must be true or false"),
    ],
)
def test_what_prioritise_cannot_say_is_refused_at_its_line(
    line: str, said: str, tmp_path: Path
) -> None:
    content = PLAN.replace("[figures]", f"[prioritise]\n{line}\n\n[figures]")
    at = content.splitlines().index(line) + 1
    found = refusal(tmp_path, content)
    assert found.startswith(f"mine.toml:{at}: ") and said in found


def test_prioritise_that_is_no_table_is_refused(tmp_path: Path) -> None:
    found = refusal(tmp_path, 'prioritise = "health"\n' + PLAN)
    assert found == "mine.toml:1: prioritise must be a table: write [prioritise]."


def test_a_plan_has_every_key_of_the_library() -> None:
    assert set(LIBRARY_KEYS) < set(INTERVENTION_KEYS)


def test_a_plan_may_set_what_the_command_line_may() -> None:
    assert files.MOST_YEARS == project_settings.MOST_YEARS
    assert files.MOST_PEOPLE == project_settings.MOST_PEOPLE
    assert files.MOST_DRAWS == project_settings.MOST_DRAWS
    assert project_settings.SETTINGS["years"].default == files.DEFAULT_YEARS


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_worked_example_is_a_plan_of_its_area(name: str, tmp_path: Path) -> None:
    made = start_plan(tmp_path / "ours.toml", name)
    plan = read_plan(made, CATALOGUE)
    assert plan.area is not None and len(plan.interventions) >= 5
    located(plan, find_area(plan.area, CATALOGUE))
    with pytest.raises(PlanError, match="is there already"):
        start_plan(made, name)
    other = start_plan(made, name, area="E07000148", replace=True)
    assert read_plan(other, CATALOGUE).area == "E07000148"


def test_an_example_that_is_not_there_is_named_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match='Nearest: "left-shift"'):
        start_plan(tmp_path / "x.toml", "leftshift")
    with pytest.raises(PlanError, match=r"ends in \.toml"):
        start_plan(tmp_path / "x.txt")
