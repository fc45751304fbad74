"""Puts report.html, workbook.xlsx and report.docx into a board's run folder.

The page answers, in this order, what changes, what is at risk in law, what it means for staff,
what it costs and when it pays back, how long it takes, what place loses, and what all of it rests
on. It is meant for a remuneration committee and for a staff-side representative alike.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from leftshift.errors import ReportError, ToolError
from leftshift.report import evidence, page
from leftshift.report.blocks import Section
from leftshift.report.organisation import choice as organisation_choice
from leftshift.report.organisation import cost as organisation_cost
from leftshift.report.organisation import law as organisation_law
from leftshift.report.organisation import opening as organisation_opening
from leftshift.report.organisation import place as organisation_place
from leftshift.report.organisation.findings import BoardFindings
from leftshift.runs import open_run

__all__ = ["GLOSSARY", "render", "sections_of", "title_of", "write_page", "write_report"]

PAGE = "report.html"
WORKBOOK = "workbook.xlsx"
WORD = "report.docx"

GLOSSARY = (
    ("Allowance", "What the board may spend on itself in a year, on the way down to the cap."),
    ("Cap", "What it may spend on itself in the end: pounds for each registered person."),
    ("Beyond the board", "Done by a region, a cluster or a service shared by several boards."),
    (
        "Duty",
        "Something an Act of Parliament says the board must do. Giving the work to somebody else "
        "does not give the duty away.",
    ),
    (
        "Harm",
        "What the search for the least harmful option makes small: the value of work that nobody "
        "does any more, expected redundancy cost, and work put at risk by change, in pounds.",
    ),
    (
        "Local and full on-cost",
        "What a post costs the board itself, and what it costs the public purse, which also pays "
        "part of the pension contribution.",
    ),
    (
        "Minimum level",
        "The fewest whole-time equivalents with which a duty is still done safely.",
    ),
    ("Net present value", "Later savings less costs, each worth less the later it comes."),
    ("Payback", "The years until what was saved is more than what was spent."),
    ("Place", "The area of one or more councils, within the board's own."),
    (
        "Protective award",
        "What a tribunal may order to be paid to each person where consultation fell short.",
    ),
    (
        "Saving to the system",
        "Saving to the board less what others spend in its place.",
    ),
    (
        "Section 16",
        "The part of the Agenda for Change terms that sets redundancy payments.",
    ),
    ("WTE", "Whole-time equivalent: one person working all week, or two working half."),
)


def write_report(folder: Path, word: bool | None = None) -> None:
    """Writes the page, the workbook and the Word document.

    Args:
        folder: a run folder of the organisation room, visible or still unfinished.
        word: whether the Word document is made: True asks for it, False leaves it out, and None
            makes it where python-docx is installed.

    Raises:
        ToolError: `word` is True and python-docx is not installed.
        ReportError: the folder is not a board's run, or a file cannot be written.
        RunError: the folder is no run.
    """
    if word and not _has_word():
        raise ToolError(
            "a Word report needs python-docx. Install it with: pip install 'leftshift[office]', or "
            "make the run without the Word report."
        )
    found = _findings(folder)
    _write(found, folder)
    from leftshift.report.organisation.workbook import write as write_workbook

    try:
        write_workbook(found, folder / WORKBOOK)
        if word or (word is None and _has_word()):
            from leftshift.report.organisation.word import write as write_word

            write_word(found, folder / WORD)
    except OSError as error:
        raise ReportError(f"the report in {folder} could not be written: {error}.") from error


def write_page(folder: Path) -> None:
    """Writes report.html alone; see `write_report`."""
    _write(_findings(folder), folder)


def _write(found: BoardFindings, folder: Path) -> None:
    text = render(found)
    try:
        (folder / PAGE).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise ReportError(f"{folder / PAGE} could not be written: {error}.") from error


def _has_word() -> bool:
    return importlib.util.find_spec("docx") is not None


def _findings(folder: Path) -> BoardFindings:
    run = open_run(folder)
    missing = {"functions", "options", "duties", "board_money"} - set(run.tables)
    if missing:
        raise ReportError(
            f"{folder} is no run of a board: it has no table {sorted(missing)[0]}. Make one with: "
            "leftshift organisation run BOARD"
        )
    return BoardFindings(run)


def title_of(f: BoardFindings) -> str:
    """The report's title."""
    return str(f.about.get("title") or f"The board itself: {f.board}")


def sections_of(f: BoardFindings) -> list[Section]:
    """Every section after the opening that the run has tables for, in order."""
    made = [
        organisation_opening.what_changes(f),
        organisation_law.at_risk(f),
        organisation_cost.staff(f),
        organisation_cost.cost(f),
        organisation_cost.when(f),
        organisation_place.place(f),
        organisation_choice.found(f),
        organisation_choice.clusters(f),
        organisation_choice.apportionment(f),
        organisation_law.register(f),
        organisation_law.caseloads(f),
        evidence.evidence(f),
        evidence.reproduce(f),
        Section("glossary", "Words used here", definitions=GLOSSARY),
    ]
    return [section for section in made if section is not None]


def certainty(f: BoardFindings) -> list[str]:
    """How sure the figures are, in sentences."""
    said = ["These are figures for planning. They are not legal advice."]
    if f.synthetic:
        said.append("This board is made up. Its figures describe no real board and no real person.")
    if f.has_intervals:
        said.append(
            f"Intervals are 95% intervals over {f.draws} draws of who leaves and of what is "
            "assumed. They do not cover a change of policy, of law or of prices."
        )
    else:
        said.append("This is a central run: it says nothing of how far its figures can differ.")
    return said


def render(f: BoardFindings) -> str:
    """Makes the whole page.

    Args:
        f: what was found.

    Returns:
        HTML that stands alone: it asks nothing of any network.
    """
    return page.fill(
        "organisation.html.j2",
        f.run,
        title_of(f),
        f=f,
        cards=organisation_opening.cards(f),
        headlines=organisation_opening.headlines(f),
        certainty=certainty(f),
        comparison=organisation_opening.comparison(f),
        path=organisation_opening.path(f),
        sections=sections_of(f),
    )
