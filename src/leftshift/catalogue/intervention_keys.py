"""What an intervention file may say: every key, with what it means and the unit of each figure."""

from __future__ import annotations

__all__ = [
    "COSTS",
    "EFFECT_KEYS",
    "EVIDENCE",
    "FACTOR_UNITS",
    "KEYS",
    "LIMITS",
    "SHIFTS",
    "SWAP_KEYS",
]

KEYS: dict[str, tuple[str, bool, str]] = {
    "label": ("text", True, "what people call it"),
    "shift": ("text", True, "the shift that it serves"),
    "about": ("text", True, "what is done, and by whom, in a sentence or two"),
    "who": ("text", True, "whom it is for, in the grammar of target groups"),
    "reach": ("reach", True, "the share of those people who are on it once it is in place"),
    "stay": ("years", False, "how many years a person stays on it; 0 while eligible"),
    "lag": ("years", False, "whole years from joining until its effects begin"),
    "lasts": ("years", False, "years that effects hold; 0 as long as the person is on it"),
    "fade": ("years", False, "years over which they then wane to nothing"),
    "evidence": ("text", True, "how good its evidence is, from A to D"),
    "against": ("text", True, "what is known against it"),
    "limited_by": ("limits", False, "what may limit its reach"),
    "note": ("text", False, "what a reader should know"),
    "effect": ("effects", False, "what it changes, by name"),
    "swap": ("swaps", False, "what leaves one service and arrives in another, by name"),
    "cost": ("costs", False, "what it costs"),
    "staff": ("staff", False, "whom it employs, by staff group"),
}
"""Every key of an intervention: its kind, whether a new one needs it, and what it says."""

SHIFTS: dict[str, str] = {
    "hospital_to_community": "Hospital to community",
    "analogue_to_digital": "Analogue to digital",
    "sickness_to_prevention": "Sickness to prevention",
}
"""The three shifts, with the words shown to people."""

EVIDENCE: dict[str, str] = {
    "A": "strong causal evidence: trials, consistent",
    "B": "good evidence, with doubts: few trials, or strong quasi-experiments",
    "C": "weak evidence: matched or before-and-after comparisons, or mixed trials",
    "D": "uncontrolled, expert opinion, or none",
}
"""The grades of evidence, best first."""

LIMITS = ("staff", "capacity")
"""What may limit how many an intervention reaches."""

EFFECT_KEYS: dict[str, str] = {
    "on": "what it changes: hazard:<condition>, hazard:death, risk:<factor>, rate:<service>, "
    "capacity:<bed type> or capacity:planned_care",
    "ratio": "what it multiplies it by (a figure)",
    "shift": "for risk:<factor>, what it adds to it, in the factor's own unit (a figure)",
    "evidence": "its own grade of evidence, where it differs from the intervention's",
    "avoided": "true where what falls is truly avoided, so that nothing takes its place",
    "note": "what a reader should know",
}
"""Every key of an effect, and what it says."""

SWAP_KEYS: dict[str, str] = {
    "from": "the service that care leaves",
    "to": "the service in which it arrives",
    "share": "the share of `from` avoided among those on it (a figure)",
    "per_unit": "units of `to` for each unit of `from` avoided (a figure)",
    "evidence": "its own grade of evidence, where it differs from the intervention's",
    "note": "what a reader should know",
}
"""Every key of a swap, and what it says."""

COSTS: dict[str, tuple[str, str]] = {
    "per_start": ("cost for each person who joins", "GBP per person joining"),
    "per_year": ("cost for each year that a person is on it", "GBP per person-year"),
    "start_up": ("cost of setting it up, in its first year", "GBP per 1,000,000 residents"),
    "double_running": (
        "share of swapped-away cost that goes on in the year that releases it",
        "share of swapped-away cost",
    ),
}
"""Every cost of an intervention: how it is called, and its unit."""

FACTOR_UNITS: dict[str, str] = {
    "smoking": "share of smokers who stop",
    "bmi": "kg/m2",
    "sbp": "mmHg",
    "cholesterol": "mmol/L",
    "alcohol": "units per week",
}
"""The unit in which `shift` moves each risk factor."""
