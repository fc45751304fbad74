"""The charts of a board's report: each takes plain rows and draws them wide or narrow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import altair as alt

from leftshift.report import theme
from leftshift.report.theme import Rows
from leftshift.report.theme import data as _data

#: Lines are told apart by dash and by the name at their end as well as by colour.
_PLUM = "#7c2855"
_COLOURS = (theme.BLUE, theme.ORANGE, theme.GREEN, theme.SECONDARY, _PLUM, theme.DARK_BLUE)
_DASHES = ([1, 0], [7, 3], [2, 2], [10, 3, 2, 3], [4, 2], [12, 4])

#: From nearest to residents to furthest, and what nobody does any more.
LEVELS = ("neighbourhood", "place", "system", "beyond", "released")
LEVEL_WORDS = {
    "neighbourhood": "Neighbourhood",
    "place": "Place",
    "system": "System",
    "beyond": "Beyond the board",
    "released": "Done by nobody",
}
_LEVEL_FILLS = ("#003f7d", "#2a6cae", "#b8d4ee", "#e8c9a0", theme.WHITE)
_LEVEL_INKS = (theme.WHITE, theme.WHITE, theme.INK, theme.INK, theme.INK)


def millions(
    rows: Rows, years: Sequence[str], title: str, narrow: bool, zero: bool = False
) -> dict[str, Any]:
    """Lines of pounds by year, named at their ends, with steps for limits.

    Rows have series, label, year, value (pounds), and limit (whether it is a limit: drawn as
    steps with a shade above it). `zero` draws the axis through 0.
    """
    height = 320 if narrow else 340
    shown = [{**r, "value": r["value"] / 1e6} for r in rows]
    keys = list(dict.fromkeys(r["series"] for r in shown))
    values = [r["value"] for r in shown]
    low, high = min([*values, 0.0]) if zero else min(values), max(values)
    span = max(high - low, 0.1)
    ends = [r for r in shown if r["year"] == years[-1]]
    spread = _spread([r["value"] for r in ends], span * (0.085 if narrow else 0.07))
    labels = [
        {"year": r["year"], "at": at, "text": r["label"], "series": r["series"]}
        for r, at in zip(ends, spread, strict=True)
    ]
    scale = alt.Scale(
        domain=[low - 0.03 * span, max([high, *spread]) + 0.03 * span], nice=True, zero=zero
    )
    x = alt.X(
        "year:O",
        sort=list(years),
        title=None,
        axis=alt.Axis(
            values=list(years) if not narrow else [years[0], years[-1]], labelAngle=0, grid=False
        ),
        scale=alt.Scale(padding=0.2),
    )
    y = alt.Y(
        "value:Q",
        title=title,
        scale=scale,
        axis=alt.Axis(
            labelExpr="(datum.value < 0 ? '−' : '') + '£' + abs(datum.value) + 'm'",
            tickCount=6,
            titleAnchor="end",
            titleAngle=0,
            titleAlign="left",
            titleX=0,
            titleY=-12,
        ),
    )
    steps = {r["series"] for r in shown if r.get("limit")}
    drawn = [k for k in keys if k not in steps]
    inks = [theme.INK if k in steps else _COLOURS[drawn.index(k) % len(_COLOURS)] for k in keys]
    ranks = [0 if k in steps else drawn.index(k) % len(_DASHES) for k in keys]
    colour = alt.Color("series:N", scale=alt.Scale(domain=keys, range=inks), legend=None)
    dash = alt.StrokeDash(
        "series:N", scale=alt.Scale(domain=keys, range=[_DASHES[i] for i in ranks]), legend=None
    )
    layers: list[Any] = []
    limits = [r for r in shown if r.get("limit")]
    others = [r for r in shown if not r.get("limit")]
    if zero:
        layers.append(alt.Chart(_data([{"z": 0}])).mark_rule(color=theme.INK).encode(y="z:Q"))
    if limits:
        layers.append(
            alt.Chart(_data(limits))
            .mark_line(strokeWidth=4, interpolate="step")
            .encode(x=x, y=y, color=colour)
        )
    if others:
        base = alt.Chart(_data(others))
        layers.append(
            base.mark_line(strokeWidth=2.5).encode(x=x, y=y, color=colour, strokeDash=dash)
        )
        layers.append(base.mark_circle(size=45, opacity=1).encode(x=x, y=y, color=colour))
    names = alt.Chart(_data(labels)).mark_text(
        align="right" if narrow else "left",
        dx=0 if narrow else 8,
        dy=-9 if narrow else 0,
        fontWeight="bold",
        clip=False,
    )
    layers.append(names.encode(x=x, y=alt.Y("at:Q", scale=scale), text="text:N", color=colour))
    spec = theme.configure(alt.layer(*layers), narrow, height)
    # Bold names at the ends are wider than the drawing reckons with.
    spec["padding"] = {"left": 4, "top": 4, "bottom": 4, "right": 8 if narrow else 34}
    return spec


def _spread(values: Sequence[float], gap: float) -> list[float]:
    """Push labels apart so that no two are nearer than `gap`, keeping their order."""
    order = sorted(range(len(values)), key=lambda i: values[i])
    out = list(values)
    for low, high in pairwise(order):
        out[high] = max(out[high], out[low] + gap)
    return out


def levels(rows: Rows, narrow: bool) -> dict[str, Any]:
    """A bar for each option, cut by the level at which work is done, from nearest outward.

    Rows have label (of the option), level and value (WTE).
    """
    labels = list(dict.fromkeys(r["label"] for r in rows))
    cut = []
    for order, label in enumerate(labels):
        start = 0.0
        for rank, level in enumerate(LEVELS):
            value = sum(r["value"] for r in rows if r["label"] == label and r["level"] == level)
            if value <= 0:
                continue
            cut.append(
                {
                    "order": order,
                    "label": label,
                    "level": LEVEL_WORDS[level],
                    "from": start,
                    "till": start + value,
                    "middle": start + value / 2,
                    "text": f"{value:,.0f}",
                    "ink": _LEVEL_INKS[rank],
                    "value": value,
                }
            )
            start += value
    top = max([r["till"] for r in cut] + [1.0])
    named = [LEVEL_WORDS[level] for level in LEVELS]
    present = [n for n in named if any(r["level"] == n for r in cut)]
    fills = [_LEVEL_FILLS[named.index(n)] for n in present]
    y = alt.Y(
        "order:O",
        axis=None,
        scale=alt.Scale(paddingInner=0.5 if narrow else 0.35, paddingOuter=0.5 if narrow else 0.2),
    )
    x = alt.X(
        "from:Q",
        title="Whole-time equivalents",
        scale=alt.Scale(domain=[0, top * 1.01]),
        axis=alt.Axis(tickCount=3 if narrow else 6, format=",.0f"),
    )
    bars = (
        alt.Chart(_data(cut))
        .mark_bar(stroke=theme.INK, strokeWidth=0.75)
        .encode(
            x=x,
            x2="till:Q",
            y=y,
            color=alt.Color(
                "level:N",
                scale=alt.Scale(domain=present, range=fills),
                sort=present,
                legend=alt.Legend(
                    columns=2 if narrow else 5,
                    symbolType="square",
                    symbolStrokeColor=theme.INK,
                    orient="top",
                    direction="horizontal",
                    title=None,
                    labelLimit=0,
                ),
            ),
        )
    )
    written = [r for r in cut if r["value"] / top > (0.09 if narrow else 0.05)]
    figures = (
        alt.Chart(_data(written))
        .mark_text(baseline="middle", fontWeight="bold")
        .encode(x=alt.X("middle:Q"), y=y, text="text:N", color=alt.Color("ink:N", scale=None))
    )
    heads = [{"order": i, "label": label} for i, label in enumerate(labels)]
    names = _row_names(heads, narrow)
    step = 62.0 if narrow else 44.0
    return theme.configure(alt.layer(bars, figures, names), narrow, step * len(labels) + 110)


def _row_names(heads: Rows, narrow: bool) -> Any:
    """Names of rows: at the left on a wide drawing, above each on a narrow one."""
    chart = alt.Chart(_data(heads))
    if narrow:
        return chart.mark_text(align="left", baseline="bottom", fontWeight="bold", dy=-3).encode(
            x=alt.value(0), y=alt.Y("order:O", axis=None, bandPosition=0), text="label:N"
        )
    return chart.mark_text(align="right", baseline="middle", dx=-10).encode(
        x=alt.value(0), y=alt.Y("order:O", axis=None, bandPosition=0.5), text="label:N"
    )


def timeline(rows: Rows, narrow: bool) -> dict[str, Any]:
    """A bar for each task between its dates; those on the critical path are filled.

    Rows have label, starts and ends (ISO dates), critical.
    """
    kinds = ["On the critical path", "Has time to spare"]
    shown = [
        {
            "order": i,
            "label": r["label"],
            "starts": r["starts"],
            "ends": r["ends"],
            "kind": kinds[0] if r["critical"] else kinds[1],
        }
        for i, r in enumerate(rows)
    ]
    y = alt.Y(
        "order:O",
        axis=None,
        scale=alt.Scale(paddingInner=0.6 if narrow else 0.45, paddingOuter=0.6 if narrow else 0.2),
    )
    x = alt.X(
        "starts:T",
        title=None,
        axis=alt.Axis(format="%b %Y" if not narrow else "%b %y", tickCount=3 if narrow else 7),
    )
    colour = alt.Color("kind:N", scale=alt.Scale(domain=kinds, range=[theme.BLUE, theme.STEPS[1]]))
    base = alt.Chart(_data(shown))
    bars = base.mark_bar(stroke=theme.INK, strokeWidth=0.5).encode(
        x=x, x2="ends:T", y=y, color=colour
    )
    # A task of a day or two would vanish without a mark of its own.
    brief = [r for r in shown if _days(r["starts"], r["ends"]) < 4]
    marks = (
        alt.Chart(_data(brief))
        .mark_point(size=60, filled=True, opacity=1)
        .encode(x=x, y=y, color=colour, shape=alt.value("diamond"))
    )
    step = 46.0 if narrow else 26.0
    parts = [bars, marks] if brief else [bars]
    chart = alt.layer(*parts, _row_names(shown, narrow))
    return theme.configure(chart, narrow, step * len(shown) + 80)


def _days(starts: str, ends: str) -> int:
    return (dt.date.fromisoformat(ends[:10]) - dt.date.fromisoformat(starts[:10])).days


def rules(rows: Rows, names: Sequence[tuple[str, str]], narrow: bool) -> dict[str, Any]:
    """For each board, the change that each rule makes to what it spends now, as marks on a line.

    Rows have label (the board), rule and value (percent); `names` gives rules and their words.
    """
    words = dict(names)
    labels = list(dict.fromkeys(r["label"] for r in rows))
    shown = [
        {**r, "order": labels.index(r["label"]), "rule": words.get(r["rule"], r["rule"])}
        for r in rows
    ]
    domain = [words[key] for key, _ in names if any(r["rule"] == words[key] for r in shown)]
    spans = []
    for i, label in enumerate(labels):
        values = [r["value"] for r in shown if r["label"] == label]
        spans.append({"order": i, "label": label, "low": min(values), "high": max(values)})
    low, high = min(s["low"] for s in spans), max(s["high"] for s in spans)
    pad = max((high - low) * 0.06, 1.0)
    scale = alt.Scale(domain=[low - pad, high + pad], nice=False, zero=False)
    y = alt.Y("order:O", axis=None, scale=alt.Scale(padding=0.9 if narrow else 0.5))
    x = alt.X(
        "value:Q",
        title="Change against present spend",
        scale=scale,
        axis=alt.Axis(
            labelExpr="(datum.value < 0 ? '−' : '') + abs(datum.value) + '%'",
            tickCount=4 if narrow else 8,
        ),
    )
    lines = (
        alt.Chart(_data(spans))
        .mark_rule(color=theme.GRID, strokeWidth=4)
        .encode(x=alt.X("low:Q", scale=scale), x2="high:Q", y=y)
    )
    shapes = ["circle", "diamond", "square", "triangle-up"][: len(domain)]
    legend = alt.Legend(
        columns=2,
        orient="top",
        direction="horizontal",
        title=None,
        labelLimit=0,
    )
    marks = (
        alt.Chart(_data(shown))
        .mark_point(size=110, filled=True, opacity=1)
        .encode(
            x=x,
            y=y,
            shape=alt.Shape(
                "rule:N", scale=alt.Scale(domain=domain, range=shapes), sort=domain, legend=legend
            ),
            color=alt.Color(
                "rule:N",
                scale=alt.Scale(domain=domain, range=list(_COLOURS[: len(domain)])),
                sort=domain,
                legend=legend,
            ),
        )
    )
    heads = [{"order": i, "label": label} for i, label in enumerate(labels)]
    names_layer = alt.Chart(_data(heads)).mark_text(
        align="left" if narrow else "right",
        baseline="bottom" if narrow else "middle",
        dx=0 if narrow else -10,
        dy=-8 if narrow else 0,
        fontWeight="bold" if narrow else "normal",
        clip=False,
    )
    layer = alt.layer(lines, marks, names_layer.encode(x=alt.value(0), y=y, text="label:N"))
    step = 42.0 if narrow else 28.0
    return theme.configure(layer, narrow, step * len(labels) + 120)
