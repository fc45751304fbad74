"""Claims about a board's own data: what they do to the model, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from leftshift.areas import Area, find_area
from leftshift.care import local
from leftshift.care.local import rows as local_rows
from leftshift.care.local.files import Given
from leftshift.care.local.fit import Fitted, base_use, brought, fit
from leftshift.care.local.forms import FORMS
from leftshift.care.rates import Rates
from leftshift.care.services import Services, services
from leftshift.catalogue import Catalogue
from leftshift.cli_data import app
from leftshift.errors import CareError, ProjectError
from leftshift.people.model import Frame, World, build
from leftshift.quantities import FinancialYear

Array = NDArray[np.float64]

BASE = FinancialYear("2025/26")
NORWICH = "E07000148"


@pytest.fixture(scope="module")
def cat() -> Catalogue:
    return Catalogue.load()


@pytest.fixture(scope="module")
def area(cat: Catalogue) -> Area:
    return find_area("QMM", cat)


@pytest.fixture(scope="module")
def offered(cat: Catalogue) -> Services:
    return services(cat.parameters())


@pytest.fixture(scope="module")
def places(area: Area) -> list[str]:
    return [place.code for place in area.places]


@pytest.fixture(scope="module")
def world(cat: Catalogue, area: Area) -> World:
    return build(
        cat.parameters(), area, Frame(2025, 1), people=2_000, seed=1, particles=200, threads=1
    )


@pytest.fixture(scope="module")
def rated(offered: Services) -> Rates:
    """Made-up rates, so that what is claimed here does not hang on the shipped ones."""
    count = len(offered.ids)
    source = np.random.default_rng(1)
    ratio = np.ones((20, count), np.float32)
    ratio[3:9, ::2] = 1.5
    per_head = np.repeat(offered.shape.transpose(1, 2, 0) + 0.01, 5, axis=0)
    rate = per_head[:, :, None] * source.uniform(0.5, 2.0, (10, 1, 6, count))
    total = np.ones(count)
    last = source.uniform(0.0, 2.0, count)
    return Rates(
        per_head, rate.astype(np.float32), ratio, last, total, total, iterations=1, worst=0.0
    )


def given(
    item: str,
    value: float,
    *,
    form: str = "activity",
    place: str = "",
    ages: tuple[int, int] = (0, 105),
    sex: str = "",
    year: FinancialYear = BASE,
    line: int = 2,
) -> Given:
    return Given(form, f"data/{form}.csv", line, item, value, year, place, ages, sex)


def data(*rows: Given) -> local.LocalData:
    return local.LocalData(rows, ())


def fitting(
    rows: list[Given], use: Array, offered: Services, places: list[str]
) -> tuple[Fitted, Array]:
    """The fit of totals in units of the base year, and the use that it makes."""
    which = np.array(sorted({offered.index(row.item) for row in rows}))
    made = fit(data(*rows), use[..., which], which, offered, [r.value for r in rows], places, 0.01)
    factor = made.age_sex * made.place[:, None, None]
    return made, use[..., which] * factor


@pytest.fixture(scope="module")
def use(world: World, rated: Rates, offered: Services) -> Array:
    return base_use(world, rated, np.arange(len(offered.ids)))


# --- expected use -----------------------------------------------------------------------------


def test_expected_use_is_what_a_loop_over_people_gives(
    world: World, rated: Rates, offered: Services, use: Array
) -> None:
    lives = world.lives
    which = offered.index("ae_attendance")
    slow = np.zeros(use.shape[:3])
    for i in np.flatnonzero((lives.enter == 0) & (lives.cohort >= 0)):
        place, stratum = divmod(int(lives.group[i]), 10)
        age = int(lives.cohort[i])
        has = [c for c in range(20) if int(lives.state[i]) >> c & 1]
        score = sum(int(world.scoring.score[c]) for c in has)
        segment = sum(score >= start for start in world.scoring.starts.tolist())
        if age < world.scoring.child_age:
            segment = 0
        load = rated.rate[stratum, age, segment, which] * np.prod(rated.load_ratio[has, which])
        slow[place, stratum // 5, age] += load * lives.weight[i]
    dying = (1 - np.exp(-world.mortality[0, :, 1:])).reshape(2, 5, 106)
    slow += (world.residents * dying).sum(2) * rated.last_year[which]
    np.testing.assert_allclose(use[..., which], slow, rtol=1e-5)


# --- totals -----------------------------------------------------------------------------------


def test_a_total_of_the_area_is_met_and_leaves_ages_and_places_as_they_were(
    use: Array, offered: Services, places: list[str]
) -> None:
    at = offered.index("gp_appointment")
    total = 1.1 * use[..., at].sum()
    made, after = fitting([given("gp_appointment", total)], use, offered, places)
    assert after.sum() == pytest.approx(total)
    np.testing.assert_allclose(after[..., 0], 1.1 * use[..., at])
    assert made.rows[0].factor == pytest.approx(1.1)
    np.testing.assert_allclose(made.place, 1.0)


def test_totals_by_place_and_by_age_and_sex_are_met_together(
    use: Array, offered: Services, places: list[str]
) -> None:
    at = offered.index("ae_attendance")
    mine = use[..., at]
    old, young = mine[..., 65:].sum(), mine[..., :65].sum()
    norwich = mine[places.index(NORWICH)].sum()
    rows = [
        given("ae_attendance", 1.2 * old, ages=(65, 105)),
        given("ae_attendance", 0.9 * young, ages=(0, 64), line=3),
        given("ae_attendance", 1.1 * norwich, place=NORWICH, line=4),
    ]
    made, after = fitting(rows, use, offered, places)
    after = after[..., 0]
    assert after[..., 65:].sum() == pytest.approx(1.2 * old)
    assert after[..., :65].sum() == pytest.approx(0.9 * young)
    assert after[places.index(NORWICH)].sum() == pytest.approx(1.1 * norwich)
    for row, one in zip(made.rows, rows, strict=True):
        assert row.after == pytest.approx(one.value)
    assert made.rows[0].source == "data/activity.csv:2"


def test_what_no_row_covers_keeps_the_models_own_use(
    use: Array, offered: Services, places: list[str]
) -> None:
    at = offered.index("ae_attendance")
    rows = [given("ae_attendance", 2 * use[:, 0, 80:, at].sum(), ages=(80, 105), sex="female")]
    _, after = fitting(rows, use, offered, places)
    kept = np.ones((2, 106), bool)
    kept[0, 80:] = False
    np.testing.assert_allclose(after[:, kept, 0], use[:, kept, at])


def test_a_total_that_factors_by_age_and_place_cannot_meet_is_warned_of(
    use: Array, offered: Services, places: list[str]
) -> None:
    mine = use[places.index(NORWICH), ..., offered.index("ae_attendance")]
    rows = [
        given("ae_attendance", 2.0 * mine[:, 65:].sum(), place=NORWICH, ages=(65, 105)),
        given("ae_attendance", 1.0 * mine[:, :65].sum(), place=NORWICH, ages=(0, 64), line=3),
    ]
    made, after = fitting(rows, use, offered, places)
    assert len(made.warnings) == 2
    assert made.warnings[0].startswith("data/activity.csv:2: ae_attendance comes to ")
    # The place as a whole is met all the same.
    total = after[places.index(NORWICH)].sum()
    assert total == pytest.approx(sum(row.value for row in rows))


def test_totals_that_no_split_can_meet_are_a_named_error(
    use: Array, offered: Services, places: list[str]
) -> None:
    total = use[..., offered.index("ae_attendance")].sum()
    rows = [
        given("ae_attendance", total, line=2),
        given("ae_attendance", 0.9 * total, sex="female", line=3),
        given("ae_attendance", 0.5 * total, ages=(65, 105), line=4),
        given("ae_attendance", 0.05 * total, ages=(65, 105), sex="female", line=5),
    ]
    with pytest.raises(CareError, match=r"data/activity.csv:\d: \[local_totals_disagree\]"):
        fitting(rows, use, offered, places)


def test_a_total_for_people_who_use_none_is_a_named_error(
    use: Array, offered: Services, places: list[str]
) -> None:
    none = use.copy()
    none[:, :, :17, offered.index("ae_attendance")] = 0.0
    rows = [given("ae_attendance", 10.0, ages=(0, 16))]
    with pytest.raises(CareError, match="local_total_cannot_be_met.*aged 0-16"):
        fitting(rows, none, offered, places)


def test_only_services_with_totals_get_other_rates(
    use: Array, rated: Rates, offered: Services, places: list[str]
) -> None:
    at = offered.index("ae_attendance")
    rows = [given("ae_attendance", 1.5 * use[..., at].sum())]
    made, _ = fitting(rows, use, offered, places)
    new = made.rates(rated)
    others = np.arange(len(offered.ids)) != at
    np.testing.assert_array_equal(new.rate[..., others], rated.rate[..., others])
    np.testing.assert_allclose(new.rate[..., at], 1.5 * rated.rate[..., at], rtol=1e-6)
    np.testing.assert_allclose(new.per_head[..., at], 1.5 * rated.per_head[..., at])
    np.testing.assert_array_equal(new.england, rated.england)
    factor = made.place_factor(len(offered.ids))
    assert factor.shape == (len(places), len(offered.ids))
    counted = 1.01 * use.sum((1, 2)) * 1.5
    closed = counted * made.closing(counted)
    assert closed[:, at].sum() == pytest.approx(rows[0].value)
    np.testing.assert_array_equal(closed[:, others], counted[:, others])


def test_a_total_of_an_earlier_year_grows_as_englands_use_does(
    cat: Catalogue, rated: Rates, offered: Services
) -> None:
    at, pounds = offered.index("ae_attendance"), offered.index("asc_other")

    def level(year: int) -> Array:
        return np.full(len(offered.ids), 1.25)

    row = given("ae_attendance", 100.0)
    assert brought(row, at, offered, rated, cat, 2025, level) == pytest.approx(100.0)
    grown = brought(
        replace(row, year=FinancialYear("2023/24")), at, offered, rated, cat, 2025, level
    )
    beyond = (1 + offered.growth[at]) ** 2
    assert beyond < grown / 100.0 < beyond * 1.06
    money = given("asc_other", 100.0)
    assert brought(money, pounds, offered, rated, cat, 2025, level) == pytest.approx(80.0)


# --- prices, staff, funding, prevalence, waits ------------------------------------------------


def test_an_own_price_replaces_the_shipped_one_and_is_brought_to_the_base_year(
    cat: Catalogue, offered: Services
) -> None:
    at = offered.index("ae_attendance")
    shipped = np.full(len(offered.ids), 100.0)
    parameters = cat.parameters()
    own = data(given("ae_attendance", 300.0, form="prices"))
    cost, (row,) = local_rows.unit_costs(own, shipped, offered, parameters, 2025)
    assert cost[at] == pytest.approx(300.0)
    assert (cost == shipped).sum() == len(cost) - 1
    assert (row.before, row.given, row.after) == (100.0, 300.0, pytest.approx(300.0))
    earlier = data(given("ae_attendance", 300.0, form="prices", year=FinancialYear("2023/24")))
    cost, _ = local_rows.unit_costs(earlier, shipped, offered, parameters, 2025)
    assert cost[at] != pytest.approx(300.0)


def test_own_money_is_met_in_its_years_and_the_path_goes_on_from_there() -> None:
    path = np.array([100.0, 110.0, 120.0, 130.0])[None, :, None] * np.ones((2, 1, 2))
    deflator = np.array([1.0, 1.1, 1.2, 1.3])
    own = data(given("icb_core", 132.0, form="funding", year=BASE + 1))
    made, (row,) = local_rows.own_funding(own, path, ["icb_core", "pod"], deflator, 2025)
    np.testing.assert_allclose(made[..., 1], path[..., 1])
    factor = 132.0 / 1.1 / 110.0
    np.testing.assert_allclose(made[..., 0], factor * path[..., 0])
    assert (row.before, row.given) == (110.0, 132.0)
    assert row.after == pytest.approx(120.0)


def test_own_counts_of_a_condition_are_added_over_their_rows() -> None:
    rows = [
        given("copd", 10.0, form="prevalence", ages=(40, 64)),
        given("copd", 30.0, form="prevalence", ages=(65, 105), line=3),
    ]
    among, cases = local_rows.own_counts(data(*rows))["copd"]
    assert cases == 40.0
    assert not among[:, :40].any()
    assert among[:, 40:].all()


def test_a_list_and_its_clocks_are_given_by_month() -> None:
    rows = [
        replace(given("urology", 50.0, form="waiting_list"), more={"months": 3.0, "open": 0.0}),
        replace(given("urology", 5.0, form="waiting_list"), more={"months": 30.0, "open": 1.0}),
        replace(
            given("urology", 120.0, form="clock_starts"),
            more={"period": 24291.0, "length": 12.0, "stops": 108.0},
        ),
    ]
    own = data(*rows)
    (row,) = local_rows.waiting_rows(own, {"urology": 44.0})
    assert (row.before, row.given, row.factor) == (44.0, 55.0, 1.25)
    people, is_open = own.waiting(25)["urology"]
    assert (people[3], people[24], is_open) == (50.0, 5.0, True)
    assert own.clocks()["urology"] == (10.0, 9.0, None)


def test_a_figure_that_moves_the_model_much_is_warned_of() -> None:
    row = local_rows.LocalRow(
        "units", "copd", "", "", "", "people", 100.0, 130.0, 130.0, "2024/25", "data/x.csv:2"
    )
    (said,) = local_rows.scaled([row], 1.25)
    assert "1.30 times" in said
    assert "data/x.csv:2" in said
    assert local_rows.scaled([row], 1.5) == []


# --- the folder -------------------------------------------------------------------------------


def project(folder: Path, **files: str) -> Path:
    (folder / "data").mkdir(exist_ok=True)
    (folder / "leftshift.toml").write_text('area = "QMM"\n', encoding="utf-8")
    for name, text in files.items():
        (folder / "data" / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


GOOD = "service,quantity,year\nae_attendance,420000,2024/25\n"


def test_a_project_without_figures_of_its_own_has_no_data(
    tmp_path: Path, cat: Catalogue, area: Area
) -> None:
    assert local.read(None, cat, area) is None
    assert local.read(tmp_path, cat, area) is None
    local.new(project(tmp_path), cat, area)
    assert local.read(tmp_path, cat, area) is None


def test_the_identity_changes_with_a_figure_and_not_with_line_ends(
    tmp_path: Path, cat: Catalogue, area: Area
) -> None:
    def identity(text: bytes) -> dict[str, str]:
        project(tmp_path)
        (tmp_path / "data" / "activity.csv").write_bytes(text)
        found = local.read(tmp_path, cat, area)
        assert found is not None
        return found.identity()

    plain = identity(GOOD.encode())
    assert list(plain) == ["activity.csv"]
    assert identity(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()) == plain
    assert identity(GOOD.replace("420000", "420001").encode()) != plain


def test_a_run_uses_all_rows_or_refuses_and_names_the_line(
    tmp_path: Path, cat: Catalogue, area: Area
) -> None:
    project(tmp_path, activity=GOOD + "ae_atendance,5,2024/25\n")
    with pytest.raises(CareError, match=r'data/activity.csv:3: .*Nearest: "ae_attendance"'):
        local.read(tmp_path, cat, area)


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"activty": GOOD}, 'Nearest: "activity"'),
        ({"activity": GOOD.replace("420000", "42000000000")}, "taken for a slip"),
        ({"activity": GOOD.replace("420000", "42")}, "taken for a slip"),
        ({"prices": "service,unit_cost,year\nasc_other,2,2024/25\n"}, "counted in pounds"),
        ({"staff": "staff_group,wte,year\ngp,62000,2024/25\n"}, "taken for a slip"),
        ({"funding": "payer,year,amount\nicb_core,2026/27,2000\n"}, "taken for a slip"),
        ({"funding": "payer,year,amount\nhousehold,2026/27,2000\n"}, "no payer called"),
        ({"prevalence": "condition,patients,year\nasthma,5000000,2024/25\n"}, "residents there"),
    ],
)
def test_what_cannot_be_true_is_refused(
    tmp_path: Path, cat: Catalogue, area: Area, files: dict[str, str], why: str
) -> None:
    found = local.check(project(tmp_path, **files), cat, area)
    assert found.data is None
    assert any(why in str(problem) for problem in found.problems)


def test_a_workbook_among_the_files_is_no_silent_omission(
    tmp_path: Path, cat: Catalogue, area: Area
) -> None:
    project(tmp_path, activity=GOOD)
    (tmp_path / "data" / "staff.xlsx").write_bytes(b"PK")
    (tmp_path / "data" / "~$staff.xlsx").write_bytes(b"")
    (problem,) = local.check(tmp_path, cat, area).problems
    assert "data/staff.xlsx:1: no CSV file" in str(problem)


def test_a_figure_far_from_englands_is_used_with_a_warning(
    tmp_path: Path, cat: Catalogue, area: Area
) -> None:
    found = local.check(project(tmp_path, activity=GOOD.replace("42", "82")), cat, area)
    assert found.ok
    assert found.data is not None
    assert any("data/activity.csv:2" in one and "it is used" in one for one in found.warnings)


# --- the commands -----------------------------------------------------------------------------


def test_templates_are_written_once_and_nothing_in_them_is_lost_unasked(tmp_path: Path) -> None:
    project(tmp_path, activity=GOOD)
    run = CliRunner().invoke
    done = run(app, ["new", "--project", str(tmp_path)])
    assert done.exit_code == 0
    assert "data/activity.csv" not in done.stdout
    folder = tmp_path / "data"
    assert {path.name for path in folder.iterdir()} == {
        "README.txt",
        *(f"{form.name}.csv" for form in FORMS),
    }
    assert (folder / "activity.csv").read_text(encoding="utf-8") == GOOD
    assert (folder / "staff.csv").read_bytes().startswith(b"\xef\xbb\xbfstaff_group,")
    said = (folder / "README.txt").read_text(encoding="utf-8")
    assert "ae_attendance" in said
    assert "Norwich" in said
    assert run(app, ["new", "--project", str(tmp_path), "--replace"]).exit_code == 0
    assert "420000" not in (folder / "activity.csv").read_text(encoding="utf-8")


def test_check_ends_with_2_when_a_row_cannot_be_used(tmp_path: Path) -> None:
    run = CliRunner().invoke
    project(tmp_path, activity=GOOD)
    done = run(app, ["check", "--project", str(tmp_path)])
    assert done.exit_code == 0
    assert "All of it can be used." in done.stdout
    project(tmp_path, activity=GOOD + "ae_attendance,-1,2024/25\n")
    done = run(app, ["check", "--project", str(tmp_path)])
    assert "data/activity.csv: 1 row read" in done.stdout
    assert isinstance(done.exception, CareError)
    assert done.exception.exit_status == 2
    assert "\n  data/activity.csv:3: " in str(done.exception)


def test_a_folder_that_is_no_project_is_said_to_be_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["check"])
    assert isinstance(done.exception, ProjectError)
