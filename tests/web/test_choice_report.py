"""The report of a choice in a real browser: accessible, within the window, no label cut off."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from leftshift.report import write_page
from tests.report.fake_plan_run import write_fake_plan_run
from tests.report.fake_run import PLACES
from tests.web.test_report import audit

pytestmark = pytest.mark.browser

SECTIONS = ["choice", "choice-left-out", "choice-frontier", "choice-holds", "choice-estimate"]


@pytest.fixture(scope="module")
def browser(chromium: str, chromium_arguments: list[str]) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=chromium_arguments)
        yield opened
        opened.close()


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
    assert page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )


def test_text_of_the_choices_drawings_is_whole_and_eleven_pixels_or_more(page: Page) -> None:
    wrong = page.evaluate(
        """ids => ids.flatMap(id => [...document.querySelectorAll('#' + id + ' figure svg')])
        .filter(s => s.getClientRects().length).flatMap(s => {
          const box = s.getBoundingClientRect();
          const scale = box.width / s.viewBox.baseVal.width;
          return [...s.querySelectorAll('text')].filter(t => {
            const b = t.getBoundingClientRect();
            const size = parseFloat(t.getAttribute('font-size')) * scale;
            return b.width && (b.left < box.left - 1.5 || b.right > box.right + 1.5
              || b.top < box.top - 1.5 || b.bottom > box.bottom + 1.5 || size < 10.9) })
          .map(t => s.closest('figure').id + ': ' + t.textContent) })""",
        SECTIONS,
    )
    assert wrong == []
