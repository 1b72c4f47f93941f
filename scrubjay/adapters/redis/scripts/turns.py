"""Scripts over single turns: accepted, discarded while they wait, replayed or discarded when they are dead."""

from __future__ import annotations

from typing import NamedTuple

from scrubjay.adapters.redis.lane_names import LaneKeys, LaneScripts
from scrubjay.adapters.redis.limits import MOST_MESSAGES, InboxLimits
from scrubjay.adapters.redis.scripts.runner import Argument, RedisScripts
from scrubjay.model import OWNERS, Scope, Status
from scrubjay.ports import WakeupMessages

_ACCEPT_SECONDS = 5


class NewTurn(NamedTuple):
    """A turn that is to be accepted.

    Args:
        id: made by whoever submits it.
        scope: whose.
        body: the submission, encoded.
        idempotency: the hashes of its idempotency key and of its body; None where it has no such key.
    """

    id: str
    scope: Scope
    body: bytes
    idempotency: tuple[str, str] | None


class Acceptance(NamedTuple):
    """What came of it.

    Args:
        outcome: accepted, repeated, conflict, or the limit that refuses it, as in `limits.FULL`.
        turn_id: the turn's, or of the turn that had the same idempotency key.
    """

    outcome: str
    turn_id: str


async def accept(
    lanes: LaneScripts,
    turn: NewTurn,
    wakeups: WakeupMessages,
    limits: InboxLimits,
    *,
    allow_unseeded: bool = False,
) -> Acceptance:
    """Take a turn in.

    Args:
        lanes: runs it; for five seconds at most.
        turn: the turn.
        wakeups: makes the message that wakes a worker.
        limits: bounds.
        allow_unseeded: take it though the order is not known, as the store is away.

    Raises OrderUnseededError, LanesRenamedError, and InboxUnavailable, after which it may have been taken all the same.
    """
    keys, scope, tenant = lanes.keys, turn.scope, turn.scope.tenant
    lane = await lanes.of(scope.lane)
    names = [
        *(keys.turn(tenant, turn.id), lane.waiting, lane.counters, lane.owned),
        *(keys.status(tenant, Status.QUEUED), lane.ledger, keys.lanes, keys.backlog),
        *(wakeups.queue, keys.tenants),
    ]
    args: list[Argument] = [turn.id, lane.id, tenant, turn.body, wakeups.message()]
    args += [MOST_MESSAGES, limits.max_backlog, limits.max_lane_backlog]
    args += [*(scope.ids.get(field, "") for field in OWNERS), int(allow_unseeded), *limits.tenant_backlog]
    args.append(await lanes.key_id())
    if turn.idempotency is not None:
        key_hash, body_hash = turn.idempotency
        names.append(keys.idempotency(tenant, key_hash))
        args.append(body_hash)
    outcome, turn_id = await lanes.scripts.run_soon("accept", names, args, _ACCEPT_SECONDS)
    lanes.drawn(outcome)
    return Acceptance(outcome.decode(), turn_id.decode())


async def discard(
    scripts: RedisScripts, turn_id: str, lane: LaneKeys, wakeups: WakeupMessages, limits: InboxLimits
) -> str:
    """Take a turn that waits out of its lane.

    Returns "discarded", "busy" where a plan is being applied or an erase is under way, or the status of a turn that
    does not wait, empty where there is none.
    """
    keys, tenant = scripts.keys, lane.tenant
    names = [
        *(keys.turn(tenant, turn_id), lane.lease, lane.counters, lane.waiting, lane.plan),
        *(lane.ledger, keys.backlog, lane.owned, wakeups.queue, lane.erasing),
    ]
    args: list[Argument] = [turn_id, lane.id, *lane.prefixes, wakeups.message()]
    args += [MOST_MESSAGES, limits.retention_seconds, limits.longest_lease_ms]
    outcome: bytes = await scripts.run("discard", names, args)
    return outcome.decode()


class DeadTurn(NamedTuple):
    """A dead turn that is to be replayed or discarded.

    Args:
        id: the turn's.
        lane: the keys of the lane that it belongs to.
        before: the id of the turn that was to be replayed before it in its lane; None: none.
    """

    id: str
    lane: LaneKeys
    before: str | None = None


async def revive(
    scripts: RedisScripts, turn: DeadTurn, wakeups: WakeupMessages, limits: InboxLimits, *, replay: bool
) -> str:
    """Put a dead turn back at the end of its lane, or discard it.

    Returns "revived", "not_dead", or why it stays dead: the limit that refuses it, as in `limits.FULL`, or "behind",
    as the one before it is dead still.
    """
    keys, lane, tenant = scripts.keys, turn.lane, turn.lane.tenant
    names = [
        *(keys.turn(tenant, turn.id), lane.waiting, lane.ledger, keys.backlog, keys.lanes),
        *(wakeups.queue, lane.counters, lane.owned, lane.dead, keys.tenants),
    ]
    args: list[Argument] = [turn.id, keys.status_prefix(tenant), lane.id, wakeups.message()]
    args += [MOST_MESSAGES, limits.retention_seconds, int(replay)]
    args += [limits.max_backlog, limits.max_lane_backlog, *limits.tenant_backlog]
    args.append("" if turn.before is None else keys.turn(tenant, turn.before))
    answer: int | bytes = await scripts.run("revive", names, args)
    if isinstance(answer, bytes):
        return answer.decode()
    return "revived" if answer else "not_dead"
