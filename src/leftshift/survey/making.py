"""The verbs of the room: check a survey's files, and make a run folder from them."""

from __future__ import annotations

import datetime
import hashlib
import os
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

import leftshift
from leftshift.catalogue import Catalogue
from leftshift.errors import LeftshiftError
from leftshift.runs import Run, complete_run, default_name, existing_run, write_run
from leftshift.survey import anonymity, performance, record
from leftshift.survey.cleaning import CHANGES, Cleaned, clean
from leftshift.survey.codebook import Codebook
from leftshift.survey.codebook_file import read_codebook
from leftshift.survey.describing import descriptions
from leftshift.survey.estimates import contrasts, estimates, response
from leftshift.survey.method import as_table, statements
from leftshift.survey.problems import Problems, SurveyError
from leftshift.survey.sample import Samples
from leftshift.survey.text import candidates, keyness, terms
from leftshift.survey.waves import trends
from leftshift.survey.weights import non_response_weights

__all__ = ["CODEBOOK", "PRIVATE", "Checked", "analyse", "check", "run"]

CODEBOOK = "codebook.toml"
PRIVATE = "private"

# A text that begins so would be run as a formula when a spreadsheet opens the file.
_FORMULA = r"^(?:[=+@\t\r]|-.*[(!|])"


@dataclass(frozen=True)
class Checked:
    """What a check found.

    Attributes:
        problems: everything that is wrong, as sentences; () where the survey can be run.
        cleaned: the cleaned survey; None where it cannot be run.
        changes: every dropped or changed answer: file, row, column, rule, was, is, why.
        written: where the changes were written, or None.
    """

    problems: tuple[str, ...]
    cleaned: Cleaned | None = field(repr=False)
    changes: pl.DataFrame = field(repr=False)
    written: Path | None = None

    @property
    def ok(self) -> bool:
        """Whether the survey can be run."""
        return not self.problems

    @property
    def summary(self) -> str:
        """A few lines for a person to read."""
        if self.cleaned is None:
            count = len(self.problems)
            head = f"{count} problem{'' if count == 1 else 's'}:"
            return "\n".join([head, *(f"  {one}" for one in self.problems)])
        lines = []
        for wave in self.cleaned.codebook.waves:
            here = self.cleaned.respondents.filter(pl.col("wave") == wave.id)
            asked = self.cleaned.frame.filter(pl.col("wave") == wave.id)["count"].sum()
            of = f" of {asked} asked" if asked else ""
            lines.append(f"{wave.label}: {here.height} responses kept{of}.")
        lines += self.cleaned.warnings
        counts = self.changes.group_by("rule").len().sort("rule")
        listed = ", ".join(f"{rule.replace('_', ' ')} {n}" for rule, n in counts.iter_rows())
        where = f" ({self.written})" if self.written else ""
        lines.append(f"{self.changes.height} changes{where}: {listed or 'none'}.")
        return "\n".join(lines)


def check(project: str | Path, catalogue: Catalogue | None = None, write: bool = True) -> Checked:
    """Reads a survey's files and says everything that is wrong with them.

    Args:
        project: the project's folder, or its codebook.
        catalogue: gives boards and footprints; if None the shipped one, with the rows and
            footprints of the Leftshift project that the survey lies in.
        write: whether private/changes.csv is written beside the codebook.

    Returns:
        All problems, or the cleaned survey; and every dropped or changed answer in either case.
    """
    problems = Problems()
    cleaned: Cleaned | None = None
    written = None
    try:
        cleaned, _ = _cleaned(project, catalogue, problems)
    except SurveyError as error:
        problems.add(str(project), str(error))
    changes = pl.DataFrame(schema=CHANGES) if cleaned is None else cleaned.changes
    if cleaned is not None and write:
        written = _write_changes(cleaned)
    if problems:
        return Checked(tuple(str(one) for one in problems), None, changes, written)
    return Checked((), cleaned, changes, written)


def _cleaned(
    project: str | Path, catalogue: Catalogue | None, problems: Problems
) -> tuple[Cleaned | None, Catalogue]:
    path = _codebook_path(project)
    try:
        found = catalogue or Catalogue.load(_home(path.parent))
    except LeftshiftError as error:
        raise SurveyError(f"the catalogue cannot be read: {error}") from error
    codebook = read_codebook(path, found, problems)
    if codebook is None:
        return None, found
    # Whatever the codebook asks of later steps is looked at now, so that all that is wrong is said
    # together.
    anonymity.rules_of(codebook, problems)
    performance.read(codebook, problems)
    record.read(codebook, found, problems)
    return clean(codebook, problems), found


def _home(folder: Path) -> Path:
    """Gives the Leftshift project that a survey lies in, else its own folder."""
    absolute = folder.resolve()
    around = (absolute, *absolute.parents)
    return next((one for one in around if (one / "leftshift.toml").is_file()), folder)


def _codebook_path(project: str | Path) -> Path:
    try:
        path = Path(project).expanduser()
        if path.is_dir():
            path = path / CODEBOOK
        there = path.is_file()
    except (OSError, RuntimeError, ValueError) as error:
        raise SurveyError(f"{project!r} is no path to a survey: {error}.") from error
    if not there:
        raise SurveyError(
            f"there is no codebook at {path}. Begin a survey with: leftshift survey new FOLDER"
        )
    return path


def _write_changes(cleaned: Cleaned) -> Path | None:
    """Writes the list of changes where only the analyst looks; None where it cannot be."""
    folder = cleaned.codebook.folder / PRIVATE
    shown = cleaned.changes.drop("respondent").with_columns(
        pl.when(pl.col(name).str.contains(_FORMULA))
        .then("'" + pl.col(name))
        .otherwise(pl.col(name))
        .alias(name)
        for name in ("column", "was", "is")
    )
    try:
        folder.mkdir(exist_ok=True)
        (folder / ".gitignore").write_text("*\n", encoding="utf-8", newline="\n")
        path = folder / "changes.csv"
        shown.write_csv(path, line_terminator="\n")
    except (OSError, pl.exceptions.PolarsError):
        return None
    return path


def analyse(cleaned: Cleaned) -> dict[str, pl.DataFrame]:
    """Makes the tables of the analysis, before anything is suppressed: never show them.

    Args:
        cleaned: the cleaned survey.

    Returns:
        survey_estimates, _trends, _contrasts, _response, _terms, _keyness, _questions, _options,
        _groups, _systems, _waves, _cleaning and _method.
    """
    weights, notes = non_response_weights(cleaned)
    samples = Samples(cleaned, weights)
    waves = cleaned.respondents.select("wave", "respondent").iter_rows()
    weighted = {wave for wave, who in waves if who in weights}
    draft = {
        "survey_estimates": estimates(samples, weighted),
        "survey_trends": trends(samples),
        "survey_contrasts": contrasts(samples),
        "survey_response": response(samples, weights),
        "survey_terms": terms(samples),
        "survey_keyness": keyness(cleaned),
        **descriptions(samples),
    }
    draft["survey_method"] = as_table(statements(cleaned, draft, notes))
    return draft


def run(
    project: str | Path,
    out: str | Path | None = None,
    csv: bool = False,
    replace: bool = False,
    finish: Callable[[Path], object] | None = None,
    seed: int = 1,
    catalogue: Catalogue | None = None,
) -> Run:
    """Makes a run folder from a survey.

    Args:
        project: the project's folder, or its codebook.
        out: the run folder; `runs/<survey>-<identity>` beside the codebook if None.
        csv: whether tables are written as CSV too.
        replace: whether a run that lies at `out` is made anew.
        finish: called with the unfinished folder, to add a report.
        seed: seed of permutations.
        catalogue: as for `check`.

    Returns:
        The run. One of the same identity is reused.

    Raises:
        SurveyError: something is wrong with the files; the message lists all of it.
        RunError: the folder cannot be written.
    """
    begun = time.monotonic()
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    problems = Problems()
    cleaned, found = _cleaned(project, catalogue, problems)
    if cleaned is not None:
        _write_changes(cleaned)
    problems.raise_if_any()
    assert cleaned is not None  # a codebook that could not be read has left a problem
    identity = _identity(cleaned.codebook, found, seed)
    name = default_name(cleaned.codebook.id, identity)
    folder = Path(out) if out is not None else cleaned.codebook.folder / "runs" / name
    held = existing_run(folder, identity, replace)
    if held is not None:
        return complete_run(held, finish, csv)
    tables = _safe_tables(cleaned, found, problems, seed)
    problems.raise_if_any()
    provenance = {
        "started": started,
        "took_seconds": round(time.monotonic() - begun, 1),
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "processors": os.cpu_count() or 0,
    }
    return write_run(
        folder, identity, provenance, _about(cleaned, found), tables, finish, csv, replace
    )


def _safe_tables(
    cleaned: Cleaned, catalogue: Catalogue, problems: Problems, seed: int
) -> dict[str, pl.DataFrame]:
    draft = analyse(cleaned)
    draft |= performance.tables(cleaned, catalogue, problems, seed)
    draft |= record.tables(cleaned, draft, catalogue, problems)
    draft["survey_quotes"] = anonymity.release_quotes(cleaned, candidates(cleaned))
    problems.raise_if_any()
    safe = anonymity.protect(cleaned, draft)
    said = list(safe["survey_method"].select("topic", "text").iter_rows())
    for room in (performance, record, anonymity):
        said += room.method(cleaned, safe)
    safe["survey_method"] = as_table(said)
    return safe


def _identity(codebook: Codebook, catalogue: Catalogue, seed: int) -> dict[str, Any]:
    names = [name for wave in codebook.waves for name in wave.files]
    names += _named_files(codebook.document)
    files = {}
    for name in sorted({codebook.name, *names}):
        path = codebook.folder / name
        manifest = path / "run.json"
        if manifest.is_file():
            path = manifest
        if path.is_file():
            files[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return {
        "kind": "survey",
        "version": leftshift.__version__,
        "catalogue": catalogue.layers,
        "survey": codebook.id,
        "files": files,
        "seed": seed,
    }


def _named_files(value: object, key: str = "") -> list[str]:
    """Every file or run that a codebook names, wherever it stands."""
    if isinstance(value, Mapping):
        return [name for word, one in value.items() for name in _named_files(one, word)]
    if isinstance(value, list):
        return [name for one in value for name in _named_files(one, key)]
    return [value] if isinstance(value, str) and key in ("file", "files", "frame", "run") else []


def _about(cleaned: Cleaned, catalogue: Catalogue) -> dict[str, Any]:
    codebook = cleaned.codebook
    warnings = list(cleaned.warnings)
    if codebook.synthetic:
        warnings.insert(0, "Every answer is invented: nothing here is a finding about anyone.")
    return {
        "title": codebook.title,
        "kind": "survey",
        "survey": codebook.id,
        "field": codebook.field,
        "synthetic": codebook.synthetic,
        "waves": [
            {"id": one.id, "label": one.label, "date": one.date.isoformat()}
            for one in codebook.waves
        ],
        "minimum_base": codebook.minimum_base,
        "level": codebook.level,
        "warnings": warnings,
        "command": "leftshift survey run",
        "attribution": [
            f"{one['title']} ({one['publisher']}, {one['licence']})"
            for one in catalogue.sources
            if one["key"] in _SOURCES
        ],
    }


_SOURCES: frozenset[str] = frozenset()
