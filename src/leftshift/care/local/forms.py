"""The files that a board's own data come in: their columns, and the templates to fill in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

__all__ = ["FORMS", "Column", "Form", "Known", "guide"]


@dataclass(frozen=True)
class Column:
    """One column of a file.

    Attributes:
        name: its header.
        kind: how its cells are read; see :mod:`leftshift.care.local.files`.
        meaning: what to write, in words.
        needed: whether every row needs it.
    """

    name: str
    kind: str
    meaning: str
    needed: bool = True


@dataclass(frozen=True)
class Form:
    """One file.

    Attributes:
        name: the file's name without ".csv".
        what: what it is for, in words.
        columns: its columns in the template's order.
    """

    name: str
    what: str
    columns: tuple[Column, ...]

    def column(self, kind: str) -> Column | None:
        """The column of a kind, where the file has one."""
        return next((one for one in self.columns if one.kind == kind), None)


_YEAR = Column("year", "year", "the financial year that it describes, such as 2024/25")
_PLACE = Column(
    "place", "place", "a place of your area by code or name; empty: the whole area", needed=False
)
_AGES = Column(
    "age_band",
    "ages",
    "such as 65-69, 0-4, 65+ or 90+; empty: all ages. Excel takes 5-9 for a date: write 5 to 9",
    needed=False,
)
_SEX = Column("sex", "sex", "female or male; empty: both", needed=False)
_LAST = (
    Column("source", "text", "where the figure comes from; shown in the report", needed=False),
    Column("note", "text", "anything to remember; not used", needed=False),
)

FORMS: tuple[Form, ...] = (
    Form(
        "activity",
        "How much of a service your residents use in a year. It moves the service's rates.",
        (
            Column("service", "service", "key of the service"),
            _PLACE,
            _AGES,
            _SEX,
            Column("quantity", "amount", "units used in the year by residents, wherever treated"),
            _YEAR,
            *_LAST,
        ),
    ),
    Form(
        "prices",
        "What a unit of a service costs you. It replaces the shipped unit cost.",
        (
            Column("service", "service", "key of the service"),
            Column("unit_cost", "positive", "pounds per unit, in the prices of the year"),
            _YEAR,
            *_LAST,
        ),
    ),
    Form(
        "staff",
        "Staff in post in your area. They replace the share of England's staff.",
        (
            Column("staff_group", "staff_group", "key of the staff group"),
            Column("wte", "positive", "whole-time equivalents in post"),
            Column("vacancies", "amount", "funded posts that are empty, WTE", needed=False),
            _YEAR,
            *_LAST,
        ),
    ),
    Form(
        "prevalence",
        "People with a condition by your own count. It takes the place of published registers.",
        (
            Column("condition", "condition", "key of the condition"),
            _PLACE,
            _AGES,
            _SEX,
            Column("patients", "positive", "residents with the condition"),
            _YEAR,
            *_LAST,
        ),
    ),
    Form(
        "waiting_list",
        "Your waiting list by months waited. With clock_starts it replaces the estimate.",
        (
            Column("specialty", "specialty", "key of the group of specialties"),
            Column(
                "months_waited",
                "months",
                "whole months waited: each of 0 to 12, then on to the longest, or 24+ last",
            ),
            Column("people", "amount", "people who have waited so long"),
            *_LAST,
        ),
    ),
    Form(
        "clock_starts",
        "Who joins and leaves your waiting list.",
        (
            Column("specialty", "specialty", "key of the group of specialties"),
            Column("period", "period", "a month such as 2025-04, or a financial year"),
            Column("starts", "amount", "people added to the list in the period"),
            Column("stops", "amount", "people treated, or told that no treatment is needed"),
            Column("leavers", "amount", "people who left untreated", needed=False),
            *_LAST,
        ),
    ),
    Form(
        "funding",
        "Revenue that you are allotted. It replaces the public figure of that year.",
        (
            Column("payer", "payer", "key of the payer"),
            Column("year", "year_ahead", "the financial year of the money, such as 2025/26"),
            Column("amount", "positive", "pounds of revenue, in cash as allotted"),
            *_LAST,
        ),
    ),
)


@dataclass(frozen=True)
class Known:
    """What rows of a board's own data may name.

    Attributes:
        services: label and unit of each service by key.
        conditions: label of each condition by key.
        staff_groups: label of each staff group by key.
        specialties: label of each group of specialties by key.
        payers: label of each payer by key.
        places: name of each place of the area by code.
        area: code and name of the area; either, as a place, means the whole area.
        base_year: the calendar year in which the base year begins.
        oldest: how many years before the base year a figure may be.
        ahead: how many years after the base year an allotment of money may be.
    """

    services: Mapping[str, tuple[str, str]]
    conditions: Mapping[str, str] = field(default_factory=dict)
    staff_groups: Mapping[str, str] = field(default_factory=dict)
    specialties: Mapping[str, str] = field(default_factory=dict)
    payers: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    area: tuple[str, str] = ("", "")
    base_year: int = 2025
    oldest: int = 5
    ahead: int = 10

    def of(self, kind: str) -> dict[str, str]:
        """Labels by key of one kind of id: service, condition, staff_group, specialty, payer."""
        if kind == "service":
            return {key: label for key, (label, _) in self.services.items()}
        return dict(
            {
                "condition": self.conditions,
                "staff_group": self.staff_groups,
                "specialty": self.specialties,
                "payer": self.payers,
            }[kind]
        )


def guide(known: Known) -> str:
    """The README of a project's data folder: every file, column and key that may stand in it.

    Args:
        known: what the rows may name.

    Returns:
        Plain text.
    """
    first = f"{known.base_year - known.oldest}/{(known.base_year - known.oldest + 1) % 100:02d}"
    said = [
        "YOUR BOARD'S OWN FIGURES",
        "",
        "Fill in the files that you have figures for and leave the others as they are. Save them",
        'as "CSV UTF-8" from Excel, then: leftshift data check',
        "",
        "Columns in [brackets] may be left out. A line whose first cell begins with # is passed",
        "over. Write numbers in full (1234.5 or 1,234.5; a £ sign may stand before money).",
        f"Years: {first} to {known.base_year}/{(known.base_year + 1) % 100:02d}; one year for each",
        "service, staff group or condition. A figure of an earlier year is brought to the base",
        "year; the report shows it before and after.",
        "Rows of one item may be for the whole area, or split by place, age band or sex. Parts",
        "must not overlap, and parts and their whole must agree.",
        "Where one figure differs much from the model's, you are warned; it is used all the same.",
    ]
    for form in FORMS:
        said += ["", f"{form.name}.csv", f"  {form.what}"]
        for one in form.columns:
            name = one.name if one.needed else f"[{one.name}]"
            said.append(f"  {name:16} {one.meaning}")
    listing: Iterable[tuple[str, Mapping[str, str]]] = (
        (
            "Services, with their units",
            {key: f"{label} ({unit})" for key, (label, unit) in known.services.items()},
        ),
        ("Conditions", known.conditions),
        ("Staff groups", known.staff_groups),
        ("Groups of specialties", known.specialties),
        ("Payers", known.payers),
        (f"Places of {known.area[1] or 'your area'}", known.places),
    )
    for title, entries in listing:
        said += ["", title]
        said += [f"  {key:34} {label}" for key, label in entries.items()] or ["  (none)"]
    return "\n".join(said) + "\n"
