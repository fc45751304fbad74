"""Merging plan files: what two changed, in one file that is checked before it is kept."""

from __future__ import annotations

import os
from pathlib import Path

from leftshift.catalogue import Catalogue
from leftshift.errors import PlanError
from leftshift.plans.differences import merge, written
from leftshift.plans.files import read_plan, read_text_plan

__all__ = ["merge_files"]


def merge_files(
    base: Path,
    first: Path,
    second: Path,
    catalogue: Catalogue,
    out: Path | None = None,
    replace: bool = False,
) -> str:
    """Puts together what two plan files changed of a third.

    Args:
        base: the plan that both set out from.
        first: one changed plan.
        second: the other.
        catalogue: gives the library.
        out: where to write the merged plan, or None.
        replace: whether a file that lies there is replaced.

    Returns:
        The merged plan file's text.

    Raises:
        PlanError: a file is wrong; both changed one key differently, and each such key is named;
            or together they make a plan that cannot be carried out.
    """
    plans = [read_plan(file, catalogue) for file in (base, first, second)]
    found = merge(*(plan.canonical for plan in plans))
    if found.conflicts:
        said = "\n".join(f"- {conflict.words()}" for conflict in found.conflicts)
        raise PlanError(
            f"{first} and {second} changed {len(found.conflicts)} "
            f"key{'s' * (len(found.conflicts) > 1)} differently. Make them the same in both, then "
            f"merge again:\n{said}"
        )
    text = written(found.content)
    shown = str(out) if out is not None else "the merged plan"
    read_text_plan(text, catalogue, shown)
    if out is not None:
        _write(out, text, replace)
    return text


def _write(out: Path, text: str, replace: bool) -> None:
    try:
        if out.exists() and not replace:
            raise PlanError(f"{out} is there already. Choose another name, or use --replace.")
        made = out.with_name(f".{out.name}.new")
        made.write_text(text, encoding="utf-8", newline="\n")
        os.replace(made, out)  # noqa: PTH105 - whole or not at all
    except OSError as problem:
        raise PlanError(f"{out} cannot be written: {problem.strerror or problem}.") from None
