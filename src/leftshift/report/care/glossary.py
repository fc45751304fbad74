"""Words of care and money, as the page and the workbook explain them."""

from __future__ import annotations

__all__ = ["GLOSSARY"]

GLOSSARY = (
    (
        "Bridge",
        "A table from published spending to what the services of the model name: what is in, what "
        "is out, what stands in two published lines, and what nobody has explained.",
    ),
    (
        "Capital",
        "Money for buildings and equipment, kept apart from the money that runs services.",
    ),
    (
        "Driver",
        "One reason why spending changes. Drivers are taken one after another in a stated order, "
        "and together they are the whole change.",
    ),
    (
        "Funding gap",
        "What care costs less what it is funded with, if nothing is done about either. Not a "
        "forecast deficit.",
    ),
    (
        "Growth beyond demography",
        "Growth in use that numbers of people, their ages and their illness do not explain: new "
        "treatments, lower thresholds, higher expectations.",
    ),
    (
        "Left shift",
        "Care moving towards home and towards prevention. Its measure here is the share of public "
        "spending on community care and prevention.",
    ),
    (
        "Payer",
        "Who the money comes from, such as a board, a council or NHS England. A service may have "
        "several; each pound is counted under one.",
    ),
    (
        "Real terms, price base",
        "Money with general inflation taken out, in the prices of the year named. 2% a year in "
        "real terms is 2% a year on top of general inflation.",
    ),
    (
        "Setting",
        "Where care is given: prevention, general practice, community, hospital and so on.",
    ),
    (
        "Settlement",
        "A supposed path of funding with a name, such as growth at the long-run average.",
    ),
    (
        "Whole-time equivalent (WTE)",
        "Staff counted by hours: two people at half time are one.",
    ),
)
