"""A survey's report in a real browser: accessible, quiet, within its window; a two-page summary."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.report.survey_run import reported
from tests.web.looking import audit, cut_off, fits, open_all

pytestmark = pytest.mark.browser


@pytest.fixture(params=[("report.html", 1280), ("report.html", 320), ("summary.html", 1280),
                        ("summary.html", 320)])  # fmt: skip
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    name, width = request.param
    opened = browser.new_page(viewport={"width": width, "height": 900})
    opened.goto((reported() / name).as_uri())
    yield opened
    opened.close()


def test_axe_finds_nothing_wrong(page: Page) -> None:
    open_all(page)
    assert audit(page) == []


def test_it_never_scrolls_sideways(page: Page) -> None:
    open_all(page)
    assert fits(page)


def test_no_text_of_a_drawing_is_cut_off_or_under_eleven_pixels(page: Page) -> None:
    assert cut_off(page) == []


def test_the_summary_prints_on_two_pages(browser: Browser) -> None:
    page = browser.new_page()
    page.goto((reported() / "summary.html").as_uri())
    printed = page.pdf(print_background=True, prefer_css_page_size=True)
    page.close()
    assert max(int(n) for n in re.findall(rb"/Count (\d+)", printed)) == 2


def test_nothing_leaves_the_page(browser: Browser) -> None:
    page = browser.new_page()
    asked: list[str] = []
    noted: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    page.on("console", lambda one: noted.append(one.text))
    page.goto((reported() / "report.html").as_uri())
    page.wait_for_load_state("networkidle")
    page.close()
    assert [one for one in asked if not one.startswith(("file:", "data:"))] == []
    assert noted == []
