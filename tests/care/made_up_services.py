"""Services that nobody has, for tests of what rates do with any services."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from leftshift.care.services import Services
from leftshift.quantities import FinancialYear

Array = NDArray[np.float64]
AGES = np.arange(106)


def services_like(
    shape: Array,
    deprivation: Array,
    segment: Array,
    conditions: Array,
    total: Array,
    years: list[int],
    last_year: Array | None = None,
    growth: Array | None = None,
) -> Services:
    """Services with the given margins; money, staff and beds are of no matter here."""
    count = len(total)
    same = ("x",) * count
    return Services(
        ids=tuple(f"made_up_{i}" for i in range(count)),
        labels=same,
        settings=same,
        units=("contact",) * count,
        basis=("residents",) * count,
        archetypes=same,
        bed_types=("",) * count,
        years=tuple(FinancialYear(year) for year in years),
        payers=("icb_core",),
        payer_share=np.ones((count, 1)),
        staff_groups=("gp",),
        staff_share=np.ones((count, 1)),
        total=np.asarray(total, np.float64),
        unit_cost=np.ones(count),
        shape=shape,
        deprivation=deprivation,
        segment=segment,
        conditions=conditions,
        last_year=np.zeros(count) if last_year is None else last_year,
        growth=np.zeros(count) if growth is None else growth,
        bed_days=np.zeros(count),
        pay_share=np.ones(count),
    )


def plain(count: int = 1, year: int = 2024) -> Services:
    """Services that everybody uses alike."""
    return services_like(
        np.ones((count, 2, 106)),
        np.ones((count, 4, 5)),
        np.ones((count, 5)),
        np.ones((20, count)),
        np.full(count, 1e7),
        [year] * count,
    )


def any_services(seed: int, count: int = 4) -> Services:
    """Services with random humps over age, gradients, multipliers and last years of life."""
    random = np.random.default_rng(seed)
    shape = np.empty((count, 2, 106))
    for row in shape.reshape(-1, 106):
        hump = np.exp(-(((AGES - random.uniform(15, 90)) / random.uniform(8, 40)) ** 2))
        row[:] = random.uniform(0.05, 1.0) + random.uniform(0, 8) * hump
    gradient = random.uniform(0.0, 0.25, (count, 4, 1)) * np.array([2, 1, 0, -1, -2]) / 2
    segment = np.cumprod(np.c_[np.ones(count), random.uniform(1, 2.2, (count, 4))], axis=1)
    segment[random.random(count) < 0.3] = 1.0
    conditions = np.ones((20, count))
    for service in range(count):
        conditions[random.integers(0, 20, 2), service] = random.uniform(0.8, 6, 2)
    total = 10.0 ** random.uniform(4, 9, count)
    dying = random.random(count) < 0.4
    shape[dying] += 8 * np.exp(np.minimum(AGES - 85, 15) / 12)
    return services_like(
        shape,
        1.0 + gradient,
        segment,
        conditions,
        total,
        [int(year) for year in random.integers(2019, 2026, count)],
        last_year=dying * 0.03 * total / 560_000,
        growth=random.uniform(-0.02, 0.04, count),
    )
