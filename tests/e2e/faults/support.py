"""What these tests share: a provider that can be away, and turns looked at from outside."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from scrubjay.client import ScrubjayClient
from scrubjay.client.views import TurnView
from tests.model_server.control import ModelServer, running
from tests.support import wait_until

ASKED_AGAIN = "Your previous answer could not be used: "


class Provider:
    """The scripted model server, which can be stopped and started again in the same place."""

    def __init__(self) -> None:
        self._process = ExitStack()
        self.server = self._process.enter_context(running())
        self._port = self.server.port

    def start(self) -> None:
        """Run it again, with nothing left of its earlier script."""
        self.server = self._process.enter_context(running(port=self._port))

    def stop(self) -> None:
        """Kill it: its port refuses connections from then on."""
        self._process.close()

    @contextmanager
    def unanswering(self) -> Iterator[None]:
        """In its place, once it is stopped: a port whose queue is full, so that no connection ever comes about."""
        with ExitStack() as opened:
            opened.enter_context(closing(socket.create_server(("127.0.0.1", self._port), backlog=0)))
            for _ in range(4):
                waiting = opened.enter_context(closing(socket.socket()))
                waiting.setblocking(False)
                waiting.connect_ex(("127.0.0.1", self._port))
            yield


def prompts(model: ModelServer, route: str, text_part: str) -> list[str]:
    """The last message of each call of a route that holds this text, oldest first."""
    texts = [request["messages"][-1]["content"] for request in model.requests() if _route(request) == route]
    return [text for text in texts if text_part in text]


def _route(request: dict[str, Any]) -> str:
    return str(request.get("response_format", {}).get("json_schema", {}).get("name", ""))


async def post(client: ScrubjayClient, user: str, text: str) -> str:
    """Post a turn of one message; returns its id."""
    return (await client.add_turn([{"role": "user", "content": text}], user_id=user)).id


async def wait_for_status(client: ScrubjayClient, status: str, turns: Sequence[str]) -> list[TurnView]:
    """Wait until every one of the turns has this status; returns them."""
    return await all_are(client, turns, lambda turn: turn.status == status, what=f"every turn being {status}")


async def all_are(
    client: ScrubjayClient, turns: Sequence[str], as_wanted: Callable[[TurnView], object], what: str
) -> list[TurnView]:
    """Wait until every one of the turns is as wanted; returns them."""

    async def look() -> list[TurnView] | None:
        matching = []
        for turn_id in turns:  # one after the other: to look costs the stack work, and the first mostly says it all
            turn = await client.turn(turn_id)
            if not as_wanted(turn):
                return None
            matching.append(turn)
        return matching

    return await wait_until(look, what=what)


async def memories_of(client: ScrubjayClient, user: str) -> list[str]:
    """An owner's memories in the order in which they were said."""
    page = await client.memories(user_id=user)
    return [memory.memory for memory in sorted(page.results, key=lambda memory: memory.created_at)]


async def ledger_of(http: httpx.AsyncClient) -> dict[str, int]:
    """The ledger as the metrics tell it, by state; raises AssertionError when it does not balance."""
    text = (await http.get("/metrics")).raise_for_status().text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    assert all(sample.value for sample in samples if sample.name == "scrubjay_ledger_balanced")
    return {sample.labels["state"]: int(sample.value) for sample in samples if sample.name == "scrubjay_turns"}


async def settled_ledger(http: httpx.AsyncClient) -> dict[str, int]:
    """The same, once nothing waits any more: what a failed test has left behind would be counted twice."""

    async def look() -> dict[str, int] | None:
        ledger = await ledger_of(http)
        return None if ledger.get("waiting") else ledger or {"waiting": 0}

    return await wait_until(look, what="nothing waiting")


def changes(before: Mapping[str, int], now: Mapping[str, int]) -> dict[str, int]:
    """What has changed in the ledger, by state."""
    return {state: count - before.get(state, 0) for state, count in now.items() if count != before.get(state, 0)}
