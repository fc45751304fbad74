"""The outlook of an area: who lives there, and how ill they become, if nothing changes.

:func:`compute` runs the model once on central parameters and, where asked, once for each parameter
draw on the same simulated people and the same random numbers. Intervals over draws show what is
not known about the parameters. The error of a finite sample is worked out apart, from replicates
with other seeds, and is no part of their definition; but each draw hands out its own states of
health, so where that error is as large as the interval (a slope index, deaths of a small place),
some of it is in there too.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from polars import selectors

from leftshift.areas import Area
from leftshift.catalogue import Catalogue
from leftshift.engine import compiling, simulate
from leftshift.errors import SettingError
from leftshift.people.checks import checks, predicted
from leftshift.people.checks import names as check_names
from leftshift.people.consequences import Consequences
from leftshift.people.draws import Draws, sampling_error, spread_of, taken
from leftshift.people.evidence import refused, sources
from leftshift.people.hands import Hands, hands
from leftshift.people.kept import Kept
from leftshift.people.model import PARTICLES, Frame, People, World, build, risk_means
from leftshift.people.own_figures import blaming_own_figures, own_figures
from leftshift.people.tables import (
    RISK_UNITS,
    SEGMENTS,
    frames,
    measure,
    summary_measures,
    whole_measures,
)

Array = NDArray[np.float64]
Progress = Callable[[str, int, int], None]

#: The largest sample whose sampling error is worth working out.
LARGEST_REPLICATED = 2_000_000
#: Lives above which draws are made one at a time, for memory's sake.
_MANY = 10_000_000

#: Base years that the catalogue holds people and registers for.
BASE_YEARS = {2025: "2025/26", 2019: "2019/20"}


@dataclass(frozen=True)
class Outcome:
    """What an outlook hands to the run folder.

    Attributes:
        identity: what the result depends on.
        about: what a reader needs to know (title, area, years, people, warnings).
        tables: tidy frames by name.
        provenance: how it was made; not part of the identity.
    """

    identity: dict[str, Any]
    about: dict[str, Any]
    tables: dict[str, pl.DataFrame]
    provenance: dict[str, Any]


def identity(
    catalogue: Catalogue,
    area: Area,
    *,
    base_year: int = 2025,
    years: int = 20,
    people: People = 100_000,
    draws: int = 0,
    seed: int = 1,
    consequences: Consequences | None = None,
) -> dict[str, Any]:
    """Everything that the tables of an outlook depend on, before it is run.

    Returns:
        A dictionary that can be written as JSON.
    """
    return {
        **(consequences.identity() if consequences is not None else {}),
        "kind": "outlook",
        "version": version("leftshift"),
        "method": method("areas", "catalogue", "engine", "people"),
        "catalogue": catalogue.layers,
        "area": area.identity(),
        "base_year": base_label(base_year),
        "years": years,
        "people": people,
        "draws": draws,
        "seed": seed,
    }


@cache
def method(*rooms: str) -> str:
    """SHA-256 of the code of some rooms, so that a changed method is a new run.

    Args:
        rooms: folders of the package.
    """
    package = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for room in rooms:
        for file in sorted((package / room).rglob("*.py")):
            digest.update(f"{file.relative_to(package).as_posix()}\n".encode())
            digest.update(file.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def base_label(base_year: int) -> str:
    """The label of a base year that the catalogue covers.

    Raises:
        SettingError: for any other year.
    """
    if base_year not in BASE_YEARS:
        allowed = ", ".join(sorted(BASE_YEARS.values()))
        raise SettingError(
            f"no outlook can start in {base_year}: the catalogue holds people and registers for "
            f"{allowed}. Give one of these with --from, or leave it out."
        )
    return BASE_YEARS[base_year]


@blaming_own_figures
def compute(
    catalogue: Catalogue,
    area: Area,
    *,
    base_year: int = 2025,
    years: int = 20,
    people: People = 100_000,
    draws: int = 0,
    seed: int = 1,
    threads: int = 1,
    progress: Progress | None = None,
    consequences: Consequences | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    keep: Path | None = None,
) -> Outcome:
    """Simulate the outlook of an area.

    Args:
        catalogue: the layered catalogue.
        area: any area.
        base_year: calendar year of the base stock (30 June).
        years: years after the base year.
        people: simulants at the base, or ``"all"``: one per resident.
        draws: parameter draws; 0 is a central run.
        seed: seed of people and random numbers.
        threads: worker threads; the result does not depend on them.
        progress: called with what is being done, how much is done, and of how much.
        consequences: what hangs on the people and is worked out with them in every draw.
        workers: processes of this machine that make the draws, in place of threads; they need the
            `cluster` extra, and so does `cluster`. The result depends on neither.
        cluster: the address of a Dask scheduler whose workers make the draws.
        keep: a folder to keep finished draws in, so that a run that was interrupted goes on from
            them; see :func:`leftshift.people.kept.folder_of`. It is left to the caller to remove
            when the run is written (:func:`leftshift.people.kept.forget`).

    Returns:
        Tables and what describes them.

    Raises:
        SettingError: if the base year is not covered, or workers cannot be what they are to be.
        ModelError: if a project's own figures cannot make a model.
        ToolError: if the cluster cannot be reached or is lost; finished draws stay in `keep`.
    """
    base_label(base_year)
    report = progress or (lambda *_: None)

    def tell(what: str) -> None:
        report(what, 0, 1)

    asked: dict[str, Any] = {
        "base_year": base_year,
        "years": years,
        "people": people,
        "draws": draws,
        "seed": seed,
        "consequences": consequences,
    }
    if not draws:
        workers = cluster = None
    # Asked for at once: a cluster that is not there is said before the central run, not after it.
    with hands(threads, workers, cluster, tell) as crew:
        kept = Kept(keep if draws else None, identity(catalogue, area, **asked), tell)
        with kept:
            return _computed(
                catalogue, area, **asked, threads=threads, report=report, crew=crew, kept=kept
            )


def _computed(
    catalogue: Catalogue,
    area: Area,
    *,
    base_year: int,
    years: int,
    people: People,
    draws: int,
    seed: int,
    consequences: Consequences | None,
    threads: int,
    report: Progress,
    crew: Hands,
    kept: Kept,
) -> Outcome:
    label = base_label(base_year)
    clock = time.perf_counter()
    frame = Frame(base_year, years)
    labels = {str(c["id"]): str(c["label"]) for c in catalogue.entities("conditions")}
    conditions = list(labels)
    central_parameters = catalogue.parameters()

    if not compiling.kept:
        report(
            "no folder to keep the compiled engine in, so it is compiled anew, which takes longer "
            "(NUMBA_CACHE_DIR can name one)",
            0,
            1,
        )
    report("solving hazards and today's state of health", 0, 1)
    world = build(
        central_parameters,
        area,
        frame,
        people=people,
        seed=seed,
        particles=PARTICLES,
        threads=threads,
        own_counts=consequences.own_counts if consequences is not None else None,
    )
    simulants = int((world.roll.enter == 0).sum() - newborn_at_base(world))
    weight = float(world.residents.sum()) / max(simulants, 1)
    report("simulating lives", 0, 1)
    hanging = consequences.bind(central_parameters, world) if consequences is not None else None
    tallies = simulate(
        world.lives,
        [world.tables if hanging is None else hanging.tables],
        world.scoring,
        seed=seed,
        threads=threads,
        progress=lambda done, of: report("simulating lives", done, of),
    )[0]
    central = measure(world, tallies, frame, risk_means(central_parameters, frame))
    further = taken(consequences, 0, hanging.measure(tallies)) if hanging is not None else {}
    # A central run is for a quick look; one with draws also shows what it would have foretold.
    past = predicted(catalogue, area, people=people, seed=seed) if draws else []
    published = checks(catalogue, area, frame, world, central, past)
    impossible = refused(world, labels)
    lives = len(world.lives.id)
    del world, tallies, hanging

    bounds = sampling = None
    before = 0
    if draws:
        work = Draws.of(catalogue, area, frame, people, seed, consequences)
        # Each draw has all its lives in memory: where they are very many, one at a time.
        spread, before = spread_of(
            work, draws, consequences, crew, kept, report, heavy=lives > _MANY
        )
        bounds = spread.bounds({**central.arrays(), **further})
        if lives <= LARGEST_REPLICATED:
            sampling = sampling_error(work, draws, crew, kept, report)

    report("writing tables", 0, 1)
    tables = frames(
        central,
        bounds,
        sampling,
        frame=frame,
        places=[p.code for p in area.places],
        conditions=conditions,
        weight=weight,
    )
    tables["names"] = _names(catalogue, area)
    tables["checks"] = published
    more: dict[str, Any] = {}
    if consequences is not None:
        for name, rows in consequences.frames(further, bounds, sampling).items():
            tables[name] = joined(tables[name], rows) if name in tables else rows
        more = consequences.about()
    read = consequences.tables_read if consequences is not None else ()
    tables["sources"] = sources(catalogue, central_parameters, read)
    about = {
        "title": f"The outlook for {area.name}",
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
        "base_year": label,
        "years": years,
        "people": people,
        "simulants": simulants,
        "weight": weight,
        "draws": draws,
        "seed": seed,
        "arms": ["baseline"],
        "warnings": [
            *_warnings(area, simulants, draws),
            *own_figures(catalogue, central_parameters),
            *impossible,
            *more.pop("warnings", []),
        ],
        "projection_note": catalogue.row("population.projection").estimate.source,
        "attribution": _attribution(catalogue),
        "overrides": catalogue.overrides,
        "layers": catalogue.layers,
        **more,
    }
    return Outcome(
        identity=identity(
            catalogue,
            area,
            base_year=base_year,
            years=years,
            people=people,
            draws=draws,
            seed=seed,
            consequences=consequences,
        ),
        about=about,
        tables=tables,
        provenance={
            "lives": lives,
            "seconds": round(time.perf_counter() - clock, 3),
            "draws_made_by": crew.words,
            "draws_made_before": before,
        },
    )


def joined(rows: pl.DataFrame, more: pl.DataFrame) -> pl.DataFrame:
    """Rows of two rooms in one table: each room's categories hold its own ids alone."""
    words = [
        frame.with_columns(selectors.by_dtype(pl.Enum).cast(pl.String)) for frame in (rows, more)
    ]
    return pl.concat(words, how="diagonal_relaxed")


def newborn_at_base(world: World) -> int:
    """Children born in the first step: they enter at index 0 without being counted at the base."""
    roll = world.roll
    return int(((roll.enter == 0) & (roll.cohort < 0)).sum())


def _names(catalogue: Catalogue, area: Area) -> pl.DataFrame:
    """Labels of every id that a table of the run holds."""
    rows = [("place", p.code, p.name, "") for p in area.places]
    rows += [("condition", c["id"], c["label"], "") for c in catalogue.entities("conditions")]
    labels = {c["id"]: c["label"] for c in catalogue.entities("conditions")}
    for name, unit in [*summary_measures(labels), *whole_measures()]:
        kind, _, condition = name.partition("_")
        if kind in ("prevalent", "incident") and condition in labels:
            text = f"{labels[condition]}: " + (
                "people living with it" if kind == "prevalent" else "new cases"
            )
        else:
            text = _words(name)
        rows.append(("measure", name, text, unit))
    rows += [("measure", name, _words(name), unit) for name, unit in RISK_UNITS.items()]
    rows.append(("measure", "utility", "Mean utility (EQ-5D)", "utility"))
    rows += check_names(catalogue)
    rows += [("segment", s, "Under 17" if s == "0" else f"Core segment {s}", "") for s in SEGMENTS]
    return pl.DataFrame(rows, schema=["kind", "id", "label", "unit"], orient="row")


_SPECIAL_WORDS = {
    "qaly": "Quality-adjusted life years lived",
    "people_20_64": "People aged 20 to 64",
    "people_under_20": "People aged under 20",
    "people_65_over": "People aged 65 and over",
    "people_75_over": "People aged 75 and over",
    "people_85_over": "People aged 85 and over",
    "mean_bmi": "Mean body mass index",
    "mean_sbp": "Mean systolic blood pressure",
    "mean_score": "Mean Cambridge Multimorbidity Score",
    "major_illness": "People living with major illness",
    "major_illness_share": "Share living with major illness",
    "two_or_more": "People with two or more of the twenty conditions",
    "four_or_more": "People with four or more of the twenty conditions",
    "smoking_share": "Adults who smoke",
    "mean_alcohol": "Mean alcohol, units a week",
}


def _words(name: str) -> str:
    if name in _SPECIAL_WORDS:
        return _SPECIAL_WORDS[name]
    text = name.replace("_female", " (women)").replace("_male", " (men)").replace("_", " ")
    return (text[0].upper() + text[1:]).replace("Slope index", "Slope index of inequality in")


def _attribution(catalogue: Catalogue) -> list[str]:
    return [f"{s['title']} ({s['publisher']}; {s['licence']})" for s in catalogue.sources]


def _warnings(area: Area, simulants: int, draws: int) -> list[str]:
    warnings = []
    if not area.verified:
        warnings.append(f"The composition of {area.name} is not verified: {area.note}")
    if simulants < 10_000:
        warnings.append(
            f"Only {simulants:,} simulated people: figures for small groups are rough. "
            "Ask for more with --people."
        )
    if not draws:
        warnings.append(
            "Central run: no parameter draws were made, so no intervals are shown. "
            "Ask for them with --draws."
        )
    elif draws < 40:
        warnings.append(
            f"{draws} draws are too few for a 95% interval: it is close to the full range."
        )
    return warnings
