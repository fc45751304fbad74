"""From the figures of a needs assessment to its tidy tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from leftshift.areas import Area
from leftshift.areas.geography import ENGLAND
from leftshift.care.needs.measures import (
    Estimates,
)
from leftshift.care.needs.network_estimates import NetworkEstimates
from leftshift.care.needs.networks import COMPONENTS, Networks
from leftshift.care.needs.picture import FIFTHS, UNDER_75, Basket, Figures, Picture
from leftshift.catalogue import Catalogue
from leftshift.people.tables import BANDS, FEWEST_SIMULANTS, SEXES

__all__ = ["INDEX_UNIT", "PER", "PER_UNIT", "Assessment", "bounds_of", "frames", "sets_of"]

Array = NDArray[np.float64]
Errors = dict[str, Array]

PER = 100_000.0
PER_UNIT = "per 100,000 people"
#: Broad ages shown beside the bands: id, first band, last band (exclusive).
_AGES = (
    ("under_20", 0, 4),
    ("20_64", 4, 13),
    ("65_over", 13, 19),
    ("75_over", 15, 19),
    ("85_over", 17, 19),
)
INDEX_UNIT = "weighted people per person, England = 1"
_SOURCES = {
    "people": "Leftshift's mid-2025 estimate of residents (tables population_2025, membership)",
    "lists": "NHS England, Patients Registered at a GP Practice, December 2025",
    "weights": "NHS England, weighted populations behind the allocations for 2025/26",
    "model": "Leftshift's model of the area's people in the base year; `sources` lists its inputs",
    "synthetic": "Published lists by age and sex, a mix of deprivation estimated from the "
    "health-inequalities weights, and the model's rates",
}
#: The need indices as measures; services may be called as the components are.
_NEED_INDICES = [f"need_{component}" for component in COMPONENTS]


@dataclass(frozen=True)
class Assessment:
    """Everything that a needs assessment found, before it is laid out.

    Attributes:
        catalogue: the catalogue.
        area: the area.
        measures: ids of illness and death.
        picture: the area's counts, and so on.
    """

    catalogue: Catalogue
    area: Area
    measures: list[str]
    picture: Picture
    figures: Figures
    errors: Errors
    england: Picture
    england_figures: Figures
    england_errors: Errors
    networks: Networks
    estimates: NetworkEstimates
    place_index: Array
    basket: Basket | None
    winsorised: float
    fewest: int
    standard: Array


@dataclass(frozen=True)
class _Set:
    """One picture with its figures, and how its units are called."""

    picture: Picture
    figures: Figures
    errors: Errors
    units: list[tuple[str, str, str]]  # kind, code, fifth


def sets_of(made: Assessment) -> list[_Set]:
    """The area's picture and England's, with what their units are called."""
    area = [("place", p.code, "") for p in made.area.places]
    area += [("area", made.area.code, fifth) for fifth in FIFTHS]
    sets = [_Set(made.picture, made.figures, made.errors, area)]
    # England's own single place is the row before its fifths, and would only say it twice.
    england = [("", "", "")] + [("england", ENGLAND, fifth) for fifth in FIFTHS]
    sets.append(_Set(made.england, made.england_figures, made.england_errors, england))
    return sets


class _Rows:
    """Rows of the table need, gathered column by column."""

    def __init__(self) -> None:
        self.frames: list[pl.DataFrame] = []

    def add(
        self,
        units: list[tuple[str, str, str]],
        names: list[str],
        value: Array,
        *,
        domain: str,
        rate_kind: str,
        unit: str | list[str],
        basis: str,
        source: str,
        grade: str,
        lower: Array | None = None,
        upper: Array | None = None,
        error: Array | None = None,
        few: NDArray[np.bool_] | None = None,
        interval: str = "",
        sex: str = "",
        ages: list[str] | None = None,
    ) -> None:
        """Add a matrix ``[units, names]``; figures that are not known are left out."""
        value = np.asarray(value, dtype=np.float64)
        kept = np.isfinite(value) & np.array([bool(u[0]) for u in units])[:, None]
        row, column = np.nonzero(kept)
        if not len(row):
            return
        nothing = np.full(len(row), np.nan)
        bands = ages or [""] * len(names)
        unit_of = [unit] * len(names) if isinstance(unit, str) else unit
        take: dict[str, Any] = {
            "unit_kind": [units[r][0] for r in row],
            "unit_code": [units[r][1] for r in row],
            "domain": domain,
            "measure": [names[c] for c in column],
            "sex": sex,
            "age_band": [bands[c] for c in column],
            "imd_quintile": [units[r][2] for r in row],
            "rate_kind": rate_kind,
            "unit": [unit_of[c] for c in column],
            "value": value[kept],
            "lower": lower[kept] if lower is not None else nothing,
            "upper": upper[kept] if upper is not None else nothing,
            "interval": interval if lower is not None else "",
            "sampling_error": error[kept] if error is not None else nothing,
            "few": few[kept] if few is not None else np.zeros(len(row), bool),
            "basis": basis,
            "source": _SOURCES[source],
            "grade": grade,
        }
        frame = pl.DataFrame({k: v for k, v in take.items() if not isinstance(v, str)})
        texts = [pl.lit(v).alias(k) for k, v in take.items() if isinstance(v, str)]
        self.frames.append(frame.with_columns(texts).select(list(take)))


def frames(made: Assessment) -> dict[str, pl.DataFrame]:
    """Lay an assessment out as the tables need, need_units and names."""
    rows = _Rows()
    for one in sets_of(made):
        _people(rows, one, made)
        _illness(rows, one, made)
        _use(rows, one, made)
    _places(rows, made)
    _networks(rows, made)
    return {
        "need": pl.concat(rows.frames),
        "need_units": _unit_rows(made),
        "names": _names(made),
    }


def _people(rows: _Rows, one: _Set, made: Assessment) -> None:
    about: dict[str, Any] = {"domain": "people", "basis": "counted", "source": "people"}
    total = one.picture.ages.sum(axis=(1, 2))
    rows.add(
        one.units, ["people"], total[:, None], rate_kind="count", unit="people", grade="D", **about
    )  # fmt: skip
    banded = np.add.reduceat(one.picture.ages, np.arange(0, 95, 5), axis=-1)
    for s, sex in enumerate(SEXES):
        rows.add(
            one.units, ["people"] * len(BANDS), banded[:, s], rate_kind="count", unit="people",
            grade="D", sex=sex, ages=list(BANDS), **about,
        )  # fmt: skip
    _shares(rows, one.units, banded.sum(axis=1), about, "D")
    whole = total[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = one.picture.fifths / whole
    everyone = np.array([unit[2] == "" for unit in one.units])[:, None]
    rows.add(
        one.units, [f"fifth_{q}" for q in range(1, 6)], np.where(everyone, 100.0 * share, np.nan),
        domain="deprivation", rate_kind="share", unit="percent", basis="counted", source="people",
        grade="D",
    )  # fmt: skip


def _shares(
    rows: _Rows,
    units: list[tuple[str, str, str]],
    banded: Array,
    about: dict[str, Any],
    grade: str,
) -> None:
    """Share of people in each broad age, percent."""
    total = banded.sum(axis=1, keepdims=True)
    part = np.stack([banded[:, a:b].sum(axis=1) for _, a, b in _AGES], axis=1)
    share = np.divide(100.0 * part, total, out=np.full_like(part, np.nan), where=total > 0)
    rows.add(
        units, [f"share_{name}" for name, _, _ in _AGES], share, rate_kind="share",
        unit="percent", grade=grade, **about,
    )  # fmt: skip


def bounds_of(found: Estimates, error: Array | None) -> tuple[Array, Array, str]:
    """The interval of chance with sampling error added where it is known."""
    if error is None:
        return found.lower, found.upper, "chance"
    low = found.value - np.hypot(found.value - found.lower, error)
    high = found.value + np.hypot(found.upper - found.value, error)
    return np.maximum(low, 0.0), high, "chance and sampling"


def _illness(rows: _Rows, one: _Set, made: Assessment) -> None:
    counts = one.picture.cases.sum(axis=(1, 2))
    few = counts / one.picture.weight < FEWEST_SIMULANTS
    dead = np.array([name.startswith("deaths") for name in made.measures])
    for domain, which in (("illness", np.flatnonzero(~dead)), ("death", np.flatnonzero(dead))):
        names = [made.measures[m] for m in which]
        about: dict[str, Any] = {
            "domain": domain,
            "basis": "modelled",
            "source": "model",
            "grade": "D",
            "few": few[:, which],
        }
        unit = "people" if domain == "illness" else "deaths a year"
        per = PER_UNIT if domain == "illness" else "deaths a year per 100,000 people"
        rows.add(one.units, names, counts[:, which], rate_kind="count", unit=unit, **about)
        for kind, key in (("crude", "crude"), ("dsr", "standard")):
            found: Estimates = getattr(one.figures, key)
            error = one.errors.get(key)
            low, high, what = bounds_of(found, error)
            rows.add(
                one.units, names, found.value[:, which] * PER, rate_kind=kind, unit=per,
                lower=low[:, which] * PER, upper=high[:, which] * PER, interval=what,
                error=error[:, which] * PER if error is not None else None, **about,
            )  # fmt: skip
    _life(rows, one)


def _life(rows: _Rows, one: _Set) -> None:
    first = one.picture.places
    error = one.errors.get("life")
    low, high, what = bounds_of(one.figures.life, error)
    for s, sex in enumerate(SEXES):
        rows.add(
            one.units[first:], ["life_expectancy"], one.figures.life.value[:, s, None],
            domain="death", rate_kind="years", unit="years", basis="modelled", source="model",
            grade="D", sex=sex, lower=low[:, s, None], upper=high[:, s, None], interval=what,
            error=error[:, s, None] if error is not None else None,
        )  # fmt: skip


def _use(rows: _Rows, one: _Set, made: Assessment) -> None:
    if made.basket is None or one.figures.used is None or one.figures.indirect is None:
        return
    heads = one.picture.ages.sum(axis=(1, 2))[:, None]
    few = np.broadcast_to(heads / one.picture.weight < FEWEST_SIMULANTS, one.figures.used.shape)
    for domain in ("use", "cost"):
        which = [k for k, of in enumerate(made.basket.domains) if of == domain]
        for kind, key in (("crude", "used"), ("isr", "indirect")):
            value = getattr(one.figures, key)[:, which]
            error = one.errors[key][:, which] if key in one.errors else None
            rows.add(
                one.units, [made.basket.ids[k] for k in which], value, domain=domain,
                rate_kind=kind, unit=[made.basket.units[k] for k in which], basis="modelled",
                source="model", grade="D", few=few[:, which], error=error, interval="sampling",
                lower=np.maximum(value - error, 0.0) if error is not None else None,
                upper=value + error if error is not None else None,
            )  # fmt: skip


def _places(rows: _Rows, made: Assessment) -> None:
    """What NHS England's weights say of the practices that stand in each place."""
    units = [("place", p.code, "") for p in made.area.places]
    units += [("area", made.area.code, ""), ("england", ENGLAND, "")]
    # England is what the weights are scaled to.
    index = np.concatenate([made.place_index, np.ones((1, len(COMPONENTS)))])
    rows.add(
        units, _NEED_INDICES, index, domain="need", rate_kind="index", unit=INDEX_UNIT,
        basis="weighted", source="weights", grade="D",
    )  # fmt: skip


def _networks(rows: _Rows, made: Assessment) -> None:
    lists, guess = made.networks, made.estimates
    units = [("network", code, "") for code in lists.codes]
    if not units:
        return
    about: dict[str, Any] = {"domain": "people", "basis": "counted", "source": "lists"}
    total = lists.lists.sum(axis=(1, 2))
    rows.add(
        units, ["people"], total[:, None], rate_kind="count", unit="people", grade="V", **about
    )  # fmt: skip
    for s, sex in enumerate(SEXES):
        rows.add(
            units, ["people"] * len(BANDS), lists.lists[:, s], rate_kind="count", unit="people",
            grade="V", sex=sex, ages=list(BANDS), **about,
        )  # fmt: skip
    _shares(rows, units, lists.lists.sum(axis=1), about, "V")
    rows.add(
        units, _NEED_INDICES, lists.index, domain="need", rate_kind="index", unit=INDEX_UNIT,
        basis="weighted", source="weights", grade="D",
    )  # fmt: skip
    common: dict[str, Any] = {
        "basis": "synthetic",
        "source": "synthetic",
        "grade": "A",
        "interval": "estimate",
    }
    rows.add(
        units, [f"fifth_{q}" for q in range(1, 6)], 100.0 * guess.fifths.value,
        domain="deprivation", rate_kind="share", unit="percent",
        lower=100.0 * guess.fifths.lower, upper=100.0 * guess.fifths.upper, **common,
    )  # fmt: skip
    names = [m for m in made.measures if not m.startswith("deaths")]
    cases = guess.crude.value * total[:, None]
    rows.add(
        units, names, cases, domain="illness", rate_kind="count", unit="people",
        basis="synthetic", source="synthetic", grade="A",
    )  # fmt: skip
    for kind, found in (("crude", guess.crude), ("dsr", guess.standard)):
        each = found.times(PER)
        rows.add(
            units, names, each.value, domain="illness", rate_kind=kind, unit=PER_UNIT,
            lower=np.maximum(each.lower, 0.0), upper=each.upper, **common,
        )  # fmt: skip
    if made.basket is None or guess.used is None:
        return
    for domain in ("use", "cost"):
        which = [k for k, of in enumerate(made.basket.domains) if of == domain]
        rows.add(
            units, [made.basket.ids[k] for k in which], guess.used.value[:, which], domain=domain,
            rate_kind="crude", unit=[made.basket.units[k] for k in which],
            lower=guess.used.lower[:, which], upper=guess.used.upper[:, which], **common,
        )  # fmt: skip


def _unit_rows(made: Assessment) -> pl.DataFrame:
    total = made.picture.ages.sum(axis=(1, 2))
    rows: list[tuple[Any, ...]] = [
        ("place", p.code, p.name, "", p.code, float(total[i]), 0, 1.0)
        for i, p in enumerate(made.area.places)
    ]
    rows.append(
        ("area", made.area.code, made.area.name, "", "", float(total[made.picture.places]), 0, 1.0)
    )
    rows.append(("england", ENGLAND, "England", "", "", float(made.england.strata.sum()), 0, 1.0))
    lists = made.networks
    rows += [
        (
            "network", code, lists.names[n], lists.boards[n], lists.places[n],
            float(lists.lists[n].sum()), int(lists.practices[n]), float(lists.inside[n]),
        )
        for n, code in enumerate(lists.codes)
    ]  # fmt: skip
    columns = ["unit_kind", "unit_code", "name", "board", "place", "people", "practices"]
    return pl.DataFrame(rows, schema=[*columns, "share_inside"], orient="row")


_LABELS = {
    "people": "People",
    "share_under_20": "Aged under 20",
    "share_20_64": "Aged 20 to 64",
    "share_65_over": "Aged 65 and over",
    "share_75_over": "Aged 75 and over",
    "share_85_over": "Aged 85 and over",
    "fifth_1": "Living in the most deprived fifth (Core20)",
    "fifth_2": "Living in the second most deprived fifth",
    "fifth_3": "Living in the middle fifth",
    "fifth_4": "Living in the second least deprived fifth",
    "fifth_5": "Living in the least deprived fifth",
    "major_illness": "Living with major illness",
    "two_or_more": "With two or more of the twenty conditions",
    "four_or_more": "With four or more of the twenty conditions",
    "deaths": "Deaths at all ages",
    UNDER_75: "Deaths under 75",
    "life_expectancy": "Life expectancy at birth",
    "need_core": "Need index: core services, all components",
    "need_general_and_acute": "Need index: general and acute",
    "need_community": "Need index: community services",
    "need_mental_health": "Need index: mental health",
    "need_maternity": "Need index: maternity",
    "need_prescribing": "Need index: prescribing",
    "need_inequalities": "Need index: health inequalities",
    "need_primary_medical": "Need index: primary medical care",
    "cost": "Public spending on care",
}


def _names(made: Assessment) -> pl.DataFrame:
    conditions = {str(c["id"]): str(c["label"]) for c in made.catalogue.entities("conditions")}
    rows = [("condition", key, label, "") for key, label in conditions.items()]
    rows += [("place", p.code, p.name, "") for p in made.area.places]
    rows += [
        ("network", code, name, "")
        for code, name in zip(made.networks.codes, made.networks.names, strict=True)
    ]
    rows += [("measure", key, label, "") for key, label in _LABELS.items()]
    rows += [("measure", f"prevalent_{key}", label, "people") for key, label in conditions.items()]
    rows += [("measure", f"segment_{s}", f"Core segment {s}", "people") for s in range(1, 6)]
    if made.basket is not None and made.picture.services is not None:
        services = made.picture.services
        of = dict(zip(services.ids, services.labels, strict=True))
        settings = {str(s["id"]): str(s["label"]) for s in made.catalogue.entities("settings")}
        for key, unit in zip(made.basket.ids, made.basket.units, strict=True):
            if key in of:
                rows.append(("measure", key, of[key], unit))
            elif key != "cost":
                label = settings[key.removeprefix("cost_")]
                rows.append(("measure", key, f"Public spending: {label}", unit))
    return pl.DataFrame(rows, schema=["kind", "id", "label", "unit"], orient="row")
