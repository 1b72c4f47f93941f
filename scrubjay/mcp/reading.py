"""The tools that change nothing."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from scrubjay.client.views import MemoryView
from scrubjay.mcp.answers import Entities, Event, Events, Found, Memories, event, events, memories, told
from scrubjay.mcp.fields import (
    AgentId,
    AppId,
    EventId,
    Filters,
    MemoryId,
    PageNumber,
    PageSize,
    RunId,
    UserId,
)
from scrubjay.mcp.reach import Call, client_for, reach_of


async def search_memories(
    call: Call,
    query: Annotated[str, Field(description="What you want to know, in plain words.")],
    filters: Filters = None,
    top_k: Annotated[int, Field(ge=1, le=100, description="How many memories at most.")] = 10,
    threshold: Annotated[float | None, Field(ge=0, le=1, description="Leave out what scores lower.")] = None,
    user_id: UserId = None,
    agent_id: AgentId = None,
    app_id: AppId = None,
    run_id: RunId = None,
) -> Found:
    """Find the memories that matter for a question, best first. Ask before you answer somebody you may know."""
    whose = reach_of(call).owner(
        {"user_id": user_id, "agent_id": agent_id, "app_id": app_id, "run_id": run_id}, filters
    )
    async with client_for(call) as client:
        answer = await client.search(query, filters=filters, limit=top_k, threshold=threshold, **whose)
    return Found(results=[told(result) for result in answer.results], pending=answer.pending)


async def get_memories(
    call: Call,
    filters: Filters = None,
    page: PageNumber = 1,
    page_size: PageSize = 10,
    user_id: UserId = None,
    agent_id: AgentId = None,
    app_id: AppId = None,
    run_id: RunId = None,
) -> Memories:
    """List what is remembered of somebody, newest first. To find something in particular, use search_memories."""
    whose = reach_of(call).owner(
        {"user_id": user_id, "agent_id": agent_id, "app_id": app_id, "run_id": run_id}, filters
    )
    async with client_for(call) as client:
        return memories(await client.memories(filters=filters, page=page, page_size=page_size, **whose), page)


async def get_memory(call: Call, memory_id: MemoryId) -> MemoryView:
    """Look at one memory."""
    async with client_for(call) as client:
        return told(await client.memory(memory_id))


async def list_entities(call: Call, page: PageNumber = 1, page_size: PageSize = 100) -> Entities:
    """List the users, agents, apps and runs that have memories, with how many."""
    async with client_for(call) as client:
        entities = await client.owners.entities(page=page, page_size=page_size)
    return Entities(results=entities, next_page=page + 1 if len(entities) == page_size else None)


async def list_events(
    call: Call,
    event_type: Annotated[
        Literal["ADD"] | None, Field(description="Only ADD leaves events: searches are not recorded.")
    ] = None,
    page: PageNumber = 1,
    page_size: PageSize = 50,
) -> Events:
    """List what was to be remembered lately, with what became of it, newest first."""
    async with client_for(call) as client:
        return await events(await client.turns(page=page, page_size=page_size), page)


async def get_event_status(call: Call, event_id: EventId) -> Event:
    """Look what became of one add_memory: whether it is remembered yet, and as what."""
    async with client_for(call) as client:
        return await event(await client.turn(event_id))
