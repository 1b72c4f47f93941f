"""State survives: stopping and starting, and parts that go away for a while."""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from scrubjay.client import ScrubjayClient
from tests.running import Running, assert_that_a_signal_ends_every_part, scrubjay_up
from tests.support import kill, wait_until

QUICK = {"SCRUBJAY_LEASE_SECONDS": "2"}


async def settle(client: ScrubjayClient, user: str, text: str) -> str:
    turn = await client.add_turn([{"role": "user", "content": text}], user_id=user)

    async def settled() -> bool:
        return (await client.turn(turn.id)).status == "settled"

    await wait_until(settled, what="the turn being settled")
    return turn.id


async def test_sigterm_ends_every_part_and_starting_again_keeps_memories_history_and_unsettled_turns(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    with scrubjay_up(data, workers=1, environment=QUICK) as stack:
        async with ScrubjayClient(stack.url) as client:
            turn_id = await settle(client, "ana", "I live in Berlin")
            (memory,) = (await client.memories(user_id="ana")).results
            await client.update(memory.id, "Lives in Lisbon")
            history = [version["memory"] for version in await client.history(memory.id)]
            worker = stack.pids["worker-1"]
            os.kill(worker, signal.SIGSTOP)  # nobody works: what is posted now stays unsettled
            waiting = await client.add_turn([{"role": "user", "content": "I like green tea"}], user_id="ana")
        kill(worker, signal.SIGKILL)
        assert stack.stop() == 0
    with scrubjay_up(data, workers=1, environment=QUICK) as stack:
        async with ScrubjayClient(stack.url) as client:
            assert [version["memory"] for version in await client.history(memory.id)] == history
            assert (await client.memory(memory.id)).memory == "Lives in Lisbon"
            assert (await client.turn(turn_id)).status == "settled"

            async def settled() -> bool:
                return (await client.turn(waiting.id)).status == "settled"

            await wait_until(settled, deadline_seconds=45, what="the turn that waited being settled")
            assert (await client.memories(user_id="ana")).count == 2
        assert_that_a_signal_ends_every_part(stack, signal.SIGTERM)


@pytest.fixture
async def bare() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=30) as opened:
        yield opened


@pytest.fixture
def user() -> str:
    return f"ana-{uuid.uuid4().hex}"


async def test_without_qdrant_a_search_is_refused_for_now_and_turns_are_still_accepted(
    stack: Running, bare: httpx.AsyncClient, user: str
) -> None:
    pid = stack.pids["qdrant"]
    os.kill(pid, signal.SIGSTOP)
    kill(pid, signal.SIGKILL)

    async def refused() -> httpx.Response | None:
        response = await bare.post(f"{stack.url}/search", json={"user_id": user, "query": "tea"})
        return response if response.status_code != 200 else None

    answer = await wait_until(refused, what="the search noticing")
    assert (answer.status_code, answer.json()["error"]) == (503, "store_unavailable")
    assert int(answer.headers["Retry-After"]) >= 1
    turn = {"user_id": user, "messages": [{"role": "user", "content": "I like green tea"}]}
    accepted = await bare.post(f"{stack.url}/turns", json=turn)
    assert accepted.status_code == 202

    async def settled() -> bool:
        turn = (await bare.get(f"{stack.url}/turns/{accepted.json()['id']}")).json()
        return bool(turn["status"] == "settled")

    await wait_until(settled, deadline_seconds=45, what="the turn settling once Qdrant is back")


async def test_without_redis_nothing_is_accepted_and_the_answer_says_when_to_come_again(
    stack: Running, bare: httpx.AsyncClient, user: str
) -> None:
    turn = {"user_id": user, "messages": [{"role": "user", "content": "I like green tea"}]}
    assert (await bare.post(f"{stack.url}/turns", json=turn)).status_code == 202
    answers = []
    for _ in range(20):
        kill(stack.pids.get("redis", 0) or stack.process.pid + 10**7, signal.SIGKILL)
        answers.append(await bare.post(f"{stack.url}/turns", json=turn))
        if answers[-1].status_code == 503:
            break
    assert answers[-1].status_code == 503, [response.status_code for response in answers]
    assert answers[-1].json()["error"] == "inbox_unavailable"
    assert int(answers[-1].headers["Retry-After"]) >= 1

    async def all_settled() -> bool:
        page = await bare.get(f"{stack.url}/turns", params={"user_id": user, "status": "settled"})
        return page.status_code == 200 and page.json()["count"] == sum(response.is_success for response in answers) + 1

    await wait_until(all_settled, deadline_seconds=45, what="every accepted turn settling")
