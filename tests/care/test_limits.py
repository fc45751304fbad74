"""Figures of staff, beds and waits that make no sense are refused, with file and line."""

import pytest

from leftshift.care import beds, money, waits, workforce
from leftshift.catalogue import Catalogue
from leftshift.errors import CareError
from tests.care import made_up

HEADER = "id,label,value,lower,upper,distribution,unit,source,as_of,grade,note\n"


@pytest.fixture
def asked():
    use = made_up.use(2)

    def ask(catalogue):
        parameters = catalogue.parameters()
        prices = money.prices(parameters, use.services, use.frame)
        workforce.staff(parameters, catalogue, use, prices)
        beds.beds(parameters, catalogue, use)
        waits.waits(parameters, catalogue, use)

    return ask


@pytest.mark.parametrize(
    ("row", "value"),
    [
        ("care.staff.gp.shortfall", 1.0),
        ("care.staff.midwife.leavers", -0.1),
        ("care.staff.consultant.pay", 0.0),
        ("care.pool.to_nhs", 1.5),
        ("care.beds.general_acute_overnight.occupancy", 0.0),
        ("care.delays.elasticity", -1.0),
        ("care.waits.shape", 0.0),
        ("care.waits.england.within_18", 61.8),
    ],
)
def test_a_figure_that_cannot_be_is_refused_by_name(asked, row, value):
    with pytest.raises(CareError, match=rf"\[figure_out_of_range\] {row}: the value is"):
        asked(Catalogue.load(extra={row: value}))


def test_a_projects_row_is_named_by_file_and_line(asked, tmp_path):
    folder = tmp_path / "catalogue"
    folder.mkdir()
    line = "care.staff.gp.shortfall,GPs,0.9,,,fixed,share of posts,Mine,2025,A,\n"
    (folder / "mine.csv").write_text(HEADER + line)
    with pytest.raises(CareError, match=r"catalogue/mine.csv:2: \[figure_out_of_range\]"):
        asked(Catalogue.load(tmp_path))


def test_no_more_leave_a_list_than_there_are_and_a_list_has_an_end(asked):
    # Completed beyond starts leaves nobody to leave otherwise: the list still has numbers.
    asked(Catalogue.load(extra={"care.waits.england.completed": 25e6}))


def test_shares_of_a_trust_that_do_not_sum_to_one_are_refused(asked, tmp_path):
    folder = tmp_path / "catalogue" / "tables"
    folder.mkdir(parents=True)
    shipped = Catalogue.load().table("trust_board_shares")
    shipped.with_columns(shipped["share"] * 0.5).write_csv(folder / "trust_board_shares.csv")
    with pytest.raises(CareError, match=r"\[shares_sum_to_one\]"):
        asked(Catalogue.load(tmp_path))
