"""Whether the money knows us: the bridge to published spending, checks, the board's own data."""

from __future__ import annotations

from typing import Any

from leftshift.report import blocks, words
from leftshift.report.blocks import Cell, Section, TableBlock
from leftshift.report.care.figures import Care
from leftshift.report.money import is_money, millions, pounds

__all__ = ["bridge_sentence", "knows"]

_CATEGORIES = {
    "published": "Published total",
    "in": "Named by a service",
    "out": "No service of the model",
    "overlapping": "In two lines, netted once",
    "unexplained": "Not explained yet",
}


_PARTS = {
    "nhs": "NHS commissioning",
    "social_care": "councils' social care",
    "public_health": "public health grant",
}


def _value(row: dict[str, Any]) -> float:
    """The amount of a bridge line in pounds, whichever unit it is written in."""
    unit = str(row.get("unit") or "").lower()
    scale = 1e9 if "billion" in unit or "bn" in unit else 1e6 if "million" in unit else 1.0
    return float(row.get("value") or 0.0) * scale


def bridge_sentence(care: Care) -> str:
    """How much of England's published spending services name, and how much is unexplained."""
    parts: dict[str, dict[str, float]] = {}
    for row in care.bridge:
        sums = parts.setdefault(str(row.get("part") or ""), {})
        key = str(row.get("category"))
        sums[key] = sums.get(key, 0.0) + _value(row)
    # Parts overlap, so their totals are not added up: the largest speaks for the bridge.
    ranked = sorted(parts.items(), key=lambda pair: -pair[1].get("published", 0.0))
    if not ranked or ranked[0][1].get("published", 0.0) <= 0:
        return ""
    part, sums = ranked[0]
    published, left = sums["published"], sums.get("unexplained", 0.0)
    rows = [r for r in care.bridge if str(r.get("part") or "") == part]
    year = _year(rows).removeprefix(", ")
    return (
        f"Of England's {pounds(published)} of {words.inside(_part(care, part))}"
        f"{f' ({year})' if year else ''}, services name {pounds(sums.get('in', 0.0))}; "
        f"{pounds(left)} ({100 * abs(left) / published:.0f}%) is still unexplained and is shown as "
        "such."
    )


def _bridge(care: Care) -> list[TableBlock]:
    parts: dict[str, list[dict[str, Any]]] = {}
    for row in care.bridge:
        parts.setdefault(str(row.get("part") or ""), []).append(dict(row))
    order = list(_CATEGORIES)
    tables = []
    for number, (part, rows) in enumerate(parts.items(), start=1):
        lines = [*_together(rows), *(r for r in rows if r["category"] != "in")]
        lines.sort(
            key=lambda r: (
                order.index(str(r["category"])) if r["category"] in order else len(order),
                -abs(_value(r)),
                str(r["line"]),
            )
        )
        tables.append(
            TableBlock(
                f"bridge-{number}",
                f"From published spending to services, England: {_part(care, part)} "
                f"(£ million{_year(rows)})",
                ["Line", "What it is to the model", "£ million", "Grade", "Source and note"],
                [
                    [
                        blocks.text(str(r.get("label") or r["line"])),
                        blocks.text(_CATEGORIES.get(str(r["category"]), str(r["category"]))),
                        Cell(millions(_value(r))),
                        blocks.text(str(r.get("grade") or "")),
                        blocks.text(_cut(". ".join(_told(r)))),
                    ]
                    for r in lines[: blocks.LONGEST]
                ],
                note="Published less named, out and overlapping is what is not explained. Each "
                "service, and sources in full, are in the sheet Bridge of workbook.xlsx.",
            )
        )
    return tables


def _told(row: dict[str, Any]) -> list[str]:
    return [t for t in (str(row.get("source") or ""), str(row.get("note") or "")) if t]


def _cut(text: str, longest: int = 260) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _together(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The services of a part in one line, with the three largest by name."""
    named = sorted((r for r in rows if r["category"] == "in"), key=lambda r: -_value(r))
    if not named:
        return []
    grades = {str(r.get("grade")) for r in named}
    top = words.joined([f"{r.get('label') or r['line']} {pounds(_value(r))}" for r in named[:3]])
    made = {
        "line": "in",
        "label": f"{len(named)} services" if len(named) > 1 else "1 service",
        "category": "in",
        "unit": "£",
        "value": sum(_value(r) for r in named),
        "grade": next((g for g in "ARDV" if g in grades), ""),
        "source": f"The largest: {top}" if len(named) > 3 else top,
        "note": "Grade: that of the least sure.",
    }
    return [made]


_PARTS = {
    "nhs": "NHS commissioning",
    "social_care": "councils' social care",
    "public_health": "public health grant",
}


def _year(rows: list[dict[str, Any]]) -> str:
    """The year whose prices a part of the bridge is in: ", prices of 2024/25"."""
    unit = str(rows[0].get("unit") or "")
    return f", prices of {unit.removeprefix('£ in ')}" if unit.startswith("£ in ") else ""


def _part(care: Care, part: str) -> str:
    return care.f.label("bridge_part", part, _PARTS.get(part, ""))


def _checks(care: Care) -> TableBlock | None:
    rows = care.f.care_checks
    if not rows:
        return None
    return TableBlock(
        "care-checks",
        "Published figures of use, money, staff and beds beside the model's",
        ["What is compared", "Year", "Unit", "Published", "Model", "Model ÷ published", "Was it "
         "an input?", "Grade", "Source"],
        [
            [
                blocks.text(str(r["label"])),
                blocks.text(str(r["year"])),
                blocks.text(str(r["unit"])),
                _number(r.get("published"), str(r["unit"])),
                _number(r.get("model"), str(r["unit"])),
                Cell("" if r.get("ratio") is None else f"{r['ratio']:.3f}"),
                blocks.text("Yes, input" if r.get("used") else "No"),
                blocks.text(str(r.get("grade") or "")),
                blocks.text(str(r.get("source") or "")),
            ]
            for r in rows[: blocks.LONGEST]
        ],
        note="Amounts in pounds are in the prices of the year shown. " + blocks.longer(len(rows)),
    )  # fmt: skip


def _number(value: Any, unit: str) -> Cell:
    if value is None:
        return blocks.text("not available")
    if is_money(unit):
        return Cell(pounds(float(value)))
    return Cell(words.people(float(value))) if abs(float(value)) >= 100 else Cell(f"{value:.2f}")


_QUANTITIES = {
    "units": "use",
    "price": "price",
    "wte": "staff",
    "patients": "people with it",
    "funding": "funding",
    "waiting": "waiting list",
}


def _local(care: Care) -> TableBlock | None:
    rows = care.local
    if not rows:
        return None
    f = care.f

    def name(row: dict[str, Any]) -> str:
        item = str(row["item"])
        for kind in ("service", "staff_group", "condition", "payer", "specialty"):
            label = f.label(kind, item)
            if label != item.replace("_", " ").capitalize():
                break
        extra = [
            f.place_name(str(row["place"])) if row.get("place") else "",
            str(row.get("age_band") or "").replace("-", " to "),
            str(row.get("sex") or ""),
        ]
        return ", ".join([label, *[e for e in extra if e]])

    ranked = sorted(
        rows, key=lambda r: (-abs(float(_or(r.get("factor"), 1.0)) - 1.0), str(r["item"]))
    )
    return TableBlock(
        "own-data",
        "Your own figures, and what they changed, the largest change first",
        ["Figure", "What it is", "Unit", "Before", "Yours", "Year of yours", "After", "Factor",
         "Source"],
        [
            [
                blocks.text(name(dict(r))),
                blocks.text(_QUANTITIES.get(str(r["quantity"]), str(r["quantity"]))),
                blocks.text(str(r.get("unit") or "")),
                *[_number(r.get(k), str(r.get("unit") or "")) for k in ("before", "given")],
                blocks.text(str(r.get("given_year") or "")),
                _number(r.get("after"), str(r.get("unit") or "")),
                Cell("" if r.get("factor") is None else f"× {float(str(r['factor'])):.2f}"),
                blocks.text(str(r.get("source") or "")),
            ]
            for r in ranked[: blocks.LONGEST]
        ],
        note=f"Before and after are in {care.prices}; your own amounts in pounds are in the prices "
        "of their year. " + blocks.longer(len(rows)),
    )  # fmt: skip


def _or(value: Any, other: float) -> Any:
    return other if value is None else value


def knows(care: Care) -> Section | None:
    """The bridge, the checks and the board's own data."""
    tables = [t for t in (_local(care), _checks(care), *_bridge(care)) if t is not None]
    if not tables:
        return None
    paragraphs = [p for p in (_checks_sentence(care), bridge_sentence(care)) if p]
    if care.local:
        changed = [r for r in care.local if abs(float(_or(r.get("factor"), 1.0)) - 1) > 0.005]
        paragraphs.insert(
            0,
            f"{len(care.local)} of your own figures are in this run; {len(changed)} of them change "
            "what the model gives by more than half a per cent.",
        )
    else:
        paragraphs.append(
            "No figures of your own are in this run: use, prices and staff follow England's rates. "
            "The command leftshift data new writes templates for them."
        )
    return Section(
        "does-the-money-know-us",
        "Does the money know us?",
        paragraphs,
        (),
        tables,
    )


def _checks_sentence(care: Care) -> str:
    rows = [r for r in care.f.care_checks if r.get("ratio")]
    if not rows:
        return ""
    near = sum(1 for r in rows if 0.95 <= r["ratio"] <= 1 / 0.95)
    inputs = sum(1 for r in rows if r.get("used"))
    return (
        f"{near} of {len(rows)} published figures of use, money, staff and beds are met within "
        f"about 5%; {inputs} of them were inputs, which tests the arithmetic and not the model."
    )
