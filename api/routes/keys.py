"""API keys: give them out, list them, turn them over, take them back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from scrubjay.access.api_keys import Issued, NewKey, issue, revoke, rotate
from scrubjay.api.auth import Admin
from scrubjay.api.dependencies import Opened, Paged, listed
from scrubjay.api.middleware.strict_json import Route
from scrubjay.api.openapi import refusals
from scrubjay.api.schemas.common import Body, Id, Label, Number, PerMinuteIn
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


class KeyIssued(KeyOut):
    """A key as it is shown once."""

    key: str


class KeyPage(BaseModel):
    """One page of keys, the oldest first."""

    count: int
    next: str | None
    previous: str | None
    cursor: str | None
    results: list[KeyOut]


class RotateIn(Body):
    """For how long the secret of before stays good."""

    overlap_seconds: Number = Field(0, ge=0, le=_LONGEST_OVERLAP_SECONDS)


@router.post("/keys", status_code=201, response_model=KeyIssued)
async def make_key(body: KeyIn, caller: Admin, parts: Opened) -> Any:
    """Make a key; the answer shows it, and nothing ever does again."""
    new = NewKey(
        tenant=_tenant(caller, body.tenant) or caller.tenant,
        access=body.role,
        label=parts.mask(body.label),
        user_id=body.user_id,
        per_minute=body.per_minute,
    )
    return _issued(await issue(new, parts.api_keys))


@router.get("/keys", response_model=KeyPage)
async def list_keys(
    request: Request, caller: Admin, parts: Opened, page: Paged, tenant: Annotated[Tenant | None, Query()] = None
) -> Any:
    """The keys of the tenant; for the operator those of all, or of the tenant that is named."""
    tenant_name = _tenant(caller, tenant)
    keys = await parts.api_keys.keyring.all(tenant_name if caller.operator else caller.tenant)
    part = sliced([(After(stamp=-to_us(key.created_at), name=key.id), key) for key in keys], page)
    return listed(request, page, part, [_shown(key) for key in part.items])


@router.post("/keys/{key_id}/rotate", response_model=KeyIssued, responses=refusals(404))
async def rotate_key(key_id: _KeyId, body: RotateIn, caller: Admin, parts: Opened) -> Any:
    """Give a key another secret, and show it; the one of before is good for the overlap."""
    turned = await rotate(caller, key_id, body.overlap_seconds, parts.api_keys)
    return _issued(turned)


@router.delete("/keys/{key_id}", responses=refusals(404))
async def revoke_key(key_id: _KeyId, caller: Admin, parts: Opened) -> dict[str, str]:
    """Take a key back: within a second no process lets it in any more."""
    await revoke(caller, key_id, parts.api_keys)
    return {"id": key_id, "status": "revoked"}


def _tenant(caller: Principal, wanted: str | None) -> str | None:
    """The tenant that is meant. Raises Forbidden."""
    if wanted not in (None, caller.tenant) and not caller.operator:
        raise Forbidden("only the operator's key may name another tenant")
    return wanted


def _shown(key: ApiKey) -> dict[str, Any]:
    fields = ("id", "tenant", "label", "user_id", "per_minute", "created_at")
    return {**{name: getattr(key, name) for name in fields}, "role": key.access}


def _issued(issued: Issued) -> dict[str, Any]:
    return {**_shown(issued.key), "key": issued.text}
