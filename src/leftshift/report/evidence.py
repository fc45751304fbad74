"""Sections on what the figures rest on and how the run can be made again."""

from __future__ import annotations

from typing import Any

from leftshift.report import blocks, words
from leftshift.report.blocks import LONGEST, Cell, Section, TableBlock
from leftshift.report.findings import Findings


def evidence(f: Findings) -> Section:
    """What the figures rest on: grades, unverified inputs, overrides, warnings, attribution."""
    counted = f.grades()
    total = sum(counted.values())
    grade_rows = [
        [
            blocks.text(f"{words.GRADES.get(g, (g, ''))[0]} ({g})"),
            blocks.text(words.GRADES.get(g, ("", "unknown"))[1]),
            Cell(f"{n:,}"),
            Cell(f"{100 * n / total:.0f}%" if total else ""),
        ]
        for g, n in counted.items()
    ]
    tables = [
        TableBlock(
            "grades",
            "How well the inputs are known (number of catalogue rows)",
            ["Grade", "What it means", "Rows", "Share"],
            grade_rows,
            stacked=True,
        )
    ]
    unverified = f.unverified()
    groups: dict[str, dict[str, int]] = {}
    for row in unverified:
        group = groups.setdefault(str(row["id"]).split(".")[0], {"R": 0, "A": 0})
        group[str(row["grade"])] += 1
    if unverified:
        ranked = sorted(groups.items(), key=lambda pair: (-sum(pair[1].values()), pair[0]))
        shown = [(g.replace("_", " ").capitalize(), n["R"], n["A"]) for g, n in ranked[:10]]
        rest = [n for _, n in ranked[10:]]
        if rest:
            other = f"{len(rest)} other subjects"
            shown.append((other, sum(n["R"] for n in rest), sum(n["A"] for n in rest)))
        tables.append(
            TableBlock(
                "unverified-groups",
                "Unverified inputs by subject (number of rows)",
                ["Subject", "Recalled", "Assumed"],
                [[blocks.text(g), Cell(f"{r:,}"), Cell(f"{a:,}")] for g, r, a in shown],
                stacked=True,
            )
        )
        tables.append(
            TableBlock(
                "unverified-widest",
                "The unverified inputs with the widest intervals for their size",
                ["Input", "Value", "95% interval", "Unit", "Grade", "Source"],
                [
                    [
                        blocks.text(str(r["label"])),
                        Cell(f"{r['value']:g}"),
                        Cell(
                            "none given"
                            if r["spread"] is None
                            else f"{r['lower']:g} to {r['upper']:g}"
                        ),
                        blocks.text(str(r["unit"])),
                        blocks.text(str(r["grade"])),
                        blocks.text(_clipped(str(r["source"]))),
                    ]
                    for r in unverified[:15]
                ],
                note=f"{len(unverified[:15])} of {len(unverified):,}; all are in the Sources sheet "
                "of workbook.xlsx, and every draw varies those that have an interval.",
            )
        )
    overridden = f.overridden()
    if overridden:
        tables.append(
            TableBlock(
                "overrides",
                "Figures of your own in place of shipped ones",
                ["Input", "Id", "Was", "Is", "Unit", "Source"],
                [
                    [
                        blocks.text(str(r["label"])),
                        blocks.text(str(r["id"])),
                        _was(r),
                        Cell(f"{r['value']:g}"),
                        blocks.text(str(r["unit"])),
                        blocks.text(_clipped(str(r["source"]))),
                    ]
                    for r in overridden
                ],
            )
        )
    share = 100 * len(unverified) / total if total else 0.0
    paragraphs = [
        f"The run rests on {total:,} catalogue rows, each with a unit, a source, a date and a "
        "grade. "
        f"{len(unverified):,} of them ({share:.0f}%) are unverified: recalled or assumed."
    ]
    if f.about.get("projection_note"):
        paragraphs.append(
            f"The projection behind births and migration: {f.about['projection_note']}"
        )
    if f.area.get("note"):
        paragraphs.append(str(f.area["note"]))
    if not overridden:
        paragraphs.append("No shipped figure was overridden.")
    lists = []
    if f.area.get("verified") is False:
        lists.append(("About this area", ["The make-up of this area has not been verified."]))
    if f.about.get("warnings"):
        lists.append(("Warnings of this run", [str(w) for w in f.about["warnings"]]))
    if f.about.get("attribution"):
        lists.append(("Attribution", [str(a) for a in f.about["attribution"]]))
    return Section("evidence", "What the figures rest on", paragraphs, tables=tables, lists=lists)


def _clipped(text: str, longest: int = 160) -> str:
    """A long citation cut at a word; the workbook has it whole."""
    return text if len(text) <= longest else text[:longest].rsplit(" ", 1)[0] + " …"


def _flat(value: Any, key: str = "") -> list[tuple[str, str]]:
    """Identity as pairs of name and text, whatever its depth."""
    if isinstance(value, dict):
        if set(value) == {"name", "sha256"}:
            return [(f"{key} {value['name']} (SHA-256)".strip(), str(value["sha256"]))]
        return [pair for k, v in value.items() for pair in _flat(v, f"{key} {k}".strip())]
    if isinstance(value, list | tuple):
        layers = all(isinstance(v, dict) and set(v) == {"name", "sha256"} for v in value)
        if not layers and (len(value) > 3 or any(isinstance(v, dict | list) for v in value)):
            return [(key, f"{len(value)} entries; see run.json")]
        return [pair for v in value for pair in _flat(v, key)]
    return [(key, str(value))]


def reproduce(f: Findings) -> Section:
    """The command and everything that decides the figures."""
    rows = [
        [
            blocks.text(k[:1].upper() + k[1:].replace("_", " ").replace("sha256", "(SHA-256)")),
            blocks.text(v),
        ]
        for k, v in [*_flat(f.run.identity), ("identity (SHA-256)", f.run.identity_sha256)]
    ]
    return Section(
        "reproduce",
        "How to reproduce this run",
        [
            "The same version, catalogue, area, seed and settings give the same tables. "
            "The command was:"
        ],
        code=str(f.about.get("command") or ""),
        tables=[
            TableBlock(
                "identity",
                "What decides the figures",
                ["Setting", "Value"],
                rows[:LONGEST],
                note=blocks.longer(len(rows)),
            )
        ],
        after=[
            "All figures, by place, sex, age, deprivation and segment, are in workbook.xlsx "
            "(summaries) and in tables/*.parquet (everything), beside this page."
        ],
    )


def _was(row: dict[str, Any]) -> Cell:
    """What an override replaced: a figure, a whole table, or nothing."""
    if row["old"] is not None:
        return Cell(f"{row['old']:g}")
    return blocks.text("a table" if str(row["id"]).startswith("table.") else "new row")
