"""Reads a codebook file, and tells everything that is wrong with it at once."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leftshift.areas.naming import plain
from leftshift.catalogue.lines import read_toml
from leftshift.errors import LeftshiftError, nearest
from leftshift.survey.codebook import (
    Codebook,
    Frame,
    Net,
    Option,
    Question,
    Role,
    Term,
    Wave,
    Weighting,
    word_key,
)
from leftshift.survey.codebook_page import Page, once
from leftshift.survey.problems import Problems, SurveyError
from leftshift.survey.systems import Listed, SystemBook, book

if TYPE_CHECKING:
    from leftshift.catalogue import Catalogue

__all__ = ["FACTS", "read_codebook"]

FACTS = (
    "respondent",
    "person",
    "system",
    "role",
    "submitted",
    "finished",
    "quote",
    "question",
    "answer",
)
"""What a column of a file can say of a respondent, or of an answer in a long file."""

_TOP = (
    *("survey", "columns", "mask", "wave", "role", "system", "frame", "scale", "question"),
    *("term", "weights", "composite", "indicator", "performance", "record"),
    "anonymity",
)
_SURVEY = (
    *("id", "title", "field", "synthetic", "minimum_base", "partial", "interval", "level"),
    *("clusters", "missing", "systems", "frame", "unknown"),
)
_QUESTION = (
    *("id", "text", "short", "theme", "kind", "scale", "options", "nets", "columns"),
    *("separator", "roles", "waves", "wording", "base", "minimum", "maximum", "quote", "record"),
)
_SIDES = ("", "high", "middle", "low", "outside")


def read_codebook(path: Path, catalogue: Catalogue, problems: Problems) -> Codebook | None:
    """Reads a codebook.

    Args:
        path: the TOML file.
        catalogue: gives boards, regions and footprints.
        problems: takes everything that is wrong.

    Returns:
        The codebook; None where so much is wrong that nothing can be read with it.
    """
    try:
        document, lines = read_toml(path, path.name, SurveyError)
    except SurveyError as error:
        problems.add(path.name, str(error).removeprefix(f"{path.name}: "))
        return None
    before = len(problems)
    top = Page(document, (), lines, path.name, problems)
    top.known(_TOP)
    if "survey" not in document:
        top.wrong('no [survey] table. A codebook begins with [survey] and a title = "…".')
    head = top.table("survey")
    head.known(_SURVEY)
    waves = _waves(top)
    roles = _roles(top)
    scales = _scales(top)
    questions = _questions(top, scales, waves, roles)
    systems = _systems(top, head, waves, catalogue)
    frames: list[Frame] = []
    if systems is not None:
        frames = _frames(top, head, path, waves, roles, systems)
    base = head.number("minimum_base", 5, 3, 1000, whole=True)
    partial = _real(head.number("partial", 0.5, 0.0, 1.0), 0.5)
    interval = head.choice("interval", ("exact", "wilson"), "exact")
    level = _real(head.number("level", 0.95, 0.5, 0.999), 0.95)
    clusters, synthetic = head.flag("clusters", True), head.flag("synthetic", False)
    unknown = head.choice("unknown", ("stop", "drop"), "stop")
    identity, title = head.text("id", "survey"), head.text("title", "Survey")
    whom, missing = head.text("field", "everyone asked"), head.texts("missing")
    columns, (mask_columns, mask_words) = _facts(top.table("columns")), _mask(top)
    terms, weighting = _terms(top, questions), _weighting(top.table("weights"))
    if len(problems) > before or systems is None:
        return None
    return Codebook(
        path=path,
        id=identity,
        title=title,
        field=whom,
        synthetic=synthetic,
        minimum_base=int(_real(base, 5)),
        partial=partial,
        interval=interval,
        level=level,
        clusters=clusters,
        unknown=unknown,
        missing=missing,
        columns=columns,
        mask_columns=mask_columns,
        mask_words=mask_words,
        waves=tuple(sorted(waves, key=lambda one: (one.date, one.id))),
        roles=tuple(roles),
        questions=tuple(questions),
        terms=tuple(terms),
        frames=tuple(frames),
        weighting=weighting,
        systems=systems,
        document=document,
        lines=lines,
    )


def _real(value: float | None, default: float) -> float:
    return default if value is None else value


def _facts(page: Page) -> dict[str, tuple[str, ...]]:
    page.known(FACTS)
    return {key: found for key in FACTS if (found := page.texts(key))}


def _mask(top: Page) -> tuple[tuple[str, ...], tuple[str, ...]]:
    page = top.table("mask")
    page.known(("columns", "words"))
    return page.texts("columns"), page.texts("words")


def _weighting(page: Page) -> Weighting:
    page.known(("use", "by", "least", "most"))
    by = page.texts("by") or ("role", "region")
    page.among("by", by, ("role", "region"), "cell of weights")
    return Weighting(
        by=by,
        least=int(page.number("least", 2, 1, 1000, whole=True) or 2),
        most=_real(page.number("most", 4.0, 1.0, 1000.0), 4.0),
        use=page.flag("use", True),
    )


def _waves(top: Page) -> list[Wave]:
    found, ids = [], []
    pages = top.blocks("wave")
    if not pages:
        top.wrong(
            'no [[wave]]. A survey has at least one: id, label, date, file = "responses.csv".'
        )
    for page in pages:
        page.known(
            ("id", "label", "date", "file", "files", "sheet", "layout", "header_rows", "columns")
        )
        identity = page.identity()
        ids.append((page, identity))
        day = page.day("date")
        if day is None and "date" not in page.block:
            page.wrong("no date. Give the day by which systems are named: date = 2025-10-31.")
        files = (*page.texts("file"), *page.texts("files"))
        if not files:
            page.wrong('no file. Give one: file = "responses.csv".')
        rows = page.number("header_rows", None, 1, 10, whole=True)
        wave = Wave(
            identity,
            page.text("label", identity),
            day or datetime.date(2000, 1, 1),
            files,
            page.text("sheet"),
            page.choice("layout", ("", "wide", "long"), ""),
            None if rows is None else int(rows),
            _facts(page.table("columns")),
        )
        found.append(wave)
    once(ids, "wave")
    return found


def _roles(top: Page) -> list[Role]:
    found, ids = [], []
    pages = top.blocks("role")
    if not pages:
        top.wrong('no [[role]]. Give at least one: id = "chair", label = "Board chair".')
    for page in pages:
        page.known(("id", "label", "also", "per_system", "frame"))
        identity = page.identity()
        ids.append((page, identity))
        each = page.number("per_system", None, 0, 1000, whole=True)
        frame = page.number("frame", None, 0, 10_000_000, whole=True)
        found.append(
            Role(
                identity,
                page.text("label", identity),
                page.texts("also"),
                None if each is None else int(each),
                None if frame is None else int(frame),
            )
        )
    once(ids, "role")
    _distinct(
        [
            (page, role.label, (role.id, *role.also))
            for page, role in zip(pages, found, strict=True)
        ],
        "role",
    )
    return found


def _distinct(named: list[tuple[Page, str, tuple[str, ...]]], what: str) -> None:
    """Notes words that would mean two things."""
    taken: dict[str, int] = {}
    for place, (page, label, words) in enumerate(named):
        for word in (label, *words):
            key = word_key(word)
            if key and taken.setdefault(key, place) != place:
                page.wrong(f'"{word}" means two of the {what}s. Give each words of its own.')


_Answers = tuple[tuple[Option, ...], tuple[Net, ...]]


def _options(page: Page, key: str, what: str) -> tuple[Option, ...]:
    blocks = page.blocks(key)
    found, ids = [], []
    for block in blocks:
        block.known(("id", "label", "also", "score", "side"))
        identity = block.identity()
        ids.append((block, identity))
        found.append(
            Option(
                identity,
                block.text("label", identity),
                block.texts("also"),
                block.number("score"),
                block.choice("side", _SIDES, ""),
            )
        )
    once(ids, what)
    _distinct(
        [(block, one.label, (one.id, *one.also)) for block, one in zip(blocks, found, strict=True)],
        what,
    )
    return tuple(found)


def _nets(page: Page, key: str, options: tuple[Option, ...]) -> tuple[Net, ...]:
    found, ids = [], []
    for block in page.blocks(key):
        block.known(("id", "label", "points"))
        identity = block.identity()
        ids.append((block, identity))
        points = block.texts("points")
        block.among("points", points, [one.id for one in options], "point of this scale")
        if len(points) < 2:
            block.wrong("a net takes at least two points together.", "points")
        if identity in [one.id for one in options]:
            block.wrong(f'"{identity}" is already the id of an answer.', "id")
        found.append(Net(identity, block.text("label", identity), points))
    once(ids, "net")
    return tuple(found)


def _scales(top: Page) -> dict[str, _Answers]:
    found: dict[str, _Answers] = {}
    ids = []
    for page in top.blocks("scale"):
        page.known(("id", "label", "point", "net"))
        identity = page.identity()
        ids.append((page, identity))
        options = _options(page, "point", "point")
        if len(options) < 2:
            page.wrong("a scale has at least two [[scale.point]] blocks.")
        found[identity] = options, _nets(page, "net", options)
    once(ids, "scale")
    return found


def _questions(
    top: Page, scales: Mapping[str, _Answers], waves: list[Wave], roles: list[Role]
) -> list[Question]:
    pages = top.blocks("question")
    if not pages:
        top.wrong("no [[question]]. Give at least one: id, text, kind, scale or options.")
    found, ids = [], []
    for page in pages:
        page.known(_QUESTION)
        ids.append((page, page.identity()))
        found.append(_question(page, scales, waves, roles))
    once(ids, "question")
    return found


def _question(
    page: Page, scales: Mapping[str, _Answers], waves: list[Wave], roles: list[Role]
) -> Question:
    identity, scale = page.text("id"), page.text("scale")
    kinds = ("scale", "single", "multiple", "number", "text")
    kind = page.choice("kind", kinds, "scale" if scale or "options" not in page.block else "single")
    options: tuple[Option, ...] = ()
    nets: tuple[Net, ...] = ()
    if scale and scale not in scales:
        page.wrong(f'no scale called "{scale}".{nearest(scale, scales)}', "scale")
    elif scale:
        options, nets = scales[scale]
    if "options" in page.block:
        options = _options(page, "options", "option")
    if "nets" in page.block:
        nets = (*nets, *_nets(page, "nets", options))
    if kind in ("scale", "single", "multiple") and len(options) < 2 and scale in ("", *scales):
        page.wrong(
            f'a question of kind "{kind}" needs a scale = "…" or options = [{{ id = "…" }}].'
        )
    wave_ids, role_ids = [one.id for one in waves], [one.id for one in roles]
    asked_in, asked_of = page.texts("waves"), page.texts("roles")
    page.among("waves", asked_in, wave_ids, "wave")
    page.among("roles", asked_of, role_ids, "role")
    wording = page.table("wording")
    wording.known(wave_ids)
    text = page.text("text", identity, needed=True)
    least, most = page.number("minimum"), page.number("maximum")
    if least is not None and most is not None and least > most:
        page.wrong(f"minimum {least:g} is above maximum {most:g}.", "minimum")
    separator = page.block.get("separator", ";")
    if not isinstance(separator, str) or not separator:
        page.wrong('separator must be a text, such as ";".', "separator")
        separator = ";"
    return Question(
        id=identity,
        text=text,
        short=page.text("short", text),
        theme=page.text("theme"),
        kind=kind,
        scale=scale,
        options=options if kind in ("scale", "single", "multiple") else (),
        nets=nets if kind in ("scale", "single", "multiple") else (),
        columns=page.texts("columns"),
        separator=separator,
        roles=asked_of,
        waves=asked_in,
        wording={key: wording.text(key) for key in wording.block if key in wave_ids},
        base=page.choice("base", ("all", "substantive"), "all"),
        minimum=least,
        maximum=most,
        quote=page.flag("quote", True),
        record=page.texts("record"),
    )


def _terms(top: Page, questions: list[Question]) -> list[Term]:
    found, ids = [], []
    for page in top.blocks("term"):
        page.known(("id", "label", "words", "without", "questions"))
        identity = page.identity()
        ids.append((page, identity))
        words = page.texts("words")
        for word in (*words, *page.texts("without")):
            if len(plain(word)) < 2:
                page.wrong(f'"{word}" is too short to look for.', "words")
        if not words:
            page.wrong('no words. Give some: words = ["workforce", "staff*"].')
        asked = page.texts("questions")
        page.among("questions", asked, [one.id for one in questions], "question")
        found.append(
            Term(identity, page.text("label", identity), words, page.texts("without"), asked)
        )
    once(ids, "term")
    return found


def _systems(top: Page, head: Page, waves: list[Wave], catalogue: Catalogue) -> SystemBook | None:
    blocks, own = [], []
    for page in top.blocks("system"):
        page.known(("code", "name", "also", "region", "type", "size", "from", "until", "becomes"))
        code = page.identity("code")
        blocks.append((page, code))
        own.append(
            Listed(
                code,
                page.text("name"),
                page.texts("also"),
                page.text("region"),
                page.text("type"),
                page.text("size"),
                page.day("from"),
                page.day("until"),
                page.texts("becomes"),
            )
        )
    once(blocks, "system", "code")
    use = head.choice("systems", ("boards", "listed"), "listed" if own else "boards")
    codes = [one.code for one in own]
    if use == "listed":
        if not own:
            head.wrong('systems = "listed" needs [[system]] blocks with code and name.', "systems")
        for page, _ in blocks:
            page.among("becomes", page.texts("becomes"), codes, "system")
    if not waves or len(set(codes)) < len(codes) or not all(codes):
        return None
    try:
        return book(use, own, [(one.id, one.date) for one in waves], catalogue)
    except LeftshiftError as error:
        head.wrong(f"the systems cannot be worked out: {error}", "systems")
        return None


def _frames(
    top: Page,
    head: Page,
    path: Path,
    waves: list[Wave],
    roles: list[Role],
    systems: SystemBook,
) -> list[Frame]:
    found: list[Frame] = []
    taken: dict[tuple[str, str, str, str], str] = {}

    def add(wave: str, role: str, region: str, system: str, count: int, where: str) -> str | None:
        """Adds a count, or says what is wrong with it."""
        if wave not in systems.waves:
            return f'no wave called "{wave}".{nearest(wave, systems.waves)}'
        role_ids = [one.id for one in roles]
        if role not in role_ids:
            return f'no role called "{role}".{nearest(role, role_ids)}'
        standing = systems.waves[wave]
        code = (systems.find(system, wave) or "") if system else ""
        if system and code not in standing:
            return f'no system called "{system}" in wave {wave}.{nearest(system, standing)}'
        regions = {one.region: one.region for one in standing.values() if one.region}
        regions |= {plain(one.region_name): one.region for one in standing.values() if one.region}
        area = regions.get(region) or regions.get(plain(region)) or ""
        if region and not area:
            return f'no region called "{region}".{nearest(region, regions)}'
        key = (wave, role, code, area)
        if key in taken:
            return f"the same count is already given at {taken[key]}."
        taken[key] = where
        found.append(Frame(wave, role, count, code, area))
        return None

    for page in top.blocks("frame"):
        page.known(("wave", "role", "region", "system", "count"))
        count = page.number("count", None, 0, 10_000_000, whole=True, needed=True)
        names = [
            page.text(key, needed=key in ("wave", "role"))
            for key in ("wave", "role", "region", "system")
        ]
        if count is not None and names[0] and names[1]:
            line = f"line {page.lines.of(*page.path)}"
            fault = add(names[0], names[1], names[2], names[3], int(count), line)
            if fault:
                page.wrong(fault)
    file = head.text("frame")
    if file:
        for number, row in _frame_rows(path.parent / file, file, top.problems):
            text = row.get("count", "").strip()
            fault = None
            if not text.isdecimal() or len(text) > 7:
                fault = f'count must be a whole number; it is "{text[:40]}".'
            else:
                wave, role, region, system = (
                    row.get(key, "").strip() for key in ("wave", "role", "region", "system")
                )
                fault = add(wave, role, region, system, int(text), f"row {number}")
            if fault:
                top.problems.add(file, fault, row=number)
    for one in found:
        mixed = {
            (bool(two.system), bool(two.region))
            for two in found
            if two.wave == one.wave and two.role == one.role
        }
        if len(mixed) > 1:
            head.wrong(
                f"the frame of {one.role} in wave {one.wave} is given by system, by region and as "
                "a whole. Give it one way.",
                "frame",
            )
    return found


def _frame_rows(path: Path, shown: str, problems: Problems) -> list[tuple[int, dict[str, Any]]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
        rows = list(csv.reader(text.splitlines()))
    except (OSError, UnicodeDecodeError, ValueError, csv.Error) as error:
        problems.add(shown, f"the frame cannot be read ({error}). Save it as a CSV file in UTF-8.")
        return []
    if not rows:
        problems.add(shown, "the frame is empty. Its header is: wave,role,region,system,count.")
        return []
    header = [cell.strip().casefold() for cell in rows[0]]
    for cell in header:
        if cell not in ("wave", "role", "region", "system", "count"):
            problems.add(
                shown, f'no column called "{cell}". Columns: wave,role,region,system,count.', row=1
            )
    for needed in ("wave", "role", "count"):
        if needed not in header:
            problems.add(shown, f'no column "{needed}".', row=1)
    return (
        [
            (number, dict(zip(header, row, strict=False)))
            for number, row in enumerate(rows[1:], start=2)
            if any(cell.strip() for cell in row)
        ]
        if {"wave", "role", "count"} <= set(header)
        else []
    )
