"""The worked example of the survey room, run and reported on once for all tests of its report."""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path

import leftshift.survey as survey
from leftshift.report.survey.page import write_report


@cache
def reported() -> Path:
    """The run folder of the worked example, with all that is made of it."""
    folder = Path(tempfile.mkdtemp(prefix="leftshift-survey-"))
    shutil.copytree(Path(survey.__file__).parent / "example", folder / "project")
    return survey.run(folder / "project", out=folder / "run", finish=write_report).path
