"""Care as a consequence of an outlook's people: rates in, tables of use, money and staff out.

:class:`Care` hangs on :func:`leftshift.people.outlook.compute`. For each draw of the parameters it
puts the services' rates beside the hazards (:meth:`Care.bind`), so that the engine counts what
every person uses as they live, and works everything else out from those counts
(:class:`CareOfWorld`): activity, money, funding, drivers, staff, beds and waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from leftshift.areas import Area
from leftshift.care import (
    beds,
    bridge,
    checks,
    drivers,
    funding,
    local,
    money,
    tables,
    waits,
    workforce,
)
from leftshift.care.cautions import cautions
from leftshift.care.local import fit as local_fit
from leftshift.care.local import rows as local_rows
from leftshift.care.rates import Rates, list_inflation, rates
from leftshift.care.services import Services, check_balance, services
from leftshift.care.use import Use, use
from leftshift.catalogue import Catalogue, Parameters
from leftshift.engine import Tables, Tallies
from leftshift.people import prevalence
from leftshift.people.layout import Bounds
from leftshift.people.model import Frame, World
from leftshift.people.outlook import method

__all__ = ["Care", "CareOfWorld"]

Array = NDArray[np.float64]

#: Bulk tables of the catalogue that every run of care reads.
TABLES_READ = (
    *checks.TABLES_READ,
    "authority_gps",
    "board_discharge",
    "board_staff",
    "board_waits",
    "england_deaths",
    "england_states",
    "registered_lists",
    "service_age_shapes",
    "service_age_shapes_derived",
    "service_deprivation_gradients",
    "service_segment_gradients",
)


class Care:
    """What an area's people use, what it costs and whom it asks for.

    Args:
        catalogue: the layered catalogue, whose services are checked at once.
        area: the area.
        frame: the years.

    Attributes:
        replicated: the arrays whose sampling error is worked out.
        data: the board's own figures, where its project has any.
        own_counts: people with conditions by the board's own count, for its prevalence.

    Raises:
        CareError: services that do not balance, or data of the board's own that cannot be used.
    """

    replicated = ("care_summary", "care_whole")
    tables_read = TABLES_READ

    def __init__(self, catalogue: Catalogue, area: Area, frame: Frame) -> None:
        check_balance(catalogue)
        funding.check_money(catalogue)
        self.catalogue = catalogue
        self.area = area
        self.frame = frame
        # A board's own figures are of the base year that its catalogue names, and of no other.
        ours = frame.base_year == int(catalogue.row("base.year").estimate.value)
        self.data = local.read(catalogue.project, catalogue, area) if ours else None
        self.own_counts = local_rows.own_counts(self.data) if self.data is not None else None
        self._central: CareOfWorld | None = None
        self._checks: pl.DataFrame | None = None
        self._own_rows: tuple[local_rows.LocalRow, ...] = ()

    def identity(self) -> dict[str, Any]:
        """The code of this room and the board's own files, for the run's identity."""
        own = self.data.identity() if self.data is not None else {}
        return {"care": method("care"), "data": own}

    def bind(self, parameters: Parameters, world: World) -> CareOfWorld:
        """Takes up one world under one draw of the parameters."""
        bound = CareOfWorld.of(self, parameters, world)
        if self._central is None:
            self._central = bound
        return bound

    def frames(
        self,
        central: dict[str, Array],
        bounds: Bounds | None,
        sampling: Mapping[str, Array] | None,
    ) -> dict[str, pl.DataFrame]:
        """The tables of care; see :class:`leftshift.people.consequences.Consequences`."""
        bound = self.central
        made = tables.frames(
            central,
            bounds,
            sampling,
            frame=self.frame,
            area=self.area,
            services=bound.services,
            settings=list(self.settings),
            axes={
                "staff_group": list(workforce.staff_groups(self.catalogue)),
                "bed_type": list(beds.bed_types(self.catalogue)),
                "specialty": list(waits.specialties(self.catalogue)),
                "settlement": bound.funding.settlements,
            },
            price_base=money.price_base(self.frame),
        )
        made["gap"] = pl.concat(
            [made["gap"], tables.capital(bound.funding, self.frame, money.price_base(self.frame))],
            how="diagonal_relaxed",
        )
        made["bridge"] = bridge.bridge(self.catalogue, bound.services, bound.england)
        if self._own_rows:
            cells = [row.cells() for row in self._own_rows]
            made["local"] = pl.DataFrame(cells, infer_schema_length=None)
        made["names"] = self._names(bound)
        if self._checks is not None:
            made["checks"] = self._checks
        return made

    def about(self) -> dict[str, Any]:
        """The price base, and what a reader must be warned of."""
        bound = self.central
        quiet = self.catalogue.row("care.local.largest_quiet_factor").estimate.value
        own = local_rows.scaled(self._own_rows, quiet)
        own += bound.fitted.warnings if bound.fitted is not None else ()
        own_list = self.data is not None and bool(self.data.of("waiting_list"))
        return {
            "price_base": money.price_base(self.frame),
            "own_data": self.identity()["data"],
            "warnings": [*own, *cautions(self.catalogue, bound.services, own_list)],
        }

    def _names(self, bound: CareOfWorld) -> pl.DataFrame:
        """Labels of every id that a table of care holds."""
        labels = {
            "setting": {
                **self.settings,
                "unexplained": "Named by no service",
                "capital": "Capital, apart from revenue",
            },
            "service": dict(zip(bound.services.ids, bound.services.labels, strict=True)),
            "payer": {str(p["id"]): str(p["label"]) for p in self.catalogue.entities("payers")},
            "staff_group": workforce.staff_groups(self.catalogue),
            "bed_type": beds.bed_types(self.catalogue),
            "specialty": waits.specialties(self.catalogue),
            "settlement": funding.settlements(self.catalogue),
            "driver": {one: tables.words(one) for one in drivers.DRIVERS},
        }
        rows = [
            (kind, one, text, "") for kind, named in labels.items() for one, text in named.items()
        ]
        rows += tables.measure_names(
            bound.services, self.settings, labels["staff_group"], labels["settlement"]
        )
        rows += checks.names(self.catalogue)
        return pl.DataFrame(rows, schema=["kind", "id", "label", "unit"], orient="row")

    @cached_property
    def public(self) -> frozenset[str]:
        """The payers whose money is public."""
        return frozenset(str(p["id"]) for p in self.catalogue.entities("payers") if p["public"])

    @cached_property
    def settings(self) -> dict[str, str]:
        """Labels of the settings of care by id, in the catalogue's order."""
        return {str(s["id"]): str(s["label"]) for s in self.catalogue.entities("settings")}

    @property
    def central(self) -> CareOfWorld:
        """Care of the first world that was taken up: that of the central parameters."""
        assert self._central is not None, "nothing has been bound yet"
        return self._central


@dataclass(frozen=True)
class CareOfWorld:
    """Care for one world under one draw of the parameters.

    Attributes:
        care: what was asked.
        parameters: the draw.
        services: the services.
        england: their rates as England's totals give them.
        rates: the same with the board's own totals.
        place_factor: ``[P, L]`` what multiplies what the engine counts in each place: registered
            lists in place of residents, and the board's own totals.
        prices: what units cost, with the board's own prices.
        tables: the world's tables with the rates beside the hazards.
        local: the board's own figures, before and after.
        funding: what payers have.
    """

    care: Care
    parameters: Parameters
    services: Services
    england: Rates
    rates: Rates
    place_factor: Array
    prices: money.Prices
    tables: Tables
    funding: funding.Funding
    local: tuple[local_rows.LocalRow, ...]
    fitted: local_fit.Fitted | None

    @classmethod
    def of(cls, care: Care, parameters: Parameters, world: World) -> CareOfWorld:
        """Works out everything that does not wait for the lives to be lived."""
        area, frame, data = care.area, care.frame, care.data
        offered = services(parameters)
        england = rates(offered, care.catalogue, frame.base_year, drawn=parameters.draw is not None)
        factor = np.ones((len(area.places), len(offered.ids)))
        registered = np.array([basis == "registered" for basis in offered.basis])
        factor[:, registered] = list_inflation(care.catalogue, area)[:, None]
        own = england
        fitted = None
        rows: list[local_rows.LocalRow] = []
        if data is not None and data.of("prevalence"):
            without = prevalence.targets(parameters, area, world.residents, frame.base_year)
            conditions = [str(c["id"]) for c in care.catalogue.entities("conditions")]
            places = [place.code for place in area.places]
            rows += local_rows.prevalence_rows(
                data, world.residents, without, world.targets, conditions, places
            )
        if data is not None:
            fitted = local_fit.fitted(
                data, parameters, area, world, offered, england, factor, frame.base_year
            )
            if fitted is not None:
                own = fitted.rates(england)
                factor = factor * fitted.place_factor(len(offered.ids))
                rows += fitted.rows
        costs = money.prices(parameters, offered, frame)
        need = funding.need(offered, england, costs)
        held = funding.funding(parameters, care.catalogue, area, frame, need)
        if data is not None:
            unit_cost, more = local_rows.unit_costs(
                data, costs.unit_cost, offered, parameters, frame.base_year
            )
            rows += more
            costs = replace(costs, unit_cost=unit_cost)
            by_payer, more = local_rows.own_funding(
                data, held.by_payer, held.payers, costs.deflator, frame.base_year
            )
            rows += more
            held = replace(held, by_payer=by_payer)
        return cls(
            care=care,
            parameters=parameters,
            services=offered,
            england=england,
            rates=own,
            place_factor=factor,
            prices=costs,
            tables=replace(world.tables, rate=own.rate, load_ratio=own.load_ratio),
            funding=held,
            local=tuple(rows),
            fitted=fitted,
        )

    def use(self, tallies: Tallies) -> Use:
        """What the people used, from what the engine counted with :attr:`tables`."""
        care = self.care
        used = use(tallies, self.services, self.rates, care.area, care.frame, self.place_factor)
        if self.fitted is None:
            return used
        closing = self.fitted.closing(used.activity[0].sum(axis=(1, 2)))
        return replace(used, activity=used.activity * closing[:, None, None, :])

    def more(self, of: str) -> Array | None:
        """What multiplies capacity: nothing here, and what an arm of a plan adds to it there.

        Args:
            of: "beds" for ``[Y, types]``, "planned_care" for ``[Y]``.
        """
        return None

    def _own(self, used: Use) -> tuple[local_rows.LocalRow, ...]:
        """Every figure of the board's own, before and after."""
        care, data = self.care, self.care.data
        assert data is not None
        posts = workforce.in_post(self.parameters, care.catalogue, used, self.prices)
        lists = waits.waits(self.parameters, care.catalogue, used)[0]
        size = lists[:, list(waits.MEASURES).index("list_size")]
        listed = dict(zip(waits.specialties(care.catalogue), size.tolist(), strict=True))
        return (
            *self.local,
            *local_rows.staff_rows(data, posts),
            *local_rows.waiting_rows(data, listed),
        )

    def measure(self, tallies: Tallies) -> dict[str, Array]:
        """Every array of care that a run reports; see :func:`leftshift.care.tables.frames`."""
        care, used = self.care, self.use(tallies)
        parameters, catalogue = self.parameters, care.catalogue
        settings = tuple(care.settings)
        spent = money.spend(used, self.prices)
        gap = funding.gap(spent, self.services, self.funding, settings)
        staff = workforce.staff(parameters, catalogue, used, self.prices, care.data)
        capacity = workforce.care_capacity(parameters, catalogue, care.frame.years)
        bed = beds.beds(parameters, catalogue, used, capacity, self.more("beds"))
        waiting = waits.waits(
            parameters, catalogue, used, care.data, more=self.more("planned_care")
        )
        if care._central is self:
            care._checks = checks.checks(self, used)
            if care.data is not None:
                care._own_rows = self._own(used)
        return {
            "care_activity": used.activity,
            "care_spend": spent,
            "care_staff": staff,
            "care_beds": bed,
            "care_waits": waiting,
            "care_gap": gap,
            "care_drivers": drivers.drivers(used, self.rates, self.prices, settings),
            "care_summary": tables.summary(
                used.activity, spent, used.place_people, self.services, settings, care.public
            ),
            "care_whole": tables.whole(staff, bed, waiting, gap),
        }
