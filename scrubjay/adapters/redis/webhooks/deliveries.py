"""The deliveries on Redis: claimed lane by lane, reported, listed. Each step is one Lua script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scrubjay.adapters.redis.core import RedisCore
from scrubjay.adapters.redis.scripts import webhooks
from scrubjay.adapters.redis.scripts.runner import answered
from scrubjay.adapters.redis.turn_log.lists import newest
from scrubjay.adapters.redis.webhooks.delivery_log import decode_delivery
from scrubjay.adapters.redis.webhooks.outbox import FanOut
from scrubjay.adapters.redis.webhooks.registry import RedisWebhooks
from scrubjay.adapters.redis.webhooks.wakeups import HookWakeups
from scrubjay.errors import NewerFormat, Unreadable
from scrubjay.model import Delivery, DeliveryCounts, DeliveryStatus, Outcome, Page, Slice, Webhook
from scrubjay.ports import Claimed

_CLAIM_SLACK_SECONDS = 2.0
_CHUNK, _DROPPED_AT_ONCE = 500, 100


class RedisDeliveries:
    """The port `Deliveries`.

    Args:
        core: what the adapters share.
        fan_out: works off the outboxes.
        wakeups: wakes workers for webhooks.
        registry: reads the webhooks.
        send_seconds: how long an attempt may take.
    """

    def __init__(
        self, core: RedisCore, fan_out: FanOut, wakeups: HookWakeups, registry: RedisWebhooks, send_seconds: float
    ) -> None:
        self._redis, self._scripts, self._keys = core.redis, core.scripts, core.keys
        self._wakeups = wakeups
        self._fan_out = fan_out
        self._retention_seconds = core.limits.retention_seconds
        self._registry = registry
        self._claim_ms = int((send_seconds + _CLAIM_SLACK_SECONDS) * 1000)

    async def fan_out(self, tenant: str) -> bool:
        """Note the next deliveries of what the tenant's turns did; returns whether there are more to note."""
        noted, more = await self._fan_out.step(tenant)
        if noted:
            await self._wakeups.wake_all(tenant)
        return more

    async def claim(self, tenant: str, webhook_id: str, *, busy: bool) -> Claimed | None:
        """The next delivery that is due, counted as attempted; None where there is none now."""
        claimed = await webhooks.hook_claim(self._scripts, tenant, webhook_id, self._claim_ms, busy=busy)
        if claimed is None:
            return None
        delivery = decode_delivery(tenant, claimed.id, claimed.fields)
        return Claimed(webhook=await self._readable(webhook_id, claimed.webhook), delivery=delivery)

    async def _readable(self, webhook_id: str, document: bytes) -> Webhook | None:
        try:
            return await self._registry.decoded(webhook_id, document)
        except (NewerFormat, Unreadable):
            return None

    async def report(self, tenant: str, delivery: Delivery, outcome: Outcome) -> None:
        """What the attempt came to; nothing happens where the delivery is there no longer."""
        await webhooks.hook_report(self._scripts, tenant, delivery, outcome, self._retention_seconds)

    async def waits(self, tenant: str, delivery_id: str) -> bool:
        """Whether a delivery still waits."""
        status = await answered(self._redis.hget(self._keys.delivery(tenant, delivery_id), "status"))
        return bool(status == DeliveryStatus.WAITING.value.encode())

    async def leave(self, tenant: str, webhook_id: str) -> None:
        """Stop asking though something may be due: wake another worker."""
        await self._wakeups.wake(self._keys.hook(tenant, webhook_id), leave=True)

    async def page(self, tenant: str, webhook_id: str, page: Page) -> Slice[Delivery]:
        """A part of a webhook's deliveries, newest first."""
        own = self._keys.hook(tenant, webhook_id)
        sets = [self._keys.hook_waiting(own), self._keys.hook_done(own)]
        places = await newest(self._scripts, sets, page)
        return Slice(places.count, await self._read(tenant, [place.name for place in places.items]), places.after)

    async def get(self, tenant: str, webhook_id: str, delivery_id: str) -> Delivery | None:
        """One delivery of a webhook."""
        deliveries = await self._read(tenant, [delivery_id])
        return deliveries[0] if deliveries and deliveries[0].webhook_id == webhook_id else None

    async def _read(self, tenant: str, ids: Sequence[str]) -> list[Delivery]:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for delivery_id in ids:
                pipeline.hgetall(self._keys.delivery(tenant, delivery_id))
            rows = await answered(pipeline.execute())
        return [decode_delivery(tenant, delivery_id, row) for delivery_id, row in zip(ids, rows, strict=True) if row]

    async def again(self, tenant: str, webhook_id: str, delivery_id: str) -> bool:
        """Let a delivery be sent at once, however it stands; False where there is none."""
        if await self.get(tenant, webhook_id, delivery_id) is None:
            return False
        count = await webhooks.hook_again(self._scripts, tenant, [delivery_id])
        await self._wakeups.wake(self._keys.hook(tenant, webhook_id))
        return bool(count)

    async def note_test(self, tenant: str, webhook_id: str) -> str | None:
        """Note a test down, to be sent now; returns the delivery's id, None where there is no such webhook."""
        delivery_id = await webhooks.hook_test(self._scripts, tenant, webhook_id, self._retention_seconds)
        await self._wakeups.wake(self._keys.hook(tenant, webhook_id))
        return delivery_id

    async def drop(self, tenant: str, webhook_id: str) -> None:
        """Forget all deliveries of a webhook, a few at a time."""
        own = self._keys.hook(tenant, webhook_id)
        for name in (self._keys.hook_waiting(own), self._keys.hook_done(own)):
            while ids := await answered(self._redis.zrange(name, 0, _DROPPED_AT_ONCE - 1)):
                await webhooks.hook_drop(self._scripts, tenant, ids)

    async def counts(self, tenants: Sequence[str]) -> Mapping[str, DeliveryCounts]:
        """The counts of those of these tenants that ever had a delivery."""
        counts: dict[str, DeliveryCounts] = {}
        known = list(DeliveryCounts.model_fields)
        for start in range(0, len(tenants), _CHUNK):
            chunk = tenants[start : start + _CHUNK]
            async with self._redis.pipeline(transaction=False) as pipeline:
                for tenant in chunk:
                    pipeline.hmget(self._keys.hook_counts(tenant), known)
                rows = await answered(pipeline.execute())
            tenant_rows = [
                (tenant, dict(zip(known, row, strict=True))) for tenant, row in zip(chunk, rows, strict=True)
            ]
            counts |= {
                tenant: DeliveryCounts(**{name: int(count or 0) for name, count in row.items()})
                for tenant, row in tenant_rows
                if any(count is not None for count in row.values())
            }
        return counts
