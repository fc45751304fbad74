"""The paper for a board: a plan in two to four pages of Word, with the figures of the page."""

from __future__ import annotations

import datetime as dt
import importlib.util
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from leftshift.errors import ToolError
from leftshift.report import blocks, theme, words
from leftshift.report.blocks import Cell, TableBlock
from leftshift.report.organisation.word import dated, style_of
from leftshift.report.plans import cash, certainty, changes, fairness, moves, opening, proposal
from leftshift.report.plans.cells import millions_cell, signed_cell, upper_first
from leftshift.report.plans.figures import MEASURES, SETTLED, WHOLE, PlanFindings

__all__ = ["has_word", "write"]

_CREATED = dt.datetime(2026, 1, 1)
_SHADE = theme.PALE.lstrip("#").upper()
#: Rows of a table, so that the paper stays a paper.
_LONGEST = 12


def has_word() -> bool:
    """Whether python-docx is there to write the paper with."""
    return importlib.util.find_spec("docx") is not None


def write(p: PlanFindings, path: Path) -> None:
    """Writes the paper.

    Args:
        p: the plan's figures.
        path: where to; replaced if it is there.

    Raises:
        ToolError: python-docx is not installed.
    """
    try:
        import docx
        from docx.shared import Mm, Pt, RGBColor
    except ImportError as error:
        raise ToolError(
            "a board paper in Word needs python-docx. Install it with: "
            "pip install 'leftshift[office]'"
        ) from error
    book = docx.Document()
    page = book.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = Mm(19)
    page.top_margin = page.bottom_margin = Mm(15)
    ink = RGBColor.from_string(theme.DARK_BLUE.lstrip("#").upper())
    style_of(book.styles["Normal"], "Arial", Pt(10))
    for name in ("Normal", "List Bullet"):
        shape = book.styles[name].paragraph_format
        shape.space_after, shape.space_before, shape.line_spacing = Pt(3), Pt(0), 1.05
    for level, size in ((0, 19), (1, 12.5)):
        style = book.styles["Title" if level == 0 else f"Heading {level}"]
        style_of(style, "Arial", Pt(size))
        style.font.color.rgb = ink
        style.paragraph_format.space_before = Pt(0 if level == 0 else 8)
        style.paragraph_format.space_after = Pt(3)
    core = book.core_properties
    core.title, core.author, core.language = p.title, "Leftshift", "en-GB"
    core.subject = f"{p.f.now} to {p.f.end}"
    core.comments = "Simulated figures for planning. Not endorsed by the NHS."
    core.created = core.modified = _CREATED
    core.last_modified_by, core.revision = "Leftshift", 1
    _paper(book, p)
    held = io.BytesIO()
    book.save(held)
    path.write_bytes(dated(held.getvalue()))


def _paper(book: Any, p: PlanFindings) -> None:
    book.add_heading(f"{p.title}: paper for the board", level=0)
    about = str(p.said.get("about") or "")
    book.add_paragraph(
        f"{p.f.area_name}, {p.f.now} to {p.f.end}. Money in {p.prices}."
        + (f" {about}" * bool(about))
    )
    for line in opening.certainty(p):
        book.add_paragraph(line)
    book.add_heading("In short", level=1)
    short = opening.headlines(p)
    _bullets(book, short)
    book.add_heading("What is proposed, and what each part gives", level=1)
    if p.ids:
        _table(book, _proposal(p), (0.3, 0.26, 0.14, 0.16, 0.14))
        _bullets(book, _against(p))
    book.add_heading("What changes, and when", level=1)
    time = changes.time_sentence(p)
    if time:
        book.add_paragraph(time)
    _table(book, _changes(p))
    sections = {
        "Where activity and staff move": [
            moves.setting_sentence(p),
            moves.share_sentence(p),
            moves.staff_sentence(p),
        ],
        "Money": [cash.payback_sentence(p), cash.NEVER_ADDED],
        "Who gains": [fairness.gap_sentence(p), fairness.fifths_sentence(p)],
        "How sure": _sure(p),
    }
    for title, lines in sections.items():
        # What the opening has said is not said again.
        said = [line for line in lines if line and line not in short]
        if not any(lines):
            continue
        book.add_heading(title, level=1)
        for line in said:
            book.add_paragraph(line)
        if title == "Money":
            kinds = cash.three_kinds(p)
            if kinds is not None:
                _table(book, kinds)
        if title == "How sure":
            worth = certainty.worth_table(p)
            if worth is not None:
                _table(book, worth, (0.34, 0.2, 0.17, 0.17, 0.12))
    book.add_paragraph(
        "The whole report, with a table behind every chart, the plan file and every input with its "
        "source and grade, is report.html; all figures are in workbook.xlsx. Leftshift is "
        "independent; it is not endorsed by the NHS. "
        f"Run {p.f.run.identity_sha256[:12]}."
    )


def _bullets(book: Any, lines: Sequence[str]) -> None:
    for line in lines:
        if line:
            book.add_paragraph(line, style="List Bullet")


def _proposal(p: PlanFindings) -> TableBlock:
    rows = []
    for i in [*p.ids[:_LONGEST], WHOLE]:
        told = p.told(i)
        who = str(told.get("who") or "")
        reach = str(told.get("reach") or "")
        evidence = p.evidence(i)
        name = p.name(i) + (f" (evidence {evidence})" if evidence and i else "")
        rows.append(
            [
                blocks.text(name),
                blocks.text("; ".join(part for part in (upper_first(who), reach) if part)),
                signed_cell(p.value("qalys", i)),
                signed_cell(p.effect("non_elective_admission", p.f.end, i)),
                millions_cell(p.value("incremental_cost", i, *SETTLED)),
            ]
        )
    more = len(p.ids) - _LONGEST
    return TableBlock(
        "paper-proposal",
        "Interventions in the plan's order; effects are what each adds to those before it",
        ["Intervention", "For whom, and how many", "QALYs, all years",
         f"Emergency admissions, {p.f.end}", "Net cost, £ million"],
        rows,
        note="QALYs not discounted. Net cost to NHS and social care over all years, discounted, "
        f"{p.prices}: every unit of care not used counts at its whole cost."
        + (f" {more} more interventions are in the report." if more > 0 else ""),
    )  # fmt: skip


def _against(p: PlanFindings) -> list[str]:
    """What is known against the interventions on which most rests, and all weak ones."""
    ranked = sorted(
        p.ids, key=lambda i: -abs(g.value if (g := p.value("qalys", i)) is not None else 0.0)
    )
    chosen = [i for i in p.ids if i in {*ranked[:2], *p.weak[:3]}]
    said = []
    for i in chosen:
        against = str(p.told(i).get("against") or "")
        if against:
            said.append(f"Against {words.inside(p.name(i))}: {against}")
    return said


def _changes(p: PlanFindings) -> TableBlock:
    measures = ("qaly", "deaths", "major_illness", "non_elective_admission", "bed_days",
                "cost_intervention", "cash_released", "capacity_released")  # fmt: skip
    rows = []
    for m in measures:
        if not p.has(m):
            continue
        money = m.startswith(("cost", "cash", "capacity"))
        cells = [p.effect(m, y) for y in p.marks]
        rows.append(
            [
                blocks.text(MEASURES[m] + (", £ million" if money else "")),
                *[(millions_cell if money else signed_cell)(g) for g in cells],
            ]
        )
    return TableBlock(
        "paper-changes",
        f"Plan less baseline in a year (money in {p.prices})"
        + ("; 95% intervals in brackets" if p.f.has_intervals else "; central run"),
        ["Measure", *p.marks],
        rows,
    )


def _sure(p: PlanFindings) -> list[str]:
    if not p.f.has_intervals or not p.uncertainty:
        return [certainty.NO_DRAWS, proposal.weak_sentence(p)]
    return [
        certainty.worth_sentence(p),
        certainty.matter_sentence(p),
        proposal.weak_sentence(p),
    ]


def _table(book: Any, block: TableBlock, widths: Sequence[float] = ()) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt

    if not block.rows:
        return
    caption = book.add_paragraph()
    caption.add_run(block.caption).bold = True
    caption.paragraph_format.keep_with_next = True
    width = len(block.columns)
    made = book.add_table(rows=1 + len(block.rows), cols=width)
    made.style = "Table Grid"
    if widths:
        made.autofit = False
        for column, part in zip(made.columns, widths, strict=True):
            column.width = Mm(172 * part)
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    made.rows[0]._tr.get_or_add_trPr().append(mark)
    # A row must not be cut by the end of a page.
    for row in made.rows:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    cells = made._cells
    if widths:
        for k, cell in enumerate(cells):
            cell.width = Mm(172 * widths[k % width])
    for c, heading in enumerate(block.columns):
        _fill(cells[c], heading, Pt(8), bold=True)
        shade = OxmlElement("w:shd")
        shade.set(qn("w:val"), "clear")
        shade.set(qn("w:fill"), _SHADE)
        cells[c]._tc.get_or_add_tcPr().append(shade)
    for r, row_of in enumerate(block.rows, start=1):
        for c, held in enumerate(row_of):
            target = cells[r * width + c]
            _fill(target, _said(held), Pt(8))
            if held.numeric and c:
                target.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
    if block.note:
        note = book.add_paragraph()
        note.add_run(block.note).font.size = Pt(8.5)


def _said(cell: Cell) -> str:
    return f"{cell.text} ({cell.interval})" if cell.interval else cell.text


def _fill(cell: Any, text: str, size: Any, bold: bool = False) -> None:
    paragraph = cell.paragraphs[0]
    from docx.shared import Pt

    paragraph.paragraph_format.space_after = Pt(0)
    run = paragraph.add_run(text)
    run.font.size, run.bold = size, bold
