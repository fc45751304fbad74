"""Puts report.html and workbook.xlsx into the run folder of a needs assessment."""

from __future__ import annotations

from pathlib import Path

from leftshift.errors import ReportError
from leftshift.report import evidence, page
from leftshift.report.blocks import Section
from leftshift.report.needs import gaps, sections
from leftshift.report.needs.findings import NeedFindings
from leftshift.runs import open_run

__all__ = [
    "GLOSSARY",
    "certainty",
    "render",
    "sections_of",
    "title_of",
    "write_page",
    "write_report",
]

PAGE = "report.html"
WORKBOOK = "workbook.xlsx"

GLOSSARY = (
    (
        "Core20 group",
        "People who live in the most deprived fifth of England's neighbourhoods (fifth 1): the "
        "“Core20” of NHS England's Core20PLUS5. The “PLUS” groups are not in the figures.",
    ),
    ("Crude rate", "Cases or events for so many people as they are, young and old together."),
    (
        "Directly standardised rate",
        "What the rate would be if the people were as old as the European Standard Population of "
        "2013. It sets places of different ages side by side; it is no count of anybody.",
    ),
    (
        "Indirectly standardised",
        "What is used, set against what people of the same age and sex use in England.",
    ),
    (
        "Funnel plot",
        "Units by size, with the limits between which they would lie by chance. The smaller the "
        "unit, the wider the limits. 2 units in 1,000 lie outside the outer (99.8%) limits by "
        "chance, 1 in 20 outside the inner (95%) ones.",
    ),
    (
        "Over-dispersion",
        "Units spread further than chance explains, because they differ in more ways than one. "
        "The limits are widened by as much as all of them spread.",
    ),
    (
        "Need index",
        "NHS England's weighted population over the registered one: 1.10 stands for a tenth more "
        "need per person than in England.",
    ),
    (
        "Relative index of inequality",
        "How many times as much there is at the most deprived end of the population as at the "
        "least deprived end, on a line through all five fifths.",
    ),
    (
        "Slope index of inequality",
        "The difference between the two ends of that line: the least deprived end less the most "
        "deprived. Below 0, the most deprived have more.",
    ),
    (
        "Synthetic estimate",
        "Worked out from who is on a list and from rates of others like them; never measured "
        "there.",
    ),
)


def write_report(folder: Path) -> None:
    """Writes the page and the workbook.

    Args:
        folder: a run folder of `leftshift needs`, visible or still unfinished.

    Raises:
        ReportError: the folder is not such a run, or a file cannot be written.
        RunError: the folder is no run.
    """
    from leftshift.report.needs.workbook import write as write_workbook

    found = _findings(folder)
    _write(found, folder)
    try:
        write_workbook(found, folder / WORKBOOK)
    except OSError as error:
        raise ReportError(f"{folder / WORKBOOK} could not be written: {error}.") from error


def write_page(folder: Path) -> None:
    """Writes report.html alone; see `write_report`."""
    _write(_findings(folder), folder)


def _write(found: NeedFindings, folder: Path) -> None:
    text = render(found)
    try:
        (folder / PAGE).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise ReportError(f"{folder / PAGE} could not be written: {error}.") from error


def _findings(folder: Path) -> NeedFindings:
    run = open_run(folder)
    missing = {"need", "need_units", "need_inequality", "need_funnel", "names"} - set(run.tables)
    if missing:
        raise ReportError(
            f"{folder} is no needs assessment: it has no table {sorted(missing)[0]}. Make one "
            "with: leftshift needs AREA"
        )
    return NeedFindings(run)


def title_of(f: NeedFindings) -> str:
    """The report's title."""
    return str(f.about.get("title") or f"A needs assessment for {f.area_name}")


def certainty(f: NeedFindings) -> list[str]:
    """How sure the figures are, and what they are for, in sentences."""
    each = int(f.about.get("simulated") or 0)
    return [
        "These figures inform decisions about populations, not about individuals. Illness, use "
        "and cost are modelled or estimated: nobody was counted as ill here.",
        "The interval of a place's modelled figure covers chance (how far a count of that size "
        "moves from year to year) and the error of simulating a sample "
        f"({each:,} simulated people in all). It does not cover what is not known of the model's "
        "inputs: for that, run an outlook with draws.",
        "Places have the same illness at the same age, sex and deprivation in this model. What "
        "sets one place apart beyond those, such as work, housing or ethnicity, is not in its "
        "figures; deaths follow each authority's own.",
    ]


def sections_of(f: NeedFindings) -> list[Section]:
    """Every section after the opening that the run has figures for, in order."""
    made = [
        sections.places(f),
        sections.networks(f),
        sections.illness(f),
        gaps.inequality(f),
        gaps.against(f),
        gaps.funnels(f),
        evidence.evidence(f),
        evidence.reproduce(f),
        Section("glossary", "Words used here", definitions=GLOSSARY),
    ]
    return [section for section in made if section is not None]


def render(f: NeedFindings) -> str:
    """Makes the whole page.

    Args:
        f: what was found.

    Returns:
        HTML that stands alone: it asks nothing of any network.
    """
    return page.fill(
        "needs.html.j2",
        f.run,
        title_of(f),
        f=f,
        cards=sections.cards(f),
        headlines=sections.headlines(f),
        certainty=certainty(f),
        places=len(f.units("place")),
        networks=len(f.units("network")),
        sections=sections_of(f),
    )
