"""Care and money in the outlook's report: what need turns into, what it costs, and the gap.

`figures` reads the tables, `spend`, `funding`, `capacity`, `use` and `knows` are its sections,
`opening` its cards and headlines, `sheets` its sheets of the workbook. A run of people only has
none of these tables, and then nothing of this room is in its report.
"""

from __future__ import annotations

from collections.abc import Sequence

from leftshift.report.blocks import Section
from leftshift.report.care import capacity, funding, knows, spend, use
from leftshift.report.care.figures import Care
from leftshift.report.care.glossary import GLOSSARY
from leftshift.report.care.opening import cards, headlines, key_measures
from leftshift.report.care.sheets import sheets

__all__ = [
    "Care",
    "cards",
    "does_the_money_know_us",
    "glossary",
    "headlines",
    "key_measures",
    "sections",
    "sheets",
]


def glossary(care: Care, words: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Words explained, those of care and money among the others where the run has any."""
    found = [*words, *(GLOSSARY if care.has else ())]
    return sorted(found, key=lambda pair: pair[0].lower())


def sections(care: Care) -> list[Section]:
    """Every section of care and money that the run has figures for, in reading order."""
    if not care.has:
        return []
    made = [
        spend.settings(care),
        funding.funding(care),
        funding.drivers(care),
        use.by_segment(care),
        spend.per_head(care),
        capacity.staff(care),
        capacity.beds(care),
        capacity.waits(care),
    ]
    return [s for s in made if s is not None]


def does_the_money_know_us(care: Care) -> list[Section]:
    """The bridge, checks and own data: after the sections they underpin."""
    found = knows.knows(care) if care.has else None
    return [] if found is None else [found]
