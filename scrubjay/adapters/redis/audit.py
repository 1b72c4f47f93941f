"""The audit of ledgers: the elected sweep reads a few tenants' at a time, and logs what is wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from scrubjay.adapters.redis.limits import READY, InboxLimits
from scrubjay.adapters.redis.pulse import RedisPulse
from scrubjay.adapters.redis.scripts.order import clock
from scrubjay.adapters.redis.scripts.runner import RedisScripts, answered
from scrubjay.adapters.redis.scripts.sweeping import AuditedLedger, audit, audited
from scrubjay.errors import InboxUnavailable
from scrubjay.model.clock import from_us
from scrubjay.model.ledger import InboxState

log = structlog.get_logger(__name__)

_TENANTS_A_LOOK = 100
_MOST_LANES = 2_000  # to count what waits in more would keep Redis from others for longer than a few milliseconds
_LATE_SWEEPS = 5
_LATE_SECONDS = 10


class RedisAudit:
    """Audits the ledgers, and tells how the inbox is: the port `Watch` on Redis.

    Args:
        redis: an open client with undecoded answers; closed by whoever opened it.
        scripts: runs the steps.
        pulse: how the queue is.
        limits: the inbox's.
    """

    def __init__(self, redis: Redis, scripts: RedisScripts, pulse: RedisPulse, limits: InboxLimits) -> None:
        self._redis = redis
        self._scripts = scripts
        self._pulse = pulse
        self._limits = limits
        self._keys = scripts.keys

    async def look(self) -> None:
        """Read the next few tenants' ledgers and compare the counters with what really waits."""
        step = await audit(self._scripts, _TENANTS_A_LOOK, _MOST_LANES)
        for row in step.ledgers:
            _check(row)
        drift = None if step.listed is None else step.backlog - step.listed
        if drift:
            log.error("backlog_wrong", backlog=step.backlog, waiting=step.listed)
        await audited(self._scripts, step.cursor, drift)

    async def state(self) -> InboxState:
        """How the inbox is. Raises InboxUnavailable."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.hmget(self._keys.audit, "audits", "at_us", "drift")
            pipeline.get(self._keys.backlog)
            pipeline.zcard(self._keys.lanes)
            (audits, at_us, drift), backlog, awake = await answered(pipeline.execute())
        clocks = await clock(self._scripts)
        late_s = max(_LATE_SECONDS, _LATE_SWEEPS * self._limits.sweep_seconds)
        queue, late_ms = await self._pulse.queue(), clocks.monotonic_ms - late_s * 1000
        overdue = await answered(self._redis.zcount(self._keys.lanes, "-inf", late_ms))
        if not queue.workers:  # else whoever waits for a turn is not forgotten, however long that takes
            overdue += await answered(self._redis.zcount(self._keys.lanes, READY, READY + late_ms))
        info, appendfsync = await self._unless_refused(self._redis.info()), await self._appendfsync()
        # Where it has never been done, the time since Redis started tells whether it should have been. Seen from a
        # clock that has gone back, it was done ahead of now, and may be late all the same.
        silent_s = abs(clocks.now_us - int(at_us)) / 1_000_000 if at_us else (info or {}).get("uptime_in_seconds", 0)
        return InboxState(
            backlog=int(backlog or 0),
            max_backlog=self._limits.max_backlog,
            backlog_drift=int(drift or 0),
            audits=int(audits or 0),
            audited_at=from_us(at_us) if at_us else None,
            audit_is_late=silent_s > late_s,
            lanes_awake=awake,
            lanes_overdue=overdue,
            queue=queue,
            used_bytes=None if info is None else info.get("used_memory", 0),
            max_bytes=None if info is None else info.get("maxmemory", 0),
            settings={**_settings(info or {}), **({"appendfsync": appendfsync} if appendfsync else {})},
            read_at=from_us(clocks.now_us),
            clock_jumps=clocks.jumps,
            clock_jumped_seconds=clocks.jump_ms / 1000,
        )

    async def _appendfsync(self) -> str | None:
        settings = await self._unless_refused(self._redis.config_get("appendfsync"))
        value = next(iter((settings or {}).values()), None)
        return None if value is None else _text(value)

    @staticmethod
    async def _unless_refused(call: Awaitable[Any]) -> Mapping[Any, Any] | None:
        """What Redis tells of itself; None where its user may not ask (`-@dangerous`), or it is a managed one."""
        try:
            answer: Mapping[Any, Any] = await answered(call)
        except InboxUnavailable as error:
            if isinstance(error.__cause__, ResponseError):
                return None
            raise
        return answer


def _check(row: AuditedLedger) -> None:
    """Check a tenant's ledger in Redis against its status sets and waiting lists; log `ledger_unbalanced` if wrong."""
    ledger = row.ledger
    if not ledger.balanced or row.counted != ledger.waiting or row.listed not in (None, ledger.waiting):
        figures = {name: getattr(ledger, name) for name in ("accepted", "settled", "waiting", "dead", "erased", "lost")}
        log.error("ledger_unbalanced", tenant=row.tenant, **figures, counted=row.counted, listed=row.listed)


def _settings(info: Mapping[str, Any]) -> dict[str, str]:
    """Read Redis' settings `appendonly` and `maxmemory-policy` from its answer to INFO, as far as it tells them."""
    settings = {}
    if "aof_enabled" in info:
        settings["appendonly"] = "yes" if info["aof_enabled"] else "no"
    if "maxmemory_policy" in info:
        settings["maxmemory-policy"] = str(info["maxmemory_policy"])
    return settings


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
