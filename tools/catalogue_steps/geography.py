"""Makes the geography tables: authorities, boards, regions and who lives in which board.

Besides the reference files it reads two lists that stand beside it: `authority_centres.csv`
(centres of authorities, from mysociety/uk_local_authority_names_and_codes,
data/source/lookups/05_la_xy.csv, rounded to a thousandth of a degree; four authorities of 2023 are
means of their former districts) and `predecessors.csv` (which authorities of 2018 became which of
2024; recalled, and checked here to use each 2018 code exactly once).
"""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

LOOKUP = "lookup_ltla24_icb24_pop_share.csv"
BOARDS = "icb_list_42.csv"
PRACTICES = "gp_practice_pcn_icb_map_dec2025.csv"
PROJECTION = "snpp2018_components_la_sex.csv"

_HERE = Path(__file__).parent
_REGION, _COUNTIES = "E12", ("E10", "E11")
_AUTHORITIES = ("E06", "E07", "E08", "E09")


class StepError(Exception):
    """A reference file does not hold what this step needs."""


def build(reference: Path, out: Path) -> list[str]:
    """Writes tables/authorities.csv, boards.csv, regions.csv and membership.csv.

    Args:
        reference: the folder of reference figures.
        out: the catalogue's folder.

    Returns:
        The names of the reference files that were read.

    Raises:
        StepError: a code in one file has no match in another.
    """
    parts = sorted(_read(reference / LOOKUP), key=lambda r: (r["ltla24_code"], r["icb24_code_nhs"]))
    names = {row["ltla24_code"]: row["ltla24_name"] for row in parts}
    centres = {row["code"]: row for row in _read(_HERE / "authority_centres.csv")}
    regions, region_of, county_of = _projection_geography(reference / PROJECTION, set(names))
    _same("authority centres", set(centres), "authorities", set(names))
    _same("authorities with a region", set(region_of), "authorities", set(names))

    boards = {row["icb24_code_nhs"]: row for row in _read(reference / BOARDS)}
    _same("boards in the lookup", {row["icb24_code_nhs"] for row in parts}, "boards", set(boards))
    nhs_of, nhs_regions = _nhs_regions(reference / PRACTICES)
    _same("boards with practices", set(nhs_of), "boards", set(boards))

    residents: dict[str, int] = defaultdict(int)
    for row in parts:
        residents[row["ltla24_code"]] += round(float(row["total_residents"]))

    tables = out / "tables"
    tables.mkdir(parents=True, exist_ok=True)
    _write(
        tables / "authorities.csv",
        ("code", "name", "region", "county", "county_name", "latitude", "longitude"),
        (
            (
                code,
                names[code],
                region_of[code],
                *county_of.get(code, ("", "")),
                centres[code]["latitude"],
                centres[code]["longitude"],
            )
            for code in sorted(names)
        ),
    )
    _write(
        tables / "membership.csv",
        ("authority", "board", "residents", "share"),
        (
            (
                row["ltla24_code"],
                row["icb24_code_nhs"],
                str(round(float(row["total_residents"]))),
                f"{float(row['total_residents']) / residents[row['ltla24_code']]:.10g}",
            )
            for row in parts
        ),
    )
    _write(
        tables / "boards.csv",
        ("ods", "ons", "name", "short_name", "region", "latitude", "longitude"),
        (
            (
                code,
                row["icb24_code"],
                row["icb24_name"],
                _short(row["icb24_name"]),
                nhs_of[code],
                *_centre([part for part in parts if part["icb24_code_nhs"] == code], centres),
            )
            for code, row in sorted(boards.items())
        ),
    )
    _write(
        tables / "regions.csv",
        ("code", "ons", "name", "kind"),
        (
            *((code, ons, name, "nhs") for code, (ons, name) in sorted(nhs_regions.items())),
            *((code, code, name, "ons") for code, name in sorted(regions.items())),
        ),
    )
    return [LOOKUP, BOARDS, PRACTICES, PROJECTION]


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def _write(path: Path, header: tuple[str, ...], rows: object) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)  # type: ignore[arg-type]


def _same(one: str, first: set[str], other: str, second: set[str]) -> None:
    if first != second:
        raise StepError(
            f"{one} do not match {other}: only in the first {sorted(first - second)}, "
            f"only in the second {sorted(second - first)}"
        )


def _short(name: str) -> str:
    return name.removeprefix("NHS ").removesuffix(" Integrated Care Board")


def _centre(parts: list[dict[str, str]], centres: dict[str, dict[str, str]]) -> tuple[str, str]:
    people = [float(part["total_residents"]) for part in parts]
    middle = []
    for axis in ("latitude", "longitude"):
        at = [float(centres[part["ltla24_code"]][axis]) for part in parts]
        middle.append(f"{sum(n * x for n, x in zip(people, at, strict=True)) / sum(people):.3f}")
    return middle[0], middle[1]


def _nhs_regions(path: Path) -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    # Every practice of a board must agree on its region: otherwise a board has none.
    of: dict[str, str] = {}
    regions: dict[str, tuple[str, str]] = {}
    for row in _read(path):
        region = row["comm_region_code"]
        if of.setdefault(row["icb_code"], region) != region:
            raise StepError(f"{path.name}: practices of {row['icb_code']} lie in several regions")
        regions[region] = (row["ons_comm_region_code"], row["comm_region_name"])
    return of, regions


def _projection_geography(
    path: Path, wanted: set[str]
) -> tuple[dict[str, str], dict[str, str], dict[str, tuple[str, str]]]:
    """Regions and counties from the order of the projection's rows: each heads what it holds."""
    regions: dict[str, str] = {}
    region_of: dict[str, str] = {}
    county_of: dict[str, tuple[str, str]] = {}
    region, county = "", ("", "")
    for row in _read(path):
        if row["sex"] != "male" or row["COMPONENT"] != "Population":
            continue
        code = row["CODE"]
        if code.startswith(_REGION):
            region = code
            # ONS heads this region "East" in these tables; its name is East of England.
            regions[code] = "East of England" if row["AREA"] == "East" else row["AREA"]
        elif code.startswith(_COUNTIES):
            county = (code, row["AREA"].removesuffix(" (Met County)"))
        elif code.startswith(_AUTHORITIES):
            region_of[code] = region
            if code.startswith(("E07", "E08")):
                county_of[code] = county
    successor: dict[str, list[str]] = defaultdict(list)
    for row in _read(_HERE / "predecessors.csv"):
        successor[row["code"]].append(row["predecessor"])
    gone = [old for olds in successor.values() for old in olds]
    _same("predecessors", set(gone), "2018 authorities that are gone", set(region_of) - wanted)
    if len(gone) != len(set(gone)):
        raise StepError("predecessors.csv: a 2018 authority is listed twice")
    for code, olds in successor.items():
        found = {region_of[old] for old in olds}
        counties = {county_of.get(old, ("", "")) for old in olds}
        if len(found) != 1:
            raise StepError(f"predecessors.csv: those of {code} lie in several regions")
        region_of[code] = found.pop()
        if code.startswith("E07") and len(counties) == 1:
            county_of[code] = counties.pop()
    for old in gone:
        region_of.pop(old)
        county_of.pop(old, None)
    return regions, region_of, county_of
