"""An integrated needs assessment: what people of an area need, place by place and list by list.

Places are simulated as in an outlook, one year long, and counted by age, so that their rates can
be standardised. Primary care networks have no residents to simulate: their lists are published by
age and sex, NHS England's weights say how their need compares, and their illness, use and cost are
synthetic estimates (:mod:`leftshift.care.needs.network_estimates`). England stands beside all of
them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leftshift.areas import Area, Place, find_area
from leftshift.areas.geography import ENGLAND
from leftshift.care.needs.gap_tables import against as against_need
from leftshift.care.needs.gap_tables import funnels, inequality
from leftshift.care.needs.measures import Z95
from leftshift.care.needs.network_estimates import estimates
from leftshift.care.needs.networks import networks, place_indices
from leftshift.care.needs.picture import (
    Basket,
    Care,
    Figures,
    Picture,
    Reference,
    averaged,
    basket,
    figures,
    illness_measures,
    picture,
    reference,
)
from leftshift.care.needs.tables import Assessment, frames
from leftshift.catalogue import Catalogue, Parameters
from leftshift.people.evidence import sources
from leftshift.people.model import PARTICLES_IN_DRAWS, Frame, People
from leftshift.people.outlook import Outcome, Progress, base_label, method
from leftshift.people.own_figures import blaming_own_figures, own_figures
from leftshift.people.population import residents

__all__ = ["REPLICATES", "assess", "identity"]

Array = NDArray[np.float64]
MakeCare = Callable[[Catalogue, Area, Frame], Care]

#: Simulations that are averaged, each with a seed of its own, and the two-sided 95% point of
#: Student's t with one degree of freedom fewer.
REPLICATES = 8
_STUDENT_T = 2.364624
#: Units of a kind from which they are taken to share a sampling error.
_LIKE = 3
#: The largest sample that is worth replicating, as in an outlook.
_LARGEST_REPLICATED = 2_000_000
#: Bulk tables that a needs assessment reads beyond those of an outlook.
_TABLES = ("network_lists", "practices", "primary_care_networks", "standard_population")


def identity(
    catalogue: Catalogue,
    area: Area,
    *,
    base_year: int = 2025,
    people: People = 100_000,
    seed: int = 1,
    data: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Everything that the tables of a needs assessment depend on, before it is run.

    Args:
        catalogue: the layered catalogue.
        area: any area.
        base_year: calendar year of the base stock.
        people: simulants, or ``"all"``.
        seed: seed of everything random.
        data: what :class:`leftshift.care.model.Care` says of a board's own data.

    Returns:
        A dictionary that can be written as JSON.
    """
    from leftshift import __version__

    return {
        **(data or {}),
        "kind": "needs",
        "version": __version__,
        "method": method("areas", "catalogue", "engine", "people", "care"),
        "catalogue": catalogue.layers,
        "area": area.identity(),
        "base_year": base_label(base_year),
        "people": people,
        "seed": seed,
    }


@blaming_own_figures
def assess(
    catalogue: Catalogue,
    area: Area,
    *,
    base_year: int = 2025,
    people: People = 100_000,
    seed: int = 1,
    threads: int = 1,
    progress: Progress | None = None,
    care: MakeCare | None = None,
    replicates: int = REPLICATES,
    data: dict[str, Any] | None = None,
) -> Outcome:
    """Work out the figures of a needs assessment.

    Args:
        catalogue: the layered catalogue.
        area: any area.
        base_year: calendar year of the base stock (30 June).
        people: simulants of the area in each simulation, and of England beside it, or
            ``"all"``.
        seed: seed of people and random numbers.
        threads: worker threads; the result does not depend on them.
        progress: called with what is being done, how much is done, and of how much.
        care: makes what says what people use; without it use and cost are left out.
        replicates: simulations with seeds of their own that are averaged, and whose differences
            give the sampling error; 1: none.
        data: what identifies a board's own data, for the identity.

    Returns:
        Tables and what describes them.

    Raises:
        SettingError: if the base year is not covered.
        ModelError: if a project's own figures cannot make a model.
        CareError: if services do not balance.
    """
    report = progress or (lambda *_: None)
    clock = time.perf_counter()
    label = base_label(base_year)
    parameters = catalogue.parameters()
    measures = illness_measures([str(c["id"]) for c in catalogue.entities("conditions")])
    standard = catalogue.table("standard_population")["people"].to_numpy().astype(np.float64)
    smallest = parameters.value("needs.smallest_count")
    whole = _as_one_place(find_area(ENGLAND, catalogue))
    strata = residents(parameters, whole, base_year).sum(axis=0)
    # England is a sample beside an area; one simulant for each of its people would be too many.
    beside: People = 100_000 if people == "all" else people
    makers = (
        care(catalogue, area, Frame(base_year, 1)) if care is not None else None,
        care(catalogue, whole, Frame(base_year, 1)) if care is not None else None,
    )
    times = replicates if people != "all" and people <= _LARGEST_REPLICATED else 1

    def seen(job: tuple[int, int]) -> Picture:
        which, number = job
        return picture(
            parameters,
            (area, whole)[which],
            base_year,
            people=(people, beside)[which],
            # Far from seeds that a user would choose for a second run, as in an outlook.
            seed=(seed + number * 0x9E3779B97F4A7C15) % 2**63,
            particles=PARTICLES_IN_DRAWS,
            threads=threads if times == 1 else 1,
            care=makers[which],
            england=strata,
        )

    jobs = [(which, number) for which in range(2) for number in range(times)]
    pictures: list[Picture] = []
    report("simulating the base year", 0, len(jobs))
    with ThreadPoolExecutor(max(threads, 1) if times > 1 else 1) as pool:
        for one in pool.map(seen, jobs):
            pictures.append(one)
            report("simulating the base year", len(pictures), len(jobs))
    each = (pictures[:times], pictures[times:])
    mine, england = (averaged(some) for some in each)
    shown, against = _of_use(catalogue, parameters, england, base_year)

    def found(one: Picture) -> Figures:
        return figures(one, standard, smallest, measures, shown, against)

    central = (found(mine), found(england))
    errors = [
        _sampling(whole, middle, [found(one).values() for one in some])
        for whole, middle, some in zip((mine, england), central, each, strict=True)
    ]
    report("primary care networks", 0, 1)
    lists = networks(catalogue, area, parameters.value("needs.network_share"))
    synthetic = estimates(
        parameters, area, lists, mine, england, standard, smallest, measures, base_year, shown
    )  # fmt: skip
    report("writing tables", 0, 1)
    made = Assessment(
        catalogue=catalogue,
        area=area,
        measures=measures,
        picture=mine,
        figures=central[0],
        errors=errors[0],
        england=england,
        england_figures=central[1],
        england_errors=errors[1],
        networks=lists,
        estimates=synthetic,
        place_index=place_indices(catalogue, area),
        basket=shown,
        winsorised=parameters.value("needs.funnel_winsorised"),
        fewest=int(parameters.value("needs.funnel_fewest")),
        standard=standard,
    )
    tables = {
        **frames(made),
        "need_inequality": inequality(made),
        "need_funnel": funnels(made),
    }
    beside_need = against_need(made)
    if beside_need is not None:
        tables["need_against"] = beside_need
    tables["sources"] = sources(catalogue, parameters, _TABLES)
    return Outcome(
        identity=identity(
            catalogue, area, base_year=base_year, people=people, seed=seed, data=data
        ),
        about=_about(made, parameters, label, people, seed, len(lists.codes)),
        tables=tables,
        provenance={"seconds": round(time.perf_counter() - clock, 3)},
    )


def _as_one_place(country: Area) -> Area:
    return replace(country, places=(Place(country.code, country.name, country.members),))


def _of_use(
    catalogue: Catalogue, parameters: Parameters, england: Picture, base_year: int
) -> tuple[Basket | None, Reference | None]:
    if england.services is None:
        return None, None
    from leftshift.care.money import prices
    from leftshift.care.tables import public_share

    services = england.services
    money = prices(parameters, services, Frame(base_year, 1))
    settings = [str(s["id"]) for s in catalogue.entities("settings")]
    public = [str(p["id"]) for p in catalogue.entities("payers") if p["public"]]
    shown = basket(services, money.unit_cost * public_share(services, public), settings)
    return shown, reference(england, shown)


def _sampling(seen: Picture, found: Figures, each: list[dict[str, Array]]) -> dict[str, Array]:
    """95% half-widths of the figures of averaged simulations; empty where there was only one."""
    if len(each) < 2:
        return {}
    spread = {name: np.stack([one[name] for one in each]).var(axis=0, ddof=1) for name in each[0]}
    return _pooled(seen, found, {name: value / len(each) for name, value in spread.items()})


def _pooled(seen: Picture, found: Figures, spread: dict[str, Array]) -> dict[str, Array]:
    """Half-widths from variances that like units share.

    A variance of eight is hardly known, so places are put together, and fifths: each unit's
    sampling variance is the same multiple of what its size makes of chance.
    """
    heads = np.maximum(seen.ages.sum(axis=(1, 2)), 1.0)[:, None]
    groups = (slice(0, seen.places), slice(seen.places + 1, None))
    out = {}
    for name, variance in spread.items():
        half = _STUDENT_T * np.sqrt(variance)
        if name != "life":
            by_chance = {"crude": found.crude, "standard": found.standard}
            if name in by_chance:
                size = by_chance[name].error ** 2
            else:
                size = getattr(found, name) ** 2 / heads
            for group in groups:
                known = np.isfinite(size[group]) & np.isfinite(variance[group]) & (size[group] > 0)
                if known.shape[0] < _LIKE:
                    continue
                top = np.where(known, variance[group], 0.0).sum(axis=0)
                bottom = np.where(known, size[group], 0.0).sum(axis=0)
                times = np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 0)
                half[group] = Z95 * np.sqrt(times * size[group])
        out[name] = half
    return out


def _about(
    made: Assessment, parameters: Parameters, label: str, people: People, seed: int, lists: int
) -> dict[str, Any]:
    area, catalogue = made.area, made.catalogue
    simulants = round(float(made.picture.strata.sum()) / made.picture.weight)
    return {
        "title": f"A needs assessment for {area.name}",
        "area": {
            "code": area.code,
            "name": area.name,
            "kind": area.kind,
            "verified": area.verified,
            "note": area.note,
            "places": [
                {"code": p.code, "name": p.name, "column": p.column, "row": p.row}
                for p in area.places
            ],
        },
        "year": label,
        "people": people,
        "simulated": simulants,
        "weight": made.picture.weight,
        "networks": lists,
        "unallocated": made.networks.unallocated,
        "mix_explained": made.estimates.explained,
        "seed": seed,
        "warnings": [*_warnings(made, simulants), *own_figures(catalogue, parameters)],
        "attribution": [
            f"{s['title']} ({s['publisher']}; {s['licence']})" for s in catalogue.sources
        ],
        "overrides": catalogue.overrides,
        "layers": catalogue.layers,
    }


def _warnings(made: Assessment, simulants: int) -> list[str]:
    area = made.area
    said = []
    if not area.verified:
        said.append(f"The composition of {area.name} is not verified: {area.note}")
    if simulants < 10_000:
        said.append(
            f"Only {simulants:,} simulated people: figures for small groups are rough. "
            "Ask for more with --people, up to one for each resident."
        )
    if not made.networks.codes:
        said.append(
            f"No primary care network has most of its patients with practices of {area.name}, so "
            "none is shown."
        )
    if made.basket is None:
        said.append("Use and cost were not worked out in this run.")
    if area.kind in ("country", "region"):
        said.append(
            "Places are boards here, and conditions have the level of the area's registers "
            "together, not of each board's own. Networks have their own board's. For a board's "
            "places make a run of that board."
        )
    return said
