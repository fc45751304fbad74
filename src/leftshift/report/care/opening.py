"""Care and money at the top of the page: cards and headline sentences."""

from __future__ import annotations

from leftshift.report import words
from leftshift.report.care.capacity import (
    beds_sentence,
    missing,
    staff_sentence,
    total_of,
)
from leftshift.report.care.cells import over_years
from leftshift.report.care.figures import Care
from leftshift.report.care.funding import gap_range, gap_sentence, roughly, side
from leftshift.report.care.spend import share_sentence, spend_sentence
from leftshift.report.care.use import few_sentence
from leftshift.report.findings import Figure
from leftshift.report.money import pounds

__all__ = ["cards", "headlines", "key_measures"]


def key_measures(care: Care) -> list[tuple[str, str]]:
    """Measures for the table of key figures, with their names and price base."""
    if not care.has:
        return []
    return [
        ("spend", f"Public spending on health and care ({care.prices})"),
        ("spend_per_head", f"Public spending per head ({care.prices})"),
        ("share_community_and_prevention", "Share of it on community care and prevention"),
    ]


def headlines(care: Care) -> list[str]:
    """The opening sentences of care and money; only those the tables support."""
    if not care.has:
        return []
    made = [
        spend_sentence(care),
        gap_sentence(care),
        share_sentence(care),
        few_sentence(care),
        staff_sentence(care),
        beds_sentence(care),
    ]
    return [s for s in made if s]


def _card(label: str, big: str, said: str, interval: str = "", small: str = "") -> dict[str, str]:
    return {"label": label, "change": big, "text": said, "interval": interval, "small": small,
            "few": ""}  # fmt: skip


def cards(care: Care) -> list[dict[str, str]]:
    """A card each for spend, the gap, the left shift, staff and beds."""
    if not care.has:
        return []
    made = [_spend(care), _gap(care), _share(care), _staff(care), _beds(care)]
    return [c for c in made if c is not None]


def _bounds(figure: Figure, money: bool) -> str:
    if figure.lower is None or figure.upper is None:
        return ""
    return words.interval(
        figure, (lambda v, _u: pounds(v)) if money else (lambda v, _u: words.people(v))
    )


def _between(care: Care) -> bool:
    return care.middle not in (care.f.now, care.f.end)


def _spend(care: Care) -> dict[str, str] | None:
    f = care.f
    now, end = care.spend("", f.now), care.spend("", f.end)
    if now is None or end is None:
        return None
    text = f"{pounds(now.value)} in {f.now}"
    middle = care.spend("", care.middle)
    if _between(care) and middle is not None:
        text += f", {pounds(middle.value)} in {care.middle}"
    text += f", {pounds(end.value)} in {f.end}"
    rate = over_years(care, now, end)
    small = f"{rate[:1].upper()}{rate[1:]}; {care.prices}" if rate else care.prices
    return _card(
        "Public spending on care", words.signed(end.change_from(now)), text, _bounds(end, True),
        small,
    )  # fmt: skip


def _gap(care: Care) -> dict[str, str] | None:
    f = care.f
    settlement = care.settlement
    end = care.gap_total(settlement, f.end)
    if end is None:
        return None
    ranked = care.settlements
    text = f"under {care.quoted(settlement)}"
    if len(ranked) > 1:
        ends = [side(care, s, f.end) for s in (ranked[0], ranked[-1])]
        text += f"; {ends[0]} to {ends[1]} across {len(ranked)} settlements"
    label = f"Funding gap a year in {f.end}"
    if end.value < 0:
        label = f"Funding to spare a year in {f.end}"
    return _card(label, roughly(abs(end.value)), text, gap_range(end), care.prices)


def _share(care: Care) -> dict[str, str] | None:
    f = care.f
    shares = [(y, care.left_share(y)) for y in care.marks]
    known = [(y, g) for y, g in shares if g is not None]
    if len(known) < 2:
        return None
    now, end = known[0][1], known[-1][1]
    points = end.value - now.value
    big = f"{points:+.1f} points".replace("-", "\N{MINUS SIGN}")
    text = ", ".join(f"{g.value:.1f}% in {y}" for y, g in known)
    return _card(
        "Share spent on community care and prevention",
        big if abs(points) >= 0.05 else "No change",
        text,
        words.interval(end),
        f"If nothing changes; {f.now} to {f.end}",
    )


def _count_card(care: Care, kind: str, label: str, unit: str) -> dict[str, str] | None:
    f = care.f
    figures = [(y, total_of(care, kind, y, "short")) for y in care.marks]
    known = [(y, g) for y, g in figures if g is not None]
    if not known:
        return None
    end = known[-1][1]
    text = ", ".join(f"{missing(g.value)} in {y}" for y, g in known[:-1])
    big = words.people(abs(end.value))
    if end.value < -0.5:
        label = label.replace("missing", "to spare").replace("short", "to spare")
    return _card(f"{label} in {f.end}", big, text, _bounds(end, False), unit)


def _staff(care: Care) -> dict[str, str] | None:
    return _count_card(care, "staff", "Staff missing", "Whole-time equivalents")


def _beds(care: Care) -> dict[str, str] | None:
    return _count_card(care, "beds", "Beds short", "Mean over the year")
