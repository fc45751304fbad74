"""What is left at system, place and neighbourhood, and what place loses."""

from __future__ import annotations

from leftshift.report import blocks
from leftshift.report.blocks import LONGEST, Cell, FigureBlock, Section, TableBlock
from leftshift.report.organisation import charts as organisation_charts
from leftshift.report.organisation.charts import LEVEL_WORDS, LEVELS
from leftshift.report.organisation.findings import BoardFindings, Row, pounds, wte

__all__ = ["place"]


def place(f: BoardFindings) -> Section:
    """The delegation map, what each place loses, and what the partnership becomes."""
    figure = _levels(f)
    said = []
    for option in f.changed:
        people, money = f.place_loss(option["option"])
        said.append(
            f"{option['name']}: place and neighbourhood lose {wte(people)} WTE and "
            f"{pounds(money)} a year by {f.end}."
            if people > 0.05
            else f"{option['name']}: place and neighbourhood lose nothing by {f.end}."
        )
    tables = [_losses(f), _by_place(f), _map(f), _governance(f)]
    return Section(
        "place",
        "Place and subsidiarity",
        [
            "Work that is taken up by a region, a cluster or a shared service is further from "
            "residents; work that goes to a council stays at place. The map shows who holds each "
            "function, with how many people and how much money.",
            *said,
        ],
        figures=[figure] if figure is not None else [],
        tables=[table for table in tables if table is not None],
    )


def _levels(f: BoardFindings) -> FigureBlock | None:
    rows = []
    table = []
    for option in f.options:
        at = f.at_level(option["option"], f.end)
        if not at:
            continue
        cells = [blocks.text(str(option["name"]))]
        for level in LEVELS:
            people, money = at.get(level, (0.0, 0.0))
            rows.append({"label": f.short[option["option"]], "level": level, "value": people})
            cells.append(Cell(wte(people), pounds(money)))
        table.append(cells)
    if not rows:
        return None
    moved = {
        o["name"]: f.at_level(o["option"], f.end).get("beyond", (0.0, 0.0))[0] for o in f.changed
    }
    most = max(moved, key=lambda n: (moved[n], n), default="")
    finding = (
        f"{most} takes most beyond the board: {wte(moved[most])} WTE."
        if most and moved[most] > 0.05
        else "No option takes work beyond the board."
    )
    block = TableBlock(
        "levels-table",
        f"People by level in {f.end} (WTE, with money a year beneath)",
        ["Option", *[LEVEL_WORDS[level] for level in LEVELS]],
        table,
        stacked=True,
    )
    return blocks.drawn(
        "levels",
        f"Where the work is done in {f.end}",
        finding,
        block,
        lambda narrow: organisation_charts.levels(rows, narrow),
    )


def _losses(f: BoardFindings) -> TableBlock | None:
    """A function to a row, an option to a column: what place and neighbourhood are left with."""
    found = {(r["option"], r["function"]): r for r in f.rows("place_losses", year=f.end, place="")}
    functions: dict[str, float] = {}
    for (_option, function), r in found.items():
        lost = r["wte_before"] - r["wte_after"]
        functions[function] = max(functions.get(function, 0.0), lost)
    if not functions:
        return None
    rows = []
    for function in sorted(functions, key=lambda key: (-functions[key], key)):
        any_row = next(r for (_o, fn), r in found.items() if fn == function)
        cells = [
            blocks.text(any_row["name"]),
            blocks.text(any_row["level"]),
            Cell(wte(any_row["wte_before"])),
        ]
        for option in f.changed:
            row = found.get((option["option"], function))
            cells.append(_left(f, row) if row else blocks.text("nothing lost"))
        rows.append(cells)
    return TableBlock(
        "losses",
        f"What place and neighbourhood are left with by {f.end} (WTE)",
        ["Function", "Level", "WTE now", *[f.short[o["option"]] for o in f.changed]],
        rows,
        note="Each in a sentence, by place and by year, is in workbook.xlsx.",
    )


def _left(f: BoardFindings, row: Row) -> Cell:
    lost = row["money_before"] - row["money_after"]
    to = f", to {f.holder(row['to'])}" if row["to"] else ""
    if row["wte_before"] - row["wte_after"] <= 0.05 and lost < 1.0:
        return Cell("stays at place", f"{f.action(row['action'])}{to}", numeric=False)
    said = f"{f.action(row['action'])}{to}; {pounds(lost)} a year lost"
    return Cell(f"{wte(row['wte_after'])} left", said, numeric=False)


def _by_place(f: BoardFindings) -> TableBlock | None:
    found = [r for r in f.rows("place_losses", year=f.end) if r["place"]]
    places = {r["place"]: (str(r["place_name"]), r["people"]) for r in found}
    if not places:
        return None
    rows = []
    for key, (name, people) in sorted(places.items(), key=lambda kv: kv[1]):
        cells = [blocks.text(name), Cell(f"{people:,.0f}")]
        for option in f.changed:
            mine = [r for r in found if r["place"] == key and r["option"] == option["option"]]
            lost = sum(r["wte_before"] - r["wte_after"] for r in mine)
            money = sum(r["money_before"] - r["money_after"] for r in mine)
            cells.append(Cell(f"{wte(lost)} WTE", f"{pounds(money)} a year"))
        rows.append(cells)
    return TableBlock(
        "by-place",
        f"What each place loses by {f.end} (shared between places by people)",
        ["Place", "People", *[f.short[o["option"]] for o in f.changed]],
        rows[:LONGEST],
        stacked=len(f.changed) <= 4,
        note=blocks.longer(len(rows)),
    )


def _map(f: BoardFindings) -> TableBlock | None:
    """The delegation map of the option that takes most beyond the board."""
    if not f.changed or not f.rows("levels"):
        return None
    option = max(
        f.changed,
        key=lambda o: f.at_level(o["option"], f.end).get("beyond", (0.0, 0.0))[0],
    )
    found = f.rows("levels", option=option["option"], year=f.end)
    present = [level for level in LEVELS if any(r["level"] == level for r in found)]
    rows = []
    for function in sorted({(r["name"], r["function"]) for r in found}):
        cells = [blocks.text(function[0])]
        for level in present:
            mine = [r for r in found if r["function"] == function[1] and r["level"] == level]
            people, money = sum(r["wte"] for r in mine), sum(r["money"] for r in mine)
            holders = [
                f.holder(r["holder"]) for r in mine if r["holder"] not in ("board", "nobody")
            ]
            said = f"{pounds(money)}" + (f", {', '.join(holders)}" if holders else "")
            cells.append(Cell(wte(people), said) if mine else Cell(""))
        rows.append(cells)
    return TableBlock(
        "map",
        f"Delegation map of {option['name']} in {f.end}: WTE, with money a year and holder beneath",
        ["Function", *[LEVEL_WORDS[level] for level in present]],
        rows[:LONGEST],
        note=blocks.longer(len(rows))
        or f"Each function serves the board's {found[0]['people']:,.0f} residents. Held by the "
        "board where nobody is named. The maps of the other options are in workbook.xlsx.",
    )


def _governance(f: BoardFindings) -> TableBlock | None:
    found = sorted(f.rows("governance"), key=lambda r: r["year"])
    if not found:
        return None
    rows: list[list[Cell]] = []
    for i, r in enumerate(found):
        if i and found[i - 1]["setting"] == r["setting"]:
            continue
        until = next((x["year"] for x in found[i:] if x["setting"] != r["setting"]), "")
        rows.append(
            [
                blocks.text(f"{r['year']} on" if not until else f"{r['year']}, until {until}"),
                blocks.text(r["label"]),
                blocks.text(r["law"]),
                blocks.text(r["place_has"]),
                blocks.text(r["needs"]),
                blocks.text(r["said"] or ""),
                blocks.text(r["grade"]),
            ]
        )
    return TableBlock(
        "governance-table",
        "What the integrated care partnership is, and from when",
        [
            "Years",
            "Setting",
            "Law",
            "What place has",
            "What it needs",
            "What leaders said",
            "Grade",
        ],
        rows,
        note="A setting of the board's file, not a forecast of what Parliament will do.",
    )
