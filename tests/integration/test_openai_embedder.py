"""The embedder over HTTP: vectors in the order of their texts, or an error that says why not."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Iterator

import pytest

from scrubjay.adapters.openai.embedder import OpenAIEmbedder
from scrubjay.adapters.openai.endpoint import RemoteModel
from scrubjay.errors import ModelRejected, ModelUnavailable
from scrubjay.model import Vector
from tests.fakes import Purse
from tests.model_server.control import ModelServer, running
from tests.model_server.wire import Fault, Kind

DIMENSION = 64


@pytest.fixture(scope="module")
def started() -> Iterator[ModelServer]:
    with running(dimension=DIMENSION) as server:
        yield server


@pytest.fixture
def server(started: ModelServer) -> ModelServer:
    started.reset()
    return started


def opened(server: ModelServer, timeout_seconds: float = 10) -> OpenAIEmbedder:
    return OpenAIEmbedder(
        RemoteModel(api_key=None, base_url=server.base_url, model="embedding-test", timeout_seconds=timeout_seconds),
        meter=Purse(),
    )


@pytest.fixture
async def embedder(server: ModelServer) -> AsyncIterator[OpenAIEmbedder]:
    opened_embedder = opened(server)
    await opened_embedder.embed(["what its vectors look like"])
    server.reset()
    yield opened_embedder
    await opened_embedder.aclose()


def cosine(vector: Vector, other: Vector) -> float:
    return sum(a * b for a, b in zip(vector, other, strict=True)) / (math.hypot(*vector) * math.hypot(*other))


async def test_vectors_are_as_long_as_the_endpoint_makes_them(embedder: OpenAIEmbedder) -> None:
    assert embedder.name == "embedding-test"
    assert len((await embedder.embed(["tea"]))[0]) == DIMENSION
    assert 0 < embedder.related_floor < embedder.same_floor < 1


async def test_texts_that_share_words_are_near_and_keep_their_order(embedder: OpenAIEmbedder) -> None:
    tea, far, same = await embedder.embed(["User likes green tea", "A boat sails", "The user likes green tea"])
    assert cosine(tea, same) > 0.8
    assert cosine(tea, far) < 0.3


async def test_nothing_to_embed_costs_no_call(server: ModelServer, embedder: OpenAIEmbedder) -> None:
    assert await embedder.embed([]) == []
    assert server.counts().calls == {}


async def test_many_texts_go_out_256_a_call_and_come_back_in_order(
    server: ModelServer, embedder: OpenAIEmbedder
) -> None:
    texts = [f"word{number}" for number in range(600)]
    vectors = await embedder.embed(texts)

    assert len(vectors) == 600
    assert [len(sent["input"]) for sent in server.requests()] == [256, 256, 88]
    assert list((await embedder.embed([texts[599]]))[0]) == list(vectors[599])


async def test_a_very_long_text_is_embedded_by_its_beginning(server: ModelServer, embedder: OpenAIEmbedder) -> None:
    await embedder.embed(["tea " * 10_000])
    [sent] = server.requests()
    assert len(sent["input"][0]) == 8_000


@pytest.mark.parametrize("kind", [Kind.WRONG_COUNT, Kind.WRONG_DIMENSION, Kind.NOT_A_NUMBER])
async def test_vectors_that_do_not_fit_their_texts_are_never_handed_on(
    server: ModelServer, embedder: OpenAIEmbedder, kind: Kind
) -> None:
    server.fault(Fault(kind=kind))
    with pytest.raises(ModelUnavailable, match="The embedding model embedding-test"):
        await embedder.embed(["one", "two"])


@pytest.mark.parametrize("kind", [Kind.DROPPED, Kind.NOT_JSON_BODY])
async def test_a_broken_body_is_an_endpoint_in_trouble(
    server: ModelServer, embedder: OpenAIEmbedder, kind: Kind
) -> None:
    server.fault(Fault(kind=kind, calls=1))
    with pytest.raises(ModelUnavailable):
        await embedder.embed(["one"])
    assert len(await embedder.embed(["one"])) == 1


async def test_an_endpoint_in_trouble_is_unavailable_for_as_long_as_it_says(
    server: ModelServer, embedder: OpenAIEmbedder
) -> None:
    server.fault(Fault(kind=Kind.STATUS, status=429, headers={"Retry-After": "3"}))
    with pytest.raises(ModelUnavailable) as raised:
        await embedder.embed(["one"])
    assert raised.value.retry_after_seconds == 3
    assert server.counts().calls == {"embeddings": 1}


async def test_a_text_that_the_endpoint_refuses_is_rejected(server: ModelServer, embedder: OpenAIEmbedder) -> None:
    server.fault(Fault(kind=Kind.STATUS, status=400, contains="poison"))
    with pytest.raises(ModelRejected):
        await embedder.embed(["fine", "poison"])
    assert len(await embedder.embed(["fine"])) == 1


async def test_an_embedder_made_while_its_endpoint_is_away_works_once_it_is_back(
    server: ModelServer,
) -> None:
    server.fault(Fault(kind=Kind.STATUS, status=404, calls=1), Fault(kind=Kind.SLOW, seconds=30, calls=1))
    embedder = opened(server, timeout_seconds=0.5)
    with pytest.raises(ModelUnavailable, match="does not know the model"):
        await embedder.embed(["tea"])
    with pytest.raises(ModelUnavailable):
        await embedder.embed(["tea"])
    assert len(await embedder.embed(["tea"])) == 1
    await embedder.aclose()


async def test_ping_asks_for_the_models(server: ModelServer, embedder: OpenAIEmbedder) -> None:
    await embedder.ping()
    server.fault(Fault(kind=Kind.STATUS, route="models", status=503))
    with pytest.raises(ModelUnavailable, match="HTTP 503"):
        await embedder.ping()
