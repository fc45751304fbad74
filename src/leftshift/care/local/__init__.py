"""A board's own data: its project's `data/`, read and checked, and what it does to a run.

`data` reads the files and holds them together, `fit` moves rates to meet totals, `rows` shows each
figure before and after; `forms`, `files` and `agree` say what a file may hold.
"""

from leftshift.care.local.data import Checked, LocalData, check, known, new, read, refusal

__all__ = ["Checked", "LocalData", "check", "known", "new", "read", "refusal"]
