"""How far care can be trusted: what it gives back, and boards that it was never fitted to.

Rates are England's, raked to England's totals. How boards differ therefore follows from their
people alone, and nothing here was fitted to a board: its cost per head is set against the component
need weights of NHS England's allocations, its beds against those that trusts report, its talking
therapies against people who entered them. The naive forecast gives every board England's mean a
head. A rank correlation shows whether the order of boards is right where the level is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl
from numpy.typing import NDArray

from leftshift.areas import Area, find_area
from leftshift.care import beds, waits
from leftshift.care.checks import COMPONENTS, named
from leftshift.care.model import Care, CareOfWorld
from leftshift.care.use import Use
from leftshift.catalogue import Catalogue
from leftshift.engine import simulate
from leftshift.people.model import PARTICLES_IN_DRAWS, Frame, build
from leftshift.people.validation import PREDICTS, REPRODUCES, Row, as_table, interval

__all__ = ["validate"]

Array = NDArray[np.float64]

_NEED = "Cost per head, England = 100, against NHS England's need weights"
_BEDS = "Beds filled for each 100,000 people, against those that trusts report"
_THERAPIES = "People entering talking therapies per 1,000, against contacts"
_WORST = 5


def validate(
    catalogue: Catalogue,
    *,
    people: int = 300_000,
    draws: int = 20,
    seed: int = 1,
    threads: int = 1,
    progress: Callable[[str, int, int], None] | None = None,
) -> pl.DataFrame:
    """Compares care with published figures.

    Args:
        catalogue: the shipped catalogue.
        people: simulants for England.
        draws: parameter draws behind each interval.
        seed: seed of everything random.
        threads: worker threads.
        progress: called with what is being done, how much is done, and of how much.

    Returns:
        Rows as :func:`leftshift.people.validation.validate` gives them.
    """
    report = progress or (lambda *_: None)
    england = find_area("England", catalogue)
    frame = Frame(2025, 1)
    care = Care(catalogue, england, frame)
    central_draw: list[CareOfWorld] = []

    def one(draw: int) -> dict[str, Array]:
        parameters = catalogue.parameters(draw or None, seed)
        world = build(
            parameters, england, frame, people=people, seed=seed, particles=PARTICLES_IN_DRAWS
        )
        bound = care.bind(parameters, world)
        if draw == 0:
            central_draw.append(bound)
        tallies = simulate(world.lives, [bound.tables], world.scoring, seed=seed)[0]
        return _seen(bound, bound.use(tallies))

    seen = []
    with ThreadPoolExecutor(max(threads, 1)) as pool:
        for done, got in enumerate(pool.map(one, range(draws + 1))):
            seen.append(got)
            report("England's boards, care against what is published", done + 1, draws + 1)
    stacked = {name: np.stack([one[name] for one in seen]) for name in seen[0]}
    rows = [*_totals(catalogue, central_draw[0]), *_boards(catalogue, england, stacked)]
    rows += _waits(catalogue)
    return as_table(rows)


def _seen(bound: CareOfWorld, use: Use) -> dict[str, Array]:
    services, cost = bound.services, bound.prices.unit_cost
    units = use.activity[0].sum(axis=(1, 2))  # [P, L]
    heads = use.place_people[0].sum(axis=1)
    parts = {name: (units * cost)[:, named(services, name)] for name in COMPONENTS}
    return {
        "totals": units.sum(axis=0),
        "heads": heads,
        **{name: part.sum(axis=1) / heads for name, part in parts.items()},
        "beds": beds.modelled_beds(bound.parameters, bound.care.catalogue, use),
        "therapies": units[:, services.ids.index("talking_therapies")],
    }


def _totals(catalogue: Catalogue, central: CareOfWorld) -> Iterator[Row]:
    """England's totals that rates were raked to, and totals that span several services."""
    services = central.services
    for at, service in enumerate(services.ids):
        about = catalogue.row(f"service.{service}.activity").estimate
        yield (
            REPRODUCES, f"Activity, {services.years[at].label}: {services.labels[at]}", "England",
            services.units[at], float(central.england.own_year[at]), np.nan, np.nan,
            float(services.total[at]), None, about.source,
        )  # fmt: skip
    spans = catalogue.table("care_spanning_totals")
    for row in spans.iter_rows(named=True):
        spanned = [services.ids.index(one) for one in row["services"].split()]
        money = row["unit"] == "GBP"
        worth = services.unit_cost[spanned] if money else np.ones(len(spanned))
        yield (
            PREDICTS, f"Sum of services: {row['label']}, {row['year']}", "England", row["unit"],
            float(central.england.own_year[spanned] @ worth), np.nan, np.nan, float(row["value"]),
            None, f"{row['source']}. {row['note']}",
        )  # fmt: skip


def _boards(catalogue: Catalogue, england: Area, stacked: dict[str, Array]) -> Iterator[Row]:
    codes = [place.code for place in england.places]
    names = {place.code: place.name for place in england.places}
    heads = stacked["heads"]
    weights = catalogue.table("weighted_populations")
    at = [weights["board"].to_list().index(code) for code in codes]
    about = catalogue.tables["weighted_populations"].source
    for component, (label, _) in COMPONENTS.items():
        published = (weights[component] / weights["registered"]).to_numpy()[at]
        listed = weights["registered"].to_numpy()[at]
        published = 100.0 * published / np.average(published, weights=listed)
        per_head = stacked[component]
        mean = (per_head * heads).sum(axis=1) / heads.sum(axis=1)
        model = 100.0 * per_head / mean[:, None]
        yield from _compared(
            _NEED, label, "index", model, published, np.full(len(codes), 100.0), names, about
        )
    found = beds.published_beds(catalogue)
    kinds = list(beds.bed_types(catalogue))
    for kind in found["bed_type"].unique(maintain_order=True).to_list():
        rows = found.filter(pl.col("bed_type") == kind)
        filled = dict(zip(rows["board"], rows["occupied"], strict=True))
        yield from _compared(
            _BEDS, beds.bed_types(catalogue)[kind], "beds per 100,000",
            *_per_head(stacked["beds"][:, :, kinds.index(kind)], filled, heads, codes, 1e5),
            names, catalogue.tables["trust_beds"].source,
        )  # fmt: skip
    rows = beds.published_talking_therapies(catalogue)
    entering = dict(zip(rows["board"], rows["entering"], strict=True))
    # Contacts are set against people who enter: what is compared is each board beside England.
    scale = sum(entering.values()) / stacked["therapies"].sum(axis=1, keepdims=True)
    yield from _compared(
        _THERAPIES, "talking therapies", "people per 1,000",
        *_per_head(stacked["therapies"] * scale, entering, heads, codes, 1e3), names,
        catalogue.tables["board_talking_therapies"].source,
    )  # fmt: skip


def _per_head(
    model: Array, published: Mapping[str, float], heads: Array, codes: list[str], per: float
) -> tuple[Array, Array, Array]:
    """Model, published and England's published mean, each for so many people."""
    counts = np.array([float(published[code]) for code in codes])
    mean = np.full(len(codes), per * counts.sum() / heads[0].sum())
    return per * model / heads, per * counts / heads[0], mean


def _compared(
    subject: str,
    group: str,
    unit: str,
    model: Array,
    published: Array,
    naive: Array,
    names: dict[str, str],
    source: str,
) -> Iterator[Row]:
    """The rank correlation, the boards furthest off, then each board's row."""
    # The naive forecast is the same for every board, so it puts them in no order: 0.
    ranks = np.array([_rank_correlation(one, published) for one in model])
    yield (
        PREDICTS, f"{subject}: rank correlation", group, "Spearman's rho", *interval(ranks), 1.0,
        0.0, source,
    )  # fmt: skip
    off = np.abs(model[0] / published - 1.0)
    for place, at in enumerate(np.argsort(-off)[:_WORST]):
        code = list(names)[at]
        yield (
            PREDICTS, f"{subject}: furthest off, {place + 1} of {_WORST}",
            f"{group}, {names[code]}", unit, *interval(model[:, at]), float(published[at]),
            float(naive[at]), source,
        )  # fmt: skip
    for at, code in enumerate(names):
        yield (
            PREDICTS, subject, f"{code}: {group}", unit, *interval(model[:, at]),
            float(published[at]), float(naive[at]), source,
        )  # fmt: skip


def _rank_correlation(one: Array, other: Array) -> float:
    """Spearman's rho, ties at their mean rank."""
    return float(np.corrcoef(_ranks(one), _ranks(other))[0, 1])


def _ranks(values: Array) -> Array:
    _, at, count = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(count)
    mean: Array = ends - (count - 1) / 2.0
    return mean[at]


def _waits(catalogue: Catalogue) -> Iterator[Row]:
    labels = {"over_18": "waiting over 18 weeks", "over_52": "waiting over 52 weeks"}
    source = catalogue.tables["board_waits"].source
    for row in waits.backtest_summary(catalogue).iter_rows(named=True):
        if row["level"] == "England":
            yield (
                PREDICTS, "Waiting lists, December 2023 from December 2022",
                labels[row["measure"]], "pathways", row["predicted"], np.nan, np.nan,
                row["published"], row["naive"], source,
            )  # fmt: skip
        else:
            yield (
                PREDICTS, "Waiting lists, December 2023 from December 2022: median error",
                f"{labels[row['measure']]}, {row['level']}", "percent", row["error"], np.nan,
                np.nan, np.nan, row["naive_error"], source,
            )  # fmt: skip
