"""The report of a needs assessment in a real browser: accessible, quiet, within its window."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from leftshift.report.needs.page import write_page
from tests.report.needs_run import write_needs_run

pytestmark = pytest.mark.browser

AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_OPEN = "document.querySelectorAll('details').forEach(d => d.open = true)"


@pytest.fixture(scope="module")
def browser(chromium: str, chromium_arguments: list[str]) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=chromium_arguments)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("web") / "run"
    write_needs_run(folder)
    write_page(folder)
    return folder / "report.html"


@pytest.fixture(params=[1280, 320])
def page(request: pytest.FixtureRequest, browser: Browser, report: Path) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": request.param, "height": 900})
    made = context.new_page()
    made.goto(report.as_uri())
    yield made
    context.close()


def audit(page: Page) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate(
        "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", RULES
    )
    return [
        f"{broken['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for broken in result["violations"]
        for node in broken["nodes"]
    ]


def test_axe_finds_nothing_wrong_with_tables_closed_or_open(page: Page) -> None:
    assert audit(page) == []
    page.evaluate(_OPEN)
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
    page.evaluate(_OPEN)
    page.wait_for_load_state("networkidle")
    page.close()
    assert [address for address in asked if not address.startswith(("file:", "data:"))] == []
    assert noted == []


def test_the_page_never_scrolls_sideways(page: Page) -> None:
    page.evaluate(_OPEN)
    assert page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )


def test_one_drawing_of_each_figure_is_shown_with_text_of_eleven_pixels_or_more(
    page: Page,
) -> None:
    figures = page.evaluate(
        """() => [...document.querySelectorAll('figure')].map(f => {
          const shown = [...f.querySelectorAll('svg')].filter(s => s.getClientRects().length);
          const scale = shown[0].getBoundingClientRect().width / shown[0].viewBox.baseVal.width;
          const sizes = [...shown[0].querySelectorAll('text')].map(t => {
            return parseFloat(t.getAttribute('font-size')) * scale });
          return [f.id, shown.length, Math.min(...sizes)] })"""
    )
    assert len(figures) >= 10
    for name, shown, smallest in figures:
        assert shown == 1, name
        assert smallest >= 10.9, (name, smallest)


def test_no_text_of_a_drawing_is_cut_off_at_its_edge(page: Page) -> None:
    cut = page.evaluate(
        """() => [...document.querySelectorAll('figure svg')]
        .filter(s => s.getClientRects().length).flatMap(s => {
          const box = s.getBoundingClientRect();
          return [...s.querySelectorAll('text')].filter(t => {
            const b = t.getBoundingClientRect();
            return b.width && (b.left < box.left - 1.5 || b.right > box.right + 1.5
              || b.top < box.top - 1.5 || b.bottom > box.bottom + 1.5) })
          .map(t => s.closest('figure').id + ': ' + t.textContent) })"""
    )
    assert cut == []
