"""What was asked of two runs that differs, and how much that matters to a comparison."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from leftshift.errors import RunError, listed
from leftshift.runs.run import Run

__all__ = [
    "BASELINE",
    "LEVELS",
    "Pair",
    "Row",
    "arm_names",
    "asked",
    "kind",
    "part",
    "plan_of",
    "price_base",
    "same_people",
    "told",
    "verdict",
]

BASELINE = "baseline"

Row = dict[str, Any]
Pair = tuple[str, str]

#: How much a difference in what was asked matters, most first.
LEVELS: dict[str, str] = {
    "stops": "the runs are about different things",
    "causes": "a reason why figures differ",
    "noise": "figures differ by chance, too",
    "intervals": "intervals differ, central figures do not",
    "none": "no figure that is compared differs for it",
}


def part(run: Run, name: str) -> dict[str, Any]:
    """A part of a run's run.json, where it is a set of keys.

    Raises:
        RunError: it is none.
    """
    found = run.manifest.get(name)
    if not isinstance(found, dict):
        raise RunError(
            f"{run.path / 'run.json'} is damaged: {name} is no set of keys. Make the run again "
            "with --replace."
        )
    return found


def kind(run: Run) -> str:
    """The kind of a run, such as outlook, plan or survey."""
    return str(run.manifest.get("kind") or part(run, "identity").get("kind") or "outlook")


def arm_names(run: Run) -> list[str]:
    """The arms that a run says it has, in its order."""
    given = part(run, "about").get("arms")
    return [str(arm) for arm in given] if isinstance(given, list) and given else [BASELINE]


def asked(first: Run, second: Run, pairs: Sequence[Pair], named: bool) -> Iterator[Row]:
    """What was asked that differs, in no order but what matters most of each level first.

    Args:
        first: one run.
        second: the other.
        pairs: the arms that are compared.
        named: whether they were named by whoever asks.
    """
    one, other = part(first, "identity"), part(second, "identity")
    by_plan = any(arm != BASELINE for pair in pairs for arm in pair)

    def row(subject: str, level: str, says: str, a: object, b: object) -> Row:
        words = {"first_says": told(a), "second_says": told(b)}
        return {"part": "asked", "subject": subject, "level": level, "says": says, **words,
                "label": subject.replace("_", " ")}  # fmt: skip

    yield from _area_rows(first, second, row)
    for a, b in pairs:
        if a != b:
            yield row("arm", "causes", "different arms are set side by side", a, b)
    if one.get("base_year") != other.get("base_year"):
        says = "they set out from different years, so that one foretells what the other was given"
        yield row("base_year", "causes", says, one.get("base_year"), other.get("base_year"))
    prices = price_base(first), price_base(second)
    if prices[0] != prices[1]:
        says = "pounds are in prices of different years: no money is compared without --anyway"
        yield row("price_base", "causes", says, *prices)
    code = [key for key in ("version", "method", "care") if one.get(key) != other.get(key)]
    if by_plan and "plans" in one and "plans" in other and one["plans"] != other["plans"]:
        code.append("plans")
    if code:
        says = "they were made by different code, so that the method may differ"
        yield row("code", "causes", says, _code(one, code), _code(other, code))
    if _data(first) != _data(second):
        says = "the board's own figures differ; the runs' table local shows what they change"
        yield row("own_data", "causes", says, _files(first, second), _files(second, first))
    if _layers(first) != _layers(second):
        says = "the catalogue differs: its rows that differ are below, those of its tables are not"
        yield row("catalogue", "causes", says, _layers(first), _layers(second))
    over = [_overriding(run, by_plan) for run in (first, second)]
    if over[0] != over[1]:
        says = "other figures of the catalogue are overridden"
        yield row("overrides", "causes", says, *(listed(sorted(one)) for one in over))
    if one.get("plan") != other.get("plan") and "plan" in one and "plan" in other:
        says = "the plans differ" if by_plan else "the plans differ, but no plan's arm is compared"
        level = "causes" if by_plan else "none"
        yield row("plan", level, says, _plan_name(first), _plan_name(second))
    if one.get("prioritise") != other.get("prioritise") and by_plan:
        says = "what is done was chosen by other rules, or as it stands in the plan in one of them"
        a, b = (_aim(run) for run in (first, second))
        yield row("prioritise", "causes", says, a, b)
    if bool(one.get("headline")) != bool(other.get("headline")) and by_plan:
        says = "weak evidence (C and D) is taken as published in one, and shrunk in the other"
        a, b = ("as published" if run.get("headline") else "shrunk" for run in (one, other))
        yield row("headline", "causes", says, a, b)
    for key, says in (
        ("seed", "other people and other draws: the difference holds sampling error"),
        ("people", "other simulated people: the difference holds sampling error"),
        # The sample is drawn for all years at once: who is in it depends on how many there are.
        (
            "years",
            "only common years are compared; for another horizon people are drawn anew, so "
            "that the difference holds sampling error",
        ),
    ):
        if one.get(key) != other.get(key):
            yield row(key, "noise", says, one.get(key), other.get(key))
    if one.get("draws") != other.get("draws"):
        says = "intervals rest on different numbers of draws"
        a, b = (f"{run['draws']} draws" if run.get("draws") else "none" for run in (one, other))
        yield row("draws", "intervals", says, a, b)
    if kind(first) != kind(second):
        says = "the baseline of a plan's run is the outlook, so that baselines compare"
        yield row("kind", "none", says, kind(first), kind(second))
    if not named:
        yield from _arm_rows(first, second, pairs, row)


def _area_rows(first: Run, second: Run, row: Any) -> Iterator[Row]:
    one, other = (_area(run) for run in (first, second))
    names = [f"{area.get('name', '')} ({area.get('code', '')})" for area in (one, other)]
    same_code = one.get("code") == other.get("code")
    if not _same_area(one, other) and not same_code:
        yield row("area", "stops", "they are about different areas", *names)
    elif not _same_area(one, other):
        sizes = [f"{name}: {len(area.get('members') or ())} members"
                 for name, area in zip(names, (one, other), strict=True)]  # fmt: skip
        says = "the area has the same code, but is made of different parts"
        yield row("area", "stops", says, *sizes)
    elif one.get("places") != other.get("places") or not same_code:
        says = "the same area by another name or divided into other places"
        yield row("places", "none", says, *names)


def _arm_rows(first: Run, second: Run, pairs: Sequence[Pair], row: Any) -> Iterator[Row]:
    left = [
        [arm for arm in arm_names(run) if arm not in {pair[side] for pair in pairs}]
        for side, run in enumerate((first, second))
    ]
    if any(left):
        a, b = (one[0] if one else arm_names(run)[0]
                for one, run in zip(left, (first, second), strict=True))  # fmt: skip
        says = f'arms that are not compared; to compare two, name them: --arm "{a}" "{b}"'
        yield row("arms", "none", says, *(", ".join(one) or "none" for one in left))


def told(value: object) -> str:
    """A value of an identity as people read it."""
    if value is None:
        return "not said"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _area(run: Run) -> dict[str, Any]:
    found = part(run, "identity").get("area")
    return found if isinstance(found, dict) else {"code": found, "name": found}


def _same_area(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    key = "code" if one.get("members") is None and other.get("members") is None else "members"
    return bool(one.get(key) == other.get(key))


def _overriding(run: Run, by_plan: bool) -> dict[str, str]:
    """Figures laid over the catalogue, but those that only a plan's arm rests on if none is."""
    given = part(run, "about").get("overrides")
    rows = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    return {
        str(one.get("id")): str(one.get("new"))
        for one in rows
        if by_plan or not str(one.get("id")).startswith(("intervention.", "plans."))
    }


def _code(identity: Mapping[str, Any], keys: Sequence[str]) -> str:
    return ", ".join(f"{key} {str(identity.get(key, 'none'))[:12]}" for key in keys)


def price_base(run: Run) -> str:
    """The prices that a run's pounds are in."""
    return str(part(run, "about").get("price_base") or "")


def _data(run: Run) -> dict[str, Any]:
    found = part(run, "identity").get("data")
    return found if isinstance(found, dict) else {}


def _files(run: Run, beside: Run) -> str:
    """The files of a board's own data in which a run differs from another."""
    other = _data(beside)
    return listed([name for name, digest in _data(run).items() if other.get(name) != digest])


def _layers(run: Run) -> str:
    layers = part(run, "identity").get("catalogue")
    parts = []
    for layer in layers if isinstance(layers, list) else []:
        if isinstance(layer, dict):
            parts.append(f"{layer.get('name')} {str(layer.get('sha256'))[:12]}")
    return ", ".join(parts) or "not said"


def _aim(run: Run) -> str:
    rules = part(run, "identity").get("prioritise")
    return f"aim {rules.get('aim')}" if isinstance(rules, dict) else "as in the plan"


def plan_of(run: Run) -> dict[str, Any]:
    """What a run says of its plan; empty where it has none."""
    found = part(run, "about").get("plan")
    return found if isinstance(found, dict) else {}


def _plan_name(run: Run) -> str:
    return str(plan_of(run).get("name") or "none")


def same_people(first: Run, second: Run) -> bool:
    """Whether two runs simulate the same people with the same random numbers."""
    one, other = part(first, "identity"), part(second, "identity")
    keys = ("base_year", "years", "people", "seed", "method")
    alike = all(one.get(key) == other.get(key) for key in keys)
    return alike and _same_area(_area(first), _area(second))


def verdict(asked: Sequence[Row], shared: bool, known: bool) -> str:
    """Whether and how closely two runs can be compared, in a few sentences.

    Args:
        asked: what was asked differently.
        shared: whether they simulate the same people.
        known: whether the sampling error of any difference is known.
    """
    by_level: dict[str, list[str]] = {level: [] for level in LEVELS}
    for row in asked:
        by_level[row["level"]].append(row["label"])
    causes, noise = by_level["causes"], by_level["noise"]
    if by_level["stops"]:
        return (
            "These runs are about different areas: what differs is where people live, first of "
            "all. They are set side by side only because that was asked for."
        )
    if noise:
        much = (
            "column noise says how much"
            if known
            else ("how much is not known, since a run without draws estimates no sampling error")
        )
        chance = (
            f"The people were drawn anew (other {' and '.join(noise)}), so that figures differ by "
            f"chance, too: {much}."
        )
    elif shared:
        chance = (
            "They simulate the same people with the same random numbers, so that most sampling "
            "error falls out of a difference."
        )
    else:
        chance = "It is not certain that they simulate the same people."
    if not causes:
        what = "Nothing was asked that would change a figure."
    elif len(causes) == 1:
        what = f"They can be compared: one thing that changes figures differs ({causes[0]})."
    else:
        what = (
            f"They can be compared with care: {len(causes)} things that change figures differ at "
            f"once ({listed(causes)}), so that no difference can be put down to one of them."
        )
    return f"{what} {chance}"
