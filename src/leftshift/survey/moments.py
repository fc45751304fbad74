"""Days and times as survey tools write them."""

from __future__ import annotations

import datetime
import re

__all__ = ["moment_of", "month_first_of"]

_DAY = re.compile(r"^(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4}|\d{2})(?:[ T,]+(.*))?$")
_CLOCK = re.compile(r"^(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?\s*([AaPp][Mm])?")


def month_first_of(stamps: list[str]) -> bool:
    """Says whether dates can only be read with the month first, as American tools write them."""
    parts = [found for text in stamps if (found := _DAY.match(text))]
    day = any(int(one[1]) > 12 for one in parts)
    return not day and any(int(one[2]) > 12 for one in parts)


def moment_of(text: str, month_first: bool) -> datetime.datetime | None:
    """Reads a day, or a day and time, as survey tools write them; None where it is none.

    Args:
        text: such as 2025-10-01 09:00, 01/10/2025 or 10/1/2025 9:00 AM.
        month_first: whether the month stands first where both come before the year.
    """
    try:
        found = datetime.datetime.fromisoformat(text)
        return found.replace(tzinfo=None)
    except ValueError:
        pass
    parts = _DAY.match(text)
    if parts is None:
        return None
    first, second, year = int(parts[1]), int(parts[2]), int(parts[3])
    day, month = (second, first) if month_first else (first, second)
    clock = _CLOCK.match(parts[4] or "")
    hour, minute, second = (int(part or 0) for part in clock.groups()[:3]) if clock else (0, 0, 0)
    if clock and clock[4] and hour <= 12:
        hour = hour % 12 + (12 if clock[4].casefold() == "pm" else 0)
    try:
        return datetime.datetime(
            year + 2000 if year < 100 else year, month, day, hour, minute, second
        )
    except ValueError:
        return None
