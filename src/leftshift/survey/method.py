"""The method note: sentences on what was done, made from what was done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from leftshift.survey.cleaning import Cleaned

__all__ = ["as_table", "statements"]

Statement = tuple[str, str]


def statements(
    cleaned: Cleaned, tables: Mapping[str, pl.DataFrame], notes: Iterable[str]
) -> list[Statement]:
    """Says how responses were cleaned, and how figures were estimated and compared.

    Args:
        cleaned: the cleaned survey.
        tables: the tables of the analysis.
        notes: what the weights had to do.

    Returns:
        (topic, sentence), in the order to be read.
    """
    codebook = cleaned.codebook
    level = f"{100 * codebook.level:g}%"
    said: list[Statement] = []
    if codebook.synthetic:
        said.append(("Data", "Every answer is invented: nothing here is a finding about anyone."))
    for row in tables["survey_response"].filter(pl.col("group_by") == "all").iter_rows(named=True):
        label = codebook.wave(row["wave"]).label
        of = f" of {row['frame']} asked ({row['rate']:.0f}%)" if row["frame"] else ""
        said.append(
            (
                "Data",
                f"{label}: {row['respondents']} responses kept{of}, {row['complete']} of them "
                "complete.",
            )
        )
    said += [("Data", one) for one in cleaned.warnings]
    said += _cleaning(cleaned)
    said += _systems(cleaned)
    said.append(
        (
            "Base",
            'Figures are of those who answered the question. Where the codebook says "all", '
            '"don\'t know" is an answer and counts in the base; where it says '
            '"substantive", it does '
            "not, and the number to be asked is reduced in proportion.",
        )
    )
    said += _intervals(cleaned, level)
    said += _weights(tables, notes)
    if tables["survey_contrasts"].height:
        said.append(
            (
                "Groups",
                "A group is compared with all other respondents who belong to a group of the "
                f"kind. The {level} interval of two shares is Newcombe's (1998, method 10); the "
                "p-value is the larger of Fisher's exact test and a t test that takes "
                "respondents of a "
                "system together.",
            )
        )
    if len(codebook.waves) > 1:
        said += _waves(tables, level)
    if tables["survey_contrasts"].height or tables["survey_trends"].height:
        said.append(
            (
                "Many comparisons",
                "p-values ask whether chance alone could make such a difference, "
                "and so take no finite population correction (Cochran 1977, section 2.14); "
                "intervals "
                "describe the leaders there are, and do. p-values are adjusted within one wave "
                "or pair "
                "of waves, one grouping and one kind of figure: by Holm, for the chance of any "
                "false "
                "finding, and by Benjamini and Hochberg, for the share of findings that are false.",
            )
        )
    if tables["survey_terms"].height:
        said.append(
            (
                "Open text",
                "Texts are searched for the words and stems of the codebook; a respondent "
                "counts once however often they mention a theme. No model reads them.",
            )
        )
    if tables["survey_keyness"].height:
        said.append(
            (
                "Open text",
                "What is new is judged by Dunning's log-likelihood (1993) on how many "
                "respondents use a word, with the ratio of the two shares as the size of the "
                "change, "
                f"and false discoveries held down. Words used by fewer than "
                f"{codebook.minimum_base} "
                "respondents, and words of names, are left out.",
            )
        )
    return said


def _cleaning(cleaned: Cleaned) -> list[Statement]:
    codebook = cleaned.codebook
    whole = cleaned.changes.filter(pl.col("column") == "")
    counts = dict(whole.group_by("rule").len().iter_rows())
    return [
        (
            "Cleaning",
            "Of a respondent's several responses the last complete one is kept, or the last where "
            f"none is complete: {counts.get('duplicate', 0)} were dropped.",
        ),
        (
            "Cleaning",
            f"Responses with under {codebook.partial:.0%} of the closed questions asked of their "
            f"role answered are dropped: {counts.get('too_few_answers', 0)}. Other partial "
            "ones are "
            "kept for the questions they answer.",
        ),
        (
            "Cleaning",
            f"{counts.get('no_role', 0)} responses without a known role were dropped. "
            f"{cleaned.changes.height} changes are listed one by one, for the analyst, in "
            "private/changes.csv beside the codebook.",
        ),
    ]


def _systems(cleaned: Cleaned) -> list[Statement]:
    codebook = cleaned.codebook
    book = codebook.systems
    said = []
    for wave in codebook.waves[:-1]:
        now = [(one, book.now(one.code, codebook.latest.id)) for one in book.at(wave.id)]
        merged = [one for one, later in now if later and later != one.code]
        split = [one for one, later in now if later is None]
        if merged or split:
            said.append(
                (
                    "Systems",
                    f"Between {wave.label} and {codebook.latest.label} {len(merged)} systems "
                    f"became part of a later one and {len(split)} were split over several: their "
                    "respondents are paired by system only where all their people are in one.",
                )
            )
    if any(not one.verified for wave in codebook.waves for one in book.at(wave.id)):
        said.append(
            (
                "Systems",
                "The membership of some merged systems was derived from their names and not "
                "checked against an order.",
            )
        )
    return said


def _intervals(cleaned: Cleaned, level: str) -> list[Statement]:
    codebook = cleaned.codebook
    said: list[Statement] = []
    exact = codebook.interval == "exact"
    said.append(
        (
            "Intervals",
            f"Shares have {level} "
            + (
                "exact intervals (hypergeometric where the number to be asked is known, else "
                "Clopper "
                "and Pearson's)"
                if exact
                else "Wilson intervals"
            )
            + "; means have t intervals. They shrink as the answers near the whole population, and "
            "where everyone answered the figure is exact. They do not cover those who chose not to "
            "answer being different from those who did.",
        )
    )
    if codebook.clusters:
        said.append(
            (
                "Intervals",
                "Respondents of one system are taken together: where they answer alike, "
                "the base is divided by the design effect and few systems widen the interval "
                "(Korn and Graubard 1998; t with one degree of freedom fewer than there are "
                "systems). "
                "An interval is never narrower than without clusters, and never holds a share "
                "that the "
                "answers given rule out.",
            )
        )
    if cleaned.frame.is_empty():
        said.append(
            (
                "Intervals",
                "The codebook gives no frame, so that intervals are as if the population "
                "were endless: wider than need be.",
            )
        )
    return said


def _weights(tables: Mapping[str, pl.DataFrame], notes: Iterable[str]) -> list[Statement]:
    said: list[Statement] = []
    if "frame" in tables["survey_estimates"]["weighting"].unique().to_list():
        said.append(
            (
                "Weights",
                "Beside each unweighted figure stands one weighted for non-response: "
                "respondents count for all who hold their role in their region. Where the two "
                "differ "
                "much, who answered matters.",
            )
        )
    return said + [("Weights", note) for note in notes]


def _waves(tables: Mapping[str, pl.DataFrame], level: str) -> list[Statement]:
    preferred = tables["survey_trends"].filter(pl.col("preferred"))
    ways = dict(preferred.group_by("pairing").len().iter_rows())
    counted = ", ".join(
        f"{ways[way]} by {words}"
        for way, words in (
            ("respondents", "the same respondents"),
            ("systems", "the same systems"),
            ("unpaired", "two samples"),
        )
        if way in ways
    )
    return [
        (
            "Waves",
            f"Changes are judged {counted or 'nowhere'}. Same respondents: McNemar's exact test, "
            f"and Bonett and Price's (2012) {level} interval. Same systems: a t test of each "
            "system's mean. Two samples: as for groups, with systems heard from in both "
            "waves taken "
            "together.",
        )
    ]


def as_table(said: Iterable[Statement]) -> pl.DataFrame:
    """Gives `survey_method`."""
    rows = [(place, topic, text) for place, (topic, text) in enumerate(said, start=1)]
    schema = {"position": pl.Int64, "topic": pl.String, "text": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")
