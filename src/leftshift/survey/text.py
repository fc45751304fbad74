"""Open text: how many mention a theme, which words are new, and what may be quoted.

Counts are of respondents, never of words: one long answer counts once. Nothing is downloaded.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Any

import numpy as np
import polars as pl

from leftshift.areas.naming import plain
from leftshift.survey import distributions as dist
from leftshift.survey.cleaning import Cleaned
from leftshift.survey.codebook import Codebook, Question, Term, Wave
from leftshift.survey.estimates import frame_of
from leftshift.survey.intervals import benjamini_hochberg, share_interval, spread
from leftshift.survey.sample import Samples

__all__ = ["candidates", "keyness", "log_likelihood", "matcher", "mentions", "terms", "words"]

_STOP_WORDS = """
    a about above after again all also am an and any are as at be because been before being
    below between both but by can cannot could did do does doing don down during each etc even
    ever every few for from further get got had has have having he her here hers him his how i
    if in into is it its itself just ll may me might more most much must my no nor not now of
    off on once one only or other our ours out over own per re s same she should so some still
    such t than that the their them then there these they this those through to too under until
    up upon us ve very was we well were what when where which while who whom why will with
    within without would you your yours n a na nil none nothing comment comments
aint arent cant couldnt didnt doesnt dont hadnt hasnt havent im isnt ive shouldnt thats theres
theyre wasnt weve werent wont wouldnt youre
"""
_STOP = frozenset(_STOP_WORDS.split())


def matcher(term: Term) -> tuple[re.Pattern[str], re.Pattern[str] | None]:
    """Gives what finds a term, and what is first taken out of a text (its `without`)."""
    return _pattern(term.words), _pattern(term.without) if term.without else None


def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    parts = []
    for word in words:
        pieces = []
        for piece in word.split():
            bare = re.escape(plain(piece)).replace(r"\ ", " ")
            pieces.append(f"{bare}[a-z0-9]*" if piece.endswith("*") else bare)
        parts.append(" ".join(piece for piece in pieces if piece))
    return re.compile(rf"\b(?:{'|'.join(parts)})\b")


def mentions(text: str, found: tuple[re.Pattern[str], re.Pattern[str] | None]) -> bool:
    """Says whether a text mentions a term."""
    said, (wanted, without) = _spoken(text), found
    if without is not None:
        said = without.sub(" ", said)
    return wanted.search(said) is not None


def _spoken(text: str) -> str:
    return plain(text.replace("’", "'"))


def words(text: str) -> set[str]:
    """Gives the words of a text that say something: no stop words, numbers or single letters."""
    return {
        one
        for one in _spoken(text).split()
        if len(one) > 2 and one not in _STOP and not one.isdigit()
    }


def _asked(term: Term, question: Question) -> bool:
    return not term.questions or question.id in term.questions


def _texts(cleaned: Cleaned, wave: str, question: str) -> dict[str, str]:
    rows = cleaned.answers.filter(
        (pl.col("wave") == wave) & (pl.col("question") == question) & pl.col("text").is_not_null()
    )
    return dict(zip(rows["respondent"].to_list(), rows["text"].to_list(), strict=True))


_TERMS = {
    **dict.fromkeys(("wave", "question", "group_by", "group", "term"), pl.String),
    **dict.fromkeys(("respondents", "base"), pl.Int64),
    **dict.fromkeys(("value", "lower", "upper"), pl.Float64),
    "status": pl.String,
}


def terms(samples: Samples) -> pl.DataFrame:
    """Counts the respondents who mention each term, by wave, question and group.

    Returns:
        `survey_terms`, before cells are suppressed. The base is those who wrote anything; intervals
        take clusters and the finite population as shares of closed questions do.
    """
    cleaned, codebook = samples.cleaned, samples.cleaned.codebook
    rows: list[dict[str, Any]] = []
    for wave in codebook.waves:
        for question in _open(codebook, wave):
            texts = _texts(cleaned, wave.id, question.id)
            asked = [one for one in codebook.terms if _asked(one, question)]
            hits = {
                term.id: {who for who, text in texts.items() if mentions(text, found)}
                for term in asked
                for found in [matcher(term)]
            }
            for by, group in samples.groups(wave, question):
                sample = samples.of(wave, question, by, group)
                if not sample.base:
                    continue
                for term in asked:
                    said = np.array(
                        [1.0 if who in hits[term.id] else 0.0 for who in sample.respondents]
                    )
                    found = spread(said, sample.clusters)
                    population = sample.population
                    if population is not None:
                        population = max(population, sample.base)
                    interval = share_interval(found, population, codebook.level, codebook.interval)
                    rows.append(
                        {
                            "wave": wave.id,
                            "question": question.id,
                            "group_by": by,
                            "group": group,
                            "term": term.id,
                            "respondents": int(said.sum()),
                            "base": sample.base,
                            "value": 100.0 * found.mean,
                            "lower": None if interval.lower is None else 100.0 * interval.lower,
                            "upper": None if interval.upper is None else 100.0 * interval.upper,
                            "status": "shown",
                        }
                    )
    return frame_of(rows, _TERMS)


def _open(codebook: Codebook, wave: Wave) -> list[Question]:
    return [
        one
        for one in codebook.questions
        if one.kind == "text" and (not one.waves or wave.id in one.waves)
    ]


_KEYNESS = {
    **dict.fromkeys(("from_wave", "to_wave", "question", "kind", "item"), pl.String),
    **dict.fromkeys(("before", "after", "base_before", "base_after"), pl.Int64),
    **dict.fromkeys(("log_likelihood", "log_ratio", "p_value", "p_bh"), pl.Float64),
    "status": pl.String,
}


def log_likelihood(before: int, base_before: int, after: int, base_after: int) -> float:
    """Gives the log-likelihood ratio G² (Dunning 1993) of two shares of respondents.

    Args:
        before: respondents who mention it in the earlier wave.
        base_before: all who wrote there.
        after: respondents who mention it in the later wave.
        base_after: all who wrote there.

    Returns:
        G², on one degree of freedom, over all four cells.
    """
    whole, marked = base_before + base_after, before + after
    total = 0.0
    for base, count in ((base_before, before), (base_after, after)):
        for seen, all_seen in ((count, marked), (base - count, whole - marked)):
            if seen:
                total += seen * math.log(seen * whole / (base * all_seen))
    return max(0.0, 2.0 * total)


def keyness(cleaned: Cleaned) -> pl.DataFrame:
    """Finds the words and terms of the latest wave that earlier waves used less, or more.

    A word counts where the respondents who use it in both waves together are at least the smallest
    base that is shown; words of systems' names, of masked names and organisations are left out.

    Returns:
        `survey_keyness`, before cells are suppressed: G², the log (base 2) of the ratio of the two
        shares (half a respondent added to each), and p-values, also adjusted for the false
        discovery rate within the question, the wave it is compared with and the kind.
    """
    codebook = cleaned.codebook
    latest = codebook.latest
    hidden = _hidden(cleaned)
    rows: list[dict[str, Any]] = []
    for question in _open(codebook, latest):
        after = _texts(cleaned, latest.id, question.id)
        for wave in codebook.waves[:-1]:
            if question.waves and wave.id not in question.waves:
                continue
            before = _texts(cleaned, wave.id, question.id)
            if before and after:
                for kind in ("term", "word"):
                    rows += _compared(codebook, question, wave, before, after, kind, hidden)
    return frame_of(rows, _KEYNESS)


def _hidden(cleaned: Cleaned) -> frozenset[str]:
    texts = [*cleaned.codebook.mask_words]
    texts += [text for masks in cleaned.masks.values() for text in masks]
    for wave in cleaned.codebook.waves:
        texts += [system.name for system in cleaned.codebook.systems.at(wave.id)]
    return frozenset(one for text in texts for one in plain(text).split())


def _compared(
    codebook: Codebook,
    question: Question,
    wave: Wave,
    before: dict[str, str],
    after: dict[str, str],
    kind: str,
    hidden: frozenset[str],
) -> list[dict[str, Any]]:
    counts: list[Counter[str]] = []
    for texts in (before, after):
        found: Counter[str] = Counter()
        for text in texts.values():
            if kind == "word":
                found.update(words(text) - hidden)
            else:
                found.update(
                    term.id
                    for term in codebook.terms
                    if _asked(term, question) and mentions(text, matcher(term))
                )
        counts.append(found)
    old, new = counts
    items = sorted(item for item in {*old, *new} if old[item] + new[item] >= codebook.minimum_base)
    rows = []
    for item in items:
        g2 = log_likelihood(old[item], len(before), new[item], len(after))
        share = [(old[item] + 0.5) / (len(before) + 1), (new[item] + 0.5) / (len(after) + 1)]
        rows.append(
            {
                "from_wave": wave.id,
                "to_wave": codebook.latest.id,
                "question": question.id,
                "kind": kind,
                "item": item,
                "before": old[item],
                "after": new[item],
                "base_before": len(before),
                "base_after": len(after),
                "log_likelihood": g2,
                "log_ratio": math.log2(share[1] / share[0]),
                "p_value": dist.chi_square_tail(g2),
                "p_bh": None,
                "status": "shown",
            }
        )
    p_values = [float(str(one["p_value"])) for one in rows]
    for row, p_value in zip(rows, benjamini_hochberg(p_values), strict=True):
        row["p_bh"] = p_value
    return rows


def candidates(cleaned: Cleaned) -> pl.DataFrame:
    """Gives the texts that may be quoted: of respondents who agreed, and no others.

    Returns:
        wave, respondent, question, term ("" where it mentions none), text as it was written. It
        is for `anonymity.release_quotes`, which masks it, and never for a file.
    """
    codebook = cleaned.codebook
    agreed = set(cleaned.respondents.filter(pl.col("quote"))["respondent"])
    finders = {term.id: matcher(term) for term in codebook.terms}
    rows = []
    for wave in codebook.waves:
        for question in _open(codebook, wave):
            if not question.quote:
                continue
            for who, text in sorted(_texts(cleaned, wave.id, question.id).items()):
                if who not in agreed:
                    continue
                said = [
                    term.id
                    for term in codebook.terms
                    if _asked(term, question) and mentions(text, finders[term.id])
                ]
                for term_id in said or [""]:
                    rows.append((wave.id, who, question.id, term_id, text))
    names = ("wave", "respondent", "question", "term", "text")
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
