"""Dating: a time that a caller gave is taken if it can be true, and only clocks that agree can say that it cannot."""

from __future__ import annotations

from datetime import datetime, timedelta

from memory.errors import Misdated
from memory.model import Submission
from memory.ports import Clock

_A_DAY = timedelta(days=1)


async def dated(submission: Submission, clock: Clock) -> Submission:
    """The turn with its timestamp, or without one where nobody can tell whether it is true.

    Raises Misdated where the timestamp is more than a day ahead of clocks that agree.
    """
    if not await is_misdated("timestamp", submission.timestamp, clock):
        return submission
    return submission.model_copy(update={"timestamp": None})


async def is_misdated(field: str, moment: datetime | None, clock: Clock) -> bool:
    """Whether a time is more than a day ahead though one of our clocks is wrong: then it is not to be used.

    Raises Misdated, which names the field, where the clocks agree.
    """
    if moment is None or moment <= await clock.now() + _A_DAY:
        return False
    if await clock.agrees():
        raise Misdated(f"{field} is more than a day ahead: give the time at which it was said, in UTC, or none")
    return True
