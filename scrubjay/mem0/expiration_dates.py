"""Mem0's expiration dates: the last date, in UTC, on which a memory is recalled."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def end(expiration_date: Any) -> Any:
    """The moment from which a memory is not recalled any more; a value that is no date is returned unchanged."""
    if not isinstance(expiration_date, str) or not _DATE.fullmatch(expiration_date):
        return expiration_date
    try:
        return datetime.combine(date.fromisoformat(expiration_date) + timedelta(days=1), time(), UTC)
    except (ValueError, OverflowError):
        return expiration_date


def of(expires_at: datetime | None) -> str | None:
    """The last date on which a memory is recalled, at least for a part of it."""
    return None if expires_at is None else (expires_at - timedelta(microseconds=1)).date().isoformat()
