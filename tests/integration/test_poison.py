"""A turn that the model never answers, while it answers others, dies alone; an outage kills nothing."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

import pytest
from redis.asyncio import Redis

from scrubjay.adapters.circuit_breaker import GuardedEmbedder, GuardedModel
from scrubjay.adapters.openai.chat_model import OpenAIModel
from scrubjay.adapters.openai.embedder import OpenAIEmbedder
from scrubjay.adapters.openai.endpoint import RemoteModel
from scrubjay.adapters.redis.breaker import BreakerLimits, RedisBreaker
from scrubjay.adapters.redis.guidance import RedisGuidance
from scrubjay.adapters.redis.scripts.runner import RedisScripts
from scrubjay.errors import ModelUnavailable
from scrubjay.ingest.drain import DrainServices, drain
from scrubjay.ingest.extraction import ModelExtractor
from scrubjay.ingest.kept_extractions import KeptExtractions
from scrubjay.ingest.pipeline import DecisionServices
from scrubjay.ingest.reconciliation import ModelReconciler, RuleReconciler
from scrubjay.model import Scope, Status, Vector
from scrubjay.search.recall import RecallRequest, recall
from tests.fakes import Purse, WordEmbedder
from tests.integration.service import Service
from tests.model_server.control import ModelServer
from tests.model_server.wire import Fault, Kind
from tests.redis_keys import keys
from tests.support import free_port, wait_until

MARK, TRIES, SHORT_SECONDS = "hemlock", 5, 0.4
POISON = f"I like {MARK}."


def user(name: str) -> Scope:
    return Scope(tenant="default", user_id=name)


class Fitting(WordEmbedder):
    """Asks another embedder and gives vectors that fit the service's store."""

    def __init__(self, far: OpenAIEmbedder) -> None:
        super().__init__()
        self._far = far

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        await self._far.embed(texts)
        return await super().embed(texts)


@dataclass
class Workshop:
    """A service whose model, and where asked for embedder, stand behind the scripted server and their breakers."""

    service: Service
    server: ModelServer
    services: DrainServices

    async def post(self, name: str, texts: Sequence[str], *, infer: bool = True) -> list[str]:
        return [await self.service.say(text, user(name), infer=infer) for text in texts]

    async def turn(self, *names: str) -> None:
        """Each lane is drained once, at the same time."""
        await asyncio.gather(*(drain(user(name).lane, self.services) for name in names))

    async def work(self, *names: str) -> None:
        """Drain the lanes in turn until nothing waits."""

        async def is_done() -> bool:
            await self.turn(*names)
            return not (await self.service.turns.ledger("default")).waiting

        await wait_until(is_done, deadline_seconds=30, poll_seconds=0.002, what="nothing waiting")

    async def keep_trying(self, times: int, *names: str) -> None:
        """Drain the lanes so many times, with the pauses that lanes make."""
        rounds = itertools.count(1)

        async def is_enough() -> bool:
            await self.turn(*names)
            return next(rounds) >= times

        await wait_until(is_enough, deadline_seconds=60, poll_seconds=0.01, what="every round")

    async def states(self, ids: Sequence[str]) -> Counter[Status]:
        return Counter([(await self.service.status(turn_id)).status for turn_id in ids])

    def asked(self, mark: str) -> Counter[str]:
        """How often the model was asked something with this in it, by the step."""
        calls = Counter[str]()
        for request in self.server.requests():
            if mark in json.dumps(request.get("messages", [])[1:] or request.get("input", "")):
                shape = request.get("response_format", {}).get("json_schema", {})
                calls[shape.get("name", "embedding")] += 1
        return calls


@pytest.fixture
async def workshop(service: Service, server: ModelServer, redis: Redis) -> AsyncIterator[Workshop]:
    async with AsyncExitStack() as stack:
        yield opened(service, server, redis, stack)


def opened(
    service: Service, server: ModelServer, redis: Redis, stack: AsyncExitStack, *, embeds: bool = False
) -> Workshop:
    scripts = RedisScripts(redis)
    gpt = RemoteModel(api_key="key", base_url=server.base_url, model="gpt", timeout_seconds=SHORT_SECONDS)
    limits = BreakerLimits(base_seconds=0.02, longest_seconds=0.05, call_seconds=5)
    remote = OpenAIModel(gpt, meter=Purse())
    stack.push_async_callback(remote.aclose)
    model, embedder = GuardedModel(remote, RedisBreaker(scripts, "gpt", limits)), service.embedder
    if embeds:
        far = OpenAIEmbedder(replace(gpt, model="embed"), meter=Purse())
        stack.push_async_callback(far.aclose)
        embedder = GuardedEmbedder(Fitting(far), RedisBreaker(scripts, "embed", limits))  # type: ignore[assignment]
    service.lanes.failures._limits = replace(service.lanes.failures._limits, max_attempts=TRIES)
    decision = DecisionServices(
        store=service.store,
        extractor=KeptExtractions(ModelExtractor(model, RedisGuidance(redis))),
        reconciler=ModelReconciler(model, embedder.related_floor, RuleReconciler(embedder.same_floor)),
        embedder=embedder,
    )
    return Workshop(service, server, DrainServices(lanes=service.lanes, decision=decision))


def lane_of(size: int, place: int) -> list[str]:
    texts = [f"I have {number} red apples." for number in range(size)]
    return [*texts[:place], POISON, *texts[place + 1 :]]


@pytest.mark.parametrize(
    ("size", "place", "fault"),
    [
        (200, 100, Fault(kind=Kind.STATUS, status=500, route="extraction", contains=MARK, message="too large")),
        (200, 0, Fault(kind=Kind.SLOW, seconds=5, route="extraction", contains=MARK)),
        (200, 117, Fault(kind=Kind.DROPPED, route="extraction", contains=MARK)),
    ],
    ids=["500", "time-out", "broken off"],
)
async def test_a_turn_that_the_model_never_answers_dies_alone_within_its_tries_and_its_lane_goes_on(
    workshop: Workshop, size: int, place: int, fault: Fault
) -> None:
    workshop.server.fault(fault)
    lane = await workshop.post("ana", lane_of(size, place))
    others = await workshop.post("bob", ["I like tea."] * 12) + await workshop.post("eve", ["I like jazz."] * 12)
    await workshop.work("ana", "bob", "eve")
    assert await workshop.states(others) == {Status.SETTLED: 24}
    assert await workshop.states(lane) == {Status.SETTLED: size - 1, Status.DEAD: 1}
    dead = await workshop.service.status(lane[place])
    assert (dead.status, dead.attempts, dead.counts.failed) == (Status.DEAD, TRIES, TRIES)
    tried = [(incident.what, incident.turns) for incident in dead.history]
    assert tried == [("failed", 8)] + [("failed", 1)] * (TRIES - 1)
    assert dead.error is not None
    assert dead.error.startswith("model_unavailable: The model gpt ")
    assert "This turn was tried 5 times, and each time the model answered another question." in dead.error
    settled = [await workshop.service.status(turn_id) for turn_id in lane if turn_id != dead.id]
    times = [status.settled_at for status in settled]
    assert times == sorted(times, key=lambda at: at.timestamp() if at else 0)
    assert workshop.asked(MARK) == {"extraction": TRIES}


async def test_a_text_that_the_embedder_refuses_dies_the_same_way(
    service: Service, server: ModelServer, redis: Redis
) -> None:
    async with AsyncExitStack() as stack:
        workshop = opened(service, server, redis, stack, embeds=True)
        too_large = Fault(kind=Kind.STATUS, status=500, route="embeddings", contains=MARK, message="too large")
        server.fault(too_large)
        lane = await workshop.post("ana", lane_of(200, 109), infer=False)
        others = await workshop.post("bob", ["I like tea."] * 4)
        await workshop.work("ana", "bob")
        assert await workshop.states(others) == {Status.SETTLED: 4}
        assert await workshop.states(lane) == {Status.SETTLED: 199, Status.DEAD: 1}
        dead = await service.status(lane[109])
        assert (dead.error or "").startswith(
            "model_unavailable: The embedding model embed answered HTTP 500: too large"
        )
        assert workshop.asked(MARK) == {"embedding": TRIES}


async def test_while_the_embedder_is_away_the_extraction_is_paid_for_once(
    service: Service, server: ModelServer, redis: Redis
) -> None:
    async with AsyncExitStack() as stack:
        workshop = opened(service, server, redis, stack, embeds=True)
        server.fault(Fault(kind=Kind.STATUS, status=503, route="embeddings"))
        lane = await workshop.post("ana", ["I like tea."])
        await workshop.keep_trying(20, "ana")
        server.heal()
        await workshop.work("ana")
        assert await workshop.states(lane) == {Status.SETTLED: 1}
        assert workshop.asked("tea")["embedding"] >= 3
        assert workshop.asked("tea")["extraction"] == 1


async def test_a_turn_whose_facts_the_model_never_weighs_dies_the_same_way(workshop: Workshop) -> None:
    await workshop.post("ana", ["I like tea."])
    await workshop.work("ana")
    workshop.server.fault(Fault(kind=Kind.STATUS, status=502, route="reconciliation", contains=MARK))
    lane = await workshop.post("ana", ["I like jazz.", POISON, "I like chess."])
    await workshop.work("ana")
    assert await workshop.states(lane) == {Status.SETTLED: 2, Status.DEAD: 1}
    assert workshop.asked(MARK)["reconciliation"] == TRIES
    assert workshop.asked("Porto")["reconciliation"] >= TRIES - 1


async def test_an_installation_of_one_user_is_freed_of_its_poison_by_probes(workshop: Workshop) -> None:
    workshop.server.fault(Fault(kind=Kind.STATUS, status=500, route="extraction", contains=MARK))
    lane = await workshop.post("ana", [POISON, "I like tea."])
    await workshop.work("ana")
    assert await workshop.states(lane) == {Status.SETTLED: 1, Status.DEAD: 1}
    assert workshop.asked(MARK) == {"extraction": TRIES}
    assert workshop.asked("Lisbon")["extraction"] <= TRIES - 1 + 8


async def test_while_the_model_answers_nothing_but_probes_three_turns_die_and_no_more(
    workshop: Workshop, redis: Redis
) -> None:
    """Such as a server that takes only short prompts since it was set up anew: that is no fault of the turns."""
    workshop.server.fault(Fault(kind=Kind.STATUS, status=500, route="extraction", contains="apples"))
    lane = await workshop.post("ana", lane_of(8, 7)[:7])
    for _ in range(2):
        await workshop.keep_trying(60, "ana")
        await redis.delete(keys.outcomes("gpt:extraction"))  # as if twenty minutes had passed
    assert await workshop.states(lane) == {Status.RETRYING: 4, Status.DEAD: 3}
    workshop.server.heal()
    await workshop.work("ana")
    assert await workshop.states(lane) == {Status.SETTLED: 4, Status.DEAD: 3}


@pytest.mark.parametrize(
    ("names", "kind"),
    [(["ana"], Kind.STATUS), (["ana", "bob", "eve", "kim"], Kind.STATUS), (["ana", "bob"], Kind.NOT_JSON_BODY)],
    ids=["one user", "several", "another's page"],
)
async def test_an_outage_however_long_kills_nothing(workshop: Workshop, names: list[str], kind: Kind) -> None:
    ids = [turn_id for name in names for turn_id in await workshop.post(name, ["I like tea.", "I like jazz."])]
    await workshop.post("before", ["I like chess."] * 30)
    await workshop.work("before", *names)  # it has answered all until now
    ids += [turn_id for name in names for turn_id in await workshop.post(name, ["I like go.", "I like mint."])]
    workshop.server.fault(Fault(kind=kind, status=500))
    await workshop.keep_trying(100, *names)
    assert Status.DEAD not in await workshop.states(ids)
    workshop.server.heal()
    await workshop.work("before", *names)
    assert await workshop.states(ids) == {Status.SETTLED: len(ids)}


@pytest.mark.parametrize(
    ("names", "rate"), [(["ana"], 0.5), (["ana", "bob", "eve", "kim"], 0.35)], ids=["one user", "several"]
)
async def test_a_model_that_fails_at_random_kills_nothing(workshop: Workshop, names: list[str], rate: float) -> None:
    workshop.server.fault(Fault(kind=Kind.STATUS, status=500, rate=rate))
    ids = [turn_id for name in names for turn_id in await workshop.post(name, ["I like tea."] * (80 // len(names)))]
    workshop.services = replace(workshop.services, batch_turns=1)
    await workshop.work(*names)
    assert await workshop.states(ids) == {Status.SETTLED: len(ids)}


@pytest.mark.parametrize(("status", "headers"), [(429, {}), (401, {}), (503, {"Retry-After": "0"})])
async def test_a_limit_of_calls_and_a_refused_key_count_against_nobody(
    workshop: Workshop, status: int, headers: dict[str, str]
) -> None:
    workshop.server.fault(Fault(kind=Kind.STATUS, status=status, headers=headers, contains=MARK))
    lane = await workshop.post("ana", [POISON])
    for number in range(TRIES):
        await workshop.post("bob", [f"I have {number} apples."])
        await workshop.keep_trying(5, "ana", "bob")
    answer = await workshop.service.status(lane[0])
    assert (answer.status, answer.counts.failed) == (Status.RETRYING, 0)
    assert answer.counts.postponed >= TRIES


async def test_where_nobody_listens_nobody_is_to_blame(service: Service, redis: Redis) -> None:
    async with AsyncExitStack() as stack:
        workshop = opened(service, ModelServer(f"http://127.0.0.1:{free_port()}"), redis, stack)
        lane = await workshop.post("ana", [POISON])
        await workshop.keep_trying(30, "ana")
        assert (await service.status(lane[0])).counts.failed == 0


async def test_long_queries_of_one_reader_close_search_for_nobody_else(
    service: Service, server: ModelServer, redis: Redis
) -> None:
    async with AsyncExitStack() as stack:
        workshop = opened(service, server, redis, stack, embeds=True)
        services = replace(service.recall_services, embedder=workshop.services.decision.embedder)
        server.fault(Fault(kind=Kind.STATUS, status=500, route="embeddings", contains=MARK))
        for _ in range(20):
            with pytest.raises(ModelUnavailable, match="HTTP 500"):
                await recall(RecallRequest(scope=user("ana"), text=MARK), services)
        await recall(RecallRequest(scope=user("bob"), text="tea"), services)
