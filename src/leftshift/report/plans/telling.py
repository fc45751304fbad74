"""What a run says of its plan, made ready to read: words for effects, costs and staff.

run.json names what an intervention changes; the figures stand in table `sources` with their
intervals and grades. Here the two are put together, so that a reader sees the very figures that
were used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leftshift.report import words
from leftshift.report.findings import Findings
from leftshift.report.money import pounds

__all__ = ["listed", "told_of"]

_MINUS = "\N{MINUS SIGN}"
_COSTS = {
    "per_start": "for each person who joins",
    "per_year": "for each year a person is on it",
    "start_up": "to set up, for each million residents",
}
_FACTORS = {
    "sbp": "systolic blood pressure",
    "bmi": "body mass index",
    "cholesterol": "total cholesterol",
    "alcohol": "alcohol",
}


def listed(value: Any) -> list[str]:
    """Words of a list, or of a single text."""
    if isinstance(value, str):
        return [value] if value else []
    return [str(one) for one in value or []]


def told_of(f: Findings, told: Mapping[str, Any], shrunk: bool) -> dict[str, Any]:
    """What is said of one intervention, with words where run.json has only ids.

    Args:
        f: findings of the run, for its sources and names.
        told: what run.json says of the intervention.
        shrunk: whether effects of evidence C and D are shrunk in this run.

    Returns:
        The same, with who, effects (words, headline, lower, upper, used, source, grade), costs,
        staff and when in words.
    """
    rows = _Rows(f, str(told.get("id") or ""), str(told.get("use") or ""))
    made = dict(told)
    made["who"] = str(told.get("who_words") or told.get("who") or "")
    effects = [e if isinstance(e, dict) else {"words": str(e)} for e in told.get("effects") or []]
    swaps = list(told.get("swaps") or [])
    made["effects"] = [
        *(_effect(f, rows, e, shrunk) for e in effects),
        *(_swap(f, rows, s, shrunk) for s in swaps if isinstance(s, dict)),
    ]
    made["costs"] = listed(told.get("costs")) or rows.costs()
    made["staff"] = listed(told.get("staff")) or rows.staff(f)
    made["when"] = str(told.get("when") or "") or _when(told)
    return made


class _Rows:
    """The catalogue rows of one intervention among the run's sources."""

    def __init__(self, f: Findings, identity: str, use: str) -> None:
        self.f = f
        self.held: dict[str, dict[str, Any]] = {}
        for owner in (use, identity):  # the plan's own rows stand in place of the library's
            start = f"intervention.{owner}."
            if owner:
                self.held |= {
                    str(r["id"]).removeprefix(start): r
                    for r in f.sources
                    if str(r["id"]).startswith(start)
                }

    def kept(self, evidence: str, shrunk: bool) -> float:
        """The share of an effect that is believed."""
        if not shrunk or evidence not in ("C", "D"):
            return 1.0
        held = self.f.parameter(f"plans.shrink.{evidence}")
        return 1.0 if held is None else held

    def costs(self) -> list[str]:
        """Costs in words."""
        said = []
        for name, about in _COSTS.items():
            row = self.held.get(f"cost.{name}")
            if row is not None and row["value"]:
                low, high = row.get("lower"), row.get("upper")
                span = ""
                if low is not None and high is not None:
                    span = f" ({pounds(float(low))} to {pounds(float(high))})"
                unsure = ", unverified" if row.get("grade") in ("R", "A") else ""
                said.append(f"{pounds(float(row['value']))}{span} {about}{unsure}")
        row = self.held.get("cost.double_running")
        if row is not None:
            share = 100.0 * float(row["value"])
            said.append(
                f"{share:.3g}% of what is moved away goes on being paid in the year that releases "
                "it"
            )
        return said

    def staff(self, f: Findings) -> list[str]:
        """Staff in words."""
        found = {
            name.removeprefix("staff."): row
            for name, row in self.held.items()
            if name.startswith("staff.") and row["value"]
        }
        if not found:
            return []
        groups = [
            f"{float(row['value']):g} {words.inside(f.label('staff_group', group))}"
            for group, row in found.items()
        ]
        return [f"{words.joined(groups)} for each 1,000 people on it"]


def _span(row: Mapping[str, Any], scale: float = 1.0) -> str:
    low, high = row.get("lower"), row.get("upper")
    if low is None or high is None:
        return ""
    said = f"{float(low) * scale:.3g} to {float(high) * scale:.3g}".replace("-", _MINUS)
    return f" ({said})"


def _figures(row: Mapping[str, Any], used: float, unit: str) -> dict[str, Any]:
    return {
        "headline": float(row["value"]),
        "lower": row.get("lower"),
        "upper": row.get("upper"),
        "used": used,
        "unit": unit,
        "source": str(row.get("source") or ""),
        "grade": str(row.get("grade") or ""),
    }


def _effect(f: Findings, rows: _Rows, effect: dict[str, Any], shrunk: bool) -> dict[str, Any]:
    kind, _, target = str(effect.get("on") or "").partition(":")
    name = str(effect.get("name") or "")
    row = rows.held.get(f"effect.{name}.ratio")
    moved = rows.held.get(f"effect.{name}.shift")
    if effect.get("words") or (row is None and moved is None):
        return {"words": _target(f, kind, target), **effect}
    kept = rows.kept(str(effect.get("evidence") or ""), shrunk)
    what = _target(f, kind, target)
    if row is not None:
        ratio = float(row["value"])
        change = 100.0 * (ratio - 1.0)
        said = f"{what} times {ratio:.3g}{_span(row)}"
        if change:
            said += f", {change:+.3g}%".replace("-", _MINUS)
        used = ratio**kept if ratio > 0 else ratio
        return {**effect, "words": said, **_figures(row, used, "ratio")}
    assert moved is not None
    by = float(moved["value"])
    if target == "smoking":
        said = f"{100 * by:.3g}%{_span(moved, 100.0)} of those who smoke stop"
    else:
        unit = str(moved.get("unit") or "")
        said = f"{what} by {by:+.3g}".replace("-", _MINUS) + f"{_span(moved)} {unit}".rstrip()
    return {**effect, "words": said, **_figures(moved, by * kept, str(moved.get("unit") or ""))}


def _target(f: Findings, kind: str, target: str) -> str:
    if kind == "rate":
        return f"use of {words.inside(f.label('service', target))}"
    if kind == "risk":
        return _FACTORS.get(target, target.replace("_", " "))
    if kind == "hazard":
        if target == "death":
            return "the risk of dying"
        return f"new cases of {words.inside(f.label('condition', target))}"
    if kind == "capacity":
        bed = f.label("bed_type", target, "")
        return f"beds: {words.inside(bed)}" if bed else "what planned care can complete"
    return target


def _swap(f: Findings, rows: _Rows, swap: dict[str, Any], shrunk: bool) -> dict[str, Any]:
    name = str(swap.get("name") or "")
    share, each = rows.held.get(f"swap.{name}.share"), rows.held.get(f"swap.{name}.per_unit")
    source = words.inside(f.label("service", str(swap.get("from") or "")))
    to = words.inside(f.label("service", str(swap.get("to") or "")))
    if share is None:
        return {**swap, "words": f"some of {source} becomes {to}"}
    value = float(share["value"])
    said = f"{100 * value:.3g}%{_span(share, 100.0)} of {source} moves to {to}"
    if each is not None:
        said += f", {float(each['value']):.3g}{_span(each)} for each one avoided"
    kept = rows.kept(str(swap.get("evidence") or ""), shrunk)
    return {**swap, "words": said, **_figures(share, value * kept, "share")}


def _when(told: Mapping[str, Any]) -> str:
    if not {"lag", "lasts", "fade"} & set(told):
        return ""
    lag, lasts, fade = (int(told.get(k) or 0) for k in ("lag", "lasts", "fade"))

    def years(count: int) -> str:
        return f"{count} year{'s' if count != 1 else ''}"

    said = f"effects begin {years(lag)} after joining" if lag else "effects begin at once"
    said += f", hold {years(lasts)}" if lasts else ", hold while the person is on it"
    return said + (f", and wane over {years(fade)}" if fade else "")
