"""The ports to webhooks: which there are, what waits to be delivered to them, and the way out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from scrubjay.model import Delivery, DeliveryCounts, Outcome, Page, Slice, Value, Webhook


class WebhookRegistry(Protocol):
    """The webhooks of each tenant. Raises InboxUnavailable; NewerFormat or Unreadable for one that cannot be read."""

    async def add(self, tenant: str, webhook: Webhook, most: int) -> bool:
        """A new one; False, and nothing is kept, where the tenant has so many already."""

    async def get(self, tenant: str, webhook_id: str) -> Webhook | None:
        """One of the tenant's."""

    async def all(self, tenant: str) -> list[Webhook]:
        """All of the tenant's that can be read, the oldest first."""

    async def replace(self, tenant: str, webhook: Webhook) -> bool:
        """Another state of one; False, and nothing is changed, where there is none of this id any more."""

    async def withdraw(self, tenant: str, webhook_id: str) -> bool:
        """Hide a webhook from every reader; False where there was none. Its deliveries stay until they are dropped."""

    async def remove(self, tenant: str, webhook_id: str) -> None:
        """Remove a webhook that was withdrawn."""


class Claimed(Value):
    """A delivery to be sent now. Nobody else sends it before the claim ends."""

    webhook: Webhook | None  # None: it cannot be read
    delivery: Delivery


class Deliveries(Protocol):
    """What waits to be delivered, and what became of the rest. Raises InboxUnavailable.

    The deliveries of one lane to one webhook are sent in order: the next one once the one before is done.
    """

    async def fan_out(self, tenant: str) -> bool:
        """Note the next deliveries of what the tenant's turns did; returns whether there are more to note."""

    async def claim(self, tenant: str, webhook_id: str, *, busy: bool) -> Claimed | None:
        """The next delivery that is due, counted as attempted; None where there is none now.

        With `busy` the caller goes on asking; without, it leaves, and whoever notes a delivery rings again.
        """

    async def report(self, tenant: str, delivery: Delivery, outcome: Outcome) -> None:
        """What the attempt came to; nothing happens where the delivery is there no longer."""

    async def waits(self, tenant: str, delivery_id: str) -> bool:
        """Whether a delivery still waits: not where its owner was forgotten, or its webhook removed."""

    async def leave(self, tenant: str, webhook_id: str) -> None:
        """Stop asking though something may be due: ring for somebody else."""

    async def page(self, tenant: str, webhook_id: str, page: Page) -> Slice[Delivery]:
        """A part of a webhook's deliveries, newest first."""

    async def again(self, tenant: str, webhook_id: str, delivery_id: str) -> bool:
        """Let a delivery be sent at once, however it stands; False where there is none."""

    async def note_test(self, tenant: str, webhook_id: str) -> str | None:
        """Note a test down, to be sent now; returns the delivery's id, None where there is no such webhook."""

    async def get(self, tenant: str, webhook_id: str, delivery_id: str) -> Delivery | None:
        """One delivery of a webhook."""

    async def drop(self, tenant: str, webhook_id: str) -> None:
        """Forget all deliveries of a webhook."""

    async def counts(self, tenants: Sequence[str]) -> Mapping[str, DeliveryCounts]:
        """The counts of those of these tenants that ever had a delivery."""


class Reply(Value):
    """What came back from an address.

    Args:
        status_code: of the answer; None where there was none.
        error: a word for why there was none.
        final: no later attempt would mend it.
        retry_after_seconds: how long the receiver asked us to wait, if it did.
    """

    status_code: int | None = None
    error: str | None = None
    final: bool = False
    retry_after_seconds: float | None = None


class WebhookSender(Protocol):
    """The way out. Whatever goes wrong out there is in the reply: nothing is raised."""

    async def send(self, tenant: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Post a body to an address that a tenant gave, with an end to the waiting."""
