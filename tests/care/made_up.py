"""Services, rates and use made up for tests of care: small, plausible, and nobody in them is real.

Four services: general practice (registered), emergency admissions, council-funded home care with a
part that its clients pay, and self-funded care that no public payer meets.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from leftshift.areas import Area, Member, Place
from leftshift.care.rates import Rates
from leftshift.care.services import Services
from leftshift.care.use import Use
from leftshift.people.model import Frame
from leftshift.quantities import FinancialYear

Array = NDArray[np.float64]

PAYERS = (
    "icb_core",
    "primary_medical",
    "pod",
    "specialised",
    "other_direct",
    "local_authority",
    "public_health_grant",
    "client_contributions",
    "household",
)
IDS = ("gp_appointment", "non_elective_admission", "home_care", "self_funded_care")
STAFF = ("gp", "practice_admin", "consultant", "nurse_and_health_visitor", "social_care_direct")
AGES = 106

AREA = Area(
    code="E07000148",
    name="Norwich",
    kind="authority",
    members=(Member("E07000148", "QMM", 1.0),),
    places=(Place("E07000148", "Norwich", (Member("E07000148", "QMM", 1.0),)),),
)


def curve(start: float, end: float) -> Array:
    """A rate that rises from birth to the oldest age, for both sexes: [2, 106]."""
    ages = np.linspace(0.0, 1.0, AGES)
    one = start * (end / start) ** ages
    return np.stack([one, one * 0.95])


def services(**changes: object) -> Services:
    """Four made-up services for one draw; `changes` replace attributes."""
    share = np.zeros((4, len(PAYERS)))
    share[0, PAYERS.index("primary_medical")] = 1.0
    share[1, PAYERS.index("icb_core")] = 0.85
    share[1, PAYERS.index("specialised")] = 0.15
    share[2, PAYERS.index("local_authority")] = 0.8
    share[2, PAYERS.index("client_contributions")] = 0.2
    share[3, PAYERS.index("household")] = 1.0
    gradient = np.array([1.3, 1.15, 1.0, 0.85, 0.7])
    nearly_flat = np.array([1.1, 1.05, 1.0, 0.95, 0.9])
    deprivation = np.ones((4, 4, 5))
    deprivation[1] = [gradient, gradient, gradient, nearly_flat]
    last_year = np.array([4.0, 1.2, 40.0, 0.0])
    staff = np.array(
        [
            [0.8, 0.2, 0.0, 0.0, 0.0],
            [0.0, 0.0, 0.4, 0.6, 0.0],
            [0.0, 0.0, 0.0, 0.0, 1.0],
            [0.0, 0.0, 0.0, 0.0, 1.0],
        ]
    )
    found = Services(
        ids=IDS,
        labels=("GP appointments", "Emergency admissions", "Home care", "Self-funded care"),
        settings=(
            "primary_care",
            "acute",
            "continuing_and_social_care",
            "continuing_and_social_care",
        ),
        units=("appointment", "admission", "hour", "person-week"),
        basis=("registered", "residents", "residents", "residents"),
        archetypes=("clinic_or_contact_team", "ward", "contract_or_variable", "ward"),
        bed_types=("", "general_acute_overnight", "", ""),
        years=tuple(FinancialYear(one) for one in ("2024/25", "2024/25", "2023/24", "2024/25")),
        payers=PAYERS,
        payer_share=share,
        staff_groups=STAFF,
        staff_share=staff,
        total=np.array([164.7e6, 6.6e6, 160.0e6, 7.0e6]),
        unit_cost=np.array([41.27, 4000.0, 24.0, 1200.0]),
        shape=np.stack([curve(2.0, 9.0), curve(0.05, 0.9), curve(0.05, 60.0), curve(0.01, 3.0)]),
        deprivation=deprivation,
        segment=np.array([[0.6, 0.9, 1.3, 1.9, 2.6]] * 4),
        conditions=np.ones((20, 4)),
        last_year=last_year,
        growth=np.array([0.005, 0.01, 0.0, 0.0]),
        bed_days=np.array([0.0, 6.0, 0.0, 0.0]),
        pay_share=np.array([0.7, 0.65, 0.75, 0.6]),
    )
    return replace(found, **changes)  # type: ignore[arg-type]


def people(years: int, start: float = 140_000.0) -> Array:
    """Mean people of an area by stratum and age, growing and ageing: [years + 1, 10, 106]."""
    ages = np.arange(AGES)
    first = 1.0 / (1.0 + np.exp((ages - 78.0) / 7.0))
    one = np.repeat(first[None], 10, axis=0) * np.linspace(1.2, 0.8, 5)[np.arange(10) % 5][:, None]
    one *= start / one.sum()
    older = 1.0 + 0.012 * (ages / 70.0)[None, None] * np.arange(years + 1)[:, None, None]
    richer = 1.0 + 0.001 * (np.arange(10) % 5)[None, :, None] * np.arange(years + 1)[:, None, None]
    found: Array = one[None] * older * richer
    return found


def rates(of: Services | None = None) -> Rates:
    """Rates that follow a service's shape and gradient, with no raking behind them."""
    of = of or services()
    group = np.digitize(np.arange(AGES), (20, 65, 85))
    head = np.empty((10, AGES, len(of.ids)))
    for stratum in range(10):
        tilt = of.deprivation[:, group, stratum % 5]
        head[stratum] = (of.shape[:, stratum // 5] * tilt).T
    by_segment = np.concatenate([np.ones((1, len(of.ids))), of.segment.T])
    return Rates(
        per_head=head,
        rate=(head[:, :, None, :] * by_segment[None, None]).astype(np.float32),
        load_ratio=of.conditions.astype(np.float32),
        last_year=of.last_year.copy(),
        england=of.total * 1.01,
        own_year=of.total.copy(),
        iterations=12,
        worst=1e-9,
    )


def rates_of_totals(of: Services) -> Rates:
    """Rates that give each service's total in England and nothing else."""
    count = len(of.ids)
    return Rates(
        per_head=np.zeros((10, AGES, count)),
        rate=np.zeros((10, AGES, 6, count), np.float32),
        load_ratio=np.ones((20, count), np.float32),
        last_year=of.last_year.copy(),
        england=of.total * 1.012,
        own_year=of.total.copy(),
        iterations=0,
        worst=0.0,
    )


def use(years: int = 20, of: Services | None = None, places: int = 1) -> Use:
    """What the made-up people use: rates times people, a drift in health, and growth."""
    of = of or services()
    given = rates(of)
    frame = Frame(2025, years)
    crowd = people(years)
    dead = crowd * (0.0001 * np.exp(np.arange(AGES) * 0.085))[None, None]
    units = np.einsum("ysa,sal->ysl", crowd, given.per_head)
    units = units + dead.sum(axis=2)[..., None] * of.last_year
    by_quintile = units[:, :5] + units[:, 5:]
    drift = 1.0 + 0.002 * np.arange(years + 1)[:, None] * np.array([0.5, 1.0, 1.5, 0.0])[None]
    grown = (1.0 + of.growth)[None] ** np.arange(years + 1)[:, None]
    by_quintile = by_quintile * (drift * grown)[:, None]
    split = np.array([0.08, 0.3, 0.3, 0.2, 0.09, 0.03])
    share = np.linspace(1.0, 2.0, places)
    share /= share.sum()
    activity = np.einsum("yql,g,p->ypqgl", by_quintile, split, share)
    heads = (crowd[:, :5] + crowd[:, 5:]).sum(axis=2)
    by_segment = np.einsum("yq,g,p->ypqg", heads, split, share)
    return Use(
        frame=frame,
        area=AREA,
        services=of,
        rates=given,
        activity=activity,
        people=crowd,
        deaths=dead,
        place_people=by_segment.sum(axis=3),
        segment_people=by_segment,
    )
