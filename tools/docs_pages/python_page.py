"""The public Python names as a page, from their docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docs_pages.cells import MADE

_SECTION = re.compile(r"(Args|Attributes|Returns|Raises|Example|Examples):")


def python_page() -> str:
    """Gives the page of everything public in Python."""
    import leftshift
    from leftshift import verbs
    from leftshift.areas import Area, Member, Place
    from leftshift.catalogue import Parameters, Row
    from leftshift.runs import Column, Table

    parts = [
        "# Python",
        MADE,
        "`import leftshift` costs almost nothing: each name is imported when it is first used. "
        "What is not on this page is not public and may change without notice. How to work with "
        "it is in [Use from Python](../how-to/use-from-python.md).",
    ]
    home = [(name, getattr(leftshift, name)) for name in sorted(leftshift.__all__)]
    named = [(f"leftshift.{name}", thing) for name, thing in home if name != "__version__"]
    shown = {id(thing) for _, thing in named}
    more = [(f"leftshift.verbs.{name}", getattr(verbs, name)) for name in verbs.__all__]
    parts.append(_contents([name for name, _ in named]))
    for name, thing in named:
        parts += _entry(name, thing)
    parts.append("## leftshift.verbs")
    parts.append(
        "The verbs of the command line. `outlook` and `validate` are above; `areas` is "
        "`leftshift.list_areas` with a catalogue loaded for you."
    )
    for name, thing in more:
        if id(thing) not in shown and inspect.isfunction(thing):
            parts += _entry(name, thing)
    parts.append("### leftshift.verbs.Progress\n\n`Callable[[str, int, int], None]`: called with ")
    parts[-1] += "what is being done, how much of it is done, and of how much (1 where unknown)."
    parts.append("## What these hand out")
    for thing in (Area, Member, Place, Parameters, Row, Table, Column):
        parts += _entry(f"{thing.__module__}.{thing.__name__}", thing)
    return "\n\n".join(parts) + "\n"


def _contents(names: list[str]) -> str:
    return "\n".join(f"- [{n}](#{n.lower().replace('.', '')})" for n in names)


def _entry(name: str, thing: Any) -> Iterator[str]:
    yield f"### {name}"
    if inspect.isclass(thing) and issubclass(thing, Exception):
        yield _markdown(inspect.getdoc(thing))
        return
    if inspect.isclass(thing):
        yield _signature(name, thing)
        yield _markdown(inspect.getdoc(thing))
        for member, value in vars(thing).items():
            yield from _member(name.rpartition(".")[2], member, value)
        return
    yield _signature(name, thing)
    yield _markdown(inspect.getdoc(thing))


def _member(owner: str, name: str, value: Any) -> Iterator[str]:
    if name.startswith("_"):
        return
    inner = value.__func__ if isinstance(value, classmethod | staticmethod) else value
    if isinstance(value, property):
        yield f"#### {owner}.{name}"
        yield _markdown(inspect.getdoc(value.fget))
    elif inspect.isfunction(inner) or hasattr(inner, "func"):  # cached_property has func
        yield f"#### {owner}.{name}"
        if inspect.isfunction(inner):
            yield _signature(f"{owner}.{name}", inner)
        yield _markdown(inspect.getdoc(inner))


def _signature(name: str, thing: Any) -> str:
    try:
        signature = inspect.signature(thing)
    except (TypeError, ValueError):
        return ""
    kept = [_parameter(p) for p in signature.parameters.values() if p.name not in ("self", "cls")]
    result = signature.return_annotation
    result = "" if result is inspect.Signature.empty or inspect.isclass(thing) else f" -> {result}"
    text = f"{name}({', '.join(kept)}){result}"
    if len(text) > 90:
        inside = "".join(f"    {p},\n" for p in kept)
        text = f"{name}(\n{inside}){result}"
    return f"```text\n{text}\n```"


def _parameter(p: inspect.Parameter) -> str:
    text = p.name if p.annotation is p.empty else f"{p.name}: {p.annotation}"
    if p.default is p.empty:
        return text
    # A path of this machine has no place in the docs.
    return f"{text} = {'…' if isinstance(p.default, Path) else repr(p.default)}"


def _markdown(doc: str | None) -> str:
    """A Google-style docstring as Markdown."""
    if not doc:
        raise SystemExit("tools/docs_pages/python_page.py: a public name has no docstring")
    out: list[str] = []
    section = ""
    for line in doc.splitlines():
        found = _SECTION.fullmatch(line)
        if found:
            section = found[1]
            out += ["", f"**{section}**", ""]
            if section.startswith("Example"):
                out.append("```pycon")
            continue
        if not section:
            out.append(line)
            continue
        if line and not line.startswith(" "):  # plain text again
            if section.startswith("Example"):
                out += ["```", ""]
            section = ""
            out.append(line)
            continue
        text = line.removeprefix("    ")
        item = re.match(r"([\w*, ]+): (.+)", text)
        if section in ("Args", "Attributes", "Raises") and item and not text.startswith(" "):
            out.append(f"- `{item[1]}`: {item[2]}")
        elif section in ("Args", "Attributes", "Raises"):
            out.append(f"  {text.strip()}" if text.strip() else "")
        else:
            out.append(text)
    if section.startswith("Example"):
        out.append("```")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(out)).strip().replace("\n\n```\n", "\n```\n")
