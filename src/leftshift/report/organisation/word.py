"""The Word document of a board's run: the page's words and tables, to edit and to send round."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from pathlib import Path
from typing import Any

from leftshift.errors import ToolError
from leftshift.report import theme
from leftshift.report.blocks import Section, TableBlock
from leftshift.report.organisation import opening as organisation_opening
from leftshift.report.organisation.findings import BoardFindings
from leftshift.report.organisation.page import certainty, sections_of, title_of

__all__ = ["dated", "style_of", "write"]

_CREATED = dt.datetime(2026, 1, 1)
# Word is for reading round a table: longer tables stay in the workbook.
_LONGEST = 40
_SHADE = theme.PALE.lstrip("#").upper()


def write(f: BoardFindings, path: Path) -> None:
    """Writes the document.

    Args:
        f: what was found.
        path: where to; replaced if it is there.

    Raises:
        ToolError: python-docx is not installed.
    """
    try:
        import docx
        from docx.enum.section import WD_ORIENT
        from docx.shared import Mm, Pt, RGBColor
    except ImportError as error:
        raise ToolError(
            "a Word report needs python-docx. Install it with: pip install 'leftshift[office]'"
        ) from error
    book = docx.Document()
    page = book.sections[0]
    page.orientation = WD_ORIENT.LANDSCAPE
    page.page_width, page.page_height = Mm(297), Mm(210)
    page.left_margin = page.right_margin = Mm(18)
    page.top_margin = page.bottom_margin = Mm(16)
    ink = RGBColor.from_string(theme.DARK_BLUE.lstrip("#").upper())
    style_of(book.styles["Normal"], "Arial", Pt(10.5))
    for level, size in ((0, 24), (1, 17), (2, 13)):
        style = book.styles["Title" if level == 0 else f"Heading {level}"]
        style_of(style, "Arial", Pt(size))
        style.font.color.rgb = ink
    _properties(book, f)
    book.add_heading(f"{title_of(f)}: {f.now} to {f.end}", level=0)
    for line in certainty(f):
        book.add_paragraph(line)
    book.add_heading("What matters", level=1)
    for line in organisation_opening.headlines(f):
        book.add_paragraph(line, style="List Bullet")
    _table(book, organisation_opening.comparison(f))
    for section in sections_of(f):
        _section(book, section)
    book.add_paragraph(
        "Leftshift is independent; it is not endorsed by the NHS. These are figures for planning. "
        "They are not legal advice, and they say nothing about any one person's post. "
        f"Run {f.run.identity_sha256[:12]}."
    )
    held = io.BytesIO()
    book.save(held)
    path.write_bytes(dated(held.getvalue()))


def style_of(style: Any, font: str, size: Any) -> None:
    """Sets a style of a document in one typeface for every script."""
    from docx.oxml.ns import qn

    style.font.name, style.font.size = font, size
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for kind in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
        fonts.set(qn(kind), font)
    for kind in ("w:asciiTheme", "w:hAnsiTheme", "w:cstheme", "w:eastAsiaTheme"):
        fonts.attrib.pop(qn(kind), None)


def _properties(book: Any, f: BoardFindings) -> None:
    core = book.core_properties
    core.title, core.author, core.language = title_of(f), "Leftshift", "en-GB"
    core.subject = f"{f.now} to {f.end}"
    core.comments = "Figures for planning. Not legal advice. Not endorsed by the NHS."
    core.created = core.modified = _CREATED
    core.last_modified_by, core.revision = "Leftshift", 1


def _section(book: Any, section: Section) -> None:
    book.add_heading(section.title, level=1)
    for line in section.paragraphs:
        if line:
            book.add_paragraph(line)
    if section.code:
        book.add_paragraph(section.code)
    if section.inset:
        book.add_paragraph(section.inset, style="Intense Quote")
    for heading, items in section.lists:
        book.add_heading(heading, level=2)
        for item in items:
            book.add_paragraph(item, style="List Bullet")
    for figure in section.figures:
        book.add_heading(figure.title, level=2)
        book.add_paragraph(figure.finding)
        _table(book, figure.table)
    for block in section.tables:
        _table(book, block)
    for term, meaning in section.definitions:
        line = book.add_paragraph()
        line.add_run(f"{term}: ").bold = True
        line.add_run(meaning)
    for line in section.after:
        book.add_paragraph(line)


def _table(book: Any, block: TableBlock) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Pt

    caption = book.add_paragraph()
    caption.add_run(block.caption).bold = True
    caption.paragraph_format.keep_with_next = True
    rows = block.rows[:_LONGEST]
    if rows:
        made = book.add_table(rows=1 + len(rows), cols=len(block.columns))
        made.style = "Table Grid"
        header = made.rows[0]
        # Word repeats this row on every page, and reads it out as the heading of each column.
        mark = OxmlElement("w:tblHeader")
        mark.set(qn("w:val"), "true")
        header._tr.get_or_add_trPr().append(mark)
        cells = made._cells
        width = len(block.columns)
        for i, heading in enumerate(block.columns):
            _fill(cells[i], heading, Pt(8.5), bold=True)
            shade = OxmlElement("w:shd")
            shade.set(qn("w:val"), "clear")
            shade.set(qn("w:fill"), _SHADE)
            cells[i]._tc.get_or_add_tcPr().append(shade)
        for r, row in enumerate(rows, start=1):
            for c, cell in enumerate(row):
                said = f"{cell.text} ({cell.interval})" if cell.interval else cell.text
                target = cells[r * width + c]
                _fill(target, said, Pt(8.5))
                if cell.numeric and c:
                    target.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
    if len(block.rows) > _LONGEST:
        book.add_paragraph(
            f"The first {_LONGEST} of {len(block.rows)} rows; all are in workbook.xlsx."
        )
    if block.note:
        book.add_paragraph(block.note)


def _fill(cell: Any, text: str, size: Any, bold: bool = False) -> None:
    run = cell.paragraphs[0].add_run(text)
    run.font.size, run.bold = size, bold


def dated(content: bytes) -> bytes:
    """The same document with fixed dates in its archive: the same run gives the same file."""
    held = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in sorted(old.namelist()):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, old.read(name))
    return held.getvalue()
