"""Puts the tables of a board's run together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from leftshift.catalogue import Catalogue, Parameters
from leftshift.organisation import caseloads
from leftshift.organisation.board import Board
from leftshift.organisation.functions import Function
from leftshift.organisation.money import Price, allowance, cap, heads
from leftshift.organisation.options import Rates, effect
from leftshift.organisation.results import Evaluated, Rows, add, in_year, pounds, running_cost
from leftshift.organisation.rows_staff import funding_rows, redundancy_rows

if TYPE_CHECKING:
    import polars

__all__ = ["SOURCES", "tables_of"]

SOURCES = (
    "pay",
    "oncost",
    "running_cost",
    "action",
    "redundancy",
    "voluntary",
    "consultation",
    "notice",
    "timetable",
    "funding",
    "caseload",
    "continuing_care",
    "safeguarding",
    "medicines",
    "cluster",
    "merge",
    "apportion",
    "find",
)
"""The rows of the catalogue that a board's run rests on."""


def tables_of(
    board: Board,
    done: Sequence[Evaluated],
    catalogue: Catalogue,
    present: int,
    price: Price,
    rates: Rates,
    draws: int,
    seed: int,
) -> dict[str, polars.DataFrame]:
    """Makes every table of a board's run, as `leftshift.runs.tables_organisation` describes them.

    Args:
        board: the board.
        done: its options, worked out.
        catalogue: assumptions with their doubt.
        present: running costs of the base year, in pence.
        price: what posts cost.
        rates: the assumptions behind actions.
        draws: how many draws stand behind the caseloads' intervals.
        seed: keys them.
    """
    parameters = catalogue.parameters()
    rows: Rows = {}
    _static(rows, board, price, catalogue)
    _caseloads(rows, board, catalogue, draws, seed)
    for order, one in enumerate(done):
        _option_rows(rows, board, one, order)
        _money_rows(rows, board, one, parameters, present, price, rates)
        redundancy_rows(rows, board, one)
        funding_rows(rows, board, one, parameters, present)
    _source_rows(rows, catalogue)
    return _frames(rows)


def _static(rows: Rows, board: Board, price: Price, catalogue: Catalogue) -> None:
    blueprint = {row["id"]: row for row in catalogue.table("blueprint_functions").to_dicts()}
    owners = {duty.id: duty.owner for duty in board.duties}
    for one in board.functions:
        named = dict.fromkeys(owners[duty] for duty in one.duties if owners[duty])
        add(
            rows,
            "functions",
            function=one.id,
            name=one.name,
            blueprint=one.blueprint,
            level=one.level,
            statutory=one.statutory,
            duties="; ".join(f"{duty}={share:g}" for duty, share in one.duties.items()),
            could_go_to="; ".join(one.destinations),
            driver=one.driver,
            value=one.value,
            counts=one.counts,
            wte=one.total_wte,
            pay_local=pounds(price.pay(one.wte)),
            pay_full=pounds(price.pay(one.wte, full=True)),
            non_pay=pounds(one.non_pay),
            owner="; ".join(named),
            workload_change=_workload(board, one),
            blueprint_source=blueprint.get(one.id, {}).get("source", ""),
            blueprint_grade=blueprint.get(one.id, {}).get("grade", ""),
        )
    for duty in board.duties:
        serving = [one for one in board.functions if duty.id in one.duties]
        add(
            rows,
            "duty_register",
            duty=duty.id,
            label=duty.label,
            section=duty.section,
            act=duty.act,
            what=duty.what,
            owner=duty.owner,
            minimum_kind=duty.kind,
            reason=duty.reason,
            evidence=duty.evidence,
            functions="; ".join(f"{one.id}={one.duties[duty.id]:g}" for one in serving),
            source=duty.source,
            grade=duty.grade,
        )


def _workload(board: Board, function: Function) -> float:
    """How much more work its driver brings by the last year, in percent; 0 for what stays."""
    now = later = 0.0
    if function.driver == "population":
        now, later = board.people.totals[0], board.people.totals[-1]
    elif function.driver == "caseload":
        for name, share in function.duties.items():
            duty = board.duty(name)
            if duty.caseload:
                now += share * duty.minimum[0]
                later += share * duty.minimum[-1]
    return 100.0 * (later / now - 1.0) if now > 0 else 0.0


def _caseloads(rows: Rows, board: Board, catalogue: Catalogue, draws: int, seed: int) -> None:
    parameters = catalogue.parameters()
    spreads = caseloads.spread(board.people, catalogue, draws, seed)
    for caseload in caseloads.CASELOADS:
        for year, label in enumerate(board.labels):
            for one in caseloads.work(caseload, board.people, year, parameters):
                lower, upper = spreads.get((caseload, year, one.id), (None, None))
                add(
                    rows,
                    "caseloads",
                    caseload=caseload,
                    year=label,
                    measure=one.id,
                    unit=one.unit,
                    value=one.value,
                    lower=lower,
                    upper=upper,
                )


def _option_rows(rows: Rows, board: Board, one: Evaluated, order: int) -> None:
    option = one.option
    add(rows, "option_names", option=option.id, name=option.name, note=option.note, order=order)
    for (function, label), found in one.effects.items():
        year = board.labels.index(label)
        changes = [change for change in option.of(function) if change.shares[year] > 0]
        add(
            rows,
            "options",
            option=option.id,
            year=label,
            function=function,
            action="+".join(dict.fromkeys(change.do for change in changes)) or "keep",
            to="+".join(dict.fromkeys(change.to for change in changes if change.to)),
            **{
                name: getattr(found, name)
                for name in ("wte_before", "wte_board", "wte_moved", "wte_released")
            },
            **{
                name: pounds(getattr(found, name))
                for name in (
                    "cost_before",
                    "cost_board",
                    "cost_moved",
                    "cost_released",
                    "cost_added",
                    "saving_board",
                    "saving_system",
                    "one_off",
                )
            },
            **{
                name: getattr(found, name)
                for name in ("value_lost", "capacity_own", "capacity_elsewhere", "risk")
            },
        )
    needed = {
        (row["caseload"], row["year"]): (row["lower"], row["upper"])
        for row in rows["caseloads"]
        if row["measure"] == "wte_needed"
    }
    kinds = {duty.id: duty.caseload if duty.kind == "caseload" else "" for duty in board.duties}
    for state in one.duties:
        lower, upper = needed.get((kinds[state.duty], state.year), (None, None))
        add(
            rows,
            "duties",
            option=option.id,
            year=state.year,
            duty=state.duty,
            minimum=state.minimum,
            lower=lower,
            upper=upper,
            own=state.own,
            elsewhere=state.elsewhere,
            gap=state.gap,
            below=state.below,
            words=state.words,
        )
    for place, task in enumerate(one.tasks):
        add(
            rows,
            "timeline",
            option=option.id,
            task=task.id,
            order=place,
            label=task.label,
            starts=task.starts.isoformat(),
            ends=task.ends.isoformat(),
            days=task.days,
            depends="; ".join(task.depends),
            slack=task.slack,
            critical=task.critical,
            note=task.note,
        )


def _money_rows(
    rows: Rows,
    board: Board,
    one: Evaluated,
    parameters: Parameters,
    present: int,
    price: Price,
    rates: Rates,
) -> None:
    heads_by = {basis: heads(board, basis) for basis in ("head", "weighted")}
    allowed = allowance(board, parameters, present)
    caps = {basis: cap(board, parameters, basis) for basis in ("head", "weighted")}
    spread = {"saving_board": one.saving_board, "saving_system": one.saving_system}
    spread["one_off"] = one.one_off
    yearly = in_year(board, one, parameters)
    for year, label in enumerate(board.labels):
        local = running_cost(board, one.effects, label)
        full = sum(
            found.cost_board + found.cost_added
            for function in board.functions
            if function.counts
            for found in [
                effect(function, one.option.of(function.id), year, rates, price, full=True)
            ]
        )
        total = {
            name: sum(
                getattr(one.effects[function.id, label], name) for function in board.functions
            )
            for name in ("cost_moved", "saving_board", "saving_system", "one_off")
        }
        pence = {
            "running_cost_local": local,
            "running_cost_full": full,
            "allowance": allowed[year],
            "cap": caps[board.allowance.basis][year],
            "cap_by_head": caps["head"][year],
            "cap_by_weighted_head": caps["weighted"][year],
            "gap": local - allowed[year],
            "running_cost_in_year": yearly[year],
            "gap_in_year": yearly[year] - allowed[year],
            **total,
        }
        for measure, value in pence.items():
            lower = upper = None
            if measure in spread:
                ends = np.percentile(spread[measure][:, year], [2.5, 97.5])
                lower, upper = pounds(ends[0]), pounds(ends[1])
            unit = "GBP" if measure == "one_off" else "GBP a year"
            _money(rows, one, label, measure, unit, pounds(value), lower, upper)
        for basis, name in (("head", "per_head"), ("weighted", "per_weighted_head")):
            each = round(local / max(heads_by[basis][year], 1)) / 100
            _money(rows, one, label, name, "GBP a head a year", each)
        for basis, name in (("head", "people"), ("weighted", "weighted_people")):
            _money(rows, one, label, name, "people", float(heads_by[basis][year]))


def _money(
    rows: Rows,
    one: Evaluated,
    label: str,
    measure: str,
    unit: str,
    value: float,
    lower: float | None = None,
    upper: float | None = None,
) -> None:
    add(
        rows,
        "board_money",
        option=one.option.id,
        year=label,
        measure=measure,
        unit=unit,
        value=value,
        lower=lower,
        upper=upper,
    )


def _source_rows(rows: Rows, catalogue: Catalogue) -> None:
    for prefix in SOURCES:
        for row in catalogue.rows(prefix):
            found = row.estimate
            add(
                rows,
                "sources",
                id=row.id,
                label=row.label,
                value=found.value,
                lower=found.lower,
                upper=found.upper,
                distribution=found.distribution,
                unit=found.unit,
                source=found.source,
                as_of=found.as_of,
                grade=found.grade,
                note=row.note,
                overridden=row.layer != "shipped",
            )


def _frames(rows: Rows) -> dict[str, polars.DataFrame]:
    import polars as pl

    from leftshift.runs import schema
    from leftshift.runs.tables_organisation import TABLES

    names = [*(table.name for table in TABLES), "sources"]
    return {
        name: pl.DataFrame(
            rows.get(name, []),
            schema={column.name: column.dtype for column in schema.table(name).columns},
            strict=False,
        )
        for name in names
    }
