"""Rebuilds everything in the shipped catalogue that is worked out from reference figures.

    python tools/build_catalogue.py --reference DIR [--only STEP] [--out DIR]

Each step in `catalogue_steps/` writes its own files under `src/leftshift/catalogue/` and says which
reference files it read; their SHA-256 goes to `inputs.csv`. The same reference files give the same
bytes. Parameter rows and TOML files are written by hand and are left alone.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import importlib
import shutil
import sys
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "src" / "leftshift" / "catalogue"
STEPS = (
    "geography",
    "population",
    "prevalence",
    "risk",
    "published",
    "organisation",
    "care_services",
    "care_states",
    "care_capacity",
    "care_networks",
    "interventions",
)
"""In this order: a later step may read what an earlier one wrote."""


def main(arguments: list[str] | None = None) -> int:
    """Runs the steps; returns an exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--reference", type=Path, required=True, help="folder of reference figures")
    parser.add_argument("--out", type=Path, default=CATALOGUE, help="the catalogue's folder")
    parser.add_argument("--only", choices=STEPS, help="run one step only")
    parser.add_argument(
        "--without",
        choices=STEPS,
        help="leave one step out: care_states simulates millions and needs 4 GB",
    )
    options = parser.parse_args(arguments)
    if not options.reference.is_dir():
        print(f"{options.reference}: no such folder of reference figures", file=sys.stderr)
        return 2
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    _seed(options.out)
    partly = options.only is not None or options.without is not None
    used = _recorded(options.out / "inputs.csv") if partly else {}
    for name in STEPS:
        if options.only not in (None, name) or name == options.without:
            continue
        try:
            step = importlib.import_module(f"catalogue_steps.{name}")
        except ModuleNotFoundError as problem:
            if problem.name != f"catalogue_steps.{name}":
                raise
            print(f"{name}: no such step yet", file=sys.stderr)
            continue
        started = time.perf_counter()
        read = sorted(set(step.build(options.reference, options.out)))
        for file in read:
            used[file] = _sha256(options.reference / file)
        print(f"{name}: {len(read)} reference files, {time.perf_counter() - started:.1f} s")
    with (options.out / "inputs.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(("file", "sha256"))
        writer.writerows(sorted(used.items()))
    return 0


def _seed(out: Path) -> None:
    # Steps read rows and tables that are written by hand, so an empty folder is given those first:
    # every parameter and TOML file, and the tables that no step makes.
    if out.resolve() == CATALOGUE:
        return
    abouts = tomllib.loads((CATALOGUE / "tables.toml").read_text("utf-8"))
    by_hand = [about["file"] for about in abouts.values() if not about.get("step")]
    rows = [*CATALOGUE.glob("parameters/*.csv"), *CATALOGUE.glob("*.toml")]
    rows += CATALOGUE.glob("services/*.toml")
    rows += CATALOGUE.glob("interventions/*.toml")
    for path in sorted([*rows, *(CATALOGUE / file for file in by_hand)]):
        target = out / path.relative_to(CATALOGUE)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            shutil.copyfile(path, target)


def _recorded(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as lines:
        return {row["file"]: row["sha256"] for row in csv.DictReader(lines)}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    sys.exit(main())
