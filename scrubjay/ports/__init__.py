"""The ports: what the use cases need from outside, small enough to memorise. Every part of it has `ping()`.

`ping()` raises a Transient error that names the part when it is away. The adapters stand in `scrubjay/adapters`.
"""

from scrubjay.ports.access import Keyring, Rate, Rates, Tokens
from scrubjay.ports.clock import Clock
from scrubjay.ports.dead_letters import DeadLetters, Revived
from scrubjay.ports.digests import DigestStore
from scrubjay.ports.erasure import HeldLanes, RemovalNotes, TurnErasure
from scrubjay.ports.health import Limited, Pingable, Provider, Pulse
from scrubjay.ports.intake import Accepted, Sweeper, TurnIntake, WakeupMessages
from scrubjay.ports.lanes import Lanes
from scrubjay.ports.masking import Mask, unmasked
from scrubjay.ports.models import (
    EMBEDDING,
    EXTRACTION,
    RECONCILIATION,
    Answer,
    Embedder,
    Extractor,
    GuidanceStore,
    LanguageModel,
    Meter,
    Question,
    Reconciler,
)
from scrubjay.ports.receipts import ReceiptStore
from scrubjay.ports.secrets import PublicKey, ReceiptSigner, ServerKey
from scrubjay.ports.store import (
    EntityReads,
    MemoryReads,
    MemoryStore,
    MemoryWrites,
    Near,
    Neighbours,
    OwnerVersions,
    Query,
)
from scrubjay.ports.turn_log import OwnerLog, TurnLog, Watch
from scrubjay.ports.webhooks import Claimed, Deliveries, Reply, WebhookRegistry, WebhookSender

__all__ = [
    "EMBEDDING",
    "EXTRACTION",
    "RECONCILIATION",
    "Accepted",
    "Answer",
    "Claimed",
    "Clock",
    "DeadLetters",
    "Deliveries",
    "DigestStore",
    "Embedder",
    "EntityReads",
    "Extractor",
    "GuidanceStore",
    "HeldLanes",
    "Keyring",
    "Lanes",
    "LanguageModel",
    "Limited",
    "Mask",
    "MemoryReads",
    "MemoryStore",
    "MemoryWrites",
    "Meter",
    "Near",
    "Neighbours",
    "OwnerLog",
    "OwnerVersions",
    "Pingable",
    "Provider",
    "PublicKey",
    "Pulse",
    "Query",
    "Question",
    "Rate",
    "Rates",
    "ReceiptSigner",
    "ReceiptStore",
    "Reconciler",
    "RemovalNotes",
    "Reply",
    "Revived",
    "ServerKey",
    "Sweeper",
    "Tokens",
    "TurnErasure",
    "TurnIntake",
    "TurnLog",
    "WakeupMessages",
    "Watch",
    "WebhookRegistry",
    "WebhookSender",
    "unmasked",
]
