"""Further tables of a board's run: levels, place, clusters, apportionment and found options."""

from __future__ import annotations

from leftshift.runs.describe import Column, Table

__all__ = ["TABLES"]

_OPTION = Column("option", "text", "Key of the option; `option_names` names it.", key=True)
_YEAR = Column("year", "text", 'Financial year, such as "2026/27".', key=True)
_FUNCTION = Column("function", "text", "Key of the function.", key=True)
_NAME = Column("name", "text", "Its name.")


def _number(name: str, meaning: str, unit: str, empty: bool = False) -> Column:
    return Column(name, "number", meaning, unit, empty=empty)


TABLES: tuple[Table, ...] = (
    Table(
        "levels",
        "The delegation map: people and money of one function at one level under one option.",
        (
            _OPTION,
            _YEAR,
            _FUNCTION,
            _NAME,
            Column(
                "level",
                "text",
                "neighbourhood, place, system; beyond: a region, cluster or shared service; "
                "released: done by nobody any more.",
                allowed=("neighbourhood", "place", "system", "beyond", "released"),
                key=True,
            ),
            Column("holder", "text", 'Who does it: "board", or who takes it up.', key=True),
            _number("wte", "Whole-time equivalents.", "WTE"),
            _number("money", "Cost a year, local on-cost.", "GBP"),
            _number("people", "Residents served.", "people"),
        ),
        ("Over levels a function adds up to what it was before the option.",),
    ),
    Table(
        "place_losses",
        "What one place loses of one function under one option.",
        (
            _OPTION,
            _YEAR,
            _FUNCTION,
            Column("place", "text", 'Key of the place; "" for all places together.', key=True),
            Column("place_name", "text", "Its name."),
            _NAME,
            Column("level", "text", "place or neighbourhood."),
            Column("action", "text", "What is done to the function."),
            Column("to", "text", "Who takes up what moves."),
            _number("wte_before", "Whole-time equivalents now.", "WTE"),
            _number("wte_after", "Whole-time equivalents left at place or below.", "WTE"),
            _number("money_before", "Cost a year now, local on-cost.", "GBP"),
            _number("money_after", "Cost a year left at place or below.", "GBP"),
            _number("people", "Residents of the place.", "people"),
            Column("words", "text", "The same in a sentence."),
        ),
        ('Rows of `place` "" are the sum over places: never add them to the others.',),
    ),
    Table(
        "governance",
        "What the integrated care partnership is in one year.",
        (
            _YEAR,
            Column(
                "setting",
                "text",
                "What it is.",
                allowed=("statutory", "non_statutory", "folded"),
            ),
            Column("since", "text", 'The year from which it is so; "" for as it stands now.'),
            Column("label", "text", "The same in words."),
            Column("law", "text", "Where it stands."),
            Column("status", "text", "When it is possible."),
            Column("place_has", "text", "What place has by it."),
            Column("needs", "text", "What has to be done."),
            Column("said", "text", "What leaders said of it."),
            Column("grade", "text", "V verified, R recalled."),
        ),
    ),
    Table(
        "clusters",
        "One amount of boards apart, in a cluster or merged.",
        (
            Column(
                "arrangement",
                "text",
                "apart, cluster (boards in law, one leadership) or merge (one board in law).",
                allowed=("apart", "cluster", "merge"),
                key=True,
            ),
            Column(
                "kind",
                "text",
                "people, post, function, coordination, total, one_off, saving, share (of the "
                "saving, by people), keeps or warning.",
                key=True,
            ),
            Column("item", "text", "What it is the amount of.", key=True),
            Column("label", "text", "The same in words."),
            Column("unit", "text", "What it is counted in."),
            _number("value", "The central amount.", "[unit]"),
            _number("lower", "Lower end of the 95% interval.", "[unit]", empty=True),
            _number("upper", "Upper end of the 95% interval.", "[unit]", empty=True),
            Column("words", "text", "What to know of it."),
        ),
        ("Amounts are of all the boards together.",),
    ),
    Table(
        "apportionment",
        "One board's share of the reduced envelope by one rule.",
        (
            Column(
                "rule",
                "text",
                "flat_percentage, per_head, weighted_head or from_present_spend.",
                key=True,
            ),
            Column("board", "text", "Code of the board.", key=True),
            _NAME,
            _number("residents", "People who live there.", "people"),
            _number("people", "People registered with its practices.", "people"),
            _number("weighted", "People weighted for need.", "people"),
            _number("present", "What it spends now.", "GBP"),
            _number("allowance", "What the rule gives it.", "GBP"),
            _number("change", "Allowance less present spend.", "GBP"),
            _number("change_percent", "The same against present spend.", "percent", empty=True),
            _number("per_head", "Allowance for each registered person.", "GBP"),
            _number("against_flat", "What it has more than by the flat percentage.", "GBP"),
            Column("source", "text", "Where the present spend comes from."),
        ),
        ("By every rule the allowances add up to the same envelope.",),
    ),
    Table(
        "prices",
        "What one duty, or the cap of one year, costs in the option that was found.",
        (
            Column("limit", "text", "The duty, or the year's cap.", key=True),
            Column("kind", "text", "cap, duty or other.", allowed=("cap", "duty", "other")),
            Column("label", "text", "The same in words."),
            Column("year", "text", "The year that binds hardest."),
            Column("unit", "text", "What the limit is counted in."),
            _number(
                "marginal",
                "Harm spared, in pounds, by one unit less of the duty or one pound more of cap; "
                "the dual of the linear relaxation.",
                "GBP of harm",
            ),
            _number(
                "whole",
                "Harm spared by doing without the duty, the relaxation solved again; empty for a "
                "cap.",
                "GBP of harm",
                empty=True,
            ),
            _number("spare", "Distance from the limit at its nearest; 0 where it binds.", "[unit]"),
            Column("words", "text", "The same in a sentence."),
        ),
    ),
    Table(
        "clashes",
        "Why no option meets the running-cost path with every duty at its minimum.",
        (
            Column("order", "whole", "Where it stands in the explanation.", key=True),
            Column("limits", "text", "The limits it names."),
            Column("words", "text", "The explanation."),
        ),
    ),
    Table(
        "found",
        "How the option was found.",
        (
            Column("measure", "text", "What it is.", key=True),
            Column("unit", "text", "What it is counted in."),
            _number("value", "Its value.", "[unit]", empty=True),
            Column("words", "text", "The same in words."),
        ),
    ),
)
