"""Speed and memory, a row per target, beside the project's own oracle in the same run.

    make bench                                # everything: about five minutes on two cores
    python benchmarks/bench.py --quick        # without all of England

Prints a table and writes the same rows as JSON lines (name, value, unit, must, goal) to
`benchmarks/last.jsonl`, which git ignores. The targets are those of the design (`speed.md`). The
machine drifts, so only figures of one run belong side by side.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.engine import Figure, engine_speed  # noqa: E402

AREA = "norfolk-and-suffolk"
#: Draws that are really run; the row for 1,000 is worked out from them.
DRAWS_RUN = 16
#: The command as it runs where only `make demo` was asked for: numba imports SciPy wherever it is
#: there (a quarter of a second), and it is there only because tests need it.
AS_INSTALLED = (
    "import sys; sys.modules['scipy'] = None; from leftshift.__main__ import main; main()"
)
#: The same without care, to see what care adds.
PEOPLE_ONLY = """
import sys
sys.modules['scipy'] = None
from leftshift.care import model as care
from leftshift.people import outlook as people
compute, identity = people.compute, people.identity
people.compute = lambda *given, **named: compute(*given, **{**named, 'consequences': None})
people.identity = lambda *given, **named: identity(*given, **{**named, 'consequences': None})
care.Care = lambda *given: None
from leftshift.__main__ import main
main()
"""


def main() -> int:
    """Run every benchmark, printing rows as they come."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="leave all of England out")
    options = parser.parse_args()
    print(f"{'':74}{'value':>10}  {'must':>8}  {'goal':>8}  unit")
    last = Path(__file__).with_name("last.jsonl")
    with last.open("w", encoding="utf-8") as out:
        for figure in _figures(options.quick):
            print(_line(figure), flush=True)
            out.write(json.dumps(figure) + "\n")
            out.flush()
    print(f"The same as JSON lines: {last.relative_to(ROOT)}")
    return 0


def _line(figure: Figure) -> str:
    value, must, goal = (float(figure[k]) for k in ("value", "must", "goal"))
    faster_is_more = goal > must
    met = value >= must if faster_is_more else value <= must
    reached = value >= goal if faster_is_more else value <= goal
    verdict = "goal met" if reached else "must met" if met else "MISSED"
    return f"{figure['name']:74}{value:10.4g}  {must:8g}  {goal:8g}  {figure['unit']}  {verdict}"


def _figures(quick: bool) -> Iterator[Figure]:
    yield from engine_speed()
    if not quick:
        wall, memory = _measured("outlook", "England", "--people", "all", "--no-report")
        yield _row("all of England, every resident, 20 years, wall", wall, "s", 120, 30)
        yield _row("the same, peak memory (of 24 GiB)", memory / 1024, "GiB", 24, 12)
    _measured("outlook", AREA, "--no-report")  # compiled, and its files in memory
    _measured("outlook", AREA, "--no-report", program=PEOPLE_ONLY)
    alone, whole = [], []
    for _ in range(4):  # in turn, so that the machine's drift is in both
        alone.append(_measured("outlook", AREA, "--no-report", program=PEOPLE_ONLY)[0])
        whole.append(_measured("outlook", AREA, "--no-report")[0])
    name = "first tables in a fresh process, 100,000 people, 20 years"
    yield _row(f"{name}, health alone", min(alone), "s", 2, 1)
    yield _row("what care and money add to it", min(whole) - min(alone), "s", 0.5, 0.25)
    _, memory = _measured("outlook", AREA, "--people", "1000000", "--no-report")
    yield _row("peak memory, 1,000,000 people", memory, "MB", 800, 500)
    yield _thousand_draws()
    wall = min(_measured("--help")[0] for _ in range(5))
    yield _row("leftshift --help", wall, "s", 0.5, 0.25)


def _row(name: str, value: float, unit: str, must: float, goal: float) -> Figure:
    return {"name": name, "value": round(value, 3), "unit": unit, "must": must, "goal": goal}


def _measured(*arguments: str, program: str = AS_INSTALLED) -> tuple[float, float]:
    """Wall seconds and peak resident megabytes of one command in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", program, *arguments]
        if arguments[0] == "outlook":
            command += ["--out", str(Path(folder) / "run")]
        # A small process in between, so that the peak is this command's and no earlier one's.
        watch = (
            "import resource, subprocess, sys, time\n"
            "start = time.perf_counter()\n"
            "code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode\n"
            "peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss\n"
            "print(code, time.perf_counter() - start, peak / 1024)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", watch, *command],
            capture_output=True,
            text=True,
            check=True,
            cwd=folder,
            env=os.environ,
        )
    code, wall, memory = done.stdout.split()
    if code != "0":
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
    return float(wall), float(memory)


def _thousand_draws() -> Figure:
    """1,000 draws of 50,000 people, 20 years and two arms, worked out from a few."""
    from leftshift.areas import find_area
    from leftshift.catalogue import Catalogue
    from leftshift.engine import simulate
    from leftshift.people.model import PARTICLES_IN_DRAWS, Frame, build

    catalogue = Catalogue.load()
    area = find_area(AREA, catalogue)
    frame = Frame(2025, 20)

    def draw(number: int) -> None:
        world = build(
            catalogue.parameters(number, 1),
            area,
            frame,
            people=50_000,
            seed=1,
            particles=PARTICLES_IN_DRAWS,
        )
        simulate(world.lives, [world.tables, world.tables], world.scoring, seed=1, threads=1)

    draw(1)
    threads = os.cpu_count() or 1
    start = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(draw, range(1, DRAWS_RUN + 1)))
    minutes = (time.perf_counter() - start) / DRAWS_RUN * 1000 / 60
    name = f"1,000 draws x 50,000 x 20 years x 2 arms (from {DRAWS_RUN})"
    return _row(name, minutes, "min", 10, 2)


if __name__ == "__main__":
    sys.exit(main())
