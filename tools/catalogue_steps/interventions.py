"""Interventions: what experts think could be avoided, as ratios with 95% bounds.

The New Hospital Programme asked experts how much of each of 77 kinds of hospital activity would
remain if all that could reasonably be done were done. The file gives a mean, P10 and P90 in
percent; here they become shares with 95% bounds, widened on the logit scale from the mean so that
both stay between 0 and 1. Swaps in `interventions/*.toml` that rest on them name the row they use.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path
from statistics import NormalDist

PRIORS = "nhp_mitigator_expert_priors.csv"
CODES = "nhp_mitigator-codes.csv"
OUT = "parameters/nhp_priors.csv"
COLUMNS = (
    *("id", "label", "value", "lower", "upper", "distribution", "unit"),
    *("source", "as_of", "grade", "note"),
)
# How much farther the ends of a 95% interval lie from the middle than P10 and P90.
WIDER = NormalDist().inv_cdf(0.975) / NormalDist().inv_cdf(0.9)


def build(reference: Path, out: Path) -> list[str]:
    """Writes the rows; returns the reference files that were read."""
    with (reference / CODES).open(encoding="utf-8", newline="") as lines:
        names = {row["strategy"]: row["strategy_name"] for row in csv.DictReader(lines)}
    with (reference / PRIORS).open(encoding="utf-8", newline="") as lines:
        priors = [row for row in csv.DictReader(lines) if row["mean"]]
    path = out / OUT
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for prior in priors:
            writer.writerow(_row(prior, names))
    return [PRIORS, CODES]


def _row(prior: dict[str, str], names: dict[str, str]) -> dict[str, str]:
    name = prior["param_name"]
    # The columns are percentiles of belief in avoiding: "percentile10" is the greater remainder.
    mean, most, least = (
        float(prior[key]) / 100 for key in ("mean", "percentile10", "percentile90")
    )
    words = names.get(name, name.replace("_", " ").replace("-", " "))
    return {
        "id": f"nhp.remaining.{name.replace('-', '_')}",
        "label": f"Share that would remain, as experts think: {words}",
        "value": f"{mean:.5f}",
        "lower": f"{_widened(mean, least):.5f}",
        "upper": f"{_widened(mean, most):.5f}",
        "distribution": "logitnormal",
        "unit": "share of such activity",
        "source": "NHS England, New Hospital Programme: national expert elicitation (nhp_inputs, "
        f"nee_table.csv): mean {100 * mean:.1f}%, P10 {100 * most:.1f}%, P90 {100 * least:.1f}%",
        "as_of": "2024",
        "grade": "D",
        "note": "P10 and P90 widened to 95% on the logit scale about the mean. What experts "
        "think possible, at no stated date, not what has been seen.",
    }


def _widened(middle: float, end: float) -> float:
    logit = math.log(middle / (1 - middle))
    far = logit + (math.log(end / (1 - end)) - logit) * WIDER
    return 1 / (1 + math.exp(-far))
