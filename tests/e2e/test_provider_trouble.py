"""The whole stack while the model's provider is in trouble: it is left in peace, and comes back without a stampede."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from scrubjay.client import ScrubjayClient
from scrubjay.client.views import TurnView
from tests.model_server.control import ModelServer
from tests.model_server.control import running as model_server
from tests.model_server.wire import Fault, Kind
from tests.running import Running, scrubjay_up
from tests.support import wait_until

LANES = 30
# So often the lanes want to call the provider while it is down, and so often it may be called at most: those already
# under way when the breaker opens, and the probes. Without a breaker it is called at every try.
TRIES, MOST_CALLS = 150, 40
FAULT_503 = Fault(kind=Kind.STATUS, status=503)
SETTINGS = {
    "SCRUBJAY_EMBEDDER": "local",
    "SCRUBJAY_RETRY_MAX_SECONDS": "2",
    "SCRUBJAY_SWEEP_SECONDS": "0.2",
}


@pytest.fixture(scope="module")
def started() -> Iterator[ModelServer]:
    with model_server() as server:
        yield server


@pytest.fixture(scope="module")
def troubled(started: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data: Path = tmp_path_factory.mktemp("troubled") / "data"
    settings = {**SETTINGS, "OPENAI_BASE_URL": started.base_url, "OPENAI_API_KEY": "test"}
    with scrubjay_up(data, workers=2, environment=settings) as running:
        yield running


@pytest.fixture
def model(started: ModelServer) -> Iterator[ModelServer]:
    started.reset()
    yield started
    started.reset()


@pytest.fixture
async def client(troubled: Running) -> AsyncIterator[ScrubjayClient]:
    async with ScrubjayClient(troubled.url) as opened:
        yield opened


async def posted(client: ScrubjayClient, name: str, lanes: int = LANES) -> list[str]:
    messages = [{"role": "user", "content": "I live in Berlin."}]
    turns = await asyncio.gather(*(client.add_turn(messages, user_id=f"{name}-{number}") for number in range(lanes)))
    return [turn.id for turn in turns]


async def resting(client: ScrubjayClient, turn_id: str) -> TurnView:
    """The turn as it is between two tries: during one it counts as attempted."""

    async def rests() -> TurnView | None:
        turn = await client.turn(turn_id)
        return turn if turn.status == "retrying" else None

    return await wait_until(rests, what="the turn waiting for its next try")


async def all_settled(client: ScrubjayClient, turns: list[str]) -> bool:
    return all([(await client.turn(turn)).status == "settled" for turn in turns])


def calls(model: ModelServer) -> int:
    return model.counts().calls.get("extraction", 0)


def tries(troubled: Running) -> int:
    """How often a lane wanted something of the model and had to back off, by the workers' logs."""
    return sum(log.read_text().count("lane_backs_off") for log in troubled.data.glob("logs/worker-*.log"))


async def test_a_provider_that_is_down_is_hardly_called_and_all_is_settled_when_it_is_back(
    model: ModelServer, troubled: Running, client: ScrubjayClient
) -> None:
    before = tries(troubled)
    model.fault(FAULT_503)
    turns = await posted(client, "down")
    await wait_until(lambda: tries(troubled) - before >= TRIES, what="the lanes having tried often")
    reached = calls(model)
    print(f"{reached} calls reached the provider for {tries(troubled) - before} tries of {LANES} lanes")
    assert reached <= MOST_CALLS
    waiting = [await resting(client, turn) for turn in turns]
    assert {turn.attempts for turn in waiting} == {0}
    assert all("answered HTTP 503" in (turn.error or "") for turn in waiting)
    assert sum("asking again in" in (turn.error or "") for turn in waiting) > LANES / 2

    model.heal()
    await wait_until(lambda: all_settled(client, turns), what="every turn being settled")
    assert {(await client.turn(turn)).error for turn in turns} == {None}


async def test_a_provider_that_comes_back_is_asked_by_one_first_and_then_by_no_more_than_have_been_answered(
    model: ModelServer, troubled: Running, client: ScrubjayClient
) -> None:
    model.fault(FAULT_503)
    turns = await posted(client, "back")

    async def is_open() -> bool:
        return any(["asking again in" in ((await resting(client, turn)).error or "") for turn in turns])

    await wait_until(is_open, what="the provider being left in peace")
    model.heal()
    model.fault(Fault(kind=Kind.HELD))
    await wait_until(lambda: model.counts().held, what="the provider being asked again")
    before = tries(troubled)
    await wait_until(lambda: tries(troubled) - before >= LANES, what="every other lane having tried")
    assert model.counts().held <= 2  # two, should one call have got through before calls were held

    model.release()
    await wait_until(lambda: model.counts().held > 1, what="more than one call at once")
    before = tries(troubled)
    await wait_until(lambda: tries(troubled) - before >= LANES / 2, what="many others having tried")
    counts = model.counts()
    answered = counts.calls["extraction"] - counts.faults[Kind.STATUS] - counts.held
    assert counts.held <= 1 + answered <= 6

    model.heal()
    await wait_until(lambda: all_settled(client, turns), what="every turn being settled")


async def test_a_refused_key_stops_all_calls_at_once_and_each_turn_says_why_it_waits(
    model: ModelServer, troubled: Running, client: ScrubjayClient
) -> None:
    before = tries(troubled)
    model.fault(Fault(kind=Kind.STATUS, status=401))
    turns = await posted(client, "key")
    await wait_until(lambda: tries(troubled) - before >= TRIES, what="the lanes having tried often")
    assert calls(model) <= MOST_CALLS
    waiting = [await resting(client, turn) for turn in turns]
    assert {turn.attempts for turn in waiting} == {0}
    assert all("refused our key (check OPENAI_API_KEY)" in (turn.error or "") for turn in waiting)

    model.heal()
    await wait_until(lambda: all_settled(client, turns), what="every turn being settled")
