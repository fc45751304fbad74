"""Words that a plan's report uses, explained."""

from __future__ import annotations

GLOSSARY = (
    ("Baseline", "The future if nothing changes by policy, on the same simulated people."),
    (
        "Capacity released",
        "Room in services that are used less: it can serve someone else, while its cost goes on.",
    ),
    ("Cash released", "Spending that truly ends, so that the money can be used elsewhere."),
    ("Discounted", "Later years counted for less, at the rates of the Green Book unless said."),
    (
        "Double running",
        "Paying for the old service and the new one in the year in which care moves.",
    ),
    (
        "Evidence A to D",
        "How good the evidence for an effect is: A strong causal, B good, C weak, D uncontrolled. "
        "It is not the grade of a figure's source, which is V, D, R or A.",
    ),
    (
        "Headline and shrunk effects",
        "Weak effects (C and D) as published, and brought part of the way to no effect.",
    ),
    (
        "Net benefit",
        "Health gained at some value of a QALY, less net cost. It is not money in hand.",
    ),
    (
        "Opportunity cost",
        "The health that the same money would have brought elsewhere in the NHS.",
    ),
    (
        "Shapley value",
        "What an intervention adds on average over every order in which the plan could be built.",
    ),
    (
        "Value of a QALY",
        "What a year in full health counts for in pounds. Three are in use, for three questions: "
        "what a fixed budget gives up, what NICE pays for new medicines, and what society would "
        "pay. They are never mixed.",
    ),
    (
        "Worth finding out (EVPI, EVPPI)",
        "The most that knowing everything, or one group of figures, could be worth: the chance of "
        "deciding wrongly times what that costs.",
    ),
)
