"""What remembering costs, and what keeps it cheap and clean: the gate, bursts, guidance, false quotes."""

from __future__ import annotations

import httpx
import pytest

from scrubjay.client import ScrubjayClient
from tests.e2e.turns import SESSION_1, settle_turn
from tests.model_server.control import ModelServer
from tests.model_server.wire import Canned
from tests.running import Running
from tests.support import wait_until


async def test_a_turn_tells_what_it_cost_and_what_was_said_and_the_tenant_pays(
    model: ModelServer, modelled: Running
) -> None:
    async with ScrubjayClient(modelled.url) as client:
        before = cost_usd(await client.metrics())
        turn_id = await settle_turn(client, "costs", "I collect stamps.", SESSION_1)
        after = cost_usd(await client.metrics())
    async with httpx.AsyncClient(base_url=modelled.url) as http:
        turn = (await http.get(f"/turns/{turn_id}")).json()
    usage = turn["usage"]
    assert (usage["calls"], usage["embeddings"]) == (1, 1)
    assert min(usage["prompt_tokens"], usage["completion_tokens"], usage["embedding_tokens"]) > 0
    prices = (usage["prompt_tokens"] + 4 * usage["completion_tokens"]) / 1e6 + usage["embedding_tokens"] * 2 / 1e6
    assert usage["cost_usd"] == pytest.approx(prices, rel=1e-3)
    assert turn["messages"] == [{"role": "user", "content": "I collect stamps.", "name": None}]
    assert after - before == pytest.approx(usage["cost_usd"], rel=1e-3)


def cost_usd(metrics: str) -> float:
    lines = (line.rpartition(" ") for line in metrics.splitlines())
    return sum(float(value) for name, _, value in lines if name.startswith("scrubjay_model_cost_usd_total"))


def gated_in(metrics: str) -> float:
    lines = (line.rpartition(" ") for line in metrics.splitlines())
    return sum(float(value) for name, _, value in lines if name == 'scrubjay_turns_gated_total{tenant="default"}')


async def test_small_talk_costs_no_call_is_counted_and_can_be_looked_through(
    model: ModelServer, modelled: Running
) -> None:
    calls = model.counts().calls
    async with ScrubjayClient(modelled.url) as client:
        before = gated_in(await client.metrics())  # others share the stack
        turn_id = await settle_turn(client, "polite", "Ok, thank you!", SESSION_1)
        assert model.counts().calls == calls
        assert gated_in(await client.metrics()) == before + 1
    async with httpx.AsyncClient(base_url=modelled.url) as http:
        gated = (await http.get("/turns/gated")).json()
    assert [(turn["id"], turn["gated"], turn["messages"][0]["content"]) for turn in gated["results"][:1]] == [
        (turn_id, True, "Ok, thank you!")
    ]


async def test_guidance_of_the_tenant_and_of_a_turn_reach_the_prompt_and_name_the_categories(
    model: ModelServer, modelled: Running
) -> None:
    async with httpx.AsyncClient(base_url=modelled.url) as http, ScrubjayClient(modelled.url) as client:
        ours = {"excludes": "anything about health", "custom_categories": {"hobby": "what is done for fun"}}
        assert (await http.put("/guidance", json=ours)).status_code == 200
        assert (await http.get("/guidance")).json()["excludes"] == "anything about health"
        model.say(
            Canned(
                route="extraction",
                contains="I ski",
                answer={
                    "facts": [
                        {"fact": "User skis", "category": "hobby", "quote": "I ski"},
                        {"fact": "User skis in Davos", "category": "invented", "quote": "in Davos"},
                    ]
                },
            )
        )
        body = {
            "messages": [{"role": "user", "content": "I ski in Davos."}],
            "user_id": "guided",
            "custom_instructions": "Write every fact in the third person.",
        }
        turn_id = (await http.post("/turns", json=body)).json()["id"]

        async def settled() -> bool:
            return (await client.turn(turn_id)).status == "settled"

        await wait_until(settled, what="the guided turn being settled")
        system = next(sent for sent in reversed(model.requests()) if sent.get("messages"))["messages"][0]["content"]
        assert "Never keep: anything about health" in system
        assert "Write every fact in the third person." in system
        assert "hobby (what is done for fun)" in system
        memories = (await client.memories(user_id="guided")).results
        assert {memory.memory: memory.categories for memory in memories} == {
            "User skis": ("hobby",), "User skis in Davos": ("other",),
        }  # fmt: skip
        assert "+" in (await client.history(memories[0].id))[0]["prompt_version"]
        assert (await http.put("/guidance", json={})).json()["excludes"] is None


async def test_what_the_assistant_recalls_is_never_remembered_as_the_users_own_words(
    model: ModelServer, modelled: Running
) -> None:
    echo = "Welcome back! You live in Rome."
    facts = [
        {"fact": "User lives in Rome", "category": "personal", "quote": "You live in Rome"},
        {"fact": "User has a cat", "category": "personal", "quote": "I have a cat"},
    ]
    model.say(Canned(route="extraction", contains="I have a cat", answer={"facts": facts}))
    async with ScrubjayClient(modelled.url) as client:
        messages = [{"role": "user", "content": "I have a cat."}, {"role": "assistant", "content": echo}]
        turn = await client.add_turn(messages, user_id="echo", timestamp=SESSION_1)

        async def settled() -> bool:
            return (await client.turn(turn.id)).status == "settled"

        await wait_until(settled, what="the turn being settled")
        assert [memory.memory for memory in (await client.memories(user_id="echo")).results] == ["User has a cat"]
        assert 'scrubjay_facts_dropped_total{tenant="default"} 1.0' in await client.metrics()


async def test_a_burst_makes_one_call_and_what_changes_within_it_still_supersedes(
    model: ModelServer, modelled: Running
) -> None:
    model.say(
        Canned(
            route="extraction",
            contains="I moved to Porto",
            answer={
                "facts": [
                    {"fact": "User lives in Rome", "category": "personal", "quote": "I live in Rome"},
                    {"fact": "User lives in Porto", "category": "personal", "quote": "I moved to Porto"},
                ]
            },
        ),
        Canned(
            route="reconciliation",
            contains="[0] User lives in Rome",
            answer={"decisions": [{"candidate": 0, "event": "UPDATE", "target": 0, "text": "User lives in Porto"}]},
        ),
    )
    calls = model.counts().calls
    async with ScrubjayClient(modelled.url) as client:
        texts = ["I live in Rome.", "I like it there.", "I moved to Porto."]
        turns = [await client.add_turn([{"role": "user", "content": text}], user_id="burst") for text in texts]

        async def settled() -> bool:
            return all([(await client.turn(turn.id)).status == "settled" for turn in turns])

        await wait_until(settled, what="the burst being settled")
        now = model.counts().calls
        assert now["extraction"] - calls.get("extraction", 0) == 1
        (memory,) = (await client.memories(user_id="burst")).results
        assert memory.memory == "User lives in Porto"
        history = await client.history(memory.id)
        assert [version["memory"] for version in history] == ["User lives in Rome", "User lives in Porto"]
        assert [version["turn_ids"] for version in history] == [[turns[0].id], [turns[2].id]]
