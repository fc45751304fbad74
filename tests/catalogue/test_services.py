"""Service files: what is read, layered and refused, and that a refusal names its line."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from leftshift.catalogue import Catalogue
from leftshift.catalogue.loader import SHIPPED
from leftshift.catalogue.services import FIGURES, KEYS, read_services
from leftshift.errors import CatalogueError, LeftshiftError

FALLS = """\
[service.falls_clinic]
label = "Falls clinics"
setting = "community"
unit = "contact"
basis = "residents"
archetype = "clinic_or_contact_team"
year = "2024/25"
shape = "intermediate_care"
deprivation = "community"
segments = "community"
payers = { icb_core = 1.0 }
staff = { nurse_and_health_visitor = 0.6, scientific_therapeutic_technical = 0.4 }

[service.falls_clinic.figures]
activity = { value = 100_000, source = "Our own count", as_of = "2025", grade = "A" }
unit_cost = { value = 95.0, lower = 70, upper = 130, source = "Ours", as_of = "2025", grade = "A" }
"""


def project(folder: Path, text: str, name: str = "ours.toml") -> Path:
    (folder / "catalogue" / "services").mkdir(parents=True, exist_ok=True)
    (folder / "catalogue" / "services" / name).write_text(text, encoding="utf-8")
    return folder


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(CatalogueError) as caught:
        Catalogue.load(project(folder, text))
    return str(caught.value)


def test_a_service_is_added_with_one_file_and_no_code(tmp_path: Path) -> None:
    cat = Catalogue.load(project(tmp_path, FALLS))
    added = next(entry for entry in cat.services() if entry["id"] == "falls_clinic")
    assert (added["file"], added["line"], added["layer"]) == (
        "catalogue/services/ours.toml",
        1,
        "project",
    )
    row = cat.row("service.falls_clinic.unit_cost")
    assert row.estimate.value == 95.0
    assert row.estimate.distribution == "lognormal"
    assert row.estimate.unit == "GBP per unit"
    assert (row.file, row.line) == ("catalogue/services/ours.toml", 16)


def test_figures_of_a_service_are_drawn_and_overridden_like_any_row(tmp_path: Path) -> None:
    folder = project(tmp_path, FALLS)
    drawn = [
        Catalogue.load(folder).parameters(draw).value("service.falls_clinic.unit_cost")
        for draw in (0, 1)
    ]
    assert drawn[0] != drawn[1]
    over = Catalogue.load(folder, extra={"service.falls_clinic.unit_cost": 50.0})
    assert over.parameters().value("service.falls_clinic.unit_cost") == 50.0


def test_a_project_replaces_only_the_keys_that_it_gives_of_a_shipped_service(
    tmp_path: Path,
) -> None:
    text = """\
[service.district_nursing]
payers = { icb_core = 0.9, local_authority = 0.1 }
[service.district_nursing.figures]
unit_cost = { value = 61.5, source = "Our contract", as_of = "2025", grade = "V" }
"""
    shipped = {entry["id"]: entry for entry in Catalogue.load().services()}
    cat = Catalogue.load(project(tmp_path, text))
    ours = {entry["id"]: entry for entry in cat.services()}
    assert list(ours) == list(shipped)
    assert ours["district_nursing"]["payers"] == {"icb_core": 0.9, "local_authority": 0.1}
    assert ours["district_nursing"]["shape"] == shipped["district_nursing"]["shape"]
    assert cat.row("service.district_nursing.unit_cost").estimate.value == 61.5
    assert {entry["id"] for entry in cat.overrides} == {
        "service.district_nursing.payers",
        "service.district_nursing.unit_cost",
    }


def test_a_service_file_is_part_of_the_identity_of_its_layer(tmp_path: Path) -> None:
    before = Catalogue.load(project(tmp_path, FALLS)).layers
    after = Catalogue.load(project(tmp_path, FALLS.replace("95.0", "96.0"))).layers
    assert before[0] == after[0]
    assert before[1] != after[1]


WRONG = {
    'shaep = "x"\n' + FALLS: "[known_key]",
    FALLS.replace("[service.falls_clinic]", "[services.falls_clinic]", 1): "[known_key]",
    FALLS.replace("payers", "payer"): '3: no key called "payer". Nearest: "payers"',
    FALLS.replace("unit_cost =", "unit_costs ="): "[known_figure] falls_clinic: no figure called",
    FALLS.replace('unit = "contact"\n', ""): "[complete] falls_clinic has no unit",
    FALLS.replace('"contact"', '""'): "[unit_named]",
    FALLS.replace('"contact"', "3"): "[right_type]",
    FALLS.replace('"residents"', '"resident"'): "[known_basis] falls_clinic: basis: no basis",
    FALLS.replace('"2024/25"', '"2024"'): "[known_year]",
    FALLS.replace("icb_core = 1.0", 'icb_core = "all"'): "[right_type]",
    FALLS.replace("icb_core = 1.0", "icb_core = 1.5"): "[right_type]",
    FALLS.replace("icb_core = 1.0", "icb_core = nan"): "[right_type]",
    FALLS.replace("value = 95.0", "value = inf"): "[right_type]",
    FALLS.replace("value = 95.0", 'value = "95"'): "[right_type]",
    FALLS.replace('"2025", grade = "A" }\nunit', 'true, grade = "A" }\nunit'): "[right_type]",
    FALLS.replace("value = 95.0", "value = 195.0"): "[figure_is_a_row]",
    FALLS.replace('source = "Ours", ', ""): "[figure_is_a_row]",
    FALLS.replace("value = 100_000", "value = -1"): "[not_negative]",
    FALLS.replace("falls_clinic", '"Falls clinic"'): "[known_id]",
    FALLS.replace("[service.falls_clinic.figures]", "[service.falls_clinic.figure]"): "[known_key]",
    FALLS + "activity = 3\n": "not valid TOML",
    FALLS.replace('shape = "intermediate_care"\n', ""): "[complete] falls_clinic has no shape",
    FALLS.replace("payers =", "by_age = [[0, 1], [9, 1]]\npayers ="): "[one_shape]",
    FALLS.replace('shape = "intermediate_care"', "by_age = [[9, 1], [0, 1]]"): "[right_type]",
    FALLS.replace('shape = "intermediate_care"', "by_age = [[0, 0], [9, 0]]"): "[right_type]",
    FALLS.replace('shape = "intermediate_care"', "by_age = 3"): "[right_type]",
    "": "[has_services]",
    "service = 3\n": "[has_services]",
    "[service]\nfalls_clinic = 3\n": "[right_type]",
    "unit_cost = 3\n": "[known_key]",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_with_a_service_is_one_message_that_names_the_file_and_the_check(
    text: str, tmp_path: Path
) -> None:
    wanted = WRONG[text].removeprefix("3: ")
    said = refusal(tmp_path, text)
    assert said.startswith("catalogue/services/ours.toml:")
    assert wanted in said


def test_a_wrong_key_is_named_with_its_line_and_the_nearest(tmp_path: Path) -> None:
    said = refusal(tmp_path, FALLS.replace("deprivation =", "deprivaton ="))
    assert said.startswith("catalogue/services/ours.toml:9: [known_key] falls_clinic: ")
    assert 'Nearest: "deprivation"' in said


def test_a_service_given_twice_in_one_project_is_refused(tmp_path: Path) -> None:
    project(tmp_path, FALLS, "a.toml")
    said = refusal(tmp_path, FALLS)
    assert "[given_once] service falls_clinic is already in catalogue/services/a.toml:1" in said


def test_what_is_no_service_file_is_refused(tmp_path: Path) -> None:
    project(tmp_path, FALLS, "ours.json")
    with pytest.raises(CatalogueError, match=r"services/ours\.json: no service file"):
        Catalogue.load(tmp_path)


def test_a_mutilated_service_file_never_ends_in_a_traceback(tmp_path: Path) -> None:
    shipped = (SHIPPED / "services" / "4_community.toml").read_text("utf-8")
    chance = random.Random(3)
    path = tmp_path / "ours.toml"
    for text in (FALLS, shipped):
        for _ in range(100):
            at = chance.randrange(len(text))
            cut = chance.randrange(1, 12)
            put = chance.choice(["", '"', "=", "[", "]", "{", "0", "-", "\n", "nan", "é", "'''"])
            path.write_text(text[:at] + put + text[at + cut :], encoding="utf-8")
            try:
                read_services(path, "ours.toml", {}, "project")
            except LeftshiftError as problem:
                assert str(problem).startswith("ours.toml:")


def test_every_key_and_figure_of_a_service_is_described_for_readers() -> None:
    page = (SHIPPED / "README.md").read_text("utf-8")
    for name in (*KEYS, *FIGURES):
        assert f"`{name}`" in page, name
