"""What services promise: shares that add up, no pound twice, and a refusal by name when not."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from leftshift.care.services import AGE_GROUPS, Services, archetypes, check_balance, services
from leftshift.catalogue import Catalogue
from leftshift.errors import CareError, LeftshiftError

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
payers = { icb_core = 0.8, local_authority = 0.2 }
staff = { nurse_and_health_visitor = 0.6, scientific_therapeutic_technical = 0.4 }
conditions = { dementia = 1.5 }

[service.falls_clinic.figures]
activity = { value = 100_000, source = "Our own count", as_of = "2025", grade = "A" }
unit_cost = { value = 95.0, lower = 70, upper = 130, source = "Ours", as_of = "2025", grade = "A" }
"""


@pytest.fixture(scope="module")
def cat() -> Catalogue:
    return Catalogue.load()


@pytest.fixture(scope="module")
def shipped(cat: Catalogue) -> Services:
    return services(cat.parameters())


def project(folder: Path, text: str) -> Catalogue:
    (folder / "catalogue" / "services").mkdir(parents=True, exist_ok=True)
    (folder / "catalogue" / "services" / "ours.toml").write_text(text, encoding="utf-8")
    return Catalogue.load(folder)


def spend(of: Services, *ids: str) -> float:
    where = [of.ids.index(one) for one in ids]
    return float((of.total * of.unit_cost)[where].sum())


def test_the_services_that_other_parts_name_are_there(shipped: Services) -> None:
    assert {"ae_attendance", "non_elective_admission", "gp_appointment"} <= set(shipped.ids)
    assert shipped.units[shipped.index("non_elective_admission")] == "admission"
    assert "bed day" in shipped.units
    assert len(set(shipped.settings)) == 8


def test_services_stand_in_the_order_of_their_settings(cat: Catalogue, shipped: Services) -> None:
    order = [entry["id"] for entry in cat.entities("settings")]
    places = [order.index(setting) for setting in shipped.settings]
    assert places == sorted(places)


def test_every_figure_of_every_service_is_finite_and_none_is_negative(shipped: Services) -> None:
    for name in ("total", "unit_cost", "shape", "deprivation", "segment", "conditions"):
        values = getattr(shipped, name)
        assert np.isfinite(values).all()
        assert (values >= 0.0).all()
    assert (shipped.total > 0.0).all()
    assert (shipped.unit_cost > 0.0).all()
    assert ((shipped.pay_share >= 0.0) & (shipped.pay_share <= 1.0)).all()
    assert np.array_equal(shipped.bed_days > 0.0, np.array([b != "" for b in shipped.bed_types]))


def test_shares_of_payers_and_of_staff_make_up_the_whole(shipped: Services) -> None:
    assert np.allclose(shipped.payer_share.sum(1), 1.0, atol=1e-12)
    assert np.allclose(shipped.staff_share.sum(1), 1.0, atol=1e-12)


def test_every_line_of_the_cost_collection_is_in_one_service_and_one_only(
    cat: Catalogue, shipped: Services
) -> None:
    # GBP 99.179 billion over all rows of the file: virtual wards are counted apart, not besides.
    row = cat.table("care_spanning_totals").filter(id="cost_collection").row(0, named=True)
    assert spend(shipped, *row["services"].split()) == pytest.approx(row["value"], rel=1e-4)


def test_the_public_health_grant_is_split_and_not_counted_besides(shipped: Services) -> None:
    of = shipped.payers.index("public_health_grant")
    paid = float(shipped.total * shipped.unit_cost @ shipped.payer_share[:, of])
    assert paid == pytest.approx(3_660e6, rel=1e-3)


def test_councils_spend_what_is_published_net_of_what_people_contribute(
    shipped: Services,
) -> None:
    # Net current expenditure of GBP 24.7 billion in 2024/25; short-term support is of 2022/23.
    of = shipped.payers.index("local_authority")
    paid = float(shipped.total * shipped.unit_cost @ shipped.payer_share[:, of])
    assert paid == pytest.approx(24.7e9, rel=0.01)


def test_care_that_people_buy_themselves_is_paid_by_households_alone(shipped: Services) -> None:
    place = shipped.index("self_funded_care")
    assert shipped.payer_share[place, shipped.payers.index("household")] == 1.0


def test_totals_that_span_services_name_services_that_are_there(
    cat: Catalogue, shipped: Services
) -> None:
    for row in cat.table("care_spanning_totals").iter_rows(named=True):
        assert set(row["services"].split()) <= set(shipped.ids), row["id"]


def test_admissions_are_episodes_divided_by_a_cited_row(cat: Catalogue) -> None:
    admissions = cat.parameters().value("service.non_elective_admission.activity")
    per_admission = cat.parameters().value("care.episodes_per_emergency_admission")
    assert admissions * per_admission == pytest.approx(9_941_325, rel=1e-4)


def test_deprivation_is_steep_at_working_ages_and_nearly_flat_in_the_oldest(
    shipped: Services,
) -> None:
    of = shipped.deprivation[shipped.index("non_elective_admission")]
    ratio = dict(zip(AGE_GROUPS, of[:, 0] / of[:, 4], strict=True))
    assert ratio["20-64"] > ratio["65-84"] > ratio["85+"] > 1.0
    assert np.allclose(shipped.deprivation.mean(2), 1.0)


def test_only_women_of_childbearing_age_use_maternity_and_newborns_neonatal_care(
    shipped: Services,
) -> None:
    maternity = shipped.shape[shipped.index("maternity")]
    assert maternity[0, 15:50].all() and not maternity[1].any() and not maternity[0, 60:].any()
    neonatal = shipped.shape[shipped.index("neonatal_care")]
    assert neonatal[:, 0].all() and not neonatal[:, 1:].any()


def test_a_draw_changes_figures_and_nothing_else(cat: Catalogue, shipped: Services) -> None:
    drawn = services(cat.parameters(draw=4))
    assert not np.array_equal(drawn.total, shipped.total)
    assert not np.array_equal(drawn.pay_share, shipped.pay_share)
    assert drawn.shape is shipped.shape
    assert drawn.ids == shipped.ids
    again = services(cat.parameters(draw=4))
    assert np.array_equal(drawn.total, again.total)


def test_costs_of_an_archetype_make_up_the_whole_in_every_draw(cat: Catalogue) -> None:
    for draw in (None, 0, 7):
        found = archetypes(cat.parameters(draw))
        assert np.allclose(found.lines.sum(1), 1.0)
        assert np.allclose(found.behaviour.sum(1), 1.0)
        assert (found.lag > 0.0).all()


def test_every_assumed_curve_and_share_says_that_it_is_assumed(cat: Catalogue) -> None:
    for name in ("service_age_shapes", "service_deprivation_gradients"):
        for row in cat.table(name).iter_rows(named=True):
            assert row["source"].strip()
            assert ("assumption" in row["source"]) <= (row["grade"] == "A"), row["source"]
            assert ("Recalled" in row["source"]) <= (row["grade"] == "R"), row["source"]
    for entry in cat.services():
        for key in ("payers", "staff", "conditions"):
            if entry.get(key):
                assert entry[f"{key}_evidence"]["source"], (entry["id"], key)


def test_a_service_of_a_projects_own_is_counted_with_the_shipped_ones(tmp_path: Path) -> None:
    ours = services(project(tmp_path, FALLS).parameters())
    place = ours.index("falls_clinic")
    assert place == len(ours.ids) - 1
    assert ours.total[place] == 100_000
    assert ours.payer_share[place, ours.payers.index("local_authority")] == 0.2
    assert (ours.conditions[:, place] == 1.5).sum() == 1


def test_a_service_may_bring_its_own_use_by_age(tmp_path: Path) -> None:
    text = FALLS.replace('shape = "intermediate_care"', "by_age = [[20, 0], [80, 4], [90, 8]]")
    ours = services(project(tmp_path, text).parameters())
    shape = ours.shape[ours.index("falls_clinic")]
    assert shape[0, [10, 20, 50, 80, 85, 99]].tolist() == [0.0, 0.0, 0.25, 0.5, 0.75, 1.0]
    assert np.array_equal(shape[0], shape[1])


WRONG = {
    "shares_sum_to_one": ("icb_core = 0.8", "icb_core = 0.7"),
    "known_setting": ('"community"\nunit', '"comunity"\nunit'),
    "known_archetype": ('"clinic_or_contact_team"', '"clinic"'),
    "known_payer": ("icb_core", "icb"),
    "known_staff_group": ("nurse_and_health_visitor", "nurses"),
    "known_condition": ("dementia", "demntia"),
    "known_shape": ('"intermediate_care"', '"intermediate"'),
    "shape_is_used": ('shape = "intermediate_care"', "by_age = [[0.2, 0], [0.4, 1], [0.6, 0]]"),
    "known_deprivation": ('deprivation = "community"', 'deprivation = "comunity"'),
    "known_segments": ('segments = "community"', 'segments = "comunity"'),
    "known_growth": ('segments = "community"', 'growth = "upwards"'),
    "known_bed_type": ('segments = "community"', 'bed_type = "sofa"'),
    "has_a_bed": ('segments = "community"', 'bed_type = "maternity"'),
    "landing_cost": ("unit_cost = {", "pay_share = {"),
    "figures_present": ("activity = {", "bed_days = {"),
    "unit_named": ('unit = "contact"', 'unit = "pound"'),
}


@pytest.mark.parametrize("check", WRONG)
def test_a_catalogue_that_does_not_balance_is_refused_by_a_named_check(
    check: str, tmp_path: Path
) -> None:
    old, new = WRONG[check]
    assert old in FALLS
    text = FALLS.replace(old, new, 1)
    if check == "landing_cost":
        text = text.replace("95.0, lower = 70, upper = 130", "0.5")
    with pytest.raises(CareError, match=rf"ours\.toml:\d+: \[{check}\] "):
        services(project(tmp_path, text).parameters())


def test_a_figure_of_a_service_that_is_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "catalogue" / "ours.csv").write_text(
        "id,label,value,lower,upper,distribution,unit,source,as_of,grade\n"
        "service.district_nurse.unit_cost,Ours,50,,,fixed,GBP per unit,Ours,2025,A\n",
        encoding="utf-8",
    )
    with pytest.raises(CareError, match=r"ours\.csv:2: \[known_service\].*district_nursing"):
        services(Catalogue.load(tmp_path).parameters())


def test_a_mutilated_service_never_ends_in_a_traceback_or_a_gap(tmp_path: Path) -> None:
    chance = random.Random(5)
    words = ("0", "1e9", "-1", '""', "{}", "[]", "true", '"x"', "nan", "2024-01-01")
    for _ in range(12):
        lines = FALLS.splitlines()
        at = chance.randrange(len(lines))
        if "=" in lines[at]:
            lines[at] = f"{lines[at].split('=')[0]}= {chance.choice(words)}"
        else:
            del lines[at]
        try:
            found = services(project(tmp_path, "\n".join(lines)).parameters())
        except LeftshiftError:
            continue
        assert np.isfinite(found.total).all() and np.isfinite(found.unit_cost).all()


def test_the_shipped_catalogue_balances(cat: Catalogue) -> None:
    check_balance(cat)
