"""What strikes in a fault run, and how much of it belongs to a long and to a short one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Strike(StrEnum):
    """A fault, in the words of the report."""

    WORKER_KILLED = "worker killed (SIGKILL) with turns in work"
    WORKER_STALLED = "worker stopped past its lease, then continued"
    WORKER_ENDED = "worker ended (SIGTERM)"
    API_KILLED = "API killed (SIGKILL)"
    API_ENDED = "API ended (SIGTERM)"
    API_FROZEN = "API stopped for a while"
    REDIS_KILLED = "Redis killed (SIGKILL), back as the primary"
    REDIS_FROZEN = "Redis stopped for a while"
    REDIS_FULL = "Redis full (maxmemory)"
    REDIS_FAILOVER = "Redis failed over (FAILOVER)"
    REDIS_REPLICAOF = "Redis failed over (REPLICAOF)"
    REDIS_PROMOTED = "Redis killed (SIGKILL), its replica promoted"
    REDIS_CONNECTIONS_KILLED = "Redis connections closed (CLIENT KILL)"
    REDIS_IDLE_CLOSED = "Redis closes idle connections (timeout 1)"
    CLOCK_DURING_ERASE = "Redis' clock moved by hours during an erase"
    CLOCK_DURING_EDIT = "Redis' clock moved by hours during a hand edit"
    CLOCK_SLIGHTLY = "Redis' clock moved by seconds or minutes"
    QDRANT_KILLED = "Qdrant killed (SIGKILL)"
    QDRANT_FROZEN = "Qdrant stopped for a while"
    MODEL_WRONG = "model answers 20 % nonsense for a while"
    MODEL_SLOW = "model slow for a while"
    MODEL_REFUSING = "model refuses (429, 503) for a while"
    MODEL_GONE = "model killed, back after a while"
    OWNER_FORGOTTEN = "owner forgotten with turns in work"
    MEMORY_EDITED = "memory edited by hand with turns in work"


S = Strike


@dataclass(frozen=True)
class Size:
    """How big a fault run is.

    Args:
        turns: at least so many are accepted.
        lanes: of so many users.
        poisoned: lanes among them that get turns for which the model never has an answer.
        workers: worker processes.
        posters: clients at once; each posts for lanes of its own, in order.
        rate: turns a second that the clients try to post.
        lease_seconds: SCRUBJAY_LEASE_SECONDS.
        phase_seconds: how long the model is wrong, slow, refusing or gone.
        pause_seconds: between two strikes of a track, from and to.
        at_least: how often each fault has to take effect.
    """

    turns: int
    lanes: int
    poisoned: int
    workers: int
    posters: int
    rate: float
    lease_seconds: float
    phase_seconds: float
    pause_seconds: tuple[float, float]
    at_least: Mapping[Strike, int]


LONG = Size(
    turns=10_000,
    lanes=240,
    poisoned=12,
    workers=3,
    posters=40,
    rate=40,
    lease_seconds=3,
    phase_seconds=12,
    pause_seconds=(0.5, 4),
    at_least={
        S.WORKER_KILLED: 24, S.WORKER_STALLED: 12, S.WORKER_ENDED: 6,
        S.API_KILLED: 6, S.API_ENDED: 3, S.API_FROZEN: 3,
        S.REDIS_KILLED: 4, S.REDIS_FROZEN: 2, S.REDIS_FULL: 3,
        S.REDIS_FAILOVER: 2, S.REDIS_REPLICAOF: 2, S.REDIS_PROMOTED: 2,
        S.REDIS_CONNECTIONS_KILLED: 3, S.REDIS_IDLE_CLOSED: 2,
        S.CLOCK_DURING_ERASE: 5, S.CLOCK_DURING_EDIT: 5, S.CLOCK_SLIGHTLY: 6,
        S.QDRANT_KILLED: 6, S.QDRANT_FROZEN: 3,
        S.MODEL_WRONG: 4, S.MODEL_SLOW: 2, S.MODEL_REFUSING: 2, S.MODEL_GONE: 2,
        S.OWNER_FORGOTTEN: 12, S.MEMORY_EDITED: 10,
    },
)  # fmt: skip

SHORT = Size(
    turns=300,
    lanes=30,
    poisoned=2,
    workers=2,
    posters=10,
    rate=15,
    lease_seconds=2,
    phase_seconds=4,
    pause_seconds=(0.3, 1.5),
    at_least={
        S.WORKER_KILLED: 1, S.WORKER_STALLED: 1, S.WORKER_ENDED: 1,
        S.API_KILLED: 1, S.API_FROZEN: 1,
        S.REDIS_KILLED: 1, S.REDIS_FULL: 1, S.REDIS_REPLICAOF: 1,
        S.CLOCK_DURING_ERASE: 1,
        S.QDRANT_KILLED: 1, S.QDRANT_FROZEN: 1,
        S.MODEL_WRONG: 1, S.MODEL_GONE: 1,
        S.OWNER_FORGOTTEN: 1,
    },
)  # fmt: skip
