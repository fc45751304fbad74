"""Quantities carry their meaning and refuse nonsense."""

import math
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftshift.errors import LeftshiftError, QuantityError, listed, nearest
from leftshift.quantities import DISTRIBUTIONS, Estimate, FinancialYear, Money


@given(st.integers(1900, 2200))
def test_a_financial_year_reads_back_from_its_label(start: int) -> None:
    year = FinancialYear(start)
    assert FinancialYear(year.label) == year
    assert FinancialYear(year) == year
    assert int(year) == start
    assert hash(FinancialYear(year.label)) == hash(year)


def test_a_financial_year_counts_on_across_a_century() -> None:
    year = FinancialYear("1998/99") + 1
    assert str(year) == "1999/00"
    assert (year + 1).label == "2000/01"
    assert year - 1 < year <= FinancialYear("1999/00")
    assert [y.label for y in FinancialYear("2025/26").span(2)] == ["2025/26", "2026/27", "2027/28"]
    assert repr(year) == 'FinancialYear("1999/00")'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2025/27", "Write 2025/26"),
        ("2025", "such as 2025/26"),
        ("2025-26", "such as 2025/26"),
        ("", "such as 2025/26"),
        ("2025/26/27", "such as 2025/26"),
        (True, "no financial year"),
        (99, "between 1900 and 2200"),
        ("0099/00", "between 1900 and 2200"),
    ],
)
def test_what_is_no_financial_year_is_refused_with_the_way_to_write_one(
    text: str, words: str
) -> None:
    with pytest.raises(QuantityError, match=words):
        FinancialYear(text)


@pytest.mark.parametrize(
    ("text", "pounds", "shown"),
    [
        ("£12m", 12e6, "£12m"),
        ("-£1.5bn", -1.5e9, "-£1.5bn"),
        ("£3,250", 3250.0, "£3,250"),
        ("750k", 750_000.0, "£750,000"),
        ("£0.50", 0.5, "£0.50"),
        ("-20", -20.0, "-£20"),
        ("£-20", -20.0, "-£20"),
    ],
)
def test_money_is_read_as_people_write_it(text: str, pounds: float, shown: str) -> None:
    money = Money.parse(text, "2025/26")
    assert money.amount == pounds
    assert str(money) == shown
    assert Money.parse(str(money), "2025/26") == money


@pytest.mark.parametrize("text", ["", "£", "twelve", "£12x", "--5", "-£-5", "1,2m£", "£nan"])
def test_what_is_no_money_is_refused(text: str) -> None:
    with pytest.raises(QuantityError, match="Write it as £12m"):
        Money.parse(text)


def test_money_in_different_prices_is_never_put_together() -> None:
    now, then = Money(1.0, FinancialYear("2025/26")), Money(1.0, FinancialYear("2019/20"))
    assert now + now == 2 * now == now - -now
    for mixed in (lambda: now + then, lambda: now - Money(1.0), lambda: now < then):
        with pytest.raises(QuantityError, match="different prices"):
            mixed()
    with pytest.raises(QuantityError, match="finite"):
        Money(math.inf)


def shaped(distribution: str) -> Estimate:
    return Estimate(0.2, 0.1, 0.4, distribution, "share", "a trial", "2025", "A")


@pytest.mark.parametrize("distribution", [d for d in DISTRIBUTIONS if d != "fixed"])
def test_an_estimate_rises_with_the_point_of_its_distribution(distribution: str) -> None:
    points = [shaped(distribution).at(u / 1000) for u in range(1, 1000)]
    assert points == sorted(points)
    assert all(math.isfinite(point) for point in points)


@pytest.mark.parametrize("distribution", ["normal", "lognormal", "logitnormal"])
def test_a_bell_meets_its_value_and_both_ends_of_its_interval_even_where_lopsided(
    distribution: str,
) -> None:
    estimate = shaped(distribution)
    assert estimate.at(0.5) == pytest.approx(0.2)
    assert estimate.at(0.025) == pytest.approx(0.1)
    assert estimate.at(0.975) == pytest.approx(0.4)


def test_an_even_bell_is_the_normal_distribution() -> None:
    estimate = Estimate(10.0, 8.0, 12.0, "normal")
    known = NormalDist(10.0, 2.0 / NormalDist().inv_cdf(0.975))
    for u in (0.001, 0.2, 0.5, 0.9, 0.999):
        assert estimate.at(u) == pytest.approx(known.inv_cdf(u))


@given(st.floats(1e-12, 1 - 1e-12))
def test_a_uniform_or_triangular_estimate_never_passes_its_ends(u: float) -> None:
    for distribution in ("uniform", "triangular"):
        assert 0.1 <= shaped(distribution).at(u) <= 0.4


def test_a_triangle_holds_as_much_below_its_peak_as_its_shape_says() -> None:
    assert shaped("triangular").at(1 / 3) == pytest.approx(0.2)
    assert Estimate(0.0, 0.0, 1.0, "triangular").at(0.75) == pytest.approx(0.5)
    assert Estimate(1.0, 1.0, 1.0, "triangular").at(0.3) == 1.0


@given(st.floats(1e-12, 1 - 1e-12))
def test_a_bell_on_the_logit_scale_stays_a_share(u: float) -> None:
    assert 0.0 < shaped("logitnormal").at(u) < 1.0


def test_a_fixed_estimate_is_its_value_everywhere() -> None:
    assert Estimate(3.0).at(0.01) == 3.0 == Estimate(3.0, 1.0, 5.0).at(0.99)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((1.0, 0.5, 2.0, "normel"), 'no distribution called "normel". Nearest: "normal"'),
        ((1.0, 0.5, None, "normal"), "needs both lower and upper"),
        ((1.0, None, 2.0, "fixed"), "or neither"),
        ((3.0, 0.5, 2.0, "normal"), "0.5 to 2 does not hold 3"),
        ((1.0, 0.5, math.inf, "normal"), "finite bounds"),
        ((1.0, -0.5, 2.0, "lognormal"), "above 0 throughout"),
        ((0.5, 0.2, 1.0, "logitnormal"), "between 0 and 1 throughout"),
        ((math.nan,), "finite number"),
    ],
)
def test_an_estimate_that_makes_no_sense_is_refused(
    arguments: tuple[float, ...], words: str
) -> None:
    with pytest.raises(QuantityError, match=words):
        Estimate(*arguments)  # type: ignore[arg-type]


def test_an_unknown_grade_and_an_impossible_point_are_refused() -> None:
    with pytest.raises(QuantityError, match="V \\(verified\\)"):
        Estimate(1.0, grade="B")
    for u in (0.0, 1.0, -0.1, math.nan):
        with pytest.raises(QuantityError, match="between 0 and 1"):
            Estimate(1.0).at(u)


def test_the_nearest_match_forgives_case_and_punctuation() -> None:
    options = ["heart_failure", "atrial_fibrillation", "asthma", "Norfolk and Suffolk"]
    assert nearest("heart-failure", options) == ' Nearest: "heart_failure".'
    assert nearest("ASTMA", options) == ' Nearest: "asthma".'
    assert nearest("norfolk", options) == ' Nearest: "Norfolk and Suffolk".'
    assert nearest("zzz", options) == ""
    assert nearest("zzz", []) == ""
    assert listed(range(12), 3) == "0, 1, 2 and 9 more"
    assert listed([]) == "none"


def test_every_error_is_a_leftshift_error_with_exit_status_2() -> None:
    from leftshift import errors

    drawn = errors.__doc__ or ""
    for name in errors.__all__:
        kind = getattr(errors, name)
        if isinstance(kind, type):
            assert issubclass(kind, LeftshiftError)
            assert kind.exit_status == 2
            assert name in drawn, f"{name} is missing from the drawing"
