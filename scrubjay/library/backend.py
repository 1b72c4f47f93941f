"""The contract between the library's calls and where they are done: in this process, or by a server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from scrubjay.client.views import MemoryView, ReceiptView, TurnView
from scrubjay.library.arguments import Changed, Handed, Ids, Sought


class Backend(Protocol):
    """Does what is asked for; arguments have been checked."""

    async def open(self) -> None:
        """Have everything at hand. Nothing happens where that is so already."""

    async def close(self) -> None:
        """Let go of everything; it can be opened again."""

    async def accept(self, turn: Handed, idempotency_key: str | None) -> str:
        """Take a turn in; returns its id."""

    async def ended(self, turn: Handed, turn_id: str) -> TurnView:
        """What became of a turn, once it has come to its end or has waited too long."""

    async def search(self, request: Sought) -> Sequence[MemoryView]:
        """The memories that matter for a query."""

    async def page(
        self, ids: Ids, filters: Mapping[str, Any] | None, cursor: str | None, size: int, *, show_expired: bool
    ) -> tuple[Sequence[MemoryView], str | None]:
        """A part of the memories, newest first, from the beginning or a cursor on, and the next part's cursor."""

    async def get(self, memory_id: str) -> MemoryView | None:
        """One memory."""

    async def update(self, memory_id: str, change: Changed) -> None:
        """Change a memory. Raises NotFound."""

    async def delete(self, memory_id: str) -> None:
        """Remove a memory. Raises NotFound."""

    async def history(self, memory_id: str) -> Sequence[Mapping[str, Any]]:
        """A memory's versions, oldest first; none where it is unknown."""

    async def forget(self, ids: Ids) -> ReceiptView:
        """Erase everything of an owner."""

    async def owners(self) -> Sequence[Ids]:
        """Owners who together have everything that there is; of very many some, and others once these are erased."""
