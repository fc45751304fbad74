"""The chart of people by segment. It takes plain rows and gives a drawing at one width."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from leftshift.report import theme
from leftshift.report.charts import _COUNTS
from leftshift.report.theme import Rows
from leftshift.report.theme import data as _data

__all__ = ["MOST_BANDS", "bands"]

#: Light to dark, the first segment lightest; bands are parted by white lines as well.
_SHADES = (*theme.STEPS, theme.INK)
MOST_BANDS = len(_SHADES)


def bands(rows: Rows, series: Sequence[str], years: int, narrow: bool) -> dict[str, Any]:
    """Bands of people on top of one another by year, the first series at the foot.

    Rows have series, year (from 0), order, low and high (people).

    Args:
        rows: what to draw.
        series: names of the bands from the foot, at most `MOST_BANDS`.
        years: the last year.
        narrow: whether it is the narrow drawing.
    """
    x = alt.X(
        "year:Q",
        title="People, by years from the start",
        scale=alt.Scale(domain=[0, years], nice=False),
        axis=alt.Axis(tickCount=min(years, 4 if narrow else 10), tickMinStep=1, grid=False),
    )
    y = alt.Y(
        "low:Q",
        title=None,
        axis=alt.Axis(labelExpr=_COUNTS, tickCount=6),
    )
    # Few segments are spread over the whole range of shades.
    span = max(len(series), len(theme.STEPS)) - 1
    used = [_SHADES[round(i * span / max(len(series) - 1, 1))] for i in range(len(series))]
    columns = 6 if max(map(len, series)) <= 8 else 4
    colour = alt.Color(
        "series:N",
        sort=list(series),
        scale=alt.Scale(domain=list(series), range=used),
        legend=alt.Legend(columns=columns // 2 if narrow else columns, symbolType="square"),
    )
    base = alt.Chart(_data(rows))
    areas = base.mark_area(stroke=theme.WHITE, strokeWidth=1.5).encode(
        x=x, y=y, y2="high:Q", color=colour
    )
    # The palest band would be lost on white paper without an edge.
    edge = (
        alt.Chart(_data([r for r in rows if r["order"] == len(series) - 1]))
        .mark_line(color=theme.INK, strokeWidth=1.5)
        .encode(x=x, y=alt.Y("high:Q"))
    )
    return theme.configure(alt.layer(areas, edge), narrow, 340 if narrow else 360)
