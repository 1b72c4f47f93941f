"""Profiles: not built. Who asks for one hears in Mem0's own words that they are not enabled."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from scrubjay.api.auth import Admin, Reader, Writer
from scrubjay.api.middleware.strict_json import Route
from scrubjay.errors import NotOffered

router = APIRouter(route_class=Route, include_in_schema=False)

_INSTEAD = (
    "profiles are not offered here: POST /v1/summary/ tells what is remembered of somebody, /v1/exports/ in a shape"
)


class ProfileOut(BaseModel):
    """That there is no profile of a user."""

    entity_type: str = "user"
    entity_id: str
    profile: None = None
    status: str = "not_enabled"
    updated_at: None = None
    generation_count: int = 0


class SettingsOut(BaseModel):
    """That profiles are off."""

    enabled: bool = False
    capabilities: dict[str, str] = {}
    entities: dict[str, dict[str, None]] = {"user": {"schema": None, "custom_instructions": None}}


@router.get("/v2/entities/user/{name:segment}/profile/")
async def get_profile(name: str, _: Reader) -> ProfileOut:
    """There is none."""
    return ProfileOut(entity_id=name)


@router.get("/v2/profiles/settings/")
async def get_settings(_: Reader) -> SettingsOut:
    """They are off."""
    return SettingsOut()


@router.post("/v2/profiles/settings/")
async def put_settings(_: Admin) -> None:
    """They stay off."""
    raise NotOffered(_INSTEAD)


@router.post("/v2/profiles/jobs/")
async def create_job(_: Writer) -> None:
    """Nothing is made."""
    raise NotOffered(_INSTEAD)


@router.get("/v2/profiles/jobs/{job_id:segment}/")
async def get_job(job_id: str, _: Reader) -> None:
    """Nothing is being made."""
    raise NotOffered(_INSTEAD)
