"""The language model over HTTP: what goes out, what comes back, and what becomes of wrong answers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scrubjay.adapters.openai.chat_model import OpenAIModel
from scrubjay.errors import BadAnswer, ModelRejected, ModelUnavailable
from scrubjay.ingest.extraction import ModelExtractor
from scrubjay.ingest.reconciliation import ModelReconciler, RuleReconciler
from scrubjay.model import (
    Decision,
    Event,
    Extraction,
    Fact,
    Memory,
    Message,
    Recalled,
    Role,
    Scope,
    Turn,
    Usage,
)
from tests.fakes import NoGuidance, Purse
from tests.model_server.control import ModelServer
from tests.model_server.wire import Canned, Fault, Kind

NOON = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
ANA = Scope(tenant="acme", user_id="ana")
TURN = Turn(
    id="t1",
    scope=ANA,
    accepted_at=NOON,
    messages=(
        Message(role=Role.SYSTEM, content="A secret of the house."),
        Message(role=Role.USER, content="Hi! I live in Oslo. My cat is called Bo."),
        Message(role=Role.ASSISTANT, content="I know a Bo, too."),
    ),
)
OSLO = Fact(turn_id="t1", text="I live in Oslo.", category="personal", quote="I live in Oslo.")


async def extracted(model: OpenAIModel) -> Extraction:
    return await ModelExtractor(model, NoGuidance()).extract([TURN])


async def test_facts_come_back_over_the_wire_and_what_they_cost_is_booked(
    server: ModelServer, model: OpenAIModel, purse: Purse
) -> None:
    extraction = await extracted(model)

    assert [fact.text for fact in extraction.facts] == ["I live in Oslo.", "My cat is called Bo."]
    counts = server.counts()
    assert counts.calls == {"extraction": 1}
    cost = (counts.prompt_tokens * 1.0 + counts.completion_tokens * 2.0) / 1_000_000
    assert purse.spendings == [
        (
            "gpt-test",
            Usage(
                calls=1,
                prompt_tokens=counts.prompt_tokens,
                completion_tokens=counts.completion_tokens,
                cost_usd=cost,
            ),
        )
    ]


async def test_a_question_is_sent_with_its_strict_schema_at_temperature_0(
    server: ModelServer, model: OpenAIModel
) -> None:
    await extracted(model)

    [sent] = server.requests()
    assert sent["model"] == "gpt-test"
    assert sent["temperature"] == 0
    assert sent["response_format"]["type"] == "json_schema"
    assert sent["response_format"]["json_schema"].keys() == {"name", "strict", "schema"}
    assert sent["response_format"]["json_schema"]["strict"] is True
    assert "A secret of the house." not in str(sent)


async def decided(model: OpenAIModel) -> Decision:
    memory = Memory(
        id="real-id", scope=ANA, text="User lives in Rome.", created_at=NOON, updated_at=NOON, valid_from=NOON
    )
    reconciler = ModelReconciler(model, 0.2, RuleReconciler(0.9))
    [decision] = (await reconciler.reconcile([OSLO], [[Recalled(memory=memory, score=0.5)]])).decisions
    return decision


async def test_a_decision_comes_back_over_the_wire_and_no_real_id_goes_out(
    server: ModelServer, model: OpenAIModel
) -> None:
    update = {"candidate": 0, "event": "UPDATE", "target": 0, "text": "User lives in Oslo."}
    server.say(Canned(route="reconciliation", answer={"decisions": [update]}))

    assert await decided(model) == Decision(candidate=0, event=Event.UPDATE, target=0, text="User lives in Oslo.")
    assert "real-id" not in str(server.requests())


async def test_an_unknown_number_heals_once_and_is_an_error_twice(server: ModelServer, model: OpenAIModel) -> None:
    server.fault(Fault(kind=Kind.UNKNOWN_NUMBER, calls=1))
    assert (await decided(model)).event is Event.ADD

    server.fault(Fault(kind=Kind.UNKNOWN_NUMBER, calls=2))
    with pytest.raises(BadAnswer, match="unknown target 999"):
        await decided(model)


@pytest.mark.parametrize(
    "kind",
    [
        Kind.NOT_JSON,
        Kind.TRUNCATED,
        Kind.EMPTY,
        Kind.WRONG_TYPES,
        Kind.REFUSAL,
        Kind.CONTENT_FILTER,
        Kind.NO_CHOICES,
    ],
)
async def test_a_wrong_answer_heals_once_and_is_an_error_twice(
    server: ModelServer, model: OpenAIModel, purse: Purse, kind: Kind
) -> None:
    server.fault(Fault(kind=kind, calls=1))
    assert len((await extracted(model)).facts) == 2
    assert len(purse.spendings) == 2  # a wrong answer is paid for as well

    server.fault(Fault(kind=kind, calls=2))
    with pytest.raises(BadAnswer):
        await extracted(model)
    assert server.counts().calls == {"extraction": 4}


async def test_a_fenced_answer_is_read_and_a_false_quote_is_dropped(server: ModelServer, model: OpenAIModel) -> None:
    server.fault(Fault(kind=Kind.FENCED, calls=1), Fault(kind=Kind.FALSE_QUOTE, calls=1))
    assert len((await extracted(model)).facts) == 2
    assert (await extracted(model)).dropped == 2
    assert server.counts().calls == {"extraction": 2}


async def test_an_endpoint_that_knows_no_schema_is_given_it_in_the_instructions_from_then_on(
    server: ModelServer, model: OpenAIModel
) -> None:
    server.fault(Fault(kind=Kind.NO_JSON_SCHEMA))
    assert len((await extracted(model)).facts) == 2
    assert len((await extracted(model)).facts) == 2

    formats = [sent["response_format"]["type"] for sent in server.requests()]
    assert formats == ["json_schema", "json_object", "json_object"]
    assert '"additionalProperties": false' in server.requests()[-1]["messages"][0]["content"]


@pytest.mark.parametrize(
    ("message", "key", "value"),
    [
        ("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", "max_completion_tokens", 16_384),
        ("Unsupported value: 'temperature' does not support 0 with this model.", "temperature", None),
    ],
)
async def test_a_model_that_refuses_a_parameter_is_asked_without_it_from_then_on(
    server: ModelServer, model: OpenAIModel, message: str, key: str, value: int | None
) -> None:
    server.fault(Fault(kind=Kind.STATUS, status=400, message=message, calls=1))
    await extracted(model)
    await extracted(model)
    first, *others = server.requests()
    assert first.get(key) != value
    assert [sent.get(key) for sent in others] == [value, value]


async def test_a_request_refused_for_its_content_changes_nothing_for_the_next_one(
    server: ModelServer, model: OpenAIModel
) -> None:
    server.fault(Fault(kind=Kind.STATUS, status=400, message="response_format: the prompt is too long", calls=3))
    with pytest.raises(ModelRejected):
        await extracted(model)
    await extracted(model)
    formats = [sent.get("response_format", {}).get("type") for sent in server.requests()]
    assert formats == ["json_schema", "json_object", None, "json_schema"]


async def test_a_conversation_is_answered_in_free_text(server: ModelServer, model: OpenAIModel) -> None:
    reply = await model.chat([Message(role=Role.SYSTEM, content="Be kind."), Message(role=Role.USER, content="Hello")])
    assert reply == "You said: Hello"

    server.fault(Fault(kind=Kind.EMPTY, calls=1))
    with pytest.raises(ModelUnavailable, match="empty reply"):
        await model.chat([Message(role=Role.USER, content="Hello")])
