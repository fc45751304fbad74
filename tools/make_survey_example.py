"""Makes the worked example of the survey room: an invented survey of invented systems.

Run `python tools/make_survey_example.py`; it writes src/leftshift/survey/example/, the same
bytes each time (fixed seed). No system, respondent, organisation, e-mail address, answer or
indicator in it is real, and the systems' names are those of no English place known to the author.
The questions are of the kind that yearly surveys of system leaders ask.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

OUT = Path(__file__).resolve().parents[1] / "src" / "leftshift" / "survey" / "example"
SEED = 20_251_105

FIRST = [
    *("Alderbeck", "Ambleforth", "Arrowdale", "Barrowick", "Birchmere", "Blackfold", "Bramlow"),
    *("Calderstow", "Carrowby", "Cloverton", "Copperholt", "Crakedale", "Dunmarsh", "Elderwick"),
    *("Fallowmere", "Farnstead", "Fernacre", "Foxholt", "Gorsebury", "Greywater", "Hallowdene"),
    *("Thistledown", "Hazelby", "Heronsea", "Hollowmere", "Ivelstow", "Kestrelby", "Larkholm"),
    *("Linnetford", "Mallowdale", "Merrowick", "Mossgate", "Oakhythe", "Otterholm", "Pinemarsh"),
    *("Quarrydale", "Ravenhythe", "Reedmere", "Rowanstow", "Saltmarrow", "Sedgewater", "Thornacre"),
    "Wrenfold",
]
REGIONS = ["Coast", "Dales", "Fens", "Hills", "Metro", "Vale"]
ROLES = {"chair": "Board chair", "chief": "Chief executive", "partnership": "Partnership chair"}
RATE = {"chair": 0.62, "chief": 0.68, "partnership": 0.47}
CONFIDENT = ["Very confident", "Fairly confident", "Not very confident", "Not at all confident"]
CONCERNED = ["Very concerned", "Fairly concerned", "Not very concerned", "Not at all concerned"]
AGREE = ["Strongly agree", "Agree", "Neither", "Disagree", "Strongly disagree"]

#: id, wording, short, theme, scale, mean on a hidden scale in 2024 and in 2025, pull of performance
SCALED = [
    ("cuts", "How concerned, if at all, are you about the effect of lower running costs on your "
     "system's work?", "Lower running costs", "Change", "concern", 0.4, 2.2, -0.2),
    ("needs", "How confident are you that your system understands the needs of its population?",
     "Understanding needs", "Commissioning", "confidence", 0.8, 0.9, 0.6),
    ("strategy", "How confident are you in your system's long-term population health strategy?",
     "Strategy", "Commissioning", "confidence", 0.5, 0.7, 0.6),
    ("payer", "How confident are you in your system's payer function?",
     "Payer function", "Commissioning", "confidence", 0.1, -0.2, 0.3),
    ("market", "How confident are you that your system can shape the provider market?",
     "Shaping the market", "Commissioning", "confidence", -0.2, -0.5, 0.2),
    ("evaluation", "How confident are you that your system can evaluate what it commissions?",
     "Evaluation", "Commissioning", "confidence", -0.1, -0.3, 0.2),
    ("outcomes", "How confident are you that your system will improve outcomes?",
     "Improving outcomes", "Purposes", "confidence", 0.8, 0.7, 0.7),
    ("inequalities", "How confident are you that your system will tackle inequalities?",
     "Tackling inequalities", "Purposes", "confidence", 0.4, 0.4, 0.3),
    ("value", "How confident are you that your system will improve productivity and value?",
     "Productivity and value", "Purposes", "confidence", 0.5, 0.6, 0.4),
    ("wider", "How confident are you that your system will help social and economic development?",
     "Social and economic aims", "Purposes", "confidence", 0.0, -0.1, 0.1),
    ("devolved", "My system has devolved decisions to its places.",
     "Decisions devolved", "Change", "agreement", 0.1, 0.3, 0.2),
]  # fmt: skip
SHIFTS = [
    "Hospital to community",
    "Analogue to digital",
    "Sickness to prevention",
    "None of these yet",
]
FUTURE = [
    "Keep it without a legal footing",
    "Merge it into the health and wellbeing boards",
    "End it",
    "Don't know",
]
TEXTS = [
    "Too few staff with commissioning skills, and those we have are worn out.",
    "One-year settlements: we cannot plan beyond the next winter.",
    "Workforce shortages in social care hold back discharge every week.",
    "Data that two providers define in two ways. We argue about numbers, not about care.",
    "Redundancy costs are not funded, so savings come later than planned.",
    "Urgent care crowds out prevention; the urgent trumps the important.",
    "Our places are keen but have no budget of their own yet.",
    "Leaders here at {system} spend more time on reorganisation than on people.",
    "Waiting lists. Everything else has to wait, prevention too.",
    "The community workforce is ageing faster than we recruit.",
    "Capital: a good case was refused after the rules changed.",
    "{org} and the councils work well together, but the money is in the wrong place.",
    "Commissioning skills: nobody trained us to shape a market.",
    "Change after change. Staff are waiting to hear whether they have a job.",
    "Primary care estate is not fit for neighbourhood teams.",
    "Please ring {name} on 01632 960123 if you want the detail of our discharge work.",
    "Digital funding that arrives in March and must be spent in March.",
    "We need evaluation that tells us sooner what does not work.",
]
HOPES = [
    "Neighbourhood teams that people can see working.",
    "A settlement for more than one year.",
    "Clear roles for boards and regions.",
    "Prevention budgets that nobody can raid.",
    "Time to finish one reform before the next.",
]
PEOPLE = ["Aster Quillfeather", "Bracken Tallowby", "Clement Foxglove-Wray", "Dilys Marrowick"]


def systems(dice: np.random.Generator) -> list[dict[str, str]]:
    made = []
    for place, name in enumerate(FIRST):
        made.append(
            {
                "code": f"X{place + 1:02d}",
                "name": name,
                "region": REGIONS[(place * 5 + place // 7) % len(REGIONS)],
                "type": "Several places" if dice.random() < 0.6 else "One place",
                "size": ["smaller", "middle", "larger"][int(dice.integers(3))],
            }
        )
    return made


def choice(words: list[str], lean: float, dice: np.random.Generator) -> str:
    """An answer from a logistic hidden scale: a higher lean gives earlier words."""
    cuts = np.linspace(1.6, -1.6, len(words) - 1)
    hidden = lean + dice.logistic(scale=0.75)
    return words[int(np.sum(hidden < cuts))]


def wave(
    year: int, book: list[dict[str, str]], strength: dict[str, float], dice: np.random.Generator
) -> list[dict[str, str]]:
    rows = []
    for system in book:
        mood = dice.normal(scale=0.4)
        for role, label in ROLES.items():
            # The same seat keeps its chance of answering, so that most answer in both years.
            seat = np.random.default_rng(
                [SEED, int(system["code"][1:]), list(ROLES).index(role)]
            ).random()
            if 0.75 * seat + 0.25 * dice.random() > RATE[role] * 0.98:
                continue
            number = len(rows) + 1
            # One seat in six has a new holder in 2025.
            holder = 1 + int(year == 2025 and int(97 * seat) % 6 == 0)
            panel = f"P{system['code'][1:].replace('44', '42')}{role[:3]}{holder}"
            row = {
                "Response ID": f"R{year}-{number:03d}",
                "Panel number": panel,
                "Submitted": f"{dice.integers(1, 29):02d}/10/{year} {dice.integers(8, 19):02d}:15",
                "Name": f"Invented Person {dice.integers(100, 999)}",
                "Email": f"person{dice.integers(100, 999)}@example.org",
                "Your system": system["name"],
                "Your role": label,
            }
            lift = {"chair": 0.25, "chief": 0.0, "partnership": -0.3}[role]
            for key, _, _, _, scale, before, after, pull in SCALED:
                words = {"concern": CONCERNED, "confidence": CONFIDENT, "agreement": AGREE}[scale]
                side = -1.0 if scale == "concern" else 1.0
                lean = (before if year == 2024 else after) + side * (lift + mood)
                lean += pull * strength[system["code"]]
                row[key] = choice(words, lean, dice)
                if scale != "agreement" and dice.random() < 0.03:
                    row[key] = "Don't know"
                if dice.random() < 0.02:
                    row[key] = ["", "N/A"][int(dice.integers(2))]
            row["shifts"] = "; ".join(
                word for word, chance in zip(SHIFTS, (0.55, 0.5, 0.35), strict=False)
                if dice.random() < chance
            ) or SHIFTS[3]  # fmt: skip
            row["future"] = FUTURE[int(dice.choice(4, p=[0.27, 0.41, 0.2, 0.12]))]
            row["community"] = str(int(np.clip(dice.normal(22, 6), 5, 60)))
            if year == 2025:
                text = TEXTS[int(dice.integers(len(TEXTS)))]
            else:
                text = [*TEXTS[:3], *TEXTS[5:6], *TEXTS[8:11]][int(dice.integers(7))]
            person = PEOPLE[int(dice.integers(len(PEOPLE)))]
            org = "Mossgate Invented Hospitals Trust"
            row["barrier"] = text.format(system=system["name"], org=org, name=person)
            row["barrier"] = row["barrier"] if dice.random() < 0.8 else ""
            row["hope"] = HOPES[int(dice.integers(len(HOPES)))] if dice.random() < 0.6 else ""
            row["quote"] = "Yes" if dice.random() < 0.6 else "No"
            rows.append(row)
    return rows


def untidy(rows: list[dict[str, str]], dice: np.random.Generator) -> list[dict[str, str]]:
    """The faults of real files: codes among labels, odd case, a duplicate, people who gave up."""
    keys = [one[0] for one in SCALED]
    for row in rows:
        for key in keys:
            value = row[key]
            if value in CONFIDENT and dice.random() < 0.04:
                row[key] = str(4 - CONFIDENT.index(value))
            elif value in CONCERNED and dice.random() < 0.06:
                row[key] = f" {value.upper()} "
    for row in (rows[11], rows[40]):
        for key in keys[3:]:
            row[key] = ""
        row["shifts"] = row["future"] = row["community"] = row["barrier"] = row["hope"] = ""
    again = dict(rows[20])
    again["Response ID"] = f"{again['Response ID']}b"
    again["Submitted"] = again["Submitted"].split()[0] + " 19:45"
    again["needs"] = "Fairly confident"
    return [*rows, again]


HEADS = {key: text for key, text, *_ in SCALED} | {
    "shifts": "On which of the three shifts has your system made progress? Tick all that apply.",
    "future": "What should become of your integrated care partnership?",
    "community": "What per cent of your system's spending goes to community services today?",
    "barrier": "What most holds your system back?",
    "hope": "What would help most?",
    "quote": "May we quote you without your name?",
}


def table(rows: list[dict[str, str]], year: int) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    heads = [HEADS.get(key, key) for key in rows[0]]
    if year == 2024:
        heads = [
            head.replace("My system has devolved decisions to its places.", OLD_DEVOLVED)
            for head in heads
        ]
        # An export with a merged first line over the questions.
        writer.writerow(["About you", *[""] * 6, "Your views", *[""] * (len(heads) - 8)])
    writer.writerow(heads)
    writer.writerows([list(row.values()) for row in rows])
    return out.getvalue()


OLD_DEVOLVED = "Our system has handed most decisions down to place level."

MEASURES = [
    ("waits18", "Waits within 18 weeks", "percent", "higher", 60, 5, 0.55),
    ("ae4", "Emergency department, within four hours", "percent", "higher", 72, 5, 0.5),
    ("finance", "Financial balance against plan", "percent of allocation", "higher", -1, 1.2, 0.25),
    ("gp", "Good experience of general practice", "percent", "higher", 73, 4, 0.2),
    ("discharge", "Days between readiness and discharge", "days", "lower", 6, 1.2, -0.35),
    ("staff", "Staff who would recommend their organisation", "percent", "higher", 62, 4, 0.3),
    ("deprivation", "Deprivation score", "score", "", 21, 5, -0.3),
]


def indicators(
    book: list[dict[str, str]], strength: dict[str, float], dice: np.random.Generator
) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["system", "indicator", "label", "unit", "better", "period", "value", "source"])
    for key, label, unit, better, middle, spread, tie in MEASURES:
        for system in book:
            noise = dice.normal() * np.sqrt(1 - tie**2)
            value = middle + spread * (tie * strength[system["code"]] + noise)
            writer.writerow(
                [system["name"], key, label, unit, better, "2025", f"{value:.1f}",
                 "invented for the example"]
            )  # fmt: skip
    return out.getvalue()


def main() -> None:
    dice = np.random.default_rng(SEED)
    book = systems(dice)
    strength = {one["code"]: float(dice.normal()) for one in book}
    OUT.mkdir(parents=True, exist_ok=True)
    # In 2024 all 43 stand; in 2025 the last has joined the one before it.
    last, joined = book[-1], book[-2]
    now = [*book[:-2], {**joined, "code": "X44", "name": "Thornacre and Wrenfold"}]
    strength["X44"] = strength[joined["code"]]
    files = {
        "wave-2024.csv": table(wave(2024, book, strength, dice), 2024),
        "wave-2025.csv": table(untidy(wave(2025, now, strength, dice), dice), 2025),
        "indicators.csv": indicators(now, strength, dice),
        "systems.toml": "",
    }
    blocks = []
    for one in [*book, now[-1]]:
        dates = ""
        if one in (last, joined):
            dates = 'until = 2025-03-31\nbecomes = ["X44"]\n'
        if one["code"] == "X44":
            dates = "from = 2025-04-01\n"
        facts = "".join(f'{key} = "{one[key]}"\n' for key in ("name", "region", "type", "size"))
        blocks.append(f'[[system]]\ncode = "{one["code"]}"\n{facts}{dates}')
    head = (OUT / "codebook-head.toml").read_text(encoding="utf-8")
    del files["systems.toml"]
    asked = "".join(_question(*one) for one in SCALED)
    files["codebook.toml"] = head.replace("# QUESTIONS HERE\n", asked) + "\n".join(blocks)
    for name, text in files.items():
        (OUT / name).write_text(text, encoding="utf-8", newline="\n")
        print(f"{name}: {len(text.splitlines())} lines")


RECORD = {"cuts": '["confed_2025_concerned"]', "devolved": '["confed_2022_devolved"]'}


def _question(key: str, text: str, short: str, theme: str, scale: str, *_rest: float) -> str:
    lines = [
        "[[question]]",
        f'id = "{key}"',
        f'text = "{text}"',
        f'short = "{short}"',
        f'theme = "{theme}"',
        f'scale = "{scale}"',
        f'columns = ["{text}"' + (f', "{OLD_DEVOLVED}"' if key == "devolved" else "") + "]",
    ]
    if key == "devolved":
        lines.append(f'wording = {{ "2024" = "{OLD_DEVOLVED}" }}')
    if key in RECORD:
        lines.append(f"record = {RECORD[key]}")
    return "\n".join(lines) + "\n\n"


if __name__ == "__main__":
    main()
