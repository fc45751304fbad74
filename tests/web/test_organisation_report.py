"""A board's report in a real browser: accessible, quiet, within its window."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from leftshift.report.organisation.page import write_page
from tests.report.fake_organisation import write_fake_board
from tests.web.looking import audit, cut_off, drawings, fits, open_all

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("web") / "run"
    write_fake_board(folder)
    write_page(folder)
    return folder / "report.html"


@pytest.fixture(params=[1280, 320])
def page(request: pytest.FixtureRequest, browser: Browser, report: Path) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": request.param, "height": 900})
    made = context.new_page()
    made.goto(report.as_uri())
    yield made
    context.close()


def test_axe_finds_nothing_wrong_with_tables_closed_or_open(page: Page) -> None:
    assert audit(page) == []
    open_all(page)
    assert audit(page) == []


def test_nothing_leaves_the_page_and_the_console_stays_empty(
    browser: Browser, report: Path
) -> None:
    page = browser.new_page()
    asked: list[str] = []
    noted: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: noted.append(message.text))
    page.on("pageerror", lambda error: noted.append(str(error)))
    page.goto(report.as_uri())
    open_all(page)
    page.wait_for_load_state("networkidle")
    page.close()
    assert [address for address in asked if not address.startswith(("file:", "data:"))] == []
    assert noted == []


def test_the_page_never_scrolls_sideways(page: Page) -> None:
    open_all(page)
    assert fits(page)


def test_one_drawing_of_each_figure_is_shown_with_text_of_eleven_pixels_or_more(
    page: Page,
) -> None:
    figures = drawings(page)
    assert len(figures) >= 6
    for name, shown, smallest in figures:
        assert shown == 1, name
        assert smallest >= 10.9, (name, smallest)


def test_no_text_of_a_drawing_is_cut_off_at_its_edge(page: Page) -> None:
    assert cut_off(page) == []


def test_the_first_stop_of_the_keyboard_skips_to_the_content(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to main content"
