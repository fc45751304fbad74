"""Made-up plans, people for them, and made-up results. Nothing here is evidence."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leftshift.areas import find_area
from leftshift.care.model import Care
from leftshift.catalogue import Catalogue
from leftshift.engine import simulate
from leftshift.people.model import Frame, build
from leftshift.plans.arms import Arm, Arms
from leftshift.plans.beside import Asked, PlanOnCare
from leftshift.plans.files import Plan, read_plan
from leftshift.plans.places import located
from leftshift.plans.results import HEALTH, MEASURES, QUINTILES, Results
from leftshift.plans.run import laid

Array = NDArray[np.float64]

#: Levels of the baseline by measure, for each person and year; and what an intervention does to
#: each, as a share of it.
_LEVEL = {
    "qaly": 0.8,
    "life_years": 1.0,
    "deaths": 0.01,
    "major_illness": 0.12,
    "spend": 4_000.0,
    "spend_nhs": 3_400.0,
    "spend_social_care": 600.0,
    "spend_private": 300.0,
    "cost_intervention": 0.0,
    "cash_released": 0.0,
    "capacity_released": 0.0,
    "non_elective_admission": 0.1,
    "bed_days": 0.6,
    "gp_appointment": 3.0,
    "ae_attendance": 0.4,
    "staff_wte": 0.03,
    "people_reached": 0.0,
}
_SHARE = {"qaly": 2e-4, "life_years": 1e-4, "deaths": -2e-3}
_EACH = {
    "cost_intervention": 12.0,
    "cash_released": 3.0,
    "capacity_released": 5.0,
    "people_reached": 0.02,
}


def results(
    interventions: tuple[str, ...] = ("first", "second"),
    *,
    years: int = 6,
    places: tuple[str, ...] = ("E1", "E2", "E3"),
    draws: int = 8,
    size: float = 1.0,
    seed: int = 1,
) -> Results:
    """Results that add up: groups to one total, and interventions to the whole plan.

    Args:
        interventions: their ids.
        years: number of years, the base year included, in which nothing happens yet.
        places: their codes.
        draws: number of draws.
        size: multiplies every effect; 0 for a plan that does nothing.
        seed: of the noise between cells and draws.
    """
    rng = np.random.default_rng(seed)
    k, p, runs, m = len(interventions), len(places), draws + 1, len(MEASURES)
    people = rng.uniform(5_000.0, 20_000.0, (p, QUINTILES)) * np.ones((runs, years, 1, 1))
    level = np.array([_LEVEL[name] for name in MEASURES])
    share = np.array([_SHARE.get(name, -1e-3) for name in MEASURES])
    each = np.array([_EACH.get(name, 0.0) for name in MEASURES])
    base = people[..., None] * level
    noise = np.ones((runs, k, 1, 1, 1, 1))
    noise[1:] = rng.lognormal(0.0, 0.4, (draws, k, 1, 1, 1, 1))
    grown = np.minimum(np.arange(years) / 3.0, 1.0)[:, None, None, None]
    tilt = np.linspace(1.4, 0.6, QUINTILES)[:, None]
    by = rng.uniform(0.5, 1.5, (k, 1, 1, 1, m))
    effect = size * noise * by * grown * tilt * (base * share + people[..., None] * each)[:, None]
    # Public spending is what falls on each payer and what the interventions cost.
    at = {name: i for i, name in enumerate(MEASURES)}
    parts = ("spend_nhs", "spend_social_care", "cost_intervention")
    effect[..., at["spend"]] = sum(effect[..., at[part]] for part in parts)
    together = np.concatenate([effect, effect.sum(axis=1, keepdims=True)], axis=1)
    sexes = np.array([0.51, 0.49])
    health = [at[name] for name in HEALTH]
    return Results(
        interventions=interventions,
        years=tuple(f"{2025 + y}/{26 + y}" for y in range(years)),
        places=places,
        draws=draws,
        place_effect=together.sum(axis=4),
        quintile_effect=together.sum(axis=3),
        sex_effect=together.sum(axis=(3, 4))[..., None, health] * sexes[:, None],
        place_base=base.sum(axis=3),
        quintile_base=base.sum(axis=2),
        sex_base=base.sum(axis=(2, 3))[..., None, health] * sexes[:, None],
        people_place=people.sum(axis=3),
        people_quintile=people.sum(axis=2),
        people_sex=people.sum(axis=(2, 3))[..., None] * sexes,
        parameters={
            f"intervention.{name}.effect.made_up.ratio": 1.0 - 0.1 * noise[1:, i].reshape(draws)
            for i, name in enumerate(interventions)
        },
    )


class Town:
    """A few thousand simulated people of one city, with care: for plans to be tried on.

    Args:
        years: years after the base year.
        people: simulants.
    """

    def __init__(self, years: int = 6, people: int = 3_000) -> None:
        self.catalogue = Catalogue.load()
        self.area = find_area("E07000148", self.catalogue)
        self.frame = Frame(2025, years)
        parameters = self.catalogue.parameters()
        self.world = build(
            parameters, self.area, self.frame, people=people, seed=1, particles=1_500
        )
        self.care = Care(self.catalogue, self.area, self.frame)
        self.bound = self.care.bind(parameters, self.world)
        self.tallies = simulate(
            self.world.lives, [self.bound.tables], self.world.scoring, seed=1, threads=1
        )[0]

    def read(self, folder: Path, blocks: str, top: str = "") -> Plan:
        """A plan of some [[intervention]] blocks."""
        path = folder / "plan.toml"
        path.write_text(
            f'[plan]\nname = "Made up"\nstart = "2026/27"\nyears = {self.frame.years}\n'
            f"{top}\n{blocks}\n"
        )
        return located(read_plan(path, self.catalogue), self.area)

    def hanging(self, plan: Plan, **asked: Any) -> tuple[PlanOnCare, Arms]:
        """A plan on the town's people, with the reach that there is room for."""
        over = laid(self.catalogue, plan.rows)
        care = copy.copy(self.care)
        care.catalogue = over
        bound = replace(self.bound, care=care, parameters=over.parameters())
        wanted = Asked(years=self.frame.years, people=1, draws=0, seed=1)
        hanging = PlanOnCare(plan, care, wanted, 1, asked.pop("headline", False), **asked)
        return hanging, hanging.arms_of(bound, self.world, self.tallies)

    def whole(self, folder: Path, blocks: str, top: str = "", **asked: Any) -> tuple[Arm, Arm]:
        """The baseline, and the whole plan, of some [[intervention]] blocks."""
        plan = self.read(folder, blocks, top)
        _, arms = self.hanging(plan, **asked)
        *_, last = arms.done([(), tuple(range(len(plan.interventions)))])
        return arms.base, last

    def results(self, folder: Path, blocks: str, top: str = "", **asked: Any) -> Results:
        """The effects of some [[intervention]] blocks on the central parameters."""
        hanging, arms = self.hanging(self.read(folder, blocks, top), **asked)
        hanging.keep(arms)
        return hanging.results


_SOURCE = 'source = "made up", as_of = "2025", grade = "A"'


def fixed(value: float) -> str:
    """A certain figure as a plan has it."""
    return f'{{ value = {value}, distribution = "fixed", {_SOURCE} }}'


def block(identity: str, who: str = "age >= 0", reach: str = "0.5", more: str = "") -> str:
    """An [[intervention]] block, given in place, without effects."""
    return (
        f'[[intervention]]\nid = "{identity}"\nlabel = "{identity}"\n'
        'shift = "hospital_to_community"\nabout = "Made up."\nagainst = "Made up."\n'
        f"who = '{who}'\nreach = {reach}\nevidence = \"A\"\n{more}\n"
    )


def effect(name: str, on: str, value: float, evidence: str = "A") -> str:
    """An effect of the block above it."""
    figure = "shift" if on.startswith("risk:") else "ratio"
    return (
        f'[intervention.effect.{name}]\non = "{on}"\n{figure} = {fixed(value)}\n'
        f'evidence = "{evidence}"\n' + ("avoided = true\n" if on.startswith("rate:") else "")
    )


def swap(name: str, source: str, to: str, share: float, per_unit: float) -> str:
    """A swap of the block above it."""
    return (
        f'[intervention.swap.{name}]\nfrom = "{source}"\nto = "{to}"\n'
        f"share = {fixed(share)}\nper_unit = {fixed(per_unit)}\n"
    )


def cost(**pounds: float) -> str:
    """Costs of the block above it."""
    rows = "".join(f"{name} = {fixed(value)}\n" for name, value in pounds.items())
    return f"[intervention.cost]\n{rows}"
