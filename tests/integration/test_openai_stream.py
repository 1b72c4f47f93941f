"""The language model over HTTP, while it speaks: what comes in pieces, what it costs, and what ends it early."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from scrubjay.adapters.openai.chat_model import OpenAIModel
from scrubjay.adapters.openai.endpoint import RemoteModel
from scrubjay.errors import ModelRejected, ModelUnavailable
from scrubjay.model import Message, Role, Usage
from tests.fakes import Purse
from tests.model_server.control import ModelServer
from tests.model_server.wire import Fault, Kind
from tests.support import wait_until

HELLO = [Message(role=Role.SYSTEM, content="Be kind."), Message(role=Role.USER, content="Hello")]


async def said(model: OpenAIModel) -> list[str]:
    return [piece async for piece in model.chat_stream(HELLO)]


async def test_a_reply_comes_word_by_word_and_costs_what_the_same_reply_costs_at_once(
    model: OpenAIModel, purse: Purse
) -> None:
    assert await said(model) == ["You ", "said: ", "Hello"]
    assert await model.chat(HELLO) == "You said: Hello"
    [(_, streamed), (_, at_once)] = purse.spendings
    assert streamed == at_once
    assert streamed.completion_tokens > 0


async def test_an_endpoint_that_does_not_tell_what_a_stream_costs_is_asked_without_and_stays_so(
    server: ModelServer, model: OpenAIModel, purse: Purse
) -> None:
    server.fault(Fault(kind=Kind.STATUS, status=400, message="stream_options is not supported", calls=1))
    assert "".join(await said(model)) == "".join(await said(model)) == "You said: Hello"
    assert ["stream_options" in sent for sent in server.requests()] == [True, False, False]
    assert [usage for _, usage in purse.spendings] == [Usage(calls=1, cost_usd=0.0)] * 2


async def test_a_refusal_is_what_was_said(server: ModelServer, model: OpenAIModel) -> None:
    server.fault(Fault(kind=Kind.REFUSAL))
    assert "".join(await said(model)) == "I cannot help with that."


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (Kind.EMPTY, "empty reply"),
        (Kind.NO_CHOICES, "broke off its answer"),
        (Kind.NOT_JSON_BODY, "broke off its answer"),
        (Kind.DROPPED, "broke off its answer"),
        (Kind.STATUS, "HTTP 503"),
    ],
)
async def test_a_reply_that_does_not_come_to_its_end_says_so(
    server: ModelServer, model: OpenAIModel, kind: Kind, sentence: str
) -> None:
    server.fault(Fault(kind=kind))
    with pytest.raises(ModelUnavailable, match=sentence):
        await said(model)


async def test_a_request_that_is_refused_for_what_is_in_it_is_not_sent_again(
    server: ModelServer, model: OpenAIModel
) -> None:
    server.fault(Fault(kind=Kind.STATUS, status=400, message="the prompt is too long"))
    with pytest.raises(ModelRejected, match="too long"):
        await said(model)
    assert len(server.requests()) == 1


async def test_a_reply_that_takes_longer_than_a_call_may_is_given_up(server: ModelServer, purse: Purse) -> None:
    server.fault(Fault(kind=Kind.DRIP, seconds=0.3))
    model = OpenAIModel(
        RemoteModel(api_key="key", base_url=server.base_url, model="gpt-test", timeout_seconds=0.5),
        meter=purse,
        price=None,
    )
    with pytest.raises(ModelUnavailable, match=r"within 0\.5 seconds"):
        await said(model)
    await model.aclose()


async def test_whoever_stops_listening_ends_the_call_and_it_is_booked_without_tokens(
    server: ModelServer, model: OpenAIModel, purse: Purse
) -> None:
    server.fault(Fault(kind=Kind.HELD))
    async with aclosing(model.chat_stream(HELLO)) as pieces:
        assert await anext(pieces) == "You "
        await wait_until(lambda: server.counts().held == 1, what="the model being in the midst of its reply")
    await wait_until(lambda: server.counts().held == 0, what="the model's call ending")
    assert [usage for _, usage in purse.spendings] == [Usage(calls=1, cost_usd=0.0)]
