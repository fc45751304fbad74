"""Makes the pages that describe something else: commands, tables, settings, catalogue, Python.

Run `python tools/build_docs.py` (or `make docs`) after changing a command, a table, a setting, a
row of the catalogue or a public docstring; a test fails while a page is out of date. `--check`
writes nothing and ends with status 1 where one is.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from docs_pages.catalogue_page import attribution_page, catalogue_page
from docs_pages.cells import MADE
from docs_pages.cells import cell as _cell
from docs_pages.python_page import python_page

DOCS = Path(__file__).resolve().parent.parent / "docs"


def cli_page() -> str:
    """Gives the page of the commands, with every argument and option."""
    import typer.main

    from leftshift.cli import app

    group: Any = typer.main.get_command(app)
    parts = [
        "# Commands",
        MADE,
        f"{group.help}\n\nThe same verbs are functions of `leftshift.verbs`, with the same names.",
        "Exit status: 0 where all went well, 2 where something given was wrong (one message on "
        "standard error), 130 after Ctrl-C.",
        "## leftshift",
        "\n".join(_parameters(group)),
    ]
    for name, command in group.commands.items():
        parts += _command(f"leftshift {name}", command)
    return "\n\n".join(parts) + "\n"


def _command(path: str, command: Any) -> Iterator[str]:
    """A command's section, and after it those of its own commands."""
    inner = getattr(command, "commands", {})
    arguments = [_usage(p) for p in command.params if p.param_type_name == "argument"]
    if inner:
        arguments = ["COMMAND"]
    yield f"## {path}"
    yield f"```text\n$ {' '.join([path, *arguments, '[OPTIONS]'])}\n```"
    yield str(command.help)
    if command.params:
        yield "\n".join(_parameters(command))
    for name, one in inner.items():
        yield from _command(f"{path} {name}", one)


def _usage(parameter: Any) -> str:
    name = parameter.name.upper()
    return name if parameter.required else f"[{name}]"


def _parameters(command: Any) -> Iterator[str]:
    yield "| option | meaning | default |"
    yield "|---|---|---|"
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            name = f"`{parameter.name.upper()}`"
        else:
            value = "" if parameter.is_flag else f" {parameter.metavar or parameter.name.upper()}"
            name = f"`{', '.join(parameter.opts)}{value}`"
        yield f"| {_cell(name)} | {_cell(parameter.help or '')} | {_cell(_default(parameter))} |"


def _default(parameter: Any) -> str:
    if isinstance(parameter.show_default, str):
        return parameter.show_default
    if parameter.default is None or getattr(parameter, "is_flag", False):
        return ""
    return str(parameter.default)


def tables_page() -> str:
    """Gives the page of the tables of a run folder."""
    from leftshift.runs import as_markdown

    return (
        "# Tables of a run folder\n\n"
        f"{MADE}\n\n"
        "Each table is `tables/<name>.parquet` in the run folder, and `tables/<name>.csv` where "
        "`--csv` was given: tidy, one fact per row, UTF-8. Names in **bold** are the key: together "
        "they tell one row from another, and rows are sorted by them. Columns are added at the end "
        "and never renamed. *text* is a string, *number* a 64-bit float, *whole* a 64-bit integer, "
        "*yes/no* a boolean.\n\n"
        f"{as_markdown()}"
    )


def settings_page() -> str:
    """Gives the page of what may be set, where, and within what limits."""
    from leftshift.settings import ENVIRONMENT, SETTINGS, Setting

    def rows(settings: dict[str, Setting]) -> str:
        lines = ["| name | meaning | allowed | default |", "|---|---|---|---|"]
        for setting in settings.values():
            default = setting.otherwise if setting.default is None else str(setting.default)
            cells = (f"`{setting.name}`", setting.meaning, setting.allowed, default)
            lines.append(f"| {' | '.join(map(_cell, cells))} |".replace("&lt;", "<"))
        return "\n".join(lines)

    return (
        "# Settings\n\n"
        f"{MADE}\n\n"
        "## leftshift.toml\n\n"
        "A project is a folder with a `leftshift.toml`. Its settings stand in for what is not "
        "given on the command line or in Python; all may be left out.\n\n"
        '```toml\narea = "footprints/norfolk-and-suffolk.toml"\nbase_year = "2025/26"\nyears = 20\n'
        "people = 100_000\ndraws = 50\nseed = 1\n```\n\n"
        f"{rows(SETTINGS)}\n\n"
        "## Environment variables\n\n"
        f"{rows(ENVIRONMENT)}\n"
    )


PAGES: dict[str, Callable[[], str]] = {
    "reference/cli.md": cli_page,
    "reference/tables.md": tables_page,
    "reference/settings.md": settings_page,
    "reference/catalogue.md": catalogue_page,
    "reference/python.md": python_page,
    "attribution.md": attribution_page,
}


def main() -> int:
    """Writes every page, or says which are out of date."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail if out of date")
    check = parser.parse_args().check
    old = []
    for name, page in PAGES.items():
        file, text = DOCS / name, page()
        if file.is_file() and file.read_text(encoding="utf-8") == text:
            continue
        old.append(name)
        if not check:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="\n")
            print(f"wrote {file}")
    if check and old:
        print(f"out of date: {', '.join(old)}. Run: python tools/build_docs.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
