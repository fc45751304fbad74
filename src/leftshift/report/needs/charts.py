"""The charts of a needs assessment. Each takes plain rows and gives a drawing at one width."""

from __future__ import annotations

from typing import Any

import altair as alt

from leftshift.report import theme
from leftshift.report.charts import _clipped, places_of_rows, rowed
from leftshift.report.theme import Rows
from leftshift.report.theme import data as _data

__all__ = ["dots", "fifths", "funnel"]

_SERIES = (theme.BLUE, theme.ORANGE)
_SHAPES = ("circle", "diamond")


def dots(rows: Rows, unit: str, line: float, said: str, narrow: bool) -> dict[str, Any]:
    """A dot with its interval for each row, and a line to read them by.

    Rows have label, value, lower and upper (None without an interval).

    Args:
        rows: what to draw, in order.
        unit: title of the axis.
        line: where the line stands.
        said: what the line is.
        narrow: whether it is the narrow drawing.
    """
    shown = [
        {**r, "order": i, "label": _clipped(r["label"], 40 if narrow else 44)}
        for i, r in enumerate(rows)
    ]
    values = [v for r in shown for v in (r["value"], r["lower"], r["upper"]) if v is not None]
    low, high = min([*values, line]), max([*values, line])
    pad = max((high - low) * 0.06, abs(line) * 0.01, 1e-9)
    x = alt.X(
        "value:Q",
        title=[unit, f"Line: {said}"],
        scale=alt.Scale(domain=[low - pad, high + pad], nice=False, zero=False),
        axis=alt.Axis(tickCount=3 if narrow else 7, format=",~r" if high < 10 else ",.0f"),
    )
    y = places_of_rows(narrow)
    base = alt.Chart(_data(shown))
    rule = (
        alt.Chart(_data([{"at": line}]))
        .mark_rule(color=theme.INK, strokeWidth=1.5, strokeDash=[5, 3])
        .encode(x="at:Q")
    )
    layers: list[Any] = [rule]
    bounded = [r for r in shown if r["lower"] is not None]
    if bounded:
        layers.append(
            alt.Chart(_data(bounded))
            .mark_rule(color=theme.NOW, strokeWidth=3)
            .encode(x=alt.X("lower:Q"), x2="upper:Q", y=y)
        )
    layers.append(base.mark_circle(size=110, color=theme.BLUE, opacity=1).encode(x=x, y=y))
    return rowed(alt.layer(*layers), shown, y, narrow)


def fifths(rows: Rows, series: list[str], unit: str, narrow: bool) -> dict[str, Any]:
    """A figure by fifth of deprivation with its interval, for the area and for England.

    Rows have series, fifth ("1" to "5"), value, lower and upper.
    """
    values = [v for r in rows for v in (r["value"], r["lower"], r["upper"]) if v is not None]
    low, high = min(values), max(values)
    pad = max((high - low) * 0.08, 1e-9)
    x = alt.X(
        "fifth:O",
        title=["Fifth of deprivation:", "1 most deprived, 5 least"],
        sort=list("12345"),
        axis=alt.Axis(labelAngle=0, grid=False),
        scale=alt.Scale(paddingInner=0.4),
    )
    y = alt.Y(
        "value:Q",
        title=unit,
        scale=alt.Scale(domain=[max(low - pad, 0.0), high + pad], zero=False),
        axis=alt.Axis(
            tickCount=6,
            format=",.0f",
            titleAnchor="end",
            titleAngle=0,
            titleAlign="left",
            titleX=0,
            titleY=-12,
        ),
    )
    used = list(_SERIES[: len(series)])
    # Beneath, because the unit stands above.
    legend = alt.Legend(orient="bottom", title=None)
    colour = alt.Color(
        "series:N", scale=alt.Scale(domain=series, range=used), sort=series, legend=legend
    )
    shape = alt.Shape(
        "series:N",
        scale=alt.Scale(domain=series, range=list(_SHAPES[: len(series)])),
        sort=series,
        legend=legend,
    )
    offset = alt.XOffset("series:N", sort=series)
    base = alt.Chart(_data(rows))
    whiskers = base.mark_rule(strokeWidth=2).encode(
        x=x, xOffset=offset, y=alt.Y("lower:Q"), y2="upper:Q", color=colour
    )
    points = base.mark_point(size=110, filled=True, opacity=1).encode(
        x=x, xOffset=offset, y=y, color=colour, shape=shape
    )
    return theme.configure(alt.layer(whiskers, points), narrow, 330)


def funnel(rows: Rows, unit: str, narrow: bool) -> dict[str, Any]:
    """Units by size with the limits that their size allows; those outside are named.

    Rows have name, size, value, target, lower95, upper95, lower998, upper998 and position.
    """
    size = theme.text_size(narrow)
    keys = ("value", "lower998", "upper998")
    values = [r[key] for r in rows for key in keys]
    low, high = min(values), max(values)
    pad = max((high - low) * 0.06, 1e-9)
    smallest, largest = min(r["size"] for r in rows), max(r["size"] for r in rows)
    room = max((largest - smallest) * 0.08, largest * 0.02)
    x_scale = alt.Scale(domain=[max(smallest - room, 0.0), largest + room], nice=False, zero=False)
    y_scale = alt.Scale(domain=[max(low - pad, 0.0), high + pad], nice=False, zero=False)
    x = alt.X(
        "size:Q",
        title="Effective number of people",
        scale=x_scale,
        axis=alt.Axis(
            tickCount=3 if narrow else 6,
            grid=False,
            labelExpr="datum.value >= 1000 ? format(datum.value / 1000, ',~r') + 'k' : datum.label",
        ),
    )
    axis = alt.Axis(
        tickCount=6,
        format=",~r" if high < 10 else ",.0f",
        titleAnchor="end",
        titleAngle=0,
        titleAlign="left",
        titleX=0,
        titleY=-12,
    )
    lines = []
    for key, dash in (("95", [5, 3]), ("998", [1, 0])):
        for end in ("lower", "upper"):
            lines.append(
                alt.Chart(_data(rows))
                .mark_line(color=theme.NOW, strokeWidth=1.5, strokeDash=dash)
                .encode(x=x, y=alt.Y(f"{end}{key}:Q", title=unit, scale=y_scale, axis=axis))
            )
    middle = (
        alt.Chart(_data(rows[:1]))
        .mark_rule(color=theme.INK, strokeWidth=1.5)
        .encode(y=alt.Y("target:Q", scale=y_scale))
    )
    inside = [r for r in rows if r["position"] == "inside"]
    outside = [r for r in rows if r["position"] != "inside"]
    points = [
        alt.Chart(_data(some))
        .mark_point(size=70 if len(rows) < 200 else 25, filled=True, opacity=opacity, shape=shape)
        .encode(x=x, y=alt.Y("value:Q", scale=y_scale), color=alt.value(colour))
        for some, shape, colour, opacity in (
            (inside, "circle", theme.BLUE, 0.75),
            (outside, "diamond", theme.ORANGE, 1.0),
        )
        if some
    ]
    names = []
    if len(outside) <= (3 if narrow else 6):
        span = largest - smallest + 2 * room
        for one in outside:
            right = (one["size"] - smallest + room) / span > 0.5
            # Names stand towards the middle, so that none is cut off at an edge.
            text = _clipped(one["name"], 18 if narrow else 34)
            # A white edge keeps the letters clear of the lines they cross.
            edge: dict[str, Any] = {"stroke": theme.WHITE, "strokeWidth": 4, "strokeJoin": "round"}
            for style in (edge, {}):
                names.append(
                    alt.Chart(_data([{**one, "text": text}]))
                    .mark_text(
                        align="right" if right else "left",
                        dx=-8 if right else 8,
                        dy=-6,
                        fontSize=size,
                        color=theme.INK,
                        **style,
                    )
                    .encode(
                        x=alt.X("size:Q", scale=x_scale),
                        y=alt.Y("value:Q", scale=y_scale),
                        text="text:N",
                    )
                )
    return theme.configure(alt.layer(*lines, middle, *points, *names), narrow, 360)
