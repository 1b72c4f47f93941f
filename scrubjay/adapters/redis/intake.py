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
from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.adapters.redis.order import UNSEEDED, RedisOrder
from scrubjay.adapters.redis.scripts import Argument, RedisScripts, answered
from scrubjay.adapters.redis.trimming import trim_some
from scrubjay.adapters.redis.webhooks.wakeups import HookBells
from scrubjay.errors import IdempotencyConflict, InboxFull, LaneBusy, NotFound, StoreUnavailable, TurnFinished
from scrubjay.model import OWNERS, Lane, Status, Submission
from scrubjay.ports import Accepted, Doorbell

_ACCEPT_SECONDS = 5
_SEED_SECONDS = 1
_UNSEEDED_AT = 12  # of the arguments of `accept`
_MOST_BELLS = 1_000
_REVIVED_AT_ONCE = 100
_DISCARD_SECONDS = 5
_DISCARD_LOOK_SECONDS = 0.05
_TRIMMING_SHARE = 0.25  # of the time between two sweeps, at most


class RedisInbox(RedisErasing):
    """The port `Inbox` on Redis 6.2 or newer (one primary; Redis Cluster is not supported).

    Args:
        redis: an open client with undecoded answers; closed by whoever opened it.
        scripts: runs the steps.
        bell: makes the message that wakes a worker.
        limits: bounds.
        pseudonyms: what stands for an owner.
        order: runs the steps that draw a fencing token.
    """

    def __init__(
        self,
        redis: Redis,
        scripts: RedisScripts,
        bell: Doorbell,
        limits: InboxLimits,
        pseudonyms: Pseudonyms,
        order: RedisOrder,
    ) -> None:
        super().__init__(redis, scripts, bell, limits, pseudonyms, order)
        self._run_soon = scripts.run_soon
        self._audit = RedisAudit(redis, scripts, limits)
        self._hooks = HookBells(redis, scripts, bell)
        self._keys = scripts.keys

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
            self._bell.queue,
            self._keys.tenants,
        ]
        args: list[Argument] = [
            turn_id,
            lane.key,
            scope.tenant,
            body,
            self._bell.message(lane),
        ]
        args += [limits.lease_ms, limits.max_backlog, limits.max_lane_backlog]
        args += [*(scope.ids.get(field, "") for field in OWNERS), 0]
        if idempotency_key is not None:
            names.append(self._keys.idempotency(scope.tenant, await self._pseudonyms.idempotency(idempotency_key)))
            args.append(await self._pseudonyms.body(body))
        outcome, found = await self._run_soon("accept", names, args, _ACCEPT_SECONDS)
        if outcome == UNSEEDED:
            with contextlib.suppress(StoreUnavailable, TimeoutError):  # accepting needs Redis alone
                async with asyncio.timeout(_SEED_SECONDS):
                    await self._order.seed()
            again = [*args[:_UNSEEDED_AT], 1, *args[_UNSEEDED_AT + 1 :]]
            outcome, found = await self._run_soon("accept", names, again, _ACCEPT_SECONDS)
        return _accepted(outcome, found)

    async def sweep(self) -> int:
        """Ring for every lane that is due and unheld, as far as the queue has room; then trim and audit.

        Returns the bells rung.

        Every process may call it as often as it likes: Redis lets one through per `sweep_seconds`.
        """
        elected = await self._run("elect", [self._keys.sweeper], [self._limits.sweep_ms])
        if not elected:
            return 0
        monotonic_ms, now_us = map(int, elected)
        rung = await self._ring_due(monotonic_ms) + await self._hooks.ring_due(monotonic_ms)
        oldest_us = now_us - self._limits.retention_seconds * 1_000_000
        await trim_some(self._redis, self._run, self._keys, oldest_us, self._limits.sweep_seconds * _TRIMMING_SHARE)
        await self._audit.look()
        return rung

    async def _ring_due(self, monotonic_ms: int) -> int:
        room = _MOST_BELLS - await answered(self._redis.llen(self._bell.queue))
        if room <= 0:
            return 0
        due = await answered(self._redis.zrangebyscore(self._keys.lanes, "-inf", monotonic_ms, start=0, num=room))
        return sum(await asyncio.gather(*(self._ring(Lane.parse(key.decode())) for key in due)))

    async def _ring(self, lane: Lane) -> int:
        names = [self._keys.lease(lane), self._keys.lanes, self._bell.queue]
        args: list[Argument] = [lane.key, self._bell.message(lane), self._limits.lease_ms]
        return int(await self._run("ring", names, [*args, self._limits.longest_lease_ms]))

    async def revive(self, tenant: str, turn_ids: Sequence[str], *, replay: bool) -> int:
        """Replay dead turns in this order, or discard them; returns how many there were."""
        revived = 0
        for start in range(0, len(turn_ids), _REVIVED_AT_ONCE):
            chunk = turn_ids[start : start + _REVIVED_AT_ONCE]
            async with self._redis.pipeline(transaction=False) as pipeline:
                for turn_id in chunk:
                    pipeline.hget(self._keys.turn(tenant, turn_id), "lane")
                lanes = await answered(pipeline.execute())
            known = [(turn_id, lane.decode()) for turn_id, lane in zip(chunk, lanes, strict=True) if lane]
            # The calls are begun one after the other, and the scripts run in the order in which they were begun.
            steps = [self._revive(tenant, turn_id, Lane.parse(lane), replay) for turn_id, lane in known]
            revived += sum(await asyncio.gather(*steps))
        return revived

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
            return b"discarded" if await self.revive(tenant, [turn_id], replay=False) else b"busy"
        lane = Lane.parse(key.decode())
        names = [turn, self._keys.lease(lane), self._keys.lane(lane), self._keys.waiting(lane), self._keys.plan(lane)]
        names += [self._keys.ledger(tenant), self._keys.backlog, self._keys.owned(lane), self._keys.lanes]
        names += [self._bell.queue, self._keys.erasing(lane)]
        args: list[Argument] = [turn_id, lane.key, *self._keys.prefixes(lane), self._bell.message(lane)]
        args += [self._limits.lease_ms, self._limits.retention_seconds, self._limits.longest_lease_ms]
        return bytes(await self._run("discard", names, args))

    async def _revive(self, tenant: str, turn_id: str, lane: Lane, replay: bool) -> bool:
        names = [
            self._keys.turn(tenant, turn_id),
            self._keys.waiting(lane),
            self._keys.ledger(tenant),
            self._keys.backlog,
            self._keys.lanes,
        ]
        args: list[Argument] = [
            turn_id,
            self._keys.status_prefix(tenant),
            lane.key,
            self._bell.message(lane),
            self._limits.lease_ms,
        ]
        args += [self._limits.retention_seconds, int(replay)]
        names += [self._bell.queue, self._keys.lane(lane), self._keys.owned(lane), self._keys.dead(lane)]
        return bool(await self._run("revive", names, args))


def _is_busy(outcome: bytes) -> bool:
    """Whether the script `discard` has to be run again; raises where there is nothing to discard."""
    if outcome == b"":
        raise NotFound("there is no turn with this id; statuses are kept for the retention time")
    if outcome in (b"settled", b"erased"):
        raise TurnFinished(f"the turn is {outcome.decode()}: it does not wait any more")
    return outcome != b"discarded"


def _accepted(outcome: bytes, found: bytes) -> Accepted:
    """Turn the answer of the Lua script `accept` into an `Accepted`. Raises IdempotencyConflict or InboxFull."""
    if outcome == b"conflict":
        raise IdempotencyConflict("this Idempotency-Key was used before with another body; use a new key")
    if outcome == b"full":
        raise InboxFull("too many turns are waiting; try again later", retry_after_seconds=5)
    if outcome == b"lane_full":
        raise InboxFull("too many turns of this owner are waiting; try again later", retry_after_seconds=5)
    return Accepted(id=found.decode(), repeated=outcome == b"repeated")
