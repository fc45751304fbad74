"""The catalogue as pages: every row, table and entity; and who published what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from docs_pages.cells import MADE, figure, table

# What the files are about, where their name does not say it well enough.
TOPICS = {
    "base": "Base year",
    "mortality": "Death rates and how they fall",
    "outcomes": "Frailty, utility, score and segments",
    "population": "People, births and migration",
    "prevalence": "Prevalence: levels, gradients, trends",
    "prevalence_derived": "Prevalence: figures worked out by the build",
    "published": "Published figures that results are held against",
    "ratios": "What one condition does to another, and to death",
    "remission": "How conditions end",
    "risk_factors": "Risk factors: distributions and relative risks",
}

FIELDS = {
    "id": "Dotted snake_case name. Code, overrides and the `sources` table use it.",
    "label": "What the figure is, in words.",
    "value": "The central figure: the median (of a triangular distribution the mode).",
    "lower": "Lower end of the 95% interval (of uniform and triangular, the very end).",
    "upper": "Upper end of the 95% interval (of uniform and triangular, the very end).",
    "distribution": "How its doubt is spread: `fixed`, `normal`, `lognormal`, `logitnormal`, "
    "`uniform` or `triangular`.",
    "unit": "What it is counted in. An override must be in the same unit.",
    "source": "Where it comes from, in words; of an assumption, whose it is.",
    "as_of": "The year or date that it describes.",
    "grade": "V verified, D derived, R recalled, A assumed.",
    "note": "How it was read, what is assumed about its interval, what to beware of.",
}


def catalogue_page() -> str:
    """Gives the page of every figure that ships."""
    from leftshift.catalogue import Catalogue
    from leftshift.catalogue.rows import COLUMNS

    missing = set(COLUMNS) ^ set(FIELDS)
    if missing:
        raise SystemExit(f"tools/docs_pages/catalogue_page.py: describe {sorted(missing)}")
    cat = Catalogue.load()
    topics = [(file, list(rows)) for file, rows in groupby(cat.rows(), lambda row: row.file)]
    parts = [
        "# The catalogue",
        MADE,
        "Every figure that Leftshift ships, from the files in `src/leftshift/catalogue/`. A "
        "project can put its own in place of any of them: see [Override a "
        "figure](../how-to/override-a-figure.md). The `sources` table of a run holds the same "
        "rows with the project's own laid over them, and the notes.",
        "The grades are: **V** verified (read in the source that is named), **D** derived (worked "
        "out from verified figures), **R** recalled (from memory or a weak copy), **A** assumed "
        "(no source was found). R and A are *unverified*: treat them as open to challenge.",
        "## What is here",
        _counts(topics),
        "## The fields of a row",
        table(("field", "meaning"), [(f"`{name}`", text) for name, text in FIELDS.items()]),
        "## Figures",
        *_topics(topics),
        "## Tables",
        "Bulk figures, one file each. `leftshift.Catalogue.load().table(name)` reads one, checked "
        "against what is said of it here.",
        *_tables(cat),
        "## Entities",
        "What the model counts, in the order that fixes each one's number.",
        *_entities(cat),
        "## Footprints",
        "Areas that are neither an authority nor a board of 2024. *Verified* is whether their "
        "members were checked against a published source.",
        _footprints(cat),
    ]
    return "\n\n".join(parts) + "\n"


def _title(file: str) -> str:
    stem = file.rpartition("/")[2].removesuffix(".csv")
    return TOPICS.get(stem, stem.replace("_", " ").capitalize())


def _counts(topics: list[tuple[str, list[Any]]]) -> str:
    lines = []
    total: Counter[str] = Counter()
    for file, rows in topics:
        grades = Counter(row.estimate.grade for row in rows)
        total += grades
        lines.append((_title(file), str(len(rows)), *(str(grades[g]) for g in "VDRA")))
    lines.append(("**all**", str(total.total()), *(str(total[g]) for g in "VDRA")))
    return table(("topic", "rows", "V", "D", "R", "A"), lines)


def _topics(topics: list[tuple[str, list[Any]]]) -> Iterator[str]:
    for file, rows in topics:
        sources = list(dict.fromkeys(row.estimate.source for row in rows))
        yield f"### {_title(file)}"
        yield f"File: `{file}`."
        lines = []
        for row in rows:
            e = row.estimate
            spread = ""
            if e.lower is not None and e.distribution != "fixed":
                spread = f"{figure(e.lower)} to {figure(e.upper)}, {e.distribution}"
            number = str(sources.index(e.source) + 1)
            lines.append(
                (
                    f"`{row.id}`", row.label, figure(e.value), spread, e.unit, e.as_of, e.grade,
                    number,
                )
            )  # fmt: skip
        yield table(
            ("id", "what it is", "value", "95% interval", "unit", "as of", "grade", "source"),
            lines,
        )
        listed = "\n".join(f"{i}. {' '.join(s.split())}" for i, s in enumerate(sources, 1))
        yield f"Sources:\n\n{listed.replace('<', '&lt;')}"


def _tables(cat: Any) -> Iterator[str]:
    for name, about in cat.tables.items():
        yield f"### {name}"
        yield f"{about.label}. `{about.file}`, grade {about.grade}, as of {about.as_of}."
        made = f" Made by `tools/catalogue_steps/{about.step}.py`." if about.step else ""
        yield f"Source: {about.source}.{made}".replace("<", "&lt;").replace("..", ".")
        if about.note:
            yield about.note.replace("<", "&lt;")
        yield table(
            ("column", "type", "unit", "meaning"),
            [(f"`{n}`", kind, unit, meaning) for n, kind, unit, meaning in _columns(about)],
        )


def _columns(about: Any) -> Iterator[tuple[str, str, str, str]]:
    """The columns, a run of single years (a0, a1, …) as one line."""
    runs = groupby(
        about.columns, lambda c: (c.name[0] if c.name[1:].isdigit() else c.name, c.type, c.unit)
    )
    for (_, kind, unit), group in runs:
        run = list(group)
        first, last = run[0], run[-1]
        meaning = first.meaning if len(run) == 1 else f"{first.meaning} to {last.meaning}"
        name = first.name if len(run) == 1 else f"{first.name}` to `{last.name}"
        yield name, kind, unit, meaning + ("; may be empty" if first.optional else "")


ENTITY_FIELDS = {
    "id": "key used in tables and row ids",
    "label": "the words shown to people",
    "abbr": "short label for narrow charts",
    "ever": "yes: once coded, always counted",
    "register": "the QOF register that gives its level, where there is one",
    "register_from_age": "the youngest age on that register",
    "definition": "the score's own definition, where it needs saying",
    "kind": "`levels`: ordered states, worst last; `value`: a figure in its unit",
    "levels": "the states",
    "unit": "what it is counted in",
    "measure": "the name of its mean or share in the `health` table",
}


def _entities(cat: Any) -> Iterator[str]:
    for name in ("conditions", "risk_factors"):
        entities = cat.entities(name)
        fields = list(dict.fromkeys(key for entity in entities for key in entity))
        unknown = set(fields) - set(ENTITY_FIELDS)
        if unknown:
            raise SystemExit(f"tools/docs_pages/catalogue_page.py: describe {sorted(unknown)}")
        yield f"### {name}"
        yield table(("field", "meaning"), [(f"`{f}`", ENTITY_FIELDS[f]) for f in fields])
        rows = [[_plain(entity.get(field, "")) for field in fields] for entity in entities]
        yield table(fields, rows)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, list) else str(value)


def _footprints(cat: Any) -> str:
    from leftshift.areas import find_area, list_areas

    lines = []
    for kind in ("footprint", "cluster"):
        for code in list_areas(cat, kind=kind)["code"]:
            area = find_area(code, cat)
            starts = area.starts.isoformat() if area.starts else ""
            verified = "yes" if area.verified else "no"
            lines.append((f"`{area.code}`", area.name, area.kind, starts, verified, area.note))
    return table(("id", "name", "kind", "from", "verified", "note"), lines)


LICENCES = {
    "Apache License 2.0": "https://www.apache.org/licenses/LICENSE-2.0",
    "Creative Commons Attribution 4.0": "https://creativecommons.org/licenses/by/4.0/",
    "Open Government Licence v3.0": "https://www.nationalarchives.gov.uk/doc/"
    "open-government-licence/version/3/",
    "Open Parliament Licence": "https://www.parliament.uk/site-information/"
    "copyright-parliament/open-parliament-licence/",
}


def attribution_page() -> str:
    """Gives the one page that attributes every source."""
    from leftshift.catalogue import Catalogue

    sources = sorted(Catalogue.load().sources, key=lambda s: (s["licence"], s["publisher"]))
    parts = [
        "# Sources and attribution",
        MADE,
        "Leftshift is an independent project. It is not made, endorsed or approved by the NHS, the "
        "Office for National Statistics or any other publisher named here. It holds no data about "
        "any patient: only published figures.",
        "Contains public sector information licensed under the Open Government Licence v3.0. "
        "Contains Parliamentary information licensed under the Open Parliament Licence.",
        "The figures are changed: selected, summed, brought forward, smoothed or combined as "
        "[the catalogue](reference/catalogue.md) says of each. Every single figure names its own "
        "source there, literature included. *Where it was read* is the public repository or page "
        "whose copy was used; the SHA-256 of each file is in "
        "`src/leftshift/catalogue/inputs.csv`.",
    ]
    for licence, group in groupby(sources, lambda s: s["licence"]):
        parts.append(f"## {licence[0].upper()}{licence[1:]}")
        if licence in LICENCES:
            parts.append(f"The licence: <{LICENCES[licence]}>.")
        parts.append(
            table(
                ("key", "title", "publisher", "where it was read"),
                [
                    (f"`{s['key']}`", s["title"], s["publisher"], s["url_or_repository"])
                    for s in group
                ],
            )
        )
    parts.append(
        "If you publish results, keep this attribution with them: the report carries it in *What "
        "the figures rest on*, and `run.json` in `about.attribution`."
    )
    return "\n\n".join(parts) + "\n"
