"""What becomes of a project's own figures: those in use are named, and a failure is put to them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from leftshift.catalogue import Catalogue, Parameters
from leftshift.errors import LeftshiftError, ModelError, listed

__all__ = ["blaming_own_figures", "own_figures"]

P = ParamSpec("P")
R = TypeVar("R")


def own_figures(catalogue: Catalogue, parameters: Parameters) -> list[str]:
    """Says which figures are a user's own, and which of them nothing asked for.

    Args:
        catalogue: the layered catalogue.
        parameters: the central parameters, after the run.

    Returns:
        Sentences for a run's warnings; none where the shipped catalogue stands alone.
    """
    said = []
    if catalogue.overrides:
        own = sorted({str(one["id"]) for one in catalogue.overrides})
        said.append(f"Figures of your own stand in place of shipped ones: {listed(own)}.")
    for row in catalogue.added:
        # A misspelt id would otherwise leave the shipped figure in use, and nobody told.
        if row["id"] not in parameters.asked:
            near = f" {row['like']}" if row["like"] else ""
            said.append(
                f'Your own row "{row["id"]}" replaces no shipped figure, and nothing here uses it.'
                f"{near}"
            )
    return said


def blaming_own_figures(
    work: Callable[Concatenate[Catalogue, P], R],
) -> Callable[Concatenate[Catalogue, P], R]:
    """Makes a failure under figures of a user's own an error that names them.

    No list of limits foresees each figure that cannot be; what the shipped ones could not have
    caused is bad input, not a fault of Leftshift's.

    Args:
        work: a function whose first argument is the catalogue.

    Returns:
        The same function, which raises ModelError in that case.
    """

    @wraps(work)
    def checked(catalogue: Catalogue, /, *given: P.args, **named: P.kwargs) -> R:
        try:
            return work(catalogue, *given, **named)
        except (LeftshiftError, MemoryError, OSError):
            raise
        except Exception as error:
            own = sorted({str(one["id"]) for one in (*catalogue.overrides, *catalogue.added)})
            if not own:
                raise
            raise ModelError(
                f"no model can be made of these figures ({str(error).rstrip('.')}). Your own are "
                f"{listed(own)}: correct them or leave them out. If it fails without them too, "
                "that is a fault of Leftshift's."
            ) from error

    return checked
