"""The inbox on Redis: accept, sweep, replay. Each call is one Lua script, so one atomic step; it forgets next door."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Sequence

from redis.asyncio import Redis

from scrubjay.adapters.crypto.owner_hashes import Pseudonyms
from scrubjay.adapters.redis.audit import RedisAudit
from scrubjay.adapters.redis.codec import encode_submission
from scrubjay.adapters.redis.erase.erasing import RedisErasing
from scrubjay.adapters.redis.limits import FULL, MOST_MESSAGES, READY, InboxLimits
from scrubjay.adapters.redis.order import UNSEEDED, RedisOrder
from scrubjay.adapters.redis.reviving import RedisReviving
from scrubjay.adapters.redis.scripts import Argument, RedisScripts, answered
from scrubjay.adapters.redis.trimming import trim_some
from scrubjay.adapters.redis.webhooks.wakeups import HookWakeups
from scrubjay.errors import IdempotencyConflict, InboxFull, LaneBusy, NotFound, StoreUnavailable, TurnFinished
from scrubjay.logging_setup import attempted
from scrubjay.model import OWNERS, Lane, Status, Submission
from scrubjay.ports import Accepted, Revived, WakeupMessages

_ACCEPT_SECONDS = 5
_SEED_SECONDS = 1
_UNSEEDED_AT = 12  # of the arguments of `accept`
_WOKEN_AT_ONCE, _MOST_WOKEN = 100, 20_000  # lanes, in a step and in a sweep
_LEAST_WAKING_SECONDS = 0.5
_WAKING_SHARE = 0.5  # of the time between two sweeps, at most
_DISCARD_SECONDS = 5
_DISCARD_LOOK_SECONDS = 0.05
_TRIMMING_SHARE = 0.25  # of the time between two sweeps, at most


class RedisInbox(RedisErasing):
    """The port `Inbox` on Redis 6.2 or newer (one primary; Redis Cluster is not supported).

    Args:
        redis: an open client with undecoded answers; closed by whoever opened it.
        scripts: runs the steps.
        wakeups: makes the message that wakes a worker.
        limits: bounds.
        pseudonyms: what stands for an owner.
        order: runs the steps that draw a fencing token.
    """

    def __init__(
        self,
        redis: Redis,
        scripts: RedisScripts,
        wakeups: WakeupMessages,
        limits: InboxLimits,
        pseudonyms: Pseudonyms,
        order: RedisOrder,
    ) -> None:
        super().__init__(redis, scripts, wakeups, limits, pseudonyms, order)
        self._run_soon = scripts.run_soon
        self._audit = RedisAudit(redis, scripts, limits)
        self._hooks = HookWakeups(redis, scripts, wakeups)
        self._keys = scripts.keys
        self._reviving = RedisReviving(redis, scripts, wakeups, limits)

    async def ping(self) -> None:
        """Raises InboxUnavailable when Redis does not answer, or takes no writes: a replica answers a PING as well."""
        await answered(self._redis.delete(self._keys.nothing))

    async def accept(self, submission: Submission, *, idempotency_key: str | None = None) -> Accepted:
        """Take a turn in. Raises InboxFull or IdempotencyConflict, and then nothing was taken.

        Raises InboxUnavailable when Redis does not answer in time: it may have been taken all the same, so whoever asks
        again sends the same key.
        """
        scope, lane = submission.scope, submission.scope.lane
        turn_id, body, limits = str(uuid.uuid4()), encode_submission(submission), self._limits
        names = [
            self._keys.turn(scope.tenant, turn_id),
            self._keys.waiting(lane),
            self._keys.lane(lane),
            self._keys.owned(lane),
            self._keys.status(scope.tenant, Status.QUEUED),
            self._keys.ledger(scope.tenant),
            self._keys.lanes,
            self._keys.backlog,
            self._wakeups.queue,
            self._keys.tenants,
        ]
        args: list[Argument] = [
            turn_id,
            lane.key,
            scope.tenant,
            body,
            self._wakeups.message(),
        ]
        args += [MOST_MESSAGES, limits.max_backlog, limits.max_lane_backlog]
        args += [*(scope.ids.get(field, "") for field in OWNERS), 0, *limits.tenant_backlog]
        if idempotency_key is not None:
            names.append(self._keys.idempotency(scope.tenant, await self._pseudonyms.idempotency(idempotency_key)))
            args.append(await self._pseudonyms.body(body))
        outcome, answer = await self._run_soon("accept", names, args, _ACCEPT_SECONDS)
        if outcome == UNSEEDED:
            with contextlib.suppress(StoreUnavailable, TimeoutError):  # accepting needs Redis alone
                async with asyncio.timeout(_SEED_SECONDS):
                    await self._order.seed()
            again = [*args[:_UNSEEDED_AT], 1, *args[_UNSEEDED_AT + 1 :]]
            outcome, answer = await self._run_soon("accept", names, again, _ACCEPT_SECONDS)
        return _accepted(outcome, answer)

    async def sweep(self) -> int:
        """Make lanes ready that are due and unheld, and wake workers; then trim and audit. Returns the messages sent.

        Every process may call it as often as it likes: Redis lets one through per `sweep_seconds`. Each of these steps
        is done, whatever becomes of the others.
        """
        elected = await self._run("elect", [self._keys.sweeper], [self._limits.sweep_ms])
        if not elected:
            return 0
        monotonic_ms, now_us = map(int, elected)
        await attempted("wake", self._wake())
        sent = await attempted("ring", self._ring()) or 0
        sent += await attempted("webhooks", self._hooks.ring_due(monotonic_ms)) or 0
        oldest_us = now_us - self._limits.retention_seconds * 1_000_000
        share = self._limits.sweep_seconds * _TRIMMING_SHARE
        await attempted("trim", trim_some(self._redis, self._run, self._keys, oldest_us, share))
        await attempted("audit", self._audit.look())
        return sent

    async def _wake(self) -> None:
        """Make ready what is due. What is due for longest comes first; the rest waits for the next sweep."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + max(self._limits.sweep_seconds * _WAKING_SHARE, _LEAST_WAKING_SECONDS)
        for _ in range(0, _MOST_WOKEN, _WOKEN_AT_ONCE):
            looked_at = await self._run("wake", [], [_WOKEN_AT_ONCE, self._limits.longest_lease_ms])
            if looked_at < _WOKEN_AT_ONCE or clock() > deadline:
                break

    async def _ring(self) -> int:
        """Send as many messages as lanes are ready, up to the most there may be: some may have been lost."""
        ready = await answered(self._redis.zcount(self._keys.lanes, READY, "+inf"))
        missing = min(ready, MOST_MESSAGES) - await answered(self._redis.llen(self._wakeups.queue))
        if missing <= 0:
            return 0
        messages = [self._wakeups.message() for _ in range(missing)]
        return int(await self._run("ring", [self._wakeups.queue], [MOST_MESSAGES, *messages]))

    async def revive(self, tenant: str, turn_ids: Sequence[str], *, replay: bool) -> Revived:
        """Replay dead turns in this order, as far as the limits of what waits allow, or discard them."""
        return await self._reviving.revive(tenant, turn_ids, replay=replay)

    async def discard(self, tenant: str, turn_id: str) -> None:
        """Give up a turn that waits, or is dead: its text is removed, and its lane goes on without it.

        Raises NotFound, TurnFinished, or LaneBusy while what came of it is being written.
        """
        deadline = asyncio.get_running_loop().time() + _DISCARD_SECONDS
        while _is_busy(await self._discarded(tenant, turn_id)):
            if asyncio.get_running_loop().time() > deadline:
                raise LaneBusy("what came of this turn is being written just now", retry_after_seconds=1)
            await asyncio.sleep(_DISCARD_LOOK_SECONDS)

    async def _discarded(self, tenant: str, turn_id: str) -> bytes:
        turn = self._keys.turn(tenant, turn_id)
        status, key = await answered(self._redis.hmget(turn, "status", "lane"))
        if status is None or key is None:  # what was erased names no lane
            return status or b""
        if status == Status.DEAD.value.encode():
            return b"discarded" if (await self.revive(tenant, [turn_id], replay=False)).count else b"busy"
        lane = Lane.parse(key.decode())
        names = [turn, self._keys.lease(lane), self._keys.lane(lane), self._keys.waiting(lane), self._keys.plan(lane)]
        names += [self._keys.ledger(tenant), self._keys.backlog, self._keys.owned(lane)]
        names += [self._wakeups.queue, self._keys.erasing(lane)]
        args: list[Argument] = [turn_id, lane.key, *self._keys.prefixes(lane), self._wakeups.message()]
        args += [MOST_MESSAGES, self._limits.retention_seconds, self._limits.longest_lease_ms]
        return bytes(await self._run("discard", names, args))


def _is_busy(outcome: bytes) -> bool:
    """Whether the script `discard` has to be run again; raises where there is nothing to discard."""
    if outcome == b"":
        raise NotFound("there is no turn with this id; statuses are kept for the retention time")
    if outcome in (b"settled", b"erased"):
        raise TurnFinished(f"the turn is {outcome.decode()}: it does not wait any more")
    return outcome != b"discarded"


def _accepted(outcome: bytes, answer: bytes) -> Accepted:
    """Turn the answer of the Lua script `accept` into an `Accepted`. Raises IdempotencyConflict or InboxFull."""
    if outcome == b"conflict":
        raise IdempotencyConflict("this Idempotency-Key was used before with another body; use a new key")
    if outcome in FULL:
        raise InboxFull(f"{FULL[outcome]}; try again later", retry_after_seconds=5)
    return Accepted(id=answer.decode(), repeated=outcome == b"repeated")
