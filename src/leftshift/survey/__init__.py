"""Listening: a survey of leaders, from its files to figures that can be shown to anyone.

`new` begins a project, `check` says all that is wrong with its files and lists every answer that
is dropped or changed, `run` makes a run folder. The path of one survey:

codebook_file (what was asked) → sheets, headers, reading (files) → answers, cleaning (what counts)
→ sample, estimates, waves, text (figures) → performance, record (beside other figures)
→ anonymity (what may be shown) → a run folder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leftshift.survey.making import Checked, analyse, check, run
    from leftshift.survey.template import new

__all__ = ["Checked", "analyse", "check", "new", "run"]

_HOMES = {
    "Checked": "making",
    "analyse": "making",
    "check": "making",
    "new": "template",
    "run": "making",
}


def __getattr__(name: str) -> Any:
    # Loaded when asked for: the command line imports this room to name its verbs.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
