"""The values of the house: a turn goes in, facts come out, a plan is applied, memories are recalled. All frozen."""

from memory.model.access import Access, ApiKey, Bond, PerMinute, Principal
from memory.model.digest import DigestOrder, in_one_spelling
from memory.model.entity import Entity
from memory.model.facts import Decision, Event, Extraction, Fact, Reconciliation
from memory.model.health import Health, Part, QueueState, Readiness, Thresholds, Trouble
from memory.model.history import Counts, DeadFilter, Incident, What
from memory.model.memory import Feedback, Memory, Plan, Rating, Recalled, Write
from memory.model.pages import DEEPEST, After, Page, Slice
from memory.model.scope import KINDS, LONGEST_ID, OWNERS, Kind, Lane, Scope, Tenant, addressable, owner_id, spelled
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
    "LONGEST_ID",
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
    "Health",
    "Incident",
    "Kind",
    "Lane",
    "Lease",
    "Memory",
    "Message",
    "Metadata",
    "Outcome",
    "Page",
    "Part",
    "PerMinute",
    "Plan",
    "Principal",
    "QueueState",
    "Rating",
    "Readiness",
    "Recalled",
    "Reconciliation",
    "Role",
    "Scope",
    "Slice",
    "Status",
    "Submission",
    "Telling",
    "Tenant",
    "Thresholds",
    "Trouble",
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
    "addressable",
    "in_one_spelling",
    "owner_id",
    "spelled",
]
