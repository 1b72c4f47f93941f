"""Scripts that give a lane's lease, keep it, and take it back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Literal, NamedTuple

from scrubjay.adapters.redis.limits import MOST_MESSAGES, InboxLimits
from scrubjay.adapters.redis.scripts.order import drawn
from scrubjay.adapters.redis.scripts.runner import Argument, RedisScripts
from scrubjay.errors import LeaseLost
from scrubjay.model import Lane, Lease
from scrubjay.model.clock import from_us
from scrubjay.ports import WakeupMessages

_REST_MS = 500
_MESSAGES_A_DRAIN = 2  # one in its own place, and one so that more threads get to work where there is more to do
_MORE, _DAMAGED = b"more", b"damaged"

Ending = Literal["released", "died", "refused"]


class Claimed(NamedTuple):
    """A lane whose turn it was.

    Args:
        lane_name: its name, which may be of no use where a key is damaged.
        token: the fencing token.
        taken_us: by Redis' clock, in microseconds since 1970.
        waited_ms: for how long the lane was due.
    """

    lane_name: bytes
    token: int
    taken_us: int
    waited_ms: int


class Damaged(NamedTuple):
    """A lane that rests, as a key of it is of no use."""

    lane_name: bytes


class TakenLanes(NamedTuple):
    """Lanes that were taken by force: the first `taken` of those that were asked for.

    Args:
        token: of all of them.
        taken_us: by Redis' clock, in microseconds since 1970.
        taken: how many were.
    """

    token: int
    taken_us: int
    taken: int


def ensure_ours(ours: Any, lane: Lane) -> None:
    """Raise LeaseLost where a script has answered that the lease is another's."""
    if not ours:
        raise LeaseLost(f"the lease on a {lane.kind} lane was lost")


async def acquire(scripts: RedisScripts, lane: Lane, limits: InboxLimits, *, edit: bool) -> Lease | None:
    """Take the lease of a lane; None when it is held, asleep or backing off. Raises OrderUnseededError.

    Args:
        scripts: runs it.
        lane: which.
        limits: bounds.
        edit: take it though nothing waits, but not while a plan is recorded.
    """
    keys = scripts.keys
    names = [keys.lease(lane), keys.lane(lane), keys.waiting(lane), keys.plan(lane), keys.owned(lane)]
    args: list[Argument] = [lane.key, limits.lease_ms, int(edit), limits.retention_seconds, limits.longest_lease_ms]
    answer = drawn(await scripts.run("acquire", names, args))
    return lease_of(lane, *map(int, answer)) if answer else None


async def claim(scripts: RedisScripts, limits: InboxLimits, left_out: Collection[str]) -> Claimed | Damaged | None:
    """Take the lease of the lane whose turn it is; None where none is ready. Raises OrderUnseededError.

    Args:
        scripts: runs it.
        limits: bounds.
        left_out: tenants whose lanes are not taken.
    """
    args: list[Argument] = [limits.lease_ms, limits.retention_seconds, limits.longest_lease_ms, *left_out]
    while (answer := drawn(await scripts.run("claim", [], args))) == _MORE:
        pass
    if not answer:
        return None
    if answer[0] == _DAMAGED:
        return Damaged(answer[1])
    lane_name, *numbers = answer
    return Claimed(lane_name, *map(int, numbers))


async def renew(scripts: RedisScripts, lease: Lease, lease_ms: int) -> bool:
    """Prolong a lease by so many milliseconds; False where it is ours no longer."""
    names = [scripts.keys.lease(lease.lane)]
    return bool(await scripts.run("renew", names, [lease.token, lease.lane.key, lease_ms]))


async def confirm(scripts: RedisScripts, lease: Lease) -> int:
    """For how many milliseconds a lease is still ours. Raises LeaseLost."""
    token, left_ms = await scripts.run("confirm", [scripts.keys.lease(lease.lane)], [])
    ensure_ours(token is not None and int(token) == lease.token, lease.lane)
    return int(left_ms)


async def hand_back(
    scripts: RedisScripts, lease: Lease, wakeups: WakeupMessages, limits: InboxLimits, ending: Ending
) -> None:
    """Give a lane up, if it is still ours, and send some wake-up messages if lanes are ready.

    Args:
        scripts: runs it.
        lease: the one that ends.
        wakeups: makes the messages.
        limits: bounds.
        ending: died: the batch stays marked as held, and the lane rests a moment; refused, by Redis: the lane rests,
            for longer each time.
    """
    keys, lane = scripts.keys, lease.lane
    names = [keys.lease(lane), keys.lane(lane), keys.waiting(lane), keys.owned(lane), keys.erasing(lane), wakeups.queue]
    args: list[Argument] = [lease.token, lane.key, *keys.prefixes(lane), ending, _REST_MS]
    args += [limits.retention_seconds, int(limits.retry_max_seconds * 1000), MOST_MESSAGES]
    args += [wakeups.message() for _ in range(_MESSAGES_A_DRAIN)]
    await scripts.run("hand_back", names, args)


async def take_by_force(scripts: RedisScripts, lanes: Sequence[Lane], lease_ms: int) -> TakenLanes:
    """Take lanes to erase in them, up to one in which another erase is. Raises OrderUnseededError."""
    names = [key for lane in lanes for key in (scripts.keys.lease(lane), scripts.keys.erasing(lane))]
    answer = drawn(await scripts.run("take_by_force", names, [lease_ms, *(lane.key for lane in lanes)]))
    return TakenLanes(*map(int, answer))


async def renew_held(scripts: RedisScripts, leases: Sequence[Lease], lease_ms: int) -> int:
    """Prolong the leases of an erase by so many milliseconds; returns how many of them were lost."""
    names = [key for lease in leases for key in (scripts.keys.lease(lease.lane), scripts.keys.erasing(lease.lane))]
    args: list[Argument] = [lease_ms]
    for lease in leases:
        args += [lease.token, lease.lane.key]
    return int(await scripts.run("renew_held", names, args))


def lease_of(lane: Lane, token: int, taken_us: int) -> Lease:
    """A lease from its token and Redis' time in microseconds."""
    return Lease(lane=lane, token=token, taken_at=from_us(taken_us))
