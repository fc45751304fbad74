"""From arrays of care to the tidy tables of a run."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from leftshift.areas import Area
from leftshift.care import beds, drivers, waits, workforce
from leftshift.care.funding import Funding
from leftshift.care.services import Services
from leftshift.people.layout import Bounds, Labels, Layout
from leftshift.people.model import Frame
from leftshift.people.tables import QUINTILES, SEGMENTS

__all__ = [
    "capital",
    "frames",
    "measure_names",
    "summary",
    "summary_measures",
    "whole",
    "whole_measures",
    "words",
]

Array = NDArray[np.float64]

#: Settings whose share of public spending says how far care has shifted to the left.
LEFT = ("community", "prevention")
#: Measures of the table gap, with their units.
GAP = {"funding": "£ a year", "cost": "£ a year", "gap": "£ a year"}
_STAFF = ("demand", "supply", "gap")
_BEDS = ("beds_needed", "beds_available", "beds_short", "delayed_beds")
_WAITS = ("list_size", "over_18_weeks", "over_52_weeks", "unmet_people")


def public_share(services: Services, public: Collection[str]) -> Array:
    """Share of each service's cost that public payers bear, ``[L]``.

    Private money, such as what households pay, is shown but in no public total.
    """
    of_public = [k for k, payer in enumerate(services.payers) if payer in public]
    share: Array = services.payer_share[:, of_public].sum(axis=1)
    return share


def summary_measures(services: Services, settings: Sequence[str]) -> list[tuple[str, str]]:
    """Measures that the summary holds for the area and each place, with their units."""
    return [
        ("spend", "£ a year"),
        ("spend_per_head", "£ per person a year"),
        *((f"spend_{setting}", "£ a year") for setting in settings),
        ("share_community_and_prevention", "percent"),
        *(
            (f"activity_{service}", f"{plural(unit)} a year")
            for service, unit in zip(services.ids, services.units, strict=True)
        ),
    ]


def plural(unit: str) -> str:
    """A unit in the plural: "bed days", "calls answered", "units of dental activity", "£"."""
    if unit == "pound":
        return "£"
    first, _, rest = unit.partition(" ")
    if rest.startswith("of ") or rest.endswith("ed"):
        return f"{first}s {rest}"
    return f"{unit}s"


def summary(
    activity: Array,
    spend: Array,
    people: Array,
    services: Services,
    settings: Sequence[str],
    public: Collection[str],
) -> Array:
    """The measures of :func:`summary_measures`, ``[Y, P + 1, M]``, the area first.

    Args:
        activity: ``[Y, P, 5, 6, L]``.
        spend: ``[Y, P, 5, L]``, pounds.
        people: ``[Y, P, 5]``.
        services: the services.
        settings: settings, in the catalogue's order.
        public: the payers whose money is public.
    """
    of_service = _with_total(activity.sum(axis=(2, 3)))
    pounds = _with_total(spend.sum(axis=2)) * public_share(services, public)
    heads = _with_total(people.sum(axis=2))
    by_setting = [
        pounds[..., [s == setting for s in services.settings]].sum(axis=-1) for setting in settings
    ]
    total = pounds.sum(axis=-1)
    left = sum(by_setting[list(settings).index(s)] for s in LEFT)
    with np.errstate(divide="ignore", invalid="ignore"):
        columns = [total, total / heads, *by_setting, 100.0 * left / total]
    return np.concatenate([np.stack(columns, axis=-1), of_service], axis=-1)


def whole_measures(groups: Sequence[str], settlements: Sequence[str]) -> list[tuple[str, str]]:
    """Measures that the summary holds for the whole area only, with their units."""
    return [
        *((f"staff_{one}", workforce.MEASURES[one]) for one in _STAFF),
        *((f"staff_{one}_{g}", workforce.MEASURES[one]) for one in _STAFF for g in groups),
        *((one, beds.MEASURES[one]) for one in _BEDS),
        *((f"waiting_{one}", waits.MEASURES[one]) for one in _WAITS),
        ("cost_and_unexplained", "£ a year"),
        *((f"{one}_{s}", "£ a year") for s in settlements for one in ("funding", "funding_gap")),
    ]


def whole(staff: Array, bed: Array, waiting: Array, gap: Array) -> Array:
    """The measures of :func:`whole_measures`, ``[Y, W]``.

    Args:
        staff: ``[Y, settings, groups, m]``.
        bed: ``[Y, types, m]``; not-a-number where a measure does not apply.
        waiting: ``[Y, specialties, m]``.
        gap: ``[settlements, Y, settings + 1, 3]``.
    """
    of_staff, of_beds, of_waits = (list(x.MEASURES) for x in (workforce, beds, waits))
    of_group = {one: staff[..., of_staff.index(one)].sum(axis=1) for one in _STAFF}  # [Y, groups]
    # What one group has too many of does not fill another's posts.
    short = np.maximum(0.0, of_group["gap"]).sum(axis=1)
    columns = [of_group["demand"].sum(axis=1), of_group["supply"].sum(axis=1), short]
    columns += [column for one in _STAFF for column in of_group[one].T]
    columns += [np.nansum(bed[..., of_beds.index(one)], axis=1) for one in _BEDS]
    columns += [np.nansum(waiting[..., of_waits.index(one)], axis=1) for one in _WAITS]
    columns.append(gap[0, ..., 1].sum(axis=1))
    for settlement in gap:
        funding, _, short = np.moveaxis(settlement.sum(axis=1), -1, 0)
        columns += [funding, short]
    return np.stack(columns, axis=-1)


def capital(funding: Funding, frame: Frame, price_base: str) -> pl.DataFrame:
    """Rows of the table gap for capital, which is in none of its other settings."""
    return pl.DataFrame(
        [
            {
                "arm": "baseline",
                "year": year,
                "setting": "capital",
                "measure": "funding",
                "unit": GAP["funding"],
                "value": float(funding.capital[s, y]),
                "lower": None,
                "upper": None,
                "settlement": settlement,
                "price_base": price_base,
            }
            for s, settlement in enumerate(funding.settlements)
            for y, year in enumerate(frame.labels)
        ],
        schema_overrides={"lower": pl.Float64, "upper": pl.Float64},
    )


def words(identity: str) -> str:
    """An id as a label: "population_size" becomes "Population size"."""
    text = identity.replace("_", " ")
    return text[0].upper() + text[1:]


def measure_names(
    services: Services,
    settings: Mapping[str, str],
    groups: Mapping[str, str],
    settlements: Mapping[str, str],
) -> list[tuple[str, str, str, str]]:
    """Rows of the table names for every measure of care: kind, id, label, unit."""
    labels = {
        "spend": "Public spending on health and care",
        "spend_per_head": "Public spending per head",
        "share_community_and_prevention": "Community and prevention share of public spending",
        **{f"spend_{one}": f"Spending: {label}" for one, label in settings.items()},
        **{
            f"activity_{one}": label
            for one, label in zip(services.ids, services.labels, strict=True)
        },
        **{f"funding_{one}": f"Funding: {label}" for one, label in settlements.items()},
        **{f"funding_gap_{one}": f"Gap: {label}" for one, label in settlements.items()},
        "cost_and_unexplained": "Cost, and spending that no service names",
        "staff_demand": "Staff needed",
        "staff_supply": "Staff there",
        "staff_gap": "Staff missing, in the groups that are short",
        **{f"staff_demand_{one}": f"Needed: {label}" for one, label in groups.items()},
        **{f"staff_supply_{one}": f"There: {label}" for one, label in groups.items()},
        **{f"staff_gap_{one}": f"Missing: {label}" for one, label in groups.items()},
        "beds_needed": "Beds needed",
        "beds_available": "Beds available",
        "beds_short": "Beds short",
        "delayed_beds": "Beds filled by people who need not be in hospital",
        "waiting_list_size": "Pathways waiting for planned care",
        "waiting_over_18_weeks": "Waiting over 18 weeks",
        "waiting_over_52_weeks": "Waiting over 52 weeks",
        "waiting_unmet_people": "People waiting beyond the standard",
    }
    units = {
        **dict(summary_measures(services, list(settings))),
        **dict(whole_measures(list(groups), list(settlements))),
    }
    rows = [("measure", one, labels[one], unit) for one, unit in units.items()]
    plain = {**workforce.MEASURES, **beds.MEASURES, **waits.MEASURES, **GAP}
    rows += [("measure", one, words(one), unit) for one, unit in plain.items() if one not in units]
    return rows


def _with_total(by_place: Array) -> Array:
    """``[Y, P, ...]`` to ``[Y, P + 1, ...]`` with the area's sum first."""
    return np.concatenate([by_place.sum(axis=1, keepdims=True), by_place], axis=1)


def frames(
    central: Mapping[str, Array],
    bounds: Bounds | None,
    sampling: Mapping[str, Array] | None,
    *,
    frame: Frame,
    area: Area,
    services: Services,
    settings: Sequence[str],
    axes: Mapping[str, Sequence[str]],
    price_base: str,
    arm: str = "baseline",
) -> dict[str, pl.DataFrame]:
    """Lay arrays of care out as tables.

    Args:
        central: values by name: ``care_activity [Y, P, 5, 6, L]``, ``care_spend [Y, P, 5, L]``,
            ``care_staff [Y, settings, groups, m]``, ``care_beds [Y, types, m]``,
            ``care_waits [Y, specialties, m]``, ``care_gap [settlements, Y, settings + 1, 3]``,
            ``care_drivers [Y, settings, drivers]``, ``care_summary [Y, P + 1, M]``,
            ``care_whole [Y, W]``.
        bounds: lower and upper of each; None without draws.
        sampling: half-widths of the summaries; None where not worked out.
        frame: the years.
        area: the area.
        services: the services.
        settings: settings, in the catalogue's order.
        axes: ids along the other axes: staff_group, bed_type, specialty, settlement.
        price_base: the words of the column of that name.
        arm: label of the arm.

    Returns:
        Frames by table; ``summary`` holds only the rows of care.
    """
    places = [place.code for place in area.places]
    keyed = [f"{s}|{i}" for s, i in zip(services.settings, services.ids, strict=True)]
    totals = summary_measures(services, settings)
    wholes = whole_measures(axes["staff_group"], axes["settlement"])
    of_gap = [*settings, "unexplained"]
    measures = [*workforce.MEASURES, *beds.MEASURES, *waits.MEASURES, *GAP]
    lay = Layout(
        arm,
        bounds,
        {
            "year": frame.labels,
            "place": ["", *places],
            "segment": SEGMENTS,
            "service": keyed,
            "setting": of_gap,
            "measure": [*measures, *(m for m, _ in totals), *(m for m, _ in wholes)],
            "driver": drivers.DRIVERS,
            **axes,
        },
    )
    year: dict[str, Labels] = {"year": frame.labels}
    activity = lay.frame(
        "care_activity",
        central["care_activity"],
        {**year, "place": places, "imd_quintile": QUINTILES, "segment": SEGMENTS, "service": keyed},
        ("year", "place", "service", "imd_quintile", "segment"),
    )
    spend = _by_payer(
        lay.frame(
            "care_spend",
            central["care_spend"],
            {**year, "place": places, "imd_quintile": QUINTILES, "service": keyed},
            ("year", "place", "service", "imd_quintile"),
        ),
        services,
        keyed,
    )
    staff = lay.frame(
        "care_staff",
        central["care_staff"],
        {
            **year,
            "setting": settings,
            "staff_group": axes["staff_group"],
            "measure": list(workforce.MEASURES),
        },
        ("year", "setting", "staff_group", "measure"),
    )
    bed = lay.frame(
        "care_beds",
        central["care_beds"],
        {**year, "bed_type": axes["bed_type"], "measure": list(beds.MEASURES)},
        ("year", "bed_type", "measure"),
        keep=_known,
    )
    waiting = lay.frame(
        "care_waits",
        central["care_waits"],
        {**year, "specialty": axes["specialty"], "measure": list(waits.MEASURES)},
        ("year", "specialty", "measure"),
        keep=_known,
    )
    gap = lay.frame(
        "care_gap",
        central["care_gap"],
        {
            "settlement": axes["settlement"],
            **year,
            "setting": of_gap,
            "measure": list(GAP),
        },
        ("year", "setting", "measure", "settlement"),
        keep=_known,
    )
    drive = lay.frame(
        "care_drivers",
        central["care_drivers"],
        {**year, "setting": settings, "driver": drivers.DRIVERS},
        ("year", "setting", "driver"),
        keep=_known,
    )
    total = lay.frame(
        "care_summary",
        central["care_summary"],
        {**year, "place": ["", *places], "measure": [m for m, _ in totals]},
        ("year", "place", "measure"),
        {} if sampling is None else {"sampling_error": sampling["care_summary"]},
        keep=_known,
    )
    whole = lay.frame(
        "care_whole",
        central["care_whole"],
        {**year, "measure": [m for m, _ in wholes]},
        ("year", "measure"),
        {} if sampling is None else {"sampling_error": sampling["care_whole"]},
        keep=_known,
    )
    rows = pl.concat([total, whole.with_columns(lay.nowhere("place"))], how="diagonal")
    if sampling is None:
        rows = rows.with_columns(sampling_error=pl.lit(None, pl.Float64))
    price = pl.lit(price_base).alias("price_base")
    return {
        "activity": _with_service(activity, services, keyed),
        "spend": _with_service(spend, services, keyed, unit=False).with_columns(price),
        "staff": staff.with_columns(_unit(workforce.MEASURES)),
        "beds": bed.with_columns(_unit(beds.MEASURES)),
        "waits": waiting.with_columns(_unit(waits.MEASURES)),
        "gap": gap.with_columns(_unit(GAP), price),
        "drivers": drive.with_columns(pl.lit("£ a year").alias("unit"), price),
        "summary": rows.with_columns(_unit(dict(totals) | dict(wholes))),
    }


def _known(value: Array) -> NDArray[np.bool_]:
    known: NDArray[np.bool_] = ~np.isnan(value)
    return known


def _unit(units: Mapping[str, str]) -> pl.Expr:
    return (
        pl.col("measure")
        .cast(pl.String)
        .replace_strict(units, return_dtype=pl.String)
        .alias("unit")
    )


def _with_service(
    rows: pl.DataFrame, services: Services, keyed: list[str], unit: bool = True
) -> pl.DataFrame:
    """Splits the key "setting|service", whose order is that of the table, into its columns."""
    code = pl.Series(_positions(keyed), dtype=pl.UInt32).gather(rows["service"].to_physical())

    def column(name: str, values: Sequence[str]) -> pl.Series:
        kind = pl.Enum(sorted(set(values)))
        return pl.Series(name, list(values), dtype=kind).gather(code)

    found = [column("setting", services.settings), column("service", services.ids)]
    if unit:
        found.append(column("unit", services.units))
    return rows.drop("service").with_columns(found)


def _positions(keyed: list[str]) -> list[int]:
    """Where the services stand whose categories a layout has put in the order of their letters."""
    return [keyed.index(key) for key in sorted(keyed)]


def _by_payer(rows: pl.DataFrame, services: Services, keyed: list[str]) -> pl.DataFrame:
    """One row for each payer that bears a share of the service."""
    parts = []
    kind = pl.Enum(sorted(services.payers))
    at = _positions(keyed)
    code = rows["service"].to_physical().to_numpy()
    for k, payer in enumerate(services.payers):
        share = services.payer_share[at, k][code]
        paid = share > 0
        if not paid.any():
            continue
        by = pl.Series(share[paid])
        parts.append(
            rows.filter(pl.Series(paid)).with_columns(
                pl.lit(payer, kind).alias("payer"),
                *(pl.col(c) * by for c in ("value", "lower", "upper")),
            )
        )
    return pl.concat(parts)
