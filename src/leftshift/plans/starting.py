"""Worked examples of plans, and starting a plan of one's own from one of them."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from leftshift.errors import PlanError, listed, nearest

__all__ = ["EXAMPLES", "FOLDER", "example", "start_plan"]

EXAMPLES: dict[str, str] = {
    "left-shift": "a left shift to 2035 that moves the community and prevention share of spend",
    "cardiovascular-prevention": "prevention of heart disease and stroke in the two poorest fifths",
    "frailty-at-home": "neighbourhood teams and hospital at home for people with complex needs",
}
"""The worked examples, by name, and what each is about."""

FOLDER = Path(__file__).parent / "examples"
"""Where they lie."""
_AREA = re.compile(r'^area = "[^"\n]*"', re.MULTILINE)


def example(name: str) -> str:
    """Gives the text of a worked example.

    Raises:
        PlanError: there is none of this name.
    """
    if name not in EXAMPLES:
        raise PlanError(
            f'no example called "{name}".{nearest(name, EXAMPLES)} Examples: {listed(EXAMPLES)}.'
        )
    return (FOLDER / f"{name}.toml").read_text(encoding="utf-8")


def start_plan(
    file: Path | str | None = None,
    name: str = "left-shift",
    area: str | None = None,
    replace: bool = False,
) -> Path:
    """Writes a worked example as a plan file of one's own.

    Args:
        file: where to write it; `<name>.toml` in the working folder where it is None.
        name: the example.
        area: whom it is about, in place of the example's area.
        replace: whether a file that lies there is replaced.

    Returns:
        The file.

    Raises:
        PlanError: there is no such example, or the file is there already or cannot be written.
    """
    text = example(name)
    if area is not None:
        text = _AREA.sub(lambda _: f"area = {json.dumps(area, ensure_ascii=False)}", text, count=1)
    target = Path(file) if file is not None else Path(f"{name}.toml")
    if target.suffix.casefold() != ".toml":
        raise PlanError(f"{target}: a plan's file ends in .toml. Name it {target.name}.toml.")
    try:
        if target.exists() and not replace:
            raise PlanError(f"{target} is there already. Choose another name, or use --replace.")
        target.parent.mkdir(parents=True, exist_ok=True)
        made = target.with_name(f".{target.name}.new")
        made.write_text(text, encoding="utf-8", newline="\n")
        os.replace(made, target)  # noqa: PTH105 - whole or not at all
    except (OSError, ValueError) as problem:
        said = getattr(problem, "strerror", None) or problem
        raise PlanError(f"{target} cannot be written: {said}.") from None
    return target
