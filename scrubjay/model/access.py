"""Who asks, and what they may: a tenant, a role, and perhaps the one user that they are limited to."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from scrubjay.model.scope import Scope, Tenant, spelled
from scrubjay.model.value import Value


class Access(StrEnum):
    """The role of a key; each may do what those before it may.

    READ: search, list, look at turns, export. WRITE: also post turns, chat, change, delete and forget. ADMIN: also
    keys, guidance, webhooks, dead letters, receipts, metrics and the dashboard.
    """

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"

    def covers(self, needed: Access) -> bool:
        """Whether this role may do what needs the other."""
        order = list(Access)
        return order.index(self) >= order.index(needed)


PerMinute = Annotated[int, Field(ge=1, le=10_000_000)]


class Principal(Value):
    """Who asks, as the server knows it.

    Args:
        tenant: whose everything is that they see.
        access: what they may do.
        user_id: the one user of the tenant that they are limited to; None: all.
        operator: runs the server: may look at and give keys to every tenant.
        name: under which their requests are counted; holds no personal data.
        per_minute: how many requests they may make; None: as many as they like.
        good_until: when this ends by itself; None: not before the key is taken back.
    """

    tenant: Tenant
    access: Access
    user_id: str | None = None
    operator: bool = False
    name: str = ""
    per_minute: PerMinute | None = None
    good_until: datetime | None = None

    @property
    def reach(self) -> Scope:
        """All that they can ever see or change: goes into every call of a store."""
        return Scope(tenant=self.tenant, user_id=self.user_id)


class ApiKey(Value):
    """An API key as it is kept: never the key itself.

    Args:
        id: the part of the key that is no secret.
        digest: keyed hash of the secret part, hex.
        old_digest: of the secret before the last rotation, which is good
        old_until: until then.
    """

    id: str
    tenant: Tenant
    access: Access
    label: str = ""
    user_id: str | None = None
    per_minute: PerMinute | None = None
    created_at: datetime
    digest: str
    old_digest: str | None = None
    old_until: datetime | None = None

    @property
    def principal(self) -> Principal:
        """Who asks with it; their id in its one spelling, however the key was stored."""
        fields = {"tenant": self.tenant, "access": self.access, "user_id": spelled(self.user_id)}
        return Principal(name=self.id, per_minute=self.per_minute, **fields)


class Bond(Value):
    """What ties a session to the key that opened it. It gives nothing of the key away.

    Args:
        name: whose: a key's id, or the operator's name.
        mark: a keyed hash of what is kept of the secret, so that the session ends with it.
    """

    name: str
    mark: str
