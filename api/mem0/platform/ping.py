"""Ping: every client of Mem0's calls it before anything else, and takes the organisation and the project from it."""

from __future__ import annotations

from fastapi import APIRouter

from scrubjay.api.auth import Reader
from scrubjay.api.mem0.answers import PingOut
from scrubjay.api.middleware.strict_json import Route

router = APIRouter(route_class=Route, include_in_schema=False)


@router.get("/v1/ping/")
async def ping(caller: Reader) -> PingOut:
    """Whose key it is: a tenant is an organisation with one project."""
    return PingOut(status="ok", org_id=caller.tenant, project_id=caller.tenant)
