"""What the documentation says is so: examples run, links lead somewhere, nothing is left out."""

import contextlib
import doctest
import importlib
import io
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import leftshift
from leftshift.catalogue import Catalogue
from leftshift.cli import app
from leftshift.runs import TABLES

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
MADE = {DOCS / "attribution.md", *(DOCS / "reference").glob("*.md")}
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]

_FENCE = re.compile(r"^```(\w+)?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_SAME = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    language: str
    info: str
    text: str
    line: int


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(m[1] or "", m[2].strip(), m[3], text.count("\n", 0, m.start()) + 1)
        for m in _FENCE.finditer(text)
    ]


def is_executed(block: Block) -> bool:
    return block.language in ("python", "console")


EXECUTED = [
    name
    for name, page in zip(NAMES, PAGES, strict=True)
    if page not in MADE and any(map(is_executed, blocks(page)))
]


# --- examples -------------------------------------------------------------------------------------


def commands(text: str) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with what it should print."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, wanted = part.partition("\n")
        yield command, wanted


def agrees(wanted: str, got: str) -> bool:
    """Whether an output is the one shown: `...` stands for anything, spaces do not count."""
    return doctest.OutputChecker().check_output(wanted.strip() + "\n", got.strip() + "\n", _SAME)


def run_command(command: str, wanted: str, where: str) -> None:
    words = re.findall(r'"[^"]*"|\S+', command)
    assert words[0] == "leftshift", f"{where}: only leftshift is executed; mark it sh: {command}"
    done = CliRunner().invoke(app, [word.strip('"') for word in words[1:]])
    fails = wanted.startswith("Error: ")
    assert done.exit_code == (2 if fails else 0), f"{where}: {command}\n{done.output}"
    got = done.stderr if fails else done.stdout
    assert not wanted.strip() or agrees(wanted, got), f"{where}: {command}\n{got}"


@pytest.mark.parametrize("name", EXECUTED)
def test_every_example_of_a_page_does_what_the_page_says(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    known: dict[str, Any] = {"__name__": "example"}
    for block in blocks(ROOT / name):
        where = f"{name}:{block.line}"
        if block.info.startswith("file="):
            file = tmp_path / block.info.removeprefix("file=")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
        elif block.language == "console":
            for command, wanted in commands(block.text):
                run_command(command, wanted, where)
        elif block.language == "python":
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(block.text, where, "exec"), known)


def test_an_example_that_prints_something_else_is_noticed() -> None:
    assert agrees("a  b\n...\nz", "a b\nmuch\nmore\nz\n")
    assert not agrees("leftshift 9.9.9", "leftshift 0.1.0")
    with pytest.raises(AssertionError, match="here: leftshift areas"):
        run_command("leftshift areas nowhere-at-all", "code", "here")
    with pytest.raises(AssertionError, match="mark it sh"):
        run_command("make demo", "", "here")


def modules_with_examples() -> list[str]:
    source = Path(leftshift.__file__).parent
    found = []
    for file in sorted(source.rglob("*.py")):
        if ">>> " in file.read_text(encoding="utf-8"):
            parts = file.relative_to(source.parent).with_suffix("").parts
            found.append(".".join(parts).removesuffix(".__init__"))
    return found


@pytest.mark.parametrize("name", modules_with_examples())
def test_every_example_in_a_docstring_does_what_it_says(name: str) -> None:
    module = importlib.import_module(name)
    tried = doctest.testmod(module, optionflags=_SAME, extraglobs=vars(module))
    assert tried.failed == 0


# --- links ----------------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub makes of a page's headings."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    found: set[str] = set()
    for title in re.findall(r"^#{1,6} (.+)$", text, re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", title.replace("`", "").lower()).replace(" ", "-")
        again = 0
        while (f"{plain}-{again}" if again else plain) in found:
            again += 1
        found.add(f"{plain}-{again}" if again else plain)
    return found


def broken(page: Path) -> list[str]:
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    wrong = []
    for target in _LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists():
            wrong.append(f"{target}: no such file")
        elif anchor and anchor not in anchors(file):
            wrong.append(f"{target}: no such heading")
    return wrong


@pytest.mark.parametrize("name", NAMES)
def test_no_link_between_pages_is_broken(name: str) -> None:
    assert broken(ROOT / name) == []


def test_a_broken_link_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One `two`\n[a](#one-two) [b](#three) [c](nowhere.md) [d](https://x.uk)\n")
    assert broken(page) == ["#three: no such heading", "nowhere.md: no such file"]


def test_every_page_can_be_reached_from_the_index() -> None:
    reached: set[Path] = set()
    open_pages = [DOCS / "index.md"]
    while open_pages:
        page = open_pages.pop()
        if page in reached:
            continue
        reached.add(page)
        for target in _LINK.findall(page.read_text(encoding="utf-8")):
            file = (page.parent / target.partition("#")[0]).resolve()
            if file.suffix == ".md" and file.is_file():
                open_pages.append(file)
    assert set(DOCS.rglob("*.md")) <= reached


# --- nothing left out -----------------------------------------------------------------------------


def section(page: str, title: str) -> str:
    """The text below a heading, to the next of the same level or above."""
    found = re.search(rf"^(#+) {re.escape(title)}$", page, re.MULTILINE)
    assert found, f"no heading {title}"
    rest = page[found.end() :]
    following = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.MULTILINE)
    return rest[: following.start()] if following else rest


def commands_below(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    for name, one in getattr(command, "commands", {}).items():
        yield f"{path} {name}", one
        yield from commands_below(f"{path} {name}", one)


def test_no_command_at_any_depth_nor_any_option_of_it_is_undocumented() -> None:
    import typer.main

    page = (DOCS / "reference" / "cli.md").read_text(encoding="utf-8")
    for path, command in commands_below("leftshift", typer.main.get_command(app)):
        text = section(page, path)
        for parameter in command.params:
            options = [o for o in parameter.opts if o.startswith("-")] or [parameter.name.upper()]
            assert all(f"`{o}" in text or f", {o}" in text for o in options), f"{path} {options}"


def test_no_table_or_column_is_undocumented() -> None:
    page = (DOCS / "reference" / "tables.md").read_text(encoding="utf-8")
    for name, table in TABLES.items():
        text = section(page, name)
        for column in table.columns:
            assert re.search(rf"^\| \**{column.name}\** \|", text, re.MULTILINE), (
                f"{name}.{column.name}"
            )


def test_no_figure_table_column_or_field_of_the_catalogue_is_undocumented() -> None:
    from leftshift.catalogue.rows import COLUMNS

    page = (DOCS / "reference" / "catalogue.md").read_text(encoding="utf-8")
    cat = Catalogue.load()
    for row in cat.rows():
        assert f"| `{row.id}` |" in page, row.id
    fields = section(page, "The fields of a row")
    assert all(f"| `{field}` |" in fields for field in COLUMNS)
    for name, about in cat.tables.items():
        text = section(page, name)
        columns = [column.name for column in about.columns]
        for column in (columns[0], columns[-1]):
            assert f"`{column}`" in text, f"{name}.{column}"
    for kind in ("conditions", "risk_factors"):
        text = section(page, kind)
        assert all(f"| `{key}` |" in text for entity in cat.entities(kind) for key in entity)


def test_no_source_is_left_unattributed() -> None:
    page = (DOCS / "attribution.md").read_text(encoding="utf-8")
    for source in Catalogue.load().sources:
        assert f"| `{source['key']}` |" in page
        assert source["licence"].casefold() in page.casefold()
    assert "Open Government Licence v3.0" in page


def test_no_public_name_is_undocumented() -> None:
    page = (DOCS / "reference" / "python.md").read_text(encoding="utf-8")
    for name in leftshift.__all__:
        if name != "__version__":
            assert f"### leftshift.{name}\n" in page, name
    verbs = importlib.import_module("leftshift.verbs")
    for name in verbs.__all__:
        assert f"leftshift.verbs.{name}\n" in page or f"leftshift.{name}\n" in page, name


def test_every_measure_of_a_run_is_explained() -> None:
    from leftshift.people.tables import HEALTH, RISKS, summary_measures, whole_measures

    page = (DOCS / "method" / "outputs.md").read_text(encoding="utf-8")
    measures = [name for name, _ in [*summary_measures(()), *whole_measures()]]
    for name in [*measures, *HEALTH, *RISKS]:
        stated = f"`{name}`" in page or (name[:-1] == "segment_" and "`segment_5`" in page)
        assert stated, name


def test_no_key_of_a_footprint_file_is_undocumented() -> None:
    from leftshift.areas.footprints import _KEYS

    page = (DOCS / "tutorials" / "your-own-area.md").read_text(encoding="utf-8")
    assert all(f"`{key}`" in page for key in _KEYS)


def test_every_setting_of_the_environment_and_file_is_in_the_settings_page() -> None:
    from leftshift.settings import ENVIRONMENT, SETTINGS

    page = (DOCS / "reference" / "settings.md").read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in page for name in (*SETTINGS, *ENVIRONMENT))


def test_columns_that_the_r_and_power_bi_pages_name_are_there() -> None:
    known = {column.name for table in TABLES.values() for column in table.columns} | set(TABLES)
    page = (DOCS / "how-to" / "read-in-r.md").read_text(encoding="utf-8")
    code = "".join(block.text for block in blocks(DOCS / "how-to" / "read-in-r.md"))
    for name in re.findall(r"\b(\w+) (?:==|%in%|!=)", code):
        assert name in known, name
    for name in re.findall(r"(\w+)\.parquet", code + page):
        assert name in TABLES, name


# --- the first screen -----------------------------------------------------------------------------


def test_the_readme_shows_a_picture_that_is_light_enough() -> None:
    picture = DOCS / "images" / "report.png"
    assert "](docs/images/report.png)" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert 10_000 < picture.stat().st_size < 400_000
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_figures_of_a_real_run_are_labelled_with_this_version_and_an_identity() -> None:
    for name, mark in (("README.md", "figures"), ("docs/validation.md", "result")):
        text = (ROOT / name).read_text(encoding="utf-8")
        block = text.partition(f"<!-- {mark}: ")[2].partition(f"<!-- end of {mark} -->")[0]
        assert f"Leftshift {leftshift.__version__}, " in block, name
        assert re.search(r"`[0-9a-f]{12}`", block), name


def test_pages_are_plain_and_british() -> None:
    american = re.compile(
        r"\b(\w*(?:ization|izing)|color|behavior|modeled|modeling|center)\b", re.I
    )
    for page in PAGES:
        if page not in MADE:
            text = _FENCE.sub("", page.read_text(encoding="utf-8"))
            assert not american.findall(text), page
            assert "/work/" not in text, page


def test_the_version_shown_in_the_pages_is_the_one_that_ships() -> None:
    wheel = f"leftshift-{leftshift.__version__}-py3-none-any.whl"
    for name in ("README.md", "docs/tutorials/first-outlook.md"):
        shown = re.findall(r"leftshift-[\w.-]+\.whl", (ROOT / name).read_text(encoding="utf-8"))
        assert shown
        assert set(shown) == {wheel}


def test_the_tools_that_make_pages_need_nothing_that_is_not_declared() -> None:
    folder = ROOT / "tools"
    for file in (folder / "build_docs.py", *(folder / "docs_pages").glob("*.py")):
        for name in re.findall(r"^\s*(?:from|import) (\w+)", file.read_text("utf-8"), re.MULTILINE):
            ours = name in ("leftshift", "docs_pages", "typer")
            assert ours or name in sys.stdlib_module_names, f"{file.name}: {name}"
