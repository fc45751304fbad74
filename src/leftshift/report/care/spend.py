"""What care costs by setting, who pays, and spend and use per head against need."""

from __future__ import annotations

from functools import partial
from typing import Any

from leftshift.report import blocks, words
from leftshift.report.blocks import Cell, FigureBlock, Section, TableBlock
from leftshift.report.care import charts
from leftshift.report.care.cells import (
    amount,
    bar,
    money,
    over_years,
    percent,
    pounds_with_interval,
    unsure,
)
from leftshift.report.care.figures import PRIVATE, Care
from leftshift.report.findings import Figure
from leftshift.report.money import pounds

__all__ = ["per_head", "settings", "share_sentence", "spend_sentence"]


def spend_sentence(care: Care) -> str:
    """Spend now, in ten years and at the end, with its yearly growth and what it is per head."""
    f = care.f
    now, end = care.spend("", f.now), care.spend("", f.end)
    if now is None or end is None:
        return ""
    middle = care.spend("", care.middle) if care.middle not in (f.now, f.end) else None
    by = "" if middle is None else f"{pounds(middle.value)} in {care.middle} and "
    text = (
        f"If nothing changes, public spending on health and care goes from {pounds(now.value)} in "
        f"{f.now} to {by}{pounds_with_interval(end, first=True)} in {f.end}"
    )
    rate = over_years(care, now, end)
    text += f", {rate} ({care.prices})." if rate else f" ({care.prices})."
    heads = [care.per_head(year) for year in (f.now, f.end)]
    if heads[0] is not None and heads[1] is not None:
        text += f" That is {pounds(heads[0].value)} a head now and {pounds(heads[1].value)} then."
    return text


#: Percentage points below which a share is said to stay where it is.
_MOVED = 0.5


def share_sentence(care: Care) -> str:
    """The share of spend on community care and prevention: the measure of a left shift."""
    shares = [(year, care.left_share(year)) for year in care.marks]
    known = [(year, g) for year, g in shares if g is not None]
    if len(known) < 2:
        return ""
    said = words.joined([f"{g.value:.1f}% in {year}" for year, g in known])
    change = known[-1][1].value - known[0][1].value
    if change <= -_MOVED:
        tail = "so without a plan care shifts away from home, not towards it"
    elif change >= _MOVED:
        tail = "so its share grows even without a plan"
    else:
        tail = "so without a plan its share hardly moves"
    end = known[-1][1]
    if abs(change) >= _MOVED and unsure(known[0][1], end):
        bounds = words.interval(end)
        tail += f"; but the interval in {known[-1][0]}, {bounds}, leaves the direction open"
    return f"Community care and prevention take {said} of public spending, {tail}."


def settings(care: Care) -> Section | None:
    """Spend by setting now, in 10 and in 20 years, with the community and prevention share."""
    f = care.f
    names = care.settings
    if not names:
        return None
    totals = {year: care.spend("", year) for year in care.marks}
    rows: list[list[Cell]] = []
    bars: list[dict[str, Any]] = []
    for setting in [*names, ""]:
        figures = [care.spend(setting, year) for year in care.marks]
        if all(g is None for g in figures):
            continue
        label = care.setting_name(setting) if setting else "All settings"
        cells = [blocks.text(label)]
        for year, figure in zip(care.marks, figures, strict=True):
            total = totals[year]
            cells.append(money(figure))
            cells.append(
                percent(100 * figure.value / total.value if figure and total else None)
                if setting
                else Cell("100%")
            )
        cells.append(_growth(care, figures))
        rows.append(cells)
        if setting:
            parts = {year: bar(g) for year, g in zip(care.marks, figures, strict=True)}
            bars.append({"label": label, "parts": parts})
    share = [care.left_share(year) for year in care.marks]
    if any(g is not None for g in share):
        cells = [blocks.text("Community care and prevention together")]
        for figure, year in zip(share, care.marks, strict=True):
            both = [care.spend(s, year) for s in ("community", "prevention")]
            cells.append(money(_added(both)))
            cells.append(
                blocks.text("not available")
                if figure is None
                else Cell(words.number(figure.value, "percent"), words.interval(figure))
            )
        cells.append(
            _growth(
                care,
                [
                    _added([care.spend(s, y) for s in ("community", "prevention")])
                    for y in care.marks
                ],
            )
        )
        rows.append(cells)
    table = TableBlock(
        "spend-table",
        f"Public spending by setting (£ million a year, {care.prices})"
        + (", with 95% intervals beneath" if f.has_intervals else ""),
        [
            "Setting",
            *[head for year in care.marks for head in (year, f"Share {year}")],
            "Growth a year",
        ],
        rows,
        note=_private_note(care),
    )
    chart = blocks.drawn(
        "spend",
        f"Public spending by setting, {words.joined(care.marks)}",
        _fastest(care),
        table,
        lambda narrow: charts.clustered(bars, care.marks, f"£ a year, {care.prices}", narrow),
        " ".join(
            part
            for part in (
                f"All amounts are in {care.prices}: general inflation is taken out, pay and "
                "prices that rise faster than it are in.",
                "Black lines are 95% intervals." if f.has_intervals else "",
            )
            if part
        ),
    )
    paragraphs = [p for p in (spend_sentence(care), share_sentence(care)) if p]
    tables = [t for t in (_payers(care),) if t is not None]
    return Section("spend", "What care costs, by setting", paragraphs, [chart], tables)


def _added(figures: list[Figure | None]) -> Figure | None:
    known = [g.value for g in figures if g is not None]
    return Figure(sum(known), unit="£") if known else None


def _growth(care: Care, figures: list[Figure | None]) -> Cell:
    first, last = figures[0], figures[-1]
    if first is None or last is None or first.value <= 0 or last.value <= 0:
        return blocks.text("not defined")
    years = max(len(care.f.years) - 1, 1)
    rate = 100 * ((last.value / first.value) ** (1 / years) - 1)
    return Cell(f"{rate:+.1f}%".replace("+0.0", "0.0").replace("-0.0", "0.0").replace("-", "−"))


def _fastest(care: Care) -> str:
    f = care.f
    found = []
    for setting in care.settings:
        now, end = care.spend(setting, f.now), care.spend(setting, f.end)
        if now is not None and end is not None and now.value > 0:
            found.append((100 * (end.value / now.value - 1), end.value - now.value, setting))
    if not found:
        return f"Public spending by setting in {words.joined(care.marks)}, {care.prices}."
    top, most = max(found), max(found, key=lambda row: row[1])
    name = words.inside(care.setting_name(top[2]))
    text = f"By {f.end} spending grows fastest in {name} ({words.signed(top[0])} in real terms)"
    if most[1] > 0:
        where = words.inside(care.setting_name(most[2]))
        also = "the same setting" if most[2] == top[2] else where
        text += f"; the most is added by {also}, {pounds(most[1])} a year more"
    return f"{text} ({care.prices})."


def _private_note(care: Care) -> str:
    now = care.f.now
    parts = [
        f"{words.inside(care.f.label('payer', payer))} {pounds(care.payer_spend[now, payer])}"
        for payer in PRIVATE
        if care.payer_spend.get((now, payer))
    ]
    if not parts:
        return "Public money only."
    return f"Public money only. Not in these totals in {now}: {words.joined(parts)}."


def _payers(care: Care) -> TableBlock | None:
    keys = sorted(
        {p for _y, p in care.payer_spend},
        key=lambda p: (p in PRIVATE, -care.payer_spend.get((care.f.now, p), 0.0), p),
    )
    if not keys:
        return None
    rows = [
        [
            blocks.text(
                care.f.label("payer", p)
                + (" (private, in no public total)" if p in PRIVATE else "")
            ),
            *[money(Figure(care.payer_spend.get((year, p), 0.0), unit="£")) for year in care.marks],
        ]
        for p in keys
    ]
    return TableBlock(
        "payers",
        f"Who pays (£ million a year, {care.prices}; each pound under one payer)",
        ["Payer", *care.marks],
        rows,
        stacked=True,
    )


def per_head(care: Care) -> Section | None:
    """Spend and use per head by deprivation fifth and by place, against need."""
    figures = [g for g in (_quintiles(care), _places(care)) if g is not None]
    if not figures:
        return None
    return Section(
        "spend-and-need",
        "Does money follow need?",
        [
            "Need here is the share of people living with major illness. Both figures are set "
            "against the whole area, which is 100. Where the two marks lie apart, use of care and "
            "illness part company: births, children, injuries and mental illness cost money too, "
            "so a gap is a question to ask and not a finding of unfairness. Neither figure is "
            "adjusted for age; leftshift needs gives standardised rates.",
        ],
        figures,
        inset="The model gives people of one age, sex, fifth and state of health the same use "
        "everywhere, unless your own data say otherwise: differences between places come from who "
        "lives there, and are not a measure of how well a place is served.",
    )


def _quintiles(care: Care) -> FigureBlock | None:
    f = care.f
    rows = care.by_quintile
    people = sum(r["people"] for r in rows)
    spend = sum(r["spend"] for r in rows)
    ill = sum(r["ill"] for r in rows)
    if len(rows) < 2 or people <= 0 or spend <= 0:
        return None
    services = care.marker_services
    factor = care.head_factor(spend, people)
    marks: list[dict[str, Any]] = []
    cells: list[list[Cell]] = []
    for r in rows:
        name = f"Fifth {words.QUINTILES[int(r['quintile'])]}"
        head = factor * r["spend"] / r["people"]
        share = r["ill"] / r["people"]
        marks.append(
            {
                "label": name,
                "first": 100 * head / (factor * spend / people),
                "second": 100 * share / (ill / people) if ill > 0 else None,
            }
        )
        cells.append(
            [
                blocks.text(name),
                Cell(words.people(r["people"])),
                Cell(pounds(head)),
                percent(100 * share),
                Cell(pounds(r["spend"] / r["ill"]) if r["ill"] > 0 else ""),
                *[Cell(f"{1000 * r[f'use:{s}'] / r['people']:,.0f}") for s in services],
            ]
        )
    first, last = marks[0], marks[-1]
    text = (
        f"Public spending per head in the most deprived fifth is "
        f"{_ratio(first['first'], last['first'])} that in the least deprived "
        f"({cells[0][2].text} against {cells[-1][2].text}, {care.prices})"
    )
    if first["second"] and last["second"]:
        text += f"; major illness is {_ratio(first['second'], last['second'])} as common"
    table = TableBlock(
        "need-quintile-table",
        f"Spend and use per head by deprivation fifth, {f.now} ({care.prices})",
        [
            "Deprivation fifth",
            "People",
            "Spend per head",
            "Share with major illness",
            "Spend per person with major illness",
            *[f"{f.label('service', s)} per 1,000 people" for s in services],
        ],
        cells,
        note="Central figures. People, illness and use are set against people at 30 June, spend "
        "against the mean number over the year.",
    )
    return blocks.drawn(
        "need-quintile",
        f"Spend and illness per head by deprivation fifth, {f.now}",
        text + ".",
        table,
        lambda narrow: charts.paired(
            marks, _KINDS, "Per head, the whole area = 100", narrow, zero=100.0
        ),
        f"Circles: spend per head ({care.prices}). Diamonds: share with major illness.",
    )


_KINDS = ("Spend per head", "Share with major illness")


def _ratio(first: float, last: float) -> str:
    return f"{first / last:.2f} times" if last else "an undefined multiple of"


def _places(care: Care) -> FigureBlock | None:
    f = care.f
    if len(f.places) < 2:
        return None
    whole, ill = care.per_head(f.now), f.figure("major_illness_share", f.now)
    if whole is None or whole.value <= 0:
        return None
    services = care.marker_services
    found = []
    for spot in f.places:
        head, share = (
            care.per_head(f.now, spot.code),
            f.figure("major_illness_share", f.now, spot.code),
        )
        people = f.figure("people", f.now, spot.code)
        if head is None or people is None or people.value <= 0:
            continue
        mark: dict[str, Any] = {
            "label": spot.name,
            "first": 100 * head.value / whole.value,
            "second": 100 * share.value / ill.value if share and ill and ill.value else None,
        }
        left = care.left_share(f.now, spot.code)
        cells = [
            blocks.text(spot.name),
            amount(head),
            amount(care.per_head(f.end, spot.code)),
            blocks.cell(share),
            percent(left.value if left else None),
            *[
                Cell(f"{1000 * care.place_use.get((spot.code, s), 0.0) / people.value:,.0f}")
                for s in services
            ],
        ]
        found.append((mark, cells))
    if len(found) < 2:
        return None
    found.sort(key=lambda pair: (-pair[0]["first"], pair[0]["label"]))
    top, low = found[0], found[-1]
    table = TableBlock(
        "need-place-table",
        f"Spend and use per head by place ({care.prices}), the highest first",
        [
            "Place",
            f"Spend per head {f.now}",
            f"Spend per head {f.end}",
            f"Share with major illness {f.now}",
            f"Community and prevention share {f.now}",
            *[f"{f.label('service', s)} per 1,000 people" for s in services],
        ],
        [cells for _mark, cells in found[: blocks.LONGEST]],
        note=blocks.longer(len(found)),
    )
    drawn = [mark for mark, _cells in found]
    if len(drawn) > 16:
        drawn = [*drawn[:8], *drawn[-8:]]
    return blocks.drawn(
        "need-place",
        f"Spend and illness per head by place, {f.now}",
        f"Spend per head runs from {low[1][1].text} in {low[0]['label']} to {top[1][1].text} in "
        f"{top[0]['label']} ({care.prices}).",
        table,
        partial(
            lambda rows, narrow: charts.paired(
                rows, _KINDS, "Per head, the whole area = 100", narrow, zero=100.0
            ),
            drawn,
        ),
        (f"The eight highest and the eight lowest of {len(found)}. " if len(found) > 16 else "")
        + f"Circles: spend per head ({care.prices}). Diamonds: share with major illness.",
    )
