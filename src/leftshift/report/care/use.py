"""Who uses what: each segment's share of people against its share of spend and of use."""

from __future__ import annotations

from typing import Any

from leftshift.report import blocks, words
from leftshift.report.blocks import Cell, Section, TableBlock
from leftshift.report.care import charts
from leftshift.report.care.cells import bar, percent
from leftshift.report.care.figures import Care
from leftshift.report.findings import Figure
from leftshift.report.money import pounds

__all__ = ["by_segment", "few_sentence"]


def few_sentence(care: Care) -> str:
    """The few who use the most: the top segments' shares of people and of spend."""
    rows = {str(r["segment"]): r for r in care.by_segment}
    people = sum(float(r["people"]) for r in rows.values())
    spend = sum(float(r["spend"]) for r in rows.values())
    top = rows.get("5")
    if top is None or people <= 0 or spend <= 0 or float(top["people"]) <= 0:
        return ""
    own = 100 * float(top["people"]) / people, 100 * float(top["spend"]) / spend
    factor = care.head_factor(spend, people)
    head = factor * float(top["spend"]) / float(top["people"])
    text = (
        f"The few who use the most: segment 5 is {own[0]:.1f}% of people and {own[1]:.0f}% of "
        f"public spending in {care.f.now}, {pounds(head)} a head against "
        f"{pounds(factor * spend / people)} "
        f"for everyone ({care.prices})."
    )
    next_one = rows.get("4")
    if next_one is not None:
        both = [
            100 * (float(top[k]) + float(next_one[k])) / total
            for k, total in (("people", people), ("spend", spend))
        ]
        text += f" Segments 4 and 5 together are {both[0]:.0f}% and {both[1]:.0f}%."
    return text


def by_segment(care: Care) -> Section | None:
    """Segments by their share of people, of spend and of a few services, and per head."""
    f = care.f
    found = care.by_segment
    people = sum(float(r["people"]) for r in found)
    spend = sum(float(r["spend"]) for r in found)
    if len(found) < 2 or people <= 0 or spend <= 0:
        return None
    services = care.marker_services
    factor = care.head_factor(spend, people)
    use = {s: sum(float(r[f"use:{s}"]) for r in found) for s in services}
    bars: list[dict[str, Any]] = []
    rows = []
    for r in found:
        name = "Segment " + words.SEGMENTS[str(r["segment"])]
        shares = 100 * float(r["people"]) / people, 100 * float(r["spend"]) / spend
        bars.append(
            {
                "label": "Under 17" if r["segment"] == "0" else name,
                "parts": {
                    key: bar(Figure(value), "percent")
                    for key, value in zip(_SERIES, shares, strict=True)
                },
            }
        )
        heads = float(r["people"])
        rows.append(
            [
                blocks.text(words.SEGMENTS[str(r["segment"])]),
                Cell(words.people(heads)),
                percent(shares[0]),
                percent(shares[1]),
                Cell(pounds(factor * float(r["spend"]) / heads))
                if heads > 0
                else blocks.text("nobody"),
                *[
                    percent(100 * float(r[f"use:{s}"]) / use[s] if use[s] > 0 else None)
                    for s in services
                ],
                *[
                    Cell(_rate(float(r[f"use:{s}"]) / heads))
                    if heads > 0
                    else blocks.text("nobody")
                    for s in services
                ],
            ]
        )
    names = [f.label("service", s) for s in services]
    table = TableBlock(
        "use-table",
        f"People, spend and use by core segment, {f.now} ({care.prices})",
        [
            "Segment",
            "People",
            "Share of people",
            "Share of public spend",
            "Public spend per head",
            *[f"Share of {words.inside(n)}" for n in names],
            *[f"{n} per head" for n in names],
        ],
        rows,
        note="Central figures. A service costs the same a unit whoever uses it, so spend follows "
        "use.",
    )
    figure = blocks.drawn(
        "use",
        f"Share of people and share of spend by segment, {f.now}",
        few_sentence(care),
        table,
        lambda narrow: charts.clustered(bars, _SERIES, "Per cent of the whole", narrow, "percent"),
        f"Spend is public spending in {care.prices}.",
    )
    return Section(
        "who-uses-what",
        "Who uses what",
        [
            "Segments group people by how much long-term illness they have. Using much in one year "
            "is not the same as using much in the next: who is in segment 5 changes."
        ],
        [figure],
    )


_SERIES = ("Share of people", "Share of public spend")


def _rate(value: float) -> str:
    return f"{value:.1f}" if value >= 0.95 else f"{value:.2f}"
