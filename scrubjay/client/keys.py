"""The calls about API keys."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote

from scrubjay.client.views import Page, View
from scrubjay.client.wire import Wire


class KeyView(View):
    """A key; its text is not shown again."""

    id: str
    tenant: str
    role: str
    label: str
    user_id: str | None = None
    per_minute: int | None = None
    created_at: datetime


class IssuedView(KeyView):
    """A key as it is shown once."""

    key: str


class Keys:
    """What an admin's key may do with keys: `client.keys.create(…)`. Raises as the client does.

    Args:
        wire: of the client.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def create(
        self,
        *,
        role: str = "write",
        label: str = "",
        tenant: str | None = None,
        user_id: str | None = None,
        per_minute: int | None = None,
    ) -> IssuedView:
        """Make an API key with `POST /keys` of the server, and return it with its secret.

        Args:
            role: read, write or admin.
            label: what it is for.
            tenant: whose; our own if not given. Only the operator may name another.
            user_id: the one user that it is limited to.
            per_minute: how many requests it may make.
        """
        body = {"role": role, "label": label, "tenant": tenant, "user_id": user_id, "per_minute": per_minute}
        return IssuedView.model_validate(await self._wire.ask("POST", "/keys", json=body))

    async def page(
        self, *, tenant: str | None = None, page: int = 1, page_size: int = 100, cursor: str | None = None
    ) -> Page[KeyView]:
        """The keys, the oldest first."""
        query = {"tenant": tenant, "page": page, "page_size": page_size, "cursor": cursor}
        return Page[KeyView].model_validate(await self._wire.ask("GET", "/keys", safe=True, params=query))

    async def rotate(self, key_id: str, *, overlap_seconds: float = 0) -> IssuedView:
        """Give an API key another secret (`POST /keys/{id}/rotate`); the one of before is good for the overlap."""
        body = {"overlap_seconds": overlap_seconds}
        return IssuedView.model_validate(await self._wire.ask("POST", f"{_key(key_id)}/rotate", json=body))

    async def revoke(self, key_id: str) -> None:
        """Take a key back."""
        await self._wire.ask("DELETE", _key(key_id))


def _key(key_id: str) -> str:
    return f"/keys/{quote(key_id, safe='')}"
