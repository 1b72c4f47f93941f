"""How the service is: each part with its reason, and what its queue looks like."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from pydantic import Field

from scrubjay.model.value import Value


class Readiness(StrEnum):
    """Whether turns can be accepted, and whether everything behind works."""

    READY = "ready"
    DEGRADED = "degraded"  # turns are accepted, and something behind needs a person
    UNREADY = "unready"  # turns cannot be accepted


class Part(Value):
    """One part of the service.

    Args:
        ok: whether it works.
        reason: one sentence on what is wrong; None where it works.
        since: since when it does not work, as far as that is known.
        limits: what it cannot do as it is set up, one sentence each; it works all the same.
    """

    ok: bool = True
    reason: str | None = None
    since: datetime | None = None
    limits: tuple[str, ...] = ()


class Health(Value):
    """How the service is, with every part by name."""

    status: Readiness
    parts: Mapping[str, Part]


class Trouble(Value):
    """What is wrong with a part, in one sentence, and since when if the part itself knows."""

    reason: str
    since: datetime | None = None


class QueueState(Value):
    """How the queue of turns is.

    Args:
        lanes: lanes in which turns wait or are worked on.
        backing_off: of these, lanes that sleep after a failure.
        oldest_due_seconds: for how long the oldest due turn has been due; None where none is due. A turn is due from
            its acceptance or its last replay, and in a lane that backed off from the end of that pause.
        workers: worker processes that were seen in the last seconds.
    """

    lanes: int = 0
    backing_off: int = 0
    oldest_due_seconds: float | None = None
    workers: int = 0


class Thresholds(Value):
    """From when on the queue counts as degraded.

    Args:
        lanes_percent: more than this share of the lanes backs off,
        lanes_least: and at least so many lanes.
        due_seconds: the oldest due turn has been due for longer.
    """

    lanes_percent: float = Field(5, ge=0, le=100)
    lanes_least: int = Field(3, ge=1)
    due_seconds: float = Field(60, gt=0)
