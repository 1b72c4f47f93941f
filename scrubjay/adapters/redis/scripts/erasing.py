"""Scripts of an erase: the epoch, the turns of a lane, the removals that are repeated, the receipt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from scrubjay.adapters.redis.lane_names import LaneScripts
from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.adapters.redis.scripts.leases import ensure_ours
from scrubjay.adapters.redis.scripts.order import drawn
from scrubjay.adapters.redis.scripts.runner import Argument, RedisScripts
from scrubjay.model import OWNERS, Epoch, Lease, Scope
from scrubjay.model.clock import from_us
from scrubjay.model.erasure import Erased, Receipt

_TURNS_AT_ONCE = 200  # in one script call: a few milliseconds of Redis's time
_LEDGER_NAMES = {"queued": "waiting"}  # of statuses


class ErasedPart(NamedTuple):
    """What a step has removed.

    Args:
        next_rank: where in the waiting list the next step begins; None where there is none.
        erased: what was removed.
    """

    next_rank: int | None
    erased: Erased


async def epoch(scripts: RedisScripts, epoch_key: str, sealed_owner: str, limits: InboxLimits) -> Epoch:
    """Raise an owner's epoch, and note the removal. Raises OrderUnseededError.

    Args:
        scripts: runs it.
        epoch_key: the epoch's key.
        sealed_owner: whose, encoded and sealed.
        limits: bounds.
    """
    names = [epoch_key, scripts.keys.removals]
    args: list[Argument] = [limits.epoch_seconds, sealed_owner, limits.finish_ms]
    return decode_epoch(*drawn(await scripts.run("epoch", names, args)))


def decode_epoch(order: bytes, at_us: bytes) -> Epoch:
    """Decode the epoch of an owner's last erase from Redis: its place in the order, and Redis' time in microseconds."""
    return Epoch(order=int(order), at=from_us(at_us))


class ErasedScope(NamedTuple):
    """What is to be removed from a lane.

    Args:
        scope: whose turns.
        lease: of the lane.
        epoch: only turns up to here in the order.
    """

    scope: Scope
    lease: Lease
    epoch: int


async def erase(lanes: LaneScripts, target: ErasedScope, limits: InboxLimits, part: int | Sequence[str]) -> ErasedPart:
    """Remove some turns of a lane. Raises LeaseLost.

    Args:
        lanes: runs it.
        target: what is to be removed.
        limits: bounds.
        part: the ids of the turns, or those that wait from this rank on.
    """
    keys, lease = lanes.keys, target.lease
    lane = await lanes.of(lease.lane)
    names = [
        *(lane.lease, lane.counters, lane.waiting, lane.plan, lane.owned),
        *(lane.ledger, keys.backlog, lane.dead),
    ]
    args: list[Argument] = [lease.token, target.epoch, limits.retention_seconds, lane.id]
    args += [target.scope.ids.get(field, "") for field in OWNERS]
    args += [*lane.prefixes, keys.text_prefix(lane.tenant)]
    args += [part, _TURNS_AT_ONCE] if isinstance(part, int) else ["", _TURNS_AT_ONCE, *part]
    answer = await lanes.run("erase", names, args)
    ensure_ours(answer, lease.lane)
    next_rank, texts, plans, rows = answer
    states = Counter(_LEDGER_NAMES.get(state, state) for state in map(bytes.decode, rows[1::2]))
    erased = Erased(ids=tuple(map(bytes.decode, rows[::2])), turns=states, plans=plans, texts=texts)
    return ErasedPart(int(next_rank) if next_rank else None, erased)


async def note(scripts: RedisScripts, member: str, finish_ms: int) -> None:
    """Note a removal that is to be repeated in so many milliseconds."""
    await scripts.run("note", [scripts.keys.removals], [member, finish_ms])


async def removals_due(scripts: RedisScripts, most: int, claim_ms: int) -> list[bytes]:
    """Some removals that are due, as they were noted; for so many milliseconds nobody else gets them."""
    return list(await scripts.run("removals_due", [scripts.keys.removals], [most, claim_ms]))


async def put_back(scripts: RedisScripts, member: str, first_ms: int, longest_ms: int) -> int:
    """Let a removal be due again after a pause that doubles; returns the pause in milliseconds.

    Args:
        scripts: runs it.
        member: the removal, as it was noted.
        first_ms: the first pause.
        longest_ms: the longest one.
    """
    names = [scripts.keys.removals, scripts.keys.removal_failures]
    return int(await scripts.run("put_back", names, [member, first_ms, longest_ms]))


async def receipt(scripts: RedisScripts, document: Receipt, retention_seconds: int) -> None:
    """Keep a receipt for so many seconds, and forget some of the tenant's that have ended."""
    keys = scripts.keys
    names = [keys.receipt_prefix(document.tenant) + document.id, keys.receipts(document.tenant)]
    await scripts.run("receipt", names, [document.id, document.model_dump_json(), retention_seconds])
