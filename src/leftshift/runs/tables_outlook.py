"""The tables of an outlook, and of every model run."""

from __future__ import annotations

from leftshift.runs.describe import Column, Table

__all__ = ["AGE_BANDS", "SEXES", "TABLES"]

AGE_BANDS: tuple[str, ...] = (*(f"{age}-{age + 4}" for age in range(0, 90, 5)), "90+")
SEXES: tuple[str, ...] = ("female", "male")

ARM = Column("arm", "text", '"baseline", or the name of the plan.', key=True)
YEAR = Column(
    "year",
    "text",
    'Financial year, such as "2026/27". Stocks are at its 30 June; flows are over its twelve '
    "months.",
    key=True,
)
PLACE = Column(
    "place",
    "text",
    'The code of a place in the area (`about.area.places` in run.json names them); "" where the '
    "row is not split by place, and in `summary` and `checks` the whole area.",
    key=True,
)
SEX = Column(
    "sex",
    "text",
    '"" means that the row is not split by sex.',
    allowed=("", *SEXES),
    key=True,
)
AGE = Column(
    "age_band",
    "text",
    'Age last birthday in five-year bands; "" means that the row is not split by age.',
    allowed=("", *AGE_BANDS),
    key=True,
)
QUINTILE = Column(
    "imd_quintile",
    "whole",
    "Fifth of England's neighbourhoods by deprivation (IMD): 1 most deprived, 5 least; 0 means "
    "that the row is not split by it.",
    allowed=("0", "1", "2", "3", "4", "5"),
    key=True,
)
SEGMENT = Column(
    "segment",
    "text",
    'Core segment by Cambridge Multimorbidity Score, "1" (lowest) to "5"; "0" is under 17; "" '
    "means not split by it.",
    allowed=("", "0", "1", "2", "3", "4", "5"),
    key=True,
)


def interval(unit: str) -> tuple[Column, Column, Column]:
    return (
        Column(
            "value",
            "number",
            "The central figure: from the central parameters, whether or not draws were asked for.",
            unit,
        ),
        Column(
            "lower",
            "number",
            "Lower end of the 95% interval over draws of the parameters; empty where draws = 0.",
            unit,
            empty=True,
        ),
        Column(
            "upper",
            "number",
            "Upper end of the 95% interval over draws of the parameters; empty where draws = 0.",
            unit,
            empty=True,
        ),
    )


_FEW = Column("few", "yes/no", "Whether the cell rests on fewer than 30 simulants.")
LEAF = (
    'Leaf rows only: an `imd_quintile` of 0 or "" for `place`, `sex` or `age_band` means that the '
    "row is not split by it, never a total beside its parts. Totals, with intervals of their own, "
    "are in `summary`."
)


TABLES: tuple[Table, ...] = (
    Table(
        "summary",
        "One measure of the whole area, or of one place, in one year.",
        (
            ARM,
            YEAR,
            PLACE,
            Column("measure", "text", "What is measured; `names` holds its label.", key=True),
            Column("unit", "text", "What the value is counted in.", key=True),
            *interval("[unit]"),
            Column(
                "sampling_error",
                "number",
                "Half the width of the 95% interval that comes from simulating finitely many "
                "people; not part of `lower` and `upper`. Empty where it is not estimated.",
                "[unit]",
                empty=True,
            ),
        ),
    ),
    Table(
        "people",
        "People living in the area at 30 June.",
        (ARM, YEAR, PLACE, SEX, AGE, QUINTILE, SEGMENT, *interval("people"), _FEW),
        (LEAF,),
    ),
    Table(
        "conditions",
        "People with a condition at 30 June, or new cases of it over the financial year.",
        (
            ARM,
            YEAR,
            PLACE,
            Column("condition", "text", "Key of the condition; `names` labels it.", key=True),
            SEX,
            AGE,
            QUINTILE,
            Column(
                "measure",
                "text",
                "prevalent: people who have it at 30 June. incident: new cases over the year.",
                allowed=("prevalent", "incident"),
                key=True,
            ),
            *interval("people, or new cases per year"),
            _FEW,
        ),
        (LEAF, "A person with three conditions is in three rows: never add conditions up."),
    ),
    Table(
        "deaths",
        "Deaths over the financial year.",
        (ARM, YEAR, PLACE, SEX, AGE, QUINTILE, *interval("deaths per year"), _FEW),
        (LEAF,),
    ),
    Table(
        "health",
        "A measure of how well people are, or how long they live.",
        (
            ARM,
            YEAR,
            PLACE,
            SEX,
            AGE,
            QUINTILE,
            Column("measure", "text", "What is measured; `names` holds its label.", key=True),
            *interval("by measure, as `names` says"),
            _FEW,
        ),
        (
            LEAF,
            "Healthy life expectancy here is years without major illness (Sullivan's method), "
            "not the ONS measure of self-reported good health.",
        ),
    ),
    Table(
        "names",
        "The label of an id used in another table.",
        (
            Column(
                "kind",
                "text",
                "What the id names, such as a condition, a measure or a place.",
                key=True,
            ),
            Column("id", "text", "The id as it stands in the other tables.", key=True),
            Column("label", "text", "What to show people."),
            Column("unit", "text", "What it is counted in, where it is a measure."),
        ),
    ),
    Table(
        "checks",
        "One published figure of this area beside the model's: does it know us?",
        (
            ARM,
            YEAR,
            PLACE,
            Column("check", "text", "What is compared.", key=True),
            Column("unit", "text", "What both figures are counted in."),
            Column("model", "number", "The model's figure.", "[unit]", empty=True),
            Column("published", "number", "The published figure.", "[unit]", empty=True),
            Column("ratio", "number", "Model divided by published.", "", empty=True),
            Column("source", "text", "Where the published figure comes from."),
            Column("grade", "text", "V verified, D derived, R recalled, A assumed."),
            Column(
                "used",
                "yes/no",
                "Whether the model was calibrated to the figure, so that agreement shows only "
                "that it reproduces its input.",
            ),
        ),
    ),
    Table(
        "sources",
        "One parameter of the catalogue that the run rests on.",
        (
            Column("id", "text", "Id of the catalogue row.", key=True),
            Column("label", "text", "What it is."),
            Column("value", "number", "The central value.", "[unit]"),
            Column("lower", "number", "Lower end of its 95% interval.", "[unit]", empty=True),
            Column("upper", "number", "Upper end of its 95% interval.", "[unit]", empty=True),
            Column("distribution", "text", "How its doubt is spread."),
            Column("unit", "text", "What it is counted in."),
            Column("source", "text", "Where it comes from."),
            Column("as_of", "text", "The year or date it describes."),
            Column("grade", "text", "V verified, D derived, R recalled, A assumed."),
            Column("note", "text", "Anything else a reader should know."),
            Column(
                "overridden",
                "yes/no",
                "Whether a project or plan put its own figure in place of the shipped one.",
            ),
        ),
    ),
)
