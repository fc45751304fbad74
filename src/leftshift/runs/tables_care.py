"""The tables of care and money: what an outlook's people use, cost and ask of staff and beds."""

from __future__ import annotations

from leftshift.runs.describe import Column, Table
from leftshift.runs.tables_outlook import (
    ARM,
    LEAF,
    PLACE,
    QUINTILE,
    SEGMENT,
    SEX,
    YEAR,
    interval,
)

__all__ = ["TABLES"]

_SETTING = Column(
    "setting", "text", "Key of the setting of care; `names` holds its label.", key=True
)
_SERVICE = Column("service", "text", "Key of the service; `names` holds its label.", key=True)
_UNIT = Column("unit", "text", "What the value is counted in.")
_MEASURE = Column("measure", "text", "What is measured; `names` holds its label.", key=True)
_PRICES = Column(
    "price_base",
    "text",
    'The year whose prices the pounds are in, and whether they are real: "2025/26 real".',
)
_OWN_UNIT = "[unit]"

TABLES: tuple[Table, ...] = (
    Table(
        "activity",
        "What the people of one place, quintile and segment use of one service in a year.",
        (
            ARM,
            YEAR,
            PLACE,
            _SETTING,
            _SERVICE,
            QUINTILE,
            SEGMENT,
            _UNIT,
            *interval(_OWN_UNIT),
        ),
        (
            LEAF,
            "Demand where people live, at the rates of the base year: what capacity could not meet "
            "is in `beds` and `waits`, and does not lower what stands here.",
            'Services counted in "pound" have no published unit: their activity is what they cost '
            "at the prices of the base year.",
        ),
    ),
    Table(
        "spend",
        "What one service costs one payer for the people of one place and quintile in a year.",
        (
            ARM,
            YEAR,
            PLACE,
            _SETTING,
            _SERVICE,
            Column("payer", "text", "Key of who pays; `names` holds its label.", key=True),
            QUINTILE,
            _PRICES,
            *interval("£"),
        ),
        (
            LEAF,
            "A service with several payers has one row for each: no pound is in two of them. "
            "`household` and `client_contributions` are private money, in no public total.",
        ),
    ),
    Table(
        "staff",
        "Staff of one group in one setting: asked for, there, and missing.",
        (
            ARM,
            YEAR,
            _SETTING,
            Column("staff_group", "text", "Key of the staff group.", key=True),
            _MEASURE,
            _UNIT,
            *interval(_OWN_UNIT),
        ),
        (
            'A `setting` of "" means that the row is not split by it: supply is one pool that '
            "settings draw on.",
        ),
    ),
    Table(
        "beds",
        "Beds of one type: needed by the area's people, there for them, and short.",
        (
            ARM,
            YEAR,
            Column("bed_type", "text", "Key of the type of bed.", key=True),
            _MEASURE,
            _UNIT,
            *interval(_OWN_UNIT),
        ),
    ),
    Table(
        "waits",
        "The waiting list of one group of specialties.",
        (
            ARM,
            YEAR,
            Column("specialty", "text", "Key of the group of specialties.", key=True),
            _MEASURE,
            _UNIT,
            *interval(_OWN_UNIT),
        ),
        (
            "Estimated from the published tails of the list (grade C) until a board's own list, "
            "clock starts and stops are in its `data/`.",
        ),
    ),
    Table(
        "gap",
        "Funding against cost of one setting in one year, under one settlement.",
        (
            ARM,
            YEAR,
            _SETTING,
            Column(
                "measure",
                "text",
                "funding, cost, or gap: cost less funding, so that a gap above 0 is a shortfall.",
                key=True,
            ),
            _UNIT,
            *interval("£"),
            Column(
                "settlement",
                "text",
                "Key of the funding settlement that is supposed; `names` holds its label.",
                key=True,
            ),
            _PRICES,
        ),
        (
            'The setting "unexplained" holds spending that published totals hold and no service '
            'names; see `bridge`. Capital is apart, in the setting "capital", with funding only.',
        ),
    ),
    Table(
        "drivers",
        "What one driver adds to the yearly spend of one setting since the base year.",
        (
            ARM,
            YEAR,
            _SETTING,
            Column(
                "driver",
                "text",
                "base (the base year's spend), then in this order: population_size, ageing, "
                "deprivation_mix, health_beyond_age, growth_beyond_demography, price, "
                "productivity. All of them together are the year's spend.",
                key=True,
            ),
            _UNIT,
            *interval("£"),
            _PRICES,
        ),
    ),
    Table(
        "bridge",
        "One line between England's published spending and what the services name.",
        (
            Column("line", "text", "Key of the line.", key=True),
            Column("part", "text", "Which published total it belongs to.", key=True),
            Column("label", "text", "What it is."),
            Column(
                "category",
                "text",
                "published, in (named by a service), out (no service of ours), overlapping "
                "(in two of the published or named lines, netted once) or unexplained.",
            ),
            _UNIT,
            Column("value", "number", "The amount.", _OWN_UNIT),
            Column("source", "text", "Where it comes from."),
            Column("grade", "text", "V verified, D derived, R recalled, A assumed."),
            Column("note", "text", "Anything else a reader should know."),
        ),
    ),
    Table(
        "local",
        "One figure of the board's own data, and what it changed.",
        (
            Column(
                "quantity",
                "text",
                "What is given: units, price, wte, patients, waiting or funding.",
                key=True,
            ),
            Column("item", "text", "Key of the service, staff group or condition.", key=True),
            PLACE,
            Column(
                "age_band",
                "text",
                'Ages that the figure covers, such as "65-69" or "65+"; "" for all.',
                key=True,
            ),
            SEX,
            _UNIT,
            Column("before", "number", "What the model gave without it.", _OWN_UNIT, empty=True),
            Column("given", "number", "The board's figure, in its own year.", _OWN_UNIT),
            Column("after", "number", "What the model gives with it.", _OWN_UNIT, empty=True),
            Column("factor", "number", "After divided by before.", "ratio", empty=True),
            Column("given_year", "text", "The year of the board's figure."),
            Column("source", "text", "File and line, and the source that the file names."),
        ),
    ),
)
