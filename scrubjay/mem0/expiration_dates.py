"""The day on which a memory expires, where a day is told: the last one on which it is recalled, in UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_A_DAY = timedelta(days=1)


def end(day: Any) -> Any:
    """The moment from which a memory is not recalled any more; what is no day is passed on for others to judge."""
    if not isinstance(day, str) or not _DAY.fullmatch(day):
        return day
    try:
        return datetime.combine(date.fromisoformat(day) + _A_DAY, time(), UTC)
    except (ValueError, OverflowError):
        return day


def of(expires_at: datetime | None) -> str | None:
    """The last day on which a memory is recalled, at least for a part of it."""
    return None if expires_at is None else (expires_at - timedelta(microseconds=1)).date().isoformat()
