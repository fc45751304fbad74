"""A made-up run of a board, shaped as the contract of the organisation room has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from leftshift.runs import Run, schema, write_run
from leftshift.runs.tables_organisation import TABLES
from leftshift.runs.tables_organisation_more import TABLES as MORE

LABELS = ("2025/26", "2026/27", "2027/28", "2028/29")
OPTIONS = (
    ("keep", "Keep everything as it is", ""),
    ("halve", "Halve every function", "Every function loses half, whatever it serves."),
    ("found", "Least harm found", "Worked out by the optimiser."),
)
FUNCTIONS = (
    ("continuing_care", "All-age continuing care", "place", "continuing_care", 40.0, 2_400_000.0),
    ("strategy", "Strategy and planning", "system", "", 30.0, 2_100_000.0),
    ("place_teams", "Place partnership teams", "place", "involvement", 24.0, 1_500_000.0),
    ("digital", "Digital leadership and GP IT", "system", "", 28.0, 2_000_000.0),
)
DUTIES = (
    ("continuing_care", "Continuing care assessments", "caseload", 22.0),
    ("involvement", "Involving the public", "default", 4.0),
)


def _share(option: str, function: str, year: int) -> tuple[str, str, float, float]:
    """Action, recipient, share released and share moved."""
    if option == "keep" or year == 0:
        return "keep", "", 0.0, 0.0
    if option == "halve":
        return "reduce", "", min(0.25 * year, 0.5), 0.0
    if function == "digital":
        return "transfer", "provider", 0.0, 0.8
    if function == "strategy":
        return "at_scale", "at_scale", 0.2, 0.4
    return ("reduce", "", 0.1, 0.0) if function == "place_teams" else ("keep", "", 0.0, 0.0)


def tables(intervals: bool = True) -> dict[str, list[dict[str, Any]]]:
    """Rows by table."""
    out: dict[str, list[dict[str, Any]]] = {
        name: []
        for name in [
            "functions",
            "options",
            "option_names",
            "duties",
            "duty_register",
            "caseloads",
            "board_money",
            "redundancy",
            "funding",
            "returns",
            "timeline",
            "levels",
            "place_losses",
            "governance",
            "clusters",
            "apportionment",
            "prices",
            "clashes",
            "found",
            "sources",
        ]
    }
    end = {"lower": None, "upper": None}
    for function, name, level, duty, wte, cost in FUNCTIONS:
        out["functions"].append(
            {
                "function": function, "name": name, "blueprint": "keep", "level": level,
                "statutory": bool(duty), "duties": duty, "could_go_to": "provider", "value": 60.0,
                "driver": "population", "counts": True, "wte": wte, "pay_local": cost * 0.9,
                "pay_full": cost * 0.97, "non_pay": cost * 0.1, "owner": "Director of nursing",
            }
        )  # fmt: skip
    for order, (option, name, note) in enumerate(OPTIONS):
        out["option_names"].append({"option": option, "name": name, "note": note, "order": order})
        for y, year in enumerate(LABELS):
            running = 0.0
            moved_all = 0.0
            for function, fname, level, _duty, wte, cost in FUNCTIONS:
                action, to, released, moved = _share(option, function, y)
                kept = 1.0 - released - moved
                running += cost * kept
                moved_all += cost * moved
                out["options"].append(
                    {
                        "option": option, "year": year, "function": function, "action": action,
                        "to": to, "wte_before": wte, "wte_board": wte * kept,
                        "wte_moved": wte * moved, "wte_released": wte * released,
                        "cost_before": cost, "cost_board": cost * kept, "cost_moved": cost * moved,
                        "cost_released": cost * released, "cost_added": 0.0,
                        "saving_board": cost * (1 - kept), "saving_system": cost * released,
                        "one_off": 0.0, "value_lost": released, "capacity_own": wte * kept,
                        "capacity_elsewhere": wte * moved, "risk": 0.1 * released,
                    }
                )  # fmt: skip
                for lev, holder, share in (
                    (level, "board", kept),
                    ("beyond" if to == "at_scale" else "system", to, moved),
                    ("released", "nobody", released),
                ):
                    if share > 0:
                        out["levels"].append(
                            {
                                "option": option, "year": year, "function": function,
                                "name": fname, "level": lev, "holder": holder, "wte": wte * share,
                                "money": cost * share, "people": 1_000_000.0,
                            }
                        )  # fmt: skip
                if level == "place" and released > 0:
                    for place, pname, part in (
                        ("", "All places", 1.0), ("east", "East", 0.4), ("west", "West", 0.6)
                    ):  # fmt: skip
                        out["place_losses"].append(
                            {
                                "option": option, "year": year, "function": function,
                                "place": place, "place_name": pname, "name": fname,
                                "level": "place", "action": action, "to": to,
                                "wte_before": wte * part, "wte_after": wte * kept * part,
                                "money_before": cost * part, "money_after": cost * kept * part,
                                "people": 1_000_000.0 * part,
                                "words": f"{pname}: place loses {wte * released * part:.1f} WTE of "
                                f"{fname}.",
                            }
                        )  # fmt: skip
            allowance = (8.0e6, 7.2e6, 5.6e6, 5.6e6)[y]
            for measure, value in (
                ("running_cost_local", running), ("running_cost_full", running * 1.05),
                ("allowance", allowance), ("cap", 5.6e6), ("gap", running - allowance),
                ("per_head", running / 300_000), ("per_weighted_head", running / 310_000),
                ("cost_moved", moved_all), ("saving_board", 8.0e6 - running),
                ("saving_system", 8.0e6 - running - moved_all), ("one_off", 0.0),
                ("people", 300_000.0), ("weighted_people", 310_000.0),
            ):  # fmt: skip
                out["board_money"].append(
                    {"option": option, "year": year, "measure": measure, "unit": "GBP",
                     "value": value, **end}
                )  # fmt: skip
            for duty, label, kind, minimum in DUTIES:
                have = 30.0 if option != "halve" else 30.0 * (1 - min(0.25 * y, 0.5))
                if duty == "involvement":
                    have = 6.0
                gap = minimum - have
                out["duties"].append(
                    {
                        "option": option, "year": year, "duty": duty, "minimum": minimum,
                        "lower": minimum - 3 if kind == "caseload" else None,
                        "upper": minimum + 4 if kind == "caseload" else None, "own": have,
                        "elsewhere": 0.0, "gap": gap, "below": gap > 0,
                        "words": f"{label}: {have:.1f} WTE against {minimum:.1f} needed",
                    }
                )  # fmt: skip
        if option != "keep":
            for year in (*LABELS[1:], ""):
                for measure, value, hidden in (
                    ("leavers", 10.0, False), ("redeployed", None, True), ("voluntary", 5.0, False),
                    ("compulsory", 20.0, False), ("payments", 1_250_000.0, False),
                    ("total_cost", 1_500_000.0, False),
                ):  # fmt: skip
                    out["redundancy"].append(
                        {
                            "option": option, "year": year, "measure": measure,
                            "unit": "GBP" if value and value > 1e3 else "people", "value": value,
                            "lower": value * 0.8 if value and intervals else None,
                            "upper": value * 1.3 if value and intervals else None,
                            "hidden": hidden,
                        }
                    )  # fmt: skip
            for scenario in ("central", "overspend", "absorbed"):
                for view in ("board", "public"):
                    total = -1_500_000.0
                    for y, year in enumerate(LABELS):
                        total += 1_200_000.0 * y * (1.0 if option == "halve" else 0.4)
                        out["funding"].append(
                            {"option": option, "scenario": scenario, "view": view, "year": year,
                             "measure": "cumulative", "unit": "GBP", "value": total, **end}
                        )  # fmt: skip
                    for measure, value, words in (
                        ("npv", 4_100_000.0, ""),
                        ("payback_years", 2.1, "It pays back after 2.1 years."),
                    ):
                        out["returns"].append(
                            {"option": option, "scenario": scenario, "view": view,
                             "measure": measure, "unit": "GBP", "value": value, **end,
                             "words": words}
                        )  # fmt: skip
            for i, (task, label, starts, finish, critical) in enumerate(
                (
                    ("announce", "Announcement", "2026-01-12", "2026-01-12", True),
                    (
                        "consult",
                        "Collective consultation (45 days)",
                        "2026-01-13",
                        "2026-02-26",
                        True,
                    ),
                    ("voluntary", "Voluntary scheme open", "2026-01-20", "2026-02-10", False),
                    ("notice", "Notice", "2026-03-01", "2026-05-24", True),
                )
            ):
                out["timeline"].append(
                    {"option": option, "task": task, "order": i, "label": label, "starts": starts,
                     "ends": finish, "days": 45, "depends": "announce" if i else "",
                     "slack": 0 if critical else 16, "critical": critical, "note": ""}
                )  # fmt: skip
    for duty, label, kind, _minimum in DUTIES:
        out["duty_register"].append(
            {"duty": duty, "label": label, "section": "s14Z45", "act": "NHS Act 2006",
             "what": "What it asks.", "owner": "Director of nursing" if kind == "caseload" else "",
             "minimum_kind": kind, "reason": "What its caseload needs.", "evidence": "",
             "functions": "continuing_care=0.8", "source": "recalled", "grade": "R"}
        )  # fmt: skip
    for year in LABELS:
        out["caseloads"].append(
            {"caseload": "continuing_care", "year": year, "measure": "wte_needed", "unit": "WTE",
             "value": 22.0, "lower": 19.0, "upper": 26.0}
        )  # fmt: skip
        out["governance"].append(
            {"year": year, "setting": "statutory" if year < "2027" else "folded",
             "since": "" if year < "2027" else "2027/28", "label": "Integrated care partnership",
             "law": "2007 Act s116ZA", "status": "in law now", "place_has": "A say.",
             "needs": "Nothing.", "said": "", "grade": "R"}
        )  # fmt: skip
    for arrangement, value in (("apart", 20e6), ("cluster", 17e6), ("merge", 16.5e6)):
        for kind, item, label, unit, amount in (
            ("people", "QMM", "Norfolk and Waveney", "people", 1_070_000.0),
            ("total", "running_cost", "Running cost of all boards", "GBP a year", value),
            ("saving", "saving", "Saving against boards apart", "GBP a year", 20e6 - value),
            ("function", "strategy", "Strategy and planning", "GBP a year", value / 4),
            ("post", "chair", "Chair", "posts", 2.0 if arrangement == "apart" else 1.0),
        ):
            out["clusters"].append(
                {"arrangement": arrangement, "kind": kind, "item": item, "label": label,
                 "unit": unit, "value": amount, "lower": amount * 0.9, "upper": amount * 1.1,
                 "words": ""}
            )  # fmt: skip
        if arrangement != "apart":
            for kind, item, words in (
                ("keeps", "accounts", f"{arrangement} keeps (law)."),
                ("warning", "warning_1", "Economies of scale are assumed."),
            ):
                out["clusters"].append(
                    {"arrangement": arrangement, "kind": kind, "item": item, "label": "Accounts",
                     "unit": "number", "value": 2.0, **end, "words": words}
                )  # fmt: skip
    for i, (board, name) in enumerate(
        (("QMM", "Norfolk and Waveney"), ("QJG", "Suffolk and North East Essex"))
    ):
        for r, rule in enumerate(
            ("flat_percentage", "per_head", "weighted_head", "from_present_spend")
        ):
            allowance = 20e6 + (1 if i else -1) * 0.4e6 * r
            out["apportionment"].append(
                {"rule": rule, "board": board, "name": name, "residents": 1e6, "people": 1.1e6,
                 "weighted": 1.2e6, "present": 42e6, "allowance": allowance,
                 "change": allowance - 42e6, "change_percent": 100 * (allowance / 42e6 - 1),
                 "per_head": allowance / 1.1e6, "against_flat": allowance - 20e6,
                 "source": "running cost allowance 2024/25 (read), times 2.64"}
            )  # fmt: skip
    for limit, kind, unit, marginal, whole in (
        ("cap.2027/28", "cap", "GBP", 0.92, None),
        ("continuing_care", "duty", "WTE", 31_000.0, 160_000.0),
        ("involvement", "duty", "WTE", 0.0, 0.0),
    ):
        out["prices"].append(
            {"limit": limit, "kind": kind, "label": limit.capitalize(), "year": "2027/28",
             "unit": unit, "marginal": marginal, "whole": whole, "spare": 0.0, "words": "Words."}
        )  # fmt: skip
    out["clashes"].append({"order": 1, "limits": "cap.2027/28", "words": "These clash."})
    out["found"].append(
        {"measure": "proof", "unit": "", "value": None, "words": "Proven: none has less harm."}
    )
    for i, grade in enumerate("VRA"):
        out["sources"].append(
            {"id": f"row.{i}", "label": f"Row {i}", "value": 1.0, "lower": 0.5, "upper": 2.0,
             "distribution": "normal", "unit": "share", "source": "Somewhere", "as_of": "2025",
             "grade": grade, "note": "", "overridden": False}
        )  # fmt: skip
    return out


def _filled(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with something in every described column that the report does not read."""
    plain = {"text": "", "number": 0.0, "whole": 0, "yes/no": False}
    return frame.with_columns(
        pl.lit(None if column.empty else plain[column.kind], column.dtype).alias(column.name)
        for column in schema.table(name).columns
        if column.name not in frame.columns
    )


def write_fake_board(
    folder: Path, intervals: bool = True, leave_out: tuple[str, ...] = (), **change: Any
) -> Run:
    """Writes a made-up board's run, and gives it.

    Args:
        folder: where to.
        intervals: whether it has draws.
        leave_out: tables that the run does not have.
        change: further keys of `about`.
    """
    for about in (*TABLES, *MORE):
        schema.TABLES.setdefault(about.name, about)
    frames = {
        name: _filled(name, pl.DataFrame(rows, infer_schema_length=None))
        for name, rows in tables(intervals).items()
        if name not in leave_out
    }
    return write_run(
        folder,
        {"version": "0.1.0", "room": "organisation", "board": {"name": "Fictshire"}},
        {},
        {
            "title": "The board itself: Fictshire",
            "room": "organisation",
            "board": "Fictshire",
            "area": {"code": "QMM", "name": "Norfolk and Waveney", "verified": True},
            "synthetic": True,
            "base_year": LABELS[0],
            "years": 3,
            "labels": list(LABELS),
            "draws": 200 if intervals else 0,
            "seed": 1,
            "options": [{"id": key, "name": name} for key, name, _ in OPTIONS],
            "warnings": ["No function serves the duty X."],
            "attribution": ["Figures of the catalogue."],
            "privacy": "Staff rows stay in memory.",
            "command": "leftshift organisation run fictshire",
            **change,
        },
        frames,
    )
