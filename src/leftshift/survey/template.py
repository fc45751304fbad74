"""Begins a survey project: a codebook to fill in, a file of responses to fill, what to do next."""

from __future__ import annotations

import csv
import datetime
import io
import json
import tempfile
from pathlib import Path

from leftshift.areas.naming import slug
from leftshift.errors import SettingError, listed
from leftshift.survey.drafting import Drafted, draft_columns
from leftshift.survey.problems import Problems, SurveyError
from leftshift.survey.sheets import read_grid

__all__ = ["new"]

_HEAD = """\
# The codebook: what was asked, of whom and when. Lines that begin with # are notes.
# Check it with: leftshift survey check .

[survey]
id = {id}
title = {title}
field = "board chairs and chief executives of integrated care systems"
synthetic = false        # true where the answers are invented, as in an example
minimum_base = 5         # the smallest number of respondents that any figure is shown for
partial = 0.5            # keep a response with at least this share of closed questions answered
systems = "boards"       # the 42 boards, and the merged ones from the day they stand;
                         # or "listed", with [[system]] blocks: code, name, region, type, size
# unknown = "drop"       # leave out (and list) answers the codebook does not know, not stop
# missing = ["Prefer not to say"]

# Headers in your files. Several can be given: system = ["System", "Q2. Your system"].
[columns]
{columns}

# Names and organisations: never kept, and masked wherever people wrote them.
[mask]
columns = {mask}
words = []

[[wave]]
id = {wave}
label = {wave}
date = {date}         # systems are named as they stood on this day
file = {file}

{roles}# Figures weighted for non-response stand beside the others where the numbers are known:
# [weights]
# use = true
# by = ["role", "region"]

# Where the numbers are not one in each system, count them by role and region or system:
# [[frame]]
# wave = {wave}
# role = "chair"
# region = "Y61"
# count = 6
"""

_ROLES = """\
[[role]]
id = "chair"
label = "Board chair"
also = ["Chair"]
per_system = 1           # one in each system: so we know of how many the answers are

[[role]]
id = "chief_executive"
label = "Chief executive"
also = ["CEO"]
per_system = 1

"""

_QUESTIONS = """\

[[scale]]
id = "concern"
label = "Concern"
[[scale.point]]
id = "very"
label = "Very concerned"
also = ["4"]
score = 4
side = "high"
[[scale.point]]
id = "fairly"
label = "Fairly concerned"
also = ["3"]
score = 3
side = "high"
[[scale.point]]
id = "not_very"
label = "Not very concerned"
also = ["2"]
score = 2
side = "low"
[[scale.point]]
id = "not_at_all"
label = "Not at all concerned"
also = ["1"]
score = 1
side = "low"
[[scale.point]]
id = "dont_know"
label = "Don't know"
side = "outside"
[[scale.net]]
id = "concerned"
label = "Very or fairly concerned"
points = ["very", "fairly"]

[[question]]
id = "costs"
text = "How concerned, if at all, are you about running cost reductions?"
short = "Running costs"
theme = "Money"
scale = "concern"

[[question]]
id = "progress"
text = "On which shifts has your system made progress?"
short = "Progress on shifts"
kind = "multiple"        # several can be ticked, in one cell or in a column each
options = [
  {{ id = "community", label = "Hospital to community" }},
  {{ id = "digital", label = "Analogue to digital" }},
  {{ id = "prevention", label = "Sickness to prevention" }},
]

[[question]]
id = "barrier"
text = "What most holds your system back?"
short = "What holds back"
kind = "text"
"""

_TERMS = """
# Themes of the open text: words, stems (staff*) and phrases.
[[term]]
id = "workforce"
label = "Workforce"
words = ["workforce", "staff*", "recruit*", "vacanc*"]
[[term]]
id = "money"
label = "Money"
words = ["funding", "budget*", "financ*", "money", "deficit*"]
"""

_README = """\
# {title}

1. Put each wave's responses in this folder (CSV or Excel, as your survey tool exports them) and
   name the file in `codebook.toml`.
2. Describe questions, roles and columns in `codebook.toml`.
3. `leftshift survey check .` says everything that is wrong, by file, row and column. It lists every
   answer that is dropped or changed in `private/changes.csv`, which is for you alone.
4. `leftshift survey run .` makes the run folder, with report and workbook, in `runs/`. Nothing in
   it tells who answered.

Keep the files of responses and `private/` to yourself: they hold names.
"""

_RESPONSES = (
    "Response ID",
    "Person",
    "Submitted",
    "Name",
    "Email",
    "System",
    "Role",
    "How concerned, if at all, are you about running cost reductions?",
    "On which shifts has your system made progress?",
    "What most holds your system back?",
    "May we quote you without your name?",
)


def new(
    folder: str | Path,
    title: str | None = None,
    responses: str | Path | None = None,
    replace: bool = False,
    example: bool = False,
) -> Path:
    """Begins a survey project.

    Args:
        folder: where it is to lie; made if it is not there.
        title: what the survey is called; made from the folder's name if None.
        responses: an export of a survey tool: the codebook is drafted from its columns, and it is
            copied beside it. A template of a file is written if None.
        replace: whether files of the project that are there already are written anew.
        example: copy the worked, made-up example instead: two waves and an indicator file.

    Returns:
        The codebook.

    Raises:
        SettingError: the folder holds such files, or cannot be written; an example is asked for
            with a title or responses.
        SurveyError: the export cannot be read.
    """
    if example and (title or responses):
        raise SettingError("the example has its own title and responses: leave yours out.")
    try:
        path = Path(folder).expanduser()
        source = None if responses is None else Path(responses).expanduser()
        files = _worked_example() if example else _beginning(path, title, source)
        there = [one for one in files if (path / one).exists()]
        if source is not None and source.name in there and (path / source.name).samefile(source):
            there.remove(source.name)
            del files[source.name]  # it lies where it should
    except (OSError, RuntimeError, ValueError) as error:
        raise SettingError(f"{folder!r} is no path to a folder: {error}.") from error
    if there and not replace:
        raise SettingError(
            f"{path} already holds {listed(there)}. Choose another folder, or add --replace."
        )
    try:
        path.mkdir(parents=True, exist_ok=True)
        # Only writing tells whether a folder can be written, on any platform.
        with tempfile.TemporaryFile(dir=path):
            pass
        for file, content in files.items():
            (path / file).write_bytes(content)
    except OSError as error:
        reason = error.strerror or error
        raise SettingError(f"{path} cannot be written ({reason}). Choose another.") from error
    return path / "codebook.toml"


def _worked_example() -> dict[str, bytes]:
    shipped = Path(__file__).with_name("example")
    # The head is what the codebook was made from; only the maker of the example needs it.
    return {
        file.name: file.read_bytes()
        for file in sorted(shipped.iterdir())
        if file.is_file() and file.name != "codebook-head.toml"
    }


def _beginning(path: Path, title: str | None, source: Path | None) -> dict[str, bytes]:
    """The files of a new project by name: a codebook, a note and the responses."""
    said = title or path.resolve().name.replace("-", " ").replace("_", " ").strip() or "Survey"
    name = "responses.csv" if source is None else source.name
    drafted = None if source is None else _drafted(source)
    texts = {
        "codebook.toml": _codebook(said, name, drafted),
        "README.md": _README.format(title=said),
    }
    if source is None:
        held = io.StringIO()
        csv.writer(held, lineterminator="\n").writerow(_RESPONSES)
        texts[name] = held.getvalue()
    files = {file: text.encode("utf-8") for file, text in texts.items()}
    if source is not None:
        files[name] = source.read_bytes()
    return files


def _drafted(source: Path) -> Drafted:
    problems = Problems()
    grid = read_grid(source, source.name, "", problems)
    problems.raise_if_any()
    if grid is None:
        raise SurveyError(f"{source}: cannot be read.")
    return draft_columns(grid)


def _text(value: str) -> str:
    """Writes a text as TOML does; JSON's strings are TOML's, but for what lies beyond 16 bits."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _list(values: tuple[str, ...]) -> str:
    return "[" + ", ".join(_text(value) for value in values) + "]"


def _codebook(title: str, file: str, drafted: Drafted | None) -> str:
    today = datetime.date.today()
    facts = {
        "respondent": "Response ID",
        "person": "Person",
        "system": "System",
        "role": "Role",
        "submitted": "Submitted",
        "quote": "May we quote you without your name?",
    }
    mask: tuple[str, ...] = ("Name", "Email")
    questions, roles = _QUESTIONS.format(), _ROLES
    if drafted is not None:
        if drafted.roles:
            roles = "".join(
                f"[[role]]\nid = {_text(slug(role) or 'role')}\nlabel = {_text(role)}\n"
                "per_system = 1           # if there is one in each system\n\n"
                for role in drafted.roles
            )
        facts, mask, questions = drafted.facts, drafted.mask, drafted.questions(_text, _list)
    columns = "\n".join(f"{key} = {_text(value)}" for key, value in facts.items())
    for needed in ("role", "system"):
        if needed not in facts:
            columns += f'\n# {needed} = "…"    # no such column was recognised: name it'
    head = _HEAD.format(
        roles=roles,
        id=_text(slug(title) or "survey"),
        title=_text(title),
        columns=columns,
        mask=_list(mask),
        wave=_text(str(today.year)),
        date=today.isoformat(),
        file=_text(file),
    )
    return head + questions + _TERMS
