"""Logs carry identifiers, never texts or keys: a run with everything that can go wrong, and a look through its logs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from scrubjay.client import ScrubjayClient
from tests.e2e.faults.planted import leaks, leaky_lines, logs_of, planted
from tests.e2e.faults.support import post, wait_for_status
from tests.model_server.control import ModelServer
from tests.model_server.wire import Canned, Fault, Kind
from tests.redis_keys import keys
from tests.running import Running, setting
from tests.support import wait_until

USER = "logged"
EPOCHS = "sj:epoch:*"
SECRET = f"sj_{planted('secret')}0123"
# What the run must have written, or it did not go where words could be told.
LOGGED = ("turns_settled", "batch_failed", "lane_backs_off", "owner_erased", "task_failed", "request_failed")


@pytest.fixture
async def redis(faulty: Running) -> AsyncIterator[Redis]:
    async with Redis.from_url(setting(faulty, "SCRUBJAY_REDIS_URL")) as redis:
        yield redis


def sentence(what: str) -> str:
    return f"I keep {planted(what)} at home."


async def everything_goes_well(client: ScrubjayClient, http: httpx.AsyncClient) -> None:
    """A turn with all that may be said in one, found again, changed, talked about."""
    body: dict[str, Any] = {
        "user_id": USER,
        "messages": [
            {"role": "user", "content": f"{sentence('words')} My key is {SECRET}.", "name": planted("name")},
            {"role": "system", "content": planted("system message")},
        ],
        "metadata": {planted("metadata key"): [planted("metadata")]},
        "custom_instructions": planted("guidance"),
    }
    turn = (await http.post("/turns", json=body, headers={"X-API-Key": planted("api key")})).json()["id"]
    await wait_for_status(client, "settled", [turn])
    answer = await client.search(planted("query"), user_id=USER)
    await client.update(answer.results[0].id, sentence("changed"))
    await client.chats.reply(USER, sentence("chat"))
    await http.get("/dashboard/memories", params={"user_id": USER, "query": planted("dashboard query")})


async def bad_requests(http: httpx.AsyncClient) -> None:
    """Requests that are refused, by their form and by their content."""
    marker = planted("bad body")
    for body in (
        f'{{"{marker}": "{marker}"',
        f'"{marker}"',
        f'{{"messages": "{marker}"}}',
        f'{{"user_id":"u","{marker}":1}}',
    ):
        for path in ("/turns", "/search", "/chat", "/dead/replay"):
            answer = await http.post(path, content=body, headers={"Content-Type": "application/json"})
            assert answer.status_code in (400, 422), path
    assert (await http.post("/turns", content=marker, headers={"Content-Type": "text/plain"})).status_code == 415
    for path in (
        f"/turns/{marker}",
        f"/memories/{marker}",
        f"/{marker}",
        f"/turns?status={marker}",
        f"/dashboard?status={marker}",
    ):
        assert (await http.get(path)).status_code in (404, 422), path


async def bad_answers(model: ModelServer, client: ScrubjayClient, http: httpx.AsyncClient) -> None:
    """A model that says what no answer is, a provider that repeats the request in its refusals; dead letters judged."""
    marker = planted("poison")
    model.say(*(Canned(route="extraction", contains=marker, answer=f"{planted('answer')} {marker}") for _ in range(2)))
    echo = f"cannot take: {sentence('echo')}"
    model.fault(Fault(kind=Kind.STATUS, status=400, route="extraction", contains=planted("echo"), message=echo))
    model.fault(
        Fault(kind=Kind.STATUS, status=503, route="extraction", contains=planted("away"), message=sentence("away"))
    )
    dead = [await post(client, f"{USER}-{what}", sentence(what)) for what in ("poison", "echo")]
    turns = await wait_for_status(client, "dead", dead)
    assert planted("echo") in str(turns[1].error), "whoever judges it is told"
    waits = await post(client, f"{USER}-away", sentence("away"))
    await wait_for_status(client, "retrying", [waits])
    model.heal()
    await wait_for_status(client, "settled", [waits])
    await http.post("/dead/replay", json={"ids": dead, "dry_run": True})
    assert (await client.dead_letters.replay([dead[0]])).count == 1
    assert await client.dead_letters.discard([dead[1]]) == 1
    await wait_for_status(client, "settled", [dead[0]])


async def what_nobody_foresaw(redis: Redis, client: ScrubjayClient, http: httpx.AsyncClient, stack: Running) -> None:
    """Documents in Redis that make an exception with their words in it, in a worker and in the API."""
    before = {name async for name in redis.scan_iter(EPOCHS)}
    await client.owners.forget(user_id=f"{USER}-broken")
    (epoch,) = {name async for name in redis.scan_iter(EPOCHS)} - before
    await redis.set(epoch, planted("worker's exception"))
    turn = await post(client, f"{USER}-broken", sentence("broken"))
    await wait_until(partial(have_logged, stack, ["task_failed"]), what="a worker failing")
    await redis.delete(epoch)
    await wait_for_status(client, "settled", [turn])
    key = keys.turn("default", turn)
    await redis.hset(key, "status", planted("api's exception"))
    assert (await http.get(f"/turns/{turn}")).status_code == 500
    await redis.hset(key, "status", "settled")


def have_logged(stack: Running, events: Sequence[str]) -> bool:
    written = "".join(log.read_text(errors="replace") for log in logs_of(stack))
    return all(event in written for event in events)


async def test_no_log_of_a_run_with_everything_that_can_go_wrong_holds_a_text_a_key_or_a_secret(
    model: ModelServer, client: ScrubjayClient, http: httpx.AsyncClient, redis: Redis, faulty: Running
) -> None:
    await everything_goes_well(client, http)
    await bad_requests(http)
    await bad_answers(model, client, http)
    await what_nobody_foresaw(redis, client, http, faulty)
    for user in (USER, f"{USER}-poison", f"{USER}-away", f"{USER}-broken"):
        assert (await client.owners.forget(user_id=user)).verified
    await wait_until(partial(have_logged, faulty, LOGGED), what=f"the logs telling of {', '.join(LOGGED)}")
    assert leaky_lines(logs_of(faulty)) == []


async def test_the_look_through_the_logs_finds_what_a_log_tells(tmp_path: Path) -> None:
    log = tmp_path / "worker-1.log"
    log.write_text(f'{{"event": "turns_settled", "turns": 1}}\n{{"event": "oops", "text": {sentence("words")!r}}}\n')
    assert leaks(sentence("words").upper()) == ["words"]
    assert len(leaky_lines([log])) == 1
