"""One OpenAI-compatible endpoint over HTTP: what each of its faults means to us, and how long we wait."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from scrubjay.adapters.http.retry_after import retry_after_seconds
from scrubjay.adapters.openai.chat_model import OpenAIModel
from scrubjay.adapters.openai.endpoint import RemoteModel
from scrubjay.errors import BadConfiguration, ModelRefused, ModelRejected, ModelUnavailable
from scrubjay.ports import Question
from tests.fakes import Purse
from tests.model_server.control import ModelServer, running
from tests.model_server.wire import Fault, Kind
from tests.support import wait_until

NOON = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
QUESTION = Question(name="extraction", system="Find facts.", user="user: I ski.", schema_={"type": "object"})


@pytest.mark.parametrize("status", [408, 409, 418, 429, 500, 502, 503, 529])
async def test_an_endpoint_in_trouble_is_unavailable_and_is_not_asked_again(
    server: ModelServer, model: OpenAIModel, status: int
) -> None:
    server.fault(Fault(kind=Kind.STATUS, status=status))
    with pytest.raises(ModelUnavailable, match=f"HTTP {status}: a fault was switched on") as raised:
        await model.ask(QUESTION)
    assert raised.value.retry_after_seconds is None
    assert not isinstance(raised.value, ModelRefused)  # it may pass without a person's doing
    assert server.counts().calls == {"extraction": 1}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "0.5"}, 0.5),
        ({"retry-after-ms": "1500", "Retry-After": "2"}, 1.5),
        ({"Retry-After": "Fri, 01 Jan 2016 00:00:00 GMT"}, 0.0),
        ({"Retry-After": "soon"}, None),
    ],
)
async def test_the_time_that_an_endpoint_asks_to_be_left_alone_is_handed_on(
    server: ModelServer, model: OpenAIModel, headers: dict[str, str], seconds: float | None
) -> None:
    server.fault(Fault(kind=Kind.STATUS, status=429, headers=headers))
    with pytest.raises(ModelUnavailable) as raised:
        await model.ask(QUESTION)
    assert raised.value.retry_after_seconds == seconds


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (format_datetime(NOON + timedelta(seconds=90), usegmt=True), 90.0),
        ("Fri, 06 Mar 2026 12:01:30 -0000", 90.0),
        ("Fri, 06 Mar 2026 14:01:30 +0200", 90.0),
        ("-3", 0.0),
        ("nan", None),
        ("inf", None),
    ],
)
def test_retry_after_may_be_a_date_and_is_never_negative_or_endless(header: str, seconds: float | None) -> None:
    assert retry_after_seconds({"retry-after": header}, NOON) == seconds


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, "The model gpt-test refused our key"),
        (402, "wants to be paid"),
        (403, "does not allow our key"),
        (404, "does not know the model"),
    ],
)
async def test_a_wrong_setting_is_named_and_costs_no_turn(
    server: ModelServer, model: OpenAIModel, status: int, sentence: str
) -> None:
    server.fault(Fault(kind=Kind.STATUS, status=status, message="Incorrect API key provided: sk-12**34"))
    with pytest.raises(ModelRefused, match=sentence) as raised:
        await model.ask(QUESTION)
    assert "sk-12" not in str(raised.value)


async def test_a_wrong_key_reported_as_a_bad_request_costs_no_turn(server: ModelServer, model: OpenAIModel) -> None:
    server.fault(Fault(kind=Kind.STATUS, status=400, message="API key not valid. Please pass a valid API key."))
    with pytest.raises(ModelRefused, match="refused our key"):
        await model.ask(QUESTION)


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_a_request_that_is_at_fault_itself_is_rejected(
    server: ModelServer, model: OpenAIModel, status: int
) -> None:
    server.fault(Fault(kind=Kind.STATUS, status=status, message="This is too long."))
    with pytest.raises(ModelRejected, match=f"HTTP {status}: This is too long."):
        await model.ask(QUESTION)
    assert server.counts().calls == {"extraction": 1}


@pytest.mark.parametrize("kind", [Kind.DROPPED, Kind.NOT_JSON_BODY])
async def test_a_broken_body_is_the_endpoints_fault_and_not_the_models(
    server: ModelServer, model: OpenAIModel, kind: Kind
) -> None:
    server.fault(Fault(kind=kind, calls=1))
    with pytest.raises(ModelUnavailable):
        await model.ask(QUESTION)
    assert (await model.ask(QUESTION)).unfinished is None


@pytest.mark.parametrize("kind", [Kind.SLOW, Kind.DRIP])
async def test_an_answer_is_bounded_in_time_however_slowly_it_arrives(server: ModelServer, kind: Kind) -> None:
    server.fault(Fault(kind=kind, seconds=0.1 if kind is Kind.DRIP else 30, calls=1))
    hasty = OpenAIModel(
        RemoteModel(api_key=None, base_url=server.base_url, model="gpt-test", timeout_seconds=0.3), meter=Purse()
    )
    with pytest.raises(ModelUnavailable):
        await hasty.ask(QUESTION)
    await hasty.aclose()


async def test_an_endpoint_that_nobody_serves_is_unavailable() -> None:
    with running() as gone:
        base_url = gone.base_url
    away = OpenAIModel(
        RemoteModel(api_key="key", base_url=base_url, model="gpt-test", timeout_seconds=5), meter=Purse()
    )
    with pytest.raises(ModelUnavailable, match="cannot be reached"):
        await away.ask(QUESTION)
    with pytest.raises(ModelUnavailable, match="cannot be reached"):
        await away.ping()
    await away.aclose()


async def test_ping_succeeds_with_and_without_a_list_of_models(server: ModelServer, model: OpenAIModel) -> None:
    await model.ping()
    for status in (403, 404):
        server.fault(Fault(kind=Kind.STATUS, route="models", status=status, calls=1))
        await model.ping()
    server.fault(Fault(kind=Kind.STATUS, route="models", status=401, calls=1))
    with pytest.raises(ModelUnavailable, match="refused our key"):
        await model.ping()
    server.fault(Fault(kind=Kind.STATUS, route="models", status=400, calls=1))
    with pytest.raises(ModelUnavailable, match="HTTP 400") as refused:
        await model.ping()
    assert str(refused.value) == "The model gpt-test refused the request with HTTP 400."


async def test_hundreds_of_questions_are_in_flight_at_once(server: ModelServer, model: OpenAIModel) -> None:
    server.fault(Fault(kind=Kind.HELD))
    questions = asyncio.gather(*(model.ask(QUESTION) for _ in range(200)))
    await wait_until(lambda: server.counts().held == 200)
    server.release()
    assert len(await questions) == 200


def test_a_key_that_no_header_can_carry_is_refused_at_once() -> None:
    with pytest.raises(BadConfiguration, match="OPENAI_API_KEY"):
        OpenAIModel(
            RemoteModel(api_key="sk-\u201cquoted\u201d", base_url=None, model="gpt-test", timeout_seconds=1),
            meter=Purse(),
        )


async def test_a_fault_that_the_scripted_server_is_started_with_is_on_again_after_a_reset() -> None:
    with running(faults=[Fault(kind=Kind.STATUS, status=429, after=1, calls=1)]) as busy:
        model = OpenAIModel(
            RemoteModel(api_key=None, base_url=busy.base_url, model="gpt-test", timeout_seconds=10), meter=Purse()
        )
        for _ in range(2):
            await model.ask(QUESTION)
            with pytest.raises(ModelUnavailable, match="HTTP 429"):
                await model.ask(QUESTION)
            await model.ask(QUESTION)
            busy.reset()
        await model.aclose()
