"""Made-up tables of care and money to go with the made-up people. Nothing in them is a finding.

They keep the promises of real ones: spend is activity times a price, payers share each pound,
drivers add up to the year's spend, and a gap is cost less funding.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

SETTINGS = {
    "prevention": "Prevention",
    "primary_care": "General practice",
    "pharmacy_optometry_dentistry": "Pharmacy, optometry and dentistry",
    "community": "Community health",
    "mental_health": "Mental health",
    "urgent": "Urgent and emergency",
    "acute": "Acute hospital",
    "continuing_and_social_care": "Continuing and social care",
}
#: id: label, setting, unit, units per head by segment 0 to 5, £ a unit, growth a year, payers
SERVICES: dict[str, tuple[Any, ...]] = {
    "health_check": ("Health checks and stop-smoking support", "prevention", "contact",
        (0.2, 0.35, 0.4, 0.4, 0.4, 0.3), 120, 0.0, {"public_health_grant": 1.0}),
    "gp_appointment": ("General practice appointments with a GP", "primary_care", "appointment",
        (2.0, 1.7, 2.9, 4.4, 6.0, 8.1), 44, 0.004, {"primary_medical": 1.0}),
    "prescribing": ("Medicines prescribed in general practice", "primary_care", "item",
        (3.0, 6.0, 16.0, 29.0, 47.0, 80.0), 9, 0.008, {"icb_core": 1.0}),
    "dental_course": ("Courses of dental treatment", "pharmacy_optometry_dentistry", "course",
        (0.8, 0.45, 0.5, 0.5, 0.5, 0.4), 115, 0.0, {"pod": 0.75, "household": 0.25}),
    "district_nursing": ("District nursing contacts", "community", "contact",
        (0.1, 0.15, 0.6, 1.5, 3.6, 11.0), 52, 0.01, {"icb_core": 1.0}),
    "therapy_contact": ("Community therapy contacts", "community", "contact",
        (0.5, 0.5, 0.9, 1.4, 2.1, 3.9), 74, 0.006, {"icb_core": 1.0}),
    "talking_therapy": ("Talking therapy courses", "mental_health", "course",
        (0.0, 0.02, 0.03, 0.04, 0.04, 0.03), 1150, 0.0, {"icb_core": 1.0}),
    "mental_health_bed_day": ("Mental health bed days", "mental_health", "bed day",
        (0.02, 0.05, 0.12, 0.24, 0.33, 0.36), 620, 0.004, {"icb_core": 0.9, "specialised": 0.1}),
    "ae_attendance": ("Emergency department attendances", "urgent", "attendance",
        (0.36, 0.27, 0.39, 0.56, 0.81, 1.5), 240, 0.009, {"icb_core": 1.0}),
    "ambulance": ("Ambulance responses", "urgent", "response",
        (0.03, 0.05, 0.11, 0.22, 0.42, 1.1), 390, 0.009, {"icb_core": 1.0}),
    "non_elective_admission": ("Emergency admissions", "acute", "admission",
        (0.06, 0.05, 0.10, 0.20, 0.38, 0.95), 3300, 0.008, {"icb_core": 0.93, "specialised": 0.07}),
    "outpatient": ("Outpatient attendances", "acute", "attendance",
        (0.7, 0.9, 1.7, 2.7, 3.9, 5.9), 178, 0.013, {"icb_core": 0.85, "specialised": 0.15}),
    "elective_spell": ("Planned stays and day cases", "acute", "spell",
        (0.04, 0.08, 0.16, 0.26, 0.37, 0.5), 2150, 0.01, {"icb_core": 0.8, "specialised": 0.2}),
    "home_care_hour": ("Home care hours", "continuing_and_social_care", "hour",
        (0.0, 0.6, 2.2, 6.5, 19.0, 62.0), 27, 0.002,
        {"local_authority": 0.7, "client_contributions": 0.3}),
    "care_home_week": ("Care home weeks", "continuing_and_social_care", "week",
        (0.0, 0.04, 0.13, 0.37, 1.0, 3.9), 1080, 0.002,
        {"local_authority": 0.5, "icb_core": 0.15, "client_contributions": 0.2, "household": 0.15}),
}  # fmt: skip
PAYERS = {
    "icb_core": "The board", "primary_medical": "Primary medical services",
    "pod": "Pharmacy, optometry and dentistry budget", "specialised": "Specialised commissioning",
    "local_authority": "Councils", "public_health_grant": "Public health grant",
    "client_contributions": "People's own contributions", "household": "Households",
}  # fmt: skip
PRIVATE = ("client_contributions", "household")
SETTLEMENTS = {"long_run": ("Long-run growth", 0.022), "middle": ("Middle path", 0.015),
               "low": ("Low growth", 0.008)}  # fmt: skip
DRIVERS = {"base": "Base year", "population_size": "Population size", "ageing": "Ageing",
           "deprivation_mix": "Mix of deprivation", "health_beyond_age": "Health beyond age",
           "growth_beyond_demography": "Growth beyond demography",
           "price": "Pay and prices above inflation", "productivity": "Productivity"}  # fmt: skip
STAFF = {
    "nurse_and_health_visitor": ("Nurses and health visitors", 7.4, "community"),
    "social_care_direct": ("Care workers", 12.0, "continuing_and_social_care"),
    "clinical_support": ("Clinical support", 6.1, "acute"),
    "infrastructure": ("Infrastructure support", 4.5, "acute"),
    "scientific_therapeutic_technical": ("Therapists, scientists and technicians", 3.0, "acute"),
    "consultant": ("Consultants", 1.02, "acute"),
    "resident_doctor": ("Resident doctors", 1.35, "acute"),
    "gp": ("GPs", 0.63, "primary_care"),
    "practice_nurse": ("Practice nurses", 0.29, "primary_care"),
    "ambulance": ("Ambulance staff", 0.36, "urgent"),
    "dentist": ("Dentists", 0.4, "pharmacy_optometry_dentistry"),
}
BEDS = {"general_acute_overnight": ("General and acute, overnight", 1.68, 0.02, 0.11),
        "mental_health": ("Mental health", 0.31, 0.008, 0.05),
        "maternity": ("Maternity", 0.12, -0.004, 0.0),
        "intermediate_care": ("Intermediate care", 0.3, 0.024, 0.04)}  # fmt: skip
WAITS = {"surgery": ("General surgery", 9.1), "trauma": ("Trauma and orthopaedics", 14.2),
         "eyes": ("Ophthalmology", 11.3), "ent": ("Ear, nose and throat", 10.2),
         "gynaecology": ("Gynaecology", 9.6), "medicine": ("Medical specialties", 24.0),
         "other": ("Other", 42.0)}  # fmt: skip


def _bounds(frame: pl.DataFrame, wide: float | None) -> pl.DataFrame:
    low = pl.col("value") - wide * pl.col("value").abs() if wide else pl.lit(None, pl.Float64)
    high = pl.col("value") + wide * pl.col("value").abs() if wide else pl.lit(None, pl.Float64)
    return frame.with_columns(lower=low, upper=high, arm=pl.lit("baseline"))


def add_care(tables: dict[str, pl.DataFrame], draws: int, own_data: bool = True) -> None:
    """Add every table of care and money to those of people, and their rows of summary and names.

    Args:
        tables: as `make_tables` gives them; changed in place.
        draws: how many draws the run claims; 0 leaves intervals out.
        own_data: whether the board gave figures of its own.
    """
    years = tables["summary"]["year"].unique().sort().to_list()
    wide = 0.05 if draws else None
    base = years[0]
    people = tables["people"]
    kept = people["year"].unique().sort().to_list()
    stock = people.group_by(["year", "place", "imd_quintile", "segment"]).agg(
        pl.col("value").sum().alias("people")
    )
    services = pl.DataFrame(
        [
            (key, s[1], s[2], str(segment), float(s[3][segment]), float(s[4]), s[5])
            for key, s in SERVICES.items()
            for segment in range(6)
        ],
        orient="row",
        schema=["service", "setting", "unit", "segment", "rate", "cost", "growth"],
    )
    step = pl.col("year").replace_strict({y: i for i, y in enumerate(years)}, return_dtype=pl.Int64)
    need = pl.col("imd_quintile").replace_strict(
        {1: 1.18, 2: 1.07, 3: 1.0, 4: 0.95, 5: 0.9}, return_dtype=pl.Float64
    )
    used = stock.join(services, on="segment").with_columns(
        value=pl.col("people") * pl.col("rate") * need * (1 + pl.col("growth")) ** step
    )
    tables["activity"] = _bounds(used.filter(pl.col("value") > 0), wide).select(
        "arm", "year", "place", "setting", "service", "imd_quintile", "segment", "unit",
        "value", "lower", "upper",
    )  # fmt: skip
    payers = pl.DataFrame(
        [(s, p, share) for s, v in SERVICES.items() for p, share in v[6].items()],
        orient="row", schema=["service", "payer", "share"],
    )  # fmt: skip
    real, better = 0.009, 0.006
    spend = (
        used.group_by(["year", "place", "setting", "service", "imd_quintile"])
        .agg((pl.col("value") * pl.col("cost")).sum())
        .with_columns(value=pl.col("value") * (1 + real) ** step * (1 - better) ** step)
        .join(payers, on="service")
        .with_columns(value=pl.col("value") * pl.col("share"), price_base=pl.lit(f"{base} real"))
    )
    tables["spend"] = _bounds(spend, wide).select(
        "arm", "year", "place", "setting", "service", "payer", "imd_quintile", "price_base",
        "value", "lower", "upper",
    )  # fmt: skip
    public = spend.filter(~pl.col("payer").is_in(PRIVATE))
    _summaries(tables, public, kept, wide)
    _gap(tables, public, kept, years, wide)
    _drivers(tables, spend, kept, base, real, better, wide)
    heads = dict(stock.group_by("year").agg(pl.col("people").sum()).iter_rows())
    _capacity(tables, heads, years, wide)
    _bridge(tables, base, own_data)
    names: list[tuple[str, str, str, str]] = [("setting", k, v, "") for k, v in SETTINGS.items()]
    names += [("service", k, v[0], v[2]) for k, v in SERVICES.items()]
    names += [("payer", k, v, "") for k, v in PAYERS.items()]
    names += [("settlement", k, v[0], "") for k, v in SETTLEMENTS.items()]
    names += [("driver", k, v, "") for k, v in DRIVERS.items()]
    names += [("staff_group", k, v[0], "") for k, v in STAFF.items()]
    names += [("bed_type", k, v[0], "") for k, v in BEDS.items()]
    names += [("specialty", k, v[0], "") for k, v in WAITS.items()]
    tables["names"] = pl.concat(
        [tables["names"], pl.DataFrame(names, orient="row", schema=tables["names"].schema)]
    )


def _summaries(
    tables: dict[str, pl.DataFrame], public: pl.DataFrame, kept: list[str], wide: float | None
) -> None:
    summary = tables["summary"]
    everyone = summary.filter((pl.col("measure") == "people") & pl.col("year").is_in(kept))
    heads = {(y, p): v for y, p, v in everyone.select("year", "place", "value").iter_rows()}
    by_place = public.group_by(["year", "place", "setting"]).agg(pl.col("value").sum())
    whole = by_place.group_by(["year", "setting"]).agg(pl.col("value").sum())
    both = pl.concat([by_place, whole.with_columns(place=pl.lit("")).select(by_place.columns)])
    rows: list[tuple[Any, ...]] = []
    for (year, place), part in both.group_by(["year", "place"]):
        cost = dict(part.select("setting", "value").iter_rows())
        total = sum(cost.values())
        left = cost.get("community", 0.0) + cost.get("prevention", 0.0)
        rows.append((year, place, "spend", "£ a year", total))
        rows.append(
            (year, place, "spend_per_head", "£ per person a year", total / heads[year, place])
        )
        rows += [(year, place, f"spend_{s}", "£ a year", v) for s, v in cost.items()]
        share = 100 * left / total
        rows.append((year, place, "share_community_and_prevention", "percent", share))
    added = pl.DataFrame(
        sorted(rows), orient="row", schema=["year", "place", "measure", "unit", "value"]
    )
    added = _bounds(added, wide).with_columns(sampling_error=pl.col("value") * 0.002)
    tables["summary"] = pl.concat([summary, added.select(summary.columns)])


def _by_setting(
    spend: pl.DataFrame, kept: list[str], years: list[str]
) -> dict[tuple[str, str], float]:
    """Spend by year and setting, between the years that leaf tables keep by a straight line."""
    found = {
        (y, s): v
        for y, s, v in spend.group_by(["year", "setting"]).agg(pl.col("value").sum()).iter_rows()
    }
    at = [years.index(year) for year in kept]
    return {
        (year, s): float(np.interp(t, at, [found.get((y, s), 0.0) for y in kept]))
        for s in SETTINGS
        for t, year in enumerate(years)
    }


def _gap(
    tables: dict[str, pl.DataFrame], public: pl.DataFrame, kept: list[str], years: list[str],
    wide: float | None,
) -> None:  # fmt: skip
    cost = _by_setting(public, kept, years)
    base = years[0]
    all_base = sum(v for (y, _s), v in cost.items() if y == base)
    rows: list[tuple[Any, ...]] = []
    for key, (_label, growth) in SETTLEMENTS.items():
        for t, year in enumerate(years):
            for setting in [*SETTINGS, "unexplained"]:
                known = setting in SETTINGS
                start = cost.get((base, setting), 0.0) if known else 0.09 * all_base
                now = cost.get((year, setting), 0.0) if known else start * 1.012**t
                funding = start * 0.985 * (1 + growth) ** t
                for m, v in (("funding", funding), ("cost", now), ("gap", now - funding)):
                    rows.append((year, setting, m, key, v))
            rows.append((year, "capital", "funding", key, 0.05 * all_base * 1.01**t))
    frame = pl.DataFrame(
        rows, orient="row", schema=["year", "setting", "measure", "settlement", "value"]
    )
    tables["gap"] = _bounds(frame, wide).select(
        "arm", "year", "setting", "measure", pl.lit("£ a year").alias("unit"), "value", "lower",
        "upper", "settlement", pl.lit(f"{base} real").alias("price_base"),
    )  # fmt: skip


def _drivers(
    tables: dict[str, pl.DataFrame], spend: pl.DataFrame, kept: list[str], base: str,
    real: float, better: float, wide: float | None,
) -> None:  # fmt: skip
    cost = {
        (y, s): v
        for y, s, v in spend.group_by(["year", "setting"]).agg(pl.col("value").sum()).iter_rows()
    }
    rows: list[tuple[Any, ...]] = []
    for setting in SETTINGS:
        start = cost.get((base, setting), 0.0)
        for year in kept:
            t = int(year[:4]) - int(base[:4])
            end = cost.get((year, setting), 0.0)
            dear = end - end / (1 - better) ** t
            price = end / (1 - better) ** t * (1 - 1 / (1 + real) ** t)
            rest = end - start - dear - price
            parts = {"base": start, "price": price, "productivity": dear}
            shares = {"population_size": 0.35, "ageing": 0.45, "deprivation_mix": -0.02,
                      "health_beyond_age": 0.04, "growth_beyond_demography": 0.18}  # fmt: skip
            parts |= {k: rest * v for k, v in shares.items()}
            rows += [(year, setting, k, v) for k, v in parts.items()]
    frame = pl.DataFrame(rows, orient="row", schema=["year", "setting", "driver", "value"])
    tables["drivers"] = _bounds(frame, wide).select(
        "arm", "year", "setting", "driver", pl.lit("£ a year").alias("unit"), "value", "lower",
        "upper", pl.lit(f"{base} real").alias("price_base"),
    )  # fmt: skip


def _capacity(
    tables: dict[str, pl.DataFrame], heads: dict[str, float], years: list[str], wide: float | None
) -> None:
    thousand = heads[years[0]] / 1000
    staff: list[tuple[Any, ...]] = []
    beds: list[tuple[Any, ...]] = []
    waits: list[tuple[Any, ...]] = []
    for t, year in enumerate(years):
        for i, (group, (_label, rate, setting)) in enumerate(STAFF.items()):
            supply = rate * thousand * (1 + 0.006 * t)
            demand = rate * thousand * (1.05 + (0.011 + 0.001 * (i % 4)) * t)
            if group == "dentist":
                demand = rate * thousand * (0.98 + 0.002 * t)
            for m, v in (("demand", demand), ("supply", supply), ("gap", demand - supply)):
                staff.append((year, setting, group, m, "WTE", v))
        for kind, (_label, rate, growth, delayed) in BEDS.items():
            there, needed = rate * thousand, rate * thousand * (1.01 + growth * t)
            for m, v in (("beds_needed", needed), ("beds_available", there),
                         ("beds_short", needed - there),
                         ("delayed_beds", needed * delayed)):  # fmt: skip
                beds.append((year, kind, m, "beds", v))
        for specialty, (_label, rate) in WAITS.items():
            size = rate * thousand * (1 + 0.012 * t)
            for m, u, v in (("list_size", "pathways", size),
                            ("share_within_18_weeks", "percent", 60.0 - 0.4 * t),
                            ("over_52_weeks", "pathways", 0.026 * size * (1 + 0.02 * t)),
                            ("mean_wait_weeks", "weeks", 19.0 + 0.2 * t),
                            ("unmet_people", "people", 0.28 * size)):  # fmt: skip
                waits.append((year, specialty, m, u, v))
    for name, rows, keys in (
        ("staff", staff, ["setting", "staff_group"]),
        ("beds", beds, ["bed_type"]),
        ("waits", waits, ["specialty"]),
    ):
        frame = pl.DataFrame(rows, orient="row", schema=["year", *keys, "measure", "unit", "value"])
        tables[name] = _bounds(frame, wide and wide * 2).select(
            "arm", "year", *keys, "measure", "unit", "value", "lower", "upper"
        )


def _bridge(tables: dict[str, pl.DataFrame], base: str, own_data: bool) -> None:
    lines = [
        ("commissioning", "nhs", "NHS commissioning", "published", 162.5e9, "V"),
        ("named", "nhs", "Services of this catalogue", "in", 147.0e9, "D"),
        ("unexplained", "nhs", "NHS commissioning: named by no service", "unexplained", 15.5e9,
         "D"),
        ("social_gross", "social_care", "Council social care, gross", "published", 29.4e9, "V"),
        ("nhs_income", "social_care", "NHS income of councils", "overlapping", 3.1e9, "V"),
        ("capital", "nhs", "Capital", "out", 13.6e9, "R"),
    ]  # fmt: skip
    tables["bridge"] = pl.DataFrame(
        [
            (
                key,
                part,
                label,
                category,
                "£ in 2024/25",
                value,
                "Invented for the test",
                g,
                "2024/25",
            )
            for key, part, label, category, value, g in lines
        ],
        orient="row",
        schema=["line", "part", "label", "category", "unit", "value", "source", "grade", "note"],
    )
    checks = [("activity_gp_appointment", "appointments a year", 164.72e6, 1.0004, True),
              ("spend_acute", "£ a year", 96.0e9, 0.962, False),
              ("beds_general_acute_overnight", "beds", 99_000.0, 1.04, False)]  # fmt: skip
    rows = [
        ("baseline", base, "", c, u, p * r, p, r, "Invented for the test", "V", used)
        for c, u, p, r, used in checks
    ]
    tables["checks"] = pl.concat(
        [tables["checks"], pl.DataFrame(rows, orient="row", schema=tables["checks"].schema)]
    )
    if own_data:
        own = [
            ("units", "gp_appointment", "", "65-69", "", "appointment", 4.1e5, 4.6e5, 4.6e5, 1.12),
            ("price", "ae_attendance", "", "", "", "£ per attendance", 240.0, 262.0, 262.0, 1.09),
            ("wte", "gp", "", "", "", "WTE", 1060.0, 1058.0, 1058.0, 0.998),
        ]
        tables["local"] = pl.DataFrame(
            [(*row, "2024/25", "data/own.csv:2, board ledger") for row in own],
            orient="row",
            schema=["quantity", "item", "place", "age_band", "sex", "unit", "before", "given",
                    "after", "factor", "given_year", "source"],
        )  # fmt: skip


def care_about(base: str) -> dict[str, Any]:
    """What run.json says besides, in a run with care."""
    return {
        "price_base": f"{base} real",
        "care_warnings": [
            "No vacancy figure later than 2023 could be verified, so gaps are not set against "
            "vacancies."
        ],
    }


assert np.isclose(sum(SERVICES["care_home_week"][6].values()), 1.0)
