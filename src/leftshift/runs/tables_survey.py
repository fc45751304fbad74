"""The tables of a survey's run folder, described as those of `schema` are.

`TABLES_ANALYSED` are made by the analysis, `TABLES_REPORTED` by what stands on it.
"""

from __future__ import annotations

from leftshift.runs.describe import Column, Table
from leftshift.runs.tables_survey_reported import TABLES_REPORTED

__all__ = ["TABLES", "TABLES_ANALYSED", "TABLES_REPORTED"]

GROUPINGS = ("all", "role", "type", "size", "region")
STATUS = ("shown", "small_base", "secondary")

_WAVE = Column("wave", "text", "The wave; `survey_waves` labels it.", key=True)
_FROM = Column("from_wave", "text", "The earlier wave.", key=True)
_TO = Column("to_wave", "text", "The later wave.", key=True)
_QUESTION = Column("question", "text", "The question; `survey_questions` holds it.", key=True)
_GROUP_BY = Column(
    "group_by", "text", "What respondents are grouped by.", allowed=GROUPINGS, key=True
)
_GROUP = Column(
    "group", "text", 'The group; `survey_groups` labels it; "" for all respondents.', key=True
)
_MEASURE = Column(
    "measure",
    "text",
    "share: of one answer. net: of several answers together. mean: of scores or numbers.",
    allowed=("share", "net", "mean"),
    key=True,
)
_OPTION = Column(
    "option", "text", 'The answer or net; `survey_options` labels it; "" for a mean.', key=True
)
_UNIT = Column("unit", "text", "What the figures are counted in.", allowed=(
    "percent", "score", "number"))  # fmt: skip
_DIFFERENCE_UNIT = Column(
    "unit",
    "text",
    'What the figures are counted in; where it is "percent", differences are percentage points.',
    allowed=("percent", "score", "number"),
)
_STATUS = Column(
    "status",
    "text",
    "shown; small_base: too few stand behind it, so the figures are empty; secondary: empty so "
    "that another empty cell cannot be worked out.",
    allowed=STATUS,
)


def _number(name: str, meaning: str, unit: str = "[unit]") -> Column:
    return Column(name, "number", meaning, unit, empty=True)


def _whole(name: str, meaning: str, unit: str = "respondents") -> Column:
    return Column(name, "whole", meaning, unit, empty=True)


def _text(name: str, meaning: str, key: bool = False) -> Column:
    return Column(name, "text", meaning, key=key)


_P_VALUES = (
    _number(
        "p_value",
        "Chance of so large a difference if only chance told the two apart; without finite "
        "population correction.",
        "probability",
    ),
    _number("p_holm", "The same, adjusted by Holm over the family.", "probability"),
    _number("p_bh", "The same, adjusted by Benjamini and Hochberg over the family.", "probability"),
    _text("family", "The tests that are adjusted together."),
)
_DIFFERENCE = (
    _number("difference", "The difference."),
    _number("lower", "Lower end of its interval at the level in `about.level`."),
    _number("upper", "Upper end of its interval."),
)

TABLES_ANALYSED: tuple[Table, ...] = (
    Table(
        "survey_estimates",
        "One figure of one question, in one wave and one group.",
        (
            _WAVE,
            _QUESTION,
            _GROUP_BY,
            _GROUP,
            _MEASURE,
            _OPTION,
            Column(
                "weighting",
                "text",
                "none: each respondent counts the same. frame: weighted for non-response by the "
                "cells that the codebook names.",
                allowed=("none", "frame"),
                key=True,
            ),
            _UNIT,
            _number("value", "The figure."),
            _number("lower", "Lower end of its interval at the level in `about.level`."),
            _number("upper", "Upper end of its interval."),
            _whole("count", "Respondents that count towards a share; empty for means and weights."),
            _whole("base", "Respondents who gave an answer that counts."),
            _whole("frame", "How many there are to be asked; empty where the frame does not say."),
            _whole("systems", "Systems that the base comes from.", "systems"),
            _number(
                "design_effect",
                "Variance of the figure against that of as many independent respondents; empty "
                "where it has none.",
                "ratio",
            ),
            _number(
                "effective_base", "Base divided by the design effect, if above 1.", "respondents"
            ),
            _text(
                "method",
                "How the interval was made: census, exact (Clopper and Pearson), exact_finite "
                "(hypergeometric), korn_graubard or wilson (with clusters; _finite: with a known "
                "population), t, t_finite, none.",
            ),
            _STATUS,
        ),
        (
            "Where everyone answered the figure is exact and both ends of the interval are it.",
            "Options of a question with several ticks do not add to 100.",
        ),
    ),
    Table(
        "survey_trends",
        "One change of one figure between two waves, in one group.",
        (
            _FROM,
            _TO,
            _QUESTION,
            _GROUP_BY,
            _GROUP,
            _MEASURE,
            _OPTION,
            Column(
                "pairing",
                "text",
                "unpaired: all who answered in each wave. respondents: only those who answered in "
                "both. systems: the mean of each system heard from in both.",
                allowed=("unpaired", "respondents", "systems"),
                key=True,
            ),
            Column("preferred", "yes/no", "Whether the change is to be judged by this row."),
            _DIFFERENCE_UNIT,
            _number("before", "The figure of the earlier wave."),
            _number("after", "The figure of the later wave."),
            *_DIFFERENCE,
            *_P_VALUES,
            _whole("base_before", "Respondents behind the earlier figure."),
            _whole("base_after", "Respondents behind the later figure."),
            _whole("pairs", "Respondents or systems found in both; empty where unpaired.", ""),
            _whole("rose", "Pairs whose figure rose.", ""),
            _whole("fell", "Pairs whose figure fell.", ""),
            Column("same_wording", "yes/no", "Whether both waves asked it in the same words."),
            _text("method", "How interval and p-value were made."),
            _STATUS,
        ),
        ("Only preferred rows are tests: others have no adjusted p-value.",),
    ),
    Table(
        "survey_contrasts",
        "One figure of one group against all other groups of the kind, in one wave.",
        (
            _WAVE,
            _QUESTION,
            Column(
                "group_by",
                "text",
                "What respondents are grouped by.",
                allowed=GROUPINGS[1:],
                key=True,
            ),
            _GROUP,
            _MEASURE,
            _OPTION,
            _DIFFERENCE_UNIT,
            _number("value", "The figure of the group."),
            _number("others", "The figure of all others."),
            *_DIFFERENCE,
            *_P_VALUES,
            _whole("base", "Respondents of the group."),
            _whole("base_others", "Respondents of all others."),
            _text("method", "How interval and p-value were made."),
            _STATUS,
        ),
    ),
    Table(
        "survey_response",
        "Who answered, in one wave and one group.",
        (
            _WAVE,
            _GROUP_BY,
            _GROUP,
            _whole(
                "frame",
                "How many there are to be asked; empty where the frame does not say.",
                "people",
            ),
            _whole("respondents", "Responses kept."),
            _whole("complete", "Of them, with every closed question answered."),
            _whole("partial", "Of them, with fewer."),
            _number("rate", "Respondents in a hundred of the frame.", "percent"),
            _number(
                "lowest_weight", "Lowest weight in the group; empty where not weighted.", "weight"
            ),
            _number("highest_weight", "Highest weight in the group.", "weight"),
            _STATUS,
        ),
    ),
    Table(
        "survey_terms",
        "How many mention one theme in their own words, in one wave and one group.",
        (
            _WAVE,
            _QUESTION,
            _GROUP_BY,
            _GROUP,
            _text("term", "The theme of the codebook; `survey_options` labels it.", key=True),
            _whole("respondents", "Respondents who mention it; one who does so twice counts once."),
            _whole("base", "Respondents who wrote anything."),
            _number("value", "Of a hundred who wrote anything, how many mention it.", "percent"),
            _number("lower", "Lower end of its interval.", "percent"),
            _number("upper", "Upper end of its interval.", "percent"),
            _STATUS,
        ),
        ("A respondent can mention several themes: never add them up.",),
    ),
    Table(
        "survey_keyness",
        "One word or theme that the latest wave uses more or less than an earlier one.",
        (
            _FROM,
            _TO,
            _QUESTION,
            Column(
                "kind",
                "text",
                "word, or term: a theme of the codebook.",
                allowed=("word", "term"),
                key=True,
            ),
            _text("item", "The word, or the theme's key.", key=True),
            _whole("before", "Respondents who use it in the earlier wave."),
            _whole("after", "Respondents who use it in the later wave."),
            _whole("base_before", "Respondents who wrote anything in the earlier wave."),
            _whole("base_after", "Respondents who wrote anything in the later wave."),
            _number("log_likelihood", "Dunning's G² on one degree of freedom.", "G² statistic"),
            _number(
                "log_ratio",
                "How often the share doubled (below 0: halved), half a respondent added to each.",
                "doublings",
            ),
            _number("p_value", "Upper tail of chi-square.", "probability"),
            _number(
                "p_bh",
                "The same, adjusted by Benjamini and Hochberg over the question, the "
                "waves and the kind.",
                "probability",
            ),
            _STATUS,
        ),
    ),
    Table(
        "survey_quotes",
        "One example in a respondent's own words, who agreed to be quoted.",
        (
            _WAVE,
            _QUESTION,
            _text("term", 'The theme it is an example of; "" for none.', key=True),
            Column("number", "whole", "Number of the example, from 1.", key=True),
            _text("quote", "The words, with names and organisations masked."),
        ),
    ),
    Table(
        "survey_questions",
        "One question as one wave asked it.",
        (
            _text("question", "Its key.", key=True),
            Column("position", "whole", "Its place in the report, from 1."),
            _text("text", "Its words in the latest wave."),
            _text("short", "A few words for charts."),
            _text("theme", 'The heading it stands under; may be "".'),
            Column(
                "kind",
                "text",
                "What is answered.",
                allowed=("scale", "single", "multiple", "number", "text"),
            ),
            _text("scale", 'Key of its scale, or "".'),
            _text("wave", "The wave.", key=True),
            _text("wording", "Its words in that wave."),
            Column("same_as_latest", "yes/no", "Whether those are the words of the latest wave."),
        ),
    ),
    Table(
        "survey_options",
        "One answer, one net of answers, or one theme of the open text.",
        (
            _text("question", 'The question; "" for themes.', key=True),
            _text("option", "Its key.", key=True),
            Column(
                "kind",
                "text",
                "option, net, or term: a theme of the open text.",
                allowed=("option", "net", "term"),
            ),
            Column("position", "whole", "Its place in the list, from 1."),
            _text("label", "What to show people."),
            _text(
                "side", 'high, middle, low or outside: its side of a diverging bar; "" for none.'
            ),
            Column("score", "number", "Its number in means.", "score", empty=True),
            _text("members", 'The answers of a net, parted by ";".'),
        ),
    ),
    Table(
        "survey_groups",
        "The label of a group.",
        (
            Column(
                "group_by", "text", "What respondents are grouped by.", allowed=GROUPINGS, key=True
            ),
            _text("group", "Its key.", key=True),
            _text("label", "What to show people."),
            Column("position", "whole", "Its place in the list, from 1."),
        ),
    ),
    Table(
        "survey_systems",
        "One system as it stood in one wave, whether anyone answered or not.",
        (
            _WAVE,
            _text("system", "Its code.", key=True),
            _text("name", "What people call it."),
            _text("region", 'Code of its region, or "".'),
            _text("type", 'The codebook\'s word for its kind, or "".'),
            _text("size", 'smaller, middle, larger, or the codebook\'s word, or "".'),
            Column("people", "number", "People living there.", "people", empty=True),
            _text("now", 'What it is in the latest wave; "" where it was split.'),
            Column("verified", "yes/no", "Whether its membership was checked against a source."),
        ),
    ),
    Table(
        "survey_waves",
        "One wave.",
        (
            _text("wave", "Its key.", key=True),
            Column("position", "whole", "Its place, from 1 (the oldest)."),
            _text("label", "What to show people."),
            _text("date", "The day by which its systems are named."),
            Column("synthetic", "yes/no", "Whether its answers are invented."),
        ),
    ),
    Table(
        "survey_cleaning",
        "How many cells, rows or columns of a file one rule changed or dropped.",
        (
            _WAVE,
            _text("file", "The file.", key=True),
            _text("column", 'Header of the column; "" for whole rows.', key=True),
            _text("rule", "The rule.", key=True),
            _text("why", "What it does."),
            Column("count", "whole", "How often; each case stands in private/changes.csv.", ""),
        ),
    ),
    Table(
        "survey_method",
        "One statement of what was done.",
        (
            Column("position", "whole", "Its place in the note, from 1.", key=True),
            _text("topic", "What it is about."),
            _text("text", "What was done."),
        ),
    ),
)

TABLES: tuple[Table, ...] = (*TABLES_ANALYSED, *TABLES_REPORTED)
