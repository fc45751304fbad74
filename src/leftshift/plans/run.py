"""A plan beside the baseline, on the same people and the same draws.

The plan hangs on an outlook (:mod:`leftshift.people.outlook`) with its care: for every draw of the
parameters, whose world has been built and lived in the baseline, it simulates the plan's arms in
the same world with the same thresholds. So the baseline of a plan's run is the outlook itself, to
the byte, and what differs is what the plan does.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from leftshift.areas import Area
from leftshift.care.model import Care
from leftshift.catalogue import Catalogue
from leftshift.catalogue.rows import Row
from leftshift.engine import simulate
from leftshift.people import outlook
from leftshift.people.model import PARTICLES, PARTICLES_IN_DRAWS, Frame, People, build
from leftshift.people.outlook import Outcome, Progress
from leftshift.plans.against import COMPARATOR, against, comparator
from leftshift.plans.beside import Apart, Asked, PlanOnCare
from leftshift.plans.effects import WHOLE, effects
from leftshift.plans.equity import equity, fairness
from leftshift.plans.files import Plan
from leftshift.plans.library import Intervention
from leftshift.plans.places import located
from leftshift.plans.results import Results
from leftshift.plans.uncertainty import notes, uncertainty
from leftshift.plans.value import value
from leftshift.plans.worth import valuation

__all__ = ["Ran", "identity", "laid", "results", "run", "simulated"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Ran:
    """A plan's run.

    Attributes:
        outcome: for the run folder.
        results: the arrays behind its effects.
    """

    outcome: Outcome
    results: Results


def laid(catalogue: Catalogue, rows: Iterable[Row]) -> Catalogue:
    """A catalogue with a plan's own rows laid over it; the one given stays as it is."""
    rows = list(rows)
    return catalogue.with_rows(rows) if rows else catalogue


def identity(
    plan: Plan,
    catalogue: Catalogue,
    area: Area,
    *,
    years: int | None = None,
    people: People | None = None,
    draws: int | None = None,
    seed: int | None = None,
    headline: bool = False,
    shapley: bool = False,
) -> dict[str, Any]:
    """Everything that the tables of a plan's run depend on, before it is run.

    Args:
        plan: the plan.
        catalogue: the layered catalogue, without the plan's own rows.
        area: the area.
        years: in place of what the plan says.
        people: in place of what the plan says.
        draws: in place of what the plan says.
        seed: in place of what the plan says.
        headline: whether effects of evidence C and D are taken as they are published.
        shapley: whether contributions are worked out over all orders, too.

    Returns:
        A dictionary that can be written as JSON.
    """
    wanted = Asked.of(plan, years, people, draws, seed)
    other = comparator(plan, catalogue)
    base = int(catalogue.row("base.year").estimate.value)
    care = Care(catalogue, area, Frame(base, wanted.years))
    hanging = PlanOnCare(plan, care, wanted, 1, headline)
    common = outlook.identity(
        catalogue,
        area,
        base_year=base,
        years=wanted.years,
        people=wanted.people,
        draws=wanted.draws,
        seed=wanted.seed,
    )
    return {
        **hanging.identity(),
        **common,
        **({} if other is None else {"comparator": other.identity}),
        "kind": "plan",
        "shapley": shapley,
    }


def run(
    plan: Plan,
    catalogue: Catalogue,
    area: Area,
    *,
    years: int | None = None,
    people: People | None = None,
    draws: int | None = None,
    seed: int | None = None,
    threads: int = 1,
    headline: bool = False,
    shapley: bool = False,
    progress: Progress | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    keep: Path | None = None,
) -> Outcome:
    """Simulate a plan beside the baseline; see :func:`simulated`."""
    return simulated(
        plan,
        catalogue,
        area,
        years=years,
        people=people,
        draws=draws,
        seed=seed,
        threads=threads,
        headline=headline,
        shapley=shapley,
        progress=progress,
        workers=workers,
        cluster=cluster,
        keep=keep,
    ).outcome


def simulated(
    plan: Plan,
    catalogue: Catalogue,
    area: Area,
    *,
    years: int | None = None,
    people: People | None = None,
    draws: int | None = None,
    seed: int | None = None,
    threads: int = 1,
    headline: bool = False,
    shapley: bool = False,
    progress: Progress | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    keep: Path | None = None,
) -> Ran:
    """Simulate a plan beside the baseline, on the same people and the same draws.

    Args:
        plan: the plan.
        catalogue: the layered catalogue; the plan's own rows are laid over it here.
        area: the area.
        years: in place of what the plan says.
        people: in place of what the plan says.
        draws: in place of what the plan says.
        seed: in place of what the plan says.
        threads: worker threads; the result does not depend on them.
        headline: whether effects of evidence C and D are taken as they are published, and not
            shrunk towards no effect.
        shapley: whether contributions are worked out over all orders, too, on the central
            parameters.
        progress: called with what is being done, how much is done, and of how much.
        workers: processes that make the draws; see :func:`leftshift.people.outlook.compute`.
        cluster: the address of a Dask scheduler whose workers make the draws.
        keep: a folder to keep finished draws in.

    Returns:
        What a run folder holds, for the arms "baseline" and the plan's name; and the arrays behind
        the effects.

    Raises:
        PlanError: a place is none of the area's, or the plan is more than the engine can follow.
    """
    here, over, wanted, frame = _prepared(plan, catalogue, area, years, people, draws, seed)
    care = Care(over, area, frame)
    hanging = PlanOnCare(here, care, wanted, threads, headline, shapley)
    outcome = outlook.compute(
        over,
        area,
        base_year=frame.base_year,
        years=wanted.years,
        people=wanted.people,
        draws=wanted.draws,
        seed=wanted.seed,
        threads=threads,
        progress=progress,
        consequences=hanging,
        workers=workers,
        cluster=cluster,
        keep=keep,
    )
    found = alone = hanging.results
    other = comparator(plan, catalogue)
    if other is not None:
        found = against(
            alone,
            results(
                other,
                catalogue,
                area,
                years=wanted.years,
                people=wanted.people,
                draws=wanted.draws,
                seed=wanted.seed,
                threads=threads,
                headline=headline,
                progress=progress,
            ),
        )
        names = [("intervention", COMPARATOR, f"Instead of: {other.title or other.name}", "")]
        outcome.tables["names"] = pl.concat(
            [
                outcome.tables["names"],
                pl.DataFrame(names, schema=["kind", "id", "label", "unit"], orient="row"),
            ]
        )
    parameters = over.parameters()
    judged = valuation(parameters)
    tables = {
        **outcome.tables,
        "effects": effects(found, here.name),
        "value": value(found, judged, here.name),
        "equity": equity(found, judged, fairness(parameters), here.name),
        "uncertainty": uncertainty(found, judged, here.name),
    }
    room = hanging.room
    assert room is not None
    about = {
        **outcome.about,
        "title": here.title or here.name,
        "arms": ["baseline", here.name],
        "warnings": [*outcome.about["warnings"], *notes(found)],
        "plan": {
            "name": here.name,
            "about": here.about,
            "start": here.start.label,
            "comparator": here.comparator,
            "headline": headline,
            "interventions": [_told(one) for one in here.interventions],
            "short": [vars(one) for one in room.short],
        },
    }
    if here.interventions:
        tables["attribution"] = _attribution(hanging, alone)
    return Ran(
        Outcome(
            identity=identity(
                plan,
                catalogue,
                area,
                years=years,
                people=people,
                draws=draws,
                seed=seed,
                headline=headline,
                shapley=shapley,
            ),
            about=about,
            tables=tables,
            provenance=outcome.provenance,
        ),
        found,
    )


def results(
    plan: Plan,
    catalogue: Catalogue,
    area: Area,
    *,
    years: int | None = None,
    people: People | None = None,
    draws: int | None = None,
    seed: int | None = None,
    threads: int = 1,
    headline: bool = False,
    apart: Apart = "ordered",
    progress: Progress | None = None,
) -> Results:
    """Only the effects of a plan, without tables: for choosing among interventions.

    Args:
        plan: the plan.
        catalogue: the layered catalogue.
        area: the area.
        years: in place of what the plan says.
        people: in place of what the plan says.
        draws: in place of what the plan says.
        seed: in place of what the plan says.
        threads: worker threads.
        headline: whether effects of evidence C and D are not shrunk.
        apart: "ordered", or "alone": each intervention as if nothing else were done; what they do
            then does not add up to the whole plan, which stands last.
        progress: called with what is being done, how much is done, and of how much.

    Returns:
        The same as :func:`simulated` gives.
    """
    here, over, wanted, frame = _prepared(plan, catalogue, area, years, people, draws, seed)
    hanging = PlanOnCare(here, Care(over, area, frame), wanted, threads, headline, apart=apart)

    def one(number: int | None, threads: int) -> None:
        parameters = over.parameters(number, wanted.seed)
        world = build(
            parameters,
            area,
            frame,
            people=wanted.people,
            seed=wanted.seed,
            particles=PARTICLES if number is None else PARTICLES_IN_DRAWS,
            threads=threads,
            own_counts=hanging.own_counts,
        )
        bound = hanging.bind(parameters, world)
        tallies = simulate(
            world.lives, [bound.tables], world.scoring, seed=wanted.seed, threads=threads
        )[0]
        hanging.keep(hanging.arms_of(bound.bound, world, tallies))

    report = progress or (lambda *_: None)
    report("simulating lives", 0, 1)
    one(None, threads)
    with ThreadPoolExecutor(max(threads, 1)) as pool:
        made = pool.map(lambda number: one(number, 1), range(1, wanted.draws + 1))
        for done, _ in enumerate(made, 1):
            report("parameter draws", done, wanted.draws)
    return hanging.results


def _prepared(
    plan: Plan,
    catalogue: Catalogue,
    area: Area,
    years: int | None,
    people: People | None,
    draws: int | None,
    seed: int | None,
) -> tuple[Plan, Catalogue, Asked, Frame]:
    wanted = Asked.of(plan, years, people, draws, seed)
    base = int(catalogue.row("base.year").estimate.value)
    return located(plan, area), laid(catalogue, plan.rows), wanted, Frame(base, wanted.years)


def _told(one: Intervention) -> dict[str, Any]:
    """What a report says of an intervention."""
    return {
        "id": one.id,
        "use": one.use,
        "label": one.label,
        "shift": one.shift,
        "about": one.about,
        "who": one.who.text,
        "who_words": one.who.words(),
        "where": list(one.where),
        "reach": one.reach.words(),
        "stay": one.stay,
        "lag": one.lag,
        "lasts": one.lasts,
        "fade": one.fade,
        "evidence": one.evidence,
        "against": one.against,
        "note": one.note,
        "changed": list(one.changed),
        "effects": [
            {"name": e.name, "on": f"{e.kind}:{e.target}", "evidence": e.evidence}
            for e in one.effects
        ],
        "swaps": [
            {"name": s.name, "from": s.source, "to": s.to, "evidence": s.evidence}
            for s in one.swaps
        ],
    }


def _attribution(hanging: PlanOnCare, found: Results) -> pl.DataFrame:
    """Contributions over the whole horizon by method, on the central parameters."""
    names = (*found.interventions, WHOLE)
    taken, turned = ("headline", "shrunk") if hanging.headline else ("shrunk", "headline")
    methods: dict[str, tuple[Array, Array | None]] = {}
    methods[taken] = (found.place_effect[0].sum(axis=(1, 2)), None)
    if hanging.turned is not None:
        methods[turned] = (hanging.turned, None)
    if (shares := hanging.shares) is not None:
        methods["alone"] = (shares.alone, None)
        methods["shapley"] = (shares.value, shares.error if shares.orders else None)
    rows = [
        {
            "arm": hanging.plan.name,
            "intervention": name,
            "method": method,
            "measure": measure,
            "unit": found.units[m],
            "value": float(values[k, m]),
            "error": None if errors is None else float(errors[k, m]),
        }
        for method, (values, errors) in methods.items()
        for k, name in enumerate(names[: len(values)])
        for m, measure in enumerate(found.measures)
    ]
    return pl.DataFrame(rows, schema_overrides={"error": pl.Float64})
