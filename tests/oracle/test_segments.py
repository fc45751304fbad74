"""`leftshift segments` beside the same sums by hand, to 60 digits, without arrays."""

from __future__ import annotations

import random
from decimal import Decimal, localcontext
from pathlib import Path

import pytest

from leftshift.plans import segments

NAMES = ("well", "ill", "frail", "dying")
EVENTS = ("births", "net_migration", "deaths")
YEARS = 20
FIRST = 3


def cut(rng: random.Random, parts: int, whole: int = 1000) -> list[Decimal]:
    """Shares that sum to 1, each a whole number of thousandths."""
    marks = sorted(rng.randrange(whole + 1) for _ in range(parts - 1))
    return [Decimal(b - a) / whole for a, b in zip([0, *marks], [*marks, whole], strict=True)]


class Asked:
    """A made-up model, its files, and the sums done one person-share at a time."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        self.people = [Decimal(rng.randrange(20_000, 90_000)) for _ in NAMES]
        self.moves = []
        for i in range(len(NAMES)):
            away = [part / 4 for part in cut(rng, len(NAMES))]
            away[i] += Decimal("0.75")
            self.moves.append(away)
        # A table of its own for one year: all moves of one segment, two cells of another.
        self.special = {0: self.moves[1], 2: [*self.moves[2]]}
        self.special[2][2] -= Decimal("0.02")
        self.special[2][3] += Decimal("0.02")
        self.flows = {
            (event, FIRST + t): Decimal(rng.randrange(-300 if event == EVENTS[1] else 0, 900))
            for event in EVENTS
            for t in range(YEARS - 4)  # the last holds for the rest
        }
        self.flows["deaths", FIRST] = Decimal(700)
        self.shares = {event: cut(rng, len(NAMES)) for event in EVENTS}
        self.shares["net_migration"][0] += Decimal("0.1")
        self.shares["net_migration"][3] -= Decimal("0.1")
        self.use = [[Decimal(rng.randrange(1, 9000)) / 1000 for _ in range(3)] for _ in NAMES]

    def write(self, folder: Path) -> Path:
        def number(value: Decimal) -> str:
            return repr(float(value))

        moves = ["from,to,share,year"]
        for i, row in enumerate(self.moves):
            moves += [f"{NAMES[i]},{NAMES[j]},{number(v)}," for j, v in enumerate(row)]
        moves += [
            f"{NAMES[0]},{NAMES[j]},{number(v)},{FIRST + 6}" for j, v in enumerate(self.special[0])
        ]
        moves += [f"{NAMES[2]},{NAMES[j]},{number(self.special[2][j])},{FIRST + 6}" for j in (2, 3)]
        lines = {
            "segments": ["segment,people"]
            + [f"{n},{number(v)}" for n, v in zip(NAMES, self.people, strict=True)],
            "transitions": moves,
            "flows": ["year,event,people"]
            + [f"{year},{event},{number(v)}" for (event, year), v in self.flows.items()],
            "flow_shares": ["event,segment,share"]
            + [
                f"{event},{NAMES[i]},{number(v)}"
                for event, row in self.shares.items()
                for i, v in enumerate(row)
            ],
            "use": ["segment,measure,value"]
            + [
                f"{NAMES[i]},measure {k},{number(v)}"
                for i, row in enumerate(self.use)
                for k, v in enumerate(row)
            ],
        }
        for name, text in lines.items():
            (folder / f"{name}.csv").write_text("\n".join([*text, ""]), encoding="utf-8")
        return folder

    def by_hand(self, deaths: str, scaled: bool) -> list[list[Decimal]]:
        def flow(event: str, t: int) -> Decimal:
            return self.flows[event, FIRST + min(t, YEARS - 5)]

        rates = [
            flow("deaths", 0) * self.shares["deaths"][i] / self.people[i] for i in range(len(NAMES))
        ]
        found = [self.people]
        for t in range(YEARS):
            now = found[-1]
            table = [[*row] for row in self.moves]
            if t == 6:
                table[0], table[2] = [*self.special[0]], [*self.special[2]]
            if scaled and 2 <= t <= 8:
                gone = table[0][1] / 2
                table[0][1] -= gone
                table[0][0] += gone
            if scaled and t >= 5:
                more = table[3][2] / 4
                table[3][2] += more
                table[3][3] -= more
            after = [Decimal(0) for _ in NAMES]
            expected = sum(r * n for r, n in zip(rates, now, strict=True))
            for i, n in enumerate(now):
                if deaths == "shares":
                    dead = flow("deaths", t) * self.shares["deaths"][i]
                elif deaths == "rates":
                    dead = rates[i] * n
                else:
                    dead = rates[i] * n * flow("deaths", t) / expected
                assert 0 <= dead <= n
                for j in range(len(NAMES)):
                    after[j] += (n - dead) * table[i][j]
            for event in ("births", "net_migration"):
                for j in range(len(NAMES)):
                    after[j] += flow(event, t) * self.shares[event][j]
            assert all(v >= 0 for v in after)
            found.append(after)
        return found


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("deaths", segments.DEATHS)
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_twenty_years_are_those_by_hand_right_to_rounding(
    seed: int, deaths: str, scaled: bool, tmp_path: Path
) -> None:
    asked = Asked(seed)
    model = segments.load(asked.write(tmp_path))
    scales = [f"well,ill,0.5,{FIRST + 2},{FIRST + 8}", f"dying,frail,1.25,{FIRST + 5},999"]
    chosen = [segments.Scale.parse(one, NAMES) for one in scales] if scaled else []
    found = segments.tables(segments.project(model, YEARS, deaths, chosen))
    people = {(year, segment): value for year, segment, value in found["people"].iter_rows()}
    with localcontext(prec=60):
        exact = asked.by_hand(deaths, scaled)
    assert len(people) == (YEARS + 1) * len(NAMES)
    for t, row in enumerate(exact):
        for i, value in enumerate(row):
            assert people[t, NAMES[i]] == pytest.approx(float(value), rel=1e-12)
    use = {(y, s, m): value for y, s, m, value in found["use"].iter_rows()}
    assert len(use) == 3 * len(people)
    for (year, segment, measure), value in use.items():
        i = NAMES.index(segment)
        wanted = exact[year][i] * asked.use[i][int(measure[-1])]
        assert value == pytest.approx(float(wanted), rel=1e-12)
