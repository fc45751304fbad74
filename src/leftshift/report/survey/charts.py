"""The charts of a survey's report: diverging bars, dots with intervals, slopes, small multiples.

Each takes plain rows and gives a drawing at one of two widths, as those of `charts` do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import altair as alt

from leftshift.report import theme
from leftshift.report.charts import places_of_rows, rowed, spread
from leftshift.report.theme import Rows
from leftshift.report.theme import data as _data

#: Fill and ink of answers: from the strongest of each side inwards, and those between.
HIGH = ((theme.DARK_BLUE, theme.WHITE), ("#7fb0dd", theme.INK), ("#cfe2f3", theme.INK))
LOW = (("#8a3f00", theme.WHITE), ("#e8a35f", theme.INK), ("#f6d9bd", theme.INK))
MIDDLE = ("#d8dde0", theme.INK)


def colours(options: Sequence[tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Fill and ink for each answer of a scale.

    Args:
        options: label and side (high, middle, low), from the strongest high to the strongest low.
    """
    high = [label for label, side in options if side == "high"]
    low = [label for label, side in options if side == "low"][::-1]
    found = {label: HIGH[min(place, 2)] for place, label in enumerate(high)}
    found |= {label: LOW[min(place, 2)] for place, label in enumerate(low)}
    return found | {label: MIDDLE for label, side in options if side == "middle"}


def diverging(rows: Rows, options: Sequence[tuple[str, str]], narrow: bool) -> dict[str, Any]:
    """Bars about a middle line: low answers to the left, high to the right.

    Rows have label, parts (by answer, percent) and outside (percent who are on no side). The
    share of the middle answer lies half on each side.
    """
    fills = colours(options)
    bars, ends = [], []
    for order, row in enumerate(rows):
        parts: dict[str, float] = row["parts"]
        half = sum(parts.get(label, 0.0) for label, side in options if side == "middle") / 2
        at = {"high": half, "low": -half}
        inward = {
            "high": [label for label, side in options if side == "high"][::-1],
            "low": [label for label, side in options if side == "low"],
        }
        middle = [label for label, side in options if side == "middle"]
        spans = [(label, -half, half) for label in middle if half]
        for side, sign in (("high", 1), ("low", -1)):
            for label in inward[side]:
                value = parts.get(label, 0.0)
                spans.append((label, at[side], at[side] + sign * value))
                at[side] += sign * value
        bars += [
            {
                "order": order,
                "answer": label,
                "x1": min(a, b),
                "x2": max(a, b),
                "mid": (a + b) / 2,
                "text": f"{abs(b - a):.0f}" if abs(b - a) >= (9 if narrow else 5) else "",
                "fill": fills[label][0],
                "ink": fills[label][1],
            }
            for label, a, b in spans
        ]
        ends.append({"order": order, "low": at["low"], "high": at["high"]})
    reach = max([10.0, *(max(-one["low"], one["high"]) for one in ends)]) * 1.03
    low = max([10.0, *(-one["low"] for one in ends)]) * 1.05
    scale = alt.Scale(domain=[-low, reach], nice=False)
    x = alt.X(
        "x1:Q",
        scale=scale,
        title="Per cent of those who answered",
        axis=alt.Axis(labelExpr="abs(datum.value) + '%'", tickCount=5 if narrow else 9),
    )
    y = places_of_rows(narrow)
    labels = [label for label, _ in options]
    colour = alt.Color(
        "answer:N",
        scale=alt.Scale(domain=labels, range=[fills[label][0] for label in labels]),
        legend=alt.Legend(columns=2 if narrow else len(labels), symbolType="square"),
    )
    base = alt.Chart(_data(bars))
    marks = base.mark_bar(size=18 if narrow else 20, stroke=theme.WHITE, strokeWidth=1).encode(
        x=x, x2="x2:Q", y=y, color=colour
    )
    figures = base.mark_text(baseline="middle").encode(
        x=alt.X("mid:Q", scale=scale),
        y=y,
        text="text:N",
        color=alt.Color("ink:N", scale=None, legend=None),
    )
    zero = alt.Chart(_data([{"z": 0}])).mark_rule(color=theme.INK).encode(x="z:Q")
    layers = alt.layer(zero, marks, figures).resolve_scale(color="independent")
    names = [{"label": r["label"], "order": i} for i, r in enumerate(rows)]
    return rowed(layers, names, y, narrow, lift=6.0)


def dots(
    rows: Rows,
    narrow: bool,
    title: str,
    domain: tuple[float, float],
    kinds: Sequence[str] = (),
    zero: float | None = None,
    percent: bool = True,
) -> dict[str, Any]:
    """Dots with intervals, one line each; a second kind stands as a hollow diamond.

    Rows have label, value, lower and upper (None without), and other (a second figure or None).
    """
    drawn = ("label", "value", "lower", "upper", "other")
    shown = [{**{key: r.get(key) for key in drawn}, "order": i} for i, r in enumerate(rows)]
    scale = alt.Scale(domain=list(domain), nice=False, zero=False)
    axis = alt.Axis(tickCount=4 if narrow else 6)
    if percent:
        axis = alt.Axis(tickCount=4 if narrow else 6, labelExpr="datum.value + '%'")
    x = alt.X("value:Q", title=title, scale=scale, axis=axis)
    y = places_of_rows(narrow)
    names = list(kinds) or ["value"]
    shapes = alt.Scale(domain=names, range=["circle", "diamond"][: len(names)])
    fills = alt.Scale(domain=names, range=[theme.BLUE, theme.ORANGE][: len(names)])
    points = [{"order": r["order"], "value": r["value"], "kind": names[0]} for r in shown]
    if len(names) > 1:
        points += [
            {"order": r["order"], "value": r["other"], "kind": names[1]}
            for r in shown
            if r.get("other") is not None
        ]
    legend = alt.Legend(columns=1 if narrow else 2) if len(names) > 1 else None
    layers: list[Any] = []
    if zero is not None:
        layers.append(alt.Chart(_data([{"z": zero}])).mark_rule(color=theme.INK).encode(x="z:Q"))
    lines = [r for r in shown if r["lower"] is not None]
    if lines:
        layers.append(
            alt.Chart(_data(lines))
            .mark_rule(color=theme.BLUE, strokeWidth=3, opacity=0.55)
            .encode(x=alt.X("lower:Q", scale=scale), x2="upper:Q", y=y)
        )
    layers.append(
        alt.Chart(_data(points))
        .mark_point(size=105, filled=True, opacity=1)
        .encode(
            x=x,
            y=y,
            shape=alt.Shape("kind:N", scale=shapes, legend=legend),
            color=alt.Color("kind:N", scale=fills, legend=legend),
        )
    )
    return rowed(alt.layer(*layers), shown, y, narrow)


def _apart(values: Sequence[float], gap: float) -> list[float]:
    """Labels pushed apart as far upwards as downwards."""
    up = spread(values, gap)
    down = [-one for one in spread([-one for one in values], gap)]
    return [(a + b) / 2 for a, b in zip(up, down, strict=True)]


def slopes(rows: Rows, before: str, after: str, narrow: bool) -> dict[str, Any]:
    """Lines from one wave to the next, labelled at both ends.

    Rows have label, before, after and clear (whether the change is told from chance).
    """
    low = min(min(r["before"], r["after"]) for r in rows)
    high = max(max(r["before"], r["after"]) for r in rows)
    span = max(high - low, 12.0)
    height = max(220.0, (26.0 if narrow else 24.0) * len(rows) + 60)
    gap = span * 1.12 * 19 / height
    left = _apart([r["before"] for r in rows], gap)
    right = _apart([r["after"] for r in rows], gap)
    shown = [
        {
            **r,
            "x1": 0.0,
            "x2": 1.0,
            "left": a,
            "right": b,
            "left_text": f"{r['before']:.0f}%",
            "right_text": f"{r['after']:.0f}% {r['label']}",
            "kind": "clear" if r["clear"] else "may be chance",
        }
        for r, a, b in zip(rows, left, right, strict=True)
    ]
    top = max([high, *right, *left])
    bottom = min([low, *right, *left])
    y_scale = alt.Scale(domain=[bottom - span * 0.04, top + span * 0.04], nice=False, zero=False)
    # Room for the figures at the left and for the longest label at the right, in pixels.
    size = theme.text_size(narrow)
    words = max(len(r["label"]) + 5 for r in rows) * size * 0.56 + 14
    wide, left_room = (theme.NARROW if narrow else theme.WIDE) - 10.0, 4.2 * size
    unit = min(max(wide - left_room - words, 40.0), 300.0)
    x_scale = alt.Scale(domain=[-left_room / unit, (wide - left_room) / unit], nice=False)
    colour = alt.Color(
        "kind:N",
        scale=alt.Scale(domain=["clear", "may be chance"], range=[theme.BLUE, theme.NOW]),
        legend=alt.Legend(labelExpr="datum.value == 'clear' ? 'Change told from chance' "
                          ": 'Change may be chance'", columns=1 if narrow else 2,
                          symbolType="stroke", orient="bottom"),
    )  # fmt: skip
    base = alt.Chart(_data(shown))
    x = alt.X("x1:Q", scale=x_scale, axis=None)
    lines = base.mark_rule(strokeWidth=2.5).encode(
        x=x, x2="x2:Q", y=alt.Y("before:Q", scale=y_scale, axis=None), y2="after:Q", color=colour
    )
    marks = [
        base.mark_circle(size=70, opacity=1).encode(
            x=alt.X(f"{end}:Q", scale=x_scale, axis=None),
            y=alt.Y(f"{value}:Q", scale=y_scale, axis=None),
            color=colour,
        )
        for end, value in (("x1", "before"), ("x2", "after"))
    ]
    texts = [
        base.mark_text(align="right", dx=-8, baseline="middle").encode(
            x=x, y=alt.Y("left:Q", scale=y_scale), text="left_text:N"
        ),
        base.mark_text(align="left", dx=9, baseline="middle").encode(
            x=alt.X("x2:Q", scale=x_scale), y=alt.Y("right:Q", scale=y_scale), text="right_text:N"
        ),
    ]
    ends: list[tuple[float, str, Literal["left", "right"]]] = [
        (0.08, before, "right"),
        (0.92, after, "left"),
    ]
    heads = [
        alt.Chart(_data([{"x": at, "text": text}]))
        .mark_text(align=align, fontWeight="bold", baseline="bottom")
        .encode(x=alt.X("x:Q", scale=x_scale), y=alt.value(-4), text="text:N")
        for at, text, align in ends
    ]
    return theme.configure(alt.layer(lines, *marks, *texts, *heads), narrow, height)


def panels(
    rows: Rows, names: Sequence[tuple[str, str]], narrow: bool, title: str
) -> dict[str, Any]:
    """Small multiples: the same dots for each group, side by side on one scale.

    Rows have label and figures, by group: value, lower and upper, or None where hidden.

    Args:
        rows: what is drawn, one line each.
        names: key and label of each group.
        narrow: whether for a telephone.
        title: of the axis.
    """
    gap = 118.0 if not narrow else 122.0
    y = places_of_rows(narrow)
    scale = alt.Scale(domain=[0, gap * len(names) - (gap - 100)], nice=False)
    points, lines, hidden = [], [], []
    for order, row in enumerate(rows):
        for place, (key, _) in enumerate(names):
            found = row["figures"].get(key)
            if found is None:
                hidden.append({"order": order, "x": place * gap + 50, "text": "hidden"})
                continue
            value, low, high = found
            points.append({"order": order, "x": place * gap + value})
            if low is not None:
                lines.append({"order": order, "x": place * gap + low, "end": place * gap + high})
    grid = [
        {"x": place * gap + mark, "text": "" if mark == 100 else f"{mark}%"}
        for place in range(len(names))
        for mark in (0, 50, 100)
    ]
    heads = [
        {"x": place * gap, "text": label if not narrow else label.split()[0]}
        for place, (_, label) in enumerate(names)
    ]
    x = alt.X("x:Q", scale=scale, axis=alt.Axis(labels=False, ticks=False, grid=False, title=title))
    layers = [
        alt.Chart(_data(grid)).mark_rule(color=theme.GRID).encode(x=x),
        alt.Chart(_data(grid))
        .mark_text(baseline="bottom", color=theme.SECONDARY)
        .encode(x=x, y=alt.value(-3), text="text:N"),
        alt.Chart(_data(heads))
        .mark_text(align="left", baseline="bottom", fontWeight="bold")
        .encode(x=x, y=alt.value(-21), text="text:N"),
    ]
    if lines:
        layers.append(
            alt.Chart(_data(lines))
            .mark_rule(color=theme.BLUE, strokeWidth=3, opacity=0.55)
            .encode(x=x, x2="end:Q", y=y)
        )
    if points:
        layers.append(
            alt.Chart(_data(points))
            .mark_circle(size=95, color=theme.BLUE, opacity=1)
            .encode(x=x, y=y)
        )
    if hidden:
        layers.append(
            alt.Chart(_data(hidden))
            .mark_text(color=theme.SECONDARY, fontStyle="italic", baseline="middle")
            .encode(x=x, y=y, text="text:N")
        )
    shown = [{**r, "order": i} for i, r in enumerate({"label": r["label"]} for r in rows)]
    return rowed(alt.layer(*layers), shown, y, narrow)


def bars(rows: Rows, before: str, narrow: bool) -> dict[str, Any]:
    """Bars with their figures; a tick where the wave before stood.

    Rows have label, value, said (the figure in words) and before (percent or None).
    """
    drawn = ("label", "value", "said", "before")
    shown: list[dict[str, Any]] = [
        {**{key: r.get(key) for key in drawn}, "order": i} for i, r in enumerate(rows)
    ]
    top = max([10.0, *(r["value"] for r in shown), *(r["before"] or 0.0 for r in shown)])
    scale = alt.Scale(domain=[0, top * (1.75 if narrow else 1.35)], nice=False)
    title = ("Per cent" if narrow else "Per cent of those who wrote something") + (
        f"; line: {before}" if before else ""
    )
    x = alt.X(
        "value:Q",
        title=title,
        scale=scale,
        axis=alt.Axis(tickCount=4, labelExpr="datum.value + '%'"),
    )
    y = places_of_rows(narrow)
    base = alt.Chart(_data(shown))
    layers: list[Any] = [
        base.mark_bar(size=16, color="#7fb0dd").encode(x=x, y=y),
        base.mark_text(align="left", dx=5, baseline="middle").encode(x=x, y=y, text="said:N"),
    ]
    then = [r for r in shown if r["before"] is not None]
    if then:
        layers.append(
            alt.Chart(_data(then))
            .mark_tick(color=theme.INK, thickness=3, size=20)
            .encode(x=alt.X("before:Q", scale=scale), y=y)
        )
    return rowed(alt.layer(*layers), shown, y, narrow, lift=4.0)
