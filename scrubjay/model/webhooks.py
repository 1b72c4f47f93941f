"""Webhooks: addresses that are told what changes, and the result of each notification."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from scrubjay.model.facts import Event
from scrubjay.model.scope import Scope
from scrubjay.model.value import Value


class WebhookEvent(StrEnum):
    """What a webhook may want to be told: that a memory was added, updated or deleted."""

    ADD = "memory_add"
    UPDATE = "memory_update"
    DELETE = "memory_delete"


class Webhook(Value):
    """An address that a tenant's changes are delivered to.

    Args:
        id: a UUID.
        url: where to; kept sealed, as it may hold a secret.
        name: what it is for.
        events: what it wants to be told.
        active: nothing new is noted for one that is not, and what waits for it is given up.
    """

    id: str
    url: str
    name: str = ""
    events: tuple[WebhookEvent, ...] = tuple(WebhookEvent)
    active: bool = True
    created_at: datetime
    updated_at: datetime


class DeliveryStatus(StrEnum):
    """Where a delivery is."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


class Notification(Value):
    """A change by hand that webhooks are to be told of: ids, never text.

    Args:
        event: what it is.
        scope: of the memory.
        memory_id: which memory.
        version: the version that it makes; None for a deletion.
    """

    event: Event
    scope: Scope
    memory_id: str
    version: int | None = None


TEST = "TEST"  # the event of a delivery that somebody asked for, to see whether it arrives


class Delivery(Value):
    """One event for one webhook: ids, never words. These are read when it is sent, so that an erase covers them.

    Args:
        id: sent along; the same for each attempt, so that the receiver can drop the second.
        event: ADD, UPDATE, DELETE or TEST.
        scope: of the turn, or of the memory that was changed by hand.
        memory_id: which memory; None for a test.
        turn_id: the turn that did it; None where it was done by hand.
        nth: of the turn's events of this kind on this memory, counted from 0.
        version: that the change by hand made.
        attempts: how often it was begun to be sent.
        status_code: of the last answer.
        error: why there was none, or why it was given up: a word.
        order: of the turn, or of the change by hand, in the order of all that is decided.
        noted_at: when the turn was settled, or the memory changed.
        tried_at: when the last attempt began.
        done_at: when it was delivered or given up.
        due_at: not to be sent before.
    """

    id: str
    webhook_id: str
    event: str
    scope: Scope
    memory_id: str | None = None
    turn_id: str | None = None
    nth: int = 0
    version: int | None = None
    status: DeliveryStatus
    attempts: int = 0
    status_code: int | None = None
    error: str | None = None
    order: int = 0
    noted_at: datetime
    tried_at: datetime | None = None
    done_at: datetime | None = None
    due_at: datetime | None = None


class Outcome(Value):
    """What an attempt came to.

    Args:
        status: WAITING: it is tried again.
        status_code, error: as of `Delivery`.
        delay_seconds: until it is tried again.
        rest_seconds: for which the receiver wants to be left alone altogether.
    """

    status: DeliveryStatus
    status_code: int | None = None
    error: str | None = None
    delay_seconds: float = 0
    rest_seconds: float = 0


class DeliveryCounts(Value):
    """How many deliveries of a tenant's wait, and how many were ever delivered or given up."""

    waiting: int = 0
    delivered: int = 0
    failed: int = 0
