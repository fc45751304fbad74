"""The reference figures behind the population tables, as arrays on one order of authorities."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

Array = NDArray[np.float64]
SEXES = ("female", "male")
YEARS = range(2019, 2044)
OPEN = 91  # ages 0 to 89 and 90 and over

FILES = [
    "la_pop_age_imd2019_mid2020.csv",
    "la_population_by_single_age.csv",
    "snpp2018_components_la_sex.csv",
    "hmd_england_wales_mx.csv",
    "wh_pop_age_sex_qimd_2001_2016.csv",
    "wh_deaths_cause_age_sex_qimd_2001_2016.csv",
    "icb_registered_pop_age_sex.csv",
    "lookup_ltla24_icb24_pop_share.csv",
]

# Authorities formed between 2019 and 2023, and the 2018 codes (or county) that made them.
PREDECESSORS = {
    "E06000058": ["E06000028", "E06000029", "E07000048"],  # Bournemouth, Christchurch and Poole
    "E06000059": ["E07000049", "E07000050", "E07000051", "E07000052", "E07000053"],  # Dorset
    "E06000060": ["E07000004", "E07000005", "E07000006", "E07000007"],  # Buckinghamshire
    "E06000061": ["E07000150", "E07000152", "E07000153", "E07000156"],  # North Northamptonshire
    "E06000062": ["E07000151", "E07000154", "E07000155"],  # West Northamptonshire
    "E06000063": ["E07000026", "E07000028", "E07000029"],  # Cumberland
    "E06000064": ["E07000027", "E07000030", "E07000031"],  # Westmorland and Furness
    "E06000065": [f"E0700016{i}" for i in range(3, 10)],  # North Yorkshire
    "E06000066": [f"E07000{i}" for i in range(187, 192)],  # Somerset
    "E07000244": ["E07000205", "E07000206"],  # East Suffolk
    "E07000245": ["E07000201", "E07000204"],  # West Suffolk
}


@dataclass(frozen=True)
class Inputs:
    """Reference figures (L authorities in the order of ``codes``; sex 0 female, 1 male).

    Attributes:
        codes: ONS codes, sorted.
        mid_2020: ``[L, 5, 91]`` people by quintile and age.
        mid_2023: ``[L, 91]`` people by age.
        births: ``[L, 2, 25]`` projected, year to mid-2019 ... mid-2043.
        net: ``[L, 25]`` projected net migration of all kinds and other changes.
        international_net: ``[L, 25]`` its international part.
        international_in: ``[L, 25]`` projected international arrivals.
        deaths_2020: ``[L]`` projected deaths in the year to mid-2020.
        hmd: ``{year: [2, 111]}`` death rates of England and Wales.
        people_2016: ``[2, 101]`` England's people by sex and age.
        pooled_people: ``[2, 5, 20]`` person-years 2014-16 by quintile and age group.
        pooled_deaths: ``[2, 5, 20]`` deaths 2014-16.
        male_registered: ``[L, 91]`` male share of the registered, of the authority's boards.
        male_registered_england: ``[91]`` the same for England.
    """

    codes: list[str]
    mid_2020: Array
    mid_2023: Array
    births: Array
    net: Array
    international_net: Array
    international_in: Array
    deaths_2020: Array
    hmd: dict[int, Array]
    people_2016: Array
    pooled_people: Array
    pooled_deaths: Array
    male_registered: Array
    male_registered_england: Array


def matched(codes: list[str], published: set[str]) -> dict[str, list[str]]:
    """For each authority, the codes under which the projection lists it.

    Raises:
        ValueError: an authority has no match, or a projected district is used twice.
    """
    parts = {code: [code] if code in published else PREDECESSORS.get(code, []) for code in codes}
    lost = sorted(c for c, p in parts.items() if not p or not published.issuperset(p))
    if lost:
        raise ValueError(
            f"snpp2018_components_la_sex.csv: no projection for {', '.join(lost)}: "
            "add the predecessors to PREDECESSORS in population_inputs.py"
        )
    used = [c for p in parts.values() for c in p]
    districts = {c for c in published if c[:3] in ("E06", "E07", "E08", "E09")}
    if len(used) != len(set(used)) or set(used) != districts:
        wrong = sorted(districts.symmetric_difference(used))
        raise ValueError(f"snpp2018_components_la_sex.csv: unmatched or repeated: {wrong}")
    return parts


def _projection(path: Path, codes: list[str]) -> dict[str, Array]:
    """The components of the 2018-based projection: name -> ``[L, 2, 25]``."""
    frame = pl.read_csv(path, infer_schema_length=None)
    parts = matched(codes, set(frame["CODE"]))
    owner = {part: i for i, code in enumerate(codes) for part in parts[code]}
    columns = [str(y) for y in YEARS]
    found: dict[str, Array] = {}
    for sex, code, name, *values in frame.select("sex", "CODE", "COMPONENT", *columns).iter_rows():
        if code in owner:
            table = found.setdefault(name, np.zeros((len(codes), 2, len(columns))))
            table[owner[code], SEXES.index(sex)] += np.array(values, dtype=float)
    return found


def _mortality(path: Path) -> dict[int, Array]:
    frame = pl.read_csv(path, null_values=["."], schema_overrides={"Age": pl.String})
    out = {}
    for year in range(2014, 2022):
        rows = frame.filter(pl.col("Year") == year)
        out[year] = np.stack([rows["Female"].to_numpy(), rows["Male"].to_numpy()])
    return out


def _quintiles(reference: Path) -> tuple[Array, Array, Array]:
    people = pl.read_csv(reference / "wh_pop_age_sex_qimd_2001_2016.csv")
    deaths = pl.read_csv(
        reference / "wh_deaths_cause_age_sex_qimd_2001_2016.csv", infer_schema_length=None
    )
    sexes = {"women": 0, "men": 1}
    starts = np.array([0, 1, *range(5, 95, 5)])
    names = ["<1", "01-04", *(f"{a:02d}-{a + 4:02d}" for a in range(5, 90, 5)), "90+"]
    by_age, lived, died = np.zeros((2, 101)), np.zeros((2, 5, 20)), np.zeros((2, 5, 20))
    for age, sex, quintile, year, value in people.iter_rows():
        group = int(np.searchsorted(starts, age, side="right")) - 1
        if year >= 2014:
            lived[sexes[sex], int(quintile[0]) - 1, group] += value
        if year == 2016:
            by_age[sexes[sex], age] += value
    chosen = deaths.select("year", "sex", "qimd", "agegroup", "deaths")
    for year, sex, quintile, name, value in chosen.iter_rows():
        if year >= 2014:
            died[sexes[sex], int(quintile[0]) - 1, names.index(name)] += value
    return by_age, lived, died


def _registers(reference: Path, codes: list[str]) -> tuple[Array, Array]:
    frame = pl.read_csv(
        reference / "icb_registered_pop_age_sex.csv", schema_overrides={"age": pl.String}
    ).filter(pl.col("extract_date") == "2025-04-01")
    lookup = pl.read_csv(reference / "lookup_ltla24_icb24_pop_share.csv")
    boards = sorted(set(lookup["icb24_code_nhs"]))
    counts = np.zeros((len(boards), 2, OPEN))
    for board, sex, age, people in frame.select(
        "org_code", "sex", "age", "number_of_patients"
    ).iter_rows():
        if age[0].isdigit():
            at = min(int(age.rstrip("+")), OPEN - 1)
            counts[boards.index(board), int(sex == "MALE"), at] += people
    share = np.zeros((len(codes), len(boards)))
    for code, board, part in lookup.select(
        "ltla24_code", "icb24_code_nhs", "share_of_la"
    ).iter_rows():
        share[codes.index(code), boards.index(board)] += part
    # A board's ratio by single year is noise: seven neighbouring ages are taken together.
    smooth = np.apply_along_axis(
        lambda x: np.convolve(np.pad(x, 3, "edge"), np.ones(7), "valid"), 2, counts
    )
    male = smooth[:, 1] / smooth.sum(1)
    return share @ male / share.sum(1, keepdims=True), smooth[:, 1].sum(0) / smooth.sum((0, 1))


def read(reference: Path) -> Inputs:
    """Reads every reference figure that the population tables rest on."""
    table = pl.read_csv(reference / "la_pop_age_imd2019_mid2020.csv")
    codes = sorted(set(table["ltla24_code"]))
    at = {code: i for i, code in enumerate(codes)}
    mid_2020 = np.zeros((len(codes), 5, OPEN))
    for code, q, age, people in table.select(
        "ltla24_code", "imd_quintile", "age", "people"
    ).iter_rows():
        mid_2020[at[code], q - 1, age] += people
    later = pl.read_csv(reference / "la_population_by_single_age.csv", infer_schema_length=None)
    missing = sorted(set(codes) - set(later["code"]))
    if missing:
        raise ValueError(f"la_population_by_single_age.csv: no rows for {', '.join(missing)}")
    order = pl.DataFrame({"code": codes})
    columns = [*(str(a) for a in range(90)), "90+"]
    mid_2023 = order.join(later, on="code", how="left").select(columns).to_numpy().astype(float)
    parts = _projection(reference / "snpp2018_components_la_sex.csv", codes)
    both = {name: values.sum(1) for name, values in parts.items()}
    arrivals = both["International Migration In"]
    by_age, lived, died = _quintiles(reference)
    male, male_england = _registers(reference, codes)
    return Inputs(
        codes=codes,
        mid_2020=mid_2020,
        mid_2023=mid_2023,
        births=parts["Births"],
        net=both["All Migration Net"] + both["Other"],
        international_net=arrivals - both["International Migration Out"],
        international_in=arrivals,
        deaths_2020=both["Deaths"][:, 1],
        hmd=_mortality(reference / "hmd_england_wales_mx.csv"),
        people_2016=by_age,
        pooled_people=lived,
        pooled_deaths=died,
        male_registered=male,
        male_registered_england=male_england,
    )
