"""Services: activity, cost and use by age from the reference files.

Every row of the National Cost Collection is given to one service, by the first rule that fits;
what no rule takes is an error, so that no pound is lost or counted twice. The services' words and
shares, and the figures that no file holds, stand in `services/*.toml` and `parameters/` by hand.
"""

from __future__ import annotations

import csv
import json
import tomllib
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

Array = NDArray[np.float64]

COLUMNS = (
    *("id", "label", "value", "lower", "upper", "distribution", "unit"),
    *("source", "as_of", "grade", "note"),
)
COSTS = "nhs_cost_collection_2024_25.csv"
BY_AGE = "nhs_activity_cost_by_age_sex.csv"
SEGMENTS = "dpm_bnssg_segment_activity_cost.csv"
APPOINTMENTS = "gp_appointments_england_monthly.csv"
GROWTH = "nhp_non_demographic_growth.json"
GROWTH_VARIANT = "variant_3"

BANDS = (0, 1, *range(5, 100, 5))
"""First ages of the age bands of a shape."""
SEXES = ("female", "male")

ADMITTED = ("Non-Elective Inpatient - Long Stay", "Non-Elective Inpatient - Short Stay")
ELECTIVE = "Elective Inpatients"
DAY = ("Daycase", "Regular Day or Night Admissions")
PROCEDURES = "Outpatient Procedures"
CRITICAL = ("Critical care", "Critical care transport")
MENTAL = "Mental Health Care Contact"
SPELL = "Mental Health Provider Spell"
COMMUNITY = "Community Health Service"

# (service, departments or none for all of them, pattern of the currency code); the first that fits
# takes the row, so maternity and cancer treatment are taken out of the departments they sit in.
RULES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("maternity", (), r"^(NZ|N01A$|N01P$)"),
    ("cancer_treatment", (*DAY, PROCEDURES), r"^S[BC]"),
    ("non_elective_admission", ADMITTED, ""),
    ("elective_inpatient", (ELECTIVE,), ""),
    ("day_case", DAY, ""),
    ("outpatient_procedure", (PROCEDURES,), ""),
    ("neonatal_care", CRITICAL, r"^XA"),
    ("critical_care", CRITICAL, ""),
    ("renal_dialysis", ("Renal Dialysis",), ""),
    ("high_cost_drugs", ("High Cost Drugs", "High Cost Devices"), ""),
    (
        "diagnostics",
        (
            "Diagnostic Imaging",
            "Nuclear Medicine",
            "Directly Accessed Diagnostic Services",
            "Community diagnostic centres",
        ),
        "",
    ),
    ("pathology", ("Directly Accessed Pathology Services",), ""),
    ("other_acute", ("Cancer MDT", "Non Consultant Led", "Consultant Led"), ""),
    ("intermediate_care_bed", ("Rehabilitation Inpatient",), ""),
    ("ambulance_hear_treat", ("Ambulance",), r"^01$"),
    ("ambulance_see_treat", ("Ambulance",), r"^02$"),
    ("ambulance_convey", ("Ambulance",), r"^03$"),
    ("ambulance_other", ("Ambulance",), ""),
    ("ae_attendance", ("Emergency Care",), ""),
    ("mh_inpatient_specialised", (SPELL,), r"^(203|204|206|207|208|209|211|3\d\d)MHPS"),
    ("mh_inpatient", (SPELL,), ""),
    ("talking_therapies", ("NHS Talking Therapy Care Contact",), ""),
    ("mh_crisis", (MENTAL,), r"^(A02|A11|A19|A20|A21|A22|A23|A24|A25)"),
    ("memory_service", (MENTAL,), r"^(A07|A17)"),
    ("mh_children", (MENTAL,), r"^(C0[013-9]|C1|F01|D06)"),
    ("learning_disability_team", (MENTAL,), r"^E"),
    ("mh_community_adult", (MENTAL,), ""),
    ("intermediate_care", (COMMUNITY,), r"^IC0"),
    ("health_visiting_school", (COMMUNITY, "Non Consultant Led"), r"^(N03|N05|VACN)"),
    ("district_nursing", (COMMUNITY,), r"^N02"),
    ("palliative", (COMMUNITY,), r"^N21"),
    ("specialist_nursing", (COMMUNITY,), r"^N\d"),
    ("community_therapy", (COMMUNITY,), r"^(A\d|NCRT|SCRT|OSCCRT|MCCRT)"),
    (
        "other_community",
        (
            COMMUNITY,
            "Wheelchair Equipment",
            "Audiology Admitted Patient Care",
            "Directly Accessed Audiology",
            "Audiology Outpatient Care",
            "Audiology Community Health Services",
        ),
        "",
    ),
    ("screening", ("National screening programmes",), ""),
)

COLLECTION = "National Cost Collection 2024/25, NHS England (as held in NICE's COSTmos)"
WARD_FROM = ("district_nursing", "specialist_nursing", "intermediate_care", "other_community")
"""Lines whose cost holds that of virtual wards, which is taken out of them in proportion."""


def build(reference: Path, out: Path) -> list[str]:
    """Writes the derived figures, shapes and segment gradients of services.

    Args:
        reference: the folder of reference files.
        out: the catalogue's folder, holding `tables/population_2019.csv`,
            `parameters/care_services.csv` and `services/`.

    Returns:
        The names of the reference files read.
    """
    assumed = _values(out / "parameters" / "care_services.csv")
    figures = _collection(reference, assumed)
    figures |= _appointments(reference, assumed)
    words = _words(out / "services")
    rows = [
        row
        for service, (activity, cost) in figures.items()
        for row in _rows(service, words[service], activity, cost, assumed)
    ]
    rows += _growth(reference)
    with (out / "parameters" / "care_services_derived.csv").open(
        "w", encoding="utf-8", newline=""
    ) as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n", restval="")
        writer.writeheader()
        writer.writerows(rows)
    _shapes(reference, out)
    _segments(reference, out)
    return [COSTS, BY_AGE, SEGMENTS, APPOINTMENTS, GROWTH]


def _values(path: Path) -> dict[str, float]:
    with path.open(encoding="utf-8", newline="") as file:
        return {row["id"]: float(row["value"]) for row in csv.DictReader(file)}


def _words(folder: Path) -> dict[str, str]:
    """What each service is called, with what it counts."""
    found = {}
    for path in sorted(folder.glob("*.toml")):
        for service, block in tomllib.loads(path.read_text("utf-8"))["service"].items():
            found[service] = f"{block['label']}: {{}} (unit: {block['unit']})"
    return found


def _collection(reference: Path, assumed: dict[str, float]) -> dict[str, tuple[float, float]]:
    """Activity and cost of each service of the Cost Collection, each row counted once."""
    lines = pl.read_csv(
        reference / COSTS,
        schema_overrides={"currency_code": pl.String, "activity": pl.Float64, "cost": pl.Float64},
    ).with_columns(pl.col("currency_code").fill_null(""))
    taken = pl.lit(None, pl.String)
    for service, departments, pattern in reversed(RULES):
        fits = pl.col("currency_code").str.contains(pattern) if pattern else pl.lit(True)
        if departments:
            fits = fits & pl.col("department_code").is_in(departments)
        taken = pl.when(fits).then(pl.lit(service)).otherwise(taken)
    lines = lines.with_columns(service=taken)
    left = lines.filter(pl.col("service").is_null())["department_code"].unique().to_list()
    if left:
        raise ValueError(f"{COSTS}: no service takes the rows of {left}")
    sums = lines.group_by("service").agg(pl.col("activity").sum(), pl.col("cost").sum())
    found = {s: (float(a), float(c)) for s, a, c in sums.iter_rows()}
    # What ambulances do besides incidents has a cost and no countable unit of its own.
    convey, other = found["ambulance_convey"], found.pop("ambulance_other")
    found["ambulance_convey"] = (convey[0], convey[1] + other[1])
    per_admission = assumed["care.episodes_per_emergency_admission"]
    episodes, cost = found["non_elective_admission"]
    found["non_elective_admission"] = (episodes / per_admission, cost)
    wards = assumed["care.virtual_ward_patient_days"] * assumed["care.virtual_ward_cost_per_day"]
    whole = sum(found[service][1] for service in WARD_FROM)
    for service in WARD_FROM:
        activity, cost = found[service]
        found[service] = (activity, cost * (1.0 - wards / whole))
    order = [rule[0] for rule in RULES if rule[0] in found]
    return {service: found[service] for service in dict.fromkeys(order)}


def _appointments(reference: Path, assumed: dict[str, float]) -> dict[str, tuple[float, float]]:
    """General practice: appointments of 2024/25, and the primary medical allocation shared out."""
    frame = pl.read_csv(reference / APPOINTMENTS).filter(
        pl.col("appointment_month").is_between(pl.lit("2024-04-01"), pl.lit("2025-03-01"))
    )
    gp = float(frame.filter(pl.col("hcp_type") == "GP")["appointments"].sum())
    other = float(frame["appointments"].sum()) - gp
    weight = assumed["care.gp_appointment_cost_weight"]
    whole = assumed["care.primary_medical_2024_25"]
    each = whole / (gp * weight + other)
    return {
        "gp_appointment": (gp, gp * weight * each),
        "practice_team_appointment": (other, other * each),
    }


def _rows(
    service: str, words: str, activity: float, cost: float, assumed: dict[str, float]
) -> list[dict[str, str]]:
    notes = {
        "non_elective_admission": (
            "Episodes of the Collection (short and long stay, without maternity) divided by "
            f"care.episodes_per_emergency_admission, "
            f"{assumed['care.episodes_per_emergency_admission']:g}; the cost is that of all "
            "episodes."
        ),
        "ambulance_convey": (
            "The cost of the Collection's line Other (no incident) is spread over conveyances."
        ),
        **dict.fromkeys(WARD_FROM, "The cost of virtual wards is taken out, in proportion."),
    }
    practice = service in ("gp_appointment", "practice_team_appointment")
    source = COLLECTION
    if practice:
        source = "Appointments in General Practice, NHS England, April 2024 to March 2025"
        note = (
            "Staff not known are counted with other staff."
            if service != "gp_appointment"
            else "Appointments with a general practitioner."
        )
        cost_note = (
            "The primary medical allocation (care.primary_medical_2024_25) spread over all "
            "appointments, one with a GP counting care.gp_appointment_cost_weight times."
        )
    else:
        note = cost_note = notes.get(service, "")
    derived = bool(note) and not practice
    counted = service == "non_elective_admission"
    base = {"distribution": "fixed", "as_of": "2025-03-31", "source": source}
    return [
        {
            **base,
            "id": f"service.{service}.activity",
            "label": words.format("units a year in England"),
            "value": f"{activity:.0f}",
            "unit": "units a year in England",
            "grade": "D" if counted else "V",
            "note": note if counted or practice else "",
        },
        {
            **base,
            "id": f"service.{service}.unit_cost",
            "label": words.format("cost of a unit"),
            "value": f"{cost / activity:.4f}",
            "unit": "GBP per unit",
            "grade": "D" if derived or practice else "V",
            "note": cost_note,
        },
    ]


def _growth(reference: Path) -> list[dict[str, str]]:
    """Growth beyond demography: the planning model's P10 and P90 made into a 95% interval."""
    text = (reference / GROWTH).read_text("utf-8")
    values = json.loads(text)[GROWTH_VARIANT]["values"]
    kinds = {
        "emergency_care": ("A&E attendances", values["aae"]["ambulance"]),
        "elective": ("elective admissions", values["ip"]["elective"]),
        "non_elective": ("non-elective admissions", values["ip"]["non-elective"]),
        "maternity": ("maternity", values["ip"]["maternity"]),
        "outpatient": ("outpatient attendances and procedures", values["op"]["first"]),
    }
    rows = []
    for key, (label, (tenth, ninetieth)) in kinds.items():
        middle = (tenth + ninetieth) / 2.0 - 1.0
        half = (ninetieth - tenth) / 2.0 * 1.959964 / 1.281552
        spread = (
            {"lower": f"{100 * (middle - half):.3f}", "upper": f"{100 * (middle + half):.3f}"}
            if half > 0.0
            else {}
        )
        rows.append(
            {
                "id": f"care.growth.{key}",
                "label": f"Growth beyond demography: {label}",
                "value": f"{100 * middle:.3f}",
                **spread,
                "distribution": "normal" if spread else "fixed",
                "unit": "percent a year",
                "source": "New Hospital Programme demand model, non-demographic growth, variant 3 "
                "(nhp_inputs, ndg_variants.json)",
                "as_of": "2025",
                "grade": "D",
                "note": "Published P10 and P90 taken as those of a normal distribution. Variant 3 "
                "is chosen because it has the widest interval and, unlike variant 2, does not net "
                "out past mitigation for non-elective care.",
            }
        )
    return rows


def _shapes(reference: Path, out: Path) -> None:
    """Rates per head by age band and sex, from activity and England's people of mid-2019."""
    people = pl.read_csv(out / "tables" / "population_2019.csv")
    ages = [f"a{age}" for age in range(106)]
    of_age = np.searchsorted(BANDS, np.arange(106), side="right") - 1
    held = np.zeros((2, len(BANDS)))
    for place, sex in enumerate(SEXES):
        by_age = people.filter(pl.col("sex") == sex).select(ages).sum().to_numpy()[0]
        np.add.at(held[place], of_age, by_age)
    activity = pl.read_csv(reference / BY_AGE).filter(pl.col("Metric") == "Activity Count")
    source = "NHS hospital activity by age and sex (HES, year not stated), as held in PolicyEngine"
    note = "Activity divided by England's people of mid-2019: a shape, not a level."
    lines = []
    for code, shape in (("AE", "ae_by_age"), ("APC", "apc_by_age"), ("OP", "op_by_age")):
        for place, sex in enumerate(SEXES):
            counted = (
                activity.filter((pl.col("Service") == code) & (pl.col("Gender") == sex.title()))
                .with_columns(first=pl.col("Age group").str.extract(r"^(\d+)").cast(pl.Int64))
                .sort("first")
            )
            if tuple(counted["first"]) != BANDS:
                raise ValueError(f"{BY_AGE}: the age bands of {code} are not those expected")
            rates = counted["Total"].to_numpy() / held[place]
            lines.append(
                [shape, sex, *(f"{rate:.5f}" for rate in rates), source, "2019", "D", note]
            )
    _write(
        out / "tables" / "service_age_shapes_derived.csv",
        ["shape", "sex", *(f"from_{age}" for age in BANDS), "source", "as_of", "grade", "note"],
        lines,
    )


def _segments(reference: Path, out: Path) -> None:
    """What a person in each core segment uses of BNSSG's ten points of delivery."""
    about = ("definition", "source", "as_of", "grade", "note")
    frame = pl.read_csv(reference / SEGMENTS).filter(pl.col("State").str.starts_with("CS"))
    lines = []
    for column in frame.columns:
        if not column.startswith("act_"):
            continue
        rates = [f"{rate:.6g}" for rate in frame.sort("State")[column]]
        lines.append(
            [
                column.removeprefix("act_"),
                *rates,
                "core segments of the Cambridge score",
                "BNSSG Dynamic Population Model, activity per person and year by core segment, "
                "July 2021 to June 2022",
                "2022-06-30",
                "V",
                "One area's; crude rates, so age is in them. For gradient and never level.",
            ]
        )
    _write(
        out / "tables" / "service_segment_gradients.csv",
        ["gradient", *(f"s{s}" for s in range(1, 6)), *about],
        lines,
    )


def _write(path: Path, header: list[str], lines: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(lines)
