"""Base populations, births, migration and mortality of the shipped catalogue.

Reads the reference figures and writes the project's own estimates:

- ``population_2025.csv`` and ``population_2019.csv``: residents by authority, sex, quintile, age;
- ``births.csv``, ``migration.csv``, ``migration_age.csv``: what carries them forward;
- ``mortality.csv``, ``deaths_ratio.csv``: death rates of 2019 and each authority's departure.

The method is set out step by step in :func:`build`; the demography is in ``population_method.py``,
the reading in ``population_inputs.py``.
"""

from __future__ import annotations

import csv
from pathlib import Path

from catalogue_steps import population_inputs as inputs
from catalogue_steps import population_method as method

YEARS = inputs.YEARS


def controls(out: Path) -> dict[str, float]:
    """The control totals, from the catalogue's own rows (the shipped ones if ``out`` has none)."""
    shipped = Path(__file__).resolve().parents[2] / "src" / "leftshift" / "catalogue"
    place = Path("parameters") / "population.csv"
    path = out / place if (out / place).is_file() else shipped / place
    with path.open(encoding="utf-8", newline="") as file:
        return {row["id"]: float(row["value"]) for row in csv.DictReader(file)}


def write(path: Path, header: list[str], rows: list[list[str]]) -> None:
    """One CSV file, UTF-8, line ends of one character."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def figure(x: float, digits: int = 1) -> str:
    """A number as short as it can be written at that many decimals."""
    text = f"{x:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def build(reference: Path, out: Path) -> list[str]:
    """Writes the population tables under ``out``/tables.

    Args:
        reference: the folder of reference figures.
        out: the catalogue's folder; its parameters/population.csv gives the control totals.

    Returns:
        Names of the reference files that were read.
    """
    total = controls(out)
    data = inputs.read(reference)
    codes = data.codes

    # 1. Death rates of 2019 by sex, quintile and age; what each authority adds to them.
    rates = method.death_rates(data)
    ratio, expected = method.deaths_ratio(data, rates)
    living = method.Survival(data, rates, ratio)

    # 2. How people move, by age: from figures no later than mid-2020, and from mid-2023's.
    before = method.moves_2019(data, living)
    after = method.moves_2025(data, living, total["population.excess_migration_by_arrivals"])
    gross_2019 = method.gross_movers(before)
    gross_2025 = method.gross_movers(after)

    # 3. Births: the projection's, at the level that mid-2023's infants imply.
    level = method.births_level(data)

    # 4. The two base populations.
    persons_2019 = method.back_to_2019(data, living, before, gross_2019, total)
    persons_2025 = method.forward_to_2025(data, living, after, gross_2025, level, total)
    joint_2019 = method.by_sex_and_quintile(data, rates, persons_2019, 2019)
    joint_2025 = method.by_sex_and_quintile(data, rates, persons_2025, 2025)
    whole_2019 = method.whole_people(joint_2019, round(total["population.england_mid_2019"]))
    whole_2025 = method.whole_people(joint_2025, round(total["population.england_mid_2025"]))

    tables = out / "tables"
    ages = [f"a{a}" for a in range(106)]
    strata = [(sex, q) for sex in (0, 1) for q in range(5)]
    for year, whole in ((2019, whole_2019), (2025, whole_2025)):
        rows = [
            [code, inputs.SEXES[sex], str(q + 1), *map(str, whole[i, sex, q].tolist())]
            for i, code in enumerate(codes)
            for sex, q in strata
            if whole[i, sex, q].any()
        ]
        write(tables / f"population_{year}.csv", ["authority", "sex", "quintile", *ages], rows)

    years = [f"y{y}" for y in YEARS]
    write(
        tables / "births.csv",
        ["authority", "sex", "level_2025", *years],
        [
            [code, inputs.SEXES[s], figure(level[i], 4), *map(figure, data.births[i, s])]
            for i, code in enumerate(codes)
            for s in (0, 1)
        ],
    )
    write(
        tables / "migration.csv",
        ["authority", "flow", *years],
        [
            [code, flow, *map(figure, values[i])]
            for i, code in enumerate(codes)
            for flow, values in (
                ("net", data.net),
                ("international_net", data.international_net),
                ("international_in", data.international_in),
            )
        ],
    )
    profiles = [["2019", "gross", *(figure(x, 6) for x in gross_2019)]]
    profiles += [["2025", "gross", *(figure(x, 6) for x in gross_2025)]]
    for base, moves in (("2019", before), ("2025", after)):
        profiles += [[base, code, *map(figure, moves[i])] for i, code in enumerate(codes)]
    write(tables / "migration_age.csv", ["base", "authority", *ages], profiles)
    write(
        tables / "mortality.csv",
        ["sex", "quintile", *ages, "a106"],
        [
            [inputs.SEXES[sex], str(q + 1), *(f"{x:.4g}" for x in rates[sex, q])]
            for sex, q in strata
        ],
    )
    write(
        tables / "deaths_ratio.csv",
        ["authority", "projected", "expected", "ratio"],
        [
            [code, figure(data.deaths_2020[i]), figure(expected[i]), figure(ratio[i], 4)]
            for i, code in enumerate(codes)
        ],
    )
    if whole_2025.sum() != total["population.england_mid_2025_built"]:
        raise ValueError(
            "parameters/population.csv: set population.england_mid_2025_built to "
            f"{whole_2025.sum()}, the total that population_2025.csv now has"
        )
    return inputs.FILES
