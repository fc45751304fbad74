"""How an option was found, what duties cost, clusters and mergers, and sharing out the envelope."""

from __future__ import annotations

from leftshift.report import blocks
from leftshift.report.blocks import Cell, Section, TableBlock
from leftshift.report.organisation import charts as organisation_charts
from leftshift.report.organisation.findings import BoardFindings, Row, exact, gain, pounds, wte

__all__ = ["apportionment", "clusters", "found"]

_RULES = (
    ("flat_percentage", "Flat percentage"),
    ("per_head", "Per head"),
    ("weighted_head", "Weighted head"),
    ("from_present_spend", "From present spend"),
)
_KINDS = (
    ("total", ""),
    ("saving", ""),
    ("share", "Share of the saving by people"),
    ("one_off", ""),
    ("coordination", "What size costs"),
    ("post", "Leadership posts"),
)
_ARRANGEMENTS = (("apart", "Apart"), ("cluster", "Cluster"), ("merge", "Merged"))


def found(f: BoardFindings) -> Section | None:
    """The least harmful option, or why there is none, with the price of duties and of the cap."""
    prices, clashes, facts = f.rows("prices"), f.rows("clashes"), f.rows("found")
    if not (prices or clashes or facts):
        return None
    tables = []
    duties = sorted(
        (r for r in prices if r["kind"] == "duty"),
        key=lambda r: (-(r["whole"] or 0.0), -r["marginal"], r["limit"]),
    )
    loose = [r for r in duties if not r["marginal"]]
    duties = [r for r in duties if r["marginal"]]
    caps = sorted(
        (r for r in prices if r["kind"] != "duty"), key=lambda r: (r["kind"], r["year"], r["limit"])
    )
    if caps:
        tables.append(
            TableBlock(
                "cap-prices",
                "The price of a pound of each limit on money",
                ["Limit", "Harm spared by one pound more", "Unspent", "In words"],
                [
                    [
                        blocks.text(_upper(r["label"])),
                        Cell(exact(r["marginal"])),
                        Cell(pounds(r["spare"])),
                        blocks.text(r["words"]),
                    ]
                    for r in caps
                ],
            )
        )
    if duties:
        tables.append(
            TableBlock(
                "duty-prices",
                "The price of each duty that binds",
                [
                    "Duty",
                    "Harm without the duty",
                    "Harm of the last WTE",
                    "WTE to spare",
                    "In words",
                ],
                [
                    [
                        blocks.text(r["label"]),
                        Cell(pounds(r["whole"]) if r["whole"] is not None else ""),
                        Cell(pounds(r["marginal"])),
                        Cell(wte(r["spare"])),
                        blocks.text(r["words"]),
                    ]
                    for r in duties
                ],
                note=_loose(loose)
                + "From the linear relaxation, in which part of a function may change: close to "
                "the option's own harm, and the usual way to price a limit. Harm is pounds of "
                "function value lost, expected redundancy cost and work put at risk, each by its "
                "weight in the catalogue.",
            )
        )
    facts = sorted((r for r in facts if r["words"]), key=_rank)
    paragraphs = [
        "The computer chose, for each function and year, the option that meets the running-cost "
        "path with every duty at its minimum and least harm. It is a starting point for a "
        "conversation: the weights are yours to change."
    ]
    paragraphs += [str(r["words"]) for r in facts]
    if clashes:
        paragraphs.append("Why no option meets everything:")
        paragraphs += [str(r["words"]) for r in sorted(clashes, key=lambda r: r["order"])]
    return Section("found", "The least harmful option", paragraphs, tables=tables)


_FACTS = ("reached", "proof", "harm", "choices")


def _rank(row: Row) -> tuple[int, str]:
    known = row["measure"] in _FACTS
    return (_FACTS.index(row["measure"]) if known else len(_FACTS)), str(row["measure"])


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _loose(rows: list[Row]) -> str:
    if not rows:
        return ""
    return f"The other {len(rows)} duties do not bind: they cost nothing here. "


def clusters(f: BoardFindings) -> Section | None:
    """Boards apart, in a cluster and merged: money, posts, what each keeps."""
    rows = f.rows("clusters")
    if not rows:
        return None
    at = {(r["arrangement"], r["kind"], r["item"]): r for r in rows}
    lines = []
    for kind, heading in _KINDS:
        items = dict.fromkeys(r["item"] for r in rows if r["kind"] == kind)
        for item in items:
            label = at["apart", kind, item]["label"]
            cells = [blocks.text(f"{heading}: {label}" if heading else label)]
            cells += [_amount(f, at.get((key, kind, item))) for key, _ in _ARRANGEMENTS]
            lines.append(cells)
    boards = [r for r in rows if r["kind"] == "people" and r["arrangement"] == "apart"]
    boards.sort(key=lambda r: (-r["value"], r["item"]))
    named = [f"{r['label']} ({r['value']:,.0f} people)" for r in boards]
    functions = []
    for item in dict.fromkeys(r["item"] for r in rows if r["kind"] == "function"):
        cells = [blocks.text(at["apart", "function", item]["label"])]
        cells += [_amount(f, at.get((key, "function", item))) for key, _ in _ARRANGEMENTS]
        functions.append(cells)
    keeps = [
        [
            blocks.text(r["label"]),
            blocks.text(r["words"]),
            blocks.text(at["merge", "keeps", r["item"]]["words"].split(" (")[0]),
        ]
        for r in rows
        if r["kind"] == "keeps" and r["arrangement"] == "cluster"
    ]
    warned = {r["words"]: None for r in rows if r["kind"] == "warning"}
    beneath = ", with 95% intervals beneath" if f.has_intervals else ""
    return Section(
        "clusters",
        "Cluster or merge",
        [
            "Boards that take part: " + "; ".join(named) + ". A cluster shares leaders and people "
            "while each board stays a board in law; a merger makes one board. Amounts are of all "
            "the boards together.",
        ],
        tables=[
            TableBlock(
                "cluster-table",
                f"Boards apart, in a cluster and merged{beneath}",
                ["Item", *[label for _, label in _ARRANGEMENTS]],
                lines,
                stacked=True,
            ),
            TableBlock(
                "cluster-functions",
                f"Cost of each function a year{beneath}",
                ["Function", *[label for _, label in _ARRANGEMENTS]],
                functions,
                stacked=True,
            ),
            TableBlock(
                "cluster-keeps",
                "What each board keeps",
                ["What", "In a cluster", "Merged"],
                keeps,
            ),
        ],
        lists=[("Mind", list(warned))] if warned else (),
    )


def _amount(f: BoardFindings, row: Row | None) -> Cell:
    if row is None:
        return blocks.text("")
    if row["unit"].startswith("GBP a head"):
        write = exact
    elif row["unit"].startswith("GBP"):
        write = pounds
    else:
        write = _count
    certain = row["lower"] is None or abs(row["upper"] - row["lower"]) < 1e-9
    return Cell(write(row["value"]), "" if certain else f.spread(row, write))


def _count(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"


def _clipped(name: str, longest: int = 34) -> str:
    return name if len(name) <= longest else name[: longest - 1].rsplit(" ", 1)[0].rstrip(",") + "…"


def apportionment(f: BoardFindings) -> Section | None:
    """What each board would have by each rule of sharing out the envelope."""
    rows = f.rows("apportionment")
    if not rows:
        return None
    boards = sorted({(r["name"], r["board"]) for r in rows})
    at = {(r["rule"], r["board"]): r for r in rows}
    rules = [(key, label) for key, label in _RULES if any(r["rule"] == key for r in rows)]
    table = []
    shown = []
    for name, board in boards:
        first = at[rules[0][0], board]
        cells = [
            blocks.text(name),
            Cell(f"{first['people']:,.0f}"),
            Cell(f"{first['weighted']:,.0f}"),
            Cell(pounds(first["present"])),
        ]
        for key, _ in rules:
            row = at[key, board]
            cells.append(Cell(pounds(row["allowance"]), f"{exact(row['per_head'])} a head"))
            if row["change_percent"] is not None:
                shown.append({"label": _clipped(name), "rule": key, "value": row["change_percent"]})
        table.append(cells)
    swing = {
        name: max(at[k, board]["allowance"] for k, _ in rules)
        - min(at[k, board]["allowance"] for k, _ in rules)
        for name, board in boards
    }
    most = max(swing, key=lambda n: (swing[n], n))
    finding = (
        f"The rule matters most to {most}: {pounds(swing[most])} a year between the kindest and "
        "the hardest."
    )
    block = TableBlock(
        "apportion-table",
        "Allowance of each board by each rule (pounds a year, a head beneath)",
        ["Board", "Registered people", "Weighted people", "Present spend",
         *[label for _, label in rules]],
        table,
    )  # fmt: skip
    figures = []
    if shown and len(boards) <= 45:
        figures.append(
            blocks.drawn(
                "apportion",
                "Each board's change against present spend, by rule",
                finding,
                block,
                lambda narrow: organisation_charts.rules(shown, rules, narrow),
            )
        )
    sources = sorted({r["source"] for r in rows})
    flat = [r for r in rows if r["rule"] == "weighted_head"]
    gainers = sorted(flat, key=lambda r: -r["against_flat"])
    said = []
    if len(gainers) > 1:
        said.append(
            f"By weighted head instead of a flat percentage, {gainers[0]['name']} has "
            f"{gain(gainers[0]['against_flat'])} and {gainers[-1]['name']} "
            f"{gain(gainers[-1]['against_flat'])} a year."
        )
    return Section(
        "apportionment",
        "Sharing out the cut between boards",
        [
            "The same envelope by four rules: a flat percentage off present spend, pounds for each "
            "registered person, pounds for each person weighted for need, and the same pounds a "
            "head off present spend. What one board gains by a rule others lose.",
            *said,
        ],
        figures=figures,
        tables=[] if figures else [block],
        after=["Where the figures come from: " + " / ".join(sources) + "."],
    )
