"""What health is examined with."""

from __future__ import annotations

from scrubjay.adapters.circuit_breaker import GuardedEmbedder, GuardedModel
from scrubjay.adapters.redis.pulse import RedisPulse
from scrubjay.health import Examiner
from scrubjay.model import Thresholds
from scrubjay.ports import Embedder, MemoryStore, Provider
from scrubjay.settings import Settings


def open_examiner(
    settings: Settings, pulse: RedisPulse, store: MemoryStore, model: GuardedModel | None, embedder: Embedder
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
