"""A made-up run of a plan: invented effects, put through the plan's own tables of value.

Effects are drawn here; `effects`, `value`, `equity` and `uncertainty` are worked out from them by
the plans room, so their columns and words are those of a real run. Nothing in it is a finding.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from leftshift.catalogue import Catalogue, Parameters
from leftshift.plans.candidates import Aim, Candidates
from leftshift.plans.effects import effects
from leftshift.plans.equity import equity, fairness
from leftshift.plans.frontier import around
from leftshift.plans.limits import Limits, Schedule
from leftshift.plans.prioritise import Choice, choose, resimulated
from leftshift.plans.prioritise_rules import Rules
from leftshift.plans.results import HEALTH, MEASURES, Results
from leftshift.plans.uncertainty import notes, uncertainty
from leftshift.plans.value import value
from leftshift.plans.worth import valuation
from leftshift.quantities import FinancialYear
from leftshift.runs import write_run
from tests.report.fake_care import add_care, care_about
from tests.report.fake_run import PLACES, labels, make_description, make_tables

NAME = "Left shift to 2035"
#: id, label, shift, evidence, QALYs a year at full reach, £m cost a year, emergency admissions
INTERVENTIONS: list[tuple[Any, ...]] = [
    ("hospital_at_home", "Hospital at home with comprehensive geriatric assessment",
     "hospital_to_community", "A", 15.0, 6.0, -2600.0),
    ("neighbourhood_teams", "Integrated neighbourhood teams", "hospital_to_community", "D",
     20.0, 9.0, -700.0),
    ("bp_telemonitoring", "Blood pressure monitoring at home", "analogue_to_digital", "B",
     310.0, 3.1, -330.0),
    ("stop_smoking", "Stop-smoking services for everyone who smokes", "sickness_to_prevention",
     "B", 420.0, 4.4, -260.0),
    ("falls_exercise", "Strength and balance classes", "sickness_to_prevention", "A", 65.0, 2.4,
     -410.0),
]  # fmt: skip
FILE = """[plan]
name = "Left shift to 2035"
area = "footprints/norfolk-and-suffolk.toml"
start = "2026/27"
years = 20
draws = 60
seed = 1

[limits]
new_spend = { "2026/27" = "£12m", "2027/28" = "£15m" }

[[intervention]]
use = "hospital_at_home"

[[intervention]]
use = "stop_smoking"
reach = { "2026/27" = 0.05, "2029/30" = 0.40 }
"""


@functools.cache
def judged() -> tuple[Any, Any]:
    """Values of a QALY and judgements of fairness, read once from the shipped catalogue."""
    parameters = Parameters(Catalogue.load())
    return valuation(parameters), fairness(parameters)


def make_results(
    years: int, places: list[tuple[Any, ...]], draws: int, *, nothing: bool = False,
    harmful: bool = False,
) -> Results:  # fmt: skip
    """Invented effects in the shape of real ones: exact sums, people conserved.

    Args:
        years: after the base year.
        places: as in `fake_run`.
        draws: D.
        nothing: a plan that changes nothing and costs nothing.
        harmful: a plan whose health effect is negative.
    """
    rng = np.random.default_rng(7)
    k, y, m = len(INTERVENTIONS), years + 1, len(MEASURES)
    at = {name: i for i, name in enumerate(MEASURES)}
    sizes = np.array([float(place[2]) for place in places])
    share = sizes / sizes.sum()
    fifth = np.array([0.28, 0.24, 0.2, 0.16, 0.12])
    ramp = np.clip(np.arange(y) / 4.0, 0.0, 1.0)
    late = np.clip((np.arange(y) - 2) / 8.0, 0.0, 1.0)
    one = np.zeros((1 + draws, k, y, m))
    parameters: dict[str, np.ndarray] = {}
    for i, (key, _label, _shift, grade, qalys, cost, admissions) in enumerate(INTERVENTIONS):
        spread = {"A": 0.2, "B": 0.35, "C": 0.6, "D": 1.6}[grade]
        strong = np.ones(1 + draws)
        strong[1:] = 1.0 + spread * rng.standard_normal(draws)
        dear = np.ones(1 + draws)
        dear[1:] = np.exp(0.3 * rng.standard_normal(draws))
        parameters[f"intervention.{key}.effect.main.ratio"] = strong[1:]
        parameters[f"intervention.{key}.cost.per_year"] = dear[1:]
        flow = {"qaly": qalys * late, "life_years": 1.1 * qalys * late,
                "deaths": -0.06 * qalys * late, "major_illness": -0.9 * qalys * late,
                "non_elective_admission": admissions * ramp, "bed_days": 6.2 * admissions * ramp,
                "gp_appointment": 4.0 * admissions * ramp, "ae_attendance": 1.3 * admissions * ramp,
                "spend_nhs": 2900.0 * admissions * ramp, "spend_private": 40.0 * admissions * ramp,
                "spend_social_care": -300.0 * admissions * ramp * (i == 0),
                "people_reached": 9000.0 * ramp * (i + 1)}  # fmt: skip
        for name, path in flow.items():
            one[:, i, :, at[name]] = strong[:, None] * path
        one[:, i, :, at["people_reached"]] = flow["people_reached"]
        start = np.zeros(y)
        start[1:3] = 0.4
        one[:, i, :, at["cost_intervention"]] = dear[:, None] * cost * 1e6 * (ramp + start)
        one[:, i, :, at["staff_wte"]] = 60.0 * ramp * (i - 1) + 0.01 * one[:, i, :, at["bed_days"]]
    saved = -(one[..., at["spend_nhs"]] + one[..., at["spend_social_care"]])
    cash = saved * np.clip((np.arange(y) - 1) / 8.0, 0.0, 0.6)
    one[..., at["cash_released"]] = cash
    one[..., at["capacity_released"]] = saved - cash
    one[..., at["spend"]] = one[..., at["cost_intervention"]] - saved
    if harmful:
        for name in ("qaly", "life_years", "deaths", "major_illness"):
            one[..., at[name]] *= -1.0
    if nothing:
        one[:] = 0.0
    whole = np.concatenate([one, one.sum(axis=1, keepdims=True)], axis=1)
    people = 1.002 * sizes.sum() * np.ones((1 + draws, y))
    base = np.zeros((1 + draws, y, m))
    for name, each in (("qaly", 0.82), ("life_years", 1.0), ("deaths", 0.0115), ("spend", 3400.0),
                       ("spend_nhs", 2900.0), ("spend_social_care", 500.0), ("bed_days", 0.7),
                       ("non_elective_admission", 0.11), ("major_illness", 0.11)):  # fmt: skip
        base[..., at[name]] = each * people
    even = np.array([0.18, 0.20, 0.23, 0.22, 0.17])
    health = [at[name] for name in HEALTH]
    sexes = np.array([0.51, 0.49])
    gained = np.array([0.45, 0.55])
    return Results(
        tuple(one[0] for one in INTERVENTIONS),
        tuple(labels(years)),
        tuple(str(place[0]) for place in places),
        draws,
        whole[:, :, :, None, :] * share[:, None],
        whole[:, :, :, None, :] * fifth[:, None],
        whole[:, :, :, None, health] * gained[:, None],
        base[:, :, None, :] * share[:, None],
        base[:, :, None, :] * even[:, None],
        base[:, :, None, health] * sexes[:, None],
        people[..., None] * share,
        people[..., None] * even,
        people[..., None] * sexes,
        parameters,
    )


def _told(
    key: str, label: str, shift: str, grade: str, qalys: float, cost: float, fewer: float
) -> dict[str, Any]:
    weak = grade in ("C", "D")
    return {
        "id": key,
        "label": label,
        "shift": shift,
        "about": f"{label}: what is done, and by whom, in a plain sentence.",
        "who": "people aged 75 or over with heart failure or COPD, in segment 4 or 5",
        "where": [],
        "reach": "5% in 2026/27, 40% from 2029/30",
        "evidence": grade,
        "against": "One large trial found no difference in quality of life.",
        "limited_by": ["staff"] if weak else [],
        "when": "effects begin at once, hold while the person is on it",
        "effects": [
            {
                "words": "use of emergency admissions times 0.86 (0.75 to 0.98), −14%",
                "evidence": grade,
                "unit": "ratio",
                "headline": 0.86,
                "lower": 0.75,
                "upper": 0.98,
                "used": 0.86**0.25 if weak else 0.86,
                "source": "Someone et al. 2021 (invented for the test)",
                "grade": "V",
            }
        ],
        "costs": [f"£{cost * 40:,.0f} for each year a person is on it"],
        "staff": ["12 nurses"],
    }


def about_plan() -> dict[str, Any]:
    """What run.json says of the plan."""
    told = [_told(*one) for one in INTERVENTIONS]
    return {
        "name": NAME,
        "title": "Left shift to 2035",
        "about": "Moves care from hospital to home, and from treatment to prevention.",
        "start": "2026/27",
        "comparator": "baseline",
        "settlement": "Long-run growth",
        "file": {"name": "left-shift.toml", "text": FILE},
        "effects_used": "shrunk",
        "interventions": told,
        "limits": ["At most £12m in 2026/27, £15m from 2027/28 of new money."],
        "doubts": ["neighbourhood_teams: evidence D: its effects are shrunk towards none."],
    }


def attribution(results: Results) -> pl.DataFrame:
    """Contributions by method, as a run with `--shapley` has them, of a few measures."""
    shares = {one[0]: one[4] * 14 for one in INTERVENTIONS}
    rows = [("shapley", k, "qaly", v * 0.97) for k, v in shares.items()]
    rows += [("alone", k, "qaly", v * 1.04) for k, v in shares.items()]
    rows += [
        ("headline", "", "qaly", 14_800.0),
        ("headline", "", "non_elective_admission", -121_000.0),
        ("headline", "neighbourhood_teams", "qaly", 1_120.0),
        ("headline", "neighbourhood_teams", "spend", 4.1e7),
    ]
    return pl.DataFrame(
        [
            {
                "arm": NAME,
                "intervention": intervention,
                "method": method,
                "measure": measure,
                "unit": results.units[results.at(measure)],
                "value": value,
                "error": None,
            }
            for method, intervention, measure, value in rows
        ],
        schema_overrides={"error": pl.Float64},
    )


#: How the plan's arm differs from the baseline by setting, at full reach.
MOVED = {"prevention": 0.12, "community": 0.06, "primary_care": 0.005, "acute": -0.03,
         "urgent": -0.02}  # fmt: skip


def _second_arm(tables: dict[str, pl.DataFrame], years: list[str]) -> None:
    """The model tables of the plan's arm: as the baseline, but for what moves between settings."""
    at = {year: min(i / 4.0, 1.0) for i, year in enumerate(years)}
    ramp = pl.col("year").replace_strict(at, return_dtype=pl.Float64)
    for name in ("summary", "people", "conditions", "deaths", "health", "activity", "spend",
                 "staff", "beds", "waits", "gap", "drivers"):  # fmt: skip
        if name not in tables:
            continue
        frame = tables[name]
        other = frame.with_columns(arm=pl.lit(NAME))
        if "setting" in frame.columns:
            size = pl.col("setting").replace_strict(MOVED, default=0.0, return_dtype=pl.Float64)
            factor = 1 + size * ramp
            other = other.with_columns(
                [(pl.col(c) * factor).alias(c) for c in ("value", "lower", "upper")]
            )
        if name == "summary":
            more = pl.col("measure") == "share_community_and_prevention"
            other = other.with_columns(
                [
                    pl.when(more).then(pl.col(c) * (1 + 0.07 * ramp)).otherwise(pl.col(c)).alias(c)
                    for c in ("value", "lower", "upper")
                ]
            )
            for setting, size in MOVED.items():
                here = pl.col("measure") == f"spend_{setting}"
                other = other.with_columns(
                    [
                        pl.when(here).then(pl.col(c) * (1 + size * ramp)).otherwise(pl.col(c))
                        .alias(c)
                        for c in ("value", "lower", "upper")
                    ]
                )  # fmt: skip
        tables[name] = pl.concat([frame, other])


def choice_tables(
    whole: Results, aim: str, room: float = 12e6
) -> tuple[dict[str, pl.DataFrame], dict[str, Any]]:
    """The tables of a choice among the invented interventions, made by the room of plans.

    Args:
        whole: results of a plan of all of them.
        aim: what is sought.
        room: new spend allowed in each year, in pounds.
    """
    measures = tuple(MEASURES)
    cost = measures.index("cost_intervention")
    effect = whole.place_effect[:, : len(INTERVENTIONS)].sum(axis=3)
    quintile = whole.quintile_effect[:, : len(INTERVENTIONS)]
    found = Candidates(
        tuple(one[0] for one in INTERVENTIONS),
        tuple(one[1] for one in INTERVENTIONS),
        tuple(one[2] for one in INTERVENTIONS),
        whole.years, 1, measures, effect, quintile[..., measures.index("qaly")],
        whole.people_quintile[:, -1], fixed=np.zeros_like(effect[..., cost]),
    )  # fmt: skip
    first = FinancialYear(whole.years[1])
    limits = Limits(Schedule(((first, room),)))
    rules = Rules(
        aim=aim, required=("falls_exercise",), smallest={"falls_exercise": 0.2},
        delays=dict.fromkeys(found.ids, (0, 1)), budgets=(0.5, 1.0, 2.0, 4.0), draws=12,
    )  # fmt: skip
    draws = 1 + whole.draws
    sought = Aim(aim, 0.015, 0.035, np.ones((draws, 5)))
    made = choose(found, rules, limits, sought)
    assert isinstance(made, Choice)
    tables = dict(around(found, rules, limits, sought, made).tables)
    tables["resimulated"] = resimulated(found, made, whole, NAME)
    said = {"aim": aim, "value": made.value, "unit": made.unit, "proven": made.proven}
    return tables, said


def write_fake_plan_run(
    folder: Path,
    *,
    years: int = 20,
    draws: int = 60,
    places: list[tuple[Any, ...]] | None = None,
    leaf_years: tuple[int, ...] = (0, 10, 20),
    told: bool = True,
    nothing: bool = False,
    harmful: bool = False,
    care: bool = True,
    choice: str = "",
) -> Path:
    """Writes a run folder of a plan, without a report, and gives it.

    Args:
        folder: where to.
        years: after the base year.
        draws: how many are claimed; 0 makes a central run.
        places: as in `fake_run`.
        leaf_years: years that leaf tables keep.
        told: whether run.json says anything of the plan.
        nothing, harmful: as for `make_results`.
        care: whether care and money are in the run.
        choice: aim of a choice among the interventions that the run is of; "" for none.
    """
    places = PLACES if places is None else places
    tables, weight = make_tables(places=places, years=years, draws=draws, leaf_years=leaf_years)
    identity, provenance, about = make_description(
        places=places, years=years, draws=draws, weight=weight
    )
    if care:
        add_care(tables, draws)
        more = care_about("2025/26")
        about["warnings"] = [*about["warnings"], *more.pop("care_warnings")]
        about |= more
    results = make_results(years, places, draws, nothing=nothing, harmful=harmful)
    _second_arm(tables, labels(years))
    worth, fair = judged()
    tables["effects"] = effects(results, NAME)
    tables["value"] = value(results, worth, NAME)
    tables["equity"] = equity(results, worth, fair, NAME)
    tables["uncertainty"] = uncertainty(results, worth, NAME)
    tables["attribution"] = attribution(results)
    about |= {
        "title": "Left shift to 2035",
        "arms": ["baseline", NAME],
        "command": "leftshift run left-shift.toml",
        "warnings": [*about["warnings"], *notes(results)],
    }
    if told:
        about["plan"] = about_plan()
    if nothing:
        about["plan"] = {**about_plan(), "interventions": []}
    if choice:
        more, said = choice_tables(results, choice)
        tables |= more
        about["prioritise"] = said
    write_run(folder, identity, provenance, about, tables, replace=True)
    return folder
