"""The run folder, the one currency: identity, tables, atomic writing, reading back.

`schema` describes every table and column once; the writer checks frames against it and the docs
are made from it. `folder` writes a run whole or not at all, and opens one.
"""

from leftshift.runs.describe import Column, Table
from leftshift.runs.folder import (
    complete_run,
    default_name,
    existing_run,
    identity_hash,
    write_run,
)
from leftshift.runs.run import Run, open_run
from leftshift.runs.schema import TABLES, as_markdown

__all__ = [
    "TABLES",
    "Column",
    "Run",
    "Table",
    "as_markdown",
    "complete_run",
    "default_name",
    "existing_run",
    "identity_hash",
    "open_run",
    "write_run",
]
