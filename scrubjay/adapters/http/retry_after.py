"""How long somebody asks us to wait, as the header says it (RFC 9110, 10.2.3)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def retry_after_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """How long the endpoint asks us to wait, in seconds, never negative; None when it says nothing readable.

    Args:
        headers: of the response; `retry-after-ms` goes before `retry-after` (seconds or an HTTP date).
        now: the time that a date is compared with.
    """
    for header, unit_seconds in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(header, "")) * unit_seconds
        except ValueError:
            continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    try:
        date = parsedate_to_datetime(headers.get("retry-after", ""))
    except ValueError:
        return None
    # A date in an unknown zone ("-0000") comes without one; HTTP dates are in UTC.
    return max(0.0, ((date if date.tzinfo else date.replace(tzinfo=UTC)) - now).total_seconds())
