"""The ports to what became of the accepted turns: the read side of the inbox."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

from scrubjay.model import (
    DeadFilter,
    Lane,
    Page,
    Scope,
    Slice,
    Status,
    Turn,
    TurnStatus,
    Usage,
)
from scrubjay.model.ledger import InboxState, Ledger


class TurnLog(Protocol):
    """What became of the turns: the read side of the inbox."""

    async def get(self, reach: Scope, turn_id: str) -> TurnStatus | None:
        """One turn's status, if it is within reach: of the tenant, and of its one user where there is one."""

    async def status(self, reach: Scope, turn_id: str) -> Status | None:
        """A turn's status alone, which is cheap to ask for again and again; None as of `get`."""

    async def page(self, tenant: str, status: Status | None, user_id: str | None, page: Page) -> Slice[TurnStatus]:
        """A part of the turns that match, newest first."""

    async def dead(self, tenant: str, which: DeadFilter) -> list[str]:
        """The ids of the dead turns that are meant, in the order of acceptance; no text is read."""

    async def dead_page(self, tenant: str, which: DeadFilter, page: Page) -> Slice[TurnStatus]:
        """A part of the dead turns that are meant, newest first."""

    async def pending(self, *scopes: Scope) -> int:
        """How many accepted turns of these owners together are not settled yet."""

    async def ledger(self, tenant: str) -> Ledger:
        """The tenant's ledger."""

    async def ledgers(self, tenants: Sequence[str]) -> Mapping[str, Ledger]:
        """The ledgers of many tenants, each as it was at one moment."""

    async def gated(self, tenant: str, page: Page) -> Slice[TurnStatus]:
        """A part of the turns that were settled without asking a model, newest first: for a person to look through."""

    async def usage(self, tenant: str) -> Mapping[str, Usage]:
        """What models have cost the tenant, by the model's name."""

    async def usages(self, tenants: Sequence[str]) -> Mapping[str, Mapping[str, Usage]]:
        """What models have cost many tenants, by tenant and by the model's name."""

    async def tenants(self) -> list[str]:
        """Every tenant that ever had a turn accepted."""

    async def lanes(self, scope: Scope) -> list[Lane]:
        """Every lane that holds a turn in scope."""

    async def owners(self, tenant: str) -> list[Scope]:
        """Whose turns there are, erased ones aside: each combination of ids once."""

    async def text(self, reach: Scope, turn_id: str) -> Turn | None:
        """The turn itself, if it is within reach, as long as its text is kept."""


class OwnerLog(Protocol):
    """Everything that is kept of an owner's turns, for the owner to take along. Raises InboxUnavailable."""

    def of(self, scope: Scope) -> AsyncIterator[tuple[TurnStatus, Turn | None]]:
        """Every turn in scope by lane and acceptance, each with what was said as long as that is kept.

        Raises NewerFormat.
        """


class Watch(Protocol):
    """Looks at the inbox as a whole."""

    async def state(self) -> InboxState:
        """How it is. Raises InboxUnavailable."""
