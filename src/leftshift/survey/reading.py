"""From grids to records: what each respondent wrote, cell by cell, whatever the file's layout."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from leftshift.areas.naming import closest, plain
from leftshift.survey.codebook import Codebook, Wave
from leftshift.survey.headers import Column, Header, check_header, read_header
from leftshift.survey.problems import Problems
from leftshift.survey.sheets import Grid, read_grid

__all__ = ["Cell", "Change", "Record", "is_tick", "read_wave"]

_TICKS = {"1", "x", "yes", "y", "true", "ticked", "checked", "selected"}
_UNTICKED = {"", "0", "no", "n", "false", "unticked", "unchecked", "not selected"}


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell.

    Attributes:
        text: what stands there, without spaces around it.
        row: its row as a spreadsheet numbers it.
        column: its header.
        option: the option that its column stands for, or "".
    """

    text: str
    row: int
    column: str
    option: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One answer, row or column that is not kept as it stands in the file."""

    wave: str
    file: str
    row: int
    column: str
    rule: str
    was: str
    now: str
    why: str
    respondent: str = ""


@dataclass
class Record:
    """What one respondent wrote.

    Attributes:
        wave: id of the wave.
        file: name of the file.
        row: its first row as a spreadsheet numbers it.
        facts: by fact.
        answers: cells that are not blank, by question.
        masks: the respondent's own names and organisations.
    """

    wave: str
    file: str
    row: int
    facts: dict[str, Cell] = field(default_factory=dict)
    answers: dict[str, list[Cell]] = field(default_factory=dict)
    masks: list[str] = field(default_factory=list)

    @property
    def cells(self) -> Iterator[tuple[str, Cell]]:
        """Every answer with its question's id."""
        for question, cells in self.answers.items():
            for cell in cells:
                yield question, cell


def read_wave(
    codebook: Codebook, wave: Wave, problems: Problems, changes: list[Change]
) -> list[Record]:
    """Reads the files of a wave.

    Args:
        codebook: the codebook.
        wave: which wave.
        problems: takes what is wrong.
        changes: takes what is left out: titles, unused columns, blank rows, merged cells.

    Returns:
        One record for each respondent's row (wide) or rows (long), in file order.
    """
    records: list[Record] = []
    for name in wave.files:
        grid = read_grid(codebook.folder / name, name, wave.sheet, problems)
        if grid is None:
            continue
        header = read_header(grid, codebook, wave, problems)
        if header is None or not check_header(header, grid, codebook, wave, problems):
            continue
        _note_header(grid, header, wave, changes)
        if header.body >= len(grid.rows):
            problems.add(name, "has a header and no answers below it.", row=header.body)
        long = header.fact("question") is not None and header.fact("answer") is not None
        if (long and wave.layout != "wide") or wave.layout == "long":
            records += _long(grid, header, codebook, wave, problems, changes)
        else:
            records += _wide(grid, header, codebook, wave, changes)
    return records


def _note_header(grid: Grid, header: Header, wave: Wave, changes: list[Change]) -> None:
    for note in grid.notes:
        changes.append(Change(wave.id, grid.file, 1, "", "encoding", "", "", note))
    for place in range(header.first):
        text = " / ".join(dict.fromkeys(cell for cell in grid.rows[place] if cell))
        if text:
            changes.append(
                Change(
                    wave.id,
                    grid.file,
                    place + 1,
                    "",
                    "title_row",
                    text,
                    "",
                    "It stands above the header.",
                )
            )
    for one in header.columns:
        if one in header.unused:
            changes.append(
                Change(
                    wave.id,
                    grid.file,
                    header.first + 1,
                    one.header,
                    "unused_column",
                    one.header,
                    "",
                    "The codebook names no such column; nothing in it was read.",
                )
            )
        elif one.mask:
            changes.append(
                Change(
                    wave.id,
                    grid.file,
                    header.first + 1,
                    one.header,
                    "masked_column",
                    one.header,
                    "",
                    "It holds names or organisations: read only to mask them.",
                )
            )


def _rows(
    grid: Grid, header: Header, wave: Wave, changes: list[Change]
) -> Iterator[tuple[int, list[str]]]:
    width = max((one.place for one in header.columns), default=0) + 1
    for place in range(header.body, len(grid.rows)):
        row = grid.rows[place]
        padded = row + [""] * (width - len(row))
        if not any(padded):
            changes.append(
                Change(wave.id, grid.file, place + 1, "", "blank_row", "", "", "The row is blank.")
            )
            continue
        for one in header.columns:
            if (place, one.place) in grid.filled and (one.fact or one.question):
                changes.append(
                    Change(
                        wave.id,
                        grid.file,
                        place + 1,
                        one.header,
                        "merged_cell",
                        "",
                        "" if one.mask else padded[one.place],
                        "The cell is merged with one that holds this.",
                    )
                )
        yield place + 1, padded


def _masked(columns: tuple[Column, ...], row: list[str]) -> list[str]:
    return [row[one.place] for one in columns if one.mask and row[one.place]]


def _wide(
    grid: Grid, header: Header, codebook: Codebook, wave: Wave, changes: list[Change]
) -> list[Record]:
    kinds = {question.id: question.kind for question in codebook.questions}
    records = []
    for number, row in _rows(grid, header, wave, changes):
        record = Record(wave.id, grid.file, number, masks=_masked(header.columns, row))
        for one in header.columns:
            text = row[one.place]
            if one.fact:
                record.facts[one.fact] = Cell(text, number, one.header)
            elif one.question and text:
                option = one.option if kinds[one.question] == "multiple" else ""
                if option and plain(text) in _UNTICKED:
                    continue
                cell = Cell(text, number, one.header, option)
                record.answers.setdefault(one.question, []).append(cell)
        records.append(record)
    return records


def _long(
    grid: Grid,
    header: Header,
    codebook: Codebook,
    wave: Wave,
    problems: Problems,
    changes: list[Change],
) -> list[Record]:
    named = {}
    for question in reversed(codebook.questions):
        words = (*question.columns, question.text, question.wording_in(wave.id), question.id)
        named.update({plain(word): question.id for word in words})
    at = {one.fact: one for one in header.columns if one.fact}
    records: dict[str, Record] = {}
    for number, row in _rows(grid, header, wave, changes):
        who = row[at["respondent"].place]
        if not who:
            problems.add(
                grid.file,
                "no respondent: every row of a long file says whose answer it is.",
                row=number,
                column=at["respondent"].header,
            )
            continue
        record = records.setdefault(who, Record(wave.id, grid.file, number))
        record.masks += [one for one in _masked(header.columns, row) if one not in record.masks]
        for fact, column in at.items():
            if fact in ("question", "answer"):
                continue
            text = row[column.place]
            held = record.facts.get(fact)
            if held is None or not held.text:
                record.facts[fact] = Cell(text, number, column.header)
            elif text and plain(text) != plain(held.text) and fact in ("role", "system", "person"):
                problems.add(
                    grid.file,
                    f"the {fact} of this respondent differs from row {held.row}. Give one.",
                    row=number,
                    column=column.header,
                )
        asked, text = row[at["question"].place], row[at["answer"].place]
        question_id = named.get(plain(asked))
        if question_id is None:
            near = closest(asked, named)
            problems.add(
                grid.file,
                f'no question "{asked[:80]}".'
                + (f' Nearest: "{near}".' if near else "")
                + " Add it to the codebook, or its words to columns of the question.",
                row=number,
                column=at["question"].header,
            )
            continue
        if text:
            cell = Cell(text, number, at["answer"].header)
            record.answers.setdefault(question_id, []).append(cell)
    return list(records.values())


def is_tick(text: str) -> bool:
    """Says whether a text ticks the option that its column stands for."""
    return plain(text) in _TICKS
