"""The values of the house: a turn goes in, facts come out, a plan is applied, memories are recalled. All frozen."""

from memory.model.access import Access, ApiKey, Bond, PerMinute, Principal
from memory.model.digest import DigestOrder
from memory.model.entity import Entity
from memory.model.facts import Decision, Event, Extraction, Fact, Reconciliation
from memory.model.history import Counts, DeadFilter, Incident, What
from memory.model.memory import Feedback, Memory, Plan, Rating, Recalled, Write
from memory.model.pages import DEEPEST, After, Page, Slice
from memory.model.scope import KINDS, OWNERS, Kind, Lane, Scope, Tenant
from memory.model.turn import Guidance, Message, Role, Status, Submission, Turn, TurnEvent, TurnStatus, Usage
from memory.model.value import Metadata, Value, Vector
from memory.model.webhooks import (
    TEST,
    Delivery,
    DeliveryCounts,
    DeliveryStatus,
    Outcome,
    Telling,
    Webhook,
    WebhookEvent,
)
from memory.model.work import Batch, Confirmation, Epoch, Lease

__all__ = [
    "DEEPEST",
    "KINDS",
    "OWNERS",
    "TEST",
    "Access",
    "After",
    "ApiKey",
    "Batch",
    "Bond",
    "Confirmation",
    "Counts",
    "DeadFilter",
    "Decision",
    "Delivery",
    "DeliveryCounts",
    "DeliveryStatus",
    "DigestOrder",
    "Entity",
    "Epoch",
    "Event",
    "Extraction",
    "Fact",
    "Feedback",
    "Guidance",
    "Incident",
    "Kind",
    "Lane",
    "Lease",
    "Memory",
    "Message",
    "Metadata",
    "Outcome",
    "Page",
    "PerMinute",
    "Plan",
    "Principal",
    "Rating",
    "Recalled",
    "Reconciliation",
    "Role",
    "Scope",
    "Slice",
    "Status",
    "Submission",
    "Telling",
    "Tenant",
    "Turn",
    "TurnEvent",
    "TurnStatus",
    "Usage",
    "Value",
    "Vector",
    "Webhook",
    "WebhookEvent",
    "What",
    "Write",
]
