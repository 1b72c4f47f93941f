"""API keys: give them out, list them, turn them over, take them back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from scrubjay.access.api_keys import Issued, NewKey, issue, revoke, rotate
from scrubjay.api.auth import Admin
from scrubjay.api.dependencies import Opened, Paged, page_of
from scrubjay.api.middleware.strict_json import Route
from scrubjay.api.openapi import refusals
from scrubjay.api.schemas.common import Body, Id, Label, Number, PageOut, PerMinuteIn
from scrubjay.errors import Forbidden
from scrubjay.model import Access, After, ApiKey, Principal, Tenant
from scrubjay.model.clock import to_us
from scrubjay.model.pages import sliced

router = APIRouter(route_class=Route, tags=["keys"])

_LONGEST_OVERLAP_SECONDS = 30 * 24 * 3600
_KeyId = Annotated[str, Path(pattern="^[0-9a-f]{12}$", description="The part of the key that is no secret.")]


# An admin's key cannot be limited to one user.
_FOR_ALL: JsonDict = {"properties": {"user_id": {"type": "null"}}}
_NO_ADMIN: JsonDict = {"properties": {"role": {"enum": ["read", "write"]}}}


class KeyIn(Body):
    """A key to be made. Only the operator may name another tenant than their own."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [_FOR_ALL, _NO_ADMIN]})

    tenant: Tenant | None = None
    role: Access = Access.WRITE
    label: Label = ""
    user_id: Id | None = None
    per_minute: PerMinuteIn | None = None


class KeyOut(BaseModel):
    """A key as it is kept: never the key itself."""

    id: str
    tenant: str
    role: Access
    label: str
    user_id: str | None
    per_minute: int | None
    created_at: datetime

    @classmethod
    def of(cls, key: ApiKey) -> Self:
        """Make the JSON object of a key."""
        return cls.model_validate({**dict(key), "role": key.access})


class KeyIssued(KeyOut):
    """A key as it is shown once."""

    key: str

    @classmethod
    def shown_once(cls, issued: Issued) -> Self:
        """Make the answer that shows the key itself."""
        return cls.model_validate({**dict(issued.key), "role": issued.key.access, "key": issued.text})


class KeyRevoked(BaseModel):
    """A key is good no longer."""

    id: str
    status: Literal["revoked"] = "revoked"


class KeyPage(PageOut[KeyOut]):
    """One page of keys, the oldest first."""


class RotateIn(Body):
    """For how long the secret of before stays good."""

    overlap_seconds: Number = Field(0, ge=0, le=_LONGEST_OVERLAP_SECONDS)


@router.post("/keys", status_code=201)
async def make_key(body: KeyIn, caller: Admin, parts: Opened) -> KeyIssued:
    """Create a key. Only this answer shows it."""
    new = NewKey(
        tenant=_tenant(caller, body.tenant) or caller.tenant,
        access=body.role,
        label=parts.mask(body.label),
        user_id=body.user_id,
        per_minute=body.per_minute,
    )
    return KeyIssued.shown_once(await issue(new, parts.api_keys))


@router.get("/keys")
async def list_keys(
    request: Request, caller: Admin, parts: Opened, page: Paged, tenant: Annotated[Tenant | None, Query()] = None
) -> KeyPage:
    """List the keys of the tenant; for the operator, of all tenants or of the named one."""
    tenant_name = _tenant(caller, tenant)
    keys = await parts.api_keys.keyring.all(tenant_name if caller.operator else caller.tenant)
    part = sliced([(After(stamp=-to_us(key.created_at), name=key.id), key) for key in keys], page)
    return page_of(KeyPage, request, page, part, [KeyOut.of(key) for key in part.items])


@router.post("/keys/{key_id}/rotate", responses=refusals(404))
async def rotate_key(key_id: _KeyId, body: RotateIn, caller: Admin, parts: Opened) -> KeyIssued:
    """Rotate a key: give it a new secret. The old one works until the overlap ends."""
    rotated = await rotate(caller, key_id, body.overlap_seconds, parts.api_keys)
    return KeyIssued.shown_once(rotated)


@router.delete("/keys/{key_id}", responses=refusals(404))
async def revoke_key(key_id: _KeyId, caller: Admin, parts: Opened) -> KeyRevoked:
    """Revoke a key. Within a second, no process accepts it."""
    await revoke(caller, key_id, parts.api_keys)
    return KeyRevoked(id=key_id)


def _tenant(caller: Principal, wanted: str | None) -> str | None:
    """The tenant that is meant. Raises Forbidden."""
    if wanted not in (None, caller.tenant) and not caller.operator:
        raise Forbidden("only the operator's key may name another tenant")
    return wanted
