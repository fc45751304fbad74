"""Services as arrays: what each is, how much England uses of it and who uses more.

The words, shares and curves of a catalogue are read and checked once; a draw of the parameters
changes only the figures, so that `services` can run for every draw.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from leftshift.catalogue import Catalogue, Parameters
from leftshift.catalogue.services import SHARES
from leftshift.errors import CareError, listed, nearest
from leftshift.quantities import FinancialYear

__all__ = ["AGE_GROUPS", "Archetypes", "Services", "archetypes", "check_balance", "services"]

Array = NDArray[np.float64]

AGE_GROUPS = ("0-19", "20-64", "65-84", "85+")
"""The age groups of a deprivation gradient."""

_AGES = 106  # single years of age, 0 to 105
_SEXES = ("female", "male")
_SUM = 1e-6  # shares written with a few decimals still sum to 1 within this
_LINES = ("pay", "drugs", "consumables", "estate", "overhead")
_BEHAVIOUR = ("fixed", "stepped", "variable")
_POUND = "pound"


@dataclass(frozen=True)
class Services:
    """All services of a catalogue, for one draw of its parameters.

    L services in the catalogue's order, K payers, S staff groups.

    Attributes:
        ids: their ids.
        labels: what people call them.
        settings: the setting of each.
        units: one of what each counts, such as "contact"; "pound" where none is published.
        basis: "registered" or "residents": whom each serves.
        archetypes: how the cost of each behaves.
        bed_types: the bed that each fills, or "".
        years: the financial year that each one's total and unit cost describe.
        payers: ids of the payers.
        payer_share: [L, K] share of each service's cost by payer; rows sum to 1.
        staff_groups: ids of the staff groups.
        staff_share: [L, S] share of each pay bill by staff group; rows sum to 1, or to 0 where a
            service has no pay.
        total: [L] units used in England in its own year.
        unit_cost: [L] GBP per unit in prices of its own year.
        shape: [L, 2, 106] relative rate per head by sex (female, male) and single age; the largest
            is 1.
        deprivation: [L, 4, 5] rate by age group (`AGE_GROUPS`) and quintile (0 most deprived)
            relative to the mean of the quintiles, standardised for age within the group.
        segment: [L, 5] crude rate per head in core segments 1 to 5 relative to segment 1; all 1
            where a service has no gradient.
        conditions: [C, L] what having a condition multiplies use by, beyond what its segment
            shows, in the catalogue's order of conditions; 1 for none.
        last_year: [L] further units used in the last year of life, for each death.
        growth: [L] growth beyond demography, share a year.
        bed_days: [L] bed days for each unit; 0 where it fills no bed.
        pay_share: [L] share of cost that is pay.
    """

    ids: tuple[str, ...]
    labels: tuple[str, ...]
    settings: tuple[str, ...]
    units: tuple[str, ...]
    basis: tuple[str, ...]
    archetypes: tuple[str, ...]
    bed_types: tuple[str, ...]
    years: tuple[FinancialYear, ...]
    payers: tuple[str, ...]
    payer_share: Array
    staff_groups: tuple[str, ...]
    staff_share: Array
    total: Array
    unit_cost: Array
    shape: Array
    deprivation: Array
    segment: Array
    conditions: Array
    last_year: Array
    growth: Array
    bed_days: Array
    pay_share: Array

    def index(self, identity: str) -> int:
        """The position of a service.

        Raises:
            CareError: there is no such service; the message names the nearest.
        """
        try:
            return self.ids.index(identity)
        except ValueError:
            raise CareError(
                f'no service called "{identity}".{nearest(identity, self.ids)}'
            ) from None

    def __repr__(self) -> str:
        spend = float(self.total @ self.unit_cost)
        return f"Services({len(self.ids)} services, £{spend / 1e9:,.1f}bn in England)"


@dataclass(frozen=True)
class Archetypes:
    """How cost is made up and how it behaves, for one draw of the parameters.

    Attributes:
        ids: the archetypes' ids, in the catalogue's order.
        lines: [A, 5] share of cost that is pay, drugs, consumables, estate and overhead; rows sum
            to 1.
        behaviour: [A, 3] share of cost that is fixed, stepped and variable; rows sum to 1.
        lag: [A] years until the stepped part has followed activity.
    """

    ids: tuple[str, ...]
    lines: Array
    behaviour: Array
    lag: Array


def archetypes(parameters: Parameters) -> Archetypes:
    """Gives the cost archetypes for one draw.

    The shares are drawn one by one and then divided by their sum, so that they always make up the
    whole cost.

    Raises:
        CareError: an archetype's central shares do not sum to 1.
        CatalogueError: a row is missing.
    """
    ids = tuple(str(entry["id"]) for entry in parameters.catalogue.entities("archetypes"))
    parts = []
    for names in (_LINES, _BEHAVIOUR):
        rows = [[parameters.value(f"archetype.{a}.{name}") for name in names] for a in ids]
        shares = np.array(rows)
        parts.append(shares / shares.sum(1, keepdims=True))
    lag = np.array([parameters.value(f"archetype.{a}.release_lag") for a in ids])
    return Archetypes(ids, parts[0], parts[1], lag)


@dataclass(frozen=True)
class _Static:
    """What no draw changes, and the row from which each figure that one changes comes."""

    kept: dict[str, Any]
    total: tuple[str, ...]
    unit_cost: tuple[str, ...]
    last_year: tuple[str, ...]
    bed_days: tuple[str, ...]
    growth: tuple[str, ...]
    pay_share: tuple[str, ...]
    of_archetype: NDArray[np.intp]


_STATIC: WeakKeyDictionary[Catalogue, _Static] = WeakKeyDictionary()


def services(parameters: Parameters) -> Services:
    """Gives every service for one draw of the parameters.

    Args:
        parameters: the values of a catalogue's rows.

    Returns:
        The services; what no draw changes is shared between draws and must not be written to.

    Raises:
        CareError: the catalogue's services do not balance (see `check_balance`).
    """
    static = _static(parameters.catalogue)

    def drawn(ids: Iterable[str], otherwise: float) -> Array:
        return np.array([parameters.value(name) if name else otherwise for name in ids])

    pay = archetypes(parameters).lines[static.of_archetype, 0]
    own_pay = drawn(static.pay_share, math.nan)
    return Services(
        **static.kept,
        total=drawn(static.total, 0.0),
        unit_cost=drawn(static.unit_cost, 1.0),
        last_year=drawn(static.last_year, 0.0),
        growth=drawn(static.growth, 0.0) / 100.0,
        bed_days=drawn(static.bed_days, 0.0),
        pay_share=np.where(np.isnan(own_pay), pay, own_pay),
    )


def _static(catalogue: Catalogue) -> _Static:
    found = _STATIC.get(catalogue)
    if found is None:
        check_balance(catalogue)
        found = _STATIC[catalogue] = _read(catalogue)
    return found


def _read(catalogue: Catalogue) -> _Static:
    entries = catalogue.services()
    ids = tuple(entry["id"] for entry in entries)
    present = {row.id for row in catalogue.rows("service")}

    def words(key: str) -> tuple[str, ...]:
        return tuple(entry.get(key, "") for entry in entries)

    def rows(figure: str) -> tuple[str, ...]:
        named = (f"service.{identity}.{figure}" for identity in ids)
        return tuple(name if name in present else "" for name in named)

    payers = _ids(catalogue, "payers")
    staff = _ids(catalogue, "staff_groups")
    conditions = _ids(catalogue, "conditions")
    kinds = _ids(catalogue, "archetypes")
    shapes, gradients, segments = _shapes(catalogue), _gradients(catalogue), _segments(catalogue)
    multiplier = np.ones((len(conditions), len(ids)))
    for place, entry in enumerate(entries):
        for name, ratio in entry.get("conditions", {}).items():
            multiplier[conditions.index(name), place] = ratio
    growth = tuple(
        own or f"care.growth.{entry.get('growth') or entry['setting']}"
        for own, entry in zip(rows("non_demographic_growth"), entries, strict=True)
    )
    flat = np.ones(5)
    return _Static(
        kept={
            "ids": ids,
            "labels": words("label"),
            "settings": words("setting"),
            "units": words("unit"),
            "basis": words("basis"),
            "archetypes": words("archetype"),
            "bed_types": words("bed_type"),
            "years": tuple(FinancialYear(entry["year"]) for entry in entries),
            "payers": payers,
            "staff_groups": staff,
            "payer_share": _shares(entries, "payers", payers),
            "staff_share": _shares(entries, "staff", staff),
            "shape": np.stack([_shape(entry, shapes) for entry in entries]),
            "deprivation": np.stack([gradients[entry["deprivation"]] for entry in entries]),
            "segment": np.stack(
                [segments.get(entry.get("segments", ""), flat) for entry in entries]
            ),
            "conditions": multiplier,
        },
        total=rows("activity"),
        unit_cost=rows("unit_cost"),
        last_year=rows("last_year_of_life"),
        bed_days=rows("bed_days"),
        growth=growth,
        pay_share=rows("pay_share"),
        of_archetype=np.array([kinds.index(entry["archetype"]) for entry in entries]),
    )


def _ids(catalogue: Catalogue, kind: str) -> tuple[str, ...]:
    return tuple(str(entry["id"]) for entry in catalogue.entities(kind))


def _shares(entries: list[dict[str, Any]], key: str, names: tuple[str, ...]) -> Array:
    shares = np.array([[entry.get(key, {}).get(name, 0.0) for name in names] for entry in entries])
    total = shares.sum(1, keepdims=True)
    return np.asarray(shares / np.where(total > 0.0, total, 1.0))


def _shape(entry: dict[str, Any], shapes: dict[str, Array]) -> Array:
    if "by_age" not in entry:
        return shapes[entry["shape"]]
    ages, rates = np.array(entry["by_age"]).T  # straight lines between, level beyond the ends
    of_age = np.interp(np.arange(_AGES), ages, rates)
    return np.tile(of_age / max(float(of_age.max()), 1e-300), (2, 1))


def _shapes(catalogue: Catalogue) -> dict[str, Array]:
    """Shapes by name, [2, 106]: constant within each age band of the table."""
    found: dict[str, Array] = {}
    for name in ("service_age_shapes", "service_age_shapes_derived"):
        frame = catalogue.table(name)
        bands = [column for column in frame.columns if column.startswith("from_")]
        starts = np.array([int(column.removeprefix("from_")) for column in bands])
        of_age = np.searchsorted(starts, np.arange(_AGES), side="right") - 1
        values = frame.select(bands).to_numpy()
        for shape, sex, row in zip(frame["shape"], frame["sex"], values, strict=True):
            both = found.setdefault(str(shape), np.zeros((2, _AGES)))
            both[_SEXES.index(sex)] = row[of_age]
    return {name: shape / max(float(shape.max()), 1e-300) for name, shape in found.items()}


def _gradients(catalogue: Catalogue) -> dict[str, Array]:
    """Deprivation gradients by name, [4, 5], each age group's mean over quintiles 1."""
    frame = catalogue.table("service_deprivation_gradients")
    found: dict[str, Array] = {}
    values = frame.select([f"q{q}" for q in range(1, 6)]).to_numpy()
    for name, group, row in zip(frame["gradient"], frame["age_group"], values, strict=True):
        found.setdefault(str(name), np.ones((4, 5)))[AGE_GROUPS.index(group)] = row / row.mean()
    return found


def _segments(catalogue: Catalogue) -> dict[str, Array]:
    """Segment gradients by name, [5], relative to segment 1."""
    frame = catalogue.table("service_segment_gradients")
    values = frame.select([f"s{s}" for s in range(1, 6)]).to_numpy()
    return {str(name): row / row[0] for name, row in zip(frame["gradient"], values, strict=True)}


# Checks -----------------------------------------------------------------------------------------


def check_balance(catalogue: Catalogue) -> None:
    """Checks that a catalogue's services add up and name only what there is.

    Named checks: `shares_sum_to_one`, `known_setting`, `known_archetype`, `known_payer`,
    `known_staff_group`, `known_condition`, `known_bed_type`, `known_shape`, `known_deprivation`,
    `known_segments`, `known_growth`, `figures_present`, `landing_cost`, `unit_named`,
    `has_a_bed`, `not_negative`, `archetype_sums_to_one`, `shape_has_both_sexes`, `shape_is_used`,
    `gradient_has_all_ages`, `known_service`.

    Raises:
        CareError: one of them failed; the message begins `file:line: [check]`.
    """
    entries = catalogue.services()
    if not entries:
        raise CareError("[has_services] the catalogue has no services at all.")
    _check_archetypes(catalogue)
    _check_curves(catalogue)
    known = {
        "setting": _ids(catalogue, "settings"),
        "archetype": _ids(catalogue, "archetypes"),
        "bed_type": (*_ids(catalogue, "bed_types"), ""),
        "shape": tuple(_shapes(catalogue)),
        "deprivation": tuple(_gradients(catalogue)),
        "segments": (*_segments(catalogue), ""),
    }
    inside = {
        "payers": ("known_payer", _ids(catalogue, "payers")),
        "staff": ("known_staff_group", _ids(catalogue, "staff_groups")),
        "conditions": ("known_condition", _ids(catalogue, "conditions")),
    }
    for entry in entries:
        where, identity = f"{entry['file']}:{entry['line']}: ", entry["id"]
        for key, allowed in known.items():
            if key == "shape" and "by_age" in entry:
                if not _shape(entry, {}).any():
                    raise CareError(
                        f"{where}[shape_is_used] {identity}: by_age is 0 at every whole year of "
                        "age. Give a rate above 0 at some age."
                    )
                continue
            _is_known(where, f"known_{key}", f"{identity}: {key}", entry.get(key, ""), allowed)
        for key, (check, allowed) in inside.items():
            for name in entry.get(key, {}):
                _is_known(where, check, f"{identity}: {key}", name, allowed)
        for key in SHARES:
            shares = entry.get(key, {})
            total = math.fsum(shares.values())
            if (key == "payers" or shares) and abs(total - 1.0) > _SUM:
                said = ", ".join(f"{name} {share:g}" for name, share in shares.items()) or "none"
                raise CareError(
                    f"{where}[shares_sum_to_one] {identity}: {key} sum to {total:g}, not 1 "
                    f"({said}). Change a share so that nothing is lost or counted twice."
                )
        _check_figures(catalogue, entry, where)
    _check_orphans(catalogue, {entry["id"] for entry in entries})


def _is_known(where: str, check: str, what: str, name: str, allowed: tuple[str, ...]) -> None:
    if name not in allowed:
        raise CareError(
            f'{where}[{check}] {what} "{name}" is not in the catalogue.'
            f"{nearest(name, allowed)} Allowed: {listed((a for a in allowed if a), 60)}."
        )


def _check_figures(catalogue: Catalogue, entry: dict[str, Any], where: str) -> None:
    identity, unit = entry["id"], entry["unit"]
    present = {row.id.rpartition(".")[2]: row for row in catalogue.rows(f"service.{identity}")}
    if "activity" not in present:
        raise CareError(
            f"{where}[figures_present] {identity} has no activity: how many {unit}s England uses "
            f"in {entry['year']}. Add activity = {{ value = …, source = …, as_of = …, grade = … }} "
            f"under [service.{identity}.figures]."
        )
    if unit == _POUND:
        row = present.get("unit_cost")
        if row is not None and row.estimate.value != 1.0:
            raise CareError(
                f"{row.file}:{row.line}: [unit_named] {identity} counts pounds, so its unit_cost "
                f"is 1, not {row.estimate.value:g}. Leave unit_cost out, or name what is counted."
            )
    elif "unit_cost" not in present or present["unit_cost"].estimate.value <= 0.0:
        raise CareError(
            f"{where}[landing_cost] {identity} has no cost: care that moves here from elsewhere "
            f"would cost nothing. Give unit_cost, GBP per {unit}, above 0 under "
            f"[service.{identity}.figures]."
        )
    for figure, row in present.items():
        if row.estimate.value < 0.0 and figure != "non_demographic_growth":
            raise CareError(
                f"{row.file}:{row.line}: [not_negative] {row.id} is {row.estimate.value:g}. "
                "It must not be below 0."
            )
    if bool(entry.get("bed_type")) != ("bed_days" in present):
        lacks = "bed_days" if entry.get("bed_type") else "bed_type"
        raise CareError(
            f"{where}[has_a_bed] {identity} has no {lacks}, though it has the other. Give both "
            "bed_type and the figure bed_days, or neither."
        )
    if "non_demographic_growth" not in present:
        name = entry.get("growth") or entry["setting"]
        allowed = tuple(
            row.id.removeprefix("care.growth.") for row in catalogue.rows("care.growth")
        )
        _is_known(where, "known_growth", f"{identity}: growth", name, allowed)


def _check_archetypes(catalogue: Catalogue) -> None:
    for identity in _ids(catalogue, "archetypes"):
        for names in (_LINES, _BEHAVIOUR):
            rows = [catalogue.row(f"archetype.{identity}.{name}") for name in names]
            total = math.fsum(row.estimate.value for row in rows)
            if abs(total - 1.0) > _SUM:
                raise CareError(
                    f"{rows[0].file}:{rows[0].line}: [archetype_sums_to_one] {identity}: "
                    f"{listed(names)} sum to {total:g}, not 1. Change a share so that they make "
                    "up the whole cost."
                )


def _check_curves(catalogue: Catalogue) -> None:
    seen: dict[str, list[str]] = {}
    for name in ("service_age_shapes", "service_age_shapes_derived"):
        frame = catalogue.table(name)
        file = catalogue.tables[name].file
        for shape, sex in zip(frame["shape"], frame["sex"], strict=True):
            sexes = seen.setdefault(str(shape), [])
            if sex not in _SEXES or sex in sexes:
                raise CareError(
                    f'{file}: [shape_has_both_sexes] {shape}: sex "{sex}" is unknown or given '
                    "twice. Write one row for female and one for male."
                )
            sexes.append(str(sex))
    for shape, sexes in seen.items():
        if len(sexes) != len(_SEXES):
            raise CareError(
                f"[shape_has_both_sexes] shape {shape} has only a row for {listed(sexes)}. "
                "Write one row for female and one for male."
            )
    for shape, rates in _shapes(catalogue).items():
        if not rates.any():
            raise CareError(f"[shape_is_used] shape {shape} is 0 at every age.")
    frame = catalogue.table("service_deprivation_gradients")
    groups: dict[str, list[str]] = {}
    for name, group in zip(frame["gradient"], frame["age_group"], strict=True):
        groups.setdefault(str(name), []).append(str(group))
    for gradient, given in groups.items():
        if sorted(given) != sorted(AGE_GROUPS):
            raise CareError(
                f"{catalogue.tables['service_deprivation_gradients'].file}: "
                f"[gradient_has_all_ages] {gradient}: one row for each of {listed(AGE_GROUPS)} "
                f"is needed; there are {listed(given)}."
            )


def _check_orphans(catalogue: Catalogue, ids: set[str]) -> None:
    for row in catalogue.rows("service"):
        identity = row.id.split(".")[1] if "." in row.id else ""
        if identity not in ids:
            raise CareError(
                f"{row.file}:{row.line}: [known_service] {row.id}: no service called "
                f'"{identity}".{nearest(identity, ids)} Describe it in '
                "catalogue/services/<name>.toml."
            )
