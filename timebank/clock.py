"""The one place that reads the clock; everything else is handed the time."""

import datetime as dt


def utc_now() -> dt.datetime:
    """Return the present moment as an aware UTC datetime."""
    return dt.datetime.now(dt.UTC)
