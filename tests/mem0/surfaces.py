"""The surfaces on which Mem0's users are served, asked in one way: each answers in the same terms."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import httpx
from mcp import Client
from mcp_types import TextContent

from scrubjay import AsyncMemory, AsyncMemoryClient
from scrubjay.errors import ScrubjayError
from tests.mcp.calling import at_hand
from tests.mem0.cases import BAD_REQUEST, NOT_FOUND
from tests.running import Running

Filter = Mapping[str, Any]


class Refused(Exception):
    """A call that the surface refuses: `bad_request` or `not_found`, or what else it said."""


class Surface(Protocol):
    """What the table of cases asks of a surface. Every method raises Refused."""

    async def listed(self, filters: Filter) -> list[dict[str, Any]]:
        """The memories that a filter lists, each with `id`, `memory`, `metadata`."""

    async def call(self, method: str, arguments: Mapping[str, Any]) -> Any:
        """A call of the table of refusals."""


@dataclass(frozen=True)
class Http:
    """Mem0's platform routes."""

    client: httpx.AsyncClient

    async def listed(self, filters: Filter) -> list[dict[str, Any]]:
        answer = await self._ask("POST", "/v3/memories/", {"filters": filters})
        return list(answer["results"])

    async def history(self, memory_id: str) -> list[dict[str, Any]]:
        answer = await self._ask("GET", f"/v1/memories/{memory_id}/history/", None)
        return list(answer)

    async def call(self, method: str, arguments: Mapping[str, Any]) -> Any:
        body = dict(arguments)
        match method:
            case "add":
                return await self._ask("POST", "/v3/memories/add/", {"messages": body["text"]})
            case "search":
                return await self._ask("POST", "/v3/memories/search/", body)
        verb = {"get": "GET", "update": "PUT", "delete": "DELETE"}[method]
        memory_id = body.pop("memory_id")
        return await self._ask(verb, f"/v1/memories/{memory_id}/", body if method == "update" else None)

    async def _ask(self, method: str, path: str, body: Any) -> Any:
        answer = await self.client.request(method, path, json=body)
        if answer.is_success:
            return answer.json()
        raise Refused({400: BAD_REQUEST, 404: NOT_FOUND}.get(answer.status_code, answer.text))


@dataclass(frozen=True)
class Library:
    """The library, in process or over HTTP."""

    memory: AsyncMemory | AsyncMemoryClient

    async def listed(self, filters: Filter) -> list[dict[str, Any]]:
        return list((await self.call("get_all", {"filters": filters}))["results"])

    async def history(self, memory_id: str) -> list[dict[str, Any]]:
        return list(await self.call("history", {"memory_id": memory_id}))

    async def call(self, method: str, arguments: Mapping[str, Any]) -> Any:
        renamed = {"messages" if method == "add" and name == "text" else name: arguments[name] for name in arguments}
        try:
            answer = await getattr(self.memory, method)(**renamed)
        except ScrubjayError as error:
            raise Refused(error.code) from error
        if answer is None:  # as Mem0's library has it for `get`
            raise Refused(NOT_FOUND)
        return answer


@dataclass(frozen=True)
class Mcp:
    """The tools of the MCP server, which refuse in a sentence."""

    client: Client

    async def listed(self, filters: Filter) -> list[dict[str, Any]]:
        return list((await self._tool("get_memories", {"filters": filters, "page_size": 100}))["results"])

    async def call(self, method: str, arguments: Mapping[str, Any]) -> Any:
        tools = {"search": "search_memories"}
        return await self._tool(tools.get(method, f"{method}_memory"), arguments)

    async def _tool(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        result = await self.client.call_tool(name, dict(arguments))
        if not result.is_error:
            answer: dict[str, Any] = result.structured_content
            return answer
        [content] = result.content
        assert isinstance(content, TextContent)
        raise Refused(NOT_FOUND if content.text == "there is no memory with this id" else BAD_REQUEST)


@dataclass(frozen=True)
class Surfaces:
    """All of them, over one tenant of one stack."""

    http: Http
    library: Library
    over_http: Library
    mcp: Mcp

    @property
    def every(self) -> Mapping[str, Surface]:
        return {"HTTP": self.http, "library": self.library, "library over HTTP": self.over_http, "MCP": self.mcp}

    @property
    def with_history(self) -> Mapping[str, Http | Library]:
        """Without MCP, which has no tool for it."""
        return {"HTTP": self.http, "library": self.library, "library over HTTP": self.over_http}


@asynccontextmanager
async def surfaces(stack: Running, key: str, tenant: str) -> AsyncIterator[Surfaces]:
    """Open every surface for a tenant."""
    ports = re.search(r"redis on (\d+), qdrant on (\d+)", stack.stderr.read_text())
    assert ports is not None
    store = {"host": "127.0.0.1", "port": int(ports[2]), "collection_name": tenant}
    config = {
        "llm": {"provider": "offline"},
        "embedder": {"provider": "local"},
        "redis": {"url": f"redis://127.0.0.1:{ports[1]}/0"},
        "vector_store": {"provider": "qdrant", "config": store},
    }
    headers = {"Authorization": f"Token {key}"}
    async with AsyncExitStack() as opened:
        http = httpx.AsyncClient(base_url=stack.url, headers=headers, timeout=60)
        yield Surfaces(
            http=Http(await opened.enter_async_context(http)),
            library=Library(await opened.enter_async_context(AsyncMemory(config))),
            over_http=Library(await opened.enter_async_context(AsyncMemoryClient(stack.url, key))),
            mcp=Mcp(await opened.enter_async_context(at_hand(stack.url, key))),
        )
