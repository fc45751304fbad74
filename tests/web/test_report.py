"""The report in a real browser: accessible, quiet, within its window, and printable."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from leftshift.report import write_page
from tests.report.fake_run import write_fake_run
from tests.web.looking import SIZES, audit, cut_off, drawings, fits, open_all

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module", params=["with intervals", "one simulated person"])
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    options: dict[str, Any] = (
        {} if request.param == "with intervals" else {"people": 1, "draws": 0, "years": 2}
    )
    last = options.get("years", 20)
    folder = write_fake_run(tmp_path_factory.mktemp("web") / "run", leaf_years=(0, last), **options)
    write_page(folder)
    return folder / "report.html"


@dataclass
class Visit:
    """An open page, what it asked for and what it said on the console."""

    page: Page
    asked: list[str] = field(default_factory=list)
    noted: list[str] = field(default_factory=list)


@pytest.fixture(params=SIZES)
def visit(request: pytest.FixtureRequest, browser: Browser, report: Path) -> Iterator[Visit]:
    context = browser.new_context(viewport={"width": request.param, "height": 900})
    made = Visit(context.new_page())
    made.page.on("request", lambda asked: made.asked.append(asked.url))
    made.page.on("console", lambda message: made.noted.append(message.text))
    made.page.on("pageerror", lambda error: made.noted.append(str(error)))
    made.page.goto(report.as_uri())
    yield made
    context.close()


@pytest.fixture
def page(visit: Visit) -> Page:
    return visit.page


def test_axe_finds_nothing_wrong_with_tables_closed_or_open(page: Page) -> None:
    assert audit(page) == []
    open_all(page)
    assert audit(page) == []


def test_nothing_leaves_the_page_and_the_console_stays_empty(visit: Visit) -> None:
    visit.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    visit.page.mouse.wheel(0, 20_000)
    visit.page.wait_for_load_state("networkidle")
    assert [address for address in visit.asked if not address.startswith(("file:", "data:"))] == []
    assert len([address for address in visit.asked if address.startswith("file:")]) == 1
    assert visit.noted == []


def test_the_page_never_scrolls_sideways(page: Page) -> None:
    open_all(page)
    assert fits(page)
    outside = page.evaluate(
        """() => [...document.querySelectorAll('section *')]
        .filter(e => !e.closest('.scroll') && !e.closest('svg') && !e.classList.contains('hidden'))
        .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
        .map(e => e.outerHTML.slice(0, 120))"""
    )
    assert outside == []


def test_one_drawing_of_each_figure_is_shown_with_text_of_eleven_pixels_or_more(
    page: Page,
) -> None:
    figures = drawings(page)
    assert len(figures) >= 8
    for name, shown, smallest in figures:
        assert shown == 1, name
        assert smallest >= 10.9, (name, smallest)


def test_no_text_of_a_drawing_is_cut_off_at_its_edge(page: Page) -> None:
    assert cut_off(page) == []


def test_the_first_stop_of_the_keyboard_skips_to_the_content(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to main content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_it_prints_with_every_table_open_and_closes_them_after(
    browser: Browser, report: Path
) -> None:
    page = browser.new_page()
    page.goto(report.as_uri())
    # What the browser tells the page before and after printing.
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("document.querySelectorAll('details:not([open])').length") == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("document.querySelectorAll('details[open]').length") == 0
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 688, "height": 1000})  # the width of A4 within its margins
    shown = "[...document.querySelectorAll('.stacked thead')].every(e => e.offsetHeight > 8)"
    assert page.evaluate(shown), "a table printed as cards takes pages"
    printed = page.pdf(format="A4", print_background=True)
    page.close()
    assert printed.startswith(b"%PDF")
    pages = max(int(n) for n in re.findall(rb"/Count (\d+)", printed))
    assert 8 <= pages <= 40
