"""What is kept of deliveries to webhooks: read back, and found by whose they are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from redis.asyncio import Redis

from scrubjay.adapters.redis.chunks import by_score
from scrubjay.adapters.redis.keys import Keys
from scrubjay.adapters.redis.scripts.runner import answered
from scrubjay.model import OWNERS, Delivery, DeliveryStatus, Scope
from scrubjay.model.clock import from_us


def decode_delivery(tenant: str, delivery_id: str, row: Mapping[bytes, bytes]) -> Delivery:
    """A delivery from its hash."""
    fields = {name.decode(): value.decode() for name, value in row.items()}
    return Delivery(
        id=delivery_id,
        webhook_id=fields["hook"],
        event=fields["event"],
        scope=Scope(tenant=tenant, **{name: fields[name] for name in OWNERS if name in fields}),
        memory_id=fields.get("memory"),
        turn_id=fields.get("turn"),
        nth=int(fields.get("nth", 0)),
        version=int(fields["version"]) if "version" in fields else None,
        status=DeliveryStatus(fields["status"]),
        attempts=int(fields["attempts"]),
        status_code=int(fields["code"]) if "code" in fields else None,
        error=fields.get("error"),
        order=int(fields.get("order", 0)),
        noted_at=from_us(fields["noted_us"]),
        tried_at=from_us(fields["tried_us"]) if "tried_us" in fields else None,
        done_at=from_us(fields["done_us"]) if "done_us" in fields else None,
        due_at=from_us(fields["due_us"]) if "due_us" in fields else None,
    )


async def deliveries_of(redis: Redis, keys: Keys, scope: Scope, before: int | None = None) -> AsyncIterator[list[str]]:
    """The ids of a scope's deliveries, a few at a time: those that wait and those that are done.

    Args:
        redis: an open client with undecoded answers.
        keys: the names of the keys.
        scope: whose. Its tenant's webhooks are looked through, which is cheap: the log of each is bounded.
        before: only what came of turns and edits up to here in the order.
    """
    for hook in await answered(redis.hkeys(keys.hooks(scope.tenant))):
        own = keys.hook(scope.tenant, hook.decode())
        # One may be done, or be sent once more, while we look.
        for name in (keys.hook_waiting(own), keys.hook_done(own), keys.hook_waiting(own)):
            async for ids in by_score(redis, name):
                yield await _ours(redis, keys, scope, before, ids)


async def _ours(redis: Redis, keys: Keys, scope: Scope, before: int | None, ids: list[str]) -> list[str]:
    """Read the Redis hashes of webhook deliveries; return the ids of the scope's own, up to `before` in the order."""
    async with redis.pipeline(transaction=False) as pipeline:
        for delivery_id in ids:
            pipeline.hgetall(keys.delivery(scope.tenant, delivery_id))
        rows = await answered(pipeline.execute())
    deliveries = [
        decode_delivery(scope.tenant, delivery_id, row) for delivery_id, row in zip(ids, rows, strict=True) if row
    ]
    return [
        delivery.id
        for delivery in deliveries
        if scope.covers(delivery.scope) and (before is None or delivery.order <= before)
    ]
