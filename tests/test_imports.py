"""Imports point one way, and the package is light to import."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import leftshift

SOURCE = Path(leftshift.__file__).parent

ALWAYS = {"quantities", "errors"}
# What each room may import of ours, beside itself. Deciding where a new room belongs is the point:
# a room that is not named here fails the test.
MAY = {
    "errors": set(),
    "quantities": {"errors"},
    "catalogue": ALWAYS,
    "areas": ALWAYS | {"catalogue"},
    "engine": set(),
    "people": ALWAYS | {"catalogue", "areas", "engine"},
    "care": ALWAYS | {"catalogue", "areas", "engine", "people"},
    "plans": ALWAYS | {"catalogue", "areas", "engine", "people", "care"},
    "runs": ALWAYS,
    "payment": ALWAYS | {"catalogue", "areas", "runs"},
    "organisation": ALWAYS | {"catalogue", "areas", "runs"},
    "survey": ALWAYS | {"catalogue", "areas", "runs"},
    "evaluation": ALWAYS | {"catalogue", "areas", "runs"},
    "report": ALWAYS | {"catalogue", "runs"},
    "settings": ALWAYS | {"catalogue"},
}
ANYTHING = {
    "verbs",
    "cli",
    "cli_data",
    "cli_needs",
    "cli_options",
    "cli_organisation",
    "cli_plan",
    "cli_prioritise",
    "cli_compare",
    "cli_run",
    "verbs_plan",
    "cli_segments",
    "cli_survey",
    "console",
    "web",
    "__main__",
}


def imported(file: Path, package: Path) -> set[str]:
    """The rooms of ours that a file imports, anywhere in it, also for types only."""
    own = [package.name, *file.relative_to(package).with_suffix("").parts]
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            paths = [name.name.split(".") for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = own[: len(own) - node.level] if node.level else []
            start = base + (node.module or "").split(".") if node.module else base
            paths = [[*start, name.name] for name in node.names]
        else:
            continue
        for path in paths:
            if path[0] == "leftshift":
                found.add(path[1] if len(path) > 1 else "leftshift")
    # `from leftshift import __version__` takes nothing from a room.
    return {room for room in found if room not in ("leftshift", "__version__")}


def wrong_arrows(package: Path) -> list[str]:
    wrong = []
    for file in sorted(package.rglob("*.py")):
        parts = file.relative_to(package).parts
        room = Path(parts[0]).stem
        if room == "__init__" or room in ANYTHING:
            continue
        if room not in MAY:
            wrong.append(
                f"{'/'.join(parts)}: the room {room} has no place in tests/test_imports.py"
            )
            continue
        for other in sorted(imported(file, package) - MAY[room] - {room}):
            wrong.append(f"{'/'.join(parts)} imports {other}")
    return wrong


def test_no_import_points_against_the_architecture() -> None:
    assert wrong_arrows(SOURCE) == []


def test_this_test_sees_an_arrow_that_points_the_wrong_way(tmp_path: Path) -> None:
    package = tmp_path / "leftshift"
    sources = {
        "__init__.py": "from leftshift.people import x",
        "engine/__init__.py": "import leftshift.quantities",
        "engine/good.py": "from . import kernel\nfrom leftshift.engine import lives",
        "areas/late.py": "def f():\n    from leftshift.people import roll",
        "catalogue/up.py": "from ..areas import Area",
        "report/typed.py": "if TYPE_CHECKING:\n    from leftshift import people",
        "runs/run.py": "from leftshift.errors import RunError\nfrom leftshift.runs import schema",
        "verbs.py": "from leftshift.people import outlook",
        "helpers.py": "",
    }
    for name, text in sources.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text, encoding="utf-8")
    assert wrong_arrows(package) == [
        "areas/late.py imports people",
        "catalogue/up.py imports areas",
        "engine/__init__.py imports quantities",
        "helpers.py: the room helpers has no place in tests/test_imports.py",
        "report/typed.py imports people",
    ]


def test_every_module_stays_under_600_lines() -> None:
    long = {
        file.name: lines
        for file in SOURCE.rglob("*.py")
        if (lines := len(file.read_text(encoding="utf-8").splitlines())) >= 600
    }
    assert long == {}


def modules_after(statement: str) -> set[str]:
    script = f"{statement}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


HEAVY = {"numpy", "polars", "numba", "altair", "scipy", "jinja2", "xlsxwriter", "rich.progress"}


@pytest.mark.parametrize("statement", ["import leftshift", "import leftshift.cli"])
def test_nothing_heavy_is_imported_before_it_is_needed(statement: str) -> None:
    assert modules_after(statement) & HEAVY == set()


def test_every_public_name_is_there_and_no_other() -> None:
    for name in leftshift.__all__:
        assert getattr(leftshift, name) is not None
        assert name in dir(leftshift)
    assert set(leftshift._HOMES) | {"__version__"} == set(leftshift.__all__)
    with pytest.raises(AttributeError, match="no attribute 'outlok'"):
        leftshift.outlok  # noqa: B018


def test_the_version_is_told_once() -> None:
    from importlib.metadata import version

    assert version("leftshift") == leftshift.__version__
