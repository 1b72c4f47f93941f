"""The whole stack with a model behind the OpenAI wire: facts supersede each other, in the language of the user."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest

from scrubjay.client import ScrubjayClient
from tests.e2e.turns import SESSION_1, settle_turn
from tests.model_server.control import ModelServer
from tests.model_server.wire import Canned, Fault, Kind
from tests.running import Running
from tests.support import wait_until

SESSION_2 = SESSION_1 + timedelta(days=20)
SESSION_3 = SESSION_1 + timedelta(days=40)


@dataclass(frozen=True)
class Move:
    """Somebody lives in one place, then in another, said in a language."""

    language: str
    before: str
    after: str
    first: str
    second: str
    question: str


MOVES = [
    Move("English", "I live in Berlin.", "I moved to Lisbon last week.", "User lives in Berlin",
         "User lives in Lisbon", "Where does the user live?"),
    Move("German", "Ich wohne in Berlin.", "Ich bin letzte Woche nach Lissabon gezogen.", "User wohnt in Berlin",
         "User wohnt in Lissabon", "Wo wohnt der User?"),
    Move("Chinese", "我住在柏林。", "我上周搬到了里斯本。", "用户 住在 柏林", "用户 住在 里斯本", "用户 住在 哪里?"),
]  # fmt: skip


def extracted(text: str, fact: str) -> Canned:
    answer = {"facts": [{"fact": fact, "category": "personal", "quote": text}]}
    return Canned(route="extraction", contains=text, answer=answer)


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.language)
async def test_a_changed_fact_supersedes_the_old_one(model: ModelServer, modelled: Running, move: Move) -> None:
    update = {"candidate": 0, "event": "UPDATE", "target": 0, "text": move.second}
    model.say(
        extracted(move.before, move.first),
        extracted(move.after, move.second),
        Canned(route="reconciliation", contains=move.second, answer={"decisions": [update]}),
    )
    user = move.language.lower()
    async with ScrubjayClient(modelled.url) as client:
        first = await settle_turn(client, user, move.before, SESSION_1)
        second = await settle_turn(client, user, move.after, SESSION_3)
        answer = await client.search(move.question, user_id=user)
        assert [memory.memory for memory in answer.results] == [move.second]
        history = await client.history(answer.results[0].id)
    assert [(version["memory"], version["quote"], version["turn_ids"]) for version in history] == [
        (move.first, move.before, [first]),
        (move.second, move.after, [second]),
    ]
    assert all(version["prompt_version"] and version["model"] for version in history)
    async with httpx.AsyncClient(base_url=modelled.url) as http:
        query = {"user_id": user, "query": move.question, "as_of": SESSION_2.isoformat()}
        then = (await http.post("/search", json=query)).json()["results"]
        undone = await http.post(f"/memories/{answer.results[0].id}/undo")
        now = (await http.post("/search", json={"user_id": user, "query": move.question})).json()["results"]
    assert [memory["memory"] for memory in then] == [move.first]
    assert undone.json()["memory"] == move.first
    assert [memory["memory"] for memory in now] == [move.first]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind=Kind.STATUS, status=429, headers={"Retry-After": "1"}, calls=2),
        Fault(kind=Kind.STATUS, status=503, calls=2),
        Fault(kind=Kind.STATUS, status=401, calls=2),
        Fault(kind=Kind.DROPPED, calls=2),
        Fault(kind=Kind.NOT_JSON, calls=1, route="extraction"),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}" if fault.kind is Kind.STATUS else fault.kind,
)
async def test_a_model_in_trouble_delays_a_turn_and_loses_nothing(
    model: ModelServer, modelled: Running, fault: Fault
) -> None:
    user = f"trouble-{fault.kind}-{fault.status}"
    model.fault(fault)
    async with ScrubjayClient(modelled.url) as client:
        turn_id = await settle_turn(client, user, "I live in Berlin.", SESSION_1)
        turn = await client.turn(turn_id)
        memories = await client.memories(user_id=user)
    model.heal()
    assert [memory.memory for memory in memories.results] == ["I live in Berlin."]
    assert (turn.attempts, turn.error) == (1, None)


async def test_an_answer_that_stays_bad_ends_among_the_dead_letters_and_can_be_replayed(
    model: ModelServer, modelled: Running
) -> None:
    model.fault(Fault(kind=Kind.NOT_JSON, contains="poison", route="extraction"))
    async with ScrubjayClient(modelled.url) as client:
        bad = await client.add_turn([{"role": "user", "content": "I like poison ivy."}], user_id="letters")
        good = await settle_turn(client, "letters", "I live in Berlin.", SESSION_1)

        async def is_dead() -> bool:
            return (await client.turn(bad.id)).status == "dead"

        await wait_until(is_dead, what="the poison turn being dead")
        assert ((await client.turn(bad.id)).error or "").startswith("bad_answer")
        assert (await client.turn(good)).status == "settled"
        model.heal()
        async with httpx.AsyncClient(base_url=modelled.url) as http:
            assert (await http.post("/dead/replay", json={"error": "bad_answer"})).json()["count"] == 1

        async def revived() -> bool:
            return (await client.turn(bad.id)).status == "settled"

        await wait_until(revived, what="the replayed turn being settled")
        assert {memory.memory for memory in (await client.memories(user_id="letters")).results} == {
            "I like poison ivy.", "I live in Berlin.",
        }  # fmt: skip


async def test_chat_answers_with_what_is_remembered_and_remembers_the_turn(
    model: ModelServer, modelled: Running
) -> None:
    model.say(Canned(route="chat", contains="Laravel project", answer="How is the SaaS product coming along?"))
    async with ScrubjayClient(modelled.url) as client:
        await settle_turn(client, "laravel", "I am building a SaaS product in Laravel.", SESSION_1)
        reply = await client.chats.reply("laravel", "Can you help with my Laravel project?")
        assert reply.reply == "How is the SaaS product coming along?"
        assert list(reply.memories_used) == ["I am building a SaaS product in Laravel."]
        system = next(sent for sent in reversed(model.requests()) if sent.get("messages"))["messages"][0]["content"]
        assert "I am building a SaaS product in Laravel." in system

        async def both_settled() -> bool:
            return (await client.turns(user_id="laravel", status="settled")).count == 2

        await wait_until(both_settled, what="the chat's own turn being settled")


async def test_an_agent_learns_from_what_it_says_itself_and_everybody_finds_it(
    model: ModelServer, modelled: Running
) -> None:
    model.say(extracted("Refunds take five days.", "Refunds take five days"))
    messages = [
        {"role": "user", "content": "How long does a refund take?"},
        {"role": "assistant", "content": "Refunds take five days."},
    ]
    async with ScrubjayClient(modelled.url) as client:
        turn = await client.add_turn(messages, agent_id="support", timestamp=SESSION_1)

        async def settled() -> bool:
            return (await client.turn(turn.id)).status == "settled"

        await wait_until(settled, what="the agent's turn being settled")
        answer = await client.search("How long do refunds take?", agent_id="support")
        assert [memory.memory for memory in answer.results] == ["Refunds take five days"]
        assert (await client.search("refunds", user_id="support")).results == ()
    system = next(sent for sent in reversed(model.requests()) if sent.get("messages"))["messages"][0]["content"]
    assert "shared by everybody it talks with" in system
