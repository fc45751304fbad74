"""Made-up runs, each written and reported on once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leftshift.report import write_report
from tests.report.fake_run import PLACES, write_fake_run

ENGLAND: list[tuple[Any, ...]] = [
    (f"Q{chr(65 + i // 26)}{chr(65 + i % 26)}", f"NHS Board {i} Integrated Care Board",
     1_300_000, i % 7, i // 7, 0.7 + 0.02 * i)
    for i in range(42)
]  # fmt: skip

KINDS: dict[str, dict[str, Any]] = {
    "whole": {"leaf_years": (0, 10, 20)},
    "central": {"draws": 0, "leaf_years": (0, 20)},
    "one_place": {"places": PLACES[:1], "leaf_years": (0, 20)},
    "england": {"places": ENGLAND, "name": "England", "leaf_years": (0, 20)},
    "one_person": {"people": 1, "draws": 0, "leaf_years": (0, 20)},
    "one_year": {"years": 1, "leaf_years": (0, 1)},
    "forty_years": {"years": 40, "leaf_years": (0, 40)},
    "nobody_has_it": {"zero": "psychosis", "leaf_years": (0, 20)},
}


@pytest.fixture(scope="session")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Gives the folder of a made-up run of some kind (a key of KINDS), reported on."""
    made: dict[str, Path] = {}

    def make(kind: str) -> Path:
        if kind not in made:
            folder = tmp_path_factory.mktemp("runs") / kind
            write_fake_run(folder, **dict(KINDS[kind]))
            write_report(folder)
            made[kind] = folder
        return made[kind]

    return make
