"""A plan's story in a real browser: accessible, within the window, no label cut off."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from leftshift.report import write_page
from tests.report.fake_plan_run import write_fake_plan_run
from tests.report.fake_run import PLACES
from tests.web.looking import SIZES, audit, cut_off, fits, open_all, overlapping

pytestmark = pytest.mark.browser

SECTIONS = ["opening", "proposed", "changes-by-year", "each-intervention", "moves", "left-shift",
            "plan-money", "who-gains", "how-sure", "what-matters-most", "headline-shrunk",
            "plan-file", "baseline"]  # fmt: skip


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_fake_plan_run(tmp_path_factory.mktemp("web") / "run", places=PLACES[:4])
    write_page(folder)
    return folder / "report.html"


@pytest.fixture(params=SIZES)
def page(request: pytest.FixtureRequest, browser: Browser, report: Path) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": request.param, "height": 900})
    opened = context.new_page()
    opened.goto(report.as_uri())
    yield opened
    context.close()


def test_axe_finds_nothing_wrong_in_a_plan(page: Page) -> None:
    open_all(page)
    assert audit(page) == []


def test_the_story_is_told_in_order_and_never_scrolls_sideways(page: Page) -> None:
    found = page.evaluate("[...document.querySelectorAll('section')].map(s => s.id)")
    assert found[: len(SECTIONS)] == SECTIONS
    open_all(page)
    assert fits(page)


def test_text_of_the_plans_drawings_is_whole_and_eleven_pixels_or_more(page: Page) -> None:
    assert cut_off(page, SECTIONS, 10.9) == []


def test_no_two_labels_of_the_plans_drawings_lie_over_one_another(page: Page) -> None:
    assert overlapping(page, SECTIONS) == []
