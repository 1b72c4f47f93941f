"""The one place where adapters are chosen and opened, and closed again by the same `with`."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from qdrant_client import AsyncQdrantClient

from scrubjay.adapters.celery_wakeups import CeleryWakeups
from scrubjay.adapters.circuit_breaker import GuardedEmbedder, GuardedModel
from scrubjay.adapters.crypto.owner_hashes import Pseudonyms
from scrubjay.adapters.crypto.receipt_signer import ServerReceiptSigner
from scrubjay.adapters.http.webhook_sender import HttpWebhooks
from scrubjay.adapters.offline.extractor import OfflineExtractor
from scrubjay.adapters.qdrant.store import QdrantStore
from scrubjay.adapters.redis.assembly import turn_adapters
from scrubjay.adapters.redis.client import open_redis
from scrubjay.adapters.redis.clock import RedisClock
from scrubjay.adapters.redis.core import RedisCore
from scrubjay.adapters.redis.erase.receipts import RedisReceipts
from scrubjay.adapters.redis.guidance import RedisGuidance
from scrubjay.adapters.redis.keyring import RedisKeyring
from scrubjay.adapters.redis.keys import Keys
from scrubjay.adapters.redis.lane_names import LaneScripts
from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.adapters.redis.meter import RedisMeter
from scrubjay.adapters.redis.order import RedisOrder
from scrubjay.adapters.redis.rates import RedisRates
from scrubjay.adapters.redis.scripts.runner import RedisScripts
from scrubjay.adapters.redis.server_key import RedisServerKey
from scrubjay.adapters.redis.turn_log.owners import RedisOwners
from scrubjay.adapters.redis.turn_log.turns import RedisTurns
from scrubjay.bootstrap.endpoints import open_embedder, open_model, open_tokens, secret
from scrubjay.bootstrap.parts import Parts, Ports, put_together
from scrubjay.health import Examiner
from scrubjay.ingest.extraction import ModelExtractor
from scrubjay.ingest.reconciliation import ModelReconciler, RuleReconciler
from scrubjay.ingest.small_talk import GatedExtractor
from scrubjay.model import Thresholds
from scrubjay.model.names import QUEUE, celery_name
from scrubjay.ports import (
    Clock,
    Embedder,
    Extractor,
    GuidanceStore,
    LanguageModel,
    MemoryStore,
    Provider,
    Pulse,
    Reconciler,
)
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
        clock, server_key = RedisClock(redis, scripts), RedisServerKey(scripts, secret(settings.server_key))
        meter = RedisMeter(scripts)
        model, embedder = open_model(settings, scripts, meter, stack), open_embedder(settings, scripts, meter, stack)
        store = _store(settings, stack, embedder, clock)
        guidance = RedisGuidance(redis, keys)
        pseudonyms, order = Pseudonyms(server_key), RedisOrder(scripts, store.greatest_order)
        lanes = LaneScripts(scripts)
        core = RedisCore(redis, lanes, wakeups, limits, pseudonyms, order)
        adapters = turn_adapters(core, settings.webhook_timeout_seconds)
        turns, sender = RedisTurns(redis, lanes, limits.retention_seconds), _webhook_sender(settings, stack)
        thinking = model if settings.extractor_kind == "openai" else None
        ports = Ports(
            clock=clock,
            intake=adapters.intake,
            sweeper=adapters.sweeper,
            dead_letters=adapters.dead_letters,
            turn_erasure=adapters.turn_erasure,
            removal_notes=adapters.removal_notes,
            lanes=adapters.lanes,
            turns=turns,
            owners=RedisOwners(redis, turns, lanes),
            watch=adapters.watch,
            pulse=adapters.pulse,
            health=_open_examiner(settings, adapters.pulse, store, thinking, embedder),
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
            webhooks=adapters.webhooks,
            deliveries=adapters.deliveries,
            sender=sender,
            digests=adapters.digests,
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


def _open_examiner(
    settings: Settings, pulse: Pulse, store: MemoryStore, model: GuardedModel | None, embedder: Embedder
) -> Examiner:
    """An examiner of the parts that can be away, by the names that people know them by.

    Args:
        settings: the thresholds are read.
        pulse: signs of life.
        store: the memories.
        model: what facts are extracted with; None where that is done by rules.
        embedder: a remote one stands behind its breaker.
    """
    providers: dict[str, Provider | None] = {
        "extractor": model,
        "embedder": embedder if isinstance(embedder, GuardedEmbedder) else None,
    }
    thresholds = Thresholds(
        lanes_percent=settings.degraded_lanes_percent,
        lanes_least=settings.degraded_lanes,
        due_seconds=settings.degraded_due_seconds,
    )
    return Examiner(pulse=pulse, store=store, providers=providers, thresholds=thresholds)
