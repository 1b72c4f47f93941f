"""The webhooks on Redis: one hash a tenant, whose records say in clear what is wanted, and sealed where it goes."""

from __future__ import annotations

from typing import Any

import orjson
import structlog
from redis.asyncio import Redis

from scrubjay.adapters.crypto.owner_hashes import Pseudonyms
from scrubjay.adapters.redis.codec import VERSION, known_format
from scrubjay.adapters.redis.scripts.runner import RedisScripts, answered
from scrubjay.adapters.redis.scripts.webhooks import WebhookChange, hook
from scrubjay.errors import NewerFormat, Unreadable
from scrubjay.model import Webhook

_WITHDRAWN = orjson.dumps({"v": VERSION, "events": [], "active": False})
log = structlog.get_logger(__name__)


class RedisWebhooks:
    """The port `WebhookRegistry`.

    Args:
        redis: an open client with undecoded answers; closed by whoever opened it.
        scripts: runs the steps.
        pseudonyms: seals the addresses, as many a service puts its secret into them.
    """

    def __init__(self, redis: Redis, scripts: RedisScripts, pseudonyms: Pseudonyms) -> None:
        self._redis = redis
        self._scripts = scripts
        self._pseudonyms = pseudonyms
        self._keys = scripts.keys

    async def add(self, tenant: str, webhook: Webhook, most: int) -> bool:
        """A new one; False, and nothing is kept, where the tenant has so many already."""
        return await self._change(tenant, WebhookChange("add", webhook.id, await self._encoded(webhook), most))

    async def get(self, tenant: str, webhook_id: str) -> Webhook | None:
        """One of the tenant's. Raises NewerFormat, Unreadable."""
        document = await answered(self._redis.hget(self._keys.hooks(tenant), webhook_id))
        return await self.decoded(webhook_id, document) if document not in (None, _WITHDRAWN) else None

    async def all(self, tenant: str) -> list[Webhook]:
        """All of the tenant's that can be read, the oldest first."""
        webhooks = list[Webhook]()
        for webhook_id, document in (await answered(self._redis.hgetall(self._keys.hooks(tenant)))).items():
            if document == _WITHDRAWN:
                continue
            try:
                webhooks.append(await self.decoded(webhook_id.decode(), document))
            except (NewerFormat, Unreadable) as error:
                log.warning("left_out", reason=error.plain)
        return sorted(webhooks, key=lambda webhook: (webhook.created_at, webhook.id))

    async def replace(self, tenant: str, webhook: Webhook) -> bool:
        """Another state of one; False, and nothing is changed, where there is none of this id any more."""
        return await self._change(tenant, WebhookChange("replace", webhook.id, await self._encoded(webhook)))

    async def withdraw(self, tenant: str, webhook_id: str) -> bool:
        """From now on nobody sees it; False where there was none. Its deliveries are there until they are dropped."""
        return await self._change(tenant, WebhookChange("withdraw", webhook_id, _WITHDRAWN))

    async def remove(self, tenant: str, webhook_id: str) -> None:
        """Remove a webhook that was withdrawn."""
        await self._change(tenant, WebhookChange("remove", webhook_id))

    async def _change(self, tenant: str, change: WebhookChange) -> bool:
        return await hook(self._scripts, tenant, change)

    async def _encoded(self, webhook: Webhook) -> bytes:
        fields = webhook.model_dump(mode="json", exclude={"id", "url"})
        return orjson.dumps({"v": VERSION, **fields, "sealed": await self._pseudonyms.sealed(webhook.url.encode())})

    async def decoded(self, webhook_id: str, document: bytes) -> Webhook:
        """A webhook from its record. Raises NewerFormat, Unreadable."""
        fields: dict[str, Any] = known_format(orjson.loads(document), "a webhook")
        url = (await self._pseudonyms.opened(fields.pop("sealed"))).decode()
        known = {name: fields[name] for name in Webhook.model_fields if name in fields}
        return Webhook(id=webhook_id, url=url, **known)
