"""Non-response weights: respondents stand for all who hold their role in their region."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import polars as pl

from leftshift.survey.cleaning import Cleaned
from leftshift.survey.codebook import Wave

__all__ = ["non_response_weights"]


def non_response_weights(cleaned: Cleaned) -> tuple[dict[str, float], list[str]]:
    """Weights respondents to the frame by cell, wave by wave.

    A cell is a role in a region (or what [weights] by says). Cells with fewer respondents than
    `least` are merged with each other within the role, then with the role's smallest cell. A weight
    is trimmed at `most` times the mean; weights of a wave have mean 1.

    Args:
        cleaned: respondents and frame.

    Returns:
        Weight by respondent, for the waves that have a frame of every role that answered, and
        sentences on what had to be merged, trimmed or left out.
    """
    weights: dict[str, float] = {}
    notes: list[str] = []
    if not cleaned.codebook.weighting.use:
        return weights, notes
    for wave in cleaned.codebook.waves:
        weights |= _wave(cleaned, wave, notes)
    return weights, notes


def _wave(cleaned: Cleaned, wave: Wave, notes: list[str]) -> dict[str, float]:
    rule = cleaned.codebook.weighting
    frame = cleaned.frame.filter(pl.col("wave") == wave.id).rows(named=True)
    people = cleaned.respondents.filter(pl.col("wave") == wave.id).rows(named=True)
    framed = {row["role"] for row in frame}
    lacking = sorted({row["role"] for row in people} - framed)
    if lacking or not people:
        if frame and lacking:
            notes.append(
                f"Wave {wave.label} is not weighted: the frame does not count {', '.join(lacking)}."
            )
        return {}
    regional = "region" in rule.by and all(row["region"] is not None for row in frame)
    if "region" in rule.by and not regional:
        notes.append(f"Wave {wave.label} is weighted without region: the frame has none.")

    def cell(row: dict[str, object]) -> tuple[str, str]:
        return (
            str(row["role"]) if "role" in rule.by else "",
            str(row["region"] or "") if regional else "",
        )

    counts: Counter[tuple[str, str]] = Counter()
    for row in frame:
        counts[cell(row)] += row["count"]
    found = Counter(cell(row) for row in people)
    merged = _merge(counts, found, rule.least)
    if any(len(cells) > 1 for cells in merged):
        several = sum(len(cells) for cells in merged if len(cells) > 1)
        notes.append(
            f"Wave {wave.label}: {several} cells of weights with fewer than {rule.least} "
            "respondents, and those they were put with, were merged."
        )
    weight_of: dict[tuple[str, str], float] = {}
    for cells in merged:
        asked, answered = sum(counts[one] for one in cells), sum(found[one] for one in cells)
        if not answered:
            names = ", ".join(sorted({one[0] for one in cells}))
            notes.append(
                f"Wave {wave.label}: nobody answered for {names or 'some cells'}; no "
                "weight can make up for that."
            )
            continue
        for one in cells:
            weight_of[one] = max(asked, answered) / answered
    raw = np.array([weight_of[cell(row)] for row in people])
    raw /= raw.mean()
    trimmed = np.minimum(raw, rule.most)
    if (raw > rule.most + 1e-12).any():
        count = int((raw > rule.most + 1e-12).sum())
        notes.append(f"Wave {wave.label}: {count} weights were trimmed to {rule.most:g}.")
    trimmed /= trimmed.mean()
    return {row["respondent"]: float(one) for row, one in zip(people, trimmed, strict=True)}


def _merge(
    counts: Counter[tuple[str, str]], found: Counter[tuple[str, str]], least: int
) -> list[list[tuple[str, str]]]:
    by_role: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for one in sorted({*counts, *found}):
        by_role[one[0]].append(one)
    merged: list[list[tuple[str, str]]] = []
    for cells in by_role.values():
        large = [[one] for one in cells if found[one] >= least]
        small = [one for one in cells if found[one] < least]
        if small and large and sum(found[one] for one in small) < least:
            smallest = min(large, key=lambda group: (found[group[0]], group[0]))
            smallest += small
        elif small:
            large.append(small)
        merged += large
    return merged
