"""The one place where adapters are chosen and opened, and closed again by the same `with`."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from qdrant_client import AsyncQdrantClient

from scrubjay.adapters.celery_wakeups import CeleryWakeups
from scrubjay.adapters.crypto.owner_hashes import Pseudonyms
from scrubjay.adapters.crypto.receipt_signer import ServerReceiptSigner
from scrubjay.adapters.http.webhook_sender import HttpWebhooks
from scrubjay.adapters.offline.extractor import OfflineExtractor
from scrubjay.adapters.qdrant.store import QdrantStore
from scrubjay.adapters.redis.audit import RedisAudit
from scrubjay.adapters.redis.client import open_redis
from scrubjay.adapters.redis.clock import RedisClock
from scrubjay.adapters.redis.digests import RedisDigests
from scrubjay.adapters.redis.erase.receipts import RedisReceipts
from scrubjay.adapters.redis.guidance import RedisGuidance
from scrubjay.adapters.redis.intake import RedisInbox
from scrubjay.adapters.redis.keyring import RedisKeyring
from scrubjay.adapters.redis.keys import Keys
from scrubjay.adapters.redis.lanes import RedisLanes
from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.adapters.redis.order import RedisOrder
from scrubjay.adapters.redis.pulse import RedisPulse
from scrubjay.adapters.redis.rates import RedisRates
from scrubjay.adapters.redis.scripts import RedisScripts
from scrubjay.adapters.redis.server_key import RedisServerKey
from scrubjay.adapters.redis.turn_log.owners import RedisOwners
from scrubjay.adapters.redis.turn_log.turns import RedisTurns
from scrubjay.adapters.redis.webhooks.deliveries import RedisDeliveries
from scrubjay.adapters.redis.webhooks.registry import RedisWebhooks
from scrubjay.bootstrap.endpoints import open_embedder, open_model, open_tokens, secret
from scrubjay.bootstrap.health import open_examiner
from scrubjay.bootstrap.parts import Parts, Ports, put_together
from scrubjay.ingest.extraction import ModelExtractor
from scrubjay.ingest.reconciliation import ModelReconciler, RuleReconciler
from scrubjay.ingest.small_talk import GatedExtractor
from scrubjay.model.names import QUEUE, celery_name
from scrubjay.ports import Clock, Embedder, Extractor, GuidanceStore, LanguageModel, Reconciler
from scrubjay.settings import Settings

__all__ = ["Parts", "Ports", "inbox_limits", "opened", "put_together"]

_QDRANT_SECONDS = 10


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Parts]:
    """Open everything that the settings name. What is remote may be away: it is reached when it is needed."""
    async with contextlib.AsyncExitStack() as stack:
        keys = Keys(settings.redis_prefix)
        redis = await stack.enter_async_context(open_redis(settings.redis_url, keys))
        scripts, limits = RedisScripts(redis, keys), inbox_limits(settings)
        wakeups = CeleryWakeups(celery_name(QUEUE, settings.redis_prefix))
        clock, server_key = RedisClock(redis, scripts), RedisServerKey(redis, secret(settings.server_key), keys)
        model, embedder = open_model(settings, scripts, stack), open_embedder(settings, scripts, stack)
        store = _store(settings, stack, embedder, clock)
        guidance = RedisGuidance(redis, keys)
        pseudonyms, order = Pseudonyms(server_key), RedisOrder(scripts, store.greatest_order)
        registry, turns = (
            RedisWebhooks(redis, scripts, pseudonyms),
            RedisTurns(redis, scripts, limits.retention_seconds),
        )
        sender = _webhook_sender(settings, stack)
        thinking = model if settings.extractor_kind == "openai" else None
        pulse = RedisPulse(redis, scripts)
        ports = Ports(
            clock=clock,
            inbox=RedisInbox(redis, scripts, wakeups, limits, pseudonyms, order),
            lanes=RedisLanes(redis, scripts, wakeups, limits, pseudonyms, order),
            turns=turns,
            owners=RedisOwners(redis, turns, keys),
            watch=RedisAudit(redis, scripts, limits),
            pulse=pulse,
            health=open_examiner(settings, pulse, store, thinking, embedder),
            store=store,
            embedder=embedder,
            extractor=_extractor(settings, thinking, guidance),
            reconciler=_reconciler(thinking, embedder),
            model=model,
            guidance=guidance,
            server_key=server_key,
            signer=ServerReceiptSigner(server_key, pseudonyms),
            receipts=RedisReceipts(redis, scripts, settings.receipt_retention_seconds),
            keyring=RedisKeyring(redis, scripts),
            tokens=open_tokens(settings, server_key, stack),
            rates=RedisRates(scripts),
            webhooks=registry,
            deliveries=RedisDeliveries(redis, scripts, wakeups, limits, registry, settings.webhook_timeout_seconds),
            sender=sender,
            digests=RedisDigests(redis, pseudonyms, keys),
        )
        yield put_together(ports, settings)


def _webhook_sender(settings: Settings, stack: contextlib.AsyncExitStack) -> HttpWebhooks:
    sender = HttpWebhooks(
        settings.webhook_timeout_seconds,
        private=settings.webhooks_may_be_private,
        hosts=settings.webhooks_may_reach,
    )
    stack.push_async_callback(sender.aclose)
    return sender


def _extractor(settings: Settings, model: LanguageModel | None, guidance: GuidanceStore) -> Extractor:
    if model is None:
        return OfflineExtractor()
    extractor = ModelExtractor(model, guidance)
    return GatedExtractor(extractor) if settings.gate == "on" else extractor


def _reconciler(model: LanguageModel | None, embedder: Embedder) -> Reconciler:
    rules = RuleReconciler(embedder.same_floor)
    return rules if model is None else ModelReconciler(model, embedder.related_floor, rules)


def inbox_limits(settings: Settings) -> InboxLimits:
    """The inbox's bounds from the settings."""
    return InboxLimits(
        lease_seconds=settings.lease_seconds,
        max_attempts=settings.max_attempts,
        max_backlog=settings.max_backlog,
        max_tenant_backlog=settings.max_tenant_backlog,
        max_lane_backlog=settings.max_lane_backlog,
        retry_max_seconds=settings.retry_max_seconds,
        retention_seconds=settings.retention_seconds,
        text_retention_seconds=settings.text_retention_seconds,
        epoch_retention_seconds=settings.receipt_retention_seconds,  # an import asks for it as long as receipts tell
        sweep_seconds=settings.sweep_seconds,
    )


def _store(settings: Settings, stack: contextlib.AsyncExitStack, embedder: Embedder, clock: Clock) -> QdrantStore:
    client = AsyncQdrantClient(
        url=settings.qdrant_url,
        api_key=secret(settings.qdrant_api_key),
        timeout=_QDRANT_SECONDS,
        cloud_inference=True,  # BM25 is computed by the server
        check_compatibility=False,
    )
    stack.push_async_callback(client.close)
    return QdrantStore(client, embedder, clock, settings.qdrant_write_bytes, settings.collection_prefix)
