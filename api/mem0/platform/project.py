"""The project: a tenant is one, and what it is told to keep is its guidance. Others are made by making keys."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from fastapi import APIRouter
from pydantic import BaseModel

from scrubjay.api.auth import Admin
from scrubjay.api.dependencies import Opened, checked
from scrubjay.api.mem0.answers import Message
from scrubjay.api.mem0.lenient import Lenient
from scrubjay.api.middleware.strict_json import Route
from scrubjay.api.schemas.common import Guided
from scrubjay.errors import BadRequest, NotFound, NotOffered
from scrubjay.mem0.messages import NO_PROJECT
from scrubjay.model import Guidance
from scrubjay.offload import off_loop
from scrubjay.safety.masking import masked_guidance

router = APIRouter(route_class=Route, include_in_schema=False)

_PROJECTS = "/api/v1/orgs/organizations/{org_id:segment}/projects/"
_PROJECT = _PROJECTS + "{project_id:segment}/"
_TENANTS = "a project is a tenant here: make a key of another one with `scrubjay keys create --tenant`"
_KEYS = "members are not kept here: who may do what is said by keys, see `scrubjay keys create --role`"
_FORGET = "a project is not deleted here: forget what is in it, DELETE /v1/memories/ with * for every id"


class ProjectIn(Lenient):
    """What is to change of a project; what is not named stays as it is."""

    not_offered: ClassVar[Mapping[str, str]] = {
        "agent_custom_instructions": "send it with an add, where it holds for agents",
        "decay": "memories do not fade; give those that should end an expiration_date",
        "memory_depth": "say in custom_instructions what to keep",
        "usecase_setting": "say in custom_instructions what it is for",
    }
    custom_instructions: str | None = None
    custom_categories: list[dict[str, str]] | dict[str, str] | None = None
    multilingual: bool | None = None


class ProjectOut(BaseModel):
    """A tenant as a project of Mem0's platform."""

    id: str
    project_id: str
    org_id: str
    name: str
    description: None = None
    custom_instructions: str | None
    agent_custom_instructions: None = None
    custom_categories: list[dict[str, str]]
    multilingual: bool = True
    decay: bool = False
    memory_depth: None = None
    usecase_setting: None = None
    user_role: str = "OWNER"
    members: list[str] = []


@router.get(_PROJECT)
async def get_project(org_id: str, project_id: str, caller: Admin, parts: Opened) -> ProjectOut:
    """The tenant as a project."""
    is_ours(caller.tenant, org_id, project_id)
    return _project_out(caller.tenant, await parts.guidance.of(caller.tenant))


@router.patch(_PROJECT)
async def patch_project(org_id: str, project_id: str, new: ProjectIn, caller: Admin, parts: Opened) -> Message:
    """Set what holds for every turn from now on."""
    is_ours(caller.tenant, org_id, project_id)
    if new.multilingual is False:
        raise NotOffered("multilingual is always on here: memories are kept in the language of the conversation")
    before = await parts.guidance.of(caller.tenant)
    guidance = _guidance(new, before)
    masked = await off_loop(len(str(guidance)), partial(masked_guidance, guidance, parts.mask))
    await parts.guidance.give(caller.tenant, masked)
    return Message(message="Project updated successfully")


def _guidance(new: ProjectIn, before: Guidance) -> Guidance:
    """The guidance with what is named in its place. Raises RequestValidationError, BadRequest."""
    sent = new.model_fields_set & {"custom_instructions", "custom_categories"}
    if not sent and new.multilingual is None:
        raise BadRequest("name custom_instructions or custom_categories: these can be changed")
    categories = new.custom_categories or []
    several = categories if isinstance(categories, list) else [categories]
    body = checked(
        Guided,
        {
            "custom_instructions": new.custom_instructions or None,
            "custom_categories": {name: what for category in several for name, what in category.items()},
        },
    ).guidance
    fields = {"custom_instructions": "instructions", "custom_categories": "categories"}
    return before.model_copy(update={fields[name]: getattr(body, fields[name]) for name in sent})


def is_ours(tenant: str, *project_id: str) -> None:
    """Raises NotFound where an organisation or a project is named that is not the tenant."""
    if any(name != tenant for name in project_id):
        raise NotFound(NO_PROJECT)


def _project_out(tenant: str, guidance: Guidance) -> ProjectOut:
    """A tenant and its guidance as a project of Mem0's platform."""
    return ProjectOut(
        id=tenant,
        project_id=tenant,
        org_id=tenant,
        name=tenant,
        custom_instructions=guidance.instructions,
        custom_categories=[{name: description} for name, description in guidance.categories.items()],
    )


@router.post(_PROJECTS)
async def create_project(_: Admin) -> None:
    """There is one a tenant."""
    raise NotOffered(_TENANTS)


@router.delete(_PROJECT)
async def delete_project(_: Admin) -> None:
    """What is in it can be forgotten."""
    raise NotOffered(_FORGET)


@router.api_route(_PROJECT + "members/", methods=["GET", "POST", "PUT", "DELETE"])
async def members(_: Admin) -> None:
    """There are keys."""
    raise NotOffered(_KEYS)
