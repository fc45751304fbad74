"""The opening of a board's report: the options side by side, and what changes in each."""

from __future__ import annotations

from typing import Any

from leftshift.report import blocks
from leftshift.report.blocks import Cell, FigureBlock, Section, TableBlock
from leftshift.report.organisation import charts as organisation_charts
from leftshift.report.organisation.findings import (
    BoardFindings,
    Row,
    big,
    exact,
    listed_words,
    pounds,
    wte,
)

__all__ = ["cards", "comparison", "headlines", "path", "what_changes"]

_HIDDEN = "hidden"


def cards(f: BoardFindings) -> list[dict[str, str]]:
    """Three figures to begin with: the cap, the first option's saving, duties below minimum."""
    found = []
    first = f.changed[0]["option"] if f.changed else ""
    now = f.money(first, "running_cost_local", f.now)
    cap = f.money(first, "cap", f.end)
    if now is not None and cap is not None:
        found.append(
            {
                "label": "To be saved a year",
                "change": big(now - cap),
                "text": f"from {big(now)} in {f.now} to the cap of {big(cap)} in {f.end}",
            }
        )
    meeting = [o for o in f.changed if _meets(f, o["option"])]
    safe = [o for o in meeting if not f.short_duties(o["option"])]
    found.append(
        {
            "label": "Options that reach the cap",
            "change": f"{len(meeting)} of {len(f.changed)}",
            "text": f"{len(safe)} of them with every duty at its minimum or above",
        }
    )
    posts = [f.staff(o["option"], "compulsory") for o in f.changed]
    shown = [r["value"] for r in posts if r is not None and r["value"] is not None]
    if shown:
        low, high = f"{min(shown):,.0f}", f"{max(shown):,.0f}"
        text = low if low == high else f"{low} to {high}"
        found.append(
            {
                "label": "Compulsory redundancies expected",
                "change": text,
                "text": "people over all years, by option; rounded, after leavers and moves",
            }
        )
    return found


def _meets(f: BoardFindings, option: str) -> bool:
    gap = f.money(option, "gap", f.end)
    return gap is not None and gap <= 1.0


def headlines(f: BoardFindings) -> list[str]:
    """What matters, in sentences: each option's cost, saving, law and place."""
    said = []
    for option in f.changed:
        key, name = option["option"], option["name"]
        gap = f.money(key, "gap", f.end)
        cost = f.money(key, "running_cost_local", f.end)
        short = f.short_duties(key)
        if gap is None or cost is None:
            continue
        reach = (
            "which is within the allowance"
            if gap <= 1.0
            else f"which is {pounds(gap)} above the allowance"
        )
        law = (
            "every duty stays at its minimum or above"
            if not short
            else f"{len(short)} {'duty falls' if len(short) == 1 else 'duties fall'} below "
            f"{'its' if len(short) == 1 else 'their'} minimum"
        )
        paid = f.returned(key, "payback_years")
        back = f" To the public purse: {_lower(paid['words'])}" if paid and paid["words"] else ""
        said.append(f"{name}: running cost of {pounds(cost)} in {f.end}, {reach}; {law}.{back}")
    moved = [(o["name"], f.moved_without_saving(o["option"])) for o in f.changed]
    most = [(name, value) for name, value in moved if value > 0]
    if most:
        words = listed_words([f"{pounds(value)} a year in {name}" for name, value in most])
        said.append(
            f"Some of the cost only moves to others and is no saving to the system: {words}."
        )
    return said


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def comparison(f: BoardFindings) -> TableBlock:
    """Options side by side in the last year: an option to a column, a measure to a row."""
    keys = [option["option"] for option in f.options]
    money = {
        "Running cost": "running_cost_local",
        "Running cost with pensions paid centrally": "running_cost_full",
        "Saving to the board": "saving_board",
        "Cost that only moves to others": "cost_moved",
        "Saving to the system": "saving_system",
    }
    rows = []
    for label, measure in money.items():
        found = [f.money(key, measure, f.end) for key in keys]
        if any(value is not None for value in found):
            cells = [_money(f, key, measure, value) for key, value in zip(keys, found, strict=True)]
            rows.append([blocks.text(label), *cells])
    heads = [f.money(key, "per_head", f.end) for key in keys]
    rows.insert(
        1,
        [
            blocks.text("Running cost a head"),
            *[Cell(exact(v) if v is not None else "") for v in heads],
        ],
    )
    rows.insert(
        2,
        [
            blocks.text("Against the allowance"),
            *[Cell(_against(f.money(key, "gap", f.end))) for key in keys],
        ],
    )
    rows += [
        [
            blocks.text("Compulsory redundancies, all years"),
            *[_staffed(f, key, "compulsory", people=True) for key in keys],
        ],
        [
            blocks.text("Cost of redundancy, all years"),
            *[_staffed(f, key, "total_cost") for key in keys],
        ],
        [blocks.text("Pays back to the public purse"), *[Cell(_payback(f, key)) for key in keys]],
        [
            blocks.text("Duties below their minimum"),
            *[Cell(str(len(f.short_duties(key)))) for key in keys],
        ],
        [blocks.text("Place and neighbourhood lose"), *[_lost(f, key) for key in keys]],
    ]
    return TableBlock(
        "comparison",
        f"The options side by side in {f.end}",
        ["Measure", *[f.short[option["option"]] for option in f.options]],
        rows,
        stacked=len(keys) <= 4,
        note="Money is a year, in local on-cost, where the row does not say otherwise"
        + (", with 95% intervals beneath. " if f.has_intervals else ". ")
        + "Counts of staff are rounded to 5 and hidden below 5; what is worked out from staff is "
        "rounded to £10,000.",
    )


def _money(f: BoardFindings, option: str, measure: str, value: float | None) -> Cell:
    if value is None:
        return Cell("")
    found = f.rows("board_money", option=option, measure=measure, year=f.end)
    certain = found[0]["lower"] == found[0]["upper"]
    return Cell(pounds(value), "" if certain else f.spread(found[0]))


def _lost(f: BoardFindings, option: str) -> Cell:
    people, money = f.place_loss(option)
    return (
        Cell(f"{wte(people)} WTE", f"{pounds(money)} a year") if people > 0.05 else Cell("nothing")
    )


def _against(gap: float | None) -> str:
    if gap is None:
        return ""
    if gap > 1.0:
        return f"{pounds(gap)} over"
    return f"{pounds(-gap)} under" if gap < -1.0 else "met"


def _staffed(f: BoardFindings, option: str, measure: str, people: bool = False) -> Cell:
    row = f.staff(option, measure)
    if row is None:
        return Cell("none")
    if row["hidden"] or row["value"] is None:
        return Cell(_HIDDEN)
    write = _count if people else pounds
    return Cell(write(row["value"]), f.spread(row, write))


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _payback(f: BoardFindings, option: str) -> str:
    row = f.returned(option, "payback_years")
    if row is None or option not in f.doing:
        return "nothing to pay back"
    if row["value"] is None:
        return "not within these years"
    return "at once" if row["value"] < 0.05 else f"{row['value']:.1f} years"


def path(f: BoardFindings) -> FigureBlock | None:
    """Running cost of each option beside what is allowed, year by year."""
    rows: list[dict[str, Any]] = []
    columns = ["Year"]
    table: dict[str, list[Cell]] = {year: [blocks.text(year)] for year in f.years}
    first = f.options[0]["option"] if f.options else ""
    series = [("allowance", first, "allowance", "Allowance", True)]
    series += [
        (o["option"], o["option"], "running_cost_local", str(o["name"]), False) for o in f.options
    ]
    for key, option, measure, label, limit in series:
        values = [f.money(option, measure, year) for year in f.years]
        if any(value is None for value in values):
            continue
        columns.append(label)
        for year, value in zip(f.years, values, strict=True):
            rows.append(
                {
                    "series": key,
                    "label": label if limit else f.short[option],
                    "year": year,
                    "value": value,
                    "limit": limit,
                }
            )
            table[year].append(Cell(f"£{value:,.0f}"))
    if len(columns) < 3 or len(f.years) < 2:
        return None
    over = [o["name"] for o in f.options if (f.money(o["option"], "gap", f.end) or 0.0) > 1.0]
    finding = (
        f"In {f.end} these are above what is allowed: {listed_words(over)}."
        if over
        else f"In {f.end} every option is within what is allowed."
    )
    block = TableBlock("path-table", "Running cost by year (pounds)", columns, list(table.values()))
    return blocks.drawn(
        "path",
        "Running cost beside what is allowed",
        finding,
        block,
        lambda narrow: organisation_charts.millions(
            rows, f.years, "Running cost, £ million a year", narrow
        ),
        "The stepped line is the allowance. The axis does not start at 0.",
    )


def what_changes(f: BoardFindings) -> Section:
    """Function by function, what each option does."""
    changes = {o["option"]: {r["function"]: r for r in f.functions_changed(o["option"])}
               for o in f.changed}  # fmt: skip
    touched = {function for rows in changes.values() for function in rows}
    now = {r["function"]: r["wte"] for r in f.rows("functions")}
    rows = [
        [
            blocks.text(f.name_of(function)),
            Cell(wte(now.get(function, 0.0))),
            *[_change(f, changes[o["option"]].get(function)) for o in f.changed],
        ]
        for function in sorted(touched, key=lambda key: (-now.get(key, 0.0), key))
    ]
    kept = [f.name_of(key) for key in now if key not in touched]
    paragraphs = [
        "Whole-time equivalents (WTE) that the board keeps are shown beneath what is done. Posts "
        "that move are done and paid for by somebody else: that cost is no saving to the system. "
        "Posts released are there no more.",
        *[f"{o['name']}: {o['note']}" for o in f.options if o.get("note")],
    ]
    if kept:
        paragraphs.append(f"No option changes: {listed_words(kept)}.")
    return Section(
        "changes",
        "What changes",
        paragraphs,
        tables=[
            TableBlock(
                "changes-table",
                f"What is done to each function by {f.end}",
                ["Function", "WTE now", *[f.short[o["option"]] for o in f.changed]],
                rows,
                note="Every year, with the money of each, is in workbook.xlsx.",
            )
        ],
    )


def _change(f: BoardFindings, row: Row | None) -> Cell:
    if row is None:
        return blocks.text("kept as it is")
    parts = [f"{wte(row['wte_board'])} kept"]
    if row["wte_moved"] > 0.05:
        to = f" to {f.holder(row['to'])}" if row["to"] else " moved"
        parts.append(f"{wte(row['wte_moved'])}{to}")
    if row["wte_released"] > 0.05:
        parts.append(f"{wte(row['wte_released'])} released")
    said = f"{f.action(row['action'])}, {row['since']}"
    return Cell(said, ", ".join(parts), numeric=False)
