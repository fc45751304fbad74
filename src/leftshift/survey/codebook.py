"""What a survey asked, of whom and when: the codebook, as the rest of the room uses it.

`codebook_file` reads it from TOML. Everything here is plain data.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leftshift.areas.naming import plain
from leftshift.catalogue.lines import KeyLines
from leftshift.survey.systems import SystemBook

__all__ = [
    "Codebook",
    "Frame",
    "Net",
    "Option",
    "Question",
    "Role",
    "Term",
    "Wave",
    "Weighting",
    "word_key",
]

_NUMBER = re.compile(r"[-−]?\d+(?:\.\d+)?")
_SIGNS = (
    ("<=", " le "),
    (">=", " ge "),
    ("≤", " le "),
    ("≥", " ge "),
    ("<", " lt "),
    (">", " gt "),
    ("+", " plus "),
)


def word_key(text: str) -> str:
    """Gives an answer as it is compared: without case, accents, punctuation and spaces.

    Numbers keep their sign and point, so that -1 is no 1; "<5", "5" and "5+" stay apart.
    """
    bare = text.strip()
    if _NUMBER.fullmatch(bare):
        number = bare.replace("−", "-")
        return number.rstrip("0").rstrip(".") if "." in number else number
    for sign, word in _SIGNS:
        bare = bare.replace(sign, word)
    return plain(bare) or text.strip()


@dataclass(frozen=True, slots=True)
class Option:
    """One answer that can be ticked.

    Attributes:
        id: its key in tables.
        label: what people are shown.
        also: other words and codes that files use for it.
        score: its number in means; None where it has none ("don't know").
        side: high, middle, low or outside, for diverging bars; "" where it lies on no scale.
    """

    id: str
    label: str
    also: tuple[str, ...] = ()
    score: float | None = None
    side: str = ""


@dataclass(frozen=True, slots=True)
class Net:
    """Answers that are reported together, such as "very or fairly"."""

    id: str
    label: str
    points: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """One question.

    Attributes:
        id: its key in tables.
        text: its wording in the latest wave.
        short: a few words for charts.
        theme: the heading it stands under; may be "".
        kind: scale, single, multiple, number or text.
        scale: the id of its scale, or "".
        options: what can be answered; () for number and text.
        nets: answers reported together.
        columns: headers under which files hold it.
        separator: what parts ticked options that stand in one cell.
        roles: ids of the roles it was asked of; () for all.
        waves: ids of the waves it was asked in; () for all.
        wording: its text in earlier waves, by wave, where it differed.
        base: "all" (every answer) or "substantive" (without options on no side of the scale).
        minimum: the least number that can be answered, or None.
        maximum: the greatest, or None.
        quote: whether its text may be quoted where the respondent agreed.
        record: ids of rows of the published record that ask the same.
    """

    id: str
    text: str
    short: str
    theme: str = ""
    kind: str = "scale"
    scale: str = ""
    options: tuple[Option, ...] = ()
    nets: tuple[Net, ...] = ()
    columns: tuple[str, ...] = ()
    separator: str = ";"
    roles: tuple[str, ...] = ()
    waves: tuple[str, ...] = ()
    wording: Mapping[str, str] = dataclasses.field(default_factory=dict)
    base: str = "all"
    minimum: float | None = None
    maximum: float | None = None
    quote: bool = True
    record: tuple[str, ...] = ()

    def asked(self, wave: str, role: str) -> bool:
        """Says whether a role was asked it in a wave."""
        return (not self.waves or wave in self.waves) and (not self.roles or role in self.roles)

    def wording_in(self, wave: str) -> str:
        """Gives its words in a wave."""
        return self.wording.get(wave, self.text)

    @property
    def has_mean(self) -> bool:
        """Whether a mean of its answers is defined."""
        return self.kind == "number" or any(one.score is not None for one in self.options)

    @property
    def unit(self) -> str:
        """What its mean is counted in."""
        return "number" if self.kind == "number" else "score"


@dataclass(frozen=True, slots=True)
class Role:
    """A role that leaders hold.

    Attributes:
        id: its key in tables.
        label: what people are shown.
        also: other words and codes that files use for it.
        per_system: how many hold it in each system, where no frame says; None where unknown.
        frame: how many hold it altogether, where no frame is finer; None where unknown.
    """

    id: str
    label: str
    also: tuple[str, ...] = ()
    per_system: int | None = None
    frame: int | None = None


@dataclass(frozen=True, slots=True)
class Wave:
    """One round of the survey.

    Attributes:
        id: its key in tables.
        label: what people are shown.
        date: the day by which systems are named; the dated footprints are looked up on it.
        files: names of its files of responses, beside the codebook.
        sheet: the sheet of a workbook, or "" for the first that holds a table.
        layout: "wide", "long" or "" (recognised).
        header_rows: rows of the header, or None (recognised).
        columns: headers that stand in for those under [columns] in this wave.
    """

    id: str
    label: str
    date: datetime.date
    files: tuple[str, ...]
    sheet: str = ""
    layout: str = ""
    header_rows: int | None = None
    columns: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Term:
    """A theme of the open text: words, stems ("staff*") and phrases that mean it."""

    id: str
    label: str
    words: tuple[str, ...]
    without: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """How many hold a role, in a system or a region ("" for any) in a wave."""

    wave: str
    role: str
    count: int
    system: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class Weighting:
    """How non-response weights are made.

    Attributes:
        by: role, region or both: the cells.
        least: cells with fewer respondents are merged.
        most: the greatest weight, as a multiple of the mean weight.
        use: whether weighted figures stand beside the others at all.
    """

    by: tuple[str, ...] = ("role", "region")
    least: int = 2
    most: float = 4.0
    use: bool = True


@dataclass(frozen=True)
class Codebook:
    """A survey's codebook.

    Attributes:
        path: the file.
        id: the survey's key.
        title: what the survey is called.
        field: whom it asks, in words.
        synthetic: whether its answers are invented.
        minimum_base: the smallest base that is shown.
        partial: least share of the closed questions asked of a role that must be answered.
        interval: "exact" or "wilson".
        level: confidence level of intervals, such as 0.95.
        clusters: whether respondents are clustered within systems.
        unknown: "stop" where an answer that the codebook does not know is a problem, "drop" where
            it is listed and left out.
        missing: words that mean no answer, beside the usual ones.
        columns: headers of the respondent's facts, by fact.
        mask_columns: headers of names and organisations; never kept.
        mask_words: names and organisations that must not be shown.
        waves: oldest first.
        roles: in the order shown.
        questions: in the order shown.
        terms: themes of the open text.
        frames: how many there are to be asked.
        weighting: how weights are made.
        systems: the systems in each wave.
    """

    path: Path
    id: str
    title: str
    field: str
    synthetic: bool
    minimum_base: int
    partial: float
    interval: str
    level: float
    clusters: bool
    unknown: str
    missing: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    mask_columns: tuple[str, ...]
    mask_words: tuple[str, ...]
    waves: tuple[Wave, ...]
    roles: tuple[Role, ...]
    questions: tuple[Question, ...]
    terms: tuple[Term, ...]
    frames: tuple[Frame, ...]
    weighting: Weighting
    systems: SystemBook
    document: Mapping[str, Any] = dataclasses.field(repr=False)
    lines: KeyLines = dataclasses.field(repr=False)

    @property
    def name(self) -> str:
        """The file's name, as messages show it."""
        return self.path.name

    @property
    def folder(self) -> Path:
        """Where its files lie."""
        return self.path.parent

    @property
    def latest(self) -> Wave:
        """The latest wave."""
        return self.waves[-1]

    def wave(self, identity: str) -> Wave:
        """Gives a wave; KeyError where there is none."""
        return {one.id: one for one in self.waves}[identity]

    def role(self, identity: str) -> Role:
        """Gives a role; KeyError where there is none."""
        return {one.id: one for one in self.roles}[identity]

    def question(self, identity: str) -> Question:
        """Gives a question; KeyError where there is none."""
        return {one.id: one for one in self.questions}[identity]

    def section(self, key: str) -> Any:
        """Gives a part of the file that this room does not read itself, or None."""
        return self.document.get(key)

    def at(self, *path: str | int) -> str:
        """Gives "file:line" of a key, for messages."""
        return f"{self.name}:{self.lines.of(*path)}"
