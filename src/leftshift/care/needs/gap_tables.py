"""From the figures of a needs assessment to its tables of differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from leftshift.areas.geography import ENGLAND
from leftshift.care.needs.measures import (
    Z95,
    Estimates,
    Funnel,
    funnel,
    relative_index,
    slope_index_between,
)
from leftshift.care.needs.networks import COMPONENTS
from leftshift.care.needs.picture import UNDER_75
from leftshift.care.needs.tables import INDEX_UNIT, PER, PER_UNIT, Assessment, bounds_of, sets_of
from leftshift.people.tables import SEXES

__all__ = ["against", "funnels", "inequality"]

Array = NDArray[np.float64]

#: What funnels are drawn of: places' standardised rates and networks' need indices.
_PLACE_FUNNELS = ("major_illness", "four_or_more", UNDER_75)
_NETWORK_FUNNELS = ("core", "inequalities", "primary_medical")
_POSITION = {0: "inside", 1: "above 95%", 2: "above 99.8%", -1: "below 95%", -2: "below 99.8%"}


def inequality(made: Assessment) -> pl.DataFrame:
    """The table need_inequality."""
    rows: list[tuple[Any, ...]] = []
    for one, kind, code in zip(
        sets_of(made), ("area", "england"), (made.area.code, ENGLAND), strict=True
    ):
        first = one.picture.places
        people = one.picture.ages.sum(axis=(1, 2))[first:]
        found, error = one.figures.standard, one.errors.get("standard")
        low, high, _ = bounds_of(found, error)
        spread = (high - low) / (2.0 * Z95)
        for m, name in enumerate(made.measures):
            dead = name.startswith("deaths")
            unit = "deaths a year per 100,000 people" if dead else PER_UNIT
            rows += _indices(
                (kind, code, "death" if dead else "illness", name, ""), "dsr", unit,
                found.value[first:, m] * PER, spread[first:, m] * PER, people,
            )  # fmt: skip
        life, more = one.figures.life, one.errors.get("life")
        low, high, _ = bounds_of(life, more)
        for s, sex in enumerate(SEXES):
            rows += _indices(
                (kind, code, "death", "life_expectancy", sex), "years", "years",
                life.value[:, s], (high - low)[:, s] / (2.0 * Z95), people,
            )  # fmt: skip
        if made.basket is None or one.figures.indirect is None:
            continue
        wide = one.errors.get("indirect")
        for k, name in enumerate(made.basket.ids):
            value = one.figures.indirect[first:, k]
            half = wide[first:, k] / Z95 if wide is not None else np.zeros_like(value)
            rows += _indices(
                (kind, code, made.basket.domains[k], name, ""), "isr", made.basket.units[k],
                value, half, people,
            )  # fmt: skip
    columns = [
        *("unit_kind", "unit_code", "domain", "measure", "sex", "index", "rate_kind", "unit"),
        *("value", "lower", "upper"),
    ]
    return pl.DataFrame(rows, schema=columns, orient="row", infer_schema_length=None)


def _indices(
    key: tuple[str, ...],
    rate_kind: str,
    unit: str,
    value: Array,
    error: Array,
    people: Array,
) -> list[tuple[Any, ...]]:
    """Rows of the four indices of one measure; values are of the area, its fifths and the rest."""
    fifths, errors, size = value[1:6], error[1:6], people[1:6]
    out: list[tuple[Any, ...]] = []
    lived = size > 0
    if lived.sum() < 2 or not np.isfinite(fifths[lived]).all():
        return out
    slope = slope_index_between(np.nan_to_num(fifths), np.nan_to_num(errors), size)
    ratio = relative_index(np.nan_to_num(fifths), np.nan_to_num(errors), size)
    pairs: list[tuple[str, str, Estimates]] = [
        ("slope_index", unit, slope),
        ("relative_index", "ratio", ratio),
    ]
    core, rest = float(value[1]), float(value[6])
    if size[0] > 0 and np.isfinite(core) and np.isfinite(rest) and rest > 0 and core > 0:
        both = float(np.hypot(error[1], error[6]))
        relative = float(np.hypot(error[1] / core, error[6] / rest))
        gap = np.array(core - rest)
        times = np.array(core / rest)
        pairs += [
            ("core20_gap", unit, Estimates(gap, gap - Z95 * both, gap + Z95 * both)),
            (
                "core20_ratio",
                "ratio",
                Estimates(times, times * np.exp(-Z95 * relative), times * np.exp(Z95 * relative)),
            ),
        ]
    for index, in_unit, found in pairs:
        ends = (float(found.value), float(found.lower), float(found.upper))
        if np.isfinite(ends).all():
            out.append((*key, index, rate_kind, in_unit, *ends))
    return out


def against(made: Assessment) -> pl.DataFrame | None:
    """The table need_against; None without use."""
    if made.basket is None:
        return None
    parts = []
    for one in sets_of(made):
        used, equal, ratio = one.figures.used, one.figures.equal, one.figures.against
        assert used is not None and equal is not None and ratio is not None
        half = one.errors.get("against", np.zeros_like(ratio))
        real = np.array([bool(unit[0]) for unit in one.units])[:, None]
        row, column = np.nonzero(np.isfinite(ratio) & np.isfinite(used) & real)
        at = (row, column)
        parts.append(
            pl.DataFrame(
                {
                    "unit_kind": [one.units[r][0] for r in row],
                    "unit_code": [one.units[r][1] for r in row],
                    "imd_quintile": [one.units[r][2] for r in row],
                    "domain": [made.basket.domains[k] for k in column],
                    "measure": [made.basket.ids[k] for k in column],
                    "unit": [made.basket.units[k] for k in column],
                    "value": used[at],
                    "expected": equal[at],
                    "ratio": ratio[at],
                    "lower": np.maximum(ratio[at] - half[at], 0.0),
                    "upper": ratio[at] + half[at],
                }
            )
        )
    return pl.concat(parts)


def funnels(made: Assessment) -> pl.DataFrame:
    """The table need_funnel."""
    parts = []
    found, error = made.figures.standard, made.errors.get("standard")
    low, high, _ = bounds_of(found, error)
    places = made.picture.places
    codes = [p.code for p in made.area.places]
    for name in _PLACE_FUNNELS:
        m = made.measures.index(name)
        value = found.value[:places, m]
        spread = ((high - low) / (2.0 * Z95))[:places, m]
        with np.errstate(divide="ignore", invalid="ignore"):
            # The people among whom a plain count would have the same standard error.
            size = value / spread**2
        target = float(found.value[places, m])
        if not np.isfinite(target) or target <= 0:
            continue
        drawn = funnel(value, size, target, made.winsorised, made.fewest)
        dead = name.startswith("deaths")
        unit = "deaths a year per 100,000 people" if dead else PER_UNIT
        about = ("place", "death" if dead else "illness", name, "dsr", unit)
        parts.append(_funnel_rows(about, codes, value, size, drawn, PER))
    lists = made.networks
    for name in _NETWORK_FUNNELS if lists.codes else ():
        value = lists.index[:, COMPONENTS.index(name)]
        target = float((value * lists.weighed).sum() / lists.weighed.sum())
        drawn = funnel(value, lists.weighed, target, made.winsorised, made.fewest)
        about = ("network", "need", f"need_{name}", "index", INDEX_UNIT)
        parts.append(_funnel_rows(about, list(lists.codes), value, lists.weighed, drawn, 1.0))
    return pl.concat(parts) if parts else pl.DataFrame(schema=_FUNNEL_SCHEMA)


_FUNNEL_SCHEMA: dict[str, Any] = {
    **dict.fromkeys(
        ("unit_kind", "unit_code", "domain", "measure", "rate_kind", "unit"), pl.String
    ),
    **dict.fromkeys(("value", "size", "target", "dispersion"), pl.Float64),
    **dict.fromkeys(("lower95", "upper95", "lower998", "upper998"), pl.Float64),
    "position": pl.String,
}


def _funnel_rows(
    about: tuple[str, str, str, str, str],
    codes: list[str],
    value: Array,
    size: Array,
    drawn: Funnel,
    per: float,
) -> pl.DataFrame:
    kind, domain, measure, rate_kind, unit = about
    frame = pl.DataFrame(
        {
            "unit_kind": [kind] * len(codes),
            "unit_code": codes,
            "domain": [domain] * len(codes),
            "measure": [measure] * len(codes),
            "rate_kind": [rate_kind] * len(codes),
            "unit": [unit] * len(codes),
            "value": value * per,
            "size": size,
            "target": np.full(len(codes), drawn.target * per),
            "dispersion": np.full(len(codes), drawn.dispersion),
            "lower95": drawn.lower95 * per,
            "upper95": drawn.upper95 * per,
            "lower998": drawn.lower998 * per,
            "upper998": drawn.upper998 * per,
            "position": [_POSITION[int(one)] for one in drawn.outside],
        }
    )
    return frame.filter(pl.col("lower95").is_finite() & pl.col("value").is_finite())
