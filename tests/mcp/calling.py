"""Calling tools as a client does, and looking at what they answered."""

from __future__ import annotations

import os
import sys
from typing import Any

from mcp import Client, StdioServerParameters
from mcp_types import TextContent

from scrubjay.mcp.reach import Reach
from scrubjay.mcp.server import make_server
from tests.running import Running

NAMES = {
    "add_memory",
    "search_memories",
    "get_memories",
    "get_memory",
    "update_memory",
    "delete_memory",
    "delete_all_memories",
    "delete_entities",
    "list_entities",
    "list_events",
    "get_event_status",
}
WAIT_MS = 30_000


def over_stdio(stack: Running, key: str, user_id: str) -> Client:
    """A client that starts the command itself, with the handshake of before protocol 2026-07-28, as most editors do."""
    settings = {"SCRUBJAY_URL": stack.url, "SCRUBJAY_KEY": key, "SSL_CERT_FILE": os.environ["SSL_CERT_FILE"]}
    command = ["-m", "scrubjay.cli", "mcp", "--user-id", user_id]
    return Client(StdioServerParameters(command=sys.executable, args=command, env=settings), mode="legacy")


def at_hand(url: str, key: str | None, user_id: str | None = None) -> Client:
    """A client of a server in this process, which asks Scrubjay like any other."""
    return Client(make_server(Reach(url, key, user_id)))


async def answer(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """What a tool answers."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    structured_content: dict[str, Any] = result.structured_content
    return structured_content


async def refusal(client: Client, tool: str, **arguments: Any) -> str:
    """What a tool says that refuses."""
    result = await client.call_tool(tool, arguments)
    [block] = result.content
    assert result.is_error, result.content
    assert isinstance(block, TextContent)
    return block.text


async def remembered(client: Client, text: str, **more: Any) -> dict[str, Any]:
    """Have a text remembered word for word; returns the event."""
    event = await answer(client, "add_memory", text=text, infer=False, wait_ms=WAIT_MS, **more)
    assert event["status"] == "SUCCEEDED", event
    return event
