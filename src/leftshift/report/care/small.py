"""Small multiples: one waterfall for each setting, side by side on a shared scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import altair as alt

from leftshift.report import theme
from leftshift.report.theme import data as _data

__all__ = ["waterfalls"]

_ROW = 21.0
_HEAD = 46.0


def waterfalls(panels: Sequence[Mapping[str, Any]], narrow: bool) -> dict[str, Any]:
    """A panel for each setting, drawn to one scale: percentages of its own first year.

    Panels have label, note (a few words beneath it) and rows with label, start, end (per cent),
    text and total (a row from 0 to the whole change).
    """
    columns = 1 if narrow else 2
    size = theme.text_size(narrow)
    width = float(theme.NARROW if narrow else theme.WIDE)
    gutter = 24.0
    panel = (width - gutter * (columns - 1)) / columns
    rows = [row for one in panels for row in one["rows"]]
    longest = max(len(row["label"]) for row in rows)
    names = min(longest * size * 0.53 + 8, panel * 0.6)
    texts = max(len(row["text"]) for row in rows) * size * 0.58 + 8
    low = min([row[k] for row in rows for k in ("start", "end")] + [0.0])
    high = max([row[k] for row in rows for k in ("start", "end")] + [low + 1.0])
    unit = (panel - names - texts) / (high - low)
    bars: list[dict[str, Any]] = []
    heads: list[dict[str, Any]] = []
    zeros: list[dict[str, Any]] = []
    tops = [0.0] * columns
    for number, one in enumerate(panels):
        column = number % columns
        left, top = column * (panel + gutter), tops[column]
        zero = left + names - low * unit
        heads.append({"x": left, "y": top + 14, "text": one["label"], "weight": "bold"})
        heads.append({"x": left, "y": top + 32, "text": one["note"], "weight": "normal"})
        top += _HEAD
        zeros.append({"x": zero, "y1": top - 2, "y2": top + _ROW * len(one["rows"])})
        for row in one["rows"]:
            ends = sorted((zero + row["start"] * unit, zero + row["end"] * unit))
            kind = "total" if row["total"] else "adds" if row["end"] >= row["start"] else "less"
            bars.append(
                {
                    "x1": ends[0],
                    "x2": max(ends[1], ends[0] + 1.0),
                    "y1": top + 3,
                    "y2": top + _ROW - 4,
                    "mid": top + _ROW / 2,
                    "name": left,
                    "label": row["label"],
                    "text": row["text"],
                    "fill": _INKS[kind],
                }
            )
            top += _ROW
        tops[column] = top + 14
    height = max(tops)
    x_scale = alt.Scale(domain=[0, width], nice=False, zero=False)
    y_scale = alt.Scale(domain=[0, height], reverse=True, nice=False, zero=False)

    def x(field: str) -> Any:
        return alt.X(f"{field}:Q", scale=x_scale, axis=None)

    def y(field: str) -> Any:
        return alt.Y(f"{field}:Q", scale=y_scale, axis=None)

    base = alt.Chart(_data(bars))
    layers = alt.layer(
        alt.Chart(_data(zeros)).mark_rule(color=theme.INK).encode(x=x("x"), y=y("y1"), y2="y2:Q"),
        base.mark_rect().encode(
            x=x("x1"), x2="x2:Q", y=y("y1"), y2="y2:Q", color=alt.Color("fill:N", scale=None)
        ),
        base.mark_text(align="left", baseline="middle").encode(
            x=x("name"), y=y("mid"), text="label:N"
        ),
        base.mark_text(align="left", baseline="middle", dx=5, fontWeight="bold").encode(
            x=x("x2"), y=y("mid"), text="text:N"
        ),
        *(
            alt.Chart(_data([head for head in heads if head["weight"] == weight]))
            .mark_text(align="left", baseline="middle", fontWeight=weight, color=theme.DARK_BLUE)
            .encode(x=x("x"), y=y("y"), text="text:N")
            for weight in _WEIGHTS
        ),
    )
    return theme.configure(layers, narrow, height)


_WEIGHTS: tuple[Literal["bold", "normal"], ...] = ("bold", "normal")
_INKS = {"total": theme.DARK_BLUE, "adds": theme.ORANGE, "less": theme.GREEN}
