"""The tables of a run of `leftshift organisation`: the board itself."""

from __future__ import annotations

from leftshift.runs.describe import Column, Table

__all__ = ["TABLES"]

_OPTION = Column("option", "text", "Id of the option; `option_names` has its name.", key=True)
_YEAR = Column("year", "text", 'Financial year, such as "2026/27".', key=True)
_UNIT = Column("unit", "text", "What the value is counted in.")
_STATE = (
    "Money is in pounds of the prices that `about.prices` names; posts are funded whole-time "
    "equivalents (WTE), never people."
)
_PRIVATE = (
    "Worked out from staff: money rests on means of at least five people alike, counts under five "
    "are hidden (and others with them, so that subtraction does not give them away), counts are "
    "rounded to 5 and money to £10,000. Rounded figures need not add up."
)


def _number(name: str, meaning: str, unit: str = "", empty: bool = False) -> Column:
    return Column(name, "number", meaning, unit, empty=empty)


def _interval(unit: str) -> tuple[Column, Column]:
    return (
        _number("lower", "Lower end of the 95% interval.", unit, True),
        _number("upper", "Upper end of the 95% interval.", unit, True),
    )


TABLES: tuple[Table, ...] = (
    Table(
        "functions",
        "One function of the board as it is.",
        (
            Column("function", "text", "Its id.", key=True),
            Column("name", "text", "What people call it."),
            Column(
                "blueprint",
                "text",
                "What the Model ICB Blueprint does with it; review is review for transfer.",
                allowed=("grow", "keep", "review"),
            ),
            Column(
                "level",
                "text",
                "Where it is done.",
                allowed=("system", "place", "neighbourhood"),
            ),
            Column("statutory", "yes/no", "Whether the law asks for it."),
            Column("duties", "text", "The duties that it serves, with the share of its work."),
            Column("could_go_to", "text", "Who else could do it; empty for nobody."),
            Column("driver", "text", "What its workload follows."),
            _number("value", "Its worth for the ten-year plan.", "0 to 100"),
            Column("counts", "yes/no", "Whether it lies inside the running-cost envelope."),
            _number("wte", "Funded posts.", "WTE"),
            _number("pay_local", "Pay with the on-costs that the board pays.", "GBP a year"),
            _number("pay_full", "Pay with the pension that is paid centrally too.", "GBP a year"),
            _number("non_pay", "Spend other than pay.", "GBP a year"),
            Column("owner", "text", "Those who answer for its duties."),
            _number(
                "workload_change",
                "How much more work its driver brings by the last year; 0 where it is fixed, or "
                "counted in providers or places.",
                "percent",
            ),
            Column(
                "blueprint_source",
                "text",
                "Where it was read what the Blueprint does with it; empty where the board says so.",
            ),
            Column("blueprint_grade", "text", "V read, R recalled; empty where the board says so."),
        ),
        (_STATE,),
    ),
    Table(
        "option_names",
        "One option.",
        (
            _OPTION,
            Column("name", "text", "What people call it."),
            Column("note", "text", "What a reader should know of it."),
            Column("order", "whole", "Its place in lists; 0 is the board as it is."),
        ),
    ),
    Table(
        "options",
        "What an option does to one function in one year.",
        (
            _OPTION,
            _YEAR,
            Column("function", "text", "Id of the function.", key=True),
            Column(
                "action",
                "text",
                "keep, reduce, share, transfer, at_scale, stop or digitise; several with +.",
            ),
            Column("to", "text", "Who does it then, where it is shared or moved."),
            _number("wte_before", "Posts before.", "WTE"),
            _number("wte_board", "Posts the board still pays.", "WTE"),
            _number("wte_moved", "Posts that go to others.", "WTE"),
            _number("wte_released", "Posts that are no longer there.", "WTE"),
            _number("cost_before", "cost_board + cost_moved + cost_released.", "GBP a year"),
            _number("cost_board", "What the board still pays.", "GBP a year"),
            _number(
                "cost_moved", "What others pay instead: no saving to the system.", "GBP a year"
            ),
            _number("cost_released", "What nobody pays any more.", "GBP a year"),
            _number("cost_added", "New recurrent cost, such as licences.", "GBP a year"),
            _number("saving_board", "cost_before - cost_board - cost_added.", "GBP a year"),
            _number("saving_system", "saving_board - cost_moved.", "GBP a year"),
            _number("one_off", "One-off cost of the year, beside redundancy.", "GBP"),
            _number("value_lost", "Worth that is lost.", "points of worth"),
            _number("capacity_own", "Work for its duties done by the board.", "WTE"),
            _number("capacity_elsewhere", "Work for its duties done by others.", "WTE"),
            _number("risk", "Risk to delivery, times the share changed.", "0 to 1"),
        ),
        (_STATE, "To the penny, cost_before is what stays, what moves and what is released."),
    ),
    Table(
        "duty_register",
        "One statutory duty, and how the board stands to it before any change.",
        (
            Column("duty", "text", "Its id.", key=True),
            Column("label", "text", "What people call it."),
            Column("section", "text", "Where in the law."),
            Column("act", "text", "Which law."),
            Column("what", "text", "What it asks of the board."),
            Column("owner", "text", "Who answers for it; empty where nobody is named."),
            Column(
                "minimum_kind",
                "text",
                "caseload: from a caseload model. stated: by the board. default: assumed.",
                allowed=("caseload", "stated", "default"),
            ),
            Column("reason", "text", "Why that minimum."),
            Column("evidence", "text", "Where it can be seen that the duty is met."),
            Column("functions", "text", "The functions that serve it, with their share."),
            Column("source", "text", "Where the duty was read."),
            Column("grade", "text", "V its section was read, R it is recalled."),
        ),
    ),
    Table(
        "duties",
        "How one duty stands in one year of an option.",
        (
            _OPTION,
            _YEAR,
            Column("duty", "text", "Id of the duty.", key=True),
            _number("minimum", "Posts needed to meet it safely.", "WTE"),
            *_interval("WTE"),
            _number("own", "Posts of the board that serve it.", "WTE"),
            _number(
                "elsewhere",
                "Work for it by others, for which the board still answers.",
                "WTE",
            ),
            _number("gap", "Posts missing; below 0 where there are more than needed.", "WTE"),
            Column("below", "yes/no", "Whether it is left below its minimum."),
            Column("words", "text", "The same in a sentence."),
        ),
        (
            "Never averaged over duties or years. lower and upper are the doubt about the minimum "
            "where a caseload model gives it, and empty elsewhere.",
        ),
    ),
    Table(
        "caseloads",
        "One measure of a caseload in one year.",
        (
            Column("caseload", "text", "continuing_care, safeguarding or medicines.", key=True),
            _YEAR,
            Column("measure", "text", "What is counted; wte_needed is the answer.", key=True),
            _UNIT,
            _number("value", "The central figure.", "[unit]"),
            *_interval("[unit]"),
        ),
    ),
    Table(
        "board_money",
        "One sum of the whole board in one year of an option.",
        (
            _OPTION,
            _YEAR,
            Column("measure", "text", "What is counted.", key=True),
            _UNIT,
            _number("value", "The central figure.", "[unit]"),
            *_interval("[unit]"),
        ),
        (
            _STATE,
            "running_cost_local and gap hold only functions inside the envelope; saving_board, "
            "saving_system and cost_moved hold all. They are full-year effects; "
            "running_cost_in_year and gap_in_year count a change for a part of its first year.",
        ),
    ),
    Table(
        "redundancy",
        'People who leave and what it costs, in one year or ("") in all of them.',
        (
            _OPTION,
            Column("year", "text", 'Financial year; "" for all years together.', key=True),
            Column("measure", "text", "What is counted.", key=True),
            _UNIT,
            _number("value", "Mean over draws; empty where hidden.", "[unit]", True),
            *_interval("[unit]"),
            Column("hidden", "yes/no", "Whether it is hidden to protect people."),
        ),
        (_PRIVATE,),
    ),
    Table(
        "funding",
        "Money in one year, under one way of paying for redundancy and from one view.",
        (
            _OPTION,
            Column(
                "scenario",
                "text",
                "Who pays for redundancy.",
                allowed=("central", "overspend", "absorbed"),
                key=True,
            ),
            Column(
                "view", "text", "Whose money is counted.", allowed=("board", "public"), key=True
            ),
            _YEAR,
            Column(
                "measure",
                "text",
                "saving, redundancy, one_off, repayment, net, cumulative; for the board also "
                "over_allowance: what it spends above its allowance, all this counted.",
                key=True,
            ),
            _UNIT,
            _number("value", "Mean over draws.", "GBP"),
            *_interval("GBP"),
        ),
        (_PRIVATE,),
    ),
    Table(
        "returns",
        "What an option is worth, and when it pays back.",
        (
            _OPTION,
            Column(
                "scenario",
                "text",
                "Who pays for redundancy.",
                allowed=("central", "overspend", "absorbed"),
                key=True,
            ),
            Column(
                "view", "text", "Whose money is counted.", allowed=("board", "public"), key=True
            ),
            Column(
                "measure",
                "text",
                "npv, payback_years, or severance_payback_years: how soon the posts of those "
                "dismissed earn back what their leaving costs.",
                key=True,
            ),
            _UNIT,
            _number(
                "value", "Median over draws; empty where it does not pay back.", "[unit]", True
            ),
            *_interval("[unit]"),
            Column("words", "text", "The same in a sentence."),
        ),
        (_PRIVATE,),
    ),
    Table(
        "timeline",
        "One task of an option's timetable.",
        (
            _OPTION,
            Column("task", "text", "Its id.", key=True),
            Column("order", "whole", "Its place in the list."),
            Column("label", "text", "What people call it."),
            Column("starts", "text", "First day, as 2026-01-12."),
            Column("ends", "text", "The day on which it is over."),
            Column("days", "whole", "How long it takes.", "days"),
            Column("depends", "text", "What it waits for."),
            Column("slack", "whole", "Days it may slip without moving the end.", "days"),
            Column("critical", "yes/no", "Whether it may not slip."),
            Column("note", "text", "What a reader should know."),
        ),
    ),
)
