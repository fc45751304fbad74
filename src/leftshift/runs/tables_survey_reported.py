"""Tables of a survey run that set what leaders said beside something else, described once."""

from __future__ import annotations

from leftshift.runs.describe import Column, Table

__all__ = ["TABLES_REPORTED"]

_STATUS = Column(
    "status",
    "text",
    "Whether the row's figures may be shown. small_base and secondary: hidden, so that no person "
    "can be known from them, alone or with other figures.",
    allowed=("shown", "small_base", "secondary"),
)


def _text(name: str, meaning: str, key: bool = False) -> Column:
    return Column(name, "text", meaning, key=key)


def _number(name: str, meaning: str, unit: str, empty: bool = True) -> Column:
    return Column(name, "number", meaning, unit, empty=empty)


TABLES_REPORTED: tuple[Table, ...] = (
    Table(
        "survey_performance",
        "The rank correlation of a composite of leaders' answers with an indicator of systems.",
        (
            _text("wave", "The wave of the answers.", key=True),
            _text("composite", "Key of the composite.", key=True),
            _text("composite_label", "What it is called."),
            _text("questions", "Its questions, separated by semicolons."),
            _text("indicator", "Key of the indicator.", key=True),
            _text("indicator_label", "What it is called."),
            _text("unit", "What the indicator is counted in."),
            _text("better", "higher or lower, or empty where neither is better."),
            _text("period", "The year or date the indicator describes."),
            _text("adjusted_for", "The confounders taken away first; empty for none.", key=True),
            Column("systems", "whole", "Systems compared.", "systems"),
            Column("respondents", "whole", "Respondents behind the composite.", "people"),
            _number(
                "rho", "Spearman's rank correlation, partial where adjusted.", "correlation", False
            ),
            _number("lower", "Lower end of its bootstrap interval.", "correlation", False),
            _number("upper", "Upper end of its bootstrap interval.", "correlation", False),
            _number("p_value", "Two-sided, by permutation.", "probability", False),
            _number(
                "p_bh",
                "Adjusted for all comparisons (Benjamini and Hochberg).",
                "probability",
                False,
            ),
            Column("tests", "whole", "Comparisons of this kind.", "comparisons"),
            _number(
                "seen_alone",
                "The weakest correlation seen four times in five in a single test.",
                "correlation",
                False,
            ),
            _number("seen_among_all", "The same among all comparisons.", "correlation", False),
            _text("source", "Where the indicator comes from."),
            _text("said", "The finding in a sentence."),
        ),
        ("An association is not a cause. Single systems are never shown.",),
    ),
    Table(
        "survey_record",
        "A figure from a past report beside the latest wave's.",
        (
            _text("wave", "The latest wave.", key=True),
            _text("question", "Key of the question.", key=True),
            _text("published_id", "Key of the published figure in the catalogue.", key=True),
            _text("group_by", "How the new figure's group is made.", key=True),
            _text("group", "The group of the new figure; empty for everyone.", key=True),
            _text("measure", "share or net."),
            _text("option", "Key of the answer counted."),
            _text("option_label", "The answer counted."),
            _text("wording", "The question as asked now."),
            _text("published_year", "The survey the published figure is from."),
            _text("published_wording", "The published question, or what was reported of it."),
            _text("published_answer", "The answers the published figure counts."),
            _text("published_about", "exactly, about or over."),
            _number("published_value", "The published figure.", "percent"),
            Column(
                "published_base",
                "whole",
                "How many answered then, where held.",
                "people",
                empty=True,
            ),
            _text("published_base_text", "Who answered then."),
            _text("published_source", "Where it was published."),
            _text("published_grade", "V verified, R recalled."),
            Column("published_note", "text", "How it was reported.", empty=True),
            Column("same_question", "yes/no", "Whether the question is word for word the same."),
            _text("said", "What a reader must know of the wording."),
            _number("value", "The new figure.", "percent"),
            _number("lower", "Lower end of its interval.", "percent"),
            _number("upper", "Upper end of its interval.", "percent"),
            Column("base", "whole", "How many answered now.", "people", empty=True),
            _STATUS,
        ),
    ),
    Table(
        "survey_suppression",
        "How many rows of a table are shown and hidden.",
        (
            _text("table", "The table.", key=True),
            _text("status", "shown, small_base or secondary.", key=True),
            Column("rows", "whole", "Rows of it.", "rows"),
        ),
    ),
)
