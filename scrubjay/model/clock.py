"""Times as Redis keeps them: microseconds since 1970, exact in both directions. And a process' own clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def from_us(stamp: int | str | bytes) -> datetime:
    """Microseconds since 1970 as a UTC time."""
    return _EPOCH + timedelta(microseconds=int(stamp))


def to_us(moment: datetime) -> int:
    """A time as microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


class OwnClock:
    """The port `Clock` by this process' own clock: for programs that have no Redis."""

    async def now(self) -> datetime:
        """The time in UTC by this process' own clock, for programs that have no Redis: no server is asked."""
        return datetime.now(UTC)

    async def agrees(self) -> bool:
        """There is no other clock."""
        return True

    async def look(self) -> None:
        """Do nothing: a process that has no Redis has no other clock to compare its own with."""


OWN_CLOCK = OwnClock()
