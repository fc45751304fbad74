"""A plan beside another plan: exact, since both stand beside one baseline."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from leftshift.areas import find_area
from leftshift.catalogue import Catalogue
from leftshift.errors import PlanError
from leftshift.plans.against import COMPARATOR
from leftshift.plans.files import read_plan
from leftshift.plans.results import Results
from leftshift.plans.run import simulated

CATALOGUE = Catalogue.load()
SMALL = """[plan]
name = "Small"
area = "E07000148"
start = "2026/27"
years = 3
people = 1_000
draws = 2

[[intervention]]
use = "hospital_at_home"
reach = 0.3
"""
BIG = SMALL.replace("Small", "Big").replace("0.3", "0.6")
BESIDE = BIG.replace("draws = 2", 'draws = 2\ncomparator = "small.toml"')


def write(folder: Path, **texts: str) -> dict[str, Path]:
    files = {name: folder / f"{name}.toml" for name in texts}
    for name, text in texts.items():
        files[name].write_text(text, encoding="utf-8")
    return files


def ran(file: Path) -> Results:
    plan = read_plan(file, CATALOGUE)
    return simulated(plan, CATALOGUE, find_area("E07000148", CATALOGUE)).results


def test_a_plan_beside_another_is_what_one_does_less_what_the_other_does(tmp_path: Path) -> None:
    files = write(tmp_path, small=SMALL, big=BIG, beside=BESIDE)
    small, big, beside = (ran(files[name]) for name in ("small", "big", "beside"))
    assert beside.interventions == (COMPARATOR, "hospital_at_home")
    whole = big.place_effect[:, -1] - small.place_effect[:, -1]
    assert np.array_equal(beside.place_effect[:, -1], whole)
    assert np.abs(whole).max() > 0
    added = beside.place_effect[:, :-1].sum(axis=1)
    assert added == pytest.approx(whole, abs=1e-6)
    level = small.place_base + small.place_effect[:, -1]
    assert np.array_equal(beside.place_base, level)


def test_beside_itself_under_another_name_a_plan_does_nothing(tmp_path: Path) -> None:
    same = SMALL.replace("draws = 2", 'draws = 0\ncomparator = "other.toml"')
    files = write(tmp_path, other=SMALL, same=same)
    assert np.abs(ran(files["same"]).place_effect[:, -1]).max() == 0.0


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (BESIDE.replace("small.toml", "third.toml"), "is itself compared with third.toml"),
        (SMALL + '\n[figures]\n"plans.shrink.C" = 0.4\n', "has other \\[figures\\]"),
    ],
)
def test_plans_without_one_baseline_are_not_compared(tmp_path: Path, other: str, said: str) -> None:
    files = write(tmp_path, third=SMALL, small=other, beside=BESIDE)
    with pytest.raises(PlanError, match=rf"beside.toml:\d+: comparator: small.toml {said}"):
        ran(files["beside"])
