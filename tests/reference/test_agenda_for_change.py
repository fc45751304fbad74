"""Pay, on-costs and redundancy as facts.md section D has them."""

from decimal import Decimal

import pytest

from leftshift.catalogue import Catalogue
from leftshift.organisation.money import Price, employer_cost
from leftshift.organisation.redundancy import Rules, mutual_resignation, section16
from leftshift.organisation.timetable import collective_days, notice_weeks


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


@pytest.fixture(scope="module")
def rules(catalogue: Catalogue) -> Rules:
    return Rules.of(catalogue.parameters())


@pytest.mark.parametrize(
    ("salary", "service", "payment"),
    [
        ("62682", "10.9", "52235.00"),
        ("95000", "30", "160000.00"),
        # Floor: £23,000 over twelve, five full years.
        ("20000", "5.99", "9583.33"),
        # Between floor and cap nothing is changed.
        ("23000", "2", "3833.33"),
        ("80000", "24", "160000.00"),
        ("80000", "23.9", "153333.33"),
        # Less than two years' continuous service: nothing.
        ("62682", "1.99", "0"),
        ("62682", "2", "10447.00"),
    ],
)
def test_section_16_pays_a_month_for_each_full_year(
    rules: Rules, salary: str, service: str, payment: str
) -> None:
    assert section16(Decimal(salary), Decimal(service), rules) == Decimal(payment)


def test_where_only_a_week_s_pay_is_known_a_month_is_4_35_weeks(rules: Rules) -> None:
    assert section16(None, 10, rules, weekly=1000) == Decimal("43500.00")
    # The cap holds for weekly pay too: £2,000 a week is more than £80,000 a year.
    assert section16(None, 24, rules, weekly=2000) == Decimal("160000.00")
    # A salary, where there is one, goes before the week's pay.
    assert section16(60000, 10, rules, weekly=2000) == Decimal("50000.00")


def test_floor_and_cap_are_whole_time_and_follow_the_hours_worked(rules: Rules) -> None:
    assert section16(95000, 30, rules, wte=Decimal("0.5")) == Decimal("80000.00")
    assert section16(20000, 12, rules, wte=Decimal("0.5")) == Decimal("11500.00")


def test_reckonable_service_may_differ_from_continuous_service(rules: Rules) -> None:
    # Eight reckonable years, but back in the NHS for one: nothing is due.
    assert section16(48000, 8, rules, continuous_years=1) == 0
    # Ten continuous years of which three count (the others were paid for before).
    assert section16(48000, 3, rules, continuous_years=10) == Decimal("12000.00")


def test_mutual_resignation_is_another_rule(rules: Rules) -> None:
    assert mutual_resignation(48000, 20, rules) == Decimal("40000.00")
    assert mutual_resignation(48000, 1, rules) == Decimal("12000.00")
    assert mutual_resignation(48000, 0, rules) == 0
    assert mutual_resignation(120000, 30, rules) == Decimal("80000.00")


def test_the_top_of_band_8a_costs_what_facts_says(catalogue: Catalogue) -> None:
    parameters = catalogue.parameters()
    top = Decimal(repr(parameters.value("pay.b8a.top")))
    assert top == 62682
    assert round(employer_cost(top, parameters)) == 80661
    assert round(employer_cost(top, parameters, full=True)) == 86553


def test_the_pension_is_14_38_per_cent_local_and_23_78_in_full(catalogue: Catalogue) -> None:
    value = catalogue.parameters().value
    assert value("oncost.pension_local") == 0.1438
    assert round(value("oncost.pension_local") + value("oncost.pension_central"), 10) == 0.2378


def test_pay_rises_by_the_award_of_2026_27(catalogue: Catalogue) -> None:
    parameters = catalogue.parameters()
    now, next_year = Price.of(parameters, "2025/26"), Price.of(parameters, "2026/27")
    for band, salary in now.salaries.items():
        assert abs(next_year.salary(band) - salary * Decimal("1.033")) <= Decimal("0.01")


@pytest.mark.parametrize(
    ("proposed", "days"), [(0, 0), (19, 0), (20, 30), (99, 30), (100, 45), (900, 45)]
)
def test_consultation_takes_30_days_from_20_and_45_from_100(
    catalogue: Catalogue, proposed: int, days: int
) -> None:
    assert collective_days(proposed, catalogue.parameters()) == days


def test_notice_is_a_week_a_year_to_twelve_unless_the_contract_gives_more(rules: Rules) -> None:
    assert notice_weeks("4", 3, rules) == 4
    assert notice_weeks("4", 9, rules) == 9
    assert notice_weeks("4", 30, rules) == 12
    assert notice_weeks("8a", 2, rules) == 12


def test_the_cap_is_18_76_a_head(catalogue: Catalogue) -> None:
    row = catalogue.row("running_cost.cap_per_head")
    assert (row.estimate.value, row.estimate.grade) == (18.76, "V")


@pytest.mark.parametrize(
    ("identity", "grade"),
    [
        ("redundancy.salary_cap", "V"),
        ("consultation.award_days", "V"),
        ("pay.uplift.2026_27", "V"),
        ("oncost.ni_rate", "R"),
        ("oncost.apprenticeship_levy", "R"),
        ("voluntary.mars_months_per_year", "R"),
        ("continuing_care.hours_standard", "A"),
    ],
)
def test_only_what_was_read_is_graded_verified(
    catalogue: Catalogue, identity: str, grade: str
) -> None:
    assert catalogue.row(identity).estimate.grade == grade


def test_every_assumed_figure_has_a_wide_interval(catalogue: Catalogue) -> None:
    from leftshift.organisation.rows import SOURCES

    narrow = []
    for prefix in SOURCES:
        for row in catalogue.rows(prefix):
            one = row.estimate
            by_definition = one.source.startswith("By definition") or row.id.endswith("under_18")
            elsewhere = row.file.endswith("organisation_system.csv")
            if one.grade == "A" and not by_definition and not elsewhere:
                wide = one.upper is not None and one.lower is not None
                if not wide or one.upper - one.lower < 0.2 * abs(one.value):
                    narrow.append(row.id)
    assert narrow == []
