"""The tables of `leftshift prioritise`: what is chosen of a plan's interventions, and why."""

from __future__ import annotations

from leftshift.runs.describe import Column, Table
from leftshift.runs.tables_outlook import ARM, YEAR

__all__ = ["TABLES"]

_OWN_UNIT = "[unit]"
_INTERVENTION = Column("intervention", "text", "Id of an intervention of the plan.", key=True)
_UNIT = Column(
    "unit",
    "text",
    "What the value is counted in, which the aim says: QALYs, equity-weighted QALYs, or £.",
)
_NOTE = "Only in a run of `leftshift prioritise`."
_LINEAR = (
    "A linear estimate from each candidate alone; table `resimulated` has what the chosen plan "
    "does when it is run as a whole."
)
_DISCOUNTED = "Money and health are sums over all years, later years discounted; people are not."


def _money(name: str, meaning: str) -> Column:
    return Column(name, "number", meaning, "£", empty=True)


TABLES: tuple[Table, ...] = (
    Table(
        "choices",
        "One candidate: whether it is done, how much of it and from when, and what that brings.",
        (
            _INTERVENTION,
            Column("position", "whole", "Its place in the plan, from 1."),
            Column("label", "text", "Its label."),
            Column("shift", "text", "The shift that it belongs to."),
            Column("chosen", "yes/no", "Whether it is done."),
            Column("size", "number", "Share of its reach in the plan; 0 where it is left out.",
                   "share"),
            Column("start", "text", 'Financial year in which it begins; "" where it is left out.'),
            _UNIT,
            Column("value", "number", "What it brings at that size and start.", _OWN_UNIT,
                   empty=True),
            Column("lower", "number", "Lower end of the 95% interval over draws.", _OWN_UNIT,
                   empty=True),
            Column("upper", "number", "Upper end of the 95% interval over draws.", _OWN_UNIT,
                   empty=True),
            Column("qaly", "number", "QALYs at that size and start.", "QALYs", empty=True),
            _money("cost", "New spend at that size and start, before anything is released."),
            _money("cash_released", "Money that it takes out of services at that size and start."),
            Column("people_reached", "number", "Person-years on it: as chosen, or at full reach "
                   "where it is left out.", "person-years", empty=True),
            Column("benefit_each", "number", "QALYs for each person-year on it: as chosen, or at "
                   "full reach where it is left out.", "QALYs per person-year", empty=True),
            Column("cost_each", "number", "New spend for each person-year on it: as chosen, or at "
                   "full reach where it is left out.", "£ per person-year", empty=True),
            Column("value_full", "number", "What it brings at full reach from the first year.",
                   _OWN_UNIT, empty=True),
            _money("cost_full", "New spend at full reach from the first year."),
        ),
        (_NOTE, _LINEAR, _DISCOUNTED, "Where the aim is the gap, what is saved beyond a gap that "
         "is closed counts here, but not in the value of the choice as a whole.",
         "A value triangle is `people_reached` by `benefit_each`, drawn against the cost."),
    ),
    Table(
        "frontier",
        "The best choice at one budget.",
        (
            Column("budget", "number", "Multiple of the limit on new spend in every year; of what "
                   "all candidates cost together where the plan has no limit.", "times",
                   key=True),
            _money("room", "The limit on new spend over all years at that budget, discounted."),
            _money("spend", "New spend of the choice, discounted; empty where none is possible."),
            _UNIT,
            Column("value", "number", "What the choice brings; empty where none is possible.",
                   _OWN_UNIT, empty=True),
            Column("possible", "yes/no", "Whether the other limits can be kept at that budget."),
            Column("chosen", "whole", "How many candidates are done."),
            Column("joins", "text", "Ids of those done that were not at the budget before."),
            Column("leaves", "text", "Ids of those not done that were at the budget before."),
            Column("per_million", "number", "What the last £1m of room brought, on average since "
                   "the budget before.", _OWN_UNIT, empty=True),
        ),
        (_NOTE, _LINEAR, _DISCOUNTED),
    ),
    Table(
        "shadow",
        "One thing that is known of a limit in one year, or in all of them.",
        (
            Column("limit", "text", "The limit, such as `new_spend` or `staff.gp`; `required.`, "
                   "`exclusive.` and `needs.` are the plan's own rules.", key=True),
            Column("year", "text", 'Financial year; "" where it holds over all years.', key=True),
            Column("label", "text", "The limit in words."),
            Column("kind", "text", "What kind of limit it is.",
                   allowed=("new_spend", "floor", "floor_new", "staff", "capacity", "required",
                            "exclusive", "needs")),
            Column("measure", "text", "bound: what is allowed. level: what the choice comes to. "
                   "spare: the room left. price: what one unit more room would bring. tenth_more: "
                   "what a tenth more room in every year would bring (of a floor, a tenth less). "
                   "without: what leaving the rule out would bring.",
                   allowed=("bound", "level", "spare", "price", "tenth_more", "without"),
                   key=True),
            Column("unit", "text", "What the value is counted in."),
            Column("value", "number", "The amount.", _OWN_UNIT, empty=True),
            Column("method", "text", "How it was found: given in the plan; estimated from the "
                   "choice; from the linear relaxation, in which candidates may be begun in parts; "
                   "or by making the choice again.",
                   allowed=("given", "estimated", "linear_relaxation", "solved_again")),
        ),
        (_NOTE, "A floor's bound and level are £ of spend on the setting above (or below) what the "
         "floor asks of the baseline.", "A price holds for a little more room only: for more, see "
         "`tenth_more` and `frontier`."),
    ),
    Table(
        "left_out",
        "Why one candidate is left out, done in part, or begun later than it could be.",
        (
            _INTERVENTION,
            Column("outcome", "text", "What became of it.",
                   allowed=("left_out", "in_part", "later")),
            Column("limit", "text", "The limit whose room it would use that is worth most "
                   "elsewhere, or the limits that shut it out; empty where none does."),
            Column("reason", "text", "Why, in a sentence."),
            _UNIT,
            Column("value_alone", "number", "What it would bring alone at full reach from its best "
                   "start.", _OWN_UNIT, empty=True),
            Column("value_lost", "number", "What the best choice that has it at full reach (or, of "
                   "those begun later, at once) loses; at its smallest size where full reach "
                   "cannot be; empty where no choice can have it.", _OWN_UNIT, empty=True),
            Column("reduced_value", "number", "What it brings at full reach less what the room it "
                   "uses is worth elsewhere, from the linear relaxation.", _OWN_UNIT, empty=True),
            Column("displaces", "text", "What it would push out or make smaller."),
        ),
        (_NOTE, _LINEAR),
    ),
    Table(
        "ranking",
        "How one candidate's place holds where the choice is made again under single draws.",
        (
            Column("intervention", "text", 'Id of an intervention; "" is the choice as a whole.',
                   key=True),
            Column("measure", "text", "rank: by value for money at full reach, 1 the best. "
                   "value_per_million: value for £1m of new spend. size: share of its reach. "
                   "chosen: share of draws in which it is done. years_later: mean start in those, "
                   "in years after the first. Of the whole: rank_agreement: mean rank correlation "
                   "(Spearman) of a draw's order with the central one. within_limits: share of "
                   "draws in which the central choice keeps every limit. possible: share of draws "
                   "in which any choice does. value_kept: share of the best choice's value that "
                   "the central one has where it keeps them. draws: how many were tried.",
                   allowed=("rank", "value_per_million", "size", "chosen", "years_later",
                            "rank_agreement", "within_limits", "possible", "value_kept", "draws"),
                   key=True),
            Column("unit", "text", "What the value is counted in."),
            Column("value", "number", "The central figure, or a share or mean over draws; empty "
                   "where there is none, such as value for money of what costs nothing.",
                   _OWN_UNIT, empty=True),
            Column("lower", "number", "Lower end of the 95% interval over draws.", _OWN_UNIT,
                   empty=True),
            Column("upper", "number", "Upper end of the 95% interval over draws.", _OWN_UNIT,
                   empty=True),
        ),
        (_NOTE, "What costs nothing and brings something ranks first, what brings nothing last."),
    ),
    Table(
        "resimulated",
        "The linear estimate of the chosen plan beside a run of it as a whole.",
        (
            ARM,
            YEAR,
            Column("measure", "text", "What is measured, as in table `effects`.", key=True),
            Column("unit", "text", "What the value is counted in."),
            Column("linear", "number", "Estimated from each candidate alone.", _OWN_UNIT),
            Column("simulated", "number", "Of a run of the chosen plan.", _OWN_UNIT),
            Column("difference", "number", "Simulated less estimated.", _OWN_UNIT, empty=True),
            Column("lower", "number", "Lower end of the 95% interval of the difference over draws.",
                   _OWN_UNIT, empty=True),
            Column("upper", "number", "Upper end of the 95% interval of the difference over draws.",
                   _OWN_UNIT, empty=True),
        ),
        (_NOTE, "They differ where people are on two interventions at once, where a later start "
         "meets an older population, and where setting up costs the same at any size."),
    ),
)  # fmt: skip
