"""A survey's report in a real browser: accessible, quiet, within its window; a two-page summary."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.report.survey_run import reported

pytestmark = pytest.mark.browser

AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def browser(chromium: str, chromium_arguments: list[str]) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=chromium_arguments)
        yield opened
        opened.close()


@pytest.fixture(params=[("report.html", 1280), ("report.html", 320), ("summary.html", 1280),
                        ("summary.html", 320)])  # fmt: skip
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    name, width = request.param
    opened = browser.new_page(viewport={"width": width, "height": 900})
    opened.goto((reported() / name).as_uri())
    yield opened
    opened.close()


def test_axe_finds_nothing_wrong(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate(
        "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", RULES
    )
    assert [
        f"{broken['id']}: {node['html'][:160]}"
        for broken in result["violations"]
        for node in broken["nodes"]
    ] == []


def test_it_never_scrolls_sideways(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )


def test_no_text_of_a_drawing_is_cut_off_or_under_eleven_pixels(page: Page) -> None:
    wrong = page.evaluate(
        """() => [...document.querySelectorAll('figure svg')]
        .filter(s => s.getClientRects().length).flatMap(s => {
          const box = s.getBoundingClientRect();
          const scale = box.width / s.viewBox.baseVal.width;
          return [...s.querySelectorAll('text')].filter(t => {
            const b = t.getBoundingClientRect();
            const small = parseFloat(t.getAttribute('font-size')) * scale < 10.4;
            return b.width && (small || b.left < box.left - 1.5 || b.right > box.right + 1.5
              || b.top < box.top - 1.5 || b.bottom > box.bottom + 1.5) })
          .map(t => t.closest('figure').id + ': ' + t.textContent) })"""
    )
    assert wrong == []


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
