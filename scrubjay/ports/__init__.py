"""The ports: what the use cases need from the world, small enough to memorise. Every part of it has `ping()`.

`ping()` raises a Transient error that names the part when it is away. The adapters stand in `memory/adapters`.
"""

from memory.ports.access import Keyring, Rate, Rates, Tokens
from memory.ports.clock import Clock
from memory.ports.digests import DigestBook
from memory.ports.health import Limited, Provider, Pulse
from memory.ports.inbox import Accepted, Doorbell, HeldLanes, Inbox, Lanes, OwnerLog, TurnLog, Watch
from memory.ports.masking import Mask, unmasked
from memory.ports.models import (
    Answer,
    Embedder,
    Extractor,
    GuidanceBook,
    LanguageModel,
    Meter,
    Question,
    Reconciler,
)
from memory.ports.pingable import Pingable
from memory.ports.receipts import ReceiptBook
from memory.ports.secrets import Notary, PublicKey, ServerKey
from memory.ports.store import MemoryStore, Near, Query
from memory.ports.webhooks import Claimed, Deliveries, Reply, WebhookBook, WebhookSender

__all__ = [
    "Accepted",
    "Answer",
    "Claimed",
    "Clock",
    "Deliveries",
    "DigestBook",
    "Doorbell",
    "Embedder",
    "Extractor",
    "GuidanceBook",
    "HeldLanes",
    "Inbox",
    "Keyring",
    "Lanes",
    "LanguageModel",
    "Limited",
    "Mask",
    "MemoryStore",
    "Meter",
    "Near",
    "Notary",
    "OwnerLog",
    "Pingable",
    "Provider",
    "PublicKey",
    "Pulse",
    "Query",
    "Question",
    "Rate",
    "Rates",
    "ReceiptBook",
    "Reconciler",
    "Reply",
    "ServerKey",
    "Tokens",
    "TurnLog",
    "Watch",
    "WebhookBook",
    "WebhookSender",
    "unmasked",
]
