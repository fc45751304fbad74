"""Whom a board serves: residents by age and year, registered people, practices and places."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from leftshift.areas import Area
from leftshift.catalogue import Catalogue
from leftshift.organisation.reading import BoardError, Keys

if TYPE_CHECKING:
    from leftshift.runs import Run

__all__ = ["AGES", "Residents", "england_adults", "read_people"]

AGES = ("under_18", "from_18_to_64", "from_65_to_74", "from_75_to_84", "from_85")
"""The ages by which caseloads differ."""

_FROM = (0, 18, 65, 75, 85, 200)
_COUNTS = ("practices", "providers", "places")
# An outlook's simulated people and a board's own count may differ by so much of it.
_APART = 0.05


@dataclass(frozen=True, slots=True)
class Residents:
    """The people of a board.

    Attributes:
        ages: people by age for each label of the board's years.
        registered: people registered with its practices, in the base year.
        weighted: people weighted for need, in the base year.
        four_or_more: people with four or more long-term conditions for each label, or None where
            no outlook is given.
        practices: general practices.
        providers: providers that it holds contracts with.
        places: places in it.
        source: where the people come from, in words.
    """

    ages: tuple[dict[str, float], ...]
    registered: float
    weighted: float
    four_or_more: tuple[float, ...] | None
    practices: float
    providers: float
    places: float
    source: str

    @property
    def totals(self) -> tuple[float, ...]:
        """All residents for each label."""
        return tuple(sum(year.values()) for year in self.ages)

    @property
    def total(self) -> float:
        """All residents in the base year."""
        return self.totals[0]

    def adults(self, year: int) -> float:
        """Residents of 18 and over in a year, counted from the base year."""
        return sum(self.ages[year].values()) - self.ages[year]["under_18"]


def read_people(
    keys: Keys,
    area: Area | None,
    labels: tuple[str, ...],
    catalogue: Catalogue,
    run: Run | None,
    warnings: list[str],
) -> Residents:
    """Finds a board's people: from an outlook, from its own [people], or from its area.

    Args:
        keys: the [people] table of organisation.toml; may be empty.
        area: the board's area, or None.
        labels: the years.
        catalogue: gives residents by age, registered and weighted populations.
        run: a run of the outlook, or None.
        warnings: what a reader should know is added here.

    Raises:
        BoardError: nobody says who the people are, or the run does not cover the base year.
    """
    keys.only("total", "weighted", "registered", *AGES, *_COUNTS)
    known = _registered(area, catalogue) if area is not None else None
    four = None
    if run is not None:
        ages, four = _from_run(run, labels, warnings)
        _mind_other_people(keys, ages[0], warnings)
        if area is not None and (run.about.get("area") or {}).get("code") != area.code:
            warnings.append(
                f"The outlook is of {(run.about.get('area') or {}).get('name', 'another area')}, "
                f"not of {area.name}: its people are used as they are."
            )
        source = f"the outlook {run.identity_sha256[:12]}"
    elif any(age in keys.values for age in AGES):
        one = {age: keys.number(age, 0, 1e8) for age in AGES}
        ages, source = tuple(one for _ in labels), "organisation.toml"
        warnings.append(
            "People are held at their present number: give an outlook (--outlook RUN) to let them "
            "grow older."
        )
    elif area is not None:
        one = _area_ages(area, catalogue)
        ages, source = tuple(one for _ in labels), "the catalogue's residents of mid-2025"
        warnings.append(
            "People are held at mid-2025: give an outlook (--outlook RUN) to let them grow older."
        )
    else:
        raise keys.wrong(
            None,
            "nobody says whom the board serves. Give [board] area, or [people] with "
            f"{', '.join(AGES)}.",
        )
    total = sum(ages[0].values())
    if total < 1:
        raise keys.wrong(None, "the board serves nobody. Give its people.")
    stated = keys.number("total", 1, 1e8, total)
    if abs(stated - total) > 0.005 * total and run is None:
        raise keys.wrong(
            "total", f"the ages add up to {total:,.0f}, not to {stated:,.0f}. Correct one of them."
        )
    registered = keys.number("registered", 1, 1e8, known[0] if known else total)
    each = catalogue.row("medicines.people_per_practice").estimate.value
    return Residents(
        ages=ages,
        registered=registered,
        weighted=keys.number("weighted", 1, 1e8, known[1] if known else registered),
        four_or_more=four,
        practices=keys.number("practices", 0, 1e4, round(registered / each)),
        providers=keys.number("providers", 0, 1e4, 12),
        places=keys.number("places", 0, 1e3, len(area.places) if area is not None else 1),
        source=source,
    )


def _mind_other_people(keys: Keys, found: dict[str, float], warnings: list[str]) -> None:
    """Warns where an outlook has other people than the board's own file says."""
    total = sum(found.values())
    if all(age in keys.values for age in AGES):
        own = sum(keys.number(age, 0, 1e8) for age in AGES)
    elif "total" in keys.values:
        own = keys.number("total", 1, 1e8)
    else:
        return
    if abs(total - own) > _APART * own:
        warnings.append(
            f"The outlook has {total:,.0f} people where organisation.toml has {own:,.0f}: "
            "caseloads follow the outlook, but registered and weighted people stay as given. "
            "Give an outlook of the same people."
        )


def _area_ages(area: Area, catalogue: Catalogue) -> dict[str, float]:
    by_authority = _authority_ages(catalogue)
    found = dict.fromkeys(AGES, 0.0)
    for member in area.members:
        for age, count in by_authority[member.authority].items():
            found[age] += count * member.share
    return found


def _authority_ages(catalogue: Catalogue) -> dict[str, dict[str, float]]:
    import polars as pl

    frame = catalogue.table("population_2025")
    sums = frame.group_by("authority").agg(
        pl.sum_horizontal(f"a{age}" for age in range(low, min(high, 106))).sum().alias(name)
        for name, low, high in zip(AGES, _FROM[:-1], _FROM[1:], strict=True)
    )
    return {
        row["authority"]: {age: float(row[age]) for age in AGES}
        for row in sums.iter_rows(named=True)
    }


@lru_cache(maxsize=4)
def england_adults(catalogue: Catalogue) -> dict[str, float]:
    """Gives England's residents by age at mid-2025, against which boards are compared."""
    found = dict.fromkeys(AGES, 0.0)
    for ages in _authority_ages(catalogue).values():
        for age, count in ages.items():
            found[age] += count
    return found


def _registered(area: Area, catalogue: Catalogue) -> tuple[float, float]:
    """Registered and weighted people: each board's, by the share of its residents in the area."""
    lists = {row["board"]: row for row in catalogue.table("weighted_populations").to_dicts()}
    residents = _authority_ages(catalogue)
    whole: dict[str, float] = {}
    for row in catalogue.table("membership").iter_rows(named=True):
        people = sum(residents[row["authority"]].values()) * row["share"]
        whole[row["board"]] = whole.get(row["board"], 0.0) + people
    registered = weighted = 0.0
    for member in area.members:
        part = sum(residents[member.authority].values()) * member.share / whole[member.board]
        registered += part * lists[member.board]["registered"]
        weighted += part * lists[member.board]["core"]
    return registered, weighted


def _from_run(
    run: Run, labels: tuple[str, ...], warnings: list[str]
) -> tuple[tuple[dict[str, float], ...], tuple[float, ...] | None]:
    import polars as pl

    if not {"people", "summary"} <= set(run.tables):
        raise BoardError(f"{run.path}: this run has no people in it. Give a run of the outlook.")
    counts = (
        run.table("people")
        .filter((pl.col("arm") == "baseline") & pl.col("year").is_in(list(labels)))
        .group_by("year", "age_band")
        .agg(pl.col("value").sum())
    )
    years: dict[str, dict[str, float]] = {}
    for year, band, count in counts.iter_rows():
        found = years.setdefault(year, dict.fromkeys(AGES, 0.0))
        for age, share in _shares(band).items():
            found[age] += count * share
    if labels[0] not in years:
        raise BoardError(
            f"{run.path}: the run does not cover {labels[0]}, the board's base year; it begins in "
            f"{run.about.get('base_year', 'another year')}. Make an outlook that does."
        )
    missing = [label for label in labels if label not in years]
    if missing:
        warnings.append(f"The outlook ends before {missing[0]}: people are held from then on.")
    ill = run.table("summary").filter(
        (pl.col("arm") == "baseline")
        & (pl.col("place") == "")
        & (pl.col("measure") == "four_or_more")
    )
    found_ill = dict(zip(ill["year"], ill["value"], strict=True))
    ages, four = [], []
    last = labels[0]
    for label in labels:
        last = label if label in years else last
        ages.append(years[last])
        four.append(found_ill.get(last, -1.0))
    return tuple(ages), tuple(four) if min(four) >= 0 else None


def _shares(band: str) -> dict[str, float]:
    """Shares a five-year band out: of 15 to 19 three years in five are under 18."""
    start = int(band.partition("-")[0].removesuffix("+"))
    if start == 15:
        return {"under_18": 0.6, "from_18_to_64": 0.4}
    place = sum(start >= edge for edge in _FROM[1:5])
    return {AGES[place]: 1.0}
