"""A plan beside another plan instead of the baseline.

Both are run beside the same baseline, on the same people and in the same draws, so what one does
less what the other does is exact in every draw. Leaving the other plan out stands as the first
contribution, `comparator`; the plan's own interventions follow in their order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from leftshift.catalogue import Catalogue
from leftshift.errors import PlanError
from leftshift.plans.files import Plan, read_plan
from leftshift.plans.results import Results

__all__ = ["COMPARATOR", "against", "comparator"]

COMPARATOR: Final = "comparator"
"""The id of leaving the other plan out, among the interventions."""

_BASELINE = "baseline"


def comparator(plan: Plan, catalogue: Catalogue) -> Plan | None:
    """The other plan that a plan is compared with; None where that is the baseline.

    Args:
        plan: the plan.
        catalogue: the layered catalogue, without the plan's own rows.

    Raises:
        PlanError: the other plan is wrong, has a comparator of its own, or rests on other figures,
            so that the two have no common baseline.
    """
    if plan.comparator == _BASELINE:
        return None
    where = f"{plan.file}:{plan.line('plan', 'comparator')}: comparator"
    other = read_plan(Path(plan.file).parent / plan.comparator, catalogue, years=plan.years)
    if other.comparator != _BASELINE:
        raise PlanError(
            f"{where}: {plan.comparator} is itself compared with {other.comparator}. Compare with "
            'a plan whose comparator is "baseline", or leave comparator out of it.'
        )
    if other.figures != plan.figures:
        raise PlanError(
            f"{where}: {plan.comparator} has other [figures], so that the two plans would have two "
            "baselines. Give both files the same [figures]."
        )
    return other


def against(found: Results, other: Results) -> Results:
    """What a plan does beside another plan.

    Args:
        found: of the plan, beside the baseline.
        other: of the other plan, beside the same baseline in the same draws.

    Returns:
        Effects of the plan less those of the other, with :data:`COMPARATOR` first; levels are
        those under the other plan.
    """
    made: dict[str, Any] = {}
    for name in [field.name for field in fields(found)]:
        mine = getattr(found, name)
        if name.endswith("_effect"):
            theirs = getattr(other, name)[:, -1:]
            made[name] = np.concatenate([-theirs, mine[:, :-1], mine[:, -1:] - theirs], axis=1)
        elif name.endswith("_base"):
            made[name] = mine + getattr(other, name.replace("_base", "_effect"))[:, -1]
    names: Sequence[str] = (COMPARATOR, *found.interventions)
    parameters = {**other.parameters, **found.parameters}
    return replace(found, interventions=tuple(names), parameters=parameters, **made)
