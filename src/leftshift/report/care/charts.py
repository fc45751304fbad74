"""The charts of care and money: bars by year, lines of funding, waterfalls, paired dots.

Each takes plain rows and gives a drawing at one of two widths, as those of `report.charts` do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import altair as alt

from leftshift.report import theme
from leftshift.report.charts import places_of_rows, rowed, spread
from leftshift.report.theme import Rows
from leftshift.report.theme import data as _data

__all__ = ["AXES", "clustered", "money_lines", "paired", "ticks", "waterfall"]

_MINUS = "\N{MINUS SIGN}"

#: Numbers on an axis: pounds in billions, millions or thousands, with a minus sign proper.
_POUNDS = (
    "(datum.value < 0 ? '\N{MINUS SIGN}' : '') + '£' + ("
    "abs(datum.value) >= 1e9 ? format(abs(datum.value) / 1e9, '~g') + 'bn' : "
    "abs(datum.value) >= 1e6 ? format(abs(datum.value) / 1e6, '~g') + 'm' : "
    "format(abs(datum.value), ','))"
)
_PLAIN = (
    "(datum.value < 0 ? '\N{MINUS SIGN}' : '') + ("
    "abs(datum.value) >= 1e6 ? format(abs(datum.value) / 1e6, '~g') + 'm' "
    ": format(abs(datum.value), ','))"
)
_PERCENT = "replace(datum.value + '%', '-', '\N{MINUS SIGN}')"
AXES = {"pounds": _POUNDS, "count": _PLAIN, "percent": _PERCENT}

#: Bars of successive years darken; each also stands in its own line, in the order of the legend.
_SHADES = (theme.NOW, "#3f86cc", theme.DARK_BLUE, theme.INK)


def clustered(
    rows: Rows, series: Sequence[str], title: str, narrow: bool, axis: str = "pounds"
) -> dict[str, Any]:
    """Bars side by side for each row, one for each series, with their figures at the ends.

    Rows have label, and parts: for each series value, lower and upper (None without draws), text
    and, if anything is set against the bar, against (a black line across it).
    """
    longest = _LONGEST if narrow else _LINE
    shown = [
        {"order": i, "label": _lines(r["label"], longest, 1 if narrow else len(series))}
        for i, r in enumerate(rows)
    ]
    long = [
        {"order": i, "series": name, **{k: part.get(k) for k in _PART}}
        for i, r in enumerate(rows)
        for name in series
        for part in (r["parts"].get(name),)
        if part is not None
    ]
    values = [
        r[k] for r in long for k in ("value", "lower", "upper", "against") if r[k] is not None
    ]
    low, high = min([*values, 0.0]), max([*values, 0.0])
    if high == low:
        high = 1.0
    # Figures stand beyond the bars and their whiskers: room is kept for the longest on each side.
    size = theme.text_size(narrow)
    beside = max((len(line) for r in shown for line in str(r["label"]).split("\n")), default=0)
    width = (theme.NARROW - 20) if narrow else theme.WIDE - 40 - beside * size * 0.53
    room = {
        side: max(
            [len(r["text"]) * size * 0.58 + 10 for r in long if (r["value"] < 0) is (side < 0)]
            or [16]
        )
        for side in (-1, 1)
    }
    if low < 0:
        span = (high - low) / max(width - room[1] - room[-1], 60)
        low -= room[-1] * span
    else:
        span = (high - low) / max(width - room[1], 60)
    high += room[1] * span
    for r in long:
        ends = [r["value"], r["lower"], r["upper"], r["against"]]
        known = [v for v in ends if v is not None]
        r["at"] = max([*known, 0.0]) if r["value"] >= 0 else min([*known, 0.0])
    scale = alt.Scale(domain=[low, high], nice=False)
    x = alt.X(
        "value:Q",
        title=title,
        scale=scale,
        axis=alt.Axis(labelExpr=AXES[axis], values=ticks(low, high, 3 if narrow else 5, 28 * span)),
    )
    pad = alt.Scale(
        paddingInner=0.22 if not narrow else 0.34, paddingOuter=0.12 if not narrow else 0.3
    )
    y = alt.Y("order:O", axis=None, scale=pad)
    shades = _SHADES if len(series) != 2 else (theme.NOW, theme.BLUE)
    colour = alt.Color(
        "series:N",
        sort=list(series),
        scale=alt.Scale(domain=list(series), range=list(shades[: len(series)])),
        legend=alt.Legend(columns=_legend_columns(series, narrow), symbolType="square"),
    )
    offset = alt.YOffset("series:N", sort=list(series))
    base = alt.Chart(_data(long))
    layers: list[Any] = [base.mark_bar().encode(x=x, y=y, color=colour, yOffset=offset)]
    if any(r["lower"] is not None for r in long):
        for thick, ink in ((5, theme.WHITE), (2, theme.INK)):
            layers.append(
                base.mark_rule(strokeWidth=thick, color=ink).encode(
                    x=alt.X("lower:Q", scale=scale), x2="upper:Q", y=y, yOffset=offset
                )
            )
    if any(r["against"] is not None for r in long):
        # A white edge keeps the line clear of the dark bars that it crosses.
        for thick, ink in ((7, theme.WHITE), (3, theme.INK)):
            layers.append(
                base.mark_tick(thickness=thick, color=ink, bandSize=20 if narrow else 18).encode(
                    x=alt.X("against:Q", scale=scale), y=y, yOffset=offset
                )
            )
    sides: tuple[tuple[int, Literal["left", "right"]], ...] = ((1, "left"), (-1, "right"))
    for sign, align in sides:
        some = [r for r in long if (r["value"] < 0) is (sign < 0)]
        if some:
            layers.append(
                alt.Chart(_data(some))
                .mark_text(align=align, dx=5 * sign, baseline="middle")
                .encode(x=alt.X("at:Q", scale=scale), y=y, yOffset=offset, text="text:N")
            )
    if low < 0:
        layers.append(alt.Chart(_data([{"z": 0}])).mark_rule(color=theme.INK).encode(x="z:Q"))
    names = alt.Chart(_data(shown)).encode(
        x=alt.value(0),
        y=alt.Y("order:O", axis=None, bandPosition=0.0 if narrow else 0.5),
        text="label:N",
    )
    if narrow:
        # A white edge keeps the letters clear of the line at 0.
        edge: dict[str, Any] = {"stroke": theme.WHITE, "strokeWidth": 4, "strokeJoin": "round"}
        layers += [
            names.mark_text(align="left", baseline="bottom", fontWeight="bold", dy=-2, **style)
            for style in (edge, {})
        ]
    else:
        layers.append(names.mark_text(align="right", baseline="middle", dx=-10, lineBreak="\n"))
    step = 20.0 * len(series) + (34 if narrow else 16)
    return theme.configure(alt.layer(*layers), narrow, step * len(shown) + 100)


#: Characters of a row's name: in one line of a wide drawing, and above the bars of a narrow one.
_LINE = 30
_LONGEST = 46
_LINE_OF_PAIR = 40


def ticks(low: float, high: float, count: int, margin: float) -> list[float]:
    """Round values for an axis, none so near its ends that a label would be cut off."""
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * k for k in (1, 2, 5, 10) if power * k >= rough * 0.999)
    first, last = math.ceil(low / step), math.floor(high / step)
    ticks = [n * step for n in range(first, last + 1)]
    return [t for t in ticks if t in (low, 0.0) or low + margin <= t <= high - margin]


def _lines(label: str, longest: int, lines: int) -> str:
    """A name broken between words into a few lines; what does not fit ends in dots."""
    made = [""]
    for word in label.split():
        if made[-1] and len(made[-1]) + 1 + len(word) > longest and len(made) < lines:
            made.append(word)
        else:
            made[-1] = f"{made[-1]} {word}".strip()
    return "\n".join(m if len(m) <= longest else m[: longest - 1].rstrip() + "…" for m in made)


def _legend_columns(series: Sequence[str], narrow: bool) -> int:
    """How many entries of a legend fit beside one another."""
    return 2 if narrow and sum(len(name) + 4 for name in series) > 36 else len(series)


_PART = ("value", "lower", "upper", "text", "against")


def money_lines(rows: Rows, years: Sequence[str], narrow: bool) -> dict[str, Any]:
    """Lines of pounds by year, labelled at their ends; a band where a line has an interval.

    Rows have series, label, year, value, lower and upper (None without), kind ("cost" for the one
    thick line, else "funding") and said (the last figure in words).
    """
    height = 340 if narrow else 360
    ends = [r for r in rows if r["year"] == years[-1]]
    values = [v for r in rows for v in (r["value"], r["lower"], r["upper"]) if v is not None]
    low, high = min(values), max(values)
    margin = max((high - low) * 0.06, 1e-9)
    low, high = low - margin, high + margin
    span = high - low
    lines = 2 if narrow else 1
    heights = spread([r["value"] for r in ends], span * 0.058 * lines)
    labels = [
        {
            "year": r["year"],
            "at": at,
            "text": f"{r['label']}\n{r['said']}" if narrow else f"{r['label']}: {r['said']}",
            "series": r["series"],
        }
        for r, at in zip(ends, heights, strict=True)
    ]
    size = theme.text_size(narrow)
    longest = max(len(part) for label in labels for part in label["text"].split("\n"))
    room = longest * size * 0.57 + 10
    step = max(1, (len(years) - 1) // (2 if narrow else 4))
    keys = [r["series"] for r in ends]
    costs = {r["series"] for r in rows if r["kind"] == "cost"}
    others = [k for k in keys if k not in costs]
    inks = dict.fromkeys(costs, theme.DARK_BLUE)
    inks |= dict(zip(others, _FUNDING * len(others), strict=False))
    dash = {k: [1, 0] for k in costs}
    dash |= dict(zip(others, _DASHES * len(others), strict=False))
    x = alt.X(
        "year:O",
        sort=list(years),
        title=None,
        axis=alt.Axis(
            values=[y for i, y in enumerate(years) if i % step == 0], labelAngle=0, grid=False
        ),
        scale=alt.Scale(padding=0.1, rangeMax=alt.ExprRef(f"width - {room:.0f}")),
    )
    scale = alt.Scale(domain=[low, max(high, *heights)], nice=False, zero=False)
    y = alt.Y(
        "value:Q",
        title="A year (the axis does not start at 0)",
        scale=scale,
        axis=alt.Axis(
            labelExpr=_POUNDS,
            tickCount=6,
            titleAnchor="end",
            titleAngle=0,
            titleAlign="left",
            titleX=0,
            titleY=-12,
        ),
    )
    colour = alt.Color(
        "series:N", scale=alt.Scale(domain=keys, range=[inks[k] for k in keys]), legend=None
    )
    dashes = alt.StrokeDash(
        "series:N", scale=alt.Scale(domain=keys, range=[dash[k] for k in keys]), legend=None
    )
    layers: list[Any] = []
    banded = [r for r in rows if r["lower"] is not None and r["kind"] == "cost"]
    if banded:
        layers.append(
            alt.Chart(_data(banded))
            .mark_area(opacity=0.18)
            .encode(x=x, y=alt.Y("lower:Q", scale=scale), y2="upper:Q", color=colour)
        )
    for kind, thick in (("funding", 2.0), ("cost", 3.5)):
        some = [r for r in rows if r["kind"] == kind]
        if some:
            layers.append(
                alt.Chart(_data(some))
                .mark_line(strokeWidth=thick)
                .encode(x=x, y=y, color=colour, strokeDash=dashes)
            )
    layers.append(
        alt.Chart(_data(labels))
        .mark_text(align="left", dx=6, fontWeight="bold", clip=False, lineBreak="\n")
        .encode(x=x, y=alt.Y("at:Q", scale=scale), text="text:N", color=colour)
    )
    return theme.configure(alt.layer(*layers), narrow, height)


_FUNDING = (theme.GREEN, theme.ORANGE, theme.SECONDARY, theme.BLUE, theme.INK)
_DASHES = ([6, 3], [2, 2], [10, 3, 2, 3], [4, 1], [8, 4])


def waterfall(rows: Rows, title: str, narrow: bool) -> dict[str, Any]:
    """Steps from one total to another, one line each: what adds, what takes away, and the totals.

    Rows have label, start, end (pounds) and text; a row with start 0 and total true is a total.
    """
    shown = [
        {
            **r,
            "order": i,
            "at": max(r["start"], r["end"]),
            "kind": "total" if r["total"] else "adds" if r["end"] >= r["start"] else "takes away",
        }
        for i, r in enumerate(rows)
    ]
    top = max([r["at"] for r in shown] + [1.0])
    low = min([r["start"] for r in shown] + [r["end"] for r in shown] + [0.0])
    size = theme.text_size(narrow)
    width = (theme.NARROW - 20) if narrow else 470
    room = max(len(r["text"]) for r in shown) * size * 0.58 + 12
    high = top + room * (top - low) / max(width - room, 60)
    scale = alt.Scale(domain=[low, high], nice=False)
    x = alt.X(
        "start:Q",
        title=title,
        scale=scale,
        axis=alt.Axis(
            labelExpr=_POUNDS, values=ticks(low, high, 3 if narrow else 5, 0.07 * (high - low))
        ),
    )
    y = places_of_rows(narrow)
    kinds = ["total", "adds", "takes away"]
    there = [k for k in kinds if any(r["kind"] == k for r in shown)]
    inks = dict(zip(kinds, (theme.DARK_BLUE, theme.ORANGE, theme.GREEN), strict=True))
    base = alt.Chart(_data(shown))
    bars = base.mark_bar(size=15 if narrow else 18).encode(
        x=x,
        x2="end:Q",
        y=y,
        color=alt.Color(
            "kind:N", sort=there, scale=alt.Scale(domain=there, range=[inks[k] for k in there])
        ),
    )
    links = [
        {"order": i + shift, "at": one["end"], "pair": i}
        for i, one in enumerate(shown[:-1])
        for shift in (0, 1)
    ]
    threads = (
        alt.Chart(_data(links))
        .mark_line(color=theme.NOW, strokeWidth=1)
        .encode(x=alt.X("at:Q", scale=scale), y=y, detail="pair:N")
    )
    texts = base.mark_text(align="left", dx=6, baseline="middle", fontWeight="bold").encode(
        x=alt.X("at:Q", scale=scale), y=y, text="text:N"
    )
    return rowed(alt.layer(threads, bars, texts), shown, y, narrow, lift=4.0)


def paired(
    rows: Rows, kinds: tuple[str, str], title: str, narrow: bool, zero: float
) -> dict[str, Any]:
    """Two marks on each line, a circle and a diamond joined by a line, about a reference.

    Rows have label, first and second, and the circle's interval in lower and upper (or None).
    """
    shown = [
        {**r, "order": i, "label": _lines(str(r["label"]), _LINE_OF_PAIR, 1)}
        for i, r in enumerate(rows)
    ]
    long = [
        {"order": r["order"], "kind": kind, "value": r[key], "text": f"{r[key]:.0f}"}
        for r in shown
        for key, kind in (("first", kinds[0]), ("second", kinds[1]))
        if r[key] is not None
    ]
    values = [zero, *(r["value"] for r in long)]
    values += [r[k] for r in shown for k in ("lower", "upper") if r.get(k) is not None]
    pad = max((max(values) - min(values)) * 0.14, 1.0)
    scale = alt.Scale(domain=[min(values) - pad, max(values) + pad], nice=False, zero=False)
    x = alt.X("value:Q", title=title, scale=scale, axis=alt.Axis(tickCount=4 if narrow else 8))
    y = places_of_rows(narrow)
    both = [r for r in shown if r["second"] is not None]
    layers: list[Any] = [
        alt.Chart(_data([{"z": zero}]))
        .mark_rule(color=theme.INK)
        .encode(x=alt.X("z:Q", scale=scale)),
        alt.Chart(_data(both))
        .mark_rule(color=theme.NOW, strokeWidth=2)
        .encode(x=alt.X("first:Q", scale=scale), x2="second:Q", y=y),
    ]
    lines = [r for r in shown if r.get("lower") is not None]
    if lines:
        layers.append(
            alt.Chart(_data(lines))
            .mark_rule(color=theme.INK, strokeWidth=2)
            .encode(x=alt.X("lower:Q", scale=scale), x2="upper:Q", y=y)
        )
    layers.append(
        alt.Chart(_data(long))
        .mark_point(size=115, filled=True, opacity=1)
        .encode(
            x=x,
            y=y,
            shape=alt.Shape(
                "kind:N", scale=alt.Scale(domain=list(kinds), range=["circle", "diamond"])
            ),
            color=alt.Color(
                "kind:N", scale=alt.Scale(domain=list(kinds), range=[theme.BLUE, theme.ORANGE])
            ),
        )
    )
    return rowed(alt.layer(*layers), shown, y, narrow, lift=3.0)
