"""The charts of a plan: differences by year, ranges about nothing, chances along a value.

Each takes plain rows and gives a drawing at one of two widths, as those of `report.charts` do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from leftshift.report import theme
from leftshift.report.care.charts import AXES, ticks
from leftshift.report.charts import places_of_rows, rowed, spread
from leftshift.report.theme import Rows
from leftshift.report.theme import data as _data

__all__ = ["by_year", "chances", "ranges", "tornado"]

_CLEAR, _OPEN = "Interval clear of 0", "No clear difference"
_INKS = (theme.DARK_BLUE, theme.ORANGE, theme.GREEN, theme.SECONDARY, theme.INK)
_DASHES = ([1, 0], [6, 3], [2, 2], [10, 3, 2, 3], [4, 1])


def by_year(
    rows: Rows, years: Sequence[str], title: str, narrow: bool, axis: str = "count",
    zero: bool = True,
) -> dict[str, Any]:  # fmt: skip
    """Lines by year about a line at nothing, labelled at their ends, each with its band.

    Rows have series, label, year, value, lower and upper (None without draws) and said (what stands
    at the end of the line).

    Args:
        rows: as above.
        years: in order.
        title: of the axis.
        narrow: whether for a telephone.
        axis: "count", "pounds" or "percent".
        zero: whether the axis must hold 0.
    """
    height = 280 if narrow else 270
    ends = [r for r in rows if r["year"] == years[-1]]
    values = [v for r in rows for v in (r["value"], r["lower"], r["upper"]) if v is not None]
    low, high = min(values), max(values)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    margin = max((high - low) * 0.06, 1e-9)
    low, high = low - margin, high + margin
    span = high - low
    lines = 2 if narrow else 1
    heights = spread([r["value"] for r in ends], span * 0.075 * lines)
    labels = [
        {
            "year": r["year"],
            "at": at,
            "series": r["series"],
            "text": (f"{r['label']}\n{r['said']}" if narrow else f"{r['label']}: {r['said']}")
            if r["label"]
            else r["said"],
        }
        for r, at in zip(ends, heights, strict=True)
    ]
    size = theme.text_size(narrow)
    longest = max(len(part) for label in labels for part in label["text"].split("\n"))
    room = longest * size * 0.6 + 12
    step = max(1, (len(years) - 1) // (2 if narrow else 4))
    keys = [r["series"] for r in ends]
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
        title=title,
        scale=scale,
        axis=alt.Axis(
            labelExpr=AXES[axis],
            tickCount=6,
            titleAnchor="end",
            titleAngle=0,
            titleAlign="left",
            titleX=0,
            titleY=-12,
        ),
    )
    inks = list(_INKS[: len(keys)])
    colour = alt.Color("series:N", scale=alt.Scale(domain=keys, range=inks), legend=None)
    dashes = alt.StrokeDash(
        "series:N",
        scale=alt.Scale(domain=keys, range=list(_DASHES[: len(keys)])),
        legend=None,
    )
    layers: list[Any] = []
    banded = [r for r in rows if r["lower"] is not None]
    if banded:
        layers.append(
            alt.Chart(_data(banded))
            .mark_area(opacity=0.18)
            .encode(x=x, y=alt.Y("lower:Q", scale=scale), y2="upper:Q", color=colour)
        )
    if low < 0 < high:
        layers.append(alt.Chart(_data([{"z": 0}])).mark_rule(color=theme.INK).encode(y="z:Q"))
    layers.append(
        alt.Chart(_data(rows))
        .mark_line(strokeWidth=3)
        .encode(x=x, y=y, color=colour, strokeDash=dashes)
    )
    layers.append(
        alt.Chart(_data(labels))
        .mark_text(align="left", dx=6, fontWeight="bold", clip=False, lineBreak="\n")
        .encode(x=x, y=alt.Y("at:Q", scale=scale), text="text:N", color=colour)
    )
    return theme.configure(alt.layer(*layers), narrow, height)


def _clipped(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _labelled(rows: Rows, narrow: bool) -> list[dict[str, Any]]:
    """Rows with their place, and a name short enough to stand beside or above their marks."""
    made = []
    for i, r in enumerate(rows):
        label = str(r["label"])
        if narrow:
            # The figure comes after the name, and both must fit into the narrow drawing.
            label = f"{_clipped(label, 42 - len(r['text']))}: {r['text']}"
        else:
            label = _clipped(label, 38)
        made.append({**r, "order": i, "label": label})
    return made


def ranges(rows: Rows, title: str, narrow: bool, axis: str = "count") -> dict[str, Any]:
    """A dot with its interval for each row, about a line at nothing, the figure beside it.

    Rows have label, value, lower and upper (None without draws) and text. Filled dots differ from
    nothing; a hollow dot's interval holds nothing at all.
    """
    shown = _labelled(rows, narrow)
    for r in shown:
        unsure = r["value"] == 0 or (r["lower"] is not None and r["lower"] <= 0 <= r["upper"])
        r["kind"] = _OPEN if unsure else _CLEAR
    values = [v for r in shown for v in (r["value"], r["lower"], r["upper"]) if v is not None]
    low, high = min([*values, 0.0]), max([*values, 0.0])
    if high == low:
        high = 1.0
    pad = (high - low) * 0.05
    low, high = low - pad, high + pad
    scale = alt.Scale(domain=[low, high], nice=False)
    x = alt.X(
        "value:Q",
        title=title,
        scale=scale,
        axis=alt.Axis(labelExpr=AXES[axis], values=ticks(low, high, 3 if narrow else 5, pad * 2)),
    )
    y = places_of_rows(narrow)
    base = alt.Chart(_data(shown))
    layers: list[Any] = [
        alt.Chart(_data([{"z": 0}])).mark_rule(color=theme.INK).encode(x=alt.X("z:Q", scale=scale))
    ]
    lines = [r for r in shown if r["lower"] is not None]
    if lines:
        layers.append(
            alt.Chart(_data(lines))
            .mark_rule(color=theme.INK, strokeWidth=2)
            .encode(x=alt.X("lower:Q", scale=scale), x2="upper:Q", y=y)
        )
    kinds = [k for k in (_CLEAR, _OPEN) if any(r["kind"] == k for r in shown)]
    legend = alt.Legend() if lines else None
    fills = {_CLEAR: theme.BLUE, _OPEN: theme.WHITE}
    layers.append(
        base.mark_point(size=110, filled=True, opacity=1, stroke=theme.BLUE, strokeWidth=2).encode(
            x=x,
            y=y,
            fill=alt.Fill(
                "kind:N",
                scale=alt.Scale(domain=kinds, range=[fills[k] for k in kinds]),
                legend=legend,
            ),
        )
    )
    if not narrow:
        layers.append(
            base.mark_text(align="left", dx=8, baseline="middle", clip=False).encode(
                x=alt.value("width"), y=y, text="text:N"
            )
        )
    return rowed(alt.layer(*layers), shown, y, narrow, lift=3.0)


def tornado(rows: Rows, centre: float, title: str, narrow: bool) -> dict[str, Any]:
    """Bars from a middle to the net benefit where an input is low and where it is high.

    Rows have label, low and high (pounds) and text, the widest first.
    """
    shown = _labelled(rows, narrow)
    kinds = ["Input low", "Input high"]
    long = [
        {"order": r["order"], "kind": kind, "from": centre, "to": r[key]}
        for r in shown
        for key, kind in (("low", kinds[0]), ("high", kinds[1]))
    ]
    values = [centre, *(r[k] for r in shown for k in ("low", "high"))]
    low, high = min(values), max(values)
    if high == low:
        low, high = low - 1.0, high + 1.0
    pad = (high - low) * 0.06
    low, high = low - pad, high + pad
    scale = alt.Scale(domain=[low, high], nice=False, zero=False)
    x = alt.X(
        "from:Q",
        title=title,
        scale=scale,
        axis=alt.Axis(
            labelExpr=AXES["pounds"], values=ticks(low, high, 3 if narrow else 5, pad * 2)
        ),
    )
    y = places_of_rows(narrow)
    layers: list[Any] = [
        alt.Chart(_data(long))
        .mark_bar(size=13 if narrow else 16)
        .encode(
            x=x,
            x2="to:Q",
            y=y,
            color=alt.Color(
                "kind:N", sort=kinds, scale=alt.Scale(domain=kinds, range=[theme.NOW, theme.BLUE])
            ),
        ),
        alt.Chart(_data([{"z": centre}]))
        .mark_rule(color=theme.INK, strokeWidth=2)
        .encode(x=alt.X("z:Q", scale=scale)),
    ]
    if low < 0 < high:
        layers.append(
            alt.Chart(_data([{"z": 0}]))
            .mark_rule(color=theme.INK, strokeDash=[4, 3])
            .encode(x=alt.X("z:Q", scale=scale))
        )
    return rowed(alt.layer(*layers), shown, y, narrow, lift=4.0)


def chances(rows: Rows, marks: Rows, narrow: bool) -> dict[str, Any]:
    """The chance of being worth it along values of a QALY, with some values marked.

    Rows have at (pounds) and value (percent); marks have at, value and text.
    """
    last = max(r["at"] for r in rows)
    scale = alt.Scale(domain=[0, last], nice=False)
    x = alt.X(
        "at:Q",
        title="Value of a QALY",
        scale=scale,
        axis=alt.Axis(
            labelExpr=AXES["pounds"],
            values=ticks(0.0, last, 2 if narrow else 5, 0.0),
            labelFlush=True,
        ),
    )
    tall = alt.Scale(domain=[0, 100], nice=False)
    y = alt.Y(
        "value:Q",
        title="Chance",
        scale=tall,
        axis=alt.Axis(
            labelExpr=AXES["percent"],
            tickCount=5,
            titleAnchor="end",
            titleAngle=0,
            titleAlign="left",
            titleX=0,
            titleY=-12,
        ),
    )
    line = alt.Chart(_data(rows)).mark_line(color=theme.DARK_BLUE, strokeWidth=3)
    drops = alt.Chart(_data(marks)).mark_rule(color=theme.NOW, strokeDash=[4, 3])
    dots = alt.Chart(_data(marks)).mark_circle(size=110, color=theme.ORANGE, opacity=1)
    layers: list[Any] = [
        drops.encode(x=alt.X("at:Q", scale=scale)),
        line.encode(x=x, y=y),
        dots.encode(x=x, y=y),
    ]
    # Each mark's figure stands on the side of its dot where the curve is not.
    for above in (True, False):
        some = [m for m in marks if (m["value"] < 50) is above]
        if some:
            edge: dict[str, Any] = {"stroke": theme.WHITE, "strokeWidth": 4, "strokeJoin": "round"}
            left = above and not narrow
            text = alt.Chart(_data(some)).encode(x=x, y=y, text="text:N")
            for style in (edge, {}):
                layers.append(
                    text.mark_text(
                        align="right" if left else "left",
                        dx=-8 if left else 8,
                        dy=-14 if above else 16,
                        fontWeight="bold",
                        **style,
                    )
                )
    return theme.configure(alt.layer(*layers), narrow, 280)
