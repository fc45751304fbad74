"""The report of a segment model in a real browser: accessible, quiet, within its window."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

from leftshift.cli_segments import segment_outlook
from leftshift.plans.segments_files import EXAMPLE
from tests.web.looking import audit, cut_off, fits

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module", params=[1280, 320])
def page(
    request: pytest.FixtureRequest,
    chromium: str,
    chromium_arguments: list[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Page]:
    out = tmp_path_factory.mktemp("segments") / "run"
    segment_outlook(EXAMPLE, 20, out, scales=["CS1,CS2,0.9,2026,2050"])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=chromium_arguments)
        opened = browser.new_page(viewport={"width": request.param, "height": 900})
        asked: list[str] = []
        opened.on("request", lambda one: asked.append(one.url))
        opened.goto((out / "report.html").as_uri())
        opened.wait_for_load_state("networkidle")
        assert [one for one in asked if not one.startswith(("file:", "data:"))] == []
        opened.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        yield opened
        browser.close()


def test_axe_finds_nothing_wrong(page: Page) -> None:
    assert audit(page) == []


def test_it_never_scrolls_sideways(page: Page) -> None:
    assert fits(page)


def test_no_text_of_a_drawing_is_cut_off_or_under_eleven_pixels(page: Page) -> None:
    assert cut_off(page) == []
