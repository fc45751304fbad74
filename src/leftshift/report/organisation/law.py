"""What is at risk in law: duties beside their minimum, the register, and caseloads."""

from __future__ import annotations

from leftshift.report import blocks, charts
from leftshift.report.blocks import Cell, FigureBlock, Section, TableBlock
from leftshift.report.organisation.findings import BoardFindings, Row, wte

__all__ = ["at_risk", "caseloads", "register"]


_KINDS = {
    "caseload": "from its caseload",
    "stated": "stated by the board",
    "default": "the catalogue's",
}


def at_risk(f: BoardFindings) -> Section:
    """Every duty below its minimum in any option, in words, and all duties beside their minimum."""
    lists = []
    for option in f.changed:
        short = f.short_duties(option["option"])
        if short:
            said = [f"{_upper(r['words'])} (worst in {r['year']})" for r in short]
        else:
            said = ["No duty is below its minimum in any year."]
        lists.append((str(option["name"]), said))
    figure = _figure(f)
    return Section(
        "law",
        "What is at risk in law",
        [
            "A board that leaves a duty without the people it needs can be taken to judicial "
            "review. Each duty has a minimum safe level in whole-time equivalents, worked out from "
            "its caseload where it has one and stated with a reason otherwise. A duty below its "
            "minimum is named here for each option; a surplus on another duty never makes up for "
            "it.",
        ],
        figures=[figure] if figure is not None else [],
        lists=lists,
        inset="This is not legal advice. The minimum levels are planning assumptions with a grade, "
        "not limits set by a court or a regulator.",
    )


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _matrix(f: BoardFindings) -> TableBlock:
    worst: dict[tuple[str, str], dict[str, object]] = {}
    duties: list[str] = []
    for row in f.rows("duties"):
        key = (row["duty"], row["option"])
        if row["duty"] not in duties:
            duties.append(row["duty"])
        held = worst.get(key)
        if held is None or row["gap"] > float(str(held["gap"])):
            worst[key] = row
    duties.sort(
        key=lambda d: (-max(float(str(worst[d, o["option"]]["gap"])) for o in f.options
                            if (d, o["option"]) in worst), d)
    )  # fmt: skip
    rows = []
    for duty in duties:
        cells = [blocks.text(str(f.duty_names.get(duty, duty)))]
        first = next(worst[duty, o["option"]] for o in f.options if (duty, o["option"]) in worst)
        cells.append(Cell(wte(float(str(first["minimum"]))), _range(first)))
        for option in f.options:
            found = worst.get((duty, option["option"]))
            if found is None:
                cells.append(blocks.text("not looked at"))
                continue
            have = float(str(found["own"])) + float(str(found["elsewhere"]))
            mark = (
                f"{wte(have)}: {wte(float(str(found['gap'])))} short"
                if found["below"]
                else wte(have)
            )
            cells.append(Cell(mark))
        rows.append(cells)
    return TableBlock(
        "duties-table",
        "Each duty in the year in which it is shortest (WTE)",
        ["Duty", "Minimum", *[f.short[o["option"]] for o in f.options]],
        rows,
        note="WTE of the board and of others who do its work. The minimum is that of the first "
        "option's shortest year" + ("; its 95% interval is beneath." if f.has_intervals else "."),
    )


def _range(row: dict[str, object]) -> str:
    if row.get("lower") is None or row.get("upper") is None:
        return ""
    return f"{wte(float(str(row['lower'])))} to {wte(float(str(row['upper'])))}"


def _figure(f: BoardFindings) -> FigureBlock | None:
    if not f.changed:
        return None
    option = max(f.changed, key=lambda o: len(f.short_duties(o["option"])))
    short = f.short_duties(option["option"])
    if not short:
        return None
    rows = [
        {
            "label": f.duty_names.get(r["duty"], r["duty"]),
            "now": r["minimum"],
            "end": r["own"] + r["elsewhere"],
            "lower": None,
            "upper": None,
        }
        for r in short[:12]
    ]
    table = TableBlock(
        "short-table",
        f"{option['name']}: duties below their minimum (WTE)",
        ["Duty", "Year", "Minimum", "Left in this option", "Short by"],
        [
            [
                blocks.text(str(f.duty_names.get(r["duty"], r["duty"]))),
                blocks.text(r["year"]),
                Cell(wte(r["minimum"])),
                Cell(wte(r["own"] + r["elsewhere"])),
                Cell(wte(r["gap"])),
            ]
            for r in short
        ],
        stacked=True,
    )
    return blocks.drawn(
        "short",
        f"Duties below their minimum: {option['name']}",
        f"{option['name']} is the option with most duties below their minimum: {len(short)}.",
        table,
        lambda narrow: charts.pairs(
            rows, "Minimum", "Left in this option", "Whole-time equivalents", narrow
        ),
    )


def register(f: BoardFindings) -> Section:
    """Every duty with its section, owner, minimum, reason and evidence."""
    rows = [
        [
            blocks.text(r["label"]),
            blocks.text(f"{r['act']} {r['section']} ({r['grade']})".strip()),
            blocks.text(r["owner"] or "nobody named"),
            blocks.text(_serving(f, r["functions"])),
            Cell(_KINDS.get(str(r["minimum_kind"]), ""), _why(r), numeric=False),
            blocks.text(r["evidence"] or "none given"),
        ]
        for r in f.rows("duty_register")
    ]
    unowned = sum(1 for r in f.rows("duty_register") if not r["owner"])
    said = f"The board has {len(rows)} statutory duties on its register."
    if unowned:
        said += f" {unowned} of them {'has' if unowned == 1 else 'have'} no accountable owner."
    else:
        said += " Each has an accountable owner."
    return Section(
        "register",
        "The duty register",
        [said],
        tables=[
            _matrix(f),
            TableBlock(
                "register-table",
                "Duties, who answers for them and what they rest on (V: section read, R: recalled)",
                [
                    "Duty",
                    "Section",
                    "Accountable owner",
                    "Functions that serve it",
                    "Minimum level",
                    "Evidence",
                ],
                rows,
            ),
        ],
    )


def _why(row: Row) -> str:
    return "" if row["minimum_kind"] == "default" else str(row["reason"] or "").rstrip(".")


def _serving(f: BoardFindings, text: str) -> str:
    names = [part.split("=")[0].strip() for part in text.replace(",", ";").split(";")]
    return ", ".join(f.name_of(name) for name in names if name) or "no function serves it"


def caseloads(f: BoardFindings) -> Section | None:
    """Cases, hours and people needed for the duties that have a caseload."""
    found = f.rows("caseloads", year=[f.now, f.end])
    if not found:
        return None
    keys = list(dict.fromkeys((r["caseload"], r["measure"], r["unit"]) for r in found))
    value = {(r["caseload"], r["measure"], r["year"]): r for r in found}
    rows = []
    for caseload, measure, unit in keys:
        cells = [
            blocks.text(f"{_words(caseload)}: {_words(measure, first=False)}"),
            blocks.text(unit),
        ]
        for year in (f.now, f.end):
            row = value.get((caseload, measure, year))
            write = _number
            cells.append(
                Cell(write(row["value"]), f.spread(row, write)) if row else blocks.text("")
            )
        rows.append(cells)
    return Section(
        "caseloads",
        "The caseloads behind the minimum levels",
        [
            "How many cases there will be, and how many people it takes to see to them in time. "
            "Every step of the sum is a row of the catalogue with a source and a grade."
        ],
        tables=[
            TableBlock(
                "caseloads-table",
                "Cases and people needed"
                + (", with 95% intervals beneath" if f.has_intervals else ""),
                ["Measure", "Unit", f.now, f.end],
                rows,
                stacked=True,
            )
        ],
    )


def _words(key: str, first: bool = True) -> str:
    words = ["WTE" if word == "wte" else word for word in key.split("_")]
    text = " ".join(words)
    return text[:1].upper() + text[1:] if first else text


def _number(value: float) -> str:
    return f"{value:,.1f}" if abs(value) < 1000 else f"{value:,.0f}"
