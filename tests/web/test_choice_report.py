"""The report of a choice in a real browser: accessible, within the window, no label cut off."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from leftshift.report import write_page
from tests.report.fake_plan_run import write_fake_plan_run
from tests.report.fake_run import PLACES
from tests.web.looking import audit, cut_off, fits

pytestmark = pytest.mark.browser

SECTIONS = ["choice", "choice-left-out", "choice-frontier", "choice-holds", "choice-estimate"]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_fake_plan_run(
        tmp_path_factory.mktemp("web") / "run",
        years=10, places=PLACES[:2], leaf_years=(0, 10), draws=20, choice="health",
    )  # fmt: skip
    write_page(folder)
    return folder / "report.html"


@pytest.fixture(params=[320, 1280])
def page(request: pytest.FixtureRequest, browser: Browser, report: Path) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": request.param, "height": 900})
    opened = context.new_page()
    opened.goto(report.as_uri())
    opened.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    yield opened
    context.close()


def test_axe_finds_nothing_wrong_in_a_choice_and_it_never_scrolls_sideways(page: Page) -> None:
    assert audit(page) == []
    assert fits(page)


def test_text_of_the_choices_drawings_is_whole_and_eleven_pixels_or_more(page: Page) -> None:
    assert cut_off(page, SECTIONS, 10.9) == []
