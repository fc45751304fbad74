"""The intervention library: what is read, layered, checked and refused, and what it must hold."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from leftshift.catalogue import Catalogue
from leftshift.catalogue.interventions import (
    COSTS,
    EFFECT_KEYS,
    EVIDENCE,
    KEYS,
    SHIFTS,
    SWAP_KEYS,
    read_interventions,
)
from leftshift.catalogue.loader import SHIPPED
from leftshift.errors import CatalogueError, LeftshiftError, PlanError
from leftshift.plans import checks
from leftshift.plans.checks import CHECKS, LEAST_PER_SHIFT, check_interventions

SAID = 'source = "Ours", as_of = "2025", grade = "A"'
CLASSES = """\
[intervention.falls_classes]
label = "Falls classes"
shift = "sickness_to_prevention"
about = "Classes."
who = "age >= 65"
reach = { "2026/27" = 0.05, "2029/30" = 0.2 }
stay = 1
evidence = "B"
against = "Fitter people come."
limited_by = ["staff"]

[intervention.falls_classes.effect.admissions]
on = "rate:non_elective_admission"
ratio = { value = 0.9, lower = 0.8, upper = 1.0, distribution = "lognormal", SAID }
avoided = true

[intervention.falls_classes.swap.clinic]
from = "outpatient_attendance"
to = "community_therapy"
share = { value = 0.1, lower = 0.05, upper = 0.2, distribution = "logitnormal", SAID }
per_unit = { value = 2, lower = 1, upper = 4, SAID }

[intervention.falls_classes.cost]
per_start = { value = 300, lower = 200, upper = 400, SAID }

[intervention.falls_classes.staff]
clinical_support = { value = 3, lower = 1, upper = 5, SAID }
""".replace("SAID", SAID)


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    return Catalogue.load()


def project(folder: Path, text: str, name: str = "ours.toml") -> Path:
    (folder / "catalogue" / "interventions").mkdir(parents=True, exist_ok=True)
    (folder / "catalogue" / "interventions" / name).write_text(text, encoding="utf-8")
    return folder


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(CatalogueError) as caught:
        Catalogue.load(project(folder, text))
    return str(caught.value)


def checked(folder: Path, text: str) -> str:
    with pytest.raises(PlanError) as caught:
        check_interventions(Catalogue.load(project(folder, text)))
    return str(caught.value)


# What the library holds -----------------------------------------------------------------------


def test_the_library_passes_every_named_check(shipped: Catalogue) -> None:
    check_interventions(shipped)


def test_every_shift_and_at_least_35_interventions_are_there(shipped: Catalogue) -> None:
    shifts = Counter(entry["shift"] for entry in shipped.interventions())
    assert shifts.total() >= 35
    assert all(shifts[shift] >= LEAST_PER_SHIFT for shift in SHIFTS)


def test_every_grade_of_evidence_is_used_and_something_is_said_against_each(
    shipped: Catalogue,
) -> None:
    entries = shipped.interventions()
    assert {entry["evidence"] for entry in entries} == set(EVIDENCE)
    assert all(len(entry["against"]) > 60 for entry in entries)
    assert len({entry["label"] for entry in entries}) == len(entries)


def test_what_was_recalled_or_assumed_says_so_in_its_source(shipped: Catalogue) -> None:
    said = {"R": ("recalled",), "A": ("assum",)}
    for row in shipped.rows("intervention"):
        words = said.get(row.estimate.grade, ("",))
        assert any(word in row.estimate.source.lower() for word in words), row.id
        assert len(row.estimate.source) > 25, row.id
        if row.estimate.grade == "V":
            assert "read" in row.estimate.source, row.id


def test_every_figure_of_the_library_carries_its_doubt(shipped: Catalogue) -> None:
    for row in shipped.rows("intervention"):
        figure = row.estimate
        assert figure.lower is not None and figure.upper is not None, row.id
        assert figure.lower < figure.upper, row.id
        assert figure.distribution != "fixed", row.id


@pytest.mark.parametrize(
    ("intervention", "effect"),
    [
        ("neighbourhood_team", "admissions"),
        ("neighbourhood_team", "deaths"),
        ("falls_screen_and_refer", "admissions"),
        ("epaccs", "admissions"),
        ("social_prescribing", "gp_visits"),
        ("cardiac_rehabilitation", "deaths"),
        ("dementia_support", "care_homes"),
        ("reablement", "home_care"),
    ],
)
def test_a_null_finding_is_entered_as_a_null_with_its_interval(
    shipped: Catalogue, intervention: str, effect: str
) -> None:
    figure = shipped.row(f"intervention.{intervention}.effect.{effect}.ratio").estimate
    assert figure.value == 1.0
    assert figure.lower is not None and figure.upper is not None
    assert figure.lower < 1.0 < figure.upper


def test_predicting_risk_raises_admissions_as_its_trial_found(shipped: Catalogue) -> None:
    row = shipped.row("intervention.risk_prediction_in_practices.effect.admissions.ratio")
    assert row.estimate.value > 1.0


def test_shares_that_rest_on_experts_are_what_they_would_cut_of_a_named_part(
    shipped: Catalogue,
) -> None:
    found = 0
    for row in shipped.rows("intervention"):
        named = re.search(r"nhp\.remaining\.\w+", row.estimate.source)
        part = re.search(r"times (0\.\d+|1), the share", row.estimate.source)
        if not named or not part:
            continue
        remains, share = shipped.row(named[0]).estimate, float(part[1])
        assert remains.lower is not None and remains.upper is not None
        assert row.estimate.value == pytest.approx(share * (1 - remains.value), abs=1e-4)
        assert row.estimate.upper == pytest.approx(share * (1 - remains.lower), abs=1e-4)
        found += 1
    assert found >= 8


def test_experts_priors_are_all_there_and_stay_between_nothing_and_everything(
    shipped: Catalogue,
) -> None:
    rows = shipped.rows("nhp.remaining")
    assert len(rows) == 78
    for row in rows:
        assert row.estimate.lower is not None and row.estimate.upper is not None
        assert 0 < row.estimate.lower < row.estimate.value < row.estimate.upper < 1
    # P90 of avoiding 5.71% of admissions of people of high frailty: BMJ Open 2024 e084632.
    high = shipped.row("nhp.remaining.frail_elderly_high").estimate
    assert high.value == pytest.approx(0.94287, abs=1e-5)


def test_weaker_evidence_keeps_less_of_its_effect(shipped: Catalogue) -> None:
    c, d = (shipped.row(f"plans.shrink.{grade}").estimate for grade in "CD")
    assert 0.0 <= d.value < c.value <= 1.0
    assert d.lower == 0.0


def test_every_key_is_described_in_the_catalogues_own_page() -> None:
    page = (SHIPPED / "README.md").read_text(encoding="utf-8")
    page = page[page.index("## An intervention file") :]
    for key in [*KEYS, *EFFECT_KEYS, *SWAP_KEYS, *COSTS]:
        if key != "note":
            assert f"`{key}`" in page, key


# A project's own ------------------------------------------------------------------------------


def test_an_intervention_is_added_with_one_file_and_no_code(tmp_path: Path) -> None:
    cat = Catalogue.load(project(tmp_path, CLASSES))
    check_interventions(cat)
    added = next(one for one in cat.interventions() if one["id"] == "falls_classes")
    assert (added["file"], added["line"], added["layer"]) == (
        "catalogue/interventions/ours.toml",
        1,
        "project",
    )
    assert added["reach"] == {"2026/27": 0.05, "2029/30": 0.2}
    assert added["effect"]["admissions"]["figure"] == "ratio"
    assert added["effect"]["admissions"]["avoided"] is True
    assert (added["cost"], added["staff"]) == (["per_start"], ["clinical_support"])
    row = cat.row("intervention.falls_classes.effect.admissions.ratio")
    assert (row.estimate.unit, row.line) == ("ratio", 14)
    assert cat.row("intervention.falls_classes.cost.per_start").estimate.distribution == "lognormal"


def test_a_project_changes_only_the_keys_that_it_gives(tmp_path: Path) -> None:
    ours = """\
[intervention.hospital_at_home]
evidence = "B"

[intervention.hospital_at_home.swap.bed_to_home]
per_unit = { value = 9, source = "Our own teams", as_of = 2025, grade = "V" }
"""
    cat = Catalogue.load(project(tmp_path, ours))
    check_interventions(cat)
    changed = next(one for one in cat.interventions() if one["id"] == "hospital_at_home")
    assert (changed["evidence"], changed["swap"]["bed_to_home"]["to"]) == ("B", "virtual_ward")
    assert "age >= 75" in changed["who"]
    share = cat.row("intervention.hospital_at_home.swap.bed_to_home.share")
    assert share.layer == "shipped"
    replaced = {override["id"] for override in cat.overrides}
    assert "intervention.hospital_at_home.evidence" in replaced
    assert "intervention.hospital_at_home.swap.bed_to_home.per_unit" in replaced


def test_the_same_intervention_twice_in_a_project_is_refused(tmp_path: Path) -> None:
    project(tmp_path, CLASSES, "another.toml")
    assert "[given_once]" in refusal(tmp_path, CLASSES)


def test_a_file_that_is_no_intervention_file_is_refused(tmp_path: Path) -> None:
    project(tmp_path, CLASSES, "ours.csv")
    with pytest.raises(CatalogueError, match="no intervention file"):
        Catalogue.load(tmp_path)


# Refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "line", "check"),
    [
        ("[intervention.falls_classes]", "[interventions.falls]", 1, "known_key"),
        ('label = "Falls classes"', "", 1, "complete"),
        ("stay = 1", "stays = 1", 7, "known_key"),
        ("stay = 1", "stay = 1.5", 7, "whole_years"),
        ("stay = 1", "stay = -1", 7, "whole_years"),
        ('"2029/30" = 0.2', '"2029/30" = 1.2', 6, "share"),
        ('"2029/30" = 0.2', '"2029" = 0.2', 6, "known_year"),
        ('evidence = "B"', 'evidence = "E"', 8, "evidence"),
        ('"sickness_to_prevention"', '"left"', 3, "known_shift"),
        ('["staff"]', '["money"]', 10, "known_limit"),
        ('"rate:non_elective_admission"', '"rates of admission"', 13, "on_what"),
        ("ratio = {", "shift = {", 14, "one_figure"),
        (', distribution = "lognormal"', "", 14, "distribution"),
        ('"lognormal"', '"normal"', 14, "distribution"),
        ("lower = 0.8", "lower = -0.8", 14, "in_range"),
        ("lower = 0.8", "lower = 0.95", 14, "figure_is_a_row"),
        ('to = "community_therapy"', "", 17, "landing_service"),
        ('to = "community_therapy"', 'to = "outpatient_attendance"', 17, "circular_swap"),
        ("upper = 0.2, dist", "upper = 1.2, dist", 20, "in_range"),
        ("value = 300", 'unit = "thousands", value = 300', 24, "unit"),
        ("value = 300", 'value = "300"', 24, "right_type"),
        ("per_start", "per_head", 24, "known_key"),
        ('source = "Ours", as_of = "2025", grade = "A" }\navoided', 'grade = "A" }\navoided', 14,
         "figure_is_a_row"),
    ],
)  # fmt: skip
def test_a_wrong_key_is_refused_at_its_line(
    tmp_path: Path, old: str, new: str, line: int, check: str
) -> None:
    assert old in CLASSES
    said = refusal(tmp_path, CLASSES.replace(old, new, 1))
    assert said.startswith(f"catalogue/interventions/ours.toml:{line}: [{check}] "), said


AVOIDED = "avoided = true\n"
SECOND = """
[intervention.falls_classes.swap.back]
from = "community_therapy"
to = "outpatient_attendance"
share = { value = 0.1, distribution = "fixed", source = "Ours", as_of = "2025", grade = "A" }
per_unit = { value = 2, source = "Ours", as_of = "2025", grade = "A" }
"""


@pytest.mark.parametrize(
    ("change", "line", "check"),
    [
        (lambda t: t.replace("non_elective_admission", "non_elective"), 12, "known_target"),
        (lambda t: t.replace("rate:non_elective_admission", "hazard:gout"), 12, "known_target"),
        (lambda t: t.replace("community_therapy", "community_therapies"), 17, "known_target"),
        (lambda t: t.replace("clinical_support", "helpers"), 27, "known_staff"),
        (lambda t: t.replace("age >= 65", "age >> 65"), 1, "who_parses"),
        (lambda t: t.replace("age >= 65", "age >= 65 and age < 60"), 1, "who_parses"),
        (lambda t: t.replace(AVOIDED, ""), 12, "landing_service"),
        (lambda t: t.replace("rate:non_elective_admission", "rate:outpatient_attendance"), 12,
         "counted_once"),
        (lambda t: t + SECOND, 29, "circular_swap"),
        (lambda t: t[: t.index("[intervention.falls_classes.effect")], 1, "changes_something"),
        (lambda t: t[: t.index("[intervention.falls_classes.swap")], 1, "costed"),
    ],
)  # fmt: skip
def test_each_named_check_catches_what_it_is_for(
    tmp_path: Path, change: Callable[[str], str], line: int, check: str
) -> None:
    said = checked(tmp_path, change(CLASSES))
    assert said.startswith(f"catalogue/interventions/ours.toml:{line}: [{check}] "), said


def test_a_fall_in_hospital_care_with_a_swap_needs_no_word_of_being_avoided(
    tmp_path: Path,
) -> None:
    lowered = CLASSES.replace(AVOIDED, "").replace("value = 0.9,", "value = 1.0,")
    check_interventions(Catalogue.load(project(tmp_path, lowered)))


def test_a_library_that_forgets_a_shift_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "LEAST_PER_SHIFT", 1_000)
    with pytest.raises(PlanError, match=r"\[shifts_covered\]"):
        check_interventions(Catalogue.load())


def test_the_checks_are_named_and_described() -> None:
    assert all(re.fullmatch(r"[a-z_]+", name) and words for name, (words, _) in CHECKS.items())


def test_a_thousand_mangled_files_each_give_one_message_or_are_right(tmp_path: Path) -> None:
    chance = random.Random(4)
    path = tmp_path / "mangled.toml"
    pieces = ["", "=", "[", "]", "{", "}", '"', "-1", "nan", "1e999", "true", "\n", "é", "a.b", "0"]
    for _ in range(1_000):
        text = CLASSES
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(text))
            text = text[:at] + chance.choice(pieces) + text[at + chance.randint(0, 6) :]
        path.write_text(text, encoding="utf-8")
        try:
            read_interventions(path, "mangled.toml", {}, "project")
        except LeftshiftError as problem:
            assert str(problem).startswith("mangled.toml:")
