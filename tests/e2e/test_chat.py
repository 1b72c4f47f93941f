"""`POST /chat` on the wire, at once and as events: what is told when, and what is remembered of it."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import httpx
import pytest

from scrubjay.client import ApiError, ScrubjayClient
from scrubjay.client.views import ChatEnd, ChatStart, Delta
from tests.e2e.turns import SESSION_1, settle_turn
from tests.model_server.control import ModelServer
from tests.model_server.wire import Fault, Kind
from tests.running import Running
from tests.support import wait_until

EVENTS = "text/event-stream"
QUESTION = "Where do I live in Oslo?"


@pytest.fixture
def user() -> str:
    return f"chatter-{uuid.uuid4().hex[:8]}"


@pytest.fixture
async def talker(modelled: Running, model: ModelServer) -> AsyncIterator[ScrubjayClient]:
    """A client of the stack that has a model."""
    model.reset()
    async with ScrubjayClient(modelled.url) as opened:
        yield opened


@pytest.fixture
async def http(modelled: Running, talker: ScrubjayClient) -> AsyncIterator[httpx.AsyncClient]:
    """Plain HTTP to the same stack."""
    async with httpx.AsyncClient(base_url=modelled.url, timeout=30) as opened:
        yield opened


def read(stream: str) -> list[tuple[str, Any]]:
    """The events of a whole stream."""
    events = [dict(line.split(": ", 1) for line in block.split("\n")) for block in stream.strip().split("\n\n")]
    return [(event["event"], json.loads(event["data"])) for event in events]


async def accepted(client: ScrubjayClient, user: str) -> int:
    return (await client.turns(user_id=user)).count


async def test_a_chat_as_events_tells_the_memories_then_the_reply_by_pieces_and_last_the_turn_that_was_accepted(
    talker: ScrubjayClient, user: str
) -> None:
    await settle_turn(talker, user, "I live in Oslo.", SESSION_1)
    first, *pieces, last = [event async for event in talker.chats.stream(user, QUESTION)]

    assert first == ChatStart(memories_used=("I live in Oslo.",))
    assert [type(piece) for piece in pieces] == [Delta] * len(pieces)
    assert isinstance(last, ChatEnd)
    assert last.reply == "".join(piece.text for piece in pieces if isinstance(piece, Delta)) == f"You said: {QUESTION}"
    assert last.memories_used == first.memories_used

    async def settled() -> bool:
        return (await talker.turn(last.turn_id)).status == "settled"

    await wait_until(settled, what="the chat being remembered")


@pytest.mark.parametrize(
    ("accept", "stream", "kind"),
    [
        (EVENTS, {}, EVENTS),
        ("application/json, text/event-stream;q=0.9", {}, EVENTS),
        ("*/*", {"stream": True}, EVENTS),
        (EVENTS, {"stream": False}, "application/json"),
        ("*/*", {}, "application/json"),
    ],
)
async def test_events_are_asked_for_in_the_body_or_by_what_is_accepted_and_the_body_goes_first(
    http: httpx.AsyncClient, user: str, accept: str, stream: dict[str, bool], kind: str
) -> None:
    answer = await http.post("/chat", json={"user_id": user, "message": "Hello", **stream}, headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, kind)
    if kind == EVENTS:
        (_, memories), *_, (name, done) = read(answer.text)
        assert memories == {"memories_used": []}
        assert (name, done.keys()) == ("done", {"reply", "memories_used", "turn_id"})
    else:
        assert answer.json() == {"reply": "You said: Hello", "memories_used": []}


async def test_a_chat_with_an_agent_in_a_run_is_remembered_for_them(talker: ScrubjayClient, user: str) -> None:
    owner = {"agent_id": "bot", "run_id": "r1"}
    await talker.chats.reply(user, "I like tea.", **owner)
    last = [event async for event in talker.chats.stream(user, "I like rain.", **owner)][-1]
    assert isinstance(last, ChatEnd)
    at_once, streamed = [await talker.turn(turn.id) for turn in reversed((await talker.turns(user_id=user)).results)]
    assert streamed.id == last.turn_id
    assert (at_once.agent_id, at_once.run_id) == (streamed.agent_id, streamed.run_id) == ("bot", "r1")


async def test_a_caller_who_hangs_up_in_the_midst_ends_the_models_call_and_nothing_is_remembered(
    talker: ScrubjayClient, model: ModelServer, user: str
) -> None:
    model.fault(Fault(kind=Kind.HELD, route="chat"))
    async with aclosing(talker.chats.stream(user, "I like my tea green.")) as events:  # type: ignore[type-var]
        assert isinstance(await anext(events), ChatStart)
        assert await anext(events) == Delta(text="You ")
        await wait_until(lambda: model.counts().held == 1, what="the model being in the midst of its reply")
    await wait_until(lambda: model.counts().held == 0, what="the model's call ending")
    model.heal()
    await talker.chats.reply(user, "I like rain.")
    assert await accepted(talker, user) == 1


async def test_a_model_that_breaks_off_is_an_error_event_in_the_shape_of_every_refusal_and_nothing_is_remembered(
    talker: ScrubjayClient, http: httpx.AsyncClient, model: ModelServer, user: str
) -> None:
    model.fault(Fault(kind=Kind.DROPPED, route="chat"))
    body = {"user_id": user, "message": "I like tea.", "stream": True}
    (first, _), *_, (last, failure) = read((await http.post("/chat", json=body)).text)
    assert (first, last) == ("memories", "error")
    assert failure.keys() == {"detail", "error"}
    assert failure["error"] == "model_unavailable"
    with pytest.raises(ApiError, match="broke off its answer") as caught:
        [event async for event in talker.chats.stream(user, "I like tea.")]
    assert caught.value.code == "model_unavailable"
    assert await accepted(talker, user) == 0


async def test_what_is_refused_before_the_first_event_is_refused_with_its_status(
    client: ScrubjayClient, http: httpx.AsyncClient, user: str
) -> None:
    with pytest.raises(ApiError) as caught:  # this stack has no model
        [event async for event in client.chats.stream(user, "Hello")]
    assert (caught.value.status, caught.value.code) == (501, "no_model")
    wrong = await http.post("/chat", json={"user_id": user, "message": "Hello", "stream": "yes"})
    assert (wrong.status_code, wrong.json()["error"]) == (422, "invalid")
