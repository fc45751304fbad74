"""Drafts the questions of a codebook from the columns of an export, for a person to correct."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from leftshift.areas.naming import plain, slug
from leftshift.survey.sheets import Grid

__all__ = ["Drafted", "draft_columns"]

_MOST_OPTIONS = 12
_FACTS = {
    "person": re.compile(r"^(panel|member|person)( number| id)?$"),
    "respondent": re.compile(
        r"^(respondent|response|submission|participant)( unique)? ?(id|number|ref)?$|^id$"
    ),
    "submitted": re.compile(
        r"^(submitted|end date|enddate|completion time|date submitted|timestamp|recorded date)$"
    ),
    "system": re.compile(
        r"\b(system|ics|icb|board)\b.*\b(you|your|lead|represent|work)\b"
        r"|^(system|ics|icb)( name)?$|\byour (system|ics|icb)$"
    ),
    "role": re.compile(r"\brole\b|\bjob title\b"),
    "finished": re.compile(r"^(finished|completed?|status)$"),
    "quote": re.compile(r"\bquote"),
}
_MASK = re.compile(
    r"\b(name|e mail|email|phone|telephone|organisation|organization|employer|ip address)\b"
)
_SKIP = re.compile(
    r"^(start date|start time|startdate|duration.*|progress|collector id|custom data.*|language|"
    r"user language|latitude|longitude|distribution channel|.*location(latitude|longitude))$"
)


@dataclass(frozen=True, slots=True)
class Drafted:
    """What was made of an export's columns.

    Attributes:
        facts: header by fact of the respondent.
        mask: headers of names and organisations.
        asked: (id, header, kind, the answers found) of each question.
        roles: the roles found.
    """

    facts: dict[str, str]
    mask: tuple[str, ...]
    asked: tuple[tuple[str, str, str, tuple[str, ...]], ...]
    roles: tuple[str, ...] = ()

    def questions(
        self, text: Callable[[str], str], several: Callable[[tuple[str, ...]], str]
    ) -> str:
        """Writes them as TOML.

        Args:
            text: writes a text.
            several: writes a list of texts.
        """
        parts = [
            "\n# Drafted from the file: check kinds, put answers in order, and give scales a score "
            "and a side\n# (high, middle, low or outside) where they have one.\n"
        ]
        for identity, header, kind, answers in self.asked:
            lines = [
                "[[question]]",
                f"id = {text(identity)}",
                f"text = {text(header)}",
                f"kind = {text(kind)}",
            ]
            if answers:
                lines.append("options = [")
                taken: Counter[str] = Counter()
                for answer in answers:
                    key = slug(answer).replace("-", "_") or "answer"
                    taken[key] += 1
                    if taken[key] > 1:
                        key += f"_{taken[key]}"
                    lines.append(f"  {{ id = {text(key)}, label = {text(answer)} }},")
                lines.append("]")
            parts.append("\n".join(lines) + "\n")
        return "\n".join(parts)


def draft_columns(grid: Grid) -> Drafted:
    """Guesses what the columns of an export hold.

    Args:
        grid: the export; its header is the first row with most cells filled.

    Returns:
        Facts, masked columns and questions. It is a draft: `check` then tells what is missing.
    """
    rows = grid.rows
    filled = [sum(1 for cell in row if cell) for row in rows[:12]]
    first = next(place for place, count in enumerate(filled) if count >= 0.5 * max(filled))
    body = first + 1
    while body < min(len(rows), first + 3) and _sub_header(rows[body]):
        body += 1
    facts: dict[str, str] = {}
    mask: list[str] = []
    asked: list[tuple[str, str, str, tuple[str, ...]]] = []
    ids: Counter[str] = Counter()
    headers: set[str] = set()
    above = ""
    roles: tuple[str, ...] = ()
    ticked = _ticked(rows, first, body)
    for place in range(max(len(row) for row in rows)):
        parts = [row[place] if place < len(row) else "" for row in rows[first:body]]
        above = parts[0] or (above if len(parts) > 1 and any(parts) else "")
        below = [
            cell
            for cell in parts[1:]
            if cell and not _said_response(cell) and "importid" not in cell.casefold()
        ]
        header = " ".join(" ".join(dict.fromkeys([above, *below])).split())
        key = plain(header)
        if not key or key in headers or _SKIP.match(key):
            continue
        headers.add(key)
        if place in ticked:
            # A column for each answer, the question above the first of them.
            if ticked.get(place - 1) is not ticked[place]:
                asked.append((_identity(above, ids), above, "multiple", ticked[place]))
            continue
        fact = next(
            (name for name, found in _FACTS.items() if name not in facts and found.search(key)),
            None,
        )
        cells = [row[place] for row in rows[body:] if place < len(row) and row[place]]
        if fact is not None:
            facts[fact] = header
            if fact == "role":
                roles = _kind(cells)[1]
        elif _MASK.search(key):
            mask.append(header)
        else:
            asked.append((_identity(header, ids), header, *_kind(cells)))
    return Drafted(facts, tuple(mask), tuple(asked), roles)


def _identity(header: str, ids: Counter[str]) -> str:
    identity = "_".join(slug(re.sub(r"^q\d+\W+", "", header)).split("-")[:5]) or "question"
    ids[identity] += 1
    return identity if ids[identity] == 1 else f"{identity}_{ids[identity]}"


def _ticked(rows: list[list[str]], first: int, body: int) -> dict[int, tuple[str, ...]]:
    """The columns that hold ticks under a question of several columns, each with its answers."""
    if body - first < 2:
        return {}
    width = max(len(row) for row in rows)

    def cell(row: int, place: int) -> str:
        return rows[row][place] if place < len(rows[row]) else ""

    found: dict[int, tuple[str, ...]] = {}
    heads = [cell(first, place) for place in range(width)]
    # Merged cells hold their text in each.
    begins = [
        place
        for place, head in enumerate(heads)
        if head and (not place or head != heads[place - 1])
    ] + [width]
    for start, end in itertools.pairwise(begins):
        places = [place for place in range(start, end) if cell(first + 1, place)]
        marks = [{cell(row, place) for row in range(body, len(rows))} - {""} for place in places]
        labels = tuple(cell(first + 1, place) for place in places)
        if len(places) > 1 and max(map(len, marks)) < 2 and len(set(labels)) == len(labels):
            found |= dict.fromkeys(places, labels)
    return found


def _said_response(cell: str) -> bool:
    return plain(cell) in ("response", "open ended response")


def _sub_header(row: list[str]) -> bool:
    cells = [cell for cell in row if cell]
    return any(_said_response(cell) or "importid" in cell.casefold() for cell in cells)


def _kind(cells: list[str]) -> tuple[str, tuple[str, ...]]:
    counts = Counter(cells)
    parts = Counter(part.strip() for cell in cells for part in cell.split(";") if part.strip())
    numbers = sum(1 for cell in cells if cell.replace(".", "", 1).isdecimal())
    if cells and numbers == len(cells) and len(counts) > 7:
        return "number", ()
    several = any(";" in cell for cell in cells) and len(parts) <= _MOST_OPTIONS
    distinct: dict[str, str] = {}
    for one, _ in (parts if several else counts).most_common():
        if plain(one) not in ("", "n a", "na"):
            distinct.setdefault(plain(one), one)
    labels = {key: one for key, one in distinct.items() if not key.isdecimal()}
    if len(labels) > 1:
        # Codes between labels are other words for them: which, only a person knows.
        distinct = labels
    if len(distinct) < 2 or len(distinct) > _MOST_OPTIONS or max(map(len, distinct)) > 60:
        return "text", ()
    if len(cells) >= 4 and len(distinct) > 0.8 * len(cells):
        return "text", ()
    return ("multiple" if several else "single"), tuple(distinct.values())
