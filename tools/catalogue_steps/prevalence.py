"""England's prevalence by condition, sex, fifth and age, and every board's registers.

Run after the population step, whose tables it reads. In order: the shape by age and sex from
Kuan et al. (2010, ever recorded); the deprivation gradient from QOF 2019/20 with the age structure
of each fifth taken out; the level from QOF 2023/24, or from a catalogue row where there is no
register; the registers' change from 2019/20 to 2023/24 net of ageing.

Everything is added up on the logit scale, so no prevalence can pass 1 and a change of level (QOF
2019/20 for a 2019 base, a board's own register) is one further term that leaves nothing of the
level it replaces.
"""

from __future__ import annotations

import csv
import math
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.optimize import root

Array = NDArray[np.float64]

AGES = np.arange(106)
SEXES = ("female", "male")
BANDS = ("0", "10", "20", "30", "40", "50", "60", "70", "80")
LIST_DATE = "2025-04-01"  # of the two extracts held, the nearer to the register (31 March 2024)
COLUMNS = (
    *("id", "label", "value", "lower", "upper", "distribution", "unit"),
    *("source", "as_of", "grade", "note"),
)
FLOOR = 1e-7  # a shape of exactly 0 has no logit

SHAPES = "kuan_prevalence_308_age_sex_2010.csv"
SHAPE_PEOPLE = "wh_pop_age_sex_qimd_2001_2016.csv"
REGISTERS = "icb_qof_prevalence_2019_2023.csv"
LISTS = "icb_registered_pop_age_sex.csv"
FIFTHS = "qof1920_prevalence_imd_decile.csv"
PEOPLE_2020 = "la_pop_age_imd2019_mid2020.csv"
PEOPLE_2023 = "la_population_by_single_age.csv"

# QOF's own code for each register, as the file by deprivation names it. Its name in the file by
# board and its youngest age stand in conditions.toml.
CODES = {
    "hypertension": "HYP",
    "coronary_heart_disease": "CHD",
    "stroke_tia": "STIA",
    "atrial_fibrillation": "AF",
    "heart_failure": "HF",
    "diabetes": "DM",
    "ckd": "CKD",
    "copd": "COPD",
    "asthma": "AST",
    "dementia": "DEM",
    "epilepsy": "EP",
}
# Conditions whose gradient, but not level, comes from a register: its code and minimum age.
GRADIENT_ONLY = {
    "anxiety_depression": ("DEP", 18),
    "psychosis": ("MH", 0),
    "connective_tissue_disease": ("RA", 16),
}


def build(reference: Path, out: Path) -> list[str]:
    """Writes prevalence.csv, registers.csv and parameters/prevalence_derived.csv.

    Args:
        reference: the folder of reference files.
        out: the catalogue's folder, holding `tables/` (with the population and membership tables)
            and `parameters/prevalence.csv`.

    Returns:
        The names of the reference files read.
    """
    rows = _parameters(out / "parameters" / "prevalence.csv")
    shape_rows = pl.read_csv(out / "tables" / "prevalence_shape_rows.csv")
    described = _conditions(out / "conditions.toml")
    conditions = [c["id"] for c in described]
    on_register = {c["id"]: (c["register"], c["register_from_age"]) for c in described}
    boards, people_2025 = board_people(out, 2025)
    _, people_2019 = board_people(out, 2019)
    registers = _registers(reference, on_register, boards, people_2025, people_2019)
    shapes = {c: _shape(reference, shape_rows, c, rows) for c in conditions}

    england = people_2025.sum(0)
    mid_2020 = _fifths_2020(reference, people_2019.sum(0))
    hold = np.interp(AGES, *_attenuation(rows))
    logits, gradients = {}, {}
    for c in conditions:
        first = on_register[c][1]
        gradients[c] = _gradient(reference, c, first, shapes[c], hold, mid_2020, rows)
        terms = shapes[c][:, None, :] + gradients[c][:, None] * hold
        target, first = _level(c, registers, rows, england)
        logits[c] = terms + _shift(terms, england * (first <= AGES), target)
    _write_prevalence(out, logits)
    _write_gradients(out, gradients)
    registers.write_csv(out / "tables" / "registers.csv")
    growth = _growth(reference, registers, logits, england)
    _write_derived(out, gradients, growth, rows, {c["id"]: c["label"] for c in described})
    return [SHAPES, SHAPE_PEOPLE, REGISTERS, LISTS, FIFTHS, PEOPLE_2020, PEOPLE_2023]


def board_people(folder: Path, year: int) -> tuple[list[str], Array]:
    """Residents of every board.

    Args:
        folder: the catalogue's.
        year: 2025 or 2019, the year of the population table.

    Returns:
        The boards' ODS codes, sorted, and people [board, sex, quintile, age].
    """
    people = pl.read_csv(folder / "tables" / f"population_{year}.csv")
    share = pl.read_csv(folder / "tables" / "membership.csv").select("authority", "board", "share")
    ages = [f"a{a}" for a in AGES]
    table = (
        people.join(share, on="authority")
        .group_by("board", "sex", "quintile")
        .agg((pl.col(a) * pl.col("share")).sum() for a in ages)
    )
    boards = share["board"].unique().sort().to_list()
    out = np.zeros((len(boards), 2, 5, AGES.size))  # a fifth with no people has no rows
    place = {board: i for i, board in enumerate(boards)}
    rows = [place[board] for board in table["board"]]
    sexes = [SEXES.index(sex) for sex in table["sex"]]
    out[rows, sexes, table["quintile"].to_numpy() - 1] = table.select(ages).to_numpy()
    return boards, out


def _parameters(path: Path) -> dict[str, float]:
    with path.open(encoding="utf-8", newline="") as file:
        return {row["id"]: float(row["value"]) for row in csv.DictReader(file)}


def _attenuation(rows: Mapping[str, float]) -> tuple[list[float], list[float]]:
    prefix = "prevalence.gradient_at_age."
    points = sorted((float(k[len(prefix) :]), v) for k, v in rows.items() if k.startswith(prefix))
    return [a for a, _ in points], [v for _, v in points]


def expit(x: Array) -> Array:
    """The inverse of the logit."""
    return np.asarray(1.0 / (1.0 + np.exp(-x)))


def _logit(p: Array) -> Array:
    return np.asarray(np.log(p / (1.0 - p)))


def _shift(logit: Array, people: Array, cases: float) -> float:
    """The one term that, added to every logit, makes `cases` people expected to be ill."""
    start = math.log(cases / (people.sum() - cases))
    found = root(lambda d: np.log((expit(logit + d[0]) * people).sum() / cases), [start + 3.0])
    if not found.success:
        raise RuntimeError(f"no level reaches {cases:,.0f} cases: {found.message}")
    return float(found.x[0])


# --- shape ------------------------------------------------------------------------------------


def _shape(
    reference: Path, shape_rows: pl.DataFrame, condition: str, rows: Mapping[str, float]
) -> Array:
    """Logit of prevalence [sex, age] in the source: only its shape is used."""
    mine = shape_rows.filter(pl.col("condition") == condition)
    rates = pl.read_csv(reference / SHAPES, infer_schema_length=None).filter(
        (pl.col("ethnicity") == "alleth") & pl.col("Label").is_in(mine["row"].to_list())
    )
    missing = set(mine["row"]) - set(rates["Label"])
    if missing:
        raise RuntimeError(f"{SHAPES} has no row {sorted(missing)} for {condition}")
    weights = _people_2010(reference)
    out = np.empty((2, AGES.size))
    for s, sex in enumerate(SEXES):
        table = rates.filter(pl.col("sex") == sex).pivot(
            index="Label", on="age_band", values="prev.rate"
        )
        p = table.select(BANDS).fill_null(0.0).to_numpy() / 1e4
        share = p.sum(0) if mine["rule"][0] == "sum" else 1.0 - np.prod(1.0 - p, axis=0)
        out[s] = _single_ages(np.clip(share, FLOOR, 0.95), weights[s], rows)
    if condition == "chronic_pain":
        for s, sex in enumerate(SEXES):
            out[s] = _tilt(
                out[s],
                weights[s],
                rows["condition.chronic_pain.age_ratio." + sex],
                rows["condition.chronic_pain.age_ratio.until"],
                rows["condition.chronic_pain.level"],
            )
    return out


def _people_2010(reference: Path) -> Array:
    """England's people [sex, age] in the year of the shapes; ages over 100 count nothing."""
    table = pl.read_csv(reference / SHAPE_PEOPLE).filter(pl.col("year") == 2010)
    out = np.zeros((2, AGES.size))
    for s, name in enumerate(("women", "men")):
        mine = table.filter(pl.col("sex") == name).group_by("age").agg(pl.col("pops").sum())
        out[s, mine["age"].to_numpy()] = mine["pops"].to_numpy()
    return out


def _single_ages(share: Array, weight: Array, rows: Mapping[str, float]) -> Array:
    """Smooth single-age logits whose mean over each ten-year band is the band's own.

    Between the bands' mean ages a monotone cubic in the logit; below the first, prevalence rises
    from 0 at birth; beyond the last, part of the last slope goes on for some years.
    """
    band = np.minimum(AGES // 10, len(BANDS) - 1)

    def mean(x: Array) -> Array:
        return np.asarray(
            [np.average(x[band == b], weights=weight[band == b]) for b in range(len(BANDS))]
        )

    at = mean(AGES.astype(float))
    target = _logit(share)
    knots = target.copy()
    beyond = np.clip(AGES - at[-1], 0.0, rows["prevalence.tail_years"])
    infancy = np.minimum((AGES + 0.5) / (at[0] + 0.5), 1.0) ** rows["prevalence.infancy_power"]
    out = np.empty(AGES.size)
    for _ in range(200):
        slope = rows["prevalence.tail_slope"] * (knots[-1] - knots[-2]) / (at[-1] - at[-2])
        inner = PchipInterpolator(at, knots)(np.clip(AGES, at[0], at[-1]))
        out = _logit(np.clip(expit(inner + slope * beyond) * infancy, FLOOR, 1 - FLOOR))
        miss = target - _logit(np.clip(mean(expit(out)), FLOOR, 1 - FLOOR))
        if np.abs(miss).max() < 1e-9:
            break
        knots = np.maximum(knots + miss, math.log(FLOOR))
    return out


def _tilt(logit: Array, weight: Array, ratio: float, until: float, level: float) -> Array:
    """Tilts a proxy's logit over working ages until 75 and over stand to 16-34 as `ratio`.

    The ratio depends on the level too, so the tilt is found at the level that will be used.
    """
    adult, young, old = AGES >= 18, (AGES >= 16) & (AGES <= 34), AGES >= 75
    # Even from 16, then eased out over twenty years about `until` so that the curve has no corner;
    # outside working ages the proxy's own slope stands.
    slope = np.clip((until + 10 - AGES) / 20, 0, 1) * (AGES >= 16)
    rise = np.cumsum(slope) / slope.sum()

    def tilted(x: Array) -> Array:
        return np.asarray(logit + x[0] + x[1] * rise)

    def miss(x: Array) -> list[float]:
        p = expit(tilted(x))
        return [
            math.log(np.average(p[adult], weights=weight[adult]) / level),
            math.log(
                np.average(p[old], weights=weight[old])
                / np.average(p[young], weights=weight[young])
                / ratio
            ),
        ]

    found = root(miss, [-1.0, -1.0])
    if not found.success:
        raise RuntimeError(f"the pain shape cannot be tilted: {found.message}")
    return tilted(found.x)


# --- gradient ---------------------------------------------------------------------------------


def _fifths_2020(reference: Path, people_2019: Array) -> Array:
    """England mid-2020 [sex, quintile, age]: published, with sexes and 90+ split as in 2019."""
    table = (
        pl.read_csv(reference / PEOPLE_2020)
        .group_by("imd_quintile", "age")
        .agg(pl.col("people").sum())
    )
    persons = np.zeros((5, 91))
    persons[table["imd_quintile"].to_numpy() - 1, table["age"].to_numpy()] = table["people"]
    group = np.minimum(AGES, 90)
    known = people_2019.sum(0)
    both = np.concatenate([known[:, :90], known[:, 90:].sum(1, keepdims=True)], axis=1)
    return np.asarray(people_2019 * (persons / both)[:, group])


def _gradient(
    reference: Path,
    condition: str,
    first: int,
    shape: Array,
    hold: Array,
    people: Array,
    rows: Mapping[str, float],
) -> Array:
    """Log odds of each fifth against their mean, before attenuation with age."""
    stated = rows.get(f"condition.{condition}.gradient")
    if stated is not None:
        return math.log(stated) * np.linspace(0.5, -0.5, 5)
    if condition in CODES:
        code = CODES[condition]
    else:
        code, first = GRADIENT_ONLY[condition]
    share, scale = _fifths(reference, code)
    weight = people * (first <= AGES)
    # Percentages are of registered lists; the same rise for all fifths puts them on residents.
    target = share * scale / weight.sum()

    def miss(x: Array) -> list[float]:
        p = expit(shape[:, None, :] + x[0] + x[1:, None] * hold)
        crude = (p * weight).sum((0, 2)) / weight.sum((0, 2))
        return [*np.log(crude / target), x[1:].sum()]

    found = root(miss, np.r_[-1.0, np.zeros(5)])
    if not found.success:
        raise RuntimeError(f"no gradient fits {condition}: {found.message}")
    return np.asarray(found.x[1:])


def _fifths(reference: Path, code: str) -> tuple[Array, float]:
    """A register's share of the list in each fifth (1 = most deprived first), and the list."""
    table = (
        pl.read_csv(reference / FIFTHS, infer_schema_length=None)
        .filter((pl.col("group_code") == code) & (pl.col("imd_overall") != "Wales"))
        .with_columns(fifth=(pl.col("imd_overall").cast(pl.Int64) - 1) // 2)
        .group_by("fifth")
        .agg(pl.col("register").sum(), pl.col("list").sum())
        .sort("fifth")
    )
    return (table["register"] / table["list"]).to_numpy(), float(table["list"].sum())


# --- level ------------------------------------------------------------------------------------


def _conditions(path: Path) -> list[dict[str, Any]]:
    with path.open("rb") as file:
        return list(tomllib.load(file)["condition"])


def _registers(
    reference: Path,
    on_register: Mapping[str, tuple[str, int]],
    boards: Sequence[str],
    people_2025: Array,
    people_2019: Array,
) -> pl.DataFrame:
    """Register percentage, list and cases by board; the lists of 2019/20 are worked out.

    No board's list of 2020 is held. A board's list is taken to stand to its residents as in 2025,
    scaled so that England's is that of QOF 2019/20: which lists are long is a lasting fact of a
    place, and no trend after 2020 comes in with it.
    """
    lists = (
        pl.read_csv(reference / LISTS)
        .filter(pl.col("extract_date") == LIST_DATE)
        .with_columns(age=pl.col("age").str.replace("+", "", literal=True).cast(pl.Int64))
    )
    published = pl.read_csv(reference / REGISTERS)
    frames = []
    for condition, code in CODES.items():
        name, first = on_register[condition]
        percents = published.filter(pl.col("metric") == name)
        on_list = dict(
            lists.filter(pl.col("age") >= first)
            .group_by("org_code")
            .agg(pl.col("number_of_patients").sum())
            .iter_rows()
        )
        now = np.asarray([on_list[b] for b in boards], dtype=float)
        living = {
            2023: people_2025[..., first:].sum((1, 2, 3)),
            2019: people_2019[..., first:].sum((1, 2, 3)),
        }
        then = now * living[2019] / living[2023]
        size = {2023: now, 2019: then * _fifths(reference, code)[1] / then.sum()}
        for year in (2019, 2023):
            mine = dict(percents.filter(pl.col("year") == year).select("org", "value").iter_rows())
            percent = np.asarray([mine[b] for b in boards])
            frames.append(
                pl.DataFrame(
                    {
                        "board": boards,
                        "condition": condition,
                        "register": name.replace(": QOF prevalence", ""),
                        "year": year,
                        "percent": np.round(percent, 6),
                        "list": np.round(size[year], 0),
                        "minimum_age": first,
                        "cases": np.round(percent / 100 * size[year], 1),
                        "residents": np.round(living[year], 0),
                    }
                )
            )
    return pl.concat(frames).sort("board", "condition", "year")


def _level(
    condition: str, registers: pl.DataFrame, rows: Mapping[str, float], england: Array
) -> tuple[float, int]:
    """Cases in England in the base year, and the youngest age that counts."""
    mine = registers.filter((pl.col("condition") == condition) & (pl.col("year") == 2023))
    if not mine.is_empty():
        return float(mine["cases"].sum()), int(mine["minimum_age"][0])
    first = int(rows[f"condition.{condition}.level_from_age"])
    return rows[f"condition.{condition}.level"] * float(england[..., first:].sum()), first


# --- growth -----------------------------------------------------------------------------------


def _growth(
    reference: Path, registers: pl.DataFrame, logits: Mapping[str, Array], england: Array
) -> dict[str, tuple[float, float, float]]:
    """Each register's yearly log change 2019/20 to 2023/24 net of ageing.

    Returns:
        By condition: the change net of ageing, the part that ageing explains, and the standard
        deviation between boards of the change.
    """
    age = np.minimum(AGES, 90)
    columns = [str(a) for a in range(90)] + ["90+"]
    late = (
        pl.read_csv(reference / PEOPLE_2023)
        .filter(pl.col("code").str.starts_with("E0"))
        .select(pl.col(columns).sum())
        .to_numpy()[0]
    )
    early = np.zeros(91)
    table = pl.read_csv(reference / PEOPLE_2020).group_by("age").agg(pl.col("people").sum())
    early[table["age"].to_numpy()] = table["people"]
    now = np.zeros(91)
    np.add.at(now, age, england.sum((0, 1)))
    out = {}
    for condition in CODES:
        mine = registers.filter(pl.col("condition") == condition)
        first = int(mine["minimum_age"][0])
        # Composition by sex and fifth is held at each age; only the age structure moves.
        p = expit(logits[condition]) * england
        rate = np.zeros(91)
        np.add.at(rate, age, p.sum((0, 1)))
        rate /= now

        def crude(people: Array, rate: Array = rate, first: int = first) -> float:
            return float(np.average(rate[first:], weights=people[first:]))

        # The structures are three years apart (mid-2020, mid-2023), the registers four.
        ageing = math.log(crude(late) / crude(early)) / 3.0
        wide = mine.pivot(index="board", on="year", values="percent")
        size = mine.filter(pl.col("year") == 2023).sort("board")["list"].to_numpy()
        wide = wide.sort("board")
        before, after = wide["2019"].to_numpy(), wide["2023"].to_numpy()
        # One set of lists for both years: boards growing apart are no change in prevalence.
        change = math.log(float((after * size).sum() / (before * size).sum())) / 4.0
        out[condition] = (change - ageing, ageing, float(np.std(np.log(after / before)) / 4.0))
    return out


# --- writing ----------------------------------------------------------------------------------


def _write_prevalence(out: Path, logits: Mapping[str, Array]) -> None:
    path = out / "tables" / "prevalence.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["condition", "sex", "quintile", *(f"a{a}" for a in AGES)])
        for condition, logit in logits.items():
            share = expit(logit)
            for s, sex in enumerate(SEXES):
                for q in range(5):
                    cells = (f"{x:.5g}" for x in share[s, q])
                    writer.writerow([condition, sex, q + 1, *cells])


def _write_gradients(out: Path, gradients: Mapping[str, Array]) -> None:
    path = out / "tables" / "prevalence_gradients.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["condition", "quintile", "log_odds"])
        for condition, logs in gradients.items():
            writer.writerows([condition, q + 1, f"{x + 0.0:.6f}"] for q, x in enumerate(logs))


def _write_derived(
    out: Path,
    gradients: Mapping[str, Array],
    growth: Mapping[str, tuple[float, float, float]],
    rows: Mapping[str, float],
    labels: Mapping[str, str],
) -> None:
    lines: list[list[object]] = []

    def add(*cells: object) -> None:
        lines.append(list(cells))

    for condition, logs in gradients.items():
        if f"condition.{condition}.gradient" in rows:
            continue
        code = CODES.get(condition) or GRADIENT_ONLY[condition][0]
        value = math.exp(logs[0] - logs[4])
        by_fifth = ", ".join(f"{math.exp(x - logs[4]):.3f}" for x in logs)
        add(
            f"condition.{condition}.gradient",
            f"{labels[condition]}: odds in the most against the least deprived fifth, "
            "at ages 20 to 60",
            f"{value:.6f}",
            f"{value * 0.93:.4f}",
            f"{value * 1.15:.4f}",
            "lognormal",
            "odds ratio",
            f"QOF 2019/20 {code} register by IMD decile (NHS England; apportioned by House of "
            "Commons Library), age structure removed with the shape of Kuan et al. 2010",
            "2020-03-31",
            "D",
            f"Fitted by tools/catalogue_steps/prevalence.py; fifths 1 to 5: {by_fifth}. The "
            "interval is assumed and leans up: apportioning practices to areas flattens gradients.",
        )
    for condition, (net, ageing, between) in growth.items():
        half = 1.96 * between
        add(
            f"condition.{condition}.growth",
            f"{labels[condition]}: yearly change of register prevalence at a given age, "
            "2019/20 to 2023/24",
            f"{net:.5f}",
            f"{net - half:.5f}",
            f"{net + half:.5f}",
            "normal",
            "log change per year",
            "QOF 2019/20 and 2023/24 (NHS England) net of ageing from ONS mid-2020 to mid-2023",
            "2024-03-31",
            "D",
            f"Ageing alone explains {ageing:+.4f} a year, taken out. The interval is how far "
            "boards differ (1.96 standard deviations). The mid-2020 structure predates the 2021 "
            "census: cohorts survived from it miss mid-2023 by at most 1.2% at 55 and over, some "
            f"0.1% a year here. Used times condition.{condition}.growth_trust.",
        )
    path = out / "parameters" / "prevalence_derived.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(lines)
