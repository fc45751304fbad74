"""What each column of a file of responses holds, whatever its survey tool wrote above it.

Known shapes: one header row (Microsoft Forms, Google Forms); the question above and "Response",
"Open-Ended Response" or the option below it, the question only over its first column (SurveyMonkey,
SmartSurvey, merged cells); ids, then wording, then import ids (Qualtrics); and titles above it all.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

from leftshift.areas.naming import closest, plain
from leftshift.survey.codebook import Codebook, Question, Wave
from leftshift.survey.problems import Problems
from leftshift.survey.sheets import Grid, column_letter

__all__ = ["Column", "Header", "check_header", "read_header"]

_MOST_TITLES = 12
_RESPONSES = {"response", "open ended response", "responses", "answer", "open ended"}
_NUMBERED = re.compile(r"^(?:q|question)? ?\d+ ?[a-z]? (?=\S{2})")


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        place: from 0.
        header: what stands above it, as messages show it.
        fact: which fact of the respondent it holds, or "".
        mask: whether it holds names or organisations.
        question: the id of the question it answers, or "".
        option: the id of the option that a tick in it stands for, or "".
    """

    place: int
    header: str
    fact: str = ""
    mask: bool = False
    question: str = ""
    option: str = ""


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a file.

    Attributes:
        columns: every column of it that has any header, in order.
        first: its first row, from 0; what stands above is a title.
        body: the first row of answers, from 0.
    """

    columns: tuple[Column, ...]
    first: int
    body: int

    @property
    def unused(self) -> tuple[Column, ...]:
        """The columns that hold nothing the codebook knows."""
        return tuple(one for one in self.columns if not (one.fact or one.mask or one.question))

    def fact(self, name: str) -> Column | None:
        """Gives the column of a fact."""
        return next((one for one in self.columns if one.fact == name), None)


Meaning = tuple[str, str, str]  # fact or "mask", question, option


def _bare(text: str) -> str:
    return _NUMBERED.sub("", plain(text), count=1)


def _meanings(codebook: Codebook, wave: Wave) -> dict[str, Meaning]:
    """What every known header means; a header that two things share means the first."""
    known: dict[str, Meaning] = {}
    facts = {**codebook.columns, **wave.columns}
    for fact, headers in facts.items():
        for header in headers:
            known.setdefault(plain(header), (fact, "", ""))
    for header in codebook.mask_columns:
        known.setdefault(plain(header), ("mask", "", ""))
    for question in codebook.questions:
        for header in _headers(question, wave):
            known.setdefault(plain(header), ("", question.id, ""))
    for question in codebook.questions:
        for header in _headers(question, wave):
            if question.kind == "multiple":
                for option in question.options:
                    for word in (option.label, option.id, *option.also):
                        known.setdefault(plain(f"{header} {word}"), ("", question.id, option.id))
            known.setdefault(_bare(header), ("", question.id, ""))
    known.pop("", None)
    return known


def _headers(question: Question, wave: Wave) -> tuple[str, ...]:
    return (*question.columns, question.id, question.wording_in(wave.id), question.text)


def read_header(grid: Grid, codebook: Codebook, wave: Wave, problems: Problems) -> Header | None:
    """Works out what each column of a file holds.

    Args:
        grid: the file.
        codebook: what is known.
        wave: the wave that the file belongs to.
        problems: takes what is wrong.

    Returns:
        The header; None where there is none.
    """
    known = _meanings(codebook, wave)
    counts = [
        sum(1 for cell in row if cell and (plain(cell) in known or _bare(cell) in known))
        for row in grid.rows[:_MOST_TITLES]
    ]
    best = max(counts)
    if best == 0:
        problems.add(
            grid.file,
            "no row among the first "
            f"{_MOST_TITLES} holds a header that the codebook knows. Give headers under [columns] "
            "and as columns = [...] of each [[question]].",
        )
        return None
    first = next(place for place, count in enumerate(counts) if count >= max(1, best / 2))
    if wave.header_rows is not None:
        body = first + wave.header_rows
    else:
        body = first + 1
        while body < min(len(grid.rows), first + 4) and _is_header(grid.rows[body], known):
            body += 1
    columns = _columns(grid, first, body, known, codebook)
    return Header(columns, first, body)


def _is_header(row: list[str], known: dict[str, Meaning]) -> bool:
    cells = [cell for cell in row if cell]
    if not cells:
        return False
    if any('"importid"' in cell.casefold() for cell in cells):
        return True
    marks = sum(1 for cell in cells if plain(cell) in _RESPONSES)
    headers = sum(1 for cell in cells if len(cell) > 12 and plain(cell) in known)
    return marks >= max(1, len(cells) // 8) or headers >= max(2, len(cells) // 3)


def _columns(
    grid: Grid, first: int, body: int, known: dict[str, Meaning], codebook: Codebook
) -> tuple[Column, ...]:
    rows = [row for row in grid.rows[first:body] if not any("importid" in plain(c) for c in row)]
    width = max(len(row) for row in grid.rows)
    options = {
        (question.id, plain(word)): option.id
        for question in codebook.questions
        if question.kind == "multiple"
        for option in question.options
        for word in (option.label, option.id, *option.also)
    }
    above = ""
    found = []
    for place in range(width):
        own = [row[place] if place < len(row) else "" for row in rows]
        if own and own[0]:
            above = own[0]
        elif len(rows) < 2 or not any(own):
            above = ""
        if not any(own) and not above:
            continue
        below = [cell for cell in own[1:] if cell and plain(cell) not in _RESPONSES]
        parts = [above, *below] if above else below
        header = " / ".join(dict.fromkeys(part for part in parts if part))
        found.append(_column(place, header, own, parts, known, options))
    return tuple(found)


def _column(
    place: int,
    header: str,
    own: list[str],
    parts: list[str],
    known: dict[str, Meaning],
    options: dict[tuple[str, str], str],
) -> Column:
    joined = " ".join(parts)
    for text in dict.fromkeys([joined, *[cell for cell in own if cell]]):
        for key in (plain(text), _bare(text)):
            meaning = known.get(key)
            if meaning is None:
                continue
            fact, question, option = meaning
            if question and not option and len(parts) > 1:
                option = options.get((question, plain(parts[-1])), "")
            return Column(
                place, header, fact if fact != "mask" else "", fact == "mask", question, option
            )
    if len(parts) > 1:
        # The option alone stands below a question that stands further left.
        meaning = known.get(plain(parts[0])) or known.get(_bare(parts[0]))
        if meaning is not None and meaning[1]:
            option = options.get((meaning[1], plain(parts[-1])), "")
            if option:
                return Column(place, header, question=meaning[1], option=option)
    return Column(place, header)


def check_header(
    header: Header, grid: Grid, codebook: Codebook, wave: Wave, problems: Problems
) -> bool:
    """Notes columns that are missing or stand twice; says whether there were none.

    Args:
        header: what was read.
        grid: the file.
        codebook: what there should be.
        wave: the wave of the file.
        problems: takes what is wrong.
    """
    before = len(problems)
    row = header.first + 1
    unused = [one.header for one in header.unused]

    def near(words: tuple[str, ...]) -> str:
        for word in words:
            found = closest(word, unused)
            if found is not None:
                return f' Nearest: "{found[:80]}".'
        return ""

    facts = {**codebook.columns, **wave.columns}
    long = wave.layout == "long" or (
        not wave.layout and bool(header.fact("question") and header.fact("answer"))
    )
    needed = ("role", "respondent", "question", "answer") if long else ("role",)
    for fact, headers in facts.items():
        if fact in ("question", "answer") and not long:
            continue
        if header.fact(fact) is None and (fact in needed or fact == "system"):
            problems.add(
                grid.file, f'no column for the {fact}: "{headers[0]}".{near(headers)}', row=row
            )
    for fact in needed:
        if fact not in facts:
            problems.add(
                codebook.name,
                f'[columns] names no header for the {fact}. Give it: {fact} = "…".',
                line=codebook.lines.of("columns"),
            )
    if not long:
        held = {one.question for one in header.columns if one.question}
        for question in codebook.questions:
            if question.id not in held and (not question.waves or wave.id in question.waves):
                problems.add(
                    grid.file,
                    f'no column for question "{question.id}".{near(_headers(question, wave))} Give '
                    "its header as columns = [...] of the question, or say in which waves it was "
                    "asked.",
                    row=row,
                )
    places: dict[tuple[str, str, str], list[Column]] = defaultdict(list)
    for one in header.columns:
        if one.question or one.fact:
            places[one.fact, one.question, one.option].append(one)
    for (fact, name, _), same in places.items():
        if len(same) > 1:
            letters = " and ".join(column_letter(one.place) for one in same)
            problems.add(
                grid.file,
                f"columns {letters} both hold {fact or f'question {name}'}. Rename or delete one.",
                row=row,
                column=same[0].header,
            )
    return len(problems) == before
