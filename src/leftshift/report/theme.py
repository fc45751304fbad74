"""The look of a report: colours, type, and how a chart becomes a picture inside the page.

The palette follows the spirit of the NHS.UK design system (MIT), whose blue and green pass
contrast on white. No NHS logo and no NHS typeface is used: Leftshift is independent of the NHS.
Every meaning carried by colour is carried by position, shape or words as well.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import vl_convert

BLUE = "#005eb8"
DARK_BLUE = "#003087"
GREEN = "#007f3b"
INK = "#212b32"
SECONDARY = "#4c6272"
NOW = "#768692"
GRID = "#d8dde0"
PALE = "#f0f4f5"
WHITE = "#ffffff"
ORANGE = "#b85c00"

#: Light to dark; black text reads on the first three and white on the last two (over 4.5 to 1).
STEPS = ("#e6f0fa", "#b8d4ee", "#7fb0dd", "#2a6cae", "#003f7d")
STEP_INK = (INK, INK, INK, WHITE, WHITE)

FONT = "Arial, 'Liberation Sans', Helvetica, sans-serif"

#: Each chart is drawn twice: for screens and paper of 700 pixels and more, and for telephones.
#: At 320 pixels of viewport the narrow drawing is shown at 288, so its text stays above 11 pixels.
WIDE = 700
NARROW = 320

Rows = Sequence[Mapping[str, Any]]

_LINK = "\x1f"
_DROP = re.compile(r"\s(?:role|aria-[a-z]+)=\"[^\"]*\"")
_ID = re.compile(r"(\sid=\"|url\(#|href=\"#)([^\")]+)")


def text_size(narrow: bool) -> float:
    """Point size of chart text, in the units of the drawing."""
    return 12.5 if narrow else 14


def data(rows: Rows) -> Any:
    """Rows as a named data set of the drawing, so that altair never copies or checks each row."""
    text = json.dumps([dict(row) for row in rows], sort_keys=True)
    return alt.NamedData(name=f"rows{_LINK}{text}")


def configure(chart: Any, narrow: bool, height: float) -> dict[str, Any]:
    """Give a layered chart the common size, type and quiet axes, as a Vega-Lite specification."""
    # altair's own configure methods copy the whole chart at each call; the drawing is unchanged
    # by adding the same settings to its specification, and is made four times as fast.
    spec: dict[str, Any] = chart.to_dict(validate=False)
    names: dict[str, str] = {}
    spec["datasets"] = {}
    _name_data(spec, names, spec["datasets"])
    size = text_size(narrow)
    spec.update(
        width=NARROW if narrow else WIDE,
        height=height,
        autosize={"type": "fit", "contains": "padding"},
        background=WHITE,
        padding=4,
    )
    spec["config"] = {
        "font": FONT,
        "aria": False,
        "view": {"stroke": None},
        "axis": {
            "labelFontSize": size,
            "titleFontSize": size,
            "titleFontWeight": "normal",
            "titleColor": SECONDARY,
            "labelColor": INK,
            "gridColor": GRID,
            "domain": False,
            "tickColor": GRID,
            "labelLimit": 0,
        },
        "legend": {
            "labelFontSize": size,
            "titleFontSize": size,
            "labelColor": INK,
            "orient": "top",
            "direction": "horizontal",
            "title": None,
            "symbolSize": 120,
            "labelLimit": 0,
            "offset": 4,
        },
        "text": {"fontSize": size, "color": INK},
    }
    return spec


def _name_data(part: Any, names: dict[str, str], sets: dict[str, Any]) -> None:
    """Move the rows that `data` put in names to the specification's own data sets."""
    if isinstance(part, list):
        for item in part:
            _name_data(item, names, sets)
    elif isinstance(part, dict):
        long = part.get("name")
        if isinstance(long, str) and long.startswith(f"rows{_LINK}"):
            if long not in names:
                names[long] = f"rows{len(names)}"
                sets[names[long]] = json.loads(long.split(_LINK, 1)[1])
            part["name"] = names[long]
        for key, item in part.items():
            if key != "datasets":
                _name_data(item, names, sets)


def inline_svg(spec: dict[str, Any], key: str, title: str, description: str) -> str:
    """Draw a chart as an SVG element for the page, named and described for those who cannot see it.

    Args:
        spec: What `configure` gives.
        key: Unique within the page; every id inside the drawing starts with it.
        title: Short name of the figure.
        description: What it shows, in words.

    Returns:
        The svg element, without width or height, so that it scales by its viewBox.
    """
    raw = vl_convert.vegalite_to_svg(spec)
    start = raw.index(">", raw.index("<svg")) + 1
    opening, body = raw[:start], raw[start:]
    box = re.search(r"viewBox=\"([^\"]+)\"", opening)
    body = _DROP.sub("", body)
    body = _ID.sub(lambda m: f"{m.group(1)}{key}-{m.group(2)}", body)
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box.group(1) if box else ""}" '
        f'role="img" aria-labelledby="{key}-title {key}-desc" focusable="false">'
        f'<title id="{key}-title">{html.escape(title)}</title>'
        f'<desc id="{key}-desc">{html.escape(description)}</desc>'
    )
    return opening + body
