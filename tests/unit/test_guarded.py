"""A remote model behind a breaker: what is asked of it, what is not, and what the breaker learns from it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from scrubjay.adapters.circuit_breaker import GuardedEmbedder, GuardedModel
from scrubjay.errors import ModelRejected, ModelUnavailable, ScrubjayError
from scrubjay.model import Message, Role, Trouble
from scrubjay.ports import Question
from tests.fakes import ScriptedModel, WordEmbedder

QUESTION = Question(name="extraction", system="Find facts.", user="user: I ski.", schema_={"type": "object"})
HELLO = (Message(role=Role.USER, content="Hello"),)
OPEN = ModelUnavailable("asking again in 12 s", retry_after_seconds=12)


class WatchedBreaker:
    """Lets every call through, or none, and keeps how each one ended."""

    def __init__(self, refusal: ModelUnavailable | None = None) -> None:
        self.refusal = refusal
        self.seen: list[str] = []
        self.steps: list[str | None] = []

    async def trouble(self) -> Trouble | None:
        return Trouble(reason=str(self.refusal)) if self.refusal else None

    @contextlib.asynccontextmanager
    async def call(self, step: str | None = None) -> AsyncIterator[None]:
        self.steps.append(step)
        if self.refusal:
            raise self.refusal
        try:
            yield
        except ScrubjayError as error:
            self.seen.append(error.code)
            raise
        self.seen.append("answered")


class AwayModel(ScriptedModel):
    """Answers no ping."""

    async def ping(self) -> None:
        raise ModelUnavailable("away")


async def test_an_answer_comes_back_as_it_is_and_even_a_bad_one_shows_that_the_model_is_there() -> None:
    model, breaker = ScriptedModel({"facts": []}, "no JSON at all", "Hello!", name="gpt"), WatchedBreaker()
    guarded = GuardedModel(model, breaker)
    assert guarded.name == "gpt"
    assert (await guarded.ask(QUESTION)).text == '{"facts": []}'
    assert (await guarded.ask(QUESTION)).text == "no JSON at all"
    assert await guarded.chat(HELLO) == "Hello!"
    assert breaker.seen == ["answered"] * 3
    assert (model.questions, model.chats) == ([QUESTION, QUESTION], [HELLO])


async def test_a_reply_that_comes_in_pieces_is_one_call_and_one_that_is_left_tells_nothing() -> None:
    model, breaker = ScriptedModel("Hello you!", "Hello again!", ModelUnavailable("away")), WatchedBreaker()
    guarded = GuardedModel(model, breaker)
    assert "".join([piece async for piece in guarded.chat_stream(HELLO)]) == "Hello you! "
    async with aclosing(guarded.chat_stream(HELLO)) as pieces:
        assert await anext(pieces) == "Hello "
    assert breaker.seen == ["answered"]
    with pytest.raises(ModelUnavailable, match="away"):
        await anext(guarded.chat_stream(HELLO))
    assert breaker.seen == ["answered", "model_unavailable"]
    with pytest.raises(ModelUnavailable, match="asking again"):
        await anext(GuardedModel(model, WatchedBreaker(OPEN)).chat_stream(HELLO))


async def test_an_error_reaches_the_caller_and_the_breaker() -> None:
    breaker = WatchedBreaker()
    guarded = GuardedModel(ScriptedModel(ModelUnavailable("away"), ModelRejected("too long")), breaker)
    with pytest.raises(ModelUnavailable, match="away"):
        await guarded.ask(QUESTION)
    with pytest.raises(ModelRejected, match="too long"):
        await guarded.chat(HELLO)
    assert breaker.seen == ["model_unavailable", "model_rejected"]


async def test_while_it_is_open_the_model_is_not_asked() -> None:
    model = ScriptedModel()
    guarded = GuardedModel(model, WatchedBreaker(OPEN))
    with pytest.raises(ModelUnavailable, match="asking again in 12 s"):
        await guarded.ask(QUESTION)
    with pytest.raises(ModelUnavailable, match="asking again in 12 s"):
        await guarded.chat(HELLO)
    assert (model.questions, model.chats) == ([], [])


async def test_a_ping_goes_past_the_breaker() -> None:
    await GuardedModel(ScriptedModel(), WatchedBreaker(OPEN)).ping()
    await GuardedEmbedder(WordEmbedder(), WatchedBreaker(OPEN)).ping()
    breaker = WatchedBreaker()
    with pytest.raises(ModelUnavailable, match="away"):
        await GuardedModel(AwayModel(), breaker).ping()
    assert breaker.seen == []


async def test_what_is_wrong_is_known_from_the_breaker_and_no_call_is_made() -> None:
    for guarded in (
        GuardedModel(AwayModel(), WatchedBreaker(OPEN)),
        GuardedEmbedder(WordEmbedder(), WatchedBreaker(OPEN)),
    ):
        assert await guarded.trouble() == Trouble(reason="asking again in 12 s")
    assert await GuardedModel(AwayModel(), WatchedBreaker()).trouble() is None


async def test_an_embedder_is_guarded_in_the_same_way() -> None:
    embedder, breaker = WordEmbedder("words"), WatchedBreaker()
    guarded = GuardedEmbedder(embedder, breaker)
    assert await guarded.embed(["a cat"]) == await embedder.embed(["a cat"])
    assert (guarded.name, guarded.same_floor, guarded.related_floor) == ("words", 0.95, 0.3)
    with pytest.raises(ModelUnavailable, match="asking again"):
        await GuardedEmbedder(embedder, WatchedBreaker(OPEN)).embed(["a cat"])
    assert breaker.seen == ["answered"]


async def test_no_texts_are_embedded_without_a_call() -> None:
    breaker = WatchedBreaker()
    assert await GuardedEmbedder(WordEmbedder(), breaker).embed([]) == []
    assert breaker.seen == []
