"""From records to respondents and answers, with a list of everything dropped or changed.

The rules, in order: a response without a role is dropped; an answer to a question that the role
was not asked is dropped; of a respondent's several responses the last complete one is kept (the
last, where none is complete); a response with too few of the closed questions answered is dropped.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from dataclasses import dataclass, field

import polars as pl

from leftshift.areas.naming import closest, plain
from leftshift.errors import listed
from leftshift.survey.answers import Answer, Reader, Unclear
from leftshift.survey.codebook import Codebook, Frame, Question, Wave, word_key
from leftshift.survey.moments import moment_of, month_first_of
from leftshift.survey.problems import Problems
from leftshift.survey.reading import Cell, Change, Record, read_wave

__all__ = ["ANSWERS", "CHANGES", "FRAME", "RESPONDENTS", "Cleaned", "clean"]

RESPONDENTS = {
    "wave": pl.String,
    "respondent": pl.String,
    "person": pl.String,
    "role": pl.String,
    "system": pl.String,
    "system_now": pl.String,
    "region": pl.String,
    "type": pl.String,
    "size": pl.String,
    "complete": pl.Boolean,
    "quote": pl.Boolean,
    "weight": pl.Float64,
    "file": pl.String,
    "row": pl.Int64,
}
ANSWERS = {
    "wave": pl.String,
    "respondent": pl.String,
    "question": pl.String,
    "option": pl.String,
    "value": pl.Float64,
    "text": pl.String,
}
CHANGES = {
    "wave": pl.String,
    "respondent": pl.String,
    "file": pl.String,
    "row": pl.Int64,
    "column": pl.String,
    "rule": pl.String,
    "was": pl.String,
    "is": pl.String,
    "why": pl.String,
}
FRAME = {
    "wave": pl.String,
    "role": pl.String,
    "system": pl.String,
    "region": pl.String,
    "count": pl.Int64,
}
_YES = {
    "yes",
    "y",
    "true",
    "1",
    "agree",
    "i agree",
    "consent",
    "i consent",
    "checked",
    "x",
    "ok",
} | {
    *("yes anonymously", "yes without my name", "yes please", "happy to be quoted"),
}
_NO = {
    "no",
    "n",
    "false",
    "0",
    "disagree",
    "no thanks",
    "no thank you",
    "unchecked",
    "do not agree",
}
_NOBODY = {"anonymous", "anon", "unknown", "none", "not given"}
_UNFINISHED = {"false", "0", "no", "n", "partial", "incomplete", "in progress"}
_MANY_DUPLICATES = 0.2


@dataclass(frozen=True)
class Cleaned:
    """Respondents and answers as they count.

    Attributes:
        codebook: what was asked, of whom and when.
        respondents: one row for each response kept, as `RESPONDENTS`.
        answers: one row for each answer (each ticked option), as `ANSWERS`.
        changes: everything dropped or changed, as `CHANGES`. It is for the analyst alone.
        masks: each respondent's own names and organisations.
        frame: how many there are to be asked, as `FRAME`; empty texts where it is not that fine.
        warnings: what a reader of the results should know.
    """

    codebook: Codebook
    respondents: pl.DataFrame
    answers: pl.DataFrame
    changes: pl.DataFrame = field(repr=False)
    masks: dict[str, tuple[str, ...]] = field(repr=False)
    frame: pl.DataFrame
    warnings: tuple[str, ...] = ()


@dataclass
class _Response:
    """One record as it is understood so far."""

    record: Record
    key: str
    person: str
    role: str
    system: str | None
    submitted: datetime.datetime | None
    finished: bool
    quote: bool
    answers: list[tuple[str, Cell, Answer]]
    share: float
    name: str = ""

    def complete(self) -> bool:
        return self.finished and self.share >= 1.0 - 1e-9


class _Cleaner:
    def __init__(self, codebook: Codebook, problems: Problems) -> None:
        self.codebook = codebook
        self.problems = problems
        self.changes: list[Change] = []
        self.warnings: list[str] = []
        self.reader = Reader(codebook)
        self.questions = {one.id: one for one in codebook.questions}
        self.roles: dict[str, str] = {}
        for role in codebook.roles:
            for word in (role.label, role.id, *role.also):
                self.roles.setdefault(word_key(word), role.id)

    # One cell -------------------------------------------------------------------------------

    def note(
        self, record: Record, cell: Cell | None, rule: str, was: str, now: str, why: str
    ) -> None:
        row = cell.row if cell else record.row
        column = cell.column if cell else ""
        self.changes.append(
            Change(record.wave, record.file, row, column, rule, was, now, why, _key(record))
        )

    def unknown(self, record: Record, cell: Cell, message: str) -> None:
        """An answer that the codebook does not know stops the run, or is listed and left out."""
        if self.codebook.unknown == "drop":
            self.note(record, cell, "unknown", cell.text, "", message)
        else:
            self.problems.add(record.file, message, row=cell.row, column=cell.column)

    def role(self, record: Record) -> str | None:
        cell = record.facts.get("role")
        if cell is None or self.reader.missing(cell.text):
            return None
        found = self.roles.get(word_key(cell.text))
        if found is None:
            labels = [one.label for one in self.codebook.roles]
            near = closest(cell.text, labels)
            self.unknown(
                record,
                cell,
                f'no role "{cell.text[:60]}".'
                + (f' Nearest: "{near}".' if near else "")
                + f' Roles: {listed(labels)}. Add it to the codebook (also = ["…"]).',
            )
            return None
        label = self.codebook.role(found).label
        if plain(cell.text) not in (plain(label), plain(found)):
            self.note(record, cell, "recoded", cell.text, label, "It is another word for the role.")
        return found

    def system(self, record: Record, wave: Wave) -> str | None:
        cell = record.facts.get("system")
        if cell is None or self.reader.missing(cell.text):
            if cell is not None and cell.text:
                self.note(record, cell, "no_answer", cell.text, "", "It means that none was given.")
            return None
        book = self.codebook.systems
        code = book.find(cell.text, wave.id)
        standing = {one.code: one for one in book.at(wave.id)}
        if code is None:
            names = [one.name for one in standing.values()]
            near = closest(cell.text, [*book.names, *names])
            self.unknown(
                record,
                cell,
                f'no system "{cell.text[:60]}".'
                + (f' Nearest: "{near}".' if near else "")
                + ' Add it to the codebook: [[system]] code = "…", also = ["…"].',
            )
            return None
        now = book.now(code, wave.id)
        if now is None:
            self.unknown(
                record,
                cell,
                f'"{cell.text[:60]}" does not stand on {wave.date.isoformat()}, and its people lie '
                "in several systems of that day, or it came later. Give the system of that day.",
            )
            return None
        if now != code:
            self.note(
                record,
                cell,
                "merged_system",
                cell.text,
                standing[now].name,
                f"By {wave.date.isoformat()} it had become this system.",
            )
        elif plain(cell.text) not in (plain(standing[now].name), plain(now)):
            self.note(
                record,
                cell,
                "recoded",
                cell.text,
                standing[now].name,
                "It is another name or code of the system.",
            )
        return now

    def consent(self, record: Record) -> bool:
        cell = record.facts.get("quote")
        if cell is None or not cell.text:
            return False
        said = plain(cell.text)
        if said in _YES:
            return True
        if said not in _NO and not self.reader.missing(cell.text):
            self.note(
                record,
                cell,
                "consent_unclear",
                cell.text,
                "no",
                "It is no plain yes, so the respondent is not quoted.",
            )
        return False

    # One record -----------------------------------------------------------------------------

    def response(self, record: Record, wave: Wave, month_first: bool) -> _Response | None:
        role = self.role(record)
        system = self.system(record, wave)
        answers: list[tuple[str, Cell, Answer]] = []
        for identity, cells in record.answers.items():
            question = self.questions[identity]
            answers += self.answered(record, question, cells, role)
        if role is None:
            if record.facts.get("role") is not None or answers:
                self.drop(record, answers, "no_role", "It gives no role that the codebook knows.")
            return None
        closed = [
            one.id
            for one in self.codebook.questions
            if one.kind in ("scale", "single", "number") and one.asked(wave.id, role)
        ]
        given = {identity for identity, _, _ in answers}
        share = sum(1 for one in closed if one in given) / len(closed) if closed else 1.0
        done = record.facts.get("finished")
        facts = {name: cell.text for name, cell in record.facts.items()}
        return _Response(
            record,
            self.who(facts.get("respondent", "")),
            self.who(facts.get("person", "")),
            role,
            system,
            self.moment(record, month_first),
            done is None or plain(done.text) not in _UNFINISHED,
            self.consent(record),
            answers,
            share,
        )

    def who(self, text: str) -> str:
        """Gives an id as it is compared; "" where it is none, such as "anonymous"."""
        return "" if self.reader.missing(text) or plain(text) in _NOBODY else plain(text) or text

    def answered(
        self, record: Record, question: Question, cells: list[Cell], role: str | None
    ) -> list[tuple[str, Cell, Answer]]:
        kept = []
        read = self.reader.read(question, cells)
        found = {id(cell) for cell, _ in read}
        for cell in cells:
            if id(cell) not in found and self.reader.missing(cell.text, question):
                self.note(record, cell, "no_answer", cell.text, "", "It means that none was given.")
        for cell, answer in read:
            if isinstance(answer, Unclear):
                self.unknown(record, cell, answer.message)
            elif role is not None and not question.asked(record.wave, role):
                self.note(
                    record,
                    cell,
                    "not_asked",
                    _shown(cell, question),
                    "",
                    "The codebook says that this role was not asked it in this wave.",
                )
            else:
                if answer.recoded:
                    labels = {one.id: one.label for one in question.options}
                    now = labels[answer.option] if answer.option else f"{answer.value:g}"
                    self.note(record, cell, "recoded", cell.text, now, answer.recoded)
                kept.append((question.id, cell, answer))
        return kept

    def moment(self, record: Record, month_first: bool) -> datetime.datetime | None:
        cell = record.facts.get("submitted")
        if cell is None or self.reader.missing(cell.text):
            return None
        found = moment_of(cell.text, month_first)
        if found is None:
            self.note(
                record,
                cell,
                "date_unread",
                cell.text,
                "",
                "It is no date and time that is known; the order of the file counts.",
            )
        return found

    def drop(
        self, record: Record, answers: list[tuple[str, Cell, Answer]], rule: str, why: str
    ) -> None:
        self.note(record, None, rule, f"{len(answers)} answers", "", why)
        for identity, cell, _ in answers:
            self.note(record, cell, rule, _shown(cell, self.questions[identity]), "", why)

    # One wave -------------------------------------------------------------------------------

    def wave(self, wave: Wave) -> list[_Response]:
        records = read_wave(self.codebook, wave, self.problems, self.changes)
        stamps = [
            record.facts["submitted"].text for record in records if "submitted" in record.facts
        ]
        month_first = month_first_of(stamps)
        if month_first:
            self.warnings.append(f"Dates of wave {wave.label} were read with the month first.")
        responses = [one for record in records if (one := self.response(record, wave, month_first))]
        kept = self.enough(self.single(responses))
        for place, one in enumerate(kept, start=1):
            one.name = f"{wave.id}:{place:04d}"
        return kept

    def single(self, responses: list[_Response]) -> list[_Response]:
        """Keeps one response of each respondent."""
        groups: dict[tuple[str, ...], list[_Response]] = defaultdict(list)
        for place, one in enumerate(responses):
            if one.person:
                key: tuple[str, ...] = ("person", one.person)
            elif one.key:
                # Two files of one wave may each number their respondents from 1.
                key = ("respondent", one.record.file, one.key)
            else:
                key = _copy_key(one, place)
            groups[key].append(one)
        dropped = set()
        for key, same in groups.items():
            if len(same) == 1:
                continue
            order = {id(one): place for place, one in enumerate(same)}
            best = max(
                same,
                key=lambda one: (
                    one.complete(),
                    one.submitted or datetime.datetime.min,
                    order[id(one)],
                ),
            )
            for one in same:
                if one is not best:
                    dropped.add(id(one))
                    what = "an exact copy of" if key[0] == "copy" else "the same respondent as"
                    self.drop(
                        one.record,
                        one.answers,
                        "duplicate",
                        f"It is {what} row {best.record.row} of {best.record.file}, the last "
                        "complete response, which is kept.",
                    )
        if len(dropped) > _MANY_DUPLICATES * len(responses):
            self.warnings.append(
                f"Wave {responses[0].record.wave}: over a fifth of the responses were dropped as "
                "duplicates. Check the columns that name the respondent and the person."
            )
        return [one for one in responses if id(one) not in dropped]

    def enough(self, responses: list[_Response]) -> list[_Response]:
        kept = []
        least = self.codebook.partial
        for one in responses:
            if one.share + 1e-9 < least or not one.answers:
                self.drop(
                    one.record,
                    one.answers,
                    "too_few_answers",
                    f"{one.share:.0%} of the closed questions asked of the role are answered; "
                    f"{least:.0%} are needed.",
                )
            else:
                kept.append(one)
        return kept


def _shown(cell: Cell, question: Question) -> str:
    return cell.text if question.kind != "multiple" or not cell.option else cell.option


def _key(record: Record) -> str:
    return f"{record.file}:{record.row}"


def _copy_key(one: _Response, place: int) -> tuple[str, ...]:
    """Without any id, only a response that copies another in everything, text too, is one."""
    answers = [
        (name, answer.option or "", str(answer.value), answer.text or "")
        for name, _, answer in one.answers
    ]
    texts = any(answer.text for _, _, answer in one.answers)
    if len(answers) < 5 or not texts:
        return ("alone", str(place))
    return ("copy", one.role, one.system or "", repr(sorted(answers)))


def clean(codebook: Codebook, problems: Problems) -> Cleaned:
    """Reads and cleans every wave.

    Args:
        codebook: the codebook.
        problems: takes everything that is wrong with the files; the result is of use only where
            it stays empty.

    Returns:
        Respondents, answers and all changes.
    """
    cleaner = _Cleaner(codebook, problems)
    kept = [one for wave in codebook.waves for one in cleaner.wave(wave)]
    people: dict[str, str] = {}
    for one in kept:
        if one.person:
            people.setdefault(one.person, f"p{len(people) + 1:04d}")
    names = {_key(one.record): one.name for one in kept}
    frame = _frame(codebook)
    respondents = pl.DataFrame(
        [_row(one, codebook, people) for one in kept], schema=RESPONDENTS, orient="row"
    )
    answers = pl.DataFrame(
        [
            (one.record.wave, one.name, identity, answer.option, answer.value, answer.text)
            for one in kept
            for identity, _, answer in one.answers
        ],
        schema=ANSWERS,
        orient="row",
    )
    changes = pl.DataFrame(
        [
            (
                one.wave,
                names.get(one.respondent),
                one.file,
                one.row,
                one.column,
                one.rule,
                one.was,
                one.now,
                one.why,
            )
            for one in cleaner.changes
        ],
        schema=CHANGES,
        orient="row",
    )
    for wave in codebook.waves:
        # Where anything is wrong with the files, that alone is what to say.
        if not problems and not any(one.record.wave == wave.id for one in kept):
            problems.add(
                ", ".join(wave.files),
                f"no response of wave {wave.id} could be kept. Why each was dropped stands in "
                "private/changes.csv.",
            )
    over = _overfull(respondents, frame)
    return Cleaned(
        codebook,
        respondents,
        answers,
        changes.sort("wave", "file", "row", "column", maintain_order=True),
        {one.name: tuple(one.record.masks) for one in kept if one.record.masks},
        frame,
        (*cleaner.warnings, *over),
    )


def _row(one: _Response, codebook: Codebook, people: dict[str, str]) -> tuple[object, ...]:
    wave = one.record.wave
    system = codebook.systems.waves[wave][one.system] if one.system else None
    return (
        wave,
        one.name,
        people.get(one.person),
        one.role,
        one.system,
        codebook.systems.now(one.system, codebook.latest.id) if one.system else None,
        (system.region or None) if system else None,
        (system.type or None) if system else None,
        (system.size or None) if system else None,
        one.complete(),
        one.quote,
        1.0,
        one.record.file,
        one.record.row,
    )


def _frame(codebook: Codebook) -> pl.DataFrame:
    rows: list[tuple[str, str, str | None, str | None, int]] = []
    for wave in codebook.waves:
        systems = codebook.systems.waves[wave.id]
        for role in codebook.roles:
            given = [one for one in codebook.frames if (one.wave, one.role) == (wave.id, role.id)]
            if given:
                rows += [
                    _framed(one, systems[one.system].region if one.system else one.region)
                    for one in given
                ]
            elif role.frame is not None:
                rows.append((wave.id, role.id, None, None, role.frame))
            elif role.per_system is not None:
                rows += [
                    (wave.id, role.id, one.code, one.region or None, role.per_system)
                    for one in systems.values()
                ]
    return pl.DataFrame(rows, schema=FRAME, orient="row")


def _framed(one: Frame, region: str) -> tuple[str, str, str | None, str | None, int]:
    return one.wave, one.role, one.system or None, region or None, one.count


def _overfull(respondents: pl.DataFrame, frame: pl.DataFrame) -> list[str]:
    """Says where more answered than there are to be asked."""
    asked = frame.group_by("wave", "role").agg(pl.col("count").sum())
    found = respondents.group_by("wave", "role").len().join(asked, on=["wave", "role"], how="inner")
    over = found.filter(pl.col("len") > pl.col("count")).sort("wave", "role")
    return [
        f"Wave {row['wave']}: there are more responses of role {row['role']} than the frame "
        "counts. The frame is taken to be as many; check it."
        for row in over.iter_rows(named=True)
    ]
