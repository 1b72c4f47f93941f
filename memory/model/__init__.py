"""The values of the house: a turn goes in, facts come out, a plan is applied, memories are recalled. All frozen."""

from memory.model.access import Access, ApiKey, Bond, PerMinute, Principal
from memory.model.facts import Decision, Event, Extraction, Fact, Reconciliation
from memory.model.history import Counts, DeadFilter, Incident, What
from memory.model.memory import Memory, Plan, Recalled, Write
from memory.model.scope import Lane, Scope, Tenant
from memory.model.turn import Guidance, Message, Role, Status, Submission, Turn, TurnEvent, TurnStatus, Usage
from memory.model.value import Metadata, Value, Vector
from memory.model.webhooks import (
    TEST,
    Change,
    Delivery,
    DeliveryCounts,
    DeliveryStatus,
    Outcome,
    Webhook,
    WebhookEvent,
)
from memory.model.work import Batch, Confirmation, Lease, Page

__all__ = [
    "TEST",
    "Access",
    "ApiKey",
    "Batch",
    "Bond",
    "Change",
    "Confirmation",
    "Counts",
    "DeadFilter",
    "Decision",
    "Delivery",
    "DeliveryCounts",
    "DeliveryStatus",
    "Event",
    "Extraction",
    "Fact",
    "Guidance",
    "Incident",
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
    "Recalled",
    "Reconciliation",
    "Role",
    "Scope",
    "Status",
    "Submission",
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
