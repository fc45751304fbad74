"""A survey's slides: one finding to a slide, its chart and its figures beside it in the notes."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import vl_convert

from leftshift.errors import ReportError
from leftshift.report import theme
from leftshift.report.blocks import FigureBlock, Section
from leftshift.report.survey import words
from leftshift.report.survey.findings import SurveyFindings

__all__ = ["can_write_slides", "write_slides"]

_CREATED = dt.datetime(2026, 1, 1)
_WIDE, _HIGH = 13.333, 7.5


def can_write_slides() -> bool:
    """Whether python-pptx is installed."""
    return find_spec("pptx") is not None


def _pptx() -> Any:
    if not can_write_slides():
        raise ReportError(
            "slides need python-pptx, which is not installed. Install it with: "
            'pip install "leftshift[office]"'
        )
    import pptx

    return pptx


def write_slides(
    f: SurveyFindings, sections: Sequence[Section], key: FigureBlock | None, path: Path
) -> None:
    """Write slides.pptx.

    Args:
        f: the findings of a run.
        sections: those of the report, whose charts are shown.
        key: the figure of the report's opening.
        path: where to; replaced if it is there.

    Raises:
        ReportError: python-pptx is not installed.
    """
    pptx = _pptx()
    deck = pptx.Presentation()
    deck.slide_width, deck.slide_height = pptx.util.Inches(_WIDE), pptx.util.Inches(_HIGH)
    facts = deck.core_properties
    facts.title, facts.author, facts.comments = f.title, "Leftshift", "Not endorsed by the NHS."
    facts.created = facts.modified = _CREATED
    facts.last_modified_by = "Leftshift"
    _opening(deck, f)
    _bullets(deck, f, "What matters", words.headlines(f))
    if key is not None:
        _chart(deck, f, key, key.title)
    for section in sections:
        for figure in section.figures:
            heading = section.title
            if figure.title == "How the answers lie" and len(figure.table.rows) == 1:
                heading = f"{section.title}: {figure.table.rows[0][0].text.lower()}"
            elif figure.title not in (section.title, "How the answers lie"):
                heading = f"{section.title}: {figure.title[:1].lower()}{figure.title[1:]}"
            _chart(deck, f, figure, heading)
    said = [row["quote"] for row in f.table("survey_quotes") if row["wave"] == f.latest]
    quotes = list(dict.fromkeys(said))[:5]
    if quotes:
        _bullets(deck, f, "In their own words", [f"“{quote}”" for quote in quotes])
    method = sorted(f.table("survey_method"), key=lambda row: int(row["position"]))
    told = ("Data", "Intervals", "Anonymity")
    _bullets(
        deck,
        f,
        "How this was done",
        [row["text"] for topic in told for row in method if row["topic"] == topic][:5],
        small=True,
    )
    held = io.BytesIO()
    deck.save(held)
    path.write_bytes(_pinned(held.getvalue()))


def _pinned(content: bytes) -> bytes:
    """The same file with fixed times inside, so that the same tables give the same bytes."""
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, old.read(name))
    return out.getvalue()


def _inches(value: float) -> Any:
    from pptx.util import Inches

    return Inches(value)


def _slide(deck: Any, title: str, size: int = 28) -> Any:
    # Layout 5 of the plain template has a title alone, which screen readers announce.
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    holder = slide.shapes.title
    holder.left, holder.top = _inches(0.6), _inches(0.35)
    holder.width, holder.height = _inches(_WIDE - 1.2), _inches(0.9)
    holder.text_frame.word_wrap = True
    holder.text_frame.text = title
    _style(holder.text_frame, size, theme.DARK_BLUE, bold=True)
    return slide


def _style(frame: Any, size: int, colour: str, bold: bool = False) -> None:
    from pptx.dml.color import RGBColor
    from pptx.enum.text import PP_ALIGN
    from pptx.util import Pt

    parse: Any = RGBColor.from_string  # it has no types
    shade = parse(colour.lstrip("#").upper())
    for paragraph in frame.paragraphs:
        paragraph.alignment = PP_ALIGN.LEFT
        for run in paragraph.runs:
            run.font.size, run.font.bold, run.font.name = Pt(size), bold, "Arial"
            run.font.color.rgb = shade


def _box(slide: Any, text: str, at: tuple[float, float, float, float], size: int,
         colour: str = theme.INK) -> Any:  # fmt: skip
    box = slide.shapes.add_textbox(*(_inches(one) for one in at))
    box.text_frame.word_wrap = True
    box.text_frame.text = text
    _style(box.text_frame, size, colour)
    return box


def _foot(slide: Any, f: SurveyFindings) -> None:
    said = f"Leftshift {f.run.identity.get('version', '')}, run {f.run.identity_sha256[:12]}"
    if f.synthetic:
        said = f"SYNTHETIC EXAMPLE: every answer is invented. {said}"
    _box(slide, said, (0.6, _HIGH - 0.5, _WIDE - 1.2, 0.4), 12, theme.SECONDARY)


def _opening(deck: Any, f: SurveyFindings) -> None:
    slide = _slide(deck, f.title, 36)
    slide.shapes.title.top = _inches(2.2)
    slide.shapes.title.height = _inches(1.4)
    about = f"What {f.about.get('field', 'leaders')} say. {words.response_sentence(f)}"
    _box(slide, about, (0.6, 3.7, _WIDE - 1.2, 1.2), 20)
    _foot(slide, f)


def _bullets(
    deck: Any, f: SurveyFindings, title: str, lines: Sequence[str], small: bool = False
) -> None:
    slide = _slide(deck, title)
    box = slide.shapes.add_textbox(
        _inches(0.6), _inches(1.4), _inches(_WIDE - 1.2), _inches(_HIGH - 2.1)
    )
    frame = box.text_frame
    frame.word_wrap = True
    longest = sum(len(line) for line in lines)
    size = 14 if small or longest > 900 else 18 if longest > 500 else 20
    for place, line in enumerate(lines):
        paragraph = frame.paragraphs[0] if place == 0 else frame.add_paragraph()
        paragraph.text = f"• {line}"
        from pptx.util import Pt

        paragraph.space_after = Pt(8)
    _style(frame, size, theme.INK)
    _foot(slide, f)


def _chart(deck: Any, f: SurveyFindings, figure: FigureBlock, heading: str) -> None:
    slide = _slide(deck, heading)
    _box(slide, figure.finding, (0.6, 1.15, _WIDE - 1.2, 0.9), 16)
    image = vl_convert.svg_to_png(_sized(figure.wide), scale=2.0)
    wide, high = int.from_bytes(image[16:20], "big"), int.from_bytes(image[20:24], "big")
    scale = min((_WIDE - 1.2) / wide, (_HIGH - 2.75) / high)
    picture = slide.shapes.add_picture(
        io.BytesIO(image),
        _inches((_WIDE - wide * scale) / 2),
        _inches(2.1),
        _inches(wide * scale),
        _inches(high * scale),
    )
    described = f"{heading}. {figure.finding} The figures are in the notes of this slide."
    picture._element.nvPicPr.cNvPr.set("descr", described)
    heads = figure.table.columns
    notes = [figure.table.caption]
    for row in figure.table.rows:
        cells = [
            f"{head}: {cell.text}" + (f" ({cell.interval})" if cell.interval else "")
            for head, cell in zip(heads[1:], row[1:], strict=False)
        ]
        notes.append(f"{row[0].text}. {'; '.join(cells)}")
    slide.notes_slide.notes_text_frame.text = "\n".join(notes)
    _foot(slide, f)


def _sized(svg: str) -> str:
    """A drawing of the page with the size its box says, which a converter asks for."""
    box = re.search(r'viewBox="0 0 ([0-9.]+) ([0-9.]+)"', svg)
    if box is None:
        return svg
    return svg.replace("<svg ", f'<svg width="{box.group(1)}" height="{box.group(2)}" ', 1)
