"""Attacks on what a survey shows: by subtraction, by what is possible, and by reading."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from scipy.optimize import linprog

from leftshift.errors import ModelError
from leftshift.survey import differencing
from leftshift.survey.anonymity import _coarsened, protect
from leftshift.survey.disclosure import SHOWN, Group, Rules, decide
from leftshift.survey.masking import Mask, initials, parts_of_name
from tests.survey.made_up import Wave, made_up

RULES = Rules()
SEEDS = (1, 2, 3, 4)


def shown_of(wave: Wave, rules: Rules = RULES) -> list[Group]:
    found = decide(wave.groups, rules, wave.systems, wave.answers)
    return [group for group in wave.groups if found[group.key] == SHOWN]


def subtractions(groups: list[Group], most: int) -> list[NDArray[np.float64]]:
    """What an attacker gets who adds and subtracts up to `most` tables' rows."""
    rows = [group.people.astype(float) for group in groups]
    found = list(rows)
    for count in range(2, most + 1):
        for picked in itertools.combinations(range(len(rows)), count):
            for signs in itertools.product((1.0, -1.0), repeat=count - 1):
                found.append(
                    rows[picked[0]]
                    + sum(s * rows[i] for s, i in zip(signs, picked[1:], strict=True))
                )
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_no_sum_or_difference_of_up_to_three_groups_rests_on_fewer_than_five(seed: int) -> None:
    shown = shown_of(made_up(seed))
    assert len(shown) > 5
    for left in subtractions(shown, 3):
        touched = int((np.abs(left) > 1e-9).sum())
        assert touched == 0 or touched >= RULES.threshold


@pytest.mark.parametrize("seed", SEEDS)
def test_a_total_less_all_shown_parts_never_leaves_fewer_than_five(seed: int) -> None:
    shown = shown_of(made_up(seed))
    everyone = [group for group in shown if group.key[1] == "all"]
    for whole in everyone:
        for way in ("role", "region", "type", "size"):
            parts = [
                group for group in shown if group.key[0] == whole.key[0] and group.key[1] == way
            ]
            rest = whole.people & ~np.any([group.people for group in parts], axis=0)
            assert rest.sum() == 0 or rest.sum() >= RULES.threshold


@pytest.mark.parametrize("seed", SEEDS)
def test_no_one_person_is_in_the_reach_of_any_combination_at_all(seed: int) -> None:
    shown = shown_of(made_up(seed))
    rows = np.array([group.people for group in shown], dtype=float)
    rank = np.linalg.matrix_rank(rows)
    for person in range(rows.shape[1]):
        others = np.delete(rows, person, axis=1)
        # Were a combination to rest on this person alone, the others' columns would have less rank.
        assert np.linalg.matrix_rank(others) == rank


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_what_a_lone_person_answered_stays_open_to_one_who_knows_every_group(seed: int) -> None:
    wave = made_up(seed)
    shown = shown_of(wave)
    rows = np.array([group.people for group in shown], dtype=float)
    columns, _, sizes = differencing.classes(rows.astype(bool))
    answers = wave.answers.shape[1]
    width = columns.shape[1]
    equal, limit = [], []
    for row, group in zip(columns, shown, strict=True):
        for answer in range(answers):
            line = np.zeros((width, answers))
            line[row, answer] = 1
            equal.append(line.ravel())
            limit.append(wave.answers[group.people, answer].sum())
    for place in range(width):
        line = np.zeros((width, answers))
        line[place] = 1
        equal.append(line.ravel())
        limit.append(float(sizes[place]))
    bounds = [(0, float(size)) for size in sizes for _ in range(answers)]
    for alone in np.flatnonzero(sizes == 1)[:12]:
        possible = 0
        for answer in range(answers):
            cost = np.zeros((width, answers))
            cost[alone, answer] = -1
            best = linprog(cost.ravel(), A_eq=np.array(equal), b_eq=limit, bounds=bounds)
            possible += bool(-best.fun > 1 - 1e-6)
        assert possible >= 2


def test_a_group_that_would_come_back_as_total_less_the_others_takes_another_with_it() -> None:
    people = np.arange(30)
    parts = {"a": people < 14, "b": (people >= 14) & (people < 27), "c": people >= 27}
    groups = [Group(("", "all", ""), people >= 0, 0, fixed=True)]
    groups += [Group(("", "role", key), inside, 1) for key, inside in parts.items()]
    found = decide(groups, RULES, people.astype(np.int64))
    assert found["", "role", "c"] == "small_base"
    assert sorted(found["", "role", key] for key in "ab") == ["secondary", "shown"]


def test_paired_respondents_are_not_shown_where_the_unpaired_are_few() -> None:
    people = np.arange(40)
    groups = [
        Group(("", "all", ""), people >= 0, 0, fixed=True),
        Group(("2024>2025", "all", ""), people < 37, 9),
    ]
    found = decide(groups, RULES, people.astype(np.int64))
    assert found["2024>2025", "all", ""] == "secondary"
    groups[1] = Group(("2024>2025", "all", ""), people < 35, 9)
    assert decide(groups, RULES, people.astype(np.int64))["2024>2025", "all", ""] == SHOWN


def test_a_group_of_one_system_by_another_name_is_not_shown() -> None:
    people = np.arange(40)
    groups = [
        Group(("", "all", ""), people >= 0, 0, fixed=True),
        Group(("", "size", "largest"), people < 8, 1),
        Group(("", "size", "others"), people >= 8, 1),
    ]
    systems = np.where(people < 8, 0, people).astype(np.int64)
    assert decide(groups, RULES, systems)["", "size", "largest"] == "small_base"


def test_a_group_whose_members_all_answered_alike_is_not_shown() -> None:
    people = np.arange(40)
    groups = [
        Group(("", "all", ""), people >= 0, 0, fixed=True),
        Group(("", "role", "chair"), people < 12, 1),
    ]
    answers = np.zeros((40, 3))
    answers[:12, 0] = 1
    answers[12:, 1:] = np.eye(2)[people[12:] % 2]
    found = decide(groups, RULES, people.astype(np.int64), answers)
    assert found["", "role", "chair"] == "secondary"


def test_the_one_person_with_a_rare_answer_cannot_be_placed_by_crossing_tables() -> None:
    # One of 60 answers "not at all"; region, role and size each say where that one is.
    people = np.arange(60)
    ways = {"role": people % 3, "region": people // 12, "size": (people // 4) % 3}
    groups = [Group(("", "all", ""), people >= 0, 0, fixed=True)]
    for rank, (name, values) in enumerate(ways.items(), start=1):
        groups += [Group(("", name, str(v)), values == v, rank) for v in np.unique(values)]
    answers = np.eye(3)[np.where(people == 31, 2, people % 2)]
    found = decide(groups, RULES, people.astype(np.int64), answers)
    shown = [group for group in groups if found[group.key] == SHOWN]
    same = np.all([group.people == group.people[31] for group in shown], axis=0)
    assert found["", "role", "1"] == SHOWN
    assert same.sum() >= 2


def test_rounding_leaves_neither_an_exact_count_nor_a_share_that_tells_one() -> None:
    frame = pl.DataFrame(
        {"unit": ["percent", "percent"], "value": [100 * 7 / 17, 100 * 8 / 17],
         "lower": [20.123, 21.5], "upper": [60.9, 61.0], "count": [7, 8], "base": [17, 17]}
    )  # fmt: skip
    rounded = _coarsened(frame, Rules(rounding=5))
    assert rounded["count"].to_list() == [5, 10]
    assert rounded["base"].to_list() == [15, 15]
    assert rounded["value"].to_list() == [41.0, 47.0]
    exact = _coarsened(frame, Rules())
    assert exact["count"].to_list() == [7, 8]


def test_weighted_shares_and_means_over_systems_keep_no_telling_decimals() -> None:
    frame = pl.DataFrame(
        {"unit": ["percent"] * 2, "weighting": ["none", "frame"], "value": [41.17647, 43.98765]}
    )
    assert _coarsened(frame, Rules())["value"].to_list() == [41.17647, 44.0]
    paired = pl.DataFrame(
        {"unit": ["percent", "score"], "pairing": ["systems"] * 2, "before": [41.666667, 2.3333]}
    )
    assert _coarsened(paired, Rules())["before"].to_list() == [42.0, 2.3]


def test_a_table_that_the_gate_does_not_know_is_not_let_through() -> None:
    with pytest.raises(ModelError, match="no rule for it"):
        protect(None, {"survey_by_system": pl.DataFrame({"system": ["X01"], "value": [1.0]})})  # type: ignore[arg-type]


SECRETS = {
    "Jane Example": "Ask jane  example, she knows.",
    "Example Trust": "EXAMPLE-TRUST's wards are full.",
    "Norfolk and Waveney": "In norfolk & waveney we wait; Waveney waits most.",
    "BNSSG": "BNSSG did it; so did B.N.S.S.G. and bnssg.",
    "QMM": "QMM has no money.",
    "a.leader@nhs.net": "Write to a.leader@nhs.net or a.leader (at) nhs.net",
    "01632 960123": "Ring 01632 960123 or +44 1632 960 123",
    "NR1 3DH": "Come to NR1 3DH.",
    "Dr Ada Lovelace": "Dr Ada Lovelace said so.",
    "Great Yarmouth": "Great  Yarmouth’s port",
}


@pytest.mark.parametrize("secret", SECRETS)
def test_names_are_taken_out_however_they_are_written(secret: str) -> None:
    mask = Mask(
        ["Jane Example", "Example Trust", "Great Yarmouth"],
        [
            "NHS Norfolk and Waveney Integrated Care Board",
            "NHS Bristol, North Somerset and South Gloucestershire Integrated Care Board",
        ],
        ["QMM"],
    )
    said = mask.clean(SECRETS[secret]).casefold()
    assert "[removed]" in said
    for part in secret.casefold().replace("and", " ").replace("dr", " ").split():
        assert part not in said.replace("[removed]", "")


def test_everyday_words_are_left_in_peace() -> None:
    mask = Mask([], ["NHS Bath and North East Somerset Integrated Care Board"])
    said = "We need a bath, a north wind and care for the east of the country."
    assert mask.clean(said) == said
    assert mask.clean("Staff in Bath are tired.") == "Staff in [removed] are tired."
    assert initials("Bristol, North Somerset and South Gloucestershire") == "BNSSG"
    assert parts_of_name("North East London") == ["London"]


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The worked example, run once: its project and its run folder."""
    import leftshift.survey as survey

    project = tmp_path_factory.mktemp("survey") / "project"
    shutil.copytree(Path(survey.__file__).parent / "example", project)
    return project, survey.run(project, csv=True).path


def cells(run: Path) -> dict[tuple[str, ...], dict[tuple[str, str], float]]:
    """Counts of answers by wave and question, then by group: all that a reader sees."""
    table = pl.read_parquet(run / "tables" / "survey_estimates.parquet")
    seen: dict[tuple[str, ...], dict[tuple[str, str], float]] = {}
    for row in table.filter(
        (pl.col("status") == SHOWN)
        & (pl.col("weighting") == "none")
        & (pl.col("measure") != "mean")
    ).iter_rows(named=True):
        key = (row["wave"], row["question"], row["option"])
        count = round(row["value"] * row["base"] / 100.0, 6)
        assert count == pytest.approx(row["count"])
        seen.setdefault(key, {})[row["group_by"], row["group"]] = row["count"]
    return seen


def test_hidden_rows_carry_no_figure_in_any_file(example: tuple[Path, Path]) -> None:
    _, run = example
    for file in sorted((run / "tables").glob("survey_*.parquet")):
        table = pl.read_parquet(file)
        if "status" not in table.columns or file.stem in ("survey_suppression", "survey_record"):
            continue
        hidden = table.filter(pl.col("status") != SHOWN)
        for name, kind in hidden.schema.items():
            if kind.is_numeric():
                assert hidden[name].null_count() == hidden.height, (file.stem, name)
        for name in ("base", "base_before", "base_after", "respondents"):
            if name in table.columns:
                assert (table[name].drop_nulls() >= 5).all() or file.stem == "survey_terms"


def test_subtracting_every_pair_of_shown_groups_of_the_example_gives_no_one_away(
    example: tuple[Path, Path],
) -> None:
    from leftshift.survey import check

    project, run = example
    cleaned = check(project, write=False).cleaned
    assert cleaned is not None
    seen = cells(run)
    assert len(seen) > 100
    for (wave, question, _), groups in seen.items():
        people = cleaned.respondents.filter(pl.col("wave") == wave).join(
            cleaned.answers.filter(pl.col("question") == question).select("respondent").unique(),
            on="respondent",
            how="semi",
        )
        sets = [
            set(people["respondent"].to_list())
            if by == "all"
            else set(people.filter(pl.col(by) == group)["respondent"].to_list())
            for by, group in groups
        ]
        for one, two in itertools.permutations(sets, 2):
            if two < one:
                assert len(one - two) >= 5


def test_nothing_in_the_run_folder_names_a_person_a_masked_organisation_or_an_answer_row(
    example: tuple[Path, Path],
) -> None:
    project, run = example
    secrets = ["Invented Person", "@example.org", "Quillfeather", "Tallowby", "Foxglove",
               "Marrowick", "Mossgate Invented", "01632", "R2025-", "2025:00", "p00"]  # fmt: skip
    for file in sorted(path for path in run.rglob("*") if path.is_file()):
        if file.suffix == ".parquet":
            content = pl.read_parquet(file).write_csv()
        else:
            content = file.read_text(encoding="utf-8")
        for secret in secrets:
            assert secret not in content, (file.name, secret)
    assert any("Quillfeather" in text for text in (project / "wave-2025.csv").read_text().split())


def test_no_quote_or_listed_word_names_a_system(example: tuple[Path, Path]) -> None:
    _, run = example
    systems = pl.read_parquet(run / "tables" / "survey_systems.parquet")
    names = {part for name in systems["name"] for part in parts_of_name(name)}
    quotes = pl.read_parquet(run / "tables" / "survey_quotes.parquet")
    assert any("[removed]" in quote for quote in quotes["quote"])
    assert set(quotes.columns) == {"wave", "question", "term", "number", "quote"}
    words = pl.read_parquet(run / "tables" / "survey_keyness.parquet")["item"].to_list()
    said = " ".join([*quotes["quote"].to_list(), *words]).casefold()
    assert [name for name in sorted(names) if name.casefold() in said] == []
