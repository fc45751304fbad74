"""What an area's people use, from the loads that the engine counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leftshift.areas import Area
from leftshift.care.rates import Rates
from leftshift.care.services import Services
from leftshift.engine import Tallies
from leftshift.engine import lives as lanes
from leftshift.people.model import Frame
from leftshift.people.tables import financial_years

__all__ = ["Use", "growth", "use"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Use:
    """Activity of one draw in one arm (years Y, places P, services L).

    Attributes:
        frame: the years.
        area: the area.
        services: the services, of the same draw.
        rates: their rates, of the same draw.
        activity: ``[Y, P, 5, 6, L]`` units in each financial year by place, quintile and segment,
            with growth beyond demography and the last year of life.
        people: ``[Y, 10, 106]`` mean number of people during each financial year by stratum (sex
            x 5 + quintile) and age.
        deaths: ``[Y, 10, 106]`` deaths in each financial year by stratum and age at the 30 June
            before; children who die before their first 30 June are in age 0.
        place_people: ``[Y, P, 5]`` mean number of people by place and quintile.
        segment_people: ``[Y, P, 5, 6]`` the same by segment 0 to 5.
    """

    frame: Frame
    area: Area
    services: Services
    rates: Rates
    activity: Array
    people: Array
    deaths: Array
    place_people: Array
    segment_people: Array


def growth(services: Services, frame: Frame) -> Array:
    """Growth beyond demography since the base year, ``[Y, L]``, 1 in the base year."""
    years = np.arange(frame.years + 1, dtype=np.float64)[:, None]
    grown: Array = (1.0 + services.growth) ** years
    return grown


def use(
    tallies: Tallies,
    services: Services,
    rates: Rates,
    area: Area,
    frame: Frame,
    place_factor: Array,
) -> Use:
    """Turn the engine's loads into activity by financial year.

    Args:
        tallies: what the engine counted with ``rates`` in its tables.
        services: the services.
        rates: their rates.
        area: the area, whose places are the tallies' groups.
        frame: the years.
        place_factor: ``[P, L]`` what multiplies each place's activity: registered lists in place
            of residents, and a board's own totals.

    Returns:
        The activity and the people that it belongs to.
    """
    assert tallies.load is not None, "the tables were simulated without rates"
    years, places, steps = frame.years + 1, len(area.places), frame.steps
    # [G, T, 6, L] -> [T, P, 5, 6, L]; sexes are added up, for no table of care is split by them
    load = tallies.load.reshape(places, 2, 5, steps, 6, -1).sum(axis=1).transpose(2, 0, 1, 3, 4)
    dead = [lanes.DEATHS_OF_CHILDREN, *(lanes.DEATHS_BY_SEGMENT + s for s in range(5))]
    died = np.stack([tallies.flow[..., one].sum(axis=2) for one in dead], axis=-1)  # [G, T, 6]
    died = died.reshape(places, 2, 5, steps, 6).sum(axis=1).transpose(2, 0, 1, 3)
    activity = financial_years(load)[:years]
    dying = financial_years(died)[:years]
    last = np.flatnonzero(rates.last_year)
    activity[..., last] += dying[..., None] * rates.last_year[last]
    activity *= place_factor[:, None, None, :]
    activity *= growth(services, frame)[:, None, None, None, :]

    held = np.moveaxis(tallies.stock_age[..., 0], 1, 0)  # [T + 1, 10, 106]
    by_age = np.moveaxis(tallies.flow_age[..., 0], 1, 0)  # [T, 10, 107], row 0 is birth to June
    by_age = np.concatenate([by_age[..., :1] + by_age[..., 1:2], by_age[..., 2:]], axis=-1)
    stock = tallies.stock.reshape(places, 2, 5, steps + 1, *tallies.stock.shape[2:])
    lane = [lanes.CHILDREN, *range(lanes.SEGMENTS, lanes.SEGMENTS + 5)]
    segments = np.stack([stock[..., one].sum(axis=(1, 4)) for one in lane], axis=-1)
    segments = np.moveaxis(segments, 2, 0)  # [T + 1, P, 5, 6]
    mean = _mean_by_year(segments, years)
    return Use(
        frame=frame,
        area=area,
        services=services,
        rates=rates,
        activity=activity,
        people=_mean_by_year(held, years),
        deaths=financial_years(by_age)[:years],
        place_people=mean.sum(axis=-1),
        segment_people=mean,
    )


def _mean_by_year(stock: Array, years: int) -> Array:
    """Mean people during each financial year from stocks at 30 June, along the first axis.

    The engine's loads are means of the two ends of a step too, so that a rate times these people
    gives what it counts.
    """
    return financial_years((stock[:-1] + stock[1:]) / 2.0)[:years]
