"""The report in words: how a number is written, and what is said about the findings.

Prose gives people to three significant figures; tables give them in full. Nothing here reads a
table or draws: numbers come from `findings`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from leftshift.report.findings import Change, Figure, Findings, Spot
from leftshift.report.money import is_money, pounds

MEASURES = {
    "people": "Everyone",
    "people_under_20": "Aged under 20",
    "people_20_64": "Aged 20 to 64",
    "people_65_over": "Aged 65 and over",
    "people_75_over": "Aged 75 and over",
    "people_85_over": "Aged 85 and over",
    "births": "Births",
    "deaths": "Deaths",
    "net_migration": "People moving in, less those moving out",
    "person_years": "Years lived by everyone in the year",
    "qaly": "Years lived, weighted by quality of life (QALYs)",
    "major_illness": "Living with major illness",
    "major_illness_share": "Share living with major illness",
    "mean_score": "Mean Cambridge Multimorbidity Score",
    "two_or_more": "With two or more of the twenty conditions",
    "four_or_more": "With four or more of the twenty conditions",
    "life_expectancy_female": "Life expectancy at birth, women",
    "life_expectancy_male": "Life expectancy at birth, men",
    "healthy_life_expectancy_female": "Years without major illness from birth, women",
    "healthy_life_expectancy_male": "Years without major illness from birth, men",
    "slope_index_life_expectancy_female": "Slope index of inequality in life expectancy, women",
    "slope_index_life_expectancy_male": "Slope index of inequality in life expectancy, men",
    "slope_index_healthy_life_expectancy_female": (
        "Slope index of inequality in years without major illness, women"
    ),
    "slope_index_healthy_life_expectancy_male": (
        "Slope index of inequality in years without major illness, men"
    ),
}

SEGMENTS = {
    "0": "Under 17 (not scored)",
    "1": "1, lowest scores",
    "2": "2",
    "3": "3",
    "4": "4",
    "5": "5, highest scores",
}

QUINTILES = {1: "1, most deprived", 2: "2", 3: "3", 4: "4", 5: "5, least deprived"}

SEXES = {"female": "Women", "male": "Men"}

GRADES = {
    "V": ("Verified", "read in the named source, which was checked"),
    "D": ("Derived", "worked out from verified figures by a stated step"),
    "R": ("Recalled", "quoted from memory of a source that has not been checked again: verify"),
    "A": ("Assumed", "a judgement, with a wide interval where one could be given"),
}

GLOSSARY = (
    (
        "95% interval",
        "The range that holds 95 in 100 of the repeated runs (draws), each made with "
        "other plausible values of the uncertain inputs. It does not cover what the model leaves "
        "out.",
    ),
    (
        "Cambridge Multimorbidity Score",
        "Adds up a weight for each of twenty long-term conditions a person has. The "
        "weights say how strongly each condition goes with use of care and with death.",
    ),
    (
        "Core segment",
        "A group of people with a similar Cambridge score, from 1 (little or no illness) to 5 (the "
        "most complex). People under 17 are a group of their own.",
    ),
    (
        "Deprivation fifth (quintile)",
        "England's neighbourhoods ranked by the Index of Multiple Deprivation 2019 and "
        "cut into five equal groups: 1 is the most deprived fifth, 5 the least.",
    ),
    (
        "Financial year",
        "April to March. 2025/26 is April 2025 to March 2026. People and illness are counted on "
        "30 June of the year; births, deaths and new cases over its twelve months.",
    ),
    (
        "Life expectancy",
        "How long a newborn would live, on average, if death rates stayed for life as they are in "
        "the year shown.",
    ),
    (
        "Major illness",
        "A Cambridge Multimorbidity Score above the threshold in the catalogue: broadly, enough "
        "long-term illness to need care from several services.",
    ),
    (
        "Net migration",
        "People moving into the area, less those moving out, from elsewhere in the "
        "country or abroad.",
    ),
    (
        "QALY",
        "Quality-adjusted life year: a year of life weighted by how good health is in it, from 1 "
        "(full health) to 0 (as bad as death).",
    ),
    (
        "Sampling error",
        "The error that comes from simulating a sample of people rather than everyone. "
        "It shrinks as more people are simulated, and is shown apart from the 95% interval.",
    ),
    (
        "Simulated person",
        "A made-up resident, drawn so that all of them together match the area in age, sex, "
        "deprivation and place. Each stands for a number of real people (the weight).",
    ),
    (
        "Slope index of inequality",
        "The gap in years between the very least and the very most deprived ends of the "
        "population, using all five fifths and not only the outer two.",
    ),
)


def measure_name(findings: Findings, measure: str) -> str:
    """A summary measure in words, whichever conditions the run has."""
    if measure in MEASURES:
        return MEASURES[measure]
    for prefix, tail in (("prevalent_", ""), ("incident_", ", new cases")):
        if measure.startswith(prefix):
            return findings.label("condition", measure.removeprefix(prefix)) + tail
    if measure.startswith("segment_"):
        return "Segment " + SEGMENTS.get(measure[-1], measure[-1])
    return findings.label("measure", measure)


def rounded(value: float) -> float:
    """A count to three significant figures, and never finer than a whole one."""
    if value == 0 or not math.isfinite(value):
        return 0.0
    digits = 2 - math.floor(math.log10(abs(value)))
    return round(value, min(digits, 0)) + 0.0


def people(value: float) -> str:
    """A count in prose: three significant figures, millions as such: "59,100", "1.68 million"."""
    near = rounded(value)
    if abs(near) >= 1_000_000:
        millions = near / 1_000_000
        places = max(0, 2 - math.floor(math.log10(abs(millions))))
        return _minus(f"{millions:,.{places}f} million")
    return _minus(f"{near:,.0f}")


def count(value: float) -> str:
    """A count in a table: whole, with thousands separators."""
    return _minus(f"{round(value) + 0:,}")


def _minus(text: str) -> str:
    """The minus sign proper: a hyphen is easily missed, by eye and by screen reader."""
    return text.replace("-", "\N{MINUS SIGN}")


def decimals(unit: str) -> int:
    """How many decimals a table shows for a unit."""
    if unit in ("years", "percent"):
        return 1
    return 2 if unit in ("score", "ratio", "utility") else 0


def number(value: float, unit: str) -> str:
    """A table's number by its unit, with the sign % where it is a percentage."""
    if is_money(unit):
        return _minus(f"{'-' if round(value) < 0 else ''}£{abs(round(value)):,}")
    places = decimals(unit)
    text = count(value) if places == 0 else _minus(f"{value:,.{places}f}")
    return text + ("%" if unit == "percent" else "")


def interval(figure: Figure, write: Callable[[float, str], str] | None = None) -> str:
    """The interval of a figure as "y to z"; "" for a central run.

    Args:
        figure: The figure.
        write: How to write a bound of a given unit; in full, as in a table, by default.
    """
    if figure.lower is None or figure.upper is None:
        return ""
    put = write or number
    low, high = put(figure.lower, figure.unit), put(figure.upper, figure.unit)
    for scale in (" million", " billion"):
        if low.endswith(scale) and high.endswith(scale):
            low = low.removesuffix(scale)
    return f"{low} to {high}"


def in_prose(value: float, unit: str) -> str:
    """A number in a sentence: counts as `people`, money as `pounds`, others as `number`."""
    if is_money(unit):
        return pounds(value)
    return people(value) if decimals(unit) == 0 else number(value, unit)


def with_interval(figure: Figure, first: bool = False) -> str:
    """A figure in prose with its interval: "91,200 (88,000 to 94,500)".

    Args:
        figure: The figure.
        first: Whether to say that the bracket is a 95% interval.
    """
    main = in_prose(figure.value, figure.unit)
    bounds = interval(figure, in_prose)
    if not bounds:
        return main
    return f"{main} ({'95% interval ' if first else ''}{bounds})"


def signed(percent: float | None) -> str:
    """A percentage change with its sign: "+54%"; "not defined" from zero."""
    if percent is None:
        return "not defined"
    near = round(percent) if abs(percent) >= 10 else round(percent, 1)
    if near == 0:
        return "0%"
    text = f"{near:+,.0f}%" if abs(near) >= 10 else f"{near:+.1f}%"
    return _minus(text)


def plain_percent(percent: float) -> str:
    """The size of a percentage change without its sign: "54%"."""
    return signed(abs(percent)).lstrip("+")


def rise(percent: float | None) -> str:
    """A change as a clause: "a rise of 54%", "a fall of 3.2%", "almost no change"."""
    if percent is None:
        return "from none at the start"
    if abs(percent) < 0.5:
        return "almost no change"
    return f"a {'rise' if percent > 0 else 'fall'} of {plain_percent(percent)}"


def verb(percent: float | None, plural: bool = True, level: str = "go") -> str:
    """Grow, fall or (where it stays level) go, by the size of the change."""
    if percent is None or abs(percent) >= 0.5:
        word = "grow" if percent is None or percent > 0 else "fall"
    else:
        word = level
    if plural or " " in word:
        return word
    return "goes" if word == "go" else word + "s"


def inside(label: str) -> str:
    """A label within a sentence: without its capital, unless it is an acronym."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def joined(items: list[str]) -> str:
    """Items as a list in a sentence: "a, b and c"."""
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1]


def headlines(f: Findings) -> list[str]:
    """The opening sentences, in order of what matters; only those the tables support."""
    said: list[str] = []
    where = f"In {f.area_name}, " if f.area_name[:1].isalpha() else ""
    first = True
    for measure, subject in (
        ("people_85_over", "people aged 85 and over"),
        ("major_illness", "people living with major illness"),
    ):
        change = f.change(measure, subject)
        if change is None:
            continue
        lead = where + subject if first else subject[0].upper() + subject[1:]
        sentence = (
            f"{lead} {verb(change.percent)} from {people(change.now.value)} in {f.now} to "
            f"{with_interval(change.end, first)} by {f.end}, {rise(change.percent)}."
        )
        if measure == "major_illness":
            sentence += _share(f)
        said.append(sentence)
        first = False
    total = f.change("people", "people")
    if total is not None:
        said.append(
            f"The whole population {verb(total.percent, plural=False)} from "
            f"{people(total.now.value)} to {with_interval(total.end)}, {rise(total.percent)}."
            + _older_share(f, total)
        )
    places = fastest(f)
    if places:
        said.append(places)
    gap = widest_gap(f)
    if gap:
        said.append(gap)
    return said


def _share(f: Findings) -> str:
    share = f.change("major_illness_share", "share")
    if share is None:
        return ""
    return (
        f" That is {number(share.now.value, 'percent')} of everyone now and "
        f"{number(share.end.value, 'percent')} then."
    )


def _older_share(f: Findings, total: Change) -> str:
    older = f.change("people_65_over", "older")
    if older is None or total.now.value == 0 or total.end.value == 0:
        return ""
    now = 100 * older.now.value / total.now.value
    end = 100 * older.end.value / total.end.value
    return f" Those aged 65 and over go from {now:.0f}% of it to {end:.0f}%."


def fastest(f: Findings) -> str:
    """Where people aged 85 and over grow fastest and slowest; "" for fewer than two places."""
    rows = f.by_place("people_85_over")
    if len(rows) < 2:
        return ""
    top = rows[: min(3, len(rows) - 1)]
    names = joined([f"{spot.name} ({signed(c.percent)})" for spot, c in top])
    last, change = rows[-1]
    return (
        f"Growth in people aged 85 and over is fastest in {names} and slowest in {last.name} "
        f"({signed(change.percent)})." + place_error(rows)
    )


def place_error(rows: Sequence[tuple[Spot, Change]]) -> str:
    """How far sampling alone can move the growth of a typical place; "" where it is not known."""
    points = sorted(c.points for _, c in rows if c.points is not None)
    if not points or points[len(points) // 2] < 1:
        return ""
    return (
        f" Sampling error alone is about plus or minus {points[len(points) // 2]:.0f} percentage "
        "points for a place, so places nearer together than that cannot be ranked."
    )


def widest_gap(f: Findings) -> str:
    """The largest gap by deprivation now: which sex, which measure, how many years."""
    found: list[tuple[float, str, str]] = []
    for sex, whom in (("female", "women"), ("male", "men")):
        for key, what in (
            ("slope_index_healthy_life_expectancy", "years lived without major illness"),
            ("slope_index_life_expectancy", "life expectancy"),
        ):
            figure = f.figure(f"{key}_{sex}", f.now)
            if figure is not None:
                found.append((figure.value, whom, what))
    if not found:
        return ""
    size, whom, what = max(found, key=lambda row: row[0])
    if size <= 0:
        return ""
    sentence = (
        f"The widest gap by deprivation is in {what} among {whom}: {size:.1f} years between the "
        "least and the most deprived neighbourhoods"
    )
    life = [row for row in found if row[2] == "life expectancy"]
    if what != "life expectancy" and life:
        parts = [f"{row[0]:.1f} years for {row[1]}" for row in life]
        sentence += f". In life expectancy it is {joined(parts)}"
    return sentence + "."


def certainty(f: Findings) -> str:
    """Whether the figures have intervals, and what those do and do not hold."""
    if f.has_intervals:
        return (
            f"Ranges in brackets are 95% intervals over {f.draws} draws: the run was repeated "
            f"{f.draws} times with other plausible values of the uncertain inputs. They leave "
            "out the error of simulating a sample, which is shown separately (a little of it is in "
            "the ranges of small groups), and anything the model does not cover."
        )
    return (
        "This is a central run: it uses the single most likely value of every input, so no figure "
        "here has an interval. Run it again with --draws 50 to see how sure the figures are."
    )


def sampling(f: Findings) -> str:
    """How many people were simulated and the error that alone brings to the main figure."""
    simulants = f.about.get("simulants") or f.about.get("people")
    size = f"{int(simulants):,}" if isinstance(simulants, int | float) else str(simulants)
    weight = f.weight
    stands = f"{weight:,.0f}" if weight >= 10 else f"{weight:,.1f}"
    each = "1 resident" if stands == "1.0" else f"about {stands} residents"
    several = simulants != 1
    text = (
        f"The figures come from {size} simulated {'people, each' if several else 'person,'} "
        f"standing for {each}, "
        f"including those who will be born or move in."
    )
    figure = f.figure("major_illness", f.end)
    if figure is not None and figure.few:
        text += " That is too few to rely on: the figures marked † rest on fewer than 30 of them."
    if figure is not None and figure.error is not None:
        text += (
            f" Simulating a sample rather than everyone adds a sampling error of plus or minus "
            f"{people(figure.error)} to people with major illness in {f.end}."
        )
    return text


def conditions_finding(f: Findings) -> str:
    """The fastest-growing conditions and the one that adds most people."""
    rows = [c for c in f.conditions if c.percent is not None]
    if not rows:
        return "This run has no people with any of the conditions."
    top = joined([f"{inside(c.label)} ({signed(c.percent)})" for c in rows[:3]])
    most = max(rows, key=lambda c: c.end.value - c.now.value)
    added = most.end.value - most.now.value
    text = f"By {f.end} the fastest growth is in {top}."
    if added > 0:
        text += f" The most people are added by {inside(most.label)}: {people(added)} more."
    falling = [c for c in rows if c.percent is not None and c.percent <= -0.5]
    if falling:
        count_of = "1 condition falls" if len(falling) == 1 else f"{len(falling)} conditions fall"
        text += f" {count_of} in number."
    return text


def pyramid_finding(f: Findings) -> str:
    """How the shape of the population changes, by thirds of life."""
    parts = []
    for measure, name in (
        ("people_under_20", "people under 20"),
        ("people_20_64", "those aged 20 to 64"),
        ("people_65_over", "those aged 65 and over"),
    ):
        change = f.change(measure, name)
        if change is not None and change.percent is not None:
            parts.append(
                f"{name} {verb(change.percent, level='stay level')} ({signed(change.percent)})"
            )
    if not parts:
        return f"The population by age and sex in {f.now} and {f.end}."
    text = joined(parts)
    return f"Between {f.now} and {f.end}, {text}."


def segments_finding(f: Findings) -> str:
    """Growth of the two most complex segments beside everyone's."""
    top = [c for c in f.segments if c.key in ("segment_4", "segment_5")]
    total = f.change("people", "people")
    if len(top) < 2 or total is None or total.now.value == 0 or total.end.value == 0:
        return f"People by core segment in {f.now} and {f.end}."
    now, end = sum(c.now.value for c in top), sum(c.end.value for c in top)
    if now == 0:
        return f"Nobody is in the two most complex segments in {f.now}."
    change = 100 * (end / now - 1)
    return (
        f"People in the two most complex segments {verb(change)} from {people(now)} "
        f"({100 * now / total.now.value:.1f}% of everyone) to {people(end)} "
        f"({100 * end / total.end.value:.1f}%), {rise(change)}."
    )


def age_finding(f: Findings) -> str:
    """The age band that adds most people with major illness."""
    rows = f.major_by_age
    if not rows:
        return "The run has no table of major illness by age."
    total = sum(r["end"] - r["now"] for r in rows)
    most = max(rows, key=lambda r: r["end"] - r["now"])
    added = most["end"] - most["now"]
    if added <= 0:
        return f"No age group has more people with major illness in {f.end} than in {f.now}."
    text = (
        f"The largest increase is among people aged {most['band']}: from {people(most['now'])} to "
        f"{people(most['end'])}"
    )
    if total > 0 and added <= total:
        text += f", {100 * added / total:.0f}% of the whole net increase"
    return text + "."


def expectancy_finding(f: Findings) -> str:
    """Life expectancy, years without major illness and the slope index, for each sex, now."""
    said = []
    for sex, whom in (("female", "Women"), ("male", "Men")):
        life = f.figure(f"life_expectancy_{sex}", f.now)
        healthy = f.figure(f"healthy_life_expectancy_{sex}", f.now)
        gap = f.figure(f"slope_index_life_expectancy_{sex}", f.now)
        healthy_gap = f.figure(f"slope_index_healthy_life_expectancy_{sex}", f.now)
        if life is None or healthy is None:
            continue
        text = (
            f"{whom} born on the rates of {f.now} live {life.value:.1f} years, "
            f"{healthy.value:.1f} of them without major illness"
        )
        if gap is not None and healthy_gap is not None:
            text += (
                f"; the slope index of inequality is {gap.value:.1f} years of life and "
                f"{healthy_gap.value:.1f} years without major illness"
            )
        said.append(text + ".")
    return " ".join(said) or "The run has no life tables by deprivation."


def checks_finding(f: Findings) -> str:
    """How near the model is to published figures, those it never saw apart from its inputs."""
    rows = [r for r in f.checks if r.get("ratio")]
    if not rows:
        return "No published figure of this area was available to compare."
    said = []
    for used, name in ((False, "figures the model was not given"), (True, "figures it was given")):
        group = [r for r in rows if bool(r.get("used")) is used]
        if group:
            near = sum(1 for r in group if 0.95 <= r["ratio"] <= 1 / 0.95)
            said.append(f"{near} of {len(group)} {name}")
    text = f"Within about 5% of what was published: {joined(said)}."
    worst = max(rows, key=lambda r: abs(math.log(r["ratio"])))
    share = 100 * (worst["ratio"] - 1)
    if abs(share) >= 5:
        side = "above" if share > 0 else "below"
        text += (
            f" The largest difference is in {inside(worst['label'])}: the model is "
            f"{abs(share):.0f}% {side} the published figure."
        )
    return text


def places_finding(f: Findings, measure: str, subject: str) -> str:
    """Fastest and slowest growth of a measure between places."""
    rows = f.by_place(measure)
    if not rows:
        return f"The run has no growth of {subject} by place."
    top, low = rows[0], rows[-1]
    return (
        f"{subject[0].upper() + subject[1:]}: from {signed(low[1].percent)} in {low[0].name} to "
        f"{signed(top[1].percent)} in {top[0].name} by {f.end}." + place_error(rows)
    )
