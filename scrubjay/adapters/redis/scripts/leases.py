"""Scripts that give a lane's lease, keep it, and take it back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Literal, NamedTuple

from scrubjay.adapters.redis.lane_names import LaneScripts
from scrubjay.adapters.redis.limits import MOST_MESSAGES, InboxLimits
from scrubjay.adapters.redis.scripts.runner import Argument
from scrubjay.errors import LeaseLost
from scrubjay.model import Lane, Lease
from scrubjay.model.clock import from_us
from scrubjay.ports import WakeupMessages

_REST_MS = 500
_MESSAGES_A_DRAIN = 2  # one in its own place, and one so that more threads get to work where there is more to do
_MORE, _DAMAGED, _LOST = b"more", b"damaged", b"lost"

Ending = Literal["released", "died", "refused"]


class Claimed(NamedTuple):
    """A lane whose turn it was.

    Args:
        lane_id: what stands for it in Redis.
        owner: the ids of its first turn's owner, as `OWNERS` has them; empty where there is none.
        token: the fencing token.
        taken_us: by Redis' clock, in microseconds since 1970.
        waited_ms: for how long the lane was due.
    """

    lane_id: str
    owner: Sequence[str]
    token: int
    taken_us: int
    waited_ms: int


class Damaged(NamedTuple):
    """A lane that rests, as a key of it is of no use."""

    lane_id: str


class LostTurns(NamedTuple):
    """The first turns of a lane of which nothing was left; they have left it."""

    lane_id: str
    turn_ids: Sequence[str]


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


async def acquire(lanes: LaneScripts, lane: Lane, limits: InboxLimits, *, edit: bool) -> Lease | None:
    """Take the lease of a lane; None when it is held, asleep or backing off.

    Raises OrderUnseededError and LanesRenamedError.

    Args:
        lanes: runs it.
        lane: which.
        limits: bounds.
        edit: take it though nothing waits, but not while a plan is recorded.
    """
    keys = await lanes.of(lane)
    names = [keys.lease, keys.counters, keys.waiting, keys.plan, keys.owned]
    args: list[Argument] = [keys.id, limits.lease_ms, int(edit), limits.retention_seconds, limits.longest_lease_ms]
    answer = lanes.drawn(await lanes.run("acquire", names, [*args, await lanes.key_id()]))
    return lease_of(lane, *map(int, answer)) if answer else None


async def claim(
    lanes: LaneScripts, limits: InboxLimits, left_out: Collection[str]
) -> Claimed | Damaged | LostTurns | None:
    """Take the lease of the lane whose turn it is; None where none is ready. Raises OrderUnseededError.

    Args:
        lanes: runs it.
        limits: bounds.
        left_out: tenants whose lanes are not taken.
    """
    args: list[Argument] = [limits.lease_ms, limits.retention_seconds, limits.longest_lease_ms, *left_out]
    while (answer := lanes.drawn(await lanes.run("claim", [], args))) == _MORE:
        pass
    if not answer:
        return None
    outcome, name, *rest = answer
    lane_id = name.decode(errors="replace")
    if outcome == _DAMAGED:
        return Damaged(lane_id)
    if outcome == _LOST:
        return LostTurns(lane_id, [turn_id.decode() for turn_id in rest[0]])
    owner, *numbers = rest
    return Claimed(lane_id, [(name or b"").decode() for name in owner], *map(int, numbers))


async def renew(lanes: LaneScripts, lease: Lease, lease_ms: int) -> bool:
    """Prolong a lease by so many milliseconds; False where it is ours no longer."""
    lane = await lanes.of(lease.lane)
    return bool(await lanes.run("renew", [lane.lease], [lease.token, lane.id, lease_ms]))


async def confirm(lanes: LaneScripts, lease: Lease) -> int:
    """For how many milliseconds a lease is still ours. Raises LeaseLost."""
    token, left_ms = await lanes.run("confirm", [(await lanes.of(lease.lane)).lease], [])
    ensure_ours(token is not None and int(token) == lease.token, lease.lane)
    return int(left_ms)


async def hand_back(
    lanes: LaneScripts, lease: Lease, wakeups: WakeupMessages, limits: InboxLimits, ending: Ending
) -> None:
    """Give a lane up, if it is still ours, and send some wake-up messages if lanes are ready.

    Args:
        lanes: runs it.
        lease: the one that ends.
        wakeups: makes the messages.
        limits: bounds.
        ending: died: the batch stays marked as held, and the lane rests a moment; refused, by Redis: the lane rests,
            for longer each time.
    """
    lane = await lanes.of(lease.lane)
    names = [lane.lease, lane.counters, lane.waiting, lane.owned, lane.erasing, wakeups.queue]
    args: list[Argument] = [lease.token, lane.id, *lane.prefixes, ending, _REST_MS]
    args += [limits.retention_seconds, int(limits.retry_max_seconds * 1000), MOST_MESSAGES]
    args += [wakeups.message() for _ in range(_MESSAGES_A_DRAIN)]
    await lanes.run("hand_back", names, args)


async def take_by_force(lanes: LaneScripts, wanted: Sequence[Lane], lease_ms: int) -> TakenLanes:
    """Take lanes to erase in them, up to one in which another erase is.

    Raises OrderUnseededError and LanesRenamedError.
    """
    lane_keys = [await lanes.of(lane) for lane in wanted]
    names = [key for lane in lane_keys for key in (lane.lease, lane.erasing)]
    args: list[Argument] = [lease_ms, await lanes.key_id(), *(lane.id for lane in lane_keys)]
    return TakenLanes(*map(int, lanes.drawn(await lanes.run("take_by_force", names, args))))


async def renew_held(lanes: LaneScripts, leases: Sequence[Lease], lease_ms: int) -> int:
    """Prolong the leases of an erase by so many milliseconds; returns how many of them were lost."""
    names, args = list[str](), list[Argument]([lease_ms])
    for lease in leases:
        lane = await lanes.of(lease.lane)
        names += [lane.lease, lane.erasing]
        args += [lease.token, lane.id]
    return int(await lanes.run("renew_held", names, args))


def lease_of(lane: Lane, token: int, taken_us: int) -> Lease:
    """A lease from its token and Redis' time in microseconds."""
    return Lease(lane=lane, token=token, taken_at=from_us(taken_us))
