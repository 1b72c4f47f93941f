"""Profiles: not built. Who asks for one hears in Mem0's own words that they are not enabled."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from scrubjay.api.auth import Admin, Reader, Writer
from scrubjay.api.middleware.strict_json import Route
from scrubjay.errors import NotOffered

router = APIRouter(route_class=Route, include_in_schema=False)

_INSTEAD = (
    "profiles are not offered here: POST /v1/summary/ tells what is remembered of somebody, /v1/exports/ in a shape"
)


@router.get("/v2/entities/user/{name:segment}/profile/")
async def get_profile(name: str, _: Reader) -> Any:
    """There is none."""
    nothing = {"profile": None, "status": "not_enabled", "updated_at": None, "generation_count": 0}
    return {"entity_type": "user", "entity_id": name, **nothing}


@router.get("/v2/profiles/settings/")
async def get_settings(_: Reader) -> Any:
    """They are off."""
    nothing = {"schema": None, "custom_instructions": None}
    return {"enabled": False, "capabilities": {}, "entities": {"user": nothing}}


@router.post("/v2/profiles/settings/")
async def put_settings(_: Admin) -> Any:
    """They stay off."""
    raise NotOffered(_INSTEAD)


@router.post("/v2/profiles/jobs/")
async def create_job(_: Writer) -> Any:
    """Nothing is made."""
    raise NotOffered(_INSTEAD)


@router.get("/v2/profiles/jobs/{job_id:segment}/")
async def get_job(job_id: str, _: Reader) -> Any:
    """Nothing is being made."""
    raise NotOffered(_INSTEAD)
