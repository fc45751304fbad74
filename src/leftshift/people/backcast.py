"""What the model says of today from a start in 2019/20, and what a naive forecast says.

A run from 2019/20 knows no figure later than mid-2020. Its stock four years on is held against the
population of mid-2023 and the registers of 2023/24: both registers are dated nine months after
their stock, so that the four years between them are the same.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from leftshift.areas import Area
from leftshift.catalogue import Catalogue
from leftshift.people import prevalence
from leftshift.people.model import World
from leftshift.people.population import project
from leftshift.people.tables import Measures

Array = NDArray[np.float64]

#: Start, and years from it to what is predicted.
START = 2019
YEARS = 4


def published_people(catalogue: Catalogue, area: Area) -> Array:
    """Published residents of an area at mid-2023 by single age, the last (90) open: ``[91]``."""
    table = catalogue.table("population_published_mid_2023")
    ages = [c for c in table.columns if c != "authority"]
    by_authority = dict(
        zip(table["authority"].to_list(), table.select(ages).to_numpy().astype(float), strict=True)
    )
    total = np.zeros(len(ages))
    for member in area.members:
        total += member.share * by_authority[member.authority]
    return total


def registers(
    catalogue: Catalogue, area: Area, world: World, measures: Measures
) -> dict[str, tuple[float, float]]:
    """Cases on each register of 2023/24 as predicted from 2019/20: the model's, and naive.

    The published percentage of 2019/20 is moved by how the share of residents with the condition
    changes, and laid on the list that the published cases of 2023/24 are counted on: growth of
    lists is then not mistaken for growth of illness. The model's share changes as simulated; the
    naive forecast holds prevalence by age, sex and fifth and lets the population change. The
    sampling error of a simulated base largely cancels in the change.

    Args:
        catalogue: the catalogue.
        area: the area.
        world: the area from 2019, for at least :data:`YEARS` years.
        measures: what was simulated of it.

    Returns:
        (model, naive) people by condition; the model's is NaN where nobody simulated has it.
    """
    conditions = [str(c["id"]) for c in catalogue.entities("conditions")]
    people = project(world.residents, world.flows, world.mortality)[[0, YEARS]].sum(axis=1)
    by_stratum = people.reshape(2, 10, -1)
    later = {
        r["condition"]: r for r in prevalence.register_counts(catalogue, area, 2023).to_dicts()
    }
    found = {}
    for register in prevalence.register_counts(catalogue, area, START).to_dicts():
        if register["condition"] not in later:
            continue
        index = conditions.index(register["condition"])
        old = slice(int(register["minimum_age"]), None)
        counted = by_stratum[..., old].sum(axis=(1, 2))
        held = (world.targets[index] * by_stratum)[..., old].sum(axis=(1, 2))
        cases = measures.conditions[[0, YEARS], ..., index, 0].sum(axis=(1, 2, 3, 4))
        then = register["percent"] / 100.0 * later[register["condition"]]["list"]
        per_head = counted[0] / counted[1]
        grown = cases[1] / cases[0] if cases[0] > 0 else np.nan
        found[register["condition"]] = (
            float(then * grown * per_head),
            float(then * held[1] / held[0] * per_head),
        )
    return found
