"""Value triangles: people reached times benefit each, against cost, one for each candidate.

After the socio-technical allocation of resources (STAR): a triangle is as long as the candidate
costs and as high as the health it brings, so that its slope is its value for money. Laid end to
end, the steepest first, their tops are what a budget could bring.
"""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl

from leftshift.report import theme
from leftshift.report.care.charts import AXES, ticks
from leftshift.report.theme import Rows
from leftshift.report.theme import data as _data

__all__ = ["drawing", "triangles"]


def triangles(choices: pl.DataFrame) -> list[dict[str, Any]]:
    """One row for each candidate that brings anything, the best value for money first.

    Args:
        choices: table `choices` of a run.

    Returns:
        Rows of intervention, label, chosen, people (person-years), benefit_each (QALYs), benefit
        (their product), cost (£), slope (QALYs for £1m; None where it costs nothing), and where the
        triangle lies when all are laid end to end: from, to (£) and base, top (QALYs). What is left
        out is shown at full reach.
    """
    rows = []
    for row in choices.sort("position").iter_rows(named=True):
        people, each = row["people_reached"], row["benefit_each"]
        cost_each = row["cost_each"]
        if people is None or each is None or each <= 0.0:
            continue
        cost = max((cost_each or 0.0) * people, 0.0)
        benefit = people * each
        rows.append(
            {
                "intervention": row["intervention"],
                "label": row["label"],
                "chosen": row["chosen"],
                "people": people,
                "benefit_each": each,
                "benefit": benefit,
                "cost": cost,
                "slope": benefit / cost * 1e6 if cost > 0.0 else None,
            }
        )
    rows.sort(key=lambda r: -r["slope"] if r["slope"] is not None else float("-inf"))
    spent = gained = 0.0
    for row in rows:
        row |= {"from": spent, "to": spent + row["cost"]}
        row |= {"base": gained, "top": gained + row["benefit"]}
        spent, gained = row["to"], row["top"]
    return rows


def drawing(rows: Rows, narrow: bool) -> dict[str, Any]:
    """The triangles laid end to end, numbered as the rows are: cost along, health up.

    Args:
        rows: of `triangles`; at least one.
        narrow: whether for a telephone.
    """
    kinds = ["Chosen", "Left out"]
    corners = [
        {
            "id": row["intervention"],
            "kind": kinds[0] if row["chosen"] else kinds[1],
            "at": row[end],
            "low": row["base"],
            "high": row[height],
        }
        for row in rows
        for end, height in (("from", "base"), ("to", "top"))
    ]
    last, top = max(r["to"] for r in rows) or 1.0, max(r["top"] for r in rows)
    x = alt.X(
        "at:Q",
        title="New spend, laid end to end",
        scale=alt.Scale(domain=[0, last], nice=False),
        axis=alt.Axis(labelExpr=AXES["pounds"], values=ticks(0.0, last, 2 if narrow else 5, 0.0)),
    )
    up = alt.Scale(domain=[0, top * 1.08], nice=False)
    y = alt.Y(
        "low:Q",
        title="QALYs",
        scale=up,
        axis=alt.Axis(tickCount=5, titleAnchor="end", titleAngle=0, titleAlign="left", titleX=0,
                      titleY=-12),
    )  # fmt: skip
    held = [kind for kind in kinds if any(c["kind"] == kind for c in corners)]
    inks = {kinds[0]: theme.BLUE, kinds[1]: theme.NOW}
    shapes = (
        alt.Chart(_data(corners))
        .mark_area(line=False, opacity=0.85, stroke=theme.INK, strokeWidth=0.5)
        .encode(
            x=x,
            y=y,
            y2="high:Q",
            detail="id:N",
            color=alt.Color(
                "kind:N",
                title=None,
                scale=alt.Scale(domain=held, range=[inks[kind] for kind in held]),
                legend=alt.Legend(orient="bottom"),
            ),
        )
    )
    numbers = [
        {"at": r["to"], "low": r["top"], "said": str(place)}
        for place, r in enumerate(rows, start=1)
    ]
    said = (
        alt.Chart(_data(numbers))
        .mark_text(align="right", dx=-2, dy=-8, clip=False)
        .encode(x=x, y=y, text="said:N")
    )
    return theme.configure(alt.layer(shapes, said), narrow, 300 if narrow else 320)
