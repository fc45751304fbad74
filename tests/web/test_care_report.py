"""Care and money in a real browser: accessible, within the window, no label cut off."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from leftshift.report import write_page
from tests.report.fake_run import PLACES, write_fake_run
from tests.web.looking import SIZES, audit, cut_off, fits, open_all, overlapping

pytestmark = pytest.mark.browser

SECTIONS = ["spend", "funding-gap", "drivers", "who-uses-what", "spend-and-need", "staff", "beds",
            "waits", "does-the-money-know-us"]  # fmt: skip


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_fake_run(
        tmp_path_factory.mktemp("web") / "run", care=True, leaf_years=(0, 10, 20), places=PLACES[:4]
    )
    write_page(folder)
    return folder / "report.html"


@pytest.fixture(params=SIZES)
def page(request: pytest.FixtureRequest, browser: Browser, report: Path) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": request.param, "height": 900})
    opened = context.new_page()
    opened.goto(report.as_uri())
    yield opened
    context.close()


def test_axe_finds_nothing_wrong_in_care_and_money(page: Page) -> None:
    open_all(page)
    assert audit(page) == []


def test_the_sections_of_care_and_money_are_there_and_never_scroll_sideways(page: Page) -> None:
    found = page.evaluate("[...document.querySelectorAll('section')].map(s => s.id)")
    assert [s for s in found if s in SECTIONS] == SECTIONS
    open_all(page)
    assert fits(page)


def test_text_of_the_drawings_is_whole_and_eleven_pixels_or_more(page: Page) -> None:
    assert cut_off(page, SECTIONS, 10.9) == []


def test_no_two_figures_beside_bars_lie_over_one_another(page: Page) -> None:
    assert overlapping(page, SECTIONS) == []
