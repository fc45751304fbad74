"""A plan's story in a real browser: accessible, within the window, no label cut off."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from leftshift.report import write_page
from tests.report.fake_plan_run import write_fake_plan_run
from tests.report.fake_run import PLACES
from tests.web.test_report import SIZES, audit

pytestmark = pytest.mark.browser

SECTIONS = ["opening", "proposed", "changes-by-year", "each-intervention", "moves", "left-shift",
            "plan-money", "who-gains", "how-sure", "what-matters-most", "headline-shrunk",
            "plan-file", "baseline"]  # fmt: skip


@pytest.fixture(scope="module")
def browser(chromium: str, chromium_arguments: list[str]) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=chromium_arguments)
        yield opened
        opened.close()


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
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert audit(page) == []


def test_the_story_is_told_in_order_and_never_scrolls_sideways(page: Page) -> None:
    found = page.evaluate("[...document.querySelectorAll('section')].map(s => s.id)")
    assert found[: len(SECTIONS)] == SECTIONS
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )


def test_text_of_the_plans_drawings_is_whole_and_eleven_pixels_or_more(page: Page) -> None:
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


def test_no_two_labels_of_the_plans_drawings_lie_over_one_another(page: Page) -> None:
    over = page.evaluate(
        """ids => ids.flatMap(id => [...document.querySelectorAll('#' + id + ' figure svg')])
        .filter(s => s.getClientRects().length).flatMap(s => {
          const seen = [...s.querySelectorAll('text')].filter(t => t.textContent.trim())
            .map(t => [t.textContent, t.getBoundingClientRect()]);
          return seen.flatMap(([a, p], i) => seen.slice(i + 1)
            .filter(([b, q]) => a !== b && p.left < q.right - 3 && q.left < p.right - 3
              && p.top < q.bottom - 4 && q.top < p.bottom - 4)
            .map(([b]) => s.closest('figure').id + ': ' + a + ' / ' + b)) })""",
        SECTIONS,
    )
    assert over == []
