"""Leftshift: plan, pay for and evaluate care over ten and twenty years.

The names here are the whole public surface that most work needs. Each is imported when it is
first used, so that `import leftshift` costs almost nothing.

Example:
    >>> import leftshift
    >>> run = leftshift.outlook("QMM", years=20)  # doctest: +SKIP
    >>> run.table("people")  # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leftshift.areas import find_area, list_areas
    from leftshift.catalogue import Catalogue
    from leftshift.errors import LeftshiftError
    from leftshift.quantities import Estimate, FinancialYear, Money
    from leftshift.runs import Run, open_run
    from leftshift.verbs import outlook, validate

__version__ = "0.1.0"

__all__ = [
    "Catalogue",
    "Estimate",
    "FinancialYear",
    "LeftshiftError",
    "Money",
    "Run",
    "__version__",
    "find_area",
    "list_areas",
    "open_run",
    "outlook",
    "validate",
]

# The verb `areas` is `list_areas` here, because `leftshift.areas` is the room it comes from.
_HOMES = {
    "Catalogue": "leftshift.catalogue",
    "Estimate": "leftshift.quantities",
    "FinancialYear": "leftshift.quantities",
    "LeftshiftError": "leftshift.errors",
    "Money": "leftshift.quantities",
    "Run": "leftshift.runs",
    "find_area": "leftshift.areas",
    "list_areas": "leftshift.areas",
    "open_run": "leftshift.runs",
    "outlook": "leftshift.verbs",
    "validate": "leftshift.verbs",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'leftshift' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
