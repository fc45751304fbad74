"""Everything Leftshift raises on purpose, and the words it raises it with.

```
LeftshiftError               one clear message; the command line ends with exit status 2
├── SettingError             an option or argument outside what is allowed
├── ProjectError             a leftshift.toml that is missing, unreadable or wrong
├── CatalogueError           a row, table or figure of the catalogue that is missing or wrong
├── QuantityError            text or numbers that are no financial year, money or estimate
├── AreaError                an area that no one knows
│   └── FootprintError       a footprint file that does not add up
├── ModelError               inputs that are each right but cannot make a model together
├── PlanError                a plan, or an intervention in it, that cannot be carried out
├── CareError                services, money, staff or a board's own data that do not add up
├── RunError                 a run folder that cannot be written, read or understood
│   └── SchemaError          a table that is not what its description says
├── ReportError              a report or workbook that cannot be made
└── ToolError                something outside Leftshift that is missing, such as a browser
```

A message says what is wrong, where (file and line where there is one), what is allowed, the
nearest match, and what to do. Anything else that escapes is a defect in Leftshift, not bad input.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "AreaError",
    "CareError",
    "CatalogueError",
    "FootprintError",
    "LeftshiftError",
    "ModelError",
    "PlanError",
    "ProjectError",
    "QuantityError",
    "ReportError",
    "RunError",
    "SchemaError",
    "SettingError",
    "ToolError",
    "listed",
    "nearest",
]


class LeftshiftError(Exception):
    """The root of every error Leftshift raises on purpose.

    Attributes:
        exit_status: what the command line returns to the shell.
    """

    exit_status: int = 2


class SettingError(LeftshiftError):
    """An option or argument outside what is allowed."""


class ProjectError(LeftshiftError):
    """A project's leftshift.toml is missing, unreadable or wrong."""


class CatalogueError(LeftshiftError):
    """A row, table or figure of the catalogue is missing or wrong."""


class QuantityError(LeftshiftError, ValueError):
    """Text or numbers that are no financial year, sum of money or estimate."""


class AreaError(LeftshiftError):
    """An area that no one knows."""


class FootprintError(AreaError):
    """A footprint file that does not add up."""


class ModelError(LeftshiftError):
    """Inputs that are each right but cannot make a model together."""


class CareError(LeftshiftError):
    """Services, money, staff or a board's own data do not add up."""


class PlanError(LeftshiftError):
    """A plan, or an intervention in it, cannot be carried out."""


class RunError(LeftshiftError):
    """A run folder that cannot be written, read or understood."""


class SchemaError(RunError):
    """A table that is not what its description says."""


class ReportError(LeftshiftError):
    """A report or workbook that cannot be made."""


class ToolError(LeftshiftError):
    """Something outside Leftshift that is missing, such as a browser."""


def _match(name: str, options: Iterable[str]) -> str | None:
    # Case and punctuation are how people misspell ids, so neither counts against a match.
    plain = {option.casefold().replace("-", " ").replace("_", " "): option for option in options}
    wanted = name.casefold().replace("-", " ").replace("_", " ").strip()
    close = difflib.get_close_matches(wanted, plain, n=1, cutoff=0.6)
    if close:
        return plain[close[0]]
    if len(wanted) >= 3:
        for key, option in plain.items():
            if wanted in key:
                return option
    return None


def nearest(name: str, options: Iterable[str]) -> str:
    """Names the option most like `name`, ready to end a sentence of an error message.

    Args:
        name: what was asked for.
        options: what there is.

    Returns:
        `' Nearest: "asthma".'` with its leading space, or `""` where nothing is near, so that a
        message can be built as `f'no condition called "{name}".{nearest(name, options)}'`.
    """
    found = _match(str(name), [str(option) for option in options])
    return f' Nearest: "{found}".' if found is not None else ""


def listed(names: Iterable[object], limit: int = 8) -> str:
    """Joins names for a message, quoting none and cutting a long list short.

    Args:
        names: what to list, in the order to be shown.
        limit: how many to show before "and N more".

    Returns:
        Such as `"a, b, c and 12 more"`; `"none"` where there is nothing.
    """
    words = [str(name) for name in names]
    if not words:
        return "none"
    if len(words) > limit:
        return f"{', '.join(words[:limit])} and {len(words) - limit} more"
    return ", ".join(words)
