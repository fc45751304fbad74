"""The page of a plan's run: the plan's story first, then the outlook of its baseline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from leftshift.report.blocks import Section
from leftshift.report.plans import (
    cash,
    certainty,
    changes,
    choice,
    fairness,
    moves,
    opening,
    proposal,
)
from leftshift.report.plans.figures import PlanFindings

__all__ = ["baseline_note", "context", "story"]


def story(p: PlanFindings) -> list[Section]:
    """The plan's sections in reading order, those without figures left out."""
    made = [
        *choice.sections(p),
        proposal.proposed(p),
        changes.by_year(p),
        changes.each_gives(p),
        moves.moves(p),
        moves.left_shift(p),
        cash.money(p),
        fairness.who_gains(p),
        certainty.how_sure(p),
        certainty.assumptions_that_matter(p),
        proposal.against_shrunk(p),
        proposal.plan_file(p),
    ]
    return [s for s in made if s is not None]


def baseline_note(p: PlanFindings) -> str:
    """What must stand between the plan's story and the outlook."""
    return (
        f"From here on, every figure is that of the baseline: {p.f.area_name} if nothing changes. "
        f"None of it holds “{p.arm}”."
    )


def context(p: PlanFindings, outlook: Sequence[Section], rest: Sequence[Section]) -> dict[str, Any]:
    """Everything that plan.html.j2 names.

    Args:
        p: the plan's figures.
        outlook: sections of the baseline.
        rest: sections on what all of it rests on.
    """
    return {
        "p": p,
        "plan_cards": opening.cards(p),
        "plan_headlines": opening.headlines(p),
        "plan_certainty": opening.certainty(p),
        "story": story(p),
        "baseline_note": baseline_note(p),
        "outlook": outlook,
        "rest": rest,
    }
