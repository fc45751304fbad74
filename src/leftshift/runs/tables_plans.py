"""The tables of a plan: what it changes, what that is worth, to whom, and how sure it is."""

from __future__ import annotations

from leftshift.runs.describe import Column, Table
from leftshift.runs.tables_outlook import ARM, PLACE, QUINTILE, YEAR, interval

__all__ = ["TABLES"]

_OWN_UNIT = "[unit]"
_INTERVENTION = Column(
    "intervention",
    "text",
    'Id of an intervention, attributed in the plan\'s order; "" is the whole plan.',
    key=True,
)
_MEASURE = Column("measure", "text", "What is measured; `names` holds its label.", key=True)
_UNIT = Column("unit", "text", "What the value is counted in.")
_SAID = Column("said", "text", "The same in words, where a number alone would mislead.")
_PERSPECTIVE = Column(
    "perspective",
    "text",
    "Whose costs count: nhs, nhs_and_social_care, public, societal (public and households), or "
    "cash (only money that is paid or taken out of services in that year).",
    allowed=("", "nhs", "nhs_and_social_care", "public", "societal", "cash"),
    key=True,
)


def _may_be_empty() -> tuple[Column, Column, Column]:
    _, lower, upper = interval(_OWN_UNIT)
    return (
        Column("value", "number", "The central figure; empty where `said` says why.", _OWN_UNIT,
               empty=True),
        lower,
        upper,
    )  # fmt: skip


TABLES: tuple[Table, ...] = (
    Table(
        "effects",
        "What one intervention, or the whole plan, changes in one year: plan minus baseline.",
        (ARM, YEAR, _INTERVENTION, PLACE, QUINTILE, _MEASURE, _UNIT, *interval(_OWN_UNIT)),
        (
            'Three families of rows, each complete: the whole area (`place` "" and `imd_quintile` '
            '0), its places, and its fifths (`place` ""). Never add them to each other, nor the '
            "whole plan to its interventions.",
            "What an intervention does is the difference between the plan up to it and the plan "
            "before it, on the same people and draws; in another order it would do more or less.",
        ),
    ),
    Table(
        "value",
        "What one intervention, or the whole plan, costs and gains over all years.",
        (
            ARM,
            _INTERVENTION,
            _PERSPECTIVE,
            _MEASURE,
            _UNIT,
            *_may_be_empty(),
            Column(
                "discounting",
                "text",
                "How later years count, from the base year on: undiscounted; green_book (health "
                "less steeply than money); nice (both alike).",
                allowed=("undiscounted", "green_book", "nice"),
                key=True,
            ),
            Column(
                "at",
                "text",
                "The value of a QALY that is used: opportunity_cost, nice_lower, nice_upper or "
                'social; "" where none is.',
                allowed=("", "opportunity_cost", "nice_lower", "nice_upper", "social"),
                key=True,
            ),
            _SAID,
        ),
        (
            "The values of a QALY answer different questions: never average or add what rests on "
            "two of them. `cash_releasing`, `capacity_releasing` and `social_value` are not to be "
            "added either.",
            "`icer` has a value only where more is paid for more health, and an interval only "
            "where that is so in every draw; else `said` says what is the case.",
        ),
    ),
    Table(
        "equity",
        "Who gains and who loses by the plan, and how unequal lifetime health is with it.",
        (
            ARM,
            Column(
                "group_kind",
                "text",
                "What people are divided by; all: the area as a whole.",
                allowed=("all", "quintile", "place", "sex"),
                key=True,
            ),
            Column(
                "group",
                "text",
                'A fifth by deprivation ("1" most deprived), a place or a sex.',
                key=True,
            ),
            _MEASURE,
            _UNIT,
            *interval(_OWN_UNIT),
            _INTERVENTION,
            Column(
                "rule",
                "text",
                "Who bears what the plan's cost would have brought elsewhere: equal_per_head, "
                'health_effect or public_spending; "" where it makes no difference.',
                allowed=("", "equal_per_head", "health_effect", "public_spending"),
                key=True,
            ),
            Column(
                "at",
                "text",
                'Atkinson\'s aversion to inequality, a number; "" where it makes no difference.',
                key=True,
            ),
            _SAID,
        ),
        (
            "Rates are per 1,000 person-years that the same group lives in the baseline, over the "
            "years since the plan begins; net gains are discounted, and so are those person-years.",
            "Sexes have gains of health alone: what each costs is not worked out, so that there is "
            "nothing net of cost.",
            "The slope index before a plan mixes age with deprivation; its change does not.",
        ),
    ),
    Table(
        "uncertainty",
        "How likely it is that an intervention is worth it, and what finding out is worth.",
        (
            ARM,
            _INTERVENTION,
            _MEASURE,
            Column(
                "group",
                "text",
                'The group of parameters that would be found out; "" is all of them.',
                key=True,
            ),
            Column("at", "text", "A value of a QALY in £, or the id of a parameter.", key=True),
            _UNIT,
            Column("value", "number", "The figure, over the draws.", _OWN_UNIT),
            _PERSPECTIVE,
            Column(
                "error",
                "number",
                "Standard error of the value from finitely many draws; empty where it is not "
                "estimated.",
                _OWN_UNIT,
                empty=True,
            ),
        ),
        (
            "Empty where draws = 0. Parameters that few draws cannot tell apart are left out.",
            "evpi and evppi are for the area and all years of the plan. Values of groups do not "
            "add up to the value of everything.",
        ),
    ),
    Table(
        "attribution",
        "What one intervention gives over all years on the central parameters, by method.",
        (
            ARM,
            _INTERVENTION,
            Column(
                "method",
                "text",
                "shrunk or headline: in the plan's order, with effects of evidence C and D shrunk "
                "towards none or as published. alone: as if nothing else were done. shapley: its "
                "mean contribution over all orders.",
                allowed=("shrunk", "headline", "alone", "shapley"),
                key=True,
            ),
            _MEASURE,
            _UNIT,
            Column("value", "number", "Plan minus baseline, summed over the years.", _OWN_UNIT),
            Column(
                "error",
                "number",
                "Standard error where orders were sampled; empty where all were taken.",
                _OWN_UNIT,
                empty=True,
            ),
        ),
        (
            "What is lost or gained together is the whole plan less the sum of `alone`; in the "
            "plan's order and by Shapley's method contributions add up to the whole plan.",
        ),
    ),
)
