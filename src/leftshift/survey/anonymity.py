"""The gate every table of a survey goes through: no figure from which a person could be known.

What is refused, for each question of each wave:

- a group of fewer people, or of fewer systems, than the codebook allows;
- a group whose members all gave the same answer;
- whatever would let someone work one of these out from what is shown: totals less parts, groups
  less groups, paired respondents less all respondents, within and across tables.

The last is decided by `disclosure` and `differencing`. Groups are let in one way of splitting at a
time, what matters most first; a group stays out where, with it, some combination of groups would
rest on too few people, or the counts would leave no doubt about what a few people answered. A table
that the gate does not know is not let through.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from leftshift.errors import ModelError, nearest
from leftshift.survey.disclosure import SECONDARY, SHOWN, SMALL, Group, Rules, decide
from leftshift.survey.masking import REMOVED, Mask

if TYPE_CHECKING:
    from leftshift.survey.cleaning import Cleaned
    from leftshift.survey.codebook import Codebook, Question, Role
    from leftshift.survey.problems import Problems

__all__ = ["Rules", "decide", "mask_of", "method", "protect", "release_quotes", "rules_of"]

DIMENSIONS = ("role", "type", "size", "region")
#: In what order groups are let in: roles, then changes of the same people, and so on.
_RANKS = {
    "role": 1,
    "respondents all": 2,
    "type": 3,
    "size": 4,
    "region": 5,
    "respondents role": 6,
    "systems all": 7,
    "systems role": 8,
}


_LIMITS = {
    "unanimous_below": (0, 1000),
    "least_systems": (1, 42),
    "least_range": (1, 10),
    "rounding": (0, 10),
}


def rules_of(codebook: Codebook, problems: Problems | None = None) -> Rules:
    """Reads the rules of a codebook: `minimum_base` of [survey] and the section [anonymity].

    Args:
        codebook: the codebook.
        problems: takes what is wrong, by file and line.

    Returns:
        The rules; the default for whatever is missing or wrong.
    """
    given = codebook.section("anonymity") or {}
    found: dict[str, int] = {"threshold": codebook.minimum_base}
    found["unanimous_below"] = 2 * codebook.minimum_base
    for key, value in given.items() if isinstance(given, Mapping) else ():
        said = ""
        if key not in _LIMITS:
            said = f'no key called "{key}".{nearest(key, _LIMITS)} Allowed: {", ".join(_LIMITS)}.'
        elif isinstance(value, bool) or not isinstance(value, int):
            said = f"{key} must be a whole number, not {value!r}."
        elif not _LIMITS[key][0] <= value <= _LIMITS[key][1]:
            said = f"{key} is {value}; it must be {_LIMITS[key][0]} to {_LIMITS[key][1]}."
        else:
            found[key] = value
        if said and problems is not None:
            problems.add(
                codebook.name, f"[anonymity] {said}", line=codebook.lines.of("anonymity", key)
            )
    return Rules(**found)


# ---------------------------------------------------------------------------------------------
# The gate


#: Tables that hold nothing about anyone who answered.
_PLAIN = frozenset(
    [
        "survey_questions",
        "survey_options",
        "survey_groups",
        "survey_systems",
        "survey_waves",
        "survey_method",
        "survey_performance",
        "names",
        "sources",
    ]
)
#: Columns that say which row it is; all other numbers are figures.
_PLACES = ("position", "number")


@dataclass
class _Gate:
    """Answers of every question, arranged so that groups can be looked up."""

    cleaned: Cleaned
    rules: Rules
    contexts: dict[tuple[str, str], set[tuple[str, str, str]]]
    _made: dict[tuple[str, str], dict[tuple[str, str, str], tuple[str, int]]] = field(
        default_factory=dict
    )

    def status(
        self, wave: str, question: str, group_by: str, group: str, context: str = ""
    ) -> tuple[str, int]:
        """Whether a group may be shown, and how many are in it."""
        if (wave, question) not in self._made:
            self._made[wave, question] = self._decide(wave, question)
        return self._made[wave, question].get((context, group_by, group), (SMALL, 0))

    def counted(self, wave: str, question: str) -> pl.DataFrame:
        """Answers that count towards the base: respondent and option (or null)."""
        if not question:
            inside = self.cleaned.respondents.filter(pl.col("wave") == wave)
            return inside.select("respondent", option=pl.lit(None, pl.String))
        about = self.cleaned.codebook.question(question)
        found = self.cleaned.answers.filter(
            (pl.col("wave") == wave) & (pl.col("question") == question)
        )
        if about.base == "substantive" and about.kind == "scale":
            outside = [one.id for one in about.options if one.side == "outside"]
            found = found.filter(~pl.col("option").is_in(outside))
        return found.select("respondent", "option")

    def _decide(self, wave: str, question: str) -> dict[tuple[str, str, str], tuple[str, int]]:
        counted = self.counted(wave, question)
        people = (
            self.cleaned.respondents.filter(pl.col("wave") == wave)
            .join(counted.select("respondent").unique(), on="respondent", how="semi")
            .sort("respondent")
        )
        if people.is_empty():
            return {}
        groups = [Group(("", "all", ""), np.ones(people.height, dtype=bool), 0, fixed=True)]
        for dimension in DIMENSIONS:
            groups += _parts(people, dimension, _RANKS[dimension])
        for pair in sorted(self.contexts.get((wave, question), ())):
            context = f"{pair[0]}>{pair[1]}:{pair[2]}"
            for by, value in [("all", ""), *(("role", one.id) for one in self.roles)]:
                members = self.paired(*pair, question, by, value)
                inside = people["respondent"].is_in(members).to_numpy()
                if inside.any():
                    groups.append(Group((context, by, value), inside, _RANKS[f"{pair[2]} {by}"]))
        answers, nets, exclusive = self._answers(question, people, counted)
        codes = people["system"].fill_null("").to_list()
        order = {code: place for place, code in enumerate(sorted(set(codes) - {""}))}
        systems = np.array([order.get(code, -1) for code in codes], dtype=np.int64)
        decided = decide(groups, self.rules, systems, answers, nets, exclusive)
        return {group.key: (decided[group.key], int(group.people.sum())) for group in groups}

    def _answers(
        self, question: str, people: pl.DataFrame, counted: pl.DataFrame
    ) -> tuple[NDArray[np.float64] | None, list[list[int]], bool]:
        about: Question | None = self.cleaned.codebook.question(question) if question else None
        if about is None or not about.options:
            return None, [], True
        options = [one.id for one in about.options]
        place = {one: row for row, one in enumerate(people["respondent"].to_list())}
        answers = np.zeros((people.height, len(options)))
        for respondent, option in counted.iter_rows():
            if option in options and respondent in place:
                answers[place[respondent], options.index(option)] = 1.0
        nets = [[options.index(one) for one in net.points if one in options] for net in about.nets]
        exclusive = about.kind != "multiple" and bool((answers.sum(axis=1) == 1).all())
        return answers, nets, exclusive

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles of the codebook."""
        return self.cleaned.codebook.roles

    def paired(
        self, start: str, end: str, pairing: str, question: str, by: str, group: str
    ) -> list[str]:
        """The respondents of both waves that a paired change of a group rests on."""
        key = "person" if pairing == "respondents" else "system_now"
        asked = pl.concat(
            [self.counted(wave, question).with_columns(wave=pl.lit(wave)) for wave in (start, end)]
        ).unique(["wave", "respondent"])
        inside = pl.lit(True) if by == "all" else pl.col(by) == group
        known = self.cleaned.respondents.join(asked, on=["wave", "respondent"], how="semi").filter(
            pl.col(key).is_not_null() & inside
        )
        waves = known.group_by(key).agg(pl.col("wave").n_unique())
        both = waves.filter(pl.col("wave") == 2)[key].to_list()
        return list(known.filter(pl.col(key).is_in(both))["respondent"].to_list())


def _parts(people: pl.DataFrame, dimension: str, rank: int) -> list[Group]:
    values = people[dimension].to_list()
    return [
        Group(("", dimension, value), np.array([one == value for one in values]), rank)
        for value in sorted({one for one in values if one})
    ]


def protect(cleaned: Cleaned, draft: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Lets through what may be shown, and blanks the rest.

    Args:
        cleaned: everyone's answers.
        draft: the tables as they were worked out, `status` not yet decided.

    Returns:
        The same tables: a row that may not be shown has its status and no figures. Further
        `survey_suppression`, which counts the rows hidden in each table.

    Raises:
        ModelError: a table that the gate has no rule for.
    """
    unknown = [
        name
        for name in draft
        if name not in _PLAIN | {"survey_quotes", "survey_cleaning", "survey_keyness"}
        and not {"status", "question"} & set(draft[name].columns)
    ]
    if unknown:
        raise ModelError(
            f"table {unknown[0]} cannot be let out of the survey room: survey/anonymity.py has no "
            "rule for it. This is a defect in Leftshift; please report it."
        )
    rules = rules_of(cleaned.codebook)
    contexts: dict[tuple[str, str], set[tuple[str, str, str]]] = {}
    if "survey_trends" in draft:
        for row in (
            draft["survey_trends"]
            .unique(["from_wave", "to_wave", "question", "pairing"])
            .iter_rows(named=True)
        ):
            if row["pairing"] != "unpaired":
                pair = (row["from_wave"], row["to_wave"], row["pairing"])
                for wave in pair[:2]:
                    contexts.setdefault((wave, row["question"]), set()).add(pair)
        # Changes of the same people are looked at as a whole and by role; finer ones give away too
        # much to be worth having.
        coarse = (pl.col("pairing") == "unpaired") | pl.col("group_by").is_in(["all", "role"])
        draft = {**draft, "survey_trends": draft["survey_trends"].filter(coarse)}
    gate = _Gate(cleaned, rules, contexts)
    mask = mask_of(cleaned)
    out: dict[str, pl.DataFrame] = {}
    for name, frame in draft.items():
        if name in _PLAIN:
            out[name] = frame
        elif name == "survey_quotes":
            out[name] = _scrubbed(frame, "quote", mask)
        elif name == "survey_cleaning":
            out[name] = _scrubbed(frame, "why", mask)
        elif name == "survey_keyness":
            out[name] = _common_words(frame, rules, mask)
        else:
            out[name] = _gated(name, frame, gate)
    out["survey_suppression"] = _suppression(out)
    return out


def _gated(name: str, frame: pl.DataFrame, gate: _Gate) -> pl.DataFrame:
    found = [_row_status(row, gate) for row in frame.iter_rows(named=True)]
    status = pl.Series("status", found, dtype=pl.String)
    frame = frame.with_columns(status)
    shown = pl.col("status") == SHOWN
    figures = [
        column
        for column, kind in frame.schema.items()
        if (kind.is_numeric() or kind == pl.Boolean()) and column not in _PLACES
    ]
    keep = {"same_wording", "preferred", "published", "same_question"}
    frame = frame.with_columns(
        pl.when(shown).then(pl.col(column)).alias(column)
        for column in figures
        if column not in keep and not column.startswith("published")
    )
    if "method" in frame.columns:
        # How an interval was made can tell how few there were.
        frame = frame.with_columns(
            pl.when(shown).then(pl.col("method")).otherwise(pl.lit("")).alias("method")
        )
    return _coarsened(frame, gate.rules)


def _row_status(row: Mapping[str, Any], gate: _Gate) -> str:
    question = row.get("question") or ""
    where = (row.get("group_by") or "all", row.get("group") or "")
    waves = [row[key] for key in ("wave", "from_wave", "to_wave") if row.get(key)]
    context = ""
    if row.get("pairing") not in (None, "", "unpaired"):
        context = f"{row['from_wave']}>{row['to_wave']}:{row['pairing']}"
    found = [gate.status(wave, question, *where, context) for wave in waves]
    worst = [status for status, _ in found if status != SHOWN]
    if worst:
        return SMALL if SMALL in worst else SECONDARY
    bases = [row[key] for key in row if key.startswith("base") or key == "pairs"]
    if any(base is not None and base < gate.rules.threshold for base in bases):
        return SMALL
    # A figure that rests on other people than were checked is not let through.
    names = ("base",) if "base" in row else ("base_before", "base_after")
    if row.get("measure") != "mean" and len(names) == len(found):
        for key, (_, size) in zip(names, found, strict=True):
            if row.get(key) is not None and row[key] != size:
                return SECONDARY
    return SHOWN


def _coarsened(frame: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Rounds what could tell on people by its decimals.

    A weighted share, or one in which every system counts the same, is a sum of fractions that
    differ from person to person: its decimals tell whose answer is in it. Intervals tell how
    answers lie within systems. Both are given no finer than anyone reads them.
    """
    percent = pl.col("unit") == "percent" if "unit" in frame.columns else pl.lit(True)
    uneven = pl.lit(False)
    if "weighting" in frame.columns:
        uneven = pl.col("weighting") != "none"
    if "pairing" in frame.columns:
        uneven = pl.col("pairing") == "systems"
    rough = pl.lit(rules.rounding > 0) | uneven
    exact = {"value": 6, "before": 6, "after": 6, "difference": 6, "others": 6, "rate": 6}
    for name, places in {**exact, "lower": 1, "upper": 1}.items():
        if name in frame.columns:
            fine = pl.col(name).round(places)
            if name in ("lower", "upper"):
                fine = pl.when(percent).then(fine).otherwise(pl.col(name).round(2))
            coarse = pl.when(percent).then(pl.col(name).round(0)).otherwise(pl.col(name).round(1))
            frame = frame.with_columns(pl.when(rough).then(coarse).otherwise(fine).alias(name))
    finer = {"design_effect": 2, "effective_base": 0, "lowest_weight": 1, "highest_weight": 1}
    finer |= {"p_value": 4, "p_holm": 4, "p_bh": 4, "log_likelihood": 2, "log_ratio": 2}
    frame = frame.with_columns(
        pl.col(name).round(places) for name, places in finer.items() if name in frame.columns
    )
    if rules.rounding:
        r = rules.rounding
        counts = ("count", "base", "base_before", "base_after", "base_others", "pairs", "rose",
                  "fell", "respondents", "complete", "partial", "systems")  # fmt: skip
        frame = frame.with_columns(
            ((pl.col(name) / r).round(0) * r).cast(frame.schema[name])
            for name in counts
            if name in frame.columns
        )
    return frame


def _scrubbed(frame: pl.DataFrame, column: str, mask: Mask) -> pl.DataFrame:
    texts = [mask.clean(text) for text in frame[column].fill_null("").to_list()]
    return frame.with_columns(pl.Series(column, texts, dtype=pl.String))


def _common_words(frame: pl.DataFrame, rules: Rules, mask: Mask) -> pl.DataFrame:
    """Words that enough people used in one of the waves, and that name no one."""
    if frame.is_empty():
        return frame
    enough = pl.max_horizontal("before", "after") >= rules.threshold
    named = [mask.finds(item.title()) or mask.finds(item) for item in frame["item"].to_list()]
    kept = frame.filter(enough & ~pl.Series("named", named, dtype=pl.Boolean))
    return kept.with_columns(status=pl.lit(SHOWN))


def _suppression(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    rows = [
        {"table": name, "status": status, "rows": int((frame["status"] == status).sum())}
        for name, frame in sorted(tables.items())
        if "status" in frame.columns
        for status in (SHOWN, SMALL, SECONDARY)
    ]
    return pl.DataFrame(rows, schema={"table": pl.String, "status": pl.String, "rows": pl.Int64})


# ---------------------------------------------------------------------------------------------
# Words


def mask_of(cleaned: Cleaned, authorities: Iterable[str] | None = None) -> Mask:
    """Gathers what may not stand in a text: marked names, respondents' own, systems, authorities.

    Args:
        cleaned: everyone's answers, with the names they gave.
        authorities: names of local authorities; the catalogue's where left out.
    """
    if authorities is None:
        from leftshift.catalogue import Catalogue

        authorities = Catalogue.load().table("authorities")["name"].to_list()
    codebook = cleaned.codebook
    systems = {
        name
        for wave in codebook.waves
        for one in codebook.systems.at(wave.id)
        for name in (one.name, *one.also)
    }
    codes = {one.code for wave in codebook.waves for one in codebook.systems.at(wave.id)}
    names = {word for words in cleaned.masks.values() for word in words}
    return Mask({*codebook.mask_words, *names, *authorities}, sorted(systems), sorted(codes))


def release_quotes(cleaned: Cleaned, candidates: pl.DataFrame, most: int = 3) -> pl.DataFrame:
    """Chooses quotes and takes names out of them.

    Args:
        cleaned: everyone's answers.
        candidates: wave, respondent, question, term, text: of people who agreed to be quoted.
        most: the most quotes for a question and term.

    Returns:
        wave, question, term, number, quote. Never who said it, nor their role or system. A quote
        of which little is left, and one from a question that few answered, is not released.
    """
    rules = rules_of(cleaned.codebook)
    mask = mask_of(cleaned)
    agreed = {
        one for one, quote in cleaned.respondents.select("respondent", "quote").iter_rows() if quote
    }
    answered = {
        key: count
        for *key_parts, count in cleaned.answers.group_by("wave", "question")
        .agg(pl.col("respondent").n_unique())
        .iter_rows()
        for key in [tuple(key_parts)]
    }
    found: dict[tuple[str, str, str], set[tuple[int, str, str]]] = {}
    for row in candidates.iter_rows(named=True):
        if row["respondent"] not in agreed:
            continue
        if answered.get((row["wave"], row["question"]), 0) < rules.threshold:
            continue
        quote = mask.clean(row["text"], cleaned.masks.get(row["respondent"], ()))
        words = [word for word in quote.split() if REMOVED not in word]
        if len(words) < 4 or quote.count(REMOVED) > len(words) / 4:
            continue
        key = (row["wave"], row["question"], row["term"])
        # Ordered by how near to twenty words they are, so that order tells nothing of the file.
        found.setdefault(key, set()).add((abs(len(words) - 20), quote, row["respondent"]))
    rows = []
    for key, quotes in sorted(found.items()):
        used: set[str] = set()
        words_said: set[str] = set()
        for _, quote, respondent in sorted(quotes):
            if respondent not in used and quote not in words_said and len(used) < most:
                used.add(respondent)
                words_said.add(quote)
                rows.append((*key, len(used), quote))
    names = {"wave": pl.String, "question": pl.String, "term": pl.String}
    return pl.DataFrame(
        rows, schema={**names, "number": pl.Int64, "quote": pl.String}, orient="row"
    )


def method(cleaned: Cleaned, tables: Mapping[str, pl.DataFrame]) -> list[tuple[str, str]]:
    """Says what was hidden and why, for the method note."""
    rules = rules_of(cleaned.codebook)
    hidden = _suppression(tables).filter(pl.col("status") != SHOWN)["rows"].sum()
    total = _suppression(tables)["rows"].sum()
    said = (
        f"Figures that rest on fewer than {rules.threshold} people, or on fewer than "
        f"{rules.least_systems} systems, are not shown, nor are those of a group whose members "
        "all gave the same answer, or, in groups of fewer than "
        f"{rules.unanimous_below}, all lie within one net. Further figures are hidden so that none "
        "of these can be worked out: no sum or difference of the groups shown rests on fewer than "
        f"{rules.threshold} people, and the counts shown leave open what any set of fewer than "
        f"{rules.threshold} people answered (checked by linear programming over every table that "
        "agrees with them). "
        f"{hidden:,} of {total:,} figures are hidden. "
    )
    if rules.rounding:
        said += f"Counts are rounded to multiples of {rules.rounding}, shares to whole per cent. "
    said += (
        "Weighted shares, and shares in which each system counts the same, are rounded to whole "
        "per cent, as their decimals could tell on people."
    )
    words = (
        "Quotes come only from people who agreed to be quoted. Names and organisations marked in "
        "the codebook, those respondents gave, systems, their codes and initials, local "
        "authorities, addresses and telephone numbers are replaced by [removed]. No list is whole: "
        "read each quote before you publish it. Quotes carry neither role nor system, and words "
        f"used by fewer than {rules.threshold} people are not listed."
    )
    return [("Anonymity", said.strip()), ("Anonymity", words)]
