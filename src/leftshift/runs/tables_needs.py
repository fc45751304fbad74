"""The tables of a needs assessment: places and primary care networks side by side."""

from __future__ import annotations

from leftshift.runs.describe import Column, Table
from leftshift.runs.tables_outlook import AGE, SEX

__all__ = ["TABLES"]

_KINDS = ("place", "network", "area", "england")
_UNIT_KIND = Column(
    "unit_kind",
    "text",
    "place, network (primary care network), area (the whole), or england.",
    allowed=_KINDS,
    key=True,
)
_UNIT_CODE = Column("unit_code", "text", "Its code; `need_units` names it.", key=True)
_DOMAIN = Column(
    "domain",
    "text",
    "people, deprivation, illness, death, need (weighted populations), use or cost.",
    allowed=("people", "deprivation", "illness", "death", "need", "use", "cost"),
    key=True,
)
_MEASURE = Column("measure", "text", "What is measured; `names` holds its label.", key=True)
_FIFTH = Column(
    "imd_quintile",
    "text",
    'Fifth of England\'s neighbourhoods by deprivation: "1" most deprived (the Core20 group) to '
    '"5"; "2-5" is everyone but the Core20 group; "" is everyone.',
    allowed=("", "1", "2", "3", "4", "5", "2-5"),
    key=True,
)
_RATE_KIND = Column(
    "rate_kind",
    "text",
    "count; share (percent of people); crude (per head as they are); dsr (directly standardised "
    "for age, European Standard Population 2013); isr (indirectly standardised for age and sex at "
    "England's rates); index (1 is England); years.",
    allowed=("count", "share", "crude", "dsr", "isr", "index", "years"),
    key=True,
)
_UNIT = Column("unit", "text", "What the value is counted in.")
_INTERVAL = Column(
    "interval",
    "text",
    "What lower and upper cover: chance and sampling (Byar's or Dobson's interval of a count of "
    "residents, with the error of simulating finitely many people), sampling (that error alone), "
    "chance (Byar's or Dobson's interval), estimate (chance, and what is not known of a network's "
    'deprivation), or "" for none. None covers what is not known of the model\'s parameters.',
    allowed=("", "chance", "sampling", "chance and sampling", "estimate"),
)
_BASIS = Column(
    "basis",
    "text",
    "counted (published lists and estimates of people), weighted (NHS England's weighted "
    "populations), modelled (simulated people), or synthetic (a network's list by age and sex at "
    "modelled rates and an estimated mix of deprivation: never measured).",
    allowed=("counted", "weighted", "modelled", "synthetic"),
)
_GRADE = Column(
    "grade", "text", "V verified, D derived, R recalled, A assumed: the weakest of what it is from."
)


def _bounds(what: str) -> tuple[Column, Column]:
    return (
        Column("lower", "number", f"Lower end of the 95% interval {what}.", "[unit]", empty=True),
        Column("upper", "number", f"Upper end of the 95% interval {what}.", "[unit]", empty=True),
    )


TABLES: tuple[Table, ...] = (
    Table(
        "need_units",
        "One place or primary care network of a needs assessment, the area, or England.",
        (
            _UNIT_KIND,
            _UNIT_CODE,
            Column("name", "text", "What it is called."),
            Column("board", "text", 'ODS code of a network\'s board of 2024; "" otherwise.'),
            Column(
                "place",
                "text",
                "Code of the place where most of a network's patients' practices stand; the "
                'place itself for a place; "" otherwise.',
            ),
            Column("people", "number", "Residents; for a network, registered people.", "people"),
            Column("practices", "whole", "Practices of a network; 0 otherwise.", "practices"),
            Column(
                "share_inside",
                "number",
                "Share of a network's patients who are with practices of the area; 1 otherwise.",
                "share of people",
            ),
        ),
    ),
    Table(
        "need",
        "One figure of one place or network, or of a fifth of the area or of England.",
        (
            _UNIT_KIND,
            _UNIT_CODE,
            _DOMAIN,
            _MEASURE,
            SEX,
            AGE,
            _FIFTH,
            _RATE_KIND,
            _UNIT,
            Column("value", "number", "The figure.", "[unit]"),
            *_bounds("(see `interval`)"),
            _INTERVAL,
            Column(
                "sampling_error",
                "number",
                "Half the width of the 95% interval that comes from simulating finitely many "
                "people; empty where it plays no part.",
                "[unit]",
                empty=True,
            ),
            Column("few", "yes/no", "Whether it rests on fewer than 30 simulants."),
            _BASIS,
            Column("source", "text", "Where it comes from."),
            _GRADE,
        ),
        (
            "Networks are lists of patients; places are residents. Lists hold about a tenth more "
            "people than live in England, so counts of the two are not to be put together.",
        ),
    ),
    Table(
        "need_inequality",
        "How one measure differs across the fifths of deprivation.",
        (
            _UNIT_KIND,
            _UNIT_CODE,
            _DOMAIN,
            _MEASURE,
            SEX,
            Column(
                "index",
                "text",
                "slope_index (value at the least deprived end less that at the most deprived end "
                "of the ranked population: below 0 where the most deprived have more), "
                "relative_index (most deprived end over least deprived), core20_gap (Core20 group "
                "less the rest) or core20_ratio (Core20 group over the rest).",
                allowed=("slope_index", "relative_index", "core20_gap", "core20_ratio"),
                key=True,
            ),
            _RATE_KIND,
            _UNIT,
            Column("value", "number", "The index.", "[unit]"),
            *_bounds("from those of the fifths"),
        ),
        (
            "Slope and relative index are fitted by least squares to the five fifths, each "
            "weighing as much as its people. They suppose that the five lie about a line.",
        ),
    ),
    Table(
        "need_against",
        "Use or cost of one place or fifth beside what equal need would ask for.",
        (
            _UNIT_KIND,
            _UNIT_CODE,
            _FIFTH,
            _DOMAIN,
            _MEASURE,
            _UNIT,
            Column("value", "number", "Use or cost per head.", "[unit]"),
            Column(
                "expected",
                "number",
                "What the same people, as old and as ill as they are, would use if people of all "
                "fifths of deprivation used the same: England's mean use by age, sex, segment and "
                "condition.",
                "[unit]",
            ),
            Column("ratio", "number", "Value divided by expected.", "ratio"),
            Column("lower", "number", "Lower end of the ratio's 95% sampling interval.", "ratio"),
            Column("upper", "number", "Upper end of the ratio's 95% sampling interval.", "ratio"),
        ),
        (
            "Illness that is not among the twenty conditions is no part of need here. Where the "
            "most deprived are ill in ways that the model does not see, more use than expected is "
            "not more than they need.",
        ),
    ),
    Table(
        "need_funnel",
        "One place or network in a funnel plot: its figure and the limits at its size.",
        (
            _UNIT_KIND,
            _UNIT_CODE,
            _DOMAIN,
            _MEASURE,
            _RATE_KIND,
            _UNIT,
            Column("value", "number", "Its figure.", "[unit]"),
            Column(
                "size",
                "number",
                "People that the figure is worth: the fewer, the wider the limits.",
                "people",
            ),
            Column("target", "number", "The figure of all units together.", "[unit]"),
            Column(
                "dispersion",
                "number",
                "How many times as far the units spread as chance alone explains (variance); the "
                "limits are widened by its square root. 1: not at all, or too few units to tell.",
                "ratio",
            ),
            Column("lower95", "number", "Lower 95% limit.", "[unit]"),
            Column("upper95", "number", "Upper 95% limit.", "[unit]"),
            Column("lower998", "number", "Lower 99.8% limit.", "[unit]"),
            Column("upper998", "number", "Upper 99.8% limit.", "[unit]"),
            Column(
                "position",
                "text",
                "Where it stands to the limits. Outside is a reason to ask why, not a rank.",
                allowed=("inside", "above 95%", "above 99.8%", "below 95%", "below 99.8%"),
            ),
        ),
    ),
)
