"""Ping: every client of Mem0's calls it before anything else, and takes the organisation and the project from it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from scrubjay.api.auth import Reader
from scrubjay.api.middleware.strict_json import Route

router = APIRouter(route_class=Route, include_in_schema=False)


@router.get("/v1/ping/")
async def ping(caller: Reader) -> dict[str, Any]:
    """Whose key it is: a tenant is an organisation with one project."""
    return {"status": "ok", "org_id": caller.tenant, "project_id": caller.tenant, "user_email": None}
