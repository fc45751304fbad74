"""Funding against cost under each settlement, and what drives the growth of cost."""

from __future__ import annotations

from typing import Any

from leftshift.report import blocks, words
from leftshift.report.blocks import Cell, FigureBlock, Section, TableBlock
from leftshift.report.care import charts, small
from leftshift.report.care.cells import bar, money
from leftshift.report.care.figures import DRIVERS, SETTINGS, Care
from leftshift.report.findings import Figure
from leftshift.report.money import pounds, short_pounds

__all__ = ["drivers", "drivers_sentence", "funding", "gap_range", "gap_sentence", "roughly", "side"]


#: A gap below this share of cost is said to be none: both sides are estimates.
_BALANCED = 0.005


def side(care: Care, settlement: str, year: str) -> str:
    """A gap in words: "a gap of £430 million", "£20 million to spare", "a rough balance"."""
    figure, cost = care.gap_total(settlement, year), care.cost_total(settlement, year)
    if figure is None:
        return "no known gap"
    if cost is not None and abs(figure.value) < _BALANCED * cost.value:
        return "a rough balance"
    if figure.value >= 0:
        return f"a gap of {roughly(figure.value)}"
    return f"{roughly(-figure.value)} to spare"


def roughly(value: float) -> str:
    """A difference of large amounts, to two figures: more would be false precision."""
    return pounds(value, figures=2)


def gap_sentence(care: Care) -> str:
    """The gap in ten years and at the end under the settlement in the middle, and the range."""
    f = care.f
    ranked = care.settlements
    if not ranked:
        return ""
    chosen = care.settlement
    end = care.gap_total(chosen, f.end)
    if end is None:
        return ""
    years = list(dict.fromkeys((f.now, care.middle, f.end)))
    said = words.joined([f"{side(care, chosen, year)} in {year}" for year in years])
    text = (
        f"With funding on the path {care.quoted(chosen)}, set against cost, there is"
        f" {said} (£ a year, {care.prices}"
    )
    if gap_range(end):
        text += f"; 95% interval in {f.end} {gap_range(end)}"
    text += ")."
    if end.lower is not None and end.upper is not None and end.lower < 0 < end.upper:
        text += " The interval leaves open which of the two is larger."
    if len(ranked) > 1:
        low, high = (
            f"{side(care, s, f.end)} under {care.quoted(s)}" for s in (ranked[0], ranked[-1])
        )
        text += f" Much hangs on the settlement: by {f.end} it is from {low} to {high}."
    return text


def gap_range(figure: Figure) -> str:
    """The interval of a gap in words; "" where it has none."""
    if figure.lower is None or figure.upper is None:
        return ""
    low, high = figure.lower, figure.upper
    if low >= 0:
        return f"{roughly(low)} to {roughly(high)}"
    if high <= 0:
        return f"{roughly(-high)} to {roughly(-low)} to spare"
    return f"from {roughly(-low)} to spare to a gap of {roughly(high)}"


def funding(care: Care) -> Section | None:
    """Funding against cost by year and settlement, the gap by setting, capital apart."""
    if not care.settlements:
        return None
    figures = [g for g in (_paths(care), _by_setting(care)) if g is not None]
    tables = [t for t in (_capital(care),) if t is not None]
    paragraphs = [
        p
        for p in (
            gap_sentence(care),
            _unexplained(care),
            "A gap is cost less funding, if nothing is done about either: it is not a forecast "
            "deficit, because no board may plan to overspend. The gap of the first year is how "
            "far the model's cost is from the area's share of England's money, or from your own "
            "figure; read later years against it. Settlements are suppositions with names, not "
            "predictions.",
            *(w for w in care.warnings if w.startswith("Cost grows")),
        )
        if p
    ]
    return Section("funding-gap", "Funding against cost", paragraphs, figures, tables)


def _paths(care: Care) -> FigureBlock | None:
    f = care.f
    chosen = care.settlement
    lines = [("cost", "Cost", "cost", chosen)]
    lines += [(s, care.settlement_name(s), "funding", s) for s in care.settlements]
    rows: list[dict[str, Any]] = []
    held: dict[str, dict[str, Figure]] = {}
    for key, label, kind, settlement in lines:
        pick = care.cost_total if kind == "cost" else care.funding_total
        found = {year: pick(settlement, year) for year in f.years}
        known = {year: g for year, g in found.items() if g is not None}
        if len(known) < len(f.years):
            continue
        held[key] = known
        for year, g in known.items():
            rows.append(
                {
                    "series": key,
                    "label": label,
                    "year": year,
                    "value": g.value,
                    "lower": g.lower if kind == "cost" else None,
                    "upper": g.upper if kind == "cost" else None,
                    "kind": kind,
                    "said": short_pounds(known[f.end].value),
                }
            )
    if "cost" not in held or len(held) < 2 or len(f.years) < 2:
        return None
    names = [key for key in held if key != "cost"]
    table = TableBlock(
        "gap-table",
        f"Cost, and funding and gap under each settlement (£ million a year, {care.prices})",
        [
            "Year",
            "Cost",
            *[f"{part}, {care.settlement_name(s)}" for s in names for part in ("Funding", "Gap")],
        ],
        [
            [
                blocks.text(year),
                money(held["cost"][year]),
                *[
                    cell
                    for s in names
                    for cell in (money(held[s][year]), money(care.gap_total(s, year)))
                ],
            ]
            for year in f.years
        ],
        note="A gap above 0 is a shortfall. With spending that no service names.",
    )
    low, high = (side(care, names[i], f.end) for i in (0, -1))
    finding = (
        f"By {f.end}, the {len(names)} settlements leave from {low} to {high} ({care.prices})."
        if len(names) > 1
        else f"By {f.end} there is {low} ({care.prices})."
    )
    banded = any(r["lower"] is not None for r in rows)
    return blocks.drawn(
        "gap",
        "Cost against funding under each settlement",
        finding,
        table,
        lambda narrow: charts.money_lines(rows, f.years, narrow),
        f"Thick line: cost. Broken lines: funding. All in {care.prices}."
        + (
            " The shaded band is the 95% interval of public spending, in proportion."
            if banded
            else ""
        ),
    )


def _by_setting(care: Care) -> FigureBlock | None:
    f = care.f
    chosen = care.settlement
    years = [y for y in dict.fromkeys((care.middle, f.end)) if y != f.now] or [f.end]
    bars, cells = [], []
    for setting in care.gap_settings:
        figures = [care.gap_of(setting, year, "gap", chosen) for year in years]
        if all(g is None for g in figures):
            continue
        label = care.setting_name(setting)
        bars.append(
            {
                "label": label,
                "parts": {y: bar(g) for y, g in zip(years, figures, strict=True)},
            }
        )
        row = [blocks.text(label)]
        for year in years:
            row += [money(care.gap_of(setting, year, m, chosen)) for m in _MEASURES]
        cells.append(row)
    if not bars:
        return None
    named = [(s, care.gap_of(s, f.end, "gap", chosen)) for s in care.gap_settings if s in SETTINGS]
    known = [(g.value, s) for s, g in named if g is not None]
    name = care.quoted(chosen)
    text = f"The gap by setting under {name} ({care.prices})."
    if known and max(known)[0] <= 0:
        least = max(known)
        text = (
            f"Under {name} funding covers the cost of every setting in {f.end}; least is left in "
            f"{words.inside(care.setting_name(least[1]))}, {roughly(-least[0])} a year "
            f"({care.prices})."
        )
    elif known:
        top = max(known)
        text = (
            f"The largest part of the gap in {f.end} under {name} is in "
            f"{words.inside(care.setting_name(top[1]))}: {roughly(top[0])} a year ({care.prices})."
        )
    table = TableBlock(
        "gap-setting-table",
        f"Funding, cost and gap by setting under {name} (£ million a year, {care.prices})",
        ["Setting", *[f"{m.capitalize()} {year}" for year in years for m in _MEASURES]],
        cells,
    )
    return blocks.drawn(
        "gap-setting",
        f"The gap by setting in {words.joined(years)}",
        text,
        table,
        lambda narrow: charts.clustered(
            bars, years, f"Cost less funding, £ a year, {care.prices}", narrow
        ),
        "Bars to the left of 0 are money to spare. How funding lands in settings is assumed: "
        "settlements are made for boards and councils, not for settings."
        + (" Black lines are 95% intervals." if f.has_intervals else ""),
    )


_MEASURES = ("funding", "cost", "gap")


def _unexplained(care: Care) -> str:
    f = care.f
    figure = care.gap_of("unexplained", f.now, "cost", care.settlement)
    if figure is None or figure.value == 0:
        return ""
    later = care.gap_of("unexplained", f.end, "cost", care.settlement)
    tail = "" if later is None else f" and {pounds(later.value)} in {f.end}"
    return (
        f"Both sides hold {pounds(figure.value)} in {f.now}{tail} that published accounts hold "
        f"and no service of the model names ({care.prices}). It is shown apart by setting, and is "
        "not in public spending as given above."
    )


def _capital(care: Care) -> TableBlock | None:
    rows = []
    for settlement in care.settlements:
        figures = [care.capital(settlement, year) for year in care.marks]
        if any(g is not None for g in figures):
            rows.append(
                [blocks.text(care.settlement_name(settlement)), *[money(g) for g in figures]]
            )
    if not rows:
        return None
    return TableBlock(
        "capital",
        f"Capital funding, kept apart from the revenue above (£ million a year, {care.prices})",
        ["Settlement", *care.marks],
        rows,
        stacked=True,
        note="Capital buys buildings and equipment. It cannot be spent on running costs.",
    )


def drivers_sentence(care: Care) -> str:
    """The two drivers that add most, and what pulls the other way."""
    f = care.f
    base = care.driver(f.end, "", "base")
    steps = [(d, care.driver(f.end, "", d)) for d in DRIVERS]
    known = [(g.value, d) for d, g in steps if g is not None]
    if base is None or not known or base.value <= 0:
        return ""
    total = sum(v for v, _d in known)
    up = sorted((row for row in known if row[0] > 0), reverse=True)[:2]
    text = (
        f"Of {pounds(total)} a year more by {f.end} ({care.prices}), "
        if total > 0
        else f"Spending changes by {pounds(total)} a year by {f.end} ({care.prices}); "
    )
    if up:
        text += "the most comes from " + words.joined(
            [f"{words.inside(_driver(care, d))} ({short_pounds(v, signed=True)})" for v, d in up]
        )
    down = [row for row in known if row[0] < 0]
    if down:
        low = min(down)
        text += f"; {words.inside(_driver(care, low[1]))} takes away {pounds(-low[0])}"
    return text + "."


def _driver(care: Care, driver: str) -> str:
    return DRIVERS.get(driver) or care.f.label("driver", driver)


def drivers(care: Care) -> Section | None:
    """The waterfall of all settings, and its steps in each setting and year shown."""
    f = care.f
    base = care.driver(f.end, "", "base")
    if base is None or f.now == f.end:
        return None
    there = [d for d in DRIVERS if care.driver(f.end, "", d) is not None]
    rows = [
        {"label": f"{f.now}", "start": 0.0, "end": base.value, "total": True,
         "text": short_pounds(base.value)}
    ]  # fmt: skip
    at = base.value
    for d in there:
        figure = care.driver(f.end, "", d)
        assert figure is not None
        rows.append(
            {
                "label": _driver(care, d),
                "start": at,
                "end": at + figure.value,
                "total": False,
                "text": short_pounds(figure.value, signed=True),
            }
        )
        at += figure.value
    rows.append(
        {"label": f"{f.end}", "start": 0.0, "end": at, "total": True, "text": short_pounds(at)}
    )
    years = [y for y in care.marks if y != f.now]
    first = TableBlock(
        "drivers-table",
        f"What each driver adds since {f.now}, all settings (£ million a year, {care.prices})"
        + (", with 95% intervals beneath" if f.has_intervals else ""),
        ["Driver", *years],
        [
            [blocks.text(f"Spend in {f.now}"), *[money(care.driver(y, "", "base")) for y in years]],
            *[
                [blocks.text(_driver(care, d)), *[money(care.driver(y, "", d)) for y in years]]
                for d in there
            ],
            [blocks.text("Spend in the year shown"), *[money(_whole(care, y, "")) for y in years]],
        ],
        stacked=True,
    )
    order = words.joined([words.inside(_driver(care, d)) for d in there])
    chart = blocks.drawn(
        "drivers",
        f"From spend in {f.now} to spend in {f.end}",
        drivers_sentence(care),
        first,
        lambda narrow: charts.waterfall(rows, f"£ a year, {care.prices}", narrow),
        "A plus sign adds to spend, a minus sign takes away. "
        + _ORDER.format(order=order)
        + _private(care, base),
    )
    tables = [_steps(care, year, there) for year in years]
    figures = [chart, *([] if len(tables) < 1 else [_by_setting_drawn(care, there, tables[-1])])]
    return Section("drivers", "Why spending grows", (), figures, tables[:-1])


def _steps(care: Care, year: str, there: list[str]) -> TableBlock:
    """The steps of each setting from the first year to another."""
    now = care.f.now
    return TableBlock(
        f"drivers-settings-{year.replace('/', '-')}",
        f"The same steps for each setting, {now} to {year} (£ million a year, {care.prices})",
        ["Setting", now, *[_driver(care, d) for d in there], year],
        [
            [
                blocks.text(care.setting_name(s) if s else "All settings"),
                *[_plain(care.driver(year, s, d)) for d in ("base", *there)],
                _plain(_whole(care, year, s)),
            ]
            for s in (*SETTINGS, "")
            if care.driver(year, s, "base") is not None
        ],
        note="Each row adds up across. Central figures; intervals are in workbook.xlsx.",
    )


def _by_setting_drawn(care: Care, there: list[str], table: TableBlock) -> FigureBlock:
    """A small waterfall for each setting, in per cent of its own spend in the first year."""
    f = care.f
    panels: list[dict[str, Any]] = []
    said: list[tuple[float, str]] = []
    for setting in SETTINGS:
        base, end = care.driver(f.end, setting, "base"), _whole(care, f.end, setting)
        if base is None or end is None or base.value <= 0:
            continue
        at = 0.0
        rows = []
        for d in there:
            figure = care.driver(f.end, setting, d)
            step = 100 * figure.value / base.value if figure is not None else 0.0
            rows.append(
                {
                    "label": _driver(care, d),
                    "start": at,
                    "end": at + step,
                    "text": words.signed(step),
                    "total": False,
                }
            )
            at += step
        rows.append(
            {"label": "All drivers", "start": 0.0, "end": at, "text": words.signed(at),
             "total": True}
        )  # fmt: skip
        said.append((at, setting))
        panels.append(
            {
                "label": care.setting_name(setting),
                "note": f"{short_pounds(base.value)} to {short_pounds(end.value)} a year",
                "rows": rows,
            }
        )
    finding = f"What each driver adds to each setting by {f.end} ({care.prices})."
    if said:
        top, low = max(said), min(said)
        finding = (
            f"Real growth by {f.end} runs from {words.signed(low[0])} in "
            f"{words.inside(care.setting_name(low[1]))} to {words.signed(top[0])} in "
            f"{words.inside(care.setting_name(top[1]))} ({care.prices})."
        )
    return blocks.drawn(
        "drivers-settings",
        f"What drives each setting, {f.now} to {f.end}",
        finding,
        table,
        lambda narrow: small.waterfalls(panels, narrow),
        f"Per cent of each setting's own spend in {f.now}, all settings to one scale; "
        f"amounts are in {care.prices}. Drivers are in the order above.",
    )


_ORDER = (
    "Drivers are taken one after another in this order: {order}. Each is what it adds once those "
    "before it are in, so another order would share the same total out differently."
)


def _private(care: Care, base: Figure) -> str:
    """That the waterfall holds private money too, where it does."""
    public = care.spend("", care.f.now)
    if public is None or base.value - public.value < 0.005 * base.value:
        return ""
    private = pounds(base.value - public.value)
    return (
        f" These amounts hold what people pay themselves as well, {private} in {care.f.now} "
        f"({care.prices}): public spending alone is {pounds(public.value)}."
    )


def _whole(care: Care, year: str, setting: str) -> Figure | None:
    parts = [care.driver(year, setting, d) for d in ("base", *DRIVERS)]
    known = [g.value for g in parts if g is not None]
    return Figure(sum(known), unit="£") if known else None


def _plain(figure: Figure | None) -> Cell:
    cell = money(figure)
    return Cell(cell.text, numeric=cell.numeric)
