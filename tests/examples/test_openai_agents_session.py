"""The example of a session of the Agents SDK, against a running stack and the scripted model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agents import Agent, OpenAIChatCompletionsModel, RunConfig, Runner, SQLiteSession
from agents.memory import Session
from openai import AsyncOpenAI

from examples.openai_agents_session import KNOWN, ScrubjaySession
from scrubjay.client import ScrubjayClient
from tests.model_server.control import ModelServer
from tests.support import wait_until

USER = {"role": "user", "content": "I keep bees."}
ANSWER = {
    "role": "assistant",
    "type": "message",
    "content": [{"type": "output_text", "text": "How many hives?"}],
}
CALL = {"type": "function_call", "call_id": "1", "name": "count", "arguments": "{}"}
RESULT = {"type": "function_call_output", "call_id": "1", "output": "I own 12 hives."}


def session(client: ScrubjayClient, user_id: str, name: str) -> ScrubjaySession:
    return ScrubjaySession(SQLiteSession(name), client, user_id=user_id)


async def turns_of(client: ScrubjayClient, user_id: str, count: int) -> list[dict[str, Any]]:
    """So many settled turns of a user's, the first first."""

    async def settled() -> bool:
        return (await client.turns(status="settled", user_id=user_id)).count == count

    await wait_until(settled, what="the exchanges being remembered")
    every = (await client.turns(user_id=user_id)).results
    assert len(every) == count
    return [(await client.turn(turn.id)).model_dump() for turn in reversed(every)]


async def ask(session: ScrubjaySession, model: ModelServer, question: str) -> str:
    """Let an agent answer in a session."""
    async with AsyncOpenAI(base_url=model.base_url, api_key="test") as openai:
        agent = Agent(name="Assistant", instructions="Be kind.", model=OpenAIChatCompletionsModel("scripted", openai))
        config = RunConfig(call_model_input_filter=session.recall, tracing_disabled=True)
        result = await Runner.run(agent, question, session=session, run_config=config)
    return str(result.final_output)


async def test_what_was_said_in_one_conversation_is_known_in_the_next(
    client: ScrubjayClient, model: ModelServer
) -> None:
    first = session(client, "tara", "monday")
    assert isinstance(first, Session)
    await ask(first, model, "I keep bees in my garden.")
    [turn] = await turns_of(client, "tara", 1)
    assert turn["messages"][0] == {"role": "user", "content": "I keep bees in my garden.", "name": None}
    assert turn["run_id"] == "monday"

    second = session(client, "tara", "tuesday")
    await ask(second, model, "What do I keep?")
    [instructions, question] = model.requests()[-1]["messages"]
    assert instructions["content"] == f"Be kind.\n\n{KNOWN}\n- I keep bees in my garden."
    assert question["content"] == "What do I keep?"
    transcript = str(await second.get_items())
    assert "What do I keep?" in transcript
    assert KNOWN not in transcript


async def test_an_exchange_is_handed_in_once_it_is_finished_and_without_what_tools_said(
    client: ScrubjayClient,
) -> None:
    talk = session(client, "ulla", "hives")
    for items in ([USER], [ANSWER, CALL], [RESULT]):
        await talk.add_items(items)  # type: ignore[arg-type]
    assert (await client.turns(user_id="ulla")).count == 0
    await talk.add_items([ANSWER])  # type: ignore[list-item]
    [turn] = await turns_of(client, "ulla", 1)
    assert [message["content"] for message in turn["messages"]] == [
        "I keep bees.",
        "How many hives?",
        "How many hives?",
    ]
    assert await talk.get_items() == [USER, ANSWER, CALL, RESULT, ANSWER]
    assert await talk.get_items(limit=2) == [RESULT, ANSWER]


async def test_an_exchange_that_is_taken_back_and_said_again_is_remembered_once(client: ScrubjayClient) -> None:
    talk = session(client, "vera", "again")
    await talk.add_items([USER, ANSWER])  # type: ignore[list-item]
    assert await talk.pop_item() == ANSWER
    await talk.add_items([ANSWER])  # type: ignore[list-item]
    await talk.add_items([{"role": "user", "content": "I own 12 hives."}, ANSWER])  # type: ignore[list-item]
    first, second = await turns_of(client, "vera", 2)
    assert [turn["messages"][0]["content"] for turn in (first, second)] == ["I keep bees.", "I own 12 hives."]


async def test_a_cleared_transcript_leaves_memory_alone(client: ScrubjayClient) -> None:
    talk = session(client, "wim", "cleared")
    await talk.add_items([USER, ANSWER])  # type: ignore[list-item]
    await turns_of(client, "wim", 1)
    await talk.clear_session()
    assert await talk.get_items() == []
    assert (await client.memories(user_id="wim")).count == 1


def test_the_session_s_script_runs_as_it_says(script: Callable[..., str], model: ModelServer) -> None:
    assert script("openai_agents_session.py", "I am Alice and I live in Lisbon.").strip()
    assert model.requests()[-1]["messages"][-1]["content"] == "I am Alice and I live in Lisbon."
