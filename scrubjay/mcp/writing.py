"""The tools that change what is remembered."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Annotated, Any

from pydantic import Field

from scrubjay.client import Owner, ScrubjayClient
from scrubjay.client.views import MemoryView, ReceiptView, TurnView
from scrubjay.mcp.answers import Deleted, Event, Forgotten, event, told
from scrubjay.mcp.fields import AgentId, AppId, MemoryId, Metadata, RunId, Said, UserId
from scrubjay.mcp.reach import Call, Unanswerable, client_for, reach_of

LONGEST_WAIT_MS = 30_000
_LONGEST_REQUEST_MS, _PAUSE_SECONDS = 10_000, 0.1
_ENDED = ("settled", "dead", "erased")


async def add_memory(
    call: Call,
    text: Annotated[
        str, Field(description="What to remember, in plain words. Left out where messages are given.")
    ] = "",
    messages: Annotated[
        list[Said] | None, Field(description="A piece of conversation to remember instead of a text.")
    ] = None,
    user_id: UserId = None,
    agent_id: AgentId = None,
    app_id: AppId = None,
    run_id: RunId = None,
    metadata: Metadata = None,
    infer: Annotated[bool, Field(description="false keeps every message word for word, without extraction.")] = True,
    wait_ms: Annotated[
        int, Field(ge=0, le=LONGEST_WAIT_MS, description="How long to wait until it is remembered, in milliseconds.")
    ] = 0,
) -> Event:
    """Remember a preference, a fact or a piece of conversation. It is done in the background: see get_event_status."""
    turn_messages = [message.model_dump() for message in messages or ()] or [{"role": "user", "content": text}]
    if not any(message["content"].strip() for message in turn_messages):
        raise Unanswerable("Give a text or messages: there is nothing to remember.")
    whose = reach_of(call).owner({"user_id": user_id, "agent_id": agent_id, "app_id": app_id, "run_id": run_id})
    async with client_for(call) as client:
        queued = await client.add_turn(turn_messages, metadata=metadata, infer=infer, **whose)
        if not wait_ms:
            return Event(event_id=queued.id, status="PENDING")
        return await event(await _ended(client, queued.id, wait_ms / 1000))


async def update_memory(
    call: Call,
    memory_id: MemoryId,
    text: Annotated[str, Field(description="What is true now. Left out, the text stays as it is.")] = "",
    metadata: Annotated[
        dict[str, Any] | None, Field(description="A JSON object in the place of the memory's metadata.")
    ] = None,
) -> MemoryView:
    """Give a memory another text or other metadata; what it was stays in its history."""
    if not text.strip() and metadata is None:
        raise Unanswerable("Give a text or metadata: there is nothing to change.")
    async with client_for(call) as client:
        return told(await client.update(memory_id, text or None, metadata=metadata))


async def delete_memory(call: Call, memory_id: MemoryId) -> Deleted:
    """Delete one memory with its history. It cannot be undone: make sure which one is meant."""
    async with client_for(call) as client:
        await client.delete(memory_id)
    return Deleted(id=memory_id)


async def delete_all_memories(
    call: Call, user_id: UserId = None, agent_id: AgentId = None, app_id: AppId = None, run_id: RunId = None
) -> ReceiptView:
    """Forget everything that all of the given ids have in common: memories, their history, and what still waits.

    It cannot be undone. With no id at all, the server's own user is forgotten.
    """
    whose = reach_of(call).owner({"user_id": user_id, "agent_id": agent_id, "app_id": app_id, "run_id": run_id})
    async with client_for(call) as client:
        return await _forget(client, whose)


async def delete_entities(
    call: Call, user_id: UserId = None, agent_id: AgentId = None, app_id: AppId = None, run_id: RunId = None
) -> Forgotten:
    """Forget each of the given users, agents, apps and runs with everything about it. It cannot be undone."""
    owners: list[Owner] = [{"user_id": user_id}, {"agent_id": agent_id}, {"app_id": app_id}, {"run_id": run_id}]
    entities = [owner for owner in owners if any(owner.values())]
    if not entities:
        raise Unanswerable("Say whom to forget: give user_id, agent_id, app_id or run_id.")
    receipts = []
    async with client_for(call) as client:
        for number, entity in enumerate(entities, 1):
            receipts.append(await _forget(client, entity))
            await call.report_progress(number, len(entities))
    return Forgotten(receipts=receipts)


async def _forget(client: ScrubjayClient, whose: Owner) -> ReceiptView:
    """Forget an owner for an MCP tool through the client. Raises Unanswerable where the receipt is not verified."""
    receipt = await client.owners.forget(**whose)
    if not receipt.verified:
        raise Unanswerable("Something was left behind: call it again.")
    return receipt


async def _ended(client: ScrubjayClient, turn_id: str, seconds: float) -> TurnView:
    """The turn that an MCP tool handed in, asked for until it has ended, or as it is after so many seconds."""
    deadline = monotonic() + seconds
    while True:
        left_ms = int(1000 * max(0, deadline - monotonic()))
        turn = await client.turn(turn_id, wait_ms=min(_LONGEST_REQUEST_MS, left_ms))
        if turn.status in _ENDED or monotonic() >= deadline:
            return turn
        await asyncio.sleep(_PAUSE_SECONDS)
