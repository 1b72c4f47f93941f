"""What is asked about webhooks and told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, StrictBool

from scrubjay.api.schemas.common import Body, Label, PageOut
from scrubjay.model import Delivery, DeliveryStatus, WebhookEvent

_LONGEST_URL = 2_000
# No user's name or password, which would be a secret in clear in the address, and no fragment, which nobody sends.
_PORT = r"([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_HOST = r"([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])"
_ADDRESS = rf"^https?://{_HOST}(:{_PORT})?([/?][!$-~]*)?$"


def _each_once(value: list[WebhookEvent]) -> tuple[WebhookEvent, ...]:
    return tuple(event for event in WebhookEvent if event in value)


def _address(value: str) -> str:
    if not re.fullmatch(_ADDRESS, value):
        raise ValueError("must be an http or https address in ASCII, without a user's name or a fragment")
    return value


WebhookUrl = Annotated[
    str,
    Field(max_length=_LONGEST_URL, json_schema_extra={"pattern": _ADDRESS}),
    AfterValidator(_address),
]
Events = Annotated[list[WebhookEvent], Field(min_length=1, max_length=len(WebhookEvent)), AfterValidator(_each_once)]


class WebhookIn(Body):
    """An address to be told what changes; all kinds of changes unless some are named."""

    url: WebhookUrl
    name: Label = ""
    events: Events = Field(default_factory=lambda: list(WebhookEvent), validate_default=True)


class WebhookChange(Body):
    """What is to be another; what is left out, or null, stays."""

    url: WebhookUrl | None = None
    name: Label | None = None
    events: Events | None = None
    active: StrictBool | None = None

    @property
    def changes(self) -> Mapping[str, Any]:
        """What is to be changed."""
        return {name: getattr(self, name) for name in type(self).model_fields if getattr(self, name) is not None}


class WebhookOut(BaseModel):
    """A webhook; its secret is shown once."""

    id: str
    url: str
    name: str
    events: list[WebhookEvent]
    active: bool
    created_at: datetime
    updated_at: datetime


class WebhookIssued(WebhookOut):
    """A webhook with the secret that its deliveries are signed with (HMAC-SHA256, Standard Webhooks)."""

    secret: str


class WebhookPage(BaseModel):
    """The webhooks, the oldest first."""

    count: int
    results: list[WebhookOut]


class WebhookDeleted(BaseModel):
    """A webhook is gone, with its log."""

    id: str
    status: Literal["deleted"] = "deleted"


class DeliveryOut(BaseModel):
    """One delivery: `status_code` and `error` tell of the last attempt, `due_at` when the next one is."""

    id: str
    event: str
    memory_id: str | None
    turn_id: str | None
    status: DeliveryStatus
    attempts: int
    status_code: int | None
    error: str | None
    created_at: datetime
    tried_at: datetime | None
    done_at: datetime | None
    due_at: datetime | None

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        """Make the JSON object of a delivery."""
        return cls(
            id=delivery.id,
            event=delivery.event,
            memory_id=delivery.memory_id,
            turn_id=delivery.turn_id,
            status=delivery.status,
            attempts=delivery.attempts,
            status_code=delivery.status_code,
            error=delivery.error,
            created_at=delivery.noted_at,
            tried_at=delivery.tried_at,
            done_at=delivery.done_at,
            due_at=delivery.due_at,
        )


class DeliveryPage(PageOut[DeliveryOut]):
    """One page of deliveries, newest first."""


class TriedOut(BaseModel):
    """A test that a worker sends: what became of it stands in the log."""

    id: str
    status: DeliveryStatus
