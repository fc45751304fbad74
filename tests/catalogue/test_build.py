"""What is worked out from reference figures can be rebuilt, byte for byte."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from leftshift.catalogue import Catalogue
from leftshift.catalogue.loader import SHIPPED

BUILD = Path(__file__).resolve().parents[2] / "tools" / "build_catalogue.py"
REFERENCE = os.environ.get("LEFTSHIFT_REFERENCE", "")


def build(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(BUILD), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.mark.skipif(not REFERENCE, reason="set LEFTSHIFT_REFERENCE to the reference figures")
def test_every_table_that_a_step_makes_is_rebuilt_to_the_same_bytes(tmp_path: Path) -> None:
    # care_states simulates twelve million people; its bytes are those of one kind of processor.
    done = build("--reference", REFERENCE, "--out", str(tmp_path), "--without", "care_states")
    assert done.returncode == 0, done.stderr
    tables = Catalogue.load().tables.values()
    made = [about.file for about in tables if about.step not in ("", "care_states")]
    for file in [*made, "inputs.csv"]:
        shipped = (SHIPPED / file).read_bytes().replace(b"\r\n", b"\n")
        assert (tmp_path / file).read_bytes() == shipped, file


def test_a_reference_folder_that_is_not_there_is_one_message(tmp_path: Path) -> None:
    done = build("--reference", str(tmp_path / "nowhere"), "--out", str(tmp_path))
    assert done.returncode == 2
    assert "no such folder of reference figures" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_input_is_recorded_once_with_its_digest() -> None:
    with (SHIPPED / "inputs.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len({row["file"] for row in rows}) == len(rows) > 3
    assert all(len(row["sha256"]) == 64 for row in rows)
