"""The charts of a choice: what a budget brings, and how often each candidate is taken."""

from __future__ import annotations

from typing import Any

import altair as alt

from leftshift.report import theme
from leftshift.report.care.charts import AXES, ticks
from leftshift.report.charts import places_of_rows, rowed
from leftshift.report.theme import Rows
from leftshift.report.theme import data as _data

__all__ = ["frontier", "taken"]

_LONGEST = 38


def frontier(rows: Rows, title: str, money: bool, narrow: bool) -> dict[str, Any]:
    """What the best choice brings along what it spends, the plan's own limit marked.

    Args:
        rows: spend (£), value and own (whether at the plan's own limit), the least spend first.
        title: of the upright axis.
        money: whether the value is in pounds.
        narrow: whether for a telephone.
    """
    last = max(r["spend"] for r in rows) or 1.0
    top = max(r["value"] for r in rows)
    low = min(0.0, *(r["value"] for r in rows))
    if top <= low:
        top = low + 1.0
    across = alt.Scale(domain=[0, last * 1.04], nice=False)
    up = alt.Scale(domain=[low, top + (top - low) * 0.12], nice=False)
    x = alt.X(
        "spend:Q",
        title="New spend over all years",
        scale=across,
        axis=alt.Axis(labelExpr=AXES["pounds"],
                      values=ticks(0.0, last * 1.04, 2 if narrow else 5, last * 0.05)),
    )  # fmt: skip
    y = alt.Y(
        "value:Q",
        title=title,
        scale=up,
        axis=alt.Axis(labelExpr=AXES["pounds" if money else "count"], tickCount=5,
                      titleAnchor="end", titleAngle=0, titleAlign="left", titleX=0, titleY=-12),
    )  # fmt: skip
    base = alt.Chart(_data(rows))
    own = [r for r in rows if r["own"]]
    layers: list[Any] = [
        base.mark_line(color=theme.DARK_BLUE, strokeWidth=3).encode(x=x, y=y),
        base.mark_circle(size=70, color=theme.DARK_BLUE, opacity=1).encode(x=x, y=y),
    ]
    if own:
        marked = alt.Chart(_data([{**own[0], "text": "This choice"}]))
        layers.append(
            marked.mark_point(shape="diamond", size=220, filled=True, color=theme.ORANGE,
                              opacity=1).encode(x=x, y=y)
        )  # fmt: skip
        right = own[0]["spend"] > 0.4 * last
        layers.append(
            marked.mark_text(align="right" if right else "left", dx=-8 if right else 12, dy=-14,
                             fontWeight="bold", clip=False).encode(x=x, y=y, text="text:N")
        )  # fmt: skip
    return theme.configure(alt.layer(*layers), narrow, 300 if narrow else 280)


def taken(rows: Rows, narrow: bool) -> dict[str, Any]:
    """The share of draws in which each candidate is taken, those of this choice filled.

    Args:
        rows: label, value (per cent), text, and chosen (whether it is part of this choice).
        narrow: whether for a telephone.
    """
    kinds = ["In this choice", "Left out of it"]
    shown = []
    for i, r in enumerate(rows):
        most = 40 - len(r["text"]) if narrow else _LONGEST
        label = r["label"] if len(r["label"]) <= most else r["label"][: most - 1].rstrip() + "…"
        if narrow:
            label = f"{label}: {r['text']}"
        shown.append({**r, "order": i, "label": label, "kind": kinds[0 if r["chosen"] else 1]})
    x = alt.X(
        "value:Q",
        title="Share of draws in which it is taken",
        scale=alt.Scale(domain=[0, 100], nice=False),
        axis=alt.Axis(labelExpr=AXES["percent"], values=[0, 25, 50, 75]),
    )
    y = places_of_rows(narrow)
    held = [k for k in kinds if any(r["kind"] == k for r in shown)]
    inks = {kinds[0]: theme.BLUE, kinds[1]: theme.NOW}
    base = alt.Chart(_data(shown))
    layers: list[Any] = [
        base.mark_bar(size=13 if narrow else 16).encode(
            x=x,
            y=y,
            color=alt.Color(
                "kind:N", sort=kinds, title=None,
                scale=alt.Scale(domain=held, range=[inks[k] for k in held]),
            ),
        )
    ]  # fmt: skip
    if not narrow:
        layers.append(
            base.mark_text(align="left", dx=8, baseline="middle", clip=False).encode(
                x=alt.value("width"), y=y, text="text:N"
            )
        )
    return rowed(alt.layer(*layers), shown, y, narrow, lift=3.0)
