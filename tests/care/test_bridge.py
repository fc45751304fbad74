"""England's published spending against what services name."""

import pytest

from leftshift.care.bridge import PARTS, bridge
from leftshift.care.services import services
from leftshift.catalogue import Catalogue
from leftshift.errors import CareError
from tests.care import made_up
from tests.care.test_money import project


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


@pytest.fixture(scope="module")
def ours(catalogue):
    return services(catalogue.parameters())


@pytest.fixture(scope="module")
def table(catalogue, ours):
    return bridge(catalogue, ours, made_up.rates_of_totals(ours))


def total(table, part, category):
    rows = table.filter((table["part"] == part) & (table["category"] == category))
    return float(rows["value"].sum())


def test_each_part_of_the_bridge_closes(table):
    for part in PARTS:
        sides = [total(table, part, one) for one in ("in", "out", "overlapping", "unexplained")]
        assert sum(sides) == pytest.approx(total(table, part, "published"), abs=1.0)


def test_every_public_pound_of_a_service_is_in_one_part_once(table, ours):
    named = table.filter(table["category"] == "in")
    assert named.select("line", "part").is_duplicated().sum() == 0
    private = ours.payers.index("household")
    expected = {one for at, one in enumerate(ours.ids) if ours.payer_share[at, private] < 1.0}
    services_named = {one for one in named["line"] if not one.endswith("_as_published")}
    assert services_named == expected


def test_published_lines_are_the_money_that_funding_shares_out(table, catalogue):
    paid = sum(catalogue.row(f"funding.england.{payer}").estimate.value for payer in PARTS["nhs"])
    assert paid == pytest.approx(total(table, "nhs", "published"), rel=1e-3)
    grant = catalogue.row("funding.england.public_health_grant").estimate.value
    assert grant == total(table, "public_health", "published")


def test_overlaps_are_taken_off_once_and_by_name(table):
    rows = table.filter(table["category"] == "overlapping")
    assert (rows["value"] < 0).all()
    assert {"pharmacy_margin", "health_visiting", "nhs_money"} == set(rows["line"])
    shown = table.filter(table["line"].str.ends_with("_as_published"))
    assert shown["value"].sum() == -rows["value"].sum()


def test_every_line_has_a_source_and_a_grade(table):
    assert (table["source"].str.len_chars() > 0).all()
    assert set(table["grade"]) <= set("VDRA")


def test_a_line_of_no_part_is_refused_by_line(tmp_path, ours):
    mine = project(tmp_path, "bridge.out.nsh.mine,1e9,£ in 2024/25")
    with pytest.raises(CareError, match=r'catalogue/mine\.csv:2: .*Nearest: "nhs"'):
        bridge(mine, ours, made_up.rates_of_totals(ours))
