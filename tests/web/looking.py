"""What every page is looked at for in a browser: said once, asked of each report."""

from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Page

AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SIZES = (1280, 320)
SMALLEST = 10.4
"""Pixels below which no text of a drawing may be."""


def open_all(page: Page) -> None:
    """Opens every table behind a chart."""
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")


def audit(page: Page) -> list[str]:
    """What axe-core finds wrong."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate(
        "rules => axe.run(document, "
        "{runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})",
        RULES,
    )
    return [
        f"{broken['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for broken in result["violations"]
        for node in broken["nodes"]
    ]


def fits(page: Page) -> bool:
    """Whether the page is no wider than its window."""
    return bool(
        page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
    )


def drawings(page: Page) -> list[tuple[str, int, float]]:
    """Each figure's id, how many drawings of it are shown, and its smallest text in pixels."""
    found: list[tuple[str, int, float]] = page.evaluate(
        """() => [...document.querySelectorAll('figure')].map(f => {
          const shown = [...f.querySelectorAll('svg')].filter(s => s.getClientRects().length);
          const scale = shown[0].getBoundingClientRect().width / shown[0].viewBox.baseVal.width;
          const sizes = [...shown[0].querySelectorAll('text')].map(t => {
            return parseFloat(t.getAttribute('font-size')) * scale });
          return [f.id, shown.length, Math.min(...sizes)] })"""
    )
    return found


def cut_off(page: Page, sections: list[str] | None = None, smallest: float = SMALLEST) -> list[str]:
    """Text of drawings that reaches over their edge or is too small, in some sections or all."""
    found: list[str] = page.evaluate(
        """([ids, least]) => [...document.querySelectorAll(
          ids ? ids.map(id => '#' + id + ' figure svg').join() : 'figure svg')]
        .filter(s => s.getClientRects().length).flatMap(s => {
          const box = s.getBoundingClientRect();
          const scale = box.width / s.viewBox.baseVal.width;
          return [...s.querySelectorAll('text')].filter(t => {
            const b = t.getBoundingClientRect();
            const size = parseFloat(t.getAttribute('font-size')) * scale;
            return b.width && (b.left < box.left - 1.5 || b.right > box.right + 1.5
              || b.top < box.top - 1.5 || b.bottom > box.bottom + 1.5 || size < least) })
          .map(t => s.closest('figure').id + ': ' + t.textContent) })""",
        [sections, smallest],
    )
    return found


def overlapping(page: Page, sections: list[str]) -> list[str]:
    """Pairs of labels of a drawing that lie over one another."""
    found: list[str] = page.evaluate(
        """ids => ids.flatMap(id => [...document.querySelectorAll('#' + id + ' figure svg')])
        .filter(s => s.getClientRects().length).flatMap(s => {
          const seen = [...s.querySelectorAll('text')].filter(t => t.textContent.trim())
            .map(t => [t.textContent, t.getBoundingClientRect()]);
          return seen.flatMap(([a, p], i) => seen.slice(i + 1)
            .filter(([b, q]) => a !== b && p.left < q.right - 3 && q.left < p.right - 3
              && p.top < q.bottom - 4 && q.top < p.bottom - 4)
            .map(([b]) => s.closest('figure').id + ': ' + a + ' / ' + b)) })""",
        sections,
    )
    return found
