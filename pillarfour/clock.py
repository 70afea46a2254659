"""The only place that reads the time of day."""

import os
from datetime import UTC, date, datetime

from pillarfour.errors import ConfigurationError


def now() -> datetime:
    """Say what time it is, or the time an exercise has set in ``PILLARFOUR_NOW``.

    Returns
    -------
    datetime
        Aware, in UTC.

    Raises
    ------
    ConfigurationError
        If ``PILLARFOUR_NOW`` is not an ISO 8601 time with its offset.
    """
    pinned = os.environ.get("PILLARFOUR_NOW")
    if pinned is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(pinned)
    except ValueError as cause:
        raise ConfigurationError(f"PILLARFOUR_NOW: {pinned!r} is no ISO 8601 time; write it as 2021-08-15T06:00:00+00:00") from cause
    if moment.tzinfo is None:
        raise ConfigurationError(f"PILLARFOUR_NOW: {pinned!r} has no offset; write it as 2021-08-15T06:00:00+00:00")
    return moment.astimezone(UTC)


def today() -> date:
    """Say which day it is, in UTC."""
    return now().date()
