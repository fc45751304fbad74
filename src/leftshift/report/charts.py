"""The charts of a report. Each takes plain rows and gives a drawing at one of two widths.

A chart knows no run folder and computes no finding: rows come from `findings`, words from `words`.
Labels stand at the marks instead of in legends where there is room, and "now" and "then" differ
in lightness, shape and outline as well as in hue.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal

import altair as alt

from leftshift.report import theme
from leftshift.report.theme import Rows
from leftshift.report.theme import data as _data

#: Counts on an axis: 50,000, or 1.5 million.
_COUNTS = (
    "abs(datum.value) >= 1e6 ? format(abs(datum.value) / 1e6, '~g') + 'm' "
    ": format(abs(datum.value), ',')"
)


#: A percentage on an axis, with the minus sign proper.
_PERCENT = "replace(datum.value + '%', '-', '\N{MINUS SIGN}')"


def _clipped(text: str, longest: int) -> str:
    """A label short enough for its drawing; the table under it has the whole."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def spread(values: Sequence[float], gap: float) -> list[float]:
    """Push labels apart so that no two are nearer than `gap`, keeping their order."""
    order = sorted(range(len(values)), key=lambda i: values[i])
    out = list(values)
    for low, high in pairwise(order):
        out[high] = max(out[high], out[low] + gap)
    return out


def growth(rows: Rows, years: Sequence[str], narrow: bool) -> dict[str, Any]:
    """Lines of percentage growth since the first year, labelled at their ends.

    Rows have series, label, year, change, and lower and upper (percent; None without draws); said
    is the change in words.
    """
    height = 300 if narrow else 340
    ends = [r for r in rows if r["year"] == years[-1]]
    values = [v for r in rows for v in (r["change"], r["lower"], r["upper"]) if v is not None]
    low, high = min([*values, 0.0]), max([*values, 1.0])
    span = max(high - low, 1.0)
    heights = spread([r["change"] for r in ends], span * (0.062 if narrow else 0.065))
    labels = [
        {"year": r["year"], "at": at, "text": f"{r['label']} {r['said']}", "series": r["series"]}
        for r, at in zip(ends, heights, strict=True)
    ]
    # The labels stand inside the plot, in room kept free at its right.
    room = max(len(label["text"]) for label in labels) * theme.text_size(narrow) * 0.6 + 8
    step = max(1, (len(years) - 1) // (2 if narrow else 4))
    shown = [y for i, y in enumerate(years) if i % step == 0]
    keys = [r["series"] for r in ends]
    colours = [theme.DARK_BLUE, theme.ORANGE, theme.GREEN, theme.SECONDARY][: len(keys)]
    dashes = [[1, 0], [6, 3], [2, 2], [10, 3, 2, 3]][: len(keys)]
    x = alt.X(
        "year:O",
        sort=list(years),
        title=None,
        axis=alt.Axis(values=shown, labelAngle=0, grid=False),
        scale=alt.Scale(padding=0.1, rangeMax=alt.ExprRef(f"width - {room:.0f}")),
    )
    scale = alt.Scale(domain=[low, max([high, *heights])], nice=True)
    y = alt.Y(
        "change:Q",
        title="Change since " + years[0],
        scale=scale,
        axis=alt.Axis(
            labelExpr=_PERCENT,
            tickCount=6,
            titleAnchor="end",
            titleAngle=0,
            titleAlign="left",
            titleX=0,
            titleY=-12,
        ),
    )
    colour = alt.Color("series:N", scale=alt.Scale(domain=keys, range=colours), legend=None)
    base = alt.Chart(_data(rows))
    lines = base.mark_line(strokeWidth=2.5).encode(
        x=x,
        y=y,
        color=colour,
        strokeDash=alt.StrokeDash(
            "series:N", scale=alt.Scale(domain=keys, range=dashes), legend=None
        ),
    )
    layers = [lines]
    banded = [r for r in rows if r["lower"] is not None]
    if banded:
        layers.insert(
            0,
            alt.Chart(_data(banded))
            .mark_area(opacity=0.18)
            .encode(x=x, y=alt.Y("lower:Q", scale=scale), y2="upper:Q", color=colour),
        )
    zero = alt.Chart(_data([{"z": 0}])).mark_rule(color=theme.INK).encode(y="z:Q")
    names = (
        alt.Chart(_data(labels))
        .mark_text(align="left", dx=6, fontWeight="bold", clip=False)
        .encode(x=x, y="at:Q", text="text:N", color=colour)
    )
    return theme.configure(alt.layer(zero, *layers, names), narrow, height)


def ratios(rows: Rows, narrow: bool) -> dict[str, Any]:
    """Model over published, one row each, around the line where they agree.

    Rows have label, ratio and kind ("input" or "not an input").
    """
    shown = [{**r, "order": i, "label": _clipped(r["label"], 46)} for i, r in enumerate(rows)]
    values = [r["ratio"] for r in shown]
    reach = max([max(v, 1 / v) for v in values] + [1.2])
    kinds = ["not an input", "input"]
    x = alt.X(
        "ratio:Q",
        title="Model divided by published (1 = they agree)",
        scale=alt.Scale(type="log", domain=[1 / reach / 1.03, reach * 1.03], nice=False),
        axis=alt.Axis(tickCount=4 if narrow else 7, format=".2~f"),
    )
    y = places_of_rows(narrow)
    base = alt.Chart(_data(shown))
    band = (
        alt.Chart(_data([{"a": 0.95, "b": 1.05}]))
        .mark_rect(color=theme.PALE)
        .encode(x=alt.X("a:Q"), x2="b:Q")
    )
    line = alt.Chart(_data([{"one": 1}])).mark_rule(color=theme.INK).encode(x="one:Q")
    stems = base.mark_rule(color=theme.NOW, strokeWidth=2).encode(x=x, x2=alt.datum(1), y=y)
    dots = base.mark_point(size=110, filled=True, opacity=1).encode(
        x=x,
        y=y,
        shape=alt.Shape("kind:N", scale=alt.Scale(domain=kinds, range=["diamond", "circle"])),
        color=alt.Color(
            "kind:N", scale=alt.Scale(domain=kinds, range=[theme.DARK_BLUE, theme.NOW])
        ),
    )
    return rowed(alt.layer(band, line, stems, dots), shown, y, narrow)


def places_of_rows(narrow: bool) -> Any:
    """One line for each row; a narrow drawing leaves room above the first for its label."""
    return alt.Y("order:O", axis=None, scale=alt.Scale(padding=0.9 if narrow else 0.5))


def rowed(layers: Any, rows: Rows, y: Any, narrow: bool, lift: float = 0.0) -> dict[str, Any]:
    """Put row labels at the left on a wide drawing, and above each mark on a narrow one."""
    step = 38.0 + lift if narrow else 26.0
    height = step * len(rows) + 84
    base = alt.Chart(_data(rows)).encode(x=alt.value(0), y=y, text="label:N")
    if narrow:
        # A white edge keeps the letters clear of the lines they cross.
        edge: dict[str, Any] = {"stroke": theme.WHITE, "strokeWidth": 4, "strokeJoin": "round"}
        names = alt.layer(
            *(
                base.mark_text(
                    align="left", baseline="bottom", dy=-6 - lift, fontWeight="bold", **style
                )
                for style in (edge, {})
            )
        )
    else:
        names = base.mark_text(align="right", dx=-10, baseline="middle", clip=False)
    return theme.configure(alt.layer(layers, names), narrow, height)


def pyramid(rows: Rows, now: str, end: str, narrow: bool) -> dict[str, Any]:
    """Women to the left and men to the right: filled bars now, an outline at the end.

    Rows have band (young to old), sex, now and end (people).
    """
    bands = list(dict.fromkeys(r["band"] for r in rows))[::-1]
    signed = []
    for r in rows:
        sign = -1 if r["sex"] == "female" else 1
        for which, when in (("now", now), ("end", end)):
            signed.append({"band": r["band"], "when": when, "value": sign * r[which]})
    top = max([abs(r["value"]) for r in signed] + [1.0])
    x = alt.X(
        "value:Q",
        title="People in each five-year age band",
        scale=alt.Scale(domain=[-top * 1.04, top * 1.04]),
        axis=alt.Axis(labelExpr=_COUNTS, tickCount=3 if narrow else 7),
    )
    y = alt.Y(
        "band:O",
        sort=bands,
        title="Age",
        axis=alt.Axis(grid=False, titleAngle=0, titleY=-8, titleAlign="right", ticks=False),
        scale=alt.Scale(paddingInner=0.15),
    )
    first = [r for r in signed if r["when"] == now]
    last = [r for r in signed if r["when"] == end]
    filled = alt.Chart(_data(first)).mark_bar(color=theme.NOW, opacity=0.55).encode(x=x, y=y)
    outline = (
        alt.Chart(_data(last))
        .mark_bar(filled=False, stroke=theme.BLUE, strokeWidth=2)
        .encode(x=x, y=y)
    )
    middle = alt.Chart(_data([{"z": 0}])).mark_rule(color=theme.INK).encode(x="z:Q")
    # Beside the oldest there is room on a wide drawing; a narrow one needs it above the bars.
    lift = -32 if narrow else 0
    corners: list[tuple[str, Literal["left", "right"], int, str, float]] = [
        ("Women", "left", lift, theme.INK, -top),
        ("Men", "right", lift, theme.INK, top),
        (f"Filled: {now}", "left", lift + 17, theme.SECONDARY, -top),
        (f"Outline: {end}", "right", lift + 17, theme.BLUE, top),
    ]
    names = [
        alt.Chart(_data([{"text": text, "at": at, "band": bands[0]}]))
        .mark_text(align=align, fontWeight="bold", baseline="middle", dy=dy, color=colour)
        .encode(x="at:Q", y=y, text="text:N")
        for text, align, dy, colour, at in corners
    ]
    height = 19 * (21 if narrow else 23) + 110
    return theme.configure(alt.layer(filled, outline, middle, *names), narrow, height)


def pairs(
    rows: Rows, now: str, end: str, unit: str, narrow: bool, each: float | None = None
) -> dict[str, Any]:
    """Bars now and at the end for each row, with the interval at the end as a whisker.

    Rows have label, now, end, and lower and upper of the end (None without draws).
    """
    shown = [{**r, "order": i} for i, r in enumerate(rows)]
    long = [
        {"order": r["order"], "when": when, "value": r[key], "label": r["label"]}
        for r in shown
        for key, when in (("now", now), ("end", end))
    ]
    top = max([v for r in shown for v in (r["now"], r["end"], r["upper"] or 0.0)] + [1.0])
    x = alt.X(
        "value:Q",
        title=unit,
        scale=alt.Scale(domain=[0, top * 1.02]),
        axis=alt.Axis(labelExpr=_COUNTS, tickCount=3 if narrow else 6),
    )
    y = alt.Y(
        "order:O",
        axis=None,
        scale=alt.Scale(paddingInner=0.5 if narrow else 0.3, paddingOuter=0.5 if narrow else 0.1),
    )
    colour = alt.Color(
        "when:N", scale=alt.Scale(domain=[now, end], range=[theme.NOW, theme.BLUE]), sort=[now, end]
    )
    offset = alt.YOffset("when:N", sort=[now, end])
    bars = alt.Chart(_data(long)).mark_bar().encode(x=x, y=y, color=colour, yOffset=offset)
    layers = [bars]
    whiskers = [{**r, "when": end} for r in shown if r["lower"] is not None]
    if whiskers:
        pair = [{**r, "when": now, "lower": None, "upper": None} for r in whiskers]
        for width, ink in ((5, theme.WHITE), (2, theme.INK)):
            layers.append(
                alt.Chart(_data([*whiskers, *pair]))
                .mark_rule(strokeWidth=width, color=ink)
                .encode(x=alt.X("lower:Q"), x2="upper:Q", y=y, yOffset=offset)
            )
    step = each if each is not None else (54.0 if narrow else 40.0)
    if narrow:
        names = (
            alt.Chart(_data(shown))
            .mark_text(align="left", baseline="bottom", fontWeight="bold", dy=-2)
            .encode(x=alt.value(0), y=alt.Y("order:O", axis=None, bandPosition=0), text="label:N")
        )
    else:
        names = (
            alt.Chart(_data(shown))
            .mark_text(align="right", dx=-10, baseline="middle")
            .encode(x=alt.value(0), y=alt.Y("order:O", axis=None, bandPosition=0.5), text="label:N")
        )
    return theme.configure(alt.layer(*layers, names), narrow, step * len(shown) + 84)


def _named(row: Mapping[str, Any], narrow: bool) -> str:
    if not narrow:
        return _clipped(row["label"], 38)
    return f"{_clipped(row['label'], 24)}: {row['counts']}"


def ranked_growth(rows: Rows, narrow: bool) -> dict[str, Any]:
    """Growth of each condition as a dot with its interval, and the two counts written beside it.

    Rows have label, counts ("14,000 to 23,000"), change, lower and upper (percent).
    """
    shown = [{**r, "order": i, "label": _named(r, narrow)} for i, r in enumerate(rows)]
    values = [v for r in shown for v in (r["change"], r["lower"], r["upper"]) if v is not None]
    low, high = min([*values, 0.0]), max([*values, 5.0])
    pad = (high - low) * 0.04
    x = alt.X(
        "change:Q",
        title="Growth in people living with it",
        scale=alt.Scale(domain=[low - (pad if low < 0 else 0), high + pad], nice=False),
        axis=alt.Axis(labelExpr=_PERCENT, tickCount=4 if narrow else 8),
    )
    y = places_of_rows(narrow)
    base = alt.Chart(_data(shown))
    zero = alt.Chart(_data([{"z": 0}])).mark_rule(color=theme.INK).encode(x="z:Q")
    stems = base.mark_rule(color=theme.STEPS[2], strokeWidth=4).encode(x=x, x2=alt.datum(0), y=y)
    dots = base.mark_circle(size=120, color=theme.BLUE, opacity=1).encode(x=x, y=y)
    layers: list[Any] = [zero, stems]
    if any(r["lower"] is not None for r in shown):
        layers.append(
            alt.Chart(_data([r for r in shown if r["lower"] is not None]))
            .mark_rule(color=theme.INK, strokeWidth=2)
            .encode(x=alt.X("lower:Q"), x2="upper:Q", y=y)
        )
    layers.append(dots)
    if not narrow:
        layers.append(
            base.mark_text(align="left", dx=8, baseline="middle", clip=False).encode(
                x=alt.value("width"), y=y, text="counts:N"
            )
        )
    return rowed(alt.layer(*layers), shown, y, narrow)


def expectancy(rows: Rows, narrow: bool) -> dict[str, Any]:
    """Life expectancy and healthy life expectancy by quintile, women then men, joined by a line.

    Rows have label, life and healthy (years); a row with neither makes a gap.
    """
    shown = [{**r, "order": i} for i, r in enumerate(rows)]
    kinds = ["Years without major illness", "All years of life"]
    long = [
        {"order": r["order"], "kind": kind, "value": r[key], "text": f"{r[key]:.1f}"}
        for r in shown
        for key, kind in (("healthy", kinds[0]), ("life", kinds[1]))
        if r[key] is not None
    ]
    values = [r["value"] for r in long]
    low, high = min(values), max(values)
    pad = max((high - low) * 0.16, 1.0)
    scale = alt.Scale(domain=[low - pad, high + pad], nice=False, zero=False)
    x = alt.X(
        "value:Q",
        title="Age in years (the axis does not start at 0)",
        scale=scale,
        axis=alt.Axis(tickCount=4 if narrow else 8),
    )
    y = places_of_rows(narrow)
    lines = (
        alt.Chart(_data([r for r in shown if r["life"] is not None]))
        .mark_rule(color=theme.NOW, strokeWidth=3)
        .encode(x=alt.X("healthy:Q", scale=scale), x2="life:Q", y=y)
    )
    points = (
        alt.Chart(_data(long))
        .mark_point(size=120, filled=True, opacity=1)
        .encode(
            x=x,
            y=y,
            shape=alt.Shape("kind:N", scale=alt.Scale(domain=kinds, range=["diamond", "circle"])),
            color=alt.Color(
                "kind:N", scale=alt.Scale(domain=kinds, range=[theme.GREEN, theme.BLUE])
            ),
        )
    )
    left = (
        alt.Chart(_data([r for r in long if r["kind"] == kinds[0]]))
        .mark_text(align="right", dx=-9, baseline="middle")
        .encode(x=x, y=y, text="text:N")
    )
    right = (
        alt.Chart(_data([r for r in long if r["kind"] == kinds[1]]))
        .mark_text(align="left", dx=9, baseline="middle")
        .encode(x=x, y=y, text="text:N")
    )
    return rowed(alt.layer(lines, points, left, right), shown, y, narrow, lift=5.0)


def tiles(rows: Rows, narrow: bool) -> dict[str, Any]:
    """A tile for each place, roughly where it lies, with its growth in figures and in shade.

    Rows have name (lines separated by a line feed), short, value, text, column and row.
    """
    columns = [r["column"] for r in rows]
    first, last = min(columns), max(columns)
    count = last - first + 1
    side = min(((theme.NARROW if narrow else theme.WIDE) - 12) / count, 70 if narrow else 92)
    values = sorted(r["value"] for r in rows)
    low, high = values[0], values[-1]
    width = max(high - low, 1e-9)
    shown = []
    for r in rows:
        step = min(int((r["value"] - low) / width * len(theme.STEPS)), len(theme.STEPS) - 1)
        roomy = not narrow and side > 80
        shown.append(
            {
                **r,
                "fill": theme.STEPS[step],
                "ink": theme.STEP_INK[step],
                "head": r["name"] if roomy else r["short"],
            }
        )
    top = min(r["row"] for r in rows)
    deep = max(r["row"] for r in rows) - top + 1
    half = 0.48
    boxes = [
        {
            **r,
            "x1": r["column"] - half,
            "x2": r["column"] + half,
            "y1": r["row"] - half,
            "y2": r["row"] + half,
        }
        for r in shown
    ]
    wide = (theme.NARROW if narrow else theme.WIDE) - 12
    extra = (wide / side - count) / 2
    x_scale = alt.Scale(domain=[first - 0.5 - extra, last + 0.5 + extra], nice=False, zero=False)
    y_scale = alt.Scale(domain=[top - 0.5, top + deep - 0.5], reverse=True, nice=False, zero=False)
    base = alt.Chart(_data(boxes))
    squares = base.mark_rect(stroke=theme.INK, strokeWidth=0.75).encode(
        x=alt.X("x1:Q", scale=x_scale, axis=None),
        x2="x2:Q",
        y=alt.Y("y1:Q", scale=y_scale, axis=None),
        y2="y2:Q",
        color=alt.Color("fill:N", scale=None),
    )
    size = theme.text_size(narrow)
    heads = base.mark_text(
        baseline="top",
        lineBreak="\n",
        dy=-side * 0.40 if not narrow else -15,
        fontSize=size - (0 if narrow else 1.5),
    ).encode(x="column:Q", y="row:Q", text="head:N", color=alt.Color("ink:N", scale=None))
    figures = base.mark_text(
        baseline="bottom" if not narrow else "top",
        dy=side * 0.40 if not narrow else 2,
        fontWeight="bold",
        fontSize=size + (3 if not narrow else 0),
    ).encode(x="column:Q", y="row:Q", text="text:N", color=alt.Color("ink:N", scale=None))
    chart = alt.layer(squares, heads, figures)
    return theme.configure(chart, narrow, side * deep + 8)
